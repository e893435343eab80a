"""Says in words for which inputs something is so, and in which direction it is off."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, permutations
from typing import Any

Input = tuple[Any, ...]  # the values of the parameters, for one call
PARITIES = 6  # fewest even values, or odd ones, of which it is told that they are


@dataclass(frozen=True)
class Inputs:
    """Inputs of a function, in which its parameters vary one by one.

    Attributes:
        names: the names of the parameters.
        inputs: the values of the parameters, for one call each.
        conditions: what may decide whether a function is right, beyond comparisons of parameters;
            each name completes "right wherever …".
    """

    names: Sequence[str]
    inputs: Sequence[Input]
    conditions: Mapping[str, Callable[..., bool]] = field(default_factory=dict)

    def where_exactly(self, right: Sequence[bool]) -> str:
        """Say for which inputs the results are right and for which wrong, if few words can."""
        right_at, wrong_at = self.where(right), self.where([not is_right for is_right in right])
        if right_at and not 0 < len(wrong_at) < len(right_at):
            return f"It is right wherever {right_at}, and nowhere else."
        return f"It is wrong wherever {wrong_at}, and right everywhere else." if wrong_at else ""

    def where_roughly(self, right: Sequence[bool]) -> str:
        """Say for which inputs the results are right, if only for some of those or how many."""
        if not any(right):
            return ""
        if exact := self.where_exactly(right):
            return exact
        if phrase := self._within(right):
            return f"It is right wherever {phrase}."
        return f"It is right on {sum(right)} of them."

    def where(self, such: Sequence[bool]) -> str:
        """Say for exactly which inputs something is so, if one condition or two say it."""
        mask = _mask(such)
        if not 0 < mask < 2 ** len(such) - 1:
            return ""
        if mask in self._conditions.values():
            return next(words for words, value in self._conditions.items() if value == mask)
        for (one, a), (two, b) in combinations(self._conditions.items(), 2):
            if a | b == mask:
                return f"{one} or {two}"
            if a & b == mask:
                return f"{one} and {two}"
        return ""

    def _within(self, such: Sequence[bool]) -> str:
        """Return the widest condition under which something is always so."""
        mask = _mask(such)
        known = self._conditions.items()
        inside = {words: v.bit_count() for words, v in known if v & ~mask == 0}
        words = max(inside, key=lambda key: (key in self.conditions, inside[key]), default="")
        return words if inside.get(words, 0) >= max(3, mask.bit_count() // 4) else ""

    @cached_property
    def _conditions(self) -> dict[str, int]:
        """Return conditions in words, and the inputs that meet each as the bits of a number."""
        conditions: dict[str, list[bool]] = {}
        for words, holds in self.conditions.items():
            conditions[words] = [bool(holds(*inputs)) for inputs in self.inputs]
        columns = dict(zip(self.names, zip(*self.inputs, strict=True), strict=True))
        for (one, xs), (two, ys) in permutations(columns.items(), 2):
            pairs = list(zip(xs, ys, strict=True))
            conditions[f"{one} equals {two}"] = [x == y for x, y in pairs]
            conditions[f"{one} is smaller than {two}"] = [x < y for x, y in pairs]
        for name, column in columns.items():
            for value in sorted(set(column)):
                conditions[f"{name}={value}"] = [x == value for x in column]
        for name, column in columns.items():
            for word, rest in [("even", 0), ("odd", 1)]:
                if len({x for x in column if x % 2 == rest}) >= PARITIES:
                    conditions[f"{name} is {word}"] = [x % 2 == rest for x in column]
            for value in sorted(set(column))[1:-1]:
                conditions[f"{name} is {value} or more"] = [x >= value for x in column]
                conditions[f"{name} is {value} or less"] = [x <= value for x in column]
        some = {words: _mask(such) for words, such in conditions.items()}
        return {words: mask for words, mask in some.items() if 0 < mask < 2 ** len(self.inputs) - 1}


def _mask(such: Sequence[bool]) -> int:
    return sum(1 << k for k, is_so in enumerate(such) if is_so)


def by_sign(number: float, above: str, below: str) -> str:
    """Return one word for a number above 0 and the other for one below; it is not 0 itself."""
    return above if number > 0 else below
