"""Exercise `validation_iou` of lesson 5: score a network as it will be used, and leave it as it was."""

import contextlib
import copy
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.functions import Case, a_number, alike, is_function, returns
from unet_teach.exercises.checks.training_state import (
    Validation,
    ValidationRun,
    ValidationTask,
    known_task,
    odd_task,
    random_task,
    reseeds,
    run_validation,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.exercises.lesson_5.scores import RIGHT, formula_of
from unet_teach.exercises.plain_values import plain
from unet_teach.segmentation import metrics

Score = Callable[[Tensor, Tensor], float]  # of logits and masks


# What a student may make of logits (N, 1, H, W).
PREDICTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "`logits > 0`": lambda x: x > 0,
    "`logits > 0.5`": lambda x: x > 0.5,
    "`logits < 0`": lambda x: x < 0,
    "`logits > 0`, but it or the masks have lost the channel axis, so each prediction is compared with the masks of all images": lambda x: x[:, 0] > 0,
}  # fmt: skip


OTHER_LIMITS: dict[str, Callable[[Tensor], Tensor]] = {  # each makes a prediction of logits
    "above the mean of all logits": lambda x: x > x.mean(),
    "above the mean logit of its image": lambda x: x > x.mean((1, 2, 3), keepdim=True),
    "above the median of all logits": lambda x: x > x.median(),
    "above the middle between the lowest and the highest logit": lambda x: (
        x > (x.min() + x.max()) / 2
    ),
    "above the middle between its image's lowest and highest logit": lambda x: (
        x > (x.amin((1, 2, 3), keepdim=True) + x.amax((1, 2, 3), keepdim=True)) / 2
    ),
    "above 0 after rounding": lambda x: x.round() > 0,
}


# ------------------------------------------------------------------------------------------- checks
class _Run(Case):
    """A call with one task, after which torch's settings are those of before."""

    def run(self, function: Validation) -> Any:
        return run_validation(function, *self.inputs, training=True).value


def _cases() -> list[Case]:
    shapes = "With a network, images {} and boolean masks {}"
    tasks = (known_task(), odd_task())
    return [_Run(shapes.format(tuple(t.images.shape), tuple(t.masks.shape)), (t,)) for t in tasks]


def _ran_in_training(run: ValidationRun) -> str:
    return f"The {' and '.join(sorted(run.ran_in_training))} ran in training mode."


def _side_effect(answer: Validation) -> str | None:
    for task in (known_task(), odd_task(), random_task()):
        for training, records in ((True, True), (False, True), (True, False)):
            run = run_validation(answer, task, training=training, records=records)
            # A pass in training mode is the reason when the statistics are what has changed.
            if "statistics" in run.side_effects and run.ran_in_training:
                return f"{run.side_effects['statistics']} {_ran_in_training(run)}"
            if run.side_effects:
                return next(iter(run.side_effects.values()))
    if reseeds(answer, known_task()):
        return "Your function sets torch's random seed, so all code after it draws the same random numbers every time."
    return None


def _value_problem(answer: Validation) -> str | None:
    larger = random_task(size=(4, 6, 11), dropout=0.5)
    for task in (known_task(), odd_task(), random_task(), larger):
        target = metrics.iou(task.logits(training=False) > 0, task.masks)
        for mode, training in (("training", True), ("eval", False)):
            run = run_validation(answer, task, training=training)
            value = plain(run.value)
            if not alike(value, target):
                return f"Given a network in {mode} mode, you return {value:.4g}, but the IoU is {target:.4g}. {_value_facts(answer, task, run)}"
    return _tie_problem(answer)


def _tie_problem(answer: Validation) -> str | None:
    """Say that a logit of 0 counts as foreground, as measured on a network that returns only 0."""
    value = plain(run_validation(answer, _other_logits(known_task(), 0), training=True).value)
    if alike(value, 0):
        return None
    return f"A network that returns 0 for every pixel finds no foreground, so its IoU is 0, but you return {value:.4g}. A pixel is foreground where its logit is above 0, so compare with `>`."


