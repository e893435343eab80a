"""Drawings that explain: what boundary F1 matches, and the receptive field as a chain of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from unet_teach.segmentation.metrics import TOLERANCE, boundary, matched_boundaries
from unet_teach.segmentation.plots import in_course_style, new_figure, side_by_side
from unet_teach.shared.palette import DECODER, ENCODER, GREY, ON_DARK, WRONG

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COAST = """................  ................
           .######.........  .######.........
           .########.......  .########.......
           .####.####......  .#########......
           .###..#####.....  .##########.....
           .###..#####.....  .##########..##.
           .####.####......  .#########...##.
           .#########......  .#########......
           .########.......  .########.......
           ..#####.........  ..#####.........
           ................  ................"""
INSIDE, OUTSIDE = 0.35, 0.13  # brightness of a mask's pixels, and of all others
# A U-Net of depth 1 from the output back to the input: how many pixels wide the cells are that each
# layer reads, and how many more of them it needs on each side.
CHAIN = (
    ("one output pixel", DECODER, 1, 0),
    ("decoder, 2 convolutions", DECODER, 1, 2),
    ("transposed convolution", DECODER, 2, 0),
    ("bottleneck, 2 convolutions", ENCODER, 2, 2),
    ("max-pooling", ENCODER, 1, 0),
    ("encoder, 2 convolutions", ENCODER, 1, 2),
)


def outline_example() -> tuple[Tensor, Tensor]:
    """Return a prediction with an island too many, and its target with a lake: (H, W), bools."""
    target, prediction = (
        torch.tensor([[c == "#" for c in row.split()[side]] for row in COAST.split("\n")])
        for side in (0, 1)
    )
    return prediction, target


def matched_outlines(prediction: Tensor, target: Tensor) -> Figure:
    """Draw both outlines: matched pixels in green, the others in orange with a cross.

    Args:
        prediction: mask (H, W).
        target: mask of the same size.
    """
    images, crossed = {}, []
    matched = matched_boundaries(prediction, target, TOLERANCE)
    for name, mask, near in zip(
        ("prediction", "target"), (prediction, target), matched, strict=True
    ):
        outline = boundary(mask)
        image = torch.where(mask, INSIDE, OUTSIDE).repeat(3, 1, 1)
        for pixels, colour in ((near, ON_DARK[DECODER]), (outline & ~near, ON_DARK[WRONG])):
            image[:, pixels] = torch.tensor([*bytes.fromhex(colour[1:])])[:, None] / 255
        images[f"{name}'s outline: {int(near.sum())} of {int(outline.sum())} matched"] = image
        crossed.append((outline & ~near).nonzero().T)
    figure = side_by_side(images, width=352, columns=2)
    for axes, (rows, columns) in zip(figure.axes, crossed, strict=True):
        axes.plot(columns, rows, "x", color="black", markersize=7)
    return figure


@in_course_style
def receptive_field_chain() -> Figure:
    """Draw which cells of a row one output pixel needs in a U-Net of depth 1, layer by layer."""
    from matplotlib.patches import Rectangle  # slow to import

    figure = new_figure(704, 440)
    axes = figure.subplots()
    first, last = 0, 1  # the pixels that are needed, and the first one behind them
    for row, (name, colour, wide, more) in enumerate(CHAIN):
        left, right = first // wide - more, (last - 1) // wide + more
        first, last = left * wide, (right + 1) * wide
        for cell in range(-10 // wide, 12 // wide):
            place = (cell * wide, 2 * row), wide - 0.1, 0.9
            needed = left <= cell <= right
            if needed:
                axes.add_patch(Rectangle(*place, facecolor=colour, edgecolor="none", alpha=0.35))
            edge, width = (colour, 1.5) if needed else (GREY, 0.6)
            axes.add_patch(Rectangle(*place, fill=False, edgecolor=edge, linewidth=width))
        axes.text(-10, 2 * row - 0.45, name, va="center")
        words = f"{right * wide} further"
        axes.text(12, 2 * row - 0.45, words, va="center", ha="right", weight="bold")
    axes.set(xlim=(-10.2, 12.1), ylim=(2 * len(CHAIN) - 0.9, -1))
    axes.axis("off")
    return figure
