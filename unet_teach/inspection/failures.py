"""Says why a network could not be judged, from what was recorded up to there."""

from __future__ import annotations

import inspect
import linecache
import math
import os
from collections.abc import Callable
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.inspection.factors import pitches
from unet_teach.inspection.graph import GLOBAL, Graph, kind_of
from unet_teach.inspection.recorder import Op, Recording, Value, inside
from unet_teach.inspection.report import Words

Runs = Callable[[dict[int, int]], bool]  # whether it runs with other sizes along these axes
CHANNELS = ("convolution", "_convolution", "mkldnn_convolution")
PRODUCTS = ("mm", "addmm", "bmm", "baddbmm")
REPAIRS = (
    "Pad the input, or bring what comes up to the skip's size where they meet: by F.pad, a crop, "
    "or F.interpolate(x, size=skip.shape[2:])."
)


def why(
    model: nn.Module,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    recording: Recording,
    runs: Runs,
) -> str:
    """Return a few sentences on a run that failed; torch's own words come last, none is lost.

    Args:
        model: the user's network.
        args: what it was given, tensors in place of shapes.
        kwargs: the same by name.
        recording: of the run that failed.
        runs: says whether a network would run with other sizes along the axes of its image.
    """
    error = recording.error
    known = (
        _no_forward(model)
        or _arguments(model, args, kwargs, error)
        or _missing_part(model, error)
        or _sizes_part(recording, runs)
        or _no_batch(recording)
        or _channels(recording)
        or _features(recording)
        or _kinds(recording, error)
        or _rank(recording, error)
        or _no_tensor(args, kwargs, recording, error)
    )
    told, own = known or _anything(recording) + _line(error), str(error).strip()
    if known:  # the reason is said; of torch's own words, the first line is enough
        own = own.partition("\n")[0]
    return f"{told} ({type(error).__name__}: {own})" if own else f"{told} ({type(error).__name__})"


def no_trail(recording: Recording) -> str:
    """Say why the output of a run that came to its end leads back to no input."""
    if not any(inside(recording.output, Value)):
        kind = type(recording.output).__name__
        what = "None" if recording.output is None else f"a value of type {kind}"
        return (
            f"The network returns {what}, no tensor: there is no map to follow. {_end(recording)}"
        )
    return f"What comes out does not depend on what goes in. {_end(recording)}"


def _end(recording: Recording) -> str:
    """Where the trail ends: the last operation that still depended on the input."""
    followed = [op for op in recording.ops if any(v.depends for v in op.outputs)]
    if not recording.inputs:
        return "It was given no tensor: give it an input, such as (1, 3, 64, 64)."
    if not followed:
        return "The trail ends at the input: no operation of torch was done on it."
    where = _where(followed[-1].module)
    return (
        f"The trail ends at {followed[-1].name.strip('_')} in {where}: what comes after left "
        "torch, as by .numpy(), .item() or .tolist(), or was made from nothing. Keep the way from "
        "input to output in torch's operations, and return the map."
    )


def _where(module: str) -> str:
    return module or "the forward"


def _shape(sizes: Any) -> str:
    return "×".join(map(str, sizes)) or "a single number"


def _no_forward(model: nn.Module) -> str:
    if getattr(model.forward, "__name__", "") != "_forward_unimplemented":
        return ""
    layers = [name for name, _ in model.named_children()]
    listed = (
        f" Its layers ({', '.join(layers[:6])}{', …' if layers[6:] else ''}) stand ready"
        if layers
        else " Layers"
    )
    return (
        f"The network has no forward: it owns layers, and nothing says how data flows.{listed}; "
        "write `def forward(self, x)` that calls them."
    )


def _arguments(
    model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], error: Exception | None
) -> str:
    """What was given does not fit what the forward takes."""
    if not isinstance(error, TypeError):
        return ""
    try:
        signature = inspect.signature(model.forward)
    except (TypeError, ValueError):
        return ""
    try:
        signature.bind(*args, **kwargs)
    except TypeError as misfit:
        given = [*(["one value"] if len(args) == 1 else [f"{len(args)} values"]), *kwargs]
        missing = "missing" in str(misfit)
        more = " Give each a tensor or its shape: inspect_unet(model, (1, 3, 64, 64), (1, 4))."
        one = " Give a tensor or its shape: inspect_unet(model, (1, 3, 64, 64))."
        example = (more if args or kwargs else one) if missing else ""
        return f"It takes forward{signature}; given: {', '.join(given)}: {misfit}.{example}"
    return ""


