"""Numbered cells as a target with three classes, and the weights of its pixels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.data.dataset import Dataset, Pair, load_pixels, make_pair

CLASSES = ("background", "inside", "border")
WIDTH = 5  # pixels: side of the square that a border pixel shares with two cells
# Rows of the nuclei: cells touch in all three parts, which is not so for columns.
ROWS = {"train": (0, 288), "validation": (288, 384), "test": (384, 512)}


def touching_nuclei() -> tuple[Dataset, Mapping[str, Tensor]]:
    """Return the image of `nuclei` with three classes, and the numbers of its cells.

    It is cut from top to bottom into train, validation and test. The classes are background,
    inside, and border, which is where two cells (almost) touch.

    Returns:
        The dataset; and, by "train", "validation" and "test", the numbered cells of each part:
        (H, W), int32, 0 for background. A cell that is cut in two is one of both parts.
    """
    image, numbers = load_pixels("nuclei.png"), load_pixels("nuclei_labels.png").astype(np.int32)
    labels = {name: torch.from_numpy(numbers[slice(*rows)]) for name, rows in ROWS.items()}
    pairs: dict[str, tuple[Pair, ...]] = {}
    for name, (first, last) in ROWS.items():
        target = border_classes(labels[name]).numpy()
        title = f"rows {first} to {last - 1}"
        pairs[name] = (make_pair(image[first:last], target, title, labels=True),)
    source = "image set BBBC038v1, Broad Bioimage Benchmark Collection, CC0; Caicedo et al. 2019"
    train, validation, test = pairs.values()
    return Dataset("touching nuclei", train, validation, test, source, classes=CLASSES), labels


def border_classes(labels: Tensor, width: int = WIDTH) -> Tensor:
    """Return which pixels are background (0), inside a cell (1), or border between cells (2).

    A pixel is border if the square around it holds pixels of two cells, whether it lies in one of
    them or between them.

    Args:
        labels: (H, W), the number of each pixel's cell, 0 for background.
        width: side of the square in pixels, an odd number.

    Returns:
        (H, W), uint8.
    """
    numbers = _as_labels(labels)
    if isinstance(width, bool) or not isinstance(width, int) or width < 3 or width % 2 == 0:
        raise ValueError(f"width={width!r}; give an odd number of pixels from 3 on, such as 5.")
    numbers = numbers.double()[None]  # exact for all whole numbers that occur
    beyond = float(numbers.max()) + 1
    reach = width // 2
    largest = F.max_pool2d(numbers, width, stride=1, padding=reach)
    smallest = -F.max_pool2d(-numbers.where(numbers > 0, beyond), width, stride=1, padding=reach)
    return (numbers > 0).byte().where(smallest >= largest, 2)[0]


def weight_map(
    labels: Tensor, class_weights: Tensor | None = None, w0: float = 10.0, sigma: float = 5.0
) -> Tensor:
    """Return a weight for each pixel's cross-entropy, large where two cells are close.

    w = w_c + w0 · exp(−(d1 + d2)² / (2 · sigma²)), where d1 and d2 are the distances to the nearest
    and to the second nearest cell, in pixels: 0 inside a cell.

    Args:
        labels: (H, W), the number of each pixel's cell, 0 for background.
        class_weights: w_c, (H, W), such as weights of the classes; by default 1 everywhere.
        w0: how much the narrowest gap weighs more.
        sigma: in pixels, how wide a gap still counts.

    Returns:
        (H, W), float32.

    Source: Ronneberger, Fischer & Brox, "U-Net", 2015, arXiv:1505.04597, equation 2.
    """
    from scipy import ndimage  # slow to import

    argument_checks.require_non_negative(w0=w0)
    argument_checks.require_positive(sigma=sigma)
    numbers = _as_labels(labels).numpy()
    nearest, second = np.full((2, *numbers.shape), np.inf)
    for number in np.unique(numbers[numbers > 0]):
        distance = ndimage.distance_transform_edt(numbers != number)
        second = np.minimum(second, np.maximum(nearest, distance))
        nearest = np.minimum(nearest, distance)
    near = w0 * np.exp(-((nearest + second) ** 2) / (2 * sigma**2))
    base = torch.ones(numbers.shape) if class_weights is None else class_weights
    return (base + torch.from_numpy(near)).float()


def _as_labels(labels: Tensor) -> Tensor:
    argument_checks.require_type("labels", labels, Tensor, "a tensor (H, W) of whole numbers")
    plane = labels[0] if labels.ndim == 3 and len(labels) == 1 else labels
    if plane.ndim != 2 or plane.is_floating_point() or plane.is_complex():
        raise ValueError(
            f"The labels are {tuple(labels.shape)} of {labels.dtype}; give (H, W) whole numbers: "
            "0 for background, and a number for each cell."
        )
    return plane
