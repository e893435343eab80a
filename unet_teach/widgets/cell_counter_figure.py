"""The cells that CellCounter finds, and the border score, drawn with matplotlib."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from unet_teach.shared.palette import INPUT, ON_DARK, OUTPUT, SKIP, WINDOW_LINE, WRONG
from unet_teach.widgets.cell_counter import CellCounter

WIDE = 2  # times as wide as high: the images stand one above the other
HUES = [*(ON_DARK[hue] for hue in (INPUT, WINDOW_LINE, OUTPUT, SKIP, WRONG)), "#F0E442"]


def draw(widget: CellCounter) -> Figure:
    """Draw the image with the cells that were found, and the border score with what is cut out."""
    labels, border = widget.labels, widget.plane("border")
    _, is_cut = widget.cell_pixels()
    height, width = labels.shape
    stacked = width > WIDE * height
    size = 7.2 * height / width * (2 if stacked else 0.5) + (0.8 if stacked else 0.5)
    figure = Figure(figsize=(7.2, size), layout="constrained")
    left, right = figure.subplots(*((2, 1) if stacked else (1, 2)))
    sharp: dict[str, Any] = {"interpolation": "nearest"}
    left.imshow(widget.plane("image"), cmap="gray", **sharp)
    painted = np.ma.masked_where(labels == 0, (labels - 1) % len(HUES))
    left.imshow(painted, cmap=ListedColormap(HUES), vmin=0, vmax=len(HUES) - 1, alpha=0.55, **sharp)
    _outline(left, labels)
    right.imshow(border, cmap="gray", vmin=0, vmax=255, **sharp)
    right.imshow(np.ma.masked_equal(is_cut, 0), cmap=ListedColormap([ON_DARK[WRONG]]), **sharp)
    _outline(right, is_cut)
    count = int(labels.max())
    left.set_title(f"{count} {'cell' if count == 1 else 'cells'} found", loc="left")
    right.set_title("border score; orange is cut out", loc="left")
    for axes in (left, right):
        axes.axis("off")
    return figure


def _outline(axes: Axes, labels: NDArray[Any]) -> None:
    """Draw a white line along the sides of pixels between which the labels change."""
    sides = [((x - 0.5, y + 0.5), (to - 0.5, y + 0.5)) for y, x, to in _changes(labels)]
    sides += [((x + 0.5, y - 0.5), (x + 0.5, to - 0.5)) for x, y, to in _changes(labels.T)]
    axes.add_collection(LineCollection(sides, colors="white", linewidths=0.6), autolim=False)


def _changes(labels: NDArray[Any]) -> NDArray[np.intp]:
    """Return below which row, from which column and up to which, labels differ from the next."""
    differs = np.pad(np.diff(labels, axis=0) != 0, ((0, 0), (1, 1))).astype(np.int8)
    ends = np.diff(differs, axis=1)
    return np.column_stack([np.argwhere(ends == 1), np.argwhere(ends == -1)[:, 1]])
