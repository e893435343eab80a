"""What the checks of `to_mask` and `clean_mask` say about a tensor of the wrong type or values."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from unet_teach.exercises.checks.functions import Case, Kind


def tensor_of(right_type: Callable[[Tensor], bool], otherwise: str) -> Kind:
    """Make a kind of tensor; `otherwise` ends the sentence about a tensor that is not `right_type`."""

    def problem(value: object) -> str | None:
        if not isinstance(value, Tensor):
            return f"something of type {type(value).__name__} comes out, wanted a tensor"
        if not right_type(value):
            return f"numbers of type {value.dtype} come out{otherwise}"
        return None

    return problem


def first_wrong_pixel(
    reference: Callable[[Tensor], Tensor], sentence: Callable[[Tensor, Tensor], str]
) -> Callable[[Case, object], str]:
    """Make an explanation of a wrong mask: its shape, or else its first wrong pixel.

    Args:
        reference: makes the right mask of an input.
        sentence: takes a pixel of the input and of the wrong mask, each a tensor of one value.
    """

    def explain(case: Case, value: object) -> str:
        (given,) = case.inputs
        if not isinstance(value, Tensor):
            return f"one number comes out, wanted a mask of {tuple(given.shape)}"
        if value.shape != given.shape:
            return f"the mask's shape is {tuple(value.shape)}, wanted {tuple(given.shape)}"
        place = tuple((value != reference(given)).nonzero()[0])
        return sentence(given[place], value[place])

    return explain
