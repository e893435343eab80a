"""Reads your own images, pairs them with their masks by name, and notes what does not fit."""

from __future__ import annotations

import random
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.data.dataset import (
    VOID,
    Dataset,
    Pixels,
    foreground_fraction,
    label_counts,
)
from unet_teach.segmentation.data.inverted_masks import INVERTED, inverted_masks
from unet_teach.segmentation.data.label_files import LabelReader
from unet_teach.segmentation.data.mask_files import NO_ZERO, binarize, require_background
from unet_teach.segmentation.data.notes import Notes
from unet_teach.segmentation.data.pair_files import NO_MASK, PairOfFiles, read_match
from unet_teach.segmentation.data.pairing import (
    TAKEN_AS_MASKS,
    Match,
    given_split,
    list_images,
    match_masks,
    note_files_inside,
)
from unet_teach.segmentation.data.splits import FEW, Mask, split_images

SMALL = 16  # pixels: smaller images do not fit a network of depth 4


def from_folder(
    images: str | Path,
    masks: str | Path,
    *,
    seed: int = 0,
    invert: bool = False,
    classes: Mapping[str, int | str | Sequence[int]] | None = None,
) -> Dataset:
    """Return your own images and masks as a dataset.

    An image and its mask have the same name (`a.jpg` and `a.png`), or the name of the mask also
    ends in a suffix such as `_mask`, `_seg`, `_label` or `_gt`; then both may be in one folder.
    There, masks may also be files that add the same to the names of others (`a_L` to `a`), or
    PNG files, each with a JPEG of the same name.
    Several masks of one image (`a_mask_1`, `a_mask_2`, or a folder `a` of masks) are merged. If a
    folder holds only folders, the files in these are used. The pages of a TIFF are images if its
    mask has as many. A mask may hold 0 and 1, 0 and 255, numbered objects, colours, or
    probabilities, which are cut at half of their range: 0 or black is background. Labels without
    a 0, and labels that a JPEG has damaged, are refused. A mask has the size of its image.
    Images larger than 512 pixels are cut into tiles. Of every five images one goes to validation
    and one to test; fewer than three images are each cut in three. Images that are all in folders
    train, val and test stay in these splits; without one of the latter two, it is a fifth of train.

    Args:
        images: folder of the images: PNG, JPEG, TIFF, GIF, BMP, WebP or NumPy's .npy; grey or
            colour; 8 or 16 bits.
        masks: folder of the masks.
        seed: of the split.
        invert: whether 0 or black is foreground.
        classes: for masks of several classes, the number of each in the files (of palettes as
            well), or its colour, by its name: `{"sky": 0, "road": 7}`, `{"sky": (128, 128, 128)}`
            or `{"sky": "#808080"}`. Pixels of other values do not count. A mask is one file then.

    Returns:
        The dataset. Its `notes` say which files are not used, and every decision that was taken
        for you; a warning shows the first of them.

    Raises:
        TypeError: if an argument is of another type.
        ValueError: if a folder does not exist, or no pair can be used, with the reasons; if all
            masks hold one value only; or if classes are no numbers or colours, or do not fit most
            pixels of the masks.
    """
    argument_checks.require_integer(0, seed=seed)
    labels = None if classes is None else LabelReader(classes)
    if labels and invert:
        raise ValueError("invert=True is for foreground and background; leave it out with classes.")
    notes = Notes()
    image_files = list_images("images", images, notes)
    matches = match_masks(image_files, list_images("masks", masks, notes), notes)
    pixels, given = _read_pairs(matches, invert, notes, labels, seed)
    if not pixels:
        for folder in dict.fromkeys((images, masks)):
            note_files_inside(folder, notes)
        raise ValueError(_with_notes("No image could be paired with a mask", notes))
    if problem := _nothing_to_learn(pixels, invert, labels):
        raise ValueError(_with_notes(problem, notes))
    splits, remarks = split_images(pixels, seed, given)
    for remark in remarks:
        notes.add(remark)
    if not all(splits):
        problem = "Your images are too small to be cut in three. Use at least 3, or larger ones"
        raise ValueError(_with_notes(problem, notes))
    source = f"your own: {Path(images).name} and {Path(masks).name}"
    train, validation, test = splits
    names, colours = (labels.names, labels.colours) if labels else ((), ())
    dataset = Dataset(
        "your images", train, validation, test, source, classes=names, colours=colours
    )
    another_seed = "" if given or len(pixels) < FEW else "try another seed, or "
    _note_training_problems(dataset, invert, notes, another_seed)
    if lines := notes.lines():
        rest = [f"and {len(lines) - 3} more; print the dataset to see them"] * (len(lines) > 3)
        warnings.warn("\n- ".join(["About your images:", *lines[:3], *rest]), stacklevel=2)
    return replace(dataset, notes=tuple(lines))


