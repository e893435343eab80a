"""What one pixel of a U-Net's answer sees of the picture: computed, lit up, and by gradients."""

from __future__ import annotations

from math import ceil, floor
from typing import NamedTuple

import torch
from torch import Tensor, nn

from unet_teach.networks import UNet
from unet_teach.segmentation.evaluation import in_eval_mode


class Sight(NamedTuple):
    """What an answer pixel sees.

    Attributes:
        reach: pixels that the farthest-sighted answer pixel sees to its farther side. Pixels
            differ: where they stand in the grid of halvings decides.
        period: pixels after which the network repeats itself: 2^depth. A picture moved by so
            many pixels gives the answer moved; moved by fewer, in general another answer.
    """

    reach: int
    period: int


def sight_of(model: UNet) -> Sight:
    """Compute the sight of a U-Net of this course from its layers, along one axis.

    It asks every answer pixel of one period which pixels it needs, walking the network backwards:
    each layer widens an interval. Araujo, Norris & Sim, "Computing Receptive Fields of
    Convolutional Neural Networks", Distill 2019, doi:10.23915/distill.00021, with a fork at each
    skip.
    """
    period = 2 ** len(model.up)
    reach = 0
    for pixel in range(period):
        first, last = _needs(model, pixel)
        reach = max(reach, pixel - first, last - pixel)
    return Sight(reach, period)


def by_light(model: nn.Module, image: Tensor, row: int, column: int, light: float = 1.0) -> Tensor:
    """Light one pixel up and return how much each answer pixel changes: (H, W).

    Args:
        model: asked in eval mode.
        image: (C, H, W).
        row: of the pixel.
        column: of the pixel.
        light: what is added to each channel.
    """
    lit = image.clone()
    lit[:, row, column] += light
    with in_eval_mode(model), torch.inference_mode():
        change: Tensor = (model(lit[None]) - model(image[None])).abs().amax(dim=(0, 1))
    return change


def by_gradient(model: nn.Module, image: Tensor, row: int, column: int) -> Tensor:
    """Return how much one answer pixel would change with each picture pixel: (H, W), |gradient|.

    Args:
        model: asked in eval mode.
        image: (C, H, W).
        row: of the answer pixel.
        column: of the answer pixel.
    """
    image = image.detach().clone()[None].requires_grad_()
    with in_eval_mode(model), torch.enable_grad():
        (gradient,) = torch.autograd.grad(model(image)[0, :, row, column].sum(), image)
    return gradient[0].abs().amax(dim=0)


def extent(change: Tensor) -> tuple[int, int, int, int]:
    """Return the first and last row and the first and last column where a map (H, W) is not 0."""
    rows, columns = change.nonzero(as_tuple=True)
    if not len(rows):
        raise ValueError("The map is 0 everywhere: nothing was seen. Try another pixel or picture.")
    return int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())


def _needs(model: UNet, pixel: int) -> tuple[int, int]:
    """Return the first and last picture pixel, along one axis, that an answer pixel needs."""
    above: list[tuple[int, int, int]] = []  # level and interval of the encoder maps asked for
    first = last = pixel
    for level, (up, convs) in enumerate(
        zip(reversed(model.up), reversed(model.decoder), strict=True)
    ):
        grown = _convolutions(convs)
        first, last = first - grown, last + grown
        if model.skip != "none":
            above.append((level, first, last))
        first, last = _before_up(up, first, last)
    above.append((len(model.up), first, last))
    seen = [_before_encoder(model, *asked) for asked in above]
    return min(first for first, _ in seen), max(last for _, last in seen)


def _before_encoder(model: UNet, level: int, first: int, last: int) -> tuple[int, int]:
    for below in range(level, -1, -1):
        grown = _convolutions(model.encoder[below])
        first, last = first - grown, last + grown
        if below:
            pool = isinstance(model.down[below - 1], nn.MaxPool2d)
            first, last = 2 * first - (not pool), 2 * last + 1
    return first, last


def _before_up(up: nn.Module, first: int, last: int) -> tuple[int, int]:
    if isinstance(up, nn.ConvTranspose2d):
        kernel, padding = up.kernel_size[0], int(up.padding[0])
        # Answer pixel o takes from i where o = 2 i − padding + k, for k from 0 to kernel − 1.
        return ceil((first + padding - kernel + 1) / 2), floor((last + padding) / 2)
    if any(getattr(layer, "mode", "") == "bilinear" for layer in up.modules()):
        return floor((first - 1) / 2), floor((last - 1) / 2) + 1
    return floor(first / 2), floor(last / 2)


def _convolutions(block: nn.Module) -> int:
    """Return by how many pixels the 3×3 convolutions of a level widen a view on each side."""
    return sum(
        layer.kernel_size[0] // 2 for layer in block.modules() if isinstance(layer, nn.Conv2d)
    )
