"""Diagnoses of height and width: maps that do not match, small images, a missing batch.

Each function takes an attempt and returns its sentences, or "" where it does not apply. Its
docstring says when it applies.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from unet_teach.inspection.axes import finest_strides
from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.channel_mismatch import (
    CONVOLUTIONS,
    PRODUCTS,
    cat_dim,
    taken_channels,
)
from unet_teach.inspection.diagnosis.layer_settings import given_to_last, padding_that_keeps
from unet_teach.inspection.diagnosis.own_code import listed
from unet_teach.inspection.graph import GLOBAL, SAME_LEVEL, join_kind
from unet_teach.inspection.recording import Op, Value, way_back
from unet_teach.inspection.wording import module_name, op_name, shape_text, weight_name
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
        f"Sizes part at {place}, in {wording.layer(op)} ({op_name(op)}): "
        f"{shape_text(first.shape[2:])} (made by {wording.maker(first)}) meets "
        f"{shape_text(second.shape[2:])} (made by {wording.maker(second)})."
    )
    return f"{told} {_size_remedy(attempt, first, second)}"


def _size_remedy(attempt: Attempt, first: Value, second: Value) -> str:
    if padded := _padded_in_wrong_order(first, second):
        return padded
    if divisible := _divisible_sides(attempt):
        return f"{divisible} Pad the input, or {ADVICE}"
    if layer := _size_taken_for_factor(attempt, first) or _size_taken_for_factor(attempt, second):
        return layer
    if 0 in (*first.shape, *second.shape):
        return "Nothing is left of one: a slice such as [d:-d] takes nothing when d is 0."
    if times := _whole_ratio(first, second):
        return (
            f"One is {times} times as large as the other: an up-sampling too few or too many, a "
            "stride in one of the two paths only, or a skip of another level."
            f"{_skip_of_right_level(attempt, first) or _skip_of_right_level(attempt, second)}"
            " F.interpolate(small, size=large.shape[2:]) brings the smaller to the larger's size."
        )
    if layer := _size_changed(attempt, first, second):
        return f"{layer}; or {ADVICE}"
    if layer := _one_step_larger(attempt, first, second):
        return layer
    return (
        "Let the convolutions before it keep the size, padding=kernel_size // 2, and where a "
        f"stride halves it, the way up double it; or {ADVICE}"
    )


def _size_taken_for_factor(attempt: Attempt, value: Value) -> str:
    """Say that an up-sampling was given the size of its result where a factor was meant."""
    op, sides = _op_of_size(value, lambda op: "upsample" in op.name), set(value.shape[2:])
    if op is None or len(sides) > 1 or max(sides) > min(8, *op.inputs[0].shape[2:]):
        return ""
    side = sides.pop()
    return (
        f"{attempt.wording.layer(op)} makes maps of {shape_text(value.shape[2:])} from "
        f"{shape_text(op.inputs[0].shape[2:])}: the first number of nn.Upsample and the "
        f"second of F.interpolate is the size of the result. Write scale_factor={side}."
    )


def _padded_in_wrong_order(first: Value, second: Value) -> str:
    """Say that F.pad was given height and width the wrong way round, if that is the reason."""
    for padded, other in ((first, second), (second, first)):
        op = padded.op
        if op is None or op.name != "constant_pad_nd" or len(op.arguments["pad"]) > 4:
            continue
        left, right, top, bottom = (*op.arguments["pad"], 0, 0)[:4]
        rows, columns = (
            o - s for o, s in zip(other.shape[-2:], op.inputs[0].shape[-2:], strict=True)
        )
        if (left + right, top + bottom) == (rows, columns) != (columns, rows):
            return (
                "F.pad takes the last dimension first, (left, right, top, bottom), and is given "
                f"height and width in the wrong order: F.pad(x, {(top, bottom, left, right)})."
            )
    return ""


def _skip_of_right_level(attempt: Attempt, up: Value) -> str:
    """Name the layer of the encoder whose map has the size of the up-sampled one."""
    graph = attempt.graph
    level = graph.levels[up]
    fitting = [
        v
        for v in graph.values
        if v.shape[2:] == up.shape[2:] and graph.min_depth_with_weights[v] < level + SAME_LEVEL
    ]
    if not fitting or graph.min_depth[up] < level + SAME_LEVEL:
        return ""
    maker = attempt.wording.maker(fitting[-1])
    return f" The encoder's last map of {shape_text(up.shape[2:])} was made by {maker}."


def _op_of_size(value: Value, is_wanted: Callable[[Op], bool]) -> Op | None:
    """Return the last such operation on the way to a map, if its size is the same since then."""
    way = way_back(value, lambda v: v.shape[2:] == value.shape[2:])
    return next((v.op for v in way if v.op and is_wanted(v.op)), None)


def _one_step_larger(attempt: Attempt, up: Value, skip: Value) -> str:
    """Say which output_padding makes what a transposed convolution makes as large as the skip."""
    op = _op_of_size(up, lambda op: op.name in CONVOLUTIONS)
    if op is None or not op.arguments.get("transposed"):
        return ""
    count = len(up.shape) - 2
    names = ("stride", "dilation", "padding", "output_padding")
    each = zip(*(_each(op.arguments[name], count) for name in names), strict=True)
    kernel = op.arguments["weight"].shape[2:]
    sides = zip(up.shape[2:], skip.shape[2:], strict=True)
    needed = [
        _paddings(sizes, k, *options) for sizes, k, options in zip(sides, kernel, each, strict=True)
    ]
    if None in needed:
        return ""
    paddings, added = ([pair[i] for pair in needed if pair] for i in (0, 1))
    is_same = paddings == _each(op.arguments["padding"], count)
    options = "" if is_same else f"padding={_short(paddings)} and "
    verb = "make" if options else "makes"
    return (
        f"{attempt.wording.layer(op)} makes {shape_text(up.shape[2:])} of several sizes that its "
        f"stride could have come from: {options}output_padding={_short(added)} {verb} "
        f"{shape_text(skip.shape[2:])}."
    )


def _paddings(
    sizes: tuple[int, int], kernel: int, stride: int, dilation: int, padding: int, added: int
) -> tuple[int, int] | None:
    """Return the padding and output_padding that make a wanted size of what is made now."""
    made, wanted = sizes
    for p in sorted(range(dilation * (kernel - 1) + 1), key=lambda p: abs(p - padding)):
        o = wanted - made + 2 * (p - padding) + added
        if 0 <= o < max(stride, dilation):
            return p, o
    return None


def _short(numbers: list[int]) -> int | tuple[int, ...]:
    return numbers[0] if len(set(numbers)) == 1 else tuple(numbers)


def _size_changed(attempt: Attempt, first: Value, second: Value) -> str:
    """Name the convolutions of stride 1 that changed sizes, best on the way to one map only."""
    graph = attempt.graph
    on_one_way: list[Op] = []
    on_both: list[Op] = []
    for op in attempt.recording.ops:
        given = op.arguments.get("input")
        if op.name not in CONVOLUTIONS or op.arguments.get("transposed") or given is None:
            continue
        is_changed = given.shape[2:] != op.outputs[0].shape[2:]
        if is_changed and set(_each(op.arguments["stride"], 1)) == {1}:
            on_way = [op.outputs[0] in graph.ancestors(v) for v in (first, second)]
            if any(on_way):
                (on_both if all(on_way) else on_one_way).append(op)
    if not (smaller := on_one_way or on_both):
        return ""
    others = [attempt.wording.layer(op) for op in smaller[1:4]]
    also = f" (and in the same way {listed(others)})" if others else ""
    return f"{attempt.wording.layer(smaller[0])}{also} {padding_that_keeps(smaller[0])}"


def _each(option: list[int], count: int) -> list[int]:
    return list(option) * (count if len(option) == 1 else 1)


def positions_are_fixed(attempt: Attempt) -> str:
    """A parameter with one entry for each position meets an image with another number of them."""
    op, image = attempt.failed_op, attempt.graph.image
    if op is None or not op.is_pointwise or image is None:
        return ""
    fixed = next((v for v in op.inputs if weight_name(v)), None)
    given = next((v for v in op.inputs if v.depends_on_input), None)
    if fixed is None or given is None:
        return ""
    pairs = list(zip(reversed(fixed.shape), reversed(given.shape), strict=False))
    differ = dict.fromkeys((f, g) for f, g in pairs if f != g and 1 not in (f, g))
    if not differ:
        return ""
    expected, got = (math.prod(sizes) for sizes in zip(*differ, strict=True))
    told = (
        f"In {module_name(op.module)}, the parameter `{weight_name(fixed)}`, "
        f"{shape_text(fixed.shape)}, is made for {expected} positions, and this input makes {got} "
        f"({shape_text(given.shape)})."
    )
    axes = range(2, len(image.shape))
    scale = (expected / got) ** (1 / max(len(axes), 1))
    sides = {axis: round(image.shape[axis] * scale) for axis in axes}
    fits = attempt.runs_with(sides)
    works = f" {shape_text(sides.values())} works." if fits else ""
    return f"{told} Give images of the size it was made for.{works} Or make it for {got}."


def windows_do_not_fit(attempt: Attempt) -> str:
    """A map is cut into windows or patches of a fixed size that do not divide its sides."""
    op, image = attempt.failed_op, attempt.graph.image
    found = re.search(r"shape '\[([-\d, ]+)\]' is invalid for input of size (\d+)", attempt.message)
    given = given_to_last(attempt)
    if found is None or image is None or given is None:
        return ""
    asked, numbers = [int(n) for n in found[1].split(",")], int(found[2])
    place = attempt.wording.layer(op) if op else attempt.stopped_in
    told = (
        f"In {place}, a view asks for {shape_text(asked)}, but what it is given, "
        f"{shape_text(given.shape)}, has {numbers} numbers and not {abs(math.prod(asked))}."
    )
    stride = max((round(s) for s in finest_strides(attempt.graph.dims[given]).values()), default=1)
    for window in sorted({n for n in asked if 1 < n < 65} if len(asked) > 4 else ()):
        sides = {axis: image.shape[axis] for axis in range(2, len(image.shape))}
        step = window * stride
        odd = {axis: side for axis, side in sides.items() if side % step}
        below = {axis: side // step * step for axis, side in odd.items()}
        above = {axis: side + step for axis, side in below.items()}
        tried = [s for s in (below, above) if odd and all(s.values())]
        works = [shape_text((sides | s).values()) for s in tried if attempt.runs_with(s)]
        if works:
            return (
                f"{told} It cuts the map into pieces of {window}, so the image's sides must be "
                f"multiples of {step}: {' or '.join(works)} works. Pad the input, or the map "
                "before the view."
            )
    return f"{told} {_view_that_fits(attempt, asked, numbers)}"


def _view_that_fits(attempt: Attempt, asked: list[int], numbers: int) -> str:
    """Say which sizes near those that a view asks for have as many numbers as there are."""
    wanted, others = f"sizes whose product is {numbers}", math.prod(asked[:-2])
    for value in reversed(attempt.graph.values if len(asked) > 3 else []):
        if len(value.shape) > 3 and math.prod(value.shape[-2:]) * others == numbers:
            return (
                f"Let it ask for {wanted}, such as {shape_text([*asked[:-2], *value.shape[-2:]])}, "
                f"with the height and width of {attempt.wording.maker(value)}: keep them before "
                "they are flattened."
            )
    for place in (1, *range(len(asked) - 1, 1, -1)):
        others = math.prod(asked[:place] + asked[place + 1 :]) if place < len(asked) else 0
        if others > 0 and numbers % others == 0:
            fitting = [*asked[:place], numbers // others, *asked[place + 1 :]]
            return f"Let it ask for {wanted}, such as {shape_text(fitting)}."
    return f"Let it ask for {wanted}."


def channels_come_last(attempt: Attempt) -> str:
    """An image is given as (N, H, W, C), and the network runs when its channels stand second."""
    op, image = attempt.failed_op, attempt.graph.image
    if image is None or len(image.shape) < 4 or (op is not None and op.name in CONVOLUTIONS):
        return ""
    batch, *sides, channels = image.shape
    moved = dict(enumerate((channels, *sides), start=1))
    if channels >= min(sides) or not attempt.runs_with(moved):
        return ""
    return (
        f"The input is {shape_text(image.shape)}: its channels, {channels}, stand last. PyTorch "
        f"has them second: x.movedim(-1, 1) makes {shape_text((batch, channels, *sides))}."
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
    sides = dict(enumerate(image.shape[2:], start=2))
    squares = [dict.fromkeys(sides, 2**k) for k in range(1, 10)]
    enlarged = [{a: n for a, n in square.items() if sides[a] < n} for square in squares]
    for larger in (*(some for some in enlarged if 0 < len(some) < len(sides)), *squares):
        if attempt.runs_with(larger):
            which = shape_text(sides[axis] for axis in larger)
            only = f"Only the side of {which} is too small: " if len(larger) < len(sides) else ""
            return (
                f"A picture of {shape_text(sides.values())} is too small for "
                f"{attempt.stopped_in}: nothing is left of it. "
                f"{only}{shape_text((sides | larger).values())} works."
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
    if batched[1] != channels:
        right = (1, channels, *shape[-1:] * (rank - 2))
        return (
            f"The input is {shape_text(shape)}, {rank - 1} dimensions; the network takes {rank}, "
            f"with {channels} channels second. Give it such an input: {right}."
        )
    return f"The input is {shape_text(shape)}, with no number for the batch. Give {batched}, {how}."
