"""What a skip connection does for denoising: errors at edges and elsewhere, against training steps.

`python -m benchmarks.denoising` trains lesson 3's network with and without its skip, for several
seeds, and writes `denoising.json` beside this file. Both networks are trained on one image with
fresh noise, and judged twice: on this image, and on its mirror image, which they have never seen.
"""

from __future__ import annotations

import json
import statistics
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.shared.portrait import portrait

RESULTS = Path(__file__).with_name("denoising.json")
NOISE = 0.1  # standard deviation of the noise; black is 0, white is 1
STEPS = (200, 500, 1000, 2000)
SEEDS = range(5)


class OneSkip(nn.Module):
    """Lesson 3's network: three halvings, three doublings, one skip at the full resolution.

    Args:
        keep: 1 keeps the skip connection, 0 multiplies it by zero.
    """

    def __init__(self, keep: int) -> None:
        super().__init__()
        self.keep, channels = keep, (8, 16, 32, 32)  # from the full resolution down
        self.first = nn.Sequential(nn.Conv2d(1, channels[0], 3, padding=1), nn.ReLU())
        down, up = [], []
        for above, below in pairwise(channels):
            down += [nn.Conv2d(above, below, 3, stride=2, padding=1), nn.ReLU()]
        for below, above in pairwise((channels[-1], *channels[-2::-1])):
            up += [nn.ConvTranspose2d(below, above, 3, 2, padding=1, output_padding=1), nn.ReLU()]
        self.encoder, self.decoder = nn.Sequential(*down), nn.Sequential(*up)
        self.last = nn.Conv2d(2 * channels[0], 1, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        """Return the denoised image, (N, 1, H, W) like the input; sides divisible by 8."""
        fine = self.first(image)
        coarse = self.decoder(self.encoder(fine))
        output: Tensor = self.last(torch.cat([self.keep * fine, coarse], dim=1))
        return output


def face() -> Tensor:
    """Return the portrait of lesson 3, (1, 1, 128, 128), grey values from 0 to 1."""
    return F.avg_pool2d(torch.tensor(portrait())[None, None], 2)


def edges(image: Tensor) -> Tensor:
    """Mark the steepest tenth of an image (1, 1, H, W)."""
    steepness = torch.hypot(*torch.gradient(image[0, 0]))
    return (steepness > steepness.quantile(0.9)).expand_as(image)


def fixed_noise() -> Tensor:
    """Return the noise of the images that the networks are judged by."""
    return NOISE * torch.randn(face().shape, generator=torch.Generator().manual_seed(1000))


def results() -> list[dict[str, Any]]:
    """Return the committed runs: keep, seed, steps, errors at edges and elsewhere."""
    runs: list[dict[str, Any]] = json.loads(RESULTS.read_text(encoding="utf-8"))["runs"]
    return runs


def table() -> str:
    """Return the mean error at edges and its range over all seeds, as a Markdown table.

    Its first row has the error of the noisy image itself.
    """
    heads = "without skip", "with skip", "mirrored, without skip", "mirrored, with skip"
    lines = [f"| training steps | {' | '.join(heads)} |", "|---|---|---|---|---|"]
    noisy = [
        f"{fixed_noise()[edges(image)].abs().mean():.3f}" for image in (face(), face().flip(3))
    ]
    lines.append(f"| noisy input | {' | '.join(name for name in noisy for _ in (0, 1))} |")
    for steps in STEPS:
        cells = []
        for score, keep in product(("edges", "edges mirrored"), (0, 1)):
            runs = [run for run in results() if (run["keep"], run["steps"]) == (keep, steps)]
            errors = [run[score] for run in runs]
            mean = statistics.mean(errors)
            cells.append(f"{mean:.3f} ({min(errors):.3f}–{max(errors):.3f})")
        lines.append(f"| {steps} | {' | '.join(cells)} |")
    return "\n".join(lines)
