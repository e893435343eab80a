"""An exercise has three outcomes, opens a hint with each attempt, and knows a repeated answer."""

import torch
from torch import nn

from tests.contrast import contrast, linear
from unet_teach.exercises.answer_code import fingerprint
from unet_teach.exercises.exercise import Check, Exercise, Outcome, Reply


def double(x):
    return 2 * x


def test_three_outcomes_in_words_symbol_and_colour(exercise):
    def untouched(x):
        """Say it twice."""
        ...

    for answer, outcome in [
        (double, Outcome.SOLVED),
        (lambda x: x, Outcome.NOT_YET),
        (..., Outcome.NOT_ATTEMPTED),
        (untouched, Outcome.NOT_ATTEMPTED),
    ]:
        reply = exercise.check(answer)
        assert reply.outcome is outcome
        assert repr(reply).startswith(f"{outcome.symbol} {outcome.word} ")
        for part in (outcome.symbol, outcome.word, outcome.colour):
            assert part in reply._repr_html_()


def test_each_outcomes_colour_can_be_read_on_both_themes():
    for outcome in Outcome:
        assert contrast(linear(outcome.colour), linear("#ffffff")) >= 4.5
        assert contrast(linear(outcome.colour), linear("#111111")) >= 3  # JupyterLab's dark ground


def test_text_is_never_markup_and_backticks_are_code():
    shown = Reply("`a < b` & <script>")._repr_html_()
    assert "<code>a &lt; b</code> &amp; &lt;script&gt;" in shown


def test_a_known_mistake_gets_its_sentence_and_an_unknown_one_the_smallest_failing_call(
    exercise,
):
    reply = exercise.check(lambda x: x * x)
    assert "`double(1)` returns 1, but it should return 2." in reply.text
    assert "That is the square." in reply.text
    assert "That is the square." not in exercise.check(lambda x: x + 1 - 1).text
    assert "`double(5)` returns 6, but it should return 10." in exercise.check(lambda x: x + 1).text


# ------------------------------------------------------------------------------ hints and solution
def test_each_attempt_opens_one_more_hint(exercise):
    assert exercise.hint().text == "Hint 1 of 3: What is twice 1?"
    assert "opens with your next attempt" in exercise.hint().text
    exercise.check(lambda x: 1)
    assert exercise.hint().text.count("Hint") == 2
    exercise.check(lambda x: 2)
    for _ in range(3):
        last = exercise.hint().text
    assert last.count("Hint") == 3
    assert "opens" not in last


def test_after_the_last_hint_there_is_a_next_step(exercise):
    for wrong in (lambda x: 1, lambda x: 2):
        exercise.hint()
        exercise.check(wrong)
    assert exercise.hint().text.startswith("Hint 1 of 3")  # the third is new
    again = exercise.hint().text
    assert again.startswith("You have read all 3 hints. Run `exercises.double.check(…)`")
    assert "`exercises.double.solution()`" in again
    assert again.count("Hint") == 3
    exercise.check(double)
    assert exercise.hint().text.startswith("You have solved this exercise")


def test_a_failed_check_offers_what_is_open(exercise):
    assert "Hint 1 of 3: run" in exercise.check(lambda x: 1).text
    exercise.hint()
    exercise.hint()
    reply = exercise.check(lambda x: 1)  # the same answer again opens nothing
    assert "hint" not in reply.text
    assert "solution" not in reply.text
    reply = exercise.check(lambda x: 3)
    assert "Hint 3 of 3: run" in reply.text
    assert "exercises.double.solution()" in reply.text


def test_a_solution_comes_after_two_attempts_or_on_giving_up(exercise):
    assert "Try two different answers first" in exercise.solution().text
    exercise.check(lambda x: 1)
    exercise.check(lambda x: 1)
    assert "Try two different answers first" in exercise.solution().text
    assert exercise.solution(give_up=True).text == exercise.solution_text
    exercise.check(lambda x: 3)
    assert exercise.solution().text == exercise.solution_text


def test_the_same_answer_given_again_is_one_attempt():
    def layer(width):
        class Net(nn.Module):
            def forward(self, x):
                return x * width

        return Net()

    twice = [lambda x: x + 1, lambda x: x + 1, lambda x: x + 2]
    assert fingerprint(twice[0]) == fingerprint(twice[1])
    assert fingerprint(twice[0]) != fingerprint(twice[2])
    assert fingerprint(layer(1)) == fingerprint(layer(1))
    assert fingerprint(nn.Conv2d(1, 1, 3)) != fingerprint(nn.Conv2d(1, 1, 5))
    assert fingerprint(torch.zeros(2)) != fingerprint(torch.zeros(3))


def test_a_layers_running_statistics_stay(exercise):
    norm = nn.BatchNorm2d(1)
    looks = Check("anything", lambda layer: str(layer(torch.ones(2, 1, 3, 3)).mean()))
    look = Exercise("look", 1, "Look.", (looks,), (), ("?",) * 3, "", "")
    look.check(norm)
    assert norm.num_batches_tracked == 0


def test_a_reply_is_true_only_when_the_exercise_is_solved(exercise):
    assert exercise.check(lambda x: 2 * x)
    assert exercise.check(lambda x: 2 * x).solved
    for reply in (
        exercise.check(lambda x: 3 * x),
        exercise.check(...),
        exercise.check(3),
        exercise.hint(),
        exercise.solution(give_up=True),
    ):
        assert not reply
        assert reply.solved is False
