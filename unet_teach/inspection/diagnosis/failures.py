"""Diagnoses of failed runs that are not about shapes: arguments, missing parts, dtypes, types.

Each function takes an attempt and returns its sentences, or "" where it does not apply. Its
docstring says when it applies.
"""

from __future__ import annotations

import inspect
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.recording import Value, find_all
from unet_teach.inspection.wording import module_name, op_name, shape_text
from unet_teach.shared.traceback_line import last_line_outside

NOT_THE_USERS = (Path(torch.__file__).parent, Path(__file__).parents[1])  # torch, the inspector


def wrong_arguments(attempt: Attempt) -> str:
    """What was given does not fit what the forward takes."""
    args, kwargs = attempt.args, attempt.kwargs
    if not isinstance(attempt.error, TypeError):
        return ""
    try:
        signature = inspect.signature(attempt.model.forward)
    except (TypeError, ValueError):
        return ""
    try:
        signature.bind(*args, **kwargs)
    except TypeError as mismatch:
        given = [*(["one value"] if len(args) == 1 else [f"{len(args)} values"]), *kwargs]
        is_missing = "missing" in str(mismatch) and not kwargs
        more = " Give each a tensor or its shape: inspect_unet(model, (1, 3, 64, 64), (1, 4))."
        one = " Give a tensor or its shape: inspect_unet(model, (1, 3, 64, 64))."
        example = (more if args else one) if is_missing else ""
        if len(args) > 1 and all(isinstance(a, int) for a in args):
            example = f" A shape is one tuple: inspect_unet(model, {args})."
        if not signature.parameters and len(args) == 1:
            example = " Is `self` missing? The first argument is the network: def forward(self, x)."
        return f"It takes forward{signature}; given: {', '.join(given)}: {mismatch}.{example}"
    return ""


def missing_attribute(attempt: Attempt) -> str:
    """A forward asks its module for a layer or parameter that it does not have."""
    if not isinstance(attempt.error, AttributeError):
        return ""
    owner, name = getattr(attempt.error, "obj", None), getattr(attempt.error, "name", None)
    if not isinstance(owner, nn.Module) or not name:
        return ""
    paths = [path for path, m in attempt.model.named_modules() if type(m) is type(owner)]
    path = paths[0] if len(paths) == 1 else ""
    has = [own for own, _ in (*owner.named_children(), *owner.named_parameters(recurse=False))]
    owns = f"has {', '.join(has[:8])}{', …' if has[8:] else ''}" if has else "has no layers"
    who = f"{path}, a {type(owner).__name__}," if path else f"{type(owner).__name__}"
    return (
        f"{who} has no `{name}`: its forward asks for `self.{name}`, and it {owns}. Make it in "
        f"__init__, or mend the name.{own_line(attempt)}"
    )


def embedding_of_floats(attempt: Attempt) -> str:
    """An embedding looks up whole numbers and is given floats, which a shape becomes."""
    if "'indices'" not in attempt.message or "scalar types" not in attempt.message:
        return ""
    given = attempt.failed_op.arguments.get("indices") if attempt.failed_op else None
    shape = given.shape if isinstance(given, Value) else (1,)
    return (
        f"{attempt.stopped_in} looks things up by whole numbers, and a shape became "
        f"floats. Give a tensor: torch.zeros({shape}, dtype=torch.long)."
    )


NUMBER_TYPES = {  # as torch's messages name them
    "bfloat16": "bfloat16",
    "double": "float64",
    "float": "float32",
    "half": "float16",
    "long": "int64",
    "unsigned char": "uint8",
}


def dtypes_do_not_match(attempt: Attempt) -> str:
    """Numbers of two types meet."""
    recording, message, op = attempt.recording, attempt.message, attempt.failed_op
    if "dtype" not in message and "should be the same" not in message:
        return ""
    given = dict.fromkeys(v.dtype for v in recording.inputs)
    weights = dict.fromkeys(v.dtype for v in recording.weights if v.is_floating)
    if not (given and weights):
        return ""
    if set(given) & set(weights):  # then it is a part of the network that differs
        names = re.findall("|".join(NUMBER_TYPES), message.lower())
        meeting = list(dict.fromkeys(NUMBER_TYPES[name] for name in names))
        if op is not None and any(v.dtype for v in op.inputs):
            meeting = list(dict.fromkeys(v.dtype for v in op.inputs if v.dtype))
        place = attempt.wording.layer(op) if op else attempt.stopped_in
        usual = next(iter(given))
        return (
            f"Types of numbers do not fit in {place}: {' meets '.join(meeting)}. Something before "
            f"it, such as .double(), or its own weights have another type than the input, {usual}. "
            f"Convert the map where it changes, x.to(torch.{usual}), or the whole network: "
            f"model.to(torch.{usual})."
        )
    remedy = (
        "Convert one: x.to(weight.dtype), or model.to(x.dtype)."
        if any(v.is_floating for v in recording.inputs)
        else "Make it float: x.float() / 255 for a picture of bytes."
    )
    return (
        f"Types of numbers do not fit in {attempt.stopped_in}: the input is {', '.join(given)}, "
        f"the network's weights are {', '.join(weights)}. {remedy}"
    )


NO_SUCH_DEVICE = ("not compiled with", "No CUDA GPUs", "NVIDIA driver", "not linked with support")


def devices_do_not_match(attempt: Attempt) -> str:
    """Tensors on two devices meet, or one is asked for on a device that is not here."""
    message = attempt.message
    if any(part in message for part in NO_SUCH_DEVICE):
        return (
            f"{attempt.stopped_in} asks for a device that this computer does not have. Tensors "
            f"that forward makes must be made where x is: device=x.device.{own_line(attempt)}"
        )
    if "same device" not in message and "on device" not in message:
        return ""
    return (
        f"Tensors on different devices meet in {attempt.stopped_in}. Tensors that forward makes "
        "must be made where x is: device=x.device."
    )


