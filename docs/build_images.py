"""Make the pictures that open the lessons: docs/images/lesson_N.png, or .svg for lesson 7.

    python docs/build_images.py

They stand in the lessons' first cells, so that there is something to see before anything is run.
They hold in both themes: their ground is transparent, and their labels stand on boxes of their own;
lesson 7's drawings are on a dark card.
"""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from build_opening import CARD, QUIET, TEXT
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from unet_teach import UNet, inspect_unet
from unet_teach.inspection.diagram.figure import gallery
from unet_teach.networks.twelve_networks import twelve_networks
from unet_teach.segmentation import ablation, lines_in_rings, predict_tiled, touching_nuclei, train
from unet_teach.segmentation.ablation import denoising
from unet_teach.segmentation.ablation.study import displayed_pair
from unet_teach.segmentation.instances import border_watershed, connected_components
from unet_teach.segmentation.plots import (
    add_legend,
    image_grid,
    paint_cells,
    show_image,
    show_mistakes,
    side_by_side,
)
from unet_teach.shared.palette import GREY, INK
from unet_teach.shared.portrait import portrait, zoomed
from unet_teach.shared.show import PAGE_COLOURS, svg_text

IMAGES = Path(__file__).parent / "images"
CLOSE = 84, 212  # columns of lesson 9's test image: a square with a pair and a chain of cells
PROBABILITIES = Path(__file__).parent / "cell_probabilities.png"  # for the playground's CellCounter


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
    networks = {"without a skip": one_skip(0), "with a skip": one_skip(1)}
    return zoomed({"clean": FACE, "with noise": with_noise()} | networks)


def with_all_skips() -> Figure:
    """Return lesson 4's result beside lesson 3's."""
    torch.manual_seed(0)
    all_skips = denoised(UNet(1, 1, depth=3, base_channels=8))
    networks = {"one skip": one_skip(1), "U-Net": all_skips}
    return zoomed({"clean": FACE, "with noise": with_noise()} | networks)


def two_failures() -> Figure:
    """Return what two incomplete networks of lesson 6 predict, without the scores it asks for."""
    pair, side = displayed_pair("lines in rings"), 288
    masks = {
        run.variant: run.mask
        for run in ablation.results()
        if (run.data, run.seed) == ("lines in rings", 0) and run.variant in ("no skips", "depth 1")
    }
    row = [(title, side, side) for title in ("image", *masks)]
    figure, (first, *others) = image_grid([row], legend=True)
    show_image(first, pair.image)
    for axes, mask in zip(others, masks.values(), strict=True):
        show_mistakes(axes, mask, pair.mask, pair.image)
    add_legend(figure)
    return figure


def six_of_twelve() -> Figure:
    """Return drawings of the first six networks of lesson 7."""
    networks = dict(list(twelve_networks().items())[:6])
    drawings = {name: inspect_unet(*pair).drawing for name, pair in networks.items()}
    return gallery(drawings, columns=3)[0]


def on_card(figure: Figure) -> str:
    """Return a figure as an SVG on a dark card, as lessons 0 and 5 open: alike in both themes."""
    width, height = (round(inches * figure.dpi) for inches in figure.get_size_inches())
    svg = svg_text(figure)
    colours = {light: dark for light, (_, dark) in PAGE_COLOURS.items()}
    for light, dark in (colours | {INK: TEXT, GREY: QUIET}).items():
        svg = re.sub(light, dark, svg, flags=re.IGNORECASE)
    start = re.match(r"<svg\b[^>]*>", svg)
    assert start, "no SVG"
    card = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width + 32} {height + 32}">'
        f'<rect width="{width + 32}" height="{height + 32}" rx="12" fill="{CARD}"/>'
    )
    inner = re.sub(r'width="[^"]*"', f'x="16" y="16" width="{width}"', start[0], count=1)
    inner = re.sub(r'height="[^"]*"', f'height="{height}"', inner, count=1)
    return f"{card}{inner}{svg[start.end() :]}</svg>\n"


def seams() -> Figure:
    """Return lesson 8's wall, predicted at once and in tiles without overlap."""
    torch.manual_seed(0)
    network = UNet(1, 1, depth=3, base_channels=8)
    data = lines_in_rings(32, seed=1)
    train(network, data, steps=200, batch=4, crop=96, learning_rate=6e-3, live=False)
    images = [pair.image for pair in lines_in_rings(64, seed=2).test]
    rows = [torch.cat(images[row : row + 4], dim=2) for row in range(0, 16, 4)]
    wall = torch.cat(rows, dim=1)
    with torch.no_grad():
        whole = network(wall[None])[0].sigmoid()
    tiled = predict_tiled(network, wall, tile=64, overlap=0).sigmoid()
    shown = {"image": wall, "predicted at once": whole, "predicted in tiles": tiled}
    figure = side_by_side(shown, width=288, columns=3)
    for border in range(64, 384, 64):
        figure.axes[2].axhline(border, color="#E69F00", linewidth=0.7)
        figure.axes[2].axvline(border, color="#E69F00", linewidth=0.7)
    return figure


def cell_probabilities() -> Tensor:
    """Train lesson 9's network; return background, inside and border of the test, (3, H, W)."""
    torch.manual_seed(0)
    network = UNet(1, 3, depth=3, base_channels=8)
    data, _ = touching_nuclei()
    recipe = {"steps": 300, "learning_rate": 6e-3, "class_weights": "inverse_sqrt"}
    train(network, data, **recipe, device="cpu", live=False)
    with torch.no_grad():
        return network(data.test[0].image[None])[0].softmax(0)


def cells() -> Figure:
    """Return touching cells of lesson 9, their mask in pieces, and what its network cuts apart."""
    data, numbers = touching_nuclei()
    probabilities = cell_probabilities()
    pixels = (255 * probabilities).round().byte().movedim(0, 2).numpy()
    Image.fromarray(pixels).save(PROBABILITIES)
    image, found = data.test[0].image, border_watershed(probabilities, threshold=0.7)
    close = (slice(None), slice(*CLOSE))
    mask = connected_components(numbers["test"] > 0)
    shown = {
        "image": image[0][close].sqrt(),  # most cells are dark
        "mask: connected is one": paint_cells(mask[close]),
        "cut at likely borders": paint_cells(found[close]),
    }
    return side_by_side(shown, width=288, columns=3)


FACE = denoising.face()
OPENINGS = {
    "lesson_1": shrunken,
    "lesson_2": enlarged,
    "lesson_3": without_and_with_a_skip,
    "lesson_4": with_all_skips,
    "lesson_6": two_failures,
    "lesson_8": seams,
    "lesson_9": cells,
}


def main() -> None:
    """Write all pictures."""
    IMAGES.mkdir(exist_ok=True)
    plt.style.use("unet_teach.course")
    torch.set_num_threads(1)
    for name, make in OPENINGS.items():
        path = IMAGES / f"{name}.png"
        make().savefig(path, dpi=110, transparent=True)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
    (IMAGES / "lesson_7.svg").write_text(on_card(six_of_twelve()), encoding="utf-8")


if __name__ == "__main__":
    main()
