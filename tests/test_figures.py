"""A figure shown in a lesson carries words and takes the colours of the page it is on."""

import base64
import io
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from tests.contrast import contrast, linear
from unet_teach.shared import palette
from unet_teach.shared.show import PAGE_COLOURS, PHONE, show

THEME = Path(__file__).parents[1] / "js" / "theme.css"
PAGES = linear("#ffffff"), linear("#111111")


@pytest.fixture
def shown(monkeypatch):
    """Return a function that shows a figure and returns what the notebook gets."""
    bundles = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: bundles.append(data))

    def show_figure(figure, alt="some words"):
        show(figure, alt)
        return bundles[-1]

    return show_figure


def sources(page, kind):
    return [base64.b64decode(s) for s in re.findall(rf'src="data:image/{kind};base64,(.*?)"', page)]


def images(count, **options):
    figure, grid = plt.subplots(1, count, squeeze=False, **options)
    for number, axes in enumerate(grid[0]):
        axes.imshow(np.linspace(0, 1, 400).reshape(20, 20), cmap="gray")
        axes.set_title(f"image <{number}>\nits size", loc="left")
    return figure


def test_a_figure_is_shown_with_its_text_and_closed(shown):
    figure, _ = plt.subplots()
    bundle = shown(figure, 'A "line" <rising>')
    assert bundle["text/plain"] == 'A "line" <rising>'
    assert 'alt="A &quot;line&quot; &lt;rising&gt;"' in bundle["text/html"]
    assert not plt.fignum_exists(figure.number)


def test_a_plot_becomes_an_svg_with_colours_for_light_and_dark_pages(shown):
    figure, axes = plt.subplots()
    axes.plot([0, 1], color=palette.INPUT)
    axes.set_title("a line", color=palette.INK)
    axes.set_yticks([0.25, 0.75])
    page = shown(figure)["text/html"]
    svgs = [source.decode() for source in sources(page, r"svg\+xml")]
    assert len(svgs) == 2  # for wide pages and for narrow ones
    for svg in svgs:
        assert svg.lower().count(palette.INPUT.lower()) == 1  # exchanged for a dark page there
        assert "prefers-color-scheme:dark" in svg
        assert palette.ON_DARK[palette.INPUT] in svg
        assert ">a line</text>" in svg
        assert ">0.25</text>" in svg
        assert "DejaVu" not in svg


@pytest.mark.parametrize("style", ["default", "unet_teach.course"])
def test_axes_placed_by_hand_keep_their_shape_on_a_narrow_page(shown, style):
    """Also where a style's layout was switched off, which is not the same as having none."""
    with plt.style.context(style):
        figure = plt.figure(figsize=(8, 2), dpi=100)
        figure.set_layout_engine("none")
        for left in (0, 0.5):
            figure.add_axes((left, 0, 0.4, 0.9)).axis("off")
    shown(figure)  # the narrow one is drawn last
    assert figure.get_size_inches() * 100 == pytest.approx((PHONE, 2 * 180))
    boxes = [axes.get_window_extent().bounds for axes in figure.axes]
    assert [box[1:] for box in boxes] == [
        pytest.approx(b) for b in ((180, 320, 180), (0, 320, 180))
    ]


def test_a_letter_beside_axes_is_whole_on_a_narrow_page(shown):
    figure = plt.figure(figsize=(8, 2), dpi=100)
    figure.set_layout_engine("none")
    for left in (0.1, 0.6):
        axes = figure.add_axes((left, 0, 0.38, 0.9))
        axes.axis("off")
        axes.set_title("W", loc="left", x=-0.1)
    shown(figure)  # the narrow one is drawn last
    for axes in figure.axes:
        assert axes.get_tightbbox().x0 > -0.01
        assert axes.get_window_extent().x1 <= PHONE


@pytest.mark.parametrize("colour", [palette.INK, *palette.ON_DARK])
def test_colours_stand_out_on_either_page(colour):
    """Text, 4.5 : 1, on its own page; all, 3 : 1, unchanged on both pages, as in a PNG."""
    least = 4.5 if colour == palette.INK else 3
    for page, on_page in zip(PAGES, PAGE_COLOURS[colour], strict=True):
        assert contrast(linear(on_page), page) >= least
        assert contrast(linear(colour), page) >= 3


