"""SizeLedger's layout, measured on a page without a kernel over many settings."""

import itertools

import pytest
from playwright.sync_api import expect

from unet_teach.widgets import SizeLedger, Step
from unet_teach.widgets.unet_sizes import BOUNDS, CHOICES

from .lab import axe_violations
from .stub import show

STEPS = ["Set `depth` to 2. Why does it fit now?", "Choose a repair and read what it does."]
LARGE = {"base_channels": 128, "in_channels": 64, "out_channels": 128, "norm": False}
SETTINGS = [
    {"height": height, "width": width, "depth": depth, "down": down, "repair": repair} | more
    for (height, width), depth, (down, repair), more in zip(
        itertools.cycle([(200, 300), (1023, 1023), (300, 100), (1024, 1), (1000, 1024), (37, 53)]),
        itertools.cycle([4, 1, 6, 2, 5, 3, 4]),
        itertools.product(CHOICES["down"], CHOICES["repair"] * 2),
        itertools.cycle([{}, LARGE, {"up": "conv_transpose_3"}, {"up": "bilinear"}, {}]),
        strict=False,
    )
]
SETTINGS += [
    {"height": height, "width": width, "depth": depth, "padding": "valid"} | more
    for height, width, depth, more in [
        (572, 572, 4, {}),
        (1023, 1000, 6, LARGE | {"down": "strided_conv"}),
        (388, 1024, 4, {"repair": "pad_input"}),
        (100, 572, 4, {}),
        (1024, 1024, 1, {"down": "strided_conv"}),
    ]
]
SETTINGS += [{"height": 5}, {"height": 1, "width": 1, "repair": "pad"}, {"height": 193}]
# Sections whose places may not depend on a value; the picture's own parts move inside its frame.
FRAME = (
    ".ut-steps, .ut-head, .ut-presenter, .ut-ledger-why, .ut-ledger-picture > svg, "
    ".ut-ledger-row > *, .ut-ledger-menus, .ut-card > *, .ut-dial input, .ut-ledger-end"
)
MEASURE = """(frame) => {
  const root = document.querySelector('.ut');
  const box = (node) => {
    const { left, top, right, bottom } = node.getBoundingClientRect();
    return [left, top, right, bottom].map((n) => Math.round(n * 10) / 10);
  };
  const shown = [...root.querySelectorAll('*')].filter((node) => node.checkVisibility());
  const svg = root.querySelector('svg[role=img]');
  const texts = [...svg.querySelectorAll('text')];
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  const type = shown.filter((node) => !node.closest('option, select') &&
    [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()));
  const inside = (a, b, by) =>
    a[0] >= b[0] - by && a[1] >= b[1] - by && a[2] <= b[2] + by && a[3] <= b[3] + by;
  const overlaps = [];
  texts.forEach((one, i) => texts.slice(i + 1).forEach((other) => {
    const [a, b] = [box(one), box(other)];
    // Boxes of text have room above and below the letters.
    if (Math.min(a[2], b[2]) - Math.max(a[0], b[0]) > 1 &&
        Math.min(a[3], b[3]) - Math.max(a[1], b[1]) > 0.35 * (a[3] - a[1]))
      overlaps.push(`${one.textContent} | ${other.textContent}`);
  }));
  const effects = shown.filter((node) => node.matches('.ut-effect, .ut-result'));
  const why = root.querySelector('.ut-ledger-why');
  return {
    scroll: [document.documentElement.scrollWidth - innerWidth,
      root.scrollHeight - root.clientHeight],
    frame: [...root.querySelectorAll(frame)].filter((node) => node.checkVisibility()).map(
      (node) => [node.tagName, node.classList[0], ...box(node)].join(' ')),
    type: Math.min(...type.map((node) =>
      parseFloat(getComputedStyle(node).fontSize) * (node.closest('svg') ? scale : 1))),
    outside: texts.filter((text) => !inside(box(text), box(svg), 2))
      .map((text) => text.textContent),
    overlaps,
    cut: effects.filter((node) => node.scrollWidth > node.clientWidth + 1 ||
      !inside(box(node), box(root), 0)).map((node) => node.textContent),
    why: why.checkVisibility() ? why.firstChild.getBoundingClientRect().height -
      parseFloat(getComputedStyle(why).minHeight) : 0,
    unreachable: shown.filter((node) => node.matches('input, button, select, .ut-card') &&
      !inside(box(node), [0, 0, innerWidth, Math.max(innerHeight, box(root)[3])], 0))
      .map((node) => node.outerHTML),
  };
}"""


