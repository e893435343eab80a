"""Exercise `to_mask` of lesson 5: from logits to a mask."""

from collections.abc import Callable
from itertools import pairwise, permutations
from typing import Any

import torch
from torch import Tensor

from unet_teach.exercises.checks.functions import Case, Probes
from unet_teach.exercises.checks.masks import (
    A_MASK,
    first_wrong_pixel,
    input_changed,
    three_checks,
)
from unet_teach.exercises.exercise import Exercise


def _known_logits() -> Tensor:
    """Two images of both signs, (2, 1, 2, 3)."""
    values = [-3.0, -0.4, -0.1, 0.1, 0.3, 0.4, 0.7, 3.0, -200.0, -30.0, 2.0, 6.0]
    return torch.tensor(values).reshape(2, 1, 2, 3)


def _logits_with_0() -> Tensor:
    """One image, (1, 1, 2, 4): 0 and logits close to it; neither mean nor median is near them."""
    values = [0.0, -1.0, 5.0, 1e-6, 0.6, 3.0, -1e-6, 1.5]
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


def _wrong_side(inputs: tuple[Tensor], place: tuple[int, ...], pixel: Tensor) -> str:
    logit = inputs[0][place]
    probability = f"{logit.sigmoid():.3g}"
    if logit and probability == "0.5":
        probability = f"just {'above' if logit > 0 else 'below'} 0.5"
    return f"for example, the pixel with logit {logit:.4g}, a probability of {probability}, is {bool(pixel)} in your mask"


ALONE = (-6.0, -1.0, -0.2, 0.2, 1.0, 6.0)  # logits that fill an image


def _depends(logit: float) -> str:
    return f"The same logit, {logit:.3g}, is True in one image and False in another, so your mask depends on more than the pixel's own logit."


def _which_logits(answer: Callable[[Tensor], Any]) -> str:
    """Say for which logits a mask is True, as measured on logits from −10 to 10."""
    logits = torch.arange(-1000, 1001) / 100
    shuffled = logits[300:1401][torch.randperm(1101, generator=torch.Generator().manual_seed(0))]
    mask, again = (answer(x.reshape(1, 1, 1, -1).clone()) for x in (logits, shuffled))
    if (mask.numel(), again.numel()) != (logits.numel(), shuffled.numel()):
        return ""
    mask, again = mask.flatten().bool(), again.flatten().bool()
    for logit in ALONE:
        alone = answer(torch.full((1, 1, 2, 3), logit)).flatten().bool()
        if (alone != mask[round(100 * logit) + 1000]).any():
            return _depends(logit)
    for logit, around in permutations(ALONE, 2):
        image = torch.full((1, 1, 3, 3), around)
        image[0, 0, 1, 1] = logit
        both = torch.full((2, 1, 2, 3), around)
        both[0] = logit
        if bool(answer(both)[0].flatten()[0]) != bool(mask[round(100 * logit) + 1000]):
            return f"An image of {logit:g} everywhere has another mask beside an image of {around:g} in its batch than alone, so your mask mixes the images of a batch. Compare each logit with one number."
        if bool(answer(image)[0, 0, 1, 1]) != bool(mask[round(100 * logit) + 1000]):
            return _depends(logit)
    differs = mask[(100 * shuffled).round().long() + 1000] != again
    if differs.any():
        return _depends(float(shuffled[differs][0]))
    if torch.equal(mask, logits > 0):
        return ""
    edges = [0, *(mask.diff().nonzero().flatten() + 1).tolist(), 2001]
    spans = [(logits[a], logits[b - 1]) for a, b in pairwise(edges) if mask[a]]
    if not spans or spans == [(logits[0], logits[-1])]:
        return f"Your mask is {bool(spans)} for every logit from −10 to 10. It should be True above 0 and nowhere else."
    if len(spans) > 3:
        return ""
    return f"Your mask is True for logits {' and '.join(map(_span, spans))}. It should be True above 0 and nowhere else."


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
    prompt="Turn the network's logits (N, 1, H, W) into a mask: True where foreground is more likely than background, and False everywhere else, also where both are equally likely.",
    checks=three_checks("to_mask(logits)", "a boolean mask", A_MASK, _mask, _cases, _which_logits, first_wrong_pixel(_mask, _wrong_side)),
    mistakes=(
        input_changed("Your function overwrites the logits that it was given, so the caller can't use them any more. Methods that end in `_`, such as `sigmoid_()`, and `+=` do that. A comparison makes a new tensor.",
            lambda x: x.sigmoid_() > 0.5, lambda: (_known_logits(),)),
        known.mistake("0.5 on logits", "Your mask is False for logits between 0 and 0.5. But 0.5 is the midpoint of *probabilities*, and logits run from −∞ to ∞. Which logit has a probability of 0.5?",
            lambda x: x > 0.5, lambda x: x >= 0.5),
        known.mistake("equally likely is True", "At logit 0 the probability is exactly 0.5, so foreground is not *more* likely than background there. Your comparison counts that pixel as foreground. Which comparison leaves it out?",
            lambda x: x >= 0, at="its values"),
        known.mistake("argmax over one channel", "Your mask is 0 everywhere. `argmax` returns the number of the highest channel, and with a single channel that is always channel 0. Compare each logit with one number instead.",
            lambda x: x.argmax(dim=1, keepdim=True), lambda x: x.argmax(dim=1), at="a boolean mask"),
        known.mistake("a sigmoid compared with 0, or taken twice", "Your mask is False only where the probability is so small that it is rounded to 0, as at a logit of −200. So you compare a probability with 0, or take the sigmoid twice: a sigmoid is above 0 for every logit, and the sigmoid of that is above one half. Which probability means equally likely?",
            lambda x: torch.sigmoid(x) > 0, lambda x: torch.sigmoid(torch.sigmoid(x)) > 0.5, at="its values"),
        known.mistake("True everywhere", "Your mask is True everywhere, whatever the logits. That is so if you take a softmax over the single channel, which is always 1, or compare a sigmoid with `>= 0`. Compare each logit with one number instead.",
            lambda x: x.softmax(1) > 0.5, at="its values"),
        known.mistake("False everywhere", "Your mask is False everywhere, whatever the logits. With a single channel, `argmax` is always channel 0. A probability is never above 1, and its logarithm never above 0. Compare each logit with one number instead.",
            lambda x: torch.sigmoid(x) > 1, at="its values"),
        known.mistake("numbers, not truth values", "The pixels are right, but as numbers 0 and 1. A comparison gives True and False: compare, and convert nothing afterwards.",
            lambda x: (x > 0).float(), at="a boolean mask"),
        known.mistake("probabilities", "You return probabilities. A mask needs a decision for each pixel: above which probability is foreground more likely than background?",
            lambda x: torch.sigmoid(x)),
        known.mistake("logits taken for truth values", "Only a logit of exactly 0 is False in your mask. A logit of −3 is True, although it stands for a probability of 0.05. On which side of 0 is foreground more likely?",
            lambda x: x.bool()),
    ),
    hints=(
        "The probability of foreground is `sigmoid(logit)`. Which logit has a probability of 0.5?",
        "`sigmoid(0)` is 0.5, and a larger logit always has a larger probability. So do you need the sigmoid at all?",
        "`return logits ___ ___`",
    ),
    solution_text="`return logits > 0`. `torch.sigmoid(logits) > 0.5` gives the same mask with more work.",
    praise="A logit above 0 means a probability above one half, so you don't need the sigmoid.",
)  # fmt: skip
