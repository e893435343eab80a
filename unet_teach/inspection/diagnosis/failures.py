"""Says why a network could not be judged, from what was recorded up to there."""

from __future__ import annotations

import inspect
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from unet_teach.inspection.diagnosis.shape_mismatch import (
    Runs,
    channels,
    features,
    no_batch,
    normalised,
    place_of,
    sized,
    sizes_part,
    too_small,
    widths_part,
)
from unet_teach.inspection.recorder import Recording, Value, inside
from unet_teach.shared.traceback_line import last_line_outside

OURS = (Path(torch.__file__).parent, Path(__file__).parents[1])


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
        or sizes_part(recording, runs)
        or widths_part(recording)
        or too_small(recording, error, runs)
        or no_batch(recording)
        or channels(recording)
        or features(recording)
        or normalised(recording, error)
        or _places(recording, error)
        or _kinds(recording, error)
        or _rank(recording, error)
        or _no_tensor(args, kwargs, recording, error)
        or _another_thing(recording, error)
    )
    told, own = known or _anything(recording) + _line(error), str(error).strip()
    if known:  # the reason is said; of torch's own words, the first line is enough
        own = own.partition("\n")[0]
    return f"{told} ({type(error).__name__}: {own})" if own else f"{told} ({type(error).__name__})"


def no_trail(recording: Recording) -> str:
    """Say why the output of a run that came to its end leads back to no input."""
    if not any(inside(recording.output, Value)):
        if recording.output is None:
            return "The network returns None: is a `return` missing at the end of its forward?"
        kind = type(recording.output)
        told = f"The network returns a value of type {kind.__name__}, no tensor to follow."
        left_torch = (np.ndarray, np.generic, float, int, bool, list)
        return f"{told} {_end(recording)}" if issubclass(kind, left_torch) else told
    return f"What comes out does not depend on what goes in. {_end(recording)}"


def _end(recording: Recording) -> str:
    """Where the trail ends: the last operation that still depended on the input."""
    followed = [op for op in recording.ops if any(v.depends for v in op.outputs)]
    if not recording.inputs:
        return "It was given no tensor: give it an input, such as (1, 3, 64, 64)."
    if not followed:
        return "The trail ends at the input: no operation of torch was done on it."
    last = followed[-1]
    return (
        f"The trail ends at {last.name.strip('_')} in {place_of(last.module)}: what comes after "
        "left torch, as by .numpy(), .item() or .tolist(), or was made from nothing. Keep the way "
        "from input to output in torch's operations, and return the map."
    )


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
        missing = "missing" in str(misfit) and not kwargs
        more = " Give each a tensor or its shape: inspect_unet(model, (1, 3, 64, 64), (1, 4))."
        one = " Give a tensor or its shape: inspect_unet(model, (1, 3, 64, 64))."
        example = (more if args else one) if missing else ""
        if len(args) > 1 and all(isinstance(a, int) for a in args):
            example = f" A shape is one tuple: inspect_unet(model, {args})."
        return f"It takes forward{signature}; given: {', '.join(given)}: {misfit}.{example}"
    return ""


def _missing_part(model: nn.Module, error: Exception | None) -> str:
    """A forward asks its module for a part that it does not have."""
    if not isinstance(error, AttributeError):
        return ""
    owner, name = getattr(error, "obj", None), getattr(error, "name", None)
    if not isinstance(owner, nn.Module) or not name:
        return ""
    paths = [path for path, m in model.named_modules() if type(m) is type(owner)]
    path = paths[0] if len(paths) == 1 else ""
    has = [own for own, _ in (*owner.named_children(), *owner.named_parameters(recurse=False))]
    owns = f"has {', '.join(has[:8])}{', …' if has[8:] else ''}" if has else "has no layers"
    who = f"{path}, a {type(owner).__name__}," if path else f"{type(owner).__name__}"
    return (
        f"{who} has no `{name}`: its forward asks for `self.{name}`, and it {owns}. Make it in "
        f"__init__, or mend the name.{_line(error)}"
    )


