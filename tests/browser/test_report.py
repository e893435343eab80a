"""The inspector's report in a browser: nothing overlaps, moves, scrolls or is too small."""

import json
import re

import pytest
from torch import nn

from tests.contrast import contrast, linear
from tests.inspection.stopped_networks import STOPPED
from unet_teach import inspect_unet
from unet_teach.networks import UNet
from unet_teach.networks.six_networks import six_networks
from unet_teach.networks.twelve_networks import twelve_networks

from .lab import THEMES, axe_violations, new_page

IMAGE = (1, 1, 64, 64)
NETWORKS = {
    **{f"depth {n}": (UNet(depth=n, base_channels=16), (1, 1, 512, 512)) for n in (1, 4, 6)},
    "portrait": (UNet(depth=3, base_channels=8), (1, 1, 320, 96)),
    "volume": twelve_networks()["K"],
    "series": twelve_networks()["I"],
    "no skips": (six_networks()["B"], IMAGE),
    "one level": (six_networks()["C"], IMAGE),
    "no partners": (six_networks()["D"], IMAGE),
    "classifier": (six_networks()["F"], IMAGE),
    **{f"stops at {name}": network for name, network in STOPPED.items()},
}
GROUNDS = {"light": "#ffffff", "dark": "#111111"}
# A text's own place, without the room above and below letters that no digit or sign uses.
MEASURE = """(root) => {
  const seen = (node) => node.checkVisibility({ visibilityProperty: true });
  const box = (node) => { const { left, top, right, bottom, height } = node.getBoundingClientRect();
    return { left, top, right, bottom, height }; };
  const svg = root.querySelector('svg');
  const scale = svg ? box(svg).height / svg.viewBox.baseVal.height : 1;
  const texts = [...root.querySelectorAll('svg text')].map((node) => {
    const all = box(node), inner = all.height * 0.16;
    return { ...all, top: all.top + inner, bottom: all.bottom - inner, text: node.textContent,
      fill: getComputedStyle(node).fill }; });
  const type = [...root.querySelectorAll('*')].filter((node) => seen(node) &&
    [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
    .filter((node) => node.localName !== 'style')
    .map((node) => [parseFloat(getComputedStyle(node).fontSize) * (node.ownerSVGElement ?
      svg.getScreenCTM().a : 1), node.textContent]);
  return { texts, type, boxes: [...root.querySelectorAll('svg rect')].map(box),
    root: box(root), svg: svg && { ...box(svg), width: svg.getBoundingClientRect().width },
    scrolls: [root.scrollWidth - root.clientWidth, root.scrollHeight - root.clientHeight] };
}"""
SEEN_LINE = """(root) => [...root.querySelectorAll('.udia-line span:not([aria-hidden])')]
  .filter((node) => node.checkVisibility()).map((node) => node.textContent)"""


@pytest.fixture(scope="module")
def reports():
    return {name: inspect_unet(*network)._repr_html_() for name, network in NETWORKS.items()}


@pytest.fixture(scope="module")
def page(browser):
    page = new_page(browser)
    yield page
    page.close()


@pytest.fixture
def show(page):
    """Show a report alone on a page of this size, in a theme."""

    def put(html, width, height=720, theme="light"):
        page.set_viewport_size({"width": width, "height": height})
        light = json.dumps(theme == "light")
        page.set_content(
            '<!doctype html><html lang="en"><title>report</title>'
            f'<body data-jp-theme-light="{light}" style="margin:0;background:{GROUNDS[theme]}">'
            f"<main>{html}</main></body></html>"
        )
        return page

    return put


def _overlap(a, b):
    return (
        a["left"] < b["right"] - 0.5
        and b["left"] < a["right"] - 0.5
        and a["top"] < b["bottom"] - 0.5
        and b["top"] < a["bottom"] - 0.5
    )


def _check_labels(measured):
    """No label lies on a box or another label, or leaves the drawing."""
    svg = measured["svg"]
    for number, text in enumerate(measured["texts"]):
        assert svg["left"] - 1 <= text["left"], text
        assert text["right"] <= svg["right"] + 1, text
        assert svg["top"] - 1 <= text["top"], text
        assert text["bottom"] <= svg["bottom"] + 1, text
        for other in (*measured["boxes"], *measured["texts"][number + 1 :]):
            assert not _overlap(text, other), (text, other)


