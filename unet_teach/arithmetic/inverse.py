"""The inverses: which input sizes, and which output padding, give an output size."""

from __future__ import annotations

from typing import Any

from unet_teach.arithmetic.axis import (
    TRANSPOSE,
    WINDOW,
    IntOrTuple,
    Padding,
    Size,
    check_bool,
    check_output_padding,
    each_axis,
    only_number,
    pool_padding,
    pool_windows,
    sides,
    span,
)


def conv_input_sizes(
    output_size: Size, kernel_size: Size, stride: Size = 1, padding: Padding = 0, dilation: Size = 1
) -> tuple[Any, ...]:
    """Return every input size from which a convolution makes `output_size`.

    A stride of s makes the same size of s neighbouring ones, which causes the size mismatches in a
    U-Net.
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
    `pool_output_size`. The result has the form of `conv_input_sizes`.

    >>> pool_input_sizes(5, 2), pool_input_sizes(5, 2, ceil_mode=True)
    ((10, 11), (9, 10))
    """

    def solve(output: int, kernel: int, stride: int, padding: int | str, dilation: int) -> Any:
        padding = pool_padding(kernel, padding)
        smallest = (output - 1) * stride + span(kernel, dilation) - 2 * padding  # rounding down
        return tuple(
            size
            for size in range(max(1, smallest - stride), smallest + stride)
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

    It chooses among the input sizes from which a strided convolution makes the same size.

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
        size: int, target: int, kernel: int, stride: int, padding: int | str, dilation: int
    ) -> int:
        least = (size - 1) * stride + span(kernel, dilation) - 2 * only_number(padding)
        most = least + max(stride, dilation) - 1
        if least <= target <= most:
            return target - least
        low = max(1, least)
        reachable = "no size" if most < low else f"{low}" if most == low else f"{low} to {most}"
        change = "padding" if most < low else "output_size or input_size"
        raise ValueError(
            f"output_size={target} cannot be reached from input_size={size}: kernel_size={kernel}, "
            f"stride={stride}, padding={padding} and dilation={dilation} reach {reachable}. "
            f"Change {change}."
        )

    names = ("input_size", "output_size", *WINDOW)
    sizes = (input_size, output_size, kernel_size, stride, padding, dilation)
    return each_axis(names, solve, sizes)