def _kinds(recording: Recording, error: Exception | None) -> str:
    """Numbers of two types, or tensors on two devices, meet."""
    text = str(error)
    where = place_of(recording.last_module)
    given = dict.fromkeys(v.dtype for v in recording.inputs)
    weights = dict.fromkeys(v.dtype for v in recording.weights if v.is_number)
    is_told = "dtype" in text or "should be the same" in text
    if is_told and given and weights and set(given) != set(weights):
        types, own = ", ".join(given), ", ".join(weights)
        is_whole = not any(v.is_number for v in recording.inputs)
        repair = (
            "Make it float: x.float() / 255 for a picture of bytes."
            if is_whole
            else "Convert one: x.to(weight.dtype), or model.to(x.dtype)."
        )
        return (
            f"Types of numbers do not fit in {where}: the input is {types}, the network's weights "
            f"are {own}. {repair}"
        )
    if "same device" in text or "on device" in text:
        return (
            f"Tensors on different devices meet in {where}. Tensors that forward makes must be "
            "made where x is: device=x.device."
        )
    return ""


def _places(recording: Recording, error: Exception | None) -> str:
    """An embedding is given numbers where it looks things up by whole ones."""
    if "'indices'" not in str(error) or "scalar types" not in str(error):
        return ""
    given = recording.failed.arguments.get("indices") if recording.failed else None
    shape = given.shape if isinstance(given, Value) else (1,)
    return (
        f"{place_of(recording.last_module)} looks things up by whole numbers, and a shape became "
        f"floats. Give a tensor: torch.zeros({shape}, dtype=torch.long)."
    )


def _rank(recording: Recording, error: Exception | None) -> str:
    text = str(error)
    if "Expected" not in text or ("unbatched" not in text and "batched" not in text):
        return ""
    told = re.search(r"of size: \[([\d, ]+)\]", text)
    shapes = [v.shape for v in recording.inputs]
    given = tuple(map(int, told[1].split(","))) if told else shapes[0] if shapes else ()
    what = "the input is" if given in shapes else "it is given"
    return (
        f"{place_of(recording.last_module)} expects a tensor with another number of dimensions; "
        f"{what} {sized(given)}. Pictures are (N, C, H, W), volumes "
        "(N, C, D, H, W), series (N, C, L)."
    )


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
    told = f"{place_of(recording.last_module)} needs a tensor; argument {name} is "
    if isinstance(thing, np.ndarray):
        return f"{told}a NumPy array {sized(thing.shape)}: give torch.from_numpy(x)."
    told += f"of type {type(thing).__name__}, {str(thing)[:60]}. "
    if name in kwargs and isinstance(thing, tuple):
        return f"{told}By name, three numbers or more make a shape; give a tensor, torch.zeros(…)."
    return f"{told}A shape is a bare tuple of whole numbers with the batch first: (1, 3, 64, 64)."


def _another_thing(recording: Recording, error: Exception | None) -> str:
    """A layer is given what another one made, and that is no tensor."""
    told = re.search(
        r"must be Tensor, not (\w+)|combination of arguments - got \((\w+)", str(error)
    )
    kind = next(filter(None, told.groups()), "") if told else ""
    if not kind or kind in ("Tensor", "Parameter"):
        return ""
    hints = {
        "NoneType": "Is a `return` missing where it was made?",
        "tuple": "Take a part of it, such as [0]. (A comma at a line's end makes a tuple, too.)",
        "list": "Take one of its parts, or join them: torch.cat(…, dim=1).",
        "ndarray": "Stay in torch: torch.from_numpy(x).",
    }
    made = "Was a layer made where it should be called? A call is nn.ReLU()(x)."
    hint = hints.get(kind, made if hasattr(nn, kind) or kind == "type" else "")
    what = "None" if kind == "NoneType" else f"a {kind}"
    return f"{place_of(recording.last_module)} needs a tensor and is given {what}. {hint}".strip()


def _has_tensor(thing: Any) -> bool:
    return next(inside(thing, Tensor), None) is not None


def _anything(recording: Recording) -> str:
    last, stopped = recording.ops[-1] if recording.ops else None, place_of(recording.last_module)
    if last is None:
        return f"The network stopped in {stopped}, before its first operation."
    made = sized(last.outputs[0].shape) if math.prod(last.outputs[0].shape) else "nothing"
    return (
        f"The network stopped in {stopped}; the last operation that ran was "
        f"{last.name.strip('_')} in {place_of(last.module)}, which made {made}."
    )


def _line(error: Exception | None) -> str:
    """The last line of the network's own code that ran, where it can be read."""
    line = last_line_outside(error, OURS)
    return f" Its line: `{line[1][:100]}`." if line else ""
