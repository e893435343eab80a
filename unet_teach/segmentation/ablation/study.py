"""The ablation study: variants of the U-Net with one part changed, trained by the same recipe.

`python -m benchmarks.ablation` trains every variant on every dataset, and writes `ablation.json`
beside this file.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image

from unet_teach.networks import UNet
from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.ablation import figures
from unet_teach.segmentation.ablation.results import Run, as_runs, results, score_name
from unet_teach.segmentation.class_scores import ClassScores
from unet_teach.segmentation.data.dataset import Dataset, Pair, earth, nuclei
from unet_teach.segmentation.data.synthetic import lines_in_rings
from unet_teach.segmentation.evaluation import evaluate, predict
from unet_teach.segmentation.metrics import Scores
from unet_teach.segmentation.plots import comparison
from unet_teach.segmentation.training import train
from unet_teach.shared.png import encode_png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The recipe was chosen with the whole U-Net on validation images, and is the same for every
# variant: benchmarks/README.md, "Training".
NETWORK: dict[str, Any] = {"depth": 3, "base_channels": 8}
RECIPES: dict[str, dict[str, Any]] = {
    "earth": {"steps": 600, "batch": 8, "crop": 64, "learning_rate": 3e-3},
    "lines in rings": {"steps": 300, "batch": 4, "crop": 96, "learning_rate": 6e-3},
    "nuclei": {"steps": 200, "batch": 8, "crop": 64, "learning_rate": 3e-3},
}
DATA: dict[str, Callable[[], Dataset]] = {
    "earth": earth,
    "lines in rings": lambda: lines_in_rings(64, seed=1),  # seed 0 was used to choose the recipe
    "nuclei": nuclei,
}
PARTS: dict[str, dict[str, dict[str, Any]]] = {  # part of the network: variant: options of UNet
    "whole": {"the U-Net": {}},
    "skip connections": {"skip: add": {"skip": "add"}, "no skips": {"skip": "none"}},
    "depth": {
        **{f"depth {depth}": {"depth": depth} for depth in (1, 2, 4)},
        # Almost as many parameters as the whole network has: is it depth that counts, or weights?
        "depth 1, wide": {"depth": 1, "base_channels": 34},
    },
    "down-sampling": {"strided convolution": {"down": "strided_conv"}},
    "up-sampling": {
        "transposed, kernel 3": {"up": "conv_transpose_3"},
        "transposed, kernel 4": {"up": "conv_transpose_4"},
        "bilinear": {"up": "bilinear"},
        "nearest": {"up": "nearest"},
    },
    "symmetry": {
        "narrow decoder": {"decoder": "narrow"},
        "shallow decoder": {"decoder": "shallow"},
    },
}
VARIANTS: dict[str, dict[str, Any]] = {
    name: options for variants in PARTS.values() for name, options in variants.items()
}


def measure(
    variant: str,
    data: str | Dataset,
    seed: int = 0,
    *,
    seconds: float | None = None,
    live: bool = True,
    **recipe: Any,
) -> Run:
    """Train one variant by the recipe of the study, and score it on the test images.

    A run that you or its time limit stopped says so (`stopped_after`, `trouble`): it is no run of
    the recipe.

    Args:
        variant: one of `VARIANTS`.
        data: "earth", "lines in rings" or "nuclei"; or a dataset of your own, also one with
            several classes.
        seed: of weights, crops and flips.
        seconds: time limit.
        live: show the progress while training.
        **recipe: options of `train`, such as `steps=300` or `class_weights="inverse_sqrt"`. A
            dataset of your own has the recipe of the nuclei otherwise.

    Raises:
        TypeError: if the seed is not a whole number.
        ValueError: if the variant or the dataset is unknown, or the seed negative.
    """
    _require_known(variant, VARIANTS)
    if not isinstance(data, Dataset):
        _require_known(data, DATA)
    argument_checks.require_integer(0, seed=seed)
    dataset = data if isinstance(data, Dataset) else DATA[data]()
    name = data.name if isinstance(data, Dataset) else data
    torch.manual_seed(seed)
    model = UNet(dataset.channels, dataset.out_channels, **NETWORK | VARIANTS[variant])
    start = time.process_time()
    recipe = RECIPES[data if isinstance(data, str) else "nuclei"] | recipe
    given = {"seed": seed, "seconds": seconds, "device": "cpu"}
    trained = train(model, dataset, live=live, **recipe | given)
    used = time.process_time() - start
    mask = predict(trained.model, displayed_pair(data, dataset).image)
    trouble = trained.trouble
    stopped_by = {"stopped": "you", "out of time": "its time limit"}.get(trained.ended)
    if stopped_by:  # the recipe has a number of steps: this is no run of it
        steps = f"{trained.steps} of {recipe['steps']} steps"
        stop = f"Stopped by {stopped_by} after {steps}, so not comparable with the others."
        trouble = f"{stop} {trouble}".strip()
    return Run(
        data=name,
        variant=variant,
        seed=seed,
        **_scores(evaluate(trained.model, dataset.test, classes=dataset.classes)),
        validation_iou=trained.best.validation_iou,
        parameters=sum(p.numel() for p in model.parameters()),
        seconds=round(used, 1),
        trouble=trouble,
        picture=encode_png(Image.fromarray(mask[0].numpy()), optimize=True),
        stopped_after=trained.steps if stopped_by else None,
    )


def _scores(scores: Scores | ClassScores) -> dict[str, Any]:
    if isinstance(scores, Scores):
        return asdict(scores)
    dice = [2 * iou / (1 + iou) for iou in scores.iou.values() if not math.isnan(iou)]
    means = {"iou": scores.mean_iou, "dice": statistics.mean(dice), "boundary_f1": math.nan}
    return means | {"class_iou": scores.iou}


def displayed_pair(data: str | Dataset, dataset: Dataset | None = None) -> Pair:
    """Return the test image, with its mask, whose predictions are stored: on earth, the Caribbean.

    Of a dataset it is the first test image. `dataset` is the one of this name, if it is loaded.

    Raises:
        ValueError: if the dataset is unknown.
    """
    if isinstance(data, Dataset):
        return data.test[0]
    _require_known(data, DATA)
    image, mask, name = (dataset or DATA[data]()).test[0]
    if data != "earth":
        return Pair(image, mask, name)
    window = (slice(None), slice(120, 248), slice(190, 350))
    return Pair(image[window], mask[window], "the Caribbean")


def table(runs: Iterable[Run] | Run | None = None) -> str:
    """Return a Markdown table of mean ± sample standard deviation over seeds, one row a variant.

    The score is boundary F1 on earth, where skips make a difference, and IoU on the others.

    Args:
        runs: such as `results()`, the default.

    Raises:
        TypeError: if an element is not a run.
        ValueError: if there is no run.
    """
    chosen = as_runs(results() if runs is None else runs)
    names = [name for name in DATA if any(run.data == name for run in chosen)]
    names += [name for name in dict.fromkeys(run.data for run in chosen) if name not in DATA]
    heads = [f"{name}: {score_name(name)}" for name in names]
    lines = [f"| part | variant | parameters | {' | '.join(heads)} |"]
    lines.append("|---|---|---:" + "|---:" * len(names) + "|")
    for part, variants in PARTS.items():
        for variant in variants:
            of_variant = [run for run in chosen if run.variant == variant]
            if of_variant:
                cells = [_mean_and_deviation([r for r in of_variant if r.data == n]) for n in names]
                size = f"{of_variant[0].parameters:,}"
                lines.append(f"| {part} | {variant} | {size} | {' | '.join(cells)} |")
    return "\n".join(lines)


def figure(runs: Iterable[Run] | Run | None = None, mine: Iterable[Run] | Run = ()) -> Figure:
    """Draw the score of every run as a dot, and your own runs as diamonds, hollow where stopped.

    Args:
        runs: such as `results()`, the default.
        mine: your own runs, from `measure`.

    Raises:
        TypeError: if an element is not a run.
        ValueError: if there is no run.
    """
    chosen = as_runs(results() if runs is None else runs)
    return figures.score_figure(chosen, as_runs(mine, least=0), list(VARIANTS))


def prediction_figure(
    data: str | Dataset, runs: Iterable[Run] | Run | None = None, seed: int = 0
) -> Figure:
    """Draw the predictions of all variants for one test image, side by side.

    Args:
        data: "earth", "lines in rings" or "nuclei"; or the dataset that was measured.
        runs: such as `results()`, the default.
        seed: which runs of each variant are drawn.

    Raises:
        TypeError: if an element is not a run.
        ValueError: if there is no run of this dataset and seed.
    """
    runs = as_runs(results() if runs is None else runs)
    name = data.name if isinstance(data, Dataset) else data
    chosen = [run for run in runs if (run.data, run.seed) == (name, seed)]
    if not chosen:
        raise ValueError(f"There is no run on {name!r} with seed {seed}.")
    chosen.sort(key=lambda run: [*VARIANTS, run.variant].index(run.variant))
    if isinstance(data, Dataset):
        masks = {f"{run.variant}: {run.score:.2f}": run.mask for run in chosen}
        return comparison(data.test[0], masks, classes=data.classes, colours=data.colours)
    return figures.prediction_figure(chosen, displayed_pair(data))


def _require_known(name: str, known: Collection[str]) -> None:
    if name not in list(known):  # a list, because a dict refuses names that cannot be hashed
        raise ValueError(f"{name!r} is not known. Use {', '.join(map(repr, known))}.")


def _mean_and_deviation(runs: Sequence[Run]) -> str:
    if not runs:
        return "–"
    scores = [run.score for run in runs]
    if len(scores) == 1:
        return f"{scores[0]:.2f}"
    return f"{statistics.mean(scores):.2f} ± {statistics.stdev(scores):.2f}"
