"""Runs a copy of a network as training would, to note what only fails there."""

from __future__ import annotations

import contextlib
import io
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from unet_teach.inspection.meta_cache import run_on_meta
from unet_teach.inspection.model_copy import copy_inputs, copy_to_run
from unet_teach.inspection.recorder import Recorder
from unet_teach.inspection.recording import Recording, find_all


def fails_in_training(
    model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], *, on_meta: bool
) -> Recording | None:
    """Return the recording of a run with gradients if it fails; `None` where it does not.

    The backward pass belongs to it where there are only shapes (`on_meta`), which costs little;
    then a network that looks at values is left out. A network in evaluation mode is copied in
    training mode; otherwise each layer stays in its own.
    """
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        return None  # its errors say nothing of its source
    with torch.enable_grad(), contextlib.redirect_stdout(io.StringIO()):
        try:
            copied = _in_training(model, on_meta=on_meta)
            own = copy_inputs((args, kwargs), on_meta=on_meta)
        except Exception:  # what cannot be copied was run in another way
            return None
        try:
            remembered: Any = _RememberedShapes if on_meta else contextlib.nullcontext
            with remembered():
                made = copied(*own[0], **own[1])
                if on_meta:
                    _backward(made)
            return None
        except (Exception, SystemExit) as error:
            problem = error
        if "NoneType" in str(problem):  # what it takes in training alone was not given
            return None
        if on_meta and ("meta" in str(problem) or isinstance(problem, NotImplementedError)):
            return None
        recorder = Recorder(_in_training(model, on_meta=on_meta), on_meta=on_meta)
        own = copy_inputs((args, kwargs), on_meta=on_meta)
        recording = recorder.run(*own)
        if recording.error is None and isinstance(problem, Exception):  # in the backward pass
            recording.error, recording.last_module = problem, ""
        return recording


def may_fail_in_training(model: nn.Module, recording: Recording) -> bool:
    """Whether a run in evaluation mode has something in it that only training may refuse.

    That is what changes in place, a batch norm with one value a channel, and an own `forward` that
    asks for `self.training`. A run with gradients takes half as long as all the rest.
    """
    for op in recording.ops:
        if op.name == "write" or op.name.endswith("_"):
            return True
        if "batch_norm" in op.name and prod(op.inputs[0].shape) == op.inputs[0].shape[1]:
            return True
    own = (type(m).forward for m in model.modules() if not type(m).__module__.startswith("torch."))
    codes = (getattr(forward, "__code__", None) for forward in own)
    return any("training" in code.co_names for code in codes if code)


class _RememberedShapes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Looks the shapes of operations up, which takes a tenth of the time."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        return run_on_meta(func, args, kwargs or {})


def _in_training(model: nn.Module, *, on_meta: bool) -> nn.Module:
    copied = copy_to_run(model, on_meta=on_meta)
    if not model.training:
        copied.train()
        return copied
    for own, given in zip(copied.modules(), model.modules(), strict=False):
        own.training = given.training
    return copied


def _backward(made: Any) -> None:
    """Run the backward pass from the sum of all that was made."""
    sums = [t.sum() for t in find_all(made, Tensor) if t.requires_grad and t.is_floating_point()]
    if sums:
        torch.stack(sums).sum().backward()  # type: ignore[no-untyped-call]
