"""The last exercise of lesson 7: networks that lack one mark, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises import sandbox
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.inspection.evidence import Criterion
from unet_teach.inspection.inspector import inspect_unet
from unet_teach.networks import UNet, six_networks, twelve_networks
from unet_teach.networks.twelve_networks import Almost

IMAGE_SHAPE = (1, 1, 64, 64)
LACKING = ("skip connections", "symmetric architecture")  # of the first network, and of the second
PLACES = ("first", "second")


def _network(given: Any) -> nn.Module:
    network: nn.Module = given() if isinstance(given, type) else given
    return network


def _run_problem(given: Any) -> str | None:
    return inspect_unet(_network(given), IMAGE_SHAPE).problem


def _criteria(given: Any) -> dict[str, Criterion]:
    criteria = inspect_unet(_network(given), IMAGE_SHAPE).criteria
    return {criterion.name.lower(): criterion for criterion in criteria}


def _lacking(given: Any) -> list[str]:
    """Return the names of the criteria that the network does not meet."""
    return [name for name, criterion in _criteria(given).items() if not criterion.met]


def _pair_problem(answer: Any) -> str | None:
    if not isinstance(answer, tuple | list):
        kind = type(answer).__name__
        return f"Two networks were expected, `(no_skips, no_symmetry)`; this is of type {kind}."
    if len(answer) != 2:
        return f"Two networks were expected, `(no_skips, no_symmetry)`; given: {len(answer)}."
    for place, given in zip(PLACES, answer, strict=True):
        if given is ... or given is None:
            return f"The {place} network is still missing."
        if problem := _type_problem(given):
            return f"The {place}: {problem}"
    return None


def _type_problem(given: Any) -> str | None:
    is_class = isinstance(given, type) and issubclass(given, nn.Module)
    if not (is_class or isinstance(given, nn.Module)):
        kind = type(given).__name__
        return f"a network was expected, or a class of networks; this is of type {kind}."
    try:
        network = _network(given)
    except Exception as error:
        if "missing" in str(error) and "argument" in str(error):
            return f"`{given.__name__}` is a class that needs arguments. Make a network of it."
        return f"`{given.__name__}()` makes no network. {sandbox.describe(error)}"
    if type(network).__module__ in (twelve_networks.__name__, six_networks.__name__):
        name = type(network).__name__
        return f"`{name}` is one that this course has judged. Make one of your own."
    return None


def _both_run_problem(answer: Any) -> str | None:
    for place, given in zip(PLACES, answer, strict=True):
        if problem := _run_problem(given):
            return f"The {place}, on one grey picture of 64×64: {problem}"
    return None


def _lacks_only(place: int) -> Callable[[Any], str | None]:
    """Make a check's function: the network at this place lacks its criterion, and no other."""

    def problem(answer: Any) -> str | None:
        criteria, target = _criteria(answer[place]), LACKING[place]
        lacking = [name for name, criterion in criteria.items() if not criterion.met]
        if lacking == [target]:
            return None
        actual = f"lacks its {', '.join(lacking)}" if lacking else "has all four marks"
        # What else it lacks is the reason, or else that it has what it should lack.
        wrong = [name for name in lacking if name != target] or [target]
        reasons = " ".join(f"Its {name}: {' '.join(criteria[name].evidence)}" for name in wrong)
        return (
            f"The {PLACES[place]} should lack its {target}, and only that. It {actual}. {reasons}"
        )

    return problem


def _unet(**options: Any) -> UNet:
    return UNet(**{"depth": 2, "base_channels": 4, **options})


def _no_skips() -> UNet:
    return _unet(skip="none")


def _no_symmetry() -> nn.Module:
    return nn.Sequential(_unet(), nn.MaxPool2d(2))


def _two_down_one_up() -> nn.Module:
    """Make two halvings, followed by one up-sampling by 4."""
    convs = (nn.Conv2d(4, 4, 2, stride=2), nn.ReLU(), nn.Conv2d(4, 4, 2, stride=2), nn.ReLU())
    return nn.Sequential(*convs, nn.Upsample(scale_factor=4.0))


class _OnlyUpperSkip(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.deeper = nn.Conv2d(1, 4, 3, padding=1), _two_down_one_up()

    def forward(self, x: Tensor) -> Tensor:
        skip = F.relu(self.first(x))
        return skip + cast(Tensor, self.deeper(skip))


one_mark = Exercise(
    name="one_mark",
    lesson=7,
    prompt="Make two networks for one grey picture, (1, 1, 64, 64). The first lacks its skips and nothing else, the second its symmetry and nothing else.",
    checks=(
        Check("two networks", _pair_problem),
        Check("both run", _both_run_problem),
        Check("the first lacks only its skips", _lacks_only(0)),
        Check("the second lacks only its symmetry", _lacks_only(1)),
    ),
    answers=(
        lambda: (_no_skips(), _no_symmetry()),
        lambda: [_no_skips(), nn.Sequential(_unet(), nn.Upsample(scale_factor=2))],
        lambda: (_no_skips(), nn.Sequential(nn.Conv2d(1, 1, 2, stride=2), _unet())),
        lambda: (_no_skips(), _OnlyUpperSkip),
    ),
    mistakes=(
        KnownMistake("another kind of picture", "A grey picture has one channel: `in_channels=1`.",
            lambda: (_unet(in_channels=3, skip="none"), _no_symmetry()),
            lambda a: any("channel" in (_run_problem(given) or "") for given in a),
            at="both run"),
        KnownMistake("the other way round", "Both are right, and stand the other way round.",
            lambda: (_no_symmetry(), _no_skips()),
            lambda a: [_lacking(given) for given in a] == [[mark] for mark in LACKING[::-1]]),
        KnownMistake("an option of the way up", "Symmetry is about levels, and no option of `UNet` leaves one out: `decoder` changes how many channels and convolutions a level has, `padding` how many cells, `down` and `up` which layers lead to the next level.",
            lambda: (_no_skips(), _unet(decoder="narrow")),
            lambda a: isinstance(a[1], UNet) and not _lacking(a[1]),
            at="the second lacks only its symmetry"),
        KnownMistake("no skips, twice", "Give the second its skips back. Then let its answer end at another level than the picture's.",
            lambda: (_no_skips(), _no_skips()), lambda a: _lacking(a[1]) == [LACKING[0]],
            at="the second lacks only its symmetry"),
        KnownMistake("a pair of the lesson", "It is a pair, a network with its shape: `[0]` takes the network.",
            lambda: (_no_skips(), (_no_symmetry(), IMAGE_SHAPE)),
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
