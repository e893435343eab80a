"""Exercise of lesson 3: split a convolution over two concatenated maps into a sum of two."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.exercises.checks.functions import Case, Function, is_function, on_each_case
from unet_teach.exercises.checks.layers import run
from unet_teach.exercises.checks.tensors import close, no_tensor, shape_problem, values_problem
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake

Layers = tuple[nn.Conv2d, nn.Conv2d]

WINDOWS = [  # kernel_size, stride, padding, bias
    (3, 2, 1, False),
    (1, 1, 0, True),
    (5, 1, 2, True),
    (5, 2, 0, False),
]


def _case(conv: nn.Conv2d, c: int) -> Case:
    bias = "no bias" if conv.bias is None else "a bias"
    call = (
        f"For {c} + {conv.in_channels - c} channels, kernel_size={conv.kernel_size[0]}, "
        f"stride={conv.stride[0]}, padding={conv.padding[0]}, {bias}"
    )
    return Case(call, (conv, c))


def _cases() -> Iterator[Case]:
    """The lesson's own, then random ones whose two parts differ in channels."""
    yield _case(nn.Conv2d(128, 64, 3, padding=1), 64)
    chance = random.Random()
    for kernel_size, stride, padding, bias in WINDOWS:
        c, others = chance.sample(range(1, 6), 2)
        out_channels = chance.randint(2, 6)
        conv = nn.Conv2d(c + others, out_channels, kernel_size, stride, padding, bias=bias)
        yield _case(conv, c)


def _maps(conv: nn.Conv2d, c: int) -> tuple[Tensor, Tensor]:
    return torch.randn(2, c, 7, 9), torch.randn(2, conv.in_channels - c, 7, 9)


# ------------------------------------------------------------------------------------------- checks
def _layers_problem(answer: Function) -> str | None:
    output = next(_cases()).run(answer)
    if output is None or output is ...:
        return no_tensor(output)
    if not isinstance(output, tuple | list) or len(output) != 2:
        kind = type(output).__name__
        return f"Wanted: two layers, `return conv_a, conv_b`. This is of type {kind}."
    for name, layer in zip(("conv_a", "conv_b"), output, strict=True):
        if not isinstance(layer, nn.Module):
            return f"{name} is of type {type(layer).__name__}. Wanted: a layer, as `nn.Conv2d`."
    return None


def _sum_problem(answer: Function, case: Case) -> str | None:
    conv, c = case.inputs
    maps, given = _maps(conv, c), copy.deepcopy(conv)
    with torch.no_grad():
        target = conv(torch.cat(maps, dim=1))
    total = torch.zeros_like(target)
    for name, layer, x in zip(("conv_a", "conv_b"), answer(given, c), maps, strict=True):
        try:
            output = run(layer, x)
        except Exception as error:
            return f"{case.call}: {name} stops at its map of {x.shape[1]} channels: {error}."
        if isinstance(output, str):
            return output
        if problem := shape_problem(output, target.shape, f"{case.call}, {name}"):
            return problem
        total += output
    if _differ(given, conv):
        return f"{case.call}: your function changes the convolution it was given."
    return values_problem(total, target, f"{case.call}, the sum")


def _differ(one: nn.Module, other: nn.Module) -> bool:
    now, before = one.state_dict(), other.state_dict()
    return now.keys() != before.keys() or any(not close(now[key], before[key]) for key in now)


# --------------------------------------------------------------------------------- known mistakes
@dataclass(frozen=True)
class _Split:
    """A convolution, the copy of it that an answer was given, and the layers that it returned."""

    conv: nn.Conv2d
    given: nn.Conv2d
    layers: Any

    @property
    def offset(self) -> Tensor | None:
        """How far the sum is too high, (out_channels,); `None` where it varies within a channel."""
        a, b = _maps(self.conv, 2)
        conv_a, conv_b = self.layers
        with torch.no_grad():
            off: Tensor = conv_a(a) + conv_b(b) - self.conv(torch.cat([a, b], dim=1))
        constant = off[:1, :, :1, :1]
        return constant.flatten() if close(off, constant.expand_as(off)) else None

    def is_off_by(self, biases: int) -> bool:
        """Whether the sum is too high by so many times the bias."""
        assert self.conv.bias is not None
        return self.offset is not None and close(self.offset, biases * self.conv.bias)

    def conv_a_has(self, start: int, end: int, *, dim: int = 1) -> bool:
        """Whether these of the convolution's weights are those of conv_a."""
        return close(self.layers[0].weight, self.conv.weight.narrow(dim, start, end - start))


