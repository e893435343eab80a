"""Finds layers that a network keeps in plain lists or dictionaries, where torch does not see them.

They run, but `model.parameters()` leaves them out, so an optimizer never trains them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn


def hidden_layers(model: nn.Module) -> dict[str, nn.Module]:
    """Return the layers in plain lists by their paths, such as "encoder[0]"."""
    registered = {id(module) for module in model.modules()}
    return {
        path: layer
        for prefix, module in model.named_modules()
        for attribute, thing in vars(module).items()
        if not attribute.startswith("_") and isinstance(thing, list | tuple | dict)
        for path, layer in _layers_in(f"{prefix}.{attribute}".lstrip("."), thing)
        if id(layer) not in registered
    }


def _layers_in(path: str, thing: Any) -> Iterator[tuple[str, nn.Module]]:
    if isinstance(thing, nn.Module):
        yield path, thing
    elif isinstance(thing, list | tuple | dict):
        parts = thing.items() if isinstance(thing, dict) else enumerate(thing)
        for key, part in parts:
            yield from _layers_in(f"{path}[{key!r}]", part)


def all_modules(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield every module with its path, those in plain lists included."""
    yield from model.named_modules()
    for path, layer in hidden_layers(model).items():
        yield from layer.named_modules(prefix=path)


def named_weights(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yield every parameter and buffer with its path, those in plain lists included."""
    for prefix, root in (("", model), *hidden_layers(model).items()):
        yield from root.named_parameters(prefix=prefix)
        yield from root.named_buffers(prefix=prefix)


def meta_note(model: nn.Module) -> str:
    """Say which layer has shapes and no values, while others have values; "" if none."""
    weights = dict(named_weights(model))
    empty = [name for name, weight in weights.items() if weight.is_meta]
    if not empty or len(empty) == len(weights):  # all of them are meant to be
        return ""
    path = empty[0].rpartition(".")[0]
    while (above := path.rpartition(".")[0]) and all(
        weight.is_meta for name, weight in weights.items() if name.startswith(f"{above}.")
    ):
        path = above
    code = re.sub(r"\.(\d+)", r"[\1]", f"model.{path}")
    filled = f", or give it memory, {code}.to_empty(device='cpu'), and load its weights"
    return (
        f"{path or empty[0]} is on the meta device: its weights have shapes and no values, so the "
        "network cannot run with real images. Build it without device='meta'"
        f"{filled if path else ''}."
    )


def untrained_lists_note(model: nn.Module) -> str:
    """Say which plain lists hold layers with parameters, which are never trained; "" if none do."""
    hidden = hidden_layers(model)
    paths = [path for path, layer in hidden.items() if any(True for _ in layer.parameters())]
    if not paths:
        return ""
    lists = list(dict.fromkeys(path.partition("[")[0] for path in paths))
    kind = "nn.ModuleDict" if all("['" in path for path in paths) else "nn.ModuleList"
    named = " and ".join([", ".join(lists[:-1]), lists[-1]] if lists[1:] else lists)
    return (
        f"The layers in {named} never train: a plain list or dict hides them from "
        f"model.parameters(), so no optimizer gets their weights. Wrap each in {kind}(…)."
    )
