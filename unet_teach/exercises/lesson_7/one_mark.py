"""The last exercise of lesson 7: networks that lack one mark, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.inspection.inspector import inspect_unet
from unet_teach.inspection.report import UNetReport
from unet_teach.networks import UNet, six_networks, twelve_networks
from unet_teach.networks.twelve_networks import Almost

PICTURE = (1, 1, 64, 64)
WANTED = ("skip connections", "symmetric architecture")
WHICH = ("first", "second")


def _network(answer: Any) -> nn.Module:
    made: nn.Module = answer() if isinstance(answer, type) else answer
    return made


def _report(answer: Any) -> UNetReport:
    return inspect_unet(_network(answer), PICTURE)


def _lacking(answer: Any) -> list[str]:
    return [criterion.name.lower() for criterion in _report(answer).criteria if not criterion.met]


def _two_fault(answer: Any) -> str | None:
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return "Two networks were expected, `(no_skips, no_symmetry)`."
    for place, given in zip(WHICH, answer, strict=True):
        if given is ... or given is None:
            return f"The {place} network is still missing."
        if fault := _type_fault(given):
            return f"The {place}: {fault}"
    return None


def _type_fault(given: Any) -> str | None:
    is_class = isinstance(given, type) and issubclass(given, nn.Module)
    if not (is_class or isinstance(given, nn.Module)):
        kind = type(given).__name__
        return f"a network was expected, or a class of networks; this is of type {kind}."
    try:
        made = _network(given)
    except Exception:
        return f"`{given.__name__}` is a class that needs arguments. Make a network of it."
    if type(made).__module__ in (twelve_networks.__name__, six_networks.__name__):
        return f"`{type(made).__name__}` is one that this course has judged. Make one of your own."
    return None


def _runs_all_fault(answer: Any) -> str | None:
    for place, given in zip(WHICH, answer, strict=True):
        if problem := _report(given).problem:
            return f"The {place}, on one grey picture of 64×64: {problem}"
    return None


def _lacks(place: int) -> Callable[[Any], str | None]:
    """The network at this place lacks its mark, and nothing else."""

    def fault(answer: Any) -> str | None:
        lacking = _lacking(answer[place])
        if lacking == [WANTED[place]]:
            return None
        found = f"lacks its {', '.join(lacking)}" if lacking else "has all four marks"
        return f"The {WHICH[place]} should lack its {WANTED[place]}, and only that. It {found}."

    return fault


def _either(holds: Callable[[list[str]], bool]) -> Callable[[Any], bool]:
    """Whether it holds for what one of the two lacks that is not as it should be."""

    def recognises(answer: Any) -> bool:
        if _two_fault(answer) or _runs_all_fault(answer):
            return False
        lacking = [_lacking(given) for given in answer]
        wrong = [had for had, mark in zip(lacking, WANTED, strict=True) if had != [mark]]
        return any(map(holds, wrong[:1]))

    return recognises


def _small(**options: Any) -> UNet:
    return UNet(**{"depth": 2, "base_channels": 4, **options})


class _Leaping(nn.Module):
    """Two halvings; the way up meets a skip, then leaps over a level."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = (
            nn.Conv2d(1, 4, 3, padding=1),
            nn.Conv2d(4, 4, 2, stride=2),
            nn.Conv2d(4, 4, 2, stride=2),
        )

    def forward(self, x: Tensor) -> Tensor:
        one = F.relu(self.one(x))
        bottom = F.relu(self.three(F.relu(self.two(one))))
        return one + F.interpolate(bottom, scale_factor=4.0)


def _leap() -> nn.Module:
    convs = [nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 2, 2), nn.Conv2d(4, 4, 2, 2)]
    return nn.Sequential(*convs, nn.Upsample(scale_factor=4))


def _no_skips() -> UNet:
    return _small(skip="none")


def _no_symmetry() -> nn.Module:
    return nn.Sequential(_small(), nn.MaxPool2d(2))


