"""Diagnoses of an axis that was taken away before: which operation did, and how to keep it."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from torch import Tensor, nn

from unet_teach.inspection.diagnosis import layer_settings
from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.own_code import is_given, own_code
from unet_teach.inspection.diagnosis.source import (
    Change,
    called_name,
    parts_at,
    runs_with,
    statement_at,
    text_of,
)
from unet_teach.inspection.diagnosis.trials import runs_when
from unet_teach.inspection.recording import Op, Value
from unet_teach.inspection.wording import listed, shape_text

REDUCTIONS = (
    *("mean", "sum", "max", "min", "amax", "amin", "median", "std", "var", "norm", "prod"),
    *("logsumexp", "argmax", "argmin", "vector_norm"),
)
INDEXING = ("__getitem__", "select", "unbind", "__iter__")
RESHAPING = ("view", "reshape", "flatten")
LOSING = {"squeeze", "squeeze_", "einsum", *REDUCTIONS, *INDEXING, *RESHAPING}
ABOUT_SHAPES = (RuntimeError, ValueError, IndexError, AssertionError)
ABOUT_AXES = re.compile(
    r"too many indices for tensor|Dimension out of range|does not match the length of the desired"
    r"|expected \d(?:-?D|D or \dD) input|\dD input, but|Expected \dD \(unbatched\) or"
    r"|must match the existing size|expanded size of the tensor|mode needs \dD"
)


class _Way(NamedTuple):
    """A way to keep an axis: what changes, what to write, and which setting of a layer instead."""

    changes: tuple[Change, ...]
    new: str
    layer: str = ""


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
    made = [v for v in attempt.graph.values if v.shape == tuple(shape) and v.depends_on_input]
    losses = _losses(made[-1]) if made else []
    return _told(attempt, losses[0], losses[1:])[0] if losses else ""


def _given(attempt: Attempt) -> Iterator[Value]:
    """Yield the maps that the operation which failed was given, or the line that did."""
    op, run = attempt.failed_op, attempt.recording
    if op is not None:
        for value in (v for v in op.inputs if v.depends_on_input):
            made = value.op  # a convolution adds a batch by itself
            is_added = made and made.name == "unsqueeze" and "conv" in made.called
            yield made.inputs[0] if made and is_added else value
    things = own_code(attempt.error).values.values()
    shapes = [tuple(thing.shape) for thing in things if isinstance(thing, Tensor)]
    for made in reversed(run.ops[-12:] if op is None else ()):
        yield from (v for v in made.outputs if v.depends_on_input and v.shape in shapes)
    if op is None and run.ops:
        yield from (v for v in run.ops[-1].outputs if v.depends_on_input)


def _sizes(shape: tuple[int, ...]) -> str:
    return shape_text(shape) if len(shape) != 1 else f"{shape}"


def _losses(value: Value) -> list[Op]:
    """Return the operations from which on a value, or what it was made of, has fewer axes."""
    rank, found, todo = len(value.shape), dict[int, Op](), [value]
    seen = set[Value]()
    while todo:
        value = todo.pop()
        if value.op is None or value in seen:
            continue
        seen.add(value)
        op, sources = value.op, [v for v in value.op.inputs if v.depends_on_input]
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
    name = {"__getitem__": "an index", "select": "an index"}.get(op.called, op.called.strip("_"))
    if op.called in ("unbind", "__iter__"):
        is_loop = bool(parts_at(op.line, ast.For | ast.comprehension))
        name = "going through it" if is_loop else "unpacking one tensor"
    why = ""
    if name == "squeeze" and before[0] == 1 and op.name == "squeeze" and "dim" not in op.arguments:
        why = ": without a number, it drops every axis of size 1"
    gone = _gone(attempt, op)
    told = (
        f"{_quoted(op)}{name} made {_sizes(after)} of {shape_text(before)}, so {gone} "
        f"{'are' if gone[0].isdigit() else 'is'} gone{why}."
    )
    for way in (*_ways_to_keep(attempt, op), *_together(attempt, [op, *others])):
        if _works(attempt, op, way):
            return f"{told} With {way.new}, the network runs.", True
    if why and set(before[2:]) == {1}:
        return f"{told} flatten(1) in its place keeps the batch.", False
    them = ("the axes", "them") if gone[0].isdigit() else ("the axis", "it")
    return f"{told} Keep {them[0]} there, or put {them[1]} back after it.", False


def _quoted(op: Op) -> str:
    """Quote the line of the network's own code that called an operation."""
    text = linecache.getline(*op.line).strip()
    if not text:
        return ""
    return f"In line {op.line[1]}, `{text[:90]}{'…' if text[90:] else ''}`, "


def _gone(attempt: Attempt, op: Op) -> str:
    """Name the axis that an operation takes away."""
    before, dims = op.inputs[0].shape, op.arguments.get("dim", op.arguments.get("dims"))
    if op.called in ("unbind", "__iter__") or (op.called.startswith("squeeze") and before[0] == 1):
        dims = 0 if dims is None else dims
    taken = [d % len(before) for d in (dims if isinstance(dims, list) else [dims]) if d is not None]
    count = len(before) - len(op.outputs[0].shape)
    if op.called in (*INDEXING, *RESHAPING) and before[1:] == op.outputs[0].shape:
        return "the batch"
    is_batch_there = len(before) == max(len(v.shape) for v in attempt.recording.inputs)
    if not taken or op.called in RESHAPING or len(taken) > 1 or not is_batch_there:
        return f"{count} axes" if count > 1 else "an axis"
    return {0: "the batch", 1: "the channel axis"}.get(taken[0], f"axis {taken[0]}")


