"""Lesson 0: how often a size was halved."""

from __future__ import annotations

from typing import Any

from unet_teach.exercises.checks.numbers import equals, whole_numbers, wrong_number
from unet_teach.exercises.exercise import Check, Exercise


def _count_problem(times: Any) -> str | None:
    problem = whole_numbers().problem(times)
    if isinstance(times, float) and not times.is_integer():
        return f"{problem} The number of halvings n has 96 / 2**n = 12: a logarithm of base 2."
    if not problem and times < 0:
        return f"{times} times: nothing can be done less than 0 times."
    return problem


def _what_is_left(times: Any) -> str:
    left = 96 / 2 ** min(times, 99)  # a larger power could overflow
    what = f"{left:g} are left" if left >= 1 else "less than one pixel is left"
    return f"Halve 96 {times:g} times, and {what}."


halvings = Exercise(
    name="halvings",
    lesson=0,
    prompt="A picture of 96×96 goes in, and at the bottom of the U its map is 12×12. How often was it halved?",
    checks=(
        Check("a whole number", _count_problem),
        equals(3, "The number of halvings", _what_is_left),
    ),
    answers=(lambda: 3, lambda: 3.0),
    mistakes=(
        wrong_number("the factor", "96 / 12 = 8 is how much smaller it is. Asked is in how many steps.",
            8),
        wrong_number("the factor of the area", "64 is how many times smaller the area is: 8 · 8. The question is in how many steps.",
            64),
        wrong_number("both axes counted", "6 would be three for the height and three for the width, but one halving does both at once.",
            6),
        wrong_number("the sizes counted", "96, 48, 24, 12 are four sizes. Count the steps between.",
            4),
        wrong_number("the size", "12 is the size to arrive at. How often do you halve 96 to get there?",
            12),
        wrong_number("the difference", "84 is the difference. Halving divides, it does not take away.",
            84),
        wrong_number("one too few", "One step more.", 2),
    ),
    hints=(
        "What is half of 96? And half of that?",
        "Write the sizes in a row, 96 → 48 → …, until 12. Count the arrows.",
        "`2 ** ___ == 96 // 12`",
    ),
    solution_text="`3`: 96 → 48 → 24 → 12.",
    praise="96 → 48 → 24 → 12: three halvings. We say that the network has a depth of 3.",
)  # fmt: skip
