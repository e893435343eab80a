"""Maps in rows, drawn with matplotlib for slides, print and static pages."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from unet_teach.shared.palette import GREY, INK, INPUT, WINDOW_LINE
from unet_teach.shared.sizes_as_text import sizes_as_text
from unet_teach.widgets.base import pair_of
from unet_teach.widgets.feature_maps import FeatureMaps
from unet_teach.widgets.feature_maps_words import (
    field_of,
    field_text,
    range_of,
    range_text,
    shown,
)
from unet_teach.widgets.map_values import Values, each_map

Labelled: TypeAlias = tuple[str, str, Values]  # the row's label, the map's name, its cells

MOST_COLUMNS = 4
PANEL = 2.4  # inches
NOTE_LETTERS = 10  # an inch, of a row's note, which stands upright beside its panel
LARGEST_NUMBERED = 8  # cells a side; larger maps have no room for numbers
RAMPS = {"grey": "gray", "diverging": "PuOr_r"}


def draw(widget: FeatureMaps) -> Figure:
    """Draw the maps in rows, in one scale or each in its own; what is not finite is hatched."""
    maps = [(label, name, widget.on_view(each)) for label, name, each in each_map(widget.maps)]
    lines = _lines(maps, widget.rows)
    columns = max(map(len, lines))
    height, width = maps[0][2].shape if widget.input_size is None else pair_of(widget.input_size)
    panel = (PANEL * min(1, width / height), PANEL * min(1, height / width) + 0.5)
    letters = max(NOTE_LETTERS, int(NOTE_LETTERS * (panel[1] - 0.5)))
    together = widget.value_range or range_of(np.concatenate([v.ravel() for _, _, v in maps]))
    title = widget.title
    size = (max(columns * panel[0], PANEL) + 0.2, len(lines) * panel[1] + 0.4 * bool(title))
    figure = Figure(figsize=size)
    # Dollar signs are text here, not mathematics.
    if title:
        look: dict[str, Any] = {"ha": "left", "weight": "bold", "parse_math": False}
        figure.suptitle(title, x=0.02, fontsize=13, wrap=True, **look)
    grid = figure.subplots(len(lines), columns, squeeze=False)
    for line, row in zip(lines, grid, strict=True):
        for axes in row[len(line) :]:
            axes.axis("off")
        for i, (axes, (label, name, values)) in enumerate(zip(row, line, strict=False)):
            if widget.nested:
                _fields(axes, [each for _, _, each in line[: i + 1]], (height, width))
            else:
                bounds = together if widget.scale == "shared" else range_of(values)
                norm = _norm(bounds or (0, 1), widget.ramp)
                _map(axes, values, (height, width), norm, RAMPS[widget.ramp])
            axes.set_title(name, fontsize=12, pad=18, parse_math=False)
            note = widget.notes.get(name, "")
            sizes = f"{sizes_as_text(values.shape)}, {range_text(values)}"
            says = field_text(values) if widget.nested else sizes
            says += f", {note}" if note else ""
            where = {"xycoords": "axes fraction", "textcoords": "offset points"}
            axes.annotate(says, (0, 1), (0, 4), fontsize=9, color=INK, **where)
            axes.set(xticks=[], yticks=[])
            if label and i == 0:
                named = [label, *textwrap.wrap(widget.notes.get(label, ""), letters)]
                axes.set_ylabel("\n".join(named), fontsize=11, parse_math=False)
    return figure


def _lines(maps: Sequence[Labelled], rows: int | None) -> list[Sequence[Labelled]]:
    """Return the maps row by row: as they are labelled, or in rows of equal length."""
    if maps[0][0]:
        labels = dict.fromkeys(label for label, _, _ in maps)
        return [[each for each in maps if each[0] == label] for label in labels]
    length = math.ceil(len(maps) / (rows or math.ceil(len(maps) / MOST_COLUMNS)))
    return [maps[start : start + length] for start in range(0, len(maps), length)]


def _fields(axes: Axes, fields: Sequence[Values], size: tuple[int, int]) -> None:
    """Draw the cells of the last receptive field, and frames around it and those before it."""
    rows, columns = fields[-1].shape
    axes.set(xlim=(0, size[1]), ylim=(size[0], 0), aspect="equal")
    axes.spines[:].set(visible=True, color=GREY)
    high, wide = size[0] / rows, size[1] / columns  # of a cell, in pixels of the image
    for row, column in np.argwhere(fields[-1] != 0):
        look: dict[str, Any] = {"facecolor": INPUT + "33", "edgecolor": INPUT, "linewidth": 0.5}
        axes.add_patch(Rectangle((column * wide, row * high), wide, high, **look))
    for field in fields:
        area, (rows, columns) = field_of(field), field.shape
        if area is None:
            continue
        top, left, tall, broad = area
        high, wide = size[0] / rows, size[1] / columns
        is_last = field is fields[-1]
        look = {"edgecolor": WINDOW_LINE, "linewidth": 2.5, "linestyle": "-" if is_last else "--"}
        look |= {} if is_last else {"edgecolor": INK, "linewidth": 1.5}
        corner = (left * wide, top * high)
        axes.add_patch(Rectangle(corner, broad * wide, tall * high, fill=False, **look))


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
