"""Diagnoses of failed runs that are not about shapes: arguments, missing parts, dtypes, types."""

from __future__ import annotations

import ast
import inspect
import math
import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.init_code import right_with_a_name
from unet_teach.inspection.diagnosis.layer_settings import given_to_last, kind_of_layer
from unet_teach.inspection.diagnosis.own_code import is_given
from unet_teach.inspection.diagnosis.source import (
    Change,
    parts_at,
    runs_with_code,
    statement_at,
    text_of,
)
from unet_teach.inspection.diagnosis.trials import runs_when
from unet_teach.inspection.plain_lists import hidden_layers, meta_note
from unet_teach.inspection.recording import Value, find_all, ops_back
from unet_teach.inspection.wording import (
    listed,
    module_name,
    op_name,
    shape_text,
    weight_name,
)
from unet_teach.shared.torch_messages import explain_message


def layer_on_meta(attempt: Attempt) -> str:
    """Some of the network's weights have no values, while others have."""
    return meta_note(attempt.model) if "meta" in attempt.message else ""


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
        given = ["one value" if len(args) == 1 else f"{len(args)} values", *kwargs]
        is_missing = "missing" in str(mismatch) and not kwargs
        more = " Give each a tensor or its shape: inspect_unet(model, (1, 3, 64, 64), (1, 4))."
        one = " Give a tensor or its shape: inspect_unet(model, (1, 3, 64, 64))."
        example = (_what_runs(attempt, signature) or more if args else one) if is_missing else ""
        if len(args) > 1 and all(isinstance(a, int) for a in args):
            example = f" A shape is one tuple: inspect_unet(model, {args})."
        if not signature.parameters and len(args) == 1:
            example = " Is `self` missing? The first argument is the network: def forward(self, x)."
        return f"It takes forward{signature}; given: {', '.join(given)}: {mismatch}.{example}"
    return ""


MAP_LIKE = re.compile(r"x\d*$|im(a)?g|mask|cond|ref|skip|map|feat|guid|other")


def _what_runs(attempt: Attempt, signature: inspect.Signature) -> str:
    """Say with which values for what is missing the network runs: one an image, or a map."""
    args, takes = attempt.args, list(signature.parameters.values())
    lacking = [p for p in takes[len(args) :] if p.default is p.empty]
    missing = [p.name for p in lacking if p.kind <= p.POSITIONAL_OR_KEYWORD]
    by_name = [p.name for p in lacking if p.kind is p.KEYWORD_ONLY]
    count = len(missing + by_name)
    if count not in (1, 2) or not all(isinstance(a, Tensor) and a.dim() for a in args):
        return ""
    given, batch = [tuple(a.shape) for a in args], len(args[0])
    shapes = [(batch,), given[0], (batch, 1)]
    if any(MAP_LIKE.search(name.lower()) for name in missing + by_name):
        shapes = [given[0], (batch,), (batch, 1)]
    tried = [(str(shape), f"torch.zeros({shape})", torch.zeros(shape)) for shape in shapes]
    whole = f"torch.zeros({batch}, dtype=torch.long)"
    tried.insert(shapes.index((batch,)) + 1, (whole, whole, torch.zeros(batch, dtype=torch.long)))
    for text, made, tensor in tried:
        both = (*args, *[tensor] * len(missing)), dict.fromkeys(by_name, tensor)
        if runs_when(attempt, given=both):
            names = listed(f"`{name}`" for name in missing + by_name)
            named = [f"{name}={made}" for name in by_name]
            call = ", ".join(map(str, (*given, *[text] * len(missing), *named)))
            what = "one number an image" if tensor.dim() == 1 else "a tensor"
            return f" With {what} for {names} it runs: inspect_unet(model, {call})."
    return ""


def embedding_of_floats(attempt: Attempt) -> str:
    """An embedding looks up whole numbers and is given floats, which a shape becomes."""
    if "'indices'" not in attempt.message or "scalar types" not in attempt.message:
        return ""
    given = attempt.failed_op.arguments.get("indices") if attempt.failed_op else None
    shape = given.shape if isinstance(given, Value) else (1,)
    became = (
        f"a shape became floats. Give a tensor: torch.zeros({shape}, dtype=torch.long)."
        if any(tensor.is_meta for tensor in find_all((attempt.args, attempt.kwargs), Tensor))
        else f"is given floats, {shape_text(shape)}. x.long() makes whole numbers of them, if they "
        "are labels or steps and no image."
    )
    return f"{attempt.stopped_in} looks things up by whole numbers, and {became}"


