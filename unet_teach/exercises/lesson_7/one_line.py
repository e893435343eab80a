"""Lesson 7: change one line so that a network becomes a U-Net."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.functions import Case, Probes, is_function, on_each_case
from unet_teach.exercises.checks.tensors import (
    TensorProbes,
    Trace,
    close,
    no_tensor,
    shape_problem,
    trace,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.inspection.inspector import inspect_unet
from unet_teach.networks.twelve_networks import Almost

Meet = Callable[[Tensor, Tensor], Any]

MOVED = "but not on the same place"
NO_EFFECT = "the result stayed the same"
FAINT = 1e-3  # a gradient so much smaller than the other one teaches next to nothing


def _two_feature_maps(batch: int = 2) -> tuple[Tensor, Tensor]:
    """Make x and skip as they arrive at this line: (N, 16, 6, 10), after a ReLU, with gradients."""
    x, skip = (torch.randn(batch, 16, 6, 10, requires_grad=True) for _ in range(2))
    return F.relu(x), F.relu(skip)


def _shapes() -> list[Case]:
    shapes = [(batch, 16, 6, 10) for batch in (2, 1, 3)]
    return [Case(f"With x and skip of shape {shape}", shape) for shape in shapes]


def _shape_problem(answer: Meet, case: Case) -> str | None:
    output = answer(*_two_feature_maps(case.inputs[0]))
    if not isinstance(output, Tensor):
        return no_tensor(output)
    return shape_problem(output, case.inputs, case.call)


def _batch_problem(answer: Meet) -> str | None:
    x, skip = _two_feature_maps(3)
    together = answer(x.clone(), skip.clone())
    for image in range(3):
        one = slice(image, image + 1)
        if not close(together[one], answer(x[one].clone(), skip[one].clone())):
            return f"Your line mixes the images of a batch: the result for image {image} of 3 is another one if this image is given alone. Axis 0 counts the images. A mean, sum or maximum over this axis, or over all of them, mixes images, and so does joining along it. Join x and skip place by place instead."
    return None


def _chance_problem(answer: Meet) -> str | None:
    x, skip = _two_feature_maps()
    first = answer(x.clone(), skip.clone())
    if all(close(first, answer(x.clone(), skip.clone())) for _ in range(8)):
        return None
    return "Called again with the same x and skip, your line returns a different result."


def _verdict_problem(answer: Meet) -> str | None:
    report = inspect_unet(Almost(answer), (1, 1, 64, 64))
    if report.problem or report.is_unet:  # what has no effect is a plainer reason than the report's
        return report.problem and (_what_crosses(answer) or report.problem)
    missed = next(criterion for criterion in report.criteria if not criterion.met)
    return f"{report.verdict} {missed.evidence[-1]} {_what_crosses(answer)}".strip()


def _gradient_problem(answer: Meet) -> str | None:
    x, skip = _two_feature_maps()
    run = trace(answer, (x, skip))
    assert isinstance(run, Trace)  # `_shape_problem` has seen a tensor
    if run.changed:
        return "Your line changes its inputs."
    if NO_EFFECT in (crosses := _what_crosses(answer)):
        return f"Both feature maps are used, but one of them had no effect. {crosses}"
    largest = [float(gradient.abs().max()) for gradient in run.gradients]
    if not any(largest):
        return "Both feature maps are used, but no gradient flows back to x or to skip, so the network can't learn. Comparisons, rounding, `detach()`, `.data` and `no_grad()` stop it."
    for name, size in zip(("x", "skip"), largest, strict=True):
        if size <= FAINT * max(largest):
            return f"Both feature maps are used, but the network can't learn anything from {name}. {crosses}".strip()
    return f"The feature maps meet, but not place by place. {crosses}" if MOVED in crosses else None


def _what_crosses(answer: Meet) -> str:
    """Say what x and skip contribute to the result, as measured."""
    x, skip = (F.relu(torch.randn(1, 16, 6, 8)) for _ in range(2))
    output = answer(x.clone(), skip.clone())
    value, other = output.flatten()[0], answer(skip.clone(), x.clone())
    if (output == value).all() and (other == value).all():
        return f"The result is {value:g} at every place, and with other feature maps {NO_EFFECT}."
    for name, place in (("x", 0), ("skip", 1)):
        others = [F.relu(size * torch.randn_like(x) - 1) for size in (1, 3, 10)]
        pairs = [[x, other] if place else [other, skip] for other in others]
        if all(close(output, answer(*(part.clone() for part in pair))) for pair in pairs):
            return f"With three other feature maps in place of {name}, none negative, as after a ReLU, {NO_EFFECT}."
    x, skip = (0.5 + torch.rand(1, 16, 6, 8, requires_grad=True) for _ in range(2))
    x = torch.where(torch.rand_like(x) < 0.5, 0, x).detach().requires_grad_()
    skip = skip.detach().requires_grad_()
    cell = answer(x.clone(), skip.clone())[0, :, 2, 3].sum()
    slopes = [torch.zeros(1, 16, 6, 8)] * 2
    if cell.requires_grad:
        slopes = list(torch.autograd.grad(cell, [x, skip], materialize_grads=True))
    for name, slope in zip(("x", "skip"), slopes, strict=True):
        if not slope.any():
            return f"The values of {name} do change the result, but no gradient flows back to it. Comparisons, rounding, `detach()` and `.data` stop the gradient."
    effect = slopes[1][0].abs().sum(0)
    rows, columns = (effect > 1e-6 * effect.max()).nonzero().T.tolist()
    if len(rows) == effect.numel() and effect.min() > 0.9 * effect.max():
        return "Every place of the result depends equally on all places of skip. So a mean or sum of skip gets across, but not where anything is."
    places = set(zip(rows, columns, strict=True))
    if places == {(2, 3)}:
        return ""
    what = f"The result in row 2, column 3 depends on skip in {_span('row', rows)}, {_span('column', columns)}, counted from 0"
    if (2, 3) not in places:
        return f"{what}, {MOVED}."
    return f"{what}, so not on the same place alone."


def _span(name: str, numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{name} {low}" if low == high else f"{name}s {low} to {high}"


def _overwrites(answer: Meet) -> bool:
    run = trace(answer, _two_feature_maps())
    return isinstance(run, Trace) and bool(run.changed)


def _has_weights(answer: Meet) -> bool:
    """Whether weights of a layer are part of the output's autograd graph."""
    nodes = [answer(*_two_feature_maps()).grad_fn]
    for node in nodes:
        if isinstance(getattr(node, "variable", None), nn.Parameter):
            return True
        nodes += [source for source, _ in getattr(node, "next_functions", ()) if source]
    return False


