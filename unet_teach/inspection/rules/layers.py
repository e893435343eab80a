"""The rules of layers, and the table of all rules: what an operation does to dimensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unet_teach.inspection.axes import (
    FAR,
    NEW,
    NO_AXIS,
    Dim,
    Dims,
    Factor,
    fits,
    has_channels,
    matching,
    one,
    pitches,
    plain,
    resized,
    shrunk,
    steps_of,
    walks,
)
from unet_teach.inspection.recorder import Op
from unet_teach.inspection.rules.shape_ops import (
    Known,
    cat,
    expand,
    padded,
    permute,
    reduced,
    selected,
    sliced,
    split,
    squeeze,
    stack,
    transpose,
    unbind,
    unsqueeze,
    view,
    written,
)
from unet_teach.inspection.rules.unfold_fft import (
    as_strided,
    from_spectrum,
    overlap_added,
    spectrum,
    unfold,
    windows,
    windows_added,
)


def follow(op: Op, known: Known) -> list[Dims]:
    """The dimensions of what an operation made, from those of what it took."""
    rule = RULES.get(op.name.rstrip("_") or op.name, _by_shape)
    try:
        made = rule(op, known)
    except (ArithmeticError, IndexError, KeyError, TypeError, ValueError):
        made = _by_shape(op, known)
    each = made if isinstance(made, list) else [made] * len(op.outputs)
    return [
        dims if fits(dims, value.shape) else matching(_main(op, known), value.shape)
        for dims, value in zip(each, op.outputs, strict=False)
    ]


def _main(op: Op, known: Known) -> Dims:
    """The dimensions of the operand that walks along most axes."""
    operands = _operands(op, known)
    return max(operands, key=lambda dims: len(pitches(dims)), default=())


def _operands(op: Op, known: Known) -> list[Dims]:
    """The dimensions of the numbers it takes; where they walk nowhere, of masks and places too."""
    numbers = [known[v] for v in op.inputs if v in known and v.is_number]
    everything = [known[v] for v in op.inputs if v in known]
    return numbers if any(map(pitches, numbers)) else everything


def _by_shape(op: Op, known: Known) -> list[Dims]:
    return [_weighed(op, matching(_main(op, known), value.shape)) for value in op.outputs]


def _weighed(op: Op, made: Dims) -> Dims:
    """What has as many cells as there are sets of weights are channels: an unknown convolution."""
    weights = [v for v in op.inputs if v.is_number and not v.depends]
    channels = {v.shape[0] for v in weights if len(v.shape) == len(made) > 2}
    if len(made) > 1 and steps_of(made[1]) in channels:
        return (made[0], *plain([steps_of(made[1])]), *made[2:])
    return made


def _broadcast(op: Op, known: Known) -> Dims:
    """Element by element: each dimension is that of the operand that knows its axis best."""
    shape = op.outputs[0].shape
    operands = _operands(op, known)
    made: list[Dim] = []
    for place in range(1, len(shape) + 1):
        offers = [dims[-place] for dims in operands if len(dims) >= place]
        fitting = [dim for dim in offers if steps_of(dim) == shape[-place]]
        fitting = [d for d in fitting if len(d) == 1 or not _is_mixed(d, place, op, known)]
        walking = [dim for dim in fitting if walks(dim)]
        best = min(walking, key=len) if walking else (fitting or [plain(shape)[-place]])[0]
        made.insert(0, best)
    return tuple(made)


def _is_mixed(dim: Dim, place: int, op: Op, known: Known) -> bool:
    """Whether another map, along the same axes, has channels where this one has steps inside."""
    axes = {factor.axis for factor in dim if factor.axis >= 0}
    others = [known[v] for v in op.inputs if v.depends and v.is_number and v in known]
    return any(
        len(dims) >= place
        and steps_of(dims[-place]) == steps_of(dim) > 1
        and not walks(dims[-place])
        and axes & set(pitches(dims))
        for dims in others
    )


def _numbers(thing: Any, count: int, default: int = 1) -> list[int]:
    if thing is None or thing == []:
        return [default] * count
    listed = list(thing) if isinstance(thing, list | tuple) else [thing]
    return listed * count if len(listed) == 1 else listed


def _born(given: Dims, count: int, known: Known) -> Dims:
    """A grid folded out of a vector that is about to grow: its last dimensions become axes.

    It covers what the input covers. Where the input has no such axes, they are new ones.
    """
    if any(walks(dim) for dim in given[-count:]):
        return given
    first = next(iter(known.values()))  # the input's
    made = list(given)
    for place in range(len(given) - count, len(given)):
        size = steps_of(given[place])
        is_old = len(first) == len(given)
        pitch = steps_of(first[place]) / size if is_old else 1.0
        made[place] = (Factor(place if is_old else NEW + place, size, pitch),)
    return tuple(made)


def _convolution(op: Op, known: Known) -> Dims:
    given, out = known[op.arguments["input"]], op.outputs[0].shape
    count = len(op.arguments["weight"].shape) - 2
    strides = _numbers(op.arguments.get("stride"), count)
    if op.arguments.get("transposed"):
        given = _born(given, count, known)
    made = list(plain(out))
    made[: len(out) - count - 1] = given[: len(out) - count - 1]
    for i, stride in enumerate(strides):
        place = i - count
        if stride == 1 and steps_of(given[place]) == out[place]:
            made[place] = given[place]  # places stay, those of a map in one dimension as well
        elif op.arguments.get("transposed"):
            made[place] = resized(given[place], out[place], 1 / stride)
        else:
            made[place] = shrunk(given[place], out[place], stride)
    return tuple(made)


def _pool(op: Op, known: Known) -> Dims:
    given, out = known[op.arguments["self"]], op.outputs[0].shape
    kernel = op.arguments["kernel_size"]
    count = len(kernel) if isinstance(kernel, list | tuple) else 1
    kernels = _numbers(kernel, count)
    strides = _numbers(op.arguments.get("stride"), count)
    if not op.arguments.get("stride"):
        strides = kernels
    made = list(given)
    for i, stride in enumerate(strides):
        made[i - count] = shrunk(given[i - count], out[i - count], stride)
    return tuple(made)


def _resize(op: Op, known: Known) -> Dims:
    """Interpolation and adaptive pooling: the sizes say how much."""
    given, out = known[op.inputs[0]], op.outputs[0].shape
    if all(1 < steps_of(dim) <= size for dim, size in zip(given[2:], out[2:], strict=True)):
        given = _born(given, len(given) - 2, known)
    return tuple(
        dim if steps_of(dim) == size else _as_before(_ended(dim, size), place, known)
        for place, (dim, size) in enumerate(zip(given, out, strict=True))
    )


def _as_before(dim: Dim, place: int, known: Known) -> Dim:
    """As fine as the last map of this size was: both cover the same; 4 of 14 cells are no 3.5."""
    found = one(dim)
    for dims in reversed(known.values()):
        if found.axis == NO_AXIS or len(dims) <= place or steps_of(dims[place]) != found.size:
            continue
        was = one(dims[place])
        if was.axis == found.axis and 2 / 3 < was.pitch / found.pitch < 3 / 2:
            return (Factor(was.axis, was.size, was.pitch),)
    return dim


def _ended(dim: Dim, size: int) -> Dim:
    """A mean over everything, or its copy over a map, walks along no axis."""
    before = steps_of(dim)
    if min(before, size) == 1 and max(before, size) > FAR:
        return (Factor(NO_AXIS, size),)
    return resized(dim, size)


def _product(op: Op, known: Known) -> Dims:
    """A matrix product keeps the rows of the first and the columns of the second operand.

    What is summed over is gone. But where channels stand beside it, a product of one axis with
    weights is a layer along this axis, and may resize it.
    """
    matrices = [v for v in op.inputs if len(v.shape) >= 2][-2:]
    left, right = (known[v] for v in matrices)
    rows, columns = left[-2], right[-1]
    if not matrices[1].depends and _only_axis(left[-1]) and has_channels(left[:-1]):
        columns = resized(left[-1], steps_of(columns))
    if not matrices[0].depends and _only_axis(right[-2]) and has_channels((*right[:-2], columns)):
        rows = resized(right[-2], steps_of(rows))
    if all(v.depends for v in matrices) and _is_coarser(rows, columns):
        columns = plain([steps_of(columns)])[0]  # scores: what a coarse query weighs, no finer map
    batch = tuple(a if walks(a) else b for a, b in zip(left[:-2], right[:-2], strict=True))
    return (*batch, rows, columns)


def _is_coarser(rows: Dim, columns: Dim) -> bool:
    """Whether both walk along the same axes, and the rows with larger steps."""
    here, there = pitches((rows,)), pitches((columns,))
    return bool(here) and all(axis in there and there[axis] < here[axis] for axis in here)


def _only_axis(dim: Dim) -> bool:
    return len({factor.axis for factor in dim}) == 1 and walks(dim)


def _pixel_shuffle(op: Op, known: Known) -> Dims:
    given, shape = known[op.inputs[0]], op.outputs[0].shape
    made = list(given)
    made[-3] = plain([shape[-3]])[0]
    for place in (-2, -1):
        made[place] = resized(given[place], shape[place])
    return tuple(made)


def _attention(op: Op, known: Known) -> list[Dims]:
    query, value = op.inputs[0], op.inputs[2]
    made = (*known[query][:-1], known[value][-1])
    return [made if i == 0 else matching((), v.shape) for i, v in enumerate(op.outputs)]


def _embedding(op: Op, known: Known) -> Dims:
    """Each whole number becomes a row of features, in its place."""
    return (*known[op.arguments["indices"]], plain(op.outputs[0].shape[-1:])[0])


RULES: dict[str, Callable[[Op, Known], Any]] = {
    **dict.fromkeys(("convolution", "_convolution", "convolution_overrideable"), _convolution),
    **dict.fromkeys(
        ("max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d"), _pool
    ),
    **dict.fromkeys(
        ("max_pool2d_with_indices", "max_pool3d_with_indices", "mkldnn_max_pool2d"), _pool
    ),
    **dict.fromkeys(
        (
            *(f"upsample_{kind}" for kind in ("nearest1d", "nearest2d", "nearest3d", "linear1d")),
            *(f"upsample_{kind}" for kind in ("bilinear2d", "trilinear3d", "bicubic2d")),
            *(f"_upsample_{kind}" for kind in ("nearest_exact1d", "nearest_exact2d")),
            *("_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa", "_upsample_nearest_exact3d"),
            *("_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_avg_pool1d"),
            *("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"),
            *("max_unpool2d", "max_unpool3d"),
        ),
        _resize,
    ),
    **dict.fromkeys(("view", "_unsafe_view", "reshape", "_reshape_alias", "view_copy"), view),
    **dict.fromkeys(("permute", "permute_copy"), permute),
    **dict.fromkeys(("transpose", "t"), transpose),
    "expand": expand,
    "slice": sliced,
    "select": selected,
    **dict.fromkeys(("split", "split_with_sizes", "chunk", "tensor_split"), split),
    "unbind": unbind,
    "unsqueeze": unsqueeze,
    "squeeze": squeeze,
    "cat": cat,
    "stack": stack,
    **dict.fromkeys(
        (
            *("mean", "sum", "amax", "amin", "max", "min", "logsumexp", "var", "std", "var_mean"),
            *("std_mean", "linalg_vector_norm", "norm", "prod", "median", "nanmean", "nansum"),
        ),
        reduced,
    ),
    **dict.fromkeys(("mm", "addmm", "bmm", "baddbmm"), _product),
    **dict.fromkeys(
        (
            "constant_pad_nd",
            *(f"{kind}_pad{rank}d" for kind in ("reflection", "replication") for rank in (1, 2, 3)),
        ),
        padded,
    ),
    "_fft_r2c": spectrum,
    **dict.fromkeys(("_fft_c2c", "_fft_c2r"), from_spectrum),
    "write": written,
    "embedding": _embedding,
    "unfold": unfold,
    "unfold_backward": overlap_added,
    "as_strided": as_strided,
    "im2col": windows,
    "col2im": windows_added,
    **dict.fromkeys(("pixel_shuffle",), _pixel_shuffle),
    **dict.fromkeys(
        (
            "_scaled_dot_product_flash_attention_for_cpu",
            "_scaled_dot_product_flash_attention",
            "_scaled_dot_product_efficient_attention",
            "_scaled_dot_product_attention_math",
            "_scaled_dot_product_fused_attention_overrideable",
            "scaled_dot_product_attention",
        ),
        _attention,
    ),
    **dict.fromkeys(
        ("add", "sub", "rsub", "mul", "div", "where", "maximum", "minimum", "lerp", "addcmul"),
        _broadcast,
    ),
    **dict.fromkeys(("copy", "addcdiv", "pow", "masked_fill", "logaddexp"), _broadcast),
}
