"""Sentences about what a student's `forward` does wrong, from runs and traces of it."""

import copy
import re
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from unet_teach.exercises.checks.forward_trace import LAYERS, Step, Trace, with_shape
from unet_teach.exercises.checks.functions import lower_first
from unet_teach.exercises.checks.running import run
from unet_teach.exercises.checks.stopped_call import CONCATENATES, JOINED_AXES, why_stopped
from unet_teach.exercises.checks.tensors import shape_problem
from unet_teach.exercises.sandbox import describe
from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.python_mistakes import CALLS_ITSELF
from unet_teach.inspection.diagnosis.table import FAILED_RUN, first_that_applies
from unet_teach.inspection.graph import Graph
from unet_teach.inspection.model_copy import copy_to_run
from unet_teach.inspection.recorder import Recorder
from unet_teach.inspection.recording import Recording
from unet_teach.shared.sizes_as_text import sizes_as_text

FACTS = re.compile(" takes | can't join ")  # what the inspector could not say better
NOT_JOINED = "nothing is joined"
MOST_CHANGES = 8  # of the size that are listed


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
            known = _capital(known)
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

    def record(given: Tensor) -> Recording:
        return Recorder(copy_to_run(network, on_meta=False), on_meta=False).run((given,), {})

    def runs_with(sizes: dict[int, int]) -> bool:
        shape = [sizes.get(axis, size) for axis, size in enumerate(images.shape)]
        return record(torch.zeros(shape)).error is None

    try:
        with torch.no_grad():
            graph = Graph(record(images.clone()))
            attempt = Attempt(network, (images,), {}, graph, runs_with)
            told = first_that_applies(FAILED_RUN, attempt)[1] or ""
            return "" if "inspect_unet" in told else told  # advice for those who call it
    except Exception:  # it cannot be copied, or what it does cannot be followed
        return ""


def repeat_problem(network: nn.Module, images: Tensor) -> str | None:
    """Say what makes the output for the same images differ at the next call."""
    if kept := _earlier_problem(network, images):
        return kept
    first, second = Trace(network, images), Trace(network, images)
    if not (first.used and second.used):
        unknown = "The output is not computed from the input with functions of PyTorch."
        return gradient_problem(network, images) or unknown
    if not (step := first.first_difference(second)):
        return None
    given = " and ".join(map(with_shape, step.inputs)) or "the input"
    cause = f"The first result that differs is that of {step.call}, whose input is {given}."
    if step.name == "dropout":
        cause = (
            "`F.dropout` drops other values at each call, even in evaluation mode. "
            "Give it `training=self.training`, or use an `nn.Dropout`."
        )
    elif first.random:
        cause = f"`{first.random[0]}` draws new random numbers at each call."
    return f"In evaluation mode, the same input gives a different output at the next call. {cause}"


def _earlier_problem(network: nn.Module, images: Tensor) -> str | None:
    """Say that the output for an image depends on the image of an earlier call."""
    other = images.flip(-1) + 1
    try:
        new = copy.deepcopy(network).eval()
        mode = network.training
        with torch.no_grad():
            outputs = []
            for called, given in ((network.eval(), images), (network, other), (new, other)):
                torch.manual_seed(0)  # what it draws is another mistake
                outputs.append(called(given))
        network.train(mode)
        if torch.allclose(outputs[1], outputs[2], rtol=1e-4, atol=1e-6, equal_nan=True):
            return None
    except Exception:  # it cannot be copied, or not be called: another check says why
        return None
    held = {k: v if isinstance(v, list | tuple) else [v] for k, v in vars(network).items()}
    kept = [k for k, v in held.items() if k[0] != "_" and any(isinstance(x, Tensor) for x in v)]
    where = f" `self.{kept[0]}` keeps what was computed then." if kept else ""
    return (
        f"The output for an image depends on earlier calls of your network.{where} Compute it anew "
        "in each call of `forward`, from its input."
    )


def kept_problem(network: nn.Module, images: Tensor) -> str | None:
    """Say that lists of the network grow from call to call, as with skips kept in `self`."""
    sizes = []
    for _ in range(2):
        with torch.no_grad():
            network(images)
        lists = {f"self.{k}": v for k, v in vars(network).items() if isinstance(v, list)}
        sizes.append({name: len(items) for name, items in lists.items()})
    grown = [name for name, size in sizes[1].items() if size > sizes[0].get(name, size)]
    if not grown:
        return None
    return (
        f"`{grown[0]}` gets longer at each call, so the feature maps of all images stay in memory. "
        "Make the list in `forward`, as in `skips = []`."
    )


