"""Asks the four questions of a graph. Each threshold stands here, with its reason."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from unet_teach.inspection.graph import GLOBAL, SAME, Graph, Join, Path
from unet_teach.inspection.recorder import Value

# Half of the levels: with fewer, most of what the encoder saw passes through the bottleneck alone,
# as in a network with a single shortcut; a U-Net that leaves out its finest or coarsest skip is
# still one.
SKIPPED_SHARE = 0.5
# A third of what the way up passes: where it climbs five levels alone after one join, skips do not
# carry it. Not more, since a stem that quarters the picture leaves two levels without a partner.
CARRIED_SHARE = 1 / 3


@dataclass(frozen=True)
class Found:
    """What one output's graph shows.

    Attributes:
        path: down and up again.
        encoder: the levels where the way down, or one to a skip, learns something, finest first.
        decoder: the levels that the way up passes, the coarsest first.
        top: the level from which the way goes down: the input's, or what it was enlarged to.
        bottom: the coarsest level.
        joins: one skip a level.
        missing: levels of the encoder without a skip.
        output_level: of the output; `inf` when it is no map.
    """

    path: Path
    encoder: tuple[float, ...]
    decoder: tuple[float, ...]
    top: float
    bottom: float
    joins: tuple[Join, ...]
    missing: tuple[float, ...]
    output_level: float

    @property
    def goes_down(self) -> bool:
        """At least one step: without it there is nothing to come up from."""
        return self.bottom > self.top + SAME

    @property
    def comes_up(self) -> bool:
        """At least one step back on the way from the bottom to the output."""
        return bool(self.decoder)

    @property
    def is_skipped(self) -> bool:
        """Skips at no less than half of the levels above the bottom, between two ways."""
        skips = len(self.joins)
        is_carried = skips >= CARRIED_SHARE * len(self.decoder)
        if not (self.goes_down and self.comes_up):
            return False
        return skips > 0 and skips >= SKIPPED_SHARE * (skips + len(self.missing)) and is_carried

    @property
    def is_symmetric(self) -> bool:
        """The output has the input's level, and the way up passes every level of the way down."""
        at_top = abs(self.output_level) < SAME
        return self.goes_down and self.comes_up and at_top and not self.unvisited

    @property
    def unvisited(self) -> tuple[float, ...]:
        """Levels of the way down that the way up leaps over."""
        return tuple(
            level
            for level in self.encoder
            if level < self.bottom - SAME and not _among(level, self.decoder)
        )

    @property
    def score(self) -> tuple[int, int, int]:
        """How strong a case this output makes, against other outputs."""
        marks = (self.goes_down, self.comes_up, self.is_skipped, self.is_symmetric)
        return sum(marks), len(self.joins), len(self.decoder)


def find(graph: Graph, output: Value) -> Found:
    """Look at one output of a network."""
    path = graph.path(output)
    down = [graph.levels[v] for v in path.down if graph.levels[v] < GLOBAL]
    top, bottom = min(down, default=0.0), max(down, default=0.0)
    decoder = _distinct(graph.levels[v] for v in path.up if graph.levels[v] < bottom - SAME)
    joins: dict[float, Join] = {}
    for join in graph.joins(output):
        if graph.deepest[join.coarse] < bottom - SAME:
            continue  # it comes from a detour beside the way, not from the bottom
        level = next((known for known in joins if abs(known - join.level) < SAME), join.level)
        joins.setdefault(level, join)
    ways = [v for join in joins.values() for v in graph.way_to(join.fine)]
    passed = _levels_learned(graph, path.down)
    above = [level for level in passed if level < bottom - SAME]
    missing = [level for level in above if not _among(level, joins)]
    return Found(
        path=path,
        encoder=tuple(_levels_learned(graph, (*path.down, *ways))),
        decoder=tuple(reversed(decoder)),
        top=top,
        bottom=bottom,
        joins=tuple(join for level, join in sorted(joins.items())),
        missing=tuple(missing),
        output_level=graph.levels.get(output, math.inf),
    )


def strongest(graph: Graph) -> Found | None:
    """Look at every output; return the one that makes the strongest case."""
    outputs = [v for v in graph.recording.outputs if v in graph.levels]
    return max((find(graph, v) for v in outputs), key=lambda found: found.score, default=None)


def _levels_learned(graph: Graph, values: Iterable[Value]) -> list[float]:
    levels = (graph.levels[v] for v in values if v.op in graph.learned)
    return _distinct(level for level in levels if level < GLOBAL)


def _distinct(levels: Iterator[float]) -> list[float]:
    found: list[float] = []
    for level in sorted(levels):
        if not _among(level, found):
            found.append(level)
    return found


def _among(level: float, levels: object) -> bool:
    return any(abs(level - other) < SAME for other in levels)  # type: ignore[attr-defined]
