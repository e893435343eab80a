"""Axes, levels, depths, layers and joins of small networks, worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from test_dims import as_rows, features, written
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.inspection.graph import GLOBAL, SAME_LEVEL, Graph, is_deeper, is_same_level
from unet_teach.inspection.inspector import record
from unet_teach.inspection.path_search import _phase_changes, down_up_path, shallowest_path

IMAGE = torch.rand(2, 3, 8, 12)


def graph_of(function: Callable[..., object], *inputs: Tensor) -> Graph:
    class Network(nn.Module):
        def forward(self, *given: Tensor) -> object:
            return function(*given)

    graph = Graph(record(Network(), inputs or (IMAGE,), {}))
    assert graph.recording.error is None
    return graph


def test_inputs_of_the_size_of_the_image_run_along_its_axes():
    inputs = (
        torch.rand(2, 1, 8, 12),
        torch.rand(2, 7),
        IMAGE,
        torch.rand(2, 1, 8, 12) > 0.5,
        torch.rand(2, 3, 4, 6),
    )
    graph = graph_of(lambda small, vector, x, mask, coarse: x * mask, *inputs)
    assert graph.image is graph.recording.inputs[2]
    assert [written(graph.dims[v]) for v in graph.recording.inputs] == [
        "N2 C1 H8 W12",
        "-2 -7",
        "N2 C3 H8 W12",
        "-2 -1 -8 -12",  # a mask is no image
        "-2 -3 -4 -6",
    ]
    assert graph.values[:4] == [v for v in graph.recording.inputs if v.is_floating]


def test_whole_numbers_are_the_image_where_nothing_else_is_given():
    graph = graph_of(lambda words: F.embedding(words, torch.rand(9, 4)), torch.ones(2, 5).long())
    assert written(graph.dims[graph.recording.inputs[0]]) == "N2 C5"
    assert graph.values[0] is graph.recording.inputs[0]


@pytest.mark.parametrize(
    ("function", "shape", "axes"),
    [
        (lambda x: x.relu(), (2, 3, 8, 12), {}),
        (lambda x: F.max_pool2d(x, (1, 2)), (2, 3, 8, 12), {3: 12}),
        (lambda x: F.max_pool2d(x, 2), (2, 3, 8, 12), {2: 8, 3: 12}),
        (lambda x: x[::2], (2, 3, 8, 12), {}),  # the batch is no axis of the image
        (lambda x: x[::2], (6, 8), {0: 6}),
        (lambda x: x[::2], (6, 8, 3), {}),
    ],
)
def test_axes_are_those_whose_stride_changes(function, shape, axes):
    assert graph_of(function, torch.rand(shape)).axes == axes


@pytest.mark.parametrize(("more", "axes"), [(6, {2: 8, 3: 12}), (7, {3: 12})])
def test_an_axis_that_few_tensors_have_is_none_of_the_image(more, axes):
    functions = [torch.relu, torch.sigmoid, torch.tanh, torch.exp, torch.abs, torch.neg, torch.sin]

    def run(x: Tensor) -> Tensor:
        x.mean((2, 3)).relu()  # vectors do not count
        x = x[:, :, ::2].mean(2)  # the image and the slice run along the height
        x = F.max_pool1d(x, 2)
        for function in functions[: more - 2]:
            x = function(x)
        return x

    graph = graph_of(run)
    kinds = {(v.op and v.op.name, graph.dims[v]) for v in graph.values}
    assert (len(kinds), graph.axes) == (more + 6, axes)


def test_a_level_is_the_mean_of_the_logarithms_of_strides():
    graph = graph_of(lambda x: F.max_pool2d(x, 2))
    assert graph.level_of_strides({0: 4, 2: 2, 3: 2}) == 1
    assert graph.level_of_strides({2: 4, 3: 2}) == 1.5
    assert graph.level_of_strides({2: 0.5, 3: 0.5}) == -1
    assert graph.level_of_strides({2: 4}) == (2 + math.log2(12)) / 2  # the width is seen whole
    assert graph.level_of_strides({0: 4}) == GLOBAL
    assert graph_of(lambda x: x.relu()).level_of_strides({}) == 0


@pytest.mark.parametrize(
    ("level", "other", "is_same", "deeper"),
    [
        (0.29, 0, True, False),
        (SAME_LEVEL, 0, False, False),
        (0.31, 0, False, True),
        (GLOBAL, GLOBAL, True, False),
        (GLOBAL, 6, False, True),
    ],
)
def test_levels_that_only_rounding_parts_are_the_same(level, other, is_same, deeper):
    assert is_same_level(level, other) == is_same_level(other, level) == is_same
    assert (is_deeper(level, other), is_deeper(other, level)) == (deeper, False)


def test_depths_are_those_of_the_shallowest_and_the_deepest_path():
    def run(x: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        skip = features(x)
        up = F.interpolate(features(F.max_pool2d(skip, 2)), scale_factor=2)
        raw = F.interpolate(F.max_pool2d(x, 2), scale_factor=2)
        return skip, up, torch.cat([skip, up], 1), raw, x + raw, mask.relu()

    graph = graph_of(run, IMAGE, torch.rand(2, 1, 8, 12))
    out = graph.recording.outputs
    assert [graph.levels[v] for v in out] == [0] * 6
    assert [graph.min_depth[v] for v in out] == [0, 1, 0, 1, 0, 0]
    assert [graph.min_depth_with_weights[v] for v in out] == [0, 1, 0, *[math.inf] * 3]
    assert [graph.max_depth[v] for v in out] == [0, 1, 1, 1, 1, 0]
    image, mask = graph.recording.inputs
    assert (graph.min_depth[image], graph.min_depth[mask]) == (-math.inf, 0)
    assert graph.ancestors(out[0]) == {image, *(v for v in [out[0]])}
    assert mask not in graph.ancestors(out[4])
    path = shallowest_path(graph, out[2])
    assert [v.op.name if v.op else "" for v in path] == ["cat", "convolution", ""]


def test_a_path_without_positions_has_the_depth_of_its_maps():
    graph = graph_of(lambda x: (x[:, :, ::2, ::2], x.mean((2, 3)), x[:, :, ::2, ::2].mean((2, 3))))
    assert [graph.levels[v] for v in graph.recording.outputs] == [1, GLOBAL, GLOBAL]
    assert [graph.max_depth[v] for v in graph.recording.outputs] == [1, 0, 1]


@pytest.mark.parametrize(
    ("function", "layers"),
    [
        (lambda x: features(x), ["convolution"]),
        (lambda x: F.conv_transpose2d(x, torch.rand(3, 4, 2, 2)), ["convolution"]),
        (lambda x: x.mean((2, 3)) @ torch.rand(3, 4), ["mm"]),
        (lambda x: x * torch.rand(8, 1), ["mul"]),
        (lambda x: x * torch.rand(12), []),  # one scale for each column makes no new features
        (lambda x: x * x, []),
        (lambda x: x + torch.rand(8, 1), []),
        (lambda x: x + F.conv2d(torch.rand(1, 3, 8, 12), torch.rand(3, 3, 1, 1)), []),
        (lambda x: x * torch.ones(8, 1).long(), []),
    ],
)
def test_layers_apply_weights_of_two_dimensions_to_what_depends_on_the_image(function, layers):
    assert [op.name for op in graph_of(function).ops_with_weights] == layers


def raised(x: Tensor) -> Tensor:
    return F.interpolate(features(F.max_pool2d(x, 2)), scale_factor=2)


def joined(join: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    def run(x: Tensor) -> Tensor:
        skip = features(x)
        return join(skip, raised(skip))

    return run


@pytest.mark.parametrize(
    ("join", "kinds"),
    [
        (lambda skip, up: torch.cat([skip, up], 1), ["cat"]),
        (lambda skip, up: torch.stack([skip, up]), ["cat"]),
        (lambda skip, up: skip + up, ["add"]),
        (lambda skip, up: torch.maximum(skip, up), ["combine"]),
        (lambda skip, up: torch.where(skip > 0, skip, up), ["combine"]),
        (lambda skip, up: torch.stack([skip, up]).sum(0), ["add"]),
        (lambda skip, up: torch.stack([skip, up], -1).mean(-1), ["add"]),
        (lambda skip, up: (0.5 * torch.stack([skip, up])).sum(0), ["add"]),
        (lambda skip, up: torch.cat([skip[None], up[None]]).amax(0), ["combine"]),
        (lambda skip, up: torch.stack([skip, up], 1).sum(2), ["cat"]),  # over channels
        (lambda skip, up: torch.cat([skip, up], 1).sum(1), ["cat"]),
        (lambda skip, up: skip * up, ["gate"]),
        (lambda skip, up: skip * up.sigmoid(), []),  # only says how much of the skip passes
        (lambda skip, up: skip * features(up).sigmoid(), []),
        (lambda skip, up: skip * features(up.sigmoid()), ["gate"]),
        (lambda skip, up: skip + up.sigmoid(), ["add"]),
        (lambda skip, up: skip.sigmoid() * up, ["gate"]),
        (lambda skip, up: skip + up.mean((2, 3), keepdim=True), []),  # numbers, and no map
        (lambda skip, up: (skip.mean((2, 3)) + up.mean((2, 3)))[:, :, None, None] + up, []),
        (lambda skip, up: up, []),
        (lambda skip, up: up + up.relu(), []),
    ],
)
def test_a_skip_joins_what_was_never_coarser_with_what_was(join, kinds):
    graph = graph_of(joined(join))
    found = graph.skip_connections(graph.recording.outputs[0])
    assert [skip.kind for skip in found] == kinds
    assert all(skip.level == 0 for skip in found)


def test_a_skip_that_the_output_does_not_need_is_none():
    graph = graph_of(joined(lambda skip, up: (torch.cat([skip, up], 1), up)[1]))
    assert graph.skip_connections(graph.recording.outputs[0]) == []


@pytest.mark.parametrize(
    ("skip", "count"),
    [
        (lambda x, first: first, 1),
        (lambda x, first: first.relu(), 1),
        (lambda x, first: x, 0),  # the raw image is no feature map
        (lambda x, first: features(x), 0),  # what comes from below was not made of it
        (lambda x, first: raised(x), 0),  # was coarser itself
    ],
)
def test_a_skip_carries_features_that_the_bottleneck_is_made_of(skip, count):
    def run(x: Tensor) -> Tensor:
        first = features(x)
        return torch.cat([skip(x, first), raised(first)], 1)

    graph = graph_of(run)
    assert len(graph.skip_connections(graph.recording.outputs[0])) == count


@pytest.mark.parametrize(("before", "count"), [(features, 1), (torch.relu, 0)])
def test_or_that_layers_have_brought_down_to_its_level(before, count):
    def run(x: Tensor) -> Tensor:
        own = features(F.max_pool2d(before(x), 2))
        return torch.cat([own, F.interpolate(features(F.max_pool2d(x, 4)), scale_factor=2)], 1)

    graph = graph_of(run)
    assert len(graph.skip_connections(graph.recording.outputs[0])) == count


@pytest.mark.parametrize(
    ("step", "phases"),
    [
        (0.5, [("start", "down", 1), ("down", "down", 1)]),
        (SAME_LEVEL, [("start", "start", 0), ("down", "down", 0), ("up", "up", 0)]),
        (-SAME_LEVEL, [("start", "start", 0), ("down", "down", 0), ("up", "up", 0)]),
        (-1, [("start", "start", 0), ("start", "up", 1), ("down", "up", 1), ("up", "up", 1)]),
    ],
)
def test_a_path_goes_down_and_then_up(step, phases):
    assert _phase_changes(step) == phases


def names_of(values: tuple[object, ...]) -> list[str]:
    return [v.op.name if v.op else "input" for v in values]


def down_and_up(x: Tensor) -> Tensor:
    """Two levels down and up again, with a longer way beside that has no layers."""
    low = features(F.max_pool2d(features(F.max_pool2d(features(x), 2)), 2))
    return F.interpolate(features(F.interpolate(low, scale_factor=2)), scale_factor=2)


UP = ["upsample_nearest2d", "convolution", "upsample_nearest2d"]
DOWN = ["convolution", *["max_pool2d_with_indices", "convolution"] * 2]


@pytest.mark.parametrize(
    ("function", "down", "up"),
    [
        (lambda x: down_and_up(x), ["input", *DOWN], UP),
        (lambda x: down_and_up(x)[:, :, ::2, ::2], ["input", *DOWN], UP),  # before it ends coarser
        (lambda x: F.max_pool2d(features(x), 2), ["input", "convolution", DOWN[1]], []),
        (lambda x: features(x), ["input", "convolution"], []),
        # an image that is enlarged first: the path begins where it is
        (
            lambda x: down_and_up(F.interpolate(features(x), scale_factor=2)),
            ["upsample_nearest2d", *DOWN],
            UP,
        ),
        # of two ways with as many steps, the one with most layers
        (
            lambda x: raised(x) + F.interpolate(F.max_pool2d(x, 2), scale_factor=2)[:, :1],
            ["input", DOWN[1], "convolution"],
            ["upsample_nearest2d", "add"],
        ),
        # a scale without positions does not lead to the level of the map
        (
            lambda x: features(x) * features(x).mean((2, 3), keepdim=True),
            ["input", "convolution", "mul"],
            [],
        ),
    ],
)
def test_the_path_with_most_steps(function, down, up):
    graph = graph_of(function)
    path = down_up_path(graph, graph.recording.outputs[0])
    assert (names_of(path.down), names_of(path.up)) == (down, up)


def test_a_path_leads_through_numbers_without_positions():
    def grid(x: Tensor) -> Tensor:
        numbers = features(x).mean((2, 3)) @ torch.rand(4, 5)
        return F.conv_transpose2d(numbers[:, :, None, None], torch.rand(5, 4, 4, 6))

    def weighed(x: Tensor) -> Tensor:
        weights = F.max_pool2d(features(x), 2).mean((2, 3)) @ torch.rand(4, 96)
        return weights[:, None] @ as_rows(x)  # of a map and numbers, which come from further down

    for function, down, up in (
        (grid, ["convolution", "mean", "mm", "unsqueeze", "unsqueeze"], ["convolution"]),
        (weighed, [*DOWN[:2], "mean", "mm", "unsqueeze", "expand", "view", "bmm"], []),
    ):
        graph = graph_of(function)
        path = down_up_path(graph, graph.recording.outputs[0])
        assert [name for name in names_of(path.down) if name != "_unsafe_view"] == ["input", *down]
        assert names_of(path.up) == up


def test_a_path_from_the_image_wins_over_one_from_a_mask():
    graph = graph_of(lambda mask, x: F.max_pool2d(mask + x, 2), torch.rand(2, 1, 8, 12), IMAGE)
    path = down_up_path(graph, graph.recording.outputs[0])
    assert path.down[0] is graph.image


def test_a_path_does_not_begin_at_a_vector():
    def run(x: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
        grid = F.conv_transpose2d(time[:, :, None, None], torch.rand(7, 4, 4, 6))
        return features(x) + F.interpolate(grid, scale_factor=2), F.max_pool2d(x, 2)

    graph = graph_of(run, IMAGE, torch.rand(2, 7))
    time = graph.recording.inputs[1]
    assert (graph.levels[time], graph.max_depth[time]) == (GLOBAL, -math.inf)
    path = down_up_path(graph, graph.recording.outputs[0])
    assert (names_of(path.down), path.up) == (["input", "convolution", "add"], ())
    assert path.down[0] is graph.image
