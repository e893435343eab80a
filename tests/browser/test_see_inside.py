"""SeeInside without a kernel: painting, switches, levels, the tour; its boxes, keys and names."""

import base64
import json
import re

import pytest
import torch
from playwright.sync_api import expect

from unet_teach.networks.packed import unpack
from unet_teach.networks.unet import UNet
from unet_teach.widgets import SeeInside
from unet_teach.widgets.base import CourseWidget
from unet_teach.widgets.see_inside import shipped
from unet_teach.widgets.see_inside_figure import read_image, read_mask

from . import stub
from .lab import axe_violations, new_page, small_type

MACHINERY = {*CourseWidget.class_traits(), "_esm", "_css", "_anywidget_id"} - {"steps", "_step"}
RING = [("ArrowDown", 20), ("ArrowRight", 14), ("Space", 1), ("ArrowRight", 12), ("Space", 1)]
RING += [("ArrowUp", 0)]


def state_of(widget):
    return {name: v for name, v in widget.get_state().items() if name not in MACHINERY}


@pytest.fixture(scope="module")
def shipped_state():
    return state_of(SeeInside())


@pytest.fixture
def show(browser, blank_page, shipped_state):
    """Show the widget on a page; the test fails if the page has an error."""
    own, errors = [], []

    def show(size=(1080, 700), before="", answers=True, **options):
        known = {key: value for key, value in options.items() if key in shipped_state}
        rest = {key: value for key, value in options.items() if key not in known}
        kernel = rest.pop("kernel", None)
        rest["viewport"] = {"width": size[0], "height": size[1]}
        if before or kernel:  # these change the page itself, so no other test may have it
            page = new_page(browser, **rest)
            own.append(page)
            page.on("pageerror", lambda error: errors.append(str(error)))
        else:
            page = blank_page(**rest)
        if before:
            page.add_init_script(before)
            page.goto("about:blank")
        stub.show(page, "see_inside", {**shipped_state, **known}, kernel)
        if answers:
            expect(page.locator(".ut-see-lead").first).not_to_have_text(" ")
        return page

    yield show
    for page in own:
        page.close()
    assert errors == []


def headline(page):
    return page.locator(".ut-see-headline")


def press(page, keys):
    for key, times in keys:
        for _ in range(times):
            page.keyboard.press(key)


def at(page, row, column, frame=".ut-see-paper"):
    """A pixel of the image, in pixels of the page."""
    box = page.locator(f"{frame} canvas").first.bounding_box()
    x = box["x"] + box["width"] * (column + 0.5) / 96
    return x, box["y"] + box["height"] * (row + 0.5) / 96


def test_a_ring_around_a_line_puts_its_pixels_into_truth_and_prediction(show):
    page = show()
    page.mouse.move(*at(page, 62, 62))
    page.mouse.down()
    page.mouse.move(*at(page, 62, 78), steps=6)
    page.mouse.up()
    # Of the whole ring: smaller ones came before.
    expect(headline(page)).to_have_text(
        re.compile(
            r"Ring: \d+ of [3-9]\d new pixels predicted "
            r"IoU 0\.\d\d on the new ground truth; it was 0\.87 on the old one"
        )
    )
    expect(page.locator(".ut-see-since")).to_contain_text("against the image without the ring")
    [[kind, row, column, radius]] = page.evaluate("state.strokes")
    assert (kind, round(row), round(column), round(radius)) == ("ring", 62, 62, 16)
    predicted, true = map(int, re.findall(r"(\d+) of (\d+)", headline(page).inner_text())[0])
    assert predicted > true / 2
    change = page.get_by_role("img", name=re.compile(r"\d+ gained"))
    gained = re.findall(r"(\d+) gained", change.get_attribute("aria-label"))[0]
    words = page.locator(".ut-see-gained")
    expect(words).to_have_text(f"{gained} new")
    colour = words.evaluate("(it) => getComputedStyle(it).color")
    drawn = change.evaluate(
        "(it) => [...it.getContext('2d').getImageData(0, 0, it.width, it.height).data].join()"
    )
    assert ",".join(re.findall(r"\d+", colour)[:3]) in drawn


def test_keys_paint_what_the_pointer_paints(show):
    page = show()
    page.locator(".ut-see-paper").focus()
    press(page, [("ArrowDown", 14), ("ArrowRight", 14), ("Space", 1), ("Shift+ArrowRight", 2)])
    press(page, [("Space", 1)])
    expect(headline(page)).to_contain_text("new pixels predicted")
    assert page.evaluate("state.strokes") == [["ring", 62, 62, 16]]
    press(page, [("Backspace", 1)])
    expect(headline(page)).to_have_text(
        "Stroke taken back: IoU 0.87 the ground truth is the older one"
    )
    assert page.evaluate("state.strokes") == []
    page.get_by_role("button", name="line", exact=True).click()
    page.locator(".ut-see-paper").focus()
    press(page, [("Space", 1), ("ArrowLeft", 12), ("Space", 1)])
    expect(headline(page)).to_contain_text("Line painted: IoU 0.87 → 0")  # in no ring
    press(page, [("Space", 1), ("ArrowLeft", 12), ("Escape", 1)])
    assert len(page.evaluate("state.strokes")) == 1


