"""Checks for answers that are functions of tensors: shapes, values and gradients."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.exercises.checks import differences
from unet_teach.exercises.checks.differences import AXES, EVERYWHERE, Condition, formulas, occasion
from unet_teach.exercises.checks.functions import (
    Case,
    Cases,
    Function,
    Probes,
    is_function,
    on_each_case,
    parameter_names,
    without_value,
)
from unet_teach.exercises.exercise import Check
from unet_teach.shared.sizes_as_text import sizes_as_text

NOT_REPEATED = (
    "called twice with the same inputs, your function returns different results. "
    "Is there dropout, noise, a new layer with random weights, or a `torch.empty`, which is not "
    "filled?"
)

Problem = Callable[[Function, Case, "Trace", "list[Trace]"], "str | None"]  # of an answer's run


def seeded(make: Callable[[], list[Case]]) -> Callable[[], list[Case]]:
    """Let cases hold the same random numbers each time, so that equal answers get equal replies."""

    def cases() -> list[Case]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return make()

    return cases


def tensor_function(
    signature: str,
    cases: Cases,
    *right: Function,
    holds: tuple[str, str] = ("its size", "its values"),
    explain: Callable[[Case, Tensor], str | None] = lambda case, output: None,
    fixed: Cases | None = None,
    maps: Callable[..., Mapping[str, Tensor]] | None = None,
    conditions: Mapping[str, Condition] = MappingProxyType({}),
) -> tuple[Check, ...]:
    """Make the checks of a function of tensors and layers that returns one (N, C, H, W) tensor.

    Args:
        signature: of the function, as in "pad_to(up, skip)".
        cases: makes known cases first, then random ones.
        right: right answers; several where several outputs are right. Their shapes are equal.
        holds: what is right when the checks of the shape and of the values pass.
        explain: says in a sentence what is wrong with an output; where it returns `None`, the
            sentence says which size is wrong, or where and how the values differ.
        fixed: makes the cases on which facts about a wrong answer are measured, always the same.
        maps: names the tensors that the sizes of a result may come from; without it, the inputs.
        conditions: functions of the inputs by their names, that may decide when an answer is right.

    Returns:
        Four checks: that the answer is a function, its output's shape, values, and gradients.
    """
    parameters = parameter_names(signature)

    def check(holds: str, problem: Problem) -> Check:
        def in_case(answer: Function, case: Case) -> str | None:
            run = trace(answer, case.inputs)
            return run if isinstance(run, str) else problem(answer, case, run, targets_of(case))

        return replace(on_each_case(holds, cases, in_case), facts=facts)

    def targets_of(case: Case) -> list[Trace]:
        runs = (trace(function, case.inputs) for function in right)
        return [run for run in runs if isinstance(run, Trace)]

    def shape(answer: Function, case: Case, run: Trace, targets: list[Trace]) -> str | None:
        if run.changed:
            changed = parameters[run.changed[0]]
            return (
                f"{case.call}: your function changes its input `{changed}`. Work on a copy, "
                f"`{changed}.clone()`."
            )
        problem = shape_problem(run.output, targets[0].output.shape, case.call)
        return problem and (explain(case, run.output) or problem)

    def values(answer: Function, case: Case, run: Trace, targets: list[Trace]) -> str | None:
        same_values = [target for target in targets if close(run.output, target.output)]
        if same_values:
            now, wanted = run.output.dtype, same_values[0].output.dtype
            kinds = f"the output is {_name(now)}, but it should be {_name(wanted)}, like the input"
            advice = "Give a new tensor the input's `dtype`."
            return None if now == wanted else f"{case.call}: {kinds}. {advice}"
        if not _is_repeated(answer, case, run):
            return f"{case.call}: {NOT_REPEATED}"
        return explain(case, run.output) or values_problem(run.output, targets[0].output, case.call)

    def gradients(answer: Function, case: Case, run: Trace, targets: list[Trace]) -> str | None:
        names = [
            name
            for name, value in zip(parameters, case.inputs, strict=True)
            for _ in _sources(value)
        ]
        return gradient_problem(run, _closest(run, targets), names, case.call)

    def facts(answer: Function) -> str:
        measured = [(case, _try(answer, case), targets_of(case)) for case in (fixed or cases)()]
        if not all(_is_repeated(answer, case, run) for case, run, _ in measured if run):
            return ""
        is_right = [run is not None and _agrees(run, targets) for _, run, targets in measured]
        sized = [(case, run, t[0]) for case, run, t in measured if run and run.output.dim() == 4]
        sized = sized if len(sized) == len(measured) else []  # or else the cases that fail say more
        named = maps or (lambda *inputs: dict(zip(parameters, inputs, strict=True)))
        terms = [_sizes(named(*case.inputs)) for case, *_ in sized]
        size_facts = formulas(
            [run.output.shape for _, run, _ in sized],
            [target.output.shape for *_, target in sized],
            terms,
        )
        if size_facts:
            size_facts = f"In all {len(sized)} cases tried, the output's {size_facts}."
        cases_tried = [case for case, *_ in measured]
        inputs, calls = [case.inputs for case in cases_tried], [case.call for case in cases_tried]
        when = occasion(inputs, is_right, conditions, calls)
        return " ".join(filter(None, (size_facts, when)))

    return (
        is_function(signature),
        check(holds[0], shape),
        check(holds[1], values),
        check("its gradient", gradients),
    )


def _is_repeated(answer: Function, case: Case, run: Trace) -> bool:
    again = _try(answer, case)
    return again is not None and close(again.output, run.output)


def _try(answer: Function, case: Case) -> Trace | None:
    try:
        run = trace(answer, case.inputs)
    except Exception:
        return None
    return run if isinstance(run, Trace) and not run.changed else None


def _agrees(run: Trace, targets: Sequence[Trace]) -> bool:
    target = _closest(run, targets)
    return (
        close(run.output, target.output)
        and run.output.dtype == target.output.dtype
        and all(map(close, run.gradients, target.gradients))
    )


def _closest(run: Trace, targets: Sequence[Trace]) -> Trace:
    """Return the right run with the same output, else the first."""
    return next((target for target in targets if close(run.output, target.output)), targets[0])


def _sizes(maps: Mapping[str, Any]) -> dict[str, int]:
    return {
        f"{name}'s {axis}": value.shape[axis_number]
        for axis_number, axis in enumerate(AXES)
        for name, value in maps.items()
        if isinstance(value, Tensor)
    }


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


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
        changed: the places of the inputs that the function changed; then no gradient is taken.
    """

    output: Tensor
    gradients: tuple[Tensor, ...]
    changed: tuple[int, ...]


