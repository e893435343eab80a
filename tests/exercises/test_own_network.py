"""The student's own U-Net from lesson 4 is kept, and trained in later lessons."""

import linecache
import sys
import types

import pytest
import torch

from unet_teach import exercises
from unet_teach.exercises import own_network

CELL = """
import torch
from torch import nn
from torch.nn import functional as F
KERNEL = 3

def block(ins, outs):
    return nn.Sequential(nn.Conv2d(ins, outs, KERNEL, padding=1), nn.ReLU())

class Mine(nn.Module):
    def __init__(self, in_channels, out_channels, depth, base_channels):
        super().__init__()
        self.first = block(in_channels, base_channels)
        self.last = nn.Conv2d(base_channels, out_channels, 1)

    def forward(self, x):
        return self.last(F.relu(self.first(x)))

print("cells print, too")
"""


@pytest.fixture
def mine(monkeypatch, tmp_path):
    """A class as a notebook defines it: in `__main__`, its source known to linecache alone."""
    monkeypatch.setenv("UNET_TEACH_PROGRESS", str(tmp_path / "progress.json"))
    main = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    linecache.cache["<a cell>"] = (len(CELL), None, CELL.splitlines(keepends=True), "<a cell>")
    exec(compile(CELL, "<a cell>", "exec"), vars(main))
    return main.Mine


def test_what_a_class_uses_is_kept_with_it(mine, tmp_path, capsys):
    own_network.keep(mine)
    capsys.readouterr()
    again = exercises.my_unet()
    said = capsys.readouterr().out
    assert said.startswith("This is the U-Net that you wrote in lesson 4 (kept in ")
    assert str(tmp_path / "my_unet.py") in said
    torch.manual_seed(0)
    one = mine(1, 2, 3, 4)
    torch.manual_seed(0)
    two = again(1, 2, 3, 4)
    image = torch.rand(1, 1, 9, 7)
    assert torch.equal(one(image), two(image))


def test_without_one_the_course_s_stands_in(mine, capsys):
    network = exercises.my_unet()(1, 3, depth=2, base_channels=4)
    assert capsys.readouterr().out.startswith(
        "This is the course's U-Net, because you haven't solved"
    )
    assert network(torch.zeros(2, 1, 10, 14)).shape == (2, 3, 10, 14)


@pytest.mark.parametrize("damage", ["MINE = 3", "MINE = nn.Linear(", "import nowhere"])
def test_a_damaged_file_gets_a_sentence(mine, tmp_path, capsys, damage):
    own_network.keep(mine)
    (tmp_path / "my_unet.py").write_text(damage, encoding="utf-8")
    assert exercises.my_unet() is own_network.CourseUNet
    assert "doesn't run (" in capsys.readouterr().out


def test_a_source_that_is_not_known_is_not_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("UNET_TEACH_PROGRESS", str(tmp_path / "progress.json"))
    names = {"__name__": "__main__"}
    exec(compile(CELL, "<no cell>", "exec"), names)
    own_network.keep(names["Mine"])
    assert not (tmp_path / "my_unet.py").exists()
