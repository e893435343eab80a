"""Splits images into train, validation and test, in tiles and within a limit of memory."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_teach.segmentation.data.dataset import Pair, Pixels, make_pair

TILE = 512  # pixels: the largest side of a pair
MOST_VALUES = 16_000_000  # pixel values kept in all: 128 MB of grey images with their masks
FEW = 3  # with fewer images, each is cut into train, validation and test
GOLDEN_RATIO = (5**0.5 - 1) / 2
Mask = NDArray[np.bool_] | NDArray[np.uint8]  # foreground, or labels of classes


class Tile(NamedTuple):
    """A part of an image: views of its arrays."""

    name: str
    image: Pixels
    mask: Mask


def split_images(
    images: Mapping[str, tuple[Pixels, Mask]], seed: int, given: Mapping[str, int] | None = None
) -> tuple[list[tuple[Pair, ...]], list[str]]:
    """Return the pairs of train, validation and test, and notes on the split.

    Of every five images one goes to validation and one to test. Images larger than 512 pixels are
    cut into tiles, all in one split.

    Args:
        images: pixels, (H, W) or (H, W, 3), and masks, (H, W), by name.
        seed: of the order in which images are assigned.
        given: the split of each image, 0 to 2, by name; without it, they are assigned.
    """
    notes = []
    tiles: list[list[list[Tile]]] = [[], [], []]  # tiles[split][image][index]
    if given:
        for name, pixels in images.items():
            tiles[given[name]].append(list(_tiles(name, *pixels)))
    elif len(images) < FEW:
        notes.append("fewer than 3 images, so each is cut into train (60 %), validation and test")
        for name, (image, mask) in images.items():
            width = mask.shape[1]
            for split, (first, last) in enumerate(((0, 0.6), (0.6, 0.8), (0.8, 1))):
                columns = slice(int(first * width), int(last * width))
                tiles[split].append(list(_tiles(name, image[:, columns], mask[:, columns])))
    else:
        names = sorted(images)
        random.Random(seed).shuffle(names)
        fifth = max(1, len(names) // 5)
        for number, name in enumerate(names):
            split = 1 if number < fifth else 2 if number < 2 * fifth else 0
            tiles[split].append(list(_tiles(name, *images[name])))
    kept = _select_tiles(tiles)
    count = sum(len(image_tiles) for split_tiles in tiles for image_tiles in split_tiles)
    if len(kept) < count:
        notes.append(
            f"{len(kept)} of {count} tiles are kept, evenly spread, with the smallest share of the "
            "largest images, because more would not fit into the memory of a small computer"
        )
    splits = [
        tuple(
            make_pair(tile.image, tile.mask, tile.name, labels=tile.mask.dtype == np.uint8)
            for number, image_tiles in enumerate(split_tiles)
            for index, tile in enumerate(image_tiles)
            if (split, number, index) in kept
        )
        for split, split_tiles in enumerate(tiles)
    ]
    return splits, notes


def _select_tiles(tiles: list[list[list[Tile]]]) -> set[tuple[int, int, int]]:
    """Return the indices (split, image, tile) of tiles whose values fit into `MOST_VALUES`.

    Tiles are taken in rounds, one of every image in each, so that the largest images lose most.
    Within a round the splits alternate, in proportion to their numbers of images. The tiles of an
    image are ordered by the fractional parts of multiples of the golden ratio: any first few of
    them are spread evenly over the image.
    """
    queue = []
    for split, split_tiles in enumerate(tiles):
        for number, image_tiles in enumerate(split_tiles):
            order = sorted(range(len(image_tiles)), key=lambda index: index * GOLDEN_RATIO % 1)
            for turn, index in enumerate(order):
                size = image_tiles[index].image.size
                position = (number + 0.5) / len(split_tiles)
                queue.append((turn, position, split, number, index, size))
    kept, values = set(), 0
    for _, _, split, number, index, size in sorted(queue):
        values += size
        if values > MOST_VALUES:
            break
        kept.add((split, number, index))
    return kept


def _tiles(name: str, image: Pixels, mask: Mask) -> Iterator[Tile]:
    """Yield tiles of equal size, at most 512 pixels high and wide; a small image is one tile."""
    rows, columns = (-(-side // TILE) for side in mask.shape)
    if rows == columns == 1:
        yield Tile(name, image, mask)
        return
    for row in range(rows):
        for column in range(columns):
            window = _nth_part(row, rows, mask.shape[0]), _nth_part(column, columns, mask.shape[1])
            yield Tile(f"{name}, tile {row + 1}.{column + 1}", image[window], mask[window])


def _nth_part(index: int, count: int, side: int) -> slice:
    """Return the pixels of a side that are in one of `count` equal parts."""
    return slice(index * side // count, (index + 1) * side // count)
