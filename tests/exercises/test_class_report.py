"""`python -m unet_teach progress DIR`: a class of 200 made-up students, and files to look at."""

import csv
import re

import pytest

from tests.exercises.made_up_class import write_class
from unet_teach import exercises
from unet_teach.__main__ import main
from unet_teach.exercises.class_report import ClassReport
from unet_teach.exercises.export_file import row_of, write_rows
from unet_teach.exercises.progress_file import ProgressEntry


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    write_class(folder, 200)
    return folder


@pytest.fixture(scope="module")
def report(folder):
    return ClassReport(folder, exercises.ALL)


def test_every_student_is_counted_once(report):
    assert len(report.students) == 204
    assert report.files == 205
    assert "Student 002 has 2 files, merged: Student_002.csv, lab/unet_progress.csv." in (
        report.remarks
    )


@pytest.mark.parametrize(
    "remark",
    [
        "cut_off.csv is no export of this course, or it is damaged",
        f"rows of {len(exercises.ALL)}, so a part of it is missing.",  # cut_between.csv
        "grades.csv is no export of this course, or it is damaged",
        "Student 001 and A Copy solved",
        "at_once.csv: more than 8 exercises were solved within one minute.",
        "future.json: an exercise was solved on 21",
        "future.json: halvings has 99 hints read, of ",
    ],
)
def test_a_file_to_look_at_is_named(report, remark):
    assert sum(remark in said for said in report.remarks) == 1


def test_an_honest_file_is_not_named(report):
    named = {int(n) for said in report.remarks for n in re.findall(r"Student.(\d{3})", said)}
    assert named == {1, 2}  # the file that was copied, and the one that is there twice


def test_a_class_is_counted_by_exercise_and_mistake(tmp_path):
    """Three students, counted by hand."""
    made = [
        ProgressEntry(attempts=("a", "b"), mistakes=("no stride", "padding forgotten")),
        ProgressEntry(attempts=("a",), mistakes=("no stride",), solved="2026-01-02T00:00:00+00:00"),
        ProgressEntry(solved="2026-01-03T00:00:00+00:00"),
        ProgressEntry(),
    ]
    for i, entry in enumerate(made):
        write_rows(tmp_path / f"{i}.csv", [row_of("", 1, "halve", entry)])
    report = ClassReport(tmp_path, exercises.ALL)
    (halve,) = (count for count in report.counts if count.exercise.name == "halve")
    assert (halve.students, halve.tried, halve.solved, halve.at_once) == (4, 3, 2, 1)
    assert halve.attempts == 1
    assert halve.mistakes == (("no stride", 2), ("padding forgotten", 1))
    assert re.search(r"1 halve +3 +2 +1 +0 +0  2 of 3: no stride\n", report.table())
    assert [row[1:] for row in report.frequent] == [("no stride", 2), ("padding forgotten", 1)]
    assert report.solved_by() == {"0": 0, "1": 1, "2": 1, "3": 0}


def test_the_command_writes_a_page_and_a_table(folder, tmp_path, capsys):
    page, table = tmp_path / "class.html", tmp_path / "class.csv"
    assert main(["progress", str(folder), "--html", str(page), "--csv", str(table)]) == 0
    assert "204 students, 205 files." in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text  # a name is text, whatever it holds
    assert "&lt;script&gt;" in text
    assert not re.search(r"(src|href)=|url\(|@import", text)
    for exercise in exercises.ALL:
        assert f"<b>{exercise.name}</b>" in text
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["exercise"] for row in rows} == {exercise.name for exercise in exercises.ALL}
    assert all(int(row["made_by"]) <= int(row["tried"]) <= int(row["students"]) for row in rows)


def test_a_folder_without_exports_gets_a_sentence(tmp_path, capsys):
    assert main(["progress", str(tmp_path)]) == 1
    assert "There is no export here." in capsys.readouterr().out
    assert main(["progress", str(tmp_path / "none")]) == 2
    assert "is no folder" in capsys.readouterr().out
