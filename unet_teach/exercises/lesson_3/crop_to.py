"""Exercise of lesson 3: crop the skip to the size of up, as the U-Net of 2015 does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.functions import Case, Function
from unet_teach.exercises.checks.tensors import TensorProbes, close, tensor_function
from unet_teach.exercises.exercise import Exercise, KnownMistake
from unet_teach.shared.sizes_as_text import sizes_as_text

Size = tuple[int, int]

SIZES: list[tuple[Size, Size]] = [  # of the skip and of up
    ((8, 10), (4, 6)),  # even differences
    ((7, 11), (4, 6)),  # odd differences
    ((6, 9), (6, 4)),  # one side fits
    ((64, 64), (56, 56)),  # the sizes of 2015
]


def _case(skip: Size, up: Size, channels: Size = (3, 5)) -> Case:
    inputs = torch.randn(2, channels[0], *skip), torch.randn(2, channels[1], *up)
    return Case(f"Skip {sizes_as_text(skip)}, up {sizes_as_text(up)}", inputs)


def _cases() -> Iterator[Case]:
    chance = random.Random()
    fresh = []
    for _ in range(6):
        height, width = chance.randint(1, 9), chance.randint(1, 9)
        skip = height + chance.randint(0, 7), width + chance.randint(0, 7)
        fresh.append((skip, (height, width)))
    for number, sizes in enumerate([*SIZES, *sorted(fresh)]):
        yield _case(*sizes, channels=(3, 5) if number % 2 else (5, 3))


def _probes() -> list[Case]:
    return [_case(*sizes) for sizes in SIZES[:3]]


def _surplus(skip: Tensor, up: Tensor) -> Size:
    """Return how many rows and columns the skip has too many."""
    return skip.shape[2] - up.shape[2], skip.shape[3] - up.shape[3]


def _start(skip: Tensor, up: Tensor, extra: Size = (0, 0)) -> Size:
    """Return the row and column where the middle starts.

    An odd difference leaves two middles: `extra` of 1 gives the second one.
    """
    rows, columns = _surplus(skip, up)
    return (rows + extra[0]) // 2, (columns + extra[1]) // 2


def _window(skip: Tensor, up: Tensor, start: Size) -> Tensor:
    (top, left), (height, width) = start, up.shape[2:]
    return skip[:, :, top : top + height, left : left + width]


def centre(skip: Tensor, up: Tensor) -> Tensor:
    """Return the middle of the skip, as large as up."""
    return _window(skip, up, _start(skip, up))


# Four functions: either middle of the rows with either middle of the columns.
_CENTRES: list[Function] = [
    lambda skip, up, extra=extra: _window(skip, up, _start(skip, up, extra))
    for extra in product((0, 1), (0, 1))
]


def _find(window: Tensor, skip: Tensor) -> Size | None:
    """Return the row and column where this window of the skip starts, if it is one."""
    rows, columns = _surplus(skip, window)
    starts = product(range(rows + 1), range(columns + 1))
    return next((s for s in starts if close(window, _window(skip, window, s))), None)


def _start_problem(case: Case, output: Tensor) -> str | None:
    skip, up = case.inputs
    start, middle = _find(output, skip), _start(skip, up)
    if start is None:
        return None
    return (
        f"{case.call}: your window starts in row {start[0]}, column {start[1]}; the one in the "
        f"middle starts in row {middle[0]}, column {middle[1]}."
    )


def _by_padding(skip: Tensor, up: Tensor) -> Tensor:
    rows, columns = _surplus(up, skip)
    return F.pad(skip, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))


def _from_both_ends(skip: Tensor, up: Tensor) -> Tensor:
    top, left = _start(skip, up)
    return skip[:, :, top : skip.shape[2] - top, left : skip.shape[3] - left]


def _to_negative_end(skip: Tensor, up: Tensor) -> Tensor:
    top, left = _start(skip, up)
    return skip[:, :, top:-top, left:-left]


def _end_without_start(skip: Tensor, up: Tensor) -> Tensor:
    top, left = _start(skip, up)
    return skip[:, :, top : up.shape[2], left : up.shape[3]]


def _on_first_axes(skip: Tensor, up: Tensor) -> Tensor:
    top, left = _start(skip, up)
    return skip[top : top + up.shape[2], left : left + up.shape[3]]


def _is_resized(answer: Function) -> bool:
    """Whether it interpolates: the values are new, but a constant skip stays constant."""
    skip, up = _probes()[0].inputs
    output, twos = answer(skip, up), answer(torch.full_like(skip, 2), up)
    is_shuffled = close(output.flatten().sort()[0], centre(skip, up).flatten().sort()[0])
    return (
        _find(output, skip) is None
        and not is_shuffled
        and close(twos, torch.full((2, 3, *up.shape[2:]), 2.0))
    )


def _ignores_up(answer: Function) -> bool:
    """Whether it crops, but to the same size for a larger and a smaller up."""
    skip = torch.randn(2, 3, 80, 80)
    shapes = [answer(skip, skip[:, :, :side, :side]).shape for side in (60, 70)]
    is_a_map = len(shapes[0]) == 4 and shapes[0][:2] == skip.shape[:2]
    return is_a_map and shapes[0] == shapes[1] != skip.shape


known = TensorProbes(_probes)

crop_to = Exercise(
    name="crop_to",
    lesson=3,
    prompt="Cut the skip to up's height and width, out of its middle, as the U-Net of 2015 does.",
    checks=tensor_function("crop_to(skip, up)", _cases, *_CENTRES, holds=("its size", "from the middle"),
        explain=_start_problem),
    answers=(
        lambda: centre,
        lambda: _CENTRES[-1],
        lambda: _by_padding,
        lambda: lambda skip, up: centre(skip, up).contiguous(),
    ),
    mistakes=(
        known.mistake("the corner", "That is the top left corner: its cells are not at the places of up's cells.",
            lambda skip, up: skip[:, :, : up.shape[2], : up.shape[3]]),
        known.mistake("the far corner", "That is the bottom right corner: its cells are not at the places of up's cells.",
            lambda skip, up: skip[:, :, -up.shape[2] :, -up.shape[3] :]),
        KnownMistake("resized instead of cut", "You resized the skip: the whole of it, squeezed. Its cells are to stay what they are, only fewer of them.",
            lambda: lambda skip, up: F.interpolate(skip, size=up.shape[2:], mode="bilinear"),
            _is_resized),
        known.mistake("one axis only", "You cut one axis. Height and width are both to be up's.",
            lambda skip, up: centre(skip, skip[:, :, : up.shape[2]]),
            lambda skip, up: centre(skip, skip[:, :, :, : up.shape[3]])),
        KnownMistake("sizes written down", "That fits one pair of sizes. Take the numbers from the maps: `up.shape`.",
            lambda: lambda skip, up: skip[:, :, 4:60, 4:60], _ignores_up),
        known.mistake("all zeros", "The size is right, but it is all zeros: nothing of the skip is left.",
            lambda skip, up: skip.new_zeros(*skip.shape[:2], *up.shape[2:]),
            lambda skip, up: 0 * centre(skip, up)),
        known.mistake("up in place of the skip", "That is up itself. The skip is the one to be cut.",
            lambda skip, up: up),
        known.mistake("joined as well", "You joined the two as well. Return the skip alone, cut.",
            lambda skip, up: torch.cat([centre(skip, up), up], dim=1),
            lambda skip, up: torch.cat([up, centre(skip, up)], dim=1)),
        known.mistake("detached", "Your crop is cut from the gradient: the layers before the skip would not learn through it.",
            lambda skip, up: centre(skip, up).detach(), cases=lambda: _probes()[:1]),
        known.mistake("the end without its start", "A slice names its end, not its length: what starts later has to end later.",
            _end_without_start),
        known.mistake("height and width swapped", "The rows start where the columns should, and the columns where the rows should.",
            lambda skip, up: _window(skip, up, _start(skip, up)[::-1])),
        known.mistake("an end of minus nothing", "An end of `-d` takes the same from both sides: that fails when the difference is odd, and when it is 0, where `-0` is the start.",
            _to_negative_end),
        known.mistake("the odd row left", "You take the same from both sides: an odd difference leaves one row too many.",
            _from_both_ends),
        known.mistake("the wrong axes", "You cut the first two axes. They are the batch and the channels.",
            _on_first_axes),
    ),
    hints=(
        "How many rows are too many? Half of them go above the middle.",
        "With `top = (skip.shape[2] - up.shape[2]) // 2`, the window has up's height: in which row does it end?",
        "`return skip[:, :, top : top + ___, left : left + ___]`",
    ),
    solution_text=(
        "`top = (skip.shape[2] - up.shape[2]) // 2\n"
        "left = (skip.shape[3] - up.shape[3]) // 2\n"
        "return skip[:, :, top : top + up.shape[2], left : left + up.shape[3]]`"
    ),
    praise="The middle of the skip, whatever the sizes, and the gradient goes back to it alone.",
)  # fmt: skip
