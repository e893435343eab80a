"""Lesson 1: make a layer that halves height and width."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from unet_teach.arithmetic import conv_output_size
from unet_teach.exercises.checks.layers import is_layer, run
from unet_teach.exercises.checks.tensors import shape_problem
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake

IN_CHANNELS, OUT_CHANNELS = 64, 128


def _channel_fault(layer: nn.Module) -> str | None:
    if not isinstance(layer, nn.Conv2d) or isinstance(layer, nn.LazyConv2d):
        return None
    channels = (layer.in_channels, layer.out_channels)
    if channels == (IN_CHANNELS, OUT_CHANNELS):
        return None
    return (
        f"Your layer takes {channels[0]} channels and makes {channels[1]}; "
        f"wanted: takes {IN_CHANNELS}, makes {OUT_CHANNELS}."
    )


def _halving_fault(layer: nn.Module) -> str | None:
    """Shape, on 32×32 and on fresh random even sizes, rectangular ones too."""
    chance = random.Random()  # its own: the student's random numbers stay where they are
    fresh = [(2 * chance.randint(3, 20), 2 * chance.randint(3, 20)) for _ in range(8)]
    for height, width in [(32, 32), *sorted(fresh)]:
        made = run(layer, torch.zeros(1, IN_CHANNELS, height, width))
        if isinstance(made, str):
            return made
        wanted = (1, OUT_CHANNELS, height // 2, width // 2)
        if fault := shape_problem(made, wanted, f"On a {height}×{width} map"):
            return fault.removesuffix(".") + _sum(layer, height, width) + "."
    return None


def _sum(layer: nn.Module, *sizes: int) -> str:
    """The formula with a convolution's own numbers, of the first axis that is not halved."""
    if not isinstance(layer, nn.Conv2d) or isinstance(layer.padding, str):
        return ""
    for axis, size in enumerate(sizes):
        kernel, stride = layer.kernel_size[axis], layer.stride[axis]
        padding, dilation = int(layer.padding[axis]), layer.dilation[axis]
        result = conv_output_size(size, kernel, stride, padding, dilation)
        if result != size // 2:
            window = str(kernel) if dilation == 1 else f"({dilation}·({kernel} − 1) + 1)"
            return f": ({size} + 2·{padding} − {window}) // {stride} + 1 = {result}"
    return ""


def _is_conv(answer: Any, holds: Callable[[nn.Conv2d], bool]) -> bool:
    return isinstance(answer, nn.Conv2d) and holds(answer)


def _window(layer: nn.Conv2d) -> tuple[Any, ...]:
    return (layer.kernel_size[0], layer.stride[0], layer.padding[0], layer.dilation[0])


halve = Exercise(
    name="halve",
    lesson=1,
    prompt="Make a layer that takes 64 channels, makes 128, and halves even heights and widths.",
    checks=(
        is_layer("nn.Conv2d(…)"),
        Check("its channels", _channel_fault),
        Check("half the size", _halving_fault),
    ),
    answers=(
        lambda: nn.Conv2d(64, 128, kernel_size=3, stride=2, padding=1),
        lambda: nn.Conv2d(64, 128, 2, stride=2),
        lambda: nn.Conv2d(64, 128, 5, stride=2, padding=2),
        lambda: nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(64, 128, 3, padding=1)),
        lambda: nn.LazyConv2d(128, 3, stride=2, padding=1),
    ),
    mistakes=(
        KnownMistake("channels swapped", "in_channels comes first: what the layer is given, not what it makes.",
            lambda: nn.Conv2d(128, 64, 3, stride=2, padding=1),
            lambda a: _is_conv(a, lambda c: (c.in_channels, c.out_channels) == (128, 64))),
        KnownMistake("channels not doubled", "The map gets smaller, so the network gives it more channels: out_channels=128.",
            lambda: nn.Conv2d(64, 64, 3, stride=2, padding=1),
            lambda a: _is_conv(a, lambda c: (c.in_channels, c.out_channels) == (64, 64))),
        KnownMistake("a transposed convolution", "A transposed convolution runs the sizes backwards: stride=2 doubles. It is lesson 2.",
            lambda: nn.ConvTranspose2d(64, 128, 3, stride=2, padding=1, output_padding=1),
            lambda a: isinstance(a, nn.ConvTranspose2d)),
        KnownMistake("a pool alone", "The size is right, but a pool has no filters: it cannot change the channels.",
            lambda: nn.MaxPool2d(2), lambda a: isinstance(a, nn.MaxPool2d | nn.AvgPool2d)),
        KnownMistake("no stride", "The window moves one cell at a time. Which parameter makes it jump over every other?",
            lambda: nn.Conv2d(64, 128, 3, padding=1),
            lambda a: _is_conv(a, lambda c: c.stride == (1, 1))),
        KnownMistake("padding forgotten", "You lost the border. Which parameter adds one?",
            lambda: nn.Conv2d(64, 128, 3, stride=2),
            lambda a: _is_conv(a, lambda c: _window(c) == (3, 2, 0, 1))),
        KnownMistake("too much padding", "One ring of zeros too many: it is added on both sides, so padding counts twice.",
            lambda: nn.Conv2d(64, 128, 3, stride=2, padding=2),
            lambda a: _is_conv(a, lambda c: _window(c) == (3, 2, 2, 1))),
        KnownMistake("a wider kernel without more padding", "A wider window needs a wider border: how much more padding for this kernel_size?",
            lambda: nn.Conv2d(64, 128, 5, stride=2, padding=1),
            lambda a: _is_conv(a, lambda c: c.kernel_size[0] > 4 and c.stride == (2, 2))),
        KnownMistake("stride too long", "The stride divides the size. A stride of 2 halves.",
            lambda: nn.Conv2d(64, 128, 3, stride=4, padding=1),
            lambda a: _is_conv(a, lambda c: min(c.stride) > 2)),
    ),
    hints=(
        "Three numbers decide the size that comes out. Which one decides how far the window jumps?",
        "The size is (H + 2·padding − kernel_size) // stride + 1. With kernel_size=5 and stride=2, which padding turns 32 into 16?",
        "`nn.Conv2d(64, ___, kernel_size=5, stride=___, padding=___)`",
    ),
    solution_text=(
        "`nn.Conv2d(64, 128, kernel_size=5, stride=2, padding=2)`: (32 + 2·2 − 5) // 2 + 1 = 16. Others are right as well: kernel_size=3 with padding=1, or kernel_size=2 without padding."
    ),
    praise="64 channels become 128, and every even size is halved, rectangular maps as well.",
)  # fmt: skip
