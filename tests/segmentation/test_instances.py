"""Objects in a mask, the target with three classes, the weight map, and scores of objects."""

import heapq
import math
from itertools import product

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment

from unet_teach.segmentation import cell_targets, object_matching
from unet_teach.segmentation.cell_targets import border_classes, touching_nuclei, weight_map
from unet_teach.segmentation.instances import (
    border_watershed,
    cells_below,
    connected_components,
    distance_watershed,
    watershed,
)
from unet_teach.segmentation.object_matching import average_precision, object_scores


def discs(*centres, radius=8, shape=(40, 66)):
    """A label map of discs, the first one on top."""
    rows, columns = torch.meshgrid(*map(torch.arange, shape), indexing="ij")
    labels = torch.zeros(shape, dtype=torch.int32)
    for number, (row, column) in reversed(list(enumerate(centres, start=1))):
        labels[(rows - row) ** 2 + (columns - column) ** 2 <= radius**2] = number
    return labels


TOUCHING = discs((20, 17), (20, 31), (20, 55))  # the first two overlap a little


# --------------------------------------------------------------------------------------- components
def test_components_are_connected_along_rows_and_columns_and_numbered_from_1():
    mask = torch.tensor([[1, 1, 0, 1], [0, 0, 1, 0], [1, 0, 1, 0]])
    found = connected_components(mask, smallest=1)
    assert found.tolist() == [[1, 1, 0, 2], [0, 0, 3, 0], [4, 0, 3, 0]]
    assert connected_components(mask[None], smallest=2).tolist() == [
        [1, 1, 0, 0],
        [0, 0, 2, 0],
        [0, 0, 2, 0],
    ]
    assert connected_components(torch.zeros(3, 4)).sum() == 0


# ---------------------------------------------------------------------------------------- watershed
def lowest_pass(height, seeds, mask):
    """For each pixel and seed number, the lowest maximum of a path: by Dijkstra, seed by seed."""
    numbers = sorted(set(seeds.flatten().tolist()) - {0})
    passes = {}
    for number in numbers:
        best = np.full(height.shape, math.inf)
        queue = [(float(height[p]), p) for p in zip(*np.nonzero(seeds == number), strict=True)]
        queue = [(level, p) for level, p in queue if mask[p]]
        for level, p in queue:
            best[p] = level
        while queue:
            level, (r, c) = heapq.heappop(queue)
            for p in ((r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)):
                if 0 <= p[0] < height.shape[0] and 0 <= p[1] < height.shape[1] and mask[p]:
                    via = max(level, float(height[p]))
                    if via < best[p]:
                        best[p] = via
                        heapq.heappush(queue, (via, p))
        passes[number] = best
    return passes


def test_a_watershed_gives_each_pixel_to_a_seed_that_reaches_it_over_the_lowest_pass():
    random = np.random.default_rng(0)
    for _ in range(10):
        height = random.integers(0, 9, (9, 13)).astype(float)
        mask = random.random((9, 13)) < 0.8
        seeds = np.zeros((9, 13), int)
        for number, (row, column) in enumerate(random.integers(0, 9, (4, 2)), start=1):
            seeds[row, column] = number
        grown = watershed(*map(torch.from_numpy, (height, seeds, mask))).numpy()
        passes = lowest_pass(height, np.where(mask, seeds, 0), mask)
        best = np.min([*passes.values(), np.full(mask.shape, math.inf)], axis=0)
        assert ((grown > 0) == np.isfinite(best)).all()
        for place in zip(*np.nonzero(grown), strict=True):
            assert passes[grown[place]][place] == best[place]


def test_a_watershed_on_flat_ground_meets_in_the_middle():
    seeds = torch.zeros(3, 9).int()
    seeds[1, 0], seeds[1, 8] = 5, 2
    grown = watershed(torch.zeros(3, 9), seeds, torch.ones(3, 9).bool())
    assert grown[1].tolist()[:4] == [5] * 4
    assert grown[1].tolist()[5:] == [2] * 4


