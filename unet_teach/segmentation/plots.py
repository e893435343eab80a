"""Draws images with masks, training curves and comparisons, in the colours of the course."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from unet_teach.shared.palette import AMBER, BLUE, GREEN, RED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from unet_teach.segmentation.data.dataset import Pair
    from unet_teach.segmentation.training_result import StepMetrics

DPI = 110


def new_figure(width: float, height: float) -> Figure:
    """Return an empty matplotlib figure of this size in inches."""
    from matplotlib.figure import Figure  # slow to import, and training alone draws no figure

    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def gallery(splits: Mapping[str, Sequence[Pair]], order: Sequence[str] = ()) -> Figure:
    """Draw images with the outlines of their masks: one row a split, or up to five in one row.

    Args:
        splits: the pairs of each split, by its name.
        order: names of the images from left to right in a single row; others come last.
    """
    rows = [[(split, pair) for pair in pairs] for split, pairs in splits.items() if pairs]
    if sum(map(len, rows)) > 5:
        return _gallery_in_rows(rows)
    positions = {name: position for position, name in enumerate(order)}
    row = [titled for titled_row in rows for titled in titled_row]
    return _gallery_in_one_row(
        sorted(row, key=lambda titled: positions.get(titled[1].name, len(positions)))
    )


def _gallery_in_rows(rows: Sequence[Sequence[tuple[str, Pair]]]) -> Figure:
    columns = max(map(len, rows))
    figure = new_figure(2.2 * columns, 2.7 * len(rows))
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for axes in grid.ravel():
        axes.axis("off")
    for axes_row, row in zip(grid, rows, strict=True):
        for axes, (split, pair) in zip(axes_row, row, strict=False):
            _show_with_outline(axes, pair)
            axes.set_title(f"{split}:\n{pair.name}", fontsize=8)
    return figure


def _gallery_in_one_row(row: Sequence[tuple[str, Pair]]) -> Figure:
    """Draw images side by side with equal height: images of as many rows have one scale."""
    gap, title_height = 0.12, 0.65  # inches
    aspects = [pair.mask.shape[-1] / pair.mask.shape[-2] for _, pair in row]
    images_width = min(10.0, 5.0 * sum(aspects)) - gap * (len(row) - 1)
    height = images_width / sum(aspects)
    figure = new_figure(images_width + gap * (len(row) - 1), height + title_height)
    figure.set_layout_engine("none")
    left, (figure_width, figure_height) = 0.0, figure.get_size_inches()
    for (split, pair), aspect in zip(row, aspects, strict=True):
        width = height * aspect
        axes = figure.add_axes(
            (left / figure_width, 0, width / figure_width, height / figure_height)
        )
        axes.axis("off")
        _show_with_outline(axes, pair)
        name = textwrap.fill(pair.name, max(11, int(13 * width)))
        axes.set_title(f"{split}:\n{name}", fontsize=8)
        left += width + gap
    return figure


def _show_with_outline(axes: Any, pair: Pair) -> None:
    show_image(axes, pair.image)
    if 0 < pair.mask.mean() < 1:
        axes.contour(pair.mask[0].numpy(), [0.5], colors=AMBER, linewidths=0.8)


def curves(history: Sequence[StepMetrics]) -> Figure:
    """Draw both losses over the steps, and below them the validation IoU; mark the best step."""
    figure = new_figure(6, 4)
    losses, ious = figure.subplots(2, 1, sharex=True)
    steps = [metrics.step for metrics in history]
    best = max(history, key=lambda metrics: metrics.validation_iou)
    last = history[-1]
    # Each label goes to the outer side of its curve, so that labels of equal ends do not overlap.
    train_on_top = last.train_loss >= last.validation_loss
    for axes, name, label, colour, style, alignment in (
        (losses, "train_loss", "train", AMBER, "--", "bottom" if train_on_top else "top"),
        (losses, "validation_loss", "validation", BLUE, "-", "top" if train_on_top else "bottom"),
        (ious, "validation_iou", "validation", GREEN, "-", "center"),
    ):
        values = [getattr(metrics, name) for metrics in history]
        axes.plot(steps, values, color=colour, linestyle=style)
        axes.annotate(
            f" {label}", (steps[-1], values[-1]), color=colour, va=alignment, annotation_clip=False
        )
    ious.plot([best.step], [best.validation_iou], "o", color=GREEN, markersize=8)
    ious.annotate("kept", (best.step, best.validation_iou), (0, -14), textcoords="offset points")
    losses.set(ylabel="loss")
    ious.set(ylabel="IoU", xlabel="step", ylim=(0, 1))
    for axes in (losses, ious):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def comparison(
    pair: Pair,
    predictions: Mapping[str, Tensor],
    marks: Mapping[str, tuple[int, int]] | None = None,
) -> Figure:
    """Draw an image and, for each prediction, which pixels are right, missed and too much.

    Right pixels are green, missed ones amber and hatched, pixels too much vermilion and dotted.

    Args:
        pair: the image and its target mask.
        predictions: masks (1, H, W) by name.
        marks: places to circle, (row, column) by name; the names are written on the image.
    """
    count, (height, width) = len(predictions) + 1, pair.mask.shape[-2:]
    columns = 2 if count in (2, 4) else min(3, count)
    rows, aspect = -(-count // columns), min(1.6, max(0.6, height / width))
    side = 9.4 / columns  # inches
    figure = new_figure(side * columns, (side * aspect + 0.3) * rows + 0.4)
    first, *others = figure.subplots(rows, columns, squeeze=False).ravel()
    show_image(first, pair.image)
    first.set_title(pair.name, fontsize=10)
    for axes, (name, prediction) in zip(others, predictions.items(), strict=False):
        show_mistakes(axes, prediction, pair.mask)
        axes.set_title(name, fontsize=10)
    for axes in (first, *others):
        axes.axis("off")
    circled = [(first, "white"), *((axes, "black") for axes in others[: len(predictions)])]
    for name, (row, column) in (marks or {}).items():
        for axes, colour in circled:
            axes.plot(column, row, "o", color=colour, markersize=26, fillstyle="none")
        first.annotate(
            name, (column, row), (17, 0), textcoords="offset points", color="white", va="center"
        )
    figure.supxlabel("green: right · amber ///: missed · vermilion ..: too much", fontsize=8)
    return figure


def show_mistakes(
    axes: Any, prediction: Tensor, target: Tensor, background: Tensor | None = None
) -> None:
    """Show on axes which pixels of a prediction are right, missed and too much.

    Args:
        axes: matplotlib axes.
        prediction: mask (1, H, W).
        target: mask (1, H, W).
        background: an image (C, H, W) whose brighter half is shown faintly, in grey on white.
    """
    from matplotlib.colors import to_rgb  # slow to import

    prediction, target = prediction[0].bool(), target[0].bool()
    canvas = np.ones((*prediction.shape, 3), dtype=np.float32)
    if background is not None:
        grey = background.mean(0)
        canvas -= 0.6 * (grey - grey.median()).clamp(min=0).numpy()[..., None]
    for where, colour, hatch in (
        (prediction & target, GREEN, None),
        (target & ~prediction, AMBER, "////"),
        (prediction & ~target, RED, "...."),
    ):
        canvas[where.numpy()] = to_rgb(colour)
        if hatch and 0 < where.float().mean() < 1:
            axes.contourf(where.numpy(), [0.5, 1], colors="none", hatches=[hatch], zorder=2)
    axes.imshow(canvas, interpolation="nearest", zorder=1)


def show_image(axes: Any, image: Tensor) -> None:
    """Show an image (C, H, W) on axes: in colour if it has three channels, else in grey."""
    if image.shape[0] == 3:
        axes.imshow(image.permute(1, 2, 0).numpy(), interpolation="nearest")
    else:
        axes.imshow(image[0].numpy(), cmap="gray", interpolation="nearest")
