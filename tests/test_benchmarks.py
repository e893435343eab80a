"""The benchmarks still run; what they measure is not judged here."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_widget_latency_prints_its_table():
    command = [sys.executable, "-m", "benchmarks.widget_latency", "--smoke"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    head, _, row = (line.split("|")[1:-1] for line in run.stdout.splitlines()[:3])
    assert len(head) == len(row) == 6
    assert row[0].strip() == "100"
