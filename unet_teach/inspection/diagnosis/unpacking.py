"""Diagnoses of values that are unpacked into more or fewer names than they have parts."""

from __future__ import annotations

import ast
import re

import torch
from torch import Tensor

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.late_names import late_in_self
from unet_teach.inspection.diagnosis.lost_axis import lost_before
from unet_teach.inspection.diagnosis.own_code import OwnCode, described, own_code
from unet_teach.inspection.diagnosis.returned import returned_parts
from unet_teach.inspection.diagnosis.source import (
    evaluated,
    function_at,
    runs_with,
    statement_at,
    statements_at,
    text_of,
)
from unet_teach.inspection.recording import Op
from unet_teach.inspection.wording import shape_text

CUTS = ("split", "split_with_sizes", "chunk", "tensor_split", "unsafe_chunk", "unsafe_split")


def unpacked_into_other_count(attempt: Attempt) -> str:
    """A value is unpacked into more or fewer names than it has parts."""
    code = own_code(attempt.error)
    if single := re.search(r"cannot unpack non-iterable (\w+) object", attempt.message):
        is_loop = code.line.startswith("for ")
        if is_loop and (told := _of_a_loop(attempt, code, single[1])):
            return told
        return f"Several names are given a single {single[1]}, which has no parts. " + (
            "To count as well, loop over enumerate(…): for i, layer in enumerate(self.layers)."
            if is_loop
            else "Take it by one name, or let what is called return several values."
        )
    if not isinstance(attempt.error, ValueError) or "values to unpack" not in attempt.message:
        return ""
    found = re.search(r"expected (?:at least )?(\d+)", attempt.message)
    wanted = int(found[1]) if found else 0
    there = statements_at(code.place)
    several = [s for s in there if isinstance(s, ast.Assign) and hasattr(s.targets[0], "elts")]
    statement = next(iter(several), statement_at(code.place))
    value = statement.value if isinstance(statement, ast.Assign) else None
    if isinstance(statement, ast.For) and (told := _of_a_loop(attempt, code)):
        return told
    if late := late_in_self(attempt):
        return f"{wanted} names are given another number of values. {late}"
    if value is not None and wanted:
        told = _of_a_shape(attempt, code, value, wanted)
        told = told or _of_a_cut(attempt, code, value, wanted)
        if told := told or _of_a_value(attempt, code, value, wanted):
            return told
    made = attempt.recording.returned
    path = next(reversed(made), None)
    names = f"{wanted or 'another number of'} names"
    if path and _is_all_that_is_unpacked(path, code.line):
        kind, count = made[path]
        if not count and value is not None and (told := _divided(attempt, code, value, wanted)):
            return f"{path} returns one tensor, and {names} would divide its batch. {told}"
        what = f"a {kind} of {count}" if count else "one tensor, whose batch would be divided"
        told = f"{path} returns {what}, and is given to {names}."
        if kept := _not_kept(attempt, path) if count < wanted else "":
            return f"{told} {kept}"
        returns = f"et its forward return {wanted or 'as many'} values."
        if 0 < count < wanted and isinstance(statement, ast.Assign):
            target = statement.targets[0]
            few = ", ".join(text_of(n, code.place) for n in getattr(target, "elts", [])[:count])
            if function_at(code.place) and not runs_with(attempt, code.place, (target, few)):
                return f"{told} L{returns}"
        otherwise = f"Write {count} names" if count else "Take it as it is"
        return f"{told} {otherwise}, or l{returns}"
    got = re.search(r"got (\d+)\)", attempt.message)
    given = got[1] if got else f"more than {wanted}"
    return f"{names} are given {given} values. Write as many names as there are parts."


