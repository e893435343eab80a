"""The exercises of lesson 1, Down-sampling."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from unet_teach.exercises.engine import Exercise, Slip

IN_CHANNELS, OUT_CHANNELS = 64, 128


def _halving_fault(answer: Any) -> str | None:
    """Type, then channels, then shape on fresh random even sizes, rectangular ones too."""
    if isinstance(answer, type):
        return (
            f"This is the class {answer.__name__} itself. Make a layer of it: {answer.__name__}(…)."
        )
    if not isinstance(answer, nn.Module):
        kind = type(answer).__name__
        return f"A layer was expected, such as nn.Conv2d(…); this is of type {kind}."
    if isinstance(answer, nn.Conv2d) and (wrong := _channel_fault(answer)):
        return wrong
    chance = random.Random()  # its own: the student's random numbers stay where they are
    random_even = [(2 * chance.randint(3, 20), 2 * chance.randint(3, 20)) for _ in range(8)]
    for height, width in [(32, 32), *random_even]:
        with torch.no_grad():
            shape = tuple(answer(torch.zeros(1, IN_CHANNELS, height, width)).shape)
        if shape == (1, OUT_CHANNELS, height // 2, width // 2):
            continue
        if len(shape) == 4 and shape[1] != OUT_CHANNELS:
            return f"{shape[1]} channels come out, wanted {OUT_CHANNELS}."
        got, wanted = "×".join(map(str, shape[2:])), f"{height // 2}×{width // 2}"
        return f"On a {height}×{width} map your layer gives {got}, wanted {wanted}."
    return None


def _channel_fault(layer: nn.Conv2d) -> str | None:
    channels = (layer.in_channels, layer.out_channels)
    if channels == (IN_CHANNELS, OUT_CHANNELS):
        return None
    return (
        f"Your layer takes {channels[0]} channels and makes {channels[1]}; "
        f"wanted: takes {IN_CHANNELS}, makes {OUT_CHANNELS}."
    )


def _is_conv(answer: Any, holds: Callable[[nn.Conv2d], bool]) -> bool:
    return isinstance(answer, nn.Conv2d) and holds(answer)


halve = Exercise(
    name="halve",
    prompt="Make a layer that takes 64 channels, makes 128, and halves even heights and widths.",
    fault=_halving_fault,
    answers=(
        lambda: nn.Conv2d(64, 128, kernel_size=3, stride=2, padding=1),
        lambda: nn.Conv2d(64, 128, 2, stride=2),
        lambda: nn.Conv2d(64, 128, 4, stride=2, padding=1),
        lambda: nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(64, 128, 3, padding=1)),
    ),
    slips=(
        Slip(
            "channels swapped",
            lambda: nn.Conv2d(128, 64, 3, stride=2, padding=1),
            lambda a: _is_conv(a, lambda c: (c.in_channels, c.out_channels) == (128, 64)),
            "in_channels comes first: what the layer is given, not what it makes.",
        ),
        Slip(
            "channels not doubled",
            lambda: nn.Conv2d(64, 64, 3, stride=2, padding=1),
            lambda a: _is_conv(a, lambda c: (c.in_channels, c.out_channels) == (64, 64)),
            "The map gets smaller, so the network gives it more channels: out_channels=128.",
        ),
        Slip(
            "a transposed convolution",
            lambda: nn.ConvTranspose2d(64, 128, 3, stride=2, padding=1, output_padding=1),
            lambda a: isinstance(a, nn.ConvTranspose2d),
            "A transposed convolution runs the sizes backwards: stride=2 doubles. It is lesson 2.",
        ),
        Slip(
            "no stride",
            lambda: nn.Conv2d(64, 128, 3, padding=1),
            lambda a: _is_conv(a, lambda c: c.stride == (1, 1)),
            "The window moves one cell at a time. Which parameter makes it jump over every other?",
        ),
        Slip(
            "padding forgotten",
            lambda: nn.Conv2d(64, 128, 3, stride=2),
            lambda a: _is_conv(
                a, lambda c: (c.kernel_size, c.stride, c.padding) == ((3, 3), (2, 2), (0, 0))
            ),
            "You lost the border: (32 + 2·0 − 3) // 2 + 1 = 15. Which parameter adds a border?",
        ),
        Slip(
            "too much padding",
            lambda: nn.Conv2d(64, 128, 3, stride=2, padding=2),
            lambda a: _is_conv(
                a, lambda c: (c.kernel_size, c.stride, c.padding) == ((3, 3), (2, 2), (2, 2))
            ),
            "One ring of zeros too many: it is added on both sides, so padding counts twice.",
        ),
        Slip(
            "stride too long",
            lambda: nn.Conv2d(64, 128, 3, stride=4, padding=1),
            lambda a: _is_conv(a, lambda c: min(c.stride) > 2),
            "The stride divides the size. A stride of 2 halves.",
        ),
    ),
    hints=(
        "Three numbers decide the size that comes out. Which one decides how far the window jumps?",
        "The size is (H + 2·padding − kernel_size) // stride + 1. With kernel_size=3 and stride=2, "
        "which padding turns 32 into 16?",
        "nn.Conv2d(64, ___, kernel_size=3, stride=___, padding=___)",
    ),
    solution_text=(
        "nn.Conv2d(64, 128, kernel_size=3, stride=2, padding=1): (32 + 2·1 − 3) // 2 + 1 = 16. "
        "Others are right as well, such as kernel_size=2, stride=2 without padding."
    ),
    praise=(
        "64 channels become 128, and every even size is halved, rectangular maps as well. "
        "Odd sizes cannot be: try 31."
    ),
)
