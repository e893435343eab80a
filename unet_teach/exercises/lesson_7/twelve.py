"""Lesson 7: which of the twelve networks are U-Nets."""

from unet_teach.exercises.checks.multiple_choice import unets_among, wrong_letters
from unet_teach.exercises.exercise import Exercise

LETTERS = "ABCDEFGHIJKL"
UNETS = "ACEGIKL"
WHY_NOT = {
    "B": "B has an encoder and a decoder but no skips, so everything has to pass the bottleneck.",
    "D": "D ends with one number for each class, so there is no up-sampling at all.",
    "F": "F's decoder stops at a quarter of the height and is only stretched from there, so the encoder's feature map at 32×32 has no partner.",
    "H": "H goes back to full size in a single jump, and has no skips.",
    "J": "J's skips only carry the *positions* of the maxima, not a feature map.",
}
WHY = {
    "A": "Think of crops and convolutions without padding: they change the size of a feature map, but not its resolution.",
    "C": "Adding a skip is as good a way to join it as concatenating.",
    "E": "One of those you left out is by far the widest, with 512 channels. Width isn't a criterion.",
    "G": "Tokens can be merged and expanded as well. What counts is the resolution.",
    "I": "An input may have one dimension, like sound.",
    "K": "An input may have three dimensions, like a volume.",
    "L": "A skip may be added, and a decoder may interpolate. The criteria don't ask how.",
}


twelve = Exercise(
    name="twelve",
    lesson=7,
    prompt="Which of the twelve networks are U-Nets? Name their letters, such as 'BF'.",
    checks=unets_among(LETTERS, UNETS, WHY_NOT, WHY),
    mistakes=(
        wrong_letters("2D", "You left out tokens and sound. The criteria ask about resolution, and say nothing about the kind of data.",
            "ACEKL"),
        wrong_letters("a pyramid", "A decoder has to pass every level of its encoder. Count the levels on both sides.",
            "ACEFGIKL"),
        wrong_letters("all", "You named all twelve. Check the four criteria for each of them.",
            LETTERS),
        wrong_letters("only one", "You named E alone. Check the four criteria for each of the other networks as well.",
            "E"),
    ),
    hints=(
        "Cross out the networks that don't come back up to the resolution of their input level by level. Then cross out those without skips. Which ones are left?",
        "Sound, volumes and tokens count, and so do skips that are added. Skips that only carry the positions of maxima don't.",
        "`'AC_G__L'`: seven of the twelve meet all four criteria.",
    ),
    solution_text="`'ACEGIKL'`: B and J have no skips, D and H don't come back up level by level, and F stops at a quarter of the height.",
    praise="Seven of twelve. Tokens, sound and volumes count, and so do concatenating, adding and cropping.",
)  # fmt: skip