def trace(function: Function, inputs: Sequence[Any]) -> Trace | str:
    """Run a function of tensors and layers, forwards and backwards.

    Returns:
        The run, or the sentence that says why what came out is not a tensor.
    """
    leaves = [
        x.detach().clone().requires_grad_() if isinstance(x, Tensor) else copy.deepcopy(x)
        for x in inputs
    ]
    # Not the leaves themselves: changing one in place would be an error about something else.
    given = [leaf.clone() if isinstance(leaf, Tensor) else leaf for leaf in leaves]
    with torch.enable_grad():
        output = function(*given)
        if not isinstance(output, Tensor):
            return no_tensor(output, function)
        sources = [source for leaf in leaves for source in _sources(leaf)]
        gradients = tuple(torch.zeros_like(source) for source in sources)
        changed = tuple(
            place
            for place, (now, before) in enumerate(zip(given, inputs, strict=True))
            if not is_unchanged(now, before)
        )
        if output.requires_grad and not changed:
            weights = torch.randn(output.shape, generator=torch.Generator().manual_seed(0))
            gradients = torch.autograd.grad(
                (output * weights).sum(), sources, allow_unused=True, materialize_grads=True
            )
    return Trace(output.detach(), gradients, changed)


def is_unchanged(now: Any, before: Any) -> bool:
    """Whether a layer has the same weights, settings and mode as before, or a tensor its values."""
    if isinstance(before, nn.Module):
        one, other = now.state_dict(), before.state_dict()
        same_settings = repr(now) == repr(before) and now.training == before.training
        return (
            same_settings
            and one.keys() == other.keys()
            and all(close(one[k], other[k]) for k in other)
        )
    return not isinstance(before, Tensor) or close(now, before)


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


