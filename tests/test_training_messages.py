"""Messages of torch about losses, weights, types and memory, each provoked for real."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import explain

FLAT, LABELS = torch.zeros(2, 3), torch.zeros(2, 4, 5, dtype=torch.long)
LOGITS = torch.zeros(2, 3, 4, 5)


def small(channels: int = 4) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, channels, 3), nn.Conv2d(channels, 1, 1))


def deep() -> nn.Sequential:
    return nn.Sequential(*small(), nn.Conv2d(1, 1, 1))


def twice() -> None:
    loss = torch.ones(2, requires_grad=True).exp().sum()
    loss.backward()
    loss.backward()


def saved_in_parallel() -> Any:
    state = {f"module.{name}": value for name, value in small().state_dict().items()}
    return small().load_state_dict(state)


PROVOKED: dict[str, tuple[Callable[[], Any], str]] = {
    "bce shapes": (
        lambda: F.binary_cross_entropy_with_logits(torch.zeros(2, 1, 4, 5), torch.zeros(2, 4, 5)),
        "the output is 2×1×4×5, the target 2×4×5",
    ),
    "bce shapes, of probabilities": (
        lambda: F.binary_cross_entropy(torch.zeros(2, 1, 4, 5), torch.zeros(2, 4, 5)),
        "the output is 2×1×4×5, the target 2×4×5",
    ),
    "bce of logits": (
        lambda: F.binary_cross_entropy(torch.full((2,), 3.0), torch.zeros(2)),
        "takes probabilities",
    ),
    "bce, whole numbers": (
        lambda: F.binary_cross_entropy_with_logits(FLAT, FLAT.long()),
        "floating-point numbers",
    ),
    "bce, whole numbers and probabilities": (
        lambda: F.binary_cross_entropy(FLAT, FLAT.long()),
        "floating-point numbers",
    ),
    "a channel axis": (
        lambda: F.cross_entropy(LOGITS, LABELS[:, None]),
        "without a channel axis. This one has 4 axes",
    ),
    "other pixels": (
        lambda: F.cross_entropy(LOGITS, torch.zeros(2, 4, 6, dtype=torch.long)),
        "the output is 2×3×4×5, the target 2×4×6",
    ),
    "another batch": (
        lambda: F.cross_entropy(FLAT, torch.zeros(3, dtype=torch.long)),
        "2 long and the target's 3",
    ),
    "class 255": (lambda: F.cross_entropy(LOGITS, LABELS + 255), "holds class 255"),
    "float classes": (lambda: F.cross_entropy(LOGITS, LABELS.float()), "these are Float"),
    "double features": (lambda: nn.Linear(3, 1)(FLAT.double()), "Double and Float"),
    "double matrix": (lambda: FLAT @ torch.zeros(3, 2).double(), "float and double"),
    "one_hot of floats": (lambda: F.one_hot(FLAT), "one_hot takes class numbers"),
    "one_hot, too large": (lambda: F.one_hot(torch.tensor([5]), 3), "A label is too large"),
    "index": (
        lambda: torch.zeros(3)[torch.tensor([5])],
        "Index 5 is asked for along dimension 0, which has 3",
    ),
    "saved in parallel": (saved_in_parallel, "nn.DataParallel"),
    "saved wider": (
        lambda: small().load_state_dict(small(8).state_dict()),
        "0.weight was saved as 8×3×3×3, and is 4×3×3×3 here",
    ),
    "missing weights": (
        lambda: deep().load_state_dict(small().state_dict()),
        "no weights for 2.weight",
    ),
    "unexpected weights": (
        lambda: small().load_state_dict(deep().state_dict()),
        "has weights for 2.weight",
    ),
    "a network as its weights": (lambda: small().load_state_dict(small()), "a dict of tensors"),
    "output_padding": (
        lambda: nn.ConvTranspose2d(1, 1, 3, 2, output_padding=2)(torch.zeros(1, 1, 4, 4)),
        "output_padding=2 has to be smaller than stride=2",
    ),
    "output_size": (
        lambda: nn.ConvTranspose2d(1, 1, 3, 2, 1)(torch.zeros(1, 1, 4, 4), output_size=(20, 20)),
        "can't make 20×20 of its input: it can make 7×7 to 8×8",
    ),
    "pooled away": (lambda: F.max_pool2d(torch.zeros(1, 1, 1, 1), 2), "map of 1x1 is too small"),
    "one image": (
        lambda: nn.Upsample(scale_factor=2, mode="bilinear")(torch.zeros(1, 3, 8)),
        "four axes",
    ),
    "reflected": (lambda: F.pad(FLAT, (1, 1, 1, 1), mode="reflect"), "needs a channel axis"),
    "backward twice": (twice, "called twice"),
    "backward of many": (
        lambda: torch.ones(2, requires_grad=True).exp().backward(),
        "a single number",
    ),
    "backward of a constant": (lambda: torch.ones(2).sum().backward(), "Nothing connects"),
    "nothing to train": (lambda: torch.optim.SGD([], lr=0.1), "no weights"),
    "memory": (lambda: torch.empty(10**15), "The memory is full"),
    "no forward": (lambda: nn.Module()(FLAT), "no `forward`"),
    "a tuple": (lambda: F.relu((FLAT, FLAT)), "was given a tuple"),
    "not one number": (lambda: FLAT.item(), "A tensor of 6 values"),
    "flipped": (lambda: torch.from_numpy(np.zeros((2, 3))[::-1]), "flipped"),
    "groups": (lambda: nn.Conv2d(8, 3, 1, groups=2), "must divide out_channels"),
    "layer norm": (lambda: nn.LayerNorm(3)(torch.zeros(2, 4)), "over 3 was given 2×4"),
    "pixel shuffle": (lambda: F.pixel_shuffle(torch.zeros(1, 3, 4, 4), 2), "3 is no multiple of 4"),
}
# What a machine without a GPU can't provoke, as torch words it.
TEXTS = {
    "RuntimeError: CUDA error: device-side assert triggered": "out of range",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total "
    "capacity of 7.79 GiB of which 1.20 GiB is free.": "The memory is full",
    "RuntimeError: Input type (torch.cuda.FloatTensor) and weight type (torch.FloatTensor) should "
    "be the same": "given a torch.cuda.FloatTensor, and its weights are a torch.FloatTensor",
    "RuntimeError: Expected all tensors to be on the same device, but found at least two devices, "
    "cuda:0 and cpu!": "Tensors on different devices meet",
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_message_of_a_gpu_is_explained(text: str) -> None:
    assert TEXTS[text] in explain(text).sentence
