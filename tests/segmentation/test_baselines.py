"""The baselines: Otsu by hand, the best threshold by trying all, a forest that learns."""

import itertools
import signal
from itertools import pairwise

import numpy as np
import pytest
import torch

from unet_teach.segmentation import baselines, evaluate, iou, lines_in_rings, nuclei
from unet_teach.segmentation.baselines import (
    best_threshold,
    otsu,
    otsu_threshold,
    pixel_features,
    random_forest,
)
from unet_teach.segmentation.data.dataset import Pair


def test_otsu_parts_two_groups_in_the_middle_of_the_gap():
    values = torch.tensor([0.0] * 6 + [0.2] * 4 + [0.8] * 3 + [1.0] * 2)
    # Between 0.2 and 0.8 every threshold parts them alike; the middle is 0.5.
    assert otsu_threshold(values) == pytest.approx(0.5, abs=1 / 256)


def test_otsu_by_hand_for_three_values():
    # 0 (2 times), 1 (1), 4 (1). Parted above 0: ½·½·(2.5 − 0)² = 1.5625; above 1:
    # ¾·¼·(4 − ⅓)² = 2.52. The second is larger: the threshold lies between 1 and 4.
    assert 1 < otsu_threshold(torch.tensor([0.0, 0, 1, 4])) < 4


def by_definition(values):
    """The variance between the groups, tried for every gap between two values."""
    ordered = sorted(set(values))
    scores = {}
    for low, high in pairwise(ordered):
        below, above = [v for v in values if v <= low], [v for v in values if v > low]
        gap = sum(below) / len(below) - sum(above) / len(above)
        scores[(low, high)] = len(below) * len(above) * gap**2
    return max(scores, key=scores.get)


@pytest.mark.parametrize("seed", range(5))
def test_otsu_agrees_with_its_definition(seed):
    random = np.random.default_rng(seed)
    values = np.round(np.concatenate([random.normal(3, 1, 40), random.normal(8, 1, 20)]), 1)
    low, high = by_definition(values.tolist())
    width = (values.max() - values.min()) / 256
    assert low - width <= otsu_threshold(torch.from_numpy(values)) <= high + width


def test_a_flat_picture_has_no_bright_part():
    assert not otsu()(torch.full((1, 5, 7), 0.3)).any()


def test_a_picture_with_holes_has_no_threshold():
    with pytest.raises(ValueError, match="so no threshold can be computed"):
        otsu()(torch.full((1, 5, 7), torch.nan))


@pytest.mark.parametrize("dark", [False, True])
def test_the_best_threshold_is_the_best_of_all(dark):
    pairs = lines_in_rings(3).train
    if dark:
        pairs = [Pair(1 - p.image, p.mask, p.name) for p in pairs]
    ours = evaluate(best_threshold(pairs), pairs).iou
    values, wanted = torch.cat([p.image for p in pairs], 2), torch.cat([p.mask for p in pairs], 2)
    tried = [iou(values >= t / 256, wanted) for t in range(257)]
    tried += [iou(values < t / 256, wanted) for t in range(257)]
    assert ours == pytest.approx(max(tried), abs=0.005)


def test_on_nuclei_thresholds_do_well_and_on_lines_in_rings_they_do_not():
    data, lines = nuclei(), lines_in_rings(4)
    assert evaluate(best_threshold(data.train), data.test).iou > 0.75
    assert evaluate(best_threshold(lines.train), lines.test).iou < 0.25
    assert evaluate(otsu(), lines.test).iou < 0.25


def test_a_forest_learns_from_the_surroundings_of_a_pixel():
    data = nuclei()
    forest = random_forest(data.train, trees=10)
    assert evaluate(forest, data.test).iou > 0.8
    again = random_forest(data.train, trees=10)
    assert torch.equal(forest(data.test[0].image), again(data.test[0].image))