def _read_pairs(
    matches: Sequence[Match], invert: bool, notes: Notes, labels: LabelReader | None, seed: int
) -> tuple[dict[str, tuple[Pixels, Mask]], dict[str, int]]:
    """Return images and masks by the image's name, and the split that their folders give, or {}.

    All images are grey, or all in colour.

    Raises:
        ValueError: if the images look like masks, and the masks like images; or the classes do not
            fit.
    """
    read: dict[str, PairOfFiles] = {}
    folders: dict[str, int | None] = {}
    for match in matches:
        pairs_of_match = read_match(match, notes, labels)
        read |= pairs_of_match
        folders |= dict.fromkeys(pairs_of_match, given_split(match.image))
    given = _complete_split(folders, seed, notes)
    if read and all(pair.is_swapped for pair in read.values()):
        raise ValueError(
            "The images look like masks and the masks like images, so the two folders are probably "
            "swapped. Give the folder of the images first."
        )
    are_guessed = any(remark.startswith(TAKEN_AS_MASKS) for remark in notes.names)
    if are_guessed and 0 < len(read) == len(notes.names.get(NO_MASK, ())):
        raise ValueError(
            f"Both folders are the same, and no name in it says that it is a mask. "
            f"{notes.names[NO_MASK][0]} and others, which may be meant, look like images as well. "
            "Let the names of masks end in _mask, or give their folder."
        )
    grey = [name for name, pair in read.items() if pair.image.ndim == 2]
    is_coloured = len(grey) < len(read)
    if grey and is_coloured:
        notes.add("grey, while others are in colour: it became three equal channels", *grey)
    constant = [name for name, pair in read.items() if pair.image.min() == pair.image.max()]
    if constant:
        notes.add("the image has one value only; if it is damaged, remove it", *constant)
    images = {name: pair.image for name, pair in read.items()}
    if is_coloured:
        images |= {name: np.stack([images[name]] * 3, axis=2) for name in grey}
    if labels:
        if note := labels.note():
            notes.add(note)
        return {
            name: (images[name], pair.mask.astype(np.uint8, copy=False))
            for name, pair in read.items()
        }, given
    masks = {name: pair.mask for name, pair in read.items()}
    require_background(masks, {name: pair.mask_label for name, pair in read.items()})
    cut = min((pair.cut for pair in read.values() if pair.cut is not None), default=0)
    binary_masks, remarks = binarize(masks, cut)
    for remark, names in remarks.items():
        notes.add(remark, *(read[name].mask_label for name in names))
    pairs: dict[str, tuple[Pixels, Mask]] = {}
    for name, pair in read.items():
        mask = binary_masks[name] ^ invert
        if mask.all() or not mask.any():
            notes.add(f"all {'foreground' if mask.all() else 'background'}", pair.mask_label)
        pairs[name] = images[name], mask
    inverted, remark = inverted_masks(pairs)
    if inverted:
        notes.add(remark, *(read[name].mask_label for name in inverted))
    return pairs, given


