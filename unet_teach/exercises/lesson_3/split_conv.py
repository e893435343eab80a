"""The exercise of lesson 3 about weights: a convolution over two joined maps is a sum of two."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.exercises.checks.functions import is_function
from unet_teach.exercises.checks.layers import run
from unet_teach.exercises.checks.tensors import close, no_tensor, shape_problem, values_problem
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake

Split = Callable[[nn.Conv2d, int], Any]

WINDOWS = [  # kernel_size, stride, padding, bias
    (3, 2, 1, False),
    (1, 1, 0, True),
    (5, 1, 2, True),
    (5, 2, 0, False),
]


def _conv_samples() -> Iterator[tuple[nn.Conv2d, int]]:
    """The lesson's own, then fresh ones whose two parts differ in channels."""
    yield nn.Conv2d(128, 64, 3, padding=1), 64
    chance = random.Random()
    for kernel_size, stride, padding, bias in WINDOWS:
        c, others = chance.sample(range(1, 6), 2)
        out_channels = chance.randint(2, 6)
        yield nn.Conv2d(c + others, out_channels, kernel_size, stride, padding, bias=bias), c


def _named(conv: nn.Conv2d, c: int) -> str:
    bias = "no bias" if conv.bias is None else "a bias"
    return (
        f"For {c} + {conv.in_channels - c} channels, kernel_size={conv.kernel_size[0]}, "
        f"stride={conv.stride[0]}, padding={conv.padding[0]}, {bias}"
    )


def _maps(conv: nn.Conv2d, c: int) -> tuple[Tensor, Tensor]:
    return torch.randn(2, c, 7, 9), torch.randn(2, conv.in_channels - c, 7, 9)


def _two_layers_fault(answer: Split) -> str | None:
    made = answer(*next(_conv_samples()))
    if made is None or made is ...:
        return no_tensor(made)
    if not isinstance(made, tuple | list) or len(made) != 2:
        kind = type(made).__name__
        return f"Wanted: two layers, `return conv_a, conv_b`. This is of type {kind}."
    for name, part in zip(("conv_a", "conv_b"), made, strict=True):
        if not isinstance(part, nn.Module):
            return f"{name} is of type {type(part).__name__}. Wanted: a layer, as `nn.Conv2d`."
    return None


def _sum_fault(answer: Split) -> str | None:
    for conv, c in _conv_samples():
        a, b = _maps(conv, c)
        where, given = _named(conv, c), copy.deepcopy(conv)
        with torch.no_grad():
            wanted = conv(torch.cat([a, b], dim=1))
        total = torch.zeros_like(wanted)
        for name, layer, x in zip(("conv_a", "conv_b"), answer(given, c), (a, b), strict=True):
            try:
                made = run(layer, x)
            except Exception as error:
                return f"{where}: {name} stops at its map of {x.shape[1]} channels: {error}."
            if isinstance(made, str):
                return made
            if fault := shape_problem(made, wanted.shape, f"{where}, {name}"):
                return fault
            total += made
        if _differ(given, conv):
            return f"{where}: your function changes the convolution it was given."
        if fault := values_problem(total, wanted, f"{where}, the sum"):
            return fault
    return None


def _differ(one: nn.Module, other: nn.Module) -> bool:
    now, before = one.state_dict(), other.state_dict()
    return now.keys() != before.keys() or any(not close(now[key], before[key]) for key in now)


@dataclass(frozen=True)
class _Tried:
    """What an answer made of one convolution, 2 + 5 channels to 4."""

    conv: nn.Conv2d
    given: nn.Conv2d
    parts: Any

    @property
    def off(self) -> Tensor | None:
        """How far the sum is too high, a number a channel; `None` where it varies inside one."""
        a, b = _maps(self.conv, 2)
        conv_a, conv_b = self.parts
        with torch.no_grad():
            off: Tensor = conv_a(a) + conv_b(b) - self.conv(torch.cat([a, b], dim=1))
        constant = off[:1, :, :1, :1]
        return constant.flatten() if close(off, constant.expand_as(off)) else None

    def is_off_by(self, biases: int) -> bool:
        """Whether the sum is too high by so many times the bias."""
        assert self.conv.bias is not None
        return self.off is not None and close(self.off, biases * self.conv.bias)

    @property
    def has_the_shape(self) -> bool:
        """Whether the first part's weight is as large as that of the first two channels."""
        return bool(self.parts[0].weight.shape == self.conv.weight[:, :2].shape)

    def takes(self, start: int, end: int, *, dim: int = 1, part: int = 0) -> bool:
        """Whether a part's weights are these of the convolution."""
        weight = self.conv.weight.narrow(dim, start, end - start)
        return close(self.parts[part].weight, weight)


