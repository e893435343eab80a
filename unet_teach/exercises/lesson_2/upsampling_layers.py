"""What the layers of lesson 2 are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from unet_teach.exercises.checks.upsampling import (
    numbers,
)


def transpose(answer: Any, holds: Callable[[int, int, int, int], bool]) -> bool:
    """Whether it is a transposed convolution with such kernel, stride, padding, output_padding."""
    if not isinstance(answer, nn.ConvTranspose2d):
        return False
    *window, dilation = numbers(answer)
    return dilation == 1 and holds(*window)


def has(answer: Any, *kinds: type[nn.Module]) -> bool:
    """Whether layers of all these kinds are in it."""
    parts = list(answer.modules()) if isinstance(answer, nn.Module) else []
    return all(any(isinstance(part, kind) for part in parts) for kind in kinds)


def made(answer: nn.Module, channels: int, side: int = 8) -> tuple[int, ...]:
    """The shape that comes out of a square map."""
    with torch.no_grad():
        return tuple(answer(torch.zeros(1, channels, side, side)).shape)


def channels_are(answer: Any, *channels: int) -> bool:
    return isinstance(answer, nn.ConvTranspose2d) and channels == (
        answer.in_channels,
        answer.out_channels,
    )
