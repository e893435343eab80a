"""Answers that somebody types, read and written: a whole number, a number, a size or a text.

`js/answers.js` reads what is typed by the same rules.
"""

from __future__ import annotations

import math
import numbers
import operator
from typing import Any, TypeAlias

from unet_teach.shared.sizes_as_text import sizes_as_text
from unet_teach.widgets.layers import LAYERS

Answer: TypeAlias = "int | float | str | tuple[int, ...]"

NAMES = {int: "a whole number", float: "a number", str: "a text", tuple: "a size"}
KINDS = {int: "int", float: "float", str: "text", tuple: "size"}
LONGEST_TEXT: int = LAYERS["Predict"]["most_letters"]
_FEWEST, _MOST = 2, 6  # numbers of a size
_RELATIVE = 0.01  # how far off a guess at a float may be where no tolerance is given
_ROUNDING = 1e-12  # relative: 0.7 + 0.1 is not quite 0.8
_MOST_DIGITS: int = LAYERS["Predict"]["most_digits"]  # browsers count exactly up to 2**53


def within(value: Answer, tolerance: float | None = None) -> float:
    """Return how far from `value` a number may be to count as equal.

    Args:
        value: the answer.
        tolerance: what its author allows; when not given, 1 % of a float and 0 for an int.
    """
    if not isinstance(value, int | float):
        return 0
    default = _RELATIVE * abs(value) if isinstance(value, float) else 0
    allowed = default if tolerance is None else tolerance
    return allowed + _ROUNDING * max(1, abs(value)) if allowed else 0


def check_sentence(name: str, value: Any) -> None:
    """Raise `TypeError` or `ValueError` for what is no text or an empty one."""
    if not isinstance(value, str):
        raise TypeError(f"{name}={value!r} is not a text. Write it as a sentence.")
    if not value.strip():
        raise ValueError(f"{name} is empty. Write a sentence.")


def plain_answer(name: str, given: Any) -> Answer:
    """Return an answer, mistake or choice as a plain Python value of one of the four kinds."""
    kinds = "an int, a float, a tuple of ints or a text"
    if isinstance(given, str):
        check_sentence(name, given)
        if len(given.strip()) > LONGEST_TEXT:
            raise ValueError(f"{name} is longer than {LONGEST_TEXT} letters. Use a short text.")
        return given.strip()
    if isinstance(given, tuple | list):
        if not _FEWEST <= len(given) <= _MOST or not all(_is_whole(number) for number in given):
            raise ValueError(
                f"{name} has {given!r}. A size is a tuple of {_FEWEST} to {_MOST} ints."
            )
        return tuple(operator.index(number) for number in given)
    if _is_whole(given):
        if abs(given) >= 10**_MOST_DIGITS:
            raise ValueError(
                f"{name} has {given!r}. Use a number of at most {_MOST_DIGITS} digits."
            )
        return operator.index(given)
    if isinstance(given, numbers.Real) and not isinstance(given, bool):
        if not math.isfinite(given):
            raise ValueError(f"{name} has {given!r}, which nobody can type. Use a finite number.")
        return float(given)
    raise TypeError(f"{name} has {given!r}, a {type(given).__name__}. Use {kinds}.")


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def fold(value: Answer) -> Answer:
    """Return a text in lower case with single spaces, for comparison; other values as they are."""
    return " ".join(value.lower().split()) if isinstance(value, str) else value


def shown_answer(value: Answer) -> str:
    """Return a value as a student would write it."""
    if isinstance(value, tuple):
        return sizes_as_text(value) if len(value) <= 3 else str(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
