"""Mistakes that the report names because the code or a trial proves them, and what mends each."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import inspect_unet


def tells(model: nn.Module, *args: Any) -> str:
    told = inspect_unet(model, *args).problem
    assert told
    return told


def runs(model: nn.Module, *args: Any) -> bool:
    return inspect_unet(model, *args).problem is None


def conv(before: int, after: int, rank: int = 2, **options: Any) -> Any:
    kind: Any = getattr(nn, f"Conv{rank}d")
    return kind(before, after, 3, padding=1, **options)


# A step down and the step up to it that do not change the same sides.


class OneLevel(nn.Module):
    """Goes down and up by the given layers, and joins both maps."""

    def __init__(self, down: nn.Module | None, up: nn.Module | None, rank: int = 2) -> None:
        super().__init__()
        self.one, self.two = conv(1, 8, rank), conv(8, 8, rank)
        self.down, self.up, self.out = down, up, conv(16, 1, rank)

    def forward(self, x: Tensor) -> Tensor:
        skip = self.one(x)
        x = self.two(self.down(skip) if self.down else F.max_pool2d(skip, (2, 1)))
        x = self.up(x) if self.up else F.interpolate(x, scale_factor=2)
        made: Tensor = self.out(torch.cat([x, skip], 1))
        return made


def up_by(*sides: int) -> nn.Module:
    return nn.Upsample(scale_factor=sides)


def transposed(kernel: Any, stride: Any, padding: Any = 0, rank: int = 2) -> Any:
    kind: Any = getattr(nn, f"ConvTranspose{rank}d")
    return kind(8, 8, kernel, stride, padding)


ONE_SIDE: dict[str, tuple[Any, Any, str, list[Any]]] = {
    "pooling of one side": (
        nn.MaxPool2d((2, 1)),
        up_by(2, 2),
        "scale_factor=(2, 1) in up, or kernel_size=2 in down",
        [(nn.MaxPool2d((2, 1)), up_by(2, 1)), (nn.MaxPool2d(2), up_by(2, 2))],
    ),
    "enlarged along one side": (
        nn.MaxPool2d(2),
        up_by(2, 1),
        "scale_factor=2 in up makes",
        [(nn.MaxPool2d(2), up_by(2, 2))],
    ),
    "enlarged too much along one side": (
        nn.AvgPool2d(2),
        up_by(2, 4),
        "scale_factor=2 in up makes",
        [(nn.AvgPool2d(2), up_by(2, 2))],
    ),
    "transposed": (
        nn.MaxPool2d((1, 2)),
        transposed(2, 2),
        "kernel_size=(1, 2) and stride=(1, 2) in up, or kernel_size=2 in down",
        [(nn.MaxPool2d((1, 2)), transposed((1, 2), (1, 2))), (nn.MaxPool2d(2), transposed(2, 2))],
    ),
    "strided": (
        conv(8, 8, stride=(2, 1)),
        transposed(4, 2, 1),
        "kernel_size=(4, 3) and stride=(2, 1) in up, or stride=2 in down",
        [(conv(8, 8, stride=(2, 1)), transposed((4, 3), (2, 1), 1))],
    ),
    "volumes": (
        nn.MaxPool3d((1, 2, 2)),
        transposed(2, 2, rank=3),
        "kernel_size=(1, 2, 2) and stride=(1, 2, 2) in up, or kernel_size=2 in down",
        [(nn.MaxPool3d((1, 2, 2)), transposed((1, 2, 2), (1, 2, 2), rank=3))],
    ),
    "pixel shuffle": (
        nn.MaxPool2d((2, 1)),
        nn.Sequential(nn.Conv2d(8, 32, 1), nn.PixelShuffle(2)),
        "reduced: kernel_size=2 in down makes",
        [(nn.MaxPool2d(2), nn.Sequential(nn.Conv2d(8, 32, 1), nn.PixelShuffle(2)))],
    ),
    "functions": (None, None, "scale_factor=(2, 1) in the nearest up-sampling", []),
}


@pytest.mark.parametrize("case", ONE_SIDE)
def test_a_side_that_is_not_enlarged_as_it_was_reduced(case: str) -> None:
    down, up, remedy, mended = ONE_SIDE[case]
    rank = 3 if case == "volumes" else 2
    image = (1, 1, *[16, 24, 8][:rank])
    told = tells(OneLevel(down, up, rank), image)
    assert remedy in told
    assert "Each side must be enlarged as it was reduced" in told
    assert "With a factor" not in told
    for layers in mended:
        assert runs(OneLevel(*layers, rank), image)
