"""Lesson 2: which output_padding brings a size back."""

from __future__ import annotations

import random

from unet_teach.arithmetic import output_padding_for
from unet_teach.exercises.checks.formulas import computes
from unet_teach.exercises.checks.functions import Probes, is_function
from unet_teach.exercises.exercise import Exercise

KNOWN_SIZES = [(8, 15), (8, 16), (16, 31), (16, 32), (21, 41), (21, 42)]


GRID = [*KNOWN_SIZES, *((low, 2 * low - odd) for low in range(1, 20) for odd in (1, 0))]


def _output_padding(low: int, wanted: int) -> int:
    return wanted - (2 * low - 1)


def _fresh() -> list[tuple[int, int]]:
    lows = sorted(random.Random().sample(range(20, 200), 20))
    return [(low, 2 * low - odd) for low in lows for odd in (1, 0)]


known = Probes(lambda: GRID)

restore = Exercise(
    name="restore",
    lesson=2,
    prompt="Which output_padding brings kernel 3, stride 2, padding 1 from low to wanted?",
    checks=(
        is_function("restore(low, wanted)"),
        computes(_output_padding, "restore", GRID, _fresh),
    ),
    answers=(
        lambda: lambda low, wanted: wanted - (2 * low - 1),
        lambda: lambda low, wanted: 1 - wanted % 2,
        lambda: lambda low, wanted: 1 if wanted == 2 * low else 0,
        lambda: lambda low, wanted: output_padding_for(low, wanted, 3, stride=2, padding=1),
    ),
    mistakes=(
        known.mistake("always 1", "That always doubles, which is one too many where the size was odd.",
            lambda low, wanted: 1),
        known.mistake("always 0", "Then no even size ever comes back.",
            lambda low, wanted: 0),
        known.mistake("the wrong way round", "It is the other way round: which of the two sizes needs the extra row?",
            lambda low, wanted: wanted % 2),
        known.mistake("the whole difference", "That is how much larger wanted is than low. The stride makes most of it: how far does output_padding=0 get?",
            lambda low, wanted: wanted - low),
        known.mistake("the parity of low", "low is the same for both sizes, so low alone cannot tell which it was.",
            lambda low, wanted: low % 2),
        known.mistake("the other parity of low", "low alone cannot tell: two different sizes became this one low. Look at wanted.",
            lambda low, wanted: 1 - low % 2),
        known.mistake("counted from the double", "You count from 2·low. But output_padding=0 gives one less than that.",
            lambda low, wanted: wanted - 2 * low),
        known.mistake("the size itself", "wanted is the whole size. Return only the rows that output_padding must add.",
            lambda low, wanted: wanted),
    ),
    hints=(
        "16 must become 31 or 32. Which of the two does the layer reach with output_padding=0?",
        "Without it the size is (low − 1)·2 + 3 − 2·1. How many rows are missing to wanted?",
        "`return wanted - (___ * low - ___)`",
    ),
    solution_text="`return wanted - (2 * low - 1)`: 0 for odd sizes, 1 for even ones. `output_padding_for` in `unet_teach.arithmetic` does it for any layer.",
    praise="Every size comes back, odd or even: this is how a U-Net gets home on any picture.",
)  # fmt: skip
