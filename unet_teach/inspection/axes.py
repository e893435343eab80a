"""The algebra of dimensions: which axis of the input each walks along, and how coarsely.

A dimension is a tuple of factors, outermost first. A factor says which axis of the input it walks
along, how many steps it has, and its *pitch*: how many input cells one step is. A stride multiplies
the pitch, up-sampling divides it, a crop changes the size alone. Folding 8 columns into 4×2 splits
a factor of pitch 1 into one of pitch 2 and one of pitch 1; a layer that mixes the inner one into
the channels leaves pitch 2 behind: so patch merging needs no rule of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# One cell left of more than four steps' worth is a look at everything at once, as by a global pool.
# A bottleneck of one cell, which a last halving leaves of two or a quartering of four, is a map.
FAR = 4
NO_AXIS = -1  # channels, weights, what has been mixed
NEW = 100  # and above: axes that the input does not have, of a grid folded out of a vector
BESIDE = -2  # cells beside a grid folded into one dimension, such as a class token


class Factor(NamedTuple):
    """A part of a dimension; pitch is in input cells along the axis."""

    axis: int
    size: int
    pitch: float = 1.0


Dim = tuple[Factor, ...]
Dims = tuple[Dim, ...]


def plain(shape: Iterable[int]) -> Dims:
    """Dimensions that walk along no axis."""
    return tuple((Factor(NO_AXIS, size),) for size in shape)


def along(shape: Sequence[int], first_axis: int = 0) -> Dims:
    """The input's own dimensions: each is an axis, at pitch 1."""
    return tuple((Factor(first_axis + i, size),) for i, size in enumerate(shape))


def pitches(dims: Dims) -> dict[int, float]:
    """The finest pitch along each axis that is still there."""
    found: dict[int, float] = {}
    for factor in (f for dim in dims for f in dim if f.axis >= 0):
        found[factor.axis] = min(found.get(factor.axis, factor.pitch), factor.pitch)
    return found


def spread_out(dims: Dims) -> Dims:
    """Read steps without an axis that lie inside an axis as finer steps of it.

    Channels folded in between the columns of a map make it larger, as a pixel shuffle does; a map
    that is flattened together with its channels is no larger map: there, no channels are left.
    """
    made: list[Dim] = []
    for place, dim in enumerate(dims):
        if len(dim) == 1:
            made.append(dim)
            continue
        others = (*dims[:place], *dims[place + 1 :])
        is_elsewhere = any(factor.axis == dim[0].axis for other in others for factor in other)
        stays = (dim[0].axis == place or has_channels(others)) and not is_elsewhere
        made.append(_spread(dim) if stays else dim)
    return tuple(made)


def _spread(dim: Dim) -> Dim:
    pairs = list(zip(dim[::2], dim[1::2], strict=False))
    if len(dim) % 2 or any(a.axis < 0 or b.axis != NO_AXIS for a, b in pairs):
        return dim
    return tuple(Factor(a.axis, a.size * b.size, a.pitch / b.size) for a, b in pairs)


def fits(dims: Dims, shape: Sequence[int]) -> bool:
    """Whether these dimensions can be those of a tensor of this shape."""
    return len(dims) == len(shape) and all(
        steps_of(dim) == size for dim, size in zip(dims, shape, strict=True)
    )


def steps_of(dim: Dim) -> int:
    """The size of a dimension."""
    beside = sum(factor.size for factor in dim if factor.axis == BESIDE)
    return math.prod(factor.size for factor in dim if factor.axis != BESIDE) + beside


def walks(dim: Dim) -> bool:
    """Whether it walks along an axis of the input."""
    return any(factor.axis >= 0 for factor in dim)


def lengthened(dim: Dim, size: int) -> Dim:
    """A crop, or cells added at an end: the pitch stays; beside a folded grid, it is said."""
    if is_single(dim):
        return resized(dim, size, 1.0)
    grid = tuple(factor for factor in dim if factor.axis != BESIDE)
    beside = size - steps_of(grid)
    return (*grid, Factor(BESIDE, beside)) if beside else grid


def one(dim: Dim) -> Factor:
    """The dimension as a single factor: along its axis, the steps inside it make it finer."""
    factors = [factor for factor in dim if factor.axis >= 0]
    size = steps_of(dim)
    if not factors:
        return Factor(NO_AXIS, size)
    outer = factors[0]
    if any(factor.axis != outer.axis for factor in factors):
        return Factor(NO_AXIS, size)  # two axes in one: neither can be walked along
    inside = steps_of(dim[dim.index(outer) + 1 :])
    return Factor(outer.axis, size, outer.pitch / inside)


