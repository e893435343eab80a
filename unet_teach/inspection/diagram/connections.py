"""What runs between the boxes of the U diagram: arrows, skips, and the ✕ where a run stopped."""

from __future__ import annotations

import math
from collections.abc import Sequence

from unet_teach.inspection.diagram.geometry import (
    FREE_LINE,
    STOP_RADIUS,
    Anchor,
    Grid,
    Layout,
    Line,
    Place,
    Point,
    Text,
    is_flat,
)
from unet_teach.inspection.diagram.model import MISMATCH, NOT_REACHED, Drawing, SkipLine

JOIN_LABELS = {"cat": "cat", "add": "+", "gate": "×", "attention": "attention"}


def arrow(a: Place, b: Place) -> Line:
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


def skip_line(drawing: Drawing, skip: SkipLine, places: Sequence[Place], grid: Grid) -> Line:
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
    text = Text(middle, height, label, "middle", grid.small)
    if skip.kind == MISMATCH:  # the sizes are written above, the ✕ is in the line
        room = grid.font_size * STOP_RADIUS
        above = height - room - 0.75 * grid.font_size
        text = Text(middle, above, label, "middle", grid.font_size, True)
    if not room:
        return Line((((start, source.y), (end, target.y)),))
    before, after = (middle - room, height), (middle + room, height)
    parts = ((start, source.y), before), (after, (end, target.y))
    return Line(parts, text if label else None)


def stop_mark(drawing: Drawing, made: Layout, grid: Grid) -> tuple[Point, Text | None] | None:
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
    if is_flat(drawing) and following:
        at = ((place.right + following[0].left) / 2, place.y)
        written, anchor = (at[0], at[1] - radius - below), "middle"
    elif is_flat(drawing):
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
