"""The twelve networks of lesson 7: U-Nets and their relatives, each a small version of its family.

Tensors are (N, C, H, W) unless a class says otherwise, with H and W in pixels, divisible by 8.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.networks import UNet
from unet_teach.networks.document import ConcatenatingUNet
from unet_teach.networks.six_networks import Autoencoder, FullyConvolutional, conv


class Residual(nn.Module):
    """Two convolutions with a shortcut around them; stride 2 halves H and W."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 2) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv(in_channels, out_channels, stride), nn.Conv2d(out_channels, out_channels, 3, 1, 1)
        )
        self.around = nn.Conv2d(in_channels, out_channels, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, out_channels, H/stride, W/stride)."""
        return F.relu(self.body(x) + self.around(x))


class ResNet(nn.Module):
    """Residual blocks, a mean over what is left of H and W, and one number for each class.

    Source: the idea of He, Zhang, Ren & Sun, "Deep Residual Learning for Image Recognition", 2015,
    arXiv:1512.03385.
    """

    def __init__(self, in_channels: int = 3, classes: int = 10, base_channels: int = 8) -> None:
        super().__init__()
        widths = [in_channels, *(base_channels * 2**level for level in range(4))]
        self.blocks = nn.Sequential(*(Residual(a, b) for a, b in pairwise(widths)))
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, classes)."""
        made: Tensor = self.head(self.blocks(x).mean((2, 3)))
        return made


class LinkNet(nn.Module):
    """A residual encoder, and a decoder that adds the encoder's feature map at each level.

    Source: the idea of Chaurasia & Culurciello, "LinkNet", 2017, arXiv:1707.03718.
    """

    def __init__(self, in_channels: int = 3, classes: int = 2, base_channels: int = 8) -> None:
        super().__init__()
        widths = [base_channels * 2**level for level in range(4)]
        self.stem = conv(in_channels, widths[0])
        self.down = nn.ModuleList(Residual(a, b) for a, b in pairwise(widths))
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(below, above, 4, stride=2, padding=1)
            for below, above in pairwise(reversed(widths))
        )
        self.head = nn.Conv2d(widths[0], classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, classes, H, W)."""
        maps = [self.stem(x)]
        for block in self.down:
            maps.append(block(maps[-1]))
        x = maps.pop()
        for up in self.up:
            x = F.relu(up(x)) + maps.pop()
        made: Tensor = self.head(x)
        return made


class FeaturePyramid(nn.Module):
    """Goes up to a quarter of H and W with additions; one interpolation does the rest.

    Source: the idea of Lin et al., "Feature Pyramid Networks for Object Detection", 2016,
    arXiv:1612.03144.
    """

    def __init__(self, in_channels: int = 3, classes: int = 2, base_channels: int = 8) -> None:
        super().__init__()
        widths = [in_channels, *(base_channels * 2**level for level in range(4))]
        self.down = nn.ModuleList(Residual(a, b) for a, b in pairwise(widths))
        self.across = nn.ModuleList(nn.Conv2d(width, base_channels, 1) for width in widths[2:])
        self.head = nn.Conv2d(base_channels, classes, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, classes, H, W)."""
        maps = []
        for block in self.down:
            x = block(x)
            maps.append(x)
        x = self.across[2](maps[3])
        x = F.interpolate(x, scale_factor=2.0) + self.across[1](maps[2])
        x = F.interpolate(x, scale_factor=2.0) + self.across[0](maps[1])
        return F.interpolate(self.head(x), scale_factor=4.0, mode="bilinear")


class SegNet(nn.Module):
    """Up-samples by putting each maximum back where it was; no feature map is passed across.

    Source: the idea of Badrinarayanan, Kendall & Cipolla, "SegNet", 2015, arXiv:1511.00561.
    """

    def __init__(self, in_channels: int = 3, classes: int = 2, base_channels: int = 8) -> None:
        super().__init__()
        widths = [base_channels * 2**level for level in range(3)]
        self.encoder = nn.ModuleList(conv(a, b) for a, b in pairwise([in_channels, *widths]))
        self.decoder = nn.ModuleList(
            conv(a, b) for a, b in pairwise([*reversed(widths), base_channels])
        )
        self.head = nn.Conv2d(base_channels, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, classes, H, W)."""
        places = []
        for convs in self.encoder:
            x, place = F.max_pool2d(convs(x), 2, return_indices=True)
            places.append(place)
        for convs in self.decoder:
            x = convs(F.max_unpool2d(x, places.pop(), [2, 2]))
        made: Tensor = self.head(x)
        return made


class TokenUNet(nn.Module):
    """A U-Net of tokens with attention: four tokens merge into one, and one expands into four.

    Source: the idea of Cao et al., "Swin-Unet", 2021, arXiv:2105.05537, with attention over all
    tokens in place of windows.
    """

    def __init__(self, in_channels: int = 3, classes: int = 2, width: int = 16) -> None:
        super().__init__()
        self.patch = nn.Conv2d(in_channels, width, kernel_size=4, stride=4)
        self.mix = nn.ModuleList(self._tokens(width * 2**level) for level in range(3))
        self.merge = nn.ModuleList(nn.Linear(4 * width * k, 2 * width * k) for k in (1, 2))
        self.expand = nn.ModuleList(nn.Linear(2 * width * k, 4 * width * k) for k in (2, 1))
        self.join = nn.ModuleList(nn.Linear(2 * width * k, width * k) for k in (2, 1))
        self.head = nn.Linear(width, 16 * classes)

    @staticmethod
    def _tokens(width: int) -> nn.Module:
        return nn.TransformerEncoderLayer(width, 2, 2 * width, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, classes, H, W)."""
        x = self.patch(x).permute(0, 2, 3, 1)  # (N, H/4, W/4, C) from here on
        skips = []
        for level, merge in enumerate(self.merge):
            x = self._attend(level, x)
            skips.append(x)
            x = merge(F.pixel_unshuffle(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1))
        x = self._attend(2, x)
        for expand, join in zip(self.expand, self.join, strict=True):
            x = F.pixel_shuffle(expand(x).permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)
            x = join(torch.cat([x, skips.pop()], dim=-1))
        return F.pixel_shuffle(self.head(x).permute(0, 3, 1, 2), 4)

    def _attend(self, level: int, x: Tensor) -> Tensor:
        tokens: Tensor = self.mix[level](x.flatten(1, 2))
        return tokens.view_as(x)


