"""The scores, held against cases worked by hand and against slow, plain definitions."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics
from torch import nn

from unet_teach.segmentation import boundary_f1, dice, evaluate, iou, lines_in_rings, predict
from unet_teach.segmentation.data.dataset import Pair
from unet_teach.segmentation.metrics import ScoreAccumulator, boundary


def mask(*rows):
    """A mask drawn with # and other signs."""
    return torch.tensor([[sign == "#" for sign in row] for row in rows])


SQUARE = mask(".......", ".###...", ".###...", ".###...", ".......")
MOVED = mask(".......", "..###..", "..###..", "..###..", ".......")


def test_iou_and_dice_by_hand():
    # 6 pixels in both, 12 in either, 9 and 9 in each.
    assert iou(SQUARE, MOVED) == 6 / 12
    assert dice(SQUARE, MOVED) == 12 / 18


def test_an_outline_is_the_pixels_that_touch_the_outside():
    assert (
        boundary(SQUARE).tolist()
        == mask(".......", ".###...", ".#.#...", ".###...", ".......").tolist()
    )


def test_the_frame_of_the_picture_is_no_outline():
    assert boundary(torch.ones(4, 6)).sum() == 0
    assert (
        boundary(mask("###...", "###...", "###...")).tolist()
        == mask("..#...", "..#...", "..#...").tolist()
    )


def test_boundary_f1_by_hand():
    # Each outline has 8 pixels. At tolerance 0 they share the two rows' middles: 4 of them.
    assert boundary_f1(SQUARE, MOVED, tolerance=0) == 4 / 8
    # One pixel aside, every pixel of the one has one of the other next to it.
    assert boundary_f1(SQUARE, MOVED, tolerance=1) == 1


def test_boundary_f1_of_an_outline_far_away_and_of_a_missing_one():
    far = mask("......#", ".......", ".......", ".......", ".......")
    assert boundary_f1(far, mask(*["#......"] + ["......."] * 4), tolerance=1) == 0
    assert boundary_f1(torch.zeros(5, 7), SQUARE) == 0


def test_a_tolerance_reaches_in_a_circle():
    one, other = torch.zeros(5, 7), torch.zeros(5, 7)
    one[0, 0] = other[1, 1] = 1
    assert boundary_f1(one, other, tolerance=1) == 0
    assert boundary_f1(one, other, tolerance=1.5) == 1


def test_two_empty_masks_agree():
    nothing = torch.zeros(5, 7)
    assert (iou(nothing, nothing), dice(nothing, nothing), boundary_f1(nothing, nothing)) == (
        1,
    ) * 3


def plain_boundary_f1(found, wanted, tolerance):
    """The definition, pixel by pixel, without a convolution or an array operation."""

    def edges(values):
        rows, columns = len(values), len(values[0])
        return [
            (r, c)
            for r in range(rows)
            for c in range(columns)
            if values[r][c]
            and any(
                0 <= r + dr < rows and 0 <= c + dc < columns and not values[r + dr][c + dc]
                for dr, dc in ((0, 1), (1, 0), (0, -1), (-1, 0))
            )
        ]

    ours, theirs = edges(found.tolist()), edges(wanted.tolist())
    if not ours or not theirs:
        return float(not ours and not theirs)

    def met(some, others):
        return sum(any(math.dist(p, q) <= tolerance for q in others) for p in some) / len(some)

    precision, recall = met(ours, theirs), met(theirs, ours)
    return 2 * precision * recall / (precision + recall) if precision and recall else 0.0


bits = st.lists(st.booleans(), min_size=7 * 11, max_size=7 * 11)


@given(bits, bits, st.sampled_from([0, 1, 1.5, 2, 3]))
def test_scores_agree_with_their_definitions(first, second, tolerance):
    found, wanted = (torch.tensor(values).reshape(7, 11) for values in (first, second))
    ours, theirs = ({i for i, v in enumerate(values) if v} for values in (first, second))
    if ours or theirs:
        assert iou(found, wanted) == pytest.approx(len(ours & theirs) / len(ours | theirs))
        expected = 2 * len(ours & theirs) / (len(ours) + len(theirs))
        assert dice(found, wanted) == pytest.approx(expected)
    by_definition = plain_boundary_f1(found, wanted, tolerance)
    assert boundary_f1(found, wanted, tolerance) == pytest.approx(by_definition)


@given(bits, bits)
def test_dice_says_the_same_as_iou(first, second):
    found, wanted = torch.tensor(first), torch.tensor(second)
    score = iou(found, wanted)
    assert dice(found, wanted) == pytest.approx(2 * score / (1 + score))


def test_an_independent_implementation_agrees():
    random = torch.Generator().manual_seed(3)
    found, wanted = (torch.rand(2, 31, 47, generator=random) > 0.6).unbind(0)
    flat = wanted.flatten().numpy(), found.flatten().numpy()
    assert iou(found, wanted) == pytest.approx(metrics.jaccard_score(*flat))
    assert dice(found, wanted) == pytest.approx(metrics.f1_score(*flat))


