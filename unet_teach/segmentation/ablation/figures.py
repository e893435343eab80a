"""Draws the ablation study: each run as a dot, and the predictions of all variants."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from unet_teach.segmentation.ablation.results import Run, score_name
from unet_teach.segmentation.plots import (
    ROOM,
    SMALL,
    TitledSize,
    add_legend,
    image_grid,
    in_course_style,
    in_rows,
    new_figure,
    show_image,
    show_mistakes,
)
from unet_teach.shared.palette import INPUT, WINDOW_LINE
from unet_teach.shared.show import GAP

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from unet_teach.segmentation.data.dataset import Pair


@in_course_style
def score_figure(runs: Sequence[Run], mine: Sequence[Run], variants: Sequence[str]) -> Figure:
    """Draw every run as a dot: one row a variant, one column a dataset; a bar marks the mean.

    A band marks the range of the first variant, the whole network; it is no test, and grows with
    the number of seeds: `p_value` compares two variants. Your own runs (`mine`) are diamonds, and
    variants without a run are left out.
    """
    names = list(dict.fromkeys(run.data for run in runs))
    variants = [variant for variant in variants if any(run.variant == variant for run in runs)]

    def scores(chosen: Sequence[Run], data: str, variant: str) -> list[float]:
        return [run.score for run in chosen if (run.data, run.variant) == (data, variant)]

    figure = new_figure(ROOM if len(names) > 2 else 180 + 240 * len(names), 27 * len(variants) + 70)
    grid = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for axes, data in zip(grid, names, strict=True):
        for row, variant in enumerate(variants):
            for run in mine:
                if (run.data, run.variant) == (data, variant):
                    fill = "full" if run.stopped_after is None else "none"
                    yours = {"color": WINDOW_LINE, "markersize": 11, "fillstyle": fill}
                    axes.plot(run.score, row, "D", **yours)
            others = scores(runs, data, variant)
            axes.plot(others, [row] * len(others), "o", color=INPUT, markersize=4)
            if others:
                axes.plot([statistics.mean(others)] * 2, [row - 0.35, row + 0.35], color=INPUT)
        whole = scores(runs, data, variants[0])
        if whole:
            axes.axvspan(min(whole), max(whole), color=INPUT, alpha=0.2, linewidth=0)
        all_scores = [run.score for run in (*runs, *mine) if run.data == data]
        is_enlarged = len(all_scores) > 1 and max(all_scores) - min(all_scores) < 0.2
        if is_enlarged:
            axes.set_xlim(min(all_scores) - 0.02, max(all_scores) + 0.02)
            axes.locator_params(axis="x", nbins=4)
        else:
            axes.set(xlim=(0, 1), xticks=(0, 0.5, 1))
        axes.set_title(data, loc="left", fontsize=SMALL)
        label = f"{score_name(data)}{', enlarged' if is_enlarged else ''}"
        if own := [run for run in mine if run.data == data]:
            axes.set_title("yours", loc="right", fontsize=SMALL, fontweight="normal")
            place: Any = {"transform": axes.transAxes, "clip_on": False, "color": WINDOW_LINE}
            place["fillstyle"] = "full" if own[0].stopped_after is None else "none"
            axes.plot(0.75, 1 + 13 / (27 * len(variants)), "D", markersize=8, **place)
            for run in (run for run in own if run.stopped_after is not None):
                label += f"\nhollow: stopped after {run.stopped_after} steps"
        axes.set_xlabel(label, fontsize=SMALL)
        axes.tick_params(length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="both", linewidth=0.4)
    grid[0].set_yticks(range(len(variants)), variants)
    grid[0].set_ylim(len(variants) - 0.5, -0.5)
    return figure


@in_course_style
def prediction_figure(runs: Sequence[Run], pair: Pair) -> Figure:
    """Draw a test image, its target, and for each run which pixels are right, missed and too much.

    The score in a title is that of all test images. One or two runs are drawn large, above the
    image and its target.
    """
    height, width = pair.mask.shape[-2:]
    titles = [f"{run.variant}: {run.score:.2f}" for run in runs]

    def sized(titles: Sequence[str], columns: int, most: int) -> list[TitledSize]:
        scale = min((ROOM - GAP * (columns - 1)) / columns / width, most / height)
        scale = int(scale) or scale  # so that all pixels are equally large
        return [(title, scale * width, scale * height) for title in titles]

    if len(runs) > 2:
        rows = in_rows(sized([pair.name, "target", *titles], 4, 300), 4)
        figure, (first, second, *others) = image_grid(rows, legend=True)
    else:
        rows = [sized(titles, 2, 400), sized(["image", "target"], 7, 100)]
        figure, every_axes = image_grid(rows, legend=True)
        *others, first, second = every_axes
    show_image(first, pair.image)
    show_mistakes(second, pair.mask, pair.mask, pair.image)
    for axes, run in zip(others, runs, strict=True):
        show_mistakes(axes, run.mask, pair.mask, pair.image)
    add_legend(figure)
    return figure
