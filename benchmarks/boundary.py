"""Look for a better minute of training on earth: IoU and outlines against the random forest.

`python -m benchmarks.boundary screen` compares candidates on validation images, `train` trains the
one that was chosen, `report` scores it on the test beside forests. README.md explains.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from benchmarks.coast import SIXTY_NORTH, scores
from unet_teach import UNet
from unet_teach.segmentation import Dataset, Pair, earth, evaluate, train
from unet_teach.segmentation.baselines import Baseline, random_forest
from unet_teach.segmentation.evaluation import logits_of
from unet_teach.segmentation.metrics import ScoreAccumulator, boundary
from unet_teach.segmentation.training import bce_dice_loss, boundary_pixels, one_cycle, random_crops

RESULTS = Path(__file__).parent / "results" / "boundary.json"
TRAINED = Path(__file__).parent.parent / "build" / "boundary"
SECONDS = 40  # of processor time, for each training
SEEDS = range(20)
STEPS = 700  # fit into SECONDS on the machine of the results
AVERAGING = 0.99  # of the weights, from step to step
THRESHOLDS = -1.0, -0.5, 0.0, 0.5, 1.0  # of the logits
FURTHEST = 3  # pixels: of the shift between image and mask that is looked for
FINE = 4  # shifts are looked for in quarters of a pixel


@dataclass(frozen=True)
class Plan:
    """How a candidate is trained; the default is lesson 5's way, for `SECONDS`.

    Attributes:
        width: channels of level 0.
        decoder: as in `UNet`.
        batch: crops in a step.
        learning_rate: the highest one.
        at_coast: fraction of the crops that are placed over a random pixel of the coast.
        transposed: whether half of the crops are transposed, as well as flipped.
        seeds: how many were tried.
    """

    width: int = 8
    decoder: str = "symmetric"
    batch: int = 8
    learning_rate: float = 3e-3
    at_coast: float = 0.0
    transposed: bool = False
    seeds: int = 2


PLANS = {
    "lesson 5": Plan(seeds=3),
    "half of the crops at the coast": Plan(at_coast=0.5, seeds=3),
    "all crops at the coast": Plan(at_coast=1.0),
    "all at the coast, batch 4": Plan(at_coast=1.0, batch=4),
    "all at the coast, learning rate 6e-3": Plan(at_coast=1.0, learning_rate=6e-3, seeds=1),
    "12 channels": Plan(width=12),
    "16 channels, narrow decoder": Plan(width=16, decoder="narrow"),
    "transposed crops": Plan(transposed=True, seeds=1),
}


def draw(
    pairs: Sequence[Pair], coasts: Sequence[Tensor], plan: Plan, random: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return images and masks of a batch, (N, 1, 64, 64) each."""
    side, images, masks = 64, [], []
    pixels = torch.tensor([float(pair.mask.numel()) for pair in pairs])
    for index in torch.multinomial(pixels, plan.batch, replacement=True, generator=random).tolist():
        image, mask, _ = pairs[index]
        top, left, *flips, at_coast, which, transposed = torch.rand(7, generator=random).tolist()
        row, column = (
            int(t * (s - side + 1)) for t, s in zip((top, left), mask[0].shape, strict=True)
        )
        if at_coast < plan.at_coast:
            pixel = coasts[index][int(which * len(coasts[index]))].tolist()
            row = min(max(0, pixel[0] - int(side * top)), mask.shape[1] - side)
            column = min(max(0, pixel[1] - int(side * left)), mask.shape[2] - side)
        window = (slice(None), slice(row, row + side), slice(column, column + side))
        axes = [axis for axis, chance in zip((1, 2), flips, strict=True) if chance < 0.5]
        turn = plan.transposed and transposed < 0.5
        for crops, whole in ((images, image), (masks, mask)):
            crop = whole[window].flip(axes)
            crops.append(crop.transpose(1, 2) if turn else crop)
    return torch.stack(images), torch.stack(masks)


@torch.inference_mode()
def ways_to_predict(model: nn.Module, averaged: nn.Module, pair: Pair) -> dict[str, list[float]]:
    """Return IoU and boundary F1 on an image: plain, and with what costs no training."""
    flips = [[], [1], [2], [1, 2]]  # axes
    views = [(axes, turn) for turn in (False, True) for axes in flips]

    def mean_logits(network: nn.Module, views: Sequence[tuple[list[int], bool]]) -> Tensor:
        network.eval()
        logits = []
        for axes, turn in views:
            image = pair.image.flip(axes)
            image = image.transpose(1, 2) if turn else image
            output = network(image[None].contiguous())[0]
            logits.append((output.transpose(1, 2) if turn else output).flip(axes))
        return torch.stack(logits).mean(0)

    plain = mean_logits(model, views[:1])
    masks = {
        "plain": plain > 0,
        "logits above -0.5": plain > -0.5,
        "logits above 0.5": plain > 0.5,
        "mean of 4 flips": mean_logits(model, views[:4]) > 0,
        "mean of 8 flips and transposes": mean_logits(model, views) > 0,
        "averaged weights": mean_logits(averaged, views[:1]) > 0,
    }
    found = {}
    for name, mask in masks.items():
        accumulator = ScoreAccumulator()
        accumulator.add(mask, pair.mask)
        found[name] = [round(accumulator.scores.iou, 4), round(accumulator.scores.boundary_f1, 4)]
    return found


