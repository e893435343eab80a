"""Draws images with masks, training curves and comparisons, in the colours of the course."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from colorsys import hls_to_rgb
from functools import wraps
from itertools import chain
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.shared.palette import INPUT, ON_DARK, OUTPUT, SKIP, WINDOW_LINE, WRONG
from unet_teach.shared.show import GAP, NARROWEST, fitting_scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from unet_teach.segmentation.data.dataset import Pair
    from unet_teach.segmentation.training_result import StepMetrics

DPI = 110
ROOM = 804  # pixels that JupyterLab leaves beside its file browser on a screen of 1280
LEGEND = 560  # pixels: some figures are narrower than the room
SMALL = 13 * 72 / DPI  # 13 pixels, in points: the size of all words
LINE, LETTER = 22, 8.8  # pixels for a line of words, and for a bold letter
RIGHT, MISSED, TOO_MUCH = ON_DARK[OUTPUT], ON_DARK[INPUT], ON_DARK[WRONG]
MISTAKES = ((RIGHT, None, "right"), (MISSED, "////", "missed"), (TOO_MUCH, "....", "too much"))
FAINT = 0.34  # brightness of an image below mistakes
DARK = "#212121"  # of what is neither, where no image is shown
CLASSES = (  # on the dark ground of images: black for the first, which usually is background
    *(DARK, *(ON_DARK[colour] for colour in (INPUT, WINDOW_LINE, OUTPUT, WRONG, SKIP))),
    *("#F0E442", "#8C6BB1", "#A6761D", "#66C2A5", "#BDBDBD", "#FB9A99", "#4D4D4D"),
)
CELLS = 9  # hues that tell cells apart
VOID_COLOUR = "#FFFFFF"  # of pixels that do not count
MANY = 8  # classes: from here on, a confusion matrix leaves its zeros out

Arguments = ParamSpec("Arguments")
LegendEntry = tuple[str, str | None, str]  # of a legend: colour, hatches and words
TitledSize = tuple[str, float, float]  # the title of an image, its width and height in pixels


def in_course_style(draw: Callable[Arguments, Figure]) -> Callable[Arguments, Figure]:
    """Decorate a function that returns a figure: it draws in the style of the course."""

    @wraps(draw)
    def drawn(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Figure:
        import matplotlib.pyplot as plt  # slow to import, and training alone draws no figure

        with plt.style.context("unet_teach.course"), plt.rc_context({"font.size": SMALL}):
            return draw(*args, **kwargs)

    return drawn


def new_figure(width: float, height: float) -> Figure:
    """Return an empty matplotlib figure of this size in pixels."""
    from matplotlib.figure import Figure  # slow to import

    return Figure(figsize=(width / DPI, height / DPI), dpi=DPI, layout="constrained")


def in_rows(sizes: Sequence[TitledSize], columns: int) -> list[Sequence[TitledSize]]:
    """Return images row by row, at most so many in each."""
    return [sizes[first : first + columns] for first in range(0, len(sizes), columns)]


def image_grid(
    rows: Sequence[Sequence[TitledSize]], *, legend: int = 0
) -> tuple[Figure, list[Axes]]:
    """Return a figure with axes for images, and their titles.

    Args:
        rows: title, width and height in pixels of each image, row by row.
        legend: how many lines to leave for a legend above the images.
    """
    heights = [max(height for *_, height in row) for row in rows]
    places = [[max(width, NARROWEST) for _, width, _ in row] for row in rows]
    wrapped = [
        [
            "\n".join(textwrap.fill(line, int(place / LETTER)) for line in title.split("\n"))
            for (title, *_), place in zip(row, row_places, strict=True)
        ]
        for row, row_places in zip(rows, places, strict=True)
    ]
    lines = [max(title.count("\n") + 1 for title in titles) for titles in wrapped]
    total_width = max(sum(row) + GAP * (len(row) - 1) for row in places)
    total_height = sum(heights) + LINE * sum(lines) + GAP * (len(rows) - 1) + LINE * legend
    figure = new_figure(total_width, total_height)
    figure.set_layout_engine("none")
    top, every_axes = float(LINE * legend), []
    by_row = zip(rows, places, wrapped, lines, heights, strict=True)
    for row, row_places, titles, line_count, height in by_row:
        bottom, left = top + LINE * line_count + height, 0.0
        for (title, image_width, image_height), place in zip(row, row_places, strict=True):
            axes = figure.add_axes(
                (
                    left / total_width,
                    1 - bottom / total_height,
                    image_width / total_width,
                    image_height / total_height,
                )
            )
            axes.axis("off")
            axes.set_title(titles.pop(0), loc="left", fontsize=SMALL, pad=4)
            axes.set_label(title)  # not wrapped, for `show`
            every_axes.append(axes)
            left += place + GAP
        top = bottom + GAP
    return figure, every_axes


@in_course_style
def side_by_side(
    images: Mapping[str, Tensor],
    width: int = 256,
    columns: int = 3,
    value_range: tuple[float, float] = (0.0, 1.0),
) -> Figure:
    """Draw images side by side, all equally wide.

    Args:
        images: (H, W) or (C, H, W), by title.
        width: of each, in pixels.
        columns: number of images in a row.
        value_range: the values that are black and white.
    """
    sizes = [(name, width, width * i.shape[-2] / i.shape[-1]) for name, i in images.items()]
    figure, every_axes = image_grid(in_rows(sizes, columns))
    for axes, image in zip(every_axes, images.values(), strict=True):
        show_image(axes, image if image.dim() == 3 else image[None], *value_range)
    return figure


@in_course_style
def gallery(
    splits: Mapping[str, Sequence[Pair]],
    order: Sequence[str] = (),
    classes: Sequence[str] = (),
    colours: Sequence[str] = (),
) -> Figure:
    """Draw images with the outlines of their masks: one row a split, or up to five in one row.

    Args:
        splits: the pairs of each split, by its name.
        order: names of the images from left to right in a single row; others come last.
        classes: names of several classes, which are painted over the images.
        colours: of these classes.
    """
    rows = [[(split, pair) for pair in pairs] for split, pairs in splits.items() if pairs]
    if sum(map(len, rows)) <= 5:
        # A name that is not in the order comes after those that are.
        rows = [sorted(chain(*rows), key=lambda each: [*order, each[1].name].index(each[1].name))]
    figure, every_axes = image_grid(
        [_fit_in_row(row) for row in rows], legend=legend_lines(classes)
    )
    pairs = [pair for row in rows for _, pair in row]
    black = min(float(pair.image.min()) for pair in pairs)  # one scale, so that they compare
    white = max(float(pair.image.max()) for pair in pairs)
    for axes, pair in zip(every_axes, pairs, strict=True):
        show_image(axes, pair.image, black, white)
        if classes:
            axes.imshow(paint_labels(pair.mask[0], colours), alpha=0.6, interpolation="nearest")
        elif 0 < pair.mask.mean() < 1:
            axes.contour(pair.mask[0].numpy(), [0.5], colors=ON_DARK[WINDOW_LINE], linewidths=0.8)
    if classes:
        add_legend(figure, _class_entries(classes, colours))
    return figure


def _fit_in_row(row: Sequence[tuple[str, Pair]]) -> list[TitledSize]:
    """Return title, width and height of images of equal height: of as many rows, of one scale."""
    aspects = [pair.mask.shape[-1] / pair.mask.shape[-2] for _, pair in row]
    native = max(pair.mask.shape[-2] for _, pair in row)
    height = native * max(1, 200 // native)  # so that all pixels are equally large
    widths = [height * aspect for aspect in aspects]
    narrow = sum(width < NARROWEST for width in widths)
    room = ROOM - GAP * (len(row) - 1) - NARROWEST * narrow
    wide = sum(width for width in widths if width >= NARROWEST)
    scale = min(1.0, 400 / height, room / max(wide, 1))
    return [
        (f"{split}:\n{pair.name}", scale * width, scale * height)
        for (split, pair), width in zip(row, widths, strict=True)
    ]


@in_course_style
def curves(history: Sequence[StepMetrics]) -> Figure:
    """Draw both losses over the steps, and below them the validation IoU; mark the best step."""
    figure = new_figure(660, 400)
    losses, ious = figure.subplots(2, 1, sharex=True)
    steps = [metrics.step for metrics in history]
    best = max(history, key=lambda metrics: metrics.validation_iou)
    last = history[-1]
    # Each label goes to the outer side of its curve, so that labels of equal ends do not overlap.
    train_on_top = last.train_loss >= last.validation_loss
    for name, label, colour, style, alignment in (
        ("train_loss", "train", WINDOW_LINE, "--", "bottom" if train_on_top else "top"),
        ("validation_loss", "validation", INPUT, "-", "top" if train_on_top else "bottom"),
    ):
        values = [getattr(metrics, name) for metrics in history]
        losses.plot(steps, values, color=colour, linestyle=style)
        losses.annotate(f" {label}", (steps[-1], values[-1]), va=alignment, annotation_clip=False)
    ious.plot(steps, [metrics.validation_iou for metrics in history], color=OUTPUT)
    ious.plot([best.step], [best.validation_iou], "o", color=OUTPUT, markersize=8)
    ious.annotate(
        "kept",
        (best.step, best.validation_iou),
        (0, -10),
        textcoords="offset points",
        ha="center",
        va="top",
    )
    losses.set_ylabel("loss", fontsize=SMALL)
    ious.set(xlim=(steps[0], max(steps[-1], 1)), ylim=(0, 1))
    ious.set_ylabel("validation IoU", fontsize=SMALL)
    ious.set_xlabel("step", fontsize=SMALL)
    return figure


@in_course_style
def comparison(
    pair: Pair,
    predictions: Mapping[str, Tensor],
    marks: Mapping[str, tuple[int, int]] | None = None,
    classes: Sequence[str] = (),
    colours: Sequence[str] = (),
) -> Figure:
    """Draw an image and, for each prediction, which pixels are right, missed and too much.

    With several classes, the classes of the target and of each prediction are drawn instead.

    Args:
        pair: the image and its target mask.
        predictions: masks (1, H, W) by name.
        marks: places to circle, (row, column) by name; the names are written on the image.
        classes: names of several classes.
        colours: of these classes.
    """
    from matplotlib.patheffects import withStroke  # slow to import

    masks = {"target": pair.mask, **predictions} if classes else predictions
    titles, (height, width) = [pair.name, *masks], pair.mask.shape[-2:]
    columns = 2 if len(titles) in (2, 4) else min(3, len(titles))
    scale = min((ROOM - GAP * (columns - 1)) / columns / width, 480 / height)
    sizes = [(title, scale * width, scale * height) for title in titles]
    rows = in_rows(sizes, columns)
    figure, (first, *others) = image_grid(rows, legend=legend_lines(classes) or 1)
    show_image(first, pair.image)
    for axes, mask in zip(others, masks.values(), strict=True):
        if classes:
            axes.imshow(paint_labels(mask[0], colours), interpolation="nearest")
        else:
            show_mistakes(axes, mask, pair.mask, pair.image)
    # On a page the images may shrink, and the words on them should stay as large as all others.
    size = SMALL / fitting_scale([row[0][2] for row in rows], has_legend=True)
    outline = withStroke(linewidth=3.5, foreground=DARK)
    on_image: dict[str, Any] = {"color": "white", "path_effects": [outline]}
    for name, (row, column) in (marks or {}).items():
        for axes in (first, *others):
            axes.plot(column, row, "o", markersize=26, fillstyle="none", **on_image)
        side = 1 if column < width / 2 else -1  # where there is more room for words
        first.annotate(
            name,
            (column, row),
            (17 * side, 0),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="center",
            size=size,
            **on_image,
        )
    add_legend(figure, _class_entries(classes, colours) if classes else MISTAKES)
    return figure


@in_course_style
def confusion_matrix(confusion: Tensor, classes: Sequence[str]) -> Figure:
    """Draw how the pixels of each class were predicted, in percent of that class.

    Args:
        confusion: (K, K), pixels of the class of the row predicted as that of the column.
        classes: their names.
    """
    shares = confusion / confusion.sum(1, keepdim=True).clamp(min=1)
    names = max(map(len, classes)) * LETTER
    cell = max(40, min(64, (ROOM - names) / len(classes)))
    figure = new_figure(cell * len(classes) + names + 60, cell * len(classes) + names + 60)
    axes = figure.subplots()
    axes.imshow(shares.numpy(), cmap="Blues", vmin=0, vmax=1)
    for row, column in torch.cartesian_prod(*[torch.arange(len(classes))] * 2).tolist():
        share = float(shares[row, column])
        text = f"{share:.0%}" if share == 0 or share >= 0.005 else "<1%"
        text = "" if share == 0 and len(classes) > MANY else text
        colour = "white" if share > 0.5 else "black"
        axes.text(column, row, text, ha="center", va="center", color=colour)
    numbers = range(len(classes))
    axes.set_xticks(numbers, classes, rotation=90 if names > cell else 0)
    axes.set_yticks(numbers, classes)
    axes.set_xlabel("predicted", fontsize=SMALL)
    axes.set_ylabel("target", fontsize=SMALL)
    return figure


def legend_columns(labels: Sequence[str]) -> int:
    """Return how many entries of a legend fit beside each other."""
    return min(len(labels), max(1, int(LEGEND / (45 + LETTER * max(map(len, labels))))))


def legend_lines(labels: Sequence[str]) -> int:
    """Return how many lines a legend takes; 0 if there is nothing to name."""
    return -(-len(labels) // legend_columns(labels)) if labels else 0


def _class_entries(classes: Sequence[str], colours: Sequence[str]) -> list[LegendEntry]:
    named = zip(class_colours(len(classes), colours), classes, strict=True)
    return [(colour, None, name) for colour, name in named]


def class_colours(count: int, colours: Sequence[str] = ()) -> list[str]:
    """Return a colour, "#rrggbb", for each of `count` classes: those given, or the course's own."""
    own = [*CLASSES]
    for number in range(len(own), count):  # multiples of the golden ratio lie far apart
        red, green, blue = hls_to_rgb(number * 0.618 % 1, 0.35 + 0.15 * (number % 3), 0.6)
        own.append(f"#{int(255 * red):02X}{int(255 * green):02X}{int(255 * blue):02X}")
    return [*colours[:count], *own[len(colours) : count]]


