"""Copies a network and its inputs to run them: the user's own are read and never run."""

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

from unet_teach.inspection.meta_cache import meta_like
from unet_teach.inspection.recording import Value, is_plain_object


def copy_to_run(model: nn.Module, *, on_meta: bool) -> nn.Module:
    """Return a copy of a network in evaluation mode; on meta, its parameters have only shapes.

    Hooks are copied too, since some networks collect their skips with them. So is what the function
    of a hook has closed over, such as a list that it appends to: the user's list stays as it is.

    Raises:
        Exception: whatever parts of the network raise that cannot be copied.
    """
    memo: dict[int, Any] = {}
    for module in model.modules():
        for thing in vars(module).values():
            if type(thing) in (dict, OrderedDict, set) and not thing:
                memo[id(thing)] = type(thing)()  # a dozen in each module, and deepcopy is slow
            elif on_meta:
                _put_on_meta(thing, memo)
    hooks = [hook for module in model.modules() for hook in _hooks(module)]
    copies = [_with_empty_closure(hook, memo) for hook in hooks]
    with _CopyAnyTensor():
        for hook, own in zip(hooks, copies, strict=True):
            with contextlib.suppress(Exception):  # not every object can be copied
                own.__defaults__ = copy.deepcopy(hook.__defaults__, memo)
            for cell, own_cell in zip(hook.__closure__ or (), own.__closure__ or (), strict=True):
                with contextlib.suppress(Exception):  # the same, and a cell may still be empty
                    own_cell.cell_contents = cell.cell_contents
                    own_cell.cell_contents = copy.deepcopy(cell.cell_contents, memo)
        made = _deep_copy(model, memo)
    made.eval()  # not `return made.eval()`: a network's own `train` may return nothing
    return made


class _CopyAnyTensor(TorchFunctionMode):
    """Lets deepcopy handle tensors that torch refuses to copy.

    These are results of an earlier run that carry a graph, and lazy buffers without a shape.
    """

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


def _deep_copy(model: nn.Module, memo: dict[int, Any]) -> nn.Module:
    """Return a deep copy that shares what cannot be copied, such as a lock or an open file."""
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
            twin = meta_like(thing)
            is_parameter = isinstance(thing, nn.Parameter)
            memo[id(thing)] = nn.Parameter(twin, thing.requires_grad) if is_parameter else twin
    elif isinstance(thing, dict | list | tuple):
        for part in thing.values() if isinstance(thing, dict) else thing:
            _put_on_meta(part, memo)


def _hooks(module: nn.Module) -> Iterator[types.FunctionType]:
    """Yield the hooks of a module that are functions with a closure or default arguments."""
    for name, registered in vars(module).items():
        if name.endswith("_hooks") and isinstance(registered, dict):
            for hook in registered.values():
                if isinstance(hook, types.FunctionType) and (hook.__closure__ or hook.__defaults__):
                    yield hook


def _with_empty_closure(hook: types.FunctionType, memo: dict[int, Any]) -> types.FunctionType:
    """Return the same function with empty closure cells, to be filled when all hooks are known.

    It is put into `memo` first, because what a hook has closed over may refer to the hook itself.
    """
    if id(hook) not in memo:
        cells = tuple(types.CellType() for _ in hook.__closure__ or ())
        own = types.FunctionType(
            hook.__code__, hook.__globals__, hook.__name__, hook.__defaults__, cells or None
        )
        own.__kwdefaults__ = hook.__kwdefaults__
        memo[id(hook)] = own
    made: types.FunctionType = memo[id(hook)]
    return made


def copy_inputs(given: Any, *, on_meta: bool) -> Any:
    """Return the same structure with copies of its tensors, on meta or with values."""

    def copied(tensor: Tensor) -> Tensor:
        if on_meta:
            return meta_like(tensor)
        if tensor.is_meta:  # the user gave a shape
            return torch.randn(tensor.shape, dtype=tensor.dtype)
        return tensor.detach().clone()

    return _map_tensors(given, copied)


def with_image_size(given: Any, image: Value | None, sizes: dict[int, int]) -> Any:
    """Return the same structure, with other sizes by axis for the image and what lies over it."""

    def change(tensor: Tensor) -> Tensor:
        if image is None or tuple(tensor.shape[2:]) != image.shape[2:] or tensor.dim() < 3:
            return tensor
        shape = [sizes.get(axis, size) for axis, size in enumerate(tensor.shape)]
        return torch.empty(shape, dtype=tensor.dtype, device="meta")

    return _map_tensors(given, change)


def tensor_from_shape(given: Any, min_rank: int) -> Any:
    """Turn a shape into a float tensor on meta, and return anything else as it is.

    A tuple of whole numbers is a shape if it has at least `min_rank` of them.

    Raises:
        ValueError: for a shape with a number below 0.
    """
    is_shape = isinstance(given, tuple) and len(given) >= min_rank
    if is_shape and all(isinstance(n, Integral) and not isinstance(n, bool) for n in given):
        given = tuple(map(int, given))  # they may be NumPy's
        if min(given) < 0:
            raise ValueError(f"The shape {given} has a number below 0. Give sizes: (1, 3, 64, 64).")
        return torch.empty(given, device="meta")
    return given


def _map_tensors(thing: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Return the same structure with `change` applied to its tensors; containers are new ones."""
    if isinstance(thing, Tensor):
        return change(thing)
    if isinstance(thing, dict):
        return type(thing)((key, _map_tensors(part, change)) for key, part in thing.items())
    if isinstance(thing, tuple) and hasattr(thing, "_fields"):
        return type(thing)(*(_map_tensors(part, change) for part in thing))
    if isinstance(thing, list | tuple):
        return type(thing)(_map_tensors(part, change) for part in thing)
    if isinstance(thing, np.ndarray | set):
        return copy.copy(thing)
    if is_plain_object(thing):
        with contextlib.suppress(Exception):  # what cannot be copied is passed on as it is
            own = copy.copy(thing)
            for name, part in vars(thing).items():
                object.__setattr__(own, name, _map_tensors(part, change))
            return own
    return thing
