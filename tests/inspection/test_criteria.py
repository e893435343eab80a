"""The criteria on both sides of each threshold, and sizes that are one off a whole multiple."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from odd_networks import conv
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import inspect_unet
from unet_teach.inspection.axes import AxisPart, resized, stride_scale
from unet_teach.inspection.criteria import UShape, strongest_u_shape
from unet_teach.inspection.graph import Graph
from unet_teach.inspection.inspector import record
from unet_teach.networks import UNet

PICTURE = (1, 3, 64, 64)


def shape_of(model: nn.Module, size: tuple[int, ...] = PICTURE) -> UShape:
    found = strongest_u_shape(Graph(record(model.eval(), (torch.randn(size),), {})))
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


@pytest.mark.parametrize(
    ("change", "has_skips", "is_symmetric"),
    [
        ({}, True, True),
        ({"bottom": 0.0}, False, False),  # nothing goes down
        ({"decoder_levels": ()}, False, False),  # nothing comes up
        ({"is_side_branch": True}, False, True),
        ({"output_level": 1.0}, True, False),
        ({"output_level": -1.0}, True, False),
        ({"bare_upsampling_factor": 4}, True, False),
        ({"encoder_levels": (0.0, 0.5, 1.0)}, True, False),  # the decoder does not pass 0.5
        ({"encoder_levels": (0.2, 1.0)}, True, True),  # rounded sizes
    ],
)
def test_what_else_skips_and_symmetry_need(change, has_skips, is_symmetric):
    shape = replace(shape_of(UNet(3, 1, depth=1, base_channels=2)), **change)
    assert (shape.has_skips, shape.is_symmetric) == (has_skips, is_symmetric)


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
    """Joins a skip twice at the same level: with what comes up, and with a layer's output of it."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__()
        self.joins = first, second
        self.one, self.two = conv(3, 8), conv(8, 8, 2)
        self.between = nn.Conv2d(8, 8, 3, padding=1)
        self.last = nn.LazyConv2d(2, 1)

    def forward(self, x: Tensor) -> Tensor:
        skip = self.one(x)
        up = F.interpolate(self.two(skip), scale_factor=2)
        joined = [
            torch.cat([skip, below], 1) if join == "cat" else skip + below
            for join, below in zip(self.joins, (up, self.between(up)), strict=True)
        ]
        out: Tensor = self.last(torch.cat(joined, 1))
        return out


@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [
        ("cat", "cat", ("cat", "upsample_nearest2d")),
        ("add", "add", ("add", "upsample_nearest2d")),
        ("cat", "add", ("cat", "upsample_nearest2d")),
        ("add", "cat", ("cat", "convolution")),
    ],
)
def test_the_first_of_the_strongest_joins_at_a_level_is_its_skip(first, second, chosen):
    model = TwoJoins(first, second)
    model(torch.randn(PICTURE))
    (skip,) = shape_of(model).skips
    assert (skip.kind, skip.from_below.op.name) == chosen


