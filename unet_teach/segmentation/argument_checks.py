"""Says what does not fit before anything is done with it: numbers, data, pictures, masks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import inf
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from torch import nn

from unet_teach.segmentation.data.dataset import Dataset, Pair


def whole(least: int, **values: object) -> None:
    """Refuse, by name, what is no whole number of at least `least`."""
    _each(values, Integral, lambda value: value >= least, f"a whole number, {least} or more")


def positive(**values: object) -> None:
    """Refuse, by name, what is no finite number above 0."""
    _each(values, Real, lambda value: 0 < value < inf, "a number above 0")


def not_negative(**values: object) -> None:
    """Refuse, by name, what is no finite number of at least 0."""
    _each(values, Real, lambda value: 0 <= value < inf, "a number, 0 or more")


def _each(values: Mapping[str, Any], kind: type, fits: Callable[[Any], bool], wanted: str) -> None:
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, kind):
            raise TypeError(f"{name}={value!r} is of type {type(value).__name__}; give {wanted}.")
        if not fits(value):
            raise ValueError(f"{name}={value!r} does not work; give {wanted}.")


def kind(name: str, value: object, kinds: type | tuple[type, ...], wanted: str) -> None:
    """Refuse a value of another type, and say what is wanted."""
    if not isinstance(value, kinds):
        raise TypeError(f"{name} is of type {type(value).__name__}; give {wanted}.")


def path(name: str, value: object) -> Path:
    """Return a path; refuse what is none, or empty."""
    kind(name, value, (str, Path), "a path, as text")
    if not str(value):
        raise ValueError(f"{name} is empty; give a path, as text.")
    return Path(str(value)).expanduser()


def network(model: object) -> None:
    """Refuse what is no network, such as the class of one."""
    if isinstance(model, type):
        raise TypeError(f"model is the class {model.__name__}; build it: {model.__name__}(…).")
    kind("model", model, nn.Module, "a network that is built, such as UNet(1, 1, depth=3)")


def pairs(given: object, call: str) -> list[Pair]:
    """Return pictures with their masks as a list; refuse a whole dataset, one pair, and nothing.

    Args:
        given: what should be a list of pairs.
        call: how it is done, such as "evaluate(model, data.validation)".
    """
    if isinstance(given, Dataset):
        raise TypeError(f"Say which part of the dataset: {call}.")
    if isinstance(given, Pair) or not isinstance(given, Iterable):
        raise TypeError(
            f"The pictures are of type {type(given).__name__}; give a list of pairs: {call}."
        )
    found: list[Pair] = list(given)
    for one in found:
        kind("One of the pictures", one, Pair, "Pair(image, mask, name)")
    if not found:
        raise ValueError(f"The list of pictures is empty; give some: {call}.")
    return found


def trainable(model: object, data: object, crop: int) -> None:
    """Refuse a network, data or a crop that cannot be trained with; name the picture."""
    network(model)
    kind("data", data, Dataset, "a dataset, such as earth()")
    assert isinstance(model, nn.Module) and isinstance(data, Dataset)  # noqa: PT018 - for mypy
    if not any(weight.requires_grad for weight in model.parameters()):
        raise ValueError("The network has no weights that may change: none at all, or all frozen.")
    if not data.train or not data.validation:
        raise ValueError(f"{data.name} has no pictures to train with. Look at data.notes.")
    side = getattr(model, "smallest_side", 1)
    if crop < side:
        raise ValueError(
            f"crop={crop}, and the network needs {side} pixels a side; use a larger crop, or a "
            "smaller depth."
        )
    for part in ("train", "validation"):
        for one in getattr(data, part):
            fault = _fault(one, data.channels, side)
            if fault:
                raise ValueError(f"The {part} picture {one.name!r} {fault}.")


def _fault(pair: Pair, channels: int, smallest_side: int) -> str:
    image, mask = pair.image, pair.mask
    if image.ndim != 3 or mask.shape != (1, *image.shape[1:]):
        return (
            f"is {tuple(image.shape)} and its mask {tuple(mask.shape)}; they must be (C, H, W) and "
            "(1, H, W), with the same H and W"
        )
    if image.shape[0] != channels:
        return f"has {image.shape[0]} channels, and the first one {channels}; make them alike"
    if min(mask.shape[1:]) < smallest_side:
        size = "×".join(map(str, mask.shape[1:]))
        return (
            f"is {size}, and the network needs {smallest_side} pixels a side; leave it out, or use "
            "a smaller depth"
        )
    if not (image.is_floating_point() and mask.is_floating_point()):
        return f"and its mask are {image.dtype} and {mask.dtype}; make both float32, from 0 to 1"
    if not image.isfinite().all():
        return "holds values that are no finite numbers; leave it out, or repair it"
    if not ((mask == 0) | (mask == 1)).all():
        return (
            f"has a mask of {mask.min().item():.3g} to {mask.max().item():.3g}, and a mask is 0 or "
            "1; compare it with what is foreground, such as mask > 0"
        )
    return ""
