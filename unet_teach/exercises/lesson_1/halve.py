"""The exercises of lesson 1, Down-sampling."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from unet_teach.arithmetic import conv_output_size
from unet_teach.exercises.checks.functions import (
    a_function,
    a_layer,
    agrees,
    computes,
    exactly,
    run,
    said,
    shape_fault,
    whole_numbers,
)
from unet_teach.exercises.exercise import Exercise, Rung, Slip

IN_CHANNELS, OUT_CHANNELS = 64, 128


# ------------------------------------------------------------------------------------------- halve
def _channel_fault(layer: nn.Module) -> str | None:
    if not isinstance(layer, nn.Conv2d) or isinstance(layer, nn.LazyConv2d):
        return None
    channels = (layer.in_channels, layer.out_channels)
    if channels == (IN_CHANNELS, OUT_CHANNELS):
        return None
    return (
        f"Your layer takes {channels[0]} channels and makes {channels[1]}; "
        f"wanted: takes {IN_CHANNELS}, makes {OUT_CHANNELS}."
    )


def _halving_fault(layer: nn.Module) -> str | None:
    """Shape, on 32×32 and on fresh random even sizes, rectangular ones too."""
    chance = random.Random()  # its own: the student's random numbers stay where they are
    fresh = [(2 * chance.randint(3, 20), 2 * chance.randint(3, 20)) for _ in range(8)]
    for height, width in [(32, 32), *sorted(fresh)]:
        made = run(layer, torch.zeros(1, IN_CHANNELS, height, width))
        if isinstance(made, str):
            return made
        wanted = (1, OUT_CHANNELS, height // 2, width // 2)
        if fault := shape_fault(made, wanted, f"On a {height}×{width} map"):
            return fault.removesuffix(".") + _sum(layer, height, width) + "."
    return None


def _sum(layer: nn.Module, *sizes: int) -> str:
    """The formula with a convolution's own numbers, of the first axis that is not halved."""
    if not isinstance(layer, nn.Conv2d) or isinstance(layer.padding, str):
        return ""
    for axis, size in enumerate(sizes):
        kernel, stride = layer.kernel_size[axis], layer.stride[axis]
        padding, dilation = int(layer.padding[axis]), layer.dilation[axis]
        result = conv_output_size(size, kernel, stride, padding, dilation)
        if result != size // 2:
            window = str(kernel) if dilation == 1 else f"({dilation}·({kernel} − 1) + 1)"
            return f": ({size} + 2·{padding} − {window}) // {stride} + 1 = {result}"
    return ""


def _is_conv(answer: Any, holds: Callable[[nn.Conv2d], bool]) -> bool:
    return isinstance(answer, nn.Conv2d) and holds(answer)


def _window(layer: nn.Conv2d) -> tuple[Any, ...]:
    return (layer.kernel_size[0], layer.stride[0], layer.padding[0], layer.dilation[0])


halve = Exercise(
    name="halve",
    lesson=1,
    prompt="Make a layer that takes 64 channels, makes 128, and halves even heights and widths.",
    ladder=(
        a_layer("nn.Conv2d(…)"),
        Rung("its channels", _channel_fault),
        Rung("half the size", _halving_fault),
    ),
    answers=(
        lambda: nn.Conv2d(64, 128, kernel_size=3, stride=2, padding=1),
        lambda: nn.Conv2d(64, 128, 2, stride=2),
        lambda: nn.Conv2d(64, 128, 5, stride=2, padding=2),
        lambda: nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(64, 128, 3, padding=1)),
        lambda: nn.LazyConv2d(128, 3, stride=2, padding=1),
    ),
    slips=(
        Slip(
            "channels swapped",
            lambda: nn.Conv2d(128, 64, 3, stride=2, padding=1),
            lambda a: _is_conv(a, lambda c: (c.in_channels, c.out_channels) == (128, 64)),
            "in_channels comes first: what the layer is given, not what it makes.",
        ),
        Slip(
            "channels not doubled",
            lambda: nn.Conv2d(64, 64, 3, stride=2, padding=1),
            lambda a: _is_conv(a, lambda c: (c.in_channels, c.out_channels) == (64, 64)),
            "The map gets smaller, so the network gives it more channels: out_channels=128.",
        ),
        Slip(
            "a transposed convolution",
            lambda: nn.ConvTranspose2d(64, 128, 3, stride=2, padding=1, output_padding=1),
            lambda a: isinstance(a, nn.ConvTranspose2d),
            "A transposed convolution runs the sizes backwards: stride=2 doubles. It is lesson 2.",
        ),
        Slip(
            "a pool alone",
            lambda: nn.MaxPool2d(2),
            lambda a: isinstance(a, nn.MaxPool2d | nn.AvgPool2d),
            "The size is right, but a pool has no filters: it cannot change the channels.",
        ),
        Slip(
            "no stride",
            lambda: nn.Conv2d(64, 128, 3, padding=1),
            lambda a: _is_conv(a, lambda c: c.stride == (1, 1)),
            "The window moves one cell at a time. Which parameter makes it jump over every other?",
        ),
        Slip(
            "padding forgotten",
            lambda: nn.Conv2d(64, 128, 3, stride=2),
            lambda a: _is_conv(a, lambda c: _window(c) == (3, 2, 0, 1)),
            "You lost the border. Which parameter adds one?",
        ),
        Slip(
            "too much padding",
            lambda: nn.Conv2d(64, 128, 3, stride=2, padding=2),
            lambda a: _is_conv(a, lambda c: _window(c) == (3, 2, 2, 1)),
            "One ring of zeros too many: it is added on both sides, so padding counts twice.",
        ),
        Slip(
            "a wider kernel without more padding",
            lambda: nn.Conv2d(64, 128, 5, stride=2, padding=1),
            lambda a: _is_conv(a, lambda c: c.kernel_size[0] > 4 and c.stride == (2, 2)),
            "A wider window needs a wider border: how much more padding for this kernel_size?",
        ),
        Slip(
            "stride too long",
            lambda: nn.Conv2d(64, 128, 3, stride=4, padding=1),
            lambda a: _is_conv(a, lambda c: min(c.stride) > 2),
            "The stride divides the size. A stride of 2 halves.",
        ),
    ),
    hints=(
        "Three numbers decide the size that comes out. Which one decides how far the window jumps?",
        "The size is (H + 2·padding − kernel_size) // stride + 1. With kernel_size=5 and stride=2, "
        "which padding turns 32 into 16?",
        "`nn.Conv2d(64, ___, kernel_size=5, stride=___, padding=___)`",
    ),
    solution_text=(
        "`nn.Conv2d(64, 128, kernel_size=5, stride=2, padding=2)`: (32 + 2·2 − 5) // 2 + 1 = 16. "
        "Others are right as well: kernel_size=3 with padding=1, or kernel_size=2 without padding."
    ),
    praise="64 channels become 128, and every even size is halved, rectangular maps as well.",
)


