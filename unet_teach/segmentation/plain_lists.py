"""Finds layers in plain lists and dicts, which are not registered, so an optimizer skips them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from torch import Tensor, nn


def hint_on_lists(model: nn.Module) -> str:
    """Return a sentence if a network has layers in plain lists, or "".

    Such layers are not the network's own, so an optimizer does not get their weights.
    """
    own = {id(weight) for weight in model.parameters()}
    lists = [
        f"{name}.{attribute}" if name else attribute
        for name, module in model.named_modules()
        for attribute, value in vars(module).items()
        if isinstance(value, list | tuple | set | dict)
        if any(id(weight) not in own and weight.requires_grad for weight in _weights(value))
    ]
    if not lists:
        return ""
    return (
        f"The layers in {', '.join(lists)} are never trained, because a network does not register "
        "the layers of a plain list or dict. Put them in nn.ModuleList(…) or nn.ModuleDict(…)."
    )


def _weights(value: object) -> Iterator[Tensor]:
    """Yield the weights in nested lists and dicts."""
    if isinstance(value, nn.Module):
        yield from value.parameters()
    elif isinstance(value, nn.Parameter):
        yield value
    elif isinstance(value, list | tuple | set | dict):
        elements: Iterable[object] = value.values() if isinstance(value, dict) else value
        for element in elements:
            yield from _weights(element)
