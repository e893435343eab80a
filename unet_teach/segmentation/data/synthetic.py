"""Generated images in which a thin line is foreground only inside a ring.

A wide receptive field is needed to see the ring (depth), fine detail to place the line (skips).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.data.dataset import Dataset, Pair, make_pair

SIDE = 96  # pixels
RADII = 13, 22  # of rings, in pixels: from a ring's centre a network must see that far
LINES = 10  # right across the image
MOST_RINGS = 3
SEGMENT_HALF_WIDTH = 0.75  # of painted lines, in pixels: the middle of what is drawn at random
GROUND, CONTRAST = 0.35, 0.4  # brightness of the background, and how much a stroke adds
Map = NDArray[np.float32]


def lines_in_rings(n: int = 24, seed: int = 0) -> Dataset:
    """Return images of lines and rings; the foreground is those parts of lines inside a ring.

    Lines and rings are equally bright, on an uneven and noisy background. Whether a pixel lies on
    a line shows in its neighbourhood; whether it lies in a ring shows only from far away.

    Args:
        n: number of train images, each 96×96. Validation and test have a quarter as many each, at
            least 4.
        seed: the same seed gives the same images; two seeds share none.

    Raises:
        TypeError: if n or seed is not a whole number.
        ValueError: if n is below 1 or seed below 0.
    """
    argument_checks.require_integer(1, n=n)
    argument_checks.require_integer(0, seed=seed)
    few = max(4, n // 4)

    def split(number: int, count: int) -> tuple[Pair, ...]:
        return tuple(
            draw_pair(np.random.default_rng([seed, number, index]), f"number {index}")
            for index in range(count)
        )

    source = f"generated, seed {seed}"
    return Dataset("lines in rings", split(0, n), split(1, few), split(2, few), source)


def draw_pair(random: np.random.Generator, name: str) -> Pair:
    """Draw one random image, (1, 96, 96), with its exact mask."""
    drawn = draw_scene(scene(random))
    background = GROUND + 0.1 * smooth_noise(random, 6) + 0.06 * smooth_noise(random, 24)
    image = background + CONTRAST * drawn.strokes + random.normal(0, 0.05, (SIDE, SIDE))
    return make_pair(np.clip(image, 0, 1).astype("f4"), drawn.mask, name)


class Scene(NamedTuple):
    """What an image shows.

    Attributes:
        lines: angle in radians, offset and half width in pixels of each: a line consists of the
            points with cos(angle)·(x − 48) + sin(angle)·(y − 48) = offset.
        rings: row, column and radius of each, in pixels.
        segments: lines that were painted: the row and column where each begins, and where it ends.
    """

    lines: Sequence[tuple[float, float, float]] = ()
    rings: Sequence[tuple[float, float, float]] = ()
    segments: Sequence[tuple[float, float, float, float]] = ()


class DrawnScene(NamedTuple):
    """The pixels of a scene, (96, 96): how much of each its strokes cover, and its mask."""

    strokes: Map
    mask: NDArray[np.bool_]


def scene(random: np.random.Generator) -> Scene:
    """Return the random lines and rings of an image.

    Those of test image i of `lines_in_rings(seed=s)` are `scene(np.random.default_rng([s, 2, i]))`.
    """
    lines = [
        (random.uniform(0, np.pi), random.uniform(-0.6, 0.6) * SIDE, random.uniform(0.5, 1.0))
        for _ in range(LINES)
    ]
    return Scene(lines, separate_rings(random))


def draw_scene(shown: Scene) -> DrawnScene:
    """Draw lines and rings without background, and the mask by the rule of these data."""
    y, x = np.mgrid[:SIDE, :SIDE].astype("f4")
    on_line, on_ring, inside = np.zeros((3, SIDE, SIDE), dtype="f4")
    for angle, offset, half_width in shown.lines:
        distance = np.cos(angle) * (x - SIDE / 2) + np.sin(angle) * (y - SIDE / 2) - offset
        on_line = np.maximum(on_line, stroke(np.abs(distance), half_width))
    for from_row, from_column, to_row, to_column in shown.segments:
        down, right = to_row - from_row, to_column - from_column
        along = ((y - from_row) * down + (x - from_column) * right) / (down**2 + right**2 or 1)
        part = np.clip(along, 0, 1)
        distance = np.hypot(y - from_row - part * down, x - from_column - part * right)
        on_line = np.maximum(on_line, stroke(distance, SEGMENT_HALF_WIDTH))
    for row, column, radius in shown.rings:
        distance = np.hypot(y - row, x - column) - radius
        on_ring = np.maximum(on_ring, stroke(np.abs(distance), 1.0))
        inside = np.maximum(inside, (distance < 0).astype("f4"))
    mask = (on_line >= 0.5) & (inside > 0) & (on_ring < 0.5)
    return DrawnScene(np.maximum(on_line, on_ring), mask)


def separate_rings(random: np.random.Generator) -> list[tuple[float, float, float]]:
    """Return up to three rings that do not touch: (row, column, radius) in pixels."""
    rings: list[tuple[float, float, float]] = []
    for _ in range(30):
        radius = random.uniform(*RADII)
        row, column = random.uniform(radius, SIDE - radius, size=2)
        if len(rings) < MOST_RINGS and all(
            np.hypot(row - r, column - c) > radius + other + 4 for r, c, other in rings
        ):
            rings.append((row, column, radius))
    return rings


def stroke(distance: Map, half_width: float) -> Map:
    """Return how much of each pixel a stroke covers, 0 to 1.

    Args:
        distance: of each pixel from the centre line of the stroke, in pixels.
        half_width: half the width of the stroke, in pixels.
    """
    coverage: Map = np.clip(half_width + 0.5 - distance, 0, 1)
    return coverage


def smooth_noise(random: np.random.Generator, cells: int) -> Map:
    """Return smooth noise of about -1 to 1: random values on a coarse grid, interpolated linearly.

    Args:
        random: source of the values.
        cells: number of grid cells along each side of the image.
    """
    corners = random.normal(0, 0.6, (cells + 1, cells + 1)).astype("f4")
    positions = np.linspace(0, cells, SIDE, endpoint=False)
    cell = positions.astype(int)
    fraction = (positions - cell).astype("f4")
    rows = corners[cell] * (1 - fraction[:, None]) + corners[cell + 1] * fraction[:, None]
    noise: Map = rows[:, cell] * (1 - fraction) + rows[:, cell + 1] * fraction
    return noise
