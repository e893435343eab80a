"""Lesson 3: the smallest image size that causes no mismatch at any skip."""

import math
import random

from unet_teach.exercises.checks.facts import number
from unet_teach.exercises.checks.formulas import computes
from unet_teach.exercises.checks.functions import Probes, is_function
from unet_teach.exercises.exercise import Exercise

SAMPLES = [  # size, depth
    *((5, 1), (4, 2), (5, 2), (1, 1), (7, 1), (12, 2)),
    *((30, 3), (31, 4), (33, 4), (40, 3), (97, 5), (9, 0)),
]
NOT_TWO = [(31, 1), (30, 3), (31, 4), (40, 3), (97, 5)]  # for depth 2, 2 ^ depth is 0: an error
GRID = [*SAMPLES, *((size, depth) for size in range(1, 41) for depth in range(6))]


def _fresh() -> list[tuple[int, int]]:
    chance = random.Random()
    return sorted((chance.randint(1, 600), chance.randint(0, 6)) for _ in range(40))


def _fits(size: int, depth: int) -> int:
    step: int = 2**depth
    return -(-size // step) * step


def _why_not(value: float, size: int, depth: int) -> str:
    """Say which part of the question a number does not answer."""
    if value != int(value):
        return f"{number(value)} is not a whole number of pixels."
    if value < size:
        return f"{number(value)} is smaller than {size}."
    if value % 2**depth:
        halved = [value / 2**times for times in range(depth + 1) if value % 2**times == 0]
        way = " → ".join(map(number, [*halved, halved[-1] / 2])) if halved else number(value)
        return f"{number(value)} can't be halved {depth} time{'' if depth == 1 else 's'}: {way}."
    return f"A smaller size is enough: {_fits(size, depth)}."


def _halved_up(size: int, depth: int) -> int:
    for _ in range(depth):
        size = (size + 1) // 2
    return int(size * 2**depth)


known = Probes(lambda: GRID)
with_depth = Probes(lambda: [sample for sample in SAMPLES if sample[1]])

fits = Exercise(
    name="fits",
    lesson=3,
    prompt="Write `fits`: the smallest size, not smaller than `size`, that can be halved `depth` times without a remainder.",
    checks=(is_function("fits(size, depth)"), computes(
            _fits,
            "fits",
            GRID,
            _fresh,
            conditions={
                "size fits already": lambda size, depth: size % 2**depth == 0,
                "size is less than 2**depth": lambda size, depth: size < 2**depth,
            },
            terms={"2**depth": lambda size, depth: 2**depth},
            explain=_why_not,
        )),
    mistakes=(
        with_depth.mistake("2·depth", "You use multiples of 2·depth: 2, 4, 6. But each halving doubles what the size must be divisible by: 2, 4, 8.",
            lambda size, depth: -(-size // max(1, 2 * depth)) * max(1, 2 * depth),
            lambda size, depth: (size // max(1, 2 * depth) + 1) * max(1, 2 * depth)),
        with_depth.mistake("depth for 2**depth", "You divide by depth itself. One halving divides by 2, two by 4: what do `depth` halvings divide by?",
            lambda size, depth: -(-size // depth) * depth, lambda size, depth: size + size % depth),
        known.mistake("^ for a power", "In Python, `2 ^ depth` flips bits and is not a power. Write `2**depth`.",
            lambda size, depth: -(-size // (2 ^ depth)) * (2 ^ depth), cases=lambda: NOT_TWO),
        known.mistake("rounded down", "You round down, so the image would have to be cropped. Which size is the image padded to? Round up.",
            lambda size, depth: size // 2**depth * 2**depth),
        known.mistake("rounded to the nearest", "You round to the nearest multiple, which may be smaller than `size`. Always round up.",
            lambda size, depth: round(size / 2**depth) * 2**depth, lambda size, depth: int(size / 2**depth + 0.5) * 2**depth),
        known.mistake("always a step more", "You always go one step up, even for a size that fits already. Such a size should stay as it is.",
            lambda size, depth: (size // 2**depth + 1) * 2**depth),
        known.mistake("rounded up twice", "You round up twice: adding `2**depth - 1` rounds up if a floor, `//`, follows. With `ceil`, divide `size` itself.",
            lambda size, depth: math.ceil((size + 2**depth - 1) / 2**depth) * 2**depth,
            lambda size, depth: round(size / 2**depth + 0.5) * 2**depth,
            lambda size, depth: math.ceil(size / 2**depth + 0.5) * 2**depth),
        known.mistake("the size at the bottleneck", "You return the size after the halvings, at the bottleneck. Multiply it by 2**depth: that is the size of the image.",
            lambda size, depth: -(-size // 2**depth), lambda size, depth: _halved_up(size, depth) // 2**depth, lambda size, depth: size // 2**depth),
        with_depth.mistake("depth squared", "You use multiples of depth², 1, 4, 9. Two to the power of depth is `2**depth`: 2, 4, 8.",
            lambda size, depth: -(-size // depth**2) * depth**2),
        known.mistake("a power of two", "You return a power of two, which can be halved down to 1. But only `depth` halvings are needed: for depth 2, 12 fits as well.",
            lambda size, depth: 2 ** (size - 1).bit_length(),
            lambda size, depth: 2 ** max(depth, (size - 1).bit_length())),
        known.mistake("the remainder added", "You add the remainder, size % 2**depth. Add what is missing up to the next multiple instead.",
            lambda size, depth: size + size % 2**depth),
    ),
    hints=(
        "12 can be halved twice, but 6 only once. What do all sizes that can be halved twice have in common?",
        "They are the multiples of 2**depth. How do you round up to a multiple if `//` rounds down?",
        "`step = 2 ** ___`, `return (size + ___) // step * step`",
    ),
    solution_text=(
        "`step = 2**depth\n"
        "return (size + step - 1) // step * step`"
    ),
    praise="You round up to a multiple of 2**depth. With such an image size, no skip has a mismatch.",
)  # fmt: skip
