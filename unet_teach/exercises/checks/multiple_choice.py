"""Checks for answers that are letters: which of these networks are U-Nets?"""

import re
from typing import Any

from unet_teach.exercises.exercise import Check, KnownMistake

SPAN = re.compile(r"[A-Z]\s*[-–—:]\s*[A-Z]", re.I)


def unets_among(
    letters: str, unets: str, why_not: dict[str, str], why: dict[str, str]
) -> tuple[Check, Check]:
    """Check that the answer consists of letters, then that they are those of the U-Nets.

    Args:
        letters: all letters there are, in order.
        unets: the letters of the U-Nets.
        why_not: a sentence for each letter that is not a U-Net.
        why: a sentence for a letter when it is the only one missed.
    """
    span = f"from {letters[0]} to {letters[-1]}"

    def form_problem(answer: Any) -> str | None:
        named = _named(answer)
        if isinstance(answer, str) and SPAN.search(answer) and set(named or ()) != set(unets):
            return (
                f"{answer[:20]!r} could mean two letters, or all from one to the other. Write "
                "each letter, as in 'BF'."
            )
        strange = [part for part in named or () if part not in list(letters)]
        if named and not strange:
            return None
        given = (
            f"{strange[0][:20]} is not one of them" if strange else f"you gave {str(answer)[:40]!r}"
        )
        return f"The answer should be letters {span}, such as 'BF', but {given}."

    def choice_problem(answer: Any) -> str | None:
        named = set(_named(answer) or ())
        missing = sorted(set(unets) - named)
        if wrong := sorted(named - set(unets)):
            reasons = " ".join(why_not[letter] for letter in wrong)
            are = "is a U-Net" if len(missing) == 1 else "are U-Nets"
            left_out = f" Of those that you left out, {len(missing)} {are}." if missing else ""
            return f"{', '.join(wrong)} should not be in your answer. {reasons}{left_out}"
        if len(missing) == 1:
            return f"One more of them meets all four criteria. {why.get(missing[0], '')}".strip()
        if missing:
            hint = " ".join(why[letter] for letter in missing[:2] if letter in why)
            hint = hint or "For each one that you left out, which criterion does it miss?"
            return f"{len(missing)} more of them meet all four criteria. {hint}"
        return None

    return Check(f"letters {span}", form_problem), Check("the U-Nets", choice_problem)


def wrong_letters(name: str, sentence: str, letters: str) -> KnownMistake:
    """Make a known mistake of one wrong choice of letters."""
    return KnownMistake(
        name,
        sentence,
        lambda: letters,
        lambda answer: set(_named(answer) or ()) == set(letters),
    )


def _named(answer: Any) -> list[str] | None:
    """Return what an answer names, letter by letter; None if it is no text and no list of them."""
    if isinstance(answer, set | frozenset | list | tuple):
        answer = " ".join(map(str, answer))
    if isinstance(answer, str):
        return list(re.sub(r"\band\b|[\W_]", "", answer, flags=re.I).upper())
    return None
