"""Puts sizes, layers and operations of a recording into words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from unet_teach.inspection.graph import SAME_LEVEL, Graph
from unet_teach.inspection.recording import Op, Value
from unet_teach.shared.sizes_as_text import sizes_as_text


class Wording:
    """Names levels by the sizes that maps have there, and values by the layers that made them."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def size(self, value: Value) -> str:
        """Return the height × width of a map, as far as its axes are known."""
        sizes: dict[int, int] = {}
        for part in (part for dim in self.graph.map_dims(value) for part in dim if part.axis >= 0):
            sizes[part.axis] = sizes.get(part.axis, 1) * part.size
        return sizes_as_text(sizes.get(axis, 1) for axis in self.graph.axes) or "one resolution"

    def level_sizes(self, levels: Iterable[float], values: Sequence[Value]) -> str:
        """Return the size at each level: of the last of these values that is there."""
        return ", ".join(self._level_size(level, values) for level in levels)

    def _level_size(self, level: float, values: Sequence[Value]) -> str:
        at_level = [v for v in values if abs(self.graph.levels[v] - level) < SAME_LEVEL]
        if at_level:
            return self.size(at_level[-1])
        return sizes_as_text(round(size / 2**level) for size in self.graph.axes.values())

    def maker(self, value: Value) -> str:
        """Return which layer made a value.

        What the forward itself does to it afterwards, such as a ReLU, is passed over.
        """
        made = value
        while made.op is not None and not made.op.module:
            sources = [v for v in made.op.inputs if v in self.graph.levels]
            if len(sources) != 1 or self.graph.levels[sources[0]] != self.graph.levels[value]:
                break
            made = sources[0]
        if made.op is None:
            return "the input"
        name = op_name(made.op)
        return f"{made.op.module} ({name})" if made.op.module else f"{name} in forward"


def op_name(op: Op) -> str:
    """Return the name of an operation as its user knows it."""
    if op.name == "convolution" and op.arguments.get("transposed"):
        return "transposed convolution"
    return op.name.strip("_").removesuffix("_with_indices")


def module_name(path: str) -> str:
    """Name a module by its path; the network itself is its forward, a number is a layer."""
    return f"layer {path}" if path.isdigit() else path or "the forward"


def shape_text(shape: Iterable[int]) -> str:
    """Return a shape such as 32×32, also of a single number."""
    return sizes_as_text(shape) or "a single number"
