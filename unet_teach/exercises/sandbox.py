"""Runs a student's code: whatever it does, the kernel lives on and is as it was."""

from __future__ import annotations

import contextlib
import ctypes
import io
import sysconfig
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from unet_teach.shared.keep_state import keep_state
from unet_teach.shared.traceback_line import last_line_outside

NOT_THE_STUDENTS = (
    Path(__file__).parents[1],
    Path(torch.__file__).parents[1],
    Path(sysconfig.get_paths()["stdlib"]),
)
SHOWN_CHARACTERS = 300
ADVICE = {  # a part of torch's or Python's words: what a beginner most often did
    "is not a Module subclass": "`nn.Sequential` wants layers, made with brackets: `nn.ReLU()`.",
    "before Module.__init__() call": "The first line of `__init__` is `super().__init__()`.",
    'missing the required "forward"': "Is `forward` misspelt, or not indented into the class?",
    "modified by an inplace operation": "`+=` changes a map that the gradient still needs: write "
    "`x = x + …`.",
    "is not defined": "Is a `self.` missing before it, or an import?",
    "invalid combination of arguments": "Was a layer given a map where its settings go? "
    "`nn.ReLU()` makes the layer, `nn.ReLU()(x)` or `F.relu(x)` uses it.",
}


class OutOfTimeError(BaseException):
    """Raised inside code that runs too long; not an `Exception`, so that few things catch it."""


@dataclass(frozen=True)
class Run:
    """What became of a call.

    Attributes:
        value: what it returned, `None` when it did not return.
        stopped: the sentence that says why it did not return, `None` when it did.
        printed: the beginning of what it printed.
    """

    value: Any = None
    stopped: str | None = None
    printed: str = ""


def call(function: Callable[[], Any], seconds: float) -> Run:
    """Call `function` and come back, whatever it does.

    It runs in a thread of its own, since a thread can be left where a signal does not exist.
    Afterwards the random states, the default dtype, the number of threads, the working folder and
    the recursion limit are what they were.

    Args:
        function: takes nothing.
        seconds: after this long the call is stopped.
    """
    value: list[Any] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            value.append(function())
        except BaseException as error:  # SystemExit and KeyboardInterrupt as well
            raised.append(error)

    printed = io.StringIO()
    with keep_state(), contextlib.redirect_stdout(printed):
        warnings.simplefilter("ignore")
        thread = threading.Thread(target=work, daemon=True, name="student's code")
        thread.start()
        try:
            thread.join(seconds)
            stopped = _too_long(seconds) if thread.is_alive() else None
        except KeyboardInterrupt:
            stopped = "You interrupted the check before it was done."
        if stopped and not _stop(thread):
            stopped += " It could not be stopped and goes on unseen: restart the kernel."
    said = _shortened(printed.getvalue().strip())
    if stopped is None and raised:
        stopped = describe(raised[0])
    return Run(value[0] if value and not stopped else None, stopped, said)


def describe(error: BaseException) -> str:
    """Say in a sentence what stopped the student's code, and in which of its lines."""
    if isinstance(error, SystemExit):
        what = "asked Python to exit"
    elif isinstance(error, RecursionError):
        what = "called itself without an end (RecursionError)"
    elif isinstance(error, MemoryError) or "can't allocate memory" in _text(error):
        what = f"asked for more memory than there is ({type(error).__name__})"
    else:
        message = _shortened(_text(error))
        what = f"stopped with {type(error).__name__}" + (f": {message}" if message else "")
    advice = next((f" {hint}" for words, hint in ADVICE.items() if words in _text(error)), "")
    return f"Your code {what}{_where(error)}.{advice}"


def _too_long(seconds: float) -> str:
    return (
        f"Your code was still running after {seconds:g} seconds and was stopped. "
        "Is there a loop that never ends?"
    )


def _stop(thread: threading.Thread) -> bool:
    """Raise `OutOfTimeError` in the thread until it ends; False when it does not within a second.

    Only Python code can be stopped so: a single long operation inside a library cannot.
    """
    for _ in range(20):
        if thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(OutOfTimeError)
            )
        thread.join(0.05)
        if not thread.is_alive():
            return True
    return False


def _where(error: BaseException) -> str:
    """The last line of the student's own that the error passed: not ours, not a library's."""
    line = last_line_outside(error, NOT_THE_STUDENTS)
    return f", in line {line[0]}: `{line[1]}`" if line else ""


def _text(error: BaseException) -> str:
    try:
        return str(error).strip().rstrip(".")
    except Exception:  # a student's own exception may fail to say anything
        return ""


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + " …"
