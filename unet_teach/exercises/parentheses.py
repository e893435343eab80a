"""Finds out whether other parentheses make an answer right, by trying them on its own code."""

import ast
import copy
import linecache
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from time import thread_time
from types import CodeType, FunctionType
from typing import Any

MOVES = 2  # parentheses that may be missing in one function
MOST = 300  # ways that are tried
ROUNDING = ("int", "round", "ceil", "floor", "trunc")  # calls that may end too late
SECONDS = 1.5  # of processor time, after which no further way is tried

Tree = ast.expr
Move = tuple[Tree, Tree]  # an expression with other parentheses, and what was computed first


def told_by_parentheses(answer: Any, is_right: Callable[[Any], bool]) -> str:
    """Say which other parentheses make an answer right; "" if none do, or its code is unknown.

    Args:
        answer: a function, as a student wrote it.
        is_right: whether a function is a right answer.
    """
    found = source_of(answer)
    if found is None or any(isinstance(node, ast.While) for node in ast.walk(found)):
        return ""  # with other parentheses, a loop may never end
    end = thread_time() + SECONDS
    seen, waiting = {ast.unparse(found)}, [(found, "")]
    for _ in range(MOVES):
        following = []
        for tree, first in waiting:
            for other, moved in _moved(tree):
                if thread_time() > end or len(seen) > MOST:
                    return ""
                text = ast.unparse(other)
                if text in seen:
                    continue
                seen.add(text)
                if is_right(_function(answer, other)):
                    return _sentence(found, other, first or moved)
                following.append((other, first or moved))
        waiting = following
    return ""


@dataclass(frozen=True)
class Compared:
    """What an answer compares at its end, as functions of its own inputs.

    Attributes:
        left, right: the two sides.
        fraction: numerator and denominator of the left side, if it is a fraction.
        smaller: whether the answer asks whether the left side is the smaller one.
    """

    left: FunctionType
    right: FunctionType
    fraction: tuple[FunctionType, FunctionType] | None
    smaller: bool


def compared_by(answer: Any) -> Compared | None:
    """Find the only comparison in the last statement of an answer that has one, outside loops."""
    if (found := source_of(answer)) is None:
        return None
    body = [found.body] if isinstance(found, ast.Lambda) else found.body
    for place, node in reversed([*enumerate(body)]):
        if isinstance(node, ast.For | ast.While):
            continue
        compared = _outer_comparisons(node.test if isinstance(node, ast.If) else node)
        if not compared:
            continue
        if len(compared) != 1 or len(compared[0].ops) != 1:
            return None
        left, op, right = compared[0].left, compared[0].ops[0], compared[0].comparators[0]

        def returning(value: Tree, place: int = place) -> FunctionType:
            new: ast.Lambda | ast.FunctionDef = ast.Lambda(found.args, value)
            if isinstance(found, ast.FunctionDef):
                new = copy.copy(found)
                new.body = [*found.body[:place], ast.Return(value)]
            return _function(answer, ast.copy_location(new, found))

        fraction = None
        if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Div):
            fraction = (returning(left.left), returning(left.right))
        smaller = isinstance(op, ast.Lt | ast.LtE)
        return Compared(returning(left), returning(right), fraction, smaller)
    return None


def _outer_comparisons(node: ast.AST) -> list[ast.Compare]:
    """Return the comparisons in no other one, and in no comprehension or function of their own."""
    if isinstance(node, ast.Compare):
        return [node]
    if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.Lambda | ast.DictComp):
        return []
    return [part for child in ast.iter_child_nodes(node) for part in _outer_comparisons(child)]


def _sentence(found: ast.AST, right: ast.AST, first: str) -> str:
    lines = (ast.unparse(tree).splitlines() for tree in (found, right))
    changed = next(new.strip() for old, new in zip(*lines, strict=True) if old != new)
    return (
        f"Python computes `{first}` first. Other parentheses make your function right: `{changed}`."
    )


