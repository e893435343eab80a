"""A U-Net that is wrong in one place: the report names the place, and what it says to do works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import inspect_unet

PICTURE = (1, 3, 64, 64)


def block(given: int, made: int, **options: Any) -> nn.Sequential:
    """Return a convolution and its activation."""
    return nn.Sequential(
        nn.Conv2d(given, made, **{"kernel_size": 3, "padding": 1} | options), nn.ReLU()
    )


class ThreeLevels(nn.Module):
    """A U-Net with 8, 16 and 32 channels whose parts and forward may be others."""

    def __init__(self, forward: Callable[[Any, Tensor], Any] | None = None, **parts: Any) -> None:
        super().__init__()
        self.other = forward
        self.one, self.two, self.low = block(3, 8), block(8, 16), block(16, 32)
        self.pool: Any = nn.MaxPool2d(2)
        self.up2: Any = nn.ConvTranspose2d(32, 16, 2, 2)
        self.up1: Any = nn.ConvTranspose2d(16, 8, 2, 2)
        self.dec2, self.dec1, self.out = block(32, 16), block(16, 8), nn.Conv2d(8, 1, 1)
        for name, part in parts.items():
            self._modules.pop(name, None)
            setattr(self, name, part)

    def join(self, skip: Tensor, x: Tensor) -> Tensor:
        """Concatenate the skip and what comes up."""
        return torch.cat([skip, x], dim=1)

    def forward(self, x: Tensor) -> Any:
        if self.other is not None:
            return self.other(self, x)
        return self.way_up(*self.way_down(x))

    def way_down(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the maps of the three levels."""
        one = self.one(x)
        two = self.two(self.pool(one))
        return one, two, self.low(self.pool(two))

    def way_up(self, one: Tensor, two: Tensor, low: Tensor) -> Tensor:
        """Return the output for the maps of the three levels."""
        x = self.dec2(self.join(two, self.up2(low)))
        made: Tensor = self.out(self.dec1(self.join(one, self.up1(x))))
        return made


def with_low(change: Callable[[Tensor], Tensor]) -> Callable[[Any, Tensor], Any]:
    """Return a forward that changes the map of the lowest level."""

    def forward(net: Any, x: Tensor) -> Any:
        one, two, low = net.way_down(x)
        return net.way_up(one, two, change(low))

    return forward


def joined_by(join: Callable[[Tensor, Tensor], Tensor]) -> ThreeLevels:
    """Return the network with another way to join two maps."""
    return ThreeLevels(join=join)


def cropped(skip: Tensor, x: Tensor, *, to_the_end: bool) -> Tensor:
    d = (skip.shape[2] - x.shape[2]) // 2
    ends = slice(d, d + x.shape[2]) if to_the_end else slice(d, skip.shape[2] - d)
    return torch.cat([skip[:, :, ends, ends], x], 1)


def valid(**parts: Any) -> ThreeLevels:
    """Return the network with convolutions that cut borders, whose skips are cropped."""
    return ThreeLevels(low=block(16, 32, padding=0), one=block(3, 8, padding=0), **parts)


def tokens(x: Tensor, *shape: int) -> Tensor:
    return x.flatten(2).softmax(-1).reshape(*shape)


