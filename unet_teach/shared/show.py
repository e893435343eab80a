"""Shows a lesson's figure in the page's colours, with a text for readers who cannot see it."""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unet_teach.shared import palette
from unet_teach.shared.png import encode_png

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GAP = 12  # pixels between images
NARROWEST = 100  # pixels for a caption
PHONE = 358  # pixels that a phone's page has for a figure
STACKED = 190  # pixels: two or three wider images don't become narrower, but stand in a column
TALLEST = 556  # pixels beside a folded cell, in a notebook on a screen of 1280×720
TOO_SMALL = 0.6  # of their size: rows that shrink more are shown large, to be looked at in turn
CAPTION, KEY = 34, 24  # pixels of height for a row's captions and gap, and for a legend
HALF = 270  # pixels for half a row of four images and more: a phone has one, a book's page both
SMALLEST = 11 / 13  # of its size, where words of 13 pixels become 11
# What a colour of a figure becomes on a light and on a dark page. A browser may tell an SVG the
# system's theme in place of the page's: on that page, too, text has a contrast of 3 : 1.
PAGE_COLOURS = {
    palette.INK: ("#616161", "#949494"),
    **{light: (light, dark) for light, dark in palette.ON_DARK.items()},
    **{
        light[name]: (light[name], dark[name])
        for light, dark in (
            (palette.DIAGRAM, palette.DIAGRAM_DARK),
            (palette.DIAGRAM_TEXT, palette.DIAGRAM_TEXT_DARK),
        )
        for name in light
    },
}


def show(figure: Figure, alt: str) -> None:
    """Show a matplotlib figure in the notebook with its alternative text, and close it.

    A figure of nothing but images becomes an `<img>` for each, with its title as a caption in the
    page's own type; they shrink to stay side by side and to fit a screen's height, and on a phone
    stand in twos or ones. Any other figure becomes an SVG whose colours follow the page's theme,
    and a second one for narrow pages, with its axes below each other. JupyterLab shows both
    untrusted, too. What can't show a page, such as PDF export, has a PNG.

    Args:
        figure: a figure, shown at its own dpi.
        alt: what the figure shows, in a sentence or two.

    Raises:
        ValueError: if `alt` is empty.
    """
    import matplotlib.pyplot as plt  # slow to import, as is IPython outside of a notebook
    from IPython.display import display

    if not alt.strip():
        raise ValueError("alt is empty. Say in a sentence what the picture shows.")
    png = _whole_png(figure)  # first: what follows takes the figure apart
    page = _images_html(figure, alt) if _has_only_images(figure) else _svg_html(figure, alt)
    plt.close(figure)
    bundle = {"text/html": page, "image/png": png, "text/plain": alt}
    display(bundle, raw=True)  # type: ignore[no-untyped-call, unused-ignore]


def static_picture(figure: Figure, alt: str) -> dict[str, str]:
    """Return a figure by MIME type: an SVG on a page, with its text, and a PNG where no page is.

    GitHub, nbviewer, nbconvert and an editor that doesn't trust a notebook yet show one of them in
    place of a widget.
    """
    png = _whole_png(figure)
    return {"text/html": f"<div>{_svg_img(figure, alt)}</div>", "image/png": png}


def img_of_svg(svg: str, alt: str, width: float, height: float, fit: str = "") -> str:
    """Return an `<img>` of an SVG in the colours of `palette`, which follow the page's theme.

    On a page narrower than `width` pixels it shrinks, where `fit` (CSS) says nothing else.
    """
    themes: tuple[list[str], list[str]] = [], []
    for number, (colour, on_pages) in enumerate(PAGE_COLOURS.items()):
        svg, count = re.subn(colour, f"var(--c{number})", svg, flags=re.IGNORECASE)
        for theme, on_page in zip(themes, on_pages, strict=True):
            theme += [f"--c{number}:{on_page};"] if count else []
    light, dark = map("".join, themes)
    style = f"<style>svg{{{light}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}</style>"
    svg = re.sub(r"<svg\b[^>]*>", lambda start: start[0] + style, svg, count=1)
    source = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
    return _img(source, alt, round(width), round(height), fit)


