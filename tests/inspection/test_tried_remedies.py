"""Remedies that the report has tried: what it says, and that the network runs when it is done."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from stopped_networks import runs, tells
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import inspect_unet
from unet_teach.inspection.diagnosis import trials

IMAGE = (1, 3, 32, 48)


def conv(before: int, after: int, padding: int = 1, size: int = 3) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, size, padding=padding), nn.ReLU())


class Does(nn.Module):
    """Layers by name, and what the forward does with them."""

    def __init__(self, forward: Callable[..., Any], **layers: nn.Module) -> None:
        super().__init__()
        self.does = forward
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, *args: Tensor) -> Any:
        return self.does(self, *args)


# A value that is given by a name which the layer does not have.


class Join(nn.Module):
    """Enlarges a map and joins it with a skip."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.up = nn.Conv2d(before, after, 1)

    def forward(self, x: Tensor, skip: Tensor, factor: int = 2) -> Tensor:
        return torch.cat([F.interpolate(self.up(x), scale_factor=factor), skip], 1)


NAMED: dict[str, tuple[Callable[..., Any], str, Callable[..., Any]]] = {
    "another name": (
        lambda net, x: net.join(net.down(x), skip_connection=x),
        "takes (x, skip, factor), and not `skip_connection`. Is `skip` meant? Write skip=…",
        lambda net, x: net.join(net.down(x), skip=x),
    ),
    "a misspelled option": (
        lambda net, x: net.join(net.down(x), x, faktor=2),
        "and not `faktor`. Is `factor` meant? Write factor=…",
        lambda net, x: net.join(net.down(x), x, factor=2),
    ),
    "all is given": (
        lambda net, x: net.join(net.down(x), x, 2, dropout=0.5),
        "and not `dropout`. Leave it out, or let its forward take it.",
        lambda net, x: net.join(net.down(x), x, 2),
    ),
    "given twice": (
        lambda net, x: net.join(net.down(x), x, skip=x),
        "`skip` is given twice, by its place and by its name. Give it once.",
        lambda net, x: net.join(net.down(x), x),
    ),
    "an option of a layer": (
        lambda net, x: net.down(x, stride=2),
        "and not `stride`. It is an option of the layer, given where that is made: "
        "nn.Conv2d(…, stride=…)",
        lambda net, x: net.down(x),
    ),
    "an option of an up-sampling": (
        lambda net, x: net.up(net.down(x), size=x.shape[2:]),
        "and not `size`. It is an option of the layer, given where that is made: "
        "nn.Upsample(…, size=…). Here, F.interpolate(x, size=…) takes it.",
        lambda net, x: F.interpolate(net.down(x), size=x.shape[2:]),
    ),
    "the first one": (
        lambda net, x: net.join(input=net.down(x), skip=x),
        "and not `input`.",
        lambda net, x: net.join(x=net.down(x), skip=x),
    ),
}


@pytest.mark.parametrize("case", NAMED)
def test_a_value_with_a_name_that_the_layer_does_not_take(case: str) -> None:
    wrong, words, right = NAMED[case]
    layers = {"down": nn.Conv2d(3, 8, 2, 2), "join": Join(8, 4), "up": nn.Upsample(scale_factor=2)}
    assert words in tells(Does(wrong, **layers), IMAGE)
    assert runs(Does(right, **layers), IMAGE)


# Layers in a plain list keep their own type of numbers.


class Lists(nn.Module):
    """A layer, and two blocks in a list or dict of some kind."""

    def __init__(self, kind: Callable[[Any], Any], keys: bool = False) -> None:
        super().__init__()
        layers = [conv(3, 3), conv(3, 3)]
        self.first = conv(3, 3)
        self.blocks = kind({"a": layers[0], "b": layers[1]} if keys else layers)

    def forward(self, x: Tensor) -> Any:
        blocks = self.blocks.values() if hasattr(self.blocks, "values") else self.blocks
        x = self.first(x)
        for block in blocks:
            x = block(x)
        return x


