"""Mistakes that the report names because the code or a trial proves them, and what mends each."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from stopped_networks import runs, tells
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere


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
    "a row": (
        nn.MaxPool1d(4),
        up_by(2),
        "scale_factor=4 in up",
        [(nn.MaxPool1d(4), up_by(4)), (nn.MaxPool1d(2), up_by(2))],
    ),
    "functions": (None, None, "scale_factor=(2, 1) in the nearest up-sampling", []),
}


@pytest.mark.parametrize("case", ONE_SIDE)
def test_a_side_that_is_not_enlarged_as_it_was_reduced(case: str) -> None:
    down, up, remedy, mended = ONE_SIDE[case]
    rank = {"volumes": 3, "a row": 1}.get(case, 2)
    image = (1, 1, *[16, 24, 8][:rank])
    told = tells(OneLevel(down, up, rank), image)
    assert remedy in told
    assert "Each side must be enlarged as it was reduced" in told
    assert "With a factor" not in told
    for layers in mended:
        assert runs(OneLevel(*layers, rank), image)


# What the code of __init__ proves: a layer that replaces another one, and exchanged values.


class Double(nn.Module):
    """Two convolutions."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.one, self.two = conv(before, after), conv(after, after)

    def forward(self, x: Tensor) -> Any:
        return self.two(self.one(x))


