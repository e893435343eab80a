"""Exercise of lesson 3: pad or crop the upsampled feature map to the size of its skip."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.functions import Case, Function
from unet_teach.exercises.checks.tensors import TensorProbes, close, tensor_function
from unet_teach.exercises.exercise import Exercise, KnownMistake
from unet_teach.exercises.lesson_3.crop_to import Size, centre
from unet_teach.shared.sizes_as_text import sizes_as_text

SIZES: list[tuple[Size, Size]] = [  # of up and of the skip
    ((4, 6), (5, 6)),  # a row short
    ((4, 6), (6, 9)),  # several short
    ((6, 8), (5, 7)),  # too large
    ((5, 8), (7, 7)),  # short and too wide
    ((3, 5), (3, 5)),  # equal
]


def _case(up: Size, skip: Size) -> Case:
    inputs = torch.randn(2, 5, *up), torch.randn(2, 3, *skip)
    return Case(f"Up {sizes_as_text(up)}, skip {sizes_as_text(skip)}", inputs)


def _known_cases() -> list[Case]:
    return [_case(*sizes) for sizes in SIZES]


def _cases() -> Iterator[Case]:
    chance = random.Random()
    fresh = []
    for _ in range(6):
        height, width = chance.randint(4, 12), chance.randint(4, 12)
        skip = height + chance.randint(-3, 3), width + chance.randint(-3, 3)
        fresh.append(((height, width), skip))
    yield from (_case(*sizes) for sizes in [*SIZES, *sorted(fresh)])


def _pad(numbers: Callable[[int, int], tuple[int, ...]], mode: str = "constant") -> Function:
    """Make a function that pads up.

    Args:
        numbers: turns the missing rows and columns into the numbers for `F.pad`, where a negative
            one crops.
        mode: as in `F.pad`.
    """

    def pad(up: Tensor, skip: Tensor) -> Tensor:
        rows, columns = skip.shape[2] - up.shape[2], skip.shape[3] - up.shape[3]
        return F.pad(up, numbers(rows, columns), mode=mode)

    return pad


_padded = _pad(lambda rows, columns: (0, columns, 0, rows))


def _copied_into_zeros(up: Tensor, skip: Tensor) -> Tensor:
    output = up.new_zeros(*up.shape[:2], *skip.shape[2:])
    rows, columns = (min(u, s) for u, s in zip(up.shape[2:], skip.shape[2:], strict=True))
    output[:, :, :rows, :columns] = up[:, :, :rows, :columns]
    return output


def _is_resized(answer: Function) -> bool:
    """Whether it interpolates: the values are not up's, but a constant up stays constant."""
    up, skip = _known_cases()[1].inputs
    output, ones = answer(up, skip), answer(torch.ones_like(up), skip)
    return not close(output[:, :, :4, :6], up) and close(ones, torch.ones(2, 5, 6, 9))


def _fails_where_larger(answer: Function) -> bool:
    """Whether it is right where rows and columns are missing, and not where there are too many."""
    _, smaller, larger, *_ = (case.inputs for case in _known_cases())
    if not close(answer(*smaller), _padded(*smaller)):
        return False
    try:
        return not close(answer(*larger), _padded(*larger))
    except Exception:
        return True


def _ignores_skip(answer: Function) -> bool:
    """Whether it resizes up, but to the same size for a smaller and a larger skip."""
    up = torch.randn(2, 5, 6, 8)
    sizes = {answer(up, up.new_zeros(2, 3, side, side)).shape[2:] for side in (9, 11)}
    return len(sizes) == 1 and sizes != {up.shape[2:]}


known = TensorProbes(_known_cases)

