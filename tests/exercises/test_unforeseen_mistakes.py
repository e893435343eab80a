"""Mistakes that were once accepted, misnamed, or answered with nothing that helps: one row each."""

import inspect
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import UNet, exercises
from unet_teach.networks.document import DocumentUNet
from unet_teach.segmentation import iou as right_iou
from unet_teach.shared.torch_messages import explain_message


def half_of_uint8(prediction, target):
    both, either = ((x).sum(dtype=torch.uint8) for x in (prediction & target, prediction | target))
    return (both / either).item() if either else 1.0


def three_by_three(labels, largest, smallest):
    filled = labels.where(labels > 0, 1000.0)
    big, small = F.max_pool2d(labels, 3, 1, 1), -F.max_pool2d(-filled, 3, 1, 1)
    return torch.where(small < big, 2, (labels > 0).long())


def five_by_five(labels, largest, smallest):
    filled = labels.where(labels > 0, 1000.0)
    big, small = F.max_pool2d(labels, 5, 1, 2), -F.max_pool2d(-filled, 5, 1, 2)
    return torch.where(small < big, 2, (labels > 0).long())


def in_batches_of_2(network, images, masks):
    was = network.training
    network.eval()
    with torch.no_grad():
        pairs = [(network(images[i : i + 2]) > 0, masks[i : i + 2]) for i in (0, 2)]
    network.train(was)
    return sum(right_iou(*pair) for pair in pairs if len(pair[0])) / sum(
        len(pair[0]) > 0 for pair in pairs
    )


def divided_in_place(counts):
    counts /= counts.sum()
    return counts**-0.5


def none_of_them(trials):
    best, top = None, 0
    for rate, validation, _ in trials:
        if validation > top:
            best, top = rate, validation
    return best


def cropped_first_axes(up, skip):
    rows, columns = skip.shape[2] - up.shape[2], skip.shape[3] - up.shape[3]
    if rows > 0 or columns > 0:
        return F.pad(up, (0, columns, 0, rows))
    return up[: skip.shape[2], : skip.shape[3]]


class Made(DocumentUNet):
    """Makes a layer where it should be called."""

    def forward(self, x):
        return self.conv2(nn.ReLU(self.conv1(x)))


def counted(keep):
    return lambda p, t: (p == t)[keep(p, t)].float().mean()


def keep(prediction, target):
    return target != 255


def unknown_name(size, kernel_size, stride, padding):
    return (H + 2 * padding - kernel_size) // stride + 1  # noqa: F821


def endless(size, depth):
    return endless(size + 1, depth)


def a_map_is_no_list(up, skip):
    missing = map(int.__sub__, skip.shape[2:], up.shape[2:])
    return F.pad(up, (0, missing[1], 0, missing[0]))


