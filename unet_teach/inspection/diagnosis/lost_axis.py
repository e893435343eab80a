"""Diagnoses of an axis that was taken away before: which operation did, and how to keep it."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor

from unet_teach.inspection.diagnosis import layer_settings
from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.own_code import is_given, sizes_text
from unet_teach.inspection.diagnosis.source import (
    Change,
    called_name,
    parts_at,
    runs_with_code,
    statement_at,
    text_of,
    what_is_given,
)
from unet_teach.inspection.diagnosis.trials import runs_with_settings
from unet_teach.inspection.recording import Op, Value, without_added_batch
from unet_teach.inspection.wording import listed, shape_text

REDUCTIONS = (
    *("mean", "sum", "max", "min", "amax", "amin", "median", "std", "var", "norm", "prod"),
    *("logsumexp", "argmax", "argmin", "vector_norm"),
)
PARTING = ("unbind", "__iter__")
INDEXING = ("__getitem__", "select")
RESHAPING = ("view", "reshape", "flatten")
LOSING = {"squeeze", "squeeze_", "einsum", *REDUCTIONS, *INDEXING, *PARTING, *RESHAPING}
_Way = tuple[Any, ...]  # what is said, and the changes of the line
ABOUT_SHAPES = (RuntimeError, ValueError, IndexError, AssertionError)
ABOUT_AXES = re.compile(
    r"too many indices for tensor|Dimension out of range|does not match the length of the desired"
    r"|expected \d(?:-?D|D or \dD) input|\dD input, but|Expected \dD \(unbatched\) or"
    r"|must match the existing size|expanded size of the tensor|mode needs \dD"
)


def axis_was_lost(attempt: Attempt) -> str:
    """A layer or an index needs an axis that an operation before has taken away."""
    is_about_axes = bool(ABOUT_AXES.search(attempt.message))
    is_about_ranks = is_about_axes or "number of dimensions" in attempt.message
    most = max((len(v.shape) for v in attempt.recording.inputs), default=0)
    seen: set[int] = set()
    for value in _given(attempt) if most > 2 and isinstance(attempt.error, ABOUT_SHAPES) else ():
        losses = _losses(value) if len(value.shape) < most else []
        op = losses[0] if losses else None
        if op is None or id(op) in seen or (op.called in RESHAPING and not is_about_ranks):
            continue
        seen.add(id(op))
        told, works = _told(attempt, op, losses[1:])
        if not works and len(value.shape) == 2 and "batched" in attempt.message:
            continue  # it was flattened
        other_layer = layer_settings.layer_of_another_rank(attempt)
        is_meant = "the batch is gone" not in told and re.search(r"\. (Use|Set) ", other_layer)
        if works or (is_about_axes and not is_meant):
            return f"{is_given(attempt, value.shape)}. {told}"
    return ""


def lost_before(attempt: Attempt, shape: Sequence[int]) -> str:
    """Say which operation took an axis from the last map of this shape; "" if none did."""
    made = [v for v in attempt.graph.values if v.shape == tuple(shape)]
    losses = _losses(made[-1]) if made else []
    return _told(attempt, losses[0], losses[1:])[0] if losses else ""


def _given(attempt: Attempt) -> Iterator[Value]:
    """Yield the maps that the operation which failed was given, or the line that did."""
    op, last = attempt.failed_op, attempt.recording.ops[-1:]
    yield from map(without_added_batch, op.from_input if op else ())
    things = attempt.code.values.values()
    shapes = [tuple(thing.shape) for thing in things if isinstance(thing, Tensor)]
    ran = [] if op else attempt.recording.ops[-12:][::-1]
    given = [v for each in ran for v in each.outputs if v.depends_on_input]
    yield from [v for v in given if v.shape in shapes] + [v for v in given if v.op in last]


def _losses(value: Value) -> list[Op]:
    """Return the operations from which on a value, or what it was made of, has fewer axes."""
    rank, found, todo = len(value.shape), dict[int, Op](), [value]
    seen = set[Value]()
    while todo:
        value = todo.pop()
        if value.op is None or value in seen:
            continue
        seen.add(value)
        op, sources = value.op, value.op.from_input
        larger = [v for v in sources if len(v.shape) > len(value.shape)]
        alike = [v for v in sources if len(v.shape) == len(value.shape)]
        if larger and op.called in LOSING and len(larger[0].shape) > rank:
            found[id(op)] = op
        else:
            todo += reversed((larger or alike or sources)[: None if op.name == "cat" else 1])
    return list(found.values())


def _told(attempt: Attempt, op: Op, others: Sequence[Op] = ()) -> tuple[str, bool]:
    """Say what an operation made of a map, and how its axis stays; and whether that works.

    Where others have taken an axis too, all are tried together if this one alone is not enough.
    """
    before, after = op.inputs[0].shape, op.outputs[0].shape
    name = "an index" if op.called in INDEXING else op.called.strip("_")
    if op.called in PARTING:
        is_loop = bool(parts_at(op.line, ast.For | ast.comprehension))
        name = "going through it" if is_loop else "unpacking one tensor"
    why = ""
    if name == "squeeze" and before[0] == 1 and op.name == "squeeze" and "dim" not in op.arguments:
        why = ": without a number, it drops every axis of size 1"
    gone, text = _gone(attempt, op), linecache.getline(*op.line).strip()
    quoted = f"In line {op.line[1]}, `{text[:90]}{'…' if text[90:] else ''}`, " if text else ""
    are, axis, it = ("are", "axes", "them") if gone[0].isdigit() else ("is", "axis", "it")
    told = (
        f"{quoted}{name} made {sizes_text(after)} of {shape_text(before)}, so {gone} {are} "
        f"gone{why}."
    )
    if layer := _returns_indices(attempt, op) if op.called in PARTING else "":
        return f"{told} With return_indices=True where `{layer}` is made, the network runs.", True
    for words, *changes in (*_ways_to_keep(op), *_together([op, *others])):
        if runs_with_code(attempt, *changes):
            return f"{told} With {words}, the network runs.", True
    if why and set(before[2:]) == {1}:
        return f"{told} flatten(1) in its place keeps the batch.", False
    return f"{told} Keep the {axis} there, or put {it} back after it.", False


def _gone(attempt: Attempt, op: Op) -> str:
    """Name the axis that an operation takes away."""
    before, dims = op.inputs[0].shape, op.arguments.get("dim", op.arguments.get("dims"))
    is_squeezed = op.called.startswith("squeeze") and before[0] == 1
    if dims is None and (op.called in PARTING or is_squeezed):
        dims = 0
    taken: list[Any] = dims if isinstance(dims, list) else [dims]
    count = len(before) - len(op.outputs[0].shape)
    if op.called not in REDUCTIONS and not is_squeezed and before[1:] == op.outputs[0].shape:
        return "the batch"
    is_batch_there = len(before) == max(len(v.shape) for v in attempt.recording.inputs)
    if dims is None or op.called in RESHAPING or len(taken) > 1 or not is_batch_there:
        return f"{count} axes" if count > 1 else "an axis"
    number = taken[0] % len(before)
    return {0: "the batch", 1: "the channel axis"}.get(number, f"axis {number}")


def _ways_to_keep(op: Op) -> Iterator[_Way]:
    """Yield what could be written in the line so that an axis stays, the likeliest first."""
    before, line = op.inputs[0].shape, op.line
    if op.called in PARTING:
        yield from _of_unpacking(op)
    reduced: list[Change] = []
    for call in parts_at(line, ast.Call):
        name, source = called_name(call).strip("_"), what_is_given(call)
        is_same = name == op.called.strip("_") or {name, op.called} <= {*REDUCTIONS}
        if not is_same or source is None:
            continue
        text, news = text_of(source), []
        if name in REDUCTIONS:
            news = [f"{text_of(call)[:-1]}, keepdim=True)"]
            reduced.append((call, news[0]))
        elif name == "squeeze":
            rest = [d for d in range(1, len(before)) if before[d] == 1]
            news = [f"{text}.flatten(1)"] * (rest == [*range(2, len(before))] != [])
            news += [f"{text}.squeeze({d})" for d in rest if len(rest) == 1]
        yield from ((f"`{new}`", (call, new)) for new in news)
        if name in ("squeeze", *RESHAPING):
            yield f"`{text}` alone, without the {name}", (call, text)
    if len(reduced) > 1:
        yield " and ".join(f"`{new}`" for _, new in reduced), *reduced
    for part in parts_at(line, ast.Subscript) if op.called in INDEXING else ():
        entries = part.slice.elts if isinstance(part.slice, ast.Tuple) else [part.slice]
        kept = [_with_slice(part, entry, op) for entry in entries if _is_number(entry)]
        ways: list[_Way] = [(f"`{new}`", (part, new)) for new in kept]
        if kept and len(entries) == 1:
            text = text_of(part.value)
            alone = (f"`{text}` in place of `{text_of(part)}`", (part, text))
            ways.insert(not isinstance(part.slice, ast.Constant), alone)
        if isinstance(part.ctx, ast.Load):
            yield from ways


def _with_slice(part: ast.Subscript, number: ast.expr, op: Op) -> str:
    """Return an index with a slice of one entry in place of a number."""
    text = text_of(number)
    end = str(int(text) + 1) if text.isdigit() else {"-1": ""}.get(text, f"{text} + 1")
    found = rf"(?<=[\[ ,]){re.escape(text)}(?=[\],])"
    return re.sub(found, f"{text}:{end}", text_of(part), count=1)


def _is_number(node: Any) -> bool:
    """Return whether an index may be a number, which takes the axis away, and no slice."""
    node = getattr(node, "operand", node)
    return isinstance(node, ast.Name | ast.BinOp) or type(getattr(node, "value", "")) is int


def _of_unpacking(op: Op) -> Iterator[_Way]:
    """Yield how a tensor stays whole that several names divide: as one, or with its indices."""
    statement, line = statement_at(op.line), op.line
    for whole in (n.iter for n in parts_at(line, ast.For | ast.comprehension)):
        new = f"{text_of(whole)}.split(1)"
        yield f"`{new}` in place of `{text_of(whole)}`", (whole, new)
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple):
        value, target = statement.value, statement.targets[0]
        text, names = text_of(value), [text_of(each) for each in target.elts]
        if isinstance(value, ast.Call) and "max_pool" in called_name(value):
            new = f"{text[:-1]}, return_indices=True)"
            yield f"`{new}`", (value, new)
        yield from ((f"`{n} = {text}`", (target, n)) for n in names[:2] if n != "_")
        parts = f"torch.chunk({text}, {len(names)}, dim=1)"
        yield f"`{', '.join(names)} = {parts}`", (value, parts)


def _together(losses: Sequence[Op]) -> Iterator[_Way]:
    """Yield the likeliest way of each operation, if several have taken an axis."""
    ways = [next(_ways_to_keep(op), None) for op in {op.line: op for op in losses}.values()]
    if len(ways) > 1 and all(ways):
        changes = [change for _, *own in filter(None, ways) for change in own]
        yield listed(dict.fromkeys(words for words, *_ in filter(None, ways))), *changes


def _returns_indices(attempt: Attempt, op: Op) -> str:
    """Return the pooling of a line with whose indices the network runs; "" if there is none."""
    for call in parts_at(op.line, ast.Call):
        path = ".".join(filter(None, (op.module, ast.unparse(call.func).partition(".")[2])))
        if runs_with_settings(attempt, {path: {"return_indices": True}}):
            return path
    return ""
