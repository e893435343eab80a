"""What is wrong with the call that made one of two maps: a pad, a crop, a resizing, a view."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import takewhile

from unet_teach.inspection.axes import has_axis
from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.size_steps import Sizes
from unet_teach.inspection.diagnosis.source import given_by, parts_at, runs_with_code, text_of
from unet_teach.inspection.recording import Op, Value, ops_back, way_back
from unet_teach.inspection.wording import shape_text


def call_remedy(attempt: Attempt, first: Value, second: Value) -> str:
    """Say what is wrong with the call that made one of two maps: a pad, crop, resizing or view."""
    if 0 in (*first.shape, *second.shape):
        empty = first if 0 in first.shape else second
        if (start := _lowest_start(_slices(empty))) < 0:
            return (
                f"Nothing is left of one: its slice begins at {start}, which counts from the end. "
                f"{WRONG_WAY}"
            )
        return "Nothing is left of one: a slice such as [d:-d] takes nothing when d is 0."
    for value, other in ((first, second), (second, first)):
        wanted = other.shape[2:]
        for op in _last_ops(value):
            made, given = op.outputs[0].shape[2:], op.inputs[0].shape[2:]
            if op.name == "constant_pad_nd" and (told := _pad_remedy(attempt, op, given, wanted)):
                return told
            if "upsample" in op.name and (told := _resize_remedy(op, wanted)):
                step = attempt.wording.step(op.outputs[0])
                return f"{step} makes {shape_text(made)} of {shape_text(given)}: {told}"
            if op.name == "_fft_c2r" and made[-1] == wanted[-1] - 1:
                return (
                    "torch.fft.irfft2 takes an even width where none is given: "
                    "irfft2(f, s=x.shape[-2:])."
                )
        if crop := _cropped(value, wanted):
            return crop
        if _channels_last(attempt, value) and not _channels_last(attempt, other):
            return (
                f"In the {shape_text(value.shape)} the channels stand last, in the "
                f"{shape_text(other.shape)} second: bring them second before, x.movedim(-1, 1)."
            )
    if first.shape[2:] == second.shape[:1:-1]:
        return (
            "Height and width are exchanged in one of them: bring them into one order, "
            "x.transpose(-1, -2)."
        )
    return ""


WRONG_WAY = (
    "Is a difference taken the wrong way round, or are two maps exchanged? It is large - small, "
    "and the larger map is cropped."
)


def _slices(value: Value) -> list[Op]:
    """Return the slices that were taken last to make a map, the last one first."""
    slices = takewhile(lambda op: op.name == "slice", ops_back(value))
    return list(takewhile(lambda op: op.arguments.get("step", 1) == 1, slices))


def _lowest_start(slices: list[Op]) -> int:
    return min((op.arguments.get("start") or 0 for op in slices), default=0)


def _last_ops(value: Value) -> Iterator[Op]:
    """Yield the operations on the way to a map that has the same size since then."""
    for v in way_back(value, lambda v: v.depends_on_input and len(v.shape) == len(value.shape)):
        if v.op is None or v.shape[2:] != value.shape[2:]:
            return
        if v.op.inputs and len(v.op.inputs[0].shape) == len(v.shape):
            yield v.op


def _pad_remedy(attempt: Attempt, op: Op, given: Sizes, wanted: Sizes) -> str:
    """Say which numbers F.pad needs, where it was given them in another order or as negatives."""
    numbers = list(op.arguments["pad"])
    missing = [w - g for w, g in zip(reversed(wanted), reversed(given), strict=True)]
    added = [a + b for a, b in zip(numbers[::2], numbers[1::2], strict=True)]
    added += [0] * (len(missing) - len(added))
    right = [*numbers[2:], *numbers[:2]] if len(numbers) == 4 else []
    if sum(right[:2]) != missing[0]:
        right = [n for m in missing for n in (m // 2, m - m // 2)]
    if added != missing and sorted(added) == sorted(missing):
        return (
            "F.pad takes the last dimension first, (left, right, top, bottom), and is given "
            f"height and width in the wrong order{_as_written(attempt, op, right)}."
        )
    if added == [-m for m in missing] and any(missing):
        return (
            f"F.pad is given {tuple(numbers)}: what is below 0 cuts off where it should add. Is a "
            "difference taken the wrong way round? It is skip - x"
            f"{_as_written(attempt, op, right)}."
        )
    return ""


def _as_written(attempt: Attempt, op: Op, right: list[int]) -> str:
    """Say what F.pad is to be given: the expressions of the code in another order, if that runs."""
    for call in parts_at(op.line, ast.Call):
        node, place = call.args[1] if len(call.args) > 1 else None, op.line
        if isinstance(node, ast.Name) and (made := given_by(node.id, place)):
            node, place = made.value, (place[0], made.lineno)
        if not ast.unparse(call.func).endswith("pad") or not isinstance(node, ast.Tuple | ast.List):
            continue
        if all(isinstance(number, ast.Constant | ast.UnaryOp) for number in node.elts):
            continue
        parts = [text_of(part) for part in node.elts]
        turned = f"({', '.join([*parts[2:], *parts[:2]])})"
        if runs_with_code(attempt, (node, turned)):
            return f": with `{turned}` in line {place[1]}, the network runs"
        names = dict.fromkeys(n.id for n in ast.walk(node) if isinstance(n, ast.Name))
        sums = [made.value for name in names if (made := given_by(name, place))]
        changes = [
            (s, f"{text_of(s.right)} - {text_of(s.left)}")
            for s in sums
            if isinstance(s, ast.BinOp) and isinstance(s.op, ast.Sub)
        ]
        if changes and runs_with_code(attempt, *changes):
            return f": with `{'` and `'.join(new for _, new in changes)}`, the network runs"
        return ""
    return f": F.pad(x, {tuple(right)})"


def _resize_remedy(op: Op, wanted: Sizes) -> str:
    """Say which size or factor an up-sampling needs, where it was given another kind of number."""
    made, given = op.outputs[0].shape[2:], op.inputs[0].shape[2:]
    if len(set(made)) > 1 and made == wanted[::-1]:
        if len({m / g for m, g in zip(made, given, strict=True)}) == 1:
            return (
                f"height and width are exchanged before it already, {shape_text(given)}: look at "
                "the last reshape, view or permute. `n, c, h, w = x.shape` is their order."
            )
        return (
            "height and width are exchanged. size=(height, width), as skip.shape[2:] has them; "
            "is it `h, w = x.shape[2:]`?"
        )
    by_size = not (op.arguments.get("scales") or op.arguments.get("scales_h"))
    times = {w / g for w, g in zip(wanted, given, strict=True)}
    if not by_size and max(made) < max(given) and len(times) == 1 and max(times) % 1 == 0:
        return f"a scale_factor below 1 makes it smaller. Write scale_factor={max(times):.0f}."
    if by_size and len(set(made)) == 1 and max(made) <= min(8, *given):
        return (
            "the first number of nn.Upsample and the second of F.interpolate is the size of the "
            f"result. Write scale_factor={made[0]}."
        )
    if by_size and len(set(made)) == 1 < len(set(wanted)) and made[0] in wanted:
        fits = (
            f"scale_factor={max(times):g}" if len(times) == 1 else "size=skip.shape[2:], in forward"
        )
        return f"its size makes a square, {shape_text(made)}. What fits other images is {fits}."
    return ""


def _cropped(value: Value, wanted: Sizes) -> str:
    """Say that a crop does not leave as much as the other map has."""
    if not (slices := _slices(value)):
        return ""
    before = slices[-1].inputs[0].shape[2:]
    if before == value.shape[2:]:
        return ""
    made = f"A slice makes {shape_text(value.shape[2:])} of {shape_text(before)}"
    if (start := _lowest_start(slices)) < 0:
        made = f"{made}: it begins at {start}, which counts from the end"
    if start < 0 and before == wanted:
        return f"{made}. {WRONG_WAY}"
    more = [b - w for b, w in zip(before, wanted, strict=True)]
    if min(more) < 0:
        if max(more) > 0:
            return ""
        return (
            f"{made}. This is the smaller map, and the larger one, {shape_text(wanted)}, is to be "
            f"cropped to {shape_text(before)}: are the two exchanged?"
        )
    turned = tuple(map(min, before, wanted[::-1]))
    if value.shape[2:] == turned != wanted:
        return (
            f"{made}, and {shape_text(wanted)} are needed: height and width are exchanged in it. "
            "x[:, :, :height, :width] is their order."
        )
    half = (
        " Half of an odd difference is rounded, so the same cut at both ends is one cell too few."
        if any(n % 2 for n in more)
        else ""
    )
    if before[-1] == value.shape[-1] and value.shape[2] != before[0]:
        half = f"{half} Height and width are dimensions 2 and 3: are there too few `:` before?"
    return (
        f"A slice cuts {shape_text(before)} to {shape_text(value.shape[2:])}, and "
        f"{shape_text(wanted)} are needed.{half} Let it end at start + size: with d = (large - "
        "small) // 2, x[:, :, d : d + small], for each side."
    )


def _channels_last(attempt: Attempt, value: Value) -> bool:
    dims = attempt.graph.dims[value]
    return len(dims) > 2 and has_axis(dims[1]) and not has_axis(dims[-1])