def test_where_the_truth_is_unknown_it_says_so_and_shows_no_score(show):
    page = show()
    page.get_by_role("button", name="eraser").click()
    page.locator(".ut-see-paper").focus()
    press(page, [("Space", 1)])
    expect(headline(page)).to_have_text("Painted: the ground truth is unknown so there is no score")
    expect(page.locator(".ut-see-iou")).to_have_text("–")
    expect(page.locator(".ut-see-score")).to_contain_text("erased: no ground truth")


def test_a_dropped_image_stays_here_and_its_link_shows_it_again(show, tmp_path):
    page = show()
    page.locator("input[type=file]").set_input_files("docs/images/lesson_1.png")
    expect(headline(page)).to_have_text("Your image: no ground truth so there is no score")
    text = page.evaluate("state.image")
    assert 0 < len(text) < 14_000
    picture = "document.querySelector('.ut-see-paper canvas').toDataURL()"
    drawn = page.evaluate(picture)
    again = show(image=text)
    again.wait_for_function(f"({json.dumps(drawn)}) === {picture}")
    nonsense = tmp_path / "nonsense.png"
    nonsense.write_bytes(b"no image")
    page.locator("input[type=file]").set_input_files(nonsense)
    expect(headline(page)).to_contain_text("nonsense.png is no image. Choose a PNG or JPEG.")


def test_a_cut_shows_what_it_costs_and_where_nothing_changed(show):
    page = show()
    switch = page.get_by_role("switch", name="skip 1")
    switch.click()
    expect(headline(page)).to_contain_text(re.compile(r"Skip 1 cut: IoU 0\.\d\d → 0\.\d\d"))
    expect(switch).not_to_be_checked()
    says = page.locator(".ut-see-changed").all_inner_texts()
    assert [text.split("\n")[0].split(" ")[0] for text in says] == ["changed", "changed", "same"]
    page.keyboard.press("1")
    expect(headline(page)).to_contain_text("Skip 1 on again")
    for how, words in [("blur", "blurred"), ("other", "of another image"), ("cut", "cut")]:
        page.get_by_role("combobox", name="skip 0 carries").select_option(how)
        expect(headline(page)).to_contain_text(f"Skip 0 {words}: IoU")
    page.get_by_role("button", name="all on").click()
    page.get_by_role("slider", name="strength of skip 2").press("ArrowLeft")
    expect(headline(page)).to_contain_text("Skip 2 at 0.95: IoU")


def test_the_newest_of_many_strokes_wins(show):
    page = show()
    page.mouse.move(*at(page, 62, 62))
    page.mouse.down()
    for column in range(66, 79):
        page.mouse.move(*at(page, 62, column))
    page.mouse.up()
    expect(headline(page)).to_contain_text("Ring: ")
    picture = "document.querySelector('.ut-see-output canvas').toDataURL()"
    alone = show(strokes=page.evaluate("state.strokes"))
    page.wait_for_function(f"{picture} === {json.dumps(alone.evaluate(picture))}")


# The worker's clock stands still, so that its runs look quick, and the page's runs ahead.
CLOCKS = """let time = 0;
performance.now = () => (time += window.pace ?? 0);
window.Blob = class extends Blob {
  constructor(parts, options) {
    super(['if (!self.document) performance.now = () => 0;', ...parts], options);
  }
}"""
# Whether the prediction of a stroke is there when the pointer's event has been handled.
AT_ONCE = """({ reach, pace }) => {
  window.pace = pace;
  const paper = document.querySelector('.ut-see-paper');
  const output = document.querySelector('.ut-see-output .ut-see-frame canvas');
  const { left, top, width } = paper.getBoundingClientRect();
  const before = output.toDataURL();
  paper.setPointerCapture = () => {};
  for (const [type, far] of [['down', 0], ['move', reach], ['up', reach]])
    paper.dispatchEvent(new PointerEvent(`pointer${type}`, { bubbles: true, pointerId: 1,
      clientX: left + width * (0.5 + far), clientY: top + width / 2 }));
  return output.toDataURL() !== before;
}"""


