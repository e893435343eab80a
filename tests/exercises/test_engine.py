"""What the engine promises: three outcomes, hints by attempts, and a kernel left as it was."""

import json
import random
import sys
import threading
import time

import numpy as np
import pytest
import torch
from torch import nn

from unet_teach.exercises import exercise as engine
from unet_teach.exercises import sandbox
from unet_teach.exercises.checks import functions as ladder
from unet_teach.exercises.exercise import Exercise, Outcome, Rung, Slip


def double(x):
    return 2 * x


@pytest.fixture
def exercise(tmp_path, monkeypatch):
    """A small exercise that asks for a function, with a record of its own."""
    monkeypatch.setattr(engine.RECORD, "_path", tmp_path / "progress.json")
    monkeypatch.setattr(engine.RECORD, "_memory", {})
    return Exercise(
        name="double",
        lesson=1,
        prompt="Double it.",
        ladder=(
            ladder.a_function("double(x)"),
            ladder.agrees(double, "double", lambda: [(1,), (5,)]),
        ),
        answers=(lambda: double,),
        slips=(
            Slip("square", lambda: lambda x: x * x, lambda a: a(5) == 25, "That is the square."),
        ),
        hints=("What is twice 1?", "Add it to itself.", "`return ___ * x`"),
        solution_text="`return 2 * x`",
        praise="Twice as much.",
    )


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
    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    def contrast(one, other):
        light, dark = sorted((luminance(one), luminance(other)), reverse=True)
        return (light + 0.05) / (dark + 0.05)

    for outcome in Outcome:
        assert contrast(outcome.colour, "#ffffff") >= 4.5
        assert contrast(outcome.colour, "#111111") >= 3  # JupyterLab's dark ground


def test_text_is_never_markup_and_backticks_are_code():
    shown = engine.Reply("`a < b` & <script>")._repr_html_()
    assert "<code>a &lt; b</code> &amp; &lt;script&gt;" in shown


def test_a_known_slip_gets_its_sentence_and_an_unknown_answer_the_smallest_failing_call(exercise):
    slip = exercise.check(lambda x: x * x)
    assert "`double(1)` returns 1, wanted 2." in slip.text
    assert "That is the square." in slip.text
    assert "That is the square." not in exercise.check(lambda x: x + 1 - 1).text
    assert "`double(5)` returns 6, wanted 10." in exercise.check(lambda x: x + 1).text


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


def test_a_failed_check_offers_what_is_open(exercise):
    assert "a hint (1 of 3)" in exercise.check(lambda x: 1).text
    exercise.hint()
    exercise.hint()
    reply = exercise.check(lambda x: 1)  # the same answer again opens nothing
    assert "hint" not in reply.text
    assert "solution" not in reply.text
    reply = exercise.check(lambda x: 3)
    assert "a hint (3 of 3)" in reply.text
    assert "exercises.double.solution()" in reply.text


def test_a_solution_comes_after_two_attempts_or_on_giving_up(exercise):
    assert "Two different tries first" in exercise.solution().text
    exercise.check(lambda x: 1)
    exercise.check(lambda x: 1)
    assert "Two different tries first" in exercise.solution().text
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
    assert engine.fingerprint(twice[0]) == engine.fingerprint(twice[1])
    assert engine.fingerprint(twice[0]) != engine.fingerprint(twice[2])
    assert engine.fingerprint(layer(1)) == engine.fingerprint(layer(1))
    assert engine.fingerprint(nn.Conv2d(1, 1, 3)) != engine.fingerprint(nn.Conv2d(1, 1, 5))
    assert engine.fingerprint(torch.zeros(2)) != engine.fingerprint(torch.zeros(3))


# ------------------------------------------------------ code that fails, hangs or leaves traces
def deep(x):
    return deep(x) + 1


