"""What a student reads after a call, and whether the exercise is solved."""

import enum
import html
import re
from dataclasses import dataclass


class Outcome(enum.Enum):
    """The result of a check; each has a word, a symbol and a colour."""

    SOLVED = ("Solved.", "✓", "#00805C")
    NOT_YET = ("Not yet.", "✕", "#B04200")
    NOT_ATTEMPTED = ("Not attempted.", "○", "#5F6C79")

    @property
    def word(self) -> str:
        """The outcome in words."""
        return self.value[0]

    @property
    def symbol(self) -> str:
        """The outcome as one sign, for readers who do not see colours."""
        return self.value[1]

    @property
    def colour(self) -> str:
        """The colour beside the sign, legible with white text on it and on both themes."""
        return self.value[2]


@dataclass(frozen=True)
class Reply:
    """A text for a student: plain in a console, with colour in a notebook.

    Attributes:
        text: what a student reads; code stands between backticks.
        outcome: the result of a check; `None` for a text that judges nothing, such as a hint.
    """

    text: str
    outcome: Outcome | None = None

    def __post_init__(self) -> None:
        # `<generator object f at 0x7f…>`: where in memory an object lies says nothing to a student.
        object.__setattr__(self, "text", re.sub(r"\s+(at|of)\s+0x[0-9a-fA-F]+", "", self.text))

    @property
    def solved(self) -> bool:
        """Whether this is the reply to a right answer."""
        return self.outcome is Outcome.SOLVED

    def __bool__(self) -> bool:
        """Whether the exercise is solved, so that `assert exercises.halve.check(layer)` grades."""
        return self.solved

    def __repr__(self) -> str:
        head = f"{self.outcome.symbol} {self.outcome.word} " if self.outcome else ""
        return head + self.text

    def _repr_html_(self) -> str:
        body = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(self.text, quote=False))
        style, head = "white-space:pre-wrap;padding:4px 12px", ""
        if self.outcome:
            style += f";border-left:5px solid {self.outcome.colour}"
            head = (
                f'<b style="background:{self.outcome.colour};color:#fff;padding:1px 8px;'
                f'border-radius:3px">{self.outcome.symbol} {self.outcome.word}</b> '
            )
        return f'<div style="{style}">{head}{body}</div>'