# ------------------------------------------------------------------------------------- output_size
KNOWN_SAMPLES = [(9, 2, 1, 3), (11, 4, 3, 1), (20, 5, 3, 2), (32, 3, 2, 1), (33, 3, 2, 0)]


def _layer_samples() -> list[tuple[int, int, int, int]]:
    """Known ones, so that equal answers get equal sentences, then 40 fresh ones."""
    chance = random.Random()
    fresh = [
        (chance.randint(8, 99), chance.randint(1, 7), chance.randint(1, 4), chance.randint(0, 3))
        for _ in range(40)
    ]
    return [*KNOWN_SAMPLES, *sorted(fresh)]


def _size(size: int, kernel_size: int, stride: int, padding: int) -> int:
    return int(conv_output_size(size, kernel_size, stride, padding))


output_size = Exercise(
    name="output_size",
    lesson=1,
    prompt="Write the formula: the size that leaves a convolution, for any numbers.",
    ladder=(
        a_function("output_size(size, kernel_size, stride, padding)"),
        agrees(_size, "output_size", _layer_samples),
    ),
    answers=(
        lambda: (
            lambda size, kernel_size, stride, padding: (
                (size + 2 * padding - kernel_size) // stride + 1
            )
        ),
        lambda: (
            lambda size, kernel_size, stride, padding: len(
                range(0, size + 2 * padding - kernel_size + 1, stride)
            )
        ),
    ),
    slips=(
        computes(
            "no floor",
            lambda n, k, s, p: (n + 2 * p - k) / s + 1,
            KNOWN_SAMPLES,
            "There are no half cells: a last step that does not fit whole is not made. // floors.",
        ),
        computes(
            "rounded up",
            lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1,
            KNOWN_SAMPLES,
            "You round up. A last step that does not fit whole is not made.",
        ),
        computes(
            "padding once",
            lambda n, k, s, p: (n + p - k) // s + 1,
            KNOWN_SAMPLES,
            "padding is added on both sides, so it counts twice.",
        ),
        computes(
            "kernel forgotten",
            lambda n, k, s, p: (n + 2 * p) // s,
            KNOWN_SAMPLES,
            "The window has a width: its corner cannot travel the last kernel_size cells.",
        ),
        computes(
            "first window forgotten",
            lambda n, k, s, p: (n + 2 * p - k) // s,
            KNOWN_SAMPLES,
            "You counted the steps. One more window stands at the start, before the first step.",
        ),
        computes(
            "one added before the division",
            lambda n, k, s, p: (n + 2 * p - k + 1) // s,
            KNOWN_SAMPLES,
            "The one window at the start is added after the division, not before it.",
        ),
    ),
    hints=(
        "How many cells wide is the input with its padding? How many of them can the window's "
        "first corner travel over?",
        "That way is travelled in steps of stride, and only whole steps count. Which of Python's "
        "divisions forgets the rest?",
        "`return (size + ___ * padding - ___) ___ stride + ___`",
    ),
    solution_text="`return (size + 2 * padding - kernel_size) // stride + 1`",
    praise="Your formula gives what PyTorch gives, on 45 layers.",
)


