"""Predicts in tiles, for images larger than memory, with the output of the whole image."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from unet_teach.networks import UNet
from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.evaluation import in_eval_mode
from unet_teach.segmentation.tiling_checks import (
    ImageLike,
    Span,
    check_image,
    check_out,
    check_tiles,
    round_up,
    tile_spans,
)
from unet_teach.segmentation.unet_receptive_field import (
    UNetReceptiveField,
    input_interval,
    receptive_field_of,
    unsupported_reason,
)
from unet_teach.shared.sizes_as_text import sizes_as_text
from unet_teach.shared.time_left import time_left


class Tile(NamedTuple):
    """A window of the image that is read, and the part of it that is kept: (rows, columns)."""

    read: tuple[slice, slice]
    kept: tuple[slice, slice]


def predict_tiled(
    model: nn.Module,
    image: ImageLike,
    tile: int = 256,
    overlap: int | None = None,
    *,
    out: NDArray[np.float32] | None = None,
) -> Tensor | NDArray[np.float32]:
    """Return the logits of an image, computed tile by tile.

    Only one tile with its overlap is in memory at a time. For images larger than memory, give a
    `np.memmap` (or anything that can be sliced like an array) as `image`, and another as `out`.

    The output equals that of the whole image under two conditions, which `why_tiles_differ` checks:
    tiles begin at multiples of 2^depth, the period of the network; and the overlap is at least its
    halo (see `UNetReceptiveField`). Then every sum in the network has the same terms. Convolutions
    add them in an order that depends on the size, so the last digits differ, by about 1e-7 of the
    values; within `exact_sums()` they do not.

    Source: Majurski & Bajcsy, "Exact Tile-Based Segmentation Inference for Images Larger than GPU
    Memory", 2021, doi:10.6028/jres.126.009.

    Args:
        model: maps an image of H×W pixels to logits of H×W pixels.
        image: (C, H, W). uint8 is divided by 255, as in the datasets of the course; bools and
            floats are used as they are.
        tile: side of the kept part of a tile, in pixels.
        overlap: pixels that a tile reads beyond its kept part on each side. None: as many as
            equality needs, for a network of this course; `tile` is then rounded up to a multiple
            of 2^depth.
        out: where to write, (out_channels, H, W) float32. None: a new tensor is returned.

    Returns:
        The logits (out_channels, H, W): a tensor, or `out`.

    Raises:
        TypeError: if an argument is of another type; if overlap is None and the network is not of
            this course.
        ValueError: if the image is not a (C, H, W) that the network takes, or holds integers
            other than uint8; if tiles are too small for the network; if tile is below 1 or overlap
            below 0; if `out` has another shape or cannot hold the output; if the network does not
            keep the size; if overlap is None and no overlap makes the output equal.
    """
    argument_checks.require_network(model)
    argument_checks.require_integer(1, tile=tile)
    check_image(model, image)
    if overlap is None:
        field = receptive_field_of(model)
        tile, overlap = round_up(tile, field.period), round_up(field.halo, field.period)
    argument_checks.require_integer(0, overlap=overlap)
    height, width = image.shape[-2:]
    check_tiles(model, (height, width), tile, overlap)
    output: Tensor | NDArray[np.float32] | None = out
    if isinstance(model, UNet):  # whose number of output channels is known beforehand
        check_out(out, image, (model.head.out_channels, height, width))
    with in_eval_mode(model), torch.no_grad():
        for read, kept in time_left([*tiles(height, width, tile, overlap)]):
            logits = _logits(model, _read_window(image, read))
            if output is None:
                output = torch.empty(logits.shape[0], height, width)
            elif kept[0].start == kept[1].start == 0:
                check_out(out, image, (logits.shape[0], height, width))
            inner = logits[
                :,
                kept[0].start - read[0].start : kept[0].stop - read[0].start,
                kept[1].start - read[1].start : kept[1].stop - read[1].start,
            ]
            if isinstance(output, Tensor):
                output[:, kept[0], kept[1]] = inner
            else:
                output[:, kept[0], kept[1]] = inner.numpy()
    assert output is not None
    return output


def tiles(height: int, width: int, tile: int, overlap: int) -> Iterator[Tile]:
    """Yield the tiles of an image: the kept parts lie edge to edge, the read windows overlap."""
    for rows, columns in product(
        tile_spans(height, tile, overlap), tile_spans(width, tile, overlap)
    ):
        read, kept = zip(rows, columns, strict=True)
        yield Tile((slice(*read[0]), slice(*read[1])), (slice(*kept[0]), slice(*kept[1])))


def needed_overlap(model: nn.Module) -> int:
    """Return the smallest overlap, in pixels, that gives the output of the whole image.

    It is the halo of the network (see `UNetReceptiveField`), rounded up to a multiple of 2^depth,
    at which tiles must begin.

    Raises:
        TypeError: if the network is not a `UNet` of this course.
        ValueError: if no overlap gives the same output, or its layers do not determine it.
    """
    field = receptive_field_of(model)
    return round_up(field.halo, field.period)


def why_tiles_differ(model: nn.Module, height: int, width: int, tile: int, overlap: int) -> str:
    """Return why tiles may give another output than the whole image, or "" if they cannot.

    Rounding errors, which `exact_sums` avoids, do not count as a difference.

    Args:
        model: a `UNet` of this course.
        height: of the image, in pixels.
        width: of the image, in pixels.
        tile: as in `predict_tiled`.
        overlap: as in `predict_tiled`.

    Raises:
        TypeError: if the network is not a `UNet` of this course, or a number is not whole.
        ValueError: if a number is too small.
    """
    argument_checks.require_integer(1, tile=tile, height=height, width=width)
    argument_checks.require_integer(0, overlap=overlap)
    unsupported = unsupported_reason(model)
    axes = [(side, tile_spans(side, tile, overlap)) for side in (height, width)]
    if unsupported and model.padding == "valid":
        return unsupported
    if all(read == (0, side) for side, spans in axes for read, _ in spans):
        return ""  # each tile reads the whole image
    if unsupported:
        return unsupported
    assert isinstance(model, UNet)
    field, reasons = receptive_field_of(model), []
    enough = round_up(field.halo, field.period)
    if any(read[0] % field.period for _, spans in axes for read, _ in spans):
        use = {"tile": round_up(tile, field.period)}
        use["overlap"] = max(enough, overlap - overlap % field.period)
        reasons += [
            f"{name}={size} is not a multiple of {field.period} = 2^depth, so tiles are halved at "
            f"other places than the whole image. Use {name}={use[name]}."
            for name, size in (("tile", tile), ("overlap", overlap))
            if size % field.period
        ]
    if any(_misses_pixels(model, field, side, *span) for side, spans in axes for span in spans):
        reasons.append(
            f"overlap={overlap} is less than the {field.halo} pixels that the network sees "
            f"beyond a cell of {field.period}, so a tile pads with zeros where the image goes on. "
            f"Use overlap={enough}."
        )
    return "\n".join(reasons)


def _misses_pixels(
    model: UNet, field: UNetReceptiveField, side: int, read: Span, kept: Span
) -> bool:
    """Return whether a kept pixel depends on a pixel of the image that the tile does not read."""
    pixels = range(*kept)
    # Pixels further inside depend on no pixel beyond those that these depend on.
    outermost = {*pixels[: field.period], *pixels[-field.period :]}
    intervals = [input_interval(model, pixel) for pixel in outermost]
    first, last = min(first for first, _ in intervals), max(last for _, last in intervals)
    return max(0, first) < read[0] or min(side - 1, last) >= read[1]


def _logits(model: nn.Module, pixels: Tensor) -> Tensor:
    """Run the network in the dtype and on the device of its weights; return logits (C, h, w)."""
    like = next(model.parameters(), pixels)
    logits = model(pixels[None].to(like))
    if not isinstance(logits, Tensor):
        raise TypeError(
            f"The network returns something of type {type(logits).__name__}. Wrap it in one that "
            "returns only the logits, (N, C, H, W)."
        )
    if logits.ndim != 4 or logits.shape[-2:] != pixels.shape[-2:]:
        size = sizes_as_text(logits.shape[-2:] if logits.ndim == 4 else logits.shape)
        raise ValueError(
            f"The network turns {sizes_as_text(pixels.shape[-2:])} into {size}. Use one that "
            'keeps the size: UNet(padding="same").'
        )
    return logits[0].cpu() if logits.dtype == torch.float64 else logits[0].float().cpu()


def _read_window(image: ImageLike, window: tuple[slice, slice]) -> Tensor:
    """Return a window of the image as floats (C, h, w).

    Raises:
        TypeError: if the values are not real numbers.
        ValueError: if they are integers other than uint8, whose scale is unknown.
    """
    part = image[:, window[0], window[1]]
    if not isinstance(part, Tensor):
        part = np.asarray(part)
        if part.dtype.kind not in "biuf":
            raise TypeError(f"The image has values of type {part.dtype}. Give numbers.")
        if part.dtype.kind in "iu" and part.dtype.itemsize > 1:
            raise _integer_error(part.dtype.name)
        # torch takes native byte order only, and no float of more than 64 bits.
        kind = part.dtype.newbyteorder("=") if part.dtype.itemsize <= 8 else np.dtype(np.float64)
        part = torch.from_numpy(np.array(part, dtype=kind, order="C"))
    if part.dtype == torch.uint8:
        return part.float() / 255
    if part.is_complex():
        raise TypeError("The image has complex values. Give real ones.")
    if not part.is_floating_point() and part.dtype != torch.bool:
        raise _integer_error(str(part.dtype).removeprefix("torch."))
    return part if part.is_floating_point() else part.float()


def _integer_error(kind: str) -> ValueError:
    return ValueError(
        f"The image has whole numbers of type {kind}, but the network was trained on values from 0 "
        "to 1. Scale them as you scaled the training images."
    )
