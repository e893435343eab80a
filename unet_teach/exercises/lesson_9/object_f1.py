"""Exercise `object_f1` of lesson 9: the F1 of objects from a table of their IoUs."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from unet_teach.exercises.checks.functions import Case, Function, Probes, a_number, alike, matches
from unet_teach.exercises.checks.masks import input_changed, three_checks, where_right
from unet_teach.exercises.checks.ratios import ratio_in_words, rounded_in_words
from unet_teach.exercises.exercise import Exercise, KnownMistake
from unet_teach.exercises.plain_values import plain


def _case(ious: Tensor) -> Case:
    rows = [[round(x, 2) for x in row] for row in ious.tolist()]
    return Case(f"For the table {rows}", (ious,))


def _more_tables() -> list[Case]:
    """Return tables of several sizes, which tell numbers of cells from their product."""
    sizes = [(3, 4), (5, 3), (1, 3), (4, 7)]
    tables = [torch.eye(*size) * 0.8 + torch.arange(size[1]) / 50 for size in sizes]
    return [_case(table) for table in tables]


def _tables_without_cells() -> list[Case]:
    return [
        Case("For a table of 0 rows and 3 columns, since no cell was found", (torch.zeros(0, 3),)),
        Case("For a table of 2 rows and 0 columns, since the target has no cell", (torch.zeros(2, 0),)),
    ]  # fmt: skip


def _two_numbers(case: Case, value: Any) -> str:
    hits, found, there = _parts(*case.inputs)
    return f"it returns {plain(value):.4g}, but it should return {_f1(*case.inputs):.4g}, because {found} and {there} cells have {hits} match{'' if hits == 1 else 'es'}"


def _known_cases() -> list[Case]:
    tables = [
        [[0.8, 0.0, 0.0], [0.1, 0.6, 0.0]],
        [[0.9, 0.0], [0.0, 0.3], [0.0, 0.2], [0.0, 0.0]],
        [[0.45, 0.4, 0.0], [0.0, 0.0, 0.7]],  # two cells merged into one
        [[0.5, 0.0], [0.0, 0.9]],  # exactly one half
        [[0.2, 0.1, 0.0, 0.0]],
        [[0.7, 0.0, 0.0, 0.0, 0.0], [0.0, 0.8, 0.0, 0.0, 0.0]],
        [[0.51, 0.4], [0.2, 0.0]],  # two pairs without a match have the larger sum
    ]
    return [_case(torch.tensor(table)) for table in tables]


def _cases() -> list[Case]:
    found, there = torch.randint(2, 9, (2,)).tolist()
    table = 0.4 * torch.rand(found, there)
    for place in range(min(found, there) // 2 + 1):
        table[place, place] = 0.55 + 0.4 * torch.rand(())
    return [*_known_cases(), _case(table)]


def _f1(ious: Tensor) -> float:
    hits = (ious > 0.5).sum()
    return float(2 * hits / sum(ious.shape))


def _harmonic_or_error(ious: Tensor) -> float:
    precision, recall = _precision_and_recall(ious)
    return 2 * precision * recall / (precision + recall)


def _parts(ious: Tensor) -> tuple[int, int, int]:
    return int((ious > 0.5).sum()), ious.shape[0], ious.shape[1]


# ------------------------------------------------------------------------------------------- facts
def _best(ious: Tensor, axis: int) -> float:
    return float(ious.amax(axis).sum()) if ious.numel() else 0.0


COUNTS: dict[str, Callable[[Tensor], float]] = {
    "the matches": lambda x: _parts(x)[0],
    "twice the matches": lambda x: 2 * _parts(x)[0],
    "half the matches": lambda x: _parts(x)[0] / 2,
    "the cells found": lambda x: x.shape[0],
    "the cells in the target": lambda x: x.shape[1],
    "twice the cells found": lambda x: 2 * x.shape[0],
    "twice the cells in the target": lambda x: 2 * x.shape[1],
    "the cells found plus those in the target": lambda x: sum(x.shape),
    "the cells found times those in the target, which are all entries of the table": lambda x: x.numel(),
    "the larger of the two numbers of cells": lambda x: max(x.shape),
    "the smaller of the two numbers of cells": lambda x: min(x.shape),
    "the spurious cells": lambda x: x.shape[0] - _parts(x)[0],
    "the missed cells": lambda x: x.shape[1] - _parts(x)[0],
    "the cells without a match": lambda x: sum(x.shape) - 2 * _parts(x)[0],
    "the matches, spurious and missed cells together": lambda x: sum(x.shape) - _parts(x)[0],
    "all cells plus the matches": lambda x: sum(x.shape) + _parts(x)[0],
    "the entries of at most one half": lambda x: x.numel() - _parts(x)[0],
    "the entries above 0": lambda x: int((x > 0).sum()),
    "the sum of all IoUs": lambda x: float(x.sum()),
    "the sum of the IoUs above one half": lambda x: float(x[x > 0.5].sum()),
    "the best IoU of each cell found, added up": lambda x: _best(x, 1),
    "the best IoU of each cell in the target, added up": lambda x: _best(x, 0),
    "the best IoU of each cell found and of each in the target, added up": lambda x: _best(x, 0) + _best(x, 1),
}  # fmt: skip


RIGHT = ("twice the matches", "the cells found plus those in the target")


def _precision_and_recall(x: Tensor) -> tuple[float, float]:
    hits, found, there = _parts(x)
    return hits / found, hits / there


# What a wrong number may be, beside one count divided by another.
FORMULAS: dict[str, Function] = {
    "the mean of precision and recall": lambda x: sum(_precision_and_recall(x)) / 2,
    "the product of precision and recall": lambda x: math.prod(_precision_and_recall(x)),
    "the geometric mean of precision and recall": lambda x: math.sqrt(math.prod(_precision_and_recall(x))),
    "the sum of precision and recall": lambda x: sum(_precision_and_recall(x)),
    "the mean of each column's largest IoU": lambda x: float(x.max(0).values.mean()),
    "the mean of each row's largest IoU": lambda x: float(x.max(1).values.mean()),
    "the mean of all IoUs": lambda x: float(x.mean()),
    "the mean of the IoUs above one half": lambda x: float(x[x > 0.5].mean()),
    "1 minus object F1": lambda x: 1 - _f1(x),
    "100 times object F1": lambda x: 100 * _f1(x),
}  # fmt: skip


def _which_match(answer: Function) -> str:
    """Say for which IoU, or in which place of the table, a match is not counted as one."""

    def says(place: tuple[int, int], iou: float) -> bool | None:
        table = torch.zeros(2, 3)
        table[place] = iou
        value = plain(answer(table))
        return True if alike(value, 0.4) else False if alike(value, 0) else None

    at = [[says((row, column), 0.9) for column in range(3)] for row in range(2)]
    if {*at[0], *at[1]} == {True, False}:
        row, column = next((r, c) for r in range(2) for c in range(3) if not at[r][c])
        return f"In a table of 2 rows and 3 columns, a match in row {row}, column {column} (counted from 0) isn't counted, but one in another place is. Any cell found may match any cell of the target."
    tried = [number / 100 for number in range(5, 100, 5)]
    counts = [says((0, 0), iou) for iou in tried]
    if at[0][0] is True and None not in counts and counts != [iou > 0.5 for iou in tried]:
        such = [iou for iou, counted in zip(tried, counts, strict=True) if counted]
        return f"Of the IoUs 0.05, 0.1, … 0.95, your function takes {min(such):g} to {max(such):g} for a match; it should be those above 0.5."
    return ""


def _formula(answer: Function) -> str:
    tables = [case.inputs[0] for case in [*_known_cases(), *_more_tables()]]
    values = [plain(answer(table.clone())) for table in tables]
    for name, formula in FORMULAS.items():
        if all(alike(v, formula(t)) for v, t in zip(values, tables, strict=True)):
            return f"For {len(tables)} tables, your number is {name}."
    counts = {name: [count(t) for t in tables] for name, count in COUNTS.items()}
    if found := ratio_in_words(values, counts, RIGHT, sums=False):
        return f"For {len(tables)} tables, your number is {found}."
    if found := rounded_in_words(values, list(map(_f1, tables))):
        return f"For {len(tables)} tables, your number is {found}. Return all its digits."
    if found := _denominator(tables, values):
        return found
    if found := ratio_in_words(values, counts, RIGHT):
        return f"For {len(tables)} tables, your number is {found}. It should be {', divided by '.join(RIGHT)}."
    return ""


def _denominator(tables: list[Tensor], values: list[Any]) -> str:
    """Say what twice the matches are divided by, if that is a sum of both numbers of cells."""
    such = [(t, v) for t, v in zip(tables, values, strict=True) if _parts(t)[0] and v]
    sizes = torch.tensor([t.shape for t, _ in such]).double()
    below = torch.tensor([2 * _parts(t)[0] / v for t, v in such]).double()
    factors = torch.linalg.lstsq(sizes, below[:, None]).solution.flatten()
    if len(such) < 5 or not torch.allclose(sizes @ factors, below, rtol=1e-3):
        return ""
    found, there = factors.tolist()
    if max(abs(found - 1), abs(there - 1)) < 1e-3:
        return ""
    return f"For {len(such)} tables, your number is twice the matches, divided by {found:.3g} times the cells found plus {there:.3g} times those in the target."


def _stops(answer: Function) -> bool:
    for case in _tables_without_cells():
        try:
            case.run(answer)
        except Exception:
            return True
    return False


WITHOUT_CELLS = "tables without a cell on one side"
known = Probes(lambda: [*_known_cases(), *_more_tables()])

object_f1 = Exercise(
    name="object_f1",
    lesson=9,
    prompt="You get a table of IoUs: a row for each cell that was found, a column for each cell of the target. Two cells match if their IoU is *above* one half. Return object F1 as one number: twice the matches, divided by the number of cells found plus the number of cells in the target. One of these two numbers may be 0.",
    checks=(
        *three_checks("object_f1(ious)", "one number", a_number, _f1, _cases,
            lambda answer: _which_match(answer) or _formula(answer) or where_right(answer, _f1, _known_cases()), _two_numbers),
        replace(matches(_f1, _tables_without_cells, _two_numbers), holds=WITHOUT_CELLS),
    ),
    mistakes=(
        input_changed("Your function overwrites the table, so the next threshold would work on other numbers. A comparison makes a new tensor.",
            lambda x: [_f1(x), x.masked_fill_(x <= 0.5, 0)][0], lambda: _known_cases()[0].inputs),
        known.mistake("exactly one half matches", "An IoU of exactly one half counts as a match in your function. It has to be *above* one half: otherwise two predictions could each match the same cell.",
            lambda x: 2 * (x >= 0.5).sum() / sum(x.shape)),
        KnownMistake("a table without entries", "Your code stops at a table without rows or columns. `max` and `argmax` need at least one entry along their axis, and so does `ious[0]`. `(ious > 0.5).sum()` is 0 there, and so is F1.",
            lambda: lambda x: 2 * (x.amax(0) > 0.5).sum() / sum(x.shape), _stops, at=WITHOUT_CELLS,
            more_examples=(lambda: lambda x: 2 * (x.amax(1) > 0.5).sum() / sum(x.shape), lambda: lambda x: 2 * (x > 0.5).sum() / (len(x) + len(x[0])))),
        known.mistake("no match, 0 divided by 0", "It's right wherever a cell matches. Without a match, precision and recall are both 0, so their harmonic mean divides 0 by 0. The formula of the question doesn't, because it divides by the number of cells.",
            lambda x: (x > 0.5).sum() / x.shape[0] * 2 * ((x > 0.5).sum() / x.shape[1]) / ((x > 0.5).sum() / x.shape[0] + (x > 0.5).sum() / x.shape[1]),
            _harmonic_or_error),
        known.mistake("the best of each row", "You count a match in every row, however small its largest IoU is. A cell that was found in the wrong place has no partner. Ask for an IoU above one half.",
            lambda x: 2 * x.shape[0] / sum(x.shape)),
        known.mistake("rounded down", "Your number is always 0, although some cells match. `//` and `int(…)` round it down, and `try … except` hides an error. Divide with `/`.",
            lambda x: 0 * x.sum()),
        known.mistake("precision", "That's precision: of the cells found, the share that match. Somebody who finds one cell and gets it right would have 1. Count the cells of the target, too.",
            lambda x: (x > 0.5).sum() / x.shape[0]),
        known.mistake("recall", "That's recall: of the cells in the target, the share that were found. Somebody who finds a thousand cells too many would not notice. Count the cells found, too.",
            lambda x: (x > 0.5).sum() / x.shape[1]),
        known.mistake("not twice", "Even if every cell matches you get one half, because a match uses up *two* cells, one on each side. Count each match twice.",
            lambda x: (x > 0.5).sum() / sum(x.shape)),
        known.mistake("matched over all", "That's matches / (matches + spurious + missed), which average precision uses. F1 counts each match twice, above and below the line.",
            lambda x: (x > 0.5).sum() / (sum(x.shape) - (x > 0.5).sum())),
        known.mistake("every overlap counts", "You count every overlap as a match. A cell that was merged with its neighbour overlaps both, and is neither. Ask for an IoU above one half.",
            lambda x: 2 * (x > 0).sum() / sum(x.shape)),
        known.mistake("the sum of the IoUs", "You add up the IoUs themselves. Object F1 asks how many cells were found, and counts each match fully, whether its outline is good or perfect.",
            lambda x: 2 * x.sum() / sum(x.shape), lambda x: 2 * x[x > 0.5].sum() / sum(x.shape), lambda x: x.max(1).values.mean()),
    ),
    hints=(
        "How many entries of the table are above one half? Each of them is a pair: one cell found, and its partner in the target.",
        "`ious.shape` is (cells found, cells in the target), so `sum(ious.shape)` is all cells of both sides.",
        "`return 2 * (ious ___ ___).sum() / sum(ious.___)`",
    ),
    solution_text="`return 2 * (ious > 0.5).sum() / sum(ious.shape)`",
    praise="Above one half, no cell can match twice, so counting is enough: nothing has to be assigned.",
)  # fmt: skip
