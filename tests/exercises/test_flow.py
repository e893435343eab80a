"""What a check sees of a network: sizes, channels, living skips, activations; never names."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from unet_teach.exercises import own_unet
from unet_teach.exercises.checks.autograd_graph import Flow
from unet_teach.exercises.checks.networks import fresh
from unet_teach.networks import UNet
from unet_teach.networks.six_networks import Autoencoder, ResidualNet

SIZES = [(32, 48), (16, 24), (8, 12), (4, 6)]


@pytest.fixture(autouse=True)
def _fixed_and_alone():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


def flow(network):
    return Flow(network, torch.randn(1, 1, 32, 48))


def small(**options):
    return UNet(depth=3, base_channels=4, **options)


def joined(join):
    """A U-Net that joins in another way."""
    return type("Joined", (UNet,), {"_join": join})(depth=3, base_channels=4)


@pytest.mark.parametrize("up", ["conv_transpose_2", "conv_transpose_3", "bilinear", "nearest"])
@pytest.mark.parametrize("down", ["max_pool", "strided_conv"])
@pytest.mark.parametrize("skip", ["cat", "add"])
def test_every_skip_of_a_unet_is_seen_with_its_kind(skip, down, up):
    seen = flow(small(skip=skip, down=down, up=up))
    assert seen.skips == dict.fromkeys(SIZES[:-1], skip)
    assert seen.sizes == SIZES
    assert [max(seen.channels(size)) for size in SIZES] == [4, 8, 16, 32]
    assert not seen.ends_in_activation


@pytest.mark.parametrize("network", [small(skip="none"), Autoencoder(), ResidualNet()])
def test_what_has_no_skip_shows_none(network):
    assert flow(network).skips == {}


def test_a_skip_multiplied_by_zero_is_dead():
    seen = flow(joined(lambda self, x, skip: torch.cat([0 * skip, x], dim=1)))
    assert seen.skips == {}
    assert set(seen.dead_joins) == set(SIZES[:-1])


def test_a_detached_skip_is_cut():
    seen = flow(joined(lambda self, x, skip: torch.cat([skip.detach(), x], dim=1)))
    assert seen.skips == {}
    assert set(seen.cut_joins) == set(SIZES[:-1])


def test_a_map_laid_beside_itself_is_no_skip_and_no_late_join():
    seen = flow(joined(lambda self, x, skip: torch.cat([x, x], dim=1)))
    assert seen.skips == {}
    assert seen.late_joins == []


def test_a_skip_that_went_through_a_smaller_map_is_late():
    def late(self, x, skip):
        small = F.max_pool2d(skip, 2)
        return torch.cat([F.interpolate(small, size=x.shape[2:]), x], dim=1)

    seen = flow(joined(late))
    assert seen.skips == {}
    assert set(seen.late_joins) == set(SIZES[:-1])


def test_the_raw_picture_is_no_skip():
    class Raw(nn.Module):
        def __init__(self):
            super().__init__()
            self.down, self.up = nn.Conv2d(1, 4, 2, 2), nn.ConvTranspose2d(4, 1, 2, 2)

        def forward(self, x):
            return x + self.up(F.relu(self.down(x)))

    assert flow(Raw()).skips == {}


def test_convolutions_without_an_activation_between_are_bare():
    one, two = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
    assert flow(nn.Sequential(one, two)).bare_sizes == [((32, 48), (32, 48))]
    assert flow(nn.Sequential(one, nn.BatchNorm2d(4), two)).bare
    for activation in (nn.ReLU(), nn.LeakyReLU(), nn.GELU(), nn.SiLU(), nn.PReLU(), nn.ELU()):
        assert not flow(nn.Sequential(one, activation, two)).bare
        assert flow(nn.Sequential(one, two, activation)).ends_in_activation
    assert flow(nn.Sequential(one, nn.ReLU(), nn.BatchNorm2d(4))).ends_in_activation


def test_looking_changes_nothing_of_the_module():
    network = small().train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    flow(network)
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_no_skip_of_a_fresh_network_is_dead_by_bad_luck():
    narrow = own_unet.answers[0]()
    for seed in range(120):
        torch.manual_seed(seed)
        seen = Flow(fresh(narrow, 3, 5, 3, 4), torch.randn(1, 3, 32, 48))
        assert len(seen.skips) == 3, seed
