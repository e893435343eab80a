"""`python -m unet_teach inspect`: a verdict is an exit code, a mistake gets a sentence."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from unet_teach import UNet, inspect_unet
from unet_teach.__main__ import COMMANDS, main
from unet_teach.inspection.command import NO_UNET, NO_VERDICT, UNET, inspect_command
from unet_teach.shared import palette

NETWORKS = """
import torch
from torch import nn
from beside import CHANNELS

class Flat(nn.Module):
    def __init__(self, channels=CHANNELS, kernel_size=3):
        super().__init__()
        self.layer = nn.Conv2d(channels, 1, kernel_size, padding=kernel_size // 2)
    def forward(self, x):
        return self.layer(x)

class Stuck(nn.Module):
    pass

class Namespace:
    net = Flat()

def build(channels):
    return Flat(channels)

def number():
    return 3
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "beside.py").write_text("CHANNELS = 3")
    (tmp_path / "my_nets.py").write_text(NETWORKS)
    (tmp_path / "broken.py").write_text("import nothing_like_this")
    return str(tmp_path / "my_nets.py")


def test_a_unet_of_a_package(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--args", "3", "1", "depth=2", "base_channels=4", "--input", "1,3,32,48"]
    assert inspect_command(["unet_teach:UNet", *arguments]) == UNET
    assert "32×48 → 16×24 by down.0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("Flat", [], NO_UNET),
        ("Flat", ["--args", "3", "kernel_size=5"], NO_UNET),
        ("Namespace.net", [], NO_UNET),
        ("build", ["--args", "3"], NO_UNET),
        ("build", ["--args", "4"], NO_VERDICT),  # the input has three channels
        ("build", ["--args", "4", "--input", "1,4,32,32"], NO_UNET),
        ("Stuck", [], NO_VERDICT),
    ],
)
def test_the_exit_code_is_the_verdict(
    file: str, name: str, arguments: list[str], code: int
) -> None:
    assert inspect_command([f"{file}:{name}", *arguments]) == code


def test_json_is_the_report(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect_command([f"{file}:Flat", "--json"]) == NO_UNET
    report = json.loads(capsys.readouterr().out)
    assert (report["name"], report["is_unet"]) == ("Flat", False)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Flat"], "names no network: write package.module:Name"),
        (["nothing_like_this:Net"], "nothing_like_this can't be imported: ModuleNotFoundError"),
        (["{folder}/none.py:Net"], "There is no file"),
        (["{folder}/broken.py:Net"], "No module named 'nothing_like_this'"),
        (["{file}:Net"], "has no Net. Its networks are Flat, Stuck."),
        (["{file}:number"], "gives a int, not a torch.nn.Module"),
        (["{file}:Flat", "--args", "three=3"], "unexpected keyword argument 'three'"),
        (["{file}:Flat", "--input", "1,3,x"], "write whole numbers from 1, such as 1,3,256,256"),
        (["{file}:Flat", "--svg", "u.png"], "has to end in .svg"),
        (["{file}:Flat", "--svg", "{folder}/none/u.svg"], "can't be written: No such file"),
    ],
)
def test_a_mistake_gets_a_sentence(
    file: str, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(file).parent
    given = [each.format(file=file, folder=folder) for each in arguments]
    assert inspect_command(given) == NO_VERDICT
    said = capsys.readouterr()
    assert sentence in said.err
    assert said.out == ""


def test_the_u_is_drawn_for_print(tmp_path: Path) -> None:
    report = inspect_unet(UNet(3, 1, depth=5, base_channels=2), (1, 3, 256, 256))
    for suffix, start in ((".svg", b"<?xml"), (".pdf", b"%PDF"), (".png", b"\x89PNG")):
        report.save(tmp_path / f"u{suffix}")
        assert (tmp_path / f"u{suffix}").read_bytes().startswith(start)
    pixels = plt.imread(tmp_path / "u.png")[..., :3]
    assert pixels[0, 0].tolist() == [1, 1, 1]  # white paper,
    assert pixels.min() < 0.05  # black ink
    svg = (tmp_path / "u.svg").read_text(encoding="utf-8")
    assert len(svg) < 25_000
    assert all(f">{side}×{side}</text>" in svg for side in (256, 128, 64, 32, 16, 8))
    assert palette.INK.lower() not in svg.lower()  # the grey of screens
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", svg)]
    assert min(sizes) >= 9  # points, of a figure 691 wide: 6 on a page with margins
    with pytest.raises(ValueError, match=r"ends in \.svg, \.pdf or \.png"):
        report.save(tmp_path / "u.bmp")


def test_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in COMMANDS)
    assert main(["inspct"]) == 2


def test_it_runs_as_a_module(file: str) -> None:
    command = [sys.executable, "-m", "unet_teach", "inspect", f"{file}:Flat"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (NO_UNET, "")
    assert run.stdout.startswith("Flat: It is not a U-Net")
