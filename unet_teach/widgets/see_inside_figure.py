"""The U of SeeInside with its maps, drawn with matplotlib for slides, print and static pages."""

from __future__ import annotations

import base64
import zlib
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch
from numpy.typing import NDArray

from unet_teach.shared.palette import GREY, INPUT, OUTPUT, SKIP
from unet_teach.widgets.see_inside import SeeInside
from unet_teach.widgets.see_inside_scene import random_sample

Image: TypeAlias = NDArray[Any]  # of 0 to 1, (C, H, W)
CONTRAST, GROUND, ERASER = 0.4, 0.35, 5  # as in js/see
BLUR = 5  # cells that a blurred skip is averaged over
RAMPS = {
    "encoder": LinearSegmentedColormap.from_list("encoder", ["white", INPUT, "#04304d"]),
    "decoder": LinearSegmentedColormap.from_list("decoder", ["white", OUTPUT, "#00402e"]),
}


def draw(widget: SeeInside) -> Figure:
    """Draw the image, one channel of each level, the switches, and the prediction."""
    task, shown, samples = widget.shown_task, widget.shown_network, widget.shown_task["samples"]
    sample = samples[min(widget.sample, len(samples) - 1)]
    other = next((each for each in samples if each is not sample), sample)
    if widget.seed and not widget.image and samples[0].get("lines"):
        sample, other = random_sample(widget.seed), samples[0]
    moments = shown.get("moments", [])
    moment = moments[min(widget.moment, len(moments) - 1)] if moments else {}
    network = moment.get("network", shown["network"])
    image = painted(read_image(sample, widget.image), widget.strokes)
    skips, depth = widget.switches, len(widget.switches)
    run = widget._live.maps if widget._live else partial(run_packed, network)
    maps = run(image, skips, read_image(other, ""))
    figure = Figure(figsize=(10.4, 1.15 * (depth + 1) + 0.8))
    title = f"{task['name']}, {shown['name']}"
    figure.suptitle(title, x=0.02, ha="left", weight="bold")
    grid = figure.add_gridspec(
        depth + 1, 5, width_ratios=(2.6, 1, 1, 1, 2.6), left=0.02, right=0.98, bottom=0.04
    )
    pixels = (image if len(image) == 3 else image[:1]).transpose(1, 2, 0).squeeze()
    _show(figure.add_subplot(grid[:, 0]), pixels, "input", GREY, cmap="gray", vmin=0, vmax=1)
    for level in range(depth):
        left, right = (figure.add_subplot(grid[level, column]) for column in (1, 3))
        _show_level(left, maps.get(f"encoder {level}"), "encoder", INPUT)
        _show_level(right, maps.get(f"decoder {level}"), "decoder", OUTPUT)
        if network["skip"] != "none" and (name := widget.skip_names[level]):
            _connect(figure, left, right, name, skips[level])
    bottom = figure.add_subplot(grid[depth, 2])
    _show_level(bottom, maps.get(f"encoder {depth}"), "encoder", INPUT)
    found = figure.add_subplot(grid[:, 4])
    mean = "prediction"
    _show(found, maps["prediction"], mean, OUTPUT, cmap=RAMPS["decoder"], vmin=0, vmax=1)
    mask = read_mask(sample)
    is_known = mask is not None and mask.shape == maps["prediction"].shape
    if mask is not None and is_known and not widget.strokes and not widget.image:
        found.contour(mask, levels=[0.5], colors="black", linewidths=0.8)
    return figure


def read_image(sample: dict[str, Any], dropped: str) -> Image:
    """Return an image of 0 to 1, (C, H, W); black where the dropped one cannot be read."""
    height, width, channels = (sample[name] for name in ("height", "width", "channels"))
    if dropped:
        try:
            values = np.frombuffer(zlib.decompress(base64.b64decode(dropped), -15), "u1")
            image: Image = values.reshape(channels, height, width).astype("f4") / 255
        except (ValueError, zlib.error):
            image = np.zeros((channels, height, width), "f4")
        return image
    values = np.frombuffer(base64.b64decode(sample["image"]), "u1")
    image = values.reshape(height, width, channels).transpose(2, 0, 1).astype("f4") / 255
    return image


def read_mask(sample: dict[str, Any]) -> NDArray[np.uint8] | None:
    """Return the mask, (H, W), `None` where there is none."""
    if "mask" not in sample:
        return None
    shape = sample["height"], sample["width"]
    bits = np.unpackbits(np.frombuffer(base64.b64decode(sample["mask"]), "u1"))
    return bits[: shape[0] * shape[1]].reshape(shape)


