"""The figures of both explorers, drawn with matplotlib for slides, print and static pages.

Their ground is transparent and their colours hold on white and on black pages.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, FancyBboxPatch, Rectangle

from unet_teach.arithmetic import conv_coverage, conv_transpose_overlap
from unet_teach.shared.palette import GREY, INPUT, OUTPUT, WINDOW, WRONG
from unet_teach.shared.sizes_as_text import sizes_as_text
from unet_teach.widgets.base import pair_of
from unet_teach.widgets.explorer import Explorer

Cell = tuple[int, ...]
Box = tuple[float, float, float, float]
TEXT = "#74808C"  # 4 : 1 on white and on the dark pages of notebooks


def draw(widget: Explorer) -> Figure:
    """Draw the layer's input and output; for an illegal layer the reason in place of the output."""
    return (_conv if widget.LAYER == "Conv2d" else _conv_transpose)(widget)


def _conv(widget: Explorer) -> Figure:
    """Draw a convolution's padded input with its first window, and its output beside it."""
    pairs = _pairs(widget)
    (height, width), padding = pairs["input_size"], pairs["padding"]
    figure, (before, after) = _panels(2)
    shown = [range(-p, n + p) for n, p in zip((height, width), padding, strict=True)]
    _cells(before, product(*shown), edgecolor=GREY, facecolor=GREY + "22", linestyle=":")
    inside = list(product(range(height), range(width)))
    border = f", padding {_size(padding)}" if any(padding) else ""
    _finish(before, f"Input {height}×{width}{border}", shown, shown, INPUT)
    if widget.error:
        _cells(before, inside, edgecolor=INPUT, facecolor=INPUT + "33")
        return _refused(figure, after, widget.error)
    covered = conv_coverage(**pairs)
    unseen = [(r, c) for r, c in inside if not covered[0][r] * covered[1][c]]
    _cells(before, set(inside) - set(unseen), edgecolor=INPUT, facecolor=INPUT + "33")
    _cells(before, unseen, edgecolor=INPUT, fill=False, hatch="////")
    rows, columns = pair_of(widget.output_size)
    window = _window(before, (-padding[0], -padding[1]), pairs)
    _outputs(after, rows, columns)
    _output(after, (0, 0), edgecolor=WINDOW, fill=False, linewidth=2.5)
    _finish(after, f"Output {rows}×{columns}", [range(rows), range(columns)], shown, OUTPUT)
    _lead(before, window, after, _around((0, 0), (1, 1)))
    return figure


def _conv_transpose(widget: Explorer) -> Figure:
    """Draw a transposed convolution: input, scattered map with its crop, and output.

    The number in a scattered cell counts the input cells that contribute to it.
    """
    pairs = _pairs(widget)
    (height, width), padding = pairs["input_size"], pairs["padding"]
    figure, (before, scattered, after) = _panels(3)
    inside = [range(height), range(width)]
    _cells(before, product(*inside), edgecolor=INPUT, facecolor=INPUT + "33")
    _cells(before, [(0, 0)], edgecolor=WINDOW, fill=False, linewidth=2.5)
    if widget.error:
        scattered.axis("off")
        _finish(before, f"Input {height}×{width}", inside, inside, INPUT)
        return _refused(figure, after, widget.error)
    rows, columns = pair_of(widget.output_size)
    uncropped = {**pairs, "padding": (0, 0), "output_padding": (0, 0)}
    overlap = conv_transpose_overlap(**uncropped)
    shown = [
        range(-p, max(len(counts) - p, size))
        for p, counts, size in zip(padding, overlap, (rows, columns), strict=True)
    ]
    # With output_padding the output may reach beyond the cells to which kernels contribute.
    counts = [
        [*axis, *[0] * (len(cells) - len(axis))] for axis, cells in zip(overlap, shown, strict=True)
    ]
    most = max(overlap[0]) * max(overlap[1])
    for r, c in product(*shown):
        contributions = counts[0][r + padding[0]] * counts[1][c + padding[1]]
        is_kept = 0 <= r < rows and 0 <= c < columns
        look = {"facecolor": to_rgba(OUTPUT, 0.5 * contributions / most)} if is_kept else {}
        hatch = {} if is_kept else {"fill": False, "hatch": "////"}
        hatch = hatch if contributions or not is_kept else {"fill": False, "hatch": ".."}
        _cells(scattered, [(r, c)], edgecolor=GREY, **look, **hatch)
        if max(len(shown[0]), len(shown[1])) <= 12:
            scattered.text(c, r, str(contributions), ha="center", va="center", color=TEXT)
    crop = Rectangle((-0.5, -0.5), columns, rows, fill=False, edgecolor=OUTPUT, linewidth=3)
    scattered.add_patch(crop)
    window = _window(scattered, (-padding[0], -padding[1]), pairs)
    full = f"{len(overlap[0])}×{len(overlap[1])}"
    crop_text = f", padding {_size(padding)} cropped" if any(padding) else ""
    for axes, title, own, color in (
        (before, f"Input {height}×{width}", inside, INPUT),
        (scattered, f"Scattered {full}{crop_text}", shown, TEXT),
        (after, f"Output {rows}×{columns}", [range(rows), range(columns)], OUTPUT),
    ):
        _finish(axes, title, own, shown, color)
    _outputs(after, rows, columns)
    _lead(before, _around((0, 0), (1, 1)), scattered, window)
    return figure


