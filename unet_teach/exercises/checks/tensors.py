"""Checks for answers that are functions of tensors: shapes, values and gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.exercises.checks.functions import (
    Case,
    Cases,
    Function,
    Probes,
    is_function,
    on_each_case,
    parameter_names,
)
from unet_teach.exercises.exercise import Check
from unet_teach.shared.sizes_as_text import sizes_as_text


def tensor_function(
    signature: str,
    cases: Cases,
    *right: Function,
    holds: tuple[str, str] = ("its size", "its values"),
    unchanged: str = "a map it was given",
    explain: Callable[[Case, Tensor], str | None] = lambda case, output: None,
) -> tuple[Check, ...]:
    """Make the checks of a function of tensors and layers that returns one (N, C, H, W) tensor.

    Args:
        signature: of the function, as in "pad_to(up, skip)".
        cases: makes known cases first, then random ones.
        right: right answers; several where several outputs are right. Their shapes are equal.
        holds: what is right when the checks of the shape and of the values pass.
        unchanged: names the inputs in the sentence about a function that changes one in place.
        explain: says in a sentence what is wrong with an output of the right shape; where it
            returns `None`, the sentence names the first wrong value.

    Returns:
        Four checks: that the answer is a function, its output's shape, values, and gradients.
    """

    def check(holds: str, problem: Callable[[Case, Trace, list[Trace]], str | None]) -> Check:
        def in_case(answer: Function, case: Case) -> str | None:
            run = trace(answer, case.inputs)
            if isinstance(run, str):
                return run
            targets = (trace(function, case.inputs) for function in right)
            return problem(case, run, [t for t in targets if isinstance(t, Trace)])

        return on_each_case(holds, cases, in_case)

    def shape(case: Case, run: Trace, targets: list[Trace]) -> str | None:
        if run.changed:
            return f"{case.call}: your function changes {unchanged}."
        return shape_problem(run.output, targets[0].output.shape, case.call)

    def values(case: Case, run: Trace, targets: list[Trace]) -> str | None:
        if any(close(run.output, target.output) for target in targets):
            return None
        return explain(case, run.output) or values_problem(run.output, targets[0].output, case.call)

    def gradients(case: Case, run: Trace, targets: list[Trace]) -> str | None:
        same_output = (target for target in targets if close(run.output, target.output))
        named = zip(parameter_names(signature), case.inputs, strict=True)
        names = [name for name, value in named for _ in _sources(value)]
        return gradient_problem(run, next(same_output, targets[0]), names, case.call)

    return (
        is_function(signature),
        check(holds[0], shape),
        check(holds[1], values),
        check("its gradient", gradients),
    )


class TensorProbes(Probes):
    """Probes for functions of tensors: a known mistake has the same gradients, too."""

    def run(self, function: Function, inputs: Sequence[Any]) -> Any:
        """Run the function forwards and backwards."""
        return trace(function, inputs)

    def same(self, one: Any, other: Any) -> bool:
        """Whether two functions gave the same values and gradients, or both raised an error."""
        return one is other or (
            isinstance(one, Trace)
            and isinstance(other, Trace)
            and one.changed == other.changed
            and close(one.output, other.output)
            and all(map(close, one.gradients, other.gradients))
        )


@dataclass(frozen=True)
class Trace:
    """One run of a function, forwards and backwards.

    Attributes:
        output: the tensor that the function returned.
        gradients: of a random weighted sum of the output, with respect to each input tensor and
            each parameter of an input layer, in this order; zeros where nothing flows back.
        changed: whether the function changed an input tensor in place; then no gradient is taken.
    """

    output: Tensor
    gradients: tuple[Tensor, ...]
    changed: bool


def trace(function: Function, inputs: Sequence[Any]) -> Trace | str:
    """Run a function of tensors and layers, forwards and backwards.

    Returns:
        The run, or the sentence that says why what came out is not a tensor.
    """
    leaves = [x.detach().clone().requires_grad_() if isinstance(x, Tensor) else x for x in inputs]
    # Not the leaves themselves: changing one in place would be an error about something else.
    given = [leaf.clone() if isinstance(leaf, Tensor) else leaf for leaf in leaves]
    with torch.enable_grad():
        output = function(*given)
        if not isinstance(output, Tensor):
            return no_tensor(output)
        sources = [source for leaf in leaves for source in _sources(leaf)]
        gradients = tuple(torch.zeros_like(source) for source in sources)
        changed = any(
            isinstance(leaf, Tensor) and not close(now, leaf)
            for now, leaf in zip(given, leaves, strict=True)
        )
        if output.requires_grad and not changed:
            weights = torch.randn(output.shape, generator=torch.Generator().manual_seed(0))
            gradients = torch.autograd.grad(
                (output * weights).sum(), sources, allow_unused=True, materialize_grads=True
            )
    return Trace(output.detach(), gradients, changed)


def _sources(value: Any) -> list[Tensor]:
    """Return what a gradient can flow back to in an input: itself, or its parameters."""
    if isinstance(value, nn.Module):
        return list(value.parameters())
    return [value] if isinstance(value, Tensor) else []


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
