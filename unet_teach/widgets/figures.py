"""The widgets' pictures drawn with matplotlib, for slides, print and pages without a browser."""

from __future__ import annotations

from collections.abc import Iterable

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from unet_teach.arithmetic import conv_coverage, conv_output_size

INPUT, OUTPUT, WINDOW, WRONG, GREY = "#0072B2", "#009E73", "#E69F00", "#D55E00", "#7B8794"


def conv_figure(
    input_size: int, kernel_size: int, stride: int, padding: int, dilation: int
) -> Figure:
    """Draw a convolution's padded input with its first window, and its output beside it.

    Parameters are those of `unet_teach.arithmetic.conv_output_size`, height and width alike. An
    illegal layer is drawn with its input and the reason in place of the output.
    """
    parameters = {
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }
    with plt.style.context("unet_teach.course"):
        # A figure without pyplot is not shown a second time at the end of a notebook cell.
        figure = Figure(figsize=(8, 4))
        before, after = figure.subplots(1, 2)
        inside, everywhere = range(input_size), range(-padding, input_size + padding)
        padding_cells = [
            (r, c) for r in everywhere for c in everywhere if r not in inside or c not in inside
        ]
        _cells(before, padding_cells, edgecolor=GREY, facecolor="#EEF0F2", linestyle=":")
        _cells(
            before,
            [(r, c) for r in inside for c in inside],
            edgecolor=INPUT,
            facecolor=INPUT + "33",
        )
        try:
            size = conv_output_size(input_size, **parameters)
        except ValueError as refusal:
            _frame(before, f"Input {input_size}×{input_size}", everywhere)
            after.axis("off")
            after.text(0, 0.5, f"✕ {refusal}", color=WRONG, wrap=True, transform=after.transAxes)
            return figure
        covered = conv_coverage(input_size, **parameters)
        unreached = [(r, c) for r in inside for c in inside if not covered[r] * covered[c]]
        _cells(before, unreached, edgecolor=INPUT, facecolor="white", hatch="////")
        taps = [t * dilation - padding for t in range(kernel_size)]
        _cells(before, [(r, c) for r in taps for c in taps], facecolor=WINDOW + "66")
        extent = dilation * (kernel_size - 1) + 1
        corner = -padding - 0.5
        before.add_patch(
            Rectangle((corner, corner), extent, extent, fill=False, edgecolor=WINDOW, linewidth=2.5)
        )
        _frame(before, f"Input {input_size}×{input_size}, padding {padding}", everywhere)
        for r in range(size):
            for c in range(size):
                _output_cell(after, r, c, edgecolor=OUTPUT, facecolor=OUTPUT + "33")
        _output_cell(after, 0, 0, edgecolor=WINDOW, fill=False, linewidth=2.5)
        _frame(
            after, f"Output {size}×{size}", everywhere if size <= len(everywhere) else range(size)
        )
        return figure


def _cells(axes: Axes, cells: Iterable[tuple[int, int]], **look: object) -> None:
    for r, c in cells:
        axes.add_patch(Rectangle((c - 0.48, r - 0.48), 0.96, 0.96, **look))  # type: ignore[arg-type]


def _output_cell(axes: Axes, r: int, c: int, **look: object) -> None:
    shape = "round,pad=0,rounding_size=0.15"
    axes.add_patch(FancyBboxPatch((c - 0.46, r - 0.46), 0.92, 0.92, boxstyle=shape, **look))  # type: ignore[arg-type]


def _frame(axes: Axes, title: str, shown: range) -> None:
    """Both maps get the same scale: the view is as large as the larger of the two."""
    axes.set(
        title=title,
        xlim=(shown.start - 0.7, shown.stop - 0.3),
        ylim=(shown.stop - 0.3, shown.start - 0.7),
        aspect="equal",
    )
    axes.axis("off")
