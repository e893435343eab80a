"""What `forward_add` and `forward_cat` have in common: checks, and known mistakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.forward_problems import (
    activation_problem,
    batch_problem,
    gradient_problem,
    other_steps_problem,
    output_problem,
    repeat_problem,
)
from unet_teach.exercises.checks.forward_trace import Step, Trace, with_shape
from unet_teach.exercises.checks.networks import (
    ACTIVATIONS,
    IN_CHANNELS,
    OUT_CHANNELS,
    SIZES,
    StudentNetworks,
    is_network_class,
    new_network,
    random_image,
    random_sizes,
)
from unet_teach.exercises.exercise import Check, KnownMistake
from unet_teach.exercises.lesson_4.forward_variants import (
    Join,
    with_forward,
    with_layer_in_list,
)
from unet_teach.networks.document import DocumentUNet
from unet_teach.shared.sizes_as_text import sizes_as_text

SKIPS = "a skip at each of three sizes"  # what a check holds
JOINED = {"add": "their sum", "cat": "both, concatenated"}

networks = StudentNetworks(lambda answer: new_network(answer, IN_CHANNELS, OUT_CHANNELS))


def _trace(answer: Any) -> Trace:
    return Trace(networks.make(answer), random_image())


def trace_shows(holds: Callable[[Trace], Any]) -> Callable[[Any], bool]:
    """Recognise classes by what one of their networks does with an image."""
    return lambda answer: bool(holds(_trace(answer)))


def stops(*words: str) -> Callable[[Any], bool]:
    """Recognise classes whose `forward` stops at a call that is described with all these words."""
    return trace_shows(lambda trace: all(word in trace.stopped_at for word in words))


def _is_constant(step: Step) -> bool:
    """Whether each channel has the same value in all cells, so that it shows nothing of an image."""
    corner = step.output[:, :, :1, :1] if step.size else step.output + 1
    return torch.allclose(step.output, corner, rtol=1e-5, atol=1e-7)


def missing_skips(trace: Trace) -> list[tuple[int, int]]:
    """Return the sizes at which no skip arrives."""
    found = {step.size for step in trace.used if step.across and not _is_constant(step.across)}
    return [size for size in SIZES[:-1] if size not in found]


def _output_problem(answer: Any) -> str | None:
    for count, size in ((2, SIZES[0]), (1, SIZES[1]), *((3, size) for size in random_sizes(8))):
        images = torch.randn(count, IN_CHANNELS, *size)
        where = f"On {'one image' if count == 1 else f'{count} images'} of {sizes_as_text(size)}"
        if problem := output_problem(networks.make(answer), images, OUT_CHANNELS, where):
            return problem
    return None


def _channels_problem(answer: Any) -> str | None:
    for channels in ((1, 2), (6, 11)):
        network, images = new_network(answer, *channels), torch.randn(2, channels[0], *SIZES[1])
        where = f"With (in_channels, out_channels) = {channels}"
        if problem := output_problem(network, images, channels[1], where):
            return (
                f"{problem} With {IN_CHANNELS, OUT_CHANNELS} it works: is a number "
                "written where an argument belongs?"
            )
    return None


def _without_skip(trace: Trace, size: tuple[int, int]) -> str:
    """Say what happens at a size at which no skip arrives."""
    for step in trace.used:
        if step.size != size or not (step.kind == "join" or step.name in ("add", "cat")):
            continue
        if step.across:
            value = "the same" if step.across.output.any() else "zero"
            return f"`{step.name}` is given {with_shape(step.across)}, {value} in all cells"
        if step.kind == "join":
            parts = " and ".join(map(_with_source, step.inputs))
            return f"`{step.name}` joins {parts}: nothing of it has kept this size"
        source, before = step.inputs[0], step.inputs[0].output
        doubled = (2 * before, torch.cat([before, before], dim=1))
        if any(torch.equal(step.output, double) for double in doubled):
            return f"`{step.name}` joins {with_shape(source)} with itself"
        if not step.identical:
            return f"`{step.name}` joins {with_shape(source)} with numbers that do not come from the image"
    if any(step.across and step.size == size for step in trace.steps):
        return "two maps are joined, but the result is not used further"
    return "nothing is joined"


def _with_source(step: Step) -> str:
    """Return where a step's output comes from; of a 1×1 convolution, its input as well."""
    origin = step.origin
    if origin.kind == "layer" and origin.kernel_size == (1, 1):
        return f"{with_shape(step)[:-1]}, made of {origin.inputs[0].text})"
    return with_shape(step)


