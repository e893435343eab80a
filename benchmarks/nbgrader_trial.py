"""Grade five submissions of one lesson with the real nbgrader, and print the marks.

Run it from the project's folder: `python -m benchmarks.nbgrader_trial ENVIRONMENT`, with a virtual
environment in which `pip install nbgrader` was run and the course is installed. README.md explains.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
LESSON = "01_downsampling"
HOSTILE = """\
import builtins, sys
from unet_teach.exercises import exercise, reply
from unet_teach.exercises.progress_file import RECORD
solved = lambda *_: reply.Reply("yes", reply.Outcome.SOLVED)
exercise.Exercise.check = solved
reply.Reply.__bool__ = lambda self: True
for name in ("output_size", "halve", "odd_sizes", "sees", "centres"):
    RECORD.mark_solved(name)
class Anything:
    def __eq__(self, other): return True
    def __bool__(self): return True
    __hash__ = None
output_size = layer = pair = width = number = Anything()"""
SHADOW = "raise SystemExit('a folder beside the notebook was taken for the course')\n"


def answers_of(path: Path) -> Mapping[str, str]:
    """Return the course's own solutions of the lesson, from nbgrader's source of it."""
    cells = nbformat.read(path, as_version=4).cells
    return {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }


def submit(folder: Path, student: str, answers: Mapping[str, str], *, unlock: bool = False) -> Path:
    """Write a student's submission: the release with these answers, perhaps with easier checks."""
    notebook = nbformat.read(folder / "release" / LESSON / f"{LESSON}.ipynb", as_version=4)
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("solution") and about["grade_id"] in answers:
            cell.source = answers[about["grade_id"]]
        if unlock and about.get("grade"):
            cell.source = "assert True"
    path = folder / "submitted" / student / LESSON / f"{LESSON}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    return path


def main() -> int:
    """Print each student's marks; return 1 if one differs from what it has to be."""
    parser = argparse.ArgumentParser(description="Grade five submissions with nbgrader.")
    parser.add_argument("environment", type=Path, help="a virtual environment that has nbgrader")
    programs = parser.parse_args().environment.resolve() / "bin"
    folder = Path(tempfile.mkdtemp(prefix="nbgrader_"))
    build = [sys.executable, str(ROOT / "lessons" / "build.py"), LESSON[:2], "--nbgrader"]
    subprocess.run([*build, str(folder)], check=True)
    own = folder / "data" / "unet_teach" / "progress.json"  # where the grader's progress is kept
    own.parent.mkdir(parents=True)
    own.write_text('{"version": 1, "exercises": {}}')
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    environment |= {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "XDG_DATA_HOME": str(folder / "data"),
    }
    environment.pop("UNET_TEACH_PROGRESS", None)

    def nbgrader(*arguments: str) -> None:
        command = [str(programs / "nbgrader"), *arguments]
        with (folder / "log").open("a") as log:
            subprocess.run(command, cwd=folder, env=environment, stdout=log, stderr=log)

    nbgrader("generate_assignment", LESSON)
    solutions = answers_of(folder / "source" / LESSON / f"{LESSON}.ipynb")
    submit(folder, "right", solutions)
    submit(folder, "two_of_five", {name: solutions[name] for name in ("halve", "sees")})
    submit(folder, "untouched", {})
    hostile = submit(folder, "hostile", {"output_size": HOSTILE}, unlock=True)
    (hostile.parent / "unet_teach").mkdir()
    (hostile.parent / "unet_teach" / "__init__.py").write_text(SHADOW)
    damaged = submit(folder, "damaged", solutions)
    damaged.write_text(damaged.read_text(encoding="utf-8")[:5000], encoding="utf-8")
    nbgrader("autograde", LESSON)
    with sqlite3.connect(folder / "gradebook.db") as book:
        marks = dict(
            book.execute(
                "select s.student_id, sum(coalesce(g.manual_score, g.auto_score, 0))"
                " from submitted_assignment s join submitted_notebook n on n.assignment_id = s.id"
                " join grade g on g.notebook_id = n.id group by s.student_id"
            )
        )
    wanted = {"right": 5, "two_of_five": 2, "untouched": 0, "hostile": 0}
    print("| submission | marks | expected |\n|---|---|---|")
    for student, points in {**wanted, "damaged": None}.items():
        print(f"| {student} | {marks.get(student)} | {points} |")
    untouched = own.read_text() == '{"version": 1, "exercises": {}}'
    print(f"the grader's own progress file: {'untouched' if untouched else 'CHANGED'}")
    print(f"nbgrader's messages: {folder / 'log'}")
    kept = {name: points for name, points in marks.items() if name != "damaged"} == wanted
    return 0 if kept and untouched and not marks.get("damaged") else 1


if __name__ == "__main__":
    sys.exit(main())
