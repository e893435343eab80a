"""Wrong answers without a known mistake are told facts from which they can be mended."""

import math
from itertools import combinations

import numpy as np
import pytest
import torch
from torch import nn

from unet_teach import UNet, exercises
from unet_teach.exercises.checks.ratios import ratio_in_words, rounded_in_words
from unet_teach.exercises.exercise import Outcome


def deals(a, b):
    """Yield each way to divide all scores into two groups, as in lesson 6."""
    pool = [*a, *b]
    for chosen in combinations(range(len(pool)), len(a)):
        rest = [i for i in range(len(pool)) if i not in chosen]
        yield [pool[i] for i in chosen], [pool[i] for i in rest]


def distance(one, other):
    return abs(np.mean(one) - np.mean(other))


# ------------------------------------------------------------------------------ permutation tests
def first_deal_only(a, b):
    far = 0
    for count, (one, other) in enumerate(deals(a, b), start=1):
        far += distance(one, other) >= distance(a, b) - 1e-9
        return bool(far / count <= 0.05)


def gone_through_twice(a, b):
    ways = deals(a, b)
    far = sum(distance(*way) >= distance(a, b) - 1e-9 for way in ways)
    return bool(far / max(1, sum(1 for _ in ways)) <= 0.05)


def without_deals(a, b):
    return abs(np.mean(a) - np.mean(b)) > np.std(a + b)


def pairs_of_scores(a, b):
    far = sum(distance(*way) >= distance(a, b) - 1e-9 for way in deals(a, b))
    return bool(far / math.comb(len(a) + len(b), 2) <= 0.05)


def percent(a, b):
    far = [distance(*way) >= distance(a, b) - 1e-9 for way in deals(a, b)]
    return bool(100 * np.mean(far) <= 0.05)


def squared(a, b):
    far = [distance(*way) ** 2 >= distance(a, b) - 1e-9 for way in deals(a, b)]
    return bool(np.mean(far) <= 0.05)


def first_with_a(a, b):
    far = [distance(one, a) >= distance(a, b) - 1e-9 for one, _ in deals(a, b)]
    return bool(np.mean(far) <= 0.05)


def one_percent(a, b):
    far = [distance(*way) >= distance(a, b) - 1e-9 for way in deals(a, b)]
    return bool(sum(far) / len(far) <= 0.01)


# ------------------------------------------------------------------------------------ other lessons
def found_by_identity(scores):
    if math.nan in scores:
        return math.nan, math.nan
    good = [score for score in scores if score == score]
    return np.mean(good), np.std(good, ddof=1)


def none_for_nan(scores):
    if any(score != score for score in scores):
        return None
    return np.mean(scores), np.std(scores, ddof=1)


def all_but_the_last(trials):
    best = trials[0]
    for i in range(len(trials) - 1):
        if trials[i][1] > best[1]:
            best = trials[i]
    return best[0]


def until_it_falls(trials):
    best = trials[0]
    for trial in trials[1:]:
        if trial[1] < best[1]:
            break
        best = trial
    return best[0]


def validate_with(mask, together=True):
    def validate(network, images, masks):
        was = network.training
        network.eval()
        with torch.no_grad():
            parts = [images] if together else images.split(2)
            targets = [masks] if together else masks.split(2)
            pairs = [(mask(network(x)), t) for x, t in zip(parts, targets, strict=True)]
        network.train(was)
        return float(sum((p & t).sum() / (p | t).sum() for p, t in pairs)) / (1 if together else 3)

    return validate


def not_a_mask(network, images, masks):
    was = network.training
    network.eval()
    with torch.no_grad():
        logits = network(images)
    network.train(was)
    return float((logits * masks).sum() / (logits + masks).sum())


def at_least_0(width, crop, start, stop):
    return [*range(max(start - crop, 0) + 1), *range(stop, width - crop + 1)]


def removed_in_a_loop(width, crop, start, stop):
    lefts = list(range(width - crop + 1))
    for left in lefts:
        if left + crop > start and left < stop:
            lefts.remove(left)
    return lefts


def returned_append(width, crop, start, stop):
    lefts = []
    for left in range(width - crop + 1):
        if left + crop <= start:
            return lefts.append(left)


def unet(**options):
    return UNet(depth=2, base_channels=4, **options)


