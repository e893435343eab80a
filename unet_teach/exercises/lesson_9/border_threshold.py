"""Exercise `border_threshold` of lesson 9: which pixels are left once likely borders are cut out."""

from itertools import pairwise

import torch
from torch import Tensor

from unet_teach.exercises.checks.functions import Case, Function, Probes
from unet_teach.exercises.checks.masks import A_MASK, about_shape, three_checks, where_right
from unet_teach.exercises.exercise import Exercise

# Background, inside and border of each pixel, one column a pixel.
KNOWN = [
    [0.9, 0.1, 0.1, 0.3, 0.6, 0.25, 0.45, 0.05, 0.5, 0.2, 0.45, 0.7],
    [0.1, 0.8, 0.5, 0.1, 0.1, 0.5, 0.35, 0.35, 0.375, 0.55, 0.05, 0.25],
    [0.0, 0.1, 0.4, 0.6, 0.3, 0.25, 0.2, 0.6, 0.125, 0.25, 0.5, 0.05],
]


def _case(probabilities: Tensor, threshold: float) -> Case:
    return Case(f"With the threshold {threshold}", (probabilities, threshold))


def _known_cases() -> list[Case]:
    known = torch.tensor(KNOWN).reshape(3, 4, 3)
    return [_case(known, threshold) for threshold in (0.25, 0.5, 0.1, 1.0, 0.0)]


def _cases() -> list[Case]:
    fresh = (2 * torch.randn(3, 9, 7)).softmax(0)
    return [*_known_cases(), *(_case(fresh, threshold) for threshold in (0.05, 0.3, 0.7))]


def _left(probabilities: Tensor, threshold: float) -> Tensor:
    return (probabilities[0] < 0.5) & (probabilities[2] <= threshold)


def _wrong_pixel(case: Case, value: Tensor) -> str:
    probabilities, threshold = case.inputs
    target = _left(probabilities, threshold)
    if value.shape != target.shape:
        more = about_shape(value, target) if value.dim() != target.dim() else ""
        return f"the mask's shape is {tuple(value.shape)} instead of {tuple(target.shape)}{more}"
    wrong = (value != target).nonzero()
    row, column = wrong[0].tolist()
    background, inside, border = probabilities[:, row, column].tolist()
    return f"{len(wrong)} of {target.numel()} pixels {'is' if len(wrong) == 1 else 'are'} wrong; for example, one with background {background:.3g}, inside {inside:.3g} and border {border:.3g} is {bool(value[row, column])} in your mask"


# ------------------------------------------------------------------------------------------- facts
STEPS = torch.arange(21) / 20  # of the probability that varies
LINES = [  # what stays the same and how probable it is, what varies, and up to where it is left
    ("border", 0.0, "background", 0.45),
    ("background", 0.0, "border", 0.25),
    ("border", 0.2, "background", 0.45),
    ("background", 0.3, "border", 0.25),
]
CHANNELS = ("background", "inside", "border")


def _line(fixed: str, value: float, varies: str) -> tuple[list[float], Tensor]:
    """Return what varies, and the probabilities (3, 1, W) in which nothing else does."""
    steps = STEPS[STEPS + value < 1.001]
    image = torch.zeros(3, 1, len(steps))
    image[CHANNELS.index(fixed)], image[CHANNELS.index(varies)] = value, steps
    image[1] = (1 - image[0] - image[2]).clamp(min=0)
    return steps.tolist(), image


def _where_left(answer: Function) -> str:
    """Say for which probabilities a pixel is left, on the first line on which that is wrong."""
    threshold = 0.25
    at = [_left_at(answer, other) for other in (0.25, 0.5, 0.75)]
    if at[0] == at[1] == at[2]:
        return "With the thresholds 0.25, 0.5 and 0.75, your mask is the same, so it doesn't depend on `threshold`."
    for fixed, value, varies, last in LINES:
        steps, image = _line(fixed, value, varies)
        left = answer(image, threshold).flatten().tolist()
        if left != [step < last + 0.01 for step in steps]:
            return f"With the threshold {threshold} and {fixed} at {value:g}, a pixel is left in your mask where {varies} is {_spans(steps, left)}; it should be left {'below 0.5' if varies == 'background' else 'up to 0.25'}."
    return where_right(answer, _left, _known_cases())


