"""Cuts skip connections of any U-Net, however it is written: what they bring becomes zero."""

from __future__ import annotations

from collections.abc import Callable, Collection
from math import log2
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

JOINS = frozenset(
    {torch.cat, torch.concat, torch.concatenate, torch.add}
    | {getattr(Tensor, name) for name in ("add", "add_", "__add__", "__iadd__", "__radd__")}
)


class CutSkips(nn.Module):
    """A network some of whose skips are cut, as if the feature maps that they bring were all zero.

    It runs the network itself, with the same weights.

    Args:
        network: maps images (N, C, H, W) to a tensor.
        levels: levels whose skips are cut, as the number of halvings before each: 0 is the image's
            own resolution.

    Attributes:
        found: levels at which the last call met a skip, cut or not.
    """

    def __init__(self, network: nn.Module, levels: Collection[int] = ()) -> None:
        super().__init__()
        self.network, self.levels = network, levels
        self.found: set[int] = set()

    def forward(self, images: Tensor) -> Tensor:
        """Return the network's output for images (N, C, H, W), without what the cut skips bring."""
        with _Cutting(images, self.levels) as cutting:
            output: Tensor = self.network(images)
        self.found = cutting.found
        return output


class _Cutting(TorchFunctionMode):
    """Sees every call of torch, and notes of each feature map how small it was and its halvings.

    A skip is a map that was never smaller than where a `cat` or a sum joins it to one that was.
    """

    def __init__(self, images: Tensor, levels: Collection[int]) -> None:
        super().__init__()
        self.levels, self.found = levels, set[int]()
        # The smallest height of each map and of those that it was made from, and its level.
        self.smallest = WeakTensorKeyDictionary({images: images.shape[-2]})
        self.level = WeakTensorKeyDictionary({images: 0})

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if "tensors" in kwargs:  # of `cat`, given by name
            args = (kwargs.pop("tensors"), *args)
        listed = args[0] if args and isinstance(args[0], list | tuple) else args
        maps = [value for value in listed if isinstance(value, Tensor) and value in self.smallest]
        if func in JOINS and len(maps) > 1:
            joined = [self._cut(value, maps) for value in listed]
            args = (joined, *args[1:]) if listed is args[0] else tuple(joined)
        output = func(*args, **kwargs)
        if maps and isinstance(output, Tensor) and output.dim() == 4:
            source = min(maps, key=lambda value: self.smallest[value])
            self.smallest[output] = min(self.smallest[source], output.shape[-2])
            # A crop is no halving: that of the U-Net of 2015 leaves 392 of 568 rows.
            halvings = int(log2(max(1.0, source.shape[-2] / output.shape[-2])) + 0.15)
            self.level[output] = self.level[source] + halvings
        return output

    def _cut(self, value: Any, maps: list[Tensor]) -> Any:
        """Return zeros for a map that comes across a skip to be cut, and anything else as it is."""
        if not any(value is each for each in maps):
            return value
        height = value.shape[-2]
        if self.smallest[value] < height or min(self.smallest[each] for each in maps) >= height:
            return value
        level = self.level[value]
        self.found.add(level)
        return torch.zeros_like(value) if level in self.levels else value
