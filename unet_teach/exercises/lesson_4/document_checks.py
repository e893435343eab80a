"""Checks and known mistakes for a `forward` of the document's network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.autograd_graph import Flow
from unet_teach.exercises.checks.networks import (
    IN_CHANNELS,
    OUT_CHANNELS,
    a_class,
    affine,
    flows,
    fresh,
    fresh_sizes,
    output_fault,
    raises,
    registered,
    skip_fault,
    unregistered,
)
from unet_teach.exercises.exercise import Check, KnownMistake
from unet_teach.exercises.lesson_4.document_forwards import (
    hidden,
    joining,
    rising,
)
from unet_teach.networks.document import DocumentUNet
from unet_teach.shared.sizes_as_text import sizes_as_text

SKIPS, BENDS = "a skip at each of three sizes", "its activations"  # what holds at two rungs


def document(answer: Any) -> nn.Module:
    return fresh(answer, IN_CHANNELS, OUT_CHANNELS)


def builds_fault(answer: Any) -> str | None:
    return output_fault(document(answer), [(32, 48), *fresh_sizes(8)])


def document_skips(answer: Any) -> str | None:
    sizes = [(32, 48), (16, 24), (8, 12)]
    return skip_fault(lambda: document(answer), torch.randn(1, IN_CHANNELS, 32, 48), sizes)


def kind_of_skips(wanted: str) -> Callable[[Any], str | None]:
    def fault(answer: Any) -> str | None:
        kinds = Flow(document(answer), torch.randn(1, IN_CHANNELS, 32, 48)).skips
        wrong = [sizes_as_text(size) for size, kind in kinds.items() if kind != wanted]
        words = {"add": "added", "cat": "concatenated"}[wanted]
        return f"At {', '.join(wrong)} the two maps are not {words}." if wrong else None

    return fault


def bend_fault(answer: Any) -> str | None:
    network, picture = document(answer), torch.randn(1, IN_CHANNELS, 32, 48)
    if affine(network, picture):
        return (
            "Your network answers the sum of two pictures with the sum of its answers: "
            "all its layers together are one linear map."
        )
    flow = Flow(network, picture)
    for above, below in flow.bare:
        if above.kernel != (1, 1) and above.size and below.size:  # a 1×1 on the way across is free
            sizes = f"From {sizes_as_text(above.size)} to {sizes_as_text(below.size)}"
            return f"{sizes} no activation stands between two convolutions."
    if flow.ends_in_activation:
        return "An activation comes last. What leaves the network are logits: any numbers."
    return None


def document_ladder(kind: str, shown: str) -> tuple[Check, ...]:
    return (
        a_class(shown),
        Check("5 classes, as large as the picture", builds_fault),
        registered(document),
        Check(SKIPS, document_skips),
        Check({"add": "added", "cat": "concatenated"}[kind], kind_of_skips(kind)),
        Check(BENDS, bend_fault),
    )


def slips_of_both(
    join: Callable[[Tensor, Tensor], Tensor], base: type[DocumentUNet]
) -> tuple[KnownMistake, ...]:
    """The mistakes that can be made with either way of joining."""

    def zeroed(x: Tensor, skip: Tensor) -> Tensor:
        return join(x, 0 * skip)

    def cut(x: Tensor, skip: Tensor) -> Tensor:
        return join(x, skip.detach())

    def fixed(x: Tensor) -> Tensor:
        return F.interpolate(x, size=(32, 48))

    return (
        KnownMistake(
            "no forward",
            "`__init__` lists the layers. In which order the data meets them, `forward` says.",
            lambda: DocumentUNet,
            raises(document, "missing the required", "forward"),
        ),
        *unregistered(
            document,
            hidden(join, base),
            joining(join, base=base, end=lambda x: nn.Conv2d(OUT_CHANNELS, OUT_CHANNELS, 1)(x)),
        ),
        KnownMistake(
            "one skip left out",
            "The other sizes have theirs.",
            joining(join, base=base, level=lambda i, skip: 0 * skip if i == 1 else skip),
            flows(document, lambda flow: 0 < len(flow.skips) < 3),
            at=SKIPS,
        ),
        KnownMistake(
            "a skip multiplied by zero",
            "The join is there, but what comes across is worth nothing: its gradient is zero.",
            joining(zeroed, base=base),
            flows(document, lambda flow: not flow.skips and flow.dead_joins),
            at=SKIPS,
        ),
        KnownMistake(
            "a detached skip",
            "The join is there, but no gradient goes back across it. Is something detached?",
            joining(cut, base=base),
            flows(document, lambda flow: not flow.skips and flow.cut_joins),
            at=SKIPS,
        ),
        KnownMistake(
            "no activation",
            "Where does a ReLU belong? After each convolution but the last.",
            joining(join, base=base, bend=lambda x: x),
            lambda a: affine(document(a), torch.randn(1, IN_CHANNELS, 32, 48)),
            at=BENDS,
        ),
        KnownMistake(
            "no activation on the way up",
            "An activation stands after *every* convolution but the last, on the way up as well.",
            lambda: rising(join, base),
            flows(document, lambda flow: any(a.transposed for a, _ in flow.bare)),
            at=BENDS,
        ),
        KnownMistake(
            "an activation after the last layer",
            "The loss applies its own, and it wants any numbers, not squeezed ones.",
            joining(join, base=base, end=F.relu),
            flows(document, lambda flow: flow.ends_in_activation),
            at=BENDS,
        ),
        KnownMistake(
            "hard-coded size",
            "That is the size of the first picture tried. Take sizes from the maps, not a number.",
            joining(join, base=base, end=fixed),
            lambda a: document(a)(torch.randn(1, IN_CHANNELS, 40, 32)).shape[2:] == (32, 48),
        ),
        KnownMistake(
            "more than the map returned",
            "A loss wants the logits alone.",
            joining(join, base=base, end=lambda x: (x, x)),
            lambda a: isinstance(document(a)(torch.randn(1, IN_CHANNELS, 32, 48)), tuple | list),
        ),
    )