def _value_facts(answer: Validation, task: ValidationTask, run: ValidationRun) -> str:
    """Say how a wrong score was computed, as far as that can be proved, or what is known of it."""
    if (seen := sum(run.batches)) < len(task.images):
        return f"Your function runs the network on {seen} of the {len(task.images)} images only."
    if run.changes_images:
        return "Your function changes the images before it gives them to the network."
    if run.ran_in_training == {"Dropout"}:
        return _ran_in_training(run)
    again = (run_validation(answer, task, training=True).value for _ in range(2))
    if not alike(*map(plain, again)):
        return "Called twice with the same network and images, it returns two different numbers."
    scored = _scored(answer)
    if found := _found_formula(*scored):
        return found
    if run.ran_in_training:
        return _ran_in_training(run)
    if found := _found_limit(*scored):
        return found
    right = task.logits(training=False) > 0
    both, either = int((right & task.masks).sum()), int((right | task.masks).sum())
    if len(run.batches) > 1:
        sizes = list(run.batches)
        parts = zip(torch.split(right, sizes), torch.split(task.masks, sizes), strict=True)
        own = " and ".join(f"{metrics.iou(p, t):.4g}" for p, t in parts)
        return f"Your function runs the network on batches of {' and '.join(map(str, run.batches))} images, whose own IoUs are {own}. Add up the pixels in both and the pixels in either over all batches, and divide once at the end: {both} / {either} = {both / either:.4g}."
    twice = run_validation(answer, _other_logits(task, 2), training=True)
    value, doubled = plain(run.value), plain(twice.value)
    if not alike(value, doubled):
        return f"If all logits are twice as large, your number changes from {value:.4g} to {doubled:.4g}. But the same logits are above 0 then, so the prediction is the same. Make a mask of the logits first, by comparing them with 0, and compute the IoU from masks alone."
    return f"Here {int(right.sum())} logits are above 0 and {int(task.masks.sum())} pixels of the masks are True. {both} pixels are in both and {either} in either, so the IoU is {both} / {either} = {both / either:.4g}."


def _other_logits(task: ValidationTask, factor: float, added: float = 0) -> ValidationTask:
    """Return the task with a last layer that multiplies the logits and adds a number to them."""
    network = copy.deepcopy(task.network)
    weight, bias = list(network.parameters())[-2:]
    with torch.no_grad():
        weight.mul_(factor)
        bias.mul_(factor).add_(added)
    return replace(task, network=network)


def _scored(answer: Validation) -> tuple[list[ValidationTask], list[Any]]:
    """Return the tasks on which a wrong score is recognised, and an answer's scores there."""
    tasks = [known_task(seed) for seed in (7, 8, 9, 10)]
    return tasks, [plain(run_validation(answer, task, training=True).value) for task in tasks]


def _found_formula(tasks: list[ValidationTask], scores: list[Any]) -> str | None:
    """Name the formula that gives all these scores, and the mode of the network."""
    if not any(scores):
        return "You return 0 for four different networks. That is so after `argmax`, since with a single channel the highest is always channel 0: compare the logits themselves with 0. It is also so if an IoU below 1 is rounded down, as `int(…)` and `//` do."
    if len({round(score, 6) for score in scores}) == 1:
        return f"You return {scores[0]:.4g} for four different networks."
    everywhere = [metrics.iou(torch.ones_like(task.masks), task.masks) for task in tasks]
    if all(map(alike, scores, everywhere)):
        return "On four networks, your number is the IoU of a prediction that is True at every pixel. So what you make of the logits is True for negative ones, too, as with `.bool()`, a sigmoid `> 0`, or a softmax over one channel. Compare the logits themselves with 0."
    ways = [(*way, False) for way in product((False, True), PREDICTIONS.items())]
    for training, (name, of), sums in (*ways, (*ways[0][:2], True)):
        pairs = [(of(task.logits(training=training)), task.masks) for task in tasks]
        formula = formula_of(scores, pairs, sums=sums)
        if formula and (formula, training, name) != (RIGHT, False, next(iter(PREDICTIONS))):
            mode = "training" if training else "eval"
            swapped = "<" in name or "in neither" in formula
            inverted = " Inverted masks give the same numbers." if swapped else ""
            return f"On four networks, your number is {formula}, where the prediction is {name}, of the network in {mode} mode.{inverted}"
    return None