def _complete_split(folders: Mapping[str, int | None], seed: int, notes: Notes) -> dict[str, int]:
    """Return the split of each image by its folder, 0 to 2, or {} if the folders do not give it.

    If there are train and test alone, a fifth of train is for validation; and the same for test.
    """
    given = {name: split for name, split in folders.items() if split is not None}
    found = set(given.values())
    train = sorted(name for name, split in given.items() if split == 0)
    if len(given) == len(folders) and len(found) == 3:
        notes.add("your folders of train, validation and test are kept as the split")
        return given
    if len(given) == len(folders) and len(found) == 2 and len(train) > 1:
        lacking = 2 if 1 in found else 1
        random.Random(seed).shuffle(train)
        taken = train[: max(1, len(train) // 5)]
        names = ("train", "validation", "test")
        notes.add(
            f"your folders of train and {names[3 - lacking]} are kept as the split; "
            f"{len(taken)} of the {len(train)} images of train are for {names[lacking]}"
        )
        return given | dict.fromkeys(taken, lacking)
    if given:
        notes.add(
            "folders are named as splits, but train, val and test do not hold all images, so these "
            "are mixed and split anew"
        )
    return {}


def _nothing_to_learn(
    pixels: Mapping[str, tuple[Pixels, Mask]], invert: bool, labels: LabelReader | None
) -> str:
    """Return a problem if all masks together hold one class only, or ""."""
    masks = [mask for _, mask in pixels.values()]
    which = f"all {len(masks)} masks" if len(masks) > 1 else "the mask"
    if labels:
        found = np.unique(np.concatenate([np.unique(mask) for mask in masks]))
        found = found[found != VOID]
        if len(found) > 1:
            return ""
        name = repr(labels.names[int(found[0])]) if len(found) else "no class"
        return (
            f"Every pixel of {which} that counts is of {name}, so there is nothing to tell apart. "
            "Open a mask, and check the numbers or colours in classes"
        )
    if any(mask.any() for mask in masks) and not all(mask.all() for mask in masks):
        return ""
    if masks[0].any() != invert:
        return (
            f"No pixel of {which} is 0 or black, which is background, so there is nothing to tell "
            "apart. Open a mask: where the background is, make it 0. The files"
        )
    return (
        f"Every pixel of {which} is 0 or black, so there is nothing to tell apart. "
        "Open a mask in an image viewer: if it is black there, it was exported empty, or its "
        "values were divided down to 0; export it again, with 255 as foreground. The files"
    )


def _note_training_problems(
    dataset: Dataset, invert: bool, notes: Notes, another_seed: str
) -> None:
    pairs = [pair for split in dataset.splits.values() for pair in split]
    small = [pair.name for pair in pairs if min(pair.mask.shape[1:]) < SMALL]
    if small:
        notes.add(f"less than {SMALL} pixels high or wide, too small for a deep network", *small)
    if copies := _copies(dataset):
        notes.add(
            "the same image is also in another split, so scores there are too good; remove all "
            "copies but one",
            *copies,
        )
    if dataset.classes:
        total = label_counts(pairs, len(dataset.classes)).tolist()
        for name, split in dataset.splits.items():
            counts = label_counts(split, len(dataset.classes)).tolist()
            split_lacks = [n == 0 < everywhere for n, everywhere in zip(counts, total, strict=True)]
            missing = [repr(dataset.classes[k]) for k, lacks in enumerate(split_lacks) if lacks]
            if missing:
                notes.add(f"no pixel of {', '.join(missing)} in {name}: {another_seed}add images")
        return
    for name, split in dataset.splits.items():
        if not any(pair.mask.any() for pair in split):
            notes.add(f"no foreground at all in {name}: {another_seed}add images")
    fraction = foreground_fraction(pairs)
    known = any(remark.startswith((NO_MASK, INVERTED, NO_ZERO)) for remark in notes.names)
    if 0.5 < fraction < 1 and not (invert or known):
        notes.add(
            f"{fraction:.0%} of all pixels are foreground; if black should be foreground, use "
            "invert=True"
        )


def _copies(dataset: Dataset) -> list[str]:
    """Return names of images of which another split has an exact copy; constant ones aside."""
    places: dict[bytes, dict[str, list[str]]] = {}
    for name, split in dataset.splits.items():
        for pair in split:
            if pair.image.min() < pair.image.max():
                key = sha256(pair.image.numpy().tobytes()).digest()
                places.setdefault(key, {}).setdefault(name, []).append(pair.name)
    several = [found for found in places.values() if len(found) > 1]
    return [name for found in several for names in found.values() for name in names]


def _with_notes(problem: str, notes: Notes) -> str:
    return f"{problem}:\n- " + "\n- ".join(notes.lines()) if notes.lines() else f"{problem}."
