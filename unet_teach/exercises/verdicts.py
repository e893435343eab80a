"""The exercises of lesson 7, Is it a U-Net?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.engine import Exercise, Rung, Slip
from unet_teach.exercises.ladder import a_function, no_map, shape_fault
from unet_teach.exercises.letters import names, which
from unet_teach.inspection.inspector import inspect_unet
from unet_teach.inspection.report import UNetReport
from unet_teach.networks import UNet
from unet_teach.relatives import Autoencoder, Classifier, FullyConvolutional, ResidualNet
from unet_teach.specimens import Almost, FeaturePyramid

PICTURE = (1, 1, 64, 64)
Meet = Callable[[Tensor, Tensor], Any]

# ------------------------------------------------------------------------------------------- twelve
LETTERS = "ABCDEFGHIJKL"
UNETS = "ACEGIKL"
WHY_NOT = {
    "B": "B goes down and up; all that the top learns has to pass the bottom.",
    "D": "D ends with one number a class: nothing comes up again.",
    "F": "F comes up halfway and is stretched from there: a level of the way down has no partner.",
    "H": "H comes up in one leap, and nothing crosses.",
    "J": "J sends the *places* of its maxima across, no map: what was seen there stays behind.",
}
WHY = {
    "A": "Crops and convolutions without padding change sizes, not the resolution.",
    "C": "Adding is a way to join as well.",
    "G": "Tokens can be merged and expanded too. What matters is what happens to the places.",
    "I": "A picture may have one dimension: sound.",
    "K": "Or three: a volume.",
}


def _names(named: str, says: str, name: str) -> Slip:
    return names(named, LETTERS, says, name)


twelve = Exercise(
    name="twelve",
    lesson=7,
    prompt="Which of the twelve networks are U-Nets? Name their letters, such as 'BF'.",
    ladder=tuple(which(UNETS, LETTERS, WHY_NOT, WHY)),
    answers=(lambda: UNETS, lambda: set(UNETS), lambda: "l, k, i, g, e, c, a"),
    slips=(
        _names(
            "ACEKL", "Are tokens or sound a reason against it? The marks speak of places.", "2D"
        ),
        _names("AEGIKL", "One more joins by adding.", "no adding"),
        _names("ACEFGIKL", "Half of the way up is no way up: count its levels.", "a pyramid"),
        _names("ACEGIJKL", "Where a maximum was is a place, not a map.", "places as a skip"),
        _names("ABCEGIJKL", "An hourglass has no skip at all.", "hourglasses"),
        _names("CEGIKL", "572 in, 388 out. Does a smaller *size* mean a coarser picture?", "2015"),
        _names(LETTERS, "If all were, the word would mean nothing.", "all"),
        _names("E", "More than the one with the name: look for the marks.", "only one"),
    ),
    hints=(
        "Cross out those that end far from the top. Then those where nothing crosses. Who is left?",
        "Adding counts; sound, volumes and tokens count. What does not: the places of maxima.",
        "`'AC_G_KL'`: seven of them have all four marks.",
    ),
    solution_text="`'ACEGIKL'`: B and J have no skips, D and H do not come up level by level, F "
    "stops at a quarter of the height.",
    praise="Seven of twelve: tokens, sound and volumes, cat and add, crops and all.",
)


# ----------------------------------------------------------------------------------------- one_line
def _almost(answer: Meet) -> nn.Module:
    return Almost(answer)


def _runs_fault(answer: Meet) -> str | None:
    x = torch.randn(2, 16, 6, 10)
    made = answer(x, torch.randn(2, 16, 6, 10))
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
    names = ("x, what comes up,", "skip")
    maps = [torch.randn(1, 16, 4, 6, requires_grad=True) for _ in names]
    with torch.enable_grad():
        made: Tensor = answer(maps[0], maps[1])
        slopes = torch.autograd.grad(
            made.square().sum(), maps, allow_unused=True, materialize_grads=True
        )
    for name, slope in zip(names, slopes, strict=True):
        if not slope.any():
            return f"The maps meet, but {name} has no effect that could be learned from."
    return None


def _does(wrong: Meet) -> Callable[[Any], bool]:
    """Whether an answer gives what `wrong` gives."""

    def recognises(answer: Any) -> bool:
        x, skip = torch.randn(2, 16, 6, 10), torch.randn(2, 16, 6, 10)
        return torch.allclose(answer(x, skip), wrong(x, skip), atol=1e-5)

    return recognises


def _listens(answer: Meet) -> bool:
    """Whether a gradient finds its way to the skip, be it zero."""
    skip = torch.ones(1, 16, 4, 4, requires_grad=True)
    with torch.enable_grad():
        made: Tensor = answer(torch.ones(1, 16, 4, 4), skip)
    return made.requires_grad


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
            "The inspector sees that they meet. It does not see that zero arrives.",
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


# ----------------------------------------------------------------------------------------- one_mark
def _network(answer: Any) -> nn.Module:
    made: nn.Module = answer() if isinstance(answer, type) or not _is_module(answer) else answer
    return made


def _is_module(answer: Any) -> bool:
    return isinstance(answer, nn.Module)


def _report(answer: Any) -> UNetReport:
    return inspect_unet(_network(answer), PICTURE)


def _lacking(answer: Any) -> list[str]:
    return [criterion.name for criterion in _report(answer).criteria if not criterion.met]


def _type_fault(answer: Any) -> str | None:
    is_class = isinstance(answer, type) and issubclass(answer, nn.Module)
    if is_class or _is_module(answer):
        return None
    kind = type(answer).__name__
    return f"A network was expected, or a class of networks; this is of type {kind}."


def _judged_fault(answer: Any) -> str | None:
    problem = _report(answer).problem
    return f"On one grey picture, 64×64: {problem}" if problem else None


def _marks_fault(answer: Any) -> str | None:
    lacking = _lacking(answer)
    if len(lacking) == 1:
        return None
    if not lacking:
        return "It has all four marks: it is a U-Net."
    return f"It lacks {len(lacking)}: {', '.join(lacking).lower()}."


class _Half(nn.Module):
    """A U-Net whose answer is half as high."""

    def __init__(self) -> None:
        super().__init__()
        self.unet = UNet(1, 4, depth=2, base_channels=4)
        self.shrink = nn.Conv2d(4, 1, 2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.shrink(self.unet(x))
        return made


one_mark = Exercise(
    name="one_mark",
    lesson=7,
    prompt="Make a network for one grey picture, (1, 1, 64, 64), that lacks exactly one mark.",
    ladder=(
        Rung("a network", _type_fault),
        Rung("it runs", _judged_fault),
        Rung("three marks of four", _marks_fault),
    ),
    answers=(
        lambda: Autoencoder(),
        lambda: Autoencoder,
        lambda: UNet(depth=2, base_channels=4, skip="none"),
        lambda: FeaturePyramid(1),
        lambda: _Half,
    ),
    slips=(
        Slip(
            "all four",
            lambda: UNet(depth=2, base_channels=4),
            lambda a: not _lacking(a),
            "Take one thing away: the skips, or a step of the way up.",
        ),
        Slip(
            "a classifier",
            lambda: Classifier(),
            lambda a: len(_lacking(a)) == 3 and "Down-sampling" not in _lacking(a),
            "Without a way up there is nothing to be skipped to, and nothing to be symmetric with.",
        ),
        Slip(
            "nothing smaller",
            lambda: ResidualNet(),
            lambda a: not _report(a).problem and len(_lacking(a)) == 4,
            "Where nothing goes down, nothing can come up: all four are gone at once.",
        ),
        Slip(
            "a leap",
            lambda: FullyConvolutional(),
            lambda a: _lacking(a) == ["Skip connections", "Symmetric architecture"],
            "Two are missing. Give it one of them back: level by level, or with skips.",
        ),
        Slip(
            "another kind of picture",
            lambda: UNet(3, 1, depth=2, base_channels=4),
            lambda a: "channel" in (_report(a).problem or ""),
            "A grey picture has one channel: `in_channels=1`.",
        ),
    ),
    hints=(
        "Which marks can be missing alone? Try: can a network come up that never went down?",
        "Down or up alone cannot be missing: the symmetry would be gone with it. So take the "
        "skips, or the symmetry.",
        "`UNet(depth=2, base_channels=4, skip=___)`",
    ),
    solution_text="`UNet(depth=2, base_channels=4, skip='none')` lacks its skips. A U-Net followed "
    "by `nn.MaxPool2d(2)` lacks the symmetry.",
    praise="Exactly one. Only skips and symmetry can be missing alone; the other two take more "
    "with them.",
)
