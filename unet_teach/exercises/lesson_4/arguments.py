"""Lesson 4: the arguments of the document's class."""

from typing import Any

from unet_teach.exercises.checks.numbers import equals, whole_numbers, wrong_number
from unet_teach.exercises.exercise import Exercise


def _explain(answer: Any) -> str:
    in_channels, out_channels = answer
    facts = (
        "in_channels is right."
        if in_channels == 3
        else "in_channels should be the number of values that one pixel of the photo has.",
        "out_channels is right."
        if out_channels == 5
        else "out_channels should be the number of classes.",
    )
    return " ".join(facts)


arguments = Exercise(
    name="arguments",
    lesson=4,
    prompt="The network gets colour photos and assigns each pixel to one of 5 classes. What are (in_channels, out_channels)?",
    checks=(
        whole_numbers(2),
        equals((3, 5), "The pair", _explain),
    ),
    mistakes=(
        wrong_number("the document's", "64 and 128 are the channels of conv2, inside the network. A photo doesn't have 64 channels: how many does it have?",
            (64, 128)),
        wrong_number("swapped", "You have them the wrong way round: in_channels belongs to the image, out_channels to the classes.", (5, 3)),
        wrong_number("grey", "One channel is right for grey images. What does a colour photo have?", (1, 5)),
        wrong_number("a class map", "A single channel is enough for a yes-or-no question. With 5 classes, each needs a channel of its own.",
            (3, 1)),
        wrong_number("a background added", "You added one for the background. But each pixel belongs to one of the 5 classes, so nothing has to be added.",
            (3, 6)),
        wrong_number("how bright a pixel can be", "256 is how many levels each colour of a pixel can have. How many colours are there?",
            (256, 5)),
        wrong_number("the brightest value", "255 is the largest value that each colour of a pixel can have. How many colours are there?",
            (255, 5)),
        wrong_number("the first layer's", "64 is what conv1 returns. What should the whole network return?",
            (3, 64)),
    ),
    hints=(
        "How many numbers does one pixel of a colour photo have?",
        "The output has one channel for each class. How many classes are there?",
        "`(___, 5)`",
    ),
    solution_text="`(3, 5)`: red, green and blue go in, one channel per class comes out.",
    praise="Red, green and blue go in, and one channel per class comes out. 64 and 128 belong inside the network.",
)  # fmt: skip
