"""What a training leaves behind: looks at both curves, the best of them, and what went wrong."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from unet_teach.segmentation.data.dataset import Pair
from unet_teach.segmentation.evaluation import in_eval_mode, logits_of
from unet_teach.segmentation.metrics import pixel_counts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOT_A_NUMBER = (
    "The loss was no finite number after {steps}, and training ended there: the numbers ran "
    "away. Try a learning rate ten times smaller, UNet(norm=True), or look for broken pictures."
)
NONE_SEEN = (
    "At a look, a loss was no finite number: the numbers ran away. Try a learning rate ten times "
    "smaller, or UNet(norm=True)."
)
NOTHING = (
    "The network finds almost nothing: {found:.1%} of the pixels, where {wanted:.1%} are wanted. "
    "Try {first} first, then more steps, UNet(norm=True), or another learning rate."
)
EVERYTHING = (
    "The network calls almost everything foreground: {found:.0%} of the pixels, where {wanted:.0%} "
    "are wanted. Try {first} first, then more steps, or a smaller learning rate."
)
TOO_SHORT = (
    "Only {steps} fit into the time beside the looks at the validation pictures. Give it more "
    "seconds or a smaller network, such as UNet(depth=3, base_channels=8)."
)
DONE_BEFORE = (
    "Nothing was trained: the checkpoint stood there already. Ask for more steps or seconds, or "
    "begin anew with resume=False."
)
HIGH = 0.03  # a learning rate that is itself the first suspect
FEW = 25  # steps: with fewer, nothing can be said of a network


@dataclass(frozen=True)
class Look:
    """What was measured at one step.

    Attributes:
        step: how often the weights had changed.
        train_loss: on pictures it learns from.
        validation_loss: on the validation pictures, measured the same way.
        validation_iou: 0 to 1.
        found_share: of the validation pixels, how many it calls foreground.
        wanted_share: how many are.
        shown: the probabilities (H, W) of the first validation picture.
    """

    step: int
    train_loss: float
    validation_loss: float
    validation_iou: float
    found_share: float
    wanted_share: float
    shown: Tensor | None = field(default=None, repr=False, compare=False)

    def beats(self, others: Sequence[Look]) -> bool:
        """Whether the validation IoU is higher than in all looks before."""
        return all(self.validation_iou > other.validation_iou for other in others)


@dataclass(frozen=True, repr=False)
class Training:
    """A trained network, and how it went.

    Attributes:
        model: with the weights that did best on the validation pictures, in eval mode.
        history: one look after the other.
        ended: "finished", "stopped" (by you), "out of time", "not a number" or "done before".
        steps: how often the weights changed.
        seconds: how long it took.
        trouble: what went wrong and what to try, or "".
        threads: of torch, while it trained.
        drawing: seconds of these that went into showing it.
    """

    model: nn.Module
    history: list[Look]
    ended: str
    steps: int
    seconds: float
    trouble: str
    threads: int
    drawing: float = 0.0

    @property
    def best(self) -> Look:
        """The look whose weights were kept."""
        return max(self.history, key=lambda look: look.validation_iou)

    def __repr__(self) -> str:
        """Say how it ended, and what was kept."""
        how = {"finished": "Finished", "stopped": "Stopped by you", "out of time": "Time is up"}
        said = (
            f"{how.get(self.ended, 'Ended')} after {_steps(self.steps)}. Kept: the weights of step "
            f"{self.best.step}, the best on validation (IoU {self.best.validation_iou:.2f})."
        )
        return f"{said}\n{self.trouble}" if self.trouble else said

    def figure(self) -> Figure:
        """Return a drawing of both losses and of the validation IoU."""
        from unet_teach.segmentation.plots import curves

        return curves(self.history)


def look(
    model: nn.Module,
    step: int,
    loss_of: Callable[[Tensor, Tensor], Tensor],
    train: Sequence[Pair],
    validation: Sequence[Pair],
) -> Look:
    """Measure train and validation alike: eval mode, no flips, the same loss, as many pixels."""
    with in_eval_mode(model), torch.inference_mode():
        answers = [
            [logits_of(model, pair.image) for pair in pairs] for pairs in (train, validation)
        ]
        losses = [
            statistics.fmean(
                loss_of(logits[None], pair.mask[None]).item()
                for logits, pair in zip(logits_of_all, pairs, strict=True)
            )
            for logits_of_all, pairs in zip(answers, (train, validation), strict=True)
        ]
    counts = [
        pixel_counts(logits > 0, pair.mask)
        for logits, pair in zip(answers[1], validation, strict=True)
    ]
    both, either, total = map(sum, zip(*counts, strict=True))
    wanted = int(sum(pair.mask.sum().item() for pair in validation))
    pixels = sum(pair.mask.numel() for pair in validation)
    return Look(
        step=step,
        train_loss=losses[0],
        validation_loss=losses[1],
        validation_iou=(both / either if either else 1.0) if isfinite(losses[1]) else 0.0,
        found_share=(total - wanted) / pixels,
        wanted_share=wanted / pixels,
        shown=answers[1][0][0].sigmoid(),
    )


def alike(train: Sequence[Pair], validation: Sequence[Pair]) -> list[Pair]:
    """Return the middles of training pictures, as large as the validation pictures."""
    cut = []
    for (image, mask, name), other in zip(train, validation, strict=False):
        rows, columns = map(min, mask.shape[1:], other.mask.shape[1:])
        top, left = (mask.shape[1] - rows) // 2, (mask.shape[2] - columns) // 2
        window = (slice(None), slice(top, top + rows), slice(left, left + columns))
        cut.append(Pair(image[window], mask[window], name))
    return cut


def trouble_of(
    history: Sequence[Look], ended: str, step: int | None = None, learning_rate: float = 0.0
) -> str:
    """Return what went wrong and what to try, or "".

    Args:
        history: every look.
        ended: as in `Training`, or "" while it goes on.
        step: how often the weights changed; as often as at the last look, if not given.
        learning_rate: the highest one.
    """
    steps = _steps(history[-1].step if step is None else step)
    if ended == "not a number":
        return NOT_A_NUMBER.format(steps=steps)
    if ended == "done before":
        return DONE_BEFORE
    if not all(isfinite(look.train_loss + look.validation_loss) for look in history):
        return NONE_SEEN
    if ended == "out of time" and (step or 0) < FEW:
        return TOO_SHORT.format(steps=steps)
    if len(history) < 2:
        return ""
    found, wanted = history[-1].found_share, history[-1].wanted_share
    is_high = learning_rate > HIGH
    first = f"a smaller learning rate than {learning_rate:g}" if is_high else "another seed"
    if found < wanted / 20:
        return NOTHING.format(found=found, wanted=wanted, first=first)
    if 1 - found < (1 - wanted) / 20:
        return EVERYTHING.format(found=found, wanted=wanted, first=first)
    return ""


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"
