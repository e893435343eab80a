"""Where a network cannot be judged, the report says why and what would help."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from odd_networks import Small
from torch import Tensor, nn

from unet_teach import cut, inspect_unet
from unet_teach.networks import UNet
from unet_teach.networks.document import DocumentUNet
from unet_teach.segmentation import argument_checks
from unet_teach.shared.not_set_up import not_set_up

PICTURE = (1, 3, 32, 32)


def problem(model: nn.Module, *args: Any, **kwargs: Any) -> str:
    report = inspect_unet(model, *args, **kwargs)
    assert report.problem is not None, str(report)
    assert not report.is_unet
    assert report.problem in str(report)
    return report.problem


class Ends(Small):
    """Does something of its own with the output of a U-Net."""

    def __init__(self, end: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.end = end

    def forward(self, x: Tensor) -> Any:
        return self.end(super().forward(x))


class Squeezes(nn.Module):
    """Takes away every side of 1, and with it a batch of one; or asks for a view."""

    def __init__(self, view: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.view = view

    def forward(self, x: Tensor) -> Tensor:
        return x.view(self.view) if self.view else x.squeeze()


class Misspelt(nn.Module):
    """Uses a layer under a wrong name."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3)

    def forward(self, x):  # type: ignore[no-untyped-def]
        return self.convo(x)


class Named(nn.Module):
    """Takes two values."""

    def forward(self, x, time):  # type: ignore[no-untyped-def]
        return x + time


class JoinedAlong(nn.Module):
    """Concatenates two maps along some dimension, for a layer that takes 16 channels."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim, self.one, self.two = dim, nn.Conv2d(3, 8, 1), nn.Conv2d(16, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.two(torch.cat([self.one(x), self.one(x)], self.dim))
        return made


class Adds(nn.Module):
    """Adds a map of 4 channels to one with another number of channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 4, 1), nn.Conv2d(3, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.two(x) + self.one(x)
        return made


class Joins(Adds):
    """Concatenates the two along a dimension; one may have half the height of the other."""

    def __init__(self, dim: int, stride: int = 1) -> None:
        super().__init__(16)
        self.dim, self.two = dim, nn.Conv2d(3, 16, 1, (stride, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.two(x), self.one(x)], self.dim)


class Forgets(nn.Module):
    """Goes down and joins its skip without up-sampling, unless a layer for it is given."""

    def __init__(self, up: nn.Module | None = None) -> None:
        super().__init__()
        self.up = up or nn.Identity()
        self.one, self.two = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.one(x)
        return torch.cat([self.up(self.two(one)), one], 1)


class Crosses(nn.Module):
    """Passes a layer, does something, and joins the map it began with."""

    def __init__(self, layer: nn.Module, do: Callable[[Tensor], Tensor] = Tensor.relu) -> None:
        super().__init__()
        self.layer, self.do = layer, do

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.do(self.layer(x)), x], 1)


class Through(nn.Module):
    """Does something between two layers."""

    def __init__(self, do: Callable[[Tensor], Any], last: nn.Module | None = None) -> None:
        super().__init__()
        self.first, self.do, self.last = nn.Conv2d(3, 4, 1), do, last or nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.last(self.do(self.first(x)))
        return made


