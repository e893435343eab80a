"""Predict in Python: its arguments, what the browser locks, its text form and its card."""

import numpy as np
import pytest
import torch
from traitlets import TraitError

from unet_teach.widgets import Predict

QUESTION = "A `32×32` map goes in. How high is what comes out?"
MISTAKES = {15: "That is 32 without padding.", 32: "Stride 1 would do that."}


def lock(predict, value):
    """Lock a guess as the browser does: through the state it sends."""
    predict.set_state({"_locked": value})
    return predict.guess, predict.correct


def test_before_a_guess_it_holds_question_and_choices_only():
    predict = Predict(QUESTION, 16, MISTAKES)
    assert (predict.question, predict.choices) == (QUESTION, ())
    assert (predict.guess, predict.correct) == (None, None)


@pytest.mark.parametrize(
    ("answer", "locked", "guess", "correct"),
    [
        (16, 16, 16, True),
        (16, 15, 15, False),
        (-3, -3, -3, True),
        (0.5, 0.5, 0.5, True),
        (0.5, 0.504, 0.504, True),
        (0.5, 0.51, 0.51, False),
        (2.0, 2, 2.0, True),
        ((15, 22), [15, 22], (15, 22), True),
        ((15, 22), [22, 15], (22, 15), False),
        ("stride", "  Stride ", "Stride", True),
        ("skip connection", "Skip  Connection", "Skip  Connection", True),
        ("stride", "padding", "padding", False),
    ],
)
def test_a_locked_guess_is_read_as_the_answers_kind_and_judged(answer, locked, guess, correct):
    predict = Predict("What?", answer)
    assert lock(predict, locked) == (guess, correct)
    assert type(predict.guess) is type(answer)


def test_a_choice_is_locked_by_its_place():
    predict = Predict("Which?", "stride", choices=["kernel_size", "stride"])
    assert predict.choices == ("kernel_size", "stride")
    assert lock(predict, 0) == ("kernel_size", False)
    assert lock(Predict("Which?", "stride", choices=["kernel_size", "stride"]), 1) == (
        "stride",
        True,
    )
    assert lock(Predict("Which?", 16, choices=[16, 15]), 0) == (16, True)


def test_a_tolerance_decides_what_is_near_enough():
    assert lock(Predict("How many?", 1000, tolerance=50), 1050) == (1050, True)
    assert lock(Predict("How many?", 1000, tolerance=50), 1051) == (1051, False)
    assert lock(Predict("How much?", 0.7, tolerance=0.1), 0.8) == (0.8, True)  # 0.7 + 0.1 < 0.8


def test_a_locked_guess_stays():
    predict = Predict("What?", 16)
    lock(predict, 15)
    assert lock(predict, 16) == (15, False)
    assert lock(predict, None) == (15, False)
    assert predict._locked == 15


@pytest.mark.parametrize("nonsense", [True, "16", 2.5, [16, 16], {"a": 1}, [], float("nan"), ""])
@pytest.mark.parametrize(
    "made",
    [
        lambda: Predict("What?", 16),
        lambda: Predict("Which?", 16, choices=[16, 15]),
        lambda: Predict("Which size?", (1, 2, 3)),
    ],
    ids=["int", "choice", "size"],
)
def test_nonsense_from_the_browser_opens_the_question_again(made, nonsense):
    predict = made()
    assert lock(predict, nonsense) == (None, None)
    assert predict._locked is None
    assert "no guess yet" in repr(predict)


def test_observers_hear_of_the_guess_once_it_is_judged():
    predict = Predict("What?", 16)
    heard = []
    predict.observe(lambda change: heard.append((change.new, predict.correct)), "guess")
    lock(predict, 15)
    assert heard == [(15, False)]


@pytest.mark.parametrize("name", ["question", "choices", "guess", "correct"])
def test_nothing_can_be_changed_from_python(name):
    with pytest.raises(TraitError, match="read-only"):
        setattr(Predict("What?", 16), name, None)


def test_its_text_form_shows_question_and_guess_but_never_the_answer():
    predict = Predict("How high?", 8128, {31: "No."}, explain="Because of 8128.")
    assert repr(predict) == "Predict · How high? · no guess yet"
    assert predict._repr_mimebundle_()[0]["text/plain"] == repr(predict)
    lock(predict, 31)
    assert repr(predict) == "Predict · How high? · guess: 31"


def test_its_card_shows_text_as_text_and_never_the_answer():
    predict = Predict("What does $x$ cost, `a` or b?", "b", choices=["$a$", "b"])
    figure = predict.figure()
    shown = [text.get_text() for text in figure.axes[0].texts]
    assert shown == ["What does $x$ cost, a or b?\n○  $a$\n○  b", "Your guess: ________"]
    assert not any(text.get_parse_math() for text in figure.axes[0].texts)
    lock(predict, 0)
    assert predict.figure().axes[0].texts[1].get_text() == "Your guess: $a$"


def test_numbers_and_sizes_of_other_libraries_are_plain_ones():
    size = torch.zeros(15, 22).shape
    assert Predict("What?", size, {(np.int64(22), 15): "Turned."})._task["answer"]["value"] == (
        15,
        22,
    )
    assert type(Predict("What?", np.float32(0.5))._answer) is float
    assert type(Predict("What?", np.int64(16))._answer) is int


def test_the_browser_gets_mistakes_of_floats_with_the_answers_tolerance():
    mistakes = Predict("What?", 0.5, {1: "Twice."}, tolerance=0.1)._task["mistakes"]
    assert mistakes == [{"value": 1.0, "within": pytest.approx(0.1), "sentence": "Twice."}]


