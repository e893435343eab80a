"""The document's network with one `forward` or another, as students write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.networks.document import ConcatenatingUNet, DocumentUNet

Forward = Callable[[Any, Tensor], Any]


class HalfWide(DocumentUNet):
    """Only the first of them."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)
        self.upconv2 = nn.ConvTranspose2d(512, 128, 3, stride=2, padding=1, output_padding=1)


class LastNarrow(ConcatenatingUNet):
    """All but the last of them."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)
        self.upconv4 = nn.ConvTranspose2d(64, out_channels, 3, padding=1)


def joining(
    join: Callable[[Tensor, Tensor], Tensor],
    *,
    base: type[DocumentUNet] = DocumentUNet,
    bend: Callable[[Tensor], Tensor] = F.relu,
    end: Callable[[Tensor], Any] = lambda x: x,
    level: Callable[[int, Tensor], Tensor] = lambda level, skip: skip,
) -> Callable[[], type[nn.Module]]:
    """A class whose forward joins maps this way; `level` changes the skip of one level."""

    def forward(self: Any, x: Tensor) -> Any:
        skips = []
        for conv in (self.conv1, self.conv2, self.conv3):
            x = bend(conv(x))
            skips.append(x)
        x = bend(self.conv4(x))
        lateral = (self.skip3, self.skip2, self.skip1)
        for i, up in ((2, self.upconv1), (1, self.upconv2), (0, self.upconv3)):
            x = join(bend(up(x)), level(i, lateral[i](skips[i])))
        return end(self.upconv4(x))

    return lambda: type("Student", (base,), {"forward": forward})


def early(self: Any, x: Tensor) -> Tensor:
    """Each skip is the map of the level below its own."""
    one = F.relu(self.conv1(x))
    two = F.relu(self.conv2(one))
    three = F.relu(self.conv3(two))
    four = F.relu(self.conv4(three))
    x = self.upconv1(four) + two
    return self.upconv4(self.upconv3(self.upconv2(x) + one))  # type: ignore[no-any-return]


def crossed(self: Any, x: Tensor) -> Tensor:
    """The first map stored is the first one used."""
    one = F.relu(self.conv1(x))
    two = F.relu(self.conv2(one))
    three = F.relu(self.conv3(two))
    x = self.upconv1(F.relu(self.conv4(three))) + self.skip1(one)
    return self.upconv4(self.upconv3(self.upconv2(x) + self.skip2(two)))  # type: ignore[no-any-return]


def as_class(
    forward: Forward, base: type[nn.Module] = DocumentUNet
) -> Callable[[], type[nn.Module]]:
    """A class with this forward."""
    return lambda: type("Student", (base,), {"forward": forward})


def rising(join: Callable[[Tensor, Tensor], Tensor], base: type[DocumentUNet]) -> type[nn.Module]:
    """A class that bends on the way down only."""

    def forward(self: Any, x: Tensor) -> Any:
        one = F.relu(self.conv1(x))
        two = F.relu(self.conv2(one))
        three = F.relu(self.conv3(two))
        x = join(self.upconv1(F.relu(self.conv4(three))), self.skip1(three))
        x = join(self.upconv2(x), self.skip2(two))
        return self.upconv4(join(self.upconv3(x), self.skip3(one)))

    return type("Student", (base,), {"forward": forward})


def hidden(join: Callable[[Tensor, Tensor], Tensor], base: type[DocumentUNet]) -> Any:
    """A class that keeps one of its layers in a plain list."""

    def init(self: Any, in_channels: int, out_channels: int) -> None:
        base.__init__(self, in_channels, out_channels)
        self.ups = [self._modules.pop("upconv2")]

    def make() -> type[nn.Module]:
        forward = vars(joining(join, base=base)())["forward"]
        body = {"__init__": init, "upconv2": property(lambda self: self.ups[0]), "forward": forward}
        return type("Student", (base,), body)

    return make


def add(x: Tensor, skip: Tensor) -> Tensor:
    """Add two maps of one shape."""
    return x + skip


def cat(x: Tensor, skip: Tensor) -> Tensor:
    """Lay the skip's channels before those of x."""
    return torch.cat([skip, x], dim=1)
