"""One browser and one JupyterLab for each process that runs tests."""

import shutil
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect, sync_playwright

from . import stub
from .find_browser import find_browser
from .lab import CHROMIUM_ARGS, PATIENCE, LabServer, Notebook
from .shared_pages import SharedPages

ROOT = Path(__file__).parents[2]
NUMBERS = count()  # of the notebooks that tests write

expect.set_options(timeout=1000 * PATIENCE)


@pytest.fixture(scope="session")
def browser():
    """A headless browser."""
    executable = find_browser()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable, args=CHROMIUM_ARGS, timeout=1000 * PATIENCE
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """JupyterLab over a copy of the notebooks: what a test types is not saved in the project."""
    course = tmp_path_factory.mktemp("course")
    for folder in ("notebooks", "docs/images"):
        shutil.copytree(ROOT / folder, course / folder)
    server = LabServer(course / "notebooks", tmp_path_factory.mktemp("jupyter"))
    yield server
    server.close()


@contextmanager
def opener(browser, lab, module):
    """Open notebooks of some code cells and run them all; they are closed at the end."""
    opened = []

    def open_and_run(*cells, **options):
        name = f"{module}_{next(NUMBERS)}.ipynb"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, lab.root / name)
        opened.append(Notebook(browser, lab, name, **options))
        opened[-1].run_all()
        return opened[-1]

    yield open_and_run
    for notebook in opened:
        notebook.close()


@pytest.fixture(scope="module")
def open_cells(browser, lab, request):
    """Open a new notebook of these code cells and run them all; closed after the module."""
    with opener(browser, lab, request.module.__name__.rpartition(".")[2]) as open_and_run:
        yield open_and_run


@pytest.fixture
def open_briefly(browser, lab, request):
    """Open a new notebook as `open_cells` does; closed after the test."""
    with opener(browser, lab, request.module.__name__.rpartition(".")[2]) as open_and_run:
        yield open_and_run


@pytest.fixture(scope="session")
def shared_pages(browser):
    return SharedPages(browser)


@pytest.fixture
def blank_page(shared_pages):
    """Lend a blank page of some window to one test; no error may reach the page."""
    yield shared_pages.lend
    assert shared_pages.take_back() == []


@pytest.fixture
def without_network(blank_page):
    """Open a file on a shared page with the network off; the test fails if it asks for anything."""
    asked, opened = [], []

    def note(request):
        asked.append(request.url)

    def open_at(file, address="", **options):
        opened.append(blank_page(offline=True, **options))
        opened[-1].on("request", note)
        opened[-1].goto(file.as_uri() + address)
        opened[-1].locator("main[data-shown]").wait_for()
        return opened[-1]

    yield open_at
    for page in opened:
        page.remove_listener("request", note)
    assert [url for url in asked if not url.startswith(("file:", "blob:"))] == []


@pytest.fixture
def without_kernel(blank_page):
    """Show a widget on a page without Jupyter (see stub.py); no error may reach the page."""

    def show(view, state, **options):
        page = blank_page(**options)
        stub.show(page, view, state)
        return page

    return show
