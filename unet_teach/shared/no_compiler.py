"""Keeps torch's compiler out of memory until something is compiled.

Every optimizer and many operations on shapes tell the compiler that they are not for it. For that,
torch imports all of it, sympy included: 80 MB, and seconds on a slow core
(benchmarks/lesson_cost.py). Until something else is asked of it, a module in its place knows these
two answers.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

NAME = "torch._dynamo"


class CompilerToCome(ModuleType):
    """Stands where torch looks for its compiler, and makes way for it when it is needed."""

    def graph_break(self, *_: Any, **__: Any) -> None:
        """End a compiled part; there is none."""

    def disable(self, fn: Any = None, *options: Any, **named: Any) -> Any:
        """Return a function that the compiler leaves alone, once it is there."""
        if fn is None or named.get("wrapping", True):
            return self._compiler().disable(fn, *options, **named)

        @cache
        def disabled() -> Callable[..., Any]:
            return self._compiler().disable(fn, *options, **named)  # type: ignore[no-any-return]

        def run(*args: Any, **kwargs: Any) -> Any:
            return (fn if sys.modules.get(NAME) is self else disabled())(*args, **kwargs)

        return run

    def _compiler(self) -> Any:
        if sys.modules.get(NAME) is self:
            del sys.modules[NAME]
        return importlib.import_module(NAME)

    def __getattr__(self, name: str) -> Any:
        """Import the compiler for whatever else is asked of it."""
        if name in ("__spec__", "__file__"):  # what Python asks of every module
            raise AttributeError(name)
        return getattr(self._compiler(), name)


def keep_compiler_out() -> None:
    """Let torch run without importing its compiler, until something is compiled."""
    sys.modules.setdefault(NAME, CompilerToCome(NAME))
