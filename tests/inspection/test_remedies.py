"""A report on a broken network names the place and the numbers, and its remedy works."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from odd_networks import Small, conv
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import inspect_unet
from unet_teach.inspection.inspector import record
from unet_teach.networks import UNet

PICTURE = (1, 3, 64, 64)
VOLUME = (1, 1, 8, 8, 8)


class Level(nn.Module):
    """One level of a U-Net whose parts may be wrong."""

    def __init__(self, **parts: Any) -> None:
        super().__init__()
        self.one = parts.get("one", nn.Conv2d(3, 8, 3, padding=1))
        self.two = parts.get("two", nn.Conv2d(8, 16, 3, 2, 1))
        self.up = parts.get("up", nn.ConvTranspose2d(16, 8, 2, 2))
        self.join = parts.get("join", lambda skip, x: torch.cat([skip, x], 1))
        self.out = parts.get("out", nn.Conv2d(16, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        skip = self.one(x)
        made: Tensor = self.out(self.join(skip, self.up(self.two(skip))))
        return made


class Plain(nn.Module):
    """Layers one after the other, kept in any kind of container, with a step in between."""

    def __init__(self, *layers: nn.Module, step: Callable[[Tensor], Any] | None = None) -> None:
        super().__init__()
        self.first, self.step = layers[0], step or (lambda x: x)
        self.last = layers[1] if layers[1:] else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.last(self.step(self.first(x)))
        return made


class Padded(nn.Module):
    """Loses two rows and one column, and pads them again in some order."""

    def __init__(self, *pad: int) -> None:
        super().__init__()
        self.pad, self.one = pad, nn.Conv2d(3, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, F.pad(self.one(x)[:, :, 2:, 1:], self.pad)], 1)


class Functional(nn.Module):
    """Convolutions without layers, and one activation for all of them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.w1 = nn.Parameter(torch.zeros(8, 3, 3, 3))
        self.w2 = nn.Parameter(torch.zeros(4, channels, 3, 3))

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.relu(
            F.conv2d(F.max_pool2d(self.relu(F.conv2d(x, self.w1)), 2), self.w2)
        )
        return made


