"""Finds masks that are inverted while the others of their folder are not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from unet_teach.segmentation.data.dataset import Pixels
from unet_teach.segmentation.data.splits import Mask

FEWEST = 4  # masks: fewer say nothing about what is usual
ENOUGH = 512  # pixels of a side that are looked at
USUAL = 0.9  # fraction of the masks of one side that differ from their background in the same way
OPPOSITE = 0.5  # of the usual difference, in the other direction


INVERTED = "looks inverted: its foreground is like the background of the other masks"


def inverted_masks(
    pairs: Mapping[str, tuple[Pixels, Mask]],
) -> tuple[list[str], str]:
    """Return the names of masks that look inverted against most others, and a note with a remedy.

    Their foreground covers more than half of the image and that of the others less, or the other
    way round; and it differs from its background in brightness or colour as the background of the
    others does from their foreground. Large objects alone look like the small ones.
    """
    contrasts: tuple[dict[str, NDArray[np.float64]], ...] = ({}, {})  # of small, and of large ones
    for name, (image, mask) in pairs.items():
        step = max(1, max(mask.shape) // ENOUGH)
        some, seen = mask[::step, ::step], image[::step, ::step]
        if some.any() and not some.all():
            inside, outside = (np.atleast_1d(seen[part].mean(0)) for part in (some, ~some))
            scale = 255 if image.dtype == np.uint8 else 1
            contrasts[int(some.mean() > 0.5)][name] = (inside - outside) / scale
    usual, others = sorted(contrasts, key=len, reverse=True)
    if not others or len(usual) + len(others) < FEWEST:
        return [], ""
    mean = np.mean(list(usual.values()), axis=0)
    direction = mean / max(float(np.linalg.norm(mean)), 1e-12)
    along = np.array([contrast @ direction for contrast in usual.values()])
    least = OPPOSITE * float(np.median(along))
    if (along > least / 2).mean() < USUAL:
        return [], ""
    found = [name for name, contrast in others.items() if contrast @ direction < -least]
    more = ">" if others is contrasts[1] else "<"
    condition = (
        f"if (mask > mask.max() / 2).mean() {more} 0.5: " if len(found) == len(others) else ""
    )
    return found, (
        f"{INVERTED}. Look at them, data.figure(), and invert it in its file: "
        f"`mask = np.array(Image.open(path).convert('L'))`, "
        f"`{condition}Image.fromarray(mask.max() - mask).save(path)`"
    )
