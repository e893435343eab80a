"""Turns a recording into levels, depths and skip connections, which the four questions ask about.

The level of a tensor is the base-2 logarithm of its stride, as a mean over the axes that change
somewhere in the network. Level 0 is the input's resolution, and each halving leads one level down.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Literal

from unet_teach.inspection.axes import (
    Dims,
    finest_strides,
    input_dims,
    pixel_shuffled,
    without_axes,
)
from unet_teach.inspection.recording import Op, Recording, Value, way_back
from unet_teach.inspection.recurrent import RECURRENT
from unet_teach.inspection.rules.table import output_dims

GLOBAL = math.inf  # the level of a tensor that runs along no axis any more
SAME_LEVEL = 0.3  # levels closer than this are one: 25 → 13 is a halving as well
MIN_AXIS_SHARE = 0.2  # an axis that fewer of the tensors have is no axis of the image

GATES = {"sigmoid", "hardsigmoid", "softmax", "tanh", "hardtanh"}

JoinKind = Literal["cat", "add", "combine", "gate", "attention"]
JOIN_KINDS: dict[str, JoinKind] = {
    **dict.fromkeys(("cat", "stack", "write", "index_put"), "cat"),
    **dict.fromkeys(("add", "sub", "rsub", "addmm", "index_add", "scatter_add"), "add"),
    "where": "combine",
    **dict.fromkeys(("mul", "div"), "gate"),
    **dict.fromkeys(("bmm", "baddbmm"), "attention"),
    "_scaled_dot_product_flash_attention_for_cpu": "attention",
    "_scaled_dot_product_attention_math": "attention",
    "_scaled_dot_product_efficient_attention": "attention",
    "scaled_dot_product_attention": "attention",
}
SUMS = {"sum", "nansum", "mean", "nanmean"}
REDUCTIONS = {*SUMS, "max", "min", "amax", "amin", "prod", "median", "logsumexp", "var", "std"}
OPS_WITH_WEIGHTS = {  # and everything with "conv" in its name
    *("mm", "addmm", "bmm", "baddbmm", "mul"),
    "mkldnn_rnn_layer",
    *RECURRENT,
}


@dataclass(frozen=True, eq=False)
class SkipConnection:
    """Where a feature map that was never coarser than its level meets one from further down.

    Attributes:
        level: of both maps and of their result.
        kind: how they meet.
        op: the operation that joins them.
        by: what says how: the same one, or the sum or maximum that is taken of both after a stack.
        skip: the operand that stayed at its level.
        from_below: the operand that was up-sampled.
    """

    level: float
    kind: JoinKind
    op: Op
    by: Op
    skip: Value
    from_below: Value


class Graph:
    """The data flow of one recording.

    Everything but the dimensions is computed when it is first asked for.

    Args:
        recording: of a run, which may have failed.

    Attributes:
        image: the largest input, whose axes the levels refer to; `None` without inputs.
        dims: the dimensions of each value.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        floating = [v for v in recording.inputs if v.is_floating]
        self.image = max(
            floating or recording.inputs,  # without floating ones, a label map or words
            key=lambda v: (len(v.shape), math.prod(v.shape)),
            default=None,
        )
        self.dims: dict[Value, Dims] = {}
        for value in recording.inputs:
            is_like = self.image is not None and value.shape[2:] == self.image.shape[2:]
            is_map = is_like and (value.is_floating or value is self.image)
            self.dims[value] = input_dims(value.shape) if is_map else without_axes(value.shape)
        for op in recording.ops:
            for value in op.inputs:
                if value not in self.dims:
                    self.dims[value] = without_axes(value.shape)
            if any(value.depends_on_input for value in op.outputs):
                self.dims.update(zip(op.outputs, output_dims(op, self.dims), strict=False))

    @cached_property
    def values(self) -> list[Value]:
        """All values that depend on the input, in the order in which they were made."""
        made = [v for op in self.recording.ops for v in op.outputs]
        given = [v for v in self.recording.inputs if v.is_floating or v is self.image]
        return given + [v for v in made if v.depends_on_input]

    @cached_property
    def axes(self) -> dict[int, int]:
        """The axes of the image whose stride changes somewhere, with their sizes."""
        count: dict[int, int] = {}
        changing: set[int] = set()
        sizes = dict(enumerate(self.image.shape if self.image else ()))
        kinds = {(v.op and (v.op.name, v.op.module), self.dims[v]) for v in self.values}
        each = [finest_strides(dims) for _, dims in kinds]  # a loop counts once, not every turn
        for axis, stride in (pair for strides in each for pair in strides.items()):
            sizes.setdefault(axis, 1)
            count[axis] = count.get(axis, 0) + 1
            if abs(stride - 1) > 1e-6:
                changing.add(axis)
        if len(sizes) >= 3:
            changing.discard(0)  # the batch
        least = MIN_AXIS_SHARE * sum(any(axis in changing for axis in strides) for strides in each)
        return {axis: sizes[axis] for axis in sorted(changing) if count[axis] >= least}

    @cached_property
    def levels(self) -> dict[Value, float]:
        """The level of each value; `GLOBAL` where it runs along no axis any more."""
        known = {dims: self._level(dims) for dims in {self.dims[v] for v in self.values}}
        return {value: known[self.dims[value]] for value in self.values}

    def _level(self, dims: Dims) -> float:
        return self.level_of_strides(finest_strides(pixel_shuffled(dims)))

    def level_of_strides(self, strides: dict[int, float]) -> float:
        """Return the level of a map with these strides along its axes."""
        if self.axes and not any(axis in strides for axis in self.axes):
            return GLOBAL
        logs = [math.log2(strides.get(axis, float(size))) for axis, size in self.axes.items()]
        return sum(logs) / len(logs) if logs else 0.0

    def map_dims(self, value: Value) -> Dims:
        """Return the dimensions of a value; channels folded inside an axis count as positions."""
        return pixel_shuffled(self.dims[value])

    @cached_property
    def ops_with_weights(self) -> set[Op]:
        """The operations that apply weights of the network to what depends on the input."""
        return {op for op in self.recording.ops if _applies_weights(op)}

    # The depth of a path is the coarsest level on it. A skip connection is found by two of them:
    # the skip can be reached on a path that is never deeper than its level, and everything that
    # leads to the other operand has been deeper. All three are computed in one pass over the values
    # in order of time, because whatever an operation takes was made before it.

    @cached_property
    def min_depth(self) -> dict[Value, float]:
        """For each value: the depth of the shallowest path from the input to it."""
        return self._min_depths[0]

    @cached_property
    def min_depth_with_weights(self) -> dict[Value, float]:
        """The same over paths with at least one layer: the raw input is no feature map."""
        return self._min_depths[1]

    @cached_property
    def _min_depths(self) -> tuple[dict[Value, float], dict[Value, float]]:
        any_path: dict[Value, float] = {}
        with_weights: dict[Value, float] = {}
        for value in self.values:
            level = self.levels[value]
            if value.op is None:
                # The image itself has no depth: what only enlarges it does not come from below.
                any_path[value] = -math.inf if value is self.image else level
                with_weights[value] = math.inf
                continue
            sources = [v for v in value.op.inputs if v in any_path]
            any_path[value] = max(level, min((any_path[v] for v in sources), default=math.inf))
            before = any_path if value.op in self.ops_with_weights else with_weights
            with_weights[value] = max(level, min((before[v] for v in sources), default=math.inf))
        return any_path, with_weights

    @cached_property
    def max_depth(self) -> dict[Value, float]:
        """For each value: the depth of the deepest path from the input to it."""
        found: dict[Value, float] = {}
        for value in self.values:
            sources = value.op.inputs if value.op else ()
            level = self.levels[value]
            own = level if level < GLOBAL else -math.inf
            found[value] = max(own, *(found.get(v, own) for v in sources), own)
        return found

    def runs_at_one_level(self, path: Iterable[Value]) -> list[list[Value]]:
        """Split a path where its level changes."""
        runs: list[list[Value]] = []
        for value in path:
            if not runs or not is_same_level(self.levels[value], self.levels[runs[-1][0]]):
                runs.append([])
            runs[-1].append(value)
        return runs

    def ancestors(self, output: Value) -> set[Value]:
        """Return every value that the output depends on, itself included."""
        found: set[Value] = set()
        stack = [output]
        while stack:
            value = stack.pop()
            if value in found or value not in self.levels:
                continue
            found.add(value)
            stack.extend(value.op.inputs if value.op else ())
        return found

    def skip_connections(self, output: Value) -> list[SkipConnection]:
        """Return the skip connections that the output depends on, in the order they ran."""
        ancestors = self.ancestors(output)
        found: list[SkipConnection] = []
        for op in self.recording.ops:
            kind, by = self.join_of(op)
            if kind and any(value in ancestors for value in op.outputs):
                found += self._skip_at(op, kind, by)
        return found

    def join_of(self, op: Op) -> tuple[JoinKind | None, Op]:
        """Return how an operation joins its operands, and what says so.

        That is the operation itself. Where it only stacks them along a new dimension, over which a
        sum or a maximum is then taken, it is the latter.
        """
        kind, user, place = join_kind(op), op, _stacked_along(op)
        while place is not None and len(self._users.get(user.outputs[0], ())) == 1:
            (user,) = self._users[user.outputs[0]]
            if user.name in REDUCTIONS and _reduces(user, place):
                return "add" if user.name in SUMS else "combine", user
            if not user.is_pointwise:
                break
        return kind, op

    @cached_property
    def _users(self) -> dict[Value, list[Op]]:
        """The operations that take each value."""
        found: dict[Value, list[Op]] = {}
        for op in self.recording.ops:
            for value in dict.fromkeys(op.inputs):
                found.setdefault(value, []).append(op)
        return found

    def _skip_at(self, op: Op, kind: JoinKind, by: Op) -> Iterator[SkipConnection]:
        level = self.levels.get(op.outputs[0], GLOBAL)
        maps = [v for v in dict.fromkeys(op.inputs) if v in self.levels]
        maps = [v for v in maps if is_same_level(self.levels[v], level)]
        skips = [v for v in maps if not is_deeper(self.min_depth_with_weights[v], level)]
        from_below = [v for v in maps if is_deeper(self.min_depth[v], level)]
        # Several maps may come from below, as where the outputs of all levels are concatenated.
        from_below.sort(key=lambda v: -self.max_depth[v])
        for skip, below in zip(skips[:1], from_below[:1], strict=False):
            if not (kind == "gate" and self._is_gate(below)) and self._comes_from_encoder(
                skip, below
            ):
                yield SkipConnection(level, kind, op, by, skip, below)

    def _is_gate(self, value: Value) -> bool:
        """Return whether a value only says how much of another map passes, as a sigmoid does."""
        made_by = (v.op for v in way_back(value, self.levels.__contains__))
        without_layers = takewhile(lambda op: op not in self.ops_with_weights, made_by)
        return any(op.name.strip("_") in GATES for op in without_layers if op)

    def _comes_from_encoder(self, skip: Value, from_below: Value) -> bool:
        """Return whether an encoder made a skip: it shares features with what comes from below.

        Or layers have brought it down to its level. A decoder that is given the resized image at
        each level has no encoder.
        """
        before, below = self.ancestors(skip), self.ancestors(from_below)
        return any(
            value.op in self.ops_with_weights
            and (value in below or is_deeper(self.levels[skip], self.levels[value]))
            for value in before
        )


