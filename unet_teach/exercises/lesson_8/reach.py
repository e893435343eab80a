"""The exercises of lesson 8 about a U-Net and shifts: when it repeats itself, how far it looks."""

from __future__ import annotations

from unet_teach.exercises.checks.functions import a_function, agrees, computes
from unet_teach.exercises.exercise import Exercise, Slip

DEPTHS = [(1,), (2,), (3,), (4,), (5,), (6,)]
FROM_NONE = [(0,), *DEPTHS]  # no halving at all is a question as well


# ----------------------------------------------------------------------------------- repeats_after
def _doubled(depth: int) -> int:
    step = 1
    for _ in range(depth):
        step *= 2
    return step


repeats_after = Exercise(
    name="repeats_after",
    lesson=8,
    prompt="Shift a picture, and a U-Net's answer need not shift with it. How many pixels are the "
    "smallest shift after which it does, with any weights? `depth` counts the halvings.",
    ladder=(
        a_function("repeats_after(depth)"),
        agrees(lambda depth: int(2**depth), "repeats_after", lambda: DEPTHS),
    ),
    answers=(lambda: lambda depth: 2**depth, lambda: _doubled, lambda: lambda depth: 1 << depth),
    slips=(
        computes(
            "2·depth",
            lambda depth: 2 * depth,
            DEPTHS,
            "Pixels of the bottom lie 2, 4, 8 apart: each halving doubles, it does not add 2.",
        ),
        computes(
            "depth",
            lambda depth: depth,
            DEPTHS,
            "That is the number of halvings. How many pixels of the picture does one step at the "
            "bottom cover?",
        ),
        computes(
            "1",
            lambda depth: 1,
            DEPTHS,
            "1 is right for convolutions alone. A pool pairs pixels 0 and 1, 2 and 3: shifted by "
            "1, other pixels are paired.",
        ),
        computes(
            "always 2",
            lambda depth: 2,
            DEPTHS,
            "2 is enough for one halving. Then the next one pairs those pairs.",
        ),
        computes(
            "one halving too few",
            lambda depth: 2 ** (depth - 1),
            DEPTHS,
            "The last halving pairs as well: you count one too few.",
        ),
        computes(
            "one halving too many",
            lambda depth: 2 ** (depth + 1),
            DEPTHS,
            "It repeats itself after half of that. depth counts halvings, not levels.",
        ),
        computes(
            "the 8 of the lesson's network",
            lambda depth: 8,
            DEPTHS,
            "8 is right for the network above, with its three halvings. And with another depth?",
        ),
        computes(
            "the number of levels",
            lambda depth: depth + 1,
            DEPTHS,
            "That is the number of levels. How many pixels of the picture does one step at the "
            "bottom cover?",
        ),
        computes(
            "one pixel more",
            lambda depth: 2**depth + 1,
            DEPTHS,
            "One pixel further, and all is halved elsewhere again. The cell itself is 2**depth "
            "pixels wide.",
        ),
        computes(
            "one pixel less",
            lambda depth: 2**depth - 1,
            DEPTHS,
            "That brings the last pixel of a cell to the place of the first. After one more, all "
            "cells fall alike.",
        ),
        computes(
            "^ for a power",
            lambda depth: 2 ^ depth,
            DEPTHS,
            "In Python `2 ^ depth` is no power: it flips bits. Two stars make a power.",
        ),
        computes(
            "squared",
            lambda depth: depth**2,
            DEPTHS,
            "That is depth squared. Double 1, depth times.",
        ),
        computes(
            "an area",
            lambda depth: 4**depth,
            DEPTHS,
            "That is how many pixels a bottom cell covers, a square. The shift goes along a side.",
        ),
        computes(
            "the reach",
            lambda depth: 7 * 2**depth - 5,
            DEPTHS,
            "That is how far it looks. Asked is after which shift the halvings fall alike again.",
        ),
    ),
    hints=(
        "A pool takes pixels 0 and 1 together, 2 and 3, 4 and 5. Shift by 1: are the pairs the "
        "same? By 2?",
        "After two pools, pixels 0 to 3 are together. By how much do you have to shift now?",
        "`return ___ ** depth`",
    ),
    solution_text="`return 2 ** depth`: a step of one cell at the bottom.",
    praise="2**depth pixels: one step at the bottom. So tiles that begin at its multiples are cut "
    "as the whole picture is.",
)


# ------------------------------------------------------------------------------------------- reach
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


reach = Exercise(
    name="reach",
    lesson=8,
    prompt="How far to one side may a pixel of the answer depend on the picture, in the course's "
    "U-Net (a level: two 3×3 convolutions; max-pool 2; transposed convolution, kernel 2, stride "
    "2)? The farthest, over all pixels.",
    ladder=(a_function("reach(depth)"), agrees(_reach, "reach", lambda: FROM_NONE)),
    answers=(lambda: _reach, lambda: _walked, lambda: _from_above),
    slips=(
        Slip(
            "no halving forgotten",
            lambda: lambda depth: _reach(depth) if depth else 0,
            lambda answer: answer(0) != 2 and all(answer(*d) == _reach(*d) for d in DEPTHS),
            "With halvings yours is right. Without any, two convolutions are left: 2.",
        ),
        computes(
            "the place inside a cell forgotten",
            lambda depth: 6 * 2**depth - 4,
            DEPTHS,
            "Nearly: at each pool a pixel may be the far one of its pair. That adds 1, 2, 4 … "
            "pixels, 2**depth − 1 in all.",
        ),
        *(
            computes(
                name,
                wrong,
                DEPTHS,
                says,
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
        "Without any halving there is one block of two 3×3 convolutions. How far does each reach "
        "to one side, and both?",
        "Now put a level above: its block on the way down (2), its block on the way up (2), and a "
        "pixel may be the far one of its pair (1). All that lies below counts double.",
        "`reach(0) = 2`, `reach(depth) = ___ * reach(depth - 1) + ___`",
    ),
    solution_text="`return 7 * 2**depth - 5`, or "
    "`return 2 if depth == 0 else 2 * reach(depth - 1) + 5`",
    praise="7·2**depth − 5 pixels, 107 for depth 4: where a pixel stands in its cell decides, and "
    "this is the farthest.",
)
