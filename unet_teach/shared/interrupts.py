"""What a stopped cell (■) shows: a sentence in place of a traceback.

So does a later cell that lacks a variable because of the stop.

Where a stop would lose something, `hold_interrupts` keeps it for later.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

STOPPED = (
    "You stopped this cell{where}. What it had made until then is kept. "
    "Run it again for the rest, or go on below: a cell that needs the rest says so."
)
MISSING = (
    "This cell needs `{name}`{where}, which has no value yet. If a cell above makes it, that cell "
    "was stopped, or has not run since the kernel started: choose Run → Run All Above Selected "
    "Cell, then run this cell again. If no cell makes it, check how it is spelt."
)


def notebook_shell() -> Any:
    """Return IPython's shell if it has a notebook, else None."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell if hasattr(shell, "kernel") else None


def explain_stopped_cells() -> None:
    """In a notebook, say a sentence in place of the traceback of ■, or of a missing variable.

    Elsewhere nothing happens. The cell still counts as failed, so that Run All ends there.
    """
    shell = notebook_shell()
    if shell and not shell.custom_exceptions:
        shell.set_custom_exc((KeyboardInterrupt, NameError), _explain)


def _explain(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType,
    tb_offset: int | None = None,
) -> None:
    frames = list(traceback.walk_tb(trace))
    of_cells = [frame.f_globals is shell.user_ns for frame, _ in frames]
    where = ""
    if any(of_cells):
        line = traceback.extract_tb(trace)[len(frames) - 1 - of_cells[::-1].index(True)]
        where = f" (line {line.lineno}: `{line.line}`)"
    if isinstance(error, KeyboardInterrupt):
        # Who presses ■ twice gets no traceback of IPython; each cell begins with a new handler.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print(STOPPED.format(where=where))
    elif kind is NameError and of_cells[-1]:  # not in a library, where it is no missing variable
        print(MISSING.format(name=error.name, where=where))  # type: ignore[attr-defined]
    else:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)


@contextlib.contextmanager
def hold_interrupts() -> Iterator[list[int]]:
    """Let no ■ or Ctrl+C stop the block; each adds an entry to the list that it gives."""
    held: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # it alone is interrupted
        yield held
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: held.append(number))
    try:
        yield held
    finally:
        signal.signal(signal.SIGINT, before)
