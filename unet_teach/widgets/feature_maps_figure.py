"""Maps side by side, drawn with matplotlib for slides, print and static pages."""

from __future__ import annotations

import math
from typing import Any, Literal

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from unet_teach.shared.palette import GREY
from unet_teach.widgets.base import pair_of
from unet_teach.widgets.feature_maps_words import range_of, range_text, shown
from unet_teach.widgets.map_values import Values

MOST_COLUMNS = 4
PANEL = 2.4  # inches
LARGEST_NUMBERED = 8  # cells a side; larger maps have no room for numbers
RAMPS = {"grey": "gray", "diverging": "PuOr_r"}


def feature_maps_figure(
    maps: dict[str, Values],
    *,
    value_range: tuple[float, float] | None,
    input_size: int | tuple[int, int] | None,
    scale: Literal["shared", "own"],
    ramp: Literal["grey", "diverging"],
) -> Figure:
    """Draw maps of shape (H, W) at the same size, in one scale or each in its own.

    Cells that are NaN or infinite are hatched. The other arguments are those of `FeatureMaps`.
    """
    rows = math.ceil(len(maps) / MOST_COLUMNS)
    columns = math.ceil(len(maps) / rows)
    height, width = next(iter(maps.values())).shape if input_size is None else pair_of(input_size)
    panel = (PANEL * min(1, width / height), PANEL * min(1, height / width) + 0.5)
    together = value_range or range_of(np.concatenate([v.ravel() for v in maps.values()]))
    with plt.style.context("unet_teach.course"):
        # A figure without pyplot is not shown a second time at the end of a notebook cell.
        figure = Figure(figsize=(max(columns * panel[0], PANEL) + 0.2, rows * panel[1]))
        all_axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes in all_axes[len(maps) :]:
            axes.axis("off")
        for axes, (name, values) in zip(all_axes, maps.items(), strict=False):
            bounds = together if scale == "shared" else range_of(values)
            _map(axes, values, (height, width), _norm(bounds or (0, 1), ramp), RAMPS[ramp])
            size = "{}×{}".format(*values.shape)
            # Dollar signs are text here, not mathematics.
            axes.set_title(name, fontsize=11, pad=16, parse_math=False)
            note = f"{size}, {range_text(values)}"
            axes.annotate(note, (0, 1), (0, 4), "axes fraction", "offset points", fontsize=8)
            axes.set(xticks=[], yticks=[])
    return figure


def _norm(bounds: tuple[float, float], ramp: str) -> Normalize:
    low, high = bounds
    if ramp == "diverging":
        most = max(abs(low), abs(high)) or 1.0
        return Normalize(-most, most)
    # A map of one value is drawn in the middle of the ramp.
    return Normalize(low, high) if low < high else Normalize(low - 1, low + 1)


def _map(axes: Axes, values: Values, size: tuple[int, int], norm: Normalize, ramp: str) -> None:
    rows, columns = values.shape
    high, wide = size[0] / rows, size[1] / columns  # of a cell, in pixels of the image
    finite = np.ma.masked_invalid(values)
    image = axes.imshow(finite, cmap=ramp, norm=norm, extent=(0, size[1], size[0], 0))
    for row, column in np.argwhere(~np.isfinite(values)):
        corner = (column * wide, row * high)
        look: dict[str, Any] = {"fill": False, "hatch": "////", "edgecolor": GREY}
        axes.add_patch(Rectangle(corner, wide, high, **look))
    if max(rows, columns) > LARGEST_NUMBERED:
        return
    axes.vlines(np.linspace(0, size[1], columns + 1), 0, size[0], color=GREY, linewidth=0.6)
    axes.hlines(np.linspace(0, size[0], rows + 1), 0, size[1], color=GREY, linewidth=0.6)
    numbers = values.ravel().tolist()
    texts = [shown(number, digits=2) for number in numbers]
    fontsize = min(10, 250 / max(rows, columns) / max(map(len, texts)))
    is_finite = np.isfinite(values.ravel())
    colours = image.cmap(norm(np.where(is_finite, values.ravel(), 0)))[:, :3]
    is_dark = is_finite & (colours @ [0.2126, 0.7152, 0.0722] < 0.5)
    for place, (text, dark) in enumerate(zip(texts, is_dark, strict=True)):
        row, column = divmod(place, columns)
        middle = ((column + 0.5) * wide, (row + 0.5) * high)
        look = {"color": "white" if dark else "black", "fontsize": fontsize}
        if not is_finite[place]:
            look["bbox"] = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        axes.text(*middle, text, ha="center", va="center", **look)
