"""Tracks which axis of the input each dimension of a tensor runs along, and with which stride.

A dimension is a tuple of parts, outermost first; its size is the product of theirs. A part says
which axis of the input it runs along, how many positions it has, and its *stride*: how many input
cells lie between two neighbouring positions. A strided layer multiplies the stride, up-sampling
divides it, and a crop changes only the size.

An example: the width of an input of 8 columns is (axis 3, size 8, stride 1). Viewed as 4×2, it
becomes (axis 3, size 4, stride 2) and (axis 3, size 2, stride 1). A linear layer that mixes the
inner part into the channels leaves stride 2. This is why patch merging needs no rule of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# A window that leaves one cell of more than this many strides has seen everything, like a global
# pool. Up to there it is local: a bottleneck of one cell, which a last halving leaves of two or a
# quartering of four, is still a feature map.
LARGEST_LOCAL_REDUCTION = 4
NO_AXIS = -1  # channels, weights, and whatever has been mixed
EXTRA_CELLS = -2  # cells in addition to a flattened grid, such as a class token
FIRST_NEW_AXIS = 100  # axes that the input does not have, as of a grid folded out of a vector


class AxisPart(NamedTuple):
    """A part of a dimension; the stride is in input cells along the axis."""

    axis: int
    size: int
    stride: float = 1.0


Dim = tuple[AxisPart, ...]
Dims = tuple[Dim, ...]


def without_axes(shape: Iterable[int]) -> Dims:
    """Return dimensions of these sizes that run along no axis of the input."""
    return tuple((AxisPart(NO_AXIS, size),) for size in shape)


def input_dims(shape: Sequence[int]) -> Dims:
    """Return the dimensions of the input itself: each is an axis with stride 1."""
    return tuple((AxisPart(axis, size),) for axis, size in enumerate(shape))


def finest_strides(dims: Dims) -> dict[int, float]:
    """Return the smallest stride along each axis that these dimensions still run along."""
    found: dict[int, float] = {}
    for part in (part for dim in dims for part in dim if part.axis >= 0):
        found[part.axis] = min(found.get(part.axis, part.stride), part.stride)
    return found


def pixel_shuffled(dims: Dims) -> Dims:
    """Count channels that are folded inside an axis as finer positions along it.

    This is what a pixel shuffle means: channels between the columns of a map make it larger. A map
    that is flattened together with all its channels is not larger, because no channels are left.
    """
    made: list[Dim] = []
    for place, dim in enumerate(dims):
        if len(dim) == 1:
            made.append(dim)
            continue
        others = (*dims[:place], *dims[place + 1 :])
        is_elsewhere = any(part.axis == dim[0].axis for other in others for part in other)
        is_map = (dim[0].axis == place or has_channels(others)) and not is_elsewhere
        made.append(_with_finer_positions(dim) if is_map else dim)
    return tuple(made)


def _with_finer_positions(dim: Dim) -> Dim:
    pairs = list(zip(dim[::2], dim[1::2], strict=False))
    if len(dim) % 2 or any(a.axis < 0 or b.axis != NO_AXIS for a, b in pairs):
        return dim
    return tuple(AxisPart(a.axis, a.size * b.size, a.stride / b.size) for a, b in pairs)


def fits_shape(dims: Dims, shape: Sequence[int]) -> bool:
    """Return whether a tensor of this shape can have these dimensions."""
    return len(dims) == len(shape) and all(
        size_of(dim) == size for dim, size in zip(dims, shape, strict=True)
    )


def size_of(dim: Dim) -> int:
    """Return the size of a dimension."""
    extra = sum(part.size for part in dim if part.axis == EXTRA_CELLS)
    return math.prod(part.size for part in dim if part.axis != EXTRA_CELLS) + extra


def has_axis(dim: Dim) -> bool:
    """Return whether a dimension runs along an axis of the input."""
    return any(part.axis >= 0 for part in dim)


def has_channels(dims: Iterable[Dim]) -> bool:
    """Return whether something without an axis, such as channels, is among these dimensions."""
    return any(part.axis == NO_AXIS and part.size > 1 for dim in dims for part in dim)


def cropped_or_padded(dim: Dim, size: int) -> Dim:
    """Change the size of a dimension at its ends, which keeps the stride.

    Where several axes are flattened into the dimension, no axis can be said to grow: what was
    added, such as a class token, is kept as extra cells.
    """
    if size_of(dim) == size:
        return dim
    if len({part.axis for part in dim if part.axis >= 0}) <= 1:
        return resized(dim, size, 1.0)
    grid = tuple(part for part in dim if part.axis != EXTRA_CELLS)
    extra = size - size_of(grid)
    return (*grid, AxisPart(EXTRA_CELLS, extra)) if extra else grid


def as_one_part(dim: Dim) -> AxisPart:
    """Return a dimension as a single part; positions inside its axis make the stride smaller."""
    parts = [part for part in dim if part.axis >= 0]
    size = size_of(dim)
    if not parts or any(part.axis != parts[0].axis for part in parts):
        return AxisPart(NO_AXIS, size)  # two axes in one dimension: it runs along neither
    inside = size_of(dim[dim.index(parts[0]) + 1 :])
    return AxisPart(parts[0].axis, size, parts[0].stride / inside)


def resized(dim: Dim, size: int, scale: float | None = None) -> Dim:
    """Return the dimension with another size.

    Args:
        dim: before.
        size: after.
        scale: what the stride is multiplied by; by default what the two sizes suggest.
    """
    part = as_one_part(dim)
    if part.axis == NO_AXIS:
        return (AxisPart(NO_AXIS, size),)
    return (AxisPart(part.axis, size, part.stride * (scale or stride_scale(part.size, size))),)


def stride_scale(before: int, after: int) -> float:
    """Return what a change of size multiplies the stride by.

    Sizes that are one off a whole multiple count as one, because layers round: 13 → 25 and 13 → 26
    both halve the stride, and 25 → 12 and 25 → 13 both double it.
    """
    small, large = sorted((before, after))
    if small < 1:
        return 1.0
    whole = round(large / small)
    is_near = (small - 1) * whole < large < (small + 1) * whole
    ratio = float(whole) if is_near and large - small > 1 else large / small
    return ratio if before > after else 1 / ratio


def after_window(dim: Dim, size: int, stride: int) -> Dim:
    """Return the dimension after a window, such as a kernel, has moved over it by `stride`.

    A window that leaves one cell of a large map has seen everything: no axis is left.
    """
    if size == 1 and size_of(dim) > LARGEST_LOCAL_REDUCTION * stride:
        return (AxisPart(NO_AXIS, 1),)
    return resized(dim, size, float(stride))


def reshaped(dims: Dims, shape: Sequence[int]) -> Dims:
    """Return the dimensions after a view or reshape: the same cells in the same order.

    Both shapes list the same cells in row-major order, so the parts of all dimensions in a row are
    dealt out again: each new dimension takes parts until its size is reached. A part that is larger
    than what is left of the dimension is split, and its inner rest goes to the next dimension. The
    outer half of a split covers `inner` cells in one step, so its stride grows by that number.

    Raises:
        ValueError: where a part would have to be cut at a size that does not divide it, or where
            extra cells lie between the parts.
    """
    left = [part for dim in dims for part in dim if part != AxisPart(NO_AXIS, 1)]
    if any(part.axis == EXTRA_CELLS for part in left):
        raise ValueError("a grid with extra cells cannot be folded")
    left.reverse()  # the next part is the last, and pop() takes it
    made = []
    for size in shape:
        taken: list[AxisPart] = []
        missing = size
        # An axis of size 1 fills no dimension. It goes to the next dimension of size 1, so that
        # (1, C, H, W) keeps the axis of its batch.
        while left and (missing > 1 or left[-1].size == size == 1):
            part = left.pop()
            if missing % part.size == 0:
                taken.append(part)
                missing //= part.size
            elif part.size % missing == 0:
                inner = part.size // missing
                taken.append(AxisPart(part.axis, missing, part.stride * inner))
                left.append(AxisPart(part.axis, inner, part.stride))
                missing = 1
            else:
                raise ValueError("these sizes have no common factor to fold at")
        made.append(_merge_neighbours(taken) if taken else (AxisPart(NO_AXIS, 1),))
    return tuple(made)


def _merge_neighbours(parts: Iterable[AxisPart]) -> Dim:
    """Join neighbours that continue each other along one axis."""
    found: list[AxisPart] = []
    for part in parts:
        if found and found[-1].axis == part.axis:
            last = found[-1]
            if part.axis == NO_AXIS or abs(last.stride - part.stride * part.size) < 1e-6:
                stride = 1.0 if part.axis == NO_AXIS else part.stride
                found[-1] = AxisPart(part.axis, last.size * part.size, stride)
                continue
        found.append(part)
    return tuple(found)


def guessed_from_sizes(dims: Dims, shape: Sequence[int]) -> Dims:
    """Guess dimensions where nothing is known of an operation but the shape of its result.

    With the same rank, each dimension keeps its place and is resized. With another rank, only
    dimensions of equal size are kept, in their order.
    """
    if len(dims) == len(shape):
        return tuple(
            dim if size_of(dim) == size else resized(dim, size)
            for dim, size in zip(dims, shape, strict=True)
        )
    left = list(dims)
    made: list[Dim] = []
    for size in shape:
        found = next((dim for dim in left if size_of(dim) == size and size > 1), None)
        if found is not None:
            del left[: left.index(found) + 1]
        made.append(found or (AxisPart(NO_AXIS, size),))
    return tuple(made)