@pytest.mark.parametrize(
    ("kind", "right", "keys", "dtype"),
    [
        (list, nn.ModuleList, False, torch.float64),
        (tuple, nn.ModuleList, False, torch.float64),
        (list, nn.ModuleList, False, torch.float16),
        (list, nn.ModuleList, False, torch.bfloat16),
        (dict, nn.ModuleDict, True, torch.float64),
    ],
)
def test_a_plain_list_is_not_reached_by_a_conversion(
    kind: Any, right: Any, keys: bool, dtype: torch.dtype
) -> None:
    image = torch.rand(IMAGE).to(dtype)
    told = tells(Lists(kind, keys).to(dtype), image)
    assert "is float32: it is in a plain list or dict, `blocks`, where .to(…)" in told
    assert f"nn.{right.__name__}" in told
    assert "as from NumPy" not in told
    assert runs(Lists(right, keys).to(dtype), image)


# Sequences whose features stand second, as flatten(2) makes them.


def encoder(first: bool) -> nn.Module:
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=first), 1)


SEQUENCES: dict[str, tuple[Callable[[], nn.Module], str, Callable[[Tensor], Tensor]]] = {
    "an encoder": (lambda: encoder(True), "transpose(1, 2)", lambda x: x.transpose(1, 2)),
    "batch second": (lambda: encoder(False), "permute(2, 0, 1)", lambda x: x.permute(2, 0, 1)),
    "a layer": (
        lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
        "transpose(1, 2)",
        lambda x: x.transpose(1, 2),
    ),
    "a GRU": (
        lambda: nn.GRU(8, 4, batch_first=True),
        "transpose(1, 2)",
        lambda x: x.transpose(1, 2),
    ),
    "an LSTM, batch second": (
        lambda: nn.LSTM(8, 4),
        "permute(2, 0, 1)",
        lambda x: x.permute(2, 0, 1),
    ),
}


@pytest.mark.parametrize("case", SEQUENCES)
@pytest.mark.parametrize("batch", [1, 2])
def test_features_that_stand_second_are_brought_last(case: str, batch: int) -> None:
    layer, move, moved = SEQUENCES[case]
    image = (batch, *IMAGE[1:])

    def with_step(step: Callable[[Tensor], Tensor]) -> nn.Module:
        return Does(
            lambda net, x: net.rows(step(net.patch(x).flatten(2))),
            patch=nn.Conv2d(3, 8, 8, 8),
            rows=layer(),
        )

    told = tells(with_step(lambda x: x), image)
    assert f"is given {batch}×8×24, where the 8 stand second. x.{move} makes" in told
    assert runs(with_step(moved), image)


def test_attention_is_told_so_too() -> None:
    def net(step: Callable[[Tensor], Tensor]) -> nn.Module:
        def forward(net: Any, x: Tensor) -> Any:
            rows = step(net.patch(x).flatten(2))
            return net.rows(rows, rows, rows)[0]

        attention = nn.MultiheadAttention(8, 2, batch_first=True)
        return Does(forward, patch=nn.Conv2d(3, 8, 8, 8), rows=attention)

    assert "rows takes sequences (N, L, features) with 8 features" in tells(net(lambda x: x), IMAGE)
    assert runs(net(lambda x: x.transpose(1, 2)), IMAGE)


def test_features_of_another_count_are_not_called_second() -> None:
    net = Does(
        lambda net, x: net.rows(net.patch(x).flatten(2)),
        patch=nn.Conv2d(3, 7, 8, 8),
        rows=nn.GRU(8, 4, batch_first=True),
    )
    assert "stand second" not in tells(net, IMAGE)


def test_sizes_that_work_are_found_where_a_forward_looks_at_values() -> None:
    def forward(net: Any, x: Tensor) -> Tensor:
        skip = net.first(x / 255 if x.mean() > 1 else x)
        return torch.cat([skip, net.up(F.max_pool2d(skip, 2))], 1)

    net = Does(forward, first=nn.Conv2d(3, 8, 3, padding=1), up=nn.ConvTranspose2d(8, 8, 2, 2))
    assert "must be divisible by 2, and 33 is not: 32 or 34 work" in tells(net, (1, 3, 33, 33))
    assert runs(net, (1, 3, 34, 34))