def resized(dim: Dim, size: int, scale: float | None = None) -> Dim:
    """The dimension with another size, its pitch grown by `scale`, or as the sizes say."""
    factor = one(dim)
    if factor.axis == NO_AXIS:
        return (Factor(NO_AXIS, size),)
    return (Factor(factor.axis, size, factor.pitch * (scale or ratio(factor.size, size))),)


def ratio(before: int, after: int) -> float:
    """How much coarser: 13 → 25 and 13 → 26 both halve the pitch, 25 → 12 and 25 → 13 double it."""
    small, large = sorted((before, after))
    if small < 1:
        return 1.0
    whole = round(large / small)
    near = (small - 1) * whole < large < (small + 1) * whole
    ratio = float(whole) if near and large - small > 1 else large / small
    return ratio if before > after else 1 / ratio


def shrunk(dim: Dim, size: int, stride: int) -> Dim:
    """What a window leaves that moves by `stride`; one that saw everything leaves no axis."""
    before = steps_of(dim)
    if size == 1 and before > FAR * stride:
        return (Factor(NO_AXIS, 1),)
    return resized(dim, size, float(stride))


def _merged(factors: Iterable[Factor]) -> Dim:
    """Neighbours that are one axis again become one factor; factors of one step vanish."""
    found: list[Factor] = []
    for factor in factors:
        if found and found[-1].axis == factor.axis:
            last = found[-1]
            if factor.axis == NO_AXIS or abs(last.pitch - factor.pitch * factor.size) < 1e-6:
                pitch = 1.0 if factor.axis == NO_AXIS else factor.pitch
                found[-1] = Factor(factor.axis, last.size * factor.size, pitch)
                continue
        if factor.size != 1 or factor.axis != NO_AXIS:
            found.append(factor)
    return tuple(found) or (Factor(NO_AXIS, 1),)


def refolded(dims: Dims, shape: Sequence[int]) -> Dims:
    """The same cells in the same order, folded into other dimensions."""
    left = [factor for dim in dims for factor in dim if factor != Factor(NO_AXIS, 1)]
    if any(factor.axis == BESIDE for factor in left):
        raise ValueError("a grid with cells beside it is not folded")
    left.reverse()
    made = []
    for size in shape:
        taken: list[Factor] = []
        wanted = size
        while left and (wanted > 1 or (left[-1].size == 1 and _next_is_needed_here(left, size))):
            factor = left.pop()
            if wanted % factor.size == 0:
                taken.append(factor)
                wanted //= factor.size
            elif factor.size % wanted == 0:
                inner = factor.size // wanted
                taken.append(Factor(factor.axis, wanted, factor.pitch * inner))
                left.append(Factor(factor.axis, inner, factor.pitch))
                wanted = 1
            else:
                raise ValueError("these sizes share no fold")
        made.append(_merged(taken) if taken else (Factor(NO_AXIS, 1),))
    return tuple(made)


def _next_is_needed_here(left: list[Factor], size: int) -> bool:
    return size == 1 and left[-1].axis != NO_AXIS


def matching(dims: Dims, shape: Sequence[int]) -> Dims:
    """Where nothing is known of an operation: dimensions keep their place, resized where they are.

    Seen from the end, as broadcasting does; with another rank, only equal sizes are kept.
    """
    if len(dims) == len(shape):
        return tuple(
            dim if steps_of(dim) == size else resized(dim, size)
            for dim, size in zip(dims, shape, strict=True)
        )
    left = list(dims)
    made: list[Dim] = []
    for size in shape:
        found = next((dim for dim in left if steps_of(dim) == size and size > 1), None)
        if found is not None:
            del left[: left.index(found) + 1]
        made.append(found or (Factor(NO_AXIS, size),))
    return tuple(made)


def is_single(dim: Dim) -> bool:
    """Whether it walks along one axis at most."""
    return len({factor.axis for factor in dim if factor.axis >= 0}) <= 1


def has_channels(dims: Iterable[Dim]) -> bool:
    """Whether something without an axis stands among these dimensions."""
    return any(f.axis == NO_AXIS and f.size > 1 for dim in dims for f in dim)
