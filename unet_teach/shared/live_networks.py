"""Where SeeInside gets a network that only the kernel can run.

The widget may not import the inspector, which is beside it; `unet_teach` stands above both and says
how such a network is opened.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class LiveNetwork(Protocol):
    """A network that the kernel runs, and what the page is told of it."""

    task: dict[str, Any]

    def answer(
        self, question: dict[str, Any], buffers: list[Any]
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Answer a question of the page: numbers and words, and the maps."""
        ...

    def gradients(self) -> dict[str, Any]:
        """Return how much gradient reaches each level, with all skips and without some."""
        ...

    def maps(self, image: Any, skips: list[float | str], other: Any) -> dict[str, Any]:
        """Return the maps of every level (C, H, W) and "prediction" (H, W), as arrays."""
        ...


_openers: list[Callable[..., LiveNetwork]] = []


def register(opener: Callable[..., LiveNetwork]) -> None:
    """Say how a network is opened."""
    _openers[:] = [opener]


def open_network(
    model: Any, image: Any, target: Any, forward_kwargs: dict[str, Any]
) -> LiveNetwork:
    """Open a network of which a copy runs in the kernel.

    Raises:
        TypeError, ValueError: with a sentence, for a network or an image that cannot be shown.
    """
    return _openers[0](model, image, target, forward_kwargs)


def target_mask(target: Any, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return where a target is above 0, (H, W).

    Raises:
        TypeError, ValueError: with a sentence, for what is no mask of this height and width.
    """
    from numpy import asarray, isfinite, prod

    if hasattr(target, "detach"):
        target = target.detach().cpu()
        target = (target.float() if target.is_floating_point() else target).numpy()
    try:
        values = asarray(target)
        if values.dtype.kind not in "biuf":
            raise TypeError
    except (TypeError, ValueError):
        raise TypeError(
            "The target cannot be read as numbers. Give the image's mask, (H, W): a tensor, an "
            "array or nested lists, above 0 where the object is."
        ) from None
    if values.ndim < 2 or values.shape[-2:] != shape or values.size != prod(shape):
        raise ValueError(f"The target is {values.shape}, the image {shape}. Make them the same.")
    if not isfinite(values).all():
        raise ValueError("The target holds NaN or infinity. Give a mask of 0 and 1.")
    mask: NDArray[np.bool_] = values.reshape(shape) > 0
    return mask


def own_samples(
    pixels: NDArray[np.float32], mask: NDArray[np.bool_] | None
) -> list[dict[str, Any]]:
    """Return an image of 0 to 1, (C, H, W), as the page reads it, and turned round.

    The second is what "another image" is where there is only one.
    """
    bytes_ = (255 * pixels).round().astype("u1").transpose(1, 2, 0)
    turned = None if mask is None else mask[::-1, ::-1]
    return [
        _sample("your image", bytes_, mask),
        _sample("your image, turned round", bytes_[::-1, ::-1], turned),
    ]


def _sample(name: str, pixels: NDArray[np.uint8], mask: Any) -> dict[str, Any]:
    height, width, channels = pixels.shape
    sample = {"name": name, "height": height, "width": width, "channels": channels}
    sample["image"] = base64.b64encode(pixels.tobytes()).decode()
    if mask is not None:
        from numpy import packbits  # slow to import, and not needed before

        sample["mask"] = base64.b64encode(packbits(mask).tobytes()).decode()
    return sample
