"""Checks for answers that are layers: their kind, their channels and the sizes they return."""

import contextlib
import copy
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import cycle
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import is_lazy

from unet_teach.arithmetic import conv_output_size, conv_transpose_output_size
from unet_teach.exercises.checks.tensors import no_tensor, shape_problem
from unet_teach.exercises.exercise import Check
from unet_teach.exercises.sandbox import describe
from unet_teach.shared.sizes_as_text import sizes_as_text

MAX_ELEMENTS = 2**24  # of one float32 output, 64 MiB: more could exhaust a Binder tab's memory
LARGE = 16  # a setting above it can make the output of a small input huge

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
        x = torch.zeros(1, in_channels, 32, 32)
        output = _attempt(layer, x)
        if isinstance(output, str) or output.dim() != 4 or output.shape[1] == out_channels:
            return output if isinstance(output, str) else None
        problem = shape_problem(output, (1, out_channels, *output.shape[2:]), _where(x))
        return f"{problem}{_inside(layer, x)}"

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
        x = torch.zeros(maps, channels[0], *size)
        output = _attempt(layer, x)
        if isinstance(output, str):
            return output
        target = tuple(map(resize, size))
        if problem := shape_problem(output, (maps, channels[1], *target), _where(x)):
            alone = isinstance(layer, kind)
            formula = _formula(layer, size, target) if alone else ""
            return f"{problem}{formula}{'' if alone else _inside(layer, x)}"
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


# ------------------------------------------------------------------------------------------ running
def run(module: Any, *inputs: Tensor) -> Tensor | str:
    """Return the module's output on these inputs, or the sentence that says why there is none.

    Where the module allows it, the size of the output is first determined without computing it: an
    answer with a zero too many must not fill the memory.
    """
    if (elements := _output_elements(module, inputs)) and elements > MAX_ELEMENTS:
        gigabytes = elements * 4 / 1e9
        return (
            f"The output would have {elements:,} values ({gigabytes:.1f} GB), far more than needed."
        )
    with torch.no_grad():
        output = module(*inputs)
    if isinstance(output, Tensor):
        return output
    return no_tensor(output, type(module).forward if isinstance(module, nn.Module) else module)


def _attempt(module: nn.Module, x: Tensor) -> Tensor | str:
    """Like `run`; an error becomes a sentence that names the input and the layer that failed."""
    try:
        return run(module, x)
    except Exception as error:
        where = f"{_where(x)} with {x.shape[1]} channels, your layer fails."
        return f"{where}{_inside(module, x)} {describe(error)}"


def _where(x: Tensor) -> str:
    size = sizes_as_text(x.shape[2:])
    return f"On a {size} feature map" if len(x) == 1 else f"On {len(x)} feature maps of {size}"


def _inside(layer: nn.Module, x: Tensor) -> str:
    """Say which size each layer inside a module returns and, if one fails, what it was given."""

    def shown(x: Tensor) -> str:
        size = f"{x.shape[1]} × {sizes_as_text(x.shape[2:])}" if x.dim() == 4 else ""
        return size or f"shape {tuple(x.shape)}"

    said: list[str] = []
    parts = [part for part in layer.modules() if not list(part.children())]

    def before(part: nn.Module, inputs: tuple[Any, ...]) -> None:
        given = next((f" of {shown(x)}" for x in inputs if isinstance(x, Tensor)), "")
        takes = getattr(part, "in_channels", None)
        takes = f", which takes {takes} channels," if takes else ""
        said.append(f"`{type(part).__name__}`{takes} fails on a feature map{given}")

    def after(part: nn.Module, inputs: Any, output: Any) -> None:
        size = shown(output) if isinstance(output, Tensor) else "no tensor"
        said[-1] = f"`{type(part).__name__}` returns {size}"

    hooks = [part.register_forward_pre_hook(before) for part in parts]
    hooks += [part.register_forward_hook(after) for part in parts]
    with contextlib.suppress(Exception), torch.no_grad():
        layer(x)
    for hook in hooks:
        hook.remove()
    return f" Step by step: {', '.join(said)}." if 0 < len(said) <= 8 else ""


def _output_elements(module: Any, inputs: Sequence[Tensor]) -> int | None:
    """Return the number of elements of the output, or `None` if only a run can tell.

    Only a module with a large setting is asked, because asking imports 75 MB of torch.
    """
    if not isinstance(module, nn.Module) or not any(number > LARGE for number in _settings(module)):
        return None
    if any(map(is_lazy, (*module.parameters(), *module.buffers()))):
        return None
    try:  # a copy: `functional_call` leaves the weights of a layer with two names on meta
        output = copy.deepcopy(module).to("meta")(*(x.to("meta") for x in inputs))
    except Exception:  # the real run raises it again, in the words that a student will meet
        return None
    return output.numel() if isinstance(output, Tensor) else None


def _settings(module: nn.Module) -> Iterator[float]:
    """Yield the numbers in a module's attributes and in its code, its channels left out."""
    for part in module.modules():
        values = [v for k, v in vars(part).items() if not k.endswith(("channels", "features"))]
        code = getattr(type(part).forward, "__code__", None)
        stack = [*values, *getattr(code, "co_consts", ())]
        while stack:
            value = stack.pop()
            if isinstance(value, int | float):
                yield value
            elif isinstance(value, tuple | list):
                stack.extend(value)
