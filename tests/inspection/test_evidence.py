"""The sentences of evidence say what the code does, by the names that the code has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from odd_networks import Small, conv
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import inspect_unet

Function = Callable[[Tensor], Tensor]


class OneLevel(nn.Module):
    """A U-Net of one level: how it goes down, up and joins is given."""

    def __init__(
        self,
        rank: int = 2,
        down: Function | None = None,
        up: Function = lambda x: F.interpolate(x, scale_factor=2.0),
        join: Callable[[Tensor, Tensor], Tensor] = lambda skip, x: skip + x,
    ) -> None:
        super().__init__()
        self.first, self.low, self.last = (conv(4, 4, 1, rank) for _ in range(3))
        pool = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[rank - 1]
        self.ways = down or (lambda x: pool(x, 2)), up, join

    def forward(self, x: Tensor) -> Tensor:
        down, up, join = self.ways
        skip = self.first(x)
        out: Tensor = self.last(join(skip, up(self.low(down(skip)))))
        return out


def told(model: nn.Module, *size: int) -> str:
    return str(inspect_unet(model, (1, *size)))


@pytest.mark.parametrize(
    ("join", "how"),
    [
        (lambda s, x: torch.stack([s, x]).sum(0), "conv} is added to {up}"),
        (lambda s, x: torch.stack([s, x]).mean(0), "conv} is averaged with {up}"),
        (lambda s, x: torch.maximum(s, x), "conv} is combined by maximum with {up}"),
        (lambda s, x: torch.stack([s, x]).amax(0), "conv} is combined by amax with {up}"),
        (lambda s, x: x - s, "conv} is subtracted from {up}"),
        (lambda s, x: s - x, "up} is subtracted from {conv}"),
        (lambda s, x: s + x, "conv} is added to {up}"),
        (lambda s, x: s * x, "conv} is multiplied with {up}"),
    ],
)
def test_how_a_skip_is_joined(join, how):
    sentence = "{" + how
    said = sentence.format(
        conv="the output of first.2 (relu)",
        up="the output of nearest up-sampling in forward",
    )
    assert f"At 32×32, {said}." in told(OneLevel(join=join), 4, 32, 32)


@pytest.mark.parametrize(
    ("rank", "down", "name"),
    [
        (1, lambda x: F.max_pool1d(x, 2), "max_pool1d"),
        (1, lambda x: F.avg_pool1d(x, 2), "avg_pool1d"),
        (1, lambda x: F.adaptive_max_pool1d(x, 16), "adaptive_max_pool1d"),
        (1, lambda x: F.adaptive_avg_pool1d(x, 16), "adaptive_avg_pool1d"),
        (1, lambda x: F.interpolate(x, scale_factor=0.5, mode="linear"), "linear down-sampling"),
        (1, lambda x: F.interpolate(x, scale_factor=0.5, mode="area"), "area interpolation"),
        (2, lambda x: F.max_pool2d(x, 2, return_indices=True)[0], "max_pool2d"),
        (2, lambda x: F.lp_pool2d(x, 2, 2), "lp_pool2d"),
        (3, lambda x: F.avg_pool3d(x, 2), "avg_pool3d"),
    ],
)
def test_down_sampling_has_the_name_that_the_code_has(rank, down, name):
    model = OneLevel(rank, down)
    assert f"by {name} in forward." in told(model, 4, *[32] * rank)


def test_up_sampling_has_the_name_that_the_code_has():
    up = lambda x: x.repeat_interleave(2, -1)  # noqa: E731 - the way of one network
    assert "16 → 32 by repeat_interleave in forward." in told(OneLevel(1, up=up), 4, 32)


class AllLevelsAtOnce(nn.Module):
    """Enlarges the outputs of all levels to a quarter of the image and concatenates them."""

    def __init__(self) -> None:
        super().__init__()
        steps = ((3, 8, 4), (8, 8, 2), (8, 8, 2))
        self.down = nn.ModuleList(nn.Conv2d(i, o, 3, s, 1) for i, o, s in steps)
        self.across = nn.ModuleList(nn.Conv2d(8, 4, 1) for _ in range(3))
        self.head = nn.Conv2d(12, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        maps = []
        for layer in self.down:
            x = layer(x).relu()
            maps.append(x)
        each = [layer(x) for layer, x in zip(self.across, maps, strict=True)]
        each = [F.interpolate(x, size=each[0].shape[2:]) for x in each]
        out: Tensor = self.head(torch.cat(each, 1))
        return out


def test_a_skip_is_found_where_maps_of_several_levels_meet_it():
    said = told(AllLevelsAtOnce(), 3, 64, 64)
    assert "At 16×16, the output of across.0 (convolution) is concatenated with" in said
    assert "There is no skip connection at 8×8." in said


class BehindAVector(nn.Module):
    """An autoencoder with linear layers at its bottleneck."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(conv(3, 4, 2), conv(4, 4, 2))
        self.code, self.grid = nn.Linear(4 * 64, 8), nn.Linear(8, 4 * 64)
        up = [nn.ConvTranspose2d(4, 4, 2, 2), nn.ReLU(), nn.ConvTranspose2d(4, 3, 2, 2)]
        self.up = nn.Sequential(*up)

    def forward(self, x: Tensor) -> Tensor:
        code = self.code(self.down(x).flatten(1))
        out: Tensor = self.up(self.grid(code).view(-1, 4, 8, 8))
        return out