def _when(holds: Callable[[_Split], bool], kernel_size: int = 3) -> Callable[[Function], bool]:
    """Recognise a mistake by what an answer makes of a convolution of 2 + 5 channels to 4."""

    def recognises(answer: Function) -> bool:
        conv = nn.Conv2d(7, 4, kernel_size, stride=2, padding=1)
        given = copy.deepcopy(conv)
        return holds(_Split(conv, given, answer(given, 2)))

    return recognises


def _has_random_weights(answer: Function) -> bool:
    """Whether two answers for one convolution have different weights."""
    conv = nn.Conv2d(7, 4, 3, stride=2, padding=1)
    first, second = (answer(conv, 2)[0].weight for _ in range(2))
    return bool(first.shape == conv.weight[:, :2].shape) and not close(first, second)


def _raises(*words: str, bias: bool = True) -> Callable[[Function], bool]:
    """Recognise a mistake by an error that contains one of these words."""

    def recognises(answer: Function) -> bool:
        try:
            answer(nn.Conv2d(7, 4, 3, stride=2, padding=1, bias=bias), 2)
        except Exception as error:
            return any(word in str(error) for word in words)
        return False

    return recognises


def _right(conv: nn.Conv2d, c: int) -> Layers:
    return _split_along(1, conv, c)


def _split_along(dim: int, conv: nn.Conv2d, c: int) -> Layers:
    conv_a, conv_b = copy.deepcopy(conv), copy.deepcopy(conv)
    conv_a.weight, conv_b.weight = map(nn.Parameter, conv.weight.tensor_split([c], dim=dim))
    conv_b.bias = None
    return conv_a, conv_b


def _with_biases(layers: Layers, *biases: nn.Parameter | None) -> Layers:
    for layer, bias in zip(layers, biases, strict=True):
        layer.bias = bias
    return layers


def _new(conv: nn.Conv2d, c: int, **options: Any) -> Layers:
    """Make two layers with new weights; `options` replace those of the convolution."""
    window = {key: getattr(conv, key) for key in ("kernel_size", "stride", "padding")} | options
    conv_a = nn.Conv2d(c, conv.out_channels, **window)
    return conv_a, nn.Conv2d(conv.in_channels - c, conv.out_channels, **window)


def _filled(conv: nn.Conv2d, c: int, **options: Any) -> Layers:
    """Make new layers, copy the weights into them and give half of the bias to each."""
    layers = _new(conv, c, **options)
    bias = torch.zeros(conv.out_channels) if conv.bias is None else conv.bias.detach()
    for layer, weight in zip(layers, conv.weight.tensor_split([c], dim=1), strict=True):
        layer.weight.data.copy_(weight)
        layer.bias = nn.Parameter(bias / 2)
    return layers


def _in_place(conv: nn.Conv2d, c: int) -> Layers:
    conv_b = _right(conv, c)[1]
    conv.weight = nn.Parameter(conv.weight[:, :c])
    return conv, conv_b


def _copied_with_gradient(conv: nn.Conv2d, c: int) -> Layers:
    conv_a, conv_b = _new(conv, c)
    conv_a.weight.copy_(conv.weight[:, :c])
    return conv_a, conv_b


def _no_parameter(conv: nn.Conv2d, c: int) -> Layers:
    conv_a, conv_b = _new(conv, c)
    conv_a.weight = conv.weight[:, :c]
    return conv_a, conv_b


