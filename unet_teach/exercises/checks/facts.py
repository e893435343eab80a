"""Facts that pin a wrong formula down, measured on a grid of inputs.

They state what holds on the whole grid, and nothing about how the formula was written: for which
inputs its results are right, by how much they are off, and with which change of the parameters
they would be right ones.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from unet_teach.exercises.checks.conditions import Input, Inputs, by_sign

Change = tuple[str, Callable[[Input], Input]]  # in words, and what it does to the inputs

FEWEST = 5  # inputs from which a pattern is read
MOST = 1e12  # beyond it, differences get lost in rounding
MOST_TERMS = 6  # of a formula that is still a help to read
REPAIRS: dict[str, Callable[[Any], Any]] = {
    "It is right, apart from its sign": lambda y: -y,
    "Rounded down, it is right": math.floor,
    "Rounded up, it is right": math.ceil,
    "It is twice the right number": lambda y: y / 2,
    "It is half the right number": lambda y: y * 2,
    "It is the square of the right number": lambda y: max(y, 0) ** 0.5,
}
REPLACEMENTS: dict[str, Callable[[Any], Any]] = {
    "were half as large": lambda x: x / 2,
    "had the other sign": lambda x: -x,
    "were half as large, rounded down": lambda x: x // 2,
    "were twice as large": lambda x: 2 * x,
    "were 1 smaller": lambda x: x - 1,
    "were 1 larger": lambda x: x + 1,
}


@dataclass(frozen=True)
class Grid(Inputs):
    """Inputs of a formula, and the facts about the results that a wrong one has for them.

    Attributes:
        terms: what an error may be made of, beyond parameters and products of two.
    """

    terms: Mapping[str, Callable[..., float]] = field(default_factory=dict)

    # --------------------------------------------------------------------------- facts of numbers
    def facts(self, results: Sequence[float], reference: Callable[..., Any]) -> str:
        """Say in which way the results differ from the reference's, with the inputs tried."""
        said = self._facts(results, reference).strip()
        return f"On the {len(self.inputs)} inputs tried: {said[:1].lower()}{said[1:]}"

    def _facts(self, results: Sequence[float], reference: Callable[..., Any]) -> str:
        if max(map(abs, results)) > MOST:
            return "Some of its numbers are larger than 10**12."
        targets = [reference(*inputs) for inputs in self.inputs]
        errors = [y - target for y, target in zip(results, targets, strict=True)]
        where = self.where_exactly([error == 0 for error in errors])
        if len(set(results)) == 1:
            return f"It always returns {number(results[0])}."
        for name, values in zip(self.names, zip(*self.inputs, strict=True), strict=True):
            if list(results) == list(values):
                return f"It always returns {name} as it is. {where}"
        if len(set(errors)) == 1:
            return f"It is always {number(abs(errors[0]))} too {_large(errors[0])}."
        for sentence, repair in REPAIRS.items():
            if list(map(repair, results)) == targets:
                return f"{sentence}. {where}"
        ratios = {
            round(y / target, 9) for y, target in zip(results, targets, strict=True) if target
        }
        if len(ratios) == 1 and 0 not in targets:
            return f"It is always {number(ratios.pop())} times the right number."
        same = self._always_the_same(results, errors)
        if same and where:
            return f"{where} {same}"
        if fact := self.changed(results, [reference]):
            return f"{fact} {where}"
        roughly = self.where_roughly([error == 0 for error in errors])
        if same:
            return f"{roughly} {same}"
        terms, error = self._fit(results), self._fit(errors)
        more = self.changed(results, [reference], exactly=False)
        for fact in (
            f"It {_off(error)}." if 0 < len(error) <= 2 else "",
            f"It gives {_written(terms)}." if 0 < len(terms) <= 2 else "",
            more,
            self._rounded(results, reference),
            self._unused(results),
            f"It gives {_written(terms)}." if terms else "",
        ):
            if fact and (len(self.names) > 1 or fact == more):
                return f"{fact} {where}"
        if len(self.names) == 1:
            said = self._shifted(results, reference) or self._with_parameter(results, targets)
            if not said and 0 < len(error) <= 2:
                said = f"It {_off(error)}."
            return f"{said} {where}" if said else f"{self._table(results, targets)} {where}"
        return f"{self._effects(results, targets)} {roughly}"

    def _always_the_same(self, results: Sequence[float], errors: Sequence[float]) -> str:
        """Say what wrong results have in common: how much they are off, or what they are."""
        off = {error for error in errors if error}
        if len(off) == 1:
            error = off.pop()
            return f"Where it is wrong, it is {number(abs(error))} too {_large(error)}."
        wrong = {y for y, error in zip(results, errors, strict=True) if error}
        return f"Where it is wrong, it returns {number(wrong.pop())}." if len(wrong) == 1 else ""

    def _rounded(self, results: Sequence[float], reference: Callable[..., Any]) -> str:
        if all(y == math.floor(y) for y in results):
            return ""
        for word, whole in [("down", math.floor), ("up", math.ceil)]:
            if fact := self.changed([*map(whole, results)], [reference], exactly=False):
                return f"Not all of its numbers are whole. Rounded {word}: {fact}"
        return ""

    # --------------------------------------------------------------- with which inputs it is right
    def changed(
        self,
        results: Sequence[Any],
        references: Sequence[Callable[..., Any]],
        *,
        exactly: bool = True,
    ) -> str:
        """Say with which change of the inputs the results would be right ones, if there is one.

        Args:
            results: one for each of the inputs, numbers or lists.
            references: functions that are right, each in its own way.
            exactly: whether numbers that are off by always the same do not count.
        """
        found = ""
        for words, change in self._changes:
            offset = self.offset(results, references, change)
            if offset is None or (offset and (exactly or found)):
                continue
            what = f"It acts as if {words}"
            if offset == 0:
                return f"{what}."
            found = (
                f"{what}, and then {by_sign(offset, 'adds', 'subtracts')} {number(abs(offset))}."
            )
        return found

    def offset(
        self,
        results: Sequence[Any],
        references: Sequence[Callable[..., Any]],
        change: Callable[[Input], Input] = lambda inputs: inputs,
    ) -> float | None:
        """Return the one difference from a reference that is given changed inputs, or `None`.

        Numbers in a list have to differ by the same as well.
        """
        for reference in references:
            offset = None
            for inputs, result in zip(self.inputs, results, strict=True):
                try:
                    target = reference(*change(inputs))
                except Exception:
                    break
                difference = _difference(result, target)
                if difference != difference or offset not in (None, difference):
                    break
                offset = difference
            else:
                return offset
        return None

    @cached_property
    def _changes(self) -> list[Change]:
        def put(i: int, value: Any) -> Callable[[Input], Input]:
            return lambda x: (*x[:i], value, *x[i + 1 :])

        def changed(i: int, apply: Callable[[Any], Any]) -> Callable[[Input], Input]:
            return lambda x: put(i, apply(x[i]))(x)

        def copied(i: int, j: int) -> Callable[[Input], Input]:
            return lambda x: put(i, x[j])(x)

        def swapped(i: int, j: int) -> Callable[[Input], Input]:
            return lambda x: put(i, x[j])(put(j, x[i])(x))

        changes: list[Change] = []
        for i, name in enumerate(self.names):
            for value in sorted({0, *(inputs[i] for inputs in self.inputs)})[:12]:
                changes.append((f"{name} were always {value}", put(i, value)))
            for words, apply in REPLACEMENTS.items():
                changes.append((f"{name} {words}", changed(i, apply)))
        for (i, one), (j, two) in combinations(enumerate(self.names), 2):
            changes.append((f"{one} were equal to {two}", copied(i, j)))
            changes.append((f"{two} were equal to {one}", copied(j, i)))
            changes.append((f"{one} and {two} were swapped", swapped(i, j)))
        return changes

    # ------------------------------------------------------------------------------- as a formula
    def _lines(self, i: int) -> list[list[int]]:
        """Group the inputs that differ in one parameter only, each group in its order."""
        lines: dict[Input, list[int]] = {}
        for k in sorted(range(len(self.inputs)), key=lambda k: self.inputs[k][i]):
            lines.setdefault((*self.inputs[k][:i], *self.inputs[k][i + 1 :]), []).append(k)
        return [line for line in lines.values() if len(line) > 1]

    def _unused(self, results: Sequence[float]) -> str:
        """Name the parameters that do not change the results, if there are several."""
        unused = [
            name
            for i, name in enumerate(self.names)
            if (lines := self._lines(i))
            and all(len({results[k] for k in line}) == 1 for line in lines)
        ]
        return f"{' and '.join(unused)} do not change its result." if len(unused) > 1 else ""

    def _effects(self, results: Sequence[float], targets: Sequence[float]) -> str:
        """Say which parameter does not change the results as it should, and on one example how."""
        as_it_should, worst, example = [], 0.0, ""
        for i, name in enumerate(self.names):
            moved = [
                (results[k] - results[line[0]], targets[k] - targets[line[0]], line[0], k)
                for line in self._lines(i)
                for k in line
            ]
            if not moved:
                continue
            mine, right, *pair = max(moved, key=lambda m: abs(m[0] - m[1]))
            if mine == right:
                as_it_should.append(name)
            elif abs(mine - right) > worst:
                worst, first, last = abs(mine - right), *(self.inputs[k] for k in pair)
                fixed = [(n, x) for n, x in zip(self.names, first, strict=True) if n != name]
                example = (
                    f"From {name}={first[i]} to {name}={last[i]} "
                    f"({', '.join(f'{n}={x}' for n, x in fixed)}) it {_change(mine, 's')}, "
                    f"but it should {_change(right)}."
                )
        example = example or self._first_and_last(results, targets)
        if as_it_should:
            example = f"It changes with {' and '.join(as_it_should)} as it should. {example}"
        return example

    def _first_and_last(self, results: Sequence[float], targets: Sequence[float]) -> str:
        """Set the results for the first and the last of the inputs beside the right ones."""
        first, last = (f(range(len(self.inputs)), key=self.inputs.__getitem__) for f in (min, max))
        texts = [
            f"For {', '.join(f'{n}={x}' for n, x in zip(self.names, self.inputs[k], strict=True))} "
            f"it returns {number(results[k])} and should return {number(targets[k])}."
            for k in dict.fromkeys((first, last))
        ]
        return " ".join(texts)

    def _shifted(self, results: Sequence[float], reference: Callable[..., Any]) -> str:
        """Say that the results of a function of one parameter are those of its neighbours."""
        order = sorted(range(len(self.inputs)), key=lambda k: self.inputs[k])
        name = self.names[0]
        for by, kept, words, steps in (
            (-1, order[1:], "smaller", "few"),
            (1, order[:-1], "larger", "many"),
        ):
            if all(results[k] == reference(self.inputs[k][0] + by) for k in kept):
                at = self.inputs[kept[0]][0]
                return (
                    f"From {name}={at} on, it acts as if {name} were 1 {words}: is there one step "
                    f"too {steps}?"
                )
        return ""

    def _table(self, results: Sequence[float], targets: Sequence[float]) -> str:
        """List the results of a function of one parameter beside the right ones."""
        order = sorted(range(len(self.inputs)), key=lambda k: self.inputs[k])[:5]
        first, last = (self.inputs[order[k]][0] for k in (0, -1))
        mine, right = (", ".join(number(some[k]) for k in order) for some in (results, targets))
        return (
            f"For {self.names[0]}={first} to {last} it returns {mine}. The right results are "
            f"{right}: how does each follow from the one before?"
        )

    def _with_parameter(self, results: Sequence[float], targets: Sequence[float]) -> str:
        """Say that the results are right ones times, plus or minus the parameter itself."""
        name = self.names[0]
        ways: dict[str, Callable[[float, int], float]] = {
            "It is half the right number, rounded down.": lambda y, x: y // 2,
            f"It is {name} times the right number.": lambda y, x: y * x,
            f"It is {name} + 1 times the right number.": lambda y, x: y * (x + 1),
            f"It is the right number plus {name}.": lambda y, x: y + x,
            f"It is the right number minus {name}.": lambda y, x: y - x,
            f"It is the right number to the power of {name}.": lambda y, x: y**x,
            f"It is the right number times 2**{name}.": lambda y, x: y * 2**x,
            f"It is the right number divided by 2**{name}.": lambda y, x: y / 2**x,
        }
        for words, way in ways.items():
            pairs = zip(results, targets, self.inputs, strict=True)
            if all(result == way(target, x) for result, target, (x,) in pairs):
                return words
        return ""

    def _fit(self, values: Sequence[float]) -> dict[str, float]:
        """Return the values as a sum of parameters, products of two and a constant; or nothing."""
        columns = {"": [1.0] * len(self.inputs)}
        for i, name in enumerate(self.names):
            columns[name] = [float(inputs[i]) for inputs in self.inputs]
        for i, j in combinations(range(len(self.names)), 2):
            columns[f"{self.names[i]}·{self.names[j]}"] = [float(x[i] * x[j]) for x in self.inputs]
        for name, term in self.terms.items():
            columns[name] = [float(term(*inputs)) for inputs in self.inputs]
        kept: list[str] = []
        for name in columns:  # those that others make up are left out, the simplest kept
            matrix = np.array([columns[key] for key in [*kept, name]])
            if np.linalg.matrix_rank(matrix) == len(matrix):
                kept.append(name)
        if len(self.inputs) < len(kept) + FEWEST - 1:
            return {}
        matrix = np.array([columns[key] for key in kept]).T
        found = np.round(np.linalg.lstsq(matrix, np.array(values, float), rcond=None)[0] * 2) / 2
        if not np.allclose(matrix @ found, values, rtol=0, atol=1e-6):
            return {}
        terms = {key: float(f) for key, f in zip(kept, found, strict=True) if f}
        return terms if len(terms) <= MOST_TERMS else {}


