"""The criteria on both sides of each threshold, and sizes that are one off a whole multiple."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from odd_networks import conv
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.inspection.axes import AxisPart, resized, stride_scale
from unet_teach.inspection.criteria import UShape, strongest_u_shape
from unet_teach.inspection.graph import Graph
from unet_teach.inspection.inspector import _record
from unet_teach.networks import UNet

PICTURE = (1, 3, 64, 64)


def shape_of(model: nn.Module, size: tuple[int, ...] = PICTURE) -> UShape:
    found = strongest_u_shape(Graph(_record(model.eval(), (torch.randn(size),), {})))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("with_skip", "without", "decoder", "enough"),
    [
        (0, 0, 1, False),  # no level of the encoder has weights
        (1, 1, 1, True),  # half of the levels
        (1, 2, 2, False),
        (1, 0, 3, True),  # a third of the levels of the decoder
        (1, 0, 4, False),
        (2, 2, 6, True),
        (2, 3, 6, False),
    ],
)
def test_half_of_the_encoder_and_a_third_of_the_decoder_need_skips(
    with_skip, without, decoder, enough
):
    one = shape_of(UNet(3, 1, depth=1, base_channels=2))
    shape = replace(
        one,
        skips=one.skips * with_skip,
        levels_without_skip=(0.0,) * without,
        decoder_levels=tuple(range(decoder))[::-1],
    )
    assert shape.has_skips == enough


class Branch(nn.Module):
    """A network at one size, with a branch that is pooled, has layers, and is enlarged again."""

    def __init__(self, beside: int, below: int, pool: int = 2, before: int = 1) -> None:
        super().__init__()
        self.pool, self.before = pool, before
        self.first = conv(3, 8)
        self.beside = nn.Sequential(*[conv(8, 8) for _ in range(beside - 2)])
        self.below = nn.Sequential(*[conv(8, 8) for _ in range(below)])
        self.last = nn.Conv2d(16, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.beside(self.first(F.avg_pool2d(x, self.before)))
        low = F.interpolate(self.below(F.avg_pool2d(x, self.pool)), x.shape[2:])
        out: Tensor = F.interpolate(self.last(torch.cat([x, low], 1)), scale_factor=self.before)
        return out


@pytest.mark.parametrize(
    ("beside", "below", "pool", "before", "is_side_branch"),
    [
        (8, 2, 2, 1, True),  # a fifth of the layers
        (7, 2, 2, 1, False),
        (3, 3, 2, 1, False),
        (3, 3, 4, 1, True),  # pooled by 4 at once
        (3, 3, 2, 2, False),  # counted from where the network works, not from the input
        (3, 3, 2, 4, False),
        (3, 3, 4, 2, True),
    ],
)
def test_a_pooled_branch_with_few_layers_is_no_u(beside, below, pool, before, is_side_branch):
    model = Branch(beside, below, pool, before)
    assert shape_of(model).is_side_branch == is_side_branch


class TwoJoins(nn.Module):
    """Joins a skip and what comes up twice at the same level."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__()
        self.joins = first, second
        self.one, self.two = conv(3, 8), conv(8, 8, 2)
        self.between = nn.LazyConv2d(8, 3, padding=1)
        self.last = nn.LazyConv2d(2, 1)

    def forward(self, x: Tensor) -> Tensor:
        skip = self.one(x)
        up = F.interpolate(self.two(skip), scale_factor=2)
        for join, layer in zip(self.joins, (self.between, self.last), strict=True):
            up = layer(torch.cat([skip, up], 1) if join == "cat" else skip + up)
        return up


@pytest.mark.parametrize(("first", "second"), [("cat", "cat"), ("add", "add"), ("cat", "add")])
def test_the_first_of_equal_joins_at_a_level_is_its_skip(first, second):
    model = TwoJoins(first, second)
    model(torch.randn(PICTURE))
    (skip,) = shape_of(model).skips
    assert skip.kind == first
    assert "upsample" in skip.from_below.op.name


@pytest.mark.parametrize(
    ("before", "after", "scale"),
    [
        (26, 13, 2),
        (25, 13, 2),
        (25, 12, 2),
        (13, 25, 1 / 2),
        (12, 25, 1 / 2),
        (40, 13, 3),
        (38, 13, 3),
        (41, 13, 3),
        (20, 13, 20 / 13),
        (8, 5, 8 / 5),
        (6, 5, 6 / 5),
        (3, 2, 3 / 2),
        (2, 1, 2 / 1),
        (5, 0, 1),
    ],
)
def test_sizes_that_are_one_off_a_multiple_count_as_one(before, after, scale):
    assert stride_scale(before, after) == pytest.approx(scale)
    part = AxisPart(2, before, 4.0)
    assert resized((part,), after) == (AxisPart(2, after, 4.0 * scale),)
