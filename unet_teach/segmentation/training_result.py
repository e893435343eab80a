"""The result of a training: metrics step by step, the best of them, and what went wrong."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from unet_teach.segmentation.data.dataset import Pair
from unet_teach.segmentation.evaluation import in_eval_mode, logits_of
from unet_teach.segmentation.plots import curves
from unet_teach.segmentation.task import Task
from unet_teach.shared.interrupts import notebook_shell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOT_A_NUMBER = (
    "After {steps} the loss was NaN or infinite, so training ended there. Try a learning rate ten "
    "times smaller, UNet(norm=True), or look for broken images."
)
LOSS_NOT_FINITE = (
    "At one of the validations the loss was NaN or infinite. Try a learning rate ten times "
    "smaller, or UNet(norm=True)."
)
NOTHING = (
    "The network predicts almost no foreground: {predicted:.1%} of the pixels, but the target has "
    "{target:.1%}. Try {first} first, then more steps, UNet(norm=True), or another learning rate."
)
EVERYTHING = (
    "The network predicts almost everything as foreground: {predicted:.0%} of the pixels, but the "
    "target has {target:.0%}. Try {first} first, then more steps, or a smaller learning rate."
)
ONE_CLASS = (
    "The network predicts almost only the most frequent class: other classes are {predicted:.1%} "
    'of its prediction, but {target:.1%} of the target. Try class_weights="inverse_sqrt" first, '
    "then more steps, UNet(norm=True), or another learning rate."
)
TOO_SHORT = (
    "There was only time for {steps} between the validations. Allow more seconds, or use a "
    "smaller network, such as UNet(depth=3, base_channels=8)."
)
DONE_BEFORE = (
    "Nothing was trained, because the checkpoint had already reached the end. Ask for more steps "
    "or seconds, or start again with resume=False."
)
HIGH_LEARNING_RATE = 0.03  # above it, the learning rate is the first thing to change
FEW_STEPS = 25  # with fewer, the metrics say nothing about the network


@dataclass(frozen=True)
class StepMetrics:
    """The metrics of a network during training, after `step` updates of its weights.

    Attributes:
        step: number of updates.
        train_loss: mean loss on crops of the training images.
        validation_loss: mean loss on the validation images, computed in the same way.
        validation_iou: IoU on the validation images, 0 to 1; with several classes, their mean.
        predicted_foreground: fraction of the validation pixels predicted as foreground; with
            several classes, as another class than the most frequent one.
        target_foreground: fraction of the validation pixels that are so.
        probabilities: (H, W), predicted for the first validation image; with several classes, the
            predicted labels, uint8.
    """

    step: int
    train_loss: float
    validation_loss: float
    validation_iou: float
    predicted_foreground: float
    target_foreground: float
    probabilities: Tensor | None = field(default=None, repr=False, compare=False)

    def beats(self, others: Sequence[StepMetrics]) -> bool:
        """Return whether the validation IoU is higher than all others."""
        return all(self.validation_iou > other.validation_iou for other in others)


@dataclass(frozen=True, repr=False)
class Training:
    """A trained network, and how the training went.

    Attributes:
        model: the network in eval mode, with the weights that had the best validation IoU.
        history: metrics in the order of the steps.
        ended: "finished", "stopped" (by you), "out of time", "not a number" or "done before".
        steps: number of updates of the weights.
        seconds: duration, including earlier parts of a resumed training.
        trouble: what went wrong and what to try, or "".
        threads: number of threads that torch used.
        device: where it was trained.
        drawing_seconds: time spent on the live view.
        cell: number of the notebook's cell whose live view says all this already, or None.
    """

    model: nn.Module
    history: list[StepMetrics]
    ended: str
    steps: int
    seconds: float
    trouble: str
    threads: int
    device: str = "cpu"
    drawing_seconds: float = 0.0
    cell: int | None = field(default=None, compare=False)

    @property
    def best(self) -> StepMetrics:
        """The metrics of the step whose weights were kept."""
        return max(self.history, key=lambda metrics: metrics.validation_iou)

    @property
    def stopped_note(self) -> str:
        """What titles add, such as ", stopped after 75 steps", by you or by a time limit; or ""."""
        is_cut_short = self.ended in ("stopped", "out of time")
        return f", stopped after {_steps(self.steps)}" if is_cut_short else ""

    def __repr__(self) -> str:
        """Say how the training ended, which weights were kept, and what went wrong."""
        endings = {"finished": "Finished", "stopped": "Stopped by you", "out of time": "Time is up"}
        summary = (
            f"{endings.get(self.ended, 'Ended')} after {_steps(self.steps)}. Kept: the weights of "
            f"step {self.best.step}, the best on validation (IoU {self.best.validation_iou:.2f})."
        )
        return f"{summary}\n{self.trouble}" if self.trouble else summary

    def _ipython_display_(self) -> None:
        """Say it as the result of a cell, unless this cell's live view has just said it."""
        shell = notebook_shell()
        if self.cell is None or shell is None or shell.execution_count != self.cell:
            print(self)

    def figure(self) -> Figure:
        """Draw both losses and the validation IoU over the steps."""
        return curves(self.history)


