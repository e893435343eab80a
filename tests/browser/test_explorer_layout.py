"""The explorers' layout, measured: what fits, what stays where it is, and what can be read.

On a page without Jupyter: as wide as a notebook's output at 1280×720, whole screens, a phone.
"""

import pytest
from playwright.sync_api import expect

from unet_teach.widgets import ConvExplorer, ConvTransposeExplorer, Step
from unet_teach.widgets.base import CourseWidget

from . import stub

NOTEBOOK = {"width": 1080, "height": 600}
BESIDE_A_SIDEBAR = [824, 848]  # pixels of width that the open file browser leaves at 1280
TALLEST = 580  # pixels of a widget with its steps
STEPS = [
    Step("Set `stride` back to 1. How many positions does the kernel visit now?", answer=36),
    "Watch one sum.",
]
MACHINERY = {*CourseWidget.class_traits(), "_esm", "_css", "_anywidget_id"} - {
    "steps",
    "_step",
    "_ticked",
}
CONV = [
    {"stride": 1},
    {"stride": 5},
    {"dilation": 3, "padding": 3},
    {"kernel_size": 7, "padding": 3},
    {"kernel_size": 1, "stride": 3},
    {"input_size": 16, "padding": 6},
    {"input_size": 1, "kernel_size": 1},
    {"input_size": (6, 12), "kernel_size": (3, 5), "stride": (2, 1), "padding": (0, 2)},
    {"weights": "edge", "padding": 1},
    {"weights": [[-0.125, 2.5, -10], [100, 0.333, 1]]},
    {"kernel_size": 7, "dilation": 2},
    {"input_size": (3, 9), "kernel_size": (5, 3)},
    {"numbers": False},
    {"_pinned": ["input", 3, 3]},
    {"_pinned": ["kernel", 1, 1]},
]
UP = [
    {"stride": 2, "padding": 1, "output_padding": 1},
    {"stride": 1, "padding": 1},
    {"input_size": 8, "stride": 2, "padding": 1, "output_padding": 1},
    {"input_size": 16, "kernel_size": 7, "stride": 5, "dilation": 4},
    {"kernel_size": 2, "stride": 3, "output_padding": 2},
    {"input_size": (2, 4), "kernel_size": (3, 2), "stride": (2, 3), "padding": (1, 0)},
    {"output_padding": 3},
    {"input_size": 2, "padding": 4},
    {"dilation": 2, "stride": 2, "padding": 2, "output_padding": 1},
]
VIEWS = ["scatter", "zero insertion", "crop window"]
SETTINGS = [
    *((ConvExplorer, options) for options in CONV),
    *((ConvTransposeExplorer, {**options, "view": view}) for options in UP for view in VIEWS),
]
# Boxes of what has to keep its place, relative to the widget, and everything that sticks out of it.
FRAME = """() => {
  const root = document.querySelector('.ut');
  const { left, top } = root.getBoundingClientRect();
  const at = (node) => {
    const box = node.getBoundingClientRect();
    return [box.left - left, box.top - top, box.width, box.height].map(Math.round);
  };
  const parts = ['.ut-stage', '.ut-foot', '.ut-tools', '.ut-sliders', '.ut-checks', '.ut-presets'];
  return parts.map((part) => [part, ...at(document.querySelector(part)).slice(0, 2)]);
}"""
# Elements of the drawing beside its foot and of the lines that lie beyond their part of the widget.
OUTSIDE = """() => {
  const box = (node) => node.getBoundingClientRect();
  const beyond = (node, frame, air) =>
    box(node).right > box(frame).right + air || box(node).bottom > box(frame).bottom + air ||
    box(node).left < box(frame).left - air || box(node).top < box(frame).top - air;
  const stage = document.querySelector('.ut-stage');
  const seen = (node) => node.checkVisibility() && box(node).width;
  const drawn = [...stage.querySelectorAll('svg path, svg rect, svg text')].filter(
    (node) => seen(node) && !node.classList.contains('ut-pane-focus') && beyond(node, stage, 6));
  const says = document.querySelector('.ut-says');
  const lines = [...says.children, ...document.querySelectorAll('.ut-controls *')].filter(
    (node) => seen(node) && (node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0
      && getComputedStyle(node).display !== 'inline' && !node.matches('select')
      || beyond(node, node.closest('.ut-says') ?? node.closest('.ut'), 1)));
  return [...drawn, ...lines].map((node) => node.outerHTML.slice(0, 160));
}"""
# Numbers wider than their cell, and those that a line of the band crosses.
NUMBERS = """() => {
  const found = [];
  const edges = [...document.querySelectorAll('[class*=-edge]')].flatMap((path) =>
    path.getAttribute('d').split('M').slice(1).map((part) =>
      part.split('L').map((point) => point.split(' ').map(Number))));
  const level = edges.flatMap(([a, b, c, d]) => [[a, b], [c, d]]);
  for (const text of document.querySelectorAll('.ut-number')) {
    const isOne = !text.getAttribute('x').includes(' ');
    const each = () => [...text.textContent].map((_, i) => text.getExtentOfChar(i));
    const boxes = isOne ? [text.getBBox()] : each();
    for (const box of boxes)
      for (const [[x1, y1], [x2, y2]] of level) {
        const [left, right] = [Math.min(x1, x2), Math.max(x1, x2)];
        const [top, bottom] = [Math.min(y1, y2), Math.max(y1, y2)];
        const inner = 0.25 * box.height; // above and below the digits' ink
        if (right > box.x && left < box.x + box.width && bottom > box.y + inner &&
            top < box.y + box.height - inner) found.push(`crossed: ${text.textContent}`);
      }
  }
  return found;
}"""


