"""The line of a user's own code at which an error passed."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Collection
from pathlib import Path
from types import FrameType


def last_frame_outside(
    error: BaseException | None, folders: Collection[Path]
) -> tuple[FrameType, int, str] | None:
    """Return the innermost line of a traceback that lies in none of the given folders.

    That is its frame, number and stripped source; None when there is no readable line.
    """
    frames = traceback.walk_tb(error.__traceback__) if error is not None else ()
    for frame, number in reversed(list(frames)):
        name = frame.f_code.co_filename
        if name.startswith("<frozen"):
            continue
        if any(folder in Path(name).parents for folder in folders):
            continue
        if line := linecache.getline(name, number, frame.f_globals).strip():
            return frame, number, line
    return None
