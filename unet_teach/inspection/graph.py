"""Turns a recording into levels, paths and joins: what the four questions are asked of.

The level of a tensor is the logarithm to base 2 of its pitch, the mean over the axes that ever
change. Level 0 is the input's resolution, each halving leads one level down.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import dropwhile
from typing import Literal

from unet_teach.inspection.axes import Dims, along, pitches, plain, spread_out
from unet_teach.inspection.recorder import Op, Recording, Value
from unet_teach.inspection.rules.layers import follow

Way = Literal["begins", "falls", "rises"]
BEGINS: Way = "begins"
FALLS: Way = "falls"
RISES: Way = "rises"
Stand = tuple[Value, Way]  # where a path is, and how it goes there
Best = dict[Stand, tuple[tuple[int, int], "Stand | None"]]  # steps and weighings, and from where
GLOBAL = math.inf  # the level of what walks along no axis any more
SAME = 0.3  # levels closer than this are one: 25 → 13 is a halving as well
OFTEN = 0.2  # an axis that fewer of the tensors have is no place in the picture

Kind = Literal["cat", "add", "gate", "attention"]
KINDS: dict[str, Kind] = {
    **dict.fromkeys(("cat", "stack", "write", "index_put"), "cat"),
    **dict.fromkeys(("where", "addmm", "index_add", "scatter_add"), "add"),
    **dict.fromkeys(("mul", "div"), "gate"),
    **dict.fromkeys(("bmm", "baddbmm"), "attention"),
    "_scaled_dot_product_flash_attention_for_cpu": "attention",
    "_scaled_dot_product_attention_math": "attention",
    "_scaled_dot_product_efficient_attention": "attention",
    "scaled_dot_product_attention": "attention",
}
WEIGHING = {
    *("mm", "addmm", "bmm", "baddbmm", "mul"),  # and all convolutions
    *("mkldnn_rnn_layer", "lstm", "gru"),
}


@dataclass(frozen=True, eq=False)
class Join:
    """Where a map that was never coarser than its level meets one that comes from below.

    Attributes:
        level: of both and of what they become.
        kind: how they meet.
        op: the operation that joins them.
        fine: the operand that stayed, the skip.
        coarse: the operand that comes up.
    """

    level: float
    kind: Kind
    op: Op
    fine: Value
    coarse: Value


@dataclass(frozen=True)
class Path:
    """Down and up again: the values of the way with most steps.

    Attributes:
        down: from the input to the bottleneck, which is its last.
        up: from there to the output.
    """

    down: tuple[Value, ...]
    up: tuple[Value, ...]


class Graph:
    """The flow of one recording.

    Args:
        recording: of a run.
        output: one of the values that it returned.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.dims: dict[Value, Dims] = {}
        numbers = [v for v in recording.inputs if v.is_number]
        self.image = max(
            numbers or recording.inputs,  # whole numbers: a label map, or words
            key=lambda v: (len(v.shape), math.prod(v.shape)),
            default=None,
        )
        self._follow_all()

    def _follow_all(self) -> None:
        dims = self.dims
        for value in self.recording.inputs:
            is_like = self.image is not None and value.shape[2:] == self.image.shape[2:]
            is_map = is_like and (value.is_number or value is self.image)
            dims[value] = along(value.shape) if is_map else plain(value.shape)
        for op in self.recording.ops:
            for value in op.inputs:
                if value not in dims:
                    dims[value] = plain(value.shape)
            if any(value.depends for value in op.outputs):
                dims.update(zip(op.outputs, follow(op, dims), strict=False))

    @cached_property
    def values(self) -> list[Value]:
        """All that depends on the input, in time."""
        made = [v for op in self.recording.ops for v in op.outputs]
        given = [v for v in self.recording.inputs if v.is_number or v is self.image]
        return given + [v for v in made if v.depends]

    @cached_property
    def axes(self) -> dict[int, int]:
        """The axes that are places in the picture and change, with their sizes."""
        found: dict[int, int] = {}
        moving: set[int] = set()
        sizes = dict(enumerate(self.image.shape if self.image else ()))
        kinds = {(v.op and (v.op.name, v.op.module), self.dims[v]) for v in self.values}
        each = [pitches(dims) for _, dims in kinds]  # a loop counts once, however often it turns
        for axis, pitch in (pair for there in each for pair in there.items()):
            sizes.setdefault(axis, 1)
            found[axis] = found.get(axis, 0) + 1
            if abs(pitch - 1) > 1e-6:
                moving.add(axis)
        if len(sizes) >= 3:
            moving.discard(0)  # the batch
        often = OFTEN * sum(any(axis in moving for axis in there) for there in each)
        return {axis: sizes[axis] for axis in sorted(moving) if found[axis] >= often}

    @cached_property
    def levels(self) -> dict[Value, float]:
        """The level of each value; `GLOBAL` where no axis is left."""
        known = {dims: self._level(dims) for dims in {self.dims[v] for v in self.values}}
        return {value: known[self.dims[value]] for value in self.values}

    def spread(self, value: Value) -> Dims:
        """The dimensions of a value, with the steps inside an axis counted to it."""
        return spread_out(self.dims[value])

    def _level(self, dims: Dims) -> float:
        there = pitches(spread_out(dims))
        if self.axes and not any(axis in there for axis in self.axes):
            return GLOBAL
        logs = [math.log2(there.get(axis, float(size))) for axis, size in self.axes.items()]
        return sum(logs) / len(logs) if logs else 0.0

    @cached_property
    def learned(self) -> set[Op]:
        """The operations that weigh what they take with weights of the network."""
        return {op for op in self.recording.ops if _weighs(op)}

    @cached_property
    def finest(self) -> dict[Value, float]:
        """For each value: the coarsest level on the finest of the ways that lead to it."""
        return self._finest[0]

    @cached_property
    def finest_learned(self) -> dict[Value, float]:
        """The same over ways on which something was learned: the raw input is no feature."""
        return self._finest[1]

    @cached_property
    def _finest(self) -> tuple[dict[Value, float], dict[Value, float]]:
        plain_, learned = {}, {}
        for value in self.values:
            level = self.levels[value]
            if value.op is None:
                begins = value is self.image  # what is enlarged at first comes from nowhere coarser
                plain_[value], learned[value] = -math.inf if begins else level, math.inf
                continue
            sources = [v for v in value.op.inputs if v in plain_]
            plain_[value] = max(level, min((plain_[v] for v in sources), default=math.inf))
            chosen = plain_ if value.op in self.learned else learned
            learned[value] = max(level, min((chosen[v] for v in sources), default=math.inf))
        return plain_, learned

    @cached_property
    def deepest(self) -> dict[Value, float]:
        """For each value: the coarsest level on any of the ways that lead to it."""
        found: dict[Value, float] = {}
        for value in self.values:
            sources = value.op.inputs if value.op else ()
            level = self.levels[value]
            own = level if level < GLOBAL else -math.inf
            found[value] = max(own, *(found.get(v, own) for v in sources), own)
        return found

    def before(self, output: Value) -> set[Value]:
        """Everything that the output depends on, itself included."""
        found: set[Value] = set()
        stack = [output]
        while stack:
            value = stack.pop()
            if value in found or value not in self.levels:
                continue
            found.add(value)
            stack.extend(value.op.inputs if value.op else ())
        return found

    def joins(self, output: Value) -> list[Join]:
        """The skips that the output depends on."""
        there = self.before(output)
        found: list[Join] = []
        for op in self.recording.ops:
            kind = kind_of(op)
            if kind and any(value in there for value in op.outputs):
                found += self._joined(op, kind)
        return found

    def _joined(self, op: Op, kind: Kind) -> Iterator[Join]:
        level = self.levels.get(op.outputs[0], GLOBAL)
        maps = [v for v in dict.fromkeys(op.inputs) if v in self.levels]
        maps = [v for v in maps if level < GLOBAL and abs(self.levels[v] - level) < SAME]
        fine = [v for v in maps if self.finest_learned[v] < level + SAME]
        coarse = [v for v in maps if self.finest[v] > level + SAME]
        if fine and coarse:
            yield Join(level, kind, op, fine[0], coarse[0])

    def path(self, output: Value) -> Path:
        """The way that goes down and then up with most steps; among equals, the most learned.

        It may begin with a rise, which does not count: some networks enlarge what they are given.
        """
        best: Best = {}
        there = self.before(output)
        for value in (v for v in self.values if v in there):
            level = self.levels[value]
            if value.op is None:
                if level < GLOBAL or value is self.image:  # a time, or words, have no places
                    best[value, BEGINS] = ((0, 0), None)
                continue
            is_map = level < GLOBAL
            meets = is_map and any(self.levels[v] < GLOBAL for v in value.op.inputs if v in there)
            gain = int(value.op in self.learned)
            for source in dict.fromkeys(v for v in value.op.inputs if v in there):
                if self.levels[source] == GLOBAL and meets:
                    continue  # a global value that meets a map brings no level
                step = level - self.levels[source] if is_map else math.inf
                if self.levels[source] == GLOBAL:
                    step = 0.0 if level == GLOBAL else -math.inf
                for was, now, counted in _turns(step):
                    if (source, was) not in best:
                        continue
                    steps, weighed = best[source, was][0]
                    score = (steps + counted, weighed + gain)
                    if (value, now) not in best or score > best[value, now][0]:
                        best[value, now] = (score, (source, was))
        ends = [(output, way) for way in (RISES, FALLS, BEGINS) if (output, way) in best]
        if (output, RISES) not in best:  # what went up may go down once more before it leaves
            ends = [key for key in best if key[1] == RISES] or ends
        if not ends:
            return Path((), ())
        return self._walked(best, max(ends, key=lambda key: best[key][0]))

    def _walked(self, best: Best, end: Stand) -> Path:
        ways: dict[Way, list[Value]] = {BEGINS: [], FALLS: [], RISES: []}
        key: Stand | None = end
        while key is not None:
            ways[key[1]].insert(0, key[0])
            key = best[key][1]
        finest = self.levels[ways[BEGINS][-1]]
        begun = dropwhile(lambda v: abs(self.levels[v] - finest) > SAME, ways[BEGINS])
        return Path((*begun, *ways[FALLS]), tuple(ways[RISES]))

    def way_to(self, value: Value) -> list[Value]:
        """The finest way that leads to a value, from its end."""
        way = [value]
        while way[-1].op is not None:
            sources = [v for v in way[-1].op.inputs if v in self.finest_learned]
            if not sources:
                break
            way.append(min(sources, key=lambda v: (self.finest_learned[v], self.finest[v])))
        return way


def _turns(step: float) -> list[tuple[Way, Way, int]]:
    """How a way may go on by one operation: where it was, where it is, whether a step counts."""
    if step > SAME:
        return [(BEGINS, FALLS, 1), (FALLS, FALLS, 1)]
    if step < -SAME:
        return [(BEGINS, BEGINS, 0), (BEGINS, RISES, 1), (FALLS, RISES, 1), (RISES, RISES, 1)]
    return [(BEGINS, BEGINS, 0), (FALLS, FALLS, 0), (RISES, RISES, 0)]


def kind_of(op: Op) -> Kind | None:
    """How an operation joins what it takes, if it does."""
    return KINDS.get(op.name.rstrip("_")) or ("add" if op.is_pointwise else None)


def _weighs(op: Op) -> bool:
    """A scale a channel is no feature: weights have two dimensions or more."""
    is_fed = any(value.depends for value in op.outputs)
    weights = (v for v in op.inputs if not v.depends and v.is_number)
    can = op.name in WEIGHING or "conv" in op.name  # torchvision's deform_conv2d, for one
    return is_fed and can and any(len(v.shape) >= 2 for v in weights)
