"""The U-Net of the course: sizes, channels, parameters, and whether it learns."""

import itertools

import pytest
import torch
from torch import nn
from torchinfo import summary

from unet_teach.networks import UNet

SKIPS = ["cat", "add", "none"]
DOWNS = ["max_pool", "strided_conv"]
UPS = ["conv_transpose_2", "conv_transpose_3", "conv_transpose_4", "bilinear", "nearest"]
DECODERS = ["symmetric", "narrow", "shallow"]


def parameter_count(model):
    return sum(p.numel() for p in model.parameters())


def on_meta(*args, **options):
    """Return a network without values, which costs no memory at any size."""
    with torch.device("meta"):
        return UNet(*args, **options)


@pytest.mark.parametrize(("skip", "down", "up"), list(itertools.product(SKIPS, DOWNS, UPS)))
def test_the_output_has_the_size_of_an_image_with_odd_sides(skip, down, up):
    model = UNet(3, 2, depth=3, base_channels=2, skip=skip, down=down, up=up)
    assert model(torch.rand(2, 3, 37, 53)).shape == (2, 2, 37, 53)


@pytest.mark.parametrize("depth", range(1, 7))
def test_any_depth_takes_any_sides_that_can_be_halved_so_often(depth):
    model = on_meta(depth=depth, base_channels=1).eval()
    for height, width in [(2**depth, 2**depth + 1), (97, 131)]:
        assert model(torch.rand(1, 1, height, width, device="meta")).shape[2:] == (height, width)


@pytest.mark.parametrize("skip", SKIPS)
@pytest.mark.parametrize("up", UPS)
def test_valid_convolutions_turn_572_into_388(skip, up):
    model = on_meta(1, 2, base_channels=2, padding="valid", skip=skip, up=up)
    assert model(torch.rand(1, 1, 572, 572, device="meta")).shape == (1, 2, 388, 388)


def test_a_valid_skip_is_cropped_to_its_centre():
    model = UNet(depth=1, base_channels=1, padding="valid", skip="add")
    skip, x = torch.zeros(1, 1, 9, 12), torch.zeros(1, 1, 5, 6)
    skip[0, 0, 4, 5] = 1  # two rows and three columns from the crop's first one
    assert model._join(x, skip).nonzero().tolist() == [[0, 0, 2, 2]]


def test_a_skip_is_added_or_stacked_before_what_comes_up():
    x, skip = torch.full((1, 1, 2, 3), 2.0), torch.full((1, 1, 2, 3), 5.0)
    assert UNet(depth=1, base_channels=1, skip="add")._join(x, skip).unique().tolist() == [7]
    assert UNet(depth=1, base_channels=1)._join(x, skip)[0, :, 0, 0].tolist() == [5, 2]


def test_a_row_that_the_pool_left_out_comes_back_as_zeros_and_one_too_many_is_cut():
    model, skip = UNet(depth=1, base_channels=1, skip="none"), torch.zeros(1, 1, 7, 5)
    joined = model._join(torch.ones(1, 1, 6, 6), skip)
    assert joined.shape == skip.shape
    assert joined[0, 0, :6].min() == 1
    assert joined[0, 0, 6].max() == 0


def test_the_network_of_2015_has_as_many_parameters_as_its_figure_says():
    # Figure 1 read layer by layer: kernel · kernel · channels in · channels out, and the biases.
    layers = [(9, 1, 64), (9, 64, 64), (9, 64, 128), (9, 128, 128), (9, 128, 256), (9, 256, 256)]
    layers += [(9, 256, 512), (9, 512, 512), (9, 512, 1024), (9, 1024, 1024)]
    for below in (1024, 512, 256, 128):
        above = below // 2
        layers += [(4, below, above), (9, below, above), (9, above, above)]
    layers += [(1, 64, 2)]
    assert len(layers) == 23  # "In total the network has 23 convolutional layers."
    expected = sum(taps * before * after + after for taps, before, after in layers)
    assert expected == 31_030_658
    assert parameter_count(on_meta(1, 2, norm=False)) == expected
    assert parameter_count(on_meta(1, 2, norm=False, padding="valid")) == expected


