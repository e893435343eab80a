"""ProgressMap in Python: its lines of text, its figure."""

import pytest
from matplotlib.patches import Circle, FancyBboxPatch, Wedge

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


def test_lessons_can_be_assigned():
    progress = ProgressMap(LESSONS)
    progress.lessons = LESSONS[:1]
    assert progress.describe().startswith("ProgressMap · 2 of 2 exercises solved")


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
