"""The rules of layers: convolution, pooling, interpolation, linear layers, attention."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from unet_teach.inspection.axes import (
    FIRST_NEW_AXIS,
    LARGEST_LOCAL_REDUCTION,
    NO_AXIS,
    AxisPart,
    Dim,
    Dims,
    after_window,
    as_one_part,
    cropped_or_padded,
    finest_strides,
    guessed_from_sizes,
    has_axis,
    has_channels,
    resized,
    size_of,
    without_axes,
)
from unet_teach.inspection.recording import Op, Value, way_back
from unet_teach.inspection.rules import KnownDims


def _one_per_axis(option: Any, count: int) -> list[int]:
    """Return an option such as a stride as one number for each axis."""
    listed = list(option) if isinstance(option, list | tuple) else [option]
    return listed * count if len(listed) == 1 else listed


def _with_new_axes(value: Value, count: int, known: KnownDims) -> Dims:
    """Turn the last `count` dimensions into axes where none of them is one.

    This is how a generator or a decoder behind a vector begins: a grid is folded out of numbers and
    then up-sampled. The grid covers what the input covers; an input without such axes gets new
    ones. It has them from where it was folded.
    """
    given = known[value]
    if any(has_axis(dim) for dim in given[-count:]):
        return given
    first = next(iter(known.values()))  # the input's
    made = list(given)
    more = len(first) - len(given)  # as where the steps of a video were counted as images
    for place in range(len(given) - count, len(given)):
        size = size_of(given[place])
        stride = size_of(first[place + more]) / size if more >= 0 else 1.0
        axis = place + more if more >= 0 else FIRST_NEW_AXIS + place
        made[place] = (AxisPart(axis, size, stride),)

    def is_same_grid(other: Value) -> bool:
        return other in known and other.shape[-count:] == value.shape[-count:] != (1,) * count

    for earlier in takewhile(is_same_grid, way_back(value, known.__contains__)):
        known[earlier] = (*known[earlier][:-count], *made[-count:])
    return tuple(made)


def convolution(op: Op, known: KnownDims) -> Dims:
    """Convolution: strides multiply, transposed ones divide; the channels are new."""
    given, out = known[op.arguments["input"]], op.outputs[0].shape
    count = len(op.arguments["weight"].shape) - 2
    strides = _one_per_axis(op.arguments.get("stride"), count)
    if op.arguments.get("transposed"):
        given = _with_new_axes(op.arguments["input"], count, known)
    made = list(without_axes(out))
    made[: len(out) - count - 1] = given[: len(out) - count - 1]
    for i, stride in enumerate(strides):
        place = i - count
        if stride == 1 and size_of(given[place]) == out[place]:
            made[place] = given[place]  # keeps several axes that are flattened into one dimension
        elif op.arguments.get("transposed"):
            made[place] = resized(given[place], out[place], 1 / stride)
        else:
            made[place] = after_window(given[place], out[place], stride)
    return tuple(made)


def pool(op: Op, known: KnownDims) -> Dims:
    """Pooling: strides multiply; a missing stride is the kernel's size, as in torch."""
    given, out = known[op.arguments["self"]], op.outputs[0].shape
    kernel = op.arguments["kernel_size"]
    count = len(kernel) if isinstance(kernel, list | tuple) else 1
    strides = _one_per_axis(op.arguments.get("stride") or kernel, count)
    made = list(given)
    for i, stride in enumerate(strides):
        made[i - count] = after_window(given[i - count], out[i - count], stride)
    return tuple(made)


def resize(op: Op, known: KnownDims) -> Dims:
    """Interpolation, adaptive pooling and unpooling: the sizes say what happens to the stride."""
    given, out = known[op.inputs[0]], op.outputs[0].shape
    if all(1 < size_of(dim) <= size for dim, size in zip(given[2:], out[2:], strict=True)):
        given = _with_new_axes(op.inputs[0], len(given) - 2, known)
    return tuple(
        dim
        if size_of(dim) == size
        else _with_known_stride(_resized_or_global(dim, size), place, known)
        for place, (dim, size) in enumerate(zip(given, out, strict=True))
    )


