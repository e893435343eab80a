"""A tuple, list, dict or None where a tensor belongs: which call returned it, and what to write."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from torch import Tensor, nn

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.late_names import bound_late
from unet_teach.inspection.diagnosis.own_code import article, described, own_frames
from unet_teach.inspection.diagnosis.source import (
    Place,
    Way,
    called_name,
    code_of,
    code_that_runs,
    evaluated,
    function_at,
    given_by,
    parts_at,
    text_of,
    what_is_given,
)
from unet_teach.inspection.diagnosis.trials import runs_when

OPERANDS = r"unsupported operand type\(s\) for [^:]+: "
NO_TENSOR = (  # what torch and Python say of what is no tensor
    r"must be Tensor, not ([\w.]+)",
    r"combination of arguments - got \(!?([\w.]+)",
    r"^'([\w.]+)' object (?:has no attribute|is not subscriptable)",
    r"as element \d+ in argument \d+, but got ([\w.]+)",
    rf"{OPERANDS}'Tensor' and '([\w.]+)'",
    rf"{OPERANDS}'([\w.]+)' and 'Tensor'",
)
A_CONTAINER = (
    *NO_TENSOR,
    r"can only concatenate (tuple|list) \(not",
    r"can't multiply (sequence) by non-int",
    r"(tuple|list) indices must be integers or slices, not (?:tuple|NoneType|ellipsis)",
    rf"{OPERANDS}'([\w.]+)' and '(?:int|float|tuple)'",
    r"bad operand type for unary \S+ '([\w.]+)'",
)
RETURNS = {  # what a layer of torch returns that returns several things
    "MultiheadAttention": ": the output and the weights of the attention",
    "LSTM": ": the output and the last states, (h, c)",
    "GRU": ": the output and the last state",
    "RNN": ": the output and the last state",
}
CUTS = ("meshgrid", "split", "chunk", "unbind", "tensor_split", "split_with_sizes")
MOST_PARTS = 4


class _Made(NamedTuple):
    """A name that stands for a container, and the call that gave it."""

    name: str
    thing: Any
    statement: ast.Assign
    frame: Any
    used: Place


def container_is_used(attempt: Attempt) -> str:
    """What a call returned is used like a tensor, and is a tuple, a list, a dict or None."""
    kind = kind_said(attempt, A_CONTAINER)
    if "only integer tensors of a single" in attempt.message:
        kind = "sequence"  # that is multiplied by a tensor
    if kind == "NoneType" and (told := _nothing_was_kept(attempt)):
        return told
    if not kind:
        return ""
    if made := _made(attempt, kind):
        return _of_a_name(attempt, made)
    return _of_a_call(attempt, kind) or _of_a_literal(attempt, kind)


def kind_said(attempt: Attempt, patterns: Iterable[str]) -> str:
    """Return what the error says that stands where a tensor belongs; "" where it does not."""
    if not isinstance(attempt.error, TypeError | AttributeError):
        return ""
    if "return_types" in attempt.message:
        return "return_types"
    found = (re.search(said, attempt.message) for said in patterns)
    return next((match[1].rpartition(".")[2] for match in found if match), "")


def _is_of_kind(thing: Any, kind: str) -> bool:
    if kind == "return_types":
        return type(thing).__module__ == "torch.return_types"
    if kind == "sequence":
        return isinstance(thing, tuple | list)
    is_container = thing is None or isinstance(thing, tuple | list | dict)
    return is_container and type(thing).__name__ == kind


def _made(attempt: Attempt, kind: str) -> _Made | None:
    """Return the name in the line that failed which stands for such a thing, where it got it."""
    things: list[Any] = []
    for depth, (frame, place) in enumerate(own_frames(attempt.error)):
        in_line = {node.id for node in parts_at(place, ast.Name)}
        for name, thing in frame.f_locals.items():
            is_meant = any(thing is t for t in things) if depth else _is_of_kind(thing, kind)
            if name not in in_line or not is_meant:
                continue
            statement = given_by(name, place)
            if statement is None and name in frame.f_code.co_varnames[: frame.f_code.co_argcount]:
                things.append(thing)
            elif statement and isinstance(statement.value, ast.Call):
                return _Made(name, thing, statement, frame, place)
        if not things:
            break
    return None


def _of_a_name(attempt: Attempt, made: _Made) -> str:
    """Say of a variable which call gave it, what that returns, and how its parts get names."""
    name, thing, statement, frame, used = made
    call, line = statement.value, (used[0], statement.lineno)
    assert isinstance(call, ast.Call)
    text = text_of(call)
    by, parts = _what_it_returns(call, thing, frame)
    where = f"which `{text}` in line {line[1]} returned"
    if thing is None:
        func = text_of(call.func)
        ends = f"`{name}` is None, {where}: the code of `{func}` ends without a `return`."
        return ends * (_end_of(evaluated(call.func, frame))[0] == "")
    kind = described(thing) or article(type(thing).__name__)
    if _is_of_kind(thing, "return_types"):
        kind = f"a tuple of {len(thing)}"
    told = f"`{name}` is {kind}, {where}{by}."
    if called_name(call) in CUTS:
        names = ", ".join("abcd"[: len(thing)])
        few = isinstance(thing, tuple) and len(thing) <= MOST_PARTS
        return f"{told} Give each part a name{f': `{names} = {text}`' if few else ''}."
    if other := _taken_apart_elsewhere(call, frame, line):
        return f"{told} {other}"
    named = _of_the_assignment(made, text, parts, is_torch=by.startswith(":"))
    for ways in (named, _of_the_use(name, thing, used)):
        if works := code_that_runs(attempt, ways, most=2):
            return f"{told} {works}"
    if isinstance(thing, dict):
        return f"{told} Take a tensor out of it by its key."
    return f"{told} Give each part a name, or take one, such as `{name}[0]`."


def _taken_apart_elsewhere(call: ast.Call, frame: Any, line: Place) -> str:
    """Say in which line of the same function a block of this kind has its parts named."""
    kind = type(evaluated(call.func, frame))
    nodes = ast.walk(function_at(line) or ast.Pass())
    for node in (n for n in nodes if isinstance(n, ast.Assign)):
        is_apart = isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Call)
        func = getattr(node.value, "func", node.value)
        if is_apart and type(evaluated(func, frame)) is kind and kind.__module__ != "builtins":
            return (
                f"Give each part a name, as `{text_of(node)}` in line {node.lineno} does, "
                "and go on with the one that is meant."
            )
    return ""


def _what_it_returns(call: ast.Call, thing: Any, frame: Any) -> tuple[str, list[str]]:
    """Say what a call returns, of torch's own after a colon; with the names at its code's end."""
    name, called = called_name(call), evaluated(call.func, frame)
    if name in CUTS:
        return "", []
    if _is_of_kind(thing, "return_types"):
        return f": along a dimension, {name} makes values and positions", []
    if type(called).__module__.startswith("torch.nn"):
        returns = RETURNS.get(type(called).__name__, "")
        is_pool = getattr(called, "return_indices", False)
        return (": the maxima and their positions" if is_pool else returns), []
    end, names = _end_of(called)
    return f" by `return {end}`" if end else "", names


def _end_of(called: Any) -> tuple[str | None, list[str]]:
    """Return what a function of the network's own returns at its end, and the names in a tuple.

    The text is "" where nothing is returned, and `None` where the code is not known.
    """
    nodes, ends = code_of(called)
    if not ends:
        return "" if nodes else None, []
    parts = ends[-1].elts if isinstance(ends[-1], ast.Tuple) else []
    names = [p.id if isinstance(p, ast.Name) else "_" for p in parts]
    return text_of(ends[-1]), names


def returned_parts(value: ast.expr, frame: Any) -> tuple[int, str]:
    """Return how many values a call of the network's own code returns, and by which words."""
    end, names = _end_of(evaluated(value.func, frame) if isinstance(value, ast.Call) else None)
    return len(names), end or ""


