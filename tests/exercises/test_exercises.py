"""Every exercise: right answers, known mistakes, the untouched starter, nonsense."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.exercises.right_answers import RIGHT
from unet_teach import exercises
from unet_teach.exercises.exercise import RECORD, Exercise, Outcome


@pytest.fixture(autouse=True)
def _as_first_met(tmp_path, monkeypatch):
    """Each test meets the exercises with no progress, and one thread: the layers are tiny."""
    monkeypatch.setattr(RECORD, "_path", tmp_path / "progress.json")
    monkeypatch.setattr(RECORD, "_memory", {})
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def cases(parts_of):
    return [
        pytest.param(exercise, item, id=f"{exercise.name}-{getattr(item, 'name', number)}")
        for exercise in exercises.ALL
        for number, item in enumerate(parts_of(exercise))
    ]


@pytest.mark.parametrize(("exercise", "answer"), cases(lambda e: RIGHT[e.name]))
def test_every_right_answer_passes(exercise, answer):
    assert exercise.check(answer()).text == exercise.praise
    assert RECORD.entry(exercise.name).state == "solved"


@pytest.mark.parametrize(("exercise", "mistake"), cases(lambda e: e.mistakes))
def test_every_known_mistake_gets_its_own_sentence(exercise, mistake):
    for example in mistake.examples:
        reply = exercise.check(example())
        assert reply.outcome is Outcome.NOT_YET
        assert mistake.sentence in reply.text
    assert RECORD.entry(exercise.name).state == "tried"


@pytest.mark.parametrize("exercise", exercises.ALL, ids=lambda e: e.name)
class TestEveryExercise:
    """What each must be, whatever it asks."""

    def test_is_complete(self, exercise):
        assert isinstance(exercise, Exercise)
        assert exercise is getattr(exercises, exercise.name)
        assert len(RIGHT[exercise.name]) >= 2
        assert len(exercise.mistakes) >= 4
        assert len(exercise.hints) >= 3
        assert len({mistake.sentence for mistake in exercise.mistakes}) == len(exercise.mistakes)

    @pytest.mark.parametrize("starter", [..., None, (..., ...)])
    def test_the_untouched_starter_is_not_attempted(self, exercise, starter):
        reply = exercise.check(starter)
        assert reply.outcome is Outcome.NOT_ATTEMPTED
        assert exercise.prompt in reply.text
        assert RECORD.entry(exercise.name).state == "untouched"

    @pytest.mark.parametrize(
        "answer",
        [0, float("nan"), float("inf"), "16", object(), nn.Conv2d, lambda *inputs: 0, [], {}, True],
        ids=["0", "nan", "inf", "'16'", "object", "Conv2d", "lambda", "[]", "{}", "True"],
    )
    def test_nonsense_is_an_attempt_and_told_so_in_a_sentence(self, exercise, answer):
        reply = exercise.check(answer)
        assert reply.outcome is Outcome.NOT_YET
        assert len(reply.text.split()) > 5
        assert "unet_teach/" not in reply.text

    def test_no_hint_gives_the_whole_solution(self, exercise):
        code = exercise.solution_text.split("`")[1]
        lines = [
            squeezed(line.partition("#")[0]).removeprefix("return") for line in code.split("\n")
        ]
        own = [line for line in lines if line and not line.startswith(("def", "class", "import"))]
        assert own
        if len("".join(own)) > 3:  # one digit is in many hints
            for hint in exercise.hints:
                assert not all(line in squeezed(hint) for line in own), hint

    def test_its_prompt_and_its_mistakes_are_whole_sentences(self, exercise):
        sentences = [exercise.prompt, *(mistake.sentence for mistake in exercise.mistakes)]
        assert all(sentence.endswith((".", "?")) for sentence in sentences)

    def test_each_mistake_has_a_name(self, exercise):
        assert all(mistake.name for mistake in exercise.mistakes)


def squeezed(code):
    return re.sub(r"[\s`]", "", code)


def test_every_exercise_is_listed_and_lies_in_the_folder_of_its_lesson():
    files = [
        (path.parent.name, path.stem)
        for path in Path(exercises.__file__).parent.glob("lesson_*/*.py")
        if f"\n{path.stem} = Exercise(" in path.read_text(encoding="utf-8")
    ]
    assert sorted((f"lesson_{e.lesson}", e.name) for e in exercises.ALL) == sorted(files)


# --------------------------------------------------------------------------------- single sentences
def test_an_unknown_wrong_answer_is_told_what_was_found_and_what_holds():
    reply = exercises.halve.check(nn.Conv2d(64, 128, 4, stride=2))
    assert "On a 32×32 feature map: the output is 15×15, but it should be 16×16." in reply.text
    assert "The formula gives (32 + 2·0 − 4) // 2 + 1 = 15." in reply.text
    assert "Already right: a layer, its channels." in reply.text


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (nn.Conv1d(64, 128, 3), "is not for feature maps"),
        (nn.Linear(64, 128), "is not for feature maps"),
        (nn.Flatten(), "the output has the shape (1, 65536)"),
        (
            nn.Conv2d(64, 128, 3, stride=2, padding=1, dilation=2),
            "− (2·(3 − 1) + 1)) // 2 + 1 = 15",
        ),
        (nn.LSTM(32, 32), "LSTM"),
        (nn.Conv2d(64, 128, 3, padding=10**4), "far more than needed"),
        (nn.Upsample(scale_factor=10**4), "far more than needed"),
    ],
)
def test_other_layers_are_told_what_is_wrong_with_them(answer, says):
    assert says in exercises.halve.check(answer).text


def test_a_layer_that_returns_two_things_is_told_so():
    class Two(nn.Module):
        def forward(self, x):
            return x, x

    assert (
        "returns 2 tensors in a tuple, but it should return one tensor."
        in exercises.halve.check(Two()).text
    )


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda *sizes: print(end=""), "Did you forget `return`?"),
        (lambda *sizes: "3", "returns the text '3', but it should return the number 14."),
        (lambda *sizes: [3], "returns the list [3], but it should return the number 14."),
        (lambda *sizes: nn.ReLU(), "returns a layer, `ReLU`, but it should return the number 14."),
        (lambda *sizes: sum, "returns a function, but it should return the number 14."),
        (lambda *sizes: float("nan"), "returns nan, but it should return the number 14."),
        (lambda *sizes: ..., "not written yet"),
        (lambda size: 3, "Your function should take 4 arguments"),
    ],
)
def test_a_wrong_formula_is_told_what_it_returns(answer, says):
    assert says in exercises.output_size.check(answer).text


def test_a_pair_of_numbers_is_told_which_one_fails():
    assert (
        "12 becomes (12 + 2 − 3) // 2 + 1 = 6, but it should become 8."
        in exercises.odd_sizes.check((16, 12)).text
    )
    assert "one of them is still `...`." in exercises.odd_sizes.check((16, ...)).text
    assert "without quotation marks." in exercises.odd_sizes.check(("15", "16")).text
    assert "you gave 3." in exercises.odd_sizes.check((1, 2, 3)).text


def test_a_letter_that_is_none_of_the_networks_is_named():
    reply = exercises.twelve.check(["A", "C", "M"])
    assert "M is not one of them." in reply.text


def test_halving_too_often_is_told_what_would_be_left_and_not_the_answer():
    for times, left in [(7, "leaves less than one pixel."), (5, "leaves 3.")]:
        reply = exercises.halvings.check(times)
        assert left in reply.text
        assert "12" not in reply.text.replace("96 / 12", "")
    assert "Already right" not in exercises.halvings.check(-3).text


def test_a_skip_that_is_almost_nothing_is_not_alive():
    reply = exercises.one_line.check(lambda x, skip: x + 1e-9 * skip)
    assert "one of them had no effect" in reply.text


def test_a_class_that_needs_arguments_is_told_so_without_a_traceback():
    from unet_teach.networks.twelve_networks import Almost

    reply = exercises.one_mark.check((Almost, Almost))
    assert "`Almost` is a class that needs arguments." in reply.text
    assert "TypeError" not in reply.text


@pytest.mark.parametrize("missed", "ACEGIKL")
def test_each_letter_alone_is_missed_with_a_word_of_its_own(missed):
    from unet_teach.exercises.lesson_7.twelve import UNETS, WHY

    assert WHY[missed] in exercises.twelve.check(UNETS.replace(missed, "")).text
