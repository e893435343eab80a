"""Shows what a student has done in all lessons, exports it to a file, and reads such a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unet_teach.exercises.exercise import Exercise
from unet_teach.exercises.export_file import (
    FORMATS,
    Export,
    as_csv,
    noted,
    parse_export,
    read_export,
    row_of,
    write_rows,
)
from unet_teach.exercises.progress_file import RECORD
from unet_teach.exercises.reply import Reply

if TYPE_CHECKING:
    from unet_teach.widgets.next_lesson import NextLesson
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
    "From mask to cells",
)


def progress_map(exercises: Sequence[Exercise]) -> ProgressMap:
    """Return a widget that draws which exercises are solved, tried and untouched, by lesson."""
    from unet_teach.widgets.progress_map import ProgressMap

    widget = ProgressMap(_lessons(exercises), note=RECORD.trouble)

    def answer(asked: Mapping[str, Any]) -> dict[str, Any]:
        if asked.get("do") == "export":
            rows = _rows(exercises, "")
            return {"file": as_csv(noted(rows)), "says": f"Saved: {_count(rows)}."}
        name, content = str(asked.get("name", "")), str(asked.get("text", ""))
        try:
            export = parse_export(content.encode("utf-8", "replace"), name)
        except ValueError as refusal:
            return {"says": f"{refusal} Nothing was changed."}
        says = _merge(exercises, export, name).text
        widget.lessons, widget.note = _lessons(exercises), RECORD.trouble
        return {"says": says}

    widget.answer_with(answer)
    return widget


def _lessons(exercises: Sequence[Exercise]) -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "title": title,
            "exercises": [_row(exercise) for exercise in exercises if exercise.lesson == number],
        }
        for number, title in enumerate(TITLES)
    ]


def _row(exercise: Exercise) -> dict[str, Any]:
    entry = RECORD.entry(exercise.name)
    return {
        "name": exercise.name,
        "state": entry.state,
        "attempts": len(entry.attempts),
        "hints": entry.hints,
    }


def next_lesson(file: str, title: str) -> NextLesson:
    """Show a link to the next notebook, and a widget that shuts this one's kernel down first.

    The widget says if anything would be lost.

    Args:
        file: the next notebook, in the same folder.
        title: what it is called.
    """
    from IPython.display import Markdown, display

    from unet_teach.widgets.next_lesson import NextLesson

    RECORD.save()  # sets `trouble` if the file cannot be read or written
    advice = ' Write it to a file first: exercises.export("my_progress.csv").'
    widget = NextLesson(file, title, note=RECORD.trouble and RECORD.trouble + advice)
    display(Markdown(widget.link))  # type: ignore[no-untyped-call]
    return widget


def export_progress(exercises: Iterable[Exercise], path: str | Path, student: str) -> Reply:
    """Write one row for each exercise, each with the student's name, as `exercises.export` says."""
    file = Path(path).expanduser()
    if file.suffix not in FORMATS:
        return Reply(
            f"The name of the file has to end in {' or '.join(FORMATS)}, but it is {file.name}."
        )
    rows = _rows(exercises, str(student))
    try:
        write_rows(file, noted(rows))
    except OSError as error:
        return Reply(f"{file} can't be written ({error.strerror}). Try another folder or name.")
    return Reply(f"Wrote {file.resolve()}: {_count(rows)}.")


def _rows(exercises: Iterable[Exercise], student: str) -> list[dict[str, Any]]:
    return [row_of(student, e.lesson, e.name, RECORD.entry(e.name)) for e in exercises]


def _count(rows: Sequence[Mapping[str, Any]]) -> str:
    solved = sum(row["state"] == "solved" for row in rows)
    return f"{solved} of {len(rows)} exercises solved"


def load_progress(exercises: Iterable[Exercise], path: str | Path) -> Reply:
    """Add what a file of `export_progress` holds to the student's progress; nothing is lost."""
    file = Path(path).expanduser()
    try:
        export = read_export(file)
    except ValueError as refusal:
        return Reply(f"{refusal} Nothing was changed.")
    return _merge(exercises, export, str(file))


def _merge(exercises: Iterable[Exercise], export: Export, file: str) -> Reply:
    entries = export.entries
    known = {exercise.name: exercise for exercise in exercises}
    solved = new = 0
    for name in known.keys() & entries.keys():
        mine, read = RECORD.entry(name), entries[name]
        names = {mistake.name for mistake in known[name].mistakes}
        merged = mine.merged_with(
            replace(
                read,
                # The file counts attempts and cannot say which: the first are those known here.
                attempts=read.attempts[len(mine.attempts) :],
                hints=min(read.hints, len(known[name].hints)),
                mistakes=tuple(mistake for mistake in read.mistakes if mistake in names),
            )
        )
        solved += bool(read.solved)
        new += bool(read.solved and not mine.solved)
        if merged != mine:
            RECORD.change(name, **vars(merged))
    if not known.keys() & entries.keys():
        return Reply(f"{file} names no exercise of this course. Nothing was changed.")
    trouble = f" {RECORD.trouble}" if RECORD.trouble else ""
    return Reply(f"Read {file}. Solved there: {solved}, of which new here: {new}.{trouble}")
