"""Makes meta tensors, runs operations on them, and remembers which shapes each made from which.

Torch works the shapes out anew each time. For a composite operation, such as a normalisation, that
takes longer than everything the inspector does with the result.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

aten = torch.ops.aten
PRODUCTS = {op.default for op in (aten.mm, aten.addmm, aten.bmm, aten.baddbmm)}
SOFTMAXES = {aten._softmax.default, aten._log_softmax.default}
MAX_ENTRIES = 10_000  # a few hundred bytes each
_RESULTS: dict[Any, Any] = {}
_MAKES_NEW_TENSORS: dict[Any, bool] = {}


def run_on_meta(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run an operation; if it is known from before, only make tensors of the same shapes.

    Raises:
        RuntimeError: from torch, and for what torch does not check on meta: channels and
            output_padding of transposed convolutions, dtypes in products and normalisations.
        IndexError: for a softmax along a dimension that is not there.
    """
    if func is aten.convolution.default and args[6]:
        _check_channels(args[0], args[1])
        _check_output_padding(args[3], args[5], args[7])
    elif func in SOFTMAXES and not -args[0].dim() <= args[1] < max(args[0].dim(), 1):
        last = args[0].dim() - 1
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-last - 1}, {last}], "
            f"but got {args[1]})"
        )
    elif func in PRODUCTS or func is aten.native_batch_norm.default:
        check_dtypes([a for a in args if isinstance(a, Tensor)], func not in PRODUCTS)
    if func is aten.convolution.default:
        check_dtypes(list(args[:2]), allows_half=False)
    _check_written(func, args)
    key = _key(func, args, kwargs) if _makes_new_tensors(func) else None
    if key is None:
        return func(*args, **kwargs)
    if key in _RESULTS:
        kind, parts = _RESULTS[key]
        tensors = [torch.empty_strided(s, t, dtype=d, device="meta") for s, t, d in parts]
        return tensors[0] if kind is Tensor else kind(tensors)
    made = func(*args, **kwargs)
    parts = [made] if type(made) is Tensor else made
    if type(parts) in (list, tuple) and parts and all(_is_plain_meta(part) for part in parts):
        if len(_RESULTS) >= MAX_ENTRIES:
            _RESULTS.clear()
        _RESULTS[key] = (type(made), [(p.shape, p.stride(), p.dtype) for p in parts])
    return made


def meta_like(tensor: Tensor) -> Tensor:
    """Return a tensor on meta with the same shape, strides and dtype."""
    return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")


def _check_channels(given: Tensor, weight: Tensor) -> None:
    channels, expected = given.shape[1 - weight.dim()], weight.shape[0]
    if channels != expected:
        raise RuntimeError(
            f"Given transposed=1, weight of size {list(weight.shape)}, expected input "
            f"{list(given.shape)} to have {expected} channels, but got {channels} channels instead"
        )


def _check_output_padding(
    strides: list[int], dilations: list[int], output_paddings: list[int]
) -> None:
    for stride, dilation, padding in zip(strides, dilations, output_paddings, strict=False):
        if padding >= max(stride, dilation):
            raise RuntimeError(
                f"output padding must be smaller than either stride or dilation, but got "
                f"output_padding={padding}, stride={stride}, dilation={dilation}"
            )


def _check_written(func: Any, args: tuple[Any, ...]) -> None:
    target = args[0] if args and func.overloadpacket.__name__.endswith("_") else None
    if isinstance(target, Tensor) and any(
        size > 1 and stride == 0 for size, stride in zip(target.shape, target.stride(), strict=True)
    ):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            "single memory location. Please clone() the tensor before performing the operation."
        )


def check_dtypes(given: list[Tensor], allows_half: bool) -> None:
    """Half precision may meet the float32 of a normalisation; doubles and bytes may not."""
    half = (torch.float16, torch.bfloat16) if allows_half else ()
    if len({a.dtype for a in given if a.dtype not in half}) > 1:
        types = ", ".join(str(a.dtype) for a in given)
        raise RuntimeError(f"expected tensors to have the same dtype, got {types}")


def _makes_new_tensors(func: Any) -> bool:
    """Return whether an operation writes into no argument and returns no view."""
    if func not in _MAKES_NEW_TENSORS:
        schema = func._schema
        _MAKES_NEW_TENSORS[func] = all(
            a.alias_info is None for a in (*schema.arguments, *schema.returns)
        )
    return _MAKES_NEW_TENSORS[func]


def _is_plain_meta(thing: Any) -> bool:
    return type(thing) in (Tensor, nn.Parameter) and thing.is_meta


def _key(func: Any, args: Any, kwargs: Any) -> Any:
    """Return what the shapes depend on, or `None` where that is not known for sure."""
    try:
        arguments = _hashable(args), _hashable(tuple(kwargs.items()))
        return (func, *arguments, torch.get_default_dtype())
    except TypeError:
        return None


def _hashable(thing: Any) -> Any:
    if isinstance(thing, Tensor):
        if not _is_plain_meta(thing) or thing.layout != torch.strided:
            raise TypeError("only plain tensors on meta are known by their shapes")
        return (thing.shape, thing.stride(), thing.dtype)
    if isinstance(thing, list | tuple):
        return tuple(map(_hashable, thing))
    hash(thing)
    return (type(thing), thing)  # 1 == 1.0 == True, but they lead to different dtypes
