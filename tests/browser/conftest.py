"""One browser and one JupyterLab for the whole test session."""

import os
import shutil
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import sync_playwright

from .lab import CHROMIUM_ARGS, LabServer, Notebook

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def browser(node_packages):
    """A headless Chromium, the one course.py found or Playwright's own; axe-core lies ready."""
    executable = os.environ.get("UNET_TEACH_BROWSER") or shutil.which("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """JupyterLab over a copy of the notebooks: what a test types is not saved in the project."""
    root = tmp_path_factory.mktemp("course") / "notebooks"
    shutil.copytree(ROOT / "notebooks", root)
    server = LabServer(root, tmp_path_factory.mktemp("jupyter"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def open_cells(browser, lab, request):
    """Open a new notebook of these code cells and run them all; closed after the module."""
    opened = []

    def open_and_run(*cells, **options):
        name = f"{request.module.__name__.rpartition('.')[2]}_{len(opened)}.ipynb"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, lab.root / name)
        opened.append(Notebook(browser, lab, name, **options))
        opened[-1].run_all()
        return opened[-1]

    yield open_and_run
    for notebook in opened:
        notebook.close()
