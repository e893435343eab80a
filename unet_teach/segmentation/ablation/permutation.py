"""The exact two-sided permutation test: can chance alone set two groups of scores so far apart?"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, combinations
from math import comb, isfinite

import numpy as np

from unet_teach.segmentation import argument_checks

MOST_WAYS = 2_000_000  # of dealing the scores: about a second
ROUNDING = 1e-9  # differences of means that are nearer than this count as equal


def p_value(a: Iterable[float], b: Iterable[float]) -> float:
    """Return p of the exact two-sided permutation test of the difference of two means.

    If the names of the two groups meant nothing, each way of dealing all scores into groups of
    these sizes would be equally likely. p is the share of the ways in which the two means lie at
    least as far apart, in either direction, as they do in the groups given. The given way is one
    of them, so p is never 0: the least possible is 2/20 for 3 scores against 3, and 2/252 for 5
    against 5.

    Args:
        a: the scores of one group.
        b: those of the other.

    Raises:
        TypeError: if a score is not a number.
        ValueError: if a group is empty, a score is not finite, or there are too many ways.

    Source: Pitman, "Significance Tests Which May be Applied to Samples From any Populations", 1937.
    """
    ours, theirs = _scores("a", a), _scores("b", b)
    ways = comb(len(ours) + len(theirs), len(ours))
    if ways > MOST_WAYS:
        raise ValueError(
            f"{len(ours)} and {len(theirs)} scores can be dealt in {ways:,} ways, but at most "
            f"{MOST_WAYS:,} are counted. Give fewer scores."
        )
    size = min(len(ours), len(theirs))  # the smaller group is chosen: the other one is the rest
    scores = np.array([*ours, *theirs])
    chosen = np.fromiter(chain.from_iterable(combinations(range(len(scores)), size)), dtype=int)
    sums = scores[chosen.reshape(-1, size)].sum(axis=1)
    distances = np.abs(sums / size - (scores.sum() - sums) / (len(scores) - size))
    observed = abs(np.mean(ours) - np.mean(theirs))
    return float(np.mean(distances >= observed - ROUNDING))


def _scores(name: str, values: Iterable[float]) -> list[float]:
    argument_checks.require_type(name, values, Iterable, "scores in a list, such as [0.7, 0.8]")
    scores = list(values)
    if not scores:
        raise ValueError(f"{name} is empty; give at least one score.")
    for score in scores:
        argument_checks.require_type(
            f"One of the scores in {name}", score, (int, float, np.number), "a number"
        )
        if not isfinite(score):
            raise ValueError(
                f"{name} has a score of {score}, which is a failed run. Its mean is not a number "
                "either, so report the failure instead of testing it."
            )
    return [float(score) for score in scores]
