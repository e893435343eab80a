"""The networks of the course, written to be read. Maps are (N, C, H, W): H and W in pixels."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

Skip = Literal["cat", "add", "none"]
Down = Literal["max_pool", "strided_conv"]
Up = Literal["conv_transpose_2", "conv_transpose_3", "conv_transpose_4", "bilinear", "nearest"]
Padding = Literal["same", "valid"]
Decoder = Literal["symmetric", "narrow", "shallow"]


class UNet(nn.Module):
    """A U-Net: `depth` halvings on the way down, as many doublings up, a skip at every level.

    It keeps H and W, even or odd. `UNet(1, 2, padding="valid", norm=False)` is that of 2015.

    Args:
        in_channels: channels of the picture, such as 1 (grey) or 3 (RGB).
        out_channels: channels of the answer, one a class.
        depth: number of halvings, 1 to 6.
        base_channels: channels of level 0; each level below has twice as many.
        skip: "cat" sets the skip beside the map from below, "add" adds them, "none" leaves it out.
        down: "max_pool", or "strided_conv": a 3×3 convolution that also doubles the channels.
        up: what doubles H and W and halves the channels: a transposed convolution with kernel 2,
            3 or 4, or a 1×1 convolution with "bilinear" or "nearest" interpolation.
        padding: of the 3×3 convolutions, as in `nn.Conv2d`. Each "valid" one takes one cell off
            every side, and skips are cropped to their centre: (N, C, 572, 572) becomes
            (N, C, 388, 388).
        norm: whether `nn.BatchNorm2d` follows each 3×3 convolution of a level. Without it a small
            network often learns nothing for long. In training it needs more than one
            value a channel: a bottom of one pixel takes at least two pictures a batch.
        decoder: "symmetric" mirrors the encoder. "narrow" leaves each of its levels a quarter of
            the channels; "shallow" has one convolution a level instead of two.

    Raises:
        ValueError: for an unknown option; in `forward`, for a picture too small for this depth.

    Source: Ronneberger, Fischer & Brox, "U-Net: Convolutional Networks for Biomedical Image
    Segmentation", 2015, arXiv:1505.04597, figure 1.
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        *,
        depth: int = 4,
        base_channels: int = 64,
        skip: Skip = "cat",
        down: Down = "max_pool",
        up: Up = "conv_transpose_2",
        padding: Padding = "same",
        norm: bool = True,
        decoder: Decoder = "symmetric",
    ) -> None:
        super().__init__()
        _check(depth=(depth, range(1, 7)), skip=(skip, get_args(Skip)), down=(down, get_args(Down)))
        _check(up=(up, get_args(Up)), padding=(padding, get_args(Padding)))
        _check(decoder=(decoder, get_args(Decoder)))
        self.skip, self.padding = skip, padding
        convs = 1 if decoder == "shallow" else 2
        self.smallest_side = _smallest_side(depth, down, padding, convs)
        channels = [base_channels * 2**level for level in range(depth + 1)]
        made = [max(1, c // 4) if decoder == "narrow" else c for c in channels[:-1]]  # by decoder

        self.encoder = nn.ModuleList([double_conv(in_channels, channels[0], padding, norm)])
        self.down, self.up, self.decoder = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for level, (above, below) in enumerate(pairwise(channels)):
            self.down.append(_down(down, above, below, padding))
            arriving = above if down == "max_pool" else below
            self.encoder.append(double_conv(arriving, below, padding, norm))
            rising = below if level + 1 == depth else made[level + 1]
            self.up.insert(0, _up(up, rising, above))  # in the order of use: from the bottom up
            joined = 2 * above if skip == "cat" else above
            self.decoder.insert(0, double_conv(joined, made[level], padding, norm, convs))
        self.head = nn.Conv2d(made[0], out_channels, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, out_channels, H', W') of pictures x (N, in_channels, H, W)."""
        if min(x.shape[-2:]) < self.smallest_side:
            raise ValueError(
                f"The picture is {x.shape[-2]}×{x.shape[-1]}, and with depth={len(self.up)} each "
                f"side needs {self.smallest_side} pixels. Use a larger picture or a smaller depth."
            )
        x = self.encoder[0](x)
        skips = []
        for down, convs in zip(self.down, self.encoder[1:], strict=True):
            skips.append(x)
            x = convs(down(x))
        for up, convs in zip(self.up, self.decoder, strict=True):
            x = convs(self._join(up(x), skips.pop()))
        logits: Tensor = self.head(x)
        return logits

    def _join(self, x: Tensor, skip: Tensor) -> Tensor:
        """Bring the map x from below and the skip to one size, then together."""
        rows, columns = skip.shape[-2] - x.shape[-2], skip.shape[-1] - x.shape[-1]
        if self.padding == "valid":  # x is the smaller, and lies in the middle of the skip
            top, left = rows // 2, columns // 2
            skip = F.pad(skip, (-left, left - columns, -top, top - rows))
        else:
            # Halved and doubled, an odd size is one off. The skip decides: then the answer is as
            # large as the picture. A row too many lies outside of it and is cut. A row that a pool
            # left out is unknown below: it becomes zeros, as around any padded convolution.
            x = F.pad(x, (0, columns, 0, rows))
        if self.skip == "none":
            return x
        return x + skip if self.skip == "add" else torch.cat([skip, x], dim=1)


def double_conv(
    in_channels: int,
    out_channels: int,
    padding: Padding = "same",
    norm: bool = True,
    convs: int = 2,
) -> nn.Sequential:
    """Two 3×3 convolutions (or `convs`), each with its ReLU: the block of a level."""
    layers: list[nn.Module] = []
    for channels in (in_channels, *[out_channels] * (convs - 1)):
        # A normalisation takes the mean away, and with it whatever a bias has added.
        layers.append(nn.Conv2d(channels, out_channels, 3, padding=padding, bias=not norm))
        layers += [nn.BatchNorm2d(out_channels), nn.ReLU()] if norm else [nn.ReLU()]
    return nn.Sequential(*layers)


def _down(down: Down, above: int, below: int, padding: Padding) -> nn.Module:
    if down == "max_pool":
        return nn.MaxPool2d(kernel_size=2)
    return nn.Conv2d(above, below, kernel_size=3, stride=2, padding=1 if padding == "same" else 0)


def _up(up: Up, below: int, above: int) -> nn.Module:
    if up == "conv_transpose_2":
        return nn.ConvTranspose2d(below, above, kernel_size=2, stride=2)
    if up == "conv_transpose_3":
        return nn.ConvTranspose2d(below, above, 3, stride=2, padding=1, output_padding=1)
    if up == "conv_transpose_4":
        return nn.ConvTranspose2d(below, above, kernel_size=4, stride=2, padding=1)
    # The two may change places without changing the result; this order is four times cheaper.
    return nn.Sequential(nn.Conv2d(below, above, 1), nn.Upsample(scale_factor=2, mode=up))


def _smallest_side(depth: int, down: Down, padding: Padding, convs: int) -> int:
    """The network read backwards, from an answer of one pixel."""
    if padding == "same":
        return 2**depth if down == "max_pool" else 1
    side = 1
    for _ in range(depth):
        side = (side + 2 * convs + 1) // 2
    for _ in range(depth):
        side = 2 * (side + 4) + (down == "strided_conv")
    return side + 4


def _check(**options: tuple[object, tuple[object, ...] | range]) -> None:
    for name, (value, allowed) in options.items():
        if value not in allowed:
            raise ValueError(f"{name}={value!r} is not known. Use {', '.join(map(repr, allowed))}.")
