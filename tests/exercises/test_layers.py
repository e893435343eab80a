"""Layers: which axis is wrong and by which setting, which layer inside a module makes it so."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import exercises
from unet_teach.networks.document import DocumentUNet


class Zeros(nn.Module):
    """Right in size, and blind."""

    def forward(self, x):
        return torch.zeros(len(x), 128, x.shape[2] // 2, x.shape[3] // 2)


class OneMap(nn.Module):
    """Halves, but was written for a batch of one."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(64, 128, 1)

    def forward(self, x):
        return self.conv(x)[:1, :, ::2, ::2]


TOO_MUCH = "That is too much padding"
TOO_LITTLE = "A larger kernel fits into fewer positions"


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        (nn.Conv2d(64, 128, 5, 2, 3), TOO_MUCH),
        (nn.Conv2d(64, 128, 5, 2, 4), TOO_MUCH),
        (nn.Conv2d(64, 128, 2, 2, 1), TOO_MUCH),
        (nn.Conv2d(64, 128, 7, 2, 2), TOO_LITTLE),
        (nn.Conv2d(64, 128, 5, 2, "valid"), TOO_LITTLE),
        (
            nn.Conv2d(64, 128, 5, 2, (2, 1)),
            "should be 16×16. For the width, the formula gives (32 + 2·1 − 5)",
        ),
        (
            nn.Conv2d(64, 128, 5, (1, 2), 2),
            "should be 16×16. For the height, the formula gives (32 + 2·2 − 5)",
        ),
        (nn.MaxPool2d(2), "the output has 64 channels, but it should have 128."),
        (
            [nn.MaxPool2d(2)],
            "You gave a list of one layer. Is there a comma or a bracket too many?",
        ),
        (Zeros(), "The output is always the same, whatever the input."),
        (
            OneMap(),
            "On 2 feature maps of 6×10: the output is a batch of 1, but it should be one of 2.",
        ),
        (
            nn.Sequential(nn.Conv2d(64, 128, 2, 2), nn.MaxPool2d(2)),
            "The sizes are 32×32 → 16×16 (layer 0 (`Conv2d`)) → 8×8 (layer 1 (`MaxPool2d`)).",
        ),
        (
            nn.Sequential(nn.Conv2d(64, 128, 1), nn.Conv2d(64, 128, 2, 2)),
            "Layer 1 (`Conv2d`) takes 64 channels, but is given 128 at 32×32: layer 0 (`Conv2d`)'s",
        ),
    ],
)
def test_a_wrong_halving_is_told_where_it_goes_wrong(layer, says):
    assert says in exercises.halve.check(layer).text


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(64, 128, kernel_size=3, stride=2, padding=1),
        nn.LazyConv2d(128, 3, 2, 1),
        nn.Sequential(nn.Conv2d(64, 128, (3, 3), (2, 2), (1, 1)), nn.ReLU()),
    ],
)
def test_the_documents_layer_is_no_other_way_to_halve(layer):
    text = exercises.halve.check(layer).text
    assert "it is the document's layer: kernel_size=3, stride=2, padding=1." in text
    assert "padding" not in text.partition("Already right")[2].partition("\n")[0]


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(64, 128, 4, 2, 1),
        nn.Conv2d(64, 128, 3, stride=2, padding=2, dilation=2),
        nn.Sequential(nn.Conv2d(64, 128, 3, padding="same"), nn.MaxPool2d(2)),
        nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(64, 128, 3, padding=1)),
    ],
)
def test_other_ways_to_halve_are_right(layer):
    assert exercises.halve.check(layer).text == exercises.halve.praise


class Cut(nn.Sequential):
    """Layers whose output no gradient flows back from."""

    def forward(self, x):
        return super().forward(x).detach()


@pytest.mark.parametrize(("name", "channels"), [("double", (128, 64)), ("even_overlap", (8, 8))])
def test_a_layer_that_learns_nothing_is_told_why(name, channels):
    up = nn.ConvTranspose2d(*channels, 2, stride=2)
    text = getattr(exercises, name).check(Cut(up)).text
    assert "`detach` cuts the gradient of" in text
    assert "no gradient flows back" in text
    assert "affects the output" not in text


def test_a_parent_that_was_not_set_up_is_named():
    class Concatenating(DocumentUNet):
        def __init__(self, in_channels, out_channels):
            nn.Module.__init__(self)

        def forward(self, x):
            return self.conv1(x)

    text = exercises.forward_cat.check(Concatenating).text
    assert "because the __init__ of DocumentUNet, which makes it, was not called" in text


def test_a_printed_answer_is_told_from_none():
    assert "`print(…)` only shows a value" in exercises.halvings.check(None).text


def frozen(layer):
    return layer.requires_grad_(requires_grad=False)


@pytest.mark.parametrize(
    ("name", "layer", "says", "says_not"),
    [
        ("double", frozen(nn.ConvTranspose2d(128, 64, 6, 2, 2)), "doesn't learn", "larger patches"),
        ("double", nn.Upsample(scale_factor=3), "the output has 128 channels", "The size is right"),
        (
            "double",
            nn.Sequential(nn.Upsample(scale_factor=1.5), nn.Conv2d(128, 64, 3)),
            "The sizes are 16×16 → 24×24 (layer 0 (`Upsample`)) → 22×22 (layer 1 (`Conv2d`)).",
            "`nn.Upsample` doubles",
        ),
        ("double", nn.ConvTranspose2d(128, 64, 5, 2, 2), "The last row and column", "too much"),
        (
            "even_overlap",
            nn.Sequential(nn.ConvTranspose2d(8, 8, 3, 2, 1, 1)),
            "With kernel 3 and stride 2",
            "can blur the pattern",
        ),
        (
            "even_overlap",
            nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(8, 8, 3, groups=2)),
            "→ 30×30 (layer 1 (`Conv2d`)). Layer 1 (`Conv2d`): kernel 3×3, stride (1, 1)",
            "`groups` keeps the channels apart",
        ),
    ],
)
def test_a_known_mistake_is_only_said_where_it_was_made(name, layer, says, says_not):
    text = getattr(exercises, name).check(layer).text
    assert says in text
    assert says_not not in text


def test_a_function_in_place_of_a_layer_is_told_so():
    text = exercises.double_conv.check(lambda into, out: nn.Sequential(F.relu())).text
    assert "`relu` is a function of a feature map, and here it is called without one" in text
    assert "The layer is `nn.ReLU(…)`." in text
