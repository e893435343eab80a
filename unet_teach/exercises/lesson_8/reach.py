"""Lesson 8: how far a U-Net's receptive field reaches."""

from __future__ import annotations

from unet_teach.exercises.checks.functions import Probes, computes, is_function
from unet_teach.exercises.exercise import Exercise, KnownMistake
from unet_teach.exercises.lesson_8.depths import DEPTHS

FROM_NONE = [(0,), *DEPTHS]  # no halving at all is a question as well


def _reach(depth: int) -> int:
    return int(7 * 2**depth - 5)


def _walked(depth: int) -> int:
    """From each pixel down to the bottom and up the encoder again, leftwards; the farthest."""
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


def _from_above(depth: int) -> int:
    return 2 if depth == 0 else 2 * _from_above(depth - 1) + 5


known = Probes(lambda: DEPTHS)


reach = Exercise(
    name="reach",
    lesson=8,
    prompt="How far to one side may a pixel of the answer depend on the picture, in the course's U-Net (a level: two 3×3 convolutions; max-pool 2; transposed convolution, kernel 2, stride 2)? The farthest, over all pixels.",
    checks=(is_function("reach(depth)"), computes(_reach, "reach", lambda: FROM_NONE)),
    answers=(lambda: _reach, lambda: _walked, lambda: _from_above),
    mistakes=(
        KnownMistake("no halving forgotten", "With halvings yours is right. Without any, two convolutions are left: 2.",
            lambda: lambda depth: _reach(depth) if depth else 0,
            lambda answer: answer(0) != 2 and all(answer(*d) == _reach(*d) for d in DEPTHS)),
        known.mistake("the place inside a cell forgotten", "Nearly: at each pool a pixel may be the far one of its pair. That adds 1, 2, 4 … pixels, 2**depth − 1 in all.",
            lambda depth: 6 * 2**depth - 4),
        *(
            known.mistake(
                name,
                says,
                wrong,
            )
            for name, wrong, says in (
                (
                    "only the encoder",
                    lambda depth: 4 * 2**depth - 2,
                    "Either the decoder is missing, which has a block a level as well, or the "
                    "bottom's two convolutions count one pixel each instead of 2**depth.",
                ),
                (
                    "only the encoder, its pools as well",
                    lambda depth: 5 * 2**depth - 3,
                    "That is how far a cell at the bottom sees from its far edge. The decoder has "
                    "a block a level as well.",
                ),
                (
                    "added, not doubled",
                    lambda depth: 5 * depth + 2,
                    "Each level adds 5, as you say, but all below it counts double at the same "
                    "time.",
                ),
                (
                    "the bottom twice, and the place forgotten",
                    lambda depth: 8 * 2**depth - 4,
                    "You count a block down and a block up at each level, at the bottom too, which "
                    "has only one. And a pixel may be the far one of its pair.",
                ),
                (
                    "1 + 2 + 4 taken for 8",
                    lambda depth: 7 * 2**depth,
                    "Nearly: 1 + 2 + 4 is 7, one less than 8. You round the sums up.",
                ),
                (
                    "the far one of a pair counted twice",
                    lambda depth: 8 * 2**depth - 6,
                    "Nearly: you add 6 a level, one too many. Its two blocks are 2 and 2, and the "
                    "far one of a pair stands 1 further.",
                ),
                (
                    "the bottom alone",
                    lambda depth: 2 * 2**depth,
                    "That is the block at the bottom: 2 cells of 2**depth pixels. Each level above "
                    "it has two blocks as well.",
                ),
                (
                    "right for one depth",
                    lambda depth: 51,
                    "51 is right for depth 3 only. Each level adds to it, and doubles what lies "
                    "below.",
                ),
                (
                    "^ for a power",
                    lambda depth: 7 * 2 ^ depth - 5,
                    "In Python `2 ^ depth` is no power: it flips bits. Two stars make a power.",
                ),
                (
                    "the width the bottom sees",
                    lambda depth: 9 * 2**depth - 4,
                    "That is the receptive field of a cell at the bottom, its whole width. The "
                    "decoder looks further, and asked is one side.",
                ),
                (
                    "no doubling",
                    lambda depth: 2 * (2 * depth + 1),
                    "You count 2 for each block, at every level alike. One cell a level further "
                    "down is twice as many pixels.",
                ),
                (
                    "one convolution a level",
                    lambda depth: 4 * 2**depth - 3,
                    "That is with one convolution a level. There are two, one after the other.",
                ),
                (
                    "both sides",
                    lambda depth: 2 * _reach(depth),
                    "That is both sides together. Asked is one.",
                ),
                (
                    "both sides and the pixel",
                    lambda depth: 2 * _reach(depth) + 1,
                    "That is the whole width, the pixel itself with both sides. Asked is one side.",
                ),
                (
                    "the bottom forgotten",
                    lambda depth: 5 * 2**depth - 5,
                    "The block at the bottom is missing, where each cell is 2**depth pixels wide.",
                ),
                (
                    "the bottom twice",
                    lambda depth: 9 * 2**depth - 5,
                    "You count the bottom twice, down and up. Its block is there once.",
                ),
                (
                    "kernel 3 reaches 3",
                    lambda depth: 19 * 2**depth - 13,
                    "You count 3 for a 3×3 convolution. To one side of its middle it reaches 1.",
                ),
                (
                    "one level too few",
                    lambda depth: _reach(depth - 1),
                    "One level too few: with `depth` halvings there are depth + 1 levels.",
                ),
                (
                    "one level too many",
                    lambda depth: _reach(depth + 1),
                    "One level too many: with `depth` halvings there are depth + 1 levels.",
                ),
                (
                    "the shift",
                    lambda depth: 2**depth,
                    "That is the shift after which it repeats itself, the width of a bottom cell. "
                    "The convolutions look at the neighbours of that cell.",
                ),
            )
        ),
    ),
    hints=(
        "Without any halving there is one block of two 3×3 convolutions. How far does each reach to one side, and both?",
        "Now put a level above: its block on the way down (2), its block on the way up (2), and a pixel may be the far one of its pair (1). All that lies below counts double.",
        "`reach(0) = 2`, `reach(depth) = ___ * reach(depth - 1) + ___`",
    ),
    solution_text="`return 2 if depth == 0 else 2 * reach(depth - 1) + 5`, or `return 7 * 2**depth - 5`",
    praise="7·2**depth − 5 pixels, 107 for depth 4: where a pixel stands in its cell decides, and this is the farthest.",
)  # fmt: skip
