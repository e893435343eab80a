"""Runs a student's code so that the kernel survives it unchanged, whatever the code does."""

import contextlib
import ctypes
import io
import linecache
import re
import sys
import sysconfig
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import psutil
import torch

from unet_teach.exercises.plain_values import is_number
from unet_teach.exercises.python_errors import explained_plainly
from unet_teach.exercises.stuck_thread import is_parked, parked_after
from unet_teach.exercises.torch_errors import explained, what_was_there
from unet_teach.shared.keep_state import keep_state

NOT_STUDENT_CODE = (
    Path(__file__).parents[1],
    Path(torch.__file__).parents[1],
    Path(sysconfig.get_paths()["stdlib"]),
)
WAITING = 6  # code that sleeps or blocks gets so many times its limit of processor time
STOP_ATTEMPTS = 100  # how often it is tried to stop code,
STOP_WAIT = 0.05  # and how many seconds apart
PARK_LATER = 3.0  # seconds of processor time beyond the limit
SHOWN_CHARACTERS = 300
MOST_NUMBERS = 8  # of the code that was stopped
LINE = 100  # characters of a line of code that are shown


class TimeLimitError(BaseException):
    """Raised inside code that runs too long; no `Exception`, so that few `except` catch it."""


@dataclass(frozen=True)
class CallResult:
    """The result of a call.

    Attributes:
        value: what the function returned; `None` if it did not return.
        error: a sentence about why it did not return; `None` if it did.
        printed: the beginning of what it printed.
    """

    value: Any = None
    error: str | None = None
    printed: str = ""


def call(function: Callable[[], Any], seconds: float) -> CallResult:
    """Call a function without arguments; return even if it raises, exits or never ends.

    It runs in a thread, because a thread can be abandoned on every operating system. Where there
    are none, as in a browser's Python, it runs in place, and nothing can stop it. Afterwards
    the process has the state that `keep_state` restores: random states, settings of torch, working
    folder and so on.

    Args:
        function: the code to run.
        seconds: the processor time after which it is stopped. What it takes by the clock says
            little: on a busy machine an honest answer is slow. `WAITING` times as long by the
            clock is the end for code that sleeps or blocks.
    """
    value: list[Any] = []
    raised: list[BaseException] = []

    def work(guard: contextlib.AbstractContextManager[None]) -> None:
        try:
            with guard:
                value.append(function())
        except BaseException as exception:  # SystemExit and KeyboardInterrupt as well
            raised.append(exception)

    printed = io.StringIO()
    with keep_state(), contextlib.redirect_stdout(printed):
        warnings.simplefilter("ignore")
        guard = parked_after(seconds + PARK_LATER)
        name = "student's code"
        thread = threading.Thread(target=work, args=(guard,), daemon=True, name=name)
        error = None
        try:
            thread.start()
            error = _wait(thread, seconds)
        except RuntimeError:  # no thread can be started
            work(contextlib.nullcontext())
        except KeyboardInterrupt:
            error = "You interrupted the check before it was finished."
        if error and not _stop(thread):
            error += (
                " It could not be stopped: restart the kernel. Nothing you have solved is lost."
            )
    if error is None and raised:
        error = describe(raised[0])
    shown = _shortened(printed.getvalue().strip())
    return CallResult(value[0] if value and not error else None, error, shown)


def _wait(thread: threading.Thread, seconds: float) -> str | None:
    """Wait for the end of a thread; if it takes too long, return the sentence about it."""
    started, used_before = time.monotonic(), time.process_time()
    while thread.is_alive():
        thread.join(STOP_WAIT)
        if _processor_seconds(thread, used_before) > seconds:
            return (
                f"Your code was still running after {seconds:g} seconds of computing, so it was "
                f"stopped{_where_it_runs(thread)} Is there a loop that never ends?"
            )
        if time.monotonic() - started > WAITING * seconds:
            return (
                f"Your code was not finished after {WAITING * seconds:g} seconds, most of them "
                "spent waiting, so it was stopped. Does it sleep, or wait for an input?"
            )
    return None


def _where_it_runs(thread: threading.Thread) -> str:
    """Name the line of the student's code that a thread is in, and the numbers there."""
    running = sys._current_frames().get(thread.ident or 0)
    if not running or not (found := _own_line(traceback.walk_stack(running))):
        return "."
    frame, number, line = found
    values = frame.f_locals.items()
    numbers = [f"`{key}` is {value:.6g}" for key, value in values if is_number(value)]
    there = f" There, {', '.join(numbers[:MOST_NUMBERS])}." if numbers else ""
    return f" in line {number}: `{line[:LINE]}`.{there}"


def _own_line(frames: Iterable[tuple[FrameType, int]]) -> tuple[FrameType, int, str] | None:
    """Return the first line that is the student's own: its frame, number and source."""
    for frame, number in frames:
        name = frame.f_code.co_filename
        line = linecache.getline(name, number, frame.f_globals).strip()
        outside = not any(folder in Path(name).parents for folder in NOT_STUDENT_CODE)
        if line and outside and not name.startswith("<frozen"):
            return frame, number, line
    return None


def _processor_seconds(thread: threading.Thread, used_before: float) -> float:
    """Return a thread's processor time, or the process's since then if the system tells no more."""
    with contextlib.suppress(psutil.Error):
        for each in psutil.Process().threads():
            if each.id == thread.native_id:
                return float(each.user_time + each.system_time)
    return time.process_time() - used_before


def describe(error: BaseException, known: str = "") -> str:
    """Return a sentence about the error that stopped the student's code, and about its line.

    Args:
        error: what stopped it.
        known: what is known about the reason already, in sentences; nothing is then added to it.
    """
    message = _message(error)
    found = _own_line(reversed([*traceback.walk_tb(error.__traceback__)]))
    frame, number, line = found or (None, 0, "")
    code = line if len(line) <= LINE else f"{line[:LINE]} …"
    where = f", in line {number}: `{code}`" if found else ""
    there = "" if known else what_was_there(frame, line)
    if isinstance(error, KeyError):
        message = f"KeyError: {message}"
    plainly = explained_plainly(message, frame, line)
    if sentence := known or plainly or explained(message, frame, line):
        says = f"\nError message: {_shortened(message)}.\n"
        parts = (f"Your code stopped{where}.", sentence, there, says)
        return re.sub(" *\n", "\n", " ".join(part for part in parts if part))
    if isinstance(error, SystemExit):
        what = "asked Python to exit"
    elif isinstance(error, RecursionError):
        what = "called itself endlessly (RecursionError)"
    elif isinstance(error, MemoryError) or "can't allocate memory" in message:
        what = f"asked for more memory than there is ({type(error).__name__})"
    else:
        shown = _shortened(_message(error))
        what = f"stopped with {type(error).__name__}" + (f": {shown}" if shown else "")
    return " ".join(part for part in (f"Your code {what}{where}.", there) if part)


def _stop(thread: threading.Thread) -> bool:
    """Raise `TimeLimitError` in the thread until it ends; return whether the thread has ended.

    Python raises it between two steps of bytecode, so one long operation of a library goes on.
    """
    for _ in range(STOP_ATTEMPTS):
        thread.join(STOP_WAIT)
        if not thread.is_alive():
            return True
        if is_parked(thread):
            return False
        if thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(TimeLimitError)
            )
    thread.join(STOP_WAIT)
    return not thread.is_alive()


def _message(error: BaseException) -> str:
    try:
        return str(error).strip().rstrip(".")
    except Exception:  # `__str__` of a student's own exception may fail
        return ""


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + " …"
