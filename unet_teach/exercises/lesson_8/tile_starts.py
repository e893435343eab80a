"""Exercise of lesson 8: where tiles start, so that they cover a large image."""

import random
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from unet_teach.exercises.checks.facts import Grid, number
from unet_teach.exercises.checks.functions import (
    Case,
    Function,
    Probes,
    is_function,
    on_each_case,
    returns,
    some_numbers,
)
from unet_teach.exercises.exercise import Check, Exercise
from unet_teach.exercises.plain_values import as_list

SIZES = [  # size of the image, size of a tile, what two neighbours share
    (20, 8, 2),
    (23, 8, 3),  # full steps do not end with the image
    (100, 32, 12),
    (25, 8, 0),  # nothing shared
    (24, 8, 0),
    (8, 8, 2),  # as large as a tile
    (5, 8, 2),  # smaller than a tile
    (30, 10, 7),  # more shared than not
]


MOST_SHOWN = 12  # starts of one list


# --------------------------------------------------------------------------------- right answers
def _pushed_back(size: int, tile: int, shared: int) -> list[int]:
    """Full steps, and a last tile pushed back until it ends with the image."""
    return _with_last(size, tile, tile - shared)


def _spread(size: int, tile: int, shared: int) -> list[int]:
    """As many tiles, evenly spaced."""
    last = max(0, size - tile)
    steps = -(-last // (tile - shared))
    return [number * last // steps for number in range(steps + 1)] if steps else [0]


GRID = Grid(
    ["size", "tile", "shared"],
    [
        *SIZES,
        *((s, t, o) for s in (7, 8, 11, 13, 30, 40) for t in (6, 8, 10) for o in (0, 1, 3, 4)),
    ],
    {
        "size is at most tile": lambda size, tile, shared: size <= tile,
        "size is larger than tile": lambda size, tile, shared: size > tile,
        "full steps end with the image": lambda size, tile, shared: (
            max(0, size - tile) % (tile - shared) == 0
        ),
    },
)


# ------------------------------------------------------------------------------------------- checks
def _case(size: int, tile: int, shared: int) -> Case:
    call = f"`tile_starts(size={size}, tile={tile}, shared={shared})`"
    return Case(call, (size, tile, shared))


def _cases() -> Iterator[Case]:
    yield from (_case(*numbers) for numbers in GRID.inputs)
    chance = random.Random()
    tiles = [chance.randint(4, 40) for _ in range(20)]
    fresh = ((chance.randint(1, 300), tile, chance.randint(0, tile - 1)) for tile in tiles)
    yield from (_case(*numbers) for numbers in sorted(fresh))


def _check(holds: str, problem: Callable[..., str | None]) -> Check:
    """Check the starts in each case: `problem(starts, size, tile, shared)` says what is wrong."""

    def in_case(answer: Function, case: Case) -> str | None:
        value = case.run(answer)
        starts = as_list(value) or []
        message = problem(starts, *case.inputs)
        if not message:
            return None
        mine, right = (_listed(x) for x in (starts, _pushed_back(*case.inputs)))
        return f"{case.call}: {message}. Your starts are {mine}; {right}, for example, is right.{' A set has no order of its own: `sorted(…)` makes a list in increasing order.' if isinstance(value, set) else ''}"

    return Check(holds, on_each_case(holds, _cases, in_case).problem, _facts)


def _listed(starts: list[Any]) -> str:
    shown = ", ".join(f"{start:g}" for start in starts[:MOST_SHOWN])
    return f"[{shown}{', …' * (len(starts) > MOST_SHOWN)}]"


def _facts(answer: Function) -> str:
    """Say for which numbers the starts are right, and with which others they would be."""
    results = [as_list(_case(*inputs).run(answer)) for inputs in GRID.inputs]
    right = [
        not any(problem(starts or [], *inputs) for problem in _PROBLEMS)
        for starts, inputs in zip(results, GRID.inputs, strict=True)
    ]
    if by := GRID.offset(results, [_pushed_back, _spread]):
        pixels = f"{number(abs(by))} pixel{'s' if abs(by) != 1 else ''}"
        return f"Each tile starts {pixels} too far to the {'right' if by > 0 else 'left'}."
    fact = f"{GRID.changed(results, [_pushed_back, _spread])} {GRID.where_roughly(right)}".strip()
    return f"On the {len(results)} inputs tried: {fact[:1].lower()}{fact[1:]}" if fact else ""


def _coverage_problem(starts: list[Any], size: int, tile: int, shared: int) -> str | None:
    if not starts:
        return "you return no tile at all, but even a small image needs one"
    for start in starts:
        if start != int(start):
            return f"a tile starts at {start:g}, between two pixels"
    if starts[0] != 0:
        return f"the first tile starts at {starts[0]}, but the image starts at pixel 0"
    for one, other in pairwise(starts):
        if other <= one:
            return f"after the tile at {one} comes one at {other}, but the starts have to increase"
    if size <= tile:
        return None if starts == [0] else f"you return {starts}, but a tile at 0 is enough"
    end = starts[-1] + tile
    if end == size:
        return None
    return f"the last tile starts at {starts[-1]} and ends after {end} pixels, but the image has {size}, so {'its end is left out' if end < size else 'the tile reaches beyond it'}"


def _shared_problem(starts: list[Any], size: int, tile: int, shared: int) -> str | None:
    for one, other in pairwise(starts):
        if one + tile - other < shared:
            common = max(0, one + tile - other)
            return f"the tiles at {one} and {other} share {common} {'pixel' if common == 1 else 'pixels'}, but it should be {shared} or more"
    return None


def _count_problem(starts: list[Any], size: int, tile: int, shared: int) -> str | None:
    fewest = len(_pushed_back(size, tile, shared))
    if len(starts) == fewest:
        return None
    return f"you return {len(starts)} tiles, but {fewest} are enough"


_PROBLEMS = (_coverage_problem, _shared_problem, _count_problem)


# --------------------------------------------------------------------------------- known mistakes
def _up_to_end(size: int, tile: int, step: int) -> list[int]:
    """Starts while pixels are left."""
    return list(range(0, size, step))


def _while_inside(size: int, tile: int, step: int) -> list[int]:
    """Starts while a whole tile fits."""
    return list(range(0, size - tile + 1, step))


def _with_last(size: int, tile: int, step: int) -> list[int]:
    """Starts while a whole tile fits, and the start of the tile that ends with the image."""
    last = max(0, size - tile)
    return [*range(0, last, step), last]


known = Probes(lambda: SIZES[:3])  # those with several tiles that share something

tile_starts = Exercise(
    name="tile_starts",
    lesson=8,
    prompt="An image is `size` pixels wide. List the starts of its tiles in increasing order, as few as possible. Each tile is `tile` pixels wide and inside the image; the first one starts at 0, the last one ends with the image, and neighbours share at least `shared` pixels. If the image is no larger than a tile, return [0].",
    checks=(
        is_function("tile_starts(size, tile, shared)"),
        returns("a list of numbers", some_numbers(), lambda: [_case(*numbers) for numbers in SIZES]),
        _check("tiles from end to end", _coverage_problem),
        _check("what neighbours share", _shared_problem),
        _check("as few as possible", _count_problem),
    ),
    mistakes=(
        known.mistake("what is shared for a step", "You step by what two neighbours share. How far does the next tile start after this one, then?",
            _with_last, _while_inside, _up_to_end),
        known.mistake("nothing shared", "You step by a whole tile, so neighbours share nothing. If they share `shared` pixels, how far apart are their starts?",
            *(lambda s, t, o, starts=starts: starts(s, t, t) for starts in (_with_last, _while_inside, _up_to_end))),
        known.mistake("the rest left out", "Full steps don't always end with the image, so the pixels after your last tile are never predicted. Add one more tile, moved back until it ends with the image.",
            lambda s, t, o: _while_inside(s, t, t - o)),
        known.mistake("over the end", "Your last tile reaches beyond the image, so its slice is narrower than the other tiles. Move it back until it ends with the image.",
            lambda s, t, o: _up_to_end(s, t, t - o),
            lambda s, t, o: list(range(0, max(1, s - o), t - o)),
            lambda s, t, o: [*range(0, s - t, t - o), s]),
        known.mistake("one twice", "Where full steps already end with the image, your last tile appears twice. Add it only if it is missing, or let the range end before it.",
            lambda s, t, o: [*_while_inside(s, t, t - o), max(0, s - t)]),
        known.mistake("the last forgotten", "The tile at size − tile is always missing. A `range` stops before its end, and a loop with `<` stops as well. Add this tile.",
            lambda s, t, o: list(range(0, s - t, t - o)), cases=lambda: SIZES),
        known.mistake("subtracted on either side", "You subtract `shared` on both sides. But two neighbours share the same pixels, so subtract it only once.",
            lambda s, t, o: _with_last(s, t, t - 2 * o),
            lambda s, t, o: _while_inside(s, t, t - 2 * o),
            lambda s, t, o: _up_to_end(s, t, t - 2 * o)),
        known.mistake("where tiles end", "These are the pixels right after each tile, or its last ones. The question is where they start.",
            lambda s, t, o: [x + t for x in _pushed_back(s, t, o)], lambda s, t, o: [x + t - 1 for x in _pushed_back(s, t, o)]),
        known.mistake("from the end to the start", "Your starts are right, but in decreasing order. List them from 0 up.",
            lambda s, t, o: _pushed_back(s, t, o)[::-1], lambda s, t, o: _spread(s, t, o)[::-1], lambda s, t, o: [s - t - x for x in _pushed_back(s, t, o)], cases=lambda: SIZES[:4]),
        known.mistake("a small image", "It's right for large images. If the image is no larger than a tile, you start before 0 or return no tile. `max(0, size - tile)` helps.",
            lambda s, t, o: [*range(0, s - t, t - o), s - t],
            lambda s, t, o: _pushed_back(s, t, o) if s > t else [],
            lambda s, t, o: _pushed_back(s, t, o) if s >= t else [], cases=lambda: SIZES),
    ),
    hints=(
        "Two neighbours share `shared` pixels. How far apart are their starts?",
        "Take steps of `tile - shared`, beginning at 0. Where does the last tile start, the one that ends with the image?",
        "`last = max(0, ___)`, `return [*range(0, last, ___), last]`",
    ),
    solution_text=(
        "`last = max(0, size - tile)\n"
        "return [*range(0, last, tile - shared), last]`\n"
        "Evenly spaced tiles are just as right."
    ),
    praise="No pixel is left out, no tile reaches beyond the image, and neighbours share enough.",
)  # fmt: skip
