"""Predicts in tiles: pictures larger than memory, and the same answer where theory allows it."""

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
    Picture,
    Span,
    check_out,
    check_picture,
    check_tiles,
    reads,
    up_to,
)
from unet_teach.segmentation.unet_receptive_field import Sight, needs, sight_of, why_unknown


class Tile(NamedTuple):
    """A window that is read, and the part of it that is kept, as slices of the picture."""

    read: tuple[slice, slice]
    kept: tuple[slice, slice]


def predict_tiled(
    model: nn.Module,
    image: Picture,
    tile: int = 256,
    overlap: int | None = None,
    *,
    out: NDArray[np.float32] | None = None,
) -> Tensor | NDArray[np.float32]:
    """Return the logits of a picture, computed tile by tile.

    Memory holds one tile with its overlap, whatever the picture's size. Give a `np.memmap` (or
    anything that can be sliced like an array) as image, and another as `out`, for pictures larger
    than memory.

    The answer is that of the whole picture at once when two things hold (`why_not_equal` checks
    them): tiles start at multiples of 2^depth, as the network repeats itself only after so many
    pixels; and the overlap is at least what the network sees beyond such a cell of 2^depth. Then
    every sum has the same terms. Convolutions add them in an order that depends on the size, so the
    last digits differ (about 1e-7 of the values). Within `exact_sums()` they do not.

    Tiles with a halo that give the answer of the whole: Majurski & Bajcsy, "Exact Tile-Based
    Segmentation Inference for Images Larger than GPU Memory", 2021, doi:10.6028/jres.126.009.

    Args:
        model: gives H×W logits for a picture of H×W.
        image: (C, H, W). Whole numbers of 8 bits are divided by 255, as in the course's data;
            other values are used as they are.
        tile: side of the kept part of a tile, in pixels.
        overlap: pixels that a tile reads beyond its kept part on each side. None: what is needed
            for equality, for a network of this course; `tile` is then rounded up to a multiple of
            2^depth.
        out: where to write, (out_channels, H, W) float32. None: a new tensor is returned.

    Returns:
        The logits (out_channels, H, W): a tensor, or `out`.

    Raises:
        ValueError: if the image is no (C, H, W) that the network takes, holds whole numbers of more
            than 8 bits, or is cut into tiles too small for the network; if tile is below 1 or
            overlap below 0; if `out` has another shape or cannot hold the answer; if the network
            does not keep the size, or no overlap makes it equal and overlap is None.
        TypeError: if something is of another type, or overlap is None and the network not of this
            course.
    """
    argument_checks.network(model)
    argument_checks.whole(1, tile=tile)
    check_picture(model, image)
    if overlap is None:
        sight = sight_of(model)
        tile, overlap = up_to(tile, sight.period), up_to(sight.beyond, sight.period)
    argument_checks.whole(0, overlap=overlap)
    height, width = image.shape[-2:]
    check_tiles(model, (height, width), tile, overlap)
    answer: Tensor | NDArray[np.float32] | None = out
    if isinstance(model, UNet):
        check_out(out, image, (model.head.out_channels, height, width))
    with in_eval_mode(model), torch.no_grad():
        for read, kept in tiles(height, width, tile, overlap):
            logits = _logits(model, _pixels(image, read))
            if answer is None:
                answer = torch.empty(logits.shape[0], height, width)
            elif kept[0].start == kept[1].start == 0:
                check_out(out, image, (logits.shape[0], height, width))
            inner = logits[
                :,
                kept[0].start - read[0].start : kept[0].stop - read[0].start,
                kept[1].start - read[1].start : kept[1].stop - read[1].start,
            ]
            if isinstance(answer, Tensor):
                answer[:, kept[0], kept[1]] = inner
            else:
                answer[:, kept[0], kept[1]] = inner.numpy()
    assert answer is not None
    return answer


def tiles(height: int, width: int, tile: int, overlap: int) -> Iterator[Tile]:
    """Yield the tiles of a picture: the kept parts lie side by side, the read parts overlap."""
    for rows, columns in product(reads(height, tile, overlap), reads(width, tile, overlap)):
        (read, kept) = zip(rows, columns, strict=True)
        yield Tile((slice(*read[0]), slice(*read[1])), (slice(*kept[0]), slice(*kept[1])))


def needed_overlap(model: nn.Module) -> int:
    """Return the smallest overlap, in pixels, that gives the answer of the whole picture.

    It is what the network sees beyond a cell of 2^depth pixels, where tiles must begin, rounded up
    to a multiple of 2^depth.

    Raises:
        TypeError: if the network is not a `UNet` of this course: measure it with `by_light`.
        ValueError: if no overlap makes it equal, or its layers do not say which.
    """
    sight = sight_of(model)
    return up_to(sight.beyond, sight.period)