def test_a_quick_network_answers_in_the_frame_of_the_stroke_and_a_slow_one_blocks_nothing(show):
    page = show(before=CLOCKS)
    assert page.evaluate(AT_ONCE, {"reach": 0.15, "pace": 0})
    assert page.evaluate(AT_ONCE, {"reach": 0.2, "pace": 100})  # known as quick until now
    assert not page.evaluate(AT_ONCE, {"reach": 0.25, "pace": 0})
    alone = show(strokes=page.evaluate("state.strokes"))
    picture = "document.querySelector('.ut-see-output canvas').toDataURL()"
    page.wait_for_function(f"{picture} === {json.dumps(alone.evaluate(picture))}")
    assert page.evaluate(AT_ONCE, {"reach": 0.3, "pace": 0})  # the worker was quick


# A worker has a WebAssembly of its own.
WITHOUT_WEBASSEMBLY = """window.Blob = class extends Blob {
  constructor(parts, options) { super(['delete self.WebAssembly;', ...parts], options); }
}"""


@pytest.mark.parametrize("forbid", ["delete window.Worker", WITHOUT_WEBASSEMBLY])
def test_where_a_page_forbids_it_the_plain_way_shows_the_same(show, forbid):
    usual, plain = show(skips=[0.5]), show(skips=[0.5], before=forbid)
    texts = [page.locator(".ut-see-score").inner_text() for page in (usual, plain)]
    assert texts[0] == texts[1]
    expect(headline(plain)).to_have_text(headline(usual).inner_text())


def test_a_level_opens_by_keys_and_says_values_and_what_a_cell_sees(show):
    page = show()
    level = page.get_by_role("button", name="encoder 1, 48×48")
    level.focus()
    page.keyboard.press("Enter")
    expect(headline(page)).to_contain_text("Encoder level 1: 12 channels of 48×48")
    frame = page.get_by_role("application", name="encoder 1, channel")
    expect(frame).to_be_focused()
    value = page.locator(".ut-see-value").inner_text()
    assert f": {value}." in frame.get_attribute("aria-label")
    expect(page.locator(".ut-see-field")).to_have_text("14×14, by arithmetic")
    expect(page.get_by_role("region", name="Tour")).to_contain_text("the square on the input")
    expect(page.locator(".ut-see-uses")).to_contain_text(
        re.compile(r"\d+ of these 14×14 pixels make 90 % of all changes\.$")
    )
    before = frame.get_attribute("aria-label")
    page.keyboard.press("ArrowRight")
    expect(frame).not_to_have_attribute("aria-label", before)
    first = page.locator(".ut-see-large b").first.inner_text()
    page.keyboard.press(".")
    expect(page.locator(".ut-see-large b").first).not_to_have_text(first)
    page.keyboard.press(",")
    expect(page.locator(".ut-see-large b").first).to_have_text(first)
    page.keyboard.press("Escape")
    expect(level).to_be_focused()
    expect(page.get_by_role("region", name="Tour")).to_contain_text("Paint a ring")


def test_a_cell_near_the_border_sees_less_than_its_field_and_both_sizes_are_said(show):
    page = show(place="decoder 0", cell=[47, 27])
    expect(page.locator(".ut-see-field")).to_have_text("92×100, in the image 92×78")
    expect(page.locator(".ut-see-input .ut-see-name")).to_contain_text("the 92×78 pixels")
    expect(page.locator(".ut-see-uses")).to_contain_text(
        re.compile(r"\d+ of these 92×78 pixels make 90 % of all changes\.$")
    )


def test_a_picked_pixel_shows_which_input_pixels_matter(show):
    page = show()
    page.get_by_role("application", name="Prediction").focus()
    press(page, [("ArrowLeft", 20), ("Enter", 1)])
    assert page.evaluate("state.pixel") == [48, 28]
    for name in ("matters now", "all skips cut"):
        label = re.compile(rf"{name}: [1-9]\d* input pixels make 90 % of the changes")
        expect(page.get_by_role("img", name=label)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("img", name="ground truth")).to_be_visible()


def test_the_first_captions_mark_what_they_speak_of(show):
    for caption, marked in enumerate([".ut-see-paper", ".ut-see-encoder", ".ut-see-bottom button"]):
        page = show(caption=caption)
        style = page.locator(marked).first.evaluate("(it) => getComputedStyle(it).outlineStyle")
        assert style == "solid"
        page.get_by_role("switch", name="skip 1").click()
        expect(page.get_by_role("region", name="Tour")).to_contain_text("Paused.")
        expect(page.locator(marked).first).to_have_css("outline-style", "none")


