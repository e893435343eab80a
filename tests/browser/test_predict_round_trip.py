"""Predict and RoundTrip in a real JupyterLab: by keyboard, by touch, in both themes."""

import re

import pytest
from playwright.sync_api import expect

from unet_teach.widgets import Predict, RoundTrip, Step

from .boxes import (
    NOTEBOOK,
    SMALLEST_PRESENTED,
    measured,
    places,
    share_of_screen,
    state_of,
)
from .lab import THEMES, axe_violations, small_type, tap
from .stub import what_is_left

CELLS = [
    "from unet_teach.widgets import Predict, RoundTrip\n"
    "high = Predict('A `32×32` map goes in. How <b>high</b> is what comes out?', 16,\n"
    "               {15: 'That is `32` without padding.'}, explain='Half of it.')\n"
    "high",
    "which = Predict('Which one halves?', 'stride', choices=['kernel_size', 'stride'])\nwhich",
    "size = Predict('What comes out of 15×22?', (8, 11), {(7, 11): 'The floor, plus 1.'})\nsize",
    "trip = RoundTrip()\ntrip",
]


@pytest.fixture(scope="module")
def notebook(open_cells):
    return open_cells(*CELLS)


@pytest.fixture
def fresh(notebook):
    """The notebook with every cell run again: nothing is locked, nothing is shown."""
    notebook.page.mouse.move(0, 0)
    notebook.run_all()
    expect(notebook.page.locator(".ut-waits")).to_have_count(3)
    return notebook


def predict(notebook, words):
    return notebook.page.get_by_role("group", name=words)


def outcome(notebook, words):
    return predict(notebook, words).get_by_role("status")


def tile(notebook, size):
    return notebook.page.get_by_role("radio", name=re.compile(rf"^{size}:"))


def told(notebook):
    return notebook.page.get_by_role("group", name="Round trip").get_by_role("status")


def way(notebook):
    return notebook.page.locator(".ut-trip")


# ----------------------------------------------------------------------------------------- Predict


def test_a_guess_is_typed_and_locked_with_enter_before_anything_shows(fresh):
    card = predict(fresh, "How <b>high</b>")
    assert "That is" not in card.inner_text()
    assert "16" not in card.inner_text()
    field = card.get_by_role("textbox", name="Your guess")
    field.fill("15")
    field.press("Enter")
    expect(outcome(fresh, "How")).to_contain_text("You said 15. It is 16")
    expect(outcome(fresh, "How")).to_contain_text("That is 32 without padding.Half of it.")
    expect(outcome(fresh, "How").locator("code")).to_have_text("32")
    expect(field).to_be_disabled()
    fresh.says("print(high.guess, high.correct)", "15 False")


def test_the_card_keeps_its_height_from_question_to_answer(fresh):
    for words, guess in [("How", "15"), ("15×22", "7x11")]:
        card = predict(fresh, words)
        before = card.bounding_box()["height"]
        card.get_by_role("textbox").fill(guess)
        card.get_by_role("button", name="lock").click()
        expect(outcome(fresh, words)).to_contain_text("It is")
        assert card.bounding_box()["height"] == pytest.approx(before, abs=1)


def test_what_cannot_be_read_is_told_and_not_locked(fresh):
    field = predict(fresh, "15×22").get_by_role("textbox")
    field.fill("about 8")
    field.press("Enter")
    expect(outcome(fresh, "15×22")).to_contain_text("“about 8” cannot be read as a size.")
    expect(field).to_be_focused()
    fresh.says("print(size.guess)", "None")
    field.fill("(8, 11)")
    field.press("Enter")
    expect(outcome(fresh, "15×22")).to_have_text(
        "You said 8×11. And it is 8×11 ✓"
        "Say in one sentence why, to be sure that it was more than luck."
    )
    fresh.says("print(size.guess, size.correct)", "(8, 11) True")


def test_a_choice_is_made_by_keyboard_and_an_unknown_slip_gets_a_friendly_sentence(fresh):
    card = predict(fresh, "Which one")
    card.get_by_role("button", name="lock").click()
    expect(outcome(fresh, "Which one")).to_contain_text("Choose one first.")
    fresh.page.keyboard.press("ArrowUp")
    fresh.page.keyboard.press("ArrowDown")
    expect(card.get_by_role("radio", name="kernel_size")).to_be_checked()
    fresh.page.keyboard.press("Enter")
    expect(outcome(fresh, "Which one")).to_contain_text("You said kernel_size. It is stride")
    expect(outcome(fresh, "Which one")).to_contain_text("something to find out")
    fresh.says("print(which.guess, which.correct)", "kernel_size False")


