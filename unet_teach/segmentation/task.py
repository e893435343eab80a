"""What a network's output means: foreground against background, or one of several classes.

A task has the loss, the prediction, and the score on which the weights are chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.segmentation.class_scores import ClassScores, confusion
from unet_teach.segmentation.data.dataset import (
    VOID,
    Dataset,
    Pair,
    foreground_fraction,
    label_counts,
)
from unet_teach.segmentation.metrics import iou

ClassWeights = str | Sequence[float]


@dataclass(frozen=True)
class Foreground:
    """One logit for each pixel: foreground where it is above 0."""

    out_channels = 1

    def loss(self, logits: Tensor, masks: Tensor) -> Tensor:
        """Return `bce_dice_loss`."""
        return bce_dice_loss(logits, masks)

    def score(self, logits: Sequence[Tensor], masks: Sequence[Tensor]) -> tuple[float, float]:
        """Return the IoU of all pixels, and the fraction predicted as foreground."""
        prediction = torch.cat([each.flatten() for each in logits]) > 0
        target = torch.cat([mask.flatten() for mask in masks]) > 0
        return iou(prediction, target), int(prediction.sum()) / prediction.numel()

    def foreground(self, pairs: Sequence[Pair]) -> float:
        """Return the fraction of the pixels that are foreground."""
        return foreground_fraction(pairs)

    def picture(self, logits: Tensor) -> Tensor:
        """Return the probability of foreground, (H, W)."""
        return logits[0].sigmoid()


@dataclass(frozen=True)
class Classes:
    """One logit for each class and pixel; the largest one is the prediction."""

    classes: tuple[str, ...]
    weights: tuple[float, ...]
    most_frequent: int

    @property
    def out_channels(self) -> int:
        """Number of classes."""
        return len(self.classes)

    def loss(self, logits: Tensor, masks: Tensor) -> Tensor:
        """Return `cross_entropy_dice_loss` with the weights of the classes."""
        return cross_entropy_dice_loss(logits, masks, torch.tensor(self.weights).to(logits))

    def score(self, logits: Sequence[Tensor], masks: Sequence[Tensor]) -> tuple[float, float]:
        """Return the mean IoU, and the fraction not predicted as the most frequent class."""
        tables = [
            confusion(each.argmax(0, keepdim=True), mask, self.out_channels)
            for each, mask in zip(logits, masks, strict=True)
        ]
        scores = ClassScores(self.classes, torch.stack(tables).sum(0))
        of_most = int(scores.confusion[:, self.most_frequent].sum())
        return scores.mean_iou, 1 - of_most / max(1, int(scores.confusion.sum()))

    def foreground(self, pairs: Sequence[Pair]) -> float:
        """Return the fraction of the pixels that are not of the most frequent class."""
        counts = label_counts(pairs, self.out_channels)
        return 1 - int(counts[self.most_frequent]) / max(1, int(counts.sum()))

    def picture(self, logits: Tensor) -> Tensor:
        """Return the predicted labels, (H, W), uint8."""
        return logits.argmax(0).byte()


Task = Foreground | Classes


def task_of(data: Dataset, class_weights: ClassWeights) -> Task:
    """Return the task of a dataset.

    Args:
        data: with or without several classes.
        class_weights: as in `train`.

    Raises:
        TypeError: if the weights are neither text nor numbers.
        ValueError: if the text is unknown, or there is not one number above 0 for each class.
    """
    if not data.classes:
        if not isinstance(class_weights, str) or class_weights != "none":
            raise ValueError(
                f"class_weights={class_weights!r}, but {data.name} has no several classes. Leave "
                "it out."
            )
        return Foreground()
    counts = label_counts(data.train, len(data.classes))
    return Classes(data.classes, _weights(class_weights, counts), int(counts.argmax()))


def _weights(given: ClassWeights, counts: Tensor) -> tuple[float, ...]:
    """Return a weight for each class, with a mean of 1."""
    if isinstance(given, str):
        powers = {"none": 0.0, "inverse_sqrt": -0.5}
        if given not in powers:
            raise ValueError(
                f"class_weights={given!r} is not known. Use 'none', 'inverse_sqrt' or one number "
                "for each class."
            )
        weights = counts.clamp(min=1).double() ** powers[given]
        return tuple((weights / weights.mean()).tolist())
    try:
        weights_given = [float(weight) for weight in given]
    except (TypeError, ValueError):
        raise TypeError(
            f"class_weights={given!r}; give 'none', 'inverse_sqrt' or one number for each class."
        ) from None
    if len(weights_given) != len(counts) or not all(
        isfinite(weight) and weight > 0 for weight in weights_given
    ):
        raise ValueError(
            f"class_weights={given!r}; give {len(counts)} numbers above 0, one for each class."
        )
    return tuple(weights_given)


def bce_dice_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Return binary cross-entropy plus 1 − Dice, for logits and masks (N, 1, H, W).

    Where little is foreground, cross-entropy alone is already low for a network that predicts none;
    Dice compares the foreground as a whole. It is computed from probabilities, without a threshold:
    Milletari, Navab & Ahmadi, "V-Net", 2016, arXiv:1606.04797.
    """
    probabilities = logits.sigmoid()
    intersection = (probabilities * masks).sum()
    dice = (2 * intersection + 1) / (probabilities.sum() + masks.sum() + 1)
    return F.binary_cross_entropy_with_logits(logits, masks) + 1 - dice


def cross_entropy_dice_loss(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Return weighted cross-entropy plus 1 − the mean Dice of the classes.

    Pixels with the label 255 have no part in it. Cross-entropy is divided by the sum of the weights
    of all pixels that count, as `torch.nn.CrossEntropyLoss` does; 0 if there is none.

    Args:
        logits: (N, K, H, W).
        labels: (N, 1, H, W), 0 to K − 1, or 255.
        weights: (K,), of the classes in the cross-entropy.
    """
    labels = labels[:, 0].long()
    counted = labels != VOID
    # Every label must be a class for one_hot; those of void pixels are masked afterwards.
    one_hot = F.one_hot(labels.where(counted, 0), logits.shape[1]).movedim(3, 1) * counted[:, None]
    entropy = F.cross_entropy(logits, labels, weights, ignore_index=VOID, reduction="sum")
    total = (one_hot.sum((0, 2, 3)) * weights).sum()
    probabilities = logits.softmax(1) * counted[:, None]
    intersection = (probabilities * one_hot).sum((0, 2, 3))
    dice = (2 * intersection + 1) / ((probabilities + one_hot).sum((0, 2, 3)) + 1)
    return entropy / total.clamp(min=1e-6) + 1 - dice.mean()
