"""Lesson 0: how many times a size was halved."""

from typing import Any

from unet_teach.exercises.checks.numbers import equals, whole_numbers, wrong_number
from unet_teach.exercises.exercise import Check, Exercise


def _count_problem(times: Any) -> str | None:
    problem = whole_numbers().problem(times)
    if isinstance(times, float) and not times.is_integer():
        base = (
            " `math.log` is to base e; `math.log2` is to base 2."
            if round(times, 2) in (2.08, -2.08)
            else ""
        )
        return f"{problem} The number of halvings n satisfies 96 / 2**n = 12, so it is a logarithm to base 2.{base}"
    if not problem and times < 0:
        return f"Nothing can be halved {times} times: the smallest number of halvings is 0."
    return problem


def _what_is_left(times: Any) -> str:
    left = 96 / 2 ** min(times, 99)  # a larger power could overflow
    what = f"{left:g}" if left >= 1 else "less than one pixel"
    return f"Halving 96 pixels {times:g} time{'' if times == 1 else 's'} leaves {what}."


halvings = Exercise(
    name="halvings",
    lesson=0,
    prompt="A 96×96 image goes in, and at the bottleneck its feature map is 12×12. How many times was it halved?",
    checks=(
        Check("a whole number", _count_problem),
        equals(3, "The number of halvings", _what_is_left),
    ),
    mistakes=(
        wrong_number("the factor", "8 is how many times smaller the feature map gets: 96 / 12. The question is how many halvings, 96 → 48 → …, that takes.",
            8),
        wrong_number("the factor of the area", "64 is how many times smaller the area gets, 8 · 8. The question is how many halvings that takes.",
            64),
        wrong_number("both axes counted", "Halving 96 pixels 6 times leaves 1.5, not 12. If you counted height and width separately: one halving does both at once.",
            6),
        wrong_number("the sizes counted", "96, 48, 24 and 12 are four sizes. Count the steps between them instead.",
            4),
        wrong_number("the size", "12 is the size at the bottleneck. How many times do you halve 96 to get there?",
            12),
        wrong_number("the difference", "84 is the difference, 96 − 12. Halving divides by 2 each time instead, so go 96 → 48 → … and count the steps.",
            84),
        wrong_number("one too few", "You are one step short: halve once more.", 2),
    ),
    hints=(
        "What is half of 96? And half of that?",
        "Write the sizes in a row, 96 → 48 → …, until you reach 12. Then count the arrows.",
        "`2 ** ___ == 96 // 12`",
    ),
    solution_text="`3`: 96 → 48 → 24 → 12.",
    praise="96 → 48 → 24 → 12: three halvings. We say that the network has a depth of 3.",
)  # fmt: skip
