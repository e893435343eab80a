"""Sums that do not round: the same bits in any order, and nearly the network's own answer."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from unet_teach import UNet
from unet_teach.segmentation.exact_sums import exact_sums


def turned_round(layer, x):
    """What a convolution gives when it adds its input channels from the last to the first."""
    dim = 0 if isinstance(layer, nn.ConvTranspose2d) else 1
    weight, bias = layer.weight.flip(dim), layer.bias
    call = functional.conv_transpose2d if dim == 0 else functional.conv2d
    return call(input=x.flip(1), weight=weight, bias=bias, stride=layer.stride)


@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d])
def test_the_order_of_a_sum_means_nothing(kind):
    torch.manual_seed(0)
    layer, x = kind(64, 8, 3, 2), torch.randn(1, 64, 33, 21)
    with torch.no_grad():
        assert not torch.equal(layer(x), turned_round(layer, x))  # it does, otherwise
        with exact_sums():
            assert torch.equal(layer(x), turned_round(layer, x))


@pytest.mark.parametrize("up", ["conv_transpose_2", "conv_transpose_3", "bilinear", "nearest"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_network_answers_as_it_does_otherwise(up, dtype):
    torch.manual_seed(0)
    model = UNet(1, 2, depth=2, base_channels=4, up=up).to(dtype).eval()
    x = torch.rand(2, 1, 40, 48, dtype=dtype)
    with torch.no_grad():
        there = model(x)
        with exact_sums():
            here = model(x)
    assert here.dtype == dtype
    torch.testing.assert_close(here, there, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(20, 8, 3, groups=4, padding="same"),
        nn.Conv2d(20, 6, 3, dilation=2, bias=False, padding_mode="reflect", padding=2),
        nn.ConvTranspose2d(20, 6, 3, 2, 1, output_padding=1, groups=2),
    ],
)
def test_layers_of_any_kind_are_computed(layer):
    x = torch.rand(1, 20, 9, 11)
    with torch.no_grad():
        there = layer(x)
        with exact_sums():
            torch.testing.assert_close(layer(x), there, rtol=1e-4, atol=1e-5)


def test_bilinear_means_are_those_of_doubles():
    x = torch.randint(0, 2**24, (1, 1, 9, 13)) * 2.0**-20

    def doubled(values):
        return functional.interpolate(values, scale_factor=2.0, mode="bilinear")

    with exact_sums():
        assert torch.equal(doubled(x), doubled(x.double()).float())


@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d])
def test_a_bound_is_that_of_one_channel(kind):
    """Each of a hundred channels sums to 1000: all of them together are no sum."""
    layer = kind(1, 100, 1, bias=False)
    with torch.no_grad(), exact_sums():
        layer.weight.fill_(1)
        assert (layer(torch.full((1, 1, 2, 2), 1000.0)) == 1000).all()


@pytest.mark.parametrize("value", [1e4, float("nan"), float("inf")])
def test_sums_that_a_double_cannot_hold_are_refused(value):
    with exact_sums(), pytest.raises(ValueError, match=r"exact only below 8192\. Predict without"):
        nn.Conv2d(1, 1, 3)(torch.full((1, 1, 9, 9), value))


def test_sums_are_exact_up_to_there():
    """The largest that is let through, made of steps as fine as there are."""
    layer, step = nn.Conv2d(4095, 1, 1, bias=False), 2.0**-20
    with torch.no_grad(), exact_sums():
        layer.weight.fill_(1 + step)
        x = torch.full((1, 4095, 1, 1), 1 + step, dtype=torch.float64)
        made = layer.double()(x).item()
    assert made == 4095 * (1 + step) ** 2  # all digits: 1 + step is exact, its square as well