def test_r_shows_and_hides_the_answers_of_all_questions(fresh):
    field = predict(fresh, "15×22").get_by_role("textbox")
    field.fill("7 11")
    field.press("Enter")
    fresh.page.keyboard.press("r")
    expect(outcome(fresh, "15×22")).to_have_text(
        "You said 7×11. It is locked; the answer is hidden (r shows it)."
    )
    fresh.page.keyboard.press("r")
    expect(outcome(fresh, "15×22")).to_contain_text("It is 8×11")
    expect(outcome(fresh, "Which one")).to_have_text("It is stride")
    expect(outcome(fresh, "How")).to_have_text("It is 16Half of it.")
    expect(predict(fresh, "How").get_by_role("textbox")).to_be_disabled()
    fresh.page.keyboard.press("r")
    expect(outcome(fresh, "How")).to_contain_text("Lock a guess")
    expect(predict(fresh, "How").get_by_role("textbox")).to_be_enabled()
    fresh.says("print(high.guess, which.guess)", "None None")
    kinds = "window.jupyterapp.shell.currentWidget.content.widgets.map((cell) => cell.model.type)"
    assert fresh.page.evaluate(kinds) == ["code"] * len(CELLS), "r reached JupyterLab"


def test_r_in_an_empty_field_for_numbers_is_the_key_and_in_a_guess_a_letter(fresh):
    field = predict(fresh, "How").get_by_role("textbox")
    field.press("1")
    field.press("r")
    expect(field).to_have_value("1r")
    expect(outcome(fresh, "Which one")).to_contain_text("Lock a guess")
    field.fill("")
    field.press("r")
    expect(outcome(fresh, "Which one")).to_have_text("It is stride")
    fresh.page.keyboard.press("r")
    expect(outcome(fresh, "Which one")).to_contain_text("Lock a guess")


def test_r_elsewhere_is_left_to_jupyterlab(fresh):
    fresh.page.evaluate("document.activeElement.blur()")
    fresh.page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'r', bubbles: true}))"
    )
    expect(outcome(fresh, "Which one")).to_contain_text("Lock a guess")


def test_the_button_shows_all_answers_too(fresh):
    predict(fresh, "How").get_by_role("button", name="show answers").click()
    expect(outcome(fresh, "15×22")).to_have_text("It is 8×11")
    predict(fresh, "15×22").get_by_role("button", name="hide answers").click()
    expect(outcome(fresh, "How")).to_contain_text("Lock a guess")


LONG = Predict(
    "A 31×31 map goes down (`kernel_size=3, stride=2, padding=1`) and up again (the same, and "
    "`output_padding=1`). How large does it come back?",
    (32, 32),
    {
        (
            31,
            31,
        ): "The convolution made 16 of 31, and 16 is doubled. Nothing in 16 says it was 31.",
        (30, 30): "In the convolution 31 becomes 16, not 15: (31 + 2·1 − 3) // 2 + 1.",
    },
    "31 and 32 both become 16 in the convolution, and 16 becomes 32 afterwards.",
)
PICK = Predict(
    "With `output_padding=1`, what stands in the extra row?",
    "sums of products, as in every row",
    {"zeros": "In a convolution, padding is zeros. Here the word means something else."},
    "The kernels reach this row as well. Without `output_padding` it is cropped.",
    choices=["zeros", "a copy of the row before", "sums of products, as in every row"],
    why="Every row of the output is scattered by kernels.",
)


@pytest.fixture
def asked(without_kernel):
    """Show a question without Jupyter, in a window."""

    def show(widget, width, height, **changes):
        window = {"width": width, "height": height}
        page = without_kernel("predict", state_of(widget) | changes, viewport=window)
        return page.get_by_role("group", name="Predict")

    return show


@pytest.mark.parametrize("widget", [LONG, PICK, Predict("How?", 3)])
def test_a_card_is_compact_and_as_high_before_as_after(asked, widget):
    view = asked(widget, **NOTEBOOK)
    before = measured(view)
    assert before["height"] <= 0.5 * 599
    assert before["type"] >= 13, before["small"]
    parts = ".ut-question, .ut-guess, .ut-outcome"
    where = places(view, parts)
    view.page.keyboard.press("Tab")
    view.get_by_role("button", name="show answers").press("r")
    expect(view.get_by_role("status")).to_contain_text("It is")
    assert measured(view)["height"] == before["height"]
    assert places(view, parts) == where


