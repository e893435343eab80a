"""Exercise `mean_and_spread` of lesson 6: the mean and the standard deviation over seeds."""

import contextlib
import itertools
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import geometric_mean, mean, median, pstdev, pvariance, stdev, variance
from typing import Any

import numpy as np

from unet_teach.exercises.checks.functions import (
    Case,
    Probes,
    _shown,
    alike,
    is_function,
    matches,
    on_each_case,
    returns,
    some_numbers,
)
from unet_teach.exercises.checks.ratios import rounded_in_words
from unet_teach.exercises.exercise import Check, Exercise
from unet_teach.exercises.plain_values import as_list

Scores = list[float]
Summarise = Callable[[Scores], Any]


def summary(scores: Sequence[float]) -> tuple[float, float]:
    """Return the mean and the sample standard deviation, both NaN if a score is NaN."""
    centre = sum(scores) / len(scores)
    return centre, math.sqrt(sum((x - centre) ** 2 for x in scores) / (len(scores) - 1))


KNOWN: list[Scores] = [
    [0.5, 0.7, 0.9],
    [0.82, 0.8, 0.85, 0.42, 0.81],
    [0.1, 0.4],
    [0.6, 0.6, 0.6],
    [0.4, 0.8, 0.8, 0.7],
    [0.3127, 0.9041, 0.5512, 0.7103, 0.6206, 0.4433],
]


def _cases_of(*score_lists: Scores) -> list[Case]:
    return [Case(f"`summarise({scores})`", (scores,)) for scores in score_lists]


def _known_cases() -> list[Case]:
    return _cases_of(*KNOWN)


def _failed_runs() -> list[Case]:
    # Another object than `math.nan`, as a training makes it: `in` finds only the same one.
    nan = float("nan")
    return _cases_of([0.8, nan, 0.7], [nan, 0.5, 0.6, 0.1])


def _cases() -> list[Case]:
    chance = random.Random()
    fresh = [[round(chance.random(), 3) for _ in range(chance.randint(2, 8))] for _ in range(8)]
    return [*_known_cases(), *_cases_of(*sorted(fresh))]


def _two_numbers(value: Any) -> str | None:
    if isinstance(value, set | frozenset):
        return "you return a set, which has no order; return 2 numbers, such as (0.7, 0.2)"
    return some_numbers(2)(value)


TINY = 1e-6  # rounding can make so much of 0
PARTS = ("mean", "sample standard deviation")


def _deviations(scores: Scores) -> list[float]:
    return [abs(x - mean(scores)) for x in scores]


def _squares(scores: Scores) -> float:
    return sum(x * x for x in _deviations(scores))


def _from_median(scores: Scores, count: int) -> float:
    return math.sqrt(sum((x - median(scores)) ** 2 for x in scores) / count)


