"""Facts that pin a wrong formula down: each holds on the whole grid, and names what is wrong."""

import math
import random
from itertools import product

import pytest

from unet_teach import exercises
from unet_teach.exercises.checks.facts import Grid
from unet_teach.exercises.checks.formulas import computes


def steps(size, kernel, stride):
    return (size - kernel) * stride + 1


GRID = list(product((5, 8, 9), (1, 2, 3), (1, 2, 4)))
CHECK = computes(
    steps,
    "steps",
    GRID,
    lambda: [(99, 5, 7)],
    conditions={"size is a multiple of stride": lambda size, kernel, stride: size % stride == 0},
)


@pytest.mark.parametrize(
    ("answer", "fact"),
    [
        (lambda n, k, s: 7, "it always returns 7."),
        (lambda n, k, s: steps(n, k, s) - 2, "it is always 2 too small."),
        (lambda n, k, s: -steps(n, k, s), "it is right, apart from its sign."),
        (lambda n, k, s: steps(n, k, s) + 0.5, "it is always 0.5 too large."),
        (lambda n, k, s: steps(n, k, s) / 2, "it is half the right number."),
        (
            lambda n, k, s: (n - k) * 2 + 1,
            "it acts as if stride were always 2. It is right wherever stride=2, and nowhere else",
        ),
        (lambda n, k, s: n * s + 1, "it acts as if kernel were always 0."),
        (lambda n, k, s: (n + k) * s + 1, "it acts as if kernel had the other sign."),
        (lambda n, k, s: (n - k / 2) * s + 1, "it acts as if kernel were half as large."),
        (lambda n, k, s: (n - k) * k + 1, "it acts as if stride were equal to kernel."),
        (lambda n, k, s: steps(n, s, k), "it acts as if kernel and stride were swapped."),
        (lambda n, k, s: (n - k) * s + k, "it differs from the right number by kernel − 1."),
        (lambda n, k, s: n - k * s + 1, "it differs from the right number by size − size·stride."),
        (lambda n, k, s: n - k / 2 - 4, "it gives size − 0.5·kernel − 4."),
        (
            lambda n, k, s: steps(n, k, s) + n**2 * (s == 2),
            "it changes with kernel as it should. From stride=1 to stride=2 (size=9, kernel=1) it "
            "grows by 89, but it should grow by 8. It is wrong wherever stride=2, and ",
        ),
        (lambda n, k, s: n**2 // 3, "kernel and stride do not change its result."),
        (
            lambda n, k, s: steps(n, k, s) + (n % s == 0),
            "it is wrong wherever size is a multiple of stride, and right everywhere else. "
            "Where it is wrong, it is 1 too large.",
        ),
        (
            lambda n, k, s: steps(n, k, s) if s > 1 else None,
            "that happens wherever stride=1, and nowhere else. "
            "Does every branch of your function end with `return`?",
        ),
        (
            lambda n, k, s: steps(n, k, s) + 1 if s > 1 else 1 / 0,
            "that happens wherever stride=1, and nowhere else.",
        ),
        (lambda n, k, s: print(end=""), "Did you forget `return`?"),
        (
            lambda n, k, s: steps(n, k, s) + random.random(),
            "Called again with the same numbers, it returns different ones.",
        ),
    ],
)
def test_a_wrong_formula_is_told_the_fact_that_pins_it_down(answer, fact):
    assert CHECK.problem(answer)
    facts = CHECK.facts(answer)
    for tried in ("On the 27 inputs tried: ", "On the 27 inputs tried, "):
        facts = facts.removeprefix(tried)
    assert facts.startswith(fact)


def test_a_formula_that_is_right_on_the_known_inputs_only_is_wrong():
    known = {inputs: steps(*inputs) for inputs in GRID}
    said = CHECK.problem(lambda *inputs: known.get(inputs, 0))
    assert said == (
        "`steps(99, kernel=5, stride=7)` returns 0, but it should return 659. On 27 other inputs "
        "it is right."
    )


@pytest.mark.parametrize(
    ("answer", "fact"),
    [
        (
            lambda d: 2 + 7 * d,
            "it returns 2, 9, 16, 23, 30. The right results are 2, 9, 23, 51",
        ),
        (
            lambda d: 12 * 2**d - 10,
            "for d=0 to 4 it returns 2, 14, 38, 86, 182. The right results are 2, 9, 23",
        ),
        (
            lambda d: 7 * 2**d - 5 if d else 0,
            "it is wrong wherever d=0, and right everywhere else",
        ),
        (lambda d: 7 * 2 ** (d + 1) - 5, "it acts as if d were 1 larger."),
    ],
)
def test_a_function_of_one_number_is_told_its_steps(answer, fact):
    grid = Grid(["d"], [(d,) for d in range(7)])
    assert fact in grid.facts([answer(d) for d in range(7)], lambda d: 7 * 2**d - 5)


def test_no_fact_is_false():
    """Random formulas: whatever is said to be right somewhere is right there."""
    chance = random.Random(0)
    grid = Grid(["size", "kernel", "stride"], GRID)
    for _ in range(200):
        a, b, c = (chance.choice([-1, 0, 1, 2]) for _ in range(3))
        results = [(n + a * k) * s // 2 + b * s + c for n, k, s in GRID]
        errors = [y - steps(*inputs) for y, inputs in zip(results, GRID, strict=True)]
        said = grid.facts(results, steps)
        if "It is right wherever stride=" in said:
            value = int(said.partition("wherever stride=")[2][0])
            assert all(e == 0 for e, x in zip(errors, GRID, strict=True) if x[2] == value)
        if "is always" in said and "too" in said:
            assert len(set(errors)) == 1


def test_what_a_wrong_formula_prints_is_shown_once():
    text = exercises.output_size.check(lambda n, k, s, p: print(n)).text
    assert "(Your code printed: 9)" in text


def tiles(size, tile, overlap):
    last = max(0, size - tile)
    return [*range(0, last, max(1, tile - overlap)), last]


@pytest.mark.parametrize(
    ("name", "answer", "says"),
    [
        (
            "output_size",
            lambda n, k, s, p: n + 2 * p - k // s + 1,
            "Python computes `k // s` first. Other parentheses make your function right: "
            "`lambda n, k, s, p: (n + 2 * p - k) // s + 1`.",
        ),
        ("output_size", lambda n, k, s, p: (n - 2 * p - k) // s + 1, "padding had the other sign"),
        (
            "output_size",
            lambda n, k, s, p: -(-(n + 2 * p - k) // s) + (1 if n else 0),
            "You round up, but an incomplete last step is dropped.",
        ),
        (
            "output_size",
            lambda n, k, s, p: (n + p - k) // s,
            "acts as if padding were half as large, and then subtracts 1.",
        ),
        ("restore", lambda low, target: target % low, "from target=41 to target=42 (low=21) it"),
        ("restore", lambda low, target: target - low // 2, "changes with target as it should. For"),
        ("fits", lambda size, depth: size, "it always returns size as it is. It is right wherever"),
        ("up_size", lambda n, k, s, p, o: n * s + k - p + o, "is too large by stride + padding."),
        ("restore", lambda low, target: target - 2 * low - 1, "always 2 too small."),
        ("fits", lambda size, depth: math.ceil(size / 16) * 16, "as if depth were always 4."),
        (
            "fits",
            lambda size, depth: size + 2**depth - 1,
            "7 can't be halved 2 times: 7 → 3.5.",
        ),
        (
            "output_size",
            lambda n, k, s, p: (n + 2 * bool(p) - k) // s + 1,
            "it grows by 2, but it should grow by 6. It is right wherever padding is 1 or",
        ),
        ("fits", lambda size, depth: size / 2**depth * 2**depth + 0.5, "5.5 is not a whole number"),
        ("repeats_after", lambda depth: 2**depth if depth else 0, "`repeats_after(0)` returns 0"),
        ("reach", lambda depth: [2, 9, 23][depth], "`reach(3)`: Your code stopped with IndexError"),
        ("reach", lambda depth: 7 ** (2 * 2**depth), "some of its numbers are larger than 10**12."),
        ("tile_starts", lambda s, t, o: tiles(s, t, o + 1), "it acts as if shared were 1 larger."),
        ("tile_starts", lambda s, t, o: tiles(s, t, -o), "as if shared had the other sign."),
        (
            "tile_starts",
            lambda s, t, o: [start + 1 for start in tiles(s, t, o)],
            "Each tile starts 1 pixel too far to the right.",
        ),
        (
            "tile_starts",
            lambda s, t, o: tiles(s, t, o) if s > t else None,
            "it returns nothing. Does every branch of your function end with `return`?",
        ),
        (
            "tile_starts",
            lambda s, t, o: list(range(0, s - t, o)),
            "A `range` with a step of 0 would never end.",
        ),
        ("sees", 17, "The second layer combines 5 such values, 2 pixels apart."),
        ("halvings", 2.079, "96 / 2**n = 12, so it is a logarithm to base 2."),
        ("unets", "A-F", "'A-F' could mean two letters, or all from one to the other."),
        (
            "fits",
            lambda s, d: -(-s // max(1, d**3)) * max(1, d**3),
            "It is right wherever depth=0.",
        ),
        ("centres", 140, "so 140 would mean 14 columns. How many columns"),
        ("odd_sizes", (15, 17), "15 is one of the two."),
        ("not_restored", (12, 14), "3 more sizes don't come back. One of them is 18 → 6 → 16."),
    ],
)
def test_wrong_answers_of_the_lessons(name, answer, says):
    assert says in getattr(exercises, name).check(answer).text
