"""The exercises by name, in the order of the lessons: `exercises.halve.check(answer)`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from unet_teach.exercises.exercise import Exercise
from unet_teach.exercises.lesson_0.halvings import halvings
from unet_teach.exercises.lesson_0.unets import unets
from unet_teach.exercises.lesson_1.centres import centres
from unet_teach.exercises.lesson_1.halve import halve
from unet_teach.exercises.lesson_1.odd_sizes import odd_sizes
from unet_teach.exercises.lesson_1.output_size import output_size
from unet_teach.exercises.lesson_1.sees import sees
from unet_teach.exercises.lesson_2.double import double
from unet_teach.exercises.lesson_2.even_overlap import even_overlap
from unet_teach.exercises.lesson_2.not_restored import not_restored
from unet_teach.exercises.lesson_2.restore import restore
from unet_teach.exercises.lesson_2.up_size import up_size
from unet_teach.exercises.lesson_3.crop_to import crop_to
from unet_teach.exercises.lesson_3.fits import fits
from unet_teach.exercises.lesson_3.join import join
from unet_teach.exercises.lesson_3.pad_to import pad_to
from unet_teach.exercises.lesson_3.split_conv import split_conv
from unet_teach.exercises.lesson_4.arguments import arguments
from unet_teach.exercises.lesson_4.double_conv import double_conv
from unet_teach.exercises.lesson_4.forward_add import forward_add
from unet_teach.exercises.lesson_4.forward_cat import forward_cat
from unet_teach.exercises.lesson_4.own_unet import own_unet
from unet_teach.exercises.lesson_4.room_for_skips import room_for_skips
from unet_teach.exercises.lesson_5.clean_mask import clean_mask
from unet_teach.exercises.lesson_5.held_out import held_out
from unet_teach.exercises.lesson_5.iou import iou
from unet_teach.exercises.lesson_5.to_mask import to_mask
from unet_teach.exercises.lesson_5.validation_iou import validation_iou
from unet_teach.exercises.lesson_6.checkerboard import checkerboard
from unet_teach.exercises.lesson_6.mean_and_spread import mean_and_spread
from unet_teach.exercises.lesson_6.same_recipe import same_recipe
from unet_teach.exercises.lesson_6.tells_apart import tells_apart
from unet_teach.exercises.lesson_7.one_line import one_line
from unet_teach.exercises.lesson_7.one_mark import one_mark
from unet_teach.exercises.lesson_7.twelve import twelve
from unet_teach.exercises.lesson_8.reach import reach
from unet_teach.exercises.lesson_8.repeats_after import repeats_after
from unet_teach.exercises.lesson_8.tile_starts import tile_starts
from unet_teach.exercises.progress import export_progress, progress_map
from unet_teach.exercises.reply import Reply

if TYPE_CHECKING:
    from unet_teach.widgets.progress_map import ProgressMap

ALL: tuple[Exercise, ...] = (
    *(halvings, unets),
    *(halve, odd_sizes, centres, output_size, sees),
    *(up_size, double, restore, not_restored, even_overlap),
    *(join, split_conv, crop_to, pad_to, fits),
    *(room_for_skips, arguments, forward_add, forward_cat, double_conv, own_unet),
    *(to_mask, clean_mask, iou, validation_iou, held_out),
    *(mean_and_spread, tells_apart, same_recipe, checkerboard),
    *(twelve, one_line, one_mark),
    *(repeats_after, reach, tile_starts),
)

__all__ = [
    "ALL",
    "arguments",
    "centres",
    "checkerboard",
    "clean_mask",
    "crop_to",
    "double",
    "double_conv",
    "even_overlap",
    "export",
    "fits",
    "forward_add",
    "forward_cat",
    "halve",
    "halvings",
    "held_out",
    "iou",
    "join",
    "mean_and_spread",
    "not_restored",
    "odd_sizes",
    "one_line",
    "one_mark",
    "output_size",
    "own_unet",
    "pad_to",
    "progress",
    "reach",
    "repeats_after",
    "restore",
    "room_for_skips",
    "same_recipe",
    "sees",
    "split_conv",
    "tells_apart",
    "tile_starts",
    "to_mask",
    "twelve",
    "unets",
    "up_size",
    "validation_iou",
]


def progress() -> ProgressMap:
    """Show which exercises of all lessons are solved, tried and untouched."""
    return progress_map(ALL)


def export(path: str | Path = "unet_progress.csv", student: str = "") -> Reply:
    """Write what you have done to a file for your instructor; nothing is sent anywhere.

    Args:
        path: the file, with a name that ends in `.csv` or `.json`.
        student: your name or number; it stands in every row, so that an instructor can join files.
    """
    return export_progress(ALL, path, student)
