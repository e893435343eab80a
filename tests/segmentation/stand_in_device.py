"""A device "standin" that computes on the CPU, refuses mixed devices, and records transfers.

It stands in for a GPU, which a test machine lacks. Registering it changes torch for the whole
process, so tests use it in a process of its own.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

NAME = "standin"
_setup_privateuseone_for_python_backend(NAME)


class OnDevice(Tensor):
    """A tensor on the device; `raw` has its values, on the CPU."""

    raw: Tensor

    @staticmethod
    def __new__(cls, raw: Tensor) -> OnDevice:
        """Wrap a tensor of the CPU."""
        wrapper = Tensor._make_wrapper_subclass(
            cls,
            raw.size(),
            strides=raw.stride(),
            storage_offset=raw.storage_offset(),
            dtype=raw.dtype,
            device=f"{NAME}:0",
        )
        wrapper.raw = raw
        return wrapper

    @classmethod
    def __torch_dispatch__(cls, call, types, args=(), kwargs=None) -> Any:
        """Run an operation that happens outside of `StandIn`, such as one of backward."""
        return run(call, args, kwargs or {}, [])


class StandIn(TorchDispatchMode):
    """While it is entered, the device exists; `moves` lists (from, to, shape) of each transfer."""

    def __init__(self) -> None:
        super().__init__()
        self.moves: list[tuple[str, str, tuple[int, ...]]] = []

    def __torch_dispatch__(self, call, types, args=(), kwargs=None) -> Any:
        """Run an operation on the device, or between it and the CPU."""
        return run(call, args, kwargs or {}, self.moves)


def run(call: Any, args: Any, kwargs: dict[str, Any], moves: list[Any]) -> Any:
    """Run an operation on the tensors' values, and wrap what comes out."""
    name = call._schema.name
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    wrapped = [isinstance(tensor, OnDevice) for tensor in tensors]
    goes_to = kwargs.get("device")
    is_here = any(wrapped) if goes_to is None else torch.device(goes_to).type == NAME
    if name in ("aten::_to_copy", "aten::copy_"):
        if name == "aten::copy_":
            is_here = wrapped[0]
        source = tensors[-1]
        if is_here != isinstance(source, OnDevice):
            here = (source.device.type, NAME if is_here else "cpu", tuple(source.shape))
            moves.append(here)
    elif any(wrapped) and any(
        tensor.dim() for tensor, on in zip(tensors, wrapped, strict=True) if not on
    ):
        raise RuntimeError(f"{name}: expected all tensors on one device, but found two")
    plain = call(*tree_map(_unwrapped, args), **tree_map(_unwrapped, kwargs))
    first = call._schema.arguments[0] if call._schema.arguments else None
    if first is not None and first.alias_info is not None and first.alias_info.is_write:
        return args[0] if isinstance(plain, Tensor) else plain
    return tree_map(lambda x: OnDevice(x) if isinstance(x, Tensor) and is_here else x, plain)


def _unwrapped(value: Any) -> Any:
    if isinstance(value, torch.device) and value.type == NAME:
        return torch.device("cpu")
    return value.raw if isinstance(value, OnDevice) else value
