"""The benchmarks still run; what they measure is not judged here.

The one that needs a browser is tested in tests/browser/test_widget_latency.py.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_training_prints_its_tables():
    command = [sys.executable, "-m", "benchmarks.training", "--smoke"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    networks, ways, baselines, rest = run.stdout.split("\n\n")
    assert "| UNet of the course | 121,033 |" in networks
    assert "| channels_last (used) |" in ways
    assert baselines.count("\n") == 1 + 3
    assert "peak_mb" in rest


def test_tiling_measures_seams_shifts_and_memory():
    command = [sys.executable, "-m", "benchmarks.tiling", "--smoke"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout[: run.stdout.rindex("}") + 1])
    assert report["seams"][-1]["equal_to_the_last_bit"]
    assert [row["largest"] for row in report["shifts"][-2:]] == [0, 0]
    assert {row["way"] for row in report["memory"]} == {"tiles", "whole"}


def test_coast_splits_the_outlines_of_every_method():
    command = [sys.executable, "-m", "benchmarks.coast", "--smoke"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout[run.stdout.index("{\n") :])
    assert [row["method"] for row in report["runs"]] == ["Otsu", "random forest", "U-Net"]
    assert all({"iou", "boundary_f1", "north", "south"} <= set(row) for row in report["runs"])