def source_of(answer: Any) -> ast.FunctionDef | ast.Lambda | None:
    """Return a function's code as a tree; `None` if it can't be read, or for anything else."""
    if not isinstance(answer, FunctionType):
        return None
    code = answer.__code__
    try:
        module = ast.parse("".join(linecache.getlines(code.co_filename, answer.__globals__)))
    except (SyntaxError, ValueError):
        return None
    found = [
        (node, _code_of(node))
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.Lambda)
        and not getattr(node, "decorator_list", [])
        and node.lineno == code.co_firstlineno
    ]
    alike = [node for node, own in found if own.co_varnames == code.co_varnames]
    same = [node for node, own in found if own.co_code == code.co_code]  # not so for closures
    nodes = alike if len(alike) == 1 else same
    return nodes[0] if len(nodes) == 1 else None


def _code_of(node: ast.FunctionDef | ast.Lambda) -> CodeType:
    """Compile one function alone."""
    body = node if isinstance(node, ast.FunctionDef) else ast.Expr(node)
    module = compile(ast.fix_missing_locations(ast.Module([body], [])), "<answer>", "exec")
    return next(part for part in module.co_consts if isinstance(part, CodeType))


def _function(answer: FunctionType, node: ast.FunctionDef | ast.Lambda) -> FunctionType:
    """Make the function again from changed code, with the names that the first one knows."""
    cells = dict(zip(answer.__code__.co_freevars, answer.__closure__ or (), strict=True))
    names = answer.__globals__ | {name: cell.cell_contents for name, cell in cells.items()}
    function = FunctionType(_code_of(node), names, answer.__name__, answer.__defaults__)
    names[answer.__name__] = function  # a function that calls itself calls the changed one
    function.__kwdefaults__ = answer.__kwdefaults__
    return function


def _moved(root: Any) -> Iterator[tuple[Any, str]]:
    """Make every function in which the parentheses of one expression are others."""
    for node in ast.walk(root):
        for new, first in _moves(node) if isinstance(node, ast.expr) else ():
            if not _divides_a_comparison(new):
                yield _with(root, node, copy.deepcopy(new)), ast.unparse(first)


def _with(root: ast.AST, node: ast.AST, new: ast.AST) -> Any:
    """Copy a tree with another expression in place of one of its own."""
    return copy.deepcopy(root, {id(node): new})


def _divides_a_comparison(node: Tree) -> bool:
    """Whether True or False would be divided or scaled, as in `(p <= 0.05) / n`."""
    match node:
        case ast.BinOp(ast.Compare(), ast.Div() | ast.FloorDiv() | ast.Pow(), _):
            return True
        case ast.BinOp(
            ast.Compare(), ast.Mult() | ast.Add() | ast.Sub(), ast.Constant()
        ) | ast.BinOp(ast.Constant(), _, ast.Compare()):
            return True
    return False


def _moves(node: Tree) -> Iterator[Move]:
    """Yield an expression with other parentheses, each with what they computed first before."""
    if isinstance(node, ast.Compare):
        yield from _comparisons_first(node)
    yield from _too_wide(node)
    for left, right, put in _sides(node):
        match left:
            case ast.BinOp(a, op, b) if _binds(left) >= _binds(node) and not _is_sum(node, left):
                yield ast.BinOp(a, op, put(b, right)), left
            case ast.UnaryOp(op, a):
                yield ast.UnaryOp(op, put(a, right)), left
        if isinstance(right, ast.BinOp) and _binds(right) > _binds(node):
            yield ast.BinOp(put(left, right.left), right.op, right.right), right
        for base, around in _bases(right):
            yield around(put(left, base)), right


