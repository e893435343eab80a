"""Exercise `checkerboard` of lesson 6: how strong a checkerboard is in a feature map."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product
from typing import Any

import numpy as np
import torch
from torch import Tensor

from unet_teach.exercises.checks.functions import (
    Case,
    Probes,
    a_number,
    alike,
    is_function,
    matches,
    returns,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.exercises.plain_values import plain


def _power(feature_map: Tensor) -> Tensor:
    """Return the power of each frequency of each row, (H, W / 2 + 1)."""
    power: Tensor = torch.fft.rfft(feature_map).abs().square()
    return power


def _ratio(power: Tensor) -> Tensor:
    return power[-1] / power[-3:-1].mean()


def _checkerboard(feature_map: Tensor) -> float:
    return float(_ratio(_power(feature_map).mean(0)))


def pattern(height: int, width: int) -> Tensor:
    """Return a checkerboard of +1 and −1, (height, width)."""
    sign = 1.0 - 2.0 * (torch.arange(max(height, width)) % 2)
    return sign[:height, None] * sign[:width]


def _with_rows(score: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Make a function that computes another score from the right power, averaged over the rows."""
    return lambda feature_map: score(_power(feature_map).mean(0))


def _without_fft(feature_map: Tensor) -> float:
    width = feature_map.shape[1]
    power = []
    for frequency in (width // 2 - 2, width // 2 - 1, width // 2):
        angle = 2 * torch.pi * frequency * torch.arange(width) / width
        real, imaginary = (feature_map * angle.cos()).sum(1), (feature_map * angle.sin()).sum(1)
        power.append(float((real**2 + imaginary**2).mean()))
    return power[2] / ((power[0] + power[1]) / 2)


def _with_numpy(feature_map: Tensor) -> float:
    power = (np.abs(np.fft.fft(feature_map.numpy(), axis=1)) ** 2).mean(0)
    middle = feature_map.shape[1] // 2
    return float(power[middle] / np.mean(power[middle - 2 : middle]))


def _known_cases() -> list[Case]:
    generator = torch.Generator().manual_seed(0)
    column = torch.zeros(6, 10)
    column[:, 3] = 1.0
    noise = torch.randn(8, 12, generator=generator) + 2.0
    slope = torch.randn(10, 16, generator=generator) + 0.3 * torch.arange(16)
    return [
        Case("On a map of one bright column, 6×10, whose frequencies are all alike", (column,)),
        Case("On noise, 8×12", (noise,)),
        Case("On noise and a checkerboard, 8×12", (noise + pattern(8, 12),)),
        Case("On a slope, noise and a weak checkerboard, 10×16", (slope + pattern(10, 16) / 2,)),
    ]


def _cases() -> list[Case]:
    fresh = []
    for height, width in ((5, 14), (12, 8)):
        feature_map = torch.randn(height, width) + torch.rand(1) * pattern(height, width)
        fresh.append(Case(f"On fresh noise and a checkerboard, {height}×{width}", (feature_map,)))
    return [*_known_cases(), *fresh]


# -------------------------------------------------------------------------- one step done wrongly
# Each step of the computation, and what may stand in its place. Any two wrong steps together are
# recognised as well: the answer does on every known case what they do.
Step = Callable[..., Tensor]
RIGHT: dict[str, Step] = {
    "axis": lambda x: x,
    "transform": torch.fft.rfft,
    "power": lambda waves: waves.abs().square(),
    "rows": lambda power: power.mean(0),
    "above": lambda p: p[-1],
    "below": lambda p: p[-3:-1].mean(),
    "result": lambda above, below: above / below,
}
WRONG: list[tuple[str, str, str, tuple[Step, ...]]] = [
    ("power", "not squared", "Those are magnitudes. Power is their square, taken before the rows are averaged.",
        (lambda w: w.abs(),)),
    ("power", "one part of the complex numbers", "You take the real part or the imaginary part alone. The power of a wave is the square of its absolute value, `.abs() ** 2`, which contains both.",
        (lambda w: w.real.square(), lambda w: w.imag.square(), lambda w: w.real, lambda w: w.imag, lambda w: w.real.abs())),
    ("power", "complex numbers", "`rfft` gives complex numbers, and their squares are complex as well. Power is the square of the absolute value: `.abs() ** 2`.",
        (lambda w: w.square(), lambda w: w)),
    ("power", "another power", "You raise the absolute values to another power than 2.",
        (lambda w: w.abs() ** 4, lambda w: w.abs() ** 3, lambda w: w.abs().sqrt())),
    ("power", "logarithm", "You take the logarithm of the power. The ratio is one of the powers themselves.",
        (lambda w: w.abs().square().log(), lambda w: w.abs().square().log10(), lambda w: w.abs().square().log1p())),
    ("axis", "along the columns", "You go down the columns. `rfft` goes along the last axis by itself: that is a row.",
        (lambda x: x.T,)),
    ("axis", "rows averaged first", "You average the rows before taking their power. A checkerboard changes its sign from row to row, so it cancels itself: what you look for is gone.",
        (lambda x: x.mean(0, keepdim=True),)),
    ("axis", "columns averaged first", "You average along each row before the transform, so one column is left. Transform each row, then average the powers over the rows.",
        (lambda x: x.mean(1)[None],)),
    ("axis", "flattened", "You make one long row of the map. Transform each row by itself.",
        (lambda x: x.flatten()[None],)),
    ("axis", "changed before the transform", "You change the map before the transform: something is taken or cut off, or it is squared, made positive or weighted. Transform it as it is.",
        (lambda x: x - x.mean(0), lambda x: x.square(), lambda x: x.abs(), lambda x: x.diff(dim=1), lambda x: x.diff(dim=0), lambda x: x[:, :-2], lambda x: x[:, :-1], lambda x: x[:, 1:],
         lambda x: x * torch.hann_window(x.shape[1]), lambda x: x * torch.hann_window(x.shape[1], periodic=False))),
    ("axis", "some of the rows", "You leave out rows of the map, or look at one alone. Average the powers over all of them.",
        (lambda x: x[:1], lambda x: x[-1:], lambda x: x[len(x) // 2 :][:1], lambda x: x[::2], lambda x: x[1:], lambda x: x[:-1])),
    ("transform", "along the other axis", "You transform the columns: with `dim=0`, the first axis holds the frequencies. `rfft` goes along the last axis by itself, which is a row.",
        (lambda x: torch.fft.rfft(x, dim=0),)),
    ("transform", "fft for rfft", "`fft` goes on to the mirror images: its last is the slowest, once more. `rfft` ends with the fastest.",
        (torch.fft.fft,)),
    ("rows", "squared after averaging", "You average the magnitudes and square the mean. Square first: power is what adds up.",
        (lambda p: p.sqrt().mean(0).square(),)),
    ("rows", "averaged over the frequencies", "You average over the frequencies of each row. Which axis counts the rows?",
        (lambda p: p.mean(1),)),
    ("rows", "another middle of the rows", "Of the rows you take the median, the largest or the spread. What is asked for is their mean.",
        (lambda p: p.median(0).values, lambda p: p.amax(0), lambda p: p.quantile(0.5, dim=0), lambda p: p.std(0))),
    ("above", "the mean of the map", "Frequency 0 is the brightness of a row, which has no pattern at all. The fastest one stands at the other end.",
        (lambda p: p[0], lambda p: p[1])),
    ("above", "another frequency above", "Above the line you have another frequency than the last. Only the last one is +1 −1 +1 −1.",
        (lambda p: p[-2], lambda p: p[-3], lambda p: p[-2:].mean(), lambda p: p[-2:].sum())),
    ("below", "divided by all", "You divide by all frequencies. An image's slow ones are far stronger than its fast ones and hide the pattern; compare it with its neighbours.",
        (lambda p: p.sum(), lambda p: p.mean(), lambda p: p[:-1].mean(), lambda p: p[:-1].sum(), lambda p: p[1:-1].mean(), lambda p: p[1:].mean())),
    ("below", "the slowest below", "Below the line you have the slowest frequencies. The two neighbours of the last stand just before it.",
        (lambda p: p[0], lambda p: p[1], lambda p: p[:2].mean(), lambda p: p[1:3].mean())),
    ("below", "the sum of the two", "You divide by the sum of the two. By their mean, no pattern gives 1.",
        (lambda p: p[-3:-1].sum(),)),
    ("below", "one neighbour", "You compare with one frequency. Take the mean of the two before the last: it wavers less.",
        (lambda p: p[-2], lambda p: p[-3], lambda p: p[-3:-1].amax(), lambda p: p[-3:-1].amin())),
    ("below", "the last among its neighbours", "The last is itself among those it is divided by: then the ratio can never get large.",
        (lambda p: p[-2:].mean(), lambda p: p[-3:].mean(), lambda p: p[-3:].sum(), lambda p: p[-2:].sum())),
    ("below", "other neighbours", "You divide by neighbours further away, or by more than two. `power[-3:-1]` are the two before the last.",
        (lambda p: p[-4:-1].mean(), lambda p: p[-4:-2].mean(), lambda p: p[-5:-1].mean(), lambda p: p[-4])),
    ("below", "another mean of the two", "Of the two before the last you take something other than their mean: another kind of mean, the root of it, or their spread. What is asked for is half of their sum.",
        (lambda p: p[-3:-1].prod().sqrt(), lambda p: p[-3:-1].mean().sqrt(), lambda p: p[-3:-1].std(), lambda p: p[-3:-1].square().mean().sqrt())),
    ("result", "the other way up", "Your fraction is upside down: more pattern should give more.",
        (lambda above, below: below / above,)),
    ("result", "a difference", "You subtract. The difference grows with the brightness of the image; the quotient does not, and 1 always means no pattern.",
        (lambda above, below: above - below, lambda above, below: below - above, lambda above, below: (above - below) / below)),
    ("result", "the neighbours alone", "That is what stands below the line, alone. Divide the last power by it.",
        (lambda above, below: below,)),
    ("result", "a share", "You divide the last by the sum of itself and its neighbours' mean, which never exceeds 1. Divide by the mean alone.",
        (lambda above, below: above / (above + below), lambda above, below: (above - below) / (above + below))),
    ("result", "a root or logarithm", "Right up to the ratio, of which you return the root, the square or the logarithm.",
        (lambda above, below: (above / below).square(), lambda above, below: (above / below).sqrt(), lambda above, below: (above / below).log(), lambda above, below: (above / below).log10(), lambda above, below: 10 * (above / below).log10())),
    ("result", "rounded", "Right up to the ratio, which you round. Return it whole, and round where you print.",
        tuple(lambda above, below, places=places: (above / below).round(decimals=places) for places in (2, 1, 3, 0))),
    ("result", "the power alone", "That is the power of the pattern. Whether it is much, its neighbours say.",
        (lambda above, below: above, lambda above, below: above.sqrt())),
]  # fmt: skip


def _computed(**wrong: Step) -> Callable[[Tensor], Tensor]:
    """Make the function in which these steps are wrong."""
    steps = RIGHT | wrong

    def function(x: Tensor) -> Tensor:
        power = steps["rows"](steps["power"](steps["transform"](steps["axis"](x))))
        return steps["result"](steps["above"](power), steps["below"](power))

    return function


def _two_wrong_steps(answer: Callable[[Tensor], Any]) -> str | None:
    """Return the sentences of two wrong steps that together do what the answer does."""
    results = [plain(case.run(answer)) for case in _known_cases()]
    inputs = [case.inputs for case in _known_cases()]
    for (step, _, sentence, ways), (other, _, its_sentence, other_ways) in combinations(WRONG, 2):
        for way, other_way in product(ways, other_ways) if step != other else ():
            function = _computed(**{step: way, other: other_way})
            if all(
                known.same(r, known._try(function, x)) for r, x in zip(results, inputs, strict=True)
            ):
                return f"Your number is that of two wrong steps. {sentence} {its_sentence}"
    return None


def _matches() -> Check:
    compared = matches(_checkerboard, _cases)

    def problem(answer: Callable[[Tensor], Any]) -> str | None:
        message = compared.problem(answer)
        if message is None or "changes what it was given" in message:
            return message
        if any(mistake.is_made_by(answer) for mistake in checkerboard.mistakes):
            return message
        return f"{message} {_two_wrong_steps(answer) or _behaviour(answer)}"

    return Check(compared.holds, problem)


def _behaviour(answer: Callable[[Tensor], Any]) -> str:
    """Say how the value compares with the right one, and what changes it and should not."""
    maps = [case.inputs[0] for case in _known_cases()]
    pairs = [(float(plain(answer(x.clone()))), _checkerboard(x)) for x in maps]
    factors = [value / right for value, right in pairs]
    added = [value - right for value, right in pairs]
    if all(alike(factor, factors[0]) for factor in factors):
        parts = [f"It is {factors[0]:.4g} times the right ratio, for every map."]
    elif all(alike(difference, added[0]) for difference in added):
        parts = [f"It is the right ratio {added[0]:+.4g}, for every map."]
    else:
        sides = enumerate(("rows", "columns"))
        known_factors = {name: [x.shape[axis] for x in maps] for axis, name in sides}
        same = [name for name, sizes in known_factors.items() if alike(factors, sizes)]
        shown = ", ".join(
            f"{f:.4g} ({x.shape[0]}×{x.shape[1]})" for f, x in zip(factors, maps, strict=True)
        )
        parts = [f"Yours divided by the right one: {shown}."]
        parts += [f"That is the number of {name}." for name in same]
    noise = maps[1]
    changes = {
        "twice as bright": 2 * noise,
        "brighter by 1": noise + 1,
        "with its rows in another order": noise.flip(0),
        "mirrored": noise.flip(1),
    }
    for change, changed in changes.items():
        value = plain(answer(changed))
        if not alike(value, pairs[1][0]):
            parts.append(
                f"For the noise, 8×12, {change}, it is {value:.4g}, not {pairs[1][0]:.4g} as before; that should not matter."
            )
    return " ".join(parts)


def _is_constant(answer: Callable[[Tensor], Any]) -> bool:
    values = [plain(case.run(answer)) for case in _known_cases()]
    return all(isinstance(value, float | int) and alike(value, values[0]) for value in values)


known = Probes(_known_cases)

checkerboard = Exercise(
    name="checkerboard",
    lesson=6,
    prompt="Measure the checkerboard in a map (H, W), W even: of each row the power `torch.fft.rfft(row).abs() ** 2`, these averaged over the rows; return the last, which is +1 −1 +1 −1, divided by the mean of the two before it.",
    checks=(
        is_function("checkerboard(picture)"),
        returns("one number", a_number, _cases),
        _matches(),
    ),
    answers=(lambda: _checkerboard, lambda: _without_fft, lambda: _with_numpy),
    mistakes=(
        *(
            known.mistake(name, sentence, *[_computed(**{step: way}) for way in ways])
            for step, name, sentence, ways in WRONG
        ),
        known.mistake("a ratio a row", "You make a ratio of each row and average these: a row that happens to be nearly without the neighbours then outweighs all others. Average the powers first.",
            lambda x: (_power(x)[:, -1] / _power(x)[:, -3:-1].mean(1)).mean(), lambda x: (_power(x)[:, -1] / _power(x)[:, -3:-1].mean(1)).median()),
        known.mistake("one ratio for each row", "That is a ratio for each row. Average the powers over the rows first, then one ratio is left.",
            lambda x: _power(x)[:, -1] / _power(x)[:, -3:-1].mean(1)),
        known.mistake("brackets", "`a / b + c / 2` divides only `a` by `b`. The mean needs brackets: `a / ((b + c) / 2)`.",
            _with_rows(lambda p: p[-1] / p[-3] + p[-2] / 2), _with_rows(lambda p: p[-1] / p[-2] + p[-3] / 2),
            _with_rows(lambda p: p[-1] / (p[-3] + p[-2] / 2)), _with_rows(lambda p: p[-1] / (p[-2] + p[-3] / 2)),
            _with_rows(lambda p: p[-1] / (p[-2] + p[-3]) / 2)),
        KnownMistake("a constant", "It is the same number for every map, so it measures nothing.",
            lambda: lambda x: 1.0, _is_constant, "its values"),
    ),
    hints=(
        "`power = torch.fft.rfft(picture).abs() ** 2` has a row of W/2 + 1 powers for each row of the map. Which axis do you average over?",
        "After `.mean(0)` one power a frequency is left, from 0, the brightness, to the fastest. Which indices have the last one and the two before it?",
        "`power = (torch.fft.rfft(picture).abs() ** 2).mean(___)`, `return power[___] / power[___:-1].mean()`",
    ),
    solution_text=(
        "`power = (torch.fft.rfft(picture).abs() ** 2).mean(0)\n"
        "return power[-1] / power[-3:-1].mean()`"
    ),
    praise="Noise and smooth pictures give about 1 or less; well above it, every other pixel is too bright.",
)  # fmt: skip