def state_of(kind, traits):
    widget = kind(**traits)
    return {name: v for name, v in widget.get_state().items() if name not in MACHINERY}


def settled(page):
    """Take the page's margin away, and wait until the widget has heard of its width."""
    page.evaluate("document.body.style.margin = 0")
    page.wait_for_function(
        "document.querySelector('.ut-stage').clientWidth === "
        "document.querySelector('.ut-drawing').clientWidth"
    )
    return page


@pytest.fixture
def show(without_kernel):
    def show_widget(kind, traits=None, **options):
        options = {"viewport": NOTEBOOK, **options}
        return settled(without_kernel("explorer", state_of(kind, traits or {}), **options))

    return show_widget


def show_each(page, kind, settings):
    """Show one setting after another on the same page."""
    for options in settings:
        stub.show(page, "explorer", state_of(kind, options))
        settled(page)
        yield options


def settings_of(kind):
    return [options for each, options in SETTINGS if each is kind]


@pytest.mark.parametrize("width", [1080, 824])
@pytest.mark.parametrize("kind", [ConvExplorer, ConvTransposeExplorer])
def test_a_notebook_shows_it_whole_and_nothing_moves(show, kind, width):
    start = {"steps": STEPS} | ({"padding": 1} if kind is ConvExplorer else {})
    page = show(kind, start, viewport={**NOTEBOOK, "width": width})
    frame = page.evaluate(FRAME)
    height = page.locator(".ut").bounding_box()["height"]
    assert height <= TALLEST
    for options in show_each(page, kind, [{**start, **options} for options in settings_of(kind)]):
        assert page.evaluate(FRAME) == frame, options
        assert page.locator(".ut").bounding_box()["height"] == height, options
        assert page.evaluate(OUTSIDE) == [], options
        assert page.evaluate(NUMBERS) == [], options
        assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", BESIDE_A_SIDEBAR)
@pytest.mark.parametrize(
    ("kind", "map_name", "cells", "traits"),
    [
        (ConvExplorer, "Input", 10, {"input_size": 8, "padding": 1}),
        (ConvExplorer, "Output", 4, {"input_size": 8, "padding": 1, "stride": 2}),
        (ConvTransposeExplorer, "Full", 9, {"input_size": 4, "stride": 2, "padding": 1}),
    ],
    ids=["same", "halve", "double"],
)
def test_beside_a_sidebar_cells_keep_their_numbers(show, kind, map_name, cells, traits, width):
    page = show(kind, {**traits, "steps": STEPS}, viewport={**NOTEBOOK, "width": width})
    drawn = page.get_by_role("group", name=f"{map_name} map")
    assert drawn.locator(".ut-pane-ground").bounding_box()["width"] / cells >= 20
    expect(drawn.locator(".ut-number").first).to_be_visible()


