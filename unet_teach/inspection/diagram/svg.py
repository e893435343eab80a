"""Draws the U diagram as SVG inside a piece of HTML, with the verdicts beside it."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from itertools import pairwise

from unet_teach.inspection.diagram.layout import (
    CHARACTER_WIDTH,
    SCREEN,
    Place,
    Point,
    arrow_ends,
    layout,
    size_label_place,
    skip_label,
    skip_points,
)
from unet_teach.inspection.diagram.model import CriterionVerdict, Drawing, SkipLine, alt_text
from unet_teach.shared.palette import (
    DIAGRAM,
    DIAGRAM_DARK,
    DIAGRAM_TEXT,
    DIAGRAM_TEXT_DARK,
)


def svg(drawing: Drawing) -> str:
    """Return the diagram as a piece of HTML, without scripts and with every text escaped."""
    if not drawing.boxes:
        picture = f'<p class="udia-problem">{html.escape(drawing.problem)}</p>'
    else:
        picture = _picture(drawing)
    items = "".join(map(_criterion, drawing.criteria))
    listed = "" if drawing.problem else f"<ul>{items}</ul>"
    verdicts = f'<div class="udia-verdicts"><p>{html.escape(drawing.verdict)}</p>{listed}</div>'
    title = html.escape(drawing.title)
    return (
        f'<div class="udia"><style>{STYLE}</style><p class="udia-title">{title}</p>'
        f'<div class="udia-both">{picture}{verdicts}</div></div>'
    )


def _criterion(criterion: CriterionVerdict) -> str:
    first, more = criterion.sentences[:1], criterion.sentences[1:]
    reasons = " ".join(map(html.escape, first))
    if more:
        listed = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in more)
        count = f"{len(more)} more reason{'s' if len(more) > 1 else ''}"
        reasons += f"<details><summary>{count}</summary>{listed}</details>"
    name = f"<b>{'✓' if criterion.met else '✕'} {html.escape(criterion.name)}</b>"
    return f'<li class="udia-{"met" if criterion.met else "unmet"}">{name} {reasons}</li>'


def _picture(drawing: Drawing) -> str:
    places, width, height = layout(drawing, SCREEN)
    width = max(width, 480)  # room for the line below, which says what a box is
    parts = [_arrow(a, b) for a, b in pairwise(places)]
    parts += [_skip(skip, places) for skip in drawing.skips]
    for index in range(len(places)):
        parts.append(_box(drawing, places, index, (width, height)))
    label = html.escape(alt_text(drawing), quote=True)
    return (
        f'<div class="udia-frame" style="display:none"><svg width="{width:g}" '
        f'viewBox="0 0 {width:g} {height + 22:g}" '
        f'role="group" aria-label="{label}">{"".join(parts)}</svg></div>'
        '<p class="udia-off">The drawing appears when the cell is run.</p>'
    )


def _box(drawing: Drawing, places: list[Place], index: int, whole: Point) -> str:
    box, place, (width, height) = drawing.boxes[index], places[index], whole
    x, y = place.x - place.width / 2, place.y - place.height / 2
    rounded = ' rx="7"' if box.arm == "decoder" else ""
    where = f"{box.module}: " if box.module else ""
    shape = " × ".join(map(str, box.shape))
    detail = f"{where}{box.operation}, makes {shape}"
    line = html.escape(_shortened(detail, width), quote=True)
    detail = html.escape(detail, quote=True)
    label = size_label_place(drawing, places, index)
    size = ""
    if label is not None:
        at = f'x="{label[0]:g}" y="{label[1] + 4:g}" style="text-anchor:{label[2]}"'
        size = f'<text {at} class="udia-size">{html.escape(box.size)}</text>'
    return (
        f'<g class="udia-box udia-{box.arm}" tabindex="0" role="img" aria-label="{detail}">'
        f"<title>{detail}</title>"
        f'<rect x="{x:g}" y="{y:g}" width="{place.width:g}" height="{place.height:g}"{rounded}/>'
        f"{size}"
        f'<text x="{place.x:g}" y="{place.y + 4:g}" class="udia-channels">{box.channels}</text>'
        f'<text x="6" y="{height + 14:g}" class="udia-detail">{line}</text></g>'
    )


def _shortened(text: str, width: float) -> str:
    """Return a line that is no wider than the picture; its middle is left out if it is too long."""
    most = int(width / (SCREEN.font_size * CHARACTER_WIDTH))
    half = (most - 3) // 2
    return text if len(text) <= most else f"{text[:half]} … {text[-half:]}"


def _arrow(a: Place, b: Place) -> str:
    (x, y), (end_x, end_y) = arrow_ends(a, b)
    length = math.hypot(end_x - x, end_y - y) or 1.0
    dx, dy = (end_x - x) / length, (end_y - y) / length
    foot_x, foot_y = end_x - 8 * dx, end_y - 8 * dy  # of the arrow head, 8 long and 7 wide
    corners = [(end_x, end_y)] + [(foot_x + side * dy, foot_y - side * dx) for side in (3.5, -3.5)]
    tip = " ".join(f"{x:.4g},{y:.4g}" for x, y in corners)
    return (
        f'<path class="udia-arrow" d="M{x:g} {y:g}L{foot_x:.4g} {foot_y:.4g}"/>'
        f'<polygon class="udia-tip" points="{tip}"/>'
    )


def _skip(skip: SkipLine, places: list[Place]) -> str:
    points = skip_points(skip, places)
    line = "L".join(f"{x:.4g} {y:.4g}" for x, y in points)
    middle, y = (points[0][0] + points[-1][0]) / 2, min(y for _, y in points)
    label = html.escape(skip_label(skip))
    line_class, text_class = ("skip", "join") if skip.present else ("missing", "absent")
    place = f'x="{middle:g}" y="{y - 5 if skip.present else y + 4:g}"'
    if skip.target is None:
        place = f'x="{points[-1][0] + 4:g}" y="{y + 4:g}" style="text-anchor:start"'
    path = f'<path class="udia-{line_class}" d="M{line}"/>'
    return f'{path}<text {place} class="udia-{text_class}">{label}</text>'


def _custom_properties(lines: Mapping[str, str], text: Mapping[str, str]) -> str:
    named = {**lines, **{f"{name}-word": colour for name, colour in text.items()}}
    return ";".join(f"--{name}:{colour}" for name, colour in named.items())


_LIGHT = _custom_properties(DIAGRAM, DIAGRAM_TEXT)
_DARK = _custom_properties(DIAGRAM_DARK, DIAGRAM_TEXT_DARK)


STYLE = (
    f".udia{{{_LIGHT};font:13px/1.45 var(--jp-ui-font-family,system-ui,sans-serif);"
    "color:var(--jp-ui-font-color1,#1b1b1b);font-variant-numeric:tabular-nums}"
    f'[data-jp-theme-light="false"] .udia{{{_DARK}}}'
    "@media (prefers-color-scheme:dark){body:not([data-jp-theme-light]) .udia{"
    f"{_DARK}}}}}"
    ".udia p{margin:2px 0}.udia-title{font-size:16px;font-weight:600;overflow-wrap:anywhere}"
    ".udia-both{display:flex;flex-wrap:wrap;gap:8px 24px;align-items:flex-start}"
    # An output that is not trusted yet loses this style and the tags of SVG but keeps their texts:
    # the frame is hidden until this style applies, and the sentence beneath it is shown instead.
    ".udia-frame{display:block!important}.udia-off{display:none}"
    ".udia-frame{overflow-x:auto;max-width:100%}.udia svg{display:block;max-width:none}"
    ".udia summary{cursor:pointer}.udia details p{margin:2px 0 2px 16px}"
    ".udia-verdicts{flex:1 1 280px}.udia-verdicts>p{font-weight:600}"
    ".udia .udia-verdicts ul{list-style:none;margin:6px 0;padding:0}.udia li{margin:6px 0}"
    ".udia-met b{color:var(--met-word)}.udia-unmet b{color:var(--unmet-word)}"
    ".udia text{font-size:13px;fill:currentColor;text-anchor:middle}"
    ".udia .udia-channels{font-size:13px}"
    ".udia rect{fill:var(--encoder);fill-opacity:.2;stroke:var(--encoder);stroke-width:1.5}"
    ".udia-decoder rect{fill:var(--decoder);stroke:var(--decoder)}"
    ".udia-bottleneck rect{stroke-width:2.5}"
    ".udia-arrow{stroke:currentColor;stroke-width:1;opacity:.6}.udia-tip{opacity:.6;fill:currentColor}"
    ".udia path{fill:none}.udia-skip{stroke:var(--skip);stroke-width:2;stroke-dasharray:6 4}"
    ".udia-missing{stroke:var(--missing);stroke-width:1.5;stroke-dasharray:2 5}"
    ".udia .udia-join{fill:var(--skip-word)}.udia .udia-absent{fill:var(--unmet-word);"
    "stroke:var(--jp-layout-color1,#fff);stroke-width:5px;paint-order:stroke}"
    ".udia .udia-detail{visibility:hidden;text-anchor:start}"
    ".udia-box:hover .udia-detail,.udia-box:focus .udia-detail{visibility:visible}"
    ".udia-box:focus{outline:none}.udia-box:focus rect,.udia-box:hover rect{fill-opacity:.5}"
    ".udia-box:focus rect{stroke:currentColor;stroke-width:2.5}"
    ".udia-problem{border-left:4px solid var(--unmet-word);padding:4px 12px;"
    "white-space:pre-wrap}"
)
