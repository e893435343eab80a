"""Finds the formula behind a wrong score of masks: which count is divided by which."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import product
from operator import itemgetter
from statistics import fmean, median
from typing import Any

import torch
from torch import Tensor

from unet_teach.exercises.checks.functions import alike
from unet_teach.exercises.checks.ratios import ratio_in_words

Pair = tuple[Tensor, Tensor]  # boolean masks (N, 1, H, W): prediction and target
Counts = dict[str, int]
Formula = Callable[[Counts], float]

RIGHT = "the pixels in both, divided by the pixels in either"
FEWEST = 3  # different scores that a formula has to give: one alone could be chance


def counts(prediction: Tensor, target: Tensor) -> Counts:
    """Count the pixels of two boolean masks in every way in which a score might."""
    both, either = int((prediction & target).sum()), int((prediction | target).sum())
    first, second = int(prediction.sum()), int(target.sum())
    pixels = (prediction & target).numel()
    return {
        "the pixels in both": both,
        "the pixels in either": either,
        "twice the pixels in both": 2 * both,
        "the pixels of the prediction": first,
        "the pixels of the target": second,
        "the pixels of the prediction plus those of the target": first + second,
        "the pixels in the prediction only": first - both,
        "the pixels in the target only": second - both,
        "the pixels in only one of the two": either - both,
        "the pixels in neither": pixels - either,
        "the pixels not in both": pixels - both,
        "the pixels on which the two agree": pixels - either + both,
        "the pixels outside the prediction": pixels - first,
        "the pixels outside the target": pixels - second,
        "the difference between the pixels of the prediction and those of the target": abs(
            first - second
        ),
        "the pixels of the prediction times those of the target": first * second,
        "the pixels of the larger mask": max(first, second),
        "the pixels of the smaller mask": min(first, second),
        "all pixels": pixels,
    }


_NAMES = tuple(counts(torch.ones(1).bool(), torch.ones(1).bool()))


def _ratio(above: str, below: str) -> Formula:
    return lambda count: count[above] / count[below] if count[below] else math.nan


_IOU = _ratio("the pixels in both", "the pixels in either")
_BACKGROUND_IOU = _ratio("the pixels in neither", "the pixels not in both")


def _formulas() -> Iterator[tuple[str, Formula]]:
    precision = _ratio("the pixels in both", "the pixels of the prediction")
    recall = _ratio("the pixels in both", "the pixels of the target")
    yield "precision, the pixels in both divided by the pixels of the prediction", precision
    yield "recall, the pixels in both divided by the pixels of the target", recall
    yield "the mean of precision and recall", lambda count: (precision(count) + recall(count)) / 2
    for above, below in product(_NAMES, _NAMES):
        if above != below:
            yield f"{above}, divided by {below}", _ratio(above, below)
    yield (
        "the mean of two IoUs, that of the foreground and that of the background",
        lambda count: (_IOU(count) + _BACKGROUND_IOU(count)) / 2,
    )
    yield from ((name, itemgetter(name)) for name in _NAMES)


# How the images of a batch become one score; the first takes them as one large image.
_OVER_IMAGES: tuple[tuple[str, Callable[[list[float]], float]], ...] = (
    ("", lambda scores: scores[0]),
    ("the mean over the images of ", fmean),
    ("the score of the first image alone: ", lambda scores: scores[0]),
    ("the score of the last image alone: ", lambda scores: scores[-1]),
    ("the median over the images of ", median),
    ("the highest score of an image: ", max),
    ("the lowest score of an image: ", min),
    ("the sum over the images of ", sum),
)
_AFTERWARDS: tuple[tuple[str, Callable[[float], float]], ...] = (
    ("{}", lambda score: score),
    ("1 minus ({})", lambda score: 1 - score),
    ("100 times ({})", lambda score: 100 * score),
    ("minus ({})", lambda score: -score),
    *(
        (f"({{}}), rounded to {digits} digit{'s' * (digits > 1)}", partial(round, ndigits=digits))
        for digits in (2, 1, 3)
    ),
)
_PARTS: dict[str, Callable[[Tensor], Sequence[Tensor]]] = {  # into which a batch may be cut
    "all rows of all images": lambda masks: masks.flatten(0, -2).unbind(),
    "batches of 2 images": partial(torch.split, split_size_or_sections=2),
    "batches of 3 images": partial(torch.split, split_size_or_sections=3),
}


def formula_of(scores: Sequence[Any], pairs: Sequence[Pair], *, sums: bool = True) -> str | None:
    """Name the formula that gives all these scores; `None` if none does.

    Args:
        scores: what an answer returned for each pair; `None` where it returned no number.
        pairs: masks, different enough that no two formulas agree on all of them.
        sums: whether sums and differences of two counts are tried as well, which takes 50 ms.
    """
    known = [(s, p) for s, p in zip(scores, pairs, strict=True) if isinstance(s, int | float)]
    if len({round(score, 6) for score, _ in known}) < FEWEST:
        return None
    counted = [
        ([counts(*pair)], [counts(a[None], t[None]) for a, t in zip(*pair, strict=True)])
        for _, pair in known
    ]
    right = [(RIGHT, _IOU)]
    for formulas in (right, list(_formulas())):
        for (later, change), (over, pool) in product(_AFTERWARDS, _OVER_IMAGES):
            if later != "{}" and over:
                continue
            for name, formula in formulas:
                if all(
                    _same(score, change(pool(list(map(formula, images if over else batch)))))
                    for (score, _), (batch, images) in zip(known, counted, strict=True)
                ):
                    return later.format(f"{over}{name}")
    for name, cut in _PARTS.items():
        if all(_same(s, _mean_over(zip(*map(cut, pair), strict=True))) for s, pair in known):
            return f"the mean over {name} of {RIGHT}"
    pooled, numbers = [batch[0] for batch, _ in counted], [score for score, _ in known]
    if (smoothed := _smoothed(numbers, pooled)) or not sums:
        return smoothed
    by_name = {name: [count[name] for count in pooled] for name in _NAMES}
    return ratio_in_words(numbers, by_name, (_NAMES[0], _NAMES[1]))


def _mean_over(parts: Iterable[Pair]) -> float:
    return fmean(_IOU(counts(*part)) for part in parts)


def _same(score: float, other: float) -> bool:
    """Whether two scores are the same; what is divided by 0 may be infinite or NaN."""
    return alike(score, other) or (other != other and not math.isfinite(score))


def _smoothed(scores: Sequence[float], counted: Sequence[Counts]) -> str | None:
    """Name a number that is added above and below, or below alone."""
    both, either = ([count[name] for count in counted] for name in _NAMES[:2])
    twice = [
        (b - s * e) / (s - 1) if s != 1 else math.nan
        for s, b, e in zip(scores, both, either, strict=True)
    ]
    below = [b / s - e if s else math.nan for s, b, e in zip(scores, both, either, strict=True)]
    for added, where in ((twice, "to numerator and denominator"), (below, "to the denominator")):
        if 1e-3 < added[0] < 100 and all(abs(a - added[0]) < 1e-2 * added[0] for a in added):
            return f"the IoU with {added[0]:.3g} added {where}"
    return None