def test_a_grid_has_its_size_from_where_it_is_folded_out_of_a_vector():
    said = told(BehindAVector(), 3, 32, 32)
    assert "1×1 → 8×8 by view in forward.\n   8×8 → 16×16 by up.0 (transposed" in said


def test_of_two_u_nets_in_a_row_one_is_described():
    said = told(nn.Sequential(Small(), Small(channels=2)), 3, 32, 32)
    assert "✓ Skip connections" in said
    described = [f"by {net} (max_pool2d)" in said for net in (0, 1)]
    assert described == [f"the output of {net}." in said for net in (0, 1)]
    assert sum(described) == 1


class Joined(Small):
    """A U-Net that is joined in another way, or not at all."""

    def __init__(self, how: str, channels: int = 3) -> None:
        super().__init__(channels=channels, joined=2 if how == "cat" else 1)
        self.how = how

    def join(self, x: Tensor, skip: Tensor) -> Tensor:
        return {"cat": super().join(x, skip), "add": x + skip, "none": x}[self.how]


class Again(nn.Module):
    """Gives the image to the second network, too."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.first, self.second = first, second

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.second(torch.cat([x, self.first(x)], 1))
        return made


@pytest.mark.parametrize(
    "how", [("cat", "none"), ("none", "cat"), ("add", "none"), ("none", "add")]
)
@pytest.mark.parametrize("with_image", [False, True])
def test_of_two_in_a_row_that_with_skips_counts(how, with_image):
    first, second = (Joined(name, channels) for name, channels in zip(how, (3, 2), strict=True))
    if with_image:
        second = Joined(how[1], 5)
    net = Again(first, second) if with_image else nn.Sequential(first, second)
    said = told(net, 3, 32, 32)
    number = 1 if how[1] == "none" else 2
    assert "It is a U-Net" in said
    assert f"2 parts in a row go down and up; what is said here is about number {number}." in said
    own = ("first", "second")[number - 1] if with_image else str(number - 1)
    assert said.count(f"{own} (max_pool2d)") == said.count("(max_pool2d)") == 2
    assert said.count("There is no skip connection") == 0


@pytest.mark.parametrize(
    "after", [nn.MaxPool2d(2), nn.Upsample(scale_factor=2), nn.AdaptiveAvgPool2d(1)]
)
def test_what_follows_two_in_a_row_counts_for_symmetry(after):
    report = inspect_unet(nn.Sequential(Joined("add"), Joined("add", 2), after), (1, 3, 32, 32))
    assert report.problem is None
    assert not report.criteria.symmetry.met


def test_two_in_a_row_without_skips_are_no_unet():
    report = inspect_unet(nn.Sequential(Joined("none"), Joined("none", 2)), (1, 3, 32, 32))
    assert report.criteria.symmetry.met
    assert not report.criteria.skip_connections.met


def test_an_activation_that_writes_into_a_normalised_volume_has_its_name():
    class Fails(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layers = nn.Conv3d(1, 4, 3, padding=1), nn.InstanceNorm3d(4), nn.LeakyReLU(inplace=True)
            self.first, self.low = nn.Sequential(*layers), nn.Conv3d(4, 4, 3, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            skip = self.first(x)
            return torch.cat([skip, self.low(self.low(skip))], 1)

    problem = inspect_unet(Fails(), (1, 1, 16, 16, 16)).problem
    assert "made by first.2 (leaky_relu)" in problem
    assert "a write" not in problem


def test_a_block_that_runs_on_every_frame_is_named_by_its_end():
    class Frames(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = OneLevel()

        def forward(self, x: Tensor) -> Tensor:
            return torch.stack([self.net(frame) for frame in x.unbind(1)], 1)

    assert "the output of net.first.2 (relu) is added" in told(Frames(), 2, 4, 32, 32)


def test_without_height_and_width_the_resolution_is_not_spoken_of():
    said = told(nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 16)), 16)
    assert "Nothing here has a height and a width: every tensor has at most two dimensions." in said
    assert "same resolution" not in said


class TwoBranches(nn.Module):
    """A branch at full size beside one at half of it, as in HRNet, exchanged twice.

    By the four criteria it is a U-Net: one branch goes down and up again, features of the full size
    are added to what comes up, and the output has the size of the input. That both branches have as
    many layers does not count.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.last = conv(3, 8), nn.Conv2d(8, 1, 1)
        self.whole = nn.ModuleList(conv(8, 8) for _ in range(2))
        self.coarse = nn.ModuleList(conv(8, 8) for _ in range(2))
        self.down = nn.ModuleList(conv(8, 8, 2) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        low = self.down[0](x)
        for step in range(2):
            x, low = self.whole[step](x), self.coarse[step](low)
            x, low = x + F.interpolate(low, scale_factor=2.0), low + self.down[1](x)
        out: Tensor = self.last(x)
        return out


def test_two_branches_that_exchange_features_meet_the_four_criteria():
    assert inspect_unet(TwoBranches(), (1, 3, 32, 32)).is_unet


class Ends(nn.Module):
    """Halves some times, and doubles some times, with a skip at each level that it comes back to.

    Args:
        down: how often it halves.
        up: how many of these it takes back.
    """

    def __init__(self, down: int, up: int) -> None:
        super().__init__()
        self.down = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1) for _ in range(down + 1))
        self.up = nn.ModuleList(nn.Conv2d(6, 3, 3, padding=1) for _ in range(up))

    def forward(self, x: Tensor) -> Any:
        skips = []
        for layer in self.down[:-1]:
            skips.append(layer(x))
            x = F.max_pool2d(skips[-1], 2)
        x = self.down[-1](x)
        for layer in self.up:
            x = layer(torch.cat([F.interpolate(x, scale_factor=2), skips.pop()], 1))
        return x


