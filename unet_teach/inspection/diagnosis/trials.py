"""Runs a changed copy of a network: a remedy that was tried is known to work."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere
from torch.overrides import TorchFunctionMode

from unet_teach.inspection.model_copy import copy_inputs, copy_to_run, with_image_size

if TYPE_CHECKING:
    from unet_teach.inspection.diagnosis.attempt import Attempt


def runs_when(
    attempt: Attempt,
    change: Callable[[nn.Module], Any] = lambda copied: None,
    *,
    given: tuple[tuple[Any, ...], dict[str, Any]] | None = None,
    calls: Mapping[Any, Callable[..., Tensor]] | None = None,
    sides: dict[int, int] | None = None,
) -> bool:
    """Return whether a copy of the network runs after a change.

    Args:
        attempt: what failed.
        change: is given the copy, and changes its layers.
        given: what the copy is given in place of the user's arguments, by place and by name.
        calls: functions of torch, and what runs in their place.
        sides: the size of the image along each axis that changes.
    """
    given = given or (attempt.args, attempt.kwargs)
    if sides:
        given = with_image_size(given, attempt.graph.image, sides)
    for on_meta in (True, False):
        try:
            with torch.no_grad(), redirect_stdout(io.StringIO()):
                copied = copy_to_run(attempt.model, on_meta=on_meta)
                change(copied)
                args, kwargs = copy_inputs(given, on_meta=on_meta)
                with _Replaced({**TRANSPOSED, **(calls or {})}):
                    copied(*args, **kwargs)
        except (Exception, SystemExit) as error:  # whatever the user's code raises
            if on_meta and "meta" not in str(error) and not isinstance(error, NotImplementedError):
                return False  # values would not change that, and may take long
        else:
            return True
    return False


def put(network: nn.Module, path: str, layer: nn.Module) -> None:
    """Put a layer in the place of the one on a path."""
    row, _, name = path.rpartition(".")
    setattr(network.get_submodule(row), name, layer)


def runs_with_settings(
    attempt: Attempt, layers: Mapping[str, Mapping[str, Any]], sides: dict[int, int] | None = None
) -> bool:
    """Return whether the network runs when layers, by their paths, have other settings."""

    def change(copied: nn.Module) -> None:
        for path, settings in layers.items():
            layer: Any = copied.get_submodule(path)
            assert settings.keys() <= vars(layer).keys()  # a function's settings are in no layer
            vars(layer).update(settings)
            if "kernel_size" in settings and hasattr(layer, "weight"):
                shape = (*layer.weight.shape[:2], *settings["kernel_size"])
                layer.weight = nn.Parameter(torch.empty(shape))
            elif "kernel_size" in settings:  # a pooling
                layer.stride = settings.get("stride", settings["kernel_size"])

    return runs_when(attempt, change, sides=sides)


def convolved(conv: Any, x: Tensor, weight: Tensor, *args: Any, **kwargs: Any) -> Any:
    """Convolve a map; a transposed one without values does not look at its channels by itself."""
    if conv in TRANSPOSED and x.shape[1 - weight.dim()] != weight.shape[0]:
        raise ValueError("channels do not fit")
    return conv(x, weight, *args, **kwargs)


TRANSPOSED: dict[Any, Callable[..., Any]] = {
    each: partial(convolved, each)
    for each in (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)
}


class _Replaced(TorchFunctionMode):
    def __init__(self, calls: Mapping[Any, Callable[..., Tensor]]) -> None:
        super().__init__()
        self.calls = calls

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        return self.calls.get(func, func)(*args, **(kwargs or {}))


def swapped_results(attempt: Attempt) -> Iterator[tuple[list[str], list[tuple[int, ...]]]]:
    """Yield modules that return two maps, with which the network runs if these are exchanged.

    First each of them alone, then all of one class; with the shapes that the first one returns.
    """
    returned = attempt.recording.returned
    modules = attempt.layers
    two = (("tuple", 2), ("list", 2))
    pairs = [path for path, made in returned.items() if made in two and path in modules]
    classes: dict[type, list[str]] = {}
    for path in pairs:
        classes.setdefault(type(modules[path]), []).append(path)
    alike = [paths for paths in classes.values() if len(paths) > 1]
    for paths in (*([path] for path in pairs), *alike):
        shapes: dict[nn.Module, list[tuple[int, ...]]] = {}

        def turned(module: nn.Module, args: Any, made: Any, shapes: Any = shapes) -> Any:
            shapes[module] = [tuple(part.shape) for part in made if isinstance(part, Tensor)]
            return made[::-1] if len(shapes[module]) == 2 else made

        def exchange(copied: nn.Module, paths: list[str] = paths, shapes: Any = shapes) -> None:
            shapes.clear()
            for path in paths:
                shapes[copied.get_submodule(path)] = []  # the first one's stay first
                copied.get_submodule(path).register_forward_hook(turned)

        if runs_when(attempt, exchange):
            yield paths, next(iter(shapes.values()))
