"""Draws the U diagram with matplotlib: one network with its verdicts, or many in a grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from unet_teach.inspection.diagram.geometry import (
    GALLERY,
    SCREEN,
    STOP_RADIUS,
    Grid,
    Layout,
    Text,
)
from unet_teach.inspection.diagram.layout import layout
from unet_teach.inspection.diagram.model import MISMATCH, Drawing, alt_text
from unet_teach.shared.palette import DIAGRAM, DIAGRAM_TEXT, GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# All in pixels, but for the first.
DPI = 110  # of the course's figures
FIGURE_WIDTH = 1056.0  # one network with its verdicts
DRAWING_WIDTH = 0.58 * FIGURE_WIDTH
PANEL_WIDTH = 310.0  # in a gallery: with the letter beside it, it fits a phone unchanged
TITLE_HEIGHT = 10.0  # for the letter above a drawing
GAP_BELOW, GAP_BESIDE = 14.0, 36.0  # the letter is in the gap beside a drawing


def figure(drawing: Drawing) -> Figure:
    """Draw the diagram of one network, with the verdicts beside it."""
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    made = layout(drawing, SCREEN)
    scale = DRAWING_WIDTH / made.width
    top = 34.0
    total = max(made.height * scale + top + 10, 400.0)
    with plt.style.context("unet_teach.course"):
        drawn = Figure(figsize=(FIGURE_WIDTH / DPI, total / DPI))
        drawn.set_layout_engine("none")
        head = _panel(drawn, (0, 0, FIGURE_WIDTH, top + TITLE_HEIGHT))
        sign = "✓" if drawing.met else "✕"
        head.text(0, 6, f"{sign} {drawing.verdict}", fontsize=12, weight="bold", parse_math=False)
        facts = drawing.facts or drawing.title
        end = FIGURE_WIDTH - 4
        head.text(end, 24, facts, ha="right", fontsize=10, parse_math=False)
        left = _panel(drawn, (0, top, DRAWING_WIDTH, total - top))
        _draw(left, drawing, made, SCREEN, scale=scale)
        start = DRAWING_WIDTH + 0.03 * FIGURE_WIDTH
        right = _panel(drawn, (start, top, FIGURE_WIDTH - start, total - top))
        text = "\n\n".join(_sentences(drawing))
        right.text(0, TITLE_HEIGHT, text, va="top", wrap=True, fontsize=10, parse_math=False)
    return drawn


def _sentences(drawing: Drawing) -> list[str]:
    stop = drawing.stop
    lines = [drawing.problem] if drawing.problem and stop is None else []
    if stop is not None:
        lines = [f"Why. {stop.why}", f"Next step. {stop.next_step}" if stop.next_step else ""]
    lines += [
        f"{criterion.sign} {criterion.name}: {criterion.summary}"
        for criterion in drawing.criteria
        if criterion.summary
    ]
    return [line.replace("`", "") for line in lines if line]


def gallery(drawings: Mapping[str, Drawing], columns: int = 2) -> tuple[Figure, str]:
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
    across = max(min(columns, len(letters)), 1)
    room, total_width = PANEL_WIDTH, across * (PANEL_WIDTH + GAP_BESIDE)
    grid = replace(GALLERY, width=room)
    drawings = {  # what a network lacks would give its verdict away
        letter: replace(drawing, skips=tuple(skip for skip in drawing.skips if skip.present))
        for letter, drawing in drawings.items()
    }
    made = {letter: layout(drawing, grid) for letter, drawing in drawings.items()}
    # The same scale for all, so that sizes can be compared.
    scale = min([1.0, *(room / one.width for one in made.values())])
    heights = [
        max(TITLE_HEIGHT + made[letter].height * scale for letter in row) + GAP_BELOW
        for row in rows
    ]
    with plt.style.context("unet_teach.course"):
        drawn = Figure(figsize=(total_width / DPI, max(sum(heights), 1.0) / DPI))
        drawn.set_layout_engine("none")
        top = 0.0
        for row, height in zip(rows, heights, strict=True):
            for column, letter in enumerate(row):
                left = column * (room + GAP_BESIDE) + GAP_BESIDE
                axes = _panel(drawn, (left, top, room, height))
                _draw(axes, drawings[letter], made[letter], grid, scale=scale)
                axes.set_title(letter, loc="left", x=-GAP_BESIDE / room, y=1 - 18 / height, pad=0)
            top += height
    alt = (f"{letter}: {alt_text(d, with_verdict=False)}" for letter, d in drawings.items())
    return drawn, " ".join(alt)


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


def _draw(axes: Axes, drawing: Drawing, made: Layout, grid: Grid, *, scale: float) -> None:
    from matplotlib import rcParams
    from matplotlib.patches import FancyBboxPatch

    axes.set(xlim=[edge / scale for edge in axes.get_xlim()])
    axes.set(ylim=[edge / scale for edge in axes.get_ylim()])
    points = scale * 72 / DPI  # in a pixel of the layout

    def write(text: Text, colour: str) -> None:
        axes.text(
            text.x,
            text.y,
            text.text,
            ha={"start": "left", "middle": "center", "end": "right"}[text.anchor],
            va="center_baseline",
            size=0.94 * text.size * points,  # matplotlib's letters are wider than a browser's
            weight="bold" if text.strong else "normal",
            color=colour,
            parse_math=False,
        )

    for index, line in enumerate(made.arrows):
        xs, ys = zip(*line.parts[0], strict=True)
        if not all(box.reached for box in drawing.boxes[index : index + 2]):
            axes.plot(xs, ys, ":", color=DIAGRAM["missing"], lw=1.0)
            continue
        axes.plot(xs, ys, color=GREY, lw=0.9)
        arrow = {"arrowstyle": "-|>", "color": GREY, "lw": 0.9, "shrinkA": 0, "shrinkB": 0}
        head = {**arrow, "mutation_scale": 8}
        axes.annotate("", line.parts[0][-1], line.parts[0][-2], arrowprops=head)
    for skip, line in zip(drawing.skips, made.skips, strict=True):
        kind = "skip" if skip.present else "mismatch" if skip.kind == MISMATCH else "missing"
        for part in line.parts:
            xs, ys = zip(*part, strict=True)
            axes.plot(xs, ys, "--" if kind != "missing" else ":", color=DIAGRAM[kind], lw=1.6)
        if line.label is not None:
            write(line.label, DIAGRAM_TEXT["skip" if skip.present else "unmet"])
    failed = next((skip.target for skip in drawing.skips if skip.kind == MISMATCH), None)
    for index, (box, place) in enumerate(zip(drawing.boxes, made.places, strict=True)):
        colour = DIAGRAM["decoder" if box.arm == "decoder" else "encoder"]
        colour = DIAGRAM["mismatch"] if index == failed else colour
        corner = min(6 * grid.font_size / 15, place.width / 4)
        rounded = f"round,pad=0,rounding_size={corner}"
        style = rounded if box.arm == "decoder" else "square,pad=0"
        fills = [(colour, "none", 0.2), ("none", colour, 1.0)]
        if not box.reached:
            fills = [("none", DIAGRAM["missing"], 1.0)]
        for fill, edge, alpha in fills:
            patch = FancyBboxPatch((place.left, place.top), place.width, place.height, style)
            patch.set(facecolor=fill, edgecolor=edge, alpha=alpha, linewidth=1.2)
            if not box.reached:
                patch.set(hatch="////", linestyle="--")
            axes.add_patch(patch)
        for text in made.labels[index]:
            write(text, rcParams["text.color"])
    if made.stop is not None:
        (x, y), label = made.stop
        axes.plot([x], [y], "o", ms=2 * STOP_RADIUS * grid.font_size * points, mfc="none",
                  mec=DIAGRAM["mismatch"], mew=1.6)  # fmt: skip
        axes.plot([x], [y], "x", ms=0.7 * STOP_RADIUS * grid.font_size * points,
                  color=DIAGRAM["mismatch"], mew=1.8)  # fmt: skip
        if label is not None:
            write(label, DIAGRAM_TEXT["unmet"])
