"""ProgressMap in a real JupyterLab: pointed at, by keyboard, by touch, in both themes."""

import itertools

import pytest
from playwright.sync_api import expect

from unet_teach.exercises.progress import TITLES
from unet_teach.widgets import Step
from unet_teach.widgets.progress_map import ProgressMap

from .boxes import (
    NOTEBOOK,
    measured,
    places,
    state_of,
)
from .lab import THEMES, axe_violations, small_type, tap
from .stub import what_is_left

CODE = """from unet_teach.widgets.progress_map import ProgressMap
TITLES = ['Start', 'Down-sampling', 'Up-sampling', 'Skip connections', 'Symmetric architecture',
          'Train it', 'Take it apart', 'Is it a U-Net?', 'Larger than memory']
def lessons(*told):
    exercises = {number: [] for number in range(len(TITLES))}
    for number, name, state, attempts, hints in told:
        exercises[number].append(
            {'name': name, 'state': state, 'attempts': attempts, 'hints': hints})
    return [{'number': n, 'title': TITLES[n], 'exercises': exercises[n]} for n in exercises]
start = lessons((1, 'halve', 'solved', 3, 1), (1, 'sees', 'solved', 1, 0),
                (2, 'double', 'tried', 2, 0), (2, 'exact', 'untouched', 0, 1),
                (8, 'tiles', 'untouched', 0, 0))
where = ProgressMap(start)
where.answer_with(lambda asked: {'says': f"{asked.get('name')}: {asked.get('text')}",
                                 **({'file': 'name,state'} if asked['do'] == 'export' else {})})
where"""
LATER = (
    "where.lessons = lessons((1, 'halve', 'solved', 3, 1), (1, 'sees', 'solved', 1, 0), "
    "(2, 'double', 'solved', 3, 0), (2, 'exact', 'untouched', 0, 1))"
)


@pytest.fixture(scope="module")
def notebook(open_cells):
    return open_cells(CODE, height=900)


@pytest.fixture
def fresh(notebook):
    notebook.page.mouse.move(0, 0)
    notebook.run_all()
    widget = notebook.page.get_by_role("group", name="Progress")
    expect(told(widget)).to_have_text("Next: double, in lesson 2.")
    return widget


def told(widget):
    return widget.get_by_role("status")


def mark(widget, name):
    return widget.get_by_role("button", name=f"{name}: ")


def test_it_says_first_how_far_one_is_then_what_comes_next(fresh):
    expect(fresh.locator(".ut-result")).to_have_text("2 of 5 exercises solved")
    expect(fresh.get_by_role("listitem").nth(1)).to_have_text("1 · Down-sampling2 of 2")
    expect(fresh.get_by_role("listitem").nth(2)).to_have_text("2 · Up-samplingnext0 of 2")
    expect(fresh.get_by_role("listitem").nth(3)).to_have_text(
        "3 · Skip connectionsno exercises yet"
    )


def test_lessons_stand_as_a_u(fresh):
    boxes = [box.bounding_box() for box in fresh.get_by_role("listitem").all()]
    lefts, tops = ([box[side] for box in boxes] for side in "xy")
    assert lefts == sorted(lefts)
    assert tops[:5] == sorted(tops[:5])
    assert tops[4:] == sorted(tops[4:], reverse=True)
    assert tops[:4] == tops[:4:-1]
    assert fresh.locator(".ut-ways g").count() == 8
    fates = [box.get_attribute("data-fate") for box in fresh.get_by_role("listitem").all()]
    assert fates == ["empty", "done", "open", *["empty"] * 5, "open"]
    styles = "(all) => all.map((box) => getComputedStyle(box).borderStyle)"
    dashed = fresh.get_by_role("listitem").evaluate_all(styles)
    assert [style == "dashed" for style in dashed] == [fate == "empty" for fate in fates]


def test_states_differ_in_shape(fresh):
    looks = fresh.locator(".ut-exercise svg").evaluate_all(
        "(all) => all.map((svg) => [...svg.children].map((part) => part.classList.value).join())"
    )
    assert looks == [",ut-tick", ",ut-tick", ",ut-half", "", ""]