one_mark = Exercise(
    name="one_mark",
    lesson=7,
    prompt="Make two networks for one grey picture, (1, 1, 64, 64). The first lacks its skips and nothing else, the second its symmetry and nothing else.",
    checks=(
        Check("two networks", _two_fault),
        Check("both run", _runs_all_fault),
        Check("the first lacks only its skips", _lacks(0)),
        Check("the second lacks only its symmetry", _lacks(1)),
    ),
    answers=(
        lambda: (_no_skips(), _no_symmetry()),
        lambda: [_no_skips(), nn.Sequential(_small(), nn.Upsample(scale_factor=2))],
        lambda: (_no_skips(), nn.Sequential(nn.Conv2d(1, 1, 2, stride=2), _small())),
        lambda: (_no_skips(), _Leaping),
    ),
    mistakes=(
        KnownMistake("another kind of picture", "A grey picture has one channel: `in_channels=1`.",
            lambda: (_small(in_channels=3, skip="none"), _no_symmetry()),
            lambda a: any("channel" in (_report(given).problem or "") for given in a),
            at="both run"),
        KnownMistake("the other way round", "Both are right, and stand the other way round.",
            lambda: (_no_symmetry(), _no_skips()),
            lambda a: [_lacking(given) for given in a] == [[mark] for mark in WANTED[::-1]]),
        KnownMistake("an option of the way up", "`decoder` changes how many channels and convolutions a level has. Symmetry is about levels, and no option of `UNet` leaves one out.",
            lambda: (_no_skips(), _small(decoder="narrow")),
            lambda a: isinstance(a[1], UNet) and not _lacking(a[1]),
            at="the second lacks only its symmetry"),
        KnownMistake("no skips, twice", "Give the second its skips back. Then let its answer end at another level than the picture's.",
            lambda: (_no_skips(), _no_skips()), lambda a: _lacking(a[1]) == [WANTED[0]],
            at="the second lacks only its symmetry"),
        KnownMistake("all four", "Take something away: what meets on the way up, or the level where it ends.",
            lambda: (_small(), _no_symmetry()), _either(lambda lacking: not lacking)),
        KnownMistake("a way down only", "Without a way up there is nothing to be skipped to, and nothing to be symmetric with.",
            lambda: (nn.Conv2d(1, 4, 2, stride=2), _no_symmetry()),
            _either(lambda lacking: len(lacking) == 3 and "down-sampling" not in lacking)),
        KnownMistake("a way up only", "It goes up and has never gone down: begin with a U-Net that has all four.",
            lambda: (_no_skips(), nn.Upsample(scale_factor=2)),
            _either(lambda lacking: len(lacking) == 3 and "up-sampling" not in lacking)),
        KnownMistake("nothing smaller", "Where nothing goes down, nothing can come up: all four are gone at once.",
            lambda: (nn.Conv2d(1, 1, 3, padding=1), _no_symmetry()),
            _either(lambda lacking: len(lacking) == 4)),
        KnownMistake("a leap", "Give it one of the two back: level by level, or with skips.",
            lambda: (_no_skips(), _leap()), _either(lambda lacking: lacking == list(WANTED))),
        KnownMistake("a pair of the lesson", "It is a pair, a network with its shape: `[0]` takes the network.",
            lambda: (_no_skips(), (_no_symmetry(), PICTURE)),
            lambda a: any(isinstance(p, tuple) and isinstance(p[0], nn.Module) for p in a)),
        KnownMistake("one of the course's", "Begin with `UNet`: its options take the first mark away. What comes after a U-Net can take the second.",
            lambda: (Almost(lambda x, skip: x), _no_symmetry()),
            lambda a: any(type(p).__module__ == twelve_networks.__name__ for p in a)),
    ),
    hints=(
        "One of the two is an option: run `UNet?` in a cell of its own and read its list.",
        "For the second, keep a whole U-Net. Where must the answer end to be symmetric, and which layer after it would move it away from there?",
        "`UNet(depth=2, base_channels=4, skip=___)`, and `nn.Sequential(UNet(depth=2, base_channels=4), ___)`",
    ),
    solution_text=(
        "`no_skips = UNet(depth=2, base_channels=4, skip='none')\n"
        "no_symmetry = nn.Sequential(UNet(depth=2, base_channels=4), nn.MaxPool2d(2))`\n"
        "The second is a U-Net whose answer is made coarser."
    ),
    praise="Both. Only these two marks can be missing alone: the way down and the way up take others with them.",
)  # fmt: skip
