"""Lesson 1: how many windows a convolution has."""

from __future__ import annotations

from unet_teach.exercises.checks.numbers import equals, whole_numbers, wrong_number
from unet_teach.exercises.exercise import Exercise


def _what_it_would_mean(count: float) -> str:
    if count in range(50, 400, 10):
        return f"There are 10 rows of windows. {count:g} would be 10 · {count // 10:g}: how many columns does a width of 30 give?"  # fmt: skip
    if count in range(75, 600, 15):
        return f"There are 15 columns of windows. {count:g} would be {count // 15:g} · 15: how many rows does a height of 20 give?"  # fmt: skip
    return "Each output cell has one window, and each window one centre. Count the rows of windows and the columns, and multiply."  # fmt: skip


centres = Exercise(
    name="centres",
    lesson=1,
    prompt="A 20×30 map, kernel 3, stride 2, padding 1: on how many cells does a centre stand?",
    checks=(
        whole_numbers(),
        equals(
            150, "The number of centres", _what_it_would_mean
        ),
    ),
    answers=(lambda: 150, lambda: 10 * 15, lambda: 150.0),
    mistakes=(
        wrong_number("every cell", "That is every cell. With stride 2 a centre jumps over the next.",
            600),
        wrong_number("every other cell", "450 of the 600 cells have no centre. The question is how many have one.", 450),
        wrong_number("the lesson's map", "256 is 16 · 16, for the lesson's 32×32 map. This one is 20×30.", 256),
        wrong_number("one axis only", "You halved one axis. The window jumps in both.", 300),
        wrong_number("the sides added", "10 rows and 15 columns of windows: how many windows are that?",
            25),
        wrong_number("without padding", "That is without padding: the first centre would stand on cell 1.",
            9 * 14),
        wrong_number("the padding as well", "No centre stands on the padding: the first is on cell 0, the last on 18 and 28.",
            11 * 16),
    ),
    hints=(
        "Each output cell has one window, each window one centre. How many outputs are there?",
        "Heights: (20 + 2·1 − 3) // 2 + 1 = 10 rows of windows. And columns?",
        "10 × ___",
    ),
    solution_text="`10 * 15`: one centre an output cell, 150 of 600 cells, one in four.",
    praise="150 of 600: one cell in four is a centre. Every cell is covered all the same.",
)  # fmt: skip
