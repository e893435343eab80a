"""Training and prediction on a device, with a stand-in for a GPU: see `stand_in_device.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from unet_teach import UNet
from unet_teach.segmentation import lines_in_rings, train
from unet_teach.segmentation.device import choose_device, device_of

ROOT = Path(__file__).parents[2]
SCRIPT = """
import contextlib, io
import torch
from tests.segmentation.stand_in_device import StandIn
from unet_teach import UNet
from unet_teach.segmentation import evaluate, lines_in_rings, predict, predict_tiled, train
from unet_teach.segmentation.data.dataset import Dataset, Pair

torch.set_num_threads(1)
DATA = lines_in_rings(48)
RECIPE = {"steps": 4, "batch": 2, "crop": 32, "live": False}


def trained(device, data=DATA, **options):
    torch.manual_seed(0)
    model = UNet(1, data.out_channels, depth=2, base_channels=4, norm=True)
    return train(model, data, **RECIPE, device=device, **options)


def labelled(pairs):
    return tuple(
        Pair(image, (mask + 2 * (image > 0.6)).clamp(max=2).byte(), name)
        for image, mask, name in pairs
    )


SEVERAL = Dataset(
    "three", *map(labelled, (DATA.train, DATA.validation, DATA.test)), "", classes=("a", "b", "c")
)
on_cpu, several_on_cpu = trained("cpu"), trained("cpu", SEVERAL)
image = DATA.test[0].image
with StandIn() as stand_in:
    # It comes back to where it was, with the same weights as on the CPU.
    training = trained("standin")
    assert training.device == "standin"
    for name, value in training.model.state_dict().items():
        assert value.device.type == "cpu", name
        assert torch.allclose(value, on_cpu.model.state_dict()[name], atol=1e-5), name
    # Images go there crop by crop: no transfer is as large as a whole training image.
    sent = [shape for origin, place, shape in stand_in.moves if place == "standin"]
    assert sent.count((2, 1, 32, 32)) == 2 * RECIPE["steps"]  # images and masks
    several = trained("standin", SEVERAL)
    assert several.history[-1].validation_iou == several_on_cpu.history[-1].validation_iou
    # A network that is there already is used there, and its results come back.
    there = training.model.to("standin")
    assert train(there, DATA, **RECIPE).device.startswith("standin")
    assert {weight.device.type for weight in there.parameters()} == {"standin"}
    for result in (predict(there, image), predict_tiled(there, image, tile=32)):
        assert result.device.type == "cpu"
    assert 0 <= evaluate(there, DATA.test).iou <= 1
    with contextlib.redirect_stdout(io.StringIO()) as said:
        train(there, DATA, **RECIPE | {"live": True})
    assert " s on standin:0." in said.getvalue(), said.getvalue()
    # The stand-in does refuse what a GPU refuses.
    try:
        there(image[None])
    except RuntimeError as error:
        assert "expected all tensors on one device" in str(error)
    else:
        raise AssertionError("mixed devices passed")
print("all there")
"""


def test_training_and_prediction_on_another_device():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert done.stdout.strip() == "all there", done.stderr


def test_the_fastest_device_is_chosen_and_a_given_one_kept(monkeypatch):
    model = UNet(1, 1, depth=1, base_channels=1)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device(model, None).type == "cpu"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device(model, None).type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device(model, None).type == "cuda"
    assert choose_device(model, "cpu").type == "cpu"
    assert device_of(nn.ReLU()).type == "cpu"


@pytest.mark.parametrize(
    ("device", "kind", "said"),
    [
        ("cuda:7", ValueError, "'cuda:7' is not available here"),
        ("gpu", ValueError, "'gpu' is not available here. Use device='cpu', or None"),
        ("meta", ValueError, "'meta' computes no values"),
        (0, TypeError, "device is of type int; give text, such as 'cpu'"),
    ],
)
def test_a_device_that_is_not_there_is_a_sentence(device, kind, said):
    if device.__class__ is str and device.startswith("cuda") and torch.cuda.device_count() > 7:
        device = "cuda:99"
        said = said.replace("cuda:7", device)
    with pytest.raises(kind, match=said):
        train(UNet(1, 1, depth=1, base_channels=1), lines_in_rings(8), steps=1, device=device)
