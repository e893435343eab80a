"""What Python could not do in a function of numbers and lists is said with the values there."""

import math

import numpy as np
import pytest
import torch

from unet_teach.exercises import sandbox
from unet_teach.exercises.sandbox import describe

SCORES, MASK = [0.5, 0.7, 0.9], torch.tensor([[True, False], [True, True]])


def kept(scores):
    found = []
    for score in scores:
        found = found.append(score)
    return found


def sorted_in_place(scores):
    return scores.sort(reverse=True)[0]


def ranges(scores):
    return range(2) + range(3, len(scores))


def minus(scores):
    return scores - 0.5


def plus_range(scores):
    return [0] + range(len(scores))  # noqa: RUF005 - the mistake


def not_called(scores):
    x = torch.tensor(scores)
    return x.sum / 3


def length(scores):
    ways = (x for x in scores)
    return len(ways)


def in_number(scores):
    return [i for i in len(scores)]  # noqa: C416 - the mistake


def first_of(scores):
    good = [x for x in scores if x > 1]
    return good[0]


def largest(scores):
    good = [x for x in scores if x > 1]
    return max(good)


def key_of(scores):
    places = {score: place for place, score in enumerate(scores)}
    return places[0.4]


def largest_by(scores):
    return max(scores, key=1)


def axis_one(scores):
    return np.std(scores, 1)


def all_axes(scores):
    p = torch.tensor(scores).mean()
    return p[-1]


def empty_maximum(scores):
    x = torch.tensor(scores)[:0]
    return x.max()


def root(scores):
    return math.sqrt(torch.tensor(scores))


def two_names(scores):
    one, other = scores
    return one + other


def no_step(scores):
    step = len(scores) - 3
    return list(range(0, 9, step))


def by_zero(scores):
    n = len(scores) - 3
    return sum(scores) / n


def half_mask(scores):
    return MASK[MASK[0]][MASK]


def several(scores):
    x = torch.tensor(scores)
    return float(x)


def no_mean(scores):
    return scores.mean()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (kept, "`found.append(…)` changes `found` itself"),
        (sorted_in_place, "`sorted(scores)` makes a new one."),
        (ranges, "Make lists of them: `[*range(a), *range(b, c)]`."),
        (minus, "A list can't be calculated or compared with a number as a whole."),
        (plus_range, "Write `[*x, *range(…)]`."),
        (not_called, "parentheses are missing behind its name, as in `x.sum()`"),
        (length, "Make a list of it first: `list(…)`."),
        (in_number, "To count up to a number n, write `range(n)`."),
        (first_of, "`good` has 0 entries, but another one is asked for."),
        (largest, "no entry is there. Here, `good` has 0 entries."),
        (key_of, "`places` has no entry 0.4. Its keys are 0.5, 0.7, 0.9."),
        (largest_by, "`key=lambda entry: entry[1]`, and this is of type int"),
        (axis_one, "There is no axis 1: this array has only axis 0."),
        (all_axes, "`p` is a single number there"),
        (empty_maximum, "needs at least one value, and here `x` has no values"),
        (root, "`math.sqrt` takes a single number, and this tensor has several."),
        (two_names, "Left of `=` are 2 names, but right of it more values stand."),
        (no_step, "A `range` with a step of 0 would never end. There, `step` is 0."),
        (by_zero, "Something is divided by 0 here. There, `n` is 0. Is what you divide by"),
        (half_mask, "both need one shape. The mask is 2×2 and x is"),
        (several, "`x.sum()` and `x.mean()` take all"),
        (no_mean, "`np.array(x)` makes an array of numbers"),
    ],
)  # fmt: skip
def test_each_error_says_what_was_there_and_what_to_write(code, says):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of many types
        code([*SCORES])
    assert says in describe(caught.value)


def test_what_a_mask_picks_meets_a_whole_tensor():
    prediction, keep, target = torch.ones(2, 3), torch.ones(2, 3) > 0, torch.zeros(2, 3)

    def compared(prediction, target):
        return prediction[keep] == target

    with pytest.raises(RuntimeError) as caught:
        compared(prediction, target)
    says = "`prediction[keep]` holds only the values at which `keep` is True"
    assert says in describe(caught.value)


def test_a_loop_without_an_end_is_told_with_its_line_and_its_numbers():
    def tiles(size, step):
        start = 0
        while start < size:
            start += step
        return start

    result = sandbox.call(lambda: tiles(math.floor(20.5), 0), seconds=0.3)
    assert "`while start < size:`" in result.error or "`start += step`" in result.error
    assert "There, `size` is 20, `step` is 0, `start` is 0." in result.error