@pytest.mark.parametrize(
    ("down", "up", "words"),
    [
        (3, 2, "The decoder does not reach 32×64."),
        (3, 1, "The decoder does not reach 32×64, 16×32."),
        (2, 1, "The decoder does not reach 32×64."),
        (4, 2, "The decoder does not reach 32×64, 16×32."),
        (4, 3, "The decoder does not reach 32×64."),
    ],
)
def test_a_decoder_that_ends_early_jumps_over_nothing(down: int, up: int, words: str) -> None:
    evidence = inspect_unet(Ends(down, up), (1, 3, 32, 64)).criteria.symmetry.evidence
    assert evidence[-1] == words
    assert not any("jumps over" in sentence for sentence in evidence)


@pytest.mark.parametrize(
    ("first", "side", "words"),
    [
        (nn.ConvTranspose2d(3, 3, 4), 1, "The output is 8×8 for an input of 1×1."),
        (nn.ConvTranspose2d(3, 3, (4, 7)), 1, "The output is 8×14 for an input of 1×1."),
        (nn.ConvTranspose2d(3, 3, 5), 2, "The output is 12×12 for an input of 2×2."),
        (nn.Identity(), 1, "The output's resolution is 2 times higher than the input's."),
        (nn.Conv2d(3, 3, 3), 32, "The output's resolution is 2 times higher than the input's."),
    ],
)
def test_the_resolution_of_an_output_agrees_with_its_size(
    first: nn.Module, side: int, words: str
) -> None:
    model = nn.Sequential(first, nn.ConvTranspose2d(3, 3, 2, 2))
    evidence = inspect_unet(model, (1, 3, side, side)).criteria.symmetry.evidence
    assert evidence[0] == words


