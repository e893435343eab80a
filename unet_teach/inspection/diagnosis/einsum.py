"""Diagnoses of einsum: which letter stands for which size in which tensor."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any, NamedTuple

import torch
from torch import Tensor

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.source import Place, parts_at, runs_with_code, text_of
from unet_teach.inspection.diagnosis.trials import runs_when
from unet_teach.inspection.wording import listed, shape_text

IN_ORDER = "Each tensor's letters name its axes in their order."
ONE_EACH = "Write one letter for each axis."


class _Einsum(NamedTuple):
    """A call of einsum: its equation, its tensors as text and in sizes, and where it stands."""

    equation: str
    shapes: list[tuple[int, ...]]
    names: list[str]
    node: ast.Constant | None
    place: Place

    @property
    def terms(self) -> list[str]:
        """The letters of each tensor, as they are written."""
        return [term.strip() for term in self.equation.partition("->")[0].split(",")]


def einsum_does_not_fit(attempt: Attempt) -> str:
    """The letters of an einsum do not fit the sizes of its tensors."""
    call = _call(attempt) if attempt.message.startswith("einsum()") else None
    if call is None or len(call.terms) != len(call.shapes):
        return ""
    for term, shape, name in zip(call.terms, call.shapes, call.names, strict=True):
        letters = term.replace(" ", "")
        if "." not in letters and len(letters) != len(shape):
            told = (
                f"The einsum names {len(letters)} axes of {name}, `{term}`, which has "
                f"{len(shape)}: {shape_text(shape)}."
            )
            return f"{told} {_with_other_letters(attempt, call) or ONE_EACH}"
    known = {letter for term in call.terms for letter in term}
    if unknown := [n for n in call.equation.partition("->")[2] if n.isalpha() and n not in known]:
        told = f"The einsum's result has the letter `{unknown[0]}`, which none of its tensors has."
        return f"{told} {_with_other_letters(attempt, call, unknown[0])}".strip()
    places = _sizes(call.terms, call.shapes)
    said = re.search(r"subscript (\w) has size", attempt.message)
    for letter, found in sorted(places.items(), key=lambda p: not said or p[0] != said[1]):
        if len({size for size, _ in found if size != 1}) > 1:
            met = [
                f"{size} in {call.names[n]} (`{call.terms[n]}`, {shape_text(call.shapes[n])})"
                for size, n in found
            ]
            works = _that_runs(attempt, call, _with_two_exchanged(call))
            return f"In the einsum, `{letter}` is {listed(met)}. {works or IN_ORDER}"
    return ""


def _sizes(terms: list[str], shapes: list[tuple[int, ...]]) -> dict[str, list[tuple[int, int]]]:
    """Return each letter's sizes, with the numbers of the tensors; an ellipsis has none."""
    sizes: dict[str, list[tuple[int, int]]] = {}
    for number, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
        first, _, last = term.replace(" ", "").partition("...")
        pairs = [*zip(first, shape, strict=False)]
        for letter, size in (*pairs, *zip(reversed(last), reversed(shape), strict=False)):
            sizes.setdefault(letter, []).append((size, number))
    return sizes


def _with_other_letters(attempt: Attempt, call: _Einsum, unknown: str = "") -> str:
    """Say which equation runs: without one of its letters, or with another for an unknown one."""
    front, arrow, end = call.equation.partition("->")
    letters = list(dict.fromkeys(re.findall(r"\w", front)))
    tried = [front + arrow + end.replace(unknown, each) for each in letters if each not in end]
    if not unknown:
        tried = [re.sub(f" ?{each}", "", call.equation) for each in letters[1:]]
    return _that_runs(attempt, call, ((equation, "") for equation in tried))


def _that_runs(attempt: Attempt, call: _Einsum, equations: Iterable[tuple[str, str]]) -> str:
    """Say with which equation the network runs, and what is said of it; "" if with none."""
    for equation, where in equations if call.node else ():
        if call.node and runs_with_code(attempt, (call.node, repr(equation))):
            return f'With "{equation}"{where}, the network runs.'
    return ""


def _call(attempt: Attempt) -> _Einsum | None:
    """Return the call of einsum that failed."""
    last: list[Any] = []

    def keep(equation: str, *tensors: Any) -> Tensor:
        last[:] = [equation, *(tensors[0] if isinstance(tensors[0], list | tuple) else tensors)]
        return torch.einsum(equation, *tensors)

    runs_when(attempt, calls={torch.einsum: keep})
    if not last or not isinstance(last[0], str):
        return None
    shapes = [tuple(tensor.shape) for tensor in last[1:]]
    names = [f"tensor {i + 1}" for i in range(len(shapes))]
    node, place = None, attempt.code.place
    calls = [c for c in parts_at(place, ast.Call) if ast.unparse(c.func).endswith("einsum")]
    if len(calls) == 1 and len(calls[0].args) == len(shapes) + 1:
        first, *others = calls[0].args
        names = [text_of(other) for other in others]
        node = first if isinstance(first, ast.Constant) and first.value == last[0] else None
    return _Einsum(last[0], shapes, names, node, place)


def _with_two_exchanged(call: _Einsum) -> Iterator[tuple[str, str]]:
    """Yield equations with two letters of one tensor exchanged, where all sizes then fit."""
    for number in reversed(range(len(call.terms))):
        for a, b in combinations(dict.fromkeys(re.findall(r"\w", call.terms[number])), 2):
            terms, (front, arrow, end) = call.terms, call.equation.partition("->")
            new = terms[number] = terms[number].translate(str.maketrans(a + b, b + a))
            sizes = _sizes(terms, call.shapes).values()
            if all(len({size for size, _ in found} - {1}) < 2 for found in sizes):
                written = front.split(",")
                written[number] = written[number].replace(call.terms[number], new)
                where = f", where {call.names[number]} is `{new}`"
                yield ",".join(written) + arrow + end, where
