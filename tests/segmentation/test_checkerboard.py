"""The checkerboard's measure: 1 for noise, large for a checkerboard, and what was found."""

from statistics import fmean
from typing import get_args

import pytest
import torch

from benchmarks.checkerboard import nyquist_ratio, reconstruct
from unet_teach.networks import Up
from unet_teach.segmentation.ablation import checkerboard


def noise(height=97, width=130):
    return torch.rand(height, width, generator=torch.Generator().manual_seed(0))


def test_noise_has_no_checkerboard():
    # The window folds the highest frequency onto itself: two of three parts of its power.
    assert nyquist_ratio(noise()) == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize("axis", [0, 1])
def test_stripes_of_two_pixels_are_seen_along_either_axis(axis):
    picture = noise()
    sign = (-1.0) ** torch.arange(picture.shape[axis])
    assert nyquist_ratio(picture + 0.3 * (sign[:, None] if axis == 0 else sign)) > 10


def test_wider_stripes_are_none():
    period = torch.cos(torch.arange(130) * 2 * torch.pi / 10)
    assert nyquist_ratio(noise() + period) == pytest.approx(1, abs=0.3)


def test_a_tiny_picture_is_refused():
    with pytest.raises(ValueError, match="at least 16×16 pixels"):
        nyquist_ratio(noise(8, 30))


def test_it_can_be_measured_again():
    (run, output), (again, _) = (reconstruct("nearest", seed=1, steps=2) for _ in range(2))
    assert run == again
    assert output.shape == (376, 64)


def test_the_committed_results_show_what_uneven_overlap_does():
    runs = checkerboard.results()
    assert {run.up for run in runs} == set(get_args(Up))
    mean = {up: fmean(run.ratio for run in runs if run.up == up) for up in get_args(Up)}
    assert mean["conv_transpose_3"] > 3 * mean["bilinear"]
    assert len(checkerboard.table().splitlines()) == 2 + len(mean)


def test_what_each_kind_drew_is_shown_beside_the_picture():
    shown = checkerboard.figure()
    titles = [axes.get_title("left") for axes in shown.axes]
    assert titles == ["the image", *checkerboard.NAMES.values()]
    limits = {axes.images[0].get_clim() for axes in shown.axes}
    assert len(limits) == 1
    own, output = reconstruct("nearest", steps=1)
    kept = checkerboard.figure([own]).axes[1].images[0].get_array()
    wanted = output[checkerboard.WINDOW].clamp(0, 1)
    assert torch.allclose(torch.tensor(kept), wanted, atol=1 / 255)
