"""Functions that are made in a loop and read the loop's variable only when they are called."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator
from typing import Any

from torch import nn

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.source import parsed_file, text_of
from unet_teach.inspection.plain_lists import all_modules

Made = ast.FunctionDef | ast.Lambda


def bound_late(attempt: Attempt, keys: list[Any]) -> str:
    """Say that the hooks of a loop wrote all their entries under the last key."""
    for function, name, last in _late_hooks(attempt):
        if keys == [last]:
            return _told(function, name, f"so each writes to {last!r}")
    return ""


def late_in_self(attempt: Attempt) -> str:
    """Say the same of any dict of the module whose code failed."""
    owner = next(iter(attempt.code.names.values()), None)
    things = vars(owner).values() if isinstance(owner, nn.Module) else ()
    kept = [list(thing) for thing in things if isinstance(thing, dict)]
    return next(filter(None, (bound_late(attempt, keys) for keys in kept)), "")


def bound_late_by_name(attempt: Attempt) -> str:
    """Say that the hooks of a loop all gave their map to the same attribute."""
    for function, name, last in _late_hooks(attempt):
        if "setattr" in ast.unparse(function):
            return _told(function, name, f"and was {last!r} each time")
    return ""


def _late_hooks(attempt: Attempt) -> Iterator[tuple[Made, str, Any]]:
    """Yield the hooks that read a loop's variable late, with its name and what it stands for."""
    for _, module in all_modules(attempt.model):
        for hook in (*module._forward_hooks.values(), *module._forward_pre_hooks.values()):
            cells = getattr(hook, "__closure__", None) or ()
            for function, name in _late(hook.__code__) if cells else ():
                last = cells[hook.__code__.co_freevars.index(name)].cell_contents
                yield function, name, last


def last_of_a_loop(attempt: Attempt) -> str:
    """A function made in a loop runs with the loop's last value, and the error is inside of it."""
    frame = attempt.code.frame
    late = _late(frame.f_code) if frame else iter(())
    return next((_told(*each, "so each works with the last one") for each in late), "")


def _told(function: Made, name: str, so: str) -> str:
    """Say how the name is bound when the function is made."""
    made = [*function.args.posonlyargs, *function.args.args]
    given = ", ".join([*(arg.arg for arg in made), f"{name}={name}"])
    who, what = "The lambda", f"lambda {given}: "
    if isinstance(function, ast.FunctionDef):
        who, what = f"`{function.name}`", f"def {function.name}({given})"
    else:
        what += text_of(function.body)
    return (
        f"{who} in line {function.lineno} is made in a loop, and reads `{name}` only when it is "
        f"called: by then, the loop has ended, {so}. Bind it where it is made: `{what}`."
    )


def _late(code: types.CodeType) -> Iterator[tuple[Made, str]]:
    """Yield the function of a code, if a loop makes it, and the loop's names that it reads late."""
    for loop in ast.walk(parsed_file(code.co_filename)):
        loops = [loop] if isinstance(loop, ast.For) else getattr(loop, "generators", [])
        names = {n.id for each in loops for n in ast.walk(each.target) if isinstance(n, ast.Name)}
        late = sorted(names & set(code.co_freevars))
        for made in (m for m in ast.walk(loop) if isinstance(m, Made)):
            name = getattr(made, "name", "<lambda>")
            if (made.lineno, name) == (code.co_firstlineno, code.co_name):
                yield from ((made, name) for name in late)
