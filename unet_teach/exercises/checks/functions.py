"""Checks for answers that are functions: they are called and compared with a reference.

A check tries known cases first, so that equal answers get equal sentences, then random ones. A
known mistake is recognised by what it does: on every probe, the answer does what a wrong function
does. `checks/tensors.py` does the same for functions of tensors, gradients included.
"""

import ast
import contextlib
import copy
import dis
import inspect
import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from unet_teach.exercises.exercise import Check, KnownMistake
from unet_teach.exercises.parentheses import source_of
from unet_teach.exercises.plain_values import as_list, is_number, plain, read_once
from unet_teach.exercises.sandbox import describe

Function = Callable[..., Any]
Kind = Callable[[Any], str | None]  # says why a value is not of this kind

NONE_RETURNED = "What stands after its `return` is None there."
EACH_BRANCH = "Does every branch of your function end with `return`?"

RETURNS_NONE = (
    "A `return None`, or `return` alone, gives nothing back: is this what should come out here?"
)
WHAT_IS_NONE = (
    "What stands after its `return` is None, as of methods that change a list itself (`sort`, "
    "`append`, `extend`) and of `print`. Call them on a line before it."
)
NO_VALUE = ("append", "extend", "insert", "sort", "reverse", "print")
SHORT = 60  # characters of a value that is shown as it is

_RAISED = object()  # stands for the run of a function that raised an error


@dataclass(frozen=True)
class Case:
    """One call of a function.

    Attributes:
        call: begins the sentence about the result, as in "`pick([(0.1, 0.8, 0.7)])`".
        inputs: the arguments.
    """

    call: str
    inputs: tuple[Any, ...]

    def run(self, function: Function) -> Any:
        """Call the function with copies of the inputs; a generator becomes a list."""
        return read_once(function(*copy.deepcopy(self.inputs)))


Cases = Callable[[], Iterable[Case]]  # makes known cases first, then random ones


# -------------------------------------------------------------------------------------------- kinds
def _kind(is_right: Callable[[Any], bool], expected: str) -> Kind:
    return lambda value: (
        None
        if is_right(plain(value))
        else f"it returns {_described(value)}, but it should return {expected}"
    )


a_number = _kind(is_number, "one number")
true_or_false = _kind(lambda value: isinstance(value, bool), "True or False")


def some_numbers(count: int | None = None) -> Kind:
    """Make the kind "numbers in a list, tuple, range or flat tensor", `count` of them."""
    expected = "numbers in a list" if count is None else f"{count} numbers"

    def problem(value: Any) -> str | None:
        parts = as_list(value)
        if parts is None:
            return f"it returns {_described(value)}, but it should return {expected}"
        if count is not None and len(parts) != count:
            return f"the number of values it returns is {len(parts)}, but it should be {count}"
        for part in parts:
            if not is_number(part):
                returns = f"one of the values it returns is {_described(part)}"
                return f"{returns}, but it should return {expected}"
        return None

    return problem


def _described(value: Any) -> str:
    if isinstance(value, Tensor) and value.dim():
        return f"a tensor of shape {tuple(value.shape)}"
    kind, text = type(plain(value)).__name__, repr(plain(value))
    short = isinstance(value, int | float | str | list | tuple | dict) and len(text) <= SHORT
    return f"{text}, of type {kind}" if short else f"something of type {kind}"


# ------------------------------------------------------------------------------------------- checks
def is_function(signature: str) -> Check:
    """Check that the answer can be called like `signature`, as in "fits(size, depth)"."""
    name, parameters = signature.partition("(")[0], parameter_names(signature)

    def problem(answer: Any) -> str | None:
        if not callable(answer) or isinstance(answer, type):
            kind = f"of type {type(answer).__name__}"
            kind = f"the class {answer.__name__}" if isinstance(answer, type) else kind
            return f"The answer should be a function, `def {signature}`, but this is {kind}."
        try:
            inspect.signature(answer).bind(*parameters)
        except TypeError:
            count = "one argument" if len(parameters) == 1 else f"{len(parameters)} arguments"
            return f"Your function should take {count}: `def {signature}`."
        except ValueError:  # some built-in functions have no signature
            return None
        own = list(inspect.signature(answer).parameters)
        if own != parameters and sorted(own) == sorted(parameters):
            return (
                f"Your function takes its arguments in the order ({', '.join(own)}). It should be "
                f"`def {signature}`."
            )
        return None

    return Check(f"a function `{name}`", problem)


def parameter_names(signature: str) -> list[str]:
    """Return the names in a signature without defaults, as in "fits(size, depth)"."""
    return signature.partition("(")[2].rstrip(")").split(", ")


def on_each_case(
    holds: str, cases: Cases, problem: Callable[[Function, Case], str | None]
) -> Check:
    """Check the answer on each case, up to the first one that shows a problem.

    Args:
        holds: what is right when the check passes.
        cases: makes the cases, anew for each answer.
        problem: calls the answer on one case; returns what is wrong in a whole sentence, or `None`.
    """

    def first_problem(answer: Function) -> str | None:
        for case in cases():
            try:
                said = problem(answer, case)
            except Exception as error:
                said = f"{case.call}: {lower_first(describe(error))}"
            if said:
                return said
        return None

    return Check(holds, first_problem)


def returns(holds: str, kind: Kind, cases: Cases) -> Check:
    """Check that the function returns a value of this kind."""

    def problem(answer: Function, case: Case) -> str | None:
        value = case.run(answer)
        if value is None:
            if not (why := why_nothing(answer)):
                always = all(other.run(answer) is None for other in cases())
                why = without_value(answer)
                why = why if always or why == NONE_RETURNED else EACH_BRANCH
            return f"{case.call}: it returns nothing. {why}"
        if value is ...:
            return f"{case.call}: it returns `...`, so part of your function is not written yet."
        message = kind(value)
        return f"{case.call}: {message}." if message else None

    return on_each_case(holds, cases, problem)