pad_to = Exercise(
    name="pad_to",
    lesson=3,
    prompt="Bring up to the skip's height and width and leave its values where they are, from the top left on: zeros for what is missing below and on the right, a cut for what is too much.",
    checks=tensor_function("pad_to(up, skip)", _cases, _padded),
    answers=(lambda: _padded, lambda: _copied_into_zeros),
    mistakes=(
        KnownMistake("resized", "You resized up: its values move and mix. They are to stay where they were.",
            lambda: lambda up, skip: F.interpolate(up, size=skip.shape[2:], mode="bilinear"),
            _is_resized),
        known.mistake("the skip cut instead", "What you return is made of the skip. up is the one to be changed.",
            lambda up, skip: skip[:, :, : up.shape[2], : up.shape[3]],
            lambda up, skip: centre(skip, up), lambda up, skip: skip,
            cases=lambda: _known_cases()[:2]),
        known.mistake("height and width swapped", "Rows went where columns should. F.pad counts from the last axis: the first two of its numbers are left and right.",
            _pad(lambda rows, columns: (0, rows, 0, columns))),
        KnownMistake("always the same", "You always add the same. How much is missing, the two maps say.",
            lambda: lambda up, skip: F.pad(up, (0, 1, 0, 1)), _ignores_skip),
        known.mistake("all zeros", "The size is right, but it is all zeros: nothing of up is left.",
            lambda up, skip: up.new_zeros(*up.shape[:2], *skip.shape[2:]),
            lambda up, skip: 0 * _padded(up, skip)),
        KnownMistake("only for what is missing", "It works where rows are missing. Where up has one too many, nothing is cut.",
            lambda: _pad(lambda rows, columns: (0, max(0, columns), 0, max(0, rows))),
            _fails_where_larger),
        known.mistake("zeros above and on the left", "Your zeros came in front, so every value moved. In F.pad, left stands before right and top before bottom.",
            _pad(lambda rows, columns: (columns, 0, rows, 0))),
        known.mistake("zeros on all sides", "You share the missing rows between both sides, so values move by half of them. Cell (0, 0) stays cell (0, 0).",
            _pad(lambda rows, columns: (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))),
        known.mistake("the border repeated", "Your new cells repeat the border. Asked for are zeros: nothing is known there.",
            _pad(lambda rows, columns: (0, columns, 0, rows), mode="replicate")),
        known.mistake("the wrong way round", "It cuts where it should add. Which of the two sizes is subtracted from which?",
            _pad(lambda rows, columns: (0, -columns, 0, -rows))),
        known.mistake("one axis only", "You changed one axis. Height and width are both to be the skip's.",
            _pad(lambda rows, columns: (0, 0, 0, rows)), _pad(lambda rows, columns: (0, columns))),
        known.mistake("channels as well", "You brought the channels to the skip's as well. They may differ: cat does not mind.",
            lambda up, skip: F.pad(_padded(up, skip), (0, 0, 0, 0, 0, skip.shape[1] - up.shape[1]))),
        known.mistake("detached", "Your map is cut from the gradient: nothing below it would learn.",
            lambda up, skip: _padded(up, skip).detach(), lambda up, skip: _padded(up.data, skip)),
        known.mistake("joined as well", "You joined the two as well. Return up alone, at its new size.",
            lambda up, skip: torch.cat([_padded(up, skip), skip], dim=1),
            lambda up, skip: torch.cat([skip, _padded(up, skip)], dim=1)),
    ),
    hints=(
        "How many rows are missing? What does your number say where up has one too many?",
        "`F.pad(up, (left, right, top, bottom))` adds zeros, and a negative number cuts. Which two of the four stay 0?",
        "`rows, columns = skip.shape[2] - ___, skip.shape[3] - ___`, `return F.pad(up, (___, ___, ___, ___))`",
    ),
    solution_text=(
        "`rows = skip.shape[2] - up.shape[2]\n"
        "columns = skip.shape[3] - up.shape[3]\n"
        "return F.pad(up, (0, columns, 0, rows))`"
    ),
    praise="Short or too large, up fits the skip, and each value stayed where it was.",
)  # fmt: skip
