"""Where everything in the U diagram is placed: the encoder goes down, the decoder comes up.

All coordinates are pixels from the upper left corner; y grows downwards. Boxes are to scale and as
large as fit, and the room that is left goes between the arms and between the levels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from unet_teach.inspection.diagram.model import MISMATCH, NOT_REACHED, Box, Drawing, SkipLine
from unet_teach.inspection.graph import SAME_LEVEL

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]  # which end of a text is at its point, as in SVG
# How wide characters are at most, as parts of their height; in bold, a tenth more.
WIDTHS = {" ": 0.33, ",": 0.33, "×": 0.8, "≠": 0.8, "+": 0.8}
WIDTH, BOLD = 0.64, 1.1  # of any other character
JOIN_LABELS = {"cat": "cat", "add": "+", "gate": "×", "attention": "attention"}
LEAST_SIDE = 8.0  # of a box, so that it can be seen and pointed at
BESIDE = 0.4  # between a box and its label, as a part of the letters' height
FREE_LINE = 3.2  # of a skip beside its label at least, as a part of the letters' height
STOP_RADIUS = 0.8  # of the ✕ and its ring, as a part of the letters' height


@dataclass(frozen=True)
class Grid:
    """The measures of a drawing.

    Attributes:
        width, height: of the whole, as far as everything fits.
        largest: side of the largest box.
        font_size: of sizes.
        small: of channels and skips.
        gap: from one level to the next, at least.
    """

    width: float
    height: float
    largest: float
    font_size: float
    small: float
    gap: float

    def text_width(self, text: str, size: float = 0.0) -> float:
        """Return how wide a label is at most: a size in bold, or in another size of letters."""
        width = sum(WIDTHS.get(character, WIDTH) for character in text)
        return width * (size or BOLD * self.font_size)


SCREEN = Grid(width=448, height=330, largest=110, font_size=15, small=13, gap=16)
PRESENT = Grid(width=1232, height=540, largest=210, font_size=32, small=28, gap=24)
GALLERY = Grid(width=250, height=190, largest=56, font_size=12, small=11.8, gap=10)


@dataclass(frozen=True)
class Place:
    """Where a box is: its centre, width and height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        """Its left side; `right`, `top` and `bottom` are the others."""
        return self.x - self.width / 2

    @property
    def right(self) -> float:  # noqa: D102
        return self.x + self.width / 2

    @property
    def top(self) -> float:  # noqa: D102
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:  # noqa: D102
        return self.y + self.height / 2


@dataclass(frozen=True)
class Text:
    """A label: where its anchor and the middle of its height are."""

    x: float
    y: float
    text: str
    anchor: Anchor
    size: float
    strong: bool = False

    def place(self, grid: Grid) -> Place:
        """Return the room it takes at most."""
        width = grid.text_width(self.text, BOLD * self.size if self.strong else self.size)
        x = self.x + width * {"start": 0.5, "middle": 0.0, "end": -0.5}[self.anchor]
        return Place(x, self.y, width, self.size)


@dataclass(frozen=True)
class Line:
    """An arrow, or the parts of a skip on both sides of its label."""

    parts: tuple[tuple[Point, ...], ...]
    label: Text | None = None


@dataclass
class Layout:
    """A drawing whose parts have places, each in the order of the drawing."""

    width: float
    height: float
    places: list[Place] = field(default_factory=list)
    labels: list[list[Text]] = field(default_factory=list)
    arrows: list[Line] = field(default_factory=list)
    skips: list[Line] = field(default_factory=list)
    stop: tuple[Point, Text | None] | None = None


def layout(drawing: Drawing, grid: Grid) -> Layout:
    """Return the place of everything."""
    if not drawing.boxes:
        return Layout(grid.width, grid.font_size)
    made = _row(drawing, grid) if is_flat(drawing) else _u(drawing, grid)
    made.skips = [_skip(drawing, skip, made.places, grid) for skip in drawing.skips]
    made.stop = _stop(drawing, made, grid)
    return made


def is_flat(drawing: Drawing) -> bool:
    """Return whether all boxes are in one row."""
    return len(set(_rows(drawing))) < 2


