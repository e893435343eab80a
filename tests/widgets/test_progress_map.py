"""ProgressMap in Python: what it reads and refuses, its lines of text, its figure."""

import copy

import pytest
from matplotlib.patches import Circle, FancyBboxPatch, Wedge
from traitlets import TraitError

from unet_teach.widgets.progress_map import ProgressMap


def exercise(name, state, attempts=0, hints=0):
    return {"name": name, "state": state, "attempts": attempts, "hints": hints}


def lesson(number, title, *exercises):
    return {"number": number, "title": title, "exercises": list(exercises)}


LESSONS = [
    lesson(1, "Down-sampling", exercise("halve", "solved", 3, 1), exercise("sees", "solved", 1)),
    lesson(2, "Up-sampling", exercise("double", "tried", 2), exercise("exact", "untouched")),
    lesson(3, "Skip connections"),
]


def changed(path, value):
    """The lessons with one part replaced; `...` takes it away."""
    lessons = copy.deepcopy(LESSONS)
    target = lessons
    for key in path[:-1]:
        target = target[key]
    if value is ...:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return lessons


def test_it_states_how_far_one_is_in_lines():
    progress = ProgressMap(LESSONS)
    lines = (
        "ProgressMap · 2 of 4 exercises solved\n"
        "1 · Down-sampling: 2 of 2 solved (✓ halve, ✓ sees)\n"
        "2 · Up-sampling: 0 of 2 solved (◐ double, ○ exact)\n"
        "3 · Skip connections: no exercises yet"
    )
    assert repr(progress) == lines
    assert progress._repr_mimebundle_()[0]["text/plain"] == lines


def test_a_note_stands_below_the_heading():
    lines = ProgressMap(LESSONS, note="Nothing was kept.").describe().splitlines()
    assert lines[:2] == ["ProgressMap · 2 of 4 exercises solved", "Nothing was kept."]


def test_lessons_are_copied_and_counts_may_be_left_out():
    given = [lesson(1, "One", {"name": "a", "state": "tried"})]
    progress = ProgressMap(given)
    given[0]["exercises"].clear()
    assert progress.lessons == [lesson(1, "One", exercise("a", "tried"))]


def test_lessons_can_be_assigned():
    progress = ProgressMap(LESSONS)
    progress.lessons = LESSONS[:1]
    assert progress.describe().startswith("ProgressMap · 2 of 2 exercises solved")


@pytest.mark.parametrize(
    ("lessons", "sentence"),
    [
        (None, "lessons is None. Use a list of 1 to 12 dicts"),
        ("123", "lessons is '123'. Use a list of 1 to 12 dicts"),
        ({1: LESSONS[0]}, "Use a list of 1 to 12 dicts"),
        ([], "lessons has 0 entries. Use a list of 1 to 12"),
        ([lesson(i, "L") for i in range(13)], "lessons has 13 entries"),
        ([LESSONS[0], LESSONS[0]], "lessons has the number 1 twice"),
        (changed([1], 7), r"lessons\[1\] is 7. Use a dict with 'number', 'title', 'exercises'"),
        (changed([1, "title"], ...), r"lessons\[1\] has no 'title'"),
        (changed([1, "minutes"], 25), r"lessons\[1\] has the unknown key 'minutes'"),
        (changed([1, "number"], -1), r"lessons\[1\]\['number'\] is -1. Use a whole number"),
        (changed([1, "number"], True), r"lessons\[1\]\['number'\] is True"),
        (changed([1, "title"], " "), r"lessons\[1\]\['title'\] is ' '. Use a text"),
        (changed([1, "title"], "x" * 61), "Use a text of 1 to 60 letters"),
        (changed([1, "exercises"], None), r"lessons\[1\]\['exercises'\] is None"),
        (changed([1, "exercises"], [exercise("a", "tried")] * 13), "has 13 entries"),
        (changed([1, "exercises", 0], "a"), r"\['exercises'\]\[0\] is 'a'. Use a dict with 'name'"),
        (changed([1, "exercises", 0, "name"], 3), r"\[0\]\['name'\] is 3. Use a text"),
        (
            changed([1, "exercises", 1, "state"], "done"),
            r"\[1\]\['state'\] is 'done'. Use one of 'solved', 'tried', 'untouched'",
        ),
        (changed([1, "exercises", 1, "state"], ["tried"]), r"\['state'\] is \['tried'\]"),
        (changed([1, "exercises", 1, "hints"], 0.5), r"\[1\]\['hints'\] is 0.5"),
        (changed([1, "exercises", 1, "attempts"], 10**6), "from 0 to 9999"),
    ],
)
def test_anything_else_is_refused_with_a_sentence_and_changes_nothing(lessons, sentence):
    with pytest.raises(TraitError, match=sentence) as refusal:
        ProgressMap(lessons)
    assert str(refusal.value).endswith(".")
    progress = ProgressMap(LESSONS)
    with pytest.raises(TraitError, match=sentence):
        progress.lessons = lessons
    assert progress.lessons == LESSONS


def boxes(count):
    """The middles of the boxes in a figure of so many lessons, in their order."""
    lessons = [lesson(i, f"Lesson {i}") for i in range(count)]
    (axes,) = ProgressMap(lessons).figure().axes
    found = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    assert len(found) == count
    return [(p.get_x() + p.get_width() / 2, p.get_y() + p.get_height() / 2) for p in found]


@pytest.mark.parametrize("count", range(1, 13))
def test_the_figure_goes_down_on_the_left_and_up_on_the_right(count):
    middles = boxes(count)
    bottom = count // 2
    xs, ys = zip(*middles, strict=True)
    assert list(xs) == sorted(xs)
    assert list(ys[: bottom + 1]) == sorted(ys[: bottom + 1])
    assert list(ys[bottom:]) == sorted(ys[bottom:], reverse=True)
    for down, up in zip(middles[:bottom][::-1], middles[bottom + 1 :], strict=False):
        assert down[1] == pytest.approx(up[1])
        assert xs[bottom] - down[0] == pytest.approx(up[0] - xs[bottom])


def test_the_figure_marks_every_exercise_by_its_shape():
    (axes,) = ProgressMap(LESSONS).figure().axes
    assert axes.get_title("left") == "2 of 4 exercises solved"
    kinds = [type(patch) for patch in axes.patches]
    assert (kinds.count(Circle), kinds.count(Wedge)) == (4, 1)
    assert len(axes.lines) == 2  # ticks
    boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    assert [box.get_linestyle() in ("--", "dashed") for box in boxes] == [False, False, True]
