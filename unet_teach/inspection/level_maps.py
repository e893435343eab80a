"""Lays a tensor of a network out as feature maps, whether it holds maps, tokens or windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Literal

from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.inspection.axes import EXTRA_CELLS, fits_shape
from unet_teach.inspection.followed import Followed, level_name
from unet_teach.inspection.recording import Value
from unet_teach.inspection.wording import Wording

Arm = Literal["encoder", "bottleneck", "decoder"]
MOST_CHANNELS = 32  # of a level that are returned
LARGEST_SIDE = 96  # of a map that is returned, in pixels


@dataclass(frozen=True, eq=False)
class LevelMaps:
    """The feature maps of one level.

    Attributes:
        arm: the side of the U.
        level: its name, such as "level 1".
        size: of its maps, such as "48×48".
        every: (C, H, W), all of them.
    """

    arm: Arm
    level: str
    size: str
    every: Tensor

    @property
    def channels(self) -> int:
        """How many there are."""
        return len(self.every)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The channels by their mean absolute value, the largest first."""
        activity = self.every.abs().mean(dim=(1, 2))
        return tuple(activity.argsort(descending=True, stable=True).tolist())

    @cached_property
    def maps(self) -> Tensor:
        """(K, h, w), the first K ≤ 32 in this order, reduced to 96 pixels or fewer."""
        return self.chosen(self.order[:MOST_CHANNELS])

    def chosen(self, channels: Sequence[int]) -> Tensor:
        """Return some channels, (K, h, w), reduced to 96 pixels or fewer."""
        maps = self.every[list(channels)]
        larger = max(maps.shape[-2:]) / LARGEST_SIDE
        if larger <= 1:
            return maps
        height, width = (max(1, round(side / larger)) for side in maps.shape[-2:])
        return F.adaptive_avg_pool2d(maps, (height, width))


def level_maps(followed: Followed, arm: Arm, value: Value, tensor: Tensor) -> LevelMaps | None:
    """Return the maps of a level from the tensor that a run made of a value.

    `None` where its cells cannot be laid out as an image.
    """
    maps = as_maps(followed, value, tensor.detach())
    if maps is None:
        return None
    level = level_name(followed.graph.levels[value])
    size = Wording(followed.graph).size(value)
    # A copy: a later operation may write into it.
    return LevelMaps(arm, level, size, maps.float().clone())


def as_maps(followed: Followed, value: Value, tensor: Tensor) -> Tensor | None:
    """Return a tensor as (C, H, W), whatever its layout: tokens and windows are unfolded.

    Of a volume, the middle slice is taken; of a batch, the first image.
    """
    dims = followed.graph.map_dims(value)
    parts = [part for dim in dims for part in dim]
    if not fits_shape(dims, tensor.shape) or any(part.axis == EXTRA_CELLS for part in parts):
        return None
    columns = len(followed.image.shape) - 1
    # The axes of the input: its batch, its channels and all that has no axis, then D, H and W.
    order = {0: 0, columns - 2: 2, columns - 1: 3, columns: 4, 1: 1}
    places: list[list[int]] = [[], [], [], [], []]
    for place, part in enumerate(parts):
        places[order.get(part.axis, 1)].append(place)
    for axis in places[2:]:
        axis.sort(key=lambda place: -parts[place].stride)  # what is coarser comes first
    unfolded = tensor.reshape([part.size for part in parts])
    unfolded = unfolded.permute([place for axis in places for place in axis])
    sizes = [prod(parts[place].size for place in axis) for axis in places]
    volume = unfolded.reshape(sizes)[0]
    return volume[:, volume.shape[1] // 2]
