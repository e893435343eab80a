"""Chooses what the U diagram shows of a network: a box for each level and arm, and the skips."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

from unet_teach.inspection.axes import EXTRA_CELLS, Dims, finest_strides
from unet_teach.inspection.criteria import UShape, u_shape
from unet_teach.inspection.diagnosis.channel_mismatch import taken_channels
from unet_teach.inspection.diagnosis.size_steps import CONVOLUTIONS
from unet_teach.inspection.diagram.model import INPUT, MISMATCH, NOT_REACHED, Arm, Box, SkipLine
from unet_teach.inspection.graph import GLOBAL, SAME_LEVEL, Graph, is_same_level, join_kind
from unet_teach.inspection.recording import Op, Value
from unet_teach.inspection.wording import op_name
from unet_teach.shared.sizes_as_text import sizes_as_text

BATCH = 0  # the input's first axis
MAX_BOXES_IN_A_ROW = 9  # of a network that stays at one level

Parts = tuple[tuple[Box, ...], tuple[SkipLine, ...]]


def boxes_and_skips(graph: Graph, shape: UShape) -> Parts:
    """Return the boxes and skips of a network: a U if it goes down, otherwise a row of layers."""
    return _u(graph, shape) if shape.goes_down else _row(graph, shape)


def _u(graph: Graph, shape: UShape) -> Parts:
    down, up = _one_per_level(graph, shape.path.down), _one_per_level(graph, shape.path.up)
    boxes = [_box(graph, "encoder", value) for value in down[:-1]]
    boxes.append(_box(graph, "bottleneck", down[-1]))
    boxes += [_box(graph, "decoder", value) for value in up]
    levels = [
        (skip.level, op_name(skip.by) if skip.kind == "combine" else skip.kind, True)
        for skip in shape.skips
    ]
    if shape.goes_up:  # otherwise there is no decoder that a skip could be missing from
        levels += [(level, "", False) for level in shape.levels_without_skip]
    skips = []
    for level, kind, present in sorted(levels):
        left = _index_at(boxes, level, "encoder")
        right = _index_at(boxes, level, "decoder")
        if left is not None and (right is not None or not present):
            skips.append(SkipLine(left, right, kind, present))
    return tuple(boxes), tuple(skips)


class Reached(NamedTuple):
    """How far a run came that stopped.

    Attributes:
        shape: of the way to the tensor where it stopped.
        boxes, skips: what was reached, and the levels of the decoder that were not.
        after: index of the last box that was reached; `None` where it stopped at a skip.
        label: what does not fit, such as "25×37 ≠ 24×36"; often "".
    """

    shape: UShape
    boxes: tuple[Box, ...]
    skips: tuple[SkipLine, ...]
    after: int | None
    label: str


def reached_before_stop(graph: Graph) -> Reached | None:
    """Return what was reached of a network; `None` where nothing was made of the input."""
    op = graph.recording.failed_op
    given = [v for v in dict.fromkeys(op.inputs if op else ()) if v in graph.levels]
    ends = given or graph.values[-1:]
    if not ends:
        return None
    end = max(ends, key=lambda v: _way_from_below(graph, v))  # the map that comes up, not the skip
    others = [v for v in given if v is not end and graph.levels[v] < GLOBAL]
    shape = u_shape(graph, end)
    if not shape.path.down:
        return None
    label = _what_does_not_fit(op, end, others) if op else ""
    if not shape.goes_down:
        boxes, skips = _row(graph, shape)
        last = len(boxes) - 1
        if not last:  # of the input alone: where the rest would be, and that it isn't there
            boxes += (replace(boxes[0], arm="decoder", module="", reached=False),)
        return Reached(shape, boxes, skips, last, label)
    boxes, skips = _u(graph, shape)
    last = len(boxes) - 1
    if not shape.goes_up:  # how much deeper it would have gone cannot be known
        boxes = (*boxes[:-1], replace(boxes[-1], arm="encoder"))
        return Reached(shape, boxes, (), last, label)
    skips = tuple(skip for skip in skips if skip.present)
    source = _index_at(boxes, graph.levels[others[0]], "encoder") if others else None
    at_skip = source is not None and op is not None and join_kind(op) is not None
    if source is not None and at_skip:
        skips += (SkipLine(source, last, MISMATCH, False),)
    has_skips, coarsest = bool(skips), boxes[last].level - SAME_LEVEL
    for index, box in reversed(list(enumerate(boxes))):
        if box.arm == "encoder" and box.level < coarsest:
            boxes += (replace(box, arm="decoder", module="", reached=False),)
            if has_skips:
                skips += (SkipLine(index, len(boxes) - 1, NOT_REACHED, False),)
    return Reached(shape, boxes, skips, None if at_skip else last, label)


def _way_from_below(graph: Graph, value: Value) -> float:
    level = graph.levels[value]
    return graph.max_depth[value] - level if level < GLOBAL else -math.inf


def _what_does_not_fit(op: Op, end: Value, others: list[Value]) -> str:
    """Return which sizes or channels do not match."""
    if others and len(others[0].shape) == len(end.shape) > 2:
        skip = others[0].shape
        if skip[2:] != end.shape[2:]:
            return f"{sizes_as_text(skip[2:])} ≠ {sizes_as_text(end.shape[2:])}"
        if skip[1] != end.shape[1]:
            return f"{skip[1]} ch ≠ {end.shape[1]} ch"
    weight = op.arguments.get("weight")
    if op.name in CONVOLUTIONS and isinstance(weight, Value) and len(end.shape) > 2:
        taken = taken_channels(op)
        if taken != end.shape[1]:
            return f"{end.shape[1]} ch ≠ {taken} ch"
    return ""


def _index_at(boxes: Sequence[Box], level: float, arm: Arm) -> int | None:
    at_level = (i for i, b in enumerate(boxes) if b.arm == arm and is_same_level(b.level, level))
    return next(at_level, None)


def _one_per_level(graph: Graph, path: Sequence[Value]) -> list[Value]:
    """Return the last value with weights of each level, or the last one if none has weights."""
    runs = graph.runs_at_one_level(path)
    return [next((v for v in reversed(r) if v.op in graph.ops_with_weights), r[-1]) for r in runs]


def _row(graph: Graph, shape: UShape) -> Parts:
    """Return the layers of a network that stays at one level, and what skips some of them."""
    layers = [value for value in shape.path.down if value.op in graph.ops_with_weights]
    shown = (layers or list(shape.path.down[-1:]))[:MAX_BOXES_IN_A_ROW]
    boxes = tuple(_box(graph, "encoder", value) for value in shown)
    # Values that are not shown, such as the result of a ReLU, belong to the box before them.
    index = {value: i for i, value in enumerate(shown)}
    skips = []
    for value in graph.values:
        if value in index or value.op is None:
            continue
        sources = [index[v] for v in value.op.inputs if v in index]
        index[value] = max(sources, default=-1)
        kind = join_kind(value.op)
        if kind in ("add", "cat", "combine") and len(set(sources)) > 1 and min(sources) >= 0:
            skips.append(SkipLine(min(sources), max(sources), str(kind), True))
    return boxes, tuple(skips)


def _box(graph: Graph, arm: Arm, value: Value) -> Box:
    level, dims = graph.levels[value], graph.map_dims(value)
    axes = list(graph.axes) or [axis for axis in finest_strides(graph.dims[value]) if axis > 1]
    is_map = level < GLOBAL and bool(axes)
    every_axis = {part.axis for dim in dims for part in dim}
    return Box(
        arm=arm,
        level=level,
        module=value.op.module if value.op else "",
        operation=op_name(value.op) if value.op else INPUT,
        size=sizes_as_text(_cells(dims, [axis]) for axis in axes) if is_map else "vector",
        channels=_cells(dims, every_axis - {*axes, BATCH, EXTRA_CELLS}),
        shape=value.shape,
    )


def _cells(dims: Dims, axes: Collection[int]) -> int:
    """Return how many cells there are along these axes together, in whichever dimension."""
    return math.prod(part.size for dim in dims for part in dim if part.axis in axes)
