"""Lessons 5, 6 and 8: what their exercises call right, held against torch, numpy and the U-Net."""

import copy
import math
import random
import statistics
from itertools import combinations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from tests.exercises.right_answers import RIGHT
from unet_teach import exercises
from unet_teach.exercises.lesson_6.checkerboard import pattern
from unet_teach.exercises.reply import Outcome
from unet_teach.networks import UNet
from unet_teach.segmentation import iou as right_iou
from unet_teach.segmentation.ablation import p_value


def right(exercise):
    """Every right answer of an exercise, made."""
    return [make() for make in RIGHT[exercise.name]]


# ------------------------------------------------------------------------------------ hand-worked
def test_iou_of_a_case_worked_by_hand():
    prediction = torch.tensor([True, True, True, False, False, False]).reshape(1, 1, 2, 3)
    target = torch.tensor([False, True, True, True, True, False]).reshape(1, 1, 2, 3)
    for iou in right(exercises.iou):
        assert float(iou(prediction, target)) == pytest.approx(2 / 5)


def test_iou_of_a_batch_is_that_of_one_large_image():
    prediction, target = torch.rand(2, 3, 1, 5, 7) < 0.4
    for iou in right(exercises.iou):
        together = [mask.reshape(1, 1, 15, 7) for mask in (prediction, target)]
        assert float(iou(prediction, target)) == pytest.approx(float(iou(*together)))


def test_a_cleaned_mask_is_what_the_loss_takes():
    raw_mask = torch.tensor([[0, 1], [255, 7]], dtype=torch.uint8)
    for clean_mask in right(exercises.clean_mask):
        mask = clean_mask(raw_mask)
        assert mask.tolist() == [[0.0, 1.0], [1.0, 1.0]]
        nn.BCEWithLogitsLoss()(torch.zeros(2, 2), mask)


def test_no_training_crop_holds_a_held_out_column():
    columns = torch.arange(40)
    for training_lefts in right(exercises.held_out):
        crops = [columns[left : left + 6] for left in training_lefts(40, 6, 15, 22)]
        assert len(crops) == 10 + 13
        assert all(len(crop) == 6 for crop in crops)
        assert not set(range(15, 22)) & set(torch.cat(crops).tolist())


def test_mean_and_spread_of_a_case_worked_by_hand():
    for summarise in right(exercises.mean_and_spread):
        assert np.allclose(summarise([0.5, 0.7, 0.9]), (0.7, 0.2))
        assert all(map(math.isnan, summarise([0.5, math.nan, 0.9])))


@pytest.mark.parametrize(("seeds", "ways"), [(3, 20), (5, 252)])
def test_the_least_possible_p_is_what_the_praise_says(seeds, ways):
    """If the two variants are alike, each deal is as likely as the others, and p is exact."""
    ranks = set(range(2 * seeds))
    ps = [p_value(a, ranks - set(a)) for a in combinations(ranks, seeds)]
    assert len(ps) == ways
    assert min(ps) == 2 / ways
    assert f"2/{ways}" in exercises.tells_apart.praise
    assert sum(p <= 0.05 for p in ps) / ways <= 0.05  # so rarely are they told apart by chance


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        # a separated 3 against 3 is the old rule's True
        (lambda a, b: min(a) > max(b), "p = 2/20 = 0.1"),
        (lambda a, b: len(a) == 5, "True at p = 0.0536, but False at p = 0.0179"),
        (
            lambda a, b: p_value(a, b) <= 0.15,
            "False from 0.4 on. It should be True for every p up to 0.05.",
        ),
        (
            lambda a, b: np.random.default_rng(0).random() < 0.5,
            "function draws random numbers",
        ),
        (lambda a, b: random.random() < 2, "function draws random numbers"),
        (lambda a, b: p_value(a, b), "should return True or False"),
        (lambda a, b: bool(a.sort() or p_value(a, b) <= 0.05), "changes the lists"),
        (lambda a, b: p_value(a, b) <= 0.05 or None, "it returns nothing"),
    ],
)
def test_a_wrong_decision_is_told_with_its_p(answer, says):
    assert says in exercises.tells_apart.check(answer).text


def test_numpy_numbers_are_places_and_radii():
    ring = ("ring", *np.array([48, 48]), torch.tensor(40))
    assert exercises.fools_it.check([ring, ("line", 20, 0, 70, 95)]).solved


