"""How far a U-Net sees: computed from its layers, held against light and gradients."""

from itertools import product

import pytest
import torch
from torch import nn

from unet_teach import UNet
from unet_teach.segmentation.unet_receptive_field import (
    gradient_of_output_pixel,
    input_interval,
    nonzero_bounds,
    receptive_field_of,
    response_to_input_pixel,
    unsupported_reason,
)

UPS = ["conv_transpose_2", "conv_transpose_3", "conv_transpose_4", "bilinear", "nearest"]
DOWNS = ["max_pool", "strided_conv"]


def seeing(**options):
    """A network that hides nothing: all weights positive, no ReLU ever closed."""
    model = UNet(1, 1, norm=False, **options).double().eval()
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.1)
    return model


@pytest.mark.parametrize(("up", "down"), list(product(UPS, DOWNS)))
@pytest.mark.parametrize(("depth", "skip"), [(1, "cat"), (2, "none"), (2, "add")])
def test_what_a_pixel_sees_is_what_lights_it_up(up, down, depth, skip):
    """The farthest that any light reaches, over one period of places, is what was computed."""
    model = seeing(up=up, down=down, depth=depth, skip=skip, base_channels=1)
    field = receptive_field_of(model)
    assert field.period == 2**depth
    dark, reach = torch.zeros(1, 96, 96, dtype=torch.float64), 0
    for place in range(48, 48 + field.period):
        first, last, *_ = nonzero_bounds(
            response_to_input_pixel(model, dark, place, 48, change=1000)
        )
        reach = max(reach, place - first, last - place)
    assert reach == field.radius


@pytest.mark.parametrize("down", DOWNS)
@pytest.mark.parametrize(
    ("up", "widened"), [*((up, False) for up in UPS), ("bilinear", True), ("nearest", True)]
)
def test_the_interval_of_each_pixel_is_what_lights_it_up_on_both_sides(up, widened, down):
    model = seeing(up=up, down=down, depth=1, skip="none", base_channels=1)
    model.head = nn.Conv2d(1, 1, 3, padding=1).double()
    nn.init.constant_(model.head.weight, 0.1)
    if widened:
        model.up[0][0] = nn.Conv2d(2, 1, 5, padding=2).double()
        nn.init.constant_(model.up[0][0].weight, 0.1)
    dark = torch.zeros(1, 48, 8, dtype=torch.float64)
    lit = torch.stack(
        [response_to_input_pixel(model, dark, row, 4, change=1000).amax(1) > 0 for row in range(48)]
    )
    for pixel in (24, 25):
        rows = lit[:, pixel].nonzero()
        assert input_interval(model, pixel) == (rows.min().item(), rows.max().item())


def unsupported_layers():
    """Each layer next to one that it must not be taken for."""
    wide = {"kernel_size": (2, 4), "stride": 2, "padding": (0, 1)}
    return {
        "up": [
            nn.ConvTranspose2d(2, 1, **wide),
            nn.ConvTranspose2d(2, 1, 2, 2, dilation=2),
            nn.ConvTranspose2d(2, 1, 3, 2, padding=1),
            nn.Upsample(scale_factor=3, mode="bilinear"),
            nn.Upsample(scale_factor=2, mode="bicubic"),
        ],
        "down": [
            nn.MaxPool2d(2, ceil_mode=True),
            nn.MaxPool2d(2, padding=1),
            nn.AvgPool2d(2, stride=1),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(1, 1, 3, 2),
            nn.Conv2d(1, 1, 5, 2, padding=1),
        ],
        "decoder": [nn.Conv2d(2, 1, 3), nn.Conv2d(2, 1, 3, padding=2), nn.Conv2d(2, 1, 3, 3)],
    }


def test_layers_of_other_sizes_are_not_counted():
    for where, layers in unsupported_layers().items():
        for layer in layers:
            model = UNet(1, 1, depth=1, base_channels=1)
            getattr(model, where)[0] = layer
            assert "how far that sees is not known" in unsupported_reason(model), layer


def test_gradients_stay_within_what_a_pixel_sees():
    torch.manual_seed(0)
    model = UNet(1, 1, depth=2, base_channels=4, norm=False, down="strided_conv")
    image = torch.rand(1, 96, 96)
    reach = receptive_field_of(model).radius
    top, bottom, left, right = nonzero_bounds(gradient_of_output_pixel(model, image, 48, 50))
    assert reach - 8 <= max(48 - top, bottom - 48) <= reach
    assert reach - 8 <= max(50 - left, right - 50) <= reach


