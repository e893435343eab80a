"""Networks in many styles, each with the verdict that is fair, for the inspector's tests.

Each is a function that returns a network, its arguments and the criteria that it meets.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere
from torch.utils.checkpoint import checkpoint

Case = tuple[nn.Module, tuple[Any, ...], set[str]]
ALL = {"downsampling", "upsampling", "skip_connections", "symmetry"}
NO_SKIPS = ALL - {"skip_connections"}
PICTURE = (1, 3, 32, 32)
CASES: dict[str, Callable[[], Case]] = {}


def case(make: Callable[[], Case]) -> Callable[[], Case]:
    """Add a network to the list."""
    CASES[make.__name__] = make
    return make


def conv(into: int, out: int, stride: int = 1, rank: int = 2) -> nn.Sequential:
    """A convolution of kernel 3, a normalisation and a ReLU."""
    layer = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[rank - 1](into, out, 3, stride, 1)
    norm = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)[rank - 1](out)
    return nn.Sequential(layer, norm, nn.ReLU())


class Small(nn.Module):
    """A U-Net of two levels, whose parts the networks below replace."""

    def __init__(self, rank: int = 2, channels: int = 3, joined: int = 2) -> None:
        super().__init__()
        self.rank = rank
        self.one, self.two = conv(channels, 4, 1, rank), conv(4, 8, 1, rank)
        self.three = conv(8, 16, 1, rank)
        self.back_two, self.back_one = conv(16, 8, 1, rank), conv(8, 4, 1, rank)
        self.after_two = conv(8 * joined, 8, 1, rank)
        self.after_one = conv(4 * joined, 4, 1, rank)
        self.head = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[rank - 1](4, 2, 1)

    def down(self, x: Tensor) -> Tensor:
        return (F.max_pool1d, F.max_pool2d, F.max_pool3d)[self.rank - 1](x, 2)

    def up(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0)

    def join(self, x: Tensor, skip: Tensor) -> Tensor:
        return torch.cat([skip, x], 1)

    def forward(self, x: Tensor) -> Any:
        one = self.one(x)
        two = self.two(self.down(one))
        x = self.back_two(self.up(self.three(self.down(two))))
        x = self.after_two(self.join(x, two))
        x = self.after_one(self.join(self.back_one(self.up(x)), one))
        return self.head(x)


@case
def functional() -> Case:
    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            shapes = [(4, 3), (8, 4), (4, 12), (2, 4)]
            self.w = nn.ParameterList(torch.randn(*shape, 3, 3) for shape in shapes)

        def forward(self, x: Tensor) -> Tensor:
            skip = F.relu(F.conv2d(x, self.w[0], padding=1))
            x = F.relu(F.conv2d(skip, self.w[1], stride=2, padding=1))
            x = torch.cat((skip, F.interpolate(x, size=skip.shape[-2:], mode="bilinear")), 1)
            return F.conv2d(F.relu(F.conv2d(x, self.w[2], padding=1)), self.w[3], padding=1)

    return Functional(), (PICTURE,), ALL


@case
def one_axis() -> Case:
    return Small(rank=1, channels=1), ((2, 1, 64),), ALL


@case
def three_axes() -> Case:
    return Small(rank=3, channels=1), ((1, 1, 16, 16, 16),), ALL


@case
def flat_in_depth() -> Case:
    class Flat(Small):
        def down(self, x: Tensor) -> Tensor:
            return F.max_pool3d(x, (1, 2, 2))

        def up(self, x: Tensor) -> Tensor:
            return F.interpolate(x, scale_factor=(1.0, 2.0, 2.0))

    return Flat(rank=3, channels=1), ((1, 1, 5, 32, 32),), ALL


@case
def channels_last() -> Case:
    class Last(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.merge = nn.Linear(3, 8), nn.Linear(32, 16)
            self.expand, self.last = nn.Linear(16, 32), nn.Linear(16, 2)

        def forward(self, x: Tensor) -> Tensor:
            skip = F.gelu(self.first(x.permute(0, 2, 3, 1)))
            n, h, w, c = skip.shape
            x = skip.reshape(n, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 2, 4, 5).flatten(3)
            x = self.expand(F.gelu(self.merge(x)))
            x = x.view(n, h // 2, w // 2, 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(n, h, w, c)
            return self.last(torch.cat([skip, x], -1)).permute(0, 3, 1, 2)

    return Last(), (PICTURE,), ALL


@case
def tokens() -> Case:
    class Tokens(nn.Module):
        """Patches as one row of tokens, merged in fours by strided slices, and expanded again."""

        def __init__(self) -> None:
            super().__init__()
            self.patches, self.merge = nn.Conv2d(3, 8, 2, 2), nn.Linear(32, 16)
            self.mix = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
            self.expand, self.fuse = nn.Linear(16, 32), nn.Linear(16, 8)
            self.last = nn.ConvTranspose2d(8, 2, 2, 2)

        def forward(self, x: Tensor) -> Tensor:
            x = self.patches(x)
            n, c, h, w = x.shape
            skip = x.flatten(2).transpose(1, 2)
            grid = skip.view(n, h, w, c)
            parts = [grid[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]
            x = self.mix(self.merge(torch.cat(parts, -1).view(n, -1, 4 * c)))
            x = self.expand(x).view(n, h // 2, w // 2, 2, 2, c).transpose(2, 3)
            x = self.fuse(torch.cat([skip, x.reshape(n, h * w, c)], -1))
            return self.last(x.transpose(1, 2).view(n, c, h, w))

    return Tokens(), (PICTURE,), ALL


@case
def strided_slices() -> Case:
    class Slices(Small):
        def down(self, x: Tensor) -> Tensor:
            return x[..., ::2, ::2]

        def up(self, x: Tensor) -> Tensor:
            return x.repeat_interleave(2, -1).repeat_interleave(2, -2)

    return Slices(), (PICTURE,), ALL


@case
def shuffled_pixels() -> Case:
    class Shuffled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two, self.three = conv(3, 4), conv(16, 8), conv(8, 16)
            self.after = conv(8, 4)

        def forward(self, x: Tensor) -> Tensor:
            one = self.one(x)
            x = self.three(self.two(F.pixel_unshuffle(one, 2)))
            return self.after(torch.cat([one, F.pixel_shuffle(x, 2)], 1))

    return Shuffled(), (PICTURE,), ALL


@case
def into_a_buffer() -> Case:
    class Buffer(Small):
        def join(self, x: Tensor, skip: Tensor) -> Tensor:
            n, c, h, w = x.shape
            both = torch.empty(n, 2 * c, h, w, dtype=x.dtype)
            both[:, :c] = skip
            both[:, c:].copy_(x)
            return both

    return Buffer(), (PICTURE,), ALL


@case
def added_in_place() -> Case:
    class InPlace(Small):
        def join(self, x: Tensor, skip: Tensor) -> Tensor:
            x += skip
            return x

    return InPlace(joined=1), (PICTURE,), ALL


@case
def gated() -> Case:
    class Gated(Small):
        """Attention U-Net: the map from below decides where the skip is let through."""

        def __init__(self) -> None:
            super().__init__()
            self.gates = nn.ModuleDict({"8": nn.Conv2d(8, 1, 1), "4": nn.Conv2d(4, 1, 1)})

        def join(self, x: Tensor, skip: Tensor) -> Tensor:
            gate = torch.sigmoid(self.gates[str(x.shape[1])](F.relu(x + skip)))
            return torch.cat([skip * gate, x], 1)

    return Gated(), (PICTURE,), ALL


@case
def fetched_by_hooks() -> Case:
    class Hooked(nn.Module):
        """The encoder comes from another library; hooks collect its maps in a list."""

        def __init__(self) -> None:
            super().__init__()
            self.encoder = nn.Sequential(conv(3, 4), conv(4, 8, 2), conv(8, 16, 2))
            self.up_two, self.up_one = conv(24, 8), conv(12, 4)
            kept: list[Tensor] = []
            self.kept = kept
            for layer in self.encoder:
                layer.register_forward_hook(lambda m, given, made: kept.append(made))

        def forward(self, x: Tensor) -> Tensor:
            self.kept.clear()
            self.encoder(x)
            one, two, three = self.kept
            x = self.up_two(torch.cat([two, F.interpolate(three, scale_factor=2)], 1))
            return self.up_one(torch.cat([one, F.interpolate(x, scale_factor=2)], 1))

    return Hooked(), (PICTURE,), ALL


@case
def nested() -> Case:
    class Nested(nn.Module):
        """U-Net++: three levels with dense skips between them."""

        def __init__(self) -> None:
            super().__init__()
            self.x00, self.x10, self.x20 = conv(3, 4), conv(4, 8), conv(8, 16)
            self.x01, self.x11, self.x02 = conv(12, 4), conv(24, 8), conv(16, 4)

        def forward(self, x: Tensor) -> list[Tensor]:
            def up(x: Tensor) -> Tensor:
                return F.interpolate(x, scale_factor=2.0)

            x00 = self.x00(x)
            x10 = self.x10(F.avg_pool2d(x00, 2))
            x20 = self.x20(F.avg_pool2d(x10, 2))
            x01 = self.x01(torch.cat([x00, up(x10)], 1))
            x11 = self.x11(torch.cat([x10, up(x20)], 1))
            return [x01, self.x02(torch.cat([x00, x01, up(x11)], 1))]

    return Nested(), (PICTURE,), ALL


@case
def cascade() -> Case:
    class Cascade(nn.Module):
        """W-Net: the output of one U-Net is the input of the next."""

        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = Small(), Small(channels=2)

        def forward(self, x: Tensor) -> Tensor:
            return self.second(torch.softmax(self.first(x), 1))

    return Cascade(), (PICTURE,), ALL


@case
def pyramid() -> Case:
    class Pyramid(nn.Module):
        """FPN: four levels down, and two of them up."""

        def __init__(self) -> None:
            super().__init__()
            widths = [3, 4, 8, 16, 32]
            self.down = nn.ModuleList(conv(a, b, 2) for a, b in pairwise(widths))
            self.side = nn.ModuleList(nn.Conv2d(c, 8, 1) for c in widths[2:])

        def forward(self, x: Tensor) -> Tensor:
            maps = []
            for down in self.down:
                x = down(x)
                maps.append(x)
            x = self.side[-1](maps[-1])
            for side, skip in zip(self.side[:-1][::-1], maps[1:-1][::-1], strict=True):
                x = F.interpolate(x, scale_factor=2.0) + side(skip)
            return x

    return Pyramid(), (PICTURE,), ALL - {"symmetry"}


@case
def hourglass_without_skips() -> Case:
    class Hourglass(Small):
        def join(self, x: Tensor, skip: Tensor) -> Tensor:
            return x

    return Hourglass(joined=1), (PICTURE,), NO_SKIPS


@case
def dilated() -> Case:
    layers = [nn.Conv2d(3, 8, 3, padding=1)]
    layers += [nn.Conv2d(8, 8, 3, padding=d, dilation=d) for d in (2, 4, 8)]
    return nn.Sequential(*layers), (PICTURE,), set()


@case
def squeeze_and_excite() -> Case:
    class Excite(nn.Module):
        """Everything at one resolution; a mean over the image scales the channels."""

        def __init__(self) -> None:
            super().__init__()
            self.one, self.two, self.head = conv(3, 8), conv(8, 8), nn.Conv2d(8, 2, 1)
            self.squeeze, self.excite = nn.Linear(8, 2), nn.Linear(2, 8)

        def forward(self, x: Tensor) -> Tensor:
            for layer in (self.one, self.two):
                x = layer(x)
                weight = self.excite(F.relu(self.squeeze(x.mean((2, 3)))))
                x = x * torch.sigmoid(weight)[:, :, None, None]
            return self.head(x)

    return Excite(), (PICTURE,), set()


@case
def global_context() -> Case:
    class Context(nn.Module):
        """A mean over the whole image is expanded and concatenated: it is no level of its own."""

        def __init__(self) -> None:
            super().__init__()
            self.one, self.context, self.head = conv(3, 8), nn.Conv2d(8, 8, 1), nn.Conv2d(16, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            x = self.one(x)
            context = self.context(F.adaptive_avg_pool2d(x, 1))
            return self.head(torch.cat([x, context.expand_as(x)], 1))

    return Context(), (PICTURE,), set()


@case
def spatial_pyramid() -> Case:
    class Atrous(nn.Module):
        """DeepLab-like: down by 4, dilated branches and a mean, up in one step; no skips."""

        def __init__(self) -> None:
            super().__init__()
            self.down = nn.Sequential(conv(3, 8, 2), conv(8, 16, 2))
            self.branches = nn.ModuleList(
                nn.Conv2d(16, 8, 3, padding=d, dilation=d) for d in (1, 2, 4)
            )
            self.mean, self.head = nn.Conv2d(16, 8, 1), nn.Conv2d(32, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            x = self.down(x)
            mean = self.mean(F.adaptive_avg_pool2d(x, 1))
            branches = [branch(x) for branch in self.branches]
            branches.append(F.interpolate(mean, size=x.shape[-2:], mode="bilinear"))
            return F.interpolate(self.head(torch.cat(branches, 1)), scale_factor=4.0)

    return Atrous(), (PICTURE,), {"downsampling", "upsampling"}


@case
def class_token() -> Case:
    class Vision(nn.Module):
        """A vision transformer: patches, then one resolution, one number for each class."""

        def __init__(self) -> None:
            super().__init__()
            self.patches, self.token = nn.Conv2d(3, 16, 8, 8), nn.Parameter(torch.zeros(1, 1, 16))
            self.place = nn.Parameter(torch.zeros(1, 17, 16))
            self.mix = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
            self.head = nn.Linear(16, 10)

        def forward(self, x: Tensor) -> Tensor:
            x = self.patches(x).flatten(2).transpose(1, 2)
            x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.place
            return self.head(self.mix(x)[:, 0])

    return Vision(), (PICTURE,), {"downsampling"}


@case
def deeply_supervised() -> Case:
    class Deep(Small):
        def __init__(self) -> None:
            super().__init__()
            self.aside = nn.Conv2d(8, 2, 1)

        def forward(self, x: Tensor) -> dict[str, Any]:
            one = self.one(x)
            two = self.two(self.down(one))
            x = self.back_two(self.up(self.three(self.down(two))))
            x = self.after_two(self.join(x, two))
            aside = self.aside(x)
            x = self.after_one(self.join(self.back_one(self.up(x)), one))
            return {"aside": [aside], "answer": self.head(x), "note": "hello"}

    return Deep(), (PICTURE,), ALL


@case
def dictionary() -> Case:
    class Dictionary(Small):
        def forward(self, batch: dict[str, Any]) -> Any:
            return {"answer": super().forward(batch["views"][0])}

    return Dictionary(), ({"views": [torch.rand(PICTURE)], "name": "cells"},), ALL


@case
def shared_weights() -> Case:
    class Shared(nn.Module):
        """One convolution, used at every level."""

        def __init__(self) -> None:
            super().__init__()
            self.first, self.same, self.head = conv(3, 8), conv(8, 8), nn.Conv2d(8, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            skips = []
            x = self.first(x)
            for _ in range(3):
                skips.append(x)
                x = self.same(F.avg_pool2d(x, 2))
            while skips:
                x = self.same(F.interpolate(x, scale_factor=2.0) + skips.pop())
            return self.head(x)

    return Shared(), (PICTURE,), ALL


@case
def recursive() -> Case:
    class Level(nn.Module):
        """A level with the level below inside it."""

        def __init__(self, width: int, below: nn.Module | None) -> None:
            super().__init__()
            self.enter, self.leave = conv(width, 2 * width, 2), conv(2 * width, width)
            self.below = below

        def forward(self, x: Tensor) -> Tensor:
            y = self.enter(x)
            y = self.leave(self.below(y) if self.below else y)
            return x + F.interpolate(y, scale_factor=2.0, mode="bilinear")

    levels = Level(4, Level(8, Level(16, None)))
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), levels, nn.Conv2d(4, 2, 1)), (PICTURE,), ALL


@case
def with_timestep() -> Case:
    class Timed(Small):
        """As in diffusion: a time step besides the image, and an optional mask."""

        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Sequential(nn.Linear(8, 16), nn.SiLU(), nn.Linear(16, 4))

        def forward(self, x: Tensor, t: Tensor, mask: Tensor | None = None) -> Tensor:
            waves = t[:, None].float() * torch.exp(-torch.arange(4, dtype=torch.float32))
            time = self.embed(torch.cat([waves.sin(), waves.cos()], 1))[:, :, None, None]
            one = self.one(x) + time
            two = self.two(self.down(one))
            x = self.after_two(self.join(self.back_two(self.up(self.three(self.down(two)))), two))
            x = self.after_one(self.join(self.back_one(self.up(x)), one))
            return self.head(x if mask is None else x * mask)

    return Timed(), (torch.rand(PICTURE), torch.tensor([7])), ALL


@case
def checkpointed() -> Case:
    class Checkpointed(Small):
        def forward(self, x: Tensor) -> Any:
            return checkpoint(super().forward, x, use_reentrant=False)

    return Checkpointed(), (PICTURE,), ALL


@case
def half_precision() -> Case:
    return Small().to(torch.bfloat16), (torch.rand(PICTURE).to(torch.bfloat16),), ALL


@case
def looks_at_values() -> Case:
    class Looks(Small):
        def forward(self, x: Tensor) -> Any:
            if x.mean() > 0:
                x = x - x.mean()
            return super().forward(x)

    return Looks(), (torch.rand(PICTURE),), ALL


@case
def looks_at_items() -> Case:
    class Items(Small):
        def forward(self, x: Tensor) -> Any:
            return super().forward(x / float(x.max().item()))

    return Items(), (torch.rand(PICTURE),), ALL


@case
def valid_convolutions() -> Case:
    class Valid(nn.Module):
        """Convolutions without padding: the skip is cropped to its centre."""

        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 8, 3)
            self.up, self.after = nn.ConvTranspose2d(8, 4, 2, 2), nn.Conv2d(8, 2, 3)

        def forward(self, x: Tensor) -> Tensor:
            skip = F.relu(self.one(x))
            x = self.up(F.relu(self.two(F.max_pool2d(skip, 2))))
            cut = (skip.shape[-1] - x.shape[-1]) // 2
            return self.after(torch.cat([skip[..., cut:-cut, cut:-cut], x], 1))

    return Valid(), (PICTURE,), ALL


@case
def scripted() -> Case:
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Conv2d(3, 4, 3, 1, 1), nn.Conv2d(4, 8, 3, 2, 1)
            self.up, self.after = nn.ConvTranspose2d(8, 4, 2, 2), nn.Conv2d(8, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            skip = torch.relu(self.one(x))
            return self.after(torch.cat([skip, self.up(torch.relu(self.two(skip)))], 1))

    return torch.jit.trace(Plain(), torch.rand(PICTURE)), (torch.rand(PICTURE),), ALL


@case
def lazy() -> Case:
    class Lazy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.LazyConv2d(4, 3, 1, 1), nn.LazyConv2d(8, 3, 2, 1)
            self.up, self.after = nn.LazyConvTranspose2d(4, 2, 2), nn.LazyConv2d(2, 1)

        def forward(self, x: Tensor) -> Tensor:
            skip = F.relu(self.one(x))
            return self.after(torch.cat([skip, self.up(F.relu(self.two(skip)))], 1))

    return Lazy(), (PICTURE,), ALL


@case
def classifier() -> Case:
    layers = [conv(3, 8, 2), conv(8, 16, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(16, 10)), (PICTURE,), {"downsampling"}


@case
def super_resolution() -> Case:
    layers = [conv(3, 8), conv(8, 12), nn.PixelShuffle(2), nn.Conv2d(3, 3, 3, padding=1)]
    return nn.Sequential(*layers), (PICTURE,), {"upsampling"}


@case
def wrapped() -> Case:
    return nn.DataParallel(Small()), (PICTURE,), ALL


@case
def resized_by_fourier() -> Case:
    class Fourier(Small):
        """Halves by dropping high frequencies, doubles by adding empty ones."""

        def resample(self, x: Tensor, size: int) -> Tensor:
            spectrum = torch.fft.rfft2(x)
            rows, columns = min(size, x.shape[2]) // 2, min(size, x.shape[3]) // 2 + 1
            shape = (*x.shape[:2], size, size // 2 + 1)
            made = torch.zeros(shape, dtype=spectrum.dtype, device=x.device)
            made[:, :, :rows, :columns] = spectrum[:, :, :rows, :columns]
            made[:, :, -rows:, :columns] = spectrum[:, :, -rows:, :columns]
            return torch.fft.irfft2(made, s=(size, size))

        def down(self, x: Tensor) -> Tensor:
            return self.resample(x, x.shape[2] // 2)

        def up(self, x: Tensor) -> Tensor:
            return self.resample(x, x.shape[2] * 2)

    return Fourier(), (PICTURE,), ALL


@case
def steps_of_a_video_in_a_recurrent_bottleneck() -> Case:
    class Video(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = conv(3, 4), nn.Conv2d(4, 4, 4, 4)
            self.rows = nn.GRU(256, 256, batch_first=True)
            self.back, self.head = nn.ConvTranspose2d(4, 4, 4, 4), nn.Conv2d(8, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            skip = self.one(x.flatten(0, 1))
            low = self.two(skip)
            steps = self.rows(low.flatten(1).view(*x.shape[:2], -1))[0].reshape(low.shape)
            return self.head(torch.cat([skip, self.back(steps)], 1)).unflatten(0, x.shape[:2])

    return Video(), ((2, 5, 3, 32, 32),), ALL


@case
def mixed_in_one_dimension() -> Case:
    class Flat(Small):
        """Mixes channels on maps that are flattened into one dimension."""

        def __init__(self) -> None:
            super().__init__()
            self.mix = nn.ModuleList(nn.Conv1d(width, width, 1) for width in (4, 8))

        def join(self, x: Tensor, skip: Tensor) -> Tensor:
            mixed = self.mix[int(skip.shape[1] == 8)](skip.flatten(2))
            return torch.cat([mixed.view_as(skip), x], 1)

    return Flat(), (PICTURE,), ALL
