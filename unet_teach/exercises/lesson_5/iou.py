"""Exercise `iou` of lesson 5: the IoU of all masks of a batch together."""

from statistics import fmean
from typing import Any

import torch
from torch import Tensor

from unet_teach.exercises.checks.functions import Case, Probes, a_number, alike
from unet_teach.exercises.checks.masks import input_changed, three_checks, where_right
from unet_teach.exercises.checks.ratios import factor_of
from unet_teach.exercises.exercise import Exercise, KnownMistake
from unet_teach.exercises.lesson_5.scores import RIGHT, counts, formula_of
from unet_teach.exercises.plain_values import plain
from unet_teach.segmentation import metrics


def _pair(prediction: list[int], target: list[int]) -> tuple[Tensor, Tensor]:
    """Make masks (2, 1, 2, 3) from the indices of their foreground pixels, 0 to 11."""
    masks = torch.zeros(2, 12, dtype=torch.bool)
    masks[0, prediction], masks[1, target] = True, True
    return masks[0].reshape(2, 1, 2, 3), masks[1].reshape(2, 1, 2, 3)


def _known_cases() -> list[Case]:
    """Three usual pairs of masks, then four in which a mask is empty or the prediction perfect."""
    pairs = [
        ([0, 1, 2], [1, 2, 3, 6, 7]),
        ([0, 1, 2, 6], [0, 1, 6, 7]),
        ([0, 1, 2, 3, 4, 7], [0, 7]),
        ([5], []),
        ([], [4, 8]),
        ([0, 4, 9], [0, 4, 9]),
        ([], []),
    ]
    return [_case(*_pair(*pixels)) for pixels in pairs]


def _case(prediction: Tensor, target: Tensor) -> Case:
    """Describe two masks by the counts that the IoU is made of."""
    count = counts(prediction, target)
    both, either = count["the pixels in both"], count["the pixels in either"]
    areas = [count[f"the pixels of the {name}"] for name in ("prediction", "target")]
    sizes = [f"{area} pixel{'s' * (area != 1)}" for area in areas]
    if both == either == 0:
        call = "With two empty masks"
    elif both == either:
        call = f"With a prediction equal to its target of {sizes[1]}"
    else:
        call = f"With a prediction of {sizes[0]} and a target of {sizes[1]}, {both} in both and {either} in either"
    return Case(call, (prediction, target))


def _cases() -> list[Case]:
    cases = _known_cases()
    for share in (0.2, 0.5, 0.8):
        p, t = torch.rand(2, 3, 1, 20, 30) < torch.tensor([share, 0.4]).reshape(2, 1, 1, 1, 1)
        cases.append(_case(p, t))
    return cases


def _chance_pairs() -> list[tuple[Tensor, Tensor]]:
    """Make 4 pairs of masks (3, 1, 9, 8), the same each time, in which no two counts agree."""
    pairs = []
    for seed in range(4):
        share = torch.tensor([0.2, 0.5, 0.8]).roll(seed).reshape(3, 1, 1, 1)
        chance = torch.rand(2, 3, 1, 9, 8, generator=torch.Generator().manual_seed(seed))
        pair = (chance[0] < share, chance[1] < 0.4)
        pairs.append(pair if seed % 2 else pair[::-1])
    return pairs


def _score(answer: Any, *masks: Tensor) -> Any:
    return plain(answer(*(mask.clone() for mask in masks)))


def _how_computed(answer: Any) -> str:
    """Name the formula of a wrong score, or say what else is known of it."""
    pairs = _chance_pairs()
    scores = [_score(answer, *pair) for pair in pairs]
    if all(isinstance(score, float) and score != score for score in scores):
        return "NaN comes from 0 / 0, for example at a pixel that is False in both masks. Add up the pixels first, and then divide once."
    formula = formula_of(scores, pairs)
    if formula and formula != RIGHT:
        return f"On 4 other pairs of masks, your number is {formula}. The IoU is {RIGHT}."
    factor = factor_of(scores, [metrics.iou(*pair) for pair in pairs])
    if factor is not None and formula != RIGHT:
        pixels, divided = pairs[0][0].numel(), ""
        if alike(factor * pixels, 1):
            divided = f", which is the IoU divided by all {pixels} pixels"
        return f"On 4 other pairs of masks, your number is always {factor:.4g} times the IoU{divided}. The IoU is {RIGHT}."
    mask, other = pairs[0]
    tried = [_score(answer, *case.inputs) for case in _known_cases()]
    if {*scores, *tried} <= {0, 1}:
        return "Your number is 0 or 1 for every pair of masks tried. The IoU is a share, so it lies in between wherever the masks overlap in part."
    facts = []
    for what, one, two, target in (
        ("the same mask twice", mask, mask, 1),
        ("two masks without a common pixel", mask, ~mask, 0),
    ):
        if (score := _score(answer, one, two)) != target:
            facts.append(f"For {what} you return {score:.4g} instead of {target}.")
            if target == 0 and isinstance(score, float) and 0 < score < 1e-3:
                facts.append(
                    "So a small number is added above the fraction line. Leave it out, and return 1 yourself where both masks are empty."
                )
    swapped = _score(answer, other, mask)
    if not facts and formula != RIGHT and scores[0] != swapped:
        facts.append(
            f"Swapping prediction and target changes your number from {scores[0]:.4g} to {swapped:.4g}, but the IoU stays the same."
        )
    return " ".join([*facts, where_right(answer, metrics.iou, _known_cases())])


