"""The receptive field of a U-Net: computed from its layers, and measured pixel by pixel."""

from __future__ import annotations

from math import ceil, floor
from typing import NamedTuple

import torch
from torch import Tensor, nn

from unet_teach.networks import UNet
from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.evaluation import in_eval_mode
from unet_teach.segmentation.tiling_checks import check_image


class UNetReceptiveField(NamedTuple):
    """Which input pixels the output pixels of a U-Net depend on, along one axis.

    It differs from output pixel to output pixel: max-pooling groups the input into cells of
    2^depth pixels, and the position within such a cell matters.

    Attributes:
        radius: largest distance, in pixels, between an output pixel and an input pixel that it
            depends on.
        period: side of a cell, 2^depth pixels. If the input moves by a multiple of it, the output
            moves along; if it moves by less, the output changes in general.
        halo: largest distance, in pixels, between a cell and an input pixel outside of it that one
            of its output pixels depends on. A tile must read that far beyond the cells it keeps.
    """

    radius: int
    period: int
    halo: int


def receptive_field_of(model: nn.Module) -> UNetReceptiveField:
    """Compute the receptive field of a U-Net of this course from its layers.

    For each output pixel of one period it walks the network backwards; each layer widens the
    interval of pixels that are needed. Source: Araujo, Norris & Sim, "Computing Receptive Fields
    of Convolutional Neural Networks", Distill 2019, doi:10.23915/distill.00021, extended by a fork
    at each skip.

    Raises:
        TypeError: if the network is not a `UNet` of this course.
        ValueError: if its layers do not determine the receptive field (`unsupported_reason`).
    """
    if reason := unsupported_reason(model):
        raise ValueError(reason)
    assert isinstance(model, UNet)
    period = 2 ** len(model.up)
    radius = halo = 0
    for pixel in range(period):
        first, last = input_interval(model, pixel)
        radius = max(radius, pixel - first, last - pixel)
        halo = max(halo, -first, last - (period - 1))
    return UNetReceptiveField(radius, period, halo)


def unsupported_reason(model: nn.Module) -> str:
    """Return why the layers of a `UNet` do not determine its receptive field, or "" if they do.

    Raises:
        TypeError: if the network is not a `UNet` of this course.
    """
    if type(model) is not UNet:
        kind = "a class" if isinstance(model, type) else f"of type {type(model).__name__}"
        expected = (
            "a UNet of this course itself" if isinstance(model, UNet) else "a UNet of this course"
        )
        raise TypeError(
            f"The network is {kind}, not {expected}, so its receptive field is not known. Measure "
            "it with `response_to_input_pixel` of `unet_teach.segmentation.unet_receptive_field`; "
            "then give overlap=…"
        )
    if model.padding == "valid":
        return (
            'The network has padding="valid", so its output is smaller than the image. Use one '
            'that keeps the size: UNet(padding="same").'
        )
    for layer in model.modules():
        if reason := _unsupported_layer_reason(layer):
            return f"The network contains {type(layer).__name__}{reason}"
    return ""


def response_to_input_pixel(
    model: nn.Module, image: Tensor, row: int, column: int, change: float = 1.0
) -> Tensor:
    """Change one input pixel, and return how much each output pixel changes.

    Args:
        model: a network; it runs in eval mode.
        image: (C, H, W).
        row: row of the input pixel.
        column: column of the input pixel.
        change: what is added to each channel of the pixel.

    Returns:
        (H, W): the largest absolute change over the output channels.

    Raises:
        TypeError: if an argument is of another type.
        ValueError: if the pixel lies outside of the image, or the image does not fit the network.
    """
    _check_arguments(model, image)
    _check_inside(image, row, column)
    changed = image.clone()
    changed[:, row, column] += change
    with in_eval_mode(model), torch.inference_mode():
        response: Tensor = (model(changed[None]) - model(image[None])).abs().amax(dim=(0, 1))
    return response