def no_tensor(output: Any, function: Any = None) -> str:
    """Say why the output of a function is not the expected tensor."""
    if output is None:
        return f"Your code returns nothing. {without_value(function)}"
    if output is ...:
        return "Your code returns `...`, so part of it is not written yet."
    if isinstance(output, tuple | list) and all(isinstance(part, Tensor) for part in output):
        if len(output) == 1:
            kind = type(output).__name__
            return f"Your code returns a {kind} with one tensor in it. Return the tensor itself."
        return (
            f"Your code returns {len(output)} tensors in a {type(output).__name__}, but it should "
            "return one tensor. `torch.cat([a, b], dim=1)` joins two along the channel axis."
        )
    return (
        f"Your code returns something of type {type(output).__name__}, but it should return one "
        "tensor."
    )


def shape_problem(output: Tensor, target: Sequence[int], where: str) -> str | None:
    """Compare shapes: rank, batch, channels, then height and width.

    Args:
        output: of the student's code.
        target: the right shape.
        where: names the input and begins the sentence, as in "On 8×9".
    """
    shape, wanted = tuple(output.shape), tuple(target)
    if len(shape) != len(wanted):
        lost = {AXES[i] for i in range(len(wanted)) if (*wanted[:i], *wanted[i + 1 :]) == shape}
        axis = lost.pop().rstrip("s") if len(wanted) == 4 and len(lost) == 1 else ""
        what = f" The {axis} axis is missing." if axis else ""
        return f"{where}: the output has the shape {shape}, but it should be {wanted}.{what}"
    if shape[0] != wanted[0]:
        return f"{where}: the output is a batch of {shape[0]}, but it should be one of {wanted[0]}."
    if shape[1] != wanted[1]:
        count = f"{shape[1]} channel{'' if shape[1] == 1 else 's'}"
        return f"{where}: the output has {count}, but it should have {wanted[1]}."
    if shape[2:] != wanted[2:]:
        size, right = sizes_as_text(shape[2:]), sizes_as_text(wanted[2:])
        return f"{where}: the output is {size}, but it should be {right}."
    return None


def values_problem(output: Tensor, target: Tensor, where: str) -> str | None:
    """Compare the values of two tensors of one shape; say where and how they differ."""
    if not torch.isfinite(output).all() and torch.isfinite(target).all():
        kind = "NaN" if output.isnan().any() else "infinite"
        return (
            f"{where}: some values are {kind}. Is something divided by zero, or made by "
            "`torch.empty`?"
        )
    differs = ~torch.isclose(output.to(target.dtype), target, rtol=1e-4, atol=1e-5)
    if not differs.any():
        return None
    place = differences.where(differs)
    problem = f"{where}: {int(differs.sum())} of {differs.numel()} values are wrong."
    if place:
        problem = f"{where}: the values are wrong in {place}."
    if place == EVERYWHERE:
        problem = f"{where}: {place} is wrong."
    if relation := differences.how(output, target, differs):
        return f"{problem} {relation}"
    cell = tuple(int(i) for i in differs.nonzero()[0])
    axes = "[item, channel, row, column] = " if len(cell) == 4 else ""
    return (
        f"{problem} The first, at {axes}{list(cell)}, is {output[cell].item():.4g}, "
        f"but it should be {target[cell].item():.4g}."
    )


def gradient_problem(run: Trace, target: Trace, names: Sequence[str], where: str) -> str | None:
    """Name the first source to which the right gradient does not flow back."""
    for name, one, other in zip(names, run.gradients, target.gradients, strict=True):
        if close(one, other):
            continue
        if not one.any():
            return f"{where}: the values are right, but no gradient flows back to {name}."
        problem = values_problem(one, other, f"The gradient that flows back to {name}")
        return f"{where}: the values are right, but the gradients are not. {problem}"
    return None
