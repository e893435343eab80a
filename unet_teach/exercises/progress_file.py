"""What a student has done, kept in one local file; nothing is sent anywhere."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_data_path

State = Literal["solved", "tried", "untouched"]


@dataclass(frozen=True)
class Entry:
    """One exercise's history.

    Attributes:
        attempts: fingerprints of the different wrong answers.
        hints: how many were read.
        solved: when, as an ISO 8601 time, UTC; empty while it is not.
        solution_read: whether the solution was read before it was solved.
    """

    attempts: tuple[str, ...] = ()
    hints: int = 0
    solved: str = ""
    solution_read: bool = False

    @property
    def state(self) -> State:
        """Solved, tried (a wrong answer, a hint or the solution) or untouched."""
        if self.solved:
            return "solved"
        return "tried" if self.attempts or self.hints or self.solution_read else "untouched"

    @classmethod
    def read(cls, data: Any) -> Entry:
        """Return an entry from JSON; what is missing or of another kind is left at its default."""
        if not isinstance(data, Mapping):
            return cls()
        blank = cls()
        known: dict[str, Any] = {field.name: data.get(field.name) for field in fields(cls)}
        if isinstance(known["attempts"], list):
            known["attempts"] = tuple(map(str, known["attempts"]))
        kept = {
            name: value
            for name, value in known.items()
            if type(value) is type(getattr(blank, name))
        }
        return cls(**kept)


class Record:
    """The file. It is read before every change, so that two open lessons do not undo each other.

    A disk that cannot be written leaves the record in memory; a damaged file is set aside. Both
    are said in `trouble`, never raised.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._memory: dict[str, Entry] = {}
        self._unsaved = False  # then what is in memory is newer than the file
        self.trouble = ""

    @property
    def path(self) -> Path:
        """Where the record is kept: `UNET_TEACH_PROGRESS`, or the user's folder for data."""
        if self._path:
            return self._path
        if named := os.environ.get("UNET_TEACH_PROGRESS"):
            return Path(named)
        return user_data_path("unet_teach", appauthor=False) / "progress.json"

    def entry(self, name: str) -> Entry:
        """Return the history of the exercise `name`."""
        self._load()
        return self._memory.get(name, Entry())

    def change(self, name: str, **changes: Any) -> Entry:
        """Change the history of the exercise `name`, and keep it."""
        self._load()
        entry = self._memory[name] = replace(self._memory.get(name, Entry()), **changes)
        self._save()
        return entry

    def solve(self, name: str) -> None:
        """Note that the exercise `name` is solved now; the first time counts."""
        if not self.entry(name).solved:
            self.change(name, solved=datetime.now(timezone.utc).isoformat(timespec="seconds"))

    def _load(self) -> None:
        if self._unsaved:
            return
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))["exercises"]
            self._memory |= {str(name): Entry.read(data) for name, data in kept.items()}
        except FileNotFoundError:
            return
        except OSError as error:
            self.trouble = f"{self.path} cannot be read ({error.strerror})."
        except (ValueError, KeyError, TypeError, AttributeError):
            self._set_aside()

    def _set_aside(self) -> None:
        aside = self.path.with_suffix(".damaged.json")
        self.trouble = f"{self.path} is damaged"
        try:
            self.path.replace(aside)
            self.trouble += f" and was set aside as {aside.name}; a new one is begun."
        except OSError:
            self.trouble += " and cannot be replaced; progress is kept until the kernel stops."

    def _save(self) -> None:
        kept = {"version": 1, "exercises": {n: asdict(e) for n, e in self._memory.items()}}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.path.parent, suffix=".part")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(kept, file, indent=1)
                os.replace(name, self.path)  # at once: a power cut leaves the old file
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            self._unsaved = True
            self.trouble = (
                f"{self.path} cannot be written ({error.strerror}). "
                "Progress is kept until the kernel stops."
            )


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as CSV, or as JSON when the name ends so.

    Raises:
        OSError: when the file cannot be written.
    """
    listed = list(rows)
    if path.suffix == ".json":
        path.write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
        return
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)
