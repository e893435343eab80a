"""Chooses what the U diagram shows of a network: a box a level and arm, and the bridges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from unet_teach.inspection.criteria import Found
from unet_teach.inspection.diagram import Arm, Box, Bridge, Drawing, Mark
from unet_teach.inspection.factors import pitches
from unet_teach.inspection.graph import GLOBAL, SAME, Graph, kind_of
from unet_teach.inspection.recorder import Value

if TYPE_CHECKING:
    from unet_teach.inspection.report import UNetReport

MOST_IN_A_ROW = 9  # boxes of a network that stays at one level


def drawing_of(report: UNetReport, graph: Graph | None, found: Found | None) -> Drawing:
    """Return what is drawn of a report: an empty frame with the reason where nothing ran."""
    marks = tuple(
        Mark(mark.name, mark.met, mark.evidence[0 if mark.met else -1] if mark.evidence else "")
        for mark in report.criteria
    )
    if graph is None or found is None:
        return Drawing(report.name, report.verdict, report.problem or "", (), (), marks)
    boxes, bridges = _level_boxes(graph, found) if found.goes_down else _row(graph, found)
    return Drawing(report.name, report.verdict, "", tuple(boxes), tuple(bridges), marks)


def _level_boxes(graph: Graph, found: Found) -> tuple[list[Box], list[Bridge]]:
    down = _by_level(graph, found.path.down)
    up = _by_level(graph, found.path.up)
    boxes = [_box(graph, i, "encoder", value) for i, value in enumerate(down)]
    boxes[-1] = _box(graph, len(down) - 1, "bottleneck", down[-1])
    boxes += [_box(graph, len(down) + i, "decoder", value) for i, value in enumerate(up)]
    levels = [(join.level, str(join.kind), True) for join in found.joins]
    levels += [(level, "", False) for level in found.missing]
    bridges = []
    for level, kind, present in sorted(levels):
        left = _at(boxes, level, "encoder")
        right = _at(boxes, level, "decoder")
        if left is not None and (right is not None or not present):
            bridges.append(Bridge(level, left, right, kind, present))
    return boxes, bridges


def _at(boxes: Sequence[Box], level: float, arm: Arm) -> int | None:
    return next((b.key for b in boxes if b.arm == arm and abs(b.level - level) < SAME), None)


def _by_level(graph: Graph, path: Sequence[Value]) -> list[Value]:
    """The last value at each level that something learned has made, or the last at all."""
    runs: list[list[Value]] = []
    for value in path:
        level = graph.levels[value]
        if not runs or not _same(level, graph.levels[runs[-1][0]]):
            runs.append([])
        runs[-1].append(value)
    return [next((v for v in reversed(r) if v.op in graph.learned), r[-1]) for r in runs]


def _same(one: float, other: float) -> bool:
    return one == other or abs(one - other) < SAME


def _row(graph: Graph, found: Found) -> tuple[list[Box], list[Bridge]]:
    """A network that stays at one level: its layers in a row, and what leaps over some of them."""
    learned = [value for value in found.path.down if value.op in graph.learned]
    shown = (learned or list(found.path.down[-1:]))[:MOST_IN_A_ROW]
    boxes = [_box(graph, i, "encoder", value) for i, value in enumerate(shown)]
    place = {value: i for i, value in enumerate(shown)}
    bridges = []
    for value in graph.values:  # each stands where the last shown layer before it stands
        if value in place or value.op is None:
            continue
        sources = [place[v] for v in value.op.inputs if v in place]
        place[value] = max(sources, default=-1)
        kind = kind_of(value.op)
        if kind in ("add", "cat") and len(set(sources)) > 1 and min(sources) >= 0:
            bridges.append(Bridge(0.0, min(sources), max(sources), str(kind), True))
    return boxes, bridges


def _box(graph: Graph, key: int, arm: Arm, value: Value) -> Box:
    from unet_teach.inspection.report import operation

    level = graph.levels[value]
    steps: dict[int, int] = {}
    for factor in (f for dim in graph.spread(value) for f in dim if f.axis >= 0):
        steps[factor.axis] = steps.get(factor.axis, 1) * factor.size
    axes = list(graph.axes) or [axis for axis in pitches(graph.dims[value]) if axis > 1]
    is_map = level < GLOBAL and bool(axes)
    places = math.prod(steps.get(axis, 1) for axis in axes) * max(value.shape[:1], default=1)
    channels = math.prod(value.shape) // max(places, 1)
    return Box(
        key=key,
        arm=arm,
        level=level,
        module=value.op.module if value.op else "",
        operation=operation(value.op) if value.op else "the input",
        size="×".join(str(steps.get(axis, 1)) for axis in axes) if is_map else "vector",
        channels=channels,
        shape=value.shape,
    )
