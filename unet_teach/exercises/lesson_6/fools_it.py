"""Exercise `fools_it`: paint an image that fools the network, scored by the rule that made its data."""

from functools import cache
from math import hypot, isfinite
from typing import Any, NamedTuple

import numpy as np
import torch

from unet_teach.exercises.exercise import Check, Exercise, KnownMistake
from unet_teach.exercises.plain_values import is_number, plain
from unet_teach.segmentation import iou, predict, trained_unet
from unet_teach.segmentation.data.synthetic import CONTRAST, GROUND, SIDE, Scene, draw_scene

LEAST_PIXELS = 20  # of foreground: with fewer, one wrong pixel decides
LARGEST_IOU = 0.5
MOST_STROKES = 60
LEAST_SHOWN = 0.1  # of the outline of a ring: with less, nobody sees that it is one
FOOLED = "an image that fools it"
NUMBERS = {"ring": 3, "line": 4}
Strokes = list[tuple[Any, ...]]
CROSSING = [("line", 20, 0, 70, 95), ("line", 60, 0, 30, 95)]
BIG = [("ring", 48, 48, 40), *CROSSING]


class Painted(NamedTuple):
    """What becomes of an image: pixels that are foreground, that are found, and the IoU."""

    foreground: int
    found: int
    iou: float


def painted(answer: Any) -> Painted:
    """Draw strokes on an even background, and let the network find the lines inside rings."""
    return _painted(tuple(tuple(map(plain, stroke)) for stroke in answer))


@cache
def _painted(strokes: tuple[tuple[Any, ...], ...]) -> Painted:
    rings = [stroke[1:] for stroke in strokes if stroke[0] == "ring"]
    segments = [stroke[1:] for stroke in strokes if stroke[0] == "line"]
    drawn = draw_scene(Scene(rings=rings, segments=segments))
    image = torch.from_numpy((GROUND + CONTRAST * drawn.strokes).astype("f4"))[None]
    mask = torch.from_numpy(np.ascontiguousarray(drawn.mask))[None]
    found = predict(trained_unet(), image)
    return Painted(int(mask.sum()), int(found.sum()), iou(found, mask))


def _form_problem(answer: Any) -> str | None:
    wanted = 'Wanted: a list of strokes, such as [("ring", 48, 48, 20), ("line", 20, 0, 70, 95)]'
    if not isinstance(answer, list | tuple):
        advice = " Give its strokes: `….strokes`." if hasattr(answer, "strokes") else ""
        return f"{wanted}. This is of type {type(answer).__name__}.{advice}"
    if answer and isinstance(answer[0], str) and answer[0] in NUMBERS:
        told = f"{wanted}. This is a single stroke: put it into a list"
        is_whole = len(answer) == 1 + NUMBERS[answer[0]]
        return (
            f"{told}, [{answer!r:.60}], beside others."
            if is_whole
            else f"{told}, beside others, with all its numbers."
        )
    if len(answer) > MOST_STROKES:
        return f"{wanted}, at most {MOST_STROKES}. These are {len(answer)}."
    for stroke in answer:
        kind, *numbers = stroke if isinstance(stroke, list | tuple) and stroke else [stroke]
        if not isinstance(kind, str) or len(numbers) != NUMBERS.get(kind, -1):
            return f"{wanted}. {repr(stroke)[:60]} is neither (\"ring\", row, column, radius) nor (\"line\", row, column, row, column)."  # fmt: skip
        for number in map(plain, numbers):
            if not (is_number(number) and isfinite(number) and abs(number) <= 10 * SIDE):
                return f"{wanted}. In {str(stroke)[:60]}, {number!r:.20} is not a number of pixels from {-10 * SIDE} to {10 * SIDE}."  # fmt: skip
    return _measure_problem([[stroke[0], *map(plain, stroke[1:])] for stroke in answer])


def _measure_problem(strokes: list[list[Any]]) -> str | None:
    """Say which stroke can't be seen for what it is."""
    largest = max((abs(number) for stroke in strokes for number in stroke[1:]), default=SIDE)
    if 0 < largest <= 1:
        return f"Your largest number is {largest:g}. Places and radii are in pixels of the {SIDE}×{SIDE} image, not in parts of it."
    for kind, *numbers in strokes:
        stroke = str((kind, *numbers))
        if kind == "line" and hypot(numbers[2] - numbers[0], numbers[3] - numbers[1]) < 1:
            return f"{stroke} begins and ends at the same point. A line needs two ends: row, column, row, column."
        if kind == "ring" and numbers[2] <= 0:
            return (
                f"{stroke} has a radius of {numbers[2]:g}. A radius is a number of pixels above 0."
            )
        if kind == "ring" and _hides(*numbers):
            return f"Of {stroke}, next to nothing is on the image, which has rows and columns 0 to {SIDE - 1}. Its inside is, but nobody can see that. Make the ring smaller, or move it."
    return None


