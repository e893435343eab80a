"""Compares the training of the course's U-Net with two networks of monai, and ways to speed it up.

Same data, same loop, one thread. Run it from the project's folder, in an environment with monai:
`python -m benchmarks.training`. README.md explains.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import UNet
from unet_teach.segmentation import ablation, evaluate, train, training
from unet_teach.segmentation.baselines import best_threshold, otsu, random_forest

RESULTS = Path(__file__).parent / "results" / "training.json"
DATA = ("earth", "lines in rings")
WARM_UP = 3  # steps that are not timed


class AnySize(nn.Module):
    """Pads an image to a multiple of a size, runs a network, and crops its output."""

    def __init__(self, inner: nn.Module, multiple: int = 16) -> None:
        super().__init__()
        self.inner, self.multiple = inner, multiple

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of the height and width of x, (N, C, H, W)."""
        height, width = x.shape[-2:]
        rows, columns = -height % self.multiple, -width % self.multiple
        padded = F.pad(x, (0, columns, 0, rows), mode="replicate") if rows or columns else x
        return self.inner(padded)[..., :height, :width]


def course() -> nn.Module:
    """Return the network of the course, with the options of the ablation study."""
    return UNet(1, 1, **ablation.NETWORK)


def basic_unet() -> nn.Module:
    """Return monai's BasicUNet with its default widths: 32, 32, 64, 128, 256, 32."""
    from monai.networks.nets import BasicUNet

    return AnySize(BasicUNet(spatial_dims=2, in_channels=1, out_channels=1))


def monai_unet() -> nn.Module:
    """Return monai's UNet with the widths of its documentation, because it has no default ones."""
    from monai.networks.nets import UNet as MonaiUNet

    widths, strides = (16, 32, 64, 128, 256), (2, 2, 2, 2)
    return AnySize(MonaiUNet(2, 1, 1, channels=widths, strides=strides))


NETWORKS = {
    "UNet of the course": course,
    "monai BasicUNet": basic_unet,
    "monai UNet": monai_unet,
}


def step_times(
    model: nn.Module,
    steps: int,
    *,
    channels_last: bool = True,
    bf16: bool = False,
    fused: bool = False,
    threads: int = 1,
) -> list[float]:
    """Return the wall-clock milliseconds for a crop of earth, step by step."""
    torch.set_num_threads(threads)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = model.to(memory_format=layout).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=fused)
    data, random = ablation.DATA["earth"](), torch.Generator().manual_seed(0)
    times = []
    for _ in range(WARM_UP + steps):
        images, masks = training.random_crops(data.train, 8, 64, random)
        images = images.contiguous(memory_format=layout)
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            logits = model(images)
        loss = training.bce_dice_loss(logits.float(), masks)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        times.append((time.perf_counter() - start) * 1000 / len(images))
    torch.set_num_threads(1)
    return times[WARM_UP:]


def compare(candidates: dict[str, Any], rounds: int, steps: int) -> dict[str, float]:
    """Time all candidates in turn, round by round; return the median of each in milliseconds."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, measure in candidates.items():
            times[name] += measure(steps)
    return {name: round(statistics.median(values), 2) for name, values in times.items()}


def time_options(rounds: int, steps: int) -> dict[str, float]:
    """Time options that might make the training of the course's network faster."""
    options = {
        "plain": {"channels_last": False},
        "channels_last (used)": {},
        "channels_last, fused AdamW": {"fused": True},
        "channels_last, bf16": {"bf16": True},
        "channels_last, two threads": {"threads": 2},
    }
    candidates = {name: lambda n, o=o: step_times(course(), n, **o) for name, o in options.items()}
    return compare(candidates, rounds, steps)


def at_equal_time(seconds: float, seeds: list[int]) -> dict[str, Any]:
    """Train each network for the same processor time; return its scores on the test images."""
    training.clock = time.process_time  # so that a busy machine changes no result
    scores: dict[str, Any] = {}
    for data in DATA:
        dataset = ablation.DATA[data]()
        recipe = {name: v for name, v in ablation.RECIPES[data].items() if name != "steps"}
        for name, build in NETWORKS.items():
            runs = []
            for seed in seeds:
                torch.manual_seed(seed)
                run = train(
                    build(), dataset, seconds=seconds, seed=seed, device="cpu", live=False, **recipe
                )
                score = evaluate(run.model, dataset.test)
                runs.append(
                    {"steps": run.steps, "iou": score.iou, "boundary_f1": score.boundary_f1}
                )
            scores[f"{data} | {name}"] = runs
            print(f"{data}, {name}: {runs}", file=sys.stderr)
    training.clock = time.perf_counter
    return scores


