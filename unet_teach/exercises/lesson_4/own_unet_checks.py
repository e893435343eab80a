"""What `own_unet` checks: each function says in a sentence what is wrong with a class."""

import contextlib
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from unet_teach.exercises.checks import forward_problems as problems
from unet_teach.exercises.checks.forward_trace import Step, Trace
from unet_teach.exercises.checks.networks import (
    ACTIVATIONS,
    DEPTH,
    IN_CHANNELS,
    OUT_CHANNELS,
    SIZES,
    StudentNetworks,
    class_problem,
    images_as_text,
    new_network,
    random_image,
)
from unet_teach.exercises.exercise import Check
from unet_teach.exercises.lesson_4.doubled_maps import doubling_problem
from unet_teach.exercises.sandbox import describe
from unet_teach.shared.sizes_as_text import sizes_as_text

BASE = 16  # base_channels of most networks that the checks make
ODD = (31, 47)  # a size that leaves a row and a column over at each of three halvings
LARGER = (64, 96)  # a size at which even the smallest maps show where a cell comes from
PIXELS = [(3, 5), (6, 40), (26, 9), (21, 37)]  # row and column of outputs that are followed back
NEAR = 10  # pixels: rows plus columns between an output and the input it depends on most
DEPTHS = "`depth` halvings"  # what a check holds


def _network(
    answer: Any,
    depth: int = DEPTH,
    base_channels: int = BASE,
    channels: tuple[int, int] = (IN_CHANNELS, OUT_CHANNELS),
) -> nn.Module:
    if problem := first_problem(answer):  # with swapped arguments, it would fill the memory
        raise TypeError(problem)
    return new_network(answer, *channels, depth, base_channels)


networks = StudentNetworks(_network)


def first_problem(answer: Any) -> str | None:
    """Say what is wrong before anything is run: what was given, and its arguments."""
    if isinstance(answer, nn.Module):
        return "You gave a network, but the check makes its own networks, of several depths and widths. Give it the class without brackets: `exercises.own_unet.check(MyUNet)`."
    names = ("in_channels", "out_channels", "depth", "base_channels")
    return class_problem(answer, "class MyUNet(nn.Module): …", *names)


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
        return f"{made} can't be created. {describe(error)}"
    for size in sizes:
        where = f"{made} {images_as_text(batch, size)}"
        images = torch.randn(batch, channels[0], *size)
        if problem := problems.output_problem(network.train(training), images, channels[1], where):
            return problem
    return None


def running_problem(answer: Any) -> str | None:
    """Say for which arguments and image a simple network does not run, or has a wrong output."""
    if same := _arguments_problem(answer):
        return same
    if first := _run_problem(answer, SIZES[:1], depth=1):
        return first
    other = _run_problem(answer, [(24, 16)], depth=1, channels=(1, 2), batch=1, training=False)
    if other := other or _run_problem(
        answer, [(20, 24)], depth=1, base=2 * BASE, channels=(4, 1), batch=3
    ):
        return f"{other} `MyUNet(3, 5, depth=1, base_channels={BASE})` on 32×48 works."
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
    return f"`depth` and `base_channels` change nothing: with depth=1, base_channels={BASE} and with depth=2, base_channels={2 * BASE}, your network has the same {sum(shape.numel() for shape in one):,} parameters. Use both in `__init__`."


def depth_problem(answer: Any) -> str | None:
    """Say for which depth the smallest feature map has the wrong size."""
    if not networks.trace(answer, 1).result.requires_grad:
        return problems.gradient_problem(networks.make(answer, 1), random_image())
    for depth in (1, 2, 3):
        # The check before has tried depth 1 on an image of this size.
        if depth > 1 and (problem := _run_problem(answer, SIZES[:1], depth=depth)):
            return problem
        if (smallest := smallest_size(answer, depth)) != SIZES[depth]:
            if lost := networks.trace(answer, depth).unused:  # perhaps what leaves torch for NumPy
                return f"With depth={depth}, no gradient flows back to {_layers_of(lost)}. Is a layer not called, its result not used, or the way to the output cut, as by `.detach()` or `.numpy()`?"
            found = {depth: sizes_as_text(smallest)}
            for other in {1, 2, 3} - {depth}:
                with contextlib.suppress(Exception):
                    found[other] = sizes_as_text(smallest_size(answer, other))
            listed = ", ".join(
                f"{size} with depth={other}" for other, size in sorted(found.items())
            )
            return f"With depth={depth}, the smallest feature map of a {sizes_as_text(SIZES[0])} image should be {sizes_as_text(SIZES[depth])}. Yours are {listed}."
    return None


def smallest_size(answer: Any, depth: int) -> tuple[int, int]:
    """Return the size of the smallest feature map, except the 1×1 of a channel attention."""
    return min(size for size in networks.trace(answer, depth).sizes if size != (1, 1))


