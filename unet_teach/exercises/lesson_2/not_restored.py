"""Lesson 2: which sizes do not come back."""

from __future__ import annotations

from typing import Any

from unet_teach.arithmetic import conv_output_size, conv_transpose_output_size
from unet_teach.exercises.checks.numbers import wrong_number
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.exercises.plain_values import as_list

SIZES = range(12, 19)


def _down_and_up(size: int) -> tuple[int, int]:
    """Return the sizes after going down, and up again, with kernel 5, stride 3, padding 2."""
    low = int(conv_output_size(size, 5, stride=3, padding=2))
    return low, int(conv_transpose_output_size(low, 5, stride=3, padding=2))


LOST = {size for size in SIZES if _down_and_up(size)[1] != size}


def _form_problem(answer: Any) -> str | None:
    parts = as_list(answer)
    if parts is None:
        return f"Wanted: sizes, as in (12, 13). This is of type {type(answer).__name__}."
    for part in parts:
        if isinstance(part, bool) or not isinstance(part, int | float):
            return f"Wanted: sizes, as in (12, 13). {part!r} is of type {type(part).__name__}."
        if part not in SIZES:
            return f"The question is about the sizes from 12 to 18. {part!r} is none of them."
    return None


def _choice_problem(answer: Any) -> str | None:
    chosen = set(as_list(answer) or ())
    for size in sorted(chosen - LOST):
        low, back = _down_and_up(int(size))
        return f"{size} does come back: {size} → {low} → {back}."
    if not chosen:
        return "Then all seven would come back, and they do not."
    if len(missing := sorted(LOST - chosen)) > 1:
        low, back = _down_and_up(missing[-1])
        example = f"One of them is {missing[-1]} → {low} → {back}."
        return f"These do not come back, but {len(missing)} more do not either. {example}"
    return "These do not come back, but there is one more." if missing else None


def _missing(answer: Any) -> set[Any]:
    """Return the sizes left out of an answer that names some of the right ones, and no others."""
    chosen = set(as_list(answer) or ())
    return LOST - chosen if set() < chosen < LOST else set()


not_restored = Exercise(
    name="not_restored",
    lesson=2,
    prompt="Kernel 5, stride 3, padding 2, down and up: which of 12 to 18 do not come back?",
    checks=(Check("sizes from 12 to 18", _form_problem), Check("which they are", _choice_problem)),
    answers=(
        lambda: (12, 14, 15, 17, 18),
        lambda: {18, 17, 15, 14, 12},
        lambda: [n for n in range(12, 19) if (n - 1) % 3],
    ),
    mistakes=(
        wrong_number("those that do", "You found those that come back. Asked are the others.",
            {13, 16}),
        KnownMistake("none", "The same numbers down and up are not enough: the stride merges three sizes into one.",
            lambda: [], lambda a: isinstance(a, tuple | list | set) and not a),
        wrong_number("all", "The way down merges three sizes. One of the three returns.",
            set(SIZES)),
        wrong_number("the multiples of 3", "The first formula divides by 3. Is it the size itself that it divides?",
            {12, 15, 18}),
        wrong_number("those that leave a rest by 3", "You look at the size's rest by 3. Put 13 into the first formula: what is divided?",
            {13, 14, 16, 17}),
        wrong_number("the odd ones", "Odd or even decides with stride 2. Here it is 3.",
            {13, 15, 17}),
        wrong_number("the even ones", "Even sizes fail with stride 2 and no output_padding. Here the stride is 3.",
            {12, 14, 16, 18}),
        KnownMistake("an end forgotten", "Did you try both ends of the list as well?",
            lambda: (14, 15, 17, 18), lambda a: set() < _missing(a) <= {12, 18}),
        KnownMistake("one missing", "One more fails. Send each of the seven down and up.",
            lambda: (12, 14, 17, 18), lambda a: len(_missing(a)) == 1),
    ),
    hints=(
        "How large is 12 after the way down, and how large is that after the way up?",
        "Down: (H + 2·2 − 5) // 3 + 1. Up: (h − 1)·3 + 5 − 2·2. For which H do you get H again?",
        "`[n for n in range(12, 19) if (((n + 4 - 5) // 3 + 1) - 1) * 3 + ___ - ___ != n]`",
    ),
    solution_text="`(12, 14, 15, 17, 18)`: 13, 14 and 15 all become 5, and 5 becomes 13 alone.",
    praise="Only 13 and 16 return. The same numbers down and up bring back one size in three.",
)  # fmt: skip
