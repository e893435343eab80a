"""Diagnoses of channels and features: layers and joins that are given other numbers of them.

Each function takes an attempt and returns its sentences, or "" where it does not apply. Its
docstring says when it applies.
"""

from __future__ import annotations

import math
import re

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.graph import join_kind
from unet_teach.inspection.recording import Op, Value
from unet_teach.inspection.wording import module_name, shape_text

CONVOLUTIONS = ("convolution", "_convolution", "mkldnn_convolution")
VIEWS = ("view", "_unsafe_view", "reshape", "flatten", "unsqueeze")
PRODUCTS = ("mm", "addmm", "bmm", "baddbmm")


def cat_dim(op: Op, value: Value) -> int:
    """Return the dimension along which a concatenation joins, counted from the front."""
    dim: int = op.arguments.get("dim", 0)
    return dim % len(value.shape)


def taken_channels(convolution: Op) -> int:
    """Return how many channels a convolution takes."""
    weight, transposed = (convolution.arguments.get(name) for name in ("weight", "transposed"))
    assert isinstance(weight, Value)
    groups: int = convolution.arguments.get("groups", 1)
    return weight.shape[0] if transposed else weight.shape[1] * groups


def concatenated_along_wrong_dim(attempt: Attempt) -> str:
    """Two maps with different channels are concatenated along another dimension."""
    op = attempt.failed_op
    maps = _two_maps(op)
    if op is None or maps is None or op.name != "cat" or cat_dim(op, maps[0]) == 1:
        return ""
    return (
        f"{_channels_meet(attempt, op, *maps)} They are joined along dim {cat_dim(op, maps[0])}; "
        "channels are dim 1: torch.cat(…, dim=1)."
    )


def added_channels_differ(attempt: Attempt) -> str:
    """Two maps of one size with different channels are added or multiplied."""
    op = attempt.failed_op
    maps = _two_maps(op)
    if op is None or maps is None or join_kind(op) not in ("add", "gate"):
        return ""
    first, second = maps
    if first.shape[2:] != second.shape[2:] or 1 in (first.shape[1], second.shape[1]):
        return ""
    return (
        f"{_channels_meet(attempt, op, first, second)} Bring one to the other's number by a 1×1 "
        "convolution, or join them by torch.cat, which takes both."
    )


def _two_maps(op: Op | None) -> tuple[Value, Value] | None:
    """Return the two maps that an operation joins, if they are two with different channels."""
    inputs = dict.fromkeys(op.inputs) if op else ()
    maps = [v for v in inputs if len(v.shape) >= 3 and v.depends_on_input]
    if len(maps) != 2 or maps[0].shape[1] == maps[1].shape[1]:
        return None
    return maps[0], maps[1]


def _channels_meet(attempt: Attempt, op: Op, first: Value, second: Value) -> str:
    maker = attempt.wording.maker
    return (
        f"In {module_name(op.module)} ({op.name.strip('_')}) {first.shape[1]} channels (made by "
        f"{maker(first)}) meet {second.shape[1]} (made by {maker(second)})."
    )


def convolution_channels(attempt: Attempt) -> str:
    """A convolution is given a map with other channels than it takes."""
    op = attempt.failed_op
    if op is None or op.name not in CONVOLUTIONS:
        return ""
    given, weight = op.arguments.get("input"), op.arguments.get("weight")
    if not isinstance(given, Value) or not isinstance(weight, Value):
        return ""
    if len(given.shape) != len(weight.shape):
        return ""
    expected = taken_channels(op)
    if given.shape[1] == expected:
        return ""
    return (
        f"{module_name(op.module)} expects {expected}, got {given.shape[1]} channels: what comes "
        f"from {_source(given)} is {shape_text(given.shape)}. {_channel_remedy(given, expected)}"
    )


def _source(value: Value) -> str:
    """Name the operation that made a value, even if it only passes on what a layer made."""
    if value.op is None:
        return "the input"
    name = value.op.name.strip("_")
    return f"{value.op.module}, {name}" if value.op.module else name


