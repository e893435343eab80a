"""ConvExplorer and ConvTransposeExplorer: one layer, its windows or patches, and its output.

PyTorch's parameters are checked traits; sizes, code and refusals follow from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import traitlets

from unet_teach.arithmetic import conv_output_size, conv_transpose_output_size
from unet_teach.arithmetic.sizes import size_or_refusal
from unet_teach.shared.sizes_as_text import sizes_as_text
from unet_teach.widgets.base import (
    BoundedInt,
    Checked,
    Choice,
    CourseWidget,
    IntOrPair,
    PairSize,
    is_finite,
    pair_of,
)
from unet_teach.widgets.layers import LAYERS, TORCH_DEFAULTS
from unet_teach.widgets.numbers import KERNELS, LARGEST_KERNEL, input_values, kernel_values
from unet_teach.widgets.torch_echo import ask_torch

if TYPE_CHECKING:
    import torch

SEED: dict[str, Any] = LAYERS["layer"]["seed"]
Presets: TypeAlias = Mapping[str, Mapping[str, int]]


def _read_weights(name: str, value: Any) -> Any:
    """Return the kernel's numbers: the name of a kernel, or rows of finite numbers."""
    if isinstance(value, str) and value in KERNELS:
        return value
    if _is_list(value) and value and all(map(_is_list, value)):
        lengths = {len(value), *map(len, value)}
        is_rectangular = len(set(map(len, value))) == 1
        is_small = min(lengths) >= 1 and max(lengths) <= LARGEST_KERNEL
        numbers = [number for row in value for number in row]
        # Of JSON's kinds only: a NumPy scalar would not reach the browser.
        are_numbers = all(isinstance(n, int | float) and is_finite(n) for n in numbers)
        if is_rectangular and is_small and are_numbers:
            return [list(row) for row in value]
    raise ValueError(
        f"{name}={value!r} is no kernel: use one of {', '.join(map(repr, KERNELS))}, or up to "
        f"{LARGEST_KERNEL} rows of up to {LARGEST_KERNEL} numbers, the same count in each row."
    )


def parameter(layer: str, name: str) -> PairSize:
    """Return the trait of a layer's parameter, with its default and bounds from `layers.json`."""
    bounds = LAYERS["layer"]["bounds"][name]
    return PairSize(LAYERS[layer]["defaults"][name], *bounds).tag(sync=True)


