"""Lesson 2: the formula for the output size of a transposed convolution."""

import random
from itertools import product

from unet_teach.exercises.checks.formulas import computes
from unet_teach.exercises.checks.functions import Probes, is_function
from unet_teach.exercises.exercise import Exercise

GRID = [(5, 3, 2, 1, 0), (7, 2, 3, 0, 2), (8, 3, 2, 1, 1), (9, 5, 4, 2, 3), (16, 4, 2, 1, 0)]
GRID += [
    layer
    for layer in product((5, 8, 9), (1, 2, 3, 4), (1, 2, 3), (0, 1, 2), (0, 1, 2))
    if layer[4] < layer[2]  # torch requires output_padding below stride
]


def _fresh() -> list[tuple[int, ...]]:
    draw = random.Random()  # its own, so that the student's random numbers stay the same
    strides = [draw.randint(1, 4) for _ in range(40)]
    return sorted(
        (draw.randint(8, 99), draw.randint(1, 7), s, draw.randint(0, 3), draw.randrange(s))
        for s in strides
    )


known = Probes(lambda: GRID)

up_size = Exercise(
    name="up_size",
    lesson=2,
    prompt="Write `up_size`, the formula for the output size of a transposed convolution.",
    checks=(
        is_function("up_size(size, kernel_size, stride, padding, output_padding)"),
        computes(
            lambda size, kernel_size, stride, padding, output_padding: (size - 1) * stride + kernel_size - 2 * padding + output_padding,
            "up_size", GRID, _fresh),
    ),
    mistakes=(
        known.mistake("the convolution's formula", "That is the formula for a convolution, where the stride divides. What does the stride do in a transposed convolution?",
            lambda n, k, s, p, o: (n + 2 * p - k) // s + 1),
        known.mistake("the convolution's formula and output_padding", "That is the formula for a convolution with output_padding added. What does the stride do in a transposed convolution?",
            lambda n, k, s, p, o: (n + 2 * p - k) // s + 1 + o),
        known.mistake("padding once", "You subtract padding once, but it crops both sides.",
            lambda n, k, s, p, o: (n - 1) * s + k - p + o),
        known.mistake("size instead of the steps", "You count a stride for every input. But the first patch starts at 0: how many steps of stride are there to the last one?",
            lambda n, k, s, p, o: n * s + k - 2 * p + o),
        known.mistake("size times stride", "size · stride is right for the document's layer. In general kernel_size, padding and output_padding count as well.",
            lambda n, k, s, p, o: n * s),
        known.mistake("always doubled", "Doubling is right for the document's layer only. What if the stride is 3?",
            lambda n, k, s, p, o: 2 * n),
    ),
    hints=(
        "Each input scatters a patch of kernel_size cells, and each patch starts stride cells after the one before. Where does the last one start?",
        "The last patch ends kernel_size cells after its start. Then padding crops both ends, and output_padding keeps a few more cells at the last one.",
        "`return (size - ___) * ___ + ___ - ___ * padding + ___`",
    ),
    solution_text="`return (size - 1) * stride + kernel_size - 2 * padding + output_padding`",
    praise=f"Your formula is right on all {len(GRID) + 40} layers tried.",
)  # fmt: skip
