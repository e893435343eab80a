"""The rules of overlapping windows, of `as_strided`, and of Fourier transforms."""

from __future__ import annotations

import math

from unet_teach.inspection.axes import (
    NO_AXIS,
    AxisPart,
    Dim,
    Dims,
    as_one_part,
    finest_strides,
    resized,
    size_of,
    stride_scale,
    without_axes,
)
from unet_teach.inspection.recording import Op
from unet_teach.inspection.rules import KnownDims
from unet_teach.inspection.rules.shape_ops import pad


def unfold(op: Op, known: KnownDims) -> Dims:
    """Tensor.unfold: windows of `size` cells, `step` cells apart, in a new last dimension."""
    made = list(known[op.inputs[0]])
    dim, step = op.arguments["dimension"] % len(made), op.arguments["step"]
    part = as_one_part(made[dim])
    made.append((AxisPart(part.axis, op.arguments["size"], part.stride),))
    made[dim] = resized(made[dim], op.outputs[0].shape[dim], float(step))
    return tuple(made)


def unfold_backward(op: Op, known: KnownDims) -> Dims:
    """The inverse of `unfold`: windows `step` cells apart are added where they overlap."""
    given, size = known[op.inputs[0]], op.outputs[0].shape
    made = list(given[:-1])
    dim = op.arguments["dim"] % len(made)
    made[dim] = resized(made[dim], size[dim], 1 / op.arguments["step"])
    return tuple(made)


def as_strided(op: Op, known: KnownDims) -> Dims:
    """as_strided: a dimension runs along the axis whose cells its memory stride is a multiple of.

    The memory stride of a contiguous tensor along dimension i is the product of the sizes behind
    i. A new dimension that moves by k times as much takes every k-th cell of it.
    """
    given, before = known[op.inputs[0]], op.inputs[0].shape
    memory_strides = [math.prod(before[place + 1 :]) for place in range(len(before))]
    made: list[Dim] = []
    for size, step in zip(op.arguments["size"], op.arguments["stride"], strict=True):
        place = next((i for i, stride in enumerate(memory_strides) if stride <= step), None)
        if (
            place is None
            or step % memory_strides[place]
            or as_one_part(given[place]).axis == NO_AXIS
        ):
            made.append((AxisPart(NO_AXIS, size),))
        else:
            part = as_one_part(given[place])
            made.append((AxisPart(part.axis, size, part.stride * (step // memory_strides[place])),))
    return tuple(made)


def im2col(op: Op, known: KnownDims) -> Dims:
    """F.unfold: (N, C, H, W) to (N, C·k·k, L), windows a stride apart in one dimension."""
    batch, channels, height, width = known[op.inputs[0]]
    (kh, kw), (sh, sw) = op.arguments["kernel_size"], op.arguments["stride"]
    (ph, pw), (dh, dw) = op.arguments["padding"], op.arguments["dilation"]
    rows = (size_of(height) + 2 * ph - dh * (kh - 1) - 1) // sh + 1
    columns = (size_of(width) + 2 * pw - dw * (kw - 1) - 1) // sw + 1
    inner = (*channels, AxisPart(as_one_part(height).axis, kh, as_one_part(height).stride))
    inner = (*inner, AxisPart(as_one_part(width).axis, kw, as_one_part(width).stride))
    places = (*resized(height, rows, float(sh)), *resized(width, columns, float(sw)))
    return (batch, inner, places)


def col2im(op: Op, known: KnownDims) -> Dims:
    """F.fold, the inverse: (N, C·k·k, L) to (N, C, H, W), strides divided by the window's."""
    given, shape = known[op.inputs[0]], op.outputs[0].shape
    made = list(without_axes(shape))
    made[0] = given[0]
    strides = op.arguments["stride"]
    parts = [part for part in given[2] if part.axis != NO_AXIS]
    for i, (part, stride) in enumerate(zip(parts, strides, strict=True)):
        made[2 + i] = (AxisPart(part.axis, shape[2 + i], part.stride / stride),)
    return tuple(made)


def inverse_fft(op: Op, known: KnownDims) -> Dims:
    """Inverse Fourier transform: the positions asked for share the whole axis of the input."""
    if op.arguments.get("forward"):
        return pad(op, known)
    input_sizes = {part.axis: part.size for dim in next(iter(known.values())) for part in dim}
    made = list(pad(op, known))
    for place in op.arguments["dim"]:
        part = as_one_part(made[place])
        others = (*made[: place % len(made)], *made[place % len(made) + 1 :])
        # An axis that is also in another dimension is cut into windows, and this is one of them.
        if part.axis in input_sizes and part.axis not in finest_strides(others):
            stride = stride_scale(input_sizes[part.axis], part.size)
            made[place] = (AxisPart(part.axis, part.size, stride),)
    return tuple(made)