class Explorer(CourseWidget, view="explorer"):
    """Base of ConvExplorer and ConvTransposeExplorer.

    Attributes:
        output_size: cells along each side of the output, an int or a pair; `None` without output.
        code: the line that makes this layer in PyTorch.
        error: why there is no output, as a sentence; empty when there is one.
        numbers: whether values, products and sums are shown.
        weights: the kernel's numbers: "random", "identity", "box", "edge", or rows of numbers.
        seed: selects the whole numbers of the input and of the kernel "random", 0 to 999.
        playing: whether the window walks over all cells, 600 ms a step. Where the system asks for
            reduced motion, it waits until somebody presses play.

    Steps may ask for the traits and for `output_size`, `legal` (whether there is an output),
    `preset` (the name of the one that is shown), and `map` and `cell` (the chosen cell, as in
    `{"map": "output", "cell": (1, 2)}`).
    """

    STEP_FACTS: ClassVar[tuple[str, ...]] = ("output_size", "legal", "preset", "map", "cell")
    LAYER: ClassVar[str]
    PARAMETERS: ClassVar[tuple[str, ...]]
    PRESETS: ClassVar[Presets]
    _output_size_of: ClassVar[Callable[..., Any]]

    input_size = parameter("Conv2d", "input_size")
    kernel_size = parameter("Conv2d", "kernel_size")
    stride = parameter("Conv2d", "stride")
    padding = parameter("Conv2d", "padding")
    dilation = parameter("Conv2d", "dilation")

    output_size = traitlets.Any(None, read_only=True)
    code = traitlets.Unicode(read_only=True)
    error = traitlets.Unicode(read_only=True)

    numbers = traitlets.Bool(True).tag(sync=True)
    weights = Checked(_read_weights, "random").tag(sync=True)
    seed = BoundedInt(SEED["default"], *SEED["bounds"]).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    _pinned = traitlets.Any([]).tag(sync=True)  # the selected cell: panel, row, column
    _echo = traitlets.Dict().tag(sync=True)
    _layer = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(self, preset: str | None = None, **traits: Any) -> None:
        if preset is not None:
            if preset not in self.PRESETS:
                known = ", ".join(map(repr, self.PRESETS))
                raise ValueError(
                    f"There is no preset {preset!r}. {type(self).__name__} has {known}."
                )
            traits = {**TORCH_DEFAULTS, **self.PRESETS[preset], **traits}
        for name in traits:
            # A preset sets all of torch's defaults; a Conv2d has no output_padding.
            if not self.has_trait(name) and name not in TORCH_DEFAULTS:
                raise TypeError(
                    f"{type(self).__name__} has no {name!r}. "
                    f"Its parameters: {', '.join(self.PARAMETERS)}."
                )
        self.set_trait("_layer", self.LAYER)
        super().__init__(**{name: v for name, v in traits.items() if self.has_trait(name)})
        self.observe(self._update, self.PARAMETERS)
        self._update()

    @classmethod
    def from_layer(cls, layer: torch.nn.Module, input_size: IntOrPair = 8) -> Explorer:
        """Return an explorer that shows a layer of a network.

        Args:
            layer: an `nn.Conv2d` (`nn.ConvTranspose2d` for `ConvTransposeExplorer`). Its channels,
                groups and weights do not affect sizes and are ignored.
            input_size: cells along each side of the input, 1 to 16.

        Raises:
            TypeError: for any other kind of layer.
            ValueError: for a padding that differs between opposite sides.
            traitlets.TraitError: for a parameter outside the bounds of its slider.
        """
        if cls.LAYER not in {base.__name__ for base in type(layer).__mro__}:
            raise TypeError(f"{cls.__name__} shows nn.{cls.LAYER}, not {type(layer).__name__}.")
        options = {name: getattr(layer, name) for name in cls.PARAMETERS if name != "input_size"}
        if options["padding"] == "valid":
            options["padding"] = 0
        if options["padding"] == "same":
            windows = zip(options["dilation"], options["kernel_size"], strict=True)
            totals = [dilation * (kernel - 1) for dilation, kernel in windows]
            if any(total % 2 for total in totals):
                raise ValueError(
                    "padding='same' pads this kernel more at the end than at the start, which the "
                    "explorer does not show. Use an odd kernel_size."
                )
            options["padding"] = tuple(total // 2 for total in totals)
        sizes: dict[str, Any] = {name: _short(size) for name, size in options.items()}
        return cls(input_size=input_size, **sizes)

    @property
    def parameters(self) -> dict[str, IntOrPair]:
        """The parameters by name."""
        return {name: getattr(self, name) for name in self.PARAMETERS}

    @property
    def layer(self) -> torch.nn.Module:
        """A new torch layer with the kernel that is shown and a bias of 0.

        Raises:
            ValueError: if torch refuses to make it.
        """
        import torch

        options = {name: v for name, v in self.parameters.items() if name != "input_size"}
        module: torch.nn.Module = getattr(torch.nn, self.LAYER)(1, 1, **options, device="meta")
        height, width = pair_of(self.kernel_size)
        kernel = torch.tensor(kernel_values(self.weights, self.seed, height, width))
        values = {"weight": kernel[None, None].float(), "bias": torch.zeros(1)}
        module.load_state_dict(values, assign=True)
        return module.requires_grad_()

    @property
    def input(self) -> torch.Tensor:
        """The input that is shown, of shape (1, 1, H, W)."""
        import torch

        return torch.tensor(input_values(self.seed, *pair_of(self.input_size)))[None, None].float()

    def _update(self, _change: Any = None) -> None:
        size, error = size_or_refusal(type(self)._output_size_of, **self.parameters)
        self.set_trait("output_size", size)
        self.set_trait("error", error)
        self.set_trait("code", code_line(self.LAYER, self.parameters))
        self._ask_torch()

    @traitlets.observe("_shown")
    def _ask_torch(self, _change: Any = None) -> None:
        if self._shown:
            self._echo = ask_torch(self.LAYER, **self.parameters)

    def describe(self) -> str:
        """Return one line: the layer, its input size and its output size."""
        given = sizes_as_text(pair_of(self.input_size))
        if self.output_size is None:
            return f"{type(self).__name__} · {self.code} · {given} → no output. {self.error}"
        result = sizes_as_text(pair_of(self.output_size))
        return f"{type(self).__name__} · {self.code} · {given} → {result}"


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


def code_line(layer: str, parameters: Mapping[str, IntOrPair]) -> str:
    """Return the line of code that makes a layer, without parameters at PyTorch's defaults."""
    changed = "".join(
        f", {name}={_short(parameters[name])}"
        for name, default in TORCH_DEFAULTS.items()
        if name in parameters and _short(parameters[name]) != default
    )
    return f"nn.{layer}(1, 1, kernel_size={_short(parameters['kernel_size'])}{changed})"


def _short(size: IntOrPair) -> IntOrPair:
    """Return an int where height and width are equal."""
    height, width = pair_of(size)
    return height if height == width else (height, width)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)
