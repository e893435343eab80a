"""Run a layer in torch: the size that it returns, or its error message.

torch is imported by the first call, not with the widgets: it takes about 240 MB and some seconds,
and a lesson with arithmetic alone does not need it.
"""

from __future__ import annotations

from typing import Any


def ask_torch(layer: str, input_size: Any, **parameters: Any) -> dict[str, Any]:
    """Run a real layer once, on one channel of zeros.

    Args:
        layer: a class of `torch.nn` for two dimensions, such as `"Conv2d"`.
        input_size: cells along each side of the input, an int or a pair (height, width).
        **parameters: the layer's own parameters, such as `kernel_size`.

    Returns:
        `parameters` (all arguments), `accepts` (whether torch ran it) and `text`: the output's
        shape `"(1, 1, H, W)"`, or torch's own error text.
    """
    import torch

    asked = {"input_size": input_size, **parameters}
    size = input_size if isinstance(input_size, tuple) else (input_size, input_size)
    try:
        # On the meta device no weights are drawn, so a student's random numbers stay reproducible.
        module = getattr(torch.nn, layer)(1, 1, **parameters, device="meta").to_empty(device="cpu")
        with torch.no_grad():
            shape = tuple(module(torch.zeros(1, 1, *size)).shape)
    except (RuntimeError, ValueError) as refusal:
        return {"parameters": asked, "accepts": False, "text": str(refusal)}
    return {"parameters": asked, "accepts": True, "text": str(shape)}