def made_of_a_fixed_size(attempt: Attempt) -> str:
    """A tensor that the forward makes itself meets a map of another size."""
    op = attempt.failed_op
    if op is None or not op.is_pointwise or "must match the size" not in attempt.message:
        return ""
    maps = op.from_input
    made = [v for v in op.inputs if not v.depends_on_input and v.op is not None and not v.name]
    if not maps or not made or made[0].op is None or _comes_from_weight(made[0]):
        return ""
    told = (
        f"In {attempt.stopped_in}, a tensor of {shape_text(made[0].shape)}, which forward makes by "
        f"{op_name(made[0].op)}, meets a map of {shape_text(maps[0].shape)}."
    )
    if maps[0].shape[-2:] == made[0].shape[:-3:-1]:
        return f"{told} {TURNED.format(shape_text(made[0].shape[-2:]))}"
    return (
        f"{told} Make it as large as the map: torch.randn_like(x), torch.zeros_like(x), or with "
        "the sizes in x.shape."
    )


def _comes_from_weight(value: Value) -> bool:
    inputs = value.op.inputs if value.op else ()
    return bool(value.name) or any(map(_comes_from_weight, inputs))


DTYPES_DIFFER = re.compile(r"dtype|scalar type|type .*(same|cast)|not implemented for '")
TYPES_IN_MESSAGES = re.compile(r"complex|bfloat16|double|float|half|long|uint8|int|bool")


def dtypes_do_not_match(attempt: Attempt) -> str:
    """Numbers of two types meet, or an operation does not exist for a type of numbers."""
    recording, op = attempt.recording, attempt.failed_op
    if not DTYPES_DIFFER.search(attempt.message):
        return ""
    given = dict.fromkeys(v.dtype for v in recording.inputs)
    weights = dict.fromkeys(v.dtype for v in recording.weights if v.is_floating)
    meeting = [v for v in op.inputs if v.dtype] if op else []
    said = attempt.message.lower().replace("unsigned char", "uint8").replace("byte", "uint8")
    said = said.replace("long int", "long")
    named = [str(getattr(torch, t, t)).rpartition(".")[2] for t in TYPES_IN_MESSAGES.findall(said)]
    types = list(dict.fromkeys([v.dtype for v in meeting] or named))
    place = attempt.wording.layer(op) if op else attempt.stopped_in
    told = f"Types of numbers do not fit in {place}: {' meets '.join(types)}."
    if given and weights and not set(given) & set(weights):
        remedy = (
            f"Convert one: x.to(torch.{next(iter(weights))}), or model.to(x.dtype)."
            if any(v.is_floating for v in recording.inputs)
            else "Make it float: x.float() / 255 for an image with values from 0 to 255, otherwise "
            "x.float()."
        )
        return (
            f"In {attempt.stopped_in} two types of numbers meet: the input is {', '.join(given)}, "
            f"the network's weights are {', '.join(weights)}. {remedy}"
        )
    if not types:
        return ""
    whole = [v for v in meeting if not v.is_floating]
    if op and len(types) == 1 and whole:
        return (
            f"{place} ({op_name(op)}) does not work on {types[0]}, and is given "
            f"{shape_text(whole[0].shape)} of them: convert it first, x.float()."
        )
    if whole and len(types) > 1:
        return (
            f"{told} The {whole[0].dtype}, {shape_text(whole[0].shape)}, is made by "
            f"{attempt.wording.maker(whole[0])}: convert it before, x.float()."
        )
    usual = next(iter(given), "float32")
    if "complex" in " ".join((said, *types)):
        return (
            f"{place} is given complex numbers, as torch.fft makes them, and takes real ones: "
            "x.abs(), or torch.cat([x.real, x.imag], dim=1), which has twice as many channels."
        )
    other = next((t for t in types if t != usual), usual)
    if odd := [
        v.name
        for v in recording.weights
        if v.dtype == other and f"{v.name}.".startswith(f"{place}.")
    ]:
        told += f" `{odd[0]}` is {other}"
        lists = [p.partition("[")[0] for p in hidden_layers(attempt.model) if odd[0].startswith(p)]
        if lists:
            return (
                f"{told}: it is in a plain list or dict, `{lists[0]}`, where .to(…) and .double() "
                "do not reach it. Keep its layers in an nn.ModuleList, or nn.ModuleDict."
            )
        return (
            f"{told}{', as from NumPy or .double()' * (other == 'float64')}. Convert it where it "
            f"is made, .to(torch.{usual}), or the whole network: model.to(torch.{usual})."
        )
    last = given_to_last(attempt)
    met = [v for v in (meeting or filter(None, [last])) if v.dtype in (other, "")]
    if first := _first_of_type(attempt, met, other, usual):
        return f"{told} {first}"
    made = [v for o in recording.ops[-1:] for v in o.outputs if not v.is_floating]
    if made and not meeting:
        return (
            f"Types of numbers do not fit in {place}: {op_name(recording.ops[-1])} in "
            f"{module_name(recording.ops[-1].module)} made {other}, and its weights are {usual}. "
            "Class numbers and masks of True and False are for what comes after the network: leave "
            f"it out of forward, or convert back, x.to(torch.{usual})."
        )
    return f"{told} Convert the {other} where it is made: .to(torch.{usual})."


