"""The checkerboard pattern that each kind of up-sampling leaves in an image.

`python -m benchmarks.checkerboard` measures every kind with three seeds, and writes
`checkerboard.json` beside this file.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from unet_teach.networks import Up
from unet_teach.segmentation.data.dataset import earth
from unet_teach.segmentation.plots import side_by_side
from unet_teach.shared.png import decode_png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESULTS = Path(__file__).with_name("checkerboard.json")
WINDOW = slice(70, 134), slice(0, 64)  # of the validation image, for the figure: Mongolia
NAMES: dict[Up, str] = {
    "conv_transpose_2": "transposed, kernel 2",
    "conv_transpose_3": "transposed, kernel 3",
    "conv_transpose_4": "transposed, kernel 4",
    "bilinear": "bilinear",
    "nearest": "nearest",
}


@dataclass(frozen=True)
class Reconstruction:
    """The output of a network without skips that was trained to reproduce its input.

    Attributes:
        up: kind of up-sampling.
        seed: of weights and crops.
        ratio: power at a period of two pixels, divided by the mean of six frequencies below it,
            averaged over rows and columns; 1 is no checkerboard.
        error: mean squared error of the output for the validation image, with values from 0 to 1.
        picture: `WINDOW` of the output, as a PNG in base64; "" if it is not stored.
    """

    up: Up
    seed: int
    ratio: float
    error: float
    picture: str = field(default="", repr=False)


def results() -> list[Reconstruction]:
    """Return the runs in the package; those of seed 0 have a `picture`."""
    report = json.loads(RESULTS.read_text(encoding="utf-8"))
    return [Reconstruction(**run) for run in report["runs"]]


def table(runs: Iterable[Reconstruction] | None = None) -> str:
    """Return a Markdown table of mean and range over seeds, one row a kind of up-sampling.

    Args:
        runs: such as `results()`, the default.
    """
    chosen = list(results() if runs is None else runs)
    lines = ["| up-sampling | pattern (lowest–highest) | mean squared error |", "|---|---:|---:|"]
    for up in dict.fromkeys(run.up for run in chosen):
        ratios = [run.ratio for run in chosen if run.up == up]
        error = statistics.fmean(run.error for run in chosen if run.up == up)
        spread = f"{min(ratios):.1f}–{max(ratios):.1f}"
        lines.append(f"| {NAMES[up]} | {statistics.fmean(ratios):.1f} ({spread}) | {error:.5f} |")
    return "\n".join(lines)


def figure(runs: Iterable[Reconstruction] | None = None) -> Figure:
    """Draw `WINDOW` of the input and of the output of each run, with the same scale of greys.

    Args:
        runs: such as `results()`, the default; those with a `picture` are drawn.
    """
    chosen = [run for run in (results() if runs is None else runs) if run.picture]
    original = earth().validation[0].image[0][WINDOW]
    images = {"the image": original}
    for run in chosen:
        images[NAMES[run.up]] = torch.tensor(np.asarray(decode_png(run.picture))).float() / 255
    return side_by_side(images, value_range=(float(original.min()), float(original.max())))
