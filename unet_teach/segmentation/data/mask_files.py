"""Reads masks from files, and decides for a whole folder of them what is background."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unet_teach.segmentation.data.image_files import Read, alpha, opened

Numbers = NDArray[Any]  # of any type
Mask = NDArray[np.bool_]
GREY = ("1", "L", "LA", "La", "I", "F")
LOSSY = (".jpg", ".jpeg")


def read_mask(path: Path) -> Read:
    """Return what stands in a mask (H, W).

    Bools, if it has a background of its own: the value 0, black, or what is transparent. Else its
    numbers, one a label or colour: then `foregrounds` decides, by the other masks.

    Raises:
        UnreadableError: with the reason.
    """
    picture, notes = opened(path)
    if picture.mode in ("RGBA", "LA", "PA") and _is_flat(picture):
        return Read(alpha(picture) >= 128, [*notes, "the mask is in its transparency"])
    if picture.mode in GREY or picture.mode.startswith("I"):
        grey = picture.convert("L") if picture.mode in ("1", "LA", "La") else picture
        light = values = np.asarray(grey)
    else:
        colours = np.asarray(picture.convert("RGBA").convert("RGB"))
        light = colours.max(axis=2)
        red, green, blue = colours.astype(np.int32).transpose(2, 0, 1)
        values = red << 16 | green << 8 | blue  # one number a colour
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        notes.append("values that are no numbers became background")
        light = values = np.nan_to_num(values, nan=0, posinf=0, neginf=0)
    if path.suffix.lower() in LOSSY:
        return Read(
            light >= 128, [*notes, "a JPEG blurs edges, so it is cut at 128; save masks as PNG"]
        )
    if _has_soft_edges(light):
        return Read(light >= 128, [*notes, "its soft edges are cut at 128"])
    if values.all():
        return Read(values, notes)
    kinds = _counts(values)
    if len(kinds) > 2:
        notes.append(f"its {len(kinds) - 1} labels or colours became one foreground")
        if 255 in kinds:
            notes[-1] += ", 255 too: if 255 means 'do not count', make it 0"
    return Read(values != 0, notes)


def foregrounds(read: Mapping[str, Numbers]) -> tuple[dict[str, Mask], dict[str, list[str]]]:
    """Return the masks of a folder as bools, and remarks with the names that they are about.

    Where one mask has a background of its own, 0 is background everywhere. Else it is the most
    frequent value of all masks; and if they have one value only, they are all foreground.
    """
    masks = {name: values.astype(bool) for name, values in read.items()}
    unsure = {name: values for name, values in read.items() if values.all()}
    if len(unsure) < len(read):
        several = [name for name, values in unsure.items() if values.min() != values.max()]
        said = "no 0 in it, which is background in the others, so all is foreground"
        return masks, {said: several} if several else {}
    counts: Counter[float] = Counter()
    for values in unsure.values():
        counts.update(_counts(values))
    if not counts:
        return {}, {}
    if len(counts) == 1:
        said = (
            f"one value only, {next(iter(counts)):g}, taken as foreground; if it is not, make it 0"
        )
        return masks, {said: list(unsure)}
    ((background, _),) = counts.most_common(1)
    said = "nothing in it is 0 or black, so the most frequent value of all masks is the background"
    return {name: values != background for name, values in unsure.items()}, {said: list(unsure)}


def _has_soft_edges(light: Numbers) -> bool:
    """Whether what lies between 0 and 255 only leads up to 255: the inside of a label is flat."""
    between = (light > 0) & (light < 255)
    if light.min() != 0 or light.max() != 255 or not between.any():
        return False
    padded = np.pad(light, 1, mode="edge")
    rows = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    around = np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
    return bool((around > light)[between].mean() > 0.9)


def _counts(mask: Numbers) -> dict[float, int]:
    """Return how often each value occurs."""
    if mask.dtype == np.uint8:  # without sorting: a large mask would take long
        often = np.sum([np.bincount(row, minlength=256) for row in mask], axis=0)
        return {value: int(count) for value, count in enumerate(often) if count}
    kinds, counts = np.unique(mask, return_counts=True)
    return dict(zip(kinds.tolist(), counts.tolist(), strict=True))


def _is_flat(picture: Image.Image) -> bool:
    """Whether the colours are all the same, and only the transparency differs."""
    pixels = np.asarray(picture.convert("RGBA")).reshape(-1, 4)
    return bool((pixels[:, :3] == pixels[0, :3]).all() and (pixels[:, 3] != pixels[0, 3]).any())
