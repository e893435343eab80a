"""Measure what lesson 9 says: which way of counting cells finds most of them, and what weights do.

Trains U-Nets with three classes on four cuts of the nuclei image, with three kinds of weights, and
scores objects. Run it from the project's folder: `python -m benchmarks.cells`. README.md explains.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import UNet
from unet_teach.segmentation import baselines, evaluate, train
from unet_teach.segmentation.cell_targets import CLASSES, border_classes, weight_map
from unet_teach.segmentation.class_scores import ClassScores
from unet_teach.segmentation.data.dataset import Dataset, Pair, load_pixels, make_pair
from unet_teach.segmentation.evaluation import logits_of
from unet_teach.segmentation.instances import (
    INSIDE,
    border_watershed,
    cells_below,
    connected_components,
    distance_watershed,
)
from unet_teach.segmentation.object_matching import average_precision, object_scores
from unet_teach.segmentation.task import task_of
from unet_teach.segmentation.training import METRICS_EVERY, one_cycle, random_crops
from unet_teach.segmentation.training_result import centre_crops, measure_step

RESULTS = Path(__file__).parent / "results" / "cells.json"
RECIPE = {"steps": 300, "batch": 8, "crop": 64, "learning_rate": 6e-3}
PIXELS = "inverse_sqrt, pixel by pixel"  # the same loss as inverse_sqrt, rounded differently
WEIGHTS = ("none", "inverse_sqrt", PIXELS, "map")
LESSON = ("none", "inverse_sqrt")  # what lesson 9 compares, with more seeds
LESSON_SEEDS = 10
VALIDATION = {384: (288, 384), 256: (160, 256), 128: (256, 352), 0: (128, 224)}  # by first test row
SIDE = 512
RADII = (3, 4, 5, 6, 7, 9, 11)
BORDERS = tuple(round(0.05 * step, 2) for step in range(1, 20))
SEEDS = (0.3, 0.5, 0.7, 0.9)
Method = Callable[[Tensor, Tensor], Tensor]  # of the image and of the probabilities


def cut(test: int) -> tuple[Dataset, dict[str, list[Tensor]]]:
    """Return the image cut at rows, the test from row `test` on, and the numbered cells."""
    image, numbers = load_pixels("nuclei.png"), load_pixels("nuclei_labels.png").astype("int32")
    first, last = VALIDATION[test]
    edges = sorted({0, first, last, test, test + 128, SIDE})
    parts: dict[str, list[tuple[int, int]]] = {"train": [], "validation": [], "test": []}
    for rows in pairwise(edges):
        where = {first: "validation", test: "test"}.get(rows[0], "train")
        parts[where].append(rows)
    labels = {
        name: [torch.from_numpy(numbers[slice(*rows)]) for rows in pieces]
        for name, pieces in parts.items()
    }
    pairs = {
        name: tuple(
            make_pair(image[slice(*rows)], border_classes(each).numpy(), f"{rows}", labels=True)
            for rows, each in zip(parts[name], labels[name], strict=True)
        )
        for name in parts
    }
    return Dataset(name="cells", source="BBBC038v1", classes=CLASSES, **pairs), labels


def trained(
    data: Dataset, labels: Sequence[Tensor], weights: str, seed: int, steps: int
) -> tuple[nn.Module, float]:
    """Train with `train`, as the lesson does, or with a weight for each pixel.

    Return the network and its score on validation.
    """
    torch.manual_seed(seed)
    model = UNet(1, len(CLASSES), depth=3, base_channels=8)
    if weights in LESSON:
        rate = RECIPE["learning_rate"]
        training = train(
            model, data, steps=steps, seed=seed, learning_rate=rate, class_weights=weights,
            device="cpu", live=False,
        )  # fmt: skip
        return training.model, training.best.validation_iou
    task = task_of(data, "inverse_sqrt")
    pairs = [
        weighted(pair, *each)
        for pair, each in zip(
            data.train, ((numbers, task.weights, weights) for numbers in labels), strict=True
        )
    ]
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RECIPE["learning_rate"])
    model.to(memory_format=torch.channels_last).train()
    crops = centre_crops(data.train, data.validation)
    history, best = [], model.state_dict()
    for step in range(steps + 1):
        if step % METRICS_EVERY == 0 or step == steps:
            metrics = measure_step(model, step, task, crops, data.validation)
            if metrics.beats(history):
                best = deepcopy(model.state_dict())
            history.append(metrics)
        if step == steps:
            break
        optimizer.param_groups[0]["lr"] = RECIPE["learning_rate"] * one_cycle(step / steps)
        images, masks = random_crops(pairs, RECIPE["batch"], RECIPE["crop"], random)
        loss = weighted_loss(model(images), masks[:, 0].long(), masks[:, 1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.load_state_dict(best)
    return model.eval(), max(metrics.validation_iou for metrics in history)


def weighted(pair: Pair, numbers: Tensor, of_classes: Sequence[float], weights: str) -> Pair:
    """Return a pair whose mask holds labels and, in a second channel, the weight of each pixel."""
    base = torch.tensor(of_classes)[pair.mask[0].long()]
    pixels = weight_map(numbers, base) if weights == "map" else base
    return Pair(pair.image, torch.stack([pair.mask[0].float(), pixels]), pair.name)


def weighted_loss(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Return cross-entropy, averaged with the weights of the pixels, plus 1 − the mean Dice."""
    entropy = (F.cross_entropy(logits, labels, reduction="none") * weights).sum() / weights.sum()
    one_hot = F.one_hot(labels, logits.shape[1]).movedim(3, 1)
    probabilities = logits.softmax(1)
    overlap = (probabilities * one_hot).sum((0, 2, 3))
    dice = (2 * overlap + 1) / ((probabilities + one_hot).sum((0, 2, 3)) + 1)
    return entropy + 1 - dice.mean()


