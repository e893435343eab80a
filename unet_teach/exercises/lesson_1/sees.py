"""Lesson 1: the receptive field of two convolutions."""

from __future__ import annotations

from unet_teach.exercises.checks.numbers import equals, whole_numbers, wrong_number
from unet_teach.exercises.exercise import Exercise

sees = Exercise(
    name="sees",
    lesson=1,
    prompt="Two convolutions, each kernel 5, stride 2, padding 2, one after the other: how wide is the receptive field of one output cell?",
    checks=(
        whole_numbers(),
        equals(13, "The receptive field", lambda width: "Each cell of the first layer sees 5 pixels. The second looks at 5 such cells, 2 pixels apart."),
    ),
    answers=(lambda: 13, lambda: 5 + 4 * 2),
    mistakes=(
        wrong_number("the kernels added", "10 would be 5 + 5. How much do four of the five cells add to the first one's 5?",
            10),
        wrong_number("stride forgotten", "9 is 5 + 4·1, as with stride 1.",
            9),
        wrong_number("multiplied", "Windows of neighbours overlap, so the widths do not multiply.",
            25),
        wrong_number("one layer", "5 is the first layer's alone.",
            5),
        wrong_number("kernel 3", "That is with kernel 3: 3, then 3 + 2·2. Here the kernel is 5.",
            7),
        wrong_number("the pitch", "4 is how far two neighbouring outputs stand apart. How wide is one?",
            4),
        wrong_number("a third layer", "That is with three layers. Here there are two.", 29),
        wrong_number("one side", "That is how far it sees to one side of the middle. The question is how wide: both sides and the middle.",
            6),
        wrong_number("an area", "That is an area, 13 · 13. The question is how wide the square is.",
            169),
        wrong_number("the second stride as well", "21 is 5 + 4·4. Only the first layer's stride is below those cells; the second's moves its own window.",
            21),
    ),
    hints=(
        "One output of the first layer sees 5. Its neighbour sees 5 as well, 2 cells further on. How wide do two neighbours see together?",
        "Five neighbours: the first sees 5, and each of the other four adds the step of its layer.",
        "5 + 4·___",
    ),
    solution_text="`13`, which is 5 + 4·2: five neighbours, 2 pixels apart, each 5 wide.",
    praise="5, then 13. Each halving doubles what the next layer adds.",
)  # fmt: skip
