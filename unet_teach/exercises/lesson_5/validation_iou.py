"""The exercise of lesson 5 about validation: a score of the network as it will be used."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.functions import a_number, alike, is_function, plain
from unet_teach.exercises.checks.training_state import Validate, known_task, new_task, watch
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.exercises.lesson_5.iou import counts, mean_iou, pooled_iou

Score = Callable[[Tensor, Tensor], float]  # of logits and masks


# -------------------------------------------------------------------------------------------- rungs
def _number_fault(answer: Validate) -> str | None:
    value = watch(answer, known_task(), training=True).value
    if value is None:
        return "Nothing comes out. Did you forget the word `return`?"
    if value is ...:
        return "Dots come out: a part of your function is not written yet."
    fault = a_number(value)
    return f"{fault[0].upper()}{fault[1:]}." if fault else None


def _statistics_fault(answer: Validate) -> str | None:
    for task in (known_task(), new_task()):
        for training in (True, False):
            seen = watch(answer, task, training=training)
            if seen.changed:
                return (
                    f"After your validation, {seen.changed[0]} of the network is not what it was."
                )
            if seen.frozen:
                return "After your validation, `requires_grad` of the network's weights is False."
    return None


def _value_fault(answer: Validate) -> str | None:
    for task in (known_task(), new_task(), new_task()):
        wanted = pooled_iou(task.logits(training=False) > 0, task.masks)
        for training in (True, False):
            value = plain(watch(answer, task, training=training).value)
            if not alike(value, wanted):
                mode = "training" if training else "eval"
                return (
                    f"Given a network in {mode} mode, {value:.4g} comes out, wanted {wanted:.4g}."
                )
    return None


def _mode_fault(answer: Validate) -> str | None:
    for training in (True, False):
        if watch(answer, known_task(), training=training).modes != {training}:
            came, left = ("training", "eval") if training else ("eval", "training")
            return f"The network came in {came} mode and is left in {left} mode."
    return None


def _record_fault(answer: Validate) -> str | None:
    seen = watch(answer, known_task(), training=True)
    kept = isinstance(seen.value, Tensor) and seen.value.requires_grad
    if not (seen.recorded or kept):
        return None
    return (
        "The network's run was recorded for a backward pass that never comes: every map in it "
        "stays in memory until then."
    )


# -------------------------------------------------------------------------------- answers and slips
def _validate(network: nn.Module, pictures: Tensor, masks: Tensor) -> float:
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            return pooled_iou(network(pictures) > 0, masks)
    finally:
        network.train(was_training)


def _on_a_copy(network: nn.Module, pictures: Tensor, masks: Tensor) -> Tensor:
    with torch.inference_mode():
        answer = torch.sigmoid(copy.deepcopy(network).eval()(pictures)) > 0.5
        return (answer & masks).sum() / (answer | masks).sum()


def _picture_by_picture(network: nn.Module, pictures: Tensor, masks: Tensor) -> float:
    was_training, both, either = network.training, 0, 0
    network.eval()
    for picture, mask in zip(pictures, masks, strict=True):
        with torch.no_grad():
            answer = network(picture[None])[0] > 0
        both += int((answer & mask).sum())
        either += int((answer | mask).sum())
    network.train(was_training)
    return both / either


def scored(score: Score) -> Validate:
    """Make a validation that is right in all but the score."""

    def validate(network: nn.Module, pictures: Tensor, masks: Tensor) -> float:
        was_training = network.training
        network.eval()
        with torch.no_grad():
            value = score(network(pictures), masks)
        network.train(was_training)
        return value

    return validate


def _in_mode(before: bool | None, after: bool | None, *, record: bool = False) -> Validate:
    """Make a validation that sets these modes, None for leaving it alone."""

    def validate(network: nn.Module, pictures: Tensor, masks: Tensor) -> float:
        if before is not None:
            network.train(before)
        with torch.set_grad_enabled(record):
            logits = network(pictures)
        if after is not None:
            network.train(after)
        return pooled_iou(logits > 0, masks)

    return validate


def _recorded(network: nn.Module, pictures: Tensor, masks: Tensor) -> float:
    was_training = network.training
    value = _in_mode(False, was_training, record=True)(network, pictures, masks)
    return float(value)


def _forgets_eval(answer: Validate) -> bool:
    seen = watch(answer, known_task(), training=True)
    return any("running" in name or "num_batches" in name for name in seen.changed)


def _leaves(answer: Validate, *, came: bool) -> bool:
    """Whether the mode is all that is wrong with it."""
    if _value_fault(answer):
        return False
    return (not came) in watch(answer, known_task(), training=came).modes


def wrong_score(name: str, sentence: str, *scores: Score) -> KnownMistake:
    """A slip in the score alone, whichever the mode in which the network ran."""

    def recognises(answer: Any) -> bool:
        task = known_task()
        value = plain(watch(answer, task, training=True).value)
        logits = [task.logits(training=training) for training in (False, True)]
        return any(
            alike(value, plain(score(made, task.masks))) for score in scores for made in logits
        )

    return KnownMistake(
        name,
        sentence,
        lambda: scored(scores[0]),
        recognises,
    )


def _frozen(network: nn.Module, pictures: Tensor, masks: Tensor) -> float:
    return _validate(network.requires_grad_(False), pictures, masks)


def _soft(logits: Tensor, masks: Tensor) -> float:
    both = (logits.sigmoid() * masks).sum()
    return float(both / (logits.sigmoid().sum() + masks.sum() - both))


def _dice(logits: Tensor, masks: Tensor) -> float:
    in_answer, in_truth, both = counts(logits > 0, masks)
    return 2 * both / (in_answer + in_truth)


validation_iou = Exercise(
    name="validation_iou",
    lesson=5,
    prompt="Return the IoU, all pixels pooled, of a network that gives logits (N, 1, H, W) and boolean masks: the network as it will be used. Afterwards it is in the mode it came in.",
    checks=(
        is_function("validate(network, pictures, masks)"),
        Check("one number", _number_fault),
        Check("the network's weights and statistics untouched", _statistics_fault),
        Check("its value", _value_fault),
        Check("the mode it came in", _mode_fault),
        Check("nothing recorded", _record_fault),
    ),
    answers=(lambda: _validate, lambda: _on_a_copy, lambda: _picture_by_picture),
    mistakes=(
        KnownMistake("eval forgotten", "In training mode a BatchNorm normalises by the pictures at hand and learns from them: your score depends on which are shown together, and validation data leak into the network. Which mode is for use?",
            lambda: _in_mode(None, None), _forgets_eval),
        wrong_score("0.5 on logits", "You cut the logits at 0.5. That is the middle of probabilities: which logit has the probability 0.5?",
            lambda x, masks: pooled_iou(x > 0.5, masks)),
        wrong_score("everything is foreground", "That is the score of a mask that is nearly all True. A sigmoid twice does it, or a probability compared with 0.",
            lambda x, masks: pooled_iou(torch.ones_like(masks), masks),
            lambda x, masks: pooled_iou(x.sigmoid().sigmoid() > 0.5, masks),
            lambda x, masks: pooled_iou(x.sigmoid() > 0, masks)),
        wrong_score("nothing is foreground", "That is the score of a mask that is False everywhere. A sigmoid compared with 1 does it, or argmax over one channel.",
            lambda x, masks: 0.0),
        wrong_score("the first picture alone", "That is the IoU of the first picture. The others are there to be counted as well.",
            lambda x, masks: pooled_iou(x[:1] > 0, masks[:1])),
        wrong_score("the mean of the pictures", "That is the mean of the pictures' IoUs: one with hardly any foreground counts as much as all others. Pool the pixels.",
            lambda x, masks: mean_iou(x > 0, masks)),
        wrong_score("Dice", "That is Dice, which is never lower than the IoU. Divide by the union.",
            _dice),
        wrong_score("pixel accuracy", "That is the share of right pixels, and ground that both leave out counts in it. Divide the pixels in both by those in either.",
            lambda x, masks: float(((x > 0) == masks).float().mean())),
        wrong_score("of probabilities", "You multiply and add probabilities. That makes a loss with a slope; the score is of the mask, where each pixel is in or out.",
            _soft),
        KnownMistake("weights frozen", "Now the network cannot learn any more. A `with` block of torch.no_grad() records nothing and is over when it ends.",
            lambda: _frozen, lambda answer: watch(answer, known_task(), training=True).frozen),
        wrong_score("the loss", "That is a loss: it falls as the network gets better. Asked is the IoU, which rises.",
            lambda x, masks: float(F.binary_cross_entropy_with_logits(x, masks.float())),
            lambda x, masks: 1 - pooled_iou(x > 0, masks)),
        KnownMistake("always set to training", "You end with train(), whatever it was: someone who only uses the network gets it back in training mode, and its answers change. Remember `network.training` first.",
            lambda: _in_mode(False, True), lambda answer: _leaves(answer, came=False)),
        KnownMistake("left in eval", "You leave it in eval mode. Training would go on with the BatchNorms standing still, and nobody is told. Put it back as it was.",
            lambda: _in_mode(False, None), lambda answer: _leaves(answer, came=True)),
        KnownMistake("recorded", "The score is right. Nothing is to be learned here, so tell torch: a `with` block of torch.no_grad().",
            lambda: _recorded, lambda answer: _record_fault(answer) is not None),
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
