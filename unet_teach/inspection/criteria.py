"""Asks the four questions of a graph. Each threshold is here, with its reason."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from unet_teach.inspection.axes import finest_strides
from unet_teach.inspection.graph import (
    GLOBAL,
    Graph,
    JoinKind,
    SkipConnection,
    is_deeper,
    is_same_level,
)
from unet_teach.inspection.parts_in_a_row import graph_from, parts_in_a_row
from unet_teach.inspection.path_search import DownUpPath, down_up_path, shallowest_path
from unet_teach.inspection.recording import Value

# Half of the levels. With fewer skips, most of what the encoder computed passes through the
# bottleneck alone, as in a network with a single shortcut. A U-Net without its finest or coarsest
# skip is still one.
MIN_SKIP_SHARE = 0.5
# A third of the levels that the decoder passes. A decoder that climbs five levels alone after one
# skip does not rely on skips. Not more than a third, since a stem that quarters the image leaves
# two levels without a partner.
MIN_SKIPS_PER_DECODER_LEVEL = 1 / 3
# A fifth of the layers. A U-Net of a single level has a third of them in its bottleneck.
MAX_SHARE_OF_SIDE_BRANCH = 0.2
# Of several joins at one level, the first of the strongest kind is the skip: a sum may be a step of
# an attention gate, whose result is then concatenated.
JOINS_BY_RANK: tuple[JoinKind, ...] = ("cat", "add", "combine", "gate", "attention")


@dataclass(frozen=True)
class UShape:
    """What the graph of one output shows of a U.

    Attributes:
        path: down and up again.
        encoder_levels: where the path down, or one to a skip, has weights; finest first.
        decoder_levels: levels that the path up passes, coarsest first.
        top: the level from which the path goes down: the input's, or what it was enlarged to.
        bottom: the coarsest level.
        skips: one skip connection for each level that has some.
        levels_without_skip: levels of the encoder that have none.
        output_level: of the output; `inf` when it is no map.
        is_side_branch: whether most of the network stays at the top, next to one pooled branch.
        bare_upsampling_factor: how many times one interpolation enlarges the output, with no kernel
            larger than 1×1 after it, if that is more than twice; otherwise 0.
        part: which of several parts in a row it is, from 1 on, and of how many.
    """

    path: DownUpPath
    encoder_levels: tuple[float, ...]
    decoder_levels: tuple[float, ...]
    top: float
    bottom: float
    skips: tuple[SkipConnection, ...]
    levels_without_skip: tuple[float, ...]
    output_level: float
    is_side_branch: bool = False
    bare_upsampling_factor: int = 0
    part: tuple[int, int] = (1, 1)

    @property
    def goes_down(self) -> bool:
        """Whether there is at least one step down; without it nothing can come up."""
        return is_deeper(self.bottom, self.top)

    @property
    def goes_up(self) -> bool:
        """Whether there is at least one step up between the bottleneck and the output."""
        return bool(self.decoder_levels)

    @property
    def has_skips(self) -> bool:
        """Whether enough levels above the bottleneck have a skip connection."""
        if not (self.goes_down and self.goes_up) or self.is_side_branch:
            return False
        count = len(self.skips)
        levels = count + len(self.levels_without_skip)
        enough_for_decoder = count >= MIN_SKIPS_PER_DECODER_LEVEL * len(self.decoder_levels)
        return count >= MIN_SKIP_SHARE * levels and enough_for_decoder

    @property
    def is_symmetric(self) -> bool:
        """Whether the output has the input's level and the decoder passes every encoder level."""
        at_top = is_same_level(self.output_level, 0)
        mirrored = not (self.unvisited_levels or self.bare_upsampling_factor)
        return self.goes_down and self.goes_up and at_top and mirrored

    @property
    def unvisited_levels(self) -> tuple[float, ...]:
        """Levels of the encoder that the decoder does not pass."""
        return tuple(
            level
            for level in self.encoder_levels
            if is_deeper(self.bottom, level) and not _is_among(level, self.decoder_levels)
        )

    @property
    def score(self) -> tuple[int, int, int]:
        """How strong a case this output makes for a U-Net, against other outputs."""
        met = (self.goes_down, self.goes_up, self.has_skips, self.is_symmetric)
        return sum(met), len(self.skips), len(self.decoder_levels)


def u_shape(graph: Graph, output: Value) -> UShape:
    """Look for a U on the way to one output of a network."""
    path = down_up_path(graph, output)
    down = [graph.levels[v] for v in path.down if graph.levels[v] < GLOBAL]
    top, bottom = min(down, default=0.0), max(down, default=0.0)
    before_bottom = graph.ancestors(path.down[-1]) if path.down else set()
    skips: dict[float, SkipConnection] = {}
    for skip in graph.skip_connections(output):
        if is_deeper(bottom, graph.max_depth[skip.from_below]):
            continue  # it comes from a detour next to the path, not from the bottleneck
        if skip.op.outputs[0] in before_bottom:
            continue  # it belongs to another U-Net, whose output the path goes down from
        level = next((known for known in skips if is_same_level(known, skip.level)), skip.level)
        best = skips.setdefault(level, skip)
        if JOINS_BY_RANK.index(skip.kind) < JOINS_BY_RANK.index(best.kind):
            skips[level] = skip
    to_skips = [v for skip in skips.values() for v in shallowest_path(graph, skip.skip)]
    partial = _partial_levels(graph, path.down)
    passed = _without(partial, _levels_with_weights(graph, path.down))
    encoder = _without(partial, _levels_with_weights(graph, (*path.down, *to_skips)))
    decoder = (graph.levels[v] for v in path.up if is_deeper(bottom, graph.levels[v]))
    return UShape(
        path=path,
        encoder_levels=tuple(encoder),
        decoder_levels=tuple(reversed(_distinct(decoder))),
        top=top,
        bottom=bottom,
        skips=tuple(skip for _, skip in sorted(skips.items())),
        levels_without_skip=tuple(
            level for level in passed if is_deeper(bottom, level) and not _is_among(level, skips)
        ),
        output_level=graph.levels.get(output, math.inf),
        is_side_branch=_is_side_branch(graph, path, passed, bottom),
        bare_upsampling_factor=_bare_upsampling_factor(graph, path, skips),
    )


