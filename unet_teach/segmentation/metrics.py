"""Scores of a predicted mask: IoU, Dice and boundary F1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.segmentation import argument_checks

Mask = Tensor | NDArray[np.generic]  # or nested lists
TOLERANCE = 1.0  # pixels


@dataclass(frozen=True)
class Scores:
    """Three scores, each from 0 (nothing right) to 1 (all right).

    Attributes:
        iou: pixels in both masks, divided by the pixels in either.
        dice: twice the pixels in both masks, divided by the sum of the pixels of each.
        boundary_f1: agreement of the boundaries of the masks; see `boundary_f1`.
    """

    iou: float
    dice: float
    boundary_f1: float

    def __repr__(self) -> str:
        """Show two decimals: a third one depends on the seed."""
        return (
            f"IoU {self.iou:.2f}, Dice {self.dice:.2f}, boundary F1 {self.boundary_f1:.2f} "
            "(each from 0 to 1)"
        )


def iou(prediction: Mask, target: Mask) -> float:
    """Return the intersection over union of two masks.

    Args:
        prediction: a mask of bools, or of 0 and 1, of any shape: a tensor or an array. A batch is
            counted as one large image: pixels are summed before dividing, so that each pixel has
            the same weight.
        target: a mask of the same shape.

    Returns:
        0 to 1; 1 if both masks are empty.

    Raises:
        TypeError: if an argument is not a tensor or an array.
        ValueError: if the shapes differ, there is no pixel, or a value is neither 0 nor 1.

    >>> iou(torch.tensor([1, 1, 0]), torch.tensor([0, 1, 1]))
    0.3333333333333333
    """
    intersection, union, _ = pixel_counts(prediction, target)
    return intersection / union if union else 1.0


def dice(prediction: Mask, target: Mask) -> float:
    """Return the Dice score (F1 of the pixels) of two masks; see `iou` for the arguments.

    It is a function of the IoU: dice = 2 · iou / (1 + iou).

    >>> dice(torch.tensor([1, 1, 0]), torch.tensor([0, 1, 1]))
    0.5
    """
    intersection, _, total = pixel_counts(prediction, target)
    return 2 * intersection / total if total else 1.0


def boundary_f1(prediction: Mask, target: Mask, tolerance: float = TOLERANCE) -> float:
    """Return how well the boundaries of two masks agree.

    The boundary of a mask is its pixels with one of their four neighbours outside of the mask. The
    border of the image is no boundary, because what lies beyond it is unknown.

    Args:
        prediction: a mask of bools, or of 0 and 1: (H, W), or any shape that ends in (H, W).
        target: a mask of the same shape.
        tolerance: largest distance in pixels, from centre to centre, at which a boundary pixel of
            one mask matches a boundary pixel of the other.

    Returns:
        0 to 1: the harmonic mean of precision (matched fraction of the prediction's boundary) and
        recall (matched fraction of the target's boundary). If neither mask has a boundary: 1 if
        they are equal, else 0.

    Raises:
        TypeError: if a mask is not a tensor or an array, or the tolerance not a number.
        ValueError: as `iou`; or if the tolerance is negative, or a mask has fewer than two axes.

    Source: Csurka, Larlus & Perronnin, "What is a good evaluation measure for semantic
    segmentation?", BMVC 2013, section 2.2.
    """
    accumulator = ScoreAccumulator(tolerance)
    accumulator.add(prediction, target)
    return accumulator.scores.boundary_f1


def boundary_counts(prediction: Mask, target: Mask, tolerance: float = TOLERANCE) -> list[int]:
    """Return counts of boundary pixels: [matched, all] of the prediction, then of the target."""
    prediction, target = _as_masks(prediction, target)
    if prediction.ndim < 2:
        raise ValueError(
            f"The masks have the shape {tuple(prediction.shape)}, but an outline needs (H, W)."
        )
    boundaries = boundary(prediction), boundary(target)
    matched = matched_boundaries(prediction, target, tolerance)
    return [int(pixels.sum()) for both in zip(matched, boundaries, strict=True) for pixels in both]


def matched_boundaries(
    prediction: Tensor, target: Tensor, tolerance: float
) -> tuple[Tensor, Tensor]:
    """Return which boundary pixels of each mask lie near the other's boundary."""
    boundaries = boundary(prediction), boundary(target)
    near = [_dilate(pixels, tolerance) for pixels in boundaries]
    return boundaries[0] & near[1], boundaries[1] & near[0]


def boundary(mask: Tensor) -> Tensor:
    """Return which pixels of a mask (..., H, W) have one of their four neighbours outside of it."""
    # Replicated padding keeps the border of the image from counting as outside.
    padded = F.pad(_as_batch(mask), [1] * 4, mode="replicate") > 0
    rows, columns = padded[:, :, :, 1:-1], padded[:, :, 1:-1, :]
    surrounded = rows[:, :, :-2] & rows[:, :, 2:] & columns[..., :-2] & columns[..., 2:]
    return mask.bool() & ~surrounded.reshape(mask.shape)


class ScoreAccumulator:
    """Sums up pixel counts image by image; the scores are those of all images taken as one."""

    def __init__(self, tolerance: float = TOLERANCE) -> None:
        argument_checks.require_non_negative(tolerance=tolerance)
        self.tolerance = tolerance
        self.pixels, self.boundaries = [0, 0, 0], [0, 0, 0, 0]

    def add(self, prediction: Mask, target: Mask) -> None:
        """Count the pixels of one image's masks (..., H, W)."""
        self.pixels = _add(self.pixels, pixel_counts(prediction, target))
        counts = boundary_counts(prediction, target, self.tolerance)
        self.boundaries = _add(self.boundaries, counts)

    @property
    def scores(self) -> Scores:
        """The scores of all images so far."""
        intersection, union, total = self.pixels
        equal = float(intersection == union)
        return Scores(
            iou=intersection / union if union else 1.0,
            dice=2 * intersection / total if total else 1.0,
            boundary_f1=_f1(self.boundaries) if any(self.boundaries) else equal,
        )


def pixel_counts(prediction: Mask, target: Mask) -> list[int]:
    """Return pixel counts of two masks: [intersection, union, sum of both]."""
    prediction, target = _as_masks(prediction, target)
    intersection = int((prediction & target).sum())
    total = int(prediction.sum()) + int(target.sum())
    return [intersection, total - intersection, total]


def as_mask(name: str, mask: Mask) -> Tensor:
    """Return a mask as a tensor of bools.

    Args:
        name: what the mask is called in error messages.
        mask: a tensor or an array of bools, or of 0 and 1.

    Raises:
        TypeError: if it is not a tensor or an array.
        ValueError: if a value is neither 0 nor 1.
    """
    if not isinstance(mask, Tensor):
        try:
            mask = torch.as_tensor(np.ascontiguousarray(mask))
        except (TypeError, ValueError):
            raise TypeError(
                f"{name} is of type {type(mask).__name__}; give a tensor or an array of 0 and 1."
            ) from None
    if mask.dtype != torch.bool and not bool(((mask == 0) | (mask == 1)).all()):
        raise ValueError(
            f"{name} has values from {mask.min().item():.3g} to {mask.max().item():.3g}, but a "
            "mask holds only 0 and 1. Compare logits with 0, `logits > 0`, and probabilities with "
            "0.5."
        )
    return mask.bool()


def _as_masks(prediction: Mask, target: Mask) -> tuple[Tensor, Tensor]:
    prediction, target = as_mask("prediction", prediction), as_mask("target", target)
    if prediction.shape != target.shape:
        raise ValueError(
            f"The masks have the shapes {tuple(prediction.shape)} and {tuple(target.shape)}. Give "
            "two masks of the same shape: they are not resized for you."
        )
    if not prediction.numel():
        raise ValueError(
            f"The masks have the shape {tuple(prediction.shape)}, so there is no pixel to count."
        )
    return prediction, target


def _dilate(mask: Tensor, radius: float) -> Tensor:
    """Return every pixel within `radius` pixels of the mask."""
    reach = min(int(radius), max(mask.shape[-2:]))  # no two pixels are further apart
    offsets = torch.arange(-reach, reach + 1)
    disc = (offsets[:, None] ** 2 + offsets**2 <= radius**2).float()
    counts = F.conv2d(_as_batch(mask), disc[None, None], padding=reach)
    return counts.round().bool().reshape(mask.shape)


def _as_batch(mask: Tensor) -> Tensor:
    """Return a mask (..., H, W) as floats (N, 1, H, W)."""
    return mask.reshape(-1, 1, *mask.shape[-2:]).float()


def _f1(counts: Iterable[int]) -> float:
    """Return the harmonic mean of precision and recall from `boundary_counts`."""
    matched_prediction, all_prediction, matched_target, all_target = counts
    if not matched_prediction or not matched_target:
        return 0.0
    precision, recall = matched_prediction / all_prediction, matched_target / all_target
    return 2 * precision * recall / (precision + recall)


def _add(counts: list[int], others: list[int]) -> list[int]:
    return [a + b for a, b in zip(counts, others, strict=True)]
