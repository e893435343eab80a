"""Train the variants of the ablation study that are missing in its file of results.

    python -m benchmarks.ablation --seeds 0 1 2

trains every variant on every dataset, writes `ablation.json` in `unet_teach/segmentation/ablation`
after each run, and skips the runs that are in it already.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from unet_teach.segmentation.ablation.results import RESULTS, Run, results
from unet_teach.segmentation.ablation.study import (
    DATA,
    NETWORK,
    RECIPES,
    VARIANTS,
    measure,
    table,
)


def describe_machine() -> dict[str, Any]:
    """Return the system, the number of CPUs and the versions of this process, for a report."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def save(runs: Sequence[Run], command: str, recipe: Mapping[str, Any], path: Path) -> None:
    """Write runs to a JSON file, with the command, the recipe and this machine."""
    report = {
        "command": command,
        "machine": describe_machine(),
        **recipe,
        "runs": [asdict(run) for run in runs],
    }
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Run the study from the command line: train what is missing in the file of results."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--out", type=Path, default=RESULTS, help="what to write, and go on from")
    options = parser.parse_args()
    command = " ".join(["python -m benchmarks.ablation", *sys.argv[1:]])
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


if __name__ == "__main__":
    main()