def side_of(page, name):
    """Where a map begins and how wide it is, in pixels."""
    image = page.locator(f'[role=img][aria-label^="{name}"] .ut-pane-ground')
    box = image.bounding_box()
    return round(box["x"]), round(box["y"]), box["width"]


def test_stride_and_dilation_and_larger_kernels_keep_the_scale(show):
    page = show(ConvExplorer)
    settings = [
        {"stride": 1},
        {"stride": 2},
        {"stride": 5},
        {"dilation": 3},
        {"kernel_size": 5},
        {"kernel_size": 7, "stride": 3},
        {"kernel_size": 7, "dilation": 4},
    ]
    start = {"input_size": 8, "padding": 1}
    shown = show_each(page, ConvExplorer, [{**start, **options} for options in settings])
    places = {side_of(page, "Input") for _ in shown}
    assert len(places) == 1
    assert places.pop()[2] / 10 == 29


@pytest.mark.parametrize(
    ("sizes", "side"),
    [((8, 0), 37), ((8, 1), 29), ((16, 1), 15), ((16, 6), 9), ((3, 0), 56), ((12, 3), 15)],
)
def test_cells_are_the_largest_whole_pixels_that_fit_at_stride_1(show, sizes, side):
    n, padding = sizes
    page = show(ConvExplorer, {"input_size": n, "padding": padding})
    cells = n + 2 * padding
    wide = (768 - 3 * 46 - 2 * 50) / (cells + cells - 2)
    assert side == min(56, int(min(352 / cells, wide)))
    assert side_of(page, "Input")[2] == cells * side


