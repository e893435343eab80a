"""Build the notebooks from the lessons: one source, two notebooks each.

    python lessons/build.py [01 ...]     write notebooks/NN_*.ipynb and notebooks/solved/NN_*.ipynb
    python lessons/build.py --check      write nothing; fail when a notebook differs from its source
    python lessons/build.py --nbgrader DIR      write assignments for nbgrader into DIR

A source is a jupytext percent file. What stands between `### BEGIN SOLUTION` and `### END SOLUTION`
is left out of the student's notebook: an assignment keeps its name and loses its value
(`layer = ...`), and anything else, the body of a function included, becomes `...`. The solved
notebook is executed and stores its outputs. Each notebook ends with a cell that is in no source: it
opens the next lesson.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import re
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).parent))
import build_nbgrader
import host_install
import widget_states

LESSONS = Path(__file__).parent
NOTEBOOKS = LESSONS.parent / "notebooks"
REGION = re.compile(
    r"^(?P<indent>[ \t]*)### BEGIN SOLUTION\n(?P<code>.*?)^[ \t]*### END SOLUTION$", re.M | re.S
)
MARKER = re.compile(r"^[ \t]*### (BEGIN|END) SOLUTION\n?", re.M)
METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}


def blank(region: re.Match[str]) -> str:
    """Return what a student finds in place of a solution: each name, without its value."""
    indent, code = region["indent"], textwrap.dedent(region["code"])
    assigned = [
        target
        for statement in ast.parse(code).body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
    ]
    if indent or not assigned:  # the body of a function, whose names the student chooses
        return f"{indent}...  # your code"
    lines = []
    for names in map(_names, assigned):
        dots = ", ".join("..." for _ in names)
        lines.append(f"{', '.join(names)} = {dots}  # your answer")
    return "\n".join(lines)


def _names(target: ast.expr) -> list[str]:
    """Return the names on the left of an assignment; `a, b = 1, 2` has two."""
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    return [ast.unparse(part) for part in parts]


def read(source: Path) -> NotebookNode:
    """Read a lesson. A cell's id is a hash of its text, so that edits of other cells keep it."""
    notebook = jupytext.read(source)
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        copy = seen[cell.source] = seen.get(cell.source, 0) + 1
        cell.id = hashlib.sha256(f"{source.stem} {copy} {cell.source}".encode()).hexdigest()[:8]
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def ending(source: Path) -> NotebookNode:
    """Return the last cell of a lesson: it offers to open the next; the last lesson, the first."""
    lessons = sorted(source.parent.glob("[0-9][0-9]_*.py"))
    following = lessons[(lessons.index(source) + 1) % len(lessons)]
    heading = re.search(r"^# # (.+)$", following.read_text(encoding="utf-8"), re.M)
    title = heading[1] if heading else following.stem
    call = f'next_lesson("{following.stem}.ipynb", {json.dumps(title, ensure_ascii=False)})'
    cell = nbformat.v4.new_code_cell(f"from unet_teach import next_lesson\n\n{call}")
    cell.id, cell.metadata = "next", nbformat.from_dict({"jupyter": {"source_hidden": True}})
    return cell


def student(source: Path) -> NotebookNode:
    """Return the notebook that a student opens: without outputs, solutions left out."""
    notebook = read(source)
    for cell in notebook.cells:
        cell.source = REGION.sub(blank, cell.source)
    notebook.cells.append(ending(source))
    return checked(notebook, source)


def solved(source: Path) -> NotebookNode:
    """Return the solved notebook, not yet executed."""
    notebook = read(source)
    for cell in notebook.cells:
        cell.source = MARKER.sub("", cell.source)
        if cell.cell_type == "markdown":  # it lies one folder deeper
            cell.source = cell.source.replace("](../docs/", "](../../docs/")
    notebook.cells.append(ending(source))
    return checked(notebook, source)


