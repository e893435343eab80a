"""Finds, before the first step, what would make a training worthless although it runs."""

from __future__ import annotations

import statistics
from math import prod

import torch
from torch import Tensor, nn

from unet_teach.segmentation.argument_checks import hint_on_lists
from unet_teach.segmentation.data.dataset import Pair
from unet_teach.segmentation.device import device_of
from unet_teach.segmentation.evaluation import in_eval_mode

SMALL_CROP = 0.75  # of the side that most images allow: a smaller crop is worth a sentence
PASSED_OVER = (  # operations after which the values are still those of the operation before
    *("View", "Squeeze", "Unsqueeze", "Permute", "Transpose", "Clone", "Slice", "Select", "Clamp"),
    *("Alias", "ToCopy", "Expand", "Reshape", "UnsafeView", "Upsample"),
)
ENDS = {  # of a network, by how autograd calls them
    "Sigmoid": "a sigmoid, and the loss applies one to it again",
    "Hardsigmoid": "a hard sigmoid, and the loss applies a sigmoid to it again",
    "Softmax": "a softmax, which is 1 everywhere for a single channel",
    "LogSoftmax": "a log-softmax, which is 0 everywhere for a single channel",
    "LogSigmoid": "a log-sigmoid, which is never above 0",
    "Relu": "a ReLU, so no logit is below 0, and background needs one",
    "Hardtanh": "a hard tanh or ReLU6, which limits the logits",
    "Softplus": "a softplus, so no logit is below 0, and background needs one",
    "Tanh": "a tanh, which limits the logits to −1 to 1",
}
ENDS_OF_CLASSES = ENDS | {  # where the loss begins with a softmax over several classes
    "Sigmoid": "a sigmoid, which limits the logits to 0 to 1",
    "Hardsigmoid": "a hard sigmoid, which limits the logits to 0 to 1",
    "Softmax": "a softmax, and the loss applies one to it again",
    "LogSoftmax": "",  # the same loss and the same prediction as without it
    "Relu": "a ReLU, so a class whose logit is below 0 everywhere learns nothing",
    "Softplus": "a softplus, which leaves the logits little room below 0",
}
NORMS = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm, nn.GroupNorm)


def hints_before_training(
    model: nn.Module,
    train: tuple[Pair, ...],
    batch: int,
    crop: int,
    largest_crop: int,
    classes: tuple[str, ...] = (),
) -> list[str]:
    """Return one sentence for each thing that would make the training worthless.

    `crop` is the side of a crop in pixels, which fits into every image, and `largest_crop` the one
    that was asked for.

    Raises:
        ValueError: if a normalisation layer would have only one value to compute a mean from.
    """
    image = train[0].image.to(device_of(model))
    hints = (
        hint_on_lists(model),
        _hint_on_small_images(train, crop, largest_crop),
        _hint_on_last_operation(model, image, batch, crop, classes),
    )
    return [hint for hint in hints if hint]


def _hint_on_small_images(train: tuple[Pair, ...], crop: int, largest_crop: int) -> str:
    sides = [min(pair.mask.shape[-2:]) for pair in train]
    usual = min(largest_crop, int(statistics.median_high(sides)))
    small = [pair.name for pair, side in zip(train, sides, strict=True) if side == min(sides)]
    if crop >= SMALL_CROP * usual:
        return ""
    return (
        f"The image {small[0]!r} is only {crop} pixels high or wide, so every crop is {crop} "
        f"instead of {usual} pixels in height and width. Leave it out, or use a larger one."
    )


def _hint_on_last_operation(
    model: nn.Module, image: Tensor, batch: int, crop: int, classes: tuple[str, ...]
) -> str:
    """Run the network once on a crop, in eval mode, and say what its last operation spoils."""
    devices = [image.device] if image.device.type == "cuda" else []
    with torch.random.fork_rng(devices), torch.enable_grad():
        try:
            output = _checked_forward(model, image[None, :, :crop, :crop], batch)
        except _SingleValueError as problem:
            raise ValueError(str(problem)) from None
        except Exception:  # the first metrics say what is wrong, in a sentence
            return ""
    operation = output.grad_fn if isinstance(output, Tensor) else None
    while operation is not None:
        name = type(operation).__name__.partition("Backward")[0].lstrip("_")
        ends = ENDS_OF_CLASSES if classes else ENDS
        if ends.get(name):
            return (
                f"The network ends in {ends[name]}. Leave it out, because the loss and the "
                "metrics expect logits."
            )
        if not name.startswith(PASSED_OVER):
            return ""
        operation = next((before for before, _ in operation.next_functions if before), None)
    return ""


class _SingleValueError(Exception):
    """Raised where a normalisation layer has one value only."""


def _checked_forward(model: nn.Module, image: Tensor, batch: int) -> object:
    """Return what a network makes of an image (1, C, H, W), with its statistics unchanged."""

    def check(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        size = inputs[0].shape[2:]
        if isinstance(layer, nn.GroupNorm):
            values = batch * inputs[0].shape[1] // layer.num_groups * prod(size)
        else:
            is_batch_norm = isinstance(layer, nn.modules.batchnorm._BatchNorm)
            values = (batch if is_batch_norm else 1) * prod(size)
        if values == 1:
            remedy = "a larger crop, or a smaller depth"
            if not isinstance(layer, nn.modules.instancenorm._InstanceNorm):
                remedy = f"a larger batch than {batch}, {remedy}"
            raise _SingleValueError(
                f"With batch={batch} and crops of {image.shape[-1]} pixels, {type(layer).__name__} "
                f"has only one value at {'×'.join(map(str, size))} pixels, so it has no standard "
                f"deviation to divide by. Use {remedy}."
            )

    with in_eval_mode(model):
        model.train()  # some networks keep a few of their layers in eval mode
        norms = [module for module in model.modules() if isinstance(module, NORMS)]
        handles = [norm.register_forward_pre_hook(check) for norm in norms if norm.training]
        model.eval()
        try:
            return model(image)
        finally:
            for handle in handles:
                handle.remove()
