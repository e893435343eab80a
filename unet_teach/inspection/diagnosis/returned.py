"""A tuple, list, dict or None where a tensor belongs: which call returned it, and what to write."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from torch import Tensor, nn

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.late_names import bound_late
from unet_teach.inspection.diagnosis.own_code import article, described, own_frames
from unet_teach.inspection.diagnosis.source import (
    Change,
    Place,
    called_name,
    evaluated,
    given_by,
    parts_at,
    runs_with,
    text_of,
    tree_of,
)
from unet_teach.inspection.diagnosis.trials import runs_when

ABOUT_CONTAINERS = (
    r"can only concatenate (tuple|list) \(not",
    r"can't multiply (sequence) by non-int",
    r"(tuple|list) indices must be integers or slices, not (?:tuple|NoneType|ellipsis)",
    r"must be Tensor, not ([\w.]+)",
    r"combination of arguments - got \(!?([\w.]+)",
    r"^'([\w.]+)' object has no attribute",
    r"as element \d+ in argument \d+, but got ([\w.]+)",
    r"unsupported operand type\(s\) for [^:]+: 'Tensor' and '([\w.]+)'",
    r"unsupported operand type\(s\) for [^:]+: '([\w.]+)' and '(?:Tensor|int|float|tuple)'",
    r"bad operand type for unary \S+ '([\w.]+)'",
    r"^'([\w.]+)' object is not subscriptable",
)
RETURNS = {  # what a layer of torch returns that returns several things
    "MultiheadAttention": "the output and the weights of the attention",
    "LSTM": "the output and the last states, (h, c)",
    "GRU": "the output and the last state",
    "RNN": "the output and the last state",
}
CUTS = ("meshgrid", "split", "chunk", "unbind", "tensor_split", "split_with_sizes")
MOST_PARTS = 4
NO_RETURN = "no return"


class _Made(NamedTuple):
    """A name that stands for a container, and the assignment that gave it."""

    name: str
    thing: Any
    statement: ast.Assign | None
    place: Place
    frame: Any
    used: Place


class _Returns(NamedTuple):
    """What a call returns: in words, the names of its parts, and who makes it."""

    told: str = ""
    names: tuple[str, ...] = ()
    is_torch: bool = False


_Way = tuple[Place, tuple[Change, ...], str]


def container_is_used(attempt: Attempt) -> str:
    """What a call returned is used like a tensor, and is a tuple, a list, a dict or None."""
    if not isinstance(attempt.error, TypeError | AttributeError):
        return ""
    found = (re.search(said, attempt.message) for said in ABOUT_CONTAINERS)
    kind = next((match[1].rpartition(".")[2] for match in found if match), "")
    if "return_types" in attempt.message:
        kind = "return_types"
    if "only integer tensors of a single" in attempt.message:
        kind = "sequence"  # that is multiplied by a tensor
    if not kind:
        return ""
    if kind == "NoneType" and (told := _nothing_was_kept(attempt)):
        return told
    if made := next(_made(attempt, kind), None):
        return _of_a_name(attempt, made)
    return _of_a_call(attempt, kind) or _of_a_literal(attempt, kind)


def _is_of_kind(thing: Any, kind: str) -> bool:
    if kind == "return_types":
        return type(thing).__module__ == "torch.return_types"
    if kind == "sequence":
        return isinstance(thing, tuple | list)
    is_container = thing is None or isinstance(thing, tuple | list | dict)
    return is_container and type(thing).__name__ == kind


def _made(attempt: Attempt, kind: str) -> Iterator[_Made]:
    """Yield the names in the line that failed which stand for such a thing, where they got it."""
    frames = own_frames(attempt.error)
    things: list[Any] = []
    for depth, (frame, place) in enumerate(frames):
        in_line = {node.id for node in parts_at(place, ast.Name)}
        for name, thing in frame.f_locals.items():
            is_meant = any(thing is t for t in things) if depth else _is_of_kind(thing, kind)
            if name not in in_line or not is_meant:
                continue
            statement = given_by(name, place)
            if statement is not None and isinstance(statement.value, ast.Call):
                line = (place[0], statement.lineno)
                yield _Made(name, thing, statement, line, frame, place)
            elif statement is None and name in frame.f_code.co_varnames[: frame.f_code.co_argcount]:
                things.append(thing)
        if not things:
            return


def _of_a_name(attempt: Attempt, made: _Made) -> str:
    """Say of a variable which call gave it, what that returns, and how its parts get names."""
    call, (_, line) = made.statement.value if made.statement else None, made.place
    assert isinstance(call, ast.Call)
    text = text_of(call, made.place)
    returns = _what_it_returns(call, made)
    if made.thing is None:
        ends = f"the code of `{text_of(call.func, made.place)}` ends without a `return`"
        is_told = returns.told == NO_RETURN
        return f"`{made.name}` is None, which `{text}` in line {line} returned: {ends}." * is_told
    kind = described(made.thing) or article(type(made.thing).__name__)
    if type(made.thing).__module__ == "torch.return_types":
        kind = f"a tuple of {len(made.thing)}"
    told = f"`{made.name}` is {kind}, which `{text}` in line {line} returned{returns.told}."
    if called_name(call) in CUTS:
        names = ", ".join("abcd"[: len(made.thing)])
        few = isinstance(made.thing, tuple) and len(made.thing) <= MOST_PARTS
        return f"{told} Give each part a name{f': `{names} = {text}`' if few else ''}."
    for ways in (list(_of_the_assignment(made, text, returns)), list(_of_the_use(made))):
        if works := _that_run(attempt, ways):
            return f"{told} {works}"
        if returns.is_torch and ways:
            return f"{told} Give its parts names: `{ways[0][2]}`."
    if isinstance(made.thing, list):
        return f"{told} Take one of its parts, or join them: torch.cat({made.name}, dim=1)."
    if isinstance(made.thing, dict):
        return f"{told} Take a tensor out of it by its key."
    return f"{told} Give each part a name, or take one, such as `{made.name}[0]`."


def _what_it_returns(call: ast.Call, made: _Made) -> _Returns:
    """Say what a call returns, with the names at the end of its code."""
    name, called = called_name(call), evaluated(call.func, made.frame)
    if name in CUTS:
        return _Returns()
    kind = type(called).__name__
    if isinstance(called, nn.Module) and type(called).__module__.startswith("torch.nn"):
        if getattr(called, "return_indices", False):
            return _Returns(": the maxima and their positions", is_torch=True)
        return _Returns(f": {RETURNS[kind]}", is_torch=True) if kind in RETURNS else _Returns()
    if type(made.thing).__module__ == "torch.return_types":
        return _Returns(f": along a dimension, {name} makes values and positions", is_torch=True)
    end, names = _end_of(called)
    if end is None:
        return _Returns()
    return _Returns(f" by `return {end}`", names) if end else _Returns(NO_RETURN)


def _end_of(called: Any) -> tuple[str | None, tuple[str, ...]]:
    """Return what a function of the network's own returns at its end, and the names in a tuple.

    The text is "" where nothing is returned, and `None` where the code is not known.
    """
    function = called.forward if isinstance(called, nn.Module) else called
    if (tree := tree_of(function)) is None:
        return None, ()
    ends = [n.value for n in ast.walk(tree) if isinstance(n, ast.Return) and n.value]
    if not ends:
        return "", ()
    parts = ends[-1].elts if isinstance(ends[-1], ast.Tuple) else []
    names = tuple(p.id if isinstance(p, ast.Name) else "_" for p in parts)
    return text_of(ends[-1], (inspect.getfile(function), 0)), names


def returned_parts(value: ast.expr, frame: Any) -> tuple[int, str]:
    """Return how many values a call of the network's own code returns, and by which words."""
    end, names = _end_of(evaluated(value.func, frame) if isinstance(value, ast.Call) else None)
    return len(names), end or ""


