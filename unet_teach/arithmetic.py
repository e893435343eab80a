"""Sizes of convolutions and pools, their inverse questions, and which cell sees which.

One rule carries everything. Along one axis, tap `t` of window `j` lies on the cell

    j · stride − padding + t · dilation

A convolution reads through its windows: windows are output cells, they lie on the input. A
transposed convolution writes through them: windows are input cells, they lie on the output.

Sizes count cells (pixels) along an axis. Each is an int, or a tuple or list of one to three ints in
PyTorch's order: (length), (height, width), (depth, height, width). An int stands for all axes. The
answer is an int when every size was an int, else a tuple.

What is refused here is what torch 2.13 refuses on a CPU, with three exceptions:

* Transposed convolutions in 2-D and 3-D whose last two kernel sizes are above 3. Torch leaves them
  to oneDNN, which lets pass what is refused for all others: an output of exactly 0 cells and, in
  2-D, `dilation=0` along an axis of input size 1. Both are refused here.
* `AvgPool3d` alone refuses a kernel longer than the input without its padding. `pool_output_size`
  follows the other five pools.
* A tuple of one in two or three dimensions. Torch takes it in some arguments and not in others.

Sources: the "Shape" sections of the PyTorch pages `torch.nn.Conv2d`, `ConvTranspose2d` and
`MaxPool2d`; Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (2016,
arXiv:1603.07285), cited below by its numbered relationships.
"""

from __future__ import annotations

import functools
from typing import Any

from unet_teach.axes import (
    CONV,
    TRANSPOSE,
    WINDOW,
    IntOrTuple,
    Padding,
    Size,
    cells,
    check_bool,
    check_output_padding,
    conv_axis,
    each_axis,
    only_number,
    pool_padding,
    pool_size,
    pool_windows,
    sides,
    span,
    transpose_axis,
)
from unet_teach.receptive import ReceptiveField, receptive_field

__all__ = [
    "ReceptiveField",
    "conv_coverage",
    "conv_feeds",
    "conv_input_sizes",
    "conv_output_size",
    "conv_sees",
    "conv_transpose_feeds",
    "conv_transpose_input_sizes",
    "conv_transpose_output_size",
    "conv_transpose_overlap",
    "conv_transpose_sees",
    "output_padding_for",
    "pool_input_sizes",
    "pool_output_size",
    "receptive_field",
]


# ------------------------------------------------------------------------------------------- sizes
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


# --------------------------------------------------------------------------- the inverse questions
def conv_input_sizes(
    output_size: Size, kernel_size: Size, stride: Size = 1, padding: Padding = 0, dilation: Size = 1
) -> tuple[Any, ...]:
    """Return every input size from which a convolution makes `output_size`.

    A stride of s merges s neighbouring sizes into one; that is why sizes part inside a U-Net.
    `output_size` is at least 1; the other arguments and the errors are those of
    `conv_output_size`, except that every kernel fits some input.

    Returns:
        The sizes in rising order, empty if there is none. For tuples one such tuple per axis.

    Source: Dumoulin & Visin, relationship 6 solved for the input.

    >>> conv_input_sizes(16, 3, stride=2, padding=1)
    (31, 32)
    >>> conv_input_sizes((3, 5), 3, stride=(2, 1))
    ((7, 8), (7,))
    """

    def solve(output: int, kernel: int, stride: int, padding: int | str, dilation: int) -> Any:
        before, after = sides(kernel, stride, padding, dilation)
        smallest = (output - 1) * stride + span(kernel, dilation) - before - after
        return tuple(range(max(1, smallest), smallest + stride))

    names = ("output_size", *WINDOW)
    sizes = (output_size, kernel_size, stride, padding, dilation)
    return tuple(each_axis(names, solve, sizes))


