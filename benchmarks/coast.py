"""Measure what lesson 5 says about earth: whose coasts are right where, and when the loss leaps.

Splits boundary F1 at 60° N, for baselines and for U-Nets of many seeds and some widths.
Run it from the project's folder: `python -m benchmarks.coast`. README.md explains.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path
from typing import Any

import torch
from torch import nn

from unet_teach import UNet
from unet_teach.segmentation import Dataset, baselines, boundary_f1, earth, evaluate, predict, train
from unet_teach.segmentation.baselines import Baseline

RESULTS = Path(__file__).parent / "results" / "coast.json"
LESSON_5 = 8  # base_channels of its network
SIXTY_NORTH = 45  # the row: the picture begins at 75.9° N, 0.35° a row


def scores(method: nn.Module | Baseline, data: Dataset) -> dict[str, float]:
    """Return IoU and boundary F1 on the test, the latter also north and south of 60° N."""
    image, target, _ = data.test[0]
    mask, whole = predict(method, image), evaluate(method, data.test)
    north, south = slice(SIXTY_NORTH), slice(SIXTY_NORTH, None)
    parts = {
        "boundary_f1": whole.boundary_f1,
        "north": boundary_f1(mask[:, north], target[:, north]),
        "south": boundary_f1(mask[:, south], target[:, south]),
    }
    return {"iou": round(whole.iou, 3)} | {name: round(f1, 3) for name, f1 in parts.items()}


def trained(data: Dataset, base_channels: int, seed: int, steps: int) -> dict[str, Any]:
    """Train lesson 5's U-Net, or a wider one; return its scores, and the losses of the former."""
    torch.manual_seed(seed)
    model = UNet(1, 1, depth=3, base_channels=base_channels)
    training = train(model, data, steps=steps, seed=seed, device="cpu", live=False)
    row = {"method": "U-Net", "base_channels": base_channels, "seed": seed}
    row |= scores(training.model, data)
    if base_channels == LESSON_5:
        row["validation_losses"] = [round(step.validation_loss, 3) for step in training.history]
    return row


def main() -> None:
    """Print a line for each run, and write them all."""
    parser = argparse.ArgumentParser(description="Whose coasts are right, and where.")
    parser.add_argument("--seeds", type=int, default=7, help="of lesson 5's U-Net")
    parser.add_argument("--wider", type=int, default=3, help="seeds of one with twice the channels")
    parser.add_argument("--smoke", action="store_true", help="one short run, and no file")
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = earth()
    plan = [(LESSON_5, seed) for seed in range(options.seeds)]
    plan += [(2 * LESSON_5, seed) for seed in range(options.wider)]
    runs: list[dict[str, Any]] = [{"method": "Otsu"} | scores(baselines.otsu(), data)]
    for seed in range(1 if options.smoke else 3):
        forest = baselines.random_forest(data.train, seed=seed)
        runs.append({"method": "random forest", "seed": seed} | scores(forest, data))
    for base_channels, seed in plan[:1] if options.smoke else plan:
        runs.append(trained(data, base_channels, seed, steps=2 if options.smoke else 600))
        print(runs[-1], flush=True)
    machine = {
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "torch": torch.__version__,
    }
    report = {"command": "python -m benchmarks.coast", "machine": machine, "runs": runs}
    text = json.dumps(report, indent=1)
    print(text)
    if not options.smoke:
        RESULTS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
