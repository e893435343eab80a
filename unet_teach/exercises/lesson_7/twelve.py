"""The exercises of lesson 7, Is it a U-Net?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.functions import a_function, no_map, shape_fault
from unet_teach.exercises.checks.multiple_choice import names, which
from unet_teach.exercises.exercise import Exercise, Rung, Slip
from unet_teach.inspection.inspector import inspect_unet
from unet_teach.networks.twelve_networks import Almost

PICTURE = (1, 1, 64, 64)
Meet = Callable[[Tensor, Tensor], Any]
FAINT = 1e-3  # a slope that is so much smaller than the other teaches nothing beside it

# ------------------------------------------------------------------------------------------- twelve
LETTERS = "ABCDEFGHIJKL"
UNETS = "ACEGIKL"
WHY_NOT = {
    "B": "B goes down and up; all that the top learns has to pass the bottom.",
    "D": "D ends with one number a class: nothing comes up again.",
    "F": "F comes up to a quarter of the height and is stretched from there: its map of 32×32 has "
    "no partner.",
    "H": "H comes up in one leap, and nothing crosses.",
    "J": "J sends the *places* of its maxima across, no map: what was seen there stays behind.",
}
WHY = {
    "A": "Crops and convolutions without padding change sizes, not the resolution.",
    "C": "It adds what comes across. That is a way to join as well.",
    "E": "It is by far the widest: 512 channels. Width is no mark.",
    "G": "Tokens can be merged and expanded too. What matters is what happens to the places.",
    "I": "A picture may have one dimension: sound.",
    "K": "A picture may have three dimensions: a volume.",
    "L": "It adds, and interpolates on its way up. Both are as good as any other way.",
}


def _names(named: str, says: str, name: str) -> Slip:
    return names(named, LETTERS, says, name)


twelve = Exercise(
    name="twelve",
    lesson=7,
    prompt="Which of the twelve networks are U-Nets? Name their letters, such as 'BF'.",
    ladder=tuple(which(UNETS, LETTERS, WHY_NOT, WHY)),
    answers=(
        lambda: UNETS,
        lambda: set(UNETS),
        lambda: "l, k, i, g, e, c, a",
        lambda: "A, C, E, G, I, K and L",
    ),
    slips=(
        _names(
            "ACEKL", "Are tokens or sound a reason against it? The marks speak of places.", "2D"
        ),
        _names("AEGIK", "C and L join by adding: that is a skip as well.", "no adding"),
        _names("ACEFGIKL", "Half of the way up is no way up: count its levels.", "a pyramid"),
        _names("ACEGIJKL", "Where a maximum was is a place, not a map.", "places as a skip"),
        _names("ABCEGIJKL", "An hourglass has no skip at all.", "hourglasses"),
        _names(LETTERS, "If all were, the word would mean nothing.", "all"),
        _names("E", "More than the one with the name: look for the marks.", "only one"),
    ),
    hints=(
        "Cross out those that end far from the top. Then those where nothing crosses. Who is left?",
        "Adding counts; sound, volumes and tokens count. What does not: the places of maxima.",
        "`'AC_G__L'`: seven of them have all four marks.",
    ),
    solution_text="`'ACEGIKL'`: B and J have no skips, D and H do not come up level by level, F "
    "stops at a quarter of the height.",
    praise="Seven of twelve: tokens, sound and volumes, cat and add, crops and all.",
)


# ----------------------------------------------------------------------------------------- one_line
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
        return no_map(made)
    return shape_fault(made, x.shape, "Where two maps of 16 channels, 6×10, meet")


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
    ladder=(
        a_function("meet(x, skip)"),
        Rung("its shape", _runs_fault),
        Rung("the verdict", _verdict_fault),
        Rung("a living skip", _life_fault),
    ),
    answers=(
        lambda: lambda x, skip: x + skip,
        lambda: lambda x, skip: torch.stack([x, skip]).mean(0),
        lambda: lambda x, skip: torch.cat([x[:, :8], skip[:, :8]], dim=1),
    ),
    slips=(
        Slip(
            "the skip times zero",
            lambda: lambda x, skip: x + 0 * skip,
            lambda a: _does(lambda x, skip: x)(a) and _listens(a),
            "The inspector sees that they meet. It does not see that nothing arrives.",
        ),
        Slip(
            "in place",
            lambda: _in_place,
            _overwrites,
            "`+=` overwrites x, which the gradient still needs. Make a new map: `x + skip`.",
        ),
        Slip(
            "a layer made in the line",
            lambda: lambda x, skip: x + nn.Conv2d(16, 16, 1)(skip),
            lambda a: not _does(a)(a),
            "A layer that is made in the line is a new one each time, with new random weights: it "
            "learns nothing. This line needs no layer.",
        ),
        Slip(
            "no skip",
            lambda: lambda x, skip: x,
            _does(lambda x, skip: x),
            "The skip is not used: as it stands, this is an autoencoder.",
        ),
        Slip(
            "only the skip",
            lambda: lambda x, skip: skip,
            _does(lambda x, skip: skip),
            "Now what comes up is thrown away, and the bottom with it.",
        ),
        Slip(
            "detached",
            lambda: lambda x, skip: x + skip.detach(),
            lambda a: not _listens(a) and _does(lambda x, skip: x + skip)(a),
            "A detached skip carries the picture, and teaches the encoder nothing.",
        ),
        Slip(
            "concatenated, and too wide",
            lambda: lambda x, skip: torch.cat([x, skip], dim=1),
            lambda a: a(torch.zeros(1, 16, 4, 4), torch.zeros(1, 16, 4, 4)).shape[1] == 32,
            "`cat` makes 32 channels of 16 and 16, and up_one takes 16. Which join keeps 16?",
        ),
        Slip(
            "along the batch",
            lambda: lambda x, skip: torch.cat([x, skip], dim=0),
            lambda a: a(torch.zeros(1, 16, 4, 4), torch.zeros(1, 16, 4, 4)).shape[0] == 2,
            "`dim=0` counts the pictures of a batch, `dim=1` the channels.",
        ),
        Slip(
            "one number",
            lambda: lambda x, skip: x + skip.mean(),
            _does(lambda x, skip: x + skip.mean()),
            "One number crosses, no map: the places are lost.",
        ),
        Slip(
            "one number a channel",
            lambda: lambda x, skip: x + skip.mean((2, 3), keepdim=True),
            _does(lambda x, skip: x + skip.mean((2, 3), keepdim=True)),
            "A mean over the whole map knows *what*, not *where*: no place crosses.",
        ),
        Slip(
            "halved first",
            lambda: _late,
            _does(_late),
            "What was halved and made large again has been small: that is not a skip.",
        ),
        Slip(
            "twice what comes up",
            lambda: lambda x, skip: x + x,
            _does(lambda x, skip: x + x),
            "x meets itself. Nothing comes from the way down.",
        ),
    ),
    hints=(
        "Which mark does the report miss? What would have to arrive in this line?",
        "x and skip have one shape, and so must the result. Which join keeps the channels?",
        "`return x ___ skip`",
    ),
    solution_text="`return x + skip`. One skip of two levels: half of them, which is enough.",
    praise="One line, and the verdict turns: one skip at one of two levels, and it is alive.",
)
