"""SizeLedger in a real JupyterLab, and in a page without a kernel."""

import pytest
from playwright.sync_api import expect

from unet_teach.widgets.size_ledger import CHOICES, SIZES, SizeLedger

from .lab import THEMES, axe_violations
from .stub import what_is_left

CODE = """from unet_teach.widgets import SizeLedger
ledger = SizeLedger(down='strided_conv', steps=['Set `depth` to 3. Which side still fails?'])
ledger"""
START = "ledger.height = 200; ledger.width = 300; ledger.repair = 'none'"


@pytest.fixture(scope="module")
def notebook(open_cells):
    return open_cells(CODE, height=720)


@pytest.fixture
def ledger(notebook):
    notebook.execute(START)
    widget = notebook.page.get_by_role("group", name="Size ledger of a U-Net")
    expect(widget.get_by_text("✕ sizes don't match at level 3")).to_be_visible()
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


def test_the_sentence_names_the_side_that_is_wrong_and_the_picture_writes_the_floors_out(ledger):
    expect(ledger.get_by_role("status").last).to_have_text(
        "The height doesn't match: the skip is 25×38, but the decoder brings 26×38. A stride of 2 "
        "rounds odd sizes up (25 → 13), so doubling brings one row too many. "
        "The width fails further up."
    )
    picture = ledger.get_by_role("img")
    for words in ("26×38 ✕", "⌈25 / 2⌉ = 13", "2 · 13 = 26", "level 3: bottom-right corners"):
        expect(picture).to_contain_text(words)
    expect(picture).to_have_accessible_name(
        "200×300, depth 4 ✕ sizes don't match at level 3. level 0: encoder 200×300, decoder not "
        "reached, 64 channels; level 1: encoder 100×150, decoder not reached, 128 channels; "
        "level 2: encoder 50×75, decoder not reached, 256 channels; level 3: encoder 25×38, "
        "decoder 26×38, 512 channels; level 4: encoder 13×19, 1,024 channels."
    )


def test_it_fits_into_a_window_of_1280_by_720_with_its_steps(ledger):
    box = ledger.bounding_box()
    assert box["height"] <= 580
    controls, picture = ledger.get_by_role("slider").first, ledger.get_by_role("img")
    assert controls.bounding_box()["x"] > picture.bounding_box()["x"] + 480


def test_a_slider_moved_by_keyboard_changes_picture_and_trait(notebook, ledger):
    height = ledger.get_by_role("slider", name="height")
    height.focus()
    for _ in range(8):
        height.press("ArrowRight")
    expect(ledger.get_by_role("spinbutton", name="height")).to_have_value("208")
    expect(ledger.get_by_text("✕ sizes don't match at level 2")).to_be_visible()
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


def test_buttons_step_to_the_nearest_sizes_that_fit(ledger):
    ledger.get_by_role("button", name="height 208 fits").click()
    ledger.get_by_role("button", name="width 288 fits").click()
    expect(ledger.get_by_text("✓ 208×288 comes out")).to_be_visible()
    expect(ledger.get_by_role("button", name="width 272 fits")).to_be_visible()


def test_a_repair_chosen_by_keyboard_reaches_the_top(notebook, ledger):
    ledger.get_by_role("radio", name="none").focus()
    notebook.page.keyboard.press("ArrowDown")
    expect(ledger.get_by_role("radio", name="pad the input")).to_be_checked()
    expect(ledger.get_by_text("✓ 200×300 comes out")).to_be_visible()
    picture = ledger.get_by_role("img")
    expect(picture).to_contain_text("→ 200×300")
    expect(picture).not_to_contain_text("reached")
    notebook.says("print(ledger.repair, ledger.fits)", "pad_input True")


def test_every_repair_says_what_it_does_here(ledger):
    for repair, effect in {
        "Pad the input": "208×304 goes in, 5.4\u00a0% more pixels",
        "Crop the larger": "decoder → 25×38; output 200×300",
        "Pad the smaller": "38 zeros a channel and 3 more levels",
        "Set output_padding": "✕ 13 → 26 or 27, never 25",
        "Resize to the skip": "26×38 → 25×38; shrunk by 3.8\u00a0%",
    }.items():
        radio = ledger.get_by_role("radio", name=repair)
        expect(radio).to_have_accessible_description(effect)


def test_an_assignment_in_python_moves_controls_and_picture(notebook, ledger):
    notebook.execute("ledger.down = 'max_pool'; ledger.repair = 'crop'")
    expect(ledger.get_by_text("✓ 192×288 comes out")).to_be_visible()
    expect(ledger.get_by_role("combobox", name="down")).to_have_value("max_pool")
    expect(ledger.get_by_role("radio", name="Crop the larger")).to_be_checked()
    notebook.execute("ledger.down = 'strided_conv'")


@pytest.mark.parametrize("is_presented", [False, True])
@pytest.mark.parametrize("theme", THEMES[::-1])
def test_it_is_accessible_in_both_themes(notebook, ledger, theme, is_presented):
    notebook.set_theme(theme)
    if is_presented:
        ledger.get_by_role("button", name="present").click()
        expect(ledger.get_by_role("button", name="leave")).to_be_visible()
    assert axe_violations(notebook.page, colours=theme == THEMES[1]) == []
    if is_presented:
        notebook.page.keyboard.press("Escape")
        expect(ledger.get_by_role("button", name="present")).to_be_visible()


def test_nothing_was_written_to_the_console_as_an_error(notebook):
    assert notebook.errors() == []
    assert notebook.console_errors == []


def test_it_works_without_a_kernel_on_a_telephone(alone):
    assert alone.evaluate("document.documentElement.scrollWidth") <= 390
    alone.get_by_role("radio", name="resize to the skip").check(force=True)
    expect(alone.get_by_text("✓ 200×300 comes out")).to_be_visible()
    assert alone.evaluate("state.repair") == "resize"


def test_the_picture_keeps_its_frame_and_its_place_while_sizes_move(alone):
    frames = set()
    for height in [1, 37, 200, 208, 999]:
        alone.get_by_role("spinbutton", name="height").fill(str(height))
        expect(alone.get_by_role("status").last).not_to_be_empty()
        box = alone.get_by_role("img").bounding_box()
        frames.add(tuple(box.values()))
    assert len(frames) == 1


def test_leaving_takes_everything_away(alone):
    assert what_is_left(alone) == [0, 0]
