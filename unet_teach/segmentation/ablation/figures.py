"""Draws the ablation: every seed as a dot, and what each variant found, side by side."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import TYPE_CHECKING

from unet_teach.segmentation.ablation.results import Run, results
from unet_teach.segmentation.ablation.study import MARKS, window_of
from unet_teach.segmentation.plots import DPI, show_mistakes, show_picture
from unet_teach.shared.palette import AMBER, BLUE

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def dots(runs: Iterable[Run] | None = None, mine: Iterable[Run] = ()) -> Figure:
    """Draw every run as a dot, a row a variant, a column a data set; a bar marks the mean.

    Args:
        runs: such as `results()`, the default.
        mine: your own runs, drawn as diamonds.
    """
    from matplotlib.figure import Figure

    runs, mine = list(results() if runs is None else runs), list(mine)
    names = list(dict.fromkeys(run.data for run in runs))
    present = {run.variant for run in runs}
    variants = [v for group in MARKS.values() for v in group if v in present]
    figure = Figure(
        figsize=(3 * len(names) + 1.5, 0.32 * len(variants) + 1), dpi=DPI, layout="constrained"
    )
    grid = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for axes, name in zip(grid, names, strict=True):
        for row, variant in enumerate(variants):
            own = [r.score for r in mine if (r.data, r.variant) == (name, variant)]
            axes.plot(own, [row] * len(own), "D", color=AMBER, markersize=11)
            scores = [r.score for r in runs if (r.data, r.variant) == (name, variant)]
            axes.plot(scores, [row] * len(scores), "o", color=BLUE, alpha=0.6, markersize=5)
            if scores:
                axes.plot([statistics.mean(scores)] * 2, [row - 0.35, row + 0.35], color=BLUE)
        whole = [r.score for r in runs if (r.data, r.variant) == (name, variants[0])]
        if whole:
            axes.axvspan(min(whole), max(whole), color=BLUE, alpha=0.1, linewidth=0)
        measure = "boundary F1" if name == "earth" else "IoU"
        every = [r.score for r in (*runs, *mine) if r.data == name]
        close = len(every) > 1 and max(every) - min(every) < 0.2
        axes.set(title=name, xlabel=f"{measure}{', enlarged' if close else ''}", xlim=(0, 1))
        if close:
            axes.set_xlim(min(every) - 0.02, max(every) + 0.02)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="x", linewidth=0.4)
    grid[0].set_yticks(range(len(variants)), variants)
    grid[0].set_ylim(len(variants) - 0.5, -0.5)
    return figure


def pictures(data: str, runs: Iterable[Run] | None = None, seed: int = 0) -> Figure:
    """Draw what each variant found in one test picture: right, missed and too much.

    Args:
        data: "earth", "lines in rings" or "nuclei".
        runs: such as `results()`, the default.
        seed: whose runs are drawn.
    """
    from matplotlib.figure import Figure

    chosen = [
        run for run in (results() if runs is None else runs) if (run.data, run.seed) == (data, seed)
    ]
    if not chosen:
        raise ValueError(f"There is no run on {data!r} with seed {seed}.")
    window = window_of(data)
    columns = 5
    rows = -(-(len(chosen) + 2) // columns)
    height, width = window.mask.shape[-2:]
    figure = Figure(
        figsize=(2.2 * columns, (2.2 * height / width + 0.35) * rows + 0.3),
        dpi=DPI,
        layout="constrained",
    )
    first, second, *others = figure.subplots(rows, columns, squeeze=False).ravel()
    show_picture(first, window.image)
    first.set_title(window.name, fontsize=8)
    show_mistakes(second, window.mask, window.mask, window.image)
    second.set_title("wanted", fontsize=8)
    for axes, run in zip(others, chosen, strict=False):
        show_mistakes(axes, run.mask, window.mask, window.image)
        axes.set_title(f"{run.variant}: {run.score:.2f}", fontsize=8)
    for axes in (first, second, *others):
        axes.axis("off")
    figure.supxlabel(
        "green: right · amber ///: missed · vermilion ..: too much · numbers: all test pictures",
        fontsize=8,
    )
    return figure
