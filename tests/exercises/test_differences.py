"""Where the facts about a wrong tensor or number begin and end: each row stands at a limit."""

from itertools import product

import pytest
import torch

from unet_teach.exercises import output_size
from unet_teach.exercises.checks.differences import how, moved, occasion
from unet_teach.exercises.checks.facts import Grid, number


def told(found, right):
    """What is said of values that all differ, along one row."""
    found, right = torch.tensor(found), torch.tensor(right)
    return how(found, right, torch.ones_like(right, dtype=torch.bool))


@pytest.mark.parametrize(
    ("found", "right", "says"),
    [
        # one hundredth of the largest value is too small to tell a factor
        ([2e-6, 8.0, 4.0], [1e-8, 4.0, 2.0], "All are 2 times the right ones."),
        ([2 / 2**10 + 9e-6, 100 / 2**9], [1 / 2**10, 100 / 2**10], "All are 2 times the right"),
        ([0.09, 30.0, 60.0], [0.04, 10.0, 20.0], ""),
        ([0.0, 3.0], [2.0, 1.0], ""),  # a line goes through any two values
        ([3.5, 2.0, 8.0], [1.0, 0.5, 2.5], "All are 3 times the right ones plus 0.5."),
        ([4.0, -3.5, 8.0], [1.0, 1.0, 1.0], ""),  # and through any that ought to be the same
        ([5.0, 5.0, 5.0], [1.0, -2.0, 3.0], "All are 5."),
        ([1.0, 2.0, 4.009], [1.001, 2.001, 4.0], "They are close: off by at most 0.009."),
        ([1.0, 2.0, 4.05], [1.001, 2.001, 4.0], ""),
        ([100.5, 49.01, 7.3], [100.0, 50.0, 7.0], "They are close: off by at most 0.99."),
        ([100.5, 49.0, 7.3], [100.0, 50.0, 7.0], ""),
    ],
)
def test_how_values_differ(found, right, says):
    assert told(found, right).startswith(says)
    assert bool(told(found, right)) == bool(says)


@pytest.mark.parametrize(
    ("found", "right", "says"),
    [
        ([5.0, 5.0, 3.0], [-2.0, -1.0, 3.0], "All are 5, exactly where the right values are neg"),
        ([5.0, 5.0, 3.0], [0.0, -1.0, 3.0], "All are 5 there."),  # 0 is not negative
        ([5.0, 5.0, -1e-4], [-2.0, -1.0, -1e-4], "All are 5 there."),
        ([5.0, 5.0, -9e-5], [-2.0, -1.0, -9e-5], "All are 5, exactly where"),  # only rounding
    ],
)
def test_exactly_where_the_right_values_are_negative(found, right, says):
    found, right = torch.tensor(found), torch.tensor(right)
    assert how(found, right, found != right).startswith(says)


def shifted(height, rows):
    """A map of random values, and the same one with its rows moved down over others."""
    chance = torch.Generator().manual_seed(0)
    right, found = torch.rand(2, 1, 3, height, 7, generator=chance).unbind(0)
    found[:, :, rows:] = right[:, :, : height - rows]
    return found, right


@pytest.mark.parametrize(
    ("height", "rows", "says"),
    [
        (5, 3, "The values are 3 rows lower than they should be."),  # two fifths can be seen
        (4, 3, ""),  # a quarter
        (9, 4, "The values are 4 rows lower than they should be."),
        (12, 5, ""),  # farther than is looked for
    ],
)
def test_a_moved_map_is_known_by_what_can_be_seen_of_it(height, rows, says):
    assert moved(*shifted(height, rows)) == says


@pytest.mark.parametrize(
    ("width", "columns", "says"),
    [(4, 3, ""), (9, 4, "The values are 4 columns further right than they should be.")],
)
def test_a_map_that_moved_along_its_width(width, columns, says):
    found, right = shifted(width, columns)
    assert moved(found.mT, right.mT) == says


def test_a_map_may_move_along_both_axes():
    right = torch.rand(1, 2, 7, 9, generator=torch.Generator().manual_seed(0))
    assert moved(right.roll((-1, 2), (2, 3)), right) == (
        "The values are 1 row higher and 2 columns further right than they should be."
    )


def test_of_several_moves_the_shortest_is_told():
    right = torch.rand(1, 2, 7, 9, generator=torch.Generator().manual_seed(0))
    right = right[..., [0, 1, 2] * 4]
    assert moved(right.roll(1, 3), right) == (
        "The values are 1 column further right than they should be."
    )