def gradient_of_output_pixel(model: nn.Module, image: Tensor, row: int, column: int) -> Tensor:
    """Return the absolute gradient of one output pixel with respect to each input pixel.

    Args:
        model: a network; it runs in eval mode.
        image: (C, H, W).
        row: row of the output pixel.
        column: column of the output pixel.

    Returns:
        (H, W): the largest absolute gradient over the input channels.

    Raises:
        TypeError: if an argument is of another type.
        ValueError: if the pixel lies outside of the output, or the image does not fit the network.
    """
    _check_arguments(model, image)
    image = image.detach().clone()[None].requires_grad_()
    with in_eval_mode(model), torch.enable_grad():
        output = model(image)[0]
        _check_inside(output, row, column)
        (gradient,) = torch.autograd.grad(output[:, row, column].sum(), image)
    return gradient[0].abs().amax(dim=0)


def nonzero_bounds(values: Tensor) -> tuple[int, int, int, int]:
    """Return the first row, last row, first column and last column with a value that is not 0.

    Args:
        values: (H, W), such as a response or a gradient.

    Raises:
        ValueError: if the tensor has another number of axes, or is 0 everywhere.
    """
    if values.ndim != 2:
        raise ValueError(f"The values have the shape {tuple(values.shape)}. Use (H, W).")
    rows, columns = values.nonzero(as_tuple=True)
    if not len(rows):
        raise ValueError("All values are 0, so they have no bounds. Try another pixel or image.")
    return int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())


def _check_arguments(model: nn.Module, image: Tensor) -> None:
    argument_checks.require_network(model)
    check_image(model, image)
    if not isinstance(image, Tensor) or not image.is_floating_point():
        kind = image.dtype if isinstance(image, Tensor) else type(image).__name__
        raise TypeError(f"The image is of type {kind}. Use a tensor of floats (C, H, W).")


def _check_inside(values: Tensor, row: int, column: int) -> None:
    """Raise unless the row and column lie inside of a tensor (C, H, W)."""
    argument_checks.require_integer(0, row=row, column=column)
    height, width = values.shape[-2:]
    if row >= height or column >= width:
        raise ValueError(
            f"Row {row}, column {column} is outside of {height}×{width}. The last pixel is row "
            f"{height - 1}, column {width - 1}."
        )


def input_interval(model: UNet, pixel: int) -> tuple[int, int]:
    """Return the first and last input pixel that an output pixel depends on, along one axis.

    The interval may reach beyond the image. The network must be one for which
    `unsupported_reason` returns "".
    """
    margin = _margin(model.head)
    first, last = pixel - margin, pixel + margin
    encoder_maps: list[tuple[int, int, int]] = []  # (level, first, last) that the decoder needs
    decoder = zip(reversed(model.up), reversed(model.decoder), strict=True)
    for level, (up, convs) in enumerate(decoder):
        margin = _margin(convs)
        first, last = first - margin, last + margin
        if model.skip != "none":
            encoder_maps.append((level, first, last))
        first, last = _before_up(up, first, last)
    encoder_maps.append((len(model.up), first, last))
    intervals = [_before_encoder(model, *needed) for needed in encoder_maps]
    return min(first for first, _ in intervals), max(last for _, last in intervals)


def _before_encoder(model: UNet, level: int, first: int, last: int) -> tuple[int, int]:
    """Return the input pixels that an interval of the encoder's feature map at a level needs."""
    for below in range(level, -1, -1):
        margin = _margin(model.encoder[below])
        first, last = first - margin, last + margin
        if below:
            is_strided = isinstance(model.down[below - 1], nn.Conv2d)
            # Output i of a pool needs 2i and 2i + 1; of a strided 3×3 convolution also 2i − 1.
            first, last = 2 * first - is_strided, 2 * last + 1
    return first, last


