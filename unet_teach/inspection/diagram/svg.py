"""The U diagram: levels go down the page, the encoder left, the decoder right, skips across."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Arm = Literal["encoder", "bottleneck", "decoder"]
Point = tuple[float, float]
LETTER = 0.7  # how wide digits and × are at most, of their height
TOP, TOP_OF_ROW = 20, 46  # pixels above the first level; over a single row, bridges need room
BELOW = 18  # pixels under a single row, for its sizes
JOINS = {"cat": "cat", "add": "+", "gate": "×", "attention": "attention"}
LIGHT = {"encoder": "#0072B2", "decoder": "#009E73", "skip": "#CC79A7", "missing": "#6B7683"}
DARK = {"encoder": "#56B4E9", "decoder": "#2FC79A", "skip": "#E3A3C6", "missing": "#9AA5B1"}
WORDS = {"skip": "#A2437C", "met": "#00704F", "unmet": "#B84700"}  # on white, where it is text
WORDS_DARK = {"skip": "#E3A3C6", "met": "#2FC79A", "unmet": "#FF8A3D"}


@dataclass(frozen=True)
class Box:
    """One map of the network.

    Attributes:
        key: its number in the drawing.
        arm: on which side of the U it stands.
        level: 0 is the input's resolution, each halving leads one down.
        module: path of the layer that made it; any text.
        operation: what the layer did.
        size: height × width, or "vector".
        channels: at each place.
        shape: of the tensor.
    """

    key: int
    arm: Arm
    level: float
    module: str
    operation: str
    size: str
    channels: int
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Bridge:
    """A skip, or the place of one that is missing, between two boxes by key."""

    level: float
    source: int
    target: int | None
    kind: str
    present: bool


@dataclass(frozen=True)
class Mark:
    """One of the four verdicts with its reasons, the most telling first."""

    name: str
    met: bool
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Drawing:
    """All that is drawn; every text in it may hold anything."""

    title: str
    verdict: str
    problem: str
    boxes: tuple[Box, ...]
    bridges: tuple[Bridge, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Place:
    """Where a box stands, in pixels: its middle, width and height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Grid:
    """How wide a drawing is set, in pixels.

    Attributes:
        column: from box to box at least, to the right.
        row: from level to level, downwards.
        height: of a box at the first level.
        type: of the letters.
    """

    column: float
    row: float
    height: float
    type: float

    def wide(self, words: str) -> float:
        """How much room these words take."""
        return len(words) * self.type * LETTER


SCREEN = Grid(column=40, row=50, height=34, type=13)
GALLERY = Grid(column=23, row=32, height=24, type=12)


def layout(drawing: Drawing, grid: Grid) -> tuple[list[Place], float, float]:
    """Return a place a box, and width and height of the whole, in pixels; y grows downwards."""
    finite = sorted({box.level for box in drawing.boxes if box.level < math.inf})
    rows = {level: row for row, level in enumerate(finite)}
    rows[math.inf] = len(finite)
    sizes = [_size(box, rows[box.level], grid) for box in drawing.boxes]
    labels = [grid.wide(box.size) + 6 for box in drawing.boxes]
    is_flat = _is_flat(drawing)
    step = max([grid.column, *_needed(drawing, sizes, grid)])
    before, after = 0.0, 0.0  # what stands out on the left and on the right of the boxes' middles
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
    height = top + depth * grid.row + grid.height + BELOW * is_flat + 4
    return places, 8 + before + after + max(len(places) - 1, 0) * step, height


def _size(box: Box, row: int, grid: Grid) -> Point:
    """Wider with more channels, less high at each level."""
    wide = max(10 + 3 * math.log2(1 + min(box.channels, 4096)), grid.wide(str(box.channels)) + 8)
    return wide, grid.type + 5 if box.size == "vector" else max(
        grid.height - 2 * row, grid.type + 4
    )


def _is_flat(drawing: Drawing) -> bool:
    """Whether all boxes stand in one row."""
    return len({box.level for box in drawing.boxes}) < 2


