"""Make the pictures that open lessons 0 and 5, from networks that are trained here.

    python docs/build_opening.py

Lesson 0 shows a photo that becomes a mask, the U in between with its own feature maps, and two
typical errors; lesson 5 a prediction and its mistakes. Each network is trained as in lesson 5, half
a minute, and shown on a test image that it has never seen. The pictures have a dark card as their
ground, so that they look alike in both themes. They move three times, by CSS alone, and not at all
where less motion is wanted.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from unet_teach import UNet
from unet_teach.segmentation import Dataset, earth, iou, nuclei, train

IMAGES = Path(__file__).parent / "images"
ROWS = slice(288, 416)  # of the test image: a few nuclei close together
ERRORS = {  # rows and columns of the test image
    "Two nuclei became one": (slice(30, 78), slice(24, 72)),
    "Part of a faint nucleus is missing": (slice(334, 382), slice(22, 70)),
}
BRIGHTER = 2.2  # the photo is dark; only what is shown is stretched
CARD, TEXT, QUIET = "#16202a", "#eef2f5", "#b4bec8"
BLUE, GREEN, PINK, AMBER = "#56b4e9", "#2fc79a", "#e3a3c6", "#e69f00"
Pixels = npt.NDArray[np.uint8]

STYLE = f"""
text {{ font: 15px system-ui, sans-serif; fill: {TEXT}; }}
.title {{ font-size: 25px; font-weight: 700; }}
.small {{ font-size: 13px; fill: {QUIET}; }}
.bold {{ font-weight: 700; }}
image {{ image-rendering: pixelated; }}
.way {{ fill: none; stroke: {QUIET}; stroke-width: 2; }}
.skip {{ fill: none; stroke: {PINK}; stroke-width: 2.5; stroke-dasharray: 7 5; }}
.dot {{ fill: {AMBER}; opacity: 0; offset-rotate: 0deg; animation: flow 7s linear 3; }}
@keyframes flow {{ from {{ offset-distance: 0%; opacity: 1; }} 60% {{ opacity: 1; }}
  65%, to {{ offset-distance: 100%; opacity: 0; }} }}
@media (prefers-reduced-motion: reduce) {{
  .dot {{ animation: none; }}
}}
"""


def trained(data: Dataset) -> tuple[UNet, Tensor, Tensor, Tensor]:
    """Return a trained U-Net, and the test image, its mask and the prediction, each (1, H, W)."""
    torch.manual_seed(0)
    network = UNet(1, 1, depth=3, base_channels=8)
    train(network, data, seed=0, live=False)
    network.eval()
    image, mask, _ = data.test[0]
    with torch.no_grad():
        prediction = (network(image[None])[0] > 0).float()
    return network, image, mask, prediction


def feature_maps(network: UNet, image: Tensor) -> dict[str, Tensor]:
    """Return one feature map of each level, the one that varies most, scaled to 0 to 1."""
    kept: dict[str, Tensor] = {}

    def keep(name: str) -> None:
        def hook(_module: object, _inputs: object, output: Tensor) -> None:
            channels = output[0]
            best = channels[channels.flatten(1).std(dim=1).argmax()]
            kept[name] = (best / best.quantile(0.995)).clamp(0, 1)

        blocks[name].register_forward_hook(hook)

    blocks = {f"encoder {i}": block for i, block in enumerate(network.encoder)}
    blocks |= {f"decoder {2 - i}": block for i, block in enumerate(network.decoder)}
    for name in blocks:
        keep(name)
    with torch.no_grad():
        network(image[None])
    return kept


def coloured(values: Tensor, colour: str) -> Pixels:
    """Return values from 0 to 1 as a ramp from the card's colour to another."""
    low, high = (np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) for c in (CARD, colour))
    shades = values.numpy()[..., None]
    return (low + shades * (high - low)).round().astype(np.uint8)