def test_a_right_guess_gets_its_reason(asked):
    view = asked(PICK, **NOTEBOOK)
    view.get_by_text("sums of products").click()
    view.get_by_role("button", name="lock").click()
    expect(view.get_by_role("status")).to_have_text(
        "You said sums of products, as in every row. And it is sums of products, as in every row ✓"
        "Every row of the output is scattered by kernels."
        "The kernels reach this row as well. Without output_padding it is cropped."
    )
    view = asked(Predict("How?", 3), **NOTEBOOK)
    view.get_by_role("textbox").fill("3")
    view.page.keyboard.press("Enter")
    expect(view.get_by_role("status")).to_contain_text("Say in one sentence why")


@pytest.mark.parametrize("screen", [(1280, 720), (1920, 1080)])
def test_a_tensors_size_stays_on_one_line(asked, screen):
    view = asked(Predict("Which size?", (1, 128, 32, 32)), *screen)
    view.get_by_role("button", name="present").click()
    view.get_by_role("textbox").fill("1, 1024, 128, 128")
    view.page.keyboard.press("Enter")
    lines = """(guess) => guess.getBoundingClientRect().height /
      parseFloat(getComputedStyle(guess).fontSize)"""
    assert view.locator(".ut-room-guess").evaluate(lines) < 2


def test_a_room_is_asked_counted_and_answered(asked):
    view = asked(LONG, 1280, 720)
    view.get_by_role("button", name="present").click()
    field, rows = view.get_by_role("textbox"), view.get_by_role("listitem")
    for guess in ("31x31", "32", "31 31", "15×16"):
        field.fill(guess)
        field.press("Enter")
        expect(field).to_have_value("")
    expect(rows.locator(".ut-room-guess")).to_have_text(["31×31", "32×32", "15×16"])
    view.get_by_role("button", name="32×32: one more").click()
    view.page.keyboard.press("Enter")
    expect(rows.locator(".ut-room-count > b")).to_have_text(["2", "3", "1"])
    assert view.page.evaluate("state._tally") == [[[31, 31], 2], [[32, 32], 3], [[15, 16], 1]]
    assert view.page.evaluate("state._locked") is None
    assert "Nothing in 16" not in view.inner_text()
    widths = [box[2] for box in places(view, ".ut-room-bar")]
    assert widths[0] / widths[1] == pytest.approx(2 / 3, abs=0.02)
    before = places(view, ".ut-room li, .ut-question, .ut-outcome")
    view.page.keyboard.press("r")
    expect(rows.locator(".ut-room-says")).to_have_text(
        [
            "✕ The convolution made 16 of 31, and 16 is doubled. Nothing in 16 says it was 31.",
            "✓ Right. The reason stands below.",
            "✕ Now there is something to find out: where does the difference come from?",
        ]
    )
    expect(view.get_by_role("status")).to_contain_text("It is 32×32")
    assert places(view, ".ut-room li, .ut-question, .ut-outcome") == before
    view.page.keyboard.press("r")
    view.get_by_role("button", name="15×16: one less").click()
    expect(rows.locator(".ut-room-guess")).to_have_text(["31×31", "32×32"])


def test_hands_for_a_choice_are_counted_by_keys(asked):
    view = asked(PICK, 1280, 720)
    view.get_by_role("button", name="present").click()
    for key in "1133":
        view.page.keyboard.press(key)
    view.page.keyboard.press("9")
    expect(view.locator(".ut-room-count > b")).to_have_text(["2", "0", "2"])
    view.page.keyboard.press("r")
    expect(view.locator(".ut-room-says").last).to_have_text(
        "✓ Every row of the output is scattered by kernels."
    )
    view.page.keyboard.press("1")
    expect(view.locator(".ut-room-count > b").first).to_have_text("2")  # too late


def test_a_seventh_guess_finds_no_room_and_is_told_so(asked):
    view = asked(Predict("How?", 3), 1280, 720, _tally=[[n, 1] for n in range(6)])
    view.get_by_role("button", name="present").click()
    view.get_by_role("textbox").fill("7")
    view.page.keyboard.press("Enter")
    expect(view.get_by_role("status")).to_contain_text("There is room for 6 different guesses.")
    assert len(view.page.evaluate("state._tally")) == 6


