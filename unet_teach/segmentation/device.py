"""Chooses the device that a network runs on: where it is already, else the fastest there is."""

from __future__ import annotations

import torch
from torch import nn

from unet_teach.segmentation.argument_checks import require_type


def device_of(model: nn.Module) -> torch.device:
    """Return the device of a network's weights; the CPU if it has none.

    Raises:
        ValueError: if they are on several devices, or have no values (`meta`).
    """
    devices = {tensor.device for tensor in (*model.parameters(), *model.buffers())}
    if len(devices) > 1:
        raise ValueError(
            f"The network is on {' and '.join(sorted(map(str, devices)))}. Move all of it to one "
            "device, such as model.to('cpu')."
        )
    (device,) = devices or {torch.device("cpu")}
    if device.type == "meta":
        raise ValueError("On meta the network has no weights, so build it again, on the CPU.")
    return device


def choose_device(model: nn.Module, device: str | torch.device | None) -> torch.device:
    """Return where a network is trained.

    Args:
        model: the network.
        device: such as "cpu", "cuda" or "mps". None: where the network is, unless that is the CPU;
            then the first of cuda, mps and cpu that this machine has.

    Raises:
        TypeError: if `device` is neither text nor a device.
        ValueError: if there is no such device here; or as `device_of`.
    """
    now = device_of(model)
    if device is None:
        return torch.device(_fastest()) if now.type == "cpu" else now
    require_type("device", device, (str, torch.device), "text, such as 'cpu' or 'cuda'")
    try:
        chosen = torch.device(device)
        torch.empty(1, device=chosen)
    except (RuntimeError, AssertionError, NotImplementedError):
        raise ValueError(
            f"device={str(device)!r} is not available here. Use device={_fastest()!r}, or None for "
            "the fastest there is."
        ) from None
    if chosen.type == "meta":
        raise ValueError("device='meta' computes no values. Use device=None or 'cpu'.")
    return chosen


def _fastest() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
