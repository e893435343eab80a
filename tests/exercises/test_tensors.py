"""How a check says in which shape or value a tensor differs from the right one."""

import pytest
import torch

from unet_teach.exercises.checks import differences, tensors


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (torch.zeros(3), "shape (3,), but it should be (1, 2, 7, 11)"),
        (torch.zeros(2, 2, 7, 11), "a batch of 2, but it should be one of 1"),
        (torch.zeros(1, 3, 7, 11), "3 channels, but it should have 2"),
        (torch.zeros(1, 2, 11, 7), "11×7, but it should be 7×11"),
    ],
)
def test_shapes_are_told_rank_first(found, says):
    assert says in tensors.shape_problem(found, (1, 2, 7, 11), "On 7×11")


WANTED = torch.randn(2, 6, 7, 11, generator=torch.Generator().manual_seed(0))


def changed(*cells, by=None):
    """The wanted tensor with other values in some cells: by this factor, or random ones."""
    found = WANTED.clone()
    chance = torch.Generator().manual_seed(1)
    for cell in cells:
        found[cell] = (
            found[cell] * by if by else 9 + torch.rand(found[cell].shape, generator=chance)
        )
    return found


ALL = slice(None)


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([(ALL, ALL, 0)], "the values are wrong in the first row."),
        ([(ALL, ALL, slice(-2, None))], "the values are wrong in the last 2 rows."),
        (
            [(ALL, ALL, 0), (..., slice(9, None))],
            "the values are wrong in the first row and the last 2 columns.",
        ),
        ([(ALL, slice(3, 6))], "the values are wrong in the last 3 channels."),
        ([(ALL, slice(2, 5))], "the values are wrong in channels 2 to 4."),
        ([(1,)], "the values are wrong in the last batch item."),
        (
            [(0, 1, 2, 3)],
            "the values are wrong in row 2 in column 3 of channel 1 of the first batch item.",
        ),
        ([(..., slice(1, None, 2), ALL)], "the values are wrong in every second row from 1 on."),
        ([(..., [1, 3], ALL)], "the values are wrong in rows 1 and 3."),
        ([(..., [0, 2, 5], ALL)], "the values are wrong in rows 0, 2 and 5."),
        ([(..., [0, 2, 3, 6], ALL)], "528 of 924 values are wrong."),
        ([(0, 0, 0, 0), (1, 3, 2, 5)], "2 of 924 values are wrong."),
        ([...], "every value is wrong."),
    ],
)
def test_values_are_told_by_the_place_in_which_they_differ(cells, says):
    assert f"On 7×11: {says}" in tensors.values_problem(changed(*cells), WANTED, "On 7×11")


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (-WANTED, "All have the wrong sign."),
        (WANTED / 4, "All are 0.25 times the right ones."),
        (WANTED + 2, "All are 2 too large."),
        (WANTED.relu(), "All are 0, exactly where the right values are negative."),
        (0 * WANTED, "every value is wrong. All are 0."),
        (changed((..., 0, ALL), by=3), "first row. All are 3 times the right ones there."),
        (3 * WANTED + 2, "All are 3 times the right ones plus 2."),
        (changed((0, 0, 0, slice(0, 2)), by=1.5), "first batch item."),
        (WANTED + 1e-3 * torch.sin(1e3 * WANTED), "They are close: off by at most 0.001."),
        (WANTED.roll(2, dims=2), "The values are 2 rows lower than they should be."),
        (WANTED.roll(-1, dims=3), "The values are 1 column further left than they should be."),
        (WANTED.flip(2), "Each feature map is upside down."),
        (WANTED.flip(3), "Each feature map is mirrored."),
        (WANTED.flip(1), "Channel 0 has the values of channel 5, and so on."),
        (WANTED.flip(0), "Batch item 0 has the values of batch item 1"),
        (WANTED.flatten().flip(0).view(2, 6, 7, 11).flip(1, 2, 3), "Batch item 0"),
        (WANTED.flatten().roll(5).view(2, 6, 7, 11), "right values, but in the wrong places."),
    ],
)  # fmt: skip
def test_values_are_told_by_the_way_in_which_they_differ(found, says):
    assert says in tensors.values_problem(found, WANTED, "On 7×11")


def test_a_square_map_with_rows_and_columns_swapped_is_told_so():
    square = WANTED[..., :7]
    assert "Rows and columns are swapped" in tensors.values_problem(square.mT, square, "On 7×7")


def test_the_first_wrong_value_is_told_where_nothing_else_can_be_said():
    wanted = torch.zeros(1, 2, 7, 11)
    found = wanted.clone()
    assert tensors.values_problem(found, wanted, "On 7×11") is None
    found[0, 1, 2, 3], found[0, 0, 4, 4] = 1, 2
    assert tensors.values_problem(found, wanted, "On 7×11") == (
        "On 7×11: 2 of 154 values are wrong. "
        "The first, at [item, channel, row, column] = [0, 0, 4, 4], is 2, but it should be 0."
    )
    found[0, 0, 0, 0] = float("nan")
    assert "some values are NaN" in tensors.values_problem(found, wanted, "On 7×11")


