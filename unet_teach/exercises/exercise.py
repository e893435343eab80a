"""An exercise as data: its checks, its known mistakes and its hints."""

import contextlib
import copy
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from unet_teach.exercises import sandbox
from unet_teach.exercises.answer_code import fingerprint, is_untouched
from unet_teach.exercises.parentheses import told_by_parentheses
from unet_teach.exercises.plain_values import plain_answer
from unet_teach.exercises.progress_file import RECORD, ProgressEntry
from unet_teach.exercises.reply import Outcome, Reply

__all__ = ["RECORD", "Check", "Exercise", "KnownMistake", "Outcome", "Reply"]

ATTEMPTS_BEFORE_SOLUTION = 2
SECONDS = 20.0  # of processor time for one check, which takes about 1 s


# For each exercise, the known mistake in the last answer; where it made none, the reply.
_LAST_REPLY: dict[str, str] = {}


@dataclass(frozen=True)
class Check:
    """One step of judging an answer: its type, then its shape, then its values.

    Attributes:
        holds: names what is right when the check passes, as in "Already right: its shape."
        problem: returns a sentence about what is wrong with an answer, or `None`.
        facts: says in which way an answer is wrong if it makes no known mistake.
    """

    holds: str
    problem: Callable[[Any], str | None]
    facts: Callable[[Any], str] = lambda answer: ""


@dataclass(frozen=True)
class KnownMistake:
    """A mistake that students make, with the sentence that names it.

    Attributes:
        name: the mistake in a few words, for instructors and tests.
        sentence: tells the student which mistake it is.
        example: makes an answer with this mistake.
        recognises: whether an answer makes this mistake.
        at: the `holds` of the only check at which the sentence fits. Empty: it fits at any check.
        more_examples: make other answers with this mistake, which get the same sentence.
    """

    name: str
    sentence: str
    example: Callable[[], Any]
    recognises: Callable[[Any], bool]
    at: str = ""
    more_examples: tuple[Callable[[], Any], ...] = ()

    @property
    def examples(self) -> tuple[Callable[[], Any], ...]:
        """Functions that make an answer with this mistake."""
        return (self.example, *self.more_examples)

    def is_made_by(self, answer: Any) -> bool:
        """Whether the answer makes this mistake; `False` if recognising it raises."""
        try:
            return bool(self.recognises(answer))
        except Exception:
            return False