def _ways_to_keep(attempt: Attempt, op: Op) -> Iterator[_Way]:
    """Yield what could be written in the line so that an axis stays, the likeliest first."""
    before = op.inputs[0].shape
    if op.called in ("unbind", "__iter__"):
        yield from _of_unpacking(attempt, op)
    reduced: list[tuple[ast.AST, str]] = []
    for call in parts_at(op.line, ast.Call):
        name = called_name(call)
        is_method = isinstance(call.func, ast.Attribute)
        is_method = is_method and ast.unparse(call.func.value) not in ("torch", "F")
        source = call.func.value if is_method else next(iter(call.args), None)
        is_same = name == op.called or (name in REDUCTIONS and op.called in REDUCTIONS)
        if not is_same or source is None:
            continue
        text, whole = text_of(source, op.line), text_of(call, op.line)
        if name in ("squeeze", "squeeze_"):
            rest = [d for d in range(1, len(before)) if before[d] == 1]
            if rest and rest == list(range(2, len(before))):
                yield _Way(((call, f"{text}.flatten(1)"),), f"`{text}.flatten(1)`")
            if len(rest) == 1:
                yield _Way(((call, f"{text}.squeeze({rest[0]})"),), f"`{text}.squeeze({rest[0]})`")
            yield _Way(((call, text),), f"`{text}` alone, without the squeeze")
        elif name in REDUCTIONS:
            new = f"{whole[:-1]}, keepdim=True)"
            reduced.append((call, new))
            yield _Way(((call, new),), f"`{new}`")
        elif name in RESHAPING:
            yield _Way(((call, text),), f"`{text}` alone, without the {name}")
    if len(reduced) > 1:
        yield _Way(tuple(reduced), " and ".join(f"`{new}`" for _, new in reduced))
    for part in parts_at(op.line, ast.Subscript) if op.called in ("__getitem__", "select") else ():
        entries = part.slice.elts if isinstance(part.slice, ast.Tuple) else [part.slice]
        numbers = [e for e in entries if _is_number(e)]
        if not numbers or not isinstance(part.ctx, ast.Load):
            continue
        text, whole = text_of(part.value, op.line), text_of(part, op.line)
        alone = _Way(((part, text),), f"`{text}` in place of `{whole}`")
        kept = [_Way(((e, _kept(e, op)),), f"`{_with_kept(whole, e, op)}`") for e in numbers]
        if len(entries) > 1:
            yield from kept
        else:
            is_first = isinstance(numbers[0], ast.Constant)  # and not one after the other
            yield from (alone, *kept) if is_first else (*kept, alone)


def _kept(number: ast.expr, op: Op) -> str:
    """Return a slice with a single entry."""
    text = text_of(number, op.line)
    end = str(int(text) + 1) if text.isdigit() else {"-1": ""}.get(text, f"{text} + 1")
    return f"{text}:{end}"


def _with_kept(whole: str, number: ast.expr, op: Op) -> str:
    """Return an index with a slice in place of a number."""
    text = re.escape(text_of(number, op.line))
    return re.sub(rf"(?<=[\[ ,]){text}(?=[\],])", _kept(number, op), whole, count=1)


def _is_number(node: ast.expr) -> bool:
    """Return whether an index may be a number, which takes the axis away, and no slice."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    if isinstance(node, ast.Constant):
        return type(node.value) is int
    return isinstance(node, ast.Name | ast.BinOp)


def _of_unpacking(attempt: Attempt, op: Op) -> Iterator[_Way]:
    """Yield how a tensor stays whole that several names divide: as one, or with its indices."""
    statement = statement_at(op.line)
    loops = [n.iter for n in parts_at(op.line, ast.For | ast.comprehension)]
    for text, whole in ((text_of(each, op.line), each) for each in loops):
        yield _Way(((whole, f"{text}.split(1)"),), f"`{text}.split(1)` in place of `{text}`")
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Tuple):
        return
    value, target = statement.value, statement.targets[0]
    names = [text_of(each, op.line) for each in target.elts]
    call = ast.unparse(value.func) if isinstance(value, ast.Call) else ""
    layer = ".".join(filter(None, (op.module, call.partition(".")[2])))
    if isinstance(value, ast.Call) and "max_pool" in call:
        new = f"{text_of(value, op.line)[:-1]}, return_indices=True)"
        yield _Way(((value, new),), f"`{new}`")
    if layer and hasattr(attempt.layers.get(layer), "return_indices"):
        yield _Way((), f"return_indices=True where `{layer}` is made", layer)
    for text in names[:2]:
        if text != "_":
            yield _Way(((target, text),), f"`{text} = {text_of(value, op.line)}`")
    parts = f"torch.chunk({text_of(value, op.line)}, {len(names)}, dim=1)"
    yield _Way(((value, parts),), f"`{', '.join(names)} = {parts}`")


def _together(attempt: Attempt, losses: Sequence[Op]) -> Iterator[_Way]:
    """Yield the likeliest way of each operation, if several have taken an axis."""
    of_lines = {op.line: op for op in losses}
    ways = [next(_ways_to_keep(attempt, op), None) for op in of_lines.values()]
    known = [way for way in ways if way]
    if 1 < len(known) == len(ways):
        changes = tuple(change for way in known for change in way.changes)
        yield _Way(changes, listed(dict.fromkeys(way.new for way in known)))


def _works(attempt: Attempt, op: Op, way: _Way) -> bool:
    """Return whether the network runs in this way, where a pooling may return its indices."""
    if way.changes:
        return runs_with(attempt, op.line, *way.changes)

    def change(copied: nn.Module) -> None:
        copied.get_submodule(way.layer).return_indices = True  # type: ignore[assignment]

    return runs_when(attempt, change)
