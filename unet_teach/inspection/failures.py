"""Says why a network cannot be judged, from what was recorded until it stopped, and what to do."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable

from torch import nn

from unet_teach.inspection.graph import GLOBAL, SAME, Graph
from unet_teach.inspection.recorder import Op, Recording, Value
from unet_teach.inspection.report import Words, operation

Rerun = Callable[[tuple[int, ...]], bool]  # whether the network runs on another picture
CHANNELS = re.compile(r"to have (\d+) channels, but got (\d+)")
MATRICES = re.compile(r"\(?(\d+)x(\d+) and (\d+)x(\d+)\)?")
SIZES = re.compile(
    r"Sizes of tensors must match|must match the size of tensor b|same number of dimensions"
)
TOO_SMALL = re.compile(r"[Kk]ernel size can't be greater|[Oo]utput size is too small")
TYPES = re.compile(r"should be the same|same dtype|scalar type|dtype")
REPAIRS = (
    "or mend it inside: bring what comes up to the skip's size before they meet, with "
    "F.pad or `output_size=skip.shape[2:]`."
)


def why_not(model: nn.Module, given: int, recording: Recording, rerun: Rerun) -> str:
    """Return the reason why a run stopped, in a few sentences.

    Args:
        model: that was to be judged.
        given: how many inputs it was given by place.
        recording: of the run that stopped.
        rerun: tries another shape of the picture.
    """
    error = recording.error
    said = str(error).strip()
    if isinstance(error, NotImplementedError) and "forward" in said:
        return (
            f"{type(model).__name__} has no `forward`. Its layers are listed, but nothing says in "
            "which order data meets them. Write `def forward(self, x):`."
        )
    if isinstance(error, TypeError) and "positional argument" in said and not recording.ops:
        return _arguments(model, given)
    for pattern, sentence in (
        (CHANNELS, _channels),
        (MATRICES, _features),
        (SIZES, _sizes),
        (TOO_SMALL, _too_small),
        (TYPES, _types),
    ):
        if pattern.search(said) and (reason := sentence(said, recording, rerun)):
            return reason
    return _else(recording)


def no_answer(recording: Recording, graph: Graph) -> str:
    """Return why there is nothing to judge in what a network returned."""
    if not recording.outputs:
        kind = type(recording.output).__name__
        return (
            f"It returns something of type {kind}, and no tensor is in it. "
            "Is there a `return` at the end of forward?"
        )
    if not graph.values[len(recording.inputs) :]:
        return "What comes out does not depend on what goes in: the input is never used."
    used = {value for op in recording.ops for value in op.inputs}
    ends = [value for value in graph.values if value not in used and value.op is not None]
    last = Words(graph).maker((ends or graph.values)[-1])
    return (
        "What comes out does not depend on what goes in, as far as torch can see. The trail ends "
        f"at {last}: what is done after it leaves torch (`.numpy()`, `.item()`, `.tolist()`), or "
        "is thrown away."
    )


# ------------------------------------------------------------------------------------------ reasons
def _arguments(model: nn.Module, given: int) -> str:
    parameters = list(inspect.signature(model.forward).parameters.values())
    needed = [p.name for p in parameters if p.default is p.empty and p.kind < p.VAR_POSITIONAL]
    shown = ", ".join(str(p) for p in parameters)
    number = f"{given} input was" if given == 1 else f"{given} inputs were"
    return (
        f"Its forward is `forward({shown})`: it needs {len(needed)} ({', '.join(needed)}), and "
        f"{number} given by place. Give a tensor or a shape for each: "
        f"inspect_unet(network, {', '.join(['(1, 3, 64, 64)'] * max(1, len(needed)))})."
    )


def _channels(said: str, recording: Recording, rerun: Rerun) -> str:
    wanted, got = map(int, CHANNELS.findall(said)[0])
    layer = _layer(recording)
    if _first_weighing(recording):
        shape = next((v.shape for v in recording.inputs if v.is_number), ())
        right = (*shape[:1], wanted, *shape[2:])
        return (
            f"{layer} expects {wanted} channels, and the picture has {got}. Give a picture of "
            f"shape {right}, or make the network with in_channels={got}."
        )
    reason = f"{layer} expects {wanted} channels, and got {got}."
    if recording.failed and _made_by(recording.failed, "cat"):
        reason += " Behind a `cat`, in_channels has to count both maps."
    return reason


def _features(said: str, recording: Recording, rerun: Rerun) -> str | None:
    _, got, wanted, _ = map(int, MATRICES.findall(said)[0])
    if "mat1" not in said and "multiplied" not in said:
        return None
    return (
        f"{_layer(recording)} expects {wanted} numbers, and got {got}. Behind a `flatten` this "
        "depends on the size of the picture: give the size that the network was made for."
    )


def _sizes(said: str, recording: Recording, rerun: Rerun) -> str | None:
    if recording.failed is None:
        return None
    graph = Graph(recording)
    words = Words(graph)
    maps = [v for v in recording.failed.inputs if v in graph.levels]
    if len(maps) < 2 or graph.image is None:
        return None
    met = " meets ".join(f"{words.size(v)} (from {words.maker(v)})" for v in maps[:2])
    level = min(graph.levels[v] for v in maps)
    place = f"level {level:.0f}" if level < GLOBAL else "the bottom"
    reason = f"Sizes part at {place}, in {operation(recording.failed)}: {met}."
    coarse = max((lv for lv in graph.levels.values() if lv < GLOBAL), default=0.0)
    if abs(graph.levels[maps[0]] - graph.levels[maps[1]]) > SAME:
        return f"{reason} They are of different levels: one of the two is the wrong map."
    return " ".join([reason, *_sides_that_fit(graph.image, graph, round(coarse), rerun)])


def _sides_that_fit(image: Value, graph: Graph, depth: int, rerun: Rerun) -> list[str]:
    """Sides near the picture's that come out even, if the network really runs on them."""
    step = 2**depth
    said = []
    for rounded in (math.floor, math.ceil):
        shape = tuple(
            max(step, rounded(side / step) * step) if axis in graph.axes else side
            for axis, side in enumerate(image.shape)
        )
        if shape != image.shape and shape not in said and rerun(shape):
            said.append(shape)
    if not said:
        return [f"Look at the two layers named; {REPAIRS.removeprefix('or ')}"]
    sizes = " or ".join(dict.fromkeys("×".join(str(s[a]) for a in graph.axes) for s in said))
    noun = "works" if len(said) == 1 else "work"
    return [f"The picture's sides must be divisible by {step}: {sizes} {noun};", REPAIRS]


