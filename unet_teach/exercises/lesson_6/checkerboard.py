"""Exercise `checkerboard` of lesson 6: how strong a checkerboard is in a feature map."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from unet_teach.exercises.checks.functions import (
    Case,
    Probes,
    a_number,
    is_function,
    matches,
    returns,
)
from unet_teach.exercises.exercise import Exercise


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


def _from_power(score: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Make a function that computes another score from the right power, averaged over the rows."""
    return lambda feature_map: score(_power(feature_map).mean(0))


known = Probes(_known_cases)

checkerboard = Exercise(
    name="checkerboard",
    lesson=6,
    prompt="Measure the checkerboard in a map (H, W), W even: of each row the power `torch.fft.rfft(row).abs() ** 2`, these averaged over the rows; return the last, which is +1 −1 +1 −1, divided by the mean of the two before it.",
    checks=(
        is_function("checkerboard(picture)"),
        returns("one number", a_number, _cases),
        matches(_checkerboard, _cases),
    ),
    answers=(lambda: _checkerboard, lambda: _without_fft, lambda: _with_numpy),
    mistakes=(
        known.mistake("not squared", "Those are magnitudes. Power is their square, taken before the rows are averaged.",
            lambda x: _ratio(torch.fft.rfft(x).abs().mean(0))),
        known.mistake("squared after averaging", "You average the magnitudes and square the mean. Square first: power is what adds up.",
            lambda x: _ratio(torch.fft.rfft(x).abs().mean(0).square())),
        known.mistake("rows averaged first", "You average the rows before taking their power. A checkerboard changes its sign from row to row, so it cancels itself: what you look for is gone.",
            lambda x: _ratio(torch.fft.rfft(x.mean(0)).abs().square()),
            lambda x: _ratio(torch.fft.rfft(x).mean(0).abs().square())),
        known.mistake("along the columns", "You go down the columns. `rfft` goes along the last axis by itself: that is a row.",
            lambda x: _ratio(torch.fft.rfft(x, dim=0).abs().square().mean(1))),
        known.mistake("averaged over the frequencies", "You average over the frequencies of each row. Which axis counts the rows?",
            lambda x: _ratio(_power(x).mean(1))),
        known.mistake("the mean of the map", "Frequency 0 is the brightness of a row, which has no pattern at all. The fastest one stands at the other end.",
            _from_power(lambda p: p[0] / p[1:3].mean()),
            _from_power(lambda p: p[0] / p[-3:-1].mean())),
        known.mistake("fft for rfft", "`fft` goes on to the mirror images: its last is the slowest, once more. `rfft` ends with the fastest.",
            lambda x: _ratio(torch.fft.fft(x).abs().square().mean(0))),
        known.mistake("complex numbers", "`rfft` gives complex numbers, and their squares are complex as well. Power is the square of the absolute value: `.abs() ** 2`.",
            lambda x: _ratio(torch.fft.rfft(x).square().mean(0)),
            lambda x: _ratio(torch.fft.rfft(x).mean(0)), lambda x: torch.fft.rfft(x).mean(0)[-1]),
        known.mistake("divided by all", "You divide by all frequencies. A picture's slow ones are far stronger than its fast ones and hide the pattern; compare it with its neighbours.",
            _from_power(lambda p: p[-1] / p.sum()), _from_power(lambda p: p[-1] / p.mean()),
            _from_power(lambda p: p[-1] / p[:-1].mean()),
            _from_power(lambda p: p[-1] / p[:-1].sum()),
            _from_power(lambda p: p[-1] / p[1:-1].mean())),
        known.mistake("the sum of the two", "You divide by the sum of the two. By their mean, no pattern gives 1.",
            _from_power(lambda p: p[-1] / p[-3:-1].sum())),
        known.mistake("one neighbour", "You compare with one frequency. Take the mean of the two before the last: it wavers less.",
            _from_power(lambda p: p[-1] / p[-2]), _from_power(lambda p: p[-1] / p[-3])),
        known.mistake("the last among its neighbours", "The last is itself among those it is divided by: then the ratio can never get large.",
            _from_power(lambda p: p[-1] / p[-2:].mean()),
            _from_power(lambda p: p[-1] / p[-3:].mean())),
        known.mistake("a ratio a row", "You make a ratio of each row and average these: a row that happens to be nearly without the neighbours then outweighs all others. Average the powers first.",
            lambda x: (_power(x)[:, -1] / _power(x)[:, -3:-1].mean(1)).mean()),
        known.mistake("the other way up", "Your fraction is upside down: more pattern should give more.",
            _from_power(lambda p: p[-3:-1].mean() / p[-1])),
        known.mistake("a difference", "You subtract. The difference grows with the brightness of the picture; the quotient does not, and 1 always means no pattern.",
            _from_power(lambda p: p[-1] - p[-3:-1].mean())),
        known.mistake("the power alone", "That is the power of the pattern. Whether it is much, its neighbours say.",
            _from_power(lambda p: p[-1])),
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