def screen(name: str, seed: int, seconds: float) -> dict[str, Any]:
    """Train a candidate for some processor time; return its scores on validation."""
    plan, data = PLANS[name], earth()
    coasts = [boundary(pair.mask)[0].nonzero() for pair in data.train]
    torch.manual_seed(seed)
    model = UNet(1, 1, depth=3, base_channels=plan.width, decoder=plan.decoder)
    model = model.to(memory_format=torch.channels_last)
    averaged, random = deepcopy(model), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=plan.learning_rate)
    start, step = time.process_time(), 0
    while (progress := (time.process_time() - start) / seconds) < 1:
        optimizer.param_groups[0]["lr"] = plan.learning_rate * one_cycle(progress)
        images, masks = draw(data.train, coasts, plan, random)
        logits = model.train()(images.to(memory_format=torch.channels_last))
        loss = bce_dice_loss(logits, masks)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        kept = min(AVERAGING, step / (step + 10))
        current = model.state_dict()
        for key, average in averaged.state_dict().items():
            if average.is_floating_point():
                average.lerp_(current[key], 1 - kept)
    return {
        "name": name,
        "seed": seed,
        "steps": step,
        "core_seconds": round(time.process_time() - start, 1),
        "validation": ways_to_predict(model, averaged, data.validation[0]),
    }


def logits_above(model: nn.Module, threshold: float) -> Baseline:
    """Return a predictor: land is where the logit is above a threshold."""
    return lambda image: logits_of(model.eval(), image) > threshold


def train_chosen(seed: int, steps: int) -> dict[str, Any]:
    """Train lesson 5's network with all crops at the coast; keep its weights, and its costs."""
    data = earth()
    torch.manual_seed(seed)
    model, start = UNet(1, 1, depth=3, base_channels=8), time.process_time()
    options: dict[str, Any] = {"crop_at": "boundary", "device": "cpu", "live": False}
    run = train(model, data, steps=steps, seed=seed, **options)
    seconds = round(time.process_time() - start, 1)
    TRAINED.mkdir(parents=True, exist_ok=True)
    torch.save(run.model.state_dict(), TRAINED / f"{seed}.pt")
    row = {"seed": seed, "steps": run.steps, "core_seconds": seconds, "kept": run.best.step}
    (TRAINED / f"{seed}.json").write_text(json.dumps(row), encoding="utf-8")
    return row


def validation_scores(model: nn.Module, data: Dataset) -> dict[str, list[float]]:
    """Return IoU and boundary F1 on validation for each threshold of the logits."""
    found = {}
    with torch.inference_mode():
        for threshold in THRESHOLDS:
            score = evaluate(logits_above(model, threshold), data.validation)
            found[str(threshold)] = [round(score.iou, 4), round(score.boundary_f1, 4)]
    return found


def report(seeds: Sequence[int]) -> dict[str, Any]:
    """Choose the threshold on validation, then score networks and forests once on the test."""
    data, runs = earth(), []
    for seed in seeds:
        model = UNet(1, 1, depth=3, base_channels=8)
        model.load_state_dict(torch.load(TRAINED / f"{seed}.pt", weights_only=True))
        row = json.loads((TRAINED / f"{seed}.json").read_text(encoding="utf-8"))
        runs.append((model, row | {"validation": validation_scores(model, data)}))
    means = {
        threshold: statistics.fmean(sum(row["validation"][str(threshold)]) for _, row in runs)
        for threshold in THRESHOLDS
    }
    chosen = max(means, key=lambda threshold: means[threshold])
    rows = []
    for model, row in runs:
        forest = random_forest(data.train, seed=row["seed"])
        with torch.inference_mode():
            by_half, by_chosen = (scores(logits_above(model, t), data) for t in (0.0, chosen))
        test = {"U-Net": by_half, "U-Net, threshold": by_chosen, "forest": scores(forest, data)}
        rows.append(row | {"test": test})
        print(row["seed"], test, flush=True)
    return {"threshold": chosen, "runs": rows}


