"""Exercise `rim_skip`: which skip carries the rim? Predict, then cut one after the other."""

from __future__ import annotations

from unet_teach.exercises.checks.numbers import equals, whole_numbers, wrong_number
from unet_teach.exercises.exercise import Exercise

# Every number is the shipped network's row in benchmarks/README.md, "Living U-Net".
rim_skip = Exercise(
    name="rim_skip",
    lesson=6,
    prompt="`trained_unet()` finds lines inside rings, 96×96 pixels, with three skips. Without any of them, its IoU falls from 0.81 to 0.36. Which level's skip carries the rim: which costs most IoU when you cut it alone? Give its level, a whole number.",
    checks=(
        whole_numbers(),
        equals(0, "The level", lambda level: "Cut each skip alone, `with cut(network, 0):`, and compare the IoU on the test images."),
    ),
    answers=(lambda: 0, lambda: 0.0, lambda: min(range(3))),
    mistakes=(
        wrong_number("the coarsest skip", "Level 2 is the coarsest skip. Its maps are 24×24, so each of their cells is 4 pixels wide, and the lines are 1 to 2. Without it, IoU falls by 0.01.",
            2),
        wrong_number("the one in the middle", "Level 1 has maps of 48×48, and each of their cells is 2 pixels wide: too coarse for the rim of a line. Without it, IoU falls from 0.81 to 0.80.",
            1),
        wrong_number("the bottleneck", "Level 3 is the bottleneck. It has no skip: everything there goes up through the decoder anyway.",
            3),
        wrong_number("the size of the finest maps", "96 is the size of that level's maps. Its number is how often they were halved.",
            96),
        wrong_number("the size of the middle maps", "48 is the size of maps after one halving. The question is for the level's number, and that level isn't the one.",
            48),
        wrong_number("the size of the coarsest maps", "24 is the size of maps after two halvings. The question is for the level's number, and that level isn't the one.",
            24),
        wrong_number("the channels", "6 is how many channels level 0 has. The question is for the number of the level.",
            6),
    ),
    hints=(
        "A line is 1 to 2 pixels wide. At which levels is a cell of a map no wider than that?",
        "Measure it: `with cut(network, 1): print(evaluate(network, data.test))`. Do the same for the other two skips.",
        "Only one level has cells as small as a pixel: its maps were halved ___ times.",
    ),
    solution_text="`0`: without that skip, IoU falls from 0.81 to 0.71; without one of the others, by 0.01.",
    praise="Level 0: its cells are pixels. Without that skip, IoU falls from 0.81 to 0.71, and without either of the others by 0.01.",
)  # fmt: skip
