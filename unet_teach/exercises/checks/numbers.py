"""Checks for answers that are one number or a few."""

from collections.abc import Callable
from typing import Any

from unet_teach.exercises.exercise import Check, KnownMistake
from unet_teach.exercises.plain_values import as_list, is_number


def whole_numbers(count: int = 1) -> Check:
    """Check that the answer is one whole number, or a sequence or set of `count` of them.

    A float without a fraction, such as 96.0, counts as one: its value is what was asked.
    """
    holds = "a whole number" if count == 1 else f"{count} whole numbers"
    expected = "one whole number" if count == 1 else f"{holds}, as in (1, 2)"
    begin = f"The answer should be {expected}, but"

    def problem(answer: Any) -> str | None:
        parts = [answer] if count == 1 else as_list(answer)
        if parts is None:
            return f"{begin} this is of type {type(answer).__name__}."
        if len(parts) != count:
            return f"{begin} you gave {len(parts)}."
        for part in parts:
            if part is ...:
                return f"{begin} one of them is still `...`."
            if not is_number(part):
                is_text = isinstance(part, str)
                more = " Write it as a number, without quotation marks." if is_text else ""
                return f"{begin} {part!r} is of type {type(part).__name__}.{more}"
            if isinstance(part, float) and not part.is_integer():
                return f"{begin} {part!r} is not whole."
        return None

    return Check(holds, problem)


def equals(target: Any, name: str, explain: Callable[[Any], str]) -> Check:
    """Check that the answer is `target`.

    Args:
        target: a number, a tuple of numbers, or a set of them, whose order is free.
        name: what is asked for, as in "The size".
        explain: says what would follow from a wrong answer that is not a known mistake.
    """

    def problem(answer: Any) -> str | None:
        if _is(answer, target):
            return None
        return f"{answer!r} is not {name[:1].lower()}{name[1:]}."

    return Check(name, problem, explain)


def wrong_number(name: str, sentence: str, value: Any) -> KnownMistake:
    """Make a known mistake of one wrong number, tuple of numbers, or set of them in any order."""
    return KnownMistake(
        name,
        sentence,
        lambda: value,
        lambda answer: not isinstance(answer, bool) and _is(answer, value),  # True is no number
    )


def _is(answer: Any, value: Any) -> bool:
    """Whether an answer is this number or tuple, or has the members of this set."""
    if isinstance(value, set):
        return set(as_list(answer) or ()) == value
    return (as_list(answer) or [answer]) == (as_list(value) or [value])