def _needed(drawing: Drawing, sizes: list[Point], grid: Grid) -> list[float]:
    """Steps to the right that keep neighbours apart, and let each bridge's word fit beneath it."""
    boxes = drawing.boxes
    needed = [
        (sizes[i][0] + sizes[i + 1][0]) / 2 + grid.type
        for i in range(len(boxes) - 1)
        if boxes[i].level == boxes[i + 1].level
    ]
    for bridge in drawing.bridges:
        if bridge.target is not None and not _is_flat(drawing):
            boxed = (sizes[bridge.source][0] + sizes[bridge.target][0]) / 2
            word = grid.wide(word_of(bridge)) if bridge.present else 0.0
            needed.append((boxed + word + 4) / max(bridge.target - bridge.source, 1))
    return needed


def label_place(
    drawing: Drawing, places: list[Place], index: int
) -> tuple[float, float, str] | None:
    """Where a box's size is written, and which end of it stands there; `None` where it is known.

    On the outer side of the U, where no arrow comes by; under a single row, where it changes.
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
    """From one box to the next: out of its lower or upper side, or out of its right one."""
    if a.y == b.y:
        return (a.x + a.width / 2 + 2, a.y), (b.x - b.width / 2 - 2, b.y)
    way = 1 if b.y > a.y else -1
    start = (a.x + a.width / 5, a.y + way * (a.height / 2 + 1))
    return start, (b.x - b.width / 5, b.y - way * (b.height / 2 + 2))


def bridge_points(bridge: Bridge, places: list[Place]) -> list[Point]:
    """The line of a bridge: straight across the U, or an arch over the boxes of one row."""
    source = places[bridge.source]
    start = source.x + source.width / 2 + 2
    if bridge.target is None:
        return [(start, source.y), (start + 20, source.y)]
    target = places[bridge.target]
    if any(place.y != source.y for place in places[bridge.source : bridge.target + 1]):
        return [(start, source.y), (target.x - target.width / 2 - 2, source.y)]
    foot, middle = source.y - source.height / 2 - 3, (source.x + target.x) / 2
    half = (target.x - source.x) / 2 - 5
    turns = [math.pi * (1 - part / 16) for part in range(17)]
    return [(middle + half * math.cos(turn), foot - 22 * math.sin(turn)) for turn in turns]


def word_of(bridge: Bridge) -> str:
    """What stands at a bridge, or in its place; between neighbours of the bottom is little room."""
    if bridge.present:
        return JOINS.get(bridge.kind, bridge.kind)
    if bridge.target is None:
        return "✕ no partner"
    return "✕ missing" if bridge.target - bridge.source > 2 else "✕"


def text(drawing: Drawing, *, with_verdict: bool = True) -> str:
    """Say in words what the picture shows."""
    if not drawing.boxes:
        return drawing.problem or drawing.verdict
    sizes = " → ".join(box.size for box in drawing.boxes)
    said = [f"boxes {sizes}"]
    crossing = [bridge for bridge in drawing.bridges if bridge.present]
    for bridge in crossing:
        source = drawing.boxes[bridge.source]
        said.append(f"a bridge ({bridge.kind}) at {source.size}")
    if not crossing:
        said.append("no bridge")
    whole = "; ".join(said) + "."
    return f"{drawing.title}: {whole} {drawing.verdict}" if with_verdict else whole


# ---------------------------------------------------------------------------------------------- SVG
def svg(drawing: Drawing) -> str:
    """Return the diagram as a piece of HTML: no script, every text escaped."""
    if not drawing.boxes:
        picture = f'<p class="udia-problem">{html.escape(drawing.problem)}</p>'
    else:
        picture = _picture(drawing)
    marks = "".join(map(_verdict, drawing.marks))
    listed = "" if drawing.problem else f"<ul>{marks}</ul>"
    verdicts = f'<div class="udia-verdicts"><p>{html.escape(drawing.verdict)}</p>{listed}</div>'
    title = html.escape(drawing.title)
    return (
        f'<div class="udia"><style>{STYLE}</style><p class="udia-title">{title}</p>'
        f'<div class="udia-both">{picture}{verdicts}</div></div>'
    )


def _verdict(mark: Mark) -> str:
    first, more = mark.sentences[:1], mark.sentences[1:]
    said = " ".join(map(html.escape, first))
    if more:
        listed = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in more)
        count = f"{len(more)} more reason{'s' if len(more) > 1 else ''}"
        said += f"<details><summary>{count}</summary>{listed}</details>"
    name = f"<b>{'✓' if mark.met else '✕'} {html.escape(mark.name)}</b>"
    return f'<li class="udia-{"met" if mark.met else "unmet"}">{name} {said}</li>'


def _picture(drawing: Drawing) -> str:
    places, width, height = layout(drawing, SCREEN)
    width = max(width, 480)  # the line below says what a box is
    parts = [_arrow(a, b) for a, b in pairwise(places)]
    parts += [_bridge(bridge, places) for bridge in drawing.bridges]
    for index in range(len(places)):
        parts.append(_box(drawing, places, index, (width, height)))
    label = html.escape(text(drawing), quote=True)
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
    made = f"{where}{box.operation}, makes {shape}"
    detail, line = (html.escape(text, quote=True) for text in (made, _fitting(made, width)))
    label = label_place(drawing, places, index)
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


def _fitting(text: str, width: float) -> str:
    """A line that is no longer than the picture: what is too much is left out in the middle."""
    most = int(width / (SCREEN.type * LETTER))
    half = (most - 3) // 2
    return text if len(text) <= most else f"{text[:half]} … {text[-half:]}"


def _arrow(a: Place, b: Place) -> str:
    (x, y), (end, low) = arrow_ends(a, b)
    far = math.hypot(end - x, low - y) or 1.0
    right, down = (end - x) / far, (low - y) / far
    back, aside = (end - 8 * right, low - 8 * down), (3.5 * down, -3.5 * right)
    corners = [(end, low)] + [
        (back[0] + side * aside[0], back[1] + side * aside[1]) for side in (1, -1)
    ]
    tip = " ".join(f"{across:.4g},{along:.4g}" for across, along in corners)
    return (
        f'<path class="udia-arrow" d="M{x:g} {y:g}L{back[0]:.4g} {back[1]:.4g}"/>'
        f'<polygon class="udia-tip" points="{tip}"/>'
    )


def _bridge(bridge: Bridge, places: list[Place]) -> str:
    points = bridge_points(bridge, places)
    line = "L".join(f"{x:.4g} {y:.4g}" for x, y in points)
    middle, y = (points[0][0] + points[-1][0]) / 2, min(y for _, y in points)
    word = html.escape(word_of(bridge))
    kind, said = ("skip", "join") if bridge.present else ("missing", "absent")
    place = f'x="{middle:g}" y="{y - 5 if bridge.present else y + 4:g}"'
    if bridge.target is None:
        place = f'x="{points[-1][0] + 4:g}" y="{y + 4:g}" style="text-anchor:start"'
    return f'<path class="udia-{kind}" d="M{line}"/><text {place} class="udia-{said}">{word}</text>'


def _theme(hues: Mapping[str, str], words: Mapping[str, str]) -> str:
    named = {**hues, **{f"{name}-word": hue for name, hue in words.items()}}
    return ";".join(f"--{name}:{hue}" for name, hue in named.items())


STYLE = (
    f".udia{{{_theme(LIGHT, WORDS)};font:13px/1.45 var(--jp-ui-font-family,system-ui,sans-serif);"
    "color:var(--jp-ui-font-color1,#1b1b1b);font-variant-numeric:tabular-nums}"
    f'[data-jp-theme-light="false"] .udia{{{_theme(DARK, WORDS_DARK)}}}'
    "@media (prefers-color-scheme:dark){body:not([data-jp-theme-light]) .udia{"
    f"{_theme(DARK, WORDS_DARK)}}}}}"
    ".udia p{margin:2px 0}.udia-title{font-size:16px;font-weight:600;overflow-wrap:anywhere}"
    ".udia-both{display:flex;flex-wrap:wrap;gap:8px 24px;align-items:flex-start}"
    # An output that is not trusted yet loses this style and the tags of SVG, and keeps their words.
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
