"""Figures: pictures with masks, and mistakes by colour and pattern."""

import pytest
import torch

from unet_teach.segmentation import plots
from unet_teach.segmentation.data.dataset import Pair, earth
from unet_teach.segmentation.plots import comparison, curves, gallery
from unet_teach.segmentation.plots import show_mistakes as mistakes
from unet_teach.segmentation.training_result import StepMetrics
from unet_teach.shared.palette import INPUT, ON_DARK, OUTPUT, WRONG

MASK = torch.zeros(1, 9, 13)
MASK[:, 2:6, 3:9] = 1
GREY, COLOUR = (Pair(torch.rand(c, 9, 13), MASK, f"{c} channels") for c in (1, 3))
EMPTY = Pair(torch.rand(1, 9, 13), torch.zeros(1, 9, 13), "empty")


def rgb(colour):
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def test_few_pictures_stand_in_one_row_and_many_in_one_a_part():
    few = gallery({"train": [GREY], "validation": [COLOUR], "test": [EMPTY]})
    assert [axes.get_title("left") for axes in few.axes] == [
        "train:\n1 channels",
        "validation:\n3 channels",
        "test:\nempty",
    ]
    many = gallery({"train": [GREY] * 4, "validation": [], "test": [EMPTY] * 2})
    assert len(many.axes) == 4 + 2


def test_the_earth_is_laid_out_from_west_to_east_on_one_scale():
    figure = earth().figure()
    width, _ = figure.get_size_inches()
    titles, scales = [], []
    for axes in figure.axes:
        titles.append(axes.get_title("left").partition(":")[0])
        scales.append(axes.images[0].get_array().shape[1] / (axes.get_position().width * width))
    assert titles == ["test", "train", "validation", "train"]
    assert scales == pytest.approx([scales[0]] * 4)


def test_images_of_a_gallery_have_one_scale_of_greys():
    dim = Pair(0.5 * GREY.image, MASK, "dim")
    scales = {axes.images[0].get_clim() for axes in gallery({"train": [GREY, dim]}).axes}
    assert scales == {(float(dim.image.min()), float(GREY.image.max()))}


@pytest.mark.parametrize("ends", [(0.30, 0.29), (0.29, 0.30)])
def test_the_names_of_two_curves_that_end_together_do_not_meet(ends):
    figure = curves([StepMetrics(0, 1, 1, 0.5, 0.3, 0.3), StepMetrics(25, *ends, 0.8, 0.3, 0.3)])
    names = {text.get_text().strip(): text.get_va() for text in figure.axes[0].texts}
    upper, lower = ("train", "validation") if ends[0] > ends[1] else ("validation", "train")
    assert names == {upper: "bottom", lower: "top"}


def test_places_are_circled_on_each_panel_and_named_on_the_picture():
    figure = comparison(GREY, dict.fromkeys("abc", MASK), {"the lake": (4, 6)})
    assert [text.get_text() for text in figure.axes[0].texts] == ["the lake"]
    for axes in figure.axes:
        assert [line.get_xydata().tolist() for line in axes.lines] == [[[6, 4]]]


def test_the_image_shows_faintly_where_nothing_is_wrong():
    figure = comparison(GREY, {})
    mistakes(figure.axes[0], torch.zeros(1, 9, 13), torch.zeros(1, 9, 13), GREY.image)
    canvas = torch.tensor(figure.axes[0].images[-1].get_array())
    grey = (GREY.image - GREY.image.min()) / (GREY.image.max() - GREY.image.min())
    assert torch.allclose(canvas, plots.FAINT * grey[0, ..., None])


def test_mistakes_are_told_apart_by_colour_and_by_pattern():
    target, found = torch.zeros(2, 1, 24, 13)
    target[:, :12, 2:9] = found[:, 6:18, 2:9] = 1  # six rows missed, six right, six too many
    pair = Pair(torch.rand(1, 24, 13), target, "grey")
    figure = comparison(pair, {"moved": found, "none": torch.zeros(1, 24, 13)})
    canvas = figure.axes[1].images[0].get_array()
    for row, colour in ((7, ON_DARK[OUTPUT]), (2, ON_DARK[INPUT]), (14, ON_DARK[WRONG])):
        assert canvas[row, 5].tolist() == pytest.approx(rgb(colour))
    hatches = {h for c in figure.axes[1].collections for h in c.hatches}
    assert {"////", "...."} <= hatches
    thin = comparison(pair, {"a line": torch.nn.functional.pad(found[:, 6:8], (0, 0, 20, 2))})
    assert not thin.axes[1].collections[1:]  # of what is too much; it would break up the line
    assert figure.axes[2].get_title("left") == "none"
