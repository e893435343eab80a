"""Predict: a question whose answer is shown after a guess is locked."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import traitlets

from unet_teach.widgets.answers import (
    KINDS,
    LONGEST_TEXT,
    NAMES,
    Answer,
    check_sentence,
    fold,
    plain_answer,
    shown_answer,
    within,
)
from unet_teach.widgets.base import CourseWidget
from unet_teach.widgets.steps import Step

_MISSING: Any = object()


class Predict(CourseWidget, view="predict"):
    """Ask for a guess, lock it, and only then show the answer.

    A known wrong guess gets the sentence that explains it, any other a friendly one. A locked
    guess stays: run the cell again for a new one. In class the key `r` shows or hides the answers
    of all Predict widgets on the page, locked or not. On the whole screen, guesses are collected
    from a room and counted, and each gets its sentence when the answer shows. The type of
    `answer` decides what is read: a whole number, a number, a size ("16×16", "16x16", "16 16" or
    "(16, 16)", and "16" where all numbers of the answer are equal) or a short text.

    Text in `backticks` is set as code. All other text is shown as it is, never as markup.

    Args:
        question: What is asked.
        answer: An int, a float, a size as a tuple of 2 to 6 ints, or a short text (upper and lower
            case count as the same).
        mistakes: A sentence for each known wrong answer.
        explain: A sentence or two shown with the answer.
        choices: Where given, one of these is picked instead of typed; `answer` is one of them.
        tolerance: How far off a number may be and still be right. When not given: 1 % of a float,
            0 for an int.
        why: Why the answer is right, in a sentence: shown with the answer, to right guesses too.
        slips: The older name of `mistakes`.
        steps: Instructions above the question. Their states may ask for `guess`, what was locked
            (of `choices`, its text), and `correct`.

    Attributes:
        question: what is asked (read only).
        choices: what can be picked, empty where the guess is typed (read only).
        guess: what was locked, `None` before (read only).
        correct: whether that was right, `None` before (read only).
        tally: how many people of a room said what, as entered in present mode (read only).

    Raises:
        TypeError: If an argument has a wrong type, or mistakes are given under both names.
        ValueError: If question or answer are missing, or answer, mistakes and choices do not
            agree.
    """

    STEP_FACTS = ("guess", "correct")

    question = traitlets.Unicode(read_only=True).tag(sync=True)
    choices = traitlets.Tuple(read_only=True)
    guess = traitlets.Any(None, allow_none=True, read_only=True)
    correct = traitlets.Bool(None, allow_none=True, read_only=True)
    _task = traitlets.Dict().tag(sync=True)
    _locked = traitlets.Any(None, allow_none=True).tag(sync=True)  # the guess as the browser has it
    # Pairs of a guess, as the browser has it, and a count.
    _tally: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(
        self,
        question: str = "",
        answer: Answer = _MISSING,
        mistakes: Mapping[Any, str] | None = None,
        explain: str = "",
        *,
        choices: Sequence[Answer] = (),
        tolerance: float | None = None,
        why: str = "",
        slips: Mapping[Any, str] | None = None,
        steps: Sequence[str | Step] = (),
    ) -> None:
        if slips is not None:
            if mistakes is not None:
                raise TypeError("mistakes and slips are the same argument. Use mistakes alone.")
            mistakes = slips
        check_sentence("question", question)
        if answer is _MISSING:
            raise ValueError("answer is missing. Give the right one, such as answer=16.")
        for name, text in (("explain", explain), ("why", why)):
            if not isinstance(text, str):
                raise TypeError(f"{name}={text!r} is not a text. Write a sentence or leave it out.")
        self._answer = plain_answer("answer", answer)
        self._tolerance = _check_tolerance(tolerance, self._answer, choices)
        picks = self._read_choices(choices)
        known = self._read_mistakes(mistakes, picks)
        super().__init__(steps=steps)
        self.set_trait("question", question.strip())
        self.set_trait("choices", picks)

        def target(value: Answer) -> dict[str, Any]:
            if picks:
                return {"value": picks.index(value), "within": 0}
            return {"value": value, "within": within(value, self._tolerance)}

        sizes = {len(value) for value in (self._answer, *known) if isinstance(value, tuple)}
        self._task = {
            "kind": "choice" if picks else KINDS[type(self._answer)],
            "answer": target(self._answer) | {"shown": shown_answer(self._answer)},
            "mistakes": [target(value) | {"sentence": s} for value, s in known.items()],
            "why": why.strip(),
            "explain": explain.strip(),
            "choices": [shown_answer(pick) for pick in picks],
            "lengths": sorted(sizes),
        }

    def _read_choices(self, choices: Sequence[Answer]) -> tuple[Answer, ...]:
        if isinstance(choices, str) or not isinstance(choices, Sequence):
            raise TypeError(f"choices={choices!r} is not a list. Write choices=['one', 'two'].")
        picks = tuple(self._like_answer("choices", choice) for choice in choices)
        if not picks:
            return ()
        if len(picks) < 2 or len({fold(pick) for pick in picks}) < len(picks):
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
            check_sentence(f"mistakes[{key!r}]", sentence)
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
        value = plain_answer(name, given)
        if isinstance(self._answer, float) and isinstance(value, int):
            return float(value)
        if type(value) is not type(self._answer):
            raise ValueError(
                f"{name} has {given!r}, {NAMES[type(value)]}; answer={self._answer!r} is "
                f"{NAMES[type(self._answer)]}. Use the same kind for both."
            )
        return value

    def _matches(self, value: Answer) -> bool:
        if isinstance(value, int | float) and isinstance(self._answer, int | float):
            return abs(value - self._answer) <= within(self._answer, self._tolerance)
        return fold(value) == fold(self._answer)

    @traitlets.observe("_locked")
    def _take(self, _change: Any = None) -> None:
        """Accept the first valid guess that the browser locks; an invalid one is unlocked."""
        if self.guess is None:
            guess = self._read(self._locked)
            if guess is not None:
                correct = guess == self._answer if self.choices else self._matches(guess)
                with self.hold_trait_notifications():
                    self.set_trait("guess", guess)
                    self.set_trait("correct", correct)
        self._locked = self._as_locked()

    def _read(self, locked: Any) -> Answer | None:
        """Return a guess from the form that the browser has it in, `None` for nonsense."""
        kind = self._task["kind"]
        if isinstance(locked, bool):
            return None
        if kind == "choice" and isinstance(locked, int) and 0 <= locked < len(self.choices):
            return self.choices[locked]  # type: ignore[no-any-return]
        if kind == "int" and isinstance(locked, int):
            return locked
        if kind == "float" and isinstance(locked, int | float) and math.isfinite(locked):
            return float(locked)
        if kind == "text" and isinstance(locked, str) and 0 < len(locked.strip()) <= LONGEST_TEXT:
            return locked.strip()
        if kind == "size" and isinstance(locked, list) and len(locked) in self._task["lengths"]:
            return tuple(locked) if all(type(number) is int for number in locked) else None
        return None

    @property
    def tally(self) -> dict[Answer, int]:
        """How many people of a room said what, as entered in present mode."""
        pairs = [pair for pair in self._tally if isinstance(pair, list) and len(pair) == 2]
        counts = [(self._read(guess), count) for guess, count in pairs if type(count) is int]
        return {guess: count for guess, count in counts if guess is not None and count > 0}

    def _as_locked(self) -> Any:
        if self.guess is not None and self.choices:
            return self.choices.index(self.guess)
        return list(self.guess) if isinstance(self.guess, tuple) else self.guess

    def describe(self) -> str:
        """Return one line: the question and, once locked, the guesses. Never the answer."""
        state = "no guess yet" if self.guess is None else f"guess: {shown_answer(self.guess)}"
        said = ", ".join(f"{shown_answer(guess)} ({count})" for guess, count in self.tally.items())
        room = f" · the room: {said}" if said else ""
        return f"Predict · {' '.join(self.question.split())} · {state}{room}"


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
