"""Lesson 7: change one line so that a network becomes a U-Net."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises import sandbox
from unet_teach.exercises.checks.functions import is_function
from unet_teach.exercises.checks.tensors import Trace, close, no_tensor, shape_problem, trace
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.inspection.inspector import inspect_unet
from unet_teach.networks.twelve_networks import Almost

Meet = Callable[[Tensor, Tensor], Any]

MOVED = "and not on the same place"
FAINT = 1e-3  # a gradient that is so much smaller than the other teaches nothing beside it


def _two_maps() -> tuple[Tensor, Tensor]:
    """Make x and skip as they arrive at this line: (2, 16, 6, 10), after a ReLU, with gradients."""
    x, skip = (torch.randn(2, 16, 6, 10, requires_grad=True) for _ in range(2))
    return F.relu(x), F.relu(skip)


def _shape_problem(answer: Meet) -> str | None:
    try:
        output = answer(*_two_maps())
    except Exception as error:
        return f"Where x and skip meet, both of shape (2, 16, 6, 10): {sandbox.describe(error)}"
    if not isinstance(output, Tensor):
        return no_tensor(output)
    return shape_problem(output, (2, 16, 6, 10), "Where two maps of 16 channels, 6×10, meet")


def _chance_problem(answer: Meet) -> str | None:
    if _same_values(answer, answer):
        return None
    return "The same two maps, given twice, make two different results."


def _verdict_problem(answer: Meet) -> str | None:
    report = inspect_unet(Almost(answer), (1, 1, 64, 64))
    if report.problem or report.is_unet:
        return report.problem
    lacking = next(criterion for criterion in report.criteria if not criterion.met)
    return f"{report.verdict} {lacking.evidence[-1]} {_what_crosses(answer)}".strip()


def _gradient_problem(answer: Meet) -> str | None:
    x, skip = _two_maps()
    run = trace(answer, (x, skip))
    assert isinstance(run, Trace)  # `_shape_problem` has seen a tensor
    if run.changed:
        return "Your line changes what it is given."
    if (crosses := _what_crosses(answer)).startswith("Whatever"):
        return f"The maps meet, but one of them has no effect that could be learned from. {crosses}"
    largest = [float(gradient.abs().max()) for gradient in run.gradients]
    for name, size in zip(("x, what comes up,", "skip"), largest, strict=True):
        if size <= FAINT * max(largest):
            return f"The maps meet, but {name} has no effect that could be learned from. {crosses}".strip()
    return f"The maps meet, but not place by place. {crosses}" if MOVED in crosses else None


def _what_crosses(answer: Meet) -> str:
    """Say what of x and of skip arrives in the result, as measured."""
    x, skip = (0.5 + torch.rand(1, 16, 6, 8) for _ in range(2))
    output = answer(x.clone(), skip.clone())
    other = F.relu(3 * torch.randn_like(x) - 1)  # as after a ReLU, with another mean
    for name, pair in (("x", (other, skip)), ("skip", (x, other))):
        if close(output, answer(*(part.clone() for part in pair))):
            return f"Whatever {name} holds, the result is the same."
    x, skip = x.requires_grad_(), skip.requires_grad_()
    cell = answer(x.clone(), skip.clone())[0, :, 2, 3].sum()
    slopes = [torch.zeros(1, 16, 6, 8)] * 2
    if cell.requires_grad:
        slopes = list(torch.autograd.grad(cell, [x, skip], materialize_grads=True))
    for name, slope in zip(("x", "skip"), slopes, strict=True):
        if not slope.any():
            return f"The values of {name} do change the result, but no gradient flows back to it: a comparison, a rounding and `detach()` have none."
    effect = slopes[1][0].abs().sum(0)
    rows, columns = (effect > 1e-6 * effect.max()).nonzero().T.tolist()
    if len(rows) == effect.numel() and effect.min() > 0.9 * effect.max():
        return "Each cell of the result depends on all cells of skip alike: a mean or a sum of it crosses, and no places."
    places = set(zip(rows, columns, strict=True))
    if places == {(2, 3)}:
        return ""
    what = f"The result in row 2, column 3 depends on skip in {_span('row', rows)}, {_span('column', columns)}, counted from 0"
    if (2, 3) not in places:
        return f"{what}, {MOVED}."
    return f"{what}: not on the same place alone."


def _span(name: str, numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{name} {low}" if low == high else f"{name}s {low} to {high}"


def _overwrites(answer: Meet) -> bool:
    run = trace(answer, _two_maps())
    return isinstance(run, Trace) and bool(run.changed)


def _same_values(one: Meet, other: Meet) -> bool:
    x, skip = _two_maps()
    return close(one(x.clone(), skip.clone()), other(x.clone(), skip.clone()))


def _mistake(name: str, sentence: str, *wrong: Meet) -> KnownMistake:
    """Make a mistake that is recognised by what the line returns."""

    def recognises(answer: Meet) -> bool:
        return any(_same_values(answer, one) for one in wrong)

    first, *more = (lambda one=one: one for one in wrong)
    return KnownMistake(name, sentence, first, recognises, more_examples=tuple(more))


def _has_weights(answer: Meet) -> bool:
    """Whether weights of a layer are part of the output's autograd graph."""
    nodes = [answer(*_two_maps()).grad_fn]
    for node in nodes:
        if isinstance(getattr(node, "variable", None), nn.Parameter):
            return True
        nodes += [source for source, _ in getattr(node, "next_functions", ()) if source]
    return False


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
        Check("the same result each time", _chance_problem),
        Check("the verdict", _verdict_problem),
        Check("a living skip", _gradient_problem),
    ),
    answers=(
        lambda: lambda x, skip: x + skip,
        lambda: lambda x, skip: torch.stack([x, skip]).mean(0),
        lambda: lambda x, skip: torch.cat([x[:, :8], skip[:, :8]], dim=1),
    ),
    mistakes=(
        KnownMistake("in place", "`+=` and what ends with `_` overwrite a map that the gradient still needs. Make a new one: `x + skip`.",
            lambda: _in_place, _overwrites),
        KnownMistake("a layer made in the line", "A layer that is made in the line is a new one each time, with new random weights: it learns nothing. This line needs no layer.",
            lambda: lambda x, skip: x + nn.Conv2d(16, 16, 1)(skip), _has_weights, at="the same result each time"),
        KnownMistake("random numbers", "Your line draws random numbers, as noise and dropout do. What the encoder saw has to arrive as it is, and this line needs no chance.",
            lambda: lambda x, skip: x + torch.randn_like(skip), lambda a: not _has_weights(a), at="the same result each time",
            more_examples=(lambda: lambda x, skip: x + F.dropout(skip),)),
        _mistake("no skip", "Nothing of the skip arrives: as it stands, this is an autoencoder.",
            lambda x, skip: x),
        _mistake("only the skip", "Now what comes up is thrown away, and the bottom with it.",
            lambda x, skip: skip),
        KnownMistake("detached", "A detached skip carries the picture, and teaches the encoder nothing.",
            lambda: lambda x, skip: x + skip.detach(),
            lambda a: not _attaches_skip(a) and _same_values(a, lambda x, skip: x + skip), at="a living skip"),
        _mistake("concatenated, and too wide", "`cat` makes 32 channels of 16 and 16, and up_one takes 16. Which join keeps 16?",
            lambda x, skip: torch.cat([x, skip], dim=1), lambda x, skip: torch.cat([skip, x], dim=1)),
        _mistake("along the batch", "`dim=0` counts the pictures of a batch, `dim=1` the channels.",
            lambda x, skip: torch.cat([x, skip], dim=0), lambda x, skip: torch.cat([skip, x], dim=0)),
        _mistake("side by side", "The two maps lie beside each other, so the map becomes larger, and no cell of the one meets its cell of the other.",
            *(lambda x, skip, dim=dim: torch.cat([x, skip], dim=dim) for dim in (2, 3)),
            *(lambda x, skip, dim=dim: torch.cat([skip, x], dim=dim) for dim in (2, 3))),
        _mistake("stacked", "`stack` puts the two maps along a new axis, and a layer takes four axes, (N, C, H, W). Which join adds no axis and no channel?",
            *(lambda x, skip, dim=dim: torch.stack([x, skip], dim=dim) for dim in range(5)),
            *(lambda x, skip, dim=dim: torch.stack([skip, x], dim=dim) for dim in range(5))),
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
