"""Diagnoses of height and width: maps that do not match, small images, a missing batch.

Each function takes an attempt and returns its sentences, or "" where it does not apply. Its
docstring says when it applies.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import takewhile

from unet_teach.inspection.axes import finest_strides, has_axis
from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.channel_mismatch import (
    CONVOLUTIONS,
    PRODUCTS,
    cat_dim,
    taken_channels,
)
from unet_teach.inspection.diagnosis.layer_settings import given_to_last
from unet_teach.inspection.diagnosis.own_code import listed
from unet_teach.inspection.diagnosis.size_steps import (
    NAMES,
    Mended,
    Sizes,
    Step,
    mended,
    ratio,
    steps_to,
)
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
    """Say what makes two maps equally large: what is sure first, then what is likely."""
    for remedy in (_call_remedy, _divisible, _wrong_level, _mended_step):
        if told := remedy(attempt, first, second):
            return told
    ways = [w for v, o in ((first, second), (second, first)) if (w := _way(attempt, v, o))]
    if times := ratio(first.shape[2:], second.shape[2:]):
        ways = [f"One is {times} times as large as the other.", *ways]
    return f"{' '.join(ways)} Mend the step that is wrong, or {ADVICE}"


def _divisible(attempt: Attempt, first: Value, second: Value) -> str:
    """Say by what the input's sides must be divisible, where that is the reason."""
    told = _divisible_sides(attempt)
    return told and f"{told} Pad the input, or {ADVICE}"


def _call_remedy(attempt: Attempt, first: Value, second: Value) -> str:
    """Say what is wrong with the call that made one of two maps: a pad, crop, resizing or view."""
    if 0 in (*first.shape, *second.shape):
        return "Nothing is left of one: a slice such as [d:-d] takes nothing when d is 0."
    for value, other in ((first, second), (second, first)):
        wanted = other.shape[2:]
        for op in _last_ops(value):
            made, given = op.outputs[0].shape[2:], op.inputs[0].shape[2:]
            if op.name == "constant_pad_nd" and (told := _pad_remedy(op, given, wanted)):
                return told
            if "upsample" in op.name and (told := _resize_remedy(op, wanted)):
                step = attempt.wording.step(op.outputs[0])
                return f"{step} makes {shape_text(made)} of {shape_text(given)}: {told}"
            if op.name == "_fft_c2r" and made[-1] == wanted[-1] - 1:
                return (
                    "torch.fft.irfft2 takes an even width where none is given: "
                    "irfft2(f, s=x.shape[-2:])."
                )
        if crop := _cropped(value, wanted):
            return crop
        if _channels_last(attempt, value) and not _channels_last(attempt, other):
            return (
                f"In the {shape_text(value.shape)} the channels stand last, in the "
                f"{shape_text(other.shape)} second: bring them second before, x.movedim(-1, 1)."
            )
    if first.shape[2:] == second.shape[:1:-1]:
        return (
            "Height and width are exchanged in one of them: bring them into one order, "
            "x.transpose(-1, -2)."
        )
    return ""


def _last_ops(value: Value) -> Iterator[Op]:
    """Yield the operations on the way to a map that has the same size since then."""
    for v in way_back(value, lambda v: v.depends_on_input and len(v.shape) == len(value.shape)):
        if v.op is None or v.shape[2:] != value.shape[2:]:
            return
        if v.op.inputs and len(v.op.inputs[0].shape) == len(v.shape):
            yield v.op


