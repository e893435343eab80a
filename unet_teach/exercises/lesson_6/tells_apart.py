"""Exercise `tells_apart` of lesson 6: the exact two-sided permutation test of two means."""

import ast
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import comb, isfinite
from statistics import fmean, median, pstdev, stdev
from time import thread_time
from types import CodeType, FunctionType
from typing import Any

import numpy as np
import torch

from unet_teach.exercises.checks.functions import (
    Case,
    Probes,
    alike,
    is_function,
    on_each_case,
    returns,
    true_or_false,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.exercises.lesson_6.mean_and_spread import Scores
from unet_teach.exercises.parentheses import compared_by, source_of
from unet_teach.exercises.plain_values import plain
from unet_teach.segmentation.ablation import p_value

Decide = Callable[[Scores, Scores], Any]
LEVEL = 0.05
ROUNDING = 1e-9

# Few scores, the fewest first, so that an answer may go through all orders. In each case of unequal groups, twice the
# one-sided p decides the same: that is two-sided as well, and what some libraries compute.
KNOWN: list[tuple[Scores, Scores]] = [
    ([0.8, 0.82, 0.79], [0.4, 0.5, 0.45]),  # p = 2/20
    ([0.99, 0.99, 0.7], [0.5, 0.3, 0.6]),  # 2/20
    ([0.62, 0.7, 0.66], [0.71, 0.64, 0.68]),  # 14/20
    ([0.21, 0.17, 0.18], [0.28, 0.75, 0.28]),  # 2/20
    ([0.7, 0.8, 0.65], [0.8, 0.25, 0.6]),  # 10/20
    ([0.85, 0.85, 0.85], [0.8, 0.8, 0.85]),  # 8/20
    ([0.4, 0.8, 0.8], [0.7, 0.7, 0.6]),  # 20/20
    ([0.09, 0.1, 0.01], [0.3, 0.5, 0.3, 0.9]),  # 3/35
    ([0.99, 0.99, 0.9, 0.99], [0.2, 0.4, 0.9]),  # 2/35
    ([0.99, 0.99, 0.8], [0.2, 0.3, 0.7, 0.7]),  # 3/35
    ([0.5, 0.5, 0.45, 0.4], [0.35, 0.3, 0.45]),  # 5/35
    ([0.99, 0.5, 0.85], [0.25, 0.35, 0.5, 0.45]),  # 2/35
    ([0.46, 0.35, 0.31], [0.9, 0.55, 0.48, 0.52]),  # 2/35
    ([0.07, 0.05, 0.05, 0.15, 0.3], [0.35, 0.35, 0.85]),  # 1/56
    ([0.3, 0.2, 0.2], [0.4, 0.7, 0.6, 0.4, 0.9]),  # 2/56
    ([0.99, 0.99, 0.5], [0.01, 0.02, 0.01, 0.03, 0.02]),  # 1/56, also if 2 are dealt
    ([0.62, 0.81, 0.87, 0.77, 0.99], [0.68, 0.57, 0.25]),  # 3/56
    ([0.8, 0.5, 0.7, 0.9, 0.9], [0.3, 0.3, 0.4]),  # 2/56
    ([0.25, 0.24, 0.05, 0.2, 0.44], [0.48, 0.38, 0.72]),  # 3/56
    ([0.99, 0.99, 0.9, 0.9], [0.6, 0.55, 0.8, 0.4]),  # 2/70
    ([0.65, 0.35, 0.35, 0.1], [0.8, 0.85, 0.55, 0.7]),  # 4/70
    ([2e-6, 4e-6, 1e-6, 3e-6], [9e-6, 6e-6, 8e-6, 7e-6]),  # 2/70, as small errors
    ([0.84, 0.27, 0.85, 0.26], [0.43, 0.45, 0.6, 0.82]),  # 70/70: nothing is closer together
    ([0.4, 0.01, 0.2, 0.4, 0.5], [0.7, 0.7, 0.7]),  # 1/56
    ([0.1, 0.2, 0.4, 0.8], [0.3, 0.5, 0.6, 0.7]),  # 34/70
    ([0.12, 0.15, 0.19, 0.11, 0.14], [0.81, 0.9, 0.78, 0.86]),  # 1/126, below 0.01
    ([0.49, 0.18, 0.1, 0.26, 0.47], [0.6, 0.81, 0.55, 0.45]),  # 6/126, and they overlap
    ([0.57, 0.27, 0.35, 0.53, 0.33, 0.31, 0.58], [0.87, 0.56, 0.6]),  # 6/120, which is 0.05
]


SMALL = sum(len(a) + len(b) <= 8 for a, b in KNOWN)  # cases with up to 8! = 40,320 orders


def _case(a: Scores, b: Scores) -> Case:
    return Case(f"`tells_apart({a}, {b})`", (a, b))


def _known_cases() -> list[Case]:
    return [_case(a, b) for a, b in KNOWN]


def _fresh_cases() -> Iterator[Case]:
    chance = random.Random()
    small = [(a, b) for a, b in KNOWN if len(a) + len(b) < 8]
    for a, b in [*chance.sample(small, 3), KNOWN[23]]:  # the same p: turned round, another order
        turned = [[round(1.01 - score, 2) for score in chance.sample(x, len(x))] for x in (b, a)]
        yield _case(*turned)
    for reverse in (True, False):  # sorting one of them in place changes it
        a, b = (sorted(scores, reverse=reverse) for scores in KNOWN[0])
        yield _case(a, b)


# ------------------------------------------------------------------------------------------- checks
_last: list[Any] = [None, None]  # an answer and what it did: going through all orders takes time


def _decisions(answer: Decide) -> list[Any]:
    """What an answer returns for the known cases, or that it raised an error.

    A slow answer, which goes through all orders, is not asked the last ones.
    """
    if _last[0] is not answer:
        results, before = [], thread_time()
        for inputs in KNOWN:
            if thread_time() - before > {9: 1.5, 10: 0.5}.get(len(inputs[0]) + len(inputs[1]), 4):
                break
            results.append(_probes._try(answer, inputs))
        _last[:] = answer, results
    known: list[Any] = _last[1]
    return known


def _decides(answer: Decide) -> str | None:
    """Say where the answer decides wrongly, what p is there, and what the wrong cases share."""
    _last[0] = None  # a function that it calls may be another one since the last check
    wrong = [
        number
        for number, (value, inputs) in enumerate(zip(_decisions(answer), KNOWN, strict=False))
        if value is not told_apart(*inputs)
    ]
    if not wrong:
        return None
    first = _known_cases()[wrong[0]]
    value = plain(first.run(answer))  # an error is told with its line
    if value is told_apart(*first.inputs):
        return f"{first.call}: called a second time, your function decides differently."
    parts = [_explained(first, value)]
    if value is None:
        parts.append("Does every path through your function end in `return`?")
    asked = len(_decisions(answer))
    more = "" if len(wrong) < asked else " All of them are turned round."
    parts.append(f"You decide {asked - len(wrong)} of the {asked} known cases correctly.{more}")
    shared = [
        (text, holds)
        for text, holds in sorted(SHARED, key=lambda clue: sum(clue[1](*x) for x in KNOWN))
        if all(holds(*KNOWN[number]) for number in wrong)
        and not all(holds(*inputs) for inputs in KNOWN[:asked])
    ]
    such = [inputs for inputs in KNOWN[:asked] if all(holds(*inputs) for _, holds in shared)]
    if shared and len(wrong) > 1 and len(such) <= 2 * len(wrong):  # else it is a coincidence
        parts.append(
            f"What the {len(wrong)} wrong ones have in common: {'; '.join(text for text, _ in shared)}."
        )
    return " ".join(parts)


def _facts(answer: Decide) -> str:
    """Say which deals the answer looks at, what it compares, and how its decisions follow p."""
    seen = _deals_seen(answer)
    own = "" if seen else _own_p(answer)
    return " ".join(filter(None, (seen, own, _limit(answer, own or seen))))


class _Deals(Iterator[Any]):
    """The deals of a generator, counted as they are taken."""

    def __init__(self, deals: Iterator[Any]) -> None:
        self.deals, self.taken, self.ends = deals, 0, 0

    def __next__(self) -> Any:
        try:
            deal = next(self.deals)
        except StopIteration:
            self.ends += 1
            raise
        self.taken += 1
        return deal


def _deals_seen(answer: Decide) -> str:
    """Say that the answer does not go through all deals, as counted while it runs."""
    tree = source_of(answer)
    if tree and all(map(_goes_through_nothing, ast.walk(tree))):
        return "Your function doesn't go through the ways to deal the scores, and p is a share of these ways. `for one, other in deals(a, b):` goes through all of them."
    made: list[_Deals] = []
    known = getattr(answer, "__globals__", {})
    if "deals" not in _names(getattr(answer, "__code__", None)) or "deals" not in known:
        return ""

    def deals(*groups: Any) -> _Deals:
        made.append(_Deals(iter(known["deals"](*groups))))
        return made[-1]

    names = {**known, "deals": deals}
    counted = FunctionType(answer.__code__, names, "counted", None, answer.__closure__)
    a, b = _first_wrong(answer)
    _probes._try(counted, (a, b))
    ways = comb(len(a) + len(b), len(a))
    if made and all(each.ends > 1 for each in made):
        return "Your function goes through the same `deals(a, b)` twice. A generator can be gone through only once, so the second time nothing is left. Make a list of it first: `ways = list(deals(a, b))`."
    if made and (most := max(each.taken for each in made)) < ways:
        return f"In the case above, your function looks at {most} of the {ways} deals. A `return` inside the loop ends the function before the other deals are counted."
    return ""


# Functions that take a group as it is.
SIMPLE = "abs|len|sum|max|min|sorted|bool|float|int|round|list|tuple|set|array|asarray|item|any|all|mean|median|std|var|stdev|pstdev|variance|pvariance|sqrt|fabs"


def _goes_through_nothing(node: ast.AST) -> bool:
    """Whether a part of a function is no loop, and calls no function that may hold one."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        return bool(re.fullmatch(SIMPLE, name))
    return not isinstance(node, ast.For | ast.While | ast.comprehension)


def _own_p(answer: Decide) -> str:
    """Say which numbers the answer compares at its end, taken from its own code."""
    if (own := _compared(answer)) is None:
        return ""
    a, b = _first_wrong(answer)
    x, limit, _ = next(each for each in own if each[2] == (a, b))
    if all(alike(x, p_value(*scores)) for x, _, scores in own):
        said = f"In the case above, you compare p with {limit:.4g}; it should be {LEVEL}."
        return "" if alike(limit, LEVEL) else said
    p, ways = p_value(a, b), comb(len(a) + len(b), len(a))
    share = f"{round(p * ways)} / {ways} = {p:.3g}"
    found = compared_by(answer)
    if found and found.fraction:
        parts = [plain(_probes._try(part, (a, b))) for part in found.fraction]
        if all(isinstance(part, float | int) for part in parts):
            return f"In the case above, you compare {parts[0]:.4g} / {parts[1]:.4g} = {x:.4g} with {limit:.4g}, but p is {share}."
    said = f"In the case above, you compare {x:.4g} with {limit:.4g}, but p is {share}."
    factors = [x / p_value(*scores) for x, _, scores in own]
    if isfinite(factors[0]) and all(alike(factor, factors[0]) for factor in factors):
        return f"{said} Your number is always {factors[0]:.3g} times p."
    counts = [round(p_value(a, b) * comb(len(a) + len(b), len(a))) for *_, (a, b) in own]
    if all(alike(x, count) for (x, *_), count in zip(own, counts, strict=True)):
        return f"{said} Your number is how many deals are as far apart, not their share: divide it by the number of all deals."
    return said


def _compared(answer: Decide) -> list[tuple[float, float, tuple[Scores, Scores]]] | None:
    """Return the two numbers that the answer compares in each known case; `None` if unknown."""
    if (found := compared_by(answer)) is None:
        return None
    inputs = KNOWN[: len(_decisions(answer))]
    sides = [[plain(_probes._try(side, x)) for side in (found.left, found.right)] for x in inputs]
    if not all(isinstance(side, float | int) for pair in sides for side in pair):
        return None
    return [(pair[0], pair[1], x) for pair, x in zip(sides, inputs, strict=True)]


def _compares_another_number(answer: Decide, test: Decide) -> bool:
    """Whether it is known what the answer compares, and it is mostly not what this test compares.

    Rounding may count a deal more or less.
    """
    found = compared_by(answer)
    own = _compared(answer) if found and found.smaller else None
    if not (own and isinstance(test, _Test)):
        return False
    same = [alike(x / limit, test.p_of(*scores) / test.level) for x, limit, scores in own if limit]
    return sum(same) < 0.7 * len(same)


def _first_wrong(answer: Decide) -> tuple[Scores, Scores]:
    decisions = zip(_decisions(answer), KNOWN, strict=False)
    return next((x for value, x in decisions if value is not told_apart(*x)), KNOWN[0])


def _limit(answer: Decide, own: str) -> str:
    """Say between which two p the decision changes, or that it does not follow p."""
    decided = [(p_value(*x), value) for x, value in zip(KNOWN, _decisions(answer), strict=False)]
    yes, no = ([p for p, value in decided if value is decision] for decision in (True, False))
    if not (yes and no):
        such = f"You return {decided[0][1]} every time"
        if own:
            return f"{such}."
        a, b = (max if yes else min)(KNOWN[: len(decided)], key=lambda x: p_value(*x))
        return f"{such}. Print what you compare with 0.05, for example in `tells_apart({a}, {b})`: there it should be {p_value(a, b):.3g}, a share of all the deals."
    if max(no) < min(yes):
        return f"You return False for every p up to {max(no):.3g}, and True from {min(yes):.3g} on. It should be True up to 0.05, and False above."
    highest, lowest = max(yes), min(no)
    if round(highest - lowest, 6) == 0:
        return f"At p = {highest:.3g} you return True in one case and False in another, so your function doesn't go by this p."
    if highest < lowest:
        return f"In these cases you return True for every p up to {highest:.3g}, and False from {lowest:.3g} on. It should be True for every p up to 0.05."
    return f"You return True at p = {highest:.3g}, but False at p = {lowest:.3g}, so your function doesn't go by this p."


def _right_on_whole_numbers(answer: Decide) -> bool:
    """Whether it decides correctly where all means are whole numbers, so that nothing is rounded."""
    return all(
        _probes._try(answer, [[round(1_000_000 * x) * 60 for x in scores] for scores in inputs])
        is told_apart(*inputs)
        for inputs in KNOWN[: len(_decisions(answer))]
    )


SHARED: list[tuple[str, Callable[[Scores, Scores], bool]]] = [
    ("p is at most 0.05, so they should be True", lambda a, b: told_apart(a, b)),
    ("p is above 0.05, so they should be False", lambda a, b: not told_apart(a, b)),
    ("the mean of `a` is the higher one", lambda a, b: fmean(a) > fmean(b)),
    ("the mean of `b` is the higher one", lambda a, b: fmean(a) < fmean(b)),
    ("the groups have different sizes", lambda a, b: len(a) != len(b)),
    ("the groups have the same size", lambda a, b: len(a) == len(b)),
    ("`a` doesn't have 3 scores", lambda a, b: len(a) != 3),
    ("a score occurs twice", lambda a, b: len({*a, *b}) < len(a) + len(b)),
    ("all of one group lie above all of the other", lambda a, b: _separated(a, b)),
]


def _explained(case: Case, value: Any) -> str:
    a, b = case.inputs
    ways, p = comb(len(a) + len(b), len(a)), p_value(a, b)
    return f"{case.call}: you return {value}, but it should be {p <= LEVEL}. There are {ways} ways to deal these scores. In {round(p * ways)} of them, this one included, the means are at least {abs(fmean(a) - fmean(b)):.3g} apart, as they are here, so p = {round(p * ways)}/{ways} = {p:.3g}."


def _on_fresh(answer: Decide, case: Case) -> str | None:
    inputs = [list(scores) for scores in case.inputs]
    value = plain(answer(*inputs))
    if inputs != list(case.inputs):
        return f"{case.call}: your function changes the lists that it was given. Work on a copy, such as `[*a, *b]`."
    return None if value is told_apart(*case.inputs) else _explained(case, value)


def _random_state() -> tuple[Any, ...]:
    state = np.random.get_state(legacy=False)["state"]
    numpy_state = (state["key"].tobytes(), state["pos"])
    return random.getstate(), numpy_state, torch.get_rng_state().tolist()


def _names(code: Any) -> set[str]:
    """Return the names in a function's code and in the functions inside it."""
    parts = [part for part in getattr(code, "co_consts", ()) if isinstance(part, CodeType)]
    return {*getattr(code, "co_names", ()), *(name for part in parts for name in _names(part))}


GENERATORS = {"default_rng", "RandomState", "Random", "SystemRandom"}


def _draws(answer: Decide) -> bool:
    """Whether the answer draws random numbers, from the common generators or from its own."""
    random.random(), np.random.random(), torch.rand(1)  # a state that a fixed seed does not leave
    before = _random_state()
    _probes._try(answer, KNOWN[0])
    names = _names(getattr(answer, "__code__", None))
    return bool(GENERATORS & names) or before != _random_state()


def _says_that_it_draws(answer: Decide) -> str | None:
    if not _draws(answer):
        return None
    return "Your function draws random numbers, so it only estimates p, and near 0.05 an estimate can decide either way. The exact test goes through every way to deal the scores: 20 ways for 3 and 3 scores, 126 for 4 and 5."


# ------------------------------------------------------------------------------ right and wrong tests
def told_apart(a: Scores, b: Scores) -> bool:
    """Decide by the exact two-sided permutation test: the right answer."""
    return p_value(a, b) <= LEVEL


def _signed(a: Scores, b: Scores) -> float:
    return fmean(a) - fmean(b)


def _distance(a: Scores, b: Scores) -> float:
    return abs(_signed(a, b))


@dataclass(frozen=True)
class _Test:
    """A test by some p, right or wrong: it tells two variants apart if p is at most the level."""

    p_of: Callable[[Scores, Scores], float]
    level: float = LEVEL
    strict: bool = False  # whether p has to be below the level

    def __call__(self, a: Scores, b: Scores) -> bool:
        p = self.p_of(a, b)
        return p < self.level if self.strict else p <= self.level


def _test(
    statistic: Callable[[Scores, Scores], float] = _distance,
    slack: float = ROUNDING,
    size: Callable[[Scores, Scores], int] = lambda a, b: len(a),
    *,
    seen: Callable[[Scores, Scores], float] | None = None,
    share: Callable[[int, int], float] = lambda far, ways: far / ways,
    deals: Callable[[list[tuple[Any, float]]], list[float]] | None = None,
    level: float = LEVEL,
    rest: Callable[[Scores, Scores, Scores, Scores], float] | None = None,
) -> Decide:
    """Make a test with another statistic, tolerance, or number of scores that are dealt.

    Args:
        statistic: of each deal.
        slack: how much the statistic may fall short.
        size: how many scores are dealt to the first group.
        seen: the observed statistic, if it is another one.
        share: makes p of the number of deals that are far apart and of all.
        deals: picks the statistics that count, of pairs (scores dealt, statistic); None: all.
        level: the largest p that tells them apart.
        rest: the mean from which a deal's distance is taken, of (scores dealt, those left, a, b).
    """

    def p_of(a: Scores, b: Scores) -> float:
        pool, limit = [*a, *b], (seen or statistic)(a, b) - slack
        found = []
        for places in combinations(range(len(pool)), size(a, b)):
            left = [x for place, x in enumerate(pool) if place not in places]
            dealt = [pool[place] for place in places]
            far = abs(fmean(dealt) - rest(dealt, left, a, b)) if rest else statistic(dealt, left)
            found.append((tuple(sorted(dealt)), far))
        counted = deals(found) if deals else [value for _, value in found]
        return share(sum(x >= limit for x in counted), len(counted))

    return _Test(p_of, level)


def _unequal(dealt: Scores, left: Scores) -> float:
    """Return the mean of the scores left that equal none of those dealt, or 0."""
    unequal = [score for score in left if score not in dealt]
    return fmean(unequal) if unequal else 0


def _above_average(a: Scores, b: Scores) -> bool:
    pool, total = [*a, *b], sum(a) + sum(b)
    dealt = [sum(scores) for scores in combinations(pool, len(a))]
    return _distance(a, b) >= fmean(abs(s / len(a) - (total - s) / len(b)) for s in dealt)


def _separated(a: Scores, b: Scores) -> bool:
    return min(a) > max(b) or min(b) > max(a)


# --------------------------------------------------------------------------------- known mistakes
# Each decided differently by twice the share in one direction and by a signed difference, and not
# asked for a right answer: twice the share in one direction is two-sided as well.
ONE_DIRECTION = (
    ([0.55, 0.49, 0.86, 0.77], [0.34, 0.23, 0.17]),
    ([0.45, 0.36, 0.74, 0.38, 0.89], [0.05, 0.35, 0.03]),
    ([0.34, 0.23, 0.17], [0.55, 0.49, 0.86, 0.77]),
    ([0.05, 0.35, 0.03], [0.45, 0.36, 0.74, 0.38, 0.89]),
)
OF_MEANS = (  # spreads and nearness of means decide differently
    ([0.71, 0.07, 0.36, 0.31], [0.7, 0.18, 0.47, 0.18]),
    ([0.34, 0.35, 0.52], [0.78, 0.11, 0.75, 0.8, 0.86]),
)
ONE_OF_35 = (([0.04, 0.27, 0.12], [0.45, 0.41, 0.72, 0.77]),)  # p is 1/35: above 0.025


def mistake(
    name: str, sentence: str, *wrong: Decide, more: Sequence[tuple[Scores, Scores]] = ()
) -> KnownMistake:
    """Make a known mistake: the answer decides every known case as one wrong function does.

    It may make a second one beside it, `<` in place of `<=`, which is told once the first is gone.

    Args:
        name: of the mistake.
        sentence: what a student is told.
        *wrong: the wrong functions.
        more: further cases, where those known don't tell it from another mistake.
    """

    def recognises(answer: Any) -> bool:
        decisions = _decisions(answer)
        if len(decisions) < SMALL or all(value is decisions[0] for value in decisions):
            return False  # too few, or True or False every time, which any mistake may lead to
        decisions = [*decisions, *(_probes._try(answer, inputs) for inputs in more)]
        cases = [*KNOWN[: len(decisions) - len(more)], *more]
        below: list[Decide] = [replace(f, strict=True) for f in wrong if isinstance(f, _Test)]
        return any(
            all(map(_probes.same, decisions, (_probes._try(f, inputs) for inputs in cases)))
            and not _compares_another_number(answer, f)
            for f in (*wrong, *below)
        )

    first, *others = (lambda function=function: function for function in wrong)
    return KnownMistake(name, sentence, first, recognises, "", tuple(others))


_probes = Probes(_known_cases)

tells_apart = Exercise(
    name="tells_apart",
    lesson=6,
    prompt="`a` and `b` are the scores of two variants. Does the exact permutation test tell them apart? Deal all the scores into groups of these two sizes in every possible way. p is the share of the ways in which the two means are at least as far apart, in either direction, as those of `a` and `b`. Count a distance that falls short by less than 1e-9 as just as far. Return True if p is 0.05 or less, otherwise False.",
    checks=(
        is_function("tells_apart(a, b)"),
        returns("True or False", true_or_false, lambda: _known_cases()[:5]),
        Check("no random numbers", _says_that_it_draws),
        Check("its decisions", _decides, _facts),
        on_each_case("fresh scores", _fresh_cases, _on_fresh),
    ),
    mistakes=(
        mistake("p itself", "You return p, and it is right. Return the decision instead: is p at most 0.05?",
            p_value),
        KnownMistake("random deals", "`itertools.combinations(pool, len(a))` gives you every way.",
            lambda: lambda a, b: random.random() < LEVEL, _draws),
        KnownMistake("rounding decides", "With the same scores as whole numbers, 60 million times as large, all your decisions are right. So what decides here is rounding, or a tolerance that is too large for these scores. `0.1 + 0.2` is more than `0.3`, so compare with the observed distance minus 1e-9.",
            lambda: _test(slack=0), _right_on_whole_numbers, "its decisions", (lambda: _test(slack=0.05),)),
        mistake("one direction only", "Your decisions are those of a test that only counts deals in which one particular group has the higher mean. `b` above `a` counts as much as `a` above `b`, so compare absolute differences (the test is two-sided). If you do, compare each choice with the scores left over: `b` itself is only one of the choices.",
            _test(_signed), _test(_signed, seen=_distance), _test(_signed, size=lambda a, b: len(b), seen=_distance), lambda a, b: _test(_signed)(b, a), lambda a, b: _test(_signed)(*sorted((a, b), key=fmean, reverse=True)),
            _test(rest=lambda dealt, left, a, b: fmean(b))),
        mistake("only what is farther apart", "Your decisions are those of a test that leaves out deals exactly as far apart as `a` and `b`, and with them the observed deal itself. Deals exactly as far apart count too, so compare with `>= observed - 1e-9`.",
            _test(slack=-ROUNDING), _test(slack=-ROUNDING, share=lambda far, ways: (far + 1) / ways)),
        mistake("1 added", "Your decisions are those of p = (k + 1) / (n + 1), where k of the n deals are at least as far apart. That correction is for random deals. You go through all of them, the observed one included, so p is k / n.",
            _test(share=lambda far, ways: (far + 1) / (ways + 1)), _test(share=lambda far, ways: (far + 1) / ways)),
        mistake("the observed deal left out", "Your decisions are those of a test that doesn't count the observed deal itself, p = (k − 1) / n. It is one of the ways to deal the scores, so count it.",
            _test(share=lambda far, ways: (far - 1) / ways), _test(share=lambda far, ways: (far - 1) / (ways - 1))),
        mistake("the observed difference signed", "Your decisions are those of a test that takes absolute differences for the deals, but not for `a` and `b` themselves. Where the observed difference is negative, every deal is at least as large. Take its absolute value, too.",
            _test(_distance, seen=_signed), _test(_distance, seen=lambda a, b: _signed(b, a)), more=ONE_DIRECTION),
        mistake("one tail doubled", "Your decisions are those of twice the share of deals in one direction. With groups of different sizes, the two directions have different shares. Compare absolute differences instead, without doubling.",
            _test(_signed, seen=_distance, share=lambda far, ways: 2 * far / ways), _test(_signed, share=lambda far, ways: 2 * far / ways),
            _test(lambda a, b: _signed(b, a), seen=_distance, share=lambda far, ways: 2 * far / ways), _test(lambda a, b: _signed(b, a), share=lambda far, ways: 2 * far / ways), more=ONE_DIRECTION),
        mistake("equal deals counted once", "Your decisions are those of a test that counts equal deals or equal distances only once, as a `set` does. Two seeds with the same score are still two seeds, so count every deal.",
            *(_test(distance, deals=deals) for distance in (_distance, lambda a, b: float(abs(np.mean(a) - np.mean(b)))) for deals in (
                lambda found: [*{x for _, x in found}], lambda found: [*{round(x, 9) for _, x in found}], lambda found: [*dict(found).values()]))),
        mistake("at most as far apart", "Your decisions are those of the share of deals whose means are closer together than those of `a` and `b`, or just as far apart. Count those at least as far apart, with `>=`.",
            _test(lambda a, b: -_distance(a, b)), more=OF_MEANS),
        mistake("1 minus p", "Your decisions are those of 1 − p, the share of the deals whose means are closer together than those of `a` and `b`. A *small* p tells the two apart: count the deals at least as far apart, with `>=`, and compare their share with 0.05.",
            _test(lambda a, b: -_distance(a, b), slack=-ROUNDING), _test(share=lambda far, ways: 1 - far / ways), more=OF_MEANS),
        mistake("medians", "Your decisions are those of a test of medians, which hardly notice a collapsed run. Compare means.",
            _test(lambda a, b: abs(median(a) - median(b)))),
        mistake("another statistic", "Your decisions are those of a test that compares something other than means: the highest or the lowest scores, or how far each group spreads. The question is how far apart the *means* are.",
            *(_test(lambda a, b, of=of: abs(of(a) - of(b))) for of in (max, min, stdev, pstdev)), more=OF_MEANS),  # type: ignore[misc]
        mistake("sums", "Your decisions are those of a test of sums. In a larger group the sum is larger anyway, so divide it by the number of scores.",
            _test(lambda a, b: abs(sum(a) - sum(b)))),
        mistake("every seed above every other", "Your decisions are those of asking whether all scores of one group are above all of the other. At 3 against 3, chance alone does that in 2 of 20 deals, and with many seeds a single score decides. Count deals instead.",
            _separated),
        mistake("mean ± standard deviation", "Your decisions are those of asking whether the bands of mean ± standard deviation overlap. That ignores how many seeds there are, so count deals instead.",
            lambda a, b: _distance(a, b) > stdev(a) + stdev(b), lambda a, b: _distance(a, b) > np.std(a) + np.std(b)),
        mistake("groups of another size", "Your decisions are those of a test that deals groups of another size. The groups must keep their sizes, so choose `len(a)` scores.",
            _test(size=lambda a, b: len([*a, *b]) // 2),
            *(_test(size=lambda a, b, dealt=dealt: dealt) for dealt in (1, 2, 3, 4)),  # type: ignore[misc]
            *(_test(size=lambda a, b, dealt=dealt: dealt, rest=lambda dealt, left, a, b: sum(left) / len(b)) for dealt in (1, 2, 3, 4))),  # type: ignore[misc]
        mistake("compared with the mean distance", "Your decisions are those of asking whether the means are farther apart than they are on average over all deals. Chance does better than its own average in about half of the cases. Count the deals in which the means are at least as far apart.",
            _above_average, more=(([0.07, 0.11, 0.06], [0.95, 0.15, 0.02]),)),
        mistake("20 deals for all sizes", "Your decisions are those of dividing by 20. That is how many deals there are for 3 against 3 scores; with other sizes there are others, so divide by the number of deals.",
            _test(share=lambda far, ways: far / 20), more=ONE_OF_35),
        mistake("both directions counted twice", "Your decisions are those of twice p at the limit of 0.05, or of p at 0.025. The deals hold both directions already, so neither double p nor halve the limit.",
            _test(share=lambda far, ways: 2 * far / ways), _test(level=0.025), more=ONE_OF_35),
        mistake("half of p", "Your decisions are those of half of p at the limit of 0.05, or of p at 0.1. A test in one direction would halve p, but `a` or `b` may be the higher one. Compare the share of the deals in both directions with 0.05.",
            _test(share=lambda far, ways: far / ways / 2), _test(level=0.1)),
        mistake("the last deal compared", "Your decisions are those of a test that measures how far apart the means are in the last deal, and not in `a` and `b`. A loop such as `for a, b in deals(a, b)` overwrites both: compute the observed distance before it, and give the deals other names.",
            _test(seen=lambda a, b: _distance([*a, *b][-len(a):], [*a, *b][:-len(a)]))),
        mistake("compared with all scores", "Your decisions are those of a test that compares each choice with the mean of all scores. Compare it with the scores that are left over: their sum is `sum(pool) - sum(chosen)`.",
            _test(rest=lambda dealt, left, a, b: fmean(dealt + left))),
        mistake("compared with a or b itself", "Your decisions are those of a test that compares the first group of each deal with the scores of `a`. Compare it with the other group of the same deal, which holds the scores left over.",
            _test(rest=lambda dealt, left, a, b: fmean(a))),
        mistake("a square compared with a distance", "Your decisions are those of a test that squares the distance of each deal, but not that of `a` and `b`. Compute both in the same way: `abs(…)` without a square is enough.",
            _test(lambda a, b: _distance(a, b) ** 2, seen=_distance)),
        mistake("the rest divided by another number", "Your decisions are those of a test that divides the sum of the scores left over by `len(a)`. There are `len(b)` of them.",
            _test(rest=lambda dealt, left, a, b: sum(left) / len(a))),
        mistake("equal scores left out", "Your decisions are those of a test that takes as the rest only scores that differ from all chosen ones, as `x not in chosen` does. If a score occurs twice and one of them is chosen, the other is still left over.",
            _test(rest=lambda dealt, left, a, b: _unequal(dealt, left))),
        mistake("the means compared", "You return True wherever the two means differ. Two means always differ a little, even those of one variant trained twice. The deals tell you how large a difference chance can make.",
            lambda a, b: fmean(a) != fmean(b)),
    ),
    hints=(
        "Suppose that the two names mean nothing. Then any `len(a)` of the scores could have been `a`. `deals(a, b)` gives you each of these groups, with the scores left over as the other one.",
        "For each pair of groups, compute how far apart the two means are. p is the share of these distances that are at least the observed one minus 1e-9, because `0.1 + 0.2` is not quite `0.3`.",
        "`observed = abs(np.mean(a) - np.mean(b))`, then `distances = [abs(np.mean(first) - ___) for first, second in deals(a, b)]`, and `return np.mean(np.array(distances) >= ___) <= 0.05`",
    ),
    solution_text=(
        "`observed = abs(np.mean(a) - np.mean(b))\n"
        "distances = [abs(np.mean(first) - np.mean(second)) for first, second in deals(a, b)]\n"
        "return np.mean(np.array(distances) >= observed - 1e-9) <= 0.05`"
    ),
    praise="That's an exact test, without any assumption about how scores are distributed. With 3 seeds against 3, p is at least 2/20, so it never tells them apart. With 5 against 5, it can reach 2/252.",
)  # fmt: skip
