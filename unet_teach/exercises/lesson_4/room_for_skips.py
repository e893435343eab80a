"""Lesson 4: how many skip connections the document's network has room for."""

from __future__ import annotations

from typing import Any

from unet_teach.exercises.checks.numbers import equals, whole_numbers, wrong_number
from unet_teach.exercises.exercise import Exercise


def _explain(answer: Any) -> str:
    return (
        "Count the resolutions that are met twice: a 32×32 image goes down to 4×4 in halvings, "
        "and up again to 32×32."
    )


room_for_skips = Exercise(
    name="room_for_skips",
    lesson=4,
    prompt="How many skip connections is there room for in the document's network?",
    checks=(
        whole_numbers(),
        equals(3, "The number of skips", _explain),
    ),
    answers=(lambda: 3, lambda: 3.0),
    mistakes=(
        wrong_number("as listed", "Four are listed. Which layer makes the 32 channels of skip4?",
            4),
        wrong_number("the full size forgotten", "conv1 makes a map as well, at the picture's own size.",
            2),
        wrong_number("the levels", "A skip joins two maps of one size. Count the sizes met twice.",
            5),
        wrong_number("both ends counted", "A skip has two ends: you counted each.", 6),
        wrong_number("all layers", "Those are the layers. A skip lies between two of them.", 8),
        wrong_number("one", "The bottom is one resolution; every resolution above it is met twice.",
            1),
    ),
    hints=(
        "Write the four sizes down on the way down, then the sizes on the way up.",
        "32×32 → 16×16 → 8×8 → 4×4 → 8×8 → 16×16 → 32×32: which sizes stand there twice?",
        "One skip for each halving: there are ___ halvings.",
    ),
    solution_text="`3`: three halvings (conv2, conv3, conv4), so three sizes are met twice. A fourth skip would need a fourth halving, and a layer with 32 channels.",
    praise="Three halvings, three skips. skip4 takes 32 channels that no layer makes: it goes.",
)  # fmt: skip
