"""Read maps from tensors, arrays and lists, and refuse what FeatureMaps cannot show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from unet_teach.widgets.layers import LAYERS

Values: TypeAlias = NDArray[np.float32]
# Maps by name, or, where their author grouped them, by row and then by name.
Maps: TypeAlias = dict[str, Values] | dict[str, dict[str, Values]]

MOST_MAPS: int = LAYERS["FeatureMaps"]["rows"][1]  # each in a row of its own
LARGEST_SIDE = 128
MOST_CHANNELS = 512
MOST_NUMBERS = 2**18  # together; each travels to the browser as 4 bytes
LONGEST_NAME = 40


def read_maps(maps: Any) -> Maps:
    """Return copies of all maps as read-only float32 arrays of shape (C, H, W), by name.

    Args:
        maps: A dict of names and maps, or a dict of rows, each such a dict. A map is a tensor, an
            array or nested lists of numbers, of shape (H, W), (C, H, W) or (1, C, H, W). Tensors
            may need gradients or live on a GPU.

    Raises:
        TypeError: If something is not a dict, a name or numbers.
        ValueError: If there are too few or too many maps, names, cells, channels or numbers.
    """
    if not isinstance(maps, Mapping):
        raise TypeError(
            f"maps is a {type(maps).__name__}. Use a dict, such as "
            "{'image': image, 'max-pool': pooled}."
        )
    is_row = [isinstance(each, Mapping) for each in maps.values()]
    if any(is_row) and not all(is_row):
        raise TypeError(
            "maps mixes rows and maps. Give a dict of maps, or put every map into a row: "
            "{'stride 1': {'layer 1': first}, 'stride 2': {'layer 1': second}}."
        )
    count = sum(map(len, maps.values())) if any(is_row) else len(maps)
    if not 1 <= count <= MOST_MAPS:
        raise ValueError(f"maps has {count} maps. Give 1 to {MOST_MAPS} of them.")
    if any(is_row):
        rows = {_name(label): _read_row(row) for label, row in maps.items()}
        _check_names(rows, maps)
        if not all(rows.values()):
            raise ValueError("maps has a row without maps. Give each row one map or more.")
        read: Maps = rows
    else:
        read = _read_row(maps)
    numbers = sum(values.size for _, _, values in each_map(read))
    if numbers > MOST_NUMBERS:
        raise ValueError(
            f"maps hold {numbers:,} numbers together, the most is {MOST_NUMBERS:,}. "
            "Choose fewer channels, crop or pool."
        )
    return read


def each_map(maps: Maps) -> Iterator[tuple[str, str, Values]]:
    """Yield the row's label ("" where there are no rows), the name and the values of each map."""
    for label, given in maps.items():
        if isinstance(given, dict):
            for name, values in given.items():
                yield label, name, values
        else:
            yield "", label, given


def _read_row(row: Mapping[Any, Any]) -> dict[str, Values]:
    read = {_name(name): _values(name, given) for name, given in row.items()}
    _check_names(read, row)
    return read


def _check_names(read: Mapping[str, Any], given: Mapping[Any, Any]) -> None:
    if len(read) < len(given):
        raise ValueError("maps has the same name twice, apart from spaces. Give each map its own.")


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
            "one image at a time."
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
            "lists whose rows have the same length."
        )
    return values
