"""Lesson 3: a first network of one's own, the repaired snippet as a class."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.exercises.checks.forward_problems import output_problem
from unet_teach.exercises.checks.forward_trace import Trace, with_shape
from unet_teach.exercises.checks.networks import (
    StudentNetworks,
    class_problem,
    images_as_text,
    new_network,
    random_sizes,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake

CHANNELS, OTHER_CHANNELS = 4, 6  # with which the networks of a check are made
STATEMENT = "class DownAndUp(nn.Module):"
SHAPES = "its output shapes"
HALVED, JOINED, OWN_LAYERS = "a halving inside", "the input stacked with it", "layers of its own"

networks = StudentNetworks(
    lambda answer, channels=CHANNELS: new_network(answer, channels), (8, 12), CHANNELS
)


def _output_problem(answer: Any) -> str | None:
    for channels in (CHANNELS, OTHER_CHANNELS):
        for count, size in ((2, (8, 12)), *((1, size) for size in random_sizes(2))):
            maps = torch.randn(count, channels, *size)
            where = f"DownAndUp({channels}) {images_as_text(count, size)}"
            where = where.replace("image", "feature map")
            network = networks.make(answer, channels)
            if problem := output_problem(network, maps, 2 * channels, where):
                works = f" DownAndUp({CHANNELS}) works. Did you write a number where `channels` belongs?"
                return problem + (works if channels != CHANNELS else "")
    return None


def _halved_problem(answer: Any) -> str | None:
    trace = networks.trace(answer)
    if any(step.size == (4, 6) for step in trace.used):
        return None
    if any(step.size == (4, 6) for step in trace.steps):
        return "Your network halves its input, but the output doesn't depend on what comes of that. Stack the input with what came back up."
    return "No layer of your network returns a feature map of half the height and width, so nothing is halved and brought back. Use the two layers of the snippet."


def _width_problem(answer: Any) -> str | None:
    """Say that no layer that halves the size doubles the channels."""
    for channels in (CHANNELS, OTHER_CHANNELS):
        trace = Trace(networks.make(answer, channels), torch.randn(1, channels, 8, 12))
        small = [step for step in trace.used if step.size == (4, 6)]
        if small and all(step.output.shape[1] != 2 * channels for step in small):
            made = small[0].output.shape[1]
            return f"DownAndUp({channels}): {small[0].call} returns {made} channels. As in the snippet, there should be twice as many as in the input: {2 * channels}."
    return None


def _joined_problem(answer: Any) -> str | None:
    maps, halves = _halves_of(answer)
    crossed = [half for half in halves if torch.equal(half, maps)]
    if len(crossed) != 1:
        return f"One half of the output's channels should be `x` itself, unchanged, and the other half what came back up.{_halves(networks.trace(answer))}"
    joins = [
        step
        for step in networks.trace(answer).used
        if step.kind == "join" and any(source.kind == "image" for source in step.inputs)
    ]
    if len(joins) > 1:
        other = next(source for source in joins[0].inputs if source.kind != "image")
        return f"`{joins[0].name}` joins the input with {with_shape(other)} before they are stacked. Stack what came back up as it is."
    return _cut(crossed[0], maps, "through the skip")


def _halves(trace: Trace) -> str:
    """Say which feature map each half of the output holds, where it is one."""
    texts: list[str] = []
    for place, half in enumerate(trace.result.split(CHANNELS, dim=1)):
        found = next((step for step in trace.used[:-1] if torch.equal(step.output, half)), None)
        if found:
            span = f"hannels {place * CHANNELS} to {(place + 1) * CHANNELS - 1}"
            result = found.text if found is found.origin else f"`{found.name}` of {found.text}"
            texts.append(f"{'c' if texts else 'C'}{span} are {result}")
    return f" {', '.join(texts)}." if texts else ""


def _came_up_problem(answer: Any) -> str | None:
    maps, halves = _halves_of(answer)
    problems = (_cut(half, maps, "from what came back up to the input") for half in halves)
    return next(filter(None, problems), None)


def _halves_of(answer: Any) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Return feature maps that a gradient can flow back to, and both halves of the output."""
    network = networks.make(answer).eval()
    maps = torch.randn(2, CHANNELS, 8, 12, requires_grad=True)
    return maps, network(maps).split(CHANNELS, dim=1)


def _cut(half: Tensor, maps: Tensor, path: str) -> str | None:
    """Say that half of the output has no gradient for the input."""
    (gradient,) = torch.autograd.grad(half.sum(), maps, retain_graph=True, allow_unused=True)
    if gradient is not None and gradient.any():
        return None
    return f"No gradient flows back {path}, so layers before it would not learn from it. Leave out `detach()`, `.data` and `torch.no_grad()`."


def _layers_problem(answer: Any) -> str | None:
    names = ", ".join(f"`{name}`" for name in networks.trace(answer).unused)
    return f"`forward` never uses {names}." if names else None


def _written(
    forward: Callable[[Any, Tensor], Any], hidden: bool = False, width: int = 0
) -> Callable[[], Any]:
    """Make a class with the snippet's layers; `hidden` in a list, for a fixed `width` of channels."""

    class Student(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()
            channels = width or channels
            down = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1)
            up = nn.ConvTranspose2d(2 * channels, channels, 3, 2, padding=1, output_padding=1)
            if hidden:
                self.layers = [down, up]
            else:
                self.downsample, self.upsample = down, up

        def forward(self, x: Tensor) -> Any:
            return forward(self, x)

    return lambda: Student


