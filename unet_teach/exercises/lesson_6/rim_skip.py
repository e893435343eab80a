"""Exercise `rim_skip` of lesson 6: which skip matters most? Predict, then cut one after the other."""

from unet_teach.exercises.checks.numbers import equals, whole_numbers, wrong_number
from unet_teach.exercises.exercise import Exercise

# Every number is the shipped network's row in benchmarks/README.md, "Living U-Net".
rim_skip = Exercise(
    name="rim_skip",
    lesson=6,
    prompt="`trained_unet()` marks lines inside rings, with skips at 96×96, 48×48 and 24×24. With all of them cut, its IoU on the test images falls from 0.81 to 0.36. Which one matters most: which costs most IoU when you cut it alone? Give the height of its feature maps: 96, 48 or 24.",
    checks=(
        whole_numbers(),
        equals(96, "The height", lambda height: 'Cut each skip alone, such as `with cut(whole, "48×48"):`, and compare the IoU on the test images.'),
    ),
    mistakes=(
        wrong_number("the coarsest skip", "At 24×24, each cell of a feature map is 4 pixels wide, and the lines are only 1 to 2. Without this skip, IoU falls by 0.01. Which skip has cells as small as a line is wide?",
            24),
        wrong_number("the one in the middle", "At 48×48, each cell of a feature map is 2 pixels wide, which is too coarse for thin lines. Without this skip, IoU falls from 0.81 to 0.80. Cut the other two as well, and compare.",
            48),
        wrong_number("the bottleneck", "The feature maps at 12×12 are the bottleneck. There is no skip to cut: everything there goes up through the decoder anyway. Try the three levels above it.",
            12),
        wrong_number("a level's number", "0 is the level's number, and it's the right level. How high are its feature maps?",
            0),
        wrong_number("the number of the middle level", "Level 1 has feature maps of 48×48, too coarse for thin lines. Cut the other two as well, and give the height of the feature maps.",
            1),
        wrong_number("the number of the coarsest level", "Level 2 has feature maps of 24×24, far too coarse for thin lines. Cut the other two as well, and give the height of the feature maps.",
            2),
        wrong_number("the channels", "6 is how many channels a level has. The question is for the height of its feature maps: 96, 48 or 24.",
            6),
    ),
    hints=(
        "A line is 1 to 2 pixels wide. At which level is a cell of a feature map no wider than that?",
        'Measure it: `with cut(whole, "48×48"): print(evaluate(whole, images))`. Do the same for the other two skips.',
        "Only one level has cells as small as a pixel: its feature maps are as high as the image, which is ___ pixels.",
    ),
    solution_text="`96`: without that skip, IoU falls from 0.81 to 0.71; without one of the others, by 0.01.",
    praise="Its cells are pixels, so this skip says on which pixels a line runs. Without it, IoU falls from 0.81 to 0.71, and without either of the others by 0.01.",
)  # fmt: skip
