"""What the code of a `forward` says, and whether the network runs when a part of it is changed."""

from __future__ import annotations

import ast
import contextlib
import inspect
import re
import textwrap
import traceback
import types
from collections.abc import Callable
from typing import Any, NamedTuple

from torch import nn

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.trials import runs_when
from unet_teach.inspection.plain_lists import all_modules


class Method(NamedTuple):
    """A method of one of the network's classes that was running when it stopped.

    Attributes:
        kind: the class.
        function: the method.
        names: its local names, and what they stood for.
        line: of its tree, where it stopped.
    """

    kind: type[nn.Module]
    function: types.FunctionType
    names: dict[str, Any]
    line: int

    def tree(self) -> ast.FunctionDef | None:
        """Return a new syntax tree of the method; `None` where its code is not at hand."""
        with contextlib.suppress(OSError, TypeError, SyntaxError, ValueError):
            (made,) = ast.parse(textwrap.dedent(inspect.getsource(self.function))).body
            return made if isinstance(made, ast.FunctionDef) else None
        return None


def running_methods(attempt: Attempt) -> list[Method]:
    """Return the methods that were running when a network stopped, the innermost one first."""
    if attempt.error is None:
        return []
    kinds = dict.fromkeys(type(module) for _, module in all_modules(attempt.model))
    known = {
        function.__code__: (kind, function)
        for kind in kinds
        for each in kind.__mro__
        if not each.__module__.startswith("torch.")
        for function in vars(each).values()
        if isinstance(function, types.FunctionType)
    }
    walked = list(traceback.walk_tb(attempt.error.__traceback__))
    return [
        Method(*known[frame.f_code], frame.f_locals, line - frame.f_code.co_firstlineno + 1)
        for frame, line in reversed(walked)
        if frame.f_code in known
    ]


def runs_with_code(attempt: Attempt, method: Method, tree: ast.FunctionDef) -> bool:
    """Return whether a copy of the network runs with other code in one of its methods."""
    tree.decorator_list = []
    module = ast.fix_missing_locations(ast.Module([tree], []))
    function: Any = method.function
    try:
        code = compile(module, "<tried>", "exec")
    except (SyntaxError, ValueError):
        return False
    (own,) = [c for c in code.co_consts if isinstance(c, types.CodeType)][:1]
    if own.co_freevars:  # such as super(), which needs its class
        return False
    changed: Any = types.FunctionType(own, function.__globals__, own.co_name, function.__defaults__)
    changed.__kwdefaults__ = function.__kwdefaults__

    def put(copied: nn.Module) -> None:
        for _, each in all_modules(copied):
            if type(each) is method.kind:
                vars(each)[function.__name__] = types.MethodType(changed, each)

    return runs_when(attempt, put)


def is_left_behind(attempt: Attempt, row: str) -> bool:
    """Return whether a method has gone through a row of layers and names it no more."""
    name = row.rpartition(".")[2]
    for method in running_methods(attempt):
        nodes = list(ast.walk(method.tree() or ast.Pass()))
        named = [n.lineno for n in nodes if isinstance(n, ast.Attribute) and n.attr == name]
        loops = [(n.lineno, n.end_lineno or 0) for n in nodes if isinstance(n, ast.For | ast.While)]
        around = [loop for loop in loops if loop[0] <= method.line <= loop[1]]
        if named:
            last = max(named)
            return last < method.line and not any(a <= last <= b for a, b in around)
    return False


def is_never_named(attempt: Attempt, path: str, beside: str) -> bool:
    """Return whether a method names the layer beside one, and not this one."""
    row, _, name = path.rpartition(".")
    owner = dict(all_modules(attempt.model)).get(row)
    for method in running_methods(attempt):
        if method.kind is type(owner) and (tree := method.tree()):
            code = ast.unparse(tree)
            others = re.findall(r"\.(\w+)\(", code)
            return beside.rpartition(".")[2] in others and name not in code
    return False


def shorter_loop(attempt: Attempt, row: str) -> str:
    """Say which loop over zip(…) leaves layers of a row out, as another list in it is shorter."""
    for method in running_methods(attempt):
        tree = method.tree()
        for node in ast.walk(tree) if tree else ():
            if not isinstance(node, ast.For):
                continue
            for call in ast.walk(node.iter):
                is_zip = isinstance(call, ast.Call) and ast.unparse(call.func) == "zip"
                if not is_zip or not isinstance(call, ast.Call):
                    continue
                lengths = {ast.unparse(_list_in(a)): _length(a, method.names) for a in call.args}
                known = {name: n for name, n in lengths.items() if n is not None}
                if len(known) > 1 and min(known.values()) < max(known.values()):
                    short, long = (end(known, key=known.__getitem__) for end in (min, max))
                    if long.rpartition(".")[2] != row.rpartition(".")[2]:
                        continue
                    return (
                        f"`{ast.unparse(call)}` ends with the shorter of them: `{short}` has "
                        f"{known[short]}, and `{long}` has {known[long]}. Give `{short}` as many."
                    )
    return ""


def _list_in(node: ast.expr) -> ast.expr:
    """Return what is gone through in another order, as by reversed(…) or [::-1]."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("reversed", "enumerate", "list"):
        return _list_in(node.args[0])
    whole = "[::-1]"
    if isinstance(node, ast.Subscript) and ast.unparse(node).endswith(whole):
        return _list_in(node.value)
    return node


def _length(node: ast.expr, names: dict[str, Any]) -> int | None:
    first, *attributes = ast.unparse(_list_in(node)).split(".")
    thing = names.get(first)
    for attribute in attributes:
        thing = getattr(thing, attribute, None)
    return len(thing) if isinstance(thing, list | tuple | nn.ModuleList | nn.Sequential) else None


Edit = Callable[[ast.AST], ast.AST | None]
