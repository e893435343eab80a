"""The exercises of lesson 1, Down-sampling."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from unet_teach.arithmetic import conv_output_size
from unet_teach.exercises.engine import Exercise, Slip

IN_CHANNELS, OUT_CHANNELS = 64, 128


# ------------------------------------------------------------------------------------------- halve
def _halving_fault(answer: Any) -> str | None:
    """Type, then channels, then shape on fresh random even sizes, rectangular ones too."""
    if isinstance(answer, type):
        name = answer.__name__
        return f"This is the class {name} itself. Make a layer of it: {name}(…)."
    if not isinstance(answer, nn.Module):
        kind = type(answer).__name__
        return f"A layer was expected, such as nn.Conv2d(…); this is of type {kind}."
    if isinstance(answer, nn.Conv1d | nn.Conv3d | nn.Linear):
        kind = type(answer).__name__
        return f"nn.{kind} is for data of another shape. A map has height and width: nn.Conv2d(…)."
    if isinstance(answer, nn.Conv2d) and (wrong := _channel_fault(answer)):
        return wrong
    chance = random.Random()  # its own: the student's random numbers stay where they are
    random_even = [(2 * chance.randint(3, 20), 2 * chance.randint(3, 20)) for _ in range(8)]
    for height, width in [(32, 32), *random_even]:
        with torch.no_grad():
            made = answer(torch.zeros(1, IN_CHANNELS, height, width))
        if not isinstance(made, torch.Tensor):
            return f"Your layer returns a {type(made).__name__}. Return the map alone, a tensor."
        shape = tuple(made.shape)
        if shape == (1, OUT_CHANNELS, height // 2, width // 2):
            continue
        if len(shape) != 4:
            return f"Your layer returns the shape {shape}, wanted (N, C, H, W)."
        if shape[1] != OUT_CHANNELS:
            return f"{shape[1]} channels come out, wanted {OUT_CHANNELS}."
        got, wanted = "×".join(map(str, shape[2:])), f"{height // 2}×{width // 2}"
        sentence = f"On a {height}×{width} map your layer gives {got}, wanted {wanted}"
        return f"{sentence}{_sum(answer, height, width)}."
    return None


def _channel_fault(layer: nn.Conv2d) -> str | None:
    channels = (layer.in_channels, layer.out_channels)
    if channels == (IN_CHANNELS, OUT_CHANNELS) or isinstance(layer, nn.LazyConv2d):
        return None
    return (
        f"Your layer takes {channels[0]} channels and makes {channels[1]}; "
        f"wanted: takes {IN_CHANNELS}, makes {OUT_CHANNELS}."
    )


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
    prompt="Make a layer that takes 64 channels, makes 128, and halves even heights and widths.",
    fault=_halving_fault,
    answers=(
        lambda: nn.Conv2d(64, 128, kernel_size=3, stride=2, padding=1),
        lambda: nn.Conv2d(64, 128, 2, stride=2),
        lambda: nn.Conv2d(64, 128, 5, stride=2, padding=2),
        lambda: nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(64, 128, 3, padding=1)),
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
        "nn.Conv2d(64, ___, kernel_size=5, stride=___, padding=___)",
    ),
    solution_text=(
        "nn.Conv2d(64, 128, kernel_size=5, stride=2, padding=2): (32 + 2·2 − 5) // 2 + 1 = 16. "
        "Others are right as well: kernel_size=3 with padding=1, or kernel_size=2 without padding."
    ),
    praise="64 channels become 128, and every even size is halved, rectangular maps as well.",
)


# ------------------------------------------------------------------------------------- output_size
Formula = Callable[[int, int, int, int], Any]
FORMULA_SAMPLES = [(32, 3, 2, 1), (33, 3, 2, 0), (20, 5, 3, 2), (11, 4, 3, 1), (9, 2, 1, 3)]


def _formula_fault(answer: Any) -> str | None:
    """Type, then values: known samples first, so that equal answers get equal sentences."""
    if not callable(answer):
        kind = type(answer).__name__
        return f"A function was expected, def output_size(…); this is of type {kind}."
    chance = random.Random()
    fresh = [
        (chance.randint(8, 99), chance.randint(1, 7), chance.randint(1, 4), chance.randint(0, 3))
        for _ in range(40)
    ]
    for size, kernel, stride, padding in [*FORMULA_SAMPLES, *fresh]:
        got = answer(size, kernel, stride, padding)
        call = f"output_size({size}, kernel_size={kernel}, stride={stride}, padding={padding})"
        wanted = conv_output_size(size, kernel, stride, padding)
        if got is None:
            return f"{call} returns nothing. Did you forget the word return?"
        if isinstance(got, bool) or not isinstance(got, int | float):
            return f"{call} returns a {type(got).__name__}, wanted the number {wanted}."
        if got != wanted:
            return f"{call} returns {got:g}, wanted {wanted}."
    return None


def _like(wrong: Formula) -> Callable[[Any], bool]:
    """Whether an answer returns what a known wrong formula does, on every sample."""
    return lambda answer: all(answer(*sample) == wrong(*sample) for sample in FORMULA_SAMPLES)


def _slip(name: str, wrong: Formula, says: str) -> Slip:
    return Slip(name, lambda: wrong, _like(wrong), says)


output_size = Exercise(
    name="output_size",
    prompt="Write the formula: the size that leaves a convolution, for any numbers.",
    fault=_formula_fault,
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
        _slip(
            "no floor",
            lambda n, k, s, p: (n + 2 * p - k) / s + 1,
            "There are no half cells: a last step that does not fit whole is not made. // floors.",
        ),
        _slip(
            "rounded up",
            lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1,
            "You round up. A last step that does not fit whole is not made.",
        ),
        _slip(
            "padding once",
            lambda n, k, s, p: (n + p - k) // s + 1,
            "padding is added on both sides, so it counts twice.",
        ),
        _slip(
            "kernel forgotten",
            lambda n, k, s, p: (n + 2 * p) // s,
            "The window has a width: its corner cannot travel the last kernel_size cells.",
        ),
        _slip(
            "first window forgotten",
            lambda n, k, s, p: (n + 2 * p - k) // s,
            "You counted the steps. One more window stands at the start, before the first step.",
        ),
        _slip(
            "one added before the division",
            lambda n, k, s, p: (n + 2 * p - k + 1) // s,
            "The one window at the start is added after the division, not before it.",
        ),
    ),
    hints=(
        "How many cells wide is the input with its padding? How many of them can the window's "
        "first corner travel over?",
        "That way is travelled in steps of stride, and only whole steps count. Which of Python's "
        "divisions forgets the rest?",
        "return (size + ___ * padding - ___) ___ stride + ___",
    ),
    solution_text="return (size + 2 * padding - kernel_size) // stride + 1",
    praise="Your formula gives what PyTorch gives, on 45 layers.",
)
