"""A student's own U-Net of the course, as SeeInside runs it in the page."""

from __future__ import annotations

from typing import Any

import numpy as np

from unet_teach.shared.live_networks import own_samples, target_mask
from unet_teach.widgets.map_values import LARGEST_SIDE, read_maps

MOST_BYTES = 2_000_000  # of a network's weights
DEEPEST = 6


def own_task(model: Any, image: Any, target: Any) -> dict[str, Any] | None:
    """Return a student's network and image as a task of the widget.

    `None` where the page cannot run them, and the kernel is to try, or to say why it cannot either.

    Raises:
        TypeError, ValueError: with a sentence, for an image that does not fit the network.
    """
    from unet_teach.networks.packed import pack

    try:
        shape = tuple(image.shape) if hasattr(image, "shape") else np.shape(image)
        if not 2 <= len(shape) <= 4 or not min(shape) >= 1 or max(shape[-2:]) > LARGEST_SIDE:
            return None
        if len(shape) == 4 and shape[0] > 1:
            return None
        packed = pack(model, bits=32)
        if _bytes(packed) > MOST_BYTES:
            packed = pack(model)
    except (TypeError, ValueError):
        return None
    if _bytes(packed) > MOST_BYTES or packed["depth"] > DEEPEST:
        return None
    name = "your image"
    maps: Any = read_maps({name: image})
    channels, height, width = maps[name].shape
    if channels != packed["in_channels"]:
        raise ValueError(
            f"The image has {channels} channels, the model takes {packed['in_channels']}."
        )
    if min(height, width) < model.smallest_side:
        raise ValueError(
            f"The image is {height}×{width}, and with depth={packed['depth']} each side needs "
            f"{model.smallest_side} pixels. Use a larger image."
        )
    if not ((maps[name] >= 0) & (maps[name] <= 1)).all():
        return None
    mask = None if target is None else target_mask(target, (height, width))
    samples = own_samples(maps[name], mask)
    networks = [{"name": "your network", "network": packed}]
    return {"name": name, "source": "yours", "networks": networks, "samples": samples}


def _bytes(packed: dict[str, Any]) -> int:
    """Return how many bytes of weights a packed network has."""
    return len(packed["data"]) * 3 // 4
