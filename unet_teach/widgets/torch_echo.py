"""What torch itself says about a layer: the size it returns, or the words it refuses with.

torch is imported by the first question, never with the widgets: it costs a student about 240 MB and
some seconds, and a lesson that shows only arithmetic needs none of it.
"""

from __future__ import annotations

from typing import Any


def ask_torch(layer: str, input_size: Any, **parameters: Any) -> dict[str, Any]:
    """Run a real layer once, on one channel of zeros.

    Args:
        layer: a class of `torch.nn` for two dimensions, such as `"Conv2d"`.
        input_size: cells of the map that goes in, an int or a pair (height, width).
        **parameters: the layer's own parameters, such as `kernel_size`.

    Returns:
        `parameters` (all that was asked), `accepts` (whether torch ran it) and `says`: the output's
        shape `"(1, 1, H, W)"`, or torch's own error text.
    """
    import torch

    asked = {"input_size": input_size, **parameters}
    size = input_size if isinstance(input_size, tuple) else (input_size, input_size)
    try:
        # A question must not move the student's random numbers: weights are drawn on no device.
        module = getattr(torch.nn, layer)(1, 1, **parameters, device="meta").to_empty(device="cpu")
        with torch.no_grad():
            shape = tuple(module(torch.zeros(1, 1, *size)).shape)
    except (RuntimeError, ValueError) as refusal:
        return {"parameters": asked, "accepts": False, "says": str(refusal)}
    return {"parameters": asked, "accepts": True, "says": str(shape)}
