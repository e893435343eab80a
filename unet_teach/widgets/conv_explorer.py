"""ConvExplorer: one convolution, its padded input, its sliding window and its output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from unet_teach.arithmetic import conv_output_size
from unet_teach.widgets.base import STATIC, CourseWidget, Size
from unet_teach.widgets.torch_echo import ask_torch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PARAMETERS = ("input_size", "kernel_size", "stride", "padding", "dilation")


class ConvExplorer(CourseWidget):
    """See which input cells an output cell of `nn.Conv2d` is made of, and how large the output is.

    The traits carry PyTorch's parameter names. Height and width are alike. An illegal combination
    is not refused: it stays on the screen with the reason, as it would stay in a student's code.

    Attributes:
        input_size: cells a side of the map that goes in, 1 to 16.
        kernel_size: taps a side of the kernel, 1 to 7.
        stride: cells from one window to the next, 1 to 5.
        padding: rows and columns of zeros on each side, 0 to 6.
        dilation: cells from one tap of the kernel to the next, 1 to 4.
        output_size: cells a side of the output, `None` where the window fits nowhere (read only).
        code: the line that makes this layer in PyTorch (read only).
        error: why there is no output, as a sentence; empty when there is one (read only).

    Raises:
        traitlets.TraitError: for a value outside its range, with a sentence; nothing changes then.
    """

    _esm = STATIC / "conv_explorer.js"

    input_size = Size(8, minimum=1, maximum=16).tag(sync=True)
    kernel_size = Size(3, minimum=1, maximum=7).tag(sync=True)
    stride = Size(1, minimum=1, maximum=5).tag(sync=True)
    padding = Size(0, minimum=0, maximum=6).tag(sync=True)
    dilation = Size(1, minimum=1, maximum=4).tag(sync=True)

    output_size = traitlets.Int(allow_none=True, read_only=True)
    code = traitlets.Unicode(read_only=True)
    error = traitlets.Unicode(read_only=True)
    _echo = traitlets.Dict().tag(sync=True)

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        self._work_out()

    @property
    def parameters(self) -> dict[str, int]:
        """The five parameters by name."""
        return {name: getattr(self, name) for name in PARAMETERS}

    @traitlets.observe(*PARAMETERS)
    def _work_out(self, _change: Any = None) -> None:
        try:
            size, error = conv_output_size(**self.parameters), ""
        except ValueError as refusal:
            size, error = None, str(refusal)
        self.set_trait("output_size", size)
        self.set_trait("error", error)
        self.set_trait("code", self._code_line())
        self._ask_torch()

    @traitlets.observe("_shown")
    def _ask_torch(self, _change: Any = None) -> None:
        if self._shown:
            self._echo = ask_torch("Conv2d", **self.parameters)

    def _code_line(self) -> str:
        defaults = {"stride": 1, "padding": 0, "dilation": 1}
        changed = "".join(
            f", {name}={self.parameters[name]}"
            for name, default in defaults.items()
            if self.parameters[name] != default
        )
        return f"nn.Conv2d(1, 1, kernel_size={self.kernel_size}{changed})"

    def describe(self) -> str:
        """Return one line: the layer, and the sizes that go in and come out."""
        n, size = self.input_size, self.output_size
        result = f"{n}×{n} → {size}×{size}" if size else f"{n}×{n} → no output. {self.error}"
        return f"ConvExplorer · {self.code} · {result}"

    def figure(self) -> Figure:
        """Return the padded input with its first window, and the output, drawn with matplotlib."""
        from unet_teach.widgets.figures import conv_figure

        return conv_figure(**self.parameters)
