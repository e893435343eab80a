"""Networks that stop at every kind of place, each with the shape of an input."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import nn

from unet_teach import inspect_unet
from unet_teach.networks import UNet
from unet_teach.networks.document import DocumentUNet


def tells(model: nn.Module, *args: Any) -> str:
    """Return what is said of a network that stops."""
    told = inspect_unet(model, *args).problem
    assert told
    return told


def runs(model: nn.Module, *args: Any) -> bool:
    return inspect_unet(model, *args).problem is None


class JoinedAtOddSizes(nn.Module):
    """A U-Net of max-pooling and doubling, which stops where a halving had a remainder."""

    def __init__(self, depth, channels=4, last=0):
        super().__init__()
        counts = [channels << level for level in range(depth + 1)]
        self.first = nn.Conv2d(1, channels, 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(counts))
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in pairwise(counts))
        self.mix = nn.ModuleList(nn.Conv2d(2 * a, a, 3, padding=1) for a in counts[:-1])
        if last:
            self.mix[0] = nn.Conv2d(last, channels, 3, padding=1)

    def forward(self, x):
        x, skips = self.first(x), []
        for layer in self.down:
            skips.append(x)
            x = layer(nn.functional.max_pool2d(x, 2))
        for layer, mix in reversed(list(zip(self.up, self.mix, strict=True))):
            x, skip = layer(x), skips.pop()
            x = torch.cat([skip, x], dim=1)
            x = mix(x)
        return x


STOPPED = {
    "skip": (JoinedAtOddSizes(4), (1, 1, 200, 300)),
    "second skip": (JoinedAtOddSizes(3), (1, 1, 50, 56)),
    "deep": (JoinedAtOddSizes(6), (1, 1, 500, 500)),
    "last layer": (JoinedAtOddSizes(2, last=24), (1, 1, 64, 64)),
    "first layer": (UNet(3, 5, depth=2, base_channels=4), (1, 1, 64, 64)),
    "bottleneck": (
        nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.Conv2d(4, 8, 3, 2, 1), nn.Conv2d(4, 8, 3)),
        (1, 1, 64, 64),
    ),
    "no forward": (DocumentUNet(3, 5), (1, 3, 64, 64)),
}