SIZES: dict[
    str, tuple[Callable[[], nn.Module], tuple[int, ...], list[str], Callable[[], nn.Module]]
] = {
    "stride of a transposed convolution": (
        lambda: ThreeLevels(up2=nn.ConvTranspose2d(32, 16, 2)),
        PICTURE,
        ["up2 (transposed convolution) has kernel_size=2, stride=1", "stride=2 makes 32×32"],
        ThreeLevels,
    ),
    "stride and output_padding": (
        lambda: ThreeLevels(up2=nn.ConvTranspose2d(32, 16, 3, padding=1)),
        (1, 3, 64, 96),
        ["stride=2 and output_padding=1 make 32×48"],
        lambda: ThreeLevels(up2=nn.ConvTranspose2d(32, 16, 3, 2, 1, 1)),
    ),
    "kernel of 4": (
        lambda: ThreeLevels(up2=nn.ConvTranspose2d(32, 16, 4, 2)),
        PICTURE,
        ["which makes 34×34 of 16×16: padding=1 makes 32×32"],
        lambda: ThreeLevels(up2=nn.ConvTranspose2d(32, 16, 4, 2, 1)),
    ),
    "pooling with stride 1": (
        lambda: ThreeLevels(pool=nn.MaxPool2d(2, stride=1)),
        PICTURE,
        ["pool (max_pool2d)", "stride=2 makes 32×32"],
        ThreeLevels,
    ),
    "pooling of 3": (
        lambda: ThreeLevels(pool=nn.MaxPool2d(3)),
        (1, 3, 72, 72),
        ["pool (max_pool2d)", "kernel_size=2 makes 36×36"],
        ThreeLevels,
    ),
    "padded pooling": (
        lambda: ThreeLevels(pool=nn.AvgPool2d(2, padding=1)),
        PICTURE,
        ["which makes 33×33 of 64×64: padding=0 makes 32×32"],
        ThreeLevels,
    ),
    "two poolings": (
        lambda: ThreeLevels(low=nn.Sequential(nn.MaxPool2d(2), block(16, 32))),
        PICTURE,
        ["Two poolings follow one another", "is one too many?"],
        ThreeLevels,
    ),
    "padding (1, 1) with a kernel of (3, 1)": (
        lambda: ThreeLevels(low=nn.Conv2d(16, 32, (3, 1), padding=1)),
        PICTURE,
        ["padding=(1, 0) keeps the size"],
        lambda: ThreeLevels(low=nn.Conv2d(16, 32, (3, 1), padding=(1, 0))),
    ),
    "one side only": (
        lambda: ThreeLevels(up1=nn.Upsample(scale_factor=(2, 1)), dec1=block(24, 8)),
        PICTURE,
        ["scale_factor=2 in up1 makes them match"],
        lambda: ThreeLevels(up1=nn.Upsample(scale_factor=2), dec1=block(24, 8)),
    ),
    "up-sampling left out": (
        lambda: ThreeLevels(up1=nn.Conv2d(16, 8, 1)),
        PICTURE,
        ["is joined already: before this join, an up-sampling to 64×64 is missing"],
        ThreeLevels,
    ),
    "pooling left out": (
        lambda: ThreeLevels(
            lambda net, x: net.way_up(a := net.one(x), b := net.two(net.pool(a)), net.low(b))
        ),
        PICTURE,
        ["Or is a pooling or stride missing? What comes up was made no smaller"],
        ThreeLevels,
    ),
    "pair exchanged": (
        lambda: ThreeLevels(
            lambda net, x: net.way_up(
                net.one(x), net.pool(two := net.two(net.one(x))), net.low(two)
            )
        ),
        PICTURE,
        ["The larger map, 128×128, was enlarged and never made smaller before"],
        ThreeLevels,
    ),
    "lowest map not used": (
        lambda: ThreeLevels(
            lambda net, x: net.join(net.way_down(x)[1], net.up1(net.way_down(x)[1]))
        ),
        PICTURE,
        ["The smallest map, 1×32×16×16 (made by low.1 (relu)), has not been used so far"],
        ThreeLevels,
    ),
    "size turned": (
        lambda: ThreeLevels(
            up1=lambda x: F.interpolate(x, size=(2 * x.shape[3], 2 * x.shape[2])), dec1=block(24, 8)
        ),
        (1, 3, 32, 64),
        ["makes 64×32 of 16×32: height and width are exchanged. size=(height, width)"],
        lambda: ThreeLevels(up1=lambda x: F.interpolate(x, scale_factor=2), dec1=block(24, 8)),
    ),
    "size of one side": (
        lambda: ThreeLevels(up1=lambda x: F.interpolate(x, size=2 * x.shape[3]), dec1=block(24, 8)),
        (1, 3, 32, 64),
        ["its size makes a square, 64×64. What fits other images is scale_factor=2."],
        lambda: ThreeLevels(up1=lambda x: F.interpolate(x, scale_factor=2), dec1=block(24, 8)),
    ),
    "odd crop": (
        lambda: valid(join=lambda skip, x: cropped(skip, x, to_the_end=False)),
        (1, 3, 60, 60),
        ["A slice cuts 29×29 to 25×25, and 24×24 are needed. Half of an odd difference is rounded"],
        lambda: valid(join=lambda skip, x: cropped(skip, x, to_the_end=True)),
    ),
    "difference the wrong way round": (
        lambda: joined_by(
            lambda skip, x: torch.cat([skip, F.pad(x, [0, x.shape[3] - skip.shape[3]] * 2)], 1)
        ),
        (1, 3, 50, 50),
        ["what is below 0 cuts off where it should add", "skip - x"],
        lambda: joined_by(
            lambda skip, x: torch.cat([skip, F.pad(x, [0, skip.shape[3] - x.shape[3]] * 2)], 1)
        ),
    ),
    "odd Fourier transform": (
        lambda: ThreeLevels(
            lambda net, x: x + torch.fft.irfft2(torch.fft.rfft2(net.one(x)))[:, :3]
        ),
        (1, 3, 33, 33),
        ["irfft2(f, s=x.shape[-2:])"],
        lambda: ThreeLevels(
            lambda net, x: x + torch.fft.irfft2(torch.fft.rfft2(net.one(x)), s=x.shape[-2:])[:, :3]
        ),
    ),
    "channels left last": (
        lambda: joined_by(lambda skip, x: skip + x.movedim(1, -1)),
        PICTURE,
        ["the channels stand last", "x.movedim(-1, 1)"],
        ThreeLevels,
    ),
    "stride of one branch": (
        lambda: nn.Sequential(Shortcut(1)),
        PICTURE,
        ["0.way (convolution) has a stride, and on the other way 0.short (convolution) has none"],
        lambda: nn.Sequential(Shortcut(2)),
    ),
}


