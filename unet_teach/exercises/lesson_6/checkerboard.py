"""Exercise `checkerboard` of lesson 6: how strong a checkerboard pattern is in an image."""

from collections.abc import Callable
from itertools import combinations, product
from typing import Any

import torch
from torch import Tensor

from unet_teach.exercises.checks.functions import Case, Probes, a_number, alike
from unet_teach.exercises.checks.masks import three_checks
from unet_teach.exercises.checks.ratios import factor_of
from unet_teach.exercises.exercise import Exercise, KnownMistake
from unet_teach.exercises.plain_values import plain


def pattern(height: int, width: int) -> Tensor:
    """Return a checkerboard of +1 and −1, (height, width)."""
    sign = 1.0 - 2.0 * (torch.arange(max(height, width)) % 2)
    return sign[:height, None] * sign[:width]


def _known_cases() -> list[Case]:
    generator = torch.Generator().manual_seed(0)
    column = torch.zeros(6, 10)
    column[:, 3] = 1.0
    noise = torch.randn(8, 12, generator=generator) + 2.0
    slope = torch.randn(10, 16, generator=generator) + 0.3 * torch.arange(16)
    return [
        Case("On one bright column, 6×10, where all frequencies are equally strong", (column,)),
        Case("On noise, 8×12", (noise,)),
        Case("On noise with a checkerboard, 8×12", (noise + pattern(8, 12),)),
        Case("On a ramp with noise and a weak checkerboard, 10×16", (slope + pattern(10, 16) / 2,)),
    ]


def _cases() -> list[Case]:
    fresh = []
    for height, width in ((5, 14), (12, 8)):
        image = torch.randn(height, width) + torch.rand(1) * pattern(height, width)
        fresh.append(Case(f"On fresh noise with a checkerboard, {height}×{width}", (image,)))
    return [*_known_cases(), *fresh]