def _tried(holds: Callable[[_Tried], bool], kernel_size: int = 3) -> Callable[[Split], bool]:
    def recognises(answer: Split) -> bool:
        conv = nn.Conv2d(7, 4, kernel_size, stride=2, padding=1)
        given = copy.deepcopy(conv)
        return holds(_Tried(conv, given, answer(given, 2)))

    return recognises


def _is_random(answer: Split) -> bool:
    """Whether asked twice about one convolution it gives different weights."""
    conv = nn.Conv2d(7, 4, 3, stride=2, padding=1)
    first, second = (answer(conv, 2)[0].weight for _ in range(2))
    return bool(first.shape == conv.weight[:, :2].shape) and not close(first, second)


def _raises(*words: str, bias: bool = True) -> Callable[[Split], bool]:
    """Whether it stops with an error that says one of these words."""

    def recognises(answer: Split) -> bool:
        try:
            answer(nn.Conv2d(7, 4, 3, stride=2, padding=1, bias=bias), 2)
        except Exception as error:
            return any(word in str(error) for word in words)
        return False

    return recognises


def _parts(conv: nn.Conv2d, c: int) -> tuple[nn.Conv2d, nn.Conv2d]:
    """A right answer, from which the slips are made."""
    conv_a, conv_b = copy.deepcopy(conv), copy.deepcopy(conv)
    conv_a.weight = nn.Parameter(conv.weight[:, :c].detach().clone())
    conv_b.weight = nn.Parameter(conv.weight[:, c:].detach().clone())
    conv_b.bias = None
    return conv_a, conv_b


def _window(conv: nn.Conv2d) -> dict[str, Any]:
    return {"kernel_size": conv.kernel_size, "stride": conv.stride, "padding": conv.padding}


def _built(conv: nn.Conv2d, c: int, **options: Any) -> tuple[nn.Conv2d, nn.Conv2d]:
    """The same, built from nothing and filled; `options` are those that a slip gets wrong."""
    known = _window(conv) | options
    made = []
    for weight in (conv.weight[:, :c], conv.weight[:, c:]):
        part = nn.Conv2d(weight.shape[1], conv.out_channels, **known)
        with torch.no_grad():
            part.weight.copy_(weight)
            if part.bias is not None:
                part.bias.zero_() if conv.bias is None else part.bias.copy_(conv.bias / 2)
        made.append(part)
    return made[0], made[1]


def _with_weights(conv: nn.Conv2d, a: Tensor, b: Tensor) -> tuple[nn.Conv2d, nn.Conv2d]:
    conv_a, conv_b = copy.deepcopy(conv), copy.deepcopy(conv)
    conv_a.weight, conv_b.weight, conv_b.bias = nn.Parameter(a), nn.Parameter(b), None
    return conv_a, conv_b


def _bias_twice(conv: nn.Conv2d, c: int) -> tuple[nn.Conv2d, nn.Conv2d]:
    conv_a, conv_b = _parts(conv, c)
    conv_b.bias = conv.bias
    return conv_a, conv_b


def _bias_lost(conv: nn.Conv2d, c: int) -> tuple[nn.Conv2d, nn.Conv2d]:
    conv_a, conv_b = _parts(conv, c)
    conv_a.bias = None
    return conv_a, conv_b


def _bias_unset(conv: nn.Conv2d, c: int) -> tuple[nn.Conv2d, nn.Conv2d]:
    conv_a, conv_b = _parts(conv, c)
    conv_b.bias = nn.Parameter(torch.randn(conv.out_channels))
    return conv_a, conv_b


def _unfilled(conv: nn.Conv2d, c: int) -> tuple[nn.Conv2d, nn.Conv2d]:
    conv_a = nn.Conv2d(c, conv.out_channels, **_window(conv))
    return conv_a, nn.Conv2d(conv.in_channels - c, conv.out_channels, **_window(conv))


def _in_place(conv: nn.Conv2d, c: int) -> tuple[nn.Conv2d, nn.Conv2d]:
    conv_b = _parts(conv, c)[1]
    conv.weight = nn.Parameter(conv.weight[:, :c].detach())
    return conv, conv_b