def _pairs(widget: Explorer) -> dict[str, tuple[int, int]]:
    return {name: pair_of(size) for name, size in widget.parameters.items()}


def _size(pair: Cell) -> str:
    return str(pair[0]) if pair[0] == pair[1] else sizes_as_text(pair)


def _panels(count: int) -> tuple[Figure, Any]:
    figure = Figure(figsize=(4 * count, 4), facecolor="none")
    return figure, figure.subplots(1, count)


def _cells(axes: Axes, cells: Iterable[Cell], **look: Any) -> None:
    for r, c in cells:
        axes.add_patch(Rectangle((c - 0.48, r - 0.48), 0.96, 0.96, **look))


def _output(axes: Axes, cell: Cell, **look: Any) -> None:
    corner, shape = (cell[1] - 0.46, cell[0] - 0.46), "round,pad=0,rounding_size=0.15"
    axes.add_patch(FancyBboxPatch(corner, 0.92, 0.92, boxstyle=shape, **look))


def _outputs(axes: Axes, rows: int, columns: int) -> None:
    for cell in product(range(rows), range(columns)):
        _output(axes, cell, edgecolor=OUTPUT, facecolor=OUTPUT + "33")


def _window(axes: Axes, first: Cell, pairs: dict[str, tuple[int, int]]) -> Box:
    """Fill the cells under the kernel's taps, from its first cell on, and frame the window."""
    steps = zip(first, pairs["kernel_size"], pairs["dilation"], strict=True)
    taps = [[start + t * d for t in range(k)] for start, k, d in steps]
    _cells(axes, product(*taps), facecolor=WINDOW + "66")
    box = _around(first, tuple(tap[-1] - tap[0] + 1 for tap in taps))
    left, top, right, bottom = box
    frame = Rectangle((left, top), right - left, bottom - top)
    frame.set(fill=False, edgecolor=WINDOW, linewidth=2.5)
    axes.add_patch(frame)
    return box


def _around(first: Cell, size: Cell) -> Box:
    """Return left, top, right and bottom of some cells."""
    (row, column), (high, wide) = first, size
    return column - 0.5, row - 0.5, column - 0.5 + wide, row - 0.5 + high


def _lead(a: Axes, source: Box, b: Axes, target: Box) -> None:
    """Connect cells of one map with those of the next that they lead to."""
    for side in (1, 3):  # along the top, along the bottom
        start, end = (source[2], source[side]), (target[0], target[side])
        line = ConnectionPatch(start, end, "data", "data", axesA=a, axesB=b, color=WINDOW, lw=1.5)
        line.set_in_layout(False)  # it would take room from the maps
        b.add_artist(line)


def _finish(axes: Axes, title: str, own: list[range], scale: list[range], color: str) -> None:
    """Give a map its title, and the scale of the largest map so that sizes can be compared."""
    side = max(len(cells) for cells in (*own, *scale)) + 0.4
    for limits, cells in ((axes.set_ylim, own[0]), (axes.set_xlim, own[1])):
        middle = (cells.start + cells.stop - 1) / 2
        limits(middle - side / 2, middle + side / 2)
    axes.invert_yaxis()
    axes.set_title(title, color=color)
    axes.set_aspect("equal")
    axes.axis("off")


def _refused(figure: Figure, axes: Axes, refusal: str) -> Figure:
    axes.axis("off")
    axes.text(0, 0.5, f"✕ {refusal}", color=WRONG, wrap=True, transform=axes.transAxes)
    return figure
