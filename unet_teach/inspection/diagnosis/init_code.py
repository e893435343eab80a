"""What the code of an `__init__` says of a layer: assigned twice, or made with which values."""

from __future__ import annotations

import ast
import contextlib
import inspect
import itertools
import types
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import nn

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.source import computed, tree_of
from unet_teach.inspection.diagnosis.trials import runs_when

NO_SHAPES = ("mode", "align_corners", "bias", "inplace", "padding_mode")
MAX_TEXT = 70  # characters of a line of code
MAKERS = ("add_module", "register_module", "setattr")


class Assigned(NamedTuple):
    """One place where an `__init__` gives a layer to an attribute.

    Attributes:
        target: such as "self.conv4" or "self.blocks['enc1']".
        value: what is assigned.
        line: its number in the file or cell.
        text: the code.
        around: the loops and the branches that it stands in.
    """

    target: str
    value: ast.expr
    line: int
    text: str
    around: tuple[tuple[ast.stmt, str], ...]


class Made(NamedTuple):
    """The call in an `__init__` that makes a layer, a class's or a function's, and its values."""

    call: ast.Call
    maker: Callable[..., nn.Module]
    given: dict[str, Any]


def _assigned(kind: Any) -> Iterator[Assigned]:
    function = None if kind.__module__.startswith("torch.") else tree_of(kind.__init__)
    if function is None:
        return
    owner = f"{function.args.args[0].arg}."

    def walk(body: list[ast.stmt], around: tuple[tuple[ast.stmt, str], ...]) -> Iterator[Assigned]:
        for statement in body:
            for own, value in _given(statement):
                if own.startswith((owner, "self.")):
                    text = ast.unparse(statement)
                    text = text if len(text) < MAX_TEXT else f"{text[:MAX_TEXT]}…"
                    target = f"self.{own.removeprefix(owner).removeprefix('self.')}"
                    yield Assigned(target, value, statement.lineno, text, around)
            for name in ("body", "orelse"):
                if isinstance(statement, ast.If | ast.For | ast.While | ast.With):
                    inner = getattr(statement, name, [])
                    yield from walk(inner, (*around, (statement, name)))

    yield from walk(function.body, ())


