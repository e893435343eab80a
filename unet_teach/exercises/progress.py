"""Where a student is over all lessons: `progress()` shows it, `export()` writes it to a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unet_teach.exercises.exercise import RECORD, Exercise, Reply
from unet_teach.exercises.progress_file import write_rows

if TYPE_CHECKING:
    from unet_teach.widgets.progress_map import ProgressMap

TITLES = (
    "How do you know if it's a U-Net?",
    "Down-sampling",
    "Up-sampling",
    "Skip connections",
    "Symmetric architecture",
    "Train it",
    "Take it apart",
    "Is it a U-Net?",
    "Larger than memory",
)
FORMATS = (".csv", ".json")


def progress_of(exercises: Iterable[Exercise]) -> ProgressMap:
    """Return a widget that draws what is solved, tried and untouched, lesson by lesson."""
    from unet_teach.widgets.progress_map import ProgressMap

    listed = list(exercises)
    lessons = [
        {
            "number": number,
            "title": title,
            "exercises": [_row(exercise) for exercise in listed if exercise.lesson == number],
        }
        for number, title in enumerate(TITLES)
    ]
    return ProgressMap(lessons, note=RECORD.trouble)


def _row(exercise: Exercise) -> dict[str, Any]:
    entry = RECORD.entry(exercise.name)
    return {
        "name": exercise.name,
        "state": entry.state,
        "attempts": len(entry.attempts),
        "hints": entry.hints,
    }


def export_of(exercises: Iterable[Exercise], path: str | Path, student: str) -> Reply:
    """Write a row an exercise to `path`, CSV or JSON; say where, or why not."""
    file = Path(path).expanduser()
    if file.suffix not in FORMATS:
        return Reply(f"{file.name} must end in {' or '.join(FORMATS)}: one of them is written.")
    rows = []
    for exercise in exercises:
        entry = RECORD.entry(exercise.name)
        about = {"student": student, "lesson": exercise.lesson} | _row(exercise)
        rows.append(about | {"solution_read": entry.solution_read, "solved_at": entry.solved})
    try:
        write_rows(file, rows)
    except OSError as error:
        return Reply(f"{file} cannot be written ({error.strerror}). Try another folder or name.")
    solved = sum(row["state"] == "solved" for row in rows)
    return Reply(f"Wrote {file.resolve()}: {solved} of {len(rows)} exercises solved.")