def _found_limit(tasks: list[ValidationTask], scores: list[Any]) -> str:
    """Say above which limit a logit counts as foreground, if one explains the scores of all tasks."""
    logits = [task.logits(training=False) for task in tasks]
    for name, of in OTHER_LIMITS.items():
        pairs = zip(scores, logits, tasks, strict=True)
        if all(alike(score, metrics.iou(of(x), task.masks)) for score, x, task in pairs):
            return f"On four networks, your number is the IoU of a prediction that is True where a logit is {name}. It should be True where a logit is above 0, whatever the others are."
    limits = torch.cat([x.flatten() for x in logits]).sort().values
    limits = (limits[1:] + limits[:-1]) / 2
    for score, x, task in zip(scores, logits, tasks, strict=True):
        predicted = x.flatten() > limits[:, None]
        both = (predicted & task.masks.flatten()).sum(1)
        either = (predicted | task.masks.flatten()).sum(1)
        limits = limits[torch.isclose(both / either, torch.tensor(score), rtol=1e-4)]
    if not len(limits) or float(limits.max() - limits.min()) > 0.3:
        return ""
    limit = limits.mean()
    return f"On four networks, your number is the IoU of a prediction that is True where a logit is above about {limit:.2g}, a probability of {limit.sigmoid():.2g}. It should be True where a logit is above 0."


def _modes_left(answer: Validation) -> list[list[str]]:
    """Return which parts a network that comes in training, and in eval mode, has in the other.

    The network's own name is "".
    """
    came = {mode: run_validation(answer, known_task(), training=mode) for mode in (True, False)}
    return [[n for n, mode in run.modes.items() if mode != was] for was, run in came.items()]


def _mode_problem(answer: Validation) -> str | None:
    problems = []
    modes = (("training", "eval"), ("eval", "training"))
    for (before, after), wrong in zip(modes, _modes_left(answer), strict=True):
        comes = f"A network that comes in {before} mode"
        if wrong == [""]:
            problems.append(
                f"{comes} has its layers back in {before} mode afterwards, but its own `training` says {after} mode. `network.train(mode)` sets both."
            )
        elif wrong and "" not in wrong:
            problems.append(
                f"{comes} says so again afterwards, but its layers stay in {after} mode. `network.train(mode)` sets them too."
            )
        elif wrong:
            problems.append(f"{comes} is in {after} mode afterwards.")
    return " ".join(problems) or _mode_after_nothing(answer)


def _mode_after_nothing(answer: Validation) -> str | None:
    """Say that the mode is another where nothing is foreground, which may have its own `return`."""
    task = _other_logits(known_task(), 1, -1e6)
    with contextlib.suppress(Exception):  # the IoU of nothing and nothing is not asked for
        run = run_validation(answer, replace(task, masks=task.masks & False), training=True)
        if not all(run.modes.values()):
            return "Where neither prediction nor mask has a foreground pixel, a network that comes in training mode is in eval mode afterwards. Restore its mode before each `return`."
    return None


def _record_problem(answer: Validation) -> str | None:
    if not run_validation(answer, known_task(), training=True).recorded:
        return None
    return "Torch recorded the forward pass for a `backward()` that never comes, so it kept every feature map in memory."


# ------------------------------------------------------------------------ right and wrong functions
def _iou(logits: Tensor, masks: Tensor) -> float:
    return metrics.iou(logits > 0, masks)


def _validation(
    score: Score = _iou,
    *,
    evaluates: bool = True,
    left_in: bool | None = None,
    records: bool = False,
) -> Validation:
    """Make a validation function.

    Args:
        score: what it returns.
        evaluates: whether it calls `network.eval()`.
        left_in: the value of `network.training` that it sets at the end; None: the one before.
        records: whether autograd records the forward pass.
    """

    def validate(network: nn.Module, images: Tensor, masks: Tensor) -> float:
        was_training = network.training
        if evaluates:
            network.eval()
        with torch.set_grad_enabled(records):
            value = score(network(images), masks)
        network.train(was_training if left_in is None else left_in)
        return value

    return validate


