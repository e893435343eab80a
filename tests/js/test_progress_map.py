"""What ProgressMap's front end says of an exercise, and where it puts a lesson."""

import json

import pytest

SCRIPT = """
import { next, place, sentence } from './views/progress_map.js';
const [name, ...given] = JSON.parse(process.argv[1]);
console.log(JSON.stringify({ next, place, sentence }[name](...given)));
"""


@pytest.fixture
def ask(node):
    def ask(name, *given):
        run = node("--input-type=module", "-e", SCRIPT, json.dumps([name, *given]))
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    return ask


def exercise(state, attempts=0, hints=0, name="halve"):
    return {"name": name, "state": state, "attempts": attempts, "hints": hints}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (exercise("solved", 3, 1), "halve: solved after 3 attempts, 1 hint."),
        (exercise("solved", 1, 2), "halve: solved after 1 attempt, 2 hints."),
        (exercise("solved"), "halve: solved."),
        (exercise("tried", 2), "halve: tried, 2 attempts."),
        (exercise("untouched", hints=1), "halve: untouched, 1 hint."),
        (exercise("untouched"), "halve: untouched."),
    ],
)
def test_an_exercise_is_told_in_a_sentence(ask, given, says):
    assert ask("sentence", given) == says


def test_next_is_the_first_exercise_that_is_not_solved(ask):
    lessons = [
        {"number": 0, "title": "Start", "exercises": []},
        {"number": 1, "title": "Down", "exercises": [exercise("solved")]},
        {
            "number": 2,
            "title": "Up",
            "exercises": [exercise("solved"), exercise("tried", name="b")],
        },
        {"number": 3, "title": "Skip", "exercises": [exercise("untouched", name="c")]},
    ]
    assert ask("next", lessons) == {"number": 2, "sentence": "Next: b, in lesson 2."}
    assert ask("next", lessons[:2]) == {"number": None, "sentence": "Every exercise is solved."}
    assert ask("next", lessons[:1]) == {"number": None, "sentence": "There are no exercises yet."}


@pytest.mark.parametrize(
    ("count", "levels", "arms"),
    [
        (1, [0], "b"),
        (2, [0, 1], "db"),
        (3, [0, 1, 0], "dbu"),
        (4, [0, 1, 2, 1], "ddbu"),
        (9, [0, 1, 2, 3, 4, 3, 2, 1, 0], "ddddbuuuu"),
    ],
)
def test_lessons_go_down_one_arm_and_up_the_other(ask, count, levels, arms):
    places = [ask("place", i, count) for i in range(count)]
    assert [place["level"] for place in places] == levels
    assert "".join(place["arm"][0] for place in places) == arms
