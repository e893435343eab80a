"""Wrong answers that blind testers gave: one row each, with the part of the reply that names it."""

import random
from functools import wraps
from itertools import combinations
from statistics import median
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from tests.exercises.right_answers import RIGHT
from unet_teach import exercises
from unet_teach.exercises.exercise import Outcome
from unet_teach.segmentation import iou as right_iou


def three_by_three(labels, largest, smallest):
    filled = labels.where(labels > 0, 1000.0)
    big, small = F.max_pool2d(labels, 3, 1, 1), -F.max_pool2d(-filled, 3, 1, 1)
    return torch.where(small < big, 2, (labels > 0).long())


def target_with(border, inside=lambda labels: labels > 0):
    return lambda labels, largest, smallest: torch.where(
        border(labels, largest, smallest), 2, inside(labels).long()
    )


def mean_of_images(prediction, target):
    counted = target != 255
    right = ((prediction == target) & counted).flatten(1).sum(1)
    return (right / counted.flatten(1).sum(1).clamp(min=1)).mean()


def foreground_iou(prediction, target):
    p, t = (x[target != 255] > 0 for x in (prediction, target))
    return (p & t).sum() / (p | t).sum()


def scaled(weights):
    return weights / weights.mean()


LESSON_9 = [
    (
        "border_target",
        target_with(lambda a, b, c: c > b),
        "With two cells in the square it's the other way round.",
    ),
    (
        "border_target",
        target_with(lambda a, b, c: c <= b),
        "With a single cell in the square, `largest` and `smallest` are equal",
    ),
    (
        "border_target",
        target_with(lambda a, b, c: a != b),
        "You compare the pixel's own number with `largest`",
    ),
    (
        "border_target",
        target_with(lambda a, b, c: (a > 0) & (a != b)),
        "You compare the pixel's own number with `largest`",
    ),
    (
        "border_target",
        target_with(lambda a, b, c: (c < b) & (a > 0)),
        "the pixels of the gap stay background",
    ),
    (
        "border_target",
        target_with(lambda a, b, c: b - c == 1),
        "largest 2 and smallest 1, wrong with label 3, largest 5 and smallest 3",
    ),
    (
        "border_target",
        target_with(lambda a, b, c: c < b, lambda a: a == 1),
        "largest 1 and smallest 1, wrong with label 3, largest 3 and smallest 3",
    ),
    (
        "border_target",
        target_with(lambda a, b, c: c < b, lambda a: a == 0),
        "background far from any cell becomes 1, but it should become 0",
    ),
    (
        "border_target",
        lambda a, b, c: (a > 0).long() + 2 * (c < b).long(),
        "a cell's pixel near another cell becomes 3, but it should become 2",
    ),
    (
        "border_target",
        three_by_three,
        "(label 3, largest 5, smallest 3) become one thing here and another there",
    ),
    (
        "border_threshold",
        lambda p, t: (p[0] < 0.5) & (p[1] <= t),
        "You compare *inside* with the threshold.",
    ),
    (
        "border_threshold",
        lambda p, t: (p[2] < 0.5) & (p[0] <= t),
        "`probabilities[2]`, border, at most the threshold.",
    ),
    ("border_threshold", lambda p, t: p[0] < 0.5, "You ask only for background"),
    ("border_threshold", lambda p, t: (p[0] > 0.5) & (p[2] <= t), "Your mask holds background"),
    (
        "border_threshold",
        lambda p, t: (p[0] < p[1]) & (p[2] <= t),
        "You compare background with *inside*",
    ),
    (
        "border_threshold",
        lambda p, t: (p[0] < 0.5) & (p[2] <= 1 - t),
        "it is 1 minus the threshold",
    ),
    (
        "border_threshold",
        lambda p, t: (p[0] < 0.5) & (p[2] <= 0.5),
        "your mask is the same, so it doesn't depend on `threshold`",
    ),
    (
        "border_threshold",
        lambda p, t: (p[0] < 0.4) & (p[2] <= t),
        "where background is 0 to 0.35; it should be left below 0.5",
    ),
    (
        "border_threshold",
        lambda p, t: (p[0] < 0.5) & (p[2] <= 2 * t),
        "where border is 0 to 0.5; it should be left up to 0.25",
    ),
    (
        "border_threshold",
        lambda p, t: (p[0] < 0.5) & (p[2] <= t) & (p[2] > 0.1),
        "where background is nowhere at all",
    ),
    ("ignore_void", mean_of_images, "That's the mean of the images' accuracies"),
    ("ignore_void", foreground_iou, "That's an IoU of foreground and background"),
    (
        "ignore_void",
        lambda p, t: (p == t)[t == 255].float().mean(),
        "You count only the void pixels",
    ),
    (
        "ignore_void",
        lambda p, t: 100 * (p == t)[t != 255].float().mean(),
        "the right share in percent",
    ),
    (
        "rare_weights",
        lambda c: 3 * c**-0.5 / (c**-0.5).sum(),
        "the mean of your weights is 1.5, 1 and 0.75",
    ),
    (
        "rare_weights",
        lambda c: scaled(c**-0.25),
        "proportional to `counts ** -0.25`, and they should be to `counts ** -0.5`",
    ),
    (
        "rare_weights",
        lambda c: scaled(1 / (1 + c.sqrt())),
        "In your weights it's 5.5 times and 9.18 times.",
    ),
    ("rare_weights", lambda c: (c**-0.5).softmax(0), "A softmax makes numbers from 0 to 1"),
    ("rare_weights", lambda c: scaled(1 - c / (c + 1)) - 0.5, "A weight should be above 0."),
    ("rare_weights", lambda c: c.median() / c, "You divide by the number of pixels itself."),
    (
        "object_f1",
        lambda x: 2 * (x > 0.5).sum() / x.numel(),
        "is twice the matches, divided by the cells found times those in the target",
    ),
    (
        "object_f1",
        lambda x: (x > 0.5).sum() * (1 / x.shape[0] + 1 / x.shape[1]) / 2,
        "your number is the mean of precision and recall",
    ),
    (
        "object_f1",
        lambda x: 2 * (x.diagonal() > 0.5).sum() / sum(x.shape),
        "a match in row 0, column 1 (counted from 0) isn't counted",
    ),
    (
        "object_f1",
        lambda x: 2 * (x > 0.7).sum() / sum(x.shape),
        "takes 0.75 to 0.95 for a match; it should be those above 0.5",
    ),
    (
        "object_f1",
        lambda x: 2 * float((x.numpy()[linear_sum_assignment(-x)] > 0.5).sum()) / sum(x.shape),
        "For the table [[0.51, 0.4], [0.2, 0.0]]: it returns 0, but it should return 0.5",
    ),
    ("ignore_void", lambda p, t: (p.argmax(1) == t).sum(), "`prediction` holds classes already"),
    (
        "ignore_void",
        lambda p, t: (p == t)[(t != 255) & (p != 0)].float().mean(),
        "You also leave out the pixels that are *predicted* as background.",
    ),
    (
        "ignore_void",
        lambda p, t: (p == t).sum() / ((t != 255).sum() + 0.1),
        "is the right one with 0.1 added to what it is divided by",
    ),
    (
        "ignore_void",
        lambda p, t: (p == t).sum() / (t == 255).sum(),
        "the pixels that count and are right, divided by the void pixels",
    ),
    (
        "rare_weights",
        lambda c: scaled((c**-0.5).sort(descending=True).values),
        "so don't sort anything",
    ),
    (
        "rare_weights",
        lambda c: c**-0.5 / (c[:2] ** -0.5).mean(),
        "on the number of its own class, and on the mean over *all* classes",
    ),
    ("rare_weights", lambda c: scaled(c**-0.5).round(), "as if they were rounded"),
    (
        "object_f1",
        lambda x: (x > 0.5).sum() / (x.shape[0] * x.shape[1]) ** 0.5,
        "your number is the geometric mean of precision and recall",
    ),
    (
        "object_f1",
        lambda x: 2 * (x > 0.5).sum() / (sum(x.shape) - (x > 0.5).sum()),
        "twice the matches, divided by the matches, spurious and missed cells together",
    ),
    (
        "object_f1",
        lambda x: 2 * (x > 0.5).sum() / sum(x.shape) if (x > 0.5).any() else 1.0,
        "Of 7 cases tried, it is wrong only for the table [[0.2, 0.1, 0.0, 0.0]].",
    ),
    (
        "object_f1",
        lambda x: 2 * (x > 0.5).sum() / (x.shape[0] + 2 * x.shape[1]),
        "twice the matches, divided by 1 times the cells found plus 2 times those in the target",
    ),
    (
        "object_f1",
        lambda x: x.max(0).values.mean() if x.numel() else 0,
        "your number is the mean of each column's largest IoU",
    ),
    ("object_f1", lambda x: 2 * len(x) / sum(x.shape), "You count a match in every row"),
    (
        "object_f1",
        lambda x: 2 * (x.max(0).values > 0.5).sum() / sum(x.shape),
        "0 rows and 3 columns, since no cell was found",
    ),
    (
        "object_f1",
        lambda x: 2 * (x.max(1).values > 0.5).sum() / sum(x.shape),
        "2 rows and 0 columns, since the target has no cell",
    ),
]


