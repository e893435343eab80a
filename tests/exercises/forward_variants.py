"""Classes of the document's layers whose `forward` is right, or has one mistake."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.networks.document import DocumentUNet

Join = Callable[[Tensor, Tensor], Any]  # a right one returns a tensor


def add(x: Tensor, skip: Tensor) -> Tensor:
    """Add two feature maps of one shape."""
    return x + skip


def cat(x: Tensor, skip: Tensor) -> Tensor:
    """Concatenate two feature maps along the channel axis, the skip first."""
    return torch.cat([skip, x], dim=1)


def own_skip(network: Any, maps: list[Tensor], level: int) -> Tensor:
    """Return the skip of a level: its feature map after the 1×1 convolution."""
    skip: Tensor = (network.skip3, network.skip2, network.skip1)[level](maps[level])
    return skip


def with_forward(
    join: Join,
    *,
    base: type[DocumentUNet] = DocumentUNet,
    activation: Callable[[Tensor], Tensor] = F.relu,
    skip: Callable[[Any, list[Tensor], int], Tensor] = own_skip,
    end: Callable[[Tensor], Any] = lambda x: x,
) -> Callable[[], type[nn.Module]]:
    """Make a maker of a class with a `forward`.

    Args:
        join: brings together the decoder's feature map and the skip.
        base: the class with the layers.
        activation: follows each layer but the last.
        skip: returns the skip of a level, from the network and the encoder's feature maps.
        end: changes the result.
    """

    def forward(self: Any, x: Tensor) -> Any:
        maps = []
        for conv in (self.conv1, self.conv2, self.conv3):
            x = activation(conv(x))
            maps.append(x)
        x = activation(self.conv4(x))
        for level, up in ((2, self.upconv1), (1, self.upconv2), (0, self.upconv3)):
            x = join(activation(up(x)), skip(self, maps, level))
        return end(self.upconv4(x))

    return lambda: type("Student", (base,), {"forward": forward})