def windows(x: Tensor) -> Tensor:
    return x.view(1, 8, x.shape[2] // 7, 7, x.shape[3] // 7, 7)


def dilated(padding: int) -> nn.Module:
    last = nn.Conv2d(8, 8, 3, padding=padding, dilation=2)
    return nn.Sequential(nn.Upsample(scale_factor=2), conv(16, 8), last)


def conv3() -> nn.Module:
    return nn.Conv2d(3, 8, 3, padding=1)


# The broken network, what the report must contain, and the network with the remedy applied.
GIVEN: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], list[str], Any]] = {
    "forgotten concatenation": (
        lambda: Level(join=lambda skip, x: x),
        PICTURE,
        ["out expects 16, got 8", "Is a concatenation missing? one (convolution) made 8"],
        lambda: Level(),
    ),
    "added for concatenated": (
        lambda: Level(join=torch.add),
        PICTURE,
        ["out expects 16, got 8", "were added", "torch.cat([skip, x], dim=1) has 16"],
        lambda: Level(),
    ),
    "swapped, transposed": (
        lambda: Level(up=nn.ConvTranspose2d(8, 16, 2, 2)),
        PICTURE,
        ["up expects 8, got 16", "wrong order? nn.ConvTranspose2d(16, 8, …)"],
        lambda: Level(),
    ),
    "swapped, linear": (
        lambda: Plain(conv3(), nn.Linear(10, 8), step=lambda x: x.mean((2, 3))),
        PICTURE,
        ["last expects 10, got 8", "nn.Linear(8, 10)"],
        lambda: Plain(conv3(), nn.Linear(8, 10), step=lambda x: x.mean((2, 3))),
    ),
    "side equals channels": (
        lambda: Plain(conv3(), nn.Conv2d(64, 4, 1)),
        PICTURE,
        ["last expects 64, got 8", "Let the layer before it make 64, or this one take 8."],
        lambda: Plain(conv3(), nn.Conv2d(8, 4, 1)),
    ),
    "channels last inside": (
        lambda: Plain(conv3(), nn.Conv2d(8, 4, 1), step=lambda x: x.movedim(1, -1)),
        PICTURE,
        ["Its channels, 8, stand last; bring them second: x.movedim(-1, 1)"],
        lambda: Plain(conv3(), nn.Conv2d(8, 4, 1)),
    ),
    "functional": (
        lambda: Functional(12),
        PICTURE,
        ["w2 expects 12, got 8", "w1 (convolution), through max_pool2d"],
        lambda: Functional(8),
    ),
    "dilation": (
        lambda: Level(
            up=nn.Sequential(
                nn.Upsample(scale_factor=2), conv(16, 8), nn.Conv2d(8, 8, 3, padding=1, dilation=2)
            )
        ),
        PICTURE,
        ["up.2 (convolution) has kernel_size=3, stride=1, padding=1", "padding=2 keeps the size"],
        lambda: Level(
            up=nn.Sequential(
                nn.Upsample(scale_factor=2), conv(16, 8), nn.Conv2d(8, 8, 3, padding=2, dilation=2)
            )
        ),
    ),
    "output_padding missing": (
        lambda: Level(up=nn.ConvTranspose2d(16, 8, 3, 2, 1)),
        PICTURE,
        ["63×63", "output_padding=1 makes 64×64"],
        lambda: Level(up=nn.ConvTranspose2d(16, 8, 3, 2, 1, output_padding=1)),
    ),
    "output_padding at stride 1": (
        lambda: nn.ConvTranspose2d(3, 8, 3, 1, 1, 1),
        PICTURE,
        ["output_padding=1 with stride=1", "set output_padding=0, or stride=2"],
        lambda: nn.ConvTranspose2d(3, 8, 3, 2, 1, 1),
    ),
    "skip of another level": (
        lambda: Level(join=lambda skip, x: torch.cat([F.max_pool2d(skip, 2), x], 1)),
        PICTURE,
        ["One is 2 times", "last map of 64×64 was made by one (convolution)"],
        lambda: Level(),
    ),
    "F.pad": (
        lambda: Padded(2, 0, 1, 0),
        PICTURE,
        ["F.pad(x, (1, 0, 2, 0))"],
        lambda: Padded(1, 0, 2, 0),
    ),
    "F.pad of rows": (
        lambda: Padded(2, 0, 1, 0),
        (1, 3, 9, 7),
        ["last dimension first"],
        lambda: Padded(1, 0, 2, 0),
    ),
    "windows": (
        lambda: Plain(conv3(), step=windows),
        PICTURE,
        ["pieces of 7", "multiples of 7: 63×63 or 70×70 works"],
        None,
    ),
    "groups": (
        lambda: Plain(conv3(), nn.GroupNorm(8, 8), step=lambda x: x[:, :6]),
        PICTURE,
        ["last", "8", "6"],
        lambda: Plain(conv3(), nn.GroupNorm(6, 6), step=lambda x: x[:, :6]),
    ),
    "PReLU": (
        lambda: Plain(conv3(), nn.PReLU(4)),
        PICTURE,
        ["In last (a PReLU): A PReLU for 4 channels was given 8. Make it for 8.", "Make it for 8"],
        lambda: Plain(conv3(), nn.PReLU(8)),
    ),
    "LayerNorm": (
        lambda: Plain(conv3(), nn.LayerNorm(8)),
        PICTURE,
        ["last, a LayerNorm,", "x.movedim(1, -1) before it", "nn.GroupNorm(1, 8)"],
        lambda: Plain(conv3(), nn.GroupNorm(1, 8)),
    ),
    "attention": (
        lambda: nn.TransformerEncoderLayer(8, 2, 16),
        (1, 5, 6),
        ["expects 8, got 6"],
        lambda: nn.TransformerEncoderLayer(6, 2, 16),
    ),
    "double inside": (
        lambda: Plain(conv3(), nn.Conv2d(8, 4, 1), step=Tensor.double),
        PICTURE,
        ["in last: float64 meets float32", "With `self.step(self.first(x)).float()` there"],
        lambda: Plain(conv3(), nn.Conv2d(8, 4, 1), step=lambda x: x.double().float()),
    ),
    "half layer": (
        lambda: Plain(conv3(), nn.Conv2d(8, 4, 1).half()),
        PICTURE,
        ["in last: float32 meets float16", "model.to(torch.float32)"],
        lambda: Plain(conv3(), nn.Conv2d(8, 4, 1).half()).to(torch.float32),
    ),
    "no such device": (
        lambda: Plain(conv3(), step=lambda x: x + torch.zeros(1, device="xpu")),
        PICTURE,
        ["asks for a device that this computer does not have", "device=x.device"],
        lambda: Plain(conv3(), step=lambda x: x + torch.zeros(1, device=x.device)),
    ),
    "series": (Small, (1, 3, 64), ["The input is 1×3×64, 3 dimensions; the network takes 4"], None),
    "one side": (
        lambda: nn.Sequential(*[nn.MaxPool2d(2)] * 5),
        (1, 3, 256, 20),
        ["Only the side of 20 is too small: 256×32 works"],
        None,
    ),
    "channels last": (
        lambda: UNet(3, 1, base_channels=4),
        (1, 64, 64, 3),
        ["its channels, 3, stand last", "x.movedim(-1, 1) makes 1×3×64×64"],
        None,
    ),
}
RANKS: dict[str, tuple[nn.Module, nn.Module]] = {
    "max": (nn.MaxPool2d(2), nn.MaxPool3d(2)),
    "mean": (nn.AvgPool2d(2), nn.AvgPool3d(2)),
    "batch": (nn.BatchNorm2d(4), nn.BatchNorm3d(4)),
    "instance": (nn.InstanceNorm2d(4), nn.InstanceNorm3d(4)),
    "transposed": (nn.ConvTranspose2d(4, 4, 2, 2), nn.ConvTranspose3d(4, 4, 2, 2)),
    "upsample": (
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.Upsample(scale_factor=2, mode="trilinear"),
    ),
}


