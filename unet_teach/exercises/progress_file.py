"""Keeps what a student has done in one local file; nothing is sent anywhere."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_data_path

State = Literal["solved", "tried", "untouched"]


@dataclass(frozen=True)
class ProgressEntry:
    """What a student has done in one exercise.

    Attributes:
        attempts: fingerprints of the different wrong answers.
        hints: how many hints were read.
        solved: when it was solved, as an ISO 8601 time in UTC; empty until then.
        solution_read: whether the solution was read before it was solved.
        mistakes: the names of the known mistakes that were made.
    """

    attempts: tuple[str, ...] = ()
    hints: int = 0
    solved: str = ""
    solution_read: bool = False
    mistakes: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        """Solved, tried (a wrong answer, a hint or the solution) or untouched."""
        if self.solved:
            return "solved"
        return "tried" if self.attempts or self.hints or self.solution_read else "untouched"

    def merged_with(self, other: ProgressEntry) -> ProgressEntry:
        """Return an entry that has lost nothing of either: the first time solved, most hints."""
        return ProgressEntry(
            attempts=tuple(dict.fromkeys(self.attempts + other.attempts)),
            hints=max(self.hints, other.hints),
            solved=min(filter(None, (self.solved, other.solved)), default=""),
            solution_read=self.solution_read or other.solution_read,
            mistakes=tuple(dict.fromkeys(self.mistakes + other.mistakes)),
        )

    @classmethod
    def from_json(cls, data: Any) -> ProgressEntry:
        """Read an entry; whatever is missing or of the wrong type keeps its default."""
        if not isinstance(data, Mapping):
            return cls()
        values: dict[str, Any] = {field.name: data.get(field.name) for field in fields(cls)}
        for name in ("attempts", "mistakes"):
            if isinstance(values[name], list):
                values[name] = tuple(map(str, values[name]))
        defaults = asdict(cls())
        return cls(**{k: v for k, v in values.items() if type(v) is type(defaults[k])})


class ProgressFile:
    """The progress of one student in all exercises, in a JSON file.

    The file is read before every change, so that two open notebooks do not overwrite each other's
    progress. Nothing is raised: if the file cannot be read or written, changes stay in memory until
    it can; a damaged file is renamed.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._memory: dict[str, ProgressEntry] = {}
        self._unsaved: dict[str, ProgressEntry] = {}  # what the file could not take yet
        self._damage = ""
        self._refusal = ""

    @property
    def trouble(self) -> str:
        """What is wrong with the file, as a sentence; empty when nothing is."""
        return self._refusal or self._damage

    @property
    def path(self) -> Path:
        """The file: given, else named by `UNET_TEACH_PROGRESS`, else in the user's data folder."""
        if self._path:
            return self._path
        if named := os.environ.get("UNET_TEACH_PROGRESS"):
            return Path(named).expanduser()
        return user_data_path("unet_teach", appauthor=False) / "progress.json"

    def entry(self, name: str) -> ProgressEntry:
        """Return what was done in the exercise `name`."""
        self._load()
        return self._memory.get(name, ProgressEntry())

    def change(self, name: str, **changes: Any) -> ProgressEntry:
        """Change fields of the entry of the exercise `name`, save it and return it."""
        entry = self._unsaved[name] = replace(self.entry(name), **changes)
        self.save()
        return entry

    def mark_solved(self, name: str) -> None:
        """Set the time at which the exercise `name` was solved, unless it was solved before."""
        if not self.entry(name).solved:
            self.change(name, solved=datetime.now(timezone.utc).isoformat(timespec="seconds"))

    def save(self) -> None:
        """Write what the file holds and what it lacks; set `trouble` if that is not possible."""
        if not self._load():
            return  # what cannot be read may hold progress, so it is not replaced
        content = {"version": 1, "exercises": {n: asdict(e) for n, e in self._memory.items()}}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.path.parent, suffix=".part")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(content, file, indent=1)
                os.replace(name, self.path)  # atomic: a power cut leaves the old file whole
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            self._refuse("written", error)
        else:
            self._unsaved.clear()
            self._refusal = ""

    def _load(self) -> bool:
        """Read the file into memory and return whether it may be written."""
        try:
            entries = json.loads(self.path.read_text(encoding="utf-8"))["exercises"]
            self._memory |= {
                str(name): ProgressEntry.from_json(data) for name, data in entries.items()
            }
        except FileNotFoundError:
            pass
        except OSError as error:
            self._refuse("read", error)
            return False
        except (ValueError, KeyError, TypeError, AttributeError):
            self._set_aside()
        finally:
            self._memory |= self._unsaved
        return True

    def _refuse(self, done: str, error: OSError) -> None:
        self._refusal = (
            f"{self.path} can't be {done} ({error.strerror}). "
            "Your progress is kept until the kernel stops."
        )

    def _set_aside(self) -> None:
        aside = self.path.with_suffix(".damaged.json")
        self._damage = f"{self.path} is damaged"
        try:
            self.path.replace(aside)
            self._damage += f", so it was renamed to {aside.name} and a new file was started."
        except OSError:
            self._damage += " and can't be replaced. Your progress is kept until the kernel stops."


RECORD = ProgressFile()  # of the student at this computer
