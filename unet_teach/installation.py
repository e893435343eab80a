"""Says whether this installation can show the lessons, and what to do where it cannot."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import TYPE_CHECKING, NamedTuple

import psutil
from packaging.requirements import Requirement

if TYPE_CHECKING:
    from unet_teach.exercises.exercise import Reply
    from unet_teach.widgets.base import CourseWidget

OLDEST_PYTHON = (3, 10)
MUCH_MEMORY = 900  # MB: a Binder tab may have 1 GB


class Finding(NamedTuple):
    """One line of the test: whether it holds, what was looked at, and what to do if not."""

    holds: bool
    text: str
    advice: str = ""


def self_test(widget: CourseWidget | None = None) -> Reply:
    """Look at versions, memory, the progress file and a widget; return what was found.

    Args:
        widget: one that stands in a cell above, to see whether the browser shows it.
    """
    from unet_teach.exercises.exercise import Reply

    findings = [*_versions(), _memory(), _progress()]
    if widget is not None:
        findings.append(_shown(widget))
    lines = [
        f"{'✓' if holds else '✕'} {text}" + (f"\n   {advice}" if advice and not holds else "")
        for holds, text, advice in findings
    ]
    faults = sum(not finding.holds for finding in findings)
    need = "needs" if faults == 1 else "need"
    head = f"{faults} of {len(findings)} {need} your attention." if faults else "All is well."
    return Reply("\n".join([head, *lines]))


def _versions() -> Iterator[Finding]:
    yield Finding(
        sys.version_info >= OLDEST_PYTHON,
        f"Python {platform.python_version()}",
        f"Python {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed.",
    )
    try:
        wanted = [Requirement(text) for text in metadata.requires("unet-teach") or []]
    except metadata.PackageNotFoundError:  # a copy of the folder, not an installation
        wanted = []
    for requirement in (*wanted, Requirement("jupyterlab>=4")):
        try:
            found = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            found = ""
        yield Finding(
            bool(found) and requirement.specifier.contains(found, prereleases=True),
            f"{requirement.name} {found or 'is missing'}",
            f"Wanted {requirement}. Run `pip install '{requirement}'` and restart the kernel.",
        )


def _memory() -> Finding:
    used = psutil.Process().memory_info().rss // 2**20
    free = psutil.virtual_memory().available // 2**20
    return Finding(
        used < MUCH_MEMORY and free > 300,
        f"this kernel holds {used} MB, {free:,} MB are free",
        "Close other notebooks' kernels (menu Kernel, Shut Down All Kernels).",
    )


def _progress() -> Finding:
    from unet_teach.exercises.exercise import RECORD

    RECORD.entry("")
    return Finding(
        not RECORD.trouble,
        f"your progress is kept in {RECORD.path}",
        f"{RECORD.trouble} The lessons work without it.",
    )


def _shown(widget: CourseWidget) -> Finding:
    return Finding(
        bool(widget._shown),
        "the widget shows" if widget._shown else "the widget has not shown yet",
        "Run this cell once more: in a Run All, it is asked before the widget can show. If you see "
        "a line of text instead of sliders, open the notebook in JupyterLab 4 in a browser, and "
        "allow it to run JavaScript.",
    )
