"""Exercise `iou` of lesson 5: the IoU of all masks of a batch together."""

from __future__ import annotations

from statistics import fmean
from typing import Any

import torch
from torch import Tensor

from unet_teach.exercises.checks.functions import (
    Case,
    Probes,
    a_number,
    is_function,
)
from unet_teach.exercises.exercise import Exercise, KnownMistake
from unet_teach.exercises.lesson_5.masks import input_changed, runs_on, values_check, where_right
from unet_teach.exercises.lesson_5.scores import RIGHT, formula_of
from unet_teach.exercises.plain_values import plain
from unet_teach.segmentation import metrics


def _pair(prediction: list[int], target: list[int]) -> tuple[Tensor, Tensor]:
    """Make masks (2, 1, 2, 3) from the indices of their foreground pixels, 0 to 11."""
    masks = torch.zeros(2, 12, dtype=torch.bool)
    masks[0, prediction], masks[1, target] = True, True
    return masks[0].reshape(2, 1, 2, 3), masks[1].reshape(2, 1, 2, 3)


def _known_cases() -> list[Case]:
    """Three pairs of masks, then three of which an empty mask or a perfect answer is part."""
    pairs = {
        "answer: 3 pixels, truth: 5, both: 2, either: 6": ([0, 1, 2], [1, 2, 3, 6, 7]),
        "answer: 4 pixels, truth: 4, both: 3, either: 5": ([0, 1, 2, 6], [0, 1, 6, 7]),
        "answer: 6 pixels, truth: 2, both: 2, either: 6": ([0, 1, 2, 3, 4, 7], [0, 7]),
        "answer: 1 pixel, truth: none": ([5], []),
        "answer: none, truth: 2 pixels": ([], [4, 8]),
        "answer and truth the same 3 pixels": ([0, 4, 9], [0, 4, 9]),
        "answer and truth both empty": ([], []),
    }
    return [Case(f"With {counts}", _pair(*pixels)) for counts, pixels in pairs.items()]


def _cases() -> list[Case]:
    cases = _known_cases()
    for share in (0.2, 0.5, 0.8):
        a, t = torch.rand(2, 3, 1, 11, 7) < torch.tensor([share, 0.4]).reshape(2, 1, 1, 1, 1)
        counts = f"answer: {a.sum()} pixels, truth: {t.sum()}, both: {(a & t).sum()}, either: {(a | t).sum()}"
        cases.append(Case(f"With {counts}", (a, t)))
    return cases


def _chance_pairs() -> list[tuple[Tensor, Tensor]]:
    """Make 4 pairs of masks (3, 1, 9, 8), the same each time, in which no two counts agree."""
    pairs = []
    for seed in range(4):
        share = torch.tensor([0.2, 0.5, 0.8]).reshape(3, 1, 1, 1)
        chance = torch.rand(2, 3, 1, 9, 8, generator=torch.Generator().manual_seed(seed))
        pair = (chance[0] < share, chance[1] < 0.4)
        pairs.append(pair if seed % 2 else pair[::-1])
    return pairs


def _try(answer: Any, *masks: Tensor) -> Any:
    try:
        return plain(answer(*(mask.clone() for mask in masks)))
    except Exception:
        return None


def _how_computed(answer: Any) -> str:
    """Name the formula of a wrong score, or say what else is known of it."""
    pairs = _chance_pairs()
    scores = [_try(answer, *pair) for pair in pairs]
    formula = formula_of(scores, pairs)
    if formula and formula != RIGHT:
        return f"On 4 other pairs of masks, your number equals {formula}. Wanted: {RIGHT}."
    mask, other = pairs[0]
    facts = []
    for what, one, two, target in (
        ("the same mask twice", mask, mask, 1),
        ("two masks that share no pixel", mask, ~mask, 0),
    ):
        if (score := _try(answer, one, two)) != target:
            facts.append(f"For {what} you return {_shown(score)}, wanted {target}.")
    swapped = _try(answer, other, mask)
    if not facts and formula != RIGHT and scores[0] != swapped:
        facts.append(
            f"Answer and truth swapped change your number from {_shown(scores[0])} to {_shown(swapped)}; the IoU stays the same."
        )
    return " ".join([*facts, where_right(answer, metrics.iou, _known_cases())])


def _shown(score: Any) -> str:
    return f"{score:.4g}" if isinstance(score, int | float) else "no number"