def test_the_older_name_of_the_mistakes_is_read_alike():
    old, new = Predict(QUESTION, 16, slips=MISTAKES), Predict(QUESTION, 16, mistakes=MISTAKES)
    assert old._task == new._task
    with pytest.raises(TypeError, match="is not a dict"):
        Predict(QUESTION, 16, slips=["no"])
    with pytest.raises(TypeError, match=r"the same argument\. Use mistakes alone\."):
        Predict(QUESTION, 16, MISTAKES, slips=MISTAKES)


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"answer": 16}, ValueError, "question is empty"),
        ({"question": "  ", "answer": 16}, ValueError, "question is empty"),
        ({"question": 3, "answer": 16}, TypeError, "question=3 is not a text"),
        ({"question": "Q"}, ValueError, "answer is missing"),
        ({"question": "Q", "answer": None}, TypeError, "answer has None, a NoneType"),
        ({"question": "Q", "answer": True}, TypeError, "answer has True, a bool"),
        ({"question": "Q", "answer": " "}, ValueError, "answer is empty"),
        ({"question": "Q", "answer": "x" * 201}, ValueError, "longer than 200"),
        ({"question": "Q", "answer": float("nan")}, ValueError, "nobody can type"),
        ({"question": "Q", "answer": 10**15}, ValueError, "at most 15 digits"),
        ({"question": "Q", "answer": (16,)}, ValueError, "tuple of 2 to 6 ints"),
        ({"question": "Q", "answer": (16, 2.5)}, ValueError, "tuple of 2 to 6 ints"),
        ({"question": "Q", "answer": 16, "explain": 3}, TypeError, "explain=3 is not a text"),
        ({"question": "Q", "answer": 16, "mistakes": ["no"]}, TypeError, "is not a dict"),
        (
            {"question": "Q", "answer": 16, "mistakes": {15: ""}},
            ValueError,
            r"mistakes\[15\] is empty",
        ),
        (
            {"question": "Q", "answer": 16, "mistakes": {15: 3}},
            TypeError,
            r"mistakes\[15\]=3 is not",
        ),
        (
            {"question": "Q", "answer": 16, "mistakes": {16: "No."}},
            ValueError,
            "counts as the answer",
        ),
        ({"question": "Q", "answer": 0.5, "mistakes": {0.501: "No."}}, ValueError, "counts as the"),
        ({"question": "Q", "answer": "a", "mistakes": {" A": "No."}}, ValueError, "counts as the"),
        ({"question": "Q", "answer": 16, "mistakes": {"15": "No."}}, ValueError, "same kind"),
        ({"question": "Q", "answer": 16, "mistakes": {15.5: "No."}}, ValueError, "same kind"),
        ({"question": "Q", "answer": (1, 2), "mistakes": {1: "No."}}, ValueError, "same kind"),
        ({"question": "Q", "answer": "a", "choices": "ab"}, TypeError, "is not a list"),
        ({"question": "Q", "answer": "a", "choices": ["a"]}, ValueError, "two or more"),
        ({"question": "Q", "answer": "a", "choices": ["a", "A"]}, ValueError, "only once"),
        ({"question": "Q", "answer": "a", "choices": ["b", "c"]}, ValueError, "not among choices"),
        (
            {"question": "Q", "answer": "a", "choices": ["a", "b"], "mistakes": {"c": "No."}},
            ValueError,
            "mistakes has 'c', which is not among choices",
        ),
        ({"question": "Q", "answer": "a", "tolerance": 1}, ValueError, "for a typed number"),
        ({"question": "Q", "answer": 16, "tolerance": -1}, ValueError, "out of range"),
        ({"question": "Q", "answer": 16, "tolerance": "1"}, TypeError, "is not a number"),
    ],
)
def test_a_bad_argument_is_refused_with_a_sentence(arguments, error, sentence):
    with pytest.raises(error, match=sentence) as refusal:
        Predict(**arguments)
    assert str(refusal.value).rstrip("'\"").endswith(".")


def test_why_is_a_text_that_is_sent_with_the_answer():
    assert Predict("How?", 3, why=" Because. ")._task["why"] == "Because."
    with pytest.raises(TypeError, match="why=3 is not a text"):
        Predict("How?", 3, why=3)


@pytest.mark.parametrize(
    ("asked", "sent", "tally"),
    [
        (Predict("How?", 3), [[3, 2], [4, 1]], {3: 2, 4: 1}),
        (Predict("How?", (16, 16)), [[[15, 15], 7]], {(15, 15): 7}),
        (Predict("Which?", "b", choices=["a", "b"]), [[1, 2], [0, 1]], {"b": 2, "a": 1}),
        (Predict("How?", 3), [["x", 1], [3, 0], [3, -1], [3, 1.5], [True, 1], 3, [3]], {}),
    ],
)
def test_the_guesses_of_a_room_are_read_as_answers_and_nonsense_is_left_out(asked, sent, tally):
    asked.set_state({"_tally": sent})
    assert asked.tally == tally
    assert asked.guess is None


def test_text_form_and_figure_tell_what_the_room_said():
    asked = Predict("How?", (16, 16))
    asked.set_state({"_tally": [[[15, 15], 7], [[16, 16], 1]]})
    assert repr(asked) == "Predict · How? · no guess yet · the room: 15×15 (7), 16×16 (1)"
    texts = [text.get_text() for text in asked.figure().axes[0].texts]
    assert texts == ["How?", "The room: 15×15 ×7  16×16 ×1"]
