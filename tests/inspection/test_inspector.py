"""What the inspector says about networks of the course and about others in many styles."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from near_misses import CASES
from odd_networks import ALL
from torch import Tensor, nn

from unet_teach import inspect_unet
from unet_teach.inspection.report import UNetReport
from unet_teach.networks import Down, Padding, Skip, UNet, Up
from unet_teach.networks.document import AdditiveUNet, ConcatenatingUNet
from unet_teach.networks.six_networks import six_networks

SIX = {
    "A": ALL,
    "B": ALL - {"skip_connections"},
    "C": set(),
    "D": {"downsampling", "upsampling"},
    "E": ALL,
    "F": {"downsampling"},
}


def met_criteria(report: UNetReport) -> set[str]:
    assert report.problem is None, report.problem
    return {name for name, criterion in vars(report.criteria).items() if criterion.met}


@pytest.mark.parametrize("letter", SIX)
def test_six_networks(letter: str) -> None:
    report = inspect_unet(six_networks()[letter], (1, 1, 64, 64))
    assert met_criteria(report) == SIX[letter], str(report)
    assert report.is_unet == (letter in "AE")


@pytest.mark.parametrize("size", [(64, 64), (31, 45)])
@pytest.mark.parametrize("padding", get_args(Padding))
@pytest.mark.parametrize("up", get_args(Up))
@pytest.mark.parametrize("down", get_args(Down))
@pytest.mark.parametrize("skip", get_args(Skip))
def test_every_option(
    skip: Skip, down: Down, up: Up, padding: Padding, size: tuple[int, int]
) -> None:
    model = UNet(depth=2, base_channels=4, skip=skip, down=down, up=up, padding=padding)
    rows, columns = (side + 32 * (padding == "valid") for side in size)
    report = inspect_unet(model, (1, 1, rows, columns))
    assert met_criteria(report) == (ALL - {"skip_connections"} if skip == "none" else ALL), str(
        report
    )


def test_the_network_of_2015() -> None:
    report = inspect_unet(UNet(padding="valid", norm=False), (1, 1, 572, 572))
    assert report.is_unet
    assert report.criteria.symmetry.facts["output"] == [1, 1, 388, 388]
    assert [join["kind"] for join in report.criteria.skip_connections.facts["joins"]] == ["cat"] * 4


@pytest.mark.parametrize(("model", "kind"), [(AdditiveUNet, "add"), (ConcatenatingUNet, "cat")])
def test_the_repaired_document(model: type[nn.Module], kind: str) -> None:
    report = inspect_unet(model(3, 2), (1, 3, 64, 64))
    joins = report.criteria.skip_connections.facts["joins"]
    assert report.is_unet, str(report)
    assert [(join["at"], join["kind"]) for join in joins] == [
        ("64×64", kind),
        ("32×32", kind),
        ("16×16", kind),
    ]


@pytest.mark.parametrize("name", CASES)
def test_odd_networks(name: str) -> None:
    model, args, wanted = CASES[name]()
    report = inspect_unet(model, *args)
    assert met_criteria(report) == wanted, str(report)


@pytest.mark.parametrize("name", ["functional", "gated", "pyramid", "class_token", "tokens"])
def test_names_have_no_influence(name: str) -> None:
    model, args, _ = CASES[name]()
    before = inspect_unet(model, *args)
    type(model).__name__ = "ResNetClassifier"
    other = _renamed(model)
    after = inspect_unet(other, *args)
    assert after.name == "Xqz"
    assert [c.met for c in after.criteria] == [c.met for c in before.criteria]


class _Table(dict):  # type: ignore[type-arg]
    """Modules under new names, also found by the old ones that `forward` uses."""

    old: dict[str, str]

    def __contains__(self, key: object) -> bool:
        return super().__contains__(self.old.get(str(key), key))

    def __getitem__(self, key: str) -> nn.Module:
        made: nn.Module = super().__getitem__(self.old.get(key, key))
        return made


def _renamed(model: nn.Module) -> nn.Module:
    for number, module in enumerate(list(model.modules())):
        table = _Table()
        table.old = {old: f"unet_{number}_{i}" for i, old in enumerate(module._modules)}
        for old, new in table.old.items():
            table[new] = module._modules[old]
        if not isinstance(module, nn.Sequential | nn.ModuleList | nn.ModuleDict):
            module._modules = table
        module.__class__ = type("Xqz", (type(module),), {})
    return model


def test_markup_in_names_is_only_text() -> None:
    name = "<img src=x onerror=alert(1)>"
    model = nn.Sequential()
    model.add_module(name, nn.Conv2d(3, 4, 3, 2, 1))
    report = inspect_unet(model, (1, 3, 32, 32))
    assert name in str(report)


def test_layers_that_the_output_does_not_need_have_no_influence() -> None:
    class Pretends(nn.Module):
        """Has all layers of a U-Net; its output needs none of them."""

        def __init__(self) -> None:
            super().__init__()
            self.unet, self.only = UNet(depth=2, base_channels=4), nn.Conv2d(1, 1, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            self.unet(x)
            return self.only(x)

    assert met_criteria(inspect_unet(Pretends(), (1, 1, 32, 32))) == set()


@pytest.mark.parametrize("given", [UNet, torch.rand(1, 1, 32, 32), "U-Net", None])
def test_only_networks_are_inspected(given: object) -> None:
    with pytest.raises(TypeError, match="inspect_unet takes a network"):
        inspect_unet(given)  # type: ignore[arg-type]


def test_a_network_that_only_goes_up_is_described():
    report = inspect_unet(nn.Sequential(nn.Upsample(scale_factor=2)), (1, 1, 64, 64))
    up = report.criteria.upsampling
    assert up.met
    assert up.evidence[0].startswith("64×64 → 128×128 by 0")
    assert "no down-sampling before" in up.evidence[1]


def test_the_reason_for_a_missing_symmetry_comes_last():
    network = nn.Sequential(UNet(depth=2, base_channels=4), nn.MaxPool2d(2))
    symmetry = inspect_unet(network, (1, 1, 64, 64)).criteria.symmetry
    assert not symmetry.met
    assert symmetry.evidence[-1] == "The output's resolution is 2 times lower than the input's."