def _hides(row: float, column: float, radius: float) -> bool:
    """Whether a ring has pixels of the image inside, but hardly any of its outline on the image."""
    nearest = hypot(*(x - min(max(x, 0), SIDE - 1) for x in (row, column)))
    angles = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    points = np.array([row + radius * np.sin(angles), column + radius * np.cos(angles)])
    shown = ((points >= 0) & (points <= SIDE - 1)).all(0).mean()
    return bool(nearest < radius and shown < LEAST_SHOWN)


def _foreground_problem(answer: Any) -> str | None:
    count = painted(answer).foreground
    if count >= LEAST_PIXELS:
        return None
    pixels = "1 pixel is" if count == 1 else f"{count} pixels are"
    return f"By the rule, {pixels} foreground, and {LEAST_PIXELS} are needed: lines, inside a ring."  # fmt: skip


def _score_problem(answer: Any) -> str | None:
    made = painted(answer)
    if made.iou < LARGEST_IOU:
        return None
    return f"The network is right here: it finds {made.found} pixels where {made.foreground} are foreground, an IoU of {made.iou:.2f}. It has to fall below {LARGEST_IOU}."  # fmt: skip


def _kinds(answer: Strokes) -> set[str]:
    return {stroke[0] for stroke in answer}


def _radii(answer: Strokes) -> list[float]:
    return [plain(stroke[3]) for stroke in answer if stroke[0] == "ring"]


def _about_radii(answer: Strokes) -> str:
    radii = " and ".join(f"{radius:g}" for radius in sorted({*_radii(answer)}))
    return f"Your rings have a radius of {radii}, and the network still finds what is inside. In training it was 13 to 22 for every ring, so go further beyond that."


fools_it = Exercise(
    name="fools_it",
    lesson=6,
    prompt='Paint an image on which `trained_unet()` fails although you can see the answer: its IoU has to fall below 0.5. Give the strokes, ("ring", row, column, radius) and ("line", row, column, row, column), in pixels of 96×96, or paint in `SeeInside` and give its `strokes`.',
    checks=(
        Check("strokes", _form_problem),
        Check("enough foreground by the rule", _foreground_problem),
        Check(FOOLED, _score_problem, _about_radii),
    ),
    mistakes=(
        KnownMistake("nothing painted", "The image is empty. Paint a ring, and lines that cross it.",
            list, lambda a: not a),
        KnownMistake("the eraser", "What the eraser leaves is not known by the rule, so such an image can't be scored. Paint it with rings and lines alone.",
            lambda: [("erase", 40, 40, 50, 50), *BIG], lambda a: "erase" in _kinds(a)),
        KnownMistake("lines alone", "There is no ring. A line is foreground only inside one, so all of it is background.",
            lambda: CROSSING, lambda a: _kinds(a) == {"line"}),
        KnownMistake("rings alone", "There is no line. A ring itself is never foreground.",
            lambda: [("ring", 48, 48, 40)], lambda a: _kinds(a) == {"ring"}),
        KnownMistake("lines beside the rings", "Within the image, no line passes through a ring: all of them are background, and the network may well see that.",
            lambda: [("ring", 30, 30, 15), ("line", 80, 0, 80, 95)], lambda a: _kinds(a) == {"line", "ring"} and painted(a).foreground == 0, at="enough foreground by the rule"),
        KnownMistake("as in training", "All your rings have a radius of 13 to 22, as all had in training. What did the network never see?",
            lambda: [("ring", 48, 48, 20), *CROSSING], lambda a: all(13 <= r <= 22 for r in _radii(a)), at=FOOLED,
            more_examples=(lambda: [("ring", 25, 25, 16), ("ring", 65, 65, 20), ("line", 0, 0, 95, 95), ("line", 25, 0, 25, 95)],)),
        KnownMistake("rings too small to matter", "Your rings are smaller than those of the training, and the network still sees them whole. Change them in the other direction.",
            lambda: [("ring", 48, 48, 9), *CROSSING], lambda a: all(r < 13 for r in _radii(a)), at=FOOLED),
    ),
    hints=(
        "The network decides whether a pixel is inside a ring from what it sees around it. How would you paint a ring that it can't recognise?",
        "In training, the radius of every ring was 13 to 22 pixels. Keep the lines, and change the ring.",
        '[("ring", 48, 48, ___), ("line", 20, 0, 70, 95), ("line", 60, 0, 30, 95)]',
    ),
    solution_text='`[("ring", 48, 48, 40), ("line", 20, 0, 70, 95), ("line", 60, 0, 30, 95)]`: no ring of the training was larger than 22 pixels in radius, and here the network finds nothing at all.',
    praise="Fooled. You see at once what is inside, because you know what a ring is; the network knows the rings it was trained on. It learned what was in the data, and not the rule that made them.",
)  # fmt: skip
