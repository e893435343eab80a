"""The names a lesson uses, loaded when they are first used.

`import unet_teach` costs nothing: torch and the widgets are imported by the first name that needs
them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unet_teach import exercises as exercises
    from unet_teach.exercises import export as export
    from unet_teach.exercises import progress as progress
    from unet_teach.inspection.inspector import inspect_unet as inspect_unet
    from unet_teach.installation import self_test as self_test
    from unet_teach.networks import UNet as UNet

_HOMES = {
    "UNet": "networks",
    "export": "exercises",
    "inspect_unet": "inspection.inspector",
    "progress": "exercises",
    "self_test": "installation",
}

__all__ = ["UNet", "exercises", "export", "inspect_unet", "progress", "self_test"]


def __getattr__(name: str) -> Any:
    if name == "exercises":
        return importlib.import_module("unet_teach.exercises")
    if name in _HOMES:
        return getattr(importlib.import_module(f"unet_teach.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
