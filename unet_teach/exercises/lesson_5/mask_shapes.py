"""The sentence about a mask of the wrong shape."""

from __future__ import annotations

from torch import Tensor


def shape_said(value: object, wanted: Tensor) -> str:
    if isinstance(value, Tensor):
        return f"the mask's shape is {tuple(value.shape)}, wanted {tuple(wanted.shape)}"
    return f"one number comes out, wanted a mask of {tuple(wanted.shape)}"
