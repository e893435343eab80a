"""PNG images as base64 text, for pages and JSON files."""

from __future__ import annotations

import base64
import io

from PIL import Image


def encode_png(image: Image.Image, *, optimize: bool = False) -> str:
    """Return an image as a PNG in base64; `optimize` takes longer and gives a smaller file."""
    file = io.BytesIO()
    image.save(file, format="png", optimize=optimize)
    return base64.b64encode(file.getvalue()).decode()


def decode_png(text: str) -> Image.Image:
    """Return the image of a PNG in base64."""
    return Image.open(io.BytesIO(base64.b64decode(text)))