CONVERSIONS = ("double", "half", "bfloat16", "to", "type", "astype")


def _first_of_type(attempt: Attempt, met: list[Value], other: str, usual: str) -> str:
    """Say which line brings in numbers of another type, and what to write there."""
    before, to_do = set[Value](), list(met)
    while to_do:
        before.add(value := to_do.pop())
        to_do += [v for v in (value.op.inputs if value.op else ()) if v not in before]
    ops = (op for op in attempt.recording.ops if before & {*op.outputs})
    first = (
        o for o in ops if other in [v.dtype for v in (*o.inputs, *o.outputs) if not v.is_input]
    )
    if (op := next(first, None)) is None or (statement := statement_at(op.line)) is None:
        return ""
    text = text_of(statement)
    told = f"The first {other} comes from line {op.line[1]}, `{text}`."
    to_usual = ".float()" if usual == "float32" else f".to(torch.{usual})"
    nodes = parts_at(op.line, ast.Call | ast.BinOp | ast.Name | ast.Subscript | ast.Attribute)
    called = {getattr(node, "func", None) for node in nodes}
    changes: list[Change] = []
    for node in reversed(nodes):
        text, func = text_of(node), getattr(node, "func", None)
        if isinstance(func, ast.Attribute) and func.attr in CONVERSIONS:
            changes.insert(0, (node, text_of(func.value)))
        elif node not in called and not isinstance(getattr(node, "ctx", None), ast.Store):
            text = f"({text})" if isinstance(node, ast.BinOp) else text
            changes.append((node, f"{text}{to_usual}"))
    for node, new in changes[:MOST_TRIALS]:
        if runs_with_code(attempt, (node, new)):
            return f"{told} With `{new}` there, the network runs."
    return f"{told} Convert it there: {to_usual}."


def ranks_do_not_match(attempt: Attempt) -> str:
    """Tensors with different numbers of dimensions are joined, such as a vector and a map."""
    op = attempt.failed_op
    met = [v for v in dict.fromkeys(op.inputs) if v.shape] if op else []
    if op is None or len({len(v.shape) for v in met}) < 2:
        return ""
    is_join = op.is_pointwise or op.name in ("cat", "stack")
    if not is_join or any(map(weight_name, met)):  # positions that are fixed are another matter
        return ""
    shapes = zip(*(reversed(v.shape) for v in met), strict=False)
    if op.is_pointwise and all(len({n for n in sizes if n != 1}) < 2 for sizes in shapes):
        return ""
    small, large = (end(met, key=lambda v: len(v.shape)) for end in (min, max))
    told = (
        f"In {attempt.wording.layer(op)} ({op_name(op)}) tensors with different numbers of "
        f"dimensions meet: {shape_text(small.shape)} (made by {attempt.wording.maker(small)}) and "
        f"{shape_text(large.shape)} (made by {attempt.wording.maker(large)})."
    )
    missing = len(large.shape) - len(small.shape)
    if op.is_pointwise and not small.depends_on_input and small.shape[-2:] == large.shape[:-3:-1]:
        return f"{told} {TURNED.format(shape_text(small.shape[-2:]))}"
    if layer := _took_channels_for_batch(attempt, small):
        return f"{told} {layer}"
    if missing == 1 and small.shape == (large.shape[0], *large.shape[2:]):
        return f"{told} The one axis of channels is missing: x.unsqueeze(1), or keepdim=True."
    if small.shape[0] == large.shape[0] and len(small.shape) == 2:
        index = f"x[{', '.join([':'] * len(small.shape) + ['None'] * missing)}]"
        expand = f".expand(-1, -1, *other.shape[{len(small.shape)}:])" if op.name == "cat" else ""
        return f"{told} Give the smaller one as many axes, at its end: {index}{expand}."
    if small.shape == large.shape[missing:] and op.name == "cat":
        return (
            f"{told} The batch is missing: x[None]. Was it taken by an index, or by x.squeeze(), "
            "which drops every dimension of size 1? x.squeeze(1) drops one."
        )
    return (
        f"{told} Sizes are compared from the last one on. Bring both to the same number of "
        "dimensions: x[:, :, None] adds one, x.flatten(2) joins height and width."
    )


