"""Trials of other numbers of channels: which layer has to change for the network to run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.size_steps import CONVOLUTIONS
from unet_teach.inspection.diagnosis.trials import TRANSPOSED, convolved, runs_when
from unet_teach.inspection.recording import Op, Value, ops_back

FUNCTIONS: tuple[Any, ...] = (F.conv1d, F.conv2d, F.conv3d, *TRANSPOSED)
LATER = "then a later layer does not fit either"
NORMS: tuple[Any, ...] = (F.batch_norm, F.group_norm, F.instance_norm, torch.prelu)


class Trial(NamedTuple):
    """Whether a network runs after a change, and how many of its modules are reached."""

    runs: bool
    reached: int


def of_any_channels(conv: Any, x: Tensor, weight: Tensor, *args: Any, **kwargs: Any) -> Any:
    """Convolve a map as if the layer was made for its channels."""
    groups = kwargs.get("groups", args[4] if len(args) > 4 else 1)
    taken = weight.shape[0] if conv in TRANSPOSED else weight.shape[1] * groups
    return conv(_with_channels(x, taken), weight, *args, **kwargs)


def _with_channels(x: Tensor, count: int) -> Tensor:
    return x if x.shape[1] == count else x[:, :1].expand(-1, count, *x.shape[2:])


def _trial(
    attempt: Attempt, change: Callable[[nn.Module], Any], calls: dict[Any, Callable[..., Any]]
) -> Trial:
    reached = 0

    def count(*_: Any) -> None:
        nonlocal reached
        reached += 1

    def changed(copied: nn.Module) -> None:
        nonlocal reached
        reached = 0
        for module in copied.modules():
            module.register_forward_pre_hook(count)
        change(copied)

    return Trial(runs_when(attempt, changed, calls=calls), reached)


def taking(attempt: Attempt, op: Op, channels: int) -> Trial:
    """Try a network in which the layer that failed takes so many channels."""
    shape, groups = op.arguments["weight"].shape, op.arguments.get("groups", 1)
    is_depthwise = shape[:2] == (groups, 1) and groups > 1
    is_inside = False

    def convolve(conv: Any, x: Tensor, weight: Tensor, *args: Any, **kwargs: Any) -> Any:
        if not is_inside or weight.shape != shape:
            return convolved(conv, x, weight, *args, **kwargs)
        if x.shape[1] != channels or (channels % groups and not is_depthwise):
            raise ValueError
        made = of_any_channels(conv, x, weight, *args, **kwargs)
        return _with_channels(made, channels) if is_depthwise else made

    def watch(copied: nn.Module) -> None:
        def enter(*_: Any, now: bool) -> None:
            nonlocal is_inside
            is_inside = now

        module = copied.get_submodule(op.module)
        module.register_forward_pre_hook(partial(enter, now=True))
        module.register_forward_hook(partial(enter, now=False))

    return _trial(attempt, watch, {each: partial(convolve, each) for each in FUNCTIONS})


def layer_before(given: Value) -> Op | None:
    """Return the last convolution on the way to a map."""
    return next((op for op in ops_back(given) if op.name in CONVOLUTIONS), None)


def making(attempt: Attempt, given: Value, channels: int) -> Trial:
    """Try a network in which the layer before a map makes so many channels of it."""
    layer = layer_before(given)
    if layer is None or not isinstance(attempt.layers.get(layer.module), nn.modules.conv._ConvNd):
        return Trial(False, 0)

    def normalise(norm: Any, x: Tensor, *args: Any, **kwargs: Any) -> Any:
        return x if x.shape[1] == channels else norm(x, *args, **kwargs)

    def make(copied: nn.Module) -> None:
        module = copied.get_submodule(layer.module)
        module.register_forward_hook(lambda m, args, made: _with_channels(made, channels))

    return _trial(attempt, make, {each: partial(normalise, each) for each in NORMS})


def either(attempt: Attempt, op: Op, given: Value, expected: int) -> tuple[str, bool]:
    """Say which of the two layers around a map may change, and whether the network runs then."""
    ways = {
        f"Let the layer before it make {expected}": making(attempt, given, expected),
        f"let this one take {given.shape[1]}": taking(attempt, op, given.shape[1]),
    }
    runs = any(trial.runs for trial in ways.values())
    furthest = max(trial.reached for trial in ways.values())
    fitting = [way for way, t in ways.items() if t.runs or (not runs and t.reached == furthest)]
    told = ", or ".join(fitting).replace("or let this", "or this")
    told = told[0].upper() + told[1:]
    return f"{told}." if runs else f"{told}; {LATER}.", runs