# A normalisation of a single position.


def deep(steps: int, *, last: bool, rank: int = 2) -> nn.Module:
    kind, norm = getattr(nn, f"Conv{rank}d"), getattr(nn, f"InstanceNorm{rank}d")
    layers: list[nn.Module] = [nn.Identity()]
    for _ in range(steps):
        layers += [kind(3, 3, 4, 2, 1), norm(3)]
    return nn.Sequential(*layers, *([] if last else [kind(3, 3, 3)]))


@pytest.mark.parametrize(
    ("steps", "shape", "works"),
    [
        (5, (1, 3, 32, 32), "64×64"),
        (4, (1, 3, 16, 16), "32×32"),
        (6, (2, 3, 32, 32), "128×128"),
        (3, (1, 3, 8), "16"),
        (3, (1, 3, 8, 8, 8), "16×16×16"),
    ],
)
def test_an_image_that_is_large_enough_for_a_norm_is_named(
    steps: int, shape: tuple[int, ...], works: str
) -> None:
    model = deep(steps, last=True, rank=len(shape) - 2)
    told = tells(model, shape)
    sides = [int(side) for side in works.split("×")]
    assert f"{works} works." in told
    assert runs(model, (*shape[:2], *sides))


@pytest.mark.parametrize(
    "pool",
    [
        nn.AdaptiveAvgPool2d(1),
        nn.AdaptiveMaxPool2d(1),
        nn.Sequential(nn.Flatten(), nn.LazyLinear(3), nn.Unflatten(1, (3, 1, 1))),
        Does(lambda net, x: x.mean((2, 3), keepdim=True)),
        Does(lambda net, x: x.amax((2, 3), keepdim=True)),
    ],
)
def test_a_norm_of_what_is_one_position_in_any_image(pool: nn.Module) -> None:
    pool(torch.rand(IMAGE))
    told = tells(nn.Sequential(pool, nn.InstanceNorm2d(3), nn.Conv2d(3, 2, 1)), IMAGE)
    assert "single position (1×1), whatever the size of the image. Leave it out here" in told
    for remedy in (nn.Identity(), nn.GroupNorm(1, 3)):
        assert runs(nn.Sequential(pool, remedy, nn.Conv2d(3, 2, 1)), IMAGE)


@pytest.mark.parametrize("last", [True, False])
def test_the_norm_is_left_out_only_where_that_is_enough(last: bool) -> None:
    model = deep(5, last=last)
    told = tells(model, (1, 3, 32, 32))
    assert ("Or leave it out here, or use nn.GroupNorm(1, 3)." in told) is last
    model[-1 if last else -2] = nn.GroupNorm(1, 3)
    assert runs(model, (1, 3, 32, 32)) is last


# Two results of a block, taken in the wrong order.


