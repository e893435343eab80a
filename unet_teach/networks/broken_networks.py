"""Small networks for the examples in the inspector's table of diagnoses: most of them are broken.

They are not part of the inspector, so that it quotes their lines like those of a user.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


class OneLevel(nn.Module):
    """One level of a U-Net, with 4 channels above and 8 below.

    Args:
        join: takes the up-sampled map and the skip, (N, 8, H, W) and (N, 4, H, W).
        up: doubles H and W.
        head_channels: what the last layer takes.
    """

    def __init__(
        self,
        join: Callable[[Tensor, Tensor], Tensor],
        up: nn.Module | None = None,
        head_channels: int = 12,
    ) -> None:
        super().__init__()
        self.join = join
        self.encoder = nn.Conv2d(3, 4, kernel_size=3, padding=1)
        self.down = nn.Conv2d(4, 8, kernel_size=3, stride=2, padding=1)
        self.up = up or nn.Upsample(scale_factor=2)
        self.head = nn.Conv2d(head_channels, 1, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, 1, H, W) for (N, 3, H, W)."""
        skip = self.encoder(x)
        x = self.up(self.down(skip))
        made: Tensor = self.head(self.join(x, skip))
        return made


class Between(nn.Module):
    """A convolution, any function, and another layer."""

    def __init__(self, step: Callable[[Tensor], Any], last: nn.Module | None = None) -> None:
        super().__init__()
        self.first, self.step, self.last = nn.Conv2d(3, 4, 1), step, last or nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Any:
        """Return whatever the last layer makes of it."""
        return self.last(self.step(self.first(x)))


class Misnamed(nn.Module):
    """A network whose forward asks for its layer by a name of its own."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.add_module(name, nn.Conv2d(3, 4, kernel_size=3))

    convolution: nn.Module

    def forward(self, x: Tensor) -> Any:
        """Return (N, 4, H - 2, W - 2) for (N, 3, H, W)."""
        return self.convolution(x)


class Positions(nn.Module):
    """Patches of 8×8 pixels as tokens, with a learned vector added for each position."""

    def __init__(self, positions: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 4, kernel_size=8, stride=8)
        self.positions = nn.Parameter(torch.zeros(1, positions, 4))

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, positions, 4) for (N, 3, H, W)."""
        made: Tensor = self.patches(x).flatten(2).transpose(1, 2) + self.positions
        return made


def popped_twice(x: Tensor) -> Tensor:
    """Take out of a list more than there is."""
    skips = [x]
    return skips.pop() + skips.pop()


def unpacked_shape(count: int) -> Callable[[Tensor], Tensor]:
    """Return a function that gives the shape of a map to three names, or to four."""

    def to_three(x: Tensor) -> Tensor:
        channels, height, width = x.shape
        return x.view(1, channels, height, width)

    def to_four(x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        return x.view(batch, channels, height, width)

    return to_three if count == 3 else to_four
