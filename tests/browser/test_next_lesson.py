"""The end of a lesson: one click saves it, shuts its kernel down and opens the next notebook."""

import json
import urllib.request

import nbformat
import pytest
from playwright.sync_api import expect

from .lab import Notebook, axe_violations

CELL = """from IPython.display import Markdown, display
from unet_teach.widgets.next_lesson import NextLesson
end = NextLesson({!r}, "1 · The next one")
display(Markdown(end.link))
end"""
OPEN = "jupyterapp.shell.currentWidget?.context?.path"


def sessions(lab):
    """The notebooks that have a kernel, by the server's own word."""
    with urllib.request.urlopen(f"{lab.url}/api/sessions") as answer:
        return {each["path"].rpartition("/")[2] for each in json.load(answer)}


@pytest.fixture
def ends(browser, lab):
    """Open a notebook that ends with the widget; `following` may be missing."""
    opened = []

    def open_at(name, following, exists=True):
        for file in (name, following) if exists else (name,):
            notebook = nbformat.v4.new_notebook(
                cells=[nbformat.v4.new_code_cell(CELL.format(following))]
            )
            notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
            nbformat.write(notebook, lab.root / file)
        opened.append(Notebook(browser, lab, name))
        opened[-1].run_all()
        return opened[-1]

    yield open_at
    for notebook in opened:
        notebook.close()


def test_a_key_saves_shuts_the_kernel_down_and_opens_the_next(lab, ends):
    notebook = ends("this end.ipynb", "next ü.ipynb")
    page = notebook.page
    button = page.get_by_role("button", name="Shut down this kernel and open 1 · The next one")
    expect(button).to_be_visible()
    assert axe_violations(page, ".ut-next") == []
    assert "this end.ipynb" in sessions(lab)
    cell = "jupyterapp.shell.currentWidget.content.widgets[0]"
    page.evaluate(f"{cell}.model.sharedModel.setSource('edited = 1')")
    button.press("Enter")
    page.wait_for_function(f"{OPEN}?.endsWith('/next ü.ipynb')")
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.ready")
    assert "this end.ipynb" not in sessions(lab)
    saved = nbformat.read(lab.root / "this end.ipynb", as_version=4)
    assert saved.cells[0].source == "edited = 1"
    assert not page.locator(".jp-Dialog").count()
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")


def test_nothing_happens_where_the_next_notebook_is_missing(lab, ends):
    notebook = ends("alone.ipynb", "missing.ipynb", exists=False)
    notebook.page.locator(".ut-next button").click()
    expect(notebook.page.locator(".ut-next [role=status]")).to_have_text(
        "There is no missing.ipynb beside this notebook. Nothing was changed."
    )
    assert "alone.ipynb" in sessions(lab)
    notebook.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")


def test_a_page_without_jupyter_shows_no_button_and_asks_for_nothing(without_kernel):
    page = without_kernel(
        "next_lesson", {"file": "02_b.ipynb", "title": "2 · B", "note": "", "_kernel": "1"}
    )
    assert page.evaluate("document.querySelector('main').childNodes.length") == 0
