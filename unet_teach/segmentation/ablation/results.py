"""What a run of the ablation leaves behind, and the file that comes with the course."""

from __future__ import annotations

import base64
import io
import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from unet_teach.segmentation import argument_checks

RESULTS = Path(__file__).with_name("ablation.json")


@dataclass(frozen=True)
class Run:
    """One variant, trained once.

    Attributes:
        data: name of the data set.
        variant: name of the variant.
        seed: of weights, crops and flips.
        iou: on the test pictures.
        dice: on the test pictures.
        boundary_f1: on the test pictures, at a tolerance of 1 pixel.
        validation_iou: of the weights that were kept.
        parameters: numbers in the network.
        seconds: processor time of training, on the machine named beside the results.
        trouble: what went wrong, or "".
        picture: the mask found in `window_of(data)`, as a PNG in base64.
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

    @property
    def score(self) -> float:
        """The measure that tells most on these data: boundary F1 on earth, else IoU."""
        return self.boundary_f1 if self.data == "earth" else self.iou

    @property
    def mask(self) -> Tensor:
        """The mask found in `window_of(data)`: (1, H, W)."""
        png = io.BytesIO(base64.b64decode(self.picture))
        return torch.from_numpy(np.array(Image.open(png)))[None]


def results(path: str | Path = RESULTS) -> list[Run]:
    """Return every run that comes with the course; `machine()` says where they were made.

    Raises:
        ValueError: if there is no such file.
    """
    return [Run(**run) for run in _report(path)["runs"]]


def machine(path: str | Path = RESULTS) -> dict[str, Any]:
    """Return the command and the machine that the results come from."""
    report = _report(path)
    return {"command": report["command"], **report["machine"]}


def listed(runs: Iterable[Run] | Run, least: int = 1) -> list[Run]:
    """Return runs as a list, be it only one.

    Raises:
        TypeError: if one of them is no run.
        ValueError: if there are fewer than `least`.
    """
    chosen = [runs] if isinstance(runs, Run) else list(runs)
    for run in chosen:
        argument_checks.kind("One of the runs", run, Run, "what ablation.measure(…) returns")
    if len(chosen) < least:
        raise ValueError("There is no run to show. Give some, such as ablation.results().")
    return chosen


def save(runs: Sequence[Run], command: str, recipe: Mapping[str, Any], path: Path) -> None:
    """Write runs with the command, the recipe and the machine that made them."""
    report = {
        "command": command,
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
        **recipe,
        "runs": [asdict(run) for run in runs],
    }
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def png(mask: Tensor) -> str:
    """Return a mask (1, H, W) of bools as a PNG in base64."""
    file = io.BytesIO()
    Image.fromarray(mask[0].numpy()).save(file, format="png", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def _report(path: str | Path) -> dict[str, Any]:
    path = argument_checks.path("path", path)
    if not path.is_file():
        raise ValueError(
            f"There is no file {path}. Write one: python -m unet_teach.segmentation.ablation "
            f"--out {path}"
        )
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return report
