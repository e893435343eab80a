"""Wrong answers of lesson 3 that no known mistake describes: the facts say what is wrong."""
# ruff: noqa: E501 - each sentence on one line, as a student reads it

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.exercises import crop_to, join, pad_to, split_conv


def rows(up, skip):
    return skip.shape[2] - up.shape[2]


def columns(up, skip):
    return skip.shape[3] - up.shape[3]


def into_zeros(up, skip):
    made = torch.zeros(*up.shape[:2], *skip.shape[2:])
    height, width = min(up.shape[2], skip.shape[2]), min(up.shape[3], skip.shape[3])
    made[:, :, :height, :width] = up[:, :, :height, :width]
    return made


def overwritten(up, skip):
    padded = F.pad(up, (0, columns(up, skip), 0, rows(up, skip)))
    up *= 0
    return padded


def squeezed(up, skip):
    return F.pad(up.squeeze(0), (0, columns(up, skip), 0, rows(up, skip)))


def window(top, left, height, width):
    """A crop whose numbers are functions of (rows too many, columns too many, height, width)."""

    def crop(skip, up):
        sizes = (-rows(skip, up), -columns(skip, up), *up.shape[2:])
        i, j, h, w = (number(*sizes) for number in (top, left, height, width))
        return skip[:, :, i : i + h, j : j + w]

    return crop


def layers(change=lambda conv: {}, cut=lambda conv, c: c):
    """A split into new layers, with some settings that replace those of the convolution."""

    def split(conv, c):
        names = ("kernel_size", "stride", "padding", "dilation")
        window = {**{name: getattr(conv, name) for name in names}, **change(conv)}
        place = cut(conv, c)
        parts = []
        for weight in (conv.weight[:, :place], conv.weight[:, place:]):
            layer = nn.Conv2d(weight.shape[1], conv.out_channels, **window, bias=False)
            layer.weight.data.copy_(weight)
            parts.append(layer)
        if conv.bias is not None:
            parts[0].bias = nn.Parameter(conv.bias.detach().clone())
        return parts

    return split


def half_weights(conv, c):
    conv = copy.deepcopy(conv)
    conv.weight.data /= 2
    return layers()(conv, c)


def another_bias(conv, c):
    parts = layers()(conv, c)
    parts[1].bias = nn.Parameter(torch.ones(conv.out_channels))
    return parts


def small_and_large(i, down, up):
    x = down(i)
    return torch.cat([i, F.interpolate(x, size=i.shape[2:]), up(x)], 1)


def unchanged(i, down, up):
    nn.init.zeros_(up.bias)
    return torch.cat([i, up(down(i))], 1)


