"""The exercises of lesson 2 about layers that double a map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from unet_teach.exercises.checks.functions import a_layer
from unet_teach.exercises.checks.upsampling import (
    doubling_fault,
    numbers,
    overlap_fault,
    unevenness,
    use_fault,
)
from unet_teach.exercises.exercise import Exercise, Rung, Slip


def _transpose(answer: Any, holds: Callable[[int, int, int, int], bool]) -> bool:
    """Whether it is a transposed convolution with such kernel, stride, padding, output_padding."""
    if not isinstance(answer, nn.ConvTranspose2d):
        return False
    *window, dilation = numbers(answer)
    return dilation == 1 and holds(*window)


def _has(answer: Any, *kinds: type[nn.Module]) -> bool:
    """Whether layers of all these kinds are in it."""
    parts = list(answer.modules()) if isinstance(answer, nn.Module) else []
    return all(any(isinstance(part, kind) for part in parts) for kind in kinds)


def _made(answer: nn.Module, channels: int, side: int = 8) -> tuple[int, ...]:
    """The shape that comes out of a square map."""
    with torch.no_grad():
        return tuple(answer(torch.zeros(1, channels, side, side)).shape)


def _side(answer: nn.Module) -> int:
    """The height of what comes out of 8 channels, 8×8."""
    return _made(answer, channels=8)[2]


# ------------------------------------------------------------------------------------------- double
def _channel_fault(layer: nn.Module) -> str | None:
    if not isinstance(layer, nn.ConvTranspose2d | nn.Conv2d) or layer.in_channels == 0:
        return None  # a lazy layer does not know its in_channels yet
    channels = (layer.in_channels, layer.out_channels)
    if channels == (128, 64):
        return None
    return (
        f"Your layer takes {channels[0]} channels and makes {channels[1]}; "
        "wanted: takes 128, makes 64."
    )


def _channels_are(answer: Any, *channels: int) -> bool:
    return isinstance(answer, nn.ConvTranspose2d) and channels == (
        answer.in_channels,
        answer.out_channels,
    )


double = Exercise(
    name="double",
    lesson=2,
    prompt="Make a layer that learns, takes 128 channels, makes 64, and doubles height and width.",
    ladder=(
        a_layer("nn.ConvTranspose2d(…)"),
        Rung("its channels", _channel_fault),
        Rung("twice the size", lambda layer: doubling_fault(layer, 128, 64)),
        Rung("all of it is used", lambda layer: use_fault(layer, 128)),
    ),
    answers=(
        lambda: nn.ConvTranspose2d(128, 64, kernel_size=4, stride=2, padding=1),
        lambda: nn.ConvTranspose2d(128, 64, 3, stride=2, padding=1, output_padding=1),
        lambda: nn.ConvTranspose2d(128, 64, 2, stride=2),
        lambda: nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(128, 64, 3, padding=1)),
        lambda: nn.Sequential(nn.Conv2d(128, 256, 1), nn.PixelShuffle(2)),
        lambda: nn.LazyConvTranspose2d(64, 4, stride=2, padding=1),
    ),
    slips=(
        Slip(
            "channels swapped",
            lambda: nn.ConvTranspose2d(64, 128, 4, stride=2, padding=1),
            lambda a: _channels_are(a, 64, 128),
            "in_channels comes first: what arrives from below, where there are more channels.",
        ),
        Slip(
            "channels not halved",
            lambda: nn.ConvTranspose2d(128, 128, 4, stride=2, padding=1),
            lambda a: _channels_are(a, 128, 128),
            "The map grows, so the network gives it fewer channels: out_channels=64.",
        ),
        Slip(
            "a convolution",
            lambda: nn.Conv2d(128, 64, 4, stride=2, padding=1),
            lambda a: isinstance(a, nn.Conv2d),
            "A convolution's stride divides the size. Which layer's stride multiplies it?",
        ),
        Slip(
            "an Upsample alone",
            lambda: nn.Upsample(scale_factor=2),
            lambda a: isinstance(a, nn.Upsample),
            "The size is right, but it has no weights: it cannot change the channels.",
        ),
        Slip(
            "stride forgotten",
            lambda: nn.ConvTranspose2d(128, 64, 4, padding=1),
            lambda a: _transpose(a, lambda k, s, p, o: s == 1),
            "Each patch begins one cell after the last. Which parameter sets them two apart?",
        ),
        Slip(
            "stride too long",
            lambda: nn.ConvTranspose2d(128, 64, 4, stride=4),
            lambda a: _transpose(a, lambda k, s, p, o: s > 2),
            "The stride multiplies the size. A stride of 2 doubles.",
        ),
        Slip(
            "kernel smaller than the stride",
            lambda: nn.ConvTranspose2d(128, 64, 1, stride=2, output_padding=1),
            lambda a: _transpose(a, lambda k, s, p, o: k < s),
            "Patches of 1 cell, 2 apart, leave gaps. The kernel must be at least as wide as the "
            "stride.",
        ),
        Slip(
            "output_padding forgotten",
            lambda: nn.ConvTranspose2d(128, 64, 3, stride=2, padding=1),
            lambda a: _transpose(a, lambda *window: window == (3, 2, 1, 0)),
            "The last row and column are cropped away. What keeps them, or which kernel_size "
            "leaves none over?",
        ),
        Slip(
            "output_padding too many",
            lambda: nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1, output_padding=1),
            lambda a: _transpose(a, lambda k, s, p, o: o == 1 and k - 2 * p == 2),
            "This kernel and this padding double without help: leave output_padding out.",
        ),
        Slip(
            "padding forgotten",
            lambda: nn.ConvTranspose2d(128, 64, 4, stride=2),
            lambda a: _transpose(a, lambda k, s, p, o: s == 2 and k > 2 and p == 0),
            "All that was painted is kept, and it is too much. Which parameter crops it?",
        ),
        Slip(
            "too much padding",
            lambda: nn.ConvTranspose2d(128, 64, 4, stride=2, padding=2),
            lambda a: _transpose(a, lambda k, s, p, o: s == 2 and k + o - 2 * p < 2),
            "Too much is cropped: padding takes its rows from both sides, so it counts twice.",
        ),
        Slip(
            "a wider kernel without more padding",
            lambda: nn.ConvTranspose2d(128, 64, 6, stride=2, padding=1),
            lambda a: _transpose(a, lambda k, s, p, o: s == 2 and k > 4),
            "A wider patch has more to crop: how much more padding for this kernel_size?",
        ),
        Slip(
            "a convolution without padding",
            lambda: nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(128, 64, 3)),
            lambda a: _has(a, nn.Upsample, nn.Conv2d) and 8 < _made(a, 128)[2] < 16,
            "Upsample doubled it, the convolution lost the border. Which padding keeps the size?",
        ),
        Slip(
            "one fixed size",
            lambda: nn.Sequential(nn.Upsample(size=(32, 32)), nn.Conv2d(128, 64, 1)),
            lambda a: _made(a, 128, 8) == _made(a, 128, 16),
            "It makes one size of every map. A network meets maps of many sizes.",
        ),
        Slip(
            "a shuffle of too few channels",
            lambda: nn.Sequential(nn.Conv2d(128, 64, 3, padding=1), nn.PixelShuffle(2)),
            lambda a: _has(a, nn.PixelShuffle) and _made(a, 128)[1] == 16,
            "PixelShuffle(2) makes one channel of four: how many must the convolution give it?",
        ),
    ),
    hints=(
        "Which parameter sets the patches two cells apart, so that the map doubles?",
        "The size is (H − 1)·stride + kernel_size − 2·padding + output_padding. With stride=2 and "
        "kernel_size=4, which padding leaves 2·H?",
        "`nn.ConvTranspose2d(___, ___, kernel_size=4, stride=___, padding=___)`",
    ),
    solution_text=(
        "`nn.ConvTranspose2d(128, 64, kernel_size=4, stride=2, padding=1)`: (16 − 1)·2 + 4 − 2 = "
        "32. Others are right as well: kernel_size=2 without padding, or the document's."
    ),
    praise="128 channels become 64, and every size is doubled, odd and rectangular ones as well.",
)


# ------------------------------------------------------------------------------------- even_overlap
SIZES = "8 channels and twice the size"  # what holds at its second rung

even_overlap = Exercise(
    name="even_overlap",
    lesson=2,
    prompt="Double a map: 8 channels in, 8 out, mixed by learned weights, and no checkerboard.",
    ladder=(
        a_layer("nn.ConvTranspose2d(…)"),
        Rung(SIZES, lambda module: doubling_fault(module, 8, 8)),
        Rung("all is mixed", lambda module: use_fault(module, 8, is_mixed=True)),
        Rung("an even overlap", overlap_fault),
    ),
    answers=(
        lambda: nn.ConvTranspose2d(8, 8, 2, stride=2),
        lambda: nn.ConvTranspose2d(8, 8, 4, stride=2, padding=1),
        lambda: nn.ConvTranspose2d(8, 8, 6, stride=2, padding=2),
        lambda: nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(8, 8, 3, padding=1)),
        lambda: nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()
        ),
        lambda: nn.Sequential(nn.Conv2d(8, 32, 3, padding=1), nn.PixelShuffle(2)),
    ),
    slips=(
        Slip(
            "the document's channels",
            lambda: nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1),
            lambda a: _channels_are(a, 128, 64),
            "Here 8 channels go in and 8 come out.",
        ),
        Slip(
            "a convolution to smooth it",
            lambda: nn.Sequential(
                nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1, output_padding=1),
                nn.Conv2d(8, 8, 3, padding=1),
            ),
            lambda a: not isinstance(a, nn.ConvTranspose2d) and unevenness(a) > 1.01,
            "Other layers can blur the pattern, they do not remove it. Mend it where it begins.",
        ),
        Slip(
            "dilated past the gaps",
            lambda: nn.ConvTranspose2d(8, 8, 3, stride=2, padding=2, dilation=2, output_padding=1),
            lambda a: isinstance(a, nn.ConvTranspose2d) and a.dilation[0] > 1,
            "Dilated by the stride, all patches paint the same rows; those between stay empty.",
        ),
        Slip(
            "kernel smaller than the stride",
            lambda: nn.ConvTranspose2d(8, 8, 1, stride=2, output_padding=1),
            lambda a: _transpose(a, lambda k, s, p, o: k < s),
            "Patches of 1 cell, 2 apart, leave three cells in four empty.",
        ),
        Slip(
            "a row too few",
            lambda: nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1),
            lambda a: _side(a) == 15,
            "The last row is cropped. And mind the pattern: how often is each row painted?",
        ),
        Slip(
            "the document's kernel",
            lambda: nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1, output_padding=1),
            lambda a: _side(a) == 16 and 1.99 < unevenness(a) < 2.01,
            "3 cells in steps of 2: every other row is painted twice. Which kernel_size shares "
            "out evenly?",
        ),
        Slip(
            "a larger odd kernel",
            lambda: nn.ConvTranspose2d(8, 8, 5, stride=2, padding=2, output_padding=1),
            lambda a: _side(a) == 16 and 1.01 < unevenness(a) < 1.99,
            "A larger kernel softens the pattern. It is gone when stride divides kernel_size.",
        ),
        Slip(
            "one kernel a channel",
            lambda: nn.ConvTranspose2d(8, 8, 2, stride=2, groups=8),
            lambda a: any(getattr(part, "groups", 1) > 1 for part in a.modules()),
            "groups keeps channels apart. Leave it out.",
        ),
        Slip(
            "an Upsample alone",
            lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
            lambda a: _made(a, 8) == (1, 8, 16, 16) and not list(a.parameters()),
            "Copying or blending makes no pattern. Which layer adds weights after it?",
        ),
        Slip(
            "a convolution without padding",
            lambda: nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(8, 8, 3)),
            lambda a: _has(a, nn.Upsample, nn.Conv2d) and 8 < _side(a) < 16,
            "Upsample doubled it, the convolution lost the border. Which padding keeps the size?",
        ),
        Slip(
            "a convolution that halves again",
            lambda: nn.Sequential(
                nn.Upsample(scale_factor=2, mode="bilinear"),
                nn.Conv2d(8, 8, 3, stride=2, padding=1),
            ),
            lambda a: _has(a, nn.Upsample, nn.Conv2d) and _side(a) <= 8,
            "What Upsample doubles, a stride of 2 halves again.",
        ),
        Slip(
            "a shuffle of too few channels",
            lambda: nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.PixelShuffle(2)),
            lambda a: _has(a, nn.PixelShuffle) and _made(a, 8)[1] == 2,
            "PixelShuffle(2) makes one channel of four: how many must the convolution give it?",
        ),
        Slip(
            "not doubled",
            lambda: nn.Conv2d(8, 8, 3, padding=1),
            lambda a: _side(a) <= 8,
            "The map does not grow. Which layer, or which stride, doubles it?",
            SIZES,
        ),
        Slip(
            "an even kernel, not cropped",
            lambda: nn.ConvTranspose2d(8, 8, 4, stride=2),
            lambda a: _transpose(a, lambda k, s, p, o: k > s and k % s == 0) and _side(a) > 16,
            "This kernel shares out evenly. Now crop what it paints too much.",
        ),
    ),
    hints=(
        "kernel_size places are shared out over stride rows. When does each row get the same?",
        "Two ways: a kernel_size that is a multiple of stride, or first double without weights and "
        "let a convolution with stride 1 follow.",
        "`nn.ConvTranspose2d(8, 8, kernel_size=___, stride=2, padding=___)`, or "
        "`nn.Sequential(nn.Upsample(scale_factor=___), nn.Conv2d(8, 8, 3, padding=___))`",
    ),
    solution_text=(
        "`nn.ConvTranspose2d(8, 8, kernel_size=2, stride=2)`, or kernel_size=4 with padding=1, or "
        "`nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(8, 8, 3, padding=1))`."
    ),
    praise="Every cell in the middle is made in the same way: a flat map stays flat.",
)