def picture(pixels: Pixels, x: float, y: float, side: float, height: float | None = None) -> str:
    """Return an SVG image that holds its PNG; it is square unless its height is given."""
    file = io.BytesIO()
    Image.fromarray(pixels).quantize(64, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    data = base64.b64encode(file.getvalue()).decode()
    return (
        f'<image x="{x}" y="{y}" width="{side}" height="{height or side}" '
        f'href="data:image/png;base64,{data}"/>'
    )


def frame(x: float, y: float, side: float, colour: str, radius: int = 0) -> str:
    """Return a box around a picture: square for the encoder, rounded for the decoder."""
    return (
        f'<rect x="{x - 2}" y="{y - 2}" width="{side + 4}" height="{side + 4}" rx="{radius}" '
        f'fill="none" stroke="{colour}" stroke-width="2.5"/>'
    )


def svg(width: int, height: int, label: str, parts: list[str]) -> str:
    """Return a whole picture on its card."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{label}"><style>{STYLE}</style>'
        f'<rect width="{width}" height="{height}" rx="12" fill="{CARD}"/>{"".join(parts)}</svg>\n'
    )


def opening(network: UNet, image: Tensor, mask: Tensor, prediction: Tensor) -> str:
    """Return the photo, the U with its feature maps, and the mask."""
    photo = coloured((image[0, ROWS] * BRIGHTER).clamp(0, 1), "#ffffff")
    maps = feature_maps(network, image[:, ROWS])
    score = iou(prediction[:, ROWS], mask[:, ROWS])
    parameters = sum(p.numel() for p in network.parameters())
    sides, tops = (128, 96, 64, 48), (66, 211, 324, 398)
    left, right, middle = 446, 634, 540
    parts = [
        '<text class="title" x="20" y="34">A microscope photo goes in, a mask comes out</text>',
        '<text class="bold" x="20" y="58">Photo</text>',
        '<text class="small" x="76" y="58">128×128 pixels</text>',
        '<text class="bold" x="770" y="58">Mask</text>',
        '<text class="small" x="824" y="58">which pixels belong to a nucleus?</text>',
        picture(photo, 20, 66, 290),
        picture(coloured(prediction[0, ROWS], GREEN), 770, 66, 290),
        frame(770, 66, 290, GREEN, 8),
        f'<path class="way" d="M314 130H{left - 68}M{right + 68} 130H764"/>',
    ]
    for level, (side, top) in enumerate(zip(sides, tops, strict=True)):
        if level == 3:
            parts.append(picture(coloured(maps["encoder 3"], BLUE), middle - side / 2, top, side))
            parts.append(frame(middle - side / 2, top, side, BLUE))
            parts.append(f'<text class="small bold" x="{middle + 34}" y="{top + 44}">16×16</text>')
            break
        for name, x, colour, radius in (
            (f"encoder {level}", left - side / 2, BLUE, 0),
            (f"decoder {level}", right - side / 2, GREEN, 8),
        ):
            parts.append(picture(coloured(maps[name], colour), x, top, side))
            parts.append(frame(x, top, side, colour, radius))
        y = top + side / 2
        parts.append(f'<path class="skip" d="M{left + side / 2 + 5} {y}H{right - side / 2 - 5}"/>')
        below = tops[level + 1] - 5 if level < 2 else 422
        parts.append(f'<path class="way" d="M{left} {top + side + 5}V{below}"/>')
        parts.append(f'<path class="way" d="M{right} {top + side + 5}V{below}"/>')
        if level:
            size = 128 >> level
            parts.append(
                f'<text class="small bold" text-anchor="end" x="{left - side / 2 - 12}" '
                f'y="{y + 5}">{size}×{size}</text>'
            )
    parts.append(f'<path class="way" d="M{left} 422H{middle - 30}M{middle + 30} 422H{right}"/>')
    across = [f"M314 130H{left}V{y}H{right}V130H764" for y in (422, 130, 259, 356)]
    for path in across:
        parts.append(f"""<circle class="dot" r="6" style="offset-path: path('{path}')"/>""")
    captions = (
        (20, "", 380, "The <tspan fill='#56b4e9' class='bold'>encoder</tspan> shrinks the image,"),
        (20, "", 400, "so that each value sees more of it."),
        (20, "small", 423, f"{parameters:,} weights, 600 training steps. It has never seen"),
        (20, "small", 440, f"these nuclei: IoU {score:.2f} here."),
        (
            770,
            "",
            380,
            "The <tspan fill='#2fc79a' class='bold'>decoder</tspan> brings the size back,",
        ),
        (
            770,
            "",
            400,
            "and the <tspan fill='#e3a3c6' class='bold'>skips</tspan> bring the outlines.",
        ),
        (770, "small", 423, "Image: BBBC038v1, Broad Bioimage"),
        (770, "small", 440, "Benchmark Collection, CC0."),
    )
    parts += [f'<text class="{c}" x="{x}" y="{y}">{text}</text>' for x, c, y, text in captions]
    return svg(1080, 456, "A microscope photo, a U-shaped network, and the mask it returns.", parts)


def errors(image: Tensor, mask: Tensor, prediction: Tensor) -> str:
    """Return two mistakes of the same network: photo, target and prediction of each."""
    parts = []
    for row, (title, (rows, columns)) in enumerate(ERRORS.items()):
        x = 20 + 530 * row
        parts.append(f'<text class="title" style="font-size:18px" x="{x}" y="36">{title}</text>')
        photo = (image[0, rows, columns] * BRIGHTER).clamp(0, 1)
        shown = {"photo": coloured(photo, "#ffffff")}
        shown["target"] = coloured(mask[0, rows, columns], TEXT)
        shown["prediction"] = coloured(prediction[0, rows, columns], GREEN)
        for column, (name, pixels) in enumerate(shown.items()):
            parts.append(picture(pixels, x + 170 * column, 52, 160))
            parts.append(f'<text class="small" x="{x + 170 * column}" y="232">{name}</text>')
    return svg(1080, 248, "Two typical errors: photo, target and prediction of each.", parts)


def earth_and_its_mistakes(image: Tensor, mask: Tensor, prediction: Tensor) -> str:
    """Return the Americas: the image, what the network calls land, and where it is wrong."""
    height, width = image.shape[-2:]
    shown_height = 340 * height / width
    photo = (1.6 * image[0]).clamp(0, 1)
    wrong = coloured(0.6 * photo, "#ffffff")
    for colour, where in ((PINK, mask > prediction), (AMBER, prediction > mask)):
        wrong[where[0].numpy()] = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    panels = (
        ("Image", "a part of the Earth that it has never seen", coloured(photo, "#ffffff")),
        ("Prediction", "what the network calls land", coloured(prediction[0], GREEN)),
        ("Mistakes", f"IoU {iou(prediction, mask):.2f}", wrong),
    )
    parts = []
    for column, (title, note, pixels) in enumerate(panels):
        x = 20 + 352 * column
        note_x = x + 10 + 9.5 * len(title)
        parts.append(f'<text class="bold" x="{x}" y="34">{title}</text>')
        parts.append(f'<text class="small" x="{note_x}" y="34">{note}</text>')
        parts.append(picture(pixels, x, 46, 340, height=shown_height))
    below = 46 + shown_height + 24
    parts.append(f'<text x="724" y="{below}" style="fill:{PINK}">■ land that it missed</text>')
    parts.append(f'<text x="904" y="{below}" style="fill:{AMBER}">■ no land</text>')
    return svg(1080, int(below) + 16, "The Americas, a prediction, and its mistakes.", parts)


def main() -> None:
    """Train both networks and write all pictures."""
    torch.set_num_threads(1)
    network, *cells = trained(nuclei())
    _, *land = trained(earth())
    IMAGES.mkdir(exist_ok=True)
    for name, text in {
        "lesson_0.svg": opening(network, *cells),
        "lesson_0_errors.svg": errors(*cells),
        "lesson_5.svg": earth_and_its_mistakes(*land),
    }.items():
        (IMAGES / name).write_text(text, encoding="utf-8")
        print(f"{name}: {len(text) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
