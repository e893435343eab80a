"""What all widgets share: checked sizes, a text form without addresses, the echo of torch."""

from __future__ import annotations

import operator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STATIC = Path(__file__).parent / "static"


class Size(traitlets.TraitType[int, int]):
    """A whole number between two bounds, checked like the slider that shows it."""

    def __init__(self, default_value: int, minimum: int, maximum: int) -> None:
        self.minimum, self.maximum = minimum, maximum
        super().__init__(default_value)

    def validate(self, obj: Any, value: Any) -> int:
        """Return the value as an int, or raise `TraitError` with a sentence."""
        allowed = f"{self.name} takes a whole number from {self.minimum} to {self.maximum}"
        if isinstance(value, bool):
            raise traitlets.TraitError(f"{self.name}={value!r} is not a number: {allowed}.")
        try:
            size = operator.index(value)
        except TypeError:
            raise traitlets.TraitError(
                f"{self.name}={value!r} is not a whole number: {allowed}."
            ) from None
        if not self.minimum <= size <= self.maximum:
            raise traitlets.TraitError(f"{self.name}={size} is out of range: {allowed}.")
        return size


class CourseWidget(anywidget.AnyWidget):
    """Base of the widgets: each says in words what it shows, and can be drawn for print."""

    _css = STATIC / "theme.css"
    _shown = traitlets.Bool(False).tag(sync=True)  # the browser sets it when it has the widget

    def describe(self) -> str:
        """Return one line that says what the widget shows."""
        raise NotImplementedError

    def figure(self) -> Figure:
        """Return the same picture drawn with matplotlib, for slides and print."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Return the text form: notebooks, PDF and web pages show it where no widget can be."""
        return self.describe()
