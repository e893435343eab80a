"""Where tiles lie along one axis, and checks of images, tiles and outputs with explanations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from unet_teach.networks import UNet

ImageLike = Tensor | NDArray[np.generic]  # (C, H, W); or anything with shape, ndim and slicing
Span = tuple[int, int]  # begin and end, in pixels


def tile_spans(side: int, tile: int, overlap: int) -> list[tuple[Span, Span]]:
    """Return what each tile along one axis reads, and the part of it that is kept, in pixels."""
    kept = [(begin, min(begin + tile, side)) for begin in range(0, side, tile)]
    return [
        ((max(0, begin - overlap), min(side, end + overlap)), (begin, end)) for begin, end in kept
    ]


def round_up(size: int, multiple: int) -> int:
    """Round up to a multiple."""
    return -(-size // multiple) * multiple


def check_image(model: nn.Module, image: object) -> None:
    """Raise unless the image is (C, H, W), with the channels that a `UNet` takes."""
    if not hasattr(image, "ndim") or not hasattr(image, "shape"):
        raise TypeError(
            f"The image is of type {type(image).__name__}. Give its pixels, (C, H, W), as a "
            "tensor or an array."
        )
    shape = tuple(image.shape)
    if image.ndim != 3:
        more = " For a grey image (H, W), give image[None]." if image.ndim == 2 else ""
        raise ValueError(f"The image has the shape {shape}. Use (C, H, W).{more}")
    if 0 in shape:
        raise ValueError(f"The image has the shape {shape}, so it has no pixels.")
    if not isinstance(model, UNet):
        return
    channels = next(m.in_channels for m in model.encoder.modules() if isinstance(m, nn.Conv2d))
    if shape[0] == channels:
        return
    if shape[-1] == channels:
        remedy = (
            "image.movedim(-1, 0)" if isinstance(image, Tensor) else "np.moveaxis(image, -1, 0)"
        )
        raise ValueError(f"The image has the shape {shape}. Use (C, H, W): {remedy}.")
    has = "1 channel" if shape[0] == 1 else f"{shape[0]} channels"
    raise ValueError(
        f"The image has {has}, but the network takes {channels}. Give {channels}, or build the "
        f"network with in_channels={shape[0]}."
    )


def check_tiles(model: nn.Module, sides: Span, tile: int, overlap: int) -> None:
    """Raise if tiles are too small for a `UNet`, in an image (height, width) that is not."""
    if not isinstance(model, UNet) or min(sides) < model.smallest_side:
        return  # the network itself raises an error for an image that is too small

    def narrowest(tile: int) -> int:
        return min(
            end - begin for side in sides for (begin, end), _ in tile_spans(side, tile, overlap)
        )

    if (least := narrowest(tile)) >= model.smallest_side:
        return
    period = 2 ** len(model.up)
    use = round_up(tile + 1, period)
    while narrowest(use) < model.smallest_side:  # at the latest, a tile is as large as the image
        use += period
    which = "A tile" if least >= min(tile, *sides) else "The last tile"
    raise ValueError(
        f"{which} is only {least} wide, but with depth={len(model.up)} the network needs "
        f"{model.smallest_side}. Use tile={use} or a larger overlap."
    )


def check_out(out: object, image: ImageLike, shape: tuple[int, int, int]) -> None:
    """Raise if `out` cannot hold an output of this shape, or shares memory with the image."""
    if out is None:
        return
    if not hasattr(out, "shape") or not hasattr(out, "dtype"):
        raise TypeError(
            f"out is of type {type(out).__name__}; it must be an array {shape} float32."
        )
    name = str(out.dtype).removeprefix("torch.")
    if isinstance(out.dtype, np.dtype):
        name = out.dtype.newbyteorder("=").name
    if tuple(out.shape) != shape or name not in ("float32", "float64"):
        raise ValueError(f"out is {tuple(out.shape)} {name}; it must be {shape} float32.")
    if isinstance(out, np.ndarray):
        if not out.flags.writeable:
            raise ValueError("out cannot be written. Open its file with mode='r+' or 'w+'.")
        if isinstance(image, np.ndarray) and np.may_share_memory(out, image):
            raise ValueError(
                "out shares memory with the image, so tiles would read predictions. Use another "
                "array."
            )
    elif out is image:
        raise ValueError("out is the image itself, so tiles would read predictions. Use another.")
