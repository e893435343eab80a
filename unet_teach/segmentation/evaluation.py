"""Asks a network, or any other way to find a mask, for its masks, and scores them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.data.dataset import Pair
from unet_teach.segmentation.metrics import TOLERANCE, Scores, Tally, as_mask

Finder = nn.Module | Callable[[Tensor], Tensor]


def evaluate(finder: Finder, pairs: Iterable[Pair], tolerance: float = TOLERANCE) -> Scores:
    """Score a network on pictures, all counted as one: each pixel has the same weight.

    Args:
        finder: a network that gives one logit a pixel, or a function such as a baseline.
        pairs: such as `data.validation`.
        tolerance: of the boundary F1, in pixels.

    Raises:
        TypeError: for a whole `Dataset`: say which part.
        ValueError: if there is no picture, or one does not fit the network.
    """
    tally = Tally(tolerance)
    for pair in argument_checks.pairs(pairs, "evaluate(model, data.validation)"):
        tally.add(predict(finder, pair.image), pair.mask)
    return tally.scores


def predict(finder: Finder, image: Tensor) -> Tensor:
    """Return the mask (1, H, W) of a picture (C, H, W), as bools.

    A network is asked in eval mode, without gradients; it is left as it was. Its logits are cut at
    0, where the probability is one half. A function takes the picture and returns the mask.

    Raises:
        ValueError: if the picture does not fit the network, or the answer the picture.
    """
    if isinstance(finder, type) or not callable(finder):
        raise TypeError(
            f"The finder is of type {type(finder).__name__}; give a network that is built, or a "
            "function such as otsu()."
        )
    argument_checks.kind("image", image, Tensor, "a tensor (C, H, W), such as pair.image")
    if image.ndim != 3:
        raise ValueError(f"The image is {tuple(image.shape)}; give (C, H, W).")
    if isinstance(finder, nn.Module):
        with in_eval_mode(finder), torch.inference_mode():
            return logits_of(finder, image) > 0
    found = as_mask("What the function found", finder(image))
    if found.numel() != image[0].numel():
        raise ValueError(
            f"The function found a mask {tuple(found.shape)} for a picture {tuple(image.shape)}. "
            "It must return one value a pixel."
        )
    return found.reshape(1, *image.shape[-2:])


def logits_of(model: nn.Module, image: Tensor) -> Tensor:
    """Return the logits (1, H, W) of a picture (C, H, W), or say why there are none.

    Raises:
        ValueError: if the network takes other channels, or gives no logit for each pixel.
    """
    try:
        logits: Tensor = model(image[None])[0]
    except RuntimeError:
        takes = next((m.in_channels for m in model.modules() if isinstance(m, nn.Conv2d)), None)
        if takes in (None, image.shape[0]):
            raise
        raise ValueError(
            f"The network takes pictures with {takes} channels, and this one has "
            f"{image.shape[0]}. Build it with in_channels={image.shape[0]}."
        ) from None
    if logits.shape != (1, *image.shape[1:]):
        raise ValueError(
            f"For a picture {tuple(image.shape)} the network answers {tuple(logits.shape)}, and "
            f"{(1, *image.shape[1:])} is needed: one logit for each pixel. Build it with "
            'out_channels=1, padding="same".'
        )
    return logits


@contextmanager
def in_eval_mode(model: nn.Module) -> Iterator[None]:
    """Switch to eval mode and back, module by module: parts of it may be frozen.

    In eval mode a normalisation uses what it has learned.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
