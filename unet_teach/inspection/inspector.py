"""Is it a U-Net? Runs a copy of the network without computing, and asks four questions of it."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from unet_teach.inspection.criteria import strongest
from unet_teach.inspection.diagnosis.failures import no_trail, why
from unet_teach.inspection.graph import Graph
from unet_teach.inspection.model_copy import (
    from_shapes,
    inputs_like,
    resized,
    skeleton,
)
from unet_teach.inspection.recorder import Recorder, Recording
from unet_teach.inspection.report import UNetReport, report_of, unjudged
from unet_teach.shared.keep_state import keep_state

# Shapes alone first; values where the forward looks at them; gradients where it asks for them.
ATTEMPTS = ((True, False), (False, False), (False, True))


def inspect_unet(model: nn.Module, *example_inputs: Any, **kwargs: Any) -> UNetReport:
    """Look for the four marks of a U-Net in a network, by what happens to its data.

    A copy of the network is run once, on tensors that are shapes without values; nothing of the
    network itself changes. No name of a class or layer has any influence.

    Args:
        model: any network.
        *example_inputs: what its forward takes: tensors, containers of tensors, or bare shapes
            such as `(1, 3, 64, 64)`, which become float tensors.
        **kwargs: the same by name; a tuple of three or more whole numbers is a shape.

    Returns:
        A report; `report.problem` says why where the network cannot be run.

    Raises:
        TypeError: when `model` is no `torch.nn.Module`, or one without `super().__init__()`.
        ValueError: for a shape with a number below 0.
    """
    if not isinstance(model, nn.Module):
        kind = f"the class {model.__name__}" if isinstance(model, type) else type(model).__name__
        if isinstance(model, str):
            kind = f"the text {model!r}; import the class first"
        raise TypeError(
            f"model is {kind}; inspect_unet takes a network, an instance of torch.nn.Module. "
            "Give it one: inspect_unet(Network(), (1, 3, 64, 64))."
        )
    if not hasattr(model, "_modules"):
        raise TypeError(
            f"{type(model).__name__} is not set up: begin its __init__ with super().__init__()."
        )
    args = tuple(from_shapes(given, 1) for given in example_inputs)
    named = {name: from_shapes(given, 3) for name, given in kwargs.items()}
    name = type(model).__name__
    with keep_state(), _collector_off():
        recording = _recorded(model, args, named)
        if recording.error is not None:
            image = Graph(recording).image

            def runs(sizes: dict[int, int]) -> bool:
                other_args, other_named = (resized(g, image, sizes) for g in (args, named))
                return _recorded(model, other_args, other_named, ATTEMPTS[:1]).error is None

            return unjudged(name, why(model, args, named, recording, runs))
        graph = Graph(recording)
        found = strongest(graph)
        if found is None:
            return unjudged(name, no_trail(recording))
        return report_of(name, graph, found)


def _recorded(
    model: nn.Module,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    attempts: tuple[tuple[bool, bool], ...] = ATTEMPTS,
) -> Recording:
    """The first run that comes to its end; else the one with values, whose error is the model's."""
    runs = []
    for on_meta, gradients in attempts:
        try:
            with torch.set_grad_enabled(gradients):
                run = Recorder(skeleton(model, on_meta=on_meta), on_meta=on_meta).run(
                    inputs_like(args, on_meta=on_meta), inputs_like(kwargs, on_meta=on_meta)
                )
        except Exception as error:  # the network, or what it was given, cannot be copied
            run = Recording(error=error)
        if run.error is None:
            return run
        runs.append(run)
    return runs[min(1, len(runs) - 1)]


@contextlib.contextmanager
def _collector_off() -> Iterator[None]:
    """Pause the garbage collector: operations and values form cycles that are all still needed."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
