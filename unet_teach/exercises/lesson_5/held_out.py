"""The exercise of lesson 5 about a strip that is held out: training crops must not touch it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from unet_teach.exercises.checks.functions import (
    Case,
    Probes,
    as_list,
    is_function,
    matches,
    returns,
    some_numbers,
)
from unet_teach.exercises.exercise import Check, Exercise


def _lefts(width: int, crop: int, start: int, stop: int) -> list[int]:
    return [*range(start - crop + 1), *range(stop, width - crop + 1)]


def _tested(width: int, crop: int, start: int, stop: int) -> list[int]:
    return [x for x in range(width - crop + 1) if x + crop <= start or x >= stop]


def _strip_case(width: int, crop: int, start: int, stop: int) -> Case:
    called = f"`training_lefts(width={width}, crop={crop}, start={start}, stop={stop})`"
    return Case(called, (width, crop, start, stop))


def _known_strips() -> list[Case]:
    """A strip inside, at the left border, at the right one, and too near to a border for a crop."""
    strips = [(20, 4, 8, 12), (30, 5, 11, 14), (20, 4, 0, 6), (20, 4, 15, 20), (20, 6, 3, 9)]
    return [_strip_case(*strip) for strip in strips]


def _strips() -> list[Case]:
    chance = random.Random()
    fresh = []
    for _ in range(20):
        width = chance.randint(20, 90)
        start = chance.randint(0, width - 2)
        stop = chance.randint(start + 1, width)
        fresh.append((width, chance.randint(1, width // 3), start, stop))
    return [*_known_strips(), *(_strip_case(*strip) for strip in sorted(fresh))]


def _left_said(case: Case, value: object) -> str | None:
    """Name the first left edge that is wrong: which columns its crop covers."""
    width, crop, start, stop = case.inputs
    given, wanted = as_list(value) or [], _lefts(*case.inputs)
    for left in sorted(given):
        covers = f"columns {left} to {left + crop - 1}"
        if left in wanted or not isinstance(left, int):
            continue
        if left < 0 or left + crop > width:
            return f"the crop at {left} would cover {covers}, and the picture has 0 to {width - 1}"
        return (
            f"the crop at {left} covers {covers}, and {start} to {stop - 1} are held out for "
            "validation"
        )
    for left in wanted:
        if left not in given:
            covers = f"columns {left} to {left + crop - 1}"
            return f"{left} is missing: its crop covers {covers} and stays clear of the strip"
    return f"{len(given)} left edges come out, wanted {len(wanted)}: some are there twice"


def _ordered(answer: Callable[..., Any]) -> Callable[..., Any]:
    """The same answer, its left edges from left to right."""

    def lefts(*strip: int) -> Any:
        value = answer(*strip)
        parts = as_list(value)
        return value if parts is None else sorted(parts)

    return lefts


def _in_any_order(check: Check) -> Check:
    return Check(check.holds, lambda answer: check.problem(_ordered(answer)))


known = Probes(_known_strips, adapt=_ordered)

held_out = Exercise(
    name="held_out",
    lesson=5,
    prompt="Columns start to stop − 1 of a picture are held out for validation. Return a list of the left edges of all crops, `crop` pixels wide and inside the picture, that touch none of them; in any order.",
    checks=(
        is_function("training_lefts(width, crop, start, stop)"),
        returns("a list of numbers", some_numbers(), _known_strips),
        _in_any_order(matches(_lefts, _strips, _left_said)),
    ),
    answers=(
        lambda: _lefts,
        lambda: _tested,
        lambda: lambda *strip: set(_lefts(*strip)),
        lambda: lambda *strip: _lefts(*strip)[::-1],
        lambda: (
            lambda width, crop, start, stop: [
                left
                for left in range(width - crop + 1)
                if not set(range(left, left + crop)) & set(range(start, stop))
            ]
        ),
    ),
    mistakes=(
        known.mistake("only the left edge looked at", "You look at the left edge alone. A crop that begins before the strip may end inside it: then you train on what you validate on, and the score flatters.",
            lambda w, c, a, b: [x for x in range(w - c + 1) if x < a or x >= b],
            lambda w, c, a, b: [x for x in range(w) if x < a or x >= b]),
        known.mistake("every crop", "Those are all crops, the strip's as well. A score on what was trained on says how well the network remembers.",
            lambda w, c, a, b: list(range(w - c + 1)), lambda w, c, a, b: list(range(w))),
        known.mistake("the strip itself", "That is the strip: the very crops that training must not see.",
            lambda w, c, a, b: list(range(a, b)), lambda w, c, a, b: list(range(a, b - c + 1)),
            lambda w, c, a, b: [x for x in range(w - c + 1) if x < b and x + c > a]),
        known.mistake("only the ends", "Those are the first and the last left edge on either side. All between them are allowed as well: make a list of each `range`.",
            lambda w, c, a, b: [0, a - c, b, w - c], cases=lambda: _known_strips()[:2]),
        known.mistake("one too few on either side", "Crops right beside the strip are missing, on either side: one that ends with column start − 1 and one that begins at stop touch nothing.",
            lambda w, c, a, b: [x for x in range(w - c + 1) if x + c < a or x > b],
            lambda w, c, a, b: [x for x in range(w - c) if x + c < a or x > b],
            lambda w, c, a, b: [*range(a - c), *range(b + 1, w - c + 1)],
            lambda w, c, a, b: [*range(a - c), *range(b + 1, w - c)],
            cases=lambda: _known_strips()[:2]),
        known.mistake("before and after at once", "Your list is empty: no crop lies before the strip and after it. One of the two is enough.",
            lambda w, c, a, b: [x for x in range(w - c + 1) if x + c <= a and x >= b]),
        known.mistake("side by side", "Your crops stand side by side. They may overlap: every left edge makes another crop.",
            lambda w, c, a, b: [*range(0, a - c + 1, c), *range(b, w - c + 1, c)],
            cases=lambda: _known_strips()[:2]),
        known.mistake("one too many on the left", "On the left, your last crop reaches one column into the strip: its last column is left + crop − 1.",
            lambda w, c, a, b: [*range(max(0, a - c + 2)), *range(b, w - c + 1)],
            cases=lambda: _known_strips()[:2]),
        known.mistake("one too few on the left", "On the left, one crop is missing: column start − 1 may still be used.",
            lambda w, c, a, b: [*range(a - c), *range(b, w - c + 1)],
            cases=lambda: _known_strips()[:2]),
        known.mistake("one too many on the right", "On the right, your first crop begins on the last column of the strip. stop is the first free one.",
            lambda w, c, a, b: [*range(a - c + 1), *range(b - 1, w - c + 1)],
            cases=lambda: _known_strips()[:2]),
        known.mistake("one too few on the right", "On the right, the first crop is missing: stop itself is free, as in a Python range.",
            lambda w, c, a, b: [*range(a - c + 1), *range(b + 1, w - c + 1)],
            cases=lambda: _known_strips()[:2]),
        known.mistake("nothing on the right", "Crops to the right of the strip are missing.",
            lambda w, c, a, b: list(range(a - c + 1)), lambda w, c, a, b: list(range(a))),
        known.mistake("nothing on the left", "Crops to the left of the strip are missing.",
            lambda w, c, a, b: list(range(b, w - c + 1)), lambda w, c, a, b: list(range(b, w))),
        known.mistake("over the right border", "At the right border your crops hang over the picture. Where does the last one begin?",
            lambda w, c, a, b: [*range(a - c + 1), *range(b, w)],
            lambda w, c, a, b: [x for x in range(w) if x + c <= a or x >= b]),
        known.mistake("the last crop forgotten", "The last crop is missing: a range ends before its end, and width − crop still fits.",
            lambda w, c, a, b: [*range(a - c + 1), *range(b, w - c)],
            lambda w, c, a, b: [x for x in range(w - c) if x + c <= a or x >= b],
            lambda w, c, a, b: [*range(a - c), *range(b, w - c)],
            cases=lambda: _known_strips()[:2]),
    ),
    hints=(
        "A crop at `left` covers columns left to left + crop − 1. Which two places can it have, so that it touches none of the strip's columns?",
        "Wholly before the strip: left + crop ≤ start. Wholly after it: left ≥ stop. And inside the picture?",
        "`return [left for left in range(___) if left + crop <= ___ or left >= ___]`",
    ),
    solution_text="`return [left for left in range(width - crop + 1) if left + crop <= start or left >= stop]`",
    praise="No training crop touches the strip, so the score there is of what was never seen.",
)  # fmt: skip