def without_value(function: Any) -> str:
    """Say in a sentence why a call of a function has returned nothing."""
    code = getattr(function, "__code__", None)
    steps = list(dis.get_instructions(code)) if code and code.co_name != "<lambda>" else []
    nothing = [
        step.argval is None if step.opname == "RETURN_CONST" else before.argval is None
        for before, step in pairwise(steps)
        if step.opname in ("RETURN_CONST", "RETURN_VALUE")
    ]
    if all(nothing):
        return "Did you forget `return`?"
    if not any(nothing):
        return NONE_RETURNED
    return (
        "There is a `return` with a value, but it is not reached here: does it stand inside an "
        "`if` or a loop?"
    )


def matches(
    reference: Function, cases: Cases, explain: Callable[[Case, Any], str | None] | None = None
) -> Check:
    """Check that the function returns what the reference returns and leaves its inputs alone.

    Args:
        reference: a right answer.
        cases: makes known cases first, then random ones.
        explain: says what is wrong with a value, where that takes more than the two numbers.
    """

    def problem(answer: Function, case: Case) -> str | None:
        inputs = copy.deepcopy(case.inputs)
        value, target = plain(answer(*inputs)), plain(reference(*case.inputs))
        if not alike(inputs, case.inputs):
            return (
                f"{case.call}: your function changes its input. Work on a copy: `sorted(x)` and "
                "`x.clone()` make a new one, but `x.sort()` and `x += 1` change x itself."
            )
        if alike(value, target):
            return None
        message = explain(case, value) if explain else None
        message = message or f"it returns {_shown(value)}, but it should return {_shown(target)}"
        return f"{case.call}: {message}."

    return on_each_case("its values", cases, problem)


def why_nothing(answer: Function) -> str:
    """Say why a function returns nothing, if its code has a `return` that gives nothing."""
    why = ""
    for node in ast.walk(source_of(answer) or ast.Pass()):
        match node:
            case ast.Return(None) | ast.Return(ast.Constant(None)):
                return RETURNS_NONE
            case ast.Return(ast.Call(called)) | ast.Lambda(_, ast.Call(called)):
                if getattr(called, "attr", getattr(called, "id", "")) in NO_VALUE:
                    why = WHAT_IS_NONE
    return why


# --------------------------------------------------------------------------------- known mistakes
class Probes:
    """Inputs on which known wrong functions are recognised.

    Args:
        cases: makes them: cases, or bare tuples of inputs. Together they have to tell the wrong
            functions from each other and from right ones.
        adapt: changes a function before it is called, as into one whose results are sorted.
    """

    def __init__(
        self,
        cases: Callable[[], Iterable[Any]],
        *,
        adapt: Callable[[Function], Function] = lambda function: function,
    ) -> None:
        self._cases = cases
        self._adapt = adapt

    def mistake(
        self, name: str, sentence: str, *wrong: Function, at: str = "", cases: Any = None
    ) -> KnownMistake:
        """Make a known mistake: on every probe the answer does what one wrong function does.

        Args:
            name: the mistake in a few words.
            sentence: tells the student which mistake it is.
            wrong: functions that make it. On one probe at least, each of them must not raise.
            at: what the check `holds` that must have failed; empty: any.
            cases: makes the probes of this mistake, in place of the common ones.
        """

        def recognises(answer: Any) -> bool:
            inputs = [getattr(case, "inputs", case) for case in (cases or self._cases)()]
            with contextlib.redirect_stdout(io.StringIO()):  # what it prints has been shown
                return any(
                    all(self.same(self._try(answer, x), self._try(function, x)) for x in inputs)
                    for function in wrong
                )

        first, *more = (lambda function=function: function for function in wrong)
        return KnownMistake(name, sentence, first, recognises, at, tuple(more))

    def run(self, function: Function, inputs: Sequence[Any]) -> Any:
        """Call a function with copies of the inputs; return what `same` compares."""
        return plain(function(*copy.deepcopy(tuple(inputs))))

    def same(self, one: Any, other: Any) -> bool:
        """Whether two functions did the same, given their runs; both may have raised an error."""
        return one is other or alike(one, other)

    def _try(self, function: Function, inputs: Sequence[Any]) -> Any:
        try:
            return self.run(self._adapt(function), inputs)
        except Exception:
            return _RAISED


# ------------------------------------------------------------------------------------------- values
def lower_first(sentence: str) -> str:
    """Return a sentence as it goes on after a colon."""
    return sentence[:1].lower() + sentence[1:]


def upper_first(text: str) -> str:
    """Return a text as it begins a sentence."""
    return text[:1].upper() + text[1:]


def alike(one: Any, other: Any) -> bool:
    """Whether two values are the same apart from rounding; True is 1, and NaN is NaN."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.shape == other.shape and torch.allclose(
            one.double(), other.double(), rtol=1e-4, atol=1e-6, equal_nan=True
        )
    parts, others = as_list(one), as_list(other)
    if parts is not None and others is not None:
        return len(parts) == len(others) and all(map(alike, parts, others))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return (one != one and other != other) or math.isclose(
            one, other, rel_tol=1e-4, abs_tol=1e-6
        )
    return type(one) is type(other) and bool(one == other)


def _shown(value: Any) -> str:
    """A value as a sentence shows it: four digits, and not too many parts."""
    parts = as_list(value)
    if parts is not None:
        inside = ", ".join(map(_shown, parts[:12])) + (", …" if len(parts) > 12 else "")
        return f"({inside})" if isinstance(value, tuple) else f"[{inside}]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
