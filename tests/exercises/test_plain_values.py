"""Numbers and sequences count however a student writes them."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from tests.exercises.right_answers import RIGHT
from unet_teach import exercises
from unet_teach.exercises.exercise import Outcome


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("halvings", torch.tensor(3)),
        ("halvings", torch.tensor(3.0, requires_grad=True)),
        ("sees", np.int64(13)),
        ("sees", np.float32(13)),
        ("room_for_skips", np.int32(3)),
        ("centres", Fraction(150)),
        ("centres", np.array(150)),
        ("odd_sizes", np.array([16, 15])),
        ("odd_sizes", torch.tensor([15, 16])),
        ("odd_sizes", (torch.tensor(15), np.int16(16))),
    ],
    ids=str,
)
def test_right_numbers_are_right_in_every_type(exercise, answer):
    assert getattr(exercises, exercise).check(answer).outcome is Outcome.SOLVED


@pytest.mark.parametrize("answer", [np.float64(2.5), np.bool_(True), Fraction(1, 2), np.array("3")])
def test_what_is_no_whole_number_is_told_so(answer):
    reply = exercises.halvings.check(answer)
    assert reply.outcome is Outcome.NOT_YET
    assert "The answer should be one whole number" in reply.text


def test_a_generator_is_read_once_and_an_endless_one_too():
    assert exercises.odd_sizes.check(n for n in (15, 16)).outcome is Outcome.SOLVED
    assert "you gave 10000." in exercises.odd_sizes.check(iter(int, 1)).text


def test_functions_may_return_generators():
    lefts = RIGHT["held_out"][0]()
    assert (
        exercises.held_out.check(lambda *strip: reversed(lefts(*strip))).outcome is Outcome.SOLVED
    )
    starts = RIGHT["tile_starts"][0]()
    reply = exercises.tile_starts.check(lambda *sizes: (start for start in starts(*sizes)))
    assert reply.outcome is Outcome.SOLVED
    split = RIGHT["split_conv"][0]()
    assert (
        exercises.split_conv.check(lambda *inputs: iter(split(*inputs))).outcome is Outcome.SOLVED
    )
