"""Diagnoses of height and width: maps that do not match, small images, a missing batch.

Each function takes an attempt and returns its sentences, or "" where it does not apply. Its
docstring says when it applies.
"""

from __future__ import annotations

from unet_teach.inspection.axes import finest_strides
from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.channel_mismatch import (
    CONVOLUTIONS,
    PRODUCTS,
    cat_dim,
    taken_channels,
)
from unet_teach.inspection.graph import GLOBAL, join_kind
from unet_teach.inspection.recording import Op, Value
from unet_teach.inspection.wording import module_name, shape_text
from unet_teach.shared.sizes_as_text import sizes_as_text

ADVICE = (
    "bring what comes up to the skip's size where they meet: by F.pad, a crop, or "
    "F.interpolate(x, size=skip.shape[2:])."
)


def sizes_do_not_match(attempt: Attempt) -> str:
    """Two maps of different size are joined."""
    op, graph, wording = attempt.failed_op, attempt.graph, attempt.wording
    if op is None or op.name in PRODUCTS or join_kind(op) in (None, "attention"):
        return ""
    maps = [v for v in dict.fromkeys(op.inputs) if v in graph.levels and len(v.shape) >= 3]
    pairs = [(a, b) for i, a in enumerate(maps) for b in maps[i + 1 :] if _differ(a, b, op)]
    if not pairs:
        return ""
    first, second = pairs[0]
    if graph.min_depth[first] < graph.min_depth[second]:  # the up-sampled map goes first
        first, second = second, first
    level = graph.levels[second]
    place = f"level {max(round(level), 0)}" if level < GLOBAL else "a global value"
    told = (
        f"Sizes part at {place}, in {module_name(op.module)} ({op.name.strip('_')}): "
        f"{shape_text(first.shape[2:])} (made by {wording.maker(first)}) meets "
        f"{shape_text(second.shape[2:])} (made by {wording.maker(second)})."
    )
    return f"{told} {_size_remedy(attempt, first, second)}"


def _size_remedy(attempt: Attempt, first: Value, second: Value) -> str:
    if divisible := _divisible_sides(attempt):
        return f"{divisible} Pad the input, or {ADVICE}"
    if 0 in (*first.shape, *second.shape):
        return "Nothing is left of one: a slice such as [d:-d] takes nothing when d is 0."
    if times := _whole_ratio(first, second):
        return (
            f"One is {times} times as large as the other: an up-sampling too few or too many, a "
            "stride in one of the two paths only, or a skip of another level."
        )
    return (
        "Let the convolutions before it keep the size, padding=kernel_size // 2, and where a "
        f"stride halves it, the way up double it; or {ADVICE}"
    )


def _differ(first: Value, second: Value, op: Op) -> bool:
    """Return whether two maps differ along an axis where this operation needs them equal."""
    if len(first.shape) != len(second.shape):
        return False
    joined = cat_dim(op, first) if op.name == "cat" else None
    return any(
        i != joined
        and first.shape[i] != second.shape[i]
        and (joined is not None or 1 not in (first.shape[i], second.shape[i]))  # broadcasting
        for i in range(2, len(first.shape))
    )


def _divisible_sides(attempt: Attempt) -> str:
    """Say by what the input's sides must be divisible, if that is the reason.

    They must be multiples of the coarsest stride in the network. Only sizes with which the network
    was run are named.
    """
    graph = attempt.graph
    coarsest: dict[int, int] = {}
    for value in graph.values:
        for axis, stride in finest_strides(graph.dims[value]).items():
            if axis in graph.axes:
                coarsest[axis] = max(coarsest.get(axis, 1), round(stride))
    odd = {axis: stride for axis, stride in coarsest.items() if graph.axes[axis] % stride}
    if not odd:
        return ""
    below = {axis: graph.axes[axis] // stride * stride for axis, stride in odd.items()}
    above = {axis: below[axis] + stride for axis, stride in odd.items()}
    tried = [sizes for sizes in (below, above) if all(sizes.values())]
    working = [sizes for sizes in tried if attempt.runs_with(sizes)]
    if not working:
        return ""
    divisor = sizes_as_text(dict.fromkeys(odd.values()))
    listed = " or ".join(shape_text(dict.fromkeys(sizes.values())) for sizes in working)
    now = shape_text(dict.fromkeys(graph.axes[axis] for axis in odd))
    verb = "works" if len(working) == 1 else "work"
    return f"The input's sides must be divisible by {divisor}, and {now} is not: {listed} {verb}."


def _whole_ratio(first: Value, second: Value) -> int:
    """Return by which whole number one map is larger along every axis where they differ, or 0."""
    pairs = [p for p in zip(first.shape[2:], second.shape[2:], strict=True) if p[0] != p[1]]
    for sides in (pairs, [p[::-1] for p in pairs]):
        ratios = {large // small if small and large % small == 0 else 0 for large, small in sides}
        if len(ratios) == 1 and 0 not in ratios:
            return ratios.pop()
    return 0


def image_too_small(attempt: Attempt) -> str:
    """The down-sampling leaves nothing of the image; the smallest square that runs is named."""
    message, image = attempt.message, attempt.graph.image
    if "too small" not in message and "than actual input size" not in message:
        return ""
    if image is None or len(image.shape) < 3:
        return ""
    axes = range(2, len(image.shape))
    for side in (2**k for k in range(1, 10)):
        if attempt.runs_with(dict.fromkeys(axes, side)):
            return (
                f"A picture of {shape_text(image.shape[2:])} is too small for "
                f"{attempt.stopped_in}: nothing is left of it. {shape_text([side] * len(axes))} "
                "works."
            )
    return ""


def no_batch_dimension(attempt: Attempt) -> str:
    """An image was given without the dimension that counts images."""
    failed = [attempt.failed_op] if attempt.failed_op else []
    convolutions = [
        op
        for op in (*attempt.recording.ops, *failed)
        if op.name in CONVOLUTIONS and isinstance(op.arguments.get("weight"), Value)
    ]
    rank = len(convolutions[0].arguments["weight"].shape) if convolutions else 0
    inputs = attempt.recording.inputs
    images = [v for v in inputs if v.is_floating and len(v.shape) == rank - 1]
    if rank < 3 or len(images) != len(inputs) or not images:
        return ""
    shape, channels = images[0].shape, taken_channels(convolutions[0])
    if channels == 1 != shape[0]:
        batched, how = (shape[0], 1, *shape[1:]), "x.unsqueeze(1): each with its one channel"
    elif channels == shape[-1] != shape[0]:
        batched, how = (1, channels, *shape[:-1]), "x.movedim(-1, 0)[None]: channels first"
    else:
        batched, how = (1, *shape), "x[None]: one, or as many as you like"
    return f"The input is {shape_text(shape)}, with no number for the batch. Give {batched}, {how}."