def test_the_tour_walks_with_arrows_and_plays_with_space(show):
    page = show(caption=0)
    strip = page.get_by_role("region", name="Tour")
    page.get_by_role("button", name="play the tour").focus()
    seen = []
    for number in range(1, 9):
        expect(strip).to_contain_text(f"{number} of 8")
        seen.append(strip.locator("p").first.inner_text())
        page.keyboard.press("ArrowRight")
    assert len(set(seen)) == 8
    expect(headline(page)).to_contain_text("Skip 0 on again")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="pause the tour")).to_be_visible()
    expect(strip).to_contain_text("1 of 8")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="play the tour")).to_be_visible()


def test_after_an_own_action_the_tour_waits_and_goes_on_from_there(show):
    page = show(caption=3, skips=[0, 0, 0])
    strip = page.get_by_role("region", name="Tour")
    page.get_by_role("button", name="next caption").click()
    expect(strip).to_contain_text("5 of 8")
    play = page.get_by_role("button", name="play the tour")
    play.click()
    page.get_by_role("switch", name="skip 1").click()
    expect(play).to_be_visible()
    usual = play.evaluate("(it) => getComputedStyle(it).backgroundColor")
    play.hover()
    expect(play).to_have_css("background-color", usual)  # its sign has the ground's colour
    expect(strip).to_contain_text("Paused.")
    expect(strip).to_contain_text("5 of 8 · Play goes on with caption 5")
    page.locator(".ut-see-paper").focus()
    press(page, [("Space", 1), ("Shift+ArrowRight", 2), ("Space", 1)])
    expect(strip).to_contain_text("Paused.")
    play.click()
    expect(strip).to_contain_text("Skip 0 alone brings the edges back")
    expect(page.locator(".ut-see-since")).to_contain_text("against all skips cut")
    assert page.evaluate("[state.skips, state.strokes, state.caption]") == [[1, 0, 0], [], 4]
    page.get_by_role("application", name="Prediction").press("Enter")  # which pixels matter here?
    expect(play).to_be_visible()
    play.click()
    page.get_by_role("button", name="next caption").click()
    expect(strip).to_contain_text("6 of 8")


def test_moments_of_the_training_can_be_walked_through(show):
    page = show()
    slider = page.locator(".ut-see-moments input")
    slider.focus()
    page.keyboard.press("Home")
    expect(headline(page)).to_contain_text("Step 0: IoU")
    expect(page.locator(".ut-see-moments")).to_contain_text("training step 0 of 900")
    expect(page.locator(".ut-see-since")).to_have_text(
        "changed: % of its values, against training step 825"
    )
    says = page.locator(".ut-see-changed").all_inner_texts()
    assert all(re.match(r"changed\s\d+ %", text) for text in says)
    page.keyboard.press("End")
    expect(headline(page)).to_contain_text("the best of 900 on validation images; step 0 had 0.00")
    # Of the others only the end is stored: the place says so.
    page.get_by_role("combobox", name="network").select_option("ordinary training")
    expect(headline(page)).to_contain_text("Ordinary training: IoU")
    expect(slider).to_be_hidden()
    says = "trained for 300 steps, earlier ones not kept"
    expect(page.locator(".ut-see-moments")).to_have_text(says)


def test_the_list_says_what_sets_each_network_apart_and_the_closed_one_a_name(show):
    page = show()
    networks = page.get_by_role("combobox", name="network")
    options = [each.inner_text().strip() for each in networks.locator("option").all()]
    shown = [network for task in shipped() for network in task["networks"]]
    assert options == [each[part] for each in shown for part in ("name", "says")]
    chosen = networks.evaluate("(it) => it.selectedOptions[0].text")
    assert chosen == "trained with skips"
    for name in ("ordinary training", "trained without skips", "depth 1"):
        networks.select_option(name)
        says = next(each["says"] for each in shipped()[0]["networks"] if each["name"] == name)
        expect(headline(page)).to_contain_text(says)


def test_a_link_to_a_caption_shows_it_only_beside_what_it_speaks_of(show):
    strip = "[data-shows=tour] .ut-see-lead"
    page = show(caption=3, skips=[0, 0, 0])
    expect(page.locator(strip)).to_contain_text("All skips cut: the decoder knows roughly where")
    page = show(caption=4, skips=[1, 0, 0])
    expect(page.locator(strip)).to_contain_text("Skip 0 alone brings the edges back")
    expect(page.locator(".ut-see-since")).to_contain_text("against all skips cut")
    page = show(caption=4, skips=[1, 0, 0], network="ordinary training")
    expect(page.locator(strip)).to_contain_text("Paused.")