def _left_at(answer: Function, threshold: float) -> list[bool]:
    """Return which pixels of all lines, and of the known image, are left."""
    images = [torch.tensor(KNOWN)[:, None], *(_line(*line[:3])[1] for line in LINES)]
    return list(answer(torch.cat(images, 2), threshold).flatten().tolist())


def _spans(steps: list[float], chosen: list[bool]) -> str:
    """Return the steps that are chosen as a text of ranges, as in "0 to 0.35"."""
    edges = [0, *(i for i in range(1, len(steps)) if chosen[i] != chosen[i - 1]), len(steps)]
    spans = [(steps[a], steps[b - 1]) for a, b in pairwise(edges) if chosen[a]]
    return (
        " and ".join(f"{a:.3g} to {b:.3g}" if a < b else f"{a:.3g}" for a, b in spans)
        or "nowhere at all"
    )


def _probes() -> list[Case]:
    """Return the known cases and one with many pixels, which tells more functions apart."""
    many = (2 * torch.randn(3, 9, 7, generator=torch.Generator().manual_seed(0))).softmax(0)
    return [*_known_cases(), _case(many, 0.3), _case(many, 0.6)]


known = Probes(_probes)

border_threshold = Exercise(
    name="border_threshold",
    lesson=9,
    prompt="From the probabilities of background, inside and border (3, H, W), make a mask (H, W) of the pixels that are left: True where background is less probable than one half *and* border is at most as probable as the threshold.",
    checks=three_checks("left_over(probabilities, threshold)", "a boolean mask", A_MASK, _left, _cases, _where_left, _wrong_pixel),
    mistakes=(
        known.mistake("argmax", "You use `argmax`, so the threshold has no effect: border is cut out only where it's the *most* probable class. A rare class seldom is. Compare its probability with the threshold instead.",
            lambda p, t: p.argmax(0) == 1, lambda p, t: p.argmax(0) != 2, lambda p, t: p.argmax(0) > 0),
        known.mistake("another axis", "You take rows or columns, not channels. The channels are the first axis: `probabilities[0]` is the background of all pixels, and `probabilities[:, 0]` is the first row of each channel.",
            *(lambda p, t, axis=axis: (p.select(axis, 0) < 0.5) & (p.select(axis, 2) <= t) for axis in (1, 2))),
        known.mistake("threshold on inside", "You compare *inside* with the threshold. A pixel may be no border and still be unsure between inside and background. Which channel says how likely a border is?",
            lambda p, t: p[1] > t, lambda p, t: p[1] >= t, lambda p, t: (p[0] < 0.5) & (p[1] > t), lambda p, t: (p[0] < 0.5) & (p[1] >= t),
            lambda p, t: (p[0] < 0.5) & (p[1] <= t), lambda p, t: (p[0] < 0.5) & (p[1] < t), lambda p, t: p[1] <= t, lambda p, t: p[1] < t),
        known.mistake("inside above one half", "You ask whether *inside* is above one half, but the exercise asks whether *background* is below it. Where border is likely, neither of the two may be above one half.",
            lambda p, t: (p[1] > 0.5) & (p[2] <= t), lambda p, t: (p[1] >= 0.5) & (p[2] <= t), lambda p, t: p[1] > 0.5, lambda p, t: (p[1] > 0.5) & (p[2] < t), lambda p, t: (p[1] >= 0.5) & (p[2] < t)),
        known.mistake("one half is left", "A pixel whose background is exactly one half is True in your mask. Background should be *less* probable than one half, so compare with `<`.",
            lambda p, t: (p[0] <= 0.5) & (p[2] <= t)),
        known.mistake("background is left", "You ask only for the border. Background hardly ever looks like one, so most of it is left as well, and all cells are connected through it.",
            lambda p, t: p[2] <= t, lambda p, t: p[2] < t),
        known.mistake("the border instead of the rest", "Your mask is the border itself. The cells are what's *left* when it is cut out, so the comparison should point the other way.",
            lambda p, t: (p[0] < 0.5) & (p[2] > t), lambda p, t: p[2] > t, lambda p, t: (p[0] < 0.5) & (p[2] >= t)),
        known.mistake("softmax again", "You take the softmax of what are probabilities already. That pulls all three towards a third. Compare them as they are.",
            lambda p, t: (p.softmax(0)[0] < 0.5) & (p.softmax(0)[2] <= t)),
        known.mistake("equal is cut", "A border exactly as probable as the threshold is cut out in your mask. It should be left, so that a threshold of 1 cuts nothing.",
            lambda p, t: (p[0] < 0.5) & (p[2] < t)),
        known.mistake("border is left", "You ask only for background, so no border is cut out and cells that touch stay one. The threshold belongs to the third channel.",
            lambda p, t: p[0] < 0.5, lambda p, t: p[0] <= 0.5),
        known.mistake("only background is left", "Your mask holds background, and cells are cut out of it. A pixel of a cell is one whose background is *less* probable than one half.",
            lambda p, t: (p[0] > 0.5) & (p[2] <= t), lambda p, t: (p[0] >= 0.5) & (p[2] <= t), lambda p, t: p[0] > 0.5, lambda p, t: p[0] >= 0.5),
        known.mistake("background below inside", "You compare background with *inside*, so a pixel may be left out although its background is below one half: inside and border together are the cell. Compare background with one half.",
            lambda p, t: (p[0] < p[1]) & (p[2] <= t)),
        known.mistake("one minus the threshold", "Your limit for border falls where the threshold rises: it is 1 minus the threshold. Compare border with the threshold itself.",
            lambda p, t: (p[0] < 0.5) & (p[2] <= 1 - t), lambda p, t: (p[0] < 0.5) & (p[2] < 1 - t)),
        known.mistake("channels in another order", "You take the channels in another order. They are background, inside and border, so `probabilities[0]` is background and `probabilities[2]` is border.",
            lambda p, t: (p[1] < 0.5) & (p[2] <= t), lambda p, t: (p[1] < 0.5) & (p[0] <= t), lambda p, t: (p[2] < 0.5) & (p[1] <= t)),
        known.mistake("the two limits swapped", "You compare background with the threshold and border with one half. It should be the other way round: `probabilities[0]`, background, below one half, and `probabilities[2]`, border, at most the threshold.",
            lambda p, t: (p[0] < t) & (p[2] <= 0.5), lambda p, t: (p[0] <= t) & (p[2] <= 0.5), lambda p, t: (p[0] < t) & (p[2] < 0.5), lambda p, t: (p[0] <= t) & (p[2] < 0.5)),
        known.mistake("a share of the cell", "You divide border by inside plus border before you compare it. The threshold is for the probability itself.",
            lambda p, t: (p[0] < 0.5) & (p[2] <= t * (p[1] + p[2]))),
        known.mistake("or instead of and", "You keep a pixel if *one* of the two holds. Both have to hold: join the comparisons with `&`.",
            lambda p, t: (p[0] < 0.5) | (p[2] <= t)),
        known.mistake("background below the threshold", "You compare background with the threshold, too. It has a limit of its own, one half, so that moving the threshold changes only where cells are cut apart.",
            lambda p, t: (p[0] < t) & (p[2] <= t), lambda p, t: (p[0] <= t) & (p[2] <= t)),
    ),
    hints=(
        "Which two of the three channels do you need? And what does each of them have to be?",
        "`probabilities[0]` is background and `probabilities[2]` is border. Compare each, and join the two masks with `&`; comparisons need parentheses then.",
        "`return (probabilities[___] < ___) & (probabilities[___] <= ___)`",
    ),
    solution_text="`return (probabilities[0] < 0.5) & (probabilities[2] <= threshold)`",
    praise="Two questions for each pixel: is it part of any cell, and is it unlikely to be a border? The second has a threshold that you can choose.",
)  # fmt: skip
