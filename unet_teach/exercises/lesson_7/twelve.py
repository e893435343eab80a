"""Lesson 7: which of the twelve networks are U-Nets."""

from __future__ import annotations

from unet_teach.exercises.checks.multiple_choice import unets_among, wrong_letters
from unet_teach.exercises.exercise import Exercise

LETTERS = "ABCDEFGHIJKL"
UNETS = "ACEGIKL"
WHY_NOT = {
    "B": "B goes down and up; all that the top learns has to pass the bottom.",
    "D": "D ends with one number a class: nothing comes up again.",
    "F": "F comes up to a quarter of the height and is stretched from there: its map of 32×32 has "
    "no partner.",
    "H": "H comes up in one leap, and nothing crosses.",
    "J": "J sends the *places* of its maxima across, no map: what was seen there stays behind.",
}
WHY = {
    "A": "Crops and convolutions without padding change sizes, not the resolution.",
    "C": "It adds what comes across. That is a way to join as well.",
    "E": "It is by far the widest: 512 channels. Width is no mark.",
    "G": "Tokens can be merged and expanded too. What matters is what happens to the places.",
    "I": "A picture may have one dimension: sound.",
    "K": "A picture may have three dimensions: a volume.",
    "L": "It adds, and interpolates on its way up. Both are as good as any other way.",
}


twelve = Exercise(
    name="twelve",
    lesson=7,
    prompt="Which of the twelve networks are U-Nets? Name their letters, such as 'BF'.",
    checks=unets_among(LETTERS, UNETS, WHY_NOT, WHY),
    answers=(
        lambda: UNETS,
        lambda: set(UNETS),
        lambda: "l, k, i, g, e, c, a",
        lambda: "A, C, E, G, I, K and L",
    ),
    mistakes=(
        wrong_letters("2D", "Are tokens or sound a reason against it? The marks speak of places.",
            "ACEKL"),
        wrong_letters("no adding", "C and L join by adding: that is a skip as well.",
            "AEGIK"),
        wrong_letters("a pyramid", "Half of the way up is no way up: count its levels.",
            "ACEFGIKL"),
        wrong_letters("places as a skip", "Where a maximum was is a place, not a map.",
            "ACEGIJKL"),
        wrong_letters("hourglasses", "An hourglass has no skip at all.",
            "ABCEGIJKL"),
        wrong_letters("all", "If all were, the word would mean nothing.",
            LETTERS),
        wrong_letters("only one", "More than the one with the name: look for the marks.",
            "E"),
    ),
    hints=(
        "Cross out those that end far from the top. Then those where nothing crosses. Who is left?",
        "Adding counts; sound, volumes and tokens count. What does not: the places of maxima.",
        "`'AC_G__L'`: seven of them have all four marks.",
    ),
    solution_text="`'ACEGIKL'`: B and J have no skips, D and H do not come up level by level, F stops at a quarter of the height.",
    praise="Seven of twelve: tokens, sound and volumes, cat and add, crops and all.",
)  # fmt: skip