class Shortcut(nn.Module):
    """A residual block whose shortcut may lack the stride."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.way, self.short = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(3, 8, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.way(x) + self.short(x)
        return made


OTHERS: dict[
    str, tuple[Callable[[], nn.Module], tuple[int, ...], list[str], Callable[[], nn.Module]]
] = {
    "view that swallows the batch": (
        lambda: ThreeLevels(with_low(lambda x: tokens(x, -1, 64, 8, 8))),
        (2, 3, 32, 32),
        ["and the batch of 2 becomes 1", "x.view(x.shape[0], 32, 8, 8)"],
        lambda: ThreeLevels(with_low(lambda x: tokens(x, x.shape[0], 32, 8, 8))),
    ),
    "view of the image's size": (
        lambda: ThreeLevels(with_low(lambda x: tokens(x, 1, -1, 32, 32))),
        (1, 3, 32, 32),
        ["With 32 channels there are 64 positions, 8×8"],
        lambda: ThreeLevels(with_low(lambda x: tokens(x, 1, -1, 8, 8))),
    ),
    "view of a fixed batch": (
        lambda: ThreeLevels(with_low(lambda x: tokens(x, 1, 32, 8, 8))),
        (3, 3, 32, 32),
        ["The batch is 3, and the view fixes 1: write (x.shape[0], 32, 8, 8)"],
        lambda: ThreeLevels(with_low(lambda x: tokens(x, x.shape[0], 32, 8, 8))),
    ),
    "tokens": (
        lambda: ThreeLevels(with_low(lambda x: x.flatten(2).transpose(1, 2))),
        PICTURE,
        ["It is given tokens, 1×256×32, which have to become a map again"],
        lambda: ThreeLevels(with_low(lambda x: x.flatten(2).view_as(x))),
    ),
    "another map": (
        lambda: ThreeLevels(
            lambda net, x: net.out(
                net.join(
                    (m := net.way_down(x))[0],
                    net.up1((net.dec2(net.join(m[1], net.up2(m[2]))), m[2])[1]),
                )
            )
        ),
        PICTURE,
        ["dec2.1 (relu) made 1×16×32×32, which nothing has used so far: is that map meant"],
        ThreeLevels,
    ),
    "a part left out": (
        lambda: ThreeLevels(
            lambda net, x: net.dec2(
                torch.cat([net.way_down(x)[0], (net.dec1(net.join(x, net.one(x))), x)[1]], 1)
            ),
            dec1=block(11, 21),
        ),
        PICTURE,
        ["dec1.1 (relu) made 21 channels of this size, which nothing has used so far"],
        lambda: ThreeLevels(
            lambda net, x: net.dec2(
                torch.cat([net.way_down(x)[0], net.dec1(net.join(x, net.one(x))), x], 1)
            ),
            dec1=block(11, 21),
        ),
    ),
    "bilinear with all channels": (
        lambda: ThreeLevels(up2=nn.Upsample(scale_factor=2)),
        PICTURE,
        ["nearest up-sampling keeps the channels of what it is given: with 16 there"],
        lambda: ThreeLevels(up2=nn.Upsample(scale_factor=2), low=block(16, 16)),
    ),
    "the input in place of its map": (
        lambda: ThreeLevels(lambda net, x: net.way_up(x, *net.way_down(x)[1:])),
        PICTURE,
        ["The input itself is one of the parts; one.1 (relu) made 8 channels of this size"],
        ThreeLevels,
    ),
    "gate beside the skip": (
        lambda: ThreeLevels(
            lambda net, x: net.gate(net.up1(net.two(net.pool(net.one(x)))), net.one(x)),
            gate=Gate(16),
        ),
        PICTURE,
        ["gate.deep expects 16, got 8", "this one take 8. (A layer beside it takes the skip's 8."],
        lambda: ThreeLevels(
            lambda net, x: net.gate(net.up1(net.two(net.pool(net.one(x)))), net.one(x)),
            gate=Gate(8),
        ),
    ),
    "layers in the wrong order": (
        lambda: ThreeLevels(
            ups=nn.ModuleList([nn.Conv2d(8, 4, 1), nn.Conv2d(32, 16, 1)]),
            forward=lambda net, x: net.ups[0](net.way_down(x)[2]),
        ),
        PICTURE,
        ["ups.1 takes 32: are they called in the wrong order?"],
        lambda: ThreeLevels(
            ups=nn.ModuleList([nn.Conv2d(8, 4, 1), nn.Conv2d(32, 16, 1)]),
            forward=lambda net, x: net.ups[1](net.way_down(x)[2]),
        ),
    ),
    "called twice": (
        lambda: ThreeLevels(lambda net, x: net.out(net.out(net.one(x)))),
        PICTURE,
        ["It is given what it made itself: out is called twice"],
        lambda: ThreeLevels(lambda net, x: net.out(net.one(x))),
    ),
    "chunk of the batch": (
        lambda: ThreeLevels(
            lambda net, x: net.low(
                net.two(net.one(x)) * net.rows(x.mean((2, 3))).chunk(2)[0][..., None, None]
            ),
            rows=nn.Linear(3, 32),
        ),
        (2, 3, 32, 32),
        ["Their batches differ too, 2 and 1", "x.chunk(2, dim=1)"],
        lambda: ThreeLevels(
            lambda net, x: net.low(
                net.two(net.one(x)) * net.rows(x.mean((2, 3))).chunk(2, dim=1)[0][..., None, None]
            ),
            rows=nn.Linear(3, 32),
        ),
    ),
    "token without a batch": (
        lambda: ThreeLevels(
            lambda net, x: torch.cat([net.token, net.one(x).flatten(2).mT], 1),
            token=nn.Parameter(torch.zeros(1, 1, 8)),
        ),
        (2, 3, 32, 32),
        ["differ along dim 0. Repeat `token` for each image", ".expand(x.shape[0], -1, -1)"],
        lambda: ThreeLevels(
            lambda net, x: torch.cat(
                [net.token.expand(x.shape[0], -1, -1), net.one(x).flatten(2).mT], 1
            ),
            token=nn.Parameter(torch.zeros(1, 1, 8)),
        ),
    ),
    "stacked": (
        lambda: joined_by(lambda skip, x: torch.stack([skip, x], 1)),
        PICTURE,
        ["torch.stack makes a new dimension"],
        ThreeLevels,
    ),
    "half precision": (
        lambda: ThreeLevels(with_low(lambda x: x.half())),
        PICTURE,
        ["A conversion in the forward makes float16 of low.1 (relu): leave it out"],
        ThreeLevels,
    ),
    "float64 kernel": (
        lambda: ThreeLevels(
            lambda net, x: F.conv2d(net.one(x), net.kernel),
            kernel=nn.Parameter(torch.ones(1, 8, 1, 1).double()),
        ),
        PICTURE,
        ["`kernel` is float64"],
        lambda: ThreeLevels(
            lambda net, x: F.conv2d(net.one(x), net.kernel),
            kernel=nn.Parameter(torch.ones(1, 8, 1, 1)),
        ),
    ),
    "complex numbers": (
        lambda: ThreeLevels(with_low(lambda x: torch.fft.fft2(x))),
        PICTURE,
        ["is given complex numbers", "x.abs()"],
        lambda: ThreeLevels(with_low(lambda x: torch.fft.fft2(x).abs())),
    ),
    "written into an expanded map": (
        lambda: ThreeLevels(
            lambda net, x: net.out(net.start.expand(1, 8, 64, 64).add_(net.one(x))),
            start=nn.Parameter(torch.zeros(1, 8, 1, 1)),
        ),
        PICTURE,
        ["It writes into a map made by expand"],
        lambda: ThreeLevels(
            lambda net, x: net.out(net.start.expand(1, 8, 64, 64) + net.one(x)),
            start=nn.Parameter(torch.zeros(1, 8, 1, 1)),
        ),
    ),
    "empty place in a list": (
        lambda: ThreeLevels(lambda net, x: (skips := [x, None]) and torch.cat([x, skips[1]], 1)),
        PICTURE,
        ["of `skips`, number 1 is None"],
        lambda: ThreeLevels(lambda net, x: net.one((skips := [x, x]) and skips[1])),
    ),
    "layer not called": (
        lambda: ThreeLevels(lambda net, x: torch.cat([x, net.one], 1)),
        PICTURE,
        ["a Sequential is used like a tensor: `net.one` is the layer itself. Call it"],
        lambda: ThreeLevels(lambda net, x: torch.cat([x, net.one(x)], 1)),
    ),
    "method not called": (
        lambda: ThreeLevels(lambda net, x: F.interpolate(net.one(x), size=x.size[2])),
        PICTURE,
        ["is used like a tensor. That is a method without its brackets"],
        lambda: ThreeLevels(lambda net, x: F.interpolate(net.one(x), size=x.size(2))),
    ),
    "append assigned": (
        lambda: ThreeLevels(lambda net, x: [x].append(net.one(x)).append(x)),
        PICTURE,
        [".append(…) changes its list and returns None"],
        ThreeLevels,
    ),
    "key of a dict as attribute": (
        lambda: ThreeLevels(lambda net, x: net.layers.one(x), layers={"one": nn.Conv2d(3, 8, 1)}),
        PICTURE,
        ["write net.layers['one']"],
        lambda: ThreeLevels(
            lambda net, x: net.layers["one"](x), layers={"one": nn.Conv2d(3, 8, 1)}
        ),
    ),
    "function misspelt": (
        lambda: ThreeLevels(lambda net, x: F.leakyrelu(net.one(x))),  # type: ignore[attr-defined]
        PICTURE,
        ["torch.nn.functional has no `leakyrelu`. Is `leaky_relu` meant?"],
        lambda: ThreeLevels(lambda net, x: F.leaky_relu(net.one(x))),
    ),
    "squeezed": (
        lambda: ThreeLevels(lambda net, x: torch.cat([net.one(x), net.one(x).squeeze()], 1)),
        PICTURE,
        ["The batch is missing: x[None]. Was it taken by an index, or by x.squeeze()"],
        lambda: ThreeLevels(lambda net, x: torch.cat([net.one(x), net.one(x).squeeze(1)], 1)),
    ),
    "maximum with its places": (
        lambda: ThreeLevels(lambda net, x: torch.cat([net.one(x), net.one(x).max(1)], 1)),
        PICTURE,
        ["return values and positions", "x.amax(1, keepdim=True)"],
        lambda: ThreeLevels(
            lambda net, x: torch.cat([net.one(x), net.one(x).amax(1, keepdim=True)], 1)
        ),
    ),
    "kernel larger than the map": (
        lambda: ThreeLevels(low=nn.Conv2d(16, 32, 17)),
        PICTURE,
        ["A kernel of 17×17 does not fit into 16×16", "padding=kernel_size // 2"],
        lambda: ThreeLevels(low=nn.Conv2d(16, 32, 17, padding=8)),
    ),
    "class token kept": (
        lambda: ThreeLevels(with_low(lambda x: F.pad(x.flatten(2), (1, 0)).reshape(1, 32, 16, 16))),
        PICTURE,
        ["257 positions are 1 more than 16×16, such as a class token"],
        ThreeLevels,
    ),
    "heads of another width": (
        lambda: ThreeLevels(lambda net, x: net.one(x).flatten(2).mT.reshape(1, 4096, 4, 4).sum(2)),
        PICTURE,
        ["sizes of which the last 2 multiply to 8, such as 1×4096×4×2"],
        lambda: ThreeLevels(lambda net, x: net.one(x).flatten(2).mT.reshape(1, 4096, 4, 2).sum(2)),
    ),
}

OTHERS |= {
    "skip with a stride": (
        lambda: ThreeLevels(
            lambda net, x: net.up1(net.two(net.pool(net.one(x)))) + net.kept(net.one(x)),
            kept=nn.Conv2d(8, 8, 1, 2),
        ),
        PICTURE,
        ["kept (convolution) makes 32×32 of 64×64. Without its stride"],
        ThreeLevels,
    ),
    "uneven chunks": (
        lambda: ThreeLevels(
            with_low(lambda x: (p := x.flatten(2).chunk(3, 1))[0] @ p[0].mT @ p[2])
        ),
        PICTURE,
        ["chunk divides 1×32×256 into parts of different sizes, 1×11×256 and 1×10×256"],
        ThreeLevels,
    ),
    "layer for volumes": (
        lambda: ThreeLevels(low=nn.Conv3d(16, 32, 3, padding=1)),
        PICTURE,
        ["It works on maps with 3 sides and is given 1×16×16×16", "2d in place of 3d"],
        ThreeLevels,
    ),
    "skip left out of the call": (
        lambda: ThreeLevels(lambda net, x: net.block(net.one(x)), block=WithSkip()),
        PICTURE,
        ["In block, `skip` is None: it was called without it"],
        lambda: ThreeLevels(lambda net, x: net.block(net.one(x), x), block=WithSkip()),
    ),
}


class WithSkip(nn.Module):
    """Concatenates a skip, which it takes by default to be None."""

    def forward(self, x: Tensor, skip: Any = None) -> Tensor:
        return torch.cat([x, skip.relu()], 1)


class Gate(nn.Module):
    """An attention gate for what comes up with so many channels, and a skip with 8."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.deep, self.skip = nn.Conv2d(channels, 4, 1), nn.Conv2d(8, 4, 1)

    def forward(self, deep: Tensor, skip: Tensor) -> Tensor:
        made: Tensor = torch.sigmoid(self.deep(deep) + self.skip(skip)).mean(1, keepdim=True) * skip
        return made


