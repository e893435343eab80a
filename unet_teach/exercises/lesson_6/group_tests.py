"""Tests of two groups of scores, right and wrong ones, for the exercise `tells_apart`."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import combinations, permutations
from math import comb
from statistics import fmean
from types import SimpleNamespace
from typing import Any

import numpy as np

from unet_teach.exercises.lesson_6.mean_and_spread import Scores, summary
from unet_teach.segmentation.ablation import p_value

Decide = Callable[[Scores, Scores], Any]
Statistic = Callable[[Scores, Scores], float]

LEVEL = 0.05
ROUNDING = 1e-9


def told_apart(a: Scores, b: Scores) -> bool:
    """Decide by the exact two-sided permutation test: the right answer."""
    return p_value(a, b) <= LEVEL


def deals(a: Scores, b: Scores) -> Iterator[tuple[Scores, Scores]]:
    """Yield every way to deal the scores into groups of these sizes."""
    pool = [*a, *b]
    for places in combinations(range(len(pool)), len(a)):
        yield [pool[i] for i in places], [x for i, x in enumerate(pool) if i not in places]


def signed(a: Scores, b: Scores) -> float:
    """Return by how much the mean of a is higher."""
    return fmean(a) - fmean(b)


def distance(a: Scores, b: Scores) -> float:
    """Return how far apart the means are."""
    return abs(signed(a, b))


def share(a: Scores, b: Scores, statistic: Statistic, slack: float = ROUNDING) -> float:
    """Return the share of the deals in which a statistic is at least the observed one."""
    return fmean(statistic(x, y) >= statistic(a, b) - slack for x, y in deals(a, b))


def permutation_test(
    statistic: Statistic = distance,
    slack: float = ROUNDING,
    *,
    level: float = LEVEL,
    added: tuple[int, int] = (0, 0),
) -> Decide:
    """Make a test with another statistic, level or tolerance, or with more counted."""

    def decide(a: Scores, b: Scores) -> bool:
        ways = comb(len(a) + len(b), len(a))
        counted = round(share(a, b, statistic, slack) * ways)
        return (counted + added[0]) / (ways + added[1]) <= level

    return decide


def sides(a: Scores, b: Scores) -> tuple[float, float]:
    """Return p of the two one-sided tests."""
    return share(a, b, signed), share(b, a, signed)


def signed_observed(a: Scores, b: Scores) -> bool:
    """Compare distances with an observed difference that may be negative."""
    return fmean(distance(x, y) >= signed(a, b) - ROUNDING for x, y in deals(a, b)) <= LEVEL


def from_the_total(
    mean: Callable[[Any], Any],
    slack: float,
    size: Callable[[Scores, Scores], int] = lambda a, b: len(a),
) -> Decide:
    """Make a test that takes the rest's mean from the sum of all scores.

    Args:
        mean: of some scores.
        slack: the tolerance.
        size: how many scores are dealt.
    """

    def decide(a: Scores, b: Scores) -> bool:
        pool, seen = [*a, *b], abs(mean(a) - mean(b)) - slack
        dealt = size(a, b)
        rest = [(sum(pool) - sum(x)) / (len(pool) - dealt) for x in combinations(pool, dealt)]
        pairs = zip(combinations(pool, dealt), rest, strict=True)
        return bool(np.mean([abs(mean(x) - y) >= seen for x, y in pairs]) <= LEVEL)

    return decide


def rest_by_value(a: Scores, b: Scores) -> bool:
    """Take the rest from the pool by value, so that equal scores leave together."""
    pool, counted = [*a, *b], []
    for x in combinations(pool, len(a)):
        rest = [score for score in pool if score not in x]
        if rest:
            counted.append(distance(list(x), rest) >= distance(a, b) - ROUNDING)
    return sum(counted) / len(counted) <= LEVEL


def separated(a: Scores, b: Scores) -> bool:
    """Ask whether all of one lie above all of the other."""
    return min(a) > max(b) or min(b) > max(a)


def deviations_apart(a: Scores, b: Scores) -> bool:
    """Ask whether the bands of mean ± standard deviation part."""
    (mean_a, sd_a), (mean_b, sd_b) = summary(a), summary(b)
    return abs(mean_a - mean_b) > sd_a + sd_b


def ranks_of_a_library(a: Scores, b: Scores) -> bool:
    """Call another test, as of a library."""

    def mannwhitneyu(a: Scores, b: Scores) -> float:
        return 0.04 if separated(a, b) else 0.06

    library = SimpleNamespace(mannwhitneyu=mannwhitneyu)
    return bool(library.mannwhitneyu(a, b) <= LEVEL)


def sampled(a: Scores, b: Scores) -> bool:
    """Estimate p from shuffles."""
    pool, counted = [*a, *b], 0
    for _ in range(200):
        random.shuffle(pool)
        counted += distance(pool[: len(a)], pool[len(a) :]) >= distance(a, b) - ROUNDING
    return counted / 200 <= LEVEL


def all_orders(a: Scores, b: Scores) -> bool:
    """Go through all orders: right, and slow."""
    total, size = sum(a) + sum(b), len(a)
    seen = distance(a, b) - ROUNDING
    orders = [sum(order[:size]) for order in permutations([*a, *b])]
    return sum(abs(s / size - (total - s) / len(b)) >= seen for s in orders) <= 0.05 * len(orders)


def twice_one_side(a: Scores, b: Scores) -> bool:
    """Double the smaller one-sided p: right for the scores that are asked."""
    return 2 * min(sides(a, b)) <= LEVEL


def with_numpy(a: Scores, b: Scores) -> np.bool_:
    """Decide in one go with NumPy: right."""
    pool, seen = np.array([*a, *b]), abs(np.mean(a) - np.mean(b))
    chosen = np.array(list(combinations(range(len(pool)), len(a))))
    sums = pool[chosen].sum(1)
    far = np.abs(sums / len(a) - (pool.sum() - sums) / len(b))
    return np.mean((far > seen) | np.isclose(far, seen)) <= LEVEL  # type: ignore[no-any-return]