def test_torchinfo_counts_the_same_parameters():
    model = UNet(3, 2, depth=2, base_channels=4, down="strided_conv", up="bilinear")
    assert summary(model, (1, 3, 13, 18), verbose=0).total_params == parameter_count(model)


def test_concatenation_doubles_what_a_level_of_the_decoder_takes_in():
    assert UNet(base_channels=4).decoder[-1][0].in_channels == 8
    assert UNet(base_channels=4, skip="add").decoder[-1][0].in_channels == 4


@pytest.mark.parametrize("down", DOWNS)
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("decoder", DECODERS)
def test_the_smallest_side_is_the_smallest_that_runs(depth, down, padding, decoder):
    options = {"down": down, "padding": padding, "decoder": decoder}
    model = on_meta(depth=depth, base_channels=1, **options).eval()
    side = model.smallest_side
    assert min(model(torch.rand(1, 1, side, side + 3, device="meta")).shape) > 0
    if side > 1:
        with pytest.raises(ValueError, match=rf"^The picture is {side - 1}×\d+, .* {side} pixels"):
            model(torch.rand(1, 1, side - 1, side + 3, device="meta"))
        model.smallest_side = 1
        with pytest.raises(RuntimeError):
            model(torch.rand(1, 1, side - 1, side + 3, device="meta"))


@pytest.mark.parametrize("skip", SKIPS)
def test_a_narrow_decoder_has_a_quarter_of_the_channels_and_a_shallow_one_half_the_layers(skip):
    full, narrow, shallow = (
        UNet(1, 2, depth=2, base_channels=8, skip=skip, decoder=decoder) for decoder in DECODERS
    )
    assert [level[0].out_channels for level in full.decoder] == [16, 8]
    assert [level[0].out_channels for level in narrow.decoder] == [4, 2]
    assert [len(level) for level in full.decoder] == [6, 6]
    assert [len(level) for level in shallow.decoder] == [3, 3]
    for model in (narrow, shallow):
        assert parameter_count(model.encoder) == parameter_count(full.encoder)
        assert model(torch.rand(2, 1, 13, 18)).shape == (2, 2, 13, 18)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("decoder", "deep"),
        ("skip", "concat"),
        ("down", None),
        ("up", 2),
        ("padding", "full"),
        ("depth", 7),
        ("up", []),
    ],
)
def test_an_unknown_option_is_refused_with_those_that_are_known(name, value):
    with pytest.raises(ValueError, match=rf"^{name}=.* is not known. Use "):
        UNet(**{name: value})


def test_normalisation_follows_every_3x3_convolution_of_a_level_and_replaces_its_bias():
    model = UNet(depth=2, base_channels=2, down="strided_conv")
    for level in [*model.encoder, *model.decoder]:
        kinds = [type(layer) for layer in level]
        assert kinds == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU] * 2
        assert level[0].bias is None
    assert model.head.bias is not None
    assert not any(isinstance(m, nn.BatchNorm2d) for m in UNet(norm=False).modules())


def test_a_small_one_learns_to_fill_rings_in_a_few_steps():
    torch.manual_seed(0)
    y, x = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    centre, radius = 8 + 16 * torch.rand(2, 16, 1, 1), 4 + 4 * torch.rand(16, 1, 1)
    distance = ((y - centre[0]) ** 2 + (x - centre[1]) ** 2).sqrt()
    pictures = ((distance - radius).abs() < 1).float()[:, None]
    masks = (distance < radius).float()[:, None]
    model = UNet(depth=3, base_channels=8)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(40):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(model(pictures), masks).backward()
        optimizer.step()
    found = (model(pictures) > 0).float()
    assert 2 * (found * masks).sum() / (found.sum() + masks.sum()) > 0.9