def ranks_do_not_match(attempt: Attempt) -> str:
    """Tensors with different numbers of dimensions are concatenated."""
    op = attempt.failed_op
    if op is None or "same number of dimensions" not in attempt.message:
        return ""
    met = " and ".join(
        f"{shape_text(v.shape)} (made by {attempt.wording.maker(v)})" for v in op.inputs
    )
    return (
        f"In {attempt.wording.layer(op)} ({op_name(op)}) tensors with different numbers of "
        f"dimensions meet: {met}. Give the one without height and width the other's: "
        "x[:, :, None, None].expand(-1, -1, *other.shape[2:])."
    )


def join_without_list(attempt: Attempt) -> str:
    """A function that joins tensors is given them one by one, not in a list."""
    found = re.match(r"(cat|concat|concatenate|stack|[hvd]stack)\(\)", attempt.message)
    if found is None or not isinstance(attempt.error, TypeError):
        return ""
    dim = "" if found[1].endswith("stack") and found[1] != "stack" else ", dim=1"
    return (
        f"torch.{found[1]} takes the tensors in one list, and is given something else in "
        f"{attempt.stopped_in}: write torch.{found[1]}([a, b]{dim}), with square brackets around "
        f"them.{own_line(attempt)}"
    )


def interpolated_to_a_whole_shape(attempt: Attempt) -> str:
    """F.interpolate is given a size with the batch and the channels in it."""
    if "same number of spatial dimensions" not in attempt.message:
        return ""
    return (
        f"In {attempt.stopped_in} a map is resized to a size with another number of sides than it "
        "has: leave the batch and the channels out, F.interpolate(x, size=skip.shape[2:])."
        f"{own_line(attempt)}"
    )


def wrong_rank(attempt: Attempt) -> str:
    """A layer expects a tensor with another number of dimensions."""
    message = attempt.message
    if "Expected" not in message or "batched" not in message:
        return ""
    named = re.search(r"of size: \[([\d, ]+)\]", message)
    shapes = [v.shape for v in attempt.recording.inputs]
    given = tuple(map(int, named[1].split(","))) if named else shapes[0] if shapes else ()
    what = "the input is" if given in shapes else "it is given"
    return (
        f"{attempt.stopped_in} expects a tensor with another number of dimensions; "
        f"{what} {shape_text(given)}. Pictures are (N, C, H, W), volumes "
        "(N, C, D, H, W), series (N, C, L)."
    )


def input_is_no_tensor(attempt: Attempt) -> str:
    """The user gave something else than a tensor, such as a list of sizes or a path."""
    if not isinstance(attempt.error, TypeError | AttributeError):
        return ""
    numbered = [(str(i + 1), thing) for i, thing in enumerate(attempt.args)]
    given = [*numbered, *attempt.kwargs.items()]
    others = [(n, thing) for n, thing in given if thing is not None and not _has_tensor(thing)]
    if not others:
        return ""
    name, thing = others[0]
    told = f"{attempt.stopped_in} needs a tensor; argument {name} is "
    if isinstance(thing, np.ndarray):
        return f"{told}a NumPy array {shape_text(thing.shape)}: give torch.from_numpy(x)."
    told += f"of type {type(thing).__name__}, {str(thing)[:60]}. "
    if name in attempt.kwargs and isinstance(thing, tuple):
        return f"{told}By name, three numbers or more make a shape; give a tensor, torch.zeros(…)."
    return f"{told}A shape is a bare tuple of whole numbers with the batch first: (1, 3, 64, 64)."


def _has_tensor(thing: Any) -> bool:
    return next(find_all(thing, Tensor), None) is not None


def layer_is_given_no_tensor(attempt: Attempt) -> str:
    """A layer is given what another part of the network made, and that is no tensor."""
    named = re.search(
        r"must be Tensor, not (\w+)|combination of arguments - got \((\w+)", attempt.message
    )
    kind = next(filter(None, named.groups()), "") if named else ""
    if not kind or kind in ("Tensor", "Parameter"):
        return ""
    hints = {
        "NoneType": "Is a `return` missing where it was made?",
        "tuple": "Take a part of it, such as [0]. (A comma at a line's end makes a tuple, too.)",
        "list": "Take one of its parts, or join them: torch.cat(…, dim=1).",
        "ndarray": "Stay in torch: torch.from_numpy(x).",
    }
    not_called = "Was a layer made where it should be called? A call is nn.ReLU()(x)."
    hint = hints.get(kind, not_called if hasattr(nn, kind) or kind == "type" else "")
    what = "None" if kind == "NoneType" else f"a {kind}"
    return f"{attempt.stopped_in} needs a tensor and is given {what}. {hint}".strip()


def last_operation(attempt: Attempt) -> str:
    """Say how far the run came, where no diagnosis applies."""
    ops, stopped = attempt.recording.ops, attempt.stopped_in
    if not ops:
        return f"The network stopped in {stopped}, before its first operation."
    shape = ops[-1].outputs[0].shape
    made = shape_text(shape) if math.prod(shape) else "nothing"
    return (
        f"The network stopped in {stopped}; the last operation that ran was "
        f"{op_name(ops[-1])} in {module_name(ops[-1].module)}, which made {made}."
    )


def own_line(attempt: Attempt) -> str:
    """Quote the last line of the network's own code that ran, where it can be read."""
    line = last_line_outside(attempt.error, NOT_THE_USERS)
    return f" Its line: `{line[1][:100]}`." if line else ""
