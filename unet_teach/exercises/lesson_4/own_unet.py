"""The last exercise of lesson 4: a U-Net of one's own, of any depth, for pictures of any size."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.exercises.checks.autograd_graph import Flow, Step
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
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.exercises.lesson_4.student_unets import (
    Adding,
    Course,
    Interpolating,
    Residual,
    Separable,
    Student,
    changed,
    cut_forwards,
    deep,
    fixed,
    forwards,
    hidden,
    late,
)
from unet_teach.shared.sizes_as_text import sizes_as_text

DEPTH, BASE = 3, 4  # of the networks looked into; others are only run
PICTURE = (32, 48)
DEPTHS, SKIPS = "`depth` halvings", "a skip at each level"  # what holds at its rungs
WIDTHS, BENDS = "channels that double", "its activations"
LEVELS = [(PICTURE[0] >> level, PICTURE[1] >> level) for level in range(DEPTH + 1)]


def _network(answer: Any, depth: int = DEPTH, base_channels: int = BASE) -> nn.Module:
    return fresh(answer, IN_CHANNELS, OUT_CHANNELS, depth, base_channels)


def _picture() -> Tensor:
    return torch.randn(1, IN_CHANNELS, *PICTURE)


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


# ------------------------------------------------------------------------------------------- ladder
def _runs_fault(answer: Any) -> str | None:
    for depth, base in ((1, 4), (2, 6), (DEPTH, BASE)):
        sizes = [PICTURE, *fresh_sizes(2**depth, count=1)]
        if fault := output_fault(_network(answer, depth, base), sizes):
            return f"With depth={depth}, base_channels={base}: {fault[0].lower()}{fault[1:]}"
    return None


def _depth_fault(answer: Any) -> str | None:
    for depth in (1, 2, 3):
        flow = Flow(_network(answer, depth), _picture())
        height = min(step.size[0] for step in flow.steps if step.size)
        if height != PICTURE[0] >> depth:
            return (
                f"With depth={depth} the smallest map of a 32×48 picture should be "
                f"{sizes_as_text(LEVELS[depth])}; yours is {height} high."
            )
    return None


def _skips_fault(answer: Any) -> str | None:
    return skip_fault(lambda: _network(answer), _picture(), LEVELS[:-1])


def _channels_fault(answer: Any) -> str | None:
    flow = Flow(_network(answer), _picture())
    for level, size in enumerate(LEVELS):
        if BASE << level not in (found := flow.channels(size)):
            return (
                f"With base_channels={BASE}, level {level} ({sizes_as_text(size)}) should work with "
                f"{BASE << level} channels. Your convolutions there make {sorted(found)}."
            )
    return None


def _bend_fault(answer: Any) -> str | None:
    if affine(_network(answer), _picture()):
        return (
            "Your network answers the sum of two pictures with the sum of its answers: "
            "all its layers together are one linear map."
        )
    flow = Flow(_network(answer), _picture())
    if pairs := _straight(flow):
        above, below = pairs[0]
        return (
            f"At {sizes_as_text(above.size or ())} no activation stands between two convolutions, "
            f"{sizes_as_text(above.kernel or ())} and {sizes_as_text(below.kernel or ())}."
        )
    if flow.ends_in_activation:
        return "An activation comes last. What leaves the network are logits: any numbers."
    return None


def _straight(flow: Flow) -> list[tuple[Step, Step]]:
    """Two convolutions in a row that are one linear map; 1×1, strided and transposed ones may."""
    return [
        (above, below)
        for above, below in flow.bare
        if above.mixes_places and above.stride == (1, 1) and below.mixes_places
    ]


def _any_size_fault(answer: Any) -> str | None:
    chance = random.Random()
    odd = [(chance.randrange(17, 60, 2), chance.randrange(18, 60)) for _ in range(4)]
    return output_fault(_network(answer), [(31, 45), (33, 50), *sorted(odd)])


own_unet = Exercise(
    name="own_unet",
    lesson=4,
    prompt="Write a U-Net of your own, `MyUNet(in_channels, out_channels, depth, base_channels)`, that answers a picture of any size with an answer of that size.",
    checks=(
        a_class("class MyUNet(nn.Module): …"),
        Check("it runs, and keeps sizes that halve evenly", _runs_fault),
        registered(_network),
        Check(DEPTHS, _depth_fault),
        Check(SKIPS, _skips_fault),
        Check(WIDTHS, _channels_fault),
        Check(BENDS, _bend_fault),
        Check("any size", _any_size_fault),
    ),
    answers=(
        *(lambda: Student, lambda: Interpolating, lambda: Course, lambda: Adding),
        *(lambda: Residual, lambda: Separable),
    ),
    mistakes=(
        KnownMistake("depth that is not used", "Another depth gives the same network. Is `depth` used in `__init__`?",
            deep(lambda depth: 2),
            lambda a: (len(Flow(_network(a, 1), _picture()).sizes) == len(Flow(_network(a, 3), _picture()).sizes)),
            at=DEPTHS),
        KnownMistake("one halving too many", "depth counts halvings: `depth` of them lie between `depth + 1` levels.",
            deep(lambda depth: depth + 1),
            lambda a: len(Flow(_network(a, 2), _picture()).sizes) == 4, at=DEPTHS),
        KnownMistake("wrong order of skips", "Two maps of different resolution meet. The last skip stored is the first one used.",
            changed(forward=forwards), raises(_network, "Sizes of tensors must match")),
        *unregistered(
            _network,
            changed(__init__=hidden),
            changed(forward=lambda self, x: nn.Conv2d(5, 5, 1)(Student.forward(self, x))),
        ),
        KnownMistake("joined along the batch", "dim=0 is the batch. Channels are dim=1.",
            changed(join=lambda self, x, skip, level: torch.cat([skip, x], dim=0)),
            raises(_network, "input[2,", "channels, but got")),
        KnownMistake("skips in the order of the way down", "A layer meets other channels than it was made for. Is the last skip stored the first one used, and are the layers of the way up listed from the bottom up? Behind a `cat`, both maps count.",
            changed(forward=cut_forwards), raises(_network, "channels, but got")),
        KnownMistake("skip taken behind the down-sampling", "Two maps meet, but both have been halved already. Store the map *before* its pool.",
            changed(forward=late),
            flows(_network, lambda flow: LEVELS[0] not in flow.skips and flow.late_joins),
            at=SKIPS),
        KnownMistake("one skip ignored", "The other levels have theirs: what is different at this one?",
            changed(join=lambda self, x, skip, level: torch.cat([x, x] if level == 1 else [skip, x], 1)),
            flows(_network, lambda flow: 0 < len(flow.skips) < DEPTH and not flow.dead_joins),
            at=SKIPS),
        KnownMistake("no skip", "The data goes down and up and never across: that is an autoencoder.",
            changed(join=lambda self, x, skip, level: torch.cat([x, x], dim=1)),
            flows(_network, lambda flow: (not (flow.skips or flow.late_joins or flow.dead_joins or flow.cut_joins))),
            at=SKIPS),
        KnownMistake("a skip multiplied by zero", "The join is there, but what comes across is worth nothing: its gradient is zero.",
            changed(join=lambda self, x, skip, level: torch.cat([0 * skip, x], dim=1)),
            flows(_network, lambda flow: not flow.skips and flow.dead_joins), at=SKIPS),
        KnownMistake("a detached skip", "The join is there, but no gradient goes back across it. Is something detached?",
            changed(join=lambda self, x, skip, level: torch.cat([skip.detach(), x], dim=1)),
            flows(_network, lambda flow: not flow.skips and flow.cut_joins), at=SKIPS),
        KnownMistake("channels that stay", "Each halving leaves a quarter of the cells; twice the channels make up for half.",
            changed(width=lambda self, base_channels, level: base_channels),
            flows(_network, lambda flow: flow.channels(LEVELS[-1]) <= {BASE}), at=WIDTHS),
        KnownMistake("channels that grow too fast", "Each level has twice the channels of the one above, not four times.",
            changed(width=lambda self, base_channels, level: base_channels * 4**level),
            flows(_network, lambda flow: BASE * 4**DEPTH in flow.channels(LEVELS[-1])), at=WIDTHS),
        KnownMistake("no activation", "Where does a ReLU belong? After each 3×3 convolution.",
            changed(block=lambda self, into, out: nn.Sequential(nn.Conv2d(into, out, 3, padding=1), nn.Conv2d(out, out, 3, padding=1))),
            flows(_network, _straight), at=BENDS),
        KnownMistake("an activation after the last layer", "The loss applies its own: `nn.CrossEntropyLoss`, for one, wants logits.",
            changed(forward=lambda self, x: torch.sigmoid(Student.forward(self, x))),
            flows(_network, lambda flow: flow.ends_in_activation), at=BENDS),
        KnownMistake("no repair for odd sizes", "31 → 15 → 30: the map from below is smaller than its skip. Lesson 3 has the repairs; `F.pad` counts left, right, top, bottom.",
            changed(fit=lambda self, x, skip: x),
            lambda a: _stops(a, (31, 45), "Sizes of tensors must match")),
        KnownMistake("hard-coded size", "That is the size of the first picture tried. Take sizes from the maps, not a number.",
            changed(forward=fixed),
            lambda a: _network(a)(torch.randn(1, IN_CHANNELS, 64, 32)).shape[2:] == PICTURE),
    ),
    hints=(
        "Take it apart: one block, one list of widths, one loop down that stores, one loop up that takes back. Which lists does `__init__` need?",
        "`widths = [base_channels * 2**level for level in range(depth + 1)]`. Going down, a block from widths[level] to widths[level + 1]; going up, a ConvTranspose2d and a block back.",
        "`for block in self.down: skips.append(x); x = block(F.max_pool2d(x, 2))` and then `for up, block in zip(self.up, self.merge): x = up(x); skip = skips.___(); x = F.pad(x, (0, skip.shape[3] - x.shape[3], 0, ___)); x = block(torch.cat([___, ___], dim=1))`. Layers in a list must be in `nn.ModuleList`.",
    ),
    solution_text=SOLUTION,
    praise="Any depth, any width, any size: this is a U-Net, and it is yours.",
)  # fmt: skip


def _stops(answer: Any, size: tuple[int, int], words: str) -> bool:
    try:
        _network(answer)(torch.randn(1, IN_CHANNELS, *size))
    except RuntimeError as error:
        return words in str(error)
    return False