def _soft_iou(logits: Tensor, masks: Tensor) -> float:
    both = (logits.sigmoid() * masks).sum()
    return float(both / (logits.sigmoid().sum() + masks.sum() - both))


# ---------------------------------------------------------------------------------- known mistakes
def wrong_score(name: str, sentence: str, *scores: Score) -> KnownMistake:
    """Make a known mistake: the validation returns one of these scores, of either mode's logits."""

    def recognises(answer: Any) -> bool:
        tasks, values = _scored(answer)
        return any(
            all(
                alike(value, score(task.logits(training=training), task.masks))
                for value, task in zip(values, tasks, strict=True)
            )
            for score, training in product(scores, (False, True))
        )

    first, *more = (lambda score=score: _validation(score) for score in scores)
    return KnownMistake(name, sentence, first, recognises, more_examples=tuple(more))


validation_iou = Exercise(
    name="validation_iou",
    lesson=5,
    prompt="Return the IoU of a network's predictions and boolean masks (N, 1, H, W), all pixels counted together. The network returns logits; as in `to_mask`, a pixel is foreground where its logit is above 0. Run it as it will be used, and record nothing for `backward()`. Afterwards it has to be in the mode it came in, with nothing else changed.",
    checks=(
        is_function("validate(network, images, masks)"),
        returns("one number", a_number, _cases),
        Check("no side effects", _side_effect),
        Check("its value", _value_problem),
        Check("the mode it came in", _mode_problem),
        Check("nothing recorded", _record_problem),
    ),
    mistakes=(
        KnownMistake("eval forgotten", "In training mode, a BatchNorm normalises by the images of this batch and updates its running averages. So your score depends on which images come together, and validation data leak into the network. Which call switches to evaluation mode?",
            lambda: _validation(evaluates=False),
            lambda answer: "BatchNorm2d" in run_validation(answer, known_task(), training=True).ran_in_training),
        wrong_score("of probabilities", "You compute a soft IoU, from probabilities. That's useful as a loss, because it has a gradient. The score is about the mask, so first decide for each pixel whether it is foreground.",
            _soft_iou),
        wrong_score("the loss", "You return a loss, which falls as the network gets better. Return the IoU of the predicted mask, which rises.",
            lambda x, masks: float(F.binary_cross_entropy_with_logits(x, masks.float())),
            lambda x, masks: 1 - _iou(x, masks)),
        KnownMistake("always set to training", "You always switch to training mode at the end. Someone who only uses the network would get different predictions from it afterwards. Remember `network.training` before you change it, and put that back.",
            lambda: _validation(left_in=True), lambda answer: list(map(bool, _modes_left(answer))) == [False, True], at="the mode it came in"),
        KnownMistake("left in eval", "Training would go on in evaluation mode, so the BatchNorms would no longer update their averages, without any error. Remember `network.training` before you call `eval()`, and restore it before the `return`, because nothing after a `return` runs.",
            lambda: _validation(left_in=False), lambda answer: _modes_left(answer)[0] not in ([], [""]) and not _modes_left(answer)[1], at="the mode it came in"),
        KnownMistake("recorded", "The score is right. Nothing is learned here, so put the forward pass into a `with torch.no_grad():` block.",
            lambda: _validation(records=True), lambda answer: True, at="nothing recorded"),
    ),
    hints=(
        "Two things differ between training and use: how a BatchNorm normalises, and whether torch records the forward pass. Which method changes the first, and which `with` block the second?",
        "`network.training` tells you the mode, and `network.train(mode)` sets it. When do you need to read it, and when do you set it back?",
        "`was = network.___`, `network.___()`, `with torch.___(): prediction = network(images) > ___`, `network.train(___)`, `return (prediction & masks).sum() / (prediction | masks).sum()`",
    ),
    solution_text=(
        "`was = network.training\n"
        "network.eval()\n"
        "with torch.no_grad():\n"
        "    prediction = network(images) > 0\n"
        "network.train(was)\n"
        "return float((prediction & masks).sum() / (prediction | masks).sum())`"
    ),
    praise="You scored the network as it will be used, and left it exactly as it was.",
)  # fmt: skip
