"""Lesson 2: which sizes do not come back."""

from typing import Any

from unet_teach.arithmetic import conv_output_size, conv_transpose_output_size
from unet_teach.exercises.checks.numbers import wrong_number
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.exercises.plain_values import as_list, is_number

SIZES = range(12, 19)


def _down_and_up(size: int) -> tuple[int, int]:
    """Return the sizes after going down, and up again, with kernel 5, stride 3, padding 2."""
    low = int(conv_output_size(size, 5, stride=3, padding=2))
    return low, int(conv_transpose_output_size(low, 5, stride=3, padding=2))


LOST = {size for size in SIZES if _down_and_up(size)[1] != size}


def _form_problem(answer: Any) -> str | None:
    parts = as_list(answer)
    if parts is None:
        return f"The answer should be a tuple of sizes, such as (12, 13), but this is of type {type(answer).__name__}."
    for part in parts:
        if not is_number(part):
            return f"The answer should be a tuple of sizes, such as (12, 13), but {part!r} is of type {type(part).__name__}."
        if part not in SIZES:
            backs = {_down_and_up(size)[1] for size in SIZES}
            return (
                f"The question is about the sizes from 12 to 18, and {part!r} is not one of them."
                + (f" {part!r} is what comes back of another size." if part in backs else "")
            )
    return None


def _choice_problem(answer: Any) -> str | None:
    chosen = set(as_list(answer) or ())
    for size in sorted(chosen - LOST):
        low, back = _down_and_up(int(size))
        return f"{size} does come back: {size} → {low} → {back}."
    if not chosen:
        return "An empty answer means that all seven sizes come back, but some don't."
    if len(missing := sorted(LOST - chosen)) > 1:
        low, back = _down_and_up(missing[-1])
        example = f"One of them is {missing[-1]} → {low} → {back}."
        return f"That's right so far, but {len(missing)} more sizes don't come back. {example}"
    return "That's right so far, but one more size doesn't come back." if missing else None


def _missing(answer: Any) -> set[Any]:
    """Return the sizes left out of an answer that names some of the right ones, and no others."""
    chosen = set(as_list(answer) or ())
    return LOST - chosen if set() < chosen < LOST else set()


not_restored = Exercise(
    name="not_restored",
    lesson=2,
    prompt="Down and up with kernel 5, stride 3 and padding 2: which of the sizes from 12 to 18 do not come back?",
    checks=(Check("sizes from 12 to 18", _form_problem), Check("which they are", _choice_problem)),
    mistakes=(
        wrong_number("those that do", "Those are exactly the ones that do come back. The question is about the others.",
            {13, 16}),
        KnownMistake("none", "The stride of 3 merges three sizes into one in the convolution, so at most one of the three can come back.",
            lambda: [], lambda a: isinstance(a, tuple | list | set) and not a),
        wrong_number("all", "The stride of 3 merges three sizes into one, but one of the three does come back. Which one?",
            set(SIZES)),
        wrong_number("the multiples of 3", "You chose the multiples of 3. The formula for the convolution does divide by 3, but what exactly does it divide?",
            {12, 15, 18}),
        wrong_number("those not divisible by 3", "You chose the sizes that leave a remainder when divided by 3. Put 13 into the formula for the convolution: what exactly is divided?",
            {13, 14, 16, 17}),
        wrong_number("the odd ones", "You chose the odd sizes. Whether a size is odd matters with stride 2, but here the stride is 3.",
            {13, 15, 17}),
        wrong_number("the even ones", "You chose the even sizes, which don't come back with stride 2. Here the stride is 3.",
            {12, 14, 16, 18}),
        KnownMistake("an end forgotten", "Have you tried both ends of the range, 12 and 18?",
            lambda: (14, 15, 17, 18), lambda a: set() < _missing(a) <= {12, 18}),
        KnownMistake("one missing", "Send each of the seven sizes down and up, and compare.",
            lambda: (12, 14, 17, 18), lambda a: len(_missing(a)) == 1),
    ),
    hints=(
        "What does the convolution make of 12, and what does the transposed convolution make of that?",
        "The convolution turns H into h = (H + 2·2 − 5) // 3 + 1, and the transposed convolution turns h into (h − 1)·3 + 5 − 2·2. For which H is that H again?",
        "`[n for n in range(12, 19) if (((n + 4 - 5) // 3 + 1) - 1) * 3 + ___ - ___ != n]`",
    ),
    solution_text="`(12, 14, 15, 17, 18)`: 13, 14 and 15 all become 5, and 5 becomes 13. It is the same with 16, 17 and 18, which become 6, and 6 becomes 16.",
    praise="Only 13 and 16 come back. With the same numbers down and up, one size in three does.",
)  # fmt: skip
