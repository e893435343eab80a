"""The keyboard in widgets in Notebook 7, which takes shortcuts before an element hears a key."""

import pytest
from playwright.sync_api import expect

CELLS = [
    "from unet_teach.widgets import CellCounter, ConvExplorer, Predict, SizeLedger\n"
    "conv = ConvExplorer('halve'); conv",
    "ledger = SizeLedger(); ledger",
    "Predict('How many?', answer=12)",
    "CellCounter([[0.5, 1]], [[[0, 0]], [[0.4, 1]], [[0.5, 0]]], smallest=1)",
    "1",
]
# The selected cell, the mode, and how many cells there are: a shortcut changes one of them.
NOTEBOOK = """() => {
  const { content } = jupyterapp.shell.currentWidget;
  return [content.activeCellIndex, content.mode, content.widgets.length];
}"""
MOVES = {
    "ArrowRight": "3",
    "ArrowLeft": "2",
    "ArrowUp": "3",
    "ArrowDown": "2",
    "End": "5",
    "Home": "1",
}
SHORTCUTS = ["Enter", "PageDown", "PageUp", "x", "a", "b", "j", "k", "m", "0", "0", "c", "z"]


@pytest.fixture(scope="module")
def notebook(open_cells):
    opened = open_cells(*CELLS, place="notebooks")
    expect(opened.page.get_by_role("textbox", name="your guess")).to_be_visible()
    return opened


@pytest.fixture
def stays(notebook, request):
    """No key of a test in a widget may reach the notebook; the parameter is the widget's cell."""
    opened, cell = notebook.page, getattr(request, "param", 0)
    opened.evaluate("(i) => { jupyterapp.shell.currentWidget.content.activeCellIndex = i; }", cell)
    before = [cell, "command", len(CELLS)]
    assert opened.evaluate(NOTEBOOK) == before
    yield opened
    assert opened.evaluate(NOTEBOOK) == before


def test_a_slider_keeps_every_key(stays):
    slider = stays.get_by_role("slider", name="stride", exact=True)
    slider.focus()
    for key, value in MOVES.items():
        stays.keyboard.press(key)
        expect(slider).to_have_value(value)
    for key in SHORTCUTS:
        stays.keyboard.press(key)
        assert stays.evaluate("document.activeElement.closest('.ut') !== null"), key
    expect(slider).to_have_value("1")


def test_text_is_typed_and_sent(stays):
    typed = stays.get_by_role("spinbutton", name="stride, typed")
    typed.focus()
    for key in ["Control+a", "4", "Enter"]:
        stays.keyboard.press(key)
    expect(stays.get_by_role("slider", name="stride", exact=True)).to_have_value("4")
    expect(typed).to_be_focused()


def test_cells_buttons_and_boxes_take_keys(stays):
    drawing = stays.get_by_role("group", name="Input map")
    drawing.focus()
    for key in ["ArrowDown", "ArrowRight", "ArrowDown"]:
        stays.keyboard.press(key)
    widget = stays.get_by_role("group", name="Convolution explorer", exact=True)
    expect(widget.get_by_role("status")).to_contain_text("Input cell (1, 1)")
    box = stays.get_by_role("checkbox", name="numbers")
    was = box.is_checked()
    box.focus()
    stays.keyboard.press("Space")
    expect(box).to_be_checked(checked=not was)
    preset = stays.get_by_role("button", name="dilated")
    preset.focus()
    stays.keyboard.press("Enter")
    expect(preset).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("stays", [1], indirect=True)
def test_another_widget_keeps_its_keys_too(stays):
    slider = stays.get_by_role("slider", name="depth")
    slider.focus()
    before = int(slider.input_value())
    stays.keyboard.press("ArrowLeft")
    expect(slider).to_have_value(str(before - 1))
    stays.keyboard.press("ArrowRight")
    expect(slider).to_have_value(str(before))


@pytest.mark.parametrize("stays", [3], indirect=True)
def test_a_threshold_and_the_images_keep_their_keys(stays):
    slider = stays.get_by_role("slider", name="threshold")
    slider.focus()
    for key, value in {"ArrowDown": "49", "ArrowRight": "50", "End": "100", "Home": "0"}.items():
        stays.keyboard.press(key)
        expect(slider).to_have_value(value)
    stays.get_by_role("group", name="Cells found.").focus()
    for key in ["ArrowLeft", "ArrowDown", "j", "x"]:
        stays.keyboard.press(key)
    expect(stays.get_by_text("Row 0, column 0: background 0.00")).to_be_visible()


@pytest.mark.parametrize("stays", [2], indirect=True)
def test_a_guess_is_typed_and_enter_locks_it(stays):
    guess = stays.get_by_role("textbox", name="your guess")
    guess.focus()
    for key in "dd12":
        stays.keyboard.press(key)
    expect(guess).to_have_value("dd12")
    for key in ["Backspace", "Backspace", "Backspace", "Backspace", "1", "2", "Enter"]:
        stays.keyboard.press(key)
    expect(stays.get_by_text("12").last).to_be_visible()
    assert stays.evaluate("document.activeElement.closest('.ut') !== null")


def test_escape_leaves_the_focus_where_it_is(stays):
    slider = stays.get_by_role("slider", name="stride", exact=True)
    slider.focus()
    stays.keyboard.press("Escape")
    expect(slider).to_be_focused()


def test_keys_with_a_modifier_are_still_the_notebooks(notebook):
    notebook.page.get_by_role("slider", name="stride", exact=True).focus()
    notebook.page.keyboard.press("Control+s")
    expect(notebook.page.get_by_text("Last Checkpoint")).to_be_visible()
    notebook.page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty")
