"""How good a mask is: IoU, Dice and boundary F1. Each counts pixels, and can be summed first."""

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
    """Three measures, each from 0 (nothing right) to 1 (all right).

    Attributes:
        iou: pixels in both masks, of the pixels in either.
        dice: twice the pixels in both, of the pixels of one and of the other together.
        boundary_f1: of the outline's pixels, how many have one of the other outline close by.
    """

    iou: float
    dice: float
    boundary_f1: float

    def __repr__(self) -> str:
        """Show two decimals: more are noise of the seed."""
        return (
            f"IoU {self.iou:.2f}, Dice {self.dice:.2f}, boundary F1 {self.boundary_f1:.2f} "
            "(each from 0 to 1)"
        )


def iou(found: Mask, wanted: Mask) -> float:
    """Return intersection over union of two masks.

    Args:
        found: a mask of bools, or of only 0 and 1, of any shape: a tensor or an array. Several
            pictures are counted as one large one: adding before dividing gives each pixel the same
            weight.
        wanted: the same shape.

    Returns:
        0 to 1. Two empty masks agree: 1.

    Raises:
        ValueError: if the shapes differ, there is no pixel, or a value is neither 0 nor 1.

    >>> iou(torch.tensor([1, 1, 0]), torch.tensor([0, 1, 1]))
    0.3333333333333333
    """
    both, either, _ = pixel_counts(found, wanted)
    return both / either if either else 1.0


def dice(found: Mask, wanted: Mask) -> float:
    """Return the Dice score (F1 of the pixels) of two masks; see `iou` for the arguments.

    It says the same as IoU on another scale: dice = 2 · iou / (1 + iou).

    >>> dice(torch.tensor([1, 1, 0]), torch.tensor([0, 1, 1]))
    0.5
    """
    both, _, total = pixel_counts(found, wanted)
    return 2 * both / total if total else 1.0


def boundary_f1(found: Mask, wanted: Mask, tolerance: float = TOLERANCE) -> float:
    """Return how well two outlines agree.

    An outline is the pixels of a mask with one of their four neighbours outside of it. The frame of
    the picture is no outline: nobody knows what lies beyond.

    Args:
        found: a mask of bools, or of only 0 and 1: (H, W), or any shape that ends in (H, W).
        wanted: the same shape.
        tolerance: pixels. An outline pixel counts as right when the other outline has one at this
            distance or closer, from centre to centre.

    Returns:
        0 to 1: the harmonic mean of the right share of the found outline (precision) and of the
        wanted one (recall). Where neither has an outline: 1 if the masks are the same, else 0.

    Raises:
        ValueError: as `iou`; or if tolerance is below 0, or a mask has no rows.

    Source: Csurka, Larlus & Perronnin, "What is a good evaluation measure for semantic
    segmentation?", BMVC 2013, section 2.2.
    """
    tally = Tally(tolerance)
    tally.add(found, wanted)
    return tally.scores.boundary_f1


def boundary_counts(found: Mask, wanted: Mask, tolerance: float = TOLERANCE) -> list[int]:
    """Return outline pixels [found and right, found, wanted and met, wanted]: add, then divide."""
    found, wanted = _masks(found, wanted)
    if found.ndim < 2:
        raise ValueError(f"The masks are {tuple(found.shape)}; an outline needs (H, W).")
    outlines = [outline(found), outline(wanted)]
    near = [_grown(one, tolerance) for one in outlines]
    pairs = ((outlines[0] & near[1], outlines[0]), (outlines[1] & near[0], outlines[1]))
    return [int(mask.sum()) for pair in pairs for mask in pair]


def outline(mask: Tensor) -> Tensor:
    """Return the pixels of a mask (..., H, W) with one of their four neighbours outside of it."""
    padded = _padded(mask, 1) > 0
    rows, columns = padded[:, :, :, 1:-1], padded[:, :, 1:-1, :]
    all_around = rows[:, :, :-2] & rows[:, :, 2:] & columns[..., :-2] & columns[..., 2:]
    return mask.bool() & ~all_around.reshape(mask.shape)


