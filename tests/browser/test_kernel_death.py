"""A kernel that dies while a widget is presented takes nothing from the screen, in any widget."""

import re

import pytest
from playwright.sync_api import expect

WIDGETS = {
    "Convolution explorer": ('ConvExplorer("halve")', "[aria-label='stride more']"),
    "Transposed convolution explorer": (
        'ConvTransposeExplorer("double")',
        "[aria-label='stride more']",
    ),
    "Round trip": ("RoundTrip()", "[aria-label='stride more']"),
    "Size ledger": ("SizeLedger(height=100, width=100)", ".ut-card[data-repair=crop] input"),
    "See inside a U-Net": ("SeeInside()", ".ut-see-switch"),
    "Feature maps": ("FeatureMaps({'a': [[[0, 1]], [[1, 0]]]})", "[aria-label='channel more']"),
    "Cell counter": (
        "CellCounter([[0.5, 1]], [[[0, 0]], [[0.4, 1]], [[0.5, 0]]], smallest=1)",
        "[aria-label='threshold more']",
    ),
    "Predict": ('Predict("Which?", choices=["one", "two"], answer="two")', "[data-by='1']"),
    "Progress": (
        "ProgressMap([{'number': 1, 'title': 'One', 'exercises': "
        "[{'name': 'halve', 'state': 'tried'}]}])",
        "",
    ),
}
CELL = """from unet_teach.widgets import *
from unet_teach.widgets.progress_map import ProgressMap
from IPython.display import display
display({})"""
# The death is the kernel's own: nothing in the page knows of it before.
KILL = """async () => {
  const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
  const died = new Promise((done) => kernel.statusChanged.connect((_, status) => {
    if (/restarting|dead/.test(status)) done();
  }));
  kernel.requestExecute({ code: 'import os; os._exit(9)' });
  await died;
}"""
# What a widget shows, apart from the line that says whether torch answered.
PICTURE = """(root) => {
  const copy = root.cloneNode(true);
  for (const node of copy.querySelectorAll('.ut-torch, [role=status]')) node.remove();
  const fields = [...root.querySelectorAll('input')].map((field) => field.value + field.checked);
  return copy.innerHTML + fields;
}"""


@pytest.fixture(scope="module")
def dead(open_cells):
    """A notebook of all widgets, presented when its kernel died, and what they showed before."""
    notebook = open_cells(CELL.format(", ".join(code for code, _ in WIDGETS.values())))
    views = notebook.page.locator(".ut")
    views.nth(len(WIDGETS) - 1).wait_for()
    expect(notebook.page.locator(".ut-see-iou")).to_have_text(re.compile(r"0\.\d\d"))
    # Only one can have the whole screen; without it, all can be presented at once.
    views.evaluate_all("(all) => all.forEach((root) => { root.requestFullscreen = undefined })")
    before = {}
    for name, view in zip(WIDGETS, views.all(), strict=True):
        view.locator(".ut-presenter").evaluate("(button) => button.click()")
        notebook.page.wait_for_function(
            "(root) => root.classList.contains('ut-present')", arg=view.element_handle()
        )
        before[name] = view.evaluate(PICTURE)
    notebook.page.evaluate(KILL)
    yield dict(zip(WIDGETS, views.all(), strict=True)), before
    # Without what JupyterLab says of the death, the page can serve the next notebook.
    said = notebook.page.locator(".jp-Dialog")
    said.locator(".jp-mod-accept").evaluate("(button) => button.click()")
    said.wait_for(state="detached")


@pytest.mark.parametrize("name", WIDGETS)
def test_the_picture_stays_and_follows_its_controls(dead, name):
    views, before = dead
    view = views[name]
    assert "ut-present" in view.get_attribute("class")
    assert view.evaluate("(root) => root.checkVisibility() && root.clientHeight > 0")
    assert view.evaluate(PICTURE) == before[name]
    control = WIDGETS[name][1]
    if control:
        view.locator(control).first.evaluate("(control) => control.click()")
        assert view.evaluate(PICTURE) != before[name]
    assert "ut-present" in view.get_attribute("class")


def test_the_page_s_engine_goes_on(dead):
    view = dead[0]["See inside a U-Net"]
    view.locator(".ut-see-all button").last.evaluate("(button) => button.click()")
    expect(view.locator(".ut-see-headline")).to_contain_text(re.compile("All skips cut: IoU .* → "))
