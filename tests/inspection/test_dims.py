"""Which axis each dimension runs along after one operation, and with which stride."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach.inspection.axes import (
    NO_AXIS,
    AxisPart,
    Dims,
    finest_strides,
    fits_shape,
    guessed_from_sizes,
    pixel_shuffled,
    reshaped,
)
from unet_teach.inspection.graph import Graph
from unet_teach.inspection.inspector import record

AXES = {"+": -2, "-": NO_AXIS, "N": 0, "C": 1, "H": 2, "W": 3, "D": 4}


def parsed(text: str) -> Dims:
    """Read dimensions: "N2 H4/2·W6" is 2 along N, and 4 along H with stride 2 times 6 along W.

    A "-" stands for no axis, a "+" for extra cells.
    """
    return tuple(
        tuple(
            AxisPart(AXES[axis], int(size), float(stride or 1))
            for axis, size, stride in re.findall(r"([-+NCHWD])(-?\d+)(?:/([\d.]+))?", dim)
        )
        for dim in text.split()
    )


def written(dims: Dims) -> str:
    """Write dimensions as `parsed` reads them; without an axis, a stride means nothing."""
    names = {axis: name for name, axis in AXES.items()}
    return " ".join(
        "·".join(
            f"{names[part.axis]}{part.size}"
            + (f"/{part.stride:g}" if part.axis >= 0 and part.stride != 1 else "")
            for part in dim
        )
        for dim in dims
    )


def dims_after(function: Callable[[Tensor], Tensor], shape: tuple[int, ...]) -> str:
    class Network(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return function(x)

    graph = Graph(record(Network(), (torch.rand(shape),), {}))
    assert graph.recording.error is None
    (output,) = graph.recording.outputs
    return written(graph.dims[output])


def features(x: Tensor, channels: int = 4) -> Tensor:
    """Replace the channels by others, which run along no axis."""
    return F.conv2d(x, torch.rand(channels, x.shape[1], 1, 1))


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        # the same cells in the same order
        (lambda x: x.flatten(2), "N2 C3 H8·W12"),
        (lambda x: x.reshape(2, 3, 4, 2, 12), "N2 C3 H4/2 H2 W12"),
        (lambda x: x.reshape(2, 3, 48, 2), "N2 C3 H8·W6/2 W2"),
        (lambda x: x.reshape(2, 3, 16, 6), "N2 C3 H8·W2/6 W6"),
        (lambda x: x.reshape(6, 8, 12, 1), "N2·C3 H8 W12 -1"),
        (lambda x: x.reshape(2, 3, 4, 2, 12).reshape(2, 3, 8, 12), "N2 C3 H8 W12"),
        (
            lambda x: x.reshape(2, 3, 4, 2, 12).transpose(2, 3).reshape(2, 3, 8, 12),
            "N2 C3 H2·H4/2 W12",
        ),
        (lambda x: features(x).reshape(2, 2, 2, 8, 12).flatten(1, 2), "N2 -4 H8 W12"),
        # cut and enlarged at the ends
        (lambda x: x[:, :, 1:7, :-1], "N2 C3 H6 W11"),
        (lambda x: F.pad(x, (1, 2, -3, 0)), "N2 C3 H5 W15"),
        (lambda x: F.pad(x.flatten(2), (1, 0)), "N2 C3 H8·W12·+1"),
        (lambda x: F.pad(F.pad(x.flatten(2), (1, 0)), (2, 0)), "N2 C3 H8·W12·+3"),
        (lambda x: F.pad(x.flatten(2), (1, 0))[..., 1:], "N2 C3 H8·W12"),
        (
            lambda x: F.pad(x.transpose(1, 2).flatten(0, 1), (0, 0, 0, 0, 1, 0)),
            "N2·H8·+1 C3 W12",
        ),
        # one cell in several
        (lambda x: x[:, :, ::2, 1::3], "N2 C3 H4/2 W4/3"),
        (lambda x: features(x).permute(0, 2, 3, 1).flatten(2)[..., ::2], "N2 H8 W24/0.5"),
        (lambda x: x[:, :, torch.arange(0, 8, 2)], "N2 C3 H4/2 W12"),
        (lambda x: x[:, :, torch.arange(7, 0, -2)], "N2 C3 H4/2 W12"),
        (lambda x: x[:, :, torch.arange(2, 6)], "N2 C3 H4 W12"),
        (lambda x: x[:, :, torch.tensor([5])], "N2 C3 H1 W12"),
        (lambda x: x.index_select(3, torch.tensor([0, 5, 6, 11])), "N2 C3 H8 W4/3"),
        # dimensions come, go and change places
        (lambda x: x.permute(0, 2, 3, 1), "N2 H8 W12 C3"),
        (lambda x: x.transpose(1, -1), "N2 W12 H8 C3"),
        (lambda x: x.flatten(1).t(), "C3·H8·W12 N2"),
        (lambda x: x[:, 1], "N2 H8 W12"),
        (lambda x: x[:, :, :, 4], "N2 C3 H8"),
        (lambda x: x.unsqueeze(1), "N2 -1 C3 H8 W12"),
        (lambda x: x.unsqueeze(-2), "N2 C3 H8 -1 W12"),
        (lambda x: x[:1].unsqueeze(0), "-1 N1 C3 H8 W12"),
        (lambda x: x[:1].unsqueeze(-2), "N1 C3 H8 -1 W12"),
        (lambda x: x[:1].unsqueeze(-1), "N1 C3 H8 W12 -1"),
        (lambda x: features(x, 1).squeeze(1), "N2 H8 W12"),
        (lambda x: features(x, 1).squeeze(), "N2 H8 W12"),
        (lambda x: features(x, 1).squeeze((1, 2)), "N2 H8 W12"),
        (lambda x: features(x[:1], 1).squeeze((1,)), "N1 H8 W12"),
        (lambda x: x.split([5, 7], dim=3)[1], "N2 C3 H8 W7"),
        (lambda x: x.chunk(4, 2)[1], "N2 C3 H2 W12"),
        (lambda x: x.unbind(2)[3], "N2 C3 W12"),
        (lambda x: x[..., :8].unbind(2)[3], "N2 C3 W8"),
        (lambda x: torch.stack([x, x, x], 2), "N2 C3 -3 H8 W12"),
        (lambda x: torch.stack([x, x, x], -1), "N2 C3 H8 W12 -3"),
        (lambda x: torch.stack([x] * 12, -1), "N2 C3 H8 W12 -12"),
        (lambda x: torch.stack([x[:1], x[:1]], 1), "N1 -2 C3 H8 W12"),
        (lambda x: torch.cat([x, x], 3), "N2 C3 H8 W24"),
        (lambda x: torch.cat([torch.empty(0), x, x], 3), "N2 C3 H8 W24"),
        (lambda x: torch.cat([features(x), features(x, 5)], 1), "N2 -9 H8 W12"),
        (lambda x: torch.cat([features(x), x], -3), "N2 C7 H8 W12"),
        (lambda x: x.mean((2, 3)), "N2 C3"),
        (lambda x: x.amax(-2, keepdim=True), "N2 C3 -1 W12"),
        (lambda x: x.sum(1), "N2 H8 W12"),
        (lambda x: x[:1].sum(1), "N1 H8 W12"),
        (lambda x: x.mean(3, keepdim=True).expand(-1, -1, -1, 5), "N2 C3 H8 -5"),
        (lambda x: x[:, :1].expand(-1, 4, -1, -1), "N2 -4 H8 W12"),
        (lambda x: x.expand(5, -1, -1, -1, -1), "-5 N2 C3 H8 W12"),
    ],
)
def test_operations_that_move_take_or_join_cells(function, expected):
    assert dims_after(function, (2, 3, 8, 12)) == expected


def written_into(base: Tensor, place: Any, part: Tensor) -> Tensor:
    base = base.clone()
    base[place] = part
    return base


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (
            lambda x: written_into(torch.zeros(2, 3, 16, 36), np.s_[..., ::2, ::3], x),
            "N2 C3 H16/0.5 W36/0.333333",
        ),
        (lambda x: written_into(torch.zeros(2, 3, 9, 14), np.s_[..., 1:, :12], x), "N2 C3 H9 W14"),
        (
            lambda x: written_into(torch.zeros(2, 5, 8, 12), np.s_[:, 1:4], features(x, 3)),
            "N2 -5 H8 W12",
        ),
        (lambda x: written_into(x, np.s_[..., :6], F.avg_pool2d(x, (1, 2))), "N2 C3 H8 W12"),
        (lambda x: written_into(x, np.s_[..., :6], torch.zeros(6)), "N2 C3 H8 W12"),
        (lambda x: written_into(torch.zeros(2, 8, 12), np.s_[:], x[:, 0]), "N2 H8 W12"),
        (
            lambda x: written_into(torch.zeros(2, 3, 97), np.s_[..., 1:], x.flatten(2)),
            "N2 C3 H8·W12·+1",
        ),
        (lambda x: written_into(torch.zeros(5, 3, 8, 12), 1, x[0]), "-5 C3 H8 W12"),
    ],
)
def test_cells_that_are_written_into_others(function, expected):
    assert dims_after(function, (2, 3, 8, 12)) == expected


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x.unfold(2, 3, 2), "N2 C3 H4/2 W14 H3"),
        (lambda x: x[..., ::2].unfold(-1, 3, 2), "N2 C3 H9 W3/4 W3/2"),
        (
            lambda x: torch.ops.aten.unfold_backward(x.unfold(2, 3, 2), x.shape, 2, 3, 2),
            "N2 C3 H9 W14",
        ),
        (
            lambda x: torch.ops.aten.unfold_backward(x.unfold(3, 6, 4), x.shape, -1, 6, 4),
            "N2 C3 H9 W14",
        ),
        (lambda x: x.as_strided((2, 3, 4, 7), (378, 126, 28, 2)), "N2 C3 H4/2 W7/2"),
        (lambda x: x.as_strided((2, 3, 9, 4), (378, 126, 14, 3)), "N2 C3 H9 W4/3"),
        (lambda x: x.as_strided((2, 6, 9), (378, 15, 0)), "N2 -6 -9"),
        (
            lambda x: features(x).as_strided((2, 4, 3, 14), (504, 126, 42, 1)),
            "N2 -4 H3/3 W14",
        ),
        (
            lambda x: F.unfold(x, (4, 3), (1, 1), (3, 5), (2, 4)),
            "N2 C3·H4·W3 H6/2·W6/4",
        ),
        (
            lambda x: F.fold(
                F.unfold(x, (3, 2), 1, (0, 1), (2, 3)), (9, 14), (3, 2), 1, (0, 1), (2, 3)
            ),
            "N2 -3 H9 W14",
        ),
    ],
)
def test_windows(function, expected):
    assert dims_after(function, (2, 3, 9, 14)) == expected


def test_the_places_of_windows_with_dilation():
    # rows (9 + 2·3 − 3·(4 − 1) − 1) // 2 + 1 = 3, columns (14 + 2·5 − 4·(3 − 1) − 1) // 4 + 1 = 4
    made = dims_after(lambda x: F.unfold(x, (4, 3), (3, 4), (3, 5), (2, 4)), (2, 3, 9, 14))
    assert made.split()[2] == "H3/2·W4/4"


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: torch.fft.irfft2(torch.fft.rfft2(x)), "N2 C3 H8 W12"),
        (lambda x: torch.fft.irfft2(torch.fft.rfft2(x), (16, 36)), "N2 C3 H16/0.5 W36/0.333333"),
        (lambda x: torch.fft.irfft2(torch.fft.rfft2(x), (4, 6)), "N2 C3 H4/2 W6/2"),
        (lambda x: torch.fft.ifft(torch.fft.fft(x)[..., :3]).real, "N2 C3 H8 W3/4"),
        (lambda x: torch.fft.fft(x, dim=2).real, "N2 C3 H8 W12"),
        (
            lambda x: torch.fft.ifft(torch.fft.fft(x.reshape(2, 3, 4, 2, 12), dim=3), dim=3).real,
            "N2 C3 H4/2 H2 W12",
        ),
    ],
)
def test_fourier_transforms(function, expected):
    assert dims_after(function, (2, 3, 8, 12)) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("N2 H4/2·-2 W6/2·-3", "N2 H8 W18/0.666667"),
        ("N2 -1 H8·-2 W12", "N2 -1 H16/0.5 W12"),  # an axis in its own place
        ("N2 H8·-4", "N2 H8·-4"),  # no channels are left
        ("N2 -1 W8·-4", "N2 -1 W8·-4"),
        ("N2·-3 -2 H8", "N6/0.333333 -2 H8"),
        ("N2 -3 H8·-4", "N2 -3 H32/0.25"),
        ("N2 -3 H4/2·-2 H2", "N2 -3 H4/2·-2 H2"),  # windows of the same axis
        ("N2 -3 H8·W12", "N2 -3 H8·W12"),
        ("N2 -3 -2·H8", "N2 -3 -2·H8"),
        ("N2 -3 H8·-2·W12", "N2 -3 H8·-2·W12"),
        ("N2 -3 H8·-2·W12·-2", "N2 -3 H16/0.5·W24/0.5"),
    ],
)
def test_channels_inside_an_axis_are_positions(given, expected):
    assert written(pixel_shuffled(parsed(given))) == expected


def means(x: Tensor) -> Tensor:
    return x.mean((2, 3), keepdim=True)


def halvings(x: Tensor) -> None:
    """Make 3 columns of 22 by three halvings, rounded up."""
    for _ in range(3):
        x = F.max_pool2d(x, (1, 2), ceil_mode=True)
    x.mean(2), x.mean((2, 3))


def after(first: Callable[[Tensor], object], function: Callable[[Tensor], Tensor]):
    """Apply a function to the image after another one, whose result nothing uses."""

    def run(x: Tensor) -> Tensor:
        first(x)
        return function(x)

    return run


@pytest.mark.parametrize(
    ("shape", "function", "expected"),
    [
        # convolution
        (
            (2, 3, 9, 14),
            lambda x: F.conv2d(x, torch.rand(5, 3, 3, 3), stride=(2, 3)),
            "N2 -5 H4/2 W4/3",
        ),
        ((3, 9, 14), lambda x: F.conv2d(x, torch.rand(5, 3, 3, 3), padding=1), "-5 C9 H14"),
        (
            (2, 3, 9, 14),
            lambda x: F.conv2d(x, torch.rand(5, 3, 3, 3), None, (2,)),
            "N2 -5 H4/2 W6/2",
        ),
        ((2, 3, 9), lambda x: F.conv1d(x, torch.rand(5, 3, 3), stride=2), "N2 -5 H4/2"),
        ((2, 3, 9), lambda x: F.conv1d(x, torch.rand(5, 3, 4)), "N2 -5 H6"),
        ((2, 3, 8, 12), lambda x: F.conv1d(x.flatten(2), torch.rand(5, 3, 1)), "N2 -5 H8·W12"),
        ((2, 3, 8, 12), lambda x: F.conv1d(x.flatten(2), torch.rand(5, 3, 3)), "N2 -5 -94"),
        (
            (2, 3, 8, 12),
            lambda x: F.conv_transpose2d(x, torch.rand(3, 5, 3, 2), stride=(4, 2)),
            "N2 -5 H31/0.25 W24/0.5",
        ),
        ((2, 3, 8, 12), lambda x: F.conv_transpose2d(x, torch.rand(3, 5, 3, 1)), "N2 -5 H10 W12"),
        # a grid that is folded out of numbers covers what the image covers
        (
            (2, 3, 8, 12),
            lambda x: F.conv_transpose2d(means(x), torch.rand(3, 5, 4, 3), stride=2),
            "N2 -5 H4/4 W3/6",
        ),
        (
            (2, 5, 3, 8, 12),
            lambda x: F.conv_transpose2d(means(x.flatten(0, 1)), torch.rand(3, 5, 4, 3), stride=2),
            "N2·C5 -5 W4/4 D3/6",
        ),
        (
            (2, 3, 8, 12),
            lambda x: F.interpolate(
                F.linear(means(x).flatten(1), torch.rand(96, 3)).view(2, 4, 4, 6), (4, 12)
            ),
            "N2 -4 H4/2 W12",
        ),
        ((2, 3, 8, 12), lambda x: F.interpolate(means(x), (8, 12)), "N2 C3 -8 -12"),
        # pooling
        ((2, 3, 9, 14), lambda x: F.max_pool2d(x, (3, 2)), "N2 C3 H3/3 W7/2"),
        ((2, 3, 9, 14), lambda x: F.avg_pool2d(x, (3, 2), (2, 1)), "N2 C3 H4/2 W13"),
        ((3, 9, 14), lambda x: F.max_pool2d(x, (3, 2)), "N3 C3/3 H7/2"),
        ((3, 9, 14), lambda x: F.avg_pool2d(x, (3, 2), (2, 1)), "N3 C4/2 H13"),
        ((2, 3, 4, 9, 14), lambda x: F.avg_pool3d(x, (1, 3, 2)), "N2 C3 H4 W3/3 D7/2"),
        ((2, 3, 9, 14), lambda x: F.avg_pool1d(x.flatten(1, 2), 2), "N2 C3·H9 W7/2"),
        ((2, 3, 8, 12), lambda x: F.avg_pool2d(x, (8, 2), 2), "N2 C3 H1/2 W6/2"),
        ((2, 3, 9, 12), lambda x: F.avg_pool2d(x, (9, 2), 2), "N2 C3 -1 W6/2"),
        # resizing
        ((2, 3, 9, 14), lambda x: F.interpolate(x, scale_factor=(2, 4)), "N2 C3 H18/0.5 W56/0.25"),
        ((2, 3, 9, 14), lambda x: F.adaptive_avg_pool2d(x, (3, 7)), "N2 C3 H3/3 W7/2"),
        ((2, 3, 4, 5), lambda x: F.interpolate(x, (1, 1)), "N2 C3 H1/4 -1"),
        ((2, 3, 1, 14), lambda x: F.interpolate(x, (4, 14)), "N2 C3 H4/0.25 W14"),
        ((2, 3, 1, 14), lambda x: F.interpolate(x, (5, 14)), "N2 C3 -5 W14"),
        ((2, 3, 9, 22), lambda x: F.interpolate(x, (9, 3)), "N2 C3 H9 W3/7"),
        ((2, 3, 9, 22), after(halvings, lambda x: F.interpolate(x, (9, 3))), "N2 C3 H9 W3/8"),
        (
            (2, 3, 8, 12),
            after(lambda x: F.pad(x[..., ::3], (1, 1)), lambda x: F.interpolate(x, (8, 6))),
            "N2 C3 H8 W6/2",  # a stride of 3 is too far from 2
        ),
        (
            (2, 3, 8, 12),
            after(lambda x: x[..., :8:2], lambda x: F.interpolate(x, (8, 4))),
            "N2 C3 H8 W4/3",
        ),
        ((2, 3, 8, 12), lambda x: F.pixel_shuffle(features(x, 12), 2), "N2 -3 H16/0.5 W24/0.5"),
    ],
)
def test_layers(shape, function, expected):
    assert dims_after(function, shape) == expected


def as_rows(x: Tensor) -> Tensor:
    """Return a map as a row of features for each position: (N, H·W, 4)."""
    return features(x).flatten(2).transpose(1, 2)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        # a layer over the features
        (lambda x: F.linear(x.permute(0, 2, 3, 1), torch.rand(5, 3)), "N2 H8 W12 -5"),
        # a layer along one axis, where channels stand beside it
        (lambda x: features(x) @ torch.rand(12, 6), "N2 -4 H8 W6/2"),
        (lambda x: torch.rand(4, 8) @ features(x), "N2 -4 H4/2 W12"),
        (lambda x: torch.rand(6, 12) @ features(x)[:, :, 0].transpose(1, 2), "N2 W6/2 -4"),
        (lambda x: x[:, 0] @ torch.rand(12, 6), "N2 H8 -6"),
        (lambda x: torch.rand(4, 8) @ x[:, 0], "N2 -4 W12"),
        (lambda x: as_rows(x).transpose(1, 2) @ torch.rand(96, 24), "N2 -4 -24"),
        (
            lambda x: (
                features(x, 8).view(2, 2, 4, 8, 12).permute(0, 1, 3, 4, 2).flatten(3)
                @ torch.rand(48, 6)
            ),
            "N2 -2 H8 -6",
        ),
        # attention: scores of coarse queries over fine keys are no finer map
        (lambda x: as_rows(x) @ as_rows(x).transpose(1, 2), "N2 H8·W12 H8·W12"),
        (
            lambda x: as_rows(x[:, :, ::2, ::2]) @ as_rows(x).transpose(1, 2),
            "N2 H4/2·W6/2 -96",
        ),
        (
            lambda x: as_rows(x[:, :, ::2]) @ as_rows(x).transpose(1, 2),
            "N2 H4/2·W12 H8·W12",
        ),
        (
            lambda x: as_rows(x) @ as_rows(x[:, :, ::2, ::2]).transpose(1, 2),
            "N2 H8·W12 H4/2·W6/2",
        ),
        (
            lambda x: means(features(x)).flatten(1)[:, None] @ as_rows(x).transpose(1, 2),
            "N2 -1 H8·W12",
        ),
        (
            lambda x: F.scaled_dot_product_attention(
                as_rows(x[:, :, ::2]), as_rows(x), features(x, 5).flatten(2).transpose(1, 2)
            ),
            "N2 H4/2·W12 -5",
        ),
        (lambda x: F.embedding((9 * x).long(), torch.rand(10, 7)), "N2 C3 H8 W12 -7"),
    ],
)
def test_matrix_products(function, expected):
    assert dims_after(function, (2, 3, 8, 12)) == expected


@pytest.mark.parametrize(
    ("given", "shape", "expected"),
    [
        ("N2 C3 H8 W12", (2, 5, 8, 6), "N2 C5/0.5 H8 W6/2"),
        ("N2 C3 H8 W12", (2, 8, 12), "N2 H8 W12"),
        ("N2 -3 H8 W12", (2, 12, 8), "N2 W12 -8"),  # in their order
        ("N1 -4 H8 W12", (1, 8, 12), "-1 H8 W12"),
    ],
)
def test_dimensions_are_guessed_from_sizes(given, shape, expected):
    assert written(guessed_from_sizes(parsed(given), shape)) == expected


@pytest.mark.parametrize(
    ("shape", "fits"), [((2, 96), True), ((2, 95), False), ((2,), False), ((2, 8, 12), False)]
)
def test_dimensions_fit_a_shape_of_their_sizes(shape, fits):
    assert fits_shape(parsed("N2 H8·W12"), shape) == fits


def test_the_finest_stride_along_each_axis_counts():
    assert finest_strides(parsed("N2/3 -4 H4/2·-2 H2 W6/2")) == {0: 3, 2: 1, 3: 2}


@pytest.mark.parametrize(
    ("given", "shape"),
    [("H6 W10", (4, 15)), ("H4·W6·+1", (5, 5))],
)
def test_what_cannot_be_folded(given, shape):
    with pytest.raises(ValueError, match="fold"):
        reshaped(parsed(given), shape)


@pytest.mark.parametrize(
    ("given", "shape", "expected"),
    [
        ("N1 C3 H8 W12", (1, 3, 96), "N1 C3 H8·W12"),
        ("N1 C3 H8 W12", (1, 1, 3, 96), "N1 -1 C3 H8·W12"),
        ("N2 H4 -6", (2, 4, 2, 3), "N2 H4 -2 -3"),
        ("N2 -2 -3", (2, 6), "N2 -6"),
        ("H4/2 H2", (8,), "H8"),
        ("H4/3 H2", (8,), "H4/3·H2"),
        ("H4 W2/0.25", (8,), "H4·W2/0.25"),
    ],
)
def test_cells_are_dealt_out_again(given, shape, expected):
    assert written(reshaped(parsed(given), shape)) == expected


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x + torch.rand(12), "N2 C3 H8 W12"),
        (lambda x: torch.rand(5, 1, 1, 1, 1) * x, "-5 N2 C3 H8 W12"),
        (lambda x: torch.rand(2, 1, 1, 1) * as_rows(x), "-2 N2 H8·W12 -4"),
        (lambda x: features(x[:1], 96)[0, :, :, 0] * x[0, 0].flatten()[:, None], "-96 H8"),
        (lambda x: features(x) * means(features(x)).sigmoid(), "N2 -4 H8 W12"),
        (lambda x: features(x[:1], 3) + x, "N2 C3 H8 W12"),
        (lambda x: torch.where(x > 0.5, 1.0, 0.0), "N2 C3 H8 W12"),
        (lambda x: features(x) * (x[:, :1] > 0.5), "N2 -4 H8 W12"),
        # of two names for a dimension, the one with the fewest parts
        (lambda x: x[:, 0].flatten(1) + features(x, 1).flatten(2)[..., 0], "N2 H8·W12"),
        # features of a position, where another map of the same axes has channels
        (
            lambda x: features(x, 96) * x[:, 0].flatten(1)[:, :, None, None],
            "N2 -96 H8 W12",
        ),
        (lambda x: features(x, 8) + x[:, 0, :, :1, None], "N2 H8 H8 W12"),
    ],
)
def test_element_by_element(function, expected):
    assert dims_after(function, (2, 3, 8, 12)) == expected


def test_an_unknown_layer_with_kernels_makes_channels():
    def run(x: Tensor) -> Tensor:
        return torch.ops.aten.slow_conv3d(x, torch.rand(5, 3, 1, 3, 3), (1, 3, 3))

    assert dims_after(run, (2, 3, 4, 9, 14)) == "N2 -5 H4 W7/1.28571 D12/1.16667"
