"""What FeatureMaps and its figure both say: a value, and the range of a map's values."""

from __future__ import annotations

import math

import numpy as np

from unet_teach.widgets.map_values import Values


def shown(value: float, digits: int = 3) -> str:
    """Return a value rounded to so many digits, but with all digits before the decimal point."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    whole = f"{value:.0f}"
    is_long = len(whole.lstrip("-")) >= digits and abs(value) < 1e6
    return (whole if is_long else f"{value + 0.0:.{digits}g}").replace("-", "−")


def range_of(values: Values) -> tuple[float, float] | None:
    """Return the lowest and highest finite value, `None` where there is none."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else None


def range_text(values: Values) -> str:
    """Return the range of the values in words, and how many are NaN or infinite."""
    bounds = range_of(values)
    parts = [
        "no finite value" if bounds is None else " to ".join(dict.fromkeys(map(shown, bounds)))
    ]
    for sign, test in (("NaN", np.isnan), ("∞", np.isposinf), ("−∞", np.isneginf)):
        if count := int(test(values).sum()):
            parts.append(f"{count} {sign}")
    return ", ".join(parts)


def field_of(values: Values) -> tuple[int, int, int, int] | None:
    """Return top, left, height and width of the cells that are not 0, `None` where there are none.

    Args:
        values: of shape (H, W).
    """
    rows, columns = np.nonzero(values)
    if not rows.size:
        return None
    top, left = int(rows.min()), int(columns.min())
    return top, left, int(rows.max()) - top + 1, int(columns.max()) - left + 1


def field_text(values: Values) -> str:
    """Return how large a receptive field is, in words."""
    field, seen = field_of(values), int(np.count_nonzero(values))
    if field is None:
        return "sees nothing"
    return f"sees {field[2]}×{field[3]}, {seen} pixel{'' if seen == 1 else 's'}"
