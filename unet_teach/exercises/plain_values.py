"""Numbers and sequences as students give them, turned into Python's own."""

from collections.abc import Iterator
from itertools import islice
from numbers import Rational
from typing import Any

import numpy as np
from torch import Tensor

MOST_PARTS = 10_000  # of a generator, which may have no end


def plain(value: Any) -> Any:
    """Turn what stands for one number into that number, and a generator into a list.

    A number may be a NumPy scalar, a tensor or array without dimensions, or a whole fraction.
    Anything else stays as it is.
    """
    if isinstance(value, Tensor):
        value = value.detach()
        return value.item() if value.dim() == 0 else value
    if isinstance(value, np.generic | np.ndarray) and value.ndim == 0:
        return value.item()
    if isinstance(value, Rational) and not isinstance(value, int) and value.denominator == 1:
        return int(value.numerator)
    return read_once(value)


def read_once(value: Any) -> Any:
    """Turn a generator into a list, since it can be read only once; leave anything else."""
    return list(islice(value, MOST_PARTS)) if isinstance(value, Iterator) else value


def is_number(value: Any) -> bool:
    """Whether it is one of Python's numbers; True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_list(value: Any) -> list[Any] | None:
    """Return the parts of a list, tuple, set, range, generator, flat tensor or array; else None."""
    value = plain(value)
    if isinstance(value, Tensor | np.ndarray) and value.ndim == 1:
        return list(value.tolist())
    if isinstance(value, list | tuple | set | frozenset | range):
        return [plain(part) for part in value]
    return None


def plain_answer(answer: Any) -> Any:
    """Turn an answer of numbers into Python numbers, and a generator or flat array into a list."""
    answer = plain(answer)
    if isinstance(answer, tuple):
        return answer if hasattr(answer, "_fields") else tuple(map(plain, answer))
    if isinstance(answer, list | Tensor | np.ndarray):
        parts = as_list(answer)
        return answer if parts is None else parts
    return answer
