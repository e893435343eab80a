"""The exercises of lesson 5 about masks: from logits to a mask, from a file to a mask."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.compared import Case, comes_out, does, matches
from unet_teach.exercises.checks.functions import a_function
from unet_teach.exercises.exercise import Exercise, Slip


def _shape_said(value: object, wanted: Tensor) -> str:
    if isinstance(value, Tensor):
        return f"the mask's shape is {tuple(value.shape)}, wanted {tuple(wanted.shape)}"
    return f"one number comes out, wanted a mask of {tuple(wanted.shape)}"


# ----------------------------------------------------------------------------------------- to_mask
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
        return _shape_said(value, logits)
    place = (value != (logits > 0)).nonzero()[0]
    logit = logits[tuple(place)]
    return (
        f"the pixel with logit {logit:.4g}, which is a probability of {logit.sigmoid():.3g}, is "
        f"{bool(value[tuple(place)])} in your mask"
    )


def _of_range(x: Tensor, dims: tuple[int, ...]) -> Tensor:
    low, high = x.amin(dims, keepdim=True), x.amax(dims, keepdim=True)
    return (x - low) / (high - low) > 0.5


to_mask = Exercise(
    name="to_mask",
    lesson=5,
    prompt="From the network's logits (N, 1, H, W), make the mask: True where foreground is more "
    "likely than ground.",
    ladder=(
        a_function("to_mask(logits)"),
        comes_out("a mask of truth values", _a_mask, _logits_cases),
        matches(lambda logits: logits > 0, _logits_cases, _pixel_said),
    ),
    answers=(
        lambda: lambda logits: logits > 0,
        lambda: lambda logits: torch.sigmoid(logits) >= 0.5,
        lambda: lambda logits: torch.sigmoid(logits).round().bool(),
        lambda: lambda logits: torch.where(logits < 0, 0, 1) == 1,
    ),
    slips=(
        does(
            "0.5 on logits",
            [lambda x: x > 0.5],
            _logits_probes,
            "0.5 is the middle of probabilities, 0 to 1. Logits go from −∞ to ∞: which logit has "
            "the probability 0.5?",
        ),
        does(
            "0 on probabilities",
            [lambda x: torch.sigmoid(x) > 0],
            _logits_probes,
            "After the sigmoid nothing is below 0, so nearly all is foreground. What is the middle "
            "between 0 and 1?",
        ),
        does(
            "sigmoid twice",
            [lambda x: torch.sigmoid(torch.sigmoid(x)) > 0.5],
            _logits_probes,
            "That is a sigmoid of a sigmoid: what is above 0, as every probability is, comes out "
            "above 0.5. Once is enough.",
        ),
        does(
            "True everywhere",
            [
                lambda x: torch.softmax(x, dim=1) > 0.5,
                lambda x: torch.sigmoid(torch.sigmoid(x)) >= 0.5,
                lambda x: torch.ones_like(x).bool(),
            ],
            _logits_probes,
            "Your mask is True everywhere. A softmax over one channel is always 1, and a sigmoid "
            "of a sigmoid never below 0.5.",
        ),
        does(
            "argmax over one channel",
            [
                lambda x: x.argmax(dim=1, keepdim=True),
                lambda x: x.argmax(dim=1),
                lambda x: torch.zeros_like(x),
            ],
            _logits_probes,
            "Your mask is 0 everywhere. argmax says which channel is the highest, and here there "
            "is one channel: it is number 0, always.",
            at="a mask of truth values",
        ),
        does(
            "False everywhere",
            [
                lambda x: F.logsigmoid(x) > 0.5,
                lambda x: torch.log(torch.sigmoid(x)) > 0,
                lambda x: torch.sigmoid(x) > 1,
            ],
            _logits_probes,
            "Your mask is False everywhere. A probability is never above 1, its logarithm never "
            "above 0, and argmax over one channel is always 0.",
        ),
        does(
            "1 on logits",
            [lambda x: x > 1, lambda x: x >= 1],
            _logits_probes,
            "1 as a logit is a probability of 0.73, not of one half. Logits have no upper end; "
            "where is their middle?",
        ),
        does(
            "0.5 on the odds",
            [lambda x: torch.exp(x) > 0.5, lambda x: torch.exp(x) >= 0.5],
            _logits_probes,
            "exp(logit) is the odds, p over 1 − p. They are even at 1, not at 0.5.",
        ),
        does(
            "the wrong way round",
            [lambda x: x < 0, lambda x: x <= 0],
            _logits_probes,
            "Ground and foreground have changed places: a high logit means foreground.",
        ),
        does(
            "numbers, not truth values",
            [lambda x: (x > 0).float()],
            _logits_probes,
            "The values are right, as 0 and 1. A comparison alone gives True and False: leave "
            "away what makes numbers of them.",
        ),
        does(
            "probabilities",
            [lambda x: torch.sigmoid(x)],
            _logits_probes,
            "Those are the probabilities. A mask decides: from which probability on is a pixel "
            "foreground?",
        ),
        does(
            "logits taken for truth values",
            [lambda x: x.bool(), lambda x: x != 0],
            _logits_probes,
            "As a truth value every number but 0 is True, −3 as well. Compare the logits with "
            "something.",
        ),
        does(
            "the mean as the threshold",
            [
                lambda x: x > x.mean(),
                lambda x: x > x.mean((1, 2, 3), keepdim=True),
                lambda x: torch.sigmoid(x) > torch.sigmoid(x).mean(),
                lambda x: x > x.median(),
            ],
            _logits_probes,
            "Your threshold depends on the other pixels. Then a picture without any foreground "
            "gets some all the same.",
        ),
        does(
            "stretched to 0 to 1",
            [
                lambda x: _of_range(x, (0, 1, 2, 3)),
                lambda x: _of_range(x, (1, 2, 3)),
                lambda x: x / x.max() > 0.5,
            ],
            _logits_probes,
            "You stretch the logits to 0 to 1 by their largest and smallest. That makes no "
            "probabilities: one bright pixel then changes all the others.",
        ),
        does(
            "the channel dropped",
            [lambda x: x[:, 0] > 0, lambda x: x.squeeze() > 0],
            _logits_probes,
            "The values are right, but the axis of the channel is gone. A mask has the shape of "
            "the logits, so that both can be laid on each other.",
        ),
    ),
    hints=(
        "The probability is sigmoid(logit). Which logit has the probability 0.5?",
        "sigmoid(0) is 0.5, and the sigmoid only rises. So is there a need for a sigmoid?",
        "`return logits ___ ___`",
    ),
    solution_text="`return logits > 0`. `torch.sigmoid(logits) > 0.5` is the same, with more work.",
    praise="A logit above 0 is a probability above one half, so the sigmoid can stay away.",
)


# -------------------------------------------------------------------------------------- clean_mask
def _files() -> list[Case]:
    """What a mask file may hold: truth values, 0/1, 0/255, labels, more labels, nothing, all."""
    shape = torch.rand(5, 7) < 0.4
    shape[0, :2], shape[0, 2] = True, False
    labels = torch.arange(1, 36).reshape(5, 7)
    return [
        Case("On a mask of 0 and 255", (255 * shape.to(torch.uint8),)),
        Case("On a mask of 0 and 1", (shape.to(torch.uint8),)),
        Case("On a mask of labels, 0 to 35", ((labels * shape).to(torch.uint8),)),
        Case("On a mask of True and False", (shape,)),
        Case(
            "On a mask of labels up to 450", ((labels * shape).to(torch.int32) * 8 + 170 * shape,)
        ),
        Case("On a mask of labels up to 256", ((256 * shape).to(torch.int32),)),
        Case("On a mask of 0 alone", (torch.zeros(5, 7, dtype=torch.uint8),)),
        Case("On a mask of 255 alone", (torch.full((5, 7), 255, dtype=torch.uint8),)),
    ]


def _a_float_tensor(value: object) -> str | None:
    if not isinstance(value, Tensor):
        return f"something of type {type(value).__name__} comes out, wanted a tensor"
    if not value.is_floating_point():
        return f"numbers of type {value.dtype} come out; the loss needs floats"
    return None


def _value_said(case: Case, value: object) -> str | None:
    (picture,) = case.inputs
    if not isinstance(value, Tensor) or value.shape != picture.shape:
        return _shape_said(value, picture)
    place = tuple((value != (picture != 0)).nonzero()[0])
    return (
        f"a pixel of {picture[place].item()} becomes {value[place].item():.4g}, wanted "
        f"{float(picture[place] != 0):.0f}"
    )


def _ones_in_place(picture: Tensor) -> Tensor:
    picture[picture != 0] = 1
    return picture.float()


def _changes_the_picture(answer: Callable[[Tensor], object]) -> bool:
    (picture,) = _files()[0].inputs
    given = picture.clone()
    answer(given)
    return not torch.equal(given, picture)


clean_mask = Exercise(
    name="clean_mask",
    lesson=5,
    prompt="A mask file holds 0 for ground and, for foreground, True, 1, 255 or the labels 1, 2, 3 "
    "and on (a tensor of bool, uint8 or int32). Make it a float tensor of 0 and 1.",
    ladder=(
        a_function("clean_mask(picture)"),
        comes_out("floats", _a_float_tensor, _files),
        matches(lambda picture: (picture != 0).float(), _files, _value_said),
    ),
    answers=(
        lambda: lambda picture: (picture != 0).float(),
        lambda: lambda picture: picture.bool().to(torch.float32),
        lambda: lambda picture: picture.float().clamp(max=1),
        lambda: lambda picture: torch.where(picture > 0, 1.0, 0.0),
    ),
    slips=(
        does(
            "divided by 255",
            [lambda p: p / 255, lambda p: p.float() / 255],
            _files,
            "Divided by 255, a file of 0 and 1 becomes 0 and 0.004: next to no foreground. Which "
            "question do all the files answer alike?",
        ),
        does(
            "as it is",
            [lambda p: p.float(), lambda p: p],
            _files,
            "You leave the values as they are. A loss told that the truth is 255 pushes every "
            "logit up without an end. What do all foreground values have in common?",
        ),
        does(
            "above 127",
            [lambda p: (p > 127).float(), lambda p: (p >= 128).float(), lambda p: p > 127],
            _files,
            "Above 127 is right for 0 and 255. In a file of 0 and 1, or of labels, objects get "
            "lost, and nobody is told.",
        ),
        does(
            "only 255",
            [lambda p: (p == 255).float(), lambda p: p == 255],
            _files,
            "You take 255 alone for foreground. It may be 1, or the label of an object.",
        ),
        does(
            "only 1",
            [lambda p: (p == 1).float(), lambda p: p == 1],
            _files,
            "You take 1 alone for foreground. It may be 255, or the label of another object.",
        ),
        does(
            "divided by 255 and rounded",
            [lambda p: (p / 255).round(), lambda p: torch.round(p.float() / 255)],
            _files,
            "Divided by 255 and rounded, 1 becomes 0 and the label 450 becomes 2: objects get "
            "lost or count twice. Ask what all foreground values have in common.",
        ),
        Slip(
            "the picture changed",
            lambda: _ones_in_place,
            _changes_the_picture,
            "Whoever gave you the picture has lost it. Work on a copy, or compare: "
            "a comparison makes a new tensor.",
            at="its values",
        ),
        does(
            "truth values, not floats",
            [lambda p: p.bool(), lambda p: (p != 0).to(torch.uint8), lambda p: (p != 0).long()],
            _files,
            "The right pixels, but no floats: the loss subtracts and multiplies. One step more.",
            at="floats",
        ),
        does(
            "divided by the largest",
            [
                lambda p: p.float() / p.max(),
                lambda p: p.float() / p.float().max().clamp(min=1),
                lambda p: (p.float() - p.min()) / (p.max() - p.min()),
                lambda p: (p.float() - p.float().min()) / (p.float().max() - p.float().min()),
            ],
            _files,
            "Divided by the largest value, the objects of a file of labels get a share each, "
            "1/35 to 1, and a file of 0 alone divides by 0.",
        ),
        does(
            "the wrong way round",
            [lambda p: (p == 0).float(), lambda p: p == 0],
            _files,
            "Ground and foreground have changed places: 0 is the ground.",
        ),
        does(
            "an overflow",
            [
                lambda p: (p.to(torch.uint8) != 0).float(),
                lambda p: (p.to(torch.uint8) > 0).float(),
                lambda p: p.to(torch.uint8).bool().float(),
                lambda p: p.byte().float().clamp(max=1),
            ],
            _files,
            "uint8 counts to 255 and then begins at 0 again: your object 256 has vanished. Ask "
            "whether it is 0 before changing the type.",
        ),
        does(
            "half of the largest",
            [
                lambda p: (p == p.max()).float(),
                lambda p: (p >= p.max()).float(),
                lambda p: (p > p.max() / 2).float(),
                lambda p: (p.float() > p.float().mean()).float(),
            ],
            _files,
            "Your threshold depends on the other values of the file: in a file of labels the low "
            "ones get lost.",
        ),
        does(
            "one class a label",
            [lambda p: F.one_hot(p.long()).float()],
            _files,
            "One channel a label tells the objects apart. Asked is only foreground or not.",
        ),
    ),
    hints=(
        "1, 255, True, 7: all of them mean foreground. What do they have in common?",
        "A comparison with 0 gives True and False. How do they become 1.0 and 0.0?",
        "`return (picture ___ ___).float()`",
    ),
    solution_text="`return (picture != 0).float()`: whatever is not ground is 1.0.",
    praise="Whatever is not 0 is foreground, in all these files alike. Look at one all the same: "
    "some files have it the other way round.",
)