def _is_side_branch(
    graph: Graph, path: DownUpPath, encoder_levels: list[float], bottom: float
) -> bool:
    """Return whether what goes down is one pooled branch beside a network at full size.

    Such a branch has layers at its bottom only, and pooling and interpolation change its size. It
    is pooled by more than a halving at once, or nearly all layers work at the top.
    """
    above = [level for level in encoder_levels if is_deeper(bottom, level)]
    values = (*path.down, *path.up)
    learned_step = any(
        after.op in graph.ops_with_weights
        and not is_same_level(graph.levels[after], graph.levels[before])
        for before, after in pairwise(values)
    )
    if len(above) > 1 or learned_step or not path.up:
        return False
    top = above[0] if above else 0.0
    ops = [v for v in graph.ancestors(values[-1]) if v.op in graph.ops_with_weights]
    below = sum(is_deeper(graph.levels[v], top) for v in ops)
    is_far = is_deeper(bottom, top + 1)
    return is_far or below <= MAX_SHARE_OF_SIDE_BRANCH * len(ops)


def _bare_upsampling_factor(graph: Graph, path: DownUpPath, skips: Iterable[float]) -> int:
    """Return by how much a last interpolation enlarges what the decoder made, if by more than 2."""
    for before, after in reversed(list(pairwise((*path.down[-1:], *path.up)))):
        if after.op in graph.ops_with_weights and _has_kernel(after):
            return 0
        low, high = graph.levels[before], graph.levels[after]
        if is_deeper(low, high):
            is_resized = after.op is not None and "upsample" in after.op.name
            is_bare = is_resized and is_deeper(low, high + 1) and not _is_among(high, skips)
            return round(2 ** (low - high)) if is_bare and low < GLOBAL else 0
    return 0


def _has_kernel(value: Value) -> bool:
    """Return whether a layer looks at neighbours, as a 1×1 convolution does not."""
    weight = value.op.arguments.get("weight") if value.op else None
    return isinstance(weight, Value) and any(size > 1 for size in weight.shape[2:])


def _partial_levels(graph: Graph, path: Iterable[Value]) -> list[float]:
    """Return the levels on the path down at which only some axes have been down-sampled so far.

    Where height is halved first and width next, that is one halving, and the level between the two
    is no level of the encoder.
    """
    strides = [finest_strides(graph.map_dims(v)) for v in path]
    found, done = [], set[int]()
    for before, after in pairwise(strides):
        changed = {a for a in graph.axes if before.get(a, 1) < after.get(a, 1)}
        if changed and done and not changed & done:
            found.append(graph.level_of_strides(before))
            done |= changed
        elif changed:
            done = changed
    return found


def _without(left_out: list[float], levels: list[float]) -> list[float]:
    return [level for level in levels if not _is_among(level, left_out)]


def strongest_u_shape(graph: Graph) -> UShape | None:
    """Look at every output and return the U that makes the strongest case."""
    outputs = [v for v in graph.recording.outputs if v in graph.levels]
    shapes = (shape for v in outputs for shape in _shapes_in_a_row(graph, v))
    return max(shapes, key=lambda shape: shape.score, default=None)


def _shapes_in_a_row(graph: Graph, output: Value) -> Iterator[UShape]:
    """Yield the U of an output; where parts of the network each go down and up, that of each.

    Of several parts it is still the whole, if that is a U with all of its skips in one part.
    """
    whole = u_shape(graph, output)
    parts = [] if whole.is_side_branch else parts_in_a_row(graph, output)
    if not parts:
        yield whole
        return
    places = {op: place for place, op in enumerate(graph.recording.ops)}
    ends = [places[end.op] for _, end in parts if end.op]
    ops = (whole.path.down[-1].op, *(skip.op for skip in whole.skips))
    found = {bisect_left(ends, places[op]) for op in ops if op}
    if whole.score[0] == 4 and len(found) == 1:
        yield replace(whole, part=(found.pop() + 1, len(parts)))
        return
    for number, (start, end) in enumerate(parts, 1):
        with graph_from(graph, start) as part:
            yield replace(u_shape(part, end), part=(number, len(parts)))


def _levels_with_weights(graph: Graph, values: Iterable[Value]) -> list[float]:
    levels = (graph.levels[v] for v in values if v.op in graph.ops_with_weights)
    return _distinct(level for level in levels if level < GLOBAL)


def _distinct(levels: Iterable[float]) -> list[float]:
    found: list[float] = []
    for level in sorted(levels):
        if not _is_among(level, found):
            found.append(level)
    return found


def _is_among(level: float, levels: Iterable[float]) -> bool:
    return any(is_same_level(level, other) for other in levels)
