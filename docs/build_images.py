"""Make the pictures that open the lessons: docs/images/lesson_N.png.

    python docs/build_images.py

They stand in the lessons' first cells, so that there is something to see before anything is run.
Their ground is transparent, and their labels stand on boxes of their own: they hold in both themes.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch.nn import functional as F

from unet_teach.shared.portrait import portrait, zoomed

IMAGES = Path(__file__).parent / "images"


def shrunken() -> Figure:
    """Return the portrait at four resolutions, by average-pooling."""
    image = torch.tensor(portrait())[None, None]
    sizes = {f"{256 // by}×{256 // by}": F.avg_pool2d(image, by) for by in (1, 2, 4, 8)}
    return zoomed(sizes)


def enlarged() -> Figure:
    """Return the portrait at 32×32, and enlarged again without any further knowledge."""
    image = torch.tensor(portrait())[None, None]
    low = F.avg_pool2d(image, 8)
    up = {mode: F.interpolate(low, scale_factor=8, mode=mode) for mode in ("nearest", "bilinear")}
    return zoomed({"256×256": image, "32×32": low, **{f"256×256, {k}": v for k, v in up.items()}})


OPENINGS = {"lesson_1": shrunken, "lesson_2": enlarged}


def main() -> None:
    """Write all pictures."""
    IMAGES.mkdir(exist_ok=True)
    plt.style.use("unet_teach.course")
    for name, make in OPENINGS.items():
        path = IMAGES / f"{name}.png"
        make().savefig(path, dpi=90, transparent=True)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
