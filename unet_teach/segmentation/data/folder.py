"""Reads your own images, pairs them with their masks by name, and notes what does not fit."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.data.dataset import Dataset, Pixels, foreground_fraction
from unet_teach.segmentation.data.image_files import EXTENSIONS, UnreadableError, read_image
from unet_teach.segmentation.data.mask_files import Mask, binarize, read_mask
from unet_teach.segmentation.data.splits import split_images
from unet_teach.shared.sizes_as_text import sizes_as_text

SUFFIXES = ("_mask", "-mask", "_masks", "_seg", "_label", "_labels", "_gt", ".mask")
SMALL = 16  # pixels: smaller images do not fit a network of depth 4
MOST_NAMES = 5  # file names in a note


class Notes:
    """Remarks about files; each remark is kept once, with the names of all files it concerns."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}

    def add(self, remark: str, *names: str) -> None:
        """Note a remark about the named files, or about the whole folder."""
        known = self.names.setdefault(remark, [])
        known += [name for name in names if name not in known]

    def lines(self) -> list[str]:
        """Return the notes, one line each."""
        lines = []
        for remark, names in self.names.items():
            rest = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
            lines.append(f"{', '.join(names[:MOST_NAMES])}{rest}: {remark}" if names else remark)
        return lines


def from_folder(
    images: str | Path, masks: str | Path, *, seed: int = 0, invert: bool = False
) -> Dataset:
    """Return your own images and masks as a dataset.

    An image and its mask have the same name (`a.jpg` and `a.png`), or the name of the mask also
    ends in a suffix such as `_mask`, `_seg`, `_label` or `_gt`; then both may be in one folder. A
    mask may hold 0 and 1, 0 and 255, numbered objects, or colours: 0 or black is background.
    Images larger than 512 pixels are cut into tiles. Of every five images one goes to validation
    and one to test; fewer than three images are each cut in three.

    Args:
        images: folder of the images: PNG, JPEG or TIFF; grey or colour; 8 or 16 bits.
        masks: folder of the masks.
        seed: of the split.
        invert: whether 0 or black is foreground.

    Returns:
        The dataset. Its `notes` say which files are not used, and every decision that was taken
        for you; a warning shows the first of them.

    Raises:
        TypeError: if an argument is of another type.
        ValueError: if a folder does not exist, or no pair can be used, with the reasons.
    """
    argument_checks.require_integer(0, seed=seed)
    notes = Notes()
    image_paths = _list_images("images", images, notes)
    paths = _match_masks(image_paths, _list_images("masks", masks, notes), notes)
    pixels = _read_pairs(paths, invert, notes)
    if not pixels:
        raise ValueError(_with_notes("No picture could be paired with a mask", notes))
    splits, remarks = split_images(pixels, seed)
    for remark in remarks:
        notes.add(remark)
    if not all(splits):
        problem = "Your pictures are too small to be cut in three. Use at least 3, or larger ones"
        raise ValueError(_with_notes(problem, notes))
    source = f"your own: {Path(images).name} and {Path(masks).name}"
    train, validation, test = splits
    dataset = Dataset("your pictures", train, validation, test, source)
    _note_training_problems(dataset, invert, notes)
    lines = notes.lines()
    if lines:
        rest = f"\n- and {len(lines) - 3} more: print the dataset" if len(lines) > 3 else ""
        warnings.warn("About your pictures:\n- " + "\n- ".join(lines[:3]) + rest, stacklevel=2)
    return replace(dataset, notes=tuple(lines))


def _list_images(name: str, folder: str | Path, notes: Notes) -> list[Path]:
    """Return the image files of a folder, sorted by name; note everything else that is in it.

    Raises:
        TypeError: if the folder is neither a string nor a path.
        ValueError: if there is no such folder.
    """
    folder = argument_checks.as_path(name, folder)
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}. Give the path of one, as text.")
    files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    usable = [path for path in files if path.is_file() and path.suffix.lower() in EXTENSIONS]
    for path in files:
        if path not in usable:
            kind = (
                "a folder"
                if path.is_dir()
                else "no PNG, JPEG or TIFF file"
                if path.exists()
                else "a link to a file that is not there"
            )
            notes.add(f"{kind}, not used", path.name)
    return usable


