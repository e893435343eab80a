"""Diagnoses of entries that are not there: numbers beyond the end of a list, keys of a dict."""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

from torch import nn

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.forward_code import ROWS, other_order
from unet_teach.inspection.diagnosis.late_names import bound_late, late_in_self
from unet_teach.inspection.diagnosis.own_code import OwnCode, described
from unet_teach.inspection.diagnosis.python_mistakes import similar
from unet_teach.inspection.diagnosis.source import (
    called_name,
    code_that_runs,
    evaluated,
    parts_at,
    text_of,
    tree_of,
)
from unet_teach.inspection.graph import GLOBAL, SAME_LEVEL
from unet_teach.inspection.wording import listed

ADD_OR_STOP = "Go through as many as there are, or add what is missing."


class _Asked(NamedTuple):
    """A subscript that has no entry: of what, and what it asks for."""

    node: ast.expr
    place: ast.expr
    name: str
    thing: Any
    wanted: Any


def no_such_entry(attempt: Attempt) -> str:
    """A list, dictionary or container has no entry of this number or key."""
    error, code = attempt.error, attempt.code
    if isinstance(error, KeyError) and error.args:
        return _no_such_key(attempt, code, error.args[0])
    if isinstance(error, StopIteration):
        return (
            "next(…) is asked for more than there is. If it goes through the skips, more of them "
            "are taken than were kept: the decoder may have as many steps as the encoder kept "
            f"maps.{_steps_so_far(attempt)}"
        )
    if not isinstance(error, IndexError):
        return ""
    asked = next(_asked_for(code), None)
    if asked and len(asked.thing):
        return _no_such_number(attempt, asked) if isinstance(asked.wanted, int) else ""
    kept = {n: t for n, t in code.values.items() if isinstance(t, list | tuple | nn.ModuleList)}
    empty = [asked.name] if asked else [name for name, thing in kept.items() if not thing]
    if not empty and not re.search("from (an )?empty", attempt.message):
        return ""
    return (
        f"{f'`{empty[0]}`' if empty else 'A list'} is empty here: more is taken out of it than was "
        f"put in.{_hooks(attempt)} If it holds the skips, the decoder takes more of them than the "
        f"encoder kept.{_steps_so_far(attempt)}"
    )


def _hooks(attempt: Attempt) -> str:
    """Say how many hooks the network's own code has set, on which modules, and where."""
    paths = [
        path or "the network"
        for path, module in attempt.layers.items()
        for hook in module._forward_hooks.values()
        if not getattr(hook, "__module__", "").startswith("unet_teach.")
    ]
    kinds = dict.fromkeys(map(type, attempt.layers.values()))
    own = [vars(kind).values() for kind in kinds if not kind.__module__.startswith("torch.")]
    trees = [tree_of(f) for each in own for f in each if isinstance(f, types.FunctionType)]
    calls = [n for tree in trees if tree for n in ast.walk(tree) if isinstance(n, ast.Call)]
    lines = [str(n.lineno) for n in calls if called_name(n) == "register_forward_hook"]
    if not paths:
        return ""
    where = f", set in line {listed(dict.fromkeys(lines))}" if lines else ""
    count = f"{len(paths)} forward hook{'s' * (len(paths) > 1)}"
    return f" The network has {count}, on {listed(paths)}{where}."


def _asked_for(code: OwnCode) -> Iterator[_Asked]:
    """Yield the subscripts of the line, and what `pop` is given, that have no entry."""
    for node in parts_at(code.place, ast.Subscript | ast.Call):
        if isinstance(node, ast.Subscript):
            whole, index = node.value, node.slice
        elif isinstance(node.func, ast.Attribute) and node.func.attr == "pop" and node.args:
            whole, index = node.func.value, node.args[0]
        else:
            continue
        thing, wanted = evaluated(whole, code.frame), evaluated(index, code.frame)
        if isinstance(thing, dict | nn.ModuleDict | nn.ParameterDict):
            is_missing = wanted not in thing
        else:
            is_row = isinstance(thing, ROWS) and isinstance(wanted, int)
            is_missing = is_row and not -len(thing) <= wanted < len(thing)
        if is_missing:
            yield _Asked(node, index, text_of(whole), thing, wanted)


def _no_such_number(attempt: Attempt, asked: _Asked) -> str:
    """Say which number is asked for, and how many entries there are."""
    whole, count = text_of(asked.node), len(asked.thing)
    stands = attempt.code.names
    names = sorted({n.id for n in ast.walk(asked.place) if isinstance(n, ast.Name)})
    known = [f"{n} is {stands[n]!r}" for n in names if isinstance(stands.get(n), int | str)]
    entries = f"{count} entries, numbers 0 to {count - 1}" if count > 1 else "1 entry, number 0"
    told = (
        f"`{whole}` asks for number {asked.wanted}{f' ({listed(known)})' if known else ''}, and "
        f"`{asked.name}` has {entries}{f', from the end -1 to -{count}' * (asked.wanted < 0)}."
    )
    if late := late_in_self(attempt):
        return f"{told} {late}"
    text = text_of(asked.place)
    nearer = f"{text} - 1" if asked.wanted > 0 else f"{text} + 1"
    if isinstance(asked.place, ast.BinOp) and isinstance(asked.place.right, ast.Constant):
        nearer = text_of(asked.place.left)
    if isinstance(asked.place, ast.Constant):
        nearer = str(count - 1)
    tried = [f"{asked.name}.pop()"] * isinstance(asked.node, ast.Call)
    ways = [(new, [asked.node]) for new in (*tried, whole.replace(text, nearer))]
    works = code_that_runs(attempt, ways) or other_order(attempt)
    return f"{told} {works or ADD_OR_STOP}"


def _no_such_key(attempt: Attempt, code: OwnCode, key: Any) -> str:
    """Say which keys there are, and whether all entries went to the same key."""
    found = [(a.name, a.thing, text_of(a.place)) for a in _asked_for(code)]
    found += [
        (name, thing, "")
        for name, thing in code.values.items()
        if isinstance(thing, dict | nn.ModuleDict) and key not in thing
    ]
    if not found:
        return ""
    name, thing, text = found[0]
    asked = f" (`{text}`)" if text and text != repr(key) and not text.startswith('"') else ""
    told = f"`{name}` has no key {key!r}{asked}, it is {described(thing)}."
    if late := bound_late(attempt, list(thing)):
        return f"{told} {late}"
    is_number = isinstance(key, int)
    other = str(key) if is_number else int(key) if str(key).isdigit() else None
    if other in thing:
        are, is_a = ("texts", "number") if is_number else ("numbers", "text")
        return f"{told} Its keys are {are}, and {key!r} is a {is_a}: write {name}[{other!r}]."
    keys = [k for k in thing if isinstance(k, str)]
    # Of numbered keys, none is closer than another.
    alike = [k for k in keys if re.findall(r"\d+", k) == re.findall(r"\d+", str(key))]
    return f"{told}{similar(str(key), alike)} Correct the key, or put the entry in first."


def _steps_so_far(attempt: Attempt) -> str:
    """Say how many steps a network has gone down and up, where it has gone any."""
    levels, down, up = attempt.graph.levels, 0, 0
    for op in attempt.recording.ops:
        before = [levels[v] for v in op.inputs if v in levels]
        after = levels.get(op.outputs[0], GLOBAL)
        if before and after < GLOBAL:
            down += after > max(before) + SAME_LEVEL
            up += after < min(before) - SAME_LEVEL
    if not down and not up:
        return ""
    return f" So far, it has made {down} {'step' if down == 1 else 'steps'} down and {up} up."
