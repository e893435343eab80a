"""ProgressMap: a student's progress over all lessons, drawn as a U."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import traitlets

from unet_teach.widgets.base import CourseWidget
from unet_teach.widgets.steps import Step

State: TypeAlias = Literal["solved", "tried", "untouched"]

SIGNS: dict[State, str] = {"solved": "✓", "tried": "◐", "untouched": "○"}


class ProgressMap(CourseWidget, view="progress_map"):
    """Show progress: lessons go down the left arm of a U and up the right one.

    Args:
        lessons: Dicts with a `number`, a `title` and `exercises`. An exercise is a dict with a
            `name`, a `state` ("solved", "tried" or "untouched") and, when they are known, how many
            `attempts` and `hints` there were.
        note: A sentence below the heading, such as why nothing was saved.
        steps: Instructions above the lessons. Their states may ask for `solved`, how many exercises
            are, and `exercise`, the name of the one that is pointed at.

    Attributes:
        lessons: as above; may be assigned, and the widget follows.
        note: as above.
    """

    STEP_FACTS = ("solved", "exercise")

    lessons: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
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


def solved(lesson: Mapping[str, Any]) -> int:
    """Return how many exercises of a lesson are solved."""
    return sum(exercise["state"] == "solved" for exercise in lesson["exercises"])


def count(lesson: Mapping[str, Any]) -> str:
    """Return how far a lesson is, in words."""
    exercises = lesson["exercises"]
    return f"{solved(lesson)} of {len(exercises)} solved" if exercises else "no exercises yet"


def headline(lessons: Sequence[Mapping[str, Any]]) -> str:
    """Return how far all lessons are, in words."""
    exercises = sum(len(lesson["exercises"]) for lesson in lessons)
    plural = "" if exercises == 1 else "s"
    return f"{sum(map(solved, lessons))} of {exercises} exercise{plural} solved"
