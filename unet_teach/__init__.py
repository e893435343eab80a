"""The names a lesson uses, loaded when they are first used.

`import unet_teach` costs nothing: torch and the widgets are imported by the first name that needs
them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unet_teach import exercises as exercises

__all__ = ["exercises"]

_HOME = {"exercises": "unet_teach.exercises"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(_HOME[name])


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