class WaveUNet(nn.Module):
    """A U-Net for sound: (N, C, L), with L in samples.

    Source: the idea of Stoller, Ewert & Dixon, "Wave-U-Net", 2018, arXiv:1806.03185.
    """

    def __init__(self, in_channels: int = 1, sources: int = 2, base_channels: int = 8) -> None:
        super().__init__()
        widths = [in_channels, *(base_channels * k for k in (1, 2, 3))]
        self.down = nn.ModuleList(nn.Conv1d(a, b, 15, padding=7) for a, b in pairwise(widths))
        self.middle = nn.Conv1d(widths[-1], widths[-1], 15, padding=7)
        self.up = nn.ModuleList(
            nn.Conv1d(2 * b, a, 5, padding=2)
            for a, b in zip((widths[2], widths[1], widths[1]), reversed(widths[1:]), strict=True)
        )
        self.head = nn.Conv1d(widths[1], sources, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, sources, L); L must be divisible by 8."""
        skips = []
        for layer in self.down:
            skips.append(F.leaky_relu(layer(x)))
            x = skips[-1][:, :, ::2]  # every other sample
        x = F.leaky_relu(self.middle(x))
        for layer in self.up:
            x = F.interpolate(x, scale_factor=2.0, mode="linear")
            x = F.leaky_relu(layer(torch.cat([x, skips.pop()], dim=1)))
        made: Tensor = self.head(x)
        return made


class VolumeUNet(nn.Module):
    """A U-Net for volumes: (N, C, D, H, W), in voxels.

    Source: the idea of Çiçek et al., "3D U-Net", 2016, arXiv:1606.06650.
    """

    def __init__(self, in_channels: int = 1, classes: int = 2, base_channels: int = 4) -> None:
        super().__init__()
        a, b, c = (base_channels * 2**level for level in range(3))
        self.one = nn.Conv3d(in_channels, a, 3, padding=1)
        self.two = nn.Conv3d(a, b, 3, padding=1)
        self.three = nn.Conv3d(b, c, 3, padding=1)
        self.up_two = nn.ConvTranspose3d(c, b, 2, stride=2)
        self.up_one = nn.ConvTranspose3d(b, a, 2, stride=2)
        self.join_two = nn.Conv3d(2 * b, b, 3, padding=1)
        self.join_one = nn.Conv3d(2 * a, a, 3, padding=1)
        self.head = nn.Conv3d(a, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, classes, D, H, W); D, H and W must be divisible by 4."""
        one = F.relu(self.one(x))
        two = F.relu(self.two(F.max_pool3d(one, 2)))
        x = F.relu(self.three(F.max_pool3d(two, 2)))
        x = F.relu(self.join_two(torch.cat([self.up_two(x), two], dim=1)))
        x = F.relu(self.join_one(torch.cat([self.up_one(x), one], dim=1)))
        made: Tensor = self.head(x)
        return made


def twelve_networks() -> dict[str, tuple[nn.Module, tuple[int, ...]]]:
    """Return the networks of lesson 7 by letter, each with the shape of its input."""
    image = (1, 3, 64, 64)
    return {
        "A": (UNet(1, 2, base_channels=8, padding="valid", norm=False), (1, 1, 572, 572)),
        "B": (Autoencoder(3), image),
        "C": (LinkNet(), image),
        "D": (ResNet(), image),
        "E": (ConcatenatingUNet(3, 5), image),
        "F": (FeaturePyramid(), image),
        "G": (TokenUNet(), image),
        "H": (FullyConvolutional(3), image),
        "I": (WaveUNet(), (1, 1, 1024)),
        "J": (SegNet(), image),
        "K": (VolumeUNet(), (1, 1, 32, 32, 32)),
        "L": (UNet(3, 5, depth=3, base_channels=8, skip="add", up="bilinear"), image),
    }


class Almost(nn.Module):
    """Two halvings, two doublings, and one line that is left open: how a skip is joined.

    Args:
        meet: takes x, the up-sampled map, and skip, the encoder's map, both (N, 16, H/2, W/2);
            returns what the next layer takes.
    """

    def __init__(self, meet: Callable[[Tensor, Tensor], Any]) -> None:
        super().__init__()
        self.meet = meet
        self.one, self.two, self.three = conv(1, 8), conv(8, 16, stride=2), conv(16, 32, stride=2)
        self.up_two = nn.ConvTranspose2d(32, 16, kernel_size=2, stride=2)
        self.up_one = nn.ConvTranspose2d(16, 8, kernel_size=2, stride=2)
        self.head = nn.Conv2d(8, 1, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, 1, H, W)."""
        skip = self.two(self.one(x))
        x = F.relu(self.up_two(self.three(skip)))
        x = self.meet(x, skip)  # the line that is left open
        made: Tensor = self.head(F.relu(self.up_one(x)))
        return made