def _pad_remedy(op: Op, given: Sizes, wanted: Sizes) -> str:
    """Say which numbers F.pad needs, where it was given them in another order or as negatives."""
    numbers = list(op.arguments["pad"])
    missing = [n for w, g in zip(reversed(wanted), reversed(given), strict=True) for n in [w - g]]
    added = [a + b for a, b in zip(numbers[::2], numbers[1::2], strict=True)]
    added += [0] * (len(missing) - len(added))
    right = [*numbers[2:], *numbers[:2]] if len(numbers) == 4 else []
    if sum(right[:2]) != missing[0]:
        right = [n for m in missing for n in (m // 2, m - m // 2)]
    if added != missing and sorted(added) == sorted(missing):
        return (
            "F.pad takes the last dimension first, (left, right, top, bottom), and is given "
            f"height and width in the wrong order: F.pad(x, {tuple(right)})."
        )
    if added == [-m for m in missing] and any(missing):
        return (
            f"F.pad is given {tuple(numbers)}: what is below 0 cuts off where it should add. Is a "
            f"difference taken the wrong way round? It is skip - x: F.pad(x, {tuple(right)})."
        )
    return ""


def _resize_remedy(op: Op, wanted: Sizes) -> str:
    """Say which size or factor an up-sampling needs, where it was given another kind of number."""
    made, given = op.outputs[0].shape[2:], op.inputs[0].shape[2:]
    if len(set(made)) > 1 and made == wanted[::-1]:
        return (
            "height and width are exchanged. size=(height, width), as skip.shape[2:] has them; "
            "is it `h, w = x.shape[2:]`?"
        )
    if len(set(made)) == 1 and max(made) <= min(8, *given):
        return (
            "the first number of nn.Upsample and the second of F.interpolate is the size of the "
            f"result. Write scale_factor={made[0]}."
        )
    by_size = not (op.arguments.get("scales") or op.arguments.get("scales_h"))
    if by_size and len(set(made)) == 1 < len(set(wanted)) and made[0] in wanted:
        return "a single number as size makes a square. Give both, size=skip.shape[2:]."
    return ""


def _cropped(value: Value, wanted: Sizes) -> str:
    """Say that a crop does not leave as much as the other map has."""
    slices = []
    for v in way_back(value, lambda v: v.depends_on_input):
        if v.op is None or v.op.name != "slice" or v.op.arguments.get("step", 1) != 1:
            break
        slices.append(v.op)
    if not slices:
        return ""
    before = slices[-1].inputs[0].shape[2:]
    if before == value.shape[2:] or any(b < w for b, w in zip(before, wanted, strict=False)):
        return ""
    half = (
        " Half of an odd difference is rounded, so the same cut at both ends is one cell too few."
        if any((b - w) % 2 for b, w in zip(before, wanted, strict=True))
        else ""
    )
    if before[-1] == value.shape[-1] and value.shape[2] != before[0]:
        half = f"{half} Height and width are dimensions 2 and 3: are there too few `:` before?"
    return (
        f"A slice cuts {shape_text(before)} to {shape_text(value.shape[2:])}, and "
        f"{shape_text(wanted)} are needed.{half} Let it end at start + size: with d = (large - "
        "small) // 2, x[:, :, d : d + small], for each side."
    )


def _channels_last(attempt: Attempt, value: Value) -> bool:
    dims = attempt.graph.dims[value]
    return len(dims) > 2 and has_axis(dims[1]) and not has_axis(dims[-1])


def _wrong_level(attempt: Attempt, first: Value, second: Value) -> str:
    """Say that a skip of another level is taken, or what was to come up is left out."""
    times = ratio(first.shape[2:], second.shape[2:])
    if not times:
        return ""
    graph, maker = attempt.graph, attempt.wording.maker
    told = f"One is {times} times as large as the other"
    deepest = max(graph.max_depth[v] for v in (first, second))
    below = [v for v in attempt.unused_maps if GLOBAL > graph.levels[v] > deepest + SAME_LEVEL]
    if below:
        return (
            f"{told}. The smallest map, {shape_text(below[-1].shape)} (made by {maker(below[-1])})"
            ", has not been used so far: does the way up begin there? Are maps taken in the wrong "
            "order?"
        )
    for up, other in ((first, second), (second, first)):
        level = graph.levels[up]
        if graph.max_depth[up] < level + SAME_LEVEL:
            continue
        fitting = [
            v
            for v in graph.values
            if v.shape[2:] == up.shape[2:]
            and graph.max_depth[v] < level + SAME_LEVEL
            and graph.min_depth_with_weights[v] < GLOBAL
            and not (v.op and "pool" in v.op.name)  # no layer has worked at this level
        ]
        if not fitting:
            continue
        named = f"The encoder's last map of {shape_text(up.shape[2:])} was made by "
        before = graph.ancestors(up)
        joined = {
            v
            for op in attempt.recording.ops
            if op.outputs[0] in before and join_kind(op) and len({*op.inputs} & before) > 1
            for v in op.inputs
        }
        if any(v in joined for v in fitting):
            if math.prod(up.shape[2:]) > math.prod(other.shape[2:]):
                continue
            return (
                f"{told}. {named}{maker(fitting[-1])}, and is joined already: before this join, an "
                f"up-sampling to {shape_text(other.shape[2:])} is missing, "
                "F.interpolate(x, size=skip.shape[2:])."
            )
        told += f": is it a skip of another level? {named}{maker(fitting[-1])}."
        is_pooled = other.op is not None and "pool" in other.op.name
        if graph.max_depth[up] < graph.levels[other] + SAME_LEVEL and not is_pooled:
            told += (
                " Or is a pooling or stride missing? What comes up was made no smaller before than "
                f"{shape_text(other.shape[2:])} itself."
            )
        return told
    return ""


def _mended_step(attempt: Attempt, first: Value, second: Value) -> str:
    """Say which setting of which layer would make two maps equally large."""
    graph, word = attempt.graph, attempt.wording.step
    small, large = sorted((first, second), key=lambda v: math.prod(v.shape[2:]))
    steps, others = steps_to(graph, small, large), steps_to(graph, large, small)
    falls, rises = ([s for s in steps if s.factor(up) > 1] for up in (False, True))
    stays = any(s.kind == "transposed" for s in steps)
    whole = steps_to(graph, large, graph.image)
    if falls and any(s.factor(True) > 1 for s in whole) and all(s.factor(True) >= 1 for s in whole):
        return (
            f"The larger map, {shape_text(large.shape[2:])}, was enlarged and never made smaller "
            "before. Are the two exchanged, as when a block returns (pooled, skip) and the call "
            "takes (skip, pooled)?"
        )
    twice = [s for s in steps if s.kind == "pooling" and s.op.inputs[0].op in [t.op for t in falls]]
    if twice:
        return (
            f"Two poolings follow one another, and {word(twice[0].op.outputs[0])} makes "
            f"{_change_of(twice[0])} with no layer between them: is one too many?"
        )
    if (times := ratio(small.shape[2:], large.shape[2:])) and falls and not (rises or stays):
        told = f"One is {times} times as large as the other"
        block = attempt.failed_op.module if attempt.failed_op else ""
        strided = [s for s in others if s.kind == "convolution"]
        if block and falls[0].op.module.startswith(f"{block}.") and strided:
            return (
                f"{told}: {word(falls[0].op.outputs[0])} has a stride, and on the other way "
                f"{word(strided[0].op.outputs[0])} has none. Give both the same stride."
            )
        return (
            f"{told}, and nothing on the way makes the smaller one larger: an up-sampling is "
            "missing, F.interpolate(x, size=skip.shape[2:])."
        )
    if uneven := [s for s in (*steps, *others) if s.is_uneven]:
        named = listed(f"{word(s.op.outputs[0])} makes {_change_of(s)}" for s in uneven[-2:])
        return f"{named}, so not all sides change alike. Each must be enlarged as it was reduced."
    ways = [
        (way[0].before if way else value.shape[2:], way)
        for value, way in ((large, whole), (small, steps_to(graph, small, graph.image)))
    ]
    changes = mended(ways)
    even = [s for _, way in ways for s in way if s.has_even_reach and not s.divides_exactly]
    if even and all(change.cost[0] for change in changes):
        return (
            f"{attempt.wording.layer(even[0].op)} makes {_change_of(even[0])}. With an even "
            "kernel_size only padding='same' keeps the size; or take an odd one, such as "
            "kernel_size=3 and padding=1."
        )
    least = min((change.cost for change in changes), default=None)
    fitting = [_change(attempt, change) for change in changes if change.cost == least]
    return f"{'. Or '.join(fitting[:2])}; or {ADVICE}" if fitting else ""


def _change_of(step: Step) -> str:
    return f"{shape_text(step.after)} of {shape_text(step.before)}"


def _change(attempt: Attempt, change: Mended) -> str:
    """Say what a layer makes of which size, and with which settings it would be right."""
    step = change.step
    shown = {n: _setting(step.setting(n)) for n in NAMES if n != "dilation"}
    if set(step.setting("dilation")) != {1}:
        shown["dilation"] = _setting(step.setting("dilation"))
    if step.kind != "transposed":
        del shown["output_padding"]
    has = [f"{name}={value}" for name, value in shown.items()]
    others = [attempt.wording.step(s.op.outputs[0]) for s in change.others[:3]]
    also = f" (and in the same way {listed(others)})" if others else ""
    needed = listed(f"{name}={_setting(value)}" for name, value in change.changed.items())
    is_kept, s = change.after == step.before, "" if len(change.changed) > 1 else "s"
    verb = f"keep{s} the size" if is_kept else f"make{s} {shape_text(change.after)}"
    return (
        f"{attempt.wording.step(step.op.outputs[0])}{also} has {listed(has)}, which makes "
        f"{_change_of(step)}: {needed} {verb}"
    )


def _setting(sides: Sizes) -> int | Sizes:
    return sides[0] if len(set(sides)) == 1 else sides


def _way(attempt: Attempt, value: Value, other: Value) -> str:
    """List the sizes on the way to a map since it shared a source with another."""
    steps = [s for s in steps_to(attempt.graph, value, other) if s.before != s.after]
    if not steps:
        return ""
    makers = ", ".join(
        f"{shape_text(s.after)} by {attempt.wording.step(s.op.outputs[0])}" for s in steps[-6:]
    )
    return f"On the way from {shape_text(steps[-6:][0].before)} come {makers}."


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
    differ = [(f, g) for f, g in pairs if f != g and 1 not in (f, g)]
    if len(fixed.shape) < 4:  # a table of positions by positions counts them once
        differ = list(dict.fromkeys(differ))
    if not differ:
        return ""
    if fixed.shape != given.shape and sorted(fixed.shape[1:]) == sorted(
        given.shape[:1] + given.shape[2:]
    ):
        return (
            f"In {module_name(op.module)}, the parameter `{weight_name(fixed)}` is "
            f"{shape_text(fixed.shape)}, and what it meets is {shape_text(given.shape)}: the "
            f"positions of one are dim 1, of the other dim 0. With batch_first=True tokens are "
            "(N, L, C); otherwise bring the parameter to (L, 1, C): p.transpose(0, 1)."
        )
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
    fixed = f"{'a multiple of ' if -1 in asked else ''}{abs(math.prod(asked))}"
    told = (
        f"In {place}, a view asks for {shape_text(asked)}, but what it is given, "
        f"{shape_text(given.shape)}, has {numbers} numbers and not {fixed}."
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
    return f"{told} {_view_that_fits(attempt, given.shape, asked, numbers)}"


def _view_that_fits(
    attempt: Attempt, given: tuple[int, ...], asked: list[int], numbers: int
) -> str:
    """Say which sizes near those that a view asks for have as many numbers as there are."""
    wanted, others = f"sizes whose product is {numbers}", math.prod(asked[:-2])
    for value in reversed(attempt.graph.values if len(asked) > 3 else []):
        if len(value.shape) > 3 and abs(math.prod(value.shape[-2:]) * others) == numbers:
            return (
                f"Let it ask for {wanted}, such as {shape_text([*asked[:-2], *value.shape[-2:]])}, "
                f"with the height and width of {attempt.wording.maker(value)}: keep them before "
                "they are flattened."
            )
    if given[0] != asked[0] and given[0] * math.prod(asked[1:]) == numbers:
        shape = ", ".join(map(str, ("x.shape[0]", *asked[1:])))
        return f"The batch is {given[0]}, and the view fixes {asked[0]}: write ({shape})."
    positions = abs(math.prod(asked[-2:]))
    if any(0 < side - positions <= 5 for side in given[1:]):
        more = next(side - positions for side in given[1:] if 0 < side - positions <= 5)
        return (
            f"{positions + more} positions are {more} more than {shape_text(asked[-2:])}, such as "
            f"a class token: leave it out before, x[:, {more}:] where the tokens are dimension 1."
        )
    same = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(given, asked, strict=False))
    )
    if same == len(given) - 1 < len(asked) - 1:
        wanted = f"sizes of which the last {len(asked) - same} multiply to {given[-1]}"
    for place in (*([1] if same < 2 else []), *range(len(asked) - 1, 1, -1)):
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
    kernel = re.search(r"channel: \(([\d x]+)\)\. Kernel size: \(([\d x]+)\)", message)
    for larger in (*(some for some in enlarged if 0 < len(some) < len(sides)), *squares):
        if attempt.runs_with(larger):
            which = shape_text(sides[axis] for axis in larger)
            only = f"Only the side of {which} is too small: " if len(larger) < len(sides) else ""
            return (
                f"A picture of {shape_text(sides.values())} is too small for "
                f"{attempt.stopped_in}: nothing is left of it. "
                f"{only}{shape_text((sides | larger).values())} works."
            )
    if kernel:
        sizes, taken = (text.replace(" x ", "×") for text in kernel.groups())
        return (
            f"In {attempt.stopped_in}, a kernel of {taken} does not fit into {sizes}, the map with "
            "its padding. padding=kernel_size // 2 keeps the size; or take a smaller kernel."
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
