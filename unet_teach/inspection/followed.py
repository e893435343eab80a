"""A network whose forward pass is known: its levels, and the calls that join each skip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.inspection.calls import (
    Place,
    RecordedCall,
    arguments_of,
    call_of,
    record_calls,
)
from unet_teach.inspection.criteria import UShape, strongest_u_shape
from unet_teach.inspection.graph import SAME_LEVEL, Graph, JoinKind, is_same_level
from unet_teach.inspection.inspector import check_model, garbage_collector_off, inspect_unet
from unet_teach.inspection.recording import Op, Value
from unet_teach.inspection.wording import Wording
from unet_teach.shared.keep_state import keep_state

COMPILED = (
    "{what} is compiled (TorchScript), and nothing inside can be changed or shown. Give the "
    "network as it was before it was compiled."
)
Change = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Skip:
    """The skip connection of one level.

    Attributes:
        name: such as "level 1"; level 0 has the resolution of the input.
        size: of its map, such as "48×48".
        kind: how it is joined.
        arguments: which arguments of which calls it is. There are several calls where every block
            of the decoder's level gets a skip of its own.
    """

    name: str
    size: str
    kind: JoinKind
    arguments: dict[Place, list[int]]


@dataclass(frozen=True, eq=False)
class Followed:
    """One recorded forward pass of a network.

    Attributes:
        name: of the network's class.
        graph: what the inspector made of it.
        calls: the calls of torch's functions in it.
        shape: its U.
    """

    name: str
    graph: Graph
    calls: list[RecordedCall]
    shape: UShape

    @cached_property
    def skips(self) -> dict[str, Skip]:
        """The skip connections by their names, finest level first."""
        wording, found = Wording(self.graph), {}
        for skip in self.shape.skips:
            name = level_name(skip.level)
            size = wording.size(skip.op.outputs[0])
            found[name] = Skip(name, size, skip.kind, self._arguments(skip.level, skip.kind))
        return found

    @property
    def image(self) -> Value:
        """The input whose resolution is level 0."""
        assert self.graph.image is not None  # there is one in every network with an output
        return self.graph.image

    @property
    def output(self) -> Value:
        """The output that makes the strongest case for a U-Net."""
        last = (*self.shape.path.down, *self.shape.path.up)[-1]
        outputs = [v for v in self.graph.recording.outputs if v in self.graph.levels]
        return next(value for value in outputs if last in self.graph.ancestors(value))

    @cached_property
    def made_at(self) -> dict[Value, tuple[Place, int]]:
        """For each value that a call returned, the call and which of its results it is."""
        return {
            value: (call.place, index)
            for call in self.calls
            for index, value in enumerate(call.made)
            if value is not None
        }

    def _arguments(self, level: float, kind: JoinKind) -> dict[Place, list[int]]:
        """Return the arguments of all calls at a level that are skips of this kind."""
        found: dict[Place, list[int]] = {}
        operands = (pair for op, skip in self._joins(level, kind) for pair in _written(op, skip))
        for op, skip in operands:
            call = call_of(self.calls, self.graph.recording, op.outputs[0])
            indices = arguments_of(call, self.graph.recording, skip) if call else []
            if call and indices:
                found[call.place] = sorted({*found.get(call.place, []), *indices})
        return found

    def _joins(self, level: float, kind: JoinKind) -> Iterator[tuple[Op, Value]]:
        """Yield the joins of a level with each operand that is a skip.

        These are what the graph calls the skip, and what has never been deeper: once a skip has
        joined the decoder, a later one no longer meets a map that comes from below alone. What
        leads to the bottleneck joins inside the encoder, as in a stage that is a small U itself.
        """
        graph = self.graph
        ancestors = graph.ancestors(self.output) - graph.ancestors(self.shape.path.down[-1])
        known = {skip.op: skip.skip for skip in graph.skip_connections(self.output)}
        for op in graph.recording.ops:
            made = op.outputs[0]
            is_here = made in ancestors and is_same_level(graph.levels[made], level)
            if not is_here or graph.join_of(op)[0] != kind:
                continue
            maps = [v for v in dict.fromkeys(op.inputs) if v in graph.levels]
            maps = [v for v in maps if is_same_level(graph.levels[v], level)]
            own = [
                v
                for v in maps
                if graph.max_depth[v] < level + SAME_LEVEL
                and graph.min_depth_with_weights[v] < level + SAME_LEVEL
            ]
            from_below = any(graph.max_depth[v] > level + SAME_LEVEL for v in maps)
            if from_below:
                yield from ((op, v) for v in dict.fromkeys([*own, *filter(None, [known.get(op)])]))


def follow(model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Followed:
    """Record a copy of a network; the network itself is not run.

    Raises:
        TypeError: when `model` is no network.
        ValueError: with the inspector's sentence, if the network does not run with these inputs or
            cannot be followed.
    """
    check_model(model)
    if isinstance(model, torch.jit.ScriptModule):
        raise ValueError(COMPILED.format(what=type(model).__name__))
    with keep_state(), garbage_collector_off():
        recording, calls = record_calls(model, args, kwargs)
        graph = Graph(recording)
        shape = None if recording.error is not None else strongest_u_shape(graph)
        if shape is None:
            raise ValueError(inspect_unet(model, *args, **kwargs).problem)
    return Followed(type(model).__name__, graph, calls, shape)


def _written(op: Op, value: Value) -> Iterator[tuple[Op, Value]]:
    """Yield a value with the operation that takes it, or what was written to make it.

    Where a skip and what comes from below are written into one tensor after the other, the second
    write meets a tensor that holds the skip. What can be changed is what the first write was given.
    """
    if value.op is None or value.op.name != "write":
        yield op, value
        return
    for part in value.op.inputs:
        if part.depends_on_input:
            yield from _written(value.op, part)


def level_name(level: float) -> str:
    """Return the name of a level, such as "level 1"."""
    return f"level {round(level, 2):g}"
