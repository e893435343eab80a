"""Lesson 3: crop the skip to the size of up, as the U-Net of 2015 does."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.functions import Case, Function
from unet_teach.exercises.checks.tensors import TensorProbes, close, tensor_function
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.exercises.lesson_3.size_pairs import RESIZED, Pairs, Size
from unet_teach.shared.sizes_as_text import sizes_as_text

SIZES: list[tuple[Size, Size]] = [  # of skip and up
    ((8, 10), (4, 6)),  # even differences
    ((7, 11), (4, 6)),  # odd differences
    ((6, 9), (6, 4)),  # one side fits
    ((64, 64), (56, 56)),  # the sizes of 2015
    ((8, 11), (4, 4)),
    ((5, 8), (5, 8)),
    ((9, 6), (4, 6)),
    ((9, 9), (4, 4)),
    ((8, 6), (2, 4)),
    ((10, 7), (7, 6)),
    ((5, 5), (1, 1)),
    ((11, 12), (7, 4)),
    ((10, 10), (4, 6)),
    ((9, 6), (4, 3)),
]

FEWEST = 6  # windows from which it is told where all of them begin or end
Edge = Callable[[int, int, int, int, int], int]  # of skip, up, where it begins, skip and up across
STARTS: dict[str, Edge] = {
    "begins with {noun} 0": lambda s, u, a, s2, u2: 0,
    "begins at half of skip's {side}": lambda s, u, a, s2, u2: s // 2,
    "begins at a quarter of the difference of the {side}s": lambda s, u, a, s2, u2: (s - u) // 4,
    "begins at the whole difference of the {side}s": lambda s, u, a, s2, u2: s - u,
    "begins 1 {noun} after the middle does": lambda s, u, a, s2, u2: (s - u) // 2 + 1,
    "begins 1 {noun} before the middle does": lambda s, u, a, s2, u2: (s - u) // 2 - 1,
    "begins at half of the difference of skip's {side} and up's {other}": lambda s, u, a, s2, u2: (
        (s - u2) // 2
    ),
    "begins at half of the difference of the {other}s": lambda s, u, a, s2, u2: (s2 - u2) // 2,
}
STOPS: dict[str, Edge] = {
    "ends only with skip's last {noun}": lambda s, u, a, s2, u2: s,
    "ends at up's {side}, and not that many {noun}s after its start": lambda s, u, a, s2, u2: u,
    "ends as far from skip's end as it begins from skip's start, which is 1 {noun} off where the difference is odd": lambda s, u, a, s2, u2: (
        s - a
    ),
    "ends 1 {noun} too early": lambda s, u, a, s2, u2: a + u - 1,
    "ends 1 {noun} too late": lambda s, u, a, s2, u2: a + u + 1,
    "holds as many {noun}s as up's {other}": lambda s, u, a, s2, u2: a + u2,
}

pairs = Pairs(("skip", "up"), SIZES, larger=range(8))


def _surplus(skip: Tensor, up: Tensor) -> Size:
    """Return how many rows and columns the skip has too many."""
    return skip.shape[2] - up.shape[2], skip.shape[3] - up.shape[3]


CONDITIONS: dict[str, Callable[[Tensor, Tensor], bool]] = {
    "both differences are even": lambda *maps: not any(d % 2 for d in _surplus(*maps)),
    "the heights differ by an even number": lambda *maps: _surplus(*maps)[0] % 2 == 0,
    "the widths differ by an even number": lambda *maps: _surplus(*maps)[1] % 2 == 0,
    "height and width differ by the same number": lambda *maps: len(set(_surplus(*maps))) == 1,
    "up's height and width are even": lambda skip, up: up.shape[2] % 2 == up.shape[3] % 2 == 0,
    "the height has to be cropped": lambda *maps: _surplus(*maps)[0] > 0,
    "the width has to be cropped": lambda *maps: _surplus(*maps)[1] > 0,
}


def _start(skip: Tensor, up: Tensor, extra: Size = (0, 0)) -> Size:
    """Return the row and column where the middle starts.

    An odd difference leaves two middles: `extra` of 1 gives the second one.
    """
    rows, columns = _surplus(skip, up)
    return (rows + extra[0]) // 2, (columns + extra[1]) // 2


def _window(skip: Tensor, up: Tensor, start: Size) -> Tensor:
    (top, left), (height, width) = start, up.shape[2:]
    return skip[:, :, top : top + height, left : left + width]


# Four functions: either middle of the rows with either middle of the columns.
_CENTRES: list[Function] = [
    lambda skip, up, extra=extra: _window(skip, up, _start(skip, up, extra))
    for extra in product((0, 1), (0, 1))
]
centre = _CENTRES[0]


def _find(window: Tensor, skip: Tensor) -> Size | None:
    """Return the row and column where this window of the skip starts, if it is one."""
    rows, columns = _surplus(skip, window)
    starts = product(range(rows + 1), range(columns + 1))
    return next((s for s in starts if close(window, _window(skip, window, s))), None)


def _start_problem(case: Case, output: Tensor) -> str | None:
    skip, up = case.inputs
    if output.dim() == 4 and not output.numel() and output.shape[:2] == skip.shape[:2]:
        size, right = (sizes_as_text(x.shape[2:]) for x in (output, up))
        return f"{case.call}: the output is {size}, but it should be {right}. A slice is empty where it ends before it starts, and a negative number in it counts from the end."
    if output.shape[:2] != skip.shape[:2] or output.dim() != 4:
        return None
    start = _find(output, skip)
    if start is None:
        return None
    return f"{case.call}: you return {_span(start, output)}, but the middle is {_span(_start(skip, up), up)}."


def _span(start: Size, window: Tensor) -> str:
    (top, left), (height, width) = start, window.shape[2:]
    return (
        f"rows {top} to {top + height - 1}, columns {left} to {left + width - 1} ({height}×{width})"
    )


def _edges(answer: Function) -> str:
    """Say in which rows and columns an answer's windows begin and end, as far as few words can."""
    empty = 0
    found: list[tuple[Sequence[int], ...]] = []  # sizes of skip and up, where it begins, its size
    for case in pairs.known():
        (skip, up), output = case.inputs, case.run(answer)
        empty += output.dim() == 4 and not output.numel()
        if output.dim() == 4 and output.numel() and output.shape[:2] == skip.shape[:2]:
            if (start := _find(output, skip)) is None:
                return ""
            found.append((skip.shape[2:], up.shape[2:], start, output.shape[2:]))
    if len(found) < FEWEST:
        return ""
    texts = []
    sides = (("row", "height", "width"), ("column", "width", "height"))
    for axis, (noun, side, other) in enumerate(sides):
        lines = [(*(n[axis] for n in each), *(n[1 - axis] for n in each[:2])) for each in found]
        words = []
        if not all(a in ((s - u) // 2, (s - u + 1) // 2) for s, u, a, *_ in lines):
            words += [text for text, edge in STARTS.items() if all(a == edge(s, u, a, *across) for s, u, a, _, *across in lines)][:1]  # fmt: skip
        if not all(u == size for _, u, _, size, *_ in lines):
            words += [text for text, edge in STOPS.items() if all(a + size == edge(s, u, a, *across) for s, u, a, size, *across in lines)][:1]  # fmt: skip
        if words:
            said = " and ".join(words).format(noun=noun, side=side, other=other)
            texts.append(f"your slice of {noun}s {said}")
    if not texts:
        return ""
    count = "all" if len(found) == len(SIZES) else f"{len(found)} of the"
    nothing = f" In {empty} others, nothing is left." if empty else ""
    return f"In {count} {len(SIZES)} cases tried, {'; '.join(texts)}.{nothing}"


def _with_edges(check: Check) -> Check:
    return replace(check, facts=lambda answer: f"{_edges(answer)} {check.facts(answer)}")


def _same_start(skip: Tensor, up: Tensor, axis: int, side: int | None = None) -> Tensor:
    """Cut both axes where one of them should start; `side` is the axis whose size both take."""
    start = _start(skip, up)[axis]
    height, width = up.shape[2:] if side is None else [up.shape[2 + side]] * 2
    return skip[:, :, start : start + height, start : start + width]


def _ignores_up(answer: Function) -> bool:
    """Whether it crops, but to the same size for a larger and a smaller up."""
    skip = torch.randn(2, 3, 80, 80)
    shapes = {answer(skip, skip[:, :, :side, :side]).shape for side in (10, 30, 60, 70)}
    shape = shapes.pop()
    return not shapes and len(shape) == 4 and shape[:2] == skip.shape[:2] and shape != skip.shape


known = TensorProbes(lambda: [pairs.known()[place] for place in (0, 1, 2, 4, 9)])

crop_to = Exercise(
    name="crop_to",
    lesson=3,
    prompt="Write `crop_to`: cut a piece with the height and width of `up` out of the middle of `skip`, as the U-Net of 2015 does.",
    checks=tuple(map(_with_edges, tensor_function("crop_to(skip, up)", pairs.cases, *_CENTRES, holds=("its size", "its place in the middle"),
        explain=_start_problem, fixed=pairs.known, conditions=CONDITIONS | pairs.conditions))),
    mistakes=(
        known.mistake("the corner", "You return the top left corner of the skip. But up lies in the skip's middle, so where should your window start?",
            lambda skip, up: skip[:, :, : up.shape[2], : up.shape[3]]),
        known.mistake("the far corner", "You return the bottom right corner of the skip. It starts at the full difference of the sizes: where does the middle start?",
            lambda skip, up: skip[:, :, -up.shape[2] :, -up.shape[3] :]),
        known.mistake("resized instead of cut", "You resized the whole skip, which changes its values. Cut a piece out of it instead: `skip[:, :, …, …]`.",
            *RESIZED, lambda skip, up: F.adaptive_max_pool2d(skip, up.shape[2:])),
        known.mistake("the height for both axes", "You crop the columns with the numbers for the rows. The width has its own start, half of its difference, and up's width.",
            lambda skip, up: _same_start(skip, up, 0), lambda skip, up: _same_start(skip, up, 0, 0)),
        known.mistake("the width for both axes", "You crop the rows with the numbers for the columns. The height has its own start, half of its difference, and up's height.",
            lambda skip, up: _same_start(skip, up, 1), lambda skip, up: _same_start(skip, up, 1, 1)),
        known.mistake("channels as well", "You crop the channels as well, but they may differ: `torch.cat` accepts any number of channels. Crop only height and width.",
            lambda skip, up: centre(skip, up)[:, : up.shape[1]]),
        KnownMistake("sizes written down", "Your crop has the same size whatever the size of up. Don't write sizes as numbers: take them from `up.shape` and `skip.shape`.",
            lambda: lambda skip, up: skip[:, :, 4:60, 4:60], _ignores_up),
        known.mistake("axes 0 and 1", "You cut along axes 0 and 1, images and channels. Height and width are axes 2 and 3, so write `skip[:, :, …, …]`.",
            lambda skip, up: _window(skip.permute(2, 3, 0, 1), up, _start(skip, up)).permute(2, 3, 0, 1)),
        known.mistake("axes 1 and 2", "You cut along axes 1 and 2, channels and height. Height and width are axes 2 and 3, so write `skip[:, :, …, …]`.",
            lambda skip, up: _window(skip.permute(0, 3, 1, 2), up, _start(skip, up)).permute(0, 2, 3, 1)),
        known.mistake("up in place of the skip", "You return up itself. The skip is the one to crop.",
            lambda skip, up: up),
    ),
    hints=(
        "How many rows does the skip have too many? Half of them lie above the middle.",
        "With `top = (skip.shape[2] - up.shape[2]) // 2` the piece starts in the right row. It has up's height, so in which row does it end?",
        "`return skip[:, :, top : top + ___, left : left + ___]`",
    ),
    solution_text=(
        "`top = (skip.shape[2] - up.shape[2]) // 2\n"
        "left = (skip.shape[3] - up.shape[3]) // 2\n"
        "return skip[:, :, top : top + up.shape[2], left : left + up.shape[3]]`"
    ),
    praise="You return the middle of the skip, whatever the sizes, and gradients flow back to it.",
)  # fmt: skip