def fails(error):
    def answer(x):
        raise error

    return answer


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (fails(KeyError("no such key")), "stopped with KeyError: 'no such key', in line"),
        (fails(SystemExit(1)), "asked Python to exit"),
        (fails(KeyboardInterrupt()), "stopped with KeyboardInterrupt"),
        (fails(MemoryError()), "asked for more memory than there is"),
        (deep, "called itself without an end"),
        (lambda x: torch.empty(2**60), "memory"),
        (
            lambda x: torch.cat([torch.zeros(1, 2), torch.zeros(2, 3)]),
            "Sizes of tensors must match",
        ),
    ],
)
def test_code_that_fails_becomes_a_sentence(exercise, answer, says):
    reply = exercise.check(answer)
    assert reply.outcome is Outcome.NOT_YET
    assert says in reply.text


def test_a_sentence_names_the_students_own_line(exercise):
    def answer(x):
        return torch.cat([torch.zeros(1), "y"])

    assert '`return torch.cat([torch.zeros(1), "y"])`' in exercise.check(answer).text


def test_an_error_that_cannot_be_told_is_told_by_its_type(exercise):
    class MuteError(Exception):
        def __str__(self):
            raise RuntimeError

    assert "stopped with MuteError" in exercise.check(fails(MuteError())).text


@pytest.fixture
def _short_of_time(exercise, monkeypatch):
    """Stop code after half a second, and give it as long as it needs to end then."""
    monkeypatch.setattr(engine, "SECONDS", 0.5)
    # How often the sandbox waits 0.05 seconds for the end of a thread.
    monkeypatch.setattr(sandbox, "range", lambda _: range(12_000), raising=False)


@pytest.mark.usefixtures("_short_of_time")
@pytest.mark.parametrize("catches", [Exception, BaseException])
def test_code_that_never_returns_is_stopped(exercise, catches):
    ended = []

    def forever(x):
        for _ in range(2 if catches is BaseException else 1):
            try:
                while True:
                    time.sleep(0.001)
            except catches:
                ended.append(1)

    before = threading.active_count()
    reply = exercise.check(forever)
    assert "still running after 0.5 seconds" in reply.text
    assert threading.active_count() == before


def test_code_that_cannot_be_stopped_is_left_and_said(exercise, monkeypatch):
    monkeypatch.setattr(engine, "SECONDS", 0.5)
    release = threading.Event()  # waiting for it goes on inside a library, until it is set
    reply = exercise.check(lambda x: release.wait())
    release.set()
    assert "restart the kernel" in reply.text


def test_an_interrupted_check_is_a_sentence(exercise, monkeypatch):
    join = threading.Thread.join

    def interrupted(thread, timeout=None):
        monkeypatch.setattr(threading.Thread, "join", join)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "join", interrupted)

    def slow(x):
        while True:
            time.sleep(0.001)

    assert "You interrupted the check" in exercise.check(slow).text


def test_the_kernel_is_as_it_was(exercise):
    def vandal(x):
        random.seed(0)
        np.random.seed(0)
        torch.manual_seed(0)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.use_deterministic_algorithms(True)
        sys.setrecursionlimit(5000)
        return 2 * x

    def state():
        return [
            random.getstate(),
            np.random.get_state()[1].tolist(),
            torch.get_rng_state().tolist(),
            torch.get_default_dtype(),
            torch.is_grad_enabled(),
            torch.are_deterministic_algorithms_enabled(),
            torch.get_num_threads(),
            sys.getrecursionlimit(),
            sys.stdout,
        ]

    torch.use_deterministic_algorithms(False)  # the first call loads a part of torch, slowly
    before = state()
    assert exercise.check(vandal).outcome is Outcome.SOLVED
    assert state() == before


def test_what_the_code_prints_is_shown_beside_the_reply(exercise, capsys):
    def talks(x):
        print("x is", x, "long" * 200)
        return 2 * x

    reply = exercise.check(talks)
    assert "(Your code printed: x is 1 long" in reply.text
    assert len(reply.text) < 500
    assert capsys.readouterr().out == ""


def test_a_layers_running_statistics_stay(exercise):
    norm = nn.BatchNorm2d(1)
    looks = Rung("anything", lambda layer: str(layer(torch.ones(2, 1, 3, 3)).mean()))
    look = Exercise("look", 1, "Look.", (looks,), (), (), ("?",) * 3, "", "")
    look.check(norm)
    assert norm.num_batches_tracked == 0


