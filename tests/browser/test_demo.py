"""The live demo: one file, no kernel, no network; each scene measured at both sizes of screen."""

import re
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .boxes import SCREENS, SMALLEST_PRESENTED, largest_blank, share_of_screen
from .lab import PATIENCE, axe_violations

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "demo.html"
SCENES = 16
SMALL, LARGE = ({"width": width, "height": height} for width, height in SCREENS)
# What is the drawing, by the widget's own class or the slide's.
DRAWINGS = {
    ".ut-explorer": ".ut-stage",
    ".ut-round": ".ut-board, .ut-round-way, .ut-round-stage, .ut-round-layer",
    ".ut-ledger": ".ut-ledger-picture > svg, .ut-ledger-repairs",
    ".ut-features": ".ut-map, .ut-row-label",
    ".ut-predict": ".ut-question, .ut-room li, .ut-outcome",
    ".ut-progress": ".ut-lesson",
    ".d-with-drawing": ".d-drawing svg :is(rect, text, path)",
}
# Texts that are too small, or that somebody in the room cannot see whole.
MEASURE = """(smallest) => {
  const seen = [...document.body.querySelectorAll('*')].filter((node) =>
    node.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
    node.localName !== 'script' && [...node.childNodes].some((child) =>
      child.nodeType === 3 && child.data.trim()));
  const small = [], cut = [];
  for (const node of seen) {
    const box = node.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    const scale = node.ownerSVGElement ? node.getScreenCTM().a : 1;
    const size = parseFloat(getComputedStyle(node).fontSize) * scale;
    const said = `${size.toFixed(1)} ${node.outerHTML.slice(0, 120)}`;
    if (size < smallest - 0.1) small.push(said);
    const range = document.createRange();
    range.selectNodeContents(node);
    const { left, top, right, bottom } = range.getBoundingClientRect();
    if (left < -1 || top < -1 || right > innerWidth + 1 || bottom > innerHeight + 1) cut.push(said);
    const clips = node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 1;
    if (clips && getComputedStyle(node).overflowX !== 'visible') cut.push(said);
  }
  const page = document.scrollingElement, root = document.querySelector('.ut, .d-slide');
  const scrolls = [page.scrollWidth - innerWidth, page.scrollHeight - innerHeight,
    root.scrollHeight - root.clientHeight - 1].map((over) => Math.max(0, over));
  return { small, cut, scrolls };
}"""
SHOWN = "(kinds) => kinds.filter((kind) => document.querySelector(kind))"