def test_text_is_readable_where_an_svg_is_told_the_wrong_theme():
    for page in PAGES:
        for colour in PAGE_COLOURS[palette.INK]:
            assert contrast(linear(colour), page) >= 3


def test_each_image_gets_its_caption_as_text_and_the_first_one_says_it_all(shown):
    page = shown(images(2), "Two ramps")["text/html"]
    assert re.findall("<figcaption>(.*?)</figcaption>", page) == [
        "<b>image &lt;0&gt;</b><br>its size",
        "<b>image &lt;1&gt;</b><br>its size",
    ]
    assert re.findall('alt="(.*?)"', page) == ["Two ramps", ""]
    assert len(sources(page, "png")) == 2


@pytest.mark.parametrize(("rows", "width"), [(1, 250), (2, 250), (3, 161), (6, 250)])
def test_rows_of_images_shrink_to_the_height_of_a_screen_but_not_too_much(rows, width, shown):
    figure = plt.figure(figsize=(2.5, 2.4 * rows), dpi=100, layout="none")
    for row in range(rows):
        axes = figure.add_axes((0, row / rows, 1, 0.98 / rows))
        axes.imshow([[0, 1]], aspect="auto")
        axes.set_title(f"row {row}")
    page = shown(figure)["text/html"]
    assert set(re.findall(r"max-width:(\d+)px", page)) == {str(width)}
    assert re.findall(r'width="(\d+)"', page) == ["250"] * rows  # no pixel is lost


def test_images_stand_in_reading_order(shown):
    figure = plt.figure(figsize=(4, 4))
    for title, place in (("last", (0, 0)), ("second", (0.5, 0.5)), ("first", (0, 0.5))):
        axes = figure.add_axes((*place, 0.4, 0.4))
        axes.imshow([[0, 1]], aspect="auto")
        axes.set_title(title)
    captions = re.findall("<figcaption><b>(.*?)</b>", shown(figure)["text/html"])
    assert captions == ["first", "second", "last"]


def test_a_shown_image_has_the_colours_of_the_drawn_one(shown):
    figure = images(1, figsize=(3, 3))
    figure.axes[0].plot([0, 19], [0, 19], color="#D55E00")
    (png,) = sources(shown(figure)["text/html"], "png")
    pixels = np.array(Image.open(io.BytesIO(png)).convert("RGB"), int)
    side = len(pixels)
    assert pixels.shape == (side, side, 3)
    assert abs(pixels[2, -3] - round(255 * 19 / 399)).max() <= 8  # upper right
    assert abs(pixels[-3, 2] - round(255 * 380 / 399)).max() <= 8  # lower left
    assert abs(pixels[side // 2, side // 2] - [0xD5, 0x5E, 0]).max() <= 8


def test_a_legend_becomes_text_beside_its_patterns(shown):
    figure = images(1)
    figure.legend(handles=[plt.Rectangle((0, 0), 1, 1, color="#00FF00", label="a & b")])
    page = shown(figure)["text/html"]
    assert "a &amp; b</span>" in page
    swatch = np.array(Image.open(io.BytesIO(sources(page, "png")[0])).convert("RGB"))
    assert swatch[len(swatch) // 2, 3].tolist() == [0, 255, 0]


def test_a_figure_without_words_is_refused():
    figure, _ = plt.subplots()
    with pytest.raises(ValueError, match="alt is empty"):
        show(figure, " ")
    plt.close(figure)


def test_figures_on_a_dark_page_have_the_colours_of_the_widgets():
    theme = THEME.read_text(encoding="utf-8")
    for name in ("input", "output", "wrong"):
        dark = palette.ON_DARK[getattr(palette, name.upper())].lower()
        assert re.search(rf"--ut-{name}: light-dark\(#\w+, {dark}\)", theme), name


def test_where_an_image_leaves_its_axes_blank_the_page_shows(shown):
    figure, axes = plt.subplots(figsize=(3, 3))
    axes.imshow([[0.5]], "gray", vmin=0, vmax=1, extent=(0, 1, 0, 1), aspect="auto")
    axes.set(xlim=(0, 2), xticks=[], yticks=[], facecolor="none")
    (png,) = sources(shown(figure)["text/html"], "png")
    pixels = np.array(Image.open(io.BytesIO(png)).convert("RGBA"))
    assert pixels[50, 10].tolist() == [128, 128, 128, 255]
    assert pixels[50, -10, 3] == 0
