"""What only fails in training is noted beside the verdict; what leaves torch is no U-Net."""

import numpy as np
import pytest
import torch
from diagnosis_examples import OneLevel
from torch import nn

from unet_teach import UNet, inspect_unet
from unet_teach.inspection import inspector

IMAGE = (2, 3, 32, 48)


def join(x, skip):
    return torch.cat([x, skip], dim=1)


class Changed(OneLevel):
    """Changes its own weight, or a map, in its forward."""

    def __init__(self, change):
        super().__init__(join)
        self.scale, self.change = nn.Parameter(torch.ones(1, 3, 1, 1)), change

    def forward(self, x):
        self.change(self)
        return super().forward(x * self.scale)


def test_batch_norm_at_one_position_fails_in_training_alone():
    up = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(8), nn.Upsample(size=(32, 48)))
    report = inspect_unet(OneLevel(join, up=up), (1, 3, 32, 48))
    assert "In training, it fails. In up.1 (a BatchNorm2d)" in report.note
    assert "Give a batch of at least two images" in report.note
    assert not inspect_unet(OneLevel(join, up=up), IMAGE).note
    trained = OneLevel(join, up=up)
    trained.up[1].eval()  # frozen, as for a batch of one
    assert not inspect_unet(trained, (1, 3, 32, 48)).note


def test_a_weight_that_is_changed_in_place_is_noted_and_the_network_is_left_as_it_was():
    def add(network):
        network.scale += 1

    network = Changed(add)
    report = inspect_unet(network, IMAGE)
    assert report.is_unet
    assert "A weight was changed in place" in report.note
    assert torch.equal(network.scale, torch.ones(1, 3, 1, 1))
    assert network.scale.grad is None


def test_a_map_that_the_gradient_needs_is_noted():
    def through_square(x, skip):
        squared = (x * x).sigmoid()
        made = join(squared, skip)
        squared.add_(1)
        return made

    assert "changed in place" in inspect_unet(OneLevel(through_square), IMAGE).note
    assert not inspect_unet(OneLevel(join), IMAGE).note


def test_a_network_is_run_as_in_training_only_where_that_may_matter(monkeypatch):
    class Deep(OneLevel):
        def forward(self, x):
            made = super().forward(x)
            return self.auxiliary(made) if self.training else made

    assert "In training, it fails. " in inspect_unet(Deep(join), IMAGE).note
    monkeypatch.setattr(inspector, "fails_in_training", None)
    assert inspect_unet(UNet(3, 1, depth=2, base_channels=2), IMAGE).is_unet


def test_a_network_prints_only_once(capsys):
    inspect_unet(Changed(lambda _: print("forward")), IMAGE)
    assert capsys.readouterr().out == "forward\n"


@pytest.mark.parametrize(
    "outside",
    [
        lambda x: torch.from_numpy(np.clip(x.detach().numpy(), 0, 6)),
        lambda x: torch.tensor(x.tolist()),
        lambda x: torch.from_numpy(np.maximum(x.detach(), 0).numpy()),
    ],
)
def test_a_map_that_leaves_torch_and_comes_back_cannot_be_judged(outside):
    report = inspect_unet(OneLevel(lambda x, skip: join(outside(x), skip)), IMAGE)
    assert not report.is_unet
    assert "comes back as a new tensor of 2×8×32×48" in report.problem


def test_a_value_that_decides_is_no_way_outside():
    def decide(x, skip):
        return join(x * 2 if x.mean().item() > 0 else x, skip)

    assert inspect_unet(OneLevel(decide), IMAGE).is_unet


def test_what_only_training_takes_is_not_asked_for():
    class WithTarget(OneLevel):
        def forward(self, x, target=None):
            made = super().forward(x)
            return nn.functional.mse_loss(made, target) if self.training else made

    assert not inspect_unet(WithTarget(join), IMAGE).note


def test_what_is_only_written_down_is_no_way_outside():
    written = []

    def write_down(x, skip):
        written.append((x * 2).detach().numpy())
        return join(x * torch.ones(x.shape), skip)

    assert inspect_unet(OneLevel(write_down), IMAGE).is_unet
