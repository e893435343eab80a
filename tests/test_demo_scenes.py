"""What the live demo says is true: its right answers, computed by torch and by the inspector."""

import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from unet_teach import inspect_unet
from unet_teach.arithmetic import receptive_field
from unet_teach.widgets import SizeLedger

DOCS = Path(__file__).parents[1] / "docs"
HALVE = nn.Conv2d(1, 1, kernel_size=3, stride=2, padding=1)


@pytest.fixture(scope="module")
def scenes():
    sys.path.insert(0, str(DOCS))
    try:
        from demo_scenes import scenes

        return {scene.title: scene for scene in scenes()}
    finally:
        sys.path.remove(str(DOCS))


def right(scene):
    return scene.options[scene.right][0]


def size(layer, side):
    """The size of what a layer makes of a square, as it is written."""
    height, width = layer(torch.zeros(1, 1, side, side)).shape[-2:]
    return f"{height}×{width}"


def test_sizes_are_those_of_torch(scenes):
    assert right(scenes["What does the stride do?"]) == size(HALVE, 8)
    assert right(scenes["31 or 32?"]) == f"{size(HALVE, 31)} and {size(HALVE, 32)}"
    up = nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1, output_padding=1)
    assert right(scenes["Back up again"]) == size(up, 3)
    assert size(nn.ConvTranspose2d(1, 1, 3, stride=2), 3) == "7×7"
    assert int(right(scenes["Who gets a centre?"])) == HALVE(torch.zeros(1, 1, 8, 8)).numel()
    assert int(right(scenes["How far does a value see?"])) == receptive_field([(3, 2, 1)] * 3).size


def test_only_even_sizes_come_back(scenes):
    up = nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1, output_padding=1)
    back = [n for n in range(1, 65) if up(HALVE(torch.zeros(1, 1, n, n))).shape[-1] == n]
    assert back == list(range(2, 65, 2))
    assert right(scenes["Does it undo the convolution?"]) == "only even sizes"


def test_equal_weights_make_a_grid(scenes):
    layer = nn.ConvTranspose2d(1, 1, 3, stride=2, bias=False)
    nn.init.ones_(layer.weight)
    assert {*layer(torch.ones(1, 1, 4, 4)).flatten().tolist()} == {1, 2, 4}
    assert right(scenes["A pattern from nowhere"]) == "a regular grid"


@pytest.mark.parametrize(("side", "fits"), [(100, False), (120, False), (112, True), (80, True)])
def test_what_fits_four_halvings(scenes, side, fits):
    assert SizeLedger(height=side, width=side, depth=4).fits == fits
    assert right(scenes["Which size fits?"]) == "112×112"


def test_cat_says_what_the_scenes_say(scenes):
    x, y = torch.zeros(1, 128, 16, 16), torch.zeros(1, 64, 32, 32)
    with pytest.raises(RuntimeError, match="Sizes of tensors must match"):
        torch.cat([x, y], dim=1)
    assert right(scenes["The document's skip"]) == "an error"
    answer = scenes["Across, not through"].room.get_state()["_task"]["answer"]["value"]
    assert tuple(answer) == tuple(torch.cat([y, y], dim=1).shape)


@pytest.mark.parametrize(
    ("title", "is_unet", "unmet"),
    [
        ("Is this a U-Net?", False, ["skip"]),
        ("Same size, so symmetric?", False, ["skip", "symmetr"]),
        ("Another one", True, []),
    ],
)
def test_verdicts_are_the_inspectors(scenes, title, is_unet, unmet):
    report = inspect_unet(scenes[title].network, (1, 1, 64, 64))
    assert report.is_unet == is_unet
    found = [key for key, each in report.to_dict()["criteria"].items() if not each["met"]]
    assert all(name in key for name, key in zip(unmet, found, strict=True))
    assert inspect_unet(scenes["The first one again"].answer, (1, 1, 64, 64)).is_unet


def test_a_session_takes_50_minutes_in_the_order_of_the_criteria(scenes):
    assert sum(scene.minutes for scene in scenes.values()) == 50
    groups = [scene.group for scene in scenes.values()]
    assert sorted({*groups}, key=groups.index) == [
        "Opening",
        "Down-sampling",
        "Up-sampling",
        "Skip connections",
        "Symmetric architecture",
        "End",
    ]
    assert groups == sorted(groups, key=groups.index)


def test_the_checkerboard_counts_patches_and_shows_no_other_image(scenes):
    """The explorer's own image is not uniform: with its values, the pattern is not to be seen."""
    for widget in scenes["A pattern from nowhere"].shows:
        assert widget.weights == "box"
        assert not widget.numbers
