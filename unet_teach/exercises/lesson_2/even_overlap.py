"""Lesson 2: double a feature map without a checkerboard."""

from __future__ import annotations

from torch import nn

from unet_teach.exercises.checks.layers import has_channels, is_layer
from unet_teach.exercises.checks.upsampling import (
    contains,
    doubling_problem,
    is_transposed,
    loses_its_border,
    output_shape,
    overlap_problem,
    unevenness,
    unused_problem,
)
from unet_teach.exercises.exercise import Check, Exercise, KnownMistake

SIZE, MIXED = "8 channels and twice the size", "all is mixed"  # what two of the checks hold


def _has_document_window(answer: nn.Module) -> bool:
    """Whether a transposed convolution has kernel 3 and stride 2 along an axis."""
    layers = [part for part in answer.modules() if isinstance(part, nn.ConvTranspose2d)]
    return any((3, 2) in zip(a.kernel_size, a.stride, strict=True) for a in layers)


def _height(answer: nn.Module) -> int:
    """Return the height of the output for an input of shape (1, 8, 8, 8)."""
    return output_shape(answer, 8)[2]


even_overlap = Exercise(
    name="even_overlap",
    lesson=2,
    prompt="Double a map: 8 channels in, 8 out, mixed by learned weights, and no checkerboard.",
    checks=(
        is_layer("nn.ConvTranspose2d(…)"),
        Check(SIZE, lambda module: doubling_problem(module, 8, 8)),
        Check(MIXED, lambda module: unused_problem(module, 8, is_mixed=True)),
        Check("an even overlap", overlap_problem),
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
    mistakes=(
        KnownMistake("the document's channels", "Here 8 channels go in and 8 come out.",
            lambda: nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1),
            lambda a: isinstance(a, nn.ConvTranspose2d) and has_channels(a, 128, 64)),
        KnownMistake("a convolution to smooth it", "Other layers can blur the pattern, they do not remove it. Mend it where it begins.",
            lambda: nn.Sequential(nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1, output_padding=1), nn.Conv2d(8, 8, 3, padding=1)),
            lambda a: contains(a, nn.ConvTranspose2d) and len(list(a.modules())) > 2 and unevenness(a) > 1.01),
        KnownMistake("dilated past the gaps", "Dilated by the stride, all patches paint the same rows; those between stay empty.",
            lambda: nn.ConvTranspose2d(8, 8, 3, stride=2, padding=2, dilation=2, output_padding=1),
            lambda a: isinstance(a, nn.ConvTranspose2d) and a.dilation[0] == 2 == a.stride[0]),
        KnownMistake("kernel smaller than the stride", "Patches of 1 cell, 2 apart, leave three cells in four empty.",
            lambda: nn.ConvTranspose2d(8, 8, 1, stride=2, output_padding=1),
            lambda a: is_transposed(a, lambda k, s, p, o: (k, s) == (1, 2))),
        KnownMistake("a row too few", "The last row is cropped. And mind the pattern: how often is each row painted?",
            lambda: nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1), lambda a: is_transposed(a, lambda k, s, p, o: s == 2) and _height(a) == 15),
        KnownMistake("the document's kernel", "3 cells in steps of 2: every other row or column is painted twice. Which kernel_size shares out evenly?",
            lambda: nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1, output_padding=1),
            lambda a: is_transposed(a, lambda k, s, p, o: True) and _has_document_window(a) and 1.99 < unevenness(a) < 2.01),
        KnownMistake("a larger odd kernel", "A larger kernel softens the pattern. It is gone when stride divides kernel_size.",
            lambda: nn.ConvTranspose2d(8, 8, 5, stride=2, padding=2, output_padding=1),
            lambda a: is_transposed(a, lambda k, s, p, o: s == 2) and 1.01 < unevenness(a) < 1.99),
        KnownMistake("one kernel a channel", "groups keeps channels apart. Leave it out.",
            lambda: nn.ConvTranspose2d(8, 8, 2, stride=2, groups=8),
            lambda a: any(getattr(part, "groups", 1) > 1 for part in a.modules()), at=MIXED),
        KnownMistake("an Upsample alone", "Copying or blending makes no pattern. Which layer adds weights after it?",
            lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
            lambda a: output_shape(a, 8) == (1, 8, 16, 16) and not list(a.parameters())),
        KnownMistake("a convolution without padding", "Upsample doubled it, the convolution lost the border. Which padding keeps the size?",
            lambda: nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(8, 8, 3)),
            lambda a: loses_its_border(a) and 8 < _height(a) < 16),
        KnownMistake("a convolution that halves again", "What Upsample doubles, a stride of 2 halves again.",
            lambda: nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(8, 8, 3, stride=2, padding=1)),
            lambda a: contains(a, nn.Upsample) and any(getattr(part, "stride", 1) == (2, 2) for part in a.modules()) and _height(a) <= 8),
        KnownMistake("a shuffle of too few channels", "PixelShuffle(2) makes one channel of four: it has to be given four times the channels that are to come out.",
            lambda: nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.PixelShuffle(2)),
            lambda a: contains(a, nn.PixelShuffle) and output_shape(a, 8)[1] == 2),
        KnownMistake("not doubled", "The map does not grow. Which layer, or which stride, doubles it?",
            lambda: nn.Conv2d(8, 8, 3, padding=1), lambda a: _height(a) <= 8, at=SIZE),
        KnownMistake("an even kernel, not cropped", "This kernel shares out evenly. Now crop what it paints too much.",
            lambda: nn.ConvTranspose2d(8, 8, 4, stride=2),
            lambda a: is_transposed(a, lambda k, s, p, o: k > s == 2 and k % 2 == 0) and _height(a) > 16),
    ),
    hints=(
        "kernel_size places are shared out over stride rows. When does each row get the same?",
        "Two ways: a kernel_size that is a multiple of stride, or first double without weights and let a convolution with stride 1 follow.",
        "`nn.ConvTranspose2d(8, 8, kernel_size=___, stride=2, padding=___)`, or `nn.Sequential(nn.Upsample(scale_factor=___), nn.Conv2d(8, 8, 3, padding=___))`",
    ),
    solution_text="`nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(8, 8, kernel_size=3, padding=1))`, or `nn.ConvTranspose2d(8, 8, kernel_size=2, stride=2)`, or kernel_size=4 with padding=1.",
    praise="Every cell in the middle is made in the same way: a flat map stays flat.",
)  # fmt: skip
