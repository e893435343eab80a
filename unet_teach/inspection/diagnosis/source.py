"""The syntax tree of the network's own code, and runs of a copy with a line of it changed."""

from __future__ import annotations

import ast
import contextlib
import inspect
import linecache
import textwrap
import types
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from torch import nn

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.own_code import own_frames
from unet_teach.inspection.diagnosis.trials import runs_when
from unet_teach.inspection.plain_lists import all_modules

Function = ast.FunctionDef | ast.Lambda
Change = tuple[Any, str]  # a part of the tree, and what stands in its place
Way = tuple[str, Sequence[Any]]  # what to write, and the parts in whose place
Place = tuple[str, int]  # a file, and the number of a line
HARMLESS = (  # what can be evaluated a second time without changing anything
    *(ast.Name, ast.Load, ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop),
    *(ast.JoinedStr, ast.FormattedValue, ast.Subscript, ast.Attribute, ast.Slice),
    *(ast.Tuple, ast.List),
)
HARMLESS_CALLS = (
    *("len", "str", "int", "min", "max", "abs", "size", "dim"),
    *("transpose", "permute", "matmul", "bmm"),
)


@lru_cache(maxsize=8)
def _parsed(file: str, text: str) -> ast.Module:
    tree = ast.Module([], [])
    with contextlib.suppress(SyntaxError):
        tree = ast.parse(text)
    for node in ast.walk(tree):
        node.file = file  # type: ignore[attr-defined]
    return tree


def parsed_file(file: str) -> ast.Module:
    """Return the syntax tree of a file or a cell; an empty one where it is not known.

    Each of its parts has the attribute `file`, so that it is known where a part comes from.
    """
    return _parsed(file, "".join(linecache.getlines(file)))


def _around(place: Place, kind: Any) -> list[Any]:
    """Return the parts of the tree around a line, the innermost last."""
    file, line = place
    found = [n for n in ast.walk(parsed_file(file)) if isinstance(n, kind)]
    around = [n for n in found if n.lineno <= line <= (n.end_lineno or n.lineno)]
    return sorted(around, key=lambda n: (n.lineno, -(n.end_lineno or 0), n.col_offset))


def _first_line(function: ast.FunctionDef) -> int:
    return min([function.lineno, *(d.lineno for d in function.decorator_list)])


def statement_at(place: Place) -> ast.stmt | None:
    """Return the innermost statement that a line belongs to; of several there, the last."""
    return next(reversed(statements_at(place)), None)


def statements_at(place: Place) -> list[ast.stmt]:
    """Return the innermost statements that a line belongs to, as `;` parts them."""
    around = _around(place, ast.stmt)
    last = around[-1:]
    simple = [s for s in around if not hasattr(s, "body") and s.lineno == last[0].lineno]
    return simple if last and last[0] in simple else last


def function_at(place: Place) -> ast.FunctionDef | None:
    """Return the innermost function that a line belongs to."""
    return next(reversed(_around(place, ast.FunctionDef)), None)


def tree_of(function: Any) -> ast.FunctionDef | None:
    """Return the syntax tree of a function; `None` where its code is not known."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    found = _around((code.co_filename, code.co_firstlineno), ast.FunctionDef) if code else []
    return next((f for f in found if code and _first_line(f) == code.co_firstlineno), None)


def code_of(called: Any) -> tuple[list[Any], list[ast.expr]]:
    """Return the parts of the tree of a function or a module's forward, and what is returned."""
    nodes = list(ast.walk(tree_of(getattr(called, "forward", called)) or ast.Pass()))[1:]
    return nodes, [n.value for n in nodes if isinstance(n, ast.Return) and n.value]


def running(attempt: Attempt) -> Iterator[tuple[ast.FunctionDef, Place, types.FrameType]]:
    """Yield the functions that were running when a network stopped, the innermost one first."""
    for frame, place in own_frames(attempt.error):
        if function := function_at(place):
            yield function, place, frame


def parts_at(place: Place, kind: Any) -> list[Any]:
    """Return the parts of one kind in the statements of a line, without those of a loop's body."""
    statements = statements_at(place)
    if not statements:
        return []
    lambdas = [n for n in _around(place, ast.Lambda) if n.lineno > statements[-1].lineno]
    if lambdas:  # one of many, as in a table of functions
        return [n for n in ast.walk(lambdas[-1]) if isinstance(n, kind)]
    inner = {id(n) for s in getattr(statements[-1], "body", []) for n in ast.walk(s)}
    nodes = (n for statement in statements for n in ast.walk(statement))
    return [n for n in nodes if isinstance(n, kind) and id(n) not in inner]


def text_of(node: Any) -> str:
    """Return a part of the tree as its author wrote it, in one line."""
    source = "".join(linecache.getlines(node.file))
    return " ".join((ast.get_source_segment(source, node) or ast.unparse(node)).split())


