"""Exercise `validation_iou` of lesson 5: score a network as it will be used, and leave it as it was."""

from __future__ import annotations

import copy
from collections.abc import Callable
from statistics import fmean
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.functions import a_number, alike, is_function
from unet_teach.exercises.checks.training_state import (
    Validation,
    known_task,
    random_task,
    run_validation,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.exercises.plain_values import plain
from unet_teach.segmentation import metrics

Score = Callable[[Tensor, Tensor], float]  # of logits and masks


# ------------------------------------------------------------------------------------------- checks
def _number_problem(answer: Validation) -> str | None:
    value = run_validation(answer, known_task(), training=True).value
    if value is None:
        return "Nothing comes out. Did you forget the word `return`?"
    if value is ...:
        return "Dots come out: a part of your function is not written yet."
    problem = a_number(value)
    return f"{problem[0].upper()}{problem[1:]}." if problem else None


def _statistics_problem(answer: Validation) -> str | None:
    for task in (known_task(), random_task()):
        for training in (True, False):
            run = run_validation(answer, task, training=training)
            if run.changed:
                return f"After your validation, {run.changed[0]} of the network is not what it was."
            if run.frozen:
                return "After your validation, `requires_grad` of the network's weights is False."
    return None


def _value_problem(answer: Validation) -> str | None:
    for task in (known_task(), random_task(), random_task()):
        target = metrics.iou(task.logits(training=False) > 0, task.masks)
        for mode, training in (("training", True), ("eval", False)):
            value = plain(run_validation(answer, task, training=training).value)
            if not alike(value, target):
                return (
                    f"Given a network in {mode} mode, {value:.4g} comes out, wanted {target:.4g}."
                )
    return None


def _mode_problem(answer: Validation) -> str | None:
    for before, after, training in (("training", "eval", True), ("eval", "training", False)):
        if run_validation(answer, known_task(), training=training).modes != {training}:
            return f"The network came in {before} mode and is left in {after} mode."
    return None


def _record_problem(answer: Validation) -> str | None:
    if not run_validation(answer, known_task(), training=True).recorded:
        return None
    return "The network's run was recorded for a backward pass that never comes: every map in it stays in memory until then."


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

    def validate(network: nn.Module, pictures: Tensor, masks: Tensor) -> float:
        was_training = network.training
        if evaluates:
            network.eval()
        with torch.set_grad_enabled(records):
            value = score(network(pictures), masks)
        network.train(was_training if left_in is None else left_in)
        return value

    return validate


def _on_a_copy(network: nn.Module, pictures: Tensor, masks: Tensor) -> Tensor:
    with torch.inference_mode():
        prediction = torch.sigmoid(copy.deepcopy(network).eval()(pictures)) > 0.5
        return (prediction & masks).sum() / (prediction | masks).sum()


def _image_by_image(network: nn.Module, pictures: Tensor, masks: Tensor) -> float:
    was_training, both, either = network.training, 0, 0
    network.eval()
    for image, mask in zip(pictures, masks, strict=True):
        with torch.no_grad():
            prediction = network(image[None])[0] > 0
        both += int((prediction & mask).sum())
        either += int((prediction | mask).sum())
    network.train(was_training)
    return both / either


def _freezes_weights(network: nn.Module, pictures: Tensor, masks: Tensor) -> Any:
    return _validation()(network.requires_grad_(False), pictures, masks)


def _soft_iou(logits: Tensor, masks: Tensor) -> float:
    both = (logits.sigmoid() * masks).sum()
    return float(both / (logits.sigmoid().sum() + masks.sum() - both))


# ---------------------------------------------------------------------------------- known mistakes
def _updates_statistics(answer: Validation) -> bool:
    changed = run_validation(answer, known_task(), training=True).changed
    return any("running" in name or "num_batches" in name for name in changed)


def _leaves_the_other_mode(answer: Validation, training: bool) -> bool:
    return (not training) in run_validation(answer, known_task(), training=training).modes


def wrong_score(name: str, sentence: str, *scores: Score) -> KnownMistake:
    """Make a known mistake: the validation returns one of these scores, of either mode's logits."""

    def recognises(answer: Any) -> bool:
        task = known_task()
        value = plain(run_validation(answer, task, training=True).value)
        logits = [task.logits(training=training) for training in (False, True)]
        return any(alike(value, score(x, task.masks)) for score in scores for x in logits)

    first, *more = (lambda score=score: _validation(score) for score in scores)
    return KnownMistake(name, sentence, first, recognises, more_examples=tuple(more))


validation_iou = Exercise(
    name="validation_iou",
    lesson=5,
    prompt="Return the IoU, all pixels pooled, of a network that gives logits (N, 1, H, W) and boolean masks: the network as it will be used. Afterwards it is in the mode it came in.",
    checks=(
        is_function("validate(network, pictures, masks)"),
        Check("one number", _number_problem),
        Check("the network's weights and statistics untouched", _statistics_problem),
        Check("its value", _value_problem),
        Check("the mode it came in", _mode_problem),
        Check("nothing recorded", _record_problem),
    ),
    answers=(_validation, lambda: _on_a_copy, lambda: _image_by_image),
    mistakes=(
        KnownMistake("eval forgotten", "In training mode a BatchNorm normalises by the pictures at hand and learns from them: your score depends on which are shown together, and validation data leak into the network. Which mode is for use?",
            lambda: _validation(evaluates=False), _updates_statistics),
        wrong_score("0.5 on logits", "You cut the logits at 0.5. That is the middle of probabilities: which logit has the probability 0.5?",
            lambda x, masks: metrics.iou(x > 0.5, masks)),
        wrong_score("everything is foreground", "That is the score of a mask that is nearly all True. A sigmoid twice does it, or a probability compared with 0.",
            lambda x, masks: metrics.iou(torch.ones_like(masks), masks),
            lambda x, masks: metrics.iou(x.sigmoid().sigmoid() > 0.5, masks),
            lambda x, masks: metrics.iou(x.sigmoid() > 0, masks)),
        wrong_score("nothing is foreground", "That is the score of a mask that is False everywhere. A sigmoid compared with 1 does it, or argmax over one channel.",
            lambda x, masks: 0.0),
        wrong_score("the first picture alone", "That is the IoU of the first picture. The others are there to be counted as well.",
            lambda x, masks: _iou(x[:1], masks[:1])),
        wrong_score("the mean of the pictures", "That is the mean of the pictures' IoUs: one with hardly any foreground counts as much as all others. Pool the pixels.",
            lambda x, masks: fmean(map(_iou, x, masks))),
        wrong_score("Dice", "That is Dice, which is never lower than the IoU. Divide by the union.",
            lambda x, masks: metrics.dice(x > 0, masks)),
        wrong_score("pixel accuracy", "That is the share of right pixels, and ground that both leave out counts in it. Divide the pixels in both by those in either.",
            lambda x, masks: float(((x > 0) == masks).float().mean())),
        wrong_score("of probabilities", "You multiply and add probabilities. That makes a loss with a slope; the score is of the mask, where each pixel is in or out.",
            _soft_iou),
        KnownMistake("weights frozen", "Now the network cannot learn any more. A `with` block of torch.no_grad() records nothing and is over when it ends.",
            lambda: _freezes_weights,
            lambda answer: run_validation(answer, known_task(), training=True).frozen),
        wrong_score("the loss", "That is a loss: it falls as the network gets better. Asked is the IoU, which rises.",
            lambda x, masks: float(F.binary_cross_entropy_with_logits(x, masks.float())),
            lambda x, masks: 1 - _iou(x, masks)),
        KnownMistake("always set to training", "You end with train(), whatever it was: someone who only uses the network gets it back in training mode, and its answers change. Remember `network.training` first.",
            lambda: _validation(left_in=True),
            lambda answer: _leaves_the_other_mode(answer, training=False),
            at="the mode it came in"),
        KnownMistake("left in eval", "You leave it in eval mode. Training would go on with the BatchNorms standing still, and nobody is told. Put it back as it was.",
            lambda: _validation(left_in=False),
            lambda answer: _leaves_the_other_mode(answer, training=True), at="the mode it came in"),
        KnownMistake("recorded", "The score is right. Nothing is to be learned here, so tell torch: a `with` block of torch.no_grad().",
            lambda: _validation(records=True), lambda answer: True, at="nothing recorded"),
    ),
    hints=(
        "Two things differ between training and use: what a BatchNorm does, and whether torch records the run. Which call and which `with` block are for use?",
        "`network.training` says in which mode it is, and `network.train(mode)` sets it. When do you ask, and when do you set it back?",
        "`was = network.___`, `network.___()`, `with torch.___(): answer = network(pictures) > ___`, `network.train(___)`, `return (answer & masks).sum() / (answer | masks).sum()`",
    ),
    solution_text=(
        "`was = network.training\n"
        "network.eval()\n"
        "with torch.no_grad():\n"
        "    answer = network(pictures) > 0\n"
        "network.train(was)\n"
        "return float((answer & masks).sum() / (answer | masks).sum())`"
    ),
    praise="A score of the network as it will be used, and nothing of it moved.",
)  # fmt: skip