@pytest.mark.parametrize("name", GIVEN)
def test_a_report_says_what_to_do_and_that_works(name: str) -> None:
    make, shape, parts, repair = GIVEN[name]
    report = inspect_unet(make(), shape)
    for part in parts:
        assert part in str(report.problem), report.problem
    assert not report.runs
    if repair:
        again = inspect_unet(repair(), shape)
        assert again.problem is None, again.problem
        repair().eval()(torch.rand(shape))


@pytest.mark.parametrize("name", RANKS)
def test_a_layer_for_images_in_a_network_for_volumes(name: str) -> None:
    wrong, right = RANKS[name]
    told = str(inspect_unet(nn.Sequential(nn.Conv3d(1, 4, 3, padding=1), wrong), VOLUME).problem)
    named = right.mode if isinstance(right, nn.Upsample) else f"nn.{type(right).__name__}"
    assert re.search(rf"layer 1: .* works on images .* volumes .*{named}", told), told
    assert not inspect_unet(nn.Sequential(nn.Conv3d(1, 4, 3, padding=1), right), VOLUME).problem


class Misspelt(nn.Module):
    """Its forward has another name."""

    def forwrd(self, x: Tensor) -> Tensor:
        return x


class TooDeep(nn.Module):
    """Its forward is a local function of __init__."""

    def __init__(self) -> None:
        super().__init__()

        def forward(self: nn.Module, x: Tensor) -> Tensor:
            return x


@pytest.mark.parametrize(
    ("block", "part"),
    [
        (Misspelt(), "last, a Misspelt, has no forward, but a method `forwrd`: rename it"),
        (TooDeep(), "last, a TooDeep, has no forward: `def forward` stands inside __init__"),
        (nn.ModuleList([nn.ReLU()]), "`for layer in self.last: x = layer(x)`"),
        (nn.ModuleDict({"a": nn.ReLU()}), "`self.last[key](x)`, with key one of 'a'"),
    ],
)
def test_a_block_that_cannot_be_called(block: nn.Module, part: str) -> None:
    assert part in str(inspect_unet(Plain(conv3(), block), PICTURE).problem)


class Takes(nn.Module):
    """A network whose forward is a function of itself and its input, for mistakes in code."""

    def __init__(self, forward: Callable[[Any, Tensor], Any], **layers: Any) -> None:
        super().__init__()
        self.code = forward
        self.conv, self.deep = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 16, 3, 2, 1)
        self.up, self.out = nn.ConvTranspose2d(16, 8, 2, 2), nn.Conv2d(16, 1, 1)
        self.layers = nn.ModuleDict({"relu": nn.ReLU(), "sigmoid": nn.Sigmoid()})
        self.listed, self.empty, self.absent = nn.ModuleList([nn.ReLU()]), [], None
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x: Tensor) -> Any:
        return self.code(self, self.conv(x))


class NoReturn(nn.Module):
    """Forgets to return its result."""

    def forward(self, x: Tensor) -> None:
        x.relu()


