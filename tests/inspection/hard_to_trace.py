"""Networks in which the path from input to output is easily lost or mistaken."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import torch
from odd_networks import ALL, NO_SKIPS, PICTURE, Case, Small, case, conv
from odd_networks import CASES as CASES  # both files fill it
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere


class AtBottleneck(Small):
    """A U-Net that does something of its own at the bottleneck."""

    def bottleneck(self, x: Tensor) -> Tensor:
        return x

    def forward(self, x: Tensor) -> Any:
        one = self.one(x)
        two = self.two(self.down(one))
        x = self.back_two(self.up(self.bottleneck(self.three(self.down(two)))))
        x = self.after_two(self.join(x, two))
        return self.head(self.after_one(self.join(self.back_one(self.up(x)), one)))


@case
def generator() -> Case:
    grown = [nn.ConvTranspose2d(n, n // 2, 4, 2, 1) for n in (32, 16)]
    layers = [nn.Linear(20, 32 * 16), nn.Unflatten(1, (32, 4, 4)), conv(32, 32), *grown]
    return nn.Sequential(*layers), ((2, 20),), {"upsampling"}


@case
def generator_from_one_pixel() -> Case:
    layers = [nn.ConvTranspose2d(20, 16, 4, 1, 0), nn.ConvTranspose2d(16, 3, 4, 2, 1)]
    return nn.Sequential(nn.Unflatten(1, (20, 1, 1)), *layers), ((2, 20),), {"upsampling"}


@case
def through_a_vector() -> Case:
    class Vector(AtBottleneck):
        def __init__(self) -> None:
            super().__init__()
            self.into, self.out = nn.Linear(16 * 64, 5), nn.Linear(5, 16 * 64)

        def bottleneck(self, x: Tensor) -> Tensor:
            return self.out(self.into(x.flatten(1))).view_as(x)

        def join(self, x: Tensor, skip: Tensor) -> Tensor:
            return torch.cat([x, x], 1)

    return Vector(), (PICTURE,), NO_SKIPS


@case
def codes() -> Case:
    class Codes(AtBottleneck):
        """A bottleneck of whole numbers, with a straight-through path for gradients."""

        def __init__(self) -> None:
            super().__init__()
            self.book = nn.Embedding(12, 16)

        def bottleneck(self, x: Tensor) -> Tensor:
            places = x.permute(0, 2, 3, 1)
            far = (places[..., None, :] - self.book.weight).square().sum(-1)
            found = self.book(far.argmin(-1)).permute(0, 3, 1, 2)
            return x + (found - x).detach()

        def join(self, x: Tensor, skip: Tensor) -> Tensor:
            return torch.cat([x, x], 1)

    return Codes(), (PICTURE,), NO_SKIPS


@case
def recurrent_bottleneck() -> Case:
    class Recurrent(AtBottleneck):
        def __init__(self) -> None:
            super().__init__(rank=1, channels=1)
            self.recurrent = nn.LSTM(16, 8, bidirectional=True, batch_first=True)

        def bottleneck(self, x: Tensor) -> Tensor:
            return self.recurrent(x.transpose(1, 2))[0].transpose(1, 2)

    return Recurrent(), ((1, 1, 256),), ALL


@case
def words() -> Case:
    class Words(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.body = nn.Embedding(20, 3), Small(rank=1)

        def forward(self, x: Tensor) -> Any:
            return self.body(self.table(x).transpose(1, 2))

    return Words(), (torch.randint(0, 20, (1, 64)),), ALL


@case
def whole_numbers() -> Case:
    class Bytes(Small):
        def forward(self, x: Tensor) -> Any:
            return super().forward(x / 255).argmax(1)

    return Bytes(), (torch.randint(0, 256, PICTURE, dtype=torch.uint8),), ALL


@case
def without_gradients_for_good() -> Case:
    class Inference(Small):
        def forward(self, x: Tensor) -> Any:
            with torch.inference_mode():
                return super().forward(x)

    return Inference(), (PICTURE,), ALL


@case
def wavelets() -> Case:
    class Wavelets(nn.Module):
        """Halves and doubles by Haar wavelets, the inverse by writing into every second cell."""

        def __init__(self) -> None:
            super().__init__()
            self.one, self.two, self.three = conv(3, 4), conv(16, 16), nn.Conv2d(8, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            skip = self.one(x)
            a, b = skip[:, :, ::2, ::2], skip[:, :, 1::2, ::2]
            c, d = skip[:, :, ::2, 1::2], skip[:, :, 1::2, 1::2]
            parts = torch.cat([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d], 1)
            a, b, c, d = self.two(parts / 2).chunk(4, 1)
            made = torch.zeros_like(skip)
            made[:, :, ::2, ::2], made[:, :, 1::2, ::2] = a + b + c + d, a - b + c - d
            made[:, :, ::2, 1::2], made[:, :, 1::2, 1::2] = a + b - c - d, a - b - c + d
            return self.three(torch.cat([skip, made / 2], 1))

    return Wavelets(), (PICTURE,), ALL


@case
def only_the_shape_of_a_skip() -> Case:
    class Shapes(Small):
        def join(self, x: Tensor, skip: Tensor) -> Tensor:
            return torch.cat([torch.zeros_like(skip), x], 1)

    return Shapes(), (PICTURE,), NO_SKIPS


@case
def nothing_of_a_skip() -> Case:
    class Zero(Small):
        def join(self, x: Tensor, skip: Tensor) -> Tensor:
            return torch.cat([skip * 0, x], 1)

    return Zero(), (PICTURE,), NO_SKIPS


@case
def joined_by_the_smaller() -> Case:
    class Smaller(Small):
        def join(self, x: Tensor, skip: Tensor) -> Tensor:
            return torch.minimum(x, skip)

    return Smaller(joined=1), (PICTURE,), ALL


@case
def enlarges_first() -> Case:
    class Enlarges(Small):
        def forward(self, x: Tensor) -> Any:
            return F.avg_pool2d(super().forward(F.interpolate(x, scale_factor=4.0)), 4)

    return Enlarges(), (PICTURE,), ALL


@case
def detours() -> Case:
    class Detour(nn.Module):
        """A gate that is computed from one level further down."""

        def __init__(self, width: int) -> None:
            super().__init__()
            self.far = conv(width, width)

        def forward(self, x: Tensor) -> Tensor:
            return x * F.interpolate(self.far(F.avg_pool2d(x, 2)), size=x.shape[2:]).sigmoid()

    layers = [conv(3, 8), Detour(8), conv(8, 8, 2), Detour(8), conv(8, 8, 2), Detour(8)]
    return (
        nn.Sequential(*layers, conv(8, 8, 2), conv(8, 8, 2)),
        (PICTURE,),
        ALL - {"skip_connections", "symmetry"},
    )


@case
def pyramid_of_inputs() -> Case:
    class Pyramid(nn.Module):
        """The small image passes many layers, the large one goes down to a quarter."""

        def __init__(self) -> None:
            super().__init__()
            self.deep = nn.Sequential(conv(3, 8, 2), conv(8, 8, 2))
            self.fine = nn.Sequential(conv(3, 8, 2), conv(8, 8, 2))
            self.head = nn.Conv2d(8, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            small = self.deep(F.interpolate(x, scale_factor=0.25))
            joined = F.interpolate(small, scale_factor=4.0) + self.fine(x)
            return F.interpolate(self.head(joined), scale_factor=4.0)

    return Pyramid(), ((1, 3, 64, 64),), ALL - {"symmetry"}


@case
def timed() -> Case:
    class Timed(AtBottleneck):
        """The time step passes more layers than the image does in the encoder."""

        def __init__(self) -> None:
            super().__init__()
            pairs = [part for _ in range(6) for part in (nn.Linear(16, 16), nn.SiLU())]
            self.time = nn.Sequential(nn.Linear(1, 16), *pairs)

        def forward(self, x: Tensor, time: Tensor) -> Any:
            self.now = self.time(time[:, None])[:, :, None, None]
            return super().forward(x)

        def bottleneck(self, x: Tensor) -> Tensor:
            return x + self.now

    return Timed(), (PICTURE, torch.rand(1)), ALL


@case
def squeezed_and_excited() -> Case:
    class Squeezed(AtBottleneck):
        def __init__(self) -> None:
            super().__init__()
            self.weigh = nn.Sequential(nn.Linear(4, 2), nn.ReLU(), nn.Linear(2, 4), nn.Sigmoid())

        def forward(self, x: Tensor) -> Any:
            one = self.one(x)
            one = one * self.weigh(one.mean((2, 3)))[:, :, None, None]
            x = F.relu(self.back_one(F.interpolate(self.two(self.down(one)), scale_factor=2.0)))
            return self.head(self.after_one(self.join(x, one)))

    return Squeezed(), (PICTURE,), ALL


@case
def windows_of_a_series() -> Case:
    class Windows(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Linear(16, 8), nn.Linear(8, 8)

        def forward(self, x: Tensor) -> Tensor:
            return self.two(self.one(x.unfold(-1, 16, 8)).relu())

    return Windows(), ((2, 7, 96),), {"downsampling"}


@case
def answers_in_an_object() -> Case:
    class Answers(Small):
        def forward(self, batch: Any) -> Any:
            return SimpleNamespace(sample=super().forward(batch.picture), seen=batch)

    return Answers(), (SimpleNamespace(picture=torch.rand(PICTURE)),), ALL


@case
def another_name_for_the_same_cells() -> Case:
    class Renames(Small):
        def join(self, x: Tensor, skip: Tensor) -> Tensor:
            return super().join(x, nn.Parameter(skip, requires_grad=False))

    return Renames(), (PICTURE,), ALL


@case
def holds_what_cannot_be_copied() -> Case:
    class Holds(Small):
        def __init__(self) -> None:
            super().__init__()
            self.lock = threading.Lock()
            self.last = self.head.weight * 2  # not a leaf, as if left behind by an earlier run
            self.norm = nn.LazyBatchNorm2d()

        def forward(self, x: Tensor) -> Any:
            with self.lock:
                return super().forward(self.norm(x))

        def train(self, mode: bool = True) -> Any:
            super().train(mode)  # and returns nothing

    return Holds(), (PICTURE,), ALL


@case
def pictures_written_into_a_batch() -> Case:
    class Batches(Small):
        def forward(self, x: Tensor) -> Any:
            batch = x.new_zeros(x.shape)
            for place, picture in enumerate(x):
                batch[place] = picture
            return super().forward(batch)

    return Batches(), ((2, 3, 32, 32),), ALL


@case
def spectrogram() -> Case:
    class Spectrogram(Small):
        def forward(self, x: Tensor) -> Any:
            window = torch.hann_window(126)
            spectrum = torch.stft(x, 126, 32, window=window, return_complex=True)
            return super().forward(spectrum.abs()[:, None, :, :64])

    return Spectrogram(channels=1), ((1, 2048),), ALL


@case
def threes_of_odd_sizes() -> Case:
    class Threes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.ModuleList(conv(a, 8) for a in (3, 8, 8, 8))
            self.up = nn.ModuleList(conv(16, 8) for _ in range(3))

        def forward(self, x: Tensor) -> Tensor:
            skips = [self.down[0](x)]
            for layer in list(self.down)[1:]:
                skips.append(layer(F.max_pool2d(skips[-1], 3)))
            x = skips.pop()
            for layer, skip in zip(self.up, reversed(skips), strict=True):
                x = layer(torch.cat([F.interpolate(x, size=skip.shape[2:]), skip], 1))
            return x

    return Threes(), ((1, 3, 100, 130),), ALL


@case
def standardised() -> Case:
    class Standardised(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(conv(3, 8), conv(8, 3))

        def forward(self, x: Tensor) -> Any:
            deviation, mean = torch.std_mean(x, (2, 3), keepdim=True)
            return self.layers((x - mean) / deviation)

    return Standardised(), (PICTURE,), set()


@case
def folded_with_a_residual() -> Case:
    class Folded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = conv(12, 12)

        def forward(self, x: Tensor) -> Tensor:
            n, c, h, w = x.shape
            x = x.view(n, c, h // 2, 2, w // 2, 2).permute(0, 1, 3, 5, 2, 4)
            x = x.reshape(n, 4 * c, h // 2, w // 2)
            return x + self.layer(x)

    return Folded(), (PICTURE,), {"downsampling"}


@case
def coarse_queries() -> Case:
    class Queries(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.down, self.mix = conv(3, 8), conv(8, 8, 2), nn.Linear(8, 8)

        def forward(self, x: Tensor) -> Tensor:
            fine = self.one(x)
            queries = self.down(fine).flatten(2).transpose(1, 2)
            keys = fine.flatten(2)
            return self.mix((queries @ keys).softmax(-1) @ keys.transpose(1, 2))

    return Queries(), (PICTURE,), {"downsampling"}


@case
def a_layer_that_nobody_knows() -> Case:
    class Unknown(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(8, 3, 3, 3))
            self.down, self.head = nn.Conv2d(8, 8, 3, 2, 1), nn.Conv2d(16, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            size = ([3, 3], None, [1, 1], [2, 2], [2, 2])
            skip = torch.ops.aten.slow_conv_dilated2d(x, self.weight, *size)
            x = F.interpolate(self.down(skip), scale_factor=2.0)
            return self.head(torch.cat([skip, x], 1))

    return Unknown(), (torch.rand(PICTURE),), ALL
