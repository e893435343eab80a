"""The exercises by name, in the order of the lessons: `exercises.halve.check(answer)`."""

from unet_teach.exercises.downsampling import halve, output_size

__all__ = ["halve", "output_size"]
