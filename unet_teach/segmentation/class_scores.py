"""Scores of a label map with several classes: IoU of each, pixel accuracy, confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from unet_teach.segmentation.data.dataset import VOID
from unet_teach.segmentation.plots import confusion_matrix

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
class ClassScores:
    """How a prediction with several classes agrees with the target; void pixels do not count.

    Attributes:
        classes: names of the classes, in the order of their numbers.
        confusion: (K, K), int64: how many pixels of the class of the row were predicted as the
            class of the column.
    """

    classes: tuple[str, ...]
    confusion: Tensor

    @property
    def iou(self) -> dict[str, float]:
        """IoU of each class, 0 to 1; NaN for one that is in neither target nor prediction."""
        right = self.confusion.diagonal()
        union = self.confusion.sum(0) + self.confusion.sum(1) - right
        return {
            name: hits / pixels if pixels else nan
            for name, hits, pixels in zip(self.classes, right.tolist(), union.tolist(), strict=True)
        }

    @property
    def mean_iou(self) -> float:
        """Mean IoU of the classes that are in the target or the prediction."""
        there = [score for score in self.iou.values() if not isnan(score)]
        return sum(there) / len(there) if there else nan

    @property
    def pixel_accuracy(self) -> float:
        """Fraction of the pixels that are predicted right: high even where a rare class is lost."""
        pixels = int(self.confusion.sum())
        return int(self.confusion.diagonal().sum()) / pixels if pixels else nan

    def __repr__(self) -> str:
        """Show two decimals of each score, and how frequent each class is."""
        frequency = (self.confusion.sum(1) / self.confusion.sum().clamp(min=1)).tolist()
        width = max(map(len, self.classes))
        lines = [
            f"  {name:{width}}  IoU {'none' if isnan(score) else f'{score:.2f}'}, {share:.1%} of "
            "the target"
            for (name, score), share in zip(self.iou.items(), frequency, strict=True)
        ]
        head = f"mean IoU {self.mean_iou:.2f}, pixel accuracy {self.pixel_accuracy:.2f}"
        return "\n".join([head, *lines])

    def figure(self) -> Figure:
        """Draw the confusion matrix: each row is a class of the target and adds up to 100 %."""
        return confusion_matrix(self.confusion, self.classes)


def confusion(prediction: Tensor, target: Tensor, count: int) -> Tensor:
    """Return the confusion matrix (count, count) of two label maps; see `ClassScores`.

    Args:
        prediction: whole numbers from 0 to count − 1, of any shape.
        target: the same shape, and 255 where a pixel does not count.
        count: number of classes.

    Raises:
        ValueError: if the shapes differ, or a label is too large.
    """
    if prediction.shape != target.shape:
        raise ValueError(
            f"The label maps have the shapes {tuple(prediction.shape)} and {tuple(target.shape)}. "
            "Give two of the same shape: they are not resized for you."
        )
    counted = target != VOID
    pairs = [labels[counted].long() for labels in (target, prediction)]
    for name, labels in zip(("target", "prediction"), pairs, strict=True):
        if labels.numel() and not 0 <= int(labels.min()) <= int(labels.max()) < count:
            raise ValueError(
                f"The {name} has labels from {int(labels.min())} to {int(labels.max())}, but with "
                f"{count} classes they go from 0 to {count - 1}; 255 is for pixels that do not "
                "count."
            )
    return torch.bincount(pairs[0] * count + pairs[1], minlength=count**2).reshape(count, count)


def class_names(classes: Sequence[str], count: int) -> tuple[str, ...]:
    """Return names for `count` classes: those given, or "class 0", "class 1", ….

    Raises:
        TypeError: if a name is not text.
        ValueError: if names are given, but not `count` of them.
    """
    if isinstance(classes, str) or not all(isinstance(name, str) for name in classes):
        raise TypeError(f"classes={classes!r}; give the names, such as data.classes.")
    if classes and len(classes) != count:
        raise ValueError(
            f"There are {len(classes)} names of classes, but {count} classes. Give one name each."
        )
    return tuple(classes) or tuple(f"class {number}" for number in range(count))