def test_where_nothing_is_seen_it_says_so():
    with pytest.raises(ValueError, match="All values are 0"):
        nonzero_bounds(torch.zeros(3, 4))


@pytest.mark.parametrize(("depth", "beyond"), [(1, 8), (2, 22), (3, 46), (4, 94)])
def test_beyond_its_cell_a_pixel_sees_less_far_than_its_reach(depth, beyond):
    field = receptive_field_of(UNet(1, 1, depth=depth, base_channels=1))
    assert field == (7 * 2**depth - 5, 2**depth, beyond)
    assert field.halo < field.radius


def test_it_counts_layers_that_somebody_has_widened():
    model = seeing(depth=1, base_channels=1)
    model.encoder[0][0].dilation = model.encoder[0][0].padding = (2, 2)
    model.head = nn.Conv2d(1, 1, 5, padding=2).double()
    field = receptive_field_of(model)
    assert field.radius == receptive_field_of(UNet(1, 1, depth=1, base_channels=1)).radius + 1 + 2
    nn.init.constant_(model.head.weight, 0.1)
    dark = torch.zeros(1, 64, 64, dtype=torch.float64)
    seen = [
        nonzero_bounds(response_to_input_pixel(model, dark, place, 32, change=1000))
        for place in (32, 33)
    ]
    reaches = [max(32 + i - found[0], found[1] - 32 - i) for i, found in enumerate(seen)]
    assert max(reaches) == field.radius


class Centred(UNet):
    """One whose own code looks at the whole picture."""

    def forward(self, x):
        return super().forward(x) - x.mean()


def test_what_it_cannot_know_it_does_not_say():
    with pytest.raises(TypeError, match="of type Conv2d, not a UNet of this course, so its"):
        receptive_field_of(nn.Conv2d(1, 1, 3))
    with pytest.raises(TypeError, match="of type Centred, not a UNet of this course itself"):
        receptive_field_of(Centred(1, 1, depth=1, base_channels=1))
    with pytest.raises(TypeError, match="The network is a class"):
        receptive_field_of(UNet)
    with pytest.raises(ValueError, match="so its output is smaller than the image"):
        receptive_field_of(UNet(1, 1, depth=1, base_channels=1, padding="valid"))


PICTURE = torch.rand(1, 16, 20)
OUTSIDE = [
    (
        lambda m: response_to_input_pixel(m, PICTURE, 16, 0),
        r"Row 16, column 0 is outside of 16×20\. The last pixel is row 15, column 19\.",
    ),
    (
        lambda m: gradient_of_output_pixel(m, PICTURE, 0, 20),
        "Row 0, column 20 is outside of 16×20",
    ),
    (
        lambda m: response_to_input_pixel(m, PICTURE, -1, 0),
        "row=-1 does not work; give a whole number, 0 or more",
    ),
    (lambda m: gradient_of_output_pixel(m, PICTURE, 1.5, 0), r"row=1\.5 is of type float"),
    (lambda m: response_to_input_pixel(m, PICTURE[0], 1, 1), r"shape \(16, 20\)\. Use \(C, H, W\)"),
    (
        lambda m: gradient_of_output_pixel(m, torch.rand(3, 16, 20), 1, 1),
        "has 3 channels, but the network takes 1",
    ),
    (
        lambda m: response_to_input_pixel(m, PICTURE.numpy(), 1, 1),
        r"of type ndarray\. Use a tensor of floats",
    ),
    (
        lambda m: gradient_of_output_pixel(m, PICTURE.byte(), 1, 1),
        r"of type torch\.uint8\. Use a tensor",
    ),
    (lambda m: response_to_input_pixel(torch.relu, PICTURE, 1, 1), "give a network that is built"),
    (lambda m: nonzero_bounds(PICTURE), r"The values have the shape \(1, 16, 20\)\. Use \(H, W\)"),
]


@pytest.mark.parametrize("place", range(len(OUTSIDE)))
def test_what_cannot_be_measured_is_a_sentence(place):
    ask, says = OUTSIDE[place]
    with pytest.raises((ValueError, TypeError), match=says):
        ask(UNet(1, 1, depth=1, base_channels=1))
