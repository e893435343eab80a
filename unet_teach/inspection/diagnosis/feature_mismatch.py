"""Diagnoses of matrix products: linear layers that are given rows of another length."""

from __future__ import annotations

import ast
import math
import re
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.source import (
    Place,
    called_name,
    code_that_runs,
    evaluated,
    function_at,
    parts_at,
    text_of,
)
from unet_teach.inspection.diagnosis.trials import runs_when
from unet_teach.inspection.diagnosis.views import VIEWS
from unet_teach.inspection.recorder import line_outside_torch
from unet_teach.inspection.recording import Op, Value, ops_back
from unet_teach.inspection.wording import listed, op_name, shape_text

SWAPPED = ".transpose(-2, -1)"
ALONG_THE_LAST = "It works along the last dimension."
PRODUCTS = ("mm", "addmm", "bmm", "baddbmm")


def matrix_product(attempt: Attempt) -> str:
    """Two matrices that both depend on the input do not fit each other."""
    misfit = _misfit_matrices(attempt)
    if misfit is None or not misfit[2].depends_on_input:
        return ""
    op, left, right = misfit
    ways = (*ops_back(left), *ops_back(right))
    splits = [op for op in ways if op.name.startswith("split")]
    uneven = next((op for op in splits if len({v.shape for v in op.outputs}) > 1), None)
    if uneven:
        given = uneven.inputs[0].shape
        return (
            f"chunk divides {shape_text(given)} into parts of different sizes, "
            f"{' and '.join(dict.fromkeys(shape_text(v.shape) for v in uneven.outputs))}, because "
            f"their number does not divide it. Let the layer before make a multiple of "
            f"{len(uneven.outputs)}."
        )
    told = (
        f"In {attempt.wording.layer(op)} ({op_name(op)}) {shape_text(left.shape)} is "
        f"multiplied by {shape_text(right.shape)}: the last side of the one, {left.shape[-1]}, "
        f"must be the last but one of the other, {right.shape[-2]}."
    )
    if works := _product_that_runs(attempt, op.line):
        return f"{told} {works}"
    return told if function_at(op.line) else f"{told} Is a transpose(-1, -2) missing?"


def products_along_others(attempt: Attempt) -> str:
    """Two stacks of matrices are multiplied that differ in how many matrices they have."""
    place = attempt.code.place
    if "must match the size" not in attempt.message or attempt.failed_op is not None:
        return ""
    if works := _product_that_runs(attempt, place):
        return (
            "Two stacks of matrices are multiplied, and all their dimensions but the last two must "
            f"agree. {works}"
        )
    return ""


def _product_that_runs(attempt: Attempt, place: Place) -> str:
    """Say with which other sides a product of a line runs; the likeliest are tried first.

    Attention's weights, a square matrix, are summed along the last side, and the result has the
    shape of what they read.
    """
    for node in parts_at(place, ast.BinOp | ast.Call):
        if isinstance(node, ast.BinOp):
            sides, form = [node.left, node.right], "{} @ {}" * isinstance(node.op, ast.MatMult)
        else:
            is_product = called_name(node).endswith(("matmul", "mm"))
            sides, form = node.args[:2], f"{text_of(node.func)}({{}}, {{}})" * is_product
        if not form or len(sides) != 2:
            continue
        left, right = (_other_sides(side, place) for side in sides)
        pairs = [(left[0], r) for r in right[1:]] + [(right[0], left[0]), (right[0], left[1])]
        pairs += [(one, r) for one in left[1:] for r in right]
        made = [_shape_of(_untransposed(side, place), attempt) for side in sides]
        square = [t for t in (left[0], right[0]) if len(set(_shape_of(t, attempt)[-2:])) == 1]
        along_rows = [f"{text}{SWAPPED}" for text in square]
        ranked = [
            (pair[1] in square or pair[0] in along_rows, _shape_of(new, attempt) not in made, new)
            for pair in pairs
            if (new := form.format(*pair))
        ]
        ways = [(new, [node]) for *_, new in sorted(ranked, key=lambda rank: rank[:2])]
        if works := code_that_runs(attempt, ways):
            return works
    return ""


