"""Where everything in the U diagram is placed: the encoder goes down, the decoder comes up.

Boxes are to scale and as large as fit; the room that is left goes between the arms and the levels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from unet_teach.inspection.diagram.connections import arrow, skip_label, skip_line, stop_mark
from unet_teach.inspection.diagram.geometry import (
    FREE_LINE,
    STOP_RADIUS,
    Anchor,
    Grid,
    Layout,
    Place,
    Point,
    Text,
    is_flat,
    rows_of,
)
from unet_teach.inspection.diagram.model import MISMATCH, NOT_REACHED, Box, Drawing

LEAST_SIDE = 8.0  # of a box, so that it can be seen and pointed at
BESIDE = 0.4  # between a box and its label, as a part of the letters' height


def layout(drawing: Drawing, grid: Grid) -> Layout:
    """Return the place of everything."""
    if not drawing.boxes:
        return Layout(grid.width, grid.font_size)
    made = _row(drawing, grid) if is_flat(drawing) else _u(drawing, grid)
    made.skips = [skip_line(drawing, skip, made.places, grid) for skip in drawing.skips]
    made.stop = stop_mark(drawing, made, grid)
    return made


def _sides(box: Box) -> Point:
    """Return the width and height of a map in cells; of a volume, those of one slice."""
    if box.size == "vector":
        return 0, 0
    sides = [int(side) for side in box.size.split("×") if side.isdigit()]
    return (sides[-1], sides[-2]) if len(sides) > 1 else ((sides or [1])[0], 0)


def _scaled(drawing: Drawing, largest: float) -> list[Point]:
    """Return width and height of each box, where the longest side of all is `largest`."""
    sides = [_sides(box) for box in drawing.boxes]
    longest = max(max(pair) for pair in sides) or 1
    return [
        (max(width * largest / longest, LEAST_SIDE), max(height * largest / longest, LEAST_SIDE))
        for width, height in sides
    ]


def _label(box: Box) -> tuple[str, str]:
    """Return what is written beside a box: its size, and its channels."""
    return (box.size, f"{box.channels:,} ch") if box.reached else ("", NOT_REACHED)


@dataclass
class _Columns:
    """What a U needs in width and height when its largest box has a certain size."""

    sizes: list[Point]
    heights: list[float]  # of each row
    left: float  # from the left side to the middle of the encoder
    right: float
    between: float  # from the middle of the encoder to that of the decoder

    def width(self) -> float:
        return self.left + self.between + self.right

    def height(self, gap: float) -> float:
        return sum(self.heights) + gap * (len(self.heights) - 1)


def _u(drawing: Drawing, grid: Grid) -> Layout:
    rows, two_arms = rows_of(drawing), _has_two_arms(drawing)
    least = (
        grid.gap
        if drawing.stop is None or drawing.stop.after is None
        else max(grid.gap, 2 * grid.font_size * STOP_RADIUS + 16)
    )
    # A deep network has its channels beside its sizes instead of below them.
    lowest = _columns(drawing, grid, LEAST_SIDE, one_line=False)
    on_one_line = lowest.height(least) > grid.height
    largest = grid.largest
    columns = _columns(drawing, grid, largest, one_line=on_one_line)
    while largest > LEAST_SIDE and (
        columns.height(least) > grid.height or columns.width() > grid.width
    ):
        largest -= 1
        columns = _columns(drawing, grid, largest, one_line=on_one_line)
    gap = (grid.height - sum(columns.heights)) / max(len(columns.heights) - 1, 1)
    gap = min(max(gap, least), max(least, 4 * grid.gap))
    start = _above(drawing, rows, columns.heights[0], grid)
    tops = [start + sum(columns.heights[:row]) + gap * row for row in range(len(columns.heights))]
    width = max(columns.width(), grid.width)
    spare = width - columns.width()
    left = columns.left if two_arms else columns.left + spare / 2
    right = width - columns.right
    made = Layout(width, start + columns.height(gap))
    for box, row, size in zip(drawing.boxes, rows, columns.sizes, strict=True):
        x = right if box.arm == "decoder" else left
        if box.arm == "bottleneck" and two_arms:
            x = (left + right) / 2
        made.places.append(Place(x, tops[row] + columns.heights[row] / 2, *size))
        made.labels.append(
            _texts_of(box, made.places[-1], grid, two_arms=two_arms, one_line=on_one_line)
        )
    made.arrows = [arrow(a, b) for a, b in pairwise(made.places)]
    return made


def _above(drawing: Drawing, rows: list[int], height: float, grid: Grid) -> float:
    """Return the room above the first row that the ✕ or its label needs."""
    if drawing.stop is None:
        return 0.0
    last = len(rows) - 1
    if drawing.stop.after == last and drawing.boxes[last].arm == "decoder":
        return grid.gap + 2 * grid.font_size * STOP_RADIUS
    at_top = any(skip.kind == MISMATCH and rows[skip.source] == 0 for skip in drawing.skips)
    return max(grid.font_size * (STOP_RADIUS + 1.3) - height / 2, 0.0) if at_top else 0.0


def _columns(drawing: Drawing, grid: Grid, largest: float, *, one_line: bool) -> _Columns:
    rows, sizes = rows_of(drawing), _scaled(drawing, largest)
    two_arms = _has_two_arms(drawing)
    heights = [0.0] * (max(rows) + 1)
    boxes = dict.fromkeys(rows, 0.0)  # in each row, what lies between the middles of both arms
    left = right = LEAST_SIDE
    for box, row, size in zip(drawing.boxes, rows, sizes, strict=True):
        own = Place(0, 0, *size)
        texts = _texts_of(box, own, grid, two_arms=two_arms, one_line=one_line)
        places = [own, *(text.place(grid) for text in texts)]
        heights[row] = max(heights[row], 2 * max(max(-p.top, p.bottom) for p in places) + 2)
        if box.arm == "bottleneck" and two_arms:
            continue
        boxes[row] += size[0] / 2
        if box.arm != "decoder":
            left = max(left, 2 - min(p.left for p in places))
        if box.arm == "decoder" or not two_arms:
            right = max(right, 2 + max(p.right for p in places))
    if not two_arms:
        stop = drawing.stop.label if drawing.stop else ""
        right = max(right, grid.text_width(stop, grid.small) + 2 * grid.font_size)
        return _Columns(sizes, heights, left, right, 0.0)
    free = FREE_LINE * grid.small
    needed = [free + inner for inner in boxes.values()]
    for skip in drawing.skips:
        letters = 0.0 if skip.kind == MISMATCH else grid.small
        width = grid.text_width(skip_label(drawing, skip), letters)
        needed.append(free + width + boxes[rows[skip.source]])
    if drawing.stop and drawing.stop.after is not None:
        width = grid.text_width(drawing.stop.label) + 2 * grid.font_size
        needed.append(width + boxes[rows[drawing.stop.after]])
    needed += [
        max(grid.text_width(text) for text in _label(box)) + 2 * free
        for box in drawing.boxes
        if box.arm == "bottleneck"
    ]
    between = max(needed)
    return _Columns(sizes, heights, left, right, between)


def _has_two_arms(drawing: Drawing) -> bool:
    return any(box.arm == "decoder" for box in drawing.boxes)


def _texts_of(box: Box, place: Place, grid: Grid, *, two_arms: bool, one_line: bool) -> list[Text]:
    """Return the size and channels of a box: on the outer side of the U, where no arrow passes.

    At the bottom of the U they are above and below the box.
    """
    size, channels = _label(box)
    if box.arm == "bottleneck" and two_arms:
        above, below = place.top - grid.font_size * 0.7, place.bottom + grid.small * 0.8
        return [
            Text(place.x, above, size, "middle", grid.font_size, True),
            Text(place.x, below, channels, "middle", grid.small),
        ]
    right = box.arm == "decoder"
    anchor: Anchor = "start" if right else "end"
    sign = 1 if right else -1
    x = (place.right if right else place.left) + sign * BESIDE * grid.font_size
    if not size:
        return [Text(x, place.y, channels, anchor, grid.small)]
    if one_line:
        first, second = (size, channels) if right else (channels, size)
        width = grid.text_width(first, 0.0 if right else grid.small)
        both = {
            first: Text(x, place.y, first, anchor, grid.small),
            second: Text(
                x + sign * (width + 0.4 * grid.small), place.y, second, anchor, grid.small
            ),
        }
        bold = both[size]
        both[size] = Text(bold.x, bold.y, size, anchor, grid.font_size, True)
        return [both[size], both[channels]]
    return [
        Text(x, place.y - grid.small * 0.58, size, anchor, grid.font_size, True),
        Text(x, place.y + grid.font_size * 0.58, channels, anchor, grid.small),
    ]


def _row(drawing: Drawing, grid: Grid) -> Layout:
    """Return the places of a network of one level: boxes in a row, under which skips have arches.

    A size is only written where it changes, and the word for channels once.
    """
    count = len(drawing.boxes)
    labels = [
        f"{box.channels:,}{'' if index else ' ch'}" if box.reached else NOT_REACHED
        for index, box in enumerate(drawing.boxes)
    ]
    widest = max(grid.text_width(label, grid.small) for label in labels) + 4
    ends = max(grid.text_width(box.size) for box in drawing.boxes) / 2
    even = (grid.width - 2 * ends) / (count - 1) if count > 1 else 2 * grid.largest
    largest = grid.largest if drawing.stop else 1.6 * grid.largest
    pitch = min(max(widest, even), largest + 5 * grid.gap)
    if drawing.stop:  # the ✕ and what does not fit are written between two boxes
        between = max(grid.text_width(drawing.stop.label, grid.small), 4 * grid.font_size)
        pitch = max(pitch, largest + between + grid.gap)
    largest = max(min(largest, pitch - 1.4 * grid.gap), LEAST_SIDE)
    sizes = _scaled(drawing, largest)
    width = max(grid.width, 2 * ends + pitch * (count - 1))
    arch = 2.5 * grid.small if drawing.skips or drawing.stop else 0.0
    tall = max(height for _, height in sizes)
    if drawing.stop:
        tall = max(tall, 2 * grid.font_size * STOP_RADIUS)
    start = (width - pitch * (count - 1)) / 2
    y = arch + tall / 2 + 4
    made = Layout(width, y + tall / 2 + grid.small + grid.font_size * 1.9)
    written, written_to = "", -math.inf
    for index, (box, size, label) in enumerate(zip(drawing.boxes, sizes, labels, strict=True)):
        place = Place(start + pitch * index, y, *size)
        below = y + tall / 2 + grid.small * 0.8
        texts = [Text(place.x, below, label, "middle", grid.small)]
        if box.reached and box.size != written:
            size_text = Text(
                place.x, below + grid.font_size * 1.2, box.size, "middle", grid.font_size, True
            )
            if size_text.place(grid).left > written_to:
                written, written_to = box.size, size_text.place(grid).right
                texts.insert(0, size_text)
        made.places.append(place)
        made.labels.append(texts)
    made.arrows = [arrow(a, b) for a, b in pairwise(made.places)]
    return made
