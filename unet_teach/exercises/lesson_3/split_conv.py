"""Lesson 3: split a convolution over two concatenated feature maps into a sum of two."""

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.exercises.checks.differences import occasion
from unet_teach.exercises.checks.functions import Case, Function, Probes, is_function, on_each_case
from unet_teach.exercises.checks.outputs import run
from unet_teach.exercises.checks.tensors import (
    is_unchanged,
    no_tensor,
    seeded,
    shape_problem,
    values_problem,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.exercises.lesson_3.split_problems import (
    SETTINGS,
    bias_problem,
    layer_problem,
    setting_text,
)
from unet_teach.exercises.plain_values import read_once

Layers = tuple[nn.Conv2d, nn.Conv2d]

WINDOWS: list[tuple[int, int, int, dict[str, Any]]] = [  # channels of a, of b, and of the output
    (5, 3, 4, {"kernel_size": 3, "stride": 2, "padding": 1}),
    (1, 4, 2, {"kernel_size": 1}),
    (4, 1, 6, {"kernel_size": 5, "padding": 2}),
    (2, 5, 3, {"kernel_size": 5, "stride": 2, "bias": False}),
    (3, 3, 5, {"kernel_size": 3, "padding": 1}),
    (3, 2, 5, {"kernel_size": (3, 5), "padding": (1, 2)}),
    (2, 4, 3, {"kernel_size": 3, "stride": (2, 1), "padding": 1}),
    (4, 3, 2, {"kernel_size": 3, "padding": (1, 0)}),
    (2, 3, 4, {"kernel_size": 3, "padding": 2, "dilation": 2}),
    (5, 2, 4, {"kernel_size": 3, "padding": (1, 2), "dilation": (1, 2), "bias": False}),
    (3, 4, 1, {"kernel_size": 3, "padding": 1}),
]


def _case(conv: nn.Conv2d, c: int) -> Case:
    bias = "no bias" if conv.bias is None else "a bias"
    names = [name for name in SETTINGS if name != "dilation" or conv.dilation != (1, 1)]
    settings = ", ".join(f"{name}={setting_text(getattr(conv, name))}" for name in names)
    return Case(f"For {c} + {conv.in_channels - c} channels, {settings}, {bias}", (conv, c))


@seeded
def _known_cases() -> list[Case]:
    """One for each kind of window, then the lesson's own."""
    convs = [(nn.Conv2d(c + others, out, **window), c) for c, others, out, window in WINDOWS]
    return [_case(conv, c) for conv, c in [*convs, (nn.Conv2d(128, 64, 3, padding=1), 64)]]


def _cases() -> Iterator[Case]:
    yield from _known_cases()
    chance = random.Random()
    for _ in range(3):
        c, others = chance.sample(range(1, 6), 2)
        window: dict[str, Any] = {
            name: (chance.randint(1, 3), chance.randint(1, 3)) for name in SETTINGS
        }
        yield _case(nn.Conv2d(c + others, chance.randint(2, 6), **window), c)


def _is_even(value: Any) -> bool:
    return bool(value[0] == value[1])


CONDITIONS: dict[str, Callable[[nn.Conv2d, int], bool]] = {
    "the kernel is square": lambda conv, c: _is_even(conv.kernel_size),
    "the stride is the same for both axes": lambda conv, c: _is_even(conv.stride),
    "the padding is the same for both axes": lambda conv, c: _is_even(conv.padding),
    "the stride is 1": lambda conv, c: conv.stride == (1, 1),
    "the dilation is 1": lambda conv, c: conv.dilation == (1, 1),
    "there is no padding": lambda conv, c: conv.padding == (0, 0),
    "the kernel is 3×3": lambda conv, c: conv.kernel_size == (3, 3),
    "the convolution has a bias": lambda conv, c: conv.bias is not None,
    "a and b have the same number of channels": lambda conv, c: 2 * c == conv.in_channels,
    "a has 64 channels": lambda conv, c: c == 64,
    "kernel, stride, padding and dilation are the same for both axes": lambda conv, c: all(_is_even(getattr(conv, name)) for name in SETTINGS),
}  # fmt: skip


def _maps(conv: nn.Conv2d, c: int) -> tuple[Tensor, Tensor]:
    return torch.randn(2, c, 11, 13), torch.randn(2, conv.in_channels - c, 11, 13)


# ------------------------------------------------------------------------------------------- checks
def _layers_problem(answer: Function) -> str | None:
    output = next(_cases()).run(answer)
    if output is None or output is ...:
        return no_tensor(output, answer)
    if not isinstance(output, tuple | list | nn.ModuleList):
        kind = type(output).__name__
        return f"Your function should return two layers, `return conv_a, conv_b`, but it returns something of type {kind}."
    if len(output) != 2:
        return f"Your function should return two layers, `return conv_a, conv_b`, but the number of values it returns is {len(output)}."
    if output[0] is output[1]:
        return "conv_a and conv_b are the same layer. Make two: `copy.deepcopy(conv)` gives you a new one each time."
    for name, layer in zip(("conv_a", "conv_b"), output, strict=True):
        if not isinstance(layer, nn.Module):
            return f"{name} should be a layer such as `nn.Conv2d`, but it is of type {type(layer).__name__}."
    return None


def _sum_problem(answer: Function, case: Case) -> str | None:
    conv, c = case.inputs
    maps, given = _maps(conv, c), copy.deepcopy(conv)
    with torch.no_grad():
        target = conv(torch.cat(maps, dim=1))
    layers, total = tuple(read_once(answer(given, c))), torch.zeros_like(target)
    if not is_unchanged(given, conv):
        return f"{case.call}: your function changes the convolution that it was given."
    for name, layer, x in zip(("conv_a", "conv_b"), layers, maps, strict=True):
        try:
            output = run(layer, x)
        except Exception as error:
            why = layer_problem(conv, c, layers)
            stops = (
                f"{name} does not accept its input of {x.shape[1]} channels. Error message: {error}"
            )
            return f"{case.call}: {why or stops}."
        if isinstance(output, str):
            return output
        if problem := shape_problem(output, target.shape, f"{case.call}, {name}"):
            why = layer_problem(conv, c, layers)
            return f"{problem} The cause: {why}." if why else problem
        total += output
    if problem := values_problem(total, target, f"{case.call}, conv_a(a) + conv_b(b)"):
        again = tuple(read_once(answer(copy.deepcopy(conv), c)))
        why = layer_problem(conv, c, layers, again) or bias_problem(conv, layers)
        return (
            f"{case.call}: {why}, so conv_a(a) + conv_b(b) differs from conv(cat([a, b]))."
            if why
            else problem
        )
    return None  # fmt: skip


def _facts(answer: Function) -> str:
    cases = _known_cases()
    checks = [on_each_case("", [case].copy, _sum_problem) for case in cases]
    right = [check.problem(answer) is None for check in checks]
    return occasion([case.inputs for case in cases], right, CONDITIONS)


# --------------------------------------------------------------------------------- known mistakes
class _LayerProbes(Probes):
    """Convolutions on which a known mistake is recognised by the two layers that come out."""

    def run(self, function: Function, inputs: Sequence[Any]) -> Any:
        """Return the weights and biases of both layers."""
        layers = function(*copy.deepcopy(inputs))
        return [() if part is None else part for x in layers for part in (x.weight, x.bias)]


def _probes() -> list[tuple[nn.Conv2d, int]]:
    """Convolutions for which c is neither half of the channels nor 64."""
    return [(nn.Conv2d(a + b, 7, 3, stride=2), a) for a, b in ((2, 6), (3, 7), (6, 3), (5, 70))]


def _changes_conv(answer: Function) -> bool:
    conv, c = _probes()[0]
    given = copy.deepcopy(conv)
    answer(given, c)
    return not is_unchanged(conv, given)


def _right(conv: nn.Conv2d, c: int) -> Layers:
    return _split_along(1, conv, c)


def _split_along(dim: int, conv: nn.Conv2d, c: int) -> Layers:
    conv_a, conv_b = copy.deepcopy(conv), copy.deepcopy(conv)
    conv_a.weight, conv_b.weight = map(nn.Parameter, conv.weight.tensor_split([c], dim=dim))
    conv_b.bias = None
    return conv_a, conv_b


def _with_biases(layers: Layers, *biases: Tensor | None) -> Layers:
    for layer, bias in zip(layers, biases, strict=True):
        layer.bias = bias if bias is None else nn.Parameter(bias)
    return layers


def _in_place(conv: nn.Conv2d, c: int) -> Layers:
    conv_b = _right(conv, c)[1]
    conv.weight = nn.Parameter(conv.weight[:, :c])
    return conv, conv_b


known = _LayerProbes(_probes)

split_conv = Exercise(
    name="split_conv",
    lesson=3,
    prompt="Write `split_conv`: split a convolution over cat([a, b]) into two, so that conv_a(a) + conv_b(b) gives the same.",
    checks=(
        is_function("split_conv(conv, c)"),
        Check("two layers", _layers_problem),
        replace(on_each_case("their sum", _cases, _sum_problem), facts=_facts),
    ),
    mistakes=(
        KnownMistake("the given convolution changed", "Other code may still use `conv`. `copy.deepcopy(conv)` makes a layer with weights of its own; a `copy.copy` still shares them.",
            lambda: _in_place, _changes_conv),
        known.mistake("the bias twice", "The sum differs by exactly the bias, because both of your layers add it. How often should it be added?",
            lambda conv, c: _with_biases(_right(conv, c), conv.bias, conv.bias)),
        known.mistake("the bias lost", "The sum differs by exactly the bias, because neither of your layers adds it. Which one could keep it?",
            lambda conv, c: _with_biases(_right(conv, c), None, None)),
        known.mistake("the other way round", "You return the two layers in the other order: the first one should take a, which is the first c channels.",
            lambda conv, c: _right(conv, c)[::-1], lambda conv, c: _with_biases(_right(conv, c), None, conv.bias)[::-1]),
        known.mistake("cut along the output channels", "You split the weight along its output channels. Its axes are (out_channels, in_channels, height, width): along which of them do a and b lie?",
            lambda conv, c: _split_along(0, conv, c)),
    ),
    hints=(
        "Each filter has one kernel for each input channel. Which of them are ever applied to a?",
        "The axes of the weight are (out_channels, in_channels, height, width): split along one of them. And how often should the bias be added?",
        "`window = (conv.kernel_size, conv.stride, conv.padding, conv.dilation)`, `conv_a = nn.Conv2d(___, conv.out_channels, *window, bias=conv.bias is not None)`, `conv_b = nn.Conv2d(___, conv.out_channels, *window, bias=___)`, then `conv_a.weight.copy_(conv.weight[:, ___])` and `conv_b.weight.copy_(conv.weight[:, ___])` inside `with torch.no_grad():`, and the bias of conv_a if there is one",
    ),
    solution_text=(
        "`window = (conv.kernel_size, conv.stride, conv.padding, conv.dilation)\n"
        "conv_a = nn.Conv2d(c, conv.out_channels, *window, bias=conv.bias is not None)\n"
        "conv_b = nn.Conv2d(conv.in_channels - c, conv.out_channels, *window, bias=False)\n"
        "with torch.no_grad():\n"
        "    conv_a.weight.copy_(conv.weight[:, :c])\n"
        "    conv_b.weight.copy_(conv.weight[:, c:])\n"
        "    if conv.bias is not None:\n"
        "        conv_a.bias.copy_(conv.bias)\n"
        "return conv_a, conv_b`\n"
        "Both have the kernel size, stride, padding and dilation of `conv`, and one of them has its bias."
    ),
    praise="Each part of the weight is applied to its own feature map. So a convolution over cat is the sum of two convolutions.",
)  # fmt: skip
