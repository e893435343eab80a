"""Read maps from tensors, arrays and lists, and refuse what FeatureMaps cannot show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = NDArray[np.float32]

MOST_MAPS = 8
LARGEST_SIDE = 128
MOST_CHANNELS = 512
MOST_NUMBERS = 2**18  # together; each travels to the browser as 4 bytes
LONGEST_NAME = 40


def read_maps(maps: Any) -> dict[str, Values]:
    """Return copies of all maps as read-only float32 arrays of shape (C, H, W), by name.

    Args:
        maps: A dict of names and maps. A map is a tensor, an array or nested lists of numbers, of
            shape (H, W), (C, H, W) or (1, C, H, W). Tensors may need gradients or live on a GPU.

    Raises:
        TypeError: If something is not a dict, a name or numbers.
        ValueError: If there are too few or too many maps, names, cells, channels or numbers.
    """
    if not isinstance(maps, Mapping):
        raise TypeError(
            f"maps is a {type(maps).__name__}. Use a dict, such as "
            "{'picture': picture, 'max-pool': pooled}."
        )
    if not 1 <= len(maps) <= MOST_MAPS:
        raise ValueError(f"maps has {len(maps)} maps. Give 1 to {MOST_MAPS} of them.")
    read = {_name(name): _values(name, given) for name, given in maps.items()}
    if len(read) < len(maps):
        raise ValueError("maps has the same name twice, apart from spaces. Give each map its own.")
    numbers = sum(values.size for values in read.values())
    if numbers > MOST_NUMBERS:
        raise ValueError(
            f"maps hold {numbers:,} numbers together, the most is {MOST_NUMBERS:,}. "
            "Choose fewer channels, crop or pool."
        )
    return read


def _name(given: Any) -> str:
    if not isinstance(given, str):
        raise TypeError(f"maps has the name {given!r}. A name is a text.")
    name = " ".join(given.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise ValueError(f"maps has the name {given!r}. Use 1 to {LONGEST_NAME} letters.")
    return name


def _values(name: str, given: Any) -> Values:
    values = _array(name, given)
    shape = values.shape
    if values.ndim == 4 and shape[0] == 1:
        values = values[0]
    elif values.ndim == 2:
        values = values[np.newaxis]
    if values.ndim != 3:
        raise ValueError(
            f"maps[{name!r}] has shape {shape}. Use (H, W), (C, H, W) or (1, C, H, W): "
            "one picture at a time."
        )
    channels, height, width = values.shape
    if not (1 <= height <= LARGEST_SIDE and 1 <= width <= LARGEST_SIDE):
        raise ValueError(
            f"maps[{name!r}] is {height}×{width}. A side has 1 to {LARGEST_SIDE} cells: "
            "crop it or pool it first."
        )
    if not 1 <= channels <= MOST_CHANNELS:
        raise ValueError(
            f"maps[{name!r}] has {channels} channels. Give 1 to {MOST_CHANNELS} of them."
        )
    with np.errstate(over="ignore"):
        small: Values = values.astype("<f4")  # a copy, so that later changes are not shown
    if not np.array_equal(np.isinf(small), np.isinf(values)):
        raise ValueError(
            f"maps[{name!r}] holds numbers beyond 3.4e38, the largest float32. Divide it first."
        )
    small.flags.writeable = False
    return small


def _array(name: str, given: Any) -> NDArray[Any]:
    """Return an array of real numbers. Tensors are recognised without importing torch."""
    if hasattr(given, "detach"):
        given = given.detach().cpu()
        if not given.is_complex():
            given = given.double()  # bfloat16 has no counterpart in numpy
    try:
        values = np.asarray(given)
    except (TypeError, ValueError):  # rows of different lengths
        values = np.asarray(None)
    if values.dtype.kind not in "buif":
        raise TypeError(
            f"maps[{name!r}] cannot be read as real numbers. Use a tensor, an array or nested "
            "lists whose rows are alike long."
        )
    return values
