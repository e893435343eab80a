"""Diagnoses of values that are unpacked into more or fewer names than they have parts."""

from __future__ import annotations

import ast
import re

import torch
from torch import Tensor

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.late_names import late_in_self
from unet_teach.inspection.diagnosis.lost_axis import lost_before
from unet_teach.inspection.diagnosis.own_code import OwnCode, described
from unet_teach.inspection.diagnosis.returned import returned_parts
from unet_teach.inspection.diagnosis.source import (
    code_of,
    code_that_runs,
    evaluated,
    runs_with_code,
    statement_at,
    statements_at,
    text_of,
    what_is_given,
)
from unet_teach.inspection.wording import shape_text

CUTS = ("split", "split_with_sizes", "chunk", "tensor_split", "unsafe_chunk", "unsafe_split")


def unpacked_into_other_count(attempt: Attempt) -> str:
    """A value is unpacked into more or fewer names than it has parts."""
    code = attempt.code
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
    statement = several[0] if several else None
    loop = next((s.iter for s in there if isinstance(s, ast.For)), None)
    if loop and (told := _of_a_loop(attempt, code)):
        return told
    if late := late_in_self(attempt):
        return f"{wanted} names are given another number of values. {late}"
    if statement and wanted:
        for explain in (_of_a_shape, _of_a_cut, _of_a_value):
            if told := explain(attempt, code, statement.value, wanted):
                return told
    path, (kind, count) = next(reversed(attempt.recording.returned.items()), ("", ("", 0)))
    names = f"{wanted or 'another number of'} names"
    value = statement.value if statement else loop
    called = ast.unparse(value.func) if isinstance(value, ast.Call) else ""
    if path and called.partition(".")[2] == path:  # and not cut by chunk before
        if not count and statement and (told := _divided(attempt, code, statement.value, wanted)):
            return f"{path} returns one tensor, and {names} would divide its batch. {told}"
        what = f"a {kind} of {count}" if count else "one tensor, whose batch would be divided"
        told = f"{path} returns {what}, and is given to {names}."
        if kept := _not_kept(attempt, path) if count < wanted else "":
            return f"{told} {kept}"
        otherwise = f"Write {count} names" if count else "Take it as it is"
        return f"{told} {otherwise}, or let its forward return {wanted or 'as many'} values."
    got = re.search(r"got (\d+)\)", attempt.message)
    given = got[1] if got else f"more than {wanted}"
    return f"{names} are given {given} values. Write as many names as there are parts."


def _not_kept(attempt: Attempt, path: str) -> str:
    """Say which result a block returns not, if the network runs when it does so as well."""
    nodes, ends = code_of(attempt.layers[path])
    if len(ends) != 1:
        return ""
    end = ends[0]
    names = [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    text, inside = text_of(end), {n.id for n in ast.walk(end) if isinstance(n, ast.Name)}
    for name in dict.fromkeys(reversed([n for n in names if n not in inside])):
        if not runs_with_code(attempt, (end, f"[*({text}), {name}]")):
            continue
        if not isinstance(end, ast.Name):
            return f"`{name}` is not returned: with `return {text.strip('()[]')}, {name}`, it runs."
        calls = [n for n in nodes if isinstance(n, ast.Call)]
        appends = [c for c in calls if ast.unparse(c.func) == f"{text}.append"]
        where = f" by `{text_of(appends[0])}` in line {appends[0].lineno}" if appends else ""
        return (
            f"`{text}` is filled{where}, and the last `{name}` is not in it. With `{text}.append("
            f"{name})` before `return {text}` in line {end.lineno}, the network runs."
        )
    return ""


def _of_a_shape(attempt: Attempt, code: OwnCode, value: ast.expr, wanted: int) -> str:
    """Say how many sizes a tensor has, and what took an axis from it."""
    thing = evaluated(value, code.frame)
    if not isinstance(thing, torch.Size):
        return ""
    name = text_of(value)
    numbers = "1 number" if len(thing) == 1 else f"{len(thing)} numbers"
    told = f"`{name}` has {numbers}, {described(thing)}, and is given to {wanted} names."
    if len(thing) < wanted and (lost := lost_before(attempt, thing)):
        return f"{told} {lost}"
    last = f", or {name}[-2:] for the last two" * (wanted < 3)
    return (
        f"{told} Series have (N, C, L), images (N, C, H, W), volumes (N, C, D, H, W): take as "
        f"many names{last}."
    )


def _of_a_cut(attempt: Attempt, code: OwnCode, value: ast.expr, wanted: int) -> str:
    """Say into which pieces split or chunk cuts a tensor, and which call makes as many as names."""
    op = next(iter(attempt.recording.ops[-1:]), None)
    if op is None or op.called not in CUTS or not isinstance(value, ast.Call):
        return ""
    given, parts = op.inputs[0].shape, len(op.outputs)
    dim = op.arguments.get("dim", 0) % len(given)
    sizes = list(dict.fromkeys(v.shape[dim] for v in op.outputs))
    told = (
        f"`{text_of(value)}` cuts {shape_text(given)} along dim {dim}, which has "
        f"{given[dim]}, into {parts} {'piece' if parts == 1 else 'pieces'} of "
        f"{' and '.join(map(str, [sizes[0], *sizes[1:][-1:]]))}, for {wanted} names."
    )
    source = what_is_given(value)
    for axis in dict.fromkeys((dim, 1)):
        new = f"torch.chunk({text_of(source)}, {wanted}, dim={axis})" if source else ""
        is_enough = axis < len(given) and given[axis] >= wanted
        if new and is_enough and runs_with_code(attempt, (value, new)):
            each = -(-given[axis] // wanted)
            return f"{told} `{new}` makes {wanted} of {each}, and the network runs."
    return f"{told} Write as many names as there are pieces."


def _divided(attempt: Attempt, code: OwnCode, value: ast.expr, wanted: int) -> str:
    """Say how the channels of a tensor are divided, where the network runs with that."""
    new = f"torch.chunk({text_of(value)}, {wanted}, dim=1)"
    return code_that_runs(attempt, [(new, [value])])


def _of_a_loop(attempt: Attempt, code: OwnCode, kind: str = "") -> str:
    """Say how many things a loop gives at a time, to how many names."""
    loop = statement_at(code.place)
    if not isinstance(loop, ast.For) or not isinstance(loop.target, ast.Tuple):
        return ""
    names = [text_of(name) for name in loop.target.elts]
    text, call = text_of(loop.iter), loop.iter
    func = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
    gives, works = "a number and one thing", ""
    if kind and not func and len(names) == 2 and not names[0].startswith(("i", "n", "k", "l", "_")):
        return (
            f"`{text}` gives a single {kind} at a time, and the loop has {len(names)} names. Pairs "
            f"of two lists come from zip: for {', '.join(names)} in zip({text}, …)."
        )
    if func == "enumerate" and len(names) > 2:
        inner = f"{names[0]}, ({', '.join(names[1:])})"
        if runs_with_code(attempt, (loop.target, inner)):
            works = f"With `for {inner} in {text}`, the network runs."
    if func == "zip" and isinstance(call, ast.Call) and len(call.args) != len(names):
        gives, works = f"{len(call.args)} things", f"Write {len(call.args)} names."
    if not works:
        return ""
    return f"`{text}` gives {gives} at a time, and the loop has {len(names)} names. {works}"


def _of_a_value(attempt: Attempt, code: OwnCode, value: ast.expr, wanted: int) -> str:
    """Say how many parts a variable has, or what a function of the network's own returns."""
    thing, name = evaluated(value, code.frame), text_of(value)
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
