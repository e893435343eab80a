"""The exercise of lesson 3 about sizes that part: bring up to its skip."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
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
from unet_teach.exercises.lesson_3.crop_to import centre
from unet_teach.shared.sizes_as_text import sizes_as_text

Size = tuple[int, int]
Pad = Callable[[Tensor, Tensor], Any]


# ------------------------------------------------------------------------------------------ pad_to
PADS: list[tuple[Size, Size]] = [  # up's size and the skip's
    ((4, 6), (5, 6)),
    ((4, 6), (6, 9)),
    ((6, 8), (5, 7)),
    ((5, 8), (7, 7)),
    ((3, 5), (3, 5)),
]


def _pad_samples() -> Iterator[tuple[Tensor, Tensor]]:
    """A row short, several, too large, one of each, the same size; then fresh ones."""
    chance = random.Random()
    fresh = []
    for _ in range(6):
        height, width = chance.randint(4, 12), chance.randint(4, 12)
        fresh.append(
            ((height, width), (height + chance.randint(-3, 3), width + chance.randint(-3, 3)))
        )
    for up, skip in [*PADS, *sorted(fresh)]:
        yield torch.randn(2, 5, *up), torch.randn(2, 3, *skip)


def _to(up: Tensor, skip: Tensor) -> str:
    return f"Up {sizes_as_text(up.shape[2:])}, skip {sizes_as_text(skip.shape[2:])}"


def _padded(up: Tensor, skip: Tensor) -> Tensor:
    """A negative padding cuts."""
    rows, columns = _missing(up, skip)
    return F.pad(up, (0, columns, 0, rows))


def _missing(up: Tensor, skip: Tensor) -> Size:
    return skip.shape[2] - up.shape[2], skip.shape[3] - up.shape[3]


def _pad_size_fault(answer: Pad) -> str | None:
    for up, skip in _pad_samples():
        found = trace(answer, (up, skip))
        if isinstance(found, str):
            return found
        if found.changed:
            return f"{_to(up, skip)}: your function changes a map it was given."
        wanted = (*up.shape[:2], *skip.shape[2:])
        if fault := shape_problem(found.output, wanted, _to(up, skip)):
            return fault
    return None


def _pad_values_fault(answer: Pad) -> str | None:
    for up, skip in _pad_samples():
        found, where = trace(answer, (up, skip)), _to(up, skip)
        assert isinstance(found, Trace)
        if fault := values_problem(found.output, _padded(up, skip), where):
            return fault
    return None


def _pad_gradient_fault(answer: Pad) -> str | None:
    for inputs in _pad_samples():
        found, wanted = trace(answer, inputs), trace(_padded, inputs)
        assert isinstance(found, Trace)
        assert isinstance(wanted, Trace)
        if fault := gradient_problem(found, wanted, ("up", "skip"), _to(*inputs)):
            return fault
    return None


def _pad_probes() -> list[tuple[Tensor, Tensor]]:
    return [(torch.randn(2, 5, *up), torch.randn(2, 3, *skip)) for up, skip in PADS]


def _laid_into_zeros(up: Tensor, skip: Tensor) -> Tensor:
    made = up.new_zeros(*up.shape[:2], *skip.shape[2:])
    rows, columns = (min(u, s) for u, s in zip(up.shape[2:], skip.shape[2:], strict=True))
    made[:, :, :rows, :columns] = up[:, :, :rows, :columns]
    return made


def _on_all_sides(up: Tensor, skip: Tensor) -> Tensor:
    rows, columns = _missing(up, skip)
    return F.pad(up, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))


def _repeated(up: Tensor, skip: Tensor) -> Tensor:
    rows, columns = _missing(up, skip)
    return F.pad(up, (0, columns, 0, rows), mode="replicate")


def _only_larger(up: Tensor, skip: Tensor) -> Tensor:
    rows, columns = (max(0, missing) for missing in _missing(up, skip))
    return F.pad(up, (0, columns, 0, rows))


def _is_stretched(answer: Pad) -> bool:
    """The right size, but in the part that both have the values are not up's; ones stay ones."""
    up, skip = _pad_probes()[1]
    found, even = trace(answer, (up, skip)), trace(answer, (torch.ones_like(up), skip))
    assert isinstance(found, Trace)
    assert isinstance(even, Trace)
    moved = not close(found.output[:, :, :4, :6], up)
    return moved and close(even.output, torch.ones(2, 5, 6, 9))


