"""The rules of windows that overlap, of steps through memory, and of Fourier transforms."""

from __future__ import annotations

import math

from unet_teach.inspection.axes import (
    NO_AXIS,
    Dim,
    Dims,
    Factor,
    one,
    pitches,
    plain,
    ratio,
    resized,
    steps_of,
)
from unet_teach.inspection.recorder import Op
from unet_teach.inspection.rules.shape_ops import Known, padded


def unfold(op: Op, known: Known) -> Dims:
    """Tensor.unfold: windows of `size` along a dimension, a step apart, in a new last dimension."""
    made = list(known[op.inputs[0]])
    dim, step = op.arguments["dimension"] % len(made), op.arguments["step"]
    factor = one(made[dim])
    made.append((Factor(factor.axis, op.arguments["size"], factor.pitch),))
    made[dim] = resized(made[dim], op.outputs[0].shape[dim], float(step))
    return tuple(made)


def overlap_added(op: Op, known: Known) -> Dims:
    """The way back from windows: added up where they overlap, a step apart."""
    given, size = known[op.inputs[0]], op.outputs[0].shape
    made = list(given[:-1])
    dim = op.arguments["dim"] % len(made)
    made[dim] = resized(made[dim], size[dim], 1 / op.arguments["step"])
    return tuple(made)


def as_strided(op: Op, known: Known) -> Dims:
    """Steps through memory: a dimension walks where a step of it lands, so many cells apart."""
    given, before = known[op.inputs[0]], op.inputs[0].shape
    cells = [math.prod(before[place + 1 :]) for place in range(len(before))]
    made: list[Dim] = []
    for size, step in zip(op.arguments["size"], op.arguments["stride"], strict=True):
        place = next((i for i, cell in enumerate(cells) if cell <= step), None)
        if place is None or step % cells[place] or one(given[place]).axis == NO_AXIS:
            made.append((Factor(NO_AXIS, size),))
        else:
            factor = one(given[place])
            made.append((Factor(factor.axis, size, factor.pitch * (step // cells[place])),))
    return tuple(made)


def windows(op: Op, known: Known) -> Dims:
    """F.unfold: (N, C, H, W) to (N, C·k·k, L): windows a stride apart, in one dimension."""
    batch, channels, height, width = known[op.inputs[0]]
    (kh, kw), (sh, sw) = op.arguments["kernel_size"], op.arguments["stride"]
    (ph, pw), (dh, dw) = op.arguments["padding"], op.arguments["dilation"]
    rows = (steps_of(height) + 2 * ph - dh * (kh - 1) - 1) // sh + 1
    columns = (steps_of(width) + 2 * pw - dw * (kw - 1) - 1) // sw + 1
    inner = (*channels, Factor(one(height).axis, kh, one(height).pitch))
    inner = (*inner, Factor(one(width).axis, kw, one(width).pitch))
    places = (*resized(height, rows, float(sh)), *resized(width, columns, float(sw)))
    return (batch, inner, places)


def windows_added(op: Op, known: Known) -> Dims:
    """F.fold: the way back; the finest steps along an axis are those of the map."""
    given, shape = known[op.inputs[0]], op.outputs[0].shape
    made = list(plain(shape))
    made[0] = given[0]
    strides = op.arguments["stride"]
    axes = [factor for factor in given[2] if factor.axis != NO_AXIS]
    for i, (factor, stride) in enumerate(zip(axes, strides, strict=True)):
        made[2 + i] = (Factor(factor.axis, shape[2 + i], factor.pitch / stride),)
    return tuple(made)


def spectrum(op: Op, known: Known) -> Dims:
    """A Fourier transform: frequencies stand for places. Their pitch is kept until the way back."""
    return padded(op, known)


def from_spectrum(op: Op, known: Known) -> Dims:
    """The way back: as many steps as asked for share the whole of the axis."""
    if op.arguments.get("forward"):
        return spectrum(op, known)
    sizes = {f.axis: f.size for dim in next(iter(known.values())) for f in dim}  # of the input
    made = list(spectrum(op, known))
    for place in op.arguments["dim"]:
        factor = one(made[place])
        others = (*made[: place % len(made)], *made[place % len(made) + 1 :])
        if factor.axis in sizes and factor.axis not in pitches(others):  # else it is one window
            whole = ratio(sizes[factor.axis], factor.size)
            made[place] = (Factor(factor.axis, factor.size, whole),)
    return tuple(made)
