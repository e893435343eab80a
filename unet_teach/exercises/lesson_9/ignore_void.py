"""Exercise `ignore_void` of lesson 9: pixel accuracy without the pixels that do not count."""

from collections.abc import Callable
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

from unet_teach.exercises.checks.functions import Case, Function, Probes, a_number, alike
from unet_teach.exercises.checks.masks import input_changed, three_checks, where_right
from unet_teach.exercises.checks.ratios import ratio_in_words, rounded_in_words
from unet_teach.exercises.exercise import Exercise, KnownMistake
from unet_teach.exercises.plain_values import plain

VOID = 255


def _case(prediction: list[list[int]], target: list[list[int]]) -> Case:
    masks = [torch.tensor(rows, dtype=torch.uint8)[:, None] for rows in (prediction, target)]
    return Case(f"For the rows {prediction} and the target {target}", tuple(masks))


def _known_cases() -> list[Case]:
    """Make predictions and targets of one row (N, 1, 3) each; each image has other void pixels."""
    return [
        _case([[0, 1, 2], [1, 0, 0]], [[0, 1, 1], [255, 255, 0]]),
        _case([[1, 1, 1], [2, 2, 0]], [[0, 255, 255], [255, 2, 1]]),
        _case([[2, 2, 0], [1, 1, 0]], [[2, 1, 0], [1, 2, 0]]),  # nothing is void
        _case([[0, 0, 0], [0, 1, 2]], [[255, 255, 255], [0, 1, 1]]),
        _case([[0, 2, 0], [2, 0, 1]], [[1, 0, 1], [2, 0, 255]]),  # foreground for background
        _case([[1, 2, 0], [0, 0, 2]], [[1, 2, 0], [0, 255, 2]]),  # all that count are right
    ]


def _cases() -> list[Case]:
    prediction, target = torch.randint(0, 3, (2, 4, 9, 7)).byte()
    void = torch.rand(4, 9, 7) < torch.tensor([0.0, 0.2, 0.5, 1.0]).reshape(4, 1, 1)
    target = target.masked_fill(void, VOID)
    return [*_known_cases(), Case("On four random images of 9×7", (prediction, target))]


def _two_numbers(case: Case, value: Any) -> str:
    prediction, target = case.inputs
    right, count = int((prediction == target).sum()), int((target != VOID).sum())
    return f"it returns {plain(value):.4g}, but it should return {right / count:.4g}, because {right} of the {count} pixels that count {'is' if right == 1 else 'are'} right"


COUNTS: dict[str, Callable[[Tensor, Tensor], int]] = {
    "the pixels that count and are right": lambda p, t: int((p == t).sum()),
    "the pixels that count and are wrong": lambda p, t: int(((p != t) & (t != VOID)).sum()),
    "the pixels that count": lambda p, t: int((t != VOID).sum()),
    "the void pixels": lambda p, t: int((t == VOID).sum()),
    "all pixels": lambda p, t: t.numel(),
    "the pixels in which the two differ": lambda p, t: int((p != t).sum()),
    "the images": lambda p, t: len(t),
    "the pixels of one image": lambda p, t: t[0].numel(),
    "the foreground pixels of the target": lambda p, t: int(((t > 0) & (t != VOID)).sum()),
    "the foreground pixels that are right": lambda p, t: int(((t == p) & (t > 0)).sum()),
    "the foreground pixels of the prediction": lambda p, t: int((p > 0).sum()),
}


RIGHT = ("the pixels that count and are right", "the pixels that count")


def _pairs() -> list[tuple[Tensor, Tensor]]:
    """Make 8 predictions and targets (N, 1, W), the same each time, some pixels of them void."""
    generator = torch.Generator().manual_seed(0)
    pairs = []
    for size in range(8):
        shape = (2, 2 + size % 3, 1, 9 + size)
        prediction, target = torch.randint(0, 3, shape, generator=generator).byte()
        void = torch.rand(target.shape, generator=generator) < 0.3
        pairs.append((prediction, target.masked_fill(void, VOID)))
    return pairs


def _ratio(answer: Function, *, sums: bool = False) -> str:
    """Name the two counts whose ratio an answer returns, or what it adds to the lower one."""
    pairs = _pairs()
    values = [plain(answer(*(x.clone() for x in pair))) for pair in pairs]
    targets = [float(_accuracy(*pair)) for pair in pairs]
    if found := rounded_in_words(values, targets):
        return f"For {len(pairs)} pairs of masks, your number is {found}. Return all its digits."
    counts = {name: [count(*pair) for pair in pairs] for name, count in COUNTS.items()}
    if found := ratio_in_words(values, counts, RIGHT, sums=sums):
        return f"For {len(pairs)} pairs of masks, your number is {found}. It should be {', divided by '.join(RIGHT)}."
    right, count = ([COUNTS[name](*pair) for pair in pairs] for name in RIGHT)
    added = [r / v - n for v, r, n in zip(values, right, count, strict=True) if v]
    if added and abs(added[0]) > 1e-6 and all(abs(x / added[0] - 1) < 1e-3 for x in added):
        return f"For {len(added)} pairs of masks, your number is the right one with {added[0]:.3g} added to what it is divided by. There is always a pixel that counts, so add nothing."
    return ""


