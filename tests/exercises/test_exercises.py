"""Every exercise by its public faces (answers, slips, starter), and what the engine promises."""

import dataclasses

import pytest
import torch
from torch import nn

from unet_teach import exercises
from unet_teach.exercises.engine import Exercise, Outcome

ALL = [getattr(exercises, name) for name in exercises.__all__]


@pytest.fixture
def halve():
    """The exercise as a student first meets it."""
    return dataclasses.replace(exercises.halve)


def cases(part):
    return [
        pytest.param(exercise, item, id=f"{exercise.name}-{getattr(item, 'name', number)}")
        for exercise in ALL
        for number, item in enumerate(getattr(exercise, part))
    ]


@pytest.mark.parametrize(("exercise", "answer"), cases("answers"))
def test_every_right_answer_passes(exercise, answer):
    assert exercise.check(answer()).outcome is Outcome.SOLVED


@pytest.mark.parametrize(("exercise", "slip"), cases("slips"))
def test_every_slip_gets_its_own_sentence(exercise, slip):
    reply = exercise.check(slip.example())
    assert reply.outcome is Outcome.NOT_YET
    assert slip.says in reply.text


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.name)
def test_exercises_are_complete(exercise):
    assert isinstance(exercise, Exercise)
    assert len(exercise.answers) >= 2
    assert len(exercise.slips) >= 4
    assert len(exercise.hints) >= 3
    assert len({slip.says for slip in exercise.slips}) == len(exercise.slips)


@pytest.mark.parametrize("starter", [..., None])
def test_the_untouched_starter_is_not_attempted(halve, starter):
    assert halve.check(starter).outcome is Outcome.NOT_ATTEMPTED
    assert "Two different tries first" in halve.solution().text


def test_a_function_with_dots_for_a_body_is_not_attempted():
    def output_size(size, kernel_size, stride, padding): ...  # your code

    assert exercises.output_size.check(output_size).outcome is Outcome.NOT_ATTEMPTED


@pytest.mark.parametrize(
    "answer", [lambda *sizes: 0, lambda *sizes: print(end=""), lambda *sizes: "3"]
)
def test_a_wrong_formula_is_an_attempt_and_told_the_failing_call(answer):
    reply = exercises.output_size.check(answer)
    assert reply.outcome is Outcome.NOT_YET
    assert "output_size(" in reply.text


@pytest.mark.parametrize("answer", [0, "nn.Conv2d", nn.Conv2d, torch.zeros(3), object()])
def test_an_answer_of_another_kind_is_an_attempt_and_told_what_was_expected(halve, answer):
    reply = halve.check(answer)
    assert reply.outcome is Outcome.NOT_YET
    assert "layer" in reply.text


def test_an_unknown_wrong_answer_is_told_what_was_found(halve):
    reply = halve.check(nn.Conv2d(64, 128, 4, stride=2))
    sentence = "On a 32×32 map your layer gives 15×15, wanted 16×16: (32 + 2·0 − 4) // 2 + 1 = 15."
    assert sentence in reply.text


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (nn.Conv1d(64, 128, 3), "A map has height and width"),
        (nn.Linear(64, 128), "A map has height and width"),
        (nn.Flatten(), "wanted (N, C, H, W)"),
        (
            nn.Conv2d(64, 128, 3, stride=2, padding=1, dilation=2),
            "− (2·(3 − 1) + 1)) // 2 + 1 = 15",
        ),
        (nn.LSTM(32, 32), "LSTM"),
    ],
)
def test_other_layers_are_told_what_is_wrong_with_them(halve, answer, says):
    assert says in halve.check(answer).text


def test_a_layer_that_returns_two_things_is_told_so(halve):
    class Two(nn.Module):
        def forward(self, x):
            return x, x

    assert "Your layer returns a tuple." in halve.check(Two()).text


def test_the_solution_is_offered_from_the_second_failure_on(halve):
    assert "solution()" not in halve.check(0).text
    assert "solution()" not in halve.check(0).text  # the same answer again is no second try
    assert "solution()" in halve.check(1).text


def test_code_that_fails_becomes_a_sentence(halve):
    class Broken(nn.Module):
        def forward(self, x):
            raise KeyError("no <b>such</b> key")

    reply = halve.check(Broken())
    assert reply.outcome is Outcome.NOT_YET
    assert "stopped with KeyError" in reply.text
    assert "<b>such" not in reply._repr_html_()


def test_hints_unfold_one_at_a_time_and_stay(halve):
    assert halve.hint().text.count("Hint") == 1
    assert halve.hint().text.count("Hint") == 2
    for _ in range(5):
        last = halve.hint()
    assert last.text.count("Hint") == len(halve.hints)


def test_a_solution_comes_after_two_attempts_or_on_giving_up(halve):
    assert halve.solution(give_up=True).text == halve.solution_text
    assert halve.solution().text != halve.solution_text
    halve.check(0)
    assert halve.solution().text != halve.solution_text
    halve.check(1)
    assert halve.solution().text == halve.solution_text


def test_a_reply_says_its_outcome_in_words_and_symbol_in_both_forms(halve):
    reply = halve.check(nn.Conv2d(64, 128, 3, stride=2, padding=1))
    assert repr(reply).startswith("✓ Solved. ")
    assert "✓ Solved." in reply._repr_html_()
