"""The result of one run of the ablation study, and the file of results in the package."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from unet_teach.segmentation import argument_checks
from unet_teach.shared.png import decode_png

RESULTS = Path(__file__).with_name("ablation.json")


@dataclass(frozen=True)
class Run:
    """One variant of the network, trained once. The fields are those of the file of results.

    Attributes:
        data: name of the dataset.
        variant: name of the variant.
        seed: of weights, crops and flips.
        iou: on the test images, as are the next two. With several classes, the mean IoU.
        dice: Dice score. With several classes, their mean.
        boundary_f1: boundary F1 at a tolerance of 1 pixel; NaN with several classes.
        validation_iou: of the weights that were kept.
        parameters: number of parameters of the network.
        seconds: processor time of the training, on the machine of the results (`machine`).
        trouble: what went wrong, or "".
        picture: the mask predicted for `displayed_pair(data)`, as a PNG in base64.
        stopped_after: the number of steps if it was interrupted, else None.
        class_iou: IoU of each of several classes by name, else None.
    """

    data: str
    variant: str
    seed: int
    iou: float
    dice: float
    boundary_f1: float
    validation_iou: float
    parameters: int
    seconds: float
    trouble: str
    picture: str
    stopped_after: int | None = None
    class_iou: dict[str, float] | None = None

    @property
    def score(self) -> float:
        """The score in which variants differ most on this dataset (`score_name`)."""
        return self.boundary_f1 if score_name(self.data) == "boundary F1" else self.iou

    @property
    def mask(self) -> Tensor:
        """The mask predicted for the displayed pair: (1, H, W), bool, or uint8 labels."""
        return torch.from_numpy(np.array(decode_png(self.picture)))[None]


def score_name(data: str) -> str:
    """Return the name of the score used for a dataset: boundary F1 on earth, else IoU."""
    return "boundary F1" if data == "earth" else "IoU"


def results(path: str | Path = RESULTS) -> list[Run]:
    """Return the runs in a file of results, by default the one in the package.

    Raises:
        TypeError: if the path is neither a string nor a path.
        ValueError: if there is no such file.
    """
    return [Run(**run) for run in _load(path)["runs"]]


def machine() -> dict[str, Any]:
    """Return the command and the machine that made the results in the package."""
    report = _load(RESULTS)
    return {"command": report["command"], **report["machine"]}


def as_runs(runs: Iterable[Run] | Run, least: int = 1) -> list[Run]:
    """Return one or several runs as a list.

    Raises:
        TypeError: if an element is not a run.
        ValueError: if there are fewer than `least`.
    """
    listed = [runs] if isinstance(runs, Run) else list(runs)
    for run in listed:
        argument_checks.require_type(
            "One of the runs", run, Run, "what ablation.measure(…) returns"
        )
    if len(listed) < least:
        raise ValueError("There is no run to show. Give some, such as ablation.results().")
    return listed


def _load(path: str | Path) -> dict[str, Any]:
    path = argument_checks.as_path("path", path)
    if not path.is_file():
        raise ValueError(
            f"There is no file {path}. Write one: python -m benchmarks.ablation --out {path}"
        )
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return report