@pytest.mark.parametrize("name", NETWORKS)
def test_labels_lie_on_nothing_in_any_window(reports, show, name):
    page = show(reports[name], 1080)
    report = page.locator(".udia-page")
    measured = report.evaluate(MEASURE)
    assert measured["root"]["height"] <= 580
    assert measured["svg"]["width"] >= 0.54 * 1080
    for width in (1080, 880, 700, 390):
        page.set_viewport_size({"width": width, "height": 720})
        measured = report.evaluate(MEASURE)
        _check_labels(measured)
        assert min(measured["type"])[0] >= (12.9 if width == 1080 else 11)
        assert page.evaluate("document.documentElement.scrollWidth") == width
    page.set_viewport_size({"width": 1280, "height": 720})
    page.get_by_role("button", name="⤢ present").click()
    measured = page.locator(".udia-present").evaluate(MEASURE)
    _check_labels(measured)
    assert min(measured["type"])[0] >= 24 - 0.01, min(measured["type"])
    assert measured["scrolls"] == [0, 0]
    assert measured["root"] == {
        "left": 0, "top": 0, "right": 1280, "bottom": 720, "height": 720
    }  # fmt: skip


def test_present_mode_keeps_the_keys_until_escape(reports, show):
    page = show(reports["depth 4"], 1280)
    page.get_by_role("button", name="⤢ present").click()
    present = page.locator(".udia-present")
    assert present.evaluate("(root) => root.contains(document.activeElement)")
    page.keyboard.press("PageDown")
    page.keyboard.press("Tab")
    assert present.evaluate("(root) => root.contains(document.activeElement)")
    page.keyboard.press("Escape")
    assert present.is_hidden()


@pytest.mark.parametrize("name", ["depth 4", "one level", "stops at skip"])
def test_the_box_that_is_pointed_at_has_the_line_alone_and_nothing_moves(reports, show, name):
    page = show(reports[name], 1080)
    report = page.locator(".udia-page")
    before = report.evaluate(MEASURE)
    hint = report.evaluate(SEEN_LINE)
    assert len(hint) == 1
    boxes = report.locator(".udia-box")
    said = set()
    for index in range(boxes.count()):
        box = boxes.nth(index)
        boxes.nth((index + 1) % boxes.count()).focus()
        box.hover()
        (line,) = report.evaluate(SEEN_LINE)
        assert line == box.get_attribute("aria-label")
        said.add(line)
        after = report.evaluate(MEASURE)
        assert after["texts"] == before["texts"]
        assert after["root"] == before["root"]
    assert len(said) > 3
    page.mouse.move(1000, 700)
    (line,) = report.evaluate(SEEN_LINE)
    assert line == boxes.first.get_attribute("aria-label")
    page.evaluate("document.activeElement.blur()")
    assert report.evaluate(SEEN_LINE) == hint


def test_tab_goes_from_box_to_box(reports, show):
    page = show(reports["depth 4"], 1080)
    reached = []
    for _ in range(11):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.getAttribute('class')"))
    assert [f"udia-b{i} " in name for i, name in enumerate(reached[:9])] == [True] * 9
    assert reached[9] == "udia-button"


@pytest.mark.parametrize("name", NETWORKS)
def test_text_in_the_drawing_stands_out(reports, show, name):
    page = show(reports[name], 1080)
    for theme, ground in GROUNDS.items():
        page.evaluate("(light) => { document.body.dataset.jpThemeLight = light }", theme == "light")
        for text in page.locator(".udia-page").evaluate(MEASURE)["texts"]:
            numbers = list(map(int, re.findall(r"\d+", text["fill"])))[:3]
            colour = "#{:02x}{:02x}{:02x}".format(*numbers)
            assert contrast(linear(colour), linear(ground)) >= 4.5, (theme, text)


@pytest.mark.parametrize("theme", GROUNDS)
@pytest.mark.parametrize("name", ["depth 4", "no skips", "one level", "stops at skip"])
def test_axe_finds_nothing(reports, show, name, theme):
    page = show(reports[name], 1080, theme=theme)
    for summary in page.locator("summary").all():
        summary.click()
    assert axe_violations(page, "main", colours=theme == "dark") == []
    page.get_by_role("button", name="⤢ present").click()
    assert axe_violations(page, ".udia-present", colours=theme == "dark") == []


