"""Generated pictures: a thin line counts only inside a ring. *What* needs depth, *where* skips."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.data.dataset import Dataset, Pair, pair

SIDE = 96  # pixels
RADII = 13, 22  # of rings, in pixels: a pixel in the middle must look that far to see its ring
LINES = 10  # right across the picture
Map = NDArray[np.float32]


def lines_in_rings(n: int = 24, seed: int = 0) -> Dataset:
    """Return pictures of lines and rings; what is looked for are lines where they are in a ring.

    Lines and rings are equally bright, on an uneven and noisy ground. Whether a pixel lies on a
    line shows close by; whether it lies in a ring, only from far away.

    Args:
        n: pictures to learn from, each 96×96. There are a quarter as many, at least 4, for
            validation, and as many for the test.
        seed: the same seed gives the same pictures; another seed shares none.

    Raises:
        TypeError: if n or seed is no whole number.
        ValueError: if n is below 1 or seed below 0.
    """
    argument_checks.whole(1, n=n)
    argument_checks.whole(0, seed=seed)
    few = max(4, n // 4)

    def part(number: int, count: int) -> tuple[Pair, ...]:
        return tuple(
            one_picture(np.random.default_rng([seed, number, index]), f"number {index}")
            for index in range(count)
        )

    source = f"generated, seed {seed}"
    return Dataset("lines in rings", part(0, n), part(1, few), part(2, few), source)


def one_picture(random: np.random.Generator, name: str) -> Pair:
    """Draw one picture with its exact mask."""
    y, x = np.mgrid[:SIDE, :SIDE].astype("f4")
    on_line, on_ring, inside = np.zeros((3, SIDE, SIDE), dtype="f4")
    for _ in range(LINES):
        angle, reach = random.uniform(0, np.pi), random.uniform(-0.6, 0.6) * SIDE
        distance = np.cos(angle) * (x - SIDE / 2) + np.sin(angle) * (y - SIDE / 2) - reach
        on_line = np.maximum(on_line, drawn(np.abs(distance), random.uniform(0.5, 1.0)))
    for row, column, radius in apart(random):
        distance = np.hypot(y - row, x - column) - radius
        on_ring = np.maximum(on_ring, drawn(np.abs(distance), 1.0))
        inside = np.maximum(inside, (distance < 0).astype("f4"))
    ground = 0.35 + 0.1 * uneven(random, 6) + 0.06 * uneven(random, 24)
    image = ground + 0.4 * np.maximum(on_line, on_ring) + random.normal(0, 0.05, (SIDE, SIDE))
    mask = (on_line >= 0.5) & (inside > 0) & (on_ring < 0.5)
    return pair(np.clip(image, 0, 1).astype("f4"), mask, name)


def apart(random: np.random.Generator) -> list[tuple[float, float, float]]:
    """Return up to three rings that do not touch: (row, column, radius) in pixels."""
    rings: list[tuple[float, float, float]] = []
    for _ in range(30):
        radius = random.uniform(*RADII)
        row, column = random.uniform(radius, SIDE - radius, size=2)
        if len(rings) < 3 and all(
            np.hypot(row - r, column - c) > radius + other + 4 for r, c, other in rings
        ):
            rings.append((row, column, radius))
    return rings


def drawn(distance: Map, half_width: float) -> Map:
    """Return how much of each pixel a stroke covers, from the distance to its middle."""
    covered: Map = np.clip(half_width + 0.5 - distance, 0, 1)
    return covered


def uneven(random: np.random.Generator, cells: int) -> Map:
    """Return a smooth random ground of about -1 to 1: random numbers, joined by straight lines."""
    corners = random.normal(0, 0.6, (cells + 1, cells + 1)).astype("f4")
    places = np.linspace(0, cells, SIDE, endpoint=False)
    whole = places.astype(int)
    part = (places - whole).astype("f4")
    rows = corners[whole] * (1 - part[:, None]) + corners[whole + 1] * part[:, None]
    ground: Map = rows[:, whole] * (1 - part) + rows[:, whole + 1] * part
    return ground
