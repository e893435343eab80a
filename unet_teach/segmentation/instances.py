"""Objects in a mask: connected components, and watersheds that pull touching objects apart.

Every function returns a label map: (H, W), int32, 0 for background and 1, 2, 3, … for the objects.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unet_teach.segmentation import argument_checks

INSIDE, BORDER = 1, 2  # the classes of `cell_targets.border_classes`
SMALLEST = 12  # pixels: smaller components are taken for noise
NEIGHBOURS = ((-1, 0), (0, -1), (0, 1), (1, 0))


def connected_components(mask: Tensor, smallest: int = SMALLEST) -> Tensor:
    """Return the connected components of a mask; pixels are connected along rows and columns.

    Args:
        mask: (H, W) or (1, H, W); whatever is not 0 is foreground.
        smallest: components with fewer pixels are left out.

    >>> connected_components(torch.tensor([[1, 0, 1], [1, 0, 0]]), smallest=1)
    tensor([[1, 0, 2],
            [1, 0, 0]], dtype=torch.int32)
    """
    from scipy import ndimage  # slow to import

    argument_checks.require_integer(0, smallest=smallest)
    labels, _ = ndimage.label(_plane("mask", mask) != 0)
    sizes = np.bincount(labels.ravel())
    kept = sizes >= smallest
    kept[0] = False
    numbers = np.where(kept, kept.cumsum(), 0)
    return torch.from_numpy(numbers[labels].astype(np.int32))


def distance_watershed(mask: Tensor, radius: int = 5, smallest: int = SMALLEST) -> Tensor:
    """Return the objects of a mask, cut where it is narrow.

    The distance of each foreground pixel to the background has a peak in the middle of a round
    object, and two where two round objects touch. Each peak is the seed of an object.

    Args:
        mask: (H, W) or (1, H, W); whatever is not 0 is foreground.
        radius: a peak is the largest distance within so many rows and columns.
        smallest: objects with fewer pixels are left out.

    Source: Vincent & Soille, "Watersheds in digital spaces", IEEE Transactions on Pattern Analysis
    and Machine Intelligence 13, 1991.
    """
    from scipy import ndimage  # slow to import

    argument_checks.require_integer(1, radius=radius)
    foreground = torch.from_numpy(_plane("mask", mask)) != 0
    # What lies beyond the image is unknown, so its border does not count as background.
    distance = ndimage.distance_transform_edt(foreground)
    distance = ndimage.gaussian_filter(distance, 1.0)  # or every jagged outline would have peaks
    peaks = (distance == ndimage.maximum_filter(distance, 2 * radius + 1)) & foreground.numpy()
    seeds = torch.from_numpy(ndimage.label(peaks, np.ones((3, 3)))[0])
    kept = connected_components(foreground, smallest) > 0
    return watershed(torch.from_numpy(-distance), seeds, kept)


def border_watershed(
    probabilities: Tensor, threshold: float = 0.5, smallest: int = SMALLEST
) -> Tensor:
    """Return the cells that a network with three classes sees, each grown up to its border.

    The seeds are the components of what is *inside* with more than this probability. They grow over
    all pixels that are not background, those with the lowest probability of *border* first.

    Args:
        probabilities: of background, inside and border, (3, H, W).
        threshold: from 0 to 1, of the seeds.
        smallest: seeds with fewer pixels are left out.
    """
    scores = class_probabilities(probabilities)
    seeds = connected_components(scores[INSIDE] > threshold, smallest)
    return watershed(scores[BORDER], seeds, scores[0] < 0.5)


def cells_below(probabilities: Tensor, threshold: float, smallest: int = SMALLEST) -> Tensor:
    """Return the components of what is left once likely borders are cut out.

    A pixel is left if background is less probable than one half, and *border* at most as probable
    as the threshold. At 1 nothing is cut; the lower the threshold, the more.

    Args:
        probabilities: of background, inside and border, (3, H, W).
        threshold: from 0 to 1, of the border.
        smallest: components with fewer pixels are left out.
    """
    scores = class_probabilities(probabilities)
    return connected_components((scores[0] < 0.5) & (scores[BORDER] <= threshold), smallest)


def watershed(height: Tensor, seeds: Tensor, mask: Tensor) -> Tensor:
    """Let numbered seeds grow over a mask, low pixels first, until they meet.

    As if water rose from the seeds: a pixel joins the seed whose water reaches it first.

    Args:
        height: (H, W), any numbers.
        seeds: (H, W), whole numbers: 0 where there is no seed.
        mask: (H, W), True where seeds may grow; those outside of it are left out.
    """
    planes = (_plane("height", height), _plane("seeds", seeds), _plane("mask", mask))
    if len({plane.shape for plane in planes}) > 1:
        shapes = ", ".join(str(plane.shape) for plane in planes)
        raise ValueError(f"height, seeds and mask are {shapes}. Give three of the same shape.")
    heights, labels, is_open = planes[0], planes[1].astype(np.int32), planes[2] != 0
    labels[~is_open] = 0
    # One list of pixels with a rim that is closed, so that no neighbour is out of bounds.
    width = heights.shape[1] + 2
    levels = np.pad(heights, 1).ravel().tolist()
    owner = np.pad(labels, 1).ravel().tolist()
    free = np.pad(is_open & (labels == 0), 1).ravel().tolist()
    steps = [rows * width + columns for rows, columns in NEIGHBOURS]
    queue = [(levels[pixel], 0, pixel) for pixel, label in enumerate(owner) if label]
    heapify(queue)
    arrival = 0
    while queue:
        level, _, pixel = heappop(queue)
        for near in (pixel + step for step in steps):
            if free[near]:
                free[near], owner[near] = False, owner[pixel]
                arrival += 1  # of equal levels, the pixel that was reached first goes on first
                heappush(queue, (max(level, levels[near]), arrival, near))
    grown = np.array(owner, np.int32).reshape(-1, width)[1:-1, 1:-1]
    return torch.from_numpy(grown.copy())


def class_probabilities(probabilities: Tensor) -> Tensor:
    """Return probabilities of three classes, checked, as (3, H, W).

    Raises:
        TypeError: if they are no tensor.
        ValueError: if they are not (3, H, W) or (1, 3, H, W), or not from 0 to 1.
    """
    argument_checks.require_type(
        "probabilities", probabilities, Tensor, "a tensor (3, H, W): logits.softmax(0)"
    )
    scores = probabilities.detach().cpu()
    scores = scores[0] if scores.ndim == 4 and len(scores) == 1 else scores
    if scores.ndim != 3 or len(scores) != 3:
        raise ValueError(
            f"The probabilities are {tuple(probabilities.shape)}; give (3, H, W), those of "
            "background, inside and border."
        )
    if not bool(((scores >= 0) & (scores <= 1)).all()):
        raise ValueError(
            f"The probabilities run from {float(scores.min()):.3g} to {float(scores.max()):.3g}, "
            "but they should lie between 0 and 1. Turn logits into probabilities first: "
            "logits.softmax(0)."
        )
    return scores


def _plane(name: str, values: Tensor | NDArray[np.generic]) -> NDArray[np.generic]:
    """Return values (H, W), or (1, H, W), as an array (H, W)."""
    array = np.asarray(values.detach().cpu() if isinstance(values, Tensor) else values)
    plane = array[0] if array.ndim == 3 and len(array) == 1 else array
    if plane.ndim != 2:
        raise ValueError(f"The {name} is {array.shape}; give (H, W).")
    return plane
