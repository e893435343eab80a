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
from unet_teach.widgets.see_inside_figure import read_image, read_mask, run_packed
from unet_teach.widgets.see_inside_scene import random_sample

IMAGE = torch.rand(1, 8, 12, generator=torch.Generator().manual_seed(0))


class Stranger(torch.nn.Module):
    """A network that is no `UNet` of the course."""

    def __init__(self):
        super().__init__()
        self.net = UNet(1, 2, depth=2, base_channels=2)

    def forward(self, x):
        return self.net(x)


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
    sample, turned = task["samples"]
    assert (read_image(turned, "") == read_image(sample, "")[:, ::-1, ::-1]).all()
    assert widget._live is None
    assert np.abs(read_image(sample, "") - image.numpy()).max() <= 0.5 / 255 + 1e-6
    assert read_mask(sample).nonzero() == (np.array([3]), np.array([5]))
    assert "your image, your network" in widget.describe()
    assert model.training


@pytest.mark.parametrize(
    ("model", "image", "error", "sentence"),
    [
        (UNet(depth=1, base_channels=2), None, ValueError, "needs an image"),
        (UNet(depth=1, base_channels=2), np.zeros((3, 32, 32)), ValueError, "has 3 channels, the"),
        (UNet(depth=1, base_channels=2), np.zeros((600, 32)), ValueError, "1 to 512 pixels: crop"),
        (UNet(depth=1, base_channels=2), np.zeros((4, 32, 32)), ValueError, "image has 4 channels"),
        (UNet(depth=1, base_channels=2), np.zeros((0, 32)), ValueError, "1 to 512 pixels: crop"),
        (UNet(depth=1, base_channels=2), np.zeros((2, 1, 32, 32)), ValueError, "Give one image of"),
        (UNet(depth=1, base_channels=2), np.full((32, 32), np.nan), ValueError, "NaN or infinity"),
        (UNet(depth=1, base_channels=2), "x", TypeError, "cannot be read as numbers"),
        (UNet(depth=1, base_channels=2), [[1], [2, 3]], TypeError, "cannot be read as numbers"),
        (UNet(depth=3, base_channels=2), np.zeros((7, 32)), ValueError, "each side needs 8 pixels"),
        (torch.nn.Conv2d(1, 1, 1), np.zeros((32, 32)), ValueError, "never changes the resolution"),
        (torch.nn.Conv1d(1, 1, 1), np.zeros((5, 32, 32)), ValueError, "image is .5, 32, 32."),
        (torch.nn.Linear(3, 1), np.zeros((32, 32)), ValueError, "32"),
        ("my network", np.zeros((32, 32)), TypeError, "model is of type str. Give a network"),
        (UNet, np.zeros((32, 32)), TypeError, "model is of type type. Give a network"),
        (Stranger().to("meta"), np.zeros((32, 32)), ValueError, "on the meta device"),
        (Stranger(), torch.zeros(1, 8, 12, device="meta"), ValueError, "on cpu, the image on meta"),
        (Stranger(), np.full((8, 12), np.inf), ValueError, "NaN or infinity"),
        (UNet(depth=1, padding="valid"), np.zeros((2, 2)), ValueError, "18 pixels. Use"),
    ],
)
def test_what_cannot_be_shown_gets_a_sentence(model, image, error, sentence):
    with pytest.raises(error, match=sentence):
        SeeInside(model, image)


@pytest.mark.parametrize("model", [UNet(depth=1, base_channels=2), Stranger()])
@pytest.mark.parametrize(
    ("target", "error", "sentence"),
    [
        (torch.full((8, 12), torch.nan), ValueError, "target holds NaN or infinity"),
        ([[float("inf")] * 12] * 8, ValueError, "target holds NaN or infinity"),
        ("mask.png", TypeError, "target cannot be read as numbers"),
        ([["a"] * 12] * 8, TypeError, "target cannot be read as numbers"),
        (torch.zeros(8, 12) * 1j, TypeError, "target cannot be read as numbers"),
        (torch.zeros(12, 8), ValueError, r"target is \(12, 8\), the image \(8, 12\)"),
        (torch.zeros(2, 8, 12), ValueError, r"target is \(2, 8, 12\), the image \(8, 12\)"),
    ],
)
def test_a_target_that_is_no_mask_gets_a_sentence(model, target, error, sentence):
    with pytest.raises(error, match=sentence):
        SeeInside(model, IMAGE, target=target)


def test_a_target_may_be_of_any_numbers():
    for target in (IMAGE[0].bfloat16() - 0.5, (IMAGE[0] > 0.5)[None], [[True] * 12] * 8):
        for model in (UNet(depth=1, base_channels=2), Stranger()):
            assert "mask" in SeeInside(model, IMAGE, target=target)._tasks[0]["samples"][0]


def test_a_network_that_the_page_cannot_run_runs_in_the_kernel():
    for model, image in [
        (Stranger(), IMAGE),
        (UNet(depth=4, base_channels=32), torch.rand(1, 32, 48)),  # above 2 MB
        (UNet(depth=1, base_channels=2, padding="valid"), torch.rand(32, 48)),
        (UNet(depth=1, base_channels=2), torch.rand(200, 150)),
        (UNet(depth=1, base_channels=2), torch.randn(1, 32, 48)),  # not 0 to 1
    ]:
        widget = SeeInside(model, image)
        assert widget._live is not None
        assert isinstance(widget.figure(), Figure)
    assert "skip 0 on" in widget.describe()
    widget._tasks[0]["networks"][0]["network"]["seconds"] = 11.2
    assert "one run took 11.2 s" in widget.describe()


def test_the_page_s_questions_are_answered_by_a_message():
    widget = SeeInside(Stranger(), IMAGE, target=IMAGE[0] > 0.5)
    sent = []
    widget.send = lambda content, buffers: sent.append((content, buffers))
    question = {"id": 3, "type": "run", "skips": [0, 1], "sample": "x", "open": "", "before": 0}
    widget._handle_custom_msg(question, [])
    widget._handle_custom_msg("nonsense", [])
    widget._handle_custom_msg({"id": 4, "type": "run"}, [])
    [(answer, buffers), (failed, none)] = sent
    assert (answer["id"], len(buffers)) == (3, len(answer["places"]))
    assert (failed["type"], failed["id"], none) == ("failed", 4, [])


@pytest.mark.parametrize("how", [1, 0, 0.25, "blur", "other"])
def test_print_computes_what_the_network_computes(how):
    network, [sample, other, *_] = (shipped()[0][name] for name in ("networks", "samples"))
    packed = network[0]["network"]
    image = read_image(sample, "")
    maps = run_packed(packed, image, [how, 1, 1], read_image(other, ""))
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
    widget = SeeInside()
    widget.image = dropped
    assert np.allclose(widget.figure().axes[0].images[0].get_array(), 0.2)


def test_the_figure_shows_the_image_that_was_drawn_anew():
    new = SeeInside(seed=7).figure().axes[0].images[0].get_array()
    assert np.allclose(new, read_image(random_sample(7), "")[0])
    dropped = SeeInside(seed=7)
    dropped.image = "nonsense"
    assert np.max(dropped.figure().axes[0].images[0].get_array()) == 0


def test_networks_are_small_and_torch_is_not_needed_to_show_them():
    assert NETWORKS.stat().st_size < 1_400_000
    for task in shipped():
        for network in task["networks"]:
            assert network["network"]["bits"] == 8
            assert network["network"]["depth"] <= 6
    code = "import sys, unet_teach.widgets as w; w.SeeInside(); print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.stdout.strip() == "False", told.stderr
