"""Cutting the skips of a trained network, whoever wrote it."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import UNet
from unet_teach.networks.document import AdditiveUNet, ConcatenatingUNet
from unet_teach.segmentation.ablation import CutSkips
from unet_teach.shared.portrait import portrait

IMAGE = torch.rand(2, 3, 16, 24)


class TwoLevels(nn.Module):
    """Two skips, joined in the way that `join` says; `skips` are multiplied with what crosses."""

    def __init__(self, join, skips=(1, 1)):
        super().__init__()
        torch.manual_seed(0)
        self.join, self.skips = join, skips
        self.first, self.last = nn.Conv2d(3, 3, 3, padding=1), nn.LazyConv2d(1, 1)

    def forward(self, x):
        fine = self.first(x)
        coarse = F.relu(F.avg_pool2d(fine, 2)) + 1
        x = F.interpolate(F.max_pool2d(coarse, 2), scale_factor=2.0)
        x = self.join(x, self.skips[1] * coarse)
        x = F.interpolate(x[:, :3], scale_factor=2.0) + x.mean()
        if self.join is JOINS["cropped"]:
            x = x[..., :11, :17]
        return self.last(self.join(x, self.skips[0] * fine))


JOINS = {
    "cat": lambda x, skip: torch.cat([x, skip], dim=1),
    "the skip first, in a tuple": lambda x, skip: torch.cat((skip, x), 1),
    "named": lambda x, skip: torch.cat(tensors=[skip, x], dim=1),
    "cropped": lambda x, skip: torch.cat([x, skip[..., : x.shape[2], : x.shape[3]]], dim=1),
    "+": lambda x, skip: x + skip,
    "the skip +": lambda x, skip: skip + x,
    "torch.add": torch.add,
    "+=": lambda x, skip: x.add_(skip),
}


@pytest.mark.parametrize("join", JOINS.values(), ids=JOINS)
@pytest.mark.parametrize("level", [0, 1])
def test_a_cut_skip_brings_zeros_and_nothing_else_changes(join, level):
    skips = [0 if level == which else 1 for which in (0, 1)]
    cut = CutSkips(TwoLevels(join), [level])
    assert torch.equal(cut(IMAGE), TwoLevels(join, skips)(IMAGE))
    assert cut.found == {0, 1}


def test_with_no_level_the_network_is_as_it_was():
    network = TwoLevels(JOINS["cat"])
    assert torch.equal(CutSkips(network)(IMAGE), network(IMAGE))


@pytest.mark.parametrize("kind", [AdditiveUNet, ConcatenatingUNet])
def test_the_networks_of_lesson_4_have_three_skips(kind):
    whole = CutSkips(kind(3, 5))
    whole(torch.rand(1, 3, 32, 40))
    assert whole.found == {0, 1, 2}


def test_an_odd_size_and_a_network_without_skips():
    whole, none = CutSkips(UNet(3, 1, depth=3, base_channels=2)), CutSkips(nn.Conv2d(3, 1, 1))
    valid = CutSkips(UNet(3, 1, depth=4, base_channels=1, padding="valid"))
    whole(torch.rand(2, 3, 50, 70))
    none(IMAGE)
    valid(torch.rand(1, 3, 572, 188))
    assert (whole.found, valid.found, none.found) == ({0, 1, 2}, {0, 1, 2, 3}, set())


def test_residual_blocks_are_no_skips():
    class Residual(nn.Module):
        def forward(self, x):
            x = F.avg_pool2d(x + F.relu(x), 2)
            return F.interpolate(x + F.relu(x), scale_factor=2.0)

    whole = CutSkips(Residual(), [0, 1])
    assert torch.equal(whole(IMAGE), Residual()(IMAGE))
    assert whole.found == set()


def test_denoising_leans_on_the_finest_skip_and_misses_all_of_them_most():
    """What lesson 6 says of the portrait, for the network that stands in."""
    torch.manual_seed(0)
    face = F.avg_pool2d(torch.tensor(portrait())[None, None], 2)
    noisy = face + 0.1 * torch.randn_like(face)
    network = UNet(1, 1, depth=3, base_channels=8)
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(100):
        loss = F.mse_loss(network(face + 0.1 * torch.randn_like(face)), face)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()
    with torch.no_grad():
        whole, finest, middle, coarsest, every = (
            (CutSkips(network, levels)(noisy) - face).abs().mean()
            for levels in ((), (0,), (1,), (2,), (0, 1, 2))
        )
    assert finest > 1.5 * max(middle, coarsest)
    assert min(finest, every) > (noisy - face).abs().mean() > whole