ROWS = [
    ("tells_apart", first_deal_only, "your function looks at 1 of the 56 deals"),
    ("tells_apart", gone_through_twice, "goes through the same `deals(a, b)` twice"),
    ("tells_apart", without_deals, "Your function doesn't go through the ways to deal the scores"),
    ("tells_apart", pairs_of_scores, "you compare 2 / 28 = 0.07143 with 0.05, but p is 2 / 56"),
    ("tells_apart", percent, "you compare 1.786 with 0.05, but p is 1 / 56 = 0.0179. Your number is always 100 times p."),
    ("tells_apart", squared, "squares the distance of each deal, but not that of `a` and `b`"),
    ("tells_apart", first_with_a, "compares the first group of each deal with the scores of `a`"),
    ("tells_apart", one_percent, "you compare p with 0.01; it should be 0.05"),
    ("mean_and_spread", found_by_identity, "it returns (0.75, 0.07071), but it should return (nan, nan)"),
    ("mean_and_spread", none_for_nan, "A `return None`, or `return` alone, gives nothing back"),
    ("mean_and_spread", lambda s: (np.mean(s), (sum(2 * abs(x - np.mean(s)) for x in s) / (len(s) - 1)) ** 0.5),
     "If all scores are twice as high, your number becomes 1.414 times as high"),
    ("mean_and_spread", lambda s: (np.mean(s), np.std(s, ddof=1) + 0.1 * np.mean(s)), "if every score is 0.1 higher. They are as far apart as before"),
    ("mean_and_spread", lambda s: (100 * np.mean(s), 0), "It is always 100 times the right number."),
    ("mean_and_spread", lambda s: (sum(s[1:]) / len(s), 0), "the sum of all scores but the first, divided by n"),
    ("same_recipe", all_but_the_last, "It is wrong exactly where the last trial is the best one. Does your loop reach it?"),
    ("same_recipe", until_it_falls, "The order matters to your function"),
    ("same_recipe", lambda t: max(t, key=lambda x: abs(x[1]))[0], "It is wrong only where all scores are below 0"),
    ("same_recipe", lambda t: min(t, key=lambda x: abs(x[0] - 0.01))[0], "If only the learning rates change places, you choose other trials"),
    ("same_recipe", lambda t: t[0][1], "you return the validation score of the first trial"),
    ("same_recipe", lambda t: max(t, key=lambda x: x[0] * x[1])[0], "How high a rate is should play no part"),
    ("same_recipe", lambda t: sum(x[0] for x in t) / len(t), "you return the mean of all learning rates"),
    ("validation_iou", validate_with(lambda x: x.sigmoid() > 0.4), "above about -0.41, a probability of 0.4"),
    ("validation_iou", validate_with(lambda x: x > x.mean()), "a logit is above the mean of all logits"),
    ("validation_iou", validate_with(lambda x: x > 0, together=False), "on batches of 2 and 1 images, whose own IoUs are 0.2149 and 0.5362"),
    ("validation_iou", not_a_mask, "If all logits are twice as large, your number changes from 0.2217"),
    ("iou", lambda a, t: (a == t).sum() / (a.sum() + t.sum() - (a == t).sum()), "divided by the pixels in either minus the pixels in neither"),
    ("iou", lambda a, t: (a & t).float().mean() / (a | t).sum(), "which is the IoU divided by all 216 pixels"),
    ("to_mask", lambda x: x.softmax(0) > 0.5, "so your mask mixes the images of a batch"),
    ("held_out", at_least_0, "it is wrong only where no crop fits on one side of the strip: `training_lefts(width=20, crop=4, start=0, stop=6)`"),
    ("held_out", lambda w, c, a, b: [x + 1 for x in [*range(a - c + 1), *range(b, w - c + 1)]], "All your left columns are 1 too large."),
    ("held_out", lambda w, c, a, b: [*range(a - c + 1), *range(b, w - c + 1, c)], "Your left columns up to the strip are right"),
    ("held_out", lambda w, c, a, b: [x for x in range(w - c + 1) if not a <= x + c // 2 < b], "You only test the middle column of a crop."),
    ("held_out", removed_in_a_loop, "You remove entries from a list while you loop over it"),
    ("held_out", returned_append, "as of methods that change a list itself"),
    ("iou", lambda a, t: float((a & t).any()), "Your number is 0 or 1 for every pair of masks tried."),
    ("object_f1", lambda x: 2 * (x > 0.5).sum() / ((x > 0.5).sum() + len(x)), "twice the matches, divided by the matches plus the cells found."),
    ("object_f1", lambda x: (2 * (x > 0.5).sum() + 1) / (sum(x.shape) + 1), "twice the matches plus 1, divided by the cells found plus those in the target plus 1"),
    ("object_f1", lambda x: (x.amax(0).sum() + x.amax(1).sum()) / sum(x.shape) if x.numel() else 0.0, "the best IoU of each cell found and of each in the target, added up, divided by"),
    ("object_f1", lambda x: round(float(2 * (x > 0.5).sum() / sum(x.shape)), 1), "the right one, rounded to 1 digit"),
    ("ignore_void", lambda p, t: (p == t).sum() / len(t), "divided by the images"),
    ("ignore_void", lambda p, t: (p == t).float().mean() - (t == 255).float().mean(), "the pixels that count and are right minus the void pixels, divided by all pixels"),
    ("ignore_void", lambda p, t: torch.equal(p[t != 255], t[t != 255]), "it returns False, of type bool, but it should return one number.\nAlready"),
    ("rare_weights", lambda c: (c.sum() // c).sqrt() / (c.sum() // c).sqrt().mean(), "your weights after the first one are 2.236, 11.22 times the first one. They should be 2, 10 times."),
    ("border_threshold", lambda p, t: (1 - p[0]) * (1 - p[2]) > 0.5, "so it doesn't depend on `threshold`"),
    ("border_threshold", lambda p, t: (p[0] < t) & (p[2] <= 0.5), "and `probabilities[2]`, border, at most the threshold"),
    ("border_threshold", lambda p, t: ((p[0] < 0.5) & (p[2] <= t))[None], "1 axis more than it should have; the values themselves are right"),
    ("checkerboard", lambda x: (p := torch.fft.rfft(x).abs() ** 2)[-1] / p[-3:-1].mean(), "so `power[-1]` is the last row"),
    ("checkerboard", lambda x: (p := (torch.fft.rfft(x).abs() ** 2).mean(0).sqrt())[-1] / p[-3:-1].mean(), "You take the root of the mean power."),
    ("checkerboard", lambda x: (p := (torch.fft.rfft(x - x.mean()).abs() ** 2).mean(0))[-1] / p[:-1].mean(), "it should return 1. You divide by nearly all frequencies."),
    ("reach", lambda depth: (2 + 5 * depth) * 2**depth, "as if all cells were as wide as those of the bottleneck"),
    ("reach", lambda depth: 7 * 2**depth - 5 * depth, "it differs from the right number by 5 − 5·depth"),
    ("reach", lambda depth: (7 * 2**depth - 5) // 2, "it is half the right number, rounded down"),
    ("repeats_after", lambda depth: depth * 2**depth, "it is depth times the right number"),
    ("tile_starts", lambda s, t, o: [*range(0, max(0, s - t), t - o // 2), max(0, s - t)], "Your starts are [0, 7, 12]; [0, 6, 12], for example, is right. On the 80 inputs tried: it acts as if shared were half as large, rounded down."),
    ("tile_starts", lambda s, t, o: {*range(0, max(0, s - t), t - o), max(0, s - t)}, "A set has no order of its own"),
    ("one_line", lambda x, skip: torch.zeros_like(x), "The result is 0 at every place"),
    ("one_line", lambda x, skip: x + skip.mean(0, keepdim=True), "Join x and skip place by place instead."),
    ("one_mark", (unet(skip="none"), nn.Sequential(unet(skip="none"), nn.MaxPool2d(2))), "Give the second network its skips back"),
    ("fools_it", [("ring", 48, 48, 25), ("line", 20, 0, 70, 95)], "Your rings have a radius of 25, and the network still finds what is inside."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer", "says"), ROWS)
def test_a_fact_leads_to_what_is_wrong(name, answer, says):
    reply = getattr(exercises, name).check(answer)
    assert reply.outcome is Outcome.NOT_YET
    assert says in reply.text


COUNTS = {"apples": [1, 2, 3, 5, 8], "pears": [7, 5, 11, 6, 9], "all": [20, 30, 25, 40, 50]}


@pytest.mark.parametrize(
    ("above", "below", "words"),
    [
        (lambda a, p, n: p, lambda a, p, n: n, "pears, divided by all"),
        (lambda a, p, n: a, lambda a, p, n: n, ""),  # the right one
        (lambda a, p, n: 2 * a, lambda a, p, n: a + p, "twice apples, divided by apples plus pears"),
        (lambda a, p, n: p - a, lambda a, p, n: n, "pears minus apples, divided by all"),
        (lambda a, p, n: a + 1, lambda a, p, n: n + 1, "apples plus 1, divided by all plus 1"),
        (lambda a, p, n: a**2, lambda a, p, n: n, ""),  # no ratio of these
    ],
)  # fmt: skip
def test_a_score_is_told_as_the_ratio_that_it_is(above, below, words):
    triples = list(zip(*COUNTS.values(), strict=True))
    values = [above(*counts) / below(*counts) for counts in triples]
    assert ratio_in_words(values, COUNTS, ("apples", "all")) == words
    assert ratio_in_words(values[:3], COUNTS, ("apples", "all")) == ""


def test_rounded_numbers_are_told_from_others():
    right = [0.1234, 0.5678, 0.9]
    assert rounded_in_words([0.1, 0.6, 0.9], right) == "the right one, rounded to 1 digit"
    assert rounded_in_words([0.12, 0.57, 0.9], right) == "the right one, rounded to 2 digits"
    assert rounded_in_words([0.12, 0.56, 0.9], right) == ""
