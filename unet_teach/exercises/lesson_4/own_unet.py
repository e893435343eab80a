"""Lesson 4: a U-Net of one's own, of any depth, for images of any size."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.autograd_graph import Operation
from unet_teach.exercises.checks.networks import (
    ACTIVATIONS,
    DEPTH,
    IN_CHANNELS,
    OUT_CHANNELS,
    SIZES,
    StudentNetworks,
    is_network_class,
    new_network,
    output_problem,
    random_sizes,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.exercises.lesson_4.unet_variants import (
    ResidualBlock,
    Student,
    changed,
    course_unet,
    separable_block,
)
from unet_teach.shared.sizes_as_text import sizes_as_text

BASE = 4  # base_channels of most networks that the checks make
DEPTHS, SKIPS, WIDTHS = "`depth` halvings", "a skip at each level", "channels that double"

SOLUTION = """`def __init__(self, in_channels, out_channels, depth, base_channels):
    super().__init__()
    widths = [base_channels * 2**level for level in range(depth + 1)]
    steps = list(zip(widths, widths[1:]))
    self.stem = double_conv(in_channels, base_channels)
    self.down = nn.ModuleList([double_conv(above, below) for above, below in steps])
    steps.reverse()
    self.up = nn.ModuleList([nn.ConvTranspose2d(below, above, 2, 2) for above, below in steps])
    self.merge = nn.ModuleList([double_conv(2 * above, above) for above, _ in steps])
    self.head = nn.Conv2d(base_channels, out_channels, 1)

def forward(self, x):
    x, skips = self.stem(x), []
    for block in self.down:
        skips.append(x)
        x = block(F.max_pool2d(x, 2))
    for up, block in zip(self.up, self.merge):
        skip = skips.pop()
        x = up(x)
        x = F.pad(x, (0, skip.shape[3] - x.shape[3], 0, skip.shape[2] - x.shape[2]))
        x = block(torch.cat([skip, x], dim=1))
    return self.head(x)`"""


def _network(answer: Any, depth: int = DEPTH, base_channels: int = BASE) -> nn.Module:
    return new_network(answer, IN_CHANNELS, OUT_CHANNELS, depth, base_channels)


networks = StudentNetworks(_network)


def _output_problem(answer: Any) -> str | None:
    for depth, base in ((1, 4), (2, 6), (DEPTH, BASE)):
        sizes = [SIZES[0], *random_sizes(2**depth, count=1)]
        if problem := output_problem(_network(answer, depth, base), sizes):
            return f"With depth={depth}, base_channels={base}: {problem[0].lower()}{problem[1:]}"
    return None


def _depth_problem(answer: Any) -> str | None:
    for depth in (1, 2, 3):
        operations = networks.graph(answer, depth).operations
        height = min(operation.size[0] for operation in operations if operation.size)
        if height != SIZES[depth][0]:
            return (
                f"With depth={depth} the smallest map of a 32×48 picture should be "
                f"{sizes_as_text(SIZES[depth])}; yours is {height} high."
            )
    return None


def _channels_problem(answer: Any) -> str | None:
    graph = networks.graph(answer)
    for level, size in enumerate(SIZES):
        if BASE << level not in (channels := graph.channels(size)):
            return (
                f"With base_channels={BASE}, level {level} ({sizes_as_text(size)}) should work with "
                f"{BASE << level} channels. Your convolutions there make {sorted(channels)}."
            )
    return None


def _needs_activation(first: Operation, second: Operation) -> bool:
    """Whether two convolutions in a row are a mistake.

    A 1×1 convolution may only change the number of channels, as around a residual block or in a
    separable convolution, and a strided or transposed one only the size. None of them needs an
    activation.
    """
    return (
        first.stride == (1, 1)
        and (1, 1) not in (first.kernel_size, second.kernel_size)
        and not (first.transposed or second.transposed)
    )


def _without_activation(first: Operation, second: Operation) -> str:
    return (
        f"At {sizes_as_text(first.size or ())} no activation stands between two convolutions, "
        f"{sizes_as_text(first.kernel_size)} and {sizes_as_text(second.kernel_size)}."
    )


def _any_size_problem(answer: Any) -> str | None:
    numbers = random.Random()
    odd = [(numbers.randrange(17, 60, 2), numbers.randrange(18, 60)) for _ in range(4)]
    return output_problem(_network(answer), [(31, 45), (33, 50), *sorted(odd)])


def _levels(answer: Any, depth: int) -> int:
    return len(networks.graph(answer, depth).sizes)


own_unet = Exercise(
    name="own_unet",
    lesson=4,
    prompt="Write a U-Net of your own, `MyUNet(in_channels, out_channels, depth, base_channels)`, that answers a picture of any size with an answer of that size.",
    checks=(
        is_network_class("class MyUNet(nn.Module): …"),
        Check("it runs, and keeps sizes that halve evenly", _output_problem),
        networks.registers_its_weights(),
        Check(DEPTHS, _depth_problem),
        networks.has_skips(SKIPS),
        Check(WIDTHS, _channels_problem),
        networks.has_activations(_needs_activation, _without_activation),
        Check("any size", _any_size_problem),
    ),
    answers=(
        lambda: Student,
        changed(fit=lambda self, x, skip: F.interpolate(x, size=skip.shape[2:])),
        course_unet(),
        course_unet(skip="add", down="strided_conv", up="bilinear"),
        changed(block=lambda self, into, out: ResidualBlock(into, out)),
        changed(block=lambda self, into, out: separable_block(into, out)),
    ),
    mistakes=(
        KnownMistake("depth that is not used", "Another depth gives the same network. Is `depth` used in `__init__`?",
            changed(halvings=lambda self, depth: 2), lambda a: _levels(a, 1) == _levels(a, 3),
            at=DEPTHS),
        KnownMistake("one halving too many", "depth counts halvings: `depth` of them lie between `depth + 1` levels.",
            changed(halvings=lambda self, depth: depth + 1), lambda a: _levels(a, 2) == 4,
            at=DEPTHS),
        KnownMistake("wrong order of skips", "Two maps of different resolution meet. The last skip stored is the first one used.",
            changed(skip=lambda self, skips, level: skips[-1 - level], fit=lambda self, x, skip: x),
            networks.raises("Sizes of tensors must match")),
        *networks.unregistered_layers(
            changed(encoder_list=list),
            changed(forward=lambda self, x: nn.Conv2d(5, 5, 1)(Student.forward(self, x))),
        ),
        KnownMistake("joined along the batch", "dim=0 is the batch. Channels are dim=1.",
            changed(join=lambda self, x, skip, level: torch.cat([skip, x], dim=0)),
            networks.raises("input[2,", "channels, but got")),
        KnownMistake("skips in the order of the way down", "A layer meets other channels than it was made for. Is the last skip stored the first one used, and are the layers of the way up listed from the bottom up? Behind a `cat`, both maps count.",
            changed(skip=lambda self, skips, level: skips[-1 - level]),
            networks.raises("channels, but got")),
        KnownMistake("skip taken behind the down-sampling", "Two maps meet, but both have been halved already. Store the map *before* its pool.",
            changed(join=lambda self, x, skip, level: torch.cat([F.interpolate(F.max_pool2d(skip, 2), size=x.shape[2:]), x], 1)),
            networks.graph_shows(lambda graph: SIZES[0] not in graph.skips and graph.downsampled_joins),
            at=SKIPS),
        KnownMistake("one skip ignored", "The other levels have theirs: what is different at this one?",
            changed(join=lambda self, x, skip, level: torch.cat([x, x] if level == 1 else [skip, x], 1)),
            networks.graph_shows(lambda graph: 0 < len(graph.skips) < DEPTH and not graph.zero_gradient_sizes),
            at=SKIPS),
        KnownMistake("no skip", "The data goes down and up and never across: that is an autoencoder.",
            changed(join=lambda self, x, skip, level: torch.cat([x, x], dim=1)),
            networks.graph_shows(lambda graph: not (graph.skips or graph.downsampled_joins or graph.zero_gradient_sizes or graph.detached_joins)),
            at=SKIPS),
        *networks.dead_skips(
            SKIPS,
            changed(join=lambda self, x, skip, level: torch.cat([0 * skip, x], dim=1)),
            changed(join=lambda self, x, skip, level: torch.cat([skip.detach(), x], dim=1)),
        ),
        KnownMistake("channels that stay", "Each halving leaves a quarter of the cells; twice the channels make up for half.",
            changed(width=lambda self, base_channels, level: base_channels),
            networks.graph_shows(lambda graph: graph.channels(SIZES[-1]) <= {BASE}), at=WIDTHS),
        KnownMistake("channels that grow too fast", "Each level has twice the channels of the one above, not four times.",
            changed(width=lambda self, base_channels, level: base_channels * 4**level),
            networks.graph_shows(lambda graph: BASE * 4**DEPTH in graph.channels(SIZES[-1])),
            at=WIDTHS),
        KnownMistake("no activation", "Where does a ReLU belong? After each 3×3 convolution.",
            changed(block=lambda self, into, out: nn.Sequential(nn.Conv2d(into, out, 3, padding=1), nn.Conv2d(out, out, 3, padding=1))),
            networks.graph_shows(lambda graph: any(_needs_activation(*pair) for pair in graph.consecutive_convolutions)),
            at=ACTIVATIONS),
        KnownMistake("an activation after the last layer", "The loss applies its own: `nn.CrossEntropyLoss`, for one, wants logits.",
            changed(forward=lambda self, x: torch.sigmoid(Student.forward(self, x))),
            networks.graph_shows(lambda graph: graph.ends_in_activation), at=ACTIVATIONS),
        KnownMistake("no repair for odd sizes", "31 → 15 → 30: the map from below is smaller than its skip. Lesson 3 has the repairs; `F.pad` counts left, right, top, bottom.",
            changed(fit=lambda self, x, skip: x),
            networks.raises("Sizes of tensors must match", size=(31, 45))),
        networks.fixed_size(changed(forward=lambda self, x: F.interpolate(Student.forward(self, x), size=(32, 48)))),
    ),
    hints=(
        "Take it apart: one block, one list of widths, one loop down that stores, one loop up that takes back. Which lists does `__init__` need?",
        "`widths = [base_channels * 2**level for level in range(depth + 1)]`. Going down, a block from widths[level] to widths[level + 1]; going up, a ConvTranspose2d and a block back.",
        "`for block in self.down: skips.append(x); x = block(F.max_pool2d(x, 2))` and then `for up, block in zip(self.up, self.merge): x = up(x); skip = skips.___(); x = F.pad(x, (0, skip.shape[3] - x.shape[3], 0, ___)); x = block(torch.cat([___, ___], dim=1))`. Layers in a list must be in `nn.ModuleList`.",
    ),
    solution_text=SOLUTION,
    praise="Any depth, any width, any size: this is a U-Net, and it is yours.",
)  # fmt: skip
