"""Exercise of lesson 8: after which shift of the image a U-Net repeats its output."""

from __future__ import annotations

from unet_teach.exercises.checks.formulas import computes
from unet_teach.exercises.checks.functions import Probes, is_function
from unet_teach.exercises.exercise import Exercise

DEPTHS = [(depth,) for depth in (*range(1, 7), 0)]


def _doubled(depth: int) -> int:
    step = 1
    for _ in range(depth):
        step *= 2
    return step


known = Probes(lambda: DEPTHS[:-1])

repeats_after = Exercise(
    name="repeats_after",
    lesson=8,
    prompt="Shift a picture, and a U-Net's answer need not shift with it. How many pixels are the smallest shift after which it does, with any weights? `depth` counts the halvings.",
    checks=(
        is_function("repeats_after(depth)"),
        computes(lambda depth: 2**depth, "repeats_after", DEPTHS),
    ),
    answers=(lambda: lambda depth: 2**depth, lambda: _doubled, lambda: lambda depth: 1 << depth),
    mistakes=(
        known.mistake("2·depth", "Pixels of the bottom lie 2, 4, 8 apart: each halving doubles, it does not add 2.",
            lambda depth: 2 * depth),
        known.mistake("depth", "That is the number of halvings. How many pixels of the picture does one step at the bottom cover?",
            lambda depth: depth),
        known.mistake("1", "1 is right for convolutions alone. A pool pairs pixels 0 and 1, 2 and 3: shifted by 1, other pixels are paired.",
            lambda depth: 1),
        known.mistake("one halving too few", "The last halving pairs as well: you count one too few.",
            lambda depth: 2 ** (depth - 1)),
        known.mistake("one halving too many", "It repeats itself after half of that. depth counts halvings, not levels.",
            lambda depth: 2 ** (depth + 1)),
        known.mistake("the 8 of the lesson's network", "8 is right for the network above, with its three halvings. And with another depth?",
            lambda depth: 8),
        known.mistake("^ for a power", "In Python `2 ^ depth` is no power: it flips bits. Two stars make a power.",
            lambda depth: 2 ^ depth),
        known.mistake("an area", "That is how many pixels a bottom cell covers, a square. The shift goes along a side.",
            lambda depth: 4**depth),
    ),
    hints=(
        "A pool takes pixels 0 and 1 together, 2 and 3, 4 and 5. Shift by 1: are the pairs the same? By 2?",
        "After two pools, pixels 0 to 3 are together. By how much do you have to shift now?",
        "`return ___ ** depth`",
    ),
    solution_text="`return 2 ** depth`: a step of one cell at the bottom.",
    praise="2**depth pixels: one step at the bottom. So tiles that begin at its multiples are cut as the whole picture is.",
)  # fmt: skip
