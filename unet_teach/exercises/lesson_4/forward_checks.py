"""What `forward_add` and `forward_cat` have in common: checks, and known mistakes."""

from __future__ import annotations

from typing import Any, Literal

from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.autograd_graph import Operation
from unet_teach.exercises.checks.networks import (
    ACTIVATIONS,
    IN_CHANNELS,
    OUT_CHANNELS,
    SIZES,
    StudentNetworks,
    is_network_class,
    new_network,
    output_problem,
    random_image,
    random_sizes,
)
from unet_teach.exercises.exercise import Check, KnownMistake
from unet_teach.exercises.lesson_4.forward_variants import (
    Join,
    own_skip,
    with_forward,
    with_layer_in_list,
)
from unet_teach.networks.document import DocumentUNet
from unet_teach.shared.sizes_as_text import sizes_as_text

SKIPS = "a skip at each of three sizes"  # what a check holds

networks = StudentNetworks(lambda answer: new_network(answer, IN_CHANNELS, OUT_CHANNELS))


def _without_activation(first: Operation, second: Operation) -> str:
    sizes = f"From {sizes_as_text(first.size or ())} to {sizes_as_text(second.size or ())}"
    return f"{sizes} no activation stands between two convolutions."


def forward_checks(kind: Literal["add", "cat"], statement: str) -> tuple[Check, ...]:
    """Make the checks for skips of one kind; `statement` is the first line of the class."""
    joined = {"add": "added", "cat": "concatenated"}[kind]

    def output(answer: Any) -> str | None:
        return output_problem(networks.make(answer), [SIZES[0], *random_sizes(8)])

    def kinds(answer: Any) -> str | None:
        skips = networks.graph(answer).skips
        wrong = [sizes_as_text(size) for size, other in skips.items() if other != kind]
        return f"At {', '.join(wrong)} the two maps are not {joined}." if wrong else None

    return (
        is_network_class(statement),
        Check("5 classes, as large as the picture", output),
        networks.registers_its_weights(),
        networks.has_skips(SKIPS),
        Check(joined, kinds),
        networks.has_activations(
            # The 1×1 convolution of a skip needs no activation before the layer behind the join.
            lambda first, second: first.kernel_size != (1, 1),
            _without_activation,
        ),
    )


def shared_mistakes(join: Join, base: type[DocumentUNet]) -> tuple[KnownMistake, ...]:
    """Make the known mistakes that do not depend on how skips are joined."""
    return (
        KnownMistake("no forward", "`__init__` lists the layers. In which order the data meets them, `forward` says.",
            lambda: DocumentUNet, networks.raises("missing the required", "forward")),
        *networks.unregistered_layers(
            with_forward(join, base=with_layer_in_list(base)),
            with_forward(join, base=base, end=lambda x: nn.Conv2d(OUT_CHANNELS, OUT_CHANNELS, 1)(x)),
        ),
        KnownMistake("one skip left out", "The other sizes have theirs.",
            with_forward(join, base=base, skip=lambda network, maps, level: (level != 1) * own_skip(network, maps, level)),
            networks.graph_shows(lambda graph: 0 < len(graph.skips) < 3), at=SKIPS),
        *networks.dead_skips(
            SKIPS,
            with_forward(lambda x, skip: join(x, 0 * skip), base=base),
            with_forward(lambda x, skip: join(x, skip.detach()), base=base),
        ),
        KnownMistake("no activation", "Where does a ReLU belong? After each of the eight layers on the way down and up, but the last.",
            with_forward(join, base=base, activation=lambda x: x),
            networks.is_affine, at=ACTIVATIONS),
        KnownMistake("no activation on the way up", "This decoder has no other layers than its transposed convolutions: each but the last needs its activation.",
            with_forward(join, base=base, decoder_activation=lambda x: x),
            networks.graph_shows(lambda graph: any(first.transposed for first, _ in graph.consecutive_convolutions)),
            at=ACTIVATIONS),
        KnownMistake("an activation after the last layer", "The loss applies its own, and it wants any numbers, not squeezed ones.",
            with_forward(join, base=base, end=F.relu),
            networks.graph_shows(lambda graph: graph.ends_in_activation), at=ACTIVATIONS),
        networks.fixed_size(with_forward(join, base=base, end=lambda x: F.interpolate(x, size=(32, 48)))),
        KnownMistake("more than the map returned", "A loss wants the logits alone.",
            with_forward(join, base=base, end=lambda x: (x, x)),
            lambda a: isinstance(networks.make(a)(random_image()), tuple | list)),
    )  # fmt: skip
