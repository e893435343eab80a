"""Is it a U-Net? Runs a copy of the network without computing, and asks four questions of it."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from unet_teach.inspection.criteria import strongest_u_shape
from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.table import (
    LOST_OUTPUT,
    WAY_OUTSIDE,
    Problem,
    explain,
    explain_failed_run,
)
from unet_teach.inspection.graph import Graph
from unet_teach.inspection.model_copy import copy_inputs, copy_to_run, tensor_from_shape
from unet_teach.inspection.plain_lists import meta_note, untrained_lists_note
from unet_teach.inspection.recorder import Recorder
from unet_teach.inspection.recording import Recording
from unet_teach.inspection.report import UNetReport, report_on, report_on_stopped
from unet_teach.inspection.training_run import fails_in_training, may_fail_in_training
from unet_teach.shared.keep_state import keep_state
from unet_teach.shared.not_set_up import not_set_up

# Pairs of on_meta and gradients: first only shapes, then values where the forward looks at them,
# then gradients where it asks for them.
ATTEMPTS = ((True, False), (False, False), (False, True))


def inspect_unet(model: nn.Module, *example_inputs: Any, **kwargs: Any) -> UNetReport:
    """Look for the four criteria of a U-Net in a network, by what happens to its data.

    A copy of the network is run once, on tensors that have shapes and no values. Nothing of the
    network itself changes. Names of classes and layers have no influence.

    Args:
        model: any network.
        *example_inputs: what its forward takes: tensors, containers of tensors, or plain shapes
            such as `(1, 3, 64, 64)`, which become float tensors.
        **kwargs: the same by name; a tuple of three or more whole numbers is a shape.

    Returns:
        A report; `report.problem` says why where the network cannot be run, and `report.note` what
        fails only in training.

    Raises:
        TypeError: when `model` is no `torch.nn.Module`, or one without `super().__init__()`.
        ValueError: for a shape with a number below 0.
    """
    if isinstance(model, nn.Module) and hasattr(model, "_modules") and (told := not_set_up(model)):
        problem = Problem("layer is not set up", told)
        return report_on_stopped(type(model).__name__, Graph(Recording()), problem, runs=False)
    check_model(model)
    args = tuple(tensor_from_shape(given, 1) for given in example_inputs)
    kwargs = {name: tensor_from_shape(given, 3) for name, given in kwargs.items()}
    name, note = type(model).__name__, meta_note(model) or untrained_lists_note(model)
    count = sum(0 if is_lazy(p) else p.numel() for p in nn.Module.parameters(model))
    with keep_state(), garbage_collector_off():
        graph = Graph(record(model, args, kwargs))
        attempt = Attempt(model, args, kwargs, graph)
        if attempt.error is not None:
            runs = _runs_unwatched(model, args, kwargs)
            problem = explain_failed_run(attempt)
            if not runs and _runs_unwatched(model, args, kwargs, training=True):
                runs = True
                told = f"In evaluation mode, after model.eval(), it fails. {problem.sentences}"
                problem = problem._replace(sentences=told)
            if note in problem.text:
                note = ""
            return report_on_stopped(name, graph, problem, runs=runs, note=note, parameters=count)
        shape = strongest_u_shape(graph)
        lost = explain(LOST_OUTPUT if shape is None else WAY_OUTSIDE, attempt)
        if shape is None or lost is not None:
            assert lost is not None  # without a shape, the last row applies
            return report_on_stopped(name, graph, lost, note=note, parameters=count)
        if (training := _training_note(attempt)) and not note:
            note = training
        return report_on(name, graph, shape, note, count)


def _training_note(attempt: Attempt) -> str:
    """Say what fails only when the network is trained; "" if nothing does whose reason is known."""
    if not may_fail_in_training(attempt.model, attempt.recording):
        return ""
    on_meta = attempt.recording.on_meta
    failed = fails_in_training(attempt.model, attempt.args, attempt.kwargs, on_meta=on_meta)
    if failed is None:
        return ""
    problem = explain_failed_run(replace(attempt, graph=Graph(failed)))
    return f"In training, it fails. {problem.text}" if problem.diagnosis else ""


def check_model(model: Any) -> None:
    """Raise a `TypeError` unless the model is a network that is set up."""
    if not isinstance(model, nn.Module):
        kind = f"the class {model.__name__}" if isinstance(model, type) else type(model).__name__
        if isinstance(model, str):
            kind = f"the text {model!r}; import the class first"
        raise TypeError(
            f"model is {kind}; inspect_unet takes a network, an instance of torch.nn.Module. "
            "Give it one: inspect_unet(Network(), (1, 3, 64, 64))."
        )
    if told := not_set_up(model):
        raise TypeError(told)


def record(
    model: nn.Module,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    attempts: tuple[tuple[bool, bool], ...] = ATTEMPTS,
    watch: Callable[[Recorder], AbstractContextManager[Any]] = contextlib.nullcontext,
) -> Recording:
    """Return the first run of a copy that comes to its end, while `watch` is active.

    If none does, return the one with values: on meta, an error may only say that there are none.
    """
    runs = []
    for on_meta, gradients in attempts:
        try:
            with torch.set_grad_enabled(gradients):
                recorder = Recorder(copy_to_run(model, on_meta=on_meta), on_meta=on_meta)
                own_args = copy_inputs(args, on_meta=on_meta)
                own_kwargs = copy_inputs(kwargs, on_meta=on_meta)
                with watch(recorder):
                    run = recorder.run(own_args, own_kwargs)
        except Exception as error:  # the network, or what it was given, cannot be copied
            run = Recording(error=error)
        if run.error is None:
            return run
        runs.append(run)
    return runs[min(1, len(runs) - 1)]


def _runs_unwatched(
    model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], *, training: bool = False
) -> bool:
    """Return whether a copy of the network runs with values where nobody records it."""
    try:
        with torch.set_grad_enabled(training):
            copied = copy_to_run(model, on_meta=False)
            copied.train(training)
            copied(*copy_inputs(args, on_meta=False), **copy_inputs(kwargs, on_meta=False))
    except (Exception, SystemExit):
        return False
    return True


@contextlib.contextmanager
def garbage_collector_off() -> Iterator[None]:
    """Pause the garbage collector: operations and values form cycles that are all still needed."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
