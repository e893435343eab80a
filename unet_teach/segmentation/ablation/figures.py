"""Draws the ablation study: each run as a dot, and the predictions of all variants."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

from unet_teach.segmentation.ablation.results import Run, score_name
from unet_teach.segmentation.plots import new_figure, show_image, show_mistakes
from unet_teach.shared.palette import AMBER, BLUE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from unet_teach.segmentation.data.dataset import Pair


def score_figure(runs: Sequence[Run], mine: Sequence[Run], variants: Sequence[str]) -> Figure:
    """Draw every run as a dot: one row a variant, one column a dataset; a bar marks the mean.

    A band marks the range of the first variant, the whole network; it is no test, and grows with
    the number of seeds: `p_value` compares two variants.

    Args:
        runs: the runs to draw.
        mine: your own runs, drawn as diamonds.
        variants: names of the variants in the order of the rows; those without a run are left out.
    """
    names = list(dict.fromkeys(run.data for run in runs))
    variants = [variant for variant in variants if any(run.variant == variant for run in runs)]

    def scores(chosen: Sequence[Run], data: str, variant: str) -> list[float]:
        return [run.score for run in chosen if (run.data, run.variant) == (data, variant)]

    figure = new_figure(3 * len(names) + 1.5, 0.32 * len(variants) + 1)
    grid = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for axes, data in zip(grid, names, strict=True):
        for row, variant in enumerate(variants):
            own = scores(mine, data, variant)
            axes.plot(own, [row] * len(own), "D", color=AMBER, markersize=11)
            others = scores(runs, data, variant)
            axes.plot(others, [row] * len(others), "o", color=BLUE, alpha=0.6, markersize=5)
            if others:
                axes.plot([statistics.mean(others)] * 2, [row - 0.35, row + 0.35], color=BLUE)
        whole = scores(runs, data, variants[0])
        if whole:
            axes.axvspan(min(whole), max(whole), color=BLUE, alpha=0.1, linewidth=0)
        all_scores = [run.score for run in (*runs, *mine) if run.data == data]
        is_enlarged = len(all_scores) > 1 and max(all_scores) - min(all_scores) < 0.2
        label = f"{score_name(data)}{', enlarged' if is_enlarged else ''}"
        axes.set(title=data, xlabel=label, xlim=(0, 1))
        if is_enlarged:
            axes.set_xlim(min(all_scores) - 0.02, max(all_scores) + 0.02)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="x", linewidth=0.4)
    grid[0].set_yticks(range(len(variants)), variants)
    grid[0].set_ylim(len(variants) - 0.5, -0.5)
    return figure


def prediction_figure(runs: Sequence[Run], pair: Pair) -> Figure:
    """Draw a test image, its target, and for each run which pixels are right, missed and too much.

    Args:
        runs: the runs to draw, with masks predicted for this image.
        pair: the image and its target mask.
    """
    columns = 5 if len(runs) > 4 else 3  # a few are drawn larger
    rows = -(-(len(runs) + 2) // columns)
    height, width = pair.mask.shape[-2:]
    size = 8 if columns == 5 else 10  # of letters, in points
    figure = new_figure(11, (11 / columns * height / width + 0.35) * rows + 0.3)
    first, second, *others = figure.subplots(rows, columns, squeeze=False).ravel()
    show_image(first, pair.image)
    first.set_title(pair.name, fontsize=size)
    show_mistakes(second, pair.mask, pair.mask, pair.image)
    second.set_title("target", fontsize=size)
    for axes, run in zip(others, runs, strict=False):
        show_mistakes(axes, run.mask, pair.mask, pair.image)
        axes.set_title(f"{run.variant}: {run.score:.2f}", fontsize=size)
    for axes in (first, second, *others):
        axes.axis("off")
    figure.supxlabel(
        "green: right · amber ///: missed · vermilion ..: too much · "
        "numbers: score on all test images",
        fontsize=size,
    )
    return figure