def _pixels_that_count(answer: Function) -> str:
    """Name a pixel that counts and doesn't change the number, or one that is void and does."""
    for case in _known_cases():
        prediction, target = case.inputs
        for place in map(tuple, target.new_ones(target.shape).nonzero().tolist()):
            label, numbers = int(target[place]), []
            for guess in range(3):
                changed = prediction.clone()
                changed[place] = guess
                numbers.append(plain(answer(changed, target.clone())))
            if any(number != number for number in numbers):
                return f"For the target {target[:, 0].tolist()} your number is NaN: somewhere, 0 is divided by 0, as in a mean over nothing."
            same = all(alike(number, numbers[0]) for number in numbers)
            if same is not (label == VOID):
                says = (
                    "doesn't change your number, but it counts"
                    if same
                    else "changes your number, but it's void"
                )
                return f"In the target {target[:, 0].tolist()}, what is predicted for the pixel of label {label} in row {place[0]}, column {place[2]}, {says}."
    return ""


def _accuracy(prediction: Tensor, target: Tensor) -> Tensor:
    counted = target != VOID
    return (prediction == target)[counted].float().mean()


def _of_each_image(prediction: Tensor, target: Tensor) -> Tensor:
    """Return the accuracy of each image, NaN where all of it is void."""
    return torch.stack(list(map(_accuracy, prediction, target)))


def _foreground_iou(prediction: Tensor, target: Tensor) -> float:
    p, t = (x[target != VOID] > 0 for x in (prediction, target))
    return float((p & t).sum() / (p | t).sum())


def _mean_of_classes(prediction: Tensor, target: Tensor) -> float:
    classes = {*target.flatten().tolist()} - {VOID}
    return fmean(float((prediction == c)[target == c].float().mean()) for c in classes)


known = Probes(lambda: [*_known_cases(), *_pairs()[:3]])

ignore_void = Exercise(
    name="ignore_void",
    lesson=9,
    prompt="Return pixel accuracy as one number: of the pixels that count, the share that is right. Pixels with the label 255 in the target don't count. There is always at least one pixel that does.",
    checks=three_checks("accuracy(prediction, target)", "one number", a_number, _accuracy, _cases,
        lambda answer: _ratio(answer) or _pixels_that_count(answer) or _ratio(answer, sums=True) or where_right(answer, _accuracy, _known_cases()), _two_numbers),
    mistakes=(
        input_changed("Your function overwrites a tensor that it was given, so the next score is computed from other pixels. `target[counted]` makes a new tensor.",
            lambda p, t: [_accuracy(p, t), t.masked_fill_(t == VOID, 0)][0], lambda: _known_cases()[0].inputs),
        KnownMistake("argmax of classes", "`prediction` holds classes already, one for each pixel, so there is nothing to take the largest of. `argmax` belongs to a network's output, which has a channel for each class. Leave it out.",
            lambda: lambda p, t: (p.argmax(1) == t)[t != VOID].float().mean(), lambda answer: "argmax" in answer.__code__.co_names),
        known.mistake("void counts as wrong", "Void pixels count as wrong in your number. Leave them out of the pixels that you divide by, too. It's the target that holds 255, never the prediction.",
            lambda p, t: (p == t).float().mean()),
        known.mistake("void counts as right", "Void pixels count as right, so the more of them there are, the better the score looks. They should count in neither direction.",
            lambda p, t: ((p == t) | (t == VOID)).float().mean()),
        known.mistake("the mean of the images", "That's the mean of the images' accuracies, so a pixel of an image with many void pixels counts more than others. Count the pixels of all images together, and then divide once.",
            lambda p, t: _of_each_image(p, t).nanmean(), lambda p, t: _of_each_image(p, t).mean(),
            *(lambda p, t, void=void: _of_each_image(p, t).nan_to_num(void).mean() for void in (0, 1))),
        known.mistake("the mean of the classes", "That's the mean of the classes' accuracies, so a pixel of a rare class counts more than others. Count the pixels of all classes together, and then divide once.",
            _mean_of_classes),
        known.mistake("predicted background left out", "You also leave out the pixels that are *predicted* as background. A pixel counts whatever is predicted for it: only its label in the target decides.",
            lambda p, t: (p == t)[(t != VOID) & (p != 0)].float().mean(), lambda p, t: (p == t)[(t != VOID) & ((p != 0) | (t != 0))].float().mean()),
        known.mistake("foreground or not", "You ask only whether prediction and target are both foreground or both background, so class 1 predicted as 2 counts as right. Compare the classes themselves with `==`.",
            lambda p, t: ((p > 0) == (t > 0))[t != VOID].float().mean()),
        known.mistake("an IoU", "That's an IoU of foreground and background, which leaves out the background that is right and doesn't ask for the class. Accuracy is simpler: the pixels where `prediction == target`, divided by all that count.",
            _foreground_iou),
        known.mistake("void pixels alone", "You count only the void pixels, so the mask is the wrong way round. `target != 255` is True for the pixels that count.",
            lambda p, t: (p == t)[t == VOID].float().mean(), lambda p, t: float((p == t)[t == VOID].sum() / (t == VOID).sum().clamp(min=1))),
        known.mistake("a percentage", "That's the right share in percent. Return the share itself, a number from 0 to 1, so leave out the factor 100.",
            lambda p, t: 100 * _accuracy(p, t)),
        known.mistake("rounded down", "Your number is 0 wherever a pixel is wrong, as if it were rounded down. Divide with `/`.",
            lambda p, t: float(_accuracy(p, t) == 1), at="its values"),
        known.mistake("the share of mistakes", "That's the share of the pixels that are *wrong*. Compare with `==`.",
            lambda p, t: 1 - _accuracy(p, t)),
        known.mistake("a count", "That's how many pixels are right, not which share of them. Divide by the number of pixels that count.",
            lambda p, t: (p == t).sum()),
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