def test_all_findings_open_below_and_move_nothing(reports, show):
    page = show(reports["depth 4"], 1080)
    before = page.locator(".udia-page").evaluate(MEASURE)
    summary = page.get_by_text("all 14 findings")
    at = summary.bounding_box()
    summary.click()
    assert page.locator("details li").count() == 14
    assert page.get_by_text("64×64 → 32×32 by down.3 (max_pool2d).").is_visible()
    assert page.locator(".udia-page").evaluate(MEASURE)["texts"] == before["texts"]
    assert summary.bounding_box() == at


def test_the_ledger_at_these_sizes_is_ready_to_copy(reports, show):
    page = show(reports["stops at skip"], 1080)
    page.get_by_text("size ledger at these sizes").click()
    page.locator(".udia-copy").click()
    assert page.evaluate("String(getSelection()).trim()") == (
        "from unet_teach.widgets import SizeLedger\n\n"
        "SizeLedger(height=200, width=300, depth=4, base_channels=4)"
    )


def test_a_network_without_any_map_has_words_alone(show):
    class Words(nn.Module):
        def forward(self, x):
            raise ValueError("`no` <picture>")

    page = show(inspect_unet(Words())._repr_html_(), 1080)
    assert page.locator("svg").count() == 0
    assert page.get_by_text("Next step.").is_visible()
    assert axe_violations(page, "main") == []


def test_present_mode_covers_jupyterlab_and_the_line_speaks_there(open_cells):
    notebook = open_cells(
        "from unet_teach import UNet, inspect_unet\n"
        "inspect_unet(UNet(depth=3, base_channels=4), (1, 1, 64, 64))",
        height=720,
    )
    page = notebook.page
    for theme in THEMES:
        notebook.set_theme(theme)
        report = page.locator(".udia-page")
        report.locator(".udia-b1").focus()
        report.locator(".udia-b2").hover()
        assert report.evaluate(SEEN_LINE) == ["encoder.2.3: convolution, makes 1 × 16 × 16 × 16"]
        assert (
            report.locator(".udia-criteria").evaluate(
                "(list) => getComputedStyle(list).paddingLeft"
            )
            == "0px"
        )
        report.get_by_role("button", name="⤢ present").click()
        present = page.locator(".udia-present")
        box = present.bounding_box()
        assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 1280, 720)
        for key in ("PageDown", "ArrowDown", "d", "d", "Tab"):
            page.keyboard.press(key)
        assert present.evaluate(SEEN_LINE) == ["encoder.0.3: convolution, makes 1 × 4 × 64 × 64"]
        page.keyboard.press("Escape")
        assert present.is_hidden()
    assert notebook.console_errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["depth 4", "no skips", next(n for n in NETWORKS if "stops" in n)])
def test_forced_colours_keep_what_the_report_means(browser, reports, name, scheme):
    page = new_page(browser, viewport={"width": 1080, "height": 600}, color_scheme=scheme)
    theme = str(scheme == "light").lower()
    page.set_content(f'<body data-jp-theme-light="{theme}">{reports[name]}</body>')

    def marks():
        """Ticks, question marks and the break, as texts; and drawn lines that say something."""
        return page.locator(".udia").first.evaluate(
            """(root) => [root.innerText.match(/[✓✕?≠]/g), [...root.querySelectorAll('svg *')]
              .map((node) => getComputedStyle(node)).map((style) => style.strokeDasharray)]"""
        )

    usual = marks()
    page.emulate_media(forced_colors="active", color_scheme=scheme)
    assert marks() == usual
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    seen = page.locator(".udia").first.evaluate(
        """(root) => [...root.querySelectorAll('*')].filter((node) => node.checkVisibility() &&
          [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
          .map((node) => [node.ownerSVGElement ? getComputedStyle(node).fill :
            getComputedStyle(node).color, node.textContent])"""
    )
    for colour, text in seen:
        assert contrast(_of(colour), _of(ground, scheme)) >= 4.5, (text, colour)
    for control in page.locator(".udia a:visible, .udia .udia-button:visible").all():
        line = control.evaluate(
            "(node) => getComputedStyle(node).borderTopStyle + "
            "getComputedStyle(node).textDecorationLine"
        )
        assert "solid" in line or "underline" in line
    page.close()


def _of(colour, scheme="light"):
    """A colour of the browser's as linear numbers; a ground without one is the scheme's Canvas."""
    numbers = [float(each) for each in re.findall(r"[\d.]+", colour)]
    if len(numbers) == 4 and numbers[3] == 0:
        return linear("#ffffff" if scheme == "light" else "#000000")
    return linear("#{:02x}{:02x}{:02x}".format(*map(int, numbers[:3])))
