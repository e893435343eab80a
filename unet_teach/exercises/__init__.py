"""The exercises by name, in the order of the lessons: `exercises.halve.check(answer)`."""

from unet_teach.exercises.downsampling import halve

__all__ = ["halve"]
