"""Measure what a skip connection does for denoising: errors at edges and elsewhere.

`python -m benchmarks.denoising` trains lesson 3's network with and without its skip, and writes
`unet_teach/segmentation/ablation/denoising.json`, which the lesson shows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product

import torch
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.segmentation.ablation.denoising import (
    NOISE,
    RESULTS,
    SEEDS,
    STEPS,
    OneSkip,
    edges,
    face,
    fixed_noise,
)

LEARNING_RATE = 1e-2


def measure(keep: int, seed: int, steps: Sequence[int]) -> list[dict[str, float]]:
    """Train one network; return the mean absolute errors at the given steps.

    Args:
        keep: 1 with the skip connection, 0 without.
        seed: of the weights and of the training noise.
        steps: after which to measure, in rising order.
    """
    clean, noise = face(), fixed_noise()
    torch.manual_seed(seed)
    network = OneSkip(keep)
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    errors = []
    for step in range(1, steps[-1] + 1):
        loss = F.mse_loss(network(clean + NOISE * torch.randn_like(clean)), clean)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if step in steps:
            found = {}
            for suffix, image in {"": clean, " mirrored": clean.flip(3)}.items():
                with torch.no_grad():
                    error, at_edges = (network(image + noise) - image).abs(), edges(image)
                found[f"edges{suffix}"] = float(error[at_edges].mean())
                found[f"elsewhere{suffix}"] = float(error[~at_edges].mean())
            errors.append(found)
    return errors


def main() -> None:
    """Train both networks with every seed and write their errors."""
    torch.set_num_threads(1)
    runs = []
    for keep, seed in product((0, 1), SEEDS):
        for steps, error in zip(STEPS, measure(keep, seed, STEPS), strict=True):
            rounded = {key: round(value, 4) for key, value in error.items()}
            runs.append({"keep": keep, "seed": seed, "steps": steps, **rounded})
        print("with skip" if keep else "without skip", seed, runs[-1], flush=True)
    command = "python -m benchmarks.denoising"
    RESULTS.write_text(json.dumps({"command": command, "runs": runs}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
