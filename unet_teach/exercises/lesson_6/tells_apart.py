"""Exercise `tells_apart` of lesson 6: is the difference between two variants more than chance?"""

from __future__ import annotations

import random
from statistics import fmean

import numpy as np

from unet_teach.exercises.checks.functions import (
    Case,
    Probes,
    is_function,
    matches,
    returns,
    true_or_false,
)
from unet_teach.exercises.exercise import Exercise
from unet_teach.exercises.lesson_6.mean_and_spread import Scores, summary


def _apart(a: Scores, b: Scores) -> bool:
    return min(a) > max(b) or min(b) > max(a)


def _case(a: Scores, b: Scores) -> Case:
    return Case(f"`tells_apart({a}, {b})`", (a, b))


def _known_cases() -> list[Case]:
    return [
        _case([0.8, 0.82, 0.79], [0.4, 0.5, 0.45]),
        _case([0.4, 0.5, 0.45], [0.8, 0.82, 0.79]),
        _case([0.8, 0.6, 0.9], [0.5, 0.7, 0.4]),
        _case([0.5, 0.7, 0.4], [0.8, 0.6, 0.9]),
        _case([0.6, 0.7, 0.8], [0.5, 0.6, 0.4]),
        _case([0.4, 0.5, 0.6], [0.6, 0.7, 0.8]),
        _case([0.9, 0.91, 0.2], [0.5, 0.52, 0.51]),
        _case([0.7, 0.7, 0.7], [0.7, 0.7, 0.7]),
        _case([0.71, 0.8, 0.9], [0.7, 0.69, 0.68]),
        _case([0.5, 0.9, 0.51], [0.6, 0.7, 0.8]),
        _case([0.8, 0.6, 0.5], [0.8, 0.7, 0.75]),
        _case([0.5, 0.75], [0.25, 1.0]),
        _case([0.8, 0.81, 0.8, 0.79, 0.6], [0.61, 0.61, 0.62]),
    ]


def _cases() -> list[Case]:
    chance = random.Random()
    cases = _known_cases()
    for shift in (0.0, 0.3, 0.6, 0.9, -0.5, -0.9):
        a = [round(chance.random() + shift, 2) for _ in range(3)]
        b = [round(chance.random(), 2) for _ in range(chance.randint(3, 5))]
        cases.append(_case(a, b))
    return cases


def _deviations_apart(a: Scores, b: Scores) -> bool:
    (mean_a, sd_a), (mean_b, sd_b) = summary(a), summary(b)
    return abs(mean_a - mean_b) > sd_a + sd_b


known = Probes(_known_cases)

tells_apart = Exercise(
    name="tells_apart",
    lesson=6,
    prompt="Say whether two variants' scores are apart: True when every seed of one scores above every seed of the other, whichever is the better; equal scores are not apart.",
    checks=(
        is_function("tells_apart(a, b)"),
        returns("True or False", true_or_false, _known_cases),
        matches(_apart, _cases),
    ),
    answers=(
        lambda: _apart,
        lambda: lambda a, b: all(x > y for x in a for y in b) or all(x < y for x in a for y in b),
        lambda: lambda a, b: np.min(a) > np.max(b) or np.max(a) < np.min(b),
    ),
    mistakes=(
        known.mistake("the means compared", "You compare the means. Two means always differ a little, even those of one variant trained twice.",
            lambda a, b: fmean(a) > fmean(b), lambda a, b: fmean(a) != fmean(b),
            lambda a, b: fmean(a) < fmean(b), lambda a, b: abs(fmean(a) - fmean(b)) > 0.05,
            lambda a, b: abs(fmean(a) - fmean(b)) > 0.1),
        known.mistake("the best compared", "You compare the best seeds. One lucky run then decides.",
            lambda a, b: max(a) > max(b), lambda a, b: max(a) != max(b)),
        known.mistake("one way only", "That sees only one of the two as the better. The other may be as well: either counts.",
            lambda a, b: min(a) > max(b), lambda a, b: max(a) < min(b)),
        known.mistake("seeds in pairs", "You compare first with first, second with second. Seed 1 of one variant has nothing to do with seed 1 of the other: compare each with each.",
            lambda a, b: all(x > y for x, y in zip(a, b, strict=False)),
            lambda a, b: (all(x > y for x, y in zip(a, b, strict=False)) or all(x < y for x, y in zip(a, b, strict=False)))),
        known.mistake("both ends higher", "You ask whether both ends of one lie above the same ends of the other. Then they may still overlap: compare the lowest of one with the highest of the other.",
            lambda a, b: min(a) > min(b) and max(a) > max(b),
            lambda a, b: (min(a) > min(b)) == (max(a) > max(b)),
            lambda a, b: ((min(a) > min(b) and max(a) > max(b)) or (min(a) < min(b) and max(a) < max(b)))),
        known.mistake("no score in common", "You ask whether they share a score. Scores can take turns, high and low, without sharing one.",
            lambda a, b: set(a).isdisjoint(b), lambda a, b: not set(a) & set(b)),
        known.mistake("equal counts as apart", "The lowest of one is the highest of the other, and you call that apart. Above is not equal.",
            lambda a, b: min(a) >= max(b) or min(b) >= max(a)),
        known.mistake("minimum and maximum swapped", "You ask whether some seed of one beats some seed of the other. Which seed of the better one is the hardest test, the highest or the lowest?",
            lambda a, b: max(a) > min(b) or max(b) > min(a), lambda a, b: max(a) > min(b),
            lambda a, b: min(a) < max(b), lambda a, b: max(a) > min(b) and max(b) > min(a)),
        known.mistake("always True", "That is always True. Two variants whose seeds mix are not apart.",
            lambda a, b: True),
        known.mistake("the answer turned round", "That is True where they overlap. True should mean apart.",
            lambda a, b: not _apart(a, b)),
        known.mistake("both at once", "That is never True: both cannot be the better one. One of the two is enough.",
            lambda a, b: min(a) > max(b) and min(b) > max(a), lambda a, b: False),
        known.mistake("the lists compared", "Python compares two lists by the first place where they differ: one seed decides.",
            lambda a, b: a > b),
        known.mistake("mean ± standard deviation", "Mean ± standard deviation of 3 seeds is a rough guess and leaves seeds outside. Asked is every seed.",
            _deviations_apart),
    ),
    hints=(
        "Draw every seed as a dot, two colours, on one line. When can one cut part the colours?",
        "If even the lowest of one lies above the highest of the other, all do. And which of the two may be the better?",
        "`return min(a) > ___ or ___ > max(a)`",
    ),
    solution_text="`return min(a) > max(b) or min(b) > max(a)`",
    praise="Every seed above every other. Two variants that are alike look so by chance in 2·3!·3!/6! = 1 of 10 times with 3 seeds each: a hint, no proof. With 5 each it is 1 in 126.",
)  # fmt: skip