def test_a_watershed_refuses_other_shapes():
    with pytest.raises(ValueError, match=r"\(2, 3\), \(3, 2\), \(2, 3\). Give three of the same"):
        watershed(torch.zeros(2, 3), torch.zeros(3, 2), torch.zeros(2, 3))


# ------------------------------------------------------------------------------------ three methods
def test_the_distance_watershed_cuts_touching_discs_that_components_merge():
    assert connected_components(TOUCHING > 0).max() == 2
    found = distance_watershed(TOUCHING > 0)
    assert object_scores(found, TOUCHING).f1 == 1
    # A long object has several peaks if the radius is smaller than it is wide.
    bar = torch.zeros(12, 60)
    bar[3:9, 3:57] = 1
    assert distance_watershed(bar, radius=60).max() == 1


@pytest.mark.parametrize(("radius", "count"), [(10, 2), (11, 1)])
def test_a_peak_is_the_largest_within_its_radius(radius, count):
    large, small = (discs((15, c), radius=r, shape=(30, 40)) > 0 for c, r in ((15, 6), (27, 5)))
    assert distance_watershed(large | small, radius, smallest=1).max() == count  # 11 columns apart


def test_at_one_half_a_pixel_is_background_and_at_the_threshold_no_border():
    background = torch.tensor([[0.5, 0.4, 0.4, 0.0, 1.0, 0.4, 0.3]])
    border = torch.tensor([[0.0, 0.25, 0.3, 0.0, 0.0, 0.25, 0.4]])
    scores = torch.stack([background, 1 - background - border, border])
    assert cells_below(scores, 0.25, smallest=1).tolist() == [[0, 1, 0, 2, 0, 3, 0]]
    assert cells_below(scores[None], 0.3, smallest=1).tolist() == [[0, 1, 1, 1, 0, 2, 0]]
    grown = border_watershed(scores, scores[1, 0, 5].item(), smallest=1)
    assert grown.tolist() == [[0, 2, 2, 2, 0, 0, 0]]  # one seed is above this, and one at it


def probabilities_of(labels, sure=0.9):
    """What a network sees that is right everywhere, and sure to a degree."""
    target = border_classes(labels)
    rest = (1 - sure) / 2
    return torch.stack([torch.where(target == k, sure, rest) for k in range(3)])


def test_a_border_separates_cells_and_the_watershed_fills_it():
    scores = probabilities_of(TOUCHING)
    below = cells_below(scores, 0.5)
    assert object_scores(below, TOUCHING).matched == 3
    assert cells_below(scores, 1.0).max() == 2  # nothing is cut
    assert cells_below(scores, 0.0).max() == 0  # everything is
    filled = border_watershed(scores)
    assert object_scores(filled, TOUCHING).f1 == 1
    assert ((filled > 0) == (scores[0] < 0.5)).all()  # the border belongs to cells again
    assert (below > 0).sum() < (filled > 0).sum()


def test_logits_in_place_of_probabilities_are_refused_in_a_sentence():
    with pytest.raises(ValueError, match=r"Turn logits into probabilities first"):
        cells_below(torch.tensor([[[-3.0]], [[2.0]], [[0.0]]]), 0.5)
    with pytest.raises(ValueError, match=r"\(2, 4, 4\); give \(3, H, W\)"):
        border_watershed(torch.zeros(2, 4, 4))
    with pytest.raises(ValueError, match=r"\(2, 3, 4, 4\); give \(3, H, W\)"):
        border_watershed(torch.zeros(2, 3, 4, 4))
    with pytest.raises(ValueError, match=r"run from 0 to 1.5, but"):
        border_watershed(torch.tensor([[[0.0]], [[1.5]], [[0.0]]]))
    with pytest.raises(ValueError, match=r"The mask is \(2, 4, 4\); give \(H, W\)"):
        connected_components(torch.zeros(2, 4, 4))
    with pytest.raises(TypeError, match="list"):
        border_watershed([1, 2])


