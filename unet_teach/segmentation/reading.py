"""Reads one picture or one mask from a file: PNG, JPEG or TIFF, of any depth and colour."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

EXTENSIONS = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
MOST_PIXELS = 400_000_000  # a file that claims more is not opened
GREY = ("1", "L", "LA", "La", "I", "F")
Map = NDArray[np.float32]


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
    picture, notes = _opened(path)
    with_alpha = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    if with_alpha and _alpha(picture).min() < 255:
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


def read_mask(path: Path) -> Read:
    """Return a mask (H, W) of bools.

    Foreground is what is not background, and background is the value 0, or black. Where nothing is
    black, it is the most frequent colour. Two kinds of in-between values are cut in the middle:
    those of a JPEG, and of a mask that is 0 or 255 almost everywhere.

    Raises:
        UnreadableError: with the reason.
    """
    picture, notes = _opened(path)
    if picture.mode in ("RGBA", "LA", "PA") and _is_flat(picture):
        notes.append("the mask is in its transparency")
        return Read(_alpha(picture) >= 128, notes)
    if picture.mode in GREY or picture.mode.startswith("I"):
        grey = picture.convert("L") if picture.mode in ("1", "LA", "La") else picture
        values = np.asarray(grey)
    else:
        colours = np.asarray(picture.convert("RGBA").convert("RGB")).astype(np.int32)
        values = colours @ np.array([65536, 256, 1], dtype=np.int32)  # one number a colour
        if (colours[..., 0] == colours[..., 1]).all() and (
            colours[..., 1] == colours[..., 2]
        ).all():
            values = colours[..., 0]
    return Read(_foreground(values, path, notes), notes)


def _foreground(values: NDArray[np.generic], path: Path, notes: list[str]) -> NDArray[np.bool_]:
    numbers = np.asarray(values, dtype=np.float64)
    lossy = path.suffix.lower() in (".jpg", ".jpeg")
    extremes = float(((numbers == 0) | (numbers == 255)).mean())
    between = extremes < 1 and bool((numbers == 0).any()) and bool((numbers == 255).any())
    if numbers.max() <= 255 and (lossy or (between and extremes > 0.9)):
        notes.append("its in-between values are cut at 128")
        return numbers >= 128
    kinds, counts = np.unique(numbers, return_counts=True)
    background = 0.0 if 0 in kinds else float(kinds[counts.argmax()])
    if background:
        notes.append("nothing in it is 0 or black, so its most frequent value is the background")
    elif len(kinds) > 2:
        notes.append(f"its {len(kinds) - 1} labels or colours became one foreground")
    return np.asarray(numbers != background)


def _opened(path: Path) -> tuple[Image.Image, list[str]]:
    if path.stat().st_size == 0:
        raise UnreadableError("is an empty file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as file:
                if file.width * file.height > MOST_PIXELS:
                    raise UnreadableError(f"has {file.width}×{file.height} pixels: too many")
                pages = getattr(file, "n_frames", 1)
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
    return picture, [f"only the first of its {pages} pages is used"] if pages > 1 else []


def _alpha(picture: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(picture.convert("RGBA"))[..., 3]


def _is_flat(picture: Image.Image) -> bool:
    """Whether the colours are all the same, and only the transparency differs."""
    pixels = np.asarray(picture.convert("RGBA")).reshape(-1, 4)
    return bool((pixels[:, :3] == pixels[0, :3]).all() and (pixels[:, 3] != pixels[0, 3]).any())
