"""Scores of found objects: which of them match, object F1, and average precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

THRESHOLD = 0.5  # IoU above which two objects match
THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))  # 0.5 to 0.95
MOST = 0.5  # share of a target object that lies in one prediction, for merged ones


@dataclass(frozen=True)
class ObjectScores:
    """How the objects of a prediction agree with those of the target.

    Attributes:
        matched: pairs with an IoU above the threshold.
        spurious: predicted objects without a partner.
        missed: target objects without a partner.
        merged: predicted objects that hold most of at least two target objects.
        split: target objects that hold most of at least two predicted objects.
    """

    matched: int
    spurious: int
    missed: int
    merged: int = 0
    split: int = 0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall of the objects; 1 if there are none at all."""
        total = 2 * self.matched + self.spurious + self.missed
        return 2 * self.matched / total if total else 1.0

    @property
    def jaccard(self) -> float:
        """Matched objects, divided by all: matched, spurious and missed ones."""
        total = self.matched + self.spurious + self.missed
        return self.matched / total if total else 1.0

    def __repr__(self) -> str:
        """Say it in one line."""
        return (
            f"object F1 {self.f1:.2f}: {self.matched} matched, {self.spurious} spurious, "
            f"{self.missed} missed ({self.merged} merged, {self.split} split)"
        )

    def __add__(self, other: ObjectScores) -> ObjectScores:
        """Return the counts of both images together."""
        names = ("matched", "spurious", "missed", "merged", "split")
        return ObjectScores(*(getattr(self, name) + getattr(other, name) for name in names))


def object_scores(prediction: Tensor, target: Tensor, threshold: float = THRESHOLD) -> ObjectScores:
    """Return how many objects match: those with an IoU above the threshold.

    Above one half, no object can match two others, so there is nothing to choose.

    Args:
        prediction: (H, W), whole numbers: 0 for background, a number for each object.
        target: the same shape.
        threshold: of the IoU, from 0.5 to 1.

    Raises:
        ValueError: if the shapes differ, or the threshold is below one half.

    >>> object_scores(torch.tensor([[1, 1, 0, 2]]), torch.tensor([[7, 7, 7, 0]]))
    object F1 0.67: 1 matched, 1 spurious, 0 missed (0 merged, 0 split)
    """
    if not 0.5 <= threshold < 1:
        raise ValueError(
            f"threshold={threshold!r}; give 0.5 or more, but less than 1. Below one half, an "
            "object may match two others."
        )
    overlaps, predicted, targets = overlap_table(prediction, target)
    ious = overlaps / (predicted[:, None] + targets[None] - overlaps)
    matched = int((ious > threshold).sum())
    return ObjectScores(
        matched,
        len(predicted) - matched,
        len(targets) - matched,
        int(((overlaps > MOST * targets[None]).sum(1) > 1).sum()),
        int(((overlaps > MOST * predicted[:, None]).sum(0) > 1).sum()),
    )


def average_precision(
    prediction: Tensor, target: Tensor, thresholds: Sequence[float] = THRESHOLDS
) -> float:
    """Return matched / (matched + spurious + missed), averaged over thresholds of the IoU.

    Unlike object F1 it also asks how well outlines agree. It is the score of the 2018 Data Science
    Bowl; the average precision of COCO ranks objects by a score, which a label map does not have.

    Source: Caicedo et al., "Nucleus segmentation across imaging experiments", Nature Methods 16,
    2019.
    """
    scores = [object_scores(prediction, target, threshold) for threshold in thresholds]
    return sum(score.jaccard for score in scores) / len(scores)


def overlap_table(
    prediction: Tensor, target: Tensor
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return common pixels of each predicted and each target object, and the pixels of each."""
    if prediction.shape != target.shape:
        raise ValueError(
            f"The label maps have the shapes {tuple(prediction.shape)} and {tuple(target.shape)}. "
            "Give two of the same shape: they are not resized for you."
        )
    # The background comes first, whether or not there is any.
    sides = [
        torch.cat([labels.flatten().long().cpu(), torch.zeros(1).long()])
        for labels in (prediction, target)
    ]
    indices = [torch.unique(labels, return_inverse=True)[1] for labels in sides]
    counts = [int(index.max()) + 1 for index in indices]
    table = torch.bincount(
        indices[0][:-1] * counts[1] + indices[1][:-1], minlength=counts[0] * counts[1]
    )
    pixels = table.reshape(counts).numpy()
    return pixels[1:, 1:], pixels.sum(1)[1:], pixels.sum(0)[1:]
