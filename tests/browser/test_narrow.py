"""The solved notebooks 390 pixels wide: no output is cut off or scrolls sideways."""

import shutil

import pytest

from .conftest import ROOT
from .lab import LabServer, Notebook

# What is wider than its place, cell by cell. Words break and images shrink. Tables, drawings whose
# words would get too small, and quoted lines of code scroll by themselves, and nothing else does.
WIDER = """() => {
  const { content } = window.jupyterapp.shell.currentWidget;
  const right = content.node.getBoundingClientRect().right;
  return content.widgets.flatMap((cell, index) =>
    [...cell.node.querySelectorAll('.jp-OutputArea-output, .jp-MarkdownOutput')].flatMap((output) =>
      [output, ...output.querySelectorAll(':not(svg *):not(mjx-container *)')]
        .filter((node) => node.checkVisibility() &&
          !node.closest('[style*="overflow-x:auto"], table, .udia pre, .udia-frame') &&
          !(node === output && output.querySelector('table')) && (
          node.getBoundingClientRect().right > right + 1 ||
          (node.clientWidth > 0 && node.scrollWidth > node.clientWidth + 1 &&
            ['auto', 'scroll'].includes(getComputedStyle(node).overflowX))))
        .map((node) => `cell ${index}: ${node.outerHTML.slice(0, 120)}`)));
}"""


SOLVED = ROOT / "notebooks" / "solved"


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """JupyterLab over the solved notebooks as they are stored, every cell on the page at once."""
    course = tmp_path_factory.mktemp("course")
    for folder in ("notebooks/solved", "docs/images"):
        shutil.copytree(ROOT / folder, course / folder)
    no_windows = {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}}
    server = LabServer(course / "notebooks", tmp_path_factory.mktemp("jupyter"), no_windows)
    yield server
    server.close()


OPEN = """async (path) => {
  const { commands, shell } = window.jupyterapp;
  await commands.execute('docmanager:open', { path, factory: 'Notebook' });
  await shell.currentWidget.context.ready;
  await shell.currentWidget.revealed;
}"""
# Cells come to the page little by little, formulas and images a moment later than their cells.
DRAWN = """() => {
  const { node, widgets } = window.jupyterapp.shell.currentWidget.content;
  const formulas = [...node.querySelectorAll('.jp-MarkdownOutput')];
  return widgets.every((cell) => cell.isAttached && !cell.isPlaceholder()) &&
    !formulas.some((text) => text.innerText.includes('$$')) &&
    [...node.querySelectorAll('img')].every((image) => image.complete);
}"""


def test_no_output_is_wider_than_a_phone(browser, stored):
    first, *others = [f"solved/{path.name}" for path in sorted(SOLVED.glob("0*.ipynb"))]
    notebook = Notebook(browser, stored, first, width=390, height=844)
    wider = {}
    try:
        notebook.page.evaluate("jupyterapp.shell.mode = 'single-document'")
        notebook.page.evaluate("jupyterapp.shell.collapseLeft()")
        for path in (first, *others):
            notebook.page.evaluate(OPEN, f"{stored.root.name}/{path}")
            notebook.page.wait_for_function(DRAWN)
            wider[path] = notebook.page.evaluate(WIDER)
        assert not any(wider.values()), wider
    finally:
        notebook.close()
