"""Lesson 1 in a real JupyterLab and a real browser, as a student meets it."""

import re

import pytest
from playwright.sync_api import expect

from .lab import Notebook

# The lesson's cell shows the explorer without naming it; IPython keeps it as an output.
EXPLORER = "next(o for o in Out.values() if type(o).__name__ == 'ConvExplorer')"
AS_SHOWN = {"input_size": 8, "kernel_size": 3, "stride": 2, "padding": 1, "dilation": 1}


@pytest.fixture(scope="module")
def lesson(browser, lab):
    notebook = Notebook(browser, lab, "01_downsampling.ipynb")
    notebook.run_all()
    yield notebook
    notebook.close()


@pytest.fixture(scope="module")
def explorer(lesson):
    widget = lesson.page.get_by_role("group", name="Convolution explorer").first
    widget.scroll_into_view_if_needed()
    return widget


@pytest.fixture(autouse=True)
def _as_the_lesson_sets_it(lesson, explorer):
    yield
    for name, value in AS_SHOWN.items():
        lesson.execute(f"{EXPLORER}.{name} = {value}")
    expect(explorer.get_by_text("8×8 → 4×4")).to_be_visible()


def test_all_cells_run_with_nothing_solved(lesson):
    assert lesson.errors() == []


def test_a_slider_moved_by_keyboard_changes_picture_and_trait(lesson, explorer):
    slider = explorer.get_by_role("slider", name="stride")
    slider.focus()
    slider.press("ArrowRight")
    expect(explorer.get_by_text("8×8 → 3×3")).to_be_visible()
    expect(explorer.get_by_text("torch: (1, 1, 3, 3) ✓")).to_be_visible()
    assert explorer.get_by_role("img", name="Output, 3×3").is_visible()
    assert lesson.execute(f"print({EXPLORER}.stride, {EXPLORER}.output_size)") == "3 3"
    assert lesson.page.evaluate("document.activeElement.type") == "range"


def test_an_assignment_in_python_moves_slider_and_picture(lesson, explorer):
    lesson.execute(f"{EXPLORER}.kernel_size = 5")
    expect(explorer.get_by_text("8×8 → 3×3")).to_be_visible()
    expect(explorer.get_by_role("slider", name="kernel_size")).to_have_value("5")


def test_arrow_keys_move_the_window_over_the_output(explorer):
    explorer.get_by_role("group", name="Output map").focus()
    explorer.page.keyboard.press("ArrowRight")
    explorer.page.keyboard.press("ArrowDown")
    expect(explorer.get_by_role("status")).to_have_text(
        "Output cell (1, 1) sees rows 1–3 and columns 1–3 of the input."
    )


def test_pointing_at_an_input_cell_lights_every_output_it_feeds(explorer):
    picture = explorer.get_by_role("img", name="Input, 8×8, with padding 10×10")
    box = picture.bounding_box()
    side, middle = box["width"] / 10, (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    explorer.page.mouse.move(middle[0] - 2.5 * side, middle[1] - 2.5 * side)
    expect(explorer.get_by_role("status")).to_have_text(
        "Input cell (1, 1) is in the windows of 4 output cells: rows 0–1 and columns 0–1."
    )
    explorer.page.mouse.move(0, 0)


def test_an_illegal_layer_is_explained_by_us_and_by_torch(lesson, explorer):
    lesson.execute(f"{EXPLORER}.kernel_size = 7; {EXPLORER}.dilation = 2")
    expect(explorer.get_by_text("8×8 → ✕")).to_be_visible()
    expect(explorer.get_by_role("status")).to_contain_text("the padded input has only 10 (8 + 2·1)")
    expect(explorer.get_by_text("Kernel size can't be greater")).to_be_visible()


def test_a_number_in_the_formula_lights_its_slider(explorer):
    explorer.locator(".ut-formula [data-param=stride]").hover()
    expect(explorer.locator(".ut-pair[data-param=stride]")).to_have_class("ut-pair ut-lit")
    explorer.page.mouse.move(0, 0)
    expect(explorer.locator(".ut-pair[data-param=stride]")).to_have_class("ut-pair")


def test_a_guess_is_locked_before_its_answer_shows(lesson):
    card = lesson.page.get_by_role("group", name="Predict: A feature map of 32×32 cells goes")
    expect(card.get_by_text("One too many. After 16 positions")).not_to_be_visible()
    card.get_by_role("textbox").fill("17x17")
    card.get_by_role("textbox").press("Enter")
    expect(card.get_by_text("One too many. After 16 positions")).to_be_visible()


def test_an_exercise_is_answered_wrongly_then_rightly(lesson):
    for answer, reply in [
        ("nn.Conv2d(64, 128, 5, stride=2, padding=1)", "✕ Not yet. On a 32×32 feature map"),
        ("nn.Conv2d(64, 128, 5, stride=2, padding=2)", "✓ Solved."),
    ]:
        cell = lesson.run_cell("exercises.halve.check", f"exercises.halve.check({answer})")
        expect(cell).to_contain_text(reply)


def test_the_maps_are_compared_cell_by_cell(lesson):
    for number, cells in ((0, "32×32"), (1, "8×8")):
        maps = lesson.page.get_by_role("group", name="Feature maps").nth(number)
        maps.scroll_into_view_if_needed()
        expect(maps.get_by_role("img").nth(2)).to_have_accessible_name(re.compile(cells))


def test_nothing_was_written_to_the_console_as_an_error(lesson):
    assert lesson.console_errors == []
