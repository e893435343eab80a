"""Your own pictures: pairs them with their masks by name, and says what does not fit."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unet_teach.segmentation.data import Dataset, Pair, pair
from unet_teach.segmentation.reading import EXTENSIONS, UnreadableError, read_image, read_mask

SUFFIXES = ("_mask", "-mask", "_masks", "_seg", "_label", "_labels", "_gt", ".mask")
TILE = 512  # pixels: the largest side of a pair
MOST_PIXELS = 16_000_000  # kept in all: 128 MB of grey pictures with their masks
FEW = 3  # pictures: with fewer, each is cut into train, validation and test


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
        The dataset. `notes` names every file that is not used, and everything that was decided
        for you; it is shown as a warning as well.

    Raises:
        ValueError: if no pair can be used, with the reason for every file.
    """
    notes: list[str] = []
    remarks: dict[str, list[str]] = {}  # a remark, and the files that it is about
    paths = _paired(_listed(images, notes), _listed(masks, notes), notes)
    read: dict[str, tuple[NDArray[np.generic], NDArray[np.bool_]]] = {}
    for name, (image_path, mask_path) in paths.items():
        both = _read(image_path, mask_path, notes, remarks)
        if both is not None:
            read[name] = (both[0], ~both[1] if invert else both[1])
            share = read[name][1].mean()
            if share in (0, 1):
                notes.append(f"{mask_path.name} is all {'foreground' if share else 'background'}")
    if not read:
        reasons = "\n- ".join(notes) or "both folders are empty"
        raise ValueError(f"No picture could be paired with a mask:\n- {reasons}")
    if any(image.ndim == 3 for image, _ in read.values()):
        read = {name: (_coloured(image), mask) for name, (image, mask) in read.items()}
    parts = _split(read, seed, notes)
    notes += [f"{_few(names)}: {remark}" for remark, names in remarks.items()]
    if notes:
        warnings.warn("About your pictures:\n- " + "\n- ".join(notes), stacklevel=2)
    source = f"your own: {Path(images).name} and {Path(masks).name}"
    train, validation, test = parts
    return Dataset("your pictures", train, validation, test, source, tuple(notes))


def _listed(folder: str | Path, notes: list[str]) -> list[Path]:
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}. Give the path of one, as text.")
    files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    usable = [path for path in files if path.is_file() and path.suffix.lower() in EXTENSIONS]
    for path in files:
        if path not in usable:
            kind = "a folder" if path.is_dir() else "no PNG, JPEG or TIFF file"
            notes.append(f"{path.name} is {kind}: not used")
    return usable


def _stem(path: Path) -> str:
    """Return what picture and mask share: the name in small letters, without a mask's suffix."""
    stem = path.stem.lower()
    for suffix in SUFFIXES:
        if stem.endswith(suffix) and stem != suffix:
            return stem.removesuffix(suffix)
    return stem


def _paired(
    images: Sequence[Path], masks: Sequence[Path], notes: list[str]
) -> dict[str, tuple[Path, Path]]:
    if set(images) == set(masks):  # one folder: the suffix tells which is which
        masks = [path for path in images if _stem(path) != path.stem.lower()]
        images = [path for path in images if path not in masks]
        notes[:] = list(dict.fromkeys(notes))
    by_name: dict[str, Path] = {}
    for path in masks:
        if by_name.setdefault(_stem(path), path) != path:
            notes.append(f"{path.name} is a second mask for {by_name[_stem(path)].name}: not used")
    pairs: dict[str, tuple[Path, Path]] = {}
    for path in images:
        # A picture may itself be called "x_mask"; then its mask is looked for under both names.
        name = next((n for n in (path.stem.lower(), _stem(path)) if n in by_name), "")
        if not name:
            notes.append(f"{path.name} has no mask: not used")
        elif name in pairs:
            notes.append(f"{path.name} has the name of {pairs[name][0].name}: not used")
        else:
            pairs[name] = (path, by_name[name])
    for name, path in by_name.items():
        if name not in pairs:
            notes.append(f"{path.name} is a mask without a picture: not used")
    return pairs


