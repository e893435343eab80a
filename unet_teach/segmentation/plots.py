"""Draws pictures with masks, curves and comparisons, in the colours of the course."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from unet_teach.segmentation.data.dataset import Pair
from unet_teach.segmentation.training_result import Look
from unet_teach.shared.palette import AMBER, BLUE, GREEN, RED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 110


def gallery(rows: Mapping[str, Sequence[Pair]], order: Sequence[str] = ()) -> Figure:
    """Draw a row of pictures for each name, or all in one row if they are few, with their masks.

    Args:
        rows: the pictures of each part.
        order: of the pictures' names in a single row; those not named come last.
    """
    titled = [[(name, pair) for pair in pairs] for name, pairs in rows.items() if pairs]
    if sum(map(len, titled)) > 5:
        return _rows(titled)
    places = {name: place for place, name in enumerate(order)}
    together = [one for line in titled for one in line]
    return _strip(sorted(together, key=lambda one: places.get(one[1].name, len(places))))


def _rows(titled: Sequence[Sequence[tuple[str, Pair]]]) -> Figure:
    from matplotlib.figure import Figure

    columns = max(map(len, titled))
    figure = Figure(figsize=(2.2 * columns, 2.7 * len(titled)), dpi=DPI, layout="constrained")
    grid = figure.subplots(len(titled), columns, squeeze=False)
    for axes in grid.ravel():
        axes.axis("off")
    for places, line in zip(grid, titled, strict=True):
        for axes, (part, pair) in zip(places, line, strict=False):
            _outlined(axes, pair)
            axes.set_title(f"{part}:\n{pair.name}", fontsize=8)
    return figure


def _strip(titled: Sequence[tuple[str, Pair]]) -> Figure:
    """All in one row, equally high: what is equally high in pixels has one scale."""
    from matplotlib.figure import Figure

    gap, above = 0.12, 0.65  # inches, between the pictures and for their names
    shapes = [pair.mask.shape[-1] / pair.mask.shape[-2] for _, pair in titled]
    width = min(10.0, 5.0 * sum(shapes)) - gap * (len(titled) - 1)
    height = width / sum(shapes)
    size = width + gap * (len(titled) - 1), height + above
    figure = Figure(figsize=size, dpi=DPI)
    figure.set_layout_engine("none")
    left, (whole, tall) = 0.0, figure.get_size_inches()
    for (part, pair), shape in zip(titled, shapes, strict=True):
        wide = height * shape
        axes = figure.add_axes((left / whole, 0, wide / whole, height / tall))
        axes.axis("off")
        _outlined(axes, pair)
        name = textwrap.fill(pair.name, max(11, int(13 * wide)))
        axes.set_title(f"{part}:\n{name}", fontsize=8)
        left += wide + gap
    return figure


def _outlined(axes: Any, pair: Pair) -> None:
    show_picture(axes, pair.image)
    if 0 < pair.mask.mean() < 1:
        axes.contour(pair.mask[0].numpy(), [0.5], colors=AMBER, linewidths=0.8)


def curves(history: Sequence[Look]) -> Figure:
    """Draw both losses, and below them the validation IoU with the look that was kept."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), dpi=DPI, layout="constrained")
    losses, ious = figure.subplots(2, 1, sharex=True)
    steps = [look.step for look in history]
    best = max(history, key=lambda look: look.validation_iou)
    last = history[-1]
    above = last.train_loss >= last.validation_loss  # the upper name stands higher, lest they meet
    for axes, name, said, colour, style, at in (
        (losses, "train_loss", "train", AMBER, "--", "bottom" if above else "top"),
        (losses, "validation_loss", "validation", BLUE, "-", "top" if above else "bottom"),
        (ious, "validation_iou", "validation", GREEN, "-", "center"),
    ):
        values = [getattr(look, name) for look in history]
        axes.plot(steps, values, color=colour, linestyle=style)
        axes.annotate(
            f" {said}", (steps[-1], values[-1]), color=colour, va=at, annotation_clip=False
        )
    ious.plot([best.step], [best.validation_iou], "o", color=GREEN, markersize=8)
    ious.annotate("kept", (best.step, best.validation_iou), (0, -14), textcoords="offset points")
    losses.set(ylabel="loss")
    ious.set(ylabel="IoU", xlabel="step", ylim=(0, 1))
    for axes in (losses, ious):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def comparison(
    pair: Pair, found: Mapping[str, Tensor], marks: Mapping[str, tuple[int, int]] | None = None
) -> Figure:
    """Draw a picture and, for each name, where its mask is right, missing and too much.

    Right is green, missed is amber and hatched, too much is vermilion and dotted.

    Args:
        pair: the picture and the wanted mask.
        found: masks (1, H, W) by name.
        marks: places to be circled, (row, column) by name; the names stand in the picture.
    """
    from matplotlib.figure import Figure

    count, (height, width) = len(found) + 1, pair.mask.shape[-2:]
    columns = 2 if count in (2, 4) else min(3, count)
    rows, shape = -(-count // columns), min(1.6, max(0.6, height / width))
    side = 9.4 / columns  # inches
    figure = Figure(
        figsize=(side * columns, (side * shape + 0.3) * rows + 0.4), dpi=DPI, layout="constrained"
    )
    first, *others = figure.subplots(rows, columns, squeeze=False).ravel()
    show_picture(first, pair.image)
    first.set_title(pair.name, fontsize=10)
    for axes, (name, mask) in zip(others, found.items(), strict=False):
        show_mistakes(axes, mask, pair.mask)
        axes.set_title(name, fontsize=10)
    for axes in (first, *others):
        axes.axis("off")
    for name, (row, column) in (marks or {}).items():
        for axes, colour in ((first, "white"), *((axes, "black") for axes in others[: len(found)])):
            axes.plot(column, row, "o", color=colour, markersize=26, fillstyle="none")
        first.annotate(
            name, (column, row), (17, 0), textcoords="offset points", color="white", va="center"
        )
    figure.supxlabel("green: right · amber ///: missed · vermilion ..: too much", fontsize=8)
    return figure


def show_mistakes(axes: Any, found: Tensor, wanted: Tensor, under: Tensor | None = None) -> None:
    """Show on axes where a mask is right, missing and too much.

    Args:
        axes: of matplotlib.
        found: a mask (1, H, W).
        wanted: the mask that it should be.
        under: a picture (C, H, W) whose brighter half shows through, faintly grey on white.
    """
    found, wanted = found[0].bool(), wanted[0].bool()
    canvas = np.ones((*found.shape, 3), dtype=np.float32)
    if under is not None:
        grey = under.mean(0)
        canvas -= 0.6 * (grey - grey.median()).clamp(min=0).numpy()[..., None]
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
