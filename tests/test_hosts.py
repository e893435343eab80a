"""A lesson needs nothing but the wheel: not the repository, and on Colab not even that."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import nbformat
import pytest

from benchmarks import hosts
from benchmarks.hosts import COLAB, NOTEBOOKS, RESULTS, differing_cells, run_alone
from unet_teach.lesson_docs import ALONE, MISSING, lesson_docs, show_lesson_docs

ROOT = Path(__file__).parents[1]
ALL = [*NOTEBOOKS.glob("*.ipynb"), *(NOTEBOOKS / "solved").glob("*.ipynb")]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    run = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_all_that_the_repository_has_for_a_lesson(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "unet_teach"
    files = [path for path in package.rglob("*") if path.is_file()]
    needed = {path.relative_to(ROOT) for path in files if "__pycache__" not in path.parts}
    needed |= {Path("unet_teach", path.relative_to(ROOT)) for path in ROOT.glob("docs/images/*")}
    needed |= {Path("unet_teach/docs", name) for name in ("the_document.md", "glossary.md")}
    assert {path.as_posix() for path in needed} <= held


def test_on_colab_a_notebook_alone_installs_the_course(wheel, tmp_path):
    """The host has the packages of this environment, and not the course's."""
    venv.create(tmp_path / "host", with_pip=False)
    names = {"base": str(tmp_path / "host"), "platbase": str(tmp_path / "host")}
    site = Path(sysconfig.get_path("purelib", vars=names))
    # A folder that a .pth file names is searched; .pth files in it, such as the course's own, not.
    (site / "host.pth").write_text(sysconfig.get_path("purelib"))
    python = tmp_path / "host" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    path = NOTEBOOKS / "solved" / "00_how_do_you_know.ipynb"
    host = {**COLAB, "UNET_TEACH_WHEEL": str(wheel), "PIP_NO_INDEX": "1"}
    executed = run_alone(path, str(python), host)
    (cell,) = (cell for cell in executed.cells if cell.id == "host-install")
    shown = "".join(output.get("data", {}).get("text/markdown", "") for output in cell.outputs)
    assert shown.startswith(ALONE)
    assert differing_cells(executed, nbformat.read(path, as_version=4)) == []
    assert [each.name for each in site.glob("*.dist-info")] == ["unet_teach-0.2.0.dist-info"]


def first_code(path):
    return next(c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code")


@pytest.mark.parametrize("path", ALL, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_notebook_begins_with_the_folded_cell(path):
    cell = first_code(path)
    assert cell.id == "host-install"
    assert cell.metadata.jupyter.source_hidden
    assert f"show_lesson_docs({int(path.stem[:2])})" in cell.source
    assert cell.outputs == []


@pytest.mark.parametrize(("home", "said"), [("", "no address"), ("ada/course", "switch")])
def test_where_the_course_is_missing_the_cell_says_what_to_do(home, said, tmp_path):
    code = first_code(ALL[0]).source.replace('HOME = ""', f'HOME = "{home}"')
    run = subprocess.run(  # -I: not the folder of the repository, -S: no installed packages
        [sys.executable, "-I", "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert said in run.stdout
    assert run.stderr == ""


def test_the_home_is_written_into_a_notebook_in_one_place():
    spec = importlib.util.spec_from_file_location("home", ROOT / "docs" / "book" / "home.py")
    home = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(home)
    assert {path.relative_to(ROOT).as_posix() for path in ALL} <= home.GENERATED.keys()
    written = home.in_notebook(ALL[0].read_text(encoding="utf-8"), "ada/course")
    assert written.count("ada/course") == 1
    assert 'HOME = \\"ada/course\\"' in written
    cell = next(c for c in nbformat.reads(written, as_version=4).cells if c.cell_type == "code")
    assert 'HOME = "ada/course"' in cell.source


@pytest.mark.parametrize("lesson", range(10))
def test_what_a_lesson_refers_to_is_in_the_package(lesson):
    text = lesson_docs(lesson)
    source = next((ROOT / "lessons").glob(f"{lesson:02}_*.py")).read_text(encoding="utf-8")
    images = set(re.findall(r"docs/images/([\w.]+)", source))
    assert text.count("](data:image/") == len(images) > 0
    assert "### How do you know if it's U-Net?" in text
    assert "| ablation |" in text


def test_a_copy_without_documents_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr("unet_teach.lesson_docs.PACKAGED", tmp_path)
    assert lesson_docs(1) == MISSING


def test_beside_the_documents_nothing_is_shown(monkeypatch, capsys):
    for folder in ("notebooks", "notebooks/solved"):
        monkeypatch.chdir(ROOT / folder)
        show_lesson_docs(1)
    assert capsys.readouterr().out == ""


def test_the_page_says_what_was_measured():
    page = (ROOT / "docs" / "hosts.md").read_text(encoding="utf-8")
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert hosts.table(results) in page
    assert all(row["runs"] for each in results.values() for n, row in each.items() if n.isdigit())
