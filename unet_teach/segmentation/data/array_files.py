"""Reads images and masks from the array files of NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unet_teach.segmentation.data.notes import UnreadableError

ARRAYS = (".npy", ".npz")
SHAPES = (
    "(H, W), or (H, W, 3) of the type uint8; of one-hot classes, save `array.argmax(axis=-1)` (or "
    "axis=0 if these come first)"
)


def read_array(path: Path) -> Image.Image:
    """Return the array of a file as an image.

    Raises:
        UnreadableError: if it is no image.
    """
    try:
        content = np.load(path, allow_pickle=False)
    except Exception as error:  # a damaged file can fail anywhere
        raise UnreadableError(
            f"is damaged, or holds no plain array ({error}); save the array with np.save"
        ) from None
    if isinstance(content, np.ndarray):
        return _as_image(content, "np.load(path)")
    with content:
        names = list(content)
        if len(names) != 1:
            raise UnreadableError(
                f"holds {len(names)} arrays ({', '.join(names)}); save the one you need as .npy"
            )
        return _as_image(content[names[0]], f"np.load(path)[{names[0]!r}]")


def _as_image(array: NDArray[np.generic], code: str) -> Image.Image:
    """Return an array as an image; `code` is what loads it."""
    pixels = array
    while pixels.ndim > 2 and 1 in (pixels.shape[0], pixels.shape[-1]):
        pixels = pixels[0] if pixels.shape[0] == 1 else pixels[..., 0]
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8)
    is_colour = pixels.ndim == 3 and pixels.shape[2] in (3, 4) and pixels.dtype == np.uint8
    is_number = pixels.dtype.kind in "iuf"
    if not pixels.size or not is_number or not (pixels.ndim == 2 or is_colour):
        command = f"`for name, one in zip(names, {code}): np.save(f'{{name}}.npy', one)`"
        raise UnreadableError(
            f"holds an array of shape {array.shape} and type {array.dtype}, which is no image; "
            f"save one array for each image, {SHAPES}"
            + f"; of a stack of them, {command}"
            * (is_number and pixels.ndim in (3, 4))
        )
    if pixels.dtype.kind in "iu" and pixels.dtype != np.uint8:
        if pixels.min() < -(2**31) or pixels.max() >= 2**31:
            raise UnreadableError("holds numbers of more than 31 bits; save it as int32")
        pixels = pixels.astype(np.int32)
    elif pixels.dtype.kind == "f":
        pixels = pixels.astype(np.float32)
    return Image.fromarray(np.ascontiguousarray(pixels))
