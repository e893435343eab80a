"""SeeInside in Python: what it takes, what it refuses and says, and its figure."""

import base64
import subprocess
import sys
import zlib

import numpy as np
import pytest
import torch
import traitlets
from matplotlib.figure import Figure

from unet_teach.networks.packed import unpack
from unet_teach.networks.unet import UNet
from unet_teach.widgets import SeeInside
from unet_teach.widgets.see_inside import NETWORKS, shipped
from unet_teach.widgets.see_inside_figure import read_image, read_mask, run


def test_its_text_names_network_score_strokes_and_switches():
    widget = SeeInside(skips=[1, 0, "blur"], strokes=[("ring", 60, 60, 15)])
    line = widget.describe()
    assert line.startswith("SeeInside UNet(1, 1, ")
    assert "lines in rings, trained with skips" in line
    assert "painted: ring" in line
    assert line.endswith("skip 0 on, skip 1 cut, skip 2 blurred")
    assert SeeInside(skips=[0.5]).switches == [0.5, 1, 1]


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ({"skips": [2]}, "skips=.2. is no list of switches. Give each skip"),
        ({"skips": "cut"}, "is no list of switches"),
        ({"skips": [float("nan")]}, "is no list of switches"),
        ({"skips": [True]}, "is no list of switches"),
        ({"strokes": [("circle", 1, 2, 3)]}, "cannot be painted. Use at most 60 of"),
        ({"strokes": [("ring", 1, 2)]}, "cannot be painted"),
        ({"strokes": [("line", 1, 2, 3, float("inf"))]}, "cannot be painted"),
        ({"strokes": [[]]}, "cannot be painted"),
        ({"strokes": 3}, "cannot be painted"),
        ({"cell": (1, -2)}, "is no cell. Use a pair"),
        ({"pixel": 7}, "is no cell. Use a pair"),
        ({"caption": 8}, "caption takes a whole number from 0 to 7"),
        ({"autoplay": 1}, "autoplay is False or True"),
    ],
)
def test_nonsense_gets_a_sentence(option, sentence):
    with pytest.raises(traitlets.TraitError, match=sentence):
        SeeInside(**option)


def test_a_model_and_an_image_become_a_task_of_their_own():
    torch.manual_seed(0)
    model = UNet(3, 1, depth=2, base_channels=2)
    image, target = torch.rand(3, 40, 56), torch.zeros(40, 56)
    target[3, 5] = 1
    widget = SeeInside(model, image, target=target)
    [task] = widget._tasks
    [sample] = task["samples"]
    assert np.abs(read_image(sample, "") - image.numpy()).max() <= 0.5 / 255 + 1e-6
    assert read_mask(sample).nonzero() == (np.array([3]), np.array([5]))
    assert "your image, your network" in widget.describe()
    assert model.training


@pytest.mark.parametrize(
    ("model", "image", "error", "sentence"),
    [
        (UNet(depth=1, base_channels=2), None, ValueError, "needs an image"),
        (UNet(depth=1, base_channels=2), np.zeros((3, 32, 32)), ValueError, "has 3 channels, the"),
        (UNet(depth=1, base_channels=2), np.zeros((200, 200)), ValueError, "1 to 128 cells"),
        (UNet(depth=1, base_channels=2), np.full((32, 32), np.nan), ValueError, "NaN or infinity"),
        (UNet(depth=1, base_channels=2), "x", TypeError, "cannot be read as real numbers"),
        (UNet(depth=4, base_channels=32), np.zeros((32, 32)), ValueError, r"7\.\d MB of weights"),
        (UNet(depth=3, base_channels=2), np.zeros((7, 32)), ValueError, "each side needs 8 pixels"),
        (UNet(depth=1, padding="valid"), np.zeros((32, 32)), ValueError, 'padding="valid"'),
        (torch.nn.Conv2d(1, 1, 1), np.zeros((32, 32)), TypeError, "only the course's UNet"),
    ],
)
def test_a_model_that_the_page_cannot_run_gets_a_sentence(model, image, error, sentence):
    with pytest.raises(error, match=sentence):
        SeeInside(model, image)


@pytest.mark.parametrize("how", [1, 0, 0.25, "blur", "other"])
def test_print_computes_what_the_network_computes(how):
    network, [sample, other, *_] = (shipped()[0][name] for name in ("networks", "samples"))
    packed = network[0]["network"]
    image = read_image(sample, "")
    maps = run(packed, image, [how, 1, 1], read_image(other, ""))
    whole = unpack(packed)(torch.from_numpy(image)[None])[0, 0].sigmoid().detach().numpy()
    assert np.allclose(maps["prediction"], whole, atol=1e-5) == (how == 1)
    assert maps["decoder 1"].shape[1:] == (48, 48)


def test_a_dropped_image_is_read_and_a_broken_one_is_black():
    sample = shipped()[0]["samples"][0]
    squeeze = zlib.compressobj(wbits=-15)
    data = squeeze.compress(bytes([51]) * 9216) + squeeze.flush()
    dropped = base64.b64encode(data).decode()
    assert np.allclose(read_image(sample, dropped), 0.2)
    assert read_image(sample, "nonsense").max() == 0
    assert isinstance(SeeInside(image=dropped).figure(), Figure)


def test_networks_are_small_and_torch_is_not_needed_to_show_them():
    assert NETWORKS.stat().st_size < 1_400_000
    for task in shipped():
        for network in task["networks"]:
            assert network["network"]["bits"] == 8
            assert network["network"]["depth"] <= 6
    code = "import sys, unet_teach.widgets as w; w.SeeInside(); print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.stdout.strip() == "False", told.stderr