def _up(network: Any, x: Tensor) -> Any:
    return network.upsample(network.downsample(x))


def _new_layers(network: Any, x: Tensor) -> Tensor:
    channels = x.shape[1]
    down = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1)(x)
    up = nn.ConvTranspose2d(2 * channels, channels, 3, 2, padding=1, output_padding=1)(down)
    return torch.cat([x, up], dim=1)


def _returns(*shape: int) -> Callable[[Any], bool]:
    """Recognise networks whose output for a feature map of (1, CHANNELS, 8, 12) has this shape."""
    return lambda answer: networks.make(answer)(torch.randn(1, CHANNELS, 8, 12)).shape == shape


def _adds(answer: Any) -> bool:
    joins = [step for step in networks.trace(answer).used if step.kind == "join"]
    return bool(joins) and all(step.joins_by == "add" for step in joins)


def _returns_what_came_up(answer: Any) -> bool:
    steps = networks.trace(answer).used
    joins = [step for step in steps if step.kind == "join"]
    return _returns(1, CHANNELS, 8, 12)(answer) and len(steps) > 1 and not joins


def _has_fixed_width(answer: Any) -> bool:
    """Whether a layer has the same number of channels, whatever it is told."""
    narrow, wide = networks.make(answer), networks.make(answer, OTHER_CHANNELS)
    pairs = list(zip(narrow.modules(), wide.modules(), strict=True))
    return any(
        getattr(one, name, 0) == getattr(two, name, 1)
        for name in ("in_channels", "out_channels")
        for one, two in pairs
    )


first_network = Exercise(
    name="first_network",
    lesson=3,
    prompt="Write `DownAndUp(channels)`, the repaired snippet as a network: its `forward` returns the input stacked with what came back up.",
    checks=(
        networks.first_check("a class of networks", lambda answer: class_problem(answer, STATEMENT, "channels")),
        Check(SHAPES, _output_problem),
        networks.registers_its_weights(),
        networks.repeats(),
        Check(HALVED, _halved_problem),
        Check(JOINED, _joined_problem),
        networks.has_gradients(),
        Check("twice the channels inside", _width_problem),
        Check("gradients as far as the input", _came_up_problem),
        Check(OWN_LAYERS, _layers_problem),
    ),
    mistakes=(
        KnownMistake("no skip", "The output has only the channels of what came back up. Stack the input with it: `torch.cat([…, …], dim=1)`.",
            _written(_up), _returns_what_came_up),
        KnownMistake("only the input", "The output is the input alone. Stack it with what came back up: `torch.cat([…, …], dim=1)`.",
            _written(lambda network, x: (_up(network, x), x)[1]), lambda answer: len(networks.trace(answer).used) == 1),
        KnownMistake("added", "You added the two, which mixes them. Here they should be stacked: `torch.cat([…, …], dim=1)`.",
            _written(lambda network, x: x + _up(network, x)), _adds),
        KnownMistake("joined along height or width", "You joined along the height (dim=2) or the width (dim=3), which makes one larger feature map. Which axis counts the channels?",
            _written(lambda network, x: torch.cat([x, _up(network, x)], dim=2)),
            lambda answer: _returns(1, CHANNELS, 16, 12)(answer) or _returns(1, CHANNELS, 8, 24)(answer)),
        KnownMistake("a number in place of channels", "There are layers with the same number of channels, whatever `channels` is. Write `channels` and `2 * channels` in `__init__`, in place of numbers.",
            _written(lambda network, x: torch.cat([x, _up(network, x)], dim=1), width=CHANNELS), _has_fixed_width, at=SHAPES, more_examples=(_written(lambda network, x: torch.cat([x, _up(network, x)], dim=1), width=64),)),
        *networks.unregistered_layers(
            _written(lambda network, x: torch.cat([x, network.layers[1](network.layers[0](x))], dim=1), hidden=True),
            _written(_new_layers),
        ),
    ),
    hints=(
        "Which two layers does the snippet have, and how many channels does each take and return? Make them in `__init__`, in the same way as `Halve` makes its layer.",
        "In `forward`, a layer is called by the name that it has in `self`: `self.downsample(x)`. What do you do with the result, and what do you stack with `x` in the end?",
        "`self.downsample = nn.Conv2d(channels, ___, 3, stride=2, padding=1)`, `self.upsample = nn.ConvTranspose2d(___, ___, 3, stride=2, padding=1, output_padding=1)`, and in `forward`: `y = self.upsample(___)`, `return torch.cat([x, ___], dim=1)`",
    ),
    solution_text=(
        "`def __init__(self, channels):\n"
        "    super().__init__()\n"
        "    self.downsample = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1)\n"
        "    self.upsample = nn.ConvTranspose2d(2 * channels, channels, 3, stride=2, padding=1, output_padding=1)\n"
        "\n"
        "def forward(self, x):\n"
        "    y = self.upsample(self.downsample(x))\n"
        "    return torch.cat([x, y], dim=1)`"
    ),
    praise="Your first network: PyTorch finds its layers, and the skip brings the input, unchanged, to what came back up.",
)  # fmt: skip
