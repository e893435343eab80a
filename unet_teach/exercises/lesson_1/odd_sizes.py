"""Lesson 1: which two input sizes a stride of 2 merges."""

from __future__ import annotations

from typing import Any

from unet_teach.arithmetic import conv_output_size
from unet_teach.exercises.checks.numbers import equals, whole_numbers, wrong_number
from unet_teach.exercises.exercise import Exercise


def _what_they_give(sizes: Any) -> str:
    for size in sorted(map(int, sizes)):
        if size < 1:
            return f"{size} gives no map, wanted 8."
        if (output_size := conv_output_size(size, 3, stride=2, padding=1)) != 8:
            right = [other for other in sizes if other in (15, 16)]
            more = f" {right[0]} is one of the two." if right else ""
            return f"{size} gives ({size} + 2 − 3) // 2 + 1 = {output_size}, wanted 8.{more}"
    return "Both give 8, but they are one and the same."


odd_sizes = Exercise(
    name="odd_sizes",
    lesson=1,
    prompt="Two input sizes leave kernel 3, stride 2, padding 1 as a map of 8. Which two?",
    checks=(whole_numbers(2), equals({15, 16}, "The pair", _what_they_give)),
    answers=(lambda: (15, 16), lambda: [15, 16], lambda: (16, 15)),
    mistakes=(
        wrong_number("one too high", "Halve 17: (17 + 2 − 3) // 2 + 1 = 9. Look below 16.",
            (16, 17)),
        wrong_number("twice and half", "4 is what comes out of 8. Asked is what goes in.", (4, 16)),
        wrong_number("no padding", "Those are right without padding. Here padding=1.", (17, 18)),
        wrong_number("the first steps", "14 gives (14 + 2 − 3) // 2 + 1 = 7: one too small.",
            (14, 15)),
        wrong_number("not both", "16 is one of them. Which other size loses its rest in //?",
            (16, 16)),
    ),
    hints=(
        "Halving 16 gives 8. Which neighbour of 16 gives 8 as well?",
        "(H + 2·1 − 3) // 2 + 1 = 8 means (H − 1) // 2 = 7: H − 1 holds 7 whole pairs.",
        "`conv_input_sizes(8, kernel_size=___, stride=___, padding=___)` lists them.",
    ),
    solution_text="`(15, 16)`: (15 − 1) // 2 = (16 − 1) // 2 = 7, and 7 + 1 = 8.",
    praise="15 and 16 both become 8. From the 8 alone, nobody can tell which it was.",
)  # fmt: skip
