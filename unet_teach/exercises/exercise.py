"""An exercise is data: its checks, its known mistakes, its hints. A check has three outcomes."""

from __future__ import annotations

import copy
import enum
import hashlib
import html
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any

from torch import Tensor, nn

from unet_teach.exercises import sandbox
from unet_teach.exercises.progress_file import Entry, Record

ATTEMPTS_BEFORE_SOLUTION = 2
SECONDS = 20.0  # a check takes well below one; a Binder tab has a part of one core

RECORD = Record()


class Outcome(enum.Enum):
    """The result of a check; each has a word, a symbol and a colour."""

    SOLVED = ("Solved.", "✓", "#00805C")
    NOT_YET = ("Not yet.", "✕", "#B84700")
    NOT_ATTEMPTED = ("Not attempted.", "○", "#5F6C79")

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
        """The colour beside the sign: white text on it, and it on either theme's ground."""
        return self.value[2]


@dataclass(frozen=True)
class Reply:
    """What a student reads: text in a console, the same text with colour in a notebook.

    Text between backticks is code.
    """

    text: str
    outcome: Outcome | None = None

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


@dataclass(frozen=True)
class Check:
    """One step of judging an answer: its type, then its shape, then its values.

    Attributes:
        holds: what is right when the check passes, as in "Already right: …".
        problem: looks at an answer; returns what is wrong with it in a sentence, or `None`.
    """

    holds: str
    problem: Callable[[Any], str | None]


@dataclass(frozen=True)
class KnownMistake:
    """A mistake that students make, with the sentence that names it.

    Attributes:
        name: the mistake in a few words, for instructors and tests.
        sentence: tells the student which mistake it is.
        example: makes an answer with this mistake.
        recognises: whether an answer makes this mistake.
        at: what the check `holds` that must have failed; at another one the answer has made another
            mistake first. Empty: any.
        more_examples: make other answers with it. A test checks that each gets the sentence.
    """

    name: str
    sentence: str
    example: Callable[[], Any]
    recognises: Callable[[Any], bool]
    at: str = ""
    more_examples: tuple[Callable[[], Any], ...] = ()

    @property
    def examples(self) -> tuple[Callable[[], Any], ...]:
        """Makers of answers with this mistake."""
        return (self.example, *self.more_examples)

    def is_made_by(self, answer: Any) -> bool:
        """Whether the answer makes this mistake; one that cannot even be asked does not."""
        try:
            return bool(self.recognises(answer))
        except Exception:
            return False


@dataclass(frozen=True)
class Exercise:
    """A question whose usual wrong answers are known.

    Attributes:
        name: how a lesson calls it, `exercises.<name>`.
        lesson: the number of its lesson.
        prompt: the task.
        checks: what must hold, in the order in which it is looked at.
        answers: makers of right answers, more than one where more than one is right.
        mistakes: known mistakes, the most telling first.
        hints: from a question to a skeleton with blanks.
        solution_text: one right answer, as code.
        praise: the reply to a right answer.
    """

    name: str
    lesson: int
    prompt: str
    checks: tuple[Check, ...]
    answers: tuple[Callable[[], Any], ...]
    mistakes: tuple[KnownMistake, ...]
    hints: tuple[str, ...]
    solution_text: str
    praise: str

    def check(self, answer: Any = ...) -> Reply:
        """Say whether the answer is right and, if not, what is wrong with it.

        Nothing the answer does reaches the student as a traceback, and what it changes (random
        state, default dtype, a layer's running statistics) is as before.

        Args:
            answer: the student's answer; `...` or `None` means there is none yet.
        """
        if is_untouched(answer):
            return Reply(
                f"{self.prompt} Your answer goes where the dots are.", Outcome.NOT_ATTEMPTED
            )
        run = sandbox.call(lambda: self._judge(answer), SECONDS)
        if run.stopped is None and run.value == "":
            RECORD.solve(self.name)
            return Reply(self.praise + _printed(run.printed), Outcome.SOLVED)
        entry = self._count(answer)
        message = run.stopped or run.value
        return Reply(message + _printed(run.printed) + self._next_step(entry), Outcome.NOT_YET)

    def _judge(self, answer: Any) -> str:
        """Say what is wrong with the answer; an empty sentence when nothing is."""
        answer = _own_copy(answer)
        held: list[str] = []
        for check in self.checks:
            try:
                problem = check.problem(answer)
            except Exception as error:
                problem = sandbox.describe(error)
            if problem:
                break
            held.append(check.holds)
        else:
            return ""
        possible = (mistake for mistake in self.mistakes if mistake.at in ("", check.holds))
        made = next((mistake for mistake in possible if mistake.is_made_by(answer)), None)
        parts = [problem, made.sentence if made else ""]
        if held:
            parts.append(f"\nAlready right: {', '.join(held)}.")
        return " ".join(part for part in parts if part)

    def _count(self, answer: Any) -> Entry:
        mark, entry = fingerprint(answer), RECORD.entry(self.name)
        if mark in entry.attempts:
            return entry
        return RECORD.change(self.name, attempts=(*entry.attempts, mark))

    def _next_step(self, entry: Entry) -> str:
        offers = []
        if entry.hints < self._hints_open(entry):
            place = f"{entry.hints + 1} of {len(self.hints)}"
            offers.append(f"a hint ({place}): `exercises.{self.name}.hint()`")
        if len(entry.attempts) >= ATTEMPTS_BEFORE_SOLUTION:
            offers.append(f"the solution: `exercises.{self.name}.solution()`")
        return f"\nStuck? Run, for {', or for '.join(offers)}" if offers else ""

    def _hints_open(self, entry: Entry) -> int:
        """One hint from the start, and one more for each different attempt."""
        return min(len(self.hints), len(entry.attempts) + 1)

    def hint(self) -> Reply:
        """Give the next hint, and those before it; each attempt opens one more."""
        entry = RECORD.entry(self.name)
        shown = min(entry.hints + 1, self._hints_open(entry))
        if shown > entry.hints:
            RECORD.change(self.name, hints=shown)
        lines = [
            f"Hint {number} of {len(self.hints)}: {hint}"
            for number, hint in enumerate(self.hints[:shown], start=1)
        ]
        if shown == entry.hints < len(self.hints):
            lines.append(
                "The next hint opens with your next attempt. A wrong one is fine: "
                "the check says what it gets wrong."
            )
        return Reply("\n".join(lines))

    def solution(self, *, give_up: bool = False) -> Reply:
        """Show a right answer, after two attempts or when asked to `give_up`."""
        entry = RECORD.entry(self.name)
        if len(entry.attempts) < ATTEMPTS_BEFORE_SOLUTION and not (give_up or entry.solved):
            return Reply(
                "Two different tries first, even wrong ones: a check says what each gets wrong. "
                f"To see it now: `exercises.{self.name}.solution(give_up=True)`"
            )
        if not entry.solved:
            RECORD.change(self.name, solution_read=True)
        return Reply(self.solution_text)

    def __repr__(self) -> str:
        return f"Exercise {self.name}: {self.prompt}"