def _with_known_stride(dim: Dim, place: int, known: KnownDims) -> Dim:
    """Return the dimension with the stride of the last map that had the same size there.

    Both cover the whole image, and the stride computed from two sizes suffers from rounding: 4 of
    14 cells are the result of two halvings, not of a stride of 3.5.
    """
    now = as_one_part(dim)
    for dims in reversed(known.values()):
        if now.axis == NO_AXIS or len(dims) <= place or size_of(dims[place]) != now.size:
            continue
        before = as_one_part(dims[place])
        if before.axis == now.axis and 2 / 3 < before.stride / now.stride < 3 / 2:
            return (AxisPart(before.axis, before.size, before.stride),)
    return dim


def _resized_or_global(dim: Dim, size: int) -> Dim:
    """Resize; a mean over everything, or its copy to every cell of a map, has no axis."""
    before = size_of(dim)
    if min(before, size) == 1 and max(before, size) > LARGEST_LOCAL_REDUCTION:
        return (AxisPart(NO_AXIS, size),)
    return resized(dim, size)


def matrix_product(op: Op, known: KnownDims) -> Dims:
    """Keep the rows of the first and the columns of the second matrix; what is summed is gone.

    There is one exception. Where channels stand beside the summed dimension, a product of a single
    axis with weights is a layer along this axis (as in an MLP-Mixer), and may resize it.
    """
    matrices = [v for v in op.inputs if len(v.shape) >= 2][-2:]
    left, right = (known[v] for v in matrices)
    rows, columns = left[-2], right[-1]
    if not matrices[1].depends_on_input and _is_one_axis(left[-1]) and has_channels(left[:-1]):
        columns = resized(left[-1], size_of(columns))
    if (
        not matrices[0].depends_on_input
        and _is_one_axis(right[-2])
        and has_channels((*right[:-2], columns))
    ):
        rows = resized(right[-2], size_of(rows))
    if all(v.depends_on_input for v in matrices) and _is_coarser(rows, columns):
        # Attention scores of coarse queries over fine keys: weights, and no finer map.
        columns = without_axes([size_of(columns)])[0]
    batch = tuple(a if has_axis(a) else b for a, b in zip(left[:-2], right[:-2], strict=True))
    return (*batch, rows, columns)


def _is_coarser(rows: Dim, columns: Dim) -> bool:
    """Return whether both run along the same axes, the rows with larger strides."""
    here, there = finest_strides((rows,)), finest_strides((columns,))
    return bool(here) and all(axis in there and there[axis] < here[axis] for axis in here)


def _is_one_axis(dim: Dim) -> bool:
    return len({part.axis for part in dim}) == 1 and has_axis(dim)


def pixel_shuffle(op: Op, known: KnownDims) -> Dims:
    """Pixel shuffle: channels become finer positions along the last two dimensions."""
    given, shape = known[op.inputs[0]], op.outputs[0].shape
    made = list(given)
    made[-3] = without_axes([shape[-3]])[0]
    for place in (-2, -1):
        made[place] = resized(given[place], shape[place])
    return tuple(made)


def attention(op: Op, known: KnownDims) -> list[Dims]:
    """Attention: as many results as queries, with the features of the values."""
    query, value = op.inputs[0], op.inputs[2]
    made = (*known[query][:-1], known[value][-1])
    return [made if i == 0 else guessed_from_sizes((), v.shape) for i, v in enumerate(op.outputs)]


def embedding(op: Op, known: KnownDims) -> Dims:
    """Embedding: each whole number becomes a row of features in its place."""
    return (*known[op.arguments["indices"]], without_axes(op.outputs[0].shape[-1:])[0])


def pack(op: Op, known: KnownDims) -> list[Dims]:
    """Pack sequences of several lengths: their steps lie in one dimension, in order of time."""
    given, outputs = known[op.inputs[0]], op.outputs
    steps = cropped_or_padded(given[1 if op.arguments["batch_first"] else 0], outputs[0].shape[0])
    return [(steps, *given[2:]), without_axes(outputs[1].shape)]


def recurrent(op: Op, known: KnownDims) -> list[Dims]:
    """LSTM, GRU, RNN: each step of the sequence becomes a row of features; a state has no axis."""
    made = (*known[op.inputs[0]][:-1], without_axes(op.outputs[0].shape[-1:])[0])
    return [made, *(without_axes(value.shape) for value in op.outputs[1:])]
