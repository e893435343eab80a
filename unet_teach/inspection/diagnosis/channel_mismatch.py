"""Diagnoses of channels: layers and joins that are given other numbers of them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import partial
from itertools import takewhile
from typing import Any

from torch import nn

from unet_teach.inspection.axes import has_axis
from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.channel_trials import (
    FUNCTIONS,
    LATER,
    either,
    layer_before,
    making,
    of_any_channels,
    taking,
)
from unet_teach.inspection.diagnosis.forward_code import (
    exchanged_maps,
    is_left_behind,
    is_never_named,
    joined_with_another,
    other_order,
    shorter_loop,
)
from unet_teach.inspection.diagnosis.init_code import (
    assigned_twice,
    exchanged_values,
    right_with_a_name,
    row_in_init,
)
from unet_teach.inspection.diagnosis.size_steps import CONVOLUTIONS
from unet_teach.inspection.diagnosis.trials import put, runs_when
from unet_teach.inspection.diagnosis.views import wrong_view
from unet_teach.inspection.graph import GLOBAL, SAME_LEVEL, is_deeper, join_kind
from unet_teach.inspection.recording import Op, Value, ops_back, way_back, without_added_batch
from unet_teach.inspection.wording import listed, op_name, shape_text

STEM = re.compile(r"\d+$")
RESIZES = re.compile(r"upsample|pixel_shuffle")


def cat_dim(op: Op, value: Value) -> int:
    """Return the dimension along which a concatenation joins, counted from the front."""
    dim: int = op.arguments.get("dim", 0)
    return dim % len(value.shape)


def taken_channels(convolution: Op) -> int:
    """Return how many channels a convolution takes."""
    weight, transposed = (convolution.arguments.get(name) for name in ("weight", "transposed"))
    assert isinstance(weight, Value)
    groups: int = convolution.arguments.get("groups", 1)
    return weight.shape[0] if transposed else weight.shape[1] * groups


def concatenated_along_wrong_dim(attempt: Attempt) -> str:
    """Two maps with different channels are concatenated along another dimension."""
    op, maps, told = _meeting(attempt)
    if not maps or op.name != "cat" or (dim := cat_dim(op, maps[0])) == 1:
        return ""
    return f"{told} They are joined along dim {dim}; channels are dim 1: torch.cat(…, dim=1)."


def added_channels_differ(attempt: Attempt) -> str:
    """Two maps of one size with different channels are added or multiplied."""
    op, maps, told = _meeting(attempt)
    if not maps or join_kind(op) not in ("add", "combine", "gate"):
        return ""
    sides = {v.shape[2:] for v in maps}
    is_factor = any(set(size) == {1} for size in sides)  # one number for each channel
    if any(v.shape[1] == 1 for v in maps) or (len(sides) > 1 and not is_factor):
        return ""
    first, second = (v.shape[0] for v in maps)
    if first != second and len({math.prod(v.shape[:2]) for v in maps}) == 1:
        return (
            f"{told} Their batches differ too, {first} and {second}: was one divided along dim 0, "
            "the batch, as chunk and split do where no dim is given? Write x.chunk(2, dim=1)."
        )
    ways = [
        f"let {layer.module} make {other.shape[1]}"
        for value, other in (maps, maps[::-1])
        if making(attempt, value, other.shape[1]).runs and (layer := layer_before(value))
    ]
    remedy = ", or ".join(ways) or "bring one to the other's number by a 1×1 convolution"
    return f"{told} {remedy[0].upper()}{remedy[1:]}."


def _meeting(attempt: Attempt) -> tuple[Any, list[Value], str]:
    """Return the operation that joins two maps with different channels, both, and what they are."""
    op, maker = attempt.failed_op, attempt.wording.maker
    inputs = dict.fromkeys(op.from_input) if op else ()
    maps = [v for v in inputs if len(v.shape) >= 3]
    if op is None or len(maps) != 2 or maps[0].shape[1] == maps[1].shape[1]:
        return op, [], ""
    meeting = " meet ".join(
        f"{v.shape[1]}{' channels' * (v is maps[0])} (made by {maker(v)})" for v in maps
    )
    return op, maps, f"In {attempt.wording.layer(op)} ({op_name(op)}) {meeting}."


def convolution_channels(attempt: Attempt) -> str:
    """A convolution is given a map with other channels than it takes."""
    op = attempt.failed_op
    if op is None or op.name not in CONVOLUTIONS:
        return ""
    given, weight = op.arguments.get("input"), op.arguments.get("weight")
    if not isinstance(given, Value) or not isinstance(weight, Value):
        return ""
    expected = taken_channels(op)
    if len(given.shape) != len(weight.shape) or given.shape[1] == expected:
        return ""
    layer, source = attempt.wording.layer(op), attempt.wording.layer_before(given)
    before = without_added_batch(given)
    return (
        f"{layer} expects {expected}, got {given.shape[1]} channels: what comes from {source} is "
        f"{shape_text(before.shape)}. {_channel_remedy(attempt, op, given, expected)}"
    )


def _channel_remedy(attempt: Attempt, op: Op, given: Value, expected: int) -> str:
    """Say what brings a map to the channels that a layer takes."""
    channels, dims = given.shape[1], attempt.graph.dims[given]
    swapped = _swapped(attempt, op, channels)
    made_by = next(ops_back(given), None)
    if made_by and made_by.module == op.module and made_by.name in CONVOLUTIONS:
        return f"It is given what it made itself: {op.module} is called twice. Call it once."
    if found := (
        assigned_twice(attempt, op.module, *([made_by.module] if made_by else []))
        or exchanged_values(attempt, op.module)
        or other_order(attempt)
        or _called_again(attempt, op, channels)
    ):
        return found
    if given.is_input and given.shape[-1] == expected:
        return f"Its last side is {expected}; channels stand second: x.movedim(-1, 1)."
    if given.is_input:
        is_rgba = (channels, expected) == (4, 3)
        return (
            _unused(attempt, given, expected)
            or _not_called(attempt, op, channels, expected)
            or swapped
            or f"Give an image of {expected} channels, or build the network for {channels}."
            + is_rgba * " If the fourth is transparency, x[:, :3] leaves it out."
        )
    before = without_added_batch(given)
    if len(before.shape) == 3 < len(given.shape) and before.shape[-1] == expected:
        return (
            f"It is given tokens, {shape_text(before.shape)}, which have to become a map again: "
            f"x.transpose(1, 2).reshape(x.shape[0], {expected}, height, width)."
        )
    if before is not given:
        rank, right = len(op.arguments["weight"].shape) - 2, len(before.shape) - 2
        told = (
            f"It works on maps with {rank} sides and is given {shape_text(before.shape)}, which it "
            "takes for one without a batch."
        )
        if all(len(v.shape) != right + 2 for v in attempt.recording.inputs):
            return f"{told} Keep all axes on the way to it, or put the missing one back."
        return f"{told} Use the layer for {right} sides: {right}d in place of {rank}d."
    if has_axis(dims[1]) and not has_axis(dims[-1]) and given.shape[-1] == expected:
        return f"Its channels, {expected}, stand last; bring them second: x.movedim(-1, 1)."
    joined = next((made for made in ops_back(given) if not made.is_pointwise), None)
    if joined and joined.name == "cat":
        dim = cat_dim(joined, given)
        if dim != 1:
            return f"Two maps were joined along dim {dim}; channels are dim 1: torch.cat(…, dim=1)."
        return _joined_remedy(attempt, op, joined, given, expected)
    if left_out := _not_called(attempt, op, channels, expected):
        return left_out
    found = (
        exchanged_maps(attempt)
        or wrong_view(attempt, given, expected)
        or _unused(attempt, given, expected)
    )
    if found:
        return found
    for path, number in ((op.module, channels), (made_by.module if made_by else "", expected)):
        if path and (named := right_with_a_name(attempt, path, number)):
            return f"{named[0].upper()}{named[1:]}."
    plain, runs = either(attempt, op, given, expected)
    if not runs and (row := _row_of_others(attempt, op)):
        return row
    if missing := _forgotten_skip(attempt, given, expected):
        made = f"{attempt.wording.maker(missing)} made {missing.shape[1]} channels of this size"
        cat = f"torch.cat([skip, x], dim=1) has {expected}"
        if _stands_beside(attempt, op, missing.shape[1]):
            return (
                f"{plain} (A layer beside it takes the skip's {missing.shape[1]}. If both maps "
                f"should go through this one, {cat}.)"
            )
        return (
            f"Is a concatenation missing? {made} in the encoder: {cat}. Without a skip, the "
            f"numbers do not fit. {plain}"
        )
    is_sum = given.op and join_kind(given.op) == "add"
    if is_sum and given.op and sum(v.shape[1] for v in given.op.from_input) == expected:
        return (
            "Two maps were added, which keeps the number of channels: torch.cat([skip, x], dim=1) "
            f"has {expected}. {plain}"
        )
    are_made = {getattr(module, "out_channels", 0) for module in attempt.model.modules()}
    order = _sibling(attempt, op, channels) if expected in are_made else ""
    return f"{swapped} {plain}" if swapped else order or plain


def _not_called(attempt: Attempt, op: Op, channels: int, expected: int) -> str:
    """Name a layer that was passed over: it makes what is wanted, and never ran."""
    calls, modules = attempt.recording.calls, attempt.layers
    if told := _left_behind(attempt, op, expected):
        return told
    for path, module in modules.items():
        if isinstance(modules[path.rpartition(".")[0]], nn.Sequential):
            continue  # a part of a block
        takes, makes = _channels_of(module)
        if not path or calls[path] or makes != expected or f"{op.module}.".startswith(f"{path}."):
            continue
        if takes == channels and _runs_after(attempt, op.module, path):
            return (
                f"{path} takes {channels}, makes {expected} and was not called. With it before "
                f"{op.module}, the network runs: is its call left out?"
            )
        own = ".".join(op.module.split(".")[: path.count(".") + 1])
        if takes == channels and STEM.sub("", own) == STEM.sub("", path):
            return (
                f"{path} takes {channels}, makes {expected} and was not called: is it meant here?"
            )
        beside = [
            p for p in calls if calls[p] and p != path and STEM.sub("", p) == STEM.sub("", path)
        ]
        if beside and is_never_named(attempt, path, beside[-1]):
            return f"{path} makes {expected}, and forward does not call it: is its call left out?"
    return ""


def _channels_of(block: nn.Module) -> tuple[int, int]:
    """Return how many channels the first convolution of a block takes, and its last one makes."""
    layers: list[Any] = [m for m in block.modules() if hasattr(m, "in_channels")]
    return (layers[0].in_channels, getattr(layers[-1], "out_channels", 0)) if layers else (0, 0)


def _left_behind(attempt: Attempt, op: Op, expected: int) -> str:
    """Name a block of an nn.ModuleList that a loop has not reached, as with a zip of lists."""
    calls, modules = attempt.recording.calls, attempt.layers
    for path, module in modules.items():
        row, _, number = path.rpartition(".")
        is_of_list = isinstance(modules.get(row), nn.ModuleList) and number != "0"
        if not is_of_list or calls[path] or _channels_of(module)[1] != expected:
            continue
        is_inside = f"{op.module}.".startswith(f"{row}.")
        if calls[f"{row}.{int(number) - 1}"] and not is_inside and is_left_behind(attempt, row):
            return (
                f"{path} makes {expected} and was not called, unlike those before it. "
                f"{shorter_loop(attempt, row) or 'Does the loop end too early?'}"
            )
    return ""


def _runs_after(attempt: Attempt, path: str, other: str) -> bool:
    """Return whether the network runs when another layer, called nowhere, is called before one."""
    called = list[str]()

    def insert(copied: nn.Module) -> None:
        layer, before = copied.get_submodule(path), copied.get_submodule(other)
        called.clear()
        layer.register_forward_pre_hook(lambda module, args: (before(*args),))
        for each, name in ((layer, path), (before, other)):
            each.register_forward_hook(lambda m, args, made, name=name: called.append(name))

    return bool(path) and runs_when(attempt, insert) and called.count(path) == called.count(other)


def _called_again(attempt: Attempt, op: Op, channels: int) -> str:
    """Say that a layer, or a block around it, is called a second time, and which one is not."""
    calls, parts = attempt.recording.calls, op.module.split(".")
    paths = [".".join(parts[: i + 1]) for i in range(len(parts))]
    path = next((path for path in paths if calls[path] > 1), "")
    if not path:
        return ""
    modules = attempt.layers
    told = f"{path} is called here for the {'second' if calls[path] == 2 else 'next'} time."
    named = attempt.model.named_modules(remove_duplicate=False)
    if same := [n for n, module in named if n != path and module is modules.get(path)]:
        return (
            f"{told} It is the same layer as {same[0]}, with the same weights. Make a new layer "
            "for each place, as in [Block() for _ in range(2)] and not [Block()] * 2."
        )
    for other, module in modules.items():
        is_beside = other.count(".") == path.count(".") and not calls[other]
        is_alike = type(module) is type(modules.get(path))
        if is_beside and is_alike and _channels_of(module)[0] == channels:
            return f"{told} {other} takes {channels} and has not been called: is it meant here?"
    return f"{told} It takes the same number of channels each time: make one layer for each call."


def _joined_remedy(attempt: Attempt, op: Op, joined: Op, given: Value, expected: int) -> str:
    """Say which part of a concatenation has too many or too few channels, as far as that shows."""
    maker, channels, parts = attempt.wording.maker, given.shape[1], joined.inputs
    sizes = " + ".join(f"{v.shape[1]} (made by {maker(v)})" for v in parts)
    told = f"A map that was concatenated has the channels of all its parts, {sizes} = {channels}"
    if row := _row_of_others(attempt, op):
        return f"{told}. {row}"
    if left_out := joined_with_another(attempt, joined, expected - channels):
        return f"{told}. {left_out}"
    more = "" if taking(attempt, op, channels).runs else f" ({LATER})"
    told += f": let the layer after it take {channels}{more}, or join maps with {expected} in all."
    if order := _sibling(attempt, op, channels):
        return f"{told} {order}"
    graph, missing = attempt.graph, expected - channels
    same_size = [v for v in graph.values if v.shape[2:] == given.shape[2:]]
    for value in attempt.unused_maps:
        if value.shape[1:] == (missing, *given.shape[2:]):
            return (
                f"{told} {maker(value)} made {missing} channels of this size, which nothing has "
                "used so far: are they left out?"
            )
    for part in parts:
        needed = part.shape[1] + missing
        if level := _of_another_level(attempt, part, parts, needed):
            return level
        fits = [v for v in same_size if v.shape[1] == needed and v not in parts]
        if part.is_input and fits:
            return (
                f"{told} The input itself is one of the parts; {maker(fits[-1])} made {needed} "
                "channels of this size: is that map meant?"
            )
        way = [v.op for v in way_back(part, lambda v: v in graph.levels) if v.op]
        unlearned = takewhile(lambda op: op not in graph.ops_with_weights, way)
        resized = next((op for op in unlearned if RESIZES.search(op.name)), None)
        factor = int(resized.arguments.get("upscale_factor", 1)) ** 2 if resized else 1
        if resized and needed > 0 and (missing < 0 or factor > 1):
            does = f"divides the channels by {factor}" if factor > 1 else "keeps the channels"
            return (
                f"{told} In {attempt.wording.maker(part)}, {op_name(resized)} {does} of what it is "
                f"given: with {needed * factor} there, the sum is {expected}."
            )
    return told


def _row_of_others(attempt: Attempt, op: Op) -> str:
    """Say what each layer of an nn.ModuleList is given, where several are made for other numbers.

    Each convolution is tried with any number of channels.
    """
    modules, parts = dict(attempt.model.named_modules()), op.module.split(".")
    rows = [".".join(parts[:i]) for i in range(1, len(parts)) if parts[i].isdigit()]
    row = next((r for r in rows if isinstance(modules[r], nn.ModuleList)), "")
    owner, _, name = row.rpartition(".")
    given: dict[str, tuple[int, int]] = {}

    def watch(copied: nn.Module) -> None:
        given.clear()
        for number, block in copied.get_submodule(row).named_children():
            first: Any = next((m for m in block.modules() if hasattr(m, "in_channels")), None)
            if first is not None:
                first.register_forward_pre_hook(
                    lambda m, args, path=f"{row}.{number}": (
                        given.setdefault(path, (args[0].shape[1], m.in_channels)) and None
                    )
                )

    calls = {each: partial(of_any_channels, each) for each in FUNCTIONS}
    if not row or not runs_when(attempt, watch, calls=calls):
        return ""
    others = {path: pair for path, pair in given.items() if pair[0] != pair[1]}
    if len(others) < 2:
        return ""
    gets, takes = (listed(str(pair[i]) for pair in others.values()) for i in (0, 1))
    made = row_in_init(type(modules[owner]), name)
    return (
        f"{listed(others)} are given {gets} channels, and are made for {takes}"
        f"{f' by {made}' if made else ''}. Make each for the number that it is given."
    )


def _of_another_level(attempt: Attempt, skip: Value, parts: Sequence[Value], needed: int) -> str:
    """Name the skip of the level from which the other part of a join was enlarged to meet this."""
    graph, maker = attempt.graph, attempt.wording.maker
    for part in parts:
        if part is skip or part.op is None or "upsample" not in part.op.name:
            continue
        size = part.op.inputs[0].shape[2:]
        fits = [
            v
            for v in graph.values
            if v.shape[1:] == (needed, *size)
            and v.is_floating
            and not is_deeper(graph.min_depth_with_weights[v], graph.levels[v])
        ]
        if fits and size != part.shape[2:] and graph.max_depth[part] > graph.levels[part]:
            return (
                f"{maker(skip)} made {skip.shape[1]} channels of {shape_text(skip.shape[2:])}, and "
                f"what comes up was resized from {shape_text(size)} to meet it. {maker(fits[-1])} "
                f"made {needed} channels of {shape_text(size)}: is that the skip of this level? "
                "Are skips taken in the wrong order, as without skips[::-1]?"
            )
    return ""


def _unused(attempt: Attempt, given: Value, expected: int) -> str:
    """Name a map with the channels that a layer takes, which nothing has used so far."""
    rank = len(given.shape)
    fits = [v for v in attempt.unused_maps if v.shape[1] == expected and len(v.shape) == rank]
    if not fits:
        return ""
    return (
        f"{attempt.wording.maker(fits[-1])} made {shape_text(fits[-1].shape)}, which nothing has "
        "used so far: is that map meant here?"
    )


def _sibling(attempt: Attempt, op: Op, channels: int) -> str:
    """Name a layer of the same row that takes these channels and has not been called yet."""
    modules, place = attempt.layers, attempt.wording.place(op).split(".")
    for path, module in modules.items():
        parts = path.split(".")
        differ = [i for i, pair in enumerate(zip(parts, place, strict=False)) if len({*pair}) > 1]
        if len(parts) != len(place) or len(differ) != 1 or attempt.recording.calls[path]:
            continue
        numbered = {re.sub(r"\d+", "#", names[differ[0]]) for names in (parts, place)}
        in_order = isinstance(modules[".".join(parts[: differ[0]])], nn.Sequential)
        is_alike = len(numbered) == 1 and not in_order
        if is_alike and getattr(module, "in_channels", 0) == channels:
            pair = [".".join(names[: differ[0] + 1]) for names in (parts, place)]

            def exchange(copied: nn.Module, pair: list[str] = pair) -> None:
                layers = [copied.get_submodule(each) for each in pair]
                for each, layer in zip(reversed(pair), layers, strict=True):
                    put(copied, each, layer)

            if runs_when(attempt, exchange):
                return f"{path} takes {channels}: are they called in the wrong order?"
    return ""


def _stands_beside(attempt: Attempt, op: Op, channels: int) -> bool:
    """Return whether a layer beside this one takes so many channels, as in an attention gate."""
    weight = op.arguments["weight"]
    if set(weight.shape[2:]) != {1}:
        return False
    parent, _, own = attempt.wording.place(op).partition(".")
    beside = (
        module
        for path, module in attempt.layers.items()
        if path.startswith(f"{parent}.") and not path.startswith(f"{parent}.{own}")
    )
    return any(getattr(module, "in_channels", None) == channels for module in beside)


def _swapped(attempt: Attempt, op: Op, channels: int) -> str:
    """Ask whether a layer's two numbers are exchanged, if the network runs with them so."""
    weight, is_transposed = op.arguments["weight"], op.arguments.get("transposed")
    first, second = weight.shape[:2]
    given_in, given_out = (first, second) if is_transposed else (second, first)
    # A transposed convolution halves the channels.
    if given_out != channels or first == second or (is_transposed and given_in > given_out):
        return ""

    def swap(copied: nn.Module) -> None:
        layer: Any = copied.get_submodule(op.module)
        layer.in_channels, layer.out_channels = layer.out_channels, layer.in_channels
        layer.weight = nn.Parameter(layer.weight.transpose(0, 1).contiguous())
        if layer.bias is not None:
            layer.bias = nn.Parameter(layer.bias.new_zeros(layer.out_channels))

    kind = f"{'ConvTranspose' if is_transposed else 'Conv'}{len(weight.shape) - 2}d"
    return runs_when(attempt, swap) * (
        "Are its first two numbers in the wrong order? "
        f"nn.{kind}({given_out}, {given_in}, …) takes {channels}."
    )


def _forgotten_skip(attempt: Attempt, given: Value, expected: int) -> Value | None:
    """Return the map of the encoder that an up-sampled one would have to be concatenated with."""
    graph = attempt.graph
    level = graph.levels.get(given, GLOBAL)
    if level == GLOBAL or graph.min_depth[given] < level + SAME_LEVEL:
        return None
    return next(
        (
            value
            for value in reversed(graph.values)
            if len(value.shape) == len(given.shape)
            and value.shape[2:] == given.shape[2:]
            and value.shape[1] == expected - given.shape[1]
            and graph.min_depth_with_weights[value] < level + SAME_LEVEL
        ),
        None,
    )