def _untransposed(node: ast.expr, place: Place) -> str:
    """Return what a matrix was before it was transposed in the line."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    return text_of(node)


def _shape_of(text: str, attempt: Attempt) -> tuple[int, ...]:
    """Return the shape of an expression where a run stopped, or () where it is not known."""
    made = evaluated(ast.parse(text, mode="eval").body, attempt.code.frame)
    return tuple(made.shape) if isinstance(made, Tensor) else ()


def _other_sides(node: ast.expr, place: Place) -> list[str]:
    """Return a stack of matrices as it is written, and with two of its axes exchanged."""
    text = text_of(node)
    base = text if not isinstance(node, ast.BinOp | ast.UnaryOp) else f"({text})"
    found = [base, f"{base}{SWAPPED}", f"{base}.transpose(1, 2)"]
    func = node.func if isinstance(node, ast.Call) else None
    if isinstance(func, ast.Attribute) and func.attr in ("transpose", "permute"):
        inner = text_of(func.value)
        both = f"{inner}.transpose(1, 2).transpose(-2, -1)"
        found[1:] = [f"{inner}{SWAPPED}", inner, both]
    return found


def linear_features(attempt: Attempt) -> str:
    """A linear layer is given rows of another length."""
    misfit = _misfit_matrices(attempt)
    if misfit is None or misfit[2].depends_on_input:
        return ""
    op, left, right = misfit
    # The product sees a matrix, so look for the map as it was before it was flattened to one.
    before = left
    while before.op and before.op.name in VIEWS and (before is left or len(before.shape) == 1):
        before = before.op.inputs[0]
    given, expected = left.shape[-1], right.shape[-2]
    remedy = _feature_remedy(before.shape, given, expected)
    if given != before.shape[-1] and (back := _leads_back(attempt, op, given, expected)):
        remedy = remedy.replace(f"; for this one, in_features={given}.", f".{back}")
    if remedy == ALONG_THE_LAST:
        remedy += _of_which_length(attempt, left, right)
    if right.shape[-1] == given:
        remedy = f"Are its two numbers in the wrong order? nn.Linear({given}, {expected}). {remedy}"
    return (
        f"{attempt.wording.layer(op)} expects {expected}, got {given} features: it is given "
        f"{shape_text(left.shape)}. {remedy}"
    )


def _leads_back(attempt: Attempt, op: Op, given: int, expected: int) -> str:
    """Say which layers and views lead back to an image, where one other number is not enough."""
    shapes: list[tuple[int, ...]] = []
    layers = attempt.layers
    back = [path for path, m in layers.items() if getattr(m, "out_features", 0) == expected]
    image, layer = attempt.graph.image, layers.get(op.module)
    if not back or image is None or not isinstance(layer, nn.Linear):
        return ""

    def build(copied: nn.Module) -> None:
        linear: Any = copied.get_submodule(op.module)
        linear.weight = nn.Parameter(linear.weight.new_zeros(linear.out_features, given))
        copied.register_forward_hook(lambda m, args, made: shapes.append(tuple(made.shape)))

    def divide(view: Any, x: Tensor, *args: Any, **kwargs: Any) -> Any:
        if x.dim() == 2 and x.shape[1] == expected:
            lines[line_outside_torch()] = None
        return view(x, *args, **kwargs)

    lines: dict[Place, None] = {}
    calls = {view: partial(divide, view) for view in (Tensor.view, Tensor.reshape)}
    runs = runs_when(attempt, build, calls=calls)
    made = shapes[-1] if shapes else ()
    if runs and (len(made) != len(image.shape) or made[2:] == image.shape[2:]):
        return ""
    views = [
        f"`{text_of(call)}` in line {line[1]}"
        for line in lines
        for call in parts_at(line, ast.Call)
        if called_name(call) in ("view", "reshape")
    ]
    views += [path for path, m in layers.items() if type(m) is nn.Unflatten]
    sizes = f"the output is {shape_text(made[2:])} for images of {shape_text(image.shape[2:])}"
    makes = "makes" if len(back) == 1 else "make"
    there = f", which {listed(views)} divides into a map's sides" if views else ""
    return (
        f" With in_features={given} alone, {sizes if runs else 'it does not run'}: {listed(back)} "
        f"{makes} {expected} as well{there}. Make all of them for this size."
    )


def _of_which_length(attempt: Attempt, left: Value, right: Value) -> str:
    """Say for which number of features a linear layer works, and which layer made them."""
    given, expected, made = left.shape[-1], *right.shape[-2:]

    def of_any_length(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        if x.shape[-1] == weight.shape[1]:
            return torch._C._nn.linear(x, weight, bias)
        return x.new_zeros(*x.shape[:-1], weight.shape[0])

    def shorten(copied: nn.Module) -> None:
        copied.get_submodule(maker).register_forward_hook(lambda *args: args[-1][..., :expected])

    maker = attempt.wording.layer_before(left).partition(" (linear)")[0]
    is_layer = isinstance(attempt.layers.get(maker), nn.Linear)
    ways = []
    if runs_when(attempt, calls={F.linear: of_any_length}):
        ways.append(f"build this layer for {given} (nn.Linear({given}, {made}))")
    if is_layer and given > expected and runs_when(attempt, shorten):
        ways.append(f"let {maker} make {expected}")
    made_by = f" The {given} are made by {maker}." if is_layer else ""
    told = ", or ".join(ways)
    return f"{made_by} {told[:1].upper()}{told[1:]}." if told else made_by


IN_A_SEQUENCE = (  # what torch says of features, and in which order
    r"dimension of (?P<expected>\d+), but got (?P<given>\d+)",
    r"embed_dim (?P<expected>\d+) didn't match last dim of query (?P<given>\d+)",
    r"input_size\. Expected (?P<expected>\d+), got (?P<given>\d+)",
    r"input_size: got (?P<given>\d+) expected (?P<expected>\d+)",
)


def features_second(attempt: Attempt) -> str:
    """An attention or recurrent layer is given (N, features, L), as x.flatten(2) makes it."""
    found = next(filter(None, (re.search(p, attempt.message) for p in IN_A_SEQUENCE)), None)
    if found is None:
        return ""
    expected, shape = int(found["expected"]), _given_to_layer(attempt)
    if len(shape) != 3 or shape[1] != expected:
        return ""
    batch, _, length = shape
    if getattr(attempt.module, "batch_first", True):
        order, move, wanted = "N, L", "transpose(1, 2)", (batch, length, expected)
    else:
        order, move, wanted = "L, N", "permute(2, 0, 1)", (length, batch, expected)
    return (
        f"{attempt.stopped_in} takes sequences ({order}, features) with {expected} features, and "
        f"is given {shape_text(shape)}, where the {expected} stand second. x.{move} makes "
        f"{shape_text(wanted)}."
    )


def _given_to_layer(attempt: Attempt) -> tuple[int, ...]:
    """Return the shape that the outermost layer of torch was given around where a run stopped."""
    path, modules = attempt.recording.last_module, attempt.layers
    rows = nn.Sequential | nn.ModuleList | nn.ModuleDict
    while path:
        around = modules.get(path.rpartition(".")[0])
        if isinstance(around, rows) or not type(around).__module__.startswith("torch.nn"):
            break
        path = path.rpartition(".")[0]
    shapes: list[tuple[int, ...]] = []

    def keep(module: nn.Module, args: tuple[Any, ...]) -> None:
        shapes.extend(tuple(given.shape) for given in args[:1] if isinstance(given, Tensor))

    runs_when(attempt, lambda copied: copied.get_submodule(path).register_forward_pre_hook(keep))
    return shapes[-1] if shapes else ()


def _misfit_matrices(attempt: Attempt) -> tuple[Op, Value, Value] | None:
    """Return the product that failed and its two matrices, whose inner sizes differ."""
    op = attempt.failed_op
    matrices = [v for v in op.inputs if len(v.shape) > 1][-2:] if op and op.name in PRODUCTS else []
    if op is None or len(matrices) < 2 or matrices[0].shape[-1] == matrices[1].shape[-2]:
        return None
    return op, matrices[0], matrices[1]


def _feature_remedy(before: tuple[int, ...], given: int, expected: int) -> str:
    """Say what brings the rows of a map, of this shape before it was flattened, to a length."""
    per_image = math.prod(before[1:])
    if given != before[-1] and len(before) > 1:  # several dimensions were flattened into one
        if expected == per_image:
            return "The batch was flattened too: flatten from dim 1 on, x.flatten(1)."
        told = f"Their number depends on the image's size; for this one, in_features={given}."
        side = math.isqrt(expected // max(before[1], 1))
        if len(before) == 4 and side and side * side * before[1] == expected:
            told += f" Or give images that make {shape_text(before[2:])} here {side}×{side}."
        return told
    if expected == per_image:
        return (
            f"{shape_text(before[1:])} are {per_image} numbers: is nn.Flatten() missing before it?"
        )
    if len(before) > 2 and expected == before[1]:
        return "It works along the last dimension, channels are dim 1: x.movedim(1, -1)."
    return ALONG_THE_LAST