def why_not_equal(model: nn.Module, height: int, width: int, tile: int, overlap: int) -> str:
    """Return why tiles may give another answer than the whole picture, or "" if they never do.

    It is about what enters the sums; how the sums are rounded, see `exact_sums`.

    Args:
        model: a `UNet` of this course.
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        tile: as in `predict_tiled`.
        overlap: as in `predict_tiled`.

    Raises:
        TypeError: if the network is not a `UNet` of this course, or a number is not whole.
        ValueError: if a number is too small.
    """
    argument_checks.whole(1, tile=tile, height=height, width=width)
    argument_checks.whole(0, overlap=overlap)
    unknown = why_unknown(model)
    along = [(side, reads(side, tile, overlap)) for side in (height, width)]
    if unknown and model.padding == "valid":
        return unknown
    if all(read == (0, side) for side, spans in along for read, _ in spans):
        return ""  # each tile reads it all
    if unknown:
        return unknown
    assert isinstance(model, UNet)
    sight, reasons = sight_of(model), []
    enough = up_to(sight.beyond, sight.period)
    if any(read[0] % sight.period for _, spans in along for read, _ in spans):
        fitting = {"tile": up_to(tile, sight.period)}
        fitting["overlap"] = max(enough, overlap - overlap % sight.period)
        reasons += [
            f"{name}={size} is no multiple of {sight.period} = 2^depth: tiles are halved at other "
            f"pixels than the whole picture. Use {name}={fitting[name]}."
            for name, size in (("tile", tile), ("overlap", overlap))
            if size % sight.period
        ]
    if any(_cut(model, sight, side, *spans) for side, pairs in along for spans in pairs):
        reasons.append(
            f"overlap={overlap} is less than the {sight.beyond} pixels that the network sees "
            f"beyond a cell of {sight.period}: a tile pads with zeros where the picture goes on. "
            f"Use overlap={enough}."
        )
    return "\n".join(reasons)


def _cut(model: UNet, sight: Sight, side: int, read: Span, kept: Span) -> bool:
    """Whether a kept pixel needs one that lies in the picture and is not read."""
    ends = {*range(kept[0], kept[1])[: sight.period], *range(kept[0], kept[1])[-sight.period :]}
    seen = [needs(model, pixel) for pixel in ends]
    first, last = min(first for first, _ in seen), max(last for _, last in seen)
    return max(0, first) < read[0] or min(side - 1, last) >= read[1]


def _logits(model: nn.Module, pixels: Tensor) -> Tensor:
    """Ask the network, in its own number format; return (C, h, w)."""
    like = next(model.parameters(), pixels)
    made = model(pixels[None].to(like))
    if not isinstance(made, Tensor):
        raise TypeError(
            f"The network answers with something of type {type(made).__name__}. Wrap it in one "
            "that returns the logits alone, (N, C, H, W)."
        )
    if made.ndim != 4 or made.shape[-2:] != pixels.shape[-2:]:
        gives = "×".join(map(str, made.shape[-2:] if made.ndim == 4 else made.shape))
        raise ValueError(
            f"The network turns {pixels.shape[-2]}×{pixels.shape[-1]} into {gives}. Use one that "
            'keeps the size: UNet(padding="same").'
        )
    return made[0].cpu() if made.dtype == torch.float64 else made[0].float().cpu()


def _pixels(image: Picture, window: tuple[slice, slice]) -> Tensor:
    """Return one window of the picture as floats (C, h, w); refuse what has another scale."""
    part = image[:, window[0], window[1]]
    if not isinstance(part, Tensor):
        part = np.asarray(part)
        if part.dtype.kind not in "biuf":
            raise TypeError(f"The picture holds values of type {part.dtype}. Give numbers.")
        if part.dtype.kind in "iu" and part.dtype.itemsize > 1:
            raise _other_scale(part.dtype.name)
        # In the machine's order of bytes, and at most as fine as torch knows.
        kind = part.dtype.newbyteorder("=") if part.dtype.itemsize <= 8 else np.dtype(np.float64)
        part = torch.from_numpy(np.array(part, dtype=kind, order="C"))
    if part.dtype == torch.uint8:
        return part.float() / 255
    if part.is_complex():
        raise TypeError("The picture holds complex numbers. Give real ones.")
    if not part.is_floating_point() and part.dtype != torch.bool:
        raise _other_scale(str(part.dtype).removeprefix("torch."))
    return part if part.is_floating_point() else part.float()


def _other_scale(kind: str) -> ValueError:
    return ValueError(
        f"The picture holds whole numbers of type {kind}. The network was trained on 0 to 1: "
        "divide them as your training data were."
    )
