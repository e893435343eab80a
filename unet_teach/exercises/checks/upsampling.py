"""Judges modules that double a map: its size, that all of it is used, how evenly it is painted."""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from unet_teach.exercises.checks.layers import run
from unet_teach.exercises.checks.tensors import shape_problem
from unet_teach.shared.sizes_as_text import sizes_as_text

BORDER = 10  # output cells on each side in which a flat map may become uneven


def doubling_fault(module: nn.Module, in_channels: int, out_channels: int) -> str | None:
    """Say where a (1, in_channels, H, W) map does not become (1, out_channels, 2·H, 2·W)."""
    chance = random.Random()  # its own: the student's random numbers stay where they are
    fresh = [(chance.randint(3, 20), chance.randint(3, 20)) for _ in range(6)]
    for sizes in [(16, 16), *sorted(fresh)]:
        made = run(module, torch.zeros(1, in_channels, *sizes))
        if isinstance(made, str):
            return made
        wanted = (1, out_channels, *(2 * size for size in sizes))
        if fault := shape_problem(made, wanted, f"On a {sizes_as_text(sizes)} map"):
            return fault.removesuffix(".") + _sum(module, sizes, made.shape[2:]) + "."
    return None


def _sum(layer: nn.Module, sizes: tuple[int, ...], made: tuple[int, ...]) -> str:
    """The formula with a layer's own numbers, of the first axis that is not doubled."""
    if not isinstance(layer, nn.ConvTranspose2d):
        return ""
    for axis, (size, result) in enumerate(zip(sizes, made, strict=True)):
        if result != 2 * size:
            kernel, stride, padding, extra, dilation = numbers(layer, axis)
            patch = str(kernel) if dilation == 1 else f"({dilation}·({kernel} − 1) + 1)"
            return f": ({size} − 1)·{stride} + {patch} − 2·{padding} + {extra} = {result}"
    return ""


def numbers(layer: nn.ConvTranspose2d, axis: int = 0) -> tuple[int, int, int, int, int]:
    """Return kernel_size, stride, padding, output_padding and dilation along an axis."""
    window = (layer.kernel_size, layer.stride, layer.padding, layer.output_padding, layer.dilation)
    kernel, stride, padding, extra, dilation = (int(sizes[axis]) for sizes in window)
    return kernel, stride, padding, extra, dilation


def use_fault(module: nn.Module, in_channels: int, *, is_mixed: bool = False) -> str | None:
    """Say what is left out: an output cell, weights, places, an input cell or an input channel.

    Args:
        module: takes maps of shape (N, in_channels, H, W).
        in_channels: their channels.
        is_mixed: whether each output channel must be made of every input channel.
    """
    chance = torch.Generator().manual_seed(0)
    maps = torch.randn(8, in_channels, 7, 9, generator=chance).requires_grad_()
    made = module.eval()(maps)
    still = (made[:1] == made[1:]).flatten(0, 1).all(0)
    if still.any():
        row, column = still.nonzero()[0].tolist()
        return (
            f"{int(still.sum())} of {still.numel()} output cells stay as they are, whatever goes "
            f"in. The first is at row {row}, column {column}."
        )
    weights = [weight for weight in module.parameters() if weight.requires_grad]
    if not weights or not any(slope.any() for slope in _slopes(made, weights)):
        return "No weight that can be learned changes what comes out."
    (slope,) = _slopes(made[..., -1, -1], [maps])
    row, column = divmod(int(slope.abs().sum((0, 1)).argmax()), maps.shape[3])
    if row < maps.shape[2] // 2 or column < maps.shape[3] // 2:
        return (
            f"The last output cell depends most on input cell ({row}, {column}), and not on one "
            "near it: what is where gets lost."
        )
    (slope,) = _slopes(made, [maps])
    if unused := int((slope == 0).flatten(0, 1).all(0).sum()):
        return f"{unused} of {slope[0, 0].numel()} input cells change nothing that comes out."
    if (heard := _heard(slope)) < in_channels:
        return f"Only {heard} of {in_channels} input channels change what comes out."
    for channel in range(made.shape[1]) if is_mixed else ():
        (slope,) = _slopes(made[:, channel], [maps])
        if (heard := _heard(slope)) < in_channels:
            return f"Output channel {channel} is made of {heard} of {in_channels} input channels."
    return None


def _heard(slope: Tensor) -> int:
    """How many channels of (N, C, H, W) are not all zero."""
    return int(slope.abs().amax((0, 2, 3)).count_nonzero())


def _slopes(made: Tensor, causes: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """How much what was made depends on each cause; zeros where it does not."""
    if not made.requires_grad:
        return tuple(map(torch.zeros_like, causes))
    return torch.autograd.grad(
        made.square().sum(), causes, retain_graph=True, allow_unused=True, materialize_grads=True
    )


def overlap_fault(module: nn.Module) -> str | None:
    """Say how the cells of a flat map of 8 channels come out unlike, when all weights are alike."""
    chance = random.Random()
    fresh = [(chance.randint(14, 24), chance.randint(14, 24)) for _ in range(4)]
    for sizes in [(16, 16), *sorted(fresh)]:
        middle = _middle(module, *sizes)
        tolerance = 1e-4 * float(middle.abs().max())
        if torch.allclose(middle, _middle(module, *sizes, value=2.0), atol=tolerance):
            return (
                "With all weights alike, a map of ones and a map of twos give the same: that "
                "hides any pattern. Leave normalisation and softmax out here."
            )
        for line, cells in _lines(middle).items():
            if max(cells) - min(cells) > tolerance:
                return (
                    f"A flat {sizes_as_text(sizes)} map, all weights alike: the cells of a {line} "
                    f"should come out alike, but they go {_ratio(cells[:4])}."
                )
    return None


def unevenness(module: nn.Module) -> float:
    """Return the largest cell of a line over the smallest, as `overlap_fault` looks at them."""
    lines = _lines(_middle(module, 16, 16)).values()
    return max(max(cells) / max(min(cells), 1e-9) for cells in lines)


def _middle(module: nn.Module, height: int, width: int, value: float = 1.0) -> Tensor:
    """What becomes of a flat map when all weights are alike, away from the border: (C, H, W)."""
    alike = copy.deepcopy(module).eval()
    with torch.no_grad():
        for name, weight in alike.named_parameters():
            if weight.dim() > 1:
                weight.fill_(0.01)  # small: a Sigmoid at the end must not hide what differs
            elif name.endswith("bias"):
                weight.zero_()
        made: Tensor = alike(torch.full((1, 8, height, width), value))
    return made[0, :, BORDER:-BORDER, BORDER:-BORDER]


def _lines(middle: Tensor) -> dict[str, list[float]]:
    """The least even column and row of a map (C, H, W)."""
    columns = middle.movedim(1, -1).flatten(0, 1)
    rows = middle.flatten(0, 1)
    return {
        line: cells[(cells.amax(1) - cells.amin(1)).argmax()].tolist()
        for line, cells in {"column": columns, "row": rows}.items()
    }


def _ratio(cells: list[float]) -> str:
    """Neighbouring cells, compared with the smallest that is not zero."""
    least = min((abs(cell) for cell in cells if abs(cell) > 1e-9), default=1.0)
    return " : ".join(f"{cell / least:.3g}" for cell in cells)
