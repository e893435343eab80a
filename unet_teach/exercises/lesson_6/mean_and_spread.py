"""Exercise `mean_and_spread` of lesson 6: the mean and the standard deviation over seeds."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from unet_teach.exercises.checks.functions import (
    Case,
    Probes,
    is_function,
    matches,
    returns,
    some_numbers,
)
from unet_teach.exercises.exercise import Exercise, KnownMistake

Scores = list[float]


def summary(scores: Sequence[float]) -> tuple[float, float]:
    """Return the mean and the sample standard deviation, both NaN if a score is NaN."""
    mean = sum(scores) / len(scores)
    return mean, math.sqrt(sum((x - mean) ** 2 for x in scores) / (len(scores) - 1))


def _cases_of(*score_lists: Scores) -> list[Case]:
    return [Case(f"`summarise({scores})`", (scores,)) for scores in score_lists]


def _known_cases() -> list[Case]:
    return _cases_of([0.5, 0.7, 0.9], [0.82, 0.8, 0.85, 0.42, 0.81], [0.1, 0.4], [0.6, 0.6, 0.6])


def _failed_run() -> list[Case]:
    return _cases_of([0.8, math.nan, 0.7])


def _cases() -> list[Case]:
    chance = random.Random()
    fresh = [[round(chance.random(), 3) for _ in range(chance.randint(2, 8))] for _ in range(8)]
    return [*_known_cases(), *_cases_of(*sorted(fresh)), *_failed_run()]


def _summary_or_error(scores: Scores) -> tuple[float, float]:
    if any(map(math.isnan, scores)):
        raise ValueError("NaN")
    return summary(scores)


def _raises_at_nan(answer: Callable[[Scores], Any]) -> bool:
    for case in _known_cases():
        answer(*case.inputs)
    try:
        answer(*_failed_run()[0].inputs)
    except Exception:
        return True
    return False


known = Probes(_known_cases)
with_nan = Probes(lambda: [*_known_cases(), *_failed_run()])

mean_and_spread = Exercise(
    name="mean_and_spread",
    lesson=6,
    prompt="Of the scores of two seeds or more, return the mean and the sample standard deviation (divided by n − 1). A score that is NaN, a run that failed, must show: then both are NaN.",
    checks=(
        is_function("summarise(scores)"),
        returns("two numbers", some_numbers(2), _known_cases),
        matches(summary, _cases),
    ),
    answers=(
        lambda: summary,
        lambda: lambda scores: (np.mean(scores), np.std(scores, ddof=1)),
        lambda: (
            lambda scores: (
                (math.nan, math.nan)
                if any(map(math.isnan, scores))
                else (statistics.mean(scores), statistics.stdev(scores))
            )
        ),
    ),
    mistakes=(
        known.mistake("the population's deviation", "You divide by n. The mean was made of these very scores, so they lie too near to it; n − 1 makes up for that. With 3 seeds it matters: 22 %.",
            lambda s: (np.mean(s), np.std(s)),
            lambda s: (statistics.mean(s), statistics.pstdev(s))),
        known.mistake("the variance", "That is the variance, a square. Its root can be compared with the scores.",
            lambda s: (np.mean(s), np.var(s, ddof=1)), lambda s: (np.mean(s), np.var(s))),
        known.mistake("the standard error", "That is the standard error: how sure the mean is. Asked is how far single seeds lie apart, which does not shrink with more seeds.",
            lambda s: (np.mean(s), np.std(s, ddof=1) / math.sqrt(len(s))),
            lambda s: (np.mean(s), np.std(s) / math.sqrt(len(s)))),
        known.mistake("the best seed", "You report the best seed. Train more often and it gets better, with the same recipe: it measures luck.",
            lambda s: (max(s), np.std(s, ddof=1)), lambda s: (max(s), np.std(s)),
            lambda s: (max(s), min(s))),
        known.mistake("the mean deviation", "That is how far the scores lie from their mean on average. The standard deviation squares the distances first, adds them up, divides by n − 1, and takes the root.",
            lambda s: (np.mean(s), np.mean(np.abs(np.array(s) - np.mean(s))))),
        known.mistake("the largest deviation", "That is the one score farthest from the mean. All seeds have a say in the standard deviation.",
            lambda s: (np.mean(s), np.max(np.abs(np.array(s) - np.mean(s))))),
        known.mistake("rounded", "The right numbers, rounded. Return them whole, and round where you print: `f'{mean:.2f}'`.",
            lambda s: tuple(round(part, 2) for part in summary(s)),
            lambda s: tuple(round(part, 1) for part in summary(s)),
            lambda s: tuple(round(part, 3) for part in summary(s))),
        known.mistake("the median", "That is the median: it does not feel a collapsed run. Asked is the mean, which does.",
            lambda s: (np.median(s), np.std(s, ddof=1)), lambda s: (np.median(s), np.std(s))),
        known.mistake("the range", "Highest minus lowest grows with every seed that you add. Take the standard deviation.",
            lambda s: (np.mean(s), max(s) - min(s)), lambda s: (np.mean(s), (max(s) - min(s)) / 2)),
        known.mistake("in the other order", "Right numbers, in the other order: the mean comes first.",
            lambda s: summary(s)[::-1]),
        with_nan.mistake("a failed run dropped", "Your numbers leave the NaN out, and nobody hears that one run in three failed. Let it show: the answer is NaN as well.",
            lambda s: (np.nanmean(s), np.nanstd(s, ddof=1))),
        KnownMistake("a failed run stops it", "The NaN stops your function, as it does some versions of Python's `statistics`. Ask first, with `math.isnan`, and return NaN for both.",
            lambda: _summary_or_error, _raises_at_nan),
        with_nan.mistake("a failed run counted as 0", "You count NaN as 0. That is a score nobody measured. Let it show: NaN.",
            lambda s: summary(np.nan_to_num(s).tolist())),
    ),
    hints=(
        "Which number would another three seeds give about as well: the best, or the mean?",
        "Deviation: how far is each score from the mean? Square these, add them up, divide by n − 1, take the root. numpy divides by n unless told `ddof`.",
        "`return np.mean(scores), np.std(scores, ddof=___)`",
    ),
    solution_text="`return np.mean(scores), np.std(scores, ddof=1)`. NaN goes through by itself.",
    praise="A mean and how far single seeds lie from it: with both, a reader can judge a difference.",
)  # fmt: skip