def channels_problem(answer: Any) -> str | None:
    """Say at which level no convolution makes the right number of channels."""
    for depth, base in ((1, 2 * BASE), (DEPTH, BASE), (4, BASE)):
        if depth == 4 and (problem := _run_problem(answer, SIZES[:1], depth=depth)):
            return problem
        trace = networks.trace(answer, depth, base)
        for level in range(depth + 1):
            size = (SIZES[0][0] >> level, SIZES[0][1] >> level)
            if base << level not in (channels := channels_at(trace, size)):
                if not channels:
                    return f"With depth={depth}, no convolution returns a feature map of {sizes_as_text(size)}, the size of level {level} of a 32×48 image. With depth=1, 2 and 3 that is right."
                made = ", ".join(map(str, sorted(channels)))
                return f"With depth={depth} and base_channels={base}, level {level} ({sizes_as_text(size)}) should have {base << level} channels. Your convolutions return {made} channels there."
    return None


def channels_at(trace: Trace, size: tuple[int, int]) -> set[int]:
    """Return the numbers of channels in outputs of convolutions that have this size."""
    return {step.output.shape[1] for step in trace.convolutions if step.size == size}


def needs_activation(first: Step, second: Step) -> bool:
    """Whether two convolutions in a row are a mistake.

    A 1×1 convolution may only change the number of channels, as around a residual block or in a
    separable convolution, and a strided or transposed one, or one after an interpolation, only the
    size. None of them needs an activation.
    """
    return (
        first.name == second.name == "conv2d"
        and first.settings.get("stride", 1) in (1, (1, 1))
        and first.inputs[0].name != "interpolate"
        and (1, 1) not in (first.kernel_size, second.kernel_size)
    )


def activation_problem(answer: Any) -> str | None:
    """Say where an activation is missing, or that one comes last."""
    trace = networks.trace(answer)
    if not trace.has_activation:
        return "There is no activation, so all layers of your network together are one linear map."
    return problems.activation_problem(trace, needs_activation) or problems.logits_problem(
        trace, scaled=True
    )


def logits_problem(answer: Any) -> str | None:
    """Say when an activation comes last that is not there for several classes in evaluation."""
    for when, trace in (
        ("With out_channels=1", networks.trace(answer, 1, BASE, (IN_CHANNELS, 1))),
        ("In training mode", networks.trace(answer, 1, training=True)),
    ):
        if problem := problems.logits_problem(trace, scaled=True):
            return f"{when}: {problem}"
    return None


def place_problem(answer: Any) -> str | None:
    """Say which map is not where it belongs, or that outputs depend most on pixels far away."""
    if problem := doubling_problem(networks.trace(answer, size=LARGER), DEPTH):
        return problem
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
    return f"Each output pixel should depend most on the image around it. Yours depend most on others, as (row, column): {pairs}. Is a feature map flipped or turned, or reshaped instead of permuted?"


def any_size_problem(answer: Any) -> str | None:
    """Say for which odd size the output is wrong, or a skip missing."""
    sizes = [ODD, (31, 45), (33, 50), (48, 37), (38, 64)]
    if problem := _run_problem(answer, sizes, depth=DEPTH):
        joins = "Halving rounds an odd size, so the decoder's feature map and its skip may differ in height or width. Bring them to the same size before you join them: `F.pad`, a crop, or `F.interpolate(x, size=skip.shape[2:])`. "
        more = joins if "can't join" in problem and "`pad` turns" not in problem else ""
        return f"{problem} {more}On 32×48, which can be halved three times, it works."
    arriving = networks.trace(answer, size=ODD).skips
    if len(arriving) < DEPTH:
        at = ", ".join(map(sizes_as_text, arriving)) or "no size"
        return f"On a 32×48 image a skip arrives at each of three sizes, but on a {sizes_as_text(ODD)} image at {at}. Odd sizes need their skips as well: bring the two feature maps to the same size, and keep the values of the skip."
    return None


def evaluation_problem(answer: Any) -> str | None:
    """Say that runs in evaluation mode differ, or depend on other images of the batch."""
    return (
        problems.repeat_problem(networks.make(answer, 1), random_image())
        or networks.batch_problem(answer, 1)
        or problems.kept_problem(networks.make(answer, 1), random_image())
    )


def dtype_problem(answer: Any) -> str | None:
    """Say that the network stops with float64, or returns another type."""
    network, image = networks.make(answer, 1).double().eval(), random_image().double()
    return problems.output_problem(
        network, image, OUT_CHANNELS, "With network and image in float64"
    )


def unused_problem(answer: Any) -> str | None:
    """Say which parameters have no part in the output."""
    if not (unused := networks.trace(answer).unused):
        return None
    return f"{len(unused)} of your network's weights and biases don't affect its output, so nothing trains them: those of {_layers_of(unused)}. Is a layer not called, or its result not used? Use it in `forward`, or remove it."


def _layers_of(weights: Sequence[str]) -> str:
    return ", ".join(f"`{x}`" for x in dict.fromkeys(n.rpartition(".")[0] or n for n in weights))


CHECKS = (
    networks.first_check("a class of networks", first_problem),
    Check("an output as large as the image", running_problem),
    networks.registers_its_weights(1),
    Check("the same output in any batch", evaluation_problem),
    Check(DEPTHS, depth_problem),
    networks.has_gradients(),
    networks.has_skips("a skip at each level"),
    Check("channels that double", channels_problem),
    Check(ACTIVATIONS, activation_problem),
    Check("logits as its output", logits_problem),
    Check("each pixel in its place", place_problem),
    Check("any size", any_size_problem),
    Check("the dtype of the image", dtype_problem),
    Check("no unused weights", unused_problem),
)
