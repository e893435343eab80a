"""CellCounter on a page without Jupyter: one cursor, a live threshold, and a layout that holds."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from unet_teach.widgets import CellCounter, Step

from .boxes import (
    NOTEBOOK,
    measured,
    places,
    share_of_screen,
    state_of,
)
from .lab import THEMES, axe_violations
from .stub import what_is_left


def cells(height, width, **options):
    """Round cells in a row that overlap a little, with a likely border where they do."""
    rows, columns = np.mgrid[:height, :width]
    radius = max(1, height // 3)
    centres = np.arange(min(radius, width // 2), width, max(1, 2 * radius - 4))
    far = np.full((height, width), 1e9)
    near = np.sort([far, *(np.hypot(rows - height // 2, columns - c) for c in centres)], axis=0)
    target = np.argmin([np.hypot(rows - height // 2, columns - c) for c in centres], axis=0) + 1
    foreground = near[0] < radius
    border = np.where(foreground & (near[1] < radius), 0.45, 0.02)
    border = np.where(foreground & (near[1] - near[0] < 3), 0.45, border)
    background = np.where(foreground, 0.05, 0.95)
    shares = np.stack([background, 1 - background - border * 0.9, border]).clip(0, 1)
    return CellCounter(0.7 * foreground, shares, target * foreground, **options)


STEPS = [
    "Point at a cell. Which number does it have, and which number has it in the target?",
    Step("Set `threshold` to 1. How many cells are found?", answer=1, explain="All touch."),
    Step("Set `threshold` to 0.2 again.", when={"threshold": 0.2}),
]


@pytest.fixture
def alone(without_kernel):
    def show(height=96, width=128, size=NOTEBOOK, has_touch=False, **options):
        state = state_of(cells(height, width, **options))
        return without_kernel("cell_counter", state, viewport=size, has_touch=has_touch)

    return show


def test_the_threshold_recolours_the_cells_without_a_kernel(alone):
    page = alone(threshold=0.2)
    result = page.locator(".ut-result")
    expect(result).to_have_text("2 cells found, 2 in the target")
    canvas = page.locator(".ut-cells-image canvas")
    before = canvas.evaluate("(node) => node.toDataURL()")
    slider = page.get_by_role("slider", name="threshold")
    slider.focus()
    page.keyboard.press("End")
    expect(result).to_have_text("1 cell found, 2 in the target")
    assert slider.get_attribute("aria-valuetext") == "1.00"
    assert page.evaluate("state.threshold") == 1
    assert canvas.evaluate("(node) => node.toDataURL()") != before
    expect(page.locator(".ut-count-merged")).to_have_text("2")
    expect(page.locator(".ut-counts > div", has_text="merged")).to_have_text("merged1")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("state.threshold") == 0.01


def test_one_cursor_reads_both_images_by_mouse_and_by_keys(alone):
    page = alone()
    read = page.get_by_role("status").last
    page.locator(".ut-cells-border .ut-cells-frame").hover(position={"x": 100, "y": 144})
    expect(read).to_contain_text("found cell 1, target cell 1")
    assert page.locator(".ut-cells-window").count() == 2
    page.mouse.move(0, 0)
    expect(read).to_contain_text("Point at a pixel")
    frame = page.get_by_role("group", name="Cells found")
    frame.focus()
    page.keyboard.press("ArrowDown")
    expect(read).to_contain_text("Row 49, column 64: background")


def test_the_target_is_painted_on_request(alone):
    page = alone(threshold=1)
    page.get_by_role("button", name="target").click()
    assert page.evaluate("state.overlay") == "target"
    expect(page.get_by_role("button", name="target")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("group", name="Target.")).to_be_visible()
    assert page.locator(".ut-count-merged").count() == 0


def test_steps_follow_the_threshold(alone):
    page = alone(steps=STEPS)
    page.evaluate("state._step = 2; 0")
    page.get_by_role("slider", name="threshold").fill("20")
    assert page.evaluate("state._ticked") == [2]


@pytest.mark.parametrize(
    ("height", "width"), [(96, 128), (96, 512), (128, 512), (40, 40), (16, 1), (1, 16)]
)
def test_it_fits_into_a_notebook_and_nothing_moves(alone, height, width):
    page = alone(height, width, steps=STEPS)
    view = page.locator(".ut")
    found = measured(view)
    assert found["height"] <= (580 if (height, width) != (128, 512) else 660)
    assert found["overflows"] == [False, False]
    assert found["beyond"] == []
    assert found["type"] >= 13
    parts = ".ut-cells-frame, .ut-slider, .ut-side, .ut-read, .ut-presenter"
    before = places(view, parts)
    for value in (0, 30, 100):
        page.get_by_role("slider", name="threshold").fill(str(value))
        assert places(view, parts) == before


@pytest.mark.parametrize(("height", "width"), [(128, 128), (120, 144), (96, 512)])
def test_on_the_whole_screen_everything_is_there_and_the_images_fill_it(alone, height, width):
    page = alone(height, width, {"width": 1280, "height": 720}, steps=STEPS)
    page.locator(".ut-presenter").click()
    assert share_of_screen(page, page.locator(".ut-cells-map")) >= 0.62
    for part in (".ut-counts", ".ut-choice", ".ut-slider input", ".ut-steps"):
        expect(page.locator(part)).to_be_visible()
    page.get_by_role("button", name="threshold more").click()
    assert page.evaluate("state.threshold") == 0.51
    parts = ".ut-cells-frame, figcaption > *:first-child, .ut-counts > div, .ut-slider, .ut-steps"
    before = places(page.locator(".ut"), parts)
    page.locator(".ut-cells-border .ut-cells-frame").hover()
    reading = re.compile(r"^0\.\d\d at row \d+, column \d+$")
    expect(page.locator(".ut-cells-border span")).to_have_text(reading)
    assert measured(page.locator(".ut"))["overflows"] == [False, False]
    assert places(page.locator(".ut"), parts) == before


def test_every_count_has_its_sign_in_the_image(alone):
    """Beside colours: hatched, dashed, a black number, a white one."""
    page = alone(threshold=1)
    counts = page.locator(".ut-counts > div")
    expect(counts).to_have_text(
        ["object F10.67", "matched1", "spurious0", "missed1", "merged1", "split0"]
    )
    missed, alone_found = page.locator(".ut-cells-missed"), page.locator(".ut-cells-alone")
    assert missed.get_attribute("d").count("M") == 1
    assert alone_found.get_attribute("d") == ""
    page.get_by_role("button", name="target").click()
    assert alone_found.get_attribute("d").count("M") == 1
    assert missed.get_attribute("d") == ""


def test_a_target_cell_in_two_pieces_has_a_white_number(without_kernel):
    shares = np.zeros((3, 12, 24))
    shares[1], shares[2, :, 11:13] = 1, 0.9
    shares[1, :, 11:13] = 0.1
    state = state_of(CellCounter(np.zeros((12, 24)), shares, np.ones((12, 24))))
    page = without_kernel("cell_counter", state)
    expect(page.locator(".ut-count-split")).to_have_text("2")
    expect(page.locator(".ut-counts > div", has_text="split")).to_have_text("split1")
    assert page.locator(".ut-cells-alone").get_attribute("d").count("M") == 2


def test_a_tap_reads_a_pixel(alone):
    page = alone(size={"width": 390, "height": 844}, has_touch=True)
    page.locator(".ut-cells-image .ut-cells-frame").tap(position={"x": 60, "y": 120})
    expect(page.get_by_role("status").last).to_contain_text("found cell 1, target cell 1")


def test_a_step_can_ask_for_the_best_threshold(alone):
    page = alone(threshold=1, steps=[Step("Search.", when={"best": True})])
    page.get_by_role("slider", name="threshold").fill("50")
    assert page.evaluate("state._ticked") == []
    page.get_by_role("slider", name="threshold").fill("30")
    assert page.evaluate("state._ticked") == [0]


@pytest.mark.parametrize("nonsense", [{"a": 1}, "many", None, -7, 1e9, [1, 2]])
def test_nonsense_in_the_model_breaks_no_view(without_kernel, nonsense):
    state = state_of(cells(20, 30))
    page = without_kernel(
        "cell_counter", state | dict.fromkeys(("threshold", "overlay", "smallest"), nonsense)
    )
    expect(page.locator(".ut-result")).to_contain_text("3 in the target")
    page.get_by_role("button", name="image").click()
    assert page.evaluate("state.overlay") == "none"


def test_hundreds_of_cells_are_painted_at_once(without_kernel):
    rows, columns = np.mgrid[:200, :200]
    inside = (rows % 10 < 8) & (columns % 10 < 8)
    shares = np.stack([~inside, inside, 0 * inside]).astype(float)
    target = np.where(inside, rows // 10 * 20 + columns // 10 + 1, 0)
    page = without_kernel("cell_counter", state_of(CellCounter(inside, shares, target)))
    expect(page.locator(".ut-result")).to_have_text("400 cells found, 400 in the target")


@pytest.mark.parametrize("theme", ["true", "false"])
def test_everyone_can_use_it(alone, theme):
    page = alone(steps=STEPS)
    page.evaluate(f"document.body.dataset.jpThemeLight = '{theme}'")
    assert axe_violations(page, ".ut") == []
    page.locator(".ut-presenter").click()
    assert axe_violations(page, ".ut") == []
    assert what_is_left(page) == [0, 0]


# In JupyterLab: the validation image of lesson 9, with a border score that needs no training.
CODE = """from scipy import ndimage
import numpy as np
from unet_teach.segmentation import touching_nuclei
from unet_teach.widgets import CellCounter, Step
data, numbers = touching_nuclei()
image, target = data.validation[0].image, numbers['validation'].numpy()
near = ndimage.grey_dilation(target, 5) > ndimage.grey_erosion(np.where(target, target, 99), 5)
border = ndimage.gaussian_filter(0.9 * near, 1.5)
background = np.where(target, 0.0, 0.9 - border.clip(max=0.9))
counter = CellCounter(image, np.stack([background, 1 - background - border, border]).clip(0, 1),
    target, steps=[Step('Set `threshold` to 1.', when={'threshold': 1}),
                   Step('Point at a hatched cell.', when={'overlay': 'target'})])
