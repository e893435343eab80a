"""The image that SeeInside draws anew from a seed, as the page draws it (js/see/scene.js)."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 96  # pixels
CONTRAST, GROUND, NOISE = 0.4, 0.35, 0.05
RADII = 13, 22
LINES, MOST_RINGS = 10, 3


def random_sample(seed: int) -> dict[str, Any]:
    """Return the image and mask of a seed, as samples are sent to the page: 8 bits a pixel."""
    random = _random_numbers(seed)
    lines = [
        (_between(random, 0, math.pi), _between(random, -0.6, 0.6) * SIDE, _between(random, 0.5, 1))
        for _ in range(LINES)
    ]
    rings: list[tuple[float, float, float]] = []
    for _ in range(30):
        if len(rings) == MOST_RINGS:
            break
        radius = _between(random, *RADII)
        row, column = (_between(random, radius, SIDE - radius) for _ in "yx")
        if all(math.hypot(row - y, column - x) > radius + r + 4 for y, x, r in rings):
            rings.append((row, column, radius))
    wide, fine = (_smooth_noise(random, cells) for cells in (6, 24))
    noise = np.array([_normal(random) for _ in range(SIDE * SIDE)]).reshape(SIDE, SIDE)
    y, x = np.mgrid[:SIDE, :SIDE]
    on_line, on_ring, inside = np.zeros((3, SIDE, SIDE))
    for angle, offset, half in lines:
        across = math.cos(angle) * (x - SIDE / 2) + math.sin(angle) * (y - SIDE / 2) - offset
        on_line = np.maximum(on_line, np.clip(half + 0.5 - abs(across), 0, 1))
    for row, column, radius in rings:
        far = np.hypot(y - row, x - column)
        on_ring = np.maximum(on_ring, np.clip(1.5 - abs(far - radius), 0, 1))
        inside = np.maximum(inside, far < radius)
    image = GROUND + 0.1 * wide + 0.06 * fine + CONTRAST * np.maximum(on_line, on_ring)
    pixels = np.rint(255 * np.clip(image + NOISE * noise, 0, 1)).astype("u1")
    mask = (on_line >= 0.5) & (inside > 0) & (on_ring < 0.5)
    return {
        "name": f"image {seed}",
        "height": SIDE,
        "width": SIDE,
        "channels": 1,
        "image": base64.b64encode(pixels.tobytes()).decode(),
        "mask": base64.b64encode(np.packbits(mask).tobytes()).decode(),
    }


def _random_numbers(seed: int) -> Iterator[float]:
    """Return numbers from 0 to 1, the same for the same seed (mulberry32)."""
    whole = 0xFFFFFFFF
    state = ((seed + 1) * 0x9E3779B1) & whole
    while True:
        state = (state + 0x6D2B79F5) & whole
        mixed = ((state ^ (state >> 15)) * (state | 1)) & whole
        mixed ^= (mixed + (mixed ^ (mixed >> 7)) * (mixed | 61)) & whole
        yield (mixed ^ (mixed >> 14)) / 2**32


def _between(random: Iterator[float], low: float, high: float) -> float:
    return low + (high - low) * next(random)


def _normal(random: Iterator[float]) -> float:
    far = math.sqrt(-2 * math.log(1 - next(random)))
    return far * math.cos(2 * math.pi * next(random))


def _smooth_noise(random: Iterator[float], cells: int) -> NDArray[np.float64]:
    """Return random values on a coarse grid, interpolated, (SIDE, SIDE)."""
    count = cells + 1
    corners = np.array([0.6 * _normal(random) for _ in range(count**2)]).reshape(count, count)
    at = np.arange(SIDE) * cells / SIDE
    low = at.astype(int)
    part = at - low
    rows = corners[low] * (1 - part[:, None]) + corners[low + 1] * part[:, None]
    mixed: NDArray[np.float64] = rows[:, low] * (1 - part) + rows[:, low + 1] * part
    return mixed