ROWS = [
    ("output_size", unknown_name, "Your function is given `size`, `kernel_size`, `stride`, `pad"),
    ("fits", endless, "A function needs a case in which it returns without calling itself.\n"),
    ("pad_to", a_map_is_no_list, "Make a list of it: `list(map(…))`."),
    ("not_restored", (10, 13, 16), "10 is what comes back of another size."),
    ("arguments", (256, 5), "256 is how many levels each colour of a pixel can have."),
    (
        "one_line",
        lambda x, s: torch.stack([x, s]).sum(1),
        "is a batch of 2, but it should be one of 1",
    ),
    (
        "one_line",
        lambda x, s: x + s.flip(0),
        "mixes the images of a batch: the result for image 0 of 3",
    ),
    ("one_line", lambda x, s: x + s[:1], "the result for image 1 of 3"),
    (
        "border_threshold",
        lambda p, t: (p[0] <= 0.5) & (p[2] <= t),
        "exactly one half is True in your mask",
    ),
    (
        "border_threshold",
        lambda p, t: (p[:, 0] < 0.5) & (p[:, 2] <= t),
        "the mask's shape is (3, 3) instead of (4, 3). You take rows or columns, not channels.",
    ),
    ("border_threshold", lambda p, t: (p[..., 0] < 0.5) & (p[..., 2] <= t), "rows or columns"),
    ("border_threshold", lambda p, t: p[1] > 0.5, "You ask whether *inside* is above one half"),
    (
        "border_target",
        three_by_three,
        "row 0, column 3 has label 3 (largest 5, smallest 3 around it)",
    ),
    (
        "border_target",
        lambda a, b, c: torch.stack([a == 0, a > 0, b > c]),
        "one channel for each class",
    ),
    (
        "ignore_void",
        counted(lambda p, t: (t != 255) & (t > 0)),
        "the foreground pixels that are right, divided by the foreground pixels of the target. It",
    ),
    (
        "ignore_void",
        lambda p, t: (p == t.clamp(max=2)).float().mean(),
        "changes your number, but it's void",
    ),
    (
        "ignore_void",
        counted(lambda p, t: (t != 255) & (p != 0)),
        "because 3 of the 4 pixels that count are right",
    ),
    (
        "ignore_void",
        lambda p, t: torch.stack([counted(keep)(*pair) for pair in zip(p, t, strict=True)]).mean(),
        "That's the mean of the images' accuracies",
    ),
    (
        "ignore_void",
        lambda p, t: counted(keep)(p, t) + 0 * counted(keep)(p[:1], t[:1]),
        "your number is NaN: somewhere, 0 is divided by 0",
    ),
    ("iou", half_of_uint8, "but it should return"),
    (
        "iou",
        lambda a, t: float(torch.equal(a, t)),
        "Your number is 0 unless the two masks are equal",
    ),
    ("to_mask", lambda x: x > 1e-6, "a probability of just above 0.5, is False"),
    (
        "clean_mask",
        lambda x: [float(v) for v in x.flatten()],
        "type list, but it should be a tensor (`torch.tensor`",
    ),
    ("clean_mask", lambda x: np.array(x != 0, "float32"), "(`torch.from_numpy` makes one)"),
    ("halvings", 6, "Halving 96 pixels 6 times leaves 1.5"),
    (
        "checkerboard",
        lambda x: (p := (torch.fft.rfft(x).abs() ** 2).mean(0))[-1] / p[-3:-1].max(),
        "by something else than their mean",
    ),
    ("rare_weights", divided_in_place, "A tensor of whole numbers can't hold these"),
    (
        "rare_weights",
        lambda c: c.flip(0).sqrt() / c.sqrt().mean(),
        "only weight 1 is wrong (counted from 0)",
    ),
    (
        "mean_and_spread",
        lambda s: (np.float16(np.mean(s)), np.std(s, ddof=1)),
        "nearly right. Are the scores",
    ),
    (
        "mean_and_spread",
        lambda s: (np.mean(s), np.median(np.abs(s - np.mean(s)))),
        "the median distance from the mean",
    ),
    (
        "mean_and_spread",
        lambda s: (np.mean(s), (max(s) - min(s)) / 2),
        "half of the highest minus the lowest score",
    ),
    (
        "mean_and_spread",
        lambda s: (np.mean(s), math.sqrt(np.sum((s - np.median(s)) ** 2) / (len(s) - 1))),
        "the standard deviation around the median, with n − 1",
    ),
    (
        "object_f1",
        lambda x: float(2 * (x.diagonal() > 0.5).sum() / sum(x.shape)),
        "[[0.45, 0.4, 0.0], [0.0, 0.0, 0.7]]: it returns 0, but it should return 0.4, because 2 ",
    ),
    ("validation_iou", in_batches_of_2, "your number is the mean over batches of 2 images"),
    (
        "same_recipe",
        none_of_them,
        "What stands after its `return` is None there. Where all scores are negative",
    ),
    ("pad_to", cropped_first_axes, "You cut along axes 0 and 1, images and channels"),
    (
        "pad_to",
        lambda u, s: F.pad(u, (s.shape[2] - u.shape[2], s.shape[3] - u.shape[3], 0, 0)),
        "You pad two sides of one axis",
    ),
    (
        "fits",
        lambda size, depth: round(size / 2**depth) * 2**depth,
        "You round to the nearest multiple",
    ),
    ("forward_add", Made, "nn.ReLU()(x) calls it, and so does F.relu(x)"),
]


@pytest.mark.parametrize(("name", "answer", "says"), ROWS)
def test_a_mistake_is_told_so_that_it_can_be_mended(name, answer, says):
    reply = getattr(exercises, name).check(answer)
    assert not reply
    assert says in reply.text


def test_the_squares_of_the_lesson_may_be_computed_again():
    assert exercises.border_target.check(five_by_five)


def test_a_mistake_made_again_opens_the_next_hint():
    first, again = (
        exercises.halve.check(nn.Conv2d(64, 128, 5, stride=2, padding=n)).text for n in (0, 1)
    )
    assert "same mistake" not in first
    assert "It is the same mistake as in your answer before. Hint 1: Three parameters" in again
    repeated = exercises.halve.check(nn.Conv2d(64, 128, 5, stride=2, padding=1)).text
    assert "same mistake" not in repeated  # the same answer is no new attempt


def test_an_option_that_the_unet_does_not_have_is_named_with_those_that_it_has():
    with pytest.raises(TypeError) as raised:
        UNet(skips=False)
    told = explain_message(str(raised.value))
    assert told.sentence == "UNet has no option `skips`."
    options = list(inspect.signature(UNet).parameters)[2:]
    assert told.remedy == f"Its options are {', '.join(options[:-1])} and {options[-1]}."
