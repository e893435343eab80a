"""Where everything in the U diagram is placed: levels go down the page, skips cross the U.

All coordinates are pixels from the upper left corner; y grows downwards.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from unet_teach.inspection.diagram.model import Box, Drawing, SkipLine

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]  # which end of a text is at its point, as in SVG
CHARACTER_WIDTH = 0.7  # of digits and × at most, as a part of their height
TOP, TOP_OF_ROW = 20, 46  # above the first level; skips arch over a single row and need room
BELOW_ROW = 18  # under a single row, for its sizes
JOIN_LABELS = {"cat": "cat", "add": "+", "gate": "×", "attention": "attention"}


@dataclass(frozen=True)
class Place:
    """Where a box is: its centre, width and height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Grid:
    """The distances of a drawing.

    Attributes:
        column: from box to box, at least.
        row: from level to level.
        height: of a box at the first level.
        font_size: of all labels.
    """

    column: float
    row: float
    height: float
    font_size: float

    def text_width(self, text: str) -> float:
        """Return how wide a label is at most."""
        return len(text) * self.font_size * CHARACTER_WIDTH


SCREEN = Grid(column=40, row=50, height=34, font_size=13)
GALLERY = Grid(column=23, row=32, height=24, font_size=12)


def layout(drawing: Drawing, grid: Grid) -> tuple[list[Place], float, float]:
    """Return the place of each box, and the width and height of the whole drawing."""
    finite = sorted({box.level for box in drawing.boxes if box.level < math.inf})
    rows = {level: row for row, level in enumerate(finite)}
    rows[math.inf] = len(finite)
    sizes = [_size(box, rows[box.level], grid) for box in drawing.boxes]
    labels = [grid.text_width(box.size) + 6 for box in drawing.boxes]
    is_flat = _is_flat(drawing)
    step = max([grid.column, *_least_steps(drawing, sizes, grid)])
    before, after = 0.0, 0.0  # what lies left of the first and right of the last box's centre
    for column, (box, label, (wide, _)) in enumerate(
        zip(drawing.boxes, labels, sizes, strict=True)
    ):
        back = len(drawing.boxes) - 1 - column
        left = label / 2 if is_flat else wide / 2 + label * (box.arm != "decoder")
        right = label / 2 if is_flat else wide / 2 + label * (box.arm == "decoder")
        before, after = max(before, left - column * step), max(after, right - back * step)
    top = TOP_OF_ROW if is_flat else TOP
    places = [
        Place(4 + before + column * step, top + rows[box.level] * grid.row + grid.height / 2, *size)
        for column, (box, size) in enumerate(zip(drawing.boxes, sizes, strict=True))
    ]
    depth = max((rows[box.level] for box in drawing.boxes), default=0)
    height = top + depth * grid.row + grid.height + BELOW_ROW * is_flat + 4
    return places, 8 + before + after + max(len(places) - 1, 0) * step, height


def _size(box: Box, row: int, grid: Grid) -> Point:
    """Return width and height of a box: wider with more channels, lower at each level."""
    by_channels = 10 + 3 * math.log2(1 + min(box.channels, 4096))
    width = max(by_channels, grid.text_width(str(box.channels)) + 8)
    if box.size == "vector":
        return width, grid.font_size + 5
    return width, max(grid.height - 2 * row, grid.font_size + 4)


def _is_flat(drawing: Drawing) -> bool:
    """Return whether all boxes are in one row."""
    return len({box.level for box in drawing.boxes}) < 2


def _least_steps(drawing: Drawing, sizes: list[Point], grid: Grid) -> list[float]:
    """Return distances between boxes that keep neighbours apart and leave room for each label."""
    boxes = drawing.boxes
    steps = [
        (sizes[i][0] + sizes[i + 1][0]) / 2 + grid.font_size
        for i in range(len(boxes) - 1)
        if boxes[i].level == boxes[i + 1].level
    ]
    for skip in drawing.skips:
        if skip.target is not None and not _is_flat(drawing):
            boxed = (sizes[skip.source][0] + sizes[skip.target][0]) / 2
            label = grid.text_width(skip_label(skip)) if skip.present else 0.0
            steps.append((boxed + label + 4) / max(skip.target - skip.source, 1))
    return steps


def size_label_place(
    drawing: Drawing, places: Sequence[Place], index: int
) -> tuple[float, float, Anchor] | None:
    """Return where the size of a box is written, and which end of the text is there.

    Sizes are on the outer side of the U, where no arrow passes. Under a single row, a size is only
    written where it changes; elsewhere the place is `None`.
    """
    box, place = drawing.boxes[index], places[index]
    if _is_flat(drawing):
        is_known = 0 < index < len(places) - 1 and box.size == drawing.boxes[index - 1].size
        below = place.y + place.height / 2 + 11
        return None if is_known else (place.x, below, "middle")
    if box.arm == "decoder":
        return place.x + place.width / 2 + 5, place.y, "start"
    return place.x - place.width / 2 - 5, place.y, "end"


def arrow_ends(a: Place, b: Place) -> tuple[Point, Point]:
    """Return where the arrow from one box to the next starts and ends.

    It leaves at the lower or upper side, or at the right one if the next box is in the same row.
    """
    if a.y == b.y:
        return (a.x + a.width / 2 + 2, a.y), (b.x - b.width / 2 - 2, b.y)
    sign = 1 if b.y > a.y else -1
    start = (a.x + a.width / 5, a.y + sign * (a.height / 2 + 1))
    return start, (b.x - b.width / 5, b.y - sign * (b.height / 2 + 2))


def skip_points(skip: SkipLine, places: Sequence[Place]) -> list[Point]:
    """Return the line of a skip: straight across the U, or an arch over the boxes of one row."""
    source = places[skip.source]
    start = source.x + source.width / 2 + 2
    if skip.target is None:
        return [(start, source.y), (start + 20, source.y)]
    target = places[skip.target]
    if any(place.y != source.y for place in places[skip.source : skip.target + 1]):
        return [(start, source.y), (target.x - target.width / 2 - 2, source.y)]
    foot, middle = source.y - source.height / 2 - 3, (source.x + target.x) / 2
    half = (target.x - source.x) / 2 - 5
    angles = [math.pi * (1 - part / 16) for part in range(17)]
    return [(middle + half * math.cos(angle), foot - 22 * math.sin(angle)) for angle in angles]


def skip_label(skip: SkipLine) -> str:
    """Return the label of a skip; next to the bottleneck there is only room for a sign."""
    if skip.present:
        return JOIN_LABELS.get(skip.kind, skip.kind)
    if skip.target is None:
        return "✕ no partner"
    return "✕ missing" if skip.target - skip.source > 2 else "✕"