def _channel_remedy(given: Value, expected: int) -> str:
    """Say what brings a map to the channels that a layer takes."""
    if given.is_input and given.shape[-1] == expected:
        return f"Its last side is {expected}; channels stand second: x.movedim(-1, 1)."
    if given.is_input:
        return f"Give a picture of {expected} channels, or build the network for {given.shape[1]}."
    if given.op is not None and given.op.name == "cat":
        dim = cat_dim(given.op, given)
        if dim != 1:
            return f"Two maps were joined along dim {dim}; channels are dim 1: torch.cat(…, dim=1)."
        return (
            "A map that was concatenated has the channels of both its parts: the layer after it "
            "must take as many."
        )
    if given.shape[-1] == expected:
        return (
            f"If its last side, {expected}, are the channels, bring them second: x.movedim(-1, 1)."
        )
    return f"Let the layer before it make {expected}, or this one take {given.shape[1]}."


def matrix_product(attempt: Attempt) -> str:
    """Two matrices that both depend on the input do not fit each other."""
    op, matrices = attempt.failed_op, _misfit_matrices(attempt.failed_op)
    if op is None or matrices is None or not matrices[1].depends_on_input:
        return ""
    left, right = matrices
    return (
        f"In {module_name(op.module)} ({op.name.strip('_')}) {shape_text(left.shape)} is "
        f"multiplied by {shape_text(right.shape)}: the last side of the one, {left.shape[-1]}, "
        f"must be the last but one of the other, {right.shape[-2]}. Is a transpose(-1, -2) missing?"
    )


def linear_features(attempt: Attempt) -> str:
    """A linear layer is given rows of another length."""
    op, matrices = attempt.failed_op, _misfit_matrices(attempt.failed_op)
    if op is None or matrices is None or matrices[1].depends_on_input:
        return ""
    left, right = matrices
    # The product sees a matrix, so look for the map as it was before it was flattened to one.
    before = left
    while before.op and before.op.name in VIEWS and (before is left or len(before.shape) == 1):
        before = before.op.inputs[0]
    given, expected = left.shape[-1], right.shape[-2]
    return (
        f"{module_name(op.module)} expects {expected}, got {given} features: it is given "
        f"{shape_text(left.shape)}. {_feature_remedy(before.shape, given, expected)}"
    )


def _misfit_matrices(op: Op | None) -> tuple[Value, Value] | None:
    """Return the two matrices of a product whose inner sizes differ."""
    if op is None or op.name not in PRODUCTS:
        return None
    matrices = [v for v in op.inputs if len(v.shape) >= 2][-2:]
    if len(matrices) < 2 or matrices[0].shape[-1] == matrices[1].shape[-2]:
        return None
    return matrices[0], matrices[1]


def _feature_remedy(before: tuple[int, ...], given: int, expected: int) -> str:
    """Say what brings rows to the length that a linear layer takes.

    Args:
        before: the shape of the map before it was flattened.
        given: the length of its rows.
        expected: the length that the layer takes.
    """
    per_image = math.prod(before[1:])
    if given != before[-1] and len(before) > 1:  # several dimensions were flattened into one
        if expected == per_image:
            return "The batch was flattened too: flatten from dim 1 on, x.flatten(1)."
        told = f"Their number depends on the picture's size; for this one, in_features={given}."
        side = math.isqrt(expected // max(before[1], 1))
        if len(before) == 4 and side and side * side * before[1] == expected:
            told += f" Or give pictures that make {shape_text(before[2:])} here {side}×{side}."
        return told
    if expected == per_image:
        return (
            f"{shape_text(before[1:])} are {per_image} numbers: is nn.Flatten() missing before it?"
        )
    if len(before) > 2 and expected == before[1]:
        return "It works along the last dimension, channels are dim 1: x.movedim(1, -1)."
    return "It works along the last dimension: give it rows of as many, or build it for these."


def normalisation_channels(attempt: Attempt) -> str:
    """A batch normalisation is given other channels than it was made for."""
    numbers = re.search(r"should contain (\d+) elements not (\d+)", attempt.message)
    if numbers is None:
        return ""
    given, expected = numbers.groups()
    return (
        f"{attempt.stopped_in} expects {expected}, got {given} channels: a normalisation is made "
        "for as many as it is given."
    )
