"""Predicts in tiles: pictures larger than memory, and the same answer where theory allows it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from unet_teach.networks import UNet
from unet_teach.segmentation.evaluation import in_eval_mode
from unet_teach.segmentation.sight import Sight, sight_of

Picture = Tensor | NDArray[np.generic]


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
    pixels; and the overlap is at least what the network sees beyond a pixel. Then every sum has the
    same terms. Fast convolutions add them in an order that depends on the size, so the last digits
    differ (about 1e-7 of the values). Within `same_order()` they do not: equal to the last bit.

    Args:
        model: gives H×W logits for a picture of H×W.
        image: (C, H, W). Whole numbers of 8 bits are divided by 255, as in the course's data.
        tile: side of the kept part of a tile, in pixels.
        overlap: pixels that a tile reads beyond its kept part on each side. None: what is needed
            for equality, for a network of this course.
        out: where to write, (out_channels, H, W) float32. None: a new tensor is returned.

    Returns:
        The logits (out_channels, H, W): a tensor, or `out`.

    Raises:
        ValueError: if the image is no (C, H, W), tile is below 1, overlap below 0, or the network
            does not keep the size.
        TypeError: if overlap is None and the network is not of this course.
    """
    if image.ndim != 3:
        raise ValueError(f"The picture has the shape {tuple(image.shape)}. Use (C, H, W).")
    if overlap is None:
        overlap = needed_overlap(model)
    if tile < 1 or overlap < 0:
        raise ValueError(f"tile={tile}, overlap={overlap}: tile is 1 or more, overlap 0 or more.")
    height, width = image.shape[-2:]
    answer: Tensor | NDArray[np.float32] | None = out
    with in_eval_mode(model), torch.no_grad():
        for read, kept in tiles(height, width, tile, overlap):
            logits = model(_pixels(image, read)[None])[0]
            size = tuple(s.stop - s.start for s in read)
            if tuple(logits.shape[-2:]) != size:
                raise ValueError(
                    f"The network turns {size[0]}×{size[1]} into {logits.shape[-2]}×"
                    f'{logits.shape[-1]}. Use one that keeps the size: UNet(padding="same").'
                )
            if answer is None:
                answer = torch.empty(logits.shape[0], height, width)
            inner = logits[
                :,
                kept[0].start - read[0].start : kept[0].stop - read[0].start,
                kept[1].start - read[1].start : kept[1].stop - read[1].start,
            ]
            answer[:, kept[0], kept[1]] = inner if isinstance(answer, Tensor) else inner.numpy()
    assert answer is not None
    return answer


@contextmanager
def same_order() -> Iterator[None]:
    """Let convolutions add in an order that does not depend on the picture's size. It is slower.

    Predict the whole picture and the tiles within it, and the answers are the same to the last bit.
    An exception is bilinear up-sampling, whose own sums depend on how wide a map is.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a word about graphics cards that are not there
        enabled = torch.backends.mkldnn.flags(enabled=False)
        enabled.__enter__()
    try:
        yield
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            enabled.__exit__(None, None, None)


def tiles(height: int, width: int, tile: int, overlap: int) -> Iterator[Tile]:
    """Yield the tiles of a picture: the kept parts lie side by side, the read parts overlap."""
    for row in range(0, height, tile):
        for column in range(0, width, tile):
            kept, read = [], []
            for start, side in ((row, height), (column, width)):
                stop = min(start + tile, side)
                kept.append(slice(start, stop))
                read.append(slice(max(0, start - overlap), min(side, stop + overlap)))
            yield Tile((read[0], read[1]), (kept[0], kept[1]))


def needed_overlap(model: nn.Module) -> int:
    """Return the smallest overlap, in pixels, that gives the answer of the whole picture.

    It is what the network sees beyond a pixel, rounded up to a multiple of 2^depth, so that a tile
    starts where the network repeats itself.

    Raises:
        TypeError: if the network is not a `UNet` of this course: measure it with `sight_of`.
    """
    sight = _sight(model)
    return -(-sight.reach // sight.period) * sight.period


def why_not_equal(model: nn.Module, height: int, width: int, tile: int, overlap: int) -> str:
    """Return why tiles give another answer than the whole picture, or "" where they do not.

    Args:
        model: a `UNet` of this course.
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        tile: as in `predict_tiled`.
        overlap: as in `predict_tiled`.
    """
    sight = _sight(model)
    if tile >= max(height, width):
        return ""
    reasons = []
    for name, size in (("tile", tile), ("overlap", overlap)):
        if size % sight.period:
            reasons.append(
                f"{name}={size} is no multiple of {sight.period} = 2^depth: tiles are halved at "
                "other pixels than the whole picture. Use "
                f"{name}={-(-size // sight.period) * sight.period}."
            )
    if overlap < sight.reach:
        reasons.append(
            f"overlap={overlap} is less than the {sight.reach} pixels that the network sees on "
            f"each side: a tile pads with zeros where the picture goes on. Use "
            f"overlap={needed_overlap(model)}."
        )
    return "\n".join(reasons)


def _sight(model: nn.Module) -> Sight:
    if not isinstance(model, UNet):
        raise TypeError(
            f"{type(model).__name__} is not a UNet of this course, so its overlap is not known. "
            "Measure it with `by_light` of `unet_teach.segmentation.sight`; then say overlap=…"
        )
    return sight_of(model)


def _pixels(image: Picture, window: tuple[slice, slice]) -> Tensor:
    """Return one window of the picture as a float tensor (C, h, w)."""
    part = image[:, window[0], window[1]]
    values = part if isinstance(part, Tensor) else torch.from_numpy(np.ascontiguousarray(part))
    return values.float() / 255 if values.dtype == torch.uint8 else values.float()