@pytest.mark.parametrize(
    ("take", "by", "to"),
    [
        (lambda x: x[:, :, ::2, ::2], "slice", ["16×32"]),
        (lambda x: x[:, :, 1::2, ::2], "slice", ["16×32"]),
        (lambda x: x[:, :, ::4, ::4], "slice", ["8×16"]),
        (lambda x: x[:, :, 3::2, 2::2], "slice", ["15×31"]),
        (lambda x: F.max_pool2d(x[:, :, ::2, ::2], 2), "slice", ["16×32", "8×16"]),
    ],
)
def test_an_index_with_steps_along_several_axes_is_one_step(
    take: Callable[[Tensor], Tensor], by: str, to: list[str]
) -> None:
    class Takes(nn.Module):
        """Takes every second or fourth position."""

        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, x: Tensor) -> Any:
            return self.two(take(self.one(x)))

    steps = inspect_unet(Takes(), (1, 3, 32, 64)).criteria.downsampling.facts["steps"]
    assert [step["to"] for step in steps] == to
    assert by in steps[0]["by"]


@pytest.mark.parametrize("levels", [2, 3])
@pytest.mark.parametrize(
    "function", [F.avg_pool2d, lambda x, k: F.interpolate(x, scale_factor=1 / k)]
)
def test_a_side_branch_is_said_to_come_down_without_layers(
    levels: int, function: Callable[..., Tensor]
) -> None:
    class Pyramid(nn.Module):
        """A layer for each size of the image, whose results are added from coarse to fine."""

        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1) for _ in range(levels + 1))

        def forward(self, x: Tensor) -> Any:
            sizes = [x]
            for _ in range(levels):
                sizes.append(function(sizes[-1], 2))
            y = self.layers[levels](sizes[levels])
            for level in reversed(range(levels)):
                y = self.layers[level](sizes[level]) + F.interpolate(y, scale_factor=2)
            return y

    evidence = inspect_unet(Pyramid(), (1, 3, 32, 64)).criteria.skip_connections.evidence
    size = f"{32 >> levels}×{64 >> levels}"
    assert f"pooling or resizing alone takes it down to {size}" in evidence[-1]


@pytest.mark.parametrize(
    ("activation", "name"),
    [
        (nn.ReLU6(), "relu6"),
        (nn.Hardtanh(-6, 6), "hardtanh"),
        (nn.SELU(), "selu"),
        (nn.Softmin(1), "softmin"),
        (nn.LogSigmoid(), "logsigmoid"),
        (nn.RReLU(), "rrelu"),
        (nn.PReLU(), "prelu"),
        (F.relu6, "relu6"),
    ],
)
def test_an_activation_has_the_name_that_its_user_wrote(
    activation: Callable[[Tensor], Tensor], name: str
) -> None:
    class Wide(nn.Module):
        """Its head expects twice the channels."""

        def __init__(self) -> None:
            super().__init__()
            self.one, self.activation = nn.Conv2d(3, 8, 3, padding=1), activation
            self.head = nn.Conv2d(16, 1, 1)

        def forward(self, x: Tensor) -> Any:
            return self.head(self.activation(self.one(x)))

    said = str(inspect_unet(Wide(), (1, 3, 16, 16)))
    assert f"what comes from one (convolution), through {name} is 1×8×16×16" in said
