"""ProgressMap: a student's progress over all lessons, drawn as a U."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import traitlets

from unet_teach.widgets.base import STATIC, CourseWidget
from unet_teach.widgets.progress_map_words import count, headline
from unet_teach.widgets.steps import Step

if TYPE_CHECKING:
    from matplotlib.figure import Figure

State: TypeAlias = Literal["solved", "tried", "untouched"]

SIGNS: dict[State, str] = {"solved": "✓", "tried": "◐", "untouched": "○"}
MOST_LESSONS = 12
MOST_EXERCISES = 12
LONGEST = 60
LARGEST_COUNT = 9999
LESSON = ("number", "title", "exercises")
EXERCISE = ("name", "state", "attempts", "hints")


class Lessons(traitlets.TraitType[Any, Any]):
    """The lessons in order, each with its exercises."""

    def validate(self, obj: Any, value: Any) -> list[dict[str, Any]]:
        """Return plain copies, or raise `TraitError` with a sentence."""
        try:
            return _read_lessons(value)
        except ValueError as refusal:
            raise traitlets.TraitError(str(refusal)) from None


class ProgressMap(CourseWidget):
    """Show progress: lessons go down the left arm of a U and up the right one.

    Args:
        lessons: 1 to 12 dicts with a `number`, a `title` and `exercises`, up to 12 of them. An
            exercise is a dict with a `name`, a `state` ("solved", "tried" or "untouched") and, when
            they are known, how many `attempts` and `hints` there were.
        note: A sentence below the heading, such as why nothing was saved.
        steps: Instructions above the lessons. Their states may ask for `solved`, how many exercises
            are, and `exercise`, the name of the one that is pointed at.

    Attributes:
        lessons: as above; may be assigned, and the widget follows.
        note: as above.

    Raises:
        traitlets.TraitError: For anything else; nothing changes then.
    """

    _esm = STATIC / "progress_map.js"
    _css = STATIC / "progress_map.css"
    STEP_FACTS = ("solved", "exercise")

    lessons = Lessons().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
    _has_files = traitlets.Bool(False).tag(sync=True)  # whether the view offers to save and load
    _asked = traitlets.Dict().tag(sync=True)  # by the view: {"number", "do", "name", "text"}
    _answer = traitlets.Dict().tag(sync=True)  # to that number: {"number", "says", "file"}

    def __init__(
        self,
        lessons: Sequence[Mapping[str, Any]],
        *,
        note: str = "",
        steps: Sequence[str | Step] = (),
    ) -> None:
        super().__init__(lessons=lessons, note=note, steps=steps)

    def answer_with(self, answer: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
        """Let the view save progress to a file and load one.

        Args:
            answer: gets `{"do": "export"}` or `{"do": "load", "name": …, "text": …}`, and returns
                what to say (`says`), and for an export the text of the `file`.
        """
        self._has_files = True

        def reply(change: Mapping[str, Any]) -> None:
            asked = change["new"]
            self._answer = {**answer(asked), "number": asked.get("number")}

        self.observe(reply, "_asked")

    def describe(self) -> str:
        """Return how many exercises are solved, and below that one line a lesson."""
        lines = [f"ProgressMap · {headline(self.lessons)}", *([self.note] if self.note else [])]
        for lesson in self.lessons:
            marks = ", ".join(f"{SIGNS[e['state']]} {e['name']}" for e in lesson["exercises"])
            listed = f" ({marks})" if marks else ""
            lines.append(f"{lesson['number']} · {lesson['title']}: {count(lesson)}{listed}")
        return "\n".join(lines)

    def figure(self) -> Figure:
        """Return the U drawn with matplotlib."""
        from unet_teach.widgets.progress_map_figure import progress_map_figure

        return progress_map_figure(self.lessons)


# ---------------------------------------------------------------------------- checking the lessons
def _read_lessons(value: Any) -> list[dict[str, Any]]:
    lessons = [
        _read_lesson(f"lessons[{i}]", lesson)
        for i, lesson in enumerate(_list("lessons", value, 1, MOST_LESSONS))
    ]
    numbers = [lesson["number"] for lesson in lessons]
    for number in numbers:
        if numbers.count(number) > 1:
            raise ValueError(f"lessons has the number {number} twice. Give each lesson its own.")
    return lessons


def _read_lesson(place: str, given: Any) -> dict[str, Any]:
    _check_keys(place, given, LESSON, needed=LESSON)
    exercises = [
        _read_exercise(f"{place}['exercises'][{i}]", exercise)
        for i, exercise in enumerate(
            _list(f"{place}['exercises']", given["exercises"], 0, MOST_EXERCISES)
        )
    ]
    return {
        "number": _whole(f"{place}['number']", given["number"]),
        "title": _text(f"{place}['title']", given["title"]),
        "exercises": exercises,
    }


def _read_exercise(place: str, given: Any) -> dict[str, Any]:
    _check_keys(place, given, EXERCISE, needed=EXERCISE[:2])
    state = given["state"]
    if not isinstance(state, str) or state not in SIGNS:
        allowed = ", ".join(map(repr, SIGNS))
        raise ValueError(f"{place}['state'] is {state!r}. Use one of {allowed}.")
    return {
        "name": _text(f"{place}['name']", given["name"]),
        "state": state,
        "attempts": _whole(f"{place}['attempts']", given.get("attempts", 0)),
        "hints": _whole(f"{place}['hints']", given.get("hints", 0)),
    }


def _check_keys(place: str, given: Any, known: tuple[str, ...], needed: tuple[str, ...]) -> None:
    listed = ", ".join(map(repr, known))
    if not isinstance(given, Mapping):
        raise ValueError(f"{place} is {given!r}. Use a dict with {listed}.")
    for key in needed:
        if key not in given:
            raise ValueError(f"{place} has no {key!r}. Use a dict with {listed}.")
    for key in given:
        if key not in known:
            raise ValueError(f"{place} has the unknown key {key!r}. Use a dict with {listed}.")


def _list(place: str, given: Any, fewest: int, most: int) -> Sequence[Any]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise ValueError(f"{place} is {given!r}. Use a list of {fewest} to {most} dicts.")
    if not fewest <= len(given) <= most:
        raise ValueError(f"{place} has {len(given)} entries. Use a list of {fewest} to {most}.")
    return given


def _text(place: str, given: Any) -> str:
    text = " ".join(given.split()) if isinstance(given, str) else ""
    if not 1 <= len(text) <= LONGEST:
        raise ValueError(f"{place} is {given!r}. Use a text of 1 to {LONGEST} letters.")
    return text


def _whole(place: str, given: Any) -> int:
    try:
        whole = -1 if isinstance(given, bool) else operator.index(given)
    except TypeError:
        whole = -1
    if not 0 <= whole <= LARGEST_COUNT:
        raise ValueError(f"{place} is {given!r}. Use a whole number from 0 to {LARGEST_COUNT}.")
    return whole
