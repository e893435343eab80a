"""Every figure of the lessons: no ground, colours for both themes, large type, no overlap."""

import io
import itertools
from functools import cache

import numpy as np
import pytest
import torch
from matplotlib.text import Text
from PIL import Image

from tests.contrast import contrast, linear
from unet_teach.segmentation import ablation
from unet_teach.segmentation.ablation import checkerboard
from unet_teach.segmentation.data.dataset import earth, nuclei
from unet_teach.segmentation.data.synthetic import lines_in_rings
from unet_teach.segmentation.plots import (
    DARK,
    MISSED,
    RIGHT,
    TOO_MUCH,
    comparison,
    curves,
    side_by_side,
)
from unet_teach.segmentation.training_result import StepMetrics

WIDTH = 848  # pixels that JupyterLab leaves for an output on a screen of 1280, beside its files
PAGES = linear("#ffffff"), linear("#111111")
RUNS = ablation.results()
FAILED = [run for run in RUNS if run.variant in ("no skips", "depth 1")]
ON_RINGS = [run for run in FAILED if (run.data, run.seed) == ("lines in rings", 0)]


def falling(*ends):
    return [StepMetrics(25 * i, 1.2 - i / 9, 1.3 - i / 9, i / 9, 0, 0) for i in range(8)] + [
        StepMetrics(200, *ends, 0.8, 0, 0)
    ]


def mistakes():
    pair = earth().test[0]
    moved = torch.roll(pair.mask, 5, 2).bool()
    found = {"Otsu": moved, "random forest": moved, "U-Net": moved}
    return comparison(pair, found, {"Great Lakes": (87, 239), "Amazon": (227, 307)})


DRAW = {
    "gallery of the earth": lambda: earth().figure(),
    "gallery of nuclei": lambda: nuclei().figure(),
    "gallery in rows": lambda: lines_in_rings(8).figure(most=3),
    "curves": lambda: curves(falling(0.3, 0.31)),
    "curves that end low": lambda: curves(falling(0.02, 0.01)),
    "comparison": mistakes,
    "scores": lambda: ablation.figure([r for r in RUNS if r.seed < 3], mine=ON_RINGS),
    "scores of one dataset": lambda: ablation.figure([r for r in RUNS if r.data == "nuclei"]),
    "two failures": lambda: ablation.prediction_figure("lines in rings", FAILED),
    **{f"variants on {data}": lambda data=data: ablation.prediction_figure(data)
       for data in ablation.DATA},
    "checkerboards": checkerboard.figure,
    "images side by side": lambda: side_by_side(
        {f"{name} + conv\nalike: 100%": torch.rand(8, 8) for name in "abcdef"}, 124, 6
    ),
}  # fmt: skip
figures = pytest.mark.parametrize("name", DRAW)


@cache
def drawn(name):
    """The figure, and its pixels as they are shown, (H, W, 4) from 0 to 1."""
    figure, file = DRAW[name](), io.BytesIO()
    figure.savefig(file, format="png", dpi=figure.dpi)
    return figure, np.asarray(Image.open(file).convert("RGBA")) / 255


def words(figure):
    """Every word that is drawn. Ticks outside of an axis have labels that are not."""
    hidden = set()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        for tick in axis.get_major_ticks():
            if not (axis.axes.axison and low <= tick.get_loc() <= high):
                hidden |= {tick.label1, tick.label2}
    return [
        text
        for text in figure.findobj(Text)
        if text.get_text().strip() and text.get_visible() and text not in hidden
    ]


@figures
def test_it_fits_beside_the_file_browser(name):
    _, pixels = drawn(name)
    assert pixels.shape[1] <= WIDTH


@figures
def test_its_type_is_at_least_11_pixels_high(name):
    figure, _ = drawn(name)
    small = {t.get_text(): t.get_fontsize() * figure.dpi / 72 for t in words(figure)}
    assert {text: size for text, size in small.items() if size < 11} == {}


@figures
def test_no_word_covers_another_or_leaves_the_figure(name):
    figure, pixels = drawn(name)
    boxes = [(text.get_text(), text.get_window_extent().padded(-0.5)) for text in words(figure)]
    assert [(a, b) for (a, x), (b, y) in itertools.combinations(boxes, 2) if x.overlaps(y)] == []
    height, width = pixels.shape[:2]
    for text, box in boxes:
        assert 0 <= box.x0 <= box.x1 <= width, text
        assert 0 <= box.y0 <= box.y1 <= height, text


@figures
def test_outside_of_images_it_has_no_ground_and_holds_on_both_pages(name):
    """Pixels that are drawn in full have 3 : 1 on white and on JupyterLab's dark theme."""
    figure, pixels = drawn(name)
    alpha = pixels[..., 3].copy()
    own_ground = [axes for axes in figure.axes if axes.images]
    own_ground += [handle for legend in figure.legends for handle in legend.legend_handles]
    for artist in own_ground:
        box = artist.get_window_extent().padded(3)
        top, bottom = (len(pixels) - y for y in (box.y1, box.y0))
        alpha[max(0, int(top)) : int(bottom) + 1, max(0, int(box.x0)) : int(box.x1) + 1] = 0
    assert (alpha == 0).mean() > 0.5
    full = np.unique((255 * pixels[alpha > 0.99][:, :3]).round().astype(int), axis=0)
    colours = [linear("#{:02x}{:02x}{:02x}".format(*pixel)) for pixel in full]
    assert all(contrast(colour, page) >= 3 for colour in colours for page in PAGES)


@pytest.mark.parametrize("colour", [RIGHT, MISSED, TOO_MUCH])
def test_mistakes_stand_out_from_the_image_below_them(colour):
    for ground in (DARK, "#000000", "#575757"):  # the brightest pixel is shown at FAINT
        assert contrast(linear(colour), linear(ground)) >= 3