def _fails_where_larger(answer: Pad) -> bool:
    """Right where rows and columns are missing, and not where there are too many."""
    smaller, larger = _pad_probes()[1], _pad_probes()[2]
    if not close(answer(*smaller), _padded(*smaller)):
        return False
    try:
        return not close(answer(*larger), _padded(*larger))
    except Exception:
        return True


def _is_blind_to_skip(answer: Pad) -> bool:
    """It makes up larger, but always by the same."""
    up = torch.randn(2, 5, 6, 8)
    sizes = {answer(up, up.new_zeros(2, 3, side, side)).shape[2:] for side in (9, 11)}
    return len(sizes) == 1 and sizes != {up.shape[2:]}


known = Probes(_pad_probes, gradients=True)

pad_to = Exercise(
    name="pad_to",
    lesson=3,
    prompt="Bring up to the skip's height and width and leave its values where they are, from the top left on: zeros for what is missing below and on the right, a cut for what is too much.",
    checks=(
        is_function("pad_to(up, skip)"),
        Check("its size", _pad_size_fault),
        Check("its values", _pad_values_fault),
        Check("its gradient", _pad_gradient_fault),
    ),
    answers=(lambda: _padded, lambda: _laid_into_zeros),
    mistakes=(
        KnownMistake("resized", "You resized up: its values move and mix. They are to stay where they were.",
            lambda: lambda up, skip: F.interpolate(up, size=skip.shape[2:], mode="bilinear"),
            _is_stretched),
        known.mistake("the skip cut instead", "What you return is made of the skip. up is the one to be changed.",
            lambda up, skip: skip[:, :, : up.shape[2], : up.shape[3]],
            lambda up, skip: centre(skip, up), lambda up, skip: skip,
            cases=lambda: _pad_probes()[:2]),
        known.mistake("height and width swapped", "Rows went where columns should. F.pad counts from the last axis: the first two of its numbers are left and right.",
            lambda up, skip: F.pad(up, (0, _missing(up, skip)[0], 0, _missing(up, skip)[1]))),
        KnownMistake("always the same", "You always add the same. How much is missing, the two maps say.",
            lambda: lambda up, skip: F.pad(up, (0, 1, 0, 1)), _is_blind_to_skip),
        known.mistake("all zeros", "The size is right, but it is all zeros: nothing of up is left.",
            lambda up, skip: up.new_zeros(*up.shape[:2], *skip.shape[2:]),
            lambda up, skip: 0 * _padded(up, skip)),
        KnownMistake("only for what is missing", "It works where rows are missing. Where up has one too many, nothing is cut.",
            lambda: _only_larger, _fails_where_larger),
        known.mistake("zeros above and on the left", "Your zeros came in front, so every value moved. In F.pad, left stands before right and top before bottom.",
            lambda up, skip: F.pad(up, (_missing(up, skip)[1], 0, _missing(up, skip)[0], 0))),
        known.mistake("zeros on all sides", "You share the missing rows between both sides, so values move by half of them. Cell (0, 0) stays cell (0, 0).",
            _on_all_sides),
        known.mistake("the border repeated", "Your new cells repeat the border. Asked for are zeros: nothing is known there.",
            _repeated),
        known.mistake("the wrong way round", "It cuts where it should add. Which of the two sizes is subtracted from which?",
            lambda up, skip: F.pad(up, (0, -_missing(up, skip)[1], 0, -_missing(up, skip)[0]))),
        known.mistake("one axis only", "You changed one axis. Height and width are both to be the skip's.",
            lambda up, skip: F.pad(up, (0, 0, 0, _missing(up, skip)[0])),
            lambda up, skip: F.pad(up, (0, _missing(up, skip)[1]))),
        known.mistake("channels as well", "You brought the channels to the skip's as well. They may differ: cat does not mind.",
            lambda up, skip: F.pad(up, (*(0, _missing(up, skip)[1], 0, _missing(up, skip)[0]), *(0, skip.shape[1] - up.shape[1])))),
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
