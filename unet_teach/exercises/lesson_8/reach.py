"""Exercise of lesson 8: how far to one side the receptive field of a U-Net reaches."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from unet_teach.exercises.checks.formulas import computes
from unet_teach.exercises.checks.functions import Probes, is_function
from unet_teach.exercises.exercise import Exercise, KnownMistake
from unet_teach.exercises.plain_values import plain

DEPTHS = [(depth,) for depth in range(7)]


def _reach(depth: int) -> int:
    return 7 * 2**depth - 5  # type: ignore[no-any-return]


def _follows(answer: Callable[[int], Any]) -> tuple[int, int, int]:
    """Return a factor, a number and the start, if each result is the one before · factor + number.

    Otherwise all three are 0.
    """
    values = [plain(answer(depth)) for (depth,) in DEPTHS]
    first, second, third = values[:3]
    if second == first:
        return 0, 0, 0
    factor = (third - second) / (second - first)
    added = second - factor * first
    if not all(two == factor * one + added for one, two in pairwise(values)):
        return 0, 0, 0
    whole = [number == int(number) for number in (factor, added, first)]
    return (int(factor), int(added), int(first)) if all(whole) else (0, 0, 0)


known = Probes(lambda: DEPTHS[1:])

reach = Exercise(
    name="reach",
    lesson=8,
    prompt="How many pixels to one side does the receptive field of an output pixel reach in the course's U-Net, at most? It has two 3×3 convolutions at each level of the encoder and the decoder and in the bottleneck, max-pooling by 2, and transposed convolutions with kernel 2 and stride 2. `depth` counts the halvings.",
    checks=(is_function("reach(depth)"), computes(_reach, "reach", DEPTHS)),
    mistakes=(
        KnownMistake("no halving forgotten", "It's right for every depth but 0. Without any halving there are still two 3×3 convolutions, which reach 2 pixels.",
            lambda: lambda depth: _reach(depth) if depth else 0,
            lambda answer: answer(0) != 2 and all(answer(*d) == _reach(*d) for d in DEPTHS[1:])),
        known.mistake("the place inside a cell forgotten", "You count the convolutions correctly. But at each max-pooling a pixel may be the far one of its pair, which adds 1, 2, 4, … pixels, 2**depth − 1 in all.",
            lambda depth: 6 * 2**depth - 4),
        known.mistake("added, not doubled", "Each level does add 5. But it also doubles everything below it, because one step there is two pixels here.",
            lambda depth: 5 * depth + 2),
        known.mistake("^ for a power", "In Python, `2 ^ depth` isn't a power: `^` flips bits. Write `2**depth`.",
            lambda depth: 7 * 2 ^ depth - 5, lambda depth: 7 * (2 ^ depth) - 5),
        known.mistake("both sides and the pixel", "That's the whole width of the receptive field: both sides and the pixel itself. The question is about one side.",
            lambda depth: 2 * _reach(depth) + 1),
        known.mistake("the bottleneck forgotten", "The two convolutions of the bottleneck are missing. One step there is 2**depth pixels.",
            lambda depth: 5 * 2**depth - 5),
        known.mistake("1 for each max-pooling", "At each max-pooling you add 1 pixel. But a pair lies one cell apart, and cells are 1, 2, 4, … pixels wide, so it's 2**depth − 1 in all.",
            lambda depth: 6 * 2**depth - 4 + depth),
        known.mistake("only the bottleneck doubled", "You multiply only the bottleneck's reach by 2**depth. The levels above it lie inside each other as well: at level 1 a cell is 2 pixels wide, at level 2 four, so each level counts its 5 in pixels of its own size.",
            lambda depth: 2 * 2**depth + 5 * depth),
        known.mistake("every level as coarse as the bottleneck", "You multiply what every level adds by 2**depth, as if all cells were as wide as those of the bottleneck. The pixels of the top level are 1 wide, those of the next one 2, then 4, so each level counts in pixels of its own size.",
            *(lambda depth, own=own: (2 + own * depth) * 2**depth for own in (5, 4, 3, 2)), lambda depth: 7 * depth * 2**depth),
        KnownMistake("another start", "Each level is counted correctly, but you start with another number. Without any halving there are two 3×3 convolutions, which reach 2 pixels.",
            lambda: lambda depth: 6 * 2**depth - 5, lambda answer: (found := _follows(answer))[:2] == (2, 5) and found[2] not in (2, 9)),
        KnownMistake("another number added", "Each of your results is twice the one before, plus a number. Doubling is right, but the number isn't: how far do the two convolutions of the encoder reach, the two of the decoder, and the far pixel of a pair in max-pooling?",
            lambda: lambda depth: 5 * 2**depth - 3, lambda answer: (found := _follows(answer))[::2] == (2, 2) and found[1] != 5,
            more_examples=(lambda: lambda depth: 8 * 2**depth - 6, lambda: lambda depth: 12 * 2**depth - 10)),
        KnownMistake("another start and another number", "Each of your results is twice the one before, plus a number. Doubling is right, but neither the number nor the start is: at depth 0 there are two convolutions, and each level adds two of the encoder, two of the decoder and the far pixel of a pair in max-pooling.",
            lambda: lambda depth: 10 * 2**depth - 7, lambda answer: (found := _follows(answer))[0] == 2 and found[1] != 5 and found[2] != 2 and found[1] + found[2] != 7),
        KnownMistake("multiplied by another number", "Your results don't double from level to level, but grow by another factor. One step below a halving is two pixels here, whatever the level.",
            lambda: lambda depth: (9 * 3**depth - 5) // 2, lambda answer: _follows(answer)[0] not in (0, 1, 2)),
        KnownMistake("never doubled", "Each level adds the same number of pixels in your function. But it also doubles everything below it, because one step there is two pixels here.",
            lambda: lambda depth: 4 * depth + 2, lambda answer: _follows(answer)[0] == 1),
    ),
    hints=(
        "Start with depth 0, where there are only two 3×3 convolutions. How far does one of them reach to one side, and how far do both together?",
        "Now add a level on top. Its convolutions in the encoder reach 2 pixels, those in the decoder 2 more, and a pixel may be the far one of its pair, which adds 1. What happens to the reach of everything below?",
        "`reach(0) = 2`, `reach(depth) = ___ * reach(depth - 1) + ___`",
    ),
    solution_text="`return 2 if depth == 0 else 2 * reach(depth - 1) + 5`, or `return 7 * 2**depth - 5`",
    praise="It's 7·2**depth − 5 pixels, so 107 for depth 4. Most pixels see less far to one side, depending on where they are in their cell.",
)  # fmt: skip
