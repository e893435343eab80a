"""Lesson 4: how many skip connections the document's network has room for."""

from unet_teach.exercises.checks.numbers import equals, whole_numbers, wrong_number
from unet_teach.exercises.exercise import Exercise

EXPLAINED = "A 32×32 image is halved down to 4×4 and doubled up to 32×32 again. Count the sizes that occur both in the encoder and in the decoder."

room_for_skips = Exercise(
    name="room_for_skips",
    lesson=4,
    prompt="How many skip connections does the document's network have room for?",
    checks=(
        whole_numbers(),
        equals(3, "The number of skips", lambda answer: EXPLAINED),
    ),
    mistakes=(
        wrong_number("as listed", "The document lists four. But skip4 takes 32 channels: which layer of the encoder returns 32?",
            4),
        wrong_number("the full size forgotten", "You left out one size. conv1 returns a feature map as well, at the full size of the image.",
            2),
        wrong_number("the levels", "A skip joins two feature maps of the same size. So count sizes instead of layers.",
            5),
        wrong_number("both ends counted", "You counted both ends of each skip.", 6),
        wrong_number("all layers", "8 is the number of layers. A skip joins one of the encoder and one of the decoder.", 8),
        wrong_number("one", "There is more room. Every resolution above the bottleneck occurs twice, once in the encoder and once in the decoder.",
            1),
    ),
    hints=(
        "Write the sizes of the encoder's feature maps in a row, followed by those of the decoder.",
        "32×32 → 16×16 → 8×8 → 4×4 → 8×8 → 16×16 → 32×32: which sizes occur twice?",
        "One skip for each halving: there are ___ halvings.",
    ),
    solution_text="`3`: three halvings (conv2, conv3, conv4), so three sizes occur twice. A fourth skip would need a fourth halving, and skip4 a layer that returns 32 channels.",
    praise="Three halvings, so three skips. No layer returns the 32 channels that skip4 takes, so it can be removed.",
)  # fmt: skip
