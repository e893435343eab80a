"""Walks a network with the layers in plain lists, and says what is wrong with how it was built."""

from __future__ import annotations

import re
from collections.abc import Iterator

from torch import Tensor, nn

from unet_teach.inspection.wording import listed
from unet_teach.shared.plain_lists import hidden_parts, untrained_parts


def hidden_layers(model: nn.Module) -> dict[str, nn.Module]:
    """Return the layers in plain lists by their paths, such as "encoder[0]"."""
    parts = hidden_parts(model).items()
    return {path: part for path, part in parts if isinstance(part, nn.Module)}


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
    paths = untrained_parts(model)
    if not paths:
        return ""
    kind = "nn.ModuleDict" if all("['" in path for path in paths) else "nn.ModuleList"
    named = listed(dict.fromkeys(path.partition("[")[0] for path in paths))
    return (
        f"The layers in {named} never train: a plain list or dict hides them from "
        f"model.parameters(), so no optimizer gets their weights. Wrap each in {kind}(…)."
    )