class Encode(nn.Module):
    """Returns its map, and the same pooled."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv, self.pool = conv(before, after), nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.conv(x)
        return x, self.pool(x)


class EncodeToList(Encode):
    """Returns a list in place of a tuple."""

    def forward(self, x: Tensor) -> Any:
        return [*super().forward(x)]


class TwoLevels(nn.Module):
    """Takes what its blocks return in one order or the other.

    Args:
        wrong: the numbers of the blocks whose results are exchanged.
    """

    def __init__(self, *wrong: int, join: str = "cat", block: type = Encode) -> None:
        super().__init__()
        self.wrong, self.join = wrong, join
        self.down1, self.down2, self.bottom = block(3, 4), block(4, 8), conv(8, 16)
        self.up2, self.up1 = nn.ConvTranspose2d(16, 8, 2, 2), nn.ConvTranspose2d(8, 4, 2, 2)
        width = 2 if join == "cat" else 1
        self.back2, self.back1 = conv(width * 8, 8), conv(width * 4, 4)

    def joined(self, x: Tensor, skip: Tensor) -> Tensor:
        return torch.cat([x, skip], 1) if self.join == "cat" else x + skip

    def forward(self, x: Tensor) -> Any:
        if 1 in self.wrong:
            p1, s1 = self.down1(x)
        else:
            s1, p1 = self.down1(x)
        if 2 in self.wrong:
            p2, s2 = self.down2(p1)
        else:
            s2, p2 = self.down2(p1)
        x = self.back2(self.joined(self.up2(self.bottom(p2)), s2))
        return self.back1(self.joined(self.up1(x), s1))


@pytest.mark.parametrize("block", [Encode, EncodeToList])
@pytest.mark.parametrize("join", ["cat", "add"])
@pytest.mark.parametrize("wrong", [(1,), (2,), (1, 2)])
def test_exchanged_results_are_found_by_running_with_them_in_order(
    wrong: tuple[int, ...], join: str, block: type
) -> None:
    told = tells(TwoLevels(*wrong, join=join, block=block), IMAGE)
    assert f"down{wrong[0]} returns two maps, " in told
    assert "Taken in the other order, the network runs" in told
    assert f"Write `s{wrong[0]}, p{wrong[0]} = self.down{wrong[0]}(" in told or len(wrong) > 1
    assert ("and so does down2" in told) is (len(wrong) > 1)
    assert runs(TwoLevels(join=join), IMAGE)


def test_results_in_the_right_order_are_not_blamed() -> None:
    model = TwoLevels()
    model.up1 = nn.ConvTranspose2d(8, 4, 3, 2, 1)
    told = tells(model, IMAGE)
    assert "exchanged" not in told
    assert "output_padding=1 makes 32×48" in told
    model.up1.output_padding = (1, 1)
    assert runs(model, IMAGE)


# Arguments that are missing.

GIVEN: dict[str, tuple[Callable[..., Any], dict[str, nn.Module], str, tuple[Any, ...]]] = {
    "a time": (
        lambda net, x, t: x + net.lin(t[:, None])[:, :, None, None],
        {"lin": nn.Linear(1, 3)},
        "one number an image for `t` it runs: inspect_unet(model, (2, 3, 32, 48), (2,))",
        ((2,),),
    ),
    "a class": (
        lambda net, x, y: x + net.table(y)[:, :, None, None],
        {"table": nn.Embedding(5, 3)},
        "`y` it runs: inspect_unet(model, (2, 3, 32, 48), torch.zeros(2, dtype=torch.long))",
        (torch.zeros(2, dtype=torch.long),),
    ),
    "a second image": (
        lambda net, x, x2: net.one(torch.cat([x, x2], 1)),
        {"one": nn.Conv2d(6, 2, 1)},
        "a tensor for `x2` it runs: inspect_unet(model, (2, 3, 32, 48), (2, 3, 32, 48))",
        ((2, 3, 32, 48),),
    ),
    "a mask that is multiplied": (
        lambda net, x, mask: net.one(x * mask),
        {"one": nn.Conv2d(3, 2, 1)},
        "a tensor for `mask` it runs: inspect_unet(model, (2, 3, 32, 48), (2, 3, 32, 48))",
        ((2, 3, 32, 48),),
    ),
    "a row": (
        lambda net, x, noise: x + net.lin(noise)[:, :, None, None],
        {"lin": nn.Linear(1, 3, bias=False)},
        "a tensor for `noise` it runs: inspect_unet(model, (2, 3, 32, 48), (2, 1))",
        ((2, 1),),
    ),
}


@pytest.mark.parametrize("case", GIVEN)
def test_what_is_missing_is_named_with_a_shape_that_runs(case: str) -> None:
    forward, layers, words, more = GIVEN[case]

    class Takes(Does):
        """Its forward names what it takes."""

    names = ", ".join(forward.__code__.co_varnames[1 : forward.__code__.co_argcount])
    namespace: dict[str, Any] = {}
    exec(f"def forward(self, {names}): return self.does(self, {names})", namespace)
    Takes.forward = namespace["forward"]
    model = Takes(forward, **layers)
    assert words in tells(model, (2, 3, 32, 48))
    assert runs(model, (2, 3, 32, 48), *more)


def test_what_is_taken_by_name_alone_is_named_with_a_tensor() -> None:
    class ByName(nn.Module):
        """Takes a number for each image, by its name alone."""

        def __init__(self) -> None:
            super().__init__()
            self.one = nn.Conv2d(3, 2, 1)

        def forward(self, x: Tensor, *, sigma: Tensor) -> Any:
            return self.one(x) * sigma[:, None, None, None]

    assert "it runs: inspect_unet(model, (2, 3, 32, 48), sigma=torch.zeros((2,)))" in tells(
        ByName(), (2, 3, 32, 48)
    )
    assert inspect_unet(ByName(), (2, 3, 32, 48), sigma=torch.zeros((2,))).problem is None


# A pixel shuffle that needs another number of channels.


class Shuffles(nn.Module):
    """A map at full size, if `skip` is not 0, and one that a pixel shuffle makes."""

    def __init__(self, made: int, skip: int, taken: int, factor: int, function: bool) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, skip, 1) if skip else None
        self.down = nn.Conv2d(3, made, factor, factor)
        self.layer = None if function else nn.PixelShuffle(factor)
        self.factor = factor
        self.last = nn.Conv2d(taken, 2, 1)

    def forward(self, x: Tensor) -> Any:
        y = self.down(x)
        y = self.layer(y) if self.layer else F.pixel_shuffle(y, self.factor)
        return self.last(y if self.first is None else torch.cat([self.first(x), y], 1))


@pytest.mark.parametrize("function", [False, True])
@pytest.mark.parametrize(
    ("made", "skip", "taken", "factor", "needed"),
    [
        (10, 10, 20, 2, 40),
        (6, 0, 8, 2, 32),
        (18, 0, 5, 2, 20),
        (10, 4, 16, 4, 192),
        (7, 1, 2, 2, 4),
    ],
)
def test_a_pixel_shuffle_is_given_what_the_rest_takes(
    made: int, skip: int, taken: int, factor: int, needed: int, function: bool
) -> None:
    told = tells(Shuffles(made, skip, taken, factor, function), IMAGE)
    assert f"Let the layer before it make {needed}: the rest of the network takes" in told
    assert runs(Shuffles(needed, skip, taken, factor, function), IMAGE)


# Convolutions without padding.


def block(before: int, after: int, padding: int, size: int) -> nn.Sequential:
    return nn.Sequential(conv(before, after, padding, size), conv(after, after, padding, size))


class Valid(nn.Module):
    """A U-Net of any depth, with or without padding."""

    def __init__(self, padding: int, size: int = 3, depth: int = 2, join: str = "cat") -> None:
        super().__init__()
        widths = [4 * 2**level for level in range(depth + 1)]
        pairs = list(pairwise(widths))
        self.join, times = join, 2 if join == "cat" else 1
        self.down = nn.ModuleList(block(a, b, padding, size) for a, b in [(3, 4), *pairs])
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in pairs)
        self.back = nn.ModuleList(block(times * a, a, padding, size) for a, _ in pairs)

    def forward(self, x: Tensor) -> Any:
        skips = []
        for layer in self.down[:-1]:
            skips.append(layer(x))
            x = F.max_pool2d(skips[-1], 2)
        x = self.down[-1](x)
        for level in reversed(range(len(skips))):
            y = self.up[level](x)
            x = torch.cat([y, skips[level]], 1) if self.join == "cat" else y + skips[level]
            x = self.back[level](x)
        return x


@pytest.mark.parametrize(
    ("size", "depth", "join", "image"),
    [
        (3, 2, "cat", (1, 3, 92, 92)),
        (3, 1, "cat", (1, 3, 32, 48)),
        (3, 2, "add", (1, 3, 92, 108)),
        (5, 1, "cat", (1, 3, 64, 64)),
        (3, 3, "cat", (1, 3, 184, 184)),
    ],
)
def test_padding_is_asked_of_all_convolutions_that_lack_it(
    size: int, depth: int, join: str, image: tuple[int, ...]
) -> None:
    told = tells(Valid(0, size, depth, join), image)
    count = 2 * (2 * depth + 1)
    assert f"None of the {count} convolutions with kernel_size={size}" in told
    assert f"With padding={size // 2} in each of them, the network runs" in told
    assert runs(Valid(size // 2, size, depth, join), image)


@pytest.mark.parametrize(
    ("depth", "side", "rounded"),
    [(2, 90, 92), (2, 94, 96), (3, 188, 192), (3, 140, 144), (4, 572, 576)],
)
def test_the_image_of_the_paper_is_rounded_where_padding_needs_that(
    depth: int, side: int, rounded: int
) -> None:
    told = tells(Valid(0, depth=depth), (1, 3, side, side))
    assert f"With padding=1 in each of them and an image of {rounded}×{rounded}, the" in told
    assert not runs(Valid(1, depth=depth), (1, 3, side, side))
    assert runs(Valid(1, depth=depth), (1, 3, rounded, rounded))


def test_a_single_convolution_without_padding_is_named_alone() -> None:
    model = Valid(1)
    model.back[1][0][0].padding = (0, 0)
    told = tells(model, IMAGE)
    assert "None of the" not in told
    assert "back.1.0.0 (convolution) has kernel_size=3, stride=1 and padding=0" in told
    model.back[1][0][0].padding = (1, 1)
    assert runs(model, IMAGE)


# Skips that are kept after a pooling.


class Reads(nn.Module):
    """The layers of a U-Net, and how a skip is read from their list."""

    def __init__(self, read: Callable[[list[Tensor], int], Tensor], keep: str = "skips") -> None:
        super().__init__()
        self.read = read
        self.down = nn.ModuleList(conv(a, b) for a, b in [(3, 4), (4, 8), (8, 16)])
        self.bottom = conv(16, 32)
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, 2) for w in (16, 8, 4))
        self.back = nn.ModuleList(conv(2 * w, w) for w in (16, 8, 4))


def front(skips: list[Tensor], i: int) -> Tensor:
    return skips[i]


class KeepsPooled(Reads):
    """Keeps a map after its pooling, or before."""

    def __init__(self, pool: Callable[[Tensor], Tensor], late: bool) -> None:
        super().__init__(front)
        self.pool, self.late = pool, late

    def forward(self, x: Tensor) -> Any:
        skips = []
        for layer in self.down:
            x = layer(x)
            pooled = self.pool(x)
            skips.append(pooled if self.late else x)
            x = pooled
        x = self.bottom(x)
        for up, back in zip(self.up, self.back, strict=True):
            x = back(torch.cat([up(x), skips.pop()], 1))
        return x


@pytest.mark.parametrize(
    "pool",
    [
        lambda x: F.max_pool2d(x, 2),
        lambda x: F.avg_pool2d(x, 2),
        nn.MaxPool2d(2),
        nn.AvgPool2d(2),
        lambda x: F.max_pool2d(x, 3, 2, 1),
        lambda x: F.adaptive_max_pool2d(x, (x.shape[2] // 2, x.shape[3] // 2)),
    ],
)
def test_a_skip_that_is_kept_after_its_pooling(pool: Callable[[Tensor], Tensor]) -> None:
    told = tells(KeepsPooled(pool, late=True), IMAGE)
    assert "Keep the map before its pooling for the skip, not what comes after." in told
    assert runs(KeepsPooled(pool, late=False), IMAGE)


@pytest.mark.parametrize("looks", [False, True])
def test_a_remedy_is_tried_with_values_only_where_the_forward_looks_at_them(
    looks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Looks(TwoLevels):
        """May ask for a value of its input."""

        def forward(self, x: Tensor) -> Any:
            return super().forward(x if not looks or x.sum() < 1e9 else -x)

    ways = []
    copies = trials.copy_to_run
    monkeypatch.setattr(
        trials,
        "copy_to_run",
        lambda model, on_meta: (ways.append(on_meta), copies(model, on_meta=on_meta))[1],
    )
    assert "Taken in the other order, the network runs" in tells(Looks(1, 2), IMAGE)
    assert (False in ways) is looks
