"""ConvTransposeExplorer: one transposed convolution as scatter, zero insertion and crop."""

from __future__ import annotations

from typing import ClassVar

from unet_teach.arithmetic import conv_transpose_output_size
from unet_teach.widgets.base import Choice
from unet_teach.widgets.explorer import Explorer, Presets, parameter
from unet_teach.widgets.layers import LAYERS


class ConvTransposeExplorer(Explorer):
    """See where `nn.ConvTranspose2d` scatters each input cell, and what its crop leaves.

    The traits have PyTorch's parameter names; each is a whole number, or a pair (height, width).
    An illegal combination is not refused: the widget shows the reason.
    `ConvTransposeExplorer(preset="double")` starts from a named preset.

    Attributes:
        input_size: cells along each side of the input, 1 to 16.
        kernel_size: taps along each side of the kernel, 1 to 7.
        stride: output cells from one input cell's patch to the next, 1 to 5.
        padding: rows and columns cropped from each side of the scattered map, 0 to 6.
        output_padding: rows and columns kept at the bottom and right, which padding would crop,
            0 to 4; torch needs it to be smaller than stride or dilation.
        dilation: cells from one tap of the kernel to the next, 1 to 4.
        view: "scatter" (each input cell adds a scaled kernel), "zero insertion" (the
            ordinary convolution with the same output) or "crop window".

    Raises:
        traitlets.TraitError: for a value outside its range; nothing changes then.
    """

    LAYER = "ConvTranspose2d"
    PARAMETERS = tuple(LAYERS[LAYER]["defaults"])
    PRESETS: ClassVar[Presets] = LAYERS[LAYER]["presets"]
    _output_size_of = staticmethod(conv_transpose_output_size)

    input_size = parameter(LAYER, "input_size")
    output_padding = parameter(LAYER, "output_padding")
    view = Choice(*LAYERS[LAYER]["views"]).tag(sync=True)