@dataclass(frozen=True)
class Exercise:
    """A question, what makes an answer right, and the wrong answers that students usually give.

    Attributes:
        name: the exercise is `exercises.<name>` in a lesson.
        lesson: the number of its lesson.
        prompt: the question.
        checks: tried in this order; the first that fails begins the reply.
        mistakes: tried in this order; the first that is recognised adds its sentence to the reply.
        hints: shown one by one, from a question to a skeleton with blanks.
        solution_text: one right answer, as code.
        praise: the reply to a right answer.
        when_solved: called with a right answer, such as to keep it for a later lesson.
    """

    name: str
    lesson: int
    prompt: str
    checks: tuple[Check, ...]
    mistakes: tuple[KnownMistake, ...]
    hints: tuple[str, ...]
    solution_text: str
    praise: str
    when_solved: Callable[[Any], None] = lambda answer: None

    def check(self, answer: Any = ...) -> Reply:
        """Say whether the answer is right and, if not, what is wrong with it.

        An error in the answer becomes a sentence, not a traceback. What the answer changes is
        restored: random states, default dtype, running statistics of a layer and the like.

        Args:
            answer: the student's answer; `...` means there is none yet.
        """
        if answer is None:
            return Reply(
                f"{self.prompt} Your answer is `None`, which means no value. `print(…)` only shows "
                "a value and returns `None`, and so does a function without `return`. Write the "
                "value itself.",
                Outcome.NOT_ATTEMPTED,
            )
        if is_untouched(answer):
            return Reply(
                f"{self.prompt} Write your answer in place of the dots.", Outcome.NOT_ATTEMPTED
            )
        result = sandbox.call(lambda: self._diagnosis(answer), SECONDS)
        printed = f"\n(Your code printed: {result.printed})" if result.printed else ""
        problem, mistake = result.value or ("", "")
        if result.error is None and not problem:
            RECORD.mark_solved(self.name)
            self.when_solved(answer)
            return Reply(self.praise + printed, Outcome.SOLVED)
        problem = result.error or problem
        repeated = self._count_attempt(answer, problem, mistake)
        next_step = self._next_step(RECORD.entry(self.name))
        return Reply(problem + repeated + printed + next_step, Outcome.NOT_YET)

    def _diagnosis(self, answer: Any) -> tuple[str, str]:
        """Return what is wrong with the answer in sentences, and the name of the known mistake.

        Both are empty if the answer is right, and the name is if no known mistake is recognised.
        """
        answer = _copy_of_layer(plain_answer(answer))
        check, problem, passed = self._first_problem(answer)
        if not problem:
            return "", ""
        said, name = self._reason(check, answer)
        right = f"\nAlready right: {', '.join(passed)}." if passed else ""
        text = re.sub(r"\s*\n\s*", "\n", f"{problem} {said} {right}")
        return re.sub(" +", " ", text).strip(), name

    def _reason(self, check: Check, answer: Any) -> tuple[str, str]:
        """Say why an answer fails a check, and name the known mistake; "" if it makes none."""
        fitting = (mistake for mistake in self.mistakes if mistake.at in ("", check.holds))
        for mistake in fitting:
            if mistake.is_made_by(answer):
                return mistake.sentence or _facts(check, answer), mistake.name
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
            if said := told_by_parentheses(answer, lambda a: not self._first_problem(a)[1]):
                return said, "parentheses"
        return _facts(check, answer), ""

    def _first_problem(self, answer: Any) -> tuple[Check, str, list[str]]:
        """Return the first check that fails, its sentence, and what is right before it.

        The sentence is "" if all checks pass.
        """
        passed: list[str] = []
        for check in self.checks:
            try:
                problem = check.problem(answer) or ""
            except Exception as error:
                problem = sandbox.describe(error)
            if problem:
                return check, problem, passed
            passed.append(check.holds)
        return check, "", passed

    def _count_attempt(self, answer: Any, problem: str, mistake: str) -> str:
        """Record a wrong answer; return what to add to a reply that another answer just got."""
        before = RECORD.entry(self.name)
        new = ProgressEntry((fingerprint(answer),), mistakes=(mistake,) if mistake else ())
        after = before.merged_with(new)
        if after != before:
            RECORD.change(self.name, attempts=after.attempts, mistakes=after.mistakes)
        reply = mistake or problem
        is_repeated = after.attempts != before.attempts and _LAST_REPLY.get(self.name) == reply
        _LAST_REPLY[self.name] = reply
        return self._repeated() if is_repeated else ""

    def _next_step(self, entry: ProgressEntry) -> str:
        offers = []
        if entry.hints < self._open_hints(entry):
            place = f"{entry.hints + 1} of {len(self.hints)}"
            offers.append(f"Hint {place}: run `exercises.{self.name}.hint()`.")
        if len(entry.attempts) >= ATTEMPTS_BEFORE_SOLUTION:
            offers.append(f"Solution: run `exercises.{self.name}.solution()`.")
        return f"\nStuck? {' '.join(offers)}" if offers else ""

    def _repeated(self) -> str:
        """Say that another answer has got the same reply, with the next hint."""
        read = RECORD.entry(self.name).hints
        self.hint()
        shown = RECORD.entry(self.name).hints
        hint = f" Hint {shown}: {self.hints[shown - 1]}" if shown > read else ""
        return f"\nIt is the same mistake as in your answer before.{hint}"

    def _open_hints(self, entry: ProgressEntry) -> int:
        """How many hints may be read: one, and one more for each different attempt."""
        return min(len(self.hints), len(entry.attempts) + 1)

    def hint(self) -> Reply:
        """Show the next hint below those already read; each different attempt opens one more."""
        entry = RECORD.entry(self.name)
        shown = min(entry.hints + 1, self._open_hints(entry))
        if shown > entry.hints:
            RECORD.change(self.name, hints=shown)
        lines = [
            f"Hint {number} of {len(self.hints)}: {hint}"
            for number, hint in enumerate(self.hints[:shown], start=1)
        ]
        if shown == entry.hints < len(self.hints):
            lines.append(
                "The next hint opens with your next attempt. A wrong one is fine, because "
                "the check says what is wrong with it."
            )
        elif shown == entry.hints:
            lines.insert(0, self._after_last_hint(entry))
        return Reply("\n".join(lines))

    def _after_last_hint(self, entry: ProgressEntry) -> str:
        """Say what helps when all hints are read."""
        if entry.solved:
            return "You have solved this exercise. Here are all its hints again."
        open_now = len(entry.attempts) >= ATTEMPTS_BEFORE_SOLUTION
        argument = "" if open_now else "give_up=True"
        return (
            f"You have read all {len(self.hints)} hints. Run `exercises.{self.name}.check(…)` on "
            "your best answer so far: the reply says what is right and what isn't. The solution: "
            f"run `exercises.{self.name}.solution({argument})`. Here are the hints again:"
        )

    def solution(self, *, give_up: bool = False) -> Reply:
        """Show a right answer after two different attempts, or at once with `give_up=True`."""
        entry = RECORD.entry(self.name)
        if len(entry.attempts) < ATTEMPTS_BEFORE_SOLUTION and not (give_up or entry.solved):
            return Reply(
                "Try two different answers first, even wrong ones: the check says what is wrong "
                f"with each. To see it now, run `exercises.{self.name}.solution(give_up=True)`."
            )
        if not entry.solved:
            RECORD.change(self.name, solution_read=True)
        return Reply(self.solution_text)

    def __repr__(self) -> str:
        return f"Exercise {self.name}: {self.prompt}"


def _facts(check: Check, answer: Any) -> str:
    try:
        return check.facts(answer).strip()
    except Exception:  # an answer may fail on inputs that only the facts try
        return ""


def _copy_of_layer(answer: Any) -> Any:
    """Copy a layer, because running it in training mode changes its running statistics."""
    if not isinstance(answer, nn.Module):
        return answer
    try:
        return copy.deepcopy(answer)
    except Exception:  # some modules hold what cannot be copied
        return answer
