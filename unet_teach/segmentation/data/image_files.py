"""Reads an image from a PNG, JPEG or TIFF file of any bit depth and colour mode."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

EXTENSIONS = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
MOST_PIXELS = 400_000_000  # larger files are not opened
PixelsAndNotes = tuple[NDArray[np.generic], list[str]]  # (H, W) or (H, W, 3); how it was read


class UnreadableError(ValueError):
    """Raised for a file that cannot be read; its text is the reason."""


def read_image(path: Path) -> PixelsAndNotes:
    """Return an image as uint8, or as float32 from 0 to 1, and notes on how it was read.

    It is rotated according to its EXIF data. 8-bit values stay as they are. Others (16 bits,
    floats) are scaled so that the smallest value of the image becomes 0 and the largest 1, because
    microscopes often use 12 of 16 bits.

    Raises:
        UnreadableError: if the file cannot be read.
    """
    image, notes = open_image(path)
    with_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    if with_alpha and alpha_channel(image).min() < 255:
        notes.append("its transparency is left out")
    if image.mode in ("1", "LA", "La"):
        return np.asarray(image.convert("L")), notes
    if image.mode == "L":
        return np.asarray(image), notes
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image).astype(np.float32)
        if not np.isfinite(values).all():
            notes.append("values that are no numbers became 0")
            values = np.nan_to_num(values, nan=0, posinf=0, neginf=0)
        low, high = float(values.min()), float(values.max())
        notes.append("its values are scaled, its own smallest to 0 and its own largest to 1")
        return (values - low) / max(high - low, 1e-12), notes
    return np.asarray(image.convert("RGBA").convert("RGB")), notes


def open_image(path: Path) -> tuple[Image.Image, list[str]]:
    """Return the image in a file, rotated according to its EXIF data, and notes on what is lost.

    Raises:
        UnreadableError: if the file cannot be read.
    """
    if path.stat().st_size == 0:
        raise UnreadableError("is an empty file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as file:
                if file.width * file.height > MOST_PIXELS:
                    raise UnreadableError(f"has {file.width}×{file.height} pixels: too many")
                pages = getattr(file, "n_frames", 1)
                deep = "16" in str(file.tile) and file.mode in ("LA", "RGB", "RGBA")
                file.load()
                image = ImageOps.exif_transpose(file)
    except Image.DecompressionBombError:
        raise UnreadableError("is larger than Pillow reads; cut it into parts") from None
    except UnreadableError:
        raise
    except Exception as error:  # the readers of some formats raise any kind of error
        raise UnreadableError(
            f"is damaged, or of a kind that Pillow cannot read ({error})"
        ) from None
    notes = [f"only the first of its {pages} pages is used"] if pages > 1 else []
    if deep:  # Pillow keeps the upper 8 bits without a warning
        notes.append(
            "16 bits a colour, of which only the upper 8 are read: scale it to 8 bits first"
        )
    return image, notes


def alpha_channel(image: Image.Image) -> NDArray[np.uint8]:
    """Return the opacity of each pixel: (H, W), 0 to 255."""
    return np.asarray(image.convert("RGBA"))[..., 3]
