"""Lesson 4: a U-Net of one's own, of any depth, for images of any size."""

from __future__ import annotations

import contextlib
import inspect
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere
from torch.nn.parameter import is_lazy

from unet_teach.exercises.checks.autograd_graph import AutogradGraph, Operation
from unet_teach.exercises.checks.failed_runs import FailedRun
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
    random_image,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.exercises.lesson_4.unet_variants import (
    ResidualBlock,
    Student,
    changed,
    course_unet,
    separable_block,
)
from unet_teach.exercises.sandbox import describe
from unet_teach.shared.sizes_as_text import sizes_as_text

BASE = 16  # base_channels of most networks that the checks make
ODD = (31, 47)  # a size that leaves a row and a column over at each of three halvings
PIXELS = [(3, 5), (6, 40), (26, 9), (21, 37)]  # row and column of outputs that are followed back
NEAR = 10  # pixels: rows plus columns between an output and the input it depends on most
PARAMETERS = ["in_channels", "out_channels", "depth", "base_channels"]
DEPTHS, SKIPS, WIDTHS = "`depth` halvings", "a skip at each level", "channels that double"
ANY_SIZE = "any size"

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


def _network(
    answer: Any,
    depth: int = DEPTH,
    base_channels: int = BASE,
    channels: tuple[int, int] = (IN_CHANNELS, OUT_CHANNELS),
) -> nn.Module:
    if problem := _class_problem(answer):  # with swapped arguments, it would fill the memory
        raise TypeError(problem)
    return new_network(answer, *channels, depth, base_channels)


networks = StudentNetworks(_network)


def _first_problem(answer: Any) -> str | None:
    networks.remember_graphs()
    return _class_problem(answer)


def _class_problem(answer: Any) -> str | None:
    if isinstance(answer, nn.Module):
        return (
            "This is a network that is made already. The check makes its own, of several depths and "
            "widths: give it the class, `exercises.own_unet.check(MyUNet)`, without brackets."
        )
    if problem := is_network_class("class MyUNet(nn.Module): …").problem(answer):
        return problem
    signature = inspect.signature(answer)
    names = [name for name in signature.parameters if name in PARAMETERS]
    if names != PARAMETERS and sorted(names) == sorted(PARAMETERS):
        return (
            f"Your `__init__` takes its arguments in another order: {', '.join(names)}. Wanted: "
            f"{', '.join(PARAMETERS)}."
        )
    try:
        signature.bind(*PARAMETERS)
    except TypeError as error:
        return (
            f"Your class is made by `MyUNet{signature}`, but it should take four arguments, "
            f"`MyUNet({', '.join(PARAMETERS)})`: {error}."
        )
    return None


def _run_problem(
    answer: Any,
    sizes: list[tuple[int, int]],
    *,
    depth: int,
    base: int = BASE,
    channels: tuple[int, int] = (IN_CHANNELS, OUT_CHANNELS),
    batch: int = 2,
    training: bool = True,
) -> str | None:
    made = f"`MyUNet({channels[0]}, {channels[1]}, depth={depth}, base_channels={base})`"
    try:
        network = networks.make(answer, depth, base, channels)
    except Exception as error:
        return f"{made} cannot be made. {describe(error)}"
    return output_problem(network.train(training), sizes, channels, batch, made)


def _output_problem(answer: Any) -> str | None:
    if same := _arguments_problem(answer):
        return same
    if first := _run_problem(answer, SIZES[:1], depth=1):
        second = _run_problem(answer, [(24, 16)], depth=1, channels=(1, 2), batch=1) or ""
        return f"{first} {second}" if "wanted" in first and "wanted" in second else first
    other = _run_problem(answer, [(24, 16)], depth=1, channels=(1, 2), batch=1, training=False)
    if other := other or _run_problem(
        answer, [(20, 24)], depth=1, base=2 * BASE, channels=(4, 1), batch=3
    ):
        return f"{other} With `MyUNet(3, 5, depth=1, base_channels={BASE})` on 32×48 it is right."
    return None


def _arguments_problem(answer: Any) -> str | None:
    """Say that neither depth nor base_channels changes the weights, without running the network.

    A U-Net with its own idea of both may be so large that each run takes seconds.
    """
    try:
        networks_made = networks.make(answer, 1, BASE), networks.make(answer, 2, 2 * BASE)
    except Exception:  # the next check says why
        return None
    one, other = ([w.shape for w in n.parameters() if not is_lazy(w)] for n in networks_made)
    if not one or one != other:
        return None
    return (
        f"`depth` and `base_channels` change nothing: with depth=1, base_channels={BASE} and with "
        f"depth=2, base_channels={2 * BASE}, your network has the same "
        f"{sum(shape.numel() for shape in one):,} parameters. Use both in `__init__`."
    )