def _too_wide(node: Tree) -> Iterator[Move]:
    """Yield an expression without a pair of its parentheses, or with a call that ends earlier."""
    match node:
        case ast.BinOp(ast.BinOp(a, op, b) as left, outer, c) if _binds(left) < _binds(node):
            yield ast.BinOp(a, op, ast.BinOp(b, outer, c)), left
    match node:
        case ast.BinOp(a, outer, ast.BinOp(b, op, c) as right) if (
            _binds(right) < _binds(node) or (_binds(right) == _binds(node) and op is not outer)
        ) and not _is_sum(node, right):
            yield ast.BinOp(ast.BinOp(a, outer, b), op, c), right
    match node:
        case ast.Call(name, [ast.BinOp(a, op, b) as inside], []) if (
            ast.unparse(name).rpartition(".")[2] in ROUNDING
        ):
            yield ast.BinOp(ast.Call(name, [a], []), op, b), inside


def _binds(node: Tree) -> int:
    """Return how tightly Python binds an operator; what binds less was written in parentheses."""
    kind: type = type(node.op) if isinstance(node, ast.BinOp) else ast.Compare
    order = (ast.Compare, ast.BitOr, ast.BitXor, ast.BitAnd, ast.LShift, ast.Add, ast.Mult, ast.Pow)
    same: dict[type, type] = {ast.RShift: ast.LShift, ast.Sub: ast.Add}
    kind = same.get(kind, kind)
    return order.index(kind if kind in order else ast.Mult)


def _is_sum(*nodes: Tree) -> bool:
    """Whether these only add and subtract: there, a sign is wrong rather than the parentheses."""
    signs = ast.Add | ast.Sub
    return all(isinstance(node, ast.BinOp) and isinstance(node.op, signs) for node in nodes)


def _sides(node: Tree) -> Iterator[tuple[Tree, Tree, Callable[[Tree, Tree], Tree]]]:
    """Yield both sides of an operator, with what joins two other sides in the same way."""
    match node:
        case ast.BinOp(a, op, b):
            yield a, b, lambda one, other: ast.BinOp(one, op, other)
        case ast.Compare(a, [compares], [b]):
            yield a, b, lambda one, other: ast.Compare(one, [compares], [other])


def _bases(node: Tree) -> Iterator[tuple[Tree, Callable[[Tree], Tree]]]:
    """Yield what stands before `.name(…)` and `[…]`, with what puts these behind another one."""
    base = node
    while True:
        match base:
            case ast.Subscript(
                ast.Attribute(attr="shape") | ast.Call(ast.Attribute(attr="size"), args=[])
            ):
                return  # sizes in a tuple: `2 * x.shape` only repeats them
            case ast.Call(ast.Attribute(value)) | ast.Subscript(value):
                base = value
            case _:
                return
        yield base, partial(_with, node, base)


def _comparisons_first(node: ast.Compare) -> Iterator[Move]:
    """Yield `(a < b) & (c <= d)` for `a < b & c <= d`, which Python reads as `a < (b & c) <= d`."""
    sides = [_between_bits(side) for side in (node.left, *node.comparators)]
    joined = [operator for _, operators in sides for operator in operators]
    if not joined:
        return
    groups: list[tuple[list[Tree], list[ast.cmpop]]] = [([], [])]
    for place, (parts, _) in enumerate(sides):
        if place:
            groups[-1][1].append(node.ops[place - 1])
        groups[-1][0].append(parts[0])
        groups += [([part], []) for part in parts[1:]]
    compared = [ast.Compare(p[0], ops, p[1:]) if ops else p[0] for p, ops in groups]
    new = compared[0]
    for operator, other in zip(joined, compared[1:], strict=True):
        new = ast.BinOp(new, operator, other)
    first = (node.left, *node.comparators)[[bool(ops) for _, ops in sides].index(True)]
    yield new, first


def _between_bits(node: Tree) -> tuple[list[Tree], list[ast.operator]]:
    """Divide `a & b | c` into its parts and operators; one part where there are none."""
    match node:
        case ast.BinOp(a, ast.BitAnd() | ast.BitOr() | ast.BitXor() as op, b):
            (left, before), (right, after) = _between_bits(a), _between_bits(b)
            return [*left, *right], [*before, op, *after]
    return [node], []
