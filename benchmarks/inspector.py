"""Measures how long an inspection takes, next to torchinfo and to tools that draw graphs.

It needs monai, diffusers and torchinfo, and with `--drawers` torchview, torchlens and torchvista.
Run it from the project's folder: `python -m benchmarks.inspector`. README.md explains the numbers.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach import inspect_unet
from unet_teach.networks import UNet
from unet_teach.networks.document import ConcatenatingUNet

RESULTS = Path(__file__).parent / "results" / "inspector.json"
DRAWN = RESULTS.with_name("inspector_drawers.json")  # of `--drawers`
MEDIAN_GOAL, WORST_GOAL = 1.0, 2.0
SECONDS_GOAL, MEMORY_GOAL = 4.0, 50.0  # for Stable Diffusion 1.5; MB above its imports
UNIT = 2**20 if sys.platform == "darwin" else 2**10
Inputs = dict[str, Tensor]
Network = Callable[[], tuple[nn.Module, Inputs]]


def course(model: nn.Module, channels: int) -> tuple[nn.Module, Inputs]:
    """Return a network of the course and an image of 128 × 128 pixels."""
    return model, {"x": torch.rand(1, channels, 128, 128)}


def monai(name: str, shape: tuple[int, ...], **options: Any) -> tuple[nn.Module, Inputs]:
    """Return one of monai's networks and an input of this shape."""
    import monai.networks.nets as nets

    first = "x_in" if name == "SwinUNETR" else "x"
    return getattr(nets, name)(**options), {first: torch.rand(shape)}


def diffusion(name: str, **options: Any) -> tuple[nn.Module, Inputs]:
    """Return a small network of diffusers; it takes an image, a time step and sometimes a text."""
    module = importlib.import_module("diffusers")
    inputs = {"sample": torch.rand(1, 4, 32, 32), "timestep": torch.tensor([7])}
    if "cross_attention_dim" in options:
        inputs["encoder_hidden_states"] = torch.rand(1, 77, options["cross_attention_dim"])
    widths = {"block_out_channels": (32, 64, 64, 64), "norm_num_groups": 8}
    model = getattr(module, name)(
        sample_size=32, in_channels=4, out_channels=4, **{**widths, **options}
    )
    return model, inputs


WIDTHS = {"channels": (16, 32, 64, 128), "strides": (2, 2, 2)}
NETWORKS: dict[str, Network] = {
    "UNet, as in 2015": lambda: course(UNet(depth=4), 1),
    "ConcatenatingUNet": lambda: course(ConcatenatingUNet(3, 2), 3),
    "monai UNet": lambda: monai(
        "UNet", (1, 1, 128, 128), spatial_dims=2, in_channels=1, out_channels=2, **WIDTHS
    ),
    "monai AttentionUnet": lambda: monai(
        "AttentionUnet", (1, 1, 128, 128), spatial_dims=2, in_channels=1, out_channels=2, **WIDTHS
    ),
    "monai BasicUNet, 3-D": lambda: monai("BasicUNet", (1, 1, 64, 64, 64), spatial_dims=3),
    "monai SegResNet, 3-D": lambda: monai("SegResNet", (1, 1, 64, 64, 64), spatial_dims=3),
    "monai SwinUNETR": lambda: monai(
        *("SwinUNETR", (1, 1, 128, 128)), spatial_dims=2, in_channels=1, out_channels=2
    ),
    "monai DenseNet121": lambda: monai(
        "DenseNet121", (1, 1, 128, 128), spatial_dims=2, in_channels=1, out_channels=2
    ),
    "diffusers UNet2DModel": lambda: diffusion("UNet2DModel"),
    "diffusers UNet2DConditionModel": lambda: diffusion(
        "UNet2DConditionModel", cross_attention_dim=64
    ),
}


def inspector(model: nn.Module, inputs: Inputs) -> Any:
    """Inspect with this project, which must be able to judge the network."""
    report = inspect_unet(model, **inputs)
    if report.problem:
        raise RuntimeError(report.problem)
    return report


def torchinfo(model: nn.Module, inputs: Inputs) -> Any:
    """Summarise with torchinfo: one row for each layer."""
    from torchinfo import summary

    return str(summary(model, input_data=inputs, verbose=0))


def torchview(model: nn.Module, inputs: Inputs) -> Any:
    """Build torchview's graph of modules and tensors; drawing it would need graphviz."""
    from torchview import draw_graph

    return draw_graph(model, input_data=inputs, graph_name="g")


def torchlens(model: nn.Module, inputs: Inputs) -> Any:
    """Record with torchlens: a log of every operation with its tensor."""
    from torchlens import trace

    return trace(model, list(inputs.values()))


def torchvista(model: nn.Module, inputs: Inputs) -> Any:
    """Write torchvista's page with a graph whose parts fold and unfold."""
    from torchvista import trace_model

    values = tuple(inputs.values())
    given = values[0] if len(values) == 1 else values
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "graph.html")
        return trace_model(model, given, export_format="html", export_path=path)


