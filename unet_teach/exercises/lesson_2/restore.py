"""The exercises of lesson 2, Up-sampling, about sizes: what comes out, and what comes back."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from unet_teach.arithmetic import (
    conv_output_size,
    conv_transpose_output_size,
    output_padding_for,
)
from unet_teach.exercises.checks.functions import a_function, agrees, computes
from unet_teach.exercises.exercise import Exercise, Rung, Slip

# ------------------------------------------------------------------------------------------ up_size
KNOWN_LAYERS = [
    (5, 3, 2, 1, 0),
    (7, 2, 3, 0, 2),
    (8, 3, 2, 1, 1),
    (9, 5, 4, 2, 3),
    (16, 4, 2, 1, 0),
]


def _up_size(size: int, kernel_size: int, stride: int, padding: int, output_padding: int) -> int:
    return int(conv_transpose_output_size(size, kernel_size, stride, padding, output_padding))


def _layer_samples() -> list[tuple[int, int, int, int, int]]:
    """Known ones, so that equal answers get equal sentences, then 40 fresh ones."""
    chance = random.Random()  # its own: the student's random numbers stay where they are
    fresh = []
    for _ in range(40):
        stride = chance.randint(1, 4)
        window = (chance.randint(1, 7), stride, chance.randint(0, 3))
        fresh.append((chance.randint(8, 99), *window, chance.randrange(stride)))
    return [*KNOWN_LAYERS, *sorted(fresh)]


def _computes(name: str, wrong: Callable[[int, int, int, int, int], int], says: str) -> Slip:
    return computes(name, wrong, KNOWN_LAYERS, says)


up_size = Exercise(
    name="up_size",
    lesson=2,
    prompt="Write the formula: the size that leaves a transposed convolution, for any numbers.",
    ladder=(
        a_function("up_size(size, kernel_size, stride, padding, output_padding)"),
        agrees(_up_size, "up_size", _layer_samples),
    ),
    answers=(
        lambda: lambda n, k, s, p, o: (n - 1) * s + k - 2 * p + o,
        lambda: lambda n, k, s, p, o: len(range(p, (n - 1) * s + k - p + o)),
        lambda: lambda n, k, s, p, o: n * s + (k - s) - 2 * p + o,
    ),
    slips=(
        _computes(
            "the convolution's formula",
            lambda n, k, s, p, o: (n + 2 * p - k) // s + 1,
            "That is the formula of the way down. On the way up the stride multiplies.",
        ),
        _computes(
            "the convolution's formula and output_padding",
            lambda n, k, s, p, o: (n + 2 * p - k) // s + 1 + o,
            "That is the way down with output_padding added. What does the stride do here?",
        ),
        _computes(
            "output_padding forgotten",
            lambda n, k, s, p, o: (n - 1) * s + k - 2 * p,
            "All is there but output_padding.",
        ),
        _computes(
            "output_padding twice",
            lambda n, k, s, p, o: (n - 1) * s + k - 2 * p + 2 * o,
            "output_padding keeps rows at one edge only, so it counts once.",
        ),
        _computes(
            "output_padding subtracted",
            lambda n, k, s, p, o: (n - 1) * s + k - 2 * p - o,
            "output_padding makes the map larger: it crops less.",
        ),
        _computes(
            "padding once",
            lambda n, k, s, p, o: (n - 1) * s + k - p + o,
            "padding crops on both sides, so it counts twice.",
        ),
        _computes(
            "padding added",
            lambda n, k, s, p, o: (n - 1) * s + k + 2 * p + o,
            "Here padding makes the map smaller: it is cropped from what was painted.",
        ),
        _computes(
            "padding forgotten",
            lambda n, k, s, p, o: (n - 1) * s + k + o,
            "You counted all that is painted. What does padding do with its edges?",
        ),
        _computes(
            "size instead of the steps",
            lambda n, k, s, p, o: n * s + k - 2 * p + o,
            "Between the first patch and the last there is one step less than there are patches.",
        ),
        _computes(
            "kernel forgotten",
            lambda n, k, s, p, o: (n - 1) * s - 2 * p + o,
            "The steps lead to where the last patch begins. How wide is a patch?",
        ),
        _computes(
            "kernel less one",
            lambda n, k, s, p, o: (n - 1) * s + (k - 1) - 2 * p + o,
            "One too few: that is the index of the last cell. Indices begin at 0.",
        ),
        _computes(
            "one too many",
            lambda n, k, s, p, o: (n - 1) * s + k - 2 * p + o + 1,
            "One too many. The + 1 belongs to the way down, or to a kernel written as "
            "kernel_size − 1.",
        ),
        _computes(
            "size times stride",
            lambda n, k, s, p, o: n * s,
            "It doubles for the document's five numbers. The kernel and the crop count as well.",
        ),
        _computes(
            "always doubled",
            lambda n, k, s, p, o: 2 * n,
            "That is the document's layer alone. What if the stride were 3?",
        ),
    ),
    hints=(
        "Each input cell paints a patch of kernel_size cells, each patch begins stride cells after "
        "the one before. Where does the last one begin?",
        "From there it reaches kernel_size cells further: all that is painted. padding crops this "
        "on two sides, output_padding crops less on one.",
        "`return (size - ___) * ___ + ___ - ___ * padding + ___`",
    ),
    solution_text="`return (size - 1) * stride + kernel_size - 2 * padding + output_padding`",
    praise="Your formula gives what PyTorch gives, on 45 layers.",
)


# ------------------------------------------------------------------------------------------ restore
KNOWN_TRIPS = [(8, 15), (8, 16), (16, 31), (16, 32), (21, 41), (21, 42)]


def _output_padding(low: int, wanted: int) -> int:
    return int(output_padding_for(low, wanted, 3, stride=2, padding=1))


def _trips() -> list[tuple[int, int]]:
    chance = random.Random()
    fresh = [(size + 1) // 2 for size in chance.sample(range(3, 400), 20)]
    return [*KNOWN_TRIPS, *((low, 2 * low - odd) for low in sorted(fresh) for odd in (1, 0))]


def _gives(name: str, wrong: Callable[[int, int], int], says: str) -> Slip:
    return computes(name, wrong, KNOWN_TRIPS, says)


restore = Exercise(
    name="restore",
    lesson=2,
    prompt="Which output_padding brings kernel 3, stride 2, padding 1 from low to wanted?",
    ladder=(
        a_function("restore(low, wanted)"),
        agrees(_output_padding, "restore", _trips),
    ),
    answers=(
        lambda: lambda low, wanted: wanted - (2 * low - 1),
        lambda: lambda low, wanted: 1 - wanted % 2,
        lambda: lambda low, wanted: 1 if wanted == 2 * low else 0,
        lambda: lambda low, wanted: output_padding_for(low, wanted, 3, stride=2, padding=1),
    ),
    slips=(
        _gives(
            "always 1",
            lambda low, wanted: 1,
            "That always doubles, which is one too many where the size was odd.",
        ),
        _gives("always 0", lambda low, wanted: 0, "Then no even size ever comes back."),
        _gives(
            "the wrong way round",
            lambda low, wanted: wanted % 2,
            "It is the other way round: which of the two sizes needs the extra row?",
        ),
        _gives(
            "the whole difference",
            lambda low, wanted: wanted - low,
            "The stride makes most of that difference. How far does output_padding=0 get?",
        ),
        _gives(
            "the parity of low",
            lambda low, wanted: low % 2,
            "low is the same for both sizes, so low alone cannot tell which it was.",
        ),
        _gives(
            "the other parity of low",
            lambda low, wanted: 1 - low % 2,
            "low alone cannot tell: two different sizes became this one low. Look at wanted.",
        ),
        _gives(
            "counted from the double",
            lambda low, wanted: wanted - 2 * low,
            "You count from 2·low. But output_padding=0 gives one less than that.",
        ),
        _gives(
            "one too many",
            lambda low, wanted: wanted - 2 * low + 2,
            "One too many: stride 2 leaves a choice of two, 0 and 1.",
        ),
        _gives(
            "the size itself",
            lambda low, wanted: wanted,
            "wanted is the whole size. Return only the rows that output_padding must add.",
        ),
    ),
    hints=(
        "16 must become 31 or 32. Which of the two does the layer reach with output_padding=0?",
        "Without it the size is (low − 1)·2 + 3 − 2·1. How many rows are missing to wanted?",
        "`return wanted - (___ * low - ___)`",
    ),
    solution_text=(
        "`return wanted - (2 * low - 1)`: 0 for odd sizes, 1 for even ones. "
        "`output_padding_for` in `unet_teach.arithmetic` does it for any layer."
    ),
    praise="Every size comes back, odd or even: this is how a U-Net gets home on any picture.",
)


# ------------------------------------------------------------------------------------- not_restored
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


def _picks(name: str, sizes: tuple[int, ...], says: str) -> Slip:
    return Slip(name, lambda: sizes, lambda answer: _chosen(answer) == set(sizes), says)


not_restored = Exercise(
    name="not_restored",
    lesson=2,
    prompt="Kernel 5, stride 3, padding 2, down and up: which of 12 to 18 do not come back?",
    ladder=(Rung("sizes from 12 to 18", _listing_fault), Rung("which they are", _loss_fault)),
    answers=(
        lambda: (12, 14, 15, 17, 18),
        lambda: {18, 17, 15, 14, 12},
        lambda: [n for n in range(12, 19) if (n - 1) % 3],
    ),
    slips=(
        _picks("those that do", (13, 16), "You found those that come back. Asked are the others."),
        Slip(
            "none",
            lambda: [],
            lambda a: isinstance(a, tuple | list | set) and not a,
            "The same numbers down and up are not enough: the stride merges three sizes into one.",
        ),
        _picks("all", tuple(ASKED), "The way down merges three sizes. One of the three returns."),
        _picks(
            "the multiples of 3",
            (12, 15, 18),
            "The first formula divides by 3. Is it the size itself that it divides?",
        ),
        _picks(
            "those that leave a rest by 3",
            (13, 14, 16, 17),
            "You look at the size's rest by 3. Put 13 into the first formula: what is divided?",
        ),
        _picks("the odd ones", (13, 15, 17), "Odd or even decides with stride 2. Here it is 3."),
        _picks(
            "the even ones",
            (12, 14, 16, 18),
            "Even sizes fail with stride 2 and no output_padding. Here the stride is 3.",
        ),
        Slip(
            "an end forgotten",
            lambda: (14, 15, 17, 18),
            lambda a: set() < _chosen(a) < LOST and LOST - _chosen(a) <= {12, 18},
            "Did you try both ends of the list as well?",
        ),
        Slip(
            "one missing",
            lambda: (12, 14, 17, 18),
            lambda a: _chosen(a) < LOST and len(_chosen(a)) == len(LOST) - 1,
            "One more fails. Send each of the seven down and up.",
        ),
    ),
    hints=(
        "How large is 12 after the way down, and how large is that after the way up?",
        "Down: (H + 2·2 − 5) // 3 + 1. Up: (h − 1)·3 + 5 − 2·2. For which H do you get H again?",
        "`[n for n in range(12, 19) if (((n + 4 - 5) // 3 + 1) - 1) * 3 + ___ - ___ != n]`",
    ),
    solution_text="`(12, 14, 15, 17, 18)`: 13, 14 and 15 all become 5, and 5 becomes 13 alone.",
    praise="Only 13 and 16 return. The same numbers down and up bring back one size in three.",
)
