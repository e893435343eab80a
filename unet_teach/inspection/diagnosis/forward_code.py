"""What the code of a `forward` says of its loops and skips, and which other orders of them run."""

from __future__ import annotations

import ast
import copy
import re
import types
from collections.abc import Iterator
from itertools import islice, product
from typing import Any, NamedTuple

from torch import Tensor, nn

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.source import (
    Change,
    called_name,
    evaluated,
    function_at,
    parts_at,
    running,
    runs_with_code,
    statement_at,
    text_of,
)
from unet_teach.inspection.recording import Op
from unet_teach.inspection.wording import shape_text

ROWS = (list, tuple, nn.ModuleList, nn.Sequential, nn.ParameterList)
CATS = ("cat", "concat", "concatenate")
MOST_EDITS = 25  # of each function; each is a run without values
LAST = "The last entry of `{}` is no skip, as the bottleneck's map is none; leave it out"


def is_left_behind(attempt: Attempt, row: str) -> bool:
    """Return whether a method has gone through a row of layers and names it no more."""
    name = row.rpartition(".")[2]
    for function, (_, line), _ in running(attempt):
        nodes = list(ast.walk(function))
        if named := [n.lineno for n in nodes if isinstance(n, ast.Attribute) and n.attr == name]:
            last = max(named)
            loops = [n for n in nodes if isinstance(n, ast.For | ast.While) and n.lineno <= last]
            return last < line and all(line > (loop.end_lineno or 0) for loop in loops)
    return False


def is_never_named(attempt: Attempt, path: str, beside: str) -> bool:
    """Return whether a method names the layer beside one, and not this one."""
    row, _, name = path.rpartition(".")
    kind = type(attempt.layers.get(row))
    for function, _, frame in running(attempt):
        if any(type(thing) is kind for thing in frame.f_locals.values()):
            code = ast.unparse(function)
            return beside.rpartition(".")[2] in re.findall(r"\.(\w+)\(", code) and name not in code
    return False


def shorter_loop(attempt: Attempt, row: str) -> str:
    """Say which loop over zip(…) leaves layers of a row out, as another list in it is shorter."""
    for function, _, frame in running(attempt):
        loops = [node.iter for node in ast.walk(function) if isinstance(node, ast.For)]
        for call in (call for loop in loops for call in ast.walk(loop)):
            if not isinstance(call, ast.Call) or ast.unparse(call.func) != "zip":
                continue
            lists = {ast.unparse(inner): inner for inner in map(_list_in, call.args)}
            things = {name: evaluated(node, frame) for name, node in lists.items()}
            known = {name: len(t) for name, t in things.items() if isinstance(t, ROWS)}
            short, long = (end(known, key=known.__getitem__, default="") for end in (min, max))
            is_meant = long.rpartition(".")[2] == row.rpartition(".")[2]
            if long and is_meant and known[short] < known[long]:
                return (
                    f"`{ast.unparse(call)}` ends with the shorter of them: `{short}` has "
                    f"{known[short]}, and `{long}` has {known[long]}. Give `{short}` as many."
                )
    return ""