def _of_the_assignment(made: _Made, call: str, parts: list[str], is_torch: bool) -> Iterator[Way]:
    """Yield assignments that give the name one part of a tuple, and other names the others."""
    count = len(made.thing)
    if not isinstance(made.thing, tuple) or not 1 < count <= MOST_PARTS:
        return
    names = parts if len(parts) == count else ["_"] * count
    own = [place for place, name in enumerate(names) if name == made.name]
    for place in own or range(1 if is_torch else count):
        if isinstance(made.thing[place], Tensor):
            others = ["_" if name == made.name else name for name in names]
            others[place] = made.name
            yield f"{', '.join(others)} = {call}", [made.statement]


def _of_the_use(name: str, thing: Any, used: Place) -> Iterator[Way]:
    """Yield the parts that could stand in the line that failed, in place of the whole."""
    taken = {id(n.value) for n in parts_at(used, ast.Subscript | ast.Attribute)}
    nodes = [n for n in parts_at(used, ast.Name) if n.id == name and id(n) not in taken]
    whole = [n for n in nodes if isinstance(n.ctx, ast.Load)]
    for key in thing if isinstance(thing, dict) else range(len(thing)):
        if isinstance(thing[key], Tensor):
            is_last = isinstance(thing, list) and key == len(thing) - 1
            fields = getattr(thing, "_fields", None)  # of a named tuple
            part = f".{fields[key]}" if fields else f"[{-1 if is_last else key!r}]"
            yield f"{name}{part}", whole