def measure_step(
    model: nn.Module,
    step: int,
    task: Task,
    train: Sequence[Pair],
    validation: Sequence[Pair],
) -> StepMetrics:
    """Compute the metrics in eval mode, in the same way for `centre_crops` and for validation."""
    with in_eval_mode(model), torch.inference_mode():
        train_logits, validation_logits = (
            [logits_of(model, pair.image, task.out_channels) for pair in pairs]
            for pairs in (train, validation)
        )
        train_loss, validation_loss = (
            statistics.fmean(
                task.loss(logits[None], pair.mask[None]).item()
                for logits, pair in zip(split_logits, pairs, strict=True)
            )
            for split_logits, pairs in ((train_logits, train), (validation_logits, validation))
        )
    score, predicted = task.score(validation_logits, [pair.mask for pair in validation])
    return StepMetrics(
        step=step,
        train_loss=train_loss,
        validation_loss=validation_loss,
        validation_iou=score if isfinite(validation_loss) else 0.0,
        predicted_foreground=predicted,
        target_foreground=task.foreground(validation),
        probabilities=task.picture(validation_logits[0]),
    )


def centre_crops(train: Sequence[Pair], validation: Sequence[Pair]) -> list[Pair]:
    """Return central crops of training images, each as large as the next validation image.

    So as many pixels enter the training loss as the validation loss.
    """
    crops = []
    for (image, mask, name), other in zip(train, validation, strict=False):
        height, width = map(min, mask.shape[1:], other.mask.shape[1:])
        top, left = (mask.shape[1] - height) // 2, (mask.shape[2] - width) // 2
        window = (slice(None), slice(top, top + height), slice(left, left + width))
        crops.append(Pair(image[window], mask[window], name))
    return crops


def diagnose(
    history: Sequence[StepMetrics],
    ended: str,
    step: int | None = None,
    learning_rate: float = 0.0,
    *,
    several: bool = False,
) -> str:
    """Return what went wrong in a training and what to try, or ""; `ended` is "" while it runs."""
    last = history[-1]
    steps = _steps(last.step if step is None else step)
    if ended == "not a number":
        return NOT_A_NUMBER.format(steps=steps)
    if ended == "done before":
        return DONE_BEFORE
    if not all(isfinite(metrics.train_loss + metrics.validation_loss) for metrics in history):
        return LOSS_NOT_FINITE
    if ended == "out of time" and (step or 0) < FEW_STEPS:
        return TOO_SHORT.format(steps=steps)
    if len(history) < 2:
        return ""
    predicted, target = last.predicted_foreground, last.target_foreground
    is_high = learning_rate > HIGH_LEARNING_RATE
    first = f"a smaller learning rate than {learning_rate:g}" if is_high else "another seed"
    if predicted < target / 20:
        text = ONE_CLASS if several else NOTHING
        return text.format(predicted=predicted, target=target, first=first)
    if not several and 1 - predicted < (1 - target) / 20:
        return EVERYTHING.format(predicted=predicted, target=target, first=first)
    return ""


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"
