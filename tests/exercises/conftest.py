"""Every test begins without progress, and answers get the time that a busy machine needs."""

import pytest

from unet_teach.exercises import exercise as exercise_module
from unet_teach.exercises.checks import formulas, functions
from unet_teach.exercises.exercise import Exercise, KnownMistake
from unet_teach.exercises.progress_file import RECORD


@pytest.fixture(autouse=True)
def _no_progress(tmp_path, monkeypatch):
    monkeypatch.setattr(RECORD, "_path", tmp_path / "progress.json")
    monkeypatch.setattr(RECORD, "_memory", {})
    monkeypatch.setattr(exercise_module, "_LAST_REPLY", {})
    monkeypatch.setattr(exercise_module, "SECONDS", 600)


def double(x):
    return 2 * x


@pytest.fixture
def exercise():
    """A small exercise that asks for a function that doubles."""
    return Exercise(
        name="double",
        lesson=1,
        prompt="Double it.",
        checks=(
            functions.is_function("double(x)"),
            formulas.computes(double, "double", [(1,), (5,)]),
        ),
        mistakes=(
            KnownMistake(
                "square", "That is the square.", lambda: lambda x: x * x, lambda a: a(5) == 25
            ),
        ),
        hints=("What is twice 1?", "Add it to itself.", "`return ___ * x`"),
        solution_text="`return 2 * x`",
        praise="Twice as much.",
    )
