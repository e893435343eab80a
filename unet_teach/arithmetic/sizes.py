"""Output sizes of convolutions, transposed convolutions and pools."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from unet_teach.arithmetic.axis import (
    CONV,
    TRANSPOSE,
    IntOrTuple,
    Padding,
    Size,
    check_bool,
    conv_axis,
    each_axis,
    pool_size,
    transpose_axis,
)


def conv_output_size(
    input_size: Size, kernel_size: Size, stride: Size = 1, padding: Padding = 0, dilation: Size = 1
) -> IntOrTuple:
    """Return the output size of a convolution (`nn.Conv1d`, `Conv2d`, `Conv3d`).

    It is floor((input + 2·padding − dilation·(kernel − 1) − 1) / stride) + 1.

    Args:
        input_size: Cells along each axis, at least 1; without batch and channels.
        kernel_size: Taps of the kernel, at least 1.
        stride: Cells from one window to the next, at least 1.
        padding: Zeros added on each side, at least 0. "same" keeps the size and asks for stride 1;
            "valid" is 0.
        dilation: Cells from one tap to the next, at least 1.

    Returns:
        Cells along each axis of the output: an int for ints, else a tuple.

    Raises:
        TypeError: If a size is no int (bool and float are refused).
        ValueError: If a size is too small, tuples differ in length, or the kernel does not fit.

    Source: `torch.nn.Conv2d`, "Shape"; Dumoulin & Visin, relationships 6 and 15.

    >>> conv_output_size(31, 3, stride=2, padding=1), conv_output_size(32, 3, stride=2, padding=1)
    (16, 16)
    >>> conv_output_size((7, 11), 3)
    (5, 9)
    """
    sizes = (input_size, kernel_size, stride, padding, dilation)
    return each_axis(CONV, lambda *conv: conv_axis(*conv).output_size, sizes)


def conv_transpose_output_size(
    input_size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
) -> IntOrTuple:
    """Return the output size of a transposed convolution (`nn.ConvTranspose1d` to `3d`).

    It is (input − 1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1.

    Args:
        input_size: Cells along each axis, at least 1; without batch and channels.
        kernel_size: Taps of the kernel, at least 1.
        stride: Output cells from one window to the next, at least 1.
        padding: Output cells cut off on each side, at least 0.
        output_padding: Rows kept beyond that at the far end; below stride or below dilation.
        dilation: Output cells from one tap to the next, at least 1.

    Returns:
        Cells along each axis of the output: an int for ints, else a tuple.

    Raises:
        TypeError: If a size is no int (bool and float are refused).
        ValueError: If a size is too small, tuples differ in length, `output_padding` is too large,
            or `padding` leaves no output.

    Source: `torch.nn.ConvTranspose2d`, "Shape"; Dumoulin & Visin, relationship 14.

    >>> conv_transpose_output_size(16, 3, stride=2, padding=1)
    31
    >>> conv_transpose_output_size(16, 3, stride=2, padding=1, output_padding=1)
    32
    """
    sizes = (input_size, kernel_size, stride, padding, output_padding, dilation)
    return each_axis(TRANSPOSE, lambda *conv: transpose_axis(*conv).output_size, sizes)


def size_or_refusal(size_of: Callable[..., Any], *sizes: Any, **named: Any) -> tuple[Any, str]:
    """Return what one of these functions returns and "", or `None` and why it refuses the sizes."""
    try:
        return size_of(*sizes, **named), ""
    except ValueError as refusal:
        return None, str(refusal)


def pool_output_size(
    input_size: Size,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
) -> IntOrTuple:
    """Return the output size of a max or average pool (`nn.MaxPool1d` to `AvgPool3d`).

    Args:
        input_size: Cells along each axis, at least 1; without batch and channels.
        kernel_size: Cells of a window, at least 1.
        stride: Cells from one window to the next, at least 1; `None` means `kernel_size`.
        padding: Cells added on each side, at most half of `kernel_size` (dilated or not).
        dilation: Cells from one tap to the next, at least 1. Average pools have none: leave it 1.
        ceil_mode: Whether the division rounds up. A window that would start in the far padding
            is dropped.

    Returns:
        Cells along each axis of the output: an int for ints, else a tuple.

    Raises:
        TypeError: If a size is no int, or `ceil_mode` no bool.
        ValueError: If a size is too small, tuples differ in length, `padding` is too large, or the
            kernel does not fit.

    Source: `torch.nn.MaxPool2d`, "Shape"; Dumoulin & Visin, relationship 7.

    >>> pool_output_size((7, 11), 2), pool_output_size((7, 11), 2, ceil_mode=True)
    ((3, 5), (4, 6))
    """
    stride = kernel_size if stride is None else stride
    check_bool("ceil_mode", ceil_mode)
    sizes = (input_size, kernel_size, stride, padding, dilation)
    return each_axis(CONV, functools.partial(pool_size, ceil_mode), sizes)
