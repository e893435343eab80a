"""The course's home: stored in one place, and everything else is made from it."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = {".md", ".toml", ".py", ".yml", ".yaml", ".cff", ".json", ".txt", ".ipynb", ".html", ".js"}
PLACES = ["*", ".github/**/*", *(f"{name}/**/*" for name in ("binder", "deploy", "docs"))]
PLACES += [f"{name}/**/*" for name in ("lessons", "notebooks", "unet_teach")]
LINK = re.compile(r"(?:github\.com(?:/|%2F)|mybinder\.org/v2/gh/|github/)([\w.-]+(?:/|%2F)[\w.-]+)")


@pytest.fixture(scope="module")
def home():
    spec = importlib.util.spec_from_file_location("home", ROOT / "docs" / "book" / "home.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def course(tmp_path, home):
    """The files that a home is written into, course.py among them."""
    names = ["course.py", "docs/book/home.py", "pyproject.toml", *home.GENERATED]
    for name in filter(lambda name: (ROOT / name).is_file(), names):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    if not (tmp_path / "CITATION.cff").is_file():
        (tmp_path / "CITATION.cff").write_text("cff-version: 1.2.0\ntitle: a course\n")
    return tmp_path


def run(course, *arguments):
    command = [sys.executable, "course.py", "home", *arguments]
    return subprocess.run(command, cwd=course, capture_output=True, encoding="utf-8")


def texts(course):
    files = (path for path in course.rglob("*") if path.suffix in TEXT)
    return {path.relative_to(course).as_posix(): path.read_text("utf-8") for path in files}


def test_it_is_set_once_and_can_be_changed(course, home):
    first = run(course, "ada/unet-course")
    assert (first.returncode, home.read(course)) == (0, "ada/unet-course"), first.stderr
    assert "pyproject.toml" in first.stdout
    after = texts(course)
    again = run(course, "https://github.com/ada/unet-course.git")
    assert "that already" in again.stdout
    assert texts(course) == after
    assert run(course, "bob/seminar").returncode == 0
    changed = texts(course)
    assert not [
        name for name, text in changed.items() if "ada/" in text and name != "docs/book/home.py"
    ]
    assert [after[name].replace("ada/unet-course", "X").count("X") for name in home.GENERATED] == [
        changed[name].replace("bob/seminar", "X").count("X") for name in home.GENERATED
    ]
    assert run(course, "ada/unet-course").returncode == 0
    assert texts(course) == after


def test_everything_that_is_generated_names_it(course, home):
    home.write("ada/unet-course", course)
    for name in ("pyproject.toml", "README.md", "CITATION.cff"):
        assert "ada/unet-course" in (course / name).read_text("utf-8"), name
    assert "github.com%2Fada%2Funet-course&" in (course / "docs/hub.md").read_text("utf-8")
    readme = (course / "README.md").read_text("utf-8")
    assert "mybinder.org/v2/gh/ada/unet-course/main" in readme
    assert "https://ada.github.io/unet-course/" in readme


def test_the_readme_has_no_dead_badge(home):
    readme = (ROOT / "README.md").read_text("utf-8")
    block = home.BADGE.search(readme)[0]
    badge = "mybinder.org/badge_logo.svg"
    assert (badge in block) == bool(home.read())
    assert badge not in readme.replace(block, "")
    if not home.read():
        assert f"python3 course.py home {home.PLACEHOLDER}" in block


def test_no_other_file_names_a_home(home):
    """A place that names a home and isn't written by `home` would be left behind by it."""
    known = {"pyproject.toml", "docs/book/home.py", *home.GENERATED}
    own = {"OWNER/REPOSITORY", home.read(), home.read().replace("/", "%2F"), "OWNER%2FREPOSITORY"}
    paths = [path for place in PLACES for path in ROOT.glob(place) if path.suffix in TEXT]
    assert len(paths) > 300
    for path in paths:
        name = path.relative_to(ROOT).as_posix()
        if name in known:
            continue
        found = set(LINK.findall(path.read_text("utf-8", errors="replace"))) & (own - {""})
        assert not found, f"{name} names {found}"


@pytest.mark.parametrize(
    "given",
    [
        *("", "ada", "ada/", "/x", "a b/c", "ada/x/y", "-ada/x", "ada/.."),
        *("https://gitlab.com/ada/x", "OWNER/REPOSITORY", 'ada/x"\n'),
    ],
)
def test_what_is_no_home_gets_a_sentence_and_writes_nothing(course, given):
    before = texts(course)
    done = run(course, given)
    assert done.returncode == 2
    assert "is no repository on GitHub" in done.stderr
    assert "python3 course.py home ada/unet-course" in done.stderr
    assert "Traceback" not in done.stderr
    assert texts(course) == before


def test_without_a_name_it_says_what_is_set(course, home):
    assert "The home is " in run(course).stderr
    home.write("ada/unet-course", course)
    assert "ada/unet-course" in run(course).stderr


def test_a_repository_of_the_owner_s_site_is_served_at_its_root(home):
    assert home.book("Ada/ada.github.io") == "https://ada.github.io/"
