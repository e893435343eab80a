"""Draws the U diagram as SVG; its colours are those of the page around it."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

from unet_teach.inspection.diagram.geometry import (
    STOP_RADIUS,
    Grid,
    Line,
    Place,
    Point,
    Text,
)
from unet_teach.inspection.diagram.layout import layout
from unet_teach.inspection.diagram.model import MISMATCH, NOT_REACHED, Box, Drawing, alt_text

HEAD = 8.0  # length of an arrow head, in a drawing whose letters are 15 pixels high


def picture(drawing: Drawing, grid: Grid, attribute: str = "") -> str:
    """Return the drawing, without scripts and with every text escaped.

    Each box can be focused and says in its `aria-label` which layer made it. The classes
    `udia-b0`, `udia-b1` and so on connect the boxes with lines of the page. `attribute` is given
    to each box.
    """
    made = layout(drawing, grid)
    scale = grid.font_size / 15
    parts = [
        _arrow(line, scale, is_reached=all(box.reached for box in drawing.boxes[i : i + 2]))
        for i, line in enumerate(made.arrows)
    ]
    for skip, line in zip(drawing.skips, made.skips, strict=True):
        kind = skip.kind if skip.kind in (MISMATCH, NOT_REACHED) else "skip"
        parts.append(_skip(line, kind if skip.present or kind != "skip" else "missing"))
    failed = next((skip.target for skip in drawing.skips if skip.kind == MISMATCH), None)
    for index, box in enumerate(drawing.boxes):
        state = " udia-failed" if index == failed else ""
        start = f'<g {attribute} class="udia-box udia-b{index} '
        parts.append(_box(box, state, made.places[index], made.labels[index], grid, start))
    if made.stop is not None:
        parts.append(_stop(*made.stop, grid))
    hatch = (
        '<pattern id="udia-hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><path d="M0 0V6" class="udia-hatch"/></pattern>'
    )
    label = html.escape(alt_text(drawing), quote=True)
    return (
        f'<svg viewBox="0 0 {made.width:.4g} {made.height:.4g}" role="group" aria-label="{label}" '
        f'style="--width:{2 * scale:.3g};--units:{made.width:.4g}">'
        f"{hatch if failed is not None or made.stop else ''}{''.join(parts)}</svg>"
    )


def _box(box: Box, state: str, place: Place, texts: Sequence[Text], grid: Grid, start: str) -> str:
    rounded = f' rx="{min(6 * grid.font_size / 15, place.width / 4):.3g}"'
    kind = f"udia-{box.arm}" if box.reached else "udia-unreached"
    area = _around([place, *(text.place(grid) for text in texts)], 0.25 * grid.font_size)
    return (
        f'{start}{kind}{state}" '
        f'tabindex="0" role="img" aria-label="{html.escape(box.detail, quote=True)}">'
        f'<path class="udia-area" d="M{area.left:.4g} {area.top:.4g}h{area.width:.4g}'
        f'v{area.height:.4g}h{-area.width:.4g}z"/>'
        f'<rect x="{place.left:.4g}" y="{place.top:.4g}" width="{place.width:.4g}" '
        f'height="{place.height:.4g}"{rounded if box.arm == "decoder" else ""}/>'
        f"{''.join(map(_text, texts))}</g>"
    )


def _around(places: Sequence[Place], space: float) -> Place:
    """Return what encloses a box and its labels, which is where it can be pointed at."""
    left, right = min(p.left for p in places) - space, max(p.right for p in places) + space
    top, bottom = min(p.top for p in places) - space, max(p.bottom for p in places) + space
    return Place((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)


def _text(text: Text, style: str = "") -> str:
    kind = style or ("udia-size" if text.strong else "udia-small")
    return (
        f'<text x="{text.x:.4g}" y="{text.y + 0.36 * text.size:.4g}" class="{kind}" '
        f'style="font-size:{text.size:g}px;text-anchor:{text.anchor}">{html.escape(text.text)}</text>'
    )


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:.4g} {y:.4g}" for x, y in points)


def _arrow(line: Line, scale: float, *, is_reached: bool) -> str:
    points = list(line.parts[0])
    if not is_reached:
        return f'<path class="udia-ahead" d="{_path(points)}"/>'
    (x, y), (end_x, end_y) = points[-2:]
    length = math.hypot(end_x - x, end_y - y) or 1.0
    dx, dy = (end_x - x) / length, (end_y - y) / length
    head = min(HEAD * scale, math.hypot(end_x - points[0][0], end_y - points[0][1]))
    foot_x, foot_y = end_x - head * dx, end_y - head * dy
    side = 0.45 * head
    corners = [(end_x, end_y)] + [(foot_x + s * dy, foot_y - s * dx) for s in (side, -side)]
    tip = " ".join(f"{x:.4g},{y:.4g}" for x, y in corners)
    while len(points) > 2 and math.hypot(end_x - points[-2][0], end_y - points[-2][1]) < head:
        del points[-2]
    points[-1] = (foot_x, foot_y)
    return (
        f'<path class="udia-arrow" d="{_path(points)}"/><polygon class="udia-tip" points="{tip}"/>'
    )


def _skip(line: Line, kind: str) -> str:
    name = kind.replace(" ", "-")
    lines = "".join(map(_path, line.parts))
    drawn = f'<path class="udia-{name}" d="{lines}"/>'
    return drawn + (_text(line.label, f"udia-of-{name}") if line.label else "")


def _stop(at: Point, label: Text | None, grid: Grid) -> str:
    (x, y), radius = at, grid.font_size * STOP_RADIUS
    arm = radius * 0.36
    cross = f"M{x - arm:.4g} {y - arm:.4g}l{2 * arm:.4g} {2 * arm:.4g}m0 {-2 * arm:.4g}"
    return (
        f'<circle class="udia-stop" cx="{x:.4g}" cy="{y:.4g}" r="{radius:.4g}"/>'
        f'<path class="udia-cross" d="{cross}l{-2 * arm:.4g} {2 * arm:.4g}"/>'
        + (_text(label, "udia-of-mismatch") if label else "")
    )
