"""Lesson 7: change one line so that a network becomes a U-Net."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.functions import is_function
from unet_teach.exercises.checks.tensors import no_tensor, shape_problem
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.inspection.inspector import inspect_unet
from unet_teach.networks.twelve_networks import Almost

PICTURE = (1, 1, 64, 64)


Meet = Callable[[Tensor, Tensor], Any]


FAINT = 1e-3  # a slope that is so much smaller than the other teaches nothing beside it


def _almost(answer: Meet) -> nn.Module:
    return Almost(answer)


def _two_maps() -> tuple[Tensor, Tensor]:
    """As they arrive there: x and skip have been through a ReLU."""
    x, skip = (torch.randn(2, 16, 6, 10, requires_grad=True) for _ in range(2))
    return F.relu(x), F.relu(skip)


def _runs_fault(answer: Meet) -> str | None:
    x, skip = _two_maps()
    made = answer(x.clone(), skip.clone())
    if not isinstance(made, Tensor):
        return no_tensor(made)
    return shape_problem(made, x.shape, "Where two maps of 16 channels, 6×10, meet")


def _verdict_fault(answer: Meet) -> str | None:
    report = inspect_unet(_almost(answer), PICTURE)
    if report.problem:
        return report.problem
    if report.is_unet:
        return None
    lacking = next(criterion for criterion in report.criteria if not criterion.met)
    return f"{report.verdict} {lacking.evidence[-1]}"


def _life_fault(answer: Meet) -> str | None:
    x, skip = _two_maps()
    made: Tensor = answer(x.clone(), skip.clone())
    if not torch.equal(made, answer(x.clone(), skip.clone())):
        return "The same two maps, given twice, make two different results."
    if _overwrites(answer):
        return "Your line changes what it is given."
    slopes = torch.autograd.grad(
        made.square().sum(), (x, skip), allow_unused=True, materialize_grads=True
    )
    names = ("x, what comes up,", "skip")
    largest = max(float(slope.abs().max()) for slope in slopes)
    for name, slope in zip(names, slopes, strict=True):
        if float(slope.abs().max()) <= FAINT * largest:
            return f"The maps meet, but {name} has no effect that could be learned from."
    return None


def _overwrites(answer: Meet) -> bool:
    given = [part.detach().clone() for part in _two_maps()]
    kept = [part.clone() for part in given]
    answer(*given)
    return any(not torch.equal(a, b) for a, b in zip(given, kept, strict=True))


def _does(wrong: Meet) -> Callable[[Any], bool]:
    """Whether an answer gives what `wrong` gives."""

    def recognises(answer: Any) -> bool:
        x, skip = _two_maps()
        mine, other = (meet(x.clone(), skip.clone()) for meet in (answer, wrong))
        return mine.shape == other.shape and torch.allclose(mine, other, atol=1e-5)

    return recognises


def _listens(answer: Meet) -> bool:
    """Whether a gradient finds its way to the skip, be it zero."""
    skip = torch.ones(1, 16, 4, 4, requires_grad=True)
    made: Tensor = answer(torch.ones(1, 16, 4, 4), skip.clone())
    return made.requires_grad


def _in_place(x: Tensor, skip: Tensor) -> Tensor:
    x += skip
    return x


def _late(x: Tensor, skip: Tensor) -> Tensor:
    return x + F.interpolate(F.avg_pool2d(skip, 2), size=x.shape[2:])


one_line = Exercise(
    name="one_line",
    lesson=7,
    prompt="Write `meet(x, skip)`, the one line that makes this network a U-Net.",
    checks=(
        is_function("meet(x, skip)"),
        Check("its shape", _runs_fault),
        Check("the verdict", _verdict_fault),
        Check("a living skip", _life_fault),
    ),
    answers=(
        lambda: lambda x, skip: x + skip,
        lambda: lambda x, skip: torch.stack([x, skip]).mean(0),
        lambda: lambda x, skip: torch.cat([x[:, :8], skip[:, :8]], dim=1),
    ),
    mistakes=(
        KnownMistake("the skip times zero", "The inspector sees that they meet. It does not see that nothing arrives.",
            lambda: lambda x, skip: x + 0 * skip,
            lambda a: _does(lambda x, skip: x)(a) and _listens(a)),
        KnownMistake("in place", "`+=` overwrites x, which the gradient still needs. Make a new map: `x + skip`.",
            lambda: _in_place, _overwrites),
        KnownMistake("a layer made in the line", "A layer that is made in the line is a new one each time, with new random weights: it learns nothing. This line needs no layer.",
            lambda: lambda x, skip: x + nn.Conv2d(16, 16, 1)(skip), lambda a: not _does(a)(a)),
        KnownMistake("no skip", "The skip is not used: as it stands, this is an autoencoder.",
            lambda: lambda x, skip: x, _does(lambda x, skip: x)),
        KnownMistake("only the skip", "Now what comes up is thrown away, and the bottom with it.",
            lambda: lambda x, skip: skip, _does(lambda x, skip: skip)),
        KnownMistake("detached", "A detached skip carries the picture, and teaches the encoder nothing.",
            lambda: lambda x, skip: x + skip.detach(),
            lambda a: not _listens(a) and _does(lambda x, skip: x + skip)(a)),
        KnownMistake("concatenated, and too wide", "`cat` makes 32 channels of 16 and 16, and up_one takes 16. Which join keeps 16?",
            lambda: lambda x, skip: torch.cat([x, skip], dim=1),
            lambda a: a(torch.zeros(1, 16, 4, 4), torch.zeros(1, 16, 4, 4)).shape[1] == 32),
        KnownMistake("along the batch", "`dim=0` counts the pictures of a batch, `dim=1` the channels.",
            lambda: lambda x, skip: torch.cat([x, skip], dim=0),
            lambda a: a(torch.zeros(1, 16, 4, 4), torch.zeros(1, 16, 4, 4)).shape[0] == 2),
        KnownMistake("one number", "One number crosses, no map: the places are lost.",
            lambda: lambda x, skip: x + skip.mean(), _does(lambda x, skip: x + skip.mean())),
        KnownMistake("one number a channel", "A mean over the whole map knows *what*, not *where*: no place crosses.",
            lambda: lambda x, skip: x + skip.mean((2, 3), keepdim=True),
            _does(lambda x, skip: x + skip.mean((2, 3), keepdim=True))),
        KnownMistake("halved first", "What was halved and made large again has been small: that is not a skip.",
            lambda: _late, _does(_late)),
        KnownMistake("twice what comes up", "x meets itself. Nothing comes from the way down.",
            lambda: lambda x, skip: x + x, _does(lambda x, skip: x + x)),
    ),
    hints=(
        "Which mark does the report miss? What would have to arrive in this line?",
        "x and skip have one shape, and so must the result. Which join keeps the channels?",
        "`return x ___ skip`",
    ),
    solution_text="`return x + skip`. One skip of two levels: half of them, which is enough.",
    praise="One line, and the verdict turns: one skip at one of two levels, and it is alive.",
)  # fmt: skip
