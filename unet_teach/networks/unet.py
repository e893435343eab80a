"""The U-Net of the course, written to be read; tensors are (N, C, H, W), H and W in pixels."""

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
    """A U-Net: `depth` halvings in the encoder, as many doublings in the decoder, and skips.

    The output has the input's H and W, even or odd. `UNet(1, 2, padding="valid", norm=False)` is
    the network of 2015.

    Args:
        in_channels: channels of the image, such as 1 (grey) or 3 (RGB).
        out_channels: channels of the output, one for each class.
        depth: number of halvings, 1 to 6.
        base_channels: channels of level 0; each level below has twice as many.
        skip: "cat" concatenates the skip and the map from below along the channels, "add" adds
            them, "none" leaves the skip out.
        down: "max_pool", or "strided_conv": a 3×3 convolution that also doubles the channels.
        up: how H and W are doubled and the channels halved: by a transposed convolution with
            kernel 2, 3 or 4, or by a 1×1 convolution and "bilinear" or "nearest" interpolation.
        padding: of the 3×3 convolutions, as in `nn.Conv2d`. Each "valid" one removes one pixel on
            every side, and skips are cropped to their centre: (N, C, 572, 572) becomes
            (N, C, 388, 388).
        norm: whether `nn.BatchNorm2d` follows each 3×3 convolution of a level. Without it, a small
            network often learns nothing for a long time. In training it needs more than one value
            per channel: with a bottleneck of one pixel, a batch has at least two images.
        decoder: "symmetric" mirrors the encoder. "narrow" gives each of its levels a quarter of
            the channels; "shallow" has one convolution at each level instead of two.

    Raises:
        ValueError: for an unknown option; in `forward`, for an image too small for this depth.

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
        decoded = [max(1, c // 4) if decoder == "narrow" else c for c in channels[:-1]]

        self.encoder = nn.ModuleList([double_conv(in_channels, channels[0], padding, norm)])
        self.down, self.up, self.decoder = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for level, (above, below) in enumerate(pairwise(channels)):
            self.down.append(_down(down, above, below, padding))
            taken = above if down == "max_pool" else below
            self.encoder.append(double_conv(taken, below, padding, norm))
            from_below = below if level + 1 == depth else decoded[level + 1]
            self.up.insert(0, _up(up, from_below, above))  # in order of use: coarsest level first
            joined = 2 * above if skip == "cat" else above
            self.decoder.insert(0, double_conv(joined, decoded[level], padding, norm, convs))
        self.head = nn.Conv2d(decoded[0], out_channels, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, out_channels, H', W') of images x (N, in_channels, H, W)."""
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
        """Bring the up-sampled map x and the skip to one size, then join them."""
        rows, columns = skip.shape[-2] - x.shape[-2], skip.shape[-1] - x.shape[-1]
        if self.padding == "valid":  # x is smaller, and covers the centre of the skip
            top, left = rows // 2, columns // 2
            skip = F.pad(skip, (-left, left - columns, -top, top - rows))
        else:
            # An odd size that was halved and doubled is one off. Taking the skip's size makes the
            # output as large as the image. A row too many lies outside the image and is cut off. A
            # row that pooling left out is filled with zeros, as around any padded convolution.
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
    """Return the block of a level: `convs` 3×3 convolutions, each with its ReLU."""
    layers: list[nn.Module] = []
    for channels in (in_channels, *[out_channels] * (convs - 1)):
        # A normalisation subtracts the mean, and with it whatever a bias has added.
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
    # In the other order the result is the same, and the convolution costs four times as much.
    return nn.Sequential(nn.Conv2d(below, above, 1), nn.Upsample(scale_factor=2, mode=up))


def _smallest_side(depth: int, down: Down, padding: Padding, convs: int) -> int:
    """Return the smallest H and W that run, computed backwards from an output of one pixel."""
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
