"""Diagnoses of runs that came to their end, but whose output does not lead back to the input."""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.plain_lists import all_modules
from unet_teach.inspection.recording import Value, find_all
from unet_teach.inspection.wording import module_name, op_name, shape_text

SAME_MAP = {"detach", "alias"}  # operations whose result is the map they are given
OUTSIDE_TORCH = (np.ndarray, np.generic, float, int, bool, list)


def returns_none(attempt: Attempt) -> str:
    """The forward returns None."""
    if attempt.recording.output is not None:
        return ""
    return "The network returns None: is a `return` missing at the end of its forward?"


def returns_no_tensor(attempt: Attempt) -> str:
    """The forward returns something without a tensor in it."""
    output = attempt.recording.output
    if next(find_all(output, Value), None) is not None:
        return ""
    if attempt.recording.returned.get("", ("", 0))[0] == "Size":
        return "The network returns a shape, and no map: return the map itself, without .shape."
    told = f"The network returns a value of type {type(output).__name__}, no tensor to follow."
    return f"{told} {_last_dependent(attempt)}" if isinstance(output, OUTSIDE_TORCH) else told


def does_not_depend_on_input(attempt: Attempt) -> str:
    """The forward returns a tensor that was not computed from the input."""
    return f"What comes out does not depend on what goes in. {_last_dependent(attempt)}"


def leaves_torch(attempt: Attempt) -> str:
    """A map leaves torch in the middle, and comes back as a tensor that was made of numbers.

    The forward then needs values, a layer's map leads to no output, and an operation is given a
    map that neither the input nor a weight led to.
    """
    recording = attempt.recording
    if recording.on_meta:
        return ""
    used: set[Value] = set()
    waiting = set(recording.outputs)
    while waiting:
        used |= waiting
        waiting = {v for value in waiting if value.op for v in value.op.inputs} - used
    names = {value.name for value in recording.weights}
    attributes = (
        entry for _, module in all_modules(attempt.model) for entry in vars(module).items()
    )
    plain = [thing for name, thing in attributes if not name.startswith("_")]
    shapes = {tuple(t.shape) for t in find_all(plain, Tensor)}
    made = (v for v in used if v.op is None and not v.is_input and v.name not in names)
    is_new = (v for v in made if v.is_floating and v.shape not in shapes)
    returns = [value for value in is_new if math.prod(value.shape) > 1]
    maps = ((op, v) for op in recording.ops for v in op.outputs[:1] if op.name not in SAME_MAP)
    lost = [op for op, v in maps if v.depends_on_input and v not in used and len(v.shape) > 1]
    if not returns or not lost:
        return ""
    shape = shape_text(returns[0].shape)
    return (
        f"The trail ends at {op_name(lost[-1])} in {module_name(lost[-1].module)}: its map leaves "
        f"torch, as by .numpy(), .tolist() or a function of NumPy, and comes back as a new tensor "
        f"of {shape}. No gradient passes there, so the layers before it learn nothing from what "
        "comes after it. Use torch's own functions instead: torch.clamp for np.clip, "
        "torch.maximum for np.maximum."
    )


def _last_dependent(attempt: Attempt) -> str:
    """Name the last operation whose result still depended on the input."""
    recording = attempt.recording
    if not recording.inputs:
        return "It was given no tensor: give it an input, such as (1, 3, 64, 64)."
    dependent = [op for op in recording.ops if any(v.depends_on_input for v in op.outputs)]
    if not dependent:
        return "The trail ends at the input: no operation of torch was done on it."
    last = dependent[-1]
    return (
        f"The trail ends at {op_name(last)} in {module_name(last.module)}: what comes after "
        "left torch, as by .numpy(), .item() or .tolist(), or was made from nothing. Keep the way "
        "from input to output in torch's operations, and return the map."
    )
