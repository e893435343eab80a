"""The rungs of exercises that are answered by letters: which of these networks are U-Nets?"""

from __future__ import annotations

import re
from typing import Any

from unet_teach.exercises.exercise import Check, KnownMistake


def _parts(answer: Any) -> list[str] | None:
    """What was named, sign by sign or part by part; `None` when it is no list of names."""
    if isinstance(answer, str):
        return list(re.sub(r"\band\b|[\W_]", "", answer, flags=re.I).upper())
    if isinstance(answer, set | frozenset | list | tuple):
        return [str(part).strip().upper() for part in answer]
    return None


def chosen(answer: Any, letters: str) -> set[str] | None:
    """The letters named, in whatever way; `None` when it is something else."""
    parts = _parts(answer)
    return set(parts) if parts and all(part in list(letters) for part in parts) else None


def which(right: str, letters: str, why_not: dict[str, str], why: dict[str, str]) -> list[Check]:
    """The ladder: letters at all, then those that are right.

    Args:
        right: the letters of the U-Nets.
        letters: all letters there are, in order.
        why_not: a sentence for each letter that is no U-Net.
        why: a sentence for a letter when it is the only one missed.
    """

    def form(answer: Any) -> str | None:
        if chosen(answer, letters) is not None:
            return None
        wanted = f"Letters from {letters[0]} to {letters[-1]} were expected, such as 'BF'."
        strange = [part for part in _parts(answer) or () if part not in list(letters)]
        if strange:
            return f"{wanted} {strange[0][:20]} is not among them."
        return f"{wanted} This is {str(answer)[:40]!r}."

    def fault(answer: Any) -> str | None:
        named = chosen(answer, letters) or set()
        if wrong := sorted(named - set(right)):
            return f"{', '.join(wrong)} should not be among them. {why_not[wrong[0]]}"
        missing = sorted(set(right) - named)
        if len(missing) == 1:
            hint = why.get(missing[0], "")
            return f"One more of them has all four marks. {hint}".strip()
        if missing:
            return (
                f"{len(missing)} more of them have all four marks. For each that you left out: "
                "which mark does it lack?"
            )
        return None

    return [
        Check(f"letters from {letters[0]} to {letters[-1]}", form),
        Check("the U-Nets", fault),
    ]


def wrong_letters(name: str, sentence: str, named: str, letters: str) -> KnownMistake:
    """Make a known mistake of one wrong choice among `letters`."""
    return KnownMistake(
        name,
        sentence,
        lambda: named,
        lambda answer: chosen(answer, letters) == set(named),
    )