def _gradient_problem(answer: Any) -> str | None:
    if not (networks.graph(answer, 1).unused and (lost := networks.unreached(answer, 1))):
        return None
    return (
        f"{', '.join(f'`{layer}`' for layer in lost)}: called, but no gradient reaches the weights. "
        "What comes out is detached on its way to the output, or not used."
    )


def _depth_problem(answer: Any) -> str | None:
    for depth in (1, 2, 3):
        # The size of a picture that shows depth 1 has been tried by the check before.
        if depth > 1 and (problem := _run_problem(answer, SIZES[:1], depth=depth)):
            return problem
        if (smallest := _smallest(answer, depth)) != SIZES[depth]:
            found = {depth: sizes_as_text(smallest)}
            for other in {1, 2, 3} - {depth}:
                with contextlib.suppress(Exception):
                    found[other] = sizes_as_text(_smallest(answer, other))
            listed = ", ".join(
                f"{size} with depth={other}" for other, size in sorted(found.items())
            )
            return (
                f"With depth={depth}, the smallest map of a {sizes_as_text(SIZES[0])} image should "
                f"be {sizes_as_text(SIZES[depth])}. Your smallest maps: {listed}."
            )
    return None


def _smallest(answer: Any, depth: int) -> tuple[int, int]:
    """Return the size of the smallest map, except the 1×1 of a gate that weighs the channels."""
    return min(size for size in networks.graph(answer, depth).sizes if size != (1, 1))


