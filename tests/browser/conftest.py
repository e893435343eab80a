"""One browser and one JupyterLab for the whole test session."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from .lab import CHROMIUM_ARGS, LabServer

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium: the one course.py found, or Playwright's own."""
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
