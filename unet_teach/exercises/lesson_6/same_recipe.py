"""Exercise `same_recipe` of lesson 6: the learning rate is chosen on validation, not on test."""

import math
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
from unet_teach.exercises.checks.ratios import factor_of, rounded_in_words
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.exercises.plain_values import plain

Trial = tuple[float, float, float]  # learning rate, score on validation, score on test
Pick = Callable[[list[Trial]], Any]


def _best_on_validation(trials: list[Trial]) -> float:
    return max(trials, key=lambda trial: trial[1])[0]


# Trials that differ in what is best on validation, on test, on average, first or last.
KNOWN: list[list[Trial]] = [
    [(0.001, 0.6, 0.62), (0.01, 0.8, 0.66), (0.1, 0.2, 0.3), (0.003, 0.75, 0.79)],
    [(0.03, 0.3, 0.55), (0.003, 0.71, 0.5), (0.001, 0.7, 0.74), (0.0003, 0.45, 0.4)],
    [(0.004, 0.4, 0.75), (0.001, 0.2, 0.1), (0.01, 0.8, 0.5), (0.003, 0.75, 0.7), (0.03, 0.5, 0.3)],
    [(0.002, 0.5, 0.1), (0.02, 0.9, 0.58), (0.2, 0.4, 0.6), (0.01, 0.88, 0.89)],
    [(0.05, 0.62, 0.87), (0.005, 0.66, 0.61), (0.5, 0.68, 0.28), (0.0005, 0.67, 0.53), (0.02, 0.31, 0.72)],
    [(0.02, 0.35, 0.6), (0.001, 0.58, 0.9), (0.3, 0.31, 0.2), (0.008, 0.64, 0.41)],
    [(0.03, -2.3, -1.9), (0.001, -4.1, -1.1), (0.01, -1.2, -2.5), (0.1, -1.6, -3.0)],  # as a log-likelihood
]  # fmt: skip


def _case(trials: list[Trial]) -> Case:
    return Case(f"`pick({trials})`", (trials,))


def _known_cases() -> list[Case]:
    return list(map(_case, KNOWN))


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


def _place(values: list[float], index: int) -> str:
    """Describe the place of a value among the others, as in "the highest"."""
    names = {min(values): "the lowest", max(values): "the highest"}
    if len(values) > 2:
        names |= {sorted(values)[1]: "the second lowest", sorted(values)[-2]: "the second highest"}
    return names.get(values[index], "")


def _descriptions(trials: list[Trial], value: Any) -> set[str]:
    """Return every description of a value: which column it is, and of which trial."""
    columns = list(zip(COLUMNS, zip(*trials, strict=True), strict=True))
    found = {
        f"the mean of all {name}s"
        for name, cells in columns
        if alike(sum(cells) / len(cells), value)
    }
    for row, trial in enumerate(trials):
        names = ["the first trial"] * (row == 0) + ["the last trial"] * (row == len(trials) - 1)
        places = [(_place([*cells], row), name) for name, cells in columns]
        names += [f"the trial with {place} {name}" for place, name in places if place]
        for column, cell in zip(COLUMNS, trial, strict=True):
            if alike(cell, value):
                found |= {f"the {column} of {text}" for text in names}
    return found


def _picks(answer: Pick) -> str | None:
    """Say what a wrong answer returned, and what holds for it in every known case."""
    values = [plain(case.run(answer)) for case in _known_cases()]
    targets = list(map(_best_on_validation, KNOWN))
    wrong = (each for each in zip(KNOWN, values, targets, strict=True) if not alike(*each[1:]))
    if not (first := next(wrong, None)):
        return None
    trials, value, target = first
    parts = [f"{_case(trials).call}: you return {_shown(value)}, but it should be {target}."]
    if own := [trial[1] for trial in trials if alike(trial[0], value)]:
        best = max(trial[1] for trial in trials)
        parts.append(
            f"That trial scores {own[0]} on validation, where higher is better; the best scores {best}."
        )
    if always := set.intersection(*map(_descriptions, KNOWN, values)):
        parts.append(f"In all {len(KNOWN)} known cases you return {min(always)}.")
    elif not own:
        cells = [(COLUMNS[k], t[0]) for t in trials for k in (1, 2) if alike(t[k], value)]
        where = "isn't in the list"
        if cells:
            where = f"is the {cells[0][0]} of the trial with rate {cells[0][1]}"
        parts.append(f"That number {where}. Return the learning rate of a trial.")
        if (factor := factor_of(values, targets)) is not None:
            parts.append(f"It is always {factor:.4g} times the right learning rate.")
        elif found := rounded_in_words(values, targets):
            parts.append(f"It is always {found}. Return it as it is.")
        elif any(all(map(alike, values, map(log, targets))) for log in (math.log10, math.log)):
            parts.append("It is always the logarithm of the right learning rate.")
    return " ".join(parts)


