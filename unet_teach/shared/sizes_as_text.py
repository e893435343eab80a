"""Sizes as the course writes them."""

from __future__ import annotations

from collections.abc import Iterable


def sizes_as_text(sizes: Iterable[object]) -> str:
    """Join sizes with a multiplication sign: (8, 9) becomes "8×9"."""
    return "×".join(map(str, sizes))
