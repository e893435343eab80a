"""Runs a student's layer or network: why it stopped, or which call makes its output wrong."""

import copy
import re
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from unet_teach.exercises.checks.forward_trace import LAYERS, Step, Trace, with_shape
from unet_teach.exercises.checks.functions import lower_first, upper_first
from unet_teach.exercises.checks.stopped_call import CONCATENATES, JOINED_AXES, why_stopped
from unet_teach.exercises.checks.tensors import no_tensor, shape_problem
from unet_teach.exercises.sandbox import describe
from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.python_mistakes import CALLS_ITSELF
from unet_teach.inspection.diagnosis.table import FAILED_RUN, first_that_applies
from unet_teach.inspection.graph import Graph
from unet_teach.inspection.model_copy import copy_to_run
from unet_teach.inspection.recorder import Recorder
from unet_teach.shared.sizes_as_text import sizes_as_text

FACTS = re.compile(" takes | can't join ")  # what the inspector could not say better
MOST_CHANGES = 8  # of the size that are listed
MAX_ELEMENTS = 2**24  # of one float32 output, 64 MiB: more could exhaust a Binder tab's memory
LARGE = 16  # a setting above it can make the output of a small input huge


def output_problem(network: nn.Module, images: Tensor, channels: int, where: str) -> str | None:
    """Say why the output is not (N, channels, H, W), and which layer or call makes it so.

    Args:
        network: the student's.
        images: of shape (N, C, H, W).
        channels: of the right output.
        where: names the input and begins the sentence, as in "On two 32×48 images".
    """
    given, mode = images.clone(), network.training
    output = output_of(network, given, where)
    if isinstance(output, str):
        return output
    right = (len(images), channels, *images.shape[2:])
    if problem := wrong_shape(network, images, output, right, where):
        return problem
    if output.dtype != images.dtype:
        names = [str(kind).removeprefix("torch.") for kind in (output.dtype, images.dtype)]
        return (
            f"{where}: the output is {names[0]}, but the input is {names[1]}. Is there a "
            "conversion, such as `.double()` or `.float()`? Leave it out."
        )
    if network.training != mode:
        return f"{where}: your `forward` calls `eval()` or `train()`. Leave the mode to the caller."
    if channels > 1 and torch.equal(output, output[:, :1].expand_as(output)):
        return f"{where}: all channels of the output are the same."
    if not torch.equal(given, images):
        return (
            f"{where}: your `forward` changes its input in place, so code that uses the image "
            "afterwards gets other values. `x -= …`, `x[…] = …`, `relu_` and "
            "`nn.ReLU(inplace=True)` "
            "work in place. Write `x = x - …` instead."
        )
    return None


def output_of(network: nn.Module, images: Tensor, where: str) -> Tensor | str:
    """Return what a network or layer makes of images, or say why it stopped or gives no tensor."""
    try:
        output = run(network, images)
    except Exception as error:
        trace = Trace(network, images, training=network.training)
        known = CALLS_ITSELF if trace.calls > 1 else why_stopped(trace)
        known += _made_but_lost(network, known) + _unfinished_lists(network, trace, known)
        many_axes = any(step.output.dim() > 4 for step in trace.given)
        if trace.calls < 2 and len(trace.given) < 2 and not FACTS.search(known) and not many_axes:
            known = _diagnosis(network, images) or known
        if known.startswith(("layer ", "the ", "an ")):
            known = upper_first(known)
        output = describe(error, known)
    return output if isinstance(output, Tensor) else f"{where}: {lower_first(output)}"


def wrong_shape(
    network: nn.Module, images: Tensor, output: Tensor, right: tuple[int, ...], where: str
) -> str | None:
    """Say that an output has not the right shape, and which layer or call makes it so."""
    if output.dim() == 4 and output.shape != right and sorted(output.shape) == sorted(right):
        return (
            f"{where}: the output has the shape {tuple(output.shape)}, but it should be {right}. "
            "These are the same axes in another order."
        )
    problem = shape_problem(output, right, where)
    return problem and f"{problem}{_who_made(Trace(network, images), right)}"