def _given(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Yield what a statement assigns to attributes or entries of `self`, as a layer may be."""
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield ast.unparse(target), statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value:
        yield ast.unparse(statement.target), statement.value
    elif isinstance(statement, ast.Expr) and isinstance(call := statement.value, ast.Call):
        name, *given = [ast.unparse(call.func).rpartition(".")[2], *call.args[-2:]]
        if name in MAKERS and len(given) == 2 and isinstance(given[0], ast.Constant):
            yield f"self.{given[0].value!s}", given[1]


def assigned_twice(attempt: Attempt, *paths: str) -> str:
    """Say that a layer on one of these paths replaces another one in its `__init__`."""
    layers = attempt.layers
    for path in paths:
        parts = path.split(".") if path else []
        for i, name in enumerate(parts):
            owner, target = layers.get(".".join(parts[:i])), f"self.{name}"
            if i and isinstance(owner, nn.ModuleDict | nn.Sequential):
                owner, target = layers[".".join(parts[: i - 1])], f"self.{parts[i - 1]}[{name!r}]"
            of_it = [a for a in _assigned(type(owner)) if isinstance(a.value, ast.Call)]
            for row in of_it:
                if i and row.target == f"self.{parts[i - 1]}" and _names(row.value).count(name) > 1:
                    return (
                        f"`{row.target}` has two entries of the name {name!r} in __init__, line "
                        f"{row.line}: the second replaces the first. Give it a name of its own."
                    )
            own = [a for a in of_it if a.target == target]
            if told := _replaced(target, own):
                return told
    return ""


def dilation_in_init(attempt: Attempt, path: str) -> tuple[int, str] | None:
    """Return the line and the text of the dilation that an `__init__` around a layer gives it."""
    layers, parts = attempt.layers, path.split(".")
    for i in reversed(range(len(parts))):
        owner: Any = layers.get(".".join(parts[:i]))
        nodes = ast.walk(tree_of(owner.__init__) or ast.Pass())
        for word in (n for n in nodes if isinstance(n, ast.keyword) and n.arg == "dilation"):
            if not isinstance(word.value, ast.Constant):
                return word.lineno, ast.unparse(word.value)
    return None


def row_in_init(kind: Any, name: str) -> str:
    """Return the code in a loop of an `__init__` that makes the layers of a row, and its line."""
    for node in ast.walk(tree_of(kind.__init__) or ast.Pass()):
        made: ast.expr | None = None
        if isinstance(node, ast.Call) and ast.unparse(node.func) == f"self.{name}.append":
            made = node
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == f"self.{name}":
            inner = list(ast.walk(node.value))
            rows = [n.elt for n in inner if isinstance(n, ast.ListComp | ast.GeneratorExp)]
            made = next(iter(rows), None)
        if made is not None:
            return f"`{ast.unparse(made)}` in line {made.lineno}"
    return ""


def class_kept(attempt: Attempt, name: str) -> str:
    """Say in which line a layer's class is kept in place of a layer, and whether `()` is enough."""
    for owner in dict.fromkeys(map(type, attempt.model.modules())):
        kinds = [k for k in owner.__mro__ if not k.__module__.startswith(("torch.", "builtins"))]
        for made in (each for kind in kinds for each in _assigned(kind)):
            own = made.target.removeprefix("self.")
            classes = [vars(m).get(own) for m in attempt.model.modules() if type(m) is owner]
            if not any(isinstance(c, type) and c.__name__ == name for c in classes):
                continue

            def call(copied: nn.Module, owner: type = owner, own: str = own) -> None:
                for module in copied.modules():
                    if type(module) is owner:
                        setattr(module, own, vars(module).pop(own)())

            told = f"`{made.text}` in line {made.line} keeps the class, not a layer"
            if runs_when(attempt, call):
                return f"{told}: with `{made.target} = {ast.unparse(made.value)}()`, it runs. "
            return f"{told}. "
    return ""


def right_with_a_name(attempt: Attempt, path: str, wanted: Any) -> str:
    """Say with which name in place of a value a layer is right, if the network runs with it.

    All blocks of its class are made so, as a number may fit in one of them alone.
    """
    layers, parts = attempt.layers, path.split(".")
    owners = (i for i in reversed(range(len(parts))) if ".".join(parts[:i]) in layers)
    own = next((i for i in owners if _assigned_to(layers, parts, i)), None)
    made = _assigned_to(layers, parts, own) if own is not None else None
    if own is None or made is None:
        return ""
    block, inner = ".".join(parts[:own]), ".".join(parts[own:])
    kind: Any = type(layers[block])
    space = kind.__init__.__globals__
    alike = {p: _names_inside(layers, p) for p, m in layers.items() if type(m) is kind}
    names = [n for n, v in alike[block].items() if type(v) is type(wanted) and v == wanted]
    if len(alike) == 1 < len(names):
        names = []  # which of them is meant does not show
    for holder, key, old in (
        *((made.args, i, each) for i, each in enumerate(made.args)),
        *((vars(word), "value", word.value) for word in made.keywords),
    ):
        value = computed(old, space, alike[block])
        if type(value) is not type(wanted) or value == wanted:
            continue
        turned = [ast.Tuple(old.elts[::-1], ast.Load())] if isinstance(old, ast.Tuple) else []
        new: ast.expr
        for new in (*turned, *(ast.Name(n, ast.Load()) for n in names if n.isidentifier())):
            if computed(ast.fix_missing_locations(new), space, alike[block]) != wanted:
                continue
            holder[key] = new  # type: ignore[index]
            text = ast.unparse(made)
            holder[key] = old  # type: ignore[index]
            if _runs_as(attempt, {f"{p}.{inner}": alike[p] for p in alike}, text, space):
                return f"with `{text}` in line {made.lineno}, the network runs"
    return ""


def _assigned_to(layers: dict[str, nn.Module], parts: list[str], i: int) -> ast.Call | None:
    """Return the call in the `__init__` of a layer's i-th owner that makes the layer."""
    kind = type(layers[".".join(parts[:i])])
    rows: list[Any] = [a.value for a in _assigned(kind) if a.target == f"self.{parts[i]}"]
    for number in parts[i + 1 :]:
        rows = [_entry(row, number) for row in rows]
    return rows[0] if len(rows) == 1 and isinstance(rows[0], ast.Call) else None


def _names_inside(layers: dict[str, nn.Module], path: str) -> dict[str, Any]:
    """Return what the names in the `__init__` of the block on a path stood for."""
    made = _call_that_makes(layers, path.split(".")) if path else None
    return _known_names(type(layers[path]), layers[path], made.given if made else {})


def _runs_as(
    attempt: Attempt, known: dict[str, dict[str, Any]], text: str, space: dict[str, Any]
) -> bool:
    """Return whether the network runs when the layers on these paths are made by other code."""

    def replace(copied: nn.Module) -> None:
        device = next((weight.device for weight in copied.parameters()), torch.device("cpu"))
        for path, names in known.items():
            around, _, name = path.strip(".").rpartition(".")
            with torch.device(device):
                copied.get_submodule(around)._modules[name] = eval(text, space, names).eval()

    return runs_when(attempt, replace)


def _names(made: ast.expr) -> list[Any]:
    """Return the names of the entries in an nn.ModuleDict or an OrderedDict."""
    parts = [part for part in ast.walk(made) if isinstance(part, ast.Dict | ast.List)]
    keys = [
        p.keys
        if isinstance(p, ast.Dict)
        else [e.elts[0] for e in p.elts if isinstance(e, ast.Tuple)]
        for p in parts
    ]
    return [key.value for key in keys[0] if isinstance(key, ast.Constant)] if keys else []


def _numbers_of(made: Assigned) -> list[str]:
    """Return what is given to a layer that its shapes may follow from."""
    call = made.value
    assert isinstance(call, ast.Call)
    named = [ast.dump(k) for k in call.keywords if k.arg not in NO_SHAPES]
    return [ast.dump(call.func), *map(ast.dump, call.args), *sorted(named)]


def _replaced(target: str, own: list[Assigned]) -> str:
    for first, second in itertools.pairwise(own):
        branches = [(a, b) for a, b in zip(first.around, second.around, strict=False) if a != b]
        either = bool(branches) and branches[0][0][0] is branches[0][1][0]
        either |= any(isinstance(s, ast.If) for s, _ in set(second.around) - set(first.around))
        uses_it = target in ast.unparse(second.value)
        if not either and not uses_it and _numbers_of(first) != _numbers_of(second):
            return (
                f"`{target}` is assigned twice in __init__: line {first.line}, `{first.text}`, and "
                f"line {second.line}, `{second.text}`. The second replaces the first. Give one of "
                "them a name of its own, in __init__ and in forward."
            )
    loops = [a for a in own if any(isinstance(s, ast.For | ast.While) for s, _ in a.around)]
    if loops and target not in ast.unparse(loops[0].value):
        return (
            f"`{target}` is assigned in a loop in __init__, line {loops[0].line}, so only the last "
            "layer is kept. Append each to an nn.ModuleList, and go through it in forward."
        )
    return ""


def exchanged_values(attempt: Attempt, path: str) -> str:
    """Say that a block was made with two of its values exchanged, if a trial proves it."""
    layers, parts = attempt.layers, path.split(".")
    for i in range(len(parts), 0, -1):
        block, made = ".".join(parts[:i]), _call_that_makes(layers, parts[:i])
        layer = layers.get(block)
        if made is None or layer is None or not _makes(layer, made):
            continue
        names, given = list(inspect.signature(made.maker).parameters), made.given
        whole = [name for name, value in given.items() if type(value) is int]
        for a, b in itertools.combinations(whole, 2):
            other = given | {a: given[b], b: given[a]}
            if given[a] == given[b] or not _runs_with(attempt, block, made.maker, other):
                continue
            text = dict(zip(names, map(ast.unparse, made.call.args), strict=False))
            text |= {str(k.arg): ast.unparse(k.value) for k in made.call.keywords}
            text |= {a: text[b], b: text[a]}
            count = len(made.call.args)
            wanted = [
                value if i < count else f"{n}={value}" for i, (n, value) in enumerate(text.items())
            ]
            return (
                f"{block} is made by `{ast.unparse(made.call)}`, and {made.maker.__name__} takes "
                f"({', '.join(names)}). With {a} and {b} exchanged, "
                f"`{ast.unparse(made.call.func)}({', '.join(wanted)})`, the network runs."
            )
    return ""


def _makes(layer: nn.Module, made: Made) -> bool:
    """Return whether these values make a layer with weights of the same shapes."""
    with contextlib.suppress(Exception), torch.device("meta"):
        again = made.maker(**made.given).state_dict()
        shapes = [{n: w.shape for n, w in each.items()} for each in (again, layer.state_dict())]
        return shapes[0] == shapes[1]
    return False


def _runs_with(
    attempt: Attempt, path: str, maker: Callable[..., nn.Module], named: dict[str, Any]
) -> bool:
    """Return whether the network runs when the layer on a path is made with other values."""

    def replace(copied: nn.Module) -> None:
        around, _, name = path.rpartition(".")
        device = next((weight.device for weight in copied.parameters()), torch.device("cpu"))
        with torch.device(device):
            made = maker(**named).eval()
        copied.get_submodule(around)._modules[name] = made

    return runs_when(attempt, replace)


def _call_that_makes(layers: dict[str, nn.Module], parts: list[str]) -> Made | None:
    """Return the call in an `__init__` that makes the layer on a path, and its values."""
    for i in range(len(parts) - 1, -1, -1):
        owner: Any = layers.get(".".join(parts[:i]))
        if owner is None or type(owner).__module__.startswith("torch."):
            continue
        own = [a for a in _assigned(type(owner)) if a.target == f"self.{parts[i]}"]
        value = own[-1].value if own else None
        for number in parts[i + 1 :]:
            value = _entry(value, number)
        if not isinstance(value, ast.Call) or any(k.arg is None for k in value.keywords):
            return None
        known, kind = _known_names(type(owner), owner), type(layers[".".join(parts)])
        around = getattr(owner.__init__, "__globals__", {})
        is_own = not kind.__module__.startswith("torch.")
        maker: Any = kind if is_own else computed(value.func, around, known)
        if not is_own and not isinstance(maker, types.FunctionType):
            return None
        values = [computed(each, around, known) for each in value.args]
        given = dict(zip(inspect.signature(maker).parameters, values, strict=False))
        given |= {str(k.arg): computed(k.value, around, known) for k in value.keywords}
        return Made(value, maker, given)
    return None


def _entry(row: ast.expr | None, number: str) -> ast.expr | None:
    """Return what stands at a number in nn.Sequential(…) or nn.ModuleList([…])."""
    if not isinstance(row, ast.Call) or not number.isdigit():
        return None
    entries = row.args
    if len(entries) == 1 and isinstance(entries[0], ast.List | ast.Tuple):
        entries = entries[0].elts
    is_plain = not any(isinstance(entry, ast.Starred) for entry in entries)
    return entries[int(number)] if is_plain and int(number) < len(entries) else None


def _known_names(
    kind: Any, owner: nn.Module, given: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """Return the names of an `__init__` whose values follow from what is given and its code."""
    init = kind.__init__
    parameters = inspect.signature(init).parameters
    known: dict[str, Any] = {
        n: p.default for n, p in parameters.items() if p.default is not p.empty
    }
    known |= {next(iter(parameters)): owner, **given}
    function = tree_of(init)
    for statement in function.body if function else []:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            value = computed(statement.value, init.__globals__, known)
            if isinstance(target, ast.Tuple) and isinstance(value, tuple | list):
                known |= {ast.unparse(n): v for n, v in zip(target.elts, value, strict=False)}
            else:
                known[ast.unparse(target)] = value
    return known
