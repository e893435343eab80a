"""The exercise of lesson 3 about the U-Net of 2015: cut the skip to what comes up."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.functions import Probes, is_function
from unet_teach.exercises.checks.tensors import (
    Trace,
    close,
    gradient_problem,
    shape_problem,
    trace,
    values_problem,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.shared.sizes_as_text import sizes_as_text

Size = tuple[int, int]
Crop = Callable[[Tensor, Tensor], Any]


# ----------------------------------------------------------------------------------------- crop_to
CROPS: list[tuple[Size, Size]] = [  # the skip's size and up's
    ((8, 10), (4, 6)),
    ((7, 11), (4, 6)),
    ((6, 9), (6, 4)),
    ((64, 64), (56, 56)),
]


def _crop_samples() -> Iterator[tuple[Tensor, Tensor]]:
    """Even differences, odd ones, one side that fits, the case of 2015; then fresh ones."""
    chance = random.Random()
    fresh = []
    for _ in range(6):
        height, width = chance.randint(1, 9), chance.randint(1, 9)
        fresh.append(
            ((height + chance.randint(0, 7), width + chance.randint(0, 7)), (height, width))
        )
    for number, (skip, up) in enumerate([*CROPS, *sorted(fresh)]):
        channels = (3, 5) if number % 2 else (5, 3)
        yield torch.randn(2, channels[0], *skip), torch.randn(2, channels[1], *up)


def _from_to(skip: Tensor, up: Tensor) -> str:
    return f"Skip {sizes_as_text(skip.shape[2:])}, up {sizes_as_text(up.shape[2:])}"


def _middles(skip: Tensor, up: Tensor) -> list[Size]:
    """Where a window of up's size starts in the middle; after an odd difference there are two."""
    over = [s - u for s, u in zip(skip.shape[2:], up.shape[2:], strict=True)]
    tops, lefts = ([*dict.fromkeys((d // 2, (d + 1) // 2))] for d in over)
    return list(product(tops, lefts))


def _window(skip: Tensor, up: Tensor, start: Size) -> Tensor:
    (top, left), (height, width) = start, up.shape[2:]
    return skip[:, :, top : top + height, left : left + width]


def _start_of(found: Tensor, skip: Tensor) -> Size | None:
    """Where in the skip this window starts, if it is one."""
    rows, columns = (s - f + 1 for s, f in zip(skip.shape[2:], found.shape[2:], strict=True))
    places = product(range(rows), range(columns))
    return next((p for p in places if close(found, _window(skip, found, p))), None)


def _size_of_crop_fault(answer: Crop) -> str | None:
    for skip, up in _crop_samples():
        found = trace(answer, (skip, up))
        if isinstance(found, str):
            return found
        if found.changed:
            return f"{_from_to(skip, up)}: your function changes a map it was given."
        wanted = (*skip.shape[:2], *up.shape[2:])
        if fault := shape_problem(found.output, wanted, _from_to(skip, up)):
            return fault
    return None


def _place_fault(answer: Crop) -> str | None:
    for skip, up in _crop_samples():
        found, where = trace(answer, (skip, up)), _from_to(skip, up)
        assert isinstance(found, Trace)
        middles, start = _middles(skip, up), _start_of(found.output, skip)
        if start is None:
            return values_problem(found.output, _window(skip, up, middles[0]), where)
        if start not in middles:
            return (
                f"{where}: your window starts in row {start[0]}, column {start[1]}; the one in the "
                f"middle starts in row {middles[0][0]}, column {middles[0][1]}."
            )
    return None


def _crop_gradient_fault(answer: Crop) -> str | None:
    for skip, up in _crop_samples():
        found = trace(answer, (skip, up))
        assert isinstance(found, Trace)
        start = _start_of(found.output, skip) or (0, 0)
        wanted = trace(lambda s, u, start=start: _window(s, u, start), (skip, up))
        assert isinstance(wanted, Trace)
        if fault := gradient_problem(found, wanted, ("skip", "up"), _from_to(skip, up)):
            return fault
    return None


def _crop_probes() -> list[tuple[Tensor, Tensor]]:
    return [(torch.randn(2, 3, *skip), torch.randn(2, 5, *up)) for skip, up in CROPS[:3]]


def centre(skip: Tensor, up: Tensor) -> Tensor:
    """Return the middle of the skip, as large as up."""
    return _window(skip, up, _middles(skip, up)[0])


def _by_padding(skip: Tensor, up: Tensor) -> Tensor:
    rows, columns = (u - s for s, u in zip(skip.shape[2:], up.shape[2:], strict=True))
    return F.pad(skip, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))


def _from_both_ends(skip: Tensor, up: Tensor) -> Tensor:
    rows, columns = ((s - u) // 2 for s, u in zip(skip.shape[2:], up.shape[2:], strict=True))
    return skip[:, :, rows : skip.shape[2] - rows, columns : skip.shape[3] - columns]


def _end_without_start(skip: Tensor, up: Tensor) -> Tensor:
    top, left = _middles(skip, up)[0]
    return skip[:, :, top : up.shape[2], left : up.shape[3]]


def _starts_swapped(skip: Tensor, up: Tensor) -> Tensor:
    top, left = _middles(skip, up)[0]
    return _window(skip, up, (left, top))


def _on_first_axes(skip: Tensor, up: Tensor) -> Tensor:
    top, left = _middles(skip, up)[0]
    return skip[top : top + up.shape[2], left : left + up.shape[3]]


def _is_resized(answer: Crop) -> bool:
    """Values that are not those of the middle, but a skip of twos stays twos."""
    skip, up = _crop_probes()[0]
    found, even = trace(answer, (skip, up)), trace(answer, (torch.full_like(skip, 2), up))
    assert isinstance(found, Trace)
    assert isinstance(even, Trace)
    moved = _start_of(found.output, skip) is None
    shuffled = close(found.output.flatten().sort()[0], centre(skip, up).flatten().sort()[0])
    return moved and not shuffled and close(even.output, torch.full((2, 3, 4, 6), 2.0))


def _is_blind_to_up(answer: Crop) -> bool:
    """It cuts, but the same for a larger and a smaller up."""
    skip = torch.randn(2, 3, 80, 80)
    shapes = [answer(skip, skip[:, :, :side, :side]).shape for side in (60, 70)]
    is_a_map = len(shapes[0]) == 4 and shapes[0][:2] == skip.shape[:2]
    return is_a_map and shapes[0] == shapes[1] != skip.shape


def _negative_end(skip: Tensor, up: Tensor) -> Tensor:
    rows, columns = ((s - u) // 2 for s, u in zip(skip.shape[2:], up.shape[2:], strict=True))
    return skip[:, :, rows:-rows, columns:-columns]


known = Probes(_crop_probes, gradients=True)

crop_to = Exercise(
    name="crop_to",
    lesson=3,
    prompt="Cut the skip to up's height and width, out of its middle, as the U-Net of 2015 does.",
    checks=(
        is_function("crop_to(skip, up)"),
        Check("its size", _size_of_crop_fault),
        Check("from the middle", _place_fault),
        Check("its gradient", _crop_gradient_fault),
    ),
    answers=(
        lambda: centre,
        lambda: lambda skip, up: _window(skip, up, _middles(skip, up)[-1]),
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
            lambda: lambda skip, up: skip[:, :, 4:60, 4:60], _is_blind_to_up),
        known.mistake("all zeros", "The size is right, but it is all zeros: nothing of the skip is left.",
            lambda skip, up: skip.new_zeros(*skip.shape[:2], *up.shape[2:]),
            lambda skip, up: 0 * centre(skip, up)),
        known.mistake("up in place of the skip", "That is up itself. The skip is the one to be cut.",
            lambda skip, up: up),
        known.mistake("joined as well", "You joined the two as well. Return the skip alone, cut.",
            lambda skip, up: torch.cat([centre(skip, up), up], dim=1),
            lambda skip, up: torch.cat([up, centre(skip, up)], dim=1)),
        known.mistake("detached", "Your crop is cut from the gradient: the layers before the skip would not learn through it.",
            lambda skip, up: centre(skip, up).detach(), cases=lambda: _crop_probes()[:1]),
        known.mistake("the end without its start", "A slice names its end, not its length: what starts later has to end later.",
            _end_without_start),
        known.mistake("height and width swapped", "The rows start where the columns should, and the columns where the rows should.",
            _starts_swapped),
        known.mistake("an end of minus nothing", "An end of `-d` takes the same from both sides: that fails when the difference is odd, and when it is 0, where `-0` is the start.",
            _negative_end),
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
