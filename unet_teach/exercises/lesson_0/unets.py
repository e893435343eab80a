"""Lesson 0: which of the six networks are U-Nets."""

from __future__ import annotations

from unet_teach.exercises.checks.multiple_choice import unets_among, wrong_letters
from unet_teach.exercises.exercise import Exercise

WHY_NOT = {
    "B": "B goes down and up, but nothing crosses from one side to the other.",
    "C": "C has bridges, but its maps never become smaller.",
    "D": "D goes down in three steps and up in one: no level meets its partner.",
    "F": "F goes down and never comes up again.",
}

unets = Exercise(
    name="unets",
    lesson=0,
    prompt="Which of the six networks are U-Nets? Name their letters, such as 'BF'.",
    checks=unets_among("ABCDEF", "AE", WHY_NOT, why={}),
    answers=(
        lambda: "AE",
        lambda: "e, a",
        lambda: "A and E",
        lambda: {"A", "E"},
        lambda: ["A", "E"],
    ),
    mistakes=(
        wrong_letters("only cat", "Look for another whose bridges join by *adding*: that is a skip as well.",
            "A"),
        wrong_letters("only add", "And the one whose bridges lay the maps side by side?",
            "E"),
        wrong_letters("no skip needed", "An hourglass is no U yet: what would cross its middle?",
            "ABE"),
        wrong_letters("no down-sampling", "Bridges alone are not enough: where does C go down?",
            "ACE"),
        wrong_letters("no symmetry", "One jump up leaves no level for a bridge to arrive at.",
            "ADE"),
        wrong_letters("only the classifier left out", "B, C and D lack a mark or more, each. Which?",
            "ABCDE"),
        wrong_letters("all", "If all were, the word would mean nothing. Tick the marks off.",
            "ABCDEF"),
    ),
    hints=(
        "Take the marks one at a time. In which pictures does the path go down? Up? Across?",
        "Cross out those that lack a mark: no down (C), no up (F). Who has no bridge?",
        "`'A_'`: two of them have all four marks.",
    ),
    solution_text="`'AE'`: A joins by concatenating, E by adding. B has no skips, C never goes down, D comes up in one jump, F never comes up.",
    praise="A and E have all four marks. How they join, side by side or added, does not matter.",
)  # fmt: skip
