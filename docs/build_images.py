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
from torch import Tensor, nn
from torch.nn import functional

from unet_teach import UNet
from unet_teach.segmentation.ablation import denoising
from unet_teach.shared.portrait import portrait, zoomed

IMAGES = Path(__file__).parent / "images"


def shrunken() -> Figure:
    """Return the portrait at four resolutions, by average-pooling."""
    image = torch.tensor(portrait())[None, None]
    sizes = {f"{256 // by}×{256 // by}": functional.avg_pool2d(image, by) for by in (1, 2, 4, 8)}
    return zoomed(sizes)


def enlarged() -> Figure:
    """Return the portrait at 32×32, and enlarged again without any further knowledge."""
    image = torch.tensor(portrait())[None, None]
    low = functional.avg_pool2d(image, 8)
    images = {"256×256": image, "32×32": low}
    for mode in ("nearest", "bilinear"):
        images[f"256×256, {mode}"] = functional.interpolate(low, scale_factor=8, mode=mode)
    return zoomed(images)


def denoised(network: nn.Module) -> Tensor:
    """Train a network on the portrait for 200 steps, as lessons 3 and 4 do; return its output."""
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(200):
        noisy = FACE + 0.1 * torch.randn_like(FACE)
        loss = functional.mse_loss(network(noisy), FACE)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network(with_noise()).detach()


def with_noise() -> Tensor:
    """Return the portrait with the noise that both lessons show."""
    generator = torch.Generator().manual_seed(0)
    return FACE + 0.1 * torch.randn(FACE.shape, generator=generator)


def one_skip(keep: int) -> Tensor:
    """Return what lesson 3's network makes of the noise, with its skip (1) or without (0)."""
    torch.manual_seed(0)
    return denoised(denoising.OneSkip(keep))


def without_and_with_a_skip() -> Figure:
    """Return lesson 3's result."""
    images = {"with noise": with_noise(), "without a skip": one_skip(0), "with a skip": one_skip(1)}
    return zoomed(images)


def with_all_skips() -> Figure:
    """Return lesson 4's result beside lesson 3's."""
    torch.manual_seed(0)
    all_skips = denoised(UNet(1, 1, depth=3, base_channels=8))
    return zoomed({"with noise": with_noise(), "one skip": one_skip(1), "U-Net": all_skips})


FACE = denoising.face()
OPENINGS = {
    "lesson_1": shrunken,
    "lesson_2": enlarged,
    "lesson_3": without_and_with_a_skip,
    "lesson_4": with_all_skips,
}


def main() -> None:
    """Write all pictures."""
    IMAGES.mkdir(exist_ok=True)
    plt.style.use("unet_teach.course")
    torch.set_num_threads(1)
    for name, make in OPENINGS.items():
        path = IMAGES / f"{name}.png"
        make().savefig(path, dpi=90, transparent=True)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
