"""Lesson 2: double a feature map without a checkerboard."""

from torch import nn

from unet_teach.exercises.checks.layers import has_channels, is_layer
from unet_teach.exercises.checks.networks import Hidden, StudentNetworks
from unet_teach.exercises.checks.upsampling import (
    contains,
    doubling_problem,
    is_transposed,
    output_shape,
    overlap_problem,
    unevenness,
    unused_problem,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake

SIZE, MIXED = "8 channels and twice the size", "every channel mixed"  # what two of the checks hold


def _has_document_window(answer: nn.Module) -> bool:
    """Whether a transposed convolution has kernel 3 and stride 2 along an axis."""
    layers = [part for part in answer.modules() if isinstance(part, nn.ConvTranspose2d)]
    return any((3, 2) in zip(a.kernel_size, a.stride, strict=True) for a in layers)


layers = StudentNetworks(lambda answer: answer, size=(7, 9), channels=8)


def _layer() -> nn.Module:
    return nn.ConvTranspose2d(8, 8, 2, stride=2)


even_overlap = Exercise(
    name="even_overlap",
    lesson=2,
    prompt="Make a layer that doubles height and width without a checkerboard: 8 channels in, 8 out, mixed by learned weights.",
    checks=(
        layers.first_check("a layer", is_layer("nn.ConvTranspose2d(…)").problem),
        Check(SIZE, lambda module: doubling_problem(module, 8, 8)),
        layers.registers_its_weights(),
        Check(MIXED, lambda module: unused_problem(module, 8, is_mixed=True)),
        Check("an even overlap", overlap_problem),
    ),
    mistakes=(
        *layers.unregistered_layers(lambda: Hidden(_layer), lambda: Hidden(_layer, in_forward=True)),
        KnownMistake("the document's channels", "Those are the document's channels. In this exercise 8 go in and 8 come out.",
            lambda: nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1),
            lambda a: isinstance(a, nn.ConvTranspose2d) and has_channels(a, 128, 64)),
        KnownMistake("a convolution to smooth it", "A layer after it can blur the pattern, but doesn't remove it. Change the layer that makes it: which kernel_size overlaps evenly?",
            lambda: nn.Sequential(nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1, output_padding=1), nn.Conv2d(8, 8, 3, padding=1)),
            lambda a: contains(a, nn.ConvTranspose2d) and len(list(a.modules())) > 2 and unevenness(a) > 1.01),
        KnownMistake("kernel smaller than the stride", "Patches of 1 cell that start 2 cells apart leave three cells in four empty. How large must the kernel be to fill the gaps evenly?",
            lambda: nn.ConvTranspose2d(8, 8, 1, stride=2, output_padding=1),
            lambda a: is_transposed(a, lambda k, s, p, o: (k, s) == (1, 2))),
        KnownMistake("dilation", "`dilation` puts the patch's cells so far apart that they fall into the same rows and columns again, and the cells between stay empty. Leave it out.",
            lambda: nn.ConvTranspose2d(8, 8, 3, stride=2, padding=2, output_padding=1, dilation=2),
            lambda a: isinstance(a, nn.ConvTranspose2d) and a.dilation[0] % a.stride[0] == 0, at=MIXED),
        KnownMistake("the document's kernel", "With kernel 3 and stride 2, every second row or column gets two patches and the others one. Which kernel_size overlaps evenly?",
            lambda: nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1, output_padding=1),
            lambda a: is_transposed(a, lambda k, s, p, o: True) and _has_document_window(a) and 1.99 < unevenness(a) < 2.01),
        KnownMistake("a larger odd kernel", "A larger kernel makes the pattern weaker, but it disappears only if kernel_size is a multiple of the stride.",
            lambda: nn.ConvTranspose2d(8, 8, 5, stride=2, padding=2, output_padding=1),
            lambda a: is_transposed(a, lambda k, s, p, o: s == 2) and 1.01 < unevenness(a) < 1.99),
        KnownMistake("one kernel a channel", "`groups` keeps the channels apart, so they are not mixed. Leave it out.",
            lambda: nn.ConvTranspose2d(8, 8, 2, stride=2, groups=8),
            lambda a: any(getattr(part, "groups", 1) > 1 for part in a.modules()), at=MIXED),
        KnownMistake("an Upsample alone", "Copying or blending makes no pattern, but it has no weights that could learn. Which layer can you put after it?",
            lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
            lambda a: output_shape(a, 8) == (1, 8, 16, 16) and not list(a.parameters())),
        KnownMistake("a shuffle of too few channels", "PixelShuffle(2) turns four channels into one. How many channels does the convolution before it have to return?",
            lambda: nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.PixelShuffle(2)),
            lambda a: contains(a, nn.PixelShuffle) and output_shape(a, 8)[1] == 2),
    ),
    hints=(
        "A patch has kernel_size rows, and a new one starts every stride rows. When do all rows get the same number of patches?",
        "There are two ways: a kernel_size that is a multiple of the stride, or doubling without weights followed by a convolution with stride 1.",
        "`nn.ConvTranspose2d(8, 8, kernel_size=___, stride=2, padding=___)`, or in `nn.Sequential`: `nn.Upsample(scale_factor=___)`, then `nn.Conv2d(8, 8, 3, padding=___)`",
    ),
    solution_text="`nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(8, 8, kernel_size=3, padding=1))`, or `nn.ConvTranspose2d(8, 8, kernel_size=2, stride=2)`, or kernel_size=4 with padding=1.",
    praise="With equal weights, a flat feature map stays flat away from the border, because every cell gets as many patches as the others. Training makes weights unequal, though: where even and odd cells use different weights, as in a transposed convolution, a network can still learn a pattern.",
)  # fmt: skip