def _nothing_was_kept(attempt: Attempt) -> str:
    """Say that an entry is None which the hooks of a loop should have given."""
    for frame, place in own_frames(attempt.error):
        for node in parts_at(place, ast.Subscript | ast.Call):
            is_get = isinstance(node, ast.Call) and called_name(node) == "get"
            whole = what_is_given(node) if is_get else getattr(node, "value", None)
            thing = evaluated(whole, frame) if whole else None
            if not isinstance(thing, dict | list):
                continue
            entries = thing.items() if isinstance(thing, dict) else enumerate(thing)
            if late := bound_late(attempt, [k for k, entry in entries if entry is not None]):
                return f"`{text_of(node)}` is None. {late}"
    return ""


def _of_a_literal(attempt: Attempt, kind: str) -> str:
    """Say that a variable of the line is a tuple by a comma, or a list, and what to take of it."""
    for frame, place in own_frames(attempt.error)[:2]:
        for node in parts_at(place, ast.Name):
            thing = frame.f_locals.get(node.id)
            if not _is_of_kind(thing, kind) or not isinstance(thing, tuple | list) or not thing:
                continue
            told = f"`{node.id}` is {described(thing)}"
            given = given_by(node.id, place)
            if given and isinstance(given.value, ast.Tuple) and len(given.value.elts) == 1:
                line = (place[0], given.lineno)
                way = (f"{node.id} = {text_of(given.value.elts[0])}", [given])
                if works := code_that_runs(attempt, [way]):
                    return f"{told}: the comma at the end of line {line[1]} makes it one. {works}"
            ways = _of_the_use(node.id, thing, place)
            if works := code_that_runs(attempt, ways, most=2):
                return f"{told}. {works}"
            if re.search("concatenate|indices|integer tensors|multiply", attempt.message):
                return f"{told}, and is used like a tensor. Take one of its entries first."
    return ""


def _inside_a_row(attempt: Attempt, path: str) -> str:
    """Say that a layer of an nn.Sequential returned a tuple, and the next one takes a tensor."""
    layers = attempt.layers
    if not path or not isinstance(layers.get(path.rpartition(".")[0]), nn.Sequential):
        return ""

    def first_part(copied: nn.Module) -> None:
        copied.get_submodule(path).register_forward_hook(lambda *args: args[-1][0])

    if not runs_when(attempt, first_part):
        return ""
    kind = type(layers[path]).__name__
    return (
        f"{path}, {article(kind)}, returned a tuple{RETURNS.get(kind, '')}. An "
        "nn.Sequential hands it on whole. With the first part alone, the network runs: make this "
        "layer outside of the nn.Sequential, self.layer, and write x, _ = self.layer(x)."
    )


def _of_a_call(attempt: Attempt, kind: str) -> str:
    """Say which call in the line that failed returned it, where taking a part of it is enough."""
    returned = attempt.recording.returned
    if kind not in ("tuple", "list", "return_types"):
        return ""
    path = next((p for p, (k, _) in reversed(returned.items()) if k == kind), "")
    what = f"{path} returned a tuple of {returned[path][1]}." if path and kind == "tuple" else ""
    if kind == "tuple" and (told := _inside_a_row(attempt, path)):
        return told
    parts = (0,) if kind == "return_types" else (0, 1)
    for _, place in own_frames(attempt.error)[:3]:
        for call in reversed(parts_at(place, ast.Call)):
            text = text_of(call)
            ways = ((f"{text}[{number}]", [call]) for number in parts)
            works = code_that_runs(attempt, ways, most=2)
            if works and (what or kind == "return_types"):
                what = what or f"`{text}` returns values and positions."
                return f"{attempt.stopped_in} needs a tensor. {what} {works}"
    return ""
