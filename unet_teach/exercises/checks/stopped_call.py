"""Says which call of torch an error stopped in a student's `forward`, and why it could not run."""

import difflib
import re
from collections.abc import Sequence

from torch import Tensor, nn

from unet_teach.exercises.checks.forward_trace import (
    AFFINE_JOINS,
    LAYERS,
    Call,
    Step,
    Trace,
    with_shape,
)
from unet_teach.exercises.checks.functions import upper_first
from unet_teach.shared.sizes_as_text import sizes_as_text

SIMILAR = 0.75  # names that are as alike may be one name, misspelt
CONCATENATES = (
    "`torch.stack` makes a new axis. `torch.cat([…, …], dim=1)` joins feature maps along the "
    "channel axis."
)
JOINED_AXES = ("the batch", "", "the height", "the width")


def why_stopped(trace: Trace) -> str:
    """Say which call stopped, and where what it was given comes from; "" if that is not known."""
    if not (trace.stopped and trace.given):
        return ""
    weight = trace.stopped.settings.get("weight")
    if trace.stopped.name in LAYERS and isinstance(weight, Tensor):
        return _layer_stopped(trace, trace.stopped, weight, trace.given[0])
    return _other_stopped(trace, trace.stopped, trace.given)


# ------------------------------------------------------------------------------------------- layers
def _layer_stopped(trace: Trace, call: Call, weight: Tensor, given: Step) -> str:
    layer = trace.stopped_in or f"`{call.name}`"
    up = call.name == "conv_transpose2d"
    wanted = weight.shape[0] if up else weight.shape[1] * call.settings.get("groups", 1)
    returned = weight.shape[1] * call.settings.get("groups", 1) if up else weight.shape[0]
    if not weight.numel():
        return (
            f"{layer} takes {wanted} channels and returns {returned}. Each number has to be 1 or "
            "more: how is it computed in `__init__`?"
        )
    if given.size is None or given.output.shape[1] == wanted:
        stacked = f" {CONCATENATES}" if given.origin.name == "stack" else ""
        return f"{layer} is given {with_shape(given)}.{stacked}"
    got = given.output.shape[1]
    join = given.origin
    dim = join.settings.get("dim", 0) % 4 if join.name == "cat" else 1
    more = (
        f" `cat` joins along dim={dim}, {JOINED_AXES[dim]}; channels are dim=1." if dim != 1 else ""
    )
    name = layer.strip("`")
    own = dict(trace.network.named_modules()).get(name)
    if getattr(own, "in_channels", wanted) == got != wanted:
        more += (
            f" Its `in_channels` was set to {got} afterwards, which doesn't change its weight: "
            "make a new layer."
        )
    elif layer in trace.shared:
        more += f" It is also `{trace.shared[layer]}`: make a layer for each place."
    elif any(step.kind == "layer" and step.layer == layer for step in trace.steps):
        more += " It was already called once in this run: is it the right layer here?"
    elif fitting := _fitting_neighbour(trace.network, name, got):
        more += f" `{fitting}` takes as many: is this list gone through in the right order?"
    elif other := _fitting_layer(trace, name, got):
        more += other
    elif unused := _unused(trace, wanted):
        more += unused
    elif up and returned == got > wanted:
        more += f" It returns {returned}: are its two numbers of channels the wrong way round?"
    far = next((f" {said}" for each in join.inputs if (said := each.far_padding)), "")
    takes = f"{wanted} channel{'s' * (wanted != 1)}"
    at = f"{got} at {sizes_as_text(given.size)}: {given.text}"
    return f"{layer} takes {takes}, but is given {at}.{more}{far}"


def _unused(trace: Trace, channels: int) -> str:
    """Name the last feature map with so many channels, if no later call has used it."""
    used = {source for step in trace.steps for source in step.inputs}
    for step in reversed(trace.steps):
        if step.kind in ("layer", "join") and step.size and step.output.shape[1] == channels:
            said = f" Not used so far, with as many channels: {with_shape(step)}."
            return "" if step in used else said
    return ""


def _fitting_neighbour(network: nn.Module, layer: str, channels: int) -> str:
    """Return the part of the same list whose layer takes so many channels, or ""."""
    parts = layer.split(".") if layer in dict(network.named_modules()) else []
    for place in range(1, len(parts)):
        name, inside = ".".join(parts[:place]), ".".join(parts[place + 1 :])
        layers = network.get_submodule(name)
        for number, other in enumerate(layers if isinstance(layers, nn.ModuleList) else ()):
            same = dict(other.named_modules()).get(inside)
            if getattr(same, "in_channels", None) == channels:
                return f"{name}.{number}"
    return ""


