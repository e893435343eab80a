"""What one would try before a network: Otsu's threshold, the best threshold, a random forest.

Each takes the training pictures and returns a function from a picture (C, H, W) to a mask
(1, H, W): `evaluate(otsu(), data.test)`, `evaluate(best_threshold(data.train), data.test)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.data.dataset import Pair

Baseline = Callable[[Tensor], Tensor]
LEVELS = 256  # grey levels that a threshold is looked for among
SAMPLES = 20_000  # pixels that the forest learns from
SCALES = 1, 2, 4, 8  # pixels: how far the forest's features look


def otsu() -> Baseline:
    """Return Otsu's method: each picture gets the threshold that parts its greys best.

    It learns nothing. Bright is foreground.
    """
    return lambda image: _grey(image) > otsu_threshold(_grey(image))


def otsu_threshold(values: Tensor) -> float:
    """Return the threshold between two groups of values that differ most.

    Largest is the variance between the groups, share · share · (mean − mean)². Where several
    thresholds do equally well, the middle one is taken.

    Args:
        values: of any shape.

    Raises:
        ValueError: if a value is no finite number.

    Source: Otsu, "A Threshold Selection Method from Gray-Level Histograms", IEEE Transactions on
    Systems, Man, and Cybernetics 9, 1979, equation 18.
    """
    low, high = float(values.min()), float(values.max())
    if not isfinite(high - low):
        raise ValueError(
            "The picture holds values that are no finite numbers: it has no threshold."
        )
    if low == high:
        return high
    counts = torch.histc(values.double(), LEVELS, low, high)
    centres = low + (high - low) * (torch.arange(LEVELS, dtype=torch.float64) + 0.5) / LEVELS
    below, above = counts.cumsum(0)[:-1], counts.flip(0).cumsum(0).flip(0)[1:]
    sums = (counts * centres).cumsum(0)
    means = sums[:-1] / below, (sums[-1] - sums[:-1]) / above
    between = below * above * (means[0] - means[1]) ** 2
    best = (between >= between.max() * (1 - 1e-12)).nonzero().double().mean().item()
    return low + (high - low) * (best + 1) / LEVELS


def best_threshold(train: Sequence[Pair]) -> Baseline:
    """Return the one threshold, and the one side of it, with the best IoU on the training pictures.

    Args:
        train: such as `data.train`.

    Raises:
        TypeError: for a whole `Dataset`: say which part.
        ValueError: if there is no picture.
    """
    train = argument_checks.pairs(train, "best_threshold(data.train)")
    values = torch.cat([_grey(pair.image).flatten() for pair in train])
    wanted = torch.cat([pair.mask.flatten() for pair in train]) > 0
    inside = torch.histc(values[wanted], LEVELS, 0, 1)
    outside = torch.histc(values[~wanted], LEVELS, 0, 1)
    best, threshold, brighter = -1.0, 0.5, True
    for bright in (True, False):
        # Level t and all beyond it, on one side.
        both, only_found = (
            counts.flip(0).cumsum(0).flip(0) if bright else counts.cumsum(0)
            for counts in (inside, outside)
        )
        scores = both / (inside.sum() + only_found).clamp(min=1)
        if scores.max() > best:
            level = int(scores.argmax())
            best, brighter = float(scores.max()), bright
            threshold = (level if bright else level + 1) / LEVELS
    if brighter:
        return lambda image: _grey(image) >= threshold
    return lambda image: _grey(image) < threshold


def random_forest(train: Sequence[Pair], seed: int = 0, trees: int = 50) -> Baseline:
    """Return a random forest that judges each pixel by what surrounds it.

    Its features are the grey value and, at distances of 1, 2, 4 and 8 pixels, the mean, the spread
    and the gradient of the surroundings: what ilastik and Weka offer, made smaller. It learns from
    20,000 pixels.

    Args:
        train: such as `data.train`.
        seed: of the pixels and of the trees.
        trees: more are steadier and slower.

    Raises:
        TypeError: for a whole `Dataset`: say which part.
        ValueError: if there is no picture, or a number is too small.
    """
    from sklearn.ensemble import RandomForestClassifier

    train = argument_checks.pairs(train, "random_forest(data.train)")
    argument_checks.whole(0, seed=seed)
    argument_checks.whole(1, trees=trees)
    random = np.random.default_rng(seed)
    features = np.concatenate([pixel_features(pair.image) for pair in train])
    wanted = np.concatenate([pair.mask.numpy().ravel() for pair in train]) > 0
    chosen = random.choice(len(wanted), min(SAMPLES, len(wanted)), replace=False)
    forest = RandomForestClassifier(trees, min_samples_leaf=5, random_state=seed, n_jobs=1)
    forest.fit(features[chosen], wanted[chosen])

    def find(image: Tensor) -> Tensor:
        found: NDArray[np.bool_] = forest.predict(pixel_features(image)).astype(bool)
        return torch.from_numpy(found.reshape(1, *image.shape[-2:]))

    return find


def pixel_features(image: Tensor) -> NDArray[np.float32]:
    """Return what the forest knows of each pixel of a picture (C, H, W): (H · W, features)."""
    layers = [image]
    for scale in SCALES:
        mean, square = _blurred(image, scale), _blurred(image**2, scale)
        layers += [mean, (square - mean**2).clamp(min=0).sqrt()]
        down = F.pad(mean[None], (0, 0, 1, 1), mode="replicate")[0]
        right = F.pad(mean[None], (1, 1, 0, 0), mode="replicate")[0]
        rise, run = down[:, 2:] - down[:, :-2], right[:, :, 2:] - right[:, :, :-2]
        layers.append((rise**2 + run**2).sqrt())
    return torch.cat(layers).flatten(1).T.contiguous().numpy()


def _blurred(image: Tensor, scale: int) -> Tensor:
    """Return the mean over a square of 2 · scale + 1 pixels; beyond the edge is not counted."""
    return F.avg_pool2d(
        image[None], 2 * scale + 1, stride=1, padding=scale, count_include_pad=False
    )[0]


def _grey(image: Tensor) -> Tensor:
    return image.mean(dim=0, keepdim=True)
