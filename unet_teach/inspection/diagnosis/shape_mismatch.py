"""Says of maps and layers that do not fit which they are, and what would make them fit."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from unet_teach.inspection.axes import pitches
from unet_teach.inspection.graph import GLOBAL, Graph, kind_of
from unet_teach.inspection.recorder import Op, Recording, Value
from unet_teach.inspection.report import Words

Runs = Callable[[dict[int, int]], bool]  # whether it runs with other sizes along these axes
CHANNELS = ("convolution", "_convolution", "mkldnn_convolution")
VIEWS = ("view", "_unsafe_view", "reshape", "flatten", "unsqueeze")
PRODUCTS = ("mm", "addmm", "bmm", "baddbmm")
REPAIRS = (
    "bring what comes up to the skip's size where they meet: by F.pad, a crop, or "
    "F.interpolate(x, size=skip.shape[2:])."
)


def place_of(module: str) -> str:
    """A module by its path; the network itself is its forward, a number a layer."""
    return f"layer {module}" if module.isdigit() else module or "the forward"


def sized(sizes: Any) -> str:
    """Sizes as they are spoken of: 32×32."""
    return "×".join(map(str, sizes)) or "a single number"


def sizes_part(recording: Recording, runs: Runs) -> str:
    """Two maps meet that are not of one size."""
    op = recording.failed
    if op is None or op.name in PRODUCTS or kind_of(op) in (None, "attention"):
        return ""
    graph = Graph(recording)
    maps = [v for v in dict.fromkeys(op.inputs) if v in graph.levels and len(v.shape) >= 3]
    pairs = [(a, b) for i, a in enumerate(maps) for b in maps[i + 1 :] if _differ(a, b, op)]
    if not pairs:
        return ""
    one, two = pairs[0]
    if graph.finest[one] < graph.finest[two]:
        one, two = two, one
    level, words = graph.levels[two], Words(graph)
    place = f"level {max(round(level), 0)}" if level < GLOBAL else "a global value"
    said = [
        f"Sizes part at {place}, in {place_of(op.module)} ({op.name.strip('_')}): "
        f"{sized(one.shape[2:])} (made by {words.maker(one)}) meets {sized(two.shape[2:])} "
        f"(made by {words.maker(two)})."
    ]
    even, times = _even(graph, runs), _times(one, two)
    if even:
        repair = f"{even} Pad the input, or {REPAIRS}"
    elif 0 in (*one.shape, *two.shape):
        repair = "Nothing is left of one: a slice such as [d:-d] takes nothing when d is 0."
    elif times:
        repair = (
            f"One is {times} times as large as the other: an up-sampling too few or too many, a "
            "stride in one of the two paths only, or a skip of another level."
        )
    else:
        repair = (
            "Let the convolutions before it keep the size, padding=kernel_size // 2, and where a "
            f"stride halves it, the way up double it; or {REPAIRS}"
        )
    return " ".join((*said, repair))


def _times(one: Value, two: Value) -> int:
    """By which whole number, 2 or more, one map is larger along each axis where they differ."""
    pairs = [p for p in zip(one.shape[2:], two.shape[2:], strict=True) if p[0] != p[1]]
    for sides in (pairs, [p[::-1] for p in pairs]):
        times = {large // small if small and large % small == 0 else 0 for large, small in sides}
        if len(times) == 1 and 0 not in times:
            return times.pop()
    return 0


def widths_part(recording: Recording) -> str:
    """Two maps of one size are added, or joined along another dimension than their channels."""
    op = recording.failed
    if op is None or (op.name != "cat" and kind_of(op) not in ("add", "gate")):
        return ""
    maps = [v for v in dict.fromkeys(op.inputs) if len(v.shape) >= 3 and v.depends]
    if len(maps) != 2 or maps[0].shape[1] == maps[1].shape[1]:
        return ""
    one, two = maps
    words = Words(Graph(recording))
    told = (
        f"In {place_of(op.module)} ({op.name.strip('_')}) {one.shape[1]} channels (made by "
        f"{words.maker(one)}) meet {two.shape[1]} (made by {words.maker(two)})."
    )
    if op.name == "cat":
        dim = _joined(op, one)
        repair = f"They are joined along dim {dim}; channels are dim 1: torch.cat(…, dim=1)."
        return f"{told} {repair}" if dim != 1 else ""
    if one.shape[2:] != two.shape[2:] or 1 in (one.shape[1], two.shape[1]):
        return ""
    return (
        f"{told} Bring one to the other's number by a 1×1 convolution, or join them by torch.cat, "
        "which takes both."
    )


def _joined(op: Op, value: Value) -> int:
    """Along which dimension a concatenation joins, counted from the front."""
    dim: int = op.arguments.get("dim", 0)
    return dim % len(value.shape)


def too_small(recording: Recording, error: Exception | None, runs: Runs) -> str:
    """The halvings leave nothing of the picture; the smallest square that runs is offered."""
    text = str(error)
    if "too small" not in text and "than actual input size" not in text:
        return ""
    graph = Graph(recording)
    picture = graph.image
    if picture is None or len(picture.shape) < 3:
        return ""
    axes = range(2, len(picture.shape))
    for side in (2**k for k in range(1, 10)):
        if runs(dict.fromkeys(axes, side)):
            offer = sized([side] * len(axes))
            return (
                f"A picture of {sized(picture.shape[2:])} is too small for "
                f"{place_of(recording.last_module)}: nothing is left of it. {offer} works."
            )
    return ""


def _differ(one: Value, two: Value, op: Op) -> bool:
    """Whether two maps of one rank differ where they must not: in more than what is joined."""
    if len(one.shape) != len(two.shape):
        return False
    joined = _joined(op, one) if op.name == "cat" else None
    places = range(2, len(one.shape))
    return any(
        i != joined
        and one.shape[i] != two.shape[i]
        and (joined is not None or 1 not in (one.shape[i], two.shape[i]))
        for i in places
    )


def _even(graph: Graph, runs: Runs) -> str:
    """Which sides divide evenly: multiples of the coarsest pitch. Only what was run is offered."""
    coarsest: dict[int, int] = {}
    for value in graph.values:
        for axis, pitch in pitches(graph.dims[value]).items():
            if axis in graph.axes:
                coarsest[axis] = max(coarsest.get(axis, 1), round(pitch))
    odd = {axis: step for axis, step in coarsest.items() if graph.axes[axis] % step}
    if not odd:
        return ""
    below = {axis: graph.axes[axis] // step * step for axis, step in odd.items()}
    above = {axis: below[axis] + step for axis, step in odd.items()}
    working = [sizes for sizes in (below, above) if all(sizes.values()) and runs(sizes)]
    if not working:
        return ""
    steps = "×".join(map(str, dict.fromkeys(odd.values())))
    listed = " or ".join(sized(dict.fromkeys(sizes.values())) for sizes in working)
    now = sized(dict.fromkeys(graph.axes[axis] for axis in odd))
    verb = "works" if len(working) == 1 else "work"
    return f"The input's sides must be divisible by {steps}, and {now} is not: {listed} {verb}."


def _maker(value: Value) -> str:
    if value.op is None:
        return "the input"
    name = value.op.name.strip("_")
    return f"{value.op.module}, {name}" if value.op.module else name


def no_batch(recording: Recording) -> str:
    """A picture was given without the axis that counts pictures."""
    convolutions = [op for op in recording.ops if op.name in CHANNELS]
    if recording.failed is not None and recording.failed.name in CHANNELS:
        convolutions.append(recording.failed)
    convolutions = [op for op in convolutions if isinstance(op.arguments.get("weight"), Value)]
    rank = len(convolutions[0].arguments["weight"].shape) if convolutions else 0
    pictures = [v for v in recording.inputs if v.is_number and len(v.shape) == rank - 1]
    if rank < 3 or len(pictures) != len(recording.inputs) or not pictures:
        return ""
    shape, takes = pictures[0].shape, _taken(convolutions[0])
    if takes == 1 != shape[0]:
        wanted, how = (shape[0], 1, *shape[1:]), "x.unsqueeze(1): each with its one channel"
    elif takes == shape[-1] != shape[0]:
        wanted, how = (1, takes, *shape[:-1]), "x.movedim(-1, 0)[None]: channels first"
    else:
        wanted, how = (1, *shape), "x[None]: one, or as many as you like"
    return f"The input is {sized(shape)}, with no number for the batch. Give {wanted}, {how}."


def _taken(convolution: Op) -> int:
    """How many channels a convolution takes."""
    weight, transposed = (convolution.arguments.get(name) for name in ("weight", "transposed"))
    assert isinstance(weight, Value)
    groups: int = convolution.arguments.get("groups", 1)
    return weight.shape[0] if transposed else weight.shape[1] * groups


def channels(recording: Recording) -> str:
    """A convolution is given a map of other channels than it takes."""
    op = recording.failed
    if op is None or op.name not in CHANNELS:
        return ""
    given, weight = op.arguments.get("input"), op.arguments.get("weight")
    if not isinstance(given, Value) or not isinstance(weight, Value):
        return ""
    if len(given.shape) != len(weight.shape):
        return ""
    wanted = _taken(op)
    if given.shape[1] == wanted:
        return ""
    source = "the input" if given.is_input else _maker(given)
    return (
        f"{place_of(op.module)} expects {wanted}, got {given.shape[1]} channels: what comes from "
        f"{source} is {sized(given.shape)}. {_other_channels(given, wanted)}"
    )


def _other_channels(given: Value, wanted: int) -> str:
    """What brings a map to the channels that a layer takes."""
    if given.is_input and given.shape[-1] == wanted:
        return f"Its last side is {wanted}; channels stand second: x.movedim(-1, 1)."
    if given.is_input:
        return f"Give a picture of {wanted} channels, or build the network for {given.shape[1]}."
    if given.op is not None and given.op.name == "cat":
        dim = _joined(given.op, given)
        if dim != 1:
            return f"Two maps were joined along dim {dim}; channels are dim 1: torch.cat(…, dim=1)."
        return (
            "A map that was concatenated has the channels of both its parts: the layer after it "
            "must take as many."
        )
    if given.shape[-1] == wanted:
        return f"If its last side, {wanted}, are the channels, bring them second: x.movedim(-1, 1)."
    return f"Let the layer before it make {wanted}, or this one take {given.shape[1]}."


def features(recording: Recording) -> str:
    """A linear layer is given rows of another length."""
    op = recording.failed
    matrices = [v for v in op.inputs if len(v.shape) >= 2] if op and op.name in PRODUCTS else []
    if op is None or len(matrices) < 2 or matrices[-2].shape[-1] == matrices[-1].shape[-2]:
        return ""
    left, right = matrices[-2:]
    if right.depends:
        return (
            f"In {place_of(op.module)} ({op.name.strip('_')}) {sized(left.shape)} is multiplied by "
            f"{sized(right.shape)}: the last side of the one, {left.shape[-1]}, must be the last "
            f"but one of the other, {right.shape[-2]}. Is a transpose(-1, -2) missing?"
        )
    before = left
    while before.op and before.op.name in VIEWS and (before is left or len(before.shape) == 1):
        before = before.op.inputs[0]
    return (
        f"{place_of(op.module)} expects {right.shape[-2]}, got {left.shape[-1]} features: it is "
        f"given {sized(left.shape)}. {_other_rows(before.shape, left.shape[-1], right.shape[-2])}"
    )


def _other_rows(before: tuple[int, ...], found: int, wanted: int) -> str:
    """What brings the rows of a linear layer to its length; the map as it was before its view."""
    each = math.prod(before[1:])
    if found != before[-1] and len(before) > 1:  # several dimensions were laid into one
        if wanted == each:
            return "The batch was flattened too: flatten from dim 1 on, x.flatten(1)."
        told = f"Their number depends on the picture's size; for this one, in_features={found}."
        side = math.isqrt(wanted // max(before[1], 1))
        if len(before) == 4 and side and side * side * before[1] == wanted:
            told += f" Or give pictures that make {sized(before[2:])} here {side}×{side}."
        return told
    if wanted == each:
        return f"{sized(before[1:])} are {each} numbers: is nn.Flatten() missing before it?"
    if len(before) > 2 and wanted == before[1]:
        return "It works along the last dimension, channels are dim 1: x.movedim(1, -1)."
    return "It works along the last dimension: give it rows of as many, or build it for these."


def normalised(recording: Recording, error: Exception | None) -> str:
    """A batch normalisation is given other channels than it was made for."""
    told = re.search(r"should contain (\d+) elements not (\d+)", str(error))
    if told is None:
        return ""
    found, wanted = told.groups()
    return (
        f"{place_of(recording.last_module)} expects {wanted}, got {found} channels: a "
        "normalisation is made for as many as it is given."
    )