def _stem(path: Path) -> str:
    """Return what the names of an image and its mask share: lower case, without a mask's suffix."""
    stem = path.stem.lower()
    for suffix in SUFFIXES:
        if stem.endswith(suffix) and stem != suffix:
            return stem.removesuffix(suffix)
    return stem


def _match_masks(
    images: Sequence[Path], masks: Sequence[Path], notes: Notes
) -> list[tuple[Path, Path]]:
    """Return the paths of each image and its mask; note files that have no counterpart."""
    if set(images) == set(masks):  # one folder: the suffix tells which is which
        masks = [path for path in images if _stem(path) != path.stem.lower()]
        images = [path for path in images if path not in masks]
    by_name: dict[str, Path] = {}
    for path in masks:
        if by_name.setdefault(_stem(path), path) != path:
            notes.add("a second mask for the same picture, not used", path.name)
    pairs: dict[str, tuple[Path, Path]] = {}
    without_mask = []
    for path in images:
        # An image may itself be called "x_mask", so its mask is looked up under both names.
        name = next((n for n in (path.stem.lower(), _stem(path)) if n in by_name), "")
        if not name:
            without_mask.append(path.name)
        elif name in pairs:
            notes.add("a second picture of the same name, not used", path.name)
        else:
            pairs[name] = path, by_name[name]
    without_image = [path.name for name, path in by_name.items() if name not in pairs]
    remedy = ""
    if without_mask and without_image:
        remedy = "; give both the same name, or end the mask's in _mask"
    if without_mask:
        notes.add(f"no mask, not used{remedy}", *without_mask)
    if without_image:
        notes.add("a mask without a picture, not used", *without_image)
    return list(pairs.values())


def _read_pairs(
    paths: Sequence[tuple[Path, Path]], invert: bool, notes: Notes
) -> dict[str, tuple[Pixels, Mask]]:
    """Return images and masks by the image's name; all images are grey, or all in colour."""
    images, masks = {}, {}
    for image_path, mask_path in paths:
        pair = _read_pair(image_path, mask_path, notes)
        if pair is not None:
            images[image_path, mask_path], masks[mask_path.name] = pair
    binary_masks, remarks = binarize(masks)
    for remark, names in remarks.items():
        notes.add(remark, *names)
    is_coloured = any(image.ndim == 3 for image in images.values())
    pairs = {}
    for (image_path, mask_path), image in images.items():
        mask = binary_masks[mask_path.name] ^ invert
        if mask.all() or not mask.any():
            notes.add(f"all {'foreground' if mask.all() else 'background'}", mask_path.name)
        if is_coloured and image.ndim == 2:
            image = np.stack([image] * 3, axis=2)
        pairs[image_path.stem.lower()] = image, mask
    return pairs


def _read_pair(image_path: Path, mask_path: Path, notes: Notes) -> tuple[Pixels, Pixels] | None:
    """Return the pixels of an image and its mask, or None, with a note, if they cannot be used."""
    arrays = []
    for path, read in ((image_path, read_image), (mask_path, read_mask)):
        try:
            pixels, remarks = read(path)
        except UnreadableError as reason:
            notes.add(f"{reason}, not used", path.name)
            return None
        for remark in remarks:
            notes.add(remark, path.name)
        arrays.append(pixels)
    image, mask = arrays
    if image.shape[:2] != mask.shape[:2]:
        image_size, mask_size = (sizes_as_text(pixels.shape[:2]) for pixels in arrays)
        notes.add(
            f"{image_size} (H×W) and the mask {mask_size}, not used: stretching moves edges",
            image_path.name,
        )
        return None
    return image, mask


def _note_training_problems(dataset: Dataset, invert: bool, notes: Notes) -> None:
    pairs = [pair for split in dataset.splits.values() for pair in split]
    small = [pair.name for pair in pairs if min(pair.mask.shape[1:]) < SMALL]
    if small:
        notes.add(f"less than {SMALL} pixels high or wide, too small for a deep network", *small)
    for name, split in dataset.splits.items():
        if not any(pair.mask.any() for pair in split):
            notes.add(f"no foreground at all in {name}: try another seed, or add pictures")
    fraction = foreground_fraction(pairs)
    if 0.5 < fraction < 1 and not invert:
        notes.add(
            f"{fraction:.0%} of all pixels are foreground: if you look for black, invert=True"
        )


def _with_notes(problem: str, notes: Notes) -> str:
    return f"{problem}:\n- " + "\n- ".join(notes.lines() or ["both folders are empty"])
