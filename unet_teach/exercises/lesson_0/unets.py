"""Lesson 0: which of the six networks are U-Nets."""

from unet_teach.exercises.checks.multiple_choice import unets_among, wrong_letters
from unet_teach.exercises.exercise import Exercise

WHY_NOT = {
    "B": "B goes down and up, but has no skip connection.",
    "C": "C has shortcuts, but its feature maps never get smaller.",
    "D": "D goes down in three steps but up in a single one, so it is not symmetric.",
    "F": "F goes down but never comes up again.",
}

unets = Exercise(
    name="unets",
    lesson=0,
    prompt="Which of the six networks are U-Nets? Give their letters as text, such as 'BF'.",
    checks=unets_among("ABCDEF", "AE", WHY_NOT, why={}),
    mistakes=(
        wrong_letters("only cat", "A is one. Another has the same shape, but its skips are added instead of concatenated, and those are skip connections as well.",
            "A"),
        wrong_letters("only add", "E is one, and its skips are added. Which network has the same shape, but concatenates?",
            "E"),
        wrong_letters("no symmetry", "After one big step up, the decoder has no level where a skip from the middle of the encoder could arrive.",
            "ADE"),
        wrong_letters("all", "If all six were U-Nets, the word would mean nothing.",
            "ABCDEF"),
    ),
    hints=(
        "Take one criterion at a time. In which drawings does the path go down? Where does it come up again? Where does a dashed line lead across?",
        "Cross out those that miss a criterion: C never goes down, and F never comes up. Which one has no dashed line at all?",
        "`'A_'`: two of them meet all four criteria.",
    ),
    solution_text="`'AE'`: A concatenates its skips, E adds them. B has no skips, C never goes down, D comes up in a single step, and F never comes up.",
    praise="A and E meet all four criteria. Whether the skips are concatenated or added makes no difference to that.",
)  # fmt: skip
