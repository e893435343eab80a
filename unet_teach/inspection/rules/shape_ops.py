"""The rules of operations that move, take or join cells and compute nothing with them."""

from __future__ import annotations

from unet_teach.inspection.axes import (
    NO_AXIS,
    AxisPart,
    Dim,
    Dims,
    cropped_or_padded,
    finest_strides,
    guessed_from_sizes,
    has_axis,
    reshaped,
    resized,
    size_of,
    without_axes,
)
from unet_teach.inspection.recording import Op
from unet_teach.inspection.rules import KnownDims


def view(op: Op, known: KnownDims) -> Dims:
    """View, reshape: the same cells in the same order, in other dimensions."""
    return reshaped(known[op.inputs[0]], op.outputs[0].shape)


def permute(op: Op, known: KnownDims) -> Dims:
    """Permute: the same dimensions in another order."""
    given = known[op.inputs[0]]
    return tuple(given[i] for i in op.arguments["dims"])


def transpose(op: Op, known: KnownDims) -> Dims:
    """Transpose: two dimensions change places."""
    made = list(known[op.inputs[0]])
    if len(made) < 2:
        return tuple(made)
    first, second = op.arguments.get("dim0", 0), op.arguments.get("dim1", 1)
    made[first], made[second] = made[second], made[first]
    return tuple(made)


def expand(op: Op, known: KnownDims) -> Dims:
    """Expand: one cell is repeated; a dimension made in this way runs along no axis."""
    given, out = known[op.inputs[0]], op.outputs[0].shape
    new = len(out) - len(given)
    made = list(without_axes(out))
    for i, dim in enumerate(given):
        if size_of(dim) == out[new + i]:
            made[new + i] = dim
    return tuple(made)


def slice_(op: Op, known: KnownDims) -> Dims:
    """Slice: every step-th cell makes a dimension coarser, a crop does not."""
    made = list(known[op.inputs[0]])
    dim, step = op.arguments.get("dim", 0), op.arguments.get("step", 1)
    size = op.outputs[0].shape[dim]
    is_crop = step == 1
    made[dim] = cropped_or_padded(made[dim], size) if is_crop else resized(made[dim], size, step)
    return tuple(made)


def select(op: Op, known: KnownDims) -> Dims:
    """Select: one cell of a dimension is taken, and the dimension is gone with its axis."""
    made = list(known[op.inputs[0]])
    del made[op.arguments.get("dim", 0)]
    return tuple(made)


def take(op: Op, known: KnownDims) -> Dims:
    """Index: positions that lie a step apart make a dimension coarser; a single one is a crop.

    Where the positions are not known, the sizes tell.
    """
    given, shape = known[op.inputs[0]], op.outputs[0].shape
    steps = [v.step for v in op.inputs[1:] if v.step is not None]
    if len(given) != len(shape):
        raise ValueError("an index of several dimensions")
    step = abs(steps[0]) if len(op.inputs) == 2 and steps else None
    return tuple(
        cropped_or_padded(dim, size)
        if size in (1, size_of(dim)) or step == 1
        else resized(dim, size, float(step) if step else None)
        for dim, size in zip(given, shape, strict=True)
    )


def split(op: Op, known: KnownDims) -> list[Dims]:
    """Split: each part is a crop along one dimension."""
    given, dim = known[op.inputs[0]], op.arguments.get("dim", 0)
    made = []
    for value in op.outputs:
        part = list(given)
        part[dim] = cropped_or_padded(part[dim], value.shape[dim])
        made.append(tuple(part))
    return made


def unbind(op: Op, known: KnownDims) -> list[Dims]:
    """Unbind: every cell of a dimension becomes an output of its own."""
    return [select(op, known)] * len(op.outputs)


def unsqueeze(op: Op, known: KnownDims) -> Dims:
    """Unsqueeze: a dimension of size 1 is inserted."""
    made = list(known[op.inputs[0]])
    dim = op.arguments["dim"]
    made.insert(dim if dim >= 0 else len(made) + dim + 1, (AxisPart(NO_AXIS, 1),))
    return tuple(made)


def squeeze(op: Op, known: KnownDims) -> Dims:
    """Squeeze: dimensions of size 1 are removed."""
    given, rank = known[op.inputs[0]], len(op.outputs[0].shape)
    dims = op.arguments.get("dim", range(len(given)))
    places = {d % len(given) for d in ([dims] if isinstance(dims, int) else dims)}
    left = [dim for i, dim in enumerate(given) if i not in places or size_of(dim) != 1]
    return tuple(left) if len(left) == rank else guessed_from_sizes(given, op.outputs[0].shape)


def cat(op: Op, known: KnownDims) -> Dims:
    """Concatenate: the joined dimension grows; each other one is that of an operand with an axis.

    Joined along an axis, it is padded (a grid with a class token); joined along channels, it has
    none.
    """
    shape, dim = op.outputs[0].shape, op.arguments.get("dim", 0)
    operands = [known[v] for v in op.inputs if v in known and len(v.shape) == len(shape)]
    made: list[Dim] = []
    for place, size in enumerate(shape):
        with_axis = [dims[place] for dims in operands if has_axis(dims[place])]
        best = min(with_axis, key=len) if with_axis else (AxisPart(NO_AXIS, size),)
        if place == dim % len(shape):
            best = cropped_or_padded(best, size)
        made.append(best)
    return tuple(made)


def stack(op: Op, known: KnownDims) -> Dims:
    """Stack: a new dimension counts the operands."""
    operands = [known[v] for v in op.inputs if v in known]
    best: Dims = max(operands, key=lambda dims: len(finest_strides(dims)))
    made = list(best)
    place = op.arguments.get("dim", 0)
    rank = len(op.outputs[0].shape)
    made.insert(place % rank, without_axes([len(op.inputs)])[0])
    return tuple(made)


def reduce(op: Op, known: KnownDims) -> Dims:
    """Sum, mean, maximum: the dimensions that are summed over are gone."""
    given, shape = known[op.inputs[0]], op.outputs[0].shape
    dims = op.arguments.get("dim")
    places = range(len(given)) if dims in (None, []) else [dims] if isinstance(dims, int) else dims
    gone = {place % max(len(given), 1) for place in places}
    if len(shape) == len(given):
        return tuple(without_axes([1])[0] if i in gone else dim for i, dim in enumerate(given))
    return tuple(dim for i, dim in enumerate(given) if i not in gone)


def pad(op: Op, known: KnownDims) -> Dims:
    """Pad: cells are added at the ends or, by a negative padding, cut off; the stride stays."""
    given, shape = known[op.inputs[0]], op.outputs[0].shape
    return tuple(map(cropped_or_padded, given, shape))


def write_into(op: Op, known: KnownDims) -> Dims:
    """Write into a part of a tensor, as in `y[:, :, ::2, ::2] = x`.

    An empty tensor has no axes of its own and gets those of what is written. Written into every
    second cell, the result is a finer map: the stride is divided by the step.
    """
    base, part = (known[value] for value in op.inputs)
    if len(base) < len(part):
        return base
    made = list(base)
    part = base[: len(base) - len(part)] + part  # one cell of the first dimensions
    for place, (size, step) in enumerate(
        zip(op.outputs[0].shape, op.arguments["steps"], strict=True)
    ):
        if size_of(part[place]) > size:
            continue
        if has_axis(part[place]) and not has_axis(base[place]):
            finer = resized(part[place], size, 1 / step)
            made[place] = finer if step > 1 else cropped_or_padded(part[place], size)
    return tuple(made)