def _read(
    image_path: Path, mask_path: Path, notes: list[str], remarks: dict[str, list[str]]
) -> tuple[NDArray[np.generic], NDArray[np.bool_]] | None:
    found = []
    for path, reader in ((image_path, read_image), (mask_path, read_mask)):
        try:
            pixels, said = reader(path)
        except UnreadableError as reason:
            notes.append(f"{path.name} {reason}: not used")
            return None
        for remark in said:
            remarks.setdefault(remark, []).append(path.name)
        found.append(pixels)
    image, mask = found
    if image.shape[:2] != mask.shape[:2]:
        sizes = ["×".join(map(str, pixels.shape[:2])) for pixels in found]
        notes.append(
            f"{image_path.name} is {sizes[0]} (H×W) and its mask {mask_path.name} {sizes[1]}: "
            "not used, since stretching one would move its edges"
        )
        return None
    return image, mask.astype(bool)


def _few(names: Sequence[str]) -> str:
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + rest


def _coloured(image: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return (H, W, 3); grey pictures among coloured ones get three equal channels."""
    return image if image.ndim == 3 else np.stack([image] * 3, axis=2)


def _split(
    read: dict[str, tuple[NDArray[np.generic], NDArray[np.bool_]]], seed: int, notes: list[str]
) -> list[tuple[Pair, ...]]:
    """Return the pairs of train, validation and test, in tiles, and no more than fit in memory."""
    parts: list[list[Pair]] = [[], [], []]
    tiles: list[tuple[int, str, NDArray[np.generic], NDArray[np.bool_]]] = []
    if len(read) < FEW:
        notes.append("fewer than 3 pictures: each is cut into train (60 %), validation and test")
        for name, (image, mask) in read.items():
            width = mask.shape[1]
            for part, (first, last) in enumerate(((0, 0.6), (0.6, 0.8), (0.8, 1))):
                columns = slice(int(first * width), int(last * width))
                if columns.start < columns.stop:
                    tiles += [
                        (part, *tile) for tile in _tiles(name, image[:, columns], mask[:, columns])
                    ]
    else:
        names = sorted(read)
        random.Random(seed).shuffle(names)
        fifth = max(1, len(names) // 5)
        for number, name in enumerate(names):
            part = 1 if number < fifth else 2 if number < 2 * fifth else 0
            tiles += [(part, *tile) for tile in _tiles(name, *read[name])]
    pixels = sum(image.size for _, _, image, _ in tiles)
    kept = _evenly(len(tiles), int(len(tiles) * min(1, MOST_PIXELS / pixels)))
    if len(kept) < len(tiles):
        notes.append(
            f"of {len(tiles)} tiles {len(kept)} are kept, evenly spread: all of them "
            f"({pixels:,} values) would not fit in the memory of a small computer"
        )
    for part, name, image, mask in (tiles[number] for number in kept):
        parts[part].append(pair(image, mask, name))
    if not all(parts):
        raise ValueError(
            "Your pictures are too small to be cut in three. Use at least 3, or larger ones."
        )
    return [tuple(pairs) for pairs in parts]


def _evenly(count: int, most: int) -> list[int]:
    """Return `most` of `count` numbers, at least one in three places of the range."""
    most = max(3, most)
    return list(range(count)) if count <= most else [i * count // most for i in range(most)]


def _tiles(
    name: str, image: NDArray[np.generic], mask: NDArray[np.bool_]
) -> Iterable[tuple[str, NDArray[np.generic], NDArray[np.bool_]]]:
    """Cut a large picture into tiles of equal size, at most 512 pixels high and wide."""
    rows, columns = (-(-side // TILE) for side in mask.shape)
    if rows == columns == 1:
        yield name, image, mask
        return
    for row in range(rows):
        for column in range(columns):
            window = _share(row, rows, mask.shape[0]), _share(column, columns, mask.shape[1])
            yield f"{name}, tile {row + 1}.{column + 1}", image[window], mask[window]


def _share(index: int, count: int, side: int) -> slice:
    """Return which pixels of a side are in one of `count` equal parts."""
    return slice(index * side // count, (index + 1) * side // count)