def test_it_says_what_iou_is_and_which_end_of_the_colours_is_high(show):
    page = show()
    expect(page.locator(".ut-see-iou-means")).to_have_text(
        "IoU: intersection over union, 1 is perfect"
    )
    scale = page.locator(".ut-see-scale")
    expect(scale).to_have_text("lowhigh")
    for scheme, ends in [("true", ("255, 255, 255", "4, 48, 77")), ("false", ("20, 25, 30",))]:
        page.evaluate("(it) => (document.body.dataset.jpThemeLight = it)", scheme)
        page.locator(".ut-see").focus()
        page.keyboard.press("0")
        ramp = scale.locator("i").first
        for colour in ends:
            expect(ramp).to_have_css("background-image", re.compile(re.escape(colour)))


BOXES = [".ut-see-paper", ".ut-see-output .ut-see-frame", ".ut-see-level", ".ut-see-switch"]
BOXES += ["[data-shows=tour]", ".ut-see-score"]


def boxes(page):
    script = """(all) => all.flatMap((one) => [...document.querySelectorAll(one)].map((each) => {
      const box = each.getBoundingClientRect();
      return [box.x, box.y, box.width, box.height].map(Math.round);
    }))"""
    return page.evaluate(script, BOXES)


def test_nothing_moves_while_values_change(show):
    page = show()
    still = boxes(page)
    for key in "0121":
        page.keyboard.press("Tab")
        page.locator(".ut-see").focus()
        page.keyboard.press(key)
        page.wait_for_function(
            "!document.querySelector('.ut-see-headline').innerText.includes('x')"
        )
        assert boxes(page) == still
    page.locator(".ut-see-paper").focus()
    press(page, [("Space", 1), ("Shift+ArrowDown", 2), ("Space", 1)])
    expect(headline(page)).to_contain_text("Ring")
    assert boxes(page) == still


STEPS = ["Cut skip 0. What is lost?"]  # they take the room of the tour, and more


@pytest.mark.parametrize(
    ("place", "steps"),
    [("", []), ("", STEPS), ("encoder 0", STEPS), ("decoder 2", STEPS), ("encoder 3", STEPS)],
)
def test_a_notebook_shows_all_of_it(show, shipped_state, place, steps):
    options = state_of(SeeInside(steps=steps))
    page = show(place=place, **({"steps": options["steps"]} if steps else {}))
    root = page.locator(".ut-see")
    assert root.bounding_box()["height"] <= 580
    assert page.evaluate("document.documentElement.scrollWidth") <= 1080
    for column in page.locator(".ut-see-stage > *:visible").all():
        box = column.bounding_box()
        assert box["x"] + box["width"] <= 1080


COLUMNS = ".ut-see-stage > *:visible"
STICKS_OUT = """(root) => {
  const { left, right } = root.getBoundingClientRect();
  return [...root.querySelectorAll('.ut-see-stage *')]
    .filter((node) => node.innerText !== '')
    .map((node) => [node, node.getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.left < left - 1 || box.right > right + 1))
    .map(([node, box]) => [node.outerHTML.slice(0, 60), left - box.left, box.right - right]);
}"""


@pytest.mark.parametrize("options", [{}, {"place": "encoder 0"}, {"skips": [0, "other"]}])
def test_beside_a_file_browser_the_columns_stay_side_by_side(show, options):
    page = show(size=(780, 720), **options)
    root = page.locator(".ut-see")
    assert root.bounding_box()["height"] <= 620
    assert page.evaluate("document.documentElement.scrollWidth") <= 780
    assert root.evaluate(STICKS_OUT) == []
    tops = {round(each.bounding_box()["y"]) for each in page.locator(COLUMNS).all()}
    assert len(tops) == 1


def test_a_high_image_is_as_high_as_a_square_one(show):
    torch.manual_seed(0)
    own = SeeInside(UNet(depth=2, base_channels=2), torch.rand(96, 40))
    for size, highest in [((1080, 599), 580), ((780, 720), 620)]:
        page = show(size=size, **state_of(own))
        assert page.locator(".ut-see").bounding_box()["height"] <= highest
        paper = page.locator(".ut-see-paper").bounding_box()
        assert paper["height"] <= 291
        assert paper["height"] / paper["width"] == pytest.approx(96 / 40, rel=0.03)


LAID_OUT = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.mark.parametrize("options", [{}, {"place": "encoder 1"}, {"skips": [1, 0, "other"]}])
def test_narrow_pages_stack_without_overflow(show, options):
    page = show(size=(1066, 844), **options)
    for width in (1066, 900, 780, 700, 390, 290):  # 290: a notebook on a phone
        page.set_viewport_size({"width": width, "height": 844})
        page.evaluate(LAID_OUT)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(".ut-see").evaluate(STICKS_OUT) == []