# ------------------------------------------------------------------------------------ three classes
def test_a_border_pixel_has_two_cells_in_the_square_around_it():
    labels = torch.tensor([[7, 7, 7, 0, 0, 0, 0, 3, 3, 9]])
    # 7 and 3 are five pixels apart, 3 and 9 touch.
    assert border_classes(labels, width=3).tolist() == [[1, 1, 1, 0, 0, 0, 0, 1, 2, 2]]
    assert border_classes(labels, width=5).tolist() == [[1, 1, 1, 0, 0, 0, 0, 2, 2, 2]]
    assert border_classes(labels, width=11)[0, 4] == 2
    assert torch.equal(border_classes(labels[None]), border_classes(labels))
    with pytest.raises(ValueError, match=r"\(2, 1, 10\) of torch.int64; give \(H, W\)"):
        border_classes(torch.stack([labels, labels]))


def test_the_border_class_agrees_with_a_search_pixel_by_pixel():
    random = torch.Generator().manual_seed(3)
    labels = torch.randint(0, 4, (7, 11), generator=random) * (
        torch.rand(7, 11, generator=random) < 0.4
    )
    found = border_classes(labels, width=5)
    for row, column in product(range(7), range(11)):
        square = labels[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3]
        cells = set(square.flatten().tolist()) - {0}
        expected = 2 if len(cells) > 1 else int(labels[row, column] > 0)
        assert found[row, column] == expected


@pytest.mark.parametrize("width", [2, 4, 1, 2.0, True])
def test_a_square_has_a_middle(width):
    with pytest.raises(ValueError, match="an odd number of pixels"):
        border_classes(torch.zeros(3, 3).int(), width=width)


def test_floats_are_no_numbered_cells():
    with pytest.raises(ValueError, match="whole numbers"):
        border_classes(torch.zeros(3, 3))


def test_the_weight_map_follows_its_formula():
    labels = torch.zeros(1, 12).int()
    labels[0, :2], labels[0, 8:] = 1, 2
    weights = weight_map(labels, w0=10, sigma=5)[0]
    for column in range(12):
        d1, d2 = sorted([max(0, column - 1), max(0, 8 - column)])
        assert weights[column] == pytest.approx(1 + 10 * math.exp(-((d1 + d2) ** 2) / 50))
    assert weight_map(labels, torch.full((1, 12), 3.0), w0=0).unique().tolist() == [3]
    alone = torch.zeros(1, 12).int()
    alone[0, 5] = 1
    assert weight_map(alone).unique().tolist() == [1]  # without a second cell there is no gap


def test_touching_nuclei_are_the_image_of_nuclei_cut_by_rows():
    data, labels = touching_nuclei()
    assert data.classes == ("background", "inside", "border")
    assert [tuple(pairs[0].mask.shape) for pairs in data.splits.values()] == [
        (1, 288, 512),
        (1, 96, 512),
        (1, 128, 512),
    ]
    for name, numbers in labels.items():
        target = data.splits[name][0].mask[0]
        assert torch.equal(target, border_classes(numbers))
        assert ((target > 0) | (numbers == 0)).all()  # every cell is inside or border
        # There are cells to pull apart in each part, which is not so for cuts along columns.
        assert len(numbers.unique()) - 1 - connected_components(numbers, 0).max() >= 4
    assert sum(last - first for first, last in cell_targets.ROWS.values()) == 512