def test_pointing_at_an_exercise_tells_of_it_for_as_long_as_the_pointer_is_there(fresh):
    mark(fresh, "halve").hover()
    expect(told(fresh)).to_have_text("halve: solved after 3 attempts, 1 hint.")
    mark(fresh, "exact").hover()
    expect(told(fresh)).to_have_text("exact: untouched, 1 hint.")
    fresh.page.mouse.move(0, 0)
    expect(told(fresh)).to_have_text("Next: double, in lesson 2.")


def test_arrow_keys_go_from_exercise_to_exercise(fresh):
    fresh.get_by_role("button", name="present").focus()
    keyboard = fresh.page.keyboard
    keyboard.press("Tab")
    expect(told(fresh)).to_have_text("halve: solved after 3 attempts, 1 hint.")
    for key, name in [
        ("ArrowRight", "sees"),
        ("ArrowDown", "double"),
        ("ArrowLeft", "sees"),
        ("End", "tiles"),
        ("ArrowRight", "tiles"),
        ("ArrowUp", "exact"),
        ("Home", "halve"),
    ]:
        keyboard.press(key)
        expect(mark(fresh, name)).to_be_focused()
        expect(told(fresh)).to_contain_text(f"{name}: ")
    mark(fresh, "double").focus()
    keyboard.press("Shift+Tab")
    expect(told(fresh)).to_have_text("Next: double, in lesson 2.")
    keyboard.press("Tab")
    expect(mark(fresh, "double")).to_be_focused()  # the one that was left


def test_an_assignment_in_python_moves_the_picture_and_keeps_the_place(notebook, fresh):
    mark(fresh, "double").focus()
    notebook.execute(LATER)
    expect(fresh.locator(".ut-result")).to_have_text("3 of 4 exercises solved")
    expect(mark(fresh, "double")).to_be_focused()
    expect(told(fresh)).to_have_text("double: solved after 3 attempts.")
    notebook.execute("where.note = 'Nothing was kept <b>.'")
    expect(fresh.get_by_text("Nothing was kept <b>.")).to_be_visible()


def test_progress_is_saved_to_a_file_and_loaded_by_keyboard(notebook, fresh, tmp_path):
    page = notebook.page
    with page.expect_download() as download:
        fresh.get_by_role("button", name="save to a file").press("Enter")
    assert download.value.suggested_filename == "unet_progress.csv"
    assert download.value.path().read_text() == "name,state"
    file = tmp_path / "mine.csv"
    for content, says in (("ä,1", "mine.csv: ä,1"), ("x" * 1_000_001, "mine.csv is too large")):
        file.write_text(content, encoding="utf-8")
        with page.expect_file_chooser() as chooser:
            fresh.get_by_role("button", name="load a file").press("Space")
        chooser.value.set_files(file)
        expect(fresh.locator(".ut-progress-files span")).to_contain_text(says)


@pytest.mark.parametrize("is_presented", [False, True])
@pytest.mark.parametrize("theme", THEMES[::-1])
def test_it_is_accessible_in_both_themes(notebook, fresh, theme, is_presented):
    notebook.set_theme(theme)
    notebook.execute("where.note = 'Nothing was kept.'")
    if is_presented:
        fresh.get_by_role("button", name="present").click()
        expect(fresh.get_by_role("button", name="leave")).to_be_visible()
        assert small_type(fresh) == []
        boxes = [box.bounding_box() for box in fresh.get_by_role("listitem").all()]
        assert max(box["y"] + box["height"] for box in boxes) < 900  # the whole U on one screen
    assert axe_violations(notebook.page, colours=theme == THEMES[1]) == []
    if is_presented:
        notebook.page.keyboard.press("Escape")
        expect(fresh.get_by_role("button", name="present")).to_be_visible()