def parts_do_not_fit(attempt: Attempt) -> str:
    """Concatenated tensors differ along another dimension, as a token without a batch does."""
    op = attempt.failed_op
    parts = [v for v in op.inputs if v.shape] if op else []
    if op is None or op.name not in ("cat", "stack") or len({len(v.shape) for v in parts}) != 1:
        return ""
    joined = op.arguments.get("dim", 0) % len(parts[0].shape) if op.name == "cat" else -1
    sides = enumerate(zip(*(v.shape for v in parts), strict=True))
    differ = [i for i, sizes in sides if i != joined and len(set(sizes)) > 1]
    if not differ:
        return ""
    shapes = " and ".join(f"{shape_text(v.shape)} ({attempt.wording.step(v)})" for v in parts[:3])
    told = f"{attempt.wording.layer(op)} joins {shapes}, which differ along dim {differ[0]}."
    if turned := [v for v in parts if _is_turned(v, parts)]:
        return f"{told} {TURNED.format(shape_text(turned[-1].shape[2:]))}"
    if differ == [0] and (fixed := [v for v in parts if v.shape[0] == 1 and weight_name(v)]):
        rest = ", ".join(["-1"] * (len(fixed[0].shape) - 1))
        return (
            f"{told} Repeat `{weight_name(fixed[0])}` for each image of the batch: "
            f".expand(x.shape[0], {rest})."
        )
    if op.name == "stack":
        return f"{told} stack takes tensors of one shape; torch.cat(…, dim=1) joins channels."
    return f"{told} Along every dimension but dim {joined}, where they are joined, they must agree."


TURNED = (
    "Height and width are exchanged in the {}: height comes first, as in "
    "torch.meshgrid(ys, xs, indexing='ij') or torch.zeros(n, c, h, w)."
)


def _is_turned(value: Value, others: Sequence[Value]) -> bool:
    """Return whether a tensor that forward made has a map's height for its width."""
    return not value.depends_on_input and any(
        len(v.shape) > 3 and v.shape[2:] == value.shape[:1:-1] != value.shape[2:]
        for v in others
        if v.depends_on_input
    )


def _took_channels_for_batch(attempt: Attempt, value: Value) -> str:
    """Name the layer on the way to a value that took three dimensions for a single image."""
    for op, before in pairwise(ops_back(value)):
        unsqueeze = before.inputs[0].op
        names = [each and each.name for each in (op, before, unsqueeze)]
        if unsqueeze and names == ["squeeze", "convolution", "unsqueeze"]:
            source = unsqueeze.inputs[0].op
            remedy = (
                "squeeze() before it drops every dimension of size 1, so the batch too if it is 1: "
                "leave it out, or name the dimension, x.squeeze(1)."
                if source and source.name == "squeeze"
                else "Keep all dimensions before it: keepdim=True in a mean or maximum, or "
                "x.unsqueeze(1)."
            )
            return (
                f"{attempt.wording.layer(before)} was given "
                f"{shape_text(before.arguments['input'].shape[1:])}, which it takes for one image "
                f"without a batch. {remedy}"
            )
    return ""


MOST_TRIALS = 24  # of channels, each a run without values
SHUFFLED = r"pixel_(un)?shuffle.*input.size\(-\d\)=(\d+) is not divisible by (\d+)"


