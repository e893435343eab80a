"""The checkerboard: what uneven overlap of transposed convolutions leaves in a picture, measured.

`python -m unet_teach.segmentation.ablation.checkerboard` measures every kind of up-sampling with
three seeds and writes `checkerboard.json` beside this file.
"""

from __future__ import annotations

import base64
import io
import json
import os
import platform
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.networks import UNet, Up
from unet_teach.segmentation.data.dataset import earth
from unet_teach.segmentation.evaluation import in_eval_mode
from unet_teach.segmentation.training import random_crops

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESULTS = Path(__file__).with_name("checkerboard.json")
NEIGHBOURS = 6  # frequencies just below the highest
WINDOW = slice(70, 134), slice(0, 64)  # of the validation picture, to be looked at: Mongolia
NAMES: dict[Up, str] = {
    "conv_transpose_2": "transposed, kernel 2",
    "conv_transpose_3": "transposed, kernel 3",
    "conv_transpose_4": "transposed, kernel 4",
    "bilinear": "bilinear",
    "nearest": "nearest",
}


@dataclass(frozen=True)
class Reconstruction:
    """A network that was to draw its own input again, through a narrow middle, without skips.

    Attributes:
        up: kind of up-sampling.
        seed: of weights and crops.
        ratio: power at the highest frequency over that of its neighbours; 1 is no checkerboard.
        error: mean squared error of what it drew, of pictures from 0 to 1.
        picture: what it drew in `WINDOW`, as a PNG in base64; "" where it is not kept.
        drawn: what it drew of the validation picture, (H, W).
    """

    up: Up
    seed: int
    ratio: float
    error: float
    picture: str = field(default="", repr=False)
    drawn: Tensor | None = field(default=None, repr=False, compare=False)


def nyquist_ratio(picture: Tensor) -> float:
    """Return how much a picture alternates from pixel to pixel, beyond what its texture would.

    It is the power at the highest frequency a picture can have (one period is two pixels, the
    Nyquist frequency) over the mean power of the six frequencies below, along rows and columns. 1
    or less is a natural picture; the checkerboard repeats every two pixels and stands out.

    Args:
        picture: (H, W), each side at least 16 pixels.
    """
    height, width = (side - side % 2 for side in picture.shape)
    if min(height, width) < 16:
        raise ValueError(f"The picture is {height}×{width}. At least 16×16 pixels are needed.")
    picture = picture[:height, :width].double()
    ratios = []
    for rows in (picture, picture.T):
        window = torch.hann_window(rows.shape[1], periodic=True, dtype=torch.float64)
        power = torch.fft.rfft((rows - rows.mean()) * window).abs().square().mean(dim=0)
        # The window spreads the highest frequency to one neighbour: that one is passed over.
        ratios.append(float(power[-1] / power[-2 - NEIGHBOURS : -2].mean()))
    return statistics.fmean(ratios)


def reconstruct(up: Up, seed: int = 0, steps: int = 300) -> Reconstruction:
    """Train a network without skips to draw its input again, and measure the checkerboard.

    Without skips the fine pattern can only come from the up-sampling itself.

    Args:
        up: kind of up-sampling, as in `UNet`.
        seed: of weights and crops.
        steps: how often the weights change.
    """
    torch.manual_seed(seed)
    model = UNet(1, 1, depth=2, base_channels=8, skip="none", up=up)
    data, random = earth(), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(steps):
        images, _ = random_crops(data.train, 8, 48, random)
        optimizer.zero_grad()
        F.mse_loss(model(images), images).backward()  # type: ignore[no-untyped-call, unused-ignore]
        optimizer.step()
    image = data.validation[0].image
    with in_eval_mode(model), torch.no_grad():
        drawn = model(image[None])[0]
    return Reconstruction(
        up=up,
        seed=seed,
        ratio=nyquist_ratio(drawn[0]),
        error=F.mse_loss(drawn, image).item(),
        picture=_png(drawn[0][WINDOW]),
        drawn=drawn[0],
    )


def results(path: Path = RESULTS) -> list[Reconstruction]:
    """Return the runs that come with the course; of what they drew, seed 0's window."""
    return [Reconstruction(**run) for run in json.loads(path.read_text(encoding="utf-8"))["runs"]]


def table(runs: Iterable[Reconstruction] | None = None) -> str:
    """Return a Markdown table: mean and range over seeds, a row a kind of up-sampling."""
    chosen = list(results() if runs is None else runs)
    lines = ["| up-sampling | pattern (lowest–highest) | mean squared error |", "|---|---:|---:|"]
    for up in dict.fromkeys(run.up for run in chosen):
        ratios = [run.ratio for run in chosen if run.up == up]
        error = statistics.fmean(run.error for run in chosen if run.up == up)
        spread = f"{min(ratios):.1f}–{max(ratios):.1f}"
        lines.append(f"| {NAMES[up]} | {statistics.fmean(ratios):.1f} ({spread}) | {error:.5f} |")
    return "\n".join(lines)


def figure(runs: Iterable[Reconstruction] | None = None) -> Figure:
    """Draw `WINDOW` of the picture, and of what each kind of up-sampling made of it, alike bright.

    Args:
        runs: such as `results()`, the default; those with a picture are drawn.
    """
    from matplotlib.figure import Figure

    from unet_teach.segmentation.plots import DPI

    chosen = [run for run in (results() if runs is None else runs) if run.picture]
    given = earth().validation[0].image[0][WINDOW].numpy()
    drawn = {"the picture": given} | {NAMES[run.up]: _pixels(run.picture) for run in chosen}
    columns, rows = 3, -(-len(drawn) // 3)
    made = Figure(figsize=(2.9 * columns, 3.2 * rows), dpi=DPI, layout="constrained")
    grid = made.subplots(rows, columns, squeeze=False).ravel()
    for axes, (name, pixels) in zip(grid, drawn.items(), strict=False):
        limits = {"vmin": float(given.min()), "vmax": float(given.max())}
        axes.imshow(pixels, cmap="gray", interpolation="nearest", **limits)
        axes.set_title(name, fontsize=10)
    for axes in grid:
        axes.axis("off")
    return made


def _png(drawn: Tensor) -> str:
    file = io.BytesIO()
    pixels = (drawn.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    Image.fromarray(pixels).save(file, format="png", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def _pixels(picture: str) -> NDArray[np.float32]:
    """Return a stored picture (H, W), from 0 to 1."""
    image = Image.open(io.BytesIO(base64.b64decode(picture)))
    pixels: NDArray[np.float32] = np.asarray(image, dtype=np.float32) / np.float32(255)
    return pixels


def main() -> None:
    """Measure all of them and write the results; the pictures of seed 0."""
    torch.set_num_threads(1)
    runs = [reconstruct(up, seed) for up in get_args(Up) for seed in range(3)]
    own = nyquist_ratio(earth().validation[0].image[0])
    report = {
        "command": "python -m unet_teach.segmentation.ablation.checkerboard",
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "cpus": os.cpu_count(),
            "torch": torch.__version__,
        },
        "ratio_of_the_picture_itself": own,
        "runs": [
            {name: value for name, value in asdict(run).items() if name != "drawn"}
            for run in (replace(run, picture="" if run.seed else run.picture) for run in runs)
        ],
    }
    RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"the picture itself: {own:.1f}", table(runs), sep="\n")


if __name__ == "__main__":
    main()
