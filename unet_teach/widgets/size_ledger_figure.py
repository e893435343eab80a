"""A U-Net's sizes drawn with matplotlib, for slides, print and pages without a browser."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from unet_teach.shared.palette import DECODER, ENCODER, QUIET, SKIP, WRONG
from unet_teach.shared.sizes_as_text import sizes_as_text
from unet_teach.widgets.size_ledger_words import headline
from unet_teach.widgets.unet_sizes import Options, ledger

CENTRE, HALF_GAP, LABEL = 50.0, 13.0, 16.0  # the picture is 100 wide


def size_ledger_figure(options: Options) -> Figure:
    """Draw the U: encoder on the left, decoder on the right, skips as dashed lines.

    A box's width stands for the level's channels (cube root), its height for the map's size (square
    root). A level with a size mismatch is marked with ✕; levels that are not reached are dashed.
    """
    result = ledger(options)
    levels = result["levels"]
    bottom = options.depth
    widest = levels[-1]["channels"]
    widths = [13 * (level["channels"] / max(widest, 512)) ** (1 / 3) for level in levels]
    room = CENTRE - HALF_GAP - widths[bottom - 1] - LABEL
    lefts = [LABEL + room * i / max(1, bottom - 1) for i in range(bottom)]
    lefts.append(CENTRE - widths[-1] / 2)
    largest = max(result["input_size"][0] * result["input_size"][1], 1)
    with plt.style.context("unet_teach.course"):
        # A figure without pyplot is not shown a second time at the end of a notebook cell.
        figure = Figure(figsize=(8, 1.2 + 0.62 * (bottom + 1)))
        axes = figure.subplots()
        for i, level in enumerate(levels):
            left, width = lefts[i], widths[i]
            skip, decoded = level["encoder"], level["decoder"] or level["arrives"]
            wrong = i == result["mismatch_at"]
            _box(axes, left, i, width, skip, largest, ENCODER)
            axes.text(left - 1.5, i, _label(skip, level), ha="right", va="center", fontsize=9)
            if i == bottom:
                continue
            mirrored = 2 * CENTRE - left - width
            _box(axes, mirrored, i, width, decoded, largest, WRONG if wrong else DECODER, "round")
            text = _label(decoded, level, " ✕" * wrong)
            look: dict[str, Any] = {"color": WRONG if wrong else "black" if decoded else QUIET}
            axes.text(mirrored + width + 1.5, i, text, ha="left", va="center", fontsize=9, **look)
            if decoded and not wrong:
                axes.plot([left + width + 1, mirrored - 1], [i, i], color=SKIP, linestyle="--")
            if wrong:
                clash = f"{sizes_as_text(skip)} ✕ {sizes_as_text(level['arrives'])}"
                axes.text(CENTRE, i, clash, ha="center", va="center", fontsize=9, color=WRONG)
            _arrow(axes, left + width * 0.6, i, lefts[i + 1] + widths[i + 1] * 0.2, i + 1)
            if level["arrives"]:
                below = 2 * CENTRE - lefts[i + 1] - widths[i + 1] * 0.2
                _arrow(axes, below, i + 1, 2 * CENTRE - left - width * 0.6, i)
        axes.set(xlim=(0, 100), ylim=(bottom + 0.6, -0.6), title=headline(options, result))
        axes.axis("off")
        return figure


def _label(size: list[int] | None, level: dict[str, Any], mark: str = "") -> str:
    return f"{sizes_as_text(size)}{mark}\n{level['channels']} C" if size else "not reached"


def _box(
    axes: Axes,
    left: float,
    level: int,
    width: float,
    size: list[int] | None,
    largest: int,
    colour: str,
    corner: str = "square",
) -> None:
    height = 0.6 * (size[0] * size[1] / largest) ** 0.25 if size else 0.4
    look: dict[str, Any] = {"edgecolor": colour, "facecolor": colour + "33"}
    if not size:
        look = {"edgecolor": QUIET, "facecolor": "none", "linestyle": "--"}
    shape = "square,pad=0" if corner == "square" else "round,pad=0,rounding_size=0.12"
    height = max(height, 0.12)
    axes.add_patch(
        FancyBboxPatch((left, level - height / 2), width, height, boxstyle=shape, **look)
    )


def _arrow(axes: Axes, x: float, level: float, to_x: float, to_level: float) -> None:
    down = to_level > level
    ends = (level + 0.32, to_level - 0.34) if down else (level - 0.32, to_level + 0.34)
    look = {"arrowstyle": "-|>", "color": QUIET, "linewidth": 1}
    axes.annotate("", (to_x, ends[1]), (x, ends[0]), arrowprops=look)
