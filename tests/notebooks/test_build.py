"""The builder: one source, a student's notebook and a solved one, and no drift between them."""

import base64
import html
import os
import struct
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import torch
from nbconvert import HTMLExporter, LatexExporter

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "lessons"))
import build  # noqa: E402
import widget_states  # noqa: E402

STUDENT_NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
SOLVED = ROOT / "notebooks" / "solved"


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
    assert len(set(after)) == 4 + 1  # and the cell that opens the next lesson


def test_each_notebook_ends_with_the_way_to_the_next_and_the_last_leads_to_the_first():
    sources = sorted((ROOT / "lessons").glob("[0-9][0-9]_*.py"))
    for source, following in zip(sources, [*sources[1:], sources[0]], strict=True):
        title = following.read_text(encoding="utf-8").splitlines()[1].removeprefix("# # ")
        for notebook in (build.student(source), build.solved(source)):
            call = f'next_lesson("{following.stem}.ipynb", "{title}")'
            assert notebook.cells[-1].source.splitlines()[-1] == call


def test_an_edited_source_is_drift(lesson, tmp_path):
    path = tmp_path / "99_example.ipynb"
    nbformat.write(build.student(lesson("a = 1")), path)
    assert build.differs(build.student(lesson("a = 1")), path) is None
    assert build.differs(build.student(lesson("a = 2")), path) == "differs from its source"


def test_executed_notebooks_hold_a_picture_of_each_widget(lesson):
    source = lesson("from unet_teach.widgets import ConvExplorer\nConvExplorer()")
    notebook = build.solved(source)
    notebook.cells.pop()  # the cell that opens the next lesson
    before = dict(os.environ)
    notebook = build.execute(notebook)
    assert os.environ == before, "later tests would train without a time limit"
    data = notebook.cells[0].outputs[0].data
    assert set(data) == {"text/plain", "text/html", "image/png"}
    assert "8×8 → 6×6" in data["text/plain"]
    assert "widgets" not in notebook.metadata


def test_executed_notebooks_hold_no_times_and_the_state_of_a_widget_beside_its_text(lesson):
    source = lesson(
        "from unet_teach.widgets import FeatureMaps\nFeatureMaps({'a map': [[1, 2, 3], [4, 5, 6]]})"
    )
    notebook = build.solved(source)
    notebook.cells.pop()  # the cell that opens the next lesson
    notebook = build.execute(notebook)
    (output,) = notebook.cells[0].outputs
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


def test_pages_and_pdf_show_a_picture_where_a_widget_or_a_figure_was():
    notebook = nbformat.read(SOLVED / "03_skip_connections.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    bundles = [output.get("data", {}) for output in outputs]
    texts = [data["text/plain"] for data in bundles if "image/png" in data]
    assert sum(text.startswith(("Predict", "SizeLedger", "FeatureMaps")) for text in texts) >= 5
    page, _ = HTMLExporter().from_notebook_node(notebook)
    for text in texts:
        assert f'alt="{text.splitlines()[0]}' in html.unescape(page)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells = [
        cell for cell in code if "text/markdown" not in str(cell.outputs)
    ]  # no pandoc
    latex, files = LatexExporter().from_notebook_node(notebook)
    shown = {name for name in files["outputs"] if name.endswith(".png") and name in latex}
    assert len(shown) == len(texts)


@pytest.mark.parametrize("path", sorted(SOLVED.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_solved_notebook_is_small(path):
    assert path.stat().st_size <= 1_500_000


def test_a_kept_state_names_what_the_package_has_and_rounds_own_weights():
    from unet_teach import UNet
    from unet_teach.networks.packed import pack, unpack

    texts = widget_states.packaged_texts()
    longest = max(texts, key=len)
    own = UNet(1, 1, depth=1, base_channels=2).eval()
    state = {"_tasks": [{"data": longest}, pack(own, 32)], "own": longest[1:], "n": 3}
    small = widget_states._made_small(state)
    assert small["_tasks"][0] == {"data": {"packaged": texts[longest]}}
    assert small["_tasks"][1]["bits"] == 8
    image = torch.rand(1, 1, 16, 16)
    with torch.no_grad():
        there = unpack(small["_tasks"][1])(image)
        torch.testing.assert_close(there, own(image), rtol=0, atol=0.05)
    again = widget_states.restored(small)
    assert again["_tasks"][0] == state["_tasks"][0]
    assert (again["own"], again["n"]) == (longest[1:], 3)


def _code_cells(path):
    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]


@pytest.mark.parametrize("path", STUDENT_NOTEBOOKS, ids=lambda path: path.stem)
def test_student_notebooks_have_gaps_in_place_of_solutions(path):
    code = _code_cells(path)
    assert not any("SOLUTION" in cell.source for cell in code)
    assert any("...  # your" in cell.source for cell in code)


@pytest.mark.parametrize("path", STUDENT_NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_that_students_read_have_at_most_15_lines(path):
    code = _code_cells(path)
    # Folded cells hold the words of a widget or draw a figure: nobody has to read them.
    unfolded = [c for c in code if not c.metadata.get("jupyter", {}).get("source_hidden")]
    assert max(cell.source.count("\n") + 1 for cell in unfolded) <= 15
