"""What would make a training worthless is said before its first step."""

import warnings

import pytest
import torch
from torch import nn

from unet_teach import UNet
from unet_teach.segmentation import train
from unet_teach.segmentation.data.dataset import Dataset, Pair


def pairs(*sides):
    halves = [torch.zeros(1, side, side + 8) for side in sides]
    for half in halves:
        half[:, :, : half.shape[2] // 2] = 1
    return tuple(Pair(0.3 + 0.4 * half, half, f"of {half.shape[1]}") for half in halves)


DATA = Dataset("halves", pairs(40, 40, 40), pairs(40), pairs(40), "made for this test")


class Net(nn.Module):
    """Two layers, others that may stand in a list, and a last operation."""

    def __init__(self, last=None, layers=()):
        super().__init__()
        self.first, self.head = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 1, 1)
        self.last, self.layers = last, layers

    def forward(self, x):
        x = self.head(self.first(x).relu())
        return self.last(x) if self.last else x


def said(model, data=DATA, **options):
    """Return the warnings before a training, which must stand in its result as well."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run = train(model, data, **{"steps": 1, "batch": 2, "crop": 32, "live": False} | options)
    text = " ".join(str(warning.message) for warning in caught)
    assert run.trouble.startswith(text)
    return text


ENDS = {
    "a sigmoid": nn.Sigmoid(),
    "a sigmoid,": lambda x: torch.sigmoid(x)[:, :, None].squeeze(2),
    "a sigmoid, ": lambda x: x.sigmoid().clamp(1e-6, 1),
    "a softmax": nn.Softmax(1),
    "a log-sigmoid": nn.LogSigmoid(),
    "a hard sigmoid": nn.Hardsigmoid(),
    "a ReLU": nn.ReLU(),
    "a tanh": torch.tanh,
}


@pytest.mark.parametrize("name", ENDS)
def test_the_last_operation_of_a_network_is_named(name):
    assert f"The network ends in {name.strip(', ')}" in said(Net(ENDS[name]))


@pytest.mark.parametrize(
    "last", [None, lambda x: x * torch.sigmoid(x), nn.LeakyReLU(), lambda x: 4 * torch.tanh(x)]
)
def test_logits_are_no_reason_for_a_word(last):
    assert not said(Net(last))
    assert not said(UNet(depth=2, base_channels=2, norm=True))


def layer():
    return nn.Conv2d(2, 2, 1)


@pytest.mark.parametrize(
    "layers", [[layer()], (layer(),), {"a": layer()}, [[layer()]], [nn.Parameter(torch.ones(1))]]
)
def test_layers_in_plain_lists_are_named(layers):
    assert "The layers in layers are never trained" in said(Net(layers=layers))


def test_a_list_of_registered_or_frozen_layers_is_fine():
    model = Net()
    model.layers = [model.first, "a name", layer().requires_grad_(False)]
    assert not said(model)
    assert not said(Net(layers=nn.ModuleList([layer()])))


def test_a_network_with_nothing_but_lists_hears_of_them():
    class Empty(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = [layer()]

    with pytest.raises(ValueError, match=r"no weights that can be trained.*The layers in blocks"):
        said(Empty())


def test_a_small_image_that_makes_all_crops_small_is_named():
    small = Dataset("one is small", pairs(40, 20, 40, 60), pairs(40), pairs(40), "")
    text = said(Net(), small)
    assert "The image 'of 20' is only 20 pixels high or wide, so every crop is 20" in text
    assert "instead of 32" in text
    alike = Dataset("all are small", pairs(20, 20, 21), pairs(20), pairs(20), "")
    assert not said(Net(), alike)


class Bottleneck(nn.Module):
    """A network whose crops of 32 pixels become one pixel."""

    def __init__(self, norm):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(1, 4, 32, 32), norm)
        self.up = nn.ConvTranspose2d(4, 1, 32, 32)

    def forward(self, x):
        side = x.shape[-2:]
        return nn.functional.interpolate(self.up(self.down(x)), side)


@pytest.mark.parametrize(
    ("norm", "batch"), [(nn.BatchNorm2d(4), 1), (nn.InstanceNorm2d(4), 2), (nn.GroupNorm(4, 4), 1)]
)
def test_a_norm_of_a_single_value_is_a_sentence(norm, batch):
    with pytest.raises(ValueError, match=rf"With batch={batch} and crops of 32 pixels, .*at 1×1"):
        said(Bottleneck(norm), batch=batch)


def test_a_norm_of_two_values_is_fine():
    assert not said(Bottleneck(nn.BatchNorm2d(4)), batch=2)


def test_a_network_on_meta_or_on_two_devices_is_a_sentence():
    with pytest.raises(ValueError, match="On meta the network has no weights, so build it again"):
        said(Net().to("meta"))
    mixed = Net()
    mixed.head.to("meta")
    with pytest.raises(ValueError, match="The network is on cpu and meta"):
        said(mixed)


def test_looking_ahead_changes_neither_numbers_nor_statistics():
    torch.manual_seed(0)
    model = UNet(depth=1, base_channels=2, norm=True)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    from unet_teach.segmentation.before_training import hints_before_training

    state = torch.get_rng_state()
    assert not hints_before_training(model, DATA.train, 2, 32, 32)
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert model.training
