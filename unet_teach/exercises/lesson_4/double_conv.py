"""Lesson 4: the block of two convolutions at each level."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.layers import run
from unet_teach.exercises.checks.networks import ACTIVATIONS, StudentNetworks, random_sizes
from unet_teach.exercises.checks.tensors import shape_problem
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.shared.sizes_as_text import sizes_as_text


def _block(answer: Any, in_channels: int = 3, out_channels: int = 8) -> nn.Module:
    block: nn.Module = answer(in_channels, out_channels)
    return block


blocks = StudentNetworks(_block)


def _type_problem(answer: Any) -> str | None:
    if not callable(answer) or isinstance(answer, nn.Module):
        return (
            "A function was expected, `def double_conv(in_channels, out_channels)`; "
            f"this is of type {type(answer).__name__}."
        )
    block = answer(3, 8)
    if block is None:
        return "Your function returns nothing. Did you forget the word `return`?"
    if not isinstance(block, nn.Module):
        kind = type(block).__name__
        return f"A layer was expected, such as `nn.Sequential(…)`; yours returns a {kind}."
    return None


def _shape_problem(answer: Any) -> str | None:
    for height, width in [(7, 11), *random_sizes(3)]:
        for into, out in ((3, 8), (8, 4)):
            output = run(_block(answer, into, out), torch.randn(2, into, height, width))
            if isinstance(output, str):
                return output
            where = f"double_conv({into}, {out}) on a {height}×{width} map"
            if problem := shape_problem(output, (2, out, height, width), where):
                return problem
    return None


def _convolutions_problem(answer: Any) -> str | None:
    if (count := len(blocks.graph(answer).convolutions)) != 2:
        return f"Two convolutions were wanted. The map goes through {count}."
    for module in _block(answer).modules():
        if isinstance(module, nn.Conv2d) and module.kernel_size != (3, 3):
            return f"3×3 was wanted. One of the kernels is {sizes_as_text(module.kernel_size)}."
    return None


def _activations_problem(answer: Any) -> str | None:
    graph = blocks.graph(answer)
    if graph.consecutive_convolutions:
        return "The second convolution takes what the first made, with no activation between."
    if not graph.ends_in_activation:
        return "Nothing but the second convolution at the end: its activation is missing."
    return None


def _lacks(*, between: bool, end: bool) -> Callable[[Any], bool]:
    """Recognise blocks that lack the activation between the convolutions, at the end, or both."""

    def recognises(answer: Any) -> bool:
        graph = blocks.graph(answer)
        lacking = bool(graph.consecutive_convolutions), not graph.ends_in_activation
        return lacking == (between, end)

    return recognises


def _has_norm(answer: Any) -> bool:
    return any("Norm" in type(part).__name__ for part in _block(answer).modules())


def _sequence(*makers: Callable[[int, int], nn.Module]) -> Callable[[], Any]:
    """Make a maker of an answer: layers in a row, each made from the block's channels."""
    return lambda: lambda into, out: nn.Sequential(*(maker(into, out) for maker in makers))


def _first(into: int, out: int) -> nn.Module:
    return nn.Conv2d(into, out, 3, padding=1)


def _second(into: int, out: int) -> nn.Module:
    return nn.Conv2d(out, out, 3, padding=1)


def _relu(into: int, out: int) -> nn.Module:
    return nn.ReLU()


def _norm(into: int, out: int) -> nn.Module:
    return nn.BatchNorm2d(out)


class _Block(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(in_channels, out_channels, 3, padding="same")
        self.two = nn.Conv2d(out_channels, out_channels, 3, padding="same")

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self.two(F.leaky_relu(self.one(x))))


double_conv = Exercise(
    name="double_conv",
    lesson=4,
    prompt="Write `double_conv`: two 3×3 convolutions that keep height and width, each followed by its activation.",
    checks=(
        Check("a function that makes a layer", _type_problem),
        Check("its shapes", _shape_problem),
        Check("two 3×3 convolutions", _convolutions_problem),
        Check(ACTIVATIONS, _activations_problem),
    ),
    answers=(
        _sequence(_first, _relu, _second, _relu),
        _sequence(_first, _norm, _relu, _second, _norm, _relu),
        lambda: _Block,
    ),
    mistakes=(
        KnownMistake("no activation between", "Two linear maps in a row are one linear map: the second adds cost and no power.",
            _sequence(_first, _second, _relu), _lacks(between=True, end=False), at=ACTIVATIONS),
        KnownMistake("no activation at the end", "The next block begins with a convolution, and the two would be one linear map.",
            _sequence(_first, _relu, _second), _lacks(between=False, end=True), at=ACTIVATIONS),
        KnownMistake("a normalisation in place of an activation", "A normalisation is no activation: it scales and shifts, and that is linear.",
            _sequence(_first, _norm, _second),
            lambda a: _has_norm(a) and _lacks(between=True, end=True)(a), at=ACTIVATIONS),
        KnownMistake("no activation at all", "Nothing here bends: two linear maps in a row are one. Where do the two ReLUs go?",
            _sequence(_first, _second), _lacks(between=True, end=True), at=ACTIVATIONS),
        KnownMistake("padding forgotten", "Each convolution loses a ring of cells, as in the network of 2015. Padding keeps it.",
            _sequence(lambda into, out: nn.Conv2d(into, out, 3), _relu, lambda into, out: nn.Conv2d(out, out, 3), _relu),
            lambda a: _block(a)(torch.zeros(1, 3, 9, 12)).shape[2:] == (5, 8)),
        KnownMistake("the second takes what the first took", "The second convolution is given what the first made: out_channels, not in_channels.",
            _sequence(_first, _relu, _first, _relu),
            blocks.raises("to have 3 channels, but got 8")),
        KnownMistake("channels widened twice", "The first convolution widens to out_channels, the second keeps them.",
            _sequence(_first, _relu, lambda into, out: nn.Conv2d(out, 2 * out, 3, padding=1), _relu),
            lambda a: _block(a)(torch.zeros(1, 3, 9, 12)).shape[1] == 16),
        KnownMistake("one convolution", "A 3×3 window sees one neighbour. Two in a row see two, and bend the map twice.",
            _sequence(_first, _relu), lambda a: len(blocks.graph(a).convolutions) == 1),
    ),
    hints=(
        "What stands between two convolutions so that they are not one?",
        "Conv2d, ReLU, Conv2d, ReLU. Which channels does each convolution take and make?",
        "`nn.Sequential(nn.Conv2d(in_channels, ___, 3, padding=1), nn.ReLU(), nn.Conv2d(___, ___, 3, padding=1), nn.ReLU())`",
    ),
    solution_text="`return nn.Sequential(\n    nn.Conv2d(in_channels, out_channels, 3, padding=1), "
    "nn.ReLU(),\n    nn.Conv2d(out_channels, out_channels, 3, padding=1), nn.ReLU(),\n)`",
    praise="Two bends a level, nothing lost at the border.",
)  # fmt: skip
