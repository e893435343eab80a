"""Reads masks from files, and decides for all masks of a folder what is background."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from unet_teach.segmentation.data.dataset import VOID
from unet_teach.segmentation.data.image_files import (
    Opened,
    alpha_channel,
    palette_is_missing,
    palette_of,
)
from unet_teach.segmentation.data.mask_levels import (
    Mask,
    Values,
    are_labels,
    cut_at_half,
    cut_blends,
    damaged_labels,
)
from unet_teach.segmentation.data.notes import UnreadableError

GREY = ("1", "L", "LA", "La", "I", "F")
GREY_CODE = 0x010101  # a grey value times this is its colour
VOID_COLOUR = (224, 224, 192)  # of these pixels, in the palette of PASCAL VOC
LARGEST_FIRST_CLASS = 50  # where 255 is void, classes are numbered from 1 on
ROUNDING = 1  # values that differ by no more may be one value, rounded up and down
NO_ZERO = "nothing in it is 0 or black"
MOST_CLASSES = 30  # more labels in a mask are numbered objects
DARK = 32  # of 255: a mask with a darker colour has a black background


class ReadMask(NamedTuple):
    """A mask as it was read.

    Attributes:
        pixels: (H, W), bools or numbers.
        notes: how it was read.
        cut: the value at which its soft edges were cut, if there are any.
    """

    pixels: Values
    notes: list[str]
    cut: float | None = None


def read_mask(opened: Opened, *, lossy: bool) -> ReadMask:
    """Return the content of a mask file.

    If the mask itself shows what is background (the value 0, black, or transparency), these are
    bools. Otherwise they are numbers, one for each label or colour, and `binarize` decides by
    looking at the other masks.

    Args:
        opened: the file.
        lossy: whether it is a JPEG, which keeps no exact values.

    Raises:
        UnreadableError: if it holds labels that a JPEG has damaged.
    """
    image, notes = opened.image, list(opened.notes)
    if image.mode in ("RGBA", "LA", "PA") and _is_flat(image):
        notes.append("the mask is in its transparency")
        return ReadMask(alpha_channel(image) >= 128, notes)
    codes, levels, is_colour = _content(opened, notes)
    if codes.min() == codes.max():
        return ReadMask(levels >= 128 if lossy else codes, notes)
    if labels := damaged_labels(levels, lossy=lossy):
        raise UnreadableError(
            f"holds {len(labels)} labels ({_listed(labels)}) which a JPEG has damaged: other "
            "values lie around them. Export the masks again as PNG. If there is only the JPEG, "
            "round each pixel to the nearest label, save that as PNG, and look at the borders"
        )
    low, high = float(levels.min()), float(levels.max())
    is_probability = levels.dtype.kind == "f" and low > 0 and high <= 1
    if lossy or is_probability or not are_labels(codes, levels):
        mask = cut_at_half(levels)
        rounding = 0 if levels.dtype.kind == "f" else ROUNDING
        where = "128" if (low, high) == (0, 255) else "half of its own range"
        if mask.all() or not mask.any():
            notes.append(f"only noise, taken as all {'foreground' if mask.any() else 'background'}")
            return ReadMask(mask, notes)
        if lossy:
            notes.append(f"a JPEG blurs edges, so it is cut at {where}; save masks as PNG")
        elif np.minimum(levels - low, high - levels).max() <= rounding:
            notes.append(f"its values lie at {low:g} and {high:g}; it is cut at {where}")
        else:
            notes.append(f"its soft edges are cut at {where}")
        return ReadMask(mask, notes, (low + high) / 2)
    if codes.all():
        return ReadMask(codes, notes)
    if low < 0:
        notes.append("values below 0 are not 0, so they are foreground")
    _note_labels(codes if is_colour else levels, is_colour, notes)
    mask, is_soft = cut_blends(codes, levels)
    if is_soft:
        notes.append("its soft edges are cut at half")
    return ReadMask(mask, notes)


def _content(opened: Opened, notes: list[str]) -> tuple[Values, Values, bool]:
    """Return what is in a mask file: codes, levels, and whether the codes stand for colours.

    Codes, (H, W), are one number for each label or colour, and levels, (H, W), how far each pixel
    is from the background; without colours, both are the labels or grey values.
    """
    image, grey = opened.image, None
    if image.mode in GREY or image.mode.startswith("I"):
        grey = _grey(opened, notes)
    elif image.mode == "P":
        grey = _numbers_of_palette(image, notes)
    if grey is not None:
        return grey, grey, False
    colours = np.asarray(image.convert("RGBA"))
    opacity, colours = colours[..., 3], colours[..., :3].astype(np.int32)
    if opacity.min() == 0 < opacity.max():
        colours[opacity == 0] = 0
    if (colours == colours[..., :1]).all():
        return colours[..., 0] * GREY_CODE, colours[..., 0].astype(np.uint8), False
    void = (colours == VOID_COLOUR).all(axis=2)
    if void.any() and colours[~void].any():
        colours[void] = 0
        notes.append("the colour 224, 224, 192 means 'do not count' in PASCAL VOC; it became 0")
    red, green, blue = colours.transpose(2, 0, 1)
    codes = red << 16 | green << 8 | blue
    background = np.zeros(3, np.int32)
    if colours.max(axis=2).min() > DARK:
        values, counts = np.unique(codes, return_counts=True)
        most = int(values[counts.argmax()])
        background[:] = most >> 16, most >> 8 & 255, most & 255
    return codes, np.abs(colours - background).max(axis=2), True


def _grey(opened: Opened, notes: list[str]) -> Values:
    image = opened.image
    values = np.asarray(image.convert("L") if image.mode in ("1", "LA", "La") else image)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        notes.append("values that are not finite numbers became background")
        values = np.nan_to_num(values, nan=0, posinf=0, neginf=0)
    if opened.white_is_zero:
        if image.mode in ("1", "L") and not opened.fax:
            values = 255 - values
        shown = "as shown, white" if opened.fax else "as stored, and shown in black"
        notes.append(
            f"the file says that 0 is white; foreground is what is not 0 {shown}: if that is "
            "inverted, use invert=True"
        )
    return values


def _numbers_of_palette(image: Image.Image, notes: list[str]) -> Values | None:
    """Return the numbers of a mask with a palette, or None if its colours are what counts."""
    numbers = np.asarray(image)
    if palette_is_missing(image):
        notes.append("its palette is missing, so its numbers are the labels, and 0 is background")
        return numbers
    palette, count = palette_of(image)
    used = np.unique(numbers)
    if count > 1 and (palette[:count] == 255 - np.arange(count)[:, None]).all():
        notes.append(
            "its table of grey values is inverted; foreground is what is not 0 as stored, and "
            "shown in black: if that is inverted, use invert=True"
        )
        return numbers
    if VOID in used and len(used) > 2 and tuple(palette[VOID]) == VOID_COLOUR:
        notes.append("its number 255 means 'do not count' in PASCAL VOC; it became background")
        return np.where(numbers == VOID, 0, numbers)
    has_black = not palette[used].any(axis=1).all()
    if has_black and used[0] == 0 and (palette[used] <= palette[0]).all():
        notes.append(
            "its table of colours shows 0 in the lightest colour, so what is not black is "
            "foreground: if that is inverted, use invert=True"
        )
    elif VOID in used and used[0] == 0 and used[-2] < VOID - 1 and not palette[0].any():
        return numbers
    return None


def _note_labels(codes: Values, is_colour: bool, notes: list[str]) -> None:
    counts = _value_counts(codes)
    if len(counts) > 2:
        notes.append(f"its {len(counts) - 1} labels or colours became one foreground")
        first = min(value for value in counts if value)
        if VOID in counts and not is_colour and first <= LARGEST_FIRST_CLASS:
            notes[-1] += ", 255 too: if 255 means 'do not count', make it 0"
        if len(counts) - 1 <= MOST_CLASSES:
            notes[-1] += "; if they are classes, name them with classes="


def binarize(
    masks: Mapping[str, Values], cut: float = 0
) -> tuple[dict[str, Mask], dict[str, list[str]]]:
    """Return the masks of a folder as bools, and notes with the names of the masks they concern.

    If any mask contains 0, then 0 is background in all of them. If none does, the most frequent
    value of all masks is background; but if there is only one value, everything is foreground. A
    mask of a single value below `cut`, the lowest at which one of them was cut, is empty.
    """
    masks = {name: _without_faint(values, cut) for name, values in masks.items()}
    nonzero = {name: values.astype(bool) for name, values in masks.items()}
    without_zero = {name: values for name, values in masks.items() if values.all()}
    if len(without_zero) < len(masks):
        several = [name for name, values in without_zero.items() if values.min() != values.max()]
        note = "has no 0, which is background in the others, so all of it is foreground"
        return nonzero, {note: several} if several else {}
    counts: Counter[float] = Counter()
    for values in without_zero.values():
        counts.update(_value_counts(values))
    if not counts:
        return {}, {}
    if len(counts) == 1:
        note = (
            f"one value only, {_shown(next(iter(counts)))}, taken as foreground; if it is not, "
            "make it 0"
        )
        return nonzero, {note: list(without_zero)}
    ((background, _),) = counts.most_common(1)
    note = (
        f"{NO_ZERO}, so the most frequent value of all masks is the background, "
        f"{_shown(background)}; if that is inverted, use invert=True, and if these are classes, "
        "name them with classes="
    )
    return {name: values != background for name, values in without_zero.items()}, {
        note: list(without_zero)
    }


def require_background(masks: Mapping[str, Values], labels: Mapping[str, str]) -> None:
    """Refuse masks of three or more labels of which none is 0: any of them may be background.

    Raises:
        ValueError: if more than half of the masks that are no bools have no 0, but several labels.
    """
    without_zero = {
        name: np.unique(values) for name, values in masks.items() if values.dtype != bool
    }
    several = {name: v for name, v in without_zero.items() if v[0] > 0 and len(v) > 1}
    if 2 * len(several) <= len(masks):
        return
    found = np.unique(np.concatenate(list(several.values()))).astype(np.int64)
    if (found % GREY_CODE == 0).all():
        found = found // GREY_CODE
    if len(found) < 3 or found[-1] > 255:
        return
    first = next(iter(several))
    numbers = ", ".join(f'"{name}": {value:g}' for name, value in _names(found.tolist()).items())
    more = ", …" if len(found) > len(_names(found.tolist())) else ""
    origin = (
        "The masks of the Oxford-IIIT Pet dataset hold these: 1 is the pet, 2 the background and "
        "3 the border between them. "
        if found.tolist() == [1, 2, 3]
        else ""
    )
    raise ValueError(
        f"The masks hold the labels {_listed(found.tolist())} and no 0, so it is not known which "
        f"of them is background; see {labels[first]}. {origin}Name them as classes: "
        f"classes={{{numbers}{more}}}; pixels of a label that is left out do not count. Or save "
        "masks of foreground and background only, where 0 is background: "
        f"`Image.fromarray(np.uint8(np.array(Image.open(path)) == {found[0]:g}) * 255)`."
    )


def _names(values: list[float]) -> dict[str, float]:
    names = ["pet", "background", "border"] if values == [1, 2, 3] else list("abc")
    return dict(zip(names, values, strict=False))


def _shown(code: float) -> str:
    if code <= 255:
        return f"{code:g}"
    colour = int(code)
    if colour % GREY_CODE == 0:
        return str(colour // GREY_CODE)
    return f"({colour >> 16}, {colour >> 8 & 255}, {colour & 255})"


def _listed(values: list[Any]) -> str:
    return ", ".join(f"{value:g}" for value in values[:6]) + (", …" if len(values) > 6 else "")


def _without_faint(values: Values, cut: float) -> Values:
    """Return zeros for a mask of one value below the cut, and any other mask as it is."""
    is_faint = values.dtype != bool and values.min() == values.max() < cut
    return np.zeros_like(values) if is_faint else values


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