def forests(seed: int) -> dict[str, Any]:
    """Return the validation scores of a forest, and of one trained on crops at the coast."""
    data, random = earth(), torch.Generator().manual_seed(seed)
    coasts = [boundary_pixels(pair.mask) for pair in data.train]
    crops = zip(*random_crops(data.train, 64, 64, random, coasts), strict=True)
    found: dict[str, Any] = {"seed": seed}
    trained_on = {"anywhere": data.train, "at the coast": [Pair(*crop, "") for crop in crops]}
    for name, pairs in trained_on.items():
        score = evaluate(random_forest(pairs, seed=seed), data.validation)
        found[name] = [round(score.iou, 4), round(score.boundary_f1, 4)]
    return found


def wins(rows: Sequence[dict[str, Any]], method: str) -> dict[str, int]:
    """Return in how many runs a method beats the forest of the same seed on the test."""
    found = [
        [row["test"][method][name] > row["test"]["forest"][name] for name in ("iou", "boundary_f1")]
        for row in rows
    ]
    by_iou, by_f1 = (sum(each) for each in zip(*found, strict=True))
    return {"iou": by_iou, "boundary_f1": by_f1, "both": sum(map(all, found))}


def shift(pair: Pair, rows: slice) -> list[float]:
    """Return by how many pixels (down, right) the image's edges fit the mask's outline best.

    Edges are the lengths of Sobel gradients, the image's divided by the deviation of grey values
    within 8 pixels, so that a snowy coast counts no more than others.
    """

    def edges(values: Tensor) -> Tensor:
        down = torch.tensor([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]]) / 8
        padded = F.pad(values[None], [1] * 4, mode="replicate")
        gradients = F.conv2d(padded, torch.stack([down, down.T])[:, None])
        return gradients.norm(dim=1)

    def mean(values: Tensor) -> Tensor:
        return F.avg_pool2d(F.pad(values[None], [8] * 4, mode="replicate"), 17, 1)[0]

    image, margin = pair.image, FINE * FURTHEST
    deviation = (mean(image**2) - mean(image) ** 2).clamp(min=1e-4).sqrt()
    fine = [
        F.interpolate(each[:, rows][None], scale_factor=FINE, mode="bicubic")[0, 0]
        for each in (edges(image) / (deviation + 0.02), edges(pair.mask))
    ]
    grey, outline = fine[0] - fine[0].mean(), fine[1][margin:-margin, margin:-margin]
    height, width = outline.shape
    fits = {
        (down, right): float((grey[down : down + height, right : right + width] * outline).sum())
        for down in range(2 * margin + 1)
        for right in range(2 * margin + 1)
    }
    down, right = max(fits, key=lambda place: fits[place])
    return [(down - margin) / FINE, (right - margin) / FINE]


def shifts(data: Dataset) -> list[dict[str, Any]]:
    """Return the shift of each image against its mask: the whole, and north and south of 60° N."""
    parts = {"whole": slice(None), "north": slice(SIXTY_NORTH), "south": slice(SIXTY_NORTH, None)}
    return [
        {"image": pair.name, "part": part, "pixels": shift(pair, rows)}
        for pair in (*data.train, *data.validation, *data.test)
        for part, rows in parts.items()
    ]


def main() -> None:
    """Do one of the three steps, and write what it measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["screen", "train", "report"])
    parser.add_argument("--names", nargs="+", choices=list(PLANS), default=list(PLANS))
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--smoke", action="store_true", help="short runs, and no file of results")
    options = parser.parse_args()
    torch.set_num_threads(1)
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    if options.part == "screen":
        results["candidates"] = [
            screen(name, seed, 0.2 if options.smoke else SECONDS)
            for name in options.names
            for seed in range(1 if options.smoke else PLANS[name].seeds)
        ]
        results["forests"] = [forests(seed) for seed in range(1 if options.smoke else 3)]
    elif options.part == "train":
        for seed in options.seeds:
            if not (TRAINED / f"{seed}.json").exists():
                print(train_chosen(seed, steps=2 if options.smoke else STEPS), flush=True)
    else:
        results |= report(options.seeds)
        for method in ("U-Net", "U-Net, threshold"):
            results[f"wins of {method}"] = wins(results["runs"], method)
        results["command"] = "python -m benchmarks.boundary report"
        results["shifts"] = shifts(earth())
        results["machine"] = {
            "system": f"{platform.system()} {platform.machine()}",
            "cpus": os.cpu_count(),
            "load": [round(average, 1) for average in os.getloadavg()],
            "torch": torch.__version__,
        }
    if options.smoke:
        print(json.dumps(results))
    elif options.part != "train":
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
