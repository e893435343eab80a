"""The U diagram: levels go down the page, the encoder left, the decoder right, skips across."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Arm = Literal["encoder", "bottleneck", "decoder"]
COLUMN, ROW = 84, 62  # of the grid at least, in pixels
LETTER = 7.5  # pixels, of a digit 13 pixels high
TOP, TOP_OF_ROW = 24, 44  # above the first level; over a single row, bridges need room
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
    """One of the four verdicts with its first reason."""

    name: str
    met: bool
    sentence: str


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


def layout(drawing: Drawing) -> tuple[list[Place], float, float]:
    """Return a place a box, and width and height of the whole, in pixels; y grows downwards."""
    finite = sorted({box.level for box in drawing.boxes if box.level < math.inf})
    rows = {level: row for row, level in enumerate(finite)}
    rows[math.inf] = len(finite)
    top = TOP if len(rows) > 2 else TOP_OF_ROW
    longest = max((len(box.size) for box in drawing.boxes), default=0)
    column_width = max(COLUMN, LETTER * longest + 12)
    places = []
    for column, box in enumerate(drawing.boxes):
        row = rows[box.level]
        width = 14 + 4 * math.log2(1 + min(box.channels, 4096))
        height = 44 - 5 * min(row, 5) if box.size != "vector" else 18
        places.append(Place((column + 0.5) * column_width, top + (row + 0.5) * ROW, width, height))
    depth = max((rows[box.level] for box in drawing.boxes), default=0) + 1
    return places, max(len(places), 3) * column_width, top + depth * ROW + 6


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
    marks = "".join(
        f'<li class="udia-{"met" if mark.met else "unmet"}">'
        f"<b>{'✓' if mark.met else '✕'} {html.escape(mark.name)}</b> "
        f"{html.escape(mark.sentence)}</li>"
        for mark in drawing.marks
    )
    listed = "" if drawing.problem else f"<ul>{marks}</ul>"
    verdicts = f'<div class="udia-verdicts"><p>{html.escape(drawing.verdict)}</p>{listed}</div>'
    title = html.escape(drawing.title)
    return (
        f'<div class="udia"><style>{STYLE}</style><p class="udia-title">{title}</p>'
        f'<div class="udia-both">{picture}{verdicts}</div></div>'
    )


def _picture(drawing: Drawing) -> str:
    places, width, height = layout(drawing)
    parts = [_arrow(a, b) for a, b in pairwise(places)]
    parts += [_bridge(bridge, places, width) for bridge in drawing.bridges]
    for box, place in zip(drawing.boxes, places, strict=True):
        parts.append(_box(box, place, width, height))
    label = html.escape(text(drawing), quote=True)
    return (
        f'<div class="udia-frame"><svg viewBox="0 0 {width:g} {height + 22:g}" width="{width:g}" '
        f'role="group" aria-label="{label}">{"".join(parts)}</svg></div>'
    )


def _box(box: Box, place: Place, width: float, height: float) -> str:
    x, y = place.x - place.width / 2, place.y - place.height / 2
    rounded = ' rx="7"' if box.arm == "decoder" else ""
    where = f"{box.module}: " if box.module else ""
    shape = " × ".join(map(str, box.shape))
    whole = f"{where}{box.operation}, makes {shape}"
    detail, line = (html.escape(text, quote=True) for text in (whole, _fitting(whole, width)))
    return (
        f'<g class="udia-box udia-{box.arm}" tabindex="0" role="img" aria-label="{detail}">'
        f"<title>{detail}</title>"
        f'<rect x="{x:g}" y="{y:g}" width="{place.width:g}" height="{place.height:g}"{rounded}/>'
        f'<text x="{place.x:g}" y="{y - 5:g}" class="udia-size">{html.escape(box.size)}</text>'
        f'<text x="{place.x:g}" y="{place.y + 4:g}" class="udia-channels">{box.channels}</text>'
        f'<text x="6" y="{height + 12:g}" class="udia-detail">{line}</text></g>'
    )


def _fitting(text: str, width: float) -> str:
    """A line that is no longer than the picture: what is too much is left out in the middle."""
    most = int(width / LETTER)
    half = (most - 3) // 2
    return text if len(text) <= most else f"{text[:half]} … {text[-half:]}"


def _arrow(a: Place, b: Place) -> str:
    start, end = a.x + a.width / 2 + 3, b.x - b.width / 2 - 5
    return (
        f'<path class="udia-arrow" d="M{start:g} {a.y:g}L{end:g} {b.y:g}"/>'
        f'<circle class="udia-tip" cx="{end:g}" cy="{b.y:g}" r="3"/>'
    )


def _bridge(bridge: Bridge, places: list[Place], width: float) -> str:
    points = _points(bridge, places, width)
    line = "L".join(f"{x:g} {y:g}" for x, y in points)
    middle, y = (points[0][0] + points[-1][0]) / 2, min(y for _, y in points)
    if not bridge.present:
        return (
            f'<path class="udia-missing" d="M{line}"/>'
            f'<text x="{middle:g}" y="{y + 4:g}" class="udia-absent">✕ missing</text>'
        )
    word = html.escape(JOINS.get(bridge.kind, bridge.kind))
    return (
        f'<path class="udia-skip" d="M{line}"/>'
        f'<text x="{middle:g}" y="{y - 5:g}" class="udia-join">{word}</text>'
    )


def _points(bridge: Bridge, places: list[Place], width: float) -> list[tuple[float, float]]:
    """The corners of a bridge: straight across the U, or over the boxes of one row."""
    source = places[bridge.source]
    start, y = source.x + source.width / 2 + 2, source.y - 9
    if bridge.target is None:
        return [(start, y), (min(width - 8, start + 2 * COLUMN), y)]
    target = places[bridge.target]
    if any(place.y != source.y for place in places[bridge.source : bridge.target + 1]):
        return [(start, y), (target.x - target.width / 2 - 2, y)]
    low, high = source.y - source.height / 2 - 18, source.y - source.height / 2 - 28
    return [(source.x + 5, low), (source.x + 5, high), (target.x - 5, high), (target.x - 5, low)]


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
    ".udia-frame{overflow-x:auto;max-width:100%}.udia svg{display:block}"
    ".udia-verdicts{flex:1 1 280px}.udia-verdicts>p{font-weight:600}"
    ".udia ul{list-style:none;margin:6px 0;padding:0}.udia li{margin:6px 0}"
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


# ---------------------------------------------------------------------------------------- for print
def figure(drawing: Drawing) -> Figure:
    """Draw the diagram with matplotlib, the verdicts beside it."""
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    with plt.style.context("unet_teach.course"):
        drawn = Figure(figsize=(9.6, 3.6))
        left, right = drawn.subplots(1, 2, width_ratios=(3, 2))
        _draw(left, drawing, with_missing=True)
        left.set_title(drawing.title)
        right.axis("off")
        lines = [drawing.verdict] + [
            f"{'✓' if mark.met else '✕'} {mark.name}: {mark.sentence}" for mark in drawing.marks
        ]
        right.text(0, 1, "\n\n".join(lines), va="top", wrap=True, fontsize=9, parse_math=False)
    return drawn


def gallery(drawings: Mapping[str, Drawing], columns: int = 3) -> tuple[Figure, str]:
    """Draw several networks side by side, without titles or verdicts, and say what is seen.

    Args:
        drawings: by the letter that stands above each.
        columns: drawings in a row.

    Returns:
        The figure, and its text for those who cannot see it.
    """
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    rows = -(-len(drawings) // columns)
    with plt.style.context("unet_teach.course"):
        drawn = Figure(figsize=(9.6, 2.2 * rows))
        grid = drawn.subplots(rows, columns, squeeze=False).ravel()
        for axes in grid:
            axes.axis("off")
        for axes, (letter, drawing) in zip(grid, drawings.items(), strict=False):
            _draw(axes, drawing, with_missing=False)
            axes.set_title(letter)
    said = " ".join(f"{letter}: {text(d, with_verdict=False)}" for letter, d in drawings.items())
    return drawn, said


def _draw(axes: Axes, drawing: Drawing, *, with_missing: bool) -> None:
    from matplotlib.patches import FancyBboxPatch

    places, width, height = layout(drawing)
    axes.set(xlim=(0, width), ylim=(height, 0), aspect="equal", anchor="NW")
    axes.axis("off")
    if not drawing.boxes:
        axes.text(0, height / 2, drawing.problem, wrap=True, fontsize=9, parse_math=False)
    # Type in points of this axes' scale: what is 11 pixels high on the grid is so here as well.
    figure_width = axes.figure.get_figwidth() * axes.get_position().width * 72  # type: ignore[union-attr]
    size = max(5.5, min(9.0, 17 * figure_width / width))
    for a, b in pairwise(places):
        start, end = (a.x + a.width / 2 + 2, a.y), (b.x - b.width / 2 - 2, b.y)
        arrow = {"arrowstyle": "-|>", "color": "0.45", "lw": 0.8, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", end, start, arrowprops=arrow)
    for bridge in (b for b in drawing.bridges if b.present or with_missing):
        xs, ys = zip(*_points(bridge, places, width), strict=True)
        hue = LIGHT["skip"] if bridge.present else LIGHT["missing"]
        axes.plot(xs, ys, "--" if bridge.present else ":", color=hue, lw=1.6)
        word = JOINS.get(bridge.kind, bridge.kind) if bridge.present else "✕ missing"
        at = ((xs[0] + xs[-1]) / 2, min(ys) - 3)
        colour = WORDS["skip" if bridge.present else "unmet"]
        axes.text(*at, word, ha="center", va="bottom", color=colour, size=size)
    for box, place in zip(drawing.boxes, places, strict=True):
        hue = LIGHT["decoder" if box.arm == "decoder" else "encoder"]
        corner = (place.x - place.width / 2, place.y - place.height / 2)
        style = "round,pad=0,rounding_size=7" if box.arm == "decoder" else "square,pad=0"
        wide = 2.0 if box.arm == "bottleneck" else 1.2
        for fill, line, alpha in ((hue, "none", 0.2), ("none", hue, 1.0)):
            patch = FancyBboxPatch(corner, place.width, place.height, style)
            patch.set(facecolor=fill, edgecolor=line, alpha=alpha, linewidth=wide)
            axes.add_patch(patch)
        axes.text(place.x, corner[1] - 3, box.size, ha="center", va="bottom", size=size)
        axes.text(place.x, place.y, str(box.channels), ha="center", va="center", size=size)
