"""What the exercises on the living U-Net say of the networks that come with the course."""

import pytest
import torch

from tests.exercises.right_answers import RIGHT
from unet_teach import cut
from unet_teach.exercises.lesson_6.fools_it import painted
from unet_teach.segmentation import iou, lines_in_rings, trained_unet


def test_the_numbers_of_rim_skip_are_those_of_the_shipped_network():
    network, test = trained_unet(), lines_in_rings(256, seed=1).test
    images, masks = (torch.stack([pair[part] for pair in test]) for part in (0, 1))

    def score():
        with torch.no_grad():
            return iou(network(images) > 0, masks.bool())

    scores = [score()]
    for level in range(3):
        with cut(network, level):
            scores.append(score())
    with cut(network):
        assert f"{score():.2f}" == "0.36"
    assert [f"{one:.2f}" for one in scores[:3]] == ["0.81", "0.71", "0.80"]
    assert [f"{scores[0] - one:.2f}" for one in scores[2:]] == ["0.01", "0.01"]


def test_a_large_ring_is_not_found_at_all():
    assert painted(RIGHT["fools_it"][0]()).found == 0


def test_trained_networks_are_named():
    sentence = r"no network 'best' for 'earth'.*'depth 1' for 'lines in rings'"
    with pytest.raises(ValueError, match=sentence):
        trained_unet("best", "earth")
    assert trained_unet("trained with skips", "nuclei").training is False
