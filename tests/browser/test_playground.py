"""The playground: one file, no kernel, no network; every widget works, a link shows a picture."""

import gzip
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .lab import axe_violations, small_type

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "playground.html"
WIDGETS = {
    "SeeInside": "See inside a U-Net",
    "ConvExplorer": "Convolution explorer",
    "ConvTransposeExplorer": "Transposed convolution explorer",
    "RoundTrip": "Round trip",
    "SizeLedger": "Size ledger of a U-Net",
    "CellCounter": "Cell counter",
    "Predict": "Predict: ",
}


@pytest.fixture
def open_page(without_network):
    """Open the playground, which needs no network."""
    return partial(without_network, PAGE)


def test_it_is_fresh():
    command = [sys.executable, str(ROOT / "docs" / "build_playground.py"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_the_tour_begins_when_its_captions_are_on_screen(open_page):
    page = open_page(viewport={"width": 390, "height": 600})
    tour = page.get_by_role("region", name="Tour")
    expect(tour).to_contain_text("1 of 8")
    page.wait_for_timeout(500)  # longer than a frame: it would have begun
    expect(tour).to_have_attribute("data-playing", "false")
    tour.scroll_into_view_if_needed()
    expect(tour).to_have_attribute("data-playing", "true")
    assert open_page().get_by_role("region", name="Tour").get_attribute("data-playing") == "true"


def test_a_phone_shows_prediction_and_caption_together(open_page):
    page = open_page(viewport={"width": 390, "height": 844})
    tour = page.get_by_role("region", name="Tour")
    expect(tour).to_have_attribute("data-playing", "true")
    lead, prediction = (page.locator(each) for each in (".ut-see-lead", ".ut-see-output canvas"))
    for each in (lead.first, prediction.first):
        box = each.bounding_box()
        assert 0 <= box["y"] < box["y"] + box["height"] <= 844
    page.get_by_role("switch", name="skip 0").click()
    expect(tour).to_contain_text("Play goes on with caption 1")
    assert tour.bounding_box()["y"] < 700  # it waits there


def test_a_prediction_that_reaches_nowhere_a_half_says_so(open_page):
    page = open_page()
    page.locator(".ut-see-moments input").fill("0")
    expect(page.locator(".ut-see-output")).to_contain_text("no value reaches 0.5")


def test_it_is_one_small_file():
    """The networks of SeeInside are most of it; a server sends it compressed."""
    assert PAGE.stat().st_size < 2_000_000
    assert len(gzip.compress(PAGE.read_bytes())) < 1_200_000
    assert not re.search(r"""(src|href)\s*=\s*["']""", PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", WIDGETS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_widget_shows_and_axe_finds_nothing_wrong(open_page, name, scheme):
    page = open_page(f"#{name}", color_scheme=scheme)
    expect(page.get_by_role("group", name=WIDGETS[name]).first).to_be_visible()
    assert axe_violations(page, "html", colours=scheme == "dark") == []


def test_a_slider_changes_picture_and_address_and_the_address_the_picture(open_page):
    page = open_page("#ConvTransposeExplorer")
    page.get_by_role("slider", name="stride").press("ArrowRight")
    page.get_by_role("button", name="zero insertion").click()
    expect(page.get_by_text("3×3 → 8×8")).to_be_visible()
    expect(page).to_have_url(re.compile("stride=3&view=|view=.*stride=3"))
    again = open_page(page.url[page.url.index("#") :])
    expect(again.get_by_text("3×3 → 8×8")).to_be_visible()
    expect(again.get_by_role("img", name=re.compile("^Zero insertion"))).to_be_visible()


def test_a_link_shows_the_chosen_cell(open_page):
    page = open_page("#ConvExplorer")
    page.get_by_role("group", name="Output map").press("ArrowDown")
    page.get_by_role("group", name="Output map").press("ArrowRight")
    expect(page).to_have_url(re.compile("_pinned=.*1.*1"))
    again = open_page(page.url[page.url.index("#") :])
    words = page.get_by_role("status").last.text_content()
    assert "Output cell (1, 1)" in words
    expect(again.get_by_role("status").last).to_have_text(words)


@pytest.mark.parametrize("option", ["padding=%22valid%22", "conv=%22valid%22"])
def test_links_from_before_padding_was_spelled_as_in_unet_still_open(open_page, option):
    page = open_page(f"#SizeLedger?height=572&width=572&{option}")
    page.locator("summary").click()
    expect(page.get_by_role("combobox", name="padding")).to_have_value("valid")
    expect(page.get_by_text("✓ 388×388 comes out")).to_be_visible()
    expect(page).to_have_url(re.compile("padding=%22valid%22"))


def test_the_buttons_change_the_widget_and_the_way_back_works(open_page):
    page = open_page()
    page.get_by_role("button", name="Round trip").click()
    expect(page.get_by_role("group", name="Round trip").first).to_be_visible()
    page.go_back()
    expect(page.get_by_role("group", name="See inside a U-Net")).to_be_visible()


@pytest.mark.parametrize(
    "fragment",
    [
        "#Nobody?stride=2",
        "#ConvExplorer?stride=%3Cb%3E",
        "#ConvExplorer?stride=-4&padding=1e9&kernel_size=null&weights=3&seed=%22x%22&_pinned=7",
        "#ConvExplorer?stride=[1,2,3]&dilation={}&numbers=2&view=7",
        "#ConvTransposeExplorer?view=3&weights=[[1],2]&numbers=true&_pinned=[%22middle%22,99,-99]",
        "#RoundTrip?chosen=1000&stride=true&_layer=%22x%22",
        "#CellCounter?threshold=%22x%22&overlay=7&smallest={}&_image=%22x%22&_shape=3",
        "#SizeLedger?height=1e99&depth=%22deep%22&padding=null&up=[]&repair={}",
        "#SeeInside?skips=[9,%22x%22,null]&strokes=[[%22ring%22],7,[%22line%22,1,2,3]]&sample=1e9",
        "#SeeInside?network=%22no%22&moment=-7&place=%22encoder%209%22&cell=%22x%22&pixel=[1e9,{}]",
        "#SeeInside?image=%22nonsense%22&seed=-3&channel=1e9&caption=%22x%22&task=7",
        "#%E0%A4%A",
    ],
)
def test_nonsense_in_a_link_breaks_nothing(open_page, fragment):
    page = open_page(fragment)
    assert page.locator(".ut").is_visible()
    page.keyboard.press("Tab")  # an error on the page fails the test, see blank_page


@pytest.mark.parametrize("name", WIDGETS)
def test_a_phone_shows_every_widget_whole(open_page, name):
    page = open_page(f"#{name}", viewport={"width": 390, "height": 844}, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("name", WIDGETS)
def test_every_widget_presents_itself_in_large_type(open_page, name):
    page = open_page(f"#{name}", viewport={"width": 1280, "height": 720})
    widget = page.locator(".ut")
    widget.get_by_role("button", name="present").click()
    expect(widget).to_have_class(re.compile("ut-present"))
    assert small_type(widget) == []
    page.keyboard.press("Escape")
    expect(widget).not_to_have_class(re.compile("ut-present"))


@pytest.mark.parametrize("name", WIDGETS)
def test_a_view_that_goes_takes_its_listeners_along(open_page, name):
    page = open_page()
    left = page.evaluate(
        """async (name) => {
          const { widgets, modules } = JSON.parse(document.getElementById('data').textContent);
          const { module, state } = widgets.find((each) => each.name === name);
          const url = URL.createObjectURL(new Blob([modules[module]], { type: 'text/javascript' }));
          const view = (await import(url)).default;
          const heard = [];
          const model = {
            get: (key) => state[key],
            set: (key, value) => { state[key] = value; },
            save_changes() {},
            on: (event, listener) => heard.push(listener),
            off: (event, listener) => heard.splice(heard.indexOf(listener), 1),
          };
          let documents = 0;
          const add = document.addEventListener.bind(document);
          document.addEventListener = (type, listener, options) => {
            if (!options?.signal) documents += 1;
            add(type, listener, options);
          };
          const el = document.body.appendChild(document.createElement('div'));
          const leave = await view.render({ model, el });
          const during = heard.length;
          leave();
          return [during > 0, heard.length, el.childNodes.length, documents];
        }""",
        name,
    )
    assert left == [True, 0, 0, 0]


def test_where_motion_is_unwanted_nothing_plays_by_itself(open_page):
    still = open_page("#ConvExplorer?playing=true", reduced_motion="reduce")
    moving = open_page("#ConvExplorer?playing=true")
    expect(moving.get_by_role("button", name="pause")).to_be_visible()
    expect(still.get_by_role("button", name="play")).to_be_visible()
