"""What torch and Python say about making and calling layers, each message provoked for real."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import UNet

MAPS, ODD = torch.zeros(1, 6, 4, 4), torch.zeros(1, 6, 5, 4)


def takes(x: torch.Tensor) -> torch.Tensor:
    return x


def weight_plus_one() -> None:
    weight = torch.zeros(1, requires_grad=True)
    weight += 1


PROVOKED: dict[str, tuple[Callable[..., Any], str]] = {
    "one value a channel": (lambda: nn.BatchNorm2d(6)(MAPS[..., :1, :1]), "1×6×1×1 has a single"),
    "group norm": (lambda: nn.GroupNorm(4, 6), "channels cannot be divided into"),
    "heads": (lambda: nn.MultiheadAttention(10, 3), "num_heads must divide embed_dim"),
    "pooling": (lambda: nn.MaxPool2d(2, padding=2)(MAPS), "kernel 2 allows a padding"),
    "unshuffle": (lambda: nn.PixelUnshuffle(2)(ODD), "the height of 5 is no multiple of 2"),
    "no kernel": (lambda: nn.Conv2d(6, 1, 0)(MAPS), "at least one row"),
    "no stride": (lambda: nn.Conv2d(6, 1, 3, 0)(MAPS), "1 or more"),
    "same": (lambda: nn.Conv2d(6, 1, 3, 2, padding="same"), "as large as the input"),
    "joined dimensions": (lambda: torch.cat([MAPS, MAPS[0]], 1), "these have 4 and 3"),
    "indices": (lambda: MAPS[0, 0, 0, 0, 0], "it has 4"),
    "a half channel": (lambda: nn.Conv2d(3, 16 / 2, 3), "returns a float even"),
    "text": (lambda: nn.Conv2d("3", 16, 3), "given as text"),
    "an option of UNet": (lambda: UNet(1, 1, skips=False), "UNet has no option `skips`"),
    "an attribute of a number": (lambda: (3.5).shape, "type float has nothing called `shape`"),
    "an argument of a layer": (lambda: nn.Conv2d(3, 16, 3, pad=1), "Conv2d has no argument `pad`"),
    "an argument": (lambda: takes(MAPS, skip=MAPS), "no argument `skip`"),
    "a layer's settings": (lambda: nn.ReLU(MAPS, MAPS), "ReLU is made with too many"),
    "too many": (lambda: takes(MAPS, MAPS), "`takes` takes 1 arguments and was given 2"),
    "mode": (lambda: F.interpolate(MAPS, scale_factor=2, mode="cubic"), "no mode 'cubic'"),
    "a list of tensors": (lambda: torch.tensor([MAPS, MAPS]), "given a list of tensors"),
    "an array of objects": (
        lambda: torch.from_numpy(np.zeros(2, dtype=object)),
        "no numbers of the type `object_`",
    ),
    "unpooling": (
        lambda: nn.MaxUnpool2d(2)(MAPS, torch.full(MAPS.shape, 99)),
        "an index outside of its output",
    ),
    "a weight": (weight_plus_one, "weight was changed in place"),
    "a call": (lambda: MAPS.shape(1), "this is a torch.Size"),
    "a call of a tensor": (lambda: F.relu(MAPS)(MAPS), "this is a Tensor"),
    "none": (lambda: None.shape, "is None"),
    "two": (lambda: (MAPS, MAPS).shape, "is a tuple of tensors"),
    "misspelt": (lambda: nn.Conv2d(1, 1, 1).wieght, "Conv2d has nothing called `wieght`"),
    "a file": (lambda: torch.load("no/such.pt"), "no file or folder no/such.pt"),
}  # fmt: skip
OTHERS: dict[str, tuple[Callable[..., Any], str]] = {  # rows of the table's first part
    "a tuple": (lambda: nn.Conv2d(6, 1, 1)((MAPS, MAPS)), "given a tuple in place of a tensor"),
    "nothing": (lambda: nn.Conv2d(6, 1, 1)(None), "given a NoneType in place"),
    "an array": (lambda: nn.Conv2d(6, 1, 1)(np.zeros((1, 6, 4, 4))), "given a numpy.ndarray"),
    "features": (lambda: nn.Linear(96, 2)(MAPS), "for 96 features was given 4"),
    "a view": (lambda: MAPS.view(5, 2), "96 values cannot take the shape 5×2"),
}
