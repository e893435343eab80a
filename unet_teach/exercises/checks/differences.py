"""Says where a tensor differs from the right one, how, and for which inputs: facts, not guesses."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise, permutations, product
from typing import Any

import torch
from torch import Tensor

from unet_teach.exercises.checks.conditions import by_sign

AXES = ("batch", "channels", "height", "width")
NOUNS = (  # of one place and of several, for each axis
    ("batch item", "batch items"),
    ("channel", "channels"),
    ("row", "rows"),
    ("column", "columns"),
)
MOST_LISTED = 3
FARTHEST = 4  # rows and columns by which a feature map may have moved
ENOUGH = 2  # inputs on which an answer is right, and wrong, so that a condition may decide
SCATTERED = "…"  # places that are too many to list
EVERYWHERE = "every value"
OVERLAP = 0.4  # the part of a moved feature map that has to be visible


# ---------------------------------------------------------------------------------------- the place
def where(differs: Tensor) -> str:
    """Name the part of an (N, C, H, W) tensor in which cells differ, as "the last 2 rows".

    Returns:
        The part, which holds all these cells and no other; empty if words do not describe it.
    """
    if differs.dim() != 4 or differs.all():
        return EVERYWHERE if differs.all() else ""
    batch, channels, rows, columns = (
        differs.transpose(0, axis).flatten(1).any(dim=1) for axis in range(4)
    )
    pattern = differs[batch][:, channels]
    plane = pattern[0, 0]
    if not (pattern == plane).all():
        return ""
    full_rows, full_columns = plane.all(dim=1), plane.all(dim=0)
    box = rows[:, None] & columns[None]
    if torch.equal(plane, box):
        parts = [] if plane.all() else [_some(rows, NOUNS[2]), _some(columns, NOUNS[3])]
        place = " in ".join(part for part in parts if part)
    elif torch.equal(plane, full_rows[:, None] | full_columns[None]):
        place = f"{_some(full_rows, NOUNS[2])} and {_some(full_columns, NOUNS[3])}"
    else:
        return ""
    maps = [_some(channels, NOUNS[1]), _some(batch, NOUNS[0])]
    text = " of ".join(part for part in (place, *maps) if part)
    return "" if SCATTERED in text else text


def _some(chosen: Tensor, noun: tuple[str, str]) -> str:
    """Name the chosen places of one axis; empty if all are."""
    places = chosen.nonzero().flatten().tolist()
    first, last, count = places[0], places[-1], len(places)
    one, many = noun
    if count == len(chosen):
        return ""
    if last - first + 1 == count:
        if first == 0:
            return f"the first {one}" if count == 1 else f"the first {count} {many}"
        if last == len(chosen) - 1:
            return f"the last {one}" if count == 1 else f"the last {count} {many}"
        return f"{one} {first}" if count == 1 else f"{many} {first} to {last}"
    steps = {b - a for a, b in pairwise(places)}
    if steps == {2} and count > 2:
        return f"every second {one} from {first} on"
    if count > MOST_LISTED:
        return SCATTERED
    return f"{many} {', '.join(map(str, places[:-1]))} and {last}"


# ------------------------------------------------------------------------------------------ the way
def how(output: Tensor, target: Tensor, differs: Tensor) -> str:
    """Say in a sentence how the cells that differ are related to the right ones, or nothing."""
    found, right = output[differs].double(), target[differs].double()
    there = "" if differs.all() else " there"
    if _same(found, found[:1]):
        wanted = f", but they should be {right[0]:.4g}" if _same(right, right[:1]) else ""
        for sign, values in (("negative", -target), ("positive", target)):
            if _just(values, differs):
                there = f", exactly where the right values are {sign}"
        return f"All are {found[0] + 0.0:.4g}{there}{wanted}."
    if _same(found, -right):
        return f"All have the wrong sign{there}."
    large = right.abs() > 0.01 * right.abs().max()
    factors = found[large] / right[large]
    if large.any() and _same(found, factors[0] * right):
        return f"All are {factors[0]:.4g} times the right ones{there}."
    off = found - right
    if _same(off, off[:1]):
        return f"All are {abs(off[0]):.4g} too {by_sign(float(off[0]), 'large', 'small')}{there}."
    if output.dim() == 4 and (text := moved(output, target)):
        return text
    if len(found) > 2:
        covariances = torch.stack([found, right]).cov()
        factor = covariances[0, 1] / covariances[1, 1]
        rest = found.mean() - factor * right.mean()
        if _same(found, factor * right + rest):
            return f"All are {factor:.4g} times the right ones plus {rest:.4g}{there}."
    if (found - right).abs().max() < 0.01 * target.abs().max():
        return f"They are close: off by at most {(found - right).abs().max():.2g}."
    return ""


def _just(values: Tensor, differs: Tensor) -> bool:
    """Whether what differs is positive, and what does not is not (rounding apart)."""
    return bool((values[differs] > 0).all() and (values[~differs] < 1e-4).all())


def moved(output: Tensor, target: Tensor) -> str:
    """Say that the right values are in other places, and in which."""
    height, width = output.shape[2:]
    span = range(-FARTHEST, FARTHEST + 1)
    for rows, columns in sorted(product(span, span), key=lambda step: abs(step[0]) + abs(step[1])):
        kept = max(0, height - abs(rows)) * max(0, width - abs(columns))
        if kept < OVERLAP * height * width or rows == columns == 0:
            continue
        now, before = _overlap(output, rows, columns), _overlap(target, -rows, -columns)
        if not _same(now[0, 0], before[0, 0]):  # one channel almost always tells, and fast
            continue
        if _same(now, before) and not _same(before, before.flatten()[:1]):
            return f"The values are {_step(rows, columns)} than they should be."
    for axes, name in (
        ((2,), "upside down"),
        ((3,), "mirrored"),
        ((2, 3), "turned by 180 degrees"),
    ):
        if _same(output, target.flip(axes)):
            return f"Each feature map is {name}."
    if height == width and _same(output, target.transpose(2, 3)):
        return "Rows and columns are swapped."
    for axis in (1, 0):
        sums, right_sums = (x.transpose(0, axis).flatten(1).sum(1) for x in (output, target))
        if not _same(sums.sort()[0], right_sums.sort()[0]):
            continue
        order = [
            next((i for i, right in enumerate(target.unbind(axis)) if _same(part, right)), None)
            for part in output.unbind(axis)
        ]
        noun = NOUNS[axis][0]
        moves = [f"{noun} {i} has the values of {noun} {j}" for i, j in enumerate(order) if i != j]
        if moves and None not in order:
            more = ", and so on" if len(moves) > 1 else ""
            return f"{moves[0][0].upper()}{moves[0][1:]}{more}."
    if _same(output, output[:, :1]) and not _same(target, target[:, :1]):
        return "All channels are the same."
    if _same(output.flatten().sort()[0], target.flatten().sort()[0]):
        return "These are the right values, but in the wrong places."
    return ""


def _overlap(x: Tensor, rows: int, columns: int) -> Tensor:
    """Return a feature map without some rows above (negative: below), and columns likewise."""
    height, width = x.shape[2:]
    return x[
        :,
        :,
        max(0, rows) : height + min(0, rows),
        max(0, columns) : width + min(0, columns),
    ]


def _step(rows: int, columns: int) -> str:
    down = f"{_count(rows, 'row')} {by_sign(rows, 'lower', 'higher')}"
    across = f"{_count(columns, 'column')} further {by_sign(columns, 'right', 'left')}"
    return " and ".join(step for step, moved in ((down, rows), (across, columns)) if moved)


def _count(number: int, noun: str) -> str:
    return f"{abs(number)} {noun}" + ("" if abs(number) == 1 else "s")


def _same(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one.double(), other.double().expand_as(one), rtol=1e-4, atol=1e-5)


# ---------------------------------------------------------------------------------------- the sizes
Sizes = Mapping[str, int]  # what a size of the output may come from, as {"up's height": 4}


def formulas(
    found: Sequence[Sequence[int]], right: Sequence[Sequence[int]], terms: Sequence[Sizes]
) -> str:
    """Say how the sizes of an output depend on those of the inputs: "height is 5; its …".

    Args:
        found: the shapes of an answer's outputs, one for each input.
        right: the right shapes.
        terms: names and values of the sizes of the inputs.
    """
    sentences = []
    for axis, name in enumerate(("batch size", "number of channels", "height", "width")):
        now, wanted = ([shape[axis] for shape in shapes] for shapes in (found, right))
        if now != wanted and (formula := _formula(now, wanted, terms)):
            sentences.append(f"{name} is {formula}")
    return "; its ".join(sentences)


def _formula(now: list[int], wanted: list[int], terms: Sequence[Sizes]) -> str:
    columns = {name: [values[name] for values in terms] for name in terms[0]}
    if len(set(now)) == 1 and now not in columns.values():
        return f"{now[0]}"
    off = {a - b for a, b in zip(now, wanted, strict=True)}
    if len(off) == 1:
        difference = off.pop()
        return f"{abs(difference)} too {by_sign(difference, 'large', 'small')}"
    candidates: Iterable[tuple[str, Callable[..., int], int]] = (
        ("{0}", lambda a: a, 1),
        ("{0} + 1", lambda a: a + 1, 1),
        ("{0} − 1", lambda a: a - 1, 1),
        ("the larger of {0} and {1}", max, 2),
        ("the smaller of {0} and {1}", min, 2),
        ("{0} + {1}", lambda a, b: a + b, 2),
        ("{0} − {1}", lambda a, b: a - b, 2),
        ("2 · {0}", lambda a: 2 * a, 1),
        ("2 · {0} − {1}", lambda a, b: 2 * a - b, 2),
        ("half of {0}", lambda a: a // 2, 1),
        ("{0} + {1} − {2}", lambda a, b, c: a + b - c, 3),
        ("2 · {0} + {1}", lambda a, b: 2 * a + b, 2),
        ("{0} + {1} + {2}", lambda a, b, c: a + b + c, 3),
    )
    for text, function, count in candidates:
        for names in permutations(columns, count):
            values = zip(*(columns[name] for name in names), strict=True)
            if [function(*each) for each in values] == now:
                return text.format(*names)
    return ""


# ------------------------------------------------------------------------------------- the occasion
Condition = Callable[..., bool]


def occasion(
    inputs: Sequence[Sequence[Any]],
    right: Sequence[bool],
    conditions: Mapping[str, Condition],
    calls: Sequence[str] = (),
) -> str:
    """Say when an answer is right: which condition decides it, or else in which cases.

    Args:
        inputs: the inputs on which the answer was called.
        right: whether it was right on them.
        conditions: functions of the inputs by their names, as in "the stride is 1".
        calls: the inputs in words; without them, no cases are listed.
    """
    tried = f"Of the {len(right)} cases tried, it is"
    for name, test in conditions.items() if ENOUGH <= sum(right) <= len(right) - ENOUGH else ():
        holds = [test(*each) for each in inputs]
        if holds == list(right):
            return f"{tried} right when {name}, and wrong otherwise."
        if [not each for each in holds] == list(right):
            return f"{tried} wrong when {name}, and right otherwise."
    kind = "right" if 2 * sum(right) <= len(right) else "wrong"
    fewer = [call for call, r in zip(calls, right, strict=False) if r is (kind == "right")]
    if not fewer:
        return ""
    more = "; …" if len(fewer) > MOST_LISTED else ""
    shown = "; ".join(f"{call[0].lower()}{call[1:]}" for call in fewer[:MOST_LISTED])
    return f"{tried} {kind} in {len(fewer)} ({shown}{more})."
