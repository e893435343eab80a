"""The file that a student exports: one row for each exercise, as CSV or JSON, written and read."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from unet_teach.exercises.progress_file import ProgressEntry

FORMATS = (".csv", ".json")
NOTE = "Written on the student's computer, where it can be edited: this file proves nothing."
COLUMNS = (
    *("student", "lesson", "name", "state", "attempts", "hints", "solution_read", "solved_at"),
    *("mistakes", "note", "rows"),
)
BETWEEN_MISTAKES = "; "
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is computed by a spreadsheet
LARGEST_FILE = 1_000_000  # bytes; an export has about 5,000
MOST = 9999  # attempts or hints
LONGEST_NAME = 100


@dataclass(frozen=True)
class Export:
    """What one file holds.

    Attributes:
        student: the name in the file; empty if none was given.
        entries: what was done, by the name of the exercise.
    """

    student: str
    entries: dict[str, ProgressEntry]


def row_of(student: str, lesson: int, name: str, entry: ProgressEntry) -> dict[str, Any]:
    """Return the row of one exercise, a value for each column that is about it alone."""
    return {
        "student": " ".join(student.split())[:LONGEST_NAME],
        "lesson": lesson,
        "name": name,
        "state": entry.state,
        "attempts": len(entry.attempts),
        "hints": entry.hints,
        "solution_read": entry.solution_read,
        "solved_at": entry.solved,
        "mistakes": BETWEEN_MISTAKES.join(entry.mistakes),
    }


def noted(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of a whole export: with the note, and each with their number at its end.

    So a file that was cut off, in a row or between two, is not taken for a shorter one.
    """
    return [{**row, "note": "" if i else NOTE, "rows": len(rows)} for i, row in enumerate(rows)]


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows with the same columns, as CSV or JSON by the name's ending.

    In CSV, text that a spreadsheet would take for a formula gets a `'` in front.

    Raises:
        OSError: the file cannot be written.
    """
    if path.suffix == ".json":
        text = json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
    else:
        text = as_csv(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write(text)


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows with the same columns as the text of a CSV file."""
    file = io.StringIO()
    writer = csv.DictWriter(file, fieldnames=list(rows[0]))
    writer.writeheader()
    for row in rows:
        writer.writerow({column: _harmless(value) for column, value in row.items()})
    return file.getvalue()


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def read_export(path: Path) -> Export:
    """Read a file that `export` wrote; a spreadsheet may have saved it again.

    Raises:
        ValueError: it is missing, damaged or another file; the message is a sentence.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}).") from None
    return parse_export(content, str(path))


def parse_export(content: bytes, name: str) -> Export:
    """Read what a file holds that is called `name`.

    Raises:
        ValueError: as `read_export` does.
    """
    try:
        if len(content) > LARGEST_FILE:
            raise ValueError("it is too large")
        text = content.decode("utf-8-sig")
        rows = json.loads(text) if name.endswith(".json") else _csv_rows(text)
        if not isinstance(rows, list) or not rows:
            raise ValueError("it has no rows")
        student = str(rows[0].get("student", "")) if isinstance(rows[0], dict) else ""
        entries = dict(_read_row(number, row) for number, row in enumerate(rows, start=1))
        _check_whole(rows)
    except (ValueError, RecursionError, csv.Error) as error:
        why = "it is not in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise ValueError(f"{name} is no export of this course, or it is damaged: {why}.") from None
    return Export(" ".join(_plain(student).split())[:LONGEST_NAME], entries)


def _check_whole(rows: list[dict[str, Any]]) -> None:
    """Refuse rows that are not as many as each of them says; older files do not say it."""
    for row in rows:
        if "rows" in row and str(row["rows"]) != str(len(rows)):
            said = row["rows"] or "more"
            raise ValueError(f"it holds {len(rows)} rows of {said}, so a part of it is missing")


def _csv_rows(text: str) -> list[dict[str, Any]]:
    head = text.partition("\n")[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","  # some spreadsheets' choice
    return list(csv.DictReader(text.splitlines(), delimiter=delimiter))


def _plain(value: str) -> str:
    return value[1:] if value.startswith("'") and value[1:].startswith(FORMULA) else value


def _read_row(number: int, row: Any) -> tuple[str, ProgressEntry]:
    if not isinstance(row, dict) or not isinstance(name := row.get("name"), str) or not name:
        raise ValueError(f"row {number} names no exercise")
    counts = {column: _count(number, column, row.get(column)) for column in ("attempts", "hints")}
    solved = row.get("solved_at") or ""
    try:
        when = datetime.fromisoformat(solved).replace(microsecond=0) if solved else None
    except (TypeError, ValueError):
        raise ValueError(f"row {number} has solved_at={solved!r}, which is no time") from None
    if when is not None and when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    mistakes = (_plain(part.strip()) for part in str(row.get("mistakes") or "").split(";"))
    entry = ProgressEntry(
        attempts=tuple(f"exported {i}" for i in range(counts["attempts"])),
        hints=counts["hints"],
        solved=when.astimezone(timezone.utc).isoformat() if when else "",
        solution_read=str(row.get("solution_read")).lower() == "true",
        mistakes=tuple(filter(None, mistakes)),
    )
    if row.get("state", entry.state) != entry.state:
        raise ValueError(f"row {number} says {row['state']!r}, and its other columns don't")
    return name, entry


def _count(number: int, column: str, value: Any) -> int:
    text = str(value)
    if not (text.isascii() and text.isdecimal() and int(text) <= MOST):
        raise ValueError(f"row {number} has {column}={value!r}, not a number from 0 to {MOST}")
    return int(text)