def _before_up(up: nn.Module, first: int, last: int) -> tuple[int, int]:
    """Return which pixels of the smaller feature map an interval of the up-sampled one needs."""
    if isinstance(up, nn.ConvTranspose2d):
        kernel, padding = up.kernel_size[0], int(up.padding[0])
        # Output o needs each input i with o = 2i − padding + k, for k from 0 to kernel − 1.
        return ceil((first + padding - kernel + 1) / 2), floor((last + padding) / 2)
    margin = _margin(up)
    if any(getattr(layer, "mode", "") == "bilinear" for layer in up.modules()):
        return floor((first - 1) / 2) - margin, floor((last - 1) / 2) + 1 + margin
    return floor(first / 2) - margin, floor(last / 2) + margin


def _margin(block: nn.Module) -> int:
    """Return by how many pixels the convolutions of a block widen an interval on each side."""
    return sum(
        max(d * (k // 2) for d, k in zip(layer.dilation, layer.kernel_size, strict=True))
        for layer in block.modules()
        if isinstance(layer, nn.Conv2d)
    )


# Layers that act on each pixel alone, at least in eval mode; containers; and the network itself.
_POINTWISE: set[type[nn.Module]] = {UNet, nn.Sequential, nn.ModuleList, nn.Identity, nn.PReLU}
_POINTWISE |= {nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Tanh, nn.Sigmoid}
_POINTWISE |= {nn.Dropout, nn.Dropout2d}
# Layers whose output depends on the mean over the whole feature map.
_GLOBAL = {nn.InstanceNorm2d, nn.GroupNorm, nn.LayerNorm, nn.BatchNorm2d, nn.AdaptiveAvgPool2d}


def _unsupported_layer_reason(layer: nn.Module) -> str:
    """Return how "The network contains LAYER" goes on, or "" for a supported layer."""
    kind = type(layer)
    if kind in _POINTWISE or (kind is nn.BatchNorm2d and layer.running_mean is not None):
        return ""
    if kind in _GLOBAL:
        which = " without running statistics" if kind is nn.BatchNorm2d else ""
        return f"{which}, which takes its mean over the whole tile: no overlap makes that equal."
    if getattr(layer, "padding_mode", "") == "circular":
        return ", which pads with the tile's other side: no overlap makes that equal."
    if getattr(layer, "align_corners", False):
        return " with align_corners=True, which stretches by the tile's size: no overlap helps."
    return "" if _is_supported(layer) else ", and how far that sees is not known. Measure it."


def _is_supported(layer: nn.Module) -> bool:
    """Return whether `input_interval` handles the layer: it keeps, halves or doubles the size."""
    if type(layer) is nn.Conv2d:
        if layer.stride == (2, 2):
            return (layer.kernel_size, layer.padding, layer.dilation) == ((3, 3), (1, 1), (1, 1))
        same = tuple(
            d * (k - 1) / 2 for d, k in zip(layer.dilation, layer.kernel_size, strict=True)
        )
        return layer.stride == (1, 1) and layer.padding in ("same", same)
    if type(layer) is nn.ConvTranspose2d:
        kernel, padding = layer.kernel_size[0], int(layer.padding[0])
        output_padding = layer.output_padding[0]
        squares = {(kernel, kernel), (padding, padding), (output_padding, output_padding)}
        is_square = squares == {layer.kernel_size, layer.padding, layer.output_padding}
        doubles = layer.stride == (2, 2) and kernel - 2 * padding + output_padding == 2
        return is_square and doubles and layer.dilation == (1, 1)
    if type(layer) in (nn.MaxPool2d, nn.AvgPool2d):
        return all(getattr(layer, n) in (2, (2, 2)) for n in ("kernel_size", "stride")) and (
            layer.padding in (0, (0, 0)) and not layer.ceil_mode
        )
    return isinstance(layer, nn.Upsample) and (
        layer.scale_factor == 2 and layer.mode in ("bilinear", "nearest")
    )
