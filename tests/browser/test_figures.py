"""Figures on a page: they follow its theme, and stay readable where it is narrow."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from tests.contrast import contrast, linear
from unet_teach import inspect_unet
from unet_teach.inspection.diagram.figure import gallery
from unet_teach.networks.six_networks import six_networks
from unet_teach.segmentation import ablation, plots
from unet_teach.segmentation.data.dataset import earth, nuclei
from unet_teach.segmentation.live_view import LiveView
from unet_teach.segmentation.training_result import StepMetrics
from unet_teach.shared.show import PHONE, show

GROUNDS = {"light": "#ffffff", "dark": "#111111"}


@pytest.fixture
def show_on(blank_page, monkeypatch):
    """Return a function that puts what a notebook gets on a page of some theme and width.

    It takes a figure, one's name in `FIGURES`, or HTML. A name's figure is drawn once.
    """
    bundles, pages = [], []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: bundles.append(data))

    def html(content):
        if isinstance(content, str):
            return content
        show(content, "some words")
        return bundles[-1]["text/html"]

    def put(content, theme="light", width=880):
        if content in FIGURES:
            PAGES[content] = PAGES.get(content) or html(FIGURES[content]())
        content = PAGES.get(content) or html(content)
        style = f"margin:0;color-scheme:{theme};background:{GROUNDS[theme]};font:14px sans-serif"
        window = {"width": width, "height": 700}
        if not pages:
            pages.append(blank_page(viewport=window))
        elif pages[0].viewport_size != window:  # one page for all that a test shows
            pages[0].set_viewport_size(window)
        pages[0].set_content(f"<!doctype html><body style='{style}'>{content}</body>")
        return pages[0]

    return put


def live_view():
    pair = earth().validation[0]
    metrics = StepMetrics(25, 0.5, 0.6, 0.7, 0.2, 0.3, pair.mask[0])
    return LiveView(pair, shown=False)._html([metrics], metrics, 0.5, "step 25", "a warning")


def diagrams():
    networks = six_networks().items()
    return gallery({k: inspect_unet(n, (1, 1, 64, 64)).drawing for k, n in networks})[0]


FIGURES = {
    "scores": ablation.figure,
    "predictions": lambda: ablation.prediction_figure("lines in rings"),
    "gallery": lambda: nuclei().figure(),
    "diagrams": diagrams,
    "live view": live_view,
}
PAGES = {}  # what a notebook gets of these figures, by their names


@pytest.mark.parametrize("theme", GROUNDS)
def test_the_words_of_a_plot_stand_out_in_either_theme(show_on, theme):
    figure = plots.in_course_style(lambda: plots.new_figure(200, 80))()
    with_words = plots.in_course_style(lambda: figure.text(0.1, 0.3, "words", size=30) and figure)
    png = show_on(with_words(), theme).locator("img").screenshot()
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    ground = linear(GROUNDS[theme])
    assert "#{:02x}{:02x}{:02x}".format(*pixels[0, 0]) == GROUNDS[theme]
    colours = np.unique(pixels.reshape(-1, 3), axis=0)
    assert max(contrast(linear("#{:02x}{:02x}{:02x}".format(*c)), ground) for c in colours) >= 4.5


@pytest.mark.parametrize("name", FIGURES)
def test_it_stays_inside_of_a_phones_page_and_its_type_stays_large(show_on, name):
    page = show_on(name, width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    inside = "(all) => all.every((box) => box.scrollWidth <= box.clientWidth)"
    assert page.locator("div").evaluate_all(inside)
    images = page.locator("img[src^='data:image/svg']").all()
    shown = [image for image in images if image.bounding_box()["width"]]
    assert len(shown) in (len(images), len(images) / 2)  # of two sizes, one
    for image in shown:  # type of 13 pixels or more
        width = int(image.get_attribute("width")) or PHONE
        assert 13 * image.bounding_box()["width"] / width >= 11


@pytest.mark.parametrize("width", [390, 700, 848])
def test_of_a_figures_two_sizes_the_one_that_fits_is_shown(show_on, width):
    page = show_on("scores", width=width)
    images = page.locator("img")
    sizes = "(all) => all.map((image) => image.getBoundingClientRect().height > 0)"
    assert images.evaluate_all(sizes) == [width > 680, width < 680]
    images.evaluate_all("(all) => all.forEach((image) => image.style.removeProperty('width'))")
    assert images.evaluate_all(sizes) == [True, False]  # in a notebook that is not trusted


@pytest.mark.parametrize("name", ["predictions", "gallery"])
def test_images_have_their_full_size_where_there_is_room(show_on, name):
    for image in show_on(name, width=848).locator("figure img").all():
        assert image.bounding_box()["width"] == int(image.get_attribute("width"))


ROWS = {  # images, columns, width of each: how many stand in a row at 740, 1080 and 390 pixels
    (4, 4, 256): ([4], [4], [2, 2]),
    (3, 3, 256): ([3], [3], [1, 1, 1]),
    (4, 2, 384): ([2, 2], [2, 2], [1, 1, 1, 1]),
    (3, 2, 160): ([2, 1], [2, 1], [2, 1]),
    (12, 6, 120): ([6, 6], [6, 6], [3, 3, 3, 3]),
}


@pytest.mark.parametrize("kind", ROWS)
def test_images_to_be_compared_stay_in_their_row_and_equally_large(show_on, kind):
    count, columns, side = kind
    images = {f"image {number}": torch.rand(32, 32) for number in range(count)}
    page = show_on(plots.side_by_side(images, width=side, columns=columns), width=740)
    for width, expected in zip((740, 1080, 390), ROWS[kind], strict=True):
        page.set_viewport_size({"width": width, "height": 700})
        boxes = [image.bounding_box() for image in page.locator("figure img").all()]
        tops = [round(box["y"] / 5) for box in boxes]
        assert [tops.count(top) for top in sorted(set(tops))] == expected
        assert max(box["width"] for box in boxes) - min(box["width"] for box in boxes) < 1
        assert max(box["x"] + box["width"] for box in boxes) <= width


def test_parts_of_the_earth_have_one_scale_also_where_they_shrink(show_on):
    page = show_on(earth().figure(), width=740)
    heights = [image.bounding_box()["height"] for image in page.locator("figure img").all()]
    assert len(heights) == 4
    assert max(heights) - min(heights) < 2


def test_curves_stand_to_the_left_of_the_prediction(show_on):
    page = show_on(live_view(), width=848)
    curves, prediction, *_ = (image.bounding_box() for image in page.locator("img").all())
    assert curves["x"] + curves["width"] < prediction["x"]
    assert abs(curves["y"] - prediction["y"]) < 40
    assert page.evaluate("document.documentElement.scrollWidth") <= 848


def test_nothing_moves_while_the_live_view_is_updated(show_on):
    pair = earth().validation[0]
    history = [
        StepMetrics(25 * step, 0.9, 0.9, 0.1 * step, 0.2, 0.3, pair.mask[0]) for step in range(9)
    ]
    places = []
    for seen in range(1, 10):
        view = LiveView(pair, shown=False)._html(
            history[:seen], history[seen - 1], seen / 9, f"step {25 * seen}, about 100 s left", ""
        )
        page = show_on(view, width=848)
        places.append([image.bounding_box() for image in page.locator("img").all()])
    assert all(place == places[0] for place in places)
