"""Runs lessons as another host would: an installed wheel, an empty folder, no repository.

`python -m benchmarks.hosts NAME PYTHON` runs them with the kernel of another environment, in which
the wheel is installed, and writes results/hosts.json. README.md explains.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"
RESULTS = Path(__file__).parent / "results" / "hosts.json"
COLAB = {"COLAB_RELEASE_TAG": "release-colab"}  # by what a notebook knows that it runs there
PACKAGES = ("torch", "numpy", "ipywidgets", "anywidget", "ipython")


def run_alone(path: Path, python: str, environment: Mapping[str, str] = {}) -> NotebookNode:
    """Run a notebook in an empty folder with the kernel of another environment.

    Args:
        path: the notebook; it is copied.
        python: the environment's interpreter.
        environment: variables that the host sets.

    Raises:
        CellExecutionError: if a cell fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder, "jupyter", "kernels", "host", "kernel.json")
        spec.parent.mkdir(parents=True)
        launch = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        own = {"PYTHONPATH": "", "UNET_TEACH_PROGRESS": f"{folder}/progress.json", **environment}
        text = {"argv": launch, "display_name": "host", "language": "python", "env": own}
        spec.write_text(json.dumps(text))
        empty = Path(folder, "content", "empty")
        empty.mkdir(parents=True)
        shutil.copy(path, empty)
        os.environ["JUPYTER_PATH"] = f"{folder}/jupyter"
        notebook = nbformat.read(empty / path.name, as_version=4)
        where = {"metadata": {"path": str(empty)}}
        client = NotebookClient(notebook, timeout=900, kernel_name="host", resources=where)
        try:
            return client.execute()
        finally:
            del os.environ["JUPYTER_PATH"]


def differing_cells(executed: NotebookNode, stored: NotebookNode) -> list[str]:
    """Return the code of the cells whose texts are not those that the course stores."""

    def texts(cell: NotebookNode) -> list[str]:
        outputs = [each for each in cell.outputs if each.get("name") != "stderr"]
        shown = [each.get("text") or each.get("data", {}).get("text/plain", "") for each in outputs]
        return "".join(shown).splitlines()

    return [
        ours.source
        for ours, theirs in zip(executed.cells, stored.cells, strict=True)
        if ours.cell_type == "code"
        and not {"nbval-ignore-output", "host-install"} & {*ours.metadata.get("tags", [])}
        and texts(ours) != texts(theirs)
    ]


def measure(python: str, numbers: Sequence[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what became of lessons: 0 to 4 are compared, of all it is said whether they run."""
    result: dict[str, Any] = {}
    for number in numbers:
        start = time.monotonic()
        strict = int(number) <= 4
        (path,) = (NOTEBOOKS / "solved" if strict else NOTEBOOKS).glob(f"{number}_*.ipynb")
        try:
            executed = run_alone(path, python, environment)
            stored = nbformat.read(path, as_version=4)
            row: dict[str, Any] = {"runs": True}
            if strict:
                row["cells that differ"] = differing_cells(executed, stored)
        except CellExecutionError as error:
            row = {"runs": False, "error": f"{error.ename}: {error.evalue}"}
        result[number] = {**row, "seconds": round(time.monotonic() - start)}
        print(number, result[number], flush=True)
    ask = f"from importlib.metadata import version as v; print(*map(v, {PACKAGES}))"
    found = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True)
    return {"packages": dict(zip(PACKAGES, found.stdout.split(), strict=True)), **result}


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the results as the Markdown table of docs/hosts.md."""
    lines = ["| environment | packages | lessons 0 to 4 | the others |", "|---|---|---|---|"]
    for name, rows in results.items():
        packages = ", ".join(f"{each} {version}" for each, version in rows["packages"].items())
        strict = [row for number, row in rows.items() if number.isdigit() and int(number) <= 4]
        others = [row for number, row in rows.items() if number.isdigit() and int(number) > 4]
        differ = sum(len(row.get("cells that differ", [])) for row in strict)
        run = sum(row["runs"] for row in strict)
        said = f"{run} of {len(strict)} run, {differ} cells differ"
        lax = (
            f"{sum(row['runs'] for row in others)} of {len(others)} run" if others else "not tried"
        )
        lines.append(f"| {name} | {packages} | {said} | {lax if others else 'not tried'} |")
    return "\n".join(lines)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="of the environment in the results")
    parser.add_argument("python", help="its interpreter")
    parser.add_argument("--lessons", nargs="+", default=[f"{n:02}" for n in range(10)])
    parser.add_argument("--colab", metavar="WHEEL", help="as Colab: the first cell installs WHEEL")
    given = parser.parse_args()
    more = {**COLAB, "UNET_TEACH_WHEEL": given.colab} if given.colab else {}
    rows = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    rows[given.name] = measure(given.python, given.lessons, more)
    text = json.dumps(rows, indent=1, ensure_ascii=False)
    RESULTS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
