"""Puts sizes, layers and operations of a recording into words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence

from unet_teach.inspection.graph import SAME_LEVEL, Graph
from unet_teach.inspection.recording import Op, Value
from unet_teach.shared.sizes_as_text import sizes_as_text


class Wording:
    """Names levels by the sizes that maps have there, and values by the layers that made them."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def size(self, value: Value) -> str:
        """Return the height × width of a map, as far as its axes are known."""
        sizes = self.sizes(value)
        return sizes_as_text(sizes.get(axis, 1) for axis in self.graph.axes) or "one resolution"

    def sizes(self, value: Value) -> dict[int, int]:
        """Return how many positions a map has along each axis that it runs along."""
        sizes: dict[int, int] = {}
        for part in (part for dim in self.graph.map_dims(value) for part in dim if part.axis >= 0):
            sizes[part.axis] = sizes.get(part.axis, 1) * part.size
        return sizes

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

        What does not say where it is, such as a crop in the forward or one ReLU that is used
        everywhere, is passed over on the way to a layer that does.
        """
        return self.step(self._back(value, self._says_where, one_level=True))

    def layer_before(self, value: Value) -> str:
        """Return the last layer with weights on the way to a value, which made its channels."""
        weighty = self.graph.ops_with_weights
        made = self._back(value, weighty.__contains__, one_level=False)
        through = "" if value.op is None or made is value else f", through {op_name(value.op)}"
        return self.step(made) + (through if made.op in weighty else "")

    def _back(self, value: Value, ends: Callable[[Op], bool], *, one_level: bool) -> Value:
        """Follow single sources back to an operation that ends the search."""
        made, levels = value, self.graph.levels
        while made.op is not None and not ends(made.op):
            sources = [v for v in made.op.inputs if v in self.graph.levels]
            if len(sources) != 1 or (one_level and levels[sources[0]] != levels[value]):
                break
            made = sources[0]
        return made

    def step(self, value: Value) -> str:
        """Return the operation that made a value, whatever it is."""
        if value.op is None:
            return f"the weights {value.name}" if value.name else "the input"
        written = value.op.inputs[-1] if value.op.name == "write" else value
        if written is not value and math.prod(written.shape) == math.prod(value.shape):
            return self.step(written)  # an in-place ReLU of a view, for one
        place, name = self.place(value.op), op_name(value.op)
        return f"{place} ({name})" if place else f"{name} in forward"

    def place(self, op: Op) -> str:
        """Return the module of an operation, or the weight that is applied outside of a layer."""
        names = [v.name for v in op.inputs if v.name and not v.depends_on_input]
        is_layer = not names or names[0].rpartition(".")[2] in ("weight", "bias")
        return op.module if is_layer and op.module else names[0] if names else op.module

    def layer(self, op: Op) -> str:
        """Name the layer that an operation belongs to, at the beginning of a sentence or in it."""
        return module_name(self.place(op))

    def _says_where(self, op: Op) -> bool:
        calls, around = self.graph.recording.calls, op.module
        while around and (around == op.module or not calls[around]):  # a list is never called
            around = around.rpartition(".")[0]
        # Its block may run more than once, as on every frame of a video.
        is_only_call = calls[op.module] <= max(calls[around], 1)
        has_weights = op in self.graph.ops_with_weights
        return bool(self.place(op)) and (has_weights or is_only_call)


OP_NAMES = {  # torch's internal names, where the user knows another
    **dict.fromkeys(("mm", "addmm"), "linear"),
    **dict.fromkeys(("bmm", "baddbmm"), "matmul"),
    "constant_pad_nd": "pad",
    "prelu_kernel": "prelu",
    "rrelu_with_noise": "rrelu",
    "log_sigmoid_forward": "logsigmoid",
    "copy": "a write",
    "write": "a write",
    "to_copy": "a conversion",
    "t": "transpose",
    "fft_r2c": "rfft",
    "fft_c2r": "irfft",
    "fft_c2c": "fft",
    "index_put": "a write",
}
CALLED_BY_NAME = {  # functions that torch runs by operations of another name
    *("repeat_interleave", "tile", "repeat", "einsum", "selu", "softmin"),
    *(
        f"{kind}_pool{rank}d"
        for kind in ("max", "avg", "lp", "adaptive_max", "adaptive_avg", "fractional_max")
        for rank in (1, 2, 3)
    ),
}
RELU6 = [0, 6]
INTERNAL_PARTS = re.compile(r"native_|unsafe_|_legit\w*|_with_indices|_default$|_impl\b")


def op_name(op: Op) -> str:
    """Return the name of an operation as its user knows it."""
    if op.name == "convolution" and op.arguments.get("transposed"):
        return "transposed convolution"
    if (
        op.name == "hardtanh"
        and [op.arguments.get(f"{end}_val") for end in ("min", "max")] == RELU6
    ):
        return "relu6"
    if "scaled_dot_product" in op.name:
        return "attention"
    if resized := re.match(r"_?upsample_(nearest|linear|bilinear|trilinear|bicubic)", op.name):
        made = [math.prod(value.shape) for value in (op.inputs[0], *op.outputs[:1])]
        return f"{resized[1]} {'down' if made[-1] < made[0] else 'up'}-sampling"
    if op.called in CALLED_BY_NAME:
        return op.called
    if op.called == "interpolate":
        return "area interpolation"
    name = INTERNAL_PARTS.sub("", op.name).strip("_")
    return OP_NAMES.get(name, name)


def weight_name(value: Value) -> str:
    """Return the name of the parameter or buffer that a value is, or is a part of."""
    while value.op is not None and value.op.name in ("slice", "select", "unsqueeze", "view"):
        value = value.op.inputs[0]
    return value.name


def module_name(path: str) -> str:
    """Name a module by its path; the network itself is its forward, a number is a layer."""
    return f"layer {path}" if path.isdigit() else path or "the forward"


def shape_text(shape: Iterable[int]) -> str:
    """Return a shape such as 32×32, also of a single number."""
    return sizes_as_text(shape) or "a single number"


def listed(words: Iterable[str]) -> str:
    """Return "a, b and c"."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
