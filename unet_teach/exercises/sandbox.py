"""Runs a student's code so that the kernel survives it unchanged, whatever the code does."""

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

NOT_STUDENT_CODE = (
    Path(__file__).parents[1],
    Path(torch.__file__).parents[1],
    Path(sysconfig.get_paths()["stdlib"]),
)
STOP_ATTEMPTS, STOP_WAIT = 20, 0.05  # how often, and how many seconds apart, code is told to end
SHOWN_CHARACTERS = 300
ADVICE = {  # part of an error message of torch or Python: what to do about its usual cause
    "is not a Module subclass": "`nn.Sequential` wants layers, made with brackets: `nn.ReLU()`.",
    "before Module.__init__() call": "The first line of `__init__` is `super().__init__()`.",
    'missing the required "forward"': "Is `forward` misspelt, or not indented into the class?",
    "modified by an inplace operation": "`+=` changes a map that the gradient still needs: write "
    "`x = x + …`.",
    "not implemented for 'Float'": "`&`, `|` and `~` are for masks of True and False: compare "
    "first, as in `logits > 0`.",
    "is ambiguous": "`if`, `and`, `or` and `not` ask one question of a whole tensor. Pixel by "
    "pixel it is `&`, `|`, `~` or `torch.where`.",
    "Subtraction, the `-` operator": "Masks of True and False cannot be subtracted: `~mask` "
    "is the opposite, `a & ~b` is a without b, and `.sum()` makes a number that can be subtracted.",
    "could not infer output dtype": "True and False have no mean: `.float()` first.",
    "that requires grad": "`.detach()` first, or work inside `with torch.no_grad():`.",
    "expected 4D input": "A network takes a batch, (N, C, H, W): `image[None]` makes one of 1.",
    "or 4D (batched) input to": "A network takes a batch, (N, C, H, W), with these four axes.",
    "and bias type": "A layer was given numbers of another type than its weights. Was it given a "
    "float image?",
    "eval() takes 1 positional": "`network.eval()` with its brackets returns the network.",
    "is not defined": "Is a `self.` missing before it, or an import?",
    "invalid combination of arguments": "Was a layer given a map where its settings go? "
    "`nn.ReLU()` makes the layer, `nn.ReLU()(x)` or `F.relu(x)` uses it.",
}


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

    It runs in a thread, because a thread can be abandoned on every operating system. Afterwards
    the process has the state that `keep_state` restores: random states, settings of torch, working
    folder and so on.

    Args:
        function: the code to run.
        seconds: the time after which it is stopped.
    """
    value: list[Any] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            value.append(function())
        except BaseException as exception:  # SystemExit and KeyboardInterrupt as well
            raised.append(exception)

    printed = io.StringIO()
    with keep_state(), contextlib.redirect_stdout(printed):
        warnings.simplefilter("ignore")
        thread = threading.Thread(target=work, daemon=True, name="student's code")
        thread.start()
        try:
            thread.join(seconds)
            error = _too_long(seconds) if thread.is_alive() else None
        except KeyboardInterrupt:
            error = "You interrupted the check before it was done."
        if error and not _stop(thread):
            error += " It could not be stopped and goes on unseen: restart the kernel."
    if error is None and raised:
        error = describe(raised[0])
    shown = _shortened(printed.getvalue().strip())
    return CallResult(value[0] if value and not error else None, error, shown)


def describe(error: BaseException) -> str:
    """Return a sentence about the error that stopped the student's code, and about its line."""
    message = _message(error)
    if isinstance(error, SystemExit):
        what = "asked Python to exit"
    elif isinstance(error, RecursionError):
        what = "called itself without an end (RecursionError)"
    elif isinstance(error, MemoryError) or "can't allocate memory" in message:
        what = f"asked for more memory than there is ({type(error).__name__})"
    else:
        shown = _shortened(message)
        what = f"stopped with {type(error).__name__}" + (f": {shown}" if shown else "")
    advice = next((f" {advice}" for words, advice in ADVICE.items() if words in message), "")
    return f"Your code {what}{_where(error)}.{advice}"


def _too_long(seconds: float) -> str:
    return (
        f"Your code was still running after {seconds:g} seconds and was stopped. "
        "Is there a loop that never ends?"
    )


def _stop(thread: threading.Thread) -> bool:
    """Raise `TimeLimitError` in the thread until it ends; return whether the thread has ended.

    Python raises it between two steps of bytecode, so one long operation of a library goes on.
    """
    for _ in range(STOP_ATTEMPTS):
        if thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(TimeLimitError)
            )
        thread.join(STOP_WAIT)
        if not thread.is_alive():
            return True
    return False


def _where(error: BaseException) -> str:
    """Name the innermost line of the traceback that is neither ours nor a library's."""
    line = last_line_outside(error, NOT_STUDENT_CODE)
    return f", in line {line[0]}: `{line[1]}`" if line else ""


def _message(error: BaseException) -> str:
    try:
        return str(error).strip().rstrip(".")
    except Exception:  # `__str__` of a student's own exception may fail
        return ""


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + " …"
