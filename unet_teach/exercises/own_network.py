"""Keeps the source of the U-Net of lesson 4, so that lessons 5 and 6 can train it."""

import ast
import contextlib
import inspect
import linecache
import symtable
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from torch import Tensor, nn

from unet_teach.exercises.progress_file import RECORD
from unet_teach.networks import UNet

FILE = "my_unet.py"


class CourseUNet(UNet):
    """The course's U-Net with the arguments of lesson 4's project."""

    def __init__(self, in_channels: int, out_channels: int, depth: int, base_channels: int) -> None:
        super().__init__(in_channels, out_channels, depth=depth, base_channels=base_channels)


def keep(network: type[nn.Module]) -> None:
    """Write the source of a class, and of what it uses, beside the progress file.

    Nothing is written where the source is not known, such as in a plain Python prompt. If later
    lessons won't be able to use the file, a sentence is printed.
    """
    source = _source(network)
    if not source:
        return
    try:
        _path().parent.mkdir(parents=True, exist_ok=True)
        _path().write_text(f"{source}\n\nMINE = {network.__name__}\n", encoding="utf-8")
    except OSError:
        return  # a folder that cannot be written: `progress()` says so
    try:
        _kept()
    except Exception as error:
        print(
            f"Lessons 5 and 6 can't train this network, as on its own it doesn't run ({error}). "
            "Write what it needs into the same cell, and run the cell and its check again."
        )


def my_unet() -> type[nn.Module]:
    """Return the student's own U-Net from lesson 4, or the course's in its place; print which.

    Returns:
        A class to be called with (in_channels, out_channels, depth, base_channels).
    """
    try:
        mine = _kept()
    except FileNotFoundError:
        print("This is the course's U-Net, because you haven't solved the project of lesson 4 yet.")
    except Exception as error:
        print(
            f"This is the course's U-Net, because yours, in {_path()}, doesn't run ({error}). "
            "To have it here, run your cell of lesson 4 and its check again."
        )
    else:
        print(f"This is the U-Net that you wrote in lesson 4 (kept in {_path()}).")
        return mine
    return CourseUNet


def _kept() -> type[nn.Module]:
    """Return the class in the file; raise whatever goes wrong with it."""
    names: dict[str, Any] = {"__name__": "my_unet"}
    source = _path().read_text(encoding="utf-8")
    linecache.cache[FILE] = (len(source), None, source.splitlines(keepends=True), FILE)
    exec(compile(source, FILE, "exec"), names)
    mine: type[nn.Module] = names["MINE"]
    output = mine(1, 1, 1, 2)(Tensor(1, 1, 8, 8).zero_())
    if output.shape != (1, 1, 8, 8):
        raise ValueError(f"it returns {tuple(output.shape)} for an image of (1, 1, 8, 8)")
    return _with_names(mine)


def _with_names(mine: type[nn.Module]) -> type[nn.Module]:
    """Return a class whose arguments have the names that the lessons use; the student's may not."""
    with contextlib.suppress(TypeError):
        inspect.signature(mine).bind(1, 1, depth=1, base_channels=2)
        return mine

    def init(
        self: nn.Module, in_channels: int, out_channels: int, depth: int, base_channels: int
    ) -> None:
        mine.__init__(self, in_channels, out_channels, depth, base_channels)

    return type(mine.__name__, (mine,), {"__init__": init})


def _path() -> Path:
    return RECORD.path.with_name(FILE)


def _source(network: type[nn.Module]) -> str:
    """Return imports and definitions in the order in which they are needed; empty if unknown."""
    parts: dict[str, str] = {}
    try:
        _collect(network.__name__, network, parts)
    except (OSError, SyntaxError, AttributeError, LookupError):
        return ""
    return "\n".join(parts.values())


def _collect(name: str, value: Any, parts: dict[str, str]) -> None:
    """Add the source of a name to `parts`, after that of all names that it uses."""
    if name in parts:
        return
    parts[name] = ""  # a name that is being collected: functions may call each other
    module = getattr(value, "__module__", None)
    if isinstance(value, ModuleType):
        parts[name] = f"import {value.__name__} as {name}"
    elif isinstance(value, type | FunctionType) and module != "__main__":
        parts[name] = f"from {module} import {value.__name__} as {name}"
    else:
        definition = ast.unparse(_definition(name, value))
        known = vars(sys.modules["__main__"])
        for used in sorted(_globals_of(symtable.symtable(definition, FILE, "exec")) - {name}):
            if used in known:
                _collect(used, known[used], parts)
        del parts[name]  # it comes after what it uses
        parts[name] = f"\n\n{definition}"


def _definition(name: str, value: Any) -> ast.stmt:
    """Return the statement that gave a name of the notebook its value, the newest one."""
    if isinstance(value, FunctionType):
        cells = ["".join(linecache.getlines(value.__code__.co_filename))]
    elif isinstance(value, type):
        functions = [one for one in vars(value).values() if isinstance(one, FunctionType)]
        cells = ["".join(linecache.getlines(functions[0].__code__.co_filename))]
    else:
        cells = [str(cell) for cell in vars(sys.modules["__main__"]).get("In", ())]  # IPython's
    for cell in reversed(cells):
        try:
            statements = ast.parse(cell).body
        except SyntaxError:  # one with a magic command, such as %timeit
            continue
        for statement in reversed(statements):
            named = [getattr(statement, "name", None), *_targets(statement)]
            if name in named:
                return statement
    return ast.parse(f"{name} = {value!r}").body[0]


def _targets(statement: ast.stmt) -> Iterator[str]:
    """Yield the names to which a statement assigns."""
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for node in (node for target in targets for node in ast.walk(target)):
            if isinstance(node, ast.Name):
                yield node.id


def _globals_of(table: symtable.SymbolTable) -> set[str]:
    """Return the names that code takes from its module: no arguments, no variables of its own."""
    found = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (symbol.is_global() or table.get_type() == "module")
    }
    return found.union(*map(_globals_of, table.get_children()))
