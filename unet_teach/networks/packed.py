"""A trained U-Net as the JSON that js/engine reads; js/engine/FORMAT.md describes it."""

from __future__ import annotations

import base64
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from unet_teach.networks.unet import UNet

Layer = dict[str, Any]
MOST_BYTES = 2_000_000  # of weights


def pack(model: UNet, *, bits: Literal[8, 32] = 8) -> dict[str, Any]:
    """Return a network for the browser, its normalisation folded into the convolutions.

    Args:
        model: a U-Net of the course, `padding="same"`. It is not changed.
        bits: 8 rounds each weight to one of 255 steps of its output channel; 32 keeps it.

    Raises:
        ValueError: for `padding="valid"`, and for more than 2 MB of weights.
    """
    if model.padding != "same":
        raise ValueError('The browser runs networks with padding="same" only.')
    layers: list[Layer] = []
    weights: list[NDArray[np.float32]] = []
    header: list[NDArray[np.float32]] = []

    def add(part: str, level: int, block: nn.Module) -> None:
        modules = list(block) if isinstance(block, nn.Sequential) else [block]
        for module, after in zip(modules, [*modules[1:], None], strict=True):
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                norm = after if isinstance(after, nn.BatchNorm2d) else None
                weight, bias = folded(module, norm)
                layers.append({"part": part, "level": level, **_options(module)})
                layers[-1]["relu"] = part in ("encoder", "decoder")
                weights.append(weight)
                header.append(bias)
            elif isinstance(module, nn.MaxPool2d):
                layers.append({"part": part, "level": level, "kind": "max_pool"})
            elif isinstance(module, nn.Upsample):
                layers.append({"part": part, "level": level, "kind": module.mode})

    depth = len(model.up)
    add("encoder", 0, model.encoder[0])
    for level in range(1, depth + 1):
        add("down", level, model.down[level - 1])
        add("encoder", level, model.encoder[level])
    for level, up, decoder in zip(reversed(range(depth)), model.up, model.decoder, strict=True):
        add("up", level, up)
        layers.append({"part": "join", "level": level, "kind": model.skip})
        add("decoder", level, decoder)
    add("head", 0, model.head)

    weighted = [layer for layer in layers if "kernel" in layer]
    if bits == 8:
        axes = [1 if layer["kind"] == "conv_transpose" else 0 for layer in weighted]
        pairs = [quantised(weight, axis) for weight, axis in zip(weights, axes, strict=True)]
        weights = [values for values, _ in pairs]
        header = [
            each for (_, scale), bias in zip(pairs, header, strict=True) for each in (scale, bias)
        ]
    data = b"".join(values.tobytes() for values in [*header, *weights])
    if len(data) > MOST_BYTES:
        raise ValueError(
            f"The network has {len(data) / 1e6:.1f} MB of weights; the browser takes "
            f"{MOST_BYTES / 1e6:.0f} MB."
        )
    return {
        "format": 1,
        "call": _call(model),
        "in_channels": weighted[0]["in"],
        "out_channels": weighted[-1]["out"],
        "depth": depth,
        "skip": model.skip,
        "bits": bits,
        "layers": layers,
        "data": base64.b64encode(data).decode("ascii"),
    }


def folded(
    conv: nn.Conv2d | nn.ConvTranspose2d, norm: nn.BatchNorm2d | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the weight and bias of a convolution that also does what its normalisation does."""
    weight = conv.weight.detach().double()
    channels = conv.out_channels
    bias = torch.zeros(channels).double() if conv.bias is None else conv.bias.detach().double()
    if norm is not None:
        assert isinstance(norm.running_var, Tensor) and isinstance(norm.running_mean, Tensor)
        gain = norm.weight.detach().double() / (norm.running_var.double() + norm.eps).sqrt()
        weight = weight * gain[:, None, None, None]
        bias = norm.bias.detach().double() + (bias - norm.running_mean.double()) * gain
    return weight.cpu().numpy().astype("<f4"), bias.cpu().numpy().astype("<f4")


def quantised(weight: NDArray[np.float32], axis: int) -> tuple[Any, NDArray[np.float32]]:
    """Return a weight as int8, and the scale of each output channel, which is on this axis."""
    others = tuple(i for i in range(weight.ndim) if i != axis)
    scale = np.abs(weight).max(axis=others) / 127
    scale = np.where(scale > 0, scale, 1).astype("<f4")
    shape = [-1 if i == axis else 1 for i in range(weight.ndim)]
    return np.round(weight / scale.reshape(shape)).astype("i1"), scale


def _options(conv: nn.Conv2d | nn.ConvTranspose2d) -> Layer:
    kind = "conv_transpose" if isinstance(conv, nn.ConvTranspose2d) else "conv"
    kernel, stride = conv.kernel_size[0], conv.stride[0]
    padding = conv.padding[0] if isinstance(conv.padding, tuple) else (kernel - 1) // 2
    options = {"kind": kind, "in": conv.in_channels, "out": conv.out_channels}
    return {**options, "kernel": kernel, "stride": stride, "padding": padding}


def _call(model: UNet) -> str:
    first, head = model.encoder[0], model.head
    assert isinstance(first, nn.Sequential) and isinstance(first[0], nn.Conv2d)
    conv = first[0]
    sizes = f"depth={len(model.up)}, base_channels={conv.out_channels}"
    skip = "" if model.skip == "cat" else f', skip="{model.skip}"'
    return f"UNet({conv.in_channels}, {head.out_channels}, {sizes}{skip})"