def _too_small(said: str, recording: Recording, rerun: Rerun) -> str:
    return (
        f"The picture is too small: at {_where(recording)} nothing is left to look at. Give a "
        f"larger one. (torch: {_first_line(said)})"
    )


def _types(said: str, recording: Recording, rerun: Rerun) -> str:
    return (
        f"Numbers of two kinds meet at {_where(recording)}. Give the input the type of the "
        f"weights, such as `x.float()`, or the other way round. (torch: {_first_line(said)})"
    )


def _else(recording: Recording) -> str:
    error = recording.error
    kind = type(error).__name__
    return f"It stopped at {_where(recording)} with {kind}: {_first_line(str(error))}"


# ------------------------------------------------------------------------------------------- places
def _where(recording: Recording) -> str:
    if recording.stopped_in:
        return f"layer {recording.stopped_in}"
    return "its own forward, outside of any layer"


def _layer(recording: Recording) -> str:
    """The place at the beginning of a sentence; the path keeps its letters."""
    said = _where(recording)
    return said[0].upper() + said[1:]


def _first_weighing(recording: Recording) -> bool:
    """Whether nothing was learned before it stopped: the picture itself did not fit."""
    return not any(op.name in ("convolution", "mm", "addmm", "bmm") for op in recording.ops)


def _made_by(op: Op, name: str) -> bool:
    return any(value.op is not None and value.op.name == name for value in op.inputs)


def _first_line(said: str) -> str:
    line = said.strip().splitlines()[0] if said.strip() else "no words"
    return line if len(line) <= 300 else line[:300] + " …"
