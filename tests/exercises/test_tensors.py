"""How a check says in which shape or value a tensor differs from the right one."""

import pytest
import torch

from unet_teach.exercises.checks import tensors


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (torch.zeros(3), "shape is (3,), wanted (1, 2, 7, 11)"),
        (torch.zeros(2, 2, 7, 11), "the batch has 2 maps"),
        (torch.zeros(1, 3, 7, 11), "3 channels come out, wanted 2"),
        (torch.zeros(1, 2, 11, 7), "11×7 comes out, wanted 7×11"),
    ],
)
def test_shapes_are_told_rank_first(found, says):
    assert says in tensors.shape_problem(found, (1, 2, 7, 11), "On 7×11")


def test_values_are_told_by_the_first_that_differs():
    wanted = torch.zeros(1, 2, 7, 11)
    found = wanted.clone()
    assert tensors.values_problem(found, wanted, "On 7×11") is None
    found[0, 1, 2, 3] = 1
    assert tensors.values_problem(found, wanted, "On 7×11") == (
        "On 7×11: 1 of 154 values differ. The first, at [0, 1, 2, 3], is 1, wanted 0."
    )
    found[0, 0, 0, 0] = float("nan")
    assert "some values are NaN" in tensors.values_problem(found, wanted, "On 7×11")
