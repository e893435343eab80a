"""Exercise `to_mask` of lesson 5: from logits to a mask."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.functions import Case, Probes, is_function
from unet_teach.exercises.exercise import Exercise
from unet_teach.exercises.lesson_5.masks import (
    first_wrong_pixel,
    input_changed,
    runs_on,
    tensor_of,
    values_check,
)


def _known_logits() -> Tensor:
    """Two images of both signs, (2, 1, 2, 3)."""
    values = [-3.0, -0.4, -0.1, 0.1, 0.3, 0.4, 0.7, 3.0, -200.0, -30.0, 2.0, 6.0]
    return torch.tensor(values).reshape(2, 1, 2, 3)


def _logits_with_0() -> Tensor:
    """One image, (1, 1, 2, 4): 0 and logits close to it; neither mean nor median is near them."""
    values = [0.0, -1.0, 5.0, 0.001, 0.6, 3.0, -0.001, 1.5]
    return torch.tensor(values).reshape(1, 1, 2, 4)


def _fine_logits() -> Tensor:
    """One image, (1, 1, 10, 22), of logits from −0.8 to 1.39, which tells thresholds apart."""
    return (torch.arange(-80, 140) / 100).reshape(1, 1, 10, 22)


def _cases() -> list[Case]:
    fresh = 4 * torch.randn(3, 1, 5, 7) + torch.randn(3, 1, 1, 1)
    all_ground, all_foreground = -torch.rand(1, 1, 3, 4) - 0.01, torch.rand(1, 1, 3, 4) + 0.01
    inputs = (_known_logits(), _logits_with_0(), all_ground, all_foreground, fresh)
    return [Case(f"On logits of shape {tuple(logits.shape)}", (logits,)) for logits in inputs]


def _mask(logits: Tensor) -> Tensor:
    return logits > 0


def _wrong_side(logit: Tensor, pixel: Tensor) -> str:
    return f"the pixel with logit {logit:.4g}, which is a probability of {logit.sigmoid():.3g}, is {bool(pixel)} in your mask"


ALONE = (-6.0, -1.0, -0.2, 0.2, 1.0, 6.0)  # logits that fill an image


def _depends(logit: float) -> str:
    return f"The same logit, {logit:.3g}, is True in one image and False in another: your mask depends on more than the pixel's own logit."


def _which_logits(answer: Callable[[Tensor], Any]) -> str:
    """Say for which logits a mask is True, as measured on logits from −10 to 10."""
    logits = torch.arange(-1000, 1001) / 100
    shuffled = logits[300:1401][torch.randperm(1101, generator=torch.Generator().manual_seed(0))]
    try:
        mask, again = (answer(x.reshape(1, 1, 1, -1).clone()) for x in (logits, shuffled))
        mask, again = mask.flatten().bool(), again.flatten().bool()
        for logit in ALONE:
            alone = answer(torch.full((1, 1, 2, 3), logit)).flatten().bool()
            if (alone != mask[round(100 * logit) + 1000]).any():
                return _depends(logit)
    except Exception:
        return ""
    differs = mask[(100 * shuffled).round().long() + 1000] != again
    if differs.any():
        return _depends(float(shuffled[differs][0]))
    if torch.equal(mask, logits > 0):
        return ""
    edges = [0, *(mask.diff().nonzero().flatten() + 1).tolist(), 2001]
    spans = [(logits[a], logits[b - 1]) for a, b in pairwise(edges) if mask[a]]
    if not spans or spans == [(logits[0], logits[-1])]:
        return f"Your mask is {bool(spans)} for every logit from −10 to 10."
    if len(spans) > 3:
        return ""
    return f"Your mask is True for logits {' and '.join(map(_span, spans))}. Wanted: for all above 0, and for no others."


def _span(ends: tuple[Tensor, Tensor]) -> str:
    low, high = ((round(float(end), 2), float(end.sigmoid())) for end in ends)
    if high[0] == 10:
        return f"from {low[0]:g} up (a probability of {low[1]:.3g})"
    if low[0] == -10:
        return f"up to {high[0]:g} (a probability of {high[1]:.3g})"
    return f"from {low[0]:g} to {high[0]:g}" if low < high else f"of {low[0]:g} alone"


# The logit 0 tells apart what compares logits and what takes them for truth values.
known = Probes(lambda: [(_known_logits(),), (_logits_with_0(),), (_fine_logits(),)])

to_mask = Exercise(
    name="to_mask",
    lesson=5,
    prompt="From the network's logits (N, 1, H, W), make the mask: True where foreground is more likely than ground, False everywhere else, also where both are equally likely.",
    checks=(
        is_function("to_mask(logits)"),
        runs_on(_cases, "a mask of truth values", tensor_of(lambda mask: mask.dtype == torch.bool, ", wanted truth values (torch.bool), one for each pixel")),
        values_check(_mask, _cases, _which_logits, first_wrong_pixel(_mask, _wrong_side)),
    ),
    answers=(
        lambda: _mask,
        lambda: lambda logits: torch.sigmoid(logits) > 0.5,
        lambda: lambda logits: torch.sigmoid(logits).round().bool(),
        lambda: lambda logits: torch.where(logits <= 0, 0, 1) == 1,
    ),
    mistakes=(
        input_changed("Whoever holds the logits has lost them. What ends with `_`, as `sigmoid_()` does, and what is written with `+=` overwrites a tensor; a comparison makes a new one.",
            lambda x: x.sigmoid_() > 0.5, lambda: (_known_logits(),)),
        known.mistake("0.5 on logits", "0.5 is the middle of probabilities, 0 to 1. Logits go from −∞ to ∞: which logit has the probability 0.5?",
            lambda x: x > 0.5, lambda x: x >= 0.5),
        known.mistake("equally likely is True", "At logit 0 the probability is exactly 0.5: foreground and ground are equally likely, and neither is more likely. The comparison leaves that pixel out.",
            lambda x: x >= 0, lambda x: torch.sigmoid(x) >= 0.5, lambda x: ~(x < 0)),
        known.mistake("0 on probabilities", "After the sigmoid nothing is below 0, so nearly all is foreground. What is the middle between 0 and 1?",
            lambda x: torch.sigmoid(x) > 0),
        known.mistake("True everywhere", "It is True everywhere. A softmax over one channel is always 1, and a sigmoid of a sigmoid never below 0.5.",
            lambda x: torch.softmax(x, dim=1) > 0.5,
            lambda x: torch.sigmoid(torch.sigmoid(x)) >= 0.5, lambda x: torch.ones_like(x).bool()),
        known.mistake("argmax over one channel", "Your mask is 0 everywhere. argmax says which channel is the highest, and here there is one channel: it is number 0, always.",
            lambda x: x.argmax(dim=1, keepdim=True), lambda x: x.argmax(dim=1),
            lambda x: torch.zeros_like(x), at="a mask of truth values"),
        known.mistake("False everywhere", "It is False everywhere. A probability is never above 1, its logarithm never above 0, and argmax over one channel is always 0.",
            lambda x: F.logsigmoid(x) > 0.5, lambda x: torch.log(torch.sigmoid(x)) > 0,
            lambda x: torch.sigmoid(x) > 1, lambda x: x.argmax(dim=1, keepdim=True).bool(),
            lambda x: x.argmax(dim=1).bool()),
        known.mistake("numbers, not truth values", "The values are right, as 0 and 1. A comparison alone gives True and False: leave away what makes numbers of them.",
            lambda x: (x > 0).float(), at="a mask of truth values"),
        known.mistake("probabilities", "Those are the probabilities. A mask decides: from which probability on is a pixel foreground?",
            lambda x: torch.sigmoid(x)),
        known.mistake("logits taken for truth values", "Only a logit of exactly 0 is False in your mask; −3, which is surely ground, is True. Compare the logits themselves with 0: on which side of it is foreground?",
            lambda x: x.bool(), lambda x: x != 0, lambda x: x.abs() > 0),
        known.mistake("the mean as the threshold", "Your threshold depends on the other pixels. Then a picture without any foreground gets some all the same.",
            lambda x: x > x.mean(), lambda x: x > x.mean((1, 2, 3), keepdim=True),
            lambda x: torch.sigmoid(x) > torch.sigmoid(x).mean(), lambda x: x > x.median()),
    ),
    hints=(
        "The probability is sigmoid(logit). Which logit has the probability 0.5?",
        "sigmoid(0) is 0.5, and the sigmoid only rises. So is there a need for a sigmoid?",
        "`return logits ___ ___`",
    ),
    solution_text="`return logits > 0`. `torch.sigmoid(logits) > 0.5` is the same, with more work.",
    praise="A logit above 0 is a probability above one half, so the sigmoid can stay away.",
)  # fmt: skip