def test_pictures_are_added_before_dividing():
    accumulator = ScoreAccumulator()
    accumulator.add(torch.ones(1, 3), torch.ones(1, 3))  # IoU 1, three pixels
    accumulator.add(torch.zeros(4, 2), torch.ones(4, 2))  # IoU 0, eight pixels
    assert accumulator.scores.iou == 3 / 11
    assert accumulator.scores.dice == 2 * 3 / (3 + 11)


@pytest.mark.parametrize("score", [iou, dice, boundary_f1])
def test_logits_and_probabilities_are_refused_with_advice(score):
    with pytest.raises(
        ValueError, match=r"prediction has values from -2 to 3.*Compare logits with 0"
    ):
        score(torch.tensor([[-2.0, 3.0]]), torch.tensor([[0, 1]]))


@pytest.mark.parametrize("score", [iou, dice, boundary_f1])
def test_masks_of_other_shapes_are_refused(score):
    with pytest.raises(
        ValueError, match=r"\(5, 7\) and \(1, 5, 7\)\. Give two masks of the same shape"
    ):
        score(SQUARE, SQUARE[None])


@pytest.mark.parametrize("tolerance", [-1, math.nan, math.inf])
def test_a_tolerance_below_0_is_refused(tolerance):
    with pytest.raises(ValueError, match=r"tolerance=.* does not work; give a number, 0 or more"):
        boundary_f1(SQUARE, MOVED, tolerance)


def test_a_tolerance_beyond_the_picture_costs_no_more():
    assert boundary_f1(SQUARE, MOVED, tolerance=1e9) == 1


@pytest.mark.parametrize("score", [iou, dice, boundary_f1])
def test_arrays_and_lists_are_masks_too(score):
    expected = score(SQUARE, MOVED)
    assert score(SQUARE.numpy(), MOVED.numpy()) == expected
    assert score(np.flipud(SQUARE.numpy()), np.flipud(MOVED.numpy())) == expected
    assert score(SQUARE.tolist(), MOVED) == expected
    with pytest.raises(
        TypeError, match="prediction is of type NoneType; give a tensor or an array"
    ):
        score(None, MOVED)


@pytest.mark.parametrize("score", [iou, dice, boundary_f1])
def test_masks_without_pixels_are_refused(score):
    with pytest.raises(ValueError, match="there is no pixel to count"):
        score(torch.zeros(0, 4), torch.zeros(0, 4))


def test_an_outline_needs_rows_and_columns():
    with pytest.raises(
        ValueError, match=r"The masks have the shape \(5,\), but an outline needs \(H, W\)"
    ):
        boundary_f1(torch.ones(5), torch.ones(5))


def test_masks_without_outlines_agree_only_if_they_are_the_same():
    full, empty = torch.ones(5, 7), torch.zeros(5, 7)
    assert boundary_f1(full, full) == 1
    assert boundary_f1(full, empty) == 0


def test_a_whole_dataset_is_not_scored_by_accident():
    with pytest.raises(TypeError, match=r"evaluate\(model, data\.validation\)"):
        evaluate(lambda image: image > 0.5, lines_in_rings(1))


PAIR = Pair(torch.rand(1, 5, 7), SQUARE[None].float(), "a square")


@pytest.mark.parametrize(
    ("pairs", "error", "said"),
    [
        ([], ValueError, "The list of images is empty"),
        (PAIR, TypeError, "The images are of type Pair; give a list of pairs"),
        (nn.Conv2d(1, 1, 1), TypeError, "The images are of type Conv2d"),
        ([torch.zeros(3)], TypeError, "One of the images is of type Tensor"),
    ],
)
def test_what_is_no_list_of_images_is_not_scored(pairs, error, said):
    with pytest.raises(error, match=said):
        evaluate(lambda image: image > 0.5, pairs)


@pytest.mark.parametrize(
    ("predictor", "error", "said"),
    [
        (nn.Conv2d(3, 1, 1), ValueError, "takes images with 3 channels, but this one has 1"),
        (nn.Conv2d, TypeError, "The predictor is of type type; give a network that is built"),
        (lambda image: image[..., :2] > 0.5, ValueError, "must return one value for each pixel"),
        (lambda image: image * 0 + 0.2, ValueError, "Compare logits with 0"),
        (lambda image: None, TypeError, "The function's output is of type NoneType"),
    ],
)
def test_what_gives_no_mask_is_refused(predictor, error, said):
    with pytest.raises(error, match=said):
        predict(predictor, PAIR.image)


def test_a_function_may_return_an_array():
    assert torch.equal(predict(lambda image: image[0].numpy() > 0.5, PAIR.image), PAIR.image > 0.5)


def test_a_picture_has_channels_rows_and_columns():
    with pytest.raises(ValueError, match=r"The image is \(5, 7\); give \(C, H, W\)"):
        predict(nn.Conv2d(1, 1, 1), PAIR.image[0])
    with pytest.raises(TypeError, match=r"image is of type ndarray; give a tensor \(C, H, W\)"):
        predict(nn.Conv2d(1, 1, 1), PAIR.image.numpy())


def test_a_network_is_left_as_it_was_module_by_module():
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Conv2d(2, 1, 1))
    model[1].eval()  # frozen
    predict(model, PAIR.image)
    assert [module.training for module in model.modules()] == [True, True, False, True]