@pytest.mark.parametrize(
    ("widget", "tally"),
    [
        (
            LONG,
            [[[31, 31], 7], [[30, 30], 3], [[32, 32], 2], [[1, 1], 1], [[2, 2], 1], [[3, 3], 1]],
        ),
        (PICK, [[0, 7], [2, 3]]),
    ],
)
def test_an_answer_fills_the_screen_without_scrolling(asked, widget, tally):
    view = asked(widget, 1280, 720, _tally=tally)
    view.get_by_role("button", name="present").click()
    view.page.keyboard.press("r")
    found = measured(view)
    assert found["overflows"] == [False, False]
    assert found["beyond"] == []
    assert found["type"] >= SMALLEST_PRESENTED - 0.1, found["small"]
    assert share_of_screen(view.page, view.locator(".ut-question, .ut-room li, .ut-outcome")) > 0.7


@pytest.mark.parametrize(
    ("widget", "guesses"),
    [
        (Predict("How?", (2, 3), steps=[Step("Lock.", when={"guess": (2, 3)}), "Go on."]), "12 3"),
        (Predict("How?", 3, steps=[Step("Be right.", when={"correct": True}), "Go on."]), "23"),
    ],
)
def test_steps_are_ticked_off_by_a_guess(asked, widget, guesses):
    for guess, ticked in zip(guesses.replace(" ", ""), ([], [0]), strict=False):
        view = asked(widget, **NOTEBOOK)
        view.get_by_role("textbox", name="Your guess").fill(
            f"{guess}×3" if " " in guesses else guess
        )
        view.page.keyboard.press("Enter")
        assert view.page.evaluate("state._ticked ?? []") == ticked
    assert measured(view)["height"] <= 580


def test_an_r_in_a_steps_answer_is_no_key(asked):
    steps = [Step("What brings the size back?", answer="resize")]
    view = asked(Predict("How?", 3, steps=steps), **NOTEBOOK)
    view.get_by_label("your answer to this step").press_sequentially("resize")
    expect(view.get_by_role("button", name="show answers")).to_be_visible()
    view.page.keyboard.press("Enter")
    assert view.page.evaluate("state._ticked") == [0]


@pytest.mark.parametrize("widget", [LONG, PICK])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_a_room(asked, widget, scheme):
    view = asked(widget, 1280, 720, _tally=[[0, 2]] if widget is PICK else [[[31, 31], 2]])
    view.page.emulate_media(color_scheme=scheme)
    view.page.evaluate(
        "(isLight) => { document.body.dataset.jpThemeLight = isLight }",
        str(scheme == "light").lower(),
    )
    view.get_by_role("button", name="present").click()
    assert axe_violations(view.page, colours=scheme == "dark") == []
    view.page.keyboard.press("r")
    assert axe_violations(view.page, colours=scheme == "dark") == []


# --------------------------------------------------------------------------------------- RoundTrip


def test_it_tells_what_becomes_of_the_chosen_size(fresh):
    expect(fresh.page.get_by_text("32 of 64 sizes come back")).to_be_visible()
    expect(told(fresh)).to_have_text(
        "One too many. output_padding=0 gives 31. "
        "31 and 32 both become 16, and 16 alone doesn’t say which one it was."
    )
    expect(way(fresh)).to_have_text("31 → 16 → 32 ✕")
    expect(fresh.page.locator(".ut-round-stage")).to_have_text(
        ["31 goes in", "16 after the convolution", "32 comes back"]
    )
    cells = "(all) => all.map((path) => (path.getAttribute('d').match(/M/g) ?? []).length)"
    assert fresh.page.locator(".ut-round-stage path").evaluate_all(cells) == [31, 16, 31, 1, 0]
    expect(fresh.page.get_by_text("torch: (1, 1, 16, 16) → (1, 1, 32, 32)")).to_be_visible()
    expect(fresh.page.locator(".ut-together b")).to_have_text(["31", "32"])


def test_arrow_keys_choose_a_size_after_a_click(fresh):
    tile(fresh, 10).click()
    expect(way(fresh)).to_have_text("10 → 5 → 10 ✓")
    expect(told(fresh)).to_contain_text("It comes back.")
    fresh.page.keyboard.press("ArrowDown")
    fresh.page.keyboard.press("ArrowRight")
    expect(way(fresh)).to_have_text("19 → 10 → 20 ✕")
    expect(told(fresh)).to_contain_text("One too many.")
    expect(tile(fresh, 19)).to_be_focused()
    fresh.says("print(trip.chosen)", "19")
    fresh.page.keyboard.press("End")
    fresh.page.keyboard.press("ArrowDown")
    fresh.says("print(trip.chosen)", "64")


