"""Mistakes that look like another one: the sentence names the cause, and no remedy that fails."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from unet_teach import inspect_unet


class Base(nn.Module):
    """The layers that the networks below have; each has a forward of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
        self.pool, self.up = nn.MaxPool2d(2), nn.Upsample(scale_factor=2)


class _Twice(Base):
    def forward(self, x: Tensor) -> Any:
        return self.conv2(self.pool(self.conv2(self.pool(self.conv1(x)))))


class _TwiceBesideAnother(_Twice):
    def __init__(self) -> None:
        super().__init__()
        self.conv3 = nn.Conv2d(16, 32, 3, padding=1)


class _ItselfWithOtherChannels(Base):
    def forward(self, x: Tensor) -> Any:
        return self(self.conv1(x))


class _Itself(Base):
    def forward(self, x: Tensor) -> Any:
        x = self.pool(x)
        return self(x)


class _ChunkedIntoTwo(Base):
    def forward(self, x: Tensor) -> Any:
        q, k, v = self.conv1(x).chunk(2, 1)
        return q + k + v


class _NotDivided(Base):
    def forward(self, x: Tensor) -> Any:
        q, k, v = self.conv1(x)
        return q + k + v


class _CallsForwardOfModule(Base):
    def forward(self, x: Tensor) -> Any:
        return super().forward(self.conv1(x))


class _NothingInIt(nn.Module):
    pass


class _PopsTooOften(Base):
    def forward(self, x: Tensor) -> Any:
        skips = [self.conv1(x)]
        x = self.up(self.pool(skips[0])) + skips.pop()
        return self.up(x) + skips.pop()


class _NumberTooHigh(Base):
    def forward(self, x: Tensor) -> Any:
        x1 = self.conv1(x)
        x2 = self.conv2(x1)
        return x1.mean() + x2 + x4  # noqa: F821


class _PoolThatOverlaps(Base):
    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.MaxPool2d(3, 2)

    def forward(self, x: Tensor) -> Any:
        one = self.conv1(x)
        two = self.conv2(self.pool(one))
        return torch.cat([self.up(self.pool(two)), two], 1)


class _ReturnsShape(Base):
    def forward(self, x: Tensor) -> Any:
        return self.conv1(x).shape


class _OwnNameForSelf(Base):
    def forward(s, x: Tensor) -> Any:  # noqa: N805
        return conv1(x)  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("model", "said", "not_said"),
    [
        (_TwiceBesideAnother, "conv3 takes 16 and has not been called: is it meant here?", "order"),
        (_Twice, "conv2 is called here for the second time.", "order"),
        (_ItselfWithOtherChannels, "forward calls itself", "expects"),
        (_Itself, "Its line: `return self(x)`", "`x = self.pool(x)`"),
        (_ChunkedIntoTwo, "into 2 pieces of 4, for 3 names.", "one tensor"),
        (_NotDivided, "conv1 returns one tensor, whose batch would be divided", "2 values"),
        (_CallsForwardOfModule, "super().forward(…) calls the forward of nn.Module", "inside the"),
        (_NothingInIt, "has no forward, and no layers. Make the layers", "Layers;"),
        (_PopsTooOften, "So far, it has made 1 step down and 2 up.", "steps down"),
        (_NumberTooHigh, "Is `x1` or `x2` meant?", "`x` meant"),
        (_PoolThatOverlaps, "pool (max_pool2d) has kernel_size=3", "same way"),
        (_ReturnsShape, "returns a shape, and no map", "list"),
        (_OwnNameForSelf, "the network has `s.conv1`: write `s.conv1`", "Give it a value"),
    ],
)
def test_the_cause_is_named(model: type[nn.Module], said: str, not_said: str) -> None:
    told = str(inspect_unet(model(), (1, 3, 32, 32)).problem)
    assert said in told
    assert not_said not in told


@pytest.mark.parametrize(("after", "asks"), [(8, True), (3, False)])
def test_an_exchange_of_numbers_is_only_proposed_where_the_network_then_runs(after, asks):
    model = nn.Sequential(nn.Conv2d(3, 16, 1), nn.Conv2d(8, 16, 1), nn.Conv2d(after, 4, 1))
    told = str(inspect_unet(model, (1, 3, 8, 8)).problem)
    assert "layer 1 expects 8, got 16 channels" in told
    assert ("wrong order? nn.Conv2d(16, 8, …)" in told) == asks
