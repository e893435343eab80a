"""Pictures to learn from, a training loop to read, scores, baselines, ablations and tiles.

Names are loaded when they are first used, as in `unet_teach`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unet_teach.segmentation import ablation as ablation
    from unet_teach.segmentation import baselines as baselines
    from unet_teach.segmentation.checkpoint import load_model as load_model
    from unet_teach.segmentation.data.dataset import Dataset as Dataset
    from unet_teach.segmentation.data.dataset import Pair as Pair
    from unet_teach.segmentation.data.dataset import earth as earth
    from unet_teach.segmentation.data.dataset import nuclei as nuclei
    from unet_teach.segmentation.data.folder import from_folder as from_folder
    from unet_teach.segmentation.data.synthetic import lines_in_rings as lines_in_rings
    from unet_teach.segmentation.evaluation import evaluate as evaluate
    from unet_teach.segmentation.evaluation import predict as predict
    from unet_teach.segmentation.metrics import Scores as Scores
    from unet_teach.segmentation.metrics import boundary_f1 as boundary_f1
    from unet_teach.segmentation.metrics import dice as dice
    from unet_teach.segmentation.metrics import iou as iou
    from unet_teach.segmentation.tiling import predict_tiled as predict_tiled
    from unet_teach.segmentation.training import train as train
    from unet_teach.segmentation.training_result import Training as Training

_HOMES = {
    "Dataset": "data.dataset",
    "Pair": "data.dataset",
    "Scores": "metrics",
    "Training": "training_result",
    "boundary_f1": "metrics",
    "dice": "metrics",
    "earth": "data.dataset",
    "evaluate": "evaluation",
    "from_folder": "data.folder",
    "iou": "metrics",
    "lines_in_rings": "data.synthetic",
    "load_model": "checkpoint",
    "nuclei": "data.dataset",
    "predict": "evaluation",
    "predict_tiled": "tiling",
    "train": "training",
}
_MODULES = ("ablation", "baselines")

__all__ = [
    "Dataset",
    "Pair",
    "Scores",
    "Training",
    "ablation",
    "baselines",
    "boundary_f1",
    "dice",
    "earth",
    "evaluate",
    "from_folder",
    "iou",
    "lines_in_rings",
    "load_model",
    "nuclei",
    "predict",
    "predict_tiled",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
