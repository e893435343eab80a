"""Says in a notebook how long a loop will still take."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from unet_teach.shared.interrupts import notebook_shell

Item = TypeVar("Item")
SHORT = 2.0  # seconds: a loop that takes less says nothing
REDRAW = 0.5  # seconds


def time_left(items: Sequence[Item]) -> Iterator[Item]:
    """Yield the items, and show beneath the cell how many are done and the seconds that are left.

    Outside of a notebook, or if all takes less than two seconds, nothing is shown.

    Args:
        items: such as `range(200)`, each of which takes about as long as the others.
    """
    if not notebook_shell():
        yield from items
        return
    from IPython.display import DisplayHandle  # there is none without a notebook

    handle: Any = None
    start = drawn = time.perf_counter()
    for done, item in enumerate(items):
        now = time.perf_counter()
        if done and now - drawn >= REDRAW and (now - start) * len(items) / done > SHORT:
            left = (now - start) * (len(items) / done - 1)
            text = {"text/plain": f"{done} of {len(items)} done, about {left:.0f} s left"}
            drawn = now
            if handle is None:
                handle = DisplayHandle()  # type: ignore[no-untyped-call, unused-ignore]
                handle.display(text, raw=True)
            else:
                handle.update(text, raw=True)
        yield item
    if handle is not None:
        handle.update({"text/plain": ""}, raw=True)
