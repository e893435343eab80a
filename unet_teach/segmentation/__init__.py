"""Segmentation: datasets, a training loop, metrics, baselines, ablations and prediction in tiles.

Names are loaded when they are first used, as in `unet_teach`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from unet_teach.shared.lazy_imports import lazy_imports

if TYPE_CHECKING:
    from unet_teach.segmentation import ablation as ablation
    from unet_teach.segmentation import baselines as baselines
    from unet_teach.segmentation.cell_targets import touching_nuclei as touching_nuclei
    from unet_teach.segmentation.class_scores import ClassScores as ClassScores
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
    from unet_teach.segmentation.model_file import export_onnx as export_onnx
    from unet_teach.segmentation.model_file import load_model as load_model
    from unet_teach.segmentation.model_file import save_model as save_model
    from unet_teach.segmentation.object_matching import average_precision as average_precision
    from unet_teach.segmentation.object_matching import object_scores as object_scores
    from unet_teach.segmentation.tiling import predict_tiled as predict_tiled
    from unet_teach.segmentation.trained import trained_unet as trained_unet
    from unet_teach.segmentation.training import train as train
    from unet_teach.segmentation.training_result import Training as Training
else:
    __getattr__, __dir__, __all__ = lazy_imports(__name__)