class Deep(nn.Module):
    """Two halvings, each without anything left of one pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.MaxPool2d(2), nn.MaxPool2d(2), nn.Conv2d(3, 2, 1))

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.layers(x)
        return made


def fail(x: Tensor) -> None:
    raise KeyError("lost\nand found")


GIVEN: dict[str, tuple[Callable[[], nn.Module], tuple[Any, ...], dict[str, Any], list[str]]] = {
    "channels": (Small, ((1, 1, 32, 32),), {}, ["one.0 expects 3, got 1 channels"]),
    "channels inside": (
        lambda: Small(joined=1),
        (PICTURE,),
        {},
        ["after_two.0 expects 8, got 16 channels", "concatenated"],
    ),
    "features": (
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(10, 3)),
        (PICTURE,),
        {},
        ["expects 10, got 3072 features"],
    ),
    "nothing given": (Small, (), {}, ["forward(x", "given: 0 values", "inspect_unet(model, (1,"]),
    "too many": (Small, (PICTURE, PICTURE), {}, ["forward(x", "given: 2 values"]),
    "unknown name": (Small, (PICTURE,), {"mask": None}, ["forward(x", "'mask'"]),
    "double": (
        Small,
        (torch.rand(PICTURE).double(),),
        {},
        ["float64", "are float32", "x.to(torch.float32)"],
    ),
    "whole numbers": (Small, (torch.ones(PICTURE).long(),), {}, ["input is int64", "one.0"]),
    "a list": (
        Small,
        ([1, 3, 32, 32],),
        {},
        ["one.0 needs a tensor", "is of type list", "bare tuple"],
    ),
    "a path": (Small, ("cells.png",), {}, ["is of type str, cells.png", "(1, 3, 64, 64)"]),
    "rank": (Small, ((3, 32),), {}, ["one.0 expects", "the input is 3×32", "(N, C, H, W)"]),
    "no forward": (lambda: DocumentUNet(3, 2), (PICTURE,), {}, ["no forward", "conv1", "def forw"]),
    "left torch": (
        lambda: Ends(lambda x: torch.from_numpy(np.square(x.numpy()))),
        (PICTURE,),
        {},
        ["The trail ends at", "numpy()"],
    ),
    "an item": (
        lambda: Ends(lambda x: torch.full((1, 2, 32, 32), x.mean().item())),
        (torch.rand(PICTURE),),
        {},
        ["The trail ends at", ".item()"],
    ),
    "a constant": (
        lambda: Ends(lambda x: torch.zeros(1, 2, 32, 32)),
        (PICTURE,),
        {},
        ["does not depend on what goes in", "The trail ends at convolution in head"],
    ),
    "an array": (lambda: Ends(lambda x: x.numpy()), (PICTURE,), {}, ["type ndarray, no tensor"]),
    "a number": (lambda: Ends(lambda x: 3), (PICTURE,), {}, ["type int, no tensor"]),
    "nothing returned": (lambda: Ends(lambda x: None), (PICTURE,), {}, ["returns None"]),
    "a missing layer": (
        lambda: nn.Sequential(nn.Conv2d(3, 4, 3), Misspelt()),
        (PICTURE,),
        {},
        ["1, a Misspelt, has no `convo`", "it has conv.", "Its line: `return self.convo(x)`."],
    ),
    "an unknown word": (
        lambda: Ends(lambda x: undefined(x)),  # noqa: F821 - that is the mistake
        (PICTURE,),
        {},
        ["`undefined` is used, and nothing", "lambda x: undefined(x)", "NameError"],
    ),
    "no batch": (lambda: Small(joined=2), ((3, 33, 33),), {}, ["3×33×33", "Give (1, 3, 33, 33)"]),
    "one value of two": (
        lambda: Named(),
        (PICTURE,),
        {},
        ["forward(x, time)", "'time'", "it runs: inspect_unet(model, (1, 3, 32, 32), (1,))"],
    ),
    "bytes": (
        Small,
        (torch.ones(PICTURE, dtype=torch.uint8),),
        {},
        ["input is uint8", "Make it float: x.float() / 255", "0 to 255, otherwise x.float()"],
    ),
    "channels last": (Small, ((1, 32, 32, 3),), {}, ["expects 3", "x.movedim(-1, 1)"]),
    "joined along the height": (
        lambda: JoinedAlong(2),
        (PICTURE,),
        {},
        ["expects 16, got 8", "joined along dim 2; channels are dim 1"],
    ),
    "rows of another length": (
        lambda: nn.Linear(10, 3),
        (PICTURE,),
        {},
        ["expects 10, got 32 features", "along the last dimension"],
    ),
    "a wide normalisation": (
        lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(8)),
        (PICTURE,),
        {},
        [
            "In layer 1 (a BatchNorm2d): A batch norm for 8 channels was given 4. Make it for 4.",
        ],
    ),
    "added, of other widths": (
        lambda: Adds(16),
        (PICTURE,),
        {},
        [
            "16 channels (made by two (convolution)) meet 4 (made by one",
            "Let two make 4, or let one make 16.",
        ],
    ),
    "joined along the batch": (
        lambda: Joins(0),
        (PICTURE,),
        {},
        ["16 channels (made by two (convolution)) meet 4", "along dim 0; channels are dim 1"],
    ),
    "joined along the height, from the back": (
        lambda: Joins(-2, stride=2),
        (PICTURE,),
        {},
        ["16 channels (made by two (convolution)) meet 4", "along dim 2; channels are dim 1"],
    ),
    "one pixel, halved and doubled": (
        lambda: Forgets(nn.Upsample(scale_factor=2)),
        ((1, 3, 1, 1),),
        {},
        ["2×2 (made by", "meets 1×1", "1 is not: 2 works", "Pad the input"],
    ),
    "a flat picture": (
        Deep,
        ((1, 3, 2, 64),),
        {},
        ["An image of 2×64 is too small for", "Only the side of 2", "4×64 works."],
    ),
    "a forgotten up-sampling": (
        lambda: nn.Sequential(Forgets()),
        (PICTURE,),
        {},
        ["16×16", "meets 32×32", "One is 2 times as large", "an up-sampling is missing"],
    ),
    "words as floats": (
        lambda: nn.Embedding(10, 4),
        ((1, 6, 6),),
        {},
        ["looks things up by whole numbers", "torch.zeros((1, 6, 6), dtype=torch.long)"],
    ),
    "a short shape by name": (Named, (PICTURE,), {"time": (5,)}, ["By name, three numbers or"]),
    "an array given": (Small, (np.ones(PICTURE),), {}, ["array 1×3×32×32", "torch.from_numpy(x)"]),
    "a picture of two pixels": (
        Deep,
        ((1, 3, 2, 2),),
        {},
        ["An image of 2×2 is too small for", "4×4 works."],
    ),
    "stopped at once": (
        lambda: nn.Sequential(nn.PixelUnshuffle(2)),
        ((1, 3, 31, 31),),
        {},
        ["layer 0 folds 2×2 pixels", "divisible by 2, and 31 is not: give it 30 or 32"],
    ),
    "a generator": (
        lambda: Ends(lambda x: (row for row in x)),
        (PICTURE,),
        {},
        ["a value of type generator, no tensor to follow."],
    ),
    "a product without a transpose": (
        lambda: Ends(lambda x: x.flatten(2) @ x.flatten(2)),
        (PICTURE,),
        {},
        ["1×2×1024 is multiplied by 1×2×1024", "transpose(-1, -2) missing?"],
    ),
    "no flattening": (
        lambda: nn.Linear(3072, 10),
        (PICTURE,),
        {},
        ["expects 3072, got 32", "3×32×32 are 3072 numbers: is nn.Flatten() missing"],
    ),
    "channels for a linear layer": (
        lambda: nn.Linear(3, 10),
        (PICTURE,),
        {},
        ["expects 3, got 32", "channels are dim 1: x.movedim(1, -1)"],
    ),
    "flattened, of another size": (
        lambda: Through(lambda x: x.flatten(1), nn.Linear(4 * 16 * 16, 2)),
        (PICTURE,),
        {},
        [
            "last expects 1024, got 4096",
            "in_features=4096. Or give images that make 32×32 here 16×16",
        ],
    ),
    "flattened, batch and all": (
        lambda: Through(Tensor.flatten, nn.Linear(4096, 2)),
        ((2, 3, 32, 32),),
        {},
        ["last expects 4096, got 8192", "x.flatten(1)"],
    ),
    "one dimension, in rows": (
        lambda: Through(lambda x: x.flatten().view(512, 8), nn.Linear(5, 2)),
        (PICTURE,),
        {},
        ["last expects 5, got 8"],
    ),
    "an empty map, flattened": (
        lambda: Through(lambda x: x[:, :0].flatten(1), nn.Linear(4096, 2)),
        (PICTURE,),
        {},
        ["last expects 4096, got 0"],
    ),
    "a row of numbers": (lambda: nn.Linear(5, 2), (torch.rand(8),), {}, ["expects 5, got 8"]),
    "flattened before a convolution": (
        lambda: Through(lambda x: x.flatten(1)),
        (PICTURE,),
        {},
        ["last is given 1×4096, which is 1×4×32×32, flattened", "nn.Unflatten(1, (4, 32, 32))"],
    ),
    "an unknown name": (
        lambda: Through(lambda x: unknown(x)),  # type: ignore[name-defined]  # noqa: F821
        (PICTURE,),
        {},
        ["`unknown` is used, and nothing of this name", "lambda x: unknown(x)"],
    ),
    "a part without return": (
        lambda: Through(lambda x: None),
        (PICTURE,),
        {},
        ["last needs a tensor and is given None. Is a `return` missing"],
    ),
    "a tuple between layers": (
        lambda: Through(lambda x: (x, x)),
        (PICTURE,),
        {},
        ["last needs a tensor and is given a tuple. Give each part a name, as in x, skip ="],
    ),
    "a layer made, not called": (
        lambda: Through(lambda x: nn.ReLU(x)),  # type: ignore[arg-type]
        (PICTURE,),
        {},
        ["last needs a tensor and is given a ReLU", "A call is nn.ReLU()(x)."],
    ),
    "a text returned": (lambda: Ends(lambda x: "done"), (PICTURE,), {}, ["type str, no tensor to"]),
    "grey pictures without channel": (
        lambda: nn.Conv2d(1, 4, 3),
        ((64, 28, 28),),
        {},
        ["The input is 64×28×28", "Give (64, 1, 28, 28), x.unsqueeze(1)"],
    ),
    "channels last without batch": (
        lambda: nn.Conv2d(3, 4, 3),
        ((32, 30, 3),),
        {},
        ["Give (1, 3, 32, 30), x.movedim(-1, 0)[None]"],
    ),
    "no padding": (
        lambda: Crosses(nn.Conv2d(3, 4, 3)),
        (PICTURE,),
        {},
        ["30×30", "meets 32×32", "padding=1 keeps the size."],
    ),
    "sides exchanged": (
        lambda: Crosses(nn.Identity(), lambda x: x.mT),
        ((1, 3, 64, 32),),
        {},
        ["32×64", "meets 64×32", ". Height and width are exchanged"],
    ),
    "a padding that is not needed": (
        lambda: Crosses(nn.Conv2d(3, 4, 1), lambda x: nn.functional.pad(x, [1, 1, 1, 1])),
        (PICTURE,),
        {},
        ["A padding in", "makes 34×34 of 32×32. Without it, both match"],
    ),
    "the batch is squeezed away": (
        lambda: nn.Sequential(Squeezes(), nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)),
        (PICTURE,),
        {},
        ["squeeze made 3×32×32 of 1×3×32×32, so the batch is gone", "With `x` alone"],
    ),
    "the batch is left out of a view": (
        lambda: nn.Sequential(Squeezes((3, 32, 32)), nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)),
        (PICTURE,),
        {},
        ["view made 3×32×32 of 1×3×32×32, so the batch is gone"],
    ),
    "floats for an embedding": (
        lambda: nn.Embedding(4, 2),
        (torch.ones(3),),
        {},
        ["is given floats, 3. x.long() makes whole numbers"],
    ),
    "an unpadded layer between two poolings": (
        lambda: Crosses(
            nn.Sequential(
                nn.MaxPool2d(2), nn.Conv2d(3, 3, 3), nn.MaxPool2d(2), nn.Upsample(scale_factor=4)
            )
        ),
        ((1, 3, 36, 36),),
        {},
        ["32×32", "meets 36×36", "padding=1 keeps the size"],
    ),
    "an empty crop": (
        lambda: Crosses(nn.Conv2d(3, 4, 1), lambda x: x[:, :, 0:-0, 0:-0]),
        (PICTURE,),
        {},
        ["0×0", "Nothing is left of one"],
    ),
    "too much output_padding": (
        lambda: nn.ConvTranspose2d(3, 4, 3, 2, 1, output_padding=2),
        (PICTURE,),
        {},
        ["output padding must be smaller than either stride or dilation"],
    ),
    "doubles for a linear layer": (
        lambda: nn.Linear(32, 4),
        (torch.rand(PICTURE).double(),),
        {},
        ["input is float64, the network's weights are float32"],
    ),
    "doubles for a normalisation": (
        lambda: nn.BatchNorm2d(3),
        (torch.rand(PICTURE).double(),),
        {},
        ["input is float64, the network's weights are float32"],
    ),
    "four numbers": (Small, PICTURE, {}, ["A shape is one tuple", "inspect_unet(model, (1, 3, 32"]),
    "an unpooling without indices": (
        lambda: Through(nn.MaxPool2d(2), nn.MaxUnpool2d(2)),
        (PICTURE,),
        {},
        ["last, a MaxUnpool2d, needs to know where each maximum was", "return_indices=True"],
    ),
    "class numbers inside": (
        lambda: Through(lambda x: x.argmax(1, keepdim=True), nn.Conv2d(1, 2, 1)),
        (PICTURE,),
        {},
        ["argmax", "made int64, and its weights are float32", "leave it out of forward"],
    ),
    "an instance norm": (
        lambda: Through(nn.InstanceNorm2d(8, affine=True)),
        (PICTURE,),
        {},
        ["An instance norm for 8 channels was given 4. Make it for 4"],
    ),
    "an exit": (lambda: Ends(lambda x: sys.exit()), (PICTURE,), {}, ["it calls exit()"]),
    "anything": (
        lambda: Ends(fail),
        (PICTURE,),
        {},
        ["last operation that ran was convolution in head, which made 1×2×32×32", "KeyError"],
    ),
    "its own words": (
        lambda: UNet(depth=4, base_channels=4),
        ((1, 1, 8, 8),),
        {},
        ["with depth=4 each side needs 16 pixels"],
    ),
}


@pytest.mark.parametrize("name", GIVEN)
def test_the_report_says_why(name: str) -> None:
    make, args, kwargs, wanted = GIVEN[name]
    said = problem(make(), *args, **kwargs)
    for part in wanted:
        assert part in said
    assert "Traceback" not in said


def test_an_unknown_error_is_kept_whole() -> None:
    assert "lost\\nand found" in problem(Ends(fail), PICTURE)


@pytest.mark.parametrize("side", [30, 45, 201])
@pytest.mark.parametrize("joined", [1, 2])
def test_sizes_that_do_not_match(side: int, joined: int) -> None:
    class Adds(Small):
        def join(self, x: Tensor, skip: Tensor) -> Tensor:
            return x + skip if joined == 1 else super().join(x, skip)

    said = problem(Adds(joined=joined), (1, 3, side, side))
    below, above = side // 4 * 4, side // 4 * 4 + 4
    level = 1 if side // 2 % 2 else 0
    skip = side // 2**level
    met = skip // 2 * 2
    assert f"level {level}" in said
    assert f"{met}×{met} (made by" in said
    assert f"meets {skip}×{skip}" in said
    assert f"must be divisible by 4, and {side} is not: {below} or {above} work" in said
    assert "interpolate(x, size=skip.shape[2:])" in said
    for size in (below, above):
        assert inspect_unet(Adds(joined=joined), (1, 3, size, size)).is_unet


def test_sizes_that_no_input_repairs() -> None:
    class Loses(Small):
        """A pooling of 3 in the encoder, an up-sampling of 2 in the decoder."""

        def down(self, x: Tensor) -> Tensor:
            return nn.functional.max_pool2d(x, 3)

    said = problem(Loses(), (1, 3, 36, 36))
    assert "8×8" in said
    assert "12×12" in said
    assert "work" not in said.partition("Pad the input")[0]


def test_devices_that_differ() -> None:
    class Elsewhere(Small):
        def forward(self, x: Tensor) -> Any:
            if x.device.type != "meta":
                return torch.ones(1, device="cpu") @ torch.ones(1, device="meta")
            raise RuntimeError("only with values")

    said = problem(Elsewhere(), torch.rand(PICTURE))
    assert "different devices meet" in said
    assert "device=x.device" in said


def test_what_is_not_a_network() -> None:
    with pytest.raises(TypeError, match=r"the text 'a\.Net'; import the class first; inspect_unet"):
        inspect_unet("a.Net", PICTURE)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"the class Small.*inspect_unet\(Network\(\)"):
        inspect_unet(Small, PICTURE)  # type: ignore[arg-type]


def test_what_the_sentences_advise_works() -> None:
    assert not inspect_unet(JoinedAlong(1), PICTURE).problem
    assert not inspect_unet(Adds(4), PICTURE).problem
    assert not inspect_unet(Joins(1), PICTURE).problem
    assert not inspect_unet(Ends(lambda x: x.flatten(2) @ x.flatten(2).mT), PICTURE).problem
    assert not inspect_unet(nn.Sequential(nn.Flatten(), nn.Linear(3072, 10)), PICTURE).problem
    assert not inspect_unet(nn.Linear(3, 10), torch.rand(PICTURE).movedim(1, -1)).problem
    assert not inspect_unet(nn.Conv2d(1, 4, 3), torch.rand(64, 28, 28).unsqueeze(1)).problem
    assert not inspect_unet(nn.Conv2d(3, 4, 3), torch.rand(9, 8, 3).movedim(-1, 0)[None]).problem
    linear = nn.Linear(4 * 16 * 16, 2)
    assert not inspect_unet(Through(lambda x: x.flatten(1), linear), (1, 3, 16, 16)).problem
    assert not inspect_unet(Through(nn.MaxPool2d(2)), tuple(np.array(PICTURE))).problem
    assert not inspect_unet(Deep(), (1, 3, 4, 4)).problem
    assert not inspect_unet(nn.Embedding(10, 4), torch.zeros((1, 6, 6), dtype=torch.long)).problem
    assert inspect_unet(Small(), torch.rand(1, 32, 32, 3).movedim(-1, 1)).is_unet
    assert inspect_unet(Small(), torch.ones(PICTURE, dtype=torch.uint8).float() / 255).is_unet


def test_a_network_that_was_not_set_up_is_a_sentence() -> None:
    class Bare(nn.Module):
        def __init__(self) -> None:
            pass

    class WithoutBrackets(nn.Module):
        def __init__(self) -> None:
            super().__init__  # noqa: B018

    class Child(Bare):
        def __init__(self) -> None:
            super().__init__()

    class Parts(nn.Module):
        def __init__(self, part: Any) -> None:
            super().__init__()
            self.part = part

        def forward(self, x: Tensor) -> Any:
            return x

    with pytest.raises(TypeError, match=r"Bare is not set up: begin its __init__ with super\(\)"):
        inspect_unet(Bare(), PICTURE)
    begin = "is not set up: begin its __init__ with super().__init__()"
    for part, told in (
        (Bare(), f"part, a Bare, {begin}."),
        (nn.ModuleList([nn.ReLU(), Bare()]), f"part.1, a Bare, {begin}."),
        ([Bare()], f"part[0], a Bare, {begin}."),
        (WithoutBrackets(), f"part, a WithoutBrackets, {begin}, with both pairs of brackets."),
        (Child(), f"part, a Child, {begin.replace('its __init__', 'the __init__ of Bare')}."),
    ):
        network = Parts(part)
        report = inspect_unet(network, PICTURE)
        assert report.problem == told
        assert not report.runs
        for refuse in (
            cut(network).__enter__,
            lambda n=network: argument_checks.require_network(n),
        ):
            with pytest.raises(TypeError, match=re.escape(told)):
                refuse()
    assert not not_set_up(Parts(Parts([nn.ReLU()])))


def test_a_module_that_forward_makes_is_not_set_up() -> None:
    class Join(nn.Module):
        def __init__(self) -> None:
            self.dim = 1

    class Network(nn.Module):
        def forward(self, x: Tensor) -> Any:
            return Join()(x)

    report = inspect_unet(Network(), PICTURE)
    assert str(report.problem).startswith("Join is not set up: begin its __init__ with super()")


def test_half_precision_meets_a_normalisation_of_floats() -> None:
    layer = nn.BatchNorm2d(3, device="meta").eval()  # no values to fall back to
    assert not inspect_unet(layer, torch.rand(PICTURE).half()).problem


def test_a_shape_below_zero_is_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"\(-1, 3, 32, 32\) has a number below 0"):
        inspect_unet(Small(), (-1, 3, 32, 32))
