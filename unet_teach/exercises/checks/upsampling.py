"""Checks for layers that double height and width: the size, what is used, an even overlap."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.exercises.checks.forward_problems import gradient_problem
from unet_teach.exercises.checks.layers import random_sizes, size_problem, window
from unet_teach.shared.sizes_as_text import sizes_as_text

BORDER = 10  # output cells on each side that may become uneven


# ------------------------------------------------------------------------------------------- checks
def doubling_problem(layer: nn.Module, in_channels: int, out_channels: int) -> str | None:
    """Say on which input (N, in_channels, H, W) the output is not (N, out_channels, 2·H, 2·W)."""
    sizes = [(16, 16), (5, 8), *random_sizes(5, 3, 20)]
    channels = (in_channels, out_channels)
    return size_problem(layer, channels, sizes, lambda size: 2 * size, nn.ConvTranspose2d)


def unused_problem(layer: nn.Module, in_channels: int, *, is_mixed: bool = False) -> str | None:
    """Say what is unused: an output cell, the weights, positions, an input cell or a channel.

    Args:
        layer: takes feature maps of shape (N, in_channels, H, W).
        in_channels: their channels.
        is_mixed: whether each output channel must depend on every input channel.
    """
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(8, in_channels, 7, 9, generator=generator).requires_grad_()
    output = layer.eval()(maps)
    constant = (output[:1] == output[1:]).flatten(0, 1).all(0)
    if constant.any():
        row, column = constant.nonzero()[0].tolist()
        return (
            f"{int(constant.sum())} of {constant.numel()} output cells don't depend on the input. "
            f"The first is in row {row}, column {column}."
        )
    if not any(True for _ in layer.parameters()):
        return "Your layer has no weights, so there is nothing that it could learn."
    if problem := gradient_problem(layer, maps.detach()[:1]):
        return problem
    gradient = _gradient(output[..., -1, -1], maps)
    row, column = divmod(int(gradient.abs().sum((0, 1)).argmax()), maps.shape[3])
    if row < maps.shape[2] // 2 or column < maps.shape[3] // 2:
        return (
            f"The output cell at the bottom right depends most on input cell ({row}, {column}), "
            "not on one near it, so positions get mixed up."
        )
    gradient = _gradient(output, maps)
    if unused := int((gradient == 0).flatten(0, 1).all(0).sum()):
        return f"{unused} of {gradient[0, 0].numel()} input cells have no effect on the output."
    if (used := _used_channels(gradient)) < in_channels:
        return f"Only {used} of {in_channels} input channels affect the output."
    for channel in range(output.shape[1]) if is_mixed else ():
        gradient = _gradient(output[:, channel], maps)
        if (used := _used_channels(gradient)) < in_channels:
            return (
                f"Output channel {channel} depends on only {used} of {in_channels} input channels."
            )
    return None


def overlap_problem(layer: nn.Module) -> str | None:
    """Say how uneven a flat feature map of 8 channels becomes with equal weights."""
    for size in [(16, 16), *random_sizes(4, 14, 24)]:
        middle = _middle(layer, *size)
        tolerance = 1e-4 * float(middle.abs().max())
        if torch.allclose(middle, _middle(layer, *size, value=2.0), atol=tolerance):
            return (
                "With equal weights, a feature map of ones and one of twos give the same output, "
                "which hides any pattern. Leave out normalisation and softmax."
            )
        for name, cells in _least_even(middle).items():
            if max(cells) - min(cells) > tolerance:
                return (
                    f"With equal weights, a flat {sizes_as_text(size)} feature map should stay "
                    f"flat, but the cells of a {name} are in the ratio {_ratio(cells[:4])}."
                )
    return None


# ----------------------------------------------------------------------- signs of a known mistake
def is_transposed(answer: Any, holds: Callable[[int, int, int, int], bool]) -> bool:
    """Whether it is a transposed convolution whose settings `holds` accepts.

    Args:
        answer: any answer.
        holds: is given kernel_size, stride, padding and output_padding; dilation must be 1.
    """
    if isinstance(answer, nn.Sequential) and len(answer) == 1:
        answer = answer[0]
    if not isinstance(answer, nn.ConvTranspose2d):
        return False
    *settings, dilation = window(answer)
    return dilation == 1 and holds(*settings)


def contains(answer: nn.Module, *kinds: type[nn.Module]) -> bool:
    """Whether it contains a layer of each of these kinds."""
    return all(any(isinstance(part, kind) for part in answer.modules()) for kind in kinds)


def output_shape(layer: nn.Module, channels: int) -> tuple[int, ...]:
    """Return the shape of the output for an input of shape (1, channels, 8, 8)."""
    with torch.no_grad():
        return tuple(layer(torch.zeros(1, channels, 8, 8)).shape)


def unevenness(layer: nn.Module) -> float:
    """Return the largest cell over the smallest in the least even row or column.

    The layer gets a flat feature map and equal weights, as in `overlap_problem`.
    """
    lines = _least_even(_middle(layer, 16, 16)).values()
    return max(max(cells) / max(min(cells), 1e-9) for cells in lines)


# ---------------------------------------------------------------------------------------- measuring
def _used_channels(gradient: Tensor) -> int:
    """Count the channels of (N, C, H, W) that are not zero everywhere."""
    return int(gradient.abs().amax((0, 2, 3)).count_nonzero())


def _gradient(output: Tensor, source: Tensor) -> Tensor:
    """Return the gradient of the sum of squares; zeros where none flows back."""
    if not output.requires_grad:
        return torch.zeros_like(source)
    total = output.square().sum()
    return torch.autograd.grad(total, source, retain_graph=True, materialize_grads=True)[0]


def _middle(layer: nn.Module, height: int, width: int, value: float = 1.0) -> Tensor:
    """Return the output (C, H, W) for a flat feature map and equal weights, without its border."""
    equal = copy.deepcopy(layer).eval()
    with torch.no_grad():
        for name, weight in equal.named_parameters():
            if weight.dim() > 1:
                weight.fill_(0.01)  # small, so that a Sigmoid at the end does not hide differences
            elif name.endswith("bias"):
                weight.zero_()
        output: Tensor = equal(torch.full((1, 8, height, width), value))
    return output[0, :, BORDER:-BORDER, BORDER:-BORDER]


def _least_even(middle: Tensor) -> dict[str, list[float]]:
    """Return the column and the row of a feature map (C, H, W) whose cells differ most."""
    columns = middle.movedim(1, -1).flatten(0, 1)
    rows = middle.flatten(0, 1)
    return {
        name: lines[(lines.amax(1) - lines.amin(1)).argmax()].tolist()
        for name, lines in {"column": columns, "row": rows}.items()
    }


def _ratio(cells: list[float]) -> str:
    """Divide neighbouring cells by the smallest that is not zero."""
    least = min((abs(cell) for cell in cells if abs(cell) > 1e-9), default=1.0)
    return " : ".join(f"{cell / least:.3g}" for cell in cells)
