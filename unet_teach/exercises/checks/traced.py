"""Runs functions of maps: what comes out, what flows back, and whether two of them do the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.exercises.checks.functions import no_map
from unet_teach.exercises.exercise import Slip


@dataclass(frozen=True)
class Traced:
    """One run of a function.

    Attributes:
        made: the tensor that came out.
        gradients: what flows back from it to each tensor that went in, then to each parameter of
            the layers that went in; zeros where nothing does.
        changed: whether the function changed a tensor it was given; then no gradient is taken.
    """

    made: Tensor
    gradients: tuple[Tensor, ...]
    changed: bool


def trace(function: Callable[..., Any], inputs: Sequence[Any]) -> Traced | str:
    """Run a function of tensors and layers, forwards and backwards.

    Returns:
        The run, or the sentence that says why what came out is no tensor.
    """
    leaves = [x.detach().clone().requires_grad_() for x in inputs if isinstance(x, Tensor)]
    # Not the leaves themselves: changing one in place would be an error about something else.
    given = [leaf.clone() for leaf in leaves]
    rest = iter(given)
    with torch.enable_grad():
        made = function(*(next(rest) if isinstance(x, Tensor) else x for x in inputs))
        if not isinstance(made, Tensor):
            return no_map(made)
        layers = (x for x in inputs if isinstance(x, nn.Module))
        sources = [*leaves, *(p for layer in layers for p in layer.parameters())]
        gradients = tuple(torch.zeros_like(source) for source in sources)
        changed = any(not close(now, leaf) for now, leaf in zip(given, leaves, strict=True))
        if made.requires_grad and not changed:
            weights = torch.randn(made.shape, generator=torch.Generator().manual_seed(0))
            gradients = torch.autograd.grad(
                (made * weights).sum(), sources, allow_unused=True, materialize_grads=True
            )
    return Traced(made.detach(), gradients, changed)


def gradient_fault(found: Traced, wanted: Traced, names: Sequence[str], where: str) -> str | None:
    """Name the first thing that went in to which the right gradient does not flow back."""
    for name, one, other in zip(names, found.gradients, wanted.gradients, strict=True):
        if not close(one, other):
            lost = "only a part of the gradient" if one.any() else "no gradient"
            return f"{where}: the values are right, but {lost} flows back to {name}."
    return None


def same(answer: Callable[..., Any], other: Callable[..., Any], inputs: Sequence[Any]) -> bool:
    """Whether two functions do the same: both fail, or give the same values and gradients."""
    runs = []
    for function in (answer, other):
        try:
            runs.append(trace(function, inputs))
        except Exception:
            runs.append("fails")
    one, two = runs
    if isinstance(one, Traced) and isinstance(two, Traced):
        pairs = zip((one.made, *one.gradients), (two.made, *two.gradients), strict=True)
        return one.changed == two.changed and all(close(a, b) for a, b in pairs)
    return one == two == "fails"


def twin(
    name: str,
    wrong: Sequence[Callable[..., Any]],
    probes: Callable[[], Iterable[Sequence[Any]]],
    says: str,
) -> Slip:
    """A slip known by what it does: on every probe the answer does what one of `wrong` does.

    Args:
        name: the mistake in a few words.
        wrong: functions that make it, the first of them the example.
        probes: makes inputs; on one of them at least, each of `wrong` must not fail.
        says: the sentence that names the mistake.
    """

    def recognises(answer: Any) -> bool:
        tried = list(probes())
        return any(all(same(answer, other, inputs) for inputs in tried) for other in wrong)

    return Slip(name, lambda: wrong[0], recognises, says)


def close(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors have one shape and, apart from rounding, the same values."""
    return one.shape == other.shape and torch.allclose(
        one.to(other.dtype), other, rtol=1e-4, atol=1e-5
    )
