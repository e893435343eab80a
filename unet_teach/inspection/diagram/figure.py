"""The U diagram for print and for comparison: one network with its verdicts, or many in a grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from unet_teach.inspection.diagram.svg import (
    GALLERY,
    LIGHT,
    SCREEN,
    WORDS,
    Drawing,
    Grid,
    arrow_ends,
    bridge_points,
    label_place,
    layout,
    text,
    word_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 110  # of the course's figures
WIDTH = 1056.0  # pixels, of one network with its verdicts
NARROW = 880.0  # of many: about what JupyterLab has beside its list of files, on 1280 pixels
HEAD = 10.0  # pixels, for the letter above a drawing
GAP = 8.0, 16.0  # pixels, below and beside a drawing
WIDEST = 38  # pixels, from box to box


def figure(drawing: Drawing) -> Figure:
    """Draw the diagram with matplotlib, the verdicts beside it."""
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    _, width, height = layout(drawing, SCREEN)
    whole = max(height + HEAD, 400.0)
    with plt.style.context("unet_teach.course"):
        drawn = Figure(figsize=(WIDTH / DPI, whole / DPI))
        drawn.set_layout_engine("none")
        left = _panel(drawn, (0, 0, 0.6 * WIDTH, whole))
        _draw(left, drawing, SCREEN, scale=min(1.0, 0.6 * WIDTH / width), with_missing=True)
        left.set_title(drawing.title, loc="left", y=1 - 18 / whole, pad=0)
        right = _panel(drawn, (0.62 * WIDTH, 0, 0.37 * WIDTH, whole))
        lines = [drawing.verdict] + [
            f"{'✓' if mark.met else '✕'} {mark.name}: {mark.sentences[0]}"
            for mark in drawing.marks
            if mark.sentences
        ]
        said = "\n\n".join(lines)
        right.text(0, HEAD, said, va="top", wrap=True, fontsize=9, parse_math=False)
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

    letters = list(drawings)
    rows = [letters[i : i + columns] for i in range(0, len(letters), columns)]
    least = {letter: layout(drawing, GALLERY)[1] for letter, drawing in drawings.items()}
    needed = [max(least[letter] for letter in letters[i::columns]) for i in range(columns)][
        : len(letters)
    ]
    room = NARROW - len(needed) * GAP[1]
    scale = min(1.0, room / max(sum(needed), 1.0))  # one for all
    spare = (room / scale - sum(needed)) / max(len(needed), 1)
    widths = [width + spare for width in needed]
    grids = {
        letter: _widest(drawings[letter], widths[i % columns]) for i, letter in enumerate(letters)
    }
    lefts = [sum(widths[:i]) * scale + i * GAP[1] for i in range(len(widths))]
    tall = {letter: layout(drawings[letter], grid)[2] for letter, grid in grids.items()}
    heights = [max(HEAD + tall[letter] * scale for letter in row) + GAP[0] for row in rows]
    with plt.style.context("unet_teach.course"):
        drawn = Figure(figsize=(NARROW / DPI, max(sum(heights), 1.0) / DPI))
        drawn.set_layout_engine("none")
        top = 0.0
        for row, height in zip(rows, heights, strict=True):
            for column, letter in enumerate(row):
                axes = _panel(drawn, (lefts[column], top, widths[column] * scale, height))
                _draw(axes, drawings[letter], grids[letter], scale=scale, with_missing=False)
                axes.set_title(letter, loc="left", y=1 - 18 / height, pad=0)
            top += height
    said = " ".join(f"{letter}: {text(d, with_verdict=False)}" for letter, d in drawings.items())
    return drawn, said


def _widest(drawing: Drawing, room: float) -> Grid:
    """The grid of a gallery, as wide as there is room."""
    grids = [replace(GALLERY, column=float(column)) for column in range(WIDEST, 0, -1)]
    return next((grid for grid in grids if layout(drawing, grid)[1] <= room), GALLERY)


def _panel(figure: Figure, place: tuple[float, float, float, float]) -> Axes:
    """Axes at (left, top, width, height) in pixels, whose data are pixels from its upper left."""
    left, top, width, height = place
    whole_width, whole = (inches * DPI for inches in figure.get_size_inches())
    axes = figure.add_axes(
        (left / whole_width, 1 - (top + height) / whole, width / whole_width, height / whole)
    )
    axes.set(xlim=(0, width), ylim=(height - HEAD, -HEAD))
    axes.axis("off")
    return axes


def _draw(axes: Axes, drawing: Drawing, grid: Grid, *, scale: float, with_missing: bool) -> None:
    from matplotlib.patches import FancyBboxPatch

    axes.set(xlim=[edge / scale for edge in axes.get_xlim()])
    axes.set(ylim=[edge / scale for edge in axes.get_ylim()])
    places, _, height = layout(drawing, grid)
    size = grid.type * scale * 72 / DPI
    if not drawing.boxes:
        axes.text(0, height / 2, drawing.problem, wrap=True, fontsize=9, parse_math=False)
    for a, b in pairwise(places):
        arrow = {"arrowstyle": "-|>", "color": "0.35", "lw": 0.9, "shrinkA": 0, "shrinkB": 0}
        start, end = arrow_ends(a, b)
        axes.annotate("", end, start, arrowprops={**arrow, "mutation_scale": 8})
    for bridge in (b for b in drawing.bridges if b.present or with_missing):
        xs, ys = zip(*bridge_points(bridge, places), strict=True)
        hue = LIGHT["skip"] if bridge.present else LIGHT["missing"]
        axes.plot(xs, ys, "--" if bridge.present else ":", color=hue, lw=1.6)
        colour = WORDS["skip" if bridge.present else "unmet"]
        at, ha, va = ((xs[0] + xs[-1]) / 2, min(ys) - 2), "center", "bottom"
        if bridge.target is None:
            at, ha, va = (xs[-1] + 4, ys[-1]), "left", "center_baseline"
        axes.text(*at, word_of(bridge), ha=ha, va=va, color=colour, size=size)
    for index, (box, place) in enumerate(zip(drawing.boxes, places, strict=True)):
        hue = LIGHT["decoder" if box.arm == "decoder" else "encoder"]
        corner = (place.x - place.width / 2, place.y - place.height / 2)
        style = "round,pad=0,rounding_size=6" if box.arm == "decoder" else "square,pad=0"
        wide = 2.2 if box.arm == "bottleneck" else 1.2
        for fill, line, alpha in ((hue, "none", 0.2), ("none", hue, 1.0)):
            patch = FancyBboxPatch(corner, place.width, place.height, style)
            patch.set(facecolor=fill, edgecolor=line, alpha=alpha, linewidth=wide)
            axes.add_patch(patch)
        channels = str(box.channels)
        axes.text(place.x, place.y, channels, ha="center", va="center_baseline", size=size)
        label = label_place(drawing, places, index)
        if label is not None:
            x, y, anchor = label
            where = {"start": "left", "middle": "center", "end": "right"}[anchor]
            axes.text(x, y, box.size, ha=where, va="center_baseline", size=size)
