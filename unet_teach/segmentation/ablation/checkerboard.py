"""Measures the checkerboard pattern that each kind of up-sampling leaves in an image.

`python -m unet_teach.segmentation.ablation.checkerboard` measures every kind with three seeds, and
writes `checkerboard.json` beside this file.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.networks import UNet, Up
from unet_teach.segmentation.ablation.results import describe_machine
from unet_teach.segmentation.data.dataset import earth
from unet_teach.segmentation.evaluation import in_eval_mode
from unet_teach.segmentation.plots import side_by_side
from unet_teach.segmentation.training import random_crops
from unet_teach.shared.png import decode_png, encode_png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESULTS = Path(__file__).with_name("checkerboard.json")
NEIGHBOURS = 6  # number of frequencies that the highest one is compared with
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
        ratio: strength of the checkerboard, see `nyquist_ratio`; 1 is none.
        error: mean squared error of the output for the validation image, with values from 0 to 1.
        picture: `WINDOW` of the output, as a PNG in base64; "" if it is not stored.
        output: (H, W), for the validation image; None if it is not stored.
    """

    up: Up
    seed: int
    ratio: float
    error: float
    picture: str = field(default="", repr=False)
    output: Tensor | None = field(default=None, repr=False, compare=False)


def nyquist_ratio(image: Tensor) -> float:
    """Return how strongly an image alternates from pixel to pixel, compared with its texture.

    It is the power at the Nyquist frequency (a period of two pixels, as in a checkerboard) divided
    by the mean power of six frequencies below, averaged over rows and columns. A natural image has
    1 or less.

    Args:
        image: (H, W), each side at least 16 pixels.

    Raises:
        ValueError: if a side is shorter.
    """
    height, width = (side - side % 2 for side in image.shape)
    if min(height, width) < 16:
        raise ValueError(f"The image is {height}×{width}, but at least 16×16 pixels are needed.")
    image = image[:height, :width].double()
    ratios = []
    for rows in (image, image.T):
        window = torch.hann_window(rows.shape[1], periodic=True, dtype=torch.float64)
        power = torch.fft.rfft((rows - rows.mean()) * window).abs().square().mean(dim=0)
        # The Hann window spreads the highest frequency to the next one, which is left out.
        ratios.append(float(power[-1] / power[-2 - NEIGHBOURS : -2].mean()))
    return statistics.fmean(ratios)


def reconstruct(up: Up, seed: int = 0, steps: int = 300) -> Reconstruction:
    """Train a network without skips to reproduce its input, and measure the checkerboard.

    Without skips, a pattern as fine as a pixel can only come from the up-sampling.

    Args:
        up: kind of up-sampling, as in `UNet`.
        seed: of weights and crops.
        steps: number of updates of the weights.
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
        output = model(image[None])[0]
    return Reconstruction(
        up=up,
        seed=seed,
        ratio=nyquist_ratio(output[0]),
        error=F.mse_loss(output, image).item(),
        picture=_encode(output[0][WINDOW]),
        output=output[0],
    )


def results() -> list[Reconstruction]:
    """Return the runs in the package; those of seed 0 have a `picture`, and none an `output`."""
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
    images = {"the image": original} | {NAMES[run.up]: _decode(run.picture) for run in chosen}
    return side_by_side(images, value_range=(float(original.min()), float(original.max())))


def _encode(image: Tensor) -> str:
    """Return an image (H, W) with values from 0 to 1 as a PNG in base64."""
    pixels = (image.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    return encode_png(Image.fromarray(pixels), optimize=True)


def _decode(png: str) -> Tensor:
    """Return the image (H, W) of a PNG in base64, with values from 0 to 1."""
    return torch.from_numpy(np.asarray(decode_png(png), dtype=np.float32) / np.float32(255))


def main() -> None:
    """Measure every kind of up-sampling with three seeds, and write the results."""
    torch.set_num_threads(1)
    runs = [reconstruct(up, seed) for up in get_args(Up) for seed in range(3)]
    ratio_of_image = nyquist_ratio(earth().validation[0].image[0])
    report = {
        "command": "python -m unet_teach.segmentation.ablation.checkerboard",
        "machine": describe_machine(),
        "ratio_of_the_picture_itself": ratio_of_image,
        "runs": [
            {name: value for name, value in asdict(run).items() if name != "output"}
            for run in (replace(run, picture="" if run.seed else run.picture) for run in runs)
        ],
    }
    RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"the image itself: {ratio_of_image:.1f}", table(runs), sep="\n")


if __name__ == "__main__":
    main()