class Up(nn.Module):
    """Enlarges a map and joins it with a skip."""

    def __init__(self, before: int, skip: int, after: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(before, before // 2, 2, 2)
        self.both = Double(before // 2 + skip, after)

    def forward(self, x: Tensor, skip: Tensor) -> Any:
        return self.both(torch.cat([self.up(x), skip], 1))


class InOrder(nn.Module):
    """Layers in the order in which they are called, by name."""

    order = "one", "two"
    layers: nn.ModuleDict

    def forward(self, x: Tensor) -> Tensor:
        for name in self.order:
            x = self.layers[name](x) if hasattr(self, "layers") else getattr(self, name)(x)
        return x


class AssignedTwice(InOrder):
    """Assigns a name twice."""

    def __init__(self) -> None:
        super().__init__()
        self.one = conv(1, 4)
        self.two = conv(4, 8)
        self.one = conv(8, 16)


class AddedTwice(InOrder):
    """Adds a name twice."""

    def __init__(self) -> None:
        super().__init__()
        self.add_module("one", Double(1, 4))
        self.two = conv(4, 8)
        self.add_module("one", Double(8, 16))


class KeyTwice(InOrder):
    """Fills a key twice."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleDict()
        self.layers["one"] = conv(1, 4)
        self.layers["two"] = conv(4, 8)
        self.layers["one"] = conv(8, 16)


class EntryTwice(InOrder):
    """Has a key twice in one dict."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleDict({"one": conv(1, 4), "two": conv(4, 8), "one": conv(8, 4)})  # noqa: F601


class InALoop(InOrder):
    """Assigns one name in a loop."""

    order = "one", "one"

    def __init__(self) -> None:
        super().__init__()
        for before in (1, 4):
            self.one = conv(before, 4)


class NormTwice(InOrder):
    """Assigns a normalisation twice."""

    order = "one", "norm", "two", "norm"

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = conv(1, 4), conv(4, 8)
        self.norm = nn.BatchNorm2d(4)
        self.norm = nn.BatchNorm2d(8)


class LinearTwice(InOrder):
    """Assigns a linear layer twice."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(8, 4)
        self.two = nn.Linear(4, 6)
        self.one = nn.Linear(6, 2)


class Replaced(InOrder):
    """One layer is replaced, and it is the next that is given what it does not take."""

    order = "one", "two", "one"

    def __init__(self) -> None:
        super().__init__()
        self.one = conv(1, 1)
        self.two = conv(1, 1)
        self.one = conv(1, 3)


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (AssignedTwice, "self.one"),
        (AddedTwice, "self.one"),
        (KeyTwice, "self.layers['one']"),
        (EntryTwice, "self.layers"),
        (InALoop, "self.one"),
        (NormTwice, "self.norm"),
        (LinearTwice, "self.one"),
        (Replaced, "self.one"),
    ],
)
def test_a_layer_that_replaces_another_one(kind: type[nn.Module], target: str) -> None:
    told = tells(kind(), (2, 1, 16, 8))
    how = {EntryTwice: "has two entries of the name 'one'", InALoop: "is assigned in a loop"}
    assert f"`{target}` {how.get(kind, 'is assigned twice in __init__: line ')}" in told
    assert "a name of its own" in told or kind is InALoop
    assert "Let the layer before" not in told


class EitherBranch(InOrder):
    """Has one of two layers, which is no mistake."""

    order = "one", "two", "three"

    def __init__(self, large: bool = False) -> None:
        super().__init__()
        if large:
            self.one = conv(1, 8)
        else:
            self.one = conv(3, 4)
        self.two = conv(4, 4)
        if not large:
            self.two = conv(5, 4)
        self.three = conv(4, 1, bias=False)
        self.three = conv(4, 1, bias=True)


def test_a_layer_that_replaces_none() -> None:
    assert "assigned" not in tells(EitherBranch(), (1, 1, 16, 16))
    assert "assigned" not in tells(EitherBranch(large=True), (1, 1, 16, 16))


@pytest.mark.parametrize("name", ["double", "half", "type", "apply"])
def test_a_layer_with_the_name_of_a_method(name: str) -> None:
    class Named(nn.Module):
        """Has a layer that a method of nn.Module hides."""

        def __init__(self) -> None:
            super().__init__()
            setattr(self, name, conv(1, 4))

        def forward(self, x: Tensor) -> Any:
            calls = {
                "double": lambda: self.double(x),  # type: ignore[call-arg]
                "half": lambda: self.half(x),  # type: ignore[call-arg]
                "type": lambda: self.type(x),  # type: ignore[arg-type]
                "apply": lambda: self.apply(x),  # type: ignore[arg-type]
            }
            return calls[name]()

    told = tells(Named(), (1, 1, 8, 8))
    assert f"`self.{name}` is a method that each nn.Module has" in told


def test_one_layer_in_two_places() -> None:
    told = tells(nn.Sequential(*[Double(1, 4)] * 2), (1, 1, 8, 8))
    assert "It is the same layer as 1, with the same weights." in told
    assert runs(nn.Sequential(Double(1, 4), Double(4, 4)), (1, 1, 8, 8))


class TwoLevels(nn.Module):
    """Two levels; `wrong` names what is made or called with exchanged values."""

    def __init__(self, widths: tuple[int, ...] = (4, 8), wrong: str = "") -> None:
        super().__init__()
        a, b = widths
        self.one = Double(1, a)
        self.low = Double(a, b)
        if wrong == "low":
            self.low = Double(b, a)
        self.up = Up(b, a, a)
        if wrong == "up":
            self.up = Up(a, b, a)
        self.wrong = wrong

    def forward(self, x: Tensor) -> Any:
        skip = self.one(x)
        x = self.low(F.max_pool2d(skip, 2))
        return self.up(skip, x) if self.wrong == "call" else self.up(x, skip)


class NamedValues(nn.Module):
    """Gives a block its values by name, in a row."""

    def __init__(self, before: int = 8, after: int = 4) -> None:
        super().__init__()
        self.row = nn.Sequential(conv(1, 4), Double(before=before, after=after))

    def forward(self, x: Tensor) -> Any:
        return self.row(x)


def double(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(conv(before, after), conv(after, after))


class ByFunctions(nn.Module):
    """Makes its blocks by a function, and by one of its own; one of them with exchanged values."""

    def __init__(self, width: int = 4, wrong: bool = True) -> None:
        super().__init__()
        self.one = double(1, width)
        self.row = nn.Sequential(nn.ReLU(), self.block(width, 2 * width))
        self.two = double(width, 2 * width)
        if not wrong:
            self.two = double(2 * width, width)

    @staticmethod
    def block(before: int, after: int) -> nn.Sequential:
        return nn.Sequential(conv(before, after), conv(after, after))

    def forward(self, x: Tensor) -> Any:
        return self.two(self.row(self.one(x)))


class ByItsOwn(ByFunctions):
    """Exchanges the values of its own function."""

    def __init__(self, width: int = 4) -> None:
        super().__init__(wrong=False)
        self.row = nn.Sequential(nn.ReLU(), self.block(2 * width, width))


def test_values_of_a_function_that_makes_a_block() -> None:
    image = (1, 1, 16, 16)
    told = tells(ByItsOwn(), image)
    assert (
        "row.1 is made by `self.block(2 * width, width)`, and block takes (before, after). " in told
    )
    assert "With before and after exchanged, `self.block(width, 2 * width)`, the network" in told
    assert runs(ByFunctions(wrong=False), image)
    told = tells(ByFunctions(), image)  # of two calls, the one that made what is there
    assert "With before and after exchanged, `double(2 * width, width)`, the network runs." in told


def test_what_a_package_makes_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages" / "encoders.py"
    package.parent.mkdir()
    package.write_text(
        "from torch import nn\nMADE = []\n"
        "def encoder(before, after):\n"
        "    MADE.append(after)  # as where weights are loaded\n"
        "    return nn.Sequential(nn.Conv2d(before, after, 3, padding=1))\n"
    )
    monkeypatch.syspath_prepend(str(package.parent))
    encoders = importlib.import_module("encoders")

    class Packaged(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = encoders.encoder(1, 4)
            self.two = encoders.encoder(4, 1)
            self.last = encoders.encoder(4, 1)

        def forward(self, x: Tensor) -> Any:
            return self.last(self.two(self.one(x)))

    assert "expects 4, got 1 channels" in tells(Packaged(), (1, 1, 16, 16))
    assert encoders.MADE == [4, 1, 1]


def test_values_of_a_block_that_are_exchanged() -> None:
    image, end = (1, 1, 16, 16), "exchanged, `{}`, the network runs."
    told = tells(TwoLevels(wrong="up"), image)
    assert "up is made by `Up(a, b, a)`, and Up takes (before, skip, after)." in told
    assert f"With before and skip {end.format('Up(b, a, a)')}" in told
    assert "wrong order" not in told
    assert end.format("Double(a, b)") in tells(TwoLevels(wrong="low"), image)
    assert end.format("Double(before=after, after=before)") in tells(NamedValues(), image)
    assert runs(NamedValues(4, 8), image)
    told = tells(TwoLevels(wrong="call"), image)
    assert "`skip` and `x` are exchanged: with `self.up(x, skip)`" in told
    assert runs(TwoLevels(), image)


# A block that was never reached, or a call that was left out.


class Rows(nn.Module):
    """Blocks in two lists; `wrong` says which of them a forward passes over."""

    def __init__(self, wrong: str = "") -> None:
        super().__init__()
        self.wrong = wrong
        self.down = nn.ModuleList([Double(1, 4), Double(4, 8), Double(8, 16)])
        self.up = nn.ModuleList([Up(16, 8, 8), Up(8, 4, 4)])
        self.narrow, self.out = nn.Conv2d(4, 2, 1), nn.Conv2d(2, 1, 1)

    def forward(self, x: Tensor) -> Any:
        skips = []
        for i in range(2 if self.wrong == "range" else 3):
            x = self.down[i](F.max_pool2d(x, 2) if i else x)
            skips.append(x)
        x = skips.pop()
        if self.wrong == "zip":
            skips = skips[1:]
        for block, skip in zip(self.up, reversed(skips)):  # noqa: B905
            x = block(x, skip)
        if self.wrong == "call":
            return self.out(x)
        x = self.narrow(x)
        return self.out(x)


@pytest.mark.parametrize(
    ("wrong", "parts"),
    [
        ("range", ["down.2 makes 16 and was not called", "Does the loop end too early?"]),
        (
            "zip",
            ["up.1 makes 4 and was", "`skips` has 1, and `self.up` has 2. Give `skips` as many"],
        ),
        (
            "call",
            ["narrow takes 4, makes 2 and was not called. With it before out, the network runs"],
        ),
    ],
)
def test_a_block_that_was_not_called(wrong: str, parts: list[str]) -> None:
    told = tells(Rows(wrong), (1, 1, 16, 16))
    assert [part for part in parts if part not in told] == [], told
    assert runs(Rows(), (1, 1, 16, 16))


class Later(InOrder):
    """Stops at a layer that is wrong, before others that would fit there are called."""

    order = "one", "two", "three"

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = conv(1, 4), conv(8, 4), conv(4, 8)


class Numbered(nn.Module):
    """Never calls the second of two blocks."""

    def __init__(self, last: bool = False) -> None:
        super().__init__()
        self.last, self.one, self.two = last, conv(1, 4), conv(4, 8)
        self.up1, self.up2 = Up(8, 4, 4), Up(4, 1, 2)
        self.out = conv(2, 1)

    def forward(self, x: Tensor) -> Any:
        return self.out(self.up1(self.two(F.max_pool2d(skip := self.one(x), 2)), skip))


def test_what_is_called_later_is_not_missing() -> None:
    assert "called" not in tells(Later(), (1, 1, 8, 8))
    told = tells(Numbered(), (1, 1, 8, 8))
    assert "up2 makes 2, and forward does not call it: is its call left out?" in told


# Skips that are taken in another order, proved by a run of the changed code.


class Kept(nn.Module):
    """A U-Net whose forward takes the skips in an order of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([Double(1, 4), Double(4, 8), Double(8, 16)])
        self.low = Double(16, 32)
        self.up = nn.ModuleList([Up(32, 16, 16), Up(16, 8, 8), Up(8, 4, 4)])

    def encode(self, x: Tensor, bottom: bool = False) -> tuple[Tensor, list[Tensor]]:
        skips = []
        for block in self.down:
            x = block(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.low(x)
        return x, skips + [x] * bottom


class PopsFirst(Kept):
    """Takes the first skip first."""

    def forward(self, x: Tensor) -> Tensor:
        x, skips = self.encode(x)
        for block in self.up:
            x = block(x, skips.pop(0))
        return x


class PopsTurned(Kept):
    """Takes the last one of a list that is turned round already."""

    def forward(self, x: Tensor) -> Tensor:
        x, skips = self.encode(x)
        skips.reverse()
        for block in self.up:
            x = block(x, skips.pop())
        return x


class PopsBottom(Kept):
    """Keeps the bottleneck's map among the skips."""

    def forward(self, x: Tensor) -> Tensor:
        x, skips = self.encode(x, bottom=True)
        for block in self.up:
            x = block(x, skips.pop())
        return x


class ZipsBottom(Kept):
    """Keeps the bottleneck's map among the skips, too."""

    def forward(self, x: Tensor) -> Tensor:
        x, skips = self.encode(x, bottom=True)
        for block, skip in zip(self.up, skips[::-1]):  # noqa: B905
            x = block(x, skip)
        return x


class ZipsForward(Kept):
    """Goes through the skips from the first to the last."""

    def forward(self, x: Tensor) -> Tensor:
        x, skips = self.encode(x)
        for block, skip in zip(self.up, skips):  # noqa: B905
            x = block(x, skip)
        return x


class Counts(Kept):
    """Takes skips by their number."""

    def forward(self, x: Tensor) -> Tensor:
        x, skips = self.encode(x)
        for i, block in enumerate(self.up):
            x = block(x, skips[i])
        return x


class CountsBack(Kept):
    """Counts back by one too few."""

    def forward(self, x: Tensor) -> Tensor:
        x, skips = self.encode(x)
        for i, block in enumerate(self.up):
            x = block(x, skips[-i])
        return x


class CountsTooFar(Kept):
    """Asks for one more than there is."""

    def forward(self, x: Tensor) -> Tensor:
        x, skips = self.encode(x)
        for i in range(2, -1, -1):
            x = self.up[2 - i](x, skips[i + 1])
        return x


class InPlaceOfX(Kept):
    """Has no list at all, and another mistake."""

    def forward(self, x: Tensor) -> Any:
        x, skips = self.encode(x)
        return self.up[0](x, skips[0])


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (PopsFirst, "skips.pop()", "skips.pop(0)"),
        (PopsTurned, "skips.pop(0)", "skips.pop()"),
        (PopsBottom, "skips.pop(-2)", "skips.pop()"),
        (ZipsBottom, "skips[-2::-1]", "skips[::-1]"),
        (ZipsForward, "skips[::-1]", "skips"),
        (Counts, "skips[-1 - i]", "skips[i]"),
        (CountsBack, "skips[-i - 1]", "skips[-i]"),
    ],
)
def test_skips_that_are_taken_in_another_order(
    kind: type[nn.Module], right: str, wrong: str
) -> None:
    told = tells(kind(), (1, 1, 16, 16))
    assert f"with `{right}` in place of `{wrong}`, the network runs." in told
    assert "is missing" not in told


def test_an_index_that_is_one_too_high() -> None:
    assert "With `skips[i]`, the network runs." in tells(CountsTooFar(), (1, 1, 16, 16))


def test_an_order_that_mends_nothing_is_not_said() -> None:
    for kind, image in ((InPlaceOfX, (1, 1, 16, 16)), (PopsFirst, (1, 1, 18, 18))):
        assert "in place of" not in tells(kind(), image)


# Crops of the wrong map, and maps whose height and width are exchanged.


def cropped(large: Tensor, small: Tensor) -> Tensor:
    high, wide = small.shape[2:]
    top, left = (large.shape[2] - high) // 2, (large.shape[3] - wide) // 2
    return large[:, :, top : top + high, left : left + wide]


def cut_off(large: Tensor, small: Tensor) -> Tensor:
    top, left = (large.shape[2] - small.shape[2]) // 2, (large.shape[3] - small.shape[3]) // 2
    return large[:, :, top:-top, left:-left]


class Valid(nn.Module):
    """One level without padding, whose skip is brought to the size of what comes up."""

    def __init__(self, join: Callable[[Tensor, Tensor], Any]) -> None:
        super().__init__()
        self.one, self.two, self.join = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 8, 5), join
        self.up, self.out = nn.ConvTranspose2d(8, 4, 2, 2), nn.Conv2d(8, 1, 1)

    def forward(self, x: Tensor) -> Any:
        skip = self.one(x)
        return self.out(self.join(self.up(self.two(F.max_pool2d(skip, 2))), skip))


def cat(*maps: Tensor) -> Tensor:
    return torch.cat(maps, 1)


@pytest.mark.parametrize(
    ("join", "part"),
    [
        (lambda x, skip: cat(skip, cropped(x, skip)), "it begins at -4, which counts from the end"),
        (lambda x, skip: cat(x, cropped(x, skip)), "it begins at -4, which counts from the end"),
        (lambda x, skip: cat(skip, cut_off(x, skip)), "its slice begins at -4"),
        (lambda x, skip: cat(skip, x[:, :, 2:, 2:]), "32×24, is to be cropped to 24×16"),
        (
            lambda x, skip: cat(x, skip[:, :, : x.shape[3], : x.shape[2]]),
            "24×16 are needed: height and width are exchanged in it",
        ),
    ],
)
def test_a_crop_of_the_wrong_map(join: Callable[[Tensor, Tensor], Any], part: str) -> None:
    told = tells(Valid(join), (1, 1, 34, 26))
    assert part in told
    assert "padding=" not in told
    assert "too few" not in told
    assert runs(Valid(lambda x, skip: cat(x, cropped(skip, x))), (1, 1, 34, 26))


def grid(x: Tensor, turned: bool) -> Tensor:
    sides = x.shape[:1:-1] if turned else x.shape[2:]
    rows = [torch.linspace(-1, 1, side) for side in sides]
    return torch.stack(torch.meshgrid(*rows, indexing="ij"))


@pytest.mark.parametrize(
    "use",
    [
        lambda x, places: torch.cat([x, places[None].expand(len(x), -1, -1, -1)], 1),
        lambda x, places: x + places[None, :1],
        lambda x, places: x + places[0],
    ],
)
def test_positions_whose_height_and_width_are_exchanged(use: Callable[..., Tensor]) -> None:
    class Places(nn.Module):
        """Adds or joins the positions."""

        def __init__(self, turned: bool) -> None:
            super().__init__()
            self.one, self.turned = conv(1, 4), turned

        def forward(self, x: Tensor) -> Tensor:
            x = self.one(x)
            return use(x, grid(x, self.turned))

    told = tells(Places(turned=True), (2, 1, 16, 24))
    assert "Height and width are exchanged in the 24×16" in told
    assert runs(Places(turned=False), (2, 1, 16, 24))


class ValidTwice(Valid):
    """Two levels without padding; crops what comes up in place of the skip."""

    def __init__(self) -> None:
        super().__init__(cat)
        self.low, self.up2 = nn.Conv2d(8, 8, 3), nn.ConvTranspose2d(8, 4, 2, 2)
        self.three = nn.Conv2d(12, 8, 1)

    def forward(self, x: Tensor) -> Any:
        one = self.one(x)
        two = self.two(F.max_pool2d(one, 2))
        x = self.up2(self.low(F.max_pool2d(two, 2)))
        x = self.three(torch.cat([two, cropped(x, two)], 1))
        x = self.up(x)
        return self.out(torch.cat([one, cropped(x, one)], 1))


class MapsExchanged(OneLevel):
    """Enlarges the skip in place of what comes up."""

    def enlarged(self, x: Tensor, skip: Tensor) -> Tensor:
        return torch.cat([F.interpolate(x, scale_factor=2), skip], 1)

    def forward(self, x: Tensor) -> Any:
        skip = self.one(x)
        x = self.two(F.max_pool2d(skip, 2))
        return self.out(self.enlarged(skip, x))


def test_two_maps_that_are_exchanged_in_a_call() -> None:
    told = tells(ValidTwice(), (1, 1, 54, 54))
    assert (
        "`x` and `two` are exchanged: with `self.three(torch.cat([x, cropped(two, x)], 1))`" in told
    )
    assert ", and so wherever `cropped` is called, the network runs." in told
    told = tells(MapsExchanged(None, None), (1, 1, 16, 16))
    assert "exchanged: with `self.enlarged(x, skip)`, the network runs." in told


class AddsClasses(nn.Module):
    """Adds scores of 5 classes and of another number."""

    def __init__(self, classes: int = 21) -> None:
        super().__init__()
        self.fine, self.coarse = conv(3, classes), conv(3, 5)
        self.head = conv(5, 5)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.coarse(x) + self.fine(x))


