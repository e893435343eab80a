"""Checks for answers that are layers: their kind, their channels and the sizes they return."""

import random
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from itertools import cycle
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.lazy import LazyModuleMixin

from unet_teach.arithmetic import conv_output_size, conv_transpose_output_size
from unet_teach.exercises.checks.outputs import output_of, wrong_shape
from unet_teach.exercises.checks.tensors import shape_problem
from unet_teach.exercises.exercise import Check
from unet_teach.shared.sizes_as_text import sizes_as_text

_NOT_2D = (
    *(nn.Conv1d, nn.ConvTranspose1d, nn.MaxPool1d, nn.AvgPool1d, nn.BatchNorm1d),
    *(nn.Conv3d, nn.ConvTranspose3d, nn.MaxPool3d, nn.AvgPool3d, nn.BatchNorm3d),
    nn.Linear,
)


# ------------------------------------------------------------------------------------------- checks
def is_layer(example: str) -> Check:
    """Check that the answer is a layer, or several in one, for data with height and width.

    Args:
        example: code of such a layer, for the sentence about another answer.
    """

    def problem(answer: Any) -> str | None:
        if isinstance(answer, type):
            name = answer.__name__
            return f"You gave the class {name} itself. Create a layer from it: `{name}(…)`."
        kind = type(answer).__name__
        if isinstance(answer, list | tuple) and any(isinstance(x, nn.Module) for x in answer):
            if len(answer) == 1:
                return f"You gave a {kind} of one layer. Is there a comma or a bracket too many?"
            return f"You gave a {kind} of layers. Put them into one layer: `nn.Sequential(…)`."
        if not isinstance(answer, nn.Module):
            return f"The answer should be a layer, such as `{example}`, but this is of type {kind}."
        if isinstance(answer, _NOT_2D):
            return f"`nn.{kind}` is not for feature maps with height and width. Use `{example}`."
        return None

    return Check("a layer", problem)


def channels_are(in_channels: int, out_channels: int, *kinds: type[nn.Module]) -> Check:
    """Check the channels: of a layer of these kinds by its settings, of any other by a run."""

    def problem(layer: Any) -> str | None:
        if isinstance(layer, kinds) and not isinstance(layer, LazyModuleMixin):
            if has_channels(layer, in_channels, out_channels):
                return None
            return (
                f"Your layer takes {layer.in_channels} channels and returns "
                f"{layer.out_channels}, but "
                f"it should take {in_channels} and return {out_channels}."
            )
        x, network = torch.randn(1, in_channels, 32, 32), _as_network(layer)
        output = output_of(network, x, _where(x))
        if isinstance(output, str) or output.dim() != 4:
            return output if isinstance(output, str) else None
        return wrong_shape(network, x, output, (1, out_channels, *output.shape[2:]), _where(x))

    return Check("its channels", problem)


def size_problem(
    layer: nn.Module,
    channels: tuple[int, int],
    sizes: Iterable[tuple[int, int]],
    resize: Callable[[int], int],
    kind: type[nn.Module],
) -> str | None:
    """Say for which input a layer's output has the wrong shape.

    Args:
        layer: takes `(N, channels[0], H, W)` and has to return `(N, channels[1], …)`.
        channels: the channels of its input and of its output.
        sizes: the heights and widths to try, in pixels.
        resize: returns the right output height of an input height, and width of a width.
        kind: `nn.Conv2d` or `nn.ConvTranspose2d`: for such a layer, the sentence ends with the size
            formula, filled in with the layer's settings.
    """
    for maps, size in zip(cycle([1, 2]), sizes, strict=False):
        x, network = torch.randn(maps, channels[0], *size), _as_network(layer)
        output = output_of(network, x, _where(x))
        if isinstance(output, str):
            return output
        target = tuple(map(resize, size))
        right = (maps, channels[1], *target)
        if isinstance(layer, kind) and (problem := shape_problem(output, right, _where(x))):
            return f"{problem}{_formula(layer, size, target)}"
        if problem := wrong_shape(network, x, output, right, _where(x)):
            return problem
    return None


def constant_problem(layer: nn.Module, in_channels: int) -> str | None:
    """Say that the output is the same for every input, if it is."""
    generator = torch.Generator().manual_seed(0)
    output = layer.eval()(torch.randn(4, in_channels, 8, 12, generator=generator))
    if (output[:1] == output[1:]).all():
        return "The output is always the same, whatever the input. Your layer has to use its input."
    return None


def random_sizes(count: int, low: int, high: int) -> list[tuple[int, int]]:
    """Return random heights and widths from `low` to `high`, sorted."""
    generator = random.Random()  # its own, so that the student's random numbers stay the same
    return sorted(
        (generator.randint(low, high), generator.randint(low, high)) for _ in range(count)
    )


def _as_network(layer: nn.Module) -> nn.Module:
    """Return a network in which the layer has the name that it has in the lessons."""
    if any(True for _ in layer.children()):
        return layer
    return nn.Sequential(OrderedDict(layer=layer))


def _where(x: Tensor) -> str:
    size = sizes_as_text(x.shape[2:])
    return f"On a {size} feature map" if len(x) == 1 else f"On {len(x)} feature maps of {size}"


# ----------------------------------------------------------------------------------------- settings
def has_channels(layer: Any, in_channels: int, out_channels: int) -> bool:
    """Whether a convolution, transposed or not, has these channels."""
    return bool((layer.in_channels, layer.out_channels) == (in_channels, out_channels))


def window(layer: Any, axis: int = 0) -> tuple[int, ...]:
    """Return a convolution's kernel_size, stride, padding, output_padding, dilation on an axis."""
    names = ("kernel_size", "stride", "padding", "output_padding", "dilation")
    settings = {name: getattr(layer, name) for name in names}
    if isinstance(layer.padding, str):  # "same" or "valid"
        around = layer.dilation[axis] * (layer.kernel_size[axis] - 1) // 2
        settings["padding"] = [around if layer.padding == "same" else 0] * 2
    return tuple(int(values[axis]) for values in settings.values())


def _formula(layer: nn.Module, sizes: Sequence[int], targets: Sequence[int]) -> str:
    """Fill a layer's settings into its size formula, for the first axis with the wrong size."""
    if layer.padding == "same":
        return ""
    for axis, (size, target) in enumerate(zip(sizes, targets, strict=True)):
        kernel_size, stride, padding, output_padding, dilation = window(layer, axis)
        span = str(kernel_size) if dilation == 1 else f"({dilation}·({kernel_size} − 1) + 1)"
        if isinstance(layer, nn.Conv2d):
            result = conv_output_size(size, kernel_size, stride, padding, dilation)
            formula = f"({size} + 2·{padding} − {span}) // {stride} + 1"
        else:
            result = conv_transpose_output_size(
                size, kernel_size, stride, padding, output_padding, dilation
            )
            formula = f"({size} − 1)·{stride} + {span} − 2·{padding} + {output_padding}"
        if result != target:
            along = ("For the height, the", "For the width, the")[axis]
            both = len({window(layer, 0), window(layer, 1)}) == 1
            return f" {'The' if both else along} formula gives {formula} = {result}."
    return ""
