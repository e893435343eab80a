"""Figures: pictures with masks, and mistakes by colour and pattern."""

import pytest
import torch

from unet_teach.segmentation.data import Pair
from unet_teach.segmentation.drawing import AMBER, GREEN, RED, comparison, gallery

MASK = torch.zeros(1, 9, 13)
MASK[:, 2:6, 3:9] = 1
GREY, COLOUR = (Pair(torch.rand(c, 9, 13), MASK, f"{c} channels") for c in (1, 3))
EMPTY = Pair(torch.rand(1, 9, 13), torch.zeros(1, 9, 13), "empty")


def rgb(colour):
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def test_few_pictures_stand_in_one_row_and_many_in_one_a_part():
    few = gallery({"train": [GREY], "validation": [COLOUR], "test": [EMPTY]})
    assert [axes.get_title() for axes in few.axes] == [
        "train:\n1 channels",
        "validation:\n3 channels",
        "test:\nempty",
    ]
    many = gallery({"train": [GREY] * 4, "validation": [], "test": [EMPTY] * 2})
    assert len(many.axes) == 2 * 4


def test_mistakes_are_told_apart_by_colour_and_by_pattern():
    found = torch.zeros(1, 9, 13)
    found[:, 4:8, 3:9] = 1  # two rows right, two missed, two too many
    figure = comparison(GREY, {"moved": found, "none": torch.zeros(1, 9, 13)})
    canvas = figure.axes[1].images[0].get_array()
    for row, colour in ((4, GREEN), (2, AMBER), (7, RED)):
        assert canvas[row, 5].tolist() == pytest.approx(rgb(colour))
    hatches = {h for c in figure.axes[1].collections for h in c.hatches}
    assert {"////", "...."} <= hatches
    assert figure.axes[2].get_title() == "none"
