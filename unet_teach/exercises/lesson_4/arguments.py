"""Lesson 4: the arguments of the document's class."""

from __future__ import annotations

from typing import Any

from unet_teach.exercises.checks.numbers import equals, whole_numbers, wrong_number
from unet_teach.exercises.exercise import Exercise


def _explain(answer: Any) -> str:
    into, out = answer
    facts = {
        "in_channels": into == 3 or "as many as one pixel of the photograph has numbers",
        "out_channels": out == 5 or "as many as there are classes, one channel for each",
    }
    return " ".join(
        f"{name} is right." if fact is True else f"{name} should be {fact}."
        for name, fact in facts.items()
    )


arguments = Exercise(
    name="arguments",
    lesson=4,
    prompt="Colour photographs, each pixel one of 5 classes: which (in_channels, out_channels)?",
    checks=(
        whole_numbers(2),
        equals((3, 5), "The pair", _explain),
    ),
    answers=(lambda: (3, 5), lambda: [3, 5]),
    mistakes=(
        wrong_number("the document's", "No photograph has 64 channels: those are conv2's.",
            (64, 128)),
        wrong_number("swapped", "The other way round: in_channels is the picture's.", (5, 3)),
        wrong_number("grey", "A colour photograph has red, green and blue.", (1, 5)),
        wrong_number("a class map", "One channel answers yes or no. Each class needs its own.",
            (3, 1)),
        wrong_number("a background added", "The 5 classes are all there are; background is one.",
            (3, 6)),
        wrong_number("the first layer's", "64 is what conv1 makes. What leaves the *network*?",
            (3, 64)),
    ),
    hints=(
        "How many numbers does one pixel of a colour photograph hold?",
        "The output has one channel per class: how strongly each class is predicted.",
        "`(___, 5)`",
    ),
    solution_text="`(3, 5)`: red, green and blue go in, one channel per class comes out.",
    praise="Red, green and blue go in, one channel per class comes out. 64 and 128 belong inside the network.",
)  # fmt: skip