def batch_problem(network: nn.Module, images: Tensor) -> str | None:
    """Say what makes the output for an image depend on the other images of its batch."""
    together, alone = Trace(network, images), Trace(network, images[-1:])
    if not (together.used and alone.used):
        return (
            f"Your network was called with {len(images)} images, then with the last of them alone, "
            f"and one of the two calls failed. {why_stopped(alone)} Does it keep feature maps from "
            "one call to the next?"
        )
    if not (step := together.first_difference(alone)):
        return None
    return (
        "The output for an image depends on the other images of its batch. The first result that "
        f"does so is that of {step.call}, whose input is {step.inputs[0].text}."
    )


def gradient_problem(network: nn.Module, images: Tensor, trace: Trace | None = None) -> str | None:
    """Say why the network cannot be trained, or name the calls that cut the gradient.

    `trace` is what an equal network does with the images, where that is known already.
    """
    trace = trace or Trace(network, images)
    # When nothing has a gradient, a call that rounds may be the cause as well.
    lost = isinstance(trace.result, Tensor) and not trace.result.requires_grad
    cuts = [
        step
        for step in trace.used or trace.steps
        if step.cuts_gradient and (lost or step.output.is_floating_point()) and step.inputs
    ]
    if cuts:
        name = f"`{cuts[0].name}`"
        if cuts[0].output.is_floating_point() and cuts[0].name not in ("detach", "data"):
            name = f"{cuts[0].call} runs as if inside `torch.no_grad()`, which"
        sources = list(dict.fromkeys(with_shape(step.inputs[0]) for step in cuts))
        more = ", and more" if len(sources) > 3 else ""
        return (
            f"{_capital(name)} cuts the gradient of {', of '.join(sources[:3])}{more}. The values "
            "still pass, but no gradient flows back, so nothing before it on this path can learn."
        )
    if lost and not any(weight.requires_grad for weight in network.parameters()):
        return (
            "It doesn't learn: all its weights are frozen (`requires_grad=False`), so no gradient "
            "flows back to any of them."
        )
    if lost and not any(step.kind == "layer" or step.layer for step in trace.steps):
        return "No layer of your network is called in `forward`, so there is nothing to train."
    if lost:
        return (
            "No gradient flows back from the output to any weight. It is lost where values leave "
            "PyTorch, as with `.numpy()`, `.item()`, `.tolist()` or `torch.tensor(…)`, and where "
            "weights are frozen."
        )
    try:
        network(images).sum().backward()
    except Exception as error:
        changed = re.search(r"inplace operation.*output \d+ of (\w+?)(Backward|,)", str(error))
        step = f" What is changed is the result of `{changed[1].lower()}`." if changed else ""
        return (
            "The output has the right shape, but no gradient can be computed. "
            f"{describe(error)}{step}"
        )
    return None


def skips_problem(trace: Trace, sizes: Sequence[tuple[int, int]]) -> str | None:
    """Say at which of these sizes no live skip arrives, and what happens there."""
    missing = [size for size in sizes if size not in trace.skips]
    if not missing:
        return None
    facts: dict[str, list[str]] = {}
    for size in missing:
        facts.setdefault(_without_skip(trace, size), []).append(sizes_as_text(size))
    texts = "; ".join(f"at {', '.join(at)}, {fact}" for fact, at in facts.items())
    if len(facts) == 1:
        texts = next(iter(facts))
    advice = " Keep the encoder's feature map of that size, and join it to the decoder's."
    advice += _never_called(trace)
    return (
        f"{'In training mode, o' if trace.training else 'O'}n a "
        f"{sizes_as_text(trace.steps[0].output.shape[2:])} image, no skip arrives at "
        f"{', '.join(map(sizes_as_text, missing))}: {texts}.{advice if NOT_JOINED in facts else ''}"
    )


def _without_skip(trace: Trace, size: tuple[int, int]) -> str:
    """Say what happens at a size at which no skip arrives."""
    for step in sorted(trace.used, key=lambda step: not step.across):  # stable: the rest in order
        if step.kind == "join" and step.size is None and any(s.size == size for s in step.inputs):
            parts = " and ".join(map(with_shape, step.inputs))
            return f"`{step.name}` turns {parts} into shape {tuple(step.output.shape)}"
        if step.size != size or not (step.kind == "join" or step.name in ("add", "cat")):
            continue
        if step.across:
            joins = f"`{step.name}` joins {with_shape(step.across)}"
            if not step.across.is_constant:
                return f"{joins}, which has no effect on the output"
            value = "the same" if step.across.output.any() else "zero"
            return f"{joins}, but what arrives is {value} in all positions"
        if step.kind == "join":
            parts = " and ".join(map(_with_source, step.inputs))
            why = "the encoder's feature map of this size is not among them"
            if any(s.follows_layer and s.min_height >= size[0] for s in step.inputs):
                why = "none of them comes up from a smaller one"
            return f"`{step.name}` joins {parts}, but {why}"
        before = step.inputs[0].output
        joins = f"`{step.name}` joins {with_shape(step.inputs[0])}"
        doubled = (2 * before, torch.cat([before, before], dim=1))
        if any(torch.equal(step.output, double) for double in doubled):
            return f"{joins} with itself"
        if not step.identical:
            return f"{joins} with something that is not computed from the image"
    for step in trace.steps:
        if step.across and step.size == size:
            parts = " and ".join(map(with_shape, step.inputs))
            return f"`{step.name}` joins {parts}, but the output doesn't depend on the result"
    return NOT_JOINED


