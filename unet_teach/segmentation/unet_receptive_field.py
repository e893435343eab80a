"""What one pixel of a U-Net's answer sees of the picture: computed, lit up, and by gradients."""

from __future__ import annotations

from math import ceil, floor
from typing import NamedTuple

import torch
from torch import Tensor, nn

from unet_teach.networks import UNet
from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.evaluation import in_eval_mode
from unet_teach.segmentation.tiling_checks import check_picture


class Sight(NamedTuple):
    """What an answer pixel sees. Pixels differ: where they stand in the grid of halvings decides.

    Attributes:
        reach: pixels that the farthest-sighted answer pixel sees to its farther side.
        period: side of a cell of that grid, 2^depth. A picture moved by so many pixels gives the
            answer moved; moved by fewer, in general another answer.
        beyond: pixels that any answer pixel sees, at most, beyond the edges of its own cell. So
            much must a tile read beyond the cells that are kept of it.
    """

    reach: int
    period: int
    beyond: int


def sight_of(model: nn.Module) -> Sight:
    """Compute the sight of a U-Net of this course from its layers, along one axis.

    It asks every answer pixel of one period which pixels it needs, walking the network backwards:
    each layer widens an interval. Araujo, Norris & Sim, "Computing Receptive Fields of
    Convolutional Neural Networks", Distill 2019, doi:10.23915/distill.00021, with a fork at each
    skip.

    Raises:
        TypeError: if the network is not a `UNet` of this course.
        ValueError: if its layers alone do not say how far it sees (`why_unknown`).
    """
    if reason := why_unknown(model):
        raise ValueError(reason)
    assert isinstance(model, UNet)
    period = 2 ** len(model.up)
    reach = beyond = 0
    for pixel in range(period):
        first, last = needs(model, pixel)
        reach = max(reach, pixel - first, last - pixel)
        beyond = max(beyond, -first, last - (period - 1))
    return Sight(reach, period, beyond)


def why_unknown(model: nn.Module) -> str:
    """Return why the layers of a `UNet` do not say how far it sees, or "" where they do.

    Raises:
        TypeError: if the network is not a `UNet` of this course: then nothing is known of it.
    """
    if type(model) is not UNet:
        kind = "a class" if isinstance(model, type) else f"of type {type(model).__name__}"
        what = (
            "a UNet of this course itself" if isinstance(model, UNet) else "a UNet of this course"
        )
        raise TypeError(
            f"The network is {kind}, not {what}, so how far it sees is not known. Measure it with "
            "`by_light` of `unet_teach.segmentation.unet_receptive_field`; then say overlap=…"
        )
    if model.padding == "valid":
        return (
            'The network has padding="valid", so its answer is smaller than the picture. Use one '
            'that keeps the size: UNet(padding="same").'
        )
    for layer in model.modules():
        if why := _why_unknown(layer):
            return f"The network holds {type(layer).__name__}{why}"
    return ""