def state_of(setting):
    """What the widget sends to the page."""
    widget = SizeLedger(steps=STEPS, **setting)
    return {name: getattr(widget, name) for name in (*BOUNDS, *CHOICES, "steps")}


@pytest.fixture
def measured(without_kernel):
    """Measure the widget in a window, at each setting, in present mode if asked."""

    def measure(width, height, settings=SETTINGS, presented=False):
        viewport = {"width": width, "height": height}
        page = without_kernel("size_ledger", state_of(settings[0]), viewport=viewport)
        found = []
        for setting in settings:
            show(page, "size_ledger", state_of(setting))
            if presented:
                page.get_by_role("button", name="present").click()
            found.append((setting, page.evaluate(MEASURE, FRAME)))
        return found

    return measure


WINDOWS = [(1080, 720, False), (1280, 720, True), (824, 720, False), (390, 844, False)]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_nothing_is_cut_off_or_overlaps_and_nothing_moves(measured, window):
    width, height, presented = window
    found = measured(width, height, presented=presented)
    frames = {tuple(measure["frame"]) for _, measure in found}
    first = found[0][1]["frame"]
    for setting, measure in found:
        for name in ("outside", "overlaps", "cut"):
            assert measure[name] == [], (name, setting)
        assert measure["why"] <= 0, setting
        assert measure["scroll"][0] <= 0, setting
        assert measure["unreachable"] == [], setting
        assert measure["type"] >= (24 * height / 720 if presented else 13) - 0.1, setting
        moved = [pair for pair in zip(first, measure["frame"], strict=True) if len(set(pair)) > 1]
        assert moved == [], setting
    assert len(frames) == 1


def boxes(page, look):
    return page.evaluate(
        """(look) => [...document.querySelectorAll(`svg[role=img] ${look}`)].map((box) =>
          [box.getBBox().height, box.getBBox().width])""",
        look,
    )


@pytest.mark.parametrize(
    ("setting", "is_to_scale"),
    [
        ({}, True),
        ({"height": 300, "width": 200, "depth": 3}, True),
        ({"height": 300, "width": 200}, False),
        ({"height": 96, "width": 160, "depth": 3}, True),
        ({"height": 572, "width": 572, "padding": "valid"}, True),
        ({"height": 1024, "width": 1024, "depth": 6}, False),
        ({"height": 16, "width": 1024}, False),
    ],
    ids=str,
)
def test_boxes_are_to_scale_where_the_legend_says_so(without_kernel, setting, is_to_scale):
    page = without_kernel("size_ledger", state_of(setting), viewport={"width": 1080, "height": 720})
    legend = page.locator(".ut-ledger-legend span").first
    words = "boxes to scale" if is_to_scale else "boxes to scale, at least 4 px"
    expect(legend).to_have_text(words)
    levels = SizeLedger(**setting).levels
    drawn = boxes(page, ".ut-u-encoder")
    scale = drawn[0][1] / levels[0]["encoder"][1]
    for level, box in zip(levels, drawn, strict=True):
        for side, length in zip(level["encoder"], box, strict=True):
            assert length == pytest.approx(max(4, side * scale), abs=0.6)
    landscape = levels[0]["encoder"][1] - levels[0]["encoder"][0]
    assert (drawn[0][1] - drawn[0][0]) * landscape >= 0


@pytest.mark.parametrize(
    ("setting", "cells"),
    [
        ({}, {"missing": 10, "skipped": 14, "dot": 14}),
        ({"down": "strided_conv"}, {"missing": 8, "skipped": 16, "dot": 24}),
        ({"repair": "crop"}, {"cut": 10, "skipped": 14, "dot": 14}),
        ({"repair": "pad"}, {"zero": 10, "digit": 10, "skipped": 14, "dot": 14}),
        ({"repair": "output_padding"}, {"ring": 10, "skipped": 24, "dot": 14}),
        ({"repair": "output_padding", "up": "conv_transpose_4"}, {"skipped": 24, "dot": 24}),
        ({"repair": "resize"}, {"blend": 24, "skipped": 24, "dot": 0}),
        ({"repair": "pad_input"}, {"skipped": 0, "dot": 0}),
        ({"height": 5}, {"skipped": 0, "dot": 0}),
        ({"width": 304}, {"missing": 8, "skipped": 16, "dot": 16}),
    ],
    ids=str,
)
def test_the_lens_shows_both_corners_cell_by_cell(without_kernel, setting, cells):
    """It has 3 rows of 8 cells; of a map that is one row and one column short, 14 are in both."""
    page = without_kernel("size_ledger", state_of(setting), viewport={"width": 1080, "height": 720})
    assert {look: len(boxes(page, f".ut-u-{look}[class]")) for look in cells} == cells