known = Probes(lambda: [*_known_cases()[:3], _chance_pairs()[0]])
# For mistakes that show only on empty or equal masks.
with_empty = Probes(lambda: [*_known_cases(), _chance_pairs()[0]])

iou = Exercise(
    name="iou",
    lesson=5,
    prompt="Compute the IoU of two boolean masks (N, 1, H, W): the number of pixels that are True in both, divided by the number that are True in either. Count the pixels of the whole batch together. If both masks are empty, return 1.",
    checks=three_checks("iou(prediction, target)", "one number", a_number, metrics.iou, _cases, _how_computed),
    mistakes=(
        input_changed("Your function overwrites one of its masks, so the caller's data are gone. `&=`, `|=` and methods that end in `_` do that, whereas `prediction & target` makes a new mask.",
            lambda a, t: (a | t).sum() and a.__iand__(t).sum(), lambda: _known_cases()[0].inputs),
        with_empty.mistake("pixel accuracy", "That's pixel accuracy: you count the background pixels that both masks agree on, too. Where foreground is rare, an empty mask would score high. Leave out the pixels that are False in both.",
            lambda a, t: (a == t).float().mean()),
        known.mistake("Dice", "That's Dice: twice the pixels in both, divided by the sum of the two areas. It is never lower than the IoU, so never compare one with the other. For the IoU, divide by the pixels in either.",
            metrics.dice),
        known.mistake("the mean of the images", "That's the mean of the images' IoUs, so an image with 3 foreground pixels counts as much as one with 3000. Count the pixels of the whole batch first, and then divide once.",
            lambda a, t: fmean(map(metrics.iou, a, t))),
        with_empty.mistake("empty masks divide by 0", "It's right except for two empty masks, where torch divides 0 by 0 and returns NaN. One NaN makes every mean NaN, so handle an empty union yourself.",
            lambda a, t: (a & t).sum() / (a | t).sum()),
        with_empty.mistake("0 for empty masks", "You give two empty masks 0, the worst score. But nothing was there and nothing was predicted, so the prediction is perfect.",
            lambda a, t: (a & t).sum() / (a | t).sum().clamp(min=1)),
        known.mistake("rounded down", "Your number is 0 unless the two masks are equal, as if it were rounded down to a whole number. The IoU is the fraction itself: divide with `/`.",
            lambda a, t: (a & t).sum() // (a | t).sum().clamp(min=1), at="its values"),
        KnownMistake("no number", "You return several numbers instead of one. A sum over some of the axes, such as `.sum((1, 2, 3))`, keeps one number for each place along the others, whereas `.sum()` adds up all pixels of the batch.",
            lambda: lambda a, t: (a & t).sum((1, 2, 3)) / (a | t).sum((1, 2, 3)), lambda answer: answer(*_known_cases()[0].inputs).dim() > 0, at="one number"),
    ),
    hints=(
        "Put the two masks on top of each other. Which pixels should raise the score, and which of the others should lower it?",
        "`prediction & target` is True where both are, and `prediction | target` where at least one is. What do you return if the second has no True at all?",
        "`union = (prediction ___ target).sum()`, then `return 1.0 if ___ else (prediction ___ target).sum() / union`",
    ),
    solution_text=(
        "`union = (prediction | target).sum()\n"
        "return 1.0 if union == 0 else (prediction & target).sum() / union`"
    ),
    praise="Intersection over union, with every pixel of the batch counted once, and 1 for two empty masks.",
)  # fmt: skip
