"""Exercise `object_f1` of lesson 9: the F1 of objects from a table of their IoUs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from unet_teach.exercises.checks.functions import Case, Probes, a_number
from unet_teach.exercises.exercise import Exercise
from unet_teach.exercises.lesson_5.masks import input_changed, three_checks, where_right
from unet_teach.exercises.plain_values import plain


def _case(ious: Tensor) -> Case:
    rows = [[round(x, 2) for x in row] for row in ious.tolist()]
    return Case(f"For the table {rows}", (ious,))


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


def _parts(ious: Tensor) -> tuple[int, int, int]:
    return int((ious > 0.5).sum()), ious.shape[0], ious.shape[1]


def _rounded_in_place(ious: Tensor) -> float:
    score = _f1(ious)
    ious[ious <= 0.5] = 0
    return score


def _harmonic(ious: Tensor) -> float:
    hits, found, there = _parts(ious)
    precision, recall = hits / found, hits / there
    return 2 * precision * recall / (precision + recall) if hits else 0.0


known = Probes(_known_cases)

object_f1 = Exercise(
    name="object_f1",
    lesson=9,
    prompt="You get a table of IoUs: a row for each cell that was found, a column for each cell of the target. Two cells match if their IoU is *above* one half. Return object F1 as one number: twice the matches, divided by the number of cells found plus the number of cells in the target.",
    checks=three_checks("object_f1(ious)", "one number", a_number, _f1, _cases, lambda answer: where_right(answer, _f1, _known_cases()), _two_numbers),
    answers=(
        lambda: lambda ious: 2 * (ious > 0.5).sum() / sum(ious.shape),
        lambda: _f1,
        lambda: _harmonic,
    ),
    mistakes=(
        input_changed("Your function overwrites the table, so the next threshold would work on other numbers. A comparison makes a new tensor.",
            _rounded_in_place, lambda: _known_cases()[0].inputs),
        known.mistake("exactly one half matches", "An IoU of exactly one half counts as a match in your function. It has to be *above* one half: otherwise two predictions could each match the same cell.",
            lambda x: 2 * (x >= 0.5).sum() / sum(x.shape)),
        known.mistake("rounded down", "Your number is 0 although some cells match, as if it were rounded down. Divide with `/`.",
            lambda x: 0 * x.sum()),
        known.mistake("precision", "That's precision: of the cells found, the share that match. Somebody who finds one cell and gets it right would have 1. Count the cells of the target, too.",
            lambda x: (x > 0.5).sum() / x.shape[0], lambda x: (x > 0.5).any(1).float().mean()),
        known.mistake("recall", "That's recall: of the cells in the target, the share that were found. Somebody who finds a thousand cells too many would not notice. Count the cells found, too.",
            lambda x: (x > 0.5).sum() / x.shape[1], lambda x: (x > 0.5).any(0).float().mean()),
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