def pixel_shuffle_does_not_divide(attempt: Attempt) -> str:
    """A pixel shuffle is given channels, or an unshuffle sides, that it cannot divide."""
    found = re.search(SHUFFLED, attempt.message)
    if found is None:
        return ""
    size, divisor = int(found[2]), int(found[3])
    near = [n for n in (size // divisor * divisor, size // divisor * divisor + divisor) if n]
    fitting, makes = (" or ".join(str(n // by) for n in near) for by in (1, divisor))
    if found[1]:
        return (
            f"{attempt.stopped_in} folds {divisor}×{divisor} pixels into channels, so height and "
            f"width must be divisible by {divisor}, and {size} is not: give it {fitting}, by a "
            "larger input or F.pad."
        )
    told = (
        f"{attempt.stopped_in} makes 1 channel of each {divisor}, so their number must be "
        f"divisible by {divisor}, and {size} is not. Let the layer before it make "
    )
    if needed := _shuffled_channels(attempt, [n // divisor for n in near]):
        return f"{told}{needed * divisor}: the rest of the network takes {needed} of it."
    return f"{told}{fitting}: {divisor} times the {makes} that come out."


def _shuffled_channels(attempt: Attempt, first: Sequence[int]) -> int:
    """Return how many channels a pixel shuffle must make for the network to run, or 0."""
    taken, made = (
        {0, *(getattr(module, name, 0) for module in attempt.model.modules())}
        for name in ("in_channels", "out_channels")
    )
    made |= {v.shape[1] for v in attempt.graph.values if len(v.shape) > 2}
    others = sorted({t - m for t in taken for m in made if t > m}, key=lambda n: abs(n - first[-1]))

    def fits(count: int) -> bool:
        def shuffle(x: Tensor, factor: int) -> Tensor:
            if x.shape[-3] % factor**2 == 0:
                return torch.pixel_shuffle(x, factor)
            *batch, _, height, width = x.shape
            return x.new_zeros(*batch, count, height * factor, width * factor)

        return runs_when(attempt, calls={torch.pixel_shuffle: shuffle})

    if all(map(fits, (*first, first[-1] + 1))):  # any number will do
        return 0
    return next(filter(fits, dict.fromkeys((*first, *others[:MOST_TRIALS]))), 0)


def wrong_rank(attempt: Attempt) -> str:
    """A layer expects a tensor with another number of dimensions."""
    message = attempt.message
    if "Expected" not in message or "batched" not in message:
        return ""
    named = re.search(r"of size: \[([\d, ]+)\]", message)
    shapes = [v.shape for v in attempt.recording.inputs]
    given = tuple(map(int, named[1].split(","))) if named else shapes[0] if shapes else ()
    what = "the input is" if given in shapes else "it is given"
    maps = [v.shape for v in attempt.graph.values if len(v.shape) > 2]
    before = next((s for s in reversed(maps) if math.prod(s) == math.prod(given)), None)
    if len(given) == 2 and before and given not in shapes:
        return (
            f"{is_given(attempt, given)}, which is {shape_text(before)}, flattened. "
            f"Leave the flattening out, or undo it: x.view(-1, "
            f"{', '.join(map(str, before[1:]))}), or nn.Unflatten(1, {before[1:]})."
        )
    own = f"In {attempt.stopped_in}, an operation" if attempt.is_own_code else ""
    return (
        f"{own or attempt.stopped_in} expects a tensor with another number of dimensions; "
        f"{what} {shape_text(given)}. Pictures are (N, C, H, W), volumes "
        "(N, C, D, H, W), series (N, C, L)."
    )


def input_is_no_tensor(attempt: Attempt) -> str:
    """The user gave something else than a tensor, such as a list of sizes or a path."""
    if not isinstance(attempt.error, TypeError | AttributeError):
        return ""
    numbered = [(str(i + 1), thing) for i, thing in enumerate(attempt.args)]
    given = [*numbered, *attempt.kwargs.items()]
    others = [(n, x) for n, x in given if x is not None and not list(find_all(x, Tensor))]
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


def operation_wants(attempt: Attempt) -> str:
    """An operation is given what it does not take, and torch's message has the numbers."""
    if not (known := explain_message(attempt.message)):
        return ""
    kind = kind_of_layer(attempt).strip(" ,")
    place = attempt.stopped_in + (f" ({kind})" if kind else "")
    remedy = _not_in_place(attempt) or known.remedy
    if found := re.fullmatch(r"Make it for (\d+)\.", remedy):
        named = right_with_a_name(attempt, attempt.recording.last_module, int(found[1]))
        remedy = f"{named[:1].upper()}{named[1:]}." if named else remedy
    return f"In {place}: {known.sentence} {remedy}".strip()


def _not_in_place(attempt: Attempt) -> str:
    """Say what to write where a line changes a weight in place."""
    if "leaf Variable" not in attempt.message:
        return ""
    place = attempt.code.place
    statement, target = statement_at(place), ast.expr()
    call = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(statement, ast.AugAssign):
        target, value = statement.target, text_of(statement.value)
        sign = text_of(statement).partition("=")[0]
        value = f"{sign} ({value})" if isinstance(statement.value, ast.BinOp) else f"{sign} {value}"
    elif isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
        target, name = call.func.value, call.func.attr
        value = text_of(call).replace(f".{name}(", f".{name.rstrip('_')}(", 1)
    if isinstance(target, ast.Name):
        return f"Write `{target.id} = {value}`."
    if not isinstance(target, ast.Attribute):
        return "Make a new tensor of it, without changing the weight, and use that."
    code = attempt.code
    new = f"new_{target.attr}" if target.attr in code.names else target.attr
    text = ast.unparse(target)
    return f"Write `{new} = {value}`, and `{new}` in place of `{text}` in the lines after it."


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
