"""Finds the formula behind a wrong score of masks: which count is divided by which."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from operator import itemgetter
from statistics import fmean, median
from typing import Any

import torch
from torch import Tensor

from unet_teach.exercises.checks.functions import alike

Pair = tuple[Tensor, Tensor]  # boolean masks (N, 1, H, W): the answer and the truth
Counts = dict[str, int]
Formula = Callable[[Counts], float]

RIGHT = "the pixels in both, divided by the pixels in either"
FEWEST = 3  # different scores that a formula has to give: one alone could be chance


def counts(answer: Tensor, truth: Tensor) -> Counts:
    """Count the pixels of two boolean masks in every way in which a score might."""
    both, either = int((answer & truth).sum()), int((answer | truth).sum())
    first, second, pixels = int(answer.sum()), int(truth.sum()), (answer & truth).numel()
    return {
        "the pixels in both": both,
        "the pixels in either": either,
        "twice the pixels in both": 2 * both,
        "the pixels of the answer": first,
        "the pixels of the truth": second,
        "the pixels of the answer plus those of the truth": first + second,
        "the pixels of the answer alone": first - both,
        "the pixels of the truth alone": second - both,
        "the pixels in only one of the two": either - both,
        "the pixels in neither": pixels - either,
        "the pixels not in both": pixels - both,
        "the pixels on which the two agree": pixels - either + both,
        "the pixels outside the answer": pixels - first,
        "the pixels outside the truth": pixels - second,
        "the difference between the pixels of the answer and those of the truth": abs(
            first - second
        ),
        "the pixels of the larger mask": max(first, second),
        "the pixels of the smaller mask": min(first, second),
        "all pixels": pixels,
    }


_NAMES = tuple(counts(torch.ones(1).bool(), torch.ones(1).bool()))


def _ratio(above: str, below: str) -> Formula:
    return lambda count: count[above] / count[below] if count[below] else math.nan


_IOU = _ratio("the pixels in both", "the pixels in either")
_GROUND_IOU = _ratio("the pixels in neither", "the pixels not in both")


def _formulas() -> Iterator[tuple[str, Formula]]:
    for above, below in product(_NAMES, _NAMES):
        if above != below:
            yield f"{above}, divided by {below}", _ratio(above, below)
    precision = _ratio("the pixels in both", "the pixels of the answer")
    recall = _ratio("the pixels in both", "the pixels of the truth")
    yield "the mean of precision and recall", lambda count: (precision(count) + recall(count)) / 2
    yield (
        "the mean of two IoUs, the foreground's and the ground's",
        lambda count: (_IOU(count) + _GROUND_IOU(count)) / 2,
    )
    yield from ((name, itemgetter(name)) for name in _NAMES)


# How the images of a batch become one score; the first takes them as one large image.
_OVER_IMAGES: tuple[tuple[str, Callable[[list[float]], float]], ...] = (
    ("", lambda scores: scores[0]),
    ("the mean over the images, each scored alone: ", fmean),
    ("the median over the images, each scored alone: ", median),
    ("the score of the first image alone: ", lambda scores: scores[0]),
    ("the score of the last image alone: ", lambda scores: scores[-1]),
    ("the sum over the images, each scored alone: ", sum),
    ("the highest score of an image: ", max),
    ("the lowest score of an image: ", min),
)
_AFTERWARDS: tuple[tuple[str, Callable[[float], float]], ...] = (
    ("", lambda score: score),
    ("1 minus ", lambda score: 1 - score),
    ("100 times ", lambda score: 100 * score),
    ("minus ", lambda score: -score),
    ("the square of ", lambda score: score**2),
    ("the square root of ", lambda score: abs(score) ** 0.5),
    *(
        (f"rounded to {digits} digit{'s' * (digits > 1)}: ", partial(round, ndigits=digits))
        for digits in (2, 1, 3)
    ),
)


def formula_of(
    scores: Sequence[Any], pairs: Sequence[Pair], *, iou_alone: bool = False
) -> str | None:
    """Name the formula that gives all these scores; `None` if none does.

    Args:
        scores: what an answer returned for each pair; `None` where it returned no number.
        pairs: masks, different enough that no two formulas agree on all of them.
        iou_alone: whether to try the IoU alone, of the batch and of its images.
    """
    known = [(s, p) for s, p in zip(scores, pairs, strict=True) if isinstance(s, int | float)]
    if len({round(score, 6) for score, _ in known}) < FEWEST:
        return None
    counted = [
        ([counts(*pair)], [counts(a[None], t[None]) for a, t in zip(*pair, strict=True)])
        for _, pair in known
    ]
    right = [(RIGHT, _IOU)]
    for formulas in (right, [] if iou_alone else list(_formulas())):
        for (later, change), (over, pool) in product(_AFTERWARDS, _OVER_IMAGES):
            if later and over:
                continue
            for name, formula in formulas:
                if all(
                    _same(score, change(pool(list(map(formula, images if over else batch)))))
                    for (score, _), (batch, images) in zip(known, counted, strict=True)
                ):
                    return f"{later}({name})" if later else f"{over}{name}"
    if all(
        one.shape == other.shape and _same(s, _mean_of_rows(one, other))
        for s, (one, other) in known
    ):
        return f"the mean over the rows of all images, each scored alone: {RIGHT}"
    return _smoothed([score for score, _ in known], [pooled[0] for pooled, _ in counted])


def _mean_of_rows(answer: Tensor, truth: Tensor) -> float:
    rows = zip(answer.flatten(0, -2), truth.flatten(0, -2), strict=True)
    return fmean(_IOU(counts(*row)) for row in rows)


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
    for added, where in ((twice, "above and below"), (below, "below")):
        if 1e-3 < added[0] < 100 and all(abs(a - added[0]) < 1e-2 * added[0] for a in added):
            return f"the IoU with {added[0]:.3g} added {where} the fraction line"
    return None
