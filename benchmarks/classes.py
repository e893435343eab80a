"""Train several classes on made-up scenes and on real masks in VOC's palette; compare with one.

Run it from the project's folder: `python -m benchmarks.classes`. README.md explains.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.ablation import describe_machine
from unet_teach import UNet
from unet_teach.segmentation import Dataset, evaluate, from_folder, touching_nuclei, train
from unet_teach.segmentation.data.dataset import Pair

RESULTS = Path(__file__).parent / "results" / "classes.json"
NAMES = ("ground", "square", "disc", "line")
# The first colours of PASCAL VOC, and its border, which is void.
VOC = {"background": (0, 0, 0), "inside": (128, 0, 0), "border": (0, 128, 0)}
VOC_VOID = (224, 224, 192)
RECIPE: dict[str, Any] = {"batch": 8, "crop": 64, "learning_rate": 3e-3, "device": "cpu"}


def scene(number: int, side: int = 96) -> Pair:
    """Return a grey image with bright squares, dark discs and rare thin lines; each is a class."""
    random = np.random.default_rng(number)
    labels = np.zeros((side, side), np.uint8)
    rows, columns = np.mgrid[:side, :side]
    for _ in range(2):
        top, left = random.integers(0, side - 20, 2)
        labels[top : top + 20, left : left + 20] = 1
        y, x = random.integers(12, side - 12, 2)
        labels[(rows - y) ** 2 + (columns - x) ** 2 < 100] = 2
    row = int(random.integers(4, side - 4))
    labels[row, :] = 3
    image = np.array([0.4, 0.8, 0.1, 0.65], np.float32)[labels]
    image += 0.12 * random.standard_normal((side, side)).astype(np.float32)
    return Pair(torch.from_numpy(image[None]), torch.from_numpy(labels[None]), str(number))


def scenes() -> Dataset:
    """Return the made-up scenes: 32 to train, 8 to validate, 16 to test."""
    pairs = tuple(scene(number) for number in range(56))
    return Dataset("scenes", pairs[:32], pairs[32:40], pairs[40:], "made up", classes=NAMES)


def as_one_class(data: Dataset) -> Dataset:
    """Return the same images with a mask: whatever is not the first class is foreground."""
    splits = (
        tuple(Pair(image, (mask > 0).float(), name) for image, mask, name in pairs)
        for pairs in data.splits.values()
    )
    return Dataset(f"{data.name}, one class", *splits, data.source)


def in_voc_palette(folder: Path) -> Dataset:
    """Write the outlined nuclei as VOC writes masks, in colours of a palette; read them back.

    Experts drew the cells; where two of them touch is a class, and a frame of 2 pixels is void.
    """
    palette = [channel for colour in VOC.values() for channel in colour]
    palette += [0] * (3 * 255 - len(palette)) + list(VOC_VOID)
    for split, pairs in touching_nuclei()[0].splits.items():
        image, labels, _ = pairs[0]
        for left in range(0, 512, 128):
            piece = (slice(0, labels.shape[1] // 32 * 32), slice(left, left + 128))
            mask = labels[0][piece].numpy().copy()
            mask[:2], mask[-2:], mask[:, :2], mask[:, -2:] = 255, 255, 255, 255
            drawn = Image.fromarray(mask, "P")
            drawn.putpalette(palette)
            for name in ("images", "masks"):
                (folder / name).mkdir(exist_ok=True)
            drawn.save(folder / "masks" / f"{split}_{left}.png")
            grey = (image[0][piece] * 255).round().byte().numpy()
            Image.fromarray(grey).save(folder / "images" / f"{split}_{left}.png")
    return from_folder(folder / "images", folder / "masks", classes=VOC)


def scored(data: Dataset, class_weights: str, seed: int, steps: int) -> dict[str, Any]:
    """Train a U-Net on a dataset; return its scores on the test, and the processor time."""
    torch.manual_seed(seed)
    model = UNet(data.channels, data.out_channels, depth=3, base_channels=8)
    start = time.process_time()
    options = RECIPE | {"steps": steps, "seed": seed, "class_weights": class_weights}
    training = train(model, data, live=False, **options)
    used = time.process_time() - start
    scores = evaluate(training.model, data.test, classes=data.classes)
    return {
        "data": data.name,
        "class_weights": class_weights,
        "seed": seed,
        "mean_iou": round(scores.mean_iou, 3),
        "pixel_accuracy": round(scores.pixel_accuracy, 3),
        "iou": {name: round(iou, 3) for name, iou in scores.iou.items()},
        "seconds": round(used, 1),
    }


def cost(kind: str, steps: int) -> dict[str, float]:
    """Return processor time of a training step and the peak of memory, in a new process."""
    command = [sys.executable, "-m", "benchmarks.classes", "--cost", kind, "--steps", str(steps)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return measured


def measure_cost(kind: str, steps: int) -> None:
    """Print the cost of this process for training on scenes with several classes, or with one."""
    torch.set_num_threads(1)
    data = scenes() if kind == "classes" else as_one_class(scenes())
    torch.manual_seed(0)
    model = UNet(1, data.out_channels, depth=3, base_channels=8)
    start = time.process_time()
    train(model, data, live=False, steps=steps, seed=0, **RECIPE)
    used = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux: kB
    print(json.dumps({"ms_a_step": 1000 * used / steps, "peak_mb": peak}))


def main() -> None:
    """Print the tables, and write all rows to results/classes.json."""
    parser = argparse.ArgumentParser(description="Several classes beside one.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3, help="of the cost; its median counts")
    parser.add_argument("--cost", choices=("classes", "one class"), help=argparse.SUPPRESS)
    parser.add_argument("--smoke", action="store_true", help="a few steps, and no file")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.cost:
        measure_cost(options.cost, options.steps)
        return
    seeds, steps, rounds = options.seeds, options.steps, options.rounds
    ways = ["none", "inverse_sqrt"]
    if options.smoke:
        seeds, steps, rounds, ways = [0], 4, 1, ways[1:]
    rows = []
    with TemporaryDirectory() as temporary:
        for data in (scenes(), in_voc_palette(Path(temporary))):
            print(f"\n{data!r}\n\n| weights | seed | mean IoU | pixel accuracy | IoU of each |")
            print("|---|---:|---:|---:|---|")
            for weights in ways:
                for seed in seeds:
                    row = scored(data, weights, seed, steps)
                    rows.append(row)
                    each = ", ".join(f"{name} {iou:.2f}" for name, iou in row["iou"].items())
                    numbers = f"{row['mean_iou']:.2f} | {row['pixel_accuracy']:.3f}"
                    print(f"| {weights} | {seed} | {numbers} | {each} |", flush=True)
    costs: dict[str, dict[str, float]] = {}
    runs = [
        {kind: cost(kind, min(steps, 60)) for kind in ("one class", "classes")}
        for _ in range(rounds)
    ]
    for kind in ("one class", "classes"):
        costs[kind] = {
            name: round(statistics.median(run[kind][name] for run in runs), 1)
            for name in ("ms_a_step", "peak_mb")
        }
    ratios = {n: round(costs["classes"][n] / costs["one class"][n], 2) for n in costs["classes"]}
    print(f"\ncost: {costs}, four classes to one: {ratios}")
    report = {"rows": rows, "cost": costs, "ratios": ratios, "machine": describe_machine()}
    text = json.dumps(report, indent=1) + "\n"
    if options.smoke:
        print(text)
    else:
        RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
