"""The workflow for GitHub, which cannot run here, and the check of commit subjects."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
CHECK = ROOT / ".ci" / "commit_subject.py"


@pytest.fixture(scope="module")
def course():
    spec = importlib.util.spec_from_file_location("course", ROOT / "course.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def job():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text("utf-8"))
    return workflow["jobs"]["test"]


def test_every_python_of_the_course_is_tested_on_every_system(course, job):
    matrix = job["strategy"]["matrix"]
    oldest, newest = course.OLDEST[1], course.NEWEST[1]
    assert matrix["python"] == [f"3.{minor}" for minor in range(oldest, newest + 1)]
    assert matrix["system"] == ["ubuntu", "macos", "windows"]
    assert job["runs-on"] == "${{ matrix.system }}-latest"


def test_each_system_runs_the_readme_s_own_command_once(course, job):
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "`python3 course.py test`" in readme
    runs = [step for step in job["steps"] if "run" in step]
    systems = [re.fullmatch(r"matrix\.system == '(\w+)'", step["if"])[1] for step in runs]
    assert systems == job["strategy"]["matrix"]["system"]
    for step in runs:
        assert re.fullmatch(r"python3? course\.py test( --cpu)?", step["run"])
        assert "--cpu" not in step["run"] or "--cpu" in course.USAGE


def test_actions_are_pinned_and_the_cache_follows_what_course_py_installs(course, job):
    actions = {step["uses"].split("@")[0]: step for step in job["steps"] if "uses" in step}
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]) for step in actions.values())
    cache = actions["actions/setup-python"]["with"]
    assert cache["cache"] == "pip"
    assert cache["cache-dependency-path"].split() == course.REQUIREMENTS["test"]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("inspection: build the graph of a recording once\n\nThe reason.\n", 0),
        ("s" * 72, 0),
        ("\n# a comment of git's\n" + "s" * 72 + "\n\n" + "b" * 200, 0),
        ("×" * 72, 0),
        ("subject\n# ------------------------ >8 ------------------------\ndiff --git", 0),
        ("s" * 73, 1),
        ("# a comment of git's\n" + "s" * 73 + "\n", 1),
        ("\n# nothing but a comment\n", 1),
        ("subject\nno empty line", 1),
    ],
    ids=range(9),
)
def test_a_commit_has_a_subject_of_at_most_72_characters(tmp_path, message, code):
    file = tmp_path / "COMMIT_EDITMSG"
    file.write_text(message, encoding="utf-8")
    done = subprocess.run([sys.executable, str(CHECK), str(file)], capture_output=True, text=True)
    assert (done.returncode, bool(done.stderr)) == (code, bool(code))
    assert "Traceback" not in done.stderr


def test_pre_commit_checks_the_subject_of_each_commit():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    (hook,) = [hook for hook in config["repos"][0]["hooks"] if hook["id"] == "commit-subject"]
    assert hook["stages"] == ["commit-msg"]
    assert hook["entry"] == f"python {CHECK.relative_to(ROOT).as_posix()}"
    assert "commit-msg" in config["default_install_hook_types"]
    assert config["default_stages"] == ["pre-commit"]  # the other hooks see files, not messages