def _img(source: str, alt: str, width: int, height: int, style: str = "") -> str:
    return (
        f'<img alt="{html.escape(alt)}" width="{width}" height="{height}" '
        f'style="{style}display:block;max-width:100%;height:auto" src="{source}">'
    )


def _svg_html(figure: Figure, alt: str) -> str:
    width = figure.get_figwidth() * figure.dpi
    if width * SMALLEST <= PHONE:
        return f"<div>{_svg_img(figure, alt)}</div>"
    # Each of the two is as wide as nothing where the page is for the other.
    switch = ceil(width * SMALLEST)
    wide = _svg_img(figure, alt, f"width:clamp(0px,(100% - {switch - 1}px)*9999,{width:.0f}px);")
    _stack(figure)
    narrow = _svg_img(figure, "", f"width:clamp(0px,({switch}px - 100%)*9999,{PHONE}px);")
    # JupyterLab takes `clamp` out of a notebook that it does not trust: then the wide one is left.
    narrow = re.sub(r' width="\d+" height="\d+"', ' width="0" height="0"', narrow, count=1)
    return f"<div>{wide}{narrow}</div>"


def _stack(figure: Figure) -> None:
    """Put the axes of a figure below each other, as they fit a phone."""
    from matplotlib.layout_engine import PlaceHolderLayoutEngine  # slow to import

    every_axes = [axes for row in _rows(figure.axes) for axes in row]
    boxes = [axes.get_window_extent().frozen() for axes in every_axes]
    engine = figure.get_layout_engine()  # switched off, it has left a placeholder
    if not (engine is None or isinstance(engine, PlaceHolderLayoutEngine)):
        # Such axes have ticks and labels around them.
        figure.set_size_inches(PHONE / figure.dpi, figure.get_figheight() * len(every_axes))
        grid = figure.add_gridspec(len(every_axes), 1)
        for row, axes in enumerate(every_axes):
            axes.set_subplotspec(grid[row])
            axes.tick_params(labelleft=True)
        return
    # A letter may stand in the gap on the left of its axes.
    beside = [
        box.x0 - (axes.get_tightbbox() or box).x0
        for axes, box in zip(every_axes, boxes, strict=True)
    ]
    total = sum(box.height for box in boxes)
    figure.set_size_inches(PHONE / figure.dpi, total / figure.dpi)
    top = total
    for axes, box, least in zip(every_axes, boxes, beside, strict=True):
        top -= box.height
        room = max(0.0, PHONE - box.width)
        left = min(max(room / 2, least), room)
        axes.set_position(
            (left / PHONE, top / total, box.width / PHONE, box.height / total), which="both"
        )


def _svg_img(figure: Figure, alt: str, fit: str = "") -> str:
    width, height = figure.get_size_inches() * figure.dpi
    return img_of_svg(svg_text(figure), alt, width, height, fit)


def svg_text(figure: Figure, ground: str = "none") -> str:
    """Return a figure as an SVG whose words are text, on a ground of some colour."""
    import matplotlib.pyplot as plt  # slow to import

    file = io.StringIO()
    with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": "unet_teach"}):
        metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", metadata=metadata, facecolor=ground)
    # A reader's computer has a font for its interface, and rarely matplotlib's.
    svg = re.sub(r"'DejaVu Sans'[^;\"]*", "system-ui, sans-serif", file.getvalue())
    return _without_repetition(svg[svg.index("<svg") :])


