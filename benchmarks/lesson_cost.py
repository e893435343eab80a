"""Measure what each lesson costs a student's machine: seconds, and the memory of its kernel.

Runs the solved notebooks one after the other, each in a fresh kernel.
Run it from the project's folder: `python -m benchmarks.lesson_cost`. README.md explains.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "lesson_cost.json"
MEMORY_GOAL = 400  # MB
SECONDS_GOAL = 60
LOOK = """
import gc, json, resource, sys
import psutil
gc.collect()
unit = 2**20 if sys.platform == "darwin" else 2**10
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
held = psutil.Process().memory_full_info()
share = getattr(held, "pss", held.rss) / 2**20
print(json.dumps({"memory": held.rss / 2**20, "share": share, "peak": peak}))
"""


def measure(path: Path) -> dict[str, float]:
    """Run a notebook; return its seconds, and its kernel's memory at the end and at most in MB."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(LOOK))
    folder = {"metadata": {"path": str(ROOT / "notebooks")}}
    started = time.perf_counter()
    NotebookClient(notebook, timeout=600, resources=folder, coalesce_streams=True).execute()
    seconds = time.perf_counter() - started
    return {"seconds": seconds} | json.loads(notebook.cells[-1].outputs[0].text)


def main() -> int:
    """Print a row for each lesson and write what was measured; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description="What each lesson costs.")
    parser.add_argument("lessons", nargs="*", help="numbers, such as 01; all when left out")
    options = parser.parse_args()
    os.environ["UNET_TEACH_PROGRESS"] = str(Path(tempfile.mkdtemp()) / "progress.json")
    found = {}
    print("| lesson | seconds | kernel, MB | its share (PSS), MB | at most, MB |")
    print("|---|---|---|---|---|")
    for path in sorted((ROOT / "notebooks" / "solved").glob("[0-9][0-9]_*.ipynb")):
        if options.lessons and path.stem[:2] not in options.lessons:
            continue
        cost = found[path.stem] = measure(path)
        print(
            f"| {path.stem} | {cost['seconds']:.1f} | {cost['memory']:.0f} | {cost['share']:.0f} "
            f"| {cost['peak']:.0f} |"
        )
    if not options.lessons:
        machine = (
            f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        )
        about = {"machine": machine, "torch": version("torch"), "load": os.getloadavg()}
        RESULTS.write_text(json.dumps({"about": about, "lessons": found}, indent=1) + "\n")
    kept = all(
        cost["seconds"] < SECONDS_GOAL and cost["memory"] < MEMORY_GOAL for cost in found.values()
    )
    print(f"goals: {SECONDS_GOAL} s, {MEMORY_GOAL} MB: {'kept' if kept else 'MISSED'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
