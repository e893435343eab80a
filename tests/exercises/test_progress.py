"""Progress outlives the kernel, survives a damaged file and a full disk, and can be exported."""

import contextlib
import csv
import json
from pathlib import Path

import pytest

from unet_teach import exercises
from unet_teach.exercises.progress_file import RECORD, ProgressFile


def test_progress_outlives_the_kernel(exercise, tmp_path):
    exercise.check(lambda x: 1)
    exercise.hint()
    exercise.check(lambda x: 2 * x)
    entry = ProgressFile(tmp_path / "progress.json").entry("double")
    assert (entry.state, len(entry.attempts), entry.hints) == ("solved", 1, 1)
    exercise.check(lambda x: 5)
    assert RECORD.entry("double").state == "solved"


def test_two_open_lessons_do_not_undo_each_other(tmp_path):
    one, other = (ProgressFile(tmp_path / "progress.json") for _ in range(2))
    one.mark_solved("a")
    other.mark_solved("b")
    one.change("c", hints=2)
    kept = json.loads((tmp_path / "progress.json").read_text())["exercises"]
    assert set(kept) == {"a", "b", "c"}


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"exercises": 3}', "\x00\xff", '{"version": 1}', "null"]
)
def test_a_damaged_file_is_set_aside_and_said(tmp_path, content):
    path = tmp_path / "progress.json"
    path.write_bytes(content.encode("latin-1"))
    progress = ProgressFile(path)
    assert progress.entry("a").state == "untouched"
    assert "damaged" in progress.trouble
    assert (tmp_path / "progress.damaged.json").read_bytes() == content.encode("latin-1")
    progress.mark_solved("a")
    assert ProgressFile(path).entry("a").state == "solved"


def test_entries_of_another_kind_are_read_as_far_as_they_can_be(tmp_path):
    path = tmp_path / "progress.json"
    path.write_text(json.dumps({"exercises": {"a": {"hints": "many", "solved": "today"}, "b": 3}}))
    progress = ProgressFile(path)
    assert (progress.entry("a").hints, progress.entry("a").state) == (0, "solved")
    assert progress.entry("b").state == "untouched"


def test_a_disk_that_cannot_be_written_keeps_progress_in_memory(tmp_path):
    blocked = tmp_path / "a file, not a folder"
    blocked.write_text("")
    progress = ProgressFile(blocked / "progress.json")
    progress.mark_solved("a")
    progress.change("b", hints=1)
    assert progress.entry("a").state == "solved"
    assert progress.entry("b").hints == 1
    assert "kept until the kernel stops" in progress.trouble


@pytest.fixture
def full_disk(monkeypatch):
    """A disk that takes nothing within the `with` block that uses this."""

    @contextlib.contextmanager
    def full():
        def refuse(*arguments, **options):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("tempfile.mkstemp", refuse)
            yield

    return full


def test_an_old_file_does_not_undo_what_could_not_be_written(tmp_path, full_disk):
    progress = ProgressFile(tmp_path / "progress.json")
    progress.change("a", hints=1)
    with full_disk():
        progress.change("a", hints=2)
    assert progress.entry("a").hints == 2
    assert "No space left on device" in progress.trouble


def test_a_disk_that_has_room_again_gets_everything(tmp_path, full_disk):
    mine, other = (ProgressFile(tmp_path / "progress.json") for _ in range(2))
    with full_disk():
        mine.mark_solved("a")
    other.mark_solved("b")
    assert mine.entry("b").state == "solved"  # the memory does not hide what others wrote
    mine.change("c", hints=1)
    assert mine.trouble == ""
    kept = json.loads((tmp_path / "progress.json").read_text())["exercises"]
    assert set(kept) == {"a", "b", "c"}


def test_a_file_that_cannot_be_read_is_not_replaced(tmp_path, monkeypatch):
    path = tmp_path / "progress.json"
    ProgressFile(path).mark_solved("a")

    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    progress = ProgressFile(path)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", refuse)
        progress.mark_solved("b")
    assert progress.trouble == (
        f"{path} can't be read (Permission denied). Your progress is kept until the kernel stops."
    )
    assert set(json.loads(path.read_text())["exercises"]) == {"a"}
    progress.change("c", hints=1)
    assert set(json.loads(path.read_text())["exercises"]) == {"a", "b", "c"}


# ------------------------------------------------------------------------------------- all lessons
def test_the_progress_map_shows_what_was_solved_and_tried():
    RECORD.mark_solved("halve")
    RECORD.change("double", attempts=("a", "b"), hints=1)
    shown = {e["name"]: e for lesson in exercises.progress().lessons for e in lesson["exercises"]}
    assert list(shown) == [exercise.name for exercise in exercises.ALL]
    assert shown["halve"]["state"] == "solved"
    assert shown["double"] == {"name": "double", "state": "tried", "attempts": 2, "hints": 1}


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_an_export_has_one_row_for_each_exercise(tmp_path, suffix):
    RECORD.mark_solved("halve")
    path = tmp_path / f"progress{suffix}"
    reply = exercises.export(path, student="Ada")
    assert reply.text == f"Wrote {path}: 1 of {len(exercises.ALL)} exercises solved."
    text = path.read_text(encoding="utf-8")
    rows = json.loads(text) if suffix == ".json" else list(csv.DictReader(text.splitlines()))
    assert [row["name"] for row in rows] == [exercise.name for exercise in exercises.ALL]
    assert {row["student"] for row in rows} == {"Ada"}
    assert [row["name"] for row in rows if row["solved_at"]] == ["halve"]


def test_an_export_that_cannot_be_written_says_why(tmp_path):
    assert "has to end in .csv or .json" in exercises.export(tmp_path / "progress.xlsx").text
    assert "can't be written" in exercises.export(tmp_path / "missing" / "progress.csv").text
