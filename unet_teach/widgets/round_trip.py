"""RoundTrip: which sizes a convolution and its transposed convolution bring back."""

from __future__ import annotations

from typing import Any

import traitlets

from unet_teach.arithmetic import (
    conv_output_size,
    conv_transpose_output_size,
    output_padding_for,
)
from unet_teach.arithmetic.axis import WINDOW
from unet_teach.arithmetic.sizes import size_or_refusal
from unet_teach.widgets.base import BoundedInt, CourseWidget
from unet_teach.widgets.explorer import code_line
from unet_teach.widgets.layers import LAYERS
from unet_teach.widgets.torch_echo import ask_torch

DEFAULTS: dict[str, int] = LAYERS["RoundTrip"]["defaults"]
SMALLEST, LARGEST = LAYERS["RoundTrip"]["sizes"]
SIZES = range(SMALLEST, LARGEST + 1)
PARAMETERS = (*WINDOW, "output_padding")


def _parameter(name: str) -> BoundedInt:
    return BoundedInt(DEFAULTS[name], *LAYERS["layer"]["bounds"][name]).tag(sync=True)


class RoundTrip(CourseWidget, view="round_trip"):
    """See which sizes from 1 to 64 a convolution and its transposed convolution bring back.

    Both layers share `kernel_size`, `stride`, `padding` and `dilation`. With a stride of s the
    convolution makes the same size of s neighbouring ones; `output_padding` chooses which of them
    the transposed convolution returns. The default layers are those of the document that this
    course follows. An illegal `output_padding` is not refused: the widget shows the reason.

    Attributes:
        kernel_size: taps along each side of both kernels, 1 to 7.
        stride: cells from one window to the next, 1 to 5.
        padding: zeros added on each side of the convolution's input, and cells cropped from each
            side of the transposed convolution's output, 0 to 6.
        dilation: cells from one tap of the kernel to the next, 1 to 4.
        output_padding: rows and columns of that output kept at the bottom and right, 0 to 4.
        chosen: the size that is explained, 1 to 64.
        comes_back: the sizes that come back unchanged, in rising order (read only).
        mended_by: for each size the `output_padding` that brings it back, or `None` where the
            kernel does not fit it (read only).
        code: the two lines that make these layers in PyTorch (read only).
        error: why the transposed convolution is illegal, as a sentence, or empty (read only).
        steps: instructions above the board. Their states may ask for `output_size`, what the
            chosen size comes back as (0 where there is no output).

    Raises:
        traitlets.TraitError: for a value outside its range; nothing changes then.
    """

    STEP_FACTS = ("output_size",)

    kernel_size = _parameter("kernel_size")
    stride = _parameter("stride")
    padding = _parameter("padding")
    dilation = _parameter("dilation")
    output_padding = _parameter("output_padding")
    chosen = BoundedInt(DEFAULTS["chosen"], SMALLEST, LARGEST).tag(sync=True)

    comes_back = traitlets.Tuple(read_only=True)
    mended_by = traitlets.Dict(read_only=True)
    code = traitlets.Unicode(read_only=True)
    error = traitlets.Unicode(read_only=True)
    _echo = traitlets.Dict().tag(sync=True)

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        self._update()

    @property
    def parameters(self) -> dict[str, int]:
        """The five parameters by name."""
        return {name: getattr(self, name) for name in PARAMETERS}

    @property
    def _window(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in WINDOW}

    @traitlets.observe(*PARAMETERS)
    def _update(self, _change: Any = None) -> None:
        window, parameters = self._window, self.parameters
        smalls = {size: self.small(size) for size in SIZES}
        mended_by = {
            size: None if small is None else output_padding_for(small, size, **window)
            for size, small in smalls.items()
        }
        back = (size for size, needed in mended_by.items() if needed == self.output_padding)
        self.set_trait("mended_by", mended_by)
        self.set_trait("comes_back", tuple(back))
        # An illegal output_padding is so at any size; the largest has an output otherwise.
        uncropped = parameters | {"padding": 0}
        _, error = size_or_refusal(conv_transpose_output_size, LARGEST, **uncropped)
        self.set_trait("error", error)
        down, up = code_line("Conv2d", window), code_line("ConvTranspose2d", parameters)
        self.set_trait("code", f"{down}\n{up}")
        self._ask_torch()

    def small(self, size: int) -> int | None:
        """Return the convolution's output size, `None` where the kernel does not fit."""
        found: int | None = size_or_refusal(conv_output_size, size, **self._window)[0]
        return found

    @traitlets.observe("_shown", "chosen")
    def _ask_torch(self, _change: Any = None) -> None:
        if not self._shown:
            return
        echo = ask_torch("Conv2d", self.chosen, **self._window)
        small = self.small(self.chosen)
        if echo["accepts"] and small:
            up = ask_torch("ConvTranspose2d", small, **self.parameters)
            echo = up | {"text": f"{echo['text']} → {up['text']}"}
        self._echo = echo | {"parameters": self.parameters | {"chosen": self.chosen}}

    def describe(self) -> str:
        """Return one line: the pair of layers, and how many of the 64 sizes come back."""
        layers = " → ".join(self.code.splitlines())
        count = f"{len(self.comes_back)} of {len(SIZES)} sizes come back"
        return f"RoundTrip · {layers} · {count}" + (f". {self.error}" if self.error else "")

    def back(self, small: int) -> int | None:
        """Return what the transposed convolution makes of a size, `None` where that is illegal."""
        found: int | None = size_or_refusal(conv_transpose_output_size, small, **self.parameters)[0]
        return found