known = Probes(lambda: [[x.detach() for x in _two_feature_maps()]])
with_gradients = TensorProbes(lambda: [_two_feature_maps()])

one_line = Exercise(
    name="one_line",
    lesson=7,
    prompt="Write `meet(x, skip)`, the one line that makes this network a U-Net. Both feature maps have 16 channels, and so must the result.",
    checks=(
        is_function("meet(x, skip)"),
        on_each_case("its shape", _shapes, _shape_problem),
        Check("the same result each time", _chance_problem),
        Check("each image by itself", _batch_problem),
        Check("the verdict", _verdict_problem),
        Check("a skip that can be learned from", _gradient_problem),
    ),
    mistakes=(
        KnownMistake("in place", "You overwrite a feature map that the gradient still needs. `+=` and methods that end in `_` do that. Return a new tensor instead, such as the sum of two tensors.",
            lambda: lambda x, skip: x.add_(skip), _overwrites),
        KnownMistake("a layer made in the line", "You create a layer inside the line, so each call makes a new one with new random weights, and nothing is ever learned. You don't need a layer here.",
            lambda: lambda x, skip: x + nn.Conv2d(16, 16, 1)(skip), _has_weights, at="the same result each time"),
        KnownMistake("random numbers", "Your line draws random numbers, as noise and dropout do. The encoder's feature map should arrive unchanged, so leave them out.",
            lambda: lambda x, skip: x + torch.randn_like(skip), lambda a: not _has_weights(a), at="the same result each time",
            more_examples=(lambda: lambda x, skip: x + F.dropout(skip),)),
        known.mistake("no skip", "Nothing of `skip` arrives in the result, so this is an autoencoder. How can the result contain both?",
            lambda x, skip: x),
        known.mistake("only the skip", "Nothing of `x` arrives in the result, so everything that the bottleneck computed is lost. How can the result contain both?",
            lambda x, skip: skip),
        with_gradients.mistake("detached", "A detached skip brings the values across, but no gradient back, so the encoder learns nothing through it. Leave out what cuts it off, such as `detach()` or `.data`.",
            lambda x, skip: x + skip.detach(), at="a skip that can be learned from"),
        known.mistake("concatenated, and too wide", "`cat` along the channel axis makes 32 channels, but the next layer takes 16. Which way of joining keeps 16?",
            lambda x, skip: torch.cat([x, skip], dim=1), lambda x, skip: torch.cat([skip, x], dim=1)),
        known.mistake("concatenated along another axis", "`cat` along axis 0 makes a batch twice as large, along axis 2 or 3 a feature map twice as high or wide: x and skip then lie beside each other and never meet. Without `dim=`, it's axis 0. Which way of joining changes no size at all?",
            *(lambda x, skip, dim=dim: torch.cat([x, skip], dim=dim) for dim in (0, 2, 3)),
            *(lambda x, skip, dim=dim: torch.cat([skip, x], dim=dim) for dim in (0, 2, 3))),
        known.mistake("a matrix product", "`@` is a matrix product: it multiplies rows of one feature map with columns of the other, so places get mixed, and only square ones fit. `+` and `*` work place by place.",
            lambda x, skip: x @ skip, lambda x, skip: x @ skip.mT, cases=lambda: [torch.rand(2, 1, 16, 5, 5)]),
        known.mistake("stacked", "`stack` adds a new axis, but a layer takes four axes, (N, C, H, W). Which way of joining adds neither an axis nor channels?",
            *(lambda x, skip, dim=dim: torch.stack([x, skip], dim=dim) for dim in range(5)),
            *(lambda x, skip, dim=dim: torch.stack([skip, x], dim=dim) for dim in range(5))),
    ),
    hints=(
        "Which criterion does the report say is missing? Which of the two feature maps has to contribute to the result?",
        "`x` and `skip` have the same shape, and the result must have it too. Which way of joining keeps the number of channels?",
        "`return x ___ skip`",
    ),
    solution_text="`return x + skip`. That makes a skip at one of two levels, and half of the levels is enough.",
    praise="One line changes the verdict. There is now a skip at one of two levels, and the network can learn from it.",
)  # fmt: skip