def test_a_phone_is_enough(notebook, fresh):
    with notebook.on_a_phone():
        tap(mark(fresh, "tiles"))
        expect(told(fresh)).to_have_text("tiles: untouched.")
        last = fresh.get_by_role("listitem").last
        beside = last.evaluate("(box) => getComputedStyle(box, '::after').content")
        assert beside == '"tiles: untouched."'
        tops = [box.bounding_box()["y"] for box in fresh.get_by_role("listitem").all()]
        assert tops == sorted(tops)
        assert fresh.evaluate("(root) => root.scrollWidth <= root.clientWidth")


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7, 12])
def test_any_number_of_lessons_has_room(without_kernel, count):
    exercises = [{"name": f"e{i}", "state": "tried", "attempts": 1, "hints": 0} for i in range(12)]
    lessons = [{"number": n, "title": "x" * 60, "exercises": exercises} for n in range(count)]
    page = without_kernel("progress_map", {"lessons": lessons, "note": ""})
    boxes = page.get_by_role("listitem")
    expect(boxes).to_have_count(count)
    assert boxes.evaluate_all("(all) => all.every((box) => box.scrollWidth <= box.clientWidth)")
    shown = [*boxes.all(), *page.locator(".ut-progress-middle > *").all()]
    for one, other in itertools.combinations([each.bounding_box() for each in shown], 2):
        assert any(
            near[side] + near[length] <= far[side]
            for near, far in ((one, other), (other, one))
            for side, length in (("x", "width"), ("y", "height"))
        )
    assert what_is_left(page) == [0, 0]


@pytest.mark.parametrize("nonsense", [{"a": 1}, "many", [], None, -7, [None], [{"exercises": 3}]])
def test_nonsense_in_the_model_breaks_no_view(without_kernel, nonsense):
    page = without_kernel("progress_map", {"lessons": nonsense, "note": nonsense})
    expect(page.get_by_role("status")).to_have_text("There are no exercises yet.")


COUNTS = (1, 3, 5, 9, 4, 6, 4, 5, 4, 5)
COURSE = ProgressMap(
    [
        {
            "number": number,
            "title": title,
            "exercises": [
                {"name": f"exercise_{number}_{i}", "state": "tried" if i else "solved"}
                for i in range(count)
            ],
        }
        for number, (title, count) in enumerate(zip(TITLES, COUNTS, strict=True))
    ],
    note="Nothing was saved, because the folder cannot be written.",
)


@pytest.fixture
def alone(without_kernel):
    """Show the progress over ten lessons without Jupyter, in a window."""

    def show(width, height):
        window = {"width": width, "height": height}
        page = without_kernel("progress_map", state_of(COURSE), viewport=window)
        return page.get_by_role("group", name="Progress")

    return show


def test_it_fits_a_notebook_and_nothing_moves(alone):
    view = alone(**NOTEBOOK)
    found = measured(view)
    assert found["height"] <= 580
    assert found["overflows"] == [False, False]
    assert found["type"] >= 13, found["small"]
    before = places(view, ".ut-lesson, .ut-progress-middle > *")
    for name in ("exercise_0_0", "exercise_3_8", "exercise_8_3"):
        mark(view, name).hover()
        expect(told(view)).to_contain_text(name)
        assert places(view, ".ut-lesson, .ut-progress-middle > *") == before


def test_a_phone_shows_ten_lessons_at_a_glance(alone):
    view = alone(390, 844)
    found = measured(view)
    assert found["height"] <= 844
    assert found["overflows"] == [False, False]
    assert found["type"] >= 13, found["small"]


def test_steps_are_ticked_off_by_what_is_solved_and_pointed_at(without_kernel):
    steps = [
        Step("Point at `exercise_1_0`.", when={"exercise": "exercise_1_0"}),
        Step("Solve ten.", when={"solved": 10}),
        Step("How many lessons are there?", answer=10),
    ]
    state = state_of(ProgressMap(COURSE.lessons, steps=steps))
    view = without_kernel("progress_map", state, viewport=NOTEBOOK).get_by_role(
        "group", name="Progress"
    )
    assert view.page.evaluate("state._ticked") == []
    mark(view, "exercise_1_1").hover()
    assert view.page.evaluate("state._ticked") == []
    mark(view, "exercise_1_0").hover()
    assert view.page.evaluate("state._ticked") == [0]
    view.get_by_role("button", name="next ›").click()
    assert view.page.evaluate("state._ticked") == [0, 1]
    assert measured(view)["height"] <= 580


def test_a_whole_screen_shows_every_title(alone):
    view = alone(1280, 720)
    view.get_by_role("button", name="present").click()
    shown = [text.replace("\u2011", "-") for text in view.locator(".ut-lesson b").all_inner_texts()]
    assert shown == [f"{number} · {title}" for number, title in enumerate(TITLES)]


def test_nothing_was_written_to_the_console_as_an_error(notebook):
    assert notebook.errors() == []
    assert notebook.console_errors == []