def paint_labels(labels: Tensor, colours: Sequence[str] = ()) -> NDArray[np.uint8]:
    """Return labels (H, W) in the colours of their classes, (H, W, 3); void pixels are white."""
    table = [*class_colours(255, colours), VOID_COLOUR]
    rgb = np.array([list(bytes.fromhex(colour[1:])) for colour in table], np.uint8)
    painted: NDArray[np.uint8] = rgb[labels.numpy()]
    return painted


def paint_cells(labels: Tensor, image: Tensor | None = None) -> Tensor:
    """Return numbered cells in colours, (3, H, W), for `side_by_side`; their outlines are white.

    Args:
        labels: (H, W), the number of each pixel's cell, 0 for background.
        image: (1, H, W), shown where no cell is, and shining through where one is.
    """
    hues = [list(bytes.fromhex(hue[1:])) for hue in CLASSES[1 : 1 + CELLS]]
    table = torch.tensor(hues) / 255
    painted = table[(labels.long() - 1) % len(table)].movedim(2, 0)
    padded = F.pad(labels[None, None].float(), [1] * 4, mode="replicate")[0, 0]
    rows, columns = padded[1:-1], padded[:, 1:-1]
    differs = (rows[:, 2:] != labels) | (columns[2:] != labels)  # from the right or from below
    grey = torch.zeros(1, *labels.shape) if image is None else image / image.max()
    inside = (labels > 0) & ~differs
    return torch.where(inside, 0.35 * grey + 0.65 * painted, torch.where(differs, 1.0, grey))