def _list_in(node: ast.expr) -> ast.expr:
    """Return what is gone through in another order, as by reversed(…) or [::-1]."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("reversed", "enumerate", "list"):
        return _list_in(node.args[0])
    if isinstance(node, ast.Subscript) and ast.unparse(node.slice) == "::-1":
        return _list_in(node.value)
    return node


def exchanged_maps(attempt: Attempt) -> str:
    """Say which two maps are exchanged in a call, if the network runs when they are not."""
    for function, place, frame in running(attempt):
        value: Any = getattr(statement_at(place), "value", None)
        for call in parts_at(place, ast.Call) if value else ():
            pair = _two_names(call)
            maps = (frame.f_locals.get(name) for name in pair)
            if len({each.shape for each in maps if isinstance(each, Tensor)}) < 2:
                continue
            for (called, alike), whole in product(_calls_like(call, function, frame), (0, 1)):
                places = [(each[whole], _two_names(each[0])) for each in alike]
                if runs_with_code(attempt, *(c for each in places for c in _exchange(*each))):
                    now = copy.deepcopy((call, value)[whole])
                    for name, other in _exchange(now, pair):
                        name.id = other
                    more = f", and so wherever `{called}` is called," if len(alike) > 1 else ","
                    return (
                        f"`{pair[0]}` and `{pair[1]}` are exchanged: with `{ast.unparse(now)}`"
                        f"{more} the network runs."
                    )
    return ""


def _calls_like(
    call: ast.Call, function: ast.AST, frame: types.FrameType
) -> Iterator[tuple[str, list[tuple[ast.Call, ast.expr]]]]:
    """Yield the calls of the same layer, then those of all of its class, each with its name.

    With each call comes the value of the statement it stands in.
    """
    kinds = ast.Assign | ast.Return | ast.Expr
    statements = [s for s in ast.walk(function) if isinstance(s, kinds)]
    values: list[Any] = [statement.value for statement in statements if statement.value]
    calls = [
        (each, value)
        for value in values
        for each in ast.walk(value)
        if isinstance(each, ast.Call) and len(_two_names(each)) == 2
    ]
    called = ast.unparse(call.func)
    same = [each for each in calls if ast.unparse(each[0].func) == called]
    yield called, same
    kind = type(evaluated(call.func, frame))
    alike = [each for each in calls if type(evaluated(each[0].func, frame)) is kind]
    if issubclass(kind, nn.Module) and len(alike) > len(same):
        yield kind.__name__, alike


def _two_names(call: ast.Call) -> list[str]:
    """Return the first two values of a call that are names."""
    return [node.id for node in call.args[:2] if isinstance(node, ast.Name)]


def _exchange(node: ast.AST, pair: list[str]) -> list[tuple[ast.Name, str]]:
    """Return the change of a piece of code that puts two names in each other's place."""
    other = dict(zip(pair, reversed(pair), strict=True))
    names = (name for name in ast.walk(node) if isinstance(name, ast.Name))
    return [(name, other[name.id]) for name in names if name.id in other]


class Edit(NamedTuple):
    """A change of a piece of code: what is there, and what is tried in its place."""

    node: ast.expr
    text: str
    reason: str


def other_order(attempt: Attempt) -> str:
    """Say which skip to take, or which values to exchange, if a trial of that code runs."""
    for function, _, frame in running(attempt):
        for edit in islice(_edits(function, frame), MOST_EDITS):
            if runs_with_code(attempt, *_alike(edit, function)):
                old = ast.unparse(edit.node)
                return f"{edit.reason}: with `{edit.text}` in place of `{old}`, the network runs."
    return ""


def _alike(edit: Edit, function: ast.AST) -> Iterator[Change]:
    """Yield the change of an edit for each such piece of code; of a name, in its place alone."""
    for node in ast.walk(function):
        is_alike = type(node) is type(edit.node) and ast.dump(node) == ast.dump(edit.node)
        if node is edit.node or (is_alike and not isinstance(node, ast.Name | ast.Attribute)):
            yield node, edit.text


