"""ConvExplorer: one convolution, its padded input, its sliding window and its output."""

from __future__ import annotations

from typing import ClassVar

from unet_teach.arithmetic import conv_output_size
from unet_teach.widgets.explorer import Explorer, Presets
from unet_teach.widgets.layers import LAYERS


class ConvExplorer(Explorer):
    """See which input cells an output cell of `nn.Conv2d` depends on, and the output's size.

    The traits have PyTorch's parameter names; each is a whole number, or a pair (height, width).
    An illegal combination is not refused: the widget shows the reason.
    `ConvExplorer(preset="halve")` starts from a named preset.

    Attributes:
        input_size: cells along each side of the input, 1 to 16.
        kernel_size: taps along each side of the kernel, 1 to 7.
        stride: cells from one window to the next, 1 to 5.
        padding: rows and columns of zeros on each side, 0 to 6.
        dilation: cells from one tap of the kernel to the next, 1 to 4.

    Raises:
        traitlets.TraitError: for a value outside its range; nothing changes then.
    """

    LAYER = "Conv2d"
    PARAMETERS = tuple(LAYERS[LAYER]["defaults"])
    PRESETS: ClassVar[Presets] = LAYERS[LAYER]["presets"]
    _output_size_of = staticmethod(conv_output_size)