def pool_input_sizes(
    output_size: Size,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
) -> tuple[Any, ...]:
    """Return every input size from which a pool makes `output_size`.

    `output_size` is at least 1; the other arguments, the errors and the source are those of
    `pool_output_size`. The answer has the form of `conv_input_sizes`.

    >>> pool_input_sizes(5, 2), pool_input_sizes(5, 2, ceil_mode=True)
    ((10, 11), (9, 10))
    """

    def solve(output: int, kernel: int, stride: int, padding: int | str, dilation: int) -> Any:
        padding = pool_padding(kernel, padding)
        smallest = (output - 1) * stride + span(kernel, dilation) - 2 * padding  # rounding down
        return tuple(
            size
            for size in range(max(1, smallest - stride + 1), smallest + stride)
            if pool_windows(ceil_mode, size, kernel, stride, padding, dilation) == output
        )

    stride = kernel_size if stride is None else stride
    check_bool("ceil_mode", ceil_mode)
    names = ("output_size", *WINDOW)
    sizes = (output_size, kernel_size, stride, padding, dilation)
    return tuple(each_axis(names, solve, sizes))


def conv_transpose_input_sizes(
    output_size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
) -> tuple[Any, ...]:
    """Return every input size from which a transposed convolution makes `output_size`.

    There is one or none along an axis. `output_size` is at least 1; the other arguments, the errors
    and the source are those of `conv_transpose_output_size`; the form that of `conv_input_sizes`.

    >>> conv_transpose_input_sizes(31, 3, stride=2, padding=1)
    (16,)
    >>> conv_transpose_input_sizes(32, 3, stride=2, padding=1)
    ()
    """

    def solve(
        output: int, kernel: int, stride: int, padding: int | str, extra: int, dilation: int
    ) -> Any:
        check_output_padding(extra, stride, dilation)
        from_one = span(kernel, dilation) - 2 * only_number(padding) + extra
        steps, rest = divmod(output - from_one, stride)
        return (steps + 1,) if steps >= 0 and rest == 0 else ()

    names = ("output_size", *TRANSPOSE[1:])
    sizes = (output_size, kernel_size, stride, padding, output_padding, dilation)
    return tuple(each_axis(names, solve, sizes))


def output_padding_for(
    input_size: Size,
    output_size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
) -> IntOrTuple:
    """Return the `output_padding` that brings a transposed convolution to `output_size`.

    It chooses among the sizes that a stride merged on the way down.

    Args:
        input_size: Cells along each axis that go in, at least 1.
        output_size: Cells along each axis that should come out, at least 1.
        kernel_size: Taps of the kernel, at least 1.
        stride: Output cells from one window to the next, at least 1.
        padding: Output cells cut off on each side, at least 0.
        dilation: Output cells from one tap to the next, at least 1.

    Returns:
        The output padding along each axis: an int for ints, else a tuple.

    Raises:
        TypeError: If a size is no int.
        ValueError: If a size is too small, tuples differ in length, or no output padding leads to
            `output_size`; the sentence then says which sizes are reachable.

    Source: `torch.nn.ConvTranspose2d`, `output_size`; Dumoulin & Visin, relationship 14 (their a).

    >>> output_padding_for(16, 31, 3, stride=2, padding=1)
    0
    >>> output_padding_for(16, 32, 3, stride=2, padding=1)
    1
    """

    def solve(
        size: int, wanted: int, kernel: int, stride: int, padding: int | str, dilation: int
    ) -> int:
        least = (size - 1) * stride + span(kernel, dilation) - 2 * only_number(padding)
        most = least + max(stride, dilation) - 1
        if least <= wanted <= most:
            return wanted - least
        low = max(1, least)
        reachable = "no size" if most < low else f"{low}" if most == low else f"{low} to {most}"
        change = "padding" if most < low else "output_size or input_size"
        raise ValueError(
            f"output_size={wanted} cannot be reached from input_size={size}: kernel_size={kernel}, "
            f"stride={stride}, padding={padding} and dilation={dilation} reach {reachable}. "
            f"Change {change}."
        )

    names = ("input_size", "output_size", *WINDOW)
    sizes = (input_size, output_size, kernel_size, stride, padding, dilation)
    return each_axis(names, solve, sizes)


