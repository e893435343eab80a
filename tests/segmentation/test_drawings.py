"""The drawings that explain show what the course computes."""

import pytest
import torch

from unet_teach import UNet
from unet_teach.segmentation import boundary_f1, iou
from unet_teach.segmentation.drawings import (
    matched_outlines,
    outline_example,
    receptive_field_chain,
)
from unet_teach.segmentation.metrics import boundary_counts
from unet_teach.segmentation.unet_receptive_field import input_interval, receptive_field_of


def test_the_outlines_are_counted_as_boundary_f1_counts_them():
    prediction, target = outline_example()
    figure = matched_outlines(prediction, target)
    matched, outline, found, wanted = boundary_counts(prediction, target)
    assert [axes.get_title("left").replace("\n", " ") for axes in figure.axes] == [
        f"prediction's outline: {matched} of {outline} matched",
        f"target's outline: {found} of {wanted} matched",
    ]
    crosses = [len(axes.lines[0].get_xdata()) for axes in figure.axes]
    assert crosses == [outline - matched, wanted - found]
    assert boundary_f1(prediction, target) < iou(prediction, target)


def test_equal_masks_have_no_cross():
    mask = torch.zeros(7, 11, dtype=torch.bool)
    mask[2:5, 3:9] = True
    figure = matched_outlines(mask, mask)
    assert all(len(axes.lines[0].get_xdata()) == 0 for axes in figure.axes)


def test_the_chain_ends_where_the_receptive_field_does():
    (axes,) = receptive_field_chain().axes
    network = UNet(depth=1, base_channels=2)
    filled = [patch for patch in axes.patches if patch.get_facecolor()[3] > 0]
    lowest = max(patch.get_y() for patch in filled)
    pixels = sorted(patch.get_x() for patch in filled if patch.get_y() == lowest)
    assert (pixels[0], pixels[-1]) == pytest.approx(input_interval(network, 0))
    assert pixels[-1] == receptive_field_of(network).radius
    assert axes.texts[-1].get_text() == f"{receptive_field_of(network).radius} further"