class NearlyOneLevel(nn.Module):
    """Joins a skip at a half of the size, and one at a little less than that."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = conv(3, 8, 2), conv(8, 8), conv(8, 8, 2)
        self.between, self.last = conv(16, 8), nn.Conv2d(16, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        first = self.one(x)
        second = self.two(F.interpolate(first, size=30))
        x = self.between(torch.cat([second, times(2)(self.three(second))], 1))
        return times(2)(self.last(torch.cat([first, F.interpolate(x, size=32)], 1)))


def test_skips_at_levels_that_only_rounding_parts_are_one():
    (skip,) = shape_of(NearlyOneLevel()).skips
    assert skip.level == pytest.approx(1.09, abs=0.01)


class Enlarged(nn.Module):
    """Goes down three levels and up one, and ends in what it is given."""

    def __init__(self, end: Callable[[Tensor], Tensor], skip_at_end: bool = False) -> None:
        super().__init__()
        self.end, self.skip_at_end = end, skip_at_end
        self.down = nn.ModuleList([conv(3, 8), *(conv(8, 8, 2) for _ in range(3))])
        self.after, self.head = conv(8, 8), nn.Conv2d(8, 8, 1)
        self.one_by_one, self.kernel = nn.Conv2d(8, 8, 1), conv(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = skip = self.down[0](x)
        for down in self.down[1:]:
            x = down(x)
        x = self.end(self.head(self.after(F.interpolate(x, scale_factor=2))))
        return torch.cat([skip, x], 1) if self.skip_at_end else x


def times(factor: int) -> Callable[[Tensor], Tensor]:
    return lambda x: F.interpolate(x, scale_factor=factor)


@pytest.mark.parametrize(
    ("end", "rise"),
    [
        (lambda model: times(4), 4),
        (lambda model: lambda x: model.one_by_one(times(4)(x)), 4),  # no neighbours are looked at
        (lambda model: lambda x: model.kernel(times(4)(x)), 0),
        (lambda model: lambda x: times(4)(model.kernel(x)), 4),
        (lambda model: lambda x: times(4)(model.kernel(times(2)(x))), 4),
        (lambda model: lambda x: times(2)(model.kernel(times(2)(x))), 0),
        (lambda model: times(2), 0),
        (lambda model: times(8), 8),  # beyond the size of the input
        (lambda model: lambda x: F.max_pool2d(times(8)(x), 2), 8),
        (lambda model: lambda x: F.pixel_shuffle(x.repeat(1, 2, 1, 1), 4), 0),
    ],
)
def test_how_much_a_last_bare_interpolation_enlarges(end, rise):
    model = Enlarged(torch.relu)
    model.end = end(model)
    found = shape_of(model).bare_upsampling_factor
    assert found == rise


def test_what_is_said_of_a_bare_interpolation_is_true_with_a_1x1_after_it():
    model = Enlarged(torch.relu)
    model.end = lambda x: model.one_by_one(times(4)(x))
    *_, sentence = inspect_unet(model, PICTURE).criteria.symmetry.evidence
    assert "×4 at once, with no kernel larger than 1×1 after it" in sentence


def test_an_interpolation_to_the_level_of_a_skip_is_not_bare():
    bare, joined = (
        shape_of(Enlarged(times(4), skip)).bare_upsampling_factor for skip in (False, True)
    )
    assert (bare, joined) == (4, 0)


class OneAxisAtATime(nn.Module):
    """Pools along one axis after the other, with layers between."""

    def __init__(self, *windows: tuple[int, int]) -> None:
        super().__init__()
        self.windows = windows
        self.first, self.last = conv(3, 8), nn.Conv2d(16, 2, 1)
        self.layers = nn.ModuleList([conv(8, 8) for _ in windows])

    def forward(self, x: Tensor) -> Tensor:
        x = skip = self.first(x)
        for window, layer in zip(self.windows, self.layers, strict=True):
            x = layer(F.max_pool2d(x, window))
        return self.last(torch.cat([skip, F.interpolate(x, skip.shape[2:])], 1))


@pytest.mark.parametrize(
    ("windows", "levels"),
    [
        ([(2, 1), (1, 2)], (0, 1)),  # together one step
        ([(1, 2), (2, 1), (2, 1), (1, 2)], (0, 1, 2)),
        ([(2, 1), (2, 1), (1, 2)], (0, 0.5, 1.5)),  # two steps of the rows
        ([(2, 2), (2, 1)], (0, 1, 1.5)),
        ([(2, 1), (2, 2)], (0, 0.5, 1.5)),
    ],
)
def test_steps_along_one_axis_after_the_other_are_one(windows, levels):
    assert shape_of(OneAxisAtATime(*windows)).encoder_levels == pytest.approx(levels)


class GlobalContext(nn.Module):
    """Adds what the mean over the whole coarse map says to each of its cells."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = conv(3, 8), conv(8, 8, 2), nn.Conv2d(16, 2, 1)
        self.context = nn.Conv2d(8, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        skip = self.first(x)
        x = self.second(skip)
        x = F.interpolate(self.context(x.mean((2, 3), keepdim=True)), x.shape[2:])
        return self.last(torch.cat([skip, F.interpolate(x, skip.shape[2:])], 1))


def test_what_has_no_positions_is_no_level():
    shape = shape_of(GlobalContext())
    assert shape.encoder_levels == (0, 1)
    assert shape.bottom == 1


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
        (10, 6, 10 / 6),  # two off
        (10, 4, 10 / 4),
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
