"""What torch says is explained from its text alone, and the explanation has its numbers."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from string import Formatter
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.shared.torch_messages import MESSAGES, Message, explain_message

PICTURE = torch.zeros(2, 8, 6, 10)
SAID: dict[str, tuple[Callable[[], Any], str, str]] = {
    "convolution": (
        lambda: nn.Conv2d(3, 4, 3)(PICTURE),
        "A convolution for 3 input channels was given 8: its weight is 4×3×3×3, its input "
        "2×8×6×10.",
        "",
    ),
    "transposed convolution": (
        lambda: nn.ConvTranspose2d(3, 4, 2)(PICTURE),
        "A transposed convolution for 3 input channels was given 8: its weight is 3×4×2×2, its "
        "input 2×8×6×10.",
        "",
    ),
    "cat": (
        lambda: torch.cat([PICTURE, PICTURE[:, :, :5]], 1),
        "Tensors that are joined along dimension 1 have to agree in every other axis: one of them "
        "is 6 in the first and 5 in another.",
        "",
    ),
    "add": (
        lambda: PICTURE + PICTURE[..., :5],
        "The two tensors do not match: dimension 3 is 10 in one and 5 in the other.",
        "",
    ),
    "batch norm": (
        lambda: nn.BatchNorm2d(5)(PICTURE),
        "A batch norm for 5 channels was given 8.",
        "Make it for 8.",
    ),
    "group norm": (
        lambda: F.group_norm(PICTURE, 3),
        "8 channels cannot be divided into 3 groups of one size.",
        "Take a number of groups that divides 8; nn.GroupNorm(1, 8) always works.",
    ),
    "instance norm": (
        lambda: nn.InstanceNorm2d(5, affine=True)(PICTURE),
        "An instance norm for 5 channels was given 8.",
        "Make it for 8.",
    ),
    "kernel": (
        lambda: nn.Conv2d(8, 4, 7)(PICTURE),
        "A kernel of 7×7 does not fit into 6×10, the input with its padding.",
        "padding=kernel_size // 2 keeps the size; or take a smaller kernel or a larger image.",
    ),
    "embedding dimension": (
        lambda: nn.MultiheadAttention(4, 1)(*[PICTURE[0]] * 3),
        "It expects 4, got 10 features in the last dimension.",
        "Bring the 4 features last, or set embed_dim=10.",
    ),
    "lstm": (
        lambda: nn.LSTM(4, 2)(PICTURE[0]),
        "It expects 4, got 10 features in the last dimension.",
        "Bring the 4 features last, or set input_size=10.",
    ),
    "changed in place": (
        lambda: (x := torch.ones(2, requires_grad=True).exp()).add_(1).sum().backward() or x,
        "A map that training needs was changed in place after Exp had made it.",
        "`+=` and functions that end in `_`, such as `x.add_(y)`, change a map that the gradient "
        "still needs: write x = x + y.",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_a_message_is_explained(name: str) -> None:
    call, sentence, remedy = SAID[name]
    with pytest.raises((RuntimeError, AssertionError, TypeError, ValueError)) as caught:
        call()
    known = explain_message(str(caught.value))
    assert known
    assert (known.sentence, known.remedy) == (sentence, remedy)


@pytest.mark.parametrize("row", MESSAGES, ids=lambda row: row.pattern[:40])
def test_a_row_needs_only_what_its_pattern_finds(row: Message) -> None:
    named = {name.rstrip("2") for name in re.compile(row.pattern).groupindex}
    used = {
        name
        for text in (row.sentence, row.remedy)
        for _, name, _, _ in Formatter().parse(text)
        if name
    }
    assert used <= named
    assert row.sentence.endswith((".", ":"))


def test_a_dimension_is_called_as_the_reader_knows_it() -> None:
    message = (
        "The size of tensor a (6) must match the size of tensor b (5) at non-singleton dimension 2"
    )
    known = explain_message(message, lambda number: ("batch", "channels", "height")[number])
    assert known
    assert known.sentence == "The two tensors do not match: height is 6 in one and 5 in the other."
    assert known.groups == {"first": "6", "second": "5", "axis": "2"}


def test_an_unknown_message_has_no_explanation() -> None:
    assert explain_message("anything") is None


def test_the_table_needs_no_torch() -> None:
    code = "import unet_teach.shared.torch_messages, sys; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
