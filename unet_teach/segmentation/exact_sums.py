"""Sums without rounding: then their order means nothing, and equal is equal to the last bit."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

STEP = 2.0**-20  # of the grid: about a millionth
CHANNELS = 8  # of a convolution that are computed at a time
LIMIT = 2.0**53 * STEP**2  # so far a double counts a product's steps without rounding: 8192


@contextmanager
def exact_sums() -> Iterator[None]:
    """Compute convolutions and up-sampling without rounding any sum. It is slower.

    A processor adds the terms of a convolution in an order that depends on the size of the map and
    on its own kind, and every order rounds otherwise: by about 1e-7 of the values. In here, maps
    and weights are first rounded to multiples of 2^-20. Their products are multiples of 2^-40, and
    a double adds such without rounding as long as the sums stay below 8192. So a network answers
    as it always does, to some 1e-5 of its values, and gives maps that are made of equal terms equal
    bits, on any machine. (Up-sampling by a factor that is no power of two still rounds.)

    Raises:
        ValueError: within, where the sums of a convolution might reach 8192.
    """
    with _ExactSums():
        yield


class _ExactSums(TorchFunctionMode):
    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func in (torch.conv2d, torch.conv_transpose2d):
            return _convolve(func, *args, **kwargs)
        if func is functional.interpolate:
            return func(_on_grid(args[0]), *args[1:], **kwargs).to(args[0].dtype)
        return func(*args, **kwargs)


def _convolve(
    func: Callable[..., Tensor],
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *how: Any,
    **named: Any,
) -> Tensor:
    inputs = 1 if func is torch.conv2d else 0  # the dimension of a weight that is summed over
    largest = float(input.detach().abs().max()) + STEP
    most = largest * float(_on_grid(weight).detach().abs().sum((inputs, 2, 3)).max())
    if not most < LIMIT:
        raise ValueError(
            f"The sums of a convolution may reach {most:.3g}, and are exact below {LIMIT:.0f}. "
            "Predict without exact_sums()."
        )
    # In any order means in parts, too: doubles of some channels at a time need little memory.
    is_whole = func is not torch.conv2d or weight.shape[1] != input.shape[-3]
    size = input.shape[-3] if is_whole else CHANNELS
    weights = [weight] if is_whole else torch.split(weight, size, 1)
    pairs = zip(torch.split(input, size, -3), weights, strict=True)
    parts = (func(_on_grid(part), _on_grid(own), None, *how, **named) for part, own in pairs)
    total = functools.reduce(torch.add, parts)
    return (total if bias is None else total + bias[:, None, None]).to(input.dtype)


def _on_grid(values: Tensor) -> Tensor:
    return (values.double() * (1 / STEP)).round_().mul_(STEP)  # a copy, then in place
