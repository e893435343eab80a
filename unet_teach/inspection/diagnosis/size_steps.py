"""The steps on the way to a map that change its height and width, and which setting would mend it.

Sizes follow the formulas of torch's layers (docs.pytorch.org: Conv2d, ConvTranspose2d, MaxPool2d).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from unet_teach.inspection.graph import Graph
from unet_teach.inspection.recording import Op, Value
from unet_teach.inspection.wording import shape_text

Sizes = tuple[int, ...]
Settings = dict[str, int]  # along one axis
CONVOLUTIONS = ("convolution", "_convolution", "mkldnn_convolution")
STRIDES = (2, 1, 3, 4, 8)


@dataclass(frozen=True, eq=False)
class Step:
    """One operation on the way to a map.

    Attributes:
        op: the operation.
        kind: how sizes follow from its settings; "other" keeps or shifts, "fixed" always makes one.
        before: the height and width it was given; 1 or 3 numbers for series and volumes.
        after: what it made of them.
        settings: kernel_size, stride, padding, dilation and output_padding along each axis.
    """

    op: Op
    kind: str
    before: Sizes
    after: Sizes
    settings: tuple[Settings, ...] = ()

    def size(self, axis: int, given: int, settings: Settings) -> int:
        """Return what it makes of another size along an axis, or with other settings."""
        before, after = self.before[axis], self.after[axis]
        if self.kind == "resize":
            return given * after // before
        if self.kind == "other":
            return given + after - before
        if self.kind == "fixed":
            return after
        kernel, stride, padding, dilation, added = settings.values()
        reach = dilation * (kernel - 1)
        if self.kind == "transposed":
            return (given - 1) * stride - 2 * padding + reach + added + 1
        return (given + 2 * padding - reach - 1) // stride + 1

    def setting(self, name: str) -> Sizes:
        """Return a setting along each axis."""
        return tuple(settings[name] for settings in self.settings)

    def changed(self, each: Sequence[Settings]) -> dict[str, Sizes]:
        """Return which settings differ in others along each axis."""
        settings = {name: tuple(other[name] for other in each) for name in NAMES}
        changed = {name: value for name, value in settings.items() if value != self.setting(name)}
        if self.kind == "pooling" and changed.get("kernel_size") == settings["stride"]:
            changed.pop("stride", None)  # a pooling's stride is its kernel, if it is not given
        return changed

    @property
    def text(self) -> str:
        """What it makes of which size."""
        return f"{shape_text(self.after)} of {shape_text(self.before)}"

    @property
    def keeps_or_shifts(self) -> bool:
        """Whether it is a convolution that moves by single cells, as those between halvings."""
        return self.kind == "convolution" and set(self.setting("stride")) == {1}

    def factor(self, up: bool) -> float:
        """Return how many times as large its result is, or how many times as small."""
        before, after = math.prod(self.before) or 1, math.prod(self.after) or 1
        return after / before if up else before / after

    @property
    def is_uneven(self) -> bool:
        """Whether it changes some sides by whole factors and others not."""
        pairs = zip(self.before, self.after, strict=True)
        factors = {max(pair) // max(min(pair), 1) for pair in pairs}
        return self.divides_exactly and self.kind != "other" and len(factors) > 1

    @property
    def divides_exactly(self) -> bool:
        """Whether one of both sizes is a multiple of the other, as in a halving."""
        pairs = zip(self.before, self.after, strict=True)
        return all(0 in (b, a) or b % a == 0 or a % b == 0 for b, a in pairs)

    @property
    def has_even_reach(self) -> bool:
        """Whether no padding keeps its size, as with a kernel of 4."""
        return self.keeps_or_shifts and any(
            s["dilation"] * (s["kernel_size"] - 1) % 2 for s in self.settings
        )

    def is_like(self, other: Step) -> bool:
        """Whether it is a layer of the same kind with the same settings."""
        return self.kind == other.kind and self.settings == other.settings


@dataclass(frozen=True)
class Mended:
    """A step with other settings, with which the sizes match.

    Attributes:
        step: the step; of several that are alike, the first.
        others: those that are like it, and change in the same way.
        changed: the settings that differ, along each axis.
        after: what it makes then.
        cost: whether the step is as usual, and how many settings differ.
    """

    step: Step
    others: tuple[Step, ...]
    changed: dict[str, Sizes]
    after: Sizes
    cost: tuple[bool, int]


def steps_to(graph: Graph, value: Value, other: Value | None) -> list[Step]:
    """Return the steps to a map since it shared a source with another, the first one first.

    Where maps are joined, the way leads through the one that has been further down.
    """
    shared = graph.ancestors(other) if other else ()
    rank, steps = len(value.shape) - 2, list[Step]()
    while value.op is not None and value not in shared:
        source = _source(graph, value, rank)
        while source and source.op and len(source.shape) != rank + 2 and source not in shared:
            source = _source(graph, source, rank)  # a pixel shuffle is several views
        if source is None:
            break
        steps.append(_step(value.op, source.shape[-rank:], value.shape[-rank:]))
        value = source
    return steps[::-1]


def _source(graph: Graph, value: Value, rank: int) -> Value | None:
    """Return what a value was made of; of several maps, the one that has been further down."""
    inputs = value.op.inputs if value.op else ()
    sources = (v for v in inputs if v in graph.levels and len(v.shape) > rank)

    def depth(source: Value) -> tuple[bool, float]:
        return len(source.shape) == len(value.shape), graph.max_depth[source]

    return max(sources, key=depth, default=None)


def _step(op: Op, before: Sizes, after: Sizes) -> Step:
    found, kind = op.arguments, "other"
    given: dict[str, Any] = {"stride": 1, "padding": 0, "dilation": 1, "output_padding": 0}
    if op.name in CONVOLUTIONS:
        kind = "transposed" if found.get("transposed") else "convolution"
        given |= found | {"kernel_size": found["weight"].shape[2:]}
    elif "pool" in op.name and "kernel_size" in found:
        kind = "pooling"
        given |= {"stride": found["kernel_size"]} | {n: v for n, v in found.items() if v != []}
    elif "upsample" in op.name and (found.get("scales") or found.get("scales_h")):
        kind = "resize"
    elif "upsample" in op.name or "adaptive" in op.name:
        kind = "fixed"
    elif "shuffle" in op.name or "view" in op.name:
        kind = "resize"
    settings: tuple[Settings, ...] = ()
    if "kernel_size" in given:
        each = zip(*(_each(given[name], len(before)) for name in NAMES), strict=True)
        settings = tuple(dict(zip(NAMES, numbers, strict=True)) for numbers in each)
    step = Step(op, kind, before, after, settings)
    fits = 0 not in before and all(
        step.size(i, before[i], settings[i] if settings else {}) == after[i]
        for i in range(len(before))
    )
    return step if fits else Step(op, "other", before, after)


NAMES = ("kernel_size", "stride", "padding", "dilation", "output_padding")


def _each(option: int | Sequence[int], count: int) -> Sizes:
    numbers = (option,) if isinstance(option, int) else tuple(option)
    return numbers * count if len(numbers) == 1 else numbers[-count:]


def mended(ways: Sequence[tuple[Sizes, Sequence[Step]]]) -> list[Mended]:
    """Return the steps that alone would make two maps equally large, changed as little as possible.

    Steps that are alike may change together: convolutions that should keep the size, poolings.
    Each way is the size that it begins with, and the steps.
    """
    found: list[Mended] = []
    steps = {step.op: step for _, way in ways for step in way}
    for step in steps.values():
        if not step.settings or (step.keeps_or_shifts and step.divides_exactly):
            continue
        like = [s for s in steps.values() if s.is_like(step)]
        for alike in (like, [step]) if step.keeps_or_shifts else ([step], like):
            if alike[0] is not step or not (change := _mended(ways, alike)):
                continue
            found.append(change)
            break
    return found


def _mended(ways: Sequence[tuple[Sizes, Sequence[Step]]], alike: Sequence[Step]) -> Mended | None:
    """Return the smallest change of these steps with which both ways end with one size."""
    step, each = alike[0], list[Settings]()
    for axis, now in enumerate(step.settings):
        fitting = (
            settings
            for settings in _other_settings(step, axis, len(alike) > 1)
            if len({_last_size(way, axis, alike, settings) for way in ways}) == 1
        )
        if best := min(fitting, key=partial(_cost, now), default=None):
            each.append(best)
    if len(each) < len(step.settings):
        return None
    after = tuple(step.size(axis, step.before[axis], s) for axis, s in enumerate(each))
    differ = max(_cost(*pair)[0] for pair in zip(step.settings, each, strict=True))
    return Mended(step, tuple(alike[1:]), step.changed(each), after, (step.divides_exactly, differ))


def _last_size(
    way: tuple[Sizes, Sequence[Step]], axis: int, alike: Sequence[Step], settings: Settings
) -> int:
    size, ops = way[0][axis], [step.op for step in alike]
    for step in way[1]:
        own = step.settings[axis] if step.settings else {}
        size = step.size(axis, size, settings if step.op in ops else own)
    return size


def _cost(now: Settings, other: Settings) -> tuple[int, int]:
    """Return how many settings differ, and by how much paddings do."""
    differ = {n for n in NAMES if now[n] != other[n]}
    follows = "kernel_size" in differ and other["stride"] == other["kernel_size"]
    return len(differ) - follows, abs(now["padding"] - other["padding"])


def _other_settings(step: Step, axis: int, is_one_of_many: bool) -> Iterator[Settings]:
    """Yield a step's settings along an axis, and others that it could have."""
    now = step.settings[axis]
    yield now
    most = now["dilation"] * (now["kernel_size"] - 1)
    others: tuple[int, ...] = () if is_one_of_many or step.keeps_or_shifts else STRIDES
    if step.kind == "pooling":
        yield now | {"kernel_size": 2, "stride": 2}
        most, others = now["kernel_size"] // 2, (now["kernel_size"], 2)
    for stride in dict.fromkeys((now["stride"], *others)):
        for padding in range(most + 1):
            for added in range(max(stride, now["dilation"]) if step.kind == "transposed" else 1):
                yield now | {"stride": stride, "padding": padding, "output_padding": added}


def setting_text(sides: Sizes) -> int | Sizes:
    """Return a setting along each axis as it is written: one number where all are the same."""
    return sides[0] if len(set(sides)) == 1 else sides


def ratio(first: Sequence[int], second: Sequence[int]) -> int:
    """Return by which whole number one map is larger along every axis where they differ, or 0."""
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
    for sides in (pairs, [p[::-1] for p in pairs]):
        ratios = {large // small if small and large % small == 0 else 0 for large, small in sides}
        if len(ratios) == 1 and 0 not in ratios:
            return ratios.pop()
    return 0
