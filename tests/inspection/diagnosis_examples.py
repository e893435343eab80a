"""An example for each row of the inspector's table of diagnoses, and its repaired version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from unet_teach.networks.document import AdditiveUNet, DocumentUNet
from unet_teach.networks.unet import UNet

IMAGE = (1, 3, 32, 32)
VOLUME = (1, 1, 8, 8, 8)


class OneLevel(nn.Module):
    """One level of a U-Net, with 4 channels above and 8 below.

    Args:
        join: takes the up-sampled map and the skip, (N, 8, H, W) and (N, 4, H, W).
        up: doubles H and W.
        head_channels: what the last layer takes.
    """

    def __init__(
        self,
        join: Callable[[Tensor, Tensor], Tensor],
        up: nn.Module | None = None,
        head_channels: int = 12,
    ) -> None:
        super().__init__()
        self.join = join
        self.encoder = nn.Conv2d(3, 4, kernel_size=3, padding=1)
        self.down = nn.Conv2d(4, 8, kernel_size=3, stride=2, padding=1)
        self.up = up or nn.Upsample(scale_factor=2)
        self.head = nn.Conv2d(head_channels, 1, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, 1, H, W) for (N, 3, H, W)."""
        skip = self.encoder(x)
        x = self.up(self.down(skip))
        made: Tensor = self.head(self.join(x, skip))
        return made


class Between(nn.Module):
    """A convolution, any function, and another layer."""

    def __init__(self, step: Callable[[Tensor], Any], last: nn.Module | None = None) -> None:
        super().__init__()
        self.first, self.step, self.last = nn.Conv2d(3, 4, 1), step, last or nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Any:
        """Return whatever the last layer makes of it."""
        return self.last(self.step(self.first(x)))


class GivenByASplit(Between):
    """Its step gives a tuple; only one with a single part is opened."""

    def __init__(self, parts: int) -> None:
        super().__init__(lambda x: x.chunk(parts, 1))
        self.parts = parts

    def forward(self, x: Tensor) -> Any:
        """Return what the last layer makes of the parts."""
        made = self.step(self.first(x))
        return self.last(made[0] if self.parts == 1 else made)


class Product(nn.Module):
    """Multiplies a map by itself, with two of its dimensions exchanged."""

    def __init__(self, swapped: tuple[int, int]) -> None:
        super().__init__()
        self.swapped = swapped

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, 3, H, H) for (N, 3, H, W)."""
        return x @ x.transpose(*self.swapped)


def made_in_a_loop(*, bound: bool) -> Callable[[Tensor], Tensor]:
    """Return the first of two functions made in a loop, whose layers take 4 and 8 channels."""
    steps: list[Callable[[Tensor], Tensor]] = []
    for layer in (nn.Conv2d(4, 4, 1), nn.Conv2d(8, 4, 1)):
        late = lambda x: layer(x)  # noqa: B023, E731 - the mistake
        early = lambda x, layer=layer: layer(x)  # noqa: E731
        steps.append(early if bound else late)
    return steps[0]


def unless_dark(x: Tensor) -> Tensor:
    """Look at a value, so that shapes alone are not enough."""
    return x if x.max() > -99 else -x


class CallsItself(nn.Module):
    """A forward that ends in a call of its own module, or in its last layer."""

    def __init__(self, calls_itself: bool) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 1)
        self.calls_itself = calls_itself

    def forward(self, x: Tensor) -> Any:
        """Return (N, 2, H, W) for (N, 3, H, W)."""
        x = self.first(x)
        if self.calls_itself:
            return self(x)
        return self.last(x)


class Misnamed(nn.Module):
    """A network whose forward asks for its layer by a name of its own."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.add_module(name, nn.Conv2d(3, 4, kernel_size=3))

    convolution: nn.Module

    def forward(self, x: Tensor) -> Any:
        """Return (N, 4, H - 2, W - 2) for (N, 3, H, W)."""
        return self.convolution(x)


