"""Measure the checkerboard pattern that each kind of up-sampling leaves in an image.

`python -m benchmarks.checkerboard` measures every kind with three seeds, and writes
`unet_teach/segmentation/ablation/checkerboard.json`, which lesson 6 shows.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, replace
from typing import get_args

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from benchmarks.ablation import describe_machine
from unet_teach.networks import UNet, Up
from unet_teach.segmentation.ablation.checkerboard import RESULTS, WINDOW, Reconstruction, table
from unet_teach.segmentation.data.dataset import earth
from unet_teach.segmentation.evaluation import in_eval_mode
from unet_teach.segmentation.training import random_crops
from unet_teach.shared.png import encode_png

NEIGHBOURS = 6  # number of frequencies that the highest one is compared with


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


def reconstruct(up: Up, seed: int = 0, steps: int = 300) -> tuple[Reconstruction, Tensor]:
    """Train a network without skips to reproduce its input, and measure the checkerboard.

    Without skips, a pattern as fine as a pixel can only come from the up-sampling. Returned is the
    output for the validation image as well, (H, W).

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
    run = Reconstruction(
        up=up,
        seed=seed,
        ratio=nyquist_ratio(output[0]),
        error=F.mse_loss(output, image).item(),
        picture=_encode(output[0][WINDOW]),
    )
    return run, output[0]


def _encode(image: Tensor) -> str:
    """Return an image (H, W) with values from 0 to 1 as a PNG in base64."""
    pixels = (image.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    return encode_png(Image.fromarray(pixels), optimize=True)


def main() -> None:
    """Measure every kind of up-sampling with three seeds, and write the results."""
    torch.set_num_threads(1)
    runs = [reconstruct(up, seed)[0] for up in get_args(Up) for seed in range(3)]
    ratio_of_image = nyquist_ratio(earth().validation[0].image[0])
    report = {
        "command": "python -m benchmarks.checkerboard",
        "machine": describe_machine(),
        "ratio_of_the_picture_itself": ratio_of_image,
        "runs": [asdict(replace(run, picture="" if run.seed else run.picture)) for run in runs],
    }
    RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"the image itself: {ratio_of_image:.1f}", table(runs), sep="\n")


if __name__ == "__main__":
    main()
