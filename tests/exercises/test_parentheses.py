"""Other parentheses are named only if they make the student's own function right."""

import math

import pytest

from unet_teach import exercises
from unet_teach.exercises import parentheses
from unet_teach.exercises.checks.functions import RETURNS_NONE, WHAT_IS_NONE, why_nothing
from unet_teach.exercises.parentheses import compared_by, told_by_parentheses

ONE = 1


def left_over(probabilities, threshold):
    return probabilities[0] < 0.5 & probabilities[2] <= threshold


def object_f1(ious):
    found, target = ious.shape
    matches = (ious > 0.5).sum()
    return 2 * matches / found + target


def up_size(size, kernel_size, stride, padding, output_padding):
    return size - ONE * stride + kernel_size - 2 * padding + output_padding


def up_size_of_a_sum(size, kernel_size, stride, padding, output_padding):
    return (size - 1) * (stride + kernel_size) - 2 * padding + output_padding


def up_size_of_a_difference(size, kernel_size, stride, padding, output_padding):
    return (size - 1) * stride + (kernel_size - 2) * padding + output_padding


def fits(size, depth):
    return math.ceil(size / 2**depth * 2**depth)


def iou(prediction, target):
    both = (prediction & target).sum()
    if not (prediction | target).any():
        return 1.0
    return both / prediction.sum() + target.sum() - both


def accuracy(prediction, target):
    counted = target != 255
    return prediction == target[counted].float().mean()


def test_a_wrong_pair_of_parentheses_is_shown_with_what_is_computed_first():
    for exercise, answer, first, right in (
        (
            exercises.border_threshold,
            left_over,
            "0.5 & probabilities[2]",
            "return (probabilities[0] < 0.5) & (probabilities[2] <= threshold)",
        ),
        (
            exercises.object_f1,
            object_f1,
            "2 * matches / found",
            "return 2 * matches / (found + target)",
        ),
        (
            exercises.up_size,
            up_size,
            "ONE * stride",
            "return (size - ONE) * stride + kernel_size - 2 * padding + output_padding",
        ),
        (
            exercises.up_size,
            up_size_of_a_sum,
            "stride + kernel_size",
            "return (size - 1) * stride + kernel_size - 2 * padding + output_padding",
        ),
        (
            exercises.up_size,
            up_size_of_a_difference,
            "kernel_size - 2",
            "return (size - 1) * stride + (kernel_size - 2 * padding) + output_padding",
        ),
        (
            exercises.fits,
            fits,
            "size / 2 ** depth * 2 ** depth",
            "return math.ceil(size / 2 ** depth) * 2 ** depth",
        ),
        (
            exercises.iou,
            iou,
            "both / prediction.sum()",
            "return both / (prediction.sum() + target.sum() - both)",
        ),
        (
            exercises.ignore_void,
            accuracy,
            "target[counted].float().mean()",
            "return (prediction == target)[counted].float().mean()",
        ),
        (exercises.to_mask, lambda x: ~x <= 0, "~x", "lambda x: ~(x <= 0)"),
    ):
        text = exercise.check(answer).text
        assert f"Python computes `{first}` first." in text
        assert f"Other parentheses make your function right: `{right}`." in text


def test_nothing_is_said_where_no_parentheses_help():
    signs = exercises.up_size.check(lambda n, k, s, p, o: (n - 1) * s + k - 2 * p - o)
    assert "output_padding had the other sign" in signs.text
    assert "parentheses" not in signs.text
    mean = exercises.object_f1.check(
        lambda x: ((x > 0.5).sum() / x.shape[0] + (x > 0.5).sum() / x.shape[1]) / 2
    )
    assert "parentheses" not in mean.text
    wrong = exercises.object_f1.check(lambda ious: 3 * (ious > 0.5).sum() / sum(ious.shape))
    assert "parentheses" not in wrong.text


@pytest.mark.parametrize("answer", [len, 5, eval("lambda x: x - 1 * 2")])
def test_without_a_readable_source_nothing_is_said(answer):
    assert told_by_parentheses(answer, lambda other: True) == ""


def test_few_ways_are_tried_and_not_for_long(monkeypatch):
    def product(x):
        return x - 1 * 3

    def told():
        return told_by_parentheses(product, lambda f: f(5) == 12)

    monkeypatch.setattr(parentheses, "MOST", 1)
    assert "`return (x - 1) * 3`" in told()
    monkeypatch.setattr(parentheses, "MOST", 0)
    assert told() == ""
    monkeypatch.setattr(parentheses, "MOST", 9)
    monkeypatch.setattr(parentheses, "SECONDS", -1)
    assert told() == ""


def test_names_around_a_function_stay_known():
    step = 3

    def inner(x, factor=2):
        return x - step * factor

    assert "`return (x - step) * factor`" in told_by_parentheses(inner, lambda f: f(10) == 14)


def test_a_loop_that_might_never_end_is_left_alone():
    def count(size):
        while size > 2 * size - 1:
            size += 1
        return size

    assert told_by_parentheses(count, lambda other: True) == ""


def prints(x):
    return print(x)


def sorts(x):
    return x.sort()


def counts(x):
    return len(x)


def leaves(x):
    if x:
        return


def says_none(x):
    return None if x else 0


def test_what_an_answer_returns_is_read_in_its_code():
    written = [prints, sorts, counts, leaves, says_none, lambda x: print(x), 5]
    says = [WHAT_IS_NONE, WHAT_IS_NONE, "", RETURNS_NONE, "", WHAT_IS_NONE, ""]
    assert list(map(why_nothing, written)) == says


def ratio(a, b):
    for i in range(3):
        a += i > 1
    return a / b <= 0.05


def product(a, b):
    if a * b > 7:  # noqa: SIM103 - as students write it
        return True
    return False


def both(a, b):
    return a < 1 and b < 2


def listed(a, b):
    return [x < b for x in a]


def test_what_an_answer_compares_at_its_end():
    compared = compared_by(ratio)
    assert (compared.left(1, 4), compared.right(1, 4), compared.smaller) == (0.5, 0.05, True)
    assert [part(1, 4) for part in compared.fraction] == [2, 4]
    compared = compared_by(product)
    assert (compared.left(2, 3), compared.right(2, 3), compared.smaller) == (6, 7, False)
    assert compared.fraction is None
    assert compared_by(lambda a, b: a < b).smaller
    assert [compared_by(f) for f in (both, listed, counts, 5)] == [None] * 4
