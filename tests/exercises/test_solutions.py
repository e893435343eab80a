"""The exercises and the lessons that ask them agree: on the order, and on every solution."""

import ast
import re
import sys
import textwrap
from pathlib import Path

import pytest

from unet_teach import exercises

LESSONS = Path(__file__).parents[2] / "lessons"
sys.path.insert(0, str(LESSONS))
import build  # noqa: E402


def asked():
    """Each exercise in the lessons' order: lesson, name and the solution before its check."""
    for lesson in sorted(LESSONS.glob("[0-9][0-9]_*.py")):
        text, start = lesson.read_text(encoding="utf-8"), 0
        for check in re.finditer(r"^exercises\.(\w+)\.check\(", text, re.M):
            regions = build.REGION.finditer(text, start, check.start())
            solution = "".join(textwrap.dedent(region["code"]) for region in regions)
            yield int(lesson.name[:2]), check[1], solution
            start = check.end()
        assert "### BEGIN SOLUTION" not in text[start:], f"{lesson.name}: a solution without check"


def essence(code):
    """Code in one spelling: the value of a lone assignment, the bodies of methods."""
    statements = ast.parse(code).body
    if all(isinstance(statement, ast.FunctionDef) for statement in statements):
        statements = [
            statement
            for method in statements
            for statement in method.body
            if "super().__init__(" not in ast.unparse(statement)
        ]
    if len(statements) == 1 and isinstance(statements[0], ast.Assign | ast.Expr):
        statements = [statements[0].value]
    return "\n".join(map(ast.unparse, statements))


def test_exercises_are_in_the_order_in_which_the_lessons_ask_them():
    assert [(e.lesson, e.name) for e in exercises.ALL] == [(n, name) for n, name, _ in asked()]


@pytest.mark.parametrize(("name", "solution"), [pytest.param(*a[1:], id=a[1]) for a in asked()])
def test_the_solution_of_an_exercise_begins_with_the_code_of_its_lesson(name, solution):
    shown = re.match(r"`([^`]+)`", getattr(exercises, name).solution_text)
    assert shown, "A solution begins with its code between backticks."
    assert essence(shown[1]) == essence(solution)
