"""Steps that change the size of a map, and which setting would mend one: sizes by hand."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from test_graph import IMAGE, features, graph_of
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.inspection.diagnosis.size_steps import (
    NAMES,
    Mended,
    Sizes,
    Step,
    mended,
    ratio,
    steps_to,
)
from unet_teach.inspection.recording import Op

HALVES = {"stride": 2, "padding": 1}
USUAL = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1, "output_padding": 0}


def step(kind: str, before: Sizes, after: Sizes, **options: int | Sizes) -> Step:
    """A step; an option is one number for all axes, or one for each."""
    each = tuple(
        {name: n if isinstance(n, int) else n[axis] for name, n in (USUAL | options).items()}
        for axis in range(len(before))
    )
    return Step(cast(Op, object()), kind, before, after, each if options else ())


@pytest.mark.parametrize(
    ("kind", "before", "after", "options", "given", "made"),
    [
        ("resize", (8, 12), (16, 36), {}, (5, 5), (10, 15)),
        ("resize", (8, 12), (4, 4), {}, (5, 7), (2, 2)),
        ("other", (8, 12), (10, 9), {}, (5, 7), (7, 4)),
        ("fixed", (8, 12), (10, 9), {}, (5, 7), (10, 9)),
        ("convolution", (8, 12), (4, 6), {"kernel_size": 3} | HALVES, (9, 6), (5, 3)),
        ("convolution", (8, 12), (4, 8), {"kernel_size": 3, "dilation": 2}, (9, 7), (5, 3)),
        ("pooling", (9, 12), (3, 4), {"kernel_size": 3, "stride": 3}, (8, 7), (2, 2)),
        ("transposed", (8, 12), (16, 24), {"kernel_size": 4} | HALVES, (5, 3), (10, 6)),
        (
            "transposed",
            (4, 3),
            (10, 8),
            {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2, "output_padding": 1},
            (5, 2),
            (12, 6),
        ),
    ],
)  # fmt: skip
def test_a_step_makes_another_size_of_another_one(kind, before, after, options, given, made):
    way = step(kind, before, after, **options)
    settings = way.settings or ({}, {})
    assert tuple(map(way.size, (0, 1), before, settings)) == after
    assert tuple(map(way.size, (0, 1), given, settings)) == made


@pytest.mark.parametrize(
    ("kind", "before", "after", "is_uneven", "divides"),
    [
        ("convolution", (8, 12), (4, 12), True, True),
        ("convolution", (8, 12), (16, 12), True, True),
        ("convolution", (8, 12), (4, 24), False, True),
        ("convolution", (8, 12), (4, 6), False, True),
        ("convolution", (9, 12), (4, 12), False, False),
        ("other", (8, 12), (4, 12), False, True),
        ("convolution", (8, 1), (4, 0), True, True),
    ],
)
def test_a_step_that_halves_some_sides_alone_is_uneven(kind, before, after, is_uneven, divides):
    way = step(kind, before, after)
    assert (way.is_uneven, way.divides_exactly) == (is_uneven, divides)


@pytest.mark.parametrize(
    ("kind", "options", "keeps", "is_even"),
    [
        ("convolution", {"kernel_size": 3}, True, False),
        ("convolution", {"kernel_size": 4}, True, True),
        ("convolution", {"kernel_size": (3, 4)}, True, True),
        ("convolution", {"kernel_size": 2, "dilation": 2}, True, False),
        ("convolution", {"kernel_size": 4, "stride": 2}, False, False),
        ("convolution", {"kernel_size": 4, "stride": (1, 2)}, False, False),
        ("pooling", {"kernel_size": 4}, False, False),
    ],
)
def test_a_convolution_of_stride_1_keeps_or_shifts(kind, options, keeps, is_even):
    way = step(kind, (8, 12), (8, 12), **options)
    assert (way.keeps_or_shifts, way.has_even_reach) == (keeps, is_even)


def test_how_many_times_as_large_the_result_is():
    assert step("resize", (8, 12), (16, 36)).factor(up=True) == 6
    assert step("resize", (8, 12), (4, 6)).factor(up=False) == 4
    assert step("resize", (8, 12), (0, 6)).factor(up=True) == 1 / 96
    assert step("resize", (0, 12), (4, 6)).factor(up=False) == 1 / 24


def test_layers_alike_are_of_one_kind_with_the_same_settings():
    first = step("convolution", (8, 12), (6, 10), kernel_size=3)
    assert first.is_like(step("convolution", (6, 10), (4, 8), kernel_size=3))
    assert not first.is_like(step("convolution", (6, 10), (2, 6), kernel_size=5))
    assert not first.is_like(step("pooling", (6, 10), (4, 8), kernel_size=3))


@pytest.mark.parametrize(
    ("first", "second", "times"),
    [
        ((8, 12), (4, 6), 2),
        ((4, 6), (12, 18), 3),
        ((8, 12), (4, 12), 2),  # along every side where they differ
        ((8, 12), (4, 4), 0),
        ((8, 6), (4, 12), 0),
        ((9, 12), (4, 6), 0),
        ((8, 12), (8, 12), 0),
        ((8, 12), (0, 0), 0),
    ],
)
def test_a_map_is_some_whole_number_of_times_as_large(first, second, times):
    assert ratio(first, second) == times


HALF = {"kernel_size": 3} | HALVES
THIRD = {"kernel_size": 3, "stride": 3}
THREE = {"kernel_size": 3}
IMAGE_SIZE = (32, 48)


def told(found: list[Mended]) -> list[Any]:
    return [(m.changed, m.after, len(m.others), m.cost) for m in found]


@pytest.mark.parametrize(
    ("steps", "other", "remedies"),
    [
        (
            [("convolution", (16, 24), HALF), ("transposed", (31, 47), HALF)],
            (32, 48),
            [({"output_padding": (1, 1)}, (32, 48), 0, (False, 1))],
        ),
        (
            [("convolution", (16, 24), HALF), ("transposed", (31, 47), HALF)],
            (31, 48),
            [({"output_padding": (0, 1)}, (31, 48), 0, (False, 1))],
        ),
        (
            [("transposed", (34, 50), {"kernel_size": 2, "dilation": 2})],
            (35, 51),
            [({"output_padding": (1, 1)}, (35, 51), 0, (False, 1))],
        ),
        (
            [("convolution", (30, 46), THREE)],
            (32, 48),
            [({"padding": (1, 1)}, (32, 48), 0, (False, 1))],
        ),
        (
            [("convolution", (30, 46), THREE)],
            (34, 50),
            [({"padding": (2, 2)}, (34, 50), 0, (False, 1))],
        ),
        ([("convolution", (30, 46), THREE)], (36, 52), []),  # no padding of 3
        ([("convolution", (30, 46), THREE)], (15, 23), []),  # and no stride
        (  # two layers alike change together,
            [("convolution", (30, 46), THREE), ("convolution", (28, 44), THREE)],
            (32, 48),
            [
                ({"padding": (1, 1)}, (32, 48), 1, (False, 1)),
                ({"padding": (2, 2)}, (32, 48), 0, (False, 1)),  # the second one alone
            ],
        ),
        (  # or one of them, where that is right
            [("convolution", (30, 46), THREE), ("convolution", (28, 44), THREE)],
            (30, 46),
            [
                ({"padding": (1, 1)}, (32, 48), 0, (False, 1)),
                ({"padding": (1, 1)}, (30, 46), 0, (False, 1)),
            ],
        ),
        (
            [("convolution", (16, 24), HALF)],
            (8, 12),
            [({"stride": (4, 4)}, (8, 12), 0, (True, 1))],
        ),
        (
            [("convolution", (16, 24), HALF), ("convolution", (8, 12), HALF)],
            (16, 24),
            [
                ({"stride": (1, 1)}, (32, 48), 0, (True, 1)),
                ({"stride": (1, 1)}, (16, 24), 0, (True, 1)),
            ],
        ),
        ([("convolution", (16, 24), HALF), ("convolution", (8, 12), HALF)], (32, 48), []),
        (  # of two paddings, the nearest
            [("convolution", (9, 13), {"kernel_size": 5, "stride": 4, "padding": 3})],
            (8, 12),
            [({"padding": (2, 2)}, (8, 12), 0, (False, 1))],
        ),
        (
            [("pooling", (10, 16), THIRD)],
            (16, 24),
            [({"kernel_size": (2, 2)}, (16, 24), 0, (False, 1))],  # the stride follows
        ),
        (
            [("pooling", (15, 23), {"kernel_size": 3, "stride": 2})],
            (16, 24),
            [({"kernel_size": (2, 2)}, (16, 24), 0, (False, 0))],
        ),
        (
            [("pooling", (10, 16), THIRD)],
            (11, 16),
            [({"padding": (1, 0)}, (11, 16), 0, (False, 1))],
        ),
        ([("pooling", (10, 16), THIRD)], (12, 16), []),  # a padding of 2 is too much for 3
        (  # a convolution that keeps the size, and one half of it in an unknown way
            [("convolution", (32, 48), {"kernel_size": 3, "padding": 1}), ("other", (16, 24), {})],
            (32, 48),
            [],
        ),
    ],
)  # fmt: skip
def test_the_smallest_change_of_a_step_that_makes_two_sizes_one(steps, other, remedies):
    way, size = [], IMAGE_SIZE
    for kind, after, options in steps:
        way.append(step(kind, size, after, **options))
        size = after
    assert told(mended([(IMAGE_SIZE, way), (other, [])])) == remedies
    assert told(mended([(other, []), (IMAGE_SIZE, way)])) == remedies


@pytest.mark.parametrize(
    ("function", "kind", "sizes", "settings"),
    [
        (
            lambda x: F.conv2d(x, torch.rand(4, 3, 3, 5), stride=(2, 3), padding=(1, 0)),
            "convolution",
            [(8, 12), (4, 3)],
            [(3, 5), (2, 3), (1, 0), (1, 1), (0, 0)],
        ),
        (
            lambda x: F.conv_transpose2d(x, torch.rand(3, 4, 3, 3), None, 2, 1, 1),
            "transposed",
            [(8, 12), (16, 24)],
            [(3, 3), (2, 2), (1, 1), (1, 1), (1, 1)],
        ),
        (
            lambda x: F.max_pool2d(x, (2, 3)),
            "pooling",
            [(8, 12), (4, 4)],
            [(2, 3), (2, 3), (0, 0), (1, 1), (0, 0)],
        ),
        (
            lambda x: F.avg_pool2d(x, 3, 2, 1),
            "pooling",
            [(8, 12), (4, 6)],
            [(3, 3), (2, 2), (1, 1), (1, 1), (0, 0)],
        ),
        (lambda x: F.max_pool2d(x, 3, 2, ceil_mode=True), "other", [(8, 12), (4, 6)], None),
        (lambda x: F.interpolate(x, scale_factor=2), "resize", [(8, 12), (16, 24)], None),
        (lambda x: F.interpolate(x, size=(9, 24)), "fixed", [(8, 12), (9, 24)], None),
        (lambda x: F.adaptive_avg_pool2d(x, (2, 5)), "fixed", [(8, 12), (2, 5)], None),
        (lambda x: F.pixel_shuffle(features(x), 2), "resize", [(8, 12), (16, 24)], None),
        (lambda x: F.pad(x, (1, 1, 0, 1)), "other", [(8, 12), (9, 14)], None),
        (lambda x: x[:, :, 1:], "other", [(8, 12), (7, 12)], None),
    ],
)
def test_the_kind_and_the_settings_of_an_operation(function, kind, sizes, settings):
    graph = graph_of(function)
    last = steps_to(graph, graph.recording.outputs[0], None)[-1]
    assert (last.kind, [last.before, last.after]) == (kind, sizes)
    assert [last.setting(name) for name in NAMES] == (settings or [()] * 5)


def test_steps_lead_from_a_shared_map_through_what_was_further_down():
    def run(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        skip = features(x)
        low = F.max_pool2d(skip, 2)
        up = F.interpolate(F.max_pool2d(low, 2), scale_factor=2)
        return F.interpolate(torch.cat([low, up], 1), scale_factor=2), skip, low

    graph = graph_of(run, IMAGE)
    up, skip, low = graph.recording.outputs
    since_skip = [(s.before, s.after) for s in steps_to(graph, up, skip)]
    assert since_skip == [
        ((8, 12), (4, 6)),
        ((4, 6), (2, 3)),
        ((2, 3), (4, 6)),
        ((4, 6), (4, 6)),
        ((4, 6), (8, 12)),
    ]
    assert [(s.before, s.after) for s in steps_to(graph, up, low)] == since_skip[1:]
    assert next(s.op.name for s in steps_to(graph, up, None)) == "convolution"
    assert steps_to(graph, skip, up) == []
