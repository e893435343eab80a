"""The exercises of lesson 4 that write `forward` for the document's network: adding, then cat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.autograd_graph import Flow
from unet_teach.exercises.checks.functions import by
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
from unet_teach.exercises.exercise import Exercise, Rung, Slip
from unet_teach.exercises.lesson_4.document_forwards import (
    HalfWide,
    LastNarrow,
    add,
    as_class,
    cat,
    crossed,
    early,
    hidden,
    joining,
    rising,
)
from unet_teach.networks.document import AdditiveUNet, ConcatenatingUNet, DocumentUNet

SKIPS, BENDS = "a skip at each of three sizes", "its activations"  # what holds at two rungs


def _document(answer: Any) -> nn.Module:
    return fresh(answer, IN_CHANNELS, OUT_CHANNELS)


def _builds_fault(answer: Any) -> str | None:
    return output_fault(_document(answer), [(32, 48), *fresh_sizes(8)])


def _document_skips(answer: Any) -> str | None:
    sizes = [(32, 48), (16, 24), (8, 12)]
    return skip_fault(lambda: _document(answer), torch.randn(1, IN_CHANNELS, 32, 48), sizes)


def _kind_of_skips(wanted: str) -> Callable[[Any], str | None]:
    def fault(answer: Any) -> str | None:
        kinds = Flow(_document(answer), torch.randn(1, IN_CHANNELS, 32, 48)).skips
        wrong = [by(size) for size, kind in kinds.items() if kind != wanted]
        words = {"add": "added", "cat": "concatenated"}[wanted]
        return f"At {', '.join(wrong)} the two maps are not {words}." if wrong else None

    return fault


def _bend_fault(answer: Any) -> str | None:
    network, picture = _document(answer), torch.randn(1, IN_CHANNELS, 32, 48)
    if affine(network, picture):
        return (
            "Your network answers the sum of two pictures with the sum of its answers: "
            "all its layers together are one linear map."
        )
    flow = Flow(network, picture)
    for above, below in flow.bare:
        if above.kernel != (1, 1) and above.size and below.size:  # a 1×1 on the way across is free
            sizes = f"From {by(above.size)} to {by(below.size)}"
            return f"{sizes} no activation stands between two convolutions."
    if flow.ends_in_activation:
        return "An activation comes last. What leaves the network are logits: any numbers."
    return None


def _document_ladder(kind: str, shown: str) -> tuple[Rung, ...]:
    return (
        a_class(shown),
        Rung("5 classes, as large as the picture", _builds_fault),
        registered(_document),
        Rung(SKIPS, _document_skips),
        Rung({"add": "added", "cat": "concatenated"}[kind], _kind_of_skips(kind)),
        Rung(BENDS, _bend_fault),
    )


def _slips_of_both(
    join: Callable[[Tensor, Tensor], Tensor], base: type[DocumentUNet]
) -> tuple[Slip, ...]:
    """The mistakes that can be made with either way of joining."""

    def zeroed(x: Tensor, skip: Tensor) -> Tensor:
        return join(x, 0 * skip)

    def cut(x: Tensor, skip: Tensor) -> Tensor:
        return join(x, skip.detach())

    def fixed(x: Tensor) -> Tensor:
        return F.interpolate(x, size=(32, 48))

    return (
        Slip(
            "no forward",
            lambda: DocumentUNet,
            raises(_document, "missing the required", "forward"),
            "`__init__` lists the layers. In which order the data meets them, `forward` says.",
        ),
        *unregistered(
            _document,
            hidden(join, base),
            joining(join, base=base, end=lambda x: nn.Conv2d(OUT_CHANNELS, OUT_CHANNELS, 1)(x)),
        ),
        Slip(
            "one skip left out",
            joining(join, base=base, level=lambda i, skip: 0 * skip if i == 1 else skip),
            flows(_document, lambda flow: 0 < len(flow.skips) < 3),
            "The other sizes have theirs.",
            SKIPS,
        ),
        Slip(
            "a skip multiplied by zero",
            joining(zeroed, base=base),
            flows(_document, lambda flow: not flow.skips and flow.dead_joins),
            "The join is there, but what comes across is worth nothing: its gradient is zero.",
            SKIPS,
        ),
        Slip(
            "a detached skip",
            joining(cut, base=base),
            flows(_document, lambda flow: not flow.skips and flow.cut_joins),
            "The join is there, but no gradient goes back across it. Is something detached?",
            SKIPS,
        ),
        Slip(
            "no activation",
            joining(join, base=base, bend=lambda x: x),
            lambda a: affine(_document(a), torch.randn(1, IN_CHANNELS, 32, 48)),
            "Where does a ReLU belong? After each convolution but the last.",
            BENDS,
        ),
        Slip(
            "no activation on the way up",
            lambda: rising(join, base),
            flows(_document, lambda flow: any(a.transposed for a, _ in flow.bare)),
            "An activation stands after *every* convolution but the last, on the way up as well.",
            BENDS,
        ),
        Slip(
            "an activation after the last layer",
            joining(join, base=base, end=F.relu),
            flows(_document, lambda flow: flow.ends_in_activation),
            "The loss applies its own, and it wants any numbers, not squeezed ones.",
            BENDS,
        ),
        Slip(
            "hard-coded size",
            joining(join, base=base, end=fixed),
            lambda a: _document(a)(torch.randn(1, IN_CHANNELS, 40, 32)).shape[2:] == (32, 48),
            "That is the size of the first picture tried. Take sizes from the maps, not a number.",
        ),
        Slip(
            "more than the map returned",
            joining(join, base=base, end=lambda x: (x, x)),
            lambda a: isinstance(_document(a)(torch.randn(1, IN_CHANNELS, 32, 48)), tuple | list),
            "A loss wants the logits alone.",
        ),
    )


forward_add = Exercise(
    name="forward_add",
    lesson=4,
    prompt="Write `forward` for the document's layers, with a skip added at each of three sizes.",
    ladder=_document_ladder("add", "class Additive(DocumentUNet): …"),
    answers=(
        lambda: AdditiveUNet,
        joining(add),
        joining(lambda x, skip: F.relu(skip + x), bend=F.silu),
    ),
    slips=(
        *_slips_of_both(add, DocumentUNet),
        Slip(
            "no skip",
            joining(lambda x, skip: x),
            flows(_document, lambda flow: not flow.skips),
            "The data goes down and up and never across: that is an autoencoder.",
            SKIPS,
        ),
        Slip(
            "skip of another level",
            as_class(early),
            raises(_document, "The size of tensor a"),
            "Two maps of different sizes meet. Which map is as large as what leaves upconv1?",
        ),
        Slip(
            "wrong order",
            as_class(crossed),
            raises(_document, "to have 256 channels, but got 64"),
            "The first map stored is the last one used: the skips are met in reverse.",
        ),
        Slip(
            "concatenated",
            joining(cat),
            raises(_document, "to have 256 channels, but got 512"),
            "`cat` doubles the channels, and upconv2 takes 256: these layers fit addition.",
        ),
    ),
    hints=(
        "Which maps must you keep on the way down, so that the way up can meet them?",
        "What leaves upconv1 has 256 channels and a quarter of the height. Which convolution made "
        "such a map on the way down?",
        "`one = F.relu(self.conv1(x))`, then two and three; `x = F.relu(self.conv4(three))`; "
        "`x = F.relu(self.upconv1(x)) + self.skip1(___)`; twice more; `return self.upconv4(___)`",
    ),
    solution_text=(
        "`one = F.relu(self.conv1(x))\n"
        "two = F.relu(self.conv2(one))\n"
        "three = F.relu(self.conv3(two))\n"
        "x = F.relu(self.conv4(three))\n"
        "x = F.relu(self.upconv1(x)) + self.skip1(three)\n"
        "x = F.relu(self.upconv2(x)) + self.skip2(two)\n"
        "x = F.relu(self.upconv3(x)) + self.skip3(one)\n"
        "return self.upconv4(x)`"
    ),
    praise="Three skips, each alive, at 32×48, 16×24 and 8×12, and on every other size tried.",
)

forward_cat = Exercise(
    name="forward_cat",
    lesson=4,
    prompt="Now concatenate: change the layers that need it, and join with `torch.cat`.",
    ladder=_document_ladder("cat", "class Concatenating(DocumentUNet): …"),
    answers=(
        lambda: ConcatenatingUNet,
        joining(cat, base=ConcatenatingUNet),
        joining(lambda x, skip: torch.cat([x, skip], dim=1), base=ConcatenatingUNet, bend=F.gelu),
    ),
    slips=(
        *_slips_of_both(cat, ConcatenatingUNet),
        Slip(
            "layers unchanged",
            joining(cat),
            raises(_document, "to have 256 channels, but got 512"),
            "256 from below and 256 from the skip: upconv2 is given 512 channels.",
        ),
        Slip(
            "only the first layer changed",
            joining(cat, base=HalfWide),
            raises(_document, "to have 128 channels, but got 256"),
            "upconv2 is right now. The layers above it meet a skip as well.",
        ),
        Slip(
            "joined along the batch",
            joining(lambda x, skip: torch.cat([x, skip], dim=0), base=ConcatenatingUNet),
            raises(_document, "input[2,", "to have 512 channels, but got 256"),
            "dim=0 is the batch. Channels are dim=1.",
        ),
        Slip(
            "added after all",
            joining(add, base=ConcatenatingUNet),
            raises(_document, "to have 512 channels, but got 256"),
            "The layers wait for twice the channels: here the maps are added, or one is left out.",
        ),
        Slip(
            "the last layer forgotten",
            joining(cat, base=LastNarrow),
            raises(_document, "to have 64 channels, but got 128"),
            "upconv4 meets the topmost skip: 64 from below, 64 across.",
        ),
        Slip(
            "the map from below twice",
            joining(lambda x, skip: torch.cat([x, x], dim=1), base=ConcatenatingUNet),
            flows(_document, lambda flow: not flow.skips),
            "Does anything come from the way down? The channels fit, but nothing crosses.",
            SKIPS,
        ),
    ),
    hints=(
        "How many channels has `torch.cat([a, b], dim=1)` when each has 256?",
        "Three layers take what a join made: upconv2, upconv3, upconv4. Their in_channels double.",
        "`self.upconv2 = nn.ConvTranspose2d(___, 128, 3, stride=2, padding=1, output_padding=1)`, "
        "and `x = torch.cat([F.relu(self.upconv1(x)), self.skip1(three)], dim=___)`",
    ),
    solution_text=(
        "In `__init__`:\n"
        "`self.upconv2 = nn.ConvTranspose2d(512, 128, 3, stride=2, padding=1, output_padding=1)\n"
        "self.upconv3 = nn.ConvTranspose2d(256, 64, 3, stride=2, padding=1, output_padding=1)\n"
        "self.upconv4 = nn.ConvTranspose2d(128, out_channels, 3, padding=1)`\n"
        "In `forward`, three times, as in:\n"
        "`x = torch.cat([F.relu(self.upconv1(x)), self.skip1(three)], dim=1)`"
    ),
    praise="Three joins side by side, and the three layers above them take twice the channels.",
)
