"""The permutation test: by hand, against a slow one, and what it refuses."""

from fractions import Fraction
from itertools import permutations
from math import comb, nan

import numpy as np
import pytest

from unet_teach.segmentation.ablation import p_value, permutation


@pytest.mark.parametrize(
    ("a", "b", "count", "ways"),
    [
        ([0.7, 0.8, 0.9], [0.1, 0.2, 0.3], 2, 20),  # the least possible with three against three
        ([0.5, 0.6, 0.7, 0.8, 0.9], [0.1, 0.15, 0.2, 0.3, 0.4], 2, 252),
        ([0.9], [0.1, 0.3, 0.2], 1, 4),  # the way with 0.1 alone is only half as far apart
        ([0.1, 0.4], [0.2, 0.3], 6, 6),  # equal means: every way is at least as far apart
        ([0.3, 0.6], [0.1, 0.4], 4, 6),  # by hand: 0.1+0.3 | 0.4+0.6 and 0.1+0.4 | 0.3+0.6, twice
    ],
)
def test_cases_worked_by_hand(a, b, count, ways):
    assert comb(len(a) + len(b), len(a)) == ways
    assert p_value(a, b) == p_value(b, a) == pytest.approx(count / ways, rel=1e-12)


@pytest.mark.parametrize("sizes", [(3, 3), (3, 4), (5, 2), (1, 6)])
def test_it_is_the_share_of_all_orders_counted_with_exact_fractions(sizes):
    random = np.random.default_rng(0)
    for shift in (0, 10, 20):
        scores = [*map(Fraction, map(int, random.integers(0, 30, sum(sizes))))]
        scores = [x + shift if place < sizes[0] else x for place, x in enumerate(scores)]
        far = [abs(_mean(x[: sizes[0]]) - _mean(x[sizes[0] :])) for x in permutations(scores)]
        share = sum(distance >= far[0] for distance in far) / len(far)  # the first is as given
        made = [float(x / 100) for x in scores]
        assert p_value(made[: sizes[0]], made[sizes[0] :]) == pytest.approx(share)


def _mean(scores):
    return sum(scores) / len(scores)


def test_rounding_does_not_decide_and_neither_do_scale_and_order():
    """0.1 + 0.2 is not 0.3 in floating point, but these ways are equally far apart."""
    a, b = [0.1, 0.2, 0.7], [0.3, 0.3, 0.4]
    whole = p_value([1, 2, 7], [3, 3, 4])
    assert p_value(a, b) == p_value(b[::-1], a) == whole
    assert p_value([x + 0.1 for x in a], [x + 0.1 for x in b]) == whole


def test_as_many_ways_as_are_counted_and_no_more(monkeypatch):
    monkeypatch.setattr(permutation, "MOST_WAYS", 20)
    assert p_value([1, 2, 3], [4, 5, 6]) == 0.1
    monkeypatch.setattr(permutation, "MOST_WAYS", 19)
    with pytest.raises(ValueError, match="20 ways, but at most 19 are counted"):
        p_value([1, 2, 3], [4, 5, 6])


def test_what_cannot_be_tested_is_refused_with_a_reason():
    with pytest.raises(ValueError, match="b is empty; give at least one score"):
        p_value([0.1], [])
    with pytest.raises(ValueError, match="a has a score of nan, which is a failed run"):
        p_value([0.1, nan], [0.2])
    with pytest.raises(TypeError, match="One of the scores in b is of type str; give a number"):
        p_value([0.1], ["0.2"])
    with pytest.raises(TypeError, match="a is of type float; give scores in a list"):
        p_value(0.1, [0.2])
    with pytest.raises(ValueError, match="20 and 20 scores can be dealt in 137,846,528,820 ways"):
        p_value(range(20), range(20))
