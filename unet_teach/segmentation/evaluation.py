"""Predicts masks with a network or any other predictor, and scores them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.data.dataset import Pair
from unet_teach.segmentation.metrics import TOLERANCE, ScoreAccumulator, Scores, as_mask

Predictor = nn.Module | Callable[[Tensor], Tensor]


def evaluate(predictor: Predictor, pairs: Iterable[Pair], tolerance: float = TOLERANCE) -> Scores:
    """Score a network on images, counted as one large image: each pixel has the same weight.

    Args:
        predictor: a network that returns a logit for each pixel, or a function such as a baseline.
        pairs: such as `data.validation`.
        tolerance: of the boundary F1, in pixels.

    Raises:
        TypeError: for a whole `Dataset` in place of one of its splits; or as `predict`.
        ValueError: if there is no image; or as `predict`.
    """
    accumulator = ScoreAccumulator(tolerance)
    for pair in argument_checks.as_pairs(pairs, "evaluate(model, data.validation)"):
        accumulator.add(predict(predictor, pair.image), pair.mask)
    return accumulator.scores


def predict(predictor: Predictor, image: Tensor) -> Tensor:
    """Return the predicted mask (1, H, W), as bools, of an image (C, H, W).

    A network runs in eval mode and without gradients, and is left in the modes it had. A pixel is
    foreground where its logit is above 0, which is a probability above one half. A function takes
    the image and returns the mask.

    Raises:
        TypeError: if the predictor cannot be called, or the image is not a tensor.
        ValueError: if the image does not fit the network, or the output does not fit the image.
    """
    if isinstance(predictor, type) or not callable(predictor):
        raise TypeError(
            f"The predictor is of type {type(predictor).__name__}; give a network that is built, "
            "or a function such as otsu()."
        )
    argument_checks.require_type("image", image, Tensor, "a tensor (C, H, W), such as pair.image")
    if image.ndim != 3:
        raise ValueError(f"The image is {tuple(image.shape)}; give (C, H, W).")
    if isinstance(predictor, nn.Module):
        with in_eval_mode(predictor), torch.inference_mode():
            return logits_of(predictor, image) > 0
    mask = as_mask("The function's output", predictor(image))
    if mask.numel() != image[0].numel():
        raise ValueError(
            f"The function returned {tuple(mask.shape)} for an image {tuple(image.shape)}. It must "
            "return one value for each pixel."
        )
    return mask.reshape(1, *image.shape[-2:])


def logits_of(model: nn.Module, image: Tensor) -> Tensor:
    """Return the logits (1, H, W) that a network gives for an image (C, H, W).

    Raises:
        ValueError: if the network takes another number of channels, or does not give one logit for
            each pixel.
    """
    try:
        logits: Tensor = model(image[None])[0]
    except RuntimeError:
        takes = next((m.in_channels for m in model.modules() if isinstance(m, nn.Conv2d)), None)
        if takes in (None, image.shape[0]):
            raise
        raise ValueError(
            f"The network takes images with {takes} channels, but this one has "
            f"{image.shape[0]}. Build it with in_channels={image.shape[0]}."
        ) from None
    if logits.shape != (1, *image.shape[1:]):
        raise ValueError(
            f"For an image {tuple(image.shape)} the network returns {tuple(logits.shape)}, but it "
            f"should return one logit for each pixel, {(1, *image.shape[1:])}. Build it with "
            'out_channels=1, padding="same".'
        )
    return logits


@contextmanager
def in_eval_mode(model: nn.Module) -> Iterator[None]:
    """Switch a network to eval mode, and restore the mode of each module afterwards.

    The modes are restored one by one because some modules may be frozen in eval mode.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
