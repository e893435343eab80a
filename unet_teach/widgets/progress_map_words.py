"""What ProgressMap and its figure both say: how many exercises are solved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


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
