"""Reads one picture from a file: PNG, JPEG or TIFF, of any depth and colour."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

EXTENSIONS = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
MOST_PIXELS = 400_000_000  # a file that claims more is not opened


class UnreadableError(ValueError):
    """A file that cannot be read, with the reason."""


class Read(NamedTuple):
    """What stood in a file: (H, W) or (H, W, 3), and what you should know about it."""

    pixels: NDArray[np.generic]
    notes: list[str]


def read_image(path: Path) -> Read:
    """Return a picture, turned as its EXIF data say: uint8, or float32 from 0 to 1.

    8-bit values stay as they are. Others (16 bits, floats) are scaled from their own smallest to
    their own largest value: microscopes often use 12 of 16 bits.

    Raises:
        UnreadableError: with the reason.
    """
    picture, notes = opened(path)
    with_alpha = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    if with_alpha and alpha(picture).min() < 255:
        notes.append("its transparency is left out")
    if picture.mode in ("1", "LA", "La"):
        return Read(np.asarray(picture.convert("L")), notes)
    if picture.mode == "L":
        return Read(np.asarray(picture), notes)
    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.asarray(picture).astype(np.float32)
        if not np.isfinite(values).all():
            notes.append("values that are no numbers became 0")
            values = np.nan_to_num(values, nan=0, posinf=0, neginf=0)
        low, high = float(values.min()), float(values.max())
        notes.append("its values are scaled, its own smallest to 0 and its own largest to 1")
        return Read((values - low) / max(high - low, 1e-12), notes)
    return Read(np.asarray(picture.convert("RGBA").convert("RGB")), notes)


def opened(path: Path) -> tuple[Image.Image, list[str]]:
    """Return what is in a file, turned as its EXIF data say, and what is left out of it.

    Raises:
        UnreadableError: with the reason.
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
                picture = ImageOps.exif_transpose(file)
    except Image.DecompressionBombError:
        raise UnreadableError("is larger than Pillow reads; cut it into parts") from None
    except UnreadableError:
        raise
    except Exception as error:  # Pillow raises what its format's reader happens to raise
        raise UnreadableError(
            f"is damaged, or of a kind that Pillow cannot read ({error})"
        ) from None
    notes = [f"only the first of its {pages} pages is used"] if pages > 1 else []
    if deep:  # Pillow keeps the upper 8 and does not say so
        notes.append(
            "16 bits a colour, of which only the upper 8 are read: scale it to 8 bits first"
        )
    return picture, notes


def alpha(picture: Image.Image) -> NDArray[np.uint8]:
    """Return how opaque each pixel is: (H, W), 0 to 255."""
    return np.asarray(picture.convert("RGBA"))[..., 3]