def test_levels_above_a_mismatch_are_hatched_and_a_repair_says_where_from(without_kernel):
    page = without_kernel("size_ledger", state_of({}), viewport={"width": 1080, "height": 720})
    picture = page.get_by_role("img", name="200×300")
    assert len(boxes(page, ".ut-u-unreached")) == 3
    expect(picture.get_by_text("not reached")).to_have_count(3)
    for side in ("height", "width"):
        row = page.locator(f".ut-ledger-row[data-param={side}]")
        expect(row).to_contain_text("✕")
        expect(row.get_by_role("slider")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("radio", name="Pad the smaller").check()
    expect(picture.get_by_text("not reached")).to_have_count(0)
    expect(picture.get_by_text("512 ch, from 24×36")).to_be_visible()
    expect(picture.get_by_text("256 ch, from 50×74")).to_be_visible()
    page.get_by_role("radio", name="none").check()
    page.get_by_role("button", name="width 304 fits").click()
    expect(page.locator(".ut-ledger-row[data-param=width]")).to_contain_text("✓")
    expect(page.locator(".ut-ledger-row[data-param=height]")).to_contain_text("✕")
    page.get_by_role("button", name="depth 3 fits").click()
    expect(page.locator(".ut-result")).to_contain_text("✓ 200×304 comes out")


def test_in_present_mode_the_numbers_of_the_headline_are_the_controls(without_kernel):
    page = without_kernel("size_ledger", state_of({}), viewport={"width": 1280, "height": 720})
    page.get_by_role("button", name="present").click()
    height = page.get_by_role("spinbutton", name="height")
    height.focus()
    for _ in range(8):
        page.keyboard.press("ArrowUp")
    for key in ("PageDown", "PageUp", "PageUp"):
        page.keyboard.press(key)
    assert page.evaluate("state.height") == 208
    page.get_by_role("button", name="width more").click()
    page.get_by_role("button", name="width less").click()
    page.get_by_role("spinbutton", name="width").fill("304")
    expect(page.get_by_text("✓ 208×304 comes out")).to_be_visible()
    for _ in range(3):
        page.get_by_role("button", name="depth less").click()
    expect(page.get_by_role("spinbutton", name="depth")).to_have_value("1")
    expect(page.get_by_role("button", name="depth less")).to_be_hidden()
    page.get_by_role("radio", name="none").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("state.repair") == "pad_input"
    page.keyboard.press("Escape")
    expect(page.get_by_role("slider", name="height")).to_be_visible()


def test_what_stands_behind_the_dots_opens_above_the_rest_and_escape_closes_it(without_kernel):
    page = without_kernel("size_ledger", state_of({}), viewport={"width": 1080, "height": 720})
    before = page.evaluate(MEASURE, FRAME)["frame"]
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("spinbutton", name="base_channels").fill("32")
    page.get_by_role("combobox", name="padding").select_option("valid")
    expect(page.get_by_text("7,762,465 parameters")).to_be_visible()
    assert page.evaluate(MEASURE, FRAME)["frame"] == before
    assert axe_violations(page, ".ut") == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox", name="padding")).to_be_hidden()
    expect(page.locator("summary")).to_be_focused()


def test_steps_are_ticked_off_by_what_comes_out(without_kernel):
    states = [{"fits": False, "mismatch_level": 3}, {"output_size": (192, 288)}]
    states += [{"mismatch_level": None, "repair": "none"}]
    widget = SizeLedger(steps=[Step(f"Step {i}.", when=state) for i, state in enumerate(states)])
    state = {
        name: getattr(widget, name) for name in (*BOUNDS, *CHOICES, "steps", "_ticked", "_step")
    }
    page = without_kernel("size_ledger", state, viewport={"width": 1080, "height": 720})
    assert page.evaluate("state._ticked") == [0]
    page.get_by_role("button", name="next").click()
    page.get_by_role("radio", name="Crop the larger").check()
    assert page.evaluate("state._ticked") == [0, 1]
    page.get_by_role("button", name="next").click()
    page.get_by_role("radio", name="none").check()
    assert page.evaluate("state._ticked") == [0, 1]
    page.get_by_role("button", name="depth 2 fits").click()
    assert page.evaluate("state._ticked") == [0, 1, 2]