@pytest.mark.parametrize(
    ("predict", "says"),
    [
        (lambda logits: logits.sigmoid() > 0, "True at every pixel"),
        (lambda logits: logits >= 0, "returns 0 for every pixel finds no foreground"),
    ],
)
def test_a_validation_that_takes_too_much_for_foreground_is_told_so(predict, says):
    def validate(network, images, masks):
        network = copy.deepcopy(network).eval()
        with torch.no_grad():
            prediction = predict(network(images))
        return float((prediction & masks).sum() / (prediction | masks).sum())

    assert says in exercises.validation_iou.check(validate).text


def test_a_tie_on_validation_must_not_be_decided_by_the_test():
    reply = exercises.same_recipe.check(lambda trials: max(trials, key=lambda t: t[1:])[0])
    assert "your choice changes with their test scores: you return 0.003, 0.001, 0.03" in reply.text


def test_a_join_that_uses_the_skip_where_x_is_zero_is_right():
    assert exercises.one_line.check(lambda x, skip: torch.where(x > 0, x, skip)).solved


def test_a_mode_that_an_early_return_leaves_behind_is_named():
    def validate(network, images, masks):
        was = network.training
        network.eval()
        with torch.no_grad():
            prediction = network(images) > 0
        if not (prediction | masks).any():
            return 1.0
        network.train(was)
        return float((prediction & masks).sum() / (prediction | masks).sum())

    reply = exercises.validation_iou.check(validate).text
    assert "Restore its mode before each `return`." in reply
    assert "You always switch" not in reply


def test_a_transposed_convolution_that_overlaps_evenly_is_not_called_flat_with_any_weights():
    """With equal weights a flat map stays flat, as the praise says; with random ones it doesn't."""
    torch.manual_seed(0)
    flat, layer = torch.ones(1, 8, 9, 9), nn.ConvTranspose2d(8, 8, 4, stride=2, padding=1)
    assert exercises.even_overlap.check(layer).text == exercises.even_overlap.praise
    assert "With equal weights" in exercises.even_overlap.praise
    assert layer(flat)[0, 0, 5:13, 5:13].std() > 0.01
    nn.init.constant_(layer.weight, 0.1)
    assert layer(flat)[0, 0, 5:13, 5:13].std() < 1e-5


def test_two_wrong_steps_are_both_named():
    reply = exercises.checkerboard.check(
        lambda x: (lambda p: p[-1] / p[-2:].mean())(torch.fft.rfft(x, dim=0).abs().square().mean(1))
    )
    assert "Two steps are wrong. You " in reply.text
    assert "the columns" in reply.text
    assert "Your denominator includes the last power itself" in reply.text


def test_a_point_upon_a_checkerboard_has_the_ratio_worked_by_hand():
    """A bright column has power 1 everywhere; amplitude a adds ±12·a to the last: 1 + (12·a)²."""
    image = torch.zeros(8, 12)
    image[:, 4] = 1.0
    for measure in right(exercises.checkerboard):
        assert float(measure(image)) == pytest.approx(1.0, rel=1e-4)
        with_it = measure(image + 0.25 * pattern(8, 12))
        assert float(with_it) == pytest.approx(1 + 3**2, rel=1e-4)


# ------------------------------------------------------------------------------- the U-Net itself
def _unet(depth):
    """A fresh one whose normalisations know how large its maps are, or its bottom may be dead."""
    torch.manual_seed(0)
    network = UNet(1, 1, depth=depth, base_channels=4)
    with torch.no_grad():
        for _ in range(20):
            network(torch.randn(4, 1, 32, 32))
    return network.eval()


