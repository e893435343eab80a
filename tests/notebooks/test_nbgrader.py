"""The assignments for nbgrader: its schema, one point an exercise, and links that lead somewhere.

`benchmarks/nbgrader_trial.py` grades submissions with the real nbgrader.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from unet_teach import exercises

ROOT = Path(__file__).parents[2]
LESSONS = sorted(path.stem for path in (ROOT / "lessons").glob("[0-9][0-9]_*.py"))
# nbgrader/nbgraderformat/v3.json: the fields of a cell, their types, and those that it must have.
FIELDS = {
    **{"schema_version": int, "grade": bool, "locked": bool, "solution": bool, "task": bool},
    **{"grade_id": str, "points": int, "checksum": str, "cell_type": str},
}
NEEDED = {"schema_version", "grade", "locked", "solution"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nbgrader")
    command = [sys.executable, str(ROOT / "lessons" / "build.py"), "--nbgrader", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def cells_of(folder, lesson):
    path = folder / "source" / lesson / f"{lesson}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return path, notebook.cells


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_exercise_is_an_answer_and_a_locked_check_for_one_point(folder, lesson):
    _, cells = cells_of(folder, lesson)
    about = [cell.metadata.nbgrader for cell in cells if "nbgrader" in cell.metadata]
    for fields in about:
        assert fields.keys() >= NEEDED
        assert all(type(value) is FIELDS[name] for name, value in fields.items())
        assert fields["schema_version"] == 3
        assert re.fullmatch(r"[a-zA-Z0-9_\-]+", fields["grade_id"])
        assert ("points" in fields) == fields["grade"] == fields["locked"] != fields["solution"]
    names = [e.name for e in exercises.ALL if e.lesson == int(lesson[:2])]
    assert [fields["grade_id"] for fields in about if fields["solution"]] == names
    assert [fields["grade_id"] for fields in about if fields["grade"]] == [
        f"{name}_check" for name in names
    ]
    assert sum(fields.get("points", 0) for fields in about) == len(names)


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_solution_lies_between_markers_and_every_check_is_hidden(folder, lesson):
    _, cells = cells_of(folder, lesson)
    for cell in cells:
        about = cell.metadata.get("nbgrader", {})
        assert ("### BEGIN SOLUTION" in cell.source) == bool(about.get("solution"))
        if about.get("grade"):
            assert cell.source.count("### BEGIN HIDDEN TESTS") == 1
            assert cell.source.endswith("### END HIDDEN TESTS")
            ast.parse(cell.source)
        if about.get("solution"):
            assert ".check(" not in cell.source
            stub = re.sub(r"(?ms)### BEGIN SOLUTION.*?### END SOLUTION", "...", cell.source)
            ast.parse(stub)  # what nbgrader leaves for students


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_link_of_an_assignment_leads_to_a_file(folder, lesson):
    path, cells = cells_of(folder, lesson)
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text)
    assert links
    assert not [link for link in links if not (path.parent / link).is_file()]


def test_a_hidden_check_trusts_nothing_that_the_answer_has_changed(tmp_path):
    """As in nbgrader: the answer's cell, then the check's, in one process."""
    sys.path.insert(0, str(ROOT / "lessons"))
    import build_nbgrader

    patch = (
        "from unet_teach import exercises\n"
        "from unet_teach.exercises import exercise, reply\n"
        "right = lambda *_: reply.Reply('', reply.Outcome.SOLVED)\n"
        "exercise.Exercise.check = right\n"
        "exercises.halvings.check(7).solved or 1 / 0\n"
        "times = "
    )
    check = build_nbgrader.HIDDEN.format(check="exercises.halvings.check(times)")
    (tmp_path / "unet_teach").mkdir()
    (tmp_path / "unet_teach" / "__init__.py").write_text("raise SystemExit(0)")
    for answer, code in (("7", 1), ("3", 0)):
        program = "import sys\nsys.path.insert(0, '')\n" + check.partition("\n")[2]
        ran = subprocess.run(
            [sys.executable, "-P" if sys.version_info >= (3, 11) else "-B", "-"],
            input=patch + answer + "\n" + program,
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        assert ran.returncode == code, ran.stderr
        assert ("AssertionError" in ran.stderr) == bool(code)