def score_baselines(datasets: Iterable[str]) -> dict[str, Any]:
    """Score the baselines on the same test images."""
    scores = {}
    for data in datasets:
        dataset = ablation.DATA[data]()
        for name, build in {
            "Otsu": lambda _: otsu(),
            "best threshold": best_threshold,
            "random forest": random_forest,
        }.items():
            start = time.process_time()
            score = evaluate(build(dataset.train), dataset.test)
            scores[f"{data} | {name}"] = {
                "iou": score.iou,
                "boundary_f1": score.boundary_f1,
                "seconds": round(time.process_time() - start, 1),
            }
    return scores


KERNEL = """
import resource, torch
from unet_teach import UNet
from unet_teach.segmentation import earth, evaluate, train
torch.manual_seed(0)
data = earth()
run = train(UNet(1, 1, depth=3, base_channels=8), data, steps=int({steps}), device="cpu")
evaluate(run.model, data.test)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print("peak", peak, run.drawing_seconds / run.seconds)
"""


def in_a_kernel(steps: int) -> dict[str, float]:
    """Train in a real kernel; return its peak memory in MB, and the time share of the live view."""
    import nbformat
    from nbclient import NotebookClient

    cell = nbformat.v4.new_code_cell(KERNEL.format(steps=steps))
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    text = "".join(output.get("text", "") for output in notebook.cells[0].outputs)
    peak, share = text.split("peak ")[1].split()
    return {"peak_mb": int(peak), "live_view_share": round(float(share), 4)}


def tables(report: dict[str, Any]) -> str:
    """Return three Markdown tables: networks, options and baselines."""
    base = report["ms_a_crop"]["UNet of the course"]
    heads = [f"{data}: {'boundary F1' if data == 'earth' else 'IoU'}" for data in DATA]
    lines = [f"| network | parameters | ms a crop | times | {' | '.join(heads)} |"]
    lines.append("|---|---:|---:|---:|---:|---:|")
    for name in NETWORKS:
        cells = []
        for data in DATA:
            measure = "boundary_f1" if data == "earth" else "iou"
            runs = [run[measure] for run in report["equal_time"][f"{data} | {name}"]]
            cells.append(f"{statistics.mean(runs):.2f} ({min(runs):.2f}–{max(runs):.2f})")
        ms = report["ms_a_crop"][name]
        size = f"{report['parameters'][name]:,}"
        lines.append(f"| {name} | {size} | {ms:.1f} | {ms / base:.1f} | {' | '.join(cells)} |")
    lines += ["", "| way | ms a crop | times |", "|---|---:|---:|"]
    plain = report["options"]["plain"]
    lines += [f"| {n} | {ms:.1f} | {ms / plain:.2f} |" for n, ms in report["options"].items()]
    lines += ["", "| data | baseline | IoU | boundary F1 | seconds |", "|---|---|---:|---:|---:|"]
    for name, one in report["baselines"].items():
        scores = f"{one['iou']:.2f} | {one['boundary_f1']:.2f} | {one['seconds']}"
        lines.append(f"| {name} | {scores} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print the tables, and write everything to the results file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=40, help="of processor time a training")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rounds", type=int, default=5, help="of the timings")
    parser.add_argument("--smoke", action="store_true", help="only see it run; writes no results")
    options = parser.parse_args()
    steps, kernel_steps = 10, ablation.RECIPES["earth"]["steps"]
    if options.smoke:
        options.seconds, options.seeds, options.rounds, steps, kernel_steps = 0.2, [0], 1, 1, 2
        NETWORKS.pop("monai BasicUNet", None)
        NETWORKS.pop("monai UNet", None)
    torch.set_num_threads(1)
    load = [os.getloadavg()]
    candidates = {name: lambda n, b=build: step_times(b(), n) for name, build in NETWORKS.items()}
    report: dict[str, Any] = {
        "parameters": {n: sum(p.numel() for p in b().parameters()) for n, b in NETWORKS.items()},
        "ms_a_crop": compare(candidates, options.rounds, steps),
        "options": time_options(options.rounds, steps),
        "kernel": in_a_kernel(kernel_steps),
        "baselines": score_baselines(["nuclei"] if options.smoke else ablation.DATA),
        "equal_time": at_equal_time(options.seconds, options.seeds),
    }
    load.append(os.getloadavg())
    flags = Path("/proc/cpuinfo")
    packages = ["torch", *(["monai"] if len(NETWORKS) > 1 else [])]
    report["machine"] = {
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "bf16_in_hardware": flags.exists() and "avx512_bf16" in flags.read_text(),
        "load_before_and_after": [[round(average, 2) for average in one] for one in load],
        "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}},
    }
    print(tables(report), json.dumps({k: report[k] for k in ("kernel", "machine")}), sep="\n\n")
    if not options.smoke:
        report["command"] = " ".join(["python -m benchmarks.training", *sys.argv[1:]])
        RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
