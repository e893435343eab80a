"""Lesson 4: a U-Net of one's own, of any depth, for images of any size."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.networks import ACTIVATIONS, DEPTH, SIZES
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.exercises.lesson_4.own_unet_checks import (
    ANY_SIZE,
    BASE,
    DEPTHS,
    SKIPS,
    WIDTHS,
    activation_problem,
    any_size_problem,
    channels_at,
    channels_problem,
    depth_problem,
    dtype_problem,
    evaluation_problem,
    first_problem,
    ignores_base_channels,
    joins_the_bottleneck,
    joins_the_finest_first,
    levels,
    logits_problem,
    loses_the_rest,
    needs_activation,
    networks,
    place_problem,
    running_problem,
    smallest_size,
    unused_problem,
)
from unet_teach.exercises.lesson_4.unet_variants import (
    ResidualBlock,
    Student,
    changed,
    course_unet,
    separable_block,
)
from unet_teach.exercises.own_network import keep

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

own_unet = Exercise(
    name="own_unet",
    lesson=4,
    prompt="Write a U-Net of your own, `MyUNet(in_channels, out_channels, depth, base_channels)`, that answers a picture of any size with an answer of that size.",
    checks=(
        networks.first_check("a class of networks", first_problem),
        Check("it runs, and keeps sizes that halve evenly", running_problem),
        networks.registers_its_weights(1),
        Check("each image by itself, the same each time", evaluation_problem),
        Check(DEPTHS, depth_problem),
        networks.has_gradients(),
        networks.has_skips(SKIPS),
        Check(WIDTHS, channels_problem),
        Check(ACTIVATIONS, activation_problem),
        Check("logits, also of one class and in training", logits_problem),
        Check("each pixel in its place", place_problem),
        Check(ANY_SIZE, any_size_problem),
        Check("the image's type of numbers", dtype_problem),
        Check("each of its weights is used", unused_problem),
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
        KnownMistake("no halving", "No map is smaller than the image: is there a pool on the way down?",
            changed(shrink=lambda self, x: x, fit=lambda self, x, skip: x[:, :, :skip.shape[2], :skip.shape[3]]),
            lambda a: smallest_size(a, 1) == smallest_size(a, 3) == SIZES[0], at=DEPTHS),
        KnownMistake("depth that is not used", "Another depth gives the same network. Is `depth` used in `__init__`?",
            changed(halvings=lambda self, depth: 2), lambda a: 1 < levels(a, 1) == levels(a, 3),
            at=DEPTHS),
        KnownMistake("one halving too few", "depth counts halvings, not levels: `depth` of them lie between `depth + 1` levels.",
            changed(halvings=lambda self, depth: depth - 1), lambda a: [smallest_size(a, depth) for depth in (1, 2, 3)] == SIZES[:3],
            at=DEPTHS),
        KnownMistake("one halving too many", "`depth` is the number of halvings, and your network halves once more.",
            changed(halvings=lambda self, depth: depth + 1), lambda a: smallest_size(a, 1) == SIZES[2] and smallest_size(a, 2) == SIZES[3],
            at=DEPTHS),
        KnownMistake("a quarter instead of a half", "Each step divides height and width by 4: a kernel and stride of 2 halve them.",
            changed(shrink=lambda self, x: F.max_pool2d(x, 4), fit=lambda self, x, skip: F.interpolate(x, size=skip.shape[2:])),
            lambda a: smallest_size(a, 1) == SIZES[2] and smallest_size(a, 2) == (2, 3),
            at=DEPTHS),
        KnownMistake("the bottleneck as a skip", "What comes up is joined with the smaller map that it was up-sampled from: the last map that was stored is the bottleneck's own. Store each map before its pool, and not the last one.",
            changed(skip=lambda self, skips, level: self.below, fit=lambda self, x, skip: x),
            networks.trace_shows(joins_the_bottleneck)),
        KnownMistake("wrong order of skips", "The first join is given the map of full resolution, and it wants the one of its own size. The last skip stored is the first one used.",
            changed(skip=lambda self, skips, level: skips[-1 - level], fit=lambda self, x, skip: x),
            networks.trace_shows(joins_the_finest_first),
            more_examples=(changed(skip=lambda self, skips, level: skips[-1 - level]),)),
        *networks.unregistered_layers(
            changed(encoder_list=list),
            changed(forward=lambda self, x: nn.LazyConv2d(self.head.out_channels, 1)(Student.forward(self, x))),
            1,
        ),
        KnownMistake("skip taken behind the down-sampling", "Two maps meet, but both have been through a smaller map. Is the skip stored *before* its pool?",
            changed(join=lambda self, x, skip, level: torch.cat([F.interpolate(F.max_pool2d(skip, 2), size=x.shape[2:]), x], 1)),
            networks.trace_shows(lambda trace: any(step.kind == "join" and not step.across and all(s.follows_layer and s.min_height < s.output.shape[2] for s in step.inputs) for step in trace.used if step.size == SIZES[0])),
            at=SKIPS),
        KnownMistake("base_channels that is not used", "Another base_channels gives the same network. Is it used in `__init__`?",
            changed(width=lambda self, base_channels, level: 8 * 2**level), ignores_base_channels, at=WIDTHS),
        KnownMistake("channels that stay", "Each halving leaves a quarter of the cells; twice the channels make up for half.",
            changed(width=lambda self, base_channels, level: base_channels),
            networks.trace_shows(lambda trace: channels_at(trace, SIZES[-1]) <= {BASE}), at=WIDTHS),
        KnownMistake("channels that grow too fast", "Each level has twice the channels of the one above, not four times.",
            changed(width=lambda self, base_channels, level: base_channels * 4**level),
            networks.trace_shows(lambda trace: BASE * 4**DEPTH in channels_at(trace, SIZES[-1])),
            at=WIDTHS),
        KnownMistake("no activation", "Where does a ReLU belong? After each 3×3 convolution.",
            changed(block=lambda self, into, out: nn.Sequential(nn.Conv2d(into, out, 3, padding=1), nn.Conv2d(out, out, 3, padding=1))),
            networks.trace_shows(lambda trace: any(needs_activation(*pair) for pair in trace.not_activated)),
            at=ACTIVATIONS),
        KnownMistake("rows and columns that are lost", "31 → 15 → 7 → 3 comes back as 24: what each halving leaves over is missing at the end. Bring what comes up to its skip's size, and not the skip to it.",
            changed(fit=lambda self, x, skip: x, trim=lambda self, x, skip: skip[:, :, :x.shape[2], :x.shape[3]]),
            loses_the_rest, at=ANY_SIZE),
        networks.fixed_size(changed(forward=lambda self, x: F.interpolate(Student.forward(self, x), size=(32, 48)))),
    ),
    hints=(
        "Take it apart: one block, one list of widths, one loop down that stores, one loop up that takes back. Which lists does `__init__` need?",
        "`widths = [base_channels * 2**level for level in range(depth + 1)]`. Going down, a block from widths[level] to widths[level + 1]; going up, a ConvTranspose2d and a block back.",
        "`for block in self.down: skips.append(x); x = block(F.max_pool2d(x, 2))` and then `for up, block in zip(self.up, self.merge): x = up(x); skip = skips.___(); x = F.pad(x, (0, skip.shape[3] - x.shape[3], 0, ___)); x = block(torch.cat([___, ___], dim=1))`. Layers in a list must be in `nn.ModuleList`.",
    ),
    solution_text=SOLUTION,
    praise="Any depth, any width, any size: this is a U-Net, and it is yours.",
    when_solved=keep,
)  # fmt: skip
