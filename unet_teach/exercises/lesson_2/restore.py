"""Lesson 2: which output_padding brings a size back."""

import random

from unet_teach.exercises.checks.formulas import computes
from unet_teach.exercises.checks.functions import Probes, is_function
from unet_teach.exercises.exercise import Exercise

GRID = [(8, 15), (8, 16), (16, 31), (16, 32), (21, 41), (21, 42)]
GRID += [(low, 2 * low - odd) for low in range(1, 20) for odd in (1, 0)]


def _fresh() -> list[tuple[int, int]]:
    lows = sorted(random.Random().sample(range(20, 200), 20))
    return [(low, 2 * low - odd) for low in lows for odd in (1, 0)]


known = Probes(lambda: GRID)

restore = Exercise(
    name="restore",
    lesson=2,
    prompt="Write `restore`: which output_padding takes size `low` to size `target` with kernel 3, stride 2 and padding 1?",
    checks=(
        is_function("restore(low, target)"),
        computes(lambda low, target: target - (2 * low - 1), "restore", GRID, _fresh),
    ),
    mistakes=(
        known.mistake("always 1", "You always return 1, which doubles every size. For an odd target that is one too many.",
            lambda low, target: 1),
        known.mistake("always 0", "You always return 0, so no even size ever comes back.",
            lambda low, target: 0),
        known.mistake("the wrong way round", "You have it the wrong way round. Which of the two sizes is larger, and needs the extra row?",
            lambda low, target: target % 2),
        known.mistake("the whole difference", "That is how much larger the target is than low, but most of it comes from the stride. Which size does output_padding=0 give?",
            lambda low, target: target - low),
        known.mistake("the parity of low", "You look at low, but low is the same for both sizes. What tells them apart?",
            lambda low, target: low % 2),
        known.mistake("the other parity of low", "You look at low, but two different sizes became the same low. Look at the target instead.",
            lambda low, target: 1 - low % 2),
        known.mistake("counted from the double", "You count from 2·low, but output_padding=0 gives one less than that.",
            lambda low, target: target - 2 * low),
        known.mistake("the convolution's formula", "You subtract what a convolution makes of low, which is about half of it. Here a transposed convolution makes low larger: what is its formula?",
            lambda low, target: target - ((low + 2 - 3) // 2 + 1)),
        known.mistake("the size itself", "You return the whole size. How many rows does output_padding have to add to reach it?",
            lambda low, target: target),
    ),
    hints=(
        "16 should become 31 or 32. Which of the two does the layer give with output_padding=0?",
        "With output_padding=0 the output size is (low − 1)·2 + 3 − 2·1. How many rows are missing to reach the target?",
        "`return target - (___ * low - ___)`",
    ),
    solution_text="`return target - (2 * low - 1)`: 0 for odd sizes, 1 for even ones. `output_padding_for` in `unet_teach.arithmetic` does it for any layer.",
    praise="Every size comes back, odd or even. This is how a U-Net can return an output as large as any image.",
)  # fmt: skip