# -------------------------------------------------------------------------- one step done wrongly
# Each step of the computation, and what students do instead. An answer with two wrong steps is
# recognised as well: on every known case it returns what they do together.
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
    ("power", "not squared", "You use magnitudes. Power is their square, so square them before you average over the rows.",
        (lambda w: w.abs(),)),
    ("power", "one part of the complex numbers", "You use only the real or only the imaginary part. The power of a wave is the square of its absolute value, `.abs() ** 2`, which combines both.",
        (lambda w: w.real.square(), lambda w: w.imag.square(), lambda w: w.real, lambda w: w.real.abs())),
    ("power", "complex numbers", "`rfft` returns complex numbers, and their squares are complex as well. The power is the square of the absolute value, `.abs() ** 2`.",
        (lambda w: w.square(), lambda w: w)),
    ("axis", "along the columns", "You transform the columns. By default `rfft` works along the last axis, which is a row.",
        (lambda x: x.T,)),
    ("axis", "rows averaged first", "You average the rows before you take their power. A checkerboard changes sign from row to row, so the average cancels exactly what you're looking for.",
        (lambda x: x.mean(0, keepdim=True),)),
    ("axis", "some of the rows", "You leave out some of the rows. Average the powers over all of them.",
        (lambda x: x[:1], lambda x: x[-1:], lambda x: x[len(x) // 2 :][:1], lambda x: x[::2], lambda x: x[1:], lambda x: x[:-1], lambda x: x[: len(x) // 2], lambda x: x[len(x) // 2 :])),
    ("axis", "rows joined", "You join all rows to a single one before you transform it. Then the frequencies are those of the whole string of pixels. Transform each row by itself: `rfft(image)` does.",
        (lambda x: x.reshape(1, -1), lambda x: x.T.reshape(1, -1))),
    ("transform", "along the other axis", "With `dim=0` you transform the columns, so the first axis holds the frequencies. By default `rfft` works along the last axis, which is a row.",
        (lambda x: torch.fft.rfft(x, dim=0),)),
    ("transform", "fft for rfft", "`fft` also returns the mirror image of each frequency, so its last entry is the slowest wave again. `rfft` ends with the fastest.",
        (torch.fft.fft,)),
    ("transform", "no frequencies", "You use the pixels themselves, so your powers are those of columns, not of frequencies. `torch.fft.rfft(image)` gives the frequencies of each row.",
        (lambda x: x,)),
    ("transform", "back from frequencies", "`irfft` leads from frequencies back to pixels. `torch.fft.rfft` leads from pixels to frequencies.",
        (torch.fft.irfft,)),
    ("rows", "a root after averaging", "You take the root of the mean power. Leave it out: the ratio is one of powers.",
        (lambda p: p.mean(0).sqrt(),)),
    ("rows", "logarithms divided", "You take logarithms before you divide. A ratio of logarithms depends on the contrast of the image. Divide the powers themselves.",
        (lambda p: p.mean(0).log(), lambda p: p.mean(0).log1p(), lambda p: p.log().mean(0), lambda p: p.log1p().mean(0))),
    ("rows", "squared after averaging", "You average the magnitudes and then square the mean. Square first, because powers are what adds up.",
        (lambda p: p.sqrt().mean(0).square(),)),
    ("rows", "one row's power", "You take the largest, smallest or middle power over the rows, so a single row decides. Average over all rows.",
        (lambda p: p.amax(0), lambda p: p.amin(0), lambda p: p.median(0).values, lambda p: p.quantile(0.5, 0))),
    ("rows", "another statistic of the rows", "You take another statistic over the rows than the mean, such as a geometric mean or a standard deviation. Add up the powers of all rows and divide by their number.",
        (lambda p: p.log().mean(0).exp(), lambda p: 1 / (1 / p).mean(0), lambda p: p.std(0), lambda p: p.var(0), lambda p: p.prod(0), lambda p: p.norm(dim=0))),
    ("rows", "averaged over the frequencies", "You average over the frequencies of each row. Which axis counts the rows?",
        (lambda p: p.mean(1),)),
    ("above", "the mean of the map", "Your numerator is the slowest wave, or frequency 0, which is the mean brightness of a row. The fastest wave is at the other end.",
        (lambda p: p[0], lambda p: p[1])),
    ("above", "another frequency above", "Your numerator is another frequency than the last, or several. Only the last one is +1 −1 +1 −1.",
        (lambda p: p[-2], lambda p: p[-3], lambda p: p[-2:].mean(), lambda p: p[-2:].sum())),
    ("below", "divided by all", "You divide by nearly all frequencies. The slow ones of an image are far stronger than the fast ones and hide the pattern, so compare it with its two neighbours only.",
        (lambda p: p.sum(), lambda p: p.mean(), lambda p: p[:-1].mean(), lambda p: p[:-1].sum(), lambda p: p[1:-1].mean(), lambda p: p[1:].mean())),
    ("below", "the slowest below", "You divide by the slowest frequencies. The two neighbours of the last one are just before it.",
        (lambda p: p[0], lambda p: p[1], lambda p: p[:2].mean(), lambda p: p[1:3].mean())),
    ("below", "the sum of the two", "You divide by the sum of the two neighbours. Divide by their mean, so that an image without the pattern gives 1.",
        (lambda p: p[-3:-1].sum(),)),
    ("below", "one neighbour", "You compare with one neighbour only. The mean of the two before the last varies less with chance.",
        (lambda p: p[-2], lambda p: p[-3])),
    ("below", "another middle", "You combine the two neighbours by something else than their mean, such as the larger, the smaller or the geometric mean. Add them up and divide by 2.",
        (lambda p: p[-3:-1].amax(), lambda p: p[-3:-1].amin(), lambda p: p[-3:-1].prod().sqrt(), lambda p: 2 / (1 / p[-3:-1]).sum(), lambda p: p[-3:-1].square().mean().sqrt())),
    ("below", "the last among its neighbours", "Your denominator includes the last power itself, so the ratio can never get large. Use only the two before it.",
        (lambda p: p[-2:].mean(), lambda p: p[-3:].mean(), lambda p: p[-3:].sum(), lambda p: p[-2:].sum())),
    ("below", "other neighbours", "You divide by frequencies further away, or by more than two. `power[-3:-1]` are the two before the last.",
        (lambda p: p[-4:-1].mean(), lambda p: p[-4:-2].mean(), lambda p: p[-5:-1].mean(), lambda p: p[-4])),
    ("result", "the fraction upside down", "Your fraction is upside down. A stronger pattern should give a larger number.",
        (lambda above, below: below / above,)),
    ("result", "a difference", "You subtract somewhere. Divide the last power by the mean of its neighbours instead: this ratio doesn't depend on the contrast of the image, and 1 means no pattern.",
        (lambda above, below: above - below, lambda above, below: below - above, lambda above, below: (above - below) / below)),
    ("result", "a share", "Your denominator is the last power plus its neighbours' mean, so your number never exceeds 1. Divide by the mean alone.",
        (lambda above, below: above / (above + below), lambda above, below: (above - below) / (above + below))),
    ("result", "rounded", "You round the ratio to a whole number. Return the ratio itself.",
        (lambda above, below: (above / below).floor(), lambda above, below: (above / below).round(), lambda above, below: (above / below).ceil())),
    ("result", "a root or logarithm", "You return the ratio's root, square or logarithm. Return the ratio itself.",
        (lambda above, below: (above / below).square(), lambda above, below: (above / below).sqrt(), lambda above, below: (above / below).log(), lambda above, below: (above / below).log10(), lambda above, below: 10 * (above / below).log10())),
    ("result", "the power alone", "You return the numerator only, or its root. To see whether it's a lot, divide it by the mean of its neighbours.",
        (lambda above, below: above, lambda above, below: above.sqrt())),
]  # fmt: skip


def _computed(**wrong: Step) -> Callable[[Tensor], Tensor]:
    """Make the function in which these steps are wrong."""
    steps = RIGHT | wrong

    def function(x: Tensor) -> Tensor:
        power = steps["rows"](steps["power"](steps["transform"](steps["axis"](x))))
        return steps["result"](steps["above"](power), steps["below"](power))

    return function


_checkerboard = _computed()  # no step is wrong: the right answer
_row_ratios = _computed(
    rows=lambda power: power, above=lambda p: p[:, -1], below=lambda p: p[:, -3:-1].mean(1)
)


# What changes no frequency but the first, so it is told only what else is wrong.
HARMLESS = ("axis", "", "", (lambda x: x - x.mean(), lambda x: x - x.mean(1, keepdim=True)))


def _two_wrong_steps(answer: Callable[[Tensor], Any]) -> str | None:
    """Return the sentences of two wrong steps that together do what the answer does."""
    cases = _known_cases()[::-1]  # those first that tell most functions apart
    results, inputs = [plain(case.run(answer)) for case in cases], [case.inputs for case in cases]
    for (step, _, sentence, ways), (other, _, its_sentence, other_ways) in combinations(
        [HARMLESS, *WRONG], 2
    ):
        for way, other_way in product(ways, other_ways) if step != other else ():
            function = _computed(**{step: way, other: other_way})
            if all(map(known.same, results, (known._try(function, x) for x in inputs))):
                both = f"Two steps are wrong. {sentence} {its_sentence}"
                return both if sentence else its_sentence
    return None


def _behaviour(answer: Callable[[Tensor], Any]) -> str:
    """Say how the value compares with the right one, and what changes it and should not."""
    images = [case.inputs[0] for case in _known_cases()]
    values, rights = ([float(plain(f(x.clone()))) for x in images] for f in (answer, _checkerboard))
    added = [value - right for value, right in zip(values, rights, strict=True)]
    if (factor := factor_of(values, rights)) is not None:
        if alike(factor, 1):
            return ""
        parts = [f"Your number is always {factor:.4g} times the right ratio."]
    elif all(alike(difference, added[0]) for difference in added):
        how = f"{abs(added[0]):.4g} too {'large' if added[0] > 0 else 'small'}"
        parts = [f"Your number is always {how}."]
    else:
        factors = [value / right for value, right in zip(values, rights, strict=True)]
        shown = ", ".join(
            f"{f:.4g} ({x.shape[0]}×{x.shape[1]})" for f, x in zip(factors, images, strict=True)
        )
        parts = [f"Your number divided by the right one is {shown}."]
        for axis, name in enumerate(("rows", "columns")):
            if alike(factors, [x.shape[axis] for x in images]):
                parts.append(f"That is the number of {name}.")
    noise, before = images[1], values[1]
    changes = {
        "has twice the contrast": 2 * noise,
        "is brighter by 1": noise + 1,
        "is turned upside down": noise.flip(0),
        "is mirrored": noise.flip(1),
    }
    for change, changed in changes.items():
        value = plain(answer(changed))
        if not alike(value, before):
            parts.append(
                f"If the 8×12 noise {change}, your number changes from {before:.4g} to {value:.4g}, but it shouldn't."
            )
    return " ".join(parts)


def _is_constant(answer: Callable[[Tensor], Any]) -> bool:
    values = [plain(case.run(answer)) for case in _known_cases()]
    return all(isinstance(value, float | int) and alike(value, values[0]) for value in values)


known = Probes(_known_cases)

checkerboard = Exercise(
    name="checkerboard",
    lesson=6,
    prompt="Measure the checkerboard in an image (H, W), with W even. Compute the power of each row, `torch.fft.rfft(row).abs() ** 2`, and average the powers over the rows. Return the last one, which stands for +1 −1 +1 −1, divided by the mean of the two before it.",
    checks=three_checks("measure(image)", "one number", a_number, _checkerboard, _cases, lambda answer: _two_wrong_steps(answer) or _behaviour(answer)),
    mistakes=(
        *(
            known.mistake(name, sentence, *[_computed(**{step: way}) for way in ways])
            for step, name, sentence, ways in WRONG
        ),
        known.mistake("a ratio a row", "You compute a ratio for each row and then take their mean or median. A row whose neighbours happen to be weak distorts that. Average the powers over the rows first.",
            lambda x: _row_ratios(x).mean(), lambda x: _row_ratios(x).median()),
        known.mistake("the last row", "The first axis of the powers counts the rows and the second the frequencies, so `power[-1]` is the last row. Average over the rows first, `power.mean(0)`; then `[-1]` is the last frequency.",
            *(_computed(rows=lambda p: p, below=below) for below in (RIGHT["below"], lambda p: p[-3:-1].mean(0), lambda p: p[-3:-1].sum(0))), at="one number"),
        known.mistake("a ratio for each neighbour", "You divide by the two neighbours one by one. Divide by their mean, `power[-3:-1].mean()`.",
            _computed(below=lambda p: p[-3:-1]), at="one number"),
        known.mistake("squares of complex numbers", "`rfft` returns complex numbers, and their squares are complex as well, so they cancel where you add them up. The power is the square of the absolute value, `.abs() ** 2`.",
            *(_computed(power=torch.square, result=lambda a, b, part=part: part(a / b)) for part in (torch.real, torch.abs)),
            *(_computed(power=torch.square, rows=lambda p, part=part: part(p.mean(0))) for part in (torch.abs, torch.real))),
        known.mistake("one ratio for each row", "You return one ratio for each row. Average the powers over the rows first, so that one ratio is left.",
            _row_ratios),
        KnownMistake("a constant", "You return the same number for every image, so it measures nothing. Compute it from `image`.",
            lambda: lambda x: 1.0, _is_constant, "its values"),
    ),
    hints=(
        "`power = torch.fft.rfft(image).abs() ** 2` has W/2 + 1 powers for each row of the image. Which of its two axes do you average over?",
        "After `.mean(0)` there is one power for each frequency, from 0 (the mean brightness) to the fastest. Which indices do the last one and the two before it have?",
        "`power = (torch.fft.rfft(image).abs() ** 2).mean(___)`, `return power[___] / power[___:-1].mean()`",
    ),
    solution_text=(
        "`power = (torch.fft.rfft(image).abs() ** 2).mean(0)\n"
        "return power[-1] / power[-3:-1].mean()`"
    ),
    praise="Noise and smooth images give about 1 or less. A number well above 1 means that every other pixel is too bright.",
)  # fmt: skip
