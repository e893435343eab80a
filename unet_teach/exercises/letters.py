"""The rungs of exercises that are answered by letters: which of these networks are U-Nets?"""

from __future__ import annotations

from typing import Any

from unet_teach.exercises.engine import Rung, Slip


def chosen(answer: Any, letters: str) -> set[str] | None:
    """The letters named, in whatever way; `None` when it is something else."""
    if isinstance(answer, str):
        parts = [sign for sign in answer.upper() if sign not in " ,;"]
    elif isinstance(answer, set | frozenset | list | tuple):
        parts = [str(part).strip().upper() for part in answer]
    else:
        return None
    return set(parts) if parts and all(part in set(letters) for part in parts) else None


def which(right: str, letters: str, why_not: dict[str, str], why: dict[str, str]) -> list[Rung]:
    """The ladder: letters at all, then those that are right.

    Args:
        right: the letters of the U-Nets.
        letters: all letters there are, in order.
        why_not: a sentence for each letter that is no U-Net.
        why: a sentence for letters that are easily missed.
    """

    def form(answer: Any) -> str | None:
        if chosen(answer, letters) is None:
            shown = f"Letters from {letters[0]} to {letters[-1]} were expected, such as 'BF'."
            return f"{shown} This is {str(answer)[:40]!r}."
        return None

    def fault(answer: Any) -> str | None:
        named = chosen(answer, letters) or set()
        if wrong := sorted(named - set(right)):
            return f"{', '.join(wrong)} should not be among them. {why_not[wrong[0]]}"
        if missing := sorted(set(right) - named):
            count = "One more" if len(missing) == 1 else f"{len(missing)} more"
            hint = next((f" {why[letter]}" for letter in missing if letter in why), "")
            return (
                f"{count} of them has all four marks.{hint}"
                if len(missing) == 1
                else (f"{count} of them have all four marks.{hint}")
            )
        return None

    return [
        Rung(f"letters from {letters[0]} to {letters[-1]}", form),
        Rung("the U-Nets", fault),
    ]


def names(named: str, letters: str, says: str, name: str) -> Slip:
    """A slip that is one wrong choice of letters."""
    return Slip(name, lambda: named, lambda answer: chosen(answer, letters) == set(named), says)
