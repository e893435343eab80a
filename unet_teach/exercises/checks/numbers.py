"""Checks for answers that are one number or a few."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from unet_teach.exercises.exercise import Check, KnownMistake


def whole_numbers(count: int = 1) -> Check:
    """Check that the answer is one whole number, or a tuple of `count` of them."""
    expected = "one whole number" if count == 1 else f"{count} whole numbers, as in (1, 2)"

    def problem(answer: Any) -> str | None:
        parts = _listed(answer) if count > 1 else [answer]
        if parts is None:
            return f"Wanted: {expected}. This is of type {type(answer).__name__}."
        if len(parts) != count:
            return f"Wanted: {expected}. These are {len(parts)}."
        for part in parts:
            if part is ...:
                return f"Wanted: {expected}. One of them still is dots."
            if isinstance(part, bool) or not isinstance(part, int | float):
                return f"Wanted: {expected}. {part!r} is of type {type(part).__name__}."
            if isinstance(part, float) and not part.is_integer():
                return f"Wanted: {expected}. {part!r} is not whole."
        return None

    return Check("a whole number" if count == 1 else f"{count} whole numbers", problem)


def equals(
    target: Any, name: str, explain: Callable[[Any], str] | None = None, *, any_order: bool = False
) -> Check:
    """Check that the answer is `target`.

    Args:
        target: a number, or a tuple of them.
        name: begins the sentence about another answer, as in "The size".
        explain: says what would follow from a wrong answer that is not a known mistake.
        any_order: whether the order of a tuple is free.
    """

    def ordered(answer: Any) -> tuple[Any, ...]:
        parts = _as_tuple(answer)
        return tuple(sorted(parts)) if any_order else parts

    def problem(answer: Any) -> str | None:
        if ordered(answer) == ordered(target):
            return None
        return f"{name} is not {answer!r}." + (f" {explain(answer)}" if explain else "")

    return Check(name, problem)


def wrong_number(name: str, sentence: str, value: Any) -> KnownMistake:
    """Make a known mistake of one wrong number or tuple."""
    return KnownMistake(
        name, sentence, lambda: value, lambda answer: _as_tuple(answer) == _as_tuple(value)
    )


def _listed(answer: Any) -> list[Any] | None:
    if isinstance(answer, tuple | list | set | range | torch.Size):
        return list(answer)
    return None


def _as_tuple(answer: Any) -> tuple[Any, ...]:
    parts = _listed(answer)
    return (answer,) if parts is None else tuple(parts)