# ------------------------------------------------------------------------------------------ running
def run(module: Any, *inputs: Tensor) -> Tensor | str:
    """Return the module's output on these inputs, or the sentence that says why there is none.

    Where the module allows it, the size of the output is first determined without computing it: an
    answer with a zero too many must not fill the memory.
    """
    if (elements := _output_elements(module, inputs)) and elements > MAX_ELEMENTS:
        gigabytes = elements * 4 / 1e9
        return (
            f"The output would have {elements:,} values ({gigabytes:.1f} GB), far more than needed."
        )
    with torch.no_grad():
        output = module(*inputs)
    if isinstance(output, Tensor):
        return output
    return no_tensor(output, type(module).forward if isinstance(module, nn.Module) else module)


def _output_elements(module: Any, inputs: Sequence[Tensor]) -> int | None:
    """Return the number of elements of the output, or `None` if only a run can tell.

    Only a module with a large setting is asked, because asking imports 75 MB of torch.
    """
    if not isinstance(module, nn.Module) or not any(number > LARGE for number in _settings(module)):
        return None
    if any(map(is_lazy, (*module.parameters(), *module.buffers()))):
        return None
    try:  # a copy: `functional_call` leaves the weights of a layer with two names on meta
        output = copy.deepcopy(module).to("meta")(*(x.to("meta") for x in inputs))
    except Exception:  # the real run raises it again, in the words that a student will meet
        return None
    return output.numel() if isinstance(output, Tensor) else None


def _settings(module: nn.Module) -> Iterator[float]:
    """Yield the numbers in a module's attributes and in its code, its channels left out."""
    for part in module.modules():
        values = [v for k, v in vars(part).items() if not k.endswith(("channels", "features"))]
        code = getattr(type(part).forward, "__code__", None)
        stack = [*values, *getattr(code, "co_consts", ())]
        while stack:
            value = stack.pop()
            if isinstance(value, int | float):
                yield value
            elif isinstance(value, tuple | list):
                stack.extend(value)


# --------------------------------------------------------------------------------- why it stopped
def _made_but_lost(network: nn.Module, said: str) -> str:
    """Say that a layer in a sentence has the name of a variable of `__init__`, which is gone."""
    made = getattr(type(network).__init__, "__code__", None)
    if made is None:
        return ""
    variables = made.co_varnames[made.co_argcount :]
    lost = [n for n in variables if f"`{n}`" in said and n not in made.co_names]
    if not lost:
        return ""
    return (
        f" In `__init__`, `{lost[0]} = …` only makes a variable, which is gone when it ends. Write "
        f"`self.{lost[0]} = …`."
    )


def _unfinished_lists(network: nn.Module, trace: Trace, said: str) -> str:
    """Name lists of layers that are empty, or whose first layers alone ran before an error."""
    lists = {n: m for n, m in network.named_modules() if isinstance(m, nn.ModuleList)}
    if empty := [f"`{name}`" for name, layers in lists.items() if not len(layers)]:
        return (
            f" No layer is in {', '.join(empty)}. Was nothing appended, or was a zip, a generator "
            "or a reversed list gone through before? That works only once, so make a list of it "
            "first: `list(zip(…))`."
        )
    stopped = re.match(r"`(\w+)` takes ", said)
    never, made = set(trace.never_called), trace.given[:1]
    for name, layers in lists.items() if stopped and stopped[1] not in lists else ():
        ran = [
            not any(path.startswith(f"{name}.{place}") for path in never)
            for place in range(len(layers))
        ]
        here = any(step.origin.layer.startswith(f"`{name}.") for step in made)
        if here and any(ran) and not all(ran):
            return (
                f" Only {sum(ran)} of the {len(ran)} layers in `{name}` ran before it. Does a line "
                "stand too far to the right, inside the loop?"
            )
    return ""