split_conv = Exercise(
    name="split_conv",
    lesson=3,
    prompt="Split one convolution over cat([a, b]) into two, so that conv_a(a) + conv_b(b) is the same.",
    checks=(
        is_function("split_conv(conv, c)"),
        Check("two layers", _layers_problem),
        on_each_case("their sum", _cases, _sum_problem),
    ),
    answers=(
        lambda: _right,
        lambda: _filled,
        lambda: lambda conv, c: list(_right(conv, c)),
    ),
    mistakes=(
        KnownMistake("the given convolution changed", "Others may still need the convolution you were given. Work on a copy.",
            lambda: _in_place, _when(lambda split: _differ(split.given, split.conv))),
        KnownMistake("the bias twice", "The sum is off by just the bias: both layers add it.",
            lambda: lambda conv, c: _with_biases(_right(conv, c), conv.bias, conv.bias),
            _when(lambda split: split.is_off_by(1))),
        KnownMistake("the bias lost", "The sum is off by just the bias: no layer adds it.",
            lambda: lambda conv, c: _with_biases(_right(conv, c), None, None),
            _when(lambda split: split.is_off_by(-1))),
        KnownMistake("a bias that nobody set", "In each channel the sum is off by one number: a bias that nobody has set.",
            lambda: lambda conv, c: _with_biases(_right(conv, c), conv.bias, nn.Parameter(torch.randn(conv.out_channels))),
            _when(lambda split: split.offset is not None and bool((split.offset.abs() > 1e-3).any()))),
        KnownMistake("cut along the output channels", "You cut between filters. The weight is (out_channels, in_channels, kernel height, kernel width): which axis belongs to a and b?",
            lambda: lambda conv, c: _split_along(0, conv, c),
            _when(lambda split: split.conv_a_has(0, 2, dim=0))),
        KnownMistake("the halves swapped", "conv_a got the weights for b's channels. In cat([a, b]), which come first?",
            lambda: lambda conv, c: _right(conv, c)[::-1],
            _when(lambda split: split.conv_a_has(2, 7) or split.conv_a_has(5, 7))),
        KnownMistake("the middle instead of c", "You cut in the middle. a has c channels, and b may have more or fewer.",
            lambda: lambda conv, c: _right(conv, conv.in_channels // 2),
            _when(lambda split: split.conv_a_has(0, 3))),
        KnownMistake("the weights of a new layer", "The shapes are right, but the weights are new random numbers. Whose should they be?",
            lambda: _new, _has_random_weights),
        KnownMistake("the padding forgotten", "Your layers have no padding, so the border is lost.",
            lambda: lambda conv, c: _filled(conv, c, padding=0),
            _when(lambda split: split.layers[0].padding == (0, 0))),
        KnownMistake("the stride forgotten", "Your layers move one cell at a time, whatever stride the given one has.",
            lambda: lambda conv, c: _filled(conv, c, stride=1),
            _when(lambda split: split.layers[0].weight.shape == (4, 2, 3, 3) and split.layers[0].stride == (1, 1))),
        KnownMistake("the kernel size written down", "Your kernels are 3×3, whatever the given one has.",
            lambda: lambda conv, c: _filled(conv, c, kernel_size=3),
            _when(lambda split: split.layers[0].weight.shape == (4, 2, 3, 3), kernel_size=1)),
        KnownMistake("copied while the gradient is kept", "PyTorch forbids writing into a weight while it keeps track for the gradient. Write inside `with torch.no_grad():`, or set a new nn.Parameter.",
            lambda: _copied_with_gradient, _raises("leaf Variable")),
        KnownMistake("a tensor in place of a parameter", "A layer's weight and bias are an nn.Parameter each: wrap your tensor in one. No bias is `bias = None`.",
            lambda: _no_parameter, _raises("as parameter")),
        KnownMistake("a bias taken for granted", "A convolution made with bias=False has None there.",
            lambda: lambda conv, c: _with_biases(_right(conv, c), nn.Parameter(conv.bias.detach()), None),
            _raises("NoneType", "Optional", bias=False)),
    ),
    hints=(
        "Each filter has one 3×3 kernel for each input channel. Which of them ever meet a?",
        "The weight's axes are (out_channels, in_channels, height, width): cut along one of them. And how often may the bias be added?",
        "`conv_a, conv_b = copy.deepcopy(conv), copy.deepcopy(conv)`, then `conv_a.weight = nn.Parameter(conv.weight[:, ___])`, `conv_b.weight = nn.Parameter(conv.weight[:, ___])`, `conv_b.bias = ___`",
    ),
    solution_text=(
        "`conv_a, conv_b = copy.deepcopy(conv), copy.deepcopy(conv)\n"
        "conv_a.weight = nn.Parameter(conv.weight[:, :c])\n"
        "conv_b.weight = nn.Parameter(conv.weight[:, c:])\n"
        "conv_b.bias = None\n"
        "return conv_a, conv_b`\n"
        "The copies keep kernel, stride and padding; one of them keeps the bias."
    ),
    praise="Each part of the weight meets its own map: a convolution over cat adds two of them.",
)  # fmt: skip