def show_mistakes(
    axes: Any, prediction: Tensor, target: Tensor, background: Tensor | None = None
) -> None:
    """Show on axes which pixels of a prediction are right, missed and too much.

    They are drawn on a dark ground, as images are, in colours for dark pages: right ones green,
    missed ones blue and hatched, those too much vermilion and dotted.

    Masks are (1, H, W); the background, (C, H, W), is shown faintly where neither is.
    """
    from matplotlib.colors import to_rgb  # slow to import

    prediction, target = prediction[0].bool(), target[0].bool()
    canvas = np.full((*prediction.shape, 3), to_rgb(DARK), dtype=np.float32)
    if background is not None:
        grey = background.mean(0)
        grey = (grey - grey.min()) / (grey.max() - grey.min()).clamp(min=1e-9)
        canvas[:] = FAINT * grey.numpy()[..., None]
    parts = (prediction & target, target & ~prediction, prediction & ~target)
    for where, (colour, hatch, _) in zip(parts, MISTAKES, strict=True):
        canvas[where.numpy()] = to_rgb(colour)
        # A pattern would break up what is thin: it stays away from boundaries.
        inside = -F.max_pool2d(-where[None].float(), 3, stride=1, padding=1)[0]
        if hatch and 0 < inside.mean() < 1:
            pattern = axes.contourf(inside.numpy(), [0.5, 1], colors="none", hatches=[hatch])
            pattern.set(edgecolor=DARK, linewidth=0, zorder=2)
    axes.imshow(canvas, interpolation="antialiased", zorder=1)


def add_legend(figure: Figure, entries: Sequence[LegendEntry] = MISTAKES) -> None:
    """Write above all images what colours mean: by default, those of `show_mistakes`."""
    from matplotlib.patches import Patch  # slow to import

    figure.legend(
        handles=[
            Patch(facecolor=colour, edgecolor=DARK, linewidth=2, hatch=hatch, label=label)
            for colour, hatch, label in entries
        ],
        loc="upper left",
        ncols=max(3, legend_columns([label for *_, label in entries])),
        borderaxespad=0,
        borderpad=0,
        handleheight=1.1,
        fontsize=SMALL,
    )


def show_image(
    axes: Any, image: Tensor, black: float | None = None, white: float | None = None
) -> None:
    """Show an image (C, H, W) on axes: if it has three channels in colour (0 to 1), else in grey.

    `black` and `white` are the values that are so; by default, the lowest and the highest one.
    """
    pixels = image.permute(1, 2, 0).numpy() if image.shape[0] == 3 else image[0].float().numpy()
    is_enlarged = axes.get_window_extent().width > 1.9 * image.shape[-1]
    interpolation = "nearest" if is_enlarged else "antialiased"
    axes.imshow(pixels, cmap="gray", vmin=black, vmax=white, interpolation=interpolation)
