"""Functions that are made in a loop and read the loop's variable only when they are called."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator
from typing import Any

from torch import nn

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.own_code import own_code
from unet_teach.inspection.diagnosis.source import Place, parsed_file, text_of
from unet_teach.inspection.plain_lists import all_modules

Loop = ast.For | ast.ListComp | ast.DictComp | ast.GeneratorExp
Made = ast.FunctionDef | ast.Lambda


def bound_late(attempt: Attempt, keys: list[Any]) -> str:
    """Say that the hooks of a loop wrote all their entries under the last key."""
    for place, function, name, last in _late_hooks(attempt):
        if keys == [last]:
            return _told(place, function, name, f"so each writes to {last!r}")
    return ""


def late_in_self(attempt: Attempt) -> str:
    """Say the same of any dict of the module whose code failed."""
    owner = next(iter(own_code(attempt.error).names.values()), None)
    things = vars(owner).values() if isinstance(owner, nn.Module) else ()
    kept = [list(thing) for thing in things if isinstance(thing, dict)]
    return next(filter(None, (bound_late(attempt, keys) for keys in kept)), "")


def bound_late_by_name(attempt: Attempt) -> str:
    """Say that the hooks of a loop all gave their map to the same attribute."""
    for place, function, name, last in _late_hooks(attempt):
        if "setattr" in ast.unparse(function):
            return _told(place, function, name, f"and was {last!r} each time")
    return ""


def _late_hooks(attempt: Attempt) -> Iterator[tuple[Place, Made, str, Any]]:
    """Yield the hooks that read a loop's variable late, with its name and what it stands for."""
    hooks = [
        hook
        for _, module in all_modules(attempt.model)
        for hook in (*module._forward_hooks.values(), *module._forward_pre_hooks.values())
        if isinstance(hook, types.FunctionType) and hook.__closure__
    ]
    for hook in hooks:
        code, cells = hook.__code__, hook.__closure__ or ()
        known = dict(zip(code.co_freevars, cells, strict=True))
        for place, function, names in _late_functions(code.co_filename):
            if function.lineno == code.co_firstlineno:
                for name in sorted(names & set(known)):
                    yield place, function, name, known[name].cell_contents


def last_of_a_loop(attempt: Attempt) -> str:
    """A function made in a loop runs with the loop's last value, and the error is inside of it."""
    code = own_code(attempt.error)
    if code.frame is None:
        return ""
    first, name = code.frame.f_code.co_firstlineno, code.frame.f_code.co_name
    for place, function, names in _late_functions(code.place[0]):
        is_same = function.lineno == first and name == getattr(function, "name", "<lambda>")
        free = names & set(code.frame.f_code.co_freevars)
        if is_same and free:
            return _told(place, function, free.pop(), "so each works with the last one")
    return ""


def _told(place: Place, function: Made, name: str, so: str) -> str:
    """Say how the name is bound when the function is made."""
    made = [*function.args.posonlyargs, *function.args.args]
    given = ", ".join([*(arg.arg for arg in made), f"{name}={name}"])
    who, what = "The lambda", f"lambda {given}: "
    if isinstance(function, ast.FunctionDef):
        who, what = f"`{function.name}`", f"def {function.name}({given})"
    else:
        what += text_of(function.body, place)
    return (
        f"{who} in line {function.lineno} is made in a loop, and reads `{name}` only when it is "
        f"called: by then, the loop has ended, {so}. Bind it where it is made: `{what}`."
    )


def _late_functions(file: str) -> Iterator[tuple[Place, Made, set[str]]]:
    """Yield the functions of a file that are made in a loop and read its variables."""
    for loop in ast.walk(parsed_file(file)):
        if not isinstance(loop, Loop):
            continue
        loops = [loop] if isinstance(loop, ast.For) else loop.generators
        targets = [each.target for each in loops]
        names = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        for function in ast.walk(loop):
            if isinstance(function, Made) and (late := _reads(function) & names):
                yield (file, function.lineno), function, late


def _reads(function: Made) -> set[str]:
    """Return the names that a function reads from around it when it is called."""
    args = function.args
    bound = {a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)}
    body = function.body if isinstance(function.body, list) else [function.body]
    names = [n for part in body for n in ast.walk(part) if isinstance(n, ast.Name)]
    bound |= {n.id for n in names if isinstance(n.ctx, ast.Store)}
    return {n.id for n in names} - bound
