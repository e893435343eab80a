"""Lesson 5: from logits to a mask."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.functions import Case, Probes, is_function, matches, returns
from unet_teach.exercises.exercise import Exercise
from unet_teach.exercises.lesson_5.mask_shapes import shape_said


def _logits_case(logits: Tensor) -> Case:
    return Case(f"On logits of shape {tuple(logits.shape)}", (logits,))


def _known_logits() -> Tensor:
    """Two pictures, both with either sign; no value is 0, where both answers are as good."""
    values = [-3.0, -0.4, -0.1, 0.1, 0.3, 0.4, 0.7, 3.0, -200.0, -30.0, 2.0, 6.0]
    return torch.tensor(values).reshape(2, 1, 2, 3)


def _logits_cases() -> list[Case]:
    """Known ones, then a picture all ground, one all foreground, and fresh ones off the middle."""
    fresh = 4 * torch.randn(3, 1, 5, 7) + torch.randn(3, 1, 1, 1)
    extremes = [-torch.rand(1, 1, 3, 4) - 0.01, torch.rand(1, 1, 3, 4) + 0.01]
    return [_logits_case(logits) for logits in (_known_logits(), *extremes, fresh)]


def _logits_probes() -> list[Case]:
    """The known ones and a 0, by which a logit taken for a truth value shows itself."""
    zero = torch.tensor([0.0, -1.0, 1.0, 0.2]).reshape(1, 1, 2, 2)
    return [_logits_case(_known_logits()), _logits_case(zero)]


def _a_mask(value: object) -> str | None:
    if not isinstance(value, Tensor):
        return f"something of type {type(value).__name__} comes out, wanted a tensor"
    if value.dtype != torch.bool:
        return f"numbers of type {value.dtype} come out, wanted truth values (torch.bool)"
    return None


def _pixel_said(case: Case, value: object) -> str | None:
    """Name the first pixel that is on the wrong side."""
    (logits,) = case.inputs
    if not isinstance(value, Tensor) or value.shape != logits.shape:
        return shape_said(value, logits)
    place = (value != (logits > 0)).nonzero()[0]
    logit = logits[tuple(place)]
    return (
        f"the pixel with logit {logit:.4g}, which is a probability of {logit.sigmoid():.3g}, is "
        f"{bool(value[tuple(place)])} in your mask"
    )


def _of_range(x: Tensor, dims: tuple[int, ...]) -> Tensor:
    low, high = x.amin(dims, keepdim=True), x.amax(dims, keepdim=True)
    return (x - low) / (high - low) > 0.5


known = Probes(_logits_probes)


to_mask = Exercise(
    name="to_mask",
    lesson=5,
    prompt="From the network's logits (N, 1, H, W), make the mask: True where foreground is more likely than ground.",
    checks=(
        is_function("to_mask(logits)"),
        returns("a mask of truth values", _a_mask, _logits_cases),
        matches(lambda logits: logits > 0, _logits_cases, _pixel_said),
    ),
    answers=(
        lambda: lambda logits: logits > 0,
        lambda: lambda logits: torch.sigmoid(logits) >= 0.5,
        lambda: lambda logits: torch.sigmoid(logits).round().bool(),
        lambda: lambda logits: torch.where(logits < 0, 0, 1) == 1,
    ),
    mistakes=(
        known.mistake("0.5 on logits", "0.5 is the middle of probabilities, 0 to 1. Logits go from −∞ to ∞: which logit has the probability 0.5?",
            lambda x: x > 0.5),
        known.mistake("0 on probabilities", "After the sigmoid nothing is below 0, so nearly all is foreground. What is the middle between 0 and 1?",
            lambda x: torch.sigmoid(x) > 0),
        known.mistake("sigmoid twice", "That is a sigmoid of a sigmoid: what is above 0, as every probability is, comes out above 0.5. Once is enough.",
            lambda x: torch.sigmoid(torch.sigmoid(x)) > 0.5),
        known.mistake("True everywhere", "Your mask is True everywhere. A softmax over one channel is always 1, and a sigmoid of a sigmoid never below 0.5.",
            lambda x: torch.softmax(x, dim=1) > 0.5,
            lambda x: torch.sigmoid(torch.sigmoid(x)) >= 0.5, lambda x: torch.ones_like(x).bool()),
        known.mistake("argmax over one channel", "Your mask is 0 everywhere. argmax says which channel is the highest, and here there is one channel: it is number 0, always.",
            lambda x: x.argmax(dim=1, keepdim=True), lambda x: x.argmax(dim=1),
            lambda x: torch.zeros_like(x), at="a mask of truth values"),
        known.mistake("False everywhere", "Your mask is False everywhere. A probability is never above 1, its logarithm never above 0, and argmax over one channel is always 0.",
            lambda x: F.logsigmoid(x) > 0.5, lambda x: torch.log(torch.sigmoid(x)) > 0,
            lambda x: torch.sigmoid(x) > 1),
        known.mistake("1 on logits", "1 as a logit is a probability of 0.73, not of one half. Logits have no upper end; where is their middle?",
            lambda x: x > 1, lambda x: x >= 1),
        known.mistake("0.5 on the odds", "exp(logit) is the odds, p over 1 − p. They are even at 1, not at 0.5.",
            lambda x: torch.exp(x) > 0.5, lambda x: torch.exp(x) >= 0.5),
        known.mistake("the wrong way round", "Ground and foreground have changed places: a high logit means foreground.",
            lambda x: x < 0, lambda x: x <= 0),
        known.mistake("numbers, not truth values", "The values are right, as 0 and 1. A comparison alone gives True and False: leave away what makes numbers of them.",
            lambda x: (x > 0).float(), at="a mask of truth values"),
        known.mistake("probabilities", "Those are the probabilities. A mask decides: from which probability on is a pixel foreground?",
            lambda x: torch.sigmoid(x)),
        known.mistake("logits taken for truth values", "As a truth value every number but 0 is True, −3 as well. Compare the logits with something.",
            lambda x: x.bool(), lambda x: x != 0),
        known.mistake("the mean as the threshold", "Your threshold depends on the other pixels. Then a picture without any foreground gets some all the same.",
            lambda x: x > x.mean(), lambda x: x > x.mean((1, 2, 3), keepdim=True),
            lambda x: torch.sigmoid(x) > torch.sigmoid(x).mean(), lambda x: x > x.median()),
        known.mistake("stretched to 0 to 1", "You stretch the logits to 0 to 1 by their largest and smallest. That makes no probabilities: one bright pixel then changes all the others.",
            lambda x: _of_range(x, (0, 1, 2, 3)), lambda x: x / x.max() > 0.5),
        known.mistake("the channel dropped", "The values are right, but the axis of the channel is gone. A mask has the shape of the logits, so that both can be laid on each other.",
            lambda x: x[:, 0] > 0, lambda x: x.squeeze() > 0),
    ),
    hints=(
        "The probability is sigmoid(logit). Which logit has the probability 0.5?",
        "sigmoid(0) is 0.5, and the sigmoid only rises. So is there a need for a sigmoid?",
        "`return logits ___ ___`",
    ),
    solution_text="`return logits > 0`. `torch.sigmoid(logits) > 0.5` is the same, with more work.",
    praise="A logit above 0 is a probability above one half, so the sigmoid can stay away.",
)  # fmt: skip
