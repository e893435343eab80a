"""The browser's engine computes what torch computes, at every level, for random networks."""

import base64
import json
import random

import numpy as np
import pytest
import torch
from torch.nn import functional

from unet_teach.networks.packed import pack
from unet_teach.networks.unet import UNet

from .conftest import ROOT

NETWORKS = {"fused": 500, "wasm": 200, "plain": 200}  # the first is what browsers of today run
CLOSE = 1e-4  # of the largest value of the map
UPS = ["conv_transpose_2", "conv_transpose_3", "conv_transpose_4", "bilinear", "nearest"]


def random_case(number):
    """A network that has seen a batch, so that its normalisation is not trivial, and its input."""
    chance = random.Random(number)
    torch.manual_seed(number)
    depth = chance.choice([1, 1, 2, 2, 3, 4])
    options = {
        "depth": depth,
        "base_channels": chance.randint(1, 9) if depth < 4 else chance.randint(1, 3),
        "skip": chance.choice(["cat", "add", "none"]),
        "down": chance.choice(["max_pool", "strided_conv"]),
        "up": UPS[number % 5],
        "norm": chance.random() < 0.8,
        "decoder": chance.choice(["symmetric", "narrow", "shallow"]),
    }
    channels = chance.randint(1, 3)
    model = UNet(channels, chance.randint(1, 3), **options)
    # Odd sizes, smallest ones, and sides that differ.
    height, width = (chance.randint(2**depth, 2**depth + 24) for _ in "hw")
    with torch.no_grad():
        model.train()(torch.randn(2, channels, 32, 32))
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.3)
    image, other = torch.randn(2, 1, channels, height, width)
    skips = [chance.choice([1, 1, 0, 0.3, "blur", "other"]) for _ in range(depth)]
    return model.eval(), image, other, skips


@torch.no_grad()
def every_map(model, image, other, skips):
    """What torch computes: the maps by place, in the order in which the engine lists them."""
    carried = []
    for x in (other, image):
        encoded = [model.encoder[0](x)]
        for down, convs in zip(model.down, model.encoder[1:], strict=True):
            encoded.append(convs(down(encoded[-1])))
        carried.append(encoded)
    maps = [image, *carried[1]]
    x = maps[-1]
    for level, up, convs in zip(reversed(range(len(skips))), model.up, model.decoder, strict=True):
        skip, how = carried[1][level], skips[level]
        if how == "other":
            skip = carried[0][level]
        elif how == "blur":
            skip = functional.avg_pool2d(skip, 5, 1, 2, count_include_pad=False)
        else:
            skip = how * skip
        x = convs(model._join(up(x), skip))
        maps.append(x)
    return [*maps, model.head(x)]


def encoded(tensor):
    return base64.b64encode(tensor.contiguous().numpy().astype("<f4").tobytes()).decode()


@pytest.fixture(scope="module")
def cases():
    """Random networks and inputs, and what torch computes for each."""
    drawn = [random_case(number) for number in range(NETWORKS["fused"])]
    return [(*case, every_map(*case)) for case in drawn]


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_engine_equals_torch_at_every_level(kind, cases, node, tmp_path):
    cases = cases[: NETWORKS[kind]]
    asked = [
        {
            "network": pack(model, bits=32),
            "height": image.shape[2],
            "width": image.shape[3],
            "image": encoded(image),
            "other": encoded(other),
            "skips": skips,
        }
        for model, image, other, skips, _ in cases
    ]
    questions, answers = tmp_path / "cases", tmp_path / "answers"
    questions.write_text("\n".join(map(json.dumps, asked)), encoding="utf-8")
    run = node(str(ROOT / "tests/js/run_engine.mjs"), str(questions), str(answers), kind)
    assert run.returncode == 0, run.stderr
    computed = np.frombuffer(answers.read_bytes(), dtype="<f4")
    at, worst = 0, 0.0
    for number, (model, _, _, skips, maps) in enumerate(cases):
        for place, expected in enumerate(maps):
            found = computed[at : at + expected.numel()].reshape(expected.shape)
            at += expected.numel()
            largest = max(1e-6, float(expected.abs().max()))
            error = float(np.abs(found - expected.numpy()).max()) / largest
            worst = max(worst, error)
            assert error < CLOSE, (number, place, model, skips)
    assert at == computed.size
    print(f"largest difference, {kind}: {worst:.1e} of the largest value")


def test_the_compiled_sums_are_fresh(node):
    check = node("wasm.mjs", "--check")
    assert check.returncode == 0, check.stdout + check.stderr
