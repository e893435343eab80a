"""Rungs and slips for functions of tensors, lists and numbers: what they return is compared."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from unet_teach.exercises.exercise import Rung, Slip

_FAILS = object()  # what a call gives that ends in an error

Kind = Callable[[Any], str | None]


@dataclass(frozen=True)
class Case:
    """One call of a function.

    Attributes:
        called: begins the sentence about what comes out, as in "`pick([(0.1, 0.8, 0.7)])`".
        inputs: what the function is given; it gets copies.
    """

    called: str
    inputs: tuple[Any, ...]


# -------------------------------------------------------------------------------------------- kinds
def a_number(value: Any) -> str | None:
    """What is wrong with a value that should be one number; None when nothing is."""
    if isinstance(plain(value), bool) or not isinstance(plain(value), int | float):
        return f"{_described(value)} comes out, wanted one number"
    return None


def a_yes_or_no(value: Any) -> str | None:
    """What is wrong with a value that should be True or False."""
    if not isinstance(plain(value), bool):
        return f"{_described(value)} comes out, wanted True or False"
    return None


def some_numbers(count: int | None = None) -> Kind:
    """Make the kind of a list, tuple, range or flat tensor of numbers, `count` of them."""
    wanted = "numbers in a list" if count is None else f"{count} numbers"

    def fault(value: Any) -> str | None:
        parts = listed(value)
        if parts is None:
            return f"{_described(value)} comes out, wanted {wanted}"
        if count is not None and len(parts) != count:
            return f"the number of values is {len(parts)}, wanted {count}"
        for part in parts:
            if isinstance(part, bool) or not isinstance(part, int | float):
                return f"{_described(part)} is among what comes out, wanted {wanted}"
        return None

    return fault


def _described(value: Any) -> str:
    if isinstance(value, Tensor) and value.dim():
        return f"a tensor of shape {tuple(value.shape)}"
    return f"something of type {type(plain(value)).__name__}"


# -------------------------------------------------------------------------------------------- rungs
def comes_out(holds: str, kind: Kind, cases: Callable[[], Iterable[Case]]) -> Rung:
    """What the function returns is of the right kind, on every case."""

    def fault(answer: Any) -> str | None:
        return next(filter(None, (_kind_fault(answer, case, kind) for case in cases())), None)

    return Rung(holds, fault)


def _kind_fault(answer: Any, case: Case, kind: Kind) -> str | None:
    value = answer(*copy.deepcopy(case.inputs))
    if value is None:
        return f"{case.called}: nothing comes out. Did you forget the word `return`?"
    if value is ...:
        return f"{case.called}: dots come out, so a part of your function is not written yet."
    fault = kind(value)
    return f"{case.called}: {fault}." if fault else None


def matches(
    reference: Callable[..., Any],
    cases: Callable[[], Iterable[Case]],
    explain: Callable[[Case, Any], str | None] | None = None,
) -> Rung:
    """The function returns what the reference returns, and leaves what it was given as it was.

    Args:
        reference: a right answer.
        cases: makes known cases first, so that equal answers get equal sentences, then fresh ones.
        explain: says what is wrong with a value, where that takes more than the two numbers.
    """

    def fault(answer: Any) -> str | None:
        for case in cases():
            given = copy.deepcopy(case.inputs)
            value, wanted = plain(answer(*given)), plain(reference(*case.inputs))
            if not alike(given, case.inputs):
                return f"{case.called}: your function changes what it was given."
            if not alike(value, wanted):
                found = f"{_shown(value)} comes out, wanted {_shown(wanted)}"
                return f"{case.called}: {(explain and explain(case, value)) or found}."
        return None

    return Rung("its values", fault)


def does(
    name: str,
    wrong: Sequence[Callable[..., Any]],
    probes: Callable[[], Iterable[Case]],
    says: str,
    at: str = "",
) -> Slip:
    """A slip known by what it does: on every probe the answer gives what one of `wrong` gives.

    Args:
        name: the mistake in a few words.
        wrong: functions that make it, the first of them the example.
        probes: makes cases; on one of them at least, each of `wrong` must not fail.
        says: the sentence that names the mistake.
        at: what the rung `holds` that must have failed; empty: any.
    """

    def recognises(answer: Any) -> bool:
        tried = list(probes())
        given = [_tried(answer, case) for case in tried]
        return any(
            all(alike(value, _tried(other, c)) for value, c in zip(given, tried, strict=True))
            for other in wrong
        )

    return Slip(name, lambda: wrong[0], recognises, says, at)


def _tried(function: Callable[..., Any], case: Case) -> Any:
    try:
        return plain(function(*copy.deepcopy(case.inputs)))
    except Exception:
        return _FAILS


# ------------------------------------------------------------------------------------------- values
def plain(value: Any) -> Any:
    """A Python number in place of a tensor or array of one; anything else as it is."""
    if isinstance(value, Tensor):
        return value.detach().item() if value.dim() == 0 else value.detach()
    if isinstance(value, np.generic | np.ndarray) and value.ndim == 0:
        return value.item()
    return value


def listed(value: Any) -> list[Any] | None:
    """The parts of a list, tuple, set, range, flat tensor or array; None for anything else."""
    if isinstance(value, Tensor | np.ndarray) and value.ndim == 1:
        return list(value.tolist())
    if isinstance(value, list | tuple | set | range):
        return [plain(part) for part in value]
    return None


def alike(one: Any, other: Any) -> bool:
    """Whether two values are the same apart from rounding; True is 1, and NaN is NaN."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.shape == other.shape and torch.allclose(
            one.double(), other.double(), rtol=1e-4, atol=1e-6, equal_nan=True
        )
    parts, others = listed(one), listed(other)
    if parts is not None and others is not None:
        return len(parts) == len(others) and all(map(alike, parts, others))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return (one != one and other != other) or math.isclose(
            one, other, rel_tol=1e-4, abs_tol=1e-6
        )
    return type(one) is type(other) and bool(one == other)


def _shown(value: Any) -> str:
    """A value as a sentence shows it: four digits, and not too many of them."""
    parts = listed(value)
    if parts is not None:
        inside = ", ".join(map(_shown, parts[:12])) + (", …" if len(parts) > 12 else "")
        return f"({inside})" if isinstance(value, tuple) else f"[{inside}]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
