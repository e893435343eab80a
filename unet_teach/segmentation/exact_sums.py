"""Convolutions whose sums are not rounded, so that their results do not depend on the order."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

STEP = 2.0**-20  # inputs and weights are rounded to multiples of this: about a millionth
CHANNELS = 8  # input channels of a convolution that are computed at a time
LIMIT = 2.0**53 * STEP**2  # below this, 8192, a float64 holds every multiple of STEP² exactly


@contextmanager
def exact_sums() -> Iterator[None]:
    """Compute convolutions and up-sampling without rounding errors in their sums, but more slowly.

    A processor adds the terms of a convolution in an order that depends on the size of the feature
    map and on the processor, and each order rounds differently: by about 1e-7 of the values. In
    this context, feature maps and weights are first rounded to multiples of 2^-20. Their products
    are multiples of 2^-40, and a float64 adds those without rounding while sums stay below 8192.
    So the output of a network changes by about 1e-5 of its values, but two outputs that are sums
    of the same terms are equal to the last bit, on any machine. (Up-sampling by a factor that is
    not a power of two still rounds.)

    Raises:
        ValueError: within the context, if the sums of a convolution might reach 8192.
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
            return func(_round_to_grid(args[0]), *args[1:], **kwargs).to(args[0].dtype)
        return func(*args, **kwargs)


def _convolve(
    func: Callable[..., Tensor],
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *args: Any,
    **kwargs: Any,
) -> Tensor:
    """Call `conv2d` or `conv_transpose2d` with exact sums; the arguments are those of `func`."""
    input_axis = 1 if func is torch.conv2d else 0  # the axis of the weight that is summed over
    largest = float(input.detach().abs().max()) + STEP
    bound = largest * float(_round_to_grid(weight).detach().abs().sum((input_axis, 2, 3)).max())
    if not bound < LIMIT:  # also refuses nan
        raise ValueError(
            f"The sums of a convolution may reach {bound:.3g}, but are exact only below "
            f"{LIMIT:.0f}. Predict without exact_sums()."
        )
    # Exact sums may be split up: converting a few channels at a time to float64 saves memory.
    is_splittable = func is torch.conv2d and weight.shape[1] == input.shape[-3]  # not grouped
    size = CHANNELS if is_splittable else input.shape[-3]
    weights = torch.split(weight, size, 1) if is_splittable else [weight]
    total = functools.reduce(
        torch.add,
        (
            func(_round_to_grid(channels), _round_to_grid(own_weight), None, *args, **kwargs)
            for channels, own_weight in zip(torch.split(input, size, -3), weights, strict=True)
        ),
    )
    return (total if bias is None else total + bias[:, None, None]).to(input.dtype)


def _round_to_grid(values: Tensor) -> Tensor:
    """Return values as float64, rounded to multiples of STEP."""
    return (values.double() * (1 / STEP)).round_().mul_(STEP)  # in place, on the new tensor
