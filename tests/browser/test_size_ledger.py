"""SizeLedger in a real JupyterLab, and in a page without a kernel."""

import pytest
from playwright.sync_api import expect

from unet_teach.widgets.size_ledger import CHOICES, SIZES, SizeLedger

from .lab import THEMES, axe_violations, small_type
from .stub import what_is_left

CODE = "from unet_teach.widgets import SizeLedger\nledger = SizeLedger(down='strided_conv')\nledger"
START = "ledger.height = 200; ledger.width = 300; ledger.repair = 'none'"


@pytest.fixture(scope="module")
def notebook(open_cells):
    return open_cells(CODE, height=720)


@pytest.fixture
def ledger(notebook):
    notebook.execute(START)
    widget = notebook.page.get_by_role("group", name="Size ledger of a U-Net")
    expect(widget.get_by_text("the sizes part at level 3 ✕")).to_be_visible()
    yield widget
    # The page holds a change back while the kernel answers the one before: without this, it would
    # reach the kernel after the next test has set the ledger anew.
    sizes = [widget.get_by_role("spinbutton", name=name) for name in ("height", "width")]
    shown = " ".join(size.input_value() for size in sizes)
    notebook.says("print(ledger.height, ledger.width)", shown)


@pytest.fixture
def alone(without_kernel):
    """The widget on a page without Jupyter, on a telephone."""
    start = SizeLedger()
    state = {name: getattr(start, name) for name in (*SIZES, *CHOICES)}
    return without_kernel("size_ledger", state, viewport={"width": 390, "height": 800})


def test_the_sentence_writes_the_floor_out(ledger):
    expect(ledger.get_by_role("status")).to_have_text(
        "Height: on the way down 25 became ⌊(25 + 2·1 − 3) / 2⌋ + 1 = 13; on the way up 13 becomes "
        "(13 − 1)·2 + 2 = 26. The skip still has 25. Sides divisible by 16 never part: 192×288 or "
        "208×304."
    )
    picture = ledger.get_by_role("img")
    expect(picture).to_contain_text("26×38 ✕")
    expect(picture).to_have_accessible_name(
        "200×300, depth 4: the sizes part at level 3. level 0: down 200×300, up not reached, "
        "64 channels; level 1: down 100×150, up not reached, 128 channels; level 2: down 50×75, up "
        "not reached, 256 channels; level 3: down 25×38, up 26×38, 512 channels; level 4: down "
        "13×19, 1024 channels."
    )


def test_a_slider_moved_by_keyboard_changes_picture_and_trait(notebook, ledger):
    height = ledger.get_by_role("slider", name="height")
    height.focus()
    for _ in range(8):
        height.press("ArrowRight")
    expect(ledger.get_by_role("spinbutton", name="height")).to_have_value("208")
    expect(ledger.get_by_text("208×300, depth 4: the sizes part at level 2 ✕")).to_be_visible()
    notebook.says("print(ledger.height, ledger.mismatch_at)", "208 2")
    assert notebook.page.evaluate("document.activeElement.type") == "range"


def test_a_typed_size_obeys_the_limits_of_the_slider(notebook, ledger):
    width = ledger.get_by_role("spinbutton", name="width")
    for typed, taken in [("5000", "1024"), ("-3", "1"), ("", "1"), ("304", "304")]:
        width.fill(typed)
        width.press("Tab")
        expect(width).to_have_value(taken)
        expect(ledger.get_by_role("slider", name="width")).to_have_value(taken)
    notebook.says("print(ledger.width)", "304")


def test_buttons_step_to_the_next_size_that_works(ledger):
    ledger.get_by_role("button", name="height 208 works").click()
    ledger.get_by_role("button", name="width 288 works").click()
    expect(ledger.get_by_text("208×288, depth 4: the answer is 208×288 ✓")).to_be_visible()
    expect(ledger.get_by_role("button", name="width 272 works")).to_be_visible()


def test_a_repair_chosen_by_keyboard_reaches_the_top(notebook, ledger):
    ledger.get_by_role("radio", name="no repair").focus()
    notebook.page.keyboard.press("ArrowDown")
    expect(ledger.get_by_role("radio", name="pad the input")).to_be_checked()
    expect(ledger.get_by_text("200×300, depth 4: the answer is 200×300 ✓")).to_be_visible()
    picture = ledger.get_by_role("img")
    expect(picture).to_contain_text("→ 208×304")
    expect(picture).not_to_contain_text("reached")
    notebook.says("print(ledger.repair, ledger.fits)", "pad_input True")


def test_every_repair_says_what_it_costs_here(ledger):
    for repair, price in {
        "pad the input": "5.4\u00a0% more pixels, 3,232 made up",
        "crop the larger map": "the map 26×38 → 25×38 at level 3 and 1 more: 88 cells",
        "pad the smaller map": "the skip 25×38 → 26×38 at level 3 and 3 more: 4,280 zeros",
        "set output_padding": "out of reach: from 13 conv_transpose_2 makes 26 or 27, never 25.",
        "resize to the skip": "4,700 cells blur, stretched or shrunk by up to 3.8",
    }.items():
        radio = ledger.get_by_role("radio", name=repair)
        assert price in radio.evaluate("(radio) => radio.closest('.ut-card').textContent")


def test_an_assignment_in_python_moves_controls_and_picture(notebook, ledger):
    notebook.execute("ledger.down = 'max_pool'; ledger.repair = 'crop'")
    expect(ledger.get_by_text("200×300, depth 4: the answer is 192×288 ✓")).to_be_visible()
    expect(ledger.get_by_role("combobox", name="down")).to_have_value("max_pool")
    expect(ledger.get_by_role("radio", name="crop the larger map")).to_be_checked()
    notebook.execute("ledger.down = 'strided_conv'")


@pytest.mark.parametrize("theme", THEMES[::-1])
@pytest.mark.parametrize("is_presented", [False, True])
def test_it_is_accessible_in_both_themes(notebook, ledger, theme, is_presented):
    notebook.set_theme(theme)
    if is_presented:
        ledger.get_by_role("button", name="present").click()
        expect(ledger.get_by_role("button", name="leave")).to_be_visible()
        assert small_type(ledger) == []
        last = ledger.get_by_role("radio", name="resize to the skip").bounding_box()
        assert last["y"] + last["height"] < 720  # picture and repairs on one screen
    assert axe_violations(notebook.page) == []
    if is_presented:
        notebook.page.keyboard.press("Escape")
        expect(ledger.get_by_role("button", name="present")).to_be_visible()


def test_nothing_was_written_to_the_console_as_an_error(notebook):
    assert notebook.errors() == []
    assert notebook.console_errors == []


def test_it_works_without_a_kernel_on_a_telephone(alone):
    assert alone.evaluate("document.documentElement.scrollWidth") <= 390
    alone.get_by_role("radio", name="resize to the skip").check(force=True)
    expect(alone.get_by_text("200×300, depth 4: the answer is 200×300 ✓")).to_be_visible()
    assert alone.evaluate("state.repair") == "resize"


def test_the_picture_keeps_its_frame_and_its_place_while_sizes_move(alone):
    frames = set()
    for height in [1, 37, 200, 208, 999]:
        alone.get_by_role("spinbutton", name="height").fill(str(height))
        expect(alone.get_by_role("status")).not_to_be_empty()
        box = alone.get_by_role("img").bounding_box()
        frames.add(tuple(box.values()))
    assert len(frames) == 1


def test_leaving_takes_everything_away(alone):
    assert what_is_left(alone) == [0, 0]
