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
MARK = "#E69F00"
DPI = 110
# Where the image and its detail lie: left, right, bottom, top, in widths of the image.
WHOLE, ZOOM = (0.0, 1.0, 1.0, 0.0), (0.22, 0.78, 1.595, 1.035)


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

    side, gap = (804 - 12 * (len(images) - 1)) / max(len(images), 3), 12  # pixels
    width, height = len(images) * (side + gap) - gap, 1.6 * side
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="none")
    figure.set_layout_engine("none")  # whatever the style says
    for column, (caption, image) in enumerate(images.items()):
        # One pair of axes for an image and its detail: they stay together on a narrow page.
        box = (column * (side + gap) / width, 0, side / width, 1)
        panel = figure.add_axes(box, xlim=(0, 1), ylim=(1.6, 0))
        panel.set_axis_off()
        plain = _plain(image)
        for shown, extent in ((plain, WHOLE), (detail(plain), ZOOM)):
            panel.imshow(
                shown, "gray", extent=extent, vmin=0, vmax=1, aspect="auto", interpolation="nearest"
            )
        top, bottom, left, right = (edge / SIZE for edge in DETAIL)
        for x0, x1, y1, y0 in ((left, right, bottom, top), ZOOM):
            frame = Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=MARK, linewidth=2)
            panel.add_patch(frame)
        # A label inside the image needs no ground of the page: it holds in both themes.
        label = {"facecolor": "black", "edgecolor": "none", "boxstyle": "round,pad=0.25"}
        panel.text(0.03, 0.03, caption, va="top", color="white", size=9, bbox=label)
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
