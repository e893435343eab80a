"""Lesson 2: which sizes do not come back."""

from __future__ import annotations

from typing import Any

from unet_teach.arithmetic import (
    conv_output_size,
    conv_transpose_output_size,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake

ASKED = range(12, 19)


def _trip(size: int) -> tuple[int, int]:
    """Down and up with kernel 5, stride 3, padding 2."""
    low = conv_output_size(size, 5, stride=3, padding=2)
    return low, conv_transpose_output_size(low, 5, stride=3, padding=2)


LOST = {size for size in ASKED if _trip(size)[1] != size}


def _plain(answer: Any) -> Any:
    """An array's or a tensor's numbers, as a list."""
    return answer.tolist() if hasattr(answer, "tolist") else answer


def _chosen(answer: Any) -> set[Any]:
    answer = _plain(answer)
    return set(answer) if isinstance(answer, tuple | list | set | range) else set()


def _listing_fault(answer: Any) -> str | None:
    if not isinstance(_plain(answer), tuple | list | set | range):
        return f"Wanted: sizes, as in (12, 13). This is of type {type(answer).__name__}."
    for part in _plain(answer):
        if isinstance(part, bool) or not isinstance(part, int | float):
            return f"Wanted: sizes, as in (12, 13). {part!r} is of type {type(part).__name__}."
        if part not in ASKED:
            return f"Asked are the sizes from 12 to 18. {part!r} is none of them."
    return None


def _loss_fault(answer: Any) -> str | None:
    chosen = _chosen(answer)
    for size in sorted(chosen - LOST):
        low, back = _trip(int(size))
        return f"{size} does come back: {size} → {low} → {back}."
    if not chosen:
        return "Then all seven would come back, and they do not."
    return "These do not come back, but they are not all." if chosen < LOST else None


def _picks(name: str, sentence: str, sizes: tuple[int, ...]) -> KnownMistake:
    return KnownMistake(
        name,
        sentence,
        lambda: sizes,
        lambda answer: _chosen(answer) == set(sizes),
    )


not_restored = Exercise(
    name="not_restored",
    lesson=2,
    prompt="Kernel 5, stride 3, padding 2, down and up: which of 12 to 18 do not come back?",
    checks=(Check("sizes from 12 to 18", _listing_fault), Check("which they are", _loss_fault)),
    answers=(
        lambda: (12, 14, 15, 17, 18),
        lambda: {18, 17, 15, 14, 12},
        lambda: [n for n in range(12, 19) if (n - 1) % 3],
    ),
    mistakes=(
        _picks("those that do", "You found those that come back. Asked are the others.",
            (13, 16)),
        KnownMistake("none", "The same numbers down and up are not enough: the stride merges three sizes into one.",
            lambda: [], lambda a: isinstance(a, tuple | list | set) and not a),
        _picks("all", "The way down merges three sizes. One of the three returns.",
            tuple(ASKED)),
        _picks("the multiples of 3", "The first formula divides by 3. Is it the size itself that it divides?",
            (12, 15, 18)),
        _picks("those that leave a rest by 3", "You look at the size's rest by 3. Put 13 into the first formula: what is divided?",
            (13, 14, 16, 17)),
        _picks("the odd ones", "Odd or even decides with stride 2. Here it is 3.",
            (13, 15, 17)),
        _picks("the even ones", "Even sizes fail with stride 2 and no output_padding. Here the stride is 3.",
            (12, 14, 16, 18)),
        KnownMistake("an end forgotten", "Did you try both ends of the list as well?",
            lambda: (14, 15, 17, 18),
            lambda a: set() < _chosen(a) < LOST and LOST - _chosen(a) <= {12, 18}),
        KnownMistake("one missing", "One more fails. Send each of the seven down and up.",
            lambda: (12, 14, 17, 18),
            lambda a: _chosen(a) < LOST and len(_chosen(a)) == len(LOST) - 1),
    ),
    hints=(
        "How large is 12 after the way down, and how large is that after the way up?",
        "Down: (H + 2·2 − 5) // 3 + 1. Up: (h − 1)·3 + 5 − 2·2. For which H do you get H again?",
        "`[n for n in range(12, 19) if (((n + 4 - 5) // 3 + 1) - 1) * 3 + ___ - ___ != n]`",
    ),
    solution_text="`(12, 14, 15, 17, 18)`: 13, 14 and 15 all become 5, and 5 becomes 13 alone.",
    praise="Only 13 and 16 return. The same numbers down and up bring back one size in three.",
)  # fmt: skip
