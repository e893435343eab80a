"""The six networks of lesson 0: two U-Nets, and four relatives that lack something of one.

Tensors are (N, C, H, W), with H and W in pixels.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from unet_teach.networks import UNet


def conv(in_channels: int, out_channels: int, stride: int = 1) -> nn.Sequential:
    """Return a 3×3 convolution with its ReLU; stride 2 halves H and W."""
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, 3, stride, padding=1), nn.ReLU())


class Autoencoder(nn.Module):
    """An encoder and a decoder without skips: the output has the size of the input.

    Source: the idea of Masci, Meier, Cireşan & Schmidhuber, "Stacked Convolutional Auto-Encoders
    for Hierarchical Feature Extraction", 2011.
    """

    def __init__(self, in_channels: int = 1, out_channels: int = 1, base_channels: int = 8) -> None:
        super().__init__()
        widths = [base_channels * 2**level for level in range(4)]
        self.encoder = nn.Sequential(conv(in_channels, widths[0]))
        for above, below in pairwise(widths):
            self.encoder.append(conv(above, below, stride=2))
        self.decoder = nn.Sequential()
        for below, above in pairwise(reversed(widths)):
            self.decoder.append(nn.ConvTranspose2d(below, above, kernel_size=2, stride=2))
            self.decoder.append(conv(above, above))
        self.head = nn.Conv2d(widths[0], out_channels, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, out_channels, H, W); H and W must be divisible by 8."""
        made: Tensor = self.head(self.decoder(self.encoder(x)))
        return made


class ResidualNet(nn.Module):
    """A stem and six convolutions at one resolution, each pair with an addition around it.

    Source: the blocks of He, Zhang, Ren & Sun, "Deep Residual Learning for Image Recognition",
    2015, arXiv:1512.03385.
    """

    def __init__(
        self, in_channels: int = 1, out_channels: int = 1, base_channels: int = 16
    ) -> None:
        super().__init__()
        self.stem = conv(in_channels, base_channels)
        self.blocks = nn.ModuleList(
            nn.Sequential(conv(base_channels, base_channels), conv(base_channels, base_channels))
            for _ in range(3)
        )
        self.head = nn.Conv2d(base_channels, out_channels, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, out_channels, H, W)."""
        x = self.stem(x)
        for block in self.blocks:
            x = x + block(x)
        made: Tensor = self.head(x)
        return made


class FullyConvolutional(nn.Module):
    """Three steps down and a single one up that makes H and W eight times as large.

    Source: the idea of FCN-32s, with three halvings instead of five: Long, Shelhamer & Darrell,
    "Fully Convolutional Networks for Semantic Segmentation", 2015, arXiv:1411.4038.
    """

    def __init__(self, in_channels: int = 1, out_channels: int = 1, base_channels: int = 8) -> None:
        super().__init__()
        self.encoder = nn.Sequential(conv(in_channels, base_channels))
        for level in range(3):
            self.encoder.append(conv(base_channels * 2**level, base_channels * 2 ** (level + 1), 2))
        self.score = nn.Conv2d(8 * base_channels, out_channels, kernel_size=1)
        self.up = nn.ConvTranspose2d(out_channels, out_channels, 16, stride=8, padding=4)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, out_channels, H, W); H and W must be divisible by 8."""
        made: Tensor = self.up(self.score(self.encoder(x)))
        return made


class Classifier(nn.Module):
    """An encoder without a decoder: one number for each class, for the whole image."""

    def __init__(
        self, in_channels: int = 1, out_channels: int = 10, base_channels: int = 8
    ) -> None:
        super().__init__()
        self.encoder = nn.Sequential(conv(in_channels, base_channels))
        for level in range(3):
            self.encoder.append(conv(base_channels * 2**level, base_channels * 2 ** (level + 1), 2))
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8 * base_channels, out_channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, out_channels)."""
        made: Tensor = self.head(self.encoder(x))
        return made


def six_networks() -> dict[str, nn.Module]:
    """Return the networks of lesson 0 by letter, each for images of (N, 1, 64, 64)."""
    return {
        "A": UNet(depth=3, base_channels=8),
        "B": Autoencoder(),
        "C": ResidualNet(),
        "D": FullyConvolutional(),
        "E": UNet(depth=3, base_channels=8, skip="add", down="strided_conv", up="nearest"),
        "F": Classifier(),
    }
