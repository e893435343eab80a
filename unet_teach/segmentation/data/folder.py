"""Your own pictures: pairs them with their masks by name, and says what does not fit."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.data.dataset import Dataset, Pair
from unet_teach.segmentation.data.image_files import EXTENSIONS, UnreadableError, read_image
from unet_teach.segmentation.data.mask_files import foregrounds, read_mask
from unet_teach.segmentation.data.splits import parted

SUFFIXES = ("_mask", "-mask", "_masks", "_seg", "_label", "_labels", "_gt", ".mask")
SMALL = 16  # pixels: what a network with four halvings needs
SHOWN = 5  # names a note


class Notes:
    """What you should know, each thing said once, with the files that it is about."""

    def __init__(self) -> None:
        self.about: dict[str, list[str]] = {}

    def add(self, remark: str, *names: str) -> None:
        """Note a remark about files, or about all of them."""
        known = self.about.setdefault(remark, [])
        known += [name for name in names if name not in known]

    def lines(self) -> list[str]:
        """Return the notes, one line each."""
        lines = []
        for remark, names in self.about.items():
            rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            lines.append(f"{', '.join(names[:SHOWN])}{rest}: {remark}" if names else remark)
        return lines


class Files(NamedTuple):
    """A picture and its mask on disk."""

    image: Path
    mask: Path


def from_folder(
    images: str | Path, masks: str | Path, *, seed: int = 0, invert: bool = False
) -> Dataset:
    """Return your own pictures and masks as a dataset.

    A picture and its mask have the same name (`a.jpg` and `a.png`), or the mask's ends in `_mask`,
    `_seg`, `_label` or `_gt` as well; then both may be in one folder. A mask may be 0 and 1, 0 and
    255, numbered objects, or colours: what is 0 or black is background. Pictures larger than 512
    pixels are cut into tiles. Of every five pictures one is for validation and one for the test;
    fewer than three pictures are each cut in three.

    Args:
        images: the folder with the pictures: PNG, JPEG or TIFF; grey or colour; 8 or 16 bits.
        masks: the folder with the masks.
        seed: of the split.
        invert: whether black is what is looked for.

    Returns:
        The dataset. Its `notes` say what is not used, and everything that was decided for you;
        a warning says the first of them.

    Raises:
        ValueError: if no pair can be used, with the reasons.
    """
    argument_checks.whole(0, seed=seed)
    notes = Notes()
    pairs = _paired(_listed("images", images, notes), _listed("masks", masks, notes), notes)
    read = _read(pairs, invert, notes)
    if not read:
        raise ValueError(_listing("No picture could be paired with a mask", notes))
    parts, thinned = parted(read, seed)
    for remark in thinned:
        notes.add(remark)
    if not all(parts):
        said = "Your pictures are too small to be cut in three. Use at least 3, or larger ones"
        raise ValueError(_listing(said, notes))
    _look_at(parts, invert, notes)
    lines = notes.lines()
    if lines:
        rest = f"\n- and {len(lines) - 3} more: print the dataset" if len(lines) > 3 else ""
        warnings.warn("About your pictures:\n- " + "\n- ".join(lines[:3]) + rest, stacklevel=2)
    source = f"your own: {Path(images).name} and {Path(masks).name}"
    train, validation, test = parts
    return Dataset("your pictures", train, validation, test, source, tuple(lines))


def _listed(name: str, folder: str | Path, notes: Notes) -> list[Path]:
    folder = argument_checks.path(name, folder)
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
    """Return what picture and mask share: the name in small letters, without a mask's suffix."""
    stem = path.stem.lower()
    for suffix in SUFFIXES:
        if stem.endswith(suffix) and stem != suffix:
            return stem.removesuffix(suffix)
    return stem


def _paired(images: Sequence[Path], masks: Sequence[Path], notes: Notes) -> list[Files]:
    if set(images) == set(masks):  # one folder: the suffix tells which is which
        masks = [path for path in images if _stem(path) != path.stem.lower()]
        images = [path for path in images if path not in masks]
    by_name: dict[str, Path] = {}
    for path in masks:
        if by_name.setdefault(_stem(path), path) != path:
            notes.add("a second mask for the same picture, not used", path.name)
    pairs: dict[str, Files] = {}
    lonely = []
    for path in images:
        # A picture may itself be called "x_mask"; then its mask is looked for under both names.
        name = next((n for n in (path.stem.lower(), _stem(path)) if n in by_name), "")
        if not name:
            lonely.append(path.name)
        elif name in pairs:
            notes.add("a second picture of the same name, not used", path.name)
        else:
            pairs[name] = Files(path, by_name[name])
    orphans = [path.name for name, path in by_name.items() if name not in pairs]
    remedy = "; give both the same name, or end the mask's in _mask" if lonely and orphans else ""
    if lonely:
        notes.add(f"no mask, not used{remedy}", *lonely)
    if orphans:
        notes.add("a mask without a picture, not used", *orphans)
    return list(pairs.values())


def _read(
    pairs: Sequence[Files], invert: bool, notes: Notes
) -> dict[str, tuple[NDArray[np.generic], NDArray[np.bool_]]]:
    """Return pictures and masks by the picture's name, all grey or all in colour."""
    images, masks = {}, {}
    for files in pairs:
        both = _read_both(files, notes)
        if both is not None:
            images[files], masks[files.mask.name] = both
    found, remarks = foregrounds(masks)
    for remark, names in remarks.items():
        notes.add(remark, *names)
    coloured = any(image.ndim == 3 for image in images.values())
    read = {}
    for (image_path, mask_path), image in images.items():
        mask = found[mask_path.name] ^ invert
        if mask.all() or not mask.any():
            notes.add(f"all {'foreground' if mask.all() else 'background'}", mask_path.name)
        if coloured and image.ndim == 2:
            image = np.stack([image] * 3, axis=2)
        read[image_path.stem.lower()] = image, mask
    return read


def _read_both(
    files: Files, notes: Notes
) -> tuple[NDArray[np.generic], NDArray[np.generic]] | None:
    found = []
    for path, reader in ((files.image, read_image), (files.mask, read_mask)):
        try:
            pixels, said = reader(path)
        except UnreadableError as reason:
            notes.add(f"{reason}, not used", path.name)
            return None
        for remark in said:
            notes.add(remark, path.name)
        found.append(pixels)
    image, mask = found
    if image.shape[:2] != mask.shape[:2]:
        sizes = ["×".join(map(str, pixels.shape[:2])) for pixels in found]
        notes.add(
            f"{sizes[0]} (H×W) and the mask {sizes[1]}, not used: stretching moves edges",
            files.image.name,
        )
        return None
    return image, mask


def _look_at(parts: Sequence[Sequence[Pair]], invert: bool, notes: Notes) -> None:
    """Note what will be in the way of training."""
    everything = [pair for part in parts for pair in part]
    small = [pair.name for pair in everything if min(pair.mask.shape[1:]) < SMALL]
    if small:
        notes.add(f"less than {SMALL} pixels high or wide, too small for a deep network", *small)
    for name, part in zip(("train", "validation", "test"), parts, strict=True):
        if not any(pair.mask.any() for pair in part):
            notes.add(f"no foreground at all in {name}: try another seed, or add pictures")
    share = sum(pair.mask.sum().item() for pair in everything) / sum(
        pair.mask.numel() for pair in everything
    )
    if 0.5 < share < 1 and not invert:
        notes.add(f"{share:.0%} of all pixels are foreground: if you look for black, invert=True")


def _listing(said: str, notes: Notes) -> str:
    return f"{said}:\n- " + "\n- ".join(notes.lines() or ["both folders are empty"])
