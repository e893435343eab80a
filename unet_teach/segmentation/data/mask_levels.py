"""Tells labels from values between two levels (soft edges, noise), and cuts the latter at half."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]  # of any dtype
Mask = NDArray[np.bool_]
FEWEST_BLENDS = 8  # different values at the soft edges of labels
FEW_LABELS = 8  # different values of a mask in which thin outlines are labels
FEWEST_GREYS = 8  # different values in a photo
FAINT = 0.1  # fraction of the range: single pixels below it can be the noise of a JPEG
GRAIN = 8  # values of 8 bits: a range up to this is noise, or labels
SMALLEST_PATCHES = 0.003  # fraction of a mask's even pixels, of a label
LEVELS_APART = 2  # values of 8 bits: nearer ones are one level of a JPEG
LEAST_GRAIN = 0.1  # fraction of the pixels of no level that are extremes, in what was a JPEG
SMALLEST_PROBABILITY = 0.05  # a mask of floats that stays below it is empty


def are_labels(codes: Values, levels: Values) -> bool:
    """Return whether the values of a mask are exact labels, not soft edges or noise.

    The most frequent values of the lower and of the upper half are the two levels of a mask that
    holds no labels. What remains is labels if most of it lies in patches of equal values, or
    borders sharply on the lower level. As the edges of labels can be soft, a few pixels amidst
    equal ones are enough if they are far from both levels. A blurred edge rises from pixel to
    pixel, and noise changes everywhere. Of few values, a thin outline is a label as well, unless
    its value is between the two levels as that of a soft edge is.

    Args:
        codes: (H, W), one number for each label or colour.
        levels: (H, W), how far each pixel is from the background; codes, for a grey mask.
    """
    if len(np.unique(codes)) <= 2:
        return True
    low, high = float(levels.min()), float(levels.max())
    share = (levels.astype(np.float32) - low) / max(high - low, 1e-12)
    bottom = _most_frequent(codes[share < 0.5])
    top = _most_frequent(codes[share >= 0.5])
    others = (codes != bottom) & (codes != top)
    sharp = _everywhere_around(codes, lambda near, own: (near == own) | (near == bottom))
    solid = _in_equal_squares(codes)
    exact = solid | (sharp & (share > FAINT))
    far = others & (share > FAINT) & (np.abs(share - share[codes == top][0]) > FAINT)
    if len(np.unique(codes)) <= FEW_LABELS and solid.mean() > 0.5:
        bounds = share[codes == bottom][0], share[codes == top][0]
        between = (min(bounds) < share[others]) & (share[others] < max(bounds))
        is_narrow = levels.dtype.kind != "f" and high - low <= GRAIN
        if (is_narrow or between.mean() < 0.5) and _in_lines(codes)[others].mean() > 0.5:
            return True
    inside = solid & _everywhere_around(codes, lambda near, own: near == own)
    return bool(exact[others].mean() > 0.5 or inside[far].sum() > 0.05 * far.sum())


def damaged_labels(levels: Values, *, lossy: bool) -> list[int]:
    """Return the levels of labels that a JPEG has damaged, or [] if a mask holds none.

    Each of at least three levels has patches of equal values, and many of the other pixels are
    darker or brighter than all their neighbours, as grain is; at soft edges they are between
    these. A mask of two levels is none of labels: it can be cut at half.

    Args:
        levels: (H, W), from 0 (background) on.
        lossy: whether the file is a JPEG. It may also have been one, and was then saved as PNG.
    """
    if levels.dtype.kind == "f" or levels.min() < 0 or levels.max() > 255:
        return []
    values = levels.astype(np.int32)
    even = _everywhere_around(values, lambda near, own: near == own) & _in_equal_squares(values)
    counts = np.bincount(values[even], minlength=256)
    found = np.flatnonzero(counts > SMALLEST_PATCHES * even.sum())
    groups = np.split(found, np.flatnonzero(np.diff(found) > LEVELS_APART) + 1)
    peaks = [int(group[counts[group].argmax()]) for group in groups if len(group)]
    if lossy and values.max() <= GRAIN and len(found) > 1:
        return [int(level) for level in found]
    if len(peaks) < 3:
        return []
    others = ~np.isin(values, found)
    lowest, highest = -_brightest_around(-values), _brightest_around(values)
    grain = others & ~_in_equal_squares(values) & ((values == lowest) | (values == highest))
    is_grainy = others.mean() > 0.005 and grain.sum() > LEAST_GRAIN * others.sum()
    return peaks if lossy or is_grainy else []


def cut_at_half(levels: Values) -> Mask:
    """Return what is above the middle of the range of a mask; noise alone is not foreground.

    Args:
        levels: (H, W), from 0 (background) on. They are no labels.
    """
    low, high = float(levels.min()), float(levels.max())
    foreground = levels >= (low + high) / 2
    if _is_noise(levels, foreground, low, high):
        return np.full(levels.shape, high - low < low)  # noise on top of foreground, or on 0
    return foreground


def cut_blends(codes: Values, levels: Values) -> tuple[Mask, bool]:
    """Return the foreground of a mask of labels or colours, and whether their edges are soft.

    A blend of a label and the background is a value that is nowhere in a patch, and between darker
    and brighter neighbours. It is foreground if it is at least half as bright as its surroundings.
    """
    foreground = levels != 0
    solid = np.unique(codes[_in_equal_squares(codes)])
    blends = foreground & ~np.isin(codes, solid)
    around = _brightest_around(levels)
    blends &= (around > levels) & (-_brightest_around(-levels.astype(np.float64)) < levels)
    if len(np.unique(codes[blends])) < max(FEWEST_BLENDS, len(solid)):
        return foreground, False
    faint = levels < _brightest_around(around) / 2
    return foreground & ~(blends & faint), True


def looks_like_mask(brightness: Values) -> bool:
    """Return whether an image has labels, or nearly all values at the two ends of its range."""
    return _fraction_at_ends(brightness) > 0.95 or are_labels(brightness, brightness)


def looks_like_photo(brightness: Values) -> bool:
    """Return whether most values of an image are between the ends of its range, and no labels."""
    return (
        _fraction_at_ends(brightness) < 0.5
        and len(np.unique(brightness)) > FEWEST_GREYS
        and not are_labels(brightness, brightness)
    )


def has_grain(brightness: Values) -> bool:
    """Return whether most values of an image are none of its two ends, and no labels.

    A dark photo of bright cells has nearly all values near two levels, but hardly two are equal.
    """
    at_ends = (brightness == brightness.min()) | (brightness == brightness.max())
    return bool(
        at_ends.mean() < 0.5
        and len(np.unique(brightness)) > FEWEST_GREYS
        and not are_labels(brightness, brightness)
    )


def _fraction_at_ends(values: Values) -> float:
    low, high = float(values.min()), float(values.max())
    share = (values.astype(np.float32) - low) / max(high - low, 1e-12)
    return float(((share < 0.1) | (share > 0.9)).mean())


def _is_noise(levels: Values, foreground: Mask, low: float, high: float) -> bool:
    """Return whether the pixels above the cut are scattered, as those of noise are."""
    if levels.dtype.kind != "f" and high - low <= GRAIN:
        return True
    if levels.dtype.kind == "f" and low >= 0 and high <= SMALLEST_PROBABILITY:
        return True
    below = foreground[:-1] & foreground[1:]
    right = foreground[:, :-1] & foreground[:, 1:]
    fraction = foreground.mean()
    together = (below.sum() + right.sum()) / max(
        1, foreground[:-1].sum() + foreground[:, :-1].sum()
    )
    return bool(together < fraction + (1 - fraction) / 3)


def _most_frequent(values: Values) -> Any:
    found, counts = np.unique(values, return_counts=True)
    return found[counts.argmax()]


def _in_equal_squares(codes: Values) -> Mask:
    """Return whether each pixel lies in a square of 2×2 equal values."""
    corner = codes[:-1, :-1]
    equal = (corner == codes[1:, :-1]) & (corner == codes[:-1, 1:]) & (corner == codes[1:, 1:])
    inside = np.zeros(codes.shape, dtype=bool)
    for rows in (slice(None, -1), slice(1, None)):
        for columns in (slice(None, -1), slice(1, None)):
            inside[rows, columns] |= equal
    return inside


def _in_lines(codes: Values) -> Mask:
    """Return whether at least two of the eight pixels around each have its value."""
    padded = np.pad(codes.astype(np.float64), 1, constant_values=np.nan)
    height, width = codes.shape
    around = [padded[r : r + height, c : c + width] == codes for r in range(3) for c in range(3)]
    result: Mask = np.sum(around, axis=0) >= 3  # with itself
    return result


def _everywhere_around(codes: Values, holds: Callable[[Values, Values], Mask]) -> Mask:
    """Return where something holds for all four neighbours of a pixel and the pixel itself."""
    padded = np.pad(codes, 1, mode="edge")
    above, below = padded[:-2, 1:-1], padded[2:, 1:-1]
    left, right = padded[1:-1, :-2], padded[1:-1, 2:]
    result = holds(above, codes) & holds(below, codes)
    return result & holds(left, codes) & holds(right, codes)


def _brightest_around(values: Values) -> Values:
    """Return the largest value of the 3×3 pixels around each pixel."""
    padded = np.pad(values, 1, mode="edge")
    rows = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    result: Values = np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
    return result