def _fitting_layer(trace: Trace, layer: str, channels: int) -> str:
    """Name a layer like the one that stopped that takes so many channels, and has not run."""
    layers = dict(trace.network.named_children())
    if (own := layers.get(layer)) is None:
        return ""
    uncalled, before = set(trace.never_called), list(layers)[: list(layers).index(layer)]
    for name, other in layers.items():
        if name not in uncalled or type(other) is not type(own):
            continue
        if getattr(other, "in_channels", None) != channels:
            continue
        if re.sub(r"\d", "", name) == re.sub(r"\d", "", layer):
            if name in before:
                return f" `{name}` takes as many and has not run: is it left out before this line?"
        elif difflib.SequenceMatcher(None, name, layer).ratio() > SIMILAR:
            return f" `{name}` takes as many and has not run: is one of the two names misspelt?"
    return ""


# -------------------------------------------------------------------------------------- other calls
def _other_stopped(trace: Trace, call: Call, steps: Sequence[Step]) -> str:
    first, name = steps[0], f"`{call.name}`"
    others = [x for x in call.tensors if not (trace.knows(x) or isinstance(x, nn.Parameter))]
    if len(steps) == 1 and others and call.name in (*AFFINE_JOINS, "mul"):
        return (
            f"{name} can't join {with_shape(first)} and a tensor of shape "
            f"{tuple(others[0].shape)} that isn't computed from this image. Was it kept from "
            "an earlier call?"
        )
    if len(steps) == 1:
        return f"{trace.stopped_in or name} fails on {with_shape(first)}."
    listed = " and ".join(with_shape(step) for step in steps)
    return f"{name} can't join {listed}.{_sizes_differ(trace, steps)}"


def _sizes_differ(trace: Trace, steps: Sequence[Step]) -> str:
    """Say what is known about two feature maps of different height or width; "" if nothing is."""
    sizes = [step.size for step in steps if step.size]
    if len(steps) != 2 or len(sizes) != 2 or sizes[0] == sizes[1]:
        return ""
    pairs = (steps, steps[::-1])
    if said := next(filter(None, (_padded(*pair) for pair in pairs)), ""):
        return said
    if any(max(a, b) >= 2 * min(a, b) for a, b in zip(*sizes, strict=True)) and (
        said := next(filter(None, (_fitting_map(trace, step) for step in steps)), "")
    ):
        return said
    kept = [step.origin for step in steps if step.origin.name == "conv2d"]
    small = next((s for s in kept if s.size == min(sizes) and s.inputs[0].size == s.size), None)
    if small and max(sizes) == (2 * min(sizes)[0], 2 * min(sizes)[1]) and small.inputs[0].inputs:
        return (
            f" {small.call} is a convolution, which returns the size that it is given: "
            f"{sizes_as_text(small.size or ())}."
        )
    axis = 0 if sizes[0][0] != sizes[1][0] else 1
    made = [step.origin for step in steps if step.origin.name == "conv_transpose2d"]
    return "".join(
        f" {upper_first(step.call)} gets {with_shape(step.inputs[0])}:{step.window}"
        f"{_formula(step, axis)}"
        for step in made
    )


def _formula(step: Step, axis: int) -> str:
    """Compute the height or width of a transposed convolution's output in a sentence."""
    before, after, kernel = step.inputs[0].size, step.size, step.kernel_size[axis]
    usual = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1}
    values = (step.settings.get(name, value) for name, value in usual.items())
    stride, padding, more, dilation = (
        value[axis] if isinstance(value, tuple | list) else value for value in values
    )
    if not (before and after) or dilation != 1:
        return ""
    return (
        f" Its {('height', 'width')[axis]} is ({before[axis]} − 1)·{stride} + {kernel} − "
        f"2·{padding} + {more} = {after[axis]}."
    )


def _padded(step: Step, other: Step) -> str:
    """Say what a `pad` makes of a feature map that should become as large as another one."""
    pad = step.origin
    if pad.name != "pad" or pad.inputs[0].size is None or pad.far_padding:
        return ""
    before, after, needed = pad.inputs[0].size, pad.size or (0, 0), other.size or (0, 0)
    added, missing = (
        tuple(b - a for a, b in zip(before, size, strict=True)) for size in (after, needed)
    )
    text = (
        f" `pad` turns {sizes_as_text(before)} into {sizes_as_text(after)}, but "
        f"the other map is {sizes_as_text(needed)}."
    )
    if added == missing[::-1]:
        return (
            f"{text} Its first two numbers are left and right, the other two top and bottom: are "
            "rows and columns the wrong way round?"
        )
    if added == tuple(-number for number in missing):
        return (
            f"{text} Is the difference taken the wrong way round, or is the wrong one of the two "
            "padded?"
        )
    return text


def _fitting_map(trace: Trace, up: Step) -> str:
    """Name the encoder's last feature map that is as large as one that came back up."""
    if up.size is None or up.min_height >= up.size[0]:
        return ""
    fitting = [
        step.origin
        for step in trace.steps
        if step.size == up.size and step.min_height >= up.size[0]
    ]
    layers = [step for step in fitting if step.kind == "layer"]
    if not (found := layers[-1:] or fitting[:1]):
        return ""
    return f" {upper_first(with_shape(found[0]))} has the size of {up.text}."
