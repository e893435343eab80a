"""Output sizes of the convolutions of lesson 1."""

from __future__ import annotations

from unet_teach.arithmetic import conv_output_size


def conv_size(size: int, kernel_size: int, stride: int, padding: int) -> int:
    """Return the output size along one axis, in cells."""
    return int(conv_output_size(size, kernel_size, stride, padding))