def is_untouched(answer: Any) -> bool:
    """Whether there is no answer yet: dots, nothing, only dots in a tuple, a body of dots."""
    if answer is ... or answer is None:
        return True
    if isinstance(answer, tuple | list) and answer:
        return all(part is ... for part in answer)
    if isinstance(answer, nn.Module) or (
        isinstance(answer, type) and issubclass(answer, nn.Module)
    ):
        answer = answer.forward
    return _body(answer) in _DOTS


def _body(answer: Any) -> tuple[bytes, frozenset[Any]] | None:
    """A function's code and constants, its docstring aside; `return 0` differs in the constants."""
    code = getattr(answer, "__code__", None)
    if not isinstance(code, CodeType):
        return None
    said = getattr(answer, "__doc__", None)
    return code.co_code, frozenset(part for part in code.co_consts if part not in (None, said))


def _dots() -> None: ...


def _dots_after_docstring() -> None:
    """Say something."""
    ...


_DOTS = {_body(_dots), _body(_dots_after_docstring)}


def fingerprint(answer: Any) -> str:
    """A short mark by which the same answer, given again, is not a second attempt."""
    return hashlib.sha256(_essence(answer).encode(errors="replace")).hexdigest()[:12]


def _essence(answer: Any) -> str:
    if isinstance(answer, nn.Module):
        return f"{_layers(answer)} {_essence(type(answer))}"
    if isinstance(answer, type):
        return " ".join(map(_essence, filter(inspect.isfunction, vars(answer).values())))
    if isinstance(answer, Tensor):
        return f"{tuple(answer.shape)} {answer.dtype} {answer.detach().flatten()[:64].tolist()}"
    if code := getattr(answer, "__code__", None):
        return _code_essence(code)
    if isinstance(answer, tuple | list):
        return " ".join(map(_essence, answer))
    try:
        return repr(answer)[:1000]
    except Exception:
        return type(answer).__name__


def _layers(module: nn.Module) -> str:
    try:
        return repr(module)
    except Exception:
        return type(module).__name__


def _code_essence(code: CodeType) -> str:
    inner = [
        _code_essence(part) if isinstance(part, CodeType) else repr(part) for part in code.co_consts
    ]
    return f"{code.co_code!r} {code.co_names} {inner}"


def _own_copy(answer: Any) -> Any:
    """A copy of a layer, so that running it does not move its running statistics."""
    if not isinstance(answer, nn.Module):
        return answer
    try:
        return copy.deepcopy(answer)
    except Exception:  # some modules hold what cannot be copied
        return answer


def _printed(printed: str) -> str:
    return f"\n(Your code printed: {printed})" if printed else ""