def _seen(network, depth, size, pixel):
    """The columns on which a pixel of the answer depends, found by lighting one row with NaN.

    A NaN goes through every sum, ReLU and maximum: it marks all that depends on it.
    """
    pictures = torch.zeros(size, 1, 2**depth, size)
    pictures[range(size), :, :, range(size)] = math.nan
    with torch.no_grad():
        answer = network(pictures)
    return [column for column in range(size) if answer[column, 0, 0, pixel].isnan()]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_reach_is_that_of_the_course_u_net(depth):
    step = 2**depth
    size, first = 20 * step, 9 * step
    network, farthest = _unet(depth), 0
    for pixel in range(first, first + step):
        seen = _seen(network, depth, size, pixel)
        farthest = max(farthest, pixel - seen[0], seen[-1] - pixel)
    for reach in right(exercises.reach):
        assert reach(depth) == farthest


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_gradients_come_from_beyond_the_bottom_cell_s_neighbours_and_never_from_beyond_reach(depth):
    """A pool passes a gradient to its largest cell only, so several pictures are needed."""
    step = 2**depth
    pictures = torch.randn(20, 1, 4 * step, 20 * step).double().requires_grad_()
    middle = 9 * step
    answer = _unet(depth).double()(pictures)[..., middle : middle + step]
    reaches = []
    for pixel in range(step):
        (slope,) = torch.autograd.grad(
            answer[..., pixel].square().sum(), [pictures], retain_graph=True
        )
        columns = slope.abs().amax((0, 1, 2)).nonzero().flatten()
        reaches += [middle + pixel - int(columns[0]), int(columns[-1]) - middle - pixel]
    farthest = right(exercises.reach)[0](depth)
    assert 5 * step - 5 < max(reaches) <= farthest


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_u_net_repeats_itself_after_that_shift_and_after_no_smaller_one(depth):
    network, reach = _unet(depth).double(), right(exercises.reach)[0](depth)
    shift = right(exercises.repeats_after)[0](depth)
    size = 2 * (reach + -reach % shift) + 8 * shift
    wide = torch.randn(2, 1, 4 * shift, size + shift).double()
    inside = slice(reach, size - reach)  # beyond it the border is seen
    with torch.no_grad():
        answer = network(wide)
        same = [
            torch.allclose(
                network(wide[..., by : size + by])[..., inside],
                answer[..., by : size + by][..., inside],
                atol=1e-9,
            )
            for by in range(1, shift + 1)
        ]
    assert same == [False] * (shift - 1) + [True]


def test_tiles_laid_together_are_the_picture():
    for tile_starts in right(exercises.tile_starts):
        picture = torch.arange(101)
        again = torch.full_like(picture, -1)
        for start in tile_starts(101, 32, 12):
            again[start : start + 32] = picture[start : start + 32]
        assert torch.equal(again, picture)


# -------------------------------------------------------------------------------- single sentences
NO_SKIPS = UNet(depth=2, base_channels=4, skip="none")
BROKEN = type("Broken", (nn.Module,), {"__init__": lambda self: 1 / 0})