def _edits(function: ast.FunctionDef, frame: types.FrameType) -> Iterator[Edit]:
    """Yield other orders in which maps could be taken out of the lists of a method."""
    nodes = list(ast.walk(function))
    for call in (node for node in nodes if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "pop":
            row = ast.unparse(call.func.value)
            if ast.unparse(call) == f"{row}.pop(0)":
                yield Edit(call, f"{row}.pop()", f"`{row}` is taken from its front")
            elif ast.unparse(call) == f"{row}.pop()":
                yield Edit(call, f"{row}.pop(0)", f"`{row}` is taken from its end")
                yield Edit(call, f"{row}.pop(-2)", LAST.format(row))
        if ast.unparse(call.func) == "range":
            reason = f"`{ast.unparse(call)}` leaves one out"
            yield from (Edit(call, longer, reason) for longer in _longer(call))
    for loop in (node for node in nodes if isinstance(node, ast.For)):
        calls = [n for n in ast.walk(loop.iter) if isinstance(n, ast.Call)]
        zipped = [a for c in calls if ast.unparse(c.func) in ("zip", "enumerate") for a in c.args]
        for node in zipped or [loop.iter]:
            inner = _list_in(node)
            row = ast.unparse(inner)
            if not _holds_maps(inner, frame):
                continue
            order = f"{row}[::-1]" if inner is node else row
            yield Edit(node, order, f"`{row}` is gone through in the wrong direction")
            shorter = f"{row}[:-1]" if inner is node else f"{row}[-2::-1]"
            yield Edit(node, shorter, LAST.format(row))
    for part in (node for node in nodes if isinstance(node, ast.Subscript)):
        index, row = ast.unparse(part.slice), ast.unparse(part.value)
        is_number = not isinstance(part.slice, ast.Constant | ast.Slice | ast.Tuple)
        if is_number and isinstance(part.ctx, ast.Load) and _holds_maps(part.value, frame):
            reason = f"`{row}` is asked for the wrong entry"
            for other in dict.fromkeys(_other_indices(index)):
                yield Edit(part, f"{row}[{other}]", reason)


def _longer(call: ast.Call) -> Iterator[str]:
    """Yield ranges that begin or end one further than one that may leave an entry out."""
    given = [ast.unparse(each) for each in call.args]
    if found := re.fullmatch(r"(.+) - 1", given[min(1, len(given) - 1)]):
        yield f"range({', '.join([*given[:-1][:1], found[1], *given[2:]])})"
    if len(given) == 2 and given[0] == "1":
        yield f"range({given[1]})"


def joined_with_another(attempt: Attempt, joined: Op, missing: int) -> str:
    """Say which map a concatenation lacks, if the network runs when a name is added to its list."""
    inside = function_at(joined.line)
    frame = next((f for function, _, f in running(attempt) if function is inside), None)
    lists = [c for c in parts_at(joined.line, ast.Call) if called_name(c) in CATS and c.args]
    if frame is None or len(lists) != 1 or not isinstance(lists[0].args[0], ast.List | ast.Tuple):
        return ""
    row, (batch, _, *sides) = lists[0].args[0], joined.outputs[0].shape
    names, wanted = [text_of(each) for each in row.elts], (batch, missing, *sides)
    maps = {n: x for n, x in frame.f_locals.items() if isinstance(x, Tensor) and n not in names}
    fits = [name for name, x in maps.items() if x.shape == wanted]
    change = row, f"[{', '.join([*names, *fits])}]"
    if len(fits) != 1 or not runs_with_code(attempt, change):
        return ""
    new = text_of(lists[0]).replace(text_of(row), change[1], 1)
    return (
        f"`{fits[0]}`, {shape_text(wanted)}, has the {missing} that are missing and isn't among "
        f"them: with `{new}`, the network runs."
    )


def _other_indices(index: str) -> Iterator[str]:
    """Yield the index from the other end, and those beside it, in their shortest form."""
    if re.fullmatch(r"-?\d+", index):
        yield from (str(int(index) - 1), str(int(index) + 1))
        return
    if found := re.fullmatch(r"-(\w+) - 1|-\((\w+) \+ 1\)|~(\w+)|.* - (\w*[a-z]\w*)", index):
        yield next(filter(None, found.groups()))
    if found := re.fullmatch(r"-\((\w+) \+ (\d+)\)", index):
        yield from (f"-({found[1]} + {int(found[2]) + more})" for more in (1, -1))
    yield f"-1 - {index}" if index.isidentifier() else f"-1 - ({index})"
    if found := re.fullmatch(r"(.+) [-+] 1", index):
        yield found[1]
    yield from (f"{index} + 1", f"{index} - 1")


def _holds_maps(node: ast.expr, frame: types.FrameType) -> bool:
    row = evaluated(node, frame)
    is_row = isinstance(row, list | tuple) and len(row) > 1
    return is_row and all(isinstance(each, Tensor) for each in row)
