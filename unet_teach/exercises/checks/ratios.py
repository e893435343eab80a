"""Finds the two counts, or sums and differences of two, whose ratio a wrong score is."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import combinations, permutations, product
from typing import Any

import numpy as np

from unet_teach.exercises.checks.functions import alike

FEWEST = 4  # different scores that have to be met, so that none is met by chance


def ratio_in_words(
    values: Sequence[Any],
    counts: Mapping[str, Sequence[float]],
    right: tuple[str, str],
    *,
    sums: bool = True,
) -> str:
    """Return the words "A plus B, divided by C minus D" for scores of several inputs; or nothing.

    Args:
        values: the scores, one for each input.
        counts: for each input, by their names.
        right: the names of the two counts whose ratio is the right score.
        sums: whether sums and differences of two counts are tried as well.
    """
    numbers = np.array([v if isinstance(v, int | float) else np.nan for v in values], float)
    known = np.isfinite(numbers)
    if len({round(float(v), 6) for v in numbers[known]}) < FEWEST:
        return ""
    numbers = numbers[known]
    counts = {**counts, "1": [1] * len(values)}
    single = {name: np.array(count, float)[known] for name, count in counts.items()}
    double = {f"twice {name}": 2 * x for name, x in single.items() if not name.startswith("twice")}
    for one, other in combinations(single, 2):
        double[f"{one} plus {other}"] = single[one] + single[other]
    for one, other in permutations(single, 2):
        double[f"{one} minus {other}"] = single[one] - single[other]
    target = single[right[0]] / single[right[1]]
    if np.allclose(numbers, target, rtol=1e-4, atol=1e-6):
        return ""
    kinds = (single, double) if sums else (single,)
    for above, below in product(kinds, kinds):
        names, matrix = list(below), np.array([*below.values()])
        for name, count in above.items():
            same = np.isclose(matrix * numbers, count, rtol=1e-4, atol=1e-6).all(1)
            for place in (same & (matrix != 0).all(1)).nonzero()[0]:
                if names[place] != name:
                    below_it = names[place]
                    return name if below_it == "1" else f"{name}, divided by {below_it}"
    return ""


def factor_of(values: Sequence[Any], targets: Sequence[float]) -> float | None:
    """Return by which one factor all values differ from the targets; `None` if it isn't one."""
    if not all(isinstance(value, int | float) for value in values):
        return None
    first, *others = (v / t for v, t in zip(values, targets, strict=True))
    return first if all(alike(factor, first) for factor in others) else None


def rounded_in_words(values: Sequence[Any], targets: Sequence[float]) -> str:
    """Say that all values are the right ones, rounded to a few digits; empty if they are not."""
    for digits in (1, 2, 3):
        if all(map(alike, values, map(partial(round, ndigits=digits), targets))):
            return f"the right one, rounded to {digits} digit{'s' * (digits > 1)}"
    return ""
