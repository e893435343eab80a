"""Wrong answers that blind testers gave: one row each, with the part of the reply that names it."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import exercises
from unet_teach.exercises.exercise import Outcome


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


@pytest.mark.parametrize(("name", "answer", "says"), LESSON_9)
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
