"""Exercise `same_recipe` of lesson 6: the learning rate is chosen on validation, not on test."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from unet_teach.exercises.checks.functions import (
    Case,
    Probes,
    a_number,
    is_function,
    matches,
    returns,
)
from unet_teach.exercises.exercise import Exercise, KnownMistake
from unet_teach.exercises.plain_values import plain

Result = tuple[float, float, float]  # learning rate, score on validation, score on test


def _best_on_validation(results: list[Result]) -> float:
    return max(results, key=lambda result: result[1])[0]


def _case(results: list[Result]) -> Case:
    return Case(f"`pick({results})`", (results,))


def _known_cases() -> list[Case]:
    """Make results that differ in what is best on validation, on test, on average, first or last."""
    return [
        _case([(0.001, 0.6, 0.62), (0.01, 0.8, 0.66), (0.1, 0.2, 0.3), (0.003, 0.75, 0.79)]),
        _case([(0.03, 0.3, 0.55), (0.003, 0.71, 0.5), (0.001, 0.7, 0.74), (0.0003, 0.45, 0.4)]),
        _case([(0.004, 0.4, 0.75), (0.001, 0.2, 0.1), (0.01, 0.8, 0.5), (0.003, 0.75, 0.7), (0.03, 0.5, 0.3)]),
        _case([(0.002, 0.5, 0.1), (0.02, 0.9, 0.58), (0.2, 0.4, 0.6), (0.01, 0.88, 0.89)]),
    ]  # fmt: skip


def _cases() -> list[Case]:
    chance = random.Random()
    cases = _known_cases()
    for _ in range(6):
        rates = chance.sample([0.0003, 0.001, 0.003, 0.01, 0.03, 0.1], chance.randint(2, 5))
        validation = chance.sample([step / 100 for step in range(30, 90)], len(rates))
        test = [round(chance.random(), 2) for _ in rates]
        cases.append(_case(list(zip(rates, validation, test, strict=True))))
    return cases


def _is_constant(answer: Callable[[list[Result]], Any]) -> bool:
    values = [plain(answer(*case.inputs)) for case in _known_cases()]
    return all(value == values[0] for value in values)


known = Probes(_known_cases)

same_recipe = Exercise(
    name="same_recipe",
    lesson=6,
    prompt="Each result is (learning_rate, validation, test), scores where higher is better. Return the learning rate you would go on with.",
    checks=(
        is_function("pick(results)"),
        returns("one number", a_number, _known_cases),
        matches(_best_on_validation, _cases),
    ),
    answers=(
        lambda: _best_on_validation,
        lambda: lambda results: sorted((score, rate) for rate, score, _ in results)[-1][1],
        lambda: lambda results: results[int(np.argmax([r[1] for r in results]))][0],
    ),
    mistakes=(
        known.mistake("picked on the test", "You choose by the test score. Then it is the best of several tries, no longer a score on data that nothing was fitted to. What else is there to choose by?",
            lambda r: max(r, key=lambda x: x[2])[0]),
        known.mistake("the smallest gap", "You take the trial whose two scores are nearest to each other. For that you looked at the test, and two low scores can be near as well.",
            lambda r: min(r, key=lambda x: abs(x[1] - x[2]))[0]),
        known.mistake("both scores", "The test score has a say in your choice. Even a small one makes it too high.",
            lambda r: max(r, key=lambda x: x[1] + x[2])[0]),
        known.mistake("the lowest", "That is the lowest validation score, as if it were a loss. Higher is better here.",
            lambda r: min(r, key=lambda x: x[1])[0]),
        known.mistake("the score, not the rate", "That is the best score itself. Asked is the learning rate that reached it.",
            lambda r: max(x[1] for x in r), lambda r: max(x[2] for x in r)),
        known.mistake("the place in the list", "That is its place in the list. Asked is the learning rate at that place.",
            lambda r: int(np.argmax([x[1] for x in r]))),
        KnownMistake("a constant", "You return the same number, whatever the trials are. Find it in `results`.",
            lambda: lambda results: 0.003, _is_constant),
        known.mistake("the first", "You take the first, whatever the scores are.",
            lambda r: r[0][0]),
        known.mistake("the last", "You take the last, whatever the scores are.",
            lambda r: r[-1][0]),
        known.mistake("the largest rate", "`max` of tuples goes by what stands first, the learning rate. By what should it go?",
            lambda r: max(r)[0]),
        known.mistake("the smallest rate", "Tuples are sorted by what stands first, the learning rate. By what should they be?",
            lambda r: min(r)[0], lambda r: sorted(r)[0][0]),
        known.mistake("the whole result", "The right result, all of it. Asked is its learning rate alone.",
            lambda r: max(r, key=lambda x: x[1])),
    ),
    hints=(
        "After the choice you want to report one score honestly. Which of the two must not have been used until then?",
        "Look for the result whose second part, validation, is the highest: `max` takes a `key`.",
        "`return max(results, key=lambda result: result[___])[___]`",
    ),
    solution_text="`return max(results, key=lambda result: result[1])[0]`",
    praise="Chosen on validation, so the test score is still one of unseen data. Choose so for every variant alike, or the one you tuned most wins.",
)  # fmt: skip
