"""Predict: a question whose answer is shown after a guess is locked."""

from __future__ import annotations

import math
import numbers
import operator
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import traitlets

from unet_teach.shared.sizes_as_text import sizes_as_text
from unet_teach.widgets.base import STATIC, CourseWidget

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Answer: TypeAlias = "int | float | str | tuple[int, ...]"

_NAMES = {int: "a whole number", float: "a number", str: "a text", tuple: "a size"}
_KINDS = {int: "int", float: "float", str: "text", tuple: "size"}
_FEWEST, _MOST = 2, 6  # numbers of a size
_LONGEST_TEXT = 200
_RELATIVE = 0.01  # how far off a guess at a float may be where no tolerance is given
_ROUNDING = 1e-12  # relative: 0.7 + 0.1 is not quite 0.8
_LARGEST = 10**15  # browsers count exactly up to 2**53
_MISSING: Any = object()


class Predict(CourseWidget):
    """Ask for a guess, lock it, and only then show the answer.

    A known wrong guess gets the sentence that explains it, any other a friendly one. A locked
    guess stays: run the cell again for a new one. In class the key `r` shows or hides the answers
    of all Predict widgets on the page, locked or not. The type of `answer` decides what is read:
    a whole number, a number, a size ("16×16", "16x16", "16 16" or "(16, 16)", and "16" where all
    numbers of the answer are equal) or a short text.

    Text in `backticks` is set as code. All other text is shown as it is, never as markup.

    Args:
        question: What is asked.
        answer: An int, a float, a size as a tuple of 2 to 6 ints, or a short text (upper and lower
            case are alike).
        mistakes: A sentence for each known wrong answer.
        explain: A sentence or two shown with the answer.
        choices: Where given, one of these is picked instead of typed; `answer` is one of them.
        tolerance: How far off a number may be and still be right. When not given: 1 % of a float,
            0 for an int.
        slips: The older name of `mistakes`.

    Attributes:
        question: what is asked (read only).
        choices: what can be picked, empty where the guess is typed (read only).
        guess: what was locked, `None` before (read only).
        correct: whether that was right, `None` before (read only).

    Raises:
        TypeError: If an argument has a wrong type, or mistakes are given under both names.
        ValueError: If question or answer are missing, or answer, mistakes and choices do not
            agree.
    """

    _esm = STATIC / "predict.js"

    question = traitlets.Unicode(read_only=True).tag(sync=True)
    choices = traitlets.Tuple(read_only=True)
    guess = traitlets.Any(None, allow_none=True, read_only=True)
    correct = traitlets.Bool(None, allow_none=True, read_only=True)
    _task = traitlets.Dict().tag(sync=True)
    _locked = traitlets.Any(None, allow_none=True).tag(sync=True)  # the guess as the browser has it

    def __init__(
        self,
        question: str = "",
        answer: Answer = _MISSING,
        mistakes: Mapping[Any, str] | None = None,
        explain: str = "",
        *,
        choices: Sequence[Answer] = (),
        tolerance: float | None = None,
        slips: Mapping[Any, str] | None = None,
    ) -> None:
        if slips is not None:
            if mistakes is not None:
                raise TypeError("mistakes and slips are the same argument. Use mistakes alone.")
            mistakes = slips
        _check_sentence("question", question)
        if answer is _MISSING:
            raise ValueError("answer is missing. Give the right one, such as answer=16.")
        if not isinstance(explain, str):
            raise TypeError(f"explain={explain!r} is not a text. Write a sentence or leave it out.")
        self._answer = _value("answer", answer)
        self._tolerance = _check_tolerance(tolerance, self._answer, choices)
        picks = self._read_choices(choices)
        known = self._read_mistakes(mistakes, picks)
        super().__init__()
        self.set_trait("question", question.strip())
        self.set_trait("choices", picks)

        def target(value: Answer) -> dict[str, Any]:
            if picks:
                return {"value": picks.index(value), "within": 0}
            return {"value": value, "within": self._within(value)}

        sizes = {len(value) for value in (self._answer, *known) if isinstance(value, tuple)}
        self._task = {
            "kind": "choice" if picks else _KINDS[type(self._answer)],
            "answer": target(self._answer) | {"shown": _shown(self._answer)},
            "mistakes": [target(value) | {"sentence": s} for value, s in known.items()],
            "explain": explain.strip(),
            "choices": [_shown(pick) for pick in picks],
            "lengths": sorted(sizes),
        }

    def _read_choices(self, choices: Sequence[Answer]) -> tuple[Answer, ...]:
        if isinstance(choices, str) or not isinstance(choices, Sequence):
            raise TypeError(f"choices={choices!r} is not a list. Write choices=['one', 'two'].")
        picks = tuple(self._like_answer("choices", choice) for choice in choices)
        if not picks:
            return ()
        if len(picks) < 2 or len({_fold(pick) for pick in picks}) < len(picks):
            raise ValueError(f"choices={list(picks)!r}: give two or more, each only once.")
        if self._answer not in picks:
            raise ValueError(f"answer={self._answer!r} is not among choices={list(picks)!r}.")
        return picks

    def _read_mistakes(
        self, mistakes: Mapping[Any, str] | None, picks: tuple[Answer, ...]
    ) -> dict[Answer, str]:
        if mistakes is None:
            return {}
        if not isinstance(mistakes, Mapping):
            raise TypeError(
                f"mistakes={mistakes!r} is not a dict. "
                "Write mistakes={wrong answer: 'what went wrong'}."
            )
        known: dict[Answer, str] = {}
        for key, sentence in mistakes.items():
            mistake = self._like_answer("mistakes", key)
            _check_sentence(f"mistakes[{key!r}]", sentence)
            if self._matches(mistake):
                raise ValueError(
                    f"mistakes has {key!r}, which counts as the answer {self._answer!r}. "
                    "A mistake is a wrong answer."
                )
            if picks and mistake not in picks:
                raise ValueError(
                    f"mistakes has {key!r}, which is not among choices={list(picks)!r}."
                )
            known[mistake] = sentence.strip()
        return known

    def _like_answer(self, name: str, given: Any) -> Answer:
        """Return a mistake or a choice, read like the answer."""
        value = _value(name, given)
        if isinstance(self._answer, float) and isinstance(value, int):
            return float(value)
        if type(value) is not type(self._answer):
            raise ValueError(
                f"{name} has {given!r}, {_NAMES[type(value)]}; answer={self._answer!r} is "
                f"{_NAMES[type(self._answer)]}. Use the same kind for both."
            )
        return value

    def _within(self, value: Answer) -> float:
        """Return how far from `value` a number may be to count as equal."""
        if not isinstance(value, int | float):
            return 0
        default = _RELATIVE * abs(value) if isinstance(value, float) else 0
        tolerance = default if self._tolerance is None else self._tolerance
        return tolerance + _ROUNDING * max(1, abs(value)) if tolerance else 0

    def _matches(self, value: Answer) -> bool:
        if isinstance(value, int | float) and isinstance(self._answer, int | float):
            return abs(value - self._answer) <= self._within(self._answer)
        return _fold(value) == _fold(self._answer)

    @traitlets.observe("_locked")
    def _take(self, _change: Any = None) -> None:
        """Accept the first valid guess that the browser locks; an invalid one is unlocked."""
        if self.guess is None:
            guess = self._read_locked()
            if guess is not None:
                correct = guess == self._answer if self.choices else self._matches(guess)
                with self.hold_trait_notifications():
                    self.set_trait("guess", guess)
                    self.set_trait("correct", correct)
        self._locked = self._as_locked()

    def _read_locked(self) -> Answer | None:
        kind, locked = self._task["kind"], self._locked
        if isinstance(locked, bool):
            return None
        if kind == "choice" and isinstance(locked, int) and 0 <= locked < len(self.choices):
            return self.choices[locked]  # type: ignore[no-any-return]
        if kind == "int" and isinstance(locked, int):
            return locked
        if kind == "float" and isinstance(locked, int | float) and math.isfinite(locked):
            return float(locked)
        if kind == "text" and isinstance(locked, str) and 0 < len(locked.strip()) <= _LONGEST_TEXT:
            return locked.strip()
        if kind == "size" and isinstance(locked, list) and len(locked) in self._task["lengths"]:
            return tuple(locked) if all(type(number) is int for number in locked) else None
        return None

    def _as_locked(self) -> Any:
        if self.guess is not None and self.choices:
            return self.choices.index(self.guess)
        return list(self.guess) if isinstance(self.guess, tuple) else self.guess

    def describe(self) -> str:
        """Return one line: the question and, once locked, the guess. Never the answer."""
        state = "no guess yet" if self.guess is None else f"guess: {_shown(self.guess)}"
        return f"Predict · {' '.join(self.question.split())} · {state}"

    def figure(self) -> Figure:
        """Return a card with the question, the choices and the guess, drawn with matplotlib."""
        import matplotlib.pyplot as plt
        from matplotlib.figure import Figure

        guess = "________" if self.guess is None else _shown(self.guess)
        lines = textwrap.wrap(self.question.replace("`", ""), 64)
        listed = [
            line
            for pick in self.choices
            for line in textwrap.wrap(
                "○  " + _shown(pick).replace("`", ""), 60, subsequent_indent="     "
            )
        ]
        height = 0.7 + 0.26 * (len(lines) + len(listed))
        with plt.style.context("unet_teach.course"):
            figure = Figure(figsize=(7, height))
            axes = figure.add_subplot()
            axes.axis("off")
            text = "\n".join([*lines, *listed])
            # Dollar signs are text here, not mathematics.
            axes.text(0, 1, text, va="top", size=13, linespacing=1.4, parse_math=False)
            axes.text(
                0, 0, f"Your guess: {guess}", va="bottom", size=13, weight="bold", parse_math=False
            )
        return figure


