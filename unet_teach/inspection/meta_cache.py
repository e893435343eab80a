"""Remembers which shape an operation makes from which: on meta, torch works it out anew each time.

For a composed operation, such as a normalisation, that takes torch longer than all that is done
with the result here.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

aten = torch.ops.aten
PRODUCTS = {op.default for op in (aten.mm, aten.addmm, aten.bmm, aten.baddbmm)}
MANY = 10_000  # made shapes that are kept, a few hundred bytes each
_MADE: dict[Any, Any] = {}
_FRESH: dict[Any, bool] = {}


def shapes_of(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run an operation; on meta tensors, one that was seen before only makes the same shapes.

    Raises:
        RuntimeError: also for what torch does not compare on meta: channels and output_padding of
            transposed convolutions, and types of numbers in products and normalisations.
    """
    if func is aten.convolution.default and args[6]:
        _compare_channels(args[0], args[1])
        _compare_padding(args[3], args[5], args[7])
    elif func in PRODUCTS or func is aten.native_batch_norm.default:
        _compare_types([a for a in args if isinstance(a, Tensor)], func not in PRODUCTS)
    key = _key(func, args, kwargs) if _makes_fresh(func) else None
    if key is None:
        return func(*args, **kwargs)
    if key in _MADE:
        kind, parts = _MADE[key]
        tensors = [torch.empty_strided(s, t, dtype=d, device="meta") for s, t, d in parts]
        return tensors[0] if kind is Tensor else kind(tensors)
    made = func(*args, **kwargs)
    parts = [made] if type(made) is Tensor else made
    if type(parts) in (list, tuple) and parts and all(_is_plain(part) for part in parts):
        if len(_MADE) >= MANY:
            _MADE.clear()
        _MADE[key] = (type(made), [(p.shape, p.stride(), p.dtype) for p in parts])
    return made


def _compare_channels(given: Tensor, weight: Tensor) -> None:
    found, wanted = given.shape[1 - weight.dim()], weight.shape[0]
    if found != wanted:
        raise RuntimeError(
            f"Given transposed=1, weight of size {list(weight.shape)}, expected input "
            f"{list(given.shape)} to have {wanted} channels, but got {found} channels instead"
        )


def _compare_padding(stride: list[int], dilation: list[int], output_padding: list[int]) -> None:
    for one, two, more in zip(stride, dilation, output_padding, strict=False):
        if more >= max(one, two):
            raise RuntimeError(
                f"output padding must be smaller than either stride or dilation, but got "
                f"output_padding={more}, stride={one}, dilation={two}"
            )


def _compare_types(given: list[Tensor], allows_half: bool) -> None:
    """Half precision may meet the float32 of a normalisation; doubles and bytes may not."""
    half = (torch.float16, torch.bfloat16) if allows_half else ()
    if len({a.dtype for a in given if a.dtype not in half}) > 1:
        types = ", ".join(str(a.dtype) for a in given)
        raise RuntimeError(f"expected tensors to have the same dtype, got {types}")


def _makes_fresh(func: Any) -> bool:
    """Whether it writes into nothing and returns no view."""
    if func not in _FRESH:
        schema = func._schema
        _FRESH[func] = all(a.alias_info is None for a in (*schema.arguments, *schema.returns))
    return _FRESH[func]


def _is_plain(thing: Any) -> bool:
    return type(thing) in (Tensor, nn.Parameter) and thing.is_meta


def _key(func: Any, args: Any, kwargs: Any) -> Any:
    """What the shapes depend on; `None` where that is not known for sure."""
    try:
        return (func, _frozen(args), _frozen(tuple(kwargs.items())), torch.get_default_dtype())
    except TypeError:
        return None


def _frozen(thing: Any) -> Any:
    if isinstance(thing, Tensor):
        if not _is_plain(thing) or thing.layout != torch.strided:
            raise TypeError("only plain tensors on meta are known by their shapes")
        return (thing.shape, thing.stride(), thing.dtype)
    if isinstance(thing, list | tuple):
        return tuple(map(_frozen, thing))
    hash(thing)
    return (type(thing), thing)  # 1 and 1.0 and True are equal, and make different types
