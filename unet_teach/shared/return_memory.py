"""Gives memory that a cell has freed back to the system: the C library keeps it otherwise.

Each answer is checked in a thread of its own, and glibc keeps a pool of memory for each.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

ARENA_MAX = -8  # what mallopt of glibc calls the number of pools


def return_memory_after_cells() -> None:
    """Use one pool for all threads, and give back after each cell; does nothing without glibc."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    try:
        library = ctypes.CDLL("libc.so.6") if sys.platform.startswith("linux") else None
    except OSError:  # another C library
        return
    if shell is None or library is None or not hasattr(library, "malloc_trim"):
        return
    trim = library.malloc_trim

    def give_back(*_: Any) -> None:
        if torchinfo := sys.modules.get("torchinfo.torchinfo"):
            torchinfo.clear_cached_forward_pass()  # each network that it has summarised
        trim(0)

    library.mallopt(ARENA_MAX, 1)
    shell.events.register("post_run_cell", give_back)