@pytest.mark.parametrize("place", ["", "encoder 2"])
def test_present_mode_fits_the_screen_in_large_type(show, place):
    page = show(size=(1280, 720), place=place)
    page.get_by_role("button", name="present").click()
    root = page.locator(".ut-see")
    expect(root).to_have_class(re.compile("ut-present"))
    for width, height in [(1280, 720), (1920, 1080)]:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(LAID_OUT)
        assert small_type(root) == []
        wide, high = root.evaluate("(root) => [root.scrollWidth, root.scrollHeight]")
        assert (high, wide) == (height, width)
        tour = page.locator("[data-shows=tour]").bounding_box()
        assert tour["y"] + tour["height"] <= height


NEEDED = [".ut-see-of-u select", ".ut-see-samples button", ".ut-see-how", ".ut-see-moments"]
NEEDED += [".ut-see-skip input", ".ut-see-all button", ".ut-see-changed", ".ut-see-tools button"]
NEEDED += [".ut-see-level", ".ut-see-score", ".ut-see-size"]


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_present_mode_has_all_controls_and_none_lies_on_another(show, size):
    steps = state_of(SeeInside(steps=["Cut skip 0. Which pixels are lost, which stay?", "Go on."]))
    page = show(size=size, skips=[1, 0, "other"], steps=steps["steps"])
    page.get_by_role("button", name="present").click()
    found = [
        (kind, each.bounding_box())
        for kind in [*NEEDED, ".ut-steps"]
        for each in page.locator(f"{kind}:visible").all()
    ]
    assert {kind for kind, _ in found} == {*NEEDED, ".ut-steps"}
    for index, (kind, box) in enumerate(found):
        right, bottom = box["x"] + box["width"], box["y"] + box["height"]
        assert right <= size[0], kind
        assert bottom <= size[1], kind
        for other, its in found[index + 1 :]:
            wide = min(right, its["x"] + its["width"]) - max(box["x"], its["x"])
            high = min(bottom, its["y"] + its["height"]) - max(box["y"], its["y"])
            assert min(wide, high) <= 1, (kind, other)
    page.locator(".ut-see-output .ut-see-frame").click()
    expect(page.get_by_role("img", name=re.compile("matters now"))).to_be_visible()


