"""Exercise of lesson 8: how far to one side the receptive field of a U-Net reaches."""

from __future__ import annotations

from unet_teach.exercises.checks.formulas import computes
from unet_teach.exercises.checks.functions import Probes, is_function
from unet_teach.exercises.exercise import Exercise, KnownMistake

DEPTHS = [(depth,) for depth in range(7)]


def _reach(depth: int) -> int:
    return 7 * 2**depth - 5  # type: ignore[no-any-return]


def _walked(depth: int) -> int:
    """Follow each pixel's leftmost dependency back through decoder, bottleneck and encoder."""
    farthest = 0
    for pixel in range(2**depth):
        left = pixel
        for _ in range(depth):
            left = (left - 2) // 2
        left -= 2
        for _ in range(depth):
            left = 2 * left - 2
        farthest = max(farthest, pixel - left)
    return farthest


def _recursive(depth: int) -> int:
    return 2 if depth == 0 else 2 * _recursive(depth - 1) + 5


known = Probes(lambda: DEPTHS[1:])

reach = Exercise(
    name="reach",
    lesson=8,
    prompt="How far to one side may a pixel of the answer depend on the picture, in the course's U-Net (a level: two 3×3 convolutions; max-pool 2; transposed convolution, kernel 2, stride 2)? The farthest, over all pixels.",
    checks=(is_function("reach(depth)"), computes(_reach, "reach", DEPTHS)),
    answers=(lambda: _reach, lambda: _walked, lambda: _recursive),
    mistakes=(
        KnownMistake("no halving forgotten", "With halvings yours is right. Without any, two convolutions are left: 2.",
            lambda: lambda depth: _reach(depth) if depth else 0,
            lambda answer: answer(0) != 2 and all(answer(*d) == _reach(*d) for d in DEPTHS[1:])),
        known.mistake("the place inside a cell forgotten", "Nearly: at each pool a pixel may be the far one of its pair. That adds 1, 2, 4 … pixels, 2**depth − 1 in all.",
            lambda depth: 6 * 2**depth - 4),
        known.mistake("added, not doubled", "Each level adds 5, as you say, but all below it counts double at the same time.",
            lambda depth: 5 * depth + 2),
        known.mistake("^ for a power", "In Python `2 ^ depth` is no power: it flips bits. Two stars make a power.",
            lambda depth: 7 * 2 ^ depth - 5, lambda depth: 7 * (2 ^ depth) - 5),
        known.mistake("both sides", "That is both sides together. Asked is one.",
            lambda depth: 2 * _reach(depth)),
        known.mistake("both sides and the pixel", "That is the whole width, the pixel itself with both sides. Asked is one side.",
            lambda depth: 2 * _reach(depth) + 1),
        known.mistake("an area", "That is how many pixels it sees, a square. The question is how far it sees to one side of the pixel in the middle.",
            lambda depth: (2 * _reach(depth) + 1) ** 2, lambda depth: _reach(depth) ** 2),
        known.mistake("the bottom forgotten", "The block at the bottom is missing, where each cell is 2**depth pixels wide.",
            lambda depth: 5 * 2**depth - 5),
        known.mistake("the shift", "That is the shift after which it repeats itself, the width of a bottom cell. The convolutions look at the neighbours of that cell.",
            lambda depth: 2**depth),
    ),
    hints=(
        "Without any halving there is one block of two 3×3 convolutions. How far does each reach to one side, and both?",
        "Now put a level above: its block on the way down (2), its block on the way up (2), and a pixel may be the far one of its pair (1). All that lies below counts double.",
        "`reach(0) = 2`, `reach(depth) = ___ * reach(depth - 1) + ___`",
    ),
    solution_text="`return 2 if depth == 0 else 2 * reach(depth - 1) + 5`, or `return 7 * 2**depth - 5`",
    praise="7·2**depth − 5 pixels, 107 for depth 4: where a pixel stands in its cell decides, and this is the farthest.",
)  # fmt: skip