@pytest.mark.parametrize(
    ("exercise", "answer", "says"),
    [
        ("to_mask", lambda logits: logits > 0.2, "logit 0."),
        ("to_mask", lambda logits: (logits > 0).tolist(), "So leave out `.tolist()`"),
        ("to_mask", lambda x: x.round() > 0, "Your mask is False for logits between 0 and 0.5."),
        (
            "held_out",
            lambda w, c, a, b: [x for x in range(w - c + 1) if x + c < a or x > b],
            "you leave out `start - crop`, whose crop ends right before the strip, and `stop`",
        ),
        (
            "held_out",
            lambda w, c, a, b: [*range(a - c + 2), *range(b, w - c + 1)],
            "you add `start",
        ),
        ("same_recipe", lambda r: min(r, key=lambda t: t[1])[0], "where higher is better"),
        (
            "same_recipe",
            lambda r: max(r, key=lambda t: round(t[1], 1))[0],
            "the best scores 0.68. You choose the best of",
        ),
        ("fools_it", [("ring", 48, 48, 100), ("line", 20, 0, 70, 95)], "next to nothing is on"),
        ("fools_it", [("ring", 48, 48, 0), ("line", 20, 0, 70, 95)], "has a radius of 0"),
        ("fools_it", [("ring", 0.5, 0.5, 0.4), ("line", 0, 0, 1, 1)], "not in parts of it"),
        ("fools_it", [("ring", 48, 48, 20), ("line", 9, 9, 9, 9)], "begins and ends at the same"),
        ("fools_it", [("circle", 48, 48, 40)], "row, column, row, column).\nStuck"),
        ("fools_it", [("ring", 48, 48, "40")], "'40' is not a number of pixels"),
        ("clean_mask", lambda x: (x != 0).float().squeeze(), "the height axis is missing"),
        ("to_mask", lambda x: x.flatten(2).softmax(2).view_as(x) > 0.5, "pixel's own logit"),
        ("mean_and_spread", lambda s: (np.mean(s), 0.0), "It is 0 for every list"),
        ("one_line", lambda x, skip: (x + skip).detach(), "flows back to x or to skip"),
        ("tells_apart", lambda a, b: p_value(a, b) >= 0.05, "and True from 0.05 on. It should"),
        (
            "tells_apart",
            lambda a, b: p_value(a, b) <= 0.001,
            "you compare p with 0.001; it should be 0.05",
        ),
        (
            "one_line",
            lambda x, skip: x + skip * (torch.rand(1) > 0.5),
            "Called again with the same x and skip",
        ),
        (
            "reach",
            lambda depth: 7 * 2**depth - 5 + depth,
            "it is the right number plus depth. It is right wherever depth=0",
        ),
        (
            "one_line",
            lambda x, skip: x * skip * 0,
            "The result is 0 at every place, and with other",
        ),
        ("halvings", 2.079, "`math.log` is to base e"),
        ("halvings", 5, "5 is not the number of halvings. Halving 96 pixels 5 times leaves 3."),
        ("sees", 15, "the first of them is the 5 already"),
        ("odd_sizes", (7, 8), "8 is what should come *out*"),
        ("to_mask", lambda logits: (logits > 0).numpy(), "of type ndarray"),
        ("to_mask", lambda logits: logits.mul_(2) > 0, "your function changes its input"),
        (
            "clean_mask",
            lambda mask: (mask > 1).float(),
            "pixel of 1 becomes 0, but it should become 1",
        ),
        ("clean_mask", lambda mask: mask / 0, "turns 0 → nan, 1 → inf"),
        (
            "clean_mask",
            lambda mask: (mask != 0).float().mean(),
            "instead of a mask of shape (5, 7)",
        ),
        ("iou", lambda a, t: (a & t).sum((1, 2, 3)), "a tensor of shape (2,)"),
        ("iou", lambda a, t: print(end=""), "What stands after its `return` is None"),
        (
            "iou",
            lambda a, t: ((a & t).sum(3) / (a | t).sum(3)).mean(),
            "over all rows of all images",
        ),
        ("to_mask", lambda logits: logits.nonzero(), "a tensor of shape (12, 4) and type torch.i"),
        ("to_mask", lambda x: x.abs() > 0.5, "6 of 12 pixels are wrong"),
        ("to_mask", lambda x: x > x.max() / 2, "depends on more than the pixel's own logit"),
        ("twelve", "ACEGL", "An input may have one dimension"),
        (
            "held_out",
            lambda *strip: [0, 0, *range(1, 5), *range(12, 17)],
            "0 appears more than once",
        ),
        ("held_out", lambda *strip: [1, 2, 12, 16], "columns are 1 to 2, 12, 16; they should be 0"),
        ("held_out", lambda *strip: [], "are none; they should be 0 to 4, 12 to 16"),
        ("to_mask", lambda x: x >= 0, "the pixel with logit 0, a probability of 0.5, is True"),
        ("to_mask", lambda x: x.sigmoid() >= 0.5, "not *more* likely than background"),
        ("to_mask", lambda x: x > 0.25, "True for logits from 0.26 up (a probability of 0.565)"),
        ("to_mask", lambda x: x.abs() < 1, "True for logits from -0.99 to 0.99"),
        ("to_mask", lambda x: x > x.quantile(0.3), "depends on more than the pixel's own logit"),
        ("to_mask", lambda x: x.flip(-1) > 0, "depends on more than the pixel's own logit"),
        ("to_mask", lambda x: x.argmax(1).bool(), "the channel axis is missing"),
        ("to_mask", lambda x: x.mT > 0, "height and width are swapped"),
        ("to_mask", lambda x: (x[:1] > 0).expand_as(x), "all of them in image 2 of 2"),
        ("clean_mask", lambda x: (x.int() % 2).float(), "2 → 0, 7 → 1, 127 → 1, 128 → 0"),
        (
            "clean_mask",
            lambda x: (x > x.min()).float(),
            "it is wrong only on a file of nothing but 255",
        ),
        ("clean_mask", lambda x: x.bool().float().flatten(), "the values themselves are right"),
        ("iou", lambda a, t: (a[0] & t[0]).sum() / (a[0] | t[0]).sum(), "first image alone"),
        ("iou", lambda a, t: (~(a | t)).sum() / (~(a & t)).sum(), "the pixels in neither, divided"),
        ("iou", lambda a, t: (a & t).sum() / max(a.sum(), t.sum()), "of the larger mask"),
        (
            "iou",
            lambda a, t: ((a & t).sum() + 3) / ((a | t).sum() + 3),
            "3 added to numerator and deno",
        ),
        ("iou", lambda a, t: 0.4 * (a & t).sum() / (a | t).sum(), "always 0.4 times the IoU"),
        ("iou", lambda a, t: ((a & t) / (a | t)).mean(), "NaN comes from 0 / 0"),
        ("iou", lambda a, t: (a - t).sum(), "`a & ~b` is a without b"),
        (
            "iou",
            lambda a, t: round(float((a & t).sum() / (a | t).sum()), 2),
            "rounded to 2 digits",
        ),
        ("iou", lambda a, t: (a and t).sum(), "Pixel by pixel it is `&`, `|`"),
        (
            "iou",
            lambda a, t: (a & t).sum() / (a | t).sum() if a.any() else 1.0,
            "wrong only with a prediction of 0 pixels and a target of 2 pixels",
        ),
        ("iou", lambda a, t: -right_iou(a, t), "your number is minus (the pixels in both"),
        ("to_mask", lambda x: x.sigmoid() > 0.7, "True for logits from 0.85 up"),
        (
            "to_mask",
            lambda x: x.sigmoid() > 0.505,
            "the pixel with logit 1e-06, a probability of just above 0.5,",
        ),
        ("to_mask", lambda x: x + torch.randn_like(x) > 0, "two different results"),
        ("clean_mask", lambda x: (x > 50).float(), "7 → 0, 127 → 1"),
        ("clean_mask", lambda x: (x != 0).float().flip(0), "but in the wrong place"),
        ("clean_mask", lambda x: x.clamp_(max=1).float(), "On a file of True and False: Your code"),
        ("held_out", lambda *strip: {3, 2, 1, 0}, "You return the same list for every"),
        ("held_out", lambda *strip: [-1], "would cover columns -1 to 2"),
        (
            "one_line",
            lambda x, skip: x * skip.mean((2, 3), keepdim=True).sigmoid(),
            "but not where anything is",
        ),
        ("one_line", lambda x, skip: x * (skip > 0.7), "no gradient flows back"),
        (
            "one_line",
            lambda x, skip: x + skip.clamp(max=0),
            "in place of skip, none negative, as after a ReLU, the result stayed",
        ),
        (
            "one_line",
            lambda x, skip: torch.maximum(x, skip - 100),
            "one of them had no effect",
        ),
        ("mean_and_spread", lambda s: (min(s), np.std(s, ddof=1)), "tried first, it is the lowest"),
        (
            "mean_and_spread",
            lambda s: (np.mean(s), np.std(s, ddof=1) / len(s)),
            "it is the sample standard deviation, divided by n.",
        ),
        (
            "mean_and_spread",
            lambda s: (s.sort(), s.pop(), np.mean(s))[1:],
            "first number is the best seed",
        ),
        ("mean_and_spread", lambda s: (round(np.mean(s), 2), 0), "right one, rounded to 2 digits"),
        ("to_mask", lambda x: x >= x.amax((2, 3), keepdim=True), "is True in one image and False"),
        (
            "one_line",
            lambda x, skip: x + 0 * skip,
            "in place of skip, none negative, as after a ReLU, the result stayed",
        ),
        ("one_line", lambda x, skip: F.avg_pool2d(x + skip, 2), "the output is 3×5"),
        ("one_line", lambda x, skip: x + skip.flip(-1), "row 2, column 4, counted from 0, but not"),
        ("one_line", lambda x, skip: x + skip.roll(1, -2), "not place by place"),
        ("one_line", lambda x, skip: x + skip.round(), "no gradient flows back to it"),
        ("one_line", lambda x, skip: x.detach() + skip, "The values of x do change the result"),
        ("one_line", lambda x, skip: x + F.dropout(skip), "draws random numbers"),
        (
            "one_line",
            lambda x, skip: x.repeat(1, 2, 1, 1),
            "has 32 channels, but it should have 16.\n",
        ),
        ("one_line", lambda x, skip: x + skip[..., 1:], "both of shape (2, 16, 6, 10)"),
        ("one_mark", (UNet(depth=2, skip="none"), UNet(depth=2, padding="valid")), "`padding` how"),
        (
            "one_mark",
            (UNet(depth=2, skip="none"), UNet(depth=2, up="nearest")),
            "passes through 32×32, 64×",
        ),
        (
            "one_mark",
            (type("Net", (nn.Module,), {"__init__": lambda s: 1 / 0}), 1),
            "`Net()` fails",
        ),
        ("twelve", "ABCEGIK", "you left out, 1 is a U-Net."),
        ("twelve", "BD", "no up-sampling at all. Of those"),
        ("mean_and_spread", lambda scores: sum(scores) / len(scores), "should return 2 numbers"),
        ("tells_apart", lambda a, b: min(a) - max(b), "should return True or False"),
        ("same_recipe", lambda trials: "0.01", "of type str, but it should return one number"),
        ("checkerboard", lambda image: torch.fft.rfft(image)[0, 0], "of type complex"),
        ("tile_starts", lambda size, tile, overlap: [0, 6.5, 12], "between two pixels"),
        ("tile_starts", lambda size, tile, overlap: [], "no tile at all"),
    ],
)
def test_other_wrong_answers_are_told_what_is_wrong_with_them(exercise, answer, says):
    reply = getattr(exercises, exercise).check(answer)
    assert reply.outcome is Outcome.NOT_YET
    assert says in reply.text


