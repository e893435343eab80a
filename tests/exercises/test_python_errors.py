"""What Python could not do in a function of numbers and lists is said with the values there."""

import math

import numpy as np
import pytest
import torch

from unet_teach.exercises import sandbox
from unet_teach.exercises.python_errors import explained_plainly
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


ENTRIES = "Go through its entries, as in `[entry - 1 for entry in x]`"
N, NINE = 0, dict(enumerate("abcdefghi"))
EIGHT = dict(enumerate("abcdefgh"))
ORDER = torch.tensor([0, 1, 1])
DIGIT, PAIR = "1", (1, 2)
X, P, KEEP = torch.ones(2, 3), torch.tensor(0.5), torch.ones(2, 3) > 0


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (lambda scores: 0.5 ^ len(scores),
         "A power is `x ** 2`."),
        (lambda scores: 1 - print(end=""),
         "One of the two is None."),
        (lambda scores: range(len(scores)) * 0.5,
         "A range can't be calculated or compared with a number as a whole."),
        (lambda scores: scores * 0.5,
         "A list can't be calculated or compared with a number as a whole."),
        (lambda scores: scores * scores,
         "A list can't be calculated or compared with a list as a whole."),
        (lambda scores: 0.5 * PAIR * len(scores),
         "A tuple can't be calculated or compared with a number as a whole."),
        (lambda scores: DIGIT * scores[0],
         "One of the two is text."),
        (lambda scores: "1" - len(scores),
         "One of the two is text."),
        (lambda scores: scores - [1],
         f"with a list as a whole. {ENTRIES}; `np.array(x)`"),
        (lambda scores: scores - X,
         f"with a tensor as a whole. {ENTRIES}; `torch.stack(x)`"),
        (lambda scores: scores + 1,
         "`+` joins a list only to another list, and this is of type int."),
        (lambda scores: len(scores)[0],
         "Square brackets ask for one of several entries"),
        (lambda scores: scores[7],
         "`scores` has 3 entries, and the last is number 2, but another one is asked for."),
        (lambda scores: 1 / N if KEEP.any() else scores,
         "Something is divided by 0 here. There, `N` is 0. Is"),
        (lambda scores: NINE[scores[0]],
         "`NINE` has no entry 0.5. Its keys are 0, 1, 2, 3, 4, 5, 6, 7, …."),
        (lambda scores: EIGHT[scores[0]],
         "`EIGHT` has no entry 0.5. Its keys are 0, 1, 2, 3, 4, 5, 6, 7."),
        (lambda scores: scores.middle,
         "A list has no `.middle`."),
        (lambda scores: np.mean(np.zeros((2, len(scores))), 2),
         "There is no axis 2: this array has axes 0 to 1."),
        (lambda scores: X[len(scores) :].max(),
         "at least one value, and here there are no values"),
        (lambda scores: X[0][0] + P[0],
         "`P` is a single number there"),
    ],
)  # fmt: skip
def test_each_case_of_an_error_has_its_own_sentence(code, says):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of many types
        code([*SCORES])
    assert says in describe(caught.value)


def three_of_four(scores):
    first, second, third, fourth = scores
    return first + second + third + fourth


def three_sizes(scores):
    images, rows, columns = torch.zeros(1, 2, 3, len(scores)).shape
    return images * rows * columns


def second_of_one(scores):
    one = scores[:1]
    return one[1]


def test_how_many_values_there_were():
    for code, says in (
        (three_of_four, "Left of `=` are 4 names, but right of it 3 values stand."),
        (three_sizes, "more values stand. The shape of a batch of images has four: N, C, H and W."),
        (second_of_one, "`one` has 1 entry, and the last is number 0, but another one is asked"),
    ):
        with pytest.raises((ValueError, IndexError)) as caught:
            code([*SCORES])
        assert says in describe(caught.value)


def test_what_both_sides_pick_by_one_mask_is_not_blamed():
    def both(prediction, target):
        return prediction[KEEP] == target[KEEP][:2]

    def by_numbers(prediction, target):
        return prediction[ORDER] == target

    for code in (both, by_numbers):
        with pytest.raises(RuntimeError) as caught:
            code(X, X)
        assert "holds only the values" not in describe(caught.value)


def test_only_functions_with_arguments_are_explained():
    class Net:
        def forward(self, x):
            return x - [1]

    def alone():
        return [*SCORES] - [1]

    for code in (alone, lambda: Net().forward([2])):
        with pytest.raises(TypeError) as caught:
            code()
        assert "as a whole" not in describe(caught.value)
    assert explained_plainly("division by zero", None, "1 / n") == ""


def test_what_a_mask_picks_meets_a_whole_tensor():
    prediction, keep, target = torch.ones(2, 3), torch.ones(2, 3) > 0, torch.zeros(2, 3)

    def compared(prediction, target):
        return prediction[keep] == target

    with pytest.raises(RuntimeError) as caught:
        compared(prediction, target)
    says = "`prediction[keep]` holds only the values at which `keep` is True"
    assert says in describe(caught.value)


def test_a_loop_without_an_end_is_told_with_its_line_and_its_numbers(monkeypatch):
    monkeypatch.setattr(sandbox, "WAITING", 12_000)  # by the clock a busy machine may take long

    def tiles(size, step):
        start = 0
        while start < size:
            start += step
        return start

    result = sandbox.call(lambda: tiles(math.floor(20.5), 0), seconds=0.3)
    assert "`while start < size:`" in result.error or "`start += step`" in result.error
    assert "There, `size` is 20, `step` is 0, `start` is 0." in result.error
