"""The exercises of lesson 0, How do you know if it's a U-Net?"""

from __future__ import annotations

from typing import Any

from unet_teach.exercises.checks.functions import exactly, said, whole_numbers
from unet_teach.exercises.checks.multiple_choice import names, which
from unet_teach.exercises.exercise import Exercise, Rung, Slip

WHY_NOT = {
    "B": "B goes down and up, but nothing crosses from one side to the other.",
    "C": "C has bridges, but its maps never become smaller.",
    "D": "D goes down in three steps and up in one: no level meets its partner.",
    "F": "F goes down and never comes up again.",
}
UNETS = "AE"
LETTERS = "ABCDEF"


def _countable_fault(times: Any) -> str | None:
    return None if times >= 0 else f"{times} times: nothing can be done less than 0 times."


def _halved(times: Any) -> str:
    left = 96 / 2 ** min(times, 99)
    what = f"{left:g} are left" if left >= 1 else "less than one pixel is left"
    return f"Halve 96 {times:g} times, and {what}."


halvings = Exercise(
    name="halvings",
    lesson=0,
    prompt="A picture of 96×96 goes in, and at the bottom of the U its map is 12×12. How often was "
    "it halved?",
    ladder=(
        Rung("a whole number", lambda n: whole_numbers().fault(n) or _countable_fault(n)),
        exactly(3, "The number of halvings", _halved),
    ),
    answers=(lambda: 3, lambda: 3.0),
    slips=(
        said("the factor", 8, "96 / 12 = 8 is how much smaller it is. Asked is in how many steps."),
        said("the sizes counted", 4, "96, 48, 24, 12 are four sizes. Count the steps between."),
        said(
            "the size", 12, "12 is the size to arrive at. How often do you halve 96 to get there?"
        ),
        said("the difference", 84, "84 is the difference. Halving divides, it does not take away."),
        said("one too few", 2, "One step more."),
    ),
    hints=(
        "What is half of 96? And half of that?",
        "Write the sizes in a row, 96 → 48 → …, until 12. Count the arrows.",
        "`2 ** ___ == 96 // 12`",
    ),
    solution_text="`3`: 96 → 48 → 24 → 12.",
    praise="96 → 48 → 24 → 12: three halvings. We say that the network has a depth of 3.",
)


def _names(named: str, says: str, name: str) -> Slip:
    return names(named, LETTERS, says, name)


unets = Exercise(
    name="unets",
    lesson=0,
    prompt="Which of the six networks are U-Nets? Name their letters, such as 'BF'.",
    ladder=tuple(which(UNETS, LETTERS, WHY_NOT, {})),
    answers=(
        lambda: "AE",
        lambda: "e, a",
        lambda: "A and E",
        lambda: {"A", "E"},
        lambda: ["A", "E"],
    ),
    slips=(
        _names(
            "A",
            "Look for another whose bridges join by *adding*: that is a skip as well.",
            "only cat",
        ),
        _names("E", "And the one whose bridges lay the maps side by side?", "only add"),
        _names("ABE", "An hourglass is no U yet: what would cross its middle?", "no skip needed"),
        _names("ACE", "Bridges alone are not enough: where does C go down?", "no down-sampling"),
        _names("ADE", "One jump up leaves no level for a bridge to arrive at.", "no symmetry"),
        _names(
            "ABCDE", "B, C and D lack a mark or more, each. Which?", "only the classifier left out"
        ),
        _names("ABCDEF", "If all were, the word would mean nothing. Tick the marks off.", "all"),
    ),
    hints=(
        "Take the marks one at a time. In which pictures does the path go down? Up? Across?",
        "Cross out those that lack a mark: no down (C), no up (F). Who has no bridge?",
        "`'A_'`: two of them have all four marks.",
    ),
    solution_text="`'AE'`: A joins by concatenating, E by adding. B has no skips, C never goes "
    "down, D comes up in one jump, F never comes up.",
    praise="A and E have all four marks. How they join, side by side or added, does not matter.",
)
