"""Trains the networks of the living U-Net, chooses among seeds on validation images, scores them.

`python -m benchmarks.living_unet train`, then `report`, then `ship`; README.md explains.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import time
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from unet_teach.inspection.cut import cut
from unet_teach.networks import UNet
from unet_teach.networks.packed import pack, unpack
from unet_teach.segmentation import Dataset, earth, evaluate, lines_in_rings, nuclei, train
from unet_teach.segmentation.data.synthetic import SIDE, scene

RESULTS = Path(__file__).parent / "results" / "living_unet.json"
TRAINED = Path(__file__).parent.parent / "build" / "living_unet"
SHIPPED = Path(__file__).parent.parent / "unet_teach" / "widgets" / "see_inside.json"
SEED = 1  # of the images of lines and rings
SHIPPED_WIDTH = 6  # channels of level 0
MOMENTS = (0, 100, 200, 300, 450)  # steps; the sixth moment is the finished network
RINGS = {"batch": 4, "crop": 96, "learning_rate": 6e-3}
OTHERS = {"batch": 8, "crop": 64, "learning_rate": 3e-3}


class Plan(NamedTuple):
    """How a network is trained.

    Attributes:
        task: name of its dataset.
        steps: number of updates.
        options: of the U-Net, beside its width.
        dropout: with which probability each skip of each image is zero, in training.
        varies: whether this probability is drawn for each image, from 0 to 1, instead.
        says: what sets it apart, for the widget's list of networks.
    """

    task: str
    steps: int
    options: dict[str, Any]
    dropout: float = 0.0
    varies: bool = False
    says: str = ""


CUT = "trained with skips cut at random"
CUT_LONG = f"{CUT}, which took 900 steps"
ALL_ON = "trained with all skips on: 300 steps were enough"
NEVER = "never had skips, which is not the same as a cut"
FLAT = "one level deep, so it cannot see a whole ring"
PLANS = {
    "trained with skips": Plan("lines in rings", 900, {}, varies=True, says=CUT_LONG),
    "ordinary training": Plan("lines in rings", 300, {}, says=ALL_ON),
    "trained without skips": Plan("lines in rings", 900, {"skip": "none"}, says=NEVER),
    "depth 1": Plan("lines in rings", 900, {"depth": 1}, says=FLAT),
    "nuclei": Plan("nuclei", 300, {}, 0.5, says=CUT),
    "earth": Plan("earth", 900, {}, 0.5, says=CUT),
    "fixed dropout": Plan("lines in rings", 900, {}, 0.5),  # compared, not shipped
}
SAMPLES: dict[str, list[tuple[str, int, int, int]]] = {  # name, test image, first row and column
    "lines in rings": [(f"test image {index}", index, 0, 0) for index in (4, 1, 14, 20)],
    "nuclei": [("top", 0, 0, 16), ("middle", 0, 290, 16)],
    "earth": [("the Caribbean", 0, 120, 230), ("Patagonia", 0, 270, 250)],
}


class SkipDropoutUNet(UNet):
    """A U-Net that misses each skip of each image with some probability in training."""

    def __init__(self, plan: Plan, **options: Any) -> None:
        super().__init__(**options)
        self.plan, self.steps = plan, 0
        self.moments: dict[int, dict[str, Tensor]] = {}

    def forward(self, x: Tensor) -> Tensor:
        """Keep the weights of some moments, then run as the U-Net does."""
        if self.training:
            if self.steps in MOMENTS:
                self.moments[self.steps] = deepcopy(self.state_dict())
            self.steps += 1
            self.rates = torch.rand(len(x)) if self.plan.varies else self.plan.dropout
        return super().forward(x)

    def _join(self, x: Tensor, skip: Tensor) -> Tensor:
        if self.training and (self.plan.varies or self.plan.dropout):
            kept = torch.rand(len(skip)) >= self.rates
            skip = skip * kept[:, None, None, None]
        return super()._join(x, skip)


@cache
def dataset(task: str) -> Dataset:
    """Return a dataset; lines in rings has 64 validation and 64 test images."""
    if task == "lines in rings":
        return lines_in_rings(256, seed=SEED)
    return {"earth": earth, "nuclei": nuclei}[task]()


def build(plan: Plan, width: int, seed: int) -> SkipDropoutUNet:
    """Return the network of a plan with its first weights."""
    torch.manual_seed(seed)
    options = {"depth": 3, "base_channels": width, **plan.options}
    return SkipDropoutUNet(plan, in_channels=1, out_channels=1, **options)


def path_of(name: str, width: int, seed: int) -> Path:
    """Return where the weights of a trained network are."""
    return TRAINED / f"{name} {width} {seed}.pt"


def train_one(name: str, width: int, seed: int, steps: int | None = None) -> None:
    """Train one network, and write its weights and moments to `TRAINED`."""
    path = path_of(name, width, seed)
    if path.exists():
        return
    plan = PLANS[name]
    model, data = build(plan, width, seed), dataset(plan.task)
    start, recipe = time.process_time(), RINGS if plan.task == "lines in rings" else OTHERS
    few = replace(data, validation=data.validation[:16])
    training = train(
        model, few, steps=steps or plan.steps, seed=seed, device="cpu", live=False, **recipe
    )
    TRAINED.mkdir(parents=True, exist_ok=True)
    state = {
        "weights": model.state_dict(),
        "moments": model.moments,
        "steps": training.steps,
        "best": training.best.step,
        "seconds": round(time.process_time() - start, 1),
        "validation": evaluate(model, data.validation).iou,
    }
    torch.save(state, path.with_suffix(".part"))
    os.replace(path.with_suffix(".part"), path)
    print(
        path.stem, {k: v for k, v in state.items() if k not in ("weights", "moments")}, flush=True
    )


def scored(name: str, width: int, seed: int) -> dict[str, Any]:
    """Return the scores of a trained network on its test images, whole and with skips cut."""
    state = torch.load(path_of(name, width, seed))
    plan = PLANS[name]
    model = plain(plan, width, state["weights"])
    test = dataset(plan.task).test
    row = {key: state[key] for key in ("steps", "best", "seconds", "validation")}
    row |= {"name": name, "width": width, "seed": seed}
    row["parameters"] = sum(p.numel() for p in model.parameters())
    row["iou"] = evaluate(model, test).iou
    row["iou_8_bits"] = evaluate(unpack(pack(model)), test).iou
    if model.skip != "none":
        for level in range(len(model.up)):
            with cut(model, f"level {level}"):
                row[f"cut_{level}"] = evaluate(model, test).iou
        with cut(model):
            row["cut_all"] = evaluate(model, test).iou
    return {key: round(v, 4) if isinstance(v, float) else v for key, v in row.items()}


def plain(plan: Plan, width: int, weights: dict[str, Tensor]) -> UNet:
    """Return the course's U-Net with the weights of a trained one, in eval mode."""
    model = UNet(1, 1, **{"depth": 3, "base_channels": width, **plan.options})
    model.load_state_dict(weights)
    return model.eval()


