"""The exercises by name, in the order of the lessons: `exercises.halve.check(answer)`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from unet_teach.exercises.downsampling import centres, halve, odd_sizes, output_size, sees
from unet_teach.exercises.engine import Exercise, Reply
from unet_teach.exercises.standing import export_of, progress_of

if TYPE_CHECKING:
    from unet_teach.widgets.progress_map import ProgressMap

ALL: tuple[Exercise, ...] = (halve, odd_sizes, centres, output_size, sees)

__all__ = ["ALL", "centres", "export", "halve", "odd_sizes", "output_size", "progress", "sees"]


def progress() -> ProgressMap:
    """Show where you are over all lessons: what is solved, tried and untouched."""
    return progress_of(ALL)


def export(path: str | Path = "unet_progress.csv", student: str = "") -> Reply:
    """Write what you have done to a file for your instructor; nothing is sent anywhere.

    Args:
        path: where, a name that ends in `.csv` or `.json`.
        student: stands in every row, so that an instructor can lay many files together.
    """
    return export_of(ALL, path, student)
