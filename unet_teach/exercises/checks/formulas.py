"""Checks for answers that are formulas of whole numbers.

A right answer gives the reference's number for each of the known inputs, then for random ones. A
wrong one is told the first input on which it is wrong, and the facts that hold on all known inputs.
"""

import contextlib
import inspect
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from unet_teach.exercises.checks.conditions import Input
from unet_teach.exercises.checks.facts import FEWEST, Grid, number
from unet_teach.exercises.checks.functions import EACH_BRANCH, without_value
from unet_teach.exercises.exercise import Check
from unet_teach.exercises.plain_values import plain
from unet_teach.exercises.sandbox import describe

NOTHING = "nothing"  # kind of the run of a function without `return`


@dataclass(frozen=True)
class _NoNumber:
    """What an answer did in place of returning a number, in words, and which kind of thing it is.

    In the words, TARGET stands for the right number.
    """

    says: str
    kind: str


def computes(
    reference: Callable[..., Any],
    name: str,
    known: Sequence[Input],
    fresh: Callable[[], Iterable[Input]] = tuple,
    *,
    conditions: Mapping[str, Callable[..., bool]] | None = None,
    terms: Mapping[str, Callable[..., float]] | None = None,
    explain: Callable[..., str] | None = None,
) -> Check:
    """Check that a formula gives exactly the reference's number.

    Args:
        reference: the right formula. It computes with negative numbers and fractions as well, so
            that it can be asked what would be right if a parameter were another. Its parameters'
            names are shown in the sentences.
        name: the name of the student's function.
        known: inputs, those first that are shown first. The others vary each parameter.
        fresh: makes random inputs, which a right answer has to meet as well.
        conditions: what may decide whether an answer is right; see `Grid`.
        terms: what an error may be made of; see `Grid`.
        explain: says what is wrong with a number in a sentence, given the number and the inputs.
    """
    names = list(inspect.signature(reference).parameters)
    grid = Grid(names, known, conditions or {}, terms or {})

    def is_wrong(value: Any, inputs: Input) -> bool:
        return isinstance(value, _NoNumber) or value != reference(*inputs)

    def result(value: Any, inputs: Input) -> str:
        named = [f"{n}={x}" for n, x in zip(names[1:], inputs[1:], strict=True)]
        call = f"`{name}({', '.join([str(inputs[0]), *named])})`"
        target = number(reference(*inputs))
        if isinstance(value, _NoNumber):
            return f"{call}{value.says}".replace("TARGET", target)
        if isinstance(value, bool):
            return f"{call} returns {value}, but it should return the number {target}."
        more = f" {explain(value, *inputs)}" if explain else ""
        return f"{call} returns {number(value)}, but it should return {target}.{more}"

    def problem(answer: Any) -> str | None:
        for inputs in known:
            if is_wrong(value := _run(answer, inputs), inputs):
                return result(value, inputs)
        for inputs in fresh():
            if is_wrong(value := _run(answer, inputs), inputs):
                return f"{result(value, inputs)} On {len(known)} other inputs it is right."
        return None

    def facts(answer: Any) -> str:
        with contextlib.redirect_stdout(io.StringIO()):  # what it prints has been shown
            results = [_run(answer, inputs) for inputs in known]
            again = [_run(answer, inputs) for inputs in known]
        wrong = [is_wrong(*pair) for pair in zip(results, known, strict=True)]
        if results != again:
            return "Called again with the same numbers, it returns different ones."
        shown = results[wrong.index(True)] if True in wrong else None
        if isinstance(shown, _NoNumber):
            return _where_no_number(answer, grid, results, shown.kind)
        # `result` says all there is to say of a bool. `None`: wrong on no known input, but on a
        # random one, so what holds on the known inputs does not explain it.
        if len(known) < FEWEST or isinstance(shown, bool | None):
            return ""
        pairs = zip(known, results, strict=True)
        numbers = {inputs: value for inputs, value in pairs if not isinstance(value, _NoNumber)}
        some = Grid(names, list(numbers), conditions or {}, terms or {})
        fails = grid.where([isinstance(value, _NoNumber) for value in results])
        more = f"Of the {len(known)} tried, it returns no number wherever {fails}." if fails else ""
        return f"{some.facts(list(numbers.values()), reference)} {more}"

    return Check("its values", problem, facts)


def _where_no_number(answer: Any, grid: Grid, results: list[Any], kind: str) -> str:
    such = [isinstance(value, _NoNumber) and value.kind == kind for value in results]
    if all(such):
        return without_value(answer) if kind == NOTHING else ""
    words = grid.where(such)
    where = f"wherever {words}, and nowhere else" if words else f"on {sum(such)} of them"
    advice = f" {EACH_BRANCH}" if kind == NOTHING else ""
    return f"On the {len(such)} inputs tried, that happens {where}.{advice}"


def _run(answer: Any, inputs: Input) -> Any:
    """Return the answer's number for these inputs, or what it does in place of returning one."""
    try:
        value = plain(answer(*inputs))
    except Exception as error:
        return _NoNumber(f": {describe(error)}", type(error).__name__)
    if isinstance(value, np.ndarray | Tensor) and math.prod(value.shape) == 1:
        value = value.item()
    if value is None:
        return _NoNumber(" returns nothing, but it should return TARGET.", NOTHING)
    if value is ...:
        return _NoNumber(" returns `...`, so part of your function is not written yet.", "dots")
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    kind = type(value).__name__
    if isinstance(value, str | list | tuple | float) and len(repr(value)) < 40:
        words = {"str": "the text ", "list": "the list ", "tuple": "the tuple "}
        what = f"{words.get(kind, '')}{value!r}"
    elif isinstance(value, nn.Module):
        what = f"a layer, `{kind}`"
    elif isinstance(value, Tensor | np.ndarray):
        what = f"values of shape {tuple(value.shape)}"
    else:
        what = "a function" if callable(value) else f"something of type {kind}"
    return _NoNumber(f" returns {what}, but it should return the number TARGET.", kind)
