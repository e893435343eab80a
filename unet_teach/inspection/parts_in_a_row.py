"""Cuts a network where it goes down and up again and then once more, as two U-Nets in a row do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import groupby

from unet_teach.inspection.graph import GLOBAL, Graph, is_deeper, is_same_level
from unet_teach.inspection.recording import Recording, Value

Part = tuple[Value | None, Value]  # from which value, `None` for the input, to which


def parts_in_a_row(graph: Graph, output: Value) -> list[Part]:
    """Return the parts that go down and up, if one follows another, and else nothing.

    Between them, at the resolution of the input, everything goes through one value. The input
    itself may be used again. The output has that resolution, too.
    """
    if not is_same_level(graph.levels[output], 0):
        return []
    ancestors = graph.ancestors(output)
    ops = [op for op in graph.recording.ops if any(v in ancestors for v in op.outputs)]
    last_use = {value: place for place, op in enumerate(ops) for value in op.inputs}
    way: list[tuple[bool, Value]] = []  # whether all goes through a value, or it is deeper
    used_until = -1
    for place, op in enumerate(ops):
        for value in (v for v in op.outputs if v in ancestors):
            level = graph.levels[value]
            if used_until <= place and is_same_level(level, 0):
                way.append((True, value))
            elif level < GLOBAL and is_deeper(level, 0):
                way.append((False, value))
            used_until = max(used_until, last_use.get(value, -1))
    runs = [(passed, [v for _, v in run]) for passed, run in groupby(way, key=lambda step: step[0])]
    parts: list[Part] = []
    for place, (passed, _) in enumerate(runs):
        if not passed and place + 1 < len(runs):
            start = runs[place - 1][1][0] if parts and place else None
            parts.append((start, runs[place + 1][1][-1]))
    return parts if len(parts) > 1 else []


@contextlib.contextmanager
def graph_from(graph: Graph, start: Value | None) -> Iterator[Graph]:
    """Give the graph of the operations after a value, in which that value is the input.

    A graph takes a value for an input if its `op` is `None`. So `start.op` is `None` inside the
    `with` block and restored after it. The whole graph shares `start`: inside the block, ask
    only the part, and ask it nothing afterwards, since it computes when it is first asked. With
    `None`, or an input, as start, the part is the whole graph.
    """
    if start is None or start.op is None:
        yield graph
        return
    run, made_by = graph.recording, start.op
    rest = run.ops[run.ops.index(made_by) + 1 :]
    # Not `Graph(…)`: that would follow the dimensions through all operations again, which takes
    # longest, and would take the network's input for the image.
    part = Graph.__new__(Graph)
    part.recording, part.image = Recording(rest, [start, *run.inputs]), start
    part.dims = graph.dims
    start.op = None
    try:
        yield part
    finally:
        start.op = made_by
