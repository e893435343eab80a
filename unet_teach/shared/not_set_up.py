"""Finds modules whose `__init__` leaves out `super().__init__()`: torch cannot walk them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import nn


def not_set_up(model: nn.Module) -> str:
    """Say which module of a network is not set up, and what is missing; "" if all of them are."""
    for path, module in _walk("", model, set()):
        if hasattr(module, "_modules"):
            continue
        kinds = [kind for kind in type(module).__mro__ if "__init__" in vars(kind)]
        calls = [getattr(vars(kind)["__init__"], "__code__", None) for kind in kinds]
        pairs = [pair for pair in zip(kinds, calls, strict=True) if pair[0] is not nn.Module]
        if not pairs:
            continue
        lacks = [kind for kind, code in pairs if code and "__init__" not in code.co_names]
        kind = (lacks or [pairs[0][0]])[0]
        who = type(module).__name__
        own = "its __init__" if kind is type(module) else f"the __init__ of {kind.__name__}"
        brackets = "" if lacks else ", with both pairs of brackets"
        return (
            f"{f'{path}, a {who},' if path else who} is not set up: begin {own} with "
            f"super().__init__(){brackets}."
        )
    return ""


def _walk(path: str, thing: Any, seen: set[int]) -> Iterator[tuple[str, nn.Module]]:
    """Yield the modules in a module, also those in plain lists, whether they are set up or not."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    parts: dict[Any, Any]
    if isinstance(thing, nn.Module):
        yield path, thing
        parts = vars(thing) | dict(getattr(thing, "_modules", {}).items())
        prefix, suffix = (f"{path}." if path else ""), ""
    elif isinstance(thing, dict):
        parts, prefix, suffix = thing, f"{path}[", "]"
    elif isinstance(thing, list | tuple | set):
        parts, prefix, suffix = dict(enumerate(thing)), f"{path}[", "]"
    else:
        return
    for name, part in parts.items():
        if isinstance(part, nn.Module | list | tuple | set | dict) and name != "_modules":
            key = repr(name) if suffix else name
            yield from _walk(f"{prefix}{key}{suffix}", part, seen)
