"""The exercise of lesson 8 about tiles: where they begin, so that they cover a large picture."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from unet_teach.exercises.checks.functions import (
    Case,
    Probes,
    as_list,
    is_function,
    returns,
    some_numbers,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake

Starts = Callable[[int, int, int], Any]


def pushed_back(size: int, tile: int, overlap: int) -> list[int]:
    """Full steps, and the last tile pushed back until it ends with the picture."""
    last = max(0, size - tile)
    return [*range(0, last, tile - overlap), last]


def _spread(size: int, tile: int, overlap: int) -> list[int]:
    """As many tiles, evenly apart."""
    last = max(0, size - tile)
    steps = -(-last // (tile - overlap))
    return [number * last // steps for number in range(steps + 1)] if steps else [0]


def _one_by_one(size: int, tile: int, overlap: int) -> list[int]:
    starts = [0]
    while starts[-1] + tile < size:
        starts.append(min(starts[-1] + tile - overlap, size - tile))
    return starts


def _case(size: int, tile: int, overlap: int) -> Case:
    return Case(
        f"`tile_starts(size={size}, tile={tile}, overlap={overlap})`", (size, tile, overlap)
    )


def _known_sizes() -> list[Case]:
    """Full steps, a rest, no overlap, a picture as large as a tile, and a smaller one."""
    sizes = [(20, 8, 2), (23, 8, 3), (100, 32, 12), (25, 8, 0), (24, 8, 0), (8, 8, 2), (5, 8, 2)]
    return [_case(*numbers) for numbers in sizes]


def _large() -> list[Case]:
    """Those that take several tiles and an overlap."""
    return _known_sizes()[:3]


def _sizes() -> list[Case]:
    chance = random.Random()
    fresh = []
    for _ in range(20):
        tile = chance.randint(4, 40)
        fresh.append((chance.randint(1, 300), tile, chance.randint(0, tile - 1)))
    return [*_known_sizes(), *(_case(*numbers) for numbers in sorted(fresh))]


def _cover_fault(answer: Starts) -> str | None:
    """Whether the tiles lie inside the picture and leave no pixel out."""
    for case in _sizes():
        size, tile, _ = case.inputs
        starts = as_list(answer(*case.inputs)) or []
        wrong = _place_fault(starts, size, tile)
        if wrong:
            return f"{case.call}: {wrong}."
    return None


def _place_fault(starts: list[Any], size: int, tile: int) -> str | None:
    if not starts:
        return "no tile at all comes out; also a small picture needs one"
    for start in starts:
        if start != int(start):
            return f"a tile begins at {start:g}, between two pixels"
    if starts[0] != 0:
        return f"the first tile begins at {starts[0]}, and pixel 0 belongs to the picture"
    for one, other in pairwise(starts):
        if other <= one:
            return f"after the tile at {one} comes one at {other}, which is not further on"
    if size <= tile:
        return None if starts == [0] else f"{starts} comes out; the tile at 0 covers all"
    if starts[-1] + tile != size:
        where = "misses the end" if starts[-1] + tile < size else "hangs over"
        return (
            f"the last tile begins at {starts[-1]} and ends at {starts[-1] + tile}, the picture at "
            f"{size}: it {where}"
        )
    return None


def _overlap_fault(answer: Starts) -> str | None:
    for case in _sizes():
        _, tile, overlap = case.inputs
        for one, other in pairwise(as_list(answer(*case.inputs)) or []):
            if one + tile - other < overlap:
                return (
                    f"{case.call}: the tiles at {one} and {other} share "
                    f"{max(0, one + tile - other)} pixels, wanted {overlap} or more."
                )
    return None


def _number_fault(answer: Starts) -> str | None:
    for case in _sizes():
        starts, fewest = as_list(answer(*case.inputs)) or [], len(pushed_back(*case.inputs))
        if len(starts) != fewest:
            return f"{case.call}: {len(starts)} tiles come out, and {fewest} are enough."
    return None


def _gives(kind: type, answer: Starts) -> bool:
    return all(isinstance(answer(*case.inputs), kind) for case in _known_sizes())


def _out_of_order(answer: Starts) -> bool:
    made = [(answer(*case.inputs), pushed_back(*case.inputs)) for case in _known_sizes()]
    return all(sorted(starts) == right for starts, right in made)


def _ends_late(size: int, tile: int, step: int) -> list[int]:
    return list(range(0, size, max(1, step)))


def _ends_early(size: int, tile: int, step: int) -> list[int]:
    return list(range(0, size - tile + 1, max(1, step)))


def _with_last(size: int, tile: int, step: int) -> list[int]:
    last = max(0, size - tile)
    return [*range(0, last, max(1, step)), last]


known = Probes(_large)

tile_starts = Exercise(
    name="tile_starts",
    lesson=8,
    prompt="A picture is `size` pixels wide. List where its tiles begin, each `tile` wide and inside the picture: from 0, rising, as few as do; neighbours share at least `overlap` pixels, and the last one ends with the picture. No larger than a tile: [0].",
    checks=(
        is_function("tile_starts(size, tile, overlap)"),
        returns("a list of numbers", some_numbers(), _known_sizes),
        Check("tiles from end to end", _cover_fault),
        Check("their overlap", _overlap_fault),
        Check("as few as do", _number_fault),
    ),
    answers=(lambda: pushed_back, lambda: _spread, lambda: _one_by_one),
    mistakes=(
        KnownMistake("a set", "A set has no order. `sorted(…)` makes a list of it, rising.",
            lambda: lambda s, t, o: {*range(0, max(0, s - t), t - o), max(0, s - t)},
            lambda answer: _gives(set, answer)),
        KnownMistake("a generator", "It still has to be run through. `list(…)` makes a list of it.",
            lambda: lambda s, t, o: (start for start in pushed_back(s, t, o)),
            lambda answer: _gives(Iterator, answer)),
        KnownMistake("not in order", "All of them are there, but not rising. `sorted(…)` puts them in order.",
            lambda: lambda s, t, o: pushed_back(s, t, o)[::-1], _out_of_order),
        known.mistake("the overlap for a step", "You step by the overlap. A step is what the next tile does not share with this one.",
            lambda s, t, o: _with_last(s, t, o), lambda s, t, o: _ends_early(s, t, o),
            lambda s, t, o: _ends_late(s, t, o), lambda s, t, o: list(range(0, s, o)),
            lambda s, t, o: list(range(0, s - t + 1, o))),
        known.mistake("no overlap", "You step by a whole tile, so neighbours share nothing and each sees its border as the end of the world. How much shorter must the step be?",
            lambda s, t, o: _with_last(s, t, t), lambda s, t, o: _ends_early(s, t, t),
            lambda s, t, o: _ends_late(s, t, t)),
        known.mistake("the rest left out", "Full steps need not end with the picture: the pixels after the last one are never predicted. One more tile, pushed back until it fits, covers them.",
            lambda s, t, o: _ends_early(s, t, t - o)),
        known.mistake("over the end", "Your last tile hangs over the end: a slice of it is narrower than the others. Push it back until it fits.",
            lambda s, t, o: _ends_late(s, t, t - o),
            lambda s, t, o: list(range(0, max(1, s - o), t - o)),
            lambda s, t, o: list(range(0, s - t + t - o, t - o))),
        known.mistake("one twice", "Where full steps end with the picture, your last tile is there twice. Add it only where it is missing, or let the range end before it.",
            lambda s, t, o: [*_ends_early(s, t, t - o), max(0, s - t)],
            lambda s, t, o: [min(x, s - t) for x in _ends_late(s, t, t - o)]),
        known.mistake("the last in place of another", "You put the last tile in place of the one before it. Both are needed: between them something is left out, or shared too little.",
            lambda s, t, o: [*_ends_early(s, t, t - o)[:-1], s - t],
            lambda s, t, o: [*list(range(0, s - t, t - o))[:-1], s - t]),
        known.mistake("the last forgotten", "A range ends before its end: the tile at size − tile is missing, always.",
            lambda s, t, o: list(range(0, s - t, t - o)), cases=_known_sizes),
        known.mistake("a small picture", "Right for large pictures. In one smaller than a tile yours begins before 0, or there is none: `max(0, size - tile)` helps.",
            lambda s, t, o: [*range(0, s - t, t - o), s - t],
            lambda s, t, o: pushed_back(s, t, o) if s > t else [],
            lambda s, t, o: pushed_back(s, t, o) if s >= t else [], cases=_known_sizes),
        known.mistake("an overlap on either side", "You subtract the overlap twice. Neighbours share it: a step is tile − overlap.",
            lambda s, t, o: _with_last(s, t, t - 2 * o),
            lambda s, t, o: _ends_early(s, t, t - 2 * o),
            lambda s, t, o: _ends_late(s, t, t - 2 * o)),
        known.mistake("half the overlap", "You step by tile − overlap/2: neighbours then share half of what is asked.",
            lambda s, t, o: _with_last(s, t, t - o // 2)),
        known.mistake("every pixel", "A tile at every pixel: right, and as slow as can be. How far may the next one be?",
            lambda s, t, o: list(range(s - t + 1)), lambda s, t, o: _with_last(s, t, 1)),
        known.mistake("where they end", "Those are the ends of the tiles. Asked is where they begin.",
            lambda s, t, o: [x + t for x in pushed_back(s, t, o)]),
        known.mistake("beginnings and ends", "Beginnings and ends in pairs. Asked are the beginnings alone.",
            lambda s, t, o: [(x, x + t) for x in pushed_back(s, t, o)]),
    ),
    hints=(
        "Two neighbours share `overlap` pixels. How far is it from the beginning of one to that of the next?",
        "Steps of tile − overlap, from 0 on. And where does the last tile begin, that ends with the picture?",
        "`last = max(0, ___)`, `return [*range(0, last, ___), last]`",
    ),
    solution_text=(
        "`last = max(0, size - tile)\n"
        "return [*range(0, last, tile - overlap), last]`\n"
        "Spread evenly, they are as right."
    ),
    praise="No pixel left out, no tile hanging over, and enough in common at every seam.",
)  # fmt: skip