@contextmanager
def opener(browser):
    """Open the file with the network off; an error is raised if it asks for anything."""
    contexts = []

    def open_at(address="", **options):
        context = browser.new_context(offline=True, **{"viewport": SMALL, **options})
        context.set_default_timeout(1000 * PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.errors = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(PAGE.as_uri() + address)
        page.locator("main[data-shown]").wait_for()
        return page

    yield open_at
    for context in contexts:
        for page in context.pages:
            if hasattr(page, "asked"):
                outside = [url for url in page.asked if not url.startswith(("file:", "blob:"))]
                assert (outside, page.errors) == ([], [])
        context.close()


@pytest.fixture
def open_alone(browser):
    """Open the demo in a window that no other test has: for what stays in a window."""
    with opener(browser) as open_at:
        yield open_at


@pytest.fixture
def open_demo(without_network):
    """Open the demo on a shared page with the network off.

    All that it keeps is in the entry of the history, which no other test comes back to.
    """
    return partial(without_network, PAGE, viewport=SMALL)


@pytest.fixture(scope="module")
def pages(browser):
    """The same page for many scenes, one for each size and theme."""
    opened = {}

    def page_of(**options):
        key = str(options)
        if key not in opened:
            opened[key] = open_at(**options)
        return opened[key]

    with opener(browser) as open_at:
        yield page_of


def at(page):
    """Where the demo is, such as "#scene-5.2"."""
    return page.locator("main").get_attribute("data-shown")


def each_beat(page, scene):
    """Go through the beats of a scene, and yield the address of each."""
    page.evaluate("(address) => { location.hash = address }", f"#scene-{scene}")
    page.locator(f"main[data-shown='#scene-{scene}']").wait_for()
    while True:
        # Two frames: widgets paint again once they know how wide they are.
        page.evaluate(
            "new Promise((d) => requestAnimationFrame(() => requestAnimationFrame(() => d())))"
        )
        yield at(page)
        before = at(page)
        page.keyboard.press("PageDown")
        if at(page) == before or re.split(r"\.", at(page))[0] != f"#scene-{scene}":
            return


def test_it_is_fresh():
    command = [sys.executable, str(ROOT / "docs" / "build_demo.py"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_it_is_one_file():
    assert PAGE.stat().st_size < 2_000_000
    assert not re.search(r"""\s(src|href)\s*=\s*["']""", PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("screen", [SMALL, LARGE], ids=["720", "1080"])
@pytest.mark.parametrize("scene", range(1, SCENES + 1))
def test_each_scene_can_be_seen_from_the_last_row(pages, scene, screen):
    page = pages(viewport=screen)
    for address in each_beat(page, scene):
        found = page.evaluate(MEASURE, SMALLEST_PRESENTED * screen["height"] / 720)
        assert found == {"small": [], "cut": [], "scrolls": [0, 0, 0]}, address
        assert largest_blank(page) <= 0.2, address
        for kind in page.evaluate(SHOWN, list(DRAWINGS)):
            assert share_of_screen(page, page.locator(DRAWINGS[kind])) >= 0.7, address


@pytest.mark.parametrize("scene", range(1, SCENES + 1))
def test_axe_finds_nothing_wrong(pages, scene):
    page = pages()
    for address in each_beat(page, scene):
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            found = axe_violations(page, "html", colours=scheme == "dark")
            assert found == [], (address, scheme)


def test_a_clicker_goes_through_all_of_it_and_back(open_demo):
    page = open_demo()
    seen = [at(page)]
    while True:
        page.keyboard.press("PageDown")
        if at(page) == seen[-1]:
            break
        seen.append(at(page))
    assert seen[0] == "#scene-1"
    assert (
        len(seen)
        == len({*seen})
        == page.locator("#data").evaluate(
            "(data) => JSON.parse(data.textContent).scenes.flatMap(({ beats }) => beats).length"
        )
    )
    for address in seen[-2::-1]:
        page.keyboard.press("PageUp")
        assert at(page) == address


@pytest.mark.parametrize("address", ["#scene-2", "#scene-7.3", "#scene-9", "#scene-12.3"])
@pytest.mark.parametrize("key", ["PageDown", "PageUp"])
def test_a_clicker_changes_no_value_of_a_widget(pages, address, key):
    page = pages()
    page.evaluate("(address) => { location.hash = address }", address)
    page.locator(f"main[data-shown='{address}']").wait_for()
    values = ".ut input:not([type=radio]), .ut-tile:focus"
    for index in range(min(3, page.locator(values).count())):
        field = page.locator(values).nth(index)
        before = [each.input_value() for each in page.locator(values).all()]
        field.evaluate("(field) => { field.style.display = 'inline'; field.focus() }")
        held = page.evaluate_handle("document.querySelector('.ut')")
        page.keyboard.press(key)
        assert at(page) != address
        after = held.evaluate(
            "(root) => [...root.querySelectorAll('input:not([type=radio])')].map((i) => i.value)"
        )
        assert after == before
        page.evaluate("(address) => { location.hash = address }", address)
        page.locator(f"main[data-shown='{address}']").wait_for()


def test_arrows_step_unless_something_in_a_widget_has_the_focus(open_demo):
    page = open_demo("#scene-2")
    page.get_by_role("group", name="Output map").press("ArrowDown")
    assert at(page) == "#scene-2"
    expect(page.get_by_text("Output cell (1, 0)").first).to_be_attached()
    page.keyboard.press("Escape")
    expect(page.locator(".ut")).to_have_class(re.compile("ut-present"))
    page.keyboard.press("ArrowRight")
    assert at(page) == "#scene-2.2"
    page.keyboard.press("ArrowLeft")
    assert at(page) == "#scene-2"


def test_the_first_and_the_last_scene_and_an_address(open_demo):
    page = open_demo("#scene-5")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Three layers")
    page.keyboard.press("End")
    assert at(page) == f"#scene-{SCENES}"
    page.keyboard.press("Home")
    assert at(page) == "#scene-1"


@pytest.mark.parametrize("address", ["#scene-0", "#scene-99", "#scene-5.9", "#scene-x", "#%E0%A4"])
def test_an_address_that_does_not_exist_shows_the_nearest(open_demo, address):
    page = open_demo(address)
    assert re.fullmatch(r"#scene-(1|5\.3|16)", at(page))


def test_black_and_back_without_a_step(open_demo):
    page = open_demo("#scene-3")
    for key, back in (("b", "b"), (".", "PageDown"), ("B", "Escape")):
        page.keyboard.press(key)
        expect(page.locator(".d-black")).to_be_visible()
        page.keyboard.press(back)
        expect(page.locator(".d-black")).to_be_hidden()
        assert at(page) == "#scene-3"


def test_the_overview_jumps(open_demo):
    page = open_demo("#scene-3")
    page.keyboard.press("o")
    overview = page.get_by_role("dialog", name="All scenes")
    expect(overview.get_by_role("button")).to_have_count(SCENES)
    found = page.evaluate(MEASURE, SMALLEST_PRESENTED)
    assert (found["small"], found["cut"]) == ([], [])
    assert axe_violations(page, "html") == []
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert at(page) == "#scene-4"
    expect(overview).to_have_count(0)
    page.keyboard.press("o")
    page.keyboard.press("Escape")
    expect(overview).to_have_count(0)
    assert at(page) == "#scene-4"


def counts(page):
    return [int(field.input_value()) for field in page.locator(".d-count input").all()]


def test_hands_are_counted_with_keys_and_clicks_and_typed(open_demo):
    page = open_demo("#scene-3")
    for key in ("1", "3", "3", "3", "Shift+3", "9"):
        page.keyboard.press(key)
    assert counts(page) == [1, 0, 2, 0]
    page.get_by_role("button", name="option 4: one hand more").click()
    page.get_by_role("button", name="option 1: one hand less").click()
    assert counts(page) == [0, 0, 2, 1]
    page.keyboard.press("c")
    page.keyboard.type("23")
    page.keyboard.press("Enter")
    page.keyboard.type("7")
    page.keyboard.press("PageDown")
    assert at(page) == "#scene-3.2"
    assert counts(page) == [23, 7, 2, 1]
    widths = page.locator(".d-bar > span").evaluate_all(
        "(all) => all.map((bar) => bar.getBoundingClientRect().width)"
    )
    assert widths == sorted(widths, reverse=True)
    assert widths[1] == pytest.approx(widths[0] * 7 / 23, abs=1)
    expect(page.locator(".d-share").first).to_have_text("70 %")
    right = page.locator("[data-fate=right]")
    expect(right).to_have_count(1)
    expect(right.locator(".d-sign")).to_have_text("✓")
    expect(page.locator("[data-fate=wrong] .d-sign").first).to_have_text("✕")
    page.keyboard.press("1")
    assert counts(page) == [23, 7, 2, 1]


def test_bars_and_answer_wait_for_the_reveal(open_demo):
    page = open_demo("#scene-3")
    page.keyboard.press("1")
    expect(page.locator(".d-bar > span").first).to_be_hidden()
    expect(page.locator("[data-fate=right]")).to_have_count(0)
    expect(page.get_by_text("a quarter")).to_have_count(0)


def test_a_reload_returns_to_the_scene_and_its_counts(open_demo):
    page = open_demo("#scene-4")
    for key in ("1", "2", "2", "PageDown"):
        page.keyboard.press(key)
    page.reload()
    page.locator("main[data-shown='#scene-4.2']").wait_for()
    assert counts(page) == [1, 2, 0, 0]


def test_guesses_called_out_are_kept_and_judged(open_demo):
    page = open_demo("#scene-9")
    field = page.get_by_role("textbox", name="Your guess")
    for guess in ("2, 64, 32, 32", "1, 128, 32, 32", "1x64x64x32"):
        field.fill(guess)
        field.press("Enter")
    field.press("PageDown")
    assert at(page) == "#scene-9.2"
    expect(page.locator("[data-fate=right]")).to_contain_text("64 + 64")
    expect(page.locator("[data-fate=wrong]").first).to_contain_text("images of a batch")
    page.reload()
    expect(page.locator("[data-fate=wrong]")).to_have_count(2)


def test_the_timer_counts_down_and_pauses(open_alone):
    page = open_alone()
    page.clock.install()
    page.goto(PAGE.as_uri() + "#scene-3")
    page.reload()
    timer = page.locator(".d-timer")
    expect(timer).to_have_text(re.compile("^1:00"))
    page.keyboard.press("t")
    page.clock.run_for(20_000)
    expect(timer).to_have_text(re.compile("^0:40"))
    page.keyboard.press("t")
    page.clock.run_for(20_000)
    expect(timer).to_have_text(re.compile("^0:40"))
    timer.click()
    page.clock.run_for(60_000)
    expect(timer).to_have_text(re.compile("^0:00"))
    expect(timer).to_have_class(re.compile("d-over"))
    page.get_by_role("button", name="set the timer back").click()
    expect(timer).to_have_text(re.compile("^1:00"))


def test_speaker_notes_in_a_second_window_of_a_file(open_alone):
    page = open_alone("#scene-2")
    with page.expect_popup() as popup:
        page.keyboard.press("n")
    notes = popup.value
    expect(notes.get_by_role("heading", name="What does the stride do?")).to_be_visible()
    expect(notes.get_by_text("5×5 rounds up")).to_be_visible()
    expect(notes.get_by_text("Next: the question. Next scene: Who gets")).to_be_visible()
    expect(notes.get_by_text("Right answer: 4×4")).to_be_visible()
    expect(notes.get_by_text("plan: minute 4 to 8")).to_be_visible()
    assert axe_violations(notes, "html") == []
    notes.keyboard.press("PageDown")
    assert at(page) == "#scene-2.2"
    notes.get_by_role("button", name="next").click()
    notes.get_by_role("button", name="next").click()
    expect(notes.get_by_text("Next: Who gets a centre?")).to_be_visible()
    page.keyboard.press("PageDown")
    expect(notes.get_by_role("heading", name="Who gets a centre?")).to_be_visible()
    page.reload()
    expect(notes.get_by_text("Press N there")).to_be_visible()
    page.locator("main[data-shown]").wait_for()
    with page.expect_popup() as popup:
        page.keyboard.press("n")
    expect(popup.value.get_by_role("heading", name="Who gets a centre?")).to_be_visible()


def test_the_theme_can_be_changed_for_a_projector(open_demo):
    page = open_demo("#scene-2", color_scheme="dark")
    ground = "(root) => getComputedStyle(root).backgroundColor"
    assert page.locator(".ut").evaluate(ground) == "rgb(0, 0, 0)"
    page.keyboard.press("d")
    assert page.locator(".ut").evaluate(ground) == "rgb(255, 255, 255)"
    page.keyboard.press("PageDown")
    assert page.locator("body").evaluate(ground) == "rgb(255, 255, 255)"


def test_the_whole_screen_keeps_the_widget_presented(open_demo):
    page = open_demo("#scene-2")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement === document.documentElement")
    expect(page.locator(".ut")).to_have_class(re.compile("ut-present"))
    page.keyboard.press("f")
    page.wait_for_function("!document.fullscreenElement")
    expect(page.locator(".ut")).to_have_class(re.compile("ut-present"))
