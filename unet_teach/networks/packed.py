"""Packs a U-Net for the browser, where `js/engine/network.js` runs it, and unpacks it again.

`js/engine/FORMAT.md` says what the numbers mean.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from unet_teach.networks.unet import UNet

Layer = dict[str, Any]
Weighted = tuple[nn.Conv2d | nn.ConvTranspose2d, "nn.BatchNorm2d | None"]
BITS = 8, 32
LARGEST_INT8 = 127


def pack(model: UNet, bits: Literal[8, 32] = 8) -> dict[str, Any]:
    """Return a U-Net as data that `json` can write; its normalisation is part of its weights.

    Args:
        model: the course's `UNet` with `padding="same"`, trained or not. It runs there as in eval
            mode.
        bits: of each weight. With 8, the weights of an output channel share one scale.

    Raises:
        TypeError: if the model is no `UNet`, or has a forward of its own.
        ValueError: for valid padding, other layers than a `UNet` has, weights that are not finite
            or have no values, or another number of bits.
    """
    if bits not in BITS:
        raise ValueError(f"bits={bits!r} is not known. Use 8 or 32.")
    options = options_of(model)
    if model.padding == "valid":
        raise ValueError('A U-Net with padding="valid" cannot be packed. Use padding="same".')
    layers, scales, biases, weights = [], [], [], []
    for layer, weighted in _layers(model):
        layers.append(layer)
        if weighted is None:
            continue
        weight, bias = _without_norm(*weighted)
        values = weight.float().cpu().numpy()
        axis = 1 if layer["kind"] == "conv_transpose" else 0  # of the output channels
        others = tuple(place for place in range(values.ndim) if place != axis)
        scale = np.abs(values).max(axis=others, keepdims=True) / LARGEST_INT8
        scale[scale == 0] = 1
        scales.append(scale.ravel())
        biases.append(bias.float().cpu().numpy())
        weights.append((values / scale).round().astype("i1") if bits == 8 else values)
    numbers = [*scales, *biases] if bits == 8 else biases
    data = b"".join(array.astype("<f4").tobytes() for array in numbers)
    data += b"".join(array.astype("i1" if bits == 8 else "<f4").tobytes() for array in weights)
    shown = ", ".join(f"{name}={value!r}" for name, value in options.items() if "_ch" not in name)
    shown = f"base_channels={options['base_channels']}, {shown}"
    return {
        "format": 1,
        "call": f"UNet({options['in_channels']}, {options['out_channels']}, {shown})",
        "in_channels": options["in_channels"],
        "out_channels": options["out_channels"],
        "depth": options["depth"],
        "skip": model.skip,
        "options": options,
        "bits": bits,
        "layers": layers,
        "data": base64.b64encode(data).decode(),
    }


def unpack(packed: dict[str, Any]) -> UNet:
    """Return the U-Net that `pack` packed, in eval mode and without normalisation.

    Its weights are the rounded ones, so it gives what the browser shows.
    """
    model = UNet(**{**packed["options"], "norm": False}).eval()
    layers = [weighted[0] for _, weighted in _layers(model) if weighted is not None]
    data, at = base64.b64decode(packed["data"]), 0

    def take(count: int, kind: str) -> Tensor:
        nonlocal at
        values = np.frombuffer(data, kind, count, at)
        at += values.nbytes
        return torch.from_numpy(values.astype("f4"))

    is_rounded = packed["bits"] == 8
    scales = [take(layer.out_channels, "<f4") if is_rounded else None for layer in layers]
    with torch.no_grad():
        for layer in layers:
            layer.bias = nn.Parameter(take(layer.out_channels, "<f4"))
        for layer, scale in zip(layers, scales, strict=True):
            values = take(layer.weight.numel(), "i1" if is_rounded else "<f4")
            values = values.reshape(layer.weight.shape)
            if scale is not None:
                at_axis = (1, -1) if isinstance(layer, nn.ConvTranspose2d) else (-1, 1)
                values *= scale.reshape(*at_axis, 1, 1)
            layer.weight = nn.Parameter(values)
    return model


def options_of(model: UNet) -> dict[str, Any]:
    """Return the options that `UNet` needs to build this network, those with defaults left out.

    Raises:
        TypeError: if the model is no `UNet`, or has a forward of its own.
    """
    if not isinstance(model, UNet):
        raise TypeError(f"model is {type(model).__name__}; only the course's UNet can be packed.")
    if type(model).forward is not UNet.forward or type(model)._join is not UNet._join:
        raise TypeError(
            f"{type(model).__name__} has a forward of its own, which the page cannot run; only the "
            "course's UNet can be packed."
        )
    encoder: Any = model.encoder[0]
    decoder: Any = model.decoder[-1]
    first: Any = encoder[0]
    options: dict[str, Any] = {
        "in_channels": first.in_channels,
        "out_channels": model.head.out_channels,
        "depth": len(model.up),
        "base_channels": first.out_channels,
    }
    up: Any = model.up[0]
    if model.skip != "cat":
        options["skip"] = model.skip
    if isinstance(model.down[0], nn.Conv2d):
        options["down"] = "strided_conv"
    if isinstance(up, nn.Sequential):
        options["up"] = up[1].mode
    elif up.kernel_size != (2, 2):
        options["up"] = f"conv_transpose_{up.kernel_size[0]}"
    if model.padding != "same":
        options["padding"] = model.padding
    if not any(isinstance(layer, nn.BatchNorm2d) for layer in encoder):
        options["norm"] = False
    if sum(isinstance(layer, nn.Conv2d) for layer in decoder) == 1:
        options["decoder"] = "shallow"
    elif model.head.in_channels != first.out_channels:
        options["decoder"] = "narrow"
    return options


def _layers(model: UNet) -> Iterator[tuple[Layer, Weighted | None]]:
    """Yield the layers in the order in which they run, and those of torch that have the weights."""
    yield from _block("encoder", 0, model.encoder[0])
    for level, (down, convs) in enumerate(zip(model.down, model.encoder[1:], strict=True), 1):
        yield from _block("down", level, nn.Sequential(down))
        yield from _block("encoder", level, convs)
    for level, up, convs in zip(
        reversed(range(len(model.up))), model.up, model.decoder, strict=True
    ):
        yield from _block("up", level, up if isinstance(up, nn.Sequential) else nn.Sequential(up))
        yield {"part": "join", "level": level, "kind": model.skip}, None
        yield from _block("decoder", level, convs)
    yield from _block("head", 0, nn.Sequential(model.head))


def _block(part: str, level: int, layers: Any) -> Iterator[tuple[Layer, Weighted | None]]:
    where = {"part": part, "level": level}
    for layer, (after, third) in zip(layers, pairwise([*layers[1:], None, None]), strict=True):
        norm = after if isinstance(after, nn.BatchNorm2d) else None
        relu = isinstance(third if norm is not None else after, nn.ReLU)
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            yield {**where, **_convolution(layer, relu)}, (layer, norm)
        elif isinstance(layer, nn.MaxPool2d):
            yield {**where, "kind": "max_pool"}, None
        elif isinstance(layer, nn.Upsample):
            yield {**where, "kind": layer.mode}, None
        elif not isinstance(layer, nn.BatchNorm2d | nn.ReLU):
            raise ValueError(
                f"The {part} has a layer {type(layer).__name__} at level {level}, which a UNet "
                "does not have, so it cannot be packed."
            )


def _convolution(layer: nn.Conv2d | nn.ConvTranspose2d, relu: bool) -> Layer:
    transposed = isinstance(layer, nn.ConvTranspose2d)
    padding = layer.kernel_size[0] // 2 if layer.padding == "same" else int(layer.padding[0])
    made: Layer = {
        "kind": "conv_transpose" if transposed else "conv",
        "in": layer.in_channels,
        "out": layer.out_channels,
        "kernel": layer.kernel_size[0],
        "stride": layer.stride[0],
        "padding": padding,
    }
    if transposed:
        return {**made, "output_padding": layer.output_padding[0]}
    return {**made, "relu": relu}


def _without_norm(
    layer: nn.Conv2d | nn.ConvTranspose2d, norm: nn.BatchNorm2d | None
) -> tuple[Tensor, Tensor]:
    """Return weight and bias of a layer together with the normalisation after it."""
    weight = layer.weight.detach()
    bias = weight.new_zeros(layer.out_channels) if layer.bias is None else layer.bias.detach()
    if norm is not None and norm.running_var is not None and norm.running_mean is not None:
        scale = norm.weight.detach() / torch.sqrt(norm.running_var + norm.eps)
        weight = weight * scale[:, None, None, None]
        bias = (bias - norm.running_mean) * scale + norm.bias.detach()
    if not (weight.isfinite().all() and bias.isfinite().all()):
        raise ValueError(
            "The network has weights that are no finite numbers (NaN or infinity). Train it anew, "
            "with a smaller learning rate."
        )
    return weight, bias
