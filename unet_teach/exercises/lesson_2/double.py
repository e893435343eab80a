"""Lesson 2: make a layer that doubles height and width."""

from torch import nn

from unet_teach.exercises.checks.layers import channels_are, has_channels, is_layer
from unet_teach.exercises.checks.networks import Hidden, StudentNetworks
from unet_teach.exercises.checks.upsampling import (
    contains,
    doubling_problem,
    is_transposed,
    output_shape,
    unused_problem,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake

USED = "every output cell and every input is used"  # what a check holds
layers = StudentNetworks(lambda answer: answer, size=(7, 9), channels=128)


def _layer() -> nn.Module:
    return nn.ConvTranspose2d(128, 64, 2, stride=2)


double = Exercise(
    name="double",
    lesson=2,
    prompt="Make a layer that learns, takes 128 channels, returns 64, and doubles height and width.",
    checks=(
        layers.first_check("a layer", is_layer("nn.ConvTranspose2d(…)").problem),
        channels_are(128, 64, nn.ConvTranspose2d, nn.Conv2d),
        Check("twice the size", lambda layer: doubling_problem(layer, 128, 64)),
        layers.registers_its_weights(),
        Check(USED, lambda layer: unused_problem(layer, 128)),
    ),
    mistakes=(
        *layers.unregistered_layers(lambda: Hidden(_layer), lambda: Hidden(_layer, in_forward=True)),
        KnownMistake("channels swapped", "You swapped the channels: in_channels, which the layer takes, comes before out_channels, which it returns.",
            lambda: nn.ConvTranspose2d(64, 128, 4, stride=2, padding=1),
            lambda a: isinstance(a, nn.ConvTranspose2d) and has_channels(a, 64, 128)),
        KnownMistake("channels not halved", "The exercise asks for half as many channels, because the feature map gets larger. Which argument sets how many come out?",
            lambda: nn.ConvTranspose2d(128, 128, 4, stride=2, padding=1),
            lambda a: isinstance(a, nn.ConvTranspose2d) and has_channels(a, 128, 128)),
        KnownMistake("a convolution", "That is a convolution, whose stride divides the size. Which layer's stride multiplies it?",
            lambda: nn.Conv2d(128, 64, 4, stride=2, padding=1), lambda a: isinstance(a, nn.Conv2d)),
        KnownMistake("an Upsample alone", "The size is right, but `nn.Upsample` has no weights, so it can't change the number of channels. Which layer could follow it?",
            lambda: nn.Upsample(scale_factor=2),
            lambda a: isinstance(a, nn.Upsample) and output_shape(a, 128) == (1, 128, 16, 16)),
        KnownMistake("kernel smaller than the stride", "Patches of 1 cell that start 2 cells apart leave gaps between them. How large must the kernel be to fill them?",
            lambda: nn.ConvTranspose2d(128, 64, 1, stride=2, output_padding=1),
            lambda a: is_transposed(a, lambda k, s, p, o: k < s)),
        KnownMistake("dilation", "`dilation` puts the patch's cells so far apart that they fall into the same rows and columns again, and the cells between stay empty. Leave it out.",
            lambda: nn.ConvTranspose2d(128, 64, 3, stride=2, padding=2, output_padding=1, dilation=2),
            lambda a: isinstance(a, nn.ConvTranspose2d) and a.dilation[0] % a.stride[0] == 0, at=USED),
        KnownMistake("output_padding forgotten", "The last row and column are cropped. Which parameter keeps them? Or which kernel_size makes that unnecessary?",
            lambda: nn.ConvTranspose2d(128, 64, 3, stride=2, padding=1),
            lambda a: is_transposed(a, lambda k, s, p, o: s == 2 and k - 2 * p == 1 and o == 0)),
        KnownMistake("output_padding too many", "This kernel and padding double the size already, so output_padding=1 adds a row and a column too many. Leave it out.",
            lambda: nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1, output_padding=1),
            lambda a: is_transposed(a, lambda k, s, p, o: o == 1 and k - 2 * p == 2)),
        KnownMistake("too much padding", "That is too much padding. It crops both sides, so each 1 makes the output 2 smaller. Try less.",
            lambda: nn.ConvTranspose2d(128, 64, 4, stride=2, padding=2),
            lambda a: is_transposed(a, lambda k, s, p, o: s == 2 and k + o - 2 * p < 2)),
        KnownMistake("a wider kernel without more padding", "A larger kernel scatters larger patches, so there is more to crop. How much padding does this kernel_size need?",
            lambda: nn.ConvTranspose2d(128, 64, 6, stride=2, padding=1),
            lambda a: is_transposed(a, lambda k, s, p, o: o < s == 2 and k - 2 * p > 2)),
        KnownMistake("a shuffle of too few channels", "PixelShuffle(2) turns four channels into one. How many channels does the convolution before it have to return?",
            lambda: nn.Sequential(nn.Conv2d(128, 64, 3, padding=1), nn.PixelShuffle(2)),
            lambda a: contains(a, nn.PixelShuffle) and output_shape(a, 128)[1] == 16),
    ),
    hints=(
        "Which parameter says how far apart the patches start, so that the size doubles?",
        "The output size is (H − 1)·stride + kernel_size − 2·padding + output_padding. With stride=2 and kernel_size=4, which padding gives 2·H?",
        "`nn.ConvTranspose2d(___, ___, kernel_size=4, stride=___, padding=___)`",
    ),
    solution_text="`nn.ConvTranspose2d(128, 64, kernel_size=4, stride=2, padding=1)`: (16 − 1)·2 + 4 − 2 = 32. Other layers are right as well, such as kernel_size=2 without padding, or the document's.",
    praise="128 channels become 64, and every height and width is doubled, odd ones as well.",
)  # fmt: skip
