"""Finds layers that a network keeps in plain lists or dictionaries, where torch does not see them.

They run, but `model.parameters()` leaves them out, so an optimizer never trains them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import nn


def hidden_parts(model: nn.Module) -> dict[str, nn.Module | nn.Parameter]:
    """Return the layers and parameters in plain lists by their paths, such as "encoder[0]"."""
    registered = {id(part) for part in (*model.modules(), *nn.Module.parameters(model))}
    return {
        path: part
        for prefix, module in model.named_modules()
        for attribute, thing in vars(module).items()
        if isinstance(thing, list | tuple | set | dict)
        for path, part in parts_in(f"{prefix}.{attribute}".lstrip("."), thing)
        if id(part) not in registered
    }


def parts_in(path: str, thing: Any) -> Iterator[tuple[str, nn.Module | nn.Parameter]]:
    """Yield the layers and parameters in nested lists and dictionaries, with their paths."""
    if isinstance(thing, nn.Module | nn.Parameter):
        yield path, thing
    elif isinstance(thing, list | tuple | set | dict):
        for key, part in thing.items() if isinstance(thing, dict) else enumerate(thing):
            yield from parts_in(f"{path}[{key!r}]", part)


def untrained_parts(model: nn.Module) -> list[str]:
    """Return the paths of those that have weights which ask for a gradient."""
    own = {id(weight) for weight in nn.Module.parameters(model)}
    return [
        path
        for path, part in hidden_parts(model).items()
        for weights in [[part] if isinstance(part, nn.Parameter) else part.parameters()]
        if any(weight.requires_grad and id(weight) not in own for weight in weights)
    ]
