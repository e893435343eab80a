"""Says in which setting, weights or bias a split convolution differs from the whole one."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.exercises.checks.differences import how
from unet_teach.exercises.checks.tensors import close
from unet_teach.shared.sizes_as_text import sizes_as_text

SETTINGS = ("kernel_size", "stride", "padding", "dilation")


def setting_text(value: Any) -> str:
    """A setting of a layer as it is usually written: 3 for (3, 3)."""
    same = isinstance(value, tuple) and len(set(value)) == 1
    return repr(value[0] if same else value)


def layer_problem(
    conv: nn.Conv2d, c: int, layers: Sequence[nn.Module], again: Sequence[Any] = ()
) -> str:
    """Name the first setting, or the weights, in which a layer differs from the convolution.

    Args:
        conv: the given convolution.
        c: the channels of the first input.
        layers: the two that the answer made of it.
        again: the two that it made in another call; shows which weights are random.
    """
    spans = (range(c), range(c, conv.in_channels))
    for place, (name, layer, channels) in enumerate(
        zip(("conv_a", "conv_b"), layers, spans, strict=True)
    ):
        if not isinstance(layer, nn.Conv2d):
            return f"{name} should be an `nn.Conv2d`, but it is of type {type(layer).__name__}"
        for setting in (*SETTINGS[1:], "groups", "padding_mode"):
            now, right = getattr(layer, setting), getattr(conv, setting)
            if isinstance(right, tuple) and isinstance(now, int):
                now = (now, now)
            if now != right and not (setting == "padding" and isinstance(now, str)):
                return f"{name} has {setting}={setting_text(now)}, but the given convolution has {setting}={setting_text(right)}"
        shape = (conv.out_channels, len(channels), *conv.kernel_size)
        held = _held_channels(layer.weight, conv.weight)
        if held and held != list(channels):
            return f"{name} has the weights for input {_span(held)}, but its input is {_span(list(channels))} of cat([a, b])"
        if tuple(layer.weight.shape) != shape:
            return f"{name}'s weight is {sizes_as_text(layer.weight.shape)}, but it should be {sizes_as_text(shape)}"
        if layer.bias is not None and len(layer.bias) != conv.out_channels:
            return f"{name}'s bias has {len(layer.bias)} numbers, but there are {conv.out_channels} output channels"
        if again and (layer.weight != again[place].weight).all():
            return f"{name}'s weights are random, other ones in each call: those of the given convolution are not copied into it"
        if not held:
            part = conv.weight.detach()[:, channels.start : channels.stop]
            relation = how(
                layer.weight.detach(), part, torch.ones_like(part, dtype=torch.bool)
            ).replace("feature map", "kernel")
            return f"{name}'s weights differ from those of the given convolution{relation and ': ' + relation[0].lower() + relation[1:-1]}"
    return ""  # fmt: skip


def _held_channels(weight: Tensor, whole: Tensor) -> list[int] | None:
    """Return from which input channel of the whole weight each channel of a part comes."""
    if weight.dim() != 4 or weight[:, :0].shape != whole[:, :0].shape:
        return None
    held = [
        next((j for j, right in enumerate(whole.unbind(1)) if close(part, right)), None)
        for part in weight.unbind(1)
    ]
    return None if None in held else [j for j in held if j is not None]  # fmt: skip


def _span(channels: list[int]) -> str:
    if not channels:
        return "no channel"
    if len(channels) == 1:
        return f"channel {channels[0]}"
    if channels == list(range(channels[0], channels[-1] + 1)):
        return f"channels {channels[0]} to {channels[-1]}"
    return f"channels {', '.join(map(str, channels[:8]))}"


def bias_problem(conv: nn.Conv2d, layers: Sequence[nn.Module]) -> str:
    """Say what the biases of two layers are together, if not the convolution's."""
    both = zip(("conv_a", "conv_b"), layers, strict=True)
    biases = {name: layer.bias for name, layer in both if isinstance(layer, nn.Conv2d)}
    if len(biases) < 2:
        return ""
    given = {name: bias for name, bias in biases.items() if bias is not None}
    held = " and ".join(given)
    if conv.bias is None:
        adds = "add" if len(given) > 1 else "adds"
        return held and f"{held} {adds} a bias, but the given convolution has none"
    if not held:
        return "neither of your layers has a bias, but the given convolution has one"
    own = [name for name, bias in given.items() if not close(bias, conv.bias)]
    if len(given) == 2 and len(own) == 1:
        (other,) = given.keys() - own
        return f"{other} has the bias of the given convolution, and {own[0]} adds another one"
    factors = torch.stack([bias.detach() for bias in given.values()]).sum(0) / conv.bias.detach()
    if not close(factors, factors[:1].expand_as(factors)):
        return f"the bias of {held} is not that of the given convolution"
    times = f"{factors[0].item() + 0.0:.4g} times"
    return "" if close(factors, torch.ones_like(factors)) else f"the biases add up to {times} that of the given convolution"  # fmt: skip
