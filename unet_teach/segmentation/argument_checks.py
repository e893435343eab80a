"""Checks arguments before any work is done, and explains in a sentence what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import inf
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.segmentation.data.dataset import VOID, Dataset, Pair
from unet_teach.shared.not_set_up import not_set_up
from unet_teach.shared.plain_lists import untrained_parts
from unet_teach.shared.sizes_as_text import sizes_as_text


def require_integer(minimum: int, **values: object) -> None:
    """Raise unless each value, given by its name, is a whole number of at least `minimum`."""
    expected = f"a whole number, {minimum} or more"
    _require_number(values, Integral, lambda value: value >= minimum, expected)


def require_positive(**values: object) -> None:
    """Raise unless each value, given by its name, is a finite number above 0."""
    _require_number(values, Real, lambda value: 0 < value < inf, "a number above 0")


def require_non_negative(**values: object) -> None:
    """Raise unless each value, given by its name, is a finite number of at least 0."""
    _require_number(values, Real, lambda value: 0 <= value < inf, "a number, 0 or more")


def _require_number(
    values: Mapping[str, Any], kind: type, is_valid: Callable[[Any], bool], expected: str
) -> None:
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, kind):
            raise TypeError(f"{name}={value!r} is of type {type(value).__name__}; give {expected}.")
        if not is_valid(value):
            raise ValueError(f"{name}={value!r} does not work; give {expected}.")


def require_type(name: str, value: object, kinds: type | tuple[type, ...], expected: str) -> None:
    """Raise a `TypeError` that says what is expected, unless the value is of one of the types."""
    if not isinstance(value, kinds):
        raise TypeError(f"{name} is of type {type(value).__name__}; give {expected}.")


def as_path(name: str, value: object) -> Path:
    """Return a path, with `~` expanded.

    Raises:
        TypeError: if the value is neither a string nor a path.
        ValueError: if it is empty.
    """
    require_type(name, value, (str, Path), "a path, as text")
    if not str(value):
        raise ValueError(f"{name} is empty; give a path, as text.")
    return Path(str(value)).expanduser()


def as_file(name: str, value: object, example: str) -> Path:
    """Return the path of a file, which need not exist yet.

    Raises:
        TypeError: if it is neither a string nor a path.
        ValueError: if it is empty, or a folder.
    """
    path = as_path(name, value)
    if path.is_dir():
        raise ValueError(f"{path} is a folder. Give a file in it: {str(path / example)!r}.")
    return path


def require_network(model: object) -> None:
    """Raise a `TypeError` unless the model is a module, and not the class of one."""
    if isinstance(model, type):
        raise TypeError(f"model is the class {model.__name__}; build it: {model.__name__}(…).")
    require_type("model", model, nn.Module, "a network that is built, such as UNet(1, 1, depth=3)")
    assert isinstance(model, nn.Module)  # for mypy
    if problem := not_set_up(model):
        raise TypeError(problem)


def as_pairs(pairs: object, call: str) -> list[Pair]:
    """Return images with their masks as a list.

    Args:
        pairs: what should be an iterable of pairs.
        call: a correct call, such as "evaluate(model, data.validation)", for the error messages.

    Raises:
        TypeError: for a whole `Dataset`, a single pair, or elements that are not pairs.
        ValueError: if there is no pair.
    """
    if isinstance(pairs, Dataset):
        raise TypeError(f"Give one split of the dataset: {call}.")
    if isinstance(pairs, Pair) or not isinstance(pairs, Iterable):
        raise TypeError(
            f"The images are of type {type(pairs).__name__}; give a list of pairs: {call}."
        )
    listed: list[Pair] = list(pairs)
    for pair in listed:
        require_type("One of the images", pair, Pair, "Pair(image, mask, name)")
    if not listed:
        raise ValueError(f"The list of images is empty; give some: {call}.")
    return listed


def hint_on_lists(model: nn.Module) -> str:
    """Return a sentence if a network has layers in plain lists, or ""."""
    lists = ", ".join(dict.fromkeys(path.partition("[")[0] for path in untrained_parts(model)))
    return lists and (
        f"The layers in {lists} are never trained, because a network does not register the layers "
        "of a plain list or dict. Put them in nn.ModuleList(…) or nn.ModuleDict(…)."
    )


def require_trainable(model: object, data: object, crop: int) -> None:
    """Raise unless the network can be trained with these data and crops of this side in pixels.

    Raises:
        TypeError: if the model is not a network, or the data are not a `Dataset`.
        ValueError: if nothing can be trained, with the name of the first image that does not fit.
    """
    require_network(model)
    require_type("data", data, Dataset, "a dataset, such as earth()")
    assert isinstance(model, nn.Module) and isinstance(data, Dataset)  # noqa: PT018 - for mypy
    if not any(weight.requires_grad for weight in model.parameters()):
        problem = "The network has no weights that can be trained: it has none, or all are frozen."
        raise ValueError(f"{problem} {hint_on_lists(model)}".rstrip())
    if not data.train or not data.validation:
        raise ValueError(
            f"{data.name} has no images for training or for validation. See data.notes."
        )
    if len(data.classes) == 1:
        raise ValueError(
            f"{data.name} has one class only, {data.classes[0]!r}. Name the background, too; or "
            "use masks of 0 and 1 without classes."
        )
    smallest_side = getattr(model, "smallest_side", 1)
    if crop < smallest_side:
        raise ValueError(
            f"crop={crop}, but the network needs at least {smallest_side} pixels in height and "
            "width; use a larger crop, or a smaller depth."
        )
    for name in ("train", "validation"):
        for pair in getattr(data, name):
            if problem := _pair_problem(pair, data, smallest_side):
                raise ValueError(f"The {name} image {pair.name!r} {problem}.")


def _pair_problem(pair: Pair, data: Dataset, smallest_side: int) -> str:
    """Return why an image and its mask cannot be trained with, or "" if they can."""
    image, mask, channels = pair.image, pair.mask, data.channels
    if image.ndim != 3 or mask.shape != (1, *image.shape[1:]):
        return (
            f"is {tuple(image.shape)} and its mask {tuple(mask.shape)}, but they must be (C, H, W) "
            "and (1, H, W), with the same H and W"
        )
    if image.shape[0] != channels:
        return (
            f"has {image.shape[0]} channels, but the first one has {channels}; make them the same"
        )
    if min(mask.shape[1:]) < smallest_side:
        return (
            f"is {sizes_as_text(mask.shape[1:])}, but the network needs at least {smallest_side} "
            "pixels in height and width; leave it out, or use a smaller depth"
        )
    of_masks = torch.uint8 if data.classes else torch.float32
    if not image.is_floating_point() or mask.is_floating_point() == bool(data.classes):
        return (
            f"and its mask are {image.dtype} and {mask.dtype}; convert the image to float32, from "
            f"0 to 1, and the mask to {of_masks}"
        )
    if not image.isfinite().all():
        return "has values that are NaN or infinite; leave it out, or repair it"
    if data.classes:
        return _label_problem(mask, data.classes)
    if not ((mask == 0) | (mask == 1)).all():
        return (
            f"has a mask with values from {mask.min().item():.3g} to {mask.max().item():.3g}, but "
            "a mask holds only 0 and 1; turn it into one by a comparison, such as mask > 0"
        )
    return ""


def _label_problem(mask: Tensor, classes: tuple[str, ...]) -> str:
    """Return which labels of a mask are no class, or ""."""
    used = torch.bincount(mask.flatten(), minlength=VOID + 1).nonzero().flatten().tolist()
    unknown = sorted({*used} - {*range(len(classes)), VOID})
    if not unknown:
        return ""
    return (
        f"has a mask with the label {unknown[0]}, but with {len(classes)} classes labels go from 0 "
        f"to {len(classes) - 1}; {VOID} is for pixels that do not count"
    )