@pytest.mark.parametrize("kind", [ConvExplorer, ConvTransposeExplorer])
@pytest.mark.parametrize("preset", ["same", "dilated", "document"])
def test_a_phone_shows_steps_drawing_and_parameters_at_once(show, kind, preset):
    phone = {"width": 390, "height": 844}
    page = show(kind, {"preset": preset, "steps": STEPS}, viewport=phone, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    end = page.locator(".ut-sliders").bounding_box()
    assert end["y"] + end["height"] <= 844
    page.get_by_role("button", name="stride more").tap()
    expect(page.get_by_role("spinbutton", name="stride, typed")).not_to_have_value("1")
    assert page.evaluate(NUMBERS) == []


def test_an_illegal_layer_keeps_its_last_output_faint_and_marks_the_missing_cell(show):
    page = show(ConvExplorer, {"preset": "halve"})
    slider = page.get_by_role("slider", name="kernel_size")
    for _ in range(4):
        slider.press("ArrowRight")
    page.get_by_role("slider", name="dilation").press("ArrowRight")
    expect(page.get_by_role("status")).to_contain_text("✕ The window spans 13 cells")
    expect(page.get_by_text("PyTorch: “Calculated padded input size")).to_be_visible()
    expect(page.locator(".ut-sign-wrong")).to_have_count(1)
    expect(page.locator(".ut-faint .ut-cell-output")).to_have_count(1)
    expect(page.get_by_text("no output", exact=True)).to_be_visible()
    slider.press("Home")
    expect(page.locator(".ut-faint")).to_have_count(0)


def test_steps_may_ask_for_what_the_layer_gives(show):
    steps = [
        Step("Make the output 4 high and wide.", when={"output_size": 4}),
        Step("Find a setting that PyTorch refuses.", when={"legal": False}),
        Step("Choose output cell (1, 2).", when={"map": "output", "cell": (1, 2)}),
        Step("Choose *same*.", when={"preset": "same"}),
    ]
    page = show(ConvExplorer, {"steps": steps, "padding": 1})
    done = page.locator(".ut-dot.ut-done")
    go_on = page.get_by_role("button", name="next ›")
    page.get_by_role("slider", name="stride").press("ArrowRight")
    expect(done).to_have_count(1)
    go_on.click()
    page.get_by_role("slider", name="padding").press("Home")
    page.get_by_role("slider", name="kernel_size").press("End")
    page.get_by_role("slider", name="dilation").press("End")
    expect(done).to_have_count(2)
    go_on.click()
    page.get_by_role("button", name="halve").click()
    output = page.get_by_role("group", name="Output map")
    output.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        output.press(key)
    expect(done).to_have_count(3)
    go_on.click()
    page.get_by_role("button", name="same").click()
    expect(done).to_have_count(4)


def test_it_plays_by_itself_where_motion_is_wanted(show):
    page = show(ConvExplorer, {"playing": True, "preset": "halve"}, reduced_motion="no-preference")
    expect(page.get_by_role("status")).to_contain_text("Output cell (0, 2)")
    page.get_by_role("group", name="Output map").press("Space")
    assert page.evaluate("state.playing") is False
    expect(page.get_by_role("button", name="play")).to_be_visible()
    still = show(ConvExplorer, {"playing": True, "preset": "halve"}, reduced_motion="reduce")
    still.wait_for_timeout(1500)
    expect(still.get_by_role("status")).to_contain_text("Output cell (0, 0)")
    still.get_by_role("button", name="play").click()
    expect(still.get_by_role("status")).to_contain_text("Output cell (0, 1)")


def test_a_kernel_cell_is_typed_where_it_is_drawn(show):
    page = show(ConvExplorer, {"preset": "halve", "weights": "box"})
    page.get_by_role("img", name="Kernel, 3×3").click()
    page.keyboard.type("-7")
    page.keyboard.press("Enter")
    assert page.evaluate("state.weights") == [[1, 1, 1], [1, -7, 1], [1, 1, 1]]
    expect(page.get_by_role("group", name="Kernel map")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.type("5")
    assert page.evaluate("state.weights[1]") == [1, -7, 5]


def test_more_than_nine_products_are_summed_by_rows(show):
    page = show(ConvExplorer, {"kernel_size": 5, "weights": "box", "input_size": 6})
    written = page.locator(".ut-products").text_content()
    rows, total = written.removeprefix("25 products, row by row: ").split(" = ")
    assert len(rows.split(" + ")) == 5
    assert sum(map(int, rows.split(" + "))) == int(total)


def test_a_sum_at_a_crowded_cell_is_explained_from_the_patch(show):
    page = show(ConvTransposeExplorer, {"preset": "double"})
    expect(page.get_by_role("status")).to_have_text(
        "Input cell (1, 1) adds its patch to rows 1–3 and columns 1–3 of the output."
    )
    expect(page.locator(".ut-products")).to_contain_text(
        "Four patches add up at output cell (1, 1)"
    )
    page.get_by_role("img", name="Full map").click()
    expect(page.get_by_role("status")).to_contain_text("Output cell (2, 2) adds up 1 product")


def test_the_walk_waits_while_a_layer_is_illegal(show):
    page, errors = show(ConvExplorer, {"input_size": 5, "playing": True}), []
    page.on("console", lambda message: errors.append(message.text))
    for size in ("7", "3"):
        page.get_by_role("slider", name="kernel_size").fill(size)
        page.wait_for_timeout(1500)  # two of its steps
    assert errors == []


HELD = """async (isHeld) => {
  const slider = document.querySelector('[type=range]');
  const svg = document.querySelector('.ut-drawing'), before = svg.innerHTML;
  let paints = 0;
  for (const value of [5, 6, 7]) {
    slider.dispatchEvent(new KeyboardEvent('keydown', { repeat: isHeld, bubbles: true }));
    const drawn = svg.innerHTML;
    slider.value = value;
    slider.dispatchEvent(new Event('input'));
    paints += drawn !== svg.innerHTML;
  }
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return [paints, svg.innerHTML !== before];
}"""


@pytest.mark.parametrize(("is_held", "at_once"), [(False, 3), (True, 0)])
def test_a_held_key_is_painted_once_a_frame(show, is_held, at_once):
    page = show(ConvExplorer, {"input_size": 8})
    assert page.evaluate(HELD, is_held) == [at_once, True]


def test_what_stays_in_the_drawing_is_not_made_anew(show):
    page = show(ConvExplorer, {"input_size": 8, "numbers": True})
    words = "[...document.querySelectorAll('.ut-drawing text')]"
    page.evaluate(f"window.before = new Set({words})")
    page.get_by_role("slider", name="stride").press("ArrowRight")
    assert page.evaluate(f"{words}.filter((text) => before.has(text)).length") > 0
