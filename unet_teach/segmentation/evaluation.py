"""Asks a network, or any other way to find a mask, for its masks, and scores them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from unet_teach.segmentation.data import Dataset, Pair
from unet_teach.segmentation.metrics import TOLERANCE, Scores, Tally

Finder = nn.Module | Callable[[Tensor], Tensor]


def evaluate(finder: Finder, pairs: Iterable[Pair], tolerance: float = TOLERANCE) -> Scores:
    """Score a network on pictures, all counted as one: each pixel has the same weight.

    Args:
        finder: a network that gives one logit a pixel, or a function such as a baseline.
        pairs: such as `data.validation`.
        tolerance: of the boundary F1, in pixels.

    Raises:
        TypeError: for a whole `Dataset`: say which part.
    """
    if isinstance(pairs, Dataset):
        raise TypeError("Say on which part: evaluate(model, data.validation), or data.test once.")
    tally = Tally(tolerance)
    for pair in pairs:
        tally.add(predict(finder, pair.image), pair.mask)
    return tally.scores


def predict(finder: Finder, image: Tensor) -> Tensor:
    """Return the mask (1, H, W) of a picture (C, H, W), as bools.

    A network is asked in eval mode, without gradients; it is left as it was. Its logits are cut at
    0, where the probability is one half. A function takes the picture and returns the mask.
    """
    if not isinstance(finder, nn.Module):
        return finder(image).bool().reshape(1, *image.shape[-2:])
    with in_eval_mode(finder), torch.inference_mode():
        logits: Tensor = finder(image[None])[0]
    if logits.shape[0] != 1:
        raise ValueError(
            f"The network answers with {logits.shape[0]} channels a pixel, and a mask needs one. "
            "Build it with out_channels=1."
        )
    return logits > 0


@contextmanager
def in_eval_mode(model: nn.Module) -> Iterator[None]:
    """Switch to eval mode and back: a normalisation then uses what it has learned."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)
