"""The sizes of RoundTrip as tiles, and the way of one of them, drawn with matplotlib."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from unet_teach.shared.palette import GREY, INK, INPUT, OUTPUT, WRONG
from unet_teach.widgets.round_trip import SIZES, RoundTrip

SIDE = 8  # tiles in a row
LOOKS: dict[str, dict[str, Any]] = {
    "": {"edgecolor": OUTPUT, "facecolor": OUTPUT + "33"},
    "–": {"edgecolor": GREY, "facecolor": "none", "hatch": "////"},
    "other": {"edgecolor": WRONG, "facecolor": WRONG + "26", "linestyle": "--"},
}


def draw(widget: RoundTrip) -> Figure:
    """Draw all sizes as tiles, and beside them the way of the chosen one as bars."""
    small = widget.small(widget.chosen)
    figure = Figure(figsize=(9.4, 5))
    board, bars = figure.subplots(1, 2, width_ratios=(1, 0.9))
    _board(board, {size: _sign(widget, size) for size in SIZES}, widget.chosen)
    board.set_title(f"{len(widget.comes_back)} of {len(SIZES)} sizes come back")
    _bars(bars, widget.chosen, small, None if small is None else widget.back(small))
    code = widget.code.replace(", stride", ",\n    stride")
    bars.text(0, 7.2, code, size=8.5, family="monospace")
    return figure


def _sign(widget: RoundTrip, size: int) -> str:
    """Return a tile's sign: – (kernel does not fit), ✕ (no output), the difference, or none."""
    small = widget.small(size)
    if small is None:
        return "–"
    if size in widget.comes_back:
        return ""
    back = widget.back(small)
    return "✕" if back is None else f"{back - size:+d}".replace("-", "−")


def _board(axes: Axes, signs: Mapping[int, str], chosen: int) -> None:
    for size, sign in signs.items():
        row, column = divmod(size - 1, SIDE)
        corners = "square,pad=0" if sign else "round,pad=0,rounding_size=0.2"
        look = LOOKS.get(sign, LOOKS["other"])
        axes.add_patch(
            FancyBboxPatch((column - 0.45, row - 0.45), 0.9, 0.9, boxstyle=corners, **look)
        )
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1} if sign == "–" else None
        middle: dict[str, Any] = {"ha": "center", "va": "center"}
        weight = "bold" if size == chosen else "normal"
        at = row - (0.13 if sign else 0)
        axes.text(column, at, str(size), weight=weight, bbox=box, **middle)
        axes.text(column, row + 0.25, sign.strip("–"), size=9, **middle)
    axes.set(xlim=(-0.6, SIDE - 0.4), ylim=(SIDE - 0.4, -0.6), aspect="equal")
    axes.axis("off")


def _bars(axes: Axes, size: int, small: int | None, back: int | None) -> None:
    """Draw as many cells as each of the three sizes has; what is off, in its own colour."""
    back = back or 0
    rows = [
        (f"{size} goes in", [(0, size, INPUT)]),
        (f"{small or '✕'} after the convolution", [(0, small or 0, INPUT)]),
        (f"{back or '✕'} comes back", [(0, min(size, back), OUTPUT), (size, back, WRONG)]),
    ]
    for row, (words, parts) in enumerate(rows):
        axes.text(0, 2 * row, words, size=13, weight="bold")
        for start, end, colour in parts:
            for cell in range(start, end):
                look: dict[str, Any] = {"facecolor": colour + "33", "edgecolor": colour}
                axes.add_patch(Rectangle((cell, 2 * row + 0.2), 1, 0.8, linewidth=0.6, **look))
    for cell in range(back, size):
        look = {"fill": False, "edgecolor": WRONG, "linestyle": ":"}
        axes.add_patch(Rectangle((cell, 4.2), 1, 0.8, linewidth=0.8, **look))
    says = "✓ It comes back." if back == size else "✕ It does not come back."
    axes.text(0, 5.9, says, size=12, color=INK)
    axes.set(xlim=(0, 76), ylim=(8.4, -0.8))
    axes.axis("off")