def _with_source(step: Step) -> str:
    """Return where a step's output comes from; of a 1×1 convolution, its input as well."""
    origin = step.origin
    if origin.kind == "layer" and origin.kernel_size == (1, 1):
        return f"{with_shape(step)[:-1]}, made of {origin.inputs[0].text})"
    return with_shape(step)


def other_steps_problem(trace: Trace, *, to_the_end: bool = False) -> str | None:
    """Name the first call that is no layer, join, activation or resizing.

    Args:
        trace: of the student's network.
        to_the_end: whether to look at the calls after the last layer, too.
    """
    steps = trace.used if to_the_end else trace.until_last_layer
    for step in steps:
        what = f"{_capital(step.call)} changes {with_shape(step.inputs[0])}" if step.inputs else ""
        if step.kind == "other" and step.name != "stack":
            if step.inputs[0].output.shape != step.output.shape:
                what += f" to shape {tuple(step.output.shape)}"
            elif "softmax" in step.name:
                what += " so that its channels add up to 1"
            else:
                what += (
                    ", and treats a value differently depending on its position or on other values"
                )
            return f"{what}. Use only layers, activations and joins of two feature maps here."
        if step.kind == "pointwise" and not (step.identical or "norm" in step.name):
            if step.origin.kind == "image":
                return f"{what} before the first layer. Give the image to that layer as it is."
            used_by = [user.kind for user in trace.used if step in user.inputs]
            finished = not used_by or "join" in used_by or "layer" in used_by
            if step.scales and finished and _scales_map(step):
                source = with_shape(step.inputs[0])
                return f"{_capital(step.call)} scales or shifts {source}. Leave it as it is."
    return None


def activation_problem(trace: Trace, needed: Callable[[Step, Step], bool]) -> str | None:
    """Say between which layers an activation is missing.

    Args:
        trace: of the student's network.
        needed: whether an activation belongs between these two consecutive layers.
    """
    pairs = [
        f"between {first.call} and {second.call}"
        for first, second in trace.not_activated
        if needed(first, second)
    ]
    if not pairs:
        return None
    pairs = list(dict.fromkeys(pairs))
    shown = 3 if len(pairs) == 3 else 2
    more = f", nor in {len(pairs) - shown} other places" if len(pairs) > shown else ""
    return f"There is no activation {', nor '.join(pairs[:shown])}{more}."


def logits_problem(trace: Trace, *, scaled: bool = False) -> str | None:
    """Say what comes after the last layer, whose output has to be returned as it is.

    Args:
        trace: of the student's network.
        scaled: whether steps that only scale, shift or crop may follow.
    """
    for step in trace.tail:
        if not (step.identical or (scaled and step.changes_nothing)):
            return (
                f"Your output is {trace.until_last_layer[-1].call}'s output after {step.call}. "
                "It should be logits, which may be any numbers: return what the last layer "
                "returns as it is."
            )
    return None


def _scales_map(step: Step) -> bool:
    """Whether a step scales a finished feature map; `0.5 * x * (1 + tanh(x))` is one activation."""
    while step.kind == "pointwise" and step.affine:
        step = step.inputs[0]
    return step.kind != "pointwise" or len(step.inputs) == 1


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


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
    never = _never_called(trace)
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
            return f" {_capital(step.call)} takes {of[1]} channels and returns as many.{never}"
        if axis:
            channels = f"{of[1]} channel{'s' * (of[1] > 1)} into {made[1]}"
            return f" {_capital(step.call)} turns {channels}.{never}"
        turns = f" {_capital(step.call)} turns shape {of} into shape {made}."
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


def _never_called(trace: Trace) -> str:
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
    window = f" {_capital(last.call)}:{last.window}" if last.window else ""
    if any(step.kind == "join" for step in trace.used):
        window += next((f" {said}" for step in trace.used if (said := step.far_padding)), "")
    return f" The sizes are {shown}.{window}" if path else " No step in it changes that."
