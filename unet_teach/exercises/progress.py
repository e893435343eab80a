"""Shows what a student has done in all lessons, and exports it to a file for an instructor."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unet_teach.exercises.exercise import Exercise
from unet_teach.exercises.progress_file import RECORD
from unet_teach.exercises.reply import Reply

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


def progress_map(exercises: Sequence[Exercise]) -> ProgressMap:
    """Return a widget that draws which exercises are solved, tried and untouched, by lesson."""
    from unet_teach.widgets.progress_map import ProgressMap

    lessons = [
        {
            "number": number,
            "title": title,
            "exercises": [_row(exercise) for exercise in exercises if exercise.lesson == number],
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


def export_progress(exercises: Iterable[Exercise], path: str | Path, student: str) -> Reply:
    """Write one row for each exercise to a CSV or JSON file.

    Args:
        exercises: in the order of the rows.
        path: the file, with a name that ends in `.csv` or `.json`.
        student: stands in every row.

    Returns:
        Where the file is, or why it could not be written.
    """
    file = Path(path).expanduser()
    if file.suffix not in FORMATS:
        return Reply(
            f"The name of the file has to end in {' or '.join(FORMATS)}, but it is {file.name}."
        )
    rows = []
    for exercise in exercises:
        entry = RECORD.entry(exercise.name)
        row = {"student": student, "lesson": exercise.lesson, **_row(exercise)}
        rows.append(row | {"solution_read": entry.solution_read, "solved_at": entry.solved})
    try:
        _write_rows(file, rows)
    except OSError as error:
        return Reply(f"{file} can't be written ({error.strerror}). Try another folder or name.")
    solved = sum(row["state"] == "solved" for row in rows)
    return Reply(f"Wrote {file.resolve()}: {solved} of {len(rows)} exercises solved.")


def _write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    if path.suffix == ".json":
        path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        return
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