def _check_sentence(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name}={value!r} is not a text. Write it as a sentence.")
    if not value.strip():
        raise ValueError(f"{name} is empty. Write a sentence.")


def _check_tolerance(tolerance: Any, answer: Answer, choices: Sequence[Answer]) -> float | None:
    if tolerance is None:
        return None
    if choices or not isinstance(answer, int | float):
        raise ValueError("tolerance is for a typed number. Leave it out.")
    if isinstance(tolerance, bool) or not isinstance(tolerance, numbers.Real):
        raise TypeError(f"tolerance={tolerance!r} is not a number.")
    if not 0 <= float(tolerance) < math.inf:
        raise ValueError(f"tolerance={tolerance!r} is out of range. Use 0 or more.")
    return float(tolerance)


def _value(name: str, given: Any) -> Answer:
    """Return an answer, mistake or choice as a plain Python value of one of the four kinds."""
    kinds = "an int, a float, a tuple of ints or a text"
    if isinstance(given, str):
        _check_sentence(name, given)
        if len(given.strip()) > _LONGEST_TEXT:
            raise ValueError(f"{name} is longer than {_LONGEST_TEXT} letters. Use a short text.")
        return given.strip()
    if isinstance(given, tuple | list):
        if not _FEWEST <= len(given) <= _MOST or not all(_is_whole(number) for number in given):
            raise ValueError(
                f"{name} has {given!r}. A size is a tuple of {_FEWEST} to {_MOST} ints."
            )
        return tuple(operator.index(number) for number in given)
    if _is_whole(given):
        if abs(given) >= _LARGEST:
            raise ValueError(f"{name} has {given!r}. Use a number of at most 15 digits.")
        return operator.index(given)
    if isinstance(given, numbers.Real) and not isinstance(given, bool):
        if not math.isfinite(given):
            raise ValueError(f"{name} has {given!r}, which nobody can type. Use a finite number.")
        return float(given)
    raise TypeError(f"{name} has {given!r}, a {type(given).__name__}. Use {kinds}.")


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _fold(value: Answer) -> Answer:
    """Return a text in lower case with single spaces, for comparison; other values as they are."""
    return " ".join(value.lower().split()) if isinstance(value, str) else value


def _shown(value: Answer) -> str:
    """Return a value as a student would write it."""
    if isinstance(value, tuple):
        return sizes_as_text(value) if len(value) <= 3 else str(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