def test_features_are_one_row_a_pixel_and_their_means_are_means():
    image = torch.rand(1, 9, 13, generator=torch.Generator().manual_seed(0))
    features = pixel_features(image)
    assert features.shape == (9 * 13, 1 + 4 * 3)
    pixel = features[4 * 13 + 6]
    assert pixel[0] == image[0, 4, 6]
    assert pixel[1] == pytest.approx(image[0, 3:6, 5:8].mean().item())
    assert pixel[2] == pytest.approx(image[0, 3:6, 5:8].std(correction=0).item(), abs=1e-4)


def test_gradients_are_how_much_means_rise_over_two_pixels():
    rows, columns = torch.meshgrid(torch.arange(9.0), torch.arange(13.0), indexing="ij")
    features = pixel_features((2 * rows + 3 * columns)[None]).reshape(9, 13, -1)
    assert features[4, 6, 3] == pytest.approx((4**2 + 6**2) ** 0.5)
    # At the top border the mean over rows 0 and 1 is 1 larger than the value of row 0.
    assert features[0, 6, 1] == pytest.approx(2 * 0.5 + 3 * 6)
    assert features[0, 6, 3] == pytest.approx((1**2 + 6**2) ** 0.5)


BELOW, AT = 127 / 256, 128 / 256


@pytest.mark.parametrize(
    ("values", "mask"),
    [
        ([0.1, BELOW, AT, 0.9], [0, 0, 1, 1]),  # the level itself is bright
        ([0.1, BELOW, AT, 0.9], [1, 1, 0, 0]),  # and not dark
        ([0.1, 1.0, AT, 0.9], [1, 1, 1, 1]),  # where both sides are as good, it is the bright one
    ],
)
def test_a_threshold_stands_between_two_neighbouring_levels(values, mask):
    image, target = torch.tensor(values).reshape(1, 2, 2), torch.tensor(mask).reshape(1, 2, 2)
    found = best_threshold([Pair(image, target.float(), "")])(image)
    assert torch.equal(found, target.bool())


def test_otsu_of_values_that_do_not_begin_at_0():
    values = torch.tensor([10.0] * 5 + [12.0] * 4 + [18.0] * 3)
    # Any threshold between 12 and 18 is as good: bins 64 to 255 of 8/256 each; the middle is 15.
    assert otsu_threshold(values) == pytest.approx(15, abs=8 / 256)


@pytest.mark.parametrize("baseline", [best_threshold, random_forest])
def test_a_baseline_learns_from_a_list_of_pictures(baseline):
    with pytest.raises(TypeError, match=rf"Give one split .*: {baseline.__name__}\(data\.train\)"):
        baseline(lines_in_rings(1))
    with pytest.raises(ValueError, match="The list of images is empty"):
        baseline([])
    with pytest.raises(ValueError, match="trees=0 does not work; give a whole number, 1 or more"):
        random_forest(lines_in_rings(1).train, trees=0)


def test_a_stopped_forest_keeps_its_trees_and_says_how_many(monkeypatch, capsys):
    from sklearn.ensemble import RandomForestClassifier

    fits, fit = itertools.count(1), RandomForestClassifier.fit

    def stopped(*args):
        if next(fits) == 4:
            raise KeyboardInterrupt
        return fit(*args)

    pairs = lines_in_rings(1).train
    few = random_forest(pairs, trees=3)(pairs[0].image)
    monkeypatch.setattr(RandomForestClassifier, "fit", stopped)
    assert torch.equal(random_forest(pairs, trees=20)(pairs[0].image), few)
    assert capsys.readouterr().out == "Stopped by you: this forest has 3 of its 20 trees.\n"


def test_a_forest_stopped_before_its_first_tree_grows_that_one(monkeypatch, capsys):
    features = baselines.pixel_features

    def stopped(image):
        signal.raise_signal(signal.SIGINT)
        return features(image)

    pairs = lines_in_rings(1).train
    monkeypatch.setattr(baselines, "pixel_features", stopped)
    random_forest(pairs, trees=20)
    assert capsys.readouterr().out == "Stopped by you: this forest has 1 of its 20 trees.\n"