def _rotated(trials: list[Trial], column: int) -> list[Trial]:
    """Hand the values of one column on to the trial before."""
    pairs = zip(trials, [*trials[1:], trials[0]], strict=True)
    return [(*t[:column], other[column], *t[column + 1 :]) for t, other in pairs]  # type: ignore[misc]


def _chosen(answer: Pick, trials: list[Trial]) -> int | None:
    """Return the place of the trial whose learning rate is returned; None if it is that of none."""
    value = plain(answer([*trials]))
    return next((place for place, trial in enumerate(trials) if alike(trial[0], value)), None)


def _chooses_the_same(answer: Pick, column: int) -> bool:
    """Whether it chooses the same trials if the values of a column change places."""
    return all(_chosen(answer, t) == _chosen(answer, _rotated(t, column)) for t in KNOWN)


def _facts(answer: Pick) -> str:
    """Say in which of the known lists the choice is right, and whether it depends on their order."""
    if any(_chosen(answer, trials) is None for trials in KNOWN):
        return ""
    wrong = [t for t in KNOWN if _chosen(answer, t) != _chosen(_best_on_validation, t)]
    said = f"You choose the best of {len(KNOWN) - len(wrong)} of the {len(KNOWN)} lists tried."
    last_best = [t for t in KNOWN if _chosen(_best_on_validation, t) == len(t) - 1]
    if wrong == last_best:
        return f"{said} It is wrong exactly where the last trial is the best one. Does your loop reach it?"
    if len(wrong) == 1 and all(trial[1] < 0 for trial in wrong[0]):
        return f"{said} It is wrong only where all scores are below 0. Of two such scores, the one closer to 0 is higher."
    if not _chooses_the_same(answer, 0):
        return f"{said} If only the learning rates change places, you choose other trials. How high a rate is should play no part: the validation score alone decides."
    if _chooses_the_same(answer, 1):
        return f"{said} If only the validation scores change places, you choose the same trials, so they play no part in your choice. They alone should decide."
    for trials in sorted(KNOWN, key=lambda trials: trials not in wrong):
        value, turned = plain(answer([*trials])), plain(answer(trials[::-1]))
        if not alike(turned, value):
            return f"{said} The order matters to your function: for {trials} you return {_shown(value)}, and {_shown(turned)} if the same trials come from last to first. Is every score compared with the highest one so far?"
    return said


def _ignores_test_scores(answer: Pick) -> str | None:
    """Change the test scores of trials that tie on validation: the choice has to stay the same."""
    rates, validation = (0.01, 0.001, 0.003, 0.03, 0.1), (0.7, 0.8, 0.8, 0.8, 0.6)
    tests = [(0.5, 0.3, 0.6, 0.4, 0.9), (0.5, 0.6, 0.3, 0.4, 0.9), (0.5, 0.4, 0.3, 0.6, 0.1)]
    picked = []
    for test in tests:
        trials = list(zip(rates, validation, test, strict=True))
        picked.append(plain(answer([*trials])))
        if not any(alike(picked[-1], rate) for rate in rates[1:4]):
            return f"{_case(trials).call}: you return {_shown(picked[-1])}. Three trials share the best validation score, 0.8, so return the learning rate of one of them."
    if all(alike(value, picked[0]) for value in picked):
        return None
    return f"Where several trials share the best validation score, your choice changes with their test scores: you return {', '.join(map(_shown, picked))} for the same trials with different test scores. Break a tie by anything except the test scores."