def _missing_part(model: nn.Module, error: Exception | None) -> str:
    """A forward asks its module for a part that it does not have."""
    if not isinstance(error, AttributeError):
        return ""
    owner, name = getattr(error, "obj", None), getattr(error, "name", None)
    if not isinstance(owner, nn.Module) or not name:
        return ""
    path = next((path for path, m in model.named_modules() if type(m) is type(owner)), "")
    has = [own for own, _ in (*owner.named_children(), *owner.named_parameters(recurse=False))]
    owns = f"has {', '.join(has[:8])}{', …' if has[8:] else ''}" if has else "has no layers"
    who = f"{path}, a {type(owner).__name__}," if path else f"{type(owner).__name__}"
    return (
        f"{who} has no `{name}`: its forward asks for `self.{name}`, and it {owns}. Make it in "
        f"__init__, or mend the name.{_line(error)}"
    )


def _sizes_part(recording: Recording, runs: Runs) -> str:
    """Two maps meet that are not of one size."""
    op = recording.failed
    if op is None or kind_of(op) is None:
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
        f"Sizes part at {place}, in {_where(op.module)} ({op.name.strip('_')}): "
        f"{_shape(one.shape[2:])} (made by {words.maker(one)}) meets {_shape(two.shape[2:])} "
        f"(made by {words.maker(two)})."
    ]
    said.append(_even(graph, runs) or "")
    return " ".join(part for part in (*said, REPAIRS) if part)


def _differ(one: Value, two: Value, op: Op) -> bool:
    """Whether two maps of one rank differ where they must not: in more than what is joined."""
    if len(one.shape) != len(two.shape):
        return False
    along = 1 if "cat" in op.name else -1
    joined = op.arguments.get("dim", along) if "cat" in op.name else None
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
    listed = " or ".join(_shape(dict.fromkeys(sizes.values())) for sizes in working)
    now = _shape(dict.fromkeys(graph.axes[axis] for axis in odd))
    verb = "works" if len(working) == 1 else "work"
    return f"The input's sides must be divisible by {steps}, and {now} is not: {listed} {verb}."


def _maker(value: Value) -> str:
    if value.op is None:
        return "the input"
    name = value.op.name.strip("_")
    return f"{value.op.module}, {name}" if value.op.module else name


def _no_batch(recording: Recording) -> str:
    """A picture was given without the axis that counts pictures."""
    convolutions = [op for op in recording.ops if op.name in CHANNELS]
    if recording.failed is not None and recording.failed.name in CHANNELS:
        convolutions.append(recording.failed)
    weights = [op.arguments.get("weight") for op in convolutions]
    rank = next((len(w.shape) for w in weights if isinstance(w, Value)), 0)
    pictures = [v for v in recording.inputs if v.is_number and len(v.shape) == rank - 1]
    if rank < 3 or len(pictures) != len(recording.inputs) or not pictures:
        return ""
    shape = pictures[0].shape
    return (
        f"The input is {_shape(shape)}, with no number for the batch. Give "
        f"{(1, *shape)}: one picture, or as many as you like."
    )


def _channels(recording: Recording) -> str:
    op = recording.failed
    if op is None or op.name not in CHANNELS:
        return ""
    given, weight = op.arguments.get("input"), op.arguments.get("weight")
    if not isinstance(given, Value) or not isinstance(weight, Value):
        return ""
    if len(given.shape) != len(weight.shape):
        return ""
    transposed, groups = bool(op.arguments.get("transposed")), op.arguments.get("groups", 1)
    wanted = weight.shape[0] if transposed else weight.shape[1] * groups
    if given.shape[1] == wanted:
        return ""
    source = "the input" if given.is_input else _maker(given)
    repair = (
        f"Give a picture of {wanted} channels, or build the network for {given.shape[1]}."
        if given.is_input
        else "A map that was concatenated has the channels of both its parts: the layer after it "
        "must take as many."
    )
    return (
        f"{_where(op.module)} expects {wanted}, got {given.shape[1]} channels: what comes from "
        f"{source} is {_shape(given.shape)}. {repair}"
    )


