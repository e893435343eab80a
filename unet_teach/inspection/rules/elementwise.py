"""The rules of element-wise operations, and of operations that nothing is known about."""

from __future__ import annotations

from unet_teach.inspection.axes import (
    Dim,
    Dims,
    finest_strides,
    guessed_from_sizes,
    has_axis,
    size_of,
    without_axes,
)
from unet_teach.inspection.recording import Op
from unet_teach.inspection.rules import KnownDims


def main_operand(op: Op, known: KnownDims) -> Dims:
    """Return the dimensions of the operand that runs along most axes."""
    operands = _operands(op, known)
    return max(operands, key=lambda dims: len(finest_strides(dims)), default=())


def _operands(op: Op, known: KnownDims) -> list[Dims]:
    """Return the dimensions of the operands with floating-point numbers.

    Masks and positions count only where none of these runs along an axis.
    """
    floating = [known[v] for v in op.inputs if v in known and v.is_floating]
    everything = [known[v] for v in op.inputs if v in known]
    return floating if any(map(finest_strides, floating)) else everything


def unknown_operation(op: Op, known: KnownDims) -> list[Dims]:
    """Guess the dimensions of an operation without a rule from the sizes of its outputs."""
    return [
        _with_channels(op, guessed_from_sizes(main_operand(op, known), value.shape))
        for value in op.outputs
    ]


def _with_channels(op: Op, made: Dims) -> Dims:
    """Read dimension 1 as channels where its size is the number of kernels in the weights.

    The operation is then some kind of convolution, such as torchvision's `deform_conv2d`.
    """
    weights = [v for v in op.inputs if v.is_floating and not v.depends_on_input]
    channels = {v.shape[0] for v in weights if len(v.shape) == len(made) > 2}
    if len(made) > 1 and size_of(made[1]) in channels:
        return (made[0], *without_axes([size_of(made[1])]), *made[2:])
    return made


def broadcast(op: Op, known: KnownDims) -> Dims:
    """Element-wise: each dimension is that of the operand which runs along an axis there.

    Where several do, the one with the fewest parts says most directly what the dimension is.
    """
    shape = op.outputs[0].shape
    operands = _operands(op, known)
    made: list[Dim] = []
    for place in range(1, len(shape) + 1):  # from the last dimension, as broadcasting does
        offers = [dims[-place] for dims in operands if len(dims) >= place]
        fitting = [dim for dim in offers if size_of(dim) == shape[-place]]
        # A dimension of several parts is a flattened map. Where it meets the channels of another
        # map, as in `features * x.flatten(1)[:, :, None, None]`, its numbers serve as features:
        # the result runs along channels there, not along positions.
        fitting = [d for d in fitting if len(d) == 1 or not _meets_channels(d, place, op, known)]
        with_axis = [dim for dim in fitting if has_axis(dim)]
        made.insert(0, min(with_axis or fitting, key=len))
    return tuple(made)


def _meets_channels(dim: Dim, place: int, op: Op, known: KnownDims) -> bool:
    """Return whether another map of the same axes has channels where this one has positions."""
    axes = {part.axis for part in dim if part.axis >= 0}
    others = [known[v] for v in op.inputs if v.depends_on_input and v.is_floating and v in known]
    return any(
        len(dims) >= place
        and size_of(dims[-place]) == size_of(dim) > 1
        and not has_axis(dims[-place])
        and axes & set(finest_strides(dims))
        for dims in others
    )
