"""Each lesson says what it is for and how long it takes, and both are true."""

import re
from pathlib import Path

import pytest

from tests.notebooks.lesson_text import LESSONS, cells, minutes, objectives, stated
from unet_teach import exercises

TABLE = (Path(__file__).parents[2] / "docs" / "objectives.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d) \| (.*?) \| (.*?) \|$", TABLE, re.M)
BY_LESSON = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)


@BY_LESSON
def test_the_table_has_the_objectives_of_each_lesson(lesson):
    assert 2 <= len(objectives(lesson)) <= 4
    number = str(int(lesson.stem[:2]))
    assert [text for which, text, _ in ROWS if which == number] == objectives(lesson)


@pytest.mark.parametrize(("number", "objective", "names"), ROWS)
def test_each_objective_is_met_by_an_exercise_that_is_not_optional(number, objective, names):
    (lesson,) = (path for path in LESSONS if int(path.stem[:2]) == int(number))
    wanted = re.findall(r"`(\w+)`", names)
    assert wanted
    # Building a whole U-Net is the project of lesson 4.
    text = (
        lesson.read_text("utf-8")
        if "own_unet" in wanted
        else "\n".join(c.source for c in cells(lesson))
    )
    for name in wanted:
        assert getattr(exercises, name).lesson == int(number)
        assert f"exercises.{name}.check(" in text


@BY_LESSON
def test_the_minutes_are_honest(lesson):
    waits = {"05": 3, "06": 1, "09": 1}.get(lesson.stem[:2], 0)
    assert stated(lesson) - 15 < minutes(lesson) + waits <= stated(lesson)
    assert stated(lesson) <= (40 if int(lesson.stem[:2]) <= 4 else 50)


@BY_LESSON
def test_a_lesson_opens_with_a_picture_that_has_words(lesson):
    first = next(iter(cells(lesson))).source
    assert re.search(r"!\[.{40,}?\]\(\.\./docs/images/lesson_\d\.(svg|png)\)", first)


def test_the_constants_are_those_of_the_table():
    for words in ("200 words a minute", "5 seconds", "2 minutes", "1 minute", "45 seconds"):
        assert words in TABLE