def test_pointing_follows_a_size_for_as_long_as_the_pointer_is_there(fresh):
    tile(fresh, 7).hover()
    expect(way(fresh)).to_have_text("7 → 4 → 8 ✕")
    expect(told(fresh)).to_contain_text("One too many.")
    fresh.page.mouse.move(0, 0)
    expect(way(fresh)).to_have_text("31 → 16 → 32 ✕")
    expect(told(fresh)).to_contain_text("One too many.")
    fresh.says("print(trip.chosen)", "31")


def test_a_slider_moved_by_keyboard_changes_board_and_traits(fresh):
    slider = fresh.page.get_by_role("slider", name="output_padding")
    slider.focus()
    slider.press("ArrowLeft")
    expect(way(fresh)).to_have_text("31 → 16 → 31 ✓")
    expect(told(fresh)).to_contain_text("It comes back.")
    fresh.says("print(trip.output_padding, trip.comes_back[:3])", "0 (1, 3, 5)")
    expect(fresh.page.get_by_role("radio", name="32: comes back as 31")).to_have_count(1)


def test_an_assignment_in_python_moves_the_board(fresh):
    fresh.execute("trip.kernel_size, trip.stride, trip.padding, trip.output_padding = 5, 3, 2, 0")
    expect(fresh.page.get_by_text("22 of 64 sizes come back")).to_be_visible()
    fates = [tile(fresh, n).locator("..").get_attribute("data-fate") for n in range(13, 19)]
    assert fates == ["back", "off", "off", "back", "off", "off"]


def test_an_illegal_output_padding_is_explained_by_us_and_by_torch(fresh):
    fresh.execute("trip.output_padding = 2")
    expect(fresh.page.get_by_text("0 of 64 sizes come back")).to_be_visible()
    expect(told(fresh)).to_contain_text("it must be smaller than stride=2 or dilation=1.")
    expect(fresh.page.get_by_text("output padding must be smaller than either")).to_be_visible()


PARTS = (
    ".ut-board, .ut-round-stage, .ut-round-layer, .ut-round-says, .ut-mends, .ut-code, .ut-slider"
)
LAYERS = [
    {},
    {"stride": 5, "output_padding": 4, "kernel_size": 7, "dilation": 4, "padding": 6},
    {"stride": 1, "kernel_size": 1, "padding": 6},  # more cells after the convolution than before
    {"stride": 2, "output_padding": 4},  # illegal
    {"stride": 5, "kernel_size": 7, "padding": 0},
]
ROUND_STEPS = ["Click 31, then 32. What does each become in the convolution?"]


@pytest.fixture
def board(without_kernel):
    """Show RoundTrip without Jupyter, in a window."""

    def show(width, height, **traits):
        state = state_of(RoundTrip(**traits))
        page = without_kernel("round_trip", state, viewport={"width": width, "height": height})
        return page.get_by_role("group", name="Round trip")

    return show


def cut_lines(view):
    """The formulas that need a second line, and those and labels that are cut off."""
    return view.locator(".ut-formula, .ut-slider label").evaluate_all(
        "(all) => all.filter((node) => node.checkVisibility() && "
        "(node.scrollWidth > node.clientWidth + 1 && node.clientWidth || "
        "node.matches('.ut-formula') && node.getBoundingClientRect().height > 20))"
        ".map((node) => node.textContent)"
    )


@pytest.mark.parametrize("width", [1080, 824])  # the last beside an open sidebar
@pytest.mark.parametrize("layers", LAYERS)
def test_nothing_moves_while_sizes_and_layers_are_chosen(board, layers, width):
    view = board(width, NOTEBOOK["height"], steps=ROUND_STEPS)
    before = [box[:2] for box in places(view, PARTS)]
    view.page.evaluate(
        "(layers) => Object.entries(layers).forEach(([name, value]) => { state[name] = value; })",
        layers,
    )
    for size in (1, 31, 62, 64):
        view.get_by_role("radio", name=re.compile(rf"^{size}:")).check()
        expect(view.locator(".ut-trip")).to_contain_text(f"{size} → ")
        assert [box[:2] for box in places(view, PARTS)] == before
        found = measured(view)
        assert found["height"] <= 580
        assert found["overflows"] == [False, False]
        assert found["type"] >= 13, found["small"]
        assert cut_lines(view) == []