def _from_start(rate: Callable[[list[Trial]], Any]) -> Pick:
    """Make a search that begins with a best score of 0, and with a rate in case none is better."""
    return lambda trials: max(
        [(0, rate(trials)), *((v, r) for r, v, _ in trials)], key=lambda pair: pair[0]
    )[1]


def _is_constant(answer: Pick) -> bool:
    values = [plain(answer([*trials])) for trials in KNOWN]
    return isinstance(values[0], int | float) and all(alike(value, values[0]) for value in values)


known = Probes(lambda: [*_known_cases(), *(_case(_rotated(trials, 2)) for trials in KNOWN)])

same_recipe = Exercise(
    name="same_recipe",
    lesson=6,
    prompt="Each trial is (learning_rate, validation, test), and a higher score is better. Return the learning rate you would go on with. If several are equally good, return any of them.",
    checks=(
        is_function("pick(trials)"),
        returns("one number", a_number, _known_cases),
        Check("its choice", _picks, _facts),
        Check("test scores play no part", _ignores_test_scores),
        matches(_best_on_validation, _cases),
    ),
    mistakes=(
        known.mistake("picked on the test", "You choose by the test score. Then the winner's test score is merely the best of several tries, no longer a score on data that played no part in the choice. Which other score can you choose by?",
            lambda r: max(r, key=lambda x: x[2])[0]),
        KnownMistake("the whole trial", "You return a whole trial. Return its first entry, the learning rate.",
            lambda: lambda trials: max(trials, key=lambda trial: trial[1]),
            lambda answer: all(answer([*trials]) in trials for trials in KNOWN), "one number"),
        known.mistake("the place in the list", "You return the position of the best trial in the list. Return the learning rate of that trial.",
            lambda r: int(np.argmax([x[1] for x in r])), lambda r: int(np.argmax([x[1] for x in r])) + 1),
        KnownMistake("both scores", "If only the test scores change, you choose another trial. So the test score influences the choice, and even a small influence makes the winner's test score too good. Choose by validation alone.",
            lambda: lambda r: max(r, key=lambda x: x[1] + x[2])[0],
            lambda a: None not in [_chosen(a, trials) for trials in KNOWN] and not _chooses_the_same(a, 2), "its choice",
            (lambda: lambda r: max(r, key=lambda x: x[1] * x[2])[0], lambda: lambda r: max(r, key=lambda x: min(x[1:]))[0],
             lambda: lambda r: max(r, key=lambda x: (round(x[1], 1), x[2]))[0])),
        known.mistake("the search starts at a number", "Where all scores are negative, as log-likelihoods are, your search finds nothing: it starts with a number, such as `best = 0`, that no score exceeds. Start with the first trial, or with `-math.inf`.",
            *(_from_start(rate) for rate in (lambda t: None, lambda t: 0, lambda t: t[0][0], lambda t: t[-1][0]))),
        known.mistake("the best score isn't kept", "Your search ends with the last trial that beats the score it began with, because it never sets a new best. Where you keep the learning rate, keep its score as well: `best = validation`.",
            lambda t: [t[0][0], *(r for r, v, _ in t if v > t[0][1])][-1], lambda t: [None, *(r for r, v, _ in t if v > 0)][-1]),
        KnownMistake("a constant", "You return the same number for every list of trials. Find it in `trials`.",
            lambda: lambda trials: 0.003, _is_constant),
        known.mistake("compared by the rate", "On their own, `max`, `min` and `sorted` compare tuples by their first entry, the learning rate. Which entry should decide?",
            lambda r: max(r)[0], lambda r: min(r)[0]),
    ),
    hints=(
        "Afterwards you want to report one honest score for the network you chose. Which of the two scores must play no part until then?",
        "Find the trial whose second entry, the validation score, is the highest. `max` takes a function as `key` that says what to compare.",
        "`return max(trials, key=lambda trial: trial[___])[___]`",
    ),
    solution_text="`return max(trials, key=lambda trial: trial[1])[0]`",
    praise="You chose on validation, so the test score is still about unseen data. Do it in the same way for every variant, or the one that you tuned most wins.",
)  # fmt: skip