def _not_kept(attempt: Attempt, path: str) -> str:
    """Say which result a block returns not, if the network runs when it does so as well."""
    forward = type(attempt.layers[path]).forward
    code = getattr(forward, "__code__", None)
    place = (code.co_filename, code.co_firstlineno) if code else ("", 0)
    nodes = list(ast.walk(function_at(place) or ast.Pass()))
    ends = [n for n in nodes if isinstance(n, ast.Return) and n.value]
    names = [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    if len(ends) != 1 or not (end := ends[0].value):
        return ""
    at, text = (place[0], ends[0].lineno), text_of(end, place)
    inside = {n.id for n in ast.walk(end) if isinstance(n, ast.Name)}
    for name in dict.fromkeys(reversed([n for n in names if n not in inside])):
        if not runs_with(attempt, at, (end, f"[*({text}), {name}]")):
            continue
        if not isinstance(end, ast.Name):
            return f"`{name}` is not returned: with `return {text.strip('()[]')}, {name}`, it runs."
        calls = [n for n in nodes if isinstance(n, ast.Call)]
        appends = [c for c in calls if ast.unparse(c.func) == f"{text}.append"]
        where = f" by `{text_of(appends[0], place)}` in line {appends[0].lineno}" if appends else ""
        return (
            f"`{text}` is filled{where}, and the last `{name}` is not in it. With "
            f"`{text}.append({name})` before `return {text}` in line {at[1]}, the network runs."
        )
    return ""


def _of_a_shape(attempt: Attempt, code: OwnCode, value: ast.expr, wanted: int) -> str:
    """Say how many sizes a tensor has, and what took an axis from it."""
    thing = evaluated(value, code.frame)
    if not isinstance(thing, torch.Size):
        return ""
    name = text_of(value, code.place)
    numbers = "1 number" if len(thing) == 1 else f"{len(thing)} numbers"
    told = f"`{name}` has {numbers}, {described(thing)}, and is given to {wanted} names."
    if len(thing) < wanted and (lost := lost_before(attempt, thing)):
        return f"{told} {lost}"
    kinds = "Series have (N, C, L), images (N, C, H, W), volumes (N, C, D, H, W): take"
    if wanted > 2:
        return f"{told} {kinds} as many names."
    return f"{told} {kinds} as many names, or {name}[-2:] for the last two."


def _of_a_cut(attempt: Attempt, code: OwnCode, value: ast.expr, wanted: int) -> str:
    """Say into which pieces split or chunk cuts a tensor, and which call makes as many as names."""
    op = next(iter(attempt.recording.ops[-1:]), None)
    if op is None or op.called not in CUTS or not isinstance(value, ast.Call):
        return ""
    given, dim, size = _cut(op)
    call, parts = text_of(value, code.place), len(op.outputs)
    pieces = "piece" if parts == 1 else "pieces"
    sizes = list(dict.fromkeys(v.shape[dim] for v in op.outputs))
    of = f"of {sizes[0]}" if len(sizes) == 1 else f"of {sizes[0]} and {sizes[-1]}"
    told = (
        f"`{call}` cuts {shape_text(given)} along dim {dim}, which has {size}, into {parts} "
        f"{pieces} {of}, for {wanted} names."
    )
    func = value.func
    is_method = isinstance(func, ast.Attribute) and getattr(func.value, "id", "") != "torch"
    source = func.value if is_method and isinstance(func, ast.Attribute) else value.args[:1]
    source = source[0] if isinstance(source, list) and source else source
    if not isinstance(source, ast.expr):
        return told
    text = text_of(source, code.place)
    for axis in dict.fromkeys((dim, 1)):
        new = f"torch.chunk({text}, {wanted}, dim={axis})"
        is_enough = axis < len(given) and given[axis] >= wanted
        if is_enough and runs_with(attempt, code.place, (value, new)):
            each = -(-given[axis] // wanted)
            return f"{told} `{new}` makes {wanted} of {each}, and the network runs."
    return f"{told} Write as many names as there are pieces."


def _cut(op: Op) -> tuple[tuple[int, ...], int, int]:
    given = op.inputs[0].shape
    dim = op.arguments.get("dim", 0) % len(given)
    return given, dim, given[dim]


def _divided(attempt: Attempt, code: OwnCode, value: ast.expr, wanted: int) -> str:
    """Say how the channels of a tensor are divided, where the network runs with that."""
    new = f"torch.chunk({text_of(value, code.place)}, {wanted}, dim=1)"
    if runs_with(attempt, code.place, (value, new)):
        return f"With `{new}`, the network runs."
    return ""


def _of_a_loop(attempt: Attempt, code: OwnCode, kind: str = "") -> str:
    """Say how many things a loop gives at a time, to how many names."""
    loop = statement_at(code.place)
    if not isinstance(loop, ast.For) or not isinstance(loop.target, ast.Tuple):
        return ""
    names = [text_of(name, code.place) for name in loop.target.elts]
    text, call = text_of(loop.iter, code.place), loop.iter
    func = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
    if kind and not func and len(names) == 2 and not names[0].startswith(("i", "n", "k", "l", "_")):
        return (
            f"`{text}` gives a single {kind} at a time, and the loop has {len(names)} names. Pairs "
            f"of two lists come from zip: for {', '.join(names)} in zip({text}, …)."
        )
    if func == "enumerate" and len(names) > 2:
        inner = f"{names[0]}, ({', '.join(names[1:])})"
        if runs_with(attempt, code.place, (loop.target, inner)):
            return (
                f"`{text}` gives a number and one thing at a time, and the loop has {len(names)} "
                f"names. With `for {inner} in {text}`, the network runs."
            )
    if func == "zip" and isinstance(call, ast.Call) and len(call.args) != len(names):
        return (
            f"`{text}` gives {len(call.args)} things at a time, and the loop has {len(names)} "
            f"names. Write {len(call.args)} names."
        )
    return ""


def _of_a_value(attempt: Attempt, code: OwnCode, value: ast.expr, wanted: int) -> str:
    """Say how many parts a variable has, or what a function of the network's own returns."""
    thing, name = evaluated(value, code.frame), text_of(value, code.place)
    count, end = returned_parts(value, code.frame)
    path = next(reversed(attempt.recording.returned), "")
    if 0 < count < wanted and path and (kept := _not_kept(attempt, path)):
        return f"`{name}` returns {count} values, and is given to {wanted} names. {kept}"
    if count not in (0, wanted):
        return (
            f"`{name}` returns {count} values, by `return {end}`, and is given to {wanted} names. "
            "Write as many names."
        )
    if isinstance(thing, Tensor) and thing.dim():
        return (
            f"`{name}` is one tensor, {shape_text(thing.shape)}: {wanted} names would divide its "
            f"{len(thing)} images among them, not its channels. "
            + _divided(attempt, code, value, wanted)
        ).strip()
    if isinstance(thing, list | tuple):
        return (
            f"`{name}`, {described(thing)}, is given to {wanted} names. Write as many names as "
            "it has parts."
        )
    return ""


def _is_all_that_is_unpacked(path: str, line: str) -> bool:
    """Return whether what a module returns is unpacked as it is, not cut by chunk before."""
    try:
        parsed = ast.parse(f"{line} pass" if line.endswith(":") else line)
    except SyntaxError:
        return False
    taken = [
        node.iter if isinstance(node, ast.For) else node.value
        for node in ast.walk(parsed)
        if isinstance(node, ast.For | ast.Assign)
    ]
    calls = [ast.unparse(part.func) for part in taken if isinstance(part, ast.Call)]
    return any(call.partition(".")[2] == path for call in calls)
