"""CellCounter on a page without Jupyter: one cursor, a live threshold, and a layout that holds."""

import numpy as np
import pytest
from playwright.sync_api import expect

from unet_teach.widgets import CellCounter, Step

from .boxes import (
    NOTEBOOK,
    SCREENS,
    SMALLEST_PRESENTED,
    measured,
    places,
    share_of_screen,
    state_of,
)
from .lab import axe_violations
from .stub import what_is_left


def cells(height, width, **options):
    """Round cells in a row that overlap a little, with a likely border where they do."""
    rows, columns = np.mgrid[:height, :width]
    radius = height // 3
    centres = np.arange(radius, width, 2 * radius - 4)
    near = np.sort([np.hypot(rows - height // 2, columns - centre) for centre in centres], axis=0)
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
    def show(height=96, width=128, size=NOTEBOOK, **options):
        state = state_of(cells(height, width, **options))
        return without_kernel("cell_counter", state, viewport=size)

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
    expect(page.locator(".ut-merged b")).to_have_text("2")
    expect(page.locator(".ut-counts")).to_contain_text("merged")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("state.threshold") == 0.01


def test_one_cursor_reads_both_images_by_mouse_and_by_keys(alone):
    page = alone()
    read = page.get_by_role("status").last
    page.locator(".ut-cells-border .ut-cells-frame").hover(position={"x": 100, "y": 144})
    expect(read).to_contain_text("found cell 1, target cell 1")
    assert page.locator(".ut-cursor rect").count() == 4
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
    expect(page.locator(".ut-cells-image figcaption b")).to_have_text("Target")
    assert page.locator(".ut-merged b").count() == 0


def test_steps_follow_the_threshold(alone):
    page = alone(steps=STEPS)
    page.evaluate("state._step = 2; 0")
    page.get_by_role("slider", name="threshold").fill("20")
    assert page.evaluate("state._ticked") == [2]


@pytest.mark.parametrize(("height", "width"), [(96, 128), (96, 512), (128, 512), (40, 40)])
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


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize(("height", "width", "share"), [(128, 128, 0.7), (96, 512, 0.55)])
def test_on_the_whole_screen_the_images_fill_it(alone, screen, height, width, share):
    page = alone(height, width, dict(zip(("width", "height"), screen, strict=True)))
    page.locator(".ut-presenter").click()
    found = measured(page.locator(".ut"))
    assert found["overflows"] == [False, False]
    assert found["beyond"] == []
    assert found["type"] >= SMALLEST_PRESENTED * screen[1] / 720
    # Long strips fill the width of the screen before its height.
    assert share_of_screen(page, page.locator(".ut-cells-map")) >= share
    page.get_by_role("button", name="threshold more").click()
    assert page.evaluate("state.threshold") == 0.51


def test_on_a_phone_it_stacks(alone):
    page = alone(size={"width": 390, "height": 844}, steps=STEPS)
    found = measured(page.locator(".ut"))
    assert found["overflows"][0] is False
    assert found["beyond"] == []
    first, second = (box for box in places(page.locator(".ut"), ".ut-cells-frame"))
    assert first[1] + first[3] < second[1]


@pytest.mark.parametrize("theme", ["true", "false"])
def test_everyone_can_use_it(alone, theme):
    page = alone(steps=STEPS)
    page.evaluate(f"document.body.dataset.jpThemeLight = '{theme}'")
    assert axe_violations(page, ".ut") == []
    assert what_is_left(page) == [0, 0]
