"""Splits pictures into train, validation and test: in tiles, and no more than memory holds."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_teach.segmentation.data.dataset import Pair, pair

TILE = 512  # pixels: the largest side of a pair
MOST_VALUES = 16_000_000  # kept in all: 128 MB of grey pictures with their masks
FEW = 3  # pictures: with fewer, each is cut into train, validation and test
GOLDEN = (5**0.5 - 1) / 2
Pixels = NDArray[np.generic]
Mask = NDArray[np.bool_]


class Tile(NamedTuple):
    """A part of a picture, not yet copied."""

    name: str
    image: Pixels
    mask: Mask


def parted(
    read: Mapping[str, tuple[Pixels, Mask]], seed: int
) -> tuple[list[tuple[Pair, ...]], list[str]]:
    """Return the pairs of train, validation and test, and what to know about the split."""
    notes = []
    pictures: list[list[list[Tile]]] = [[], [], []]  # of each part: of each picture: its tiles
    if len(read) < FEW:
        notes.append("fewer than 3 pictures: each is cut into train (60 %), validation and test")
        for name, (image, mask) in read.items():
            width = mask.shape[1]
            for part, (first, last) in enumerate(((0, 0.6), (0.6, 0.8), (0.8, 1))):
                columns = slice(int(first * width), int(last * width))
                if columns.start < columns.stop:
                    pictures[part].append(list(_tiles(name, image[:, columns], mask[:, columns])))
    else:
        names = sorted(read)
        random.Random(seed).shuffle(names)
        fifth = max(1, len(names) // 5)
        for number, name in enumerate(names):
            part = 1 if number < fifth else 2 if number < 2 * fifth else 0
            pictures[part].append(list(_tiles(name, *read[name])))
    kept = _that_fit(pictures)
    count = sum(len(tiles) for part in pictures for tiles in part)
    if len(kept) < count:
        notes.append(
            f"of {count} tiles {len(kept)} are kept, evenly spread and fewest of the largest "
            "pictures: more would not fit in the memory of a small computer"
        )
    parts = [
        tuple(
            pair(tile.image, tile.mask, tile.name)
            for number, tiles in enumerate(part_pictures)
            for index, tile in enumerate(tiles)
            if (part, number, index) in kept
        )
        for part, part_pictures in enumerate(pictures)
    ]
    return parts, notes


def _that_fit(pictures: list[list[list[Tile]]]) -> set[tuple[int, int, int]]:
    """Return (part, picture, tile) of what is kept: one tile of every picture, then a second, ….

    So the largest pictures lose most. In every round the parts take turns, each in step with its
    size. Multiples of the golden ratio, cut to their fraction, are evenly spread from any first to
    any last: so are the tiles that come first by it.
    """
    queue = []
    for part, of_part in enumerate(pictures):
        for number, tiles in enumerate(of_part):
            spread = sorted(range(len(tiles)), key=lambda index: index * GOLDEN % 1)
            for turn, index in enumerate(spread):
                size = tiles[index].image.size
                queue.append((turn, (number + 0.5) / len(of_part), part, number, index, size))
    kept, values = set(), 0
    for _, _, part, number, index, size in sorted(queue):
        values += size
        if values > MOST_VALUES:
            break
        kept.add((part, number, index))
    return kept


def _tiles(name: str, image: Pixels, mask: Mask) -> Iterator[Tile]:
    """Cut a large picture into tiles of equal size, at most 512 pixels high and wide."""
    rows, columns = (-(-side // TILE) for side in mask.shape)
    if rows == columns == 1:
        yield Tile(name, image, mask)
        return
    for row in range(rows):
        for column in range(columns):
            window = _share(row, rows, mask.shape[0]), _share(column, columns, mask.shape[1])
            yield Tile(f"{name}, tile {row + 1}.{column + 1}", image[window], mask[window])


def _share(index: int, count: int, side: int) -> slice:
    """Return which pixels of a side are in one of `count` equal parts."""
    return slice(index * side // count, (index + 1) * side // count)
