"""The line of a user's own code at which an error passed."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Collection
from pathlib import Path


def last_line_outside(
    error: BaseException | None, folders: Collection[Path]
) -> tuple[int, str] | None:
    """Return the innermost line of a traceback that lies in none of the given folders.

    Args:
        error: an exception with its traceback, or None.
        folders: folders of code that is not the user's, such as the one torch is installed in.

    Returns:
        The line number and the stripped source line; None when there is no readable line.
    """
    frames = traceback.extract_tb(error.__traceback__) if error is not None else []
    for frame in reversed(frames):
        if frame.filename.startswith("<frozen"):
            continue
        if any(folder in Path(frame.filename).parents for folder in folders):
            continue
        if line := linecache.getline(frame.filename, frame.lineno or 0).strip():
            return frame.lineno or 0, line
    return None
