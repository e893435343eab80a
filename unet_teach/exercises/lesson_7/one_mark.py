"""The last exercise of lesson 7: networks that miss one criterion, and no other."""

from collections.abc import Callable
from typing import Any

from torch import nn

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


def _criteria(given: Any) -> dict[str, Criterion]:
    criteria = inspect_unet(_network(given), IMAGE_SHAPE).criteria
    return {criterion.name.lower(): criterion for criterion in criteria}


def _lacking(given: Any) -> list[str]:
    """Return the names of the criteria that the network does not meet."""
    return [name for name, criterion in _criteria(given).items() if not criterion.met]


def _pair_problem(answer: Any) -> str | None:
    if not isinstance(answer, tuple | list):
        kind = type(answer).__name__
        return f"The answer should be two networks, `(no_skips, no_symmetry)`, but this is of type {kind}."
    if len(answer) != 2:
        return f"The answer should be two networks, `(no_skips, no_symmetry)`, but you gave {len(answer)}."
    for place, given in zip(PLACES, answer, strict=True):
        if given is ... or given is None:
            return f"The {place} network is still missing."
        if problem := _type_problem(given):
            return f"The {place} network: {problem}"
    return None


def _type_problem(given: Any) -> str | None:
    is_class = isinstance(given, type) and issubclass(given, nn.Module)
    if not (is_class or isinstance(given, nn.Module)):
        kind = type(given).__name__
        return f"it should be a network or the class of one, but this is of type {kind}."
    try:
        network = _network(given)
    except Exception as error:
        if "missing" in str(error) and "argument" in str(error):
            return f"`{given.__name__}` is a class that needs arguments. Create a network from it first."
        return f"`{given.__name__}()` fails. {sandbox.describe(error)}"
    if type(network).__module__ in (twelve_networks.__name__, six_networks.__name__):
        name = type(network).__name__
        return (
            f"`{name}` is one of the networks that the lessons have judged. Make one of your own."
        )
    return None


def _both_run_problem(answer: Any) -> str | None:
    for place, given in zip(PLACES, answer, strict=True):
        if problem := inspect_unet(_network(given), IMAGE_SHAPE).problem:
            return f"The {place} network, on one grey image of 64×64: {problem}"
    return None


def _lacks_only(place: int) -> Callable[[Any], str | None]:
    """Make a check's function: the network at this place misses its criterion, and no other."""

    def problem(answer: Any) -> str | None:
        criteria, target = _criteria(answer[place]), LACKING[place]
        lacking = [name for name, criterion in criteria.items() if not criterion.met]
        if lacking == [target]:
            return None
        actual = f"misses {', '.join(lacking)}" if lacking else "meets all four criteria"
        # What else it misses is the reason, or else that it meets what it should miss.
        wrong = [name for name in lacking if name != target] or [target]
        reasons = " ".join(
            f"About its {name}: {' '.join(map(_observed, criteria[name].evidence))}"
            for name in wrong
        )
        return f"The {PLACES[place]} network should miss {target} and nothing else, but it {actual}. {reasons}"

    return problem


def _observed(evidence: str) -> str:
    """Leave out the advice for training, which would lead away from this exercise."""
    return evidence.partition(" Crop the ")[0]


def _unet(**options: Any) -> UNet:
    return UNet(**{"depth": 2, "base_channels": 4, **options})


def _no_skips() -> UNet:
    return _unet(skip="none")


def _no_symmetry() -> nn.Module:
    return nn.Sequential(_unet(), nn.MaxPool2d(2))


one_mark = Exercise(
    name="one_mark",
    lesson=7,
    prompt="Make two networks for one grey image, (1, 1, 64, 64). The first misses only the criterion *skip connections*, and the second only *symmetric architecture*.",
    checks=(
        Check("two networks", _pair_problem),
        Check("both run", _both_run_problem),
        Check("the first lacks only its skips", _lacks_only(0)),
        Check("the second lacks only its symmetry", _lacks_only(1)),
    ),
    mistakes=(
        KnownMistake("the other way round", "Both networks are right, but in the wrong order. Put the one without skips first.",
            lambda: (_no_symmetry(), _no_skips()),
            lambda a: [_lacking(given) for given in a] == [[name] for name in LACKING[::-1]]),
        KnownMistake("an option of the decoder", "Symmetry is about levels, and no option of `UNet` leaves one out. `decoder` changes how many channels and convolutions a level has, `padding` how large its feature maps are, and `down` and `up` which layers lead to the next level. What could you put before or after a U-Net?",
            lambda: (_no_skips(), _unet(decoder="narrow")),
            lambda a: isinstance(a[1], UNet) and not _lacking(a[1]),
            at="the second lacks only its symmetry"),
        KnownMistake("still symmetric", "Symmetry is about levels: the decoder goes up as often as the encoder goes down. Cropping or padding changes no level, and a level added on both sides keeps it symmetric. What could you add on one side of a U-Net alone, so that its output has half or twice the resolution of the image?",
            lambda: (_no_skips(), nn.Sequential(_unet(), nn.ZeroPad2d(-8))),
            lambda a: not isinstance(a[1], UNet) and not _lacking(a[1]),
            at="the second lacks only its symmetry"),
        KnownMistake("no skips, twice", "Give the second network its skips back, and let only its output end at another resolution than the image's.",
            lambda: (_no_skips(), _no_skips()), lambda a: _lacking(a[1]) in ([LACKING[0]], [*LACKING]),
            more_examples=(lambda: (_no_skips(), nn.Sequential(_no_skips(), nn.MaxPool2d(2))),), at="the second lacks only its symmetry"),
        KnownMistake("a pair of the lesson", "You gave a pair of a network and its input shape. Take only the network, with `[0]`.",
            lambda: (_no_skips(), (_no_symmetry(), IMAGE_SHAPE)),
            lambda a: any(isinstance(p, tuple) and isinstance(p[0], nn.Module) for p in a)),
        KnownMistake("one of the course's", "Start from `UNet` instead. One of its options removes the skips, and a layer after a whole U-Net can break the symmetry.",
            lambda: (Almost(lambda x, skip: x), _no_symmetry()),
            lambda a: any(type(p).__module__ == twelve_networks.__name__ for p in a)),
    ),
    hints=(
        "For one of the two, an option of `UNet` is enough. Run `UNet?` in a cell of its own and read the list.",
        "For the second, keep a whole U-Net. At which resolution must its output be to be symmetric, and which layer after it would change that?",
        "`UNet(depth=2, base_channels=4, skip=___)`, and `nn.Sequential(UNet(depth=2, base_channels=4), ___)`",
    ),
    solution_text=(
        "`no_skips = UNet(depth=2, base_channels=4, skip='none')\n"
        "no_symmetry = nn.Sequential(UNet(depth=2, base_channels=4), nn.MaxPool2d(2))`\n"
        "The second is a U-Net whose output is made coarser."
    ),
    praise="Both are right. Only these two criteria can be missing alone, because a network without down-sampling or up-sampling misses others as well.",
)  # fmt: skip