def test_a_lost_axis_is_named():
    assert "The batch axis is missing." in tensors.shape_problem(
        torch.zeros(2, 7, 11), (3, 2, 7, 11), "On 7×11"
    )
    for shape, wanted in (
        ((2, 7, 11), (2, 2, 7, 11)),
        ((7, 11), (2, 7, 11)),
        ((7,), (1, 2, 7, 11)),
    ):
        assert tensors.shape_problem(torch.zeros(shape), wanted, "On 7×11") == (
            f"On 7×11: the output has the shape {shape}, but it should be {wanted}."
        )
    one = tensors.shape_problem(torch.zeros(1, 1, 7, 11), (1, 2, 7, 11), "On 7×11")
    assert one == "On 7×11: the output has 1 channel, but it should have 2."
    assert tensors.shape_problem(torch.zeros(1, 2, 7, 11), (1, 2, 7, 11), "On 7×11") is None


def test_values_in_a_row_are_told_by_their_number():
    wanted = torch.tensor([1.0, 2.0, 3.0, 4.0])
    found = torch.tensor([1.0, 5.0, 9.0, 4.0])
    assert tensors.values_problem(found, wanted, "On 4") == (
        "On 4: 2 of 4 values are wrong. The first, at [1], is 5, but it should be 2."
    )
    wanted[0] = found[0] = torch.inf  # as it should be
    assert "2 of 4 values" in tensors.values_problem(found, wanted, "On 4")


SIZES = [{"up's height": a, "skip's height": b} for a, b in ((4, 6), (7, 5), (3, 3), (8, 9))]


@pytest.mark.parametrize(
    ("height", "says"),
    [
        (lambda up, skip: up, "height is up's height"),
        (lambda up, skip: 5, "height is 5"),
        (lambda up, skip: skip + 1, "height is 1 too large"),
        (max, "height is the larger of up's height and skip's height"),
        (lambda up, skip: 2 * skip - up, "height is 2 · skip's height − up's height"),
        (lambda up, skip: up * skip, ""),
        (lambda up, skip: skip, ""),
    ],
)  # fmt: skip
def test_sizes_are_told_by_what_they_always_are(height, says):
    found = [(1, 1, height(*sizes.values()), 3) for sizes in SIZES]
    right = [(1, 1, sizes["skip's height"], 3) for sizes in SIZES]
    text = differences.formulas(found, right, SIZES)
    assert text == says


TERMS = [dict(zip("abc", sizes, strict=True)) for sizes in ((4, 6, 1), (7, 5, 3), (9, 2, 8))]


@pytest.mark.parametrize(
    ("size", "says"),
    [
        (lambda a, b, c: a, "a"),
        (lambda a, b, c: a + 1, "a + 1"),
        (lambda a, b, c: a - 1, "a − 1"),
        (lambda a, b, c: max(a, b), "the larger of a and b"),
        (lambda a, b, c: min(a, b), "the smaller of a and b"),
        (lambda a, b, c: a + b, "a + b"),
        (lambda a, b, c: a - b, "a − b"),
        (lambda a, b, c: 2 * a, "2 · a"),
        (lambda a, b, c: 2 * a - b, "2 · a − b"),
        (lambda a, b, c: a // 2, "half of a"),
        (lambda a, b, c: a + b - c, "a + b − c"),
        (lambda a, b, c: 2 * a + b, "2 · a + b"),
        (lambda a, b, c: a + b + c, "a + b + c"),
    ],
)
def test_each_formula_of_a_size_is_told(size, says):
    found = [(1, 1, 3, size(**sizes)) for sizes in TERMS]
    right = [(1, 1, 3, 9 * sizes["a"] * sizes["b"]) for sizes in TERMS]
    assert differences.formulas(found, right, TERMS) == f"width is {says}"


def test_a_size_that_is_always_that_of_an_input_is_told_by_its_name():
    terms = [{"a": a, "c": 5} for a in (4, 7, 9)]
    right = [(1, 1, 3, sizes["a"]) for sizes in terms]
    for size, says in ((5, "width is c"), (6, "width is 6")):
        assert differences.formulas([(1, 1, 3, size)] * 3, right, terms) == says


def test_the_occasion_is_a_condition_or_the_cases():
    inputs = [(a, b) for a in (0, 0, 1, 2, 3) for b in range(4)]
    tests = {"a is 0": lambda a, b: a == 0, "b is 0": lambda a, b: b == 0}
    calls = [f"A {a}, b {b}" for a, b in inputs]

    def told(right, calls=calls):
        return differences.occasion(inputs, [right(*each) for each in inputs], tests, calls)

    tried = "Of the 20 cases tried, it is"
    assert told(lambda a, b: a == 0) == f"{tried} right when a is 0, and wrong otherwise."
    assert told(lambda a, b: b > 0) == f"{tried} wrong when b is 0, and right otherwise."
    some = told(lambda a, b: a == 2 and b > 0)
    assert some == f"{tried} right in 3 (a 2, b 1; a 2, b 2; a 2, b 3)."
    assert told(lambda a, b: (a, b) != (1, 2)) == f"{tried} wrong in 1 (a 1, b 2)."
    assert told(lambda a, b: a == 2, ()) == told(lambda a, b: False) == ""


def test_no_condition_is_read_from_a_single_case():
    tests = {"it is 0": lambda n: n == 0}
    right, calls = [True, False, False, False], ["On 0", "On 1", "On 2", "On 3"]
    text = differences.occasion([(n,) for n in range(4)], right, tests, calls)
    assert text == "Of the 4 cases tried, it is right in 1 (on 0)."
