"""Takes the U-Net apart: one part changed at a time, everything else kept, on fresh test pictures.

    python -m unet_teach.segmentation.ablation --seeds 0 1 2

trains every variant on every data set, writes `ablation.json` beside this file after each run, and
passes over what is there already.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from unet_teach.networks import UNet
from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.ablation.results import RESULTS as RESULTS
from unet_teach.segmentation.ablation.results import Run as Run
from unet_teach.segmentation.ablation.results import listed, png, save
from unet_teach.segmentation.ablation.results import machine as machine
from unet_teach.segmentation.ablation.results import results as results
from unet_teach.segmentation.data.dataset import Dataset, Pair, earth, nuclei
from unet_teach.segmentation.data.synthetic import lines_in_rings
from unet_teach.segmentation.evaluation import evaluate, predict
from unet_teach.segmentation.training import train

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The recipe was chosen on validation pictures with the whole U-Net, and is the same for every
# variant: benchmarks/README.md, "Training".
NETWORK: dict[str, Any] = {"depth": 3, "base_channels": 8}
RECIPES: dict[str, dict[str, Any]] = {
    "earth": {"steps": 600, "batch": 8, "crop": 64, "learning_rate": 3e-3},
    "lines in rings": {"steps": 300, "batch": 4, "crop": 96, "learning_rate": 6e-3},
    "nuclei": {"steps": 200, "batch": 8, "crop": 64, "learning_rate": 3e-3},
}
DATA: dict[str, Callable[[], Dataset]] = {
    "earth": earth,
    "lines in rings": lambda: lines_in_rings(64, seed=1),  # seed 0 served to choose the recipe
    "nuclei": nuclei,
}
MARKS: dict[str, dict[str, dict[str, Any]]] = {  # what is taken apart: its variants: their options
    "whole": {"the U-Net": {}},
    "skip connections": {"skip: add": {"skip": "add"}, "no skips": {"skip": "none"}},
    "depth": {f"depth {depth}": {"depth": depth} for depth in (1, 2, 4)},
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
    name: options for variants in MARKS.values() for name, options in variants.items()
}


def measure(variant: str, data: str, seed: int = 0, *, live: bool = True) -> Run:
    """Train one variant by the recipe and score it on the test pictures: one dot of the table.

    Args:
        variant: one of `VARIANTS`.
        data: "earth", "lines in rings" or "nuclei".
        seed: of weights, crops and flips.
        live: show how it goes.

    Raises:
        ValueError: for an unknown variant or data set.
    """
    _known(variant, VARIANTS)
    _known(data, DATA)
    argument_checks.whole(0, seed=seed)
    dataset = DATA[data]()
    torch.manual_seed(seed)
    model = UNet(dataset.channels, 1, **NETWORK | VARIANTS[variant])
    start = time.process_time()
    trained = train(model, dataset, seed=seed, live=live, **RECIPES[data])
    seconds = time.process_time() - start
    found = predict(trained.model, window_of(data, dataset).image)
    return Run(
        data=data,
        variant=variant,
        seed=seed,
        **asdict(evaluate(trained.model, dataset.test)),
        validation_iou=trained.best.validation_iou,
        parameters=sum(p.numel() for p in model.parameters()),
        seconds=round(seconds, 1),
        trouble=trained.trouble,
        picture=png(found),
    )


def window_of(data: str, dataset: Dataset | None = None) -> Pair:
    """Return the test picture that the results show: on earth, the Caribbean."""
    _known(data, DATA)
    image, mask, name = (dataset or DATA[data]()).test[0]
    if data != "earth":
        return Pair(image, mask, name)
    window = (slice(None), slice(120, 248), slice(190, 350))
    return Pair(image[window], mask[window], "the Caribbean")


def table(runs: Iterable[Run] | Run | None = None) -> str:
    """Return a Markdown table: mean ± standard deviation over seeds, a row a variant.

    On earth it is boundary F1, where skips show; on the others IoU.

    Args:
        runs: such as `results()`, the default.
    """
    chosen = listed(results() if runs is None else runs)
    names = [name for name in DATA if any(run.data == name for run in chosen)]
    heads = [f"{name}: {'boundary F1' if name == 'earth' else 'IoU'}" for name in names]
    lines = [f"| part | variant | parameters | {' | '.join(heads)} |"]
    lines.append("|---|---|---:" + "|---:" * len(names) + "|")
    for mark, variants in MARKS.items():
        for variant in variants:
            of_variant = [run for run in chosen if run.variant == variant]
            if of_variant:
                cells = [_mean_and_sd([r for r in of_variant if r.data == n]) for n in names]
                size = f"{of_variant[0].parameters:,}"
                lines.append(f"| {mark} | {variant} | {size} | {' | '.join(cells)} |")
    return "\n".join(lines)


def figure(runs: Iterable[Run] | Run | None = None, mine: Iterable[Run] | Run = ()) -> Figure:
    """Draw every run as a dot; your own runs, `mine`, as diamonds."""
    from unet_teach.segmentation.ablation.figures import dots

    return dots(listed(results() if runs is None else runs), listed(mine, least=0))


def pictures(data: str, runs: Iterable[Run] | Run | None = None, seed: int = 0) -> Figure:
    """Draw what each variant found in one test picture, side by side."""
    from unet_teach.segmentation.ablation import figures

    return figures.pictures(data, listed(results() if runs is None else runs), seed)


def main() -> None:
    """Train what is not there yet, one run after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--out", type=Path, default=RESULTS, help="what to write, and go on from")
    options = parser.parse_args()
    command = " ".join(["python -m unet_teach.segmentation.ablation", *sys.argv[1:]])
    recipe = {"network": NETWORK, "recipes": RECIPES}
    runs = results(options.out) if options.out.exists() else []
    for seed in options.seeds:
        for data in options.data:
            for variant in options.variants:
                if any((r.variant, r.data, r.seed) == (variant, data, seed) for r in runs):
                    continue
                run = measure(variant, data, seed, live=False)
                print(
                    f"{data}, {variant}, seed {seed}: {run.score:.2f} in {run.seconds} s",
                    flush=True,
                )
                runs.append(run)
                save(runs, command, recipe, options.out)
    print(table(runs))


def _known(value: str, known: Collection[str]) -> None:
    if value not in list(known):
        raise ValueError(f"{value!r} is not known. Use {', '.join(map(repr, known))}.")


def _mean_and_sd(runs: Sequence[Run]) -> str:
    if not runs:
        return "–"
    scores = [run.score for run in runs]
    if len(scores) == 1:
        return f"{scores[0]:.2f}"
    return f"{statistics.mean(scores):.2f} ± {statistics.stdev(scores):.2f}"