class Positions(nn.Module):
    """Patches of 8×8 pixels as tokens, with a learned vector added for each position."""

    def __init__(self, positions: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 4, kernel_size=8, stride=8)
        self.positions = nn.Parameter(torch.zeros(1, positions, 4))

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, positions, 4) for (N, 3, H, W)."""
        made: Tensor = self.patches(x).flatten(2).transpose(1, 2) + self.positions
        return made


def popped_twice(x: Tensor) -> Tensor:
    """Take out of a list more than there is."""
    skips = [x]
    return skips.pop() + skips.pop()


def unpacked_shape(count: int) -> Callable[[Tensor], Tensor]:
    """Return a function that gives the shape of a map to three names, or to four."""

    def to_three(x: Tensor) -> Tensor:
        channels, height, width = x.shape
        return x.view(1, channels, height, width)

    def to_four(x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        return x.view(batch, channels, height, width)

    return to_three if count == 3 else to_four


class Example(NamedTuple):
    """A network and what it is given: `inspect_unet(model, *args, **kwargs)`."""

    model: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def example(model: nn.Module, *args: Any, **kwargs: Any) -> Example:
    """Write an example like the call of `inspect_unet` that it stands for."""
    return Example(model, args, kwargs)


def _cat(x: Tensor, skip: Tensor) -> Tensor:
    return torch.cat([x, skip], dim=1)


def _in_windows(x: Tensor) -> Tensor:
    rows, columns = x.shape[2] // 7, x.shape[3] // 7
    return x.view(1, 4, rows, 7, columns, 7).mean((3, 5))


# By the name of the row: an example that no earlier row explains, and one that runs.
EXAMPLES: dict[str, tuple[Callable[[], Example], Callable[[], Example]]] = {
    "layer is on the meta device": (
        lambda: example(Between(unless_dark, nn.BatchNorm2d(4, device="meta").eval()), IMAGE),
        lambda: example(Between(unless_dark, nn.BatchNorm2d(4).eval()), IMAGE),
    ),
    "forward calls itself": (
        lambda: example(CallsItself(True), IMAGE),
        lambda: example(CallsItself(False), IMAGE),
    ),
    "container is called": (
        lambda: example(Between(nn.ModuleList([nn.ReLU()])), IMAGE),
        lambda: example(Between(nn.Sequential(nn.ReLU())), IMAGE),
    ),
    "no forward": (
        lambda: example(DocumentUNet(3, 2), IMAGE),
        lambda: example(AdditiveUNet(3, 2), IMAGE),
    ),
    "arguments do not fit forward": (
        lambda: example(nn.Conv2d(3, 4, 3)),
        lambda: example(nn.Conv2d(3, 4, 3), IMAGE),
    ),
    "missing attribute": (
        lambda: example(Misnamed("conv"), IMAGE),
        lambda: example(Misnamed("convolution"), IMAGE),
    ),
    "unknown name": (
        lambda: example(Between(lambda x: skip), IMAGE),  # type: ignore[name-defined]  # noqa: F821
        lambda: example(Between(lambda x: x), IMAGE),
    ),
    "no such entry": (
        lambda: example(Between(popped_twice), IMAGE),
        lambda: example(Between(lambda x: [x].pop()), IMAGE),
    ),
    "layer is called with other values": (
        lambda: example(OneLevel(_cat, up=nn.Bilinear(1, 1, 1)), IMAGE),
        lambda: example(OneLevel(_cat), IMAGE),
    ),
    "class is called": (
        lambda: example(Between(lambda x: nn.Sigmoid(x)), IMAGE),
        lambda: example(Between(nn.Sigmoid()), IMAGE),
    ),
    "what is called cannot be called": (
        lambda: example(Between([nn.ReLU()]), IMAGE),
        lambda: example(Between(nn.ReLU()), IMAGE),
    ),
    "function is made in a loop": (
        lambda: example(Between(made_in_a_loop(bound=False)), IMAGE),
        lambda: example(Between(made_in_a_loop(bound=True)), IMAGE),
    ),
    "container is used as a tensor": (
        lambda: example(GivenByASplit(parts=2), IMAGE),
        lambda: example(GivenByASplit(parts=1), IMAGE),
    ),
    "unpacked into another count of names": (
        lambda: example(Between(unpacked_shape(3)), IMAGE),
        lambda: example(Between(unpacked_shape(4)), IMAGE),
    ),
    "einsum does not fit": (
        lambda: example(Between(lambda x: torch.einsum("nchw,nwx->nchx", x, x)), IMAGE),
        lambda: example(Between(lambda x: torch.einsum("nchw,nchw->nchw", x, x)), IMAGE),
    ),
    "axis was lost before": (
        lambda: example(Between(lambda x: x.squeeze(), nn.BatchNorm2d(4)), IMAGE),
        lambda: example(Between(lambda x: x, nn.BatchNorm2d(4)), IMAGE),
    ),
    "stacks of matrices differ": (
        lambda: example(Product(swapped=(0, 2)), (2, 3, 16, 8)),
        lambda: example(Product(swapped=(-2, -1)), (2, 3, 16, 8)),
    ),
    "numbers of dimensions differ": (
        lambda: example(OneLevel(lambda x, skip: _cat(x.mean((2, 3)), skip)), IMAGE),
        lambda: example(
            OneLevel(lambda x, skip: _cat(x.mean((2, 3), keepdim=True).expand_as(x), skip)), IMAGE
        ),
    ),
    "pixel shuffle does not divide": (
        lambda: example(Between(nn.PixelShuffle(4), nn.Conv2d(1, 2, 1)), IMAGE),
        lambda: example(Between(nn.PixelShuffle(2), nn.Conv2d(1, 2, 1)), IMAGE),
    ),
    "channels come last": (
        lambda: example(UNet(3, 1, depth=2, base_channels=4), (1, 32, 32, 3)),
        lambda: example(UNet(3, 1, depth=2, base_channels=4), IMAGE),
    ),
    "sizes do not match": (
        lambda: example(OneLevel(_cat), (1, 3, 31, 31)),
        lambda: example(OneLevel(_cat), (1, 3, 32, 32)),
    ),
    "concatenated along the wrong dimension": (
        lambda: example(OneLevel(lambda x, skip: torch.cat([x, skip], dim=0)), IMAGE),
        lambda: example(OneLevel(_cat), IMAGE),
    ),
    "added maps have different channels": (
        lambda: example(OneLevel(Tensor.add, head_channels=8), IMAGE),
        lambda: example(
            OneLevel(
                Tensor.add,
                up=nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(8, 4, kernel_size=1)),
                head_channels=4,
            ),
            IMAGE,
        ),
    ),
    "made of a fixed size": (
        lambda: example(Between(lambda x: x + torch.randn(1, 4, 16, 16)), IMAGE),
        lambda: example(Between(lambda x: x + torch.randn_like(x)), IMAGE),
    ),
    "parts of a concatenation differ": (
        lambda: example(Between(lambda x: _cat(x, torch.zeros(2, 4, 32, 32))), IMAGE),
        lambda: example(
            Between(lambda x: _cat(x, torch.zeros(1, 4, 32, 32)), nn.Conv2d(8, 2, 1)), IMAGE
        ),
    ),
    "number of positions is fixed": (
        lambda: example(Positions(16), (1, 3, 64, 64)),
        lambda: example(Positions(16), IMAGE),
    ),
    "windows do not divide the sides": (
        lambda: example(Between(_in_windows), (1, 3, 32, 32)),
        lambda: example(Between(_in_windows), (1, 3, 35, 35)),
    ),
    "output_padding is too large": (
        lambda: example(nn.ConvTranspose2d(3, 4, 3, stride=2, output_padding=2), IMAGE),
        lambda: example(nn.ConvTranspose2d(3, 4, 3, stride=2, output_padding=1), IMAGE),
    ),
    "image too small": (
        lambda: example(nn.Sequential(nn.MaxPool2d(2), nn.MaxPool2d(2)), (1, 3, 2, 2)),
        lambda: example(nn.Sequential(nn.MaxPool2d(2), nn.MaxPool2d(2)), (1, 3, 4, 4)),
    ),
    "normalisation of one position": (
        lambda: example(nn.Sequential(nn.Conv2d(3, 4, 4, 4), nn.InstanceNorm2d(4)), (1, 3, 4, 4)),
        lambda: example(nn.Sequential(nn.Conv2d(3, 4, 4, 4), nn.InstanceNorm2d(4)), (1, 3, 8, 8)),
    ),
    "no batch dimension": (
        lambda: example(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), (3, 32, 32)),
        lambda: example(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), IMAGE),
    ),
    "layer is for another number of axes": (
        lambda: example(nn.Sequential(nn.Conv3d(1, 4, 3), nn.MaxPool2d(2)), VOLUME),
        lambda: example(nn.Sequential(nn.Conv3d(1, 4, 3), nn.MaxPool3d(2)), VOLUME),
    ),
    "convolution is given other channels": (
        lambda: example(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(16, 2, 3)), IMAGE),
        lambda: example(nn.Sequential(nn.Conv2d(3, 16, 3), nn.Conv2d(16, 2, 3)), IMAGE),
    ),
    "matrix product does not fit": (
        lambda: example(Between(lambda x: x.flatten(2) @ x.flatten(2), nn.ReLU()), IMAGE),
        lambda: example(
            Between(lambda x: x.flatten(2) @ x.flatten(2).transpose(-1, -2), nn.ReLU()), IMAGE
        ),
    ),
    "linear layer is given other features": (
        lambda: example(nn.Linear(3 * 32 * 32, 10), IMAGE),
        lambda: example(nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 10)), IMAGE),
    ),
    "sequence has its features second": (
        lambda: example(Between(lambda x: x.flatten(2), nn.GRU(4, 2, batch_first=True)), IMAGE),
        lambda: example(
            Between(lambda x: x.flatten(2).transpose(1, 2), nn.GRU(4, 2, batch_first=True)), IMAGE
        ),
    ),
    "LayerNorm is given another shape": (
        lambda: example(Between(nn.LayerNorm(4)), IMAGE),
        lambda: example(Between(nn.GroupNorm(1, 4)), IMAGE),
    ),
    "embedding is given floats": (
        lambda: example(nn.Embedding(10, 4), (1, 6, 6)),
        lambda: example(nn.Embedding(10, 4), torch.zeros((1, 6, 6), dtype=torch.long)),
    ),
    "dtypes do not match": (
        lambda: example(nn.Conv2d(3, 4, 3), torch.zeros(IMAGE).double()),
        lambda: example(nn.Conv2d(3, 4, 3), torch.zeros(IMAGE)),
    ),
    "wrong number of dimensions": (
        lambda: example(nn.Conv2d(3, 4, 3), (3, 32)),
        lambda: example(nn.Conv2d(3, 4, 3), IMAGE),
    ),
    "input is no tensor": (
        lambda: example(nn.Conv2d(3, 4, 3), [1, 3, 32, 32]),
        lambda: example(nn.Conv2d(3, 4, 3), (1, 3, 32, 32)),
    ),
    "layer is given no tensor": (
        lambda: example(Between(lambda x: (x, x)), IMAGE),
        lambda: example(Between(lambda x: (x, x)[0]), IMAGE),
    ),
    "operation wants something else": (
        lambda: example(Between(lambda x: x.transpose(2, 3).view(1, 4, -1)), IMAGE),
        lambda: example(Between(lambda x: x.transpose(2, 3).reshape(x.shape)), IMAGE),
    ),
    "returns None": (
        lambda: example(Between(lambda x: None, last=nn.Identity()), IMAGE),
        lambda: example(Between(lambda x: x, last=nn.Identity()), IMAGE),
    ),
    "returns no tensor": (
        lambda: example(Between(lambda x: x.numpy(), last=nn.Identity()), IMAGE),
        lambda: example(Between(lambda x: x, last=nn.Identity()), IMAGE),
    ),
    "output does not depend on the input": (
        lambda: example(Between(lambda x: torch.zeros(x.shape)), IMAGE),
        lambda: example(Between(lambda x: x), IMAGE),
    ),
    "values leave torch on the way": (
        lambda: example(OneLevel(lambda x, s: torch.cat([torch.tensor(x.tolist()), s], 1)), IMAGE),
        lambda: example(OneLevel(lambda x, s: torch.cat([x, s], 1)), IMAGE),
    ),
}
