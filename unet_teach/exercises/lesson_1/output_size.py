"""Lesson 1: the formula for the output size of a convolution."""

import random
from itertools import product

from unet_teach.exercises.checks.formulas import computes
from unet_teach.exercises.checks.functions import Probes, is_function
from unet_teach.exercises.exercise import Exercise

GRID = [(9, 2, 1, 3), (11, 4, 3, 1), (20, 5, 3, 2), (32, 3, 2, 1), (33, 3, 2, 0)]
GRID += product((8, 9, 13, 20), (1, 2, 3, 5), (1, 2, 3), (0, 1, 3))


def _fresh() -> list[tuple[int, int, int, int]]:
    draw = random.Random().randint
    return sorted((draw(8, 99), draw(1, 7), draw(1, 4), draw(0, 3)) for _ in range(40))


known = Probes(lambda: GRID)

output_size = Exercise(
    name="output_size",
    lesson=1,
    prompt="Write `output_size`, the formula for the output size of a convolution.",
    checks=(
        is_function("output_size(size, kernel_size, stride, padding)"),
        computes(
            lambda size, kernel_size, stride, padding: (size + 2 * padding - kernel_size) // stride + 1,
            "output_size",
            GRID,
            _fresh,
            conditions={
                "the division by stride leaves no remainder": lambda n, k, s, p: (n + 2 * p - k) % s == 0
            },
        ),
    ),
    mistakes=(
        known.mistake("no floor", "You divide with `/`, which gives fractions. An incomplete last step is dropped: which division rounds down?",
            lambda n, k, s, p: (n + 2 * p - k) / s + 1),
        known.mistake("rounded up", "You round up, but an incomplete last step is dropped. Round down instead.",
            lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1),
        known.mistake("rounded to the nearest", "You round to the nearest whole number, which is sometimes one step more. An incomplete last step is dropped: round down.",
            lambda n, k, s, p: round((n + 2 * p - k) / s) + 1, lambda n, k, s, p: round((n + 2 * p - k) / s + 1), lambda n, k, s, p: int((n + 2 * p - k) / s + 0.5) + 1),
        known.mistake("the remainder", "`%` gives the remainder, which is what doesn't make a whole step. Which operator gives the number of whole steps?",
            lambda n, k, s, p: (n + 2 * p - k) % s + 1, lambda n, k, s, p: (n + 2 * p - k) % s),
        known.mistake("kernel forgotten", "You left out kernel_size. The kernel has to fit in, so how many pixels are left for it to move?",
            lambda n, k, s, p: (n + 2 * p) // s),
        known.mistake("first window forgotten", "You counted only the steps. The position where the kernel starts counts too.",
            lambda n, k, s, p: (n + 2 * p - k) // s),
        known.mistake("stride multiplied", "You multiply by the stride. But a kernel that moves further at each step visits fewer positions, so what should you do with it?",
            lambda n, k, s, p: (n + 2 * p - k) * s + 1, lambda n, k, s, p: (n - 1) * s - 2 * p + k),
        known.mistake("one added before the division", "You add 1 before you divide. First count the steps, then add the starting position.",
            lambda n, k, s, p: (n + 2 * p - k + 1) // s),
    ),
    hints=(
        "How large is the input with its padding? How many pixels can a kernel of kernel_size move in there?",
        "The kernel moves in steps of stride, and an incomplete step is dropped. Which of Python's divisions drops the remainder?",
        "`return (size + ___ * padding - ___) ___ stride + ___`",
    ),
    solution_text="`return (size + 2 * padding - kernel_size) // stride + 1`",
    praise=f"Your formula is right on all {len(GRID) + 40} layers tried.",
)  # fmt: skip
