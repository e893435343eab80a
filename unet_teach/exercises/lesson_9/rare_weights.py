"""Exercise `rare_weights` of lesson 9: weights of the classes from how frequent they are."""

import math
from typing import Any

import torch
from torch import Tensor

from unet_teach.exercises.checks.functions import Case, Function, Probes, some_numbers
from unet_teach.exercises.checks.masks import three_checks
from unet_teach.exercises.exercise import Exercise
from unet_teach.exercises.plain_values import as_list


def _case(*counts: int) -> Case:
    return Case(f"`class_weights(torch.tensor({list(counts)}))`", (torch.tensor(counts),))


def _known_cases() -> list[Case]:
    return [
        _case(100, 25, 1),
        _case(81, 18, 1),
        _case(7000, 2500, 500),
        _case(4, 4),
        _case(900, 100),
    ]


def _cases() -> list[Case]:
    fresh = torch.randint(1, 100_000, (2, 4)).tolist()
    return [*_known_cases(), *(_case(*counts) for counts in fresh)]


def _weights(counts: Tensor) -> Tensor:
    weights = counts**-0.5
    return weights / weights.mean()


def _ratio(case: Case, value: Any) -> str:
    weights, target = torch.as_tensor(value).double().flatten(), _weights(*case.inputs)
    if len(weights) != len(target):
        return f"you return {len(weights)} weights for {len(target)} classes"
    mine, right = (", ".join(f"{w:.4g}" for w in ws) for ws in (weights, target))
    return f"your weights are ({mine}), with a mean of {weights.mean():.3g}. They should be ({right}), with a mean of 1{_some_right(weights, target)}"


def _some_right(weights: Tensor, target: Tensor) -> str:
    """Say that the weights are in the right ratio, or which of them are not, if some are."""
    if not weights.isfinite().all():
        return ""
    ratios = (weights / weights[0]) / (target / target[0])
    wrong = [place for place, ratio in enumerate(ratios.tolist()) if abs(ratio - 1) > 1e-4]
    if not wrong:
        return "; their ratios are right"
    if len(wrong) == len(target) - 1:
        return ""
    return f"; in relation to the first, only weight {' and '.join(map(str, wrong))} is wrong (counted from 0)"


def _dependence(answer: Function) -> str:
    """Say how the weights depend on the numbers of pixels, or how their mean on the classes."""
    few, some, many = map(float, _of(answer, 1, 100, 10_000))
    counts = (100, 10_000, 1)
    turned, right = _of(answer, *counts), _weights(torch.tensor(counts)).double()
    if not torch.allclose(turned, torch.tensor([some, many, few]).double(), rtol=1e-3):
        if torch.allclose(turned.sort().values, right.sort().values, rtol=1e-3):
            return "The weights are right, but not in the places of their classes, so don't sort anything."
        return "If the same numbers come in another order, the weights don't just change places with them. Each weight should depend on the number of its own class, and on the mean over *all* classes."
    if not any((_of(answer, *numbers) % 1).any() for numbers in ((9, 4, 1), (7, 5, 3))):
        return "All your weights are whole numbers, as if they were rounded."
    if min(few, some, many) <= 0:
        return f"For 1, 100 and 10000 pixels, your weights are {few:.3g}, {some:.3g} and {many:.3g}. A weight should be above 0."
    ratios = few / some, some / many
    means = [float(_of(answer, *counts).mean()) for counts in ((9, 4), (9, 4, 1), (9, 4, 2, 1))]
    has_ratios = all(abs(ratio / 10 - 1) < 1e-3 for ratio in ratios)
    if has_ratios and any(abs(mean - 1) > 1e-3 for mean in means):
        return f"For two, three and four classes, the mean of your weights is {means[0]:.3g}, {means[1]:.3g} and {means[2]:.3g}. It should be 1 each time: divide by the mean of the weights themselves."
    if [f"{ratio:.3g}" for ratio in ratios] == ["10", "10"]:  # what is off shows elsewhere
        return _in_one_case(answer)
    if abs(ratios[0] / ratios[1] - 1) > 1e-3:
        return f"A class with 1 pixel should weigh 10 times as much as one with 100, and that one 10 times as much as one with 10000. In your weights it's {ratios[0]:.3g} times and {ratios[1]:.3g} times."
    power = -math.log(ratios[0]) / math.log(100)
    return f"A class with a hundredth of the pixels should weigh 10 times as much, and yours weighs {ratios[0]:.3g} times as much: your weights are proportional to `counts ** {power:.3g}`, and they should be to `counts ** -0.5`."