def _features(recording: Recording) -> str:
    """A linear layer is given rows of another length."""
    op = recording.failed
    matrices = [v for v in op.inputs if len(v.shape) >= 2] if op and op.name in PRODUCTS else []
    if op is None or len(matrices) < 2 or matrices[-2].shape[-1] == matrices[-1].shape[-2]:
        return ""
    left, right = matrices[-2:]
    return (
        f"{_where(op.module)} expects {right.shape[-2]}, got {left.shape[-1]} features: it is "
        f"given {_shape(left.shape)}. After a flattening their number depends on the picture's "
        "size: give pictures of the size that the network was built for, or pool to a fixed one."
    )


def _kinds(recording: Recording, error: Exception | None) -> str:
    """Numbers of two types, or tensors on two devices, meet."""
    text = str(error)
    where = _where(recording.last_module)
    given = dict.fromkeys(v.dtype for v in recording.inputs)
    weights = dict.fromkeys(v.dtype for v in recording.weights if v.is_number)
    is_told = "dtype" in text or "should be the same" in text
    if is_told and given and weights and set(given) != set(weights):
        types, own = ", ".join(given), ", ".join(weights)
        return (
            f"Types of numbers do not fit in {where}: the input is {types}, the network's weights "
            f"are {own}. Convert one: x.to(weight.dtype), or model.to(x.dtype)."
        )
    if "same device" in text or "on device" in text:
        return (
            f"Tensors on different devices meet in {where}. Tensors that forward makes must be "
            "made where x is: device=x.device."
        )
    return ""


def _rank(recording: Recording, error: Exception | None) -> str:
    text = str(error)
    shapes = ", ".join(_shape(v.shape) for v in recording.inputs)
    if "Expected" in text and ("unbatched" in text or "batched" in text) and shapes:
        return (
            f"{_where(recording.last_module)} expects a tensor with another number of "
            f"dimensions; the input is {shapes}. Pictures are (N, C, H, W), volumes "
            "(N, C, D, H, W), series (N, C, L)."
        )
    return ""


def _no_tensor(
    args: tuple[Any, ...], kwargs: dict[str, Any], recording: Recording, error: Exception | None
) -> str:
    """Something else stands where a tensor was needed, such as a list of sizes or a path."""
    if not isinstance(error, TypeError | AttributeError):
        return ""
    others = [(str(i + 1), thing) for i, thing in enumerate(args)] + list(kwargs.items())
    strange = [(n, t) for n, t in others if t is not None and not _has_tensor(t)]
    if not strange:
        return ""
    name, thing = strange[0]
    return (
        f"{_where(recording.last_module)} needs a tensor; argument {name} is a "
        f"{type(thing).__name__}, {str(thing)[:60]}. A shape is a bare tuple of whole numbers with "
        "the batch first: (1, 3, 64, 64)."
    )


def _has_tensor(thing: Any) -> bool:
    return next(inside(thing, Tensor), None) is not None


def _anything(recording: Recording) -> str:
    last = recording.ops[-1] if recording.ops else None
    if last is None:
        return "The network stopped before its first operation."
    shape = _shape(last.outputs[0].shape) if math.prod(last.outputs[0].shape) else "nothing"
    place = recording.last_module
    return (
        f"The network stopped in {_where(place)}; the last operation that ran was "
        f"{last.name.strip('_')} in {_where(last.module)}, which made {shape}."
    )


def _line(error: Exception | None) -> str:
    """The last line of the network's own code that ran, where it can be read."""
    ours = tuple(os.path.dirname(os.path.abspath(m)) for m in (torch.__file__, __file__))
    place: TracebackType | None = error.__traceback__ if error is not None else None
    found = ""
    while place is not None:
        file = place.tb_frame.f_code.co_filename
        if not file.startswith(ours) and not file.startswith("<frozen"):
            line = linecache.getline(file, place.tb_lineno).strip()
            found = f" Its line: `{line[:100]}`." if line else found
        place = place.tb_next
    return found
