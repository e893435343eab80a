"""Sizes of convolutions and pools, their inverses, and which cells depend on which.

Everything follows from one rule. Along one axis, tap `t` of window `j` lies on the cell

    j · stride − padding + t · dilation

A convolution reads its input through windows: each output cell has one, which lies on the input.
A transposed convolution writes through windows: each input cell has one, which lies on the output.

Sizes count cells (pixels) along an axis. Each is an int, or a tuple or list of one to three ints in
PyTorch's order: (length), (height, width), (depth, height, width). An int stands for all axes. The
result is an int when every size was an int, else a tuple.

These functions refuse what torch 2.13 refuses on a CPU, with three exceptions:

* Transposed convolutions in 2-D and 3-D whose last two kernel sizes are above 3. Torch runs
  them in oneDNN, which accepts what is refused for all others: an output of exactly 0 cells and, in
  2-D, `dilation=0` along an axis of input size 1. Both are refused here.
* `AvgPool3d` alone refuses a kernel longer than the input without its padding. `pool_output_size`
  follows the other five pools.
* A tuple of one in two or three dimensions. Torch takes it in some arguments and not in others.

Sources: the "Shape" sections of the PyTorch pages `torch.nn.Conv2d`, `ConvTranspose2d` and
`MaxPool2d`; Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (2016,
arXiv:1603.07285), cited below by its numbered relationships.
"""

from __future__ import annotations

from unet_teach.arithmetic.cells import (
    conv_coverage,
    conv_feeds,
    conv_sees,
    conv_transpose_feeds,
    conv_transpose_overlap,
    conv_transpose_sees,
)
from unet_teach.arithmetic.inverse import (
    conv_input_sizes,
    conv_transpose_input_sizes,
    output_padding_for,
    pool_input_sizes,
)
from unet_teach.arithmetic.receptive_field import ReceptiveField, receptive_field
from unet_teach.arithmetic.sizes import (
    conv_output_size,
    conv_transpose_output_size,
    pool_output_size,
)

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
