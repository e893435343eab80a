"""Checks whether this installation can run the lessons, and advises what to do if it cannot."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import TYPE_CHECKING, NamedTuple

import psutil
from packaging.requirements import Requirement

from unet_teach.shared.memory import free_memory
from unet_teach.shared.running_kernels import listed_kernels

if TYPE_CHECKING:
    from unet_teach.exercises.exercise import Reply
    from unet_teach.widgets.base import CourseWidget

OLDEST_PYTHON = (3, 10)
MUCH_MEMORY = 900  # MB used by the kernel: a Binder tab may have no more than 1 GB


class Finding(NamedTuple):
    """One line of the report: whether all is well, what was checked, and what to do if not."""

    ok: bool
    text: str
    advice: str = ""


def self_test(widget: CourseWidget | None = None) -> Reply:
    """Check versions, memory, the progress file and a widget, and return a report.

    Args:
        widget: a widget that a cell above shows, to check that the browser displays widgets.
    """
    from unet_teach.exercises.exercise import Reply  # imports torch and every exercise

    findings = [*_check_versions(), _check_memory(), _check_progress_file()]
    if widget is not None:
        findings.append(_check_shown(widget))
    failed = sum(not finding.ok for finding in findings)
    need = "needs" if failed == 1 else "need"
    head = f"{failed} of {len(findings)} {need} your attention." if failed else "All is well."
    wrong = [f"✕ {text}\n   {advice}" for ok, text, advice in findings if not ok]
    right = "✓ " + " · ".join(finding.text for finding in findings if finding.ok)
    return Reply("\n".join([head, *wrong, right]))


def _check_versions() -> Iterator[Finding]:
    yield Finding(
        sys.version_info >= OLDEST_PYTHON,
        f"Python {platform.python_version()}",
        f"Python {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed.",
    )
    try:
        required = [Requirement(text) for text in metadata.requires("unet-teach") or []]
    except metadata.PackageNotFoundError:  # a copy of the folder, not an installation
        required = []
    for requirement in (*required, Requirement("jupyterlab>=4")):
        try:
            installed = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            installed = ""
        yield Finding(
            bool(installed) and requirement.specifier.contains(installed, prereleases=True),
            f"{requirement.name} {installed or 'is missing'}",
            f"Wanted {requirement}. Run `pip install '{requirement}'` and restart the kernel.",
        )


def _check_memory() -> Finding:
    used = psutil.Process().memory_info().rss // 2**20
    free = free_memory() // 2**20
    return Finding(
        used < MUCH_MEMORY and free > 300,
        f"this kernel holds {used} MB, {free:,} MB are free",
        f"Close other notebooks' kernels (menu Kernel, Shut Down All Kernels).{listed_kernels()}",
    )


def _check_progress_file() -> Finding:
    from unet_teach.exercises.exercise import RECORD

    RECORD.save()  # sets `trouble` if the file cannot be read or written
    return Finding(
        not RECORD.trouble,
        f"your progress is kept in {RECORD.path}",
        f"{RECORD.trouble} The lessons work without it.",
    )


def _check_shown(widget: CourseWidget) -> Finding:
    return Finding(
        bool(widget._shown),
        "the widget shows" if widget._shown else "the widget has not shown yet",
        "Run this cell once more: in a Run All, it is asked before the widget can show. If you see "
        '"model not found" instead of sliders, run the widget\'s cell again: the kernel that drew '
        "it is gone. If you see another line of text, open the notebook in JupyterLab 4 in a "
        "browser, and allow it to run JavaScript.",
    )
