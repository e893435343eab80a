"""Progress outlives the kernel, survives a damaged file and a full disk, and can be exported."""

import contextlib
import csv
import json
from pathlib import Path

import pytest

from unet_teach import exercises
from unet_teach.exercises.export_file import NOTE, read_export
from unet_teach.exercises.progress_file import RECORD, ProgressEntry, ProgressFile


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
    reply = exercises.export(path, name="Ada")
    assert reply.text == f"Wrote {path}: 1 of {len(exercises.ALL)} exercises solved."
    text = path.read_text(encoding="utf-8")
    rows = json.loads(text) if suffix == ".json" else list(csv.DictReader(text.splitlines()))
    assert [row["name"] for row in rows] == [exercise.name for exercise in exercises.ALL]
    assert {row["student"] for row in rows} == {"Ada"}
    assert [row["name"] for row in rows if row["solved_at"]] == ["halve"]


def test_an_export_that_cannot_be_written_says_why(tmp_path):
    assert "has to end in .csv or .json" in exercises.export(tmp_path / "progress.xlsx").text
    assert "can't be written" in exercises.export(tmp_path / "missing" / "progress.csv").text


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_an_export_names_the_known_mistakes_and_says_that_it_proves_nothing(tmp_path, suffix):
    for answer in (lambda h: h, lambda h: 2 * h):
        exercises.output_size.check(answer)
    made = RECORD.entry("output_size")
    exercises.halve.check(exercises.halve.mistakes[0].example())
    exercises.halve.check(exercises.halve.mistakes[4].example())
    path = tmp_path / f"progress{suffix}"
    exercises.export(path, student="Ada")
    text = path.read_text(encoding="utf-8")
    assert text.count(NOTE) == 1
    assert not any(attempt in text for attempt in made.attempts)  # not even a hash of the code
    read = read_export(path)
    assert read.student == "Ada"
    assert read.entries["halve"].mistakes == ("channels swapped", "no stride")
    assert len(read.entries["output_size"].attempts) == 2


FORMULA = '=HYPERLINK("http://127.0.0.1/","@click")'


@pytest.mark.parametrize("name", [FORMULA, "+1", "-1", "@a", "\t=1", "'=1", "Zoë; 'x', \"y\""])
def test_no_name_is_a_formula_in_a_spreadsheet(tmp_path, name):
    path = tmp_path / "progress.csv"
    exercises.export(path, name)
    with path.open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
    assert read_export(path).student == name.strip().removeprefix("'" if name == "'=1" else "")


def test_names_of_known_mistakes_can_be_told_apart_in_a_cell():
    names = [mistake.name for exercise in exercises.ALL for mistake in exercise.mistakes]
    assert names
    assert not [name for name in names if ";" in name or name != name.strip()]


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_an_export_is_read_back_and_nothing_solved_is_lost(tmp_path, monkeypatch, suffix):
    RECORD.change("halve", solved="2026-01-02T03:04:05+00:00", hints=2, mistakes=("no stride",))
    RECORD.change("double", attempts=("a", "b", "c"), solution_read=True)
    file = tmp_path / f"export{suffix}"
    exercises.export(file)
    exported = read_export(file).entries
    monkeypatch.setattr(RECORD, "_path", tmp_path / "elsewhere.json")
    monkeypatch.setattr(RECORD, "_memory", {})
    RECORD.mark_solved("restore")
    RECORD.change("double", attempts=("a",), hints=1)
    assert exercises.load(file).text == f"Read {file}. Solved there: 1, of which new here: 1."
    assert exercises.load(file).text == f"Read {file}. Solved there: 1, of which new here: 0."
    assert RECORD.entry("restore").state == "solved"
    assert RECORD.entry("halve") == exported["halve"]
    double = RECORD.entry("double")
    assert (len(double.attempts), double.attempts[0], double.hints) == (3, "a", 1)
    assert double.solution_read
    kept = ProgressFile(tmp_path / "elsewhere.json")
    assert kept.entry("halve").solved == "2026-01-02T03:04:05+00:00"


def test_a_spreadsheets_way_of_saving_an_export_is_read(tmp_path):
    RECORD.mark_solved("halve")
    path = tmp_path / "export.csv"
    exercises.export(path, "Zoë")
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    read = read_export(path)
    assert (read.student, read.entries["halve"].state) == ("Zoë", "solved")


HEAD = "student,lesson,name,state,attempts,hints,solution_read,solved_at"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", "", "it has no rows"),
        ("a.csv", "x,y\n1,2\n", "row 1 names no exercise"),
        ("a.csv", f"{HEAD}\nA,1,halve,solved,many,0,False,\n", "attempts='many', not a number"),
        ("a.csv", f"{HEAD}\nA,1,halve,solved,1,-2,False,\n", "hints='-2', not a number"),
        ("a.csv", f"{HEAD}\nA,1,halve,solved,1,0,False,now\n", "solved_at='now', which is no time"),
        ("a.csv", f"{HEAD}\nA,1,hal", "attempts=None, not a number"),
        ("a.json", "{", "is no export of this course, or it is damaged"),
        ("a.json", "[" * 100_000, "is no export of this course, or it is damaged"),
        ("a.json", '{"exercises": 1}', "it has no rows"),
        ("a.json", "[3]", "row 1 names no exercise"),
        ("a.json", '[{"name": "halve", "attempts": 1, "hints": 0, "solved_at": 3}]', "no time"),
        ("a.csv", "\xff\xfe", "it is not in UTF-8"),
        ("a.csv", "x" * 1_000_001, "it is too large"),
    ],
)
def test_a_damaged_or_foreign_file_gets_a_sentence_and_changes_nothing(
    tmp_path, name, content, says
):
    RECORD.mark_solved("halve")
    before = RECORD.path.read_text()
    (tmp_path / name).write_bytes(content.encode("latin-1"))
    reply = exercises.load(tmp_path / name)
    assert says in reply.text
    assert reply.text.endswith("Nothing was changed.")
    assert RECORD.path.read_text() == before


def test_a_file_that_was_cut_anywhere_is_damaged(tmp_path):
    path = tmp_path / "export.csv"
    exercises.export(path, "Ada")
    whole = path.read_text(encoding="utf-8").rstrip("\n")
    assert read_export(path).student == "Ada"
    ends = {i for i, letter in enumerate(whole) if letter == "\n"}
    for end in {*ends, *(i + 1 for i in ends), *range(0, len(whole), 101), len(whole) - 1}:
        path.write_text(whole[:end], encoding="utf-8")
        with pytest.raises(ValueError, match="it is damaged"):
            read_export(path)


def test_a_file_that_is_missing_or_of_another_course_gets_a_sentence(tmp_path):
    assert "cannot be read (No such file" in exercises.load(tmp_path / "none.csv").text
    assert "cannot be read" in exercises.load(tmp_path).text
    other = tmp_path / "other.json"
    other.write_text('[{"name": "of another course", "attempts": 1, "hints": 0}]')
    assert "names no exercise of this course" in exercises.load(other).text


def test_merging_keeps_the_first_time_solved():
    early, late = ProgressEntry(solved="2026-01-01"), ProgressEntry(solved="2026-02-02")
    assert early.merged_with(late) == late.merged_with(early) == early
    assert late.merged_with(ProgressEntry()) == late
