"""Steps: the instructions that a widget shows one at a time and ticks off as they are done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import traitlets

from unet_teach.widgets.answers import KINDS, Answer, check_sentence, plain_answer, within

State: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One step of a widget's instructions.

    A step is ticked off when its answer is given, when the widget is in the state that it asks
    for, or, with neither, when the reader goes on to the next.

    Attributes:
        text: what to do, or what to look at. `backticks` are set as code; a parameter that is
            named so is marked on the widget.
        answer: an int, a float, a size as a tuple of ints, or a short text.
        when: a state, such as `{"stride": 1}`: every value has to be set at the same time. A list
            of states is done when each was seen once, in any order.
        explain: one sentence about what the step shows. It follows a right answer at once;
            after a state is reached it waits until the reader asks for it.
    """

    text: str
    answer: Answer | None = None
    when: State | Sequence[State] = ()
    explain: str = ""

    def as_json(self, names: Sequence[str]) -> dict[str, Any]:
        """Return the step as the browser is sent it.

        Args:
            names: what a state may ask for.

        Raises:
            TypeError: if a part of the step has a wrong type.
            ValueError: if its text is empty, or `when` asks for a name that the widget has not.
        """
        check_sentence("a step's text", self.text)
        if not isinstance(self.explain, str):
            raise TypeError(f"explain={self.explain!r} is not a text. Write a sentence.")
        asked = None
        if self.answer is not None:
            value = plain_answer("a step's answer", self.answer)
            lengths = [len(value)] if isinstance(value, tuple) else [2]
            target = {"value": value, "within": within(value)}
            asked = {"kind": KINDS[type(value)], "answer": target, "lengths": lengths}
        states = [self.when] if isinstance(self.when, Mapping) else list(self.when)
        for state in states:
            if not isinstance(state, Mapping):
                raise TypeError(
                    f"when={self.when!r} is no state. Write when={{'stride': 1}}, "
                    "or a list of such states."
                )
            for name in state:
                if name not in names:
                    raise ValueError(
                        f"when={self.when!r} asks for {name!r}. This widget has {', '.join(names)}."
                    )
        return {
            "text": self.text.strip(),
            "asked": asked,
            "when": [dict(state) for state in states],
            "explain": self.explain.strip(),
        }


class Steps(traitlets.TraitType[Any, Any]):
    """A list of steps, each a sentence or a `Step`; kept as the browser is sent it."""

    def __init__(self) -> None:
        super().__init__([])

    def validate(self, obj: Any, value: Any) -> list[dict[str, Any]]:
        """Return the steps as dicts, or raise `TraitError` with a sentence."""
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise traitlets.TraitError(
                f"steps={value!r} is no list. Write steps=['Set `stride` to 1.', Step(…)]."
            )
        return [self._read(step, obj.step_names()) for step in value]

    def _read(self, step: Any, names: Sequence[str]) -> dict[str, Any]:
        if isinstance(step, Mapping):  # what this trait returned before
            return dict(step)
        given = Step(step) if isinstance(step, str) else step
        if not isinstance(given, Step):
            raise traitlets.TraitError(
                f"steps has {step!r}, a {type(step).__name__}. A step is a sentence or a Step(…)."
            )
        try:
            return given.as_json(names)
        except (TypeError, ValueError) as refusal:
            raise traitlets.TraitError(f"steps: {refusal}") from None


def as_lines(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the steps as numbered lines of text."""
    return [f"{number}. {step['text']}" for number, step in enumerate(steps, 1)]