def _rows(drawing: Drawing) -> list[int]:
    """Return the row of each box: levels that count as one are one row, whatever their sizes."""
    starts: list[float] = []
    for level in sorted(box.level for box in drawing.boxes):
        if not starts or level - starts[-1] >= SAME_LEVEL:
            starts.append(level)
    return [sum(start <= box.level for start in starts) - 1 for box in drawing.boxes]


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
    rows, two_arms = _rows(drawing), _has_two_arms(drawing)
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
    # What stops behind the last box of the decoder stops above it.
    ends = drawing.stop is not None and drawing.stop.after == len(rows) - 1 and two_arms
    start = grid.gap + 2 * grid.font_size * STOP_RADIUS if ends else 0.0
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
    made.arrows = [_arrow(a, b, grid) for a, b in pairwise(made.places)]
    return made


def _columns(drawing: Drawing, grid: Grid, largest: float, *, one_line: bool) -> _Columns:
    rows, sizes = _rows(drawing), _scaled(drawing, largest)
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
    labels = [skip_label(drawing, skip) for skip in drawing.skips]
    lines = [free + grid.text_width(label, grid.small) for label in labels]
    if drawing.stop:
        lines.append(grid.text_width(drawing.stop.label) + 2 * grid.font_size)
    middle = [
        max(grid.text_width(text) for text in _label(box)) + 2 * free
        for box in drawing.boxes
        if box.arm == "bottleneck"
    ]
    between = max([max(lines, default=free) + max(boxes.values()), *middle])
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
        f"{box.channels:,}{'' if index else ' ch'}" for index, box in enumerate(drawing.boxes)
    ]
    widest = max(grid.text_width(label, grid.small) for label in labels) + 4
    ends = max(grid.text_width(box.size) for box in drawing.boxes) / 2
    even = (grid.width - 2 * ends) / (count - 1) if count > 1 else 2 * grid.largest
    largest = 1.6 * grid.largest
    pitch = min(max(widest, even), largest + 5 * grid.gap)
    largest = max(min(largest, pitch - 1.4 * grid.gap), LEAST_SIDE)
    sizes = _scaled(drawing, largest)
    width = max(grid.width, 2 * ends + pitch * (count - 1))
    arch = 2.5 * grid.small if drawing.skips or drawing.stop else 0.0
    tall = max(height for _, height in sizes)
    start = (width - pitch * (count - 1)) / 2
    y = arch + tall / 2 + 4
    made = Layout(width, y + tall / 2 + grid.small + grid.font_size * 1.9)
    written, written_to = "", -math.inf
    for index, (box, size, label) in enumerate(zip(drawing.boxes, sizes, labels, strict=True)):
        place = Place(start + pitch * index, y, *size)
        below = y + tall / 2 + grid.small * 0.8
        texts = [Text(place.x, below, label, "middle", grid.small)]
        if box.size != written:
            size_text = Text(
                place.x, below + grid.font_size * 1.2, box.size, "middle", grid.font_size, True
            )
            if size_text.place(grid).left > written_to:
                written, written_to = box.size, size_text.place(grid).right
                texts.insert(0, size_text)
        made.places.append(place)
        made.labels.append(texts)
    made.arrows = [_arrow(a, b, grid) for a, b in pairwise(made.places)]
    return made


def _arrow(a: Place, b: Place, grid: Grid) -> Line:
    """Return the way from one box to the next, straight or around the bottom of the U."""
    if a.y == b.y:
        return Line((((a.right + 2, a.y), (b.left - 2, b.y)),))
    if a.x == b.x:
        ends = (a.bottom + 2, b.top - 2) if b.y > a.y else (a.top - 2, b.bottom + 2)
        return Line((((a.x, ends[0]), (b.x, ends[1])),))
    down = b.y > a.y
    start: Point = (a.x, a.bottom + 2) if down else (b.x, b.bottom + 2)
    end: Point = (b.left - 3, b.y) if down else (a.right + 3, a.y)
    turns = [math.pi / 2 * part / 12 for part in range(13)]
    points = [
        (
            end[0] + (start[0] - end[0]) * math.cos(turn) ** 0.8,
            start[1] + (end[1] - start[1]) * math.sin(turn) ** 0.8,
        )
        for turn in turns
    ]
    points[-1] = end
    return Line((tuple(points if down else reversed(points)),))


