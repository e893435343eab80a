"""Lesson 1: how many cells are the centre of a window."""

from unet_teach.exercises.checks.numbers import equals, whole_numbers, wrong_number
from unet_teach.exercises.exercise import Exercise


def _what_it_would_mean(count: float) -> str:
    if count in range(50, 400, 10):
        return f"There are 10 rows of windows, so {count:g} would mean {count // 10:g} columns. How many columns do you get from a width of 30?"  # fmt: skip
    if count in range(75, 600, 15):
        return f"There are 15 columns of windows, so {count:g} would mean {count // 15:g} rows. How many rows do you get from a height of 20?"  # fmt: skip
    return "Each output cell comes from one window, and each window has one centre. Count the rows and the columns of windows, and multiply."  # fmt: skip


centres = Exercise(
    name="centres",
    lesson=1,
    prompt="Kernel 3, stride 2 and padding 1 on a feature map of 20×30 cells: how many of its cells are centres?",
    checks=(
        whole_numbers(),
        equals(
            150, "The number of centres", _what_it_would_mean
        ),
    ),
    mistakes=(
        wrong_number("every cell", "600 is all of them. With stride 2 the window skips every other position, so most cells are never a centre.",
            600),
        wrong_number("every other cell", "450 of the 600 cells are not a centre. The question is how many are.", 450),
        wrong_number("the lesson's map", "256 = 16 · 16 belongs to the lesson's 32×32 feature map. This one is 20×30.", 256),
        wrong_number("one axis only", "You halved one axis only, but the stride of 2 applies to both.", 300),
        wrong_number("the sides added", "You added 10 and 15. There are 10 rows with 15 windows each: how many windows is that?",
            25),
        wrong_number("without padding", "That is the count without padding, where the first centre is cell 1; padding 1 moves it to cell 0. It is also the count without the formula's `+ 1`, which stands for the first position of the kernel.",
            9 * 14),
        wrong_number("without the stride", "That counts every position of the window on the feature map, one cell apart. Stride 2 uses every other row and every other column.",
            18 * 28),
        wrong_number("the padding as well", "That counts centres on the padding, but there are none: the first centre is cell 0, and the last are row 18 and column 28.",
            11 * 16),
    ),
    hints=(
        "Each output cell comes from one window, and each window has one centre. How many output cells are there?",
        "For the height, (20 + 2·1 − 3) // 2 + 1 = 10 rows of windows. How many columns are there?",
        "10 × ___",
    ),
    solution_text="`10 * 15`: one centre for each output cell, so 150 of the 600 cells: one in four.",
    praise="150 of 600: one cell in four is a centre. Still, every cell is covered by some window.",
)  # fmt: skip