def _copied_with_gradient(conv: nn.Conv2d, c: int) -> tuple[nn.Conv2d, nn.Conv2d]:
    conv_a, conv_b = _unfilled(conv, c)
    conv_a.weight.copy_(conv.weight[:, :c])
    return conv_a, conv_b


def _no_parameter(conv: nn.Conv2d, c: int) -> tuple[nn.Conv2d, nn.Conv2d]:
    conv_a, conv_b = _unfilled(conv, c)
    conv_a.weight = conv.weight[:, :c]
    return conv_a, conv_b


def _needs_a_bias(conv: nn.Conv2d, c: int) -> tuple[nn.Conv2d, nn.Conv2d]:
    conv_a, conv_b = _parts(conv, c)
    conv_a.bias = nn.Parameter(conv.bias.detach().clone())  # type: ignore[union-attr]
    return conv_a, conv_b


split_conv = Exercise(
    name="split_conv",
    lesson=3,
    prompt="Split one convolution over cat([a, b]) into two, so that conv_a(a) + conv_b(b) is the same.",
    checks=(
        is_function("split_conv(conv, c)"),
        Check("two layers", _two_layers_fault),
        Check("their sum", _sum_fault),
    ),
    answers=(
        lambda: _parts,
        lambda: _built,
        lambda: lambda conv, c: list(_parts(conv, c)),
    ),
    mistakes=(
        KnownMistake("the given convolution changed", "Others may still need the convolution you were given. Work on a copy.",
            lambda: _in_place, _tried(lambda t: _differ(t.given, t.conv))),
        KnownMistake("the bias twice", "The sum is off by just the bias: both layers add it.",
            lambda: _bias_twice, _tried(lambda t: t.is_off_by(1))),
        KnownMistake("the bias lost", "The sum is off by just the bias: no layer adds it.",
            lambda: _bias_lost, _tried(lambda t: t.is_off_by(-1))),
        KnownMistake("a bias that nobody set", "In each channel the sum is off by one number: a bias that nobody has set.",
            lambda: _bias_unset,
            _tried(lambda t: t.off is not None and bool((t.off.abs() > 1e-3).any()))),
        KnownMistake("cut along the output channels", "You cut between filters. The weight is (out_channels, in_channels, kernel height, kernel width): which axis belongs to a and b?",
            lambda: lambda conv, c: _with_weights(conv, conv.weight[:c], conv.weight[c:]),
            _tried(lambda t: t.takes(0, 2, dim=0))),
        KnownMistake("the halves swapped", "conv_a got the weights for b's channels. In cat([a, b]), which come first?",
            lambda: lambda conv, c: _parts(conv, c)[::-1],
            _tried(lambda t: t.takes(2, 7) or t.takes(5, 7))),
        KnownMistake("the middle instead of c", "You cut in the middle. a has c channels, and b may have more or fewer.",
            lambda: lambda conv, c: _parts(conv, conv.in_channels // 2),
            _tried(lambda t: t.takes(0, 3))),
        KnownMistake("the weights of a new layer", "The shapes are right, but the weights are new random numbers. Whose should they be?",
            lambda: _unfilled, _is_random),
        KnownMistake("the padding forgotten", "Your layers have no padding, so the border is lost.",
            lambda: lambda conv, c: _built(conv, c, padding=0),
            _tried(lambda t: t.parts[0].padding == (0, 0))),
        KnownMistake("the stride forgotten", "Your layers move one cell at a time, whatever stride the given one has.",
            lambda: lambda conv, c: _built(conv, c, stride=1),
            _tried(lambda t: t.has_the_shape and t.parts[0].stride == (1, 1))),
        KnownMistake("the kernel size written down", "Your kernels are 3×3, whatever the given one has.",
            lambda: lambda conv, c: _built(conv, c, kernel_size=3),
            _tried(lambda t: t.parts[0].weight.shape == (4, 2, 3, 3), kernel_size=1)),
        KnownMistake("copied while the gradient is kept", "PyTorch forbids writing into a weight while it keeps track for the gradient. Write inside `with torch.no_grad():`, or set a new nn.Parameter.",
            lambda: _copied_with_gradient, _raises("leaf Variable")),
        KnownMistake("a tensor in place of a parameter", "A layer's weight and bias are an nn.Parameter each: wrap your tensor in one. No bias is `bias = None`.",
            lambda: _no_parameter, _raises("as parameter")),
        KnownMistake("a bias taken for granted", "A convolution made with bias=False has None there.",
            lambda: _needs_a_bias, _raises("NoneType", "Optional", bias=False)),
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
