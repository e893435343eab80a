"""How much memory is free: what the control group of this process allows, not what the host has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil

# Where Linux says how much memory a control group may use, in version 2 ("") and version 1.
CONTROL_GROUP_FILES = {
    "": ("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
    "memory": (
        "sys/fs/cgroup/memory",
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
    ),
}


def free_memory(root: Path = Path("/")) -> int:
    """Return how many bytes this process may still take: the host's, or fewer in a container.

    Args:
        root: the folder that holds `proc` and `sys`.
    """
    host = int(psutil.virtual_memory().available)
    return min([host, *_free_in_control_groups(root)])


def _free_in_control_groups(root: Path) -> Iterator[int]:
    """Yield the bytes free in each control group of this process that limits its memory.

    A container, such as a session on Binder, is such a group on Linux. What a group uses includes
    files that were read and can be forgotten (`inactive_file`), which count as free.
    """
    try:
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:  # not Linux
        return
    for group in groups:
        _, kinds, path = group.split(":", 2)
        if kinds not in ("", "memory"):
            continue
        mount, limit, usage, cache = CONTROL_GROUP_FILES[kinds]
        folder = Path(path.lstrip("/"))
        # Inside a container, the path may be the host's; its own group is then at the mount.
        for part in (folder, *folder.parents):
            place = root / mount / part
            try:
                allowed = int((place / limit).read_text())
                lines = (place / "memory.stat").read_text().splitlines()
                forgettable = int(dict(line.split() for line in lines).get(cache, 0))
                yield max(0, allowed - int((place / usage).read_text()) + forgettable)
            except (OSError, ValueError):  # no such group, or its limit is "max"
                continue