def _in_one_case(answer: Function) -> str:
    """Compare the weights with the first one, in the first known case where that is wrong."""
    for case in _known_cases():
        counts = case.inputs[0].tolist()
        mine, right = (x.double() / x[0] for x in (_of(answer, *counts), _weights(*case.inputs)))
        if not torch.allclose(mine, right, rtol=1e-3):
            own, others = (", ".join(f"{w:.4g}" for w in x[1:]) for x in (mine, right))
            return f"For {counts} pixels, your weights after the first one are {own} times the first one. They should be {others} times. Is something rounded, as by `//`, `int` or `round`, or added to the numbers of pixels?"
    return ""


def _of(answer: Function, *counts: int) -> Tensor:
    return torch.as_tensor(as_list(answer(torch.tensor(counts)))).double()


known = Probes(_known_cases)

rare_weights = Exercise(
    name="rare_weights",
    lesson=9,
    prompt="Return a weight for each class, given how many pixels each class has (a tensor of whole numbers above 0): proportional to one over the square root of that number, and scaled so that the mean of the weights is 1.",
    checks=three_checks("class_weights(counts)", "a weight for each class", some_numbers(), _weights, _cases, _dependence, _ratio),
    mistakes=(
        known.mistake("frequent classes weigh more", "The most frequent class weighs most, so the rare one counts even less than before. Divide by the root instead of multiplying with it.",
            lambda c: c.sqrt() / c.sqrt().mean(), lambda c: c**0.5, lambda c: c / c.float().mean(), lambda c: c / c.sum()),
        known.mistake("no root", "You divide by the number of pixels itself. Then a class with one pixel in a hundred weighs 99 times as much as the rest, and one wrong outline outweighs whole cells. Take the square root: `counts ** 0.5`, or `counts ** (1 / 2)` with these parentheses.",
            lambda c: (1 / c) / (1 / c).mean(), lambda c: 1 / c, lambda c: c.sum() / (len(c) * c), lambda c: c.median() / c, lambda c: c.sum() / c,
            lambda c: c.max() / c, lambda c: (1 / c) / (1 / c).sum()),
        known.mistake("not scaled", "The weights have the right ratios, but their mean isn't 1. PyTorch's cross-entropy would give the same loss, but with a mean of 1 you can see at once which class counts for more. Divide by the mean.",
            lambda c: c**-0.5, lambda c: (c / c.sum()) ** -0.5),
        known.mistake("scaled to a sum of 1", "The weights add up to 1, so with three classes their mean is a third. Divide by the mean instead of the sum.",
            lambda c: c**-0.5 / (c**-0.5).sum()),
        known.mistake("scaled by the largest", "Your largest weight is 1, so all the others are below 1. It's the mean that should be 1.",
            lambda c: (c.min() / c) ** 0.5),
        known.mistake("scaled by the smallest", "Your smallest weight is 1, so all the others are above 1. It's the mean that should be 1.",
            lambda c: (c.max() / c) ** 0.5),
        known.mistake("a softmax", "A softmax makes numbers from 0 to 1 that add up to 1, and their ratios are no longer those of the roots. Divide by the mean instead.",
            lambda c: (c**-0.5).softmax(0), lambda c: len(c) * (c**-0.5).softmax(0)),
        known.mistake("squared", "You divide by the *square* of the number of pixels, which makes a rare class weigh even more than one over the number itself. Take the square root, `counts ** -0.5`.",
            lambda c: c**-2.0 / (c**-2.0).mean(), lambda c: c**-2.0),
        known.mistake("a logarithm", "You divide by the logarithm of the number of pixels. Take the square root, `counts ** -0.5`.",
            lambda c: (1 / c.log()) / (1 / c.log()).mean(), lambda c: 1 / c.log(), lambda c: (1 / c.log1p()) / (1 / c.log1p()).mean()),
        known.mistake("shifted", "You *add* something to make the mean 1. That changes the ratios, and a weight may even become negative. Divide by the mean.",
            lambda c: c**-0.5 - (c**-0.5).mean() + 1),
        known.mistake("all equal", "All weights are 1, so a rare class still counts only as often as it occurs.",
            lambda c: torch.ones(len(c))),
    ),
    hints=(
        "A class with a hundredth of the pixels should weigh more. How much more, if its weight is one over the square root?",
        "`counts**-0.5` is one over the square root of each. What do you divide all of them by, so that their mean is 1?",
        "`weights = counts ** ___`, `return weights / weights.___()`",
    ),
    solution_text=(
        "`weights = counts**-0.5\n"
        "return weights / weights.mean()`"
    ),
    praise="A hundred times rarer, ten times heavier: the rare class is heard, and doesn't drown out the others.",
)  # fmt: skip
