"""Runs functions of tensors forwards and backwards, and says in which value they differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.shared.sizes_as_text import sizes_as_text


@dataclass(frozen=True)
class Trace:
    """One run of a function.

    Attributes:
        output: the tensor that came out.
        gradients: of a random weighted sum of the output, with respect to each input tensor, then
            to each parameter of the layers among the inputs; zeros where nothing flows back.
        changed: whether the function changed an input tensor in place; then no gradient is taken.
    """

    output: Tensor
    gradients: tuple[Tensor, ...]
    changed: bool


def trace(function: Callable[..., Any], inputs: Sequence[Any]) -> Trace | str:
    """Run a function of tensors and layers, forwards and backwards.

    Returns:
        The run, or the sentence that says why what came out is not a tensor.
    """
    leaves = [x.detach().clone().requires_grad_() for x in inputs if isinstance(x, Tensor)]
    # Not the leaves themselves: changing one in place would be an error about something else.
    given = [leaf.clone() for leaf in leaves]
    rest = iter(given)
    with torch.enable_grad():
        output = function(*(next(rest) if isinstance(x, Tensor) else x for x in inputs))
        if not isinstance(output, Tensor):
            return no_tensor(output)
        layers = (x for x in inputs if isinstance(x, nn.Module))
        sources = [*leaves, *(p for layer in layers for p in layer.parameters())]
        gradients = tuple(torch.zeros_like(source) for source in sources)
        changed = any(not close(now, leaf) for now, leaf in zip(given, leaves, strict=True))
        if output.requires_grad and not changed:
            weights = torch.randn(output.shape, generator=torch.Generator().manual_seed(0))
            gradients = torch.autograd.grad(
                (output * weights).sum(), sources, allow_unused=True, materialize_grads=True
            )
    return Trace(output.detach(), gradients, changed)


def same_run(one: Trace | str, other: Trace | str) -> bool:
    """Whether two runs gave the same values and gradients."""
    if not isinstance(one, Trace) or not isinstance(other, Trace):
        return False
    pairs = zip((one.output, *one.gradients), (other.output, *other.gradients), strict=True)
    return one.changed == other.changed and all(close(a, b) for a, b in pairs)


def close(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors have one shape and, apart from rounding, the same values."""
    return one.shape == other.shape and torch.allclose(
        one.to(other.dtype), other, rtol=1e-4, atol=1e-5
    )


def no_tensor(output: Any) -> str:
    """Say why an output is not the expected tensor."""
    if output is None:
        return "Nothing comes out. Did you forget the word `return`?"
    if output is ...:
        return "Dots come out: a part of your code is not written yet."
    return f"What comes out is of type {type(output).__name__}. Return the map alone, a tensor."


def shape_problem(output: Tensor, target: Sequence[int], where: str) -> str | None:
    """Compare shapes: rank, batch, channels, then height and width.

    Args:
        output: of the student's code.
        target: the right shape.
        where: names the input and begins the sentence, as in "On 8×9".
    """
    if output.dim() != len(target):
        return f"{where}: the result's shape is {tuple(output.shape)}, wanted {tuple(target)}."
    if output.shape[0] != target[0]:
        noun = "map" if output.shape[0] == 1 else "maps"
        return f"{where}: the batch has {output.shape[0]} {noun}, wanted {target[0]}."
    if output.shape[1] != target[1]:
        return f"{where}: {output.shape[1]} channels come out, wanted {target[1]}."
    if tuple(output.shape[2:]) != tuple(target[2:]):
        size, right = sizes_as_text(output.shape[2:]), sizes_as_text(target[2:])
        return f"{where}: {size} comes out, wanted {right}."
    return None


def values_problem(output: Tensor, target: Tensor, where: str) -> str | None:
    """Compare the values of two tensors of one shape; name the first cell that differs."""
    if not torch.isfinite(output).all() and torch.isfinite(target).all():
        kind = "NaN" if output.isnan().any() else "infinite"
        return f"{where}: some values are {kind}. Is something divided by zero, or left empty?"
    differs = ~torch.isclose(output.to(target.dtype), target, rtol=1e-4, atol=1e-5)
    if not differs.any():
        return None
    cell = tuple(int(i) for i in differs.nonzero()[0])
    return (
        f"{where}: {int(differs.sum())} of {differs.numel()} values differ. The first, at "
        f"{list(cell)}, is {output[cell].item():.4g}, wanted {target[cell].item():.4g}."
    )


def gradient_problem(run: Trace, target: Trace, names: Sequence[str], where: str) -> str | None:
    """Name the first source to which the right gradient does not flow back."""
    for name, one, other in zip(names, run.gradients, target.gradients, strict=True):
        if not close(one, other):
            lost = "only a part of the gradient" if one.any() else "no gradient"
            return f"{where}: the values are right, but {lost} flows back to {name}."
    return None
