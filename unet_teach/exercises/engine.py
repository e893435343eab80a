"""The exercise engine: an exercise is data; a check finds one of three outcomes and says so."""

from __future__ import annotations

import enum
import html
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ATTEMPTS_BEFORE_SOLUTION = 2


class Outcome(enum.Enum):
    """What a check can find; each has a word, a symbol and a colour."""

    SOLVED = ("Solved.", "✓", "#00805C")
    NOT_YET = ("Not yet.", "✕", "#B84700")
    NOT_ATTEMPTED = ("Not attempted.", "○", "#4B5865")

    @property
    def word(self) -> str:
        """The outcome in words."""
        return self.value[0]

    @property
    def symbol(self) -> str:
        """The outcome as one sign, for those who see no colour."""
        return self.value[1]

    @property
    def colour(self) -> str:
        """The colour beside the sign."""
        return self.value[2]


@dataclass(frozen=True)
class Reply:
    """What the student reads: text in a console, the same text with colour in a notebook."""

    text: str
    outcome: Outcome | None = None

    def __repr__(self) -> str:
        head = f"{self.outcome.symbol} {self.outcome.word} " if self.outcome else ""
        return head + self.text

    def _repr_html_(self) -> str:
        body = html.escape(self.text, quote=False).replace("\n", "<br>")
        if self.outcome is None:
            return f'<div style="white-space:pre-wrap;padding:4px 12px">{body}</div>'
        edge = f"border-left:5px solid {self.outcome.colour};padding:4px 12px"
        head = f"<b>{self.outcome.symbol} {self.outcome.word}</b>"
        return f'<div style="{edge}">{head} {body}</div>'


@dataclass(frozen=True)
class Slip:
    """A known wrong answer.

    Attributes:
        name: the mistake in a few words, for instructors and tests.
        example: makes an answer with this mistake; a test holds that it is told `says`.
        recognises: whether an answer makes this mistake.
        says: the sentence that names the mistake.
    """

    name: str
    example: Callable[[], Any]
    recognises: Callable[[Any], bool]
    says: str

    def fits(self, answer: Any) -> bool:
        """Whether the answer makes this mistake; one that cannot even be asked does not."""
        try:
            return self.recognises(answer)
        except Exception:
            return False


@dataclass
class Exercise:
    """A question whose wrong answers are known by name.

    Attributes:
        name: how a lesson calls it, `exercises.<name>`.
        prompt: what is to be done.
        fault: looks at an answer and returns what is wrong with it, or `None` when it is right.
        answers: makers of right answers, more than one where more than one is right.
        slips: known wrong answers, the most telling first.
        hints: from a question to a skeleton with blanks.
        solution_text: one right answer, as code.
        praise: what is said when it is solved.
    """

    name: str
    prompt: str
    fault: Callable[[Any], str | None]
    answers: tuple[Callable[[], Any], ...]
    slips: tuple[Slip, ...]
    hints: tuple[str, ...]
    solution_text: str
    praise: str
    _tried: set[str] = field(default_factory=set, init=False, repr=False)
    _hints_shown: int = field(default=0, init=False, repr=False)

    def check(self, answer: Any = ...) -> Reply:
        """Say whether the answer is right and, if not, what is wrong with it.

        Nothing the answer does reaches the student as a traceback.

        Args:
            answer: the student's answer; `...` or `None` means there is none yet.
        """
        if answer is ... or answer is None or _is_untouched(answer):
            return Reply(
                f"{self.prompt} Put your answer in place of the dots.", Outcome.NOT_ATTEMPTED
            )
        try:
            self._tried.add(repr(answer))
            fault = self.fault(answer)
            if fault is None:
                return Reply(self.praise, Outcome.SOLVED)
        except Exception as error:
            fault = f"Your answer stopped with {type(error).__name__}: {error}"
        slip = next((slip for slip in self.slips if slip.fits(answer)), None)
        parts = [fault, slip.says if slip else "", self._next_step()]
        return Reply(" ".join(part for part in parts if part), Outcome.NOT_YET)

    def _next_step(self) -> str:
        offers = []
        if self._hints_shown < len(self.hints):
            place = f"{self._hints_shown + 1} of {len(self.hints)}"
            offers.append(f"a hint ({place}): exercises.{self.name}.hint()")
        if len(self._tried) >= ATTEMPTS_BEFORE_SOLUTION:
            offers.append(f"the solution: exercises.{self.name}.solution()")
        return f"\nStuck? Run, for {', or for '.join(offers)}" if offers else ""

    def hint(self) -> Reply:
        """Give the next hint; after the last one, all of them again."""
        self._hints_shown = min(self._hints_shown + 1, len(self.hints))
        shown = self.hints[: self._hints_shown]
        lines = [f"Hint {i} of {len(self.hints)}: {hint}" for i, hint in enumerate(shown, start=1)]
        return Reply("\n".join(lines))

    def solution(self, *, give_up: bool = False) -> Reply:
        """Show a right answer, after two attempts or when asked to `give_up`."""
        if len(self._tried) < ATTEMPTS_BEFORE_SOLUTION and not give_up:
            return Reply(
                "Two different tries first, even wrong ones: a check says what each gets wrong. "
                f"To see it now: exercises.{self.name}.solution(give_up=True)"
            )
        return Reply(self.solution_text)

    def __repr__(self) -> str:
        return f"Exercise {self.name}: {self.prompt}"


def _is_untouched(answer: Any) -> bool:
    """Whether a function still has the body it was given: dots, which do nothing."""

    def starter() -> None: ...

    code = getattr(answer, "__code__", None)
    return code is not None and code.co_code == starter.__code__.co_code
