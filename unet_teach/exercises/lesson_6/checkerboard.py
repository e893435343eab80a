"""The exercise of lesson 6 about the checkerboard: how much of it there is in a map."""

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


def powers(picture: Tensor) -> Tensor:
    """The power of each frequency of a picture's rows, averaged over the rows: (W / 2 + 1)."""
    power: Tensor = torch.fft.rfft(picture).abs().square().mean(0)
    return power


def _checkerboard(picture: Tensor) -> float:
    power = powers(picture)
    return float(power[-1] / power[-3:-1].mean())


def pattern(height: int, width: int) -> Tensor:
    """A checkerboard of +1 and −1, (height, width)."""
    sign = 1.0 - 2.0 * (torch.arange(max(height, width)) % 2)
    return sign[:height, None] * sign[:width]


def _by_hand(picture: Tensor) -> float:
    """The sums written out, without a Fourier transform from a library."""
    width = picture.shape[1]
    power = []
    for frequency in (width // 2 - 2, width // 2 - 1, width // 2):
        angle = 2 * torch.pi * frequency * torch.arange(width) / width
        real, imaginary = (picture * angle.cos()).sum(1), (picture * angle.sin()).sum(1)
        power.append(float((real**2 + imaginary**2).mean()))
    return power[2] / ((power[0] + power[1]) / 2)


def _with_numpy(picture: Tensor) -> float:
    power = (np.abs(np.fft.fft(picture.numpy(), axis=1)) ** 2).mean(0)
    middle = picture.shape[1] // 2
    return float(power[middle] / np.mean(power[middle - 2 : middle]))


def _known_maps() -> list[Case]:
    """A single point has every frequency alike; noise nearly; then a checkerboard upon both."""
    chance = torch.Generator().manual_seed(0)
    point = torch.zeros(6, 10)
    point[:, 3] = 1.0
    noise = torch.randn(8, 12, generator=chance) + 2.0
    slope = torch.randn(10, 16, generator=chance) + 0.3 * torch.arange(16)
    return [
        Case("On a map of one bright column, 6×10, whose frequencies are all alike", (point,)),
        Case("On noise, 8×12", (noise,)),
        Case("On noise and a checkerboard, 8×12", (noise + pattern(8, 12),)),
        Case("On a slope, noise and a weak checkerboard, 10×16", (slope + pattern(10, 16) / 2,)),
    ]


def _maps() -> list[Case]:
    fresh = []
    for height, width in ((5, 14), (12, 8)):
        picture = torch.randn(height, width) + torch.rand(1) * pattern(height, width)
        fresh.append(Case(f"On fresh noise and a checkerboard, {height}×{width}", (picture,)))
    return [*_known_maps(), *fresh]


def _upon(power_of: Callable[[Tensor], Tensor]) -> Callable[[Tensor], float]:
    """The last over the mean of the two before it, of another spectrum."""

    def ratio(picture: Tensor) -> float:
        power = power_of(picture)
        return float(power[-1] / power[-3:-1].mean())

    return ratio


def _of_powers(ratio_of: Callable[[Tensor], Tensor]) -> Callable[[Tensor], float]:
    """Another ratio of the right spectrum."""
    return lambda picture: float(ratio_of(powers(picture)))


def _last_of(numbers: Tensor) -> Tensor:
    return numbers[-1] / numbers[-3:-1].mean()


def _each_row(picture: Tensor) -> float:
    power = torch.fft.rfft(picture).abs().square()
    return float((power[:, -1] / power[:, -3:-1].mean(1)).mean())


known = Probes(_known_maps)

checkerboard = Exercise(
    name="checkerboard",
    lesson=6,
    prompt="Measure the checkerboard in a map (H, W), W even: of each row the power `torch.fft.rfft(row).abs() ** 2`, these averaged over the rows; return the last, which is +1 −1 +1 −1, divided by the mean of the two before it.",
    checks=(
        is_function("checkerboard(picture)"),
        returns("one number", a_number, _maps),
        matches(_checkerboard, _maps),
    ),
    answers=(lambda: _checkerboard, lambda: _by_hand, lambda: _with_numpy),
    mistakes=(
        known.mistake("not squared", "Those are magnitudes. Power is their square, taken before the rows are averaged.",
            _upon(lambda x: torch.fft.rfft(x).abs().mean(0))),
        known.mistake("squared after averaging", "You average the magnitudes and square the mean. Square first: power is what adds up.",
            _upon(lambda x: torch.fft.rfft(x).abs().mean(0).square())),
        known.mistake("rows averaged first", "You average the rows before taking their power. A checkerboard changes its sign from row to row, so it cancels itself: what you look for is gone.",
            _upon(lambda x: torch.fft.rfft(x.mean(0)).abs().square()),
            _upon(lambda x: torch.fft.rfft(x).mean(0).abs().square())),
        known.mistake("along the columns", "You go down the columns. `rfft` goes along the last axis by itself: that is a row.",
            _upon(lambda x: torch.fft.rfft(x, dim=0).abs().square().mean(1))),
        known.mistake("averaged over the frequencies", "You average over the frequencies of each row. Which axis counts the rows?",
            _upon(lambda x: torch.fft.rfft(x).abs().square().mean(1))),
        known.mistake("the mean of the map", "Frequency 0 is the brightness of a row, which has no pattern at all. The fastest one stands at the other end.",
            _of_powers(lambda p: p[0] / p[1:3].mean()),
            _of_powers(lambda p: p[0] / p[-3:-1].mean())),
        known.mistake("fft for rfft", "`fft` goes on to the mirror images: its last is the slowest, once more. `rfft` ends with the fastest.",
            _upon(lambda x: torch.fft.fft(x).abs().square().mean(0))),
        known.mistake("complex numbers", "`rfft` gives complex numbers, and their squares are complex as well. Power is the square of the absolute value: `.abs() ** 2`.",
            lambda x: _last_of(torch.fft.rfft(x).square().mean(0)),
            lambda x: _last_of(torch.fft.rfft(x).mean(0)), lambda x: torch.fft.rfft(x).mean(0)[-1]),
        known.mistake("divided by all", "You divide by all frequencies. A picture's slow ones are far stronger than its fast ones and hide the pattern; compare it with its neighbours.",
            _of_powers(lambda p: p[-1] / p.sum()), _of_powers(lambda p: p[-1] / p.mean()),
            _of_powers(lambda p: p[-1] / p[:-1].mean()),
            _of_powers(lambda p: p[-1] / p[:-1].sum()),
            _of_powers(lambda p: p[-1] / p[1:-1].mean())),
        known.mistake("the sum of the two", "You divide by the sum of the two. By their mean, no pattern gives 1.",
            _of_powers(lambda p: p[-1] / p[-3:-1].sum())),
        known.mistake("one neighbour", "You compare with one frequency. Take the mean of the two before the last: it wavers less.",
            _of_powers(lambda p: p[-1] / p[-2]), _of_powers(lambda p: p[-1] / p[-3])),
        known.mistake("the last among its neighbours", "The last is itself among those it is divided by: then the ratio can never get large.",
            _of_powers(lambda p: p[-1] / p[-2:].mean()),
            _of_powers(lambda p: p[-1] / p[-3:].mean())),
        known.mistake("a ratio a row", "You make a ratio of each row and average these: a row that happens to be nearly without the neighbours then outweighs all others. Average the powers first.",
            _each_row),
        known.mistake("the other way up", "Your fraction is upside down: more pattern should give more.",
            _of_powers(lambda p: p[-3:-1].mean() / p[-1])),
        known.mistake("a difference", "You subtract. The difference grows with the brightness of the picture; the quotient does not, and 1 always means no pattern.",
            _of_powers(lambda p: p[-1] - p[-3:-1].mean())),
        known.mistake("the power alone", "That is the power of the pattern. Whether it is much, its neighbours say.",
            _of_powers(lambda p: p[-1])),
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
