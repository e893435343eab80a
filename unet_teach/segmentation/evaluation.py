"""Predicts masks with a network or any other predictor, and scores them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.class_scores import ClassScores, class_names, confusion
from unet_teach.segmentation.data.dataset import VOID, Pair
from unet_teach.segmentation.device import device_of
from unet_teach.segmentation.metrics import TOLERANCE, ScoreAccumulator, Scores, as_mask

Predictor = nn.Module | Callable[[Tensor], Tensor]


def evaluate(
    predictor: Predictor,
    pairs: Iterable[Pair],
    tolerance: float = TOLERANCE,
    classes: Sequence[str] = (),
) -> Scores | ClassScores:
    """Score a network on images, counted as one large image: each pixel has the same weight.

    Args:
        predictor: a network that returns logits for each pixel, or a function such as a baseline.
        pairs: such as `data.validation`.
        tolerance: of the boundary F1, in pixels.
        classes: names of several classes, such as `data.classes`, for the result.

    Returns:
        Scores of the foreground; or, if the masks hold the labels of several classes, scores of
        each class.

    Raises:
        TypeError: for a whole `Dataset` in place of one of its splits; or as `predict`.
        ValueError: if there is no image, or the network is for another kind of mask; or as
            `predict`.
    """
    listed = argument_checks.as_pairs(pairs, "evaluate(model, data.validation)")
    if any(pair.mask.dtype == torch.uint8 for pair in listed):
        return _class_scores(predictor, listed, classes)
    accumulator = ScoreAccumulator(tolerance)
    for pair in listed:
        accumulator.add(_predict(predictor, pair.image, out_channels=1), pair.mask)
    return accumulator.scores


def _class_scores(
    predictor: Predictor, pairs: Sequence[Pair], classes: Sequence[str]
) -> ClassScores:
    labels = [(_predict(predictor, pair.image, len(classes) or None), pair.mask) for pair in pairs]
    if isinstance(predictor, nn.Module) and labels[0][0].dtype == torch.bool:
        raise ValueError(
            "The masks hold several classes, but the network returns one channel. Build it with a "
            "channel for each class."
        )
    largest = max(
        int(each[each != VOID].max()) if (each != VOID).any() else 0
        for both in labels
        for each in both
    )
    names = class_names(classes, len(classes) or largest + 1)
    tables = [confusion(prediction, target, len(names)) for prediction, target in labels]
    return ClassScores(names, torch.stack(tables).sum(0))


def predict(predictor: Predictor, image: Tensor) -> Tensor:
    """Return the predicted mask (1, H, W) of an image (C, H, W), on the CPU.

    A network runs on its own device, in eval mode and without gradients, and is left in the modes
    it had. With one output channel the mask holds bools: a pixel is foreground where its logit is
    above 0, which is a probability above one half. With several output channels it holds labels
    (uint8): the number of the channel with the largest logit. A function takes the image and
    returns the mask.

    Raises:
        TypeError: if the predictor cannot be called, or the image is not a tensor.
        ValueError: if the image does not fit the network, or the output does not fit the image.
    """
    return _predict(predictor, image)


def _predict(predictor: Predictor, image: Tensor, out_channels: int | None = None) -> Tensor:
    if isinstance(predictor, type) or not callable(predictor):
        raise TypeError(
            f"The predictor is of type {type(predictor).__name__}; give a network that is built, "
            "or a function such as otsu()."
        )
    argument_checks.require_type("image", image, Tensor, "a tensor (C, H, W), such as pair.image")
    if image.ndim != 3:
        raise ValueError(f"The image is {tuple(image.shape)}; give (C, H, W).")
    if isinstance(predictor, nn.Module):
        argument_checks.require_network(predictor)
        with in_eval_mode(predictor), torch.inference_mode():
            logits = logits_of(predictor, image, out_channels)
            return logits > 0 if len(logits) == 1 else logits.argmax(0, keepdim=True).byte()
    output = predictor(image)
    is_labels = isinstance(output, Tensor) and output.dtype == torch.uint8 and output.max() > 1
    mask = output if is_labels else as_mask("The function's output", output)
    if mask.numel() != image[0].numel():
        raise ValueError(
            f"The function returned {tuple(mask.shape)} for an image {tuple(image.shape)}. It must "
            "return one value for each pixel."
        )
    return mask.reshape(1, *image.shape[-2:])


def logits_of(model: nn.Module, image: Tensor, out_channels: int | None = None) -> Tensor:
    """Return the logits (out_channels, H, W), on the CPU, that a network gives for an image.

    Args:
        model: on any device.
        image: (C, H, W).
        out_channels: how many it should return; None for any number.

    Raises:
        ValueError: if the network takes another number of channels, returns another number, or
            does not keep the size.
    """
    try:
        logits: Tensor = model(image[None].to(device_of(model)))[0].cpu()
    except RuntimeError:
        takes = next((m.in_channels for m in model.modules() if isinstance(m, nn.Conv2d)), None)
        if takes in (None, image.shape[0]):
            raise
        raise ValueError(
            f"The network takes images with {takes} channels, but this one has "
            f"{image.shape[0]}. Build it with in_channels={image.shape[0]}."
        ) from None
    expected = (out_channels or (len(logits) if logits.ndim == 3 else 1), *image.shape[1:])
    if logits.shape != expected:
        what = "one logit for each pixel" if expected[0] == 1 else "one for each class and pixel"
        raise ValueError(
            f"For an image {tuple(image.shape)} the network returns {tuple(logits.shape)}, but it "
            f"should return {what}, {expected}. Build it with out_channels={expected[0]}, "
            'padding="same".'
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
