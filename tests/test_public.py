"""The public surface is one list: the lessons import nothing else, and all of it is there."""

import ast
from pathlib import Path

import pytest

from unet_teach.public import PUBLIC

ROOT = Path(__file__).parents[1]
LESSONS = sorted((ROOT / "lessons").glob("[0-9][0-9]_*.py"))


def imports(path):
    """The modules and names that a file imports from the package, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("unet_teach"):
            for alias in node.names:
                yield node.module, alias.name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("unet_teach"):
                    yield alias.name, None


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem[:2])
def test_lessons_import_public_names_only(lesson):
    private = [(module, name) for module, name in imports(lesson) if name not in PUBLIC[module]]
    assert private == []


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_there_and_documented(module):
    for name in PUBLIC[module]:
        home = {}
        exec(f"from {module} import {name}", home)  # as a lesson does, submodules included
        assert getattr(home[name], "__doc__", None), name


# From the ground up. A folder imports from those below it; `shared` stands below all.
FLOORS = [
    ("shared", "public"),
    ("arithmetic",),
    ("networks",),
    ("widgets", "inspection", "segmentation"),
    ("exercises",),
    ("installation", "error_help", "lesson_docs"),
    ("__main__",),
]
FLOOR = {folder: height for height, folders in enumerate(FLOORS) for folder in folders}
PACKAGE = ROOT / "unet_teach"


def folder_of(path):
    """The first part of a module's path inside the package."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


@pytest.mark.parametrize("folder", FLOOR)
def test_imports_run_downwards(folder):
    files = [*PACKAGE.glob(f"{folder}.py"), *PACKAGE.glob(f"{folder}/**/*.py")]
    assert files
    for path in files:
        for module, name in imports(path):
            parts = [*module.split("."), name or ""]
            above = parts[1] if parts[1:] and parts[1] in FLOOR else None
            is_allowed = above is None or above == folder or FLOOR[above] < FLOOR[folder]
            assert is_allowed, f"{path.relative_to(ROOT)} imports {module}"


def test_every_folder_has_its_floor():
    found = {folder_of(path) for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"}
    assert found == set(FLOOR)