class Heads(nn.Module):
    """Divides the channels of a map into heads, for queries, keys and values."""

    def __init__(self, heads: int, *, left_out: bool = False) -> None:
        super().__init__()
        self.heads, self.left_out = heads, left_out

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        tokens = x.flatten(2).transpose(1, 2).repeat(1, 1, 3)
        if self.left_out:
            tokens = tokens.view(batch, height * width, 3, channels // self.heads)
        else:
            tokens = tokens.view(batch, height * width, 3, self.heads, channels // self.heads)
        return tokens[:, :, 0].flatten(2).transpose(1, 2).reshape(batch, channels, height, width)


def resized_to_skip(*order: int) -> Callable[[Any, Tensor], Any]:
    """Return a forward that takes skips in this order, and resizes what comes up to each."""

    def forward(net: Any, x: Tensor) -> Any:
        one, two, x = net.way_down(x)
        for skip, up, dec in zip(
            [(one, two)[i] for i in order], (net.up2, net.up1), (net.dec2, net.dec1), strict=True
        ):
            x = dec(net.join(skip, F.interpolate(up(x), size=skip.shape[2:])))
        return net.out(x)

    return forward


def last_layer_of(*, image: bool) -> Callable[[Any, Tensor], Any]:
    """Return a forward whose last layer is given the image, or what the decoder made."""

    def forward(net: Any, x: Tensor) -> Any:
        one, two, low = net.way_down(x)
        up = net.dec1(net.join(one, net.up1(net.dec2(net.join(two, net.up2(low))))))
        return net.out(x if image else up)

    return forward


def shuffled(**options: Any) -> nn.Module:
    """Return a U-Net whose lowest level is reached by a kernel of 4 and left by a pixel shuffle."""
    return ThreeLevels(
        low=block(16, 32, kernel_size=4, stride=2, **options),
        up2=nn.Sequential(nn.Conv2d(32, 64, 1), nn.PixelShuffle(2)),
        forward=lambda net, x: net.way_up(
            one := net.one(x), two := net.two(net.pool(one)), net.low(two)
        ),
    )


UNSEEN: dict[str, Any] = {
    "kernel of 4 before a pixel shuffle": (
        lambda: shuffled(padding=0),
        PICTURE,
        ["kernel_size=4, stride=2 and padding=0", "padding=1 makes 16×16"],
        lambda: shuffled(padding=1),
    ),
    "skips not reversed, but resized": (
        lambda: ThreeLevels(resized_to_skip(0, 1)),
        PICTURE,
        [
            "was resized from 32×32 to meet it",
            "two.1 (relu) made 16 channels of 32×32: is that the skip of this level?",
            "without skips[::-1]",
        ],
        lambda: ThreeLevels(resized_to_skip(1, 0)),
    ),
    "enlarged twice": (
        lambda: ThreeLevels(
            up2=nn.Sequential(nn.ConvTranspose2d(32, 16, 2, 2), nn.Upsample(None, 2))
        ),
        PICTURE,
        ["is it enlarged once too often?", "Without up2.1 (nearest up-sampling) it is 32×32"],
        ThreeLevels,
    ),
    "enlarged again in forward": (
        lambda: ThreeLevels(
            up1=nn.Sequential(nn.ConvTranspose2d(16, 8, 2, 2), nn.Upsample(None, 2))
        ),
        PICTURE,
        ["is it enlarged once too often?", "Without up1.1 (nearest up-sampling) it is 64×64"],
        ThreeLevels,
    ),
    "enlarged too much": (
        lambda: ThreeLevels(up2=nn.ConvTranspose2d(32, 16, 4, 4)),
        PICTURE,
        ["does it enlarge too much? With a factor of 2, they match."],
        ThreeLevels,
    ),
    "too narrow before a list of layers": (
        lambda: ThreeLevels(
            low=block(16, 16),
            ups=nn.ModuleList([nn.ConvTranspose2d(32, 16, 2, 2), nn.ConvTranspose2d(16, 8, 2, 2)]),
            forward=lambda net, x: net.ups[0](net.way_down(x)[2]),
        ),
        PICTURE,
        ["Let the layer before it make 32, or this one take 16."],
        lambda: ThreeLevels(
            ups=nn.ModuleList([nn.ConvTranspose2d(32, 16, 2, 2), nn.ConvTranspose2d(16, 8, 2, 2)]),
            forward=lambda net, x: net.ups[0](net.way_down(x)[2]),
        ),
    ),
    "the image in place of the last map": (
        lambda: ThreeLevels(last_layer_of(image=True), one=block(1, 8)),
        (1, 1, 64, 64),
        ["1×8×64×64, which nothing has used so far: is that map meant here?"],
        lambda: ThreeLevels(last_layer_of(image=False), one=block(1, 8)),
    ),
    "heads that do not divide": (
        lambda: ThreeLevels(with_low(Heads(5))),
        PICTURE,
        ["32 is not divisible by 5: 32 // 5 is 6, and 2 are left over", "such as 4 or 8."],
        lambda: ThreeLevels(with_low(Heads(4))),
    ),
    "heads left out": (
        lambda: ThreeLevels(with_low(Heads(4, left_out=True))),
        PICTURE,
        ["The factor 4 is missing, and self.heads is 4: is it left out?"],
        lambda: ThreeLevels(with_low(Heads(4))),
    ),
}
CASES = SIZES | OTHERS | UNSEEN


@pytest.mark.parametrize("name", CASES)
def test_the_report_names_the_mistake_and_the_repaired_network_runs(name: str) -> None:
    make, shape, said, repair = CASES[name]
    told = str(inspect_unet(make(), shape).problem)
    assert [part for part in said if part not in told] == [], told
    assert inspect_unet(repair(), shape).problem is None


def test_the_line_of_a_package_is_not_quoted(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages"
    package.mkdir()
    (package / "rearranging.py").write_text(
        "def apply(x):\n    raise RuntimeError('no such axis')\n"
    )
    monkeypatch.syspath_prepend(str(package))
    import rearranging  # type: ignore[import-not-found]

    told = str(inspect_unet(ThreeLevels(lambda net, x: rearranging.apply(x)), PICTURE).problem)
    assert "rearranging.apply(x)" in told
    assert "raise RuntimeError" not in told