def network_methods() -> dict[str, list[tuple[float | None, Method]]]:
    """Return ways to find cells from probabilities, each with the values that are tried for it."""

    def foreground(scores: Tensor) -> Tensor:
        return scores[0] < 0.5

    return {
        "components of the foreground": [
            (None, lambda image, scores: connected_components(foreground(scores)))
        ],
        "components of inside, by argmax": [
            (None, lambda image, scores: connected_components(scores.argmax(0) == INSIDE))
        ],
        "components, border threshold": [
            (value, partial(lambda image, scores, value: cells_below(scores, value), value=value))
            for value in BORDERS
        ],
        "distance watershed": [
            (
                radius,
                partial(
                    lambda image, scores, radius: distance_watershed(foreground(scores), radius),
                    radius=radius,
                ),
            )
            for radius in RADII
        ],
        "border watershed": [
            (
                value,
                partial(lambda image, scores, value: border_watershed(scores, value), value=value),
            )
            for value in SEEDS
        ],
    }


def otsu_methods() -> dict[str, list[tuple[float | None, Method]]]:
    """Return ways to find cells without a network."""
    otsu = baselines.otsu()
    return {
        "Otsu, components": [(None, lambda image, scores: connected_components(otsu(image)))],
        "Otsu, distance watershed": [
            (
                radius,
                partial(
                    lambda image, scores, radius: distance_watershed(otsu(image), radius),
                    radius=radius,
                ),
            )
            for radius in RADII
        ],
    }


def objects(
    methods: Mapping[str, list[tuple[float | None, Method]]],
    data: Dataset,
    labels: Mapping[str, Sequence[Tensor]],
    probabilities: Callable[[Pair], Tensor],
) -> dict[str, dict[str, Any]]:
    """Choose each method's value on validation by object F1, then AP; return its test scores."""
    scores = {name: probabilities(getattr(data, name)[0]) for name in ("validation", "test")}

    def measure(method: Method, part: str) -> tuple[Any, float]:
        found = method(getattr(data, part)[0].image, scores[part])
        target = labels[part][0]
        return object_scores(found, target), average_precision(found, target)

    rows = {}
    for name, tried in methods.items():
        value, method = tried[0]
        if len(tried) > 1:

            def by_validation(each: tuple[float | None, Method]) -> tuple[float, float]:
                counts, precision = measure(each[1], "validation")
                return counts.f1, precision

            value, method = max(tried, key=by_validation)
        counts, precision = measure(method, "test")
        rows[name] = {
            "chosen": value,
            "f1": round(counts.f1, 3),
            "ap": round(precision, 3),
            **vars(counts),
        }
    return rows


