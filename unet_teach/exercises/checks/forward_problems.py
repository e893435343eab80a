"""Sentences about what a student's `forward` does wrong, from runs and traces of it."""

import copy
import re
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from unet_teach.exercises.checks.forward_trace import Step, Trace, with_shape
from unet_teach.exercises.checks.functions import upper_first
from unet_teach.exercises.checks.outputs import never_called
from unet_teach.exercises.checks.outputs import output_problem as output_problem
from unet_teach.exercises.checks.stopped_call import why_stopped
from unet_teach.exercises.sandbox import describe
from unet_teach.shared.sizes_as_text import sizes_as_text

NOT_JOINED = "nothing is joined"


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
            f"{upper_first(name)} cuts the gradient of {', of '.join(sources[:3])}{more}. The "
            "values still pass, but no gradient flows back, so nothing before it on this path can "
            "learn."
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
    advice += never_called(trace)
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
        given = with_shape(step.inputs[0]) if step.inputs else ""
        what = f"{upper_first(step.call)} changes {given}"
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
                return f"{upper_first(step.call)} scales or shifts {given}. Leave it as it is."
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
