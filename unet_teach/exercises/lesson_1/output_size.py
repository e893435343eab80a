"""Lesson 1: the formula for the output size of a convolution."""

from __future__ import annotations

import random
from itertools import product

from unet_teach.exercises.checks.formulas import computes
from unet_teach.exercises.checks.functions import Probes, is_function
from unet_teach.exercises.exercise import Exercise

KNOWN_LAYERS = [(9, 2, 1, 3), (11, 4, 3, 1), (20, 5, 3, 2), (32, 3, 2, 1), (33, 3, 2, 0)]


GRID = [*KNOWN_LAYERS, *product((8, 9, 13, 20), (1, 2, 3, 5), (1, 2, 3), (0, 1, 3))]


def _output_size(size: int, kernel_size: int, stride: int, padding: int) -> int:
    return (size + 2 * padding - kernel_size) // stride + 1


def _fresh() -> list[tuple[int, int, int, int]]:
    draw = random.Random().randint
    return sorted((draw(8, 99), draw(1, 7), draw(1, 4), draw(0, 3)) for _ in range(40))


known = Probes(lambda: GRID)

output_size = Exercise(
    name="output_size",
    lesson=1,
    prompt="Write the formula: the size that leaves a convolution, for any numbers.",
    checks=(
        is_function("output_size(size, kernel_size, stride, padding)"),
        computes(
            _output_size,
            "output_size",
            GRID,
            _fresh,
            conditions={
                "the division by stride leaves no remainder": lambda n, k, s, p: (n + 2 * p - k) % s == 0
            },
        ),
    ),
    answers=(
        lambda: lambda size, kernel_size, stride, padding: (size + 2 * padding - kernel_size) // stride + 1,
        lambda: lambda n, k, s, p: len(range(0, n + 2 * p - k + 1, s)),
    ),
    mistakes=(
        known.mistake("no floor", "There are no half cells: a last step that does not fit whole is not made. // floors.",
            lambda n, k, s, p: (n + 2 * p - k) / s + 1),
        known.mistake("rounded up", "You round up. A last step that does not fit whole is not made.",
            lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1),
        known.mistake("kernel forgotten", "The window has a width: its corner cannot travel the last kernel_size cells.",
            lambda n, k, s, p: (n + 2 * p) // s),
        known.mistake("first window forgotten", "You counted the steps. One more window stands at the start, before the first step.",
            lambda n, k, s, p: (n + 2 * p - k) // s),
        known.mistake("stride multiplied", "You multiply by the stride. A window that moves further at each step has fewer places: divide by it.",
            lambda n, k, s, p: (n + 2 * p - k) * s + 1, lambda n, k, s, p: (n - 1) * s - 2 * p + k),
        known.mistake("one added before the division", "The one window at the start is added after the division, not before it.",
            lambda n, k, s, p: (n + 2 * p - k + 1) // s),
    ),
    hints=(
        "How many cells wide is the input with its padding? How many of them can the window's first corner travel over?",
        "That way is travelled in steps of stride, and only whole steps count. Which of Python's divisions forgets the rest?",
        "`return (size + ___ * padding - ___) ___ stride + ___`",
    ),
    solution_text="`return (size + 2 * padding - kernel_size) // stride + 1`",
    praise=f"Your formula gives what PyTorch gives, on {len(GRID) + 40} layers.",
)  # fmt: skip
