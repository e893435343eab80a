"""The exercises by name, in the order of the lessons: `exercises.halve.check(answer)`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unet_teach.exercises.exercise import Exercise
from unet_teach.exercises.own_network import my_unet as my_unet
from unet_teach.exercises.progress import export_progress, load_progress, progress_map
from unet_teach.exercises.progress import next_lesson as next_lesson
from unet_teach.exercises.reply import Reply
from unet_teach.shared.lazy_imports import lazy_imports
from unet_teach.shared.no_compiler import keep_compiler_out
from unet_teach.shared.return_memory import return_memory_after_cells
from unet_teach.shared.running_kernels import warn_when_short

if TYPE_CHECKING:
    from unet_teach.widgets.progress_map import ProgressMap

    # One line per exercise, in the order in which the lessons ask them, which `ALL` keeps.
    # Each is loaded when it is first used: a lesson needs a few of them.
    # isort: off
    from unet_teach.exercises.lesson_0.halvings import halvings as halvings
    from unet_teach.exercises.lesson_0.unets import unets as unets
    from unet_teach.exercises.lesson_1.output_size import output_size as output_size
    from unet_teach.exercises.lesson_1.halve import halve as halve
    from unet_teach.exercises.lesson_1.odd_sizes import odd_sizes as odd_sizes
    from unet_teach.exercises.lesson_1.sees import sees as sees
    from unet_teach.exercises.lesson_1.centres import centres as centres
    from unet_teach.exercises.lesson_2.up_size import up_size as up_size
    from unet_teach.exercises.lesson_2.double import double as double
    from unet_teach.exercises.lesson_2.restore import restore as restore
    from unet_teach.exercises.lesson_2.even_overlap import even_overlap as even_overlap
    from unet_teach.exercises.lesson_2.not_restored import not_restored as not_restored
    from unet_teach.exercises.lesson_3.join import join as join
    from unet_teach.exercises.lesson_3.first_network import first_network as first_network
    from unet_teach.exercises.lesson_3.pad_to import pad_to as pad_to
    from unet_teach.exercises.lesson_3.fits import fits as fits
    from unet_teach.exercises.lesson_3.crop_to import crop_to as crop_to
    from unet_teach.exercises.lesson_3.split_conv import split_conv as split_conv
    from unet_teach.exercises.lesson_4.room_for_skips import room_for_skips as room_for_skips
    from unet_teach.exercises.lesson_4.arguments import arguments as arguments
    from unet_teach.exercises.lesson_4.forward_add import forward_add as forward_add
    from unet_teach.exercises.lesson_4.forward_cat import forward_cat as forward_cat
    from unet_teach.exercises.lesson_4.double_conv import double_conv as double_conv
    from unet_teach.exercises.lesson_4.own_unet import own_unet as own_unet
    from unet_teach.exercises.lesson_5.held_out import held_out as held_out
    from unet_teach.exercises.lesson_5.iou import iou as iou
    from unet_teach.exercises.lesson_5.to_mask import to_mask as to_mask
    from unet_teach.exercises.lesson_5.validation_iou import validation_iou as validation_iou
    from unet_teach.exercises.lesson_5.clean_mask import clean_mask as clean_mask
    from unet_teach.exercises.lesson_6.mean_and_spread import mean_and_spread as mean_and_spread
    from unet_teach.exercises.lesson_6.tells_apart import tells_apart as tells_apart
    from unet_teach.exercises.lesson_6.rim_skip import rim_skip as rim_skip
    from unet_teach.exercises.lesson_6.same_recipe import same_recipe as same_recipe
    from unet_teach.exercises.lesson_6.fools_it import fools_it as fools_it
    from unet_teach.exercises.lesson_6.checkerboard import checkerboard as checkerboard
    from unet_teach.exercises.lesson_7.twelve import twelve as twelve
    from unet_teach.exercises.lesson_7.one_line import one_line as one_line
    from unet_teach.exercises.lesson_7.one_mark import one_mark as one_mark
    from unet_teach.exercises.lesson_8.reach import reach as reach
    from unet_teach.exercises.lesson_8.repeats_after import repeats_after as repeats_after
    from unet_teach.exercises.lesson_8.tile_starts import tile_starts as tile_starts
    from unet_teach.exercises.lesson_9.border_target import border_target as border_target
    from unet_teach.exercises.lesson_9.object_f1 import object_f1 as object_f1
    from unet_teach.exercises.lesson_9.rare_weights import rare_weights as rare_weights
    from unet_teach.exercises.lesson_9.ignore_void import ignore_void as ignore_void
    from unet_teach.exercises.lesson_9.border_threshold import border_threshold as border_threshold
    # isort: on

    ALL: tuple[Exercise, ...]
else:
    _load, __dir__, __all__ = lazy_imports(__name__)

    def __getattr__(name: str) -> Any:
        return _every_exercise() if name == "ALL" else _load(name)


@cache
def _every_exercise() -> tuple[Exercise, ...]:
    found = (__getattr__(name) for name in __all__)  # type: ignore[name-defined]
    return tuple(each for each in found if isinstance(each, Exercise))


keep_compiler_out()
return_memory_after_cells()
warn_when_short()  # the first cell of a lesson imports this


def progress() -> ProgressMap:
    """Return a widget that shows which exercises are solved, tried and untouched."""
    return progress_map(_every_exercise())


def export(path: str | Path = "unet_progress.csv", name: str = "", *, student: str = "") -> Reply:
    """Write your progress to a file, for yourself or your instructor; nothing is sent anywhere.

    Args:
        path: the file to write; its name ends in `.csv` or `.json`.
        name: yours, for the column `student`, if your instructor asks for it.
        student: the same, as it was called before.

    Returns:
        A reply that says where the file is, or why it could not be written.
    """
    return export_progress(_every_exercise(), path, name or student)


def load(path: str | Path = "unet_progress.csv") -> Reply:
    """Add the progress in an exported file to yours; nothing that you have solved is lost.

    Args:
        path: a file that `export` wrote, here or on another computer.

    Returns:
        A reply that says what was read, or why nothing was.
    """
    return load_progress(_every_exercise(), path)