DRAWERS = {"torchview": torchview, "torchlens": torchlens, "torchvista": torchvista}


def seconds_of(tool: Callable[[nn.Module, Inputs], Any], model: nn.Module, inputs: Inputs) -> float:
    """Return the seconds of one call; what it prints is not shown."""
    shown, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: SIM115 - closed below
    try:
        started = time.perf_counter()
        tool(model, inputs)
        return time.perf_counter() - started
    finally:
        sys.stdout.close()
        sys.stdout = shown


def compare(make: Network, tools: dict[str, Any], repeats: int) -> dict[str, Any]:
    """Return the median seconds of each tool, taken in turns, or the error of one that fails."""
    torch.manual_seed(0)
    model, inputs = make()
    model.eval()
    times: dict[str, list[float]] = {name: [] for name in tools}
    failed: dict[str, str] = {}
    for turn in range(repeats + 1):
        for name, tool in tools.items():
            if name in failed:
                continue
            try:
                seconds = seconds_of(tool, model, inputs)
            except Exception as error:  # another project's tool may not support this network
                failed[name] = f"{type(error).__name__}: {error}".split("\n")[0][:120]
                continue
            if turn:  # the first call of each also measures its imports
                times[name].append(seconds)
    medians: dict[str, Any] = {n: statistics.median(t) for n, t in times.items() if t}
    return medians | failed | {"verdict": inspect_unet(model, **inputs).verdict}


def _peak_memory(*, reset: bool = False) -> float:
    """Return the highest memory of this process so far, in MB.

    Linux passes a peak on to a child process, so `reset` starts again from the present memory.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / UNIT
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) / 2**10


def stable_diffusion() -> dict[str, Any]:
    """Inspect the U-Net of Stable Diffusion 1.5 in this process: 860 million weights on meta."""
    from diffusers import UNet2DConditionModel

    with torch.device("meta"):
        model = UNet2DConditionModel(cross_attention_dim=768, attention_head_dim=8)
    inputs = {
        "sample": torch.empty(1, 4, 64, 64, device="meta"),
        "timestep": torch.tensor([7]),
        "encoder_hidden_states": torch.empty(1, 77, 768, device="meta"),
    }
    importlib.import_module("unet_teach.inspection.inspector")

    before = _peak_memory(reset=True)
    started = time.perf_counter()
    report = inspect_unet(model, **inputs)
    seconds = time.perf_counter() - started
    peak = _peak_memory()
    millions = sum(p.numel() for p in model.parameters()) / 1e6
    return {
        "millions of weights": millions,
        "seconds": seconds,
        "MB above imports": peak - before,
        "verdict": report.verdict,
    }


def main() -> int:
    """Print a row for each network, and store what was measured."""
    parser = argparse.ArgumentParser(description="Seconds of an inspection beside other tools'.")
    parser.add_argument("--repeats", type=int, default=5, help="measured calls, after a first one")
    parser.add_argument("--drawers", action="store_true", help="also torchview and its like")
    parser.add_argument("--stable-diffusion", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.stable_diffusion:
        print(json.dumps(stable_diffusion()))
        return 0
    tools: dict[str, Any] = {"unet_teach": inspector, "torchinfo": torchinfo}
    tools |= DRAWERS if options.drawers else {}
    found = {}
    print(f"| network | {' | '.join(tools)} | ratio |\n|---|{'---|' * (len(tools) + 1)}")
    for name, make in NETWORKS.items():
        row = found[name] = compare(make, tools, options.repeats)
        row["ratio"] = row["unet_teach"] / row["torchinfo"]
        cells = [f"{row[t]:.2f} s" if isinstance(row[t], float) else "fails" for t in tools]
        print(f"| {name} | {' | '.join(cells)} | {row['ratio']:.2f} |", flush=True)
    ratios = [row["ratio"] for row in found.values()]
    print(
        f"median ratio {statistics.median(ratios):.2f} (goal {MEDIAN_GOAL}), largest "
        f"{max(ratios):.2f} (goal {WORST_GOAL})"
    )
    command = [sys.executable, "-m", "benchmarks.inspector", "--stable-diffusion"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    large = json.loads(run.stdout.splitlines()[-1])
    print(
        f"Stable Diffusion 1.5: {large['seconds']:.1f} s (goal {SECONDS_GOAL}), "
        f"{large['MB above imports']:.0f} MB above its imports (goal {MEMORY_GOAL:.0f})"
    )
    kept = {"networks": found, "stable diffusion 1.5": large, "load": os.getloadavg()}
    kept |= {"python": platform.python_version(), "versions": versions()}
    out = DRAWN if options.drawers else RESULTS
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(kept, indent=1) + "\n")
    return 0


def versions() -> dict[str, str]:
    """Return the versions of the tools and networks that are installed."""
    found = {}
    for name in ("torch", "torchinfo", "monai", "diffusers", *DRAWERS):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    sys.exit(main())
