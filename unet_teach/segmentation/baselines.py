"""What to try before a network: Otsu's threshold, the best threshold, a random forest.

Each function returns a baseline: a function from an image (C, H, W) to a mask (1, H, W) of bools.
For example: `evaluate(otsu(), data.test)`, `evaluate(best_threshold(data.train), data.test)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.data.dataset import Pair
from unet_teach.shared.interrupts import hold_interrupts
from unet_teach.shared.time_left import time_left

Baseline = Callable[[Tensor], Tensor]
LEVELS = 256  # histogram bins, between which thresholds are tried
SAMPLES = 20_000  # pixels that the forest is trained on
SCALES = 1, 2, 4, 8  # pixels: of the squares around a pixel; the gradients reach one further


def otsu() -> Baseline:
    """Return Otsu's method: a threshold for each image, computed from its own grey values.

    It needs no training. Pixels above the threshold are foreground.
    """
    return lambda image: _grey(image) > otsu_threshold(_grey(image))


def otsu_threshold(values: Tensor) -> float:
    """Return the threshold with the largest variance between the values below and above it.

    With weights w and means m of the two groups, the variance between them is
    w₀ · w₁ · (m₀ − m₁)². Of several equally good thresholds, the middle one is taken.

    Args:
        values: a tensor of any shape.

    Raises:
        ValueError: if a value is not a finite number.

    Source: Otsu, "A Threshold Selection Method from Gray-Level Histograms", IEEE Transactions on
    Systems, Man, and Cybernetics 9, 1979, equation 18.
    """
    if not values.isfinite().all():
        raise ValueError(
            "The image has values that are NaN or infinite, so no threshold can be computed."
        )
    low, high = float(values.min()), float(values.max())
    if low == high:
        return high
    counts = torch.histc(values.double(), LEVELS, low, high)
    centres = torch.arange(LEVELS, dtype=torch.float64)  # in any unit the same one is best
    below, above = counts.cumsum(0)[:-1], counts.flip(0).cumsum(0).flip(0)[1:]
    sums = (counts * centres).cumsum(0)
    means = sums[:-1] / below, (sums[-1] - sums[:-1]) / above
    variances = below * above * (means[0] - means[1]) ** 2
    best = (variances >= variances.max() * (1 - 1e-12)).nonzero().double().mean().item()
    return low + (high - low) * (best + 1) / LEVELS


def best_threshold(train: Sequence[Pair]) -> Baseline:
    """Return the threshold, and the side of it, with the best IoU on the training images.

    Args:
        train: training images with masks, such as `data.train`.

    Raises:
        TypeError: for a whole `Dataset` in place of one of its splits.
        ValueError: if there is no image.
    """
    train = argument_checks.as_pairs(train, "best_threshold(data.train)")
    values = torch.cat([_grey(pair.image).flatten() for pair in train])
    target = torch.cat([pair.mask.flatten() for pair in train]) > 0
    foreground = torch.histc(values[target], LEVELS, 0, 1)
    background = torch.histc(values[~target], LEVELS, 0, 1)
    best, threshold, is_bright = -1.0, 0.5, True
    for bright in (True, False):
        # For each level: how many pixels lie at it or beyond it, on the bright or the dark side.
        true_positives, false_positives = (
            counts.flip(0).cumsum(0).flip(0) if bright else counts.cumsum(0)
            for counts in (foreground, background)
        )
        ious = true_positives / (foreground.sum() + false_positives).clamp(min=1)
        if ious.max() > best:
            level = int(ious.argmax())
            best, is_bright = float(ious.max()), bright
            threshold = (level if bright else level + 1) / LEVELS
    if is_bright:
        return lambda image: _grey(image) >= threshold
    return lambda image: _grey(image) < threshold


def random_forest(train: Sequence[Pair], seed: int = 0, trees: int = 50) -> Baseline:
    """Return a random forest that classifies each pixel by its neighbourhood.

    Its features (`pixel_features`) are a small selection of those of ilastik and Weka. It is
    trained on 20,000 randomly chosen pixels. Interrupt it at any time (■ in the toolbar, or
    Ctrl+C): the trees grown so far are used, and their number is printed.

    Args:
        train: training images with masks, such as `data.train`.
        seed: of the choice of pixels and of the trees.
        trees: number of trees; more vary less with the seed and take longer.

    Raises:
        TypeError: for a whole `Dataset` in place of one of its splits.
        ValueError: if there is no image, or a number is too small.
    """
    train = argument_checks.as_pairs(train, "random_forest(data.train)")
    argument_checks.require_integer(0, seed=seed)
    argument_checks.require_integer(1, trees=trees)
    random = np.random.default_rng(seed)
    with hold_interrupts() as stops:  # up to the first tree: there is nothing to keep before
        from sklearn.ensemble import RandomForestClassifier  # slow to import

        features = np.concatenate([pixel_features(pair.image) for pair in train])
        target = np.concatenate([pair.mask.numpy().ravel() for pair in train]) > 0
        chosen = random.choice(len(target), min(SAMPLES, len(target)), replace=False)
        forest = RandomForestClassifier(
            1, min_samples_leaf=5, random_state=seed, n_jobs=1, warm_start=True
        )
        forest.fit(features[chosen], target[chosen])
    try:
        if stops:
            raise KeyboardInterrupt
        for count in time_left(range(2, trees + 1)):  # each call of `fit` adds a tree
            forest.set_params(n_estimators=count).fit(features[chosen], target[chosen])
    except KeyboardInterrupt:
        grown = len(forest.estimators_)
        print(f"Stopped by you: this forest has {grown} of its {trees} trees.")

    def predict_mask(image: Tensor) -> Tensor:
        mask: NDArray[np.bool_] = forest.predict(pixel_features(image)).astype(bool)
        return torch.from_numpy(mask.reshape(1, *image.shape[-2:]))

    return predict_mask


def pixel_features(image: Tensor) -> NDArray[np.float32]:
    """Return the features of each pixel of an image (C, H, W): (H · W, 13 · C).

    They are the pixel's own value and, within 1, 2, 4 and 8 pixels, the mean, the standard
    deviation and the length of the gradient of the mean.
    """
    features = [image]
    for scale in SCALES:
        mean, mean_of_squares = _box_mean(image, scale), _box_mean(image**2, scale)
        features += [mean, (mean_of_squares - mean**2).clamp(min=0).sqrt()]
        down = F.pad(mean[None], (0, 0, 1, 1), mode="replicate")[0]
        right = F.pad(mean[None], (1, 1, 0, 0), mode="replicate")[0]
        vertical, horizontal = down[:, 2:] - down[:, :-2], right[:, :, 2:] - right[:, :, :-2]
        features.append((vertical**2 + horizontal**2).sqrt())
    return torch.cat(features).flatten(1).T.contiguous().numpy()


def _box_mean(image: Tensor, scale: int) -> Tensor:
    """Return the mean over a square of 2 · scale + 1 pixels, cropped at the image's border."""
    return F.avg_pool2d(
        image[None], 2 * scale + 1, stride=1, padding=scale, count_include_pad=False
    )[0]


def _grey(image: Tensor) -> Tensor:
    return image.mean(dim=0, keepdim=True)
