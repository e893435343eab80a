"""The explorers' small whole numbers, the same as in the browser.

`js/numbers.js` makes them there; a test compares the two. They have a generator of their own, so
that a student's random numbers stay reproducible.
"""

from __future__ import annotations

from collections.abc import Sequence

from unet_teach.widgets.layers import LAYERS

KERNELS: tuple[str, ...] = tuple(LAYERS["layer"]["kernels"])
LARGEST_INPUT: int = LAYERS["layer"]["bounds"]["input_size"][1]
LARGEST_KERNEL: int = LAYERS["layer"]["bounds"]["kernel_size"][1]

Rows = list[list[float]]


def _scattered(seed: int, side: int, low: int, high: int) -> Rows:
    state, rows = seed & 0xFFFFFFFF, []
    for _ in range(side):
        row: list[float] = []
        for _ in range(side):
            state = (state * 1664525 + 1013904223) & 0xFFFFFFFF  # Numerical Recipes' generator
            row.append(low + (state >> 16) % (high - low + 1))
        rows.append(row)
    return rows


def input_values(seed: int, height: int, width: int) -> Rows:
    """Return `height` rows of `width` numbers from 0 to 4."""
    return [row[:width] for row in _scattered(seed, LARGEST_INPUT, 0, 4)[:height]]


def kernel_values(
    weights: str | Sequence[Sequence[float]], seed: int, height: int, width: int
) -> Rows:
    """Return the kernel's rows: a named kernel, or given rows cut or filled with 0 to its size."""
    centre = ((height - 1) // 2, (width - 1) // 2)
    random = _scattered(seed + 1, LARGEST_KERNEL, -2, 3)

    def value(r: int, c: int) -> float:
        if not isinstance(weights, str):
            is_given = r < len(weights) and c < len(weights[r])
            return weights[r][c] if is_given else 0
        return {
            "random": random[r][c],
            "box": 1,
            "identity": int((r, c) == centre),
            "edge": height * width - 1 if (r, c) == centre else -1,
        }[weights]

    return [[value(r, c) for c in range(width)] for r in range(height)]
