"""Sentences about what a student's `forward` does wrong, from runs and traces of it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unet_teach.exercises import sandbox
from unet_teach.exercises.checks.forward_trace import Step, Trace, with_shape
from unet_teach.exercises.checks.layers import run
from unet_teach.exercises.checks.tensors import shape_problem
from unet_teach.shared.sizes_as_text import sizes_as_text


def output_problem(network: nn.Module, images: Tensor, channels: int, where: str) -> str | None:
    """Say why the output is not (N, channels, H, W), and which layer or call makes it so.

    Args:
        network: the student's.
        images: of shape (N, C, H, W).
        channels: of the right output.
        where: names the input and begins the sentence, as in "On two 32×48 images".
    """
    given = images.clone()
    try:
        output = run(network, given)
    except Exception as error:
        facts = Trace(network, images).stopped_at
        return f"{where}: {facts} {sandbox.describe(error)}" if facts else sandbox.describe(error)
    if isinstance(output, str):
        return output
    right = (len(images), channels, *images.shape[2:])
    if problem := shape_problem(output, right, where):
        return f"{problem}{_who_made(Trace(network, images), right)}"
    if output.dtype != images.dtype:
        names = [str(kind).removeprefix("torch.") for kind in (output.dtype, images.dtype)]
        return f"{where}: the output's dtype is {names[0]}, the input's {names[1]}. Keep it."
    if not torch.equal(given, images):
        return (
            f"{where}: your `forward` changes the input itself, so whoever uses it afterwards "
            "has other numbers. Is a function used that works in place, such as `relu_`, "
            "`nn.ReLU(inplace=True)` or `+=`?"
        )
    return None


def repeat_problem(network: nn.Module, images: Tensor) -> str | None:
    """Say what makes the output for the same images differ at the next call."""
    first, second = Trace(network, images), Trace(network, images)
    if not (first.used and second.used):
        return "What comes out is not computed from the input by functions of torch."
    if not (step := first.first_difference(second)):
        return None
    given = " and ".join(map(with_shape, step.inputs)) or "the input"
    cause = f"The first result that differs is that of {step.call}, which is given {given}."
    if step.name == "dropout":
        cause = (
            "`dropout` leaves out other numbers at each call: by default `F.dropout` does so in "
            "evaluation mode too. Give it `training=self.training`, or use an `nn.Dropout`."
        )
    elif first.random:
        cause = f"`{first.random[0]}` draws new random numbers at each call."
    return f"The same input gives another output at the next call, in evaluation mode. {cause}"


def batch_problem(network: nn.Module, images: Tensor) -> str | None:
    """Say what makes the output for an image depend on the other images of its batch."""
    if not (step := Trace(network, images).first_difference(Trace(network, images[-1:]))):
        return None
    return (
        "The output for an image depends on the other images of its batch. The first result that "
        f"does so is that of {step.call}, which is given {step.inputs[0].text}."
    )


def gradient_problem(network: nn.Module, images: Tensor) -> str | None:
    """Say why the network cannot be trained, or name the calls that cut the gradient."""
    trace = Trace(network, images)
    lost = not trace.result.requires_grad  # then a call that rounds may be the cause as well
    cuts = [
        step
        for step in trace.used
        if step.cuts_gradient and (lost or step.output.is_floating_point()) and step.inputs
    ]
    if cuts:
        name = f"`{cuts[0].name}`"
        if cuts[0].kind == "layer":
            name = f"{cuts[0].call} is computed as inside `torch.no_grad()`, which"
        sources = list(dict.fromkeys(with_shape(step.inputs[0]) for step in cuts))
        more = ", and more" if len(sources) > 3 else ""
        return (
            f"{_capital(name)} cuts the gradient of {', of '.join(sources[:3])}{more}. The values "
            "go on, but on this path training does not reach the layers that made them."
        )
    try:
        network(images).sum().backward()
    except RuntimeError as error:
        return f"The output has the right shape, but training stops: {sandbox.describe(error)}"
    return None


def other_steps_problem(trace: Trace, *, to_the_end: bool = False) -> str | None:
    """Name the first call that is no layer, join, activation or resizing.

    Args:
        trace: of the student's network.
        to_the_end: whether to look at the calls after the last layer, too.
    """
    steps = trace.used if to_the_end else trace.until_last_layer
    for step in steps:
        what = f"{_capital(step.call)} changes {with_shape(step.inputs[0])}" if step.inputs else ""
        if step.kind == "other" and step.name != "stack":
            if step.inputs[0].output.shape != step.output.shape:
                what += f" to shape {tuple(step.output.shape)}"
            elif "softmax" in step.name:
                what += " so that its channels add up to 1"
            else:
                what += ": a cell of the result depends on cells at other places"
            return f"{what}. Only layers, activations and the joins of two maps belong here."
        if step.kind == "pointwise" and not (step.identical or "norm" in step.name):
            if step.origin.kind == "image":
                return f"{what} before the first layer. The layer takes the input as it is."
            used_by = [user.kind for user in trace.used if step in user.inputs]
            finished = not used_by or "join" in used_by or "layer" in used_by
            if step.scales and finished and _scales_map(step):
                return f"{what} by a number in your code. Leave the map as it is."
    return None


def activation_problem(trace: Trace, *, at_end: bool) -> str | None:
    """Say between which layers an activation is missing, or what comes after the last layer.

    No activation is needed around a 1×1 convolution in a skip.

    Args:
        trace: of the student's network.
        at_end: whether an activation belongs after the last layer too; if not, its output is to be
            returned as it is.
    """
    joined = {s.origin for join in trace.used if join.kind == "join" for s in join.inputs}
    pairs = [
        f"between {first.call} and {second.call}"
        for first, second in trace.not_activated
        if first.kernel_size != (1, 1) and not (second.kernel_size == (1, 1) and second in joined)
    ]
    if pairs:
        return f"No activation stands {', nor '.join(dict.fromkeys(pairs))}."
    last, tail = trace.until_last_layer[-1], trace.tail
    if at_end:
        if not any(not step.changes_nothing for step in tail):
            after = (
                f" only {', '.join(step.call for step in tail)} comes" if tail else " nothing comes"
            )
            return f"After {last.call}, the last convolution,{after}: its activation is missing."
        return None
    if changed := [step for step in tail if not step.identical]:
        return (
            f"After {last.call}, the last layer, comes {changed[0].call}. What leaves the network "
            "are logits, any numbers: return the layer's output as it is."
        )
    return None


def _scales_map(step: Step) -> bool:
    """Whether a step scales a finished map; `0.5 * x * (1 + tanh(x))` is one activation."""
    while step.kind == "pointwise" and step.affine:
        step = step.inputs[0]
    return step.kind != "pointwise" or len(step.inputs) == 1


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _who_made(trace: Trace, right: tuple[int, ...]) -> str:
    """Name the last call that changed what is wrong: rank and batch, channels or size."""
    for part in (slice(0, 1), slice(1, 2), slice(2, 4)):

        def relevant(step: Step, part: slice = part) -> tuple[int, ...]:
            shape = tuple(step.output.shape)
            return shape[part] if len(shape) == len(right) else shape

        if not trace.used or relevant(trace.used[-1]) == right[part]:
            continue
        for step in reversed(trace.used):
            if step.inputs and relevant(step) != relevant(step.inputs[0]):
                shapes = [tuple(step.output.shape), tuple(step.inputs[0].output.shape)]
                made, of = (f"shape {shape}" for shape in shapes)
                if part == slice(1, 2):
                    made, of = f"{shapes[0][1]} channels", str(shapes[1][1])
                elif part == slice(2, 4):
                    made, of = (sizes_as_text(shape[2:]) for shape in shapes)
                return f" {_capital(step.call)} makes {made} of {of}."
        return " Nothing in it changes that."
    return ""
