"""Measure what each lesson costs a student's machine: seconds of each cell, and memory.

Runs the solved notebooks one after the other, each in a fresh kernel on one core and one thread.
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
from typing import Any

import nbformat
import psutil
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "lesson_cost.json"
MEMORY_GOAL, SMALL_GOAL = 500, 360  # MB; the second one in lessons 0 to 4
CELL_GOAL = 20  # seconds of processor time
ANNOUNCED = {"05_train_it": 40}  # its training is the one exception, and the lesson says so
SHOWN = 12  # of the slowest cells
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


class TimedClient(NotebookClient):
    """A client that notes the processor time of its kernel in each cell."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.seconds: dict[int, float] = {}
        self.on_cell_execute = lambda cell_index, **_: self._note(cell_index, -1)
        self.on_cell_executed = lambda cell_index, **_: self._note(cell_index, 1)

    def _note(self, index: int, sign: int) -> None:
        times = psutil.Process(self.km.provisioner.pid).cpu_times()
        self.seconds[index] = self.seconds.get(index, 0.0) + sign * (times.user + times.system)


def measure(path: Path) -> dict[str, Any]:
    """Run a notebook; return its seconds, those of its cells, and its kernel's memory in MB.

    `cells` has, for each cell that takes half a second or more, the number of the cell, its first
    line of code that is no import, and its processor time. `peak` is the most memory.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(LOOK))
    folder = {"metadata": {"path": str(ROOT / "notebooks")}}
    started = time.perf_counter()
    client = TimedClient(notebook, timeout=600, resources=folder, coalesce_streams=True)
    client.execute()
    seconds = time.perf_counter() - started
    slow = {index: used for index, used in client.seconds.items() if used >= 0.5}
    cells = [
        {"cell": index, "begins": first_line(notebook.cells[index].source), "seconds": used}
        for index, used in slow.items()
    ]
    used = sum(client.seconds.values())
    memory = json.loads(notebook.cells[-1].outputs[0].text)
    return {"seconds": seconds, "processor": used, "cells": cells} | memory


def first_line(source: str) -> str:
    """Return the first line that does something, for people to find a cell by."""
    skipped = ("import ", "from ", "#", "torch.manual_seed")
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith(skipped)), "imports")[:60]


def main() -> int:
    """Print two tables and write what was measured; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description="What each lesson costs.")
    parser.add_argument("lessons", nargs="*", help="numbers, such as 01; all when left out")
    options = parser.parse_args()
    os.environ["UNET_TEACH_PROGRESS"] = str(Path(tempfile.mkdtemp()) / "progress.json")
    os.environ |= {"OMP_NUM_THREADS": "1", "UNET_TEACH_SECONDS": "inf"}
    os.environ["MALLOC_ARENA_MAX"] = "1"  # as on Binder and a JupyterHub
    found = {}
    print("| lesson | seconds | processor | kernel, MB | its share (PSS), MB | at most, MB |")
    print("|---|---|---|---|---|---|")
    for path in sorted((ROOT / "notebooks" / "solved").glob("[0-9][0-9]_*.ipynb")):
        if options.lessons and path.stem[:2] not in options.lessons:
            continue
        cost = found[path.stem] = measure(path)
        print(
            f"| {path.stem} | {cost['seconds']:.1f} | {cost['processor']:.1f} | "
            f"{cost['memory']:.0f} | {cost['share']:.0f} | {cost['peak']:.0f} |",
            flush=True,
        )
    cells = [(cell, stem) for stem, cost in found.items() for cell in cost["cells"]]
    cells.sort(key=lambda pair: -pair[0]["seconds"])
    print("\n| lesson | cell | processor, s |\n|---|---|---|")
    for cell, stem in cells[:SHOWN]:
        print(f"| {stem[:2]} | `{cell['begins']}` | {cell['seconds']:.1f} |")
    if not options.lessons:
        machine = (
            f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        )
        about = {"machine": machine, "torch": version("torch"), "load": os.getloadavg()}
        RESULTS.write_text(json.dumps({"about": about, "lessons": found}, indent=1) + "\n")
    slow = too_slow(found)
    large = too_large(found)
    print(f"above {CELL_GOAL} s a cell: {', '.join(slow) or 'none'}")
    print(f"above {SMALL_GOAL} or {MEMORY_GOAL} MB: {', '.join(large) or 'none'}")
    return 1 if slow or large else 0


def too_slow(found: dict[str, Any]) -> list[str]:
    """Return the cells that take too long, leaving out the one of a lesson that announces it."""
    slow = []
    for stem, cost in found.items():
        cells = [cell for cell in cost["cells"] if cell["seconds"] > CELL_GOAL]
        if len(cells) == 1 and cells[0]["seconds"] <= ANNOUNCED.get(stem, 0):
            continue
        slow += [f"{stem}: {cell['begins']}" for cell in cells]
    return slow


def too_large(found: dict[str, Any]) -> list[str]:
    """Return the lessons whose kernel ends with too much memory."""
    goals = {stem: SMALL_GOAL if int(stem[:2]) <= 4 else MEMORY_GOAL for stem in found}
    return [stem for stem, cost in found.items() if cost["memory"] >= goals[stem]]


if __name__ == "__main__":
    sys.exit(main())
