"""A packed U-Net gives what the U-Net gives, and what the page is given is complete."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from unet_teach.networks import UNet
from unet_teach.networks.packed import pack, unpack
from unet_teach.segmentation import evaluate, lines_in_rings
from unet_teach.segmentation.data.synthetic import SIDE, draw_scene, scene

OPTIONS: list[dict[str, Any]] = [
    {},
    {"skip": "add", "up": "conv_transpose_3"},
    {"skip": "none", "up": "conv_transpose_4"},
    {"down": "strided_conv", "up": "bilinear"},
    {"norm": False, "up": "nearest"},
    {"decoder": "narrow", "depth": 1},
    {"decoder": "shallow", "depth": 4},
]
SHIPPED = Path(__file__).parents[1] / "unet_teach" / "widgets" / "see_inside.json"


def trained(**options: Any) -> UNet:
    """A U-Net whose normalisation has statistics."""
    torch.manual_seed(0)
    model = UNet(2, 3, **{"depth": 2, "base_channels": 5, **options})
    with torch.no_grad():
        for _ in range(3):
            model(torch.randn(4, 2, 37, 50))
    return model.eval()


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_packed_network_gives_the_same(options: dict[str, Any]) -> None:
    model, images = trained(**options), torch.randn(2, 2, 37, 50)
    wanted = model(images)
    for bits, tolerance in ((32, 1e-5), (8, 0.02)):
        packed = json.loads(json.dumps(pack(model, bits=bits)))  # type: ignore[arg-type]
        difference = (unpack(packed)(images) - wanted).abs().max() / wanted.abs().max()
        assert difference < tolerance
        assert packed["call"].startswith("UNet(2, 3, ")


def test_the_call_builds_the_same_network() -> None:
    for options in OPTIONS:
        model = trained(**options)
        built = eval(pack(model)["call"], {"UNet": UNet})
        assert built.load_state_dict(model.state_dict())


def test_layers_are_listed_as_they_run() -> None:
    layers = pack(trained(down="strided_conv", up="bilinear", depth=1))["layers"]
    assert [(layer["part"], layer["level"], layer["kind"]) for layer in layers] == [
        ("encoder", 0, "conv"),
        ("encoder", 0, "conv"),
        ("down", 1, "conv"),
        ("encoder", 1, "conv"),
        ("encoder", 1, "conv"),
        ("up", 0, "conv"),
        ("up", 0, "bilinear"),
        ("join", 0, "cat"),
        ("decoder", 0, "conv"),
        ("decoder", 0, "conv"),
        ("head", 0, "conv"),
    ]
    assert layers[2] == {
        **{"part": "down", "level": 1, "kind": "conv", "in": 5, "out": 10, "kernel": 3},
        **{"stride": 2, "padding": 1, "relu": False},
    }


def test_what_cannot_be_packed_gets_a_sentence() -> None:
    class Own(UNet):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x) * 2

    with pytest.raises(TypeError, match="Conv2d; only the course's UNet"):
        pack(nn.Conv2d(1, 1, 1))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Own has a forward of its own"):
        pack(Own(1, 1, depth=1, base_channels=2))
    with pytest.raises(ValueError, match='Use padding="same"'):
        pack(UNet(1, 1, depth=1, base_channels=2, padding="valid"))
    with pytest.raises(ValueError, match="bits=4"):
        pack(trained(), bits=4)  # type: ignore[arg-type]
    broken = trained()
    nn.init.constant_(broken.head.weight, float("nan"))
    with pytest.raises(ValueError, match="no finite numbers"):
        pack(broken)
    other = trained()
    other.encoder[1].append(nn.Dropout())  # type: ignore[operator]
    with pytest.raises(ValueError, match="encoder has a layer Dropout at level 1"):
        pack(other)


def test_a_scene_draws_the_mask_of_its_image() -> None:
    test = lines_in_rings(1, seed=3).test
    for index, pair in enumerate(test):
        drawn = draw_scene(scene(np.random.default_rng([3, 2, index])))
        assert torch.equal(torch.from_numpy(drawn.mask), pair.mask[0].bool())
        assert drawn.strokes.shape == (SIDE, SIDE)


def test_shipped_networks_score_what_they_say() -> None:
    """One network of each kind on a few images: that is enough to see wrong weights."""
    tasks = {task["name"]: task for task in json.loads(SHIPPED.read_text())["tasks"]}
    rings = tasks["lines in rings"]["networks"]
    names = ["trained with skips", "ordinary training", "trained without skips", "depth 1"]
    assert [network["name"] for network in rings] == names
    assert set(tasks) == {"lines in rings", "nuclei", "earth"}
    test = lines_in_rings(64, seed=1).test
    for network in rings:
        score = evaluate(unpack(network["network"]), test).iou
        assert score == pytest.approx(network["score"], abs=0.08)
    moments = rings[0]["moments"]
    assert len(moments) == 6
    assert [m["step"] for m in moments] == sorted(m["step"] for m in moments)
    assert "network" not in moments[-1]
    assert moments[0]["score"] < 0.2 < 0.6 < moments[-1]["score"] == rings[0]["score"]


def test_shipped_weights_are_small() -> None:
    tasks = json.loads(SHIPPED.read_text())["tasks"]
    networks = [n for task in tasks for n in task["networks"]]
    networks += [m for n in networks for m in n.get("moments", ()) if "network" in m]
    assert sum(len(n["network"]["data"]) for n in networks) <= 1_000_000