class Pair(nn.Module):
    """Returns two maps."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, x


class Joined(nn.Module):
    """Takes two maps."""

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return torch.cat([x, skip], 1)


def cut(self: Any, x: Tensor) -> Any:
    _batch, _channels, _side = x.shape
    return x


def used_too_early(self: Any, x: Tensor) -> Any:
    if x.shape[1] < 4:
        skip = x
    return skip


def looped(self: Any, x: Tensor) -> Any:
    for number, layer in self.listed:
        x = layer(x) + number
    return x


def keys_looped(self: Any, x: Tensor) -> Any:
    for layer in self.layers:
        x = layer(x)
    return x


class Shortcut(nn.Module):
    """A residual block that halves."""

    def __init__(self, short: nn.Module) -> None:
        super().__init__()
        self.first, self.short = nn.Conv2d(8, 16, 3, 2, 1), short

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.first(x) + self.short(x)
        return made


# The forward, layers that it has besides, what the report must contain, and the forward repaired.
IN_CODE: dict[str, tuple[Any, dict[str, nn.Module], list[str], Any]] = {
    "self forgotten": (
        lambda self, x: up(self.deep(x)),  # type: ignore[name-defined]  # noqa: F821
        {},
        ["the network has `self.up`: write `self.up`"],
        lambda self, x: self.up(self.deep(x)),
    ),
    "name misspelt": (
        lambda self, skip: skpi + 1,  # type: ignore[name-defined]  # noqa: F821
        {},
        ["`skpi` is used, and nothing", "Is `skip` meant?"],
        lambda self, skip: skip + 1,
    ),
    "not imported": (
        lambda self, x: rearrange(x, "b c h w -> b h w c"),  # type: ignore[name-defined]  # noqa: F821
        {},
        ["`rearrange` was not imported"],
        None,
    ),
    "used too early": (used_too_early, {}, ["`skip` is used before it has a value"], None),
    "attribute misspelt": (
        lambda self, x: self.depe(x),
        {},
        ["has no `depe`", "Is `deep` meant?"],
        lambda self, x: self.deep(x),
    ),
    "key misspelt": (
        lambda self, x: self.layers["sigmoyd"](x),
        {},
        ["has no key 'sigmoyd'", "'relu', 'sigmoid'", "Is `sigmoid` meant?"],
        lambda self, x: self.layers["sigmoid"](x),
    ),
    "number too large": (
        lambda self, x: self.listed[1](x),
        {},
        [
            "`self.listed[1]` asks for number 1, and `self.listed` has 1 entry, number 0",
            "Its line: `lambda self, x:",
        ],
        lambda self, x: self.listed[0](x),
    ),
    "nothing left": (
        lambda self, x: self.empty.pop(),
        {},
        ["`self.empty` is empty here"],
        lambda self, x: [*self.empty, x].pop(),
    ),
    "None called": (
        lambda self, x: self.absent(x),
        {},
        ["`self.absent` is called, and it is None"],
        lambda self, x: self.absent(x) if self.absent is not None else x,
    ),
    "shape called": (
        lambda self, x: x.view(x.shape()),
        {},
        ["`x.shape` is called, and it is no method: write x.shape[2]"],
        lambda self, x: x.view(x.shape),
    ),
    "keys called": (keys_looped, {}, ["is a text", "use .values()"], None),
    "loop without enumerate": (looped, {}, ["given a single ReLU", "enumerate(self.layers)"], None),
    "shape cut": (
        cut,
        {},
        ["`x.shape` has 4 numbers, (1, 8, 64, 64), and is given to 3 names"],
        None,
    ),
    "one value for two": (
        lambda self, x: self.joined(x),
        {"joined": Joined()},
        ["joined, a Joined, takes (x, skip), and here skip is missing"],
        lambda self, x: self.joined(x, x),
    ),
    "two values for a Sequential": (
        lambda self, x: self.joined(x, x),
        {"joined": nn.Sequential(nn.ReLU())},
        ["hands a single value from layer to layer, and is given 2 values"],
        lambda self, x: self.joined(x),
    ),
    "class called": (
        lambda self, x: nn.Sigmoid(x),
        {},
        ["nn.Sigmoid(x) makes a layer", "self.layer = nn.Sigmoid()"],
        lambda self, x: nn.Sigmoid()(x),
    ),
    "class called with an option": (
        lambda self, x: nn.ReLU(x)(x),
        {},
        ["nn.ReLU(x) makes a layer"],
        lambda self, x: nn.ReLU()(x),
    ),
    "nothing returned": (
        lambda self, x: F.max_pool2d(self.silent(x), 2),
        {"silent": NoReturn()},
        ["silent returned None: is a `return` missing at the end of its forward?"],
        None,
    ),
    "nothing added": (
        lambda self, x: x + self.silent(x),
        {"silent": NoReturn()},
        ["None is used like a tensor. silent returned None"],
        None,
    ),
    "two returned": (
        lambda self, x: self.deep(self.pair(x)),
        {"pair": Pair()},
        ["deep needs a tensor and is given a tuple. pair returned a tuple of 2"],
        lambda self, x: self.deep(self.pair(x)[0]),
    ),
    "two returned for three": (
        lambda self, x: next(a for a, b, c in [self.pair(x)]),
        {"pair": Pair()},
        ["(ValueError: not enough values to unpack (expected 3, got 2))"],
        None,
    ),
    "a dict given on": (
        lambda self, x: self.deep({"image": x}),
        {},
        ["given a dict. Take a tensor out of it by its key, such as ['image']"],
        lambda self, x: self.deep({"image": x}["image"]),
    ),
    "list and tensor": (
        lambda self, x: torch.cat(self.empty + x, 1),
        {},
        ["A tensor is added to a list", "torch.cat([*skips, x], dim=1)"],
        lambda self, x: torch.cat([*self.empty, x], 1),
    ),
    "vector and map": (
        lambda self, x: x * x.mean((2, 3)),
        {},
        [
            "1×8 (made by",
            "and 1×8×64×64",
            "x[:, :, None, None]",
            "There, x is 1×8×64×64",
        ],
        lambda self, x: x * x.mean((2, 3))[:, :, None, None],
    ),
    "map without channels": (
        lambda self, x: torch.cat([x, x.mean(1)], 1),
        {},
        ["The one axis of channels is missing: x.unsqueeze(1)"],
        lambda self, x: torch.cat([x, x.mean(1, keepdim=True)], 1),
    ),
    "channels taken for a batch": (
        lambda self, x: x * self.mix(torch.cat([x.mean(1), x.amax(1)])),
        {"mix": nn.Conv2d(2, 1, 5)},
        ["mix was given 2×64×64, which it takes for one image without a batch", "keepdim=True"],
        None,
    ),
    "view of a transposed map": (
        lambda self, x: x.transpose(1, 2).view(1, -1),
        {},
        ["was transposed", ".reshape(…) in place of .view(…)"],
        lambda self, x: x.transpose(1, 2).reshape(1, -1),
    ),
    "view of another grid": (
        lambda self, x: self.deep(x).flatten(2).reshape(1, 16, 64, 64),
        {},
        ["such as 1×16×32×32, with the height and width of deep"],
        lambda self, x: self.deep(x).flatten(2).reshape(1, 16, 32, 32),
    ),
    "shuffled": (
        lambda self, x: F.pixel_shuffle(x, 3),
        {},
        ["divisible by 9, and 8 is not. Let the layer before it make 9: 9 times the 1"],
        lambda self, x: F.pixel_shuffle(torch.cat([x, x[:, :1]], 1), 3),
    ),
    "size taken for a factor": (
        lambda self, x: torch.cat([x, F.interpolate(self.deep(x), 2)], 1),
        {},
        ["makes 2×2 of 32×32", "Write scale_factor=2"],
        lambda self, x: torch.cat([x, F.interpolate(self.deep(x), scale_factor=2)], 1),
    ),
    "a factor that shrinks": (
        lambda self, x: torch.cat([x, F.interpolate(self.deep(x), scale_factor=0.5)], 1),
        {},
        ["makes 16×16 of 32×32", "a scale_factor below 1", "Write scale_factor=2"],
        lambda self, x: torch.cat([x, F.interpolate(self.deep(x), scale_factor=2)], 1),
    ),
    "a batch squeezed away": (
        lambda self, x: torch.cat([x, self.wide(self.deep(x).squeeze())], 1),
        {"wide": nn.ConvTranspose2d(16, 8, 2, 2)},
        ["wide was given 16×32×32", "squeeze() before it drops every dimension of size 1"],
        lambda self, x: torch.cat([x, self.wide(self.deep(x))], 1),
    ),
    "one of two names": (
        lambda self, x: self.dec2(x),
        {"d2": nn.Conv2d(8, 8, 1), "e2": nn.Conv2d(8, 8, 1)},
        ["Is `d2` or `e2` meant?"],
        lambda self, x: self.d2(x),
    ),
    "a shortcut without a stride": (
        lambda self, x: self.block(x),
        {"block": Shortcut(nn.Identity())},
        ["in block, block.first (convolution) makes it smaller", "nn.Conv2d(8, 16, 1, stride=2)"],
        None,
    ),
    "a shortcut with the stride": (
        lambda self, x: self.block(x),
        {"block": Shortcut(nn.Conv2d(8, 16, 1, stride=2))},
        ["None"],
        None,
    ),
    "kernel of 3 without padding": (
        lambda self, x: torch.cat([x, self.wide(self.deep(x))], 1),
        {"wide": nn.ConvTranspose2d(16, 8, 3, 2)},
        ["which makes 65×65 of 32×32", "padding=1 and output_padding=1 make 64×64"],
        lambda self, x: torch.cat([x, nn.ConvTranspose2d(16, 8, 3, 2, 1, 1)(self.deep(x))], 1),
    ),
    "whole numbers": (
        lambda self, x: self.rows(torch.arange(4)[None]),
        {"rows": nn.Linear(4, 2)},
        ["float32 meets int64", "The int64, 1×4,", "x.float()"],
        lambda self, x: self.rows(torch.arange(4)[None].float()) + x.mean(),
    ),
}


def test_height_and_width_that_a_reshape_exchanged_are_found() -> None:
    """Also where the exchanged map is larger than any level of the network."""

    def exchanged(self: Any, x: Tensor) -> Tensor:
        n, c, w, h = self.deep(x).shape
        deep = self.deep(x).flatten(2).reshape(n, c, h, w)
        return torch.cat([x, F.interpolate(deep, scale_factor=2)], 1)

    told = str(inspect_unet(Takes(exchanged), (1, 3, 64, 96)).problem)
    assert "exchanged before it already, 48×32" in told, told


@pytest.mark.parametrize("name", IN_CODE)
def test_a_mistake_in_code_is_named_and_its_remedy_works(name: str) -> None:
    code, layers, parts, repaired = IN_CODE[name]
    told = str(inspect_unet(Takes(code, **layers), PICTURE).problem)
    for part in parts:
        assert part in told, told
    if repaired:
        again = inspect_unet(Takes(repaired, **layers), PICTURE)
        assert again.problem is None, again.problem


# What an operation wants: the mistake, what the report must contain, and what works instead.
WANTED: dict[str, tuple[Any, str, Any]] = {
    "split": (
        lambda x: x.split([2, 4], 1)[0],
        "2, 4, must add up to 8",
        lambda x: x.split([2, 6], 1)[0],
    ),
    "glu": (lambda x: F.glu(x[:, :7], 1), "two halves, and 7 is odd", lambda x: F.glu(x, 1)),
    "permute": (
        lambda x: x.permute(0, 2, 1),
        "has 4, and 3 are named",
        lambda x: x.permute(0, 2, 3, 1),
    ),
    "softmax": (
        lambda x: x.softmax(4),
        "Dimension 4 is asked for, and the tensor has 0 to 3",
        lambda x: x.softmax(1),
    ),
    "transpose": (
        lambda x: x.transpose(1, 4),
        "Dimension 4 is asked for",
        lambda x: x.transpose(1, 3),
    ),
    "reflection": (
        lambda x: F.pad(x, (99, 99, 0, 0), "reflect"),
        "it is 99 and 99, for a feature map of",
        lambda x: F.pad(x, (99, 99, 0, 0)),
    ),
    "unpooling": (
        lambda x: F.max_unpool2d(x, F.max_pool2d(x, 2, return_indices=True)[1], 2),
        "the map is 1×8×64×64, its indices are 1×8×32×32",
        lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2),
    ),
    "floats for indices": (lambda x: F.max_unpool2d(x, x, 2), "return_indices=True", None),
    "half a size": (
        lambda x: F.interpolate(x, size=x.shape[2] / 2),
        "Write h // 2",
        lambda x: F.interpolate(x, size=x.shape[2] // 2),
    ),
    "a map for an LSTM": (
        lambda x: nn.LSTM(8, 8)(x),
        "x.flatten(2).transpose(1, 2)",
        lambda x: nn.LSTM(8, 8)(x.flatten(2).transpose(1, 2))[0].transpose(1, 2).view_as(x),
    ),
    "a map for attention": (
        lambda x: nn.MultiheadAttention(8, 2)(x, x, x),
        "takes sequences (N, L, features)",
        None,
    ),
    "view": (
        lambda x: x.mT.view(8, -1),
        ".reshape(…) in place of .view(…)",
        lambda x: x.mT.reshape(8, -1),
    ),
    "attribute": (lambda x: x.channels, "A tensor has no `channels`", lambda x: x * x.shape[1]),
    "generator": (
        lambda x: (f for f in (x, x))[0],
        "A generator has no entries",
        lambda x: [2 * f for f in (x, x)][1],
    ),
    "no scale": (
        lambda x: F.interpolate(x),
        "scale_factor=2",
        lambda x: F.interpolate(x, scale_factor=2),
    ),
    "expand": (
        lambda x: x.expand(1, 16, 64, 64),
        "dimension 1 is 8 in place of 16",
        lambda x: x[:, :1].expand(1, 16, 64, 64),
    ),
    "unflatten": (
        lambda x: x.unflatten(1, (3, 3)),
        "The product of (3, 3) must be 8",
        lambda x: x.unflatten(1, (2, 4)),
    ),
    "bmm": (lambda x: torch.bmm(x, x), "use a @ b", lambda x: x @ x),
    "pad": (
        lambda x: F.pad(x, (1, 1, 1)),
        "two numbers for each side",
        lambda x: F.pad(x, (1, 1, 1, 1)),
    ),
    "grid": (
        lambda x: F.grid_sample(x, x[:, :2]),
        "A grid is (N, H, W, 2)",
        lambda x: F.grid_sample(x, x[:, :2].movedim(1, -1)),
    ),
    "repeat": (lambda x: x.repeat(2, 2), "x.repeat(1, 1, 2, 2)", lambda x: x.repeat(1, 1, 2, 2)),
    "truth": (
        lambda x: x.relu() if x > 0 else x,
        "neither true nor false",
        lambda x: x.relu() if (x > 0).any() else x,
    ),
    "letters": (
        lambda x: torch.einsum("bchw,bhcw->bchw", x, x),
        "`h` is 64 in x (`bchw`, 1×8×64×64) and 8 in x (`bhcw`",
        lambda x: torch.einsum("bchw,bchw->bchw", x, x),
    ),
    "a whole shape": (
        lambda x: F.interpolate(x, size=x.shape),
        "F.interpolate(x, size=skip.shape[2:])",
        lambda x: F.interpolate(x, size=x.shape[2:]),
    ),
    "one position": (
        lambda x: nn.InstanceNorm2d(8)(x[:, :, :1, :1]),
        "(1×1), whatever the size of the image. Leave it out here, or use nn.GroupNorm(1, 8).",
        lambda x: nn.GroupNorm(1, 8)(x[:, :, :1, :1]),
    ),
    "features of an LSTM": (
        lambda x: nn.LSTM(4, 2)(x[:, 0]),
        "got 64 features in the last dimension. Bring the 4 features last, or set input_size=64",
        lambda x: nn.LSTM(64, 2)(x[:, 0])[0],
    ),
    "two devices": (
        lambda x: x * torch.ones(64, device="meta") if x.mean() < 2 else x,
        "Tensors on different devices meet",
        lambda x: x * torch.ones(64, device=x.device) if x.mean() < 2 else x,
    ),
    "no list": (
        lambda x: torch.cat(x, x),
        "`torch.cat([a, b], dim=1)`. Put square brackets around them",
        lambda x: torch.cat([x, x], dim=1),
    ),
    "no list to stack": (
        lambda x: torch.hstack(x, x),
        "torch.hstack([a, b])",
        lambda x: torch.hstack([x, x]),
    ),
    "row": (
        lambda x: F.embedding(torch.tensor(4), torch.zeros(4, 8)) if x.mean() < 2 else x,
        "rows 0 to n - 1",
        None,
    ),
}


@pytest.mark.parametrize("name", WANTED)
def test_what_an_operation_wants_is_said_and_works(name: str) -> None:
    step, part, repaired = WANTED[name]
    told = str(inspect_unet(Takes(lambda self, x: step(x)), torch.rand(PICTURE)).problem)
    assert part in told, told
    if repaired:
        again = inspect_unet(Takes(lambda self, x: repaired(x)), torch.rand(PICTURE))
        assert again.problem is None, again.problem


def test_a_network_that_calls_itself() -> None:
    told = str(inspect_unet(Takes(lambda self, x: self(x[:, :3])), PICTURE).problem)
    assert "forward calls itself" in told

    def endless(x: Tensor) -> Tensor:
        return endless(x)

    told = str(inspect_unet(Takes(lambda self, x: endless(x)), PICTURE).problem)
    assert "It called itself without an end" in told


def test_a_line_with_anything_in_it_is_quoted() -> None:
    class Odd:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

    odd, lazy = Odd(), nn.LazyConv2d(4, 1)

    def forward(self: Any, x: Tensor) -> Any:
        mine, weight, words, none = odd, lazy.weight, {"a": x}, [None, x]
        return self.conv(mine, weight, words, none) or mine.any

    told = str(inspect_unet(Takes(forward), PICTURE).problem)
    assert "conv, a Conv2d, takes (input), and it is given 4 values" in told
    assert "words is a dict with the keys 'a' and none is a list of 2." in told


def test_two_maps_in_the_wrong_order() -> None:
    class Up(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.up = nn.ConvTranspose2d(16, 8, 2, 2)

        def forward(self, x: Tensor, skip: Tensor) -> Tensor:
            return torch.cat([self.up(x), skip], 1)

    class Twice(Takes):
        def forward(self, x: Tensor) -> Any:
            skip = self.conv(x)
            x = self.deep(skip)
            made = self.block(skip, x)
            return made, self.other(skip, x)

    told = str(inspect_unet(Twice(print, block=Up(), other=Up()), PICTURE).problem)
    assert "`skip` and `x` are exchanged: with `self.block(x, skip)`, and so wherever `Up`" in told
    right = Takes(lambda self, x: self.block(self.deep(x), x), block=Up())
    assert inspect_unet(right, PICTURE).problem is None


def test_a_part_of_a_buffer_is_made_for_other_positions() -> None:
    class Tokens(nn.Module):
        def __init__(self, count: int) -> None:
            super().__init__()
            self.patch = nn.Conv2d(3, 8, 4, 4)
            self.register_buffer("places", torch.zeros(count, 8))

        def forward(self, x: Tensor) -> Tensor:
            rows = self.patch(x).flatten(2).transpose(1, 2)
            made: Tensor = rows + self.places[: rows.shape[1]]
            return made

    told = str(inspect_unet(Tokens(100), PICTURE).problem)
    assert "the parameter `places`, 100×8, is made for 100 positions" in told
    assert "40×40 works" in told
    assert inspect_unet(Tokens(100), (1, 3, 40, 40)).problem is None
    assert inspect_unet(Tokens(256), PICTURE).problem is None


def test_an_even_kernel_keeps_no_size() -> None:
    layers = {"even": nn.Conv2d(8, 8, 4, padding=2), "odd": nn.Conv2d(8, 8, 3, padding=1)}
    told = str(inspect_unet(Takes(lambda self, x: x + self.even(x), **layers), PICTURE).problem)
    assert "even makes 65×65 of 64×64. With an even kernel_size only padding='same'" in told
    assert "such as kernel_size=3 and padding=1" in told
    assert not inspect_unet(Takes(lambda self, x: x + self.odd(x), **layers), PICTURE).problem


def test_a_bias_by_relative_position_is_made_for_another_window() -> None:
    class Window(nn.Module):
        def __init__(self, side: int) -> None:
            super().__init__()
            self.patch, self.bias = nn.Conv2d(3, 8, 8, 8), nn.Parameter(torch.zeros(2, side, side))

        def forward(self, x: Tensor) -> Tensor:
            rows = self.patch(x).flatten(2)
            return rows.transpose(1, 2) @ rows + self.bias

    told = str(inspect_unet(Window(49), PICTURE).problem)
    assert "the parameter `bias`, 2×49×49, is made for 49 positions" in told
    assert "this input makes 64" in told
    assert inspect_unet(Window(64), PICTURE).problem is None


@pytest.mark.parametrize("batch", [1, 3])
def test_a_batch_makes_no_output_larger(batch: int) -> None:
    evidence = inspect_unet(Small(), (batch, 3, 32, 32)).criteria.symmetry.evidence
    assert not any("larger" in sentence for sentence in evidence)


@pytest.mark.parametrize("path", ["three", "three.0", "head"])
def test_a_layer_without_values_is_noted_and_can_be_given_some(path: str) -> None:
    model = Small().eval()
    model.get_submodule(path).to("meta")
    note = inspect_unet(model, PICTURE).note
    assert note.startswith(f"{path} is on the meta device")
    (remedy,) = re.findall(r"model\.\S*\(device='cpu'\)", note)
    eval(remedy, {"model": model})
    assert inspect_unet(model, PICTURE).note == ""
    assert model(torch.randn(PICTURE)).shape[2:] == PICTURE[2:]


def test_a_weight_of_the_network_itself_gets_no_remedy_that_empties_the_others() -> None:
    model = Small()
    model.scale = nn.Parameter(torch.ones(1, device="meta"))
    note = inspect_unet(model, PICTURE).note
    assert note.startswith("scale is on the meta device")
    assert "to_empty" not in note


def test_a_network_that_is_on_meta_altogether_is_meant_to_be() -> None:
    assert inspect_unet(Small().to("meta"), PICTURE).note == ""


def test_layers_in_a_plain_list_are_named_and_noted() -> None:
    class Listed(Small):
        def __init__(self) -> None:
            super().__init__()
            self.steps = [nn.Conv2d(3, 3, 3, padding=1)]

        def forward(self, x: Tensor) -> Any:
            return super().forward(self.steps[0](x))

    report = inspect_unet(Listed(), PICTURE)
    assert "The layers in steps never train" in report.note
    assert "nn.ModuleList" in str(report)
    assert report.note in report._repr_html_()
    assert inspect_unet(Small(), PICTURE).note == ""


def test_an_output_of_another_size_is_noted() -> None:
    report = inspect_unet(UNet(depth=2, base_channels=4, padding="valid"), (1, 1, 100, 100))
    assert report.is_unet
    said = report.criteria.symmetry.evidence[0]
    assert "as fine as the input, but it is smaller: 60×60 for an input of 100×100." in said


def test_a_network_that_runs_is_not_said_not_to_run() -> None:
    class Silent(Small):
        def forward(self, x: Tensor) -> Any:
            super().forward(x)

    report = inspect_unet(Silent(), PICTURE)
    assert report.problem
    assert "it runs" in report.verdict


def test_a_network_that_only_trains_is_not_said_not_to_run() -> None:
    class Trains(Small):
        def forward(self, x: Tensor) -> Any:
            return super().forward(x) if self.training else self.postprocess(x)

    report = inspect_unet(Trains(), PICTURE)
    assert "it runs" in report.verdict
    assert "In evaluation mode, after model.eval(), it fails." in str(report.problem)
    assert "has no `postprocess`" in str(report.problem)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_a_recurrent_layer_is_one_operation(kind: str) -> None:
    layer = getattr(nn, kind)(4, 8, num_layers=2, bidirectional=True, batch_first=True)
    with torch.no_grad():
        long = record(layer, (torch.empty(1, 500, 4, device="meta"),), {})
    assert len(long.ops) < 12
    assert long.outputs[0].shape == (1, 500, 16)
    real = layer(torch.rand(1, 500, 4))
    states = real[1] if isinstance(real[1], tuple) else real[1:]
    assert [v.shape for v in long.outputs[1:]] == [tuple(s.shape) for s in states]


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("batch_first", [True, False])
def test_packed_sequences_are_followed(kind: str, batch_first: bool) -> None:
    class Packed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rows = getattr(nn, kind)(8, 16, batch_first=batch_first)

        def forward(self, x: Tensor, lengths: Tensor) -> Any:
            packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=batch_first)
            made = self.rows(packed)[0]
            return nn.utils.rnn.pad_packed_sequence(made, batch_first=batch_first)[0]

    shape = (2, 20, 8) if batch_first else (20, 2, 8)
    report = inspect_unet(Packed(), torch.rand(shape), torch.tensor([20, 13]))
    assert not any(criterion.met for criterion in report.criteria)
    assert "The output has the same resolution as the input." in report.criteria.symmetry.evidence


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("on_meta", [True, False])
def test_a_recurrent_cell_is_one_operation(kind: str, on_meta: bool) -> None:
    class Steps(nn.Module):
        def __init__(self, features: int) -> None:
            super().__init__()
            self.cell = getattr(nn, f"{kind}Cell")(features, 8)

        def forward(self, x: Tensor) -> Tensor:
            state = None
            for step in range(x.shape[1]):
                state = self.cell(x[:, step], state)
            made: Tensor = state[0] if isinstance(state, tuple) else state
            return made

    given = torch.rand(2, 5, 4)
    with torch.no_grad():
        run = record(Steps(4), (given,), {}, ((on_meta, False),))
    assert sum(op.name.endswith("_cell") for op in run.ops) == 5
    assert run.outputs[0].shape == Steps(4)(given).shape
    assert "expects 5, got 4 features" in str(inspect_unet(Steps(5), given).problem)


@pytest.mark.parametrize("layer", [nn.BatchNorm2d(3), nn.InstanceNorm2d(3), nn.GroupNorm(1, 3)])
def test_no_internal_name_of_torch_is_in_a_report(layer: nn.Module) -> None:
    resized = nn.Sequential(layer, nn.Conv2d(3, 3, 2, 2), nn.Upsample(scale_factor=2))
    array = Plain(layer, step=lambda x: x.numpy())
    told = str(inspect_unet(resized, PICTURE)) + str(inspect_unet(array, PICTURE))
    assert not re.search(r"native_|addmm|upsample_|_legit|constant_pad", told), told


def test_an_attention_gate_is_not_the_skip() -> None:
    class Gated(Small):
        def join(self, x: Tensor, skip: Tensor) -> Tensor:
            return super().join(x, skip * (x + skip).mean(1, keepdim=True).sigmoid())

    joins = inspect_unet(Gated(), PICTURE).criteria.skip_connections.facts["joins"]
    assert [join["kind"] for join in joins] == ["cat", "cat"]
