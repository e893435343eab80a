"""Exercise of lesson 8: for which smallest shift a U-Net is equivariant."""

from unet_teach.exercises.checks.formulas import computes
from unet_teach.exercises.checks.functions import Probes, is_function
from unet_teach.exercises.exercise import Exercise

DEPTHS = [(depth,) for depth in (*range(1, 7), 0)]


known = Probes(lambda: DEPTHS[:-1])

repeats_after = Exercise(
    name="repeats_after",
    lesson=8,
    prompt="If you shift an image, a U-Net's output doesn't always shift with it. What is the smallest shift, in pixels, for which it does with any weights? `depth` counts the halvings.",
    checks=(
        is_function("repeats_after(depth)"),
        computes(lambda depth: 2**depth, "repeats_after", DEPTHS),
    ),
    mistakes=(
        known.mistake("2·depth", "Each halving *doubles* how many pixels one step covers: 2, 4, 8, … It doesn't add 2.",
            lambda depth: 2 * depth),
        known.mistake("depth", "That's the number of halvings. How many pixels of the image does one step in the bottleneck cover?",
            lambda depth: depth),
        known.mistake("1", "1 is right for convolutions alone. Max-pooling combines pixels 0 and 1, then 2 and 3. If you shift the image by 1, it combines different pixels.",
            lambda depth: 1),
        known.mistake("one halving too few", "You count one halving too few. The last one combines pairs as well.",
            lambda depth: 2 ** (depth - 1)),
        known.mistake("one halving too many", "Half of that is enough. `depth` counts the halvings, so there are `depth + 1` resolutions but only `depth` max-poolings.",
            lambda depth: 2 ** (depth + 1)),
        known.mistake("the 8 of the lesson's network", "8 is right for the lesson's network, which has three halvings. What is it for another depth?",
            lambda depth: 8),
        known.mistake("^ for a power", "In Python, `2 ^ depth` isn't a power: `^` flips bits. Write `2**depth`.",
            lambda depth: 2 ^ depth),
        known.mistake("an area", "That's the area of a bottleneck cell in pixels. The shift goes in one direction, so you need its width.",
            lambda depth: 4**depth),
        known.mistake("3 for 2", "You multiply by 3 for each halving, which is the kernel of a convolution. A max-pooling by 2 combines 2 pixels, so it is 2.",
            lambda depth: 3**depth),
        known.mistake("the halo", "That has to do with how far the receptive field reaches. Whether the output shifts with the image depends on something else: which pixels does each max-pooling combine?",
            lambda depth: 6 * 2**depth - 2, lambda depth: 6 * 2**depth - 4, lambda depth: 14 * 2**depth - 9),
        known.mistake("squared", "That's `depth` times itself. Each halving *doubles* how many pixels one step covers, so 2 is multiplied with itself `depth` times.",
            lambda depth: depth**2),
        known.mistake("the receptive field", "That's how far the receptive field reaches to one side. Whether the output shifts depends on something else: do the same pixels stay together in each max-pooling?",
            lambda depth: 7 * 2**depth - 5),
    ),
    hints=(
        "Max-pooling combines pixels 0 and 1, 2 and 3, 4 and 5. Does it combine the same pixels after a shift by 1? And by 2?",
        "After two max-poolings, pixels 0 to 3 are combined into one. By how much do you have to shift now, so that the same four stay together?",
        "`return ___ ** depth`",
    ),
    solution_text="`return 2 ** depth`: one step in the bottleneck.",
    praise="2**depth pixels, which is one step in the bottleneck. So tiles that start at its multiples are halved at the same places as the whole image.",
)  # fmt: skip
