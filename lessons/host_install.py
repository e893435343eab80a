"""The first code cell of a notebook: on Colab and Kaggle it installs the course.

They open a notebook alone, beside a torch and an ipywidgets of their own, which pip would replace
if it read what the course requires: hence `--no-deps`, and the names of what they may lack.
Anywhere else the cell does nothing, and is folded.
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
ID = "host-install"
CELL = """\
# Install the course if needed.
# Only on Colab and Kaggle; their PyTorch and ipywidgets stay as they are.
import os, subprocess, sys
from importlib import invalidate_caches, util

HOME = "{home}"
FILE = "{wheel}"


def is_there():
    return getattr(util.find_spec("unet_teach"), "origin", None)  # a folder alone has none


if not is_there() and {{"COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"}} & {{*os.environ}}:
    wheel = os.environ.get("UNET_TEACH_WHEEL") or f"https://github.com/{{HOME}}/releases/latest/download/{{FILE}}"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, wheel, {names}])
    invalidate_caches()
if is_there():
    from unet_teach.lesson_docs import show_lesson_docs
    show_lesson_docs({lesson})
elif not (HOME or os.environ.get("UNET_TEACH_WHEEL")):
    print("The course's package isn't installed, and this copy of the course has no address to get it from. Install its wheel with pip, then run this cell again.")
else:
    print("The course's package isn't installed. On Kaggle, switch the Internet on (Settings). Elsewhere, install the course's wheel with pip. Then run this cell again.")"""
# What the course needs and a host may lack; pip leaves alone what is there.
LIGHT = ("anywidget", "psygnal", "torchinfo", "platformdirs", "psutil", "tifffile")


def install_cell(lesson: int) -> NotebookNode:
    """Return the cell for a lesson, from its number."""
    project = PYPROJECT.read_text(encoding="utf-8")
    home = re.search(r'^Repository = "https://github\.com/([^"]+)"$', project, re.M)
    version = re.search(r'^version = "([^"]+)"$', project, re.M)
    assert version
    source = CELL.format(
        home=home[1] if home else "",
        wheel=f"unet_teach-{version[1]}-py3-none-any.whl",
        names=", ".join(f'"{name}"' for name in LIGHT),
        lesson=lesson,
    )
    hidden = {"tags": [ID, "remove-cell"], "jupyter": {"source_hidden": True}, "cellView": "form"}
    cell = nbformat.v4.new_code_cell(source, id=ID, metadata=hidden)
    return nbformat.from_dict(cell)


def insert(notebook: NotebookNode, lesson: int) -> None:
    """Put the cell in front of the first code cell, below a lesson's title and image."""
    kinds = [cell.cell_type for cell in notebook.cells]
    notebook.cells.insert(kinds.index("code"), install_cell(lesson))
