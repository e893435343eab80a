"""What the code of an `__init__` says of a layer: assigned twice, or made with which values."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import itertools
import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.own_code import PACKAGES
from unet_teach.inspection.diagnosis.source import computed, tree_of
from unet_teach.inspection.diagnosis.trials import put, runs_when

NO_SHAPES = ("mode", "align_corners", "bias", "inplace", "padding_mode")
MAX_TEXT = 70  # characters of a line of code
Names = dict[str, Any]
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
    around: list[Any]


class Made(NamedTuple):
    """The call in the `__init__` of a block that makes a layer.

    Attributes:
        call: of a class or a function.
        block: the path of the block.
        inner: the path of the layer inside it.
        names: what the names in that `__init__` stand for.
        space: what the names around it stand for.
    """

    call: ast.Call
    block: str
    inner: str
    names: Names
    space: Names


def _assigned(kind: Any) -> Iterator[Assigned]:
    function = None if kind.__module__.startswith("torch.") else tree_of(kind.__init__)
    if function is None:
        return
    nodes: list[Any] = [n for n in ast.walk(function) if isinstance(n, ast.stmt)]
    blocks = [n for n in nodes if isinstance(n, ast.If | ast.For | ast.While)]
    owner = f"{function.args.args[0].arg}."
    for statement in sorted(nodes, key=lambda n: n.lineno):
        for own, value in _given(statement):
            if own.startswith((owner, "self.")):
                text, line = ast.unparse(statement), statement.lineno
                text = text if len(text) < MAX_TEXT else f"{text[:MAX_TEXT]}…"
                target = f"self.{own.removeprefix(owner).removeprefix('self.')}"
                around = [block for block in blocks if block.lineno <= line <= block.end_lineno]
                yield Assigned(target, value, line, text, around)


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
    layers = attempt.layers
    if (made := _made(layers, path)) is None:
        return ""
    kind, call, known = type(layers[made.block]), made.call, made.names
    alike = {p: _names_in(layers, p) for p, m in layers.items() if type(m) is kind}
    names = [n for n, v in known.items() if type(v) is type(wanted) and v == wanted]
    if len(alike) == 1 < len(names):
        names = []  # which of them is meant does not show
    for holder, key, old in (
        *((call.args, i, each) for i, each in enumerate(call.args)),
        *((vars(word), "value", word.value) for word in call.keywords),
    ):
        value = computed(old, made.space, known)
        if type(value) is not type(wanted) or value == wanted:
            continue
        turned = [ast.Tuple(old.elts[::-1], ast.Load())] if isinstance(old, ast.Tuple) else []
        new: ast.expr
        for new in (*turned, *(ast.Name(n, ast.Load()) for n in names if n.isidentifier())):
            if computed(ast.fix_missing_locations(new), made.space, known) != wanted:
                continue
            holder[key] = new  # type: ignore[index]
            text = ast.unparse(call)
            holder[key] = old  # type: ignore[index]
            if _runs_when_made(attempt, text, made, alike):
                return f"with `{text}` in line {call.lineno}, the network runs"
    return ""


def _runs_when_made(attempt: Attempt, text: str, made: Made, blocks: Mapping[str, Names]) -> bool:
    """Return whether the network runs when a layer of these blocks is made by other code."""

    def replace(copied: nn.Module) -> None:
        device = next((weight.device for weight in copied.parameters()), torch.device("cpu"))
        for path, names in blocks.items():
            block, own = copied.get_submodule(path), attempt.layers[path]
            names = {n: block if value is own else value for n, value in names.items()}
            with torch.device(device):
                put(block, made.inner, eval(text, made.space, names).eval())

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
        either = any(
            block not in first.around
            or any(first.line < other.lineno <= second.line for other in block.orelse[:1])
            for block in second.around
            if isinstance(block, ast.If)
        )
        uses_it = target in ast.unparse(second.value)
        if not either and not uses_it and _numbers_of(first) != _numbers_of(second):
            return (
                f"`{target}` is assigned twice in __init__: line {first.line}, `{first.text}`, and "
                f"line {second.line}, `{second.text}`. The second replaces the first. Give one of "
                "them a name of its own, in __init__ and in forward."
            )
    loops = [a for a in own if any(isinstance(b, ast.For | ast.While) for b in a.around)]
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
        block = ".".join(parts[:i])
        if (made := _made(layers, block)) is None:
            continue
        call, maker = made.call, computed(made.call.func, made.space, made.names)
        if not isinstance(maker, type | types.FunctionType) or maker.__module__.startswith("torch"):
            continue
        names = list(inspect.signature(maker).parameters)
        given = dict(zip(names, call.args, strict=False)) | {k.arg: k.value for k in call.keywords}
        values = {n: computed(node, made.space, made.names) for n, node in given.items()}
        whole = [name for name, value in values.items() if type(value) is int]
        for a, b in itertools.combinations(whole, 2):
            wanted = given | {a: given[b], b: given[a]}
            texts = [
                ast.unparse(node) if j < len(call.args) else f"{name}={ast.unparse(node)}"
                for j, (name, node) in enumerate(wanted.items())
            ]
            text = f"{ast.unparse(call.func)}({', '.join(texts)})"
            if values[a] != values[b] and _runs_when_made(
                attempt, text, made, {made.block: made.names}
            ):
                return (
                    f"{block} is made by `{ast.unparse(call)}`, and {maker.__name__} takes "
                    f"({', '.join(names)}). With {a} and {b} exchanged, `{text}`, the network runs."
                )
    return ""


def _made(layers: dict[str, nn.Module], path: str) -> Made | None:
    """Return the call in the `__init__` of a block that makes the layer on a path.

    Of several, as in the branches of an `if`, it is the one that makes such weights.
    """
    parts = path.split(".") if path else []
    for i in reversed(range(len(parts))):
        block = ".".join(parts[:i])
        kind: Any = type(layers.get(block))
        rows: list[Any] = [a.value for a in _assigned(kind) if a.target == f"self.{parts[i]}"]
        if not rows:
            continue
        for number in parts[i + 1 :]:
            rows = [_entry(row, number) for row in rows]
        space, names = kind.__init__.__globals__, _names_in(layers, block)
        made = [
            Made(row, block, ".".join(parts[i:]), names, space)
            for row in rows
            if isinstance(row, ast.Call)
        ]
        return next((m for m in made if _makes(m, layers.get(path))), None)
    return None


def _makes(made: Made, layer: nn.Module | None) -> bool:
    """Return whether a call makes a layer with weights of the same shapes."""
    funcs = [node.func for node in ast.walk(made.call) if isinstance(node, ast.Call)]
    called = (computed(func, made.space, made.names) for func in funcs)
    if layer is None or not all(map(_only_makes, called)):
        return False
    silent = contextlib.redirect_stdout(io.StringIO())
    with contextlib.suppress(Exception), silent, torch.device("meta"):
        again: nn.Module = eval(ast.unparse(made.call), made.space, made.names)
        both = (again.state_dict(), layer.state_dict())
        shapes = [{name: weight.shape for name, weight in each.items()} for each in both]
        return shapes[0] == shapes[1]
    return False


def _entry(row: ast.expr | None, number: str) -> ast.expr | None:
    """Return what stands at a number in nn.Sequential(…) or nn.ModuleList([…])."""
    if not isinstance(row, ast.Call) or not number.isdigit():
        return None
    entries = row.args
    if len(entries) == 1 and isinstance(entries[0], ast.List | ast.Tuple):
        entries = entries[0].elts
    is_plain = not any(isinstance(entry, ast.Starred) for entry in entries)
    return entries[int(number)] if is_plain and int(number) < len(entries) else None


def _only_makes(called: Any) -> bool:
    """Return whether a class or function may be called again.

    A method may change its block, and what a package makes may load weights.
    """
    kinds = type | types.FunctionType | types.BuiltinFunctionType
    module = str(getattr(called, "__module__", ""))
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    is_own = module.startswith("torch.nn.") or not PACKAGES & {*Path(file).parts}
    return isinstance(called, kinds) and is_own


def _names_in(layers: dict[str, nn.Module], path: str) -> Names:
    """Return what the names in the `__init__` of a block stand for, as far as its code says."""
    init: Any = type(layers[path]).__init__
    own, *takes = inspect.signature(init).parameters.values()
    known = {p.name: p.default for p in takes if p.default is not p.empty}
    known |= {**inspect.getclosurevars(init).nonlocals, own.name: layers[path]}
    if made := _made(layers, path):
        given = dict(zip((p.name for p in takes), made.call.args, strict=False))
        given |= {word.arg: word.value for word in made.call.keywords if word.arg}
        known |= {n: computed(node, made.space, made.names) for n, node in given.items()}
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
