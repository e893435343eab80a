"""Lesson 7: change one line so that a network becomes a U-Net."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.functions import is_function
from unet_teach.exercises.checks.tensors import Trace, close, no_tensor, shape_problem, trace
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.inspection.inspector import inspect_unet
from unet_teach.networks.twelve_networks import Almost

Meet = Callable[[Tensor, Tensor], Any]

FAINT = 1e-3  # a gradient that is so much smaller than the other teaches nothing beside it


def _two_maps() -> tuple[Tensor, Tensor]:
    """Make x and skip as they arrive at this line: (2, 16, 6, 10), after a ReLU, with gradients."""
    x, skip = (torch.randn(2, 16, 6, 10, requires_grad=True) for _ in range(2))
    return F.relu(x), F.relu(skip)


def _shape_problem(answer: Meet) -> str | None:
    output = answer(*_two_maps())
    if not isinstance(output, Tensor):
        return no_tensor(output)
    return shape_problem(output, (2, 16, 6, 10), "Where two maps of 16 channels, 6×10, meet")


def _verdict_problem(answer: Meet) -> str | None:
    report = inspect_unet(Almost(answer), (1, 1, 64, 64))
    if report.problem or report.is_unet:
        return report.problem
    lacking = next(criterion for criterion in report.criteria if not criterion.met)
    return f"{report.verdict} {lacking.evidence[-1]}"


def _gradient_problem(answer: Meet) -> str | None:
    x, skip = _two_maps()
    if not torch.equal(answer(x.clone(), skip.clone()), answer(x.clone(), skip.clone())):
        return "The same two maps, given twice, make two different results."
    run = trace(answer, (x, skip))
    assert isinstance(run, Trace)  # `_shape_problem` has seen a tensor
    if run.changed:
        return "Your line changes what it is given."
    largest = [float(gradient.abs().max()) for gradient in run.gradients]
    for name, size in zip(("x, what comes up,", "skip"), largest, strict=True):
        if size <= FAINT * max(largest):
            return f"The maps meet, but {name} has no effect that could be learned from."
    return None


def _overwrites(answer: Meet) -> bool:
    run = trace(answer, _two_maps())
    return isinstance(run, Trace) and bool(run.changed)


def _same_values(one: Meet, other: Meet) -> bool:
    x, skip = _two_maps()
    return close(one(x.clone(), skip.clone()), other(x.clone(), skip.clone()))


def _mistake(name: str, sentence: str, wrong: Meet) -> KnownMistake:
    """Make a mistake that is recognised by what the line returns."""
    return KnownMistake(name, sentence, lambda: wrong, lambda answer: _same_values(answer, wrong))


def _attaches_skip(answer: Meet) -> bool:
    """Whether the output is connected to the skip in the autograd graph; `0 * skip` is."""
    skip = torch.ones(1, 16, 4, 4, requires_grad=True)
    output: Tensor = answer(torch.ones(1, 16, 4, 4), skip.clone())
    return output.requires_grad


def _in_place(x: Tensor, skip: Tensor) -> Tensor:
    x += skip
    return x


one_line = Exercise(
    name="one_line",
    lesson=7,
    prompt="Write `meet(x, skip)`, the one line that makes this network a U-Net.",
    checks=(
        is_function("meet(x, skip)"),
        Check("its shape", _shape_problem),
        Check("the verdict", _verdict_problem),
        Check("a living skip", _gradient_problem),
    ),
    answers=(
        lambda: lambda x, skip: x + skip,
        lambda: lambda x, skip: torch.stack([x, skip]).mean(0),
        lambda: lambda x, skip: torch.cat([x[:, :8], skip[:, :8]], dim=1),
    ),
    mistakes=(
        KnownMistake("the skip times zero", "The inspector sees that they meet. It does not see that nothing arrives.",
            lambda: lambda x, skip: x + 0 * skip,
            lambda a: _same_values(a, lambda x, skip: x) and _attaches_skip(a)),
        KnownMistake("in place", "`+=` overwrites x, which the gradient still needs. Make a new map: `x + skip`.",
            lambda: _in_place, _overwrites),
        KnownMistake("a layer made in the line", "A layer that is made in the line is a new one each time, with new random weights: it learns nothing. This line needs no layer.",
            lambda: lambda x, skip: x + nn.Conv2d(16, 16, 1)(skip), lambda a: not _same_values(a, a)),
        _mistake("no skip", "The skip is not used: as it stands, this is an autoencoder.",
            lambda x, skip: x),
        _mistake("only the skip", "Now what comes up is thrown away, and the bottom with it.",
            lambda x, skip: skip),
        KnownMistake("detached", "A detached skip carries the picture, and teaches the encoder nothing.",
            lambda: lambda x, skip: x + skip.detach(),
            lambda a: not _attaches_skip(a) and _same_values(a, lambda x, skip: x + skip)),
        KnownMistake("concatenated, and too wide", "`cat` makes 32 channels of 16 and 16, and up_one takes 16. Which join keeps 16?",
            lambda: lambda x, skip: torch.cat([x, skip], dim=1),
            lambda a: a(torch.zeros(1, 16, 4, 4), torch.zeros(1, 16, 4, 4)).shape[1] == 32),
        KnownMistake("along the batch", "`dim=0` counts the pictures of a batch, `dim=1` the channels.",
            lambda: lambda x, skip: torch.cat([x, skip], dim=0),
            lambda a: a(torch.zeros(1, 16, 4, 4), torch.zeros(1, 16, 4, 4)).shape[0] == 2),
        _mistake("one number", "One number crosses, no map: the places are lost.",
            lambda x, skip: x + skip.mean()),
        _mistake("one number a channel", "A mean over the whole map knows *what*, not *where*: no place crosses.",
            lambda x, skip: x + skip.mean((2, 3), keepdim=True)),
        _mistake("halved first", "What was halved and made large again has been small: that is not a skip.",
            lambda x, skip: x + F.interpolate(F.avg_pool2d(skip, 2), size=x.shape[2:])),
        _mistake("twice what comes up", "x meets itself. Nothing comes from the way down.",
            lambda x, skip: x + x),
    ),
    hints=(
        "Which mark does the report miss? What would have to arrive in this line?",
        "x and skip have one shape, and so must the result. Which join keeps the channels?",
        "`return x ___ skip`",
    ),
    solution_text="`return x + skip`. One skip of two levels: half of them, which is enough.",
    praise="One line, and the verdict turns: one skip at one of two levels, and it is alive.",
)  # fmt: skip
