"""For which inputs something is so, in words: each phrase holds for exactly these inputs."""

from itertools import product

import pytest

from unet_teach.exercises.checks.conditions import Inputs, by_sign


def up_to(count, **conditions):
    return Inputs(["n"], [(n,) for n in range(count)], conditions)


@pytest.mark.parametrize(
    ("count", "such", "words"),
    [
        (12, lambda n: n % 2 == 0, "n is even"),
        (12, lambda n: n % 2 == 1, "n is odd"),
        (11, lambda n: n % 2 == 0, "n is even"),  # six of them
        (11, lambda n: n % 2 == 1, ""),  # five
        (12, lambda n: n == 0, "n=0"),
        (12, lambda n: n == 11, "n=11"),
        (12, lambda n: n > 0, "n is 1 or more"),
        (12, lambda n: n < 11, "n is 10 or less"),
        (12, lambda n: n in (0, 5), "n=0 or n=5"),
        (12, lambda n: 3 <= n <= 5, "n is 3 or more and n is 5 or less"),
        (12, lambda n: True, ""),
        (12, lambda n: False, ""),
        (12, lambda n: n in (0, 5, 7), ""),
    ],
)
def test_one_condition_or_two_say_where(count, such, words):
    inputs = up_to(count)
    assert inputs.where([such(n) for n in range(count)]) == words


@pytest.mark.parametrize(
    ("such", "words"),
    [
        (lambda a, b: a == b, "a equals b"),
        (lambda a, b: a < b, "a is smaller than b"),
        (lambda a, b: b < a, "b is smaller than a"),
        (lambda a, b: (a + b) % 3 == 0, "the sum is a multiple of 3"),
        (lambda a, b: a == b or a == 0, "a equals b or a=0"),
    ],
)
def test_parameters_are_compared(such, words):
    inputs = list(product(range(4), range(4)))
    named = {"the sum is a multiple of 3": lambda a, b: (a + b) % 3 == 0}
    assert Inputs(["a", "b"], inputs, named).where([such(*each) for each in inputs]) == words


@pytest.mark.parametrize(
    ("count", "right", "says"),
    [
        (12, {0}, "It is right wherever n=0, and nowhere else."),
        (12, {*range(1, 12)}, "It is wrong wherever n=0, and right everywhere else."),
        (2, {0}, "It is right wherever n=0, and nowhere else."),  # n=1 is as short
        (12, {0, 5}, "It is right wherever n=0 or n=5, and nowhere else."),
        (12, {*range(12)} - {0, 5}, "It is wrong wherever n=0 or n=5, and right everywhere else."),
        (12, set(), ""),
        (12, {1, 3, 8, 9, 10, 11}, "It is right wherever n is 8 or more."),
        (12, {1, 3, 5, 9, 10, 11}, "It is right wherever n is 9 or more."),
        (12, {1, 3, 5, 10, 11}, "It is right on 5 of them."),  # two are too few
        (40, {*range(1, 25, 2), *range(36, 40)}, "It is right wherever n is 36 or more."),
        (40, {*range(1, 27, 2), *range(37, 40)}, "It is right on 16 of them."),  # not a quarter
    ],
)
def test_where_it_is_right_at_least_roughly(count, right, says):
    assert up_to(count).where_roughly([n in right for n in range(count)]) == says


def test_of_what_is_always_right_a_named_condition_is_told_first():
    inputs = up_to(14, small=lambda n: n in (1, 3, 5))
    right = [n in {1, 3, 5, 8, 10, 11, 12, 13} for n in range(14)]
    assert inputs.where_roughly(right) == "It is right wherever small."


def test_a_word_for_each_sign():
    assert [by_sign(n, "above", "below") for n in (2, -0.5)] == ["above", "below"]
