"""Exercise `to_mask` of lesson 5: from logits to a mask."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.functions import Case, Probes, is_function, matches, returns
from unet_teach.exercises.exercise import Exercise
from unet_teach.exercises.lesson_5.masks import first_wrong_pixel, tensor_of


def _known_logits() -> Tensor:
    """Two images of both signs, (2, 1, 2, 3). No logit is 0, where `>` and `>=` differ."""
    values = [-3.0, -0.4, -0.1, 0.1, 0.3, 0.4, 0.7, 3.0, -200.0, -30.0, 2.0, 6.0]
    return torch.tensor(values).reshape(2, 1, 2, 3)


def _cases() -> list[Case]:
    fresh = 4 * torch.randn(3, 1, 5, 7) + torch.randn(3, 1, 1, 1)
    all_ground, all_foreground = -torch.rand(1, 1, 3, 4) - 0.01, torch.rand(1, 1, 3, 4) + 0.01
    inputs = (_known_logits(), all_ground, all_foreground, fresh)
    return [Case(f"On logits of shape {tuple(logits.shape)}", (logits,)) for logits in inputs]


def _mask(logits: Tensor) -> Tensor:
    return logits > 0


def _wrong_side(logit: Tensor, pixel: Tensor) -> str:
    return f"the pixel with logit {logit:.4g}, which is a probability of {logit.sigmoid():.3g}, is {bool(pixel)} in your mask"


# The logit 0 tells apart what compares logits and what takes them for truth values.
known = Probes(
    lambda: [(_known_logits(),), (torch.tensor([0.0, -1.0, 1.0, 0.2]).reshape(1, 1, 2, 2),)]
)

to_mask = Exercise(
    name="to_mask",
    lesson=5,
    prompt="From the network's logits (N, 1, H, W), make the mask: True where foreground is more likely than ground.",
    checks=(
        is_function("to_mask(logits)"),
        returns("a mask of truth values", tensor_of(lambda mask: mask.dtype == torch.bool, ", wanted truth values (torch.bool)"), _cases),
        matches(_mask, _cases, first_wrong_pixel(_mask, _wrong_side)),
    ),
    answers=(
        lambda: _mask,
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
            lambda x: (x - x.min()) / (x.max() - x.min()) > 0.5, lambda x: x / x.max() > 0.5),
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
