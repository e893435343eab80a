"""Checks for functions that return a mask or a number: its type, its shape, its values."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from numpy import ndarray
from torch import Tensor

from unet_teach.exercises.checks.functions import (
    Case,
    Cases,
    Function,
    Kind,
    alike,
    is_function,
    matches,
    returns,
)
from unet_teach.exercises.exercise import Check, KnownMistake
from unet_teach.exercises.plain_values import plain

AXES = {
    4: ("batch", "channel", "height", "width"),
    3: ("first", "height", "width"),
    2: ("height", "width"),
}


def tensor_of(right_type: Callable[[Tensor], bool], otherwise: str) -> Kind:
    """Make a kind of tensor; `otherwise` ends the sentence about one that is not `right_type`."""

    def problem(value: object) -> str | None:
        if not isinstance(value, Tensor):
            made = {list: "torch.tensor", ndarray: "torch.from_numpy"}.get(type(value))
            makes = f" (`{made}` makes one)" if made else ""
            kind = f"something of type {type(value).__name__}"
            return f"you return {kind}, but it should be a tensor{makes}"
        if not right_type(value):
            shape = f"a tensor of shape {tuple(value.shape)}" if value.dim() else "one number"
            return f"you return {shape} and type {value.dtype}{otherwise}"
        return None

    return problem


A_MASK = tensor_of(
    lambda mask: mask.dtype == torch.bool,
    ", but it should be True or False for each pixel (torch.bool)",
)


def _returns(holds: str, kind: Kind, cases: Cases) -> Check:
    """Check that the function returns a value of this kind; name what turns a tensor into none."""
    check = returns(holds, kind, cases)

    def problem(answer: Function) -> str | None:
        said = check.problem(answer)
        names = getattr(getattr(answer, "__code__", None), "co_names", ())
        if said and "should be a tensor" in said:
            said += "".join(
                f" So leave out `.{name}()`." for name in ("tolist", "numpy") if name in names
            )
        return said

    return Check(holds, problem)


def three_checks(
    signature: str,
    holds: str,
    kind: Kind,
    reference: Function,
    cases: Cases,
    facts: Callable[[Function], str],
    explain: Callable[[Case, Any], str | None] | None = None,
) -> tuple[Check, ...]:
    """Make the checks of most such functions: their signature, what they return, their values.

    `facts` says more about a wrong value that makes no known mistake.
    """

    def facts_if_repeated(answer: Function) -> str:
        if not all(alike(*(plain(case.run(answer)) for _ in range(2))) for case in cases()):
            return "Called twice with the same input, it returns two different results."
        return facts(answer)

    return (
        is_function(signature),
        _returns(holds, kind, cases),
        replace(matches(reference, cases, explain), facts=facts_if_repeated),
    )


def input_changed(
    sentence: str, example: Function, make_inputs: Callable[[], tuple[Tensor, ...]]
) -> KnownMistake:
    """Make the known mistake of a function that overwrites one of its inputs."""

    def recognises(answer: Any) -> bool:
        given = make_inputs()
        now = [x.clone() for x in given]
        answer(*now)
        return not all(map(torch.equal, given, now))

    return KnownMistake("its input changed", sentence, lambda: example, recognises, "its values")


def where_right(answer: Function, reference: Function, cases: list[Case]) -> str:
    """Say on which cases an answer is right, or wrong; empty if it is the same on all of them."""
    right: list[str] = []
    wrong: list[str] = []
    for case in cases:
        target = plain(reference(*case.inputs))
        try:
            holds = alike(plain(case.run(answer)), target)
        except Exception:
            holds = False
        (right if holds else wrong).append(f"{case.call[0].lower()}{case.call[1:]}")
    if not right or not wrong:
        return ""
    if len(wrong) <= len(right):
        return f"Of {len(cases)} cases tried, it is wrong only {'; '.join(wrong)}."
    return f"Of {len(cases)} cases tried, it is right only {'; '.join(right)}."


def first_wrong_pixel(
    reference: Function,
    sentence: Callable[[tuple[Any, ...], tuple[int, ...], Tensor], str],
    what: str = "mask",
) -> Callable[[Case, object], str]:
    """Make an explanation of a wrong mask: its shape, or else its first wrong pixel.

    Args:
        reference: makes the right mask of the inputs.
        sentence: takes the inputs, the place of the pixel, and what it is in the wrong mask.
        what: is made of the inputs.
    """

    def explain(case: Case, value: object) -> str:
        target = reference(*case.inputs)
        if not isinstance(value, Tensor):
            return f"you return one number instead of a {what} of shape {tuple(target.shape)}"
        if value.shape != target.shape:
            shapes = f"the {what}'s shape is {tuple(value.shape)} instead of {tuple(target.shape)}"
            return f"{shapes}{about_shape(value, target)}"
        wrong = value != target
        place = tuple(wrong.nonzero()[0].tolist())
        images = [number for number, image in enumerate(wrong, start=1) if image.any()]
        where = ""
        if target.dim() == 4 and len(images) < len(target):
            where = f", all of them in image {' and '.join(map(str, images))} of {len(target)}"
        sorted_values = (x.to(value.dtype).flatten().sort().values for x in (value, target))
        if target.is_floating_point() and torch.equal(*sorted_values):
            return (
                "every value appears as often as it should, but in the wrong place; the first "
                f"wrong one is at {list(place)}"
            )
        number = int(wrong.sum())
        count = f"{number} of {wrong.numel()} pixels {'is' if number == 1 else 'are'} wrong{where}"
        return f"{count}; {sentence(case.inputs, place, value[place])}"

    return explain


def about_shape(value: Tensor, target: Tensor) -> str:
    """Say which axis a mask of the wrong shape lacks, and whether its values are right."""
    shape, wanted = list(value.shape), list(target.shape)
    names = AXES[target.dim()]
    fewer = len(wanted) - len(shape)
    gone = [name for i, name in enumerate(names) if shape == wanted[:i] + wanted[i + 1 :]]
    if gone:
        facts = f": the {'channel' if 'channel' in gone else gone[0]} axis is missing"
    elif shape == [*wanted[:-2], wanted[-1], wanted[-2]]:
        return ": height and width are swapped"
    elif sorted(shape) == sorted(wanted):
        return ": the axes are in another order"
    elif shape == [target.numel()]:
        facts = ": all axes are flattened into one"
    elif fewer:
        count = f"{abs(fewer)} {'axis' if abs(fewer) == 1 else 'axes'}"
        facts = f": that is {count} {'fewer' if fewer > 0 else 'more'} than it should have"
    else:
        differ = [name for name, a, b in zip(names, shape, wanted, strict=True) if a != b]
        facts = f": the mismatch is in {' and '.join(differ)}"
    if value.numel() == target.numel() and torch.equal(value.reshape(target.shape), target):
        facts += "; the values themselves are right"
    return facts
