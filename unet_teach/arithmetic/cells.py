"""Which input cells contribute to which output cells, and how many windows cover each."""

from __future__ import annotations

from typing import Any

from unet_teach.arithmetic.axis import (
    CONV,
    TRANSPOSE,
    Padding,
    Size,
    cells,
    conv_axis,
    each_axis,
    transpose_axis,
)


def conv_sees(
    output_index: Size,
    input_size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
) -> list[Any]:
    """Return the input cells that output cell `output_index` of a convolution depends on.

    Cells of the padding are left out. `output_index` counts from 0; the other arguments, the errors
    and the source are those of `conv_output_size`.

    Returns:
        Indices in rising order: ints when every argument was an int, else tuples, the last axis
        fastest.

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
    """Return the output cells to which input cell `input_index` of a convolution contributes.

    This is the inverse of `conv_sees`, in the same form. A cell between windows has none.

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
    """Return the input cells that a transposed convolution's output cell `output_index` depends on.

    The form is that of `conv_sees`; the other arguments, the errors and the source are those of
    `conv_transpose_output_size`. With a kernel shorter than the stride some cells have none.

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
    """Return the output cells to which input cell `input_index` of a transposed convolution adds.

    This is the inverse of `conv_transpose_sees`, in the same form.

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
    """Return how many input cells of a transposed convolution contribute to each output cell.

    Uneven counts cause checkerboard artefacts. The arguments, the errors and the source are those
    of `conv_transpose_output_size`; the form is that of `conv_coverage`.

    >>> conv_transpose_overlap(4, 3, stride=2, padding=1, output_padding=1)
    [1, 2, 1, 2, 1, 2, 1, 1]
    >>> conv_transpose_overlap(4, 2, stride=2)
    [1, 1, 1, 1, 1, 1, 1, 1]
    """
    sizes = (input_size, kernel_size, stride, padding, output_padding, dilation)
    return each_axis(TRANSPOSE, lambda *conv: transpose_axis(*conv).counts(), sizes)
