"""Lesson 4: the block of two convolutions at each level."""

import contextlib
import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from unet_teach.exercises.checks import forward_problems as problems
from unet_teach.exercises.checks.functions import lower_first, without_value
from unet_teach.exercises.checks.networks import (
    ACTIVATIONS,
    Hidden,
    StudentNetworks,
    images_as_text,
    random_sizes,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.shared.sizes_as_text import sizes_as_text


def _block(answer: Any, in_channels: int = 3, out_channels: int = 8) -> nn.Module:
    block: nn.Module = answer(in_channels, out_channels)
    return block


blocks = StudentNetworks(_block, size=(9, 12))


def _type_problem(answer: Any) -> str | None:
    if not callable(answer) or isinstance(answer, nn.Module):
        return f"The answer should be a function, `def double_conv(in_channels, out_channels)`, but this is of type {type(answer).__name__}."
    with contextlib.suppress(ValueError):  # no signature
        signature = inspect.signature(answer)
        try:
            signature.bind(3, 8)
        except TypeError:
            return f"It should take two arguments, (in_channels, out_channels), but yours takes {signature}."
    block = answer(3, 8)
    if block is None:
        return f"Your function returns nothing. {without_value(answer)}"
    if isinstance(block, type):
        name = block.__name__
        return f"Your function returns the class `{name}` itself. Make a layer of it: `{name}(…)`."
    if not isinstance(block, nn.Module):
        kind = type(block).__name__
        return f"It should return a layer, such as `nn.Sequential(…)`, but it returns something of type {kind}."
    return None


def _shape_problem(answer: Any) -> str | None:
    cases = [((3, 8), 2, (7, 11)), ((8, 4), 1, (9, 6)), ((1, 6), 3, (12, 5)), ((10, 10), 2, (4, 7))]
    for (into, out), count, size in (*cases, *(((3, 8), 2, size) for size in random_sizes(3))):
        where = f"double_conv({into}, {out}) {images_as_text(count, size)}".replace(
            "image", "feature map"
        )
        torch.manual_seed(0)  # or whether all activations are dead, and the reply, would be chance
        maps = torch.randn(count, into, *size)
        if problem := problems.output_problem(_block(answer, into, out), maps, out, where):
            works = " double_conv(3, 8) works. Did you write a number where an argument belongs?"
            return problem + (works if (into, out) != (3, 8) else "")
    return None


def _convolutions_problem(answer: Any) -> str | None:
    layers = [step for step in blocks.trace(answer).used if step.kind == "layer"]
    names = " and ".join(step.call for step in layers) or "none"
    if len(layers) != 2:
        return f"The block should have two convolutions, but the feature map goes through {len(layers)}: {names}."
    for step in layers:
        call, weight, inside = step.call, step.settings["weight"], step.inputs[0].output
        if step.name != "conv2d":
            return f"Both should be an `nn.Conv2d`, but {call} computes a `{step.name}`."
        if step.kernel_size != (3, 3):
            return f"Both kernels should be 3×3, but that of {call} is {sizes_as_text(step.kernel_size)}."
        if (groups := step.settings.get("groups", 1)) != 1:
            return f"In {call}, groups={groups}: each output channel is computed from only {weight.shape[1]} of {inside.shape[1]} channels. Leave groups out, so that it sees all."
        if step.settings.get("dilation", 1) not in (1, (1, 1)):
            return f"In {call}, dilation={step.settings['dilation']}: the nine weights are spread out and skip direct neighbours. Leave dilation out."
        if step.size != (9, 12):  # reflection pads before, and is right
            given = sizes_as_text(step.inputs[0].size or ())
            return f"Each convolution should keep height and width, with its own padding. But {call} is given {given} and returns {sizes_as_text(step.size or ())} in place of 9×12, and another step makes up for it."
    return None


def _activation_problem(answer: Any) -> str | None:
    trace = blocks.trace(answer)
    if problem := problems.activation_problem(trace, lambda first, second: True):
        other = problems.activation_problem(
            blocks.trace(answer, training=True), lambda first, second: True
        )
        return problem if other else f"In evaluation mode, {lower_first(problem)}"
    if all(step.changes_nothing for step in trace.tail):
        after = ", ".join(step.call for step in trace.tail)
        what = f"Only {after} comes" if after else "Nothing comes"
        last = trace.until_last_layer[-1].call
        return f"{what} after {last}, the last convolution, so its activation is missing."
    return None


def _lacks(*, between: bool, end: bool) -> Callable[[Any], bool]:
    """Recognise blocks that lack the activation between the convolutions, at the end, or both."""
    return blocks.trace_shows(
        lambda trace: (
            (bool(trace.not_activated), all(step.changes_nothing for step in trace.tail))
            == (between, end)
        )
    )


def _swapped(answer: Any) -> bool:
    """Recognise functions that take in_channels for out_channels, whatever the two are."""
    return all(
        _block(answer, into, out)(torch.randn(1, out, 9, 12)).shape == (1, into, 9, 12)
        for into, out in ((8, 3), (5, 7))
    )


def _sequence(*makers: Callable[[int, int], nn.Module]) -> Callable[[], Any]:
    """Make a maker of an answer: layers in a row, each made from the block's channels."""
    return lambda: lambda into, out: nn.Sequential(*(maker(into, out) for maker in makers))


def _first(into: int, out: int) -> nn.Module:
    return nn.Conv2d(into, out, 3, padding=1)


def _second(into: int, out: int) -> nn.Module:
    return nn.Conv2d(out, out, 3, padding=1)


def _relu(into: int, out: int) -> nn.Module:
    return nn.ReLU()


_right = _sequence(_first, _relu, _second, _relu)


def _hidden(*, in_forward: bool) -> Callable[[int, int], nn.Module]:
    return lambda into, out: Hidden(lambda: _right()(into, out), in_forward=in_forward)


double_conv = Exercise(
    name="double_conv",
    lesson=4,
    prompt="Write `double_conv`, which makes a block of two 3×3 convolutions that keep height and width, each followed by an activation.",
    checks=(
        blocks.first_check("a function that makes a layer", _type_problem),
        Check("its output shapes", _shape_problem),
        blocks.has_gradients(),
        blocks.registers_its_weights(),
        blocks.repeats(),
        Check("two 3×3 convolutions", _convolutions_problem),
        Check(
            "only layers in a row",
            lambda a: problems.other_steps_problem(blocks.trace(a), to_the_end=True) or blocks.batch_problem(a),
        ),
        Check(ACTIVATIONS, _activation_problem),
    ),
    mistakes=(
        KnownMistake("no activation between", "Without an activation between them, the two convolutions together are one linear map, and the second one is wasted.",
            _sequence(_first, _second, _relu), _lacks(between=True, end=False), at=ACTIVATIONS),
        KnownMistake("no activation at the end", "The next block starts with a convolution. Without an activation at the end of yours, the two would be one linear map.",
            _sequence(_first, _relu, _second), _lacks(between=False, end=True), at=ACTIVATIONS),
        KnownMistake("channels swapped", "You swapped in_channels and out_channels. The feature map that goes in has in_channels.",
            lambda: lambda into, out: _right()(out, into), _swapped),
        *blocks.unregistered_layers(lambda: _hidden(in_forward=False), lambda: _hidden(in_forward=True)),
    ),
    hints=(
        "Two convolutions in a row are one linear map. What do you put between them, and after the second one?",
        "Conv2d, ReLU, Conv2d, ReLU. How many channels does each convolution take and return?",
        "`nn.Sequential(nn.Conv2d(in_channels, ___, 3, padding=1), nn.ReLU(), nn.Conv2d(___, ___, 3, padding=1), nn.ReLU())`",
    ),
    solution_text="`return nn.Sequential(\n    nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.ReLU(),\n    nn.Conv2d(out_channels, out_channels, 3, padding=1), nn.ReLU(),\n)`",
    praise="Each convolution has its activation, and height and width stay the same.",
)  # fmt: skip
