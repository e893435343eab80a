"""What tiling and sight refuse, in sentences, and how tiles lie along one axis."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from unet_teach.networks import UNet

Picture = Tensor | NDArray[np.generic]
Span = tuple[int, int]


def reads(side: int, tile: int, overlap: int) -> list[tuple[Span, Span]]:
    """Return what the tiles along one axis read and keep, as beginnings and ends."""
    kept = [(start, min(start + tile, side)) for start in range(0, side, tile)]
    return [((max(0, a - overlap), min(side, b + overlap)), (a, b)) for a, b in kept]


def up_to(size: int, period: int) -> int:
    """Round up to a multiple."""
    return -(-size // period) * period


def check_picture(model: nn.Module, image: object) -> None:
    """Refuse what is no (C, H, W), or has other channels than the course's network takes."""
    if not hasattr(image, "ndim") or not hasattr(image, "shape"):
        raise TypeError(
            f"The picture is of type {type(image).__name__}. Give its pixels, (C, H, W), as a "
            "tensor or an array."
        )
    shape = tuple(image.shape)
    if image.ndim != 3:
        more = " For a grey picture (H, W): image[None]." if image.ndim == 2 else ""
        raise ValueError(f"The picture has the shape {shape}. Use (C, H, W).{more}")
    if 0 in shape:
        raise ValueError(f"The picture has the shape {shape}: there is no pixel in it.")
    if not isinstance(model, UNet):
        return
    wanted = next(m.in_channels for m in model.encoder.modules() if isinstance(m, nn.Conv2d))
    if shape[0] == wanted:
        return
    if shape[-1] == wanted:
        turned = (
            "image.movedim(-1, 0)" if isinstance(image, Tensor) else "np.moveaxis(image, -1, 0)"
        )
        raise ValueError(f"The picture has the shape {shape}. Use (C, H, W): {turned}.")
    remedy = f"Give {wanted}, or build the network with in_channels={shape[0]}."
    raise ValueError(f"The picture has channels: {shape[0]}, the network takes {wanted}. {remedy}")


def check_tiles(model: nn.Module, sides: Span, tile: int, overlap: int) -> None:
    """Refuse tiles that are too small for the course's network in a picture that is not."""
    if not isinstance(model, UNet) or min(sides) < model.smallest_side:
        return  # the network itself says how large a picture it needs

    def narrowest(tile: int) -> int:
        return min(b - a for side in sides for (a, b), _ in reads(side, tile, overlap))

    if (least := narrowest(tile)) >= model.smallest_side:
        return
    step = 2 ** len(model.up)
    use = up_to(tile + 1, step)
    while narrowest(use) < model.smallest_side:  # a tile as large as the picture does
        use += step
    which = "A tile" if least >= min(tile, *sides) else "The last tile"
    raise ValueError(
        f"{which} is only {least} wide, and with depth={len(model.up)} the network needs "
        f"{model.smallest_side}. Use tile={use} or a larger overlap."
    )


def check_out(out: object, image: Picture, shape: tuple[int, int, int]) -> None:
    """Refuse a place that cannot hold the answer, or that holds the picture itself."""
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
                "out lies where the picture does: tiles would read answers. Use another."
            )
    elif out is image:
        raise ValueError("out is the picture itself: tiles would read answers. Use another.")