class CallsEachStage(nn.Module):
    """Calls lists of layers like layers."""

    def __init__(self, kind: Any = nn.ModuleList) -> None:
        super().__init__()
        stages = [[conv(3, 4), nn.ReLU()], [conv(4, 5)]]
        self.stages = nn.ModuleList(kind(s) if kind is nn.ModuleList else kind(*s) for s in stages)

    def forward(self, x: Tensor) -> Any:
        for stage in self.stages:
            x = stage(x)
        return x


class FixedUpsample(nn.Module):
    """Enlarges to a size, or by a factor."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(3, 4, 2, 2), nn.Upsample(**options or {"size": 16})
        self.head = conv(7, 1)

    def forward(self, x: Tensor) -> Any:
        return self.head(torch.cat([self.up(self.down(x)), x], 1))


class Pair(nn.Module):
    """Returns a halved map, and the map itself."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv = conv(before, after)

    def forward(self, x: Tensor) -> Any:
        full = self.conv(x)
        return F.max_pool2d(full, 2), full


class TakesOneApart(nn.Module):
    """Names both results of one block, and not of the next."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.head = Pair(3, 4), Pair(4, 6), conv(6, 1)

    def forward(self, x: Tensor) -> Any:
        x, _skip = self.one(x)
        kept = self.two(x)
        return self.head(kept)


class TakesBothApart(TakesOneApart):
    """Names the results of both blocks."""

    def forward(self, x: Tensor) -> Any:
        x, _skip = self.one(x)
        x, _skip = self.two(x)
        return self.head(x)


class Shuffles(nn.Module):
    """Mixes the channels of three groups."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.conv = conv(3, width)

    def forward(self, x: Tensor) -> Any:
        x = self.conv(x)
        n, c, h, w = x.shape
        groups = 3
        x = x.view(n, groups, c // groups, h, w)
        return x.transpose(1, 2).reshape(n, c, h, w)


class CountsFromOne(nn.Module):
    """Has blocks 0 and 1, and asks for 1 and 2."""

    def __init__(self, first: int = 1) -> None:
        super().__init__()
        self.blocks, self.first = nn.ModuleDict({"enc0": conv(3, 8), "enc1": conv(8, 4)}), first

    def forward(self, x: Tensor) -> Any:
        for i in range(self.first, self.first + 2):
            x = self.blocks[f"enc{i}"](x)
        return x


@pytest.mark.parametrize(
    ("wrong", "says", "mended"),
    [
        (CountsFromOne(), "blocks.enc0 takes 3, makes 8 and was not called: is it meant here?",
         CountsFromOne(0)),
        (AddsClasses(), "Let fine make 5.", AddsClasses(5)),
        (CallsEachStage(), "`for layer in stage: x = layer(x)`", CallsEachStage(nn.Sequential)),
        (FixedUpsample(), "makes a square, 16×16. What fits other images is scale_factor=2.",
         FixedUpsample(scale_factor=2)),
        (TakesOneApart(), "Give each part a name, as `x, _skip = self.one(x)` in line ",
         TakesBothApart()),
        (Shuffles(), "`c // groups`, 32 // 3, is 10 and leaves a rest: 3 does not divide 32. "
         "Make `c` 30 or 33, or choose a number that divides it for `groups`.", Shuffles(33)),
        (Shuffles(), "3 does not divide 32", Shuffles(30)),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)  # fmt: skip
def test_a_remedy_fits_the_place_where_the_network_stops(
    wrong: nn.Module, says: str, mended: nn.Module
) -> None:
    image = (1, 3, 16, 24)
    assert says in tells(wrong, image)
    assert runs(mended, image)


def test_what_is_only_tried_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    runs = []

    class Talks(TakesOneApart):
        """Says each time that it runs."""

        def forward(self, x: Tensor) -> Any:
            runs.append(print("running"))
            skips = [x, self.one.conv(x).repeat(1, 2, 1, 1)[:, :6]]
            return self.head(skips[2])

    told = tells(Talks(), (1, 3, 16, 24))
    assert "With `skips[1]`, the network runs." in told
    assert 0 < capsys.readouterr().out.count("running") < len(runs)
