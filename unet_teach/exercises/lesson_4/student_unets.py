"""U-Nets as students write them: right ones, and pieces that make one of them wrong."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.networks import UNet


class Student(nn.Module):
    """A right answer, in small steps; the slips below change one of them each."""

    def __init__(self, in_channels: int, out_channels: int, depth: int, base_channels: int) -> None:
        super().__init__()
        widths = [self.width(base_channels, level) for level in range(depth + 1)]
        self.into = self.block(in_channels, widths[0])
        self.down, self.up, self.merge = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for above, below in pairwise(widths):
            self.down.append(self.block(above, below))
            self.up.append(nn.ConvTranspose2d(below, above, 2, stride=2))
            self.merge.append(self.block(2 * above, above))
        self.head = nn.Conv2d(widths[0], out_channels, 1)

    def width(self, base_channels: int, level: int) -> int:
        """Channels of a level."""
        return int(base_channels * 2**level)

    def block(self, in_channels: int, out_channels: int) -> nn.Module:
        """Make the layers of a level."""
        return nn.Sequential(
            *(nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(out_channels, out_channels, 3, padding=1), nn.ReLU()),
        )

    def fit(self, x: Tensor, skip: Tensor) -> Tensor:
        """Bring x to the skip's size."""
        return F.pad(x, (0, skip.shape[3] - x.shape[3], 0, skip.shape[2] - x.shape[2]))

    def join(self, x: Tensor, skip: Tensor, level: int) -> Tensor:
        """Bring together what comes up and what comes across."""
        return torch.cat([skip, self.fit(x, skip)], dim=1)

    def forward(self, x: Tensor) -> Any:
        """Return the logits (N, out_channels, H, W)."""
        skips = [self.into(x)]
        for block in self.down:
            skips.append(block(F.max_pool2d(skips[-1], 2)))
        x = skips.pop()
        for level in reversed(range(len(self.up))):
            x = self.merge[level](self.join(self.up[level](x), skips[level], level))
        return self.head(x)


class Interpolating(Student):
    """Resizes where sizes part."""

    def fit(self, x: Tensor, skip: Tensor) -> Tensor:
        """Bring x to the skip's size."""
        return F.interpolate(x, size=skip.shape[2:])


class Course(UNet):
    """The course's own."""

    def __init__(self, in_channels: int, out_channels: int, depth: int, base_channels: int) -> None:
        super().__init__(in_channels, out_channels, depth=depth, base_channels=base_channels)


class Adding(UNet):
    """The course's own with other options."""

    def __init__(self, in_channels: int, out_channels: int, depth: int, base_channels: int) -> None:
        super().__init__(
            *(in_channels, out_channels),
            depth=depth,
            base_channels=base_channels,
            skip="add",
            down="strided_conv",
            up="bilinear",
        )


def changed(**methods: Callable[..., Any]) -> Callable[[], type[nn.Module]]:
    """The right answer with some of its methods changed."""
    return lambda: type("Student", (Student,), methods)


def deep(depth_of: Callable[[int], int]) -> Callable[[], type[nn.Module]]:
    """A class that makes another depth of the one it is given."""

    def init(self: Any, in_channels: int, out_channels: int, depth: int, base: int) -> None:
        Student.__init__(self, in_channels, out_channels, depth_of(depth), base)

    return changed(__init__=init)


def late(self: Any, x: Tensor) -> Any:
    """The skip is taken behind the pool."""
    x, skips = self.into(x), []
    for block in self.down:
        x = F.max_pool2d(x, 2)
        skips.append(x)
        x = block(x)
    for level in reversed(range(len(self.up))):
        x = self.up[level](x)
        x = self.merge[level](torch.cat([F.interpolate(skips[level], size=x.shape[2:]), x], dim=1))
    return self.head(x)


def fixed(self: Any, x: Tensor) -> Any:
    """The answer has the size of the first picture tried."""
    return F.interpolate(Student.forward(self, x), size=(32, 48))


def cut_forwards(self: Any, x: Tensor) -> Any:
    """The same, with a repair that cuts and pads what does not fit."""
    return forwards(self, x, fit=self.fit)


def forwards(self: Any, x: Tensor, fit: Any = lambda x, skip: x) -> Any:
    """The first skip stored is the first one used."""
    skips = [self.into(x)]
    for block in self.down:
        skips.append(block(F.max_pool2d(skips[-1], 2)))
    x = skips.pop()
    for level in reversed(range(len(self.up))):
        skip = skips.pop(0)
        x = self.merge[level](torch.cat([skip, fit(self.up[level](x), skip)], dim=1))
    return self.head(x)


def hidden(self: Any, in_channels: int, out_channels: int, depth: int, base: int) -> None:
    """The way down in a plain list."""
    Student.__init__(self, in_channels, out_channels, depth, base)
    blocks = list(self.down)
    del self.down
    self.down = blocks


class Residual(Student):
    """Blocks with a 1×1 way around them, and an up-sampling without an activation."""

    def block(self, in_channels: int, out_channels: int) -> nn.Module:
        """Make the layers of a level."""
        return _AroundBlock(in_channels, out_channels)


class _AroundBlock(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.two = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.around = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.two(F.relu(self.one(x))) + self.around(x))


class Separable(Student):
    """Blocks of one 3×3 kernel a channel and a 1×1 convolution."""

    def block(self, in_channels: int, out_channels: int) -> nn.Module:
        """Make the layers of a level."""
        return nn.Sequential(
            nn.Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels),
            *(nn.Conv2d(in_channels, out_channels, 1), nn.ReLU()),
        )
