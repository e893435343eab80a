"""What `forward_add` and `forward_cat` have in common: checks, and known mistakes."""

import re
from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks import forward_problems as problems
from unet_teach.exercises.checks.forward_trace import Step
from unet_teach.exercises.checks.networks import (
    ACTIVATIONS,
    IN_CHANNELS,
    OUT_CHANNELS,
    SIZES,
    StudentNetworks,
    class_problem,
    images_as_text,
    new_network,
    random_sizes,
)
from unet_teach.exercises.exercise import Check, KnownMistake
from unet_teach.networks.document import AdditiveUNet, ConcatenatingUNet, DocumentUNet
from unet_teach.shared.sizes_as_text import sizes_as_text

SKIPS = "a skip at each of three sizes"  # what a check holds
ASKED = {
    "add": "In this exercise, the two are added, `a + b`, which keeps the number of channels.",
    "cat": "In this exercise, the two are concatenated, `torch.cat([a, b], dim=1)`, which adds up their channels.",
}  # fmt: skip
JOINED = {"add": "adds them", "cat": "concatenates them"}

networks = StudentNetworks(lambda answer: new_network(answer, IN_CHANNELS, OUT_CHANNELS))


def _output_problem(answer: Any, kind: str) -> str | None:
    for count, size in ((2, SIZES[0]), (1, SIZES[1]), *((3, size) for size in random_sizes(8))):
        images = torch.randn(count, IN_CHANNELS, *size)
        where = images_as_text(count, size).capitalize()
        if problem := problems.output_problem(networks.make(answer), images, OUT_CHANNELS, where):
            other = {"add": "cat", "cat": "add"}[kind]
            student = answer if isinstance(answer, type) else type(answer)
            if " has no `" in problem and not issubclass(student, DocumentUNet):
                problem = re.split(r" Is `| Make it in __init__", problem)[0]
                return f"{problem} Your class doesn't inherit from `DocumentUNet`, which makes these layers: write its name in the brackets after that of your class."
            if f" takes {OUT_CHANNELS} channels, but is given {IN_CHANNELS} " in problem:
                problem += f" The network is made with in_channels={IN_CHANNELS} and out_channels={OUT_CHANNELS}: are they the wrong way round in `__init__`?"
            return problem + (f" {ASKED[kind]}" if f"the `{other}` of" in problem else "")
    return None


def _channels_problem(answer: Any) -> str | None:
    for channels in ((1, 2), (6, 11)):
        network, images = new_network(answer, *channels), torch.randn(2, channels[0], *SIZES[1])
        where = f"With (in_channels, out_channels) = {channels}"
        if problem := problems.output_problem(network, images, channels[1], where):
            return f"{problem} With {IN_CHANNELS, OUT_CHANNELS} it works. Did you write a number where an argument belongs?"
    return None


def _activation_problem(answer: Any) -> str | None:
    trace = networks.trace(answer)
    joined = {s.origin for join in trace.used if join.kind == "join" for s in join.inputs}

    def needed(first: Step, second: Step) -> bool:  # none around a 1×1 convolution in a skip
        in_skip = second.kernel_size == (1, 1) and second in joined
        return first.kernel_size != (1, 1) and not in_skip

    found = problems.activation_problem(trace, needed), problems.logits_problem(trace)
    return " ".join(filter(None, found)) or None


def _unused_problem(answer: Any) -> str | None:
    """Name the layers that the student's class adds to the document's, and never calls."""
    usual = {name for name, _ in DocumentUNet(IN_CHANNELS, OUT_CHANNELS).named_modules()}
    names = [name for name in networks.trace(answer).never_called if name not in usual]
    if not names:
        return None
    listed = ", ".join(f"`{name}`" for name in names)
    return f"Your `__init__` makes {listed}, but `forward` never calls it. Use it, or leave it out."


def forward_checks(kind: Literal["add", "cat"], statement: str) -> tuple[Check, ...]:
    """Make the checks for skips of one kind; `statement` is the first line of the class."""
    joined = {"add": "added", "cat": "concatenated"}[kind]

    def kinds(answer: Any) -> str | None:
        joins = [step for step in networks.trace(answer).used if step.across]
        right = {step.size for step in joins if step.joins_by == kind}
        facts = [
            f"At {sizes_as_text(step.size or ())}, your network computes {step.text}, which {JOINED.get(step.joins_by, f'is not the two {joined}')}."
            for step in joins
            if step.size not in right
        ]
        return (
            f"{' '.join(dict.fromkeys(facts))} In this exercise, they should be {joined}."
            if facts
            else None
        )

    return (
        networks.first_check(
            "a class of networks",
            lambda answer: class_problem(answer, statement, "in_channels", "out_channels"),
        ),
        Check("5 classes at the size of the image", lambda answer: _output_problem(answer, kind)),
        networks.has_gradients(),
        networks.registers_its_weights(),
        Check("other numbers of channels", _channels_problem),
        networks.repeats(),
        networks.has_skips(SKIPS),
        Check(
            "nothing but layers, joins and activations",
            lambda answer: (
                problems.other_steps_problem(networks.trace(answer))
                or networks.batch_problem(answer)
            ),
        ),
        Check(joined, kinds),
        Check(ACTIVATIONS, _activation_problem),
        Check("no unused layers", _unused_problem),
    )


def _class(base: type[nn.Module], **methods: Any) -> Callable[[], type[nn.Module]]:
    """Make a maker of a class with other methods."""
    return lambda: type("Student", (base,), methods)


def shared_mistakes(
    base: type[AdditiveUNet | ConcatenatingUNet], join: Callable[[Tensor, Tensor], Tensor]
) -> tuple[KnownMistake, ...]:
    """Make the known mistakes that do not depend on how skips are joined, with examples of them.

    Args:
        base: a right class.
        join: brings together the decoder's feature map and the skip.
    """

    def in_list(self: Any, in_channels: int, out_channels: int) -> None:
        base.__init__(self, in_channels, out_channels)
        self.ups = [self._modules.pop("upconv2")]

    def linear(self: Any, x: Tensor) -> Any:
        one = self.conv1(x)
        two = self.conv2(one)
        three = self.conv3(two)
        x = join(self.upconv1(self.conv4(three)), self.skip1(three))
        x = join(self.upconv2(x), self.skip2(two))
        return self.upconv4(join(self.upconv3(x), self.skip3(one)))

    def in_forward(self: Any, x: Tensor) -> Any:
        return nn.Conv2d(OUT_CHANNELS, OUT_CHANNELS, 1)(base.forward(self, x))

    def one_size(self: Any, x: Tensor) -> Any:
        return F.interpolate(base.forward(self, x), size=(32, 48))

    return (
        *networks.unregistered_layers(
            _class(base, __init__=in_list, upconv2=property(lambda self: self.ups[0])),
            _class(base, forward=in_forward),
        ),
        KnownMistake("no activation", "There is no activation, so the whole network is one linear map. Apply a ReLU after each of the eight layers except the last.",
            _class(base, forward=linear),
            networks.trace_shows(lambda trace: not trace.has_activation), at=ACTIVATIONS),
        networks.fixed_size(_class(base, forward=one_size)),
    )  # fmt: skip