def test_fingers_paint_and_switch_and_the_page_stays(show):
    page = show(size=(390, 500), has_touch=True)
    touch = page.context.new_cdp_session(page)

    def finger(kind, *points):
        at_points = [{"x": x, "y": y} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at_points})

    page.locator(".ut-see-paper").scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    finger("touchStart", at(page, 30, 62))
    for row in range(32, 54, 3):
        finger("touchMove", at(page, row, 62))
    finger("touchEnd")
    page.wait_for_function("state.strokes.length === 1 && state.strokes[0][3] > 15")
    assert page.evaluate("scrollY") == before
    switch = page.get_by_role("switch", name="skip 1")
    page.wait_for_timeout(500)  # Chromium takes an earlier tap for the end of the stroke
    switch.tap()
    expect(headline(page)).to_contain_text("Skip 1 cut")
    page.get_by_role("slider", name="strength of skip 1").tap()
    page.wait_for_function("state.skips[1] > 0.2 && state.skips[1] < 0.8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("options", [{}, {"place": "encoder 2"}, {"skips": [0, "blur", 0.5]}])
def test_axe_finds_nothing_wrong(show, scheme, options):
    page = show(color_scheme=scheme, **options)
    page.evaluate("(light) => (document.body.dataset.jpThemeLight = light)", scheme == "light")
    assert axe_violations(page, ".ut-see", colours=scheme == "dark") == []
    colours = page.locator(".ut-see-small canvas").first.evaluate(
        "(it) => new Set(it.getContext('2d').getImageData(0, 0, 96, 96).data).size"
    )
    assert colours == 2, "the ground truth is as light as its ground"


class Stranger(torch.nn.Module):
    """The shipped network as one that is no `UNet` of the course."""

    def __init__(self):
        super().__init__()
        self.net = unpack(shipped()[0]["networks"][0]["network"])

    def forward(self, x):
        return self.net(x)


@pytest.fixture(scope="module")
def stranger():
    sample = shipped()[0]["samples"][0]
    image, mask = read_image(sample, ""), read_mask(sample)
    return SeeInside(Stranger(), image, target=mask, gradients=True)


def test_the_kernel_s_network_is_shown_as_the_page_s(show, stranger):
    usual = show(skips=[0])
    page = show(kernel=stranger._live.answer, **{**state_of(stranger), "skips": [0]})
    expect(headline(page)).to_contain_text(re.compile(r"Skip 0 cut: IoU 0\.\d\d → 0\.\d\d"))
    score = page.locator(".ut-see-score").inner_text()
    assert score == usual.locator(".ut-see-score").inner_text()
    says = page.locator(".ut-see-changed").all_inner_texts()
    assert says == usual.locator(".ut-see-changed").all_inner_texts()
    for key, words in [("0", "Skip 0 on again"), ("2", "Skip 2 cut")]:
        page.keyboard.press("Tab")
        page.locator(".ut-see").focus()
        page.keyboard.press(key)
        expect(headline(page)).to_contain_text(words)
    page.get_by_role("combobox", name="skip 1 carries").select_option("other")
    expect(headline(page)).to_contain_text("Skip 1 of another image: IoU")
    page.locator(".ut-see-paper").focus()
    press(page, [("ArrowDown", 14), ("ArrowRight", 14), ("Space", 1), ("Shift+ArrowRight", 2)])
    press(page, [("Space", 1)])
    expect(headline(page)).to_contain_text("Painted: the ground truth is unknown")
    page.get_by_role("button", name="encoder 1, 48×48").click()
    expect(headline(page)).to_contain_text("Encoder level 1: 12 channels of 48×48")
    expect(page.locator(".ut-see-grid button")).to_have_count(12)
    expect(page.locator(".ut-see-uses")).to_contain_text("make 90 % of the gradient")
    assert axe_violations(page, ".ut-see") == []


def test_a_slow_kernel_blocks_nothing_and_the_newest_wins(show, stranger):
    """The kernel keeps its answers back: strokes are seen, and only the last state is asked."""
    keeps_back = "window.held = []; window.askKernel = (...asked) => "
    keeps_back += "new Promise((done) => held.push([asked, done]))"
    given = {**state_of(stranger), "image": ""}
    page = show(before=keeps_back, answers=False, **given)

    def answer_one():
        page.wait_for_function("held.length === 1")
        content, buffers = page.evaluate("held[0][0]")
        said, data = stranger._live.answer(content, [base64.b64decode(each) for each in buffers])
        texts = [base64.b64encode(each).decode() for each in data]
        page.evaluate("(answer) => held.shift()[1](answer)", [said, texts])
        return content

    first = answer_one()
    expect(headline(page)).to_contain_text("All skips on: IoU")
    picture = "document.querySelector('.ut-see-paper canvas').toDataURL()"
    unpainted = page.evaluate(picture)
    for key in "012":
        page.locator(".ut-see").focus()
        page.keyboard.press(key)
    page.locator(".ut-see-paper").focus()
    press(page, [("Space", 1), ("Shift+ArrowRight", 2), ("Space", 1)])
    assert page.evaluate(picture) != unpainted
    assert page.evaluate("held.length") == 1
    assert answer_one()["skips"] == [0, 1, 1]
    last = answer_one()
    assert last["skips"] == [0, 0, 0]
    assert last["id"] == first["id"] + 2
    expect(headline(page)).to_contain_text("Painted: the ground truth is unknown")
    assert page.evaluate("held.length") == 0


def slow(stranger, seconds):
    """The same network as one whose run takes longer."""
    state = json.loads(json.dumps({**state_of(stranger), "_gradients": {}}, default=str))
    state["_tasks"][0]["networks"][0]["network"]["seconds"] = seconds
    return state


@pytest.mark.parametrize("seconds", [0.7, 11.2])
def test_a_network_that_is_not_quick_says_so_and_leaves_the_pixels_out(show, stranger, seconds):
    questions = []

    def answer(content, buffers):
        questions.append(content["type"])
        said, data = stranger._live.answer(content, buffers)
        return {**said, "seconds": seconds}, data

    page = show(kernel=answer, **slow(stranger, seconds))
    strip = page.get_by_role("region", name="Tour")
    expect(strip).to_contain_text(f"One run took {seconds} s. Each switch and each stroke")
    expect(strip).to_contain_text("SeeInside(model, image[..., ::2, ::2])")
    page.get_by_role("application", name="Prediction").press("Enter")
    page.get_by_role("button", name="encoder 1, 48×48").click()
    uses = page.locator(".ut-see-uses")
    if seconds < 1:
        expect(uses).to_contain_text("make 90 % of the gradient")
        return
    expect(strip).to_contain_text("Which pixels move a value is left out.")
    expect(uses).to_contain_text("Left out: it takes several runs, and one took 11.2 s.")
    page.wait_for_timeout(300)  # longer than a cell stands still
    assert "matter" not in questions


def test_while_a_slow_network_runs_the_headline_says_how_long(show, stranger):
    held = "window.askKernel = (...asked) => new Promise((done) => (window.held = [asked, done]))"
    page = show(before=held, answers=False, **slow(stranger, 11.2))

    def answer_one(seconds=11.2):
        page.wait_for_function("window.held")
        content, buffers = page.evaluate("held[0]")
        said, data = stranger._live.answer(content, [base64.b64decode(each) for each in buffers])
        said["seconds"] = seconds
        texts = [base64.b64encode(each).decode() for each in data]
        page.evaluate(
            "(answer) => { const [, done] = held; held = null; done(answer); }", [said, texts]
        )

    answer_one()
    expect(headline(page)).to_contain_text("All skips on")
    page.get_by_role("switch", name="skip 1").click()
    expect(headline(page)).to_contain_text("Running: about 11.2 s …")
    answer_one(seconds=0)  # only the first run was slow
    expect(headline(page)).to_contain_text("Skip 1 cut")
    expect(page.get_by_role("region", name="Tour")).to_contain_text("Your turn.")


def test_a_kernel_is_asked_about_the_newest_of_many_cells(show, stranger):
    """Questions about pixels do not queue up: one is on its way, and only the newest waits."""
    held = "window.held = []; window.askKernel = (content, buffers) => "
    held += "new Promise((done) => held.push([content, buffers, done]))"
    page = show(before=held, answers=False, **state_of(stranger))

    def answer_one():
        page.wait_for_function("held.length")
        content, buffers = page.evaluate("held[0].slice(0, 2)")
        said, data = stranger._live.answer(content, [base64.b64decode(each) for each in buffers])
        texts = [base64.b64encode(each).decode() for each in data]
        page.evaluate("(answer) => held.shift()[2](answer)", [said, texts])
        return content

    answer_one()
    page.get_by_role("button", name="encoder 1, 48×48").click()
    while (
        page.locator(".ut-see-grid").is_hidden() or page.evaluate("held[0]?.[0].type") != "matter"
    ):
        if page.evaluate("held[0]?.[0].type") == "run":
            answer_one()
        page.wait_for_timeout(50)
    frame = page.get_by_role("application", name="encoder 1, channel")
    for _ in range(3):
        frame.press("ArrowRight")
        page.wait_for_timeout(250)  # longer than a cell stands still
    assert page.evaluate("held.length") == 1
    first, last = answer_one(), answer_one()
    assert last["column"] == page.evaluate("state.cell[1]")
    assert last["id"] == first["id"] + 3
    expect(page.locator(".ut-see-uses")).to_contain_text("make 90 % of the gradient")
    assert page.evaluate("held.length") == 0


def test_gradients_follow_the_switch(show, stranger):
    runs = stranger._gradients["runs"]
    page = show(kernel=stranger._live.answer, **state_of(stranger))
    strip = page.get_by_role("region", name="Gradients")
    expect(strip).to_contain_text("without skips")
    assert page.locator(".ut-see").bounding_box()["height"] <= 580
    page.get_by_role("switch", name="skip 1").click()
    expect(strip).to_contain_text("without skip 1")
    heights = strip.locator("i[style]").evaluate_all("(all) => all.map((i) => i.offsetHeight)")
    given = [runs[run][place] for place in runs["all"] for run in ("all", "1")]
    most = max(heights)
    assert [round(most * value / max(given)) for value in given] == pytest.approx(heights, abs=3)
    assert axe_violations(page, ".ut-see") == []


def test_a_silent_kernel_gets_a_sentence(show, stranger):
    page = show(
        before="window.setTimeout = ((real) => (f, ms) => real(f, ms > 5000 ? 0 : ms))"
        "(window.setTimeout)",
        answers=False,
        **state_of(stranger),
    )
    expect(headline(page)).to_contain_text("The kernel has not answered: it is busy or has ended.")


def test_it_takes_everything_along(show):
    page = show()
    assert stub.what_is_left(page) == [0, 0]


def test_in_jupyterlab_the_worker_runs_and_python_hears_of_every_switch(open_cells):
    notebook = open_cells("from unet_teach.widgets import SeeInside\nsee = SeeInside()\nsee")
    widget = notebook.page.get_by_role("group", name="See inside a U-Net")
    expect(widget.locator(".ut-see-headline")).to_contain_text(re.compile(r"All skips on: IoU 0"))
    widget.get_by_role("switch", name="skip 0").click()
    expect(widget.locator(".ut-see-headline")).to_contain_text("Skip 0 cut: IoU")
    notebook.says("print(see.skips, see.switches)", "[0, 1, 1] [0, 1, 1]")
    notebook.execute("see.skips = [1, 1, 'blur']")
    expect(widget.get_by_role("switch", name="skip 2")).to_have_accessible_name("skip 2, blurred")
    notebook.execute(
        "from unet_teach import UNet; import torch; torch.manual_seed(0)\n"
        "mine = SeeInside(UNet(padding='valid', depth=1, base_channels=2), torch.rand(40, 48))"
    )
    assert notebook.errors() == []
