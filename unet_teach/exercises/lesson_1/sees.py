"""Lesson 1: the receptive field of two convolutions."""

from unet_teach.exercises.checks.numbers import equals, whole_numbers, wrong_number
from unet_teach.exercises.exercise import Exercise

sees = Exercise(
    name="sees",
    lesson=1,
    prompt="Two convolutions with kernel 5, stride 2 and padding 2, one after the other: how many pixels wide is the receptive field of one value?",
    checks=(
        whole_numbers(),
        equals(13, "The receptive field", lambda width: "One value of the first layer depends on 5 pixels. The second layer combines 5 such values, 2 pixels apart."),
    ),
    mistakes=(
        wrong_number("the kernels added", "10 is 5 + 5. The second layer combines five values: the first depends on 5 pixels, and how many new ones does each of the other four add?",
            10),
        wrong_number("stride forgotten", "9 is 5 + 4·1, which is right for stride 1. Here the stride is 2.",
            9),
        wrong_number("multiplied", "25 is 5 · 5. But the receptive fields of neighbours overlap, so many of those pixels are counted more than once.",
            25),
        wrong_number("one layer", "5 is the receptive field after the first layer. How much does the second one add?",
            5),
        wrong_number("kernel 3", "7 is right for kernel 3: 3 + 2·2. Here the kernel is 5.",
            7),
        wrong_number("the pitch", "4 is how far apart the receptive fields of two neighbouring outputs are. The question is how wide one of them is.",
            4),
        wrong_number("a third layer", "29 is right for three layers. Here there are two.", 29),
        wrong_number("one side", "6 is how far it reaches to one side. Count both sides, and the pixel in the middle.",
            6),
        wrong_number("an area", "169 is the area, 13 · 13. The question is how wide the square is.",
            169),
        wrong_number("the first value counted twice", "15 is 5 + 5·2. The second layer combines five values, but the first of them is the 5 already: only the other four add 2 pixels each.",
            15),
        wrong_number("the second stride as well", "21 is 5 + 4·4. But the values that the second layer combines are only 2 pixels apart: its own stride doesn't matter for a single output.",
            21),
    ),
    hints=(
        "One value of the first layer depends on 5 pixels, and so does its neighbour, 2 pixels further on. How many pixels is that together?",
        "The second layer combines five neighbours. The first of them depends on 5 pixels, and each of the other four adds as many new ones as the stride.",
        "5 + 4·___",
    ),
    solution_text="`13`, which is 5 + 4·2: five neighbours, 2 pixels apart, each with a receptive field of 5.",
    praise="5, then 13. Each halving doubles how much the next layer adds.",
)  # fmt: skip
