"""Diagnoses of how a layer was made: its numbers, its rank, and whether it can be called at all."""

from __future__ import annotations

import ast
import difflib
import re
import types
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.own_code import article, is_given
from unet_teach.inspection.diagnosis.source import evaluated, parts_at, text_of
from unet_teach.inspection.diagnosis.trials import runs_when
from unet_teach.inspection.plain_lists import all_modules
from unet_teach.inspection.recording import Value
from unet_teach.inspection.wording import op_name, shape_text

CONTAINERS = {
    "ModuleList": "Loop over it, `for layer in {it}: x = layer(x)`, or make it an nn.Sequential.",
    "ModuleDict": "Take one layer by its key, `{it}[key](x)`, with key one of {keys}.",
    "ParameterList": "Take one parameter by its number, `{it}[0]`.",
    "ParameterDict": "Take one parameter by its key, `{it}[key]`.",
}
KINDS = {
    1: ("series (N, C, L)", "linear"),
    2: ("images (N, C, H, W)", "bilinear"),
    3: ("volumes (N, C, D, H, W)", "trilinear"),
}


def container_is_called(attempt: Attempt) -> str:
    """A ModuleList or another container, which has no forward, is called like a layer."""
    path, container = _without_forward(attempt)
    remedy = CONTAINERS.get(type(container).__name__)
    if container is None or remedy is None:
        return ""
    keys = ", ".join(repr(name) for name, _ in container.named_children())
    kind, code = type(container).__name__, attempt.code
    calls = parts_at(code.place, ast.Call)
    named = [c.func for c in calls if type(evaluated(c.func, code.frame)) is type(container)]
    it = text_of(named[0]) if named else f"self.{path}" if path else "it"
    return (
        f"{path or 'The network'} is an nn.{kind}, which only stores its parts and cannot be "
        f"called. {remedy.format(it=it, keys=keys)}"
    )


def no_forward(attempt: Attempt) -> str:
    """A class has layers but does not define forward, or under another name or indentation."""
    path, module = _without_forward(attempt)
    if module is None:
        is_missing = '"forward" function' in attempt.message
        return (is_missing and "super()" in attempt.code.line) * (
            "super().forward(…) calls the forward of nn.Module, which has none. Leave "
            "super().forward out: a forward calls the layers itself, and returns what they make."
        )
    name = type(module).__name__
    who = f"{path}, {article(name)}, has no forward" if path else "The network has no forward"
    methods = [n for n in vars(type(module)) if not n.startswith("__")]
    if close := difflib.get_close_matches("forward", methods, n=1, cutoff=0.6):
        return f"{who}, but a method `{close[0]}`: rename it to `forward`."
    for method, function in vars(type(module)).items():
        code = getattr(function, "__code__", None)
        inner = [c for c in code.co_consts if isinstance(c, types.CodeType)] if code else []
        if any(c.co_name == "forward" for c in inner):
            return (
                f"{who}: `def forward` stands inside {method}, so it is only a local function "
                f"there. It is indented one step too far: move it left, in line with "
                f"`def {method}`."
            )
    layers = [name for name, _ in module.named_children()]
    named = f"{', '.join(layers[:6])}{', …' * bool(layers[6:])}"
    what = (
        f": it owns layers, and nothing says how data flows. Its layers ({named}) stand ready;"
        if layers
        else ", and no layers. Make the layers in its __init__, and"
    )
    return f"{who}{what} write `def forward(self, x)` that calls them."


def _without_forward(attempt: Attempt) -> tuple[str, nn.Module | None]:
    """Return the path and the module that was called although it has no forward."""
    missing = {
        path: module
        for path, module in all_modules(attempt.model)
        if getattr(module.forward, "__name__", "") == "_forward_unimplemented"
    }
    if "" in missing:
        return "", missing[""]
    if not isinstance(attempt.error, NotImplementedError) or '"forward"' not in attempt.message:
        return "", None
    path = attempt.recording.last_module
    return path, missing.get(path)


def too_much_output_padding(attempt: Attempt) -> str:
    """A transposed convolution has an output_padding that is not below its stride."""
    op = attempt.failed_op
    if op is None or "output padding must be smaller" not in attempt.message:
        return ""
    added, stride = (max(op.arguments[name]) for name in ("output_padding", "stride"))
    told = (
        f"{attempt.wording.layer(op)} has output_padding={added} with stride={stride}. A stride of "
        "s merges s sizes into one, and output_padding chooses between them, so it must be smaller "
        "than the stride."
    )
    if stride > 1:
        return f"{told} Set output_padding={stride - 1} or less."
    doubled = "stride=2 and output_padding=1 if the layer should double the size."
    return f"{told} With stride=1 nothing is enlarged: set output_padding=0, or {doubled}"