def checked(notebook: NotebookNode, source: Path) -> NotebookNode:
    """Return the notebook if it is valid and each solution in it has a beginning and an end.

    A lesson gets the cell that installs the course on Colab and Kaggle.
    """
    for cell in notebook.cells:
        if MARKER.search(cell.source):
            raise SystemExit(f"{source.name}: BEGIN SOLUTION without END SOLUTION:\n{cell.source}")
    if source.parent == LESSONS:
        host_install.insert(notebook, int(source.stem[:2]))
    nbformat.validate(notebook)
    return notebook


def execute(notebook: NotebookNode) -> NotebookNode:
    """Run all cells and keep what needs no kernel: text, images, widgets as pictures and states.

    The exercises start without progress, as they do for a student.
    """
    folder = tempfile.mkdtemp()
    environment = {
        **os.environ,
        "UNET_TEACH_PROGRESS": str(Path(folder) / "progress.json"),
        "UNET_TEACH_SECONDS": "inf",  # trainings have no time limit
        "UNET_TEACH_PICTURES": "yes",  # for readers without a kernel
    }
    NotebookClient(
        notebook,
        timeout=900,
        kernel_name="python3",
        coalesce_streams=True,  # otherwise the pieces of a long print vary
        resources={"metadata": {"path": str(NOTEBOOKS)}},
    ).execute(env=environment)
    widget_states.move_to_outputs(notebook)
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if "outputs" in cell:  # without what `time_left` has wiped
            cell.outputs = [out for out in cell.outputs if out.get("data") != {"text/plain": ""}]
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            for kind in [kind for kind, text in data.items() if folder in text]:
                data[kind] = data[kind].replace(f"{folder}{os.sep}", "")  # no path of this machine
    return notebook


def differs(built: NotebookNode, path: Path) -> str | None:
    """Return how a committed notebook differs from its source, or None; nbval compares outputs."""
    if not path.exists():
        return "is missing"
    committed = nbformat.read(path, as_version=4)

    def essence(notebook: NotebookNode) -> list[Any]:
        return [notebook.metadata] + [
            (cell.id, cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells
        ]

    if essence(built) != essence(committed):
        return "differs from its source"
    code = [cell for cell in committed.cells if cell.cell_type == "code"]
    if path.parent.name == "solved":
        return None if all(cell.execution_count for cell in code) else "was not executed"
    return "has outputs" if any(cell.outputs or cell.execution_count for cell in code) else None


def main() -> int:
    """Build or check the lessons named on the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Build the notebooks from the lessons.")
    parser.add_argument("lessons", nargs="*", help="numbers, such as 01; all when left out")
    parser.add_argument("--check", action="store_true", help="write nothing; fail on drift")
    parser.add_argument("--nbgrader", type=Path, metavar="DIR", help="write assignments into DIR")
    options = parser.parse_args()
    sources = sorted(LESSONS.glob("[0-9][0-9]_*.py"))
    chosen = [s for s in sources if not options.lessons or s.stem[:2] in options.lessons]
    drift = []
    if options.nbgrader:
        for source in chosen:
            print(build_nbgrader.write(options.nbgrader, source, read(source), REGION, blank))
        return 0
    for source in chosen:
        for make, folder in ((student, NOTEBOOKS), (solved, NOTEBOOKS / "solved")):
            path = folder / f"{source.stem}.ipynb"
            notebook = make(source)
            if options.check:
                if difference := differs(notebook, path):
                    drift.append(f"{path.relative_to(NOTEBOOKS.parent)} {difference}")
                continue
            path.parent.mkdir(exist_ok=True)
            nbformat.write(execute(notebook) if make is solved else notebook, path)
            print(path.relative_to(NOTEBOOKS.parent))
    known = {source.stem for source in sources}
    drift += [
        f"{path.relative_to(NOTEBOOKS.parent)} has no lesson"
        for path in NOTEBOOKS.glob("**/[0-9][0-9]_*.ipynb")
        if path.stem not in known and ".ipynb_checkpoints" not in path.parts
    ]
    if drift:
        print("\n".join([*drift, "Run: python lessons/build.py"]), file=sys.stderr)
    return 1 if drift else 0


if __name__ == "__main__":
    sys.exit(main())