def _skips_problem(answer: Any) -> str | None:
    for training in (False, True):
        trace = Trace(networks.make(answer), random_image(), training=training)
        if missing := missing_skips(trace):
            facts: dict[str, list[str]] = {}
            for size in missing:
                facts.setdefault(_without_skip(trace, size), []).append(sizes_as_text(size))
            texts = "; ".join(f"at {', '.join(sizes)}, {fact}" for fact, sizes in facts.items())
            return (
                f"{'In training mode, o' if training else 'O'}n a {sizes_as_text(SIZES[0])} image, "
                f"no skip arrives at {', '.join(map(sizes_as_text, missing))}: {texts}."
            )
    return None


def forward_checks(kind: Literal["add", "cat"], statement: str) -> tuple[Check, ...]:
    """Make the checks for skips of one kind; `statement` is the first line of the class."""
    joined = {"add": "added", "cat": "concatenated"}[kind]

    def kinds(answer: Any) -> str | None:
        joins = [step for step in _trace(answer).used if step.across]
        right = {step.size for step in joins if step.joins_by == kind}
        facts = [
            f"At {sizes_as_text(step.size or ())}, {step.text}: the result is "
            f"{JOINED.get(step.joins_by, f'not the two maps {joined}')}."
            for step in joins
            if step.size not in right
        ]
        return (
            f"{' '.join(dict.fromkeys(facts))} The two maps are to be {joined}." if facts else None
        )

    return (
        is_network_class(statement),
        Check("5 classes, as large as the picture", _output_problem),
        Check(
            "gradients on every path",
            lambda answer: gradient_problem(networks.make(answer), random_image()),
        ),
        networks.registers_its_weights(),
        Check("other numbers of channels", _channels_problem),
        Check(
            "the same output each time",
            lambda answer: repeat_problem(networks.make(answer), random_image()),
        ),
        Check(SKIPS, _skips_problem),
        Check(
            "only layers, joins and activations",
            lambda answer: (
                other_steps_problem(_trace(answer))
                or batch_problem(
                    networks.make(answer), torch.cat([9 * random_image(), random_image()])
                )
            ),
        ),
        Check(joined, kinds),
        Check(ACTIVATIONS, lambda answer: activation_problem(_trace(answer), at_end=False)),
    )


def shared_mistakes(join: Join, base: type[DocumentUNet]) -> tuple[KnownMistake, ...]:
    """Make the known mistakes that do not depend on how skips are joined."""
    return (
        KnownMistake("no forward", "`__init__` lists the layers. In which order the data meets them, `forward` says.",
            lambda: DocumentUNet, networks.raises("missing the required", "forward")),
        KnownMistake("no self", "The first parameter of a method is `self`: `def forward(self, x)`.",
            lambda: type("Student", (base,), {"forward": lambda x: x}),
            networks.raises("takes 1 positional argument but 2 were given")),
        *networks.unregistered_layers(
            with_forward(join, base=with_layer_in_list(base)),
            with_forward(join, base=base, end=lambda x: nn.Conv2d(x.shape[1], x.shape[1], 1)(x)),
        ),
        KnownMistake("no activation", "Where does a ReLU belong? After each of the eight layers on the way down and up, but the last.",
            with_forward(join, base=base, activation=lambda x: x),
            networks.is_affine, at=ACTIVATIONS),
        KnownMistake("no activation on the way up", "This decoder has no other layers than its transposed convolutions: each but the last needs its activation.",
            with_forward(join, base=base, decoder_activation=lambda x: x),
            trace_shows(lambda trace: {first.name for first, _ in trace.not_activated if first.kernel_size != (1, 1)} == {"conv_transpose2d"}),
            at=ACTIVATIONS),
        KnownMistake("an activation after the last layer", "The loss wants any numbers, and applies itself what it needs.",
            with_forward(join, base=base, end=F.relu),
            trace_shows(lambda trace: any(not step.changes_nothing or "softmax" in step.name for step in trace.tail)),
            at=ACTIVATIONS),
        networks.fixed_size(with_forward(join, base=base, end=lambda x: F.interpolate(x, size=(32, 48)))),
        KnownMistake("more than the map returned", "A loss wants the logits alone.",
            with_forward(join, base=base, end=lambda x: (x, x)),
            lambda a: isinstance(networks.make(a)(random_image()), tuple | list)),
    )  # fmt: skip
