"""The portrait that lessons 1 to 4 shrink, enlarge and restore, always with the same detail.

Grace Hopper, who wrote one of the first compilers: James S. Davis, US Navy, 1984, in the public
domain. The photograph comes with matplotlib.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Image: TypeAlias = npt.NDArray[np.float32]

SIZE = 256
DETAIL = (80, 112, 136, 168)  # of the whole portrait: an eye, its glasses and their rim
_MARK = "#E69F00"


def portrait() -> Image:
    """Return the portrait in grey, of shape (256, 256), from 0 (black) to 1 (white)."""
    import matplotlib.pyplot as plt
    from matplotlib.cbook import get_sample_data

    path = str(get_sample_data("grace_hopper.jpg", asfileobj=False))
    photo = np.asarray(plt.imread(path), np.float32)
    grey = photo[: 2 * SIZE].mean(axis=2) / 255
    halved: Image = grey.reshape(SIZE, 2, SIZE, 2).mean(axis=(1, 3))
    return halved


def detail(image: Any) -> Image:
    """Return the same detail of the portrait at any size: a sixty-fourth of its area.

    Args:
        image: the portrait, or what a network made of it: an array or tensor of shape
            (..., H, W) with one channel. H and W are multiples of 32.

    Raises:
        ValueError: for another shape.
    """
    plain = _plain(image)
    top, bottom, left, right = (edge * plain.shape[0] // SIZE for edge in DETAIL)
    return plain[top:bottom, left:right]


def zoomed(images: Mapping[str, Any]) -> Figure:
    """Return a figure: versions of the portrait side by side, the same detail of each below.

    Args:
        images: captions, and images as `detail` takes them.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    count = len(images)
    figure = Figure(figsize=(8, 2 * 8 / count), layout="constrained", facecolor="none")
    rows = figure.subplots(2, count, squeeze=False)
    for column, (caption, image) in enumerate(images.items()):
        whole, zoom = rows[:, column]
        plain = _plain(image)
        for panel, shown in ((whole, plain), (zoom, detail(plain))):
            panel.imshow(shown, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        top, bottom, left, right = (edge * plain.shape[0] / SIZE - 0.5 for edge in DETAIL)
        corner, width, height = (left, top), right - left, bottom - top
        whole.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=_MARK, linewidth=2))
        # A label inside the image needs no ground of the page: it holds in both themes.
        whole.text(
            0.03,
            0.97,
            caption,
            transform=whole.transAxes,
            va="top",
            color="white",
            bbox={"facecolor": "black", "edgecolor": "none", "boxstyle": "round,pad=0.25"},
        )
        whole.set_axis_off()
        frame: dict[str, Any] = {"fill": False, "edgecolor": _MARK, "linewidth": 4}
        zoom.add_patch(Rectangle((0, 0), 1, 1, transform=zoom.transAxes, **frame))
        zoom.set_axis_off()
    return figure


def _plain(image: Any) -> Image:
    array = np.asarray(image.detach() if hasattr(image, "detach") else image, np.float32)
    plain = array.reshape(array.shape[-2:]) if array.size == np.prod(array.shape[-2:]) else array
    if plain.ndim != 2 or plain.shape[0] % 32 or plain.shape[1] % 32:
        raise ValueError(
            f"an image of shape {tuple(array.shape)} is not the portrait: it has one channel, and "
            "a height and width that are multiples of 32."
        )
    return plain