def _skip(drawing: Drawing, skip: SkipLine, places: Sequence[Place], grid: Grid) -> Line:
    """Return the line of a skip: straight across the U, or an arch over the boxes of one row."""
    source, label = places[skip.source], skip_label(drawing, skip)
    start = source.right + 4
    room = grid.text_width(label, grid.small) / 2 + 5 if label else 0.0
    if skip.target is None:
        points = ((start, source.y), (start + FREE_LINE * grid.small / 2, source.y))
        text = Text(points[1][0] + 4, source.y, label, "start", grid.small)
        return Line((points,), text)
    target = places[skip.target]
    if is_flat(drawing):
        foot, middle = source.top - 3, (source.x + target.x) / 2
        half = (target.x - source.x) / 2 - 5
        turns = [math.pi * (1 - part / 16) for part in range(17)]
        arch = 1.2 * grid.small
        arc = tuple(
            (middle + half * math.cos(turn), foot - arch * math.sin(turn)) for turn in turns
        )
        return Line(
            (arc,), Text(middle, foot - arch - grid.small * 0.6, label, "middle", grid.small)
        )
    end = target.left - 4
    middle, height = (start + end) / 2, (source.y + target.y) / 2
    if skip.kind == MISMATCH:  # the sizes are written above, the ✕ is in the line
        above = height - grid.font_size * (STOP_RADIUS + 0.75)
        room = grid.font_size * STOP_RADIUS
        text = Text(middle, above, label, "middle", grid.font_size, True)
    else:
        text = Text(middle, height, label, "middle", grid.small)
    if not label:
        return Line((((start, source.y), (end, target.y)),))
    before = ((start, source.y), (middle - room, height))
    return Line((before, ((middle + room, height), (end, target.y))), text)


def _stop(drawing: Drawing, made: Layout, grid: Grid) -> tuple[Point, Text | None] | None:
    """Return where the ✕ is: in the middle of a skip, or behind the last box that was reached."""
    if drawing.stop is None:
        return None
    for skip, line in zip(drawing.skips, made.skips, strict=True):
        if skip.kind == MISMATCH:
            (_, (left, y)), ((right, _), _) = line.parts
            return ((left + right) / 2, y), None
    if drawing.stop.after is None:
        return None
    index, radius = drawing.stop.after, grid.font_size * STOP_RADIUS
    place, following = made.places[index], made.places[index + 1 :][:1]
    below, beside = 1.1 * grid.small, radius + 5
    anchor: Anchor = "end"
    written: Point | None = None  # where it is not to the left of the ✕
    if is_flat(drawing):
        at = (place.right + radius + grid.gap, place.y)
        made.width = max(made.width, at[0] + radius + 2)
        written = (at[0] + radius, place.top - below)
    elif following and following[0].x == place.x:
        at = (place.x, (place.top + following[0].bottom) / 2)
    elif following:  # on the curve from the bottleneck
        at = ((place.right + following[0].x) / 2, place.y)
        written, anchor = (at[0], at[1] + radius + below), "middle"
        made.height = max(made.height, written[1] + below)
    elif drawing.boxes[index].arm == "decoder":
        at = (place.x, place.top - grid.gap - radius)
    else:
        at = (place.x, place.bottom + grid.gap + radius)
        written, anchor = (at[0] + beside, at[1]), "start"
        made.height = max(made.height, at[1] + radius + 2)
    if not following:
        x = min(max(at[0], place.left), place.right)
        y = min(max(at[1], place.top), place.bottom)
        made.arrows.append(Line((((x, y), at),)))
    label = Text(*(written or (at[0] - beside, at[1])), drawing.stop.label, anchor, grid.small)
    return at, label if label.text else None


def skip_label(drawing: Drawing, skip: SkipLine) -> str:
    """Return the label of a skip."""
    if skip.present:
        return JOIN_LABELS.get(skip.kind, skip.kind)
    if skip.kind in (MISMATCH, NOT_REACHED):
        return drawing.stop.label if drawing.stop and skip.kind == MISMATCH else ""
    return "✕ no partner" if skip.target is None else "✕ missing"