@pytest.mark.parametrize(("channels", "says"), [(3, "All channels are the same."), (1, "")])
def test_one_map_in_all_channels(channels, says):
    chance = torch.Generator().manual_seed(0)
    right = torch.rand(1, channels, 5, 7, generator=chance)
    assert moved(torch.rand(1, 1, 5, 7, generator=chance).expand_as(right), right) == says
    flat = right[:, :1].expand(1, channels, 5, 7)
    assert moved(torch.rand(1, 1, 5, 7, generator=chance).expand_as(flat), flat) == ""


def test_channels_that_changed_places_are_named():
    one, two = torch.rand(2, 1, 1, 5, 7, generator=torch.Generator().manual_seed(0))
    right = torch.cat([one, one.flip(2), two], 1)  # the first two have the same sum
    found = torch.cat([one, one, two], 1)
    assert moved(found, right) == "Channel 1 has the values of channel 0."
    assert moved(right.roll(1, 1), right) == "Channel 0 has the values of channel 2, and so on."


def test_a_flat_map_does_not_move():
    right = torch.zeros(1, 2, 7, 9)
    found = right.clone()
    found[0, :, 0, 0], right[0, :, 6, 8] = 1, 1
    assert moved(found, right) == "Each feature map is turned by 180 degrees."


@pytest.mark.parametrize(
    ("right", "says"),
    [
        ([True, True, False, False], "right when it is small, and wrong"),
        ([False, False, True, True], "wrong when it is small, and right"),
        ([True, True, False], ""),
        ([True] * 4, ""),
        ([False] * 4, ""),
    ],
)
def test_an_occasion_needs_right_and_wrong_answers(right, says):
    inputs = [(x,) for x, _ in enumerate(right, 1)]
    text = occasion(inputs, right, {"it is small": lambda x: x < 3})
    assert says in text
    assert bool(text) == bool(says)


@pytest.mark.parametrize(
    ("right", "says"),
    [
        ([True, False], "right in 1 (a)."),  # half
        ([True, True, True, False, False], "wrong in 2 (d; e)."),
        ([True, True, False, False, False], "right in 2 (a; b)."),
        ([True] * 4 + [False] * 5, "right in 4 (a; b; c; …)."),
    ],
)
def test_the_fewer_cases_are_told(right, says):
    calls = "ABCDEFGHI"[: len(right)]
    assert occasion([()] * len(right), right, {}, calls).endswith(f" tried, it is {says}")


def test_always_right_or_wrong_has_no_occasion():
    for right in (True, False):
        assert occasion([(1,), (2,)], [right] * 2, {"it is a number": lambda x: True}) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"),
        (-0.5, "-0.5"),
        (999_999_999_999_999.0, "999999999999999"),
        (1e15, "1e+15"),
        (10**15, "1000000000000000"),
        (True, "True"),
        (2 / 3, "0.666667"),
    ],
)
def test_numbers_as_a_student_reads_them(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("errors", "change"),
    [
        ([1, 7, 2, 9, 4, 8, 3], "grows by 11"),
        ([-1, -7, -2, -9, -4, -8, -3], "shrinks by 5"),
        ([-1, 7, 2, 9, 4, 8, 3], "grows by 13"),
    ],
)
def test_without_a_pattern_one_example_is_told(errors, change):
    grid = Grid(["size", "kernel"], [(s, k) for s, k in enumerate((3, 1, 2, 3, 5, 1, 4))])
    results = [s + k + e for (s, k), e in zip(grid.inputs, errors, strict=True)]
    said = grid.facts(results, lambda size, kernel: size + kernel)
    assert said.startswith("On the 7 inputs tried: ")
    assert said.endswith(f"rom size=0 to size=3 (kernel=3) it {change}, but it should grow by 3.")