STATISTICS: dict[str, Summarise] = {
    "the mean": mean,
    "the sample standard deviation": stdev,
    "the first score": lambda s: s[0],
    "the last score": lambda s: s[-1],
    "the lowest score": min,
    "the highest score": max,
    "the median": median,
    "the score in the middle of the sorted list": lambda s: sorted(s)[len(s) // 2],
    "the mean without the lowest and the highest score": lambda s: mean(sorted(s)[1:-1] or s),
    "the mean of the lowest and the highest score": lambda s: (min(s) + max(s)) / 2,
    "the geometric mean of the scores": geometric_mean,
    "the sum of the scores": sum,
    "the sum of all scores but the first, divided by n": lambda s: sum(s[1:]) / len(s),
    "the sum of all scores but the last, divided by n": lambda s: sum(s[:-1]) / len(s),
    "the last score, divided by n": lambda s: s[-1] / len(s),
    "the mean of all scores but the first": lambda s: sum(s[1:]) / (len(s) - 1),
    "the mean of all scores but the last": lambda s: sum(s[:-1]) / (len(s) - 1),
    "the distance of the last score alone from the mean, divided by the root of n − 1, as if a sum began anew with each score": lambda s: abs(s[-1] - mean(s)) / math.sqrt(len(s) - 1),
    "the right one without the distance of the first score": lambda s: math.sqrt(sum((x - mean(s)) ** 2 for x in s[1:]) / (len(s) - 1)),
    "the right one without the distance of the last score": lambda s: math.sqrt(sum((x - mean(s)) ** 2 for x in s[:-1]) / (len(s) - 1)),
    "the root of the squared distances from the first score, divided by n − 1": lambda s: math.sqrt(sum((x - s[0]) ** 2 for x in s) / (len(s) - 1)),
    "the mean distance between neighbours": lambda s: mean(abs(a - b) for a, b in itertools.pairwise(s)),
    "the sum of the scores, divided by n − 1": lambda s: sum(s) / (len(s) - 1),
    "the standard deviation with n in place of n − 1": pstdev,
    "the variance, with n − 1": variance,
    "the variance, with n": pvariance,
    "the sample standard deviation, divided by the root of n": lambda s: stdev(s) / math.sqrt(len(s)),
    "the sample standard deviation, divided by n": lambda s: stdev(s) / len(s),
    "the root of (the sum of the squared scores minus the squared mean, divided by n − 1), so n times the squared mean isn't subtracted": lambda s: math.sqrt((sum(x * x for x in s) - mean(s) ** 2) / (len(s) - 1)),
    "the root of (the mean of the squared scores minus the mean)": lambda s: math.sqrt(mean(x * x for x in s) - mean(s)),
    "the mean of the squared scores minus the squared mean, which is the variance with n": lambda s: mean(x * x for x in s) - mean(s) ** 2,
    "the sum of the squared distances from the mean": _squares,
    "the root of the sum of the squared distances, not divided": lambda s: math.sqrt(_squares(s)),
    "the root of the sum of the squared distances, divided by n − 1 after taking the root": lambda s: math.sqrt(_squares(s)) / (len(s) - 1),
    "the root of the sum of the squared scores, divided by n − 1, so the mean isn't subtracted": lambda s: math.sqrt(sum(x * x for x in s) / (len(s) - 1)),
    "the root of the mean of the squared scores, so the mean isn't subtracted": lambda s: math.sqrt(sum(x * x for x in s) / len(s)),
    "the root of the sum of the squared scores, so the mean isn't subtracted": lambda s: math.sqrt(sum(x * x for x in s)),
    "the root of the sum of the distances from the mean, divided by n − 1, so the distances aren't squared": lambda s: math.sqrt(sum(_deviations(s)) / (len(s) - 1)),
    "the root of the standard deviation, so a root is taken twice": lambda s: math.sqrt(stdev(s)),
    "the sample standard deviation with n − 2 in place of n − 1": lambda s: math.sqrt(_squares(s) / (len(s) - 2)),
    "the sample standard deviation with n + 1 in place of n − 1": lambda s: math.sqrt(_squares(s) / (len(s) + 1)),
    "the mean distance from the mean": lambda s: mean(_deviations(s)),
    "the sum of the distances from the mean, divided by n − 1": lambda s: sum(_deviations(s)) / (len(s) - 1),
    "the median distance from the mean": lambda s: median(_deviations(s)),
    "the sum of the distances from the mean": lambda s: sum(_deviations(s)),
    "the highest minus the lowest score": lambda s: max(s) - min(s),
    "half of the highest minus the lowest score": lambda s: (max(s) - min(s)) / 2,
    "the highest score minus the mean": lambda s: max(s) - mean(s),
    "the mean minus the lowest score": lambda s: mean(s) - min(s),
    "the largest distance from the mean": lambda s: max(_deviations(s)),
    "the distance between the quartiles": lambda s: float(np.subtract(*np.percentile(s, [75, 25]))),
    "the standard deviation around the median, with n − 1": lambda s: _from_median(s, len(s) - 1),
    "the standard deviation around the median, with n": lambda s: _from_median(s, len(s)),
    "the mean distance from the median": lambda s: mean(abs(x - median(s)) for x in s),
    "the median distance from the median": lambda s: median(abs(x - median(s)) for x in s),
    "the sample standard deviation, divided by the mean": lambda s: stdev(s) / mean(s),
    "the sample standard deviation in percent of the mean": lambda s: 100 * stdev(s) / mean(s),
    "twice the sample standard deviation": lambda s: 2 * stdev(s),
    "1.96 times the standard error": lambda s: 1.96 * stdev(s) / math.sqrt(len(s)),
    "the sample standard deviation of the differences between neighbours": lambda s: stdev(np.diff(s).tolist()),
}  # fmt: skip


def _statistic(values: list[Any], place: int) -> str:
    """Name what the values are for each of the known lists, as far as that is defined there."""
    for name, compute in STATISTICS.items():
        same = []
        for value, scores in zip(values, KNOWN, strict=True):
            with contextlib.suppress(ArithmeticError, ValueError):  # undefined, as of two scores
                same.append(alike(value, compute(scores)))
        if len(same) > 3 and all(same):
            return name
    return rounded_in_words(values, [summary(scores)[place] for scores in KNOWN])


def _fixed_divisor(values: list[Any], place: int) -> float:
    """Return the number by which each sum is divided, if it is the same for lists of any length."""
    sums = list(map((sum, _squares)[place], KNOWN))
    pairs = [(s, v ** (1, 2)[place]) for s, v in zip(sums, values, strict=True) if s > TINY]
    divisors = [s / v for s, v in pairs if v]
    same = len(divisors) == len(pairs) and all(math.isclose(d, divisors[0]) for d in divisors)
    return divisors[0] if same else 0


def _moves_or_scales(answer: Summarise) -> str:
    """Say that the second number changes if all scores move, or doesn't double if they do."""
    scores = [0.5, 0.7, 0.9]
    now, moved, doubled = (
        _number(answer, [f * x + d for x in scores], 1) for f, d in ((1, 0), (1, 0.1), (2, 0))
    )
    if not alike(moved, now):
        return f"For {scores} it is {_shown(now)}, but {_shown(moved)} if every score is 0.1 higher. They are as far apart as before, so it should stay the same: subtract the mean from each score before you square."
    if now and not alike(doubled, 2 * now):
        return f"If all scores are twice as high, your number becomes {_shown(doubled / now)} times as high. It should be twice as high: square each distance from the mean, and take one root at the end."
    return ""


def _number(answer: Summarise, scores: Scores, place: int) -> Any:
    """Return one of the two numbers that an answer makes of scores."""
    return (as_list(answer([*scores])) or [None, None])[place]


def _part(place: int) -> Check:
    """Check one of the two numbers; the facts say which other statistic it is, or how far off."""

    def problem(answer: Summarise, case: Case) -> str | None:
        (scores,) = case.inputs
        value, target = _number(answer, scores, place), summary(scores)[place]
        if alike(value, target):
            return None
        number = f"your {('first', 'second')[place]} number is {_shown(value)}"
        return f"{case.call}: {number}, but the {PARTS[place]} is {_shown(target)}."

    def facts(answer: Summarise) -> str:
        values = [_number(answer, scores, place) for scores in KNOWN]
        if all(abs(value) < TINY for value in values):
            return "It is 0 for every list, apart from rounding. Distances from the mean cancel if you add them up with their signs, so square each of them first."
        if known := _statistic(values, place):
            return f"For all {len(KNOWN)} lists tried first, it is {known}."
        if divisor := _fixed_divisor(values, place):
            return f"In each of the {len(KNOWN)} lists tried first, you divide by {divisor:.4g}, however many scores there are. Divide by {('n', 'n − 1')[place]}, which is different for each list."
        factors: dict[int, float] = {}
        for scores, value in zip(KNOWN, values, strict=True):
            turned = _number(answer, [*scores[1:], scores[0]], place)
            # Rounding may depend on the order.
            if not math.isclose(value, turned, rel_tol=0.02, abs_tol=TINY):
                return f"For {scores} it is {_shown(value)}, but {_shown(turned)} if the first score moves to the end. The order shouldn't matter."
            if right := summary(scores)[place]:
                factors.setdefault(len(scores), value / right)
        if all(abs(factor - 1) < 2e-3 for factor in factors.values()):
            return "All your numbers are nearly right. Are the scores, or is the result, rounded, for example to float16?"
        if place and (changed := _moves_or_scales(answer)):
            return changed
        *_, last = factors.values()
        if all(alike(factor, last) for factor in factors.values()):
            return f"It is always {last:.4g} times the right number."
        shown = ", ".join(f"{factor:.3g} for {size} scores" for size, factor in factors.items())
        return f"Divided by the right number, yours is {shown}."

    return replace(on_each_case(f"the {PARTS[place]}", _cases, problem), facts=facts)


def _summary_or_error(scores: Scores) -> tuple[float, float]:
    if any(map(math.isnan, scores)):
        raise ValueError("NaN")
    return summary(scores)


def _only(place: int) -> Callable[[Summarise], Summarise]:
    """Change a function into one that returns only one of its two numbers."""
    return lambda function: lambda scores: (as_list(function(scores)) or [])[place]


first = Probes(_known_cases, adapt=_only(0))
second = Probes(_known_cases, adapt=_only(1))
with_nan = Probes(lambda: [*_known_cases(), *_failed_runs()])
DEVIATION, FAILED_RUN = "the sample standard deviation", "two numbers for a failed run"

mean_and_spread = Exercise(
    name="mean_and_spread",
    lesson=6,
    prompt="Return the mean and the sample standard deviation (dividing by n − 1) of the scores of two or more seeds. A score of NaN stands for a failed run, which has to show: then both results are NaN.",
    checks=(
        is_function("summarise(scores)"),
        returns("two numbers", _two_numbers, _known_cases),
        _part(0),
        _part(1),
        returns(FAILED_RUN, some_numbers(2), _failed_runs),
        matches(summary, lambda: [*_known_cases(), *_failed_runs()]),
    ),
    mistakes=(
        second.mistake("in the other order", "Your second number is the mean. Return the mean first and the standard deviation second.",
            lambda s: summary(s)[::-1]),
        first.mistake("the best seed", "Your first number is the best seed. With more seeds the best one gets better, although the recipe is the same, so it measures luck. Return the mean.",
            lambda s: (max(s), min(s)), at="the mean"),
        first.mistake("the median", "Your first number is the median, which hardly notices a run that collapsed. Return the mean.",
            lambda s: (np.median(s), np.std(s, ddof=1)), lambda s: (sorted(s)[len(s) // 2], np.std(s)), at="the mean"),
        second.mistake("the population's deviation", "You divide by n. The mean was computed from these same scores, so they lie a little too close to it, and dividing by n − 1 makes up for that. With 3 seeds it makes a difference of 22 %.",
            lambda s: (np.mean(s), np.std(s)), at=DEVIATION),
        second.mistake("the variance", "Your second number is the variance, which is a square. Take its root, so that you can compare it with the scores.",
            lambda s: (np.mean(s), np.var(s, ddof=1)), lambda s: (np.mean(s), np.var(s)), at=DEVIATION),
        second.mistake("the standard error", "Your second number is the standard error. It says how precisely you know the mean, and shrinks with more seeds. Return the standard deviation, which says how far single seeds lie from the mean.",
            lambda s: (np.mean(s), np.std(s, ddof=1) / math.sqrt(len(s))),
            lambda s: (np.mean(s), np.std(s) / math.sqrt(len(s))), at=DEVIATION),
        with_nan.mistake("a failed run dropped", "Your numbers leave out the NaN, so nobody sees that a run failed. Both of them should be NaN. NaN equals nothing, itself included, so `math.isnan` finds it, but `==` and `in` don't.",
            lambda s: (np.nanmean(s), np.nanstd(s, ddof=1))),
        with_nan.mistake("dropped from one number", "One of your numbers leaves out the NaN, and the other shows it. Both of them should be NaN.",
            lambda s: (np.mean(s), np.nanstd(s, ddof=1)), lambda s: (np.nanmean(s), np.std(s, ddof=1))),
        with_nan.mistake("a failed run stops it", "A NaN makes your function stop, as it does with some versions of Python's `statistics`. Look for it first, with `math.isnan`, and return NaN for both.",
            _summary_or_error, at=FAILED_RUN, cases=lambda: [*_known_cases(), _failed_runs()[0]]),
        with_nan.mistake("a failed run counted as 0", "You count the NaN as 0, which is a score that nobody measured. Both of your numbers should be NaN.",
            lambda s: summary(np.nan_to_num(s).tolist())),
        with_nan.mistake("None or 0 for a failed run", "You notice the failed run. Return `math.nan` for both numbers then, as a pair: nobody can mistake it for a score.",
            lambda s: (0.0, 0.0) if any(map(math.isnan, s)) else summary(s),
            lambda s: (math.nan, 0.0) if any(map(math.isnan, s)) else summary(s),
            lambda s: None if any(map(math.isnan, s)) else summary(s), lambda s: math.nan if any(map(math.isnan, s)) else summary(s),
            lambda s: (None, None) if any(map(math.isnan, s)) else summary(s), lambda s: "failed" if any(map(math.isnan, s)) else summary(s)),
    ),
    hints=(
        "Suppose you train twice as many seeds. Which number stays about the same, the best score or the mean?",
        "How far is each score from the mean? Square these distances, add them up, divide by n − 1, and take the root. NumPy divides by n unless you tell it otherwise with `ddof`.",
        "`return np.mean(scores), np.std(scores, ddof=___)`",
    ),
    solution_text="`return np.mean(scores), np.std(scores, ddof=1)`. A NaN passes through both by itself.",
    praise="The mean, and how far single seeds lie from it: with both, a reader can judge a difference.",
)  # fmt: skip
