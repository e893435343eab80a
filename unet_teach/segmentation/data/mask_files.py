"""Reads masks from files, and decides for all masks of a folder what is background."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unet_teach.segmentation.data.image_files import PixelsAndNotes, alpha_channel, open_image

Values = NDArray[Any]  # of any dtype
Mask = NDArray[np.bool_]
GREY = ("1", "L", "LA", "La", "I", "F")
LOSSY = (".jpg", ".jpeg")


def read_mask(path: Path) -> PixelsAndNotes:
    """Return the content of a mask file, (H, W), and notes on how it was read.

    If the mask itself shows what is background (the value 0, black, or transparency), these are
    bools. Otherwise they are numbers, one for each label or colour, and `binarize` decides by
    looking at the other masks.

    Raises:
        UnreadableError: if the file cannot be read.
    """
    image, notes = open_image(path)
    if image.mode in ("RGBA", "LA", "PA") and _is_flat(image):
        return alpha_channel(image) >= 128, [*notes, "the mask is in its transparency"]
    if image.mode in GREY or image.mode.startswith("I"):
        grey = image.convert("L") if image.mode in ("1", "LA", "La") else image
        brightness = values = np.asarray(grey)
    else:
        colours = np.asarray(image.convert("RGBA").convert("RGB"))
        brightness = colours.max(axis=2)
        red, green, blue = colours.astype(np.int32).transpose(2, 0, 1)
        values = red << 16 | green << 8 | blue  # one number for each colour
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        notes.append("values that are no numbers became background")
        brightness = values = np.nan_to_num(values, nan=0, posinf=0, neginf=0)
    if path.suffix.lower() in LOSSY:
        notes.append("a JPEG blurs edges, so it is cut at 128; save masks as PNG")
        return brightness >= 128, notes
    if _has_soft_edges(brightness):
        return brightness >= 128, [*notes, "its soft edges are cut at 128"]
    if values.all():
        return values, notes
    counts = _value_counts(values)
    if len(counts) > 2:
        notes.append(f"its {len(counts) - 1} labels or colours became one foreground")
        if 255 in counts:
            notes[-1] += ", 255 too: if 255 means 'do not count', make it 0"
    return values != 0, notes


def binarize(masks: Mapping[str, Values]) -> tuple[dict[str, Mask], dict[str, list[str]]]:
    """Return the masks of a folder as bools, and notes with the names of the masks they concern.

    If any mask contains 0, then 0 is background in all of them. If none does, the most frequent
    value of all masks is background; but if there is only one value, everything is foreground.

    Args:
        masks: the content of each mask file, from `read_mask`, by its name.
    """
    nonzero = {name: values.astype(bool) for name, values in masks.items()}
    without_zero = {name: values for name, values in masks.items() if values.all()}
    if len(without_zero) < len(masks):
        several = [name for name, values in without_zero.items() if values.min() != values.max()]
        note = "no 0 in it, which is background in the others, so all is foreground"
        return nonzero, {note: several} if several else {}
    counts: Counter[float] = Counter()
    for values in without_zero.values():
        counts.update(_value_counts(values))
    if not counts:
        return {}, {}
    if len(counts) == 1:
        note = (
            f"one value only, {next(iter(counts)):g}, taken as foreground; if it is not, make it 0"
        )
        return nonzero, {note: list(without_zero)}
    ((background, _),) = counts.most_common(1)
    note = "nothing in it is 0 or black, so the most frequent value of all masks is the background"
    return {name: values != background for name, values in without_zero.items()}, {
        note: list(without_zero)
    }


def _has_soft_edges(values: Values) -> bool:
    """Return whether values between 0 and 255 are blurred edges of foreground at 255, not labels.

    A pixel of a blurred edge has a brighter neighbour; a pixel inside of a label does not.
    """
    between = (values > 0) & (values < 255)
    if values.min() != 0 or values.max() != 255 or not between.any():
        return False
    padded = np.pad(values, 1, mode="edge")
    rows = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    around = np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
    return bool((around > values)[between].mean() > 0.9)


def _value_counts(mask: Values) -> dict[float, int]:
    """Return how often each value occurs."""
    if mask.dtype == np.uint8:  # row by row, since sorting a large mask takes long
        counts = np.sum([np.bincount(row, minlength=256) for row in mask], axis=0)
        return {value: int(count) for value, count in enumerate(counts) if count}
    values, counts = np.unique(mask, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def _is_flat(image: Image.Image) -> bool:
    """Return whether all pixels have one colour, and only their transparency differs."""
    pixels = np.asarray(image.convert("RGBA")).reshape(-1, 4)
    return bool((pixels[:, :3] == pixels[0, :3]).all() and (pixels[:, 3] != pixels[0, 3]).any())