# ------------------------------------------------------------------------------------------- words
def number(value: Any) -> str:
    """Write a number as a student reads it: whole ones with all their digits."""
    if isinstance(value, bool):
        return str(value)
    whole = isinstance(value, int) or (abs(value) < 1e15 and value == int(value))
    return f"{int(value)}" if whole else f"{value:.6g}"


def _large(error: float) -> str:
    return by_sign(error, "large", "small")


def _change(by: float, s: str = "") -> str:
    return f"{by_sign(by, 'grow', 'shrink')}{s} by {number(abs(by))}" if by else f"stay{s} the same"


def _off(terms: Mapping[str, float]) -> str:
    """Write an error, as in "is too small by 2·padding"."""
    words = {_large(factor) for factor in terms.values()}
    if len(words) == 1:
        size = _written({name: abs(factor) for name, factor in terms.items()})
        return f"is too {words.pop()} by {size}"
    return f"differs from the right number by {_written(terms)}"


def _place_in_a_sum(term: tuple[str, float]) -> tuple[str, bool]:
    name, factor = term
    return by_sign(factor, "", "−"), not name  # what is subtracted and the constant come last


def _written(terms: Mapping[str, float]) -> str:
    """Write a sum, as in "size·stride − 2·padding + 1"."""
    text = ""
    for name, factor in sorted(terms.items(), key=_place_in_a_sum):
        sign = by_sign(factor, "+", "−")
        size = number(abs(factor))
        term = size if not name else name if size == "1" else f"{size}·{name}"
        text += f" {sign} {term}" if text else f"{sign.strip('+')}{term}"
    return text


def _difference(result: Any, target: Any) -> float:
    """Subtract numbers, or lists of as many numbers; NaN if they do not differ by one number."""
    if not isinstance(target, list):
        return float(result - target)
    if len(result) != len(target):
        return math.nan
    by = {x - y for x, y in zip(result, target, strict=True)}
    return by.pop() if len(by) == 1 else math.nan
