"""Chooses what the U diagram shows of a network: a box a level and arm, and the bridges."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from unet_teach.inspection.axes import BESIDE, Dims, pitches
from unet_teach.inspection.criteria import Found
from unet_teach.inspection.diagram.svg import Arm, Box, Bridge, Drawing, Mark
from unet_teach.inspection.graph import GLOBAL, SAME, Graph, kind_of
from unet_teach.inspection.recorder import Value

if TYPE_CHECKING:
    from unet_teach.inspection.report import UNetReport

BATCH = 0  # the input's first axis: its pictures
MOST_IN_A_ROW = 9  # boxes of a network that stays at one level


def drawing_of(report: UNetReport, graph: Graph | None, found: Found | None) -> Drawing:
    """Return what is drawn of a report: an empty frame with the reason where nothing ran."""
    marks = tuple(
        Mark(mark.name, mark.met, _telling_first(mark.evidence, mark.met))
        for mark in report.criteria
    )
    if graph is None or found is None:
        return Drawing(report.name, report.verdict, report.problem or "", (), (), marks)
    boxes, bridges = _level_boxes(graph, found) if found.goes_down else _row(graph, found)
    return Drawing(report.name, report.verdict, "", tuple(boxes), tuple(bridges), marks)


def _telling_first(evidence: Sequence[str], met: bool) -> tuple[str, ...]:
    """Of a mark that is missing, the last sentence says what is."""
    return tuple(evidence) if met else (*evidence[-1:], *evidence[:-1])


def _level_boxes(graph: Graph, found: Found) -> tuple[list[Box], list[Bridge]]:
    down = _by_level(graph, found.path.down)
    up = _by_level(graph, found.path.up)
    boxes = [_box(graph, i, "encoder", value) for i, value in enumerate(down)]
    boxes[-1] = _box(graph, len(down) - 1, "bottleneck", down[-1])
    boxes += [_box(graph, len(down) + i, "decoder", value) for i, value in enumerate(up)]
    levels = [(join.level, str(join.kind), True) for join in found.joins]
    if found.comes_up:  # else there is nothing that a skip could be missing from
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
    spread = graph.spread(value)
    axes = list(graph.axes) or [axis for axis in pitches(graph.dims[value]) if axis > 1]
    is_map = level < GLOBAL and bool(axes)
    return Box(
        key=key,
        arm=arm,
        level=level,
        module=value.op.module if value.op else "",
        operation=operation(value.op) if value.op else "the input",
        size="×".join(str(_steps(spread, [axis])) for axis in axes) if is_map else "vector",
        channels=_steps(spread, {f.axis for d in spread for f in d} - {*axes, BATCH, BESIDE}),
        shape=value.shape,
    )


def _steps(dims: Dims, axes: Collection[int]) -> int:
    """How many cells lie along these axes together; where tokens lie in a row, their factors do."""
    return math.prod(factor.size for dim in dims for factor in dim if factor.axis in axes)