# --------------------------------------------------------------------------------------- odd_sizes
def _what_they_give(sizes: Any) -> str:
    for size in sorted(map(int, sizes)):
        if size < 1 or (made := _size(size, 3, 2, 1)) != 8:
            gives = "no map" if size < 1 else f"({size} + 2 − 3) // 2 + 1 = {made}"
            return f"{size} gives {gives}, wanted 8."
    return "Both give 8, but they are one and the same."


odd_sizes = Exercise(
    name="odd_sizes",
    lesson=1,
    prompt="Two input sizes leave kernel 3, stride 2, padding 1 as a map of 8. Which two?",
    ladder=(whole_numbers(2), exactly((15, 16), "The pair", _what_they_give, any_order=True)),
    answers=(lambda: (15, 16), lambda: [15, 16], lambda: (16, 15)),
    slips=(
        said("one too high", (16, 17), "Halve 17: (17 + 2 − 3) // 2 + 1 = 9. Look below 16."),
        said("twice and half", (4, 16), "4 is what comes out of 8. Asked is what goes in."),
        said("no padding", (17, 18), "Those are right without padding. Here padding=1."),
        said("the first steps", (14, 15), "14 gives (14 + 2 − 3) // 2 + 1 = 7: one too small."),
        said("not both", (16, 16), "16 is one of them. Which other size loses its rest in //?"),
    ),
    hints=(
        "Halving 16 gives 8. Which neighbour of 16 gives 8 as well?",
        "(H + 2·1 − 3) // 2 + 1 = 8 means (H − 1) // 2 = 7: H − 1 holds 7 whole pairs.",
        "`conv_input_sizes(8, kernel_size=___, stride=___, padding=___)` lists them.",
    ),
    solution_text="`(15, 16)`: (15 − 1) // 2 = (16 − 1) // 2 = 7, and 7 + 1 = 8.",
    praise="15 and 16 both become 8. From the 8 alone, nobody can tell which it was.",
)


# ----------------------------------------------------------------------------------------- centres
centres = Exercise(
    name="centres",
    lesson=1,
    prompt="A 20×30 map, kernel 3, stride 2, padding 1: on how many cells does a centre stand?",
    ladder=(
        whole_numbers(),
        exactly(
            150, "The number of centres", lambda n: "Every output cell has one window: count those."
        ),
    ),
    answers=(lambda: 150, lambda: 10 * 15, lambda: 150.0),
    slips=(
        said("every cell", 600, "That is every cell. With stride 2 a centre jumps over the next."),
        said("one axis only", 300, "You halved one axis. The window jumps in both."),
        said(
            "the sides added", 25, "10 rows and 15 columns of windows: how many windows are that?"
        ),
        said(
            "without padding",
            9 * 14,
            "That is without padding: the first centre would stand on cell 1.",
        ),
        said(
            "the padding as well",
            11 * 16,
            "No centre stands on the padding: the first is on cell 0, the last on 18 and 28.",
        ),
    ),
    hints=(
        "Each output cell has one window, each window one centre. How many outputs are there?",
        "Heights: (20 + 2·1 − 3) // 2 + 1 = 10 rows of windows. And columns?",
        "10 × ___",
    ),
    solution_text="`10 * 15`: one centre an output cell, 150 of 600 cells, one in four.",
    praise="150 of 600: one cell in four is a centre. Every cell is covered all the same.",
)


# -------------------------------------------------------------------------------------------- sees
sees = Exercise(
    name="sees",
    lesson=1,
    prompt="Two convolutions, each kernel 5, stride 2, padding 2, one after the other: how wide is "
    "the receptive field of one output cell?",
    ladder=(
        whole_numbers(),
        exactly(
            13,
            "The receptive field",
            lambda _: "One layer sees 5. How much further do the 5 cells of the second reach?",
        ),
    ),
    answers=(lambda: 13, lambda: 5 + 4 * 2),
    slips=(
        said("the kernels added", 10, "5 and 5 are not 10: the windows of neighbours overlap."),
        said("stride forgotten", 9, "That is with stride 1. The second layer's cells lie 2 apart."),
        said("multiplied", 25, "Windows of neighbours overlap, so the widths do not multiply."),
        said("one layer", 5, "That is one layer. The second looks at 5 cells that see 5 each."),
        said("kernel 3", 7, "That is with kernel 3: 3, then 3 + 2·2. Here the kernel is 5."),
        said("the pitch", 4, "4 is how far two neighbouring outputs stand apart. How wide is one?"),
        said("the second stride as well", 21, "The stride of the *last* layer moves it, no more."),
    ),
    hints=(
        "One output of the first layer sees 5. Its neighbour sees 5 as well, 2 cells further on. "
        "How wide do two neighbours see together?",
        "Five neighbours: the first sees 5, and each of the other four adds the step of its layer.",
        "5 + 4·___",
    ),
    solution_text="`5 + 4 * 2`, which is 13: five neighbours, 2 pixels apart, each 5 wide.",
    praise="5, then 13. Each halving doubles what the next layer adds.",
)