def _channels_problem(answer: Any) -> str | None:
    for depth, base in ((1, 2 * BASE), (DEPTH, BASE), (4, BASE)):
        if depth == 4 and (problem := _run_problem(answer, SIZES[:1], depth=depth)):
            return problem
        graph = networks.graph(answer, depth, base)
        for level in range(depth + 1):
            size = (SIZES[0][0] >> level, SIZES[0][1] >> level)
            if base << level not in (channels := graph.channels(size)):
                if not channels:
                    return (
                        f"With depth={depth}, no convolution makes a map of {sizes_as_text(size)}, "
                        f"which level {level} of a 32×48 image has. Right with depth=1, 2 and 3."
                    )
                made = ", ".join(map(str, sorted(channels)))
                return (
                    f"With depth={depth}, base_channels={base}, level {level} "
                    f"({sizes_as_text(size)}) should work with {base << level} channels. Your "
                    f"convolutions make {made} channels there."
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


def _logits_problem(answer: Any) -> str | None:
    one_class = networks.graph(answer, 1, BASE, (IN_CHANNELS, 1)).last_activation
    if last := one_class:
        when = "With out_channels=1"
    elif last := AutogradGraph(
        networks.make(answer, 1), random_image(), training=True
    ).last_activation:
        when = "In training mode"
    else:
        return None
    return (
        f"{when}, the last step is a nonlinearity, `{last}`. What leaves the network should always "
        "be logits: any numbers. The loss applies its own."
    )


def _place_problem(answer: Any) -> str | None:
    """Say that outputs depend most on pixels far away, if that is so for each of four."""
    network, image = networks.make(answer).eval(), random_image().requires_grad_()
    with torch.enable_grad():
        output = network(image).sum(dim=1)[0]
    found = []
    for row, column in PIXELS:
        (slope,) = torch.autograd.grad(output[row, column], image, retain_graph=True)
        strongest = int(slope[0].abs().sum(dim=0).argmax())
        found.append(divmod(strongest, SIZES[0][1]))
    if any(abs(r - y) + abs(c - x) < NEAR for (r, c), (y, x) in zip(PIXELS, found, strict=True)):
        return None
    pairs = ", ".join(f"{one} on {other}" for one, other in zip(PIXELS, found, strict=True))
    return (
        "Output pixels should depend most on the image around them. Yours, as (row, column), depend "
        f"most {pairs}. Is a map turned or flipped, or reshaped where its axes should be exchanged?"
    )


def _any_size_problem(answer: Any) -> str | None:
    sizes = [ODD, (31, 45), (33, 50), (48, 37), (38, 64)]
    if problem := _run_problem(answer, sizes, depth=DEPTH):
        return f"{problem} Right so far: sizes that halve evenly three times, such as 32×48."
    arriving = networks.graph(answer, size=ODD).skips
    if len(arriving) < DEPTH:
        at = ", ".join(map(sizes_as_text, arriving)) or "no size"
        return (
            f"On a 32×48 image a skip arrives at each of three sizes; on a {sizes_as_text(ODD)} "
            f"image, at {at}. There a halving leaves a row and a column over, so what comes up is "
            "smaller than its skip. Make their sizes equal and keep the skip's values."
        )
    return None


def _evaluation_problem(answer: Any) -> str | None:
    network = networks.make(answer, 1).eval()
    images = torch.randn(3, IN_CHANNELS, *SIZES[0])
    with torch.no_grad():
        one, again, first = network(images), network(images), network(images[:1])
    if differ := int((one != again).sum()):
        return (
            f"In evaluation mode, two runs on the same images differ in {differ:,} of "
            f"{one.numel():,} values. Random steps belong to training: `F.dropout` needs "
            "`training=self.training`, which the layer `nn.Dropout` knows by itself."
        )
    if one.shape[1:] != first.shape[1:] or not torch.allclose(one[:1], first, rtol=1e-3, atol=1e-4):
        return (
            "In evaluation mode, the output for an image changes by up to "
            f"{(one[:1] - first).abs().max():.2g} when other images are in its batch. Where do they "
            "meet: is something computed over dim 0, such as a mean, or moved along it?"
        )
    return None


def _dtype_problem(answer: Any) -> str | None:
    for dtype in (torch.float32, torch.float64):
        name = str(dtype).removeprefix("torch.")
        network, image = networks.make(answer).to(dtype).eval(), random_image().to(dtype)
        try:
            with torch.no_grad():
                output = network(image)
        except Exception as error:
            return f"With network and image in {name}: {FailedRun(network, image, error)}"
        if output.dtype != dtype:
            got = str(output.dtype).removeprefix("torch.")
            return (
                f"With network and image in {name}, the output is {got}. It should stay {name}: is "
                "there a conversion, such as `.double()` or `.float()`?"
            )
    return None


def _unused_problem(answer: Any) -> str | None:
    if not (unused := networks.graph(answer).unused):
        return None
    layers = dict.fromkeys(name.rpartition(".")[0] or name for name in unused)
    return (
        f"{len(unused)} weights of your network have no part in its output, so nothing trains "
        f"them: those of {', '.join(f'`{layer}`' for layer in layers)}. Is a layer not called, or "
        "its result not used? Use it in `forward`, or remove it."
    )


def _levels(answer: Any, depth: int) -> int:
    return len(networks.graph(answer, depth).sizes)


def _ignores_base_channels(answer: Any) -> bool:
    one, other = networks.graph(answer, DEPTH, BASE), networks.graph(answer, DEPTH, 2 * BASE)
    return [c.shape for c in one.convolutions] == [c.shape for c in other.convolutions]


def _loses_the_rest(answer: Any) -> bool:
    """Whether an output has the multiple of 8 below each side of its image."""
    sizes = ODD, (33, 50), (48, 37)
    outputs = [networks.make(answer)(random_image(size)).shape[2:] for size in sizes]
    return outputs == [(height // 8 * 8, width // 8 * 8) for height, width in sizes]


own_unet = Exercise(
    name="own_unet",
    lesson=4,
    prompt="Write a U-Net of your own, `MyUNet(in_channels, out_channels, depth, base_channels)`, that answers a picture of any size with an answer of that size.",
    checks=(
        Check("a class of networks", _first_problem),
        Check("it runs, and keeps sizes that halve evenly", _output_problem),
        networks.registers_its_weights(1),
        Check("each image by itself, the same each time", _evaluation_problem),
        Check("a gradient for each layer", _gradient_problem),
        Check(DEPTHS, _depth_problem),
        networks.has_skips(SKIPS),
        Check(WIDTHS, _channels_problem),
        networks.has_activations(_needs_activation, _without_activation),
        Check("logits, also of one class and in training", _logits_problem),
        Check("each pixel in its place", _place_problem),
        Check(ANY_SIZE, _any_size_problem),
        Check("the image's type of numbers", _dtype_problem),
        Check("each of its weights is used", _unused_problem),
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
            lambda a: _smallest(a, 1) == _smallest(a, 3) == SIZES[0], at=DEPTHS),
        KnownMistake("depth that is not used", "Another depth gives the same network. Is `depth` used in `__init__`?",
            changed(halvings=lambda self, depth: 2), lambda a: 1 < _levels(a, 1) == _levels(a, 3),
            at=DEPTHS),
        KnownMistake("one halving too few", "depth counts halvings, not levels: `depth` of them lie between `depth + 1` levels.",
            changed(halvings=lambda self, depth: depth - 1), lambda a: [_smallest(a, depth) for depth in (1, 2, 3)] == SIZES[:3],
            at=DEPTHS),
        KnownMistake("one halving too many", "`depth` is the number of halvings, and your network halves once more.",
            changed(halvings=lambda self, depth: depth + 1), lambda a: _smallest(a, 1) == SIZES[2] and _smallest(a, 2) == SIZES[3],
            at=DEPTHS),
        KnownMistake("a quarter instead of a half", "Each step divides height and width by 4: a kernel and stride of 2 halve them.",
            changed(shrink=lambda self, x: F.max_pool2d(x, 4), fit=lambda self, x, skip: F.interpolate(x, size=skip.shape[2:])),
            lambda a: _smallest(a, 1) == SIZES[2] and _smallest(a, 2) == (2, 3),
            at=DEPTHS),
        KnownMistake("the bottleneck as a skip", "What comes up is joined with the smaller map that it was up-sampled from: the last map that was stored is the bottleneck's own. Store each map before its pool, and not the last one.",
            changed(skip=lambda self, skips, level: self.below, fit=lambda self, x, skip: x),
            networks.fails(lambda run: run.joins_the_bottleneck)),
        KnownMistake("wrong order of skips", "The first join is given the map of full resolution, and it wants the one of its own size. The last skip stored is the first one used.",
            changed(skip=lambda self, skips, level: skips[-1 - level], fit=lambda self, x, skip: x),
            networks.fails(lambda run: run.joins_the_finest_first),
            more_examples=(changed(skip=lambda self, skips, level: skips[-1 - level]),)),
        *networks.unregistered_layers(
            changed(encoder_list=list),
            changed(forward=lambda self, x: nn.LazyConv2d(self.head.out_channels, 1)(Student.forward(self, x))),
            1,
        ),
        KnownMistake("joined along the batch", "dim=0 is the batch. Channels are dim=1.",
            changed(join=lambda self, x, skip, level: torch.cat([skip, x], dim=0)),
            networks.fails(lambda run: run.joins_along_the_batch)),
        KnownMistake("skip taken behind the down-sampling", "Two maps meet, but both have been through a smaller map. Is the skip stored *before* its pool?",
            changed(join=lambda self, x, skip, level: torch.cat([F.interpolate(F.max_pool2d(skip, 2), size=x.shape[2:]), x], 1)),
            networks.graph_shows(lambda graph: SIZES[0] not in graph.skips and graph.downsampled_joins),
            at=SKIPS),
        KnownMistake("one skip ignored", "Other levels have theirs: what is different here?",
            changed(join=lambda self, x, skip, level: torch.cat([x, x] if level == 1 else [skip, x], 1)),
            networks.graph_shows(lambda graph: 0 < len(graph.skips) < DEPTH and not (graph.zero_gradient_sizes or graph.detached_joins)),
            at=SKIPS),
        KnownMistake("no skip", "The data goes down and up and never across: that is an autoencoder.",
            changed(join=lambda self, x, skip, level: torch.cat([x, x], dim=1)),
            networks.graph_shows(lambda graph: not (graph.skips or graph.downsampled_joins or graph.zero_gradient_sizes or graph.detached_joins)),
            at=SKIPS),
        *networks.dead_skips(
            SKIPS,
            changed(join=lambda self, x, skip, level: torch.cat([0 * skip, x], dim=1)),
            changed(join=lambda self, x, skip, level: torch.cat([skip.detach(), x], dim=1)),
            changed(join=lambda self, x, skip, level: torch.cat([torch.zeros_like(skip), x], dim=1)),
        ),
        KnownMistake("base_channels that is not used", "Another base_channels gives the same network. Is it used in `__init__`?",
            changed(width=lambda self, base_channels, level: 8 * 2**level), _ignores_base_channels, at=WIDTHS),
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
            networks.fails(lambda run: run.joins_without_repair, ODD), at=ANY_SIZE),
        KnownMistake("rows and columns that are lost", "31 → 15 → 7 → 3 comes back as 24: what each halving leaves over is missing at the end. Bring what comes up to its skip's size, and not the skip to it.",
            changed(fit=lambda self, x, skip: x, trim=lambda self, x, skip: skip[:, :, :x.shape[2], :x.shape[3]]),
            _loses_the_rest, at=ANY_SIZE),
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