def is_same_level(level: float, other: float) -> bool:
    """Return whether two levels are one, apart from rounding."""
    return level == other or abs(level - other) < SAME_LEVEL  # two infinities are equal


def is_deeper(level: float, other: float) -> bool:
    """Return whether a level is below another one, by more than rounding."""
    return level > other + SAME_LEVEL


def join_kind(op: Op) -> JoinKind | None:
    """Return how an operation joins its operands; `None` if it does not."""
    return JOIN_KINDS.get(op.name.rstrip("_")) or ("combine" if op.is_pointwise else None)


def _stacked_along(op: Op) -> int | None:
    """Return the new dimension along which operands are put; `None` if there is none."""
    is_new = [v.op is not None and v.op.name == "unsqueeze" for v in op.inputs]
    if op.name != "stack" and not (op.name == "cat" and all(is_new)):
        return None
    return int(op.arguments.get("dim", 0)) % len(op.outputs[0].shape)


def _reduces(op: Op, place: int) -> bool:
    """Return whether a sum, a maximum and such is taken over this dimension alone."""
    dims = op.arguments.get("dim")
    listed = dims if isinstance(dims, list | tuple) else [dims]
    return [dim % len(op.inputs[0].shape) for dim in listed if dim is not None] == [place]


def _applies_weights(op: Op) -> bool:
    """Return whether an operation is a layer with weights.

    Weights have two dimensions or more: one scale for each channel makes no new features.
    """
    depends = any(value.depends_on_input for value in op.outputs)
    weights = (v for v in op.inputs if not v.depends_on_input and v.is_floating)
    can = op.name in OPS_WITH_WEIGHTS or "conv" in op.name  # torchvision's deform_conv2d, for one
    return depends and can and any(len(v.shape) >= 2 for v in weights)