def _without_repetition(svg: str) -> str:
    """Return matplotlib's SVG in a third of its size: rounded, and with each style said once."""
    classes: dict[str, int] = {}

    def as_class(found: re.Match[str]) -> str:
        clip = f";clip-path:{found[1]}" if found[1] else ""
        return f' class="s{classes.setdefault(found[2] + clip, len(classes))}"'

    def rounded(found: re.Match[str]) -> str:
        return re.sub(r"(\.\d)\d+", r"\1", re.sub(r"\s*([A-Za-z])\s+", r"\1", found[0])).rstrip()

    svg = re.sub(r"<!--.*?-->| transform=\"rotate\(-0[^\"]*\"|(?<=<g) id=\"\w+\"", "", svg)
    svg = re.sub(r"(?<= d=\")[^\"]*|(?<= [xy]=\")[^\"]*", rounded, svg)
    svg = re.sub(r"(?: clip-path=\"([^\"]*)\")? style=\"([^\"]*)\"", as_class, svg)
    styles = "".join(f".s{number}{{{style}}}" for style, number in classes.items())
    svg = re.sub(r">\s+<", "><", svg).replace("<g/>", "")
    return svg.replace("</style>", f"{styles}</style>", 1)


def _has_only_images(figure: Figure) -> bool:
    return bool(figure.axes) and all(
        axes.images and not (axes.get_xlabel() or axes.get_ylabel()) for axes in figure.axes
    )


def _images_html(figure: Figure, alt: str) -> str:
    pixels = _render_without_words(figure)
    rows = _rows(figure.axes)
    images = [[_cut_out(pixels, axes) for axes in row] for row in rows]
    places = [[max(image.width, NARROWEST) for image in row] for row in images]
    heights = [max(image.height for image in row) for row in images]
    scale = fitting_scale(heights, has_legend=bool(figure.legends))
    most = max(map(len, rows))
    is_grid = len({place for row in places for place in row}) == 1
    parts, widest = [_legend_html(figure, pixels)], 0
    for row, row_images, row_places in zip(rows, images, places, strict=True):
        cells = []
        for axes, image, place in zip(row, row_images, row_places, strict=True):
            first, *others = _title(axes).split("\n")
            caption = f"<b>{html.escape(first)}</b><br>{html.escape(' '.join(others))}"
            caption = f"<figcaption>{caption.removesuffix('<br>')}</figcaption>" if first else ""
            share = "" if image.width == place else f"width:{100 * image.width / place:.0f}%;"
            cells.append(f"{caption}{_img(_png(image), alt, *image.size, share)}")
            alt = ""  # the first image says it for all of them
        if is_grid:  # all images stay equally large where a row lacks some
            cells += [""] * (most - len(row))
        widths = [round(scale * place) for place in row_places]
        widest = max(widest, _room(widths))
        parts.append(_row_html(cells, widths + widths[:1] * (len(cells) - len(row))))
    style = f"max-width:{widest}px;overflow-wrap:break-word"
    return f'<div style="{style}">{"".join(parts)}</div>'


def fitting_scale(heights: Sequence[float], *, has_legend: bool = False) -> float:
    """Return by how much rows of images shrink so that all of them are on the screen at once.

    Args:
        heights: of the rows, in pixels.
        has_legend: whether a legend stands above them.
    """
    words = CAPTION * len(heights) + KEY * has_legend
    scale = (TALLEST - words) / sum(heights)
    return scale if TOO_SMALL < scale < 1 else 1.0


def _room(places: Sequence[int]) -> int:
    return sum(places) + GAP * (len(places) - 1)


def _row_html(cells: Sequence[str], places: Sequence[int]) -> str:
    """Return images that shrink to stay in a row; on a phone, large ones stand in twos or ones.

    Widths are shares of what is free, so that all images keep one scale. Only flex boxes are used:
    JupyterLab keeps them in a notebook that it does not trust.
    """
    fours = len(cells) > 3
    least = 0 if fours or min(places) < STACKED else STACKED
    figures = [
        f'<figure style="margin:0;flex:{place} 1 0px;min-width:{least}px;max-width:{place}px">'
        f"{cell}</figure>"
        for cell, place in zip(cells, places, strict=True)
    ]
    flex = f"display:flex;gap:{GAP}px;align-items:flex-end"
    if fours:
        middle = (len(cells) + 1) // 2
        halves = [slice(0, middle), slice(middle, None)]
        widest = max(_room(places[half]) for half in halves)
        figures = [
            f'<div style="{flex};flex:{sum(places[half])} 1 {GAP * (len(places[half]) - 1)}px;'
            f"min-width:{_room(places[half]) * min(1, HALF / widest):.0f}px;"
            f'max-width:{_room(places[half])}px">{"".join(figures[half])}</div>'
            for half in halves
        ]
    return f'<div style="{flex};flex-wrap:wrap;margin:0 0 {GAP}px">{"".join(figures)}</div>'