@pytest.mark.parametrize(
    "name", ["clean_mask", "held_out", "iou", "to_mask", "validation_iou", "one_line", "one_mark"]
)
def test_no_right_answer_is_taken_for_a_known_mistake(name):
    """A mistake that a right answer makes as well would be named for another one, too."""
    exercise = getattr(exercises, name)
    for answer in right(exercise):
        anywhere = (mistake for mistake in exercise.mistakes if not mistake.at)
        assert [mistake.name for mistake in anywhere if mistake.is_made_by(answer)] == []


@pytest.mark.parametrize(
    ("exercise", "answer", "false_sentence"),
    [
        ("to_mask", lambda x: x.sigmoid_() > 0.5, "threshold depends"),
        ("to_mask", lambda x: x.sigmoid() > 0.7, "1 as a logit"),
        ("to_mask", lambda x: x > -0.49, "exp(logit)"),
        ("to_mask", lambda x: x.tanh() > 0.5, "the midpoint of"),
        ("clean_mask", lambda x: (x > 50).float(), "Above 127"),
        ("clean_mask", lambda x: (x != 0).float().T, "depends on the other pixels"),
        ("clean_mask", lambda mask: mask / 0, "depends on the other pixels"),
        ("iou", lambda a, t: (a & t).sum() / (a | t).sum(), "cases tried, it is wrong only"),
        ("mean_and_spread", lambda s: (sum(s) / 3, statistics.stdev(s)), "NaN makes your function"),
        ("tells_apart", lambda a, b: abs(np.mean(a) - np.mean(b)) > 0.2, "a limit of 0.1"),
        ("one_line", lambda x, skip: torch.stack([x, skip]), "`dim=0` is"),
        ("one_line", lambda x, skip: x + torch.randn_like(skip), "layer"),
        ("one_line", lambda x, skip: x + skip.mean(), "Whatever values"),
        ("one_line", lambda x, skip: skip.add_(x), "overwrites x"),
    ],
)
def test_nothing_false_is_said_beside_what_is_true(exercise, answer, false_sentence):
    reply = getattr(exercises, exercise).check(answer)
    assert reply.outcome is Outcome.NOT_YET
    assert false_sentence not in reply.text


