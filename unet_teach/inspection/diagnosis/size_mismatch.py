"""Two maps of different sizes are joined: which step is wrong, or what is missing."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable
from functools import partial
from itertools import permutations
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.inspection.axes import finest_strides
from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.channel_mismatch import cat_dim
from unet_teach.inspection.diagnosis.enlarged_otherwise import enlarged_otherwise
from unet_teach.inspection.diagnosis.feature_mismatch import PRODUCTS
from unet_teach.inspection.diagnosis.forward_code import exchanged_maps, other_order
from unet_teach.inspection.diagnosis.init_code import (
    assigned_twice,
    dilation_in_init,
    right_with_a_name,
)
from unet_teach.inspection.diagnosis.resizing_calls import call_remedy
from unet_teach.inspection.diagnosis.size_steps import (
    NAMES,
    Mended,
    Step,
    mended,
    ratio,
    setting_text,
    steps_to,
)
from unet_teach.inspection.diagnosis.source import (
    evaluated,
    parts_at,
    running,
    runs_with_code,
    text_of,
)
from unet_teach.inspection.diagnosis.trials import runs_with_settings, swapped_results
from unet_teach.inspection.graph import GLOBAL, SAME_LEVEL, join_kind
from unet_teach.inspection.recording import Op, Value
from unet_teach.inspection.wording import listed, op_name, shape_text
from unet_teach.shared.sizes_as_text import sizes_as_text

RESIZING = "F.interpolate(x, size=skip.shape[2:])"
ADVICE = f"bring what comes up to the skip's size where they meet: by F.pad, a crop, or {RESIZING}."


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
        f"Sizes don't match at {place}, in {wording.layer(op)} ({op_name(op)}): "
        f"{shape_text(first.shape[2:])} (made by {wording.maker(first)}) meets "
        f"{shape_text(second.shape[2:])} (made by {wording.maker(second)})."
    )
    remedy = _size_remedy(attempt, first, second)
    if RESIZING in remedy:
        target = second if ADVICE in remedy else max(first, second, key=lambda v: v.shape[2:])
        remedy = remedy.replace(RESIZING, _resized_here(attempt, target.shape[2:]) or RESIZING)
    return f"{told} {remedy}"


def _resized_here(attempt: Attempt, sizes: tuple[int, ...]) -> str:
    """Return the resizing of a map in the words of the line, if the network runs with it."""
    code = attempt.code
    place, known = code.place, code.frame.f_globals if code.frame else {}
    name = next((n for n, thing in known.items() if thing is F), "torch.nn.functional")
    for node in parts_at(place, ast.BinOp | ast.Call):
        given = [node.left, node.right] if isinstance(node, ast.BinOp) else node.args
        rows = [part.elts for part in given if isinstance(part, ast.List | ast.Tuple)]
        for part, other in permutations((rows or [given])[0], 2):
            for target in ast.walk(other):
                thing = evaluated(target, code.frame)
                if not isinstance(thing, Tensor) or thing.shape[2:] != torch.Size(sizes):
                    continue
                size = f"size={text_of(target)}.shape[2:]"
                new = f"{name}.interpolate({text_of(part)}, {size})"
                if runs_with_code(attempt, (part, new)):
                    return f"`{new}`"
    return ""


def _size_remedy(attempt: Attempt, first: Value, second: Value) -> str:
    """Say what makes two maps equally large: what is sure first, then what is likely."""
    for remedy in (
        _replaced_in_init,
        lambda attempt, first, second: exchanged_maps(attempt),
        _padded_away,
        call_remedy,
        _divisible,
        _results_exchanged,
        lambda attempt, first, second: other_order(attempt),
        partial(enlarged_otherwise, some=True),
        _wrong_level,
        _mended_step,
        partial(enlarged_otherwise, some=False),
    ):
        if told := remedy(attempt, first, second):
            return told
    return f"Mend the step that is wrong, or {ADVICE}"


def _replaced_in_init(attempt: Attempt, first: Value, second: Value) -> str:
    """Say that a layer that changes a size replaces another one of its name."""
    ways = (*steps_to(attempt.graph, first, second), *steps_to(attempt.graph, second, first))
    return assigned_twice(attempt, *(s.op.module for s in ways if s.before != s.after))


def _padded_away(attempt: Attempt, first: Value, second: Value) -> str:
    """Say that a padding or a crop changes a map that would match."""
    for value, other in ((first, second), (second, first)):
        changing = [s for s in steps_to(attempt.graph, value, other) if s.before != s.after]
        for step in changing[-1:]:
            is_cut = "pad" in step.op.name or step.op.name == "slice"
            if is_cut and 0 not in step.after and step.before == other.shape[2:]:
                name = "A padding" if "pad" in step.op.name else "A crop"
                return (
                    f"{name} in {attempt.wording.layer(step.op)} makes {step.text}. Without "
                    "it, both match. Or compute it from both sizes, which gives 0 where they match."
                )
    return ""


def _results_exchanged(attempt: Attempt, first: Value, second: Value) -> str:
    """Say that the network runs if what a block returns is taken in the other order."""
    for paths, shapes in swapped_results(attempt):
        name, write = paths[0].rpartition(".")[2], ""
        for node in (n for function, _, _ in running(attempt) for n in ast.walk(function)):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
                names = ", ".join(map(ast.unparse, reversed(node.targets[0].elts)))
                if (value := ast.unparse(node.value)).startswith(f"self.{name}("):
                    write = write or f" Write `{names} = {value}`."
        do = "do" if paths[2:] else "does"
        more = f", and so {do} {listed(paths[1:])}" if paths[1:] else ""
        return (
            f"{paths[0]} returns two maps, {' and then '.join(map(shape_text, shapes))}{more}. "
            "Taken in the other order, the network runs: are the two names exchanged where it is "
            f"called?{write}"
        )
    return ""


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
            ", has not been used so far: does the decoder begin there? Are maps taken in the wrong "
            "order?"
        )
    for up, other in ((first, second), (second, first)):
        level = graph.levels[up]
        if graph.max_depth[up] < level + SAME_LEVEL:
            continue
        own = [s for s in steps_to(graph, other, up) if s.before == up.shape[2:] != s.after]
        if own and own[-1].after == other.shape[2:] and own[-1].kind == "convolution":
            return (
                f"{told}: {attempt.wording.step(own[-1].op.outputs[0])} makes "
                f"{own[-1].text}. Without its stride, or with as much up-sampling after it, "
                "they match."
            )
        before = graph.ancestors(up)
        joined = {
            v
            for op in attempt.recording.ops
            if op.outputs[0] in before and join_kind(op) and len({*op.inputs} & before) > 1
            for v in op.inputs
        }
        fitting = [
            v
            for v in graph.values
            if v.shape[2:] == up.shape[2:]
            and graph.max_depth[v] < level + SAME_LEVEL
            and graph.min_depth_with_weights[v] < GLOBAL
            and not (v.op and "pool" in v.op.name)  # no layer has worked at this level
        ]
        last = maker(fitting[-1]) if fitting else ""
        size = shape_text(up.shape[2:])
        named = f"On the encoder's side, the last map of {size} was made by {last}"
        is_joined = any(v.shape[2:] == other.shape[2:] for v in joined)
        if not is_joined and (large := _too_large_step(attempt, up, other)):
            is_other = f" Or is it a skip of another level? {named}."
            return f"{told}: {large}{is_other if fitting else ''}"
        if not fitting:
            continue
        if any(v in joined for v in fitting):
            if math.prod(up.shape[2:]) > math.prod(other.shape[2:]):
                continue
            return (
                f"{told}. {named}, and is joined already: before this join, an "
                f"up-sampling to {shape_text(other.shape[2:])} is missing, "
                "F.interpolate(x, size=skip.shape[2:])."
            )
        is_pooled = other.op is not None and "pool" in other.op.name
        if is_pooled and other.op and other.op.inputs[0] is fitting[-1]:
            return (
                f"{told}. {named}, and {maker(other)} has made {shape_text(other.shape[2:])} of "
                "it. Keep the map before its pooling for the skip, not what comes after."
            )
        told += f": is it a skip of another level? {named}."
        if graph.max_depth[up] < graph.levels[other] + SAME_LEVEL and not is_pooled:
            told += (
                " Or is a pooling or stride missing? What comes up was made no smaller before than "
                f"{shape_text(other.shape[2:])} itself."
            )
        return told
    return ""


def _too_large_step(attempt: Attempt, up: Value, other: Value) -> str:
    """Ask whether what comes up is enlarged once too often, or by too much at once."""
    graph, sides = attempt.graph, other.shape[2:]
    if graph.max_depth[up] < graph.levels[other] + SAME_LEVEL:
        return ""
    for step in reversed(steps_to(graph, up, other)):
        if step.factor(True) <= 1:
            continue
        does = attempt.wording.step(step.op.outputs[0])
        if step.before == sides:
            return f"is it enlarged once too often? Without {does} it is {shape_text(step.before)}."
        if ratio(step.before, sides):
            is_between = math.prod(step.before) < math.prod(sides) < math.prod(step.after)
            times = tuple(side // given for side, given in zip(sides, step.before, strict=True))
            factors = "a factor" if len(set(times)) == 1 else "factors"
            return is_between * (
                f"{does} makes {step.text}: does it enlarge too much? With {factors} of "
                f"{setting_text(times)}, they match."
            )
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
    pooled = [s.op for s in falls if s.kind == "pooling"]
    twice = [s for s in steps if s.kind == "pooling" and s.op.inputs[0].op in pooled]
    if twice:
        return (
            f"Two poolings follow one another, and {word(twice[0].op.outputs[0])} makes "
            f"{twice[0].text} with no layer between them: is one too many?"
        )
    if (times := ratio(small.shape[2:], large.shape[2:])) and falls and not (rises or stays):
        told = f"One is {times} times as large as the other"
        block = attempt.failed_op.module if attempt.failed_op else ""
        strided = [s for s in others if s.kind == "convolution"]
        is_inside = block and falls[0].op.module.startswith(f"{block}.")
        if is_inside and strided:
            return (
                f"{told}: {word(falls[0].op.outputs[0])} has a stride, and on the other way "
                f"{word(strided[0].op.outputs[0])} has none. Give both the same stride."
            )
        if is_inside and attempt.failed_op and attempt.failed_op.is_pointwise:
            return (
                f"{told}: in {block}, {word(falls[0].op.outputs[0])} makes it smaller, and nothing "
                "does so on the shortcut beside it. A shortcut needs the same stride and channels: "
                f"nn.Conv2d({large.shape[1]}, {small.shape[1]}, 1, stride={times})."
            )
        return (
            f"{told}, and nothing on the way makes the smaller one larger: an up-sampling is "
            "missing, F.interpolate(x, size=skip.shape[2:])."
        )
    ways = [
        (way[0].before if way else value.shape[2:], way)
        for value, way in ((large, whole), (small, steps_to(graph, small, graph.image)))
    ]
    changes = mended(ways)
    even = [s for _, way in ways for s in way if s.has_even_reach and not s.divides_exactly]
    if even and all(change.cost[0] for change in changes):
        return (
            f"{attempt.wording.layer(even[0].op)} makes {even[0].text}. With an even "
            "kernel_size only padding='same' keeps the size; or take an odd one, such as "
            "kernel_size=3 and padding=1."
        )
    comes_up = any(s.factor(True) > 1 for s in (*steps, *others))
    advice = f"; or {ADVICE}" if comes_up else "."
    least = min((change.cost for change in changes), default=None)
    best = [change for change in changes if change.cost == least]
    shrinking = [s for _, way in ways for s in way if s.keeps_or_shifts and s.before != s.after]
    for step in [change.step for change in best[:1]] or shrinking[:1]:
        if padding := _padding_everywhere(attempt, step):
            return f"{padding}{advice}"
        if padding := _padding_of_dilation(attempt, step):
            return f"{_change_of_layer(attempt, step)}. {padding}{advice}"
    for change in best[:1]:
        for value in change.changed.values():
            if named := right_with_a_name(attempt, change.step.op.module, value):
                return f"{_change_of_layer(attempt, change.step)}: {named}."
    working = [
        change
        for change in best
        if runs_with_settings(
            attempt, {s.op.module: change.changed for s in (change.step, *change.others)}
        )
    ]
    fitting = [_change(attempt, change) for change in working or best]
    return f"{'. Or '.join(fitting[:2])}{advice}" if fitting else ""


def _steady(attempt: Attempt) -> dict[str, Any]:
    """Return the convolutions that move by single cells, by their paths."""
    return {
        path: m
        for path, m in attempt.layers.items()
        if isinstance(m, nn.modules.conv._ConvNd) and not m.transposed and set(m.stride) == {1}
    }


def _keeping(layer: Any) -> tuple[int, ...]:
    """Return the padding with which a convolution keeps the size."""
    pairs = zip(layer.kernel_size, layer.dilation, strict=True)
    return tuple(size // 2 * dilation for size, dilation in pairs)


def _runs_padded(attempt: Attempt, paths: Iterable[str], sides: dict[int, int]) -> bool:
    padded = {path: {"padding": _keeping(attempt.layers[path])} for path in paths}
    return runs_with_settings(attempt, padded, sides)


def _padding_of_dilation(attempt: Attempt, step: Step) -> str:
    """Say that several dilated convolutions need more padding, if the network runs with it."""
    steady = _steady(attempt).items()
    layers = [p for p, m in steady if max(m.dilation) > 1 and m.padding != _keeping(m)]
    if len(layers) < 2 or step.op.module not in layers or not _runs_padded(attempt, layers, {}):
        return ""
    half = step.setting("kernel_size")[0] // 2
    times = f"{half} * " if half > 1 else ""
    written = dilation_in_init(attempt, step.op.module)
    there = f" (`padding={times}{written[1]}` in line {written[0]})" if written else ""
    return (
        f"A dilated convolution keeps the size with padding={times}dilation{there}: with that in "
        f"{listed(layers)}, the network runs"
    )


def _padding_everywhere(attempt: Attempt, step: Step) -> str:
    """Say that all convolutions lack padding, if the network runs when they have it."""
    kernel = step.setting("kernel_size")
    size, axes, levels = kernel[0], attempt.graph.axes, attempt.graph.levels.values()
    alike = {p: m for p, m in _steady(attempt).items() if set(m.kernel_size) == set(kernel)}
    lacks = [set(layer.padding) == {0} and set(layer.dilation) == {1} for layer in alike.values()]
    is_odd = len(set(kernel)) == 1 and size % 2 == 1
    if not step.keeps_or_shifts or not is_odd or len(alike) < 2 or not all(lacks):
        return ""
    coarsest = 2 ** round(max((level for level in levels if level < GLOBAL), default=0))
    for sides in ({}, {axis: -(-side // coarsest) * coarsest for axis, side in axes.items()}):
        if _runs_padded(attempt, alike, sides):
            image = f" and an image of {shape_text(sides.values())}" if sides else ""
            return (
                f"None of the {len(alike)} convolutions with kernel_size={size}, "
                f"{' to '.join([*alike][:: len(alike) - 1])}, has padding, so each takes "
                f"{size - 1} off height and width. With padding={size // 2} in each of "
                f"them{image}, the network runs"
            )
    return ""


def _change_of_layer(attempt: Attempt, step: Step, also: str = "") -> str:
    """Say what a layer makes of which size, with which settings."""
    shown = {n: setting_text(step.setting(n)) for n in NAMES if n != "dilation"}
    if set(step.setting("dilation")) != {1}:
        shown["dilation"] = setting_text(step.setting("dilation"))
    if step.kind != "transposed":
        del shown["output_padding"]
    has = listed(f"{name}={value}" for name, value in shown.items())
    own = attempt.wording.step(step.op.outputs[0])
    return f"{own}{also} has {has}, which makes {step.text}"


def _change(attempt: Attempt, change: Mended) -> str:
    """Say what a layer makes of which size, and with which settings it would be right."""
    step = change.step
    each = (attempt.wording.step(s.op.outputs[0]) for s in (step, *change.others))
    _, *makers = dict.fromkeys(each)  # a layer may be called again
    also = f" (and in the same way {listed(makers[:3])})" if makers else ""
    needed = listed(f"{name}={setting_text(value)}" for name, value in change.changed.items())
    is_kept, s = change.after == step.before, "" if len(change.changed) > 1 else "s"
    verb = f"keep{s} the size" if is_kept else f"make{s} {shape_text(change.after)}"
    return f"{_change_of_layer(attempt, step, also)}: {needed} {verb}"


def _differ(first: Value, second: Value, op: Op) -> bool:
    """Return whether two maps differ along an axis where this operation needs them equal."""
    joined = cat_dim(op, first) if op.name == "cat" else None
    pairs = enumerate(zip(first.shape, second.shape, strict=False))
    needs_all = joined is not None  # others broadcast
    return any(
        i > 1 and i != joined and a != b and (needs_all or 1 not in (a, b)) for i, (a, b) in pairs
    )


def _divisible(attempt: Attempt, first: Value, second: Value) -> str:
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
    odd, working = attempt.working_sides(graph.axes, coarsest)
    if not working:
        return ""
    divisor = sizes_as_text(dict.fromkeys(n for axis, n in coarsest.items() if axis in odd))
    near = " or ".join(shape_text(dict.fromkeys(sizes.values())) for sizes in working)
    now = shape_text(dict.fromkeys(graph.axes[axis] for axis in coarsest if axis in odd))
    verb = "works" if len(working) == 1 else "work"
    return (
        f"The input's sides must be divisible by {divisor}, and {now} is not: {near} {verb}. "
        f"Pad the input, or {ADVICE}"
    )