def _diagnosis(network: nn.Module, images: Tensor) -> str:
    """Return the inspector's diagnosis of an error; empty if it has none."""
    try:
        with torch.no_grad():
            recorder = Recorder(copy_to_run(network, on_meta=False), on_meta=False)
            graph = Graph(recorder.run((images.clone(),), {}))
            attempt = Attempt(network, (images,), {}, graph)
            told = first_that_applies(FAILED_RUN, attempt)[1] or ""
            return "" if "inspect_unet" in told else told  # advice for those who call it
    except Exception:  # it cannot be copied, or what it does cannot be followed
        return ""


# ------------------------------------------------------------------------------- who made the shape
def _who_made(trace: Trace, right: tuple[int, ...]) -> str:
    """Say what made the shape wrong: the last call that changed it, or each that changes the size.

    What is looked at first is the rank and the batch, then the channels, then height and width.
    """
    if not trace.used:
        return ""
    if trace.used[-1].output.shape[:2] == right[:2] and trace.used[-1].size:
        return _sizes(trace)

    def at(step: Step, axis: int) -> Any:
        shape = tuple(step.output.shape)
        return shape[axis] if len(shape) == len(right) else shape

    axis = 0 if at(trace.used[-1], 0) != right[0] else 1
    never = never_called(trace)
    for step in reversed(trace.used):
        changed = step.inputs and at(step, axis) != at(step.inputs[0], axis)
        if not changed and not (axis and step.name in LAYERS):
            continue
        of, made = tuple(step.inputs[0].output.shape), tuple(step.output.shape)
        if changed and axis and step.name == "cat" and len(step.inputs) > 1:
            joined = " and ".join(map(with_shape, step.inputs))
            return f" `cat` stacks {joined}, which makes {made[1]} channels.{never}"
        if axis and (better := _not_returned(trace, right)):
            return better
        if not changed:
            return f" {upper_first(step.call)} takes {of[1]} channels and returns as many.{never}"
        if axis:
            channels = f"{of[1]} channel{'s' * (of[1] > 1)} into {made[1]}"
            return f" {upper_first(step.call)} turns {channels}.{never}"
        turns = f" {upper_first(step.call)} turns shape {of} into shape {made}."
        if step.name == "stack":
            turns += f" {CONCATENATES}"
        if step.name == "cat" and (dim := step.settings.get("dim", 0) % 4) != 1:
            turns += f" It joins along dim={dim}, {JOINED_AXES[dim]}; channels are dim=1."
        return turns
    return f" No step in it changes that.{never}"


def _not_returned(trace: Trace, right: tuple[int, ...]) -> str:
    """Name a layer's output that has the right shape and is no part of the result; "" if none."""
    for step in reversed(trace.steps):
        if step.kind == "layer" and step not in trace.used and step.output.shape[1:] == right[1:]:
            return (
                f" Your network returns {with_shape(trace.used[-1])}. It also computes "
                f"{with_shape(step)}, but doesn't return it."
            )
    return ""


def never_called(trace: Trace) -> str:
    """Name the layers with weights that no call of the network's ran; "" if all ran."""
    names = [f"`{name}`" for name in trace.never_called]
    if not names:
        return ""
    verb, them = ("is", "it") if len(names) == 1 else ("are", "them")
    more = " and more" if len(names) > 4 else ""
    return f" {', '.join(names[:4])}{more} {verb} never called: does `forward` need {them}?"


def _sizes(trace: Trace) -> str:
    """Return the sizes that an image goes through, each with the call that makes it."""
    path, last = [], trace.steps[0]
    for step in trace.used:
        if step.size and step.inputs and step.inputs[0].size not in (None, step.size):
            path.append(f"{sizes_as_text(step.size)} ({step.call})")
            last = step
    first = sizes_as_text(trace.steps[0].output.shape[2:])
    shown = " → ".join([first, *(["…"] if len(path) > MOST_CHANGES else []), *path[-MOST_CHANGES:]])
    window = f" {upper_first(last.call)}:{last.window}" if last.window else ""
    if any(step.kind == "join" for step in trace.used):
        window += next((f" {said}" for step in trace.used if (said := step.far_padding)), "")
    return f" The sizes are {shown}.{window}" if path else " No step in it changes that."