def permutation_test(
    p_of=lambda far, ways: far / ways, limit=0.05, size=None, seen=None, below=False, of=np.mean
):
    def tells_apart(a, b):
        pool, chosen_size = [*a, *b], size or len(a)
        observed = (seen or (lambda a, b: abs(of(a) - of(b))))(a, b)
        far = ways = 0
        for chosen in combinations(range(len(pool)), chosen_size):
            rest = [x for place, x in enumerate(pool) if place not in chosen]
            ways += 1
            far += abs(of([pool[place] for place in chosen]) - of(rest)) >= observed - 1e-9
        p = p_of(far, ways)
        return bool(p < limit if below else p <= limit)

    return tells_apart


def last_deal(a, b):
    pool = [*a, *b]
    return abs(np.mean(pool[-len(a) :]) - np.mean(pool[: -len(a)]))


def smoothed(added):
    return lambda p, t: ((p & t).sum() + added) / ((p | t).sum() + added)


def above_average(a, b):
    pool, total = [*a, *b], sum(a) + sum(b)
    sums = [sum(chosen) for chosen in combinations(pool, len(a))]
    mean = np.mean([abs(s / len(a) - (total - s) / len(b)) for s in sums])
    return bool(abs(np.mean(a) - np.mean(b)) >= mean)