def by_light(model: nn.Module, image: Tensor, row: int, column: int, light: float = 1.0) -> Tensor:
    """Light one pixel up and return how much each answer pixel changes: (H, W).

    Args:
        model: asked in eval mode.
        image: (C, H, W).
        row: of the pixel.
        column: of the pixel.
        light: what is added to each channel.

    Raises:
        TypeError: for another network or picture.
        ValueError: for a pixel outside the picture, or a picture that the network does not take.
    """
    _check(model, image)
    _check_inside(image, row, column)
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

    Raises:
        TypeError: for another network or picture.
        ValueError: for a pixel outside the answer, or a picture that the network does not take.
    """
    _check(model, image)
    image = image.detach().clone()[None].requires_grad_()
    with in_eval_mode(model), torch.enable_grad():
        answer = model(image)[0]
        _check_inside(answer, row, column)
        (gradient,) = torch.autograd.grad(answer[:, row, column].sum(), image)
    return gradient[0].abs().amax(dim=0)


def extent(change: Tensor) -> tuple[int, int, int, int]:
    """Return the first and last row and the first and last column where a map (H, W) is not 0."""
    if change.ndim != 2:
        raise ValueError(f"The map has the shape {tuple(change.shape)}. Use (H, W).")
    rows, columns = change.nonzero(as_tuple=True)
    if not len(rows):
        raise ValueError("The map is 0 everywhere: nothing was seen. Try another pixel or picture.")
    return int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())


def _check(model: nn.Module, image: Tensor) -> None:
    argument_checks.network(model)
    check_picture(model, image)
    if not isinstance(image, Tensor) or not image.is_floating_point():
        kind = image.dtype if isinstance(image, Tensor) else type(image).__name__
        raise TypeError(f"The picture is of type {kind}. Use a tensor of floats (C, H, W).")


def _check_inside(map_: Tensor, row: int, column: int) -> None:
    """Refuse a place that lies outside of a map (C, H, W)."""
    argument_checks.whole(0, row=row, column=column)
    height, width = map_.shape[-2:]
    if row >= height or column >= width:
        raise ValueError(
            f"Row {row}, column {column} lies outside of {height}×{width}. The last pixel is row "
            f"{height - 1}, column {width - 1}."
        )


def needs(model: UNet, pixel: int) -> tuple[int, int]:
    """Return the first and last picture pixel, along one axis, that an answer pixel may need."""
    above: list[tuple[int, int, int]] = []  # level and interval of the encoder maps asked for
    grown = _convolutions(model.head)
    first, last = pixel - grown, pixel + grown
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
            strided = isinstance(model.down[below - 1], nn.Conv2d)
            first, last = 2 * first - strided, 2 * last + 1
    return first, last


def _before_up(up: nn.Module, first: int, last: int) -> tuple[int, int]:
    if isinstance(up, nn.ConvTranspose2d):
        kernel, padding = up.kernel_size[0], int(up.padding[0])
        # Answer pixel o takes from i where o = 2 i − padding + k, for k from 0 to kernel − 1.
        return ceil((first + padding - kernel + 1) / 2), floor((last + padding) / 2)
    grown = _convolutions(up)
    if any(getattr(layer, "mode", "") == "bilinear" for layer in up.modules()):
        return floor((first - 1) / 2) - grown, floor((last - 1) / 2) + 1 + grown
    return floor(first / 2) - grown, floor(last / 2) + grown


def _convolutions(block: nn.Module) -> int:
    """Return by how many pixels the convolutions of a block widen a view on each side."""
    return sum(
        max(d * (k // 2) for d, k in zip(layer.dilation, layer.kernel_size, strict=True))
        for layer in block.modules()
        if isinstance(layer, nn.Conv2d)
    )


# ---------------------------------------------------------------------------------- layers it knows
_PLAIN: set[type[nn.Module]] = {UNet, nn.Sequential, nn.ModuleList, nn.Identity, nn.PReLU}
_PLAIN |= {nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Tanh, nn.Sigmoid}
_PLAIN |= {nn.Dropout, nn.Dropout2d}  # which do nothing in eval mode
_MEANS = {nn.InstanceNorm2d, nn.GroupNorm, nn.LayerNorm, nn.BatchNorm2d, nn.AdaptiveAvgPool2d}


def _why_unknown(layer: nn.Module) -> str:
    """Return what follows a layer's name where tiles cannot be equal, or nobody knows."""
    kind = type(layer)
    if kind in _PLAIN or (kind is nn.BatchNorm2d and layer.running_mean is not None):
        return ""
    if kind in _MEANS:
        which = " without running statistics" if kind is nn.BatchNorm2d else ""
        return f"{which}, which takes its mean over the whole tile: no overlap makes that equal."
    if getattr(layer, "padding_mode", "") == "circular":
        return ", which pads with the tile's other side: no overlap makes that equal."
    if getattr(layer, "align_corners", False):
        return " with align_corners=True, which stretches by the tile's size: no overlap helps."
    return "" if _is_known(layer) else ", and how far that sees is not known. Measure it."


def _is_known(layer: nn.Module) -> bool:
    """Whether `needs` counts the layer as it is: one that keeps, halves or doubles the size."""
    if type(layer) is nn.Conv2d:
        if layer.stride == (2, 2):
            return (layer.kernel_size, layer.padding, layer.dilation) == ((3, 3), (1, 1), (1, 1))
        kept = tuple(
            d * (k - 1) / 2 for d, k in zip(layer.dilation, layer.kernel_size, strict=True)
        )
        return layer.stride == (1, 1) and layer.padding in ("same", kept)
    if type(layer) is nn.ConvTranspose2d:
        kernel, pad, more = layer.kernel_size[0], int(layer.padding[0]), layer.output_padding[0]
        sides = {layer.kernel_size, layer.padding, layer.output_padding}
        square = sides == {(kernel, kernel), (pad, pad), (more, more)}
        doubles = layer.stride == (2, 2) and kernel - 2 * pad + more == 2
        return square and doubles and layer.dilation == (1, 1)
    if type(layer) in (nn.MaxPool2d, nn.AvgPool2d):
        return all(getattr(layer, n) in (2, (2, 2)) for n in ("kernel_size", "stride")) and (
            layer.padding in (0, (0, 0)) and not layer.ceil_mode
        )
    return isinstance(layer, nn.Upsample) and (
        layer.scale_factor == 2 and layer.mode in ("bilinear", "nearest")
    )
