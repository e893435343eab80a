"""Finds modules whose `__init__` leaves out `super().__init__()`: torch cannot walk them."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from unet_teach.shared.plain_lists import parts_in


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


def _walk(path: str, module: nn.Module, seen: set[int]) -> Iterator[tuple[str, nn.Module]]:
    """Yield the modules in a module, also those in plain lists, whether they are set up or not."""
    if id(module) in seen:
        return
    seen.add(id(module))
    yield path, module
    modules = dict(getattr(module, "_modules", {}).items())  # TorchScript has no dict there
    for name, thing in (vars(module) | modules).items():
        for place, part in parts_in(f"{path}.{name}".lstrip("."), thing):
            if isinstance(part, nn.Module) and name != "_modules":
                yield from _walk(place, part, seen)