def test_on_a_whole_screen_the_board_is_large_and_steppers_work(board):
    view = board(1280, 720)
    view.get_by_role("button", name="present").click()
    assert share_of_screen(view.page, view.locator(".ut-board")) >= 0.35
    assert view.get_by_role("button", name="more").count() == 5
    view.get_by_role("button", name="stride more").click()
    assert view.page.evaluate("state.stride") == 3


def test_a_step_may_ask_for_what_comes_back(board):
    steps = [Step("Find a size that comes back as 8.", when={"chosen": 7, "output_size": 8})]
    view = board(**NOTEBOOK, steps=steps)
    view.get_by_role("radio", name=re.compile("^8:")).check()
    assert view.page.evaluate("state._ticked") == []
    view.get_by_role("radio", name=re.compile("^7:")).check()
    assert view.page.evaluate("state._ticked") == [0]


# ------------------------------------------------------------------------------------------- both


@pytest.mark.parametrize("name", ["How", "Round trip"])
def test_present_mode_is_read_from_the_last_row(fresh, name):
    view = fresh.page.get_by_role("group", name=name)
    view.get_by_role("button", name="present").click()
    expect(view.get_by_role("button", name="leave")).to_be_visible()
    small = small_type(view)
    view.get_by_role("button", name="leave").click()
    assert small == []


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_to_complain_about(fresh, theme):
    field = predict(fresh, "How").get_by_role("textbox")
    field.fill("15")
    field.press("Enter")
    fresh.execute("trip.kernel_size = 7")
    expect(tile(fresh, 1)).to_have_attribute("aria-label", "1: does not come back")
    try:
        fresh.set_theme(theme)
        assert axe_violations(fresh.page, colours=theme == THEMES[1]) == []
    finally:
        fresh.set_theme(THEMES[0])


def test_a_phone_is_enough(fresh):
    with fresh.on_a_phone():
        card = predict(fresh, "Which one")
        tap(card.get_by_text("kernel_size"))
        tap(card.get_by_role("button", name="lock"))
        expect(outcome(fresh, "Which one")).to_contain_text("You said kernel_size. It is stride")
        tap(tile(fresh, 24))
        expect(way(fresh)).to_have_text("24 → 12 → 24 ✓")
        fresh.says("print(which.guess, trip.chosen)", "kernel_size 24")
        for view in fresh.page.locator(".ut").all():
            assert view.evaluate("(root) => root.scrollWidth <= root.clientWidth")


@pytest.fixture
def alone(without_kernel):
    """Show one of the two widgets on a page without Jupyter, some of its traits changed."""

    def show(widget, **changes):
        state = {name: getattr(widget, name) for name in widget.keys if name[:4] != "_esm"}
        view = "predict" if isinstance(widget, Predict) else "round_trip"
        return without_kernel(view, state | changes)

    return show


def test_a_question_needs_no_kernel_and_leaves_nothing_behind(alone):
    page = alone(Predict("How high?", 16, {15: "No padding."}))
    page.get_by_role("textbox").fill("15")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("You said 15. It is 16No padding.")
    assert page.evaluate("state._locked") == 15
    assert what_is_left(page) == [0, 0]


def test_the_board_needs_no_kernel(alone):
    page = alone(RoundTrip())
    page.get_by_role("radio", name="30:").click()
    page.mouse.move(0, 0)
    expect(page.locator(".ut-trip")).to_have_text("30 → 15 → 30 ✓")
    assert page.evaluate("state.chosen") == 30


@pytest.mark.parametrize("nonsense", [{"a": 1}, "many", [], None, -7, 1e9, True])
def test_nonsense_in_the_model_breaks_no_view(alone, nonsense):
    changes = dict.fromkeys(("stride", "padding", "chosen", "output_padding", "_echo"), nonsense)
    page = alone(RoundTrip(), **changes)
    expect(page.get_by_text("of 64 sizes")).to_be_visible()
    expect(page.locator(".ut-trip")).to_contain_text(" → ")
    page = alone(Predict("How?", (1, 2)), _locked=nonsense)
    expect(page.get_by_role("status").last).to_contain_text("Lock a guess")
    page = alone(Predict("Really?", 3), _task=nonsense)
    expect(page.get_by_text("Really?")).to_be_visible()


def test_nothing_was_written_to_the_console_as_an_error(notebook):
    assert notebook.console_errors == []
