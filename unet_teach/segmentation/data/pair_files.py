"""Reads an image and its masks, page by page: merges the masks, turns the image as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from unet_teach.segmentation.data.dataset import Pixels
from unet_teach.segmentation.data.image_files import (
    Opened,
    brightness,
    open_page,
    read_image,
)
from unet_teach.segmentation.data.label_files import LabelReader
from unet_teach.segmentation.data.mask_files import binarize, read_mask
from unet_teach.segmentation.data.mask_levels import has_grain, looks_like_mask, looks_like_photo
from unet_teach.segmentation.data.notes import Notes, UnreadableError
from unet_teach.segmentation.data.pairing import JPEG, ImageFile, Match, has_mask_suffix
from unet_teach.shared.sizes_as_text import sizes_as_text

FEW_PIXELS = 4  # a difference of sizes that cropping or padding leaves
SAME_SHAPE = 0.02  # how much the ratios of heights and widths may differ, after rounding
NO_MASK = (
    "looks like an image, not like a mask; if the mask is drawn on a photo, export it alone, white "
    "on black"
)
AS_STORED: dict[int, Callable[[Pixels], Pixels]] = {  # undoes what an EXIF orientation asks for
    2: np.fliplr,
    3: lambda pixels: np.rot90(pixels, 2),
    4: np.flipud,
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: np.rot90,
    7: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
    8: lambda pixels: np.rot90(pixels, -1),
}


class PairOfFiles(NamedTuple):
    """An image and its mask, as they were read.

    Attributes:
        image: (H, W) or (H, W, 3).
        mask: (H, W), see `read_mask`; or labels of classes, uint8.
        cut: the value at which soft edges of the mask were cut, if there are any.
        mask_label: what the file of the mask is called in notes.
        is_swapped: whether the image looks like a mask, and the mask like an image.
    """

    image: Pixels
    mask: Pixels
    cut: float | None
    mask_label: str
    is_swapped: bool


def read_match(
    match: Match, notes: Notes, classes: LabelReader | None = None
) -> dict[str, PairOfFiles]:
    """Return the pairs of an image and its masks by name: one, or one for each page."""
    pair, pages = _read_page(match, 0, notes, classes)
    if pages == 1:
        return {} if pair is None else {match.name: pair}
    notes.add(
        f"its {pages} pages are {pages} images. Neighbouring pages may be nearly the same, so the "
        "scores on validation and test say little about another stack",
        match.image.label,
    )
    pairs = {f"{match.name}, page 1": pair}
    for page in range(1, pages):
        pairs[f"{match.name}, page {page + 1}"] = _read_page(match, page, notes, classes)[0]
    return {name: pair for name, pair in pairs.items() if pair is not None}


def _read_page(
    match: Match, page: int, notes: Notes, classes: LabelReader | None
) -> tuple[PairOfFiles | None, int]:
    """Return a pair, or None with a note, and how many pages of these files are pairs."""
    opened = [_open(file, page, notes) for file in (match.image, *match.masks)]
    files = [file for file in opened if file is not None]
    if len(files) < len(opened):
        return None, 1
    labels = [file.label for file in (match.image, *match.masks)]
    pages = files[0].pages
    if {file.pages for file in files} != {pages}:
        for file, label in zip(files, labels, strict=True):
            if file.pages > 1:
                notes.add(f"only the first of its {file.pages} pages is used", label)
        notes.add("all pages are used only if an image and its mask have the same number of them")
        pages = 1
    image, remarks = read_image(files[0])
    try:
        mask, cut, mask_remarks = (
            _read_masks(files[1:], match.masks)
            if classes is None
            else _read_labels(files[1:], match.masks, classes)
        )
    except UnreadableError as reason:
        notes.add(f"not used: {reason}", labels[1])
        return None, pages
    for label, remark in [*((labels[0], remark) for remark in remarks), *mask_remarks]:
        notes.add(remark, label)
    if mask is None:
        return None, pages
    image = _turned_like(mask, image, files[0].orientation, files[1].orientation, labels[0], notes)
    if image.shape[:2] != mask.shape[:2]:
        notes.add(_about_sizes(image.shape[:2], mask.shape[:2]), f"{labels[0]} with {labels[1]}")
        return None, pages
    of_image, of_mask = brightness(files[0]), brightness(files[1])
    is_photo = looks_like_photo(of_mask)
    if is_photo:
        notes.add(NO_MASK, labels[1])
    is_named_as_mask = has_mask_suffix(match.image.name) and not match.masks[0].is_mask
    is_swapped = (is_photo or is_named_as_mask) and looks_like_mask(of_image)
    is_swapped |= len(np.unique(of_image)) == 2 and has_grain(of_mask)
    return PairOfFiles(image, mask, cut, labels[1], is_swapped), pages


def _about_sizes(image: tuple[int, ...], mask: tuple[int, ...]) -> str:
    """Return a note on an image and a mask of different sizes, with what to do."""
    height, width = image
    ratios = [given / wanted for given, wanted in zip(mask, image, strict=True)]
    if mask == (width, height):
        remedy = (
            "the mask is turned by 90°, or its rows and columns are swapped; the latter is undone "
            "by `Image.open(mask).transpose(Image.Transpose.TRANSPOSE)`"
        )
    elif all(abs(given - wanted) <= FEW_PIXELS for given, wanted in zip(mask, image, strict=True)):
        remedy = (
            "they differ by few pixels: cut both to the smaller size, at the border where the "
            "program that made the mask has cut or padded"
        )
    elif max(ratios) / min(ratios) < 1 + SAME_SHAPE:
        remedy = (
            "if the mask shows all of the image, resize it without new values: "
            f"`Image.open(mask).resize(({width}, {height}), Image.Resampling.NEAREST)`"
        )
        if ratios[0] < 1:
            remedy += f"; its edges are then known to {1 / min(ratios):.2g} pixels only"
    else:
        remedy = (
            "one of them was cropped, padded or stretched: repeat on the image what was done to "
            "the mask (stretch a mask with Image.Resampling.NEAREST), or use the "
            "image it was drawn on"
        )
    sizes = f"{sizes_as_text(image)} (H×W) and the mask {sizes_as_text(mask)}"
    return f"{sizes}, not used; {remedy}"


def _open(file: ImageFile, page: int, notes: Notes) -> Opened | None:
    try:
        return open_page(file.path, page)
    except UnreadableError as reason:
        notes.add(f"{reason}, not used", file.label)
        return None


def _read_labels(
    opened: Sequence[Opened], files: Sequence[ImageFile], classes: LabelReader
) -> tuple[Pixels | None, None, list[tuple[str, str]]]:
    """Return the labels of an image, or None if they cannot be used, and notes."""
    if files[0].path.suffix.lower() in JPEG:
        reason = (
            "a JPEG keeps no exact colours, so no classes, not used. Export the masks again as "
            "PNG. If there is only the JPEG, set each pixel to the nearest class, save that as "
            "PNG, and look at the borders"
        )
        return None, None, [(files[0].label, reason)]
    labels, remark = classes.read(opened[0])
    remarks = [(files[0].label, f"{remark}, not used")] if remark else []
    if len(files) > 1:
        remarks.append((files[0].label, "the only mask of this image that is used: classes"))
    return labels, None, remarks


def _read_masks(
    opened: Sequence[Opened], files: Sequence[ImageFile]
) -> tuple[Pixels, float | None, list[tuple[str, str]]]:
    """Return the mask of an image, merged from its files, its cut, and notes by names of files."""
    read = [
        read_mask(mask, lossy=file.path.suffix.lower() in JPEG)
        for mask, file in zip(opened, files, strict=True)
    ]
    remarks = [
        (file.label, remark)
        for mask, file in zip(read, files, strict=True)
        for remark in mask.notes
    ]
    cut = min((mask.cut for mask in read if mask.cut is not None), default=None)
    if len(read) == 1:
        return read[0].pixels, cut, remarks
    binary, _ = binarize({str(number): mask.pixels for number, mask in enumerate(read)}, cut or 0)
    merged = binary["0"]
    for file, mask in zip(files, binary.values(), strict=True):
        if mask.shape == merged.shape:
            merged = merged | mask
        else:
            remarks.append((file.label, "of another size than the first mask, not used"))
    return merged, cut, remarks


def _turned_like(
    mask: Pixels, image: Pixels, orientation: int, of_mask: int, label: str, notes: Notes
) -> Pixels:
    """Return an image as its mask was drawn: turned by its EXIF data, or as it is stored."""
    if orientation not in AS_STORED or orientation == of_mask:
        return image
    stored = AS_STORED[orientation](image)
    if stored.shape[:2] != mask.shape[:2]:
        return image
    if image.shape[:2] != mask.shape[:2]:
        notes.add("its EXIF data would turn it, but the mask fits the pixels as stored", label)
        return stored
    notes.add(
        "turned by its EXIF data, and the mask fits both ways: if it was drawn on the pixels as "
        "stored, remove the EXIF data first",
        label,
    )
    return image