class Tally:
    """Adds up what is found picture by picture, and divides at the end."""

    def __init__(self, tolerance: float = TOLERANCE) -> None:
        argument_checks.not_negative(tolerance=tolerance)
        self.tolerance = tolerance
        self.pixels, self.outlines = [0, 0, 0], [0, 0, 0, 0]

    def add(self, found: Mask, wanted: Mask) -> None:
        """Take in one picture's masks (..., H, W)."""
        self.pixels = _sum(self.pixels, pixel_counts(found, wanted))
        self.outlines = _sum(self.outlines, boundary_counts(found, wanted, self.tolerance))

    @property
    def scores(self) -> Scores:
        """The scores of all pictures taken as one."""
        both, either, total = self.pixels
        return Scores(
            iou=both / either if either else 1.0,
            dice=2 * both / total if total else 1.0,
            boundary_f1=_f1(self.outlines) if any(self.outlines) else float(both == either),
        )


def pixel_counts(found: Mask, wanted: Mask) -> list[int]:
    """Return pixels [in both masks, in either, in one plus in the other]: add, then divide."""
    found, wanted = _masks(found, wanted)
    both, total = int((found & wanted).sum()), int(found.sum()) + int(wanted.sum())
    return [both, total - both, total]


def as_mask(name: str, mask: Mask) -> Tensor:
    """Return a mask as a tensor of bools; refuse what holds other values than 0 and 1."""
    if not isinstance(mask, Tensor):
        try:
            mask = torch.as_tensor(np.ascontiguousarray(mask))
        except (TypeError, ValueError):
            raise TypeError(
                f"{name} is of type {type(mask).__name__}; give a tensor or an array of 0 and 1."
            ) from None
    if mask.dtype != torch.bool and not bool(((mask == 0) | (mask == 1)).all()):
        raise ValueError(
            f"{name} has values from {mask.min().item():.3g} to {mask.max().item():.3g}, and a "
            "mask is 0 or 1. Cut logits at 0: `logits > 0`; probabilities at 0.5."
        )
    return mask.bool()


def _masks(found: Mask, wanted: Mask) -> tuple[Tensor, Tensor]:
    found, wanted = as_mask("found", found), as_mask("wanted", wanted)
    if found.shape != wanted.shape:
        raise ValueError(
            f"The masks are {tuple(found.shape)} and {tuple(wanted.shape)}. They must be alike: "
            "nothing is stretched in silence."
        )
    if not found.numel():
        raise ValueError(f"The masks are {tuple(found.shape)}: there is no pixel to be counted.")
    return found, wanted


def _grown(mask: Tensor, radius: float) -> Tensor:
    """Return every pixel within `radius` pixels of the mask."""
    reach = min(int(radius), max(mask.shape[-2:]))  # nothing is further away
    steps = torch.arange(-reach, reach + 1)
    disc = (steps[:, None] ** 2 + steps**2 <= radius**2).float()
    counts = F.conv2d(F.pad(_four(mask), [reach] * 4), disc[None, None])
    return (counts > 0.5).reshape(mask.shape)


def _padded(mask: Tensor, by: int) -> Tensor:
    return F.pad(_four(mask), [by] * 4, mode="replicate")


def _four(mask: Tensor) -> Tensor:
    """Return (N, 1, H, W) floats."""
    return mask.reshape(-1, 1, *mask.shape[-2:]).float()


def _f1(counts: Iterable[int]) -> float:
    right, found, met, wanted = counts
    if not right or not met:
        return 0.0
    precision, recall = right / found, met / wanted
    return 2 * precision * recall / (precision + recall)


def _sum(one: list[int], other: list[int]) -> list[int]:
    return [a + b for a, b in zip(one, other, strict=True)]