known = Probes(lambda: [*_known_cases()[:3], _chance_pairs()[0]])
with_empty = Probes(
    lambda: [*_known_cases(), _chance_pairs()[0]]
)  # for mistakes that show only on empty or equal masks

iou = Exercise(
    name="iou",
    lesson=5,
    prompt="Write the IoU of boolean masks (N, 1, H, W), all pixels of the batch counted together: foreground in both over foreground in either. Both empty: 1.",
    checks=(
        is_function("iou(answer, truth)"),
        runs_on(_cases, "one number", a_number),
        values_check(metrics.iou, _cases, _how_computed),
    ),
    answers=(
        lambda: lambda a, t: (a & t).sum() / (a | t).sum() if a.sum() + t.sum() else 1.0,
        lambda: lambda a, t: ((a & t).sum() + 1e-9) / (torch.logical_or(a, t).sum() + 1e-9),
        lambda: metrics.iou,
    ),
    mistakes=(
        input_changed("`&=`, `|=` and what ends with `_` overwrite a mask, and whoever gave it to you has lost it. `answer & truth` makes a new one.",
            lambda a, t: (a | t).sum() and a.__iand__(t).sum(), lambda: _known_cases()[0].inputs),
        with_empty.mistake("pixel accuracy", "You divide by all pixels. Where foreground is rare, an empty mask then scores high: ground that both leave out must not count.",
            lambda a, t: (a == t).float().mean()),
        known.mistake("Dice", "That is Dice: twice the pixels in both over the sum of the two masks. It is never lower than the IoU; do not compare one with the other.",
            metrics.dice, lambda a, t: 2 * (a & t).sum() / (a.sum() + t.sum()),
            lambda a, t: (2 * (a & t).sum() / (a.sum() + t.sum())).nan_to_num()),
        known.mistake("the mean of the pictures", "That is the mean of the pictures' IoUs: a picture with 3 pixels of foreground then counts as much as one with 3000. Pool the pixels first.",
            lambda a, t: fmean(map(metrics.iou, a, t)),
            lambda a, t: ((a & t).sum((1, 2, 3)) / (a | t).sum((1, 2, 3)).clamp(min=1)).mean(),
            lambda a, t: ((a & t).sum((1, 2, 3)) / (a | t).sum((1, 2, 3))).mean()),
        with_empty.mistake("empty masks divide by 0", "Right, but for two empty masks it is 0/0, which is NaN, and one NaN makes every mean NaN. Say for yourself what it should be.",
            lambda a, t: (a & t).sum() / (a | t).sum()),
        with_empty.mistake("empty masks stop it", "Right, but two empty masks divide 0 by 0. Ask first whether the union is empty.",
            lambda a, t: int((a & t).sum()) / int((a | t).sum())),
        with_empty.mistake("0 for empty masks", "Two empty masks get 0, the score of a bad answer. Nothing was there and nothing was found: that is right.",
            lambda a, t: ((a & t).sum() / (a | t).sum()).nan_to_num(),
            lambda a, t: (a & t).sum() / ((a | t).sum() + 1e-9),
            lambda a, t: (a & t).sum() / (a | t).sum().clamp(min=1)),
        known.mistake("rounded down", "`//` rounds down to whole numbers. One stroke divides.",
            lambda a, t: (a & t).sum() // (a | t).sum().clamp(min=1)),
        KnownMistake("no number", "`.sum()` without an axis adds up all pixels of the batch; with one, `.sum(0)` or `.sum((1, 2, 3))`, it leaves a number for each place along the others.",
            lambda: lambda a, t: (a & t).sum((1, 2, 3)) / (a | t).sum((1, 2, 3)), lambda answer: answer(*_known_cases()[0].inputs).dim() > 0, at="one number"),
    ),
    hints=(
        "Lay the two masks on each other. Which pixels should raise the score, and which of the others should lower it?",
        "`answer & truth` is where both are True, `answer | truth` where either is. What if neither ever is?",
        "`union = (answer ___ truth).sum()`, then `return 1.0 if ___ else (answer ___ truth).sum() / union`",
    ),
    solution_text=(
        "`union = (answer | truth).sum()\n"
        "return 1.0 if union == 0 else (answer & truth).sum() / union`"
    ),
    praise="Both over either, every pixel counted once, and nothing found where nothing is gets 1.",
)  # fmt: skip
