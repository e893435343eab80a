"""Lesson 1: make a layer that halves height and width."""

from typing import Any

from torch import nn

from unet_teach.exercises.checks.layers import (
    channels_are,
    constant_problem,
    has_channels,
    is_layer,
    random_sizes,
    size_problem,
    window,
)
from unet_teach.exercises.checks.upsampling import output_shape
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake


def _halving_problem(layer: nn.Module) -> str | None:
    """Say on which even size the layer does not halve height and width."""
    even = [(2 * height, 2 * width) for height, width in random_sizes(7, 3, 20)]
    return size_problem(
        layer, (64, 128), [(32, 32), (6, 10), *even], lambda size: size // 2, nn.Conv2d
    )


def _is_the_documents(layer: nn.Module) -> str | None:
    """Refuse the layer that lesson 1 has just explained: the exercise asks for another."""
    convs = [part for part in layer.modules() if isinstance(part, nn.Conv2d)]
    if len(convs) == 1 and all(window(convs[0], axis) == (3, 2, 1, 0, 1) for axis in (0, 1)):
        return "Your layer does halve, but it is the document's layer: kernel_size=3, stride=2, padding=1. Choose another kernel_size, such as 5. Which padding does that need?"  # fmt: skip
    return None


def _uncovered(layer: Any) -> list[int]:
    """By how many cells a window of stride 2 is wider than its padding on both sides, per axis.

    With 1 or 2 an even size is halved; with more there is too little padding, with less too much.
    """
    axes = [window(layer, axis) for axis in (0, 1) if isinstance(layer, nn.Conv2d)]
    return [d * (k - 1) + 1 - 2 * p for k, s, p, _, d in axes if s == 2]


halve = Exercise(
    name="halve",
    lesson=1,
    prompt="Make a layer other than the document's that takes 64 channels, returns 128, and halves any even height and width.",
    checks=(
        is_layer("nn.Conv2d(…)"),
        channels_are(64, 128, nn.Conv2d),
        Check("half the size", _halving_problem),
        Check("an output that depends on the input", lambda layer: constant_problem(layer, 64)),
        Check("another layer than the document's", _is_the_documents),
    ),
    mistakes=(
        KnownMistake("channels swapped", "You swapped the channels: in_channels, which the layer takes, comes before out_channels, which it returns.",
            lambda: nn.Conv2d(128, 64, 3, stride=2, padding=1),
            lambda a: isinstance(a, nn.Conv2d) and has_channels(a, 128, 64)),
        KnownMistake("channels not doubled", "The exercise asks for twice as many channels, because the feature map gets smaller. Which argument sets how many come out?",
            lambda: nn.Conv2d(64, 64, 3, stride=2, padding=1),
            lambda a: isinstance(a, nn.Conv2d) and has_channels(a, 64, 64)),
        KnownMistake("a transposed convolution", "That is a transposed convolution, for which stride=2 doubles the size. You'll need it in lesson 2; here, use `nn.Conv2d`.",
            lambda: nn.ConvTranspose2d(64, 128, 3, stride=2, padding=1, output_padding=1),
            lambda a: isinstance(a, nn.ConvTranspose2d)),
        KnownMistake("a pool alone", "The size is right, but pooling has no weights, so it can't change the number of channels. Which layer can?",
            lambda: nn.MaxPool2d(2),
            lambda a: isinstance(a, nn.MaxPool2d | nn.AvgPool2d) and output_shape(a, 64) == (1, 64, 4, 4)),
        KnownMistake("no stride", "Your kernel moves one pixel at a time. Which parameter makes it skip every other position?",
            lambda: nn.Conv2d(64, 128, 3, padding=1),
            lambda a: isinstance(a, nn.Conv2d) and a.stride == (1, 1)),
        KnownMistake("padding forgotten", "Without a border, the kernel fits into one position fewer. Which parameter adds a border?",
            lambda: nn.Conv2d(64, 128, 3, stride=2),
            lambda a: isinstance(a, nn.Conv2d) and window(a) == (3, 2, 0, 0, 1) == window(a, 1)),
        KnownMistake("too much padding", "That is too much padding. It is added on both sides, so each 1 makes the input 2 larger. Try less.",
            lambda: nn.Conv2d(64, 128, 3, stride=2, padding=2),
            lambda a: min(_uncovered(a)) < 1, more_examples=(lambda: nn.Conv2d(64, 128, 5, stride=2, padding=3),)),
        KnownMistake("a wider kernel without more padding", "A larger kernel fits into fewer positions, so it needs a wider border. How much padding does this kernel_size need?",
            lambda: nn.Conv2d(64, 128, 5, stride=2, padding=1),
            lambda a: max(_uncovered(a)) > 2),
    ),
    hints=(
        "Three parameters decide the output size. Which one says how far the kernel moves at each step?",
        "The output size is (H + 2·padding − kernel_size) // stride + 1. With kernel_size=5 and stride=2, which padding turns 32 into 16?",
        "`nn.Conv2d(64, ___, kernel_size=5, stride=___, padding=___)`",
    ),
    solution_text="`nn.Conv2d(64, 128, kernel_size=5, stride=2, padding=2)`: (32 + 2·2 − 5) // 2 + 1 = 16. Other layers are right as well, such as kernel_size=4 with padding=1, or kernel_size=2 without padding.",
    praise="64 channels become 128, and every even height and width is halved.",
)  # fmt: skip
