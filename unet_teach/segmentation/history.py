"""What a training leaves behind: looks at both curves, the best of them, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torch import Tensor, nn

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOT_A_NUMBER = (
    "The loss was no finite number after {step} steps, and training ended there: the numbers ran "
    "away. Try a learning rate ten times smaller, UNet(norm=True), or look for broken pictures."
)
NOTHING = (
    "The network finds almost nothing: {found:.1%} of the pixels, where {wanted:.1%} are wanted. "
    "Try another seed first, then more steps, UNet(norm=True), or another learning rate."
)
EVERYTHING = (
    "The network calls almost everything foreground: {found:.0%} of the pixels, where {wanted:.0%} "
    "are wanted. Try another seed first, then more steps, or a smaller learning rate."
)


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
        ended: "finished", "stopped" (by you), "out of time" or "not a number".
        steps: how often the weights changed.
        seconds: how long it took.
        trouble: what went wrong and what to try, or "".
        threads: of torch, while it trained.
    """

    model: nn.Module
    history: list[Look]
    ended: str
    steps: int
    seconds: float
    trouble: str
    threads: int

    @property
    def best(self) -> Look:
        """The look whose weights were kept."""
        return max(self.history, key=lambda look: look.validation_iou)

    def __repr__(self) -> str:
        """Say how it ended, and what was kept."""
        how = {"finished": "Finished", "stopped": "Stopped by you", "out of time": "Time is up"}
        said = (
            f"{how.get(self.ended, 'Ended')} after {self.steps} steps. Kept: the weights of step "
            f"{self.best.step}, the best on validation (IoU {self.best.validation_iou:.2f})."
        )
        return f"{said}\n{self.trouble}" if self.trouble else said

    def figure(self) -> Figure:
        """Return a drawing of both losses and of the validation IoU."""
        from unet_teach.segmentation.drawing import curves

        return curves(self.history)


def trouble_of(history: Sequence[Look], ended: str) -> str:
    """Return what went wrong and what to try, or ""."""
    if ended == "not a number":
        return NOT_A_NUMBER.format(step=history[-1].step if history else 0)
    if len(history) < 2:
        return ""
    found, wanted = history[-1].found_share, history[-1].wanted_share
    if found < wanted / 20:
        return NOTHING.format(found=found, wanted=wanted)
    if 1 - found < (1 - wanted) / 20:
        return EVERYTHING.format(found=found, wanted=wanted)
    return ""
