"""The rules of operations that move, take or join cells, and compute nothing with them."""

from __future__ import annotations

from unet_teach.inspection.axes import (
    NO_AXIS,
    Dim,
    Dims,
    Factor,
    lengthened,
    matching,
    pitches,
    plain,
    refolded,
    resized,
    steps_of,
    walks,
)
from unet_teach.inspection.recorder import Op, Value

Known = dict[Value, Dims]


def view(op: Op, known: Known) -> Dims:
    """The same cells in the same order, folded anew."""
    return refolded(known[op.inputs[0]], op.outputs[0].shape)


def permute(op: Op, known: Known) -> Dims:
    """Dimensions in another order."""
    given = known[op.inputs[0]]
    return tuple(given[i] for i in op.arguments["dims"])


def transpose(op: Op, known: Known) -> Dims:
    """Two dimensions change places."""
    made = list(known[op.inputs[0]])
    if len(made) < 2:
        return tuple(made)
    one_, two = op.arguments.get("dim0", 0), op.arguments.get("dim1", 1)
    made[one_], made[two] = made[two], made[one_]
    return tuple(made)


def expand(op: Op, known: Known) -> Dims:
    """One cell stands for many; a dimension that is made so walks along nothing."""
    given, out = known[op.inputs[0]], op.outputs[0].shape
    new = len(out) - len(given)
    made = list(plain(out))
    for i, dim in enumerate(given):
        if steps_of(dim) == out[new + i]:
            made[new + i] = dim
    return tuple(made)


def sliced(op: Op, known: Known) -> Dims:
    """A part of a dimension: every step-th cell makes it coarser, a crop does not."""
    made = list(known[op.inputs[0]])
    dim, step = op.arguments.get("dim", 0), op.arguments.get("step", 1)
    size = op.outputs[0].shape[dim]
    if step != 1:
        made[dim] = resized(made[dim], size, float(step))
    elif steps_of(made[dim]) != size:
        made[dim] = lengthened(made[dim], size)
    return tuple(made)


def selected(op: Op, known: Known) -> Dims:
    """One cell of a dimension is taken: it is gone, and with it what it walked along."""
    made = list(known[op.inputs[0]])
    del made[op.arguments.get("dim", 0)]
    return tuple(made)


def split(op: Op, known: Known) -> list[Dims]:
    """Parts of a dimension, as crops."""
    given, dim = known[op.inputs[0]], op.arguments.get("dim", 0)
    made = []
    for value in op.outputs:
        part = list(given)
        if steps_of(part[dim]) != value.shape[dim]:
            part[dim] = lengthened(part[dim], value.shape[dim])
        made.append(tuple(part))
    return made


def unbind(op: Op, known: Known) -> list[Dims]:
    """Each cell of a dimension by itself."""
    return [selected(op, known)] * len(op.outputs)


def unsqueeze(op: Op, known: Known) -> Dims:
    """A dimension of one cell is put in."""
    made = list(known[op.inputs[0]])
    dim = op.arguments["dim"]
    made.insert(dim if dim >= 0 else len(made) + dim + 1, (Factor(NO_AXIS, 1),))
    return tuple(made)


def squeeze(op: Op, known: Known) -> Dims:
    """Dimensions of one cell are taken out."""
    given, rank = known[op.inputs[0]], len(op.outputs[0].shape)
    dims = op.arguments.get("dim", range(len(given)))
    places = {d % len(given) for d in ([dims] if isinstance(dims, int) else dims)}
    left = [dim for i, dim in enumerate(given) if i not in places or steps_of(dim) != 1]
    return tuple(left) if len(left) == rank else matching(given, op.outputs[0].shape)


def cat(op: Op, known: Known) -> Dims:
    """Laid one after the other along a dimension; each other one is that which knows its axis."""
    shape, dim = op.outputs[0].shape, op.arguments.get("dim", 0)
    parts = [known[v] for v in op.inputs if v in known and len(v.shape) == len(shape)]
    made: list[Dim] = []
    for place, size in enumerate(shape):
        offers = [dims[place] for dims in parts]
        walking = [o for o in offers if walks(o)]
        best = min(walking, key=len) if walking else (Factor(NO_AXIS, size),)
        if place == dim % len(shape):
            best = lengthened(best, size) if walking else plain([size])[0]
        made.append(best)
    return tuple(made)


def stack(op: Op, known: Known) -> Dims:
    """Laid along a new dimension."""
    dims = list(_broadcast_like(op, known))
    place = op.arguments.get("dim", 0)
    rank = len(op.outputs[0].shape)
    dims.insert(place % rank, plain([len(op.inputs)])[0])
    return tuple(dims)


def _broadcast_like(op: Op, known: Known) -> Dims:
    return max((known[v] for v in op.inputs if v in known), key=lambda d: len(pitches(d)))


def reduced(op: Op, known: Known) -> Dims:
    """What is summed over is gone."""
    given, shape = known[op.inputs[0]], op.outputs[0].shape
    dims = op.arguments.get("dim")
    places = range(len(given)) if dims in (None, []) else [dims] if isinstance(dims, int) else dims
    gone = {place % max(len(given), 1) for place in places}
    if len(shape) == len(given):
        return tuple(plain([1])[0] if i in gone else dim for i, dim in enumerate(given))
    return tuple(dim for i, dim in enumerate(given) if i not in gone)


def padded(op: Op, known: Known) -> Dims:
    """Cells are added at the ends or, by a negative padding, cut off: the pitch stays."""
    given, shape = known[op.inputs[0]], op.outputs[0].shape
    return tuple(
        dim if steps_of(dim) == size else lengthened(dim, size)
        for dim, size in zip(given, shape, strict=True)
    )


def written(op: Op, known: Known) -> Dims:
    """What is written into a part of an empty tensor brings its axes along.

    Written into every second cell, it makes a finer map.
    """
    base, part = (known[value] for value in op.inputs)
    if len(base) < len(part):
        return base
    made = list(base)
    part = base[: len(base) - len(part)] + part  # one cell of the first dimensions
    for place, (size, step) in enumerate(
        zip(op.outputs[0].shape, op.arguments["steps"], strict=True)
    ):
        if steps_of(part[place]) > size:
            continue
        if walks(part[place]) and not walks(base[place]):
            spread = resized(part[place], size, 1 / step)
            made[place] = spread if step > 1 else lengthened(part[place], size)
    return tuple(made)