def _of_the_assignment(made: _Made, call: str, returns: _Returns) -> Iterator[_Way]:
    """Yield assignments that give the name one part of a tuple, and other names the others."""
    thing = made.thing
    if made.statement is None:
        return
    target = made.statement.targets[0]
    if not isinstance(thing, tuple) or not 1 < len(thing) <= MOST_PARTS:
        return
    names = returns.names if len(returns.names) == len(thing) else ("_",) * len(thing)
    own = [place for place, name in enumerate(names) if name == made.name]
    for place in own or range(1 if returns.is_torch else len(thing)):
        if isinstance(thing[place], Tensor):
            others = [n if n != made.name else "_" for n in names]
            new = ", ".join([*others[:place], made.name, *others[place + 1 :]])
            yield made.place, ((target, new),), f"{new} = {call}"


def _of_the_use(made: _Made) -> Iterator[_Way]:
    """Yield the parts that could stand in the line that failed, in place of the whole."""
    keys = made.thing if isinstance(made.thing, dict) else range(len(made.thing))
    for key in keys:
        if isinstance(made.thing[key], Tensor):
            index = -1 if key == len(made.thing) - 1 and isinstance(made.thing, list) else key
            new = f"{made.name}[{index!r}]"
            if hasattr(made.thing, "_fields"):  # a named tuple
                new = f"{made.name}.{made.thing._fields[key]}"
            taken = {id(n.value) for n in parts_at(made.used, ast.Subscript | ast.Attribute)}
            nodes = [n for n in parts_at(made.used, ast.Name) if id(n) not in taken]
            whole = [n for n in nodes if n.id == made.name and isinstance(n.ctx, ast.Load)]
            yield made.used, tuple((n, new) for n in whole), new