def test_letters_may_stand_in_a_list_in_any_way():
    for letters in (["ACEGIKL"], ["A", "C", "E, G", "I", "K and L"], ("a", "c", "e", "gikl")):
        assert exercises.twelve.check(letters).outcome is Outcome.SOLVED


def test_a_network_left_in_another_mode_is_named_with_what_already_holds():
    def validate(network, images, masks):
        prediction = network.eval()(images).detach() > 0
        return float((prediction & masks).sum() / (prediction | masks).sum())

    reply = exercises.validation_iou.check(validate)
    assert "comes in training mode is in eval mode afterwards." in reply.text
    assert "its value" in reply.text


def test_a_score_that_fits_no_mask_is_no_error_of_the_check():
    def validate(network, images, masks):
        mode, error = network.training, nn.MSELoss()
        with torch.no_grad():
            value = error(network.eval()(images).sigmoid(), masks.float())
        network.train(mode)
        return float(value)

    assert "If all logits are twice as large" in exercises.validation_iou.check(validate).text


def test_a_recorded_run_with_a_wrong_score_is_not_told_that_the_score_is_right():
    def validate(network, images, masks):
        mode = network.training
        value = 0.123 + 0 * network.eval()(images).sum()
        network.train(mode)
        return value

    reply = exercises.validation_iou.check(validate)
    assert "you return 0.123" in reply.text
    assert "The score is right" not in reply.text
