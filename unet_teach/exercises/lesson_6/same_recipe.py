"""Exercise `same_recipe` of lesson 6: the learning rate is chosen on validation, not on test."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from unet_teach.exercises.checks.functions import (
    Case,
    Probes,
    _shown,
    a_number,
    alike,
    is_function,
    matches,
    returns,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.exercises.plain_values import plain

Result = tuple[float, float, float]  # learning rate, score on validation, score on test
Pick = Callable[[list[Result]], Any]


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
        _case([(0.05, 0.62, 0.87), (0.005, 0.66, 0.61), (0.5, 0.68, 0.28), (0.0005, 0.67, 0.53), (0.02, 0.31, 0.72)]),
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


COLUMNS = ("learning rate", "validation score", "test score")


def _place(values: list[float], index: int) -> list[str]:
    """Describe the place of a value among the others, as in "the highest"."""
    order = sorted(values)
    below, middle = order.index(values[index]), (len(order) - 1) / 2
    names = {0: "the lowest", len(order) - 1: "the highest", len(order) - 2: "the second highest"}
    return [names.get(below, ""), "the middle" if abs(below - middle) <= 0.5 else ""]


def _descriptions(results: list[Result], value: Any) -> set[str]:
    """Return all that can be said of a value: what it is, and of which trial."""
    found = set()
    for row, trial in enumerate(results):
        places = {
            "the first trial": row == 0,
            "the second trial": row == 1,
            "the last trial": row == len(results) - 1,
        }
        trials = [text for text, holds in places.items() if holds]
        for column, name in enumerate(COLUMNS):
            place = _place([result[column] for result in results], row)
            trials += [f"the trial with {text} {name}" for text in place if text]
        for column, cell in enumerate(trial):
            if alike(cell, value):
                found |= {f"the {COLUMNS[column]} of {text}" for text in trials}
    return found


def _picks(answer: Pick) -> str | None:
    """Say what a wrong answer returned, and what holds for it in every known case."""
    values = [(case, plain(case.run(answer))) for case in _known_cases()]
    for case, value in values:
        target = _best_on_validation(*case.inputs)
        if alike(value, target):
            continue
        parts = [f"{case.call}: {_shown(value)} comes out, wanted {target}."]
        for trial in case.inputs[0]:
            if alike(trial[0], value):
                best = max(result[1] for result in case.inputs[0])
                parts.append(f"That trial has {trial[1]} on validation; the highest is {best}.")
        always = set.intersection(*(_descriptions(case.inputs[0], value) for case, value in values))
        if always:
            text = min(
                sorted(always), key=lambda text: ("middle" in text or "second" in text, text)
            )
            parts.append(f"Each of the {len(values)} known times it is {text}.")
        elif not _descriptions(case.inputs[0], value):
            parts.append("It is none of the numbers in the list.")
            targets = [_best_on_validation(*each.inputs) for each, _ in values]
            factor = value / target
            if all(alike(v, factor * t) for (_, v), t in zip(values, targets, strict=True)):
                parts.append(f"Each time it is {factor:.4g} times the rate that is wanted.")
        return " ".join(parts)
    return None


def _ignores_test_scores(answer: Pick) -> str | None:
    """Change the test scores, ties on validation included: the same trials have to be picked."""
    tied = [
        (0.01, 0.7, 0.5),
        (0.001, 0.8, 0.3),
        (0.003, 0.8, 0.6),
        (0.03, 0.8, 0.4),
        (0.1, 0.6, 0.9),
    ]
    tests = [(0.5, 0.3, 0.6, 0.4, 0.9), (0.5, 0.6, 0.3, 0.4, 0.9), (0.5, 0.4, 0.3, 0.6, 0.1)]
    picked = []
    for scores in tests:
        results = [(rate, val, test) for (rate, val, _), test in zip(tied, scores, strict=True)]
        picked.append(plain(answer([*results])))
        if not any(alike(picked[-1], rate) for rate in (0.001, 0.003, 0.03)):
            return f"{_case(results).call}: {_shown(picked[-1])} comes out. Three trials share the best validation score, 0.8; pick one of them."
    if all(alike(value, picked[0]) for value in picked):
        return None
    return (
        "Where several trials share the best validation score, your choice changes with their test "
        f"scores: {', '.join(map(_shown, picked))} for the same trials with other test scores. Decide a tie by anything but the test."
    )


def _is_constant(answer: Pick) -> bool:
    values = [plain(answer(*case.inputs)) for case in _known_cases()]
    return isinstance(values[0], int | float) and all(alike(value, values[0]) for value in values)


def _with_other_tests() -> list[Case]:
    """Make the known cases, each with the test scores handed on to the next trial."""
    cases = []
    for case in _known_cases():
        (results,) = case.inputs
        tests = [result[2] for result in [*results[1:], results[0]]]
        changed = [(*result[:2], test) for result, test in zip(results, tests, strict=True)]
        cases.append(_case(changed))
    return cases


def _depends_on_test(answer: Pick) -> bool:
    cases = [*zip(_known_cases(), _with_other_tests(), strict=True)]
    picked = [(plain(one.run(answer)), plain(other.run(answer)), one) for one, other in cases]
    return any(not alike(one, other) for one, other, _ in picked) and all(
        any(alike(one, result[0]) for result in case.inputs[0]) for one, _, case in picked
    )


known = Probes(lambda: [*_known_cases(), *_with_other_tests()])

same_recipe = Exercise(
    name="same_recipe",
    lesson=6,
    prompt="Each result is (learning_rate, validation, test), scores where higher is better. Return the learning rate you would go on with. If several are equally good, any of them will do.",
    checks=(
        is_function("pick(results)"),
        returns("one number", a_number, _known_cases),
        Check("its choice", _picks),
        Check("no say for the test", _ignores_test_scores),
        matches(_best_on_validation, _cases),
    ),
    answers=(
        lambda: _best_on_validation,
        lambda: lambda results: sorted((score, rate) for rate, score, _ in results)[-1][1],
        lambda: lambda results: results[int(np.argmax([r[1] for r in results]))][0],
        lambda: lambda results: sorted(results, key=lambda r: -r[1])[0][0],
    ),
    mistakes=(
        known.mistake("picked on the test", "You choose by the test score. Then it is the best of several tries, no longer a score on data that nothing was fitted to. What else is there to choose by?",
            lambda r: max(r, key=lambda x: x[2])[0]),
        known.mistake("the smallest gap", "You take the trial whose two scores are nearest to each other. For that you looked at the test, and two low scores can be near as well.",
            lambda r: min(r, key=lambda x: abs(x[1] - x[2]))[0]),
        known.mistake("an average of rates", "You average or interpolate the learning rates. Return the one that was tried with the best validation score.",
            lambda r: float(np.mean([x[0] for x in r])), lambda r: float(np.median([x[0] for x in r])),
            lambda r: float(np.exp(np.mean(np.log([x[0] for x in r])))),
            lambda r: sum(x[0] * x[1] for x in r) / sum(x[1] for x in r)),
        known.mistake("the place in the list", "That is its place in the list. Asked is the learning rate at that place.",
            lambda r: int(np.argmax([x[1] for x in r]))),
        KnownMistake("both scores", "With other test scores, and nothing else changed, you choose another trial. So the test score has a say, and even a small one makes it too high.",
            lambda: lambda r: max(r, key=lambda x: x[1] + x[2])[0], _depends_on_test, "its choice",
            (lambda: lambda r: max(r, key=lambda x: x[1] * x[2])[0], lambda: lambda r: max(r, key=lambda x: min(x[1:]))[0],
             lambda: lambda r: max(r, key=lambda x: (round(x[1], 1), x[2]))[0])),
        KnownMistake("a constant", "You return the same number, whatever the trials are. Find it in `results`.",
            lambda: lambda results: 0.003, _is_constant),
        known.mistake("the largest rate", "`max` of tuples goes by what stands first, the learning rate. What should the choice go by?",
            lambda r: max(r)[0]),
        known.mistake("the smallest rate", "Tuples are sorted by what stands first, the learning rate. What should the choice go by?",
            lambda r: min(r)[0], lambda r: sorted(r)[0][0]),
    ),
    hints=(
        "After the choice you want to report one score honestly. Which of the two must not have been used until then?",
        "Look for the result whose second part, validation, is the highest: `max` takes a `key`.",
        "`return max(results, key=lambda result: result[___])[___]`",
    ),
    solution_text="`return max(results, key=lambda result: result[1])[0]`",
    praise="Chosen on validation, so the test score is still one of unseen data. Choose so for every variant alike, or the one you tuned most wins.",
)  # fmt: skip