def _that_run(attempt: Attempt, ways: Iterable[_Way]) -> str:
    """Say with which of several ways to write it the network runs, at most two of them."""
    tried = (new for place, changes, new in ways if runs_with(attempt, place, *changes))
    runs = list(islice(tried, 2))
    return f"With `{'` or `'.join(runs)}`, the network runs." if runs else ""


def _nothing_was_kept(attempt: Attempt) -> str:
    """Say that an entry is None which the hooks of a loop should have given."""
    for frame, place in own_frames(attempt.error):
        for node in parts_at(place, ast.Subscript | ast.Call):
            whole = node.value if isinstance(node, ast.Subscript) else None
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                whole = node.func.value if node.func.attr == "get" else None
            thing = evaluated(whole, frame) if whole else None
            if not isinstance(thing, dict | list):
                continue
            entries = thing.items() if isinstance(thing, dict) else enumerate(thing)
            kept = [key for key, entry in entries if entry is not None]
            if late := bound_late(attempt, kept):
                return f"`{text_of(node, place)}` is None. {late}"
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
                one, line = text_of(given.value.elts[0], place), given.lineno
                if runs_with(attempt, (place[0], line), (given.value, one)):
                    return (
                        f"{told}: the comma at the end of line {line} makes it one. With "
                        f"`{node.id} = {one}`, the network runs."
                    )
            ways = _of_the_use(_Made(node.id, thing, given, place, frame, place))
            if works := _that_run(attempt, ways):
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
    returns = f": {RETURNS[kind]}" if kind in RETURNS else ""
    return (
        f"{path}, {article(kind)}, returned a tuple{returns}. An nn.Sequential hands it on whole. "
        "With the first part alone, the network runs: make this layer outside of the "
        "nn.Sequential, self.layer, and write x, _ = self.layer(x)."
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
            text = text_of(call, place)
            new = [f"{text}[{number}]" for number in parts]
            works = _that_run(attempt, ((place, ((call, each),), each) for each in new))
            if works and (what or kind == "return_types"):
                what = what or f"`{text}` returns values and positions."
                return f"{attempt.stopped_in} needs a tensor. {what} {works}"
    return ""