def painted(image: Image, strokes: list[list[Any]]) -> Image:
    """Return the image with rings and lines brightened and erased pixels set to the ground."""
    image = image.copy()
    y, x = np.mgrid[: image.shape[1], : image.shape[2]]
    for kind, *numbers in strokes:
        if kind == "erase":
            for row, column in zip(numbers[::2], numbers[1::2], strict=True):
                image[:, np.hypot(y - row, x - column) <= ERASER] = GROUND
            continue
        if kind == "ring":
            row, column, radius = numbers
            distance, half = np.abs(np.hypot(y - row, x - column) - radius), 1.0
        else:
            row, column, to_row, to_column = numbers
            down, right = to_row - row, to_column - column
            along = ((y - row) * down + (x - column) * right) / (down**2 + right**2 or 1)
            along = np.clip(along, 0, 1)
            distance, half = np.hypot(y - row - along * down, x - column - along * right), 0.75
        image = np.minimum(image + CONTRAST * np.clip(half + 0.5 - distance, 0, 1), 1)
    return image.astype("f4")


def run_packed(
    network: dict[str, Any], image: Image, skips: list[float | str], other: Image
) -> dict[str, Image]:
    """Return the maps of every level (C, H, W) and the probability of the foreground (H, W)."""
    import torch
    from torch.nn import functional

    from unet_teach.networks.packed import unpack

    model = unpack(network)
    with torch.no_grad():
        both = torch.from_numpy(np.stack([image, other if other.shape == image.shape else image]))
        encoded = [model.encoder[0](both)]
        for down, convs in zip(model.down, model.encoder[1:], strict=True):
            encoded.append(convs(down(encoded[-1])))
        maps = {f"encoder {level}": each[0].numpy() for level, each in enumerate(encoded)}
        x = encoded[-1][:1]
        levels = reversed(range(len(skips)))
        for level, up, convs in zip(levels, model.up, model.decoder, strict=True):
            skip, how = encoded[level], skips[level]
            if how == "blur":
                skip = functional.avg_pool2d(skip, BLUR, 1, BLUR // 2, count_include_pad=False)
            carried = skip[1:] if how == "other" else skip[:1]
            x = convs(model._join(up(x), carried * (1 if isinstance(how, str) else how)))
            maps[f"decoder {level}"] = x[0].numpy()
        logits = model.head(x)[0]
        one = logits.sigmoid()[0] if len(logits) == 1 else 1 - logits.softmax(0)[0]
    return {**maps, "prediction": one.numpy()}


def _show_level(axes: Axes, maps: Image | None, part: str, colour: str) -> None:
    """Draw the channel that varies most in blocks of 2×2 cells, as the widget does."""
    if maps is None:
        axes.set_axis_off()
        return
    high, wide = (max(2, size // 2 * 2) for size in maps.shape[1:])
    blocks = [maps[:, i:high:2, j:wide:2] for i in (0, 1) for j in (0, 1)]
    size = min(each.shape[1] for each in blocks), min(each.shape[2] for each in blocks)
    mean = np.mean([each[:, : size[0], : size[1]] for each in blocks], axis=0)
    channel = maps[mean.std(axis=(1, 2)).argmax() if mean.size else 0]
    name = f"{channel.shape[0]}×{channel.shape[1]}"
    _show(axes, channel, name if part == "encoder" else "", colour, cmap=RAMPS[part])


def _show(axes: Axes, values: Image, name: str, colour: str, **options: Any) -> None:
    axes.imshow(values, interpolation="nearest", **options)
    axes.set(xticks=[], yticks=[])
    axes.set_title(name, fontsize=9)
    axes.spines[:].set(visible=True, color=colour, linewidth=1.6)


def _connect(figure: Figure, left: Axes, right: Axes, level: str, skip: float | str) -> None:
    """Draw a skip as a dashed arrow; a cut one has no end."""
    words = {0: "cut", 1: "on", "blur": "blurred", "other": "other image"}
    is_cut = skip == 0
    line = ConnectionPatch(
        (1.08, 0.5),
        (-0.9, 0.5) if is_cut else (-0.08, 0.5),
        "axes fraction",
        "axes fraction",
        axesA=left,
        axesB=right,
        arrowstyle="-" if is_cut else "->",
        color=GREY if is_cut else SKIP,
        linestyle="--",
        linewidth=1.8,
    )
    figure.add_artist(line)
    says = words.get(skip, f"×{skip}")
    place = (1.9, 0.62)
    left.annotate(f"skip {level} {says}", place, xycoords="axes fraction", ha="center", fontsize=9)
