"""Exercise `ignore_void` of lesson 9: pixel accuracy without the pixels that do not count."""

from __future__ import annotations

import torch
from torch import Tensor

from unet_teach.exercises.checks.functions import Case, Probes, a_number
from unet_teach.exercises.exercise import Exercise
from unet_teach.exercises.lesson_5.masks import input_changed, three_checks, where_right

VOID = 255


def _case(prediction: Tensor, target: Tensor) -> Case:
    void, right = int((target == VOID).sum()), int((prediction == target).sum())
    return Case(
        f"With {target.numel()} pixels, of which {void} are void and {right} are right",
        (prediction, target),
    )


def _known_cases() -> list[Case]:
    rows = [
        ([0, 1, 2, 1, 0, 0], [0, 1, 1, 255, 255, 0]),
        ([1, 1, 1, 1, 2, 0], [0, 255, 255, 255, 2, 1]),
        ([2, 2, 0, 1, 1, 0], [2, 1, 0, 1, 2, 0]),  # nothing is void
        ([0, 0, 0, 0, 1, 2], [255, 255, 255, 0, 1, 1]),
    ]
    return [
        _case(*(torch.tensor(row, dtype=torch.uint8).reshape(1, 2, 3) for row in both))
        for both in rows
    ]


def _cases() -> list[Case]:
    prediction, target = torch.randint(0, 3, (2, 1, 9, 7)).byte()
    void = torch.rand(1, 9, 7) < 0.3
    void[0, 0, 0] = False  # one pixel at least counts
    return [*_known_cases(), _case(prediction, target.masked_fill(void, VOID))]


def _accuracy(prediction: Tensor, target: Tensor) -> Tensor:
    counted = target != VOID
    return (prediction == target)[counted].float().mean()


def _void_removed_in_place(prediction: Tensor, target: Tensor) -> Tensor:
    right = _accuracy(prediction, target)
    target[target == VOID] = 0
    return right


known = Probes(_known_cases)

ignore_void = Exercise(
    name="ignore_void",
    lesson=9,
    prompt="Return pixel accuracy as one number: of the pixels that count, the share that is right. Pixels with the label 255 in the target don't count. There is always at least one pixel that does.",
    checks=three_checks("accuracy(prediction, target)", "one number", a_number, _accuracy, _cases, lambda answer: where_right(answer, _accuracy, _known_cases())),
    answers=(
        lambda: _accuracy,
        lambda: lambda p, t: float((p == t).sum() / (t != VOID).sum()),
        lambda: lambda p, t: (p[t != VOID] == t[t != VOID]).double().mean().item(),
    ),
    mistakes=(
        input_changed("Your function overwrites the target, so the void pixels are gone for the next score. `target[counted]` makes a new tensor.",
            _void_removed_in_place, lambda: _known_cases()[0].inputs),
        known.mistake("void counts as wrong", "Void pixels count as wrong: no class has the number 255, so they can never be right. Leave them out of the pixels that you divide by, too. It's the target that holds 255, never the prediction.",
            lambda p, t: (p == t).float().mean(), lambda p, t: ((p == t) & (t != VOID)).float().mean(),
            lambda p, t: (p == t)[p != VOID].float().mean(), lambda p, t: (p == t).sum() / (p != VOID).sum()),
        known.mistake("void counts as right", "Void pixels count as right, so the more of them there are, the better the score looks. They should count in neither direction.",
            lambda p, t: ((p == t) | (t == VOID)).float().mean()),
        known.mistake("background left out", "You leave out background instead of void. Background has the label 0 and is a class like the others here.",
            lambda p, t: (p == t)[t != 0].float().mean(), lambda p, t: (p == t)[t > 0].float().mean()),
        known.mistake("the share of mistakes", "That's the share of the pixels that are *wrong*. Compare with `==`.",
            lambda p, t: (p != t)[t != VOID].float().mean(), lambda p, t: 1 - _accuracy(p, t)),
        known.mistake("a count", "That's how many pixels are right, not which share of them. Divide by the number of pixels that count.",
            lambda p, t: (p == t).sum(), lambda p, t: (p == t)[t != VOID].sum()),
    ),
    hints=(
        "Which pixels would you show a friend to say how often the network is right: all of them, or only those whose class is known?",
        "`target != 255` is True for the pixels that count. Index `prediction == target` with it, and take the mean.",
        "`counted = target != ___`, `return (prediction == target)[___].float().mean()`",
    ),
    solution_text=(
        "`counted = target != 255\n"
        "return (prediction == target)[counted].float().mean()`"
    ),
    praise="Void pixels count neither as right nor as wrong. In PyTorch's cross-entropy, `ignore_index=255` does the same for the loss.",
)  # fmt: skip
