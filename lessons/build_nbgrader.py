"""Turns the lessons into assignments of nbgrader: `python lessons/build.py --nbgrader DIR`.

Each exercise becomes a cell for the answer and a locked cell that checks it for one point. A copy
of this check is hidden from students. It loads the course anew, so that code which changes its
checks earns nothing. docs/grading.md explains.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

DOCS = Path(__file__).parents[1] / "docs"
CHECK = re.compile(r"^exercises\.(?P<name>\w+)\.check\((?P<answer>.+)\)$", re.M)
FILES = re.compile(r"\]\(\.\./docs/([^)#\s]+)")
LESSON = re.compile(r"\]\((\d\d_\w+)\.ipynb\)")
HIDDEN = """\
{check}
### BEGIN HIDDEN TESTS
import os, sys
sys.path[:] = [path for path in sys.path if path and os.path.realpath(path) != os.getcwd()]
for module in [name for name in sys.modules if name.partition(".")[0] == "unet_teach"]:
    del sys.modules[module]
from unet_teach import exercises
reply = {check}
assert reply.solved is True, reply.text
### END HIDDEN TESTS"""
CONFIG = '''\
"""Settings of nbgrader for this course."""

import os
import tempfile

# What students' notebooks solve while they are graded is not the grader's progress.
os.environ["UNET_TEACH_PROGRESS"] = os.path.join(tempfile.mkdtemp(), "progress.json")

c = get_config()  # noqa: F821 - nbgrader defines it
c.CourseDirectory.course_id = "unet"
c.ClearSolutions.code_stub = {"python": "...  # your code"}
c.Execute.timeout = 900  # seconds for a cell; lesson 5 trains a network
'''


def marked(cell: NotebookNode, grade_id: str, **more: Any) -> NotebookNode:
    """Give a cell the metadata of nbgrader, in version 3 of its schema."""
    kind = {"grade": False, "locked": False, "solution": False, "task": False}
    cell.metadata["nbgrader"] = {"schema_version": 3, "grade_id": grade_id, **kind, **more}
    return cell


def split(cell: NotebookNode, region: re.Pattern[str], blank: Callable[[Any], str]) -> Iterator:
    """Yield the cell of an answer and the cell that checks it; another cell as it is."""
    check = CHECK.search(cell.source)
    if cell.cell_type != "code" or not region.search(cell.source):
        yield cell
        return
    if not check:
        raise SystemExit(f"This cell has a solution and no check:\n{cell.source}")
    name = check["name"]
    answer = CHECK.sub("", cell.source).rstrip()
    # nbgrader leaves one line for every solution; the names to assign stand before it.
    answer = region.sub(
        lambda found: found[0] if found["indent"] else f"{blank(found)}\n{found[0]}", answer
    )
    yield marked(nbformat.v4.new_code_cell(answer, id=f"{name}-answer"), name, solution=True)
    graded = nbformat.v4.new_code_cell(HIDDEN.format(check=check[0]), id=f"{name}-check")
    yield marked(graded, f"{name}_check", grade=True, locked=True, points=1)


def assignment(notebook: NotebookNode, region: re.Pattern[str], blank: Callable) -> NotebookNode:
    """Return a lesson, read from its source, as nbgrader's source of an assignment."""
    notebook.cells = [part for cell in notebook.cells for part in split(cell, region, blank)]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = LESSON.sub(r"](../\1/\1.ipynb)", cell.source)
            cell.source = cell.source.replace("](../docs/", "](docs/")
    return notebook


def write(folder: Path, source: Path, notebook: NotebookNode, region: Any, blank: Any) -> Path:
    """Write one assignment, with the pages and pictures that it links, and nbgrader's settings."""
    home = folder / "source" / source.stem
    linked = {name for cell in notebook.cells for name in FILES.findall(cell.source)}
    for name in sorted(linked):
        (home / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(DOCS / name, home / "docs" / name)
    home.mkdir(parents=True, exist_ok=True)
    nbformat.write(assignment(notebook, region, blank), home / f"{source.stem}.ipynb")
    (folder / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    return home / f"{source.stem}.ipynb"
