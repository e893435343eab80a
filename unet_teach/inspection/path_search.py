"""Searches the graph for the path that goes down and up again, and for the way to a skip."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import dropwhile
from typing import Literal

from unet_teach.inspection.graph import GLOBAL, SAME_LEVEL, Graph, is_same_level
from unet_teach.inspection.recording import Value

# The part of a path from input to output that a value lies on. A network may enlarge its input
# before it goes down: that is still the start.
Phase = Literal["start", "down", "up"]
State = tuple[Value, Phase]
Score = tuple[int, bool, int]  # changes of level, from the image itself, layers with weights
BestPaths = dict[State, tuple[Score, "State | None"]]  # the score, and the state before


@dataclass(frozen=True)
class DownUpPath:
    """The path through a network that goes down and up again with most steps.

    Attributes:
        down: values from the input to the bottleneck, which is the last of them.
        up: values from there to the output.
    """

    down: tuple[Value, ...]
    up: tuple[Value, ...]


def down_up_path(graph: Graph, output: Value) -> DownUpPath:
    """Return the path to the output that goes down and then up with most changes of level.

    Among equally long paths, one from the image wins over one from a mask or a second input, and
    then the one with most layers that have weights. A path may begin
    with a rise, which does not count, because some networks enlarge what they are given.

    This is the longest path in a graph without cycles, by dynamic programming. A state is a
    value together with the phase in which a path arrives there. Values are visited in the order
    in which they were made, so every state before is complete, and for each state only the best
    score and the state before it are kept. Enumerating paths would take exponential time: every
    residual block doubles their number.
    """
    best: BestPaths = {}
    ancestors = graph.ancestors(output)
    for value in (v for v in graph.values if v in ancestors):
        level = graph.levels[value]
        if value.op is None:
            if level < GLOBAL or value is graph.image:  # a time step or words have no positions
                best[value, "start"] = ((0, value is graph.image, 0), None)
            continue
        is_map = level < GLOBAL
        sources = [v for v in dict.fromkeys(value.op.inputs) if v in ancestors]
        has_map = is_map and any(graph.levels[v] < GLOBAL for v in sources)
        weights = int(value.op in graph.ops_with_weights)
        for source in sources:
            if graph.levels[source] == GLOBAL and has_map:
                continue  # a global value that scales a map does not lead to its level
            step = level - graph.levels[source] if is_map else math.inf
            if graph.levels[source] == GLOBAL:
                step = 0.0 if level == GLOBAL else -math.inf
            for before, after, counted in _phase_changes(step):
                if (source, before) not in best:
                    continue
                steps, of_image, layers = best[source, before][0]
                score = (steps + counted, of_image, layers + weights)
                if (value, after) not in best or score > best[value, after][0]:
                    best[value, after] = (score, (source, before))
    return _path_to(graph, _end_state(output, best), best)


def _path_to(graph: Graph, end: State | None, best: BestPaths) -> DownUpPath:
    """Follow the states back from the end of the best path."""
    if end is None:
        return DownUpPath((), ())
    phases: dict[Phase, list[Value]] = {"start": [], "down": [], "up": []}
    state: State | None = end
    while state is not None:
        value, phase = state
        phases[phase].insert(0, value)
        state = best[state][1]
    finest = graph.levels[phases["start"][-1]]
    # The path begins where an enlarged input has reached its finest level.
    start = dropwhile(lambda v: not is_same_level(graph.levels[v], finest), phases["start"])
    return DownUpPath((*start, *phases["down"]), tuple(phases["up"]))


def shallowest_path(graph: Graph, value: Value) -> list[Value]:
    """Return the shallowest path with weights that leads to a value, from its end."""
    path = [value]
    while path[-1].op is not None:
        sources = [v for v in path[-1].op.inputs if v in graph.min_depth]
        if not sources:
            break
        path.append(
            min(sources, key=lambda v: (graph.min_depth_with_weights[v], graph.min_depth[v]))
        )
    return path


def _phase_changes(step: float) -> list[tuple[Phase, Phase, int]]:
    """Return how a path may continue by one operation that changes the level by `step`.

    Each entry is the phase before, the phase after, and whether the change counts as a step. A path
    that goes up cannot go down again, so the list has no such entry.
    """
    if step > SAME_LEVEL:
        return [("start", "down", 1), ("down", "down", 1)]
    if step < -SAME_LEVEL:
        return [("start", "start", 0), ("start", "up", 1), ("down", "up", 1), ("up", "up", 1)]
    return [("start", "start", 0), ("down", "down", 0), ("up", "up", 0)]


def _end_state(output: Value, best: BestPaths) -> State | None:
    """Return the state in which the best path ends."""
    phases: tuple[Phase, ...] = ("up", "down", "start")
    ends = [(output, phase) for phase in phases if (output, phase) in best]
    if (output, "up") not in best:
        # After going up, the output may have been down-sampled once more: end before that.
        ends = [state for state in best if state[1] == "up"] or ends
    return max(ends, key=lambda state: best[state][0], default=None)
