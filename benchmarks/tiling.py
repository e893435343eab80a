"""Measures the memory of `predict_tiled`, seams between tiles, and the effect of shifts.

Run it from the project's folder: `python -m benchmarks.tiling`. README.md explains.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from benchmarks.ablation import describe_machine
from unet_teach import UNet
from unet_teach.segmentation import ablation, lines_in_rings, predict_tiled, train
from unet_teach.segmentation.exact_sums import exact_sums
from unet_teach.segmentation.tiling import needed_overlap
from unet_teach.segmentation.unet_receptive_field import receptive_field_of

RESULTS = Path(__file__).parent / "results" / "tiling.json"
INNER = 128  # pixels at the border that are left out of a comparison: zero padding affects them

# Runs in a process of its own. The operating system caches the pages of mapped files as long as
# the memory is free. They count as shared memory, so only private memory is measured.
PEAK = """
import sys, threading, time
import numpy as np, psutil, torch
from unet_teach import UNet
from unet_teach.segmentation import predict_tiled
torch.set_num_threads(1)
side, way = int(sys.argv[1]), sys.argv[2]
model = UNet(1, 1, depth=3, base_channels=8).eval()
image = np.memmap("in", np.uint8, "w+", shape=(1, side, side))
out = np.memmap("out", np.float32, "w+", shape=(1, side, side))
peak, process, done = 0, psutil.Process(), threading.Event()
def watch():
    global peak
    while not done.wait(0.02):
        memory = process.memory_info()
        peak = max(peak, memory.rss - memory.shared)
threading.Thread(target=watch, daemon=True).start()
start = time.perf_counter()
if way == "tiles":
    predict_tiled(model, image, 512, out=out)
else:
    with torch.inference_mode():
        model(torch.from_numpy(image)[None].float() / 255)
seconds = time.perf_counter() - start
done.set()
print(peak // 2**20, seconds)
"""


def measure_memory(side: int, way: str) -> dict[str, Any]:
    """Return the peak of private memory in MB, and the seconds, for an image of side × side pixels.

    Args:
        side: of the image, in pixels.
        way: "tiles" or "whole".
    """
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-c", PEAK, str(side), way]
        environment = {**os.environ, "PYTHONPATH": os.getcwd()}
        run = subprocess.run(
            command, capture_output=True, text=True, cwd=folder, env=environment, check=True
        )
    peak, seconds = run.stdout.split()
    return {"side": side, "way": way, "peak_mb": int(peak), "seconds": round(float(seconds), 1)}


def train_network(steps: int) -> UNet:
    """Return the network of the course, trained by the recipe of lines in rings."""
    torch.manual_seed(0)
    model = UNet(1, 1, **ablation.NETWORK)
    recipe = ablation.RECIPES["lines in rings"] | {"steps": steps}
    train(model, lines_in_rings(64), device="cpu", live=False, **recipe)
    return model


def mosaic() -> torch.Tensor:
    """Return twelve test images in three rows: (1, 288, 384)."""
    images = [pair.image for pair in lines_in_rings(48, seed=3).test]
    return torch.cat([torch.cat(images[i : i + 4], 2) for i in (0, 4, 8)], 1)


def seams(model: UNet, overlaps: Sequence[int]) -> list[dict[str, Any]]:
    """Return how much the probabilities of tiles and of the whole image differ, by overlap."""
    image = mosaic()
    rows = []
    with exact_sums(), torch.no_grad():
        whole = model(image[None])[0].sigmoid()
        for overlap in (*overlaps, needed_overlap(model)):
            tiled = torch.as_tensor(predict_tiled(model, image, 96, overlap)).sigmoid()
            differs = (tiled > 0.5) != (whole > 0.5)
            rows.append(
                {
                    "overlap": overlap,
                    "largest": float((tiled - whole).abs().max()),
                    "pixels_decided_otherwise": int(differs.sum()),
                    "equal_to_the_last_bit": torch.equal(tiled, whole),
                }
            )
    return rows


def shifts(model: UNet) -> list[dict[str, Any]]:
    """Return how much the shifted output differs from the output of the shifted image, by shift."""
    image, rows = mosaic(), []
    with exact_sums(), torch.no_grad():
        whole = model(image[None])[0].sigmoid()
        for step in (1, 2, 4, 8, 16):
            moved = model(image[None, :, :, step:])[0].sigmoid()
            inner = moved[:, INNER:-INNER, INNER : -INNER - step]
            there = whole[:, INNER:-INNER, INNER + step : -INNER]
            there = there[:, :, : inner.shape[2]]
            rows.append({"pixels": step, "largest": float((inner - there).abs().max())})
    return rows


def main() -> None:
    """Measure, print, and write everything to the results file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sides", type=int, nargs="+", default=[1000, 3000, 10000])
    parser.add_argument("--whole", type=int, nargs="+", default=[1000, 3000], help="without tiles")
    parser.add_argument("--smoke", action="store_true", help="only see it run; writes no results")
    options = parser.parse_args()
    overlaps = (0, 8, 16, 24, 32, 40)
    if options.smoke:
        options.sides, options.whole, overlaps = [600], [600], overlaps[:1]
    torch.set_num_threads(1)
    start = time.perf_counter()
    model = train_network(2 if options.smoke else ablation.RECIPES["lines in rings"]["steps"])
    report: dict[str, Any] = {
        "command": " ".join(["python -m benchmarks.tiling", *sys.argv[1:]]),
        "machine": describe_machine(),
        "receptive_field": receptive_field_of(model)._asdict(),
        "needed_overlap": needed_overlap(model),
        "seams": seams(model, overlaps),
        "shifts": shifts(model),
        "memory": [measure_memory(side, "tiles") for side in options.sides]
        + [measure_memory(side, "whole") for side in options.whole],
    }
    print(json.dumps(report, indent=1), f"{time.perf_counter() - start:.0f} s", sep="\n")
    if not options.smoke:
        RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
