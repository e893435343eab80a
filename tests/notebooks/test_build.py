"""The builder: one source, a student's notebook and a solved one, and no drift between them."""

import base64
import struct
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "lessons"))
import build  # noqa: E402

STUDENT_NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


@pytest.fixture
def lesson(tmp_path):
    def write(*cells):
        source = tmp_path / "99_example.py"
        source.write_text("\n\n".join(f"# %%\n{cell}" for cell in cells) + "\n", encoding="utf-8")
        return source

    return write


def test_notebooks_are_built_from_their_lessons():
    check = subprocess.run(
        [sys.executable, str(ROOT / "lessons" / "build.py"), "--check"],
        capture_output=True,
        text=True,
    )
    assert check.returncode == 0, check.stderr


def test_a_solution_leaves_its_name_and_loses_its_value(lesson):
    source = lesson("### BEGIN SOLUTION\nlayer = 41 + 1\n### END SOLUTION\nprint(layer)")
    assert build.student(source).cells[0].source == "layer = ...  # your answer\nprint(layer)"
    assert build.solved(source).cells[0].source == "layer = 41 + 1\nprint(layer)"


def test_a_solution_of_two_names_leaves_both(lesson):
    source = lesson("### BEGIN SOLUTION\none, two = 1, 2\n### END SOLUTION\nprint(one)")
    left = "one, two = ..., ...  # your answer\nprint(one)"
    assert build.student(source).cells[0].source == left


@pytest.mark.parametrize("body", ["return x + 1", "y = x + 1\n    return y"])
def test_a_solution_inside_a_function_leaves_its_indent_and_no_names(lesson, body):
    source = lesson(f"def f(x):\n    ### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION")
    assert build.student(source).cells[0].source == "def f(x):\n    ...  # your code"


def test_a_half_written_solution_is_refused(lesson):
    with pytest.raises(SystemExit, match="without END SOLUTION"):
        build.student(lesson("### BEGIN SOLUTION\nlayer = 1"))


def test_cell_ids_are_stable_under_edits_elsewhere_and_differ_between_equal_cells(lesson):
    before = [cell.id for cell in build.student(lesson("a = 1", "b = 2", "b = 2")).cells]
    after = [cell.id for cell in build.solved(lesson("new = 0", "a = 1", "b = 2", "b = 2")).cells]
    assert after[1:] == before
    assert len(set(after)) == 4


def test_an_edited_source_is_drift(lesson, tmp_path):
    path = tmp_path / "99_example.ipynb"
    nbformat.write(build.student(lesson("a = 1")), path)
    assert build.differs(build.student(lesson("a = 1")), path) is None
    assert build.differs(build.student(lesson("a = 2")), path) == "differs from its source"


def test_executed_notebooks_hold_no_times_and_the_state_of_a_widget_beside_its_text(lesson):
    source = lesson(
        "from unet_teach.widgets import FeatureMaps\nFeatureMaps({'a map': [[1, 2, 3], [4, 5, 6]]})"
    )
    notebook = build.execute(build.solved(source))
    (output,) = notebook.cells[0].outputs
    assert list(output.data) == ["text/plain"]
    assert "a map 2×3" in output.data["text/plain"]
    kept = output.metadata.unet_teach_widget
    assert (kept.bundle, kept.state.channel) == ("feature_maps", 0)
    assert not {"_esm", "_css", "layout"} & kept.state.keys()
    (values,) = kept.buffers
    assert values.path == ["_maps", 0, "values"]
    numbers = struct.unpack("<6f", base64.b64decode(values.data))
    assert numbers == (1, 2, 3, 4, 5, 6)
    assert "widgets" not in notebook.metadata
    assert "execution" not in notebook.cells[0].metadata


@pytest.mark.parametrize("path", STUDENT_NOTEBOOKS, ids=lambda path: path.stem)
def test_student_notebooks_hold_no_solution(path):
    code = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert not any("SOLUTION" in cell.source for cell in code)
    assert any("...  # your" in cell.source for cell in code)
    # Folded cells hold the words of a widget or draw a figure: nobody has to read them.
    unfolded = [c for c in code if not c.metadata.get("jupyter", {}).get("source_hidden")]
    assert max(cell.source.count("\n") + 1 for cell in unfolded) <= 15
