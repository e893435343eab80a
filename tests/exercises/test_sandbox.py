"""Code that fails, hangs or changes the process: the reply is a sentence, the kernel unchanged."""

import random
import signal
import subprocess
import sys
import threading
import time
import weakref

import numpy as np
import pytest
import torch

from unet_teach.exercises import exercise as exercise_module
from unet_teach.exercises import sandbox
from unet_teach.exercises.exercise import Outcome


def test_a_call_returns_what_the_function_returns():
    assert sandbox.call(lambda: 3, 1).value == 3


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
        (deep, "It called itself without an end"),
        (lambda x: torch.empty(2**60), "memory"),
        (
            lambda x: torch.cat([torch.zeros(1, 2), torch.zeros(2, 3)]),
            "one of them is 2 in the first and 3 in number 2.\nError message: Sizes of tensors",
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
def _short_of_time(monkeypatch):
    """Stop code after half a second, and give it as long as it needs to end then."""
    monkeypatch.setattr(exercise_module, "SECONDS", 0.5)
    monkeypatch.setattr(sandbox, "STOP_ATTEMPTS", 12_000)
    # An error that is raised while Python takes an object away is ignored, and raised once more.
    monkeypatch.setattr(sys, "unraisablehook", lambda ignored: None)


def compute():
    pass


def sleep():
    time.sleep(0.02)


@pytest.mark.usefixtures("_short_of_time")
@pytest.mark.parametrize("catches", [Exception, BaseException])
@pytest.mark.parametrize(
    ("step", "waiting", "says"),
    [
        (compute, 12_000, "still running after 0.5 seconds of computing"),
        (sleep, 4, "not finished after 2 seconds, most of them spent waiting"),
    ],
)
def test_code_that_never_returns_is_stopped(exercise, monkeypatch, catches, step, waiting, says):
    monkeypatch.setattr(sandbox, "WAITING", waiting)
    ended = []

    def forever(x):
        for _ in range(2 if catches is BaseException else 1):
            try:
                while True:
                    step()
            except catches:
                ended.append(1)

    before = threading.active_count()
    assert says in exercise.check(forever).text
    assert threading.active_count() == before


def test_slow_by_the_clock_is_not_endless(exercise, monkeypatch):
    """On a busy machine code waits for the processor, which is not its fault."""
    monkeypatch.setattr(exercise_module, "SECONDS", 1.0)
    monkeypatch.setattr(sandbox, "WAITING", 600)

    def slow(x):
        time.sleep(3)
        return 2 * x

    assert exercise.check(slow).outcome is Outcome.SOLVED


def test_where_a_system_tells_no_thread_times_the_process_counts(exercise, monkeypatch):
    monkeypatch.setattr(exercise_module, "SECONDS", 0.5)
    monkeypatch.setattr(sandbox, "WAITING", 12_000)
    monkeypatch.setattr(sandbox.psutil.Process, "threads", lambda self: [])

    def forever(x):
        while True:
            compute()

    assert "still running after 0.5 seconds" in exercise.check(forever).text


def test_code_that_cannot_be_stopped_is_left_and_said(exercise, monkeypatch):
    monkeypatch.setattr(exercise_module, "SECONDS", 0.1)
    monkeypatch.setattr(sandbox, "STOP_ATTEMPTS", 2)
    release = threading.Event()  # waiting for it goes on inside a library, until it is set
    reply = exercise.check(lambda x: release.wait())
    release.set()
    assert "restart the kernel. Nothing you have solved is lost." in reply.text


NEVER_LEAVES_A_LIBRARY = """
import itertools, os, re
from collections import deque

from unet_teach.exercises import sandbox

sandbox.PARK_LATER, sandbox.STOP_ATTEMPTS, sandbox.WAITING = 0.1, 12_000, 12_000
print(sandbox.call(lambda: {code}, 0.2).error, flush=True)
os._exit(0)  # the thread stays
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux calls a thread in such a loop")
@pytest.mark.parametrize(
    "code",
    [
        "sum(itertools.count())",
        "max(range(10**15))",
        "deque(itertools.cycle([3]), maxlen=1)",
        're.match(r"(a+)+$", "a" * 60 + "b")',
    ],
)
def test_a_loop_that_never_leaves_a_library_is_left_too(code):
    """In a process of its own: one of some hundreds dies of it, and is tried again."""
    program = [sys.executable, "-c", NEVER_LEAVES_A_LIBRARY.format(code=code)]
    for _ in range(3):
        child = subprocess.run(program, capture_output=True, text=True)
        if child.returncode != -signal.SIGSEGV:
            break
    assert "still running after 0.2 seconds" in child.stdout, child.stderr
    assert "restart the kernel. Nothing you have solved is lost." in child.stdout


class Plain:
    """An object that shows where it lies."""

    def method(self):
        """Do nothing."""


@pytest.mark.parametrize(
    "shown",
    [
        object(),
        Plain(),
        Plain().method,
        compute,
        lambda: 0,
        (i for i in range(3)),
        iter([]),
        torch.zeros(1).sum,
        compute.__code__,
        weakref.ref(compute),
        {"key": [Plain()]},
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_reply_shows_a_memory_address(exercise, shown):
    def prints(x):
        print(shown)
        return x

    assert "0x" in repr(shown)
    for answer in (shown, prints, fails(ValueError(shown)), lambda x: shown):
        reply = exercise.check(answer)
        assert "0x" not in reply.text
        assert "0x" not in reply._repr_html_()


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


def test_where_there_are_no_threads_code_runs_in_place(monkeypatch):
    def start(thread):
        raise RuntimeError("can't start new thread")  # as Pyodide says

    monkeypatch.setattr(threading.Thread, "start", start)
    assert sandbox.call(lambda: print("said") or 6 * 7, 1) == sandbox.CallResult(42, None, "said")
    assert "ZeroDivisionError" in sandbox.call(lambda: 1 / 0, 1).error
    assert sandbox.call(sys.exit, 1).error
