"""Lets Python go on although a thread never leaves a library's loop (on Linux).

`sum(itertools.count())` never returns to the interpreter. So it keeps the global interpreter lock:
no other thread runs and no interrupt arrives. Against that, the thread sets a timer on its own
processor time. When it goes off, the system calls `_park` in this thread, in the midst of the loop.
`_park` is Python code that sleeps, which hands over the lock, and it never returns.

The loop may be stopped in the midst of an allocation, whose few steps belong together. So `_park`
allocates nothing itself. Even so, one process in some hundreds dies of it afterwards; without
the timer, each would hang until somebody restarts it.
"""

import contextlib
import ctypes
import signal
import sys
import threading
import time
from collections.abc import Iterator

THREAD_CPU_CLOCK, TO_ONE_THREAD = 3, 4  # CLOCK_THREAD_CPUTIME_ID and SIGEV_THREAD_ID of Linux


class _Notice(ctypes.Structure):  # struct sigevent
    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signal", ctypes.c_int),
        ("kind", ctypes.c_int),
        ("thread", ctypes.c_int),
        ("unused", ctypes.c_char * 44),
    )


class _Times(ctypes.Structure):  # struct itimerspec
    _fields_ = (("interval", ctypes.c_long * 2), ("first", ctypes.c_long * 2))


def _park(_signal: int) -> None:
    while True:
        try:
            time.sleep(3600)
        except BaseException:  # raised by another thread; `suppress` would allocate
            continue


def is_parked(thread: threading.Thread) -> bool:
    """Return whether a thread sleeps for good."""
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is not None and frame.f_code is _park.__code__


_PARK = ctypes.CFUNCTYPE(None, ctypes.c_int)(_park)


@contextlib.contextmanager
def parked_after(seconds: float) -> Iterator[None]:
    """Park the calling thread for good when it has used so many seconds of processor time."""
    if sys.platform != "linux":
        yield
        return
    libc, number, timer = ctypes.CDLL(None), signal.SIGRTMIN + 7, ctypes.c_void_p()
    libc.signal.restype, libc.signal.argtypes = ctypes.c_void_p, (ctypes.c_int, ctypes.c_void_p)
    libc.timer_delete.argtypes = (ctypes.c_void_p,)
    libc.signal(number, ctypes.cast(_PARK, ctypes.c_void_p))
    notice = _Notice(signal=number, kind=TO_ONE_THREAD, thread=threading.get_native_id())
    if libc.timer_create(THREAD_CPU_CLOCK, ctypes.byref(notice), ctypes.byref(timer)):
        yield  # no more timers: as on other systems
        return
    first, again = ((ctypes.c_long * 2)(int(s), int(s % 1 * 1e9)) for s in (seconds, 0.2))
    # Again and again, because an error that another thread raises in this one ends `_park`.
    libc.timer_settime(timer, 0, ctypes.byref(_Times(again, first)), None)
    try:
        yield
    finally:
        libc.timer_delete(timer)