@pytest.mark.parametrize(
    ("exercise", "answer", "says"),
    [
        (pad_to, into_zeros, "float64: the output is float32, but it should be float64, like the input. Give a new tensor the input's `dtype`. Of the 12 cases tried, it is wrong in 1 (up 4×7, skip 6×6, both float64)."),
        (pad_to, overwritten, "your function changes its input `up`."),
        (pad_to, squeezed, "Of the 12 cases tried, it is wrong when the batch has one item, and right otherwise."),
        (pad_to, lambda u, s: F.pad(u, (0, columns(u, s), 0, rows(u, s)), value=1), "wrong in the last row. All are 1 there, but they should be 0. Of the 12 cases tried, it is right when nothing has to be added"),
        (pad_to, lambda u, s: F.pad(u, (0, columns(u, s) + 1, 0, rows(u, s))), "In all 12 cases tried, the output's width is 1 too large."),
        (pad_to, lambda u, s: F.relu(F.pad(u, (0, columns(u, s), 0, rows(u, s)))), "All are 0, exactly where the right values are negative."),
        (pad_to, lambda u, s: u.expand_as(s), "There, `u` is 2×5×4×6, `s` is 2×3×5×6.\nError message: The expanded size"),
        (crop_to, window(lambda r, c, h, w: r // 2, lambda r, c, h, w: c // 2, lambda r, c, h, w: w, lambda r, c, h, w: h), "you return rows 2 to 7, columns 2 to 5 (6×4), but the middle is rows 2 to 5, columns 2 to 7 (4×6)."),
        (crop_to, window(lambda r, c, h, w: r // 2, lambda r, c, h, w: c // 2, lambda r, c, h, w: h + 1, lambda r, c, h, w: w), "(5×6), but the middle is"),
        (crop_to, window(lambda r, c, h, w: (r + 2) // 2, lambda r, c, h, w: c // 2, lambda r, c, h, w: h, lambda r, c, h, w: w), "Of the 14 cases tried, it is wrong when the heights differ by an even number, and right otherwise."),
        (crop_to, window(lambda r, c, h, w: (r + h) // 2, lambda r, c, h, w: (c + w) // 2, lambda r, c, h, w: h, lambda r, c, h, w: w), "In all 14 cases tried, your slice of rows begins at half of skip's height; your slice of columns begins at half of skip's width."),
        (crop_to, window(lambda r, c, h, w: r // 2, lambda r, c, h, w: c // 2, lambda r, c, h, w: r - 2 * (r // 2) + h, lambda r, c, h, w: w), "In all 14 cases tried, your slice of rows ends as far from skip's end as it begins from skip's start, which is 1 row off where the difference is odd."),
        (crop_to, lambda s, u: s[:, :, -rows(s, u) // 2 : u.shape[2], -columns(s, u) // 2 : u.shape[3]], "tried, your slice of rows ends at up's height, and not that many rows after its start; your slice of columns ends at up's width, and not that many columns after its start. In 3 others, nothing is left."),
        (crop_to, lambda s, u: s[:, -rows(s, u) // 2 :, -columns(s, u) // 2 :][:, : u.shape[2], : u.shape[3]], "You cut along axes 1 and 2, channels and height."),
        (crop_to, lambda s, u: s[:, :, : s.shape[2] // 2 - u.shape[2]], "the output is 0×10, but it should be 4×6. A slice is empty where it ends before it starts"),
        (crop_to, lambda s, u: s[1 : 1 + u.shape[2], 2 : 2 + u.shape[3]], "the output is a batch of 1, but it should be one of 2."),
        (crop_to, lambda s, u: s[-rows(s, u) // 2 :][: u.shape[2], -columns(s, u) // 2 :][:, : u.shape[3]], "You cut along axes 0 and 1, images and channels."),
        (crop_to, lambda s, u: s[0, :, : u.shape[2], : u.shape[3]], "The batch axis is missing."),
        (join, small_and_large, "number of channels is input_tensor's channels + downsample(input_tensor)'s channels + upsample(x)'s channels"),
        (join, unchanged, "your function changes its input `upsample`"),
        (join, lambda i, down, up: torch.cat([i, up(down(i)), i], 1), "number of channels is 2 · input_tensor's channels + upsample(x)'s channels."),
        (join, lambda i, down, up: torch.cat([i.flip(3), up(down(i))], 1), "where z should hold input_tensor: 65532 of 65536 values are wrong. Each feature map is mirrored."),
        (join, lambda i, down, up: torch.cat([i, up], 1), "is a ConvTranspose2d, not a tensor. A layer has to be called."),
        (join, lambda i, down, up: torch.cat([i / 2, up(down(i))], 1), "where z should hold input_tensor: "),
        (join, lambda i, down, up: torch.cat([i, up(down(i))], 1).flip(1), "channel 0 has the values of channel 127"),
        (join, lambda i, down, up: F.dropout(torch.cat([i, up(down(i))], 1)), "returns different results"),
        (split_conv, layers(lambda conv: {"stride": conv.stride[0]}), "The cause: conv_a has stride=2, but the given convolution has stride=(2, 1)."),
        (split_conv, layers(lambda conv: {"padding": conv.padding[0]}), "conv_a has padding=1, but the given convolution has padding=(1, 2). Of the 12 cases tried, it is right when the padding is the same"),
        (split_conv, layers(lambda conv: {"kernel_size": conv.kernel_size[0]}), "axis 3 is 3 in one and 5 in the other. There, `layer.weight` is 5×3×3×3, `weight` is 5×3×3×5."),
        (split_conv, layers(lambda conv: {"dilation": 1}), "conv_a has dilation=1, but the given convolution has dilation=2. Of the 12 cases tried, it is right when the dilation is 1, and wrong otherwise."),
        (split_conv, layers(cut=lambda conv, c: c - 1), "conv_a has the weights for input channels 0 to 3, but its input is channels 0 to 4"),
        (split_conv, lambda conv, c: [nn.Sequential(layer) for layer in layers()(conv, c)][::-1], "conv_a should be an `nn.Conv2d`, but it is of type Sequential"),
        (split_conv, lambda conv, c: layers()(conv, c)[::-1], "You return the two layers in the other order"),
        (split_conv, lambda conv, c: [nn.Conv2d(n, 4, 3, 2, 1) for n in (c, conv.in_channels - c)], "conv_a's weights are random, other ones in each call: those of the given convolution are not copied into it, so"),
        (split_conv, another_bias, "conv_a has the bias of the given convolution, and conv_b adds another one, so"),
        (split_conv, half_weights, "all are 0.5 times the right ones"),
    ],
)  # fmt: skip
def test_an_unknown_mistake_is_pinned_down_by_facts(exercise, answer, says):
    assert says in exercise.check(answer).text


def test_half_of_what_it_was_is_no_size_written_down():
    """`skip.shape // 2` as the start depends on up's size, unless the border cuts it."""
    crop = window(lambda r, c, h, w: (r + h) // 2, lambda r, c, h, w: (c + w) // 2, lambda r, c, h, w: h, lambda r, c, h, w: w)  # fmt: skip
    assert "whatever the size of up" not in crop_to.check(crop).text
