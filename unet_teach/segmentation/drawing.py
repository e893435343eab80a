"""Draws pictures with masks, curves and comparisons, in the colours of the course."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from unet_teach.segmentation.data import Pair
from unet_teach.segmentation.history import Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, GREEN, AMBER, RED = "#0072B2", "#009E73", "#E69F00", "#D55E00"
DPI = 110


def gallery(rows: Mapping[str, Sequence[Pair]]) -> Figure:
    """Draw a row of pictures for each name, or all in one row if they are few, with their masks."""
    from matplotlib.figure import Figure

    titled = [
        [(f"{name}:\n{pair.name}", pair) for pair in pairs] for name, pairs in rows.items() if pairs
    ]
    if sum(map(len, titled)) <= 5:
        titled = [[one for line in titled for one in line]]
    columns = max(map(len, titled))
    figure = Figure(figsize=(2.2 * columns, 2.7 * len(titled)), dpi=DPI, layout="constrained")
    grid = figure.subplots(len(titled), columns, squeeze=False)
    for axes in grid.ravel():
        axes.axis("off")
    for places, line in zip(grid, titled, strict=True):
        for axes, (title, pair) in zip(places, line, strict=False):
            show_picture(axes, pair.image)
            if 0 < pair.mask.mean() < 1:
                axes.contour(pair.mask[0].numpy(), [0.5], colors=AMBER, linewidths=0.8)
            axes.set_title(title, fontsize=8)
    return figure


def curves(history: Sequence[Look]) -> Figure:
    """Draw both losses, and below them the validation IoU with the look that was kept."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), dpi=DPI, layout="constrained")
    losses, ious = figure.subplots(2, 1, sharex=True)
    steps = [look.step for look in history]
    best = max(history, key=lambda look: look.validation_iou)
    for axes, name, said, colour, style in (
        (losses, "train_loss", "train", AMBER, "--"),
        (losses, "validation_loss", "validation", BLUE, "-"),
        (ious, "validation_iou", "validation", GREEN, "-"),
    ):
        values = [getattr(look, name) for look in history]
        axes.plot(steps, values, color=colour, linestyle=style)
        axes.annotate(
            f" {said}", (steps[-1], values[-1]), color=colour, va="center", annotation_clip=False
        )
    ious.plot([best.step], [best.validation_iou], "o", color=GREEN, markersize=8)
    ious.annotate("kept", (best.step, best.validation_iou), (0, -14), textcoords="offset points")
    losses.set(ylabel="loss")
    ious.set(ylabel="IoU", xlabel="step", ylim=(0, 1))
    for axes in (losses, ious):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def comparison(pair: Pair, found: Mapping[str, Tensor]) -> Figure:
    """Draw a picture and, for each name, where its mask is right, missing and too much.

    Right is green, missed is amber and hatched, too much is vermilion and dotted.

    Args:
        pair: the picture and the wanted mask.
        found: masks (1, H, W) by name.
    """
    from matplotlib.figure import Figure

    height, width = pair.mask.shape[-2:]
    shape = min(1.6, max(0.6, height / width))
    figure = Figure(
        figsize=(2.8 * (len(found) + 1), 2.8 * shape + 0.4), dpi=DPI, layout="constrained"
    )
    first, *others = figure.subplots(1, len(found) + 1, squeeze=False)[0]
    show_picture(first, pair.image)
    first.set_title(pair.name, fontsize=9)
    for axes, (name, mask) in zip(others, found.items(), strict=True):
        show_mistakes(axes, mask, pair.mask)
        axes.set_title(name, fontsize=9)
    for axes in (first, *others):
        axes.axis("off")
    figure.supxlabel("green: right · amber ///: missed · vermilion ..: too much", fontsize=8)
    return figure


def show_mistakes(axes: Any, found: Tensor, wanted: Tensor) -> None:
    """Show on axes where a mask is right, missing and too much."""
    found, wanted = found[0].bool(), wanted[0].bool()
    canvas = np.ones((*found.shape, 3), dtype=np.float32)
    for where, colour, hatch in (
        (found & wanted, GREEN, None),
        (wanted & ~found, AMBER, "////"),
        (found & ~wanted, RED, "...."),
    ):
        canvas[where.numpy()] = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        if hatch and 0 < where.float().mean() < 1:
            axes.contourf(where.numpy(), [0.5, 1], colors="none", hatches=[hatch], zorder=2)
    axes.imshow(canvas, interpolation="nearest", zorder=1)


def show_picture(axes: Any, image: Tensor) -> None:
    """Show a picture (C, H, W) on axes: in grey, or in colour if it has three channels."""
    if image.shape[0] == 3:
        axes.imshow(image.permute(1, 2, 0).numpy(), interpolation="nearest")
    else:
        axes.imshow(image[0].numpy(), cmap="gray", interpolation="nearest")