def called_name(call: ast.Call) -> str:
    """Return the name of what is called, without what it belongs to."""
    name: str = getattr(call.func, "attr", getattr(call.func, "id", ""))
    return name


def what_is_given(call: ast.Call) -> ast.expr | None:
    """Return what a call works on: what the method belongs to, or the first argument."""
    if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) not in ("torch", "F"):
        return call.func.value
    return next(iter(call.args), None)


def evaluated(node: ast.AST, frame: types.FrameType | None) -> Any:
    """Return what an expression stands for where a run stopped; `None` where it is not known."""
    return computed(node, frame.f_globals, frame.f_locals) if frame else None


def computed(node: ast.AST, around: dict[str, Any], names: Mapping[str, Any]) -> Any:
    """Return what an expression stands for; `None` where finding it may change something."""
    for part in ast.walk(node):
        name = called_name(part) if isinstance(part, ast.Call) else ""
        if not (name in HARMLESS_CALLS if name else isinstance(part, HARMLESS)):
            return None
    with contextlib.suppress(Exception):
        code = compile(ast.Expression(node), "<expression>", "eval")  # type: ignore[arg-type]
        return eval(code, around, names)
    return None


def given_by(name: str, place: Place) -> ast.Assign | None:
    """Return the last assignment to a name before a line, in the same function."""
    nodes = ast.walk(function_at(place) or ast.Pass())
    before = (n for n in nodes if isinstance(n, ast.Assign) and n.lineno < place[1])
    found = (n for n in before if name in map(ast.unparse, n.targets))
    return max(found, key=lambda n: n.lineno, default=None)


def runs_with_code(attempt: Attempt, *changes: Change) -> bool:
    """Return whether a copy of the network runs when parts of one function are changed.

    The function may be a method, one inside of it, or one beside the network's classes.
    """
    if not changes:
        return False
    first = changes[0][0]
    texts = {
        (first.file, _first_line(f)): _changed(first.file, f, changes)
        for f in _around((first.file, first.lineno), ast.FunctionDef)
    }
    before = {f: f.__code__ for f in _functions(attempt.model) if _begin(f) in texts}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is only tried
        try:
            for function in before:
                function.__code__ = _compiled(texts[_begin(function)], function)
            return bool(before) and runs_when(attempt)
        except Exception:  # it is no code, or needs other variables of a function around it
            return False
        finally:
            for function, code in before.items():
                function.__code__ = code


def code_that_runs(attempt: Attempt, ways: Iterable[Way], most: int = 1) -> str:
    """Say with which of several ways to write a line the network runs; "" if with none."""
    tried = (new for new, nodes in ways if runs_with_code(attempt, *((n, new) for n in nodes)))
    runs = list(islice(tried, most))
    return f"With `{'` or `'.join(runs)}`, the network runs." if runs else ""


def _functions(model: nn.Module) -> set[types.FunctionType]:
    """Return the methods of a network's classes, and the functions beside these classes."""
    kinds = {kind for _, module in all_modules(model) for kind in type(module).__mro__}
    methods = {f for k in kinds for f in vars(k).values() if isinstance(f, types.FunctionType)}
    spaces = {id(method.__globals__): method.__globals__ for method in methods}
    things = (thing for space in spaces.values() for thing in space.values())
    return methods | {thing for thing in things if isinstance(thing, types.FunctionType)}


def _begin(function: types.FunctionType) -> Place:
    return function.__code__.co_filename, function.__code__.co_firstlineno


def _changed(file: str, function: ast.FunctionDef, changes: Sequence[Change]) -> str:
    """Return the source of a function with some of its parts replaced."""
    lines = [line.encode() for line in linecache.getlines(file)]
    for node, new in sorted(changes, key=lambda c: (c[0].lineno, c[0].col_offset), reverse=True):
        first, last = node.lineno, node.end_lineno
        before, after = lines[first - 1][: node.col_offset], lines[last - 1][node.end_col_offset :]
        lines[first - 1 : last] = [before + new.encode() + after]
        lines[first:first] = [b"" for _ in range(last - first)]  # the numbers of lines stay
    body = b"".join(lines[function.lineno - 1 : function.end_lineno]).decode()
    return textwrap.dedent(body)


def _compiled(text: str, function: types.FunctionType) -> types.CodeType:
    """Return the code of another source for a function, with the names that it knows around it."""
    inner = f"{textwrap.indent(text, '    ')}\n    return {function.__name__}"
    space: dict[str, Any] = {}
    free = function.__code__.co_freevars
    exec(f"def around({', '.join(free)}):\n{inner}\n", function.__globals__, space)
    made: types.CodeType = space["around"](*free).__code__
    return made
