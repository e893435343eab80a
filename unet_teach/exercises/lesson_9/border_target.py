"""Exercise `border_target` of lesson 9: numbered cells become background, inside and border."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises.checks.functions import Case, Function, Probes
from unet_teach.exercises.checks.masks import (
    first_wrong_pixel,
    input_changed,
    tensor_of,
    three_checks,
)
from unet_teach.exercises.exercise import Exercise, KnownMistake

BEYOND = 1000  # what background counts as where the smallest number is sought

KNOWN = {
    "two cells that touch": [[0, 3, 3, 3, 3, 5, 5, 5, 5, 0]] * 2 + [[0, 0, 3, 3, 3, 5, 5, 5, 0, 0]],
    "two cells with a gap of one pixel": [[0, 4, 4, 4, 0, 2, 2, 2, 0]] * 3 + [[0] * 9],
    "a cell alone": [[0, 0, 0, 0, 0, 0], [0, 0, 7, 7, 0, 0], [0, 0, 7, 7, 0, 0]],
    "no cell": [[0] * 6] * 3,
    "two cells numbered 1 and 2": [[0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 0]] * 3,
}  # fmt: skip


Inputs = tuple[Tensor, Tensor, Tensor]


def _inputs(labels: Tensor) -> Inputs:
    """Return numbered cells (1, H, W) with the largest and smallest number in each 5×5 square."""
    filled = labels.where(labels > 0, float(BEYOND))
    largest = F.max_pool2d(labels, 5, stride=1, padding=2)
    return labels, largest, -F.max_pool2d(-filled, 5, stride=1, padding=2)


def _known_cases() -> list[Case]:
    return [
        Case(f"On {name}", _inputs(torch.tensor(rows)[None].float()))
        for name, rows in KNOWN.items()
    ]


def _cases() -> list[Case]:
    fresh = torch.randint(0, 6, (1, 7, 9)).float() * (torch.rand(1, 7, 9) < 0.2)
    return [*_known_cases(), Case("On random cells", _inputs(fresh))]


def _target(labels: Tensor, largest: Tensor, smallest: Tensor) -> Tensor:
    return torch.where(smallest < largest, 2, (labels > 0).long())


def _wrong_pixel(inputs: Inputs, place: tuple[int, ...], pixel: Tensor) -> str:
    label, largest, smallest = (int(each[place]) for each in inputs)
    square = f"largest {largest}, smallest {_smallest(smallest)}"
    return f"the one in row {place[1]}, column {place[2]} has label {label} ({square} around it) and becomes {pixel.item():g}, but it should become {int(_target(*inputs)[place])}"


SITUATIONS: dict[str, Callable[[int, int, int], bool]] = {  # of label, largest and smallest
    "background far from any cell": lambda label, largest, smallest: largest == 0,
    "background near one cell": lambda label, largest, smallest: not label and 0 < largest == smallest,
    "background near two cells": lambda label, largest, smallest: not label and largest > smallest,
    "a cell's pixel near no other cell": lambda label, largest, smallest: label > 0 and largest == smallest,
    "a cell's pixel near another cell": lambda label, largest, smallest: label > 0 and largest > smallest,
}  # fmt: skip


def _which_pixels(answer: Function) -> str:
    """Say what each kind of pixel becomes, if it becomes something wrong."""
    became: dict[str, dict[tuple[int, int, int], set[float]]] = {name: {} for name in SITUATIONS}
    for case in _known_cases():
        output = case.run(answer)
        numbers = [each.flatten().long().tolist() for each in case.inputs]
        for *key, value in zip(*numbers, output.flatten().tolist(), strict=True):
            name = next(name for name, holds in SITUATIONS.items() if holds(*key))
            became[name].setdefault((key[0], key[1], key[2]), set()).add(value)
    wrong, here_and_there = [], ""
    for (name, found), target in zip(became.items(), (0, 0, 2, 1, 2), strict=True):
        values = sorted(set.union(*found.values()))
        if values != [target]:
            shown = " or ".join(f"{value:g}" for value in values)
            wrong.append(f"{name} becomes {shown}, but it should become {target}")
        right = [key for key, some in found.items() if some == {target}]
        mixed = [key for key, some in found.items() if len(some) > 1]
        if mixed:
            here_and_there = f" Pixels with the same three numbers (label {mixed[0][0]}, largest {mixed[0][1]}, smallest {_smallest(mixed[0][2])}) become one thing here and another there. The 5×5 square is already in `largest` and `smallest`, so each pixel's own three numbers are enough."
        elif right and len(values) > 1:
            other = next(key for key in found if key not in right)
            such = [f"label {k[0]}, largest {k[1]} and smallest {_smallest(k[2])}" for k in (right[0], other)]  # fmt: skip
            wrong[-1] += f" (right with {such[0]}, wrong with {such[1]})"
    return f"In the known cases, {'; '.join(wrong)}.{here_and_there}" if wrong else ""


def _smallest(number: int) -> str:
    return "none" if number == BEYOND else str(number)


known = Probes(_known_cases)

border_target = Exercise(
    name="border_target",
    lesson=9,
    prompt="Turn numbered cells (1, H, W) into a target of whole numbers (of an integer type, such as `torch.long`): 0 for background, 1 inside a cell, and 2 where the 5×5 square around a pixel holds two cells. `largest` and `smallest` are the largest and smallest cell number in that square; without any cell they are 0 and 1000.",
    checks=three_checks("three_classes(labels, largest, smallest)", "whole numbers", tensor_of(lambda x: not x.is_floating_point() and x.dtype != torch.bool, ", but class numbers should be whole numbers, such as torch.long"), _target, _cases, _which_pixels, first_wrong_pixel(_target, _wrong_pixel, "target")),
    mistakes=(
        input_changed("Your function overwrites a tensor that it was given, and the numbered cells are still needed to count them. `torch.where` makes a new tensor instead.",
            lambda a, b, c: a.copy_(_target(a, b, c)).long(), lambda: _known_cases()[0].inputs),
        known.mistake("background is border", "You compare `largest` and `smallest` with `!=`, and without any cell around a pixel they are 0 and 1000. So most of the background becomes border. On which side of each other are the two numbers if there are two cells?",
            lambda a, b, c: torch.where(b != c, 2, (a > 0).long())),
        known.mistake("one cell is border", "With a single cell in the square, `largest` and `smallest` are equal, and that is no border. Two cells have two numbers, so one of the two is smaller than the other.",
            lambda a, b, c: torch.where(c <= b, 2, (a > 0).long())),
        known.mistake("compared the wrong way round", "Where `smallest` is above `largest` there is no cell at all, because they are 1000 and 0 then. With two cells in the square it's the other way round. If your comparison is right, the two results of `torch.where` are in the wrong order.",
            lambda a, b, c: torch.where(c > b, 2, (a > 0).long()), lambda a, b, c: torch.where(c >= b, 2, (a > 0).long()), at="its values"),
        known.mistake("the pixel's own number compared", "You compare the pixel's own number with `largest` or `smallest`. In a cell that has the larger (or smaller) number of the two, both are the same. Compare `smallest` with `largest`: they differ where there are two cells, whatever the pixel itself is.",
            *(lambda a, b, c, keep=keep, where=where: torch.where(where(a, b, c) & keep(a), 2, (a > 0).long())
              for keep in (lambda a: a >= 0, lambda a: a > 0)
              for where in (lambda a, b, c: a != b, lambda a, b, c: a < b, lambda a, b, c: a != c, lambda a, b, c: a > c)), at="its values"),
        known.mistake("border inside cells only", "Between two cells with a narrow gap, the pixels of the gap stay background in your target. They should be border too, because they are what keeps the cells apart.",
            lambda a, b, c: torch.where((c < b) & (a > 0), 2, (a > 0).long())),
        known.mistake("border in the gap only", "Your border is only where the label is 0. Where two cells touch there is no such pixel, so nothing separates them.",
            lambda a, b, c: torch.where((c < b) & (a == 0), 2, (a > 0).long())),
        known.mistake("numbers of the classes swapped", "Your classes 1 and 2 are swapped. Inside is 1 and border is 2, in the order of the network's channels.",
            lambda a, b, c: torch.where(c < b, 1, 2 * (a > 0).long())),
        known.mistake("numbers of the cells kept", "Pixels inside a cell still have the cell's number. The class is 1 in every cell, because a network can't learn numbers that somebody dealt out at random.",
            lambda a, b, c: torch.where(c < b, 2, a.long())),
        known.mistake("floats, not whole numbers", "The classes are right, but as floats. Cross-entropy takes class numbers as whole numbers: convert with `.long()`.",
            lambda a, b, c: torch.where(c < b, 2.0, (a > 0).float()), at="whole numbers"),
        KnownMistake("a channel for each class", "You return one channel for each class. A target holds class numbers instead, 0, 1 or 2, in the shape (1, H, W): that's what `F.cross_entropy` takes.",
            lambda: lambda a, b, c: torch.stack([_target(a, b, c) == n for n in range(3)]), lambda answer: all(case.run(answer).numel() == 3 * case.inputs[0].numel() for case in _known_cases())),
        known.mistake("no inside", "Your target has only 0 and 2, or a border without the cells. Start from `(labels > 0)`, which is 1 inside every cell.",
            lambda a, b, c: 2 * (c < b).long(), lambda a, b, c: (c < b).long()),
    ),
    hints=(
        "If only one cell is in the square, `largest` and `smallest` are equal. What if there are two? And what if there is none?",
        "`torch.where(condition, 2, otherwise)` puts a 2 where the condition holds. What is left is 1 inside a cell and 0 elsewhere.",
        "`return torch.where(smallest ___ largest, 2, (labels ___ ___).long())`",
    ),
    solution_text="`return torch.where(smallest < largest, 2, (labels > 0).long())`. Without a cell, smallest is 1000, so the background stays 0.",
    praise="Three classes: where two cells share a square, there's a border between them, in the cells as well as in the gap.",
)  # fmt: skip