# --------------------------------------------------------------------------- which cell sees which
def conv_sees(
    output_index: Size,
    input_size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
) -> list[Any]:
    """Return the input cells that output cell `output_index` of a convolution sees.

    Padding is left out. `output_index` counts from 0; the other arguments, the errors and the
    source are those of `conv_output_size`.

    Returns:
        Rising indices: ints when every argument was an int, else tuples, the last axis fastest.

    >>> conv_sees(0, 7, 3, stride=2, padding=1)
    [0, 1]
    """
    sizes = (output_index, input_size, kernel_size, stride, padding, dilation)
    return cells("output", CONV, conv_axis, sizes)


def conv_feeds(
    input_index: Size,
    input_size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
) -> list[Any]:
    """Return the output cells that input cell `input_index` of a convolution feeds.

    This is `conv_sees` read backwards, in the same form. A cell between windows feeds none.

    >>> conv_feeds(1, 7, 3, stride=2, padding=1)
    [0, 1]
    """
    sizes = (input_index, input_size, kernel_size, stride, padding, dilation)
    return cells("input", CONV, conv_axis, sizes)


def conv_transpose_sees(
    output_index: Size,
    input_size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
) -> list[Any]:
    """Return the input cells that output cell `output_index` of a transposed convolution sees.

    The form is that of `conv_sees`; the other arguments, the errors and the source are those of
    `conv_transpose_output_size`. With a kernel shorter than the stride some cells see none.

    >>> conv_transpose_sees(1, 4, 3, stride=2, padding=1)
    [0, 1]
    """
    sizes = (output_index, input_size, kernel_size, stride, padding, output_padding, dilation)
    return cells("output", TRANSPOSE, transpose_axis, sizes)


def conv_transpose_feeds(
    input_index: Size,
    input_size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
) -> list[Any]:
    """Return the output cells that input cell `input_index` of a transposed convolution feeds.

    This is `conv_transpose_sees` read backwards, in the same form.

    >>> conv_transpose_feeds(1, 4, 3, stride=2, padding=1)
    [1, 2, 3]
    """
    sizes = (input_index, input_size, kernel_size, stride, padding, output_padding, dilation)
    return cells("input", TRANSPOSE, transpose_axis, sizes)


def conv_coverage(
    input_size: Size, kernel_size: Size, stride: Size = 1, padding: Padding = 0, dilation: Size = 1
) -> Any:
    """Return how many windows of a convolution cover each input cell.

    The arguments, the errors and the source are those of `conv_output_size`.

    Returns:
        A list of counts. For tuples one list per axis: cell (y, x) is covered by `counts[0][y] *
        counts[1][x]` windows.

    >>> conv_coverage(7, 3, stride=2, padding=1)
    [1, 2, 1, 2, 1, 2, 1]
    """
    sizes = (input_size, kernel_size, stride, padding, dilation)
    return each_axis(CONV, lambda *conv: conv_axis(*conv).counts(), sizes)


def conv_transpose_overlap(
    input_size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
) -> Any:
    """Return how many input cells of a transposed convolution reach each output cell.

    Uneven counts are the checkerboard. The arguments, the errors and the source are those of
    `conv_transpose_output_size`; the form is that of `conv_coverage`.

    >>> conv_transpose_overlap(4, 3, stride=2, padding=1, output_padding=1)
    [1, 2, 1, 2, 1, 2, 1, 1]
    >>> conv_transpose_overlap(4, 2, stride=2)
    [1, 1, 1, 1, 1, 1, 1, 1]
    """
    sizes = (input_size, kernel_size, stride, padding, output_padding, dilation)
    return each_axis(TRANSPOSE, lambda *conv: transpose_axis(*conv).counts(), sizes)
