"""What a trace shows of a network: sizes, channels, live skips, activations."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from tests.exercises.right_answers import RIGHT
from unet_teach.exercises.checks.forward_trace import Trace
from unet_teach.exercises.checks.networks import new_network
from unet_teach.exercises.lesson_4.own_unet_checks import channels_at
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


def trace_of(network):
    return Trace(network, torch.randn(1, 1, 32, 48))


def small(**options):
    return UNet(depth=3, base_channels=4, **options)


def joined(join):
    """A U-Net that joins in another way."""
    return type("Joined", (UNet,), {"_join": join})(depth=3, base_channels=4)


@pytest.mark.parametrize("up", ["conv_transpose_2", "conv_transpose_3", "bilinear", "nearest"])
@pytest.mark.parametrize("down", ["max_pool", "strided_conv"])
@pytest.mark.parametrize("skip", ["cat", "add"])
def test_every_skip_of_a_unet_is_found_with_its_kind(skip, down, up):
    trace = trace_of(small(skip=skip, down=down, up=up))
    assert sorted(trace.skips, reverse=True) == SIZES[:-1]
    assert [step.joins_by for step in trace.used if step.across] == [skip] * 3
    assert trace.sizes == SIZES
    assert [max(channels_at(trace, size)) for size in SIZES] == [4, 8, 16, 32]
    assert trace.tail == []


@pytest.mark.parametrize("network", [small(skip="none"), Autoencoder(), ResidualNet()])
def test_networks_without_skips_show_none(network):
    assert trace_of(network).skips == []


def test_a_skip_multiplied_by_zero_is_constant():
    trace = trace_of(joined(lambda self, x, skip: torch.cat([0 * skip, x], dim=1)))
    assert trace.skips == []
    assert {step.size for step in trace.used if step.across} == set(SIZES[:-1])


def test_a_detached_skip_is_seen():
    trace = trace_of(joined(lambda self, x, skip: torch.cat([skip.detach(), x], dim=1)))
    cuts = [step.inputs[0].size for step in trace.used if step.cuts_gradient]
    assert sorted(cuts, reverse=True) == SIZES[:-1]


def test_a_map_concatenated_with_itself_is_no_skip():
    trace = trace_of(joined(lambda self, x, skip: torch.cat([x, x], dim=1)))
    assert trace.skips == []
    assert not any(step.kind == "join" for step in trace.used)


def test_a_skip_that_was_smaller_before_is_no_skip():
    def pooled(self, x, skip):
        return torch.cat([F.interpolate(F.max_pool2d(skip, 2), size=x.shape[2:]), x], dim=1)

    trace = trace_of(joined(pooled))
    assert trace.skips == []
    assert {step.size for step in trace.used if step.kind == "join"} == set(SIZES[:-1])


def test_the_raw_image_is_no_skip():
    class Raw(nn.Module):
        def __init__(self):
            super().__init__()
            self.down, self.up = nn.Conv2d(1, 4, 2, 2), nn.ConvTranspose2d(4, 1, 2, 2)

        def forward(self, x):
            return x + self.up(F.relu(self.down(x)))

    assert trace_of(Raw()).skips == []


def test_convolutions_without_an_activation_between_are_found():
    one, two = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
    [(first, second)] = trace_of(nn.Sequential(one, two)).not_activated
    assert (first.size, second.size) == ((32, 48), (32, 48))
    assert (first.output.shape[1], second.kernel_size, second.settings["stride"]) == (
        4,
        (3, 3),
        (1, 1),
    )
    assert trace_of(nn.Sequential(one, nn.BatchNorm2d(4), two)).not_activated
    for activation in (nn.ReLU(), nn.LeakyReLU(), nn.GELU(), nn.SiLU(), nn.PReLU(), nn.ELU()):
        assert not trace_of(nn.Sequential(one, activation, two)).not_activated
        assert trace_of(nn.Sequential(one, two, activation)).has_activation
    end = trace_of(nn.Sequential(one, nn.ReLU(), nn.BatchNorm2d(4))).tail
    assert [step.changes_nothing for step in end] == [False, True]
    for linear in (nn.AvgPool2d(2), nn.Upsample(scale_factor=2), nn.Dropout(), nn.Identity()):
        assert not trace_of(nn.Sequential(one, linear, two)).has_activation
    assert trace_of(nn.Sequential(one, nn.MaxPool2d(2), two)).has_activation


def test_a_deep_network_is_no_deep_recursion():
    network = nn.Sequential(*(nn.Conv2d(1, 1, 1) for _ in range(600)))
    for weight in network.parameters():  # so that no gradient vanishes on the way
        nn.init.constant_(weight, float(weight.dim() > 1))
    trace = trace_of(network)
    assert len(trace.used) == 601
    assert trace.used[-1].min_height == 32


def test_the_trace_leaves_the_network_as_it_was():
    network = small().train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    trace_of(network)
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_no_skip_of_a_fresh_network_is_dead_by_chance():
    """With the biases as they come, 4 of these 16 networks of 2 channels have a dead skip."""
    narrow = RIGHT["own_unet"][0]()
    for seed in range(16):
        torch.manual_seed(seed)
        trace = Trace(new_network(narrow, 3, 5, 3, 2), torch.randn(1, 3, 16, 24))
        assert len(trace.skips) == 3, seed
