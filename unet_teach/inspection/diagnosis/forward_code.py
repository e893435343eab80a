"""What the code of a `forward` says, and whether the network runs when a part of it is changed."""

from __future__ import annotations

import ast
import contextlib
import inspect
import re
import textwrap
import traceback
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

from torch import Tensor, nn

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.trials import runs_when
from unet_teach.inspection.plain_lists import all_modules

MOST_EDITS = 24  # each is a run without values
LAST = "The last entry of `{}` is no skip, as the bottleneck's map is none; leave it out"


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
    codes = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    own = next(c for c in codes if c.co_name == tree.name)
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


def exchanged_maps(attempt: Attempt) -> str:
    """Say which two maps are exchanged in a call, if the network runs when they are not."""
    for method in running_methods(attempt):
        tree = method.tree()
        for statement in ast.walk(tree) if tree else ():
            if not isinstance(statement, ast.Assign | ast.Return | ast.Expr) or not statement.value:
                continue
            if not statement.lineno <= method.line <= (statement.end_lineno or 0):
                continue
            for call in ast.walk(statement):
                if not isinstance(call, ast.Call) or len(pair := _two_names(call)) < 2:
                    continue
                maps = [method.names.get(name) for name in pair]
                shapes = [each.shape[2:] for each in maps if isinstance(each, Tensor)]
                if len(shapes) < 2 or shapes[0] == shapes[1]:
                    continue
                for whole in (False, True):
                    changed, called = method.tree(), ast.unparse(call.func)
                    if changed and runs_with_code(
                        attempt, method, _Exchange(called, whole).visit(changed)
                    ):
                        now = _exchanged(statement.value if whole else call, *pair)
                        each = f", and so wherever `{called}` is called,"
                        more = each if ast.unparse(tree or changed).count(f"{called}(") > 1 else ","
                        return (
                            f"`{pair[0]}` and `{pair[1]}` are exchanged: with `{now}`{more} the "
                            "network runs."
                        )
    return ""


def _two_names(call: ast.AST) -> list[str]:
    """Return the first two values of a call that are names."""
    given = call.args[:2] if isinstance(call, ast.Call) else []
    return [node.id for node in given if isinstance(node, ast.Name)]


def _exchanged(node: ast.AST, first: str, second: str) -> str:
    """Return a piece of code in which two names stand in each other's place."""
    other = {first: second, second: first}
    for name in ast.walk(node):
        if isinstance(name, ast.Name):
            name.id = other.get(name.id, name.id)
    return ast.unparse(node)


class _Exchange(ast.NodeTransformer):
    """Exchanges the first two names in each call of a function, or in all of its statement."""

    def __init__(self, called: str, whole: bool) -> None:
        self.called, self.whole = called, whole

    def visit(self, node: ast.AST) -> Any:
        value = getattr(node, "value", None)
        for call in ast.walk(node) if isinstance(node, ast.stmt) and value else ():
            if isinstance(call, ast.Call) and ast.unparse(call.func) == self.called:
                if len(pair := _two_names(call)) == 2:
                    _exchanged(value if self.whole and value else call, *pair)
                return node
        return self.generic_visit(node)


class Edit(NamedTuple):
    """A change of a piece of code: what is there, and what is tried in its place."""

    node: ast.expr
    text: str
    reason: str


def other_order(attempt: Attempt) -> str:
    """Say which skip to take, or which values to exchange, if a trial of that code runs."""
    for method in running_methods(attempt):
        tree = method.tree()
        for i, edit in enumerate(_edits(tree, method) if tree else ()):
            changed = method.tree()
            if changed is None or i > MOST_EDITS:
                break
            old = ast.unparse(edit.node)
            if runs_with_code(attempt, method, _Replace(edit.node, edit.text).visit(changed)):
                return f"{edit.reason}: with `{edit.text}` in place of `{old}`, the network runs."
    return ""


class _Replace(ast.NodeTransformer):
    """Puts other code where a piece of code stands; a name is replaced in this place alone."""

    def __init__(self, old: ast.expr, new: str) -> None:
        self.old, self.new = old, ast.parse(new, mode="eval").body
        self.text = ast.unparse(old)

    def visit(self, node: ast.AST) -> Any:
        is_stored = isinstance(getattr(node, "ctx", None), ast.Store)
        if isinstance(node, ast.expr) and not is_stored and ast.unparse(node) == self.text:
            is_here = (node.lineno, node.col_offset) == (self.old.lineno, self.old.col_offset)
            if is_here or not isinstance(node, ast.Name | ast.Attribute):
                return self.new
        return self.generic_visit(node)


def _edits(tree: ast.FunctionDef, method: Method) -> Iterator[Edit]:
    """Yield other orders in which maps could be taken out of the lists of a method."""
    nodes = list(ast.walk(tree))
    for call in (node for node in nodes if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "pop":
            row = ast.unparse(call.func.value)
            if ast.unparse(call) == f"{row}.pop(0)":
                yield Edit(call, f"{row}.pop()", f"`{row}` is taken from its front")
            elif ast.unparse(call) == f"{row}.pop()":
                yield Edit(call, f"{row}.pop(0)", f"`{row}` is taken from its end")
                yield Edit(call, f"{row}.pop(-2)", LAST.format(row))
    for loop in (node for node in nodes if isinstance(node, ast.For)):
        calls = [n for n in ast.walk(loop.iter) if isinstance(n, ast.Call)]
        zipped = [a for c in calls if ast.unparse(c.func) in ("zip", "enumerate") for a in c.args]
        for node in zipped or [loop.iter]:
            inner = _list_in(node)
            row = ast.unparse(inner)
            if not _holds_maps(inner, method.names):
                continue
            order = f"{row}[::-1]" if inner is node else row
            yield Edit(node, order, f"`{row}` is gone through in the wrong direction")
            shorter = f"{row}[:-1]" if inner is node else f"{row}[-2::-1]"
            yield Edit(node, shorter, LAST.format(row))
    for part in (node for node in nodes if isinstance(node, ast.Subscript)):
        index, row = ast.unparse(part.slice), ast.unparse(part.value)
        is_number = not isinstance(part.slice, ast.Constant | ast.Slice | ast.Tuple)
        if is_number and isinstance(part.ctx, ast.Load) and _holds_maps(part.value, method.names):
            reason = f"`{row}` is asked for the wrong entry"
            for other in dict.fromkeys(_other_indices(index)):
                yield Edit(part, f"{row}[{other}]", reason)


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


def _holds_maps(node: ast.expr, names: dict[str, Any]) -> bool:
    first, *attributes = ast.unparse(node).split(".")
    thing = names.get(first)
    for attribute in attributes:
        thing = getattr(thing, attribute, None)
    is_row = isinstance(thing, list | tuple) and len(thing) > 1
    return is_row and all(isinstance(each, Tensor) for each in thing or ())
