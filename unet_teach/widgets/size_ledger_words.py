"""What SizeLedger and its figure say: the result in one line, and why there is no output."""

from __future__ import annotations

from typing import Any

from unet_teach.shared.sizes_as_text import sizes_as_text
from unet_teach.widgets.unet_sizes import LARGEST_SIDE, Options


def headline(options: Options, result: dict[str, Any]) -> str:
    """Return the result in one line."""
    asked = f"{options.height}×{options.width}, depth {options.depth}: "
    if result["mismatch_at"] is not None:
        return f"{asked}the sizes part at level {result['mismatch_at']}"
    if result["vanishes_at"] is not None:
        return f"{asked}nothing is left at level {result['vanishes_at']}"
    return f"{asked}the answer is {sizes_as_text(result['output_size'])}"


def error(result: dict[str, Any]) -> str:
    """Return why there is no output and which sizes have one, as sentences; empty if there is."""
    if result["fits"]:
        return ""
    nearest = {
        side: " or ".join(str(size) for size in dict.fromkeys(sizes) if size)
        for side, sizes in result["nearest"].items()
    }
    works = ", ".join(f"{side} {n or f'above {LARGEST_SIDE}'}" for side, n in nearest.items())
    if result["mismatch_at"] is None:
        why = f"Less than one row or column is left at level {result['vanishes_at']}."
    else:
        level = result["levels"][result["mismatch_at"]]
        skip, upsampled = sizes_as_text(level["encoder"]), sizes_as_text(level["arrives"])
        why = f"The skip is {skip}, what comes up is {upsampled}."
    return f"{why} Sizes that work: {works}."
