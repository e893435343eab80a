"""Lesson 2: make a layer that doubles height and width."""

from __future__ import annotations

from torch import nn

from unet_teach.exercises.checks.layers import channels_are, has_channels, is_layer
from unet_teach.exercises.checks.upsampling import (
    contains,
    doubling_problem,
    is_transposed,
    loses_its_border,
    output_shape,
    unused_problem,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake

double = Exercise(
    name="double",
    lesson=2,
    prompt="Make a layer that learns, takes 128 channels, makes 64, and doubles height and width.",
    checks=(
        is_layer("nn.ConvTranspose2d(…)"),
        channels_are(128, 64, nn.ConvTranspose2d, nn.Conv2d),
        Check("twice the size", lambda layer: doubling_problem(layer, 128, 64)),
        Check("all of it is used", lambda layer: unused_problem(layer, 128)),
    ),
    answers=(
        lambda: nn.ConvTranspose2d(128, 64, kernel_size=4, stride=2, padding=1),
        lambda: nn.ConvTranspose2d(128, 64, 3, stride=2, padding=1, output_padding=1),
        lambda: nn.ConvTranspose2d(128, 64, 2, stride=2),
        lambda: nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(128, 64, 3, padding=1)),
        lambda: nn.Sequential(nn.Conv2d(128, 256, 1), nn.PixelShuffle(2)),
        lambda: nn.LazyConvTranspose2d(64, 4, stride=2, padding=1),
    ),
    mistakes=(
        KnownMistake("channels swapped", "in_channels comes first: what arrives from below, where there are more channels.",
            lambda: nn.ConvTranspose2d(64, 128, 4, stride=2, padding=1),
            lambda a: isinstance(a, nn.ConvTranspose2d) and has_channels(a, 64, 128)),
        KnownMistake("channels not halved", "The map grows, so the network gives it fewer channels: out_channels=64.",
            lambda: nn.ConvTranspose2d(128, 128, 4, stride=2, padding=1),
            lambda a: isinstance(a, nn.ConvTranspose2d) and has_channels(a, 128, 128)),
        KnownMistake("a convolution", "A convolution's stride divides the size. Which layer's stride multiplies it?",
            lambda: nn.Conv2d(128, 64, 4, stride=2, padding=1), lambda a: isinstance(a, nn.Conv2d)),
        KnownMistake("an Upsample alone", "The size is right, but it has no weights: it cannot change the channels.",
            lambda: nn.Upsample(scale_factor=2),
            lambda a: isinstance(a, nn.Upsample) and output_shape(a, 128) == (1, 128, 16, 16)),
        KnownMistake("stride forgotten", "Each patch begins one cell after the last. Which parameter sets them two apart?",
            lambda: nn.ConvTranspose2d(128, 64, 4, padding=1),
            lambda a: is_transposed(a, lambda k, s, p, o: s == 1)),
        KnownMistake("stride too long", "The stride multiplies the size. A stride of 2 doubles.",
            lambda: nn.ConvTranspose2d(128, 64, 4, stride=4),
            lambda a: is_transposed(a, lambda k, s, p, o: s > 2)),
        KnownMistake("kernel smaller than the stride", "Patches of 1 cell, 2 apart, leave gaps. The kernel must be at least as wide as the stride.",
            lambda: nn.ConvTranspose2d(128, 64, 1, stride=2, output_padding=1),
            lambda a: is_transposed(a, lambda k, s, p, o: k < s)),
        KnownMistake("output_padding forgotten", "The last row and column are cropped away. What keeps them, or which kernel_size leaves none over?",
            lambda: nn.ConvTranspose2d(128, 64, 3, stride=2, padding=1),
            lambda a: is_transposed(a, lambda k, s, p, o: s == 2 and k - 2 * p == 1 and o == 0)),
        KnownMistake("output_padding too many", "This kernel and this padding double without help: leave output_padding out.",
            lambda: nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1, output_padding=1),
            lambda a: is_transposed(a, lambda k, s, p, o: o == 1 and k - 2 * p == 2)),
        KnownMistake("padding forgotten", "All that was painted is kept, and it is too much. Which parameter crops it?",
            lambda: nn.ConvTranspose2d(128, 64, 4, stride=2),
            lambda a: is_transposed(a, lambda k, s, p, o: s == 2 and k > 2 and p == 0)),
        KnownMistake("too much padding", "Too much is cropped: padding takes its rows from both sides, so it counts twice.",
            lambda: nn.ConvTranspose2d(128, 64, 4, stride=2, padding=2),
            lambda a: is_transposed(a, lambda k, s, p, o: s == 2 and k + o - 2 * p < 2)),
        KnownMistake("a wider kernel without more padding", "A wider patch has more to crop: how much more padding for this kernel_size?",
            lambda: nn.ConvTranspose2d(128, 64, 6, stride=2, padding=1),
            lambda a: is_transposed(a, lambda k, s, p, o: o < s == 2 and k - 2 * p > 2)),
        KnownMistake("a convolution without padding", "Upsample doubled it, the convolution lost the border. Which padding keeps the size?",
            lambda: nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(128, 64, 3)),
            lambda a: loses_its_border(a) and 8 < output_shape(a, 128)[2] < 16),
        KnownMistake("one fixed size", "It makes one size of every map. A network meets maps of many sizes.",
            lambda: nn.Sequential(nn.Upsample(size=(32, 32)), nn.Conv2d(128, 64, 1)),
            lambda a: output_shape(a, 128, 8) == output_shape(a, 128, 16)),
        KnownMistake("a shuffle of too few channels", "PixelShuffle(2) makes one channel of four: it has to be given four times the channels that are to come out.",
            lambda: nn.Sequential(nn.Conv2d(128, 64, 3, padding=1), nn.PixelShuffle(2)),
            lambda a: contains(a, nn.PixelShuffle) and output_shape(a, 128)[1] == 16),
    ),
    hints=(
        "Which parameter sets the patches two cells apart, so that the map doubles?",
        "The size is (H − 1)·stride + kernel_size − 2·padding + output_padding. With stride=2 and kernel_size=4, which padding leaves 2·H?",
        "`nn.ConvTranspose2d(___, ___, kernel_size=4, stride=___, padding=___)`",
    ),
    solution_text="`nn.ConvTranspose2d(128, 64, kernel_size=4, stride=2, padding=1)`: (16 − 1)·2 + 4 − 2 = 32. Others are right as well: kernel_size=2 without padding, or the document's.",
    praise="128 channels become 64, and every size is doubled, odd and rectangular ones as well.",
)  # fmt: skip
