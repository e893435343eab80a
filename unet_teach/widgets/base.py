"""What all widgets share: checked traits, a text form without addresses, a figure for print.

matplotlib takes longer to import than all widgets together, and few readers ask for a figure.
So `figure()` imports it, and the module that draws, when it is called. That module is called as
the widget's view is, with `_figure` behind it, and has a function `draw(widget)`. For the same
reason a widget adds its static picture to a notebook only where `UNET_TEACH_PICTURES` asks for it,
as lessons/build.py does.
"""

from __future__ import annotations

import math
import numbers
import operator
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import anywidget
import traitlets

from unet_teach.widgets.steps import Steps, as_lines

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STATIC = Path(__file__).parent / "static"
PICTURES = "UNET_TEACH_PICTURES"  # set to anything, notebooks get a picture of each widget
WIDGETS_OWN = frozenset(anywidget.AnyWidget.class_traits())
IntOrPair: TypeAlias = int | tuple[int, int]


def pair_of(size: IntOrPair) -> tuple[int, int]:
    """Return a size as (height, width)."""
    return size if isinstance(size, tuple) else (size, size)


def is_finite(number: Any) -> bool:
    """Return whether a value is a real number, neither a bool nor NaN nor infinite."""
    is_real = isinstance(number, numbers.Real) and not isinstance(number, bool)
    return is_real and math.isfinite(number)


class BoundedInt(traitlets.TraitType[int, int]):
    """A whole number between two bounds, those of its slider; `None` too if it is the default."""

    def __init__(self, default_value: int | None, minimum: int, maximum: int) -> None:
        self.minimum, self.maximum = minimum, maximum
        super().__init__(default_value, allow_none=default_value is None)

    @property
    def _allowed(self) -> str:
        return f"{self.name} takes a whole number from {self.minimum} to {self.maximum}"

    def validate(self, obj: Any, value: Any) -> int:
        """Return the value as an int, or raise `TraitError` with a sentence."""
        try:
            if isinstance(value, bool):
                raise TypeError
            size = operator.index(value)
        except TypeError:
            raise traitlets.TraitError(
                f"{self.name}={value!r} is not a whole number: {self._allowed}."
            ) from None
        if not self.minimum <= size <= self.maximum:
            raise traitlets.TraitError(f"{self.name}={size} is out of range: {self._allowed}.")
        return size


class PairSize(BoundedInt):
    """One whole number for height and width, or a pair of them, each between two bounds."""

    @property
    def _allowed(self) -> str:
        return f"{super()._allowed}, or a pair (height, width) of them"

    def validate(self, obj: Any, value: Any) -> Any:
        """Return an int or a pair of ints, or raise `TraitError` with a sentence."""
        if not isinstance(value, tuple | list):
            return super().validate(obj, value)
        if len(value) != 2:
            raise traitlets.TraitError(
                f"{self.name}={value!r} has {len(value)} values: {self._allowed}."
            )
        height, width = (super(PairSize, self).validate(obj, size) for size in value)
        return (height, width)


class Checked(traitlets.TraitType[Any, Any]):
    """What a function makes of a value; where it refuses one, its sentence is a `TraitError`."""

    def __init__(self, read: Callable[[str, Any], Any], *default: Any, **options: Any) -> None:
        self.read = read  # is given the trait's name and the value
        super().__init__(*default, **options)

    def validate(self, obj: Any, value: Any) -> Any:
        """Return what the function returns."""
        try:
            return self.read(str(self.name), value)
        except (TypeError, ValueError) as refusal:
            raise traitlets.TraitError(str(refusal)) from None


class Choice(traitlets.TraitType[Any, Any]):
    """One of a few values, those of its menu. The first is the default."""

    def __init__(self, *allowed: str | bool) -> None:
        self.allowed = allowed
        super().__init__(allowed[0])

    def validate(self, obj: Any, value: Any) -> Any:
        """Return the value, or raise `TraitError` with a sentence that lists what is allowed."""
        for option in self.allowed:
            if type(value) is type(option) and value == option:  # True == 1, but it is not 1
                return option
        listed = " or ".join(repr(option) for option in self.allowed)
        raise traitlets.TraitError(f"{self.name}={value!r} is not known: {self.name} is {listed}.")


class CourseWidget(anywidget.AnyWidget):  # type: ignore[misc, unused-ignore]
    """Base of the widgets: each has a text form, a matplotlib figure, and may have steps.

    Attributes:
        steps: instructions that the widget shows one at a time: sentences, or `Step`s that are
            ticked off by an answer or by the widget's state.
    """

    _ipython_display_ = None  # of ipywidgets 7, as on Colab: it would cut the text form
    _view: ClassVar[str]  # what its script, its styles and the module of its figure are called
    # What the states of steps may ask for besides traits: the view computes it.
    STEP_FACTS: ClassVar[tuple[str, ...]] = ()
    steps = Steps().tag(sync=True)
    _step = traitlets.Int(0).tag(sync=True)  # the step that is shown, from 0
    _ticked = traitlets.List(traitlets.Int()).tag(sync=True)  # the steps that are done
    _shown = traitlets.Bool(False).tag(sync=True)  # the browser sets it when it shows the widget

    def __init_subclass__(cls, view: str = "", **options: Any) -> None:
        """Take the widget's script and styles, where it has its own view."""
        if view:
            cls._view, cls._esm, cls._css = view, STATIC / f"{view}.js", STATIC / f"{view}.css"
        super().__init_subclass__(**options)

    def __init__(self, **options: Any) -> None:
        """Refuse a name that the widget does not have, which traitlets would accept silently."""
        for name in options:
            if not self.has_trait(name):
                known = ", ".join(self._settable())
                raise TypeError(f"{type(self).__name__} has no {name!r}. It has {known}.")
        super().__init__(**options)

    @classmethod
    def step_names(cls) -> list[str]:
        """Return the names that the states of steps may ask for."""
        return [*(name for name in cls._settable() if name != "steps"), *cls.STEP_FACTS]

    @classmethod
    def _settable(cls) -> list[str]:
        """Return the names of the widget's own traits that may be set."""
        return [
            name
            for name, trait in cls.class_traits(sync=True).items()
            if not (name.startswith("_") or trait.read_only or name in WIDGETS_OWN)
        ]

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Accept a state from the browser; where a trait refuses it, send the old state back."""
        try:
            super().set_state(sync_data)
        except traitlets.TraitError:
            self.send_state([name for name in sync_data if self.has_trait(name)])

    def describe(self) -> str:
        """Return one line that says what the widget shows."""
        raise NotImplementedError

    def figure(self) -> Figure:
        """Return the same picture drawn with matplotlib, for slides and print."""
        import matplotlib.pyplot as plt

        # `draw` makes a Figure without pyplot, which would show it again at the end of a cell.
        with plt.style.context("unet_teach.course"):
            figure: Figure = import_module(f"unet_teach.widgets.{self._view}_figure").draw(self)
        return figure

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        data, metadata = super()._repr_mimebundle_(**kwargs)  # type: ignore[misc, unused-ignore]
        data["text/plain"] = repr(self)  # anywidget 0.9 would cut it, too
        if os.environ.get(PICTURES):
            from unet_teach.shared.show import static_picture  # it needs matplotlib

            data |= static_picture(self.figure(), self.describe())
            self._shown = True  # as a picture
        return data, metadata

    def __repr__(self) -> str:
        """Return the text form, which PDF and web pages show in place of the widget."""
        return "\n".join([self.describe(), *as_lines(self.steps)])