def _title(axes: Axes) -> str:
    """Return the title of axes; their label is the same one, if its lines had to be wrapped."""
    return str(axes.get_label()) or axes.get_title("left") or axes.get_title()


def _render_without_words(figure: Figure) -> NDArray[np.uint8]:
    """Return a figure without titles and words, (H, W, 4), and leave its axes where they lie."""
    for axes in figure.axes:
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        for place in ("left", "center"):
            axes.set_title(axes.get_title(place), loc=place, visible=False)
    for text in (text for legend in figure.legends for text in legend.get_texts()):
        text.set_visible(False)
    return np.asarray(_rendered(figure))


def _rendered(figure: Figure) -> Image.Image:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=figure.dpi, facecolor="none")
    return Image.open(file).convert("RGBA")


def _rows(every_axes: Sequence[Axes]) -> list[list[Axes]]:
    """Return axes in reading order: those that lie at the same height, in part, are a row."""
    rows: list[list[Axes]] = []
    bottom = float("inf")
    for axes in sorted(every_axes, key=lambda axes: -axes.get_window_extent().y1):
        box = axes.get_window_extent()
        if box.y1 < bottom + 1:
            rows.append([])
        bottom = box.y0 if box.y1 < bottom + 1 else max(bottom, box.y0)
        rows[-1].append(axes)
    return [sorted(row, key=lambda axes: axes.get_window_extent().x0) for row in rows]


def _cut_out(pixels: NDArray[np.uint8], artist: Any) -> Image.Image:
    """Return the part of a rendered figure that an artist covers."""
    box = artist.get_window_extent()
    left, right = round(box.x0), round(box.x1)
    top, bottom = (len(pixels) - round(edge) for edge in (box.y1, box.y0))
    image = Image.fromarray(pixels[max(top, 0) : bottom, max(left, 0) : right])
    return image if pixels[top:bottom, left:right, 3].min() < 255 else image.convert("RGB")


def _legend_html(figure: Figure, pixels: NDArray[np.uint8]) -> str:
    """Return the entries of a figure's legends, each a small image and a word."""
    entries = [
        f'<span style="display:flex;gap:6px;align-items:center">'
        f"{_img(_png(image), '', *image.size)}{html.escape(text.get_text())}</span>"
        for legend in figure.legends
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True)
        for image in [_cut_out(pixels, handle)]
    ]
    style = "display:flex;flex-wrap:wrap;gap:4px 20px;width:100%"
    return f'<div style="{style}">{"".join(entries)}</div>' if entries else ""


def _whole_png(figure: Figure) -> str:
    """Return a figure on no ground as a PNG in base64, in 255 colours; its own hold on any page."""
    return encode_png(_rendered(figure).quantize(255, Image.Quantize.FASTOCTREE))


def _png(image: Image.Image) -> str:
    """Return the address of an image, in 255 colours where nothing is half transparent."""
    alpha = np.asarray(image.convert("RGBA"))[..., 3]
    if ((alpha == 0) | (alpha == 255)).mean() > 0.98:  # the rest are edges
        image = image.convert("RGB").quantize(255, kmeans=2, dither=Image.Dither.NONE)
        image.putpalette([*(image.getpalette() or []), *([0] * 768)][:768])
        image.paste(255, mask=Image.fromarray(alpha < 128))
        image.info["transparency"] = 255
    return f"data:image/png;base64,{encode_png(image, optimize=True)}"