# ------------------------------------------------------------------------------------------ tensors
@pytest.mark.parametrize(
    ("found", "says"),
    [
        (torch.zeros(3), "shape is (3,), wanted (1, 2, 7, 11)"),
        (torch.zeros(2, 2, 7, 11), "the batch has 2 maps"),
        (torch.zeros(1, 3, 7, 11), "3 channels come out, wanted 2"),
        (torch.zeros(1, 2, 11, 7), "11×7 comes out, wanted 7×11"),
    ],
)
def test_shapes_are_told_rank_first(found, says):
    assert says in ladder.shape_fault(found, (1, 2, 7, 11), "On 7×11")


def test_values_are_told_by_the_first_that_differs():
    wanted = torch.zeros(1, 2, 7, 11)
    found = wanted.clone()
    assert ladder.values_fault(found, wanted, "On 7×11") is None
    found[0, 1, 2, 3] = 1
    assert ladder.values_fault(found, wanted, "On 7×11") == (
        "On 7×11: 1 of 154 values differ. The first, at [0, 1, 2, 3], is 1, wanted 0."
    )
    found[0, 0, 0, 0] = float("nan")
    assert "some values are NaN" in ladder.values_fault(found, wanted, "On 7×11")


# ------------------------------------------------------------------------------------------- record
def test_progress_outlives_the_kernel(exercise, tmp_path):
    exercise.check(lambda x: 1)
    exercise.hint()
    exercise.check(double)
    entry = engine.Record(tmp_path / "progress.json").entry("double")
    assert (entry.state, len(entry.attempts), entry.hints) == ("solved", 1, 1)
    exercise.check(lambda x: 5)
    assert engine.RECORD.entry("double").state == "solved"


def test_two_open_lessons_do_not_undo_each_other(tmp_path):
    one, other = (engine.Record(tmp_path / "progress.json") for _ in range(2))
    one.solve("a")
    other.solve("b")
    one.change("c", hints=2)
    kept = json.loads((tmp_path / "progress.json").read_text())["exercises"]
    assert set(kept) == {"a", "b", "c"}


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"exercises": 3}', "\x00\xff", '{"version": 1}', "null"]
)
def test_a_damaged_file_is_set_aside_and_said(tmp_path, content):
    path = tmp_path / "progress.json"
    path.write_bytes(content.encode("latin-1"))
    record = engine.Record(path)
    assert record.entry("a").state == "untouched"
    assert "damaged" in record.trouble
    assert (tmp_path / "progress.damaged.json").read_bytes() == content.encode("latin-1")
    record.solve("a")
    assert engine.Record(path).entry("a").state == "solved"


def test_entries_of_another_kind_are_read_as_far_as_they_can_be(tmp_path):
    path = tmp_path / "progress.json"
    path.write_text(json.dumps({"exercises": {"a": {"hints": "many", "solved": "today"}, "b": 3}}))
    record = engine.Record(path)
    assert (record.entry("a").hints, record.entry("a").state) == (0, "solved")
    assert record.entry("b").state == "untouched"


def test_a_disk_that_cannot_be_written_keeps_progress_in_memory(tmp_path):
    blocked = tmp_path / "a file, not a folder"
    blocked.write_text("")
    record = engine.Record(blocked / "progress.json")
    record.solve("a")
    record.change("b", hints=1)
    assert record.entry("a").state == "solved"
    assert record.entry("b").hints == 1
    assert "kept until the kernel stops" in record.trouble


def test_an_old_file_does_not_undo_what_could_not_be_written(tmp_path, monkeypatch):
    record = engine.Record(tmp_path / "progress.json")
    record.change("a", hints=1)

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    record.change("a", hints=2)
    assert record.entry("a").hints == 2
    assert "No space left on device" in record.trouble


def test_stopping_reaches_only_python_code():
    assert sandbox.call(lambda: 3, 1).value == 3
