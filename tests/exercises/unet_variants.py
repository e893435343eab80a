"""U-Nets for `own_unet`: right ones as students write them, and a base for wrong ones."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere


class Student(nn.Module):
    """A right answer. Each of its methods is a step that a student can get wrong."""

    encoder_list: Callable[[], Any] = nn.ModuleList

    def __init__(self, in_channels: int, out_channels: int, depth: int, base_channels: int) -> None:
        super().__init__()
        widths = [self.width(base_channels, level) for level in range(self.halvings(depth) + 1)]
        self.into = self.block(in_channels, widths[0])
        self.down, self.up, self.merge = self.encoder_list(), nn.ModuleList(), nn.ModuleList()
        for above, below in pairwise(widths):
            self.down.append(self.block(above, below))
            self.up.append(nn.ConvTranspose2d(below, above, 2, stride=2))
            self.merge.append(self.block(2 * above, above))
        self.head = nn.Conv2d(widths[0], out_channels, 1)

    def halvings(self, depth: int) -> int:
        """Return how often height and width are halved."""
        return depth

    def width(self, base_channels: int, level: int) -> int:
        """Return the number of channels at a level."""
        return int(base_channels * 2**level)

    def block(self, in_channels: int, out_channels: int) -> nn.Module:
        """Make the layers of a level."""
        return nn.Sequential(
            *(nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(out_channels, out_channels, 3, padding=1), nn.ReLU()),
        )

    def shrink(self, x: Tensor) -> Tensor:
        """Halve height and width."""
        return F.max_pool2d(x, 2)

    def skip(self, skips: list[Tensor], level: int) -> Tensor:
        """Choose the skip of a level."""
        return skips[level]

    def fit(self, x: Tensor, skip: Tensor) -> Tensor:
        """Pad the decoder's feature map to the size of the skip."""
        return F.pad(x, (0, skip.shape[3] - x.shape[3], 0, skip.shape[2] - x.shape[2]))

    def join(self, x: Tensor, skip: Tensor, level: int) -> Tensor:
        """Join the decoder's feature map and the skip."""
        return torch.cat([skip, self.fit(x, skip)], dim=1)

    def forward(self, x: Tensor) -> Any:
        """Return the logits (N, out_channels, H, W)."""
        skips = [self.into(x)]
        for block in self.down:
            skips.append(block(self.shrink(skips[-1])))
        x = skips.pop()
        for level in reversed(range(len(self.up))):
            x, skip = self.up[level](x), self.skip(skips, level)
            x = self.merge[level](self.join(x, skip, level))
        return self.head(x)


def changed(**steps: Callable[..., Any]) -> Callable[[], type[nn.Module]]:
    """Make a maker of the right answer with some of its steps changed."""
    return lambda: type("Student", (Student,), steps)