counter"""


@pytest.fixture(scope="module")
def notebook(open_cells):
    return open_cells(CODE, height=720)


def test_in_jupyterlab_keys_move_the_threshold_and_python_hears_it(notebook):
    widget = notebook.page.get_by_role("group", name="Cell counter")
    assert widget.bounding_box()["height"] <= 580
    place = "jupyterapp.shell.currentWidget.content.activeCellIndex"
    slider = widget.get_by_role("slider", name="threshold")
    slider.focus()
    for key, value in {"ArrowDown": "49", "ArrowUp": "50", "End": "100"}.items():
        slider.press(key)
        expect(slider).to_have_value(value)
    notebook.says("print(counter.threshold, counter._ticked)", "1.0 [0]")
    widget.get_by_role("group", name="Cells found.").focus()
    for key in ("ArrowDown", "Shift+ArrowRight", "j", "d", "d"):
        notebook.page.keyboard.press(key)
    expect(widget.get_by_role("status").last).to_contain_text("Row 49, column 264: background")
    assert notebook.page.evaluate(place) == 0
    notebook.execute("counter.threshold = 0.2")
    expect(slider).to_have_value("20")
    found = widget.locator(".ut-result").inner_text()
    notebook.says("print(counter.labels.max())", found.split()[0])


@pytest.mark.parametrize("theme", THEMES[::-1])
def test_in_jupyterlab_it_is_accessible_in_both_themes(notebook, theme):
    notebook.set_theme(theme)
    assert axe_violations(notebook.page, colours=theme == THEMES[1]) == []


def test_nothing_was_written_to_the_console_as_an_error(notebook):
    assert notebook.errors() == []
    assert notebook.console_errors == []
