"""Copies a network to be run in its place: the user's own is only read, never run."""

from __future__ import annotations

import contextlib
import copy
import types
from collections import OrderedDict
from collections.abc import Callable, Iterator
from numbers import Integral
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, is_lazy
from torch.overrides import TorchFunctionMode

from unet_teach.inspection.recorder import Value, holds_parts, shape_of


def skeleton(model: nn.Module, *, on_meta: bool) -> nn.Module:
    """Return a copy in evaluation mode; on meta, its parameters are shapes and cost no memory.

    Hooks come along, since some networks fetch their skips with them; what a hook's function has
    closed over is copied as well, so that the user's lists stay as they are.

    Raises:
        Exception: whatever the network's own parts raise that cannot be copied.
    """
    memo: dict[int, Any] = {}
    for module in model.modules():
        for thing in vars(module).values():
            if type(thing) in (dict, OrderedDict, set) and not thing:
                memo[id(thing)] = type(thing)()  # a dozen in each module, which copy is slow at
            elif on_meta:
                _put_on_meta(thing, memo)
    hooks = [hook for module in model.modules() for hook in _hooks(module)]
    copies = [_with_empty_closure(hook, memo) for hook in hooks]
    with _Values():
        for hook, own in zip(hooks, copies, strict=True):
            with contextlib.suppress(Exception):  # what cannot be copied
                own.__defaults__ = copy.deepcopy(hook.__defaults__, memo)
            for cell, own_cell in zip(hook.__closure__ or (), own.__closure__ or (), strict=True):
                with contextlib.suppress(Exception):  # what cannot be copied, or is still empty
                    own_cell.cell_contents = cell.cell_contents
                    own_cell.cell_contents = copy.deepcopy(cell.cell_contents, memo)
        made = _copied(model, memo)
    made.eval()  # some networks' own `train` returns nothing
    return made


class _Values(TorchFunctionMode):
    """Copies what torch itself refuses to: an answer of an earlier run, a buffer without shape."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func is Tensor.__deepcopy__:
            tensor, memo = args
            if is_lazy(tensor) and not isinstance(tensor, nn.Parameter):
                shapeless = UninitializedBuffer(device=tensor.device)  # type: ignore[call-arg]
                memo[id(tensor)] = shapeless
            elif not tensor.is_leaf:
                memo[id(tensor)] = tensor.detach().clone()
            if id(tensor) in memo:
                return memo[id(tensor)]
        return func(*args, **(kwargs or {}))


def _copied(model: nn.Module, memo: dict[int, Any]) -> nn.Module:
    """A deep copy; what in it cannot be copied, such as a lock or an open file, is shared."""
    try:
        return copy.deepcopy(model, dict(memo))
    except TypeError:
        for thing in (thing for module in model.modules() for thing in vars(module).values()):
            if not isinstance(thing, dict | nn.Module | Tensor):
                try:
                    copy.deepcopy(thing, dict(memo))
                except TypeError:
                    memo[id(thing)] = thing
        return copy.deepcopy(model, memo)


def _put_on_meta(thing: Any, memo: dict[int, Any]) -> None:
    if isinstance(thing, Tensor):
        if not is_lazy(thing) and id(thing) not in memo:
            shape = shape_of(thing)
            is_parameter = isinstance(thing, nn.Parameter)
            memo[id(thing)] = nn.Parameter(shape, thing.requires_grad) if is_parameter else shape
    elif isinstance(thing, dict):
        for part in thing.values():
            _put_on_meta(part, memo)
    elif isinstance(thing, list | tuple):
        for part in thing:
            _put_on_meta(part, memo)


def _hooks(module: nn.Module) -> Iterator[types.FunctionType]:
    """The module's hooks that are functions with something of their own."""
    for name, registered in vars(module).items():
        if name.endswith("_hooks") and isinstance(registered, dict):
            for hook in registered.values():
                if isinstance(hook, types.FunctionType) and (hook.__closure__ or hook.__defaults__):
                    yield hook


def _with_empty_closure(hook: types.FunctionType, memo: dict[int, Any]) -> types.FunctionType:
    """The same function with cells of its own, in `memo` before anything refers to it."""
    if id(hook) not in memo:
        cells = tuple(types.CellType() for _ in hook.__closure__ or ())
        own = types.FunctionType(
            hook.__code__, hook.__globals__, hook.__name__, hook.__defaults__, cells or None
        )
        own.__kwdefaults__ = hook.__kwdefaults__
        memo[id(hook)] = own
    made: types.FunctionType = memo[id(hook)]
    return made


def inputs_like(given: Any, *, on_meta: bool) -> Any:
    """The same structure of tensors of one's own; on meta, of shapes alone."""
    return _mapped(given, lambda tensor: _own(tensor, on_meta))


def _own(tensor: Tensor, on_meta: bool) -> Tensor:
    if on_meta:
        return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
    return (
        torch.randn(tensor.shape, dtype=tensor.dtype) if tensor.is_meta else tensor.detach().clone()
    )


def resized(given: Any, image: Value | None, sizes: dict[int, int]) -> Any:
    """The same structure; tensors with the image's sides get other sizes along these axes."""

    def change(tensor: Tensor) -> Tensor:
        if image is None or tuple(tensor.shape[2:]) != image.shape[2:] or tensor.dim() < 3:
            return tensor
        shape = [sizes.get(axis, size) for axis, size in enumerate(tensor.shape)]
        return torch.empty(shape, dtype=tensor.dtype, device="meta")

    return _mapped(given, change)


def from_shapes(given: Any, least: int) -> Any:
    """A tuple of at least so many whole numbers becomes a float tensor of that shape, on meta.

    Raises:
        ValueError: for a shape with a number below 0.
    """
    is_shape = isinstance(given, tuple) and len(given) >= least
    if is_shape and all(isinstance(n, Integral) and not isinstance(n, bool) for n in given):
        given = tuple(map(int, given))  # NumPy's as well
        if min(given) < 0:
            raise ValueError(f"The shape {given} has a number below 0. Give sizes: (1, 3, 64, 64).")
        return torch.empty(given, device="meta")
    return given


def _mapped(thing: Any, change: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(thing, Tensor):
        return change(thing)
    if isinstance(thing, dict):
        return type(thing)((key, _mapped(part, change)) for key, part in thing.items())
    if isinstance(thing, tuple) and hasattr(thing, "_fields"):
        return type(thing)(*(_mapped(part, change) for part in thing))
    if isinstance(thing, list | tuple):
        return type(thing)(_mapped(part, change) for part in thing)
    if isinstance(thing, np.ndarray | set):
        return copy.copy(thing)
    if holds_parts(thing):
        with contextlib.suppress(Exception):  # what cannot be copied is given as it is
            own = copy.copy(thing)
            for name, part in vars(thing).items():
                object.__setattr__(own, name, _mapped(part, change))
            return own
    return thing
