"""Draws the U diagram with matplotlib: one network with its verdicts, or many in a grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from unet_teach.inspection.diagram.layout import (
    GALLERY,
    SCREEN,
    Grid,
    arrow_ends,
    layout,
    size_label_place,
    skip_label,
    skip_points,
)
from unet_teach.inspection.diagram.model import Drawing, alt_text
from unet_teach.shared.palette import DIAGRAM, DIAGRAM_TEXT, GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# All in pixels, but for the first.
DPI = 110  # of the course's figures
FIGURE_WIDTH = 1056.0  # one network with its verdicts
GALLERY_WIDTH = 880.0  # what JupyterLab leaves beside its file browser on a screen of 1280 pixels
TITLE_HEIGHT = 10.0  # for the letter above a drawing
GAP_BELOW, GAP_BESIDE = 8.0, 16.0
MAX_COLUMN = 38  # from box to box, in a gallery


def figure(drawing: Drawing) -> Figure:
    """Draw the diagram of one network, with the verdicts beside it."""
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    _, width, height = layout(drawing, SCREEN)
    total = max(height + TITLE_HEIGHT, 400.0)
    with plt.style.context("unet_teach.course"):
        drawn = Figure(figsize=(FIGURE_WIDTH / DPI, total / DPI))
        drawn.set_layout_engine("none")
        left = _panel(drawn, (0, 0, 0.6 * FIGURE_WIDTH, total))
        scale = min(1.0, 0.6 * FIGURE_WIDTH / width)
        _draw(left, drawing, SCREEN, scale=scale, with_missing=True)
        left.set_title(drawing.title, loc="left", y=1 - 18 / total, pad=0)
        right = _panel(drawn, (0.62 * FIGURE_WIDTH, 0, 0.37 * FIGURE_WIDTH, total))
        lines = [drawing.verdict] + [
            f"{'✓' if criterion.met else '✕'} {criterion.name}: {criterion.sentences[0]}"
            for criterion in drawing.criteria
            if criterion.sentences
        ]
        text = "\n\n".join(lines)
        right.text(0, TITLE_HEIGHT, text, va="top", wrap=True, fontsize=9, parse_math=False)
    return drawn


def gallery(drawings: Mapping[str, Drawing], columns: int = 3) -> tuple[Figure, str]:
    """Draw several networks side by side, without titles or verdicts.

    Args:
        drawings: by the letter that is written above each.
        columns: number of drawings in a row.

    Returns:
        The figure and its alternative text.
    """
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    letters = list(drawings)
    rows = [letters[i : i + columns] for i in range(0, len(letters), columns)]
    least = {letter: layout(drawing, GALLERY)[1] for letter, drawing in drawings.items()}
    # Columns are as wide as their widest drawing, and share what is left of the width evenly.
    needed = [max(least[letter] for letter in letters[i::columns]) for i in range(columns)][
        : len(letters)
    ]
    room = GALLERY_WIDTH - len(needed) * GAP_BESIDE
    scale = min(1.0, room / max(sum(needed), 1.0))  # the same for all, so sizes can be compared
    spare = (room / scale - sum(needed)) / max(len(needed), 1)
    widths = [width + spare for width in needed]
    grids = {
        letter: _widest_grid(drawings[letter], widths[i % columns])
        for i, letter in enumerate(letters)
    }
    lefts = [sum(widths[:i]) * scale + i * GAP_BESIDE for i in range(len(widths))]
    tall = {letter: layout(drawings[letter], grid)[2] for letter, grid in grids.items()}
    heights = [
        max(TITLE_HEIGHT + tall[letter] * scale for letter in row) + GAP_BELOW for row in rows
    ]
    with plt.style.context("unet_teach.course"):
        drawn = Figure(figsize=(GALLERY_WIDTH / DPI, max(sum(heights), 1.0) / DPI))
        drawn.set_layout_engine("none")
        top = 0.0
        for row, height in zip(rows, heights, strict=True):
            for column, letter in enumerate(row):
                axes = _panel(drawn, (lefts[column], top, widths[column] * scale, height))
                _draw(axes, drawings[letter], grids[letter], scale=scale, with_missing=False)
                axes.set_title(letter, loc="left", y=1 - 18 / height, pad=0)
            top += height
    alt = (f"{letter}: {alt_text(d, with_verdict=False)}" for letter, d in drawings.items())
    return drawn, " ".join(alt)


def _widest_grid(drawing: Drawing, room: float) -> Grid:
    """Return the grid of a gallery, as wide as there is room."""
    grids = [replace(GALLERY, column=float(column)) for column in range(MAX_COLUMN, 0, -1)]
    return next((grid for grid in grids if layout(drawing, grid)[1] <= room), GALLERY)


def _panel(figure: Figure, place: tuple[float, float, float, float]) -> Axes:
    """Return axes at (left, top, width, height), whose data are pixels from its upper left."""
    left, top, width, height = place
    total_width, total = (inches * DPI for inches in figure.get_size_inches())
    axes = figure.add_axes(
        (left / total_width, 1 - (top + height) / total, width / total_width, height / total)
    )
    axes.set(xlim=(0, width), ylim=(height - TITLE_HEIGHT, -TITLE_HEIGHT))
    axes.axis("off")
    return axes


def _draw(axes: Axes, drawing: Drawing, grid: Grid, *, scale: float, with_missing: bool) -> None:
    from matplotlib.patches import FancyBboxPatch

    axes.set(xlim=[edge / scale for edge in axes.get_xlim()])
    axes.set(ylim=[edge / scale for edge in axes.get_ylim()])
    places, _, height = layout(drawing, grid)
    size = grid.font_size * scale * 72 / DPI  # in points
    if not drawing.boxes:
        axes.text(0, height / 2, drawing.problem, wrap=True, fontsize=9, parse_math=False)
    for a, b in pairwise(places):
        arrow = {"arrowstyle": "-|>", "color": GREY, "lw": 0.9, "shrinkA": 0, "shrinkB": 0}
        start, end = arrow_ends(a, b)
        axes.annotate("", end, start, arrowprops={**arrow, "mutation_scale": 8})
    for skip in (skip for skip in drawing.skips if skip.present or with_missing):
        xs, ys = zip(*skip_points(skip, places), strict=True)
        colour = DIAGRAM["skip" if skip.present else "missing"]
        axes.plot(xs, ys, "--" if skip.present else ":", color=colour, lw=1.6)
        colour = DIAGRAM_TEXT["skip" if skip.present else "unmet"]
        at, ha, va = ((xs[0] + xs[-1]) / 2, min(ys) - 2), "center", "bottom"
        if skip.target is None:
            at, ha, va = (xs[-1] + 4, ys[-1]), "left", "center_baseline"
        axes.text(*at, skip_label(skip), ha=ha, va=va, color=colour, size=size)
    for index, (box, place) in enumerate(zip(drawing.boxes, places, strict=True)):
        colour = DIAGRAM["decoder" if box.arm == "decoder" else "encoder"]
        corner = (place.x - place.width / 2, place.y - place.height / 2)
        style = "round,pad=0,rounding_size=6" if box.arm == "decoder" else "square,pad=0"
        line_width = 2.2 if box.arm == "bottleneck" else 1.2
        for fill, line, alpha in ((colour, "none", 0.2), ("none", colour, 1.0)):
            patch = FancyBboxPatch(corner, place.width, place.height, style)
            patch.set(facecolor=fill, edgecolor=line, alpha=alpha, linewidth=line_width)
            axes.add_patch(patch)
        channels = str(box.channels)
        axes.text(place.x, place.y, channels, ha="center", va="center_baseline", size=size)
        label = size_label_place(drawing, places, index)
        if label is not None:
            x, y, anchor = label
            where = {"start": "left", "middle": "center", "end": "right"}[anchor]
            axes.text(x, y, box.size, ha=where, va="center_baseline", size=size)
