"""What torch and Python say about a value of the wrong kind, each message provoked for real."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import explain

MAPS, MASK = torch.zeros(1, 6, 4, 4), torch.zeros(2, 3, dtype=torch.bool)
CONV, NOTHING = nn.Conv2d(6, 6, 3), torch.zeros(2, 0)
PROVOKED: dict[str, tuple[Callable[[], Any], str]] = {
    "a number for a map": (lambda: CONV(6), "something of type int where its feature map belongs"),
    "stride of a half": (
        lambda: nn.Conv2d(6, 6, 3, stride=0.5)(MAPS),  # type: ignore[arg-type]
        "The stride, padding and dilation of a convolution are whole numbers",
    ),
    "padding of a half": (
        lambda: F.conv2d(MAPS, CONV.weight, padding=0.5),  # type: ignore[call-overload]
        "The stride, padding and dilation of a convolution are whole numbers",
    ),
    "a layer for a map": (
        lambda: nn.ConvTranspose2d(6, 6, 2)(CONV),
        "was given a layer itself, a Conv2d.",
    ),
    "a number for a tensor": (lambda: F.relu(3), "was given something of type int"),  # type: ignore[arg-type]
    "a kernel as text": (
        lambda: nn.Conv2d(6, 6, "3"),  # type: ignore[arg-type]
        "A size or a number of channels was given as text.",
    ),
    "one number to pad": (lambda: F.pad(MAPS, 1), "F.pad takes several numbers in brackets"),  # type: ignore[arg-type]
    "an axis as text": (
        lambda: torch.cat([MAPS, MAPS], dim="1"),  # type: ignore[arg-type]
        "`cat` takes a whole number for `dim`, and was given something of type str.",
    ),
    "a list that append returned": (
        lambda: torch.cat([].append(MAPS), dim=1),  # type: ignore[func-returns-value,arg-type]
        "`torch.cat` takes a list of tensors, and was given None.",
    ),
    "sizes subtracted": (
        lambda: MAPS.shape - MAPS.shape,  # type: ignore[operator]
        "`-` can't compute with a torch.Size on the left and a torch.Size on the right.",
    ),
    "a dict in Sequential": (
        lambda: nn.Sequential({"act": nn.ReLU()}),  # type: ignore[call-overload]
        "nn.Sequential takes layers one after the other, and was given a dict.",
    ),
    "a number in Sequential": (
        lambda: nn.Sequential(nn.ReLU(), 3),  # type: ignore[call-overload]
        "nn.Sequential takes layers, and was given something of type int as well.",
    ),
    "negative padding": (
        lambda: nn.Conv2d(6, 6, 3, padding=-1)(MAPS),
        "The padding of a layer can't be negative.",
    ),
    "isin": (lambda: torch.isin(MASK, MASK[:1]), "torch.isin looks for numbers"),
    "clamp a mask": (lambda: MASK.clamp_(0, 1), "would put numbers of type Long into a tensor of"),
    "max along nothing": (lambda: NOTHING.max(1), "`max` is taken along dimension 1, and there is"),
    "max of nothing": (lambda: NOTHING.max(), "`max` is taken of a tensor without any values."),
    "minus a mask": (lambda: -MASK, "A mask of True and False has no negative."),
    "a tuple plus a number": (
        lambda: (1, 2) + 1,  # type: ignore[operator]
        "With +, a tuple can be joined only with another tuple, and this is of type int.",
    ),
    "a size plus a number": (
        lambda: MAPS.shape[2:] + 1,  # type: ignore[operator]
        "With +, a tuple can be joined only with another tuple, and this is of type int.",
    ),
    "a tensor plus None": (
        lambda: MAPS + None,  # type: ignore[operator]
        "`+` can't compute with a Tensor on the left and a NoneType on the right.",
    ),
    "size in square brackets": (
        lambda: MAPS.size[2],  # type: ignore[index]
        "Square brackets stand right after a function, which has no entries.",
    ),
    "the length of a number": (lambda: len(3), "A single number, here of type int, has no"),  # type: ignore[arg-type]
    "a fifth size": (lambda: MAPS.shape[4], "A tuple has fewer entries than this number asks for"),
}


def raised(call: Callable[[], Any]) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of many types; the text is read
        call()
    return caught.value


@pytest.mark.parametrize("name", PROVOKED)
def test_a_value_of_the_wrong_kind_is_explained(name: str) -> None:
    call, part = PROVOKED[name]
    said = explain(raised(call))
    assert part in said.sentence
    assert said.check
