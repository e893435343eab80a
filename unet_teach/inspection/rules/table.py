"""The table of rules: which one applies to which operation of torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unet_teach.inspection.axes import Dims, fits_shape, guessed_from_sizes
from unet_teach.inspection.recording import Op
from unet_teach.inspection.recurrent import RECURRENT
from unet_teach.inspection.rules import KnownDims, layers, shape_ops, unfold_fft
from unet_teach.inspection.rules.elementwise import broadcast, main_operand, unknown_operation

Rule = Callable[[Op, KnownDims], Any]


def output_dims(op: Op, known: KnownDims) -> list[Dims]:
    """Return the dimensions of each output of an operation, from those of its inputs.

    A rule may meet a case it was not written for. Where it fails, or where its result does not fit
    the shape that torch reports, the dimensions are guessed from the sizes.
    """
    rule = RULES.get(op.name.rstrip("_") or op.name, unknown_operation)
    try:
        made = rule(op, known)
    except (ArithmeticError, IndexError, KeyError, TypeError, ValueError):
        made = unknown_operation(op, known)
    each = made if isinstance(made, list) else [made] * len(op.outputs)
    return [
        dims
        if fits_shape(dims, value.shape)
        else guessed_from_sizes(main_operand(op, known), value.shape)
        for dims, value in zip(each, op.outputs, strict=False)
    ]


# One row a rule: the operations it applies to, by torch's own names without a trailing underscore.
_ROWS: tuple[tuple[Rule, str], ...] = (
    (layers.convolution, "convolution _convolution convolution_overrideable"),
    (
        layers.pool,
        "max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d "
        "max_pool2d_with_indices max_pool3d_with_indices mkldnn_max_pool2d",
    ),
    (
        layers.resize,
        "upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_linear1d "
        "upsample_bilinear2d upsample_trilinear3d upsample_bicubic2d _upsample_nearest_exact1d "
        "_upsample_nearest_exact2d _upsample_nearest_exact3d _upsample_bilinear2d_aa "
        "_upsample_bicubic2d_aa _adaptive_avg_pool2d _adaptive_avg_pool3d adaptive_avg_pool1d "
        "adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d max_unpool2d max_unpool3d",
    ),
    (layers.matrix_product, "mm addmm bmm baddbmm"),
    (layers.pixel_shuffle, "pixel_shuffle"),
    (
        layers.attention,
        "scaled_dot_product_attention _scaled_dot_product_flash_attention "
        "_scaled_dot_product_flash_attention_for_cpu _scaled_dot_product_efficient_attention "
        "_scaled_dot_product_attention_math _scaled_dot_product_fused_attention_overrideable",
    ),
    (layers.embedding, "embedding"),
    (layers.pack, "_pack_padded_sequence"),
    (layers.recurrent, " ".join(RECURRENT)),
    (shape_ops.view, "view _unsafe_view reshape _reshape_alias view_copy"),
    (shape_ops.permute, "permute permute_copy"),
    (shape_ops.transpose, "transpose t"),
    (shape_ops.expand, "expand"),
    (shape_ops.slice_, "slice"),
    (shape_ops.select, "select"),
    (shape_ops.take, "index index_select"),
    (shape_ops.split, "split split_with_sizes chunk tensor_split"),
    (shape_ops.unbind, "unbind"),
    (shape_ops.unsqueeze, "unsqueeze"),
    (shape_ops.squeeze, "squeeze"),
    (shape_ops.cat, "cat"),
    (shape_ops.stack, "stack"),
    (
        shape_ops.reduce,
        "mean sum amax amin max min logsumexp var std var_mean std_mean linalg_vector_norm norm "
        "prod median nanmean nansum",
    ),
    (
        shape_ops.pad,
        "constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d "
        "replication_pad2d replication_pad3d",
    ),
    (shape_ops.write_into, "write"),
    (unfold_fft.unfold, "unfold"),
    (unfold_fft.unfold_backward, "unfold_backward"),
    (unfold_fft.as_strided, "as_strided"),
    (unfold_fft.im2col, "im2col"),
    (unfold_fft.col2im, "col2im"),
    (shape_ops.pad, "_fft_r2c"),  # frequencies replace positions; the inverse needs their stride
    (unfold_fft.inverse_fft, "_fft_c2c _fft_c2r"),
    (
        broadcast,
        "add sub rsub mul div where maximum minimum lerp addcmul addcdiv copy pow masked_fill "
        "logaddexp",
    ),
)
RULES: dict[str, Rule] = {name: rule for rule, names in _ROWS for name in names.split()}