def ship(rows: list[dict[str, Any]]) -> None:
    """Write the networks and samples that the widget is given.

    Args:
        rows: of `RESULTS`. Of each network, the seed with the best IoU on validation is taken.
    """
    tasks: dict[str, dict[str, Any]] = {}
    for name, plan in PLANS.items():
        seeds = [row for row in rows if (row["name"], row["width"]) == (name, SHIPPED_WIDTH)]
        if name == "fixed dropout" or not seeds:
            continue
        seed = max(seeds, key=lambda row: row["validation"])["seed"]
        state = torch.load(path_of(name, SHIPPED_WIDTH, seed))
        made: dict[str, Any] = {
            "name": name if plan.task == "lines in rings" else "trained with skips",
            "says": plan.says,
            "steps": plan.steps,
            **packed(plan, state["weights"]),
        }
        if name == "trained with skips":
            moments = state["moments"].items()
            made["moments"] = [{"step": step, **packed(plan, at_step)} for step, at_step in moments]
            made["moments"].append({"step": state["best"], "score": made["score"]})
        if plan.task not in tasks:
            source, shown = dataset(plan.task).source, samples(plan.task)
            tasks[plan.task] = {
                "name": plan.task,
                "source": source,
                "networks": [],
                "samples": shown,
            }
        tasks[plan.task]["networks"].append(made)
    SHIPPED.write_text(json.dumps({"tasks": list(tasks.values())}, separators=(",", ":")) + "\n")