def of_argmax(network, images, masks):
    was = network.training
    network.eval()
    with torch.no_grad():
        prediction = network(images).argmax(1, keepdim=True).bool()
    network.train(was)
    return (prediction & masks).sum() / (prediction | masks).sum()


def spread_with(squares, divisor):
    return lambda s: (np.mean(s), np.sqrt(squares(np.array(s)) / divisor(s)))


def never_sets_a_new_best(trials):
    (rate, best, _), *others = trials
    for other, validation, _ in others:
        if validation > best:
            rate = other
    return rate


def validation(before=lambda network: None):
    def validate(network, images, masks):
        was = network.training
        network.eval()
        before(network)
        with torch.no_grad():
            prediction = network(images) > 0
        network.train(was)
        return (prediction & masks).sum() / (prediction | masks).sum()

    return validate


def misspelt(trials):
    best_trial = max(trials, key=lambda trial: trial[1])
    del best_trial
    return best_trail[0]  # noqa: F821 - the mistake


def one_range_too_short(depth):
    reach = 2
    for _ in range(depth - 1):
        reach = 2 * reach + 5
    return reach


LESSONS_5_TO_8 = [
    ("held_out", lambda w, c, a, b: [], "Your list is always empty."),
    (
        "held_out",
        lambda w, c, a, b: [x for x in range(w - c + 1) if x + c <= b or x >= a],
        "You compare the end of a crop with `stop` and its start with `start`",
    ),
    (
        "held_out",
        lambda w, c, a, b: [x for x in range(w - c + 1) if x + c <= a or x >= b + c],
        "You leave a gap of one crop behind the strip.",
    ),
    (
        "held_out",
        lambda w, c, a, b: [x for x in range(w - c + 1) if x + c <= a or x >= a + b],
        "You take `stop` for the strip's length",
    ),
    (
        "held_out",
        lambda w, c, a, b: [x + c // 2 for x in range(w - c + 1) if x + c <= a or x >= b],
        "These are the columns in the middle of the crops.",
    ),
    (
        "held_out",
        lambda w, c, a, b: random.sample(range(w - c + 1), 5),
        "Called again with the same numbers, your function returns another list.",
    ),
    (
        "held_out",
        lambda w, c, a, b: [x for x in range(w - c + 1) if a < x + c and x < b],
        "These are the crops that touch the strip. Return the others.",
    ),
    ("held_out", lambda w, c, a, b: range(b, w - c + 1), "All your crops lie on one side"),
    ("held_out", lambda w, c, a, b: range(a - c + 1), "All your crops lie on one side"),
    ("held_out", lambda w, c, a, b: [0] if a >= c else [b], "If your `return` is inside the loop"),
    (
        "held_out",
        lambda w, c, a, b: [x for x in range(91) if x + 10 <= a or x >= b],
        "stays the same if another `width` or `crop` is given",
    ),
    (
        "held_out",
        lambda w, c, a, b: [
            x for x in range(w - c + 1) if not a <= x < b and not a <= x + c - 1 < b
        ],
        "You test only the first and the last column of a crop.",
    ),
    ("to_mask", lambda x: x.sigmoid().sigmoid() > 0.5, "or take the sigmoid twice"),
    ("to_mask", lambda x: x.sigmoid() > 0, "So you compare a probability with 0"),
    ("to_mask", lambda x: x.softmax(1) > 0.5, "Your mask is True everywhere"),
    ("to_mask", lambda x: x.argmax(1, keepdim=True) == 1, "Your mask is False everywhere"),
    (
        "iou",
        lambda p, t: round(float((p & t).sum() / (p | t).sum()), 2),
        "your number is (the pixels in both, divided by the pixels in either), rounded to 2 digits",
    ),
    (
        "iou",
        lambda p, t: max(right_iou(*pair) for pair in zip(p, t, strict=True)),
        "your number is the highest score of an image",
    ),
    (
        "iou",
        lambda p, t: float(median(right_iou(*pair) for pair in zip(p, t, strict=True))),
        "your number is the median over the images of the pixels in both",
    ),
    (
        "iou",
        lambda p, t: (p & t).sum() / (p.sum() * t.sum()),
        "divided by the pixels of the prediction times those of the target",
    ),
    ("iou", smoothed(1e-3), "So a small number is added above the fraction line."),
    ("iou", smoothed(1e-5), "So a small number is added above the fraction line."),
    ("validation_iou", validation(lambda n: nn.init.constant_(n[-1].bias, -100)), "has changed"),
    ("validation_iou", of_argmax, "That is so after `argmax`"),
    ("validation_iou", validation(lambda n: n.zero_grad()), "is gone. `zero_grad()` and"),
    (
        "validation_iou",
        validation(lambda n: n.requires_grad_(False)),
        "Inside `with torch.no_grad():` nothing is recorded",
    ),
    (
        "mean_and_spread",
        spread_with(lambda s: ((s - s.mean()) ** 2).sum(), lambda s: 2),
        "you divide by 2, however many scores there are",
    ),
    (
        "mean_and_spread",
        lambda s: (np.mean(sorted(s)[1:-1] or s), 0),
        "it is the mean without the lowest and the highest score",
    ),
    (
        "mean_and_spread",
        lambda s: (np.mean(s), 100 * np.std(s, ddof=1) / np.mean(s)),
        "it is the sample standard deviation in percent of the mean",
    ),
    ("mean_and_spread", lambda s: (sum(s) / 3, np.std(s, ddof=1)), "you divide by 3, however many"),
    (
        "mean_and_spread",
        spread_with(lambda s: (s**2).sum(), lambda s: len(s) - 1),
        "divided by n − 1, so the mean isn't subtracted",
    ),
    (
        "same_recipe",
        lambda trials: sorted(trials, key=lambda trial: trial[1])[-2][0],
        "the trial with the second highest validation score",
    ),
    (
        "same_recipe",
        lambda trials: 1 + max(range(len(trials)), key=lambda place: trials[place][1]),
        "You return the position of the best trial",
    ),
    ("same_recipe", never_sets_a_new_best, "because it never sets a new best"),
    ("tells_apart", permutation_test(limit=0.5), "True for every p up to 0.5, and False from 0.7"),
    (
        "tells_apart",
        permutation_test(limit=0.01),
        "True for every p up to 0.00794, and False from 0.0179",
    ),
    ("tells_apart", permutation_test(below=True), "up to 0.0476, and False from 0.05 on"),
    ("tells_apart", permutation_test(lambda far, ways: far / 20), "those of dividing by 20"),
    ("tells_apart", permutation_test(lambda far, ways: 2 * far / ways), "or of p at 0.025"),
    ("tells_apart", permutation_test(limit=0.1), "or of p at 0.1"),
    ("tells_apart", permutation_test(seen=last_deal), "`for a, b in deals(a, b)` overwrites both"),
    (
        "tells_apart",
        permutation_test(lambda far, ways: far),
        "there it should be 0.00794, a share of all the deals",
    ),
    (
        "tells_apart",
        permutation_test(lambda far, ways: far / ways**2 / 9),
        "[0.7, 0.7, 0.6])`: there it should be 1, a share of all the deals",
    ),
    ("tells_apart", permutation_test(lambda far, ways: 1 - far / ways), "those of 1 − p"),
    ("tells_apart", permutation_test(of=max), "compares something other than means"),
    ("tells_apart", permutation_test(of=np.std), "compares something other than means"),
    ("tells_apart", above_average, "farther apart than they are on average over all deals"),
    ("tells_apart", permutation_test(size=2), "a test that deals groups of another size"),
    (
        "tells_apart",
        permutation_test(size=2, below=True),
        "a test that deals groups of another size",
    ),
    (
        "tells_apart",
        permutation_test(lambda far, ways: 2 * far / ways, below=True),
        "or of p at 0.025",
    ),
    ("fools_it", SimpleNamespace(strokes=[]), "Give its strokes: `….strokes`."),
    ("fools_it", ("ring", 48, 48, 40), "put it into a list, [('ring', 48, 48, 40)], beside"),
    ("fools_it", ("ring", 48, 48), "put it into a list, beside others, with all its numbers."),
    ("same_recipe", misspelt, "Nothing is called `best_trail` here. Is `best_trial` meant?"),
    ("held_out", lambda *_: [], "join them with `or`, arrays and tensors with `|`."),
    ("one_line", lambda x, skip: torch.cat([x, skip]), "Without `dim=`, it's axis 0."),
    ("one_line", lambda x, skip: torch.cat([x, skip], 2), "axis 2 or 3 a feature map twice as"),
    ("one_line", lambda x, skip: x @ skip, "`@` is a matrix product"),
    ("reach", lambda depth: 5 * 2**depth - 3, "Doubling is right, but the number isn't"),
    ("reach", lambda depth: 12 * 2**depth - 10, "Doubling is right, but the number isn't"),
    ("reach", lambda depth: 7 * 2**depth - 4, "it is always 1 too large"),
    ("reach", lambda depth: 6 * 2**depth - 5, "but you start with another number"),
    ("reach", lambda depth: 10 * 2**depth - 7, "neither the number nor the start is"),
    ("reach", lambda depth: (9 * 3**depth - 5) // 2, "but grow by another factor"),
    ("reach", lambda depth: 14 * 2**depth - 5, "it acts as if depth were 1 larger"),
    ("reach", lambda depth: 4 * depth + 2, "Each level adds the same number of pixels"),
    ("reach", lambda depth: 2 * 2**depth + 5 * depth, "only the bottleneck's reach by 2**depth"),
    ("reach", lambda depth: 6 * 2**depth - 4 + depth, "At each max-pooling you add 1 pixel."),
    ("reach", one_range_too_short, "from depth=1 on, it acts as if depth were 1 smaller"),
    ("repeats_after", lambda depth: 3 * 2**depth, "it is always 3 times the right number"),
    ("repeats_after", lambda depth: 3**depth, "You multiply by 3 for each halving"),
    ("repeats_after", lambda depth: 6 * 2**depth - 2, "which pixels does each max-pooling combine"),
    ("repeats_after", lambda depth: depth**2, "That's `depth` times itself."),
    ("repeats_after", lambda depth: 7 * 2**depth - 5, "how far the receptive field reaches"),
    (
        "tile_starts",
        lambda s, t, o: [*range(0, max(0, s - t), t - o), max(0, s - t)][::-1],
        "Your starts are right, but in decreasing order.",
    ),
    (
        "tile_starts",
        lambda s, t, o: [x + t for x in (*range(0, max(0, s - t), t - o), max(0, s - t))],
        "These are the pixels right after each tile",
    ),
]


@pytest.mark.parametrize(("name", "answer", "says"), [*LESSONS_5_TO_8, *LESSON_9])
def test_a_wrong_answer_is_told_what_is_wrong_with_it(name, answer, says):
    reply = getattr(exercises, name).check(answer)
    assert reply.outcome is Outcome.NOT_YET
    assert says in reply.text


def test_a_table_without_cells_on_one_side_has_the_f1_of_0():
    for answer in (
        lambda ious: 2 * (ious > 0.5).any(1).sum() / sum(ious.shape),
        lambda ious: 2 * np.count_nonzero(ious.numpy() > 0.5) / np.sum(ious.shape),
    ):
        assert answer(torch.zeros(0, 3)) == 0
        assert exercises.object_f1.check(answer).outcome is Outcome.SOLVED
    reply = exercises.object_f1.check(
        lambda ious: 1.0 if not ious.numel() else 2 * (ious > 0.5).sum() / sum(ious.shape)
    )
    assert "it returns 1, but it should return 0, because 0 and 3 cells" in reply.text


def as_float(answer):
    """Turn an answer, or what a function returns, into floats of the same value."""
    if callable(answer):
        return wraps(answer)(lambda *inputs: as_float(answer(*inputs)))
    return [float(part) for part in answer] if isinstance(answer, list) else float(answer)


@pytest.mark.parametrize(
    "name",
    [
        *("halvings", "output_size", "sees", "up_size", "rim_skip"),
        *("reach", "repeats_after", "tile_starts", "held_out"),
    ],
)
def test_a_whole_number_may_be_a_float_wherever_one_is_asked_for(name):
    exercise = getattr(exercises, name)
    answer = RIGHT[name][0]()
    assert exercise.check(as_float(answer)).text == exercise.praise


def test_a_target_of_whole_numbers_has_an_integer_type_as_its_prompt_says():
    assert "of an integer type, such as `torch.long`" in exercises.border_target.prompt
    right = RIGHT["border_target"][0]()
    assert exercises.border_target.check(lambda *maps: right(*maps).byte()).text.startswith("Three")
    reply = exercises.border_target.check(lambda *maps: right(*maps).float())
    assert "convert with `.long()`" in reply.text


def test_parentheses_are_not_put_around_sizes_that_a_factor_would_only_repeat():
    for answer in (
        lambda x: 2 * (x > 0.5).sum() / (x.shape[0] + 2 * x.shape[1]),
        lambda x: 2 * (x > 0.5).sum() / (x.size()[0] + 2 * x.size()[1]),
    ):
        assert "Other parentheses" not in exercises.object_f1.check(answer).text


def test_a_limit_that_is_divided_is_not_told_as_wrong_parentheses():
    def tells_apart(a, b):
        pool, total, seen = [*a, *b], sum(a) + sum(b), abs(np.mean(a) - np.mean(b))
        sums = [sum(chosen) for chosen in combinations(pool, len(a))]
        far = [abs(s / len(a) - (total - s) / len(b)) >= seen - 1e-9 for s in sums]
        return bool(np.mean(far) <= 0.05 / len(far))

    text = exercises.tells_apart.check(tells_apart).text
    assert "Other parentheses" not in text
    assert "you compare p with 0.0008929; it should be 0.05." in text
