"""Grade five submissions of each lesson with the real nbgrader, and print the marks.

Run it from the project's folder: `python -m benchmarks.nbgrader_trial ENVIRONMENT`, with a virtual
environment in which `pip install nbgrader` was run and the course is installed. README.md explains.
"""

from __future__ import annotations

import argparse
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
HOSTILE = """\
import builtins, sys
from unet_teach.exercises import exercise, reply
from unet_teach.exercises.progress_file import RECORD
solved = lambda *_: reply.Reply("yes", reply.Outcome.SOLVED)
exercise.Exercise.check = solved
reply.Reply.__bool__ = lambda self: True
for name in {names}:
    RECORD.mark_solved(name)
class Anything:
    def __eq__(self, other): return True
    def __bool__(self): return True
    __hash__ = None
{answers} = Anything()"""
NOTHING = '{"version": 1, "exercises": {}}'
SHADOW = "raise SystemExit('a folder beside the notebook was taken for the course')\n"


def answers_of(path: Path) -> Mapping[str, str]:
    """Return the course's own solutions of the lesson, from nbgrader's source of it."""
    cells = nbformat.read(path, as_version=4).cells
    return {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }


def submit(
    folder: Path, lesson: str, student: str, answers: Mapping[str, str], *, unlock: bool = False
) -> Path:
    """Write a student's submission: the release with these answers, perhaps with easier checks."""
    notebook = nbformat.read(folder / "release" / lesson / f"{lesson}.ipynb", as_version=4)
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("solution") and about["grade_id"] in answers:
            cell.source = answers[about["grade_id"]]
        if unlock and about.get("grade"):
            cell.source = "assert True"
    path = folder / "submitted" / student / lesson / f"{lesson}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    return path


def hostile_answer(folder: Path, lesson: str) -> str:
    """Return code that replaces the checks, marks itself solved and gives an answer that fits."""
    cells = nbformat.read(folder / "source" / lesson / f"{lesson}.ipynb", as_version=4).cells
    checks = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    found = dict(re.findall(r"^exercises\.(\w+)\.check\((.+)\)$", checks, re.M))
    answers = sorted(set(re.findall(r"[a-z]\w*", " ".join(found.values()), re.I)))
    return HOSTILE.replace("{names}", repr(tuple(found))).replace("{answers}", " = ".join(answers))


def trial(lesson: str, programs: Path) -> bool:
    """Grade a lesson's submissions and print a row; return whether all is as it has to be."""
    folder = Path(tempfile.mkdtemp(prefix="nbgrader_"))
    build = [sys.executable, str(ROOT / "lessons" / "build.py"), lesson[:2], "--nbgrader"]
    subprocess.run([*build, str(folder)], check=True, stdout=subprocess.DEVNULL)
    own = folder / "data" / "unet_teach" / "progress.json"  # where the grader's progress is kept
    own.parent.mkdir(parents=True)
    own.write_text(NOTHING)
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

    nbgrader("generate_assignment", lesson)
    solutions = answers_of(folder / "source" / lesson / f"{lesson}.ipynb")
    left_out = list(solutions)[::2]
    some = [  # without those that call what was left out: lesson 4's U-Net is made of `double_conv`
        name
        for name in list(solutions)[1::2]
        if not any(re.search(rf"\b{other}\b", solutions[name]) for other in left_out)
    ]
    submit(folder, lesson, "right", solutions)
    submit(folder, lesson, "some", {name: solutions[name] for name in some})
    submit(folder, lesson, "untouched", {})
    attack = {next(iter(solutions)): hostile_answer(folder, lesson)}
    hostile = submit(folder, lesson, "hostile", attack, unlock=True)
    (hostile.parent / "unet_teach").mkdir()
    (hostile.parent / "unet_teach" / "__init__.py").write_text(SHADOW)
    damaged = submit(folder, lesson, "damaged", solutions)
    damaged.write_text(damaged.read_text(encoding="utf-8")[:5000], encoding="utf-8")
    nbgrader("autograde", lesson)
    with sqlite3.connect(folder / "gradebook.db") as book:
        marks = dict(
            book.execute(
                "select s.student_id, sum(coalesce(g.manual_score, g.auto_score, 0))"
                " from submitted_assignment s join submitted_notebook n on n.assignment_id = s.id"
                " join grade g on g.notebook_id = n.id group by s.student_id"
            )
        )
    wanted = {"right": len(solutions), "some": len(some), "untouched": 0, "hostile": 0}
    untouched = own.read_text() == NOTHING
    row = [lesson, *(f"{marks.get(each, 0):g} of {points}" for each, points in wanted.items())]
    row += [f"{marks.get('damaged') or 0:g}", "untouched" if untouched else "CHANGED"]
    fits = {name: points for name, points in marks.items() if name != "damaged"} == wanted
    fits = fits and untouched and not marks.get("damaged")
    row.append("" if fits else f"WRONG: {folder / 'log'}")
    print(f"| {' | '.join(row)} |", flush=True)
    return fits


def main() -> int:
    """Print each lesson's marks; return 1 if one differs from what it has to be."""
    parser = argparse.ArgumentParser(description="Grade five submissions a lesson with nbgrader.")
    parser.add_argument("environment", type=Path, help="a virtual environment that has nbgrader")
    parser.add_argument("lessons", nargs="*", help="numbers, such as 01; all when left out")
    options = parser.parse_args()
    stems = sorted(path.stem for path in (ROOT / "lessons").glob("[0-9][0-9]_*.py"))
    asked = [stem for stem in stems if not options.lessons or stem[:2] in options.lessons]
    print("marks of each submission, out of what it has to get; the grader's own progress")
    print("| lesson | right | every second | untouched | hostile | damaged | progress | |")
    print("|---|---|---|---|---|---|---|---|")
    results = [trial(stem, options.environment.resolve() / "bin") for stem in asked]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