def packed(plan: Plan, weights: dict[str, Tensor]) -> dict[str, Any]:
    """Return a network with 8 bits a weight, and its IoU on the test images."""
    network = pack(plain(plan, SHIPPED_WIDTH, weights))
    score = evaluate(unpack(network), dataset(plan.task).test).iou
    return {"score": round(score, 3), "network": network}


def samples(task: str) -> list[dict[str, Any]]:
    """Return the test images of a task that the widget shows."""
    made = []
    for name, index, row, column in SAMPLES[task]:
        window = (slice(None), slice(row, row + SIDE), slice(column, column + SIDE))
        image, mask = (part[window] for part in dataset(task).test[index][:2])
        sample = {
            "name": name,
            "height": mask.shape[1],
            "width": mask.shape[2],
            "channels": 1,
            "image": as_text((image[0] * 255).round().to(torch.uint8).numpy()),
            "mask": as_text(np.packbits(mask[0].bool().numpy())),
        }
        if task == "lines in rings":
            shown = scene(np.random.default_rng([SEED, 2, index]))
            sample["lines"] = [[round(number, 3) for number in line] for line in shown.lines]
            sample["rings"] = [[round(number, 3) for number in ring] for ring in shown.rings]
        made.append(sample)
    return made


def as_text(array: Any) -> str:
    """Return the bytes of an array in base64."""
    return base64.b64encode(array.tobytes()).decode()


def report(trained: list[tuple[str, int, int]]) -> None:
    """Score networks that have no scores yet, write them all to `RESULTS`, and print a table."""
    rows = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    known = {(row["name"], row["width"], row["seed"]) for row in rows}
    for name, width, seed in trained:
        if (name, width, seed) not in known and path_of(name, width, seed).exists():
            rows.append(scored(name, width, seed))
            RESULTS.write_text(json.dumps(rows, indent=1) + "\n")
    columns = ("validation", "iou", "iou_8_bits", "cut_0", "cut_1", "cut_2", "cut_all")
    print(f"| network | width | seed | step | {' | '.join(columns)} |")
    print("|---|---:|---:|---:" + "|---:" * len(columns) + "|")
    for row in sorted(rows, key=lambda r: (list(PLANS).index(r["name"]), r["width"], r["seed"])):
        cells = [f"{row[column]:.3f}" if column in row else "–" for column in columns]
        print(f"| {row['name']} | {row['width']} | {row['seed']} | {row['best']} | ", end="")
        print(" | ".join(cells), end=" |\n")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("train", "report", "ship"))
    parser.add_argument("--names", nargs="+", default=list(PLANS), choices=list(PLANS))
    parser.add_argument("--widths", nargs="+", type=int, default=[SHIPPED_WIDTH])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    given = parser.parse_args()
    chosen = [(n, w, s) for s in given.seeds for n in given.names for w in given.widths]
    if given.command == "train":
        for name, width, seed in chosen:
            train_one(name, width, seed)
    elif given.command == "report":
        report(chosen)
    else:
        ship(json.loads(RESULTS.read_text()))


if __name__ == "__main__":
    main()