def layer_of_another_rank(attempt: Attempt) -> str:
    """A layer for images is given volumes, or the other way round."""
    op, module = attempt.failed_op, attempt.module
    modes = {mode: rank for rank, (_, mode) in KINDS.items()}
    found = re.search(rf"\b({'|'.join(modes)}) mode", attempt.message)
    mode = found[1] if found else ""
    name = "" if attempt.is_own_code else type(module).__name__
    kind = re.fullmatch(r"(\w+)([123])d", name)
    functional = re.search(r"([123])d", op.name if op else attempt.message)
    rank = modes.get(mode) or int(kind[2] if kind else functional[1] if functional else 0)
    given = given_to_last(attempt)
    right = len(given.shape) - 2 if given else 0
    if given is None or right not in KINDS or rank in (0, right):
        return ""
    if given.op and given.op.name == "stack":
        return (
            f"{is_given(attempt, given.shape)}: torch.stack makes a new dimension. "
            "torch.cat([…], dim=1) joins channels."
        )
    has_others = any(v.name and len(v.shape) == right + 2 for v in attempt.recording.weights)
    if given.is_input and not mode and not has_others:  # the input has the wrong rank
        return ""
    if mode:
        what, other = f"mode {mode!r}", KINDS[right][1]
        remedy = f"Set mode={other!r}."

        def resized(*args: Any, **options: Any) -> Tensor:
            return F.interpolate(*args[:3], **{**options, "mode": other})

        runs = runs_when(attempt, calls={F.interpolate: resized})
    elif kind:
        what, remedy = kind[0], f"Use nn.{kind[1]}{right}d."
        if set(given.shape[2:]) == {1} and rank < right:
            remedy = f"{remedy[:-1]}, or leave sides out: x.flatten({rank + 1})."
        runs = runs_when(attempt, partial(_of_rank, kind=kind[0], right=f"{kind[1]}{right}d"))
    else:
        what, remedy, runs = op_name(op) if op else "", f"Use the {right}d function.", False
    if not runs and all(len(v.shape) != right + 2 for v in attempt.recording.inputs):
        remedy = ""  # the maps have lost or got an axis on the way
    return (
        f"{attempt.stopped_in}: {what} works on {KINDS[rank][0]} and is given {KINDS[right][0]}, "
        f"{shape_text(given.shape)}. {remedy}"
    ).strip()


def _of_rank(copied: nn.Module, kind: str, right: str) -> None:
    """Make all normalisations or poolings of a class those for another number of axes."""
    for module in copied.modules():
        if type(module) is getattr(nn, kind, None) and hasattr(nn, right):
            module.__class__ = getattr(nn, right)


def given_to_last(attempt: Attempt) -> Value | None:
    """Return the map that the layer or function which failed was given."""
    op, run = attempt.failed_op, attempt.recording
    maps = op.from_input if op else []
    made = [v for o in run.ops[-1:] for v in o.outputs if v.depends_on_input]
    return next(iter((*maps, *made, *run.inputs)), None)


def layer_norm_shape(attempt: Attempt) -> str:
    """A LayerNorm is given last dimensions of other sizes than it was made for."""
    found = re.search(r"normalized_shape=\[([\d, ]+)\].*size\[([\d, ]+)\]", attempt.message)
    if found is None:
        return ""
    expected, given = ([int(n) for n in group.split(",")] for group in found.groups())
    last, are_many = given[-len(expected) :], len(expected) > 1
    dimensions = f"{len(expected)} dimensions" if are_many else "dimension"
    told = (
        f"{attempt.stopped_in}{kind_of_layer(attempt)} normalises the last "
        f"{dimensions} and expects {shape_text(expected)} there, but is given "
        f"{shape_text(given)}."
    )
    if not are_many and len(given) > 2 and given[1] == expected[0]:
        return (
            f"{told} Channels are dim 1: put x.movedim(1, -1) before it and x.movedim(-1, 1) after "
            f"it, or use nn.GroupNorm(1, {expected[0]})."
        )
    depends = " This depends on the image's size; nn.GroupNorm does not." if are_many else ""
    return f"{told} Make it for these: nn.LayerNorm({last if are_many else last[0]}).{depends}"


def kind_of_layer(attempt: Attempt) -> str:
    """Return the class of the layer that was running, as ", a GroupNorm,"."""
    return "" if attempt.is_own_code else f", {article(type(attempt.module).__name__)},"