# ------------------------------------------------------------------------------------------- scores
def test_objects_by_hand():
    target = torch.zeros(10, 40).int()
    target[0:10, 0:10] = 1
    target[0:10, 10:20] = 2  # touches 1
    target[0:10, 30:40] = 3
    prediction = torch.zeros(10, 40).int()
    prediction[0:10, 0:10] = 4  # right
    prediction[0:5, 10:20] = 7  # exactly half of 2: not above one half
    prediction[0:10, 30:33] = 8  # less than half of 3
    scores = object_scores(prediction, target)
    assert (scores.matched, scores.spurious, scores.missed) == (1, 2, 2)
    assert scores.f1 == pytest.approx(2 / 6)
    assert scores.jaccard == pytest.approx(1 / 5)
    both = scores + object_scores(target, target)
    assert (both.matched, both.spurious, both.missed) == (4, 2, 2)


def test_a_merged_pair_and_a_split_cell_are_counted():
    merged = (TOUCHING > 0).int()
    merged[TOUCHING == 3] = 2
    scores = object_scores(merged, TOUCHING)
    assert (scores.merged, scores.split, scores.spurious + scores.matched) == (1, 0, 2)
    halves = TOUCHING.clone()
    halves[:20][TOUCHING[:20] == 3] = 9
    scores = object_scores(halves, TOUCHING)
    assert (scores.merged, scores.split) == (0, 1)


@pytest.mark.parametrize(("pixels", "several"), [(5, 0), (6, 1)])
def test_most_of_an_object_is_more_than_half(pixels, several):
    two = torch.zeros(1, 40).int()
    two[0, :10], two[0, 20:30] = 1, 2
    across = torch.zeros(1, 40).int()
    across[0, 10 - pixels : 20 + pixels] = 1
    assert object_scores(across, two).merged == several
    assert object_scores(two, across).split == several
    assert object_scores(across, two).split == object_scores(two, across).merged == 0


def test_nothing_found_and_nothing_there():
    nothing = torch.zeros(4, 5).int()
    assert object_scores(nothing, nothing).f1 == 1
    assert average_precision(nothing, nothing) == 1
    assert object_scores(nothing, nothing + 1).f1 == 0
    full = torch.full((4, 5), 3)  # without any background
    assert object_scores(full, full).matched == 1


@pytest.mark.parametrize("threshold", [0.5, 0.6, 0.75, 0.9])
def test_matches_agree_with_an_optimal_assignment(threshold):
    """The best one-to-one assignment, from overlaps counted pixel by pixel in another way."""
    random = np.random.default_rng(1)
    for _ in range(12):
        centres = random.integers(0, (40, 66), (12, 2))
        moved = centres + random.integers(-2, 3, centres.shape)
        target = discs(*centres.tolist(), radius=6)
        prediction = discs(*moved.tolist(), radius=6)
        found = [prediction == n for n in prediction.unique() if n]
        wanted = [target == n for n in target.unique() if n]
        ious = np.array([[float((a & b).sum() / (a | b).sum()) for b in wanted] for a in found])
        rows, columns = linear_sum_assignment(-np.where(ious > threshold, 1 + ious, 0))
        matched = int((ious[rows, columns] > threshold).sum())
        scores = object_scores(prediction, target, threshold)
        assert scores.matched == matched
        assert scores.spurious == len(found) - matched
        assert scores.missed == len(wanted) - matched


def test_average_precision_asks_for_more_and_more_overlap():
    steps = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
    assert steps == object_matching.THRESHOLDS


def test_average_precision_by_hand():
    target = torch.zeros(1, 100).int()
    target[0, :80] = 1
    prediction = torch.zeros(1, 100).int()
    prediction[0, :60] = 1  # IoU 0.75: above 0.5, 0.55, 0.6, 0.65 and 0.7
    assert average_precision(prediction, target) == pytest.approx(5 / 10)
    prediction[0, 90:] = 2
    assert average_precision(prediction, target) == pytest.approx(5 * (1 / 2) / 10)


def test_a_threshold_below_one_half_and_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"give 0.5 or more"):
        object_scores(TOUCHING, TOUCHING, threshold=0.3)
    with pytest.raises(ValueError, match=r"\(40, 66\) and \(40, 65\)"):
        object_scores(TOUCHING, TOUCHING[:, :-1])