def test_the_effect_of_a_parameter_is_told_on_one_example():
    said = output_size.check(lambda n, k, s, p: (n + 2 * bool(p) - k) // s + 1).text
    assert (
        "On the 148 inputs tried: from padding=0 to padding=3 (size=8, kernel_size=1, stride=1) it "
        "grows by 2, but it should grow by 6. It is right wherever padding is 1 or less, "
        "and nowhere else."
    ) in said


@pytest.mark.parametrize(
    ("results", "example"),
    [
        ([4, 13, -1, 8], "size=1 to size=6 (kernel=2) it shrinks by 5, but it should grow by 5."),
        ([4, 8, 9, 10], "kernel=2 to kernel=9 (size=6) it grows by 1, but it should grow by 7."),
        ([4, 21, -1, 16], "size=1 to size=6 (kernel=2) it shrinks by 5, but it should grow by 5."),
    ],
)
def test_the_parameter_that_is_farthest_off_is_the_example(results, example):
    grid = Grid(["size", "kernel"], list(product((1, 6), (2, 9))))
    assert f"tried: from {example}" in grid.facts(results, lambda size, kernel: size + kernel)


def test_sums_are_read_from_four_inputs_more_than_they_may_have_terms():
    inputs = list(product((0, 1), (0, 1, 2, 5)))  # 1, size, kernel, size·kernel and 4 more
    for few, says in ((0, "too large by size + kernel"), (1, "from kernel=0 to kernel=5")):
        grid = Grid(["size", "kernel"], inputs[few:])
        results = [9 * n**2 + 7 * k**2 + n + k for n, k in grid.inputs]
        assert says in grid.facts(results, lambda n, k: 9 * n**2 + 7 * k**2)


INPUTS = list(product((5, 8, 9), (1, 2, 3), (1, 2, 4)))


def steps(size, kernel, stride):
    return (size - kernel) * stride + 1


@pytest.mark.parametrize(
    ("answer", "fact"),
    [
        (lambda n, k, s: 2 * steps(n, k, s), "tried: it is twice the right number."),
        (lambda n, k, s: steps(n, k, s) ** 2, "tried: it is the square of the right number."),
        (
            lambda n, k, s: steps(n, k, s) + 0.3 * (k > 1),
            "It is right wherever kernel=1, and nowhere else.",
        ),
        (lambda n, k, s: steps(n, k, s - 1), "tried: it acts as if stride were 1 smaller."),
        (lambda n, k, s: steps(n, k, s + 1), "tried: it acts as if stride were 1 larger."),
        (lambda n, k, s: steps(n, 2 * k, s), "tried: it acts as if kernel were twice as large."),
        (
            lambda n, k, s: steps(n, 2 * k, s) + 3,
            "tried: it differs from the right number by 3 − kernel·stride.",
        ),
        (
            lambda n, k, s: steps(n, k, 2 * s) + 3,
            "stride were twice as large, and then adds 3.",
        ),
        (lambda n, k, s: steps(n, k, s) + n + k, "tried: it is too large by size + kernel."),
        (lambda n, k, s: steps(n, k, s) - 2 * n, "tried: it is too small by 2·size."),
        (lambda n, k, s: 3 * n - 2, "tried: it gives 3·size − 2."),
        (
            lambda n, k, s: n + k + s + n * k + n * s + 3 * k * s,
            "gives size + kernel + stride + size·kernel + size·stride + 3·kernel·stride.",
        ),
        (lambda n, k, s: n + k + s + n * k + n * s + 3 * k * s + 5, "tried: from kernel=1 to"),
        (
            lambda n, k, s: steps(n, k, 2 * s) + 0.3 + 0.2 * (k > 1),
            "not all of its numbers are whole. Rounded down: It acts as if stride were twice",
        ),
        (
            lambda n, k, s: steps(n, k, 2 * s) - 0.3 - 0.2 * (k > 1),
            "Rounded down: It acts as if stride were twice as large, and then subtracts 1.",
        ),
        (lambda n, k, s: 10.0**12 + n, "tried: some of its numbers are larger than 10**12."),
        (lambda n, k, s: 10.0**12 - 9 + n, "tried: it gives size + 999999999991."),
    ],
)
def test_facts_of_a_formula_of_three_numbers(answer, fact):
    grid = Grid(["size", "kernel", "stride"], INPUTS)
    assert fact in grid.facts([answer(*each) for each in INPUTS], steps)


@pytest.mark.parametrize(
    ("results", "fact"),
    [
        (
            [5, 5, 9, 4, 6],
            "it returns 5, 5, 9, 4, 6. The right results are 40, 41, 44, 49, 56",
        ),
        (
            [1, 3, 9, 27, 81],
            "for d=0 to 4 it returns 1, 3, 9, 27, 81. The right results are 40, 41, 44",
        ),
        ([20, 20, 22, 24, 28], "it is half the right number, rounded down."),
        ([0, 41, 88, 147, 224], "it is d times the right number."),
        ([40, 82, 132, 196, 280], "it is d + 1 times the right number."),
        ([40, 42, 46, 52, 60], "it is the right number plus d."),
        ([40, 40, 42, 46, 52], "it is the right number minus d."),
        ([1, 41, 44**2, 49**3, 56**4], "it is the right number to the power of d."),
        ([40, 82, 176, 392, 896], "it is the right number times 2**d."),
        ([40, 20.5, 11, 6.125, 3.5], "it is the right number divided by 2**d."),
        (
            [0, 40, 41, 44, 49],
            "from d=1 on, it acts as if d were 1 smaller: is there one step too few",
        ),
        (
            [41, 44, 49, 56, 0],
            "from d=0 on, it acts as if d were 1 larger: is there one step too many",
        ),
    ],
)
def test_steps_of_a_formula_of_one_number(results, fact):
    grid = Grid(["d"], [(d,) for d in range(5)])
    assert fact in grid.facts(results, lambda d: d**2 + 40)