def pixel_scores(model: nn.Module, pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return scores of the pixels; and pixel accuracy of never saying border."""
    scores = evaluate(model, pairs, classes=CLASSES)
    assert isinstance(scores, ClassScores)

    def without_border(image: Tensor) -> Tensor:
        logits = logits_of(model, image)
        return logits[:2].argmax(0, keepdim=True).byte()

    ignored = evaluate(without_border, pairs, classes=CLASSES)
    assert isinstance(ignored, ClassScores)
    table = scores.confusion[2]
    return {
        "pixel_accuracy": round(scores.pixel_accuracy, 4),
        "pixel_accuracy_without_border": round(ignored.pixel_accuracy, 4),
        "border_share": round(float(table.sum() / scores.confusion.sum()), 4),
        "border_recall": round(float(table[2] / table.sum().clamp(min=1)), 3),
        "iou": {name: round(value, 3) for name, value in scores.iou.items()},
        "mean_iou": round(scores.mean_iou, 3),
    }


def run(test: int, weights: str, seed: int, steps: int) -> dict[str, Any]:
    """Train one network and score it."""
    data, labels = cut(test)
    start = time.process_time()
    model, validation = trained(data, labels["train"], weights, seed, steps)
    seconds = time.process_time() - start

    def probabilities(pair: Pair) -> Tensor:
        with torch.inference_mode():
            return logits_of(model, pair.image).softmax(0)

    return {
        "test_row": test,
        "weights": weights,
        "seed": seed,
        "seconds": round(seconds, 1),
        "validation_iou": round(validation, 3),
        "pixels": pixel_scores(model, data.test),
        "objects": objects(network_methods(), data, labels, probabilities),
    }


def main() -> None:
    """Print a line for each run, and write them all."""
    parser = argparse.ArgumentParser(description="Which way of counting cells finds most.")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--smoke", action="store_true", help="one short run, and no file")
    options = parser.parse_args()
    torch.set_num_threads(1)
    tests = list(VALIDATION)[: 1 if options.smoke else None]
    baseline = []
    for test in tests:
        data, labels = cut(test)
        found = objects(otsu_methods(), data, labels, lambda pair: pair.image)
        baseline.append({"test_row": test, "objects": found})
        print(baseline[-1], flush=True)
    # The lesson's cut comes first, so that a run that is cut short can say something.
    plan = sorted(
        (test != tests[0] or weights not in LESSON, seed, tests.index(test), weights)
        for test in tests
        for weights in WEIGHTS
        for seed in range(LESSON_SEEDS if test == tests[0] and weights in LESSON else options.seeds)
    )
    report: dict[str, Any] = {
        "command": "python -m benchmarks.cells",
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "cpus": os.cpu_count(),
            "torch": torch.__version__,
        },
        "recipe": RECIPE,
        "baseline": baseline,
        "runs": [],
    }
    if RESULTS.exists() and not options.smoke:  # go on where it stopped
        report["runs"] = json.loads(RESULTS.read_text(encoding="utf-8"))["runs"]
    done = {(row["test_row"], row["weights"], row["seed"]) for row in report["runs"]}
    for _, seed, place, weights in plan[:1] if options.smoke else plan:
        if (tests[place], weights, seed) in done:
            continue
        steps = 2 if options.smoke else int(RECIPE["steps"])
        report["runs"].append(run(tests[place], weights, seed, steps))
        print(report["runs"][-1], flush=True)
        if not options.smoke:
            RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if options.smoke:
        print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
